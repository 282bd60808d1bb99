/* SPDX-License-Identifier: Apache-2.0 */
/* All cells under one policy: which servers are asked about, the verdicts, their sums and the decision. */
#include "report/names_file.h"
#include "report/verdict.h"

#include <limits.h>
#include <string.h>

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

static bool any_of(const struct decision *d, unsigned verdicts)
{
    for (unsigned i = 0; i < VERDICT_COUNT; i++)
        if (verdicts >> i & 1 && d->by[i].cells)
            return true;
    return false;
}

static void conclude(struct study *s)
{
    struct decision *d = &s->decision;
    enum study_result rest = d->all.cells ? coverage_result(&s->coverage[0]) : STUDY_NOT_ENOUGH;
    for (unsigned i = 0; i < s->q->enforces && rest < STUDY_NOT_ENOUGH; i++)
        if (study_enforce_missed(s, i, NULL, 0))
            rest = STUDY_NOT_ENOUGH;
    d->result = any_of(d, STUDY_BAD) ? STUDY_NOT_READY : rest;
    d->exits = any_of(d, s->q->fail_on) ? STUDY_NOT_READY : rest;
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
            d->accepted_broken += !stale && (v->is == VERDICT_BREAKS || v->is == VERDICT_PLAINTEXT);
        }
    }
    coverage_judge(s);
    conclude(s);
}

static bool is_of_stack(const struct cell *a, const struct cell *b)
{
    return a->client == b->client && a->stack == b->stack;
}

/* Of each client's stacks that are asked about, how many would break somewhere: several machines may be behind one address. */
static void sum_stacks(struct study *s)
{
    for (uint32_t i = 0; i < intern_count(s->clients); i++)
        s->client_stacks[i].judged = s->client_stacks[i].broken = 0;
    for (uint32_t i = 0, to; i < s->cells; i = to) {
        const struct cell *c = &s->cell[s->by_client[i]];
        bool judged = false, broken = false;
        for (to = i; to < s->cells && is_of_stack(&s->cell[s->by_client[to]], c); to++) {
            const struct verdict *v = &s->verdict[s->by_client[to]];
            judged |= v->list != LIST_OUTSIDE;
            broken |= v->list != LIST_OUTSIDE && (v->is == VERDICT_BREAKS || v->is == VERDICT_PLAINTEXT);
        }
        s->client_stacks[c->client - 1].judged += judged && c->stack;
        s->client_stacks[c->client - 1].broken += broken && c->stack;
    }
}

static uint8_t list_of(const struct study *s, const struct cell *c, const struct verdict *v)
{
    if (s->q->enforces && !(s->server_mark[s->place_server[c->place - 1] - 1] >> MARK_ENFORCED & 1))
        return LIST_OUTSIDE;
    bool good = v->is == VERDICT_READY || v->is == VERDICT_SAFE;
    if (!good && study_accepted(s, c))
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
        judge_steps(&j);
        j.v->list = list_of(s, &s->cell[i], j.v);
        s->offends[i] = j.v->list == LIST_MAIN && (j.v->is == VERDICT_BREAKS || j.v->is == VERDICT_PLAINTEXT);
    }
    sum_stacks(s);
    decide(s);
}
