/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session - the stream_sink of the program: every flow from its first bytes to a tls_event.
 *
 * First bytes, perhaps an upgrade dialogue, then TLS up to its outcome: state exists only in that span. One dissector serves
 * one flow table (one thread).
 */
#ifndef DISSECT_SESSION_H
#define DISSECT_SESSION_H

#include "capture/stats.h"
#include "capture/stream.h"
#include "dissect/event.h"

struct dissector;

/* sink and stats are borrowed. NULL when out of memory. */
struct dissector *dissector_new(struct event_sink *sink, struct stats *stats, uint64_t seed);
/* Open conversations and what they hold need no more than this (or the limits of base/limits.h, if these are less). */
void dissector_limit(struct dissector *d, size_t bytes);
void dissector_free(struct dissector *d); /* after flow_table_finish: no flow may still be open */
/* What to give to flow_table_new; lives as long as the dissector. */
const struct stream_sink *dissector_sink(struct dissector *d);

#endif
