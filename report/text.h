/* SPDX-License-Identifier: Apache-2.0 */
/* text - the sections of the text report and the phrases that they share. */
#ifndef REPORT_TEXT_H
#define REPORT_TEXT_H

#include "report/rollup.h"
#include "report/table.h"

enum { TEXT_WIDTH = 100, TEXT_INDENT = 2, PHRASE = 256, SENTENCE = 8000 /* every suite of a server's, by version, fits */ };

struct text {
    FILE *out;
    const struct rollup *r;
    bool failed; /* out of memory */
};

/* The row "text" of renders[]. */
int text_report(FILE *out, const struct cube *c, const struct view *v, struct err *e);

/* The sections, in the order of the report. */
void text_read(struct text *t);
void text_not_seen(struct text *t);
void text_readiness(struct text *t);
void text_study(struct text *t); /* nothing where no policy was asked for */
struct study;
void text_showed(struct text *t, const struct study *s); /* what each place showed that it can do; part of the study */
void text_servers(struct text *t);
void text_clients(struct text *t);
void text_suites(struct text *t);
void text_failures(struct text *t);
void text_upgrades(struct text *t);
void text_cleartext(struct text *t);
void text_facts(struct text *t);
void text_apart(struct text *t);

void text_heading(struct text *t, const char *title, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* A paragraph, broken at blanks to the width; one that begins with "- " hangs from there. */
void text_say(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* What is put together piece by piece before it is said; all zero to begin with. */
struct sentence {
    char text[SENTENCE];
    size_t n;
};
void sentence_add(struct sentence *x, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
unsigned text_top(const struct text *t, size_t rows); /* how many of them to show */
void text_more(struct text *t, size_t rows, unsigned shown, const char *what); /* "... and 312 more" */
void text_table(struct text *t, struct table *table); /* prints and frees it */

/* The phrases below write into buf (PHRASE bytes) and return it. */
const char *text_count(uint64_t n, char *buf); /* "1,204" */
const char *text_dash(uint64_t n, char *buf); /* the same, "-" for 0 */
const char *text_many(uint64_t n, const char *one, const char *many, char *buf); /* "1 client", "1,204 clients" */
const char *text_share(uint64_t part, uint64_t whole, char *buf); /* "3.1%"; "<0.1%" when it is not nothing */
const char *text_version(uint16_t version, char *buf); /* "TLS 1.2", "-" for VER_NONE */
const char *text_suite(uint32_t suite, char *buf); /* OpenSSL's name, else IANA's, else the number */

#endif
