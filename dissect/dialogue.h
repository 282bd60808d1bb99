/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dialogue - the upgrade protocols on trial for one connection: cuts both directions into units, asks the rows of
 * upgrades[], and says when what follows is TLS. Several rows may be on trial; each has its own place in the stream.
 */
#ifndef DISSECT_DIALOGUE_H
#define DISSECT_DIALOGUE_H

#include "base/room.h"
#include "dissect/upgrade.h"

struct trial {
    const struct upgrade_proto *row;
    uint32_t used[2]; /* bytes of held[] this row has taken as units */
    struct upgrade_state s;
};

struct held { /* bytes of one direction that some row has not taken yet */
    uint8_t *p;
    uint32_t n, cap;
};

struct dialogue {
    struct trial *trial;
    unsigned trials;
    struct held held[2];
    uint32_t total; /* bytes seen, both directions, against LIMIT_UPGRADE_BYTES */
    struct room *room; /* what all that waits for more shares; borrowed */
    size_t size; /* this one's part of it */
    uint32_t after_refusal; /* client's units since the refusal */
    bool spoke[2]; /* that direction has sent bytes */
    bool no_memory; /* something could not be kept: the caller counts it and gives up */
};

enum dialogue_verdict {
    DIALOGUE_MORE,
    DIALOGUE_TLS, /* rest of both directions, dialogue_rest(), is TLS; trial[0] is the row */
    DIALOGUE_RESTART, /* likewise, to be sniffed again */
    DIALOGUE_PLAIN, /* trial[0] is decided without TLS */
    DIALOGUE_OPAQUE,
    DIALOGUE_NONE, /* no row is left */
};

/* Could a dialogue begin with these bytes? any_port: else only rows whose usual ports match are asked. */
bool dialogue_may_start(struct rd b, uint16_t sport, uint16_t dport, bool any_port);
/* Put the rows on trial for a connection whose first bytes, sent by the client or not, are these. The ports order them. What is
 * held counts in room until dialogue_free. */
void dialogue_start(struct dialogue *g, struct room *room, bool from_client, struct rd b, uint16_t sport, uint16_t dport);
/* In-order bytes of direction d (0, 1), which is the client's or not. Out of memory: DIALOGUE_NONE. */
enum dialogue_verdict dialogue_bytes(struct dialogue *g, unsigned d, bool from_client, struct rd b);
/* What direction d has sent behind the last unit of trial[0]. Valid until dialogue_free. */
struct rd dialogue_rest(const struct dialogue *g, unsigned d);
/* Is a row certain of this connection? Then it is trial[0]. */
bool dialogue_confirmed(const struct dialogue *g);
void dialogue_free(struct dialogue *g);

/* After the dialogue, TLS inside PDUs of its protocol: the row moves on to *to, without the bytes; push adds bytes of direction
 * d and gives all that is held; pull drops the first n of them. An empty reader from push: out of memory. */
void dialogue_adopt(struct dialogue *to, const struct dialogue *from);
struct rd dialogue_push(struct dialogue *g, unsigned d, struct rd b);
void dialogue_pull(struct dialogue *g, unsigned d, size_t n);

#endif
