/* SPDX-License-Identifier: Apache-2.0 */
/* verdict - judging one cell, step by step: for the study, and for the explanation of one verdict. */
#ifndef REPORT_VERDICT_H
#define REPORT_VERDICT_H

#include "report/study_impl.h"

enum { RANKS = 7 /* version_rank(); 0 is no version */ };
enum excuse { EXCUSE_NONE, EXCUSE_FALLBACK /* the client can do more than this hello says */,
              EXCUSE_HIGHER /* and does so at other times */, EXCUSE_UNKNOWN };
enum backends { BACKENDS_AGREE, BACKENDS_UNPROVED, BACKENDS_OLD /* one of them chooses a forbidden version */ };

/* What the cell's own rows show, since the last change of the place. Rows: the latest of their kind, 0 none. */
struct own {
    uint64_t completed, failed, ambiguous, history /* before the change */, good;
    uint64_t retries, plain_tries; /* after a failed higher hello; not */
    uint32_t higher; /* profile of that hello */
    uint32_t good_row, dim_row; /* full: satisfy the policy; as far as can be seen */
    uint32_t bad_row; /* violates it */
    uint32_t low_row, low_other; /* a forbidden version was chosen: in a full handshake; otherwise */
    uint32_t version_row; /* an allowed version was chosen */
    uint32_t full_row, fail_row;
    uint16_t auth_version; /* in which a client certificate was sent; 0 none */
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
    bool readable, nothing, cert_leaves_nothing;
    struct offer offer;
    struct residue left, cert_left;
    int top; /* highest rank that is offered and allowed */
    uint32_t version_proof[RANKS], whole_proof[RANKS], whole_notes[RANKS]; /* index in study.proof + 1 */
    /* of the cell */
    struct own own;
    enum excuse excuse;
    enum backends backends;
};

/* Prepares what the steps look at. j->v: where notes go. */
void judge_cell(struct judge *j, const struct cell *c);
struct verdict_step {
    bool (*matches)(struct judge *j);
    const char *question;
};
extern const struct verdict_step verdict_steps[VERDICT_COUNT];

bool choice_allowed_version(const struct policy *p, uint16_t version);
enum answer choice_answer(const struct judge *j, const struct proof *p, const struct choice *seen);

#endif
