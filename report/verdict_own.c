/* SPDX-License-Identifier: Apache-2.0 */
/* What the client of a cell did itself. */
#include "report/verdict.h"

static void own_completed(struct judge *j, const struct sight *x)
{
    struct own *o = &j->own;
    const struct judged *a = &j->s->judged[x->choice - 1];
    bool full = (x->is & (SIGHT_WHOLE | SIGHT_FULL)) == (SIGHT_WHOLE | SIGHT_FULL);
    o->completed++;
    o->strange |= (x->is & SIGHT_STRANGE) != 0;
    bool low = judge_too_low(j, j->c->stack, x->choice);
    if (a->version && !low)
        o->version_row = x->row, o->version_choice = x->choice;
    if (low && full)
        o->low_row = x->row, o->low_is = x->is;
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

void judge_own(struct judge *j)
{
    j->own = (struct own){ .completed = 0 };
    for (uint32_t i = j->c->from; i < j->c->to; i++)
        own_add(j, &j->s->seen[i]);
}
