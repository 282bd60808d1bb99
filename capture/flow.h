/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flow - the flow table and TCP reassembly: decoded packets in, stream_sink calls out.
 */
#ifndef CAPTURE_FLOW_H
#define CAPTURE_FLOW_H

#include "capture/packet.h"
#include "capture/stats.h"
#include "capture/stream.h"

struct flow_table;

/*
 * The time by which flows are idle, in whole seconds: it goes with the packets' time, never back. A time stamp from another
 * age moves it by a bounded step once. Several clocks in one capture (a port whose time stamps are 37 s of TAI ahead, a
 * merge of two files) may take turns: each is followed by itself. What every flow is measured by is one clock, so that a
 * flow's fate depends on no other flow, and tables that share the flows of a capture between them agree when they are told
 * the same time.
 */
enum { FLOW_CLOCKS = 4 }; /* remembered at once; more of them taking turns count as jumps */
#define FLOW_CLOCK_APART_NS INT64_C(10000000000) /* a time stamp farther than this from a clock's last is another clock's */
struct flow_clock {
    uint32_t now; /* seconds; wraps */
    int64_t next_ns; /* of the clock in use: its time of the next second */
    uint64_t now_ns; /* what now is the seconds of */
    struct { int64_t last_ns, ahead_ns; /* now_ns = its time + ahead_ns; modulo 2^64 */ } clock[FLOW_CLOCKS];
    unsigned used, made; /* the one in use; how many there have been: each takes the oldest's place */
};
void flow_clock_move(struct flow_clock *c, int64_t ts_ns);
/* Is a packet of this time in the second that the clock in use is in, or little before it? */
static inline bool flow_clock_stands(const struct flow_clock *c, int64_t ts_ns)
{
    return ts_ns < c->next_ns && ts_ns >= c->next_ns - FLOW_CLOCK_APART_NS;
}
/* A packet of this time comes: true when a second is over (then the tables are to be told). */
static inline bool flow_clock_tick(struct flow_clock *c, int64_t ts_ns)
{
    if (flow_clock_stands(c, ts_ns))
        return false;
    uint32_t before = c->now;
    flow_clock_move(c, ts_ns);
    return c->now != before;
}

enum flow_scope { SCOPE_NONE, SCOPE_VLAN, SCOPE_VNI }; /* tenant ids that are part of the key (--scope) */

struct flow_options {
    uint32_t max_flows; /* 0: LIMIT_FLOWS */
    uint32_t max_conns; /* 0: LIMIT_CONNS */
    size_t max_buffered; /* bytes out of order, of all connections; 0: LIMIT_OOO_TOTAL */
    enum flow_scope scope;
};

/* seed: random per run, so that nobody can aim at one bucket. sink and stats are borrowed. NULL when out of memory. */
struct flow_table *flow_table_new(const struct flow_options *opt, uint64_t seed, const struct stream_sink *sink,
                                  struct stats *stats);
void flow_table_free(struct flow_table *t); /* does not call the sink: flow_table_finish first */

/* A packet that flow_packet will be given soon, a few others after: what it will look at first is fetched into the cache. */
void flow_expect(const struct flow_table *t, struct decoded *d);

/* Returns whether it carried one of the first payloads of a flow that is not decided: what classify may learn from. */
bool flow_packet(struct flow_table *t, const struct packet *p, const struct decoded *d);

/* The same in two parts, for a table that sees only some of the flows of a capture: the time, whoever's packet brought it (idle
 * connections end), and a packet. order: the packet's number among those of all tables, which only ever grows. */
void flow_table_time(struct flow_table *t, uint32_t now);
bool flow_table_packet(struct flow_table *t, uint64_t order, const struct packet *p, const struct decoded *d);
/* In the sink: of a connection that ends for want of packets, the number of the packet by which it is in its place among those
 * that end likewise; UINT64_MAX when it is the present packet that has something to say. */
uint64_t flow_table_order(const struct flow_table *t);

/* Everything still open ends with END_INPUT (oldest first). */
void flow_table_finish(struct flow_table *t);


#endif
