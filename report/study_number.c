/* SPDX-License-Identifier: Apache-2.0 */
/* Places and stacks are numbered by what they are, not in the order in which they came: whoever reads the same handshakes, by
 * several threads or from a state file, meets them in the same order and comes to the same examples. */
#include "report/study_impl.h"

#include <stdlib.h>
#include <string.h>

int rd_order(struct rd a, struct rd b)
{
    size_t na = rd_left(&a), nb = rd_left(&b), n = na < nb ? na : nb;
    int d = n ? memcmp(a.p, b.p, n) : 0;
    return d ? d : (na > nb) - (na < nb);
}

static int place_cmp(const void *x, const void *y, void *study)
{
    const struct study *s = study;
    const struct place *a = study_place(s, *(const uint32_t *)x), *b = study_place(s, *(const uint32_t *)y);
    int d = endpoint_cmp(&a->server, &b->server);
    if (!d)
        d = a->transport - b->transport;
    if (!d)
        d = rd_order(cube_name(s->cube, a->sni), cube_name(s->cube, b->sni));
    if (!d)
        d = a->upgrade - b->upgrade;
    return d ? d : order32(a->scope, b->scope);
}

/* 1..n in an order. NULL: out of memory. */
static uint32_t *ids_sorted(struct study *s, uint32_t n, int (*cmp)(const void *, const void *, void *))
{
    uint32_t *id = malloc((n + 1u) * sizeof *id);
    for (uint32_t i = 0; id && i < n; i++)
        id[i] = i + 1;
    if (id)
        qsort_r(id, n, sizeof *id, cmp, s);
    return id;
}

bool places_number(struct study *s)
{
    uint32_t n = intern_count(s->places), *id = ids_sorted(s, n, place_cmp), *number = malloc((n + 1u) * sizeof *number);
    struct intern *places = intern_new(UINT32_MAX / 4, 0);
    bool ok = id && number && places;
    for (uint32_t i = 0; ok && i < n; i++) {
        number[id[i]] = intern_put(places, study_place(s, id[i]), sizeof(struct place), NULL);
        ok = number[id[i]] != 0;
    }
    for (uint32_t i = 0; ok && i < s->sights; i++)
        s->seen[i].place = number[s->seen[i].place];
    free(id);
    free(number);
    intern_free(ok ? s->places : places);
    s->places = ok ? places : s->places;
    return ok;
}

static const struct profile *profile_of(const struct study *s, uint32_t stack)
{
    return cube_profile(s->cube, s->stack_profile[stack]);
}

static int stack_cmp(const void *x, const void *y, void *study)
{
    const struct profile *a = profile_of(study, *(const uint32_t *)x), *b = profile_of(study, *(const uint32_t *)y);
    if (!a || !b)
        return !a - !b;
    int d = strcmp(a->stack_label, b->stack_label);
    return d ? d : rd_order(a->offer, b->offer);
}

/* Of the profiles of a stack the one with the least bytes stands for it. */
static void stack_profiles(struct study *s)
{
    for (uint32_t id = 1; id <= cube_profiles(s->cube); id++) {
        const struct profile *p = cube_profile(s->cube, id), *have = profile_of(s, p->stack);
        if (!have || rd_order(p->offer, have->offer) < 0)
            s->stack_profile[p->stack] = id;
    }
}

bool stacks_number(struct study *s)
{
    for (uint32_t id = 1; id <= cube_profiles(s->cube); id++)
        if (cube_profile(s->cube, id)->stack > s->stacks)
            s->stacks = cube_profile(s->cube, id)->stack;
    s->stack_profile = calloc(s->stacks + 1u, sizeof *s->stack_profile);
    s->stack_rank = calloc(s->stacks + 1u, sizeof *s->stack_rank);
    if (!s->stack_profile || !s->stack_rank)
        return false;
    stack_profiles(s);
    uint32_t *id = ids_sorted(s, s->stacks, stack_cmp);
    for (uint32_t i = 0; id && i < s->stacks; i++)
        s->stack_rank[id[i]] = i + 1;
    free(id);
    return id != NULL;
}
