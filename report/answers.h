/* SPDX-License-Identifier: Apache-2.0 */
/* answers - what a place answered to the offers of different stacks, and whose order of suites that shows to decide. */
#ifndef REPORT_ANSWERS_H
#define REPORT_ANSWERS_H

#include "report/study_impl.h"

struct judge;

/* What one place answered to one stack, of full handshakes and refusals since its last change. */
struct answer_seen {
    uint32_t stack, choice /* 0: refused */, row;
};
enum { ANSWERS_SEEN = 256 };
struct answers_seen { /* of the place looked at last; worked out when first asked for */
    uint32_t place;
    struct answer_seen at[ANSWERS_SEEN];
    unsigned n;
    bool client_order, own_order; /* which order of suites the server is shown to follow */
    bool mixed; /* both, so neither is to be relied on */
};

/* Of the place of the cell that is judged. */
const struct answers_seen *answers_of_place(struct judge *j);

static inline bool suite_on_curve(const struct suite *x)
{
    return x->kx == KX_ECDHE || x->kx == KX_ECDHE_PSK || x->kx == KX_ECDH;
}

static inline bool suite_is_signed(const struct suite *x)
{
    return x->kx == KX_ECDHE || x->kx == KX_DHE;
}

/* What the place showed of a suite at a version before TLS 1.3, for the offer of one stack: each from any full handshake, because
 * groups and signature schemes are the server's, not a suite's. */
struct served {
    bool suite, curve, sign;
};

struct served answers_served(const struct judge *j, const struct choice *c, const struct suite *x, uint32_t stack);
/* Would this choice, made for another, have served this stack, as far as everything about it is visible? */
bool answers_could_serve(const struct judge *j, uint32_t choice, uint32_t stack);

/* Is this suite listed before that one? Where that is not listed at all (refusals): is it listed? */
bool offer_lists_before(const struct offer *o, uint32_t suite, uint32_t than);

#endif
