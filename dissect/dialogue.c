/* SPDX-License-Identifier: Apache-2.0 */
#include "dissect/dialogue.h"
#include "base/limits.h"

#include <stdlib.h>

enum { UPGRADES_MAX = 64 }; /* rows on trial at once; more than there are */

static bool on_port(const struct upgrade_proto *row, uint16_t sport, uint16_t dport)
{
    for (unsigned i = 0; i < sizeof row->ports / sizeof *row->ports && row->ports[i]; i++)
        if (row->ports[i] == sport || row->ports[i] == dport)
            return true;
    return false;
}

bool dialogue_may_start(struct rd b, uint16_t sport, uint16_t dport, bool any_port)
{
    if (rd_left(&b) == 0)
        return false;
    for (unsigned i = 0; i < upgrade_count; i++)
        if ((any_port || on_port(upgrades[i], sport, dport)) &&
            (upgrades[i]->may_start(true, b) || upgrades[i]->may_start(false, b)))
            return true;
    return false;
}

/* Is there room for n more bytes? Then they count. */
static bool reserve(struct dialogue *g, size_t n)
{
    if (!room_take(g->room, g->size, n))
        return false;
    g->size += n;
    return true;
}

static bool make_trials(struct dialogue *g, unsigned n)
{
    if (reserve(g, n * sizeof *g->trial))
        g->trial = calloc(n, sizeof *g->trial);
    g->no_memory = !g->trial;
    return g->trial;
}

void dialogue_start(struct dialogue *g, struct room *room, bool from_client, struct rd b, uint16_t sport, uint16_t dport)
{
    const struct upgrade_proto *fit[UPGRADES_MAX];
    unsigned n = 0;
    g->room = room;
    for (int pass = 0; rd_left(&b) && pass < 2; pass++) /* rows on their usual port first */
        for (unsigned i = 0; i < upgrade_count && n < UPGRADES_MAX; i++)
            if (on_port(upgrades[i], sport, dport) == (pass == 0) && upgrades[i]->may_start(from_client, b))
                fit[n++] = upgrades[i];
    if (n == 0 || !make_trials(g, n))
        return;
    for (g->trials = 0; g->trials < n; g->trials++)
        g->trial[g->trials].row = fit[g->trials];
}

static bool hold(struct dialogue *g, struct held *h, struct rd b)
{
    size_t n = rd_left(&b);
    if (h->n + n > h->cap) {
        size_t cap = h->cap ? h->cap : 512;
        while (cap < h->n + n)
            cap *= 2;
        if (!reserve(g, cap - h->cap))
            return false;
        uint8_t *p = realloc(h->p, cap);
        if (!p)
            return false;
        h->p = p;
        h->cap = (uint32_t)cap;
    }
    if (n)
        memcpy(h->p + h->n, b.p, n);
    h->n += (uint32_t)n;
    return true;
}

static void drop_row(struct dialogue *g, unsigned i)
{
    memmove(&g->trial[i], &g->trial[i + 1], (g->trials - i - 1) * sizeof *g->trial);
    g->trials--;
}

/* Row i is the one. */
static void elect(struct dialogue *g, unsigned i)
{
    if (i != 0) {
        struct trial t = g->trial[i];
        g->trial[i] = g->trial[0];
        g->trial[0] = t;
    }
    g->trials = 1;
}

/* What all rows have taken need not be held. */
static void release(struct dialogue *g)
{
    for (unsigned d = 0; d < 2; d++) {
        uint32_t least = g->held[d].n;
        for (unsigned i = 0; i < g->trials; i++)
            if (g->trial[i].used[d] < least)
                least = g->trial[i].used[d];
        if (least == 0)
            continue;
        g->held[d].n -= least;
        memmove(g->held[d].p, g->held[d].p + least, g->held[d].n);
        for (unsigned i = 0; i < g->trials; i++)
            g->trial[i].used[d] -= least;
    }
}

static struct rd behind(const struct held *h, uint32_t used)
{
    return h->n > used ? rd_of(h->p + used, h->n - used) : rd_of(NULL, 0);
}

static enum up_verdict one_unit(struct dialogue *g, struct trial *t, unsigned d, bool from_client, bool *moved)
{
    *moved = false;
    struct rd head = behind(&g->held[d], t->used[d]);
    if (rd_left(&head) == 0)
        return UP_MORE;
    size_t n = t->row->unit(&t->s, from_client, head);
    if (n == UPGRADE_UNIT_NOT)
        return UP_NOT_MINE;
    if (n == UPGRADE_UNIT_TLS)
        return UP_TLS;
    if (n == 0 || n > rd_left(&head))
        return rd_left(&head) > LIMIT_UPGRADE_UNIT ? UP_NOT_MINE : UP_MORE;
    *moved = true;
    t->used[d] += (uint32_t)n;
    bool was_refused = t->s.refused;
    enum up_verdict v = t->row->step(&t->s, from_client, rd_sub(&head, n));
    if (was_refused && from_client)
        g->after_refusal++;
    return v;
}

/* Take units of both directions for one row until it needs more bytes or has decided. The direction that just got bytes
 * goes first; the other one may have been held back until now. */
static enum up_verdict run_row(struct dialogue *g, struct trial *t, unsigned d, bool from_client)
{
    for (unsigned still = 0; still < 2;) {
        bool moved;
        enum up_verdict v = one_unit(g, t, d, from_client, &moved);
        if (v != UP_MORE && v != UP_REFUSED)
            return v;
        if (moved) {
            still = 0;
            continue;
        }
        still++;
        d = !d;
        from_client = !from_client;
    }
    return UP_MORE;
}

static enum dialogue_verdict verdict_of(enum up_verdict v)
{
    switch (v) {
    case UP_TLS:
        return DIALOGUE_TLS;
    case UP_RESTART:
        return DIALOGUE_RESTART;
    case UP_PLAIN:
        return DIALOGUE_PLAIN;
    case UP_OPAQUE:
        return DIALOGUE_OPAQUE;
    case UP_MORE:
    case UP_REFUSED:
    case UP_NOT_MINE:
        break;
    }
    return DIALOGUE_MORE;
}

enum dialogue_verdict dialogue_bytes(struct dialogue *g, unsigned d, bool from_client, struct rd b)
{
    g->total += (uint32_t)rd_left(&b);
    g->spoke[d] = true;
    g->no_memory = !hold(g, &g->held[d], b);
    if (g->no_memory)
        return DIALOGUE_NONE;
    for (unsigned i = 0; i < g->trials;) {
        struct trial *t = &g->trial[i];
        enum up_verdict v = run_row(g, t, d, from_client);
        if (v == UP_NOT_MINE || (v == UP_PLAIN && !t->s.confirmed)) {
            drop_row(g, i);
            continue;
        }
        enum dialogue_verdict out = verdict_of(v);
        if (t->s.confirmed || out != DIALOGUE_MORE)
            elect(g, i);
        if (out != DIALOGUE_MORE)
            return out;
        if (g->trials == 1)
            break;
        i++;
    }
    if (g->trials == 0)
        return DIALOGUE_NONE;
    release(g);
    return g->total > LIMIT_UPGRADE_BYTES ? (dialogue_confirmed(g) ? DIALOGUE_PLAIN : DIALOGUE_NONE) : DIALOGUE_MORE;
}

struct rd dialogue_rest(const struct dialogue *g, unsigned d)
{
    return g->trials ? behind(&g->held[d], g->trial[0].used[d]) : rd_of(NULL, 0);
}

bool dialogue_confirmed(const struct dialogue *g)
{
    return g->trials == 1 && g->trial[0].s.confirmed;
}

void dialogue_free(struct dialogue *g)
{
    if (g->room)
        room_give(g->room, g->size);
    free(g->trial);
    free(g->held[0].p);
    free(g->held[1].p);
    *g = (struct dialogue){ 0 };
}

void dialogue_adopt(struct dialogue *to, const struct dialogue *from)
{
    *to = (struct dialogue){ .room = from->room };
    if (!make_trials(to, 1))
        return;
    to->trial[0].row = from->trial[0].row;
    to->trials = 1;
}

struct rd dialogue_push(struct dialogue *g, unsigned d, struct rd b)
{
    g->no_memory = !hold(g, &g->held[d], b);
    return g->no_memory ? rd_of(NULL, 0) : behind(&g->held[d], 0);
}

void dialogue_pull(struct dialogue *g, unsigned d, size_t n)
{
    if (n == 0)
        return;
    g->held[d].n -= (uint32_t)n;
    memmove(g->held[d].p, g->held[d].p + n, g->held[d].n);
}
