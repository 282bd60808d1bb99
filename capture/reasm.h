/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reasm - the late segments of one direction of a TCP connection, until what is missing before them arrives.
 *
 * In-order bytes never come here: the caller hands them on from the packet. Segments are kept as a sorted list without
 * overlaps; where segments overlap the first copy wins, so that a later, different one cannot rewrite what was seen.
 * Sequence numbers wrap; everything is compared relative to .next, and the caller keeps what is more than LIMIT_SEQ_AHEAD
 * ahead away, so that any two have an order. Bounded per direction (LIMIT_OOO_BYTES,
 * LIMIT_OOO_SEGMENTS) and in sum (LIMIT_OOO_TOTAL): a flood of segments with holes costs its own connection, not memory.
 * Most directions never hold a segment: what that needs is there only as long as one is held.
 */
#ifndef CAPTURE_REASM_H
#define CAPTURE_REASM_H

#include "base/rd.h"
#include "base/room.h"

struct segment;

struct reasm_late {
    struct segment *head, *tail; /* ascending, disjoint, all behind next; never none */
    uint32_t bytes; /* held, overhead included */
    uint16_t count;
    uint16_t hole_packets; /* packets of the connection since the hole before head opened */
    int64_t hole_ns; /* packet time when it opened; 0: there is none */
};

struct reasm {
    struct reasm_late *late; /* NULL: nothing is held */
    uint32_t next; /* sequence number of the next byte to deliver */
};

/* Keep a copy of n bytes that begin at seq (at next or behind it, by at most LIMIT_SEQ_AHEAD). What is already held is skipped.
 * ack: what their sender acknowledged with them. false: over a cap or out of memory; a part may have been kept. */
bool reasm_store(struct reasm *r, struct room *room, uint32_t seq, const uint8_t *p, uint32_t n, uint32_t ack);
uint32_t reasm_head_ack(const struct reasm *r); /* of the first held segment */
/* How many of the n bytes at next come before the first held segment. */
uint32_t reasm_before(const struct reasm *r, uint32_t n);
/* The held segment that begins at next (bytes already delivered are trimmed), or an empty reader. It stays valid until
 * reasm_drop, and next is moved behind it. */
struct rd reasm_head(struct reasm *r);
void reasm_drop(struct reasm *r, struct room *room); /* frees the head, and with the last one r->late */
/* Bytes missing before the first held segment; 0 when none is held. */
uint32_t reasm_hole(const struct reasm *r);
void reasm_clear(struct reasm *r, struct room *room); /* frees everything held */

#endif
