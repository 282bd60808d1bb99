/* SPDX-License-Identifier: Apache-2.0 */
/*
 * whole - the whole way in one process, from the bytes of a capture file to the reports: what the fuzz target of whole
 * captures and the mutants have in common. The file is read without libpcap: a header of 24 bytes, of which only the link
 * type counts, then records; one that is longer than what is left is cut. Everything is made anew for each capture.
 */
#ifndef TESTS_TOOLS_WHOLE_H
#define TESTS_TOOLS_WHOLE_H

#include "capture/decode.h"
#include "capture/flow.h"
#include "dissect/classify.h"
#include "dissect/session.h"
#include "report/render.h"

#include <stdlib.h>

struct whole {
    struct event_sink sink; /* first */
    struct stats stats;
    struct cube *cube;
    struct event_sink *stream; /* NULL: none */
    struct decode *decode;
    struct dissector *dissector;
    struct flow_table *flows;
    struct classify *classify; /* NULL: none; borrowed */
    uint64_t events, handshakes;
};

static void whole_event(struct event_sink *self, const struct tls_event *ev)
{
    struct whole *w = (struct whole *)(void *)self;
    w->events++;
    w->handshakes += !outcome_is_upgrade((enum outcome)ev->outcome);
    cube_event(w->cube, ev);
    if (w->stream)
        w->stream->event(w->stream, ev);
}

static void whole_packet(struct whole *w, int dlt, const struct packet *p)
{
    struct decoded d;
    w->stats.packets++;
    w->stats.bytes += p->len;
    w->stats.packet_cut += p->caplen < p->len;
    for (bool more = decode_packet(w->decode, dlt, p, &d); more; more = decode_next(w->decode, &d))
        if (flow_packet(w->flows, p, &d) && w->classify)
            classify_packet(w->classify, p, &d, SIDE_UNKNOWN);
}

static void whole_packets(struct whole *w, struct rd file)
{
    rd_skip(&file, 20);
    int dlt = (int)(rd_le32(&file) & 0xffff);
    for (uint64_t frame = 1; rd_left(&file) >= 16; frame++) {
        uint32_t sec = rd_le32(&file), fraction = rd_le32(&file), caplen = rd_le32(&file), len = rd_le32(&file);
        size_t n = caplen < rd_left(&file) ? caplen : rd_left(&file);
        struct rd bytes = rd_sub(&file, n);
        uint8_t *copy = malloc(n ? n : 1); /* of its own, so that one byte too far shows */
        if (!copy)
            return;
        if (n)
            memcpy(copy, bytes.p, n);
        whole_packet(w, dlt, &(struct packet){ .data = copy, .caplen = (uint32_t)n, .len = len > n ? len : (uint32_t)n,
                                               .ts_ns = (int64_t)sec * 1000000000 + fraction % 1000000 * 1000, .frame = frame,
                                               .input = 1 });
        free(copy);
    }
}

/* Every handshake that was counted is in the tally, and nothing else is. */
static void whole_check(const struct whole *w)
{
    uint64_t tallied = 0;
    for (uint32_t id = 1; id <= cube_rows(w->cube); id++)
        tallied += cube_row_val(w->cube, id)->count;
    if (tallied != w->events || w->handshakes != w->stats.handshakes)
        abort();
}

/* stream: where handshakes go as NDJSON; out: where the reports go. Both may be NULL. */
static void whole_run(const uint8_t *bytes, size_t n, struct classify *classify, FILE *stream, FILE *out)
{
    struct whole w = { .sink = { .event = whole_event }, .classify = classify };
    struct cube_options options = { .max_rows = 1024, .max_profiles = 1024, .max_names = 1024, .seed = 1 };
    struct flow_options limits = { .max_flows = 4096, .max_conns = 256 };
    struct view view = { .top = 20, .width = 100 };
    struct err e;
    w.cube = cube_new(&options);
    w.stream = stream ? ndjson_stream(stream) : NULL;
    w.decode = decode_new(NULL, 1, &w.stats);
    w.dissector = dissector_new(&w.sink, &w.stats, 1);
    w.flows = flow_table_new(&limits, 1, dissector_sink(w.dissector), &w.stats);
    if (!w.cube || !w.decode || !w.dissector || !w.flows)
        abort();
    char name[] = "capture";
    (void)cube_input(w.cube, &(struct input){ .name = name });
    whole_packets(&w, rd_of(bytes, n));
    decode_finish(w.decode);
    flow_table_finish(w.flows);
    cube_hour(w.cube, 0, &w.stats);
    cube_settle(w.cube);
    whole_check(&w);
    if (w.stream && w.stream->close(w.stream, &e))
        abort();
    for (unsigned i = 0; out && i < render_count; i++)
        if (renders[i].report && renders[i].report(out, w.cube, &view, &e))
            abort();
    flow_table_free(w.flows);
    dissector_free(w.dissector);
    decode_free(w.decode);
    cube_free(w.cube);
}

#endif
