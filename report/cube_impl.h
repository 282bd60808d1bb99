/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cube_impl - the inside of a cube, for the files that it is made of: cube.c (tallying, building), cube_side.c (hours, inputs,
 * services, spans), cube_read.c (reading), cube_row.c (packing), cube_order.c (sorting), cube_merge.c,
 * cube_join.c and cube_parts.c. Nobody else includes it.
 *
 * The load that shapes it: a million clients and twenty thousand servers give a million rows, met in random order. A row is one
 * line of the cache; ids stand for strings and for what many rows have in common; nothing is allocated but for growth.
 */
#ifndef REPORT_CUBE_IMPL_H
#define REPORT_CUBE_IMPL_H

#include "base/column.h"
#include "base/intern.h"
#include "base/limits.h"
#include "base/records.h"
#include "report/cube.h"
#include "report/fallback.h"
#include "report/reconnect.h"

struct span_key { /* compared and hashed as memory: no padding */
    struct endpoint client, server;
    uint32_t profile;
};

struct span_row {
    struct span_key key;
    struct span val;
};

struct cube_order {
    uint64_t first, second;
};

struct cube_item;

/* A handshake that is tallied a few handshakes later. */
struct cube_late {
    struct cube_key key; /* its name, and what it fell back from, come later */
    struct cube_val val;
    struct cube_row_key packed;
    struct endpoint client; /* as it was seen */
    struct addr via;
    int64_t end_ns;
    struct cube_order at;
    uint64_t who; /* of fallback_expect; 0: no hello, or not asked */
    uint64_t row, party[2]; /* of records_expect; of those only where they are in cube.parties */
    uint32_t step; /* what was done with it */
    uint32_t name_expected; /* of intern_expect */
    bool whole, held /* by reconnect: it is not tallied now */, named;
    uint8_t name_len, name[LIMIT_NAME_BYTES];
};

struct cube {
    struct cube_options opt; /* limits filled in; pointers are not used after cube_new */
    bool anonymize;
    bool oom; /* why the last put gave 0: memory, not a cap */
    uint16_t sensor; /* of the events tallied here */
    uint8_t key[32];
    struct records rows, spans, shapes, parties;
    struct column wide; /* struct cube_val: see struct cube_row */
    uint32_t wides;
    struct intern *names, *profiles, *stacks, *certs, *sensors;
    struct column profile, cert; /* beside profiles, certs */
    size_t name_bytes, profile_bytes;
    struct fallback *fallback;
    struct reconnect *reconnect; /* refused sessions that are not tallied yet */
    struct cube_late *late; /* room for a few; NULL: not needed yet */
    unsigned lates, late_first;
    uint64_t lost;
    uint32_t ordered, *order; /* of so many rows the order is known: this, or NULL: they lie in it */
    bool shares; /* the rest of this is only where it does */
    struct cube_order now;
    struct cube_item *sorted; /* cube_arrange */
    struct column name_order, profile_order, cert_order; /* when an id was given, beside each table */

    struct hour **hour; /* sorted */
    uint32_t hours, hour_room;
    struct column hour_pool; /* where they lie */
    struct stats stray; /* counters for which there was no hour and no memory */
    struct input **input; /* input[id - 1] */
    uint32_t inputs, input_room;
    struct service *service; /* sorted */
    uint32_t services, service_room;
};

/* cube.c */
/* The row of a key, made if new, folded where the table is full; from the first "other" row on when whole is false. 0: out of
 * memory. */
uint32_t cube_place(struct cube *c, const struct cube_key *k, bool whole);
void cube_add(struct cube *c, uint32_t row, const struct cube_val *v);
void cube_ja4(struct cube *c, uint32_t profile, const char *ja4, int64_t ns);

/* cube_row.c */
bool cube_party_is_kept(const struct addr *a); /* in cube.parties; others are numbers, or nothing */
/* Pack a key. add: what it stands for is kept, if it is new. false: it is new and was not to be kept, or there is no memory
 * (c->oom). */
bool cube_pack(struct cube *c, const struct cube_key *k, bool add, struct cube_row_key *out);
/* -1, 0, 1: by kind, then by the bytes of the address. The cubes may differ. */
int cube_client_cmp(const struct cube *cx, const struct cube_row_key *x, const struct cube *cy, const struct cube_row_key *y);
int cube_server_cmp(const struct cube *cx, const struct cube_row_key *x, const struct cube *cy, const struct cube_row_key *y);
void cube_rows_clear(struct cube *c);

/* cube_order.c */
struct cube_item { /* a row in the order of cube_sorted */
    uint32_t client, server; /* of parties of one kind, who comes first has the lower number */
    uint32_t id : 26, client_kind : 3, server_kind : 3;
};
struct cube_item *cube_items(const struct cube *c); /* all of them; freed by the caller. NULL as cube_sorted */
int cube_item_cmp(const struct cube *cx, const struct cube_item *x, const struct cube *cy, const struct cube_item *y);

/* cube_side.c */
uint32_t cube_input_find(const struct cube *c, const struct input *in); /* 0: not here */
uint32_t cube_input_append(struct cube *c, const struct input *in); /* 0: out of memory */
void cube_input_add(struct input *into, const struct input *from);
void cube_inputs_truncate(struct cube *c, uint32_t count);
int cube_input_cmp(const struct input *a, const struct input *b); /* by what identifies them */
bool cube_hours_reserve(struct cube *c, uint32_t extra); /* so that as many cube_put_hour cannot fail */
bool cube_services_reserve(struct cube *c, uint32_t extra); /* likewise */
uint32_t cube_span_place(struct cube *c, const struct span_key *k); /* 0: out of memory */
void cube_span_add(struct cube *c, uint32_t id, const struct span *s);

#endif
