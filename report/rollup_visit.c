/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a roll-up: the lists of a server, and the clients and pairs that are not kept but walked over again. */
#include "report/rollup_impl.h"

#include <stdlib.h>

static int order(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int bytes_cmp(struct rd a, struct rd b)
{
    size_t x = rd_left(&a), y = rd_left(&b), n = x < y ? x : y;
    int d = n ? memcmp(a.p, b.p, n) : 0;
    return d ? d : order(x, y);
}

static int name_cmp(const void *x, const void *y, void *cube)
{
    const struct roll_item *a = x, *b = y;
    int d = order(b->count, a->count);
    return d ? d : bytes_cmp(cube_name(cube, a->id), cube_name(cube, b->id));
}

static int cert_cmp(const void *x, const void *y, void *cube)
{
    const struct roll_item *a = x, *b = y;
    int d = order(b->count, a->count);
    return d ? d : memcmp(cube_cert(cube, a->id)->sha256, cube_cert(cube, b->id)->sha256, 32);
}

static int choice_cmp(const void *x, const void *y, void *cube)
{
    const struct roll_item *a = x, *b = y;
    (void)cube;
    int d = order(b->count, a->count);
    if (!d)
        d = order(a->version, b->version);
    return d ? d : order(a->id, b->id);
}

/* What a row has for a list. false: nothing. */
static bool item_of(const struct rollup *r, uint32_t row, enum roll_list what, struct roll_item *item)
{
    const struct cube_row *at = cube_row_at(r->cube, row);
    const struct roll_shape *s = &r->shape[at->key.shape];
    *item = (struct roll_item){ .count = cube_row_count(r->cube, at) };
    switch (what) {
    case ROLL_NAMES:
        item->id = at->key.sni;
        return item->id != 0;
    case ROLL_CERTS:
        item->id = at->key.cert;
        return item->id != 0;
    case ROLL_CHOICES:
        item->id = s->k->suite;
        item->version = roll_versions[s->slot];
        return s->k->version != VER_NONE;
    case ROLL_LISTS:
        break;
    }
    return false;
}

static int same_cmp(const void *x, const void *y)
{
    const struct roll_item *a = x, *b = y;
    int d = order(a->version, b->version);
    return d ? d : order(a->id, b->id);
}

/* Equal ones become one. */
static size_t items_join(struct roll_item *item, size_t n)
{
    size_t kept = 0;
    qsort(item, n, sizeof *item, same_cmp);
    for (size_t i = 0; i < n; i++) {
        if (kept && same_cmp(&item[kept - 1], &item[i]) == 0)
            item[kept - 1].count += item[i].count;
        else
            item[kept++] = item[i];
    }
    return kept;
}

const struct roll_item *rollup_items(const struct rollup *r, const struct roll_server *s, enum roll_list what, size_t *n)
{
    static int (*const cmp[ROLL_LISTS])(const void *, const void *, void *) = {
        [ROLL_NAMES] = name_cmp, [ROLL_CERTS] = cert_cmp, [ROLL_CHOICES] = choice_cmp
    };
    struct roll_item *item = r->side->item;
    size_t found = 0;
    for (uint32_t i = r->side->start[s->number - 1]; i < r->side->start[s->number]; i++)
        found += item_of(r, r->side->row[i], what, &item[found]);
    *n = items_join(item, found);
    qsort_r(item, *n, sizeof *item, cmp[what], (void *)(uintptr_t)r->cube);
    return item;
}

/* The stacks of one client. Its profiles are counted first, then put together by stack. */
struct stacks {
    struct pairs profile; /* a: stack, b: profile */
    struct roll_stack *v;
    uint32_t n, cap;
};

static int stack_cmp(const void *x, const void *y, void *cube)
{
    const struct roll_stack *a = x, *b = y;
    int d = order(b->count, a->count);
    return d ? d : strcmp(cube_profile(cube, a->profile)->stack_label, cube_profile(cube, b->profile)->stack_label);
}

/* Of two profiles of a stack the one that speaks for it: more handshakes, then the lower bytes. */
static bool speaks(const struct cube *c, const struct pair *a, const struct pair *than)
{
    if (a->count != than->count)
        return a->count > than->count;
    return bytes_cmp(cube_profile(c, a->b)->offer, cube_profile(c, than->b)->offer) < 0;
}

static bool stacks_make(struct stacks *s, const struct cube *c)
{
    const struct pair *best = NULL;
    s->n = 0;
    if (!pairs_sort(&s->profile))
        return false;
    for (size_t i = 0; i < s->profile.n; i++) {
        const struct pair *p = &s->profile.v[i];
        if (!best || best->a != p->a) {
            if (s->n == s->cap) {
                uint32_t cap = s->cap ? s->cap * 2 : 16;
                struct roll_stack *v = realloc(s->v, cap * sizeof *v);
                if (!v)
                    return false;
                s->v = v;
                s->cap = cap;
            }
            s->v[s->n++] = (struct roll_stack){ .profile = p->b };
            best = p;
        } else if (speaks(c, p, best)) {
            best = p;
            s->v[s->n - 1].profile = p->b;
        }
        s->v[s->n - 1].count += p->count;
    }
    if (s->n)
        qsort_r(s->v, s->n, sizeof *s->v, stack_cmp, (void *)(uintptr_t)c);
    return true;
}

/* Keep the servers with the most old handshakes; rows come in order of server, so the first of equals stays first. */
static void old_keep(const struct cube *cube, struct roll_client *c, const struct roll_old *o, const struct cube_row *at)
{
    unsigned i = ROLL_OLD;
    while (i > 0 && o->count > c->old[i - 1].count)
        i--;
    if (o->count == 0 || i == ROLL_OLD)
        return;
    memmove(&c->old[i + 1], &c->old[i], (ROLL_OLD - 1 - i) * sizeof c->old[0]);
    c->old[i] = *o;
    c->old[i].server = cube_row_server(cube, at);
}

/* One more row at that server where an old version was chosen. */
static void old_add(struct roll_old *here, const struct cube *c, const struct roll_row *row)
{
    const struct profile *p = cube_profile(c, row->at->key.profile);
    const char *guess = p ? p->guess : NULL; /* of a table: the same software is the same pointer */
    here->guess = here->count == 0 || here->guess == guess ? guess : NULL;
    here->count += row->count;
    if (here->version == VER_NONE || version_rank(row->k->version) < version_rank(here->version))
        here->version = row->k->version;
}

/* Add up one client; its rows are in order of server. */
static void client_sum(const struct rollup *r, const struct roll_group *g, struct roll_client *out)
{
    struct roll_old here = { .count = 0 };
    const struct cube_row *last = NULL;
    *out = (struct roll_client){ .at = g->client };
    for (uint32_t i = g->from; i < g->to; i++) {
        struct roll_row row = roll_row_of(r, r->order[i]);
        if (row.shape->upgrade)
            continue;
        tally_add(&out->t, &row);
        if (!last || !cube_same_server(last, row.at)) {
            old_keep(r->cube, out, &here, last);
            here = (struct roll_old){ .count = 0 };
            out->servers++;
        }
        last = row.at;
        if (row.shape->old) {
            out->old_servers += here.count == 0;
            old_add(&here, r->cube, &row);
        }
    }
    old_keep(r->cube, out, &here, last);
}

static bool stacks_find(const struct rollup *r, const struct roll_group *g, struct stacks *s)
{
    s->profile.n = 0;
    for (uint32_t i = g->from; i < g->to; i++) {
        const struct cube_row *at = cube_row_at(r->cube, r->order[i]);
        const struct profile *p = r->shape[at->key.shape].upgrade ? NULL : cube_profile(r->cube, at->key.profile);
        if (p)
            pairs_add(&s->profile, p->stack, at->key.profile, cube_row_count(r->cube, at));
    }
    return stacks_make(s, r->cube);
}

/* The next client that is visited; begin with g->to = 0. */
static bool client_next(const struct rollup *r, struct roll_group *g)
{
    do {
        g->from = g->to;
        if (g->from >= r->rows)
            return false;
        for (g->to++; g->to < r->rows && !r->mark[g->to];)
            g->to++;
    } while (r->mark[g->from] < MARK_RANK);
    return true;
}

static void client_of(const struct rollup *r, struct roll_group *g)
{
    g->client = cube_row_client(r->cube, cube_row_at(r->cube, r->order[g->from]));
}

int rollup_clients_wanted(const struct rollup *r, roll_client_wants *wants, roll_client_fn *fn, void *ctx)
{
    struct stacks s = { 0 };
    struct roll_group g = { .to = 0 };
    int result = 0;
    while (result == 0 && client_next(r, &g)) {
        struct roll_client c;
        int rank = r->mark[g.from] - MARK_RANK;
        if (!wants(ctx, rank, NULL))
            continue;
        client_of(r, &g);
        client_sum(r, &g, &c);
        if (!wants(ctx, rank, &c))
            continue;
        if (!stacks_find(r, &g, &s)) {
            result = -1;
            break;
        }
        c.stack = s.v;
        c.stacks = s.n;
        c.guess = s.n == 1 ? cube_profile(r->cube, s.v[0].profile)->guess : NULL;
        result = fn(ctx, &c);
    }
    pairs_free(&s.profile);
    free(s.v);
    return result;
}

static bool wants_all(void *ctx, int rank, const struct roll_client *c)
{
    (void)ctx;
    (void)rank;
    (void)c;
    return true;
}

int rollup_clients(const struct rollup *r, roll_client_fn *fn, void *ctx)
{
    return rollup_clients_wanted(r, wants_all, fn, ctx);
}

/* The pairs of one client: at most one per transport for each server endpoint. */
static int pairs_visit(const struct rollup *r, const struct roll_group *g, roll_pair_fn *fn, void *ctx)
{
    for (uint32_t from = g->from, to; from < g->to; from = to) {
        const struct cube_row *first = cube_row_at(r->cube, r->order[from]);
        const struct endpoint server = cube_row_server(r->cube, first);
        struct roll_pair p[TRANSPORT_L2 + 1] = { 0 };
        for (to = from; to < g->to; to++) {
            struct roll_row row = roll_row_of(r, r->order[to]);
            if (!cube_same_server(first, row.at))
                break;
            if (!row.shape->upgrade)
                tally_add(&p[row.k->transport <= TRANSPORT_L2 ? row.k->transport : TRANSPORT_TCP].t, &row);
        }
        for (unsigned t = 0; t <= TRANSPORT_L2; t++) {
            p[t].client = g->client;
            p[t].server = server;
            p[t].transport = (uint8_t)t;
            int stop = p[t].t.handshakes ? fn(ctx, &p[t]) : 0;
            if (stop)
                return stop;
        }
    }
    return 0;
}

int rollup_pairs(const struct rollup *r, roll_pair_fn *fn, void *ctx)
{
    int result = 0;
    for (struct roll_group g = { .to = 0 }; result == 0 && client_next(r, &g);) {
        client_of(r, &g);
        result = pairs_visit(r, &g, fn, ctx);
    }
    return result;
}
