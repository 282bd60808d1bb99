/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rollup - the sums of a cube that every report shows: whole, per version, server, client, suite, failure, upgrade, and
 * what else the handshakes showed. Text and JSON print from this and count nothing themselves.
 *
 * Words used: a handshake is "negotiated" when the server's choice of a version was seen (whether or not it then
 * completed), "old" when that version is TLS 1.1 or older, DTLS 1.0 included. Sessions that never reached TLS are not
 * handshakes; they are in the ledger of upgrades. Clients that are set apart (--ignore-client, recognised scanners) are in
 * no sum but their own.
 *
 * The cube's rows are walked in order of client, so that counting distinct clients needs no sets: memory follows the
 * number of servers, suites and causes, and is the same for ten clients and ten million. Clients and client-server pairs
 * are therefore not kept; they are visited.
 */
#ifndef REPORT_ROLLUP_H
#define REPORT_ROLLUP_H

#include "report/cube.h"
#include "report/render.h"

enum { ROLL_VERSIONS = 10 };
extern const uint16_t roll_versions[ROLL_VERSIONS]; /* oldest first; the last is VER_NONE: none of these */
bool version_is_old(uint16_t version); /* TLS 1.1 or older */

/* Why an old version was chosen, as far as the hello shows. */
enum roll_cause { OLD_OFFER /* the client offered nothing newer */, OLD_CHOICE /* it did; the server chose the old one */,
                  OLD_FALLBACK /* it had offered newer just before, and failed */, OLD_UNKNOWN /* no hello */,
                  OLD_REFUSED /* whatever it offered, it refused what the server chose */,
                  OLD_FOLDED /* a table had no room for the client and its offer */, OLD_CAUSES };

/* What every handshake changes comes first: there are thousands of these, met in any order. */
struct tally {
    uint64_t handshakes, completed, negotiated;
    int64_t first_ns, last_ns;
    uint16_t lowest, highest; /* versions chosen and not refused; VER_NONE: none */
    uint16_t offered; /* highest version that a client offered; VER_NONE: not seen */
    struct best_offers {
        uint16_t least, most; /* of its stacks' best offers; VER_NONE: none */
    } best[2]; /* TLS, DTLS: one says nothing about the other */
    uint64_t version[ROLL_VERSIONS];
    uint64_t failed; /* what is neither completed nor failed was seen in part */
    uint64_t old, cause[OLD_CAUSES]; /* why, of the old ones */
    uint64_t stuck; /* failed, and nothing newer than TLS 1.1 was offered */
};

/* A count with the clients and servers it concerns. */
struct reach {
    uint64_t handshakes;
    uint32_t clients, servers;
    uint32_t stamp; /* of rollup_add.c: the client counted last */
};

struct roll_server {
    struct endpoint at;
    uint8_t transport;
    bool own; /* within --servers, or none was given */
    uint16_t dh_min; /* smallest DH prime; 0 none */
    uint32_t weakest; /* suite, SUITE_NONE when none was seen */
    int strength; /* suite_strength() of it */
    uint64_t weakest_count;
    uint64_t upgrades; /* bit i: upgrade i was used (cube_upgrade_name); 0 is direct TLS */
    uint64_t reached; /* of rollup_add.c: the sums of the whole site that count it */
    uint64_t resumed;
    struct reach reach; /* clients of all handshakes */
    struct tally t;
    struct reach old; /* clients of the old ones */
    uint64_t apart; /* handshakes by clients set apart */
    uint32_t number; /* for rollup_items */
};

struct roll_suite {
    uint32_t id;
    struct reach reach;
    uint64_t version[ROLL_VERSIONS], apart;
};

struct roll_failure {
    uint8_t outcome, alert_from, alert_code; /* alert_from 0: no alert */
    bool alert_encrypted;
    struct reach reach;
    uint64_t stuck; /* of these, hellos that offered nothing newer than TLS 1.1 */
    struct endpoint client, server; /* the pair with the most */
    uint64_t pair_count;
};

/* The ledger: what became of sessions that could be upgraded to TLS, per server and protocol. */
struct roll_upgrade {
    struct endpoint at;
    uint8_t transport, upgrade;
    bool own;
    uint64_t sessions, offered;
    uint64_t tls, refused, stripped, plaintext, not_offered, abandoned, opaque; /* each session is one of these */
    uint64_t after_plaintext, after_reconnect, after_close; /* after a refusal */
    uint64_t logins; /* credentials in clear text */
    uint16_t code[4]; /* refusal codes seen, in order of number; 0 ends */
    struct reach reach; /* sessions that did not reach TLS */
};

/* What else the handshakes showed: one row per fact, see rollup_facts.c. */
struct roll_fact {
    const char *name, *text;
    struct reach reach;
};

struct roll_apart {
    struct addr client;
    bool scanner; /* recognised; false: named by --ignore-client */
    char why[120];
    uint64_t handshakes, failed;
    uint32_t servers, stacks;
    int64_t first_ns, last_ns;
};

struct rollup {
    const struct cube *cube;
    const struct view *view;
    uint32_t *order; /* rows in view, by client, server, time */
    uint32_t rows;
    uint8_t *mark; /* beside order: of rollup_impl.h */
    struct tally total;
    struct reach version[ROLL_VERSIONS], all, old, stuck, cause[OLD_CAUSES];
    uint64_t version_apart[ROLL_VERSIONS];
    struct stats stats; /* of the hours in view */
    unsigned hours, hours_quiet; /* with packets; without, between the first and the last */
    int64_t first_ns, last_ns; /* of what was captured, in view; 0 when unknown */
    uint32_t unread, partly; /* inputs of which nothing was read; not all, beside those in stats.file_cut */
    uint64_t folded; /* handshakes in "other" rows */
    struct roll_server *server; /* worst first: rollup_make */
    uint32_t servers;
    struct roll_suite *suite; /* most handshakes first */
    uint32_t suites;
    struct roll_failure *failure; /* most handshakes first */
    uint32_t failures;
    struct roll_upgrade *upgrade; /* most sessions that did not reach TLS first */
    uint32_t upgrades;
    struct roll_fact *fact; /* in the order of the table */
    uint32_t facts;
    struct roll_apart *apart; /* in order of address */
    uint32_t aparts;
    uint64_t apart_handshakes;
    struct roll_side *side; /* the rows of each server */
    struct roll_shape *shape; /* by id of the cube's, from 1 */
};

/* NULL: out of memory. Borrows both. */
struct rollup *rollup_make(const struct cube *c, const struct view *v);
void rollup_free(struct rollup *r); /* NULL is fine */

/* What a server showed: most handshakes first; *n is how many. Valid until the next call. */
struct roll_item {
    uint32_t id; /* of the cube's name, certificate; or suite */
    uint16_t version; /* suites only */
    uint64_t count;
};
enum roll_list { ROLL_NAMES, ROLL_CERTS, ROLL_CHOICES /* version and suite */, ROLL_LISTS };
const struct roll_item *rollup_items(const struct rollup *r, const struct roll_server *s, enum roll_list what, size_t *n);

/* Clients that are not set apart, in order of address. The stacks are those of the client, most handshakes first. */
struct roll_stack {
    uint32_t profile; /* the one of its profiles with the most handshakes */
    uint64_t count;
};
enum { ROLL_OLD = 3 };
struct roll_old {
    struct endpoint server;
    uint16_t version; /* the oldest */
    uint64_t count;
    const char *guess; /* which software offered these, all of them: advice, or NULL */
};
struct roll_client {
    struct addr at;
    struct tally t;
    uint32_t servers, old_servers; /* endpoints; those where an old version was chosen */
    struct roll_old old[ROLL_OLD]; /* of these the ones with the most, count 0 ends */
    const struct roll_stack *stack;
    uint32_t stacks;
    const char *guess; /* which software its only stack may be: advice, or NULL */
};
typedef int roll_client_fn(void *ctx, const struct roll_client *c); /* not 0: stop, and return it */
int rollup_clients(const struct rollup *r, roll_client_fn *fn, void *ctx); /* -1: out of memory */
/* The same, but fn is called only for those that wants() says true of, twice: at first c is NULL and the version_rank of the oldest
 * version that was negotiated, or is the best offer of any hello, is not below rank (100: no such version is known); then c is
 * whole but for its stacks and guess. Each costs more than what was asked before. */
typedef bool roll_client_wants(void *ctx, int rank, const struct roll_client *c);
int rollup_clients_wanted(const struct rollup *r, roll_client_wants *wants, roll_client_fn *fn, void *ctx);

/* Client-server pairs, in order of both. */
struct roll_pair {
    struct addr client;
    struct endpoint server;
    uint8_t transport;
    struct tally t;
};
typedef int roll_pair_fn(void *ctx, const struct roll_pair *p);
int rollup_pairs(const struct rollup *r, roll_pair_fn *fn, void *ctx);

/* Order of weakness: smaller is weaker. Null and export suites, anonymous, DES and RC2, RC4, 3DES; then without forward
 * secrecy CBC before AEAD, then with it CBC before AEAD. An unknown suite is last. */
int suite_strength(uint32_t suite);

#endif
