/* SPDX-License-Identifier: Apache-2.0 */
/* What a study decides, in sentences, and what it is about. */
#include "report/text_study.h"

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

/* Of what? A selection that fits nobody must not be taken for a capture without TLS. */
static void nothing(struct text *t, const struct study *s)
{
    const struct view *v = t->r->view;
    const struct {
        bool given;
        const char *name;
    } option[] = { { study_request_of(s)->enforces, "--enforce" }, { v->server_only, "--server" },
                   { v->own_count, "--servers" }, { v->client_only, "--client" }, { v->since_ns, "--since" },
                   { v->until_ns, "--until" } };
    struct sentence x = { .n = 0 };
    for (size_t i = 0; i < sizeof option / sizeof *option; i++)
        if (option[i].given)
            sentence_add(&x, "%s%s", x.n ? ", " : "", option[i].name);
    if (x.n)
        text_say(t, "Nothing was observed of what is selected (%s), so nothing can be said: look at what that leaves "
                    "out.", x.text);
    else if (t->r->apart_handshakes)
        text_say(t, "No TLS handshake was observed but those of clients set apart, so nothing can be said.");
    else
        text_say(t, "No TLS handshake was observed, so nothing can be said.");
}

void text_decision(struct text *t, const struct study *s)
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
        nothing(t, s);
        return;
    }
    result(t, d);
    exit_rests_on(t, study_request_of(s)->fail_on);
    if (names)
        text_say(t, "Clients of one name (--names) are one client here: %s for %s addresses.",
                 text_many(names, "name stands", "names stand", a), text_count(addresses, b));
}

/* A name that nobody used is more likely mistyped than unused, and what it was meant for is not judged. */
void text_enforce_missed(struct text *t, const struct study *s)
{
    const struct study_request *q = study_request_of(s);
    char near[PHRASE];
    for (unsigned i = 0; i < q->enforces; i++)
        if (study_enforce_missed(s, i, near, sizeof near))
            text_say(t, "--enforce %s: nothing was seen of it%s%s.", q->enforce[i].text,
                     *near ? "; the nearest name that was seen is " : "", near);
}

/* Where several names share an endpoint that is to be enforced for the sake of one, the others come with it. */
void text_came_along(struct text *t, const struct study *s)
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
