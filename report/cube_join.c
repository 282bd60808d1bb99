/* SPDX-License-Identifier: Apache-2.0 */
/* Cubes that shared the events of a run become one. */
#include "report/cube_maps.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

struct joined { /* one of three tables, in each of the parts */
    uint32_t (*count)(const struct cube *c);
    cube_translate *over;
    size_t order, map; /* offsets in struct cube and struct cube_maps */
};

static const struct joined joined[] = {
    { cube_names, cube_name_over, offsetof(struct cube, name_order), offsetof(struct cube_maps, name) },
    { cube_profiles, cube_profile_over, offsetof(struct cube, profile_order), offsetof(struct cube_maps, profile) },
    { cube_certs, cube_cert_over, offsetof(struct cube, cert_order), offsetof(struct cube_maps, cert) },
};

static uint32_t **map_at(const struct joined *t, struct cube_maps *m)
{
    return (uint32_t **)(void *)((char *)m + t->map);
}

static const struct cube_order *order_at(const struct joined *t, const struct cube *part, uint32_t id)
{
    return column_at((const struct column *)(const void *)((const char *)part + t->order), id);
}

static bool earlier(const struct cube_order *a, const struct cube_order *b)
{
    return a->first != b->first ? a->first < b->first : a->second < b->second;
}

/* The ids of one table, by turns from the part whose next one came first. */
static bool join_table(const struct joined *t, struct cube_maps *m, struct cube *into, struct cube *const *part, unsigned parts)
{
    uint32_t done[LIMIT_THREADS] = { 0 };
    for (unsigned i = 0; i < parts; i++)
        if (!(*map_at(t, &m[i]) = calloc((size_t)t->count(part[i]) + 1, sizeof(uint32_t))))
            return false;
    for (;;) {
        unsigned first = parts;
        for (unsigned i = 0; i < parts; i++)
            if (done[i] < t->count(part[i]) &&
                (first == parts || earlier(order_at(t, part[i], done[i] + 1), order_at(t, part[first], done[first] + 1))))
                first = i;
        if (first == parts)
            return true;
        if (!cube_map_one(*map_at(t, &m[first]), into, part[first], ++done[first], t->over))
            return false;
    }
}

/* What a part calls its input n, into does too; its digest may have been added since. */
static uint32_t input_same(struct cube *into, const struct cube *from, uint32_t id)
{
    (void)from;
    into->oom = false;
    return id <= into->inputs ? id : 0;
}

/* Everything but rows. */
static bool make_tables(struct cube_maps *m, struct cube *into, struct cube *const *part, unsigned parts)
{
    bool ok = true;
    for (size_t t = 0; ok && t < sizeof joined / sizeof *joined; t++)
        ok = join_table(&joined[t], m, into, part, parts);
    for (unsigned i = 0; ok && i < parts; i++)
        ok = cube_make_rest(&m[i], into, part[i], input_same);
    return ok;
}

static bool make_rows(struct cube_maps *m, struct cube *into, struct cube *const *part, unsigned parts)
{
    bool ok = true;
    for (unsigned i = 0; ok && i < parts; i++)
        ok = cube_rows_make(&m[i], into, part[i]);
    return ok;
}

/* ---- rows that move ---- */

/*
 * Two parts hardly ever have rows that are alike: who has to do with whom is of one thread. Then rows need not be looked up again:
 * the blocks that they lie in become the cube's, and only the ids in them change. Half a million rows: 15 ms, where adding them
 * one by one took 150.
 */
struct move {
    struct cube *into;
    struct cube *const *part;
    unsigned parts;
    uint32_t *shape[LIMIT_THREADS], *party[LIMIT_THREADS]; /* ids of into's */
    uint32_t count[LIMIT_THREADS], before[LIMIT_THREADS]; /* rows of each part; places in the blocks of earlier ones */
    uint32_t *order; /* of the rows: places, and then ids, from 1 */
    uint32_t rows, places;
    uint32_t *filled; /* the id of place rows + 1 + i, which is beyond the last id */
};

static void move_free(struct move *v)
{
    for (unsigned i = 0; i < v->parts; i++) {
        free(v->shape[i]);
        free(v->party[i]);
    }
    free(v->order);
    free(v->filled);
}

static bool has_folded(const struct cube *c)
{
    for (uint32_t id = 1; id <= cube_shapes(c); id++)
        if (cube_shape(c, id)->flags & CUBE_OTHER)
            return true;
    return false;
}

static bool all_kept(const uint32_t *map, uint32_t count)
{
    for (uint32_t id = 1; id <= count; id++)
        if (map[id] == NOT_KEPT)
            return false;
    return true;
}

/* Can the rows move, as far as can be told without looking at them? */
static bool may_move(const struct cube_maps *m, const struct cube *into, struct cube *const *part, unsigned parts)
{
    uint64_t rows = 0;
    for (unsigned i = 0; i < parts; i++) {
        const struct cube *c = part[i];
        rows += cube_rows(c);
        if ((cube_rows(c) && !c->sorted) || has_folded(c) || !all_kept(m[i].name, cube_names(c)) ||
            !all_kept(m[i].profile, cube_profiles(c)) || !all_kept(m[i].cert, cube_certs(c)) ||
            !all_kept(m[i].sensor, cube_sensors(c)))
            return false;
    }
    return into->rows.record.blocks == 0 && rows && rows <= into->opt.max_rows;
}

/* -1, 0, 1, as cube_item_cmp, which looks at the rows: hardly ever needed. */
static int turn_cmp(const struct cube *cx, const struct cube_item *x, const struct cube *cy, const struct cube_item *y)
{
    if (x->client_kind != ADDR_IP4 || y->client_kind != ADDR_IP4)
        return cube_item_cmp(cx, x, cy, y);
    if (x->client != y->client)
        return x->client < y->client ? -1 : 1;
    if (x->server_kind != ADDR_IP4 || y->server_kind != ADDR_IP4 || x->server == y->server)
        return cube_item_cmp(cx, x, cy, y);
    return x->server < y->server ? -1 : 1;
}

/* All places in the order of cube_sorted. false: two rows are alike. */
static bool order_fill(struct move *v)
{
    uint32_t done[LIMIT_THREADS] = { 0 };
    for (uint32_t n = 0; n < v->rows; n++) {
        unsigned first = v->parts;
        for (unsigned i = 0; i < v->parts; i++) {
            if (done[i] == v->count[i])
                continue;
            int d = first == v->parts ? -1 : turn_cmp(v->part[i], &v->part[i]->sorted[done[i]], v->part[first],
                                                      &v->part[first]->sorted[done[first]]);
            if (d == 0)
                return false;
            first = d < 0 ? i : first;
        }
        v->order[n] = v->before[first] + v->part[first]->sorted[done[first]++].id;
    }
    return true;
}

static uint32_t shape_over(struct cube *into, const struct cube_maps *m, const struct cube_shape *from)
{
    struct cube_shape s = *from;
    s.fallback_from = m->profile[s.fallback_from];
    s.sensor = (uint16_t)m->sensor[s.sensor];
    return records_put(&into->shapes, &s, UINT32_MAX, &into->oom);
}

/* The ids that only rows have. */
static bool ids_make(struct move *v, const struct cube_maps *m, unsigned n)
{
    const struct cube *c = v->part[n];
    uint32_t *shape = v->shape[n] = calloc(c->shapes.count + 1u, sizeof *shape);
    uint32_t *party = v->party[n] = calloc(c->parties.count + 1u, sizeof *party);
    bool ok = shape && party;
    for (uint32_t id = 1; ok && id <= c->shapes.count; id++)
        ok = (shape[id] = shape_over(v->into, m, cube_shape(c, id))) != 0;
    for (uint32_t id = 1; ok && id <= c->parties.count; id++)
        ok = (party[id] = records_put(&v->into->parties, records_at(&c->parties, id), UINT32_MAX, &v->into->oom)) != 0;
    return ok;
}

static bool room_make(struct move *v)
{
    struct cube *into = v->into;
    uint32_t blocks = 0, wides = into->wides;
    for (unsigned i = 0; i < v->parts; i++) {
        v->before[i] = blocks * COLUMN_BLOCK;
        v->count[i] = cube_rows(v->part[i]);
        v->rows += v->count[i];
        blocks += v->part[i]->rows.record.blocks;
        wides += v->part[i]->wides;
    }
    v->places = blocks * COLUMN_BLOCK;
    v->order = malloc((v->rows + 1u) * sizeof *v->order);
    v->filled = calloc(v->places - v->rows + 1u, sizeof *v->filled);
    return v->order && v->filled && records_room(&into->rows, blocks) && (!wides || column_reserve(&into->wide, wides));
}

static void row_change(struct move *v, const struct cube_maps *m, unsigned n, struct cube_row *r)
{
    struct cube_row_key *k = &r->key;
    k->shape = v->shape[n][k->shape];
    if (k->kinds >> 4 > ADDR_IP4)
        k->client = v->party[n][k->client];
    if ((k->kinds & 15) > ADDR_IP4)
        k->server = v->party[n][k->server];
    k->profile = m->profile[k->profile];
    k->sni = m->name[k->sni];
    k->cert = m->cert[k->cert];
    r->input = r->input <= v->part[n]->inputs ? m->input[r->input] : 0;
    if (!r->wide)
        return;
    struct cube_val *val = memcpy(column_at(&v->into->wide, v->into->wides + r->count),
                                  column_at(&v->part[n]->wide, r->count), sizeof *val);
    val->exemplar.input = val->exemplar.input <= v->part[n]->inputs ? m->input[val->exemplar.input] : 0;
    r->count += v->into->wides;
}

static void part_take(struct move *v, const struct cube_maps *m, unsigned n)
{
    struct cube *c = v->part[n];
    for (uint32_t row = 1; row <= cube_rows(c); row++)
        row_change(v, m, n, records_at(&c->rows, row));
    v->into->wides += c->wides;
    records_take(&v->into->rows, &c->rows);
}

/* The last place up to this one that a row lies in. */
static uint32_t last_row(const struct move *v, uint32_t place)
{
    unsigned i = v->parts - 1;
    while (!v->count[i] || place <= v->before[i])
        i--;
    uint32_t end = v->before[i] + v->count[i];
    return place < end ? place : end;
}

/* Places that no row lies in, before the last row, are filled from the end: then ids are places. */
static void holes_fill(struct move *v)
{
    uint32_t from = v->places;
    for (unsigned i = 0; i < v->parts; i++) {
        uint32_t end = i + 1 < v->parts ? v->before[i + 1] : v->places;
        for (uint32_t hole = v->before[i] + v->count[i] + 1; hole <= end && hole <= v->rows; hole++) {
            from = last_row(v, from);
            memcpy(column_at(&v->into->rows.record, hole), column_at(&v->into->rows.record, from), sizeof(struct cube_row));
            v->filled[from - v->rows - 1] = hole;
            from--;
        }
    }
    for (uint32_t i = 0; i < v->rows; i++)
        if (v->order[i] > v->rows)
            v->order[i] = v->filled[v->order[i] - v->rows - 1];
}

/* 1: moved; 0: they cannot; -1: out of memory. Until they move nothing has changed that means anything. */
static int rows_move(const struct cube_maps *m, struct cube *into, struct cube *const *part, unsigned parts)
{
    struct move v = { .into = into, .part = part, .parts = parts };
    if (!may_move(m, into, part, parts))
        return 0;
    bool ok = room_make(&v), apart = ok && order_fill(&v);
    for (unsigned i = 0; apart && ok && i < parts; i++)
        ok = ids_make(&v, &m[i], i);
    if (apart && ok) {
        for (unsigned i = 0; i < parts; i++)
            part_take(&v, &m[i], i);
        holes_fill(&v);
        into->rows.count = into->ordered = v.rows;
        into->order = v.order;
        v.order = NULL;
    }
    move_free(&v);
    return !ok ? -1 : apart;
}

/* ---- */

static int join(struct cube *into, struct cube *const *part, unsigned parts, bool move)
{
    struct cube_maps m[LIMIT_THREADS];
    assert(parts <= LIMIT_THREADS);
    for (unsigned i = 0; i < parts; i++)
        m[i] = cube_maps_of(into);
    bool ok = make_tables(m, into, part, parts);
    int moved = ok && move ? rows_move(m, into, part, parts) : 0;
    ok = ok && moved >= 0 && (moved || make_rows(m, into, part, parts));
    for (unsigned i = 0; ok && i < parts; i++)
        cube_add_all(&m[i], into, part[i]);
    if (!ok)
        cube_unmake(&m[0], into);
    for (unsigned i = 0; i < parts; i++)
        cube_maps_free(&m[i]);
    return ok ? 0 : -1;
}

int cube_join(struct cube *into, struct cube *const *part, unsigned parts)
{
    return join(into, part, parts, false);
}

int cube_join_last(struct cube *into, struct cube *const *part, unsigned parts)
{
    return join(into, part, parts, true);
}
