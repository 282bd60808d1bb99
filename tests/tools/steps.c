/* SPDX-License-Identifier: Apache-2.0 */
/*
 * steps - the way of a capture's packets through the program up to a step, and no further: `steps read|decode|flows|dissect FILE`.
 * Timed beside each other they tell what each step costs (tests/bench/performance.py).
 */
#include "capture/decode.h"
#include "capture/flow.h"
#include "capture/source.h"
#include "dissect/session.h"

#include <stdio.h>
#include <string.h>

enum step { STEP_READ, STEP_DECODE, STEP_FLOWS, STEP_DISSECT, STEPS };
static const char *const names[STEPS] = { "read", "decode", "flows", "dissect" };

struct way {
    enum step last;
    int dlt;
    struct decode *decode;
    struct flow_table *flows;
};

/* A sink that is content with the first bytes of a flow. */
static bool peek_any(void *ctx, uint8_t proto, uint16_t sport, uint16_t dport, enum peek_at at, struct rd payload)
{
    (void)ctx, (void)proto, (void)sport, (void)dport, (void)at, (void)payload;
    return true;
}

static enum stream_verdict done(void *ctx, struct flow *f, unsigned d, struct rd b)
{
    (void)ctx, (void)f, (void)d, (void)b;
    return STREAM_DONE;
}

static enum stream_verdict done_gap(void *ctx, struct flow *f, unsigned d, uint32_t missing)
{
    (void)ctx, (void)f, (void)d, (void)missing;
    return STREAM_DONE;
}

static void end(void *ctx, struct flow *f, enum end_reason why, unsigned by)
{
    (void)ctx, (void)f, (void)why, (void)by;
}

static void drop(struct event_sink *self, const struct tls_event *ev)
{
    (void)self, (void)ev;
}

/* As cli/pipeline.c does it, a few packets at a time. */
static unsigned run(const struct way *w, const struct packet *p, unsigned n)
{
    enum { AHEAD = 16 };
    struct decoded unit[AHEAD];
    const struct packet *of[AHEAD];
    unsigned units = 0, taken = 0;
    bool alone = true;
    while (taken < n && units < AHEAD && alone) {
        const struct packet *now = &p[taken++];
        if (w->last == STEP_READ || !decode_packet(w->decode, w->dlt, now, &unit[units]))
            continue;
        if (w->last >= STEP_FLOWS)
            flow_expect(w->flows, &unit[units]);
        of[units] = now;
        alone = !unit[units++].fleeting;
    }
    for (unsigned i = 0; i < units && w->last >= STEP_FLOWS; i++)
        (void)flow_packet(w->flows, of[i], &unit[i]);
    return taken;
}

int main(int argc, char **argv)
{
    struct err e = { "" };
    struct stats stats = { 0 };
    struct event_sink nobody = { .event = drop };
    const struct stream_sink content = { .peek = peek_any, .bytes = done, .gap = done_gap, .datagram = done, .end = end };
    struct way w = { .last = STEP_READ };
    while (argc == 3 && w.last < STEPS && strcmp(argv[1], names[w.last]) != 0)
        w.last++;
    struct source *s = argc == 3 && w.last < STEPS ? source_open(argv[2], NULL, &e) : NULL;
    struct batch *b = batch_new();
    struct dissector *d = dissector_new(&nobody, &stats, 1);
    w.decode = decode_new(NULL, 1, &stats);
    w.flows = d ? flow_table_new(NULL, 1, w.last == STEP_DISSECT ? dissector_sink(d) : &content, &stats) : NULL;
    if (!s || !b || !w.decode || !w.flows) {
        fprintf(stderr, "usage: steps read|decode|flows|dissect FILE %s\n", e.text);
        return 2;
    }
    w.dlt = source_dlt(s);
    enum source_status st = SOURCE_BATCH;
    while (st == SOURCE_BATCH) {
        st = source_fill(s, b, 1, &e);
        for (unsigned i = 0; i < b->count;)
            i += run(&w, b->packet + i, b->count - i);
    }
    flow_table_finish(w.flows);
    flow_table_free(w.flows);
    dissector_free(d);
    decode_free(w.decode);
    batch_free(b);
    source_close(s);
    return st == SOURCE_END ? 0 : 1;
}
