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

enum flow_scope { SCOPE_NONE, SCOPE_VLAN, SCOPE_VNI }; /* tenant ids that are part of the key (--scope) */

struct flow_options {
    uint32_t max_flows; /* 0: LIMIT_FLOWS */
    uint32_t max_conns; /* 0: LIMIT_CONNS */
    enum flow_scope scope;
};

/* seed: random per run, so that nobody can aim at one bucket. sink and stats are borrowed. NULL when out of memory. */
struct flow_table *flow_table_new(const struct flow_options *opt, uint64_t seed, const struct stream_sink *sink,
                                  struct stats *stats);
void flow_table_free(struct flow_table *t); /* does not call the sink: flow_table_finish first */

/* Returns whether it carried one of the first payloads of a flow that is not decided: what classify may learn from. */
bool flow_packet(struct flow_table *t, const struct packet *p, const struct decoded *d);

/* Everything still open ends with END_INPUT (oldest first). */
void flow_table_finish(struct flow_table *t);

size_t flow_table_bytes(const struct flow_table *t); /* memory held now */

#endif
