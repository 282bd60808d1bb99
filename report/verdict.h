/* SPDX-License-Identifier: Apache-2.0 */
/* verdict - judging one cell, step by step: for the study, and for the explanation of one verdict. */
#ifndef REPORT_VERDICT_H
#define REPORT_VERDICT_H

#include "report/answers.h"

enum { RANKS = 7 /* version_rank(); 0 is no version */ };
enum excuse { EXCUSE_NONE, EXCUSE_FALLBACK /* the client can do more than this hello says */,
              EXCUSE_HIGHER /* and does so at other times */, EXCUSE_UNKNOWN };
enum backends { BACKENDS_AGREE, BACKENDS_UNPROVED, BACKENDS_OLD /* one of them chooses a forbidden version */ };

/* What the cell's own rows show, since the last change of the place: numbers of rows, and the latest row of each kind, 0 none. */
struct own {
    uint32_t completed, failed, ambiguous, history /* before the change */, good;
    uint32_t retries, plain_tries; /* after a failed higher hello; not */
    uint32_t retry_row;
    uint32_t good_row, dim_row; /* full: satisfy the policy; as far as can be seen */
    uint32_t bad_row; /* violates it */
    uint32_t low_row, low_other; /* a forbidden version was chosen: in a full handshake; otherwise */
    uint32_t low_is; /* enum sight_is of low_row */
    uint32_t version_row; /* an allowed version was chosen */
    uint32_t full_row, fail_row, auth_row;
    uint32_t good_choice, dim_choice, bad_choice, version_choice, full_choice; /* of these rows */
    bool fresh; /* a hello that did not try to resume */
    bool strange; /* the server chose what was not offered */
};

struct judge {
    struct study *s;
    const struct policy *p;
    const struct cell *c;
    struct verdict *v;
    /* of the stack at the place */
    uint32_t run_place, run_stack;
    const struct place_facts *facts;
    const struct offer *offer;
    bool readable, nothing, no_scheme;
    struct residue left, cert_left;
    int top; /* highest rank that is offered and allowed */
    bool certs_done, cert_leaves_nothing;
    bool proofs_done;
    struct answers_seen answers;
    uint8_t run_backends; /* enum backends + 1 for the stack of this run; 0: not asked yet */
    uint8_t lacks_suites; /* enum lack + 1; 0: not asked of this run yet */
    bool lacks_by_habit; /* and that rests on several stacks that asked in vain */
    uint8_t lacks_key; /* asked of this run before? 0 no, 1 it does not, 2 it does */
    uint32_t lacks_key_row; /* the handshake that shows it */
    uint32_t version_proof[RANKS], whole_proof[RANKS], whole_notes[RANKS]; /* index in study.proof + 1 */
    /* of the cell */
    struct own own;
    enum excuse excuse;
    uint32_t higher; /* the stack of which this is a retry, once that is proved; else 0 */
    enum backends backends;
};

/* Prepares what the steps look at. j->v: where notes go. */
void judge_cell(struct judge *j, const struct cell *c);
struct verdict_step {
    bool (*matches)(struct judge *j);
    const char *question;
};
extern const struct verdict_step verdict_steps[VERDICT_COUNT];

/* Tries the steps in turn, and leaves the verdict in j->v. */
void judge_steps(struct judge *j);

/* verdict_left.c */
enum { UNPROVABLE = MISS_FEATURE /* that a server insists on a feature is not shown by a policy */ };
static inline bool judge_nothing_left(const struct residue *r)
{
    return (r->missing & ~(unsigned)UNPROVABLE) != 0;
}
void judge_open(struct judge *j); /* another stack or place than before */
/* What the policy leaves of a stack's offer, whoever the server; NULL: the offer cannot be read. */
const struct stack_left *judge_left(const struct judge *j, uint32_t stack);
bool judge_too_low(const struct judge *j, uint32_t stack, uint32_t choice);
/* The proofs of the place that matter for this stack, worked out when first asked for. */
void judge_proofs(struct judge *j);
bool judge_certs_leave_nothing(struct judge *j);

void judge_own(struct judge *j); /* verdict_own.c: fills j->own */
enum excuse judge_excuse(struct judge *j); /* verdict_retry.c: of a cell whose offer holds nothing allowed; may set j->higher */

/* absence.c: is it shown that the server has no suite that the policy leaves of this offer at the version that it chose for it? */
enum lack { LACK_NOT_SHOWN, LACK_SHOWN, LACK_FOR_GOOD /* and what is left is what nobody would switch on: RC4, NULL, anonymous */ };
enum lack judge_lacks_suites(struct judge *j, uint16_t version);
/* The same suite by suite, for explanations. false: nothing is concluded here, or the policy leaves none. */
enum absent_why { ABSENT_NOT, ABSENT_ORDER, ABSENT_REFUSED, ABSENT_GROUP, ABSENT_IN_VAIN, ABSENT_BY_DESIGN, ABSENT_WHYS };
enum order_shown { ORDER_NOT_SHOWN, ORDER_CLIENT, ORDER_OWN, ORDER_UNCLEAR };
struct leftovers {
    unsigned suites, by[ABSENT_WHYS];
    uint32_t there; /* the first that is not shown to be absent; else SUITE_NONE */
    enum order_shown order;
};
bool judge_leftovers(struct judge *j, uint16_t version, struct leftovers *out);
/* Likewise no certificate with a key that the policy allows and that this offer could take. */
bool judge_lacks_key(struct judge *j);

#endif
