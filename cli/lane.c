/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/lane.h"
#include "cli/memory.h"
#include "base/limits.h"

static void on_event(struct event_sink *self, const struct tls_event *ev)
{
    struct lane *l = (struct lane *)(void *)self;
    bool timely = view_has_time(l->view, ev->ts_ns, ev->ts_ns);
    if (l->exact && !timely)
        return;
    if (l->shares)
        cube_at(l->cube, l->order, flow_table_order(l->flows));
    if (l->cube)
        cube_event(l->cube, ev);
    if (!l->stream || !timely || !view_has_server(l->view, &ev->server) || !view_has_client(l->view, &ev->client.addr))
        return;
    struct tls_event shown = *ev;
    if (l->anonymize)
        shown.client.addr = cube_client(l->cube, &ev->client.addr);
    l->stream->event(l->stream, &shown);
}

void lane_init(struct lane *l, const struct options *o, struct cube *cube, struct event_sink *stream, unsigned of)
{
    *l = (struct lane){ .sink = { .event = on_event }, .cube = cube, .stream = stream, .view = &o->view,
                        .exact = !o->state, .anonymize = o->anonymize, .shares = of > 1 };
}

int lane_open(struct lane *l, const struct options *o, unsigned of, struct err *e)
{
    struct memory m = memory_divide(o->memory_limit, of);
    struct flow_options flow = { .scope = o->scope, .max_flows = m.flows, .max_conns = m.conns, .max_buffered = m.late_bytes };
    l->dissector = dissector_new(&l->sink, &l->stats, o->seed);
    if (l->dissector)
        dissector_limit(l->dissector, m.dissect_bytes);
    if (l->dissector)
        l->flows = flow_table_new(&flow, o->seed, dissector_sink(l->dissector), &l->stats);
    return l->flows ? 0 : err_set(e, "out of memory");
}

static void close_hour(struct lane *l)
{
    struct stats delta;
    stats_sub(&delta, &l->stats, &l->counted);
    cube_hour(l->cube, l->hour, &delta);
    l->counted = l->stats;
}

void lane_pause(struct lane *l)
{
    if (l->in_hour)
        close_hour(l);
    cube_flush(l->cube);
}

void lane_hour(struct lane *l, int64_t hour)
{
    lane_pause(l);
    l->hour = hour;
    l->in_hour = true;
}

static void tables_free(struct lane *l)
{
    flow_table_free(l->flows);
    dissector_free(l->dissector);
    l->flows = NULL;
    l->dissector = NULL;
}

void lane_finish(struct lane *l)
{
    if (l->flows)
        flow_table_finish(l->flows);
    lane_pause(l);
    cube_settle(l->cube);
    tables_free(l); /* before there is need of memory for sorting */
    cube_arrange(l->cube);
}

static void ignore_event(struct event_sink *self, const struct tls_event *ev)
{
    (void)self;
    (void)ev;
}

void lane_close(struct lane *l)
{
    l->sink.event = ignore_event;
    if (l->flows)
        flow_table_finish(l->flows);
    tables_free(l);
}
