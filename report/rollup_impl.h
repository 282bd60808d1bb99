/* SPDX-License-Identifier: Apache-2.0 */
/* rollup_impl - what the files of rollup share. */
#ifndef REPORT_ROLLUP_IMPL_H
#define REPORT_ROLLUP_IMPL_H

#include "base/intern.h"
#include "base/records.h"
#include "report/pairs.h"
#include "report/rollup.h"

enum { ROLL_NO_RANK = 100 };

/* Beside each row in order, so that clients can be walked over again without looking at their rows: 0 where it is of the same
 * client as the one before, else this or, from MARK_RANK on, the rank that roll_client_wants is asked with. */
enum { MARK_NONE = 1 /* a client that is not visited: folded, set apart, or nothing but sessions that never reached TLS */,
       MARK_RANK = 2 };

/* What follows from the shape of a row: found once for all rows of that shape. */
struct roll_shape {
    const struct cube_shape *k;
    const struct suite *suite; /* NULL: none, or unknown */
    uint64_t sums; /* of the site, that rows of this shape count in whatever else they are */
    int strength; /* suite_strength() */
    uint8_t rank; /* version_rank(); ROLL_NO_RANK: no version */
    uint8_t slot; /* version_slot() */
    bool old; /* version_is_old() */
    bool failed;
    bool upgrade; /* outcome_is_upgrade() */
    bool retry; /* its client had offered more before */
    bool clear; /* the session went on in clear text, or sent a login before it was upgraded; not what was folded */
    bool refused_choice; /* the client answered the server's choice with an alert that says no to it */
};

/* A row with what it refers to. */
struct roll_row {
    const struct cube_row *at;
    const struct roll_shape *shape;
    const struct cube_shape *k;
    const struct profile *profile; /* NULL: no hello */
    const struct cert_facts *cert;
    uint64_t count;
    uint8_t cause; /* enum roll_cause, when old */
    bool stuck; /* failed, and its hello offered nothing newer than TLS 1.1 */
};
struct roll_row roll_row_of(const struct rollup *r, uint32_t id);
bool roll_shapes_make(struct rollup *r); /* false: out of memory */

void tally_add(struct tally *t, const struct roll_row *row);
unsigned version_slot(uint16_t version); /* index in roll_versions */
bool row_failed(const struct cube_key *k);

/* The rows of one client: order[from..to). */
struct roll_group {
    struct addr client;
    uint32_t from, to;
};
/* Up to r->order[end); begin with g->to = 0, or where a client's rows begin. */
bool roll_group_next(const struct rollup *r, struct roll_group *g, uint32_t end);

/* Is this client to be set apart? Fills *out (but for the client). */
int roll_apart_decide(const struct rollup *r, const struct roll_group *g, struct roll_apart *out); /* 1, 0; -1: no memory */
bool roll_is_apart(const struct rollup *r, const struct addr *client);
bool roll_is_own(const struct view *v, const struct addr *server); /* within --servers */

/* Facts of rollup_facts.c: a bit for each that holds, bit SUM_FACT of the sums is fact 0. */
extern const unsigned roll_fact_count;
const char *roll_fact_name(unsigned i);
const char *roll_fact_text(unsigned i);
uint64_t roll_facts_of_shape(const struct roll_row *row); /* with nothing but its shape */
uint64_t roll_facts_of_rest(const struct roll_row *row);

/* The rows of each server, so that what a server showed is put together when it is asked for: a text report asks for 20. */
struct roll_side {
    uint32_t *row; /* ids of rows; server n's are row[start[n - 1] .. start[n]) */
    uint32_t *start;
    struct roll_item *item; /* what rollup_items returned last; room for the rows of any server */
};

/* Sums of the whole site that count distinct clients and servers: a bit each. */
enum { SUM_ALL, SUM_OLD, SUM_STUCK, SUM_CAUSE, SUM_VERSION = SUM_CAUSE + OLD_CAUSES, SUM_FACT = SUM_VERSION + ROLL_VERSIONS,
       SUM_MOST = 64 };

/* While rows are added up: all, or those of the clients that are one thread's. Tables are found by key and lie in arrays that grow;
 * id - 1 is the index. */
struct builder {
    struct rollup *r;
    uint32_t from, to; /* r->order[from..to) */
    uint32_t numbered; /* of these, rows whose servers were found */
    struct records servers; /* keys alone, numbers of 64 bits */
    struct intern *suites, *failures, *upgrades;
    uint64_t *of_shape; /* handshakes of each shape that are in the sums */
    uint32_t *suite_of; /* by shape: its row of r->suite, from 1; 0: not yet, or none */
    struct roll_place { /* beside r->order: the server and the suite that a row counts for; 0: none */
        uint32_t server, suite;
    } *place;
    struct pairs where; /* which servers belong to which failure */
    struct reach *sum[SUM_MOST]; /* those of the site; NULL: none */
    uint64_t client_reached; /* the sums that will count the client in hand */
    uint32_t stamp; /* the client in hand, 0 when it is "other" */
    struct roll_side *side;
    bool failed;
};

bool roll_builder_open(struct builder *b); /* b->r is filled, but for the sums. false: out of memory; it is to be closed */
void roll_builder_close(struct builder *b);

/* Add the rows of one client. */
void roll_group_add(struct builder *b, const struct roll_group *g);
/* After all of them: what was added up by shape. */
void roll_sums_add_shapes(struct builder *b);

/* rollup_join.c: add up all rows, in as many threads as the view says. Then *b is what one thread would have come to. */
void roll_rows_add(struct builder *b);

/* What adding up sums needs, and adding up rows too. */
uint32_t roll_table_row(struct builder *b, struct intern *t, void *array, size_t size, const void *key, size_t n, bool *fresh);
/* The same of servers; expected is of records_expect(). */
uint32_t roll_server_row(struct builder *b, const uint64_t *key, uint64_t expected, bool *fresh);
bool roll_table_room(void *array, uint32_t count, size_t size); /* for one more element */
void roll_weakest_add(struct roll_server *s, uint32_t suite, int strength, uint64_t n);
void roll_refusal_code(struct roll_upgrade *u, uint16_t code);
void tally_join(struct tally *t, const struct tally *from);

#endif
