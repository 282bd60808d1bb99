/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One verdict for a cell: the steps in the order of enum verdict_kind, the first that matches wins. What depends on the stack
 * and the place alone is worked out once per run of cells; what depends on the client, from its own rows.
 *
 * The rule under all of it: a "yes" needs something that was seen, together, in one handshake; a "no" needs a whole ClientHello;
 * and where packets are known to be missing, nothing is concluded from what was not seen.
 */
#include "report/accept.h"
#include "report/names_file.h"
#include "report/rollup_impl.h"
#include "report/study_impl.h"
#include "report/verdict.h"

#include <limits.h>
#include <string.h>

enum { UNPROVABLE = MISS_FEATURE /* that a server insists on a feature is not shown by a policy */ };

static bool nothing_left(const struct residue *r)
{
    return (r->missing & ~(unsigned)UNPROVABLE) != 0;
}

/* ---- what a stack and a place have to do with each other ---- */

/* The certificates seen at the place, one of each kind: is nothing left for any of them? */
bool judge_certs_leave_nothing(struct judge *j)
{
    bool any = false, left = false;
    if (j->certs_done)
        return j->cert_leaves_nothing;
    for (unsigned i = 0; i < PLACE_KEYS && j->facts->cert[i]; i++) {
        struct residue r = policy_residue(j->p, j->offer, cube_cert(j->s->cube, j->facts->cert[i]));
        any = true;
        left = left || !nothing_left(&r);
        j->cert_left = r;
    }
    j->certs_done = true;
    j->cert_leaves_nothing = any && !left;
    return j->cert_leaves_nothing;
}

static const uint16_t versions[] = { VER_SSL2,   VER_SSL3,  VER_TLS10,  VER_TLS11, VER_DTLS10,
                                     VER_TLS12, VER_DTLS12, VER_TLS13, VER_DTLS13 };
enum { VERSIONS = sizeof versions / sizeof *versions };

/* A version of the offer as the policy alone sees it: the highest allowed one. */
static int top_version(const struct policy *p, const struct offer *o)
{
    int top = 0;
    for (size_t i = 0; i < VERSIONS; i++)
        if (policy_allows_version(p, versions[i]) && offer_has_version(o, versions[i]) && version_rank(versions[i]) > top)
            top = version_rank(versions[i]);
    return top;
}

/* What the policy says of a choice as it would come out for this offer: extensions that it lacks would not be negotiated. */
static enum answer proof_answer(const struct judge *j, const struct proof *p)
{
    struct choice c = *study_choice(j->s, p->choice);
    uint32_t has = j->offer->ext_mask;
    bool without_ems = c.ems == 2 && !(has & EXT_EMS);
    bool without_info = c.renegotiation_info == 2 && !(has & EXT_RENEGOTIATION_INFO) && !j->offer->renegotiation_scsv;
    if (!without_ems && !without_info)
        return j->s->judged[p->choice - 1].answer;
    c.ems = without_ems ? 1 : c.ems;
    c.renegotiation_info = without_info ? 1 : c.renegotiation_info;
    return policy_judge_all(j->p, &c, false, NULL, NULL);
}

static bool proof_is_later(const struct study *s, const struct proof *p, uint32_t than /* index + 1 */)
{
    return !than || row_is_later(s, p->row, s->proof[than - 1].row);
}

static void weigh_proof(struct judge *j, uint32_t i)
{
    const struct study *s = j->s;
    const struct proof *p = &s->proof[i];
    uint16_t version = study_choice(s, p->choice)->version;
    unsigned rank = (unsigned)version_rank(version);
    uint32_t notes = 0;
    if (!s->judged[p->choice - 1].version || !offer_has_version(j->offer, version))
        return;
    if (proof_is_later(s, p, j->version_proof[rank]))
        j->version_proof[rank] = i + 1;
    if (!p->full || !choice_in_offer(s, p, j->c->stack, &notes))
        return;
    enum answer a = proof_answer(j, p);
    if (a == ANSWER_NO)
        return;
    notes |= a == ANSWER_NOT_VISIBLE ? NOTE_INVISIBLE : 0;
    bool better = !j->whole_proof[rank] || (!notes && j->whole_notes[rank]) ||
                  (!notes == !j->whole_notes[rank] && proof_is_later(s, p, j->whole_proof[rank]));
    if (better) {
        j->whole_proof[rank] = i + 1;
        j->whole_notes[rank] = notes;
    }
}

/* Sorts the choices of the place by what they prove for this stack: of each version the latest, whole ones first. */
void judge_proofs(struct judge *j)
{
    if (j->proofs_done)
        return;
    memset(j->version_proof, 0, sizeof j->version_proof);
    memset(j->whole_proof, 0, sizeof j->whole_proof);
    memset(j->whole_notes, 0, sizeof j->whole_notes);
    for (uint32_t i = j->facts->proof; i < j->facts->proof + j->facts->proofs; i++)
        weigh_proof(j, i);
    j->proofs_done = true;
}

/* What the policy leaves of a stack's offer, whoever the server; NULL: the offer cannot be read. */
static const struct stack_left *left_of(const struct judge *j, uint32_t stack)
{
    struct stack_left *l = &j->s->left[stack];
    if (!stack || !j->s->offer_read[stack])
        return NULL;
    if (!l->done)
        *l = (struct stack_left){ .left = policy_residue(j->p, &j->s->offer[stack], NULL),
                                  .top = top_version(j->p, &j->s->offer[stack]),
                                  .no_scheme = !policy_leaves_scheme(j->p, &j->s->offer[stack], VER_TLS12), .done = true };
    return l;
}

/* Does the offer hold an allowed suite at this version or an older one? */
static bool holds_at_or_below(const struct policy *p, const struct offer *o, int rank)
{
    for (size_t i = 0; i < VERSIONS; i++) {
        uint16_t v = versions[i];
        if (version_rank(v) > rank || !policy_allows_version(p, v) || !offer_has_version(o, v))
            continue;
        for (struct rd r = o->suites; rd_left(&r) >= 2;)
            if (policy_allows_suite(p, v, o->format == HELLO_SSLV2 ? rd_u24(&r) : rd_u16(&r), o->ext_mask & EXT_ETM))
                return true;
    }
    return false;
}

/* Did the server choose a version with which nothing is left, although a higher one was offered with which something is? What it
 * chose is its ceiling for this offer: narrowing leaves nothing, a newer version would help. */
static bool chose_too_low(const struct judge *j, uint32_t stack, uint32_t choice)
{
    struct stack_left *l = &j->s->left[stack];
    uint16_t version = study_choice(j->s, choice)->version;
    int rank = version_rank(version);
    if (!left_of(j, stack) || nothing_left(&l->left) || j->s->judged[choice - 1].answer == ANSWER_YES)
        return false;
    if (!j->s->judged[choice - 1].version)
        return true;
    if (rank >= version_rank(j->s->offer[stack].max_version))
        return false;
    if (!l->below[rank])
        l->below[rank] = holds_at_or_below(j->p, &j->s->offer[stack], rank) ? 2 : 1;
    return l->below[rank] == 1;
}

static void run_open(struct judge *j)
{
    struct study *s = j->s;
    uint32_t stack = j->c->stack;
    const struct stack_left *l = left_of(j, stack);
    j->facts = &s->facts[j->c->place - 1];
    j->readable = l != NULL;
    j->offer = &s->offer[stack];
    j->certs_done = j->proofs_done = false;
    j->lacks_suites = j->lacks_key = j->run_backends = 0;
    j->lacks_key_row = 0;
    j->lacks_by_habit = false;
    if (!l)
        return;
    j->left = l->left;
    j->top = l->top;
    j->nothing = nothing_left(&j->left);
    j->no_scheme = l->no_scheme;
}

/* ---- what this client did itself ---- */

static void own_completed(struct judge *j, const struct sight *x)
{
    struct own *o = &j->own;
    const struct judged *a = &j->s->judged[x->choice - 1];
    bool full = (x->is & (SIGHT_WHOLE | SIGHT_FULL)) == (SIGHT_WHOLE | SIGHT_FULL);
    o->completed++;
    o->strange |= (x->is & SIGHT_STRANGE) != 0;
    bool low = chose_too_low(j, j->c->stack, x->choice);
    if (a->version && !low)
        o->version_row = x->row, o->version_choice = x->choice;
    if (low && full)
        o->low_row = x->row;
    if ((low || !a->version) && !full)
        o->low_other = x->row;
    if (a->answer == ANSWER_NO)
        o->bad_row = x->row, o->bad_choice = x->choice;
    o->good += a->answer == ANSWER_YES;
    if (!full)
        return;
    o->full_row = x->row;
    o->full_choice = x->choice;
    if (a->answer == ANSWER_YES)
        o->good_row = x->row, o->good_choice = x->choice;
    if (a->answer == ANSWER_NOT_VISIBLE)
        o->dim_row = x->row, o->dim_choice = x->choice;
}

/* A failure that is known by what did not follow: no alert says so in clear. */
static bool is_silent(const struct cube_key *k)
{
    return !k->alert_from || k->flags & EV_ALERT_ENCRYPTED;
}

/* Rows come in order of time: the last of a kind is the latest. */
static void own_add(struct judge *j, const struct sight *x)
{
    struct own *o = &j->own;
    if (x->is & SIGHT_RETRY) {
        o->retries += (uint32_t)cube_row_val(j->s->cube, x->row)->count;
        o->retry_row = x->row;
    } else {
        o->plain_tries++;
    }
    o->fresh |= (x->is & SIGHT_FRESH) != 0;
    if (x->is & SIGHT_HISTORY) {
        o->history++;
        return;
    }
    if (x->is & SIGHT_AUTH)
        o->auth_row = x->row;
    if (x->is & SIGHT_COMPLETED) {
        own_completed(j, x);
    } else if (x->is & SIGHT_FAILED && !(j->c->gappy && is_silent(cube_row_key(j->s->cube, x->row)))) {
        o->failed++;
        o->fail_row = x->row;
    } else {
        o->ambiguous++;
    }
}

static void own_collect(struct judge *j)
{
    j->own = (struct own){ .completed = 0 };
    for (uint32_t i = j->c->from; i < j->c->to; i++)
        own_add(j, &j->s->seen[i]);
}

/* ---- retries: is this hello the ceiling of its client? ---- */

static bool suites_within(const struct offer *a, const struct offer *b)
{
    for (struct rd r = a->suites; rd_left(&r) >= 2;) {
        uint32_t id = a->format == HELLO_SSLV2 ? rd_u24(&r) : rd_u16(&r);
        const struct suite *x = suite_find(id);
        if (!(x && x->signalling) && !offer_has_suite(b, id))
            return false;
    }
    return true;
}

/* The first of the client's cells with this stack, in by_client[]. */
static uint32_t first_of_strain(const struct study *s, uint32_t client, uint32_t stack)
{
    uint32_t i = 0, n = s->cells;
    while (i < n) {
        uint32_t mid = i + (n - i) / 2;
        const struct cell *c = &s->cell[s->by_client[mid]];
        if (c->client < client || (c->client == client && c->stack < stack))
            i = mid + 1;
        else
            n = mid;
    }
    return i;
}

/* Does this client send this stack's hello anywhere only after a failure? */
static bool never_otherwise(const struct judge *j)
{
    const struct study *s = j->s;
    for (uint32_t i = first_of_strain(s, j->c->client, j->c->stack); i < s->cells; i++) {
        const struct cell *c = &s->cell[s->by_client[i]];
        if (c->client != j->c->client || c->stack != j->c->stack)
            return true;
        for (uint32_t k = c->from; k < c->to; k++)
            if (!(s->seen[k].is & SIGHT_RETRY))
                return false;
    }
    return true;
}

/* The higher hello counts as this client's only where nothing else explains the pair of hellos (RFC 7507). */
static bool dance_is_proved(const struct judge *j, const struct profile *higher, const struct offer *o)
{
    if (j->offer->fallback_scsv)
        return true;
    return j->own.retries >= 2 && j->own.plain_tries == 0 && suites_within(j->offer, o) &&
           cell_find(j->s, j->c->place, higher->stack, j->c->client) && never_otherwise(j);
}

/* Does the higher hello succeed here at other times, within the policy? */
static bool higher_works(const struct judge *j, const struct profile *higher)
{
    const struct cell *c = cell_find(j->s, j->c->place, higher->stack, j->c->client);
    for (uint32_t i = c ? c->from : 0; c && i < c->to; i++) {
        const struct sight *x = &j->s->seen[i];
        if (x->is & SIGHT_COMPLETED && j->s->judged[x->choice - 1].answer == ANSWER_YES)
            return true;
    }
    return false;
}

/* Was this stack's hello a retry of a higher one that offers something allowed: here, or for others than a crowd elsewhere? */
static bool is_known_to_retry(struct judge *j, bool crowd)
{
    const struct study *s = j->s;
    for (uint32_t i = first_of_strain(s, j->c->client, j->c->stack); i < s->cells; i++) {
        const struct cell *c = &s->cell[s->by_client[i]];
        if (c->client != j->c->client || c->stack != j->c->stack)
            break;
        for (uint32_t k = c->from; k < c->to && (!crowd || c == j->c); k++) {
            uint32_t from = cube_row_key(s->cube, s->seen[k].row)->fallback_from;
            const struct profile *higher = from ? cube_profile(s->cube, from) : NULL;
            if (higher && suites_within(j->offer, &s->offer[higher->stack]) && !nothing_left(&left_of(j, higher->stack)->left))
                return true;
        }
    }
    return false;
}

static uint32_t completed_rows(const struct study *s, const struct cell *c)
{
    uint32_t n = 0;
    for (uint32_t k = c->from; k < c->to; k++)
        n += (s->seen[k].is & SIGHT_COMPLETED) != 0;
    return n;
}

/* Is there a connection to the server whose hello was not seen and that did not complete; or another stack of the client that
 * offers all of this and something allowed, and that failed at the place, or may have done so unseen? */
static bool higher_may_be_hidden(struct judge *j, bool crowd)
{
    const struct study *s = j->s;
    for (uint32_t i = first_of_strain(s, j->c->client, 0); i < s->cells; i++) {
        const struct cell *c = &s->cell[s->by_client[i]];
        if (c->client != j->c->client)
            break;
        uint32_t completed = completed_rows(s, c);
        bool here = c->place == j->c->place;
        if (c->stack == 0 && completed < c->to - c->from && s->place_server[c->place - 1] == s->place_server[j->c->place - 1])
            return true;
        if (c->stack == 0 || c->stack == j->c->stack || !s->offer_read[c->stack] || (crowd && !here))
            continue;
        bool unseen = j->c->lossy || (here && (!completed || cell_is_damaged(s, c)));
        if (unseen && suites_within(j->offer, &s->offer[c->stack]) && !nothing_left(&left_of(j, c->stack)->left))
            return true;
    }
    return false;
}

/* A retry says so itself only with FALLBACK_SCSV. Where packets are missing, the hello that this one is a retry of may be among
 * them; so may what would prove the dance: a second retry, or the failure before one that seems to stand alone. What a crowd at one
 * address does elsewhere says nothing of this client. */
static bool may_be_retry(struct judge *j)
{
    const struct study *s = j->s;
    bool crowd = s->client_stacks[j->c->client - 1].all > STUDY_STRAINS;
    if (j->offer->ext_mask & EXT_SUPPORTED_VERSIONS)
        return false;
    if ((s->client_damaged[j->c->client - 1] || j->c->gappy) && higher_may_be_hidden(j, crowd))
        return true;
    return (j->c->lossy || j->c->gappy) && is_known_to_retry(j, crowd);
}

static enum excuse excuse_of(struct judge *j)
{
    uint32_t retry = j->own.retry_row;
    const struct profile *higher = retry ? cube_profile(j->s->cube, cube_row_key(j->s->cube, retry)->fallback_from) : NULL;
    const struct stack_left *l = higher ? left_of(j, higher->stack) : NULL;
    bool version = j->left.missing & MISS_VERSION;
    if (l) {
        if (!nothing_left(&l->left) && dance_is_proved(j, higher, &j->s->offer[higher->stack])) {
            j->higher = higher->stack;
            return higher_works(j, higher) ? EXCUSE_HIGHER : EXCUSE_FALLBACK;
        }
        j->v->notes |= nothing_left(&l->left) ? 0u : NOTE_FALLBACK_SEEN;
    } else if (j->offer->fallback_scsv) {
        j->v->notes |= NOTE_SCSV;
        return EXCUSE_UNKNOWN;
    }
    if (may_be_retry(j)) {
        j->v->notes |= NOTE_LOSS;
        return EXCUSE_UNKNOWN;
    }
    if (version && !j->own.fresh && !(j->offer->ext_mask & EXT_SUPPORTED_VERSIONS)) {
        j->v->notes |= NOTE_RESUMING;
        return EXCUSE_UNKNOWN;
    }
    return EXCUSE_NONE;
}

/* ---- several backends ---- */

static bool answer_fits(const struct judge *j, const struct choice *c)
{
    bool group = !c->group || !(j->offer->ext_mask & EXT_GROUPS) || c->dh_bits || list16_has(j->offer->groups, c->group);
    return offer_has_version(j->offer, c->version) && offer_has_suite(j->offer, c->suite) && group;
}

/* The capability of several backends is what each of them showed. */
static enum backends backends_of(const struct judge *j)
{
    enum backends worst = BACKENDS_AGREE;
    for (uint32_t i = j->facts->split; i < j->facts->split + j->facts->splits; i++) {
        const struct reply *a = &j->s->split[i];
        const struct profile *theirs = cube_profile(j->s->cube, a->profile);
        enum backends b = BACKENDS_AGREE;
        if (!a->choice) {
            b = theirs->stack == j->c->stack ? BACKENDS_UNPROVED : BACKENDS_AGREE;
        } else {
            const struct choice *c = study_choice(j->s, a->choice);
            if (chose_too_low(j, j->higher ? j->higher : j->c->stack, a->choice))
                b = BACKENDS_OLD;
            else if (j->s->judged[a->choice - 1].answer == ANSWER_NO || !answer_fits(j, c))
                b = BACKENDS_UNPROVED;
        }
        worst = b > worst ? b : worst;
    }
    return worst;
}

/* The same for all clients of a stack, but for those whose hello is a retry of another. */
static enum backends backends_for(struct judge *j)
{
    if (!j->readable || !j->facts->splits)
        return BACKENDS_AGREE;
    if (j->higher)
        return backends_of(j);
    if (!j->run_backends)
        j->run_backends = (uint8_t)(backends_of(j) + 1);
    return (enum backends)(j->run_backends - 1);
}

/* ---- the steps ---- */

static bool is_failing(struct judge *j)
{
    const struct own *o = &j->own;
    if (o->completed || !o->failed || o->ambiguous || o->history || j->c->lossy)
        return false;
    j->v->row = o->fail_row;
    return true;
}

static bool may_fall(const struct judge *j)
{
    static const char *const opportunistic[] = { "smtp", "lmtp", "imap", "pop3", "nntp", "sieve", "ftp", "ldap", "xmpp", "irc",
                                                 "postgresql", "mysql", "tds", "nats", "telnet", "vnc", "http-upgrade" };
    const char *name = cube_upgrade_name(study_place(j->s, j->c->place)->upgrade);
    for (size_t i = 0; name && i < sizeof opportunistic / sizeof *opportunistic; i++)
        if (strcmp(name, opportunistic[i]) == 0)
            return true;
    return false;
}

static const struct party_pair *pair_of(const struct judge *j)
{
    return &j->s->pair[j->s->seen[j->c->from].pair - 1];
}

static bool fell(const struct judge *j)
{
    uint8_t upgrade = study_place(j->s, j->c->place)->upgrade;
    return upgrade && upgrade < 64 && pair_of(j)->plain >> upgrade & 1;
}

/* Does the offer hold nothing allowed? For this server's certificate, only where this client was shown one. */
static bool offers_nothing(struct judge *j)
{
    if (j->own.good || j->excuse != EXCUSE_NONE)
        return false;
    if (j->nothing) {
        j->v->missing = (uint8_t)j->left.missing;
        return true;
    }
    if (!j->own.full_row || !study_choice(j->s, j->own.full_choice)->cert || j->own.dim_row || !judge_certs_leave_nothing(j))
        return false;
    j->v->missing = (uint8_t)j->cert_left.missing;
    j->v->notes |= NOTE_CERT;
    return true;
}

static bool is_plaintext(struct judge *j)
{
    if (!fell(j) || pair_of(j)->several || !offers_nothing(j))
        return false;
    j->v->notes |= NOTE_FELL;
    j->v->row = pair_of(j)->plain_row;
    return true;
}

static bool is_breaks(struct judge *j)
{
    if (!offers_nothing(j))
        return false;
    j->v->notes |= may_fall(j) ? NOTE_MAY_FALL : 0;
    j->v->row = j->own.bad_row ? j->own.bad_row : j->c->main_row;
    return true;
}

/* A server that is told which schemes are allowed refuses a TLS 1.2 hello without any of them, even where none would be needed
 * (OpenSSL; RFC 5246 section 7.4.1.4.1 leaves it open). */
static bool has_no_scheme(const struct judge *j, uint32_t row)
{
    return j->no_scheme && version_rank(cube_row_key(j->s->cube, row)->version) == version_rank(VER_TLS12);
}

/* TLS 1.3 completes for the client before the server has looked at its certificate: that it was taken shows in what did not
 * follow. */
static bool auth_is_hidden(const struct judge *j, uint32_t row)
{
    return j->c->lossy && j->facts->asks && version_rank(cube_row_key(j->s->cube, row)->version) == version_rank(VER_TLS13);
}

static bool is_ready(struct judge *j)
{
    const struct own *o = &j->own;
    if (!o->completed || o->bad_row || !o->good_row || o->strange || has_no_scheme(j, o->good_row))
        return false;
    if (j->c->lossy || auth_is_hidden(j, o->good_row)) {
        j->v->notes |= NOTE_LOSS;
        return false;
    }
    if (j->backends != BACKENDS_AGREE)
        return false;
    j->v->row = o->good_row;
    return true;
}

/* A server marks a downgrade that it was forced to; where the offer was higher, somebody is between (RFC 8446 section 4.1.3). */
static bool is_intercepted(const struct judge *j, uint32_t row)
{
    const struct cube_key *k = cube_row_key(j->s->cube, row);
    int top = version_rank(j->offer->max_version);
    return (k->sentinel == SENTINEL_TLS12 && top >= version_rank(VER_TLS13)) ||
           (k->sentinel == SENTINEL_TLS11 && top >= version_rank(VER_TLS12));
}

static bool certificate_is_forbidden(const struct judge *j)
{
    const struct cert_facts *cert = j->own.full_row ? study_choice(j->s, j->own.full_choice)->cert : NULL;
    if (!cert || policy_allows_cert(j->p, cert))
        return false;
    for (unsigned i = 0; i < PLACE_KEYS && j->facts->cert[i]; i++)
        if (policy_allows_cert(j->p, cube_cert(j->s->cube, j->facts->cert[i])))
            return false;
    return true;
}

/* Its version is allowed, what was chosen with it is not: is the server shown to have nothing else for this offer? */
static enum lack suites_lacking(struct judge *j)
{
    const struct own *o = &j->own;
    if (!o->full_row || !o->bad_row || o->good || o->low_row || o->low_other || o->strange || j->backends != BACKENDS_AGREE)
        return LACK_NOT_SHOWN;
    const struct choice *c = study_choice(j->s, o->full_choice);
    bool same = study_choice(j->s, o->bad_choice)->version == c->version;
    judge_proofs(j);
    if (!same || j->whole_proof[version_rank(c->version)] || j->s->judged[o->full_choice - 1].answer != ANSWER_NO)
        return LACK_NOT_SHOWN;
    return judge_lacks_suites(j, c->version);
}

/* What it got by TLS 1.3 is not right, or hides whether its certificate is; and others were shown that that cannot be right. */
static bool has_no_key(struct judge *j)
{
    const struct own *o = &j->own;
    return o->full_row && !o->good && !o->low_row && !o->low_other && !o->strange && j->backends == BACKENDS_AGREE &&
           version_rank(study_choice(j->s, o->full_choice)->version) == version_rank(VER_TLS13) && judge_lacks_key(j);
}

static bool is_server_first(struct judge *j)
{
    const struct own *o = &j->own;
    if (j->excuse == EXCUSE_FALLBACK) {
        j->v->notes |= j->c->lossy ? NOTE_LOSS : NOTE_FALLBACK;
        j->v->row = j->c->main_row;
        return !j->c->lossy;
    }
    bool retry = j->excuse == EXCUSE_HIGHER && j->backends == BACKENDS_OLD; /* it was retried because of that backend */
    if (!retry && (j->excuse != EXCUSE_NONE || j->nothing))
        return false;
    if (o->low_row && is_intercepted(j, o->low_row)) {
        j->v->notes |= NOTE_INTERCEPTION;
        return false;
    }
    bool old = o->low_row != 0, backend = j->backends == BACKENDS_OLD, cert = certificate_is_forbidden(j);
    bool suite = !old && !backend && !cert && suites_lacking(j) == LACK_SHOWN, key = !old && !backend && !cert && !suite && has_no_key(j);
    if (!old && !backend && !cert && !suite && !key)
        return false;
    if (j->c->lossy) {
        j->v->notes |= NOTE_LOSS;
        return false;
    }
    j->v->notes |= (cert || key ? NOTE_CERT_FORBIDDEN : 0u) | (backend ? NOTE_SPLIT : 0u) | (suite ? NOTE_ORDER : 0u) |
                   (suite && j->lacks_by_habit ? NOTE_VERSION_ONLY : 0u);
    j->v->row = old ? o->low_row : backend ? j->s->split[j->facts->split].row : key ? j->lacks_key_row : o->full_row;
    return true;
}

/* A proof of another client does not stand against what this one was refused later. */
static bool outweighed(const struct judge *j, uint32_t row)
{
    return j->own.fail_row && j->own.fail_row != row && row_is_later(j->s, j->own.fail_row, row);
}

/* The version that narrowing leaves: what the server chose for this offer, else the highest that both could have. */
static int version_after(const struct judge *j)
{
    return j->own.version_row ? version_rank(study_choice(j->s, j->own.version_choice)->version) : j->top;
}

static bool is_barred(struct judge *j)
{
    return !j->readable || j->excuse != EXCUSE_NONE || j->nothing || j->own.low_row || j->own.low_other || j->own.strange ||
           judge_certs_leave_nothing(j);
}

static uint32_t client_auth(const struct judge *j, const struct proof *p, uint16_t version)
{
    if (!j->own.auth_row && cube_row_key(j->s->cube, p->row)->flags & EV_CLIENT_CERT_SENT)
        return NOTE_CLIENT_AUTH;
    return j->own.auth_row && cube_row_key(j->s->cube, j->own.auth_row)->version != version ? NOTE_CLIENT_AUTH : 0;
}

/* The best proof for this cell: its row, and the notes that keep it from being whole. 0: none. */
static uint32_t best_proof(struct judge *j, uint32_t *notes)
{
    int rank = version_after(j);
    *notes = 0;
    if (j->own.good_row && !j->own.bad_row)
        return j->own.good_row;
    judge_proofs(j);
    const struct proof *p = j->whole_proof[rank] ? &j->s->proof[j->whole_proof[rank] - 1] : NULL;
    if (!p || outweighed(j, p->row))
        return 0;
    *notes = j->whole_notes[rank] | client_auth(j, p, study_choice(j->s, p->choice)->version);
    return p->row;
}

static bool is_safe(struct judge *j)
{
    const struct own *o = &j->own;
    bool doubt = !o->completed || o->failed; /* it may have been refused, for want of a client certificate */
    if (doubt && (j->c->lossy || j->c->gappy))
        return false;
    uint32_t notes, row = is_barred(j) ? 0 : best_proof(j, &notes);
    bool scheme = row && has_no_scheme(j, row);
    if (!row || notes || scheme || auth_is_hidden(j, row) || j->backends != BACKENDS_AGREE || (j->left.missing & UNPROVABLE))
        return false;
    j->v->row = row;
    return true;
}

static uint32_t version_proof(struct judge *j)
{
    uint32_t best = j->own.version_row;
    judge_proofs(j);
    for (int rank = 1; rank < RANKS && !best; rank++) {
        uint32_t i = j->version_proof[rank];
        if (i && !outweighed(j, j->s->proof[i - 1].row))
            best = j->s->proof[i - 1].row;
    }
    bool sentinel = !best && j->facts->ceiling && j->top && j->facts->ceiling >= j->top && !outweighed(j, j->facts->ceiling_row);
    j->v->notes |= sentinel ? NOTE_SENTINEL : 0;
    return sentinel ? j->facts->ceiling_row : best;
}

static bool is_likely(struct judge *j)
{
    if (j->excuse == EXCUSE_HIGHER) {
        j->v->notes |= NOTE_FALLBACK;
        j->v->row = j->c->main_row;
        return true;
    }
    if (is_barred(j))
        return false;
    if (!j->c->lossy && suites_lacking(j) == LACK_FOR_GOOD) {
        j->v->notes |= NOTE_ORDER;
        return false;
    }
    uint32_t notes = NOTE_INVISIBLE, row = j->own.bad_row ? 0 : j->own.dim_row;
    if (!row)
        row = best_proof(j, &notes);
    if (!row) {
        notes = NOTE_VERSION_ONLY;
        row = version_proof(j);
    }
    if (!row)
        return false;
    j->v->notes |= notes | (has_no_scheme(j, row) ? NOTE_SCHEMES : 0u) | (auth_is_hidden(j, row) ? NOTE_CLIENT_AUTH : 0u);
    j->v->notes |= (j->left.missing & UNPROVABLE ? NOTE_FEATURE : 0u) | (j->backends != BACKENDS_AGREE ? NOTE_SPLIT : 0u) |
                   (j->own.completed && !j->own.full_row ? NOTE_RESUMED_ONLY : 0u);
    j->v->row = row;
    return true;
}

static bool is_unknown(struct judge *j)
{
    j->v->notes |= j->c->stack == 0 ? NOTE_NO_HELLO : !j->readable ? NOTE_OFFER_CUT : 0;
    j->v->notes |= j->own.fail_row ? NOTE_OWN_FAILURE : j->own.completed ? 0 : NOTE_NO_ANSWER;
    j->v->row = j->own.low_row ? j->own.low_row : j->c->main_row;
    return true;
}

const struct verdict_step verdict_steps[VERDICT_COUNT] = {
    [VERDICT_FAILING] = { is_failing, "did no handshake of this stack with this server complete?" },
    [VERDICT_PLAINTEXT] = { is_plaintext, "does it offer nothing allowed, and was it seen going on in clear text?" },
    [VERDICT_BREAKS] = { is_breaks, "does it offer nothing allowed?" },
    [VERDICT_READY] = { is_ready, "does every handshake satisfy the policy already, and nothing remain invisible?" },
    [VERDICT_SERVER_FIRST] = { is_server_first, "did the server choose what is forbidden although it was offered what is allowed?" },
    [VERDICT_SAFE] = { is_safe, "did the server prove that it can serve this offer within the policy?" },
    [VERDICT_LIKELY] = { is_likely, "is an allowed version proved at least?" },
    [VERDICT_UNKNOWN] = { is_unknown, "is there nothing that would settle it?" },
};

void judge_cell(struct judge *j, const struct cell *c)
{
    j->c = c;
    if (j->run_place != c->place || j->run_stack != c->stack) {
        j->run_place = c->place;
        j->run_stack = c->stack;
        run_open(j);
    }
    own_collect(j);
    j->higher = 0;
    j->excuse = j->readable && j->nothing ? excuse_of(j) : EXCUSE_NONE;
    j->backends = backends_for(j);
}

/* The choice of one of the cell's own rows; 0: it is another client's, or nothing was chosen. */
static uint32_t own_choice(const struct judge *j, uint32_t row)
{
    for (uint32_t i = j->c->from; row && i < j->c->to; i++)
        if (j->s->seen[i].row == row)
            return j->s->seen[i].choice;
    return 0;
}

/* Of a row of this cell, or of a proof of the place; 0: nothing was chosen. */
static uint32_t deciding_choice(const struct judge *j, uint32_t row, bool *own)
{
    uint32_t choice = own_choice(j, row);
    *own = choice != 0;
    for (uint32_t i = 0; row && !choice && j->facts && i < j->facts->proofs; i++)
        if (j->s->proof[j->facts->proof + i].row == row)
            choice = j->s->proof[j->facts->proof + i].choice;
    return choice;
}

static void judge_step_all(struct judge *j)
{
    unsigned i = j->c->stack == 0 ? VERDICT_UNKNOWN : 0;
    while (!verdict_steps[i].matches(j))
        i++;
    j->v->is = (uint8_t)i;
    bool own;
    uint32_t choice = deciding_choice(j, j->v->row, &own), bad = j->own.bad_choice;
    j->v->notes |= own ? NOTE_OWN : 0;
    j->v->broken = bad ? j->s->judged[bad - 1].broken : 0;
    j->v->invisible = choice ? j->s->judged[choice - 1].invisible : 0;
    j->v->notes |= (j->facts && j->facts->changed_ns ? NOTE_CHANGED : 0u) | (j->facts && j->facts->mixed ? NOTE_MIXED : 0u) |
                   (j->c->nat ? NOTE_NAT : 0u);
}

/* ---- all cells ---- */

static bool name_matches(const struct study *s, const struct enforce *e, const struct place *p)
{
    struct rd sni = cube_name(s->cube, p->sni);
    const struct named *n = names_file_find(s->r->view->names, &p->server.addr);
    size_t len = strlen(e->name);
    return (rd_left(&sni) == len && strncasecmp((const char *)sni.p, e->name, len) == 0) ||
           (n && strcasecmp(n->name, e->name) == 0);
}

bool enforce_matches(const struct study *s, const struct enforce *e, const struct place *p)
{
    if (e->port && e->port != p->server.port)
        return false;
    return e->named ? name_matches(s, e, p) : cidr_has(&e->at, &p->server.addr);
}

static bool entry_matches(const struct study *s, const struct enforce *e, const struct place *p)
{
    return (e->policy == UINT_MAX || e->policy == s->policy_index) && enforce_matches(s, e, p);
}

/* Marks the servers to be enforced: the whole endpoint, because many servers apply the version of the default name to all. */
static void mark_enforced(struct study *s, uint16_t bit)
{
    for (uint32_t place = 1; place <= intern_count(s->places); place++) {
        s->asked[place - 1] = false;
        for (unsigned i = 0; i < s->q->enforces && !s->asked[place - 1]; i++)
            s->asked[place - 1] = entry_matches(s, &s->q->enforce[i], study_place(s, place));
        if (s->asked[place - 1])
            s->server_mark[s->place_server[place - 1] - 1] |= bit;
    }
}

static void judge_choices(struct study *s)
{
    for (uint32_t i = 1; i <= intern_count(s->choices); i++) {
        const struct choice *c = study_choice(s, i);
        struct judged *a = &s->judged[i - 1];
        a->answer = (uint8_t)policy_judge_all(s->policy, c, false, &a->broken, &a->invisible);
        a->version = c->version && policy_allows_version(s->policy, c->version);
    }
}

static unsigned fresh_bits(uint16_t *mark, unsigned bit)
{
    unsigned fresh = !(*mark >> bit & 1);
    *mark |= (uint16_t)(1u << bit);
    return fresh;
}

static void sum_add(struct study *s, struct study_sum *sum, unsigned bit, const struct cell *c)
{
    sum->cells++;
    sum->handshakes += c->count;
    sum->clients += fresh_bits(&s->client_mark[c->client - 1], bit);
    sum->servers += fresh_bits(&s->server_mark[s->place_server[c->place - 1] - 1], bit);
}

static void decide(struct study *s)
{
    struct decision *d = &s->decision;
    for (uint32_t i = 0; i < s->cells; i++) {
        const struct verdict *v = &s->verdict[i];
        const struct cell *c = &s->cell[i];
        if (v->list == LIST_OUTSIDE)
            continue;
        if (v->list == LIST_MAIN) {
            sum_add(s, &d->by[v->is], v->is, c);
            sum_add(s, &d->all, MARK_ALL, c);
        } else {
            bool stale = v->list == LIST_STALE;
            sum_add(s, stale ? &d->stale : &d->accepted, stale ? MARK_STALE : MARK_ACCEPTED, c);
        }
    }
    coverage_judge(s);
    d->result = d->all.cells == 0 || s->coverage[0].shortage ? STUDY_NOT_ENOUGH : STUDY_READY;
    for (unsigned i = 0; i < VERDICT_COUNT; i++)
        if (s->q->fail_on >> i & 1 && d->by[i].cells)
            d->result = STUDY_NOT_READY;
    for (unsigned i = 0; i < s->q->enforces && d->result == STUDY_READY; i++)
        if (study_enforce_missed(s, i, NULL, 0))
            d->result = STUDY_NOT_ENOUGH;
}

/* Of each client's stacks, how many would break somewhere: several machines may be behind one address. */
static void sum_stacks(struct study *s)
{
    for (uint32_t i = 0; i < intern_count(s->clients); i++)
        s->client_stacks[i].broken = 0;
    uint32_t client = 0, stack = 0;
    for (uint32_t i = 0; i < s->cells; i++) {
        const struct cell *c = &s->cell[s->by_client[i]];
        if (!s->offends[s->by_client[i]] || (c->client == client && c->stack == stack))
            continue;
        client = c->client;
        stack = c->stack;
        s->client_stacks[client - 1].broken++;
    }
}

static uint8_t list_of(const struct study *s, const struct cell *c, const struct verdict *v)
{
    if (s->q->enforces && !(s->server_mark[s->place_server[c->place - 1] - 1] >> MARK_ENFORCED & 1))
        return LIST_OUTSIDE;
    bool good = v->is == VERDICT_READY || v->is == VERDICT_SAFE;
    if (!good && study_accepted(s, c->client, c->place))
        return LIST_ACCEPTED;
    return c->stale ? LIST_STALE : LIST_MAIN;
}

void verdict_all(struct study *s)
{
    struct judge j = { .s = s, .p = s->policy };
    memset(&s->decision, 0, sizeof s->decision);
    memset(s->client_mark, 0, intern_count(s->clients) * sizeof *s->client_mark);
    memset(s->server_mark, 0, s->servers * sizeof *s->server_mark);
    for (uint32_t i = 0; i <= s->stacks; i++)
        s->left[i].done = false;
    judge_choices(s);
    mark_enforced(s, 1u << MARK_ENFORCED);
    for (uint32_t i = 0; i < s->cells; i++) {
        s->verdict[i] = (struct verdict){ .cell = i, .list = LIST_OUTSIDE };
        if (!s->cell[i].in_study)
            continue;
        j.v = &s->verdict[i];
        judge_cell(&j, &s->cell[i]);
        judge_step_all(&j);
        j.v->list = list_of(s, &s->cell[i], j.v);
        s->offends[i] = j.v->list == LIST_MAIN && (j.v->is == VERDICT_BREAKS || j.v->is == VERDICT_PLAINTEXT);
    }
    sum_stacks(s);
    decide(s);
}
