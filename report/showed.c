/* SPDX-License-Identifier: Apache-2.0 */
#include "report/showed.h"
#include "report/study_impl.h"

#include <stdlib.h>
#include <string.h>

enum { PAIRS = 64, ALERT_PROTOCOL_VERSION = 70, ALERT_INAPPROPRIATE_FALLBACK = 86 };

/* While one place is looked at. */
struct looking {
    const struct study *s;
    const struct place_facts *facts;
    struct showed *w;
    struct over {
        uint32_t chosen, later, row; /* suites: the first was chosen, and the other was listed after it */
        uint16_t version;
    } over[PAIRS];
    unsigned overs;
    struct chosen {
        uint32_t choice, row;
    } chosen[PAIRS]; /* by one stack, whose order is still to be looked at */
    unsigned chosens;
    uint32_t stack;
};

/* Of all rows that show the same the earliest is the evidence. */
static void keep(const struct looking *l, uint32_t *evidence, uint32_t row)
{
    if (row_is_earlier(l->s, row, *evidence))
        *evidence = row;
}

/* ---- versions ---- */

static void version_add(struct looking *l, const struct sight *x, const struct cube_key *k)
{
    struct showed *w = l->w;
    const struct profile *p = cube_profile(l->s->cube, k->profile);
    int rank = version_rank(k->version);
    if (w->lowest == VER_NONE || rank < version_rank(w->lowest)) {
        w->lowest = k->version;
        w->lowest_row = x->row;
    } else if (k->version == w->lowest) {
        keep(l, &w->lowest_row, x->row);
    }
    if (w->highest == VER_NONE || rank > version_rank(w->highest)) {
        w->highest = k->version;
        w->highest_row = x->row;
        w->limit_row = 0;
    } else if (k->version == w->highest) {
        keep(l, &w->highest_row, x->row);
    }
    bool more = p && version_rank(p->max_version) > rank && x->is & SIGHT_WHOLE && k->sentinel == SENTINEL_NONE;
    if (k->version == w->highest && more)
        keep(l, &w->limit_row, x->row);
}

static void refusal_add(struct looking *l, const struct sight *x, const struct cube_key *k)
{
    const struct profile *p = cube_profile(l->s->cube, k->profile);
    bool low = k->outcome == OUTCOME_ALERT_SERVER && k->alert_code == ALERT_PROTOCOL_VERSION && k->version == VER_NONE;
    if (!low || !p || !(x->is & SIGHT_WHOLE) || version_rank(p->max_version) < version_rank(l->w->refused))
        return;
    if (p->max_version != l->w->refused)
        l->w->refused_row = 0;
    l->w->refused = p->max_version;
    keep(l, &l->w->refused_row, x->row);
}

static void ceiling(struct looking *l)
{
    struct showed *w = l->w;
    bool dtls = w->highest >> 8 == 0xfe;
    if (l->facts->ceiling <= version_rank(w->highest))
        return;
    w->proved = l->facts->ceiling >= version_rank(VER_TLS13) ? (dtls ? VER_DTLS13 : VER_TLS13) : (dtls ? VER_DTLS12 : VER_TLS12);
    w->proved_row = l->facts->ceiling_row;
    w->limit_row = 0;
}

/* ---- suites and groups ---- */

static void suite_add(const struct looking *l, const struct choice *c, const struct cube_val *v, uint32_t row)
{
    struct showed *w = l->w;
    unsigned i = 0;
    while (i < w->suites && (w->suite[i].suite != c->suite || w->suite[i].version != c->version))
        i++;
    if (i == SHOWED_SUITES) {
        w->more_suites++;
        return;
    }
    if (i == w->suites)
        w->suite[w->suites++] = (struct showed_suite){ .version = c->version, .suite = c->suite, .row = row };
    w->suite[i].count += v->count;
    keep(l, &w->suite[i].row, row);
}

static void group_add(const struct looking *l, uint16_t group, const struct cube_val *v, uint32_t row)
{
    struct showed *w = l->w;
    unsigned i = 0;
    while (i < w->groups && w->group[i].group != group)
        i++;
    if (i == SHOWED_GROUPS) {
        w->more_groups++;
        return;
    }
    if (i == w->groups)
        w->group[w->groups++] = (struct showed_group){ .group = group, .row = row };
    w->group[i].count += v->count;
    keep(l, &w->group[i].row, row);
}

static int suite_cmp(const void *x, const void *y)
{
    const struct showed_suite *a = x, *b = y;
    int d = version_rank(b->version) - version_rank(a->version);
    if (!d)
        d = (a->count < b->count) - (a->count > b->count);
    return d ? d : (a->suite > b->suite) - (a->suite < b->suite);
}

static int group_cmp(const void *x, const void *y)
{
    const struct showed_group *a = x, *b = y;
    int d = (a->count < b->count) - (a->count > b->count);
    return d ? d : a->group - b->group;
}

/* ---- whose order decides ---- */

/* Was this suite chosen here at this version, in a way that would have served this stack too (and all that it takes is visible)? */
static bool could_choose(const struct looking *l, uint32_t stack, uint16_t version, uint32_t suite)
{
    for (uint32_t i = l->facts->proof; i < l->facts->proof + l->facts->proofs; i++) {
        const struct proof *p = &l->s->proof[i];
        const struct choice *c = study_choice(l->s, p->choice);
        uint32_t notes = 0;
        if (c->suite == suite && c->version == version && p->full && choice_in_offer(l->s, p, stack, &notes) && !notes)
            return true;
    }
    return false;
}

static void over_add(struct looking *l, const struct over *o)
{
    unsigned i = 0;
    while (i < l->overs && (l->over[i].version != o->version || l->over[i].chosen != o->chosen || l->over[i].later != o->later))
        i++;
    if (i == PAIRS)
        return;
    if (i == l->overs)
        l->over[l->overs++] = *o;
    keep(l, &l->over[i].row, o->row);
}

/* Met the other way round as well, it is the client's order that decides: the two rows that showed it first. */
static void client_order(struct looking *l)
{
    uint32_t *best = l->w->client_order_row;
    for (unsigned i = 0; i < l->overs; i++)
        for (unsigned j = 0; j < i; j++) {
            const struct over *a = &l->over[i], *b = &l->over[j];
            if (a->version != b->version || a->chosen != b->later || a->later != b->chosen)
                continue;
            bool in_turn = row_is_earlier(l->s, a->row, b->row);
            const uint32_t pair[] = { in_turn ? a->row : b->row, in_turn ? b->row : a->row };
            if (row_is_earlier(l->s, pair[1], best[1]))
                memcpy(best, pair, sizeof pair);
        }
}

static bool has_suite_at(const struct looking *l, uint16_t version, uint32_t suite)
{
    for (unsigned i = 0; i < l->w->suites; i++)
        if (l->w->suite[i].suite == suite && l->w->suite[i].version == version)
            return true;
    return false;
}

/* The suites that the hello listed before and after what was chosen, as far as the server has them. */
static void order_look(struct looking *l, const struct chosen *x)
{
    const struct choice *c = study_choice(l->s, x->choice);
    const struct offer *o = &l->s->offer[l->stack];
    bool passed = false;
    for (struct rd r = o->suites; rd_left(&r) >= 2;) {
        uint16_t suite = rd_u16(&r);
        passed |= suite == c->suite;
        if (suite == c->suite || !has_suite_at(l, c->version, suite) || !could_choose(l, l->stack, c->version, suite))
            continue;
        if (passed)
            over_add(l, &(struct over){ .chosen = c->suite, .later = suite, .row = x->row, .version = c->version });
        else
            keep(l, &l->w->server_order_row, x->row);
    }
}

static void orders_look(struct looking *l)
{
    for (unsigned i = 0; i < l->chosens; i++)
        order_look(l, &l->chosen[i]);
    l->chosens = 0;
}

/* Sights of one stack lie together: each of its choices is looked at once. */
static void order_add(struct looking *l, const struct sight *x)
{
    bool several = l->facts->splits || l->facts->excess.answers;
    if (!l->s->offer_read[x->stack] || l->s->offer[x->stack].format == HELLO_SSLV2 || several)
        return;
    unsigned i = 0;
    if (x->stack != l->stack)
        orders_look(l);
    l->stack = x->stack;
    while (i < l->chosens && l->chosen[i].choice != x->choice)
        i++;
    if (i == PAIRS) {
        orders_look(l);
        i = 0;
    }
    if (i == l->chosens)
        l->chosen[l->chosens++] = (struct chosen){ .choice = x->choice, .row = x->row };
    keep(l, &l->chosen[i].row, x->row);
}

enum showed_order showed_order(const struct showed *w)
{
    bool client = w->client_order_row[0] != 0;
    if (w->server_order_row)
        return client ? ORDER_BOTH : ORDER_SERVER;
    return client ? ORDER_CLIENT : ORDER_NOT_SHOWN;
}

/* ---- extensions and certificates ---- */

static void fact(const struct looking *l, struct showed_fact *f, bool yes, uint32_t row)
{
    keep(l, yes ? &f->yes : &f->no, row);
}

static void features_add(struct looking *l, const struct sight *x, const struct cube_key *k)
{
    const struct offer *o = &l->s->offer[x->stack];
    bool old = version_rank(k->version) < version_rank(VER_TLS13) && k->version != VER_SSL2;
    if (!old || !l->s->offer_read[x->stack] || (x->is & (SIGHT_WHOLE | SIGHT_FULL)) != (SIGHT_WHOLE | SIGHT_FULL))
        return;
    if (o->ext_mask & EXT_EMS && k->version != VER_SSL3)
        fact(l, &l->w->ems, k->flags & EV_EMS, x->row);
    if (o->ext_mask & EXT_RENEGOTIATION_INFO || o->renegotiation_scsv)
        fact(l, &l->w->renegotiation_info, k->flags & EV_RENEGOTIATION_INFO, x->row);
}

/* RFC 7507: refused where the server has more than the hello offers. */
static void scsv_add(struct looking *l, const struct sight *x, const struct cube_key *k)
{
    const struct profile *p = cube_profile(l->s->cube, k->profile);
    int have = version_rank(l->w->proved ? l->w->proved : l->w->highest);
    if (!(k->flags & EV_FALLBACK_SCSV) || !p)
        return;
    if (k->outcome == OUTCOME_ALERT_SERVER && k->alert_code == ALERT_INAPPROPRIATE_FALLBACK)
        keep(l, &l->w->scsv.yes, x->row);
    else if (x->is & SIGHT_COMPLETED && x->is & SIGHT_WHOLE && have > version_rank(p->max_version))
        keep(l, &l->w->scsv.no, x->row);
}

static bool same_kind(const struct cert_facts *a, const struct cert_facts *b)
{
    return a->key == b->key && a->key_bits == b->key_bits && a->curve == b->curve;
}

static void cert_add(struct looking *l, const struct sight *x, const struct cube_key *k)
{
    const struct cert_facts *cert = cube_cert(l->s->cube, k->cert);
    struct showed *w = l->w;
    if (!cert || !(x->is & SIGHT_FULL))
        return;
    unsigned i = 0;
    while (i < w->certs && !same_kind(w->cert[i], cert))
        i++;
    if (i == SHOWED_CERTS)
        return;
    if (i == w->certs)
        w->cert[w->certs++] = cert;
    keep(l, &w->cert_row[i], x->row);
}

/* ---- */

static void sight_add(struct looking *l, const struct sight *x)
{
    const struct cube_key *k = cube_row_key(l->s->cube, x->row);
    const struct cube_val *v = cube_row_val(l->s->cube, x->row);
    l->w->handshakes += v->count;
    if (!x->choice) {
        refusal_add(l, x, k);
        return;
    }
    if (x->is & SIGHT_STRANGE)
        return;
    version_add(l, x, k);
    cert_add(l, x, k);
    features_add(l, x, k);
    if (k->suite != SUITE_NONE)
        suite_add(l, study_choice(l->s, x->choice), v, x->row);
    if (k->group)
        group_add(l, k->group, v, x->row);
}

bool place_showed(const struct study *s, uint32_t place, struct showed *out)
{
    struct looking l = { .s = s, .facts = &s->facts[place - 1], .w = out };
    memset(out, 0, sizeof *out);
    uint32_t from = study_first_sight(s, place);
    for (uint32_t i = from; i < s->sights && s->seen[i].place == place; i++)
        if (!(s->seen[i].is & SIGHT_HISTORY))
            sight_add(&l, &s->seen[i]);
    ceiling(&l);
    for (uint32_t i = from; i < s->sights && s->seen[i].place == place && !l.facts->mixed; i++) {
        const struct sight *x = &s->seen[i];
        scsv_add(&l, x, cube_row_key(s->cube, x->row));
        const uint32_t whole = SIGHT_COMPLETED | SIGHT_WHOLE | SIGHT_FULL;
        if (x->choice && (x->is & whole) == whole && !(x->is & (SIGHT_HISTORY | SIGHT_STRANGE)))
            order_add(&l, x);
    }
    orders_look(&l);
    client_order(&l);
    qsort(out->suite, out->suites, sizeof *out->suite, suite_cmp);
    qsort(out->group, out->groups, sizeof *out->group, group_cmp);
    return out->handshakes != 0;
}

enum { IS_ENFORCED = 1, IS_MET = 2 };

/* By number of the server - 1. NULL: out of memory. */
static uint8_t *marks_of_servers(const struct study *s)
{
    uint8_t *mark = calloc(s->servers + 1u, 1);
    for (uint32_t place = 1; mark && place <= study_places(s); place++)
        for (unsigned i = 0; i < s->q->enforces; i++)
            if (enforce_matches(s, &s->q->enforce[i], study_place(s, place)))
                mark[s->place_server[place - 1] - 1] |= IS_ENFORCED;
    for (uint32_t i = 0; mark && i < s->cells; i++)
        if (s->cell[i].in_study)
            mark[s->place_server[s->cell[i].place - 1] - 1] |= IS_MET;
    return mark;
}

bool *showed_asked(const struct study *s)
{
    uint8_t *mark = marks_of_servers(s), want = s->q->enforces ? IS_ENFORCED : 0;
    bool *asked = calloc(study_places(s) + 1u, sizeof *asked);
    if (s->r->view->client_only)
        want |= IS_MET;
    for (uint32_t place = 1; mark && asked && place <= study_places(s); place++)
        asked[place - 1] = study_asks_for(s, &study_place(s, place)->server) &&
                           (mark[s->place_server[place - 1] - 1] & want) == want;
    if (!mark) {
        free(asked);
        asked = NULL;
    }
    free(mark);
    return asked;
}
