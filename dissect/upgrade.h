/* SPDX-License-Identifier: Apache-2.0 */
/*
 * upgrade - protocols in which TLS begins after a dialogue: STARTTLS and its kin. One row and one file per protocol.
 *
 * session.c cuts the stream of each direction into units (a line, a PDU) as the protocol's unit() says and hands them over
 * in order, until step() says that what follows is TLS. The switch is at the exact byte: bytes behind the deciding unit,
 * in the same segment, already belong to TLS. Several rows may be on trial at once (SMTP and FTP both greet with "220");
 * each drops out with UP_NOT_MINE. Ports order the trial; they never decide it.
 */
#ifndef DISSECT_UPGRADE_H
#define DISSECT_UPGRADE_H

#include "base/addr.h"
#include "base/rd.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum up_verdict {
    UP_MORE, /* go on */
    UP_TLS, /* the next bytes, of both directions, are TLS */
    UP_TLS_CLIENT, /* the next bytes of the client are TLS; the server may still speak before (MySQL, PROXY, SOCKS) */
    UP_REFUSED, /* the server refused TLS: .refusal_code; keep following (a retry, plaintext) */
    UP_PLAIN, /* decided: this session stays in clear text, or can no longer turn to TLS */
    UP_OPAQUE, /* decided: what follows is hidden (OpenVPN tls-crypt) */
    UP_NOT_MINE, /* another protocol */
};

/* The ledger's facts, filled by the protocol, and a little room for its own state. */
struct upgrade_state {
    bool greeted; /* the server's first unit was recognised */
    bool confirmed; /* bytes seen that only this protocol has: the row wins over others on trial */
    uint8_t offered; /* 0 unknown, 1 not offered, 2 offered by the server */
    bool requested; /* the client asked for TLS */
    bool refused;
    bool stripped; /* capability or command was overwritten (XXXXXXXA) */
    bool login; /* credentials went over in clear */
    uint16_t refusal_code;
    uint8_t phase; /* the protocol's own */
    uint8_t small[15]; /* likewise */
    uint32_t word[4]; /* likewise: message ids, lengths, capability bits */
    char tag[64]; /* likewise: an IMAP tag, a CONNECT target */
    struct endpoint real_client; /* PROXY header: the party behind the balancer; ADDR_NONE */
    struct endpoint real_server; /* likewise */
};

struct upgrade_proto {
    const char *name; /* as in the NDJSON: "smtp", "imap" ... */
    uint16_t ports[6]; /* usual ones, 0-terminated: only order the trial */
    bool server_first; /* the server speaks first: a client that does is not on trial unless may_start says otherwise */
    /* Could a stream begin with these bytes (first bytes of that direction, at least 1)? Cheap; may be wrong, never narrow. */
    bool (*may_start)(bool from_client, struct rd head);
    /* Length of the unit at the head of what is buffered; 0: more bytes are needed; SIZE_MAX: this cannot be a unit of mine.
     * At most LIMIT_UPGRADE_UNIT; a longer unit may be taken in pieces. */
    size_t (*unit)(struct upgrade_state *s, bool from_client, struct rd head);
    enum up_verdict (*step)(struct upgrade_state *s, bool from_client, struct rd unit);
    /* After UP_TLS, TLS inside PDUs of the protocol (TDS): takes one PDU off the wire and gives the TLS bytes in it; false:
     * the PDU is not complete. *tls is empty for PDUs that carry none. *bare = true: no more PDUs, records follow. NULL usually. */
    bool (*unwrap)(struct upgrade_state *s, bool from_client, struct rd *wire, struct rd *tls, bool *bare);
};

extern const struct upgrade_proto *const upgrades[];
extern const unsigned upgrade_count;

/* Shared by line protocols: a unit that ends with LF; cut at LIMIT_UPGRADE_UNIT. */
size_t upgrade_line(struct rd head);
/* Does the line begin with this word (case-insensitive), followed by blank, CR, LF or the end? */
bool upgrade_word(struct rd line, const char *word);
/* The three-digit reply code at its start, and whether more lines follow ("250-"). 0 when there is none. */
unsigned upgrade_reply(struct rd line, bool *more);
/* Is this word overwritten with X (XXXX, XXXXXXXA), as rewriting firewalls do? */
bool upgrade_stripped(struct rd word);

#endif
