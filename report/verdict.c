/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One verdict for a cell: the steps in the order of enum verdict_kind, the first that matches wins. What depends on the stack
 * and the place alone is worked out once per run of cells; what depends on the client, from its own rows.
 *
 * The rule under all of it: a "yes" needs something that was seen, together, in one handshake; a "no" needs a whole ClientHello;
 * and where packets are known to be missing, nothing is concluded from what was not seen.
 */
#include "report/verdict.h"

#include <string.h>

/* ---- several backends ---- */

static bool answer_fits(const struct judge *j, const struct choice *c)
{
    bool group = !c->group || !(j->offer->ext_mask & EXT_GROUPS) || c->dh_bits || list16_has(j->offer->groups, c->group);
    return offer_has_version(j->offer, c->version) && offer_has_suite(j->offer, c->suite) && group;
}

/* The capability of several backends is what each of them showed. */
static enum backends backends_of(const struct judge *j)
{
    enum backends worst = j->facts->excess.answers ? BACKENDS_UNPROVED : BACKENDS_AGREE; /* what did not come to be compared */
    for (uint32_t i = j->facts->split; i < j->facts->split + j->facts->splits; i++) {
        const struct reply *a = &j->s->split[i];
        const struct profile *theirs = cube_profile(j->s->cube, a->profile);
        enum backends b = BACKENDS_AGREE;
        if (!a->choice) {
            b = theirs->stack == j->c->stack ? BACKENDS_UNPROVED : BACKENDS_AGREE;
        } else {
            const struct choice *c = study_choice(j->s, a->choice);
            if (judge_too_low(j, j->higher ? j->higher : j->c->stack, a->choice))
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
    if (!j->readable || (!j->facts->splits && !j->facts->excess.answers))
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
    bool missing = j->c->lossy || j->c->gappy;
    return missing && j->facts->asks && version_rank(cube_row_key(j->s->cube, row)->version) == version_rank(VER_TLS13);
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
static bool is_intercepted(const struct judge *j)
{
    int top = version_rank(j->offer->max_version);
    return (j->own.low_is & SIGHT_MARKED12 && top >= version_rank(VER_TLS13)) ||
           (j->own.low_is & SIGHT_MARKED11 && top >= version_rank(VER_TLS12));
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

/* Its version is allowed, what was chosen with it is not: is the server shown to have nothing else for this offer? Not where what
 * would prove it may be among what had no room. */
static enum lack suites_lacking(struct judge *j)
{
    const struct own *o = &j->own;
    if (!o->full_row || !o->bad_row || o->good || o->low_row || o->low_other || o->strange || j->backends != BACKENDS_AGREE ||
        j->facts->excess.proofs)
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
    if (o->low_row && is_intercepted(j)) {
        j->v->notes |= NOTE_INTERCEPTION;
        return false;
    }
    bool old = o->low_row != 0, backend = j->backends == BACKENDS_OLD, cert = certificate_is_forbidden(j);
    bool suite = !old && !backend && !cert && suites_lacking(j) == LACK_SHOWN;
    bool key = !old && !backend && !cert && !suite && has_no_key(j);
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
    if (!j->own.auth_row && p->auth)
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
    [VERDICT_UNKNOWN] = { is_unknown, "is none of the above shown by what was seen?" },
};

void judge_cell(struct judge *j, const struct cell *c)
{
    j->c = c;
    if (j->run_place != c->place || j->run_stack != c->stack) {
        j->run_place = c->place;
        j->run_stack = c->stack;
        judge_open(j);
    }
    judge_own(j);
    j->higher = 0;
    j->excuse = j->readable && j->nothing ? judge_excuse(j) : EXCUSE_NONE;
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

void judge_steps(struct judge *j)
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
