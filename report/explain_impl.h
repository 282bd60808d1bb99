/* SPDX-License-Identifier: Apache-2.0 */
/* explain_impl - the parts of the explanation of one verdict, for explain.c, which finds it. */
#ifndef REPORT_EXPLAIN_IMPL_H
#define REPORT_EXPLAIN_IMPL_H

#include "report/text.h"
#include "report/verdict.h"

struct explaining {
    FILE *out;
    struct study *s;
    struct judge j; /* of the cell in question */
};

/* A paragraph; lines after its first are indented by hang more. */
__attribute__((format(printf, 3, 4))) void explain_say(const struct explaining *x, unsigned hang, const char *fmt, ...);

/* What was seen, what it offers, what the server chose for anybody, and what would be left to choose. */
void explain_facts(struct explaining *x);
/* The sessions of a pair that went on in clear text by one upgrade, a line for each row of them: from first in study.plain
 * on. Nothing where first is 0. */
void explain_plain(const struct explaining *x, uint32_t first, uint8_t upgrade);
/* Each question in turn up to the one that v answers with yes; the verdict and its reasons. */
void explain_steps(const struct explaining *x, const struct verdict *v);

#endif
