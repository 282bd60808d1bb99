/* SPDX-License-Identifier: Apache-2.0 */
/* How sure a study is: what was seen, what is missing for "ready", and who may not have been seen. */
#include "report/coverage.h"
#include "report/text_study.h"

/* What becomes of those that are counted as offenders, in the words of the decision. */
static const char *lot_of(const struct decision *d)
{
    if (!d->by[VERDICT_PLAINTEXT].cells)
        return "would break";
    return d->by[VERDICT_BREAKS].cells ? "would break or fall to plaintext" : "would fall to plaintext";
}

static void unmet(struct text *t, const struct coverage *c, const struct decision *d)
{
    char a[PHRASE], b[PHRASE];
    enum { RULE_OF_THREE = 3 }; /* none among n: fewer than 3 / n of all, at 95% */
    if (!c->offenders && (d->accepted_broken || c->hello_clients <= RULE_OF_THREE))
        return; /* who would break and was accepted was seen all the same */
    if (!c->offenders) {
        text_say(t, "No client that would break is among the %s whose ClientHello was seen. Up to %s %% of all clients could be of that kind all the same: "
                    "only more of them would have shown one with a probability of 95%%.", text_count(c->hello_clients, a),
                 (snprintf(b, sizeof b, "%.1f", 300.0 / (double)c->hello_clients), b));
        return;
    }
    struct sentence x = { .n = 0 };
    sentence_add(&x, "%s %s, %s of them seen on one day only;",
                 text_many(c->offenders, "stack of a client", "stacks of clients", a), lot_of(d), text_count(c->once, b));
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

void text_how_sure(struct text *t, const struct study *s)
{
    const struct coverage *c = study_coverage(s, 0);
    char a[PHRASE], b[PHRASE], d[PHRASE], e[PHRASE], f[PHRASE], text[SHORTAGES][SHORTAGE_TEXT];
    struct sentence x = { .n = 0 };
    double days = (double)c->window_ns / 86400e9;
    sentence_add(&x, "How sure:");
    if (days - 1 >= c->packet_days)
        sentence_add(&x, " packets on %u of", c->packet_days);
    sentence_add(&x, " %.1f days, %u of the 168 hours of a week, %s; %s by %s;", days, c->week_hours,
                 c->month_end ? "a month end" : "no month end", text_many(c->handshakes, "handshake", "handshakes", a),
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
    unmet(t, c, study_decision(s));
    unsigned n = coverage_shortages(c, text);
    if (n)
        text_say(t, "For \"ready\" too little was seen:");
    for (unsigned i = 0; i < n; i++)
        text_say(t, "- %s.", text[i]);
}
