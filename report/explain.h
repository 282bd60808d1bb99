/* SPDX-License-Identifier: Apache-2.0 */
/* explain - one verdict's reasoning for people: a report like those of renders[], about view.study->subject alone. */
#ifndef REPORT_EXPLAIN_H
#define REPORT_EXPLAIN_H

#include "report/render.h"

int explain_report(FILE *out, const struct cube *c, const struct view *v, struct err *e);

#endif
