/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a server is shown not to have. A handshake shows what was chosen, and that alone says nothing of what was not. But a server
 * goes either by its own order of suites or by the client's:
 *
 * - It chose X over Y here and Y over X there, although it could have served both times both: it goes by the client's. Then what
 *   an offer lists before the suite that was chosen cannot serve it, nor any offer that brings no more for it.
 * - It passed over a suite that it has and that was listed before: it goes by its own. Then a suite that it preferred to X
 *   elsewhere cannot serve an offer for which it chose X.
 * - Where neither is shown, both have to say so.
 * - All suites of an offer that it refused cannot serve that.
 * - But what somebody got in a handshake that is no answer to go by (resumed, seen in part, given up) is there all the same, and
 *   what may have served him may serve others.
 * - It has a suite by ECDHE, and by the above cannot serve an offer with it that it could sign for: it has none of its groups, and
 *   no suite by ECDHE serves it.
 *
 * Two more go beyond what is shown, and the verdict says when it rests on the first of them:
 * - Suites of one kind come and go together. So one of a kind that nobody ever got, though several stacks listed some of the kind
 *   before what they got, is taken as not there: two stacks where the client's order decides; else four, of stronger ones, because
 *   few orders of a server's own put the weaker first for all (that of Windows Server 2008 does: RSA before ECDHE).
 * - Nobody has NULL, export or anonymous suites on, or shared keys, without meaning to, and then somebody gets them.
 */
#include "report/verdict.h"
#include "report/rollup.h"

#include <string.h>

/* ---- suites ---- */

/* Groups and schemes that servers choose; one that has nothing but others would be known by them. */
static bool is_common_group(uint16_t group)
{
    return group == 0x1d || (group >= 0x17 && group <= 0x19); /* x25519, secp256r1, secp384r1, secp521r1 */
}

static bool is_common_scheme(uint16_t scheme, const struct suite *x)
{
    bool any = x->au == AU_ANY;
    switch (scheme) {
    case 0x0804: case 0x0805: case 0x0806: case 0x0401: case 0x0501: case 0x0601:
        return any || x->au == AU_RSA;
    case 0x0403: case 0x0503: case 0x0603:
        return any || x->au == AU_ECDSA;
    default:
        return false;
    }
}

/* Every common group of a that the policy allows is in b. */
static bool groups_within(const struct judge *j, uint16_t version, const struct offer *a, const struct offer *b)
{
    if (!(b->ext_mask & EXT_GROUPS))
        return true; /* it left the choice to the server */
    if (!(a->ext_mask & EXT_GROUPS))
        return list16_has(b->groups, 0x1d) && list16_has(b->groups, 0x17) && list16_has(b->groups, 0x18);
    for (struct rd r = a->groups; rd_left(&r) >= 2;) {
        uint16_t group = rd_u16(&r);
        if (is_common_group(group) && policy_allows_group(j->p, version, group) && !list16_has(b->groups, group))
            return false;
    }
    return true;
}

static bool schemes_within(const struct judge *j, const struct suite *x, uint16_t version, const struct offer *a,
                           const struct offer *b)
{
    if (!(a->ext_mask & EXT_SIGALGS))
        return !(b->ext_mask & EXT_SIGALGS) || list16_has(b->sigalgs, x->au == AU_ECDSA ? 0x0203 : 0x0201);
    for (struct rd r = a->sigalgs; rd_left(&r) >= 2 && b->ext_mask & EXT_SIGALGS;) {
        uint16_t scheme = rd_u16(&r);
        if (is_common_scheme(scheme, x) && policy_allows_sigscheme(j->p, version, scheme) && !list16_has(b->sigalgs, scheme))
            return false;
    }
    return true;
}

/* Does offer b bring all for this suite that a does? Then what does not serve b with it does not serve a. */
static bool brings_as_much(const struct judge *j, const struct suite *x, uint16_t version, const struct offer *a,
                           const struct offer *b)
{
    bool curve = suite_on_curve(x) || x->kx == KX_ANY || x->au == AU_ECDSA;
    bool signs = (suite_is_signed(x) || x->kx == KX_ANY) && version_rank(version) >= version_rank(VER_TLS12);
    return (!curve || groups_within(j, version, a, b)) && (!signs || schemes_within(j, x, version, a, b));
}

/* Does a choice at one version say something of another? A list of suites is for all versions before TLS 1.3, and the newer one
 * forbids less of it. */
static bool speaks_of(uint16_t seen, uint16_t version)
{
    int a = version_rank(seen), b = version_rank(version), tls13 = version_rank(VER_TLS13);
    return a == b || (a > b && a < tls13);
}

/* Did the server prefer suite x to what it chose here, at some other time when it could have chosen that as well? */
static bool preferred(const struct judge *j, const struct answers_seen *a, uint32_t x, const struct answer_seen *b)
{
    const struct choice *c = study_choice(j->s, b->choice);
    for (unsigned i = 0; i < a->n; i++) {
        const struct choice *y = a->at[i].choice ? study_choice(j->s, a->at[i].choice) : NULL;
        j->s->looks++;
        if (y && y->suite == x && y->version == c->version && answers_could_serve(j, b, &a->at[i]))
            return true;
    }
    return false;
}

/* Does this answer show that suite x does not serve the offer that got it? */
static bool shows_absent(const struct judge *j, const struct answers_seen *a, const struct answer_seen *b, uint32_t x)
{
    const struct offer *o = &j->s->offer[b->stack];
    if (!b->choice)
        return offer_lists_before(o, x, SUITE_NONE);
    if (study_choice(j->s, b->choice)->suite == x) /* with what was wrong beside it: it may come with another group */
        return false;
    bool before = offer_lists_before(o, x, study_choice(j->s, b->choice)->suite);
    if (a->mixed || (!before && a->client_order))
        return false;
    if (a->client_order)
        return before;
    return (before || a->own_order) && offer_has_suite(o, x) && preferred(j, a, x, b);
}

static bool was_chosen(const struct answers_seen *a, uint32_t suite)
{
    for (unsigned i = 0; i < a->suites; i++)
        if (a->suite[i].suite == suite)
            return true;
    return false;
}

/* Was the suite got in a way that no proof explains, and that may do for the offer? Then no answer shows that it is absent. */
static bool may_be_there(const struct judge *j, const struct answers_seen *a, uint32_t suite)
{
    bool proved = false, hidden = false, fits = false;
    for (unsigned i = 0; i < a->suites; i++) {
        const struct suite_seen *x = &a->suite[i];
        if (x->suite != suite)
            continue;
        proved |= x->proved;
        hidden |= !x->proved && !x->group;
        fits |= !x->proved && x->group && list16_has(j->offer->groups, x->group);
    }
    return fits || (hidden && !proved);
}

/* Did some client with this very offer get the suite here, other than with a group that the policy forbids? */
static bool got_it_itself(const struct judge *j, const struct suite *x)
{
    const struct study *s = j->s;
    uint32_t i = j->c->from;
    while (i > 0 && s->seen[i - 1].place == j->c->place && s->seen[i - 1].stack == j->c->stack)
        i--;
    for (; i < s->sights && s->seen[i].place == j->c->place && s->seen[i].stack == j->c->stack; i++) {
        const struct choice *c = s->seen[i].choice ? study_choice(s, s->seen[i].choice) : NULL;
        if (!c || c->suite != x->id || s->seen[i].is & (SIGHT_STRANGE | SIGHT_HISTORY))
            continue;
        if (!suite_on_curve(x) || !c->group || policy_allows_group(j->p, c->version, c->group))
            return true;
    }
    return false;
}

/* Suites of one kind come and go together in configurations. */
enum kind { KIND_SUITE, KIND_KX /* of this key exchange */, KIND_MODE /* AEAD, CBC, stream */, KINDS };

static bool is_of_kind(const struct suite *a, const struct suite *b, enum kind kind)
{
    switch (kind) {
    case KIND_SUITE:
        return a->id == b->id;
    case KIND_KX: /* static ECDH, where there is no ECDHE, least of all */
        return a->kx == b->kx || (a->kx == KX_ECDH && b->kx == KX_ECDHE);
    case KIND_MODE:
        return a->mode == b->mode;
    case KINDS:
        break;
    }
    return false;
}

/* Does the offer list one of the kind before what it got, that it brings as much for as this one? Stronger than that, unless it is
 * the client's order that decides: else it may be what the server likes less. */
static bool lists_in_vain(const struct judge *j, const struct answers_seen *a, const struct offer *o, const struct suite *x,
                          enum kind kind, const struct choice *c)
{
    for (struct rd r = o->suites; rd_left(&r) >= 2;) {
        const struct suite *y = suite_find(rd_u16(&r));
        if (y && y->id == c->suite)
            return false;
        bool would_win = a->client_order || (y && suite_strength(y->id) > suite_strength(c->suite));
        bool usable = y && y->kx != KX_ANY && version_rank(y->min_version) <= version_rank(c->version);
        if (usable && is_of_kind(x, y, kind) && would_win && brings_as_much(j, y, c->version, j->offer, o))
            return true;
    }
    return false;
}

static bool kind_was_chosen(const struct answers_seen *a, const struct suite *x, enum kind kind)
{
    for (unsigned i = 0; i < a->suites; i++) {
        const struct suite *got = a->suite[i].suite == SUITE_NONE ? NULL : suite_find(a->suite[i].suite);
        if (got && got->kx != KX_ANY && is_of_kind(x, got, kind))
            return true;
    }
    return false;
}

/* How many different stacks listed one of the kind before what they got; 0 when somebody got one. */
static unsigned stacks_in_vain(const struct judge *j, const struct answers_seen *a, const struct suite *x, enum kind kind,
                               uint16_t version)
{
    unsigned stacks = 0;
    uint32_t last = 0;
    if (kind_was_chosen(a, x, kind))
        return 0;
    for (unsigned i = 0; i < a->n; i++) {
        const struct answer_seen *b = &a->at[i];
        const struct choice *c = b->choice ? study_choice(j->s, b->choice) : NULL;
        const struct suite *got = c && c->suite != SUITE_NONE ? suite_find(c->suite) : NULL;
        if (!got || got->kx == KX_ANY || b->stack == last || !speaks_of(c->version, version) ||
            !lists_in_vain(j, a, &j->s->offer[b->stack], x, kind, c))
            continue;
        last = b->stack;
        stacks++;
    }
    return stacks;
}

static bool is_in_vain(const struct judge *j, const struct answers_seen *a, const struct suite *x, uint16_t version)
{
    enum { STACKS = 4, STACKS_OF_CLIENTS_ORDER = 2 };
    unsigned enough = a->client_order ? STACKS_OF_CLIENTS_ORDER : STACKS;
    for (unsigned kind = KIND_SUITE; kind < KINDS; kind++)
        if (stacks_in_vain(j, a, x, kind, version) >= enough)
            return true;
    return false;
}

/* Did anybody get one of these groups, with a suite by ECDHE? TLS 1.3 chooses its groups apart. p: one that this allows at that
 * version; NULL: any. */
static bool group_was_chosen(const struct answers_seen *a, const struct offer *o, const struct policy *p, uint16_t version)
{
    for (unsigned i = 0; i < a->suites; i++) {
        const struct suite *x = a->suite[i].suite == SUITE_NONE ? NULL : suite_find(a->suite[i].suite);
        uint16_t group = a->suite[i].group;
        if (x && suite_on_curve(x) && group && list16_has(o->groups, group) && (!p || policy_allows_group(p, version, group)))
            return true;
    }
    return false;
}

/* Does this answer show that the server has none of the groups that got it, for a suite that it has? */
static bool misses_groups(const struct judge *j, const struct answers_seen *a, const struct answer_seen *b)
{
    const struct choice *got = b->choice ? study_choice(j->s, b->choice) : NULL;
    const struct suite *y = got && got->suite != SUITE_NONE ? suite_find(got->suite) : NULL;
    const struct offer *o = &j->s->offer[b->stack];
    if (!y || y->kx == KX_ANY || suite_on_curve(y) || !(o->ext_mask & EXT_GROUPS) || group_was_chosen(a, o, NULL, got->version))
        return false;
    for (unsigned i = 0; i < a->n; i++) {
        const struct choice *c = a->at[i].choice ? study_choice(j->s, a->at[i].choice) : NULL;
        const struct suite *x = c && c->suite != SUITE_NONE ? suite_find(c->suite) : NULL;
        j->s->looks++;
        if (!x || x->kx != KX_ECDHE || c->version != got->version || !shows_absent(j, a, b, x->id))
            continue;
        struct served is = answers_served(j, &a->at[i], b);
        if (is.suite && is.sign && !is.curve)
            return true;
    }
    return false;
}

/* Has the server no group for this offer at this version, by what this or another that has as many got? */
static bool lacks_groups(const struct judge *j, const struct answers_seen *a, uint16_t version)
{
    if (!(j->offer->ext_mask & EXT_GROUPS) || group_was_chosen(a, j->offer, j->p, version))
        return false;
    for (unsigned i = 0; i < a->n; i++) {
        const struct answer_seen *b = &a->at[i];
        if (b->choice && study_choice(j->s, b->choice)->version == version &&
            groups_within(j, version, j->offer, &j->s->offer[b->stack]) && misses_groups(j, a, b))
            return true;
    }
    return false;
}

/* No server has these on but by design, and then somebody gets them: no encryption to speak of, no authentication, or by keys that
 * both sides share already. */
static bool nobody_enables(const struct suite *x)
{
    bool by_certificate = x->au == AU_RSA || x->au == AU_ECDSA || x->au == AU_DSS;
    if (x->kx != KX_ANY && !by_certificate)
        return true;
    return x->bits < 112 || x->export_grade || x->mode == MODE_NULL;
}

/* How is this suite of the offer shown not to be there for it? */
static enum absent_why absent_why(const struct judge *j, const struct answers_seen *a, const struct suite *x, uint16_t version)
{
    bool chosen = was_chosen(a, x->id); /* then others' constraints explain it: its own answer alone counts */
    if (chosen && (may_be_there(j, a, x->id) || got_it_itself(j, x)))
        return ABSENT_NOT;
    for (unsigned i = 0; i < a->n; i++) {
        const struct answer_seen *b = &a->at[i];
        const struct offer *o = &j->s->offer[b->stack];
        j->s->looks++;
        uint16_t seen = b->choice ? study_choice(j->s, b->choice)->version : o->max_version;
        bool own = b->stack == j->c->stack && version_rank(seen) == version_rank(version);
        bool other = !chosen && o->format == j->offer->format && speaks_of(seen, version) &&
                     brings_as_much(j, x, version, j->offer, o);
        if ((own || other) && shows_absent(j, a, b, x->id))
            return b->choice ? ABSENT_ORDER : ABSENT_REFUSED;
    }
    if (suite_on_curve(x) && lacks_groups(j, a, version))
        return ABSENT_GROUP;
    if (!chosen && nobody_enables(x))
        return ABSENT_BY_DESIGN;
    return !chosen && !a->mixed && is_in_vain(j, a, x, version) ? ABSENT_IN_VAIN : ABSENT_NOT;
}

static bool is_rc4(const struct suite *x)
{
    return x->mode == MODE_STREAM && x->enc && strncmp(x->enc, "RC4", 3) == 0;
}

/* The answers to go by; NULL: nothing is concluded where several servers may answer, or where not all answers are at hand. */
static const struct answers_seen *answers_to_go_by(struct judge *j)
{
    if (j->facts->splits || j->facts->excess.answers || j->facts->mixed || j->offer->format == HELLO_SSLV2)
        return NULL;
    const struct answers_seen *a = answers_of_place(j);
    return a->cut ? NULL : a;
}

static enum lack lacks_suites(struct judge *j, uint16_t version)
{
    const struct answers_seen *a = answers_to_go_by(j);
    enum lack found = LACK_NOT_SHOWN;
    for (struct rd r = j->offer->suites; a && rd_left(&r) >= 2;) {
        const struct suite *x = suite_find(rd_u16(&r));
        if (!x || !policy_leaves_suite(j->p, j->offer, NULL, version, x->id))
            continue;
        enum absent_why why = absent_why(j, a, x, version);
        if (why == ABSENT_NOT)
            return LACK_NOT_SHOWN;
        j->lacks_by_habit |= why == ABSENT_IN_VAIN;
        bool worth = !nobody_enables(x) && !is_rc4(x);
        found = worth || found == LACK_SHOWN ? LACK_SHOWN : LACK_FOR_GOOD;
    }
    return found;
}

enum lack judge_lacks_suites(struct judge *j, uint16_t version)
{
    if (!j->lacks_suites)
        j->lacks_suites = (uint8_t)(lacks_suites(j, version) + 1);
    return (enum lack)(j->lacks_suites - 1);
}

bool judge_leftovers(struct judge *j, uint16_t version, struct leftovers *out)
{
    const struct answers_seen *a = answers_to_go_by(j);
    *out = (struct leftovers){ .there = SUITE_NONE };
    for (struct rd r = j->offer->suites; a && rd_left(&r) >= 2;) {
        const struct suite *x = suite_find(rd_u16(&r));
        if (!x || !policy_leaves_suite(j->p, j->offer, NULL, version, x->id))
            continue;
        enum absent_why why = absent_why(j, a, x, version);
        out->suites++;
        out->by[why]++;
        if (why == ABSENT_NOT && out->there == SUITE_NONE)
            out->there = x->id;
    }
    if (a)
        out->order = a->mixed ? ORDER_UNCLEAR : a->client_order ? ORDER_CLIENT : a->own_order ? ORDER_OWN : ORDER_NOT_SHOWN;
    return a && out->suites;
}

/* ---- certificates ---- */

static bool offers_ecdsa(const struct offer *o)
{
    enum { ECDSA_SHA256 = 0x0403, ECDSA_SHA384 = 0x0503, ECDSA_SHA512 = 0x0603 };
    return list16_has(o->sigalgs, ECDSA_SHA256) || list16_has(o->sigalgs, ECDSA_SHA384) || list16_has(o->sigalgs, ECDSA_SHA512);
}

/* A certificate of another key was sent, although a suite for an ECDSA key stood first and its schemes were offered. */
static bool passed_over_ecdsa(const struct judge *j, const struct answer_seen *b)
{
    const struct choice *c = b->choice ? study_choice(j->s, b->choice) : NULL;
    const struct offer *o = &j->s->offer[b->stack];
    if (!c || c->version != VER_TLS12 || !c->cert || c->cert->key == CERT_KEY_EC || !offers_ecdsa(o))
        return false;
    for (struct rd r = o->suites; rd_left(&r) >= 2;) {
        const struct suite *x = suite_find(rd_u16(&r));
        if (x && x->id == c->suite)
            return false;
        if (x && x->kx == KX_ECDHE && x->au == AU_ECDSA && brings_as_much(j, x, VER_TLS12, j->offer, o))
            return true;
    }
    return false;
}

static bool ecdsa_was_chosen(const struct answers_seen *a)
{
    for (unsigned i = 0; i < a->suites; i++) {
        const struct suite *x = a->suite[i].suite == SUITE_NONE ? NULL : suite_find(a->suite[i].suite);
        if (x && x->au == AU_ECDSA)
            return true;
    }
    return false;
}

/* Every certificate that the server showed is forbidden, an RSA key's among them, and it shows that it has none for an ECDSA key:
 * what it sends is not one, to whom it would send it. There is one certificate for each kind of key. */
static bool lacks_key(struct judge *j, uint32_t *row)
{
    bool rsa = false, ec = false;
    for (unsigned i = 0; i < PLACE_KEYS && j->facts->cert[i]; i++) {
        const struct cert_facts *cert = cube_cert(j->s->cube, j->facts->cert[i]);
        if (policy_allows_cert(j->p, cert))
            return false;
        rsa |= cert->key == CERT_KEY_RSA;
        ec |= cert->key == CERT_KEY_EC;
    }
    const struct answers_seen *a = rsa ? answers_to_go_by(j) : NULL;
    if (a && !ec && ecdsa_was_chosen(a)) /* by a certificate that was not shown */
        return false;
    for (unsigned i = 0; a && i < a->n && !a->mixed; i++)
        if (passed_over_ecdsa(j, &a->at[i])) {
            *row = a->at[i].row;
            return true;
        }
    return false;
}

bool judge_lacks_key(struct judge *j)
{
    if (!j->lacks_key)
        j->lacks_key = lacks_key(j, &j->lacks_key_row) ? 2 : 1;
    return j->lacks_key == 2;
}
