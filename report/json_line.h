/* SPDX-License-Identifier: Apache-2.0 */
/* json_line - where in its text a parsed JSON value stands: cJSON does not keep that, and an error without a line is no
 * help. */
#ifndef REPORT_JSON_LINE_H
#define REPORT_JSON_LINE_H

#include <stddef.h>

struct cJSON;

/* The line, from 1, on which target begins (a member of an object: where its name begins). text: what root was parsed from.
 * Walks tree and text side by side, so it is for errors only. Of a target that is not below root: 1. */
unsigned json_line(const char *text, const struct cJSON *root, const struct cJSON *target);

/* The line of an offset. */
unsigned json_line_at(const char *text, size_t offset);

#endif
