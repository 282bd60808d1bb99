/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Merging is done in two passes, so that running out of memory half-way leaves nothing half-added: first everything that
 * needs memory is made (rows and spans still without a count), then counts are added, which cannot fail. What the first pass
 * made is taken back when it fails; interned names, profiles and certificates that nothing refers to mean nothing.
 */
#include "report/cube_maps.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void cube_maps_free(struct cube_maps *m)
{
    free(m->name);
    free(m->profile);
    free(m->cert);
    free(m->input);
    free(m->sensor);
    free(m->row);
    free(m->span);
}

uint32_t cube_name_over(struct cube *into, const struct cube *from, uint32_t id)
{
    return cube_put_name(into, cube_name(from, id));
}

uint32_t cube_profile_over(struct cube *into, const struct cube *from, uint32_t id)
{
    return cube_put_profile(into, cube_profile(from, id)->offer, "", INT64_MAX);
}

uint32_t cube_cert_over(struct cube *into, const struct cube *from, uint32_t id)
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

bool cube_map_one(uint32_t *m, struct cube *into, const struct cube *from, uint32_t id, cube_translate *t)
{
    m[id] = t(into, from, id);
    if (m[id] == 0 && into->oom)
        return false;
    if (m[id] == 0)
        m[id] = NOT_KEPT;
    return true;
}

static uint32_t *map(struct cube *into, const struct cube *from, uint32_t count, cube_translate *t)
{
    uint32_t *m = calloc((size_t)count + 1, sizeof *m);
    bool ok = m != NULL;
    for (uint32_t id = 1; ok && id <= count; id++)
        ok = cube_map_one(m, into, from, id, t);
    if (ok)
        return m;
    free(m);
    return NULL;
}

uint32_t cube_mapped(const uint32_t *m, uint32_t id, bool *whole)
{
    if (m[id] != NOT_KEPT)
        return m[id];
    *whole = false;
    return 0;
}

/* A row's key with the ids of into. */
static struct cube_key key_over(const struct cube_maps *m, const struct cube *into, const struct cube *from, uint32_t row,
                                bool *whole)
{
    struct cube_key k = *cube_row_key(from, row);
    *whole = true;
    k.client.addr = cube_client(into, &k.client.addr);
    k.profile = cube_mapped(m->profile, k.profile, whole);
    k.fallback_from = cube_mapped(m->profile, k.fallback_from, whole);
    k.sni = cube_mapped(m->name, k.sni, whole);
    k.cert = cube_mapped(m->cert, k.cert, whole);
    k.sensor = (uint16_t)cube_mapped(m->sensor, k.sensor, whole);
    return k;
}

static struct cube_val val_over(const struct cube_maps *m, const struct cube *from, uint32_t row)
{
    struct cube_val v = *cube_row_val(from, row);
    v.exemplar.input = v.exemplar.input <= from->inputs ? m->input[v.exemplar.input] : 0;
    return v;
}

bool cube_rows_make(struct cube_maps *m, struct cube *into, const struct cube *from)
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

static bool spans_make(struct cube_maps *m, struct cube *into, const struct cube *from)
{
    m->span = calloc((size_t)from->spans.count + 1, sizeof *m->span);
    for (uint32_t id = 1; m->span && id <= from->spans.count; id++) {
        struct span_key k = *(const struct span_key *)records_at(&from->spans, id);
        bool whole = true;
        k.client.addr = cube_client(into, &k.client.addr);
        k.profile = cube_mapped(m->profile, k.profile, &whole);
        m->span[id] = cube_span_place(into, &k);
        if (!m->span[id])
            return false;
    }
    return m->span != NULL;
}

bool cube_make_rest(struct cube_maps *m, struct cube *into, const struct cube *from, cube_translate *input)
{
    return (m->sensor = map(into, from, cube_sensors(from), sensor_over)) &&
           (m->input = map(into, from, cube_inputs(from), input)) && cube_hours_reserve(into, from->hours) &&
           cube_services_reserve(into, from->services) && spans_make(m, into, from);
}

static bool make(struct cube_maps *m, struct cube *into, const struct cube *from)
{
    return (m->name = map(into, from, cube_names(from), cube_name_over)) &&
           (m->profile = map(into, from, cube_profiles(from), cube_profile_over)) &&
           (m->cert = map(into, from, cube_certs(from), cube_cert_over)) && cube_make_rest(m, into, from, input_over) &&
           cube_rows_make(m, into, from);
}

void cube_unmake(const struct cube_maps *m, struct cube *into)
{
    records_truncate(&into->rows, m->rows_before);
    records_truncate(&into->spans, m->spans_before);
    cube_inputs_truncate(into, m->inputs_before);
}

/* Inputs are added first: the order of exemplars looks at them. */
void cube_add_all(const struct cube_maps *m, struct cube *into, const struct cube *from)
{
    for (uint32_t id = 1; id <= from->inputs; id++)
        if (m->input[id] <= m->inputs_before)
            cube_input_add(into->input[m->input[id] - 1], from->input[id - 1]);
    for (uint32_t id = 1; id <= cube_profiles(from); id++)
        if (m->profile[id] != NOT_KEPT)
            cube_ja4(into, m->profile[id], cube_profile(from, id)->ja4, cube_profile(from, id)->ja4_ns);
    for (uint32_t row = 1; m->row && row <= cube_rows(from); row++) {
        const struct cube_val v = val_over(m, from, row);
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

struct cube_maps cube_maps_of(const struct cube *into)
{
    return (struct cube_maps){ .inputs_before = into->inputs, .rows_before = into->rows.count, .spans_before = into->spans.count };
}

int cube_merge(struct cube *into, const struct cube *from)
{
    assert(into != from);
    struct cube_maps m = cube_maps_of(into);
    bool ok = make(&m, into, from);
    if (ok)
        cube_add_all(&m, into, from);
    else
        cube_unmake(&m, into);
    cube_maps_free(&m);
    return ok ? 0 : -1;
}
