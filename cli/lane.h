/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lane - what one thread of a run has: flow table, dissector, counters, and the cube and the stream that its events go to.
 */
#ifndef CLI_LANE_H
#define CLI_LANE_H

#include "cli/cli.h"
#include "dissect/session.h"

struct lane {
    struct event_sink sink; /* first: what the dissector gives events to */
    struct stats stats, counted; /* now; and at the start of this hour */
    int64_t hour; /* since 1970, of stats - counted; once in_hour */
    bool in_hour;
    struct dissector *dissector;
    struct flow_table *flows;
    struct cube *cube; /* borrowed; NULL: events go to the stream alone */
    struct event_sink *stream; /* borrowed; may be NULL */
    const struct view *view; /* of the options; narrows the stream */
    bool exact; /* what is not of --since and --until is not tallied: nothing is saved that would lack it */
    bool anonymize;
    bool shares; /* the flows with other lanes: each event is told its place in the order of the run */
    uint64_t order; /* where it shares: the number of the unit that is dealt with */
};

/* Everything but flows. of: how many lanes share the flows. */
void lane_init(struct lane *l, const struct options *o, struct cube *cube, struct event_sink *stream, unsigned of);
int lane_open(struct lane *l, const struct options *o, unsigned of, struct err *e); /* and those. -1 and *e */
void lane_hour(struct lane *l, int64_t hour); /* what is counted from now on is of that hour */
void lane_pause(struct lane *l); /* what was counted and tallied so far goes into the cube */
void lane_finish(struct lane *l); /* open flows end; the last hour goes into the cube */
void lane_close(struct lane *l); /* without an event: after an error flows may still be open */

#endif
