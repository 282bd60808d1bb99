/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server goes by its own order of suites, or by the client's. It chose X over Y here and Y over X there, although it could have
 * served both times both: it goes by the client's. It passed over a suite that it has and that was listed before: it goes by its
 * own.
 *
 * ChaCha20 is no witness of an order: servers with one of their own put it first for clients that do (OpenSSL's PrioritizeChaCha,
 * Go).
 */
#include "report/answers.h"
#include "report/verdict.h"

#include <string.h>

static bool is_refusal(const struct cube_key *k)
{
    enum { HANDSHAKE_FAILURE = 40, INSUFFICIENT_SECURITY = 71 };
    return k->outcome == OUTCOME_ALERT_SERVER && k->version == VER_NONE && row_is_whole(k) &&
           (k->alert_code == HANDSHAKE_FAILURE || k->alert_code == INSUFFICIENT_SECURITY);
}

static void answer_add(struct answers_seen *a, const struct sight *x)
{
    for (unsigned i = a->n; i-- > 0 && a->at[i].stack == x->stack;)
        if (a->at[i].choice == x->choice)
            return;
    if (a->n < ANSWERS_SEEN)
        a->at[a->n++] = (struct answer_seen){ .stack = x->stack, .choice = x->choice, .row = x->row };
}

static bool signs_for(const struct choice *c, const struct suite *y, const struct suite *x, const struct offer *o)
{
    bool curve = !c->cert || c->cert->key != CERT_KEY_EC || !c->cert->curve || !(o->ext_mask & EXT_GROUPS) ||
                 list16_has(o->groups, c->cert->curve);
    return y->au == x->au && curve && (c->version != VER_TLS12 || !suite_is_signed(x) ||
                                       (suite_is_signed(y) && c->sigscheme && list16_has(o->sigalgs, c->sigscheme)));
}

struct served answers_served(const struct judge *j, const struct choice *c, const struct suite *x, uint32_t stack)
{
    const struct place_facts *f = j->facts;
    const struct offer *o = &j->s->offer[stack];
    struct served is = { .curve = !suite_on_curve(x) };
    for (uint32_t i = f->proof; i < f->proof + f->proofs; i++) {
        const struct proof *p = &j->s->proof[i];
        const struct choice *d = study_choice(j->s, p->choice);
        const struct suite *y = d->suite == SUITE_NONE ? NULL : suite_find(d->suite);
        if (!p->full || !y || d->version != c->version)
            continue;
        bool own = cube_profile(j->s->cube, p->profile)->stack == stack;
        is.suite |= d->suite == c->suite && d->etm == c->etm;
        is.curve |= suite_on_curve(y) && (own || (d->group && list16_has(o->groups, d->group)));
        is.sign |= signs_for(d, y, x, o) || (own && y->au == x->au && suite_is_signed(y));
    }
    return is;
}

bool answers_could_serve(const struct judge *j, uint32_t choice, uint32_t stack)
{
    const struct place_facts *f = j->facts;
    const struct choice *c = study_choice(j->s, choice);
    const struct suite *x = c->suite == SUITE_NONE ? NULL : suite_find(c->suite);
    const struct offer *o = &j->s->offer[stack];
    if (!x)
        return false;
    for (uint32_t i = f->proof; x->kx == KX_ANY && i < f->proof + f->proofs; i++) {
        const struct proof *p = &j->s->proof[i];
        uint32_t notes = 0;
        if (p->full && p->choice == choice && choice_in_offer(j->s, p, stack, &notes) && !notes)
            return true;
    }
    bool offered = x->kx != KX_ANY && offer_has_version(o, c->version) && offer_has_suite(o, c->suite);
    bool named = c->group >> 8 == 1; /* a prime of RFC 7919 limits to those that are offered */
    if (!offered || (c->etm == 2 && !(o->ext_mask & EXT_ETM)) || (named && !list16_has(o->groups, c->group)))
        return false;
    struct served is = answers_served(j, c, x, stack);
    return is.suite && is.curve && is.sign;
}

static bool is_chacha(uint32_t suite)
{
    const struct suite *x = suite_find(suite);
    return x && x->enc && strncmp(x->enc, "CHACHA20", 8) == 0;
}

/* Does one pair of answers contradict every order of the server's own? */
static bool contradict(const struct judge *j, const struct answer_seen *a, const struct answer_seen *b)
{
    if (!a->choice || !b->choice || a->stack == b->stack)
        return false;
    const struct choice *x = study_choice(j->s, a->choice), *y = study_choice(j->s, b->choice);
    if (x->version != y->version || x->suite == y->suite || is_chacha(x->suite) || is_chacha(y->suite))
        return false;
    return answers_could_serve(j, b->choice, a->stack) && answers_could_serve(j, a->choice, b->stack);
}

bool offer_lists_before(const struct offer *o, uint32_t suite, uint32_t than)
{
    for (struct rd r = o->suites; rd_left(&r) >= 2;) {
        uint16_t id = rd_u16(&r);
        if (id == than)
            return false;
        if (id == suite)
            return true;
    }
    return false;
}

/* Did it choose the one although the other, which it could have chosen as well, stood before? */
static bool passed_over(const struct judge *j, const struct answer_seen *a, const struct answer_seen *other)
{
    if (!a->choice || !other->choice || !j->s->offer_read[a->stack])
        return false;
    const struct choice *x = study_choice(j->s, a->choice), *y = study_choice(j->s, other->choice);
    return x->version == y->version && !is_chacha(x->suite) && !is_chacha(y->suite) &&
           offer_lists_before(&j->s->offer[a->stack], y->suite, x->suite) && answers_could_serve(j, other->choice, a->stack);
}

static void find_order(const struct judge *j, struct answers_seen *a)
{
    for (unsigned i = 0; i < a->n; i++)
        for (unsigned k = 0; k < a->n; k++) {
            a->client_order |= k < i && contradict(j, &a->at[i], &a->at[k]);
            a->own_order |= passed_over(j, &a->at[i], &a->at[k]);
        }
    if (a->client_order && a->own_order) /* several machines, or a rule that is not known here */
        a->client_order = a->own_order = false, a->mixed = true;
}

const struct answers_seen *answers_of_place(struct judge *j)
{
    const struct study *s = j->s;
    struct answers_seen *a = &j->answers;
    if (a->place == j->c->place)
        return a;
    a->place = j->c->place;
    a->n = 0;
    a->client_order = a->own_order = a->mixed = false;
    for (uint32_t i = study_first_sight(s, a->place); i < s->sights && s->seen[i].place == a->place; i++) {
        const struct sight *x = &s->seen[i];
        bool whole = (x->is & (SIGHT_WHOLE | SIGHT_FULL)) == (SIGHT_WHOLE | SIGHT_FULL) && !(x->is & SIGHT_STRANGE) && x->choice;
        if (x->stack && s->offer_read[x->stack] && !(x->is & SIGHT_HISTORY) && (whole || is_refusal(cube_row_key(s->cube, x->row))))
            answer_add(a, x);
    }
    find_order(j, a);
    return a;
}
