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
    /* A prefix or tunnel header is off (PROXY, CONNECT, SOCKS): sniff both directions again from here, as at the start of a
     * flow, keeping .real_client, .real_server and the target. The session is named for the last row that led to TLS; when
     * TLS follows at once, for this one. Followed by something else it is no failed upgrade: no event of its own. */
    UP_RESTART,
    UP_NOT_MINE, /* another protocol */
};

/* What unit() may answer beside a length and 0. */
#define UPGRADE_UNIT_NOT SIZE_MAX /* this cannot be a unit of mine: as UP_NOT_MINE */
/* TLS begins at the head, with no unit before it, and in the other direction at its head: as UP_TLS behind an empty unit.
 * Where no answer announces it (NATS), and where the announcement was lost or overtaken in the capture. */
#define UPGRADE_UNIT_TLS (SIZE_MAX - 1)

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
    char tag[128]; /* likewise: an IMAP tag */
    bool has_target; /* tag holds "host:port" as asked for in CONNECT or SOCKS, NUL-terminated */
    struct endpoint real_client; /* PROXY header: the party behind the balancer; ADDR_NONE */
    struct endpoint real_server; /* likewise */
};

struct upgrade_proto {
    const char *name; /* as in the NDJSON: "smtp", "imap" ... */
    uint16_t ports[6]; /* usual ones, 0-terminated: only order the trial */
    bool server_first; /* the server speaks first: a client that does is not on trial unless may_start says otherwise */
    /* Could a stream begin with these bytes (first bytes of that direction, at least 1)? Cheap; may be wrong, never narrow. */
    bool (*may_start)(bool from_client, struct rd head);
    /* Length of the unit at the head of what is buffered (at least 1 byte); 0: more bytes are needed, or hold them until the
     * other side has spoken (a ClientHello sent without waiting for the answer): ask again after each unit of either
     * direction; UPGRADE_UNIT_NOT; UPGRADE_UNIT_TLS. At most LIMIT_UPGRADE_UNIT; a longer unit may be taken in pieces. */
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
