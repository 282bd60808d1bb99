/* SPDX-License-Identifier: Apache-2.0 */
/* answers - what a place answered to the offers of different stacks, and whose order of suites that shows to decide. */
#ifndef REPORT_ANSWERS_H
#define REPORT_ANSWERS_H

#include "report/study_impl.h"

struct judge;

/* What the place showed that it can do for the offer of one stack before TLS 1.3: bits by version_rank(). Each from any full
 * handshake, because groups and signature schemes are the server's, not a suite's. */
struct serving {
    uint8_t curve, sign[2 /* suite_is_signed() */][AU_IBC + 1 /* enum suite_au */];
};

enum { ANSWERS_SEEN = 256, SUITES_SEEN = 256 };
/* What one place answered to one stack, of full handshakes and refusals since its last change. */
struct answer_seen {
    uint32_t stack, choice /* 0: refused */, row;
    bool proved; /* the suite of the choice, in a full handshake that completed */
    uint16_t kind; /* the number of the first answer with this choice */
    uint64_t served_13[ANSWERS_SEEN / 64]; /* by kind: choices of TLS 1.3 that would serve this stack, all of it visible */
    struct serving serving; /* of this stack */
};

/* What the place chose in any handshake since, resumed or seen in part as well: it is there, whoever got it. */
struct suite_seen {
    uint32_t suite;
    uint16_t group; /* 0: not visible */
    bool proved; /* it is among the answers, of a handshake that completed */
};
struct answers_seen { /* of the place looked at last; worked out when first asked for */
    uint32_t place;
    struct answer_seen at[ANSWERS_SEEN];
    struct suite_seen suite[SUITES_SEEN];
    unsigned n, suites;
    uint16_t kind[STUDY_PROOFS]; /* of each proof of the place; ANSWERS_SEEN: no answer has its choice */
    bool cut; /* there were more than these: what is not among them may be there */
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

/* What the place showed of the suite that somebody got before TLS 1.3, for the offer of another. */
struct served {
    bool suite, curve, sign;
};

struct served answers_served(const struct judge *j, const struct answer_seen *got, const struct answer_seen *other);
/* Would this choice, made for one, have served the other, as far as everything about it is visible? got: not a refusal. */
bool answers_could_serve(const struct judge *j, const struct answer_seen *got, const struct answer_seen *other);

/* Is this suite listed before that one? Where that is not listed at all (refusals): is it listed? */
bool offer_lists_before(const struct offer *o, uint32_t suite, uint32_t than);

#endif
