/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pipeline - packets in, events into the cube and a streaming output: decoding, and one lane, or a crew of several that share the
 * flows (--threads). Wires the layers. What is said here of counters and windows holds inside fill, and between runs.
 */
#ifndef CLI_PIPELINE_H
#define CLI_PIPELINE_H

#include "capture/batch.h"
#include "cli/cli.h"

struct pipeline;

/* cube and stream (may be NULL) are borrowed. NULL and *e set on failure. */
struct pipeline *pipeline_new(const struct options *o, struct cube *cube, struct event_sink *stream, struct err *e);
/* Ends open flows; then all that was tallied is in the cube. Call once, before pipeline_free; not after an error. -1 and *e: out of
 * memory. */
int pipeline_finish(struct pipeline *p, struct err *e);
void pipeline_free(struct pipeline *p);
/* Between batches: what was counted so far goes into the cube, to be saved and taken out of it (cube_restart). What is open stays
 * open. true: the cube is crowded, and nothing waits in it any more. */
bool pipeline_settle(struct pipeline *p);

void pipeline_link(struct pipeline *p, int dlt); /* link type of the packets that follow */
/* Fills the batch with the packets that come next. false: nothing more for now; what it filled in counts all the same. */
typedef bool pipeline_fill(void *ctx, struct batch *b);
/* Takes batches from fill until it returns false. With --threads any of them calls it, one call after the other; when this returns
 * all calls have. -1 and *e: a thread that could not be started, or no memory. */
int pipeline_run(struct pipeline *p, pipeline_fill *fill, void *ctx, struct err *e);
/* From now on also show each decoded packet to the mirror check; NULL stops that. Borrowed. */
struct check;
void pipeline_check(struct pipeline *p, struct check *check);
/* The live counters: for what the source counts (drops, cut files). They go to the hour of the latest packet. Of several threads
 * they are those of the reading one: packets, and what decoding drops. */
struct stats *pipeline_stats(struct pipeline *p);
/* Times of the first and last packet since the last call of pipeline_window_reset. 0 when there was none. */
struct window {
    int64_t first_ns, last_ns;
    uint64_t packets, bytes;
};
void pipeline_window_reset(struct pipeline *p);
struct window pipeline_window(const struct pipeline *p);

#endif
