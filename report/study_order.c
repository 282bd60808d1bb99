/* SPDX-License-Identifier: Apache-2.0 */
/* The order of outputs: servers by address; cells with the most handshakes first, then by client, server, name and stack. */
#include "report/study_impl.h"

#include <stdlib.h>
#include <string.h>

int study_item_cmp(const void *x, const void *y)
{
    const struct study_item *p = x, *q = y;
    int d = (p->a > q->a) - (p->a < q->a);
    if (!d)
        d = (p->b > q->b) - (p->b < q->b);
    return d ? d : order32(p->c, q->c);
}

struct server_key { /* interned as memory */
    struct endpoint at;
    uint32_t transport;
};

static const char *label_of(const struct study *s, const struct cell *c)
{
    return c->stack ? cube_profile(s->cube, s->stack_profile[c->stack])->stack_label : "";
}

/* What is left to tell cells of one client at one server apart. */
static int finer_cmp(const struct study *s, const struct cell *a, const struct cell *b)
{
    const struct place *p = study_place(s, a->place), *q = study_place(s, b->place);
    int d = rd_order(cube_name(s->cube, p->sni), cube_name(s->cube, q->sni));
    if (!d)
        d = strcmp(label_of(s, a), label_of(s, b));
    if (!d)
        d = p->transport - q->transport;
    if (!d)
        d = p->upgrade - q->upgrade;
    return d ? d : order32(p->scope, q->scope);
}

static int output_cmp(const void *x, const void *y, void *study)
{
    const struct study *s = study;
    const struct study_item *a = x, *b = y;
    int d = study_item_cmp(a, b);
    return d ? d : finer_cmp(s, &s->cell[a->cell], &s->cell[b->cell]);
}

static int client_cmp(const void *x, const void *y, void *study)
{
    const struct study *s = study;
    return addr_cmp(&s->client[*(const uint32_t *)x - 1], &s->client[*(const uint32_t *)y - 1]);
}

/* By client id - 1: its place in the order of addresses. NULL: out of memory. */
static uint32_t *client_ranks(struct study *s)
{
    uint32_t n = intern_count(s->clients), *id = malloc((n + 1u) * sizeof *id), *rank = malloc((n + 1u) * sizeof *rank);
    for (uint32_t i = 0; id && i < n; i++)
        id[i] = i + 1;
    if (id)
        qsort_r(id, n, sizeof *id, client_cmp, s);
    for (uint32_t i = 0; id && rank && i < n; i++)
        rank[id[i] - 1] = i;
    if (!id) {
        free(rank);
        rank = NULL;
    }
    free(id);
    return rank;
}

static int server_cmp(const void *x, const void *y, void *study)
{
    const struct study *s = study;
    const struct server_key *a = intern_key(s->server_table, *(const uint32_t *)x, NULL),
                            *b = intern_key(s->server_table, *(const uint32_t *)y, NULL);
    int d = endpoint_cmp(&a->at, &b->at);
    return d ? d : order32(a->transport, b->transport);
}

/* Numbers the servers in order of address. */
bool servers_collect(struct study *s)
{
    uint32_t places = intern_count(s->places);
    s->place_server = calloc(places + 1u, sizeof *s->place_server);
    for (uint32_t i = 0; s->place_server && i < places; i++) {
        const struct server_key key = { study_place(s, i + 1)->server, study_place(s, i + 1)->transport };
        s->place_server[i] = intern_put(s->server_table, &key, sizeof key, NULL);
        if (!s->place_server[i])
            return false;
    }
    s->servers = intern_count(s->server_table);
    s->server_id = calloc(s->servers + 1u, sizeof *s->server_id);
    uint32_t *number = calloc(s->servers + 1u, sizeof *number);
    bool ok = s->place_server && s->server_id && number;
    for (uint32_t i = 0; ok && i < s->servers; i++)
        s->server_id[i] = i + 1;
    if (ok)
        qsort_r(s->server_id, s->servers, sizeof *s->server_id, server_cmp, s);
    for (uint32_t i = 0; ok && i < s->servers; i++)
        number[s->server_id[i] - 1] = i + 1;
    for (uint32_t i = 0; ok && i < places; i++)
        s->place_server[i] = number[s->place_server[i] - 1];
    free(number);
    return ok;
}

bool order_collect(struct study *s)
{
    uint32_t *rank = client_ranks(s), n = 0;
    struct study_item *item = malloc((s->cells + 1u) * sizeof *item);
    s->order = malloc((s->cells + 1u) * sizeof *s->order);
    bool ok = rank && item && s->order;
    for (uint32_t i = 0; ok && i < s->cells; i++) {
        const struct cell *c = &s->cell[i];
        uint64_t who = (uint64_t)rank[c->client - 1] << 32 | s->place_server[c->place - 1];
        if (c->in_study)
            item[n++] = (struct study_item){ UINT64_MAX - c->count, who, 0, i };
    }
    if (ok)
        qsort_r(item, n, sizeof *item, output_cmp, s);
    for (uint32_t i = 0; ok && i < n; i++)
        s->order[i] = item[i].cell;
    s->ordered = ok ? n : 0;
    free(rank);
    free(item);
    return ok;
}

const struct endpoint *study_server(const struct study *s, uint32_t server)
{
    return &((const struct server_key *)intern_key(s->server_table, s->server_id[server - 1], NULL))->at;
}

uint32_t study_server_at(const struct study *s, const struct endpoint *at, uint8_t transport)
{
    for (uint32_t low = 1, high = s->servers + 1; low < high;) {
        uint32_t mid = low + (high - low) / 2;
        int d = endpoint_cmp(at, study_server(s, mid));
        d = d ? d : order32(transport, study_server_transport(s, mid));
        if (d == 0)
            return mid;
        if (d < 0)
            high = mid;
        else
            low = mid + 1;
    }
    return 0;
}

uint8_t study_server_transport(const struct study *s, uint32_t server)
{
    return (uint8_t)((const struct server_key *)intern_key(s->server_table, s->server_id[server - 1], NULL))->transport;
}
