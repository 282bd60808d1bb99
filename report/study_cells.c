/* SPDX-License-Identifier: Apache-2.0 */
/* Sights to cells: one stack of one client at one place; which of them packets are missing of. */
#include "report/study_impl.h"

#include <string.h>

static bool is_apart(const struct rollup *r, const struct addr *a)
{
    for (uint32_t i = 0, n = r->aparts; i < n;) {
        uint32_t mid = i + (n - i) / 2;
        int d = addr_cmp(&r->apart[mid].client, a);
        if (d == 0)
            return true;
        if (d < 0)
            i = mid + 1;
        else
            n = mid;
    }
    return false;
}

static bool is_own(const struct view *v, const struct addr *server)
{
    bool own = v->own_count == 0;
    for (unsigned i = 0; i < v->own_count && !own; i++)
        own = cidr_has(&v->own[i], server);
    return own;
}

/* Within --server, --client and --servers, and not set apart. */
static bool in_study(const struct study *s, const struct cube_key *k)
{
    const struct view *v = s->r->view;
    if (v->server_only && !cidr_has(v->server_only, &k->server.addr))
        return false;
    if (v->server_port && v->server_port != k->server.port)
        return false;
    if (v->client_only && !cidr_has(v->client_only, &k->client.addr))
        return false;
    return is_own(v, &k->server.addr) && !is_apart(s->r, &k->client.addr);
}

/* Does row stand for its cell better than the one that does so far? What negotiated something before what did not, then the
 * most handshakes; of equals the one with the higher version, suite and group. */
static bool stands_better(const struct study *s, uint32_t row, uint32_t than)
{
    const struct cube_key *a = cube_row_key(s->cube, row), *b = than ? cube_row_key(s->cube, than) : NULL;
    if (!b)
        return true;
    uint64_t n = cube_row_val(s->cube, row)->count, m = cube_row_val(s->cube, than)->count;
    if (!a->version != !b->version)
        return a->version != 0;
    if (n != m)
        return n > m;
    const uint32_t x[] = { a->version, a->suite, a->group, a->outcome }, y[] = { b->version, b->suite, b->group, b->outcome };
    return memcmp(x, y, sizeof x) != 0 && (x[0] != y[0] ? x[0] > y[0] : x[1] != y[1] ? x[1] > y[1] : x[2] != y[2] ? x[2] > y[2]
                                                                                                           : x[3] > y[3]);
}

static bool exemplar_is_earlier(const struct cube_val *a, const struct cube_val *b)
{
    if (a->exemplar.ts_ns != b->exemplar.ts_ns)
        return a->exemplar.ts_ns < b->exemplar.ts_ns;
    return a->exemplar.frame < b->exemplar.frame;
}

static void cell_add(const struct study *s, struct cell *c, uint32_t row)
{
    const struct cube_key *k = cube_row_key(s->cube, row);
    const struct cube_val *v = cube_row_val(s->cube, row);
    const struct cube_val *first = c->exemplar_row ? cube_row_val(s->cube, c->exemplar_row) : NULL;
    c->count += v->count;
    c->first_ns = first && c->first_ns < v->first_ns ? c->first_ns : v->first_ns;
    c->last_ns = first && c->last_ns > v->last_ns ? c->last_ns : v->last_ns;
    if (!first || exemplar_is_earlier(v, first))
        c->exemplar_row = row;
    if (stands_better(s, row, c->main_row))
        c->main_row = row;
    c->in_study = c->in_study || in_study(s, k);
    c->lossy = c->lossy || row_touched_by_loss(k);
    c->profile = c->profile ? c->profile : k->profile;
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

/* Is it so in an hour between first and last? */
static bool in_hours(const struct study *s, bool (*is)(const struct stats *h), int64_t first_ns, int64_t last_ns)
{
    const int64_t hour = INT64_C(3600000000000);
    for (unsigned i = 0; i < cube_hours(s->cube); i++) {
        const struct hour *h = cube_hour_at(s->cube, i);
        if (h->hour >= first_ns / hour && h->hour <= last_ns / hour && is(&h->stats))
            return true;
    }
    return false;
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

bool cells_collect(struct study *s)
{
    bool drops = in_hours(s, has_drops, 0, INT64_MAX), gaps = in_hours(s, has_gaps, 0, INT64_MAX);
    for (uint32_t i = 0; i < s->sights;) {
        if (!cell_open(s, i))
            return false;
        struct cell *c = &s->cell[s->cells];
        for (; i < s->sights && same_cell(&s->seen[i], &s->seen[c->from]); i++)
            cell_add(s, c, s->seen[i].row);
        c->to = i;
        c->gappy = gaps && in_hours(s, has_gaps, c->first_ns, c->last_ns);
        c->lossy |= (drops && in_hours(s, has_drops, c->first_ns, c->last_ns)) || s->pair[s->seen[c->from].pair - 1].lossy;
        s->cells++;
    }
    return true;
}

const struct cell *cell_find(const struct study *s, uint32_t place, uint32_t stack, uint32_t client)
{
    const struct sight want = { .place = place, .stack = stack, .client = client };
    for (uint32_t i = 0, n = s->cells; i < n;) {
        uint32_t mid = i + (n - i) / 2;
        const struct cell *c = &s->cell[mid];
        const struct sight at = { .place = c->place, .stack = c->stack, .client = c->client };
        int d = cell_order(&at, &want);
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
