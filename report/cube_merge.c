/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Merging is done in two passes, so that running out of memory half-way leaves nothing half-added: first everything that
 * needs memory is made (rows and spans still without a count), then counts are added, which cannot fail. What the first pass
 * made is taken back when it fails; interned names, profiles and certificates that nothing refers to mean nothing.
 */
#include "report/cube_impl.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* Ids of *from* to ids of *into*; NOT_KEPT where a cap was reached. */
#define NOT_KEPT UINT32_MAX

struct maps {
    uint32_t *name, *profile, *cert, *input, *sensor, *row /* 0: its counts are added already */, *span;
    uint32_t inputs_before, rows_before, spans_before;
};

static void maps_free(struct maps *m)
{
    free(m->name);
    free(m->profile);
    free(m->cert);
    free(m->input);
    free(m->sensor);
    free(m->row);
    free(m->span);
}

/* One id of from's table as an id of into's; 0 with into->oom: out of memory. */
typedef uint32_t translate(struct cube *into, const struct cube *from, uint32_t id);

static uint32_t name_over(struct cube *into, const struct cube *from, uint32_t id)
{
    return cube_put_name(into, cube_name(from, id));
}

static uint32_t profile_over(struct cube *into, const struct cube *from, uint32_t id)
{
    return cube_put_profile(into, cube_profile(from, id)->offer, "", INT64_MAX);
}

static uint32_t cert_over(struct cube *into, const struct cube *from, uint32_t id)
{
    return cube_put_cert(into, cube_cert(from, id));
}

static uint32_t sensor_over(struct cube *into, const struct cube *from, uint32_t id)
{
    char name[LIMIT_NAME_BYTES + 1];
    struct rd r = cube_sensor(from, (uint16_t)id);
    size_t n = rd_left(&r) < sizeof name ? rd_left(&r) : sizeof name - 1;
    memcpy(name, r.p, n);
    name[n] = '\0';
    return cube_put_sensor(into, name);
}

static uint32_t input_over(struct cube *into, const struct cube *from, uint32_t id)
{
    struct input in = *cube_input_at(from, id);
    uint32_t mine = cube_input_find(into, &in);
    if (!mine)
        mine = cube_input_append(into, &in);
    into->oom = mine == 0;
    return mine;
}

static bool map_one(uint32_t *m, struct cube *into, const struct cube *from, uint32_t id, translate *t)
{
    m[id] = t(into, from, id);
    if (m[id] == 0 && into->oom)
        return false;
    if (m[id] == 0)
        m[id] = NOT_KEPT;
    return true;
}

static uint32_t *map(struct cube *into, const struct cube *from, uint32_t count, translate *t)
{
    uint32_t *m = calloc((size_t)count + 1, sizeof *m);
    bool ok = m != NULL;
    for (uint32_t id = 1; ok && id <= count; id++)
        ok = map_one(m, into, from, id, t);
    if (ok)
        return m;
    free(m);
    return NULL;
}

static uint32_t mapped(const uint32_t *m, uint32_t id, bool *whole)
{
    if (m[id] != NOT_KEPT)
        return m[id];
    *whole = false;
    return 0;
}

/* A row's key with the ids of into. */
static struct cube_key key_over(const struct maps *m, const struct cube *into, const struct cube *from, uint32_t row, bool *whole)
{
    struct cube_key k = *cube_row_key(from, row);
    *whole = true;
    k.client.addr = cube_client(into, &k.client.addr);
    k.profile = mapped(m->profile, k.profile, whole);
    k.fallback_from = mapped(m->profile, k.fallback_from, whole);
    k.sni = mapped(m->name, k.sni, whole);
    k.cert = mapped(m->cert, k.cert, whole);
    k.sensor = (uint16_t)mapped(m->sensor, k.sensor, whole);
    return k;
}

static struct cube_val val_over(const struct maps *m, const struct cube *from, uint32_t row)
{
    struct cube_val v = *cube_row_val(from, row);
    v.exemplar.input = v.exemplar.input <= from->inputs ? m->input[v.exemplar.input] : 0;
    return v;
}

static bool rows_make(struct maps *m, struct cube *into, const struct cube *from)
{
    m->row = calloc((size_t)cube_rows(from) + 1, sizeof *m->row);
    for (uint32_t row = 1; m->row && row <= cube_rows(from); row++) {
        bool whole;
        const struct cube_key k = key_over(m, into, from, row, &whole);
        m->row[row] = cube_place(into, &k, whole);
        if (!m->row[row])
            return false;
    }
    return m->row != NULL;
}

static bool spans_make(struct maps *m, struct cube *into, const struct cube *from)
{
    m->span = calloc((size_t)from->spans.count + 1, sizeof *m->span);
    for (uint32_t id = 1; m->span && id <= from->spans.count; id++) {
        struct span_key k = *(const struct span_key *)records_at(&from->spans, id);
        bool whole = true;
        k.client.addr = cube_client(into, &k.client.addr);
        k.profile = mapped(m->profile, k.profile, &whole);
        m->span[id] = cube_span_place(into, &k);
        if (!m->span[id])
            return false;
    }
    return m->span != NULL;
}

/* All but the first three maps, and rows. */
static bool make_rest(struct maps *m, struct cube *into, const struct cube *from, translate *input)
{
    return (m->sensor = map(into, from, cube_sensors(from), sensor_over)) &&
           (m->input = map(into, from, cube_inputs(from), input)) && cube_hours_reserve(into, from->hours) &&
           cube_services_reserve(into, from->services) && spans_make(m, into, from);
}

static bool make(struct maps *m, struct cube *into, const struct cube *from)
{
    return (m->name = map(into, from, cube_names(from), name_over)) &&
           (m->profile = map(into, from, cube_profiles(from), profile_over)) &&
           (m->cert = map(into, from, cube_certs(from), cert_over)) && make_rest(m, into, from, input_over) &&
           rows_make(m, into, from);
}

static void unmake(const struct maps *m, struct cube *into)
{
    records_truncate(&into->rows, m->rows_before);
    into->ordered = 0;
    records_truncate(&into->spans, m->spans_before);
    cube_inputs_truncate(into, m->inputs_before);
}

/* Inputs are added first: the order of exemplars looks at them. */
static void add(const struct maps *m, struct cube *into, const struct cube *from)
{
    for (uint32_t id = 1; id <= from->inputs; id++)
        if (m->input[id] <= m->inputs_before)
            cube_input_add(into->input[m->input[id] - 1], from->input[id - 1]);
    for (uint32_t id = 1; id <= cube_profiles(from); id++)
        if (m->profile[id] != NOT_KEPT)
            cube_ja4(into, m->profile[id], cube_profile(from, id)->ja4, cube_profile(from, id)->ja4_ns);
    for (uint32_t row = 1; row <= cube_rows(from); row++) {
        const struct cube_val v = val_over(m, from, row);
        if (m->row[row])
            cube_add(into, m->row[row], &v);
    }
    for (uint32_t id = 1; id <= from->spans.count; id++)
        cube_span_add(into, m->span[id], &((const struct span_row *)records_at(&from->spans, id))->val);
    for (uint32_t i = 0; i < from->hours; i++) {
        uint32_t sensor = m->sensor[from->hour[i]->sensor];
        (void)cube_put_hour(into, from->hour[i]->hour, sensor == NOT_KEPT ? 0 : (uint16_t)sensor, &from->hour[i]->stats);
    }
    for (uint32_t i = 0; i < from->services; i++) {
        const struct service *s = &from->service[i];
        cube_service(into, &s->server, s->proto, s->name, s->cleartext, s->flows);
    }
    stats_add(&into->stray, &from->stray);
    into->lost += from->lost;
}

static struct maps maps_of(const struct cube *into)
{
    return (struct maps){ .inputs_before = into->inputs, .rows_before = into->rows.count, .spans_before = into->spans.count };
}

int cube_merge(struct cube *into, const struct cube *from)
{
    assert(into != from);
    struct maps m = maps_of(into);
    bool ok = make(&m, into, from);
    if (ok)
        add(&m, into, from);
    else
        unmake(&m, into);
    maps_free(&m);
    return ok ? 0 : -1;
}

/* ---- joining ---- */

struct joined { /* one of three tables, in each of the parts */
    uint32_t (*count)(const struct cube *c);
    translate *over;
    size_t order, map; /* offsets in struct cube and struct maps */
};

static const struct joined joined[] = {
    { cube_names, name_over, offsetof(struct cube, name_order), offsetof(struct maps, name) },
    { cube_profiles, profile_over, offsetof(struct cube, profile_order), offsetof(struct maps, profile) },
    { cube_certs, cert_over, offsetof(struct cube, cert_order), offsetof(struct maps, cert) },
};

static uint32_t **map_at(const struct joined *t, struct maps *m)
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
static bool join_table(const struct joined *t, struct maps *m, struct cube *into, struct cube *const *part, unsigned parts)
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
        if (!map_one(*map_at(t, &m[first]), into, part[first], ++done[first], t->over))
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

/* Rows of the parts in the order of what they say, so that whoever reads the cube in that order reads memory in order too. */
struct turns {
    bool ordered; /* so far: nothing was folded, nothing was there before */
    struct cube *const *part;
    unsigned parts;
    uint32_t done[LIMIT_THREADS];
};

struct turn {
    unsigned part;
    uint32_t row; /* 0: there is none left */
    bool whole;
    struct cube_key k;
};

enum { ROWS_AHEAD = 16 };

/* The row that comes next. Where a part could not be sorted its rows come as they are. */
static struct turn turn_next(struct turns *t)
{
    unsigned first = t->parts;
    for (unsigned i = 0; i < t->parts; i++) {
        const struct cube *c = t->part[i];
        if (t->done[i] < cube_rows(c) &&
            (first == t->parts || (c->sorted && t->part[first]->sorted &&
                                   cube_item_cmp(c, &c->sorted[t->done[i]], t->part[first],
                                                 &t->part[first]->sorted[t->done[first]]) < 0)))
            first = i;
    }
    if (first == t->parts)
        return (struct turn){ .row = 0 };
    const struct cube *c = t->part[first];
    uint32_t at = t->done[first]++;
    if (c->sorted && at + ROWS_AHEAD < cube_rows(c)) {
        const char *soon = records_at(&c->rows, c->sorted[at + ROWS_AHEAD].id);
        __builtin_prefetch(soon);
    }
    return (struct turn){ .part = first, .row = c->sorted ? c->sorted[at].id : at + 1 };
}

static bool row_join(struct maps *m, struct cube *into, struct turns *turns, const struct turn *t)
{
    struct cube *const *part = turns->part;
    uint32_t row = cube_place(into, &t->k, t->whole);
    const struct cube_key k = row ? cube_key_of(into, row) : t->k;
    turns->ordered = turns->ordered && row && memcmp(&k, &t->k, sizeof k) == 0;
    if (row > m[0].rows_before) { /* what fails later takes it away again */
        const struct cube_val v = val_over(&m[t->part], part[t->part], t->row);
        cube_add(into, row, &v);
    } else {
        m[t->part].row[t->row] = row;
    }
    return row != 0;
}

static bool rows_join(struct maps *m, struct cube *into, struct cube *const *part, unsigned parts)
{
    struct turns turns = { .part = part, .parts = parts, .ordered = into->rows.count == 0 };
    struct turn ahead[ROWS_AHEAD];
    uint32_t rows = 0;
    for (unsigned i = 0; i < parts; i++) {
        rows += cube_rows(part[i]);
        turns.ordered = turns.ordered && (part[i]->sorted || !cube_rows(part[i]));
        if (!(m[i].row = calloc((size_t)cube_rows(part[i]) + 1, sizeof *m[i].row)))
            return false;
    }
    (void)records_reserve(&into->rows, rows);
    for (unsigned n = 0;; n++) {
        struct turn *t = &ahead[n % ROWS_AHEAD];
        if (n >= ROWS_AHEAD && t->row == 0)
            break;
        if (n >= ROWS_AHEAD && !row_join(m, into, &turns, t))
            return false;
        *t = turn_next(&turns);
        if (t->row == 0)
            continue;
        t->k = key_over(&m[t->part], into, part[t->part], t->row, &t->whole);
    }
    into->ordered = turns.ordered ? into->rows.count : 0;
    return true;
}

static bool make_all(struct maps *m, struct cube *into, struct cube *const *part, unsigned parts)
{
    bool ok = true;
    for (size_t t = 0; ok && t < sizeof joined / sizeof *joined; t++)
        ok = join_table(&joined[t], m, into, part, parts);
    for (unsigned i = 0; ok && i < parts; i++)
        ok = make_rest(&m[i], into, part[i], input_same);
    return ok && rows_join(m, into, part, parts);
}

int cube_join(struct cube *into, struct cube *const *part, unsigned parts)
{
    struct maps m[LIMIT_THREADS];
    assert(parts <= LIMIT_THREADS);
    for (unsigned i = 0; i < parts; i++)
        m[i] = maps_of(into);
    bool ok = make_all(m, into, part, parts);
    for (unsigned i = 0; ok && i < parts; i++)
        add(&m[i], into, part[i]);
    if (!ok)
        unmake(&m[0], into);
    for (unsigned i = 0; i < parts; i++)
        maps_free(&m[i]);
    return ok ? 0 : -1;
}
