/* SPDX-License-Identifier: Apache-2.0 */
#include "report/rollup_impl.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { AHEAD = 8 }; /* rows lie in the order of their coming, and are walked by client: each would be waited for */

bool roll_group_next(const struct rollup *r, struct roll_group *g, uint32_t end)
{
    g->from = g->to;
    if (g->from >= end)
        return false;
    const struct cube_row *first = cube_row_at(r->cube, r->order[g->from]);
    g->client = cube_row_client(r->cube, first);
    while (g->to < end && cube_same_client(first, cube_row_at(r->cube, r->order[g->to]))) {
        if (g->to + AHEAD < end)
            cube_row_fetch(r->cube, r->order[g->to + AHEAD]);
        g->to++;
    }
    return true;
}

static bool in_view(const struct rollup *r, uint32_t row)
{
    const struct cube_row *at = cube_row_at(r->cube, row);
    const struct endpoint server = cube_row_server(r->cube, at);
    const struct addr client = cube_row_client(r->cube, at);
    return view_has_server(r->view, &server) && view_has_client(r->view, &client) &&
           view_has_time(r->view, at->first_ns, at->last_ns);
}

static bool narrows(const struct view *v)
{
    return v->server_only || v->server_port || v->client_only || v->since_ns || v->until_ns;
}

static bool rows_in_view(struct rollup *r)
{
    uint32_t all = cube_rows(r->cube);
    r->order = cube_sorted(r->cube);
    if (!r->order)
        return all == 0;
    bool some = narrows(r->view);
    for (uint32_t i = 0; some && i < all; i++)
        if (in_view(r, r->order[i]))
            r->order[r->rows++] = r->order[i];
    if (!some)
        r->rows = all;
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

/* A file that ends too early counts in the hour of its packets, where it has any. */
static void count_unread(struct rollup *r)
{
    for (uint32_t i = 1; i <= cube_inputs(r->cube); i++) {
        const char *warning = cube_input_at(r->cube, i)->warning;
        bool cut = !cube_hours(r->cube) && strstr(warning, INPUT_CUT);
        r->unread += strncmp(warning, INPUT_NOT_READ, strlen(INPUT_NOT_READ)) == 0;
        r->partly += cut || strstr(warning, INPUT_INTERRUPTED) || strstr(warning, INPUT_NOT_READ_ON);
    }
}

/* What was captured and lost, of the hours in view; the window is that of the files, cut by --since and --until. */
static void coverage(struct rollup *r)
{
    int64_t first = 0, last = 0;
    for (unsigned i = 0; i < cube_hours(r->cube); i++) {
        const struct hour *h = cube_hour_at(r->cube, i);
        if (!view_has_hour(r->view, h->hour))
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
    count_unread(r);
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
        d = a->strength - b->strength;
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

/* The rows of each server together, in the order that they have: counted, then placed. */
static bool rows_by_server(struct builder *b)
{
    struct rollup *r = b->r;
    struct roll_side *side = b->side;
    uint32_t longest = 1, at = 0;
    side->start = calloc(r->servers + 1u, sizeof *side->start);
    side->row = malloc((r->rows + 1u) * sizeof *side->row);
    if (!side->start || !side->row)
        return false;
    for (uint32_t i = 0; i < r->rows; i++)
        if (b->place[i].server)
            side->start[b->place[i].server - 1]++;
    for (uint32_t s = 0; s < r->servers; s++) {
        uint32_t count = side->start[s];
        longest = count > longest ? count : longest;
        side->start[s] = at;
        at += count;
    }
    for (uint32_t i = 0; i < r->rows; i++)
        if (b->place[i].server)
            side->row[side->start[b->place[i].server - 1]++] = i;
    memmove(side->start + 1, side->start, r->servers * sizeof *side->start); /* each is now where the next one begins */
    side->start[0] = 0;
    side->item = malloc(longest * sizeof *side->item);
    return side->item != NULL;
}

/* The servers of each suite, each once: they come one after the other. Then side->row[] holds ids, not places. */
static void suite_servers(struct builder *b)
{
    struct rollup *r = b->r;
    uint32_t *row = b->side->row, *last = b->side->start;
    for (uint32_t i = 0; i < r->suites; i++)
        r->suite[i].reach.stamp = 0;
    for (uint32_t s = 0; s < r->servers; s++) {
        for (uint32_t i = last[s]; i < last[s + 1]; i++) {
            uint32_t suite = b->place[row[i]].suite;
            struct reach *reach = suite ? &r->suite[suite - 1].reach : NULL;
            if (reach && reach->stamp != s + 1) {
                reach->stamp = s + 1;
                reach->servers++;
            }
            row[i] = r->order[row[i]];
        }
    }
}

/* Everything is added up: count servers, put tables in order. A server keeps its number for the lists beside it. */
static bool finish(struct builder *b)
{
    struct rollup *r = b->r;
    r->servers = b->servers.count;
    r->suites = intern_count(b->suites);
    r->failures = intern_count(b->failures);
    r->upgrades = intern_count(b->upgrades);
    if (b->failed || !pairs_sort(&b->where) || !rows_by_server(b))
        return false;
    suite_servers(b);
    for (uint32_t i = 0; i < r->failures; i++) {
        size_t n;
        (void)pairs_of(&b->where, i + 1, &n);
        r->failure[i].reach.servers = (uint32_t)n;
    }
    for (uint32_t i = 0; i < r->servers; i++) {
        r->server[i].number = i + 1;
        tally_join(&r->total, &r->server[i].t);
        for (uint64_t sums = r->server[i].reached; sums; sums &= sums - 1)
            b->sum[__builtin_ctzll(sums)]->servers++;
    }
    sort(r->server, r->servers, sizeof *r->server, server_cmp);
    sort(r->suite, r->suites, sizeof *r->suite, suite_cmp);
    sort(r->failure, r->failures, sizeof *r->failure, failure_cmp);
    sort(r->upgrade, r->upgrades, sizeof *r->upgrade, upgrade_cmp);
    return true;
}

bool roll_builder_open(struct builder *b)
{
    struct rollup *r = b->r;
    bool servers = records_init(&b->servers, sizeof(uint64_t), sizeof(uint64_t), 0);
    b->suites = intern_new(UINT32_MAX / 4, 0);
    b->failures = intern_new(UINT32_MAX / 4, 0);
    b->upgrades = intern_new(UINT32_MAX / 4, 0);
    r->fact = calloc(roll_fact_count, sizeof *r->fact);
    r->facts = roll_fact_count;
    b->sum[SUM_ALL] = &r->all;
    b->sum[SUM_OLD] = &r->old;
    b->sum[SUM_STUCK] = &r->stuck;
    for (unsigned i = 0; i < OLD_CAUSES; i++)
        b->sum[SUM_CAUSE + i] = &r->cause[i];
    for (unsigned i = 0; i < ROLL_VERSIONS; i++)
        b->sum[SUM_VERSION + i] = &r->version[i];
    assert(SUM_FACT + roll_fact_count <= SUM_MOST);
    for (unsigned i = 0; r->fact && i < roll_fact_count; i++) {
        r->fact[i] = (struct roll_fact){ .name = roll_fact_name(i), .text = roll_fact_text(i) };
        b->sum[SUM_FACT + i] = &r->fact[i].reach;
    }
    b->of_shape = calloc(cube_shapes(r->cube) + 1u, sizeof *b->of_shape);
    b->suite_of = calloc(cube_shapes(r->cube) + 1u, sizeof *b->suite_of);
    return servers && b->suites && b->failures && b->upgrades && b->of_shape && b->suite_of && r->fact;
}

void roll_builder_close(struct builder *b)
{
    records_free(&b->servers);
    intern_free(b->suites);
    intern_free(b->failures);
    intern_free(b->upgrades);
    free(b->of_shape);
    free(b->suite_of);
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
    bool ok = roll_builder_open(&b) && roll_shapes_make(r) && rows_in_view(r);
    b.place = ok ? calloc(r->rows + 1u, sizeof *b.place) : NULL;
    r->mark = calloc(r->rows + 1u, 1);
    r->side = b.side = calloc(1, sizeof *b.side);
    ok = b.place && b.side && r->mark;
    b.to = r->rows;
    if (ok)
        roll_rows_add(&b);
    coverage(r);
    ok = ok && finish(&b);
    roll_builder_close(&b);
    free(b.place);
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
        free(r->side->row);
        free(r->side->start);
        free(r->side->item);
    }
    free(r->side);
    free(r->shape);
    free(r->order);
    free(r->mark);
    free(r->server);
    free(r->suite);
    free(r->failure);
    free(r->upgrade);
    free(r->fact);
    free(r->apart);
    free(r);
}
