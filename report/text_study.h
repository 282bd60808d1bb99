/* SPDX-License-Identifier: Apache-2.0 */
/* text_study - the sections of the study under the policy judged last, for text_study.c, which puts them together. */
#ifndef REPORT_TEXT_STUDY_H
#define REPORT_TEXT_STUDY_H

#include "report/study.h"
#include "report/text.h"

/* What somebody has to act on first; what fails today already is no news of the cutover. */
extern const uint8_t verdicts_worst_first[VERDICT_COUNT];
bool verdict_is_bad(unsigned v); /* something is to be done about it, or not known */

void text_decision(struct text *t, const struct study *s);
/* What --enforce names and nobody used; what is judged only because it shares an endpoint with what is named. */
void text_enforce_missed(struct text *t, const struct study *s);
void text_came_along(struct text *t, const struct study *s);
void text_how_sure(struct text *t, const struct study *s);
void text_by_server(struct text *t, const struct study *s);
void text_by_client(struct text *t, const struct study *s); /* and those that were replaced or accepted */

#endif
