/* SPDX-License-Identifier: Apache-2.0 */
/* The study in the text report: first the decision, then by server, then by client. */
#include "report/accept.h"
#include "report/coverage.h"
#include "report/stamp.h"
#include "report/study.h"
#include "report/text.h"

#include <stdlib.h>
#include <string.h>

/* ---- the decision ---- */

/* Verdict and what it rests on. A handshake is counted as good only where its pair is "ready" or "safe". */
static void result(struct text *t, const struct decision *d)
{
    static const char *const word[] = { [STUDY_READY] = "Ready to enforce", [STUDY_NOT_PROVED] = "Not proved to be ready",
                                        [STUDY_NOT_ENOUGH] = "Not enough seen to say that it is ready",
                                        [STUDY_NOT_READY] = "Not ready" };
    uint64_t good = d->by[VERDICT_READY].handshakes + d->by[VERDICT_SAFE].handshakes, likely = d->by[VERDICT_LIKELY].cells;
    char a[PHRASE], b[PHRASE];
    struct sentence x = { .n = 0 };
    sentence_add(&x, "%s", word[d->result]);
    if (likely && (d->result == STUDY_READY || d->result == STUDY_NOT_PROVED))
        sentence_add(&x, "%s %s", d->result == STUDY_READY ? ", but for" : ":",
            text_many(likely, "pair that is only likely", "pairs that are only likely", a));
    if (d->accepted.cells && d->result == STUDY_READY)
        sentence_add(&x, "%s except for %s", likely ? " and" : ",",
            text_many(d->accepted.cells, "accepted exception", "accepted exceptions", a));
    sentence_add(&x, ". %s of %s observed %s proved to go on working.", good ? text_count(good, a) : "None",
        text_many(d->all.handshakes, "handshake", "handshakes", b), good == 1 || !good ? "is" : "are");
    text_say(t, "%s", x.text);
}

/* The exit status may look at other verdicts than the decision. */
static void exit_rests_on(struct text *t, unsigned fail_on)
{
    struct sentence x = { .n = 0 };
    if (fail_on == STUDY_BAD)
        return;
    for (unsigned i = 0; i < VERDICT_COUNT; i++)
        if (fail_on >> i & 1)
            sentence_add(&x, "%s%s", x.n ? ", " : "", verdict_name(i));
    text_say(t, "The exit status is 1 by these verdicts alone (--fail-on): %s.", x.n ? x.text : "none");
}

static void decision(struct text *t, const struct study *s)
{
    const struct decision *d = study_decision(s);
    char a[PHRASE], b[PHRASE];
    struct sentence x = { .n = 0 };
    sentence_add(&x, "Enforcing %s on %s:", policy_name(study_policy(s)), text_many(d->all.servers, "server", "servers", a));
    uint64_t broken = d->by[VERDICT_BREAKS].clients;
    uint32_t addresses, names = study_names(s, &addresses), from = names ? study_addresses_of(s, VERDICT_BREAKS) : 0;
    sentence_add(&x, " %s", text_many(broken, "client", "clients", a));
    if (from > broken)
        sentence_add(&x, " (%s addresses)", text_count(from, a));
    sentence_add(&x, " %s,", broken == 1 ? "breaks" : "break");
    sentence_add(&x, " %s must change first,", text_many(d->by[VERDICT_SERVER_FIRST].servers, "server", "servers", a));
    if (d->by[VERDICT_PLAINTEXT].cells)
        sentence_add(&x, " %s would fall to plaintext,", text_many(d->by[VERDICT_PLAINTEXT].cells, "path", "paths", a));
    if (d->by[VERDICT_LIKELY].cells)
        sentence_add(&x, " %s likely but not proved,", text_count(d->by[VERDICT_LIKELY].cells, a));
    sentence_add(&x, " %s unknown", text_count(d->by[VERDICT_UNKNOWN].cells, a));
    if (d->accepted.cells)
        sentence_add(&x, "; besides, %s", text_many(d->accepted.cells, "accepted exception", "accepted exceptions", a));
    sentence_add(&x, ".");
    text_say(t, "%s", x.text);
    if (!d->all.cells && d->accepted.cells) {
        text_say(t, "All that was observed of what is asked about is accepted or was replaced, so nothing is proved.");
        return;
    }
    if (!d->all.cells) {
        text_say(t, t->r->total.handshakes ? "Nothing was observed of what is asked about, so nothing can be said: look at --enforce, "
                                             "--server, --servers, --client, --since and --filter for what they leave out."
                                           : "No TLS handshake was observed, so nothing can be said.");
        return;
    }
    result(t, d);
    exit_rests_on(t, study_request_of(s)->fail_on);
    if (names)
        text_say(t, "Clients of one name (--names) are one client here: %s for %s addresses.",
                 text_many(names, "name stands", "names stand", a), text_count(addresses, b));
}

/* A name that nobody used is more likely mistyped than unused, and what it was meant for is not judged. */
static void missed(struct text *t, const struct study *s)
{
    const struct study_request *q = study_request_of(s);
    char near[PHRASE];
    for (unsigned i = 0; i < q->enforces; i++)
        if (study_enforce_missed(s, i, near, sizeof near))
            text_say(t, "--enforce %s: nothing was seen of it%s%s.", q->enforce[i].text,
                     *near ? "; the nearest name that was seen is " : "", near);
}

/* Where several names share an endpoint that is to be enforced for the sake of one, the others come with it. */
static void shared_names(struct text *t, const struct study *s)
{
    enum { SHOWN = 8 };
    struct sentence x = { .n = 0 };
    unsigned names = 0;
    char a[2 * PHRASE];
    for (uint32_t p = 1; p <= study_places(s); p++)
        if (study_came_along(s, p) && ++names <= SHOWN)
            sentence_add(&x, "%s%s%s", names > 1 ? ", " : "", place_text(s, p, a, sizeof a), study_place(s, p)->sni ? "" : " (no name)");
    if (names > SHOWN)
        sentence_add(&x, " and %u more", names - SHOWN);
    if (names)
        text_say(t, "Judged as well, because they share an endpoint with what is to be enforced, and many servers take the version of "
                    "one name for all: %s.", x.text);
}

/* ---- how sure ---- */

static void unmet(struct text *t, const struct coverage *c, bool accepted)
{
    char a[PHRASE], b[PHRASE];
    enum { RULE_OF_THREE = 3 }; /* none among n: fewer than 3 / n of all, at 95% */
    if (!c->offenders && (accepted || c->hello_clients <= RULE_OF_THREE))
        return; /* who would break and was accepted was seen all the same */
    if (!c->offenders) {
        text_say(t, "No client that would break is among the %s whose ClientHello was seen. Up to %s %% of all clients could be of that kind all the same: "
                    "only more of them would have shown one with a probability of 95%%.", text_count(c->hello_clients, a),
                 (snprintf(b, sizeof b, "%.1f", 300.0 / (double)c->hello_clients), b));
        return;
    }
    struct sentence x = { .n = 0 };
    sentence_add(&x, "%s would break, %s of them seen on one day only;", text_many(c->offenders, "stack of a client", "stacks of clients", a),
        text_count(c->once, b));
    if (c->fresh_days)
        sentence_add(&x, " %.1f new ones a day in the last %s;", (double)c->fresh / c->fresh_days, text_many(c->fresh_days, "day", "days", a));
    if (c->days > 1)
        sentence_add(&x, " about %.0f more are to be expected that were not seen (Good-Turing).", c->unmet);
    else
        sentence_add(&x, " how many were not seen cannot be estimated from one day.");
    text_say(t, "%s", x.text);
}

static void not_compared(struct text *t, const struct study_excess *x)
{
    char a[PHRASE];
    if (x->proofs)
        text_say(t, "Not compared: %s completed by names at servers that had shown %d kinds before; they prove nothing for other clients.",
                 text_many(x->proofs, "handshake", "handshakes", a), STUDY_PROOFS);
    if (x->answers)
        text_say(t, "Not compared: %s where one and the same offer had got %d other answers before; these servers count as several backends.",
                 text_many(x->answers, "handshake", "handshakes", a), STUDY_ANSWERS);
}

static void how_sure(struct text *t, const struct study *s)
{
    const struct coverage *c = study_coverage(s, 0);
    char a[PHRASE], b[PHRASE], d[PHRASE], e[PHRASE], f[PHRASE], text[SHORTAGES][SHORTAGE_TEXT];
    struct sentence x = { .n = 0 };
    double days = (double)c->window_ns / 86400e9;
    sentence_add(&x, "How sure:");
    if (days - 1 >= c->packet_days)
        sentence_add(&x, " packets on %u of", c->packet_days);
    sentence_add(&x, " %.1f days, %u of the 168 hours of a week, %s; %s by %s;", days, c->week_hours, c->month_end ? "a month end" : "no month end", text_many(c->handshakes, "handshake", "handshakes", a),
        text_many(c->clients, "client", "clients", b));
    sentence_add(&x, " %s lost in part, %s one-sided;", text_share(c->lost, c->handshakes, a), text_share(c->one_sided, c->handshakes, b));
    sentence_add(&x, " of %s the ClientHello was not seen or cannot be in %s (%s);",
        text_many(c->sessions, "session", "sessions", d), text_count(c->unseen, f), text_share(c->unseen, c->sessions, e));
    if (c->folded)
        sentence_add(&x, " another %s had no room in a table (--memory-limit) and are not judged;",
                     text_many(c->folded, "handshake", "handshakes", a));
    sentence_add(&x, " %.1f%% of the packets dropped.", (double)c->drop_permille / 10);
    text_say(t, "%s", x.text);
    not_compared(t, study_excess(s));
    unmet(t, c, study_decision(s)->accepted_broken);
    unsigned n = coverage_shortages(c, text);
    if (n)
        text_say(t, "For \"ready\" too little was seen:");
    for (unsigned i = 0; i < n; i++)
        text_say(t, "- %s.", text[i]);
}

/* What somebody has to act on first; what fails today already is no news of the cutover. */
static const uint8_t worst_first[] = { VERDICT_BREAKS, VERDICT_PLAINTEXT, VERDICT_SERVER_FIRST, VERDICT_UNKNOWN, VERDICT_LIKELY,
                                       VERDICT_SAFE, VERDICT_READY, VERDICT_FAILING };
_Static_assert(sizeof worst_first == VERDICT_COUNT, "every verdict is shown");

static void counts(struct text *t, const struct study *s)
{
    const struct decision *d = study_decision(s);
    struct table table = { 0 };
    char a[PHRASE];
    table_column(&table, "verdict", TABLE_LEFT);
    table_column(&table, "pairs", TABLE_RIGHT);
    table_column(&table, "clients", TABLE_RIGHT);
    table_column(&table, "servers", TABLE_RIGHT);
    table_column(&table, "handshakes", TABLE_RIGHT);
    table_column(&table, "meaning", TABLE_LEFT | TABLE_WRAP);
    for (size_t i = 0; i < sizeof worst_first; i++) {
        const struct study_sum *x = &d->by[worst_first[i]];
        if (!x->cells)
            continue;
        table_cell(&table, "%s", verdict_name(worst_first[i]));
        table_cell(&table, "%s", text_count(x->cells, a));
        table_cell(&table, "%s", text_count(x->clients, a));
        table_cell(&table, "%s", text_count(x->servers, a));
        table_cell(&table, "%s", text_count(x->handshakes, a));
        table_cell(&table, "%s", verdict_text(worst_first[i]));
        table_row(&table);
        if (i < 3)
            table_mark(&table);
    }
    text_table(t, &table);
    text_say(t, "A pair is one stack of one client with one name at one server. What is predicted is a server that is narrowed by "
                "what the policy forbids and not changed otherwise.");
}

/* ---- by server ---- */

struct by_place {
    uint32_t place;
    uint64_t bad, likely, handshakes; /* of pairs that need something done; of those that are likely only; of all */
    uint32_t n[VERDICT_COUNT];
};

static bool is_bad(unsigned v)
{
    return v == VERDICT_BREAKS || v == VERDICT_PLAINTEXT || v == VERDICT_SERVER_FIRST || v == VERDICT_UNKNOWN;
}

static int by_place_cmp(const void *x, const void *y)
{
    const struct by_place *a = x, *b = y;
    if (a->bad != b->bad)
        return a->bad > b->bad ? -1 : 1;
    if (a->likely != b->likely)
        return a->likely > b->likely ? -1 : 1;
    if (a->handshakes != b->handshakes)
        return a->handshakes > b->handshakes ? -1 : 1;
    return (a->place > b->place) - (a->place < b->place);
}

static void servers_table(struct text *t, const struct study *s, const struct by_place *all, uint32_t n, uint32_t bad)
{
    static const struct {
        uint8_t verdict;
        const char *title;
    } column[] = { { VERDICT_BREAKS, "break" }, { VERDICT_PLAINTEXT, "plaintext" }, { VERDICT_SERVER_FIRST, "change first" },
                   { VERDICT_UNKNOWN, "unknown" }, { VERDICT_LIKELY, "likely" }, { VERDICT_FAILING, "failing" } };
    enum { COLUMNS = sizeof column / sizeof *column };
    struct table table = { 0 };
    char a[2 * PHRASE];
    uint32_t top = text_top(t, bad);
    table_column(&table, "server", TABLE_ALONE | TABLE_WRAP);
    for (unsigned i = 0; i < COLUMNS; i++)
        table_column(&table, column[i].title, TABLE_RIGHT | TABLE_MAYBE);
    table_column(&table, "fine", TABLE_RIGHT);
    table_column(&table, "handshakes", TABLE_RIGHT);
    for (uint32_t i = 0; i < top && i < n; i++) {
        place_text(s, all[i].place, a, sizeof a);
        table_cell(&table, "%s", a);
        for (unsigned k = 0; k < COLUMNS; k++)
            table_cell(&table, "%s", text_dash(all[i].n[column[k].verdict], a));
        table_cell(&table, "%s", text_dash((uint64_t)all[i].n[VERDICT_READY] + all[i].n[VERDICT_SAFE], a));
        table_cell(&table, "%s", text_count(all[i].handshakes, a));
        table_row(&table);
    }
    text_table(t, &table);
    text_more(t, bad, top, "servers");
}

static void by_server(struct text *t, const struct study *s)
{
    uint32_t places = study_places(s), bad = 0;
    struct by_place *all = calloc(places + 1u, sizeof *all);
    t->failed |= !all;
    for (uint32_t i = 0; all && i < study_cells(s); i++) {
        const struct verdict *v = study_verdict_of(s, i);
        const struct cell *c = study_cell(s, v->cell);
        if (v->list != LIST_MAIN)
            continue;
        struct by_place *p = &all[c->place - 1];
        p->place = c->place;
        p->n[v->is]++;
        p->handshakes += c->count;
        p->bad += is_bad(v->is) ? c->count : 0;
        p->likely += v->is == VERDICT_LIKELY ? c->count : 0;
    }
    if (all && places)
        qsort(all, places, sizeof *all, by_place_cmp);
    while (all && bad < places && (all[bad].bad || all[bad].likely))
        bad++;
    if (bad) {
        text_heading(t, "BY SERVER", "pairs of each verdict, where something is to be done, not known or not proved");
        servers_table(t, s, all, places, bad);
    }
    free(all);
}

/* ---- by client ---- */

static void verdict_cells(struct text *t, const struct study *s, const struct verdict *v, struct table *table)
{
    const struct cell *c = study_cell(s, v->cell);
    const struct cube *cube = t->r->cube;
    const struct profile *p = cube_profile(cube, c->profile);
    char a[2 * PHRASE];
    table_cell(table, "%s", client_text(s, c->client, a, sizeof a));
    place_text(s, c->place, a, sizeof a);
    table_cell(table, "%s", a);
    table_cell(table, "%s", verdict_name(v->is));
    table_cell(table, "%s", text_version(cube_row_key(cube, c->main_row)->version, a));
    table_cell(table, "%s", p ? text_version(p->max_version, a) : "-");
    table_cell(table, "%s", text_count(c->count, a));
    table_row(table);
}

static void verdict_notes(struct text *t, const struct study *s, const struct verdict *v, struct table *table)
{
    char reason[REASONS][REASON_TEXT], name[2 * PHRASE] = "", first[STAMP_TEXT], last[STAMP_TEXT], of[PHRASE];
    char at[10 * ADDR_TEXT], accepted[ACCEPTED_TEXT];
    const struct cube *cube = t->r->cube;
    const struct cell *c = study_cell(s, v->cell);
    const struct exemplar *x = &cube_row_val(cube, c->exemplar_row)->exemplar;
    const struct input *in = cube_input_at(cube, x->input);
    unsigned n = verdict_reasons(s, v, reason);
    for (unsigned i = 0; i < n; i++)
        table_note(table, "%s", reason[i]);
    if (in && x->frame)
        (void)snprintf(name, sizeof name, "; for example frame %llu of %s", (unsigned long long)x->frame,
                       escape_text(rd_of(in->name, strlen(in->name)), of, sizeof of));
    if (*verdict_accepted(s, v, accepted))
        table_note(table, "%s", accepted);
    if (*cell_addresses_text(s, c, at, sizeof at))
        table_note(table, "from %s", at);
    table_note(table, "first seen %s, last %s%s", stamp_text(c->first_ns, first), stamp_text(c->last_ns, last), name);
}

static bool is_shown(const struct verdict *v, enum verdict_list list)
{
    return v->list == list && (is_bad(v->is) || v->is == VERDICT_LIKELY || (list == LIST_MAIN && v->is == VERDICT_FAILING));
}

static void client_row(struct text *t, const struct study *s, const struct verdict *v, struct table *table)
{
    verdict_cells(t, s, v, table);
    if (v->is == VERDICT_BREAKS || v->is == VERDICT_PLAINTEXT)
        table_mark(table);
    verdict_notes(t, s, v, table);
}

/* The worst verdicts first, and of each those with the most handshakes. */
static void client_section(struct text *t, const struct study *s, enum verdict_list list, const char *title, const char *what)
{
    static const char *const column[] = { "client", "server", "verdict", "chosen", "offers", "handshakes" };
    uint32_t rows = 0, shown = 0, left[VERDICT_COUNT] = { 0 };
    struct table table = { 0 };
    for (uint32_t i = 0; i < study_cells(s); i++) {
        const struct verdict *v = study_verdict_of(s, i);
        left[v->is] += is_shown(v, list);
        rows += is_shown(v, list);
    }
    if (!rows)
        return;
    text_heading(t, title, "%s", what);
    for (unsigned i = 0; i < sizeof column / sizeof *column; i++)
        table_column(&table, column[i], i == 5 ? TABLE_RIGHT : i < 2 ? TABLE_ALONE | TABLE_WRAP : TABLE_LEFT);
    uint32_t top = text_top(t, rows);
    for (size_t k = 0; k < sizeof worst_first; k++)
        for (uint32_t i = 0; left[worst_first[k]] && shown < top; i++) {
            const struct verdict *v = study_verdict(s, i);
            if (v->is != worst_first[k] || !is_shown(v, list))
                continue;
            client_row(t, s, v, &table);
            left[v->is]--;
            shown++;
        }
    text_table(t, &table);
    text_more(t, rows, shown, "pairs");
}

static void under_policy(struct text *t, const struct study *s)
{
    const struct decision *d = study_decision(s);
    text_heading(t, "CUTOVER STUDY", "%s: %s", policy_name(study_policy(s)), policy_title(study_policy(s)));
    decision(t, s);
    missed(t, s);
    if (!d->all.cells && !d->stale.cells && !d->accepted.cells)
        return;
    shared_names(t, s);
    how_sure(t, s);
    counts(t, s);
    by_server(t, s);
    client_section(t, s, LIST_MAIN, "BY CLIENT", "the worst verdict first, what fails already last; of each, most handshakes first");
    client_section(t, s, LIST_STALE, "REPLACED", "stacks that were replaced by another of the same client: in no figure above");
    client_section(t, s, LIST_ACCEPTED, "ACCEPTED", "exceptions that were accepted (--accept): in no figure above");
}

/* An exception that was meant for somebody and holds for nobody would go unnoticed. */
static void idle_exceptions(struct text *t, const struct study *s, struct study_request *q)
{
    const struct accepted *x;
    bool expired;
    char pair[4 * sizeof x->pair], when[PHRASE];
    q->idle_exceptions = 0;
    for (uint32_t i = 0; (x = study_idle_exception(s, &i, &expired)); q->idle_exceptions++) {
        if (!q->idle_exceptions)
            text_heading(t, "EXCEPTIONS WITHOUT EFFECT", "lines of --accept");
        (void)snprintf(when, sizeof when, "it expired on %s", x->expires);
        text_say(t, "- line %u, %s: %s.", x->line, escape_text(rd_of(x->pair, strlen(x->pair)), pair, sizeof pair),
                 expired ? when : "nothing was seen that it matches");
    }
}

void text_study(struct text *t)
{
    struct study_request *q = t->r->view->study;
    struct study *s = q ? study_make(t->r, q) : NULL;
    t->failed |= q && !s;
    if (!s)
        return;
    q->exits = STUDY_READY;
    for (unsigned i = 0; i < q->policies; i++) {
        study_judge(s, i);
        under_policy(t, s);
        enum study_result exits = study_decision(s)->exits;
        q->exits = exits > q->exits ? exits : q->exits;
    }
    idle_exceptions(t, s, q);
    text_showed(t, s);
    study_free(s);
}
