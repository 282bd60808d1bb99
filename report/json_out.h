/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json_out - JSON as it is produced, into one growing buffer: nothing but the current record is ever held.
 *
 * Values are written in document order; commas come by themselves. Keys are constants of this program, never packet data.
 * Text is passed through escape_text's rules and then quoted, whatever its origin, so that nothing from the wire can reach
 * a terminal or break a line. After an out-of-memory .failed is set and the buffer is incomplete: ask once, at the end.
 */
#ifndef REPORT_JSON_OUT_H
#define REPORT_JSON_OUT_H

#include "base/rd.h"

#include <stdio.h>

struct json_out {
    char *p;
    size_t n, cap;
    bool comma, newline; /* due before what comes next */
    bool failed;
};

void json_out_free(struct json_out *j); /* the buffer; *j may be used again */

/* key is NULL inside an array and for the document itself. */
void json_object(struct json_out *j, const char *key);
void json_array(struct json_out *j, const char *key);
void json_end_object(struct json_out *j);
void json_end_array(struct json_out *j);
void json_text(struct json_out *j, const char *key, const char *text); /* NULL: null */
void json_wire(struct json_out *j, const char *key, struct rd text); /* bytes from the wire */
void json_uint(struct json_out *j, const char *key, uint64_t v);
void json_decimal(struct json_out *j, const char *key, double v); /* two decimals; null when it is not a finite number */
void json_bool(struct json_out *j, const char *key, bool v);
void json_null(struct json_out *j, const char *key);
void json_hex(struct json_out *j, const char *key, uint32_t v, unsigned digits); /* "0xc02f" */
void json_bytes(struct json_out *j, const char *key, const uint8_t *p, size_t n); /* "a1b2..." */
void json_time(struct json_out *j, const char *key, int64_t ns); /* RFC 3339, UTC, microseconds */
void json_seconds(struct json_out *j, const char *key, int64_t s); /* whole seconds; null beyond the years 0..9999 */
void json_raw(struct json_out *j, const char *p, size_t n); /* a piece of a document as it is; a value may follow */
void json_newline(struct json_out *j); /* what comes next begins a line: for people and line tools */
void json_end_line(struct json_out *j); /* the document is complete; another may follow */

/* Hand what is in the buffer to the file and empty it. false: the write failed (errno says why) or .failed is set. */
bool json_out_flush(struct json_out *j, FILE *out);

#endif
