/* SPDX-License-Identifier: Apache-2.0 */
/* stamp - packet time as text: RFC 3339, always UTC. No clock is read and no time zone asked for. */
#ifndef REPORT_STAMP_H
#define REPORT_STAMP_H

#include <stdbool.h>
#include <stdint.h>

enum { STAMP_SECONDS = 19 /* "2026-01-02T03:04:05" */, STAMP_DATE = 10 /* "2026-01-02" */ };

/* Seconds since 1970 as STAMP_SECONDS characters, no NUL. false outside the years 0..9999 (and nothing is written). */
bool stamp_write(int64_t seconds, char *out);

/* v in that many digits, zero-filled, no NUL. */
void stamp_digits(char *out, unsigned digits, unsigned v);

/* "2026-01-02 03:04:05" of nanoseconds since 1970, for people; returns buf. */
enum { STAMP_TEXT = 24 };
const char *stamp_text(int64_t ns, char buf[STAMP_TEXT]);
/* "2026-01-02" of seconds since 1970; "-" when out of range. */
const char *stamp_date(int64_t seconds, char buf[STAMP_TEXT]);

#endif
