/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a place showed: the choices it made in completed handshakes, and whether it is one server that stays what it is.
 *
 * The same offer must get the same answer. Where it does not, either the configuration changed (all of one kind before, all of
 * the other after) or several backends answer. A change is believed only when mere alternation would hardly look like it:
 * the two kinds in that order by chance in fewer than one case in twenty, and one client at least that saw both.
 */
#include "report/study_impl.h"

#include <stdlib.h>
#include <string.h>

bool row_is_whole(const struct cube_key *k)
{
    return !(k->flags & (EV_GAP | EV_ONE_SIDED | EV_CUT | EV_SUITE_NOT_OFFERED | EV_DIRECTION_GUESSED));
}

bool row_is_full(const struct cube_key *k)
{
    return (k->flags & EV_RESUMED_KNOWN) && !(k->flags & EV_RESUMED);
}

/* Before it chose anything: a refusal of the offer, not of a certificate. inappropriate_fallback is about the dance. */
bool row_was_refused(const struct cube_key *k)
{
    enum { INAPPROPRIATE_FALLBACK = 86 };
    return k->outcome == OUTCOME_ALERT_SERVER && k->version == 0 && k->alert_code != INAPPROPRIATE_FALLBACK;
}

bool row_is_later(const struct study *s, uint32_t row, uint32_t than)
{
    if (!than)
        return true;
    const struct cube_val *a = cube_row_val(s->cube, row), *b = cube_row_val(s->cube, than);
    if (a->last_ns != b->last_ns)
        return a->last_ns > b->last_ns;
    if (a->exemplar.frame != b->exemplar.frame)
        return a->exemplar.frame > b->exemplar.frame;
    return cube_row_cmp(s->cube, row, than) > 0;
}

static const char *input_name(const struct study *s, const struct exemplar *x)
{
    const struct input *in = cube_input_at(s->cube, x->input);
    return in ? in->name : "";
}

bool row_is_earlier(const struct study *s, uint32_t row, uint32_t than)
{
    if (!than)
        return true;
    if (row == than)
        return false;
    const struct cube_row *x = cube_row_at(s->cube, row), *y = cube_row_at(s->cube, than);
    if (!x->wide && !y->wide && x->first_ns != y->first_ns)
        return x->first_ns < y->first_ns;
    const struct exemplar *a = &cube_row_val(s->cube, row)->exemplar, *b = &cube_row_val(s->cube, than)->exemplar;
    if (a->ts_ns != b->ts_ns)
        return a->ts_ns < b->ts_ns;
    if (a->frame != b->frame)
        return a->frame < b->frame;
    int d = a->input == b->input ? 0 : strcmp(input_name(s, a), input_name(s, b));
    return d ? d < 0 : cube_row_cmp(s->cube, row, than) < 0;
}

/* ---- what is inside an offer ---- */

bool list16_has(struct rd list, uint16_t v)
{
    while (rd_left(&list) >= 2)
        if (rd_u16(&list) == v)
            return true;
    return false;
}

bool offer_has_suite(const struct offer *o, uint32_t suite)
{
    struct rd r = o->suites;
    while (rd_left(&r) >= 2)
        if ((o->format == HELLO_SSLV2 ? rd_u24(&r) : rd_u16(&r)) == suite)
            return true;
    return false;
}

bool offer_has_version(const struct offer *o, uint16_t version)
{
    if (o->quic)
        return version == VER_TLS13;
    if (!(o->ext_mask & EXT_SUPPORTED_VERSIONS)) {
        bool family = (o->format == HELLO_DTLS) == (version_rank(version) && version >> 8 == 0xfe);
        return family && version_rank(version) <= version_rank(o->max_version) && version_rank(version) < version_rank(VER_TLS13) &&
               (version != VER_SSL2 || o->format == HELLO_SSLV2);
    }
    for (struct rd r = o->versions; rd_left(&r) >= 2;)
        if (version_canonical(rd_u16(&r)) == version)
            return true;
    return false;
}

static bool is_ffdhe(uint16_t group)
{
    return group >= 0x0100 && group <= 0x01ff;
}

static bool offers_ffdhe(const struct offer *o)
{
    for (struct rd r = o->groups; rd_left(&r) >= 2;)
        if (is_ffdhe(rd_u16(&r)))
            return true;
    return false;
}

/* Every scheme with which a TLS 1.3 server may sign for a is one of b's as well. */
static bool signs_within(struct rd a, struct rd b)
{
    while (rd_left(&a) >= 2) {
        uint16_t scheme = rd_u16(&a);
        bool pkcs1_or_old = scheme >> 8 < 0x08 && (scheme & 0xff) != 3; /* RFC 8446 section 4.2.3: of no use there */
        if (!pkcs1_or_old && scheme != 0x0203 && !list16_has(b, scheme))
            return false;
    }
    return true;
}

static bool group_in_offer(const struct choice *c, const struct suite *x, const struct offer *o, uint32_t *notes)
{
    bool curve = x->kx == KX_ECDHE || x->kx == KX_ECDHE_PSK || x->kx == KX_ECDH;
    if (!c->group || (!curve && x->kx != KX_ANY)) {
        bool named = is_ffdhe(c->group) && offers_ffdhe(o); /* RFC 7919 section 4: then it limits */
        return !named || list16_has(o->groups, c->group);
    }
    if (o->ext_mask & EXT_GROUPS)
        return list16_has(o->groups, c->group);
    *notes |= NOTE_ANY_GROUP;
    return true;
}

static bool signature_in_offer(const struct choice *c, const struct suite *x, const struct offer *o, uint32_t *notes)
{
    bool before = version_rank(c->version) < version_rank(VER_TLS12);
    bool signed_share = x->au == AU_RSA || x->au == AU_ECDSA || x->au == AU_DSS;
    bool curve_matters = c->cert && c->cert->key == CERT_KEY_EC && c->cert->curve && o->ext_mask & EXT_GROUPS;
    if (curve_matters && !list16_has(o->groups, c->cert->curve))
        return false;
    if (before || !signed_share)
        return true;
    if (!(o->ext_mask & EXT_SIGALGS)) {
        *notes |= NOTE_SIGNATURE;
        return true;
    }
    if (c->sigscheme)
        return list16_has(o->sigalgs, c->sigscheme);
    if (x->kx != KX_RSA)
        *notes |= NOTE_SIGNATURE;
    return true;
}

static bool is_13(uint16_t version)
{
    return version_rank(version) == version_rank(VER_TLS13);
}

/* other: the stack that the choice was made for. */
static bool fits(const struct study *s, uint32_t choice, uint32_t other, uint32_t stack, uint32_t *notes)
{
    const struct choice *c = study_choice(s, choice);
    const struct offer *o = &s->offer[stack];
    const struct suite *x = c->suite == SUITE_NONE ? NULL : suite_find(c->suite);
    if (!x || !offer_has_version(o, c->version) || !offer_has_suite(o, c->suite) || !group_in_offer(c, x, o, notes))
        return false;
    if (c->etm == 2 && !(o->ext_mask & EXT_ETM))
        return false;
    if (c->dh_bits > 1024 && c->dh_bits > s->stack_dh[stack] && !is_13(c->version))
        *notes |= NOTE_DH;
    if (!is_13(c->version))
        return signature_in_offer(c, x, o, notes);
    bool same = other == stack || (s->offer_read[other] && signs_within(s->offer[other].sigalgs, o->sigalgs));
    *notes |= same ? 0 : NOTE_SIGNATURE;
    return true;
}

/* The same few questions are asked for each client and under each policy. */
struct fit {
    uint32_t stack, class, other, notes;
    bool fits;
};
enum { FITS = 1 << 16 };

bool fit_open(struct study *s)
{
    s->fit = calloc(FITS, sizeof *s->fit);
    return s->fit != NULL;
}

bool choice_in_offer(const struct study *s, const struct proof *p, uint32_t stack, uint32_t *notes)
{
    uint32_t other = is_13(study_choice(s, p->choice)->version) ? cube_profile(s->cube, p->profile)->stack : 0;
    uint32_t class = s->choice_class[p->choice - 1];
    uint32_t hash = (stack * UINT32_C(2654435761)) ^ (class * UINT32_C(2246822519)) ^ (other * UINT32_C(3266489917));
    struct fit *f = &s->fit[(hash >> 12) % FITS];
    if (f->stack != stack || f->class != class || f->other != other) {
        *f = (struct fit){ .stack = stack, .class = class, .other = other };
        f->fits = fits(s, p->choice, other, stack, &f->notes);
    }
    *notes |= f->notes;
    return f->fits;
}

/* ---- collecting, one place at a time ---- */

/* The same choice; in TLS 1.3 also by the same stack. */
static bool same_proof(const struct study *s, const struct proof *p, const struct sight *x, const struct cube_key *k, bool full)
{
    if (p->choice != x->choice || p->full != full)
        return false;
    return !is_13(k->version) || cube_profile(s->cube, p->profile)->stack == x->stack;
}

static void proof_add(struct study *s, struct place_facts *f, const struct sight *x, const struct cube_key *k)
{
    const struct cube_val *v = cube_row_val(s->cube, x->row);
    bool full = row_is_full(k) && row_is_whole(k);
    uint32_t i = f->proof;
    if (k->outcome != OUTCOME_COMPLETED || !x->choice || !k->profile || k->flags & EV_SUITE_NOT_OFFERED)
        return;
    while (i < s->proofs && !same_proof(s, &s->proof[i], x, k, full))
        i++;
    if (i < s->proofs) {
        struct proof *p = &s->proof[i];
        p->count += v->count;
        p->first_ns = v->first_ns < p->first_ns ? v->first_ns : p->first_ns;
        if (row_is_later(s, x->row, p->row))
            p->row = x->row, p->auth = (x->is & SIGHT_AUTH) != 0;
        p->last_ns = v->last_ns > p->last_ns ? v->last_ns : p->last_ns;
        return;
    }
    if (i - f->proof == STUDY_PROOFS) { /* each is looked at for each other, and for each stack */
        f->excess.proofs += v->count;
        return;
    }
    struct proof *room = study_room(s->proof, sizeof *room, i, &s->proof_room);
    s->failed |= !room;
    if (!room)
        return;
    s->proof = room;
    room[s->proofs++] = (struct proof){ .choice = x->choice, .profile = k->profile, .row = x->row, .full = full,
                                        .auth = (x->is & SIGHT_AUTH) != 0, .count = v->count, .first_ns = v->first_ns,
                                        .last_ns = v->last_ns };
}

/* One certificate of each kind of key. */
static void cert_add(const struct study *s, struct place_facts *f, const struct cube_key *k)
{
    const struct cert_facts *cert = cube_cert(s->cube, k->cert);
    if (!cert || !row_is_full(k))
        return;
    for (unsigned i = 0; i < PLACE_KEYS; i++) {
        const struct cert_facts *have = cube_cert(s->cube, f->cert[i]);
        if (!have)
            f->cert[i] = k->cert;
        if (!have || (have->key == cert->key && have->curve == cert->curve))
            return;
    }
}

static void sentinel_add(const struct study *s, struct place_facts *f, const struct cube_key *k, uint32_t row)
{
    unsigned proves = k->sentinel == SENTINEL_TLS12 ? (unsigned)version_rank(VER_TLS13)
                      : k->sentinel == SENTINEL_TLS11 ? (unsigned)version_rank(VER_TLS12) : 0;
    if (proves > f->ceiling || (proves && proves == f->ceiling && row_is_earlier(s, row, f->ceiling_row))) {
        f->ceiling = (uint8_t)proves;
        f->ceiling_row = row;
    }
}

/* ---- the same offer, different answers ---- */

/* A bit each in reply.with. */
struct run {
    struct reply at[STUDY_ANSWERS];
    unsigned n;
    uint64_t dropped; /* handshakes of others */
};

/* Do two choices show the same server? Session by session differ only what a session is made of. */
static bool same_answer(const struct study *s, uint32_t a, uint32_t b)
{
    if (!a || !b)
        return a == b;
    const struct choice *x = study_choice(s, a), *y = study_choice(s, b);
    bool same_key = !x->cert || !y->cert || x->cert->key == y->cert->key;
    bool same_group = !x->group || !y->group || x->group == y->group; /* 0: it was not seen */
    return x->version == y->version && x->suite == y->suite && same_group && same_key;
}

static bool is_an_answer(const struct cube_key *k)
{
    return k->profile && row_is_whole(k) && (row_was_refused(k) || (k->version && row_is_full(k)));
}

static unsigned answer_add(const struct study *s, struct run *run, const struct sight *x, const struct cube_key *k)
{
    const struct cube_val *v = cube_row_val(s->cube, x->row);
    unsigned i = 0;
    while (i < run->n && (run->at[i].profile != k->profile || !same_answer(s, run->at[i].choice, x->choice)))
        i++;
    if (i == STUDY_ANSWERS) {
        run->dropped += v->count;
        return i;
    }
    struct reply *a = &run->at[i];
    if (i == run->n) {
        run->n++;
        *a = (struct reply){ .profile = k->profile, .choice = x->choice, .row = x->row, .first_ns = v->first_ns,
                              .last_ns = v->last_ns };
    }
    a->count += v->count;
    a->first_ns = v->first_ns < a->first_ns ? v->first_ns : a->first_ns;
    a->row = row_is_later(s, x->row, a->row) ? x->row : a->row;
    a->last_ns = v->last_ns > a->last_ns ? v->last_ns : a->last_ns;
    return i;
}

/* The answers to one stack at one place, and which of them the same client got: its sights, by client. */
static void run_collect(const struct study *s, struct run *run, const struct sight *seen, uint32_t sights)
{
    run->n = 0;
    run->dropped = 0;
    uint32_t got = 0;
    if (sights < 2) /* one answer contradicts nobody */
        return;
    for (uint32_t i = 0; i < sights; i++) {
        if (i > 0 && seen[i].client != seen[i - 1].client)
            got = 0;
        const struct cube_key *k = seen[i].is & SIGHT_WHOLE ? cube_row_key(s->cube, seen[i].row) : NULL;
        if (!k || !is_an_answer(k))
            continue;
        unsigned a = answer_add(s, run, &seen[i], k);
        if (a == STUDY_ANSWERS)
            continue;
        got |= UINT32_C(1) << a;
        for (unsigned b = 0; b < run->n; b++)
            run->at[b].with |= got >> b & 1 ? got : 0;
    }
}

/* In fewer than one case in twenty would a and b things in random order have all of one kind first. */
static bool hardly_by_chance(uint64_t a, uint64_t b)
{
    double ways = 1;
    uint64_t less = a < b ? a : b, more = a < b ? b : a;
    for (uint64_t i = 1; i <= less && ways < 20; i++)
        ways = ways * (double)(more + i) / (double)i;
    return ways >= 20;
}

static bool is_change(const struct reply *a, const struct reply *b, unsigned b_number)
{
    const struct reply *before = a->last_ns < b->first_ns ? a : b, *after = before == a ? b : a;
    return before->last_ns < after->first_ns && a->with >> b_number & 1 && hardly_by_chance(a->count, b->count);
}

static void split_add(struct study *s, const struct reply *a)
{
    struct reply *room = study_room(s->split, sizeof *room, s->splits, &s->split_room);
    s->failed |= !room;
    if (!room)
        return;
    s->split = room;
    room[s->splits++] = *a;
}

/* Pairs of answers to one offer: changes first, because they make history of what was before. */
static void run_changes(struct study *s, struct place_facts *f, const struct run *run)
{
    (void)s;
    f->differs |= run->n > 1;
    f->excess.answers += run->dropped;
    for (unsigned a = 0; a < run->n; a++)
        for (unsigned b = a + 1; b < run->n; b++)
            if (run->at[a].profile == run->at[b].profile && is_change(&run->at[a], &run->at[b], b)) {
                int64_t at = run->at[a].first_ns > run->at[b].first_ns ? run->at[a].first_ns : run->at[b].first_ns;
                f->changed_ns = at > f->changed_ns ? at : f->changed_ns;
            }
}

static void run_splits(struct study *s, struct place_facts *f, const struct run *run)
{
    uint32_t split = 0;
    for (unsigned a = 0; a < run->n; a++)
        for (unsigned b = a + 1; b < run->n; b++)
            if (run->at[a].profile == run->at[b].profile && run->at[a].last_ns >= f->changed_ns &&
                run->at[b].last_ns >= f->changed_ns)
                split |= UINT32_C(1) << a | UINT32_C(1) << b;
    for (unsigned a = 0; a < run->n; a++)
        if (split >> a & 1)
            split_add(s, &run->at[a]);
}

static uint32_t profile_of(const struct study *s, const struct sight *x)
{
    return cube_row_key(s->cube, x->row)->profile;
}

static int by_profile(const void *x, const void *y, void *study)
{
    const struct study *s = study;
    uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;
    int d = order32(profile_of(s, &s->seen[a]), profile_of(s, &s->seen[b]));
    return d ? d : order32(a, b);
}

/* The same sights, those of one profile together and in their order. To be freed; NULL: out of memory. */
static struct sight *sights_by_profile(struct study *s, uint32_t from, uint32_t to)
{
    uint32_t n = to - from, *order = malloc(n * sizeof *order);
    struct sight *out = malloc(n * sizeof *out);
    for (uint32_t i = 0; order && i < n; i++)
        order[i] = from + i;
    if (order)
        qsort_r(order, n, sizeof *order, by_profile, s);
    for (uint32_t i = 0; order && out && i < n; i++)
        out[i] = s->seen[order[i]];
    if (!order) {
        free(out);
        out = NULL;
    }
    free(order);
    return out;
}

/* What to do with the answers to one stack. Only those to one profile of it are compared with each other: where they are too many
 * at once, they come profile by profile. */
typedef void run_fn(struct study *s, struct place_facts *f, const struct run *run);
static void run_visit(struct study *s, struct place_facts *f, uint32_t from, uint32_t to, run_fn *fn)
{
    struct run run;
    run_collect(s, &run, &s->seen[from], to - from);
    if (!run.dropped) {
        fn(s, f, &run);
        return;
    }
    struct sight *seen = sights_by_profile(s, from, to);
    s->failed |= !seen;
    for (uint32_t i = 0, end; seen && i < to - from; i = end) {
        end = i + 1;
        while (end < to - from && profile_of(s, &seen[end]) == profile_of(s, &seen[i]))
            end++;
        run_collect(s, &run, &seen[i], end - i);
        fn(s, f, &run);
    }
    free(seen);
}

static uint32_t run_end(const struct study *s, uint32_t from)
{
    uint32_t i = from;
    while (i < s->sights && s->seen[i].place == s->seen[from].place && s->seen[i].stack == s->seen[from].stack)
        i++;
    return i;
}

static uint32_t place_end(const struct study *s, uint32_t from)
{
    uint32_t i = from;
    while (i < s->sights && s->seen[i].place == s->seen[from].place)
        i = run_end(s, i);
    return i;
}

/* A proxy that is asked for many servers, none of them named in the hello. */
static bool is_mixed(const struct place *p)
{
    return p->sni == 0 && (p->upgrade == cube_upgrade_id("http-connect") || p->upgrade == cube_upgrade_id("socks"));
}

static void place_collect(struct study *s, struct place_facts *f, uint32_t from, uint32_t to)
{
    f->mixed = is_mixed(study_place(s, s->seen[from].place));
    f->proof = s->proofs;
    f->split = s->splits;
    for (uint32_t i = from; i < to && !f->mixed; i = run_end(s, i))
        run_visit(s, f, i, run_end(s, i), run_changes);
    for (uint32_t i = from; i < to && f->differs; i = run_end(s, i))
        run_visit(s, f, i, run_end(s, i), run_splits);
    f->splits = s->splits - f->split;
    for (uint32_t i = from; i < to && !f->mixed; i++) {
        const struct cube_key *k = cube_row_key(s->cube, s->seen[i].row);
        if (cube_row_val(s->cube, s->seen[i].row)->last_ns < f->changed_ns) {
            s->seen[i].is |= SIGHT_HISTORY;
            continue;
        }
        f->asks |= (k->flags & EV_CLIENT_CERT_REQUESTED) != 0;
        proof_add(s, f, &s->seen[i], k);
        cert_add(s, f, k);
        sentinel_add(s, f, k, s->seen[i].row);
    }
    f->proofs = s->proofs - f->proof;
}

void capability_collect(struct study *s)
{
    s->facts = calloc(intern_count(s->places) + 1u, sizeof *s->facts);
    s->failed |= !s->facts;
    for (uint32_t i = 0; i < s->sights && !s->failed;) {
        uint32_t place = s->seen[i].place, end = place_end(s, i);
        struct place_facts *f = &s->facts[place - 1];
        bool asked = study_asks_for(s, &study_place(s, place)->server);
        place_collect(s, f, i, end);
        s->excess.proofs += asked ? f->excess.proofs : 0;
        s->excess.answers += asked ? f->excess.answers : 0;
        i = end;
    }
}
