/* SPDX-License-Identifier: Apache-2.0 */
/* What goes into a round, and what comes back in one. */
#include "capture/decode.h"
#include "cli/crew_impl.h"

#include <stdlib.h>
#include <string.h>

enum { SPARE = 65536 }; /* bytes of a round's first block for what is not in the batch */

/* ---- what goes in ---- */

static void todo_add(struct crew *c, struct slice *s, uint32_t todo)
{
    uint32_t *at = s->todos < s->todo_room ? s->todo : crew_more(c, s->todo, &s->todo_room, sizeof *at);
    if (!at)
        return;
    s->todo = at;
    at[s->todos++] = todo;
}

/* Of what comes next: a unit, or before any packet of the round a mark. */
static uint64_t order_now(const struct crew *c)
{
    const struct round *r = c->next;
    uint64_t packet = r->before + (c->packet ? (uint64_t)(c->packet - r->batch->packet) + 1 : 0);
    return (packet << ORDER_SHIFT) + c->units;
}

/* It is the next one in order. */
static struct unit *unit_new(struct crew *c, unsigned worker, enum unit_kind kind)
{
    struct slice *s = &c->next->slice[worker];
    struct unit *u = s->units < s->unit_room ? s->unit : crew_more(c, s->unit, &s->unit_room, sizeof *u);
    if (!u)
        return NULL;
    s->unit = u;
    u += s->units;
    u->kind = kind;
    u->order = order_now(c);
    todo_add(c, s, TODO_UNIT | s->units++);
    return u;
}

static void mark(struct crew *c, enum unit_kind kind, int64_t value)
{
    for (unsigned w = 0; w < c->workers; w++) {
        struct unit *u = unit_new(c, w, kind);
        if (u)
            u->p.ts_ns = value;
    }
}

void crew_hour(struct crew *c, int64_t hour)
{
    mark(c, UNIT_HOUR, hour);
}

void crew_time(struct crew *c, uint32_t now)
{
    mark(c, UNIT_TIME, now);
}

static void *spare_bytes(struct crew *c, size_t n)
{
    struct round *r = c->next;
    n = (n + 15) & ~(size_t)15;
    if (!r->spare || r->spare->size - r->spare->used < n) {
        size_t size = n > SPARE ? n : SPARE;
        struct spare *s = malloc(sizeof *s + size);
        if (!s)
            return NULL;
        *s = (struct spare){ .next = r->spare, .size = size };
        r->spare = s;
    }
    uint8_t *p = r->spare->bytes + r->spare->used;
    r->spare->used += n;
    return p;
}

void crew_input(struct crew *c, const struct input *in)
{
    struct input *copy = spare_bytes(c, sizeof *copy);
    if (!copy) {
        atomic_store(&c->failed, true);
        return;
    }
    *copy = (struct input){ .name = in->name, .read_ns = in->read_ns };
    memcpy(copy->digest, in->digest, sizeof copy->digest);
    for (unsigned w = 0; w < c->workers; w++) {
        struct unit *u = unit_new(c, w, UNIT_INPUT);
        if (u)
            u->in = copy;
    }
}

struct frame { /* the bytes of a packet, which stay */
    const uint8_t *p, *end;
};

/* The same bytes where they stay: in the batch, or copied. NULL: no memory. */
static const uint8_t *stay(struct crew *c, const struct frame *f, const uint8_t *p, size_t n)
{
    if (p >= f->p && p <= f->end)
        return p;
    uint8_t *copy = spare_bytes(c, n);
    return copy && n ? memcpy(copy, p, n) : copy;
}

/* What a unit points to may lie in a buffer of the decoder: a datagram put together from fragments, a remembered party. */
static bool stay_all(struct crew *c, const struct packet *p, struct decoded *d)
{
    const struct frame f = { p->data, p->data + p->caplen };
    const uint8_t *ip = d->ip;
    if (ip)
        d->ip = stay(c, &f, ip, d->ip_cap);
    const uint8_t **part[] = { &d->src, &d->dst, &d->payload };
    const size_t n[] = { d->addr_len, d->addr_len, d->payload_cap };
    for (unsigned i = 0; i < 3; i++) {
        size_t at = ip && *part[i] >= ip ? (size_t)(*part[i] - ip) : SIZE_MAX;
        bool inside = at <= d->ip_cap && n[i] <= d->ip_cap - at;
        *part[i] = d->ip && inside ? d->ip + at : stay(c, &f, *part[i], n[i]);
    }
    return d->src && d->dst && d->payload && (d->ip || !ip);
}

static unsigned worker_of(const struct crew *c, const uint8_t *src, const uint8_t *dst, unsigned len)
{
    return c->share[addr_pair_wire(src, dst, len) % LIMIT_SHARES];
}

void crew_begin(struct crew *c, int dlt)
{
    c->next->dlt = dlt;
}

void crew_packet(struct crew *c, const struct packet *p)
{
    c->packet = p;
    c->units = 0;
}

static void unit_keep(struct crew *c, const struct packet *p, const struct decoded *d, struct stats *stats)
{
    struct decoded mine = *d;
    if (!stay_all(c, p, &mine)) {
        stats->memory_refused++;
        return;
    }
    struct unit *u = unit_new(c, worker_of(c, d->src, d->dst, d->addr_len), UNIT_PACKET);
    if (!u)
        return;
    u->p = *p;
    u->d = mine;
    c->units++;
}

void crew_plain(struct crew *c, uint32_t number, const struct parties *of)
{
    todo_add(c, &c->next->slice[worker_of(c, of->src, of->dst, of->addr_len)], number);
}

void crew_unit(struct crew *c, const struct packet *p, const struct decoded *d, struct stats *stats)
{
    if (d->fleeting)
        unit_keep(c, p, d, stats);
    else
        crew_plain(c, (uint32_t)(p - c->next->batch->packet), &(struct parties){ d->src, d->dst, d->addr_len });
}

/* ---- what comes back ---- */

static bool item_before(const struct outcome_item *a, const struct outcome_item *b)
{
    return a->order != b->order ? a->order < b->order : a->second < b->second;
}

static void give_packet(struct crew *c, const struct round *r, const struct slice *s, uint32_t todo)
{
    struct decoded d;
    if (todo & TODO_UNIT) {
        const struct unit *u = &s->unit[todo & ~TODO_UNIT];
        c->duty.packet(c->duty.ctx, u->order >> ORDER_SHIFT, &u->p, &u->d);
    } else if (decode_packet(c->decode, r->dlt, &r->batch->packet[todo], &d)) {
        c->duty.packet(c->duty.ctx, r->before + todo + 1, &r->batch->packet[todo], &d);
    }
}

static void give(struct crew *c, const struct round *r, const struct slice *s, const struct outcome_item *i)
{
    if (!i->text) {
        give_packet(c, r, s, i->todo);
        return;
    }
    const struct crew_line l = { .text = s->text + i->text - 1, .n = i->n, .app = i->app, .server = i->server, .proto = i->proto,
                                 .sni = rd_of((const uint8_t *)s->text + i->sni, i->sni_n) };
    c->duty.line(c->duty.ctx, &l);
}

void crew_give(struct crew *c, const struct round *r)
{
    for (;;) {
        struct slice *first = NULL;
        for (unsigned w = 0; w < c->workers; w++) {
            struct slice *s = &r->slice[w];
            if (s->given < s->items && (!first || item_before(&s->item[s->given], &first->item[first->given])))
                first = s;
        }
        if (!first)
            return;
        give(c, r, first, &first->item[first->given++]);
    }
}

void crew_clear(struct crew *c, struct round *r)
{
    for (unsigned w = 0; w < c->workers; w++) {
        struct slice *s = &r->slice[w];
        s->todos = s->units = s->items = s->given = 0;
        s->text_n = 0;
    }
    while (r->spare && r->spare->next) {
        struct spare *next = r->spare->next;
        free(r->spare);
        r->spare = next;
    }
    if (r->spare)
        r->spare->used = 0;
}
