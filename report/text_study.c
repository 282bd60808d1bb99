/* SPDX-License-Identifier: Apache-2.0 */
/* The study in the text report, policy after policy: first the decision, then by server, then by client. */
#include "report/text_study.h"
#include "report/accept.h"

#include <string.h>

const uint8_t verdicts_worst_first[] = { VERDICT_BREAKS, VERDICT_PLAINTEXT, VERDICT_SERVER_FIRST, VERDICT_UNKNOWN, VERDICT_LIKELY,
                                         VERDICT_SAFE, VERDICT_READY, VERDICT_FAILING };

bool verdict_is_bad(unsigned v)
{
    return v == VERDICT_BREAKS || v == VERDICT_PLAINTEXT || v == VERDICT_SERVER_FIRST || v == VERDICT_UNKNOWN;
}

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
    for (size_t i = 0; i < sizeof verdicts_worst_first; i++) {
        const struct study_sum *x = &d->by[verdicts_worst_first[i]];
        if (!x->cells)
            continue;
        table_cell(&table, "%s", verdict_name(verdicts_worst_first[i]));
        table_cell(&table, "%s", text_count(x->cells, a));
        table_cell(&table, "%s", text_count(x->clients, a));
        table_cell(&table, "%s", text_count(x->servers, a));
        table_cell(&table, "%s", text_count(x->handshakes, a));
        table_cell(&table, "%s", verdict_text(verdicts_worst_first[i]));
        table_row(&table);
        if (i < 3)
            table_mark(&table);
    }
    text_table(t, &table);
    text_say(t, "A pair is one stack of one client with one name at one server. What is predicted is a server that is narrowed by "
                "what the policy forbids and not changed otherwise.");
}

/* What was not read is not in the study, and nothing else would tell that it was to be. */
static void of_a_part(struct text *t)
{
    uint64_t n = t->r->unread + t->r->partly + t->r->stats.file_cut;
    char a[PHRASE];
    if (n)
        text_say(t, "This is a study of a part: %s not read, or not to %s end (WHAT COULD NOT BE SEEN).",
                 text_many(n, "capture was", "captures were", a), n == 1 ? "its" : "their");
}

static void under_policy(struct text *t, const struct study *s)
{
    const struct decision *d = study_decision(s);
    text_heading(t, "CUTOVER STUDY", "%s: %s", policy_name(study_policy(s)), policy_title(study_policy(s)));
    text_decision(t, s);
    of_a_part(t);
    text_enforce_missed(t, s);
    if (!d->all.cells && !d->stale.cells && !d->accepted.cells)
        return;
    text_came_along(t, s);
    text_how_sure(t, s);
    counts(t, s);
    text_by_server(t, s);
    text_by_client(t, s);
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
