/* SPDX-License-Identifier: Apache-2.0 */
/* What a worker does with its list of a round. */
#include "capture/decode.h"
#include "cli/crew_impl.h"

#include <stdlib.h>
#include <string.h>

enum { AHEAD = 16 }; /* units of which is known early what they will be looked up by */

struct ahead { /* of a unit that will be dealt with soon */
    uint64_t order;
    const struct unit *unit; /* NULL: a packet that was decoded here */
    const struct packet *p;
    struct decoded d;
};

static struct outcome_item *item_new(struct worker *w, uint64_t second)
{
    struct slice *s = w->slice;
    struct outcome_item *at = s->items < s->item_room ? s->item : crew_more(w->crew, s->item, &s->item_room, sizeof *at);
    if (!at)
        return NULL;
    s->item = at;
    at += s->items++;
    *at = (struct outcome_item){ .order = w->lane.order, .second = second };
    return at;
}

static bool text_add(struct worker *w, const void *p, size_t n)
{
    struct slice *s = w->slice;
    size_t room = s->text_room ? s->text_room : 65536;
    while (room - s->text_n < n)
        room *= 2;
    char *text = room == s->text_room ? s->text : realloc(s->text, room);
    if (!text) {
        atomic_store(&w->crew->failed, true);
        return false;
    }
    s->text = text;
    s->text_room = room;
    if (n)
        memcpy(text + s->text_n, p, n);
    s->text_n += n;
    return true;
}

static ssize_t text_write(void *worker, const char *p, size_t n)
{
    (void)text_add(worker, p, n);
    return (ssize_t)n;
}

/* nDPI is not for workers: a mark that can stand in no other place of a line, because a quotation mark in text is escaped. */
static const char *app_later(void *worker, const struct tls_event *ev)
{
    struct worker *w = worker;
    w->asked = ev;
    return "?";
}

static const char *input_of(void *worker, uint32_t input)
{
    const struct worker *w = worker;
    const struct input *in = cube_input_at(w->lane.cube, input);
    return in ? in->name : NULL;
}

static void on_line(struct event_sink *self, const struct tls_event *ev)
{
    static const char field[] = ",\"app\":";
    struct worker *w = (struct worker *)(void *)((char *)self - offsetof(struct worker, lines));
    uint64_t second = flow_table_order(w->lane.flows);
    struct outcome_item *i = item_new(w, second < ORDER_LINE ? second : ORDER_LINE);
    size_t at = w->slice->text_n;
    w->asked = NULL;
    w->ndjson->event(w->ndjson, ev);
    size_t n = w->slice->text_n - at;
    if (!i || n == 0) { /* no memory for it */
        atomic_store(&w->crew->failed, true);
        w->slice->items -= i != NULL;
        return;
    }
    i->text = at + 1;
    i->n = (uint32_t)n;
    if (!w->asked)
        return;
    const char *app = memmem(w->slice->text + at, n, field, sizeof field - 1);
    if (!app) /* there was no memory for all of the line */
        return;
    i->app = (size_t)(app - (w->slice->text + at)) + sizeof field - 1;
    i->server = ev->server;
    i->proto = ev->transport == TRANSPORT_TCP ? PROTO_TCP : PROTO_UDP;
    i->sni = w->slice->text_n;
    i->sni_n = ev->ch ? (uint32_t)rd_left(&ev->ch->sni) : 0;
    if (i->sni_n && !text_add(w, ev->ch->sni.p, i->sni_n))
        i->sni_n = 0;
}

static void do_packet(struct worker *w, uint32_t todo, const struct packet *p, const struct decoded *d)
{
    const struct crew_duty *duty = &w->crew->duty;
    if (!flow_table_packet(w->lane.flows, w->lane.order, p, d) || !duty->wanted || !duty->wanted(duty->ctx, p, d))
        return;
    struct outcome_item *i = item_new(w, ORDER_PACKET);
    if (i)
        i->todo = todo;
}

static void do_mark(struct worker *w, const struct unit *u)
{
    switch (u->kind) {
    case UNIT_PACKET:
        return;
    case UNIT_TIME:
        flow_table_time(w->lane.flows, (uint32_t)u->p.ts_ns);
        return;
    case UNIT_HOUR:
        lane_hour(&w->lane, u->p.ts_ns);
        return;
    case UNIT_INPUT:
        if (cube_input(w->lane.cube, u->in) == 0)
            atomic_store(&w->crew->failed, true);
        return;
    }
}

/* The headers of a plain frame may lie in two lines of the cache. */
static void fetch_head(const struct round *r, uint32_t todo)
{
    if (todo & TODO_UNIT)
        return;
    __builtin_prefetch(r->batch->packet[todo].data);
    __builtin_prefetch(r->batch->packet[todo].data + 64);
}

/* What it will be looked up by is fetched while others are looked at. */
static void look_ahead(struct worker *w, const struct round *r, uint32_t todo, struct ahead *a)
{
    const struct slice *s = w->slice;
    if (todo & TODO_UNIT) {
        a->unit = &s->unit[todo & ~TODO_UNIT];
        a->order = a->unit->order;
        a->p = &a->unit->p;
        a->d = a->unit->d;
        if (a->unit->kind != UNIT_PACKET)
            return;
    } else {
        a->unit = NULL;
        a->order = (r->before + todo + 1) << ORDER_SHIFT;
        a->p = &r->batch->packet[todo];
        (void)decode_packet(w->decode, r->dlt, a->p, &a->d);
    }
    flow_expect(w->lane.flows, &a->d);
}

/* So many of the list: looked at first and then dealt with, because either is a good deal of code. */
static void work_on(struct worker *w, const struct round *r, const uint32_t *todo, unsigned n)
{
    struct ahead ahead[AHEAD];
    for (unsigned i = 0; i < n; i++)
        look_ahead(w, r, todo[i], &ahead[i]);
    for (unsigned i = 0; i < n; i++) {
        const struct ahead *a = &ahead[i];
        w->lane.order = a->order;
        if (a->unit && a->unit->kind != UNIT_PACKET)
            do_mark(w, a->unit);
        else
            do_packet(w, todo[i], a->p, &a->d);
    }
}

void crew_lane_work(struct worker *w, const struct round *r)
{
    const struct slice *s = w->slice = &r->slice[w->number];
    unsigned fetched = 0;
    for (unsigned i = 0; i < s->todos && !atomic_load_explicit(&w->crew->failed, memory_order_relaxed); i += AHEAD) {
        for (; fetched < s->todos && fetched < i + 2 * AHEAD; fetched++)
            fetch_head(r, s->todo[fetched]);
        work_on(w, r, s->todo + i, s->todos - i < AHEAD ? s->todos - i : AHEAD);
    }
}

int crew_lane_open(struct worker *w, const struct options *o, const struct decode_options *dec, struct err *e)
{
    struct options mine = *o;
    const cookie_io_functions_t into_text = { .write = text_write };
    unsigned of = w->crew->workers;
    mine.memory_limit /= of;
    struct cube *cube = options_cube(&mine);
    if (w->crew->duty.lines) {
        w->text = fopencookie(w, "w", into_text);
        w->ndjson = w->text ? o->format->stream(w->text) : NULL;
        w->lines.event = on_line;
    }
    w->decode = decode_new(dec, o->seed, &w->unused);
    lane_init(&w->lane, o, cube, w->ndjson ? &w->lines : NULL, of);
    if (!cube || !w->decode || (w->crew->duty.lines && !w->ndjson))
        return err_set(e, "out of memory");
    cube_share(cube);
    if (w->ndjson) {
        (void)setvbuf(w->text, NULL, _IONBF, 0);
        ndjson_context(w->ndjson, &(struct stream_context){ .app = app_later, .input = input_of, .ctx = w });
    }
    return lane_open(&w->lane, o, of, e);
}

void crew_lane_close(struct worker *w)
{
    struct err e;
    lane_close(&w->lane);
    if (w->ndjson)
        (void)w->ndjson->close(w->ndjson, &e);
    if (w->text)
        (void)fclose(w->text);
    cube_free(w->lane.cube);
    decode_free(w->decode);
}
