/* SPDX-License-Identifier: Apache-2.0 */
/*
 * evidence - which handshakes show why a verdict is what it is, so that they can be found again in the captures; and whether a
 * small capture of them gives the same verdict by itself.
 */
#ifndef REPORT_EVIDENCE_H
#define REPORT_EVIDENCE_H

#include "report/study.h"

enum { EVIDENCE_HANDSHAKES = 96 /* of one verdict */ };

struct evidence {
    unsigned policy; /* in the request */
    uint8_t is; /* enum verdict_kind */
    /* whose verdict it is, apart from this cube's ids */
    struct addr client;
    struct place place; /* .sni and .scope are of the cube */
    char name[256]; /* SNI as bytes: .name_len */
    size_t name_len;
    char stack[13]; /* label; "": no hello was seen */
    struct exemplar at[EVIDENCE_HANDSHAKES];
    unsigned handshakes;
    bool whole; /* everything at this server is needed: what was seen before and after a change, or too much to choose from */
};

struct evidence_list {
    struct evidence *v;
    uint32_t n, left_out; /* left out: beyond max */
};

/* For each verdict that is not ready, most handshakes first, policy after policy. 0; -1: out of memory. The list is freed by the
 * caller with free(l->v). */
int evidence_choose(const struct cube *c, const struct view *v, uint32_t max, struct evidence_list *l);

/* Does this cube, under the policy of the evidence, give the verdict? */
bool evidence_agrees(const struct cube *c, const struct view *v, const struct evidence *x);

#endif
