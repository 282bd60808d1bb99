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
    a->cut |= a->n == ANSWERS_SEEN;
    if (a->n < ANSWERS_SEEN)
        a->at[a->n++] = (struct answer_seen){ .stack = x->stack, .choice = x->choice, .row = x->row };
}

static void suite_add(struct answers_seen *a, const struct choice *c, bool proved)
{
    for (unsigned i = 0; i < a->suites; i++)
        if (a->suite[i].suite == c->suite && a->suite[i].group == c->group) {
            a->suite[i].proved |= proved;
            return;
        }
    a->cut |= a->suites == SUITES_SEEN;
    if (a->suites < SUITES_SEEN)
        a->suite[a->suites++] = (struct suite_seen){ .suite = c->suite, .group = c->group, .proved = proved };
}

/* What this choice, with suite y, shows of what the place can do for an offer; own: it was made for that offer. */
static void serving_add(struct serving *out, const struct choice *c, const struct suite *y, const struct offer *o, bool own)
{
    uint8_t bit = (uint8_t)(1u << version_rank(c->version));
    bool curve = !c->cert || c->cert->key != CERT_KEY_EC || !c->cert->curve || !(o->ext_mask & EXT_GROUPS) ||
                 list16_has(o->groups, c->cert->curve);
    bool scheme = c->version != VER_TLS12 || (suite_is_signed(y) && c->sigscheme && list16_has(o->sigalgs, c->sigscheme));
    bool signed_so = own && suite_is_signed(y);
    out->curve |= suite_on_curve(y) && (own || (c->group && list16_has(o->groups, c->group))) ? bit : 0;
    out->sign[false][y->au] |= signed_so || curve ? bit : 0;
    out->sign[true][y->au] |= signed_so || (curve && scheme) ? bit : 0;
}

/* The number of the first answer with this choice; ANSWERS_SEEN: there is none. */
static uint16_t kind_of(const struct judge *j, const struct answers_seen *a, uint32_t choice)
{
    unsigned i = 0;
    while (i < a->n && a->at[i].choice != choice)
        i++;
    j->s->looks += i;
    return (uint16_t)(i < a->n ? i : ANSWERS_SEEN);
}

static void find_kinds(const struct judge *j, struct answers_seen *a)
{
    const struct place_facts *f = j->facts;
    for (unsigned i = 0; i < a->n; i++)
        a->at[i].kind = kind_of(j, a, a->at[i].choice);
    for (uint32_t i = 0; i < f->proofs; i++)
        a->kind[i] = kind_of(j, a, j->s->proof[f->proof + i].choice);
}

/* In TLS 1.3 the suite says nothing of group and signature: the whole choice has to fit. */
static void serving_13_add(const struct judge *j, struct answer_seen *a, const struct proof *p, unsigned kind)
{
    uint32_t notes = 0;
    if (kind < ANSWERS_SEEN && choice_in_offer(j->s, p, a->stack, &notes) && !notes)
        a->served_13[kind / 64] |= UINT64_C(1) << kind % 64;
}

/* For each answer, once: all pairs of answers are looked at afterwards. */
static void answer_prove(const struct judge *j, const struct answers_seen *all, struct answer_seen *a)
{
    const struct place_facts *f = j->facts;
    j->s->looks += f->proofs;
    const struct choice *c = a->choice ? study_choice(j->s, a->choice) : NULL;
    for (uint32_t i = f->proof; i < f->proof + f->proofs; i++) {
        const struct proof *p = &j->s->proof[i];
        const struct choice *d = study_choice(j->s, p->choice);
        const struct suite *y = d->suite == SUITE_NONE ? NULL : suite_find(d->suite);
        if (!p->full || !y)
            continue;
        if (y->kx == KX_ANY)
            serving_13_add(j, a, p, all->kind[i - f->proof]);
        a->proved |= c && d->version == c->version && d->suite == c->suite && d->etm == c->etm;
        bool own = cube_profile(j->s->cube, p->profile)->stack == a->stack;
        serving_add(&a->serving, d, y, &j->s->offer[a->stack], own);
    }
}

struct served answers_served(const struct judge *j, const struct answer_seen *got, const struct answer_seen *other)
{
    const struct choice *c = study_choice(j->s, got->choice);
    const struct suite *x = suite_find(c->suite);
    int rank = version_rank(c->version);
    bool curve = other->serving.curve >> rank & 1, sign = x && other->serving.sign[suite_is_signed(x)][x->au] >> rank & 1;
    return (struct served){ .suite = got->proved, .curve = x && (!suite_on_curve(x) || curve), .sign = sign };
}

bool answers_could_serve(const struct judge *j, const struct answer_seen *got, const struct answer_seen *other)
{
    const struct choice *c = study_choice(j->s, got->choice);
    const struct suite *x = c->suite == SUITE_NONE ? NULL : suite_find(c->suite);
    const struct offer *o = &j->s->offer[other->stack];
    if (!x || x->kx == KX_ANY)
        return x && other->served_13[got->kind / 64] >> got->kind % 64 & 1;
    bool offered = offer_has_version(o, c->version) && offer_has_suite(o, c->suite);
    bool named = c->group >> 8 == 1; /* a prime of RFC 7919 limits to those that are offered */
    if (!offered || (c->etm == 2 && !(o->ext_mask & EXT_ETM)) || (named && !list16_has(o->groups, c->group)))
        return false;
    struct served is = answers_served(j, got, other);
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
    return answers_could_serve(j, b, a) && answers_could_serve(j, a, b);
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
           offer_lists_before(&j->s->offer[a->stack], y->suite, x->suite) && answers_could_serve(j, other, a);
}

static void find_order(const struct judge *j, struct answers_seen *a)
{
    for (unsigned i = 0; i < a->n; i++)
        for (unsigned k = 0; k < a->n && !(a->client_order && a->own_order); k++) {
            j->s->looks++;
            a->client_order = a->client_order || (k < i && contradict(j, &a->at[i], &a->at[k]));
            a->own_order = a->own_order || passed_over(j, &a->at[i], &a->at[k]);
        }
    if (a->client_order && a->own_order) /* several machines, or a rule that is not known here */
        a->client_order = a->own_order = false, a->mixed = true;
}

static void sight_look(const struct study *s, struct answers_seen *a, const struct sight *x)
{
    if (x->is & SIGHT_HISTORY)
        return;
    bool chosen = x->choice && !(x->is & SIGHT_STRANGE);
    bool whole = chosen && (x->is & (SIGHT_WHOLE | SIGHT_FULL)) == (SIGHT_WHOLE | SIGHT_FULL);
    bool answered = x->stack && s->offer_read[x->stack] && (whole || is_refusal(cube_row_key(s->cube, x->row)));
    if (chosen)
        suite_add(a, study_choice(s, x->choice), answered && x->is & SIGHT_COMPLETED);
    if (answered)
        answer_add(a, x);
}

const struct answers_seen *answers_of_place(struct judge *j)
{
    const struct study *s = j->s;
    struct answers_seen *a = &j->answers;
    if (a->place == j->c->place)
        return a;
    a->place = j->c->place;
    a->n = a->suites = 0;
    a->cut = a->client_order = a->own_order = a->mixed = false;
    for (uint32_t i = study_first_sight(s, a->place); i < s->sights && s->seen[i].place == a->place && !a->cut; i++)
        sight_look(s, a, &s->seen[i]);
    if (a->cut)
        return a;
    find_kinds(j, a);
    for (unsigned i = 0; i < a->n; i++)
        answer_prove(j, a, &a->at[i]);
    find_order(j, a);
    return a;
}
