/* SPDX-License-Identifier: Apache-2.0 */
#include "report/rollup_impl.h"

#include <stdlib.h>

bool roll_group_next(const struct rollup *r, struct roll_group *g)
{
    g->from = g->to;
    if (g->from >= r->rows)
        return false;
    g->client = &cube_row_key(r->cube, r->order[g->from])->client.addr;
    while (g->to < r->rows && addr_equal(&cube_row_key(r->cube, r->order[g->to])->client.addr, g->client))
        g->to++;
    return true;
}

static bool in_view(const struct view *v, const struct cube_key *k, const struct cube_val *val)
{
    return view_has_server(v, &k->server) && view_has_client(v, &k->client.addr) &&
           view_has_time(v, val->first_ns, val->last_ns);
}

static bool rows_in_view(struct rollup *r)
{
    uint32_t all = cube_rows(r->cube);
    r->order = cube_sorted(r->cube);
    if (!r->order)
        return all == 0;
    for (uint32_t i = 0; i < all; i++)
        if (in_view(r->view, cube_row_key(r->cube, r->order[i]), cube_row_val(r->cube, r->order[i])))
            r->order[r->rows++] = r->order[i];
    return true;
}

static void span_widen(struct rollup *r, int64_t first, int64_t last)
{
    if (first && (!r->first_ns || first < r->first_ns))
        r->first_ns = first;
    if (last > r->last_ns)
        r->last_ns = last;
}

#define HOUR_NS INT64_C(3600000000000)

static bool hour_in_view(const struct view *v, int64_t hour)
{
    return (!v->since_ns || (hour + 1) * HOUR_NS > v->since_ns) && (!v->until_ns || hour * HOUR_NS < v->until_ns);
}

/* What was captured and lost, of the hours in view; the window is that of the files, cut by --since and --until. */
static void coverage(struct rollup *r)
{
    int64_t first = 0, last = 0;
    for (unsigned i = 0; i < cube_hours(r->cube); i++) {
        const struct hour *h = cube_hour_at(r->cube, i);
        if (!hour_in_view(r->view, h->hour))
            continue;
        stats_add(&r->stats, &h->stats);
        if (!h->stats.packets || (r->hours && h->hour == last)) /* an hour has an entry per sensor */
            continue;
        first = r->hours ? first : h->hour;
        last = h->hour;
        r->hours++;
    }
    if (r->hours)
        r->hours_quiet = (unsigned)(last - first + 1) - r->hours;
    for (uint32_t i = 1; i <= cube_inputs(r->cube); i++)
        span_widen(r, cube_input_at(r->cube, i)->first_ns, cube_input_at(r->cube, i)->last_ns);
    if (!r->first_ns && r->hours)
        span_widen(r, first * HOUR_NS, (last + 1) * HOUR_NS);
    if (r->view->since_ns && r->view->since_ns > r->first_ns)
        r->first_ns = r->view->since_ns;
    if (r->view->until_ns && r->view->until_ns < r->last_ns)
        r->last_ns = r->view->until_ns;
}

/* Oldest version first, where nothing was negotiated between old and new; then the weakest suite, the most old
 * handshakes. */
static int age(const struct tally *t)
{
    return t->lowest == VER_NONE ? 2 * version_rank(VER_TLS11) + 1 : 2 * version_rank(t->lowest);
}

static int order(uint64_t a, uint64_t b)
{
    return (a > b) - (a < b);
}

static int server_cmp(const void *x, const void *y)
{
    const struct roll_server *a = x, *b = y;
    int d = age(&a->t) - age(&b->t);
    if (!d)
        d = suite_strength(a->weakest) - suite_strength(b->weakest);
    if (!d)
        d = order(b->t.old, a->t.old);
    if (!d)
        d = order(b->t.handshakes, a->t.handshakes);
    if (!d)
        d = endpoint_cmp(&a->at, &b->at);
    return d ? d : a->transport - b->transport;
}

static int suite_cmp(const void *x, const void *y)
{
    const struct roll_suite *a = x, *b = y;
    int d = order(b->reach.handshakes, a->reach.handshakes);
    return d ? d : order(a->id, b->id);
}

static int failure_cmp(const void *x, const void *y)
{
    const struct roll_failure *a = x, *b = y;
    int d = order(b->reach.handshakes, a->reach.handshakes);
    if (!d)
        d = a->outcome - b->outcome;
    if (!d)
        d = a->alert_from - b->alert_from;
    return d ? d : a->alert_code - b->alert_code;
}

static int upgrade_cmp(const void *x, const void *y)
{
    const struct roll_upgrade *a = x, *b = y;
    int d = order(b->reach.handshakes, a->reach.handshakes);
    if (!d)
        d = endpoint_cmp(&a->at, &b->at);
    if (!d)
        d = a->transport - b->transport;
    return d ? d : a->upgrade - b->upgrade;
}

static void sort(void *array, uint32_t n, size_t size, int (*cmp)(const void *, const void *))
{
    if (n)
        qsort(array, n, size, cmp);
}

static void reach_finish(const struct builder *b, struct reach *reach)
{
    size_t n = 0;
    if (reach->id)
        (void)pairs_of(&b->where, reach->id, &n);
    reach->servers = (uint32_t)n;
}

static void reaches_finish(const struct builder *b)
{
    struct rollup *r = b->r;
    struct reach *one[] = { &r->all, &r->old, &r->stuck };
    for (size_t i = 0; i < sizeof one / sizeof one[0]; i++)
        reach_finish(b, one[i]);
    for (unsigned i = 0; i < OLD_CAUSES; i++)
        reach_finish(b, &r->cause[i]);
    for (unsigned i = 0; i < ROLL_VERSIONS; i++)
        reach_finish(b, &r->version[i]);
    for (uint32_t i = 0; i < r->suites; i++)
        reach_finish(b, &r->suite[i].reach);
    for (uint32_t i = 0; i < r->failures; i++)
        reach_finish(b, &r->failure[i].reach);
    for (uint32_t i = 0; i < r->facts; i++)
        reach_finish(b, &r->fact[i].reach);
}

static bool items_room(struct roll_side *side)
{
    size_t longest = 1, run = 0;
    for (unsigned l = 0; l < ROLL_LISTS; l++)
        for (size_t i = 0; i < side->list[l].n; i++) {
            run = i && side->list[l].v[i].a == side->list[l].v[i - 1].a ? run + 1 : 1;
            longest = run > longest ? run : longest;
        }
    side->item = malloc(longest * sizeof *side->item);
    return side->item != NULL;
}

/* Everything is added up: count servers, put tables in order. A server keeps its number for the lists beside it. */
static bool finish(struct builder *b)
{
    struct rollup *r = b->r;
    r->servers = intern_count(b->servers);
    r->suites = intern_count(b->suites);
    r->failures = intern_count(b->failures);
    r->upgrades = intern_count(b->upgrades);
    bool ok = !b->failed && pairs_sort(&b->where);
    for (unsigned i = 0; i < ROLL_LISTS; i++)
        ok = ok && pairs_sort(&b->side->list[i]);
    if (!ok || !items_room(b->side))
        return false;
    for (uint32_t i = 0; i < r->servers; i++)
        r->server[i].number = i + 1;
    reaches_finish(b);
    sort(r->server, r->servers, sizeof *r->server, server_cmp);
    sort(r->suite, r->suites, sizeof *r->suite, suite_cmp);
    sort(r->failure, r->failures, sizeof *r->failure, failure_cmp);
    sort(r->upgrade, r->upgrades, sizeof *r->upgrade, upgrade_cmp);
    return true;
}

static bool builder_open(struct builder *b)
{
    struct rollup *r = b->r;
    b->servers = intern_new(UINT32_MAX / 4, 0);
    b->suites = intern_new(UINT32_MAX / 4, 0);
    b->failures = intern_new(UINT32_MAX / 4, 0);
    b->upgrades = intern_new(UINT32_MAX / 4, 0);
    r->side = b->side = calloc(1, sizeof *b->side);
    r->fact = calloc(roll_fact_count, sizeof *r->fact);
    r->facts = roll_fact_count;
    for (unsigned i = 0; r->fact && i < roll_fact_count; i++)
        r->fact[i] = (struct roll_fact){ .name = roll_fact_name(i), .text = roll_fact_text(i) };
    return b->servers && b->suites && b->failures && b->upgrades && b->side && r->fact;
}

static void builder_close(struct builder *b)
{
    intern_free(b->servers);
    intern_free(b->suites);
    intern_free(b->failures);
    intern_free(b->upgrades);
    pairs_free(&b->where);
}

struct rollup *rollup_make(const struct cube *c, const struct view *v)
{
    struct rollup *r = calloc(1, sizeof *r);
    if (!r)
        return NULL;
    r->cube = c;
    r->view = v;
    struct builder b = { .r = r };
    bool ok = builder_open(&b) && rows_in_view(r);
    struct roll_group g = { .to = 0 };
    while (ok && !b.failed && roll_group_next(r, &g))
        roll_group_add(&b, &g);
    coverage(r);
    ok = ok && finish(&b);
    builder_close(&b);
    if (ok)
        return r;
    rollup_free(r);
    return NULL;
}

void rollup_free(struct rollup *r)
{
    if (!r)
        return;
    if (r->side) {
        for (unsigned i = 0; i < ROLL_LISTS; i++)
            pairs_free(&r->side->list[i]);
        free(r->side->item);
    }
    free(r->side);
    free(r->order);
    free(r->server);
    free(r->suite);
    free(r->failure);
    free(r->upgrade);
    free(r->fact);
    free(r->apart);
    free(r);
}
