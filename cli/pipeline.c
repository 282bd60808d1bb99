/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/pipeline.h"
#include "base/limits.h"
#include "capture/decode.h"
#include "cli/check.h"
#include "dissect/classify.h"
#include "dissect/session.h"

#include <stdlib.h>

struct pipeline {
    struct event_sink sink; /* first: what the dissector gives events to */
    struct stats stats, counted; /* now; and at the start of this hour */
    int64_t hour; /* since 1970, of stats - counted */
    int64_t hour_end_ns, hour_start_ns;
    int dlt;
    struct window window;
    struct decode *decode;
    struct flow_table *flows;
    struct dissector *dissector;
    struct classify *classify;
    struct check *check;
    struct cube *cube;
    struct event_sink *stream;
    const struct view *view; /* of the options; narrows the stream */
    bool anonymize;
};

#define HOUR_NS INT64_C(3600000000000)
enum { AHEAD = 16 }; /* packets decoded before the first of them is looked up */

static void on_event(struct event_sink *self, const struct tls_event *ev)
{
    struct pipeline *p = (struct pipeline *)self;
    cube_event(p->cube, ev);
    if (!p->stream || !view_has_server(p->view, &ev->server) || !view_has_client(p->view, &ev->client.addr) ||
        !view_has_time(p->view, ev->ts_ns, ev->ts_ns))
        return;
    struct tls_event shown = *ev;
    if (p->anonymize)
        shown.client.addr = cube_client(p->cube, &ev->client.addr);
    p->stream->event(p->stream, &shown);
}

/* classify's advice on what a handshake was for. */
static const char *app_of(void *ctx, const struct tls_event *ev)
{
    struct pipeline *p = ctx;
    const char *app = NULL;
    if (!p->classify)
        return NULL;
    if (ev->ch && rd_left(&ev->ch->sni))
        app = classify_name(p->classify, ev->ch->sni);
    if (!app)
        app = classify_address(p->classify, &ev->server);
    return app ? app : classify_service(p->classify, &ev->server, ev->transport == TRANSPORT_TCP ? PROTO_TCP : PROTO_UDP);
}

static const char *input_of(void *ctx, uint32_t input)
{
    const struct pipeline *p = ctx;
    const struct input *in = cube_input_get(p->cube, input);
    return in ? in->name : NULL;
}

struct pipeline *pipeline_new(const struct options *o, struct cube *cube, struct event_sink *stream, struct err *e)
{
    struct pipeline *p = calloc(1, sizeof *p);
    if (!p) {
        (void)err_set(e, "out of memory");
        return NULL;
    }
    p->sink.event = on_event;
    p->cube = cube;
    p->stream = stream;
    p->view = &o->view;
    p->anonymize = o->anonymize;
    if (stream)
        ndjson_context(stream, &(struct stream_context){ .app = app_of, .input = input_of, .ctx = p });
    struct decode_options dec = { { 0 } };
    memcpy(dec.vxlan_port, o->vxlan_port, sizeof dec.vxlan_port);
    struct flow_options flow = { .scope = o->scope };
    if (o->memory_limit) { /* a quarter for the flow table, a quarter for open handshakes of about 2 KiB, half of it in buffers */
        flow.max_flows = (uint32_t)(o->memory_limit / 4 / 32 / 2);
        flow.max_conns = (uint32_t)(o->memory_limit / 8 / 2048);
        flow.max_buffered = o->memory_limit / 16;
    }
    p->decode = decode_new(&dec, o->seed, &p->stats);
    p->dissector = dissector_new(&p->sink, &p->stats, o->seed);
    if (p->dissector && o->memory_limit)
        dissector_limit(p->dissector, o->memory_limit / 16 * 3);
    if (p->dissector)
        p->flows = flow_table_new(&flow, o->seed, dissector_sink(p->dissector), &p->stats);
    if (!p->decode || !p->flows) {
        (void)err_set(e, "out of memory");
        pipeline_free(p);
        return NULL;
    }
    if (!o->no_ndpi && !(p->classify = classify_new(o->seed, e))) {
        pipeline_free(p);
        return NULL;
    }
    return p;
}

static void ignore_event(struct event_sink *self, const struct tls_event *ev)
{
    (void)self;
    (void)ev;
}

/* After an error flows may still be open: their sessions go, and nobody hears of them. */
void pipeline_free(struct pipeline *p)
{
    if (!p)
        return;
    p->sink.event = ignore_event;
    if (p->flows)
        flow_table_finish(p->flows);
    flow_table_free(p->flows);
    dissector_free(p->dissector);
    decode_free(p->decode);
    classify_free(p->classify);
    free(p);
}

void pipeline_link(struct pipeline *p, int dlt)
{
    p->dlt = dlt;
}

static void close_hour(struct pipeline *p)
{
    struct stats delta;
    stats_sub(&delta, &p->stats, &p->counted);
    cube_hour(p->cube, p->hour, &delta);
    p->counted = p->stats;
}

static void enter_hour(struct pipeline *p, int64_t ts_ns)
{
    if (p->hour_end_ns)
        close_hour(p);
    p->hour = ts_ns / HOUR_NS - (ts_ns % HOUR_NS < 0);
    p->hour_start_ns = p->hour * HOUR_NS;
    p->hour_end_ns = p->hour_start_ns + HOUR_NS;
}

/* Of what nDPI could be shown: the ClientHello names a TLS service, and of datagrams one in sixteen will do. */
static bool worth_asking(const struct packet *pkt, const struct decoded *d)
{
    if (d->proto != PROTO_TCP)
        return (pkt->frame & 15) == 1;
    bool record = d->payload_cap > 5 && d->payload[0] >= 20 && d->payload[0] <= 23 && d->payload[1] == 3;
    return !record || d->payload[5] == 1;
}

static void count_packet(struct pipeline *p, const struct packet *pkt)
{
    if (p->window.packets++ == 0 || pkt->ts_ns < p->window.first_ns)
        p->window.first_ns = pkt->ts_ns;
    if (pkt->ts_ns > p->window.last_ns)
        p->window.last_ns = pkt->ts_ns;
    p->window.bytes += pkt->caplen;
    p->stats.packets++;
    p->stats.bytes += pkt->len;
    p->stats.packet_cut += pkt->caplen < pkt->len;
}

static void take_unit(struct pipeline *p, const struct packet *pkt, const struct decoded *d)
{
    if (p->check)
        check_packet(p->check, pkt, d);
    if (flow_packet(p->flows, pkt, d) && p->classify && worth_asking(pkt, d))
        classify_packet(p->classify, pkt, d, SIDE_UNKNOWN);
}

/*
 * Takes the first few of n packets, all of one hour; returns how many. They are decoded first and then looked up: the flow
 * table of a busy site is in no cache, and what each lookup would wait for is on its way while the others are decoded
 * (saves 0.15 of the empty loop where the packets of 20,000 connections are mixed, and more where there are more).
 */
static unsigned take_run(struct pipeline *p, const struct packet *pkt, unsigned n)
{
    const struct packet *of[AHEAD];
    struct decoded unit[AHEAD];
    unsigned units = 0, taken = 0;
    bool alone = true;
    while (taken < n && units < AHEAD && alone && pkt[taken].ts_ns >= p->hour_start_ns && pkt[taken].ts_ns < p->hour_end_ns) {
        const struct packet *now = &pkt[taken++];
        count_packet(p, now);
        if (!decode_packet(p->decode, p->dlt, now, &unit[units]))
            continue;
        flow_expect(p->flows, &unit[units]);
        of[units] = now;
        alone = !unit[units++].fleeting;
    }
    for (unsigned i = 0; i < units; i++)
        take_unit(p, of[i], &unit[i]);
    while (!alone && decode_next(p->decode, &unit[0]))
        take_unit(p, of[units - 1], &unit[0]);
    return taken;
}

void pipeline_batch(struct pipeline *p, const struct batch *b)
{
    for (unsigned i = 0; i < b->count;) {
        if (b->packet[i].ts_ns >= p->hour_end_ns || b->packet[i].ts_ns < p->hour_start_ns)
            enter_hour(p, b->packet[i].ts_ns);
        i += take_run(p, b->packet + i, b->count - i);
    }
}

void pipeline_check(struct pipeline *p, struct check *check)
{
    p->check = check;
}

struct stats *pipeline_stats(struct pipeline *p)
{
    return &p->stats;
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
    if (p->hour_end_ns)
        close_hour(p);
    if (crowded)
        cube_settle(p->cube);
    if (p->classify)
        classify_each(p->classify, tell_name, p->cube);
    return crowded;
}

void pipeline_finish(struct pipeline *p)
{
    decode_finish(p->decode);
    flow_table_finish(p->flows);
    if (p->hour_end_ns)
        close_hour(p);
    cube_settle(p->cube);
    if (p->classify)
        classify_each(p->classify, tell_service, p->cube);
}

void pipeline_window_reset(struct pipeline *p)
{
    p->window = (struct window){ 0 };
}

struct window pipeline_window(const struct pipeline *p)
{
    return p->window;
}
