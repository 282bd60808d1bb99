/* SPDX-License-Identifier: Apache-2.0 */
/* What one verdict rests on: what was seen, what is offered, what the server proved, and what would be left to choose. */
#include "report/explain_impl.h"
#include "report/parts.h"
#include "report/stamp.h"

#include <string.h>

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

static void seen(const struct explaining *x, const struct cell *c)
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

/* Where to find one: by its frame, or, of what had no hello to have a frame, by its port and moment. Empty where neither is
 * known. */
static const char *example_text(const struct cube *c, const struct exemplar *e, char *buf)
{
    const struct input *in = cube_input_at(c, e->input);
    char name[2 * PHRASE], at[STAMP_TEXT], how[PHRASE];
    *buf = '\0';
    if (e->frame)
        (void)snprintf(how, sizeof how, "frame %llu", (unsigned long long)e->frame);
    else
        (void)snprintf(how, sizeof how, "the one from port %u at %s", (unsigned)e->client_port, stamp_text(e->ts_ns, at));
    if (in && (e->frame || e->client_port))
        (void)snprintf(buf, 4 * PHRASE, "; for example %s of %s", how,
                       escape_text(rd_of(in->name, strlen(in->name)), name, sizeof name));
    return buf;
}

void explain_plain(const struct explaining *x, uint32_t first, uint8_t upgrade)
{
    const struct cube *c = x->s->cube;
    char a[PHRASE], at[ADDR_TEXT], from[STAMP_TEXT], to[STAMP_TEXT], example[4 * PHRASE];
    if (first)
        (void)fputs("\nWhat went on in clear text\n", x->out);
    for (uint32_t i = first; i; i = x->s->plain[i - 1].next) {
        const struct cube_key *k = cube_row_key(c, x->s->plain[i - 1].row);
        const struct cube_val *v = cube_row_val(c, x->s->plain[i - 1].row);
        const char *after = aftermath_name(k->aftermath);
        if (k->upgrade != upgrade)
            continue;
        explain_say(x, 2, "- %s of %s: %s%s%s%s; first %s, last %s%s", text_many(v->count, "session", "sessions", a),
                    addr_print(&k->client.addr, at), outcome_text(k->outcome), after ? ", then " : "", after ? after : "",
                    k->flags & EV_CLEARTEXT_LOGIN ? ", with a login" : "", stamp_text(v->first_ns, from),
                    stamp_text(v->last_ns, to), example_text(c, &v->exemplar, example));
    }
}

static void offer(const struct explaining *x, const struct cell *c)
{
    const struct profile *p = cube_profile(x->s->cube, c->profile);
    const struct offer *o = x->j.offer;
    char a[PHRASE], b[PHRASE];
    (void)fputs("\nWhat it offers\n", x->out);
    if (!x->j.readable) {
        explain_say(x, 0, "The ClientHello was not seen (or is too long to be kept).");
        return;
    }
    explain_say(x, 0, "Stack %s%s%s: up to %s, %zu suites, %zu groups, %zu signature schemes%s%s%s.", p->stack_label, p->guess ? ", " : "",
        p->guess ? p->guess : "", text_version(o->max_version, a), rd_left(&o->suites) / (o->format == HELLO_SSLV2 ? 3 : 2),
        rd_left(&o->groups) / 2, rd_left(&o->sigalgs) / 2, o->fallback_scsv ? ", TLS_FALLBACK_SCSV" : "",
        o->ext_mask & EXT_EMS ? ", extended_master_secret" : "", o->ext_mask & EXT_ETM ? ", encrypt_then_mac" : "");
    const struct residue *r = &x->j.left;
    if (r->missing)
        explain_say(x, 0, "Under the policy it lacks:%s%s%s%s%s.", r->missing & MISS_VERSION ? " a version" : "",
            r->missing & MISS_SUITE ? " a suite" : "", r->missing & MISS_GROUP ? " a group" : "",
            r->missing & MISS_SIGSCHEME ? " a signature scheme" : "", r->missing & MISS_FEATURE ? " a feature" : "");
    else
        explain_say(x, 0, "Under the policy it keeps %s with %u suites, %u groups and %u signature schemes.", text_version(r->best_version, b),
            r->suites, r->groups, r->sigschemes);
}

static void proved(struct explaining *x)
{
    const struct study *s = x->s;
    char v[PHRASE], u[PHRASE], g[NAME_TEXT], n[PHRASE];
    (void)fputs("\nWhat this name at this server chose, for anybody\n", x->out);
    if (x->j.facts->mixed)
        explain_say(x, 0, "Reached through a proxy and not named: it may be many servers, so nothing of others is used.");
    else if (!x->j.facts->proofs)
        explain_say(x, 0, "No handshake whose ClientHello was seen completed%s.", x->j.facts->changed_ns ? " since its configuration changed" : "");
    for (uint32_t i = x->j.facts->proof; i < x->j.facts->proof + x->j.facts->proofs; i++) {
        const struct proof *p = &s->proof[i];
        const struct choice *c = study_choice(s, p->choice);
        uint32_t notes = 0;
        bool in = x->j.readable && choice_in_offer(s, p, x->j.c->stack, &notes);
        explain_say(x, 2, "- %s %s%s%s%s%s, %s%s; %s this offer%s; allowed: %s", text_version(c->version, v), text_suite(c->suite, u),
            c->group ? " " : "", c->group ? group_name(c->group, g) : "", c->cert ? ", certificate " : "", c->cert ? cert_key_name(c->cert->key) : "",
            text_many(p->count, "time", "times", n), p->full ? "" : ", resumed or seen in part", in ? "within" : "not within",
            notes ? ", as far as it can be seen" : "", policy_word(x, p->choice));
    }
    if (x->j.facts->excess.proofs)
        explain_say(x, 0, "Another %s of other kinds, beyond %d kinds, are not compared and prove nothing here.",
            text_many(x->j.facts->excess.proofs, "handshake", "handshakes", n), STUDY_PROOFS);
    if (x->j.facts->splits || x->j.facts->excess.answers)
        explain_say(x, 0, "The same offer got different answers at overlapping times: several backends.");
}

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
    if (!x->j.readable || x->j.nothing || !o->full_row || o->good || o->low_row ||
        x->s->judged[o->full_choice - 1].answer != ANSWER_NO ||
        !judge_leftovers(&x->j, study_choice(x->s, o->full_choice)->version, &l))
        return;
    (void)fputs("\nWhat would be left to choose\n", x->out);
    explain_say(x, 0, "As far as others' handshakes show, %s. Of %s of this offer that the policy leaves, the server is shown not to have %u.",
        order[l.order], text_many(l.suites, "suite", "suites", a), l.suites - l.by[ABSENT_NOT]);
    for (unsigned i = ABSENT_NOT + 1; i < ABSENT_WHYS; i++)
        if (l.by[i])
            explain_say(x, 2, "- %u %s", l.by[i], why[i]);
    if (l.there != SUITE_NONE)
        explain_say(x, 2, "- not known: %u, such as %s", l.by[ABSENT_NOT], text_suite(l.there, a));
}

void explain_facts(struct explaining *x)
{
    seen(x, x->j.c);
    explain_plain(x, study_plain_of(x->s, x->j.c, 0), study_place(x->s, x->j.c->place)->upgrade);
    offer(x, x->j.c);
    proved(x);
    left_over(x);
}
