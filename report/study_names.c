/* SPDX-License-Identifier: Apache-2.0 */
/* Names: clients that --names gives one stand for all their addresses, in labels, in exceptions and when asked for; and servers
 * that are asked for by a name that nobody used. */
#include "base/nearest.h"
#include "report/accept.h"
#include "report/names_file.h"
#include "report/study_impl.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct client_at {
    uint32_t client;
    struct addr addr;
};

static int client_at_cmp(const void *x, const void *y)
{
    const struct client_at *a = x, *b = y;
    return a->client != b->client ? (a->client > b->client ? 1 : -1) : addr_cmp(&a->addr, &b->addr);
}

const char *study_client_name(const struct study *s, uint32_t client)
{
    const struct named *n = names_file_find(s->r->view->names, study_client(s, client));
    return n ? n->name : NULL;
}

/* One for each row of a client with a name, in order, those that come twice once. NULL: out of memory. */
static struct client_at *gather(const struct study *s, uint32_t *n)
{
    uint32_t clients = intern_count(s->clients), k = 0;
    bool *has_name = calloc(clients + 1u, sizeof *has_name);
    struct client_at *at = malloc(((size_t)s->sights + s->plains + 1u) * sizeof *at);
    for (uint32_t i = 1; has_name && i <= clients; i++)
        has_name[i - 1] = study_client_name(s, i) != NULL;
    for (uint32_t i = 0; has_name && at && i < s->sights; i++)
        if (has_name[s->seen[i].client - 1])
            at[k++] = (struct client_at){ s->seen[i].client, cube_row_key(s->cube, s->seen[i].row)->client.addr };
    for (uint32_t i = 0; has_name && at && i < s->plains; i++)
        if (has_name[s->plain[i].client - 1])
            at[k++] = (struct client_at){ s->plain[i].client, cube_row_key(s->cube, s->plain[i].row)->client.addr };
    if (has_name && at && k)
        qsort(at, k, sizeof *at, client_at_cmp);
    *n = 0;
    for (uint32_t i = 0; has_name && at && i < k; i++)
        if (i == 0 || client_at_cmp(&at[i - 1], &at[i]) != 0)
            at[(*n)++] = at[i];
    if (!has_name) {
        free(at);
        at = NULL;
    }
    free(has_name);
    return at;
}

bool study_names_collect(struct study *s)
{
    if (!s->r->view->names)
        return true;
    uint32_t clients = intern_count(s->clients), n, i = 0;
    struct client_at *at = gather(s, &n);
    s->address = malloc((at ? n + 1u : 1u) * sizeof *s->address);
    s->address_from = calloc(clients + 2u, sizeof *s->address_from);
    bool ok = at && s->address && s->address_from;
    for (uint32_t id = 1; ok && id <= clients; id++) {
        s->address_from[id - 1] = i;
        for (; i < n && at[i].client == id; i++)
            s->address[i] = at[i].addr;
    }
    if (ok)
        s->address_from[clients] = i;
    free(at);
    return ok;
}

const struct addr *study_addresses(const struct study *s, uint32_t client, uint32_t *n)
{
    *n = s->address_from ? s->address_from[client] - s->address_from[client - 1] : 0;
    if (*n)
        return &s->address[s->address_from[client - 1]];
    *n = 1;
    return study_client(s, client);
}

uint32_t study_names(const struct study *s, uint32_t *addresses)
{
    uint32_t names = 0, n;
    *addresses = 0;
    for (uint32_t id = 1; id <= intern_count(s->clients); id++) {
        (void)study_addresses(s, id, &n);
        names += n > 1;
        *addresses += n > 1 ? n : 0;
    }
    return names;
}

static int address_cmp(const void *x, const void *y)
{
    return addr_cmp(x, y);
}

static uint32_t sort_and_join(struct addr *list, uint32_t n)
{
    uint32_t kept = 0;
    if (n)
        qsort(list, n, sizeof *list, address_cmp);
    for (uint32_t i = 0; i < n; i++)
        if (i == 0 || addr_cmp(&list[kept - 1], &list[i]) != 0)
            list[kept++] = list[i];
    return kept;
}

uint32_t study_plain_of(const struct study *s, const struct cell *c, uint32_t after)
{
    uint32_t i = after ? s->plain[after - 1].next : s->pair[s->seen[c->from].pair - 1].plain_first;
    while (i && cube_row_key(s->cube, s->plain[i - 1].row)->upgrade != study_place(s, c->place)->upgrade)
        i = s->plain[i - 1].next;
    return i;
}

/* The first session in clear text, where the verdict rests on them: who went on so need not be who made the handshakes, where
 * one name stands for both. */
static uint32_t first_plain(const struct study *s, const struct cell *c)
{
    return s->verdict[c - s->cell].is == VERDICT_PLAINTEXT ? study_plain_of(s, c, 0) : 0;
}

/* By its rows, not by its client's addresses: one name may stand for a million of them. */
struct addr *cell_addresses(const struct study *s, const struct cell *c, uint32_t *n)
{
    uint32_t most = c->to - c->from;
    for (uint32_t i = first_plain(s, c); i; i = study_plain_of(s, c, i))
        most++;
    struct addr *list = malloc((most + 1u) * sizeof *list);
    *n = 0;
    for (uint32_t i = c->from; list && i < c->to; i++)
        list[(*n)++] = cube_row_key(s->cube, s->seen[i].row)->client.addr;
    for (uint32_t i = list ? first_plain(s, c) : 0; i; i = study_plain_of(s, c, i))
        list[(*n)++] = cube_row_key(s->cube, s->plain[i - 1].row)->client.addr;
    *n = list ? sort_and_join(list, *n) : 0;
    return list;
}

uint32_t study_addresses_of(const struct study *s, enum verdict_kind v)
{
    uint32_t all = 0;
    struct addr *list = malloc((s->sights + 1u) * sizeof *list);
    for (uint32_t i = 0; list && i < s->cells; i++) {
        const struct verdict *w = study_verdict_of(s, i);
        for (uint32_t k = s->cell[i].from; w->list == LIST_MAIN && w->is == v && k < s->cell[i].to; k++)
            list[all++] = cube_row_key(s->cube, s->seen[k].row)->client.addr;
    }
    all = list ? sort_and_join(list, all) : 0;
    free(list);
    return all;
}

const char *cell_addresses_text(const struct study *s, const struct cell *c, char *buf, size_t cap)
{
    enum { SHOWN = 8 };
    char at[ADDR_TEXT];
    uint32_t all, n;
    size_t used = 0;
    *buf = '\0';
    (void)study_addresses(s, c->client, &all);
    struct addr *a = all > 1 ? cell_addresses(s, c, &n) : NULL;
    for (uint32_t i = 0; a && i < n && i < SHOWN && used < cap; i++)
        used += (size_t)snprintf(buf + used, cap - used, "%s%s", i ? ", " : "", addr_print(&a[i], at));
    if (a && n > SHOWN && used < cap)
        (void)snprintf(buf + used, cap - used, " and %u more", n - SHOWN);
    free(a);
    return buf;
}

const char *client_text(const struct study *s, uint32_t client, char *buf, size_t cap)
{
    char at[ADDR_TEXT];
    uint32_t n;
    const char *name = study_client_name(s, client);
    const struct addr *a = study_addresses(s, client, &n);
    if (n > 1)
        (void)snprintf(buf, cap, "%s (%u addresses)", name, n);
    else
        (void)snprintf(buf, cap, "%s%s%s", addr_print(a, at), name ? " " : "", name ? name : "");
    return buf;
}

bool study_is_client(const struct study *s, uint32_t client, const struct study_subject *q)
{
    uint32_t n;
    const struct addr *a = study_addresses(s, client, &n);
    const char *name = *q->client_name ? study_client_name(s, client) : NULL;
    if (*q->client_name)
        return name && strcasecmp(name, q->client_name) == 0;
    for (uint32_t i = 0; i < n; i++)
        if (cidr_has(&q->client, &a[i]))
            return true;
    return false;
}

static void try_name(struct nearest *near, const struct study *s, const struct place *p)
{
    char sni[NEAREST_TEXT];
    struct rd name = cube_name(s->cube, p->sni);
    const struct named *n = names_file_find(s->r->view->names, &p->server.addr);
    if (p->sni)
        nearest_try(near, escape_text(name, sni, sizeof sni));
    if (n)
        nearest_try(near, n->name);
}

bool study_enforce_missed(const struct study *s, unsigned i, char *nearest, size_t cap)
{
    const struct enforce *e = &s->q->enforce[i];
    struct nearest near = { .word = e->name };
    if (e->policy != UINT_MAX && e->policy != s->policy_index)
        return false;
    for (uint32_t place = 1; place <= study_places(s); place++) {
        if (enforce_matches(s, e, study_place(s, place)))
            return false;
        if (nearest && e->named)
            try_name(&near, s, study_place(s, place));
    }
    bool alike = near.best[0] && near.distance <= 1 + strlen(e->name) / 4;
    if (nearest)
        (void)snprintf(nearest, cap, "%s", alike ? near.best : "");
    return true;
}

/* Was anything seen that this exception is for? */
static bool is_met(const struct study *s, const struct accepted *x)
{
    for (uint32_t i = 0; i < s->cells; i++) {
        const struct cell *c = &s->cell[i];
        const struct place *p = study_place(s, c->place);
        uint32_t n;
        const struct addr *a = study_addresses(s, c->client, &n);
        for (uint32_t k = 0; k < n; k++)
            if (accept_matches(x, &a[k], study_client_name(s, c->client), &p->server, cube_name(s->cube, p->sni)))
                return true;
    }
    return false;
}

const struct accepted *study_idle_exception(const struct study *s, uint32_t *i, bool *expired)
{
    const struct accepted *x;
    while ((x = accept_at(s->q->accept, (*i)++))) {
        *expired = s->q->now_ns >= x->until_ns;
        if (*expired || !is_met(s, x))
            return x;
    }
    return NULL;
}

static const struct accepted *row_accepted(const struct study *s, const struct cell *c, uint32_t row, const char *name)
{
    const struct place *p = study_place(s, c->place);
    return accept_find(s->q->accept, &cube_row_key(s->cube, row)->client.addr, name, &p->server, cube_name(s->cube, p->sni),
                       s->q->now_ns);
}

/* An exception for an address does not speak for the others that a name stands for: each that came here needs one. */
const struct accepted *study_accepted(const struct study *s, const struct cell *c)
{
    const char *name = s->q->accept ? study_client_name(s, c->client) : NULL;
    const struct accepted *found = s->q->accept ? row_accepted(s, c, s->seen[c->from].row, name) : NULL;
    for (uint32_t i = c->from + 1; found && name && i < c->to; i++) /* without a name all are of one address */
        if (!row_accepted(s, c, s->seen[i].row, name))
            return NULL;
    for (uint32_t i = found && name ? first_plain(s, c) : 0; i; i = study_plain_of(s, c, i))
        if (!row_accepted(s, c, s->plain[i - 1].row, name))
            return NULL;
    return found;
}
