/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reconnect - what became of clients that were refused TLS and closed: did they come back to the same server within seconds?
 *
 * Whether they did shows only in a later event, so the tally of a refused session waits here. A small table, the oldest of its
 * set given back when full: a flood of refusals is tallied as closed a little earlier.
 */
#ifndef REPORT_RECONNECT_H
#define REPORT_RECONNECT_H

#include "report/cube.h"

struct reconnect;

struct refusal { /* a row to be, and when its session was over */
    struct cube_key key;
    struct cube_val val;
    int64_t end_ns;
    bool whole; /* as cube_put_row has it */
};

struct reconnect_parties {
    const struct endpoint *client, *server;
    const struct addr *via; /* as in struct fallback_hello */
};

struct reconnect *reconnect_new(void); /* NULL: out of memory */
void reconnect_free(struct reconnect *r);

/* These parties met again, at ts_ns. Takes out a refusal that it follows; ask until false. */
bool reconnect_follows(struct reconnect *r, const struct reconnect_parties *who, int64_t ts_ns, struct refusal *out);
/* Hold a refusal. true: another one had to give way, *out. */
bool reconnect_hold(struct reconnect *r, const struct reconnect_parties *who, const struct refusal *in, struct refusal *out);
/* Takes out any. false: none is held. */
bool reconnect_any(struct reconnect *r, struct refusal *out);

#endif
