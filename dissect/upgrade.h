/* SPDX-License-Identifier: Apache-2.0 */
/*
 * upgrade - protocols in which TLS begins after a dialogue: STARTTLS and its kin. One row and one file per protocol.
 *
 * dialogue.c cuts the stream of each direction into units (a line, a PDU) as the protocol's unit() says and hands them over
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
    bool pending; /* and was not answered yet: a ClientHello that comes early is held */
    bool refused;
    bool stripped; /* capability or command was overwritten (XXXXXXXA) */
    bool login; /* credentials went over in clear */
    uint16_t refusal_code;
    struct upgrade_turns {
        uint16_t sent, answered; /* commands and final replies so far; replies come in the order of commands */
        uint16_t tls, capa, login; /* number of the latest command of that kind; 0 none */
    } turns;
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
    bool tunnel; /* leads through a proxy to anything (CONNECT, SOCKS, PROXY): without TLS it is no event of the ledger */
    bool returns; /* has a command that ends TLS (FTP's CCC): another handshake may follow */
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

/* --- shared by the protocols --- */

/* TLS where a unit should begin? 1: a record with a hello or an alert, or an SSLv2-format hello; 0: no; -1: more bytes. */
int upgrade_hello(struct rd head);
/* The unit of line protocols: a line with its LF, cut at LIMIT_UPGRADE_UNIT; holds a ClientHello while a request is pending. */
size_t upgrade_text(const struct upgrade_state *s, bool from_client, struct rd head);
/* A unit that ends with LF; cut at LIMIT_UPGRADE_UNIT. */
size_t upgrade_line(struct rd head);
/* Up to and with the blank line that ends an HTTP header; 0: more bytes. */
size_t upgrade_header(struct rd head);
/* Could a stream that starts with head go on to start with text (compared case-insensitively as far as both reach)? */
bool upgrade_prefix(struct rd head, const char *text);
/* The next word of the line (up to blank, CR, LF), taken off it; empty at its end. */
struct rd upgrade_token(struct rd *line);
/* Is the word this one, case-insensitive? */
bool upgrade_is(struct rd word, const char *text);
/* Does the line begin with this word (case-insensitive), followed by blank, CR, LF or the end? */
bool upgrade_word(struct rd line, const char *word);
/* Is this word anywhere in the text, with no letter or digit beside it? */
bool upgrade_mentions(struct rd text, const char *word);
/* The three-digit reply code at its start, and whether more lines follow ("250-"). 0 when there is none. */
unsigned upgrade_reply(struct rd line, bool *more);
/* Is this word overwritten with X (XXXX, XXXXXXXA), as rewriting firewalls do? */
bool upgrade_stripped(struct rd word);
/* An SASL mechanism that sends the password or a token as it is. */
bool upgrade_clear_mechanism(struct rd word);

/* The client asked for TLS with its latest command. */
void upgrade_ask(struct upgrade_state *s);
/* The server agreed: UP_TLS. */
enum up_verdict upgrade_accept(struct upgrade_state *s);
/* The server refused with this code (0: it has none): UP_REFUSED. */
enum up_verdict upgrade_refuse(struct upgrade_state *s, uint16_t code);

#endif
