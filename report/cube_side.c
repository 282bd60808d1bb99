/* SPDX-License-Identifier: Apache-2.0 */
/* What a cube holds beside its rows: hours, inputs, services, and spans that outlived their rows. */
#include "report/cube_impl.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Room for n more in a growing array. */
static bool grow(void **array, uint32_t *room, uint32_t used, uint32_t extra, size_t width)
{
    if (used + extra <= *room)
        return true;
    uint32_t more = *room + *room / 2 + extra + 8;
    void *p = realloc(*array, more * width);
    if (!p)
        return false;
    *array = p;
    *room = more;
    return true;
}

/* Hours. */

static int hour_cmp(const struct cube *c, const struct hour *h, int64_t hour, uint16_t sensor)
{
    if (h->hour != hour)
        return h->hour < hour ? -1 : 1;
    if (h->sensor == sensor)
        return 0;
    struct rd a = cube_sensor(c, h->sensor), b = cube_sensor(c, sensor);
    size_t na = rd_left(&a), nb = rd_left(&b), n = na < nb ? na : nb;
    int d = n ? memcmp(a.p, b.p, n) : 0;
    return d ? d : na < nb ? -1 : 1;
}

/* Where it is or would be. Packets come in order of time: the end is looked at first. */
static uint32_t hour_find(const struct cube *c, int64_t hour, uint16_t sensor, bool *found)
{
    uint32_t lo = 0, hi = c->hours;
    *found = false;
    if (hi && hour_cmp(c, c->hour[hi - 1], hour, sensor) <= 0)
        lo = hi - 1;
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        int d = hour_cmp(c, c->hour[mid], hour, sensor);
        if (d == 0) {
            *found = true;
            return mid;
        }
        if (d < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

bool cube_hours_reserve(struct cube *c, uint32_t extra)
{
    if (extra > LIMIT_HOURS - c->hours)
        extra = LIMIT_HOURS - c->hours;
    if (extra == 0)
        return true;
    void *p = c->hour;
    bool ok = grow(&p, &c->hour_room, c->hours, extra, sizeof *c->hour);
    c->hour = p;
    return ok && column_reserve(&c->hour_pool, c->hours + extra);
}

bool cube_put_hour(struct cube *c, int64_t hour, uint16_t sensor, const struct stats *delta)
{
    bool found;
    uint32_t i = hour_find(c, hour, sensor, &found);
    bool full = c->hours >= LIMIT_HOURS;
    if (!found && !full && cube_hours_reserve(c, 1)) {
        memmove(c->hour + i + 1, c->hour + i, (c->hours - i) * sizeof *c->hour);
        c->hour[i] = column_at(&c->hour_pool, ++c->hours);
        *c->hour[i] = (struct hour){ .hour = hour, .sensor = sensor };
        found = true;
    }
    /* Beyond the cap, or out of memory, the neighbour counts for it: the totals stay right. */
    if (!found && c->hours)
        i = i ? i - 1 : 0;
    struct stats *into = c->hours ? &c->hour[i]->stats : &c->stray;
    stats_add(into, delta);
    into->memory_refused += !found && !full;
    return found || full;
}

void cube_hour(struct cube *c, int64_t hour, const struct stats *delta)
{
    (void)cube_put_hour(c, hour, c->sensor, delta);
}

unsigned cube_hours(const struct cube *c)
{
    return c->hours;
}

const struct hour *cube_hour_at(const struct cube *c, unsigned i)
{
    assert(i < c->hours);
    return c->hour[i];
}

void cube_hourless(const struct cube *c, struct stats *out)
{
    *out = c->stray;
    out->memory_refused += c->lost;
}

void cube_totals(const struct cube *c, struct stats *out)
{
    cube_hourless(c, out);
    for (uint32_t i = 0; i < c->hours; i++)
        stats_add(out, &c->hour[i]->stats);
}

/* Inputs. */

int cube_input_cmp(const struct input *a, const struct input *b)
{
    int d = strcmp(a->name, b->name);
    if (!d)
        d = memcmp(a->digest, b->digest, sizeof a->digest);
    return d ? d : (a->read_ns > b->read_ns) - (a->read_ns < b->read_ns);
}

uint32_t cube_input_find(const struct cube *c, const struct input *in)
{
    for (uint32_t i = c->inputs; i > 0; i--)
        if (cube_input_cmp(c->input[i - 1], in) == 0)
            return i;
    return 0;
}

uint32_t cube_input_append(struct cube *c, const struct input *in)
{
    void *p = c->input;
    bool ok = grow(&p, &c->input_room, c->inputs, 1, sizeof *c->input);
    c->input = p;
    struct input *mine = ok ? malloc(sizeof *mine) : NULL;
    char *name = mine ? strdup(in->name ? in->name : "") : NULL;
    if (!name) {
        free(mine);
        return 0;
    }
    *mine = *in;
    mine->name = name;
    c->input[c->inputs++] = mine;
    return c->inputs;
}

void cube_input_add(struct input *into, const struct input *from)
{
    bool empty = into->packets == 0;
    if (from->packets && (empty || from->first_ns < into->first_ns))
        into->first_ns = from->first_ns;
    if (from->packets && (empty || from->last_ns > into->last_ns))
        into->last_ns = from->last_ns;
    into->packets += from->packets;
    into->bytes += from->bytes;
    into->again += from->again;
    if (strcmp(from->warning, into->warning) > 0)
        memcpy(into->warning, from->warning, sizeof into->warning);
}

void cube_inputs_truncate(struct cube *c, uint32_t count)
{
    while (c->inputs > count) {
        struct input *in = c->input[--c->inputs];
        free(in->name);
        free(in);
    }
}

uint32_t cube_input(struct cube *c, const struct input *in)
{
    uint32_t id = cube_input_find(c, in);
    if (!id) {
        id = cube_input_append(c, in);
        c->oom = id == 0;
        return id;
    }
    cube_input_add(c->input[id - 1], in);
    return id;
}

/* States with a common past hold the same run; a state that was put aside while an interface is watched holds what came
 * before. */
uint32_t cube_input_again(struct cube *c, const struct input *in)
{
    const struct input *here = cube_input_at(c, cube_input_find(c, in));
    struct input more = *in;
    more.again += here && here->packets && in->packets && in->first_ns <= here->last_ns && here->first_ns <= in->last_ns;
    return cube_input(c, &more);
}

struct input *cube_input_get(struct cube *c, uint32_t id)
{
    return id >= 1 && id <= c->inputs ? c->input[id - 1] : NULL;
}

const struct input *cube_input_at(const struct cube *c, uint32_t id)
{
    return id >= 1 && id <= c->inputs ? c->input[id - 1] : NULL;
}

const struct input *cube_input_by_digest(const struct cube *c, const uint8_t digest[32])
{
    static const uint8_t none[32];
    if (memcmp(digest, none, sizeof none) == 0)
        return NULL;
    for (uint32_t i = 0; i < c->inputs; i++)
        if (memcmp(c->input[i]->digest, digest, 32) == 0)
            return c->input[i];
    return NULL;
}

unsigned cube_inputs(const struct cube *c)
{
    return c->inputs;
}

/* Services. */

static int service_cmp(const struct service *s, const struct endpoint *server, uint8_t proto, const char *name)
{
    int d = endpoint_cmp(&s->server, server);
    if (!d)
        d = (s->proto > proto) - (s->proto < proto);
    return d ? d : strncmp(s->name, name, sizeof s->name - 1);
}

bool cube_services_reserve(struct cube *c, uint32_t extra)
{
    if (extra > LIMIT_SERVICES - c->services)
        extra = LIMIT_SERVICES - c->services;
    void *p = c->service;
    bool ok = grow(&p, &c->service_room, c->services, extra, sizeof *c->service);
    c->service = p;
    return ok;
}

void cube_service(struct cube *c, const struct endpoint *server, uint8_t proto, const char *name, bool cleartext, uint64_t flows)
{
    uint32_t lo = 0, hi = c->services;
    if (hi && service_cmp(&c->service[hi - 1], server, proto, name) < 0)
        lo = hi; /* they usually come in order */
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        if (service_cmp(&c->service[mid], server, proto, name) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    bool found = lo < c->services && service_cmp(&c->service[lo], server, proto, name) == 0;
    if (!found) {
        if (c->services >= LIMIT_SERVICES || !cube_services_reserve(c, 1))
            return; /* advice only: what does not fit is not named */
        memmove(c->service + lo + 1, c->service + lo, (c->services - lo) * sizeof *c->service);
        c->services++;
        struct service *s = &c->service[lo];
        *s = (struct service){ .server = *server, .proto = proto };
        memcpy(s->name, name, strnlen(name, sizeof s->name - 1));
    }
    c->service[lo].flows += flows;
    c->service[lo].cleartext |= cleartext;
}

const struct service *cube_services(const struct cube *c, unsigned *n)
{
    *n = c->services;
    return c->service;
}

/* Spans that outlived their rows. */

uint32_t cube_span_place(struct cube *c, const struct span_key *k)
{
    static const struct span_key other = { .profile = 0 };
    uint32_t id = records_put(&c->spans, k, c->opt.max_rows, &c->oom);
    return id || c->oom ? id : records_put(&c->spans, &other, UINT32_MAX, &c->oom);
}

void cube_span_add(struct cube *c, uint32_t id, const struct span *s)
{
    struct span *into = &((struct span_row *)records_at(&c->spans, id))->val;
    if (into->count == 0) {
        *into = *s;
        return;
    }
    into->count += s->count;
    if (s->first_ns < into->first_ns)
        into->first_ns = s->first_ns;
    if (s->last_ns > into->last_ns)
        into->last_ns = s->last_ns;
}

bool cube_put_span(struct cube *c, const struct endpoint *client, uint32_t profile, const struct endpoint *server,
                   const struct span *s)
{
    struct span_key k = { .client = *client, .server = *server, .profile = profile };
    k.client.addr = cube_client(c, &client->addr);
    uint32_t id = cube_span_place(c, &k);
    if (id)
        cube_span_add(c, id, s);
    return id != 0;
}

void cube_each_old_span(const struct cube *c, cube_span_visit *visit, void *ctx)
{
    for (uint32_t id = 1; id <= c->spans.count; id++) {
        const struct span_row *r = records_at(&c->spans, id);
        visit(ctx, &r->key.client, r->key.profile, &r->key.server, &r->val);
    }
}
