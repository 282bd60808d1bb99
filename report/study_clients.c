/* SPDX-License-Identifier: Apache-2.0 */
/* The stacks of one client: how many, and which were replaced. */
#include "report/study_impl.h"

#include <stdlib.h>

/* One stack of one client: by_client[from..to). */
struct strain {
    uint32_t from, to;
    int64_t first_ns, last_ns;
};

static void strain_widen(const struct study *s, struct strain *t, uint32_t i)
{
    const struct cell *c = &s->cell[s->by_client[i]];
    t->first_ns = t->from == t->to || c->first_ns < t->first_ns ? c->first_ns : t->first_ns;
    t->last_ns = t->from == t->to || c->last_ns > t->last_ns ? c->last_ns : t->last_ns;
    t->to = i + 1;
}

static bool share_a_place(const struct study *s, const struct strain *a, const struct strain *b)
{
    for (uint32_t i = a->from; i < a->to; i++)
        for (uint32_t j = b->from; j < b->to; j++)
            if (s->cell[s->by_client[i]].place == s->cell[s->by_client[j]].place)
                return true;
    return false;
}

/* Replaced: not seen for a day and longer than it was ever seen, while another that was not there before calls the same server. */
static bool replaced(const struct study *s, const struct strain *a, const struct strain *all, unsigned n)
{
    const int64_t day = INT64_C(86400000000000);
    int64_t quiet = s->r->last_ns - a->last_ns;
    if (quiet < day || quiet < a->last_ns - a->first_ns)
        return false;
    for (unsigned i = 0; i < n; i++)
        if (all[i].first_ns > a->last_ns && s->cell[s->by_client[all[i].from]].stack && share_a_place(s, a, &all[i]))
            return true;
    return false;
}

static void client_strains(struct study *s, uint32_t from, uint32_t to)
{
    struct strain t[STUDY_STRAINS] = { { 0 } };
    unsigned n = 0;
    uint32_t stacks = 0;
    bool room = true;
    for (uint32_t i = from; i < to; i++) {
        uint32_t stack = s->cell[s->by_client[i]].stack;
        bool next = i == from || stack != s->cell[s->by_client[i - 1]].stack;
        stacks += next && stack;
        room = room && (!next || n < STUDY_STRAINS);
        if (room && next)
            t[n++] = (struct strain){ .from = i, .to = i };
        if (room)
            strain_widen(s, &t[n - 1], i);
    }
    s->client_stacks[s->cell[s->by_client[from]].client - 1].all = stacks;
    for (uint32_t i = from; i < to; i++)
        s->cell[s->by_client[i]].nat = stacks > 1;
    for (unsigned k = 0; k < n && stacks <= STUDY_STRAINS; k++)
        if (s->cell[s->by_client[t[k].from]].stack && replaced(s, &t[k], t, n))
            for (uint32_t i = t[k].from; i < t[k].to; i++)
                s->cell[s->by_client[i]].stale = true;
}

bool clients_collect(struct study *s)
{
    s->by_client = malloc((s->cells + 1u) * sizeof *s->by_client);
    s->client_stacks = calloc(intern_count(s->clients) + 1u, sizeof *s->client_stacks);
    s->client_damaged = calloc(intern_count(s->clients) + 1u, sizeof *s->client_damaged);
    s->client_from = calloc(intern_count(s->clients) + 1u, sizeof *s->client_from);
    struct study_item *item = malloc((s->cells + 1u) * sizeof *item);
    if (!s->by_client || !s->client_stacks || !s->client_damaged || !s->client_from || !item) {
        free(item);
        return false;
    }
    for (uint32_t i = 0; i < s->cells; i++)
        s->client_damaged[s->cell[i].client - 1] |= cell_is_damaged(s, &s->cell[i]);
    for (uint32_t i = 0; i < s->cells; i++)
        item[i] = (struct study_item){ (uint64_t)s->cell[i].client << 32 | s->cell[i].stack, s->cell[i].place, 0, i };
    qsort(item, s->cells, sizeof *item, study_item_cmp);
    for (uint32_t i = 0; i < s->cells; i++)
        s->by_client[i] = item[i].cell;
    free(item);
    for (uint32_t i = 0; i < s->cells; i++)
        s->client_from[s->cell[i].client]++;
    for (uint32_t i = 0; i < intern_count(s->clients); i++)
        s->client_from[i + 1] += s->client_from[i];
    for (uint32_t i = 0, from = 0; i < s->cells; i++) {
        bool last = i + 1 == s->cells || s->cell[s->by_client[i + 1]].client != s->cell[s->by_client[i]].client;
        if (last) {
            client_strains(s, from, i + 1);
            from = i + 1;
        }
    }
    return true;
}
