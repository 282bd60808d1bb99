/* SPDX-License-Identifier: Apache-2.0 */
#include "report/study_impl.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name, *text;
} kinds[] = {
#define V(name, json, text) { json, text },
    VERDICTS(V)
#undef V
};

const char *verdict_name(enum verdict_kind v)
{
    return kinds[v].name;
}

const char *verdict_text(enum verdict_kind v)
{
    return kinds[v].text;
}

const char *study_result_name(enum study_result r)
{
    static const char *const name[] = { [STUDY_READY] = "ready", [STUDY_NOT_PROVED] = "not proved",
                                        [STUDY_NOT_ENOUGH] = "not enough seen", [STUDY_NOT_READY] = "not ready" };
    return name[r];
}

int verdict_by_name(const char *name)
{
    for (int i = 0; i < VERDICT_COUNT; i++)
        if (strcmp(kinds[i].name, name) == 0)
            return i;
    return -1;
}

void *study_room(void *array, size_t width, uint32_t n, uint32_t *room)
{
    if (n < *room)
        return array;
    uint32_t more = *room ? *room * 2 : 256;
    void *p = more > n ? realloc(array, more * width) : NULL;
    if (p)
        *room = more;
    return p;
}

static bool open_verdicts(struct study *s)
{
    s->judged = calloc(intern_count(s->choices) + 1u, sizeof *s->judged);
    s->verdict = calloc(s->cells + 1u, sizeof *s->verdict);
    s->client_mark = calloc(intern_count(s->clients) + 1u, sizeof *s->client_mark);
    s->server_mark = calloc(s->servers + 1u, sizeof *s->server_mark);
    s->left = calloc(s->stacks + 1u, sizeof *s->left);
    s->offends = calloc(s->cells + 1u, 1);
    s->asked = calloc(intern_count(s->places) + 1u, sizeof *s->asked);
    return s->asked && s->judged && s->verdict && s->client_mark && s->server_mark && s->left && s->offends && fit_open(s);
}

static bool open_tables(struct study *s)
{
    const uint32_t max = UINT32_MAX / 4;
    s->places = intern_new(max, 0);
    s->clients = intern_new(max, 0);
    s->choices = intern_new(max, 0);
    s->pairs = intern_new(max, 0);
    s->server_table = intern_new(max, 0);
    return s->server_table && s->places && s->clients && s->choices && s->pairs;
}

struct study *study_make(const struct rollup *r, const struct study_request *q)
{
    struct study *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->r = r;
    s->cube = r->cube;
    s->q = q;
    bool ok = open_tables(s) && sights_collect(s) && study_names_collect(s) && choices_collect(s) && stacks_collect(s) &&
              cells_collect(s) && clients_collect(s) && servers_collect(s) && order_collect(s) && open_verdicts(s);
    if (ok)
        capability_collect(s);
    if (ok && !s->failed)
        coverage_open(s);
    if (ok && !s->failed)
        return s;
    study_free(s);
    return NULL;
}

void study_free(struct study *s)
{
    if (!s)
        return;
    intern_free(s->places);
    intern_free(s->clients);
    intern_free(s->choices);
    intern_free(s->pairs);
    intern_free(s->server_table);
    void *const arrays[] = { s->seen, s->cell, s->offends, s->asked, s->choice_class, s->by_client, s->facts, s->pair,
                             s->plain,
                             s->client, s->client_stacks, s->client_damaged, s->client_from, s->proof, s->split, s->stack_profile,
                             s->stack_rank, s->stack_dh, s->judged, s->verdict, s->order, s->place_server, s->client_mark,
                             s->server_mark, s->left, s->server_id, s->offer, s->offer_read, s->choice, s->fit,
                             s->by_site, s->by_server, s->coverage, s->address, s->address_from };
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
        free(arrays[i]);
    free(s);
}

const struct decision *study_decision(const struct study *s)
{
    return &s->decision;
}

const struct coverage *study_coverage(const struct study *s, uint32_t server)
{
    return &s->coverage[server];
}

const struct study_excess *study_excess(const struct study *s)
{
    return &s->excess;
}

uint32_t study_servers(const struct study *s)
{
    return s->servers;
}

enum study_result study_result_of(const struct study *s, uint32_t server)
{
    if (server == 0)
        return s->decision.result;
    return s->server_mark[server - 1] & STUDY_BAD ? STUDY_NOT_READY : coverage_result(&s->coverage[server]);
}

bool study_is_enforced(const struct study *s, uint32_t server)
{
    return !s->q->enforces || s->server_mark[server - 1] >> MARK_ENFORCED & 1;
}

uint32_t study_server_of(const struct study *s, uint32_t place)
{
    return s->place_server[place - 1];
}

uint32_t study_places(const struct study *s)
{
    return intern_count(s->places);
}

bool study_came_along(const struct study *s, uint32_t place)
{
    return s->q->enforces && !s->asked[place - 1] && study_is_enforced(s, s->place_server[place - 1]);
}

const struct study_request *study_request_of(const struct study *s)
{
    return s->q;
}

const struct rollup *study_rollup(const struct study *s)
{
    return s->r;
}

const struct policy *study_policy(const struct study *s)
{
    return s->policy;
}

void study_judge(struct study *s, unsigned i)
{
    s->policy = s->q->policy[i];
    s->policy_index = i;
    verdict_all(s);
}

uint32_t study_verdicts(const struct study *s)
{
    return s->ordered;
}

const struct verdict *study_verdict(const struct study *s, uint32_t i)
{
    return &s->verdict[s->order[i]];
}

const struct verdict *study_verdict_of(const struct study *s, uint32_t cell)
{
    return &s->verdict[cell];
}

uint32_t study_cells(const struct study *s)
{
    return s->cells;
}

const struct cell *study_cell(const struct study *s, uint32_t cell)
{
    return &s->cell[cell];
}

const struct place *study_place(const struct study *s, uint32_t place)
{
    return intern_key(s->places, place, NULL);
}

const struct addr *study_client(const struct study *s, uint32_t client)
{
    return &s->client[client - 1];
}

struct stack_sum study_stacks_of(const struct study *s, uint32_t client)
{
    return s->client_stacks[client - 1];
}

uint32_t study_first_sight(const struct study *s, uint32_t place)
{
    uint32_t i = 0, n = s->sights;
    while (i < n) {
        uint32_t mid = i + (n - i) / 2;
        if (s->seen[mid].place < place)
            i = mid + 1;
        else
            n = mid;
    }
    return i;
}
