/* SPDX-License-Identifier: Apache-2.0 */
#include "report/evidence.h"
#include "report/names_file.h"
#include "report/study_impl.h"

#include <stdlib.h>
#include <string.h>

static void want(const struct study *s, struct evidence *x, uint32_t row)
{
    if (!row)
        return;
    const struct exemplar *at = &cube_row_val(s->cube, row)->exemplar;
    for (unsigned i = 0; i < x->handshakes; i++)
        if (x->at[i].input == at->input && x->at[i].ts_ns == at->ts_ns && x->at[i].frame == at->frame)
            return;
    if (x->handshakes == EVIDENCE_HANDSHAKES)
        x->whole = true;
    else
        x->at[x->handshakes++] = *at;
}

/* The first of the client's cells in by_client[]. */
static uint32_t first_of_client(const struct study *s, uint32_t client)
{
    uint32_t i = 0, n = s->cells;
    while (i < n) {
        uint32_t mid = i + (n - i) / 2;
        if (s->cell[s->by_client[mid]].client < client)
            i = mid + 1;
        else
            n = mid;
    }
    return i;
}

/* All that this client did at this server: its other stacks decide whose cleartext it was, its failures whether it was a retry. */
static void want_pair(const struct study *s, struct evidence *x, const struct cell *c)
{
    uint32_t server = s->place_server[c->place - 1];
    for (uint32_t i = first_of_client(s, c->client); i < s->cells; i++) {
        const struct cell *other = &s->cell[s->by_client[i]];
        if (other->client != c->client)
            break;
        for (uint32_t k = other->from; k < other->to && s->place_server[other->place - 1] == server; k++)
            want(s, x, s->seen[k].row);
    }
    want(s, x, s->pair[s->seen[c->from].pair - 1].plain_row);
}

static void want_place(const struct study *s, struct evidence *x, const struct place_facts *f)
{
    for (uint32_t i = 0; i < f->proofs; i++)
        want(s, x, s->proof[f->proof + i].row);
    for (uint32_t i = 0; i < f->splits; i++)
        want(s, x, s->split[f->split + i].row);
    want(s, x, f->ceiling_row);
    x->whole |= f->changed_ns != 0;
}

static void name_of(const struct study *s, struct evidence *x)
{
    struct rd name = cube_name(s->cube, x->place.sni);
    size_t n = rd_left(&name);
    x->name_len = n < sizeof x->name ? n : sizeof x->name;
    if (x->name_len)
        memcpy(x->name, name.p, x->name_len);
}

static const char *label_of(const struct study *s, const struct cell *c)
{
    return c->stack ? cube_profile(s->cube, s->stack_profile[c->stack])->stack_label : "";
}

static void choose(const struct study *s, const struct verdict *v, struct evidence *x)
{
    const struct cell *c = &s->cell[v->cell];
    *x = (struct evidence){ .policy = s->policy_index, .is = v->is, .client = *study_client(s, c->client),
                            .place = *study_place(s, c->place) };
    name_of(s, x);
    (void)snprintf(x->stack, sizeof x->stack, "%s", label_of(s, c));
    want(s, x, v->row); /* what decides comes first */
    want_pair(s, x, c);
    want_place(s, x, &s->facts[c->place - 1]);
}

int evidence_choose(const struct cube *c, const struct view *v, uint32_t max, struct evidence_list *l)
{
    *l = (struct evidence_list){ .n = 0 };
    struct rollup *r = rollup_make(c, v);
    struct study *s = r ? study_make(r, v->study) : NULL;
    uint32_t room = 0;
    bool ok = s != NULL;
    for (unsigned p = 0; ok && p < v->study->policies; p++) {
        study_judge(s, p);
        for (uint32_t i = 0; ok && i < study_verdicts(s); i++) {
            const struct verdict *w = study_verdict(s, i);
            if (w->list != LIST_MAIN || w->is == VERDICT_READY)
                continue;
            if (l->n == max) {
                l->left_out++;
                continue;
            }
            struct evidence *more = study_room(l->v, sizeof *more, l->n, &room);
            ok = more != NULL;
            l->v = ok ? more : l->v;
            if (ok)
                choose(s, w, &l->v[l->n++]);
        }
    }
    study_free(s);
    rollup_free(r);
    return ok ? 0 : -1;
}

/* Of several addresses with one name (--names), the lowest may have been at another place. */
static bool same_client(const struct study *s, uint32_t client, const struct addr *a)
{
    const char *name = study_client_name(s, client);
    const struct named *n = name ? names_file_find(s->r->view->names, a) : NULL;
    return addr_equal(study_client(s, client), a) || (n && strcmp(n->name, name) == 0);
}

static bool is_same(const struct study *s, const struct verdict *v, const struct evidence *x)
{
    const struct cell *c = &s->cell[v->cell];
    const struct place *p = study_place(s, c->place);
    struct rd name = cube_name(s->cube, p->sni);
    if (v->is != x->is || !same_client(s, c->client, &x->client) || strcmp(label_of(s, c), x->stack) != 0)
        return false;
    if (endpoint_cmp(&p->server, &x->place.server) != 0 || p->transport != x->place.transport || p->upgrade != x->place.upgrade)
        return false;
    return rd_left(&name) == x->name_len && (x->name_len == 0 || memcmp(name.p, x->name, x->name_len) == 0);
}

bool evidence_agrees(const struct cube *c, const struct view *v, const struct evidence *x)
{
    struct policy *policy = v->study->policy[x->policy];
    struct study_request q = { .policy = &policy, .policies = 1, .now_ns = v->study->now_ns };
    struct view all = *v;
    all.study = &q;
    struct rollup *r = rollup_make(c, &all);
    struct study *s = r ? study_make(r, &q) : NULL;
    bool same = false;
    if (s)
        study_judge(s, 0);
    for (uint32_t i = 0; s && i < study_verdicts(s) && !same; i++)
        same = is_same(s, study_verdict(s, i), x);
    study_free(s);
    rollup_free(r);
    return same;
}
