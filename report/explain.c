/* SPDX-License-Identifier: Apache-2.0 */
/* One verdict's reasoning, step by step: what was seen, what is offered, what the server proved, and each question in turn. */
#include "report/explain.h"
#include "report/names_file.h"
#include "report/parts.h"
#include "report/stamp.h"
#include "report/text.h"
#include "report/verdict.h"

#include <stdarg.h>
#include <string.h>
#include <strings.h>

struct explaining {
    FILE *out;
    struct study *s;
    struct judge j;
};

__attribute__((format(printf, 3, 4))) static void say(const struct explaining *x, unsigned hang, const char *fmt, ...)
{
    char buf[1024];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(buf, sizeof buf, fmt, ap);
    va_end(ap);
    table_wrap(x->out, buf, TEXT_INDENT, hang, TEXT_WIDTH);
}

/* ---- what was seen ---- */

static const char *result_of(const struct explaining *x, const struct sight *i, char *buf)
{
    const struct cube_key *k = cube_row_key(x->s->cube, i->row);
    char alert[NAME_TEXT];
    int n = snprintf(buf, PHRASE, "%s", outcome_name(k->outcome));
    if (k->alert_from && !(k->flags & EV_ALERT_ENCRYPTED))
        n += snprintf(buf + n, (size_t)(PHRASE - n), " %s", alert_name(k->alert_code, alert));
    const struct {
        bool on;
        const char *word;
    } mark[] = { { i->is & SIGHT_HISTORY, "before the change" }, { k->flags & EV_RESUMED, "resumed" }, { k->flags & EV_GAP, "gap" },
                 { k->flags & EV_ONE_SIDED, "one-sided" }, { k->fallback_from, "after a failed higher hello" },
                 { k->flags & EV_HRR, "after a HelloRetryRequest" }, { k->sentinel, "downgrade marked" } };
    for (size_t m = 0; m < sizeof mark / sizeof *mark; m++)
        if (mark[m].on && n < PHRASE)
            n += snprintf(buf + n, (size_t)(PHRASE - n), ", %s", mark[m].word);
    return buf;
}

static const char *policy_word(const struct explaining *x, uint32_t choice)
{
    if (!choice)
        return "-";
    switch ((enum answer)x->s->judged[choice - 1].answer) {
    case ANSWER_YES:
        return "yes";
    case ANSWER_NO:
        return "no";
    case ANSWER_NOT_VISIBLE:
        return "not visible";
    }
    return "-";
}

static void seen(struct explaining *x, const struct cell *c)
{
    static const char *const column[] = { "day", "handshakes", "chosen", "suite", "group", "result", "allowed" };
    struct table t = { .width = TEXT_WIDTH, .indent = TEXT_INDENT };
    char a[PHRASE], g[NAME_TEXT], stamp[STAMP_TEXT];
    for (unsigned i = 0; i < sizeof column / sizeof *column; i++)
        table_column(&t, column[i], i == 1 ? TABLE_RIGHT : i == 5 ? TABLE_WRAP : TABLE_LEFT);
    for (uint32_t i = c->from; i < c->to; i++) {
        const struct sight *y = &x->s->seen[i];
        const struct cube_key *k = cube_row_key(x->s->cube, y->row);
        table_cell(&t, "%s", stamp_date((int64_t)k->day * 86400, stamp));
        table_cell(&t, "%s", text_count(cube_row_val(x->s->cube, y->row)->count, a));
        table_cell(&t, "%s", text_version(k->version, a));
        table_cell(&t, "%s", text_suite(k->suite, a));
        table_cell(&t, "%s", k->group ? group_name(k->group, g) : "-");
        table_cell(&t, "%s", result_of(x, y, a));
        table_cell(&t, "%s", policy_word(x, y->choice));
        table_row(&t);
    }
    (void)fputs("\nWhat was seen\n", x->out);
    table_print(&t, x->out);
    table_free(&t);
}

/* ---- the offer ---- */

static void offer(const struct explaining *x, const struct cell *c)
{
    const struct profile *p = cube_profile(x->s->cube, c->profile);
    const struct offer *o = x->j.offer;
    char a[PHRASE], b[PHRASE];
    (void)fputs("\nWhat it offers\n", x->out);
    if (!x->j.readable) {
        say(x, 0, "The ClientHello was not seen (or is too long to be kept).");
        return;
    }
    say(x, 0, "Stack %s%s%s: up to %s, %zu suites, %zu groups, %zu signature schemes%s%s%s.", p->stack_label, p->guess ? ", " : "",
        p->guess ? p->guess : "", text_version(o->max_version, a), rd_left(&o->suites) / (o->format == HELLO_SSLV2 ? 3 : 2),
        rd_left(&o->groups) / 2, rd_left(&o->sigalgs) / 2, o->fallback_scsv ? ", TLS_FALLBACK_SCSV" : "",
        o->ext_mask & EXT_EMS ? ", extended_master_secret" : "", o->ext_mask & EXT_ETM ? ", encrypt_then_mac" : "");
    const struct residue *r = &x->j.left;
    if (r->missing)
        say(x, 0, "Under the policy it lacks:%s%s%s%s%s.", r->missing & MISS_VERSION ? " a version" : "",
            r->missing & MISS_SUITE ? " a suite" : "", r->missing & MISS_GROUP ? " a group" : "",
            r->missing & MISS_SIGSCHEME ? " a signature scheme" : "", r->missing & MISS_FEATURE ? " a feature" : "");
    else
        say(x, 0, "Under the policy it keeps %s with %u suites, %u groups and %u signature schemes.", text_version(r->best_version, b),
            r->suites, r->groups, r->sigschemes);
}

/* ---- what the server proved ---- */

static void proved(struct explaining *x)
{
    const struct study *s = x->s;
    char v[PHRASE], u[PHRASE], g[NAME_TEXT], n[PHRASE];
    (void)fputs("\nWhat this name at this server chose, for anybody\n", x->out);
    if (x->j.facts->mixed)
        say(x, 0, "Reached through a proxy and not named: it may be many servers, so nothing of others is used.");
    else if (!x->j.facts->proofs)
        say(x, 0, "No handshake whose ClientHello was seen completed%s.", x->j.facts->changed_ns ? " since its configuration changed" : "");
    for (uint32_t i = x->j.facts->proof; i < x->j.facts->proof + x->j.facts->proofs; i++) {
        const struct proof *p = &s->proof[i];
        const struct choice *c = study_choice(s, p->choice);
        uint32_t notes = 0;
        bool in = x->j.readable && choice_in_offer(s, p, x->j.c->stack, &notes);
        say(x, 2, "- %s %s%s%s%s%s, %s%s; %s this offer%s; allowed: %s", text_version(c->version, v), text_suite(c->suite, u),
            c->group ? " " : "", c->group ? group_name(c->group, g) : "", c->cert ? ", certificate " : "", c->cert ? cert_key_name(c->cert->key) : "",
            text_many(p->count, "time", "times", n), p->full ? "" : ", resumed or seen in part", in ? "within" : "not within",
            notes ? ", as far as it can be seen" : "", policy_word(x, p->choice));
    }
    if (x->j.facts->excess.proofs)
        say(x, 0, "Another %s of other kinds, beyond %d kinds, are not compared and prove nothing here.",
            text_many(x->j.facts->excess.proofs, "handshake", "handshakes", n), STUDY_PROOFS);
    if (x->j.facts->splits || x->j.facts->excess.answers)
        say(x, 0, "The same offer got different answers at overlapping times: several backends.");
}

/* ---- what would be left ---- */

/* Of the suites that the policy leaves of this offer at the version that the server chose for it: which does it not have, and how
 * is that known? */
static void left_over(struct explaining *x)
{
    static const char *const order[] = { [ORDER_NOT_SHOWN] = "whose order of suites decides is not shown",
                                         [ORDER_CLIENT] = "the client's order of suites decides",
                                         [ORDER_OWN] = "the server goes by its own order of suites",
                                         [ORDER_UNCLEAR] = "no one order of suites explains the choices" };
    static const char *const why[] = { [ABSENT_ORDER] = "by that order", [ABSENT_REFUSED] = "because offers with them were refused",
                                       [ABSENT_GROUP] = "for want of a group",
                                       [ABSENT_IN_VAIN] = ("because several stacks listed such before what they got, and nobody got one "
                                                           "(a habit of servers, no proof)"),
                                       [ABSENT_BY_DESIGN] = "because nobody has them on without meaning to, and nobody got one" };
    const struct own *o = &x->j.own;
    struct leftovers l;
    char a[PHRASE];
    if (!x->j.readable || x->j.nothing || !o->full_row || o->good || o->low_row || x->s->judged[o->full_choice - 1].answer != ANSWER_NO ||
        !judge_leftovers(&x->j, study_choice(x->s, o->full_choice)->version, &l))
        return;
    (void)fputs("\nWhat would be left to choose\n", x->out);
    say(x, 0, "As far as others' handshakes show, %s. Of %s of this offer that the policy leaves, the server is shown not to have %u.",
        order[l.order], text_many(l.suites, "suite", "suites", a), l.suites - l.by[ABSENT_NOT]);
    for (unsigned i = ABSENT_NOT + 1; i < ABSENT_WHYS; i++)
        if (l.by[i])
            say(x, 2, "- %u %s", l.by[i], why[i]);
    if (l.there != SUITE_NONE)
        say(x, 2, "- not known: %u, such as %s", l.by[ABSENT_NOT], text_suite(l.there, a));
}

/* ---- the steps ---- */

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

static void why_not(const struct explaining *x, const struct verdict *v, enum verdict_kind step)
{
    const struct judge *j = &x->j;
    const struct own *o = &j->own;
    char a[PHRASE];
    switch (step) {
    case VERDICT_FAILING:
        say(x, 4, "    no: %s", o->completed ? "some completed" : o->ambiguous ? "some were seen only in part"
                                : j->c->lossy ? "packets are missing" : "none failed");
        return;
    case VERDICT_PLAINTEXT:
    case VERDICT_BREAKS:
        if (j->excuse != EXCUSE_NONE)
            say(x, 4, "    %s", excuse_text(j, v));
        else if (j->nothing)
            say(x, 4, "    no: it was not seen going on in clear text");
        else
            say(x, 4, "    no: its offer holds %s", j->left.best_version ? text_version(j->left.best_version, a) : "what is allowed");
        return;
    case VERDICT_READY:
        say(x, 4, "    no: %s", !o->completed ? "nothing completed" : o->bad_row ? "a handshake violates the policy"
                                : !o->good_row ? "none was full and showed everything that the policy asks for"
                                : o->strange ? "the server chose what was not offered"
                                : j->c->lossy ? "packets are missing" : "several backends answer");
        return;
    case VERDICT_SERVER_FIRST:
        say(x, 4, "    no: %s", j->nothing ? "no hello that was seen offers anything allowed" : o->low_row && j->c->lossy ? "packets are missing"
                                : o->low_row ? "interception is suspected"
                                : o->bad_row ? "it is not shown that the server has nothing allowed for this offer"
                                : "no full handshake chose a version with which nothing is allowed");
        return;
    case VERDICT_SAFE:
        say(x, 4, "    no: no full handshake shows all that this offer needs, together and within the policy");
        return;
    case VERDICT_LIKELY:
        say(x, 4, "    no: %s%s", v->notes & NOTE_ORDER ? "what is left of this offer the server is shown not to have"
                                                        : "no allowed version of this offer is proved", o->low_row || o->low_other ? ": its own got a forbidden one" : "");
        return;
    case VERDICT_UNKNOWN:
    case VERDICT_COUNT:
        return;
    }
}

static void steps(struct explaining *x, const struct verdict *v)
{
    char text[REASONS][REASON_TEXT], accepted[ACCEPTED_TEXT];
    unsigned first = x->j.c->stack == 0 ? VERDICT_UNKNOWN : 0;
    (void)fputs("\nThe questions, in order\n", x->out);
    if (first)
        say(x, 0, "Without a ClientHello questions 1 to %d cannot be asked.", VERDICT_UNKNOWN);
    for (unsigned i = first; i <= v->is; i++) {
        say(x, 3, "%u. %s: %s", i + 1, verdict_name(i), verdict_steps[i].question);
        if (i < v->is)
            why_not(x, v, i);
        else
            say(x, 4, "    yes");
    }
    unsigned n = verdict_reasons(x->s, v, text);
    (void)fprintf(x->out, "\nVerdict: %s\n", verdict_name(v->is));
    for (unsigned i = 0; i < n; i++)
        say(x, 2, "- %s", text[i]);
    if (*verdict_accepted(x->s, v, accepted))
        say(x, 2, "- %s", accepted);
}

static void explain(struct explaining *x, const struct verdict *v)
{
    const struct cell *c = &x->s->cell[v->cell];
    const struct place *p = study_place(x->s, c->place);
    struct verdict again = { .cell = v->cell };
    char client[2 * PHRASE], server[ADDR_TEXT], name[PHRASE], from[10 * ADDR_TEXT];
    const char *upgrade = cube_upgrade_name(p->upgrade);
    x->j = (struct judge){ .s = x->s, .p = x->s->policy, .v = &again };
    judge_cell(&x->j, c);
    (void)fprintf(x->out, "%s with %s%s%s%s%s%s, under %s\n", client_text(x->s, c->client, client, sizeof client),
                  endpoint_print(&p->server, server), transport_note(p->transport), p->sni ? " as " : "",
                  p->sni ? escape_text(cube_name(x->s->cube, p->sni), name, sizeof name) : "", upgrade ? " by " : "",
                  upgrade ? upgrade : "", policy_name(x->s->policy));
    if (*cell_addresses_text(x->s, c, from, sizeof from))
        say(x, 0, "From %s.", from);
    seen(x, c);
    offer(x, c);
    proved(x);
    left_over(x);
    steps(x, v);
    (void)fputc('\n', x->out);
}

static bool is_server(const struct cube *c, const struct enforce *want, const struct endpoint *server, uint32_t name)
{
    struct rd sni = cube_name(c, name);
    size_t n = strlen(want->name);
    bool here = want->named ? rd_left(&sni) == n && strncasecmp((const char *)sni.p, want->name, n) == 0
                            : cidr_has(&want->at, &server->addr);
    return here && (!want->port || want->port == server->port);
}

static bool is_subject(const struct study *s, const struct study_subject *q, const struct cell *c)
{
    const struct place *p = study_place(s, c->place);
    return is_server(s->cube, &q->server, &p->server, p->sni) && study_is_client(s, c->client, q);
}

static bool met(const struct rollup *r, const struct roll_apart *a, const struct enforce *server)
{
    for (uint32_t i = 0; i < r->rows; i++) {
        const struct cube_key *k = cube_row_key(r->cube, r->order[i]);
        if (addr_equal(&k->client.addr, &a->client) && is_server(r->cube, server, &k->server, k->sni))
            return true;
    }
    return false;
}

/* Who is set apart has no verdict, and a reason for that. */
static unsigned set_apart(const struct explaining *x, const struct rollup *r, const struct study_subject *q)
{
    unsigned found = 0;
    char at[ADDR_TEXT];
    for (uint32_t i = 0; i < r->aparts; i++) {
        const struct roll_apart *a = &r->apart[i];
        const struct named *n = *q->client_name ? names_file_find(r->view->names, &a->client) : NULL;
        bool here = *q->client_name ? n && strcasecmp(n->name, q->client_name) == 0 : cidr_has(&q->client, &a->client);
        if (!here || !met(r, a, &q->server))
            continue;
        (void)fprintf(x->out, "%s is set apart: %s%s\n", addr_print(&a->client, at), a->scanner ? "recognised as a scanner, " : "", a->why);
        say(x, 0, "It was seen with this server and has no verdict: what it offers is in no figure but those of what servers can do. "
                  "See CLIENTS SET APART in the manual.");
        found++;
    }
    return found;
}

/* Nobody by that address: where clients are pseudonyms, one by its pseudonym may be. */
static int nobody(const struct cube *c, const struct study_subject *q, struct err *e)
{
    bool pseudonyms = false;
    for (uint32_t i = 1; i <= cube_rows(c) && !pseudonyms; i++)
        pseudonyms = cube_row_key(c, i)->client.addr.kind == ADDR_PSEUDO;
    if (pseudonyms && !*q->client_name && q->client.addr.kind != ADDR_PSEUDO)
        return err_set(e, "explain: clients are pseudonyms here (--anonymize): name one as the report prints it, client- and 16 digits");
    return err_set(e, "explain: no handshake of this client with this server was seen; the report lists those that were");
}

int explain_report(FILE *out, const struct cube *c, const struct view *v, struct err *e)
{
    struct rollup *r = rollup_make(c, v);
    struct explaining x = { .out = out, .s = r ? study_make(r, v->study) : NULL };
    unsigned found = 0;
    int rc = x.s ? 0 : err_set(e, "not enough memory to explain");
    for (unsigned i = 0; x.s && i < v->study->policies; i++) {
        study_judge(x.s, i);
        for (uint32_t k = 0; k < study_verdicts(x.s); k++) {
            const struct verdict *w = study_verdict(x.s, k);
            if (is_subject(x.s, v->study->subject, &x.s->cell[w->cell])) {
                explain(&x, w);
                found++;
            }
        }
    }
    found += x.s ? set_apart(&x, r, v->study->subject) : 0;
    if (x.s && !found)
        rc = nobody(c, v->study->subject, e);
    study_free(x.s);
    rollup_free(r);
    return rc;
}
