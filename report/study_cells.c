/* SPDX-License-Identifier: Apache-2.0 */
/* Sights to cells: one stack of one client at one place; which of them packets are missing of. */
#include "report/study_impl.h"

#include <stdlib.h>
#include <string.h>

/* Does row stand for its cell better than the one that does so far? What negotiated something before what did not, then the
 * most handshakes; of equals the one with the higher version, suite and group. */
static bool stands_better(const struct study *s, uint32_t row, uint32_t than)
{
    if (!than)
        return true;
    const struct cube_key *a = cube_row_key(s->cube, row), *b = cube_row_key(s->cube, than);
    uint64_t n = cube_row_val(s->cube, row)->count, m = cube_row_val(s->cube, than)->count;
    if (!a->version != !b->version)
        return a->version != 0;
    if (n != m)
        return n > m;
    const uint32_t x[] = { a->version, a->suite, a->group, a->outcome }, y[] = { b->version, b->suite, b->group, b->outcome };
    return memcmp(x, y, sizeof x) != 0 && (x[0] != y[0] ? x[0] > y[0] : x[1] != y[1] ? x[1] > y[1] : x[2] != y[2] ? x[2] > y[2]
                                                                                                           : x[3] > y[3]);
}

static void cell_add(const struct study *s, struct cell *c, const struct sight *x)
{
    uint32_t row = x->row;
    const struct cube_val *v = cube_row_val(s->cube, row);
    bool first = c->exemplar_row == 0;
    c->count += v->count;
    c->first_ns = !first && c->first_ns < v->first_ns ? c->first_ns : v->first_ns;
    c->last_ns = !first && c->last_ns > v->last_ns ? c->last_ns : v->last_ns;
    if (row_is_earlier(s, row, c->exemplar_row))
        c->exemplar_row = row;
    if (stands_better(s, row, c->main_row))
        c->main_row = row;
    c->in_study |= (x->is & SIGHT_ASKED) != 0;
    c->lossy |= (x->is & SIGHT_LOSS) != 0;
    c->profile = c->profile || !x->stack ? c->profile : cube_row_key(s->cube, row)->profile;
}

/* Packets were dropped beyond one in a thousand, or open handshakes forgotten. */
static bool has_drops(const struct stats *h)
{
    return (h->drop_kernel + h->drop_interface) * 1000 > h->packets || h->conn_evicted + h->flow_evicted + h->memory_refused;
}

/* There are gaps in so many connections that a hello may be missing of which nothing else tells. */
static bool has_gaps(const struct stats *h)
{
    return has_drops(h) || (h->stream_gap + h->hello_incomplete + h->tls_midstream) * 20 > h->connections;
}

/* Hours of the window, in order. */
struct hours {
    int64_t *at;
    uint32_t n;
};

static int hour_cmp(const void *x, const void *y)
{
    int64_t a = *(const int64_t *)x, b = *(const int64_t *)y;
    return (a > b) - (a < b);
}

static bool any_hour(const struct stats *h)
{
    (void)h;
    return true;
}

/* Those of which it is so. false: out of memory. */
static bool hours_collect(const struct study *s, bool (*is)(const struct stats *h), struct hours *out)
{
    *out = (struct hours){ .at = malloc((cube_hours(s->cube) + 1u) * sizeof *out->at) };
    for (uint32_t i = 0; out->at && i < cube_hours(s->cube); i++)
        if (is(&cube_hour_at(s->cube, i)->stats))
            out->at[out->n++] = cube_hour_at(s->cube, i)->hour;
    if (out->at)
        qsort(out->at, out->n, sizeof *out->at, hour_cmp);
    return out->at != NULL;
}

/* How many are before this one? */
static uint32_t hours_before(const struct hours *h, int64_t hour)
{
    uint32_t i = 0, n = h->n;
    while (i < n) {
        uint32_t mid = i + (n - i) / 2;
        if (h->at[mid] < hour)
            i = mid + 1;
        else
            n = mid;
    }
    return i;
}

/* How many of them does a cell span? */
static uint32_t hours_of(const struct hours *h, const struct cell *c)
{
    const int64_t hour = INT64_C(3600000000000);
    return h->n ? hours_before(h, c->last_ns / hour + 1) - hours_before(h, c->first_ns / hour) : 0;
}

static bool cell_open(struct study *s, uint32_t from)
{
    struct cell *room = study_room(s->cell, sizeof *room, s->cells, &s->cell_room);
    if (!room)
        return false;
    s->cell = room;
    const struct sight *x = &s->seen[from];
    room[s->cells] = (struct cell){ .place = x->place, .client = x->client, .stack = x->stack, .from = from, .to = from };
    return true;
}

static bool same_cell(const struct sight *a, const struct sight *b)
{
    return a->place == b->place && a->stack == b->stack && a->client == b->client;
}

static bool cells_open(struct study *s)
{
    for (uint32_t i = 0; i < s->sights;) {
        if (!cell_open(s, i))
            return false;
        struct cell *c = &s->cell[s->cells];
        for (; i < s->sights && same_cell(&s->seen[i], &s->seen[c->from]); i++)
            cell_add(s, c, &s->seen[i]);
        c->to = i;
        s->cells++;
    }
    return true;
}

/* One bad hour says little of a long time: many gaps are those of a tenth of the hours. */
static bool losses_collect(struct study *s)
{
    struct hours all = { 0 }, gaps = { 0 }, drops = { 0 };
    bool ok = hours_collect(s, any_hour, &all) && hours_collect(s, has_gaps, &gaps) && hours_collect(s, has_drops, &drops);
    for (uint32_t i = 0; ok && i < s->cells; i++) {
        struct cell *c = &s->cell[i];
        uint32_t bad = hours_of(&gaps, c);
        c->gappy = bad && (uint64_t)bad * 10 >= hours_of(&all, c);
        c->lossy |= hours_of(&drops, c) || s->pair[s->seen[c->from].pair - 1].lossy;
    }
    free(all.at);
    free(gaps.at);
    free(drops.at);
    return ok;
}

bool cells_collect(struct study *s)
{
    return cells_open(s) && losses_collect(s);
}

const struct cell *cell_find(const struct study *s, uint32_t place, uint32_t stack, uint32_t client)
{
    const struct sight want = { .place = place, .stack = stack, .client = client };
    for (uint32_t i = 0, n = s->cells; i < n;) {
        uint32_t mid = i + (n - i) / 2;
        const struct cell *c = &s->cell[mid];
        const struct sight at = { .place = c->place, .stack = c->stack, .client = c->client };
        int d = cell_order(s, &at, &want);
        if (d == 0)
            return c;
        if (d < 0)
            i = mid + 1;
        else
            n = mid;
    }
    return NULL;
}

bool cell_is_damaged(const struct study *s, const struct cell *c)
{
    bool damaged = c->lossy || c->stack == 0;
    for (uint32_t k = c->from; k < c->to && !damaged; k++)
        damaged = cube_row_key(s->cube, s->seen[k].row)->flags & EV_MIDSTREAM;
    return damaged;
}
