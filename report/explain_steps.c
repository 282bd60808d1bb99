/* SPDX-License-Identifier: Apache-2.0 */
/* The questions of one verdict, in order, with their answers. */
#include "report/explain_impl.h"

/* Why a hello that holds nothing allowed breaks nothing by itself. */
static const char *excuse_text(const struct judge *j, const struct verdict *v)
{
    switch (j->excuse) {
    case EXCUSE_FALLBACK:
        return "no: this hello is a retry after a higher one that failed, so the client can do more";
    case EXCUSE_HIGHER:
        return "no: this hello is a retry, and the higher one succeeds at other times";
    case EXCUSE_NONE:
    case EXCUSE_UNKNOWN:
        break;
    }
    return v->notes & NOTE_RESUMING ? "not known: every hello that was seen tries to resume a session, and such a hello may offer less "
                                      "than the client can"
           : v->notes & NOTE_SCSV   ? "not known: the hello says that it is a fallback, and the higher one was not seen"
                                    : "not known: packets are missing, and a better hello may be among them";
}

static const char *not_failing(const struct judge *j, const struct verdict *v, char *buf)
{
    const struct own *o = &j->own;
    (void)v, (void)buf;
    return o->completed ? "no: some completed" : o->ambiguous ? "no: some were seen only in part"
           : j->c->lossy ? "no: packets are missing" : "no: none failed";
}

/* Nor plaintext. */
static const char *not_breaks(const struct judge *j, const struct verdict *v, char *buf)
{
    char version[PHRASE];
    if (j->excuse != EXCUSE_NONE)
        return excuse_text(j, v);
    if (j->nothing)
        return "no: it was not seen going on in clear text";
    (void)snprintf(buf, PHRASE, "no: its offer holds %s",
                   j->left.best_version ? text_version(j->left.best_version, version) : "what is allowed");
    return buf;
}

static const char *not_ready(const struct judge *j, const struct verdict *v, char *buf)
{
    const struct own *o = &j->own;
    (void)v, (void)buf;
    return !o->completed ? "no: nothing completed" : o->bad_row ? "no: a handshake violates the policy"
           : !o->good_row ? "no: none was full and showed everything that the policy asks for"
           : o->strange ? "no: the server chose what was not offered"
           : j->c->lossy ? "no: packets are missing" : "no: several backends answer";
}

static const char *not_server_first(const struct judge *j, const struct verdict *v, char *buf)
{
    const struct own *o = &j->own;
    (void)v, (void)buf;
    return j->nothing ? "no: no hello that was seen offers anything allowed"
           : o->low_row && j->c->lossy ? "no: packets are missing"
           : o->low_row ? "no: interception is suspected"
           : o->bad_row ? "no: it is not shown that the server has nothing allowed for this offer"
                        : "no: no full handshake chose a version with which nothing is allowed";
}

static const char *not_safe(const struct judge *j, const struct verdict *v, char *buf)
{
    (void)j, (void)v, (void)buf;
    return "no: no full handshake shows all that this offer needs, together and within the policy";
}

static const char *not_likely(const struct judge *j, const struct verdict *v, char *buf)
{
    (void)snprintf(buf, PHRASE, "no: %s%s", v->notes & NOTE_ORDER ? "what is left of this offer the server is shown not to have"
                                                                  : "no allowed version of this offer is proved",
                   j->own.low_row || j->own.low_other ? ": its own got a forbidden one" : "");
    return buf;
}

/* Into buf (PHRASE bytes) or fixed; the last question is always answered with yes. */
static const char *(*const why_not[VERDICT_COUNT])(const struct judge *j, const struct verdict *v, char *buf) = {
    [VERDICT_FAILING] = not_failing, [VERDICT_PLAINTEXT] = not_breaks, [VERDICT_BREAKS] = not_breaks, [VERDICT_READY] = not_ready,
    [VERDICT_SERVER_FIRST] = not_server_first, [VERDICT_SAFE] = not_safe, [VERDICT_LIKELY] = not_likely,
};

void explain_steps(const struct explaining *x, const struct verdict *v)
{
    char text[REASONS][REASON_TEXT], accepted[ACCEPTED_TEXT], buf[PHRASE];
    unsigned first = x->j.c->stack == 0 ? VERDICT_UNKNOWN : 0;
    (void)fputs("\nThe questions, in order\n", x->out);
    if (first)
        explain_say(x, 0, "Without a ClientHello questions 1 to %d cannot be asked.", VERDICT_UNKNOWN);
    for (unsigned i = first; i <= v->is; i++) {
        explain_say(x, 3, "%u. %s: %s", i + 1, verdict_name(i), verdict_steps[i].question);
        explain_say(x, 4, "    %s", i < v->is ? why_not[i](&x->j, v, buf) : "yes");
    }
    unsigned n = verdict_reasons(x->s, v, text);
    (void)fprintf(x->out, "\nVerdict: %s\n", verdict_name(v->is));
    for (unsigned i = 0; i < n; i++)
        explain_say(x, 2, "- %s", text[i]);
    if (*verdict_accepted(x->s, v, accepted))
        explain_say(x, 2, "- %s", accepted);
}
