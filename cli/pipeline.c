/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/pipeline.h"
#include "capture/decode.h"
#include "cli/check.h"
#include "cli/crew.h"
#include "cli/memory.h"
#include "dissect/classify.h"

#include <stdlib.h>

struct pipeline {
    struct lane own; /* with a crew: of the counters of decoding only */
    struct crew *crew; /* NULL: one thread */
    int64_t hour_end_ns, hour_start_ns;
    int dlt;
    struct window window;
    struct decode *decode;
    struct classify *classify;
    struct check *check;
    struct cube *cube;
    struct event_sink *stream;
    struct batch *batch; /* where there is no crew */
    pipeline_fill *fill; /* of the run */
    void *fill_ctx;
    struct flow_clock clock; /* with a crew */
    uint32_t inputs; /* that the crew was told of */
};

#define HOUR_NS INT64_C(3600000000000)
enum { AHEAD = 16 }; /* packets decoded before the first of them is looked up */

/* classify's advice on what a handshake was for. */
static const char *app_name(struct pipeline *p, struct rd sni, const struct endpoint *server, uint8_t proto)
{
    const char *app = NULL;
    if (!p->classify)
        return NULL;
    if (rd_left(&sni))
        app = classify_name(p->classify, sni);
    if (!app)
        app = classify_address(p->classify, server);
    return app ? app : classify_service(p->classify, server, proto);
}

static const char *app_of(void *ctx, const struct tls_event *ev)
{
    return app_name(ctx, ev->ch ? ev->ch->sni : rd_of(NULL, 0), &ev->server,
                    ev->transport == TRANSPORT_TCP ? PROTO_TCP : PROTO_UDP);
}

static const char *input_of(void *ctx, uint32_t input)
{
    const struct pipeline *p = ctx;
    const struct input *in = cube_input_get(p->cube, input);
    return in ? in->name : NULL;
}

/* Of what nDPI could be shown: the ClientHello names a TLS service, and of datagrams one in sixteen will do. */
static bool worth_asking(const struct packet *pkt, const struct decoded *d)
{
    if (d->proto != PROTO_TCP)
        return (pkt->frame & 15) == 1;
    bool record = d->payload_cap > 5 && d->payload[0] >= 20 && d->payload[0] <= 23 && d->payload[1] == 3;
    return !record || d->payload[5] == 1;
}

/* What nDPI may be asked about grows with the packets of the run (one in four is worth offering, on average): a count that is the
 * same for any number of threads. number: of this packet, from 1. */
static void ask(struct pipeline *p, uint64_t number, const struct packet *pkt, const struct decoded *d)
{
    classify_offered(p->classify, number / 4);
    classify_packet(p->classify, pkt, d, SIDE_UNKNOWN);
}

/* ---- for a crew ---- */

static bool crew_wants(void *ctx, const struct packet *pkt, const struct decoded *d)
{
    const struct pipeline *p = ctx;
    return worth_asking(pkt, d) && !classify_known(p->classify, d);
}

static void crew_shows(void *ctx, uint64_t number, const struct packet *pkt, const struct decoded *d)
{
    struct pipeline *p = ctx;
    ask(p, number, pkt, d);
}

static void crew_wrote(void *ctx, const struct crew_line *l)
{
    struct pipeline *p = ctx;
    const char *app = l->app ? app_name(p, l->sni, &l->server, l->proto) : NULL;
    ndjson_line(p->stream, l->text, l->n, l->app, sizeof CREW_APP - 1, app);
}

/* ---- packets ---- */

void pipeline_link(struct pipeline *p, int dlt)
{
    p->dlt = dlt;
}

static void enter_hour(struct pipeline *p, int64_t ts_ns)
{
    int64_t hour = ts_ns / HOUR_NS - (ts_ns % HOUR_NS < 0);
    p->hour_start_ns = hour * HOUR_NS;
    p->hour_end_ns = p->hour_start_ns + HOUR_NS;
    lane_hour(&p->own, hour);
    if (p->crew)
        crew_hour(p->crew, hour);
}

static void count_packets(struct pipeline *p, const struct packet *pkt, unsigned n)
{
    struct stats *s = &p->own.stats;
    bool none = p->window.packets == 0;
    int64_t first = none ? pkt[0].ts_ns : p->window.first_ns, last = none ? pkt[0].ts_ns : p->window.last_ns;
    uint64_t captured = 0, bytes = 0, cut = 0;
    for (unsigned i = 0; i < n; i++) {
        first = pkt[i].ts_ns < first ? pkt[i].ts_ns : first;
        last = pkt[i].ts_ns > last ? pkt[i].ts_ns : last;
        captured += pkt[i].caplen;
        bytes += pkt[i].len;
        cut += pkt[i].caplen < pkt[i].len;
    }
    p->window.first_ns = first;
    p->window.last_ns = last;
    p->window.packets += n;
    p->window.bytes += captured;
    s->packets += n;
    s->bytes += bytes;
    s->packet_cut += cut;
}

static inline void take_unit(struct pipeline *p, uint64_t number, const struct packet *pkt, const struct decoded *d)
{
    if (p->check)
        check_packet(p->check, pkt, d);
    if (flow_packet(p->own.flows, pkt, d) && p->classify && worth_asking(pkt, d))
        ask(p, number, pkt, d);
}

/*
 * Takes the first few of n packets, all of one hour; returns how many. They are decoded first and then looked up: the flow
 * table of a busy site is in no cache, and what each lookup would wait for is on its way while the others are decoded
 * (saves 0.15 of the empty loop where the packets of 20,000 connections are mixed, and more where there are more).
 */
static unsigned take_run(struct pipeline *p, const struct packet *pkt, unsigned n)
{
    struct decoded unit[AHEAD];
    unsigned of[AHEAD]; /* the packet of each */
    const uint64_t next = p->own.stats.packets + 1;
    unsigned most = n < AHEAD ? n : AHEAD, units = 0, taken = 0;
    bool alone = true;
    for (; taken < most && alone && pkt[taken].ts_ns >= p->hour_start_ns && pkt[taken].ts_ns < p->hour_end_ns; taken++) {
        struct decoded *d = &unit[units];
        if (!decode_packet(p->decode, p->dlt, &pkt[taken], d))
            continue;
        flow_expect(p->own.flows, d);
        of[units++] = taken;
        alone = !d->fleeting;
    }
    count_packets(p, pkt, taken);
    for (unsigned i = 0; i < units; i++)
        take_unit(p, next + of[i], &pkt[of[i]], &unit[i]);
    while (!alone && decode_next(p->decode, &unit[0]))
        take_unit(p, next + of[units - 1], &pkt[of[units - 1]], &unit[0]);
    return taken;
}

static void hand_out(struct pipeline *p, const struct packet *pkt)
{
    struct decoded d;
    crew_packet(p->crew, pkt);
    while (p->inputs < pkt->input)
        crew_input(p->crew, cube_input_at(p->cube, ++p->inputs));
    for (bool more = decode_packet(p->decode, p->dlt, pkt, &d); more; more = d.fleeting && decode_next(p->decode, &d)) {
        if (flow_clock_tick(&p->clock, pkt->ts_ns))
            crew_time(p->crew, p->clock.now);
        crew_unit(p->crew, pkt, &d, &p->own.stats);
    }
}

/* The same for a crew: the packets of the batch from this one on that are of one hour; returns how many. */
static unsigned hand_out_run(struct pipeline *p, const struct batch *b, unsigned from)
{
    struct parties parties;
    unsigned i = from;
    for (; i < b->count && b->packet[i].ts_ns >= p->hour_start_ns && b->packet[i].ts_ns < p->hour_end_ns; i++) {
        const struct packet *pkt = &b->packet[i];
        if (p->inputs >= pkt->input && flow_clock_stands(&p->clock, pkt->ts_ns) && decode_parties(p->dlt, pkt, &parties))
            crew_plain(p->crew, i, &parties);
        else
            hand_out(p, pkt);
    }
    count_packets(p, b->packet + from, i - from);
    return i - from;
}

/* The next batch; to the crew it is given out. */
static bool take_batch(void *pipeline, struct batch *b)
{
    struct pipeline *p = pipeline;
    bool more = p->fill(p->fill_ctx, b);
    if (p->crew)
        crew_begin(p->crew, p->dlt);
    for (unsigned i = 0; i < b->count;) {
        if (b->packet[i].ts_ns >= p->hour_end_ns || b->packet[i].ts_ns < p->hour_start_ns)
            enter_hour(p, b->packet[i].ts_ns);
        i += p->crew ? hand_out_run(p, b, i) : take_run(p, b->packet + i, b->count - i);
    }
    return more;
}

/* ---- the pipeline ---- */

static int open_crew(struct pipeline *p, const struct options *o, const struct decode_options *dec, struct err *e)
{
    const struct crew_duty duty = { .read = take_batch, .packet = crew_shows, .line = crew_wrote,
                                    .wanted = p->classify ? crew_wants : NULL, .lines = p->stream != NULL, .ctx = p };
    p->crew = crew_new(o, dec, o->threads, &duty, e);
    return p->crew ? 0 : -1;
}

static int open_lane(struct pipeline *p, const struct options *o, struct err *e)
{
    p->batch = batch_new();
    return p->batch ? lane_open(&p->own, o, 1, e) : err_set(e, "out of memory");
}

struct pipeline *pipeline_new(const struct options *o, struct cube *cube, struct event_sink *stream, struct err *e)
{
    struct pipeline *p = calloc(1, sizeof *p);
    if (!p) {
        (void)err_set(e, "out of memory");
        return NULL;
    }
    p->cube = cube;
    p->stream = stream;
    lane_init(&p->own, o, cube, stream, 1);
    if (stream)
        ndjson_context(stream, &(struct stream_context){ .app = app_of, .input = input_of, .ctx = p });
    struct decode_options dec = { .max_fragmented = memory_divide(o->memory_limit, 1).fragmented };
    memcpy(dec.vxlan_port, o->vxlan_port, sizeof dec.vxlan_port);
    p->decode = decode_new(&dec, o->seed, &p->own.stats);
    int rc = p->decode ? 0 : err_set(e, "out of memory");
    /* Not the run's seed: what nDPI is asked must not differ between two runs over the same input, and who aims at a set of its
     * table gains nothing but the loss of advice. */
    if (rc == 0 && !o->no_ndpi && !(p->classify = classify_new(0, e)))
        rc = -1;
    if (rc == 0)
        rc = o->threads > 1 && !o->check_seconds ? open_crew(p, o, &dec, e) : open_lane(p, o, e);
    if (rc == 0)
        return p;
    pipeline_free(p);
    return NULL;
}

void pipeline_free(struct pipeline *p)
{
    if (!p)
        return;
    crew_free(p->crew);
    batch_free(p->batch);
    lane_close(&p->own);
    decode_free(p->decode);
    classify_free(p->classify);
    free(p);
}

int pipeline_run(struct pipeline *p, pipeline_fill *fill, void *ctx, struct err *e)
{
    p->fill = fill;
    p->fill_ctx = ctx;
    if (p->crew && p->classify)
        classify_begin(p->classify);
    if (p->crew)
        return crew_run(p->crew, e);
    while (take_batch(p, p->batch))
        ;
    return 0;
}

void pipeline_check(struct pipeline *p, struct check *check)
{
    p->check = check;
}

struct stats *pipeline_stats(struct pipeline *p)
{
    return &p->own.stats;
}

static void tell_service(void *cube, const struct classify_entry *c)
{
    cube_service(cube, &c->server, c->proto, c->service, c->cleartext, c->flows);
}

static void tell_name(void *cube, const struct classify_entry *c)
{
    cube_service(cube, &c->server, c->proto, c->service, c->cleartext, 0);
}

bool pipeline_settle(struct pipeline *p)
{
    bool crowded = cube_crowded(p->cube);
    lane_pause(&p->own);
    if (p->crew)
        crowded = crew_settle(p->crew, p->cube, crowded);
    else if (crowded)
        cube_settle(p->cube);
    if (p->classify)
        classify_each(p->classify, tell_name, p->cube);
    return crowded;
}

int pipeline_finish(struct pipeline *p, struct err *e)
{
    decode_finish(p->decode);
    lane_finish(&p->own);
    if (p->crew && crew_finish(p->crew, p->cube, e))
        return -1;
    if (p->classify)
        classify_each(p->classify, tell_service, p->cube);
    return 0;
}

void pipeline_window_reset(struct pipeline *p)
{
    p->window = (struct window){ 0 };
}

struct window pipeline_window(const struct pipeline *p)
{
    return p->window;
}
