/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A cube that is saved in parts, while its events go on coming: what was saved is taken out of it, so that memory does not
 * grow over weeks, and counts add up in the file.
 *
 * Names and profiles stay, because hellos and refusals that are remembered for some seconds (fallback, reconnect) refer to
 * them by id. They are bounded, and what does not fit is folded: so they are forgotten when they fill up, and with them those
 * few hellos.
 */
#include "report/cube_impl.h"

#include <assert.h>
#include <stdlib.h>

static bool half_full(const struct intern *t, uint32_t max)
{
    return intern_count(t) > max / 2;
}

bool cube_crowded(const struct cube *c)
{
    return half_full(c->names, c->opt.max_names) || half_full(c->profiles, c->opt.max_profiles) ||
           half_full(c->certs, c->opt.max_certs) || c->name_bytes > (size_t)c->opt.max_names * LIMIT_NAME_MEAN / 2 ||
           c->profile_bytes > (size_t)c->opt.max_profiles * LIMIT_PROFILE_MEAN / 2;
}

static void replace(struct intern **table, struct intern *fresh)
{
    intern_free(*table);
    *table = fresh;
}

/* Where there is no memory for new tables the old ones stay. */
static void forget(struct cube *c)
{
    struct intern *names = intern_new(c->opt.max_names, c->opt.seed), *profiles = intern_new(c->opt.max_profiles, c->opt.seed),
                  *stacks = intern_new(c->opt.max_profiles, c->opt.seed), *certs = intern_new(c->opt.max_certs, c->opt.seed);
    struct fallback *fallback = fallback_new(0);
    if (!names || !profiles || !stacks || !certs || !fallback) {
        intern_free(names);
        intern_free(profiles);
        intern_free(stacks);
        intern_free(certs);
        fallback_free(fallback);
        return;
    }
    replace(&c->names, names);
    replace(&c->profiles, profiles);
    replace(&c->stacks, stacks);
    replace(&c->certs, certs);
    fallback_free(c->fallback);
    c->fallback = fallback;
    c->name_bytes = c->profile_bytes = 0;
}

void cube_restart(struct cube *c, bool settled)
{
    assert(!c->lates);
    cube_rows_clear(c);
    free(c->sorted);
    free(c->order);
    c->sorted = NULL;
    c->order = NULL;
    c->ordered = 0;
    records_truncate(&c->spans, 0);
    c->hours = c->services = 0;
    c->stray = (struct stats){ 0 };
    c->lost = 0;
    for (uint32_t i = 0; i < c->inputs; i++) {
        struct input *in = c->input[i];
        in->packets = in->bytes = 0;
        in->first_ns = in->last_ns = 0;
    }
    if (settled && cube_crowded(c))
        forget(c);
}
