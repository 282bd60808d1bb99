/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fallback - recognises fallback dances: a failed hello followed, within seconds, by a lower one from the same client to the
 * same server (old browsers and several client libraries retried like that; RFC 7507 describes it).
 *
 * Where others speak to the server for the client (a balancer, an access server), the retry is looked for by the same way only.
 * Only recorded here, never judged: behind a NAT two machines look like one dancer. A small table of recent failures, the
 * oldest of its set replaced when full, so that a flood of failing hellos costs nothing but old entries.
 */
#ifndef REPORT_FALLBACK_H
#define REPORT_FALLBACK_H

#include "base/addr.h"
#include "dissect/event.h"

struct fallback;

struct fallback_hello {
    const struct endpoint *client, *server;
    uint32_t sni; /* name id, 0 none: a retry in SSL 3.0 has no room for one */
    uint32_t profile; /* of this hello; not 0 */
    uint16_t max_version; /* of this hello */
    uint8_t outcome; /* enum outcome */
    int64_t ts_ns, end_ns; /* of the hello; of what ended it */
    const struct addr *via; /* who speaks to the server for the client; NULL or ADDR_NONE: the client itself */
    uint64_t who; /* fallback_expect of client and server; 0: not asked */
};

struct fallback *fallback_new(uint64_t seed); /* NULL: out of memory */
void fallback_free(struct fallback *f);

/* A handshake that will soon be noted, in two steps with others in between: what it will be looked up in is on its way into the
 * cache meanwhile. */
uint64_t fallback_expect(const struct fallback *f, const struct endpoint *client, const struct endpoint *server);
void fallback_expect_set(const struct fallback *f, const struct fallback_hello *h); /* h->who, client, server, via */
/* Takes note of one handshake. The profile of the failed higher hello that this one follows, or 0. */
uint32_t fallback_from(struct fallback *f, const struct fallback_hello *h);

#endif
