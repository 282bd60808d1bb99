/* SPDX-License-Identifier: Apache-2.0 */
/*
 * escape - the two steps under escape_text() (report/render.h), for writers that need no bounded buffer.
 *
 * What becomes \xNN, byte by byte: control characters (C0, DEL, C1), everything that is not well-formed UTF-8 (RFC 3629:
 * no overlong forms, no surrogates), and the characters that show nothing or reorder their neighbours (bidirectional
 * marks, overrides and isolates, zero-width and line separators, tags). A backslash before an "x" is escaped as well, so
 * that \xNN in the output always means a byte; any other backslash (RFC 2253 names have them) stays.
 */
#ifndef REPORT_ESCAPE_H
#define REPORT_ESCAPE_H

#include "base/rd.h"

/* How many bytes from here stand for themselves: printable ASCII without quote and backslash. In the header because nearly
 * all text is of that kind, and JSON lines are mostly text. */
static inline bool escape_is_plain(uint8_t b)
{
    return b >= 0x20 && b < 0x7f && b != '"' && b != '\\';
}

static inline size_t escape_plain(struct rd text)
{
    const uint8_t *p = text.p;
    while (p < text.end && escape_is_plain(*p))
        p++;
    return (size_t)(p - text.p);
}

/* Read one character (or one bad byte) and write its printable form, no NUL. Returns the form's length, 1..ESCAPE_UNIT. */
enum { ESCAPE_UNIT = 16 };
size_t escape_unit(struct rd *text, char out[ESCAPE_UNIT]);

#endif
