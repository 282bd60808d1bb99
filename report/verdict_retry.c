/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Is a hello that holds nothing allowed the best that its client can do? It may be the retry of a higher one that failed (a
 * "fallback dance", RFC 7507), or an attempt to resume an old session.
 */
#include "report/verdict.h"

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
    uint32_t i = s->client_from[client - 1], n = s->client_from[client];
    while (i < n) {
        uint32_t mid = i + (n - i) / 2;
        if (s->cell[s->by_client[mid]].stack < stack)
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
            if (higher && suites_within(j->offer, &s->offer[higher->stack]) &&
                !judge_nothing_left(&judge_left(j, higher->stack)->left))
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
        bool here = c->place == j->c->place;
        bool same_server = here || s->place_server[c->place - 1] == s->place_server[j->c->place - 1];
        if (c->stack == 0 && same_server && completed_rows(s, c) < c->to - c->from)
            return true;
        if (c->stack == 0 || c->stack == j->c->stack || !s->offer_read[c->stack] || (crowd && !here))
            continue;
        bool unseen = j->c->lossy || (here && (cell_is_damaged(s, c) || !completed_rows(s, c)));
        if (unseen && suites_within(j->offer, &s->offer[c->stack]) && !judge_nothing_left(&judge_left(j, c->stack)->left))
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

enum excuse judge_excuse(struct judge *j)
{
    uint32_t retry = j->own.retry_row;
    const struct profile *higher = retry ? cube_profile(j->s->cube, cube_row_key(j->s->cube, retry)->fallback_from) : NULL;
    const struct stack_left *l = higher ? judge_left(j, higher->stack) : NULL;
    bool version = j->left.missing & MISS_VERSION;
    if (l) {
        if (!judge_nothing_left(&l->left) && dance_is_proved(j, higher, &j->s->offer[higher->stack])) {
            j->higher = higher->stack;
            return higher_works(j, higher) ? EXCUSE_HIGHER : EXCUSE_FALLBACK;
        }
        j->v->notes |= judge_nothing_left(&l->left) ? 0u : NOTE_FALLBACK_SEEN;
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
