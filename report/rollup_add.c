/* SPDX-License-Identifier: Apache-2.0 */
/* Adding up the rows of one client: into the tables of servers, suites, causes, upgrades and facts, or set apart. */
#include "report/rollup_impl.h"

#include <stddef.h>
#include <stdlib.h>

enum { SOON = 6, /* rows ahead */
       AT_ONCE = 1024, /* rows whose servers are found before they are added: they are in the cache then */
       BATCH = 16 }; /* looked up at a time */

struct failure_key {
    uint8_t outcome, alert_from, alert_code, encrypted;
};

/* Room for one more element of an array that holds count. */
bool roll_table_room(void *array, uint32_t count, size_t size)
{
    void **a = array;
    if (count & (count - 1) ? true : count != 0 && count < 8) /* grows at 0, 8, 16, 32 ... */
        return true;
    void *v = realloc(*a, (count < 8 ? 8 : (size_t)count * 2) * size);
    if (!v)
        return false;
    *a = v;
    return true;
}

/* Count a row for its client, once. */
static void reach_add(const struct builder *b, struct reach *reach, uint64_t n)
{
    reach->handshakes += n;
    if (b->stamp && reach->stamp != b->stamp) {
        reach->stamp = b->stamp;
        reach->clients++;
    }
}

/* Count a row in the sums of the site that it belongs to. What follows from its shape is added up by shape; clients and servers
 * are counted, once in each, when all of their rows are known. */
static void sums_add(struct builder *b, const struct roll_row *row, uint64_t rest, uint32_t server)
{
    uint64_t sums = row->shape->sums | rest;
    b->client_reached |= sums;
    if (server)
        b->r->server[server - 1].reached |= sums;
    b->of_shape[row->at->key.shape] += row->count;
    for (; rest; rest &= rest - 1)
        b->sum[__builtin_ctzll(rest)]->handshakes += row->count;
}

static void sums_add_client(struct builder *b)
{
    for (uint64_t sums = b->stamp ? b->client_reached : 0; sums; sums &= sums - 1)
        b->sum[__builtin_ctzll(sums)]->clients++;
}

void roll_sums_add_shapes(struct builder *b)
{
    for (uint32_t id = 1; id <= cube_shapes(b->r->cube); id++)
        for (uint64_t sums = b->r->shape[id].sums; sums; sums &= sums - 1)
            b->sum[__builtin_ctzll(sums)]->handshakes += b->of_shape[id];
}

bool roll_is_own(const struct view *v, const struct addr *server)
{
    for (unsigned i = 0; i < v->own_count; i++)
        if (cidr_has(&v->own[i], server))
            return true;
    return v->own_count == 0;
}

/* The row of this key in a table, new ones zeroed; its number from 1, 0 when out of memory. */
uint32_t roll_table_row(struct builder *b, struct intern *t, void *array, size_t size, const void *key, size_t n, bool *fresh)
{
    uint32_t id = intern_put(t, key, n, fresh);
    if (id && *fresh) {
        if (roll_table_room(array, id - 1, size))
            memset(*(char **)array + (id - 1) * size, 0, size);
        else
            id = 0;
    }
    b->failed = b->failed || !id;
    return id;
}

/* As a number: it is hashed at once, and would be waited for if it were put together in memory. */
static uint64_t server_key(const struct cube_row *at, const struct cube_shape *k)
{
    unsigned kind = at->key.kinds & 15;
    return (uint64_t)at->key.server << 32 | (uint32_t)at->key.port << 16 | kind << 8 | k->transport;
}

static bool has_server(const struct cube_row *at) /* folded rows may have none */
{
    return (at->key.kinds & 15) != ADDR_NONE;
}

uint32_t roll_server_row(struct builder *b, const uint64_t *key, uint64_t expected, bool *fresh)
{
    uint32_t before = b->servers.count;
    bool oom;
    uint32_t id = records_put_expected(&b->servers, expected, key, UINT32_MAX / 4, &oom);
    *fresh = id > before;
    if (*fresh && roll_table_room(&b->r->server, before, sizeof *b->r->server))
        memset(&b->r->server[before], 0, sizeof *b->r->server);
    else if (*fresh)
        id = 0;
    b->failed = b->failed || !id;
    return id;
}

static uint32_t server_row(struct builder *b, const uint64_t *key, uint64_t expected, const struct cube_row *at,
                           const struct cube_shape *k)
{
    bool fresh;
    uint32_t id = roll_server_row(b, key, expected, &fresh);
    if (id && fresh) {
        struct roll_server *s = &b->r->server[id - 1];
        s->at = cube_row_server(b->r->cube, at);
        s->transport = k->transport;
        s->own = roll_is_own(b->r->view, &s->at.addr);
        s->weakest = SUITE_NONE;
        s->strength = suite_strength(SUITE_NONE);
    }
    return id;
}

void roll_weakest_add(struct roll_server *s, uint32_t suite, int strength, uint64_t n)
{
    if (s->weakest == suite) {
        s->weakest_count += n;
        return;
    }
    if (s->weakest != SUITE_NONE && (strength > s->strength || (strength == s->strength && suite > s->weakest)))
        return;
    s->weakest = suite;
    s->strength = strength;
    s->weakest_count = n;
}

static void server_add(struct builder *b, uint32_t id, const struct roll_row *row)
{
    struct roll_server *s = &b->r->server[id - 1];
    const struct cube_shape *k = row->k;
    uint64_t n = row->count;
    tally_add(&s->t, row);
    reach_add(b, &s->reach, n);
    if (row->shape->old)
        reach_add(b, &s->old, n);
    s->upgrades |= UINT64_C(1) << (k->upgrade & 63);
    if (k->dh_bits && (!s->dh_min || k->dh_bits < s->dh_min))
        s->dh_min = k->dh_bits;
    if (k->flags & EV_RESUMED)
        s->resumed += n;
    if (k->version == VER_NONE || k->suite == SUITE_NONE)
        return;
    roll_weakest_add(s, k->suite, row->shape->strength, n);
}

/* Its number, 0 when there is none. */
static uint32_t suite_row(struct builder *b, const struct roll_row *row)
{
    uint32_t *known = &b->suite_of[row->at->key.shape];
    const struct cube_shape *k = row->k;
    uint32_t id = *known;
    bool fresh;
    if (id || k->suite == SUITE_NONE || k->version == VER_NONE)
        return id;
    id = roll_table_row(b, b->suites, &b->r->suite, sizeof *b->r->suite, &k->suite, sizeof k->suite, &fresh);
    if (id)
        b->r->suite[id - 1].id = k->suite;
    *known = id;
    return id;
}

static void failure_add(struct builder *b, uint32_t server, const struct roll_row *row)
{
    const struct cube_shape *k = row->k;
    bool fresh, encrypted = k->flags & EV_ALERT_ENCRYPTED;
    if (!row->shape->failed)
        return;
    const struct failure_key key = { .outcome = k->outcome, .alert_from = k->alert_from, .encrypted = encrypted,
                                     .alert_code = k->alert_from && !encrypted ? k->alert_code : 0 };
    uint32_t id = roll_table_row(b, b->failures, &b->r->failure, sizeof *b->r->failure, &key, sizeof key, &fresh);
    if (!id)
        return;
    struct roll_failure *f = &b->r->failure[id - 1];
    f->outcome = key.outcome;
    f->alert_from = key.alert_from;
    f->alert_code = key.alert_code;
    f->alert_encrypted = encrypted;
    reach_add(b, &f->reach, row->count);
    if (server)
        pairs_add(&b->where, id, server, 1);
    if (row->stuck)
        f->stuck += row->count;
    if (row->count > f->pair_count) {
        f->pair_count = row->count;
        f->client.addr = cube_row_client(b->r->cube, row->at);
        f->server = cube_row_server(b->r->cube, row->at);
    }
}

void roll_refusal_code(struct roll_upgrade *u, uint16_t code)
{
    unsigned n = sizeof u->code / sizeof u->code[0], i = 0;
    while (i < n && u->code[i] && u->code[i] < code)
        i++;
    if (!code || i == n || u->code[i] == code)
        return;
    memmove(&u->code[i + 1], &u->code[i], (n - i - 1) * sizeof u->code[0]);
    u->code[i] = code;
}

static void upgrade_outcome(struct roll_upgrade *u, const struct cube_shape *k, uint64_t n)
{
    switch ((enum outcome)k->outcome) {
    case OUTCOME_REFUSED:
        u->refused += n;
        break;
    case OUTCOME_STRIPPED:
        u->stripped += n;
        break;
    case OUTCOME_PLAINTEXT:
        u->plaintext += n;
        break;
    case OUTCOME_NOT_OFFERED:
        u->not_offered += n;
        break;
    case OUTCOME_OPAQUE:
        u->opaque += n;
        break;
    case OUTCOME_ABANDONED:
        u->abandoned += n;
        break;
    case OUTCOME_COMPLETED:
    case OUTCOME_UNANSWERED:
    case OUTCOME_ALERT_CLIENT:
    case OUTCOME_ALERT_SERVER:
    case OUTCOME_RESET:
    case OUTCOME_CLOSED:
    case OUTCOME_ONE_SIDED:
    case OUTCOME_INCOMPLETE:
    case OUTCOME_MALFORMED:
    case OUTCOME_EVICTED:
    case OUTCOME_COUNT:
        u->tls += n;
        break;
    }
}

static void upgrade_aftermath(struct roll_upgrade *u, const struct cube_shape *k, uint64_t n)
{
    switch ((enum aftermath)k->aftermath) {
    case AFTER_NOTHING:
        break;
    case AFTER_PLAINTEXT:
        u->after_plaintext += n;
        break;
    case AFTER_RECONNECT:
        u->after_reconnect += n;
        break;
    case AFTER_CLOSE:
        u->after_close += n;
        break;
    }
}

static void upgrade_add(struct builder *b, const struct roll_row *row)
{
    const struct cube_shape *k = row->k;
    const uint64_t key[2] = { server_key(row->at, k), k->upgrade };
    bool fresh;
    if (!k->upgrade)
        return;
    uint32_t id = roll_table_row(b, b->upgrades, &b->r->upgrade, sizeof *b->r->upgrade, key, sizeof key, &fresh);
    if (!id)
        return;
    struct roll_upgrade *u = &b->r->upgrade[id - 1];
    uint64_t n = row->count;
    if (fresh) {
        u->at = cube_row_server(b->r->cube, row->at);
        u->transport = k->transport;
        u->upgrade = k->upgrade;
        u->own = roll_is_own(b->r->view, &u->at.addr);
    }
    u->sessions += n;
    if (k->offered == 2)
        u->offered += n;
    if (k->flags & EV_CLEARTEXT_LOGIN)
        u->logins += n;
    if (row->shape->upgrade)
        reach_add(b, &u->reach, n);
    roll_refusal_code(u, k->refusal_code);
    upgrade_outcome(u, k, n);
    upgrade_aftermath(u, k, n);
}

/* Those that it belongs to whatever its shape is. */
static uint64_t sums_of(const struct roll_row *row)
{
    uint64_t sums = roll_facts_of_rest(row);
    if (row->shape->old)
        sums |= UINT64_C(1) << (SUM_CAUSE + row->cause);
    if (row->stuck)
        sums |= UINT64_C(1) << SUM_STUCK;
    return sums;
}

static void handshake_add(struct builder *b, const struct roll_row *row, struct roll_place *place)
{
    struct rollup *r = b->r;
    uint64_t n = row->count;
    uint32_t server = place->server, suite = place->suite = suite_row(b, row);
    if (b->failed)
        return;
    if (server)
        server_add(b, server, row);
    else
        tally_add(&r->total, row); /* those of servers are added up at the end */
    sums_add(b, row, sums_of(row), server);
    if (suite) {
        struct roll_suite *s = &r->suite[suite - 1];
        s->version[row->shape->slot] += n;
        reach_add(b, &s->reach, n);
    }
    failure_add(b, server, row);
}

/* A client that is set apart is counted beside the rest: sums of both equal what was seen. */
static void apart_add(struct builder *b, struct roll_apart *a, const struct roll_row *row, uint32_t server)
{
    const struct cube_shape *k = row->k;
    uint64_t n = row->count;
    a->handshakes += n;
    b->r->apart_handshakes += n;
    if (row->shape->failed)
        a->failed += n;
    if (!a->first_ns || row->at->first_ns < a->first_ns)
        a->first_ns = row->at->first_ns;
    if (row->at->last_ns > a->last_ns)
        a->last_ns = row->at->last_ns;
    if (server)
        b->r->server[server - 1].apart += n;
    if (k->version != VER_NONE)
        b->r->version_apart[row->shape->slot] += n;
    uint32_t suite = suite_row(b, row);
    if (suite)
        b->r->suite[suite - 1].apart += n;
}

static void group_apart(struct builder *b, const struct roll_group *g, struct roll_apart *a)
{
    struct rollup *r = b->r;
    struct pairs stacks = { 0 };
    const struct cube_row *last = NULL;
    a->client = g->client;
    for (uint32_t i = g->from; i < g->to; i++) {
        struct roll_row row = roll_row_of(r, r->order[i]);
        if (row.shape->upgrade)
            continue;
        apart_add(b, a, &row, b->place[i].server);
        b->place[i].server = 0;
        if (row.profile)
            pairs_add(&stacks, row.profile->stack, 0, 1);
        a->servers += !last || !cube_same_server(last, row.at);
        last = row.at;
    }
    b->failed = b->failed || !pairs_sort(&stacks) || !roll_table_room(&r->apart, r->aparts, sizeof *r->apart);
    a->stacks = (uint32_t)stacks.n;
    pairs_free(&stacks);
    if (!b->failed)
        r->apart[r->aparts++] = *a;
}

static void batch_number(struct builder *b, uint32_t from, uint32_t to)
{
    const struct rollup *r = b->r;
    uint64_t key[BATCH], expected[BATCH];
    for (uint32_t i = from; i < to; i++) {
        const struct cube_row *at = cube_row_at(r->cube, r->order[i]);
        key[i - from] = server_key(at, r->shape[at->key.shape].k);
        expected[i - from] = records_expect(&b->servers, &key[i - from]);
    }
    for (uint32_t i = from; i < to && !b->failed; i++) {
        const struct cube_row *at = cube_row_at(r->cube, r->order[i]);
        const struct roll_shape *s = &r->shape[at->key.shape];
        if (!s->upgrade && has_server(at))
            b->place[i].server = server_row(b, &key[i - from], expected[i - from], at, s->k);
    }
}

/* The servers of all rows up to this one, and of some more. */
static void servers_number(struct builder *b, uint32_t to)
{
    if (b->numbered >= to)
        return;
    to = b->to - to > AT_ONCE ? to + AT_ONCE : b->to;
    for (; b->numbered < to; b->numbered += to - b->numbered < BATCH ? to - b->numbered : BATCH)
        batch_number(b, b->numbered, to - b->numbered < BATCH ? to : b->numbered + BATCH);
}

/* What is known of a server is several lines of the cache, and there are thousands of servers. */
static void server_fetch(const struct builder *b, uint32_t at)
{
    const char *p = at < b->to && b->place[at].server ? (const char *)&b->r->server[b->place[at].server - 1] : NULL;
    for (size_t i = 0; p && i < offsetof(struct roll_server, t.failed); i += 64)
        __builtin_prefetch(p + i);
}

static int rank_offered(const struct profile *p)
{
    return p && p->max_version != VER_NONE ? version_rank(p->max_version) : ROLL_NO_RANK;
}

void roll_group_add(struct builder *b, const struct roll_group *g)
{
    struct roll_apart apart;
    int rank = ROLL_NO_RANK;
    bool handshakes = false;
    servers_number(b, g->to);
    int set_apart = roll_apart_decide(b->r, g, &apart);
    b->r->mark[g->from] = MARK_NONE;
    if (set_apart < 0)
        b->failed = true;
    if (set_apart) {
        group_apart(b, g, &apart);
        return;
    }
    b->stamp = g->client.kind == ADDR_NONE ? 0 : g->from + 1;
    b->client_reached = 0;
    for (uint32_t i = g->from; i < g->to && !b->failed; i++) {
        struct roll_row row = roll_row_of(b->r, b->r->order[i]);
        server_fetch(b, i + SOON);
        if (row.k->flags & CUBE_OTHER)
            b->r->folded += row.count;
        upgrade_add(b, &row);
        if (row.shape->upgrade)
            continue;
        handshake_add(b, &row, &b->place[i]);
        handshakes = true;
        rank = row.shape->rank < rank ? row.shape->rank : rank;
        rank = rank_offered(row.profile) < rank ? rank_offered(row.profile) : rank;
    }
    sums_add_client(b);
    if (handshakes && b->stamp)
        b->r->mark[g->from] = (uint8_t)(MARK_RANK + rank);
}
