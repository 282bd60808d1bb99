/* SPDX-License-Identifier: Apache-2.0 */
/* What each server showed that it can do, in the text report: one row a place, its evidence below. */
#include "report/showed.h"
#include "report/text.h"

#include <stdlib.h>

struct one {
    uint32_t place;
    uint64_t handshakes;
};

static int one_cmp(const void *x, const void *y)
{
    const struct one *a = x, *b = y;
    if (a->handshakes != b->handshakes)
        return a->handshakes > b->handshakes ? -1 : 1;
    return (a->place > b->place) - (a->place < b->place);
}

static const char *yes_no(const struct showed_fact *f)
{
    return f->yes ? f->no ? "both" : "yes" : f->no ? "no" : "-";
}

static const char *order_text(enum showed_order o)
{
    switch (o) {
    case ORDER_NOT_SHOWN:
        return "-";
    case ORDER_SERVER:
        return "server";
    case ORDER_CLIENT:
        return "client";
    case ORDER_BOTH:
        return "both";
    }
    return "-";
}

/* "TLS 1.2+": at least that, nothing higher was asked for. */
static const char *highest_text(const struct showed *w, char *buf)
{
    char a[PHRASE];
    uint16_t top = w->proved ? w->proved : w->highest;
    bool open = top != VER_NONE && !w->limit_row && version_rank(top) < version_rank(VER_TLS13);
    (void)snprintf(buf, PHRASE, "%s%s", text_version(top, a), open ? "+" : "");
    return buf;
}

static void suites(struct table *table, const struct showed *w, unsigned top)
{
    struct sentence x = { .n = 0 };
    char v[PHRASE], s[PHRASE], n[PHRASE];
    unsigned shown = top && w->suites > top ? top : w->suites, more = w->suites - shown;
    for (unsigned i = 0; i < shown; i++) {
        bool fresh = i == 0 || w->suite[i].version != w->suite[i - 1].version;
        sentence_add(&x, "%s", i == 0 ? "" : fresh ? "; " : ", ");
        if (fresh)
            sentence_add(&x, "%s ", text_version(w->suite[i].version, v));
        sentence_add(&x, "%s (%s)", text_suite(w->suite[i].suite, s), text_count(w->suite[i].count, n));
    }
    if (more)
        sentence_add(&x, " and %u more", more);
    if (x.n)
        table_note(table, "suites: %s", x.text);
}

static void groups_and_certs(struct table *table, const struct showed *w)
{
    struct sentence x = { .n = 0 };
    char g[NAME_TEXT], n[PHRASE];
    for (unsigned i = 0; i < w->groups; i++)
        sentence_add(&x, "%s%s (%s)", i ? ", " : "groups: ", group_name(w->group[i].group, g), text_count(w->group[i].count, n));
    for (unsigned i = 0; i < w->certs; i++) {
        sentence_add(&x, "%s%s ", i ? ", " : x.n ? "; certificates: " : "certificates: ", cert_key_name(w->cert[i]->key));
        if (w->cert[i]->curve)
            sentence_add(&x, "%s", group_name(w->cert[i]->curve, g));
        else
            sentence_add(&x, "%u", w->cert[i]->key_bits);
    }
    if (x.n)
        table_note(table, "%s", x.text);
}

static void evidence(struct table *table, const struct study *s, const struct showed *w)
{
    char v[PHRASE];
    const struct {
        const char *what;
        uint32_t row;
    } shown[] = { { "lowest", w->lowest_row }, { "highest", w->highest_row }, { "more was offered", w->limit_row },
                  { "mark of a downgrade", w->proved_row }, { "order", w->server_order_row }, { "order", w->client_order_row[0] },
                  { "and", w->client_order_row[1] }, { "EMS", w->ems.yes }, { "no EMS", w->ems.no },
                  { "renegotiation_info", w->renegotiation_info.yes }, { "none", w->renegotiation_info.no },
                  { "SCSV refused", w->scsv.yes }, { "SCSV ignored", w->scsv.no } };
    struct sentence x = { .n = 0 };
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
        const struct exemplar *at = shown[i].row ? &cube_row_val(study_rollup(s)->cube, shown[i].row)->exemplar : NULL;
        if (at && at->frame)
            sentence_add(&x, "%s %s %llu", x.n ? "," : "", shown[i].what, (unsigned long long)at->frame);
    }
    if (w->refused != VER_NONE)
        table_note(table, "refused: hellos that offer %s at most", text_version(w->refused, v));
    if (x.n)
        table_note(table, "for example frames:%s", x.text);
}

static void row(struct text *t, struct table *table, const struct study *s, uint32_t place)
{
    struct showed w;
    char a[2 * PHRASE], n[PHRASE];
    (void)place_showed(s, place, &w);
    table_cell(table, "%s", place_text(s, place, a, sizeof a));
    table_cell(table, "%s", text_count(w.handshakes, n));
    table_cell(table, "%s", text_version(w.lowest, n));
    table_cell(table, "%s", highest_text(&w, n));
    table_cell(table, "%s", order_text(showed_order(&w)));
    table_cell(table, "%s", yes_no(&w.ems));
    table_cell(table, "%s", yes_no(&w.renegotiation_info));
    table_cell(table, "%s", yes_no(&w.scsv));
    table_row(table);
    suites(table, &w, t->r->view->top ? 6 : 0);
    groups_and_certs(table, &w);
    evidence(table, s, &w);
}

/* The places that chose anything and are asked about; *others: those that are not. */
static uint32_t places_to_show(const struct study *s, const bool *asked, struct one *out, uint32_t *others)
{
    struct showed w;
    uint32_t n = 0;
    *others = 0;
    for (uint32_t p = 1; p <= study_places(s); p++) {
        if (!place_showed(s, p, &w) || w.lowest == VER_NONE)
            continue;
        if (asked[p - 1])
            out[n++] = (struct one){ .place = p, .handshakes = w.handshakes };
        else
            ++*others;
    }
    if (n)
        qsort(out, n, sizeof *out, one_cmp);
    return n;
}

static void rows(struct text *t, const struct study *s, const struct one *all, uint32_t n)
{
    static const char *const column[] = { "server", "handshakes", "lowest", "highest", "suite order", "EMS", "reneg. info",
                                          "SCSV refused" };
    struct table table = { 0 };
    uint32_t top = text_top(t, n);
    table_column(&table, column[0], TABLE_ALONE | TABLE_WRAP);
    for (unsigned i = 1; i < sizeof column / sizeof *column; i++)
        table_column(&table, column[i], i == 1 ? TABLE_RIGHT : i < 4 ? TABLE_LEFT : TABLE_MAYBE);
    for (uint32_t i = 0; i < top; i++)
        row(t, &table, s, all[i].place);
    text_table(t, &table);
    text_more(t, n, top, "names at servers");
}

void text_showed(struct text *t, const struct study *s)
{
    uint32_t others = 0, n = 0;
    struct one *all = calloc(study_places(s) + 1u, sizeof *all);
    bool *asked = showed_asked(s);
    char a[PHRASE];
    t->failed |= !all || !asked;
    if (all && asked)
        n = places_to_show(s, asked, all, &others);
    if (n) {
        text_heading(t, "SERVER CAPABILITY", "what each name at each server showed, of itself, to anybody");
        rows(t, s, all, n);
        if (others)
            text_say(t, "Not listed: %s that are not asked about (--enforce, --server, --servers, --client).",
                     text_many(others, "name at servers", "names at servers", a));
        text_say(t, "+: at least; nobody offered more, or the server marked that it has more. suite order: whose list decides. \"-\": not "
                    "shown by any handshake. What a scan would find besides is not known here.");
    }
    free(asked);
    free(all);
}
