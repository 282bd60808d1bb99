/* SPDX-License-Identifier: Apache-2.0 */
#include "report/json_out.h"
#include "report/escape.h"
#include "report/stamp.h"

#include <math.h>
#include <stdlib.h>

/* Grows the buffer; the common case stays small enough to be inlined. */
static bool grow(struct json_out *j, size_t n)
{
    size_t cap = j->cap ? j->cap : 4096;
    while (cap - j->n < n)
        cap *= 2;
    char *p = realloc(j->p, cap);
    if (!p) {
        j->failed = true;
        return false;
    }
    j->p = p;
    j->cap = cap;
    return true;
}

static inline char *room(struct json_out *j, size_t n)
{
    return j->cap - j->n >= n || grow(j, n) ? j->p + j->n : NULL;
}

static inline void put(struct json_out *j, const char *s, size_t n)
{
    char *p = room(j, n);
    if (!p)
        return;
    memcpy(p, s, n);
    j->n += n;
}

/* What stands before a value: the comma that is due, a line's beginning, its key. */
static void lead(struct json_out *j, const char *key)
{
    size_t n = key ? strlen(key) : 0;
    char *p = room(j, n + 5), *at = p;
    if (!p)
        return;
    if (j->comma)
        *at++ = ',';
    if (j->newline)
        *at++ = '\n';
    if (key) {
        *at++ = '"';
        memcpy(at, key, n);
        at += n;
        *at++ = '"';
        *at++ = ':';
    }
    j->n += (size_t)(at - p);
    j->newline = false;
    j->comma = true;
}

static void open_bracket(struct json_out *j, const char *key, const char *bracket)
{
    lead(j, key);
    put(j, bracket, 1);
    j->comma = false;
}

static void close_bracket(struct json_out *j, const char *bracket)
{
    if (j->newline)
        put(j, "\n", 1);
    put(j, bracket, 1);
    j->newline = false;
    j->comma = true;
}

void json_out_free(struct json_out *j)
{
    free(j->p);
    *j = (struct json_out){ 0 };
}

void json_object(struct json_out *j, const char *key)
{
    open_bracket(j, key, "{");
}

void json_array(struct json_out *j, const char *key)
{
    open_bracket(j, key, "[");
}

void json_end_object(struct json_out *j)
{
    close_bracket(j, "}");
}

void json_end_array(struct json_out *j)
{
    close_bracket(j, "]");
}

/* Quoting on top of escaping: only these two are left that JSON does not take as they are (RFC 8259 section 7). */
static void put_quoted(struct json_out *j, const char *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (s[i] == '"' || s[i] == '\\')
            put(j, "\\", 1);
        put(j, s + i, 1);
    }
}

void json_wire(struct json_out *j, const char *key, struct rd text)
{
    lead(j, key);
    put(j, "\"", 1);
    while (rd_left(&text)) {
        size_t plain = escape_plain(text);
        if (plain) {
            put(j, (const char *)text.p, plain);
            rd_skip(&text, plain);
            continue;
        }
        char unit[ESCAPE_UNIT] = "";
        size_t n = escape_unit(&text, unit);
        put_quoted(j, unit, n);
    }
    put(j, "\"", 1);
}

void json_text(struct json_out *j, const char *key, const char *text)
{
    if (text)
        json_wire(j, key, rd_of(text, strlen(text)));
    else
        json_null(j, key);
}

void json_uint(struct json_out *j, const char *key, uint64_t v)
{
    char buf[20], *p = buf + sizeof buf;
    do
        *--p = (char)('0' + v % 10);
    while (v /= 10);
    lead(j, key);
    put(j, p, (size_t)(buf + sizeof buf - p));
}

void json_decimal(struct json_out *j, const char *key, double v)
{
    char buf[340]; /* the largest double has 309 digits */
    int n = isfinite(v) ? snprintf(buf, sizeof buf, "%.2f", v) : -1;
    if (n < 0) {
        json_null(j, key);
        return;
    }
    lead(j, key);
    put(j, buf, (size_t)n);
}

void json_bool(struct json_out *j, const char *key, bool v)
{
    lead(j, key);
    put(j, v ? "true" : "false", v ? 4 : 5);
}

void json_null(struct json_out *j, const char *key)
{
    lead(j, key);
    put(j, "null", 4);
}

static const char hex_digit[] = "0123456789abcdef";

void json_hex(struct json_out *j, const char *key, uint32_t v, unsigned digits)
{
    char buf[12] = "\"0x";
    unsigned n = 3;
    for (unsigned i = digits; i-- > 0;)
        buf[n++] = hex_digit[v >> (4 * i) & 15];
    buf[n++] = '"';
    lead(j, key);
    put(j, buf, n);
}

void json_bytes(struct json_out *j, const char *key, const uint8_t *p, size_t n)
{
    lead(j, key);
    char *to = room(j, 2 * n + 2);
    if (!to)
        return;
    j->n += 2 * n + 2;
    *to++ = '"';
    for (size_t i = 0; i < n; i++) {
        *to++ = hex_digit[p[i] >> 4];
        *to++ = hex_digit[p[i] & 15];
    }
    *to = '"';
}

void json_time(struct json_out *j, const char *key, int64_t ns)
{
    char buf[1 + STAMP_SECONDS + 9] = "\"";
    int64_t s = ns / 1000000000, rest = ns % 1000000000;
    if (rest < 0) {
        s--;
        rest += 1000000000;
    }
    (void)stamp_write(s, buf + 1); /* int64_t nanoseconds reach from 1677 to 2262 */
    buf[1 + STAMP_SECONDS] = '.';
    stamp_digits(buf + 2 + STAMP_SECONDS, 6, (unsigned)(rest / 1000));
    buf[8 + STAMP_SECONDS] = 'Z';
    buf[9 + STAMP_SECONDS] = '"';
    lead(j, key);
    put(j, buf, sizeof buf);
}

void json_seconds(struct json_out *j, const char *key, int64_t s)
{
    char buf[1 + STAMP_SECONDS + 2] = "\"";
    if (!stamp_write(s, buf + 1)) {
        json_null(j, key);
        return;
    }
    buf[1 + STAMP_SECONDS] = 'Z';
    buf[2 + STAMP_SECONDS] = '"';
    lead(j, key);
    put(j, buf, sizeof buf);
}

void json_raw(struct json_out *j, const char *p, size_t n)
{
    put(j, p, n);
    j->comma = j->newline = false;
}

void json_newline(struct json_out *j)
{
    j->newline = true;
}

void json_end_line(struct json_out *j)
{
    j->comma = false;
    put(j, "\n", 1);
}

bool json_out_flush(struct json_out *j, FILE *out)
{
    if (j->failed)
        return false;
    size_t n = j->n;
    j->n = 0;
    return n == 0 || fwrite(j->p, 1, n, out) == n;
}
