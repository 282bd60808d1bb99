/* SPDX-License-Identifier: Apache-2.0 */
#include "report/text.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void text_heading(struct text *t, const char *title, const char *fmt, ...)
{
    bool color = t->r->view->color;
    (void)fprintf(t->out, "\n%s%s%s", color ? "\x1b[1m" : "", title, color ? "\x1b[0m" : "");
    if (fmt) {
        va_list ap;
        va_start(ap, fmt);
        (void)fputs("  ", t->out);
        (void)vfprintf(t->out, fmt, ap);
        va_end(ap);
    }
    (void)fputc('\n', t->out);
}

void text_say(struct text *t, const char *fmt, ...)
{
    char buf[SENTENCE];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(buf, sizeof buf, fmt, ap);
    va_end(ap);
    table_wrap(t->out, buf, TEXT_INDENT, strncmp(buf, "- ", 2) == 0 ? 2 : 0, TEXT_WIDTH);
}

void sentence_add(struct sentence *x, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(x->text + x->n, sizeof x->text - x->n, fmt, ap);
    va_end(ap);
    if (n > 0)
        x->n = x->n + (size_t)n < sizeof x->text ? x->n + (size_t)n : sizeof x->text - 1;
}

unsigned text_top(const struct text *t, size_t rows)
{
    unsigned top = t->r->view->top;
    return (unsigned)(top && rows > top ? top : rows);
}

void text_more(struct text *t, size_t rows, unsigned shown, const char *what)
{
    char n[PHRASE];
    if (rows > shown)
        (void)fprintf(t->out, "  ... and %s more %s: --top 0 shows all\n", text_count(rows - shown, n), what);
}

void text_table(struct text *t, struct table *table)
{
    table->width = TEXT_WIDTH;
    table->indent = TEXT_INDENT;
    table->color = t->r->view->color;
    table_print(table, t->out);
    t->failed = t->failed || table->failed;
    table_free(table);
}

const char *text_count(uint64_t n, char *buf)
{
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%llu", (unsigned long long)n), at = 0;
    for (int i = 0; i < len; i++) {
        if (i && (len - i) % 3 == 0)
            buf[at++] = ',';
        buf[at++] = digits[i];
    }
    buf[at] = '\0';
    return buf;
}

const char *text_dash(uint64_t n, char *buf)
{
    return n ? text_count(n, buf) : "-";
}

const char *text_many(uint64_t n, const char *one, const char *many, char *buf)
{
    char count[32]; /* digits and commas of 64 bits */
    (void)snprintf(buf, PHRASE, "%s %s", text_count(n, count), n == 1 ? one : many);
    return buf;
}

const char *text_share(uint64_t part, uint64_t whole, char *buf)
{
    double share = whole ? 100.0 * (double)part / (double)whole : 0;
    if (part && share < 0.1)
        (void)snprintf(buf, PHRASE, "<0.1%%");
    else if (part < whole && share > 99.9)
        (void)snprintf(buf, PHRASE, ">99.9%%");
    else
        (void)snprintf(buf, PHRASE, "%.1f%%", share);
    return buf;
}

const char *text_version(uint16_t version, char *buf)
{
    char name[NAME_TEXT];
    if (version == VER_NONE)
        return "-";
    const char *s = version_name(version, name);
    const char *v = strchr(s, 'v');
    if (!v || !strchr(v, '.')) /* SSLv3, 0x1234 */
        (void)snprintf(buf, PHRASE, "%s", s);
    else
        (void)snprintf(buf, PHRASE, "%.*s %s", (int)(v - s), s, v + 1);
    return buf;
}

const char *text_suite(uint32_t suite, char *buf)
{
    const struct suite *s = suite == SUITE_NONE ? NULL : suite_find(suite);
    if (suite == SUITE_NONE)
        return "-";
    if (s)
        return s->openssl ? s->openssl : s->iana;
    (void)snprintf(buf, PHRASE, "0x%04x", suite);
    return buf;
}
