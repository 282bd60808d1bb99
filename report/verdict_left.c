/* SPDX-License-Identifier: Apache-2.0 */
/* What the policy leaves of a stack's offer, and what the choices of a place prove for it: the same for all its clients. */
#include "report/verdict.h"

#include <string.h>

/* The certificates seen at the place, one of each kind: is nothing left for any of them? */
bool judge_certs_leave_nothing(struct judge *j)
{
    bool any = false, left = false;
    if (j->certs_done)
        return j->cert_leaves_nothing;
    for (unsigned i = 0; i < PLACE_KEYS && j->facts->cert[i]; i++) {
        struct residue r = policy_residue(j->p, j->offer, cube_cert(j->s->cube, j->facts->cert[i]));
        any = true;
        left = left || !judge_nothing_left(&r);
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
    const struct proof *q = than ? &s->proof[than - 1] : NULL;
    if (!q || p->last_ns != q->last_ns) /* as row_is_later() would say: a proof's row is its latest */
        return !q || p->last_ns > q->last_ns;
    return row_is_later(s, p->row, q->row);
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
const struct stack_left *judge_left(const struct judge *j, uint32_t stack)
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
bool judge_too_low(const struct judge *j, uint32_t stack, uint32_t choice)
{
    struct stack_left *l = &j->s->left[stack];
    uint16_t version = study_choice(j->s, choice)->version;
    int rank = version_rank(version);
    if (!judge_left(j, stack) || judge_nothing_left(&l->left) || j->s->judged[choice - 1].answer == ANSWER_YES)
        return false;
    if (!j->s->judged[choice - 1].version)
        return true;
    if (rank >= version_rank(j->s->offer[stack].max_version))
        return false;
    if (!l->below[rank])
        l->below[rank] = holds_at_or_below(j->p, &j->s->offer[stack], rank) ? 2 : 1;
    return l->below[rank] == 1;
}

void judge_open(struct judge *j)
{
    struct study *s = j->s;
    uint32_t stack = j->c->stack;
    const struct stack_left *l = judge_left(j, stack);
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
    j->nothing = judge_nothing_left(&j->left);
    j->no_scheme = l->no_scheme;
}
