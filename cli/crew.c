/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/crew.h"
#include "base/gate.h"
#include "base/limits.h"
#include "capture/decode.h"

#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum {
    ROUNDS = 32, /* under way: enough that nobody waits for one slow batch */
    TOGETHER = 4, /* rounds that are let out at once: to be woken for each costs more than a small one */
    SMALL = 256, /* packets: a round of fewer is let out at once, because its packets come slowly */
    AHEAD = 16, /* units of which is known early what they will be looked up by */
    SPARE = 65536, /* bytes of a round's first block for what is not in the batch */
};
/* The second part of an order: what ended before the unit, by flow_table_order; its own lines; the unit itself, for nDPI. */
#define ORDER_LINE (UINT64_MAX - 1)
#define ORDER_PACKET UINT64_MAX

enum unit_kind { UNIT_PACKET, UNIT_TIME, UNIT_HOUR, UNIT_INPUT };

struct unit { /* something to do that is not to decode one packet of the batch */
    enum unit_kind kind;
    uint64_t order;
    struct packet p; /* UNIT_HOUR: .ts_ns is the hour; UNIT_TIME: the clock */
    union {
        struct decoded d;
        const struct input *in;
    };
};

/* An order is that of the packet in the run, from 1, and below it that of the unit in the packet. */
enum { ORDER_SHIFT = 16 };

struct outcome_item { /* something to do in the order of all */
    uint64_t order, second;
    uint32_t todo; /* that is to be shown to nDPI; or, where text is not 0, a line: */
    uint32_t n; /* bytes of it */
    size_t text, app; /* offsets: of the line behind the first byte of the slice's text, of the field in it */
    size_t sni;
    uint32_t sni_n;
    uint8_t proto;
    struct endpoint server;
};

struct todo {
    struct packet p; /* of the batch; a copy, because one after the other is fetched faster than here one and there one */
    uint32_t number; /* in the batch; with TODO_UNIT, of a unit of the slice */
};

struct slice { /* of a round, for one worker */
    struct todo *todo; /* in order */
    unsigned todos, todo_room;
    struct unit *unit;
    unsigned units, unit_room;
    struct outcome_item *item; /* in order */
    unsigned items, item_room, given;
    char *text;
    size_t text_n, text_room;
};

#define TODO_UNIT (UINT32_C(1) << 31)

struct spare { /* bytes that must outlive the next packet and do not lie in the batch */
    struct spare *next;
    size_t used, size;
    uint8_t bytes[];
};

struct round {
    struct batch *batch;
    int dlt;
    uint64_t before; /* packets of the run before it */
    struct spare *spare;
    struct slice *slice; /* one per worker */
    bool last, finish; /* no round follows; open flows are to be ended in good order */
};

struct ahead { /* of a unit that will be dealt with soon */
    uint64_t order;
    const struct packet *p; /* NULL: a mark */
    const struct unit *unit; /* NULL: a packet that was decoded here */
    struct decoded d;
};

struct worker {
    struct lane lane;
    struct decode *decode; /* only for what no other packet has a part in: the same comes out as for the reading thread */
    struct stats unused; /* which counted it */
    struct event_sink lines; /* takes the events that the stream is to show */
    struct crew *crew;
    struct slice *slice; /* at hand */
    struct gate done; /* rounds */
    pthread_t thread;
    struct event_sink *ndjson; /* writes into slice->text */
    FILE *text;
    unsigned number;
    const struct tls_event *asked; /* the event whose line asked for the application */
};

struct crew {
    unsigned workers, threads; /* how many there are; how many run */
    struct worker **worker;
    struct round round[ROUNDS];
    struct gate out;
    uint64_t sent, let_out, given; /* rounds: complete; for the workers to take; come back and dealt with */
    uint64_t packets; /* in rounds that were let out */
    const struct packet *at; /* the packet at hand, of the round's batch; NULL: the next one */
    unsigned units; /* of it so far */
    uint8_t share[LIMIT_SHARES]; /* the worker of each part that pairs of hosts fall into */
    struct decode *decode; /* as a worker's, for packets that nDPI is to be shown */
    struct stats unused;
    struct crew_duty duty;
    atomic_bool failed; /* there was no memory for something that must not be missing */
};

/* A growing array that was full, with room for more. */
static void *more(struct crew *c, void *array, unsigned *room, size_t width)
{
    unsigned n = *room ? *room * 2 : 256;
    void *p = realloc(array, n * width);
    if (!p) {
        atomic_store(&c->failed, true);
        return NULL;
    }
    *room = n;
    return p;
}

/* ---- what a worker does ---- */

static struct outcome_item *item_new(struct worker *w, uint64_t second)
{
    struct slice *s = w->slice;
    struct outcome_item *at = s->items < s->item_room ? s->item : more(w->crew, s->item, &s->item_room, sizeof *at);
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
static void fetch_head(const struct packet *p)
{
    __builtin_prefetch(p->data);
    __builtin_prefetch(p->data + 64);
}

/* What it will be looked up by is fetched while others are dealt with. */
static void look_ahead(struct worker *w, const struct round *r, unsigned n, struct ahead *a)
{
    const struct slice *s = w->slice;
    uint32_t todo = s->todo[n].number;
    if (n + AHEAD < s->todos && !(s->todo[n + AHEAD].number & TODO_UNIT))
        fetch_head(&s->todo[n + AHEAD].p);
    if (todo & TODO_UNIT) {
        a->unit = &s->unit[todo & ~TODO_UNIT];
        a->order = a->unit->order;
        a->p = a->unit->kind == UNIT_PACKET ? &a->unit->p : NULL;
        a->d = a->unit->d;
    } else {
        a->unit = NULL;
        a->order = (r->before + todo + 1) << ORDER_SHIFT;
        a->p = &s->todo[n].p;
        (void)decode_packet(w->decode, r->dlt, a->p, &a->d);
    }
    if (a->p)
        flow_expect(w->lane.flows, &a->d);
}

static void work_through(struct worker *w, const struct round *r)
{
    const struct slice *s = w->slice;
    struct ahead ahead[AHEAD];
    for (unsigned i = 0; i < s->todos && i < AHEAD; i++)
        look_ahead(w, r, i, &ahead[i]);
    for (unsigned i = 0; i < s->todos && !atomic_load_explicit(&w->crew->failed, memory_order_relaxed); i++) {
        struct ahead *a = &ahead[i % AHEAD];
        w->lane.order = a->order;
        if (a->p)
            do_packet(w, s->todo[i].number, a->p, &a->d);
        else
            do_mark(w, a->unit);
        if (i + AHEAD < s->todos)
            look_ahead(w, r, i + AHEAD, a);
    }
}

static void *work(void *worker)
{
    struct worker *w = worker;
    struct crew *c = w->crew;
    for (uint64_t n = 1;; n++) {
        gate_wait(&c->out, n);
        const struct round *r = &c->round[n % ROUNDS];
        w->slice = &r->slice[w->number];
        work_through(w, r);
        bool last = r->last;
        if (r->finish) {
            w->lane.order = UINT64_MAX;
            lane_finish(&w->lane);
        }
        gate_move(&w->done, n);
        if (last)
            return NULL;
    }
}

/* ---- what the reading thread does with a round that comes back ---- */

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

static void give_round(struct crew *c, const struct round *r)
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

static void round_clear(struct crew *c, struct round *r)
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

static void let_out(struct crew *c)
{
    if (c->let_out == c->sent)
        return;
    c->let_out = c->sent;
    gate_move(&c->out, c->let_out);
}

static bool is_back(struct crew *c, uint64_t n)
{
    for (unsigned w = 0; w < c->workers; w++)
        if (!gate_passed(&c->worker[w]->done, n))
            return false;
    return true;
}

static void take_back(struct crew *c)
{
    uint64_t n = c->given + 1;
    struct round *r = &c->round[n % ROUNDS];
    for (unsigned w = 0; w < c->workers; w++)
        gate_wait(&c->worker[w]->done, n);
    if (!atomic_load(&c->failed))
        give_round(c, r);
    round_clear(c, r);
    c->given = n;
}

/* A place for one more round: to wait for each place is to be woken for each. */
static void make_room(struct crew *c)
{
    if (c->sent - c->given < ROUNDS - 1)
        return;
    let_out(c);
    for (unsigned w = 0; w < c->workers; w++)
        gate_wait(&c->worker[w]->done, c->given + ROUNDS / 2);
    for (unsigned n = 0; n < ROUNDS / 2; n++)
        take_back(c);
}

/* ---- what goes into a round ---- */

static struct round *next_round(struct crew *c)
{
    return &c->round[(c->sent + 1) % ROUNDS];
}

static struct todo *todo_add(struct crew *c, struct slice *s, uint32_t number)
{
    struct todo *at = s->todos < s->todo_room ? s->todo : more(c, s->todo, &s->todo_room, sizeof *at);
    if (!at)
        return NULL;
    s->todo = at;
    at += s->todos++;
    at->number = number;
    return at;
}

/* Of what comes next: a unit, or before any packet of the round a mark. */
static uint64_t order_now(const struct crew *c)
{
    const struct round *r = &c->round[(c->sent + 1) % ROUNDS];
    uint64_t packet = r->before + (c->at ? (uint64_t)(c->at - r->batch->packet) + 1 : 0);
    return (packet << ORDER_SHIFT) + c->units;
}

/* It is the next one in order. */
static struct unit *unit_new(struct crew *c, unsigned worker, enum unit_kind kind)
{
    struct slice *s = &next_round(c)->slice[worker];
    struct unit *u = s->units < s->unit_room ? s->unit : more(c, s->unit, &s->unit_room, sizeof *u);
    if (!u)
        return NULL;
    s->unit = u;
    u += s->units;
    u->kind = kind;
    u->order = order_now(c);
    (void)todo_add(c, s, TODO_UNIT | s->units++);
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
    struct round *r = next_round(c);
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

static unsigned worker_of(const struct crew *c, const struct decoded *d)
{
    return c->share[addr_pair_wire(d->src, d->dst, d->addr_len) % LIMIT_SHARES];
}

void crew_packet(struct crew *c, int dlt, const struct packet *p)
{
    next_round(c)->dlt = dlt;
    c->at = p;
    c->units = 0;
}

static void unit_keep(struct crew *c, const struct packet *p, const struct decoded *d, struct stats *stats)
{
    struct decoded mine = *d;
    if (!stay_all(c, p, &mine)) {
        stats->memory_refused++;
        return;
    }
    struct unit *u = unit_new(c, worker_of(c, d), UNIT_PACKET);
    if (!u)
        return;
    u->p = *p;
    u->d = mine;
    c->units++;
}

void crew_unit(struct crew *c, const struct packet *p, const struct decoded *d, struct stats *stats)
{
    const struct round *r = next_round(c);
    struct todo *t = NULL;
    if (d->fleeting)
        unit_keep(c, p, d, stats);
    else
        t = todo_add(c, &r->slice[worker_of(c, d)], (uint32_t)(p - r->batch->packet));
    if (t)
        t->p = *p;
}

/* ---- the crew ---- */

/* Signals are for the reading thread. */
static int threads_start(struct crew *c, struct err *e)
{
    sigset_t all, before;
    sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = 0;
    while (rc == 0 && c->threads < c->workers) {
        struct worker *w = c->worker[c->threads];
        rc = pthread_create(&w->thread, NULL, work, w);
        c->threads += rc == 0;
    }
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rc == 0 ? 0 : err_set(e, "cannot start %u threads: %s; give a lower --threads", c->workers, strerror(rc));
}

static void threads_end(struct crew *c)
{
    for (unsigned i = 0; i < c->threads; i++)
        (void)pthread_join(c->worker[i]->thread, NULL);
    c->threads = 0;
}

static int worker_open(struct worker *w, const struct options *o, const struct decode_options *dec, struct err *e)
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

static void worker_free(struct worker *w)
{
    struct err e;
    if (!w)
        return;
    lane_close(&w->lane);
    if (w->ndjson)
        (void)w->ndjson->close(w->ndjson, &e);
    if (w->text)
        (void)fclose(w->text);
    cube_free(w->lane.cube);
    decode_free(w->decode);
    gate_destroy(&w->done);
    free(w);
}

static struct worker *worker_new(struct crew *c, unsigned number, const struct options *o, const struct decode_options *dec,
                                 struct err *e)
{
    struct worker *w = calloc(1, sizeof *w);
    if (!w || !gate_init(&w->done)) {
        free(w);
        (void)err_set(e, "out of memory");
        return NULL;
    }
    w->crew = c;
    w->number = number;
    if (worker_open(w, o, dec, e) == 0)
        return w;
    worker_free(w);
    return NULL;
}

struct crew *crew_new(const struct options *o, const struct decode_options *dec, unsigned workers, const struct crew_duty *duty,
                      struct err *e)
{
    struct crew *c = calloc(1, sizeof *c);
    if (!c || !gate_init(&c->out)) {
        free(c);
        (void)err_set(e, "out of memory");
        return NULL;
    }
    c->duty = *duty;
    atomic_init(&c->failed, false);
    c->worker = calloc(workers, sizeof *c->worker);
    c->decode = decode_new(dec, o->seed, &c->unused);
    bool ok = c->worker && c->decode;
    for (unsigned i = 0; i < ROUNDS; i++) {
        c->round[i].batch = batch_new();
        c->round[i].slice = calloc(workers, sizeof *c->round[i].slice);
        ok = ok && c->round[i].batch && c->round[i].slice;
    }
    if (!ok)
        (void)err_set(e, "out of memory");
    c->workers = c->worker ? workers : 0;
    for (unsigned i = 0; i < LIMIT_SHARES; i++)
        c->share[i] = (uint8_t)(i % workers);
    for (unsigned i = 0; ok && i < workers; i++)
        ok = (c->worker[i] = worker_new(c, i, o, dec, e)) != NULL;
    if (ok)
        return c;
    crew_free(c);
    return NULL;
}

static void send_last(struct crew *c, bool finish)
{
    struct round *r = next_round(c);
    r->last = true;
    r->finish = finish;
    r->batch->count = 0; /* let out at once */
    crew_send(c);
    threads_end(c);
}

void crew_free(struct crew *c)
{
    if (!c)
        return;
    if (c->threads) {
        atomic_store(&c->failed, true);
        make_room(c);
        send_last(c, false);
    }
    for (unsigned w = 0; w < c->workers; w++)
        worker_free(c->worker[w]);
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct round *r = &c->round[i];
        if (r->slice)
            round_clear(c, r);
        for (unsigned w = 0; r->slice && w < c->workers; w++) {
            free(r->slice[w].todo);
            free(r->slice[w].unit);
            free(r->slice[w].item);
            free(r->slice[w].text);
        }
        free(r->spare);
        free(r->slice);
        batch_free(r->batch);
    }
    decode_free(c->decode);
    free(c->worker);
    gate_destroy(&c->out);
    free(c);
}

static int failure(struct crew *c, struct err *e)
{
    return atomic_load(&c->failed) ? err_set(e, "out of memory") : 0;
}

struct batch *crew_room(struct crew *c, struct err *e)
{
    if (!c->threads && threads_start(c, e))
        return NULL;
    make_room(c);
    struct round *r = next_round(c);
    r->before = c->packets;
    r->batch->count = 0;
    c->at = NULL;
    c->units = 0;
    return failure(c, e) ? NULL : r->batch;
}

void crew_send(struct crew *c)
{
    unsigned count = next_round(c)->batch->count;
    c->packets += count;
    c->sent++;
    if (count < SMALL || c->sent - c->let_out >= TOGETHER)
        let_out(c);
    while (c->given < c->let_out && is_back(c, c->given + 1))
        take_back(c);
}

static int join(struct crew *c, struct cube *cube, bool last)
{
    struct cube *part[LIMIT_THREADS];
    for (unsigned i = 0; i < c->workers; i++)
        part[i] = c->worker[i]->lane.cube;
    return (last ? cube_join_last : cube_join)(cube, part, c->workers);
}

/* With no round out the workers wait, and what they have is the reading thread's. */
bool crew_settle(struct crew *c, struct cube *cube, bool crowded)
{
    let_out(c);
    while (c->given < c->sent)
        take_back(c);
    for (unsigned i = 0; i < c->workers; i++) {
        lane_pause(&c->worker[i]->lane);
        crowded = crowded || cube_crowded(c->worker[i]->lane.cube);
    }
    for (unsigned i = 0; crowded && i < c->workers; i++)
        cube_settle(c->worker[i]->lane.cube);
    bool joined = join(c, cube, false) == 0;
    for (unsigned i = 0; joined && i < c->workers; i++)
        cube_restart(c->worker[i]->lane.cube, crowded);
    return crowded;
}

int crew_finish(struct crew *c, struct cube *cube, struct err *e)
{
    if (!c->threads && threads_start(c, e)) /* nothing was read */
        return -1;
    make_room(c);
    send_last(c, true);
    while (c->given < c->sent)
        take_back(c);
    if (failure(c, e))
        return -1;
    return join(c, cube, true) ? err_set(e, "out of memory") : 0;
}
