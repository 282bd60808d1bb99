/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Adding up the rows in several threads: each takes the clients of a part of the order, with tables of its own; then the tables are
 * joined from the first part to the last, as if one thread had gone through all. No client is in two parts, so clients add up;
 * servers do not, and are counted anew.
 */
#include "base/thread.h"
#include "report/rollup_impl.h"

#include <stdlib.h>

enum { PART_ROWS = 2048 }; /* at least: else another thread costs more than it saves */

static void range_add(struct builder *b)
{
    struct roll_group g = { .to = b->from };
    b->numbered = b->from;
    while (!b->failed && roll_group_next(b->r, &g, b->to))
        roll_group_add(b, &g);
    roll_sums_add_shapes(b);
}

/* ---- joining ---- */

static void reach_join(struct reach *into, const struct reach *from)
{
    into->handshakes += from->handshakes;
    into->clients += from->clients;
}

static void server_join(struct roll_server *s, const struct roll_server *from)
{
    tally_join(&s->t, &from->t);
    reach_join(&s->reach, &from->reach);
    reach_join(&s->old, &from->old);
    s->upgrades |= from->upgrades;
    if (from->dh_min && (!s->dh_min || from->dh_min < s->dh_min))
        s->dh_min = from->dh_min;
    s->resumed += from->resumed;
    s->apart += from->apart;
    if (from->weakest != SUITE_NONE)
        roll_weakest_add(s, from->weakest, from->strength, from->weakest_count);
    s->reached |= from->reached;
}

static void suite_join(struct roll_suite *s, const struct roll_suite *from)
{
    s->id = from->id;
    reach_join(&s->reach, &from->reach);
    for (unsigned i = 0; i < ROLL_VERSIONS; i++)
        s->version[i] += from->version[i];
    s->apart += from->apart;
}

static void failure_join(struct roll_failure *f, const struct roll_failure *from)
{
    f->outcome = from->outcome;
    f->alert_from = from->alert_from;
    f->alert_code = from->alert_code;
    f->alert_encrypted = from->alert_encrypted;
    reach_join(&f->reach, &from->reach);
    f->stuck += from->stuck;
    if (from->pair_count <= f->pair_count)
        return;
    f->pair_count = from->pair_count;
    f->client = from->client;
    f->server = from->server;
}

static void upgrade_join(struct roll_upgrade *u, const struct roll_upgrade *from)
{
    u->at = from->at;
    u->transport = from->transport;
    u->upgrade = from->upgrade;
    u->own = from->own;
    u->sessions += from->sessions;
    u->offered += from->offered;
    u->tls += from->tls;
    u->refused += from->refused;
    u->stripped += from->stripped;
    u->plaintext += from->plaintext;
    u->not_offered += from->not_offered;
    u->abandoned += from->abandoned;
    u->opaque += from->opaque;
    u->after_plaintext += from->after_plaintext;
    u->after_reconnect += from->after_reconnect;
    u->after_close += from->after_close;
    u->logins += from->logins;
    for (size_t i = 0; i < sizeof from->code / sizeof from->code[0]; i++)
        roll_refusal_code(u, from->code[i]);
    reach_join(&u->reach, &from->reach);
}

/* The row of b's table that has the key of row id of from's. 0: out of memory. */
static uint32_t row_over(struct builder *b, struct intern *into, void *array, size_t size, const struct intern *from, uint32_t id,
                         bool *fresh)
{
    size_t n;
    const void *key = intern_key(from, id, &n);
    return roll_table_row(b, into, array, size, key, n, fresh);
}

/* The numbers that from's servers and suites have in b: the caller frees them. NULL: out of memory. */
static uint32_t *servers_join(struct builder *b, const struct builder *from)
{
    uint32_t n = from->servers.count, *map = calloc(n + 1u, sizeof *map);
    bool fresh;
    for (uint32_t id = 1; map && id <= n; id++) {
        const struct roll_server *s = &from->r->server[id - 1];
        const uint64_t *key = records_at(&from->servers, id);
        map[id] = roll_server_row(b, key, records_expect(&b->servers, key), &fresh);
        if (!map[id])
            break;
        if (fresh)
            b->r->server[map[id] - 1] = *s;
        else
            server_join(&b->r->server[map[id] - 1], s);
    }
    return map;
}

static uint32_t *suites_join(struct builder *b, const struct builder *from)
{
    uint32_t n = intern_count(from->suites), *map = calloc(n + 1u, sizeof *map);
    bool fresh;
    for (uint32_t id = 1; map && id <= n; id++) {
        const struct roll_suite *s = &from->r->suite[id - 1];
        map[id] = row_over(b, b->suites, &b->r->suite, sizeof *s, from->suites, id, &fresh);
        if (!map[id])
            break;
        suite_join(&b->r->suite[map[id] - 1], s);
    }
    return map;
}

static void failures_join(struct builder *b, struct builder *from, const uint32_t *server)
{
    bool fresh;
    if (!pairs_sort(&from->where))
        b->failed = true;
    for (uint32_t id = 1; !b->failed && id <= intern_count(from->failures); id++) {
        size_t n;
        const struct roll_failure *f = &from->r->failure[id - 1];
        const struct pair *p = pairs_of(&from->where, id, &n);
        uint32_t mine = row_over(b, b->failures, &b->r->failure, sizeof *f, from->failures, id, &fresh);
        if (mine)
            failure_join(&b->r->failure[mine - 1], f);
        for (size_t i = 0; mine && i < n; i++)
            pairs_add(&b->where, mine, server[p[i].b], p[i].count);
    }
}

static void upgrades_join(struct builder *b, const struct builder *from)
{
    bool fresh;
    for (uint32_t id = 1; !b->failed && id <= intern_count(from->upgrades); id++) {
        const struct roll_upgrade *u = &from->r->upgrade[id - 1];
        uint32_t mine = row_over(b, b->upgrades, &b->r->upgrade, sizeof *u, from->upgrades, id, &fresh);
        if (mine)
            upgrade_join(&b->r->upgrade[mine - 1], u);
    }
}

static void site_join(struct builder *b, const struct builder *from)
{
    struct rollup *r = b->r;
    const struct rollup *f = from->r;
    tally_join(&r->total, &f->total);
    for (unsigned i = 0; i < SUM_MOST; i++)
        if (b->sum[i])
            reach_join(b->sum[i], from->sum[i]);
    for (unsigned i = 0; i < ROLL_VERSIONS; i++)
        r->version_apart[i] += f->version_apart[i];
    r->folded += f->folded;
    r->apart_handshakes += f->apart_handshakes;
    for (uint32_t i = 0; i < f->aparts && !b->failed; i++) {
        b->failed = !roll_table_room(&r->apart, r->aparts, sizeof *r->apart);
        if (!b->failed)
            r->apart[r->aparts++] = f->apart[i];
    }
}

static void part_join(struct builder *b, struct builder *from)
{
    uint32_t *server = from->failed ? NULL : servers_join(b, from), *suite = server ? suites_join(b, from) : NULL;
    b->failed = b->failed || !suite;
    if (!b->failed) {
        failures_join(b, from, server);
        upgrades_join(b, from);
        site_join(b, from);
    }
    for (uint32_t i = from->from; i < from->to && !b->failed; i++) {
        struct roll_place *p = &b->place[i];
        *p = (struct roll_place){ server[p->server], suite[p->suite] };
    }
    free(server);
    free(suite);
}

/* ---- parts ---- */

struct part {
    struct builder b;
    struct rollup r; /* what it adds up; the rest is borrowed from the whole one */
    pthread_t thread;
    bool runs;
};

static void *part_run(void *part)
{
    range_add(&((struct part *)part)->b);
    return NULL;
}

/* Where a client's rows begin, at or behind this place. */
static uint32_t client_begins(const struct rollup *r, uint32_t at)
{
    while (at > 0 && at < r->rows &&
           cube_same_client(cube_row_at(r->cube, r->order[at - 1]), cube_row_at(r->cube, r->order[at])))
        at++;
    return at;
}

static void part_open(struct part *p, const struct builder *whole, uint32_t from, uint32_t to)
{
    const struct rollup *r = whole->r;
    p->r = (struct rollup){ .cube = r->cube, .view = r->view, .shape = r->shape, .order = r->order, .mark = r->mark,
                            .rows = r->rows };
    p->b = (struct builder){ .r = &p->r, .place = whole->place, .from = from, .to = to };
    p->b.failed = !roll_builder_open(&p->b);
}

static void part_close(struct part *p)
{
    roll_builder_close(&p->b);
    free(p->r.server);
    free(p->r.suite);
    free(p->r.failure);
    free(p->r.upgrade);
    free(p->r.fact);
    free(p->r.apart);
}

/* In a thread of its own; where there can be none, here and now. */
static void part_start(struct part *p)
{
    p->runs = thread_start(&p->thread, part_run, p) == 0;
    if (!p->runs)
        (void)part_run(p);
}

/* The first part is added to *b itself, in this thread. */
void roll_rows_add(struct builder *b)
{
    uint32_t rows = b->r->rows, most = rows / PART_ROWS;
    unsigned parts = b->r->view->threads < most ? b->r->view->threads : most;
    struct part *part = parts > 1 ? calloc(parts, sizeof *part) : NULL;
    if (!part) {
        range_add(b);
        return;
    }
    for (unsigned i = 1; i < parts; i++) {
        uint32_t from = client_begins(b->r, (uint32_t)((uint64_t)rows * i / parts));
        uint32_t to = client_begins(b->r, (uint32_t)((uint64_t)rows * (i + 1) / parts));
        part_open(&part[i], b, from, to);
        b->to = i == 1 ? from : b->to;
    }
    for (unsigned i = 1; i < parts; i++)
        part_start(&part[i]);
    range_add(b);
    for (unsigned i = 1; i < parts; i++) {
        if (part[i].runs)
            (void)pthread_join(part[i].thread, NULL);
        part_join(b, &part[i].b);
        part_close(&part[i]);
    }
    free(part);
    b->to = rows;
}
