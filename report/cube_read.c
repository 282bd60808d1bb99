/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a cube: its tables by id, rows and spans in an order that depends on content alone. */
#include "report/cube_impl.h"
#include "dissect/upgrade.h"

#include <stdlib.h>
#include <string.h>

uint32_t cube_rows(const struct cube *c)
{
    return c->rows.count;
}

void cube_row_fetch(const struct cube *c, uint32_t row)
{
    const char *p = records_at(&c->rows, row);
    for (size_t at = 0; at < sizeof(struct row); at += 64)
        __builtin_prefetch(p + at);
}

const struct cube_key *cube_row_key(const struct cube *c, uint32_t row)
{
    return &((const struct row *)records_at(&c->rows, row))->key;
}

const struct cube_val *cube_row_val(const struct cube *c, uint32_t row)
{
    return &((const struct row *)records_at(&c->rows, row))->val;
}

const struct profile *cube_profile(const struct cube *c, uint32_t id)
{
    return id ? column_at(&c->profile, id) : NULL;
}

uint32_t cube_profiles(const struct cube *c)
{
    return intern_count(c->profiles);
}

static struct rd bytes_of(const struct intern *t, uint32_t id)
{
    size_t n;
    if (id == 0)
        return rd_of(NULL, 0);
    const void *p = intern_key(t, id, &n);
    return rd_of(p, n);
}

struct rd cube_name(const struct cube *c, uint32_t id)
{
    return bytes_of(c->names, id);
}

uint32_t cube_names(const struct cube *c)
{
    return intern_count(c->names);
}

const struct cert_facts *cube_cert(const struct cube *c, uint32_t id)
{
    return id ? column_at(&c->cert, id) : NULL;
}

uint32_t cube_certs(const struct cube *c)
{
    return intern_count(c->certs);
}

struct rd cube_sensor(const struct cube *c, uint16_t id)
{
    return bytes_of(c->sensors, id);
}

uint16_t cube_sensors(const struct cube *c)
{
    return (uint16_t)intern_count(c->sensors);
}

bool cube_oom(const struct cube *c)
{
    return c->oom;
}

uint64_t cube_lost(const struct cube *c)
{
    return c->lost;
}

/* Upgrades: 1... are the rows of upgrades[], then one for a name that is not among them (a file of a later version). */
/* Ways into TLS that are datagrams and have no row in upgrades[]. */
static const char *const carriers[] = { "eap", "capwap", "rdpudp" };
enum { CARRIERS = sizeof carriers / sizeof *carriers };

uint8_t cube_upgrade_id(const char *name)
{
    if (!name)
        return 0;
    for (unsigned i = 0; i < upgrade_count; i++)
        if (upgrades[i]->name == name || strcmp(upgrades[i]->name, name) == 0)
            return (uint8_t)(i + 1);
    for (unsigned i = 0; i < CARRIERS; i++)
        if (strcmp(carriers[i], name) == 0)
            return (uint8_t)(upgrade_count + i + 1);
    return (uint8_t)(upgrade_count + CARRIERS + 1);
}

const char *cube_upgrade_name(uint8_t upgrade)
{
    if (upgrade == 0)
        return NULL;
    if (upgrade <= upgrade_count)
        return upgrades[upgrade - 1]->name;
    return upgrade <= upgrade_count + CARRIERS ? carriers[upgrade - upgrade_count - 1] : "other";
}

/* Order. */

static int rd_cmp(struct rd a, struct rd b)
{
    size_t na = rd_left(&a), nb = rd_left(&b), n = na < nb ? na : nb;
    int d = n ? memcmp(a.p, b.p, n) : 0;
    return d ? d : (na > nb) - (na < nb);
}

static int profile_cmp(const struct cube *c, uint32_t a, uint32_t b)
{
    return a == b ? 0 : rd_cmp(bytes_of(c->profiles, a), bytes_of(c->profiles, b));
}

static int text_cmp(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "");
}

/* The parts of a key that are ids, by what they stand for. */
static int ids_cmp(const struct cube *c, const struct cube_key *a, const struct cube_key *b)
{
    int d = a->sni == b->sni ? 0 : rd_cmp(bytes_of(c->names, a->sni), bytes_of(c->names, b->sni));
    if (!d)
        d = profile_cmp(c, a->profile, b->profile);
    if (!d)
        d = profile_cmp(c, a->fallback_from, b->fallback_from);
    if (!d && a->cert != b->cert)
        d = rd_cmp(bytes_of(c->certs, a->cert), bytes_of(c->certs, b->cert));
    if (!d && a->sensor != b->sensor)
        d = rd_cmp(bytes_of(c->sensors, a->sensor), bytes_of(c->sensors, b->sensor));
    return d;
}

static int facts_cmp(const struct cube_key *a, const struct cube_key *b)
{
    const uint32_t x[][2] = {
        { a->scope, b->scope },           { a->transport, b->transport },   { a->version, b->version },
        { a->suite, b->suite },           { a->outcome, b->outcome },       { a->flags, b->flags },
        { a->group, b->group },           { a->dh_bits, b->dh_bits },       { a->sigscheme, b->sigscheme },
        { a->refusal_code, b->refusal_code }, { a->aftermath, b->aftermath }, { a->sentinel, b->sentinel },
        { a->alert_from, b->alert_from }, { a->alert_code, b->alert_code }, { a->offered, b->offered },
    };
    for (size_t i = 0; i < sizeof x / sizeof *x; i++)
        if (x[i][0] != x[i][1])
            return x[i][0] < x[i][1] ? -1 : 1;
    return 0;
}

static int row_cmp(const struct cube *c, uint32_t x, uint32_t y)
{
    const struct cube_key *a = cube_row_key(c, x), *b = cube_row_key(c, y);
    int d = endpoint_cmp(&a->client, &b->client);
    if (!d)
        d = endpoint_cmp(&a->server, &b->server);
    if (!d)
        d = (a->day > b->day) - (a->day < b->day);
    if (!d && a->upgrade != b->upgrade)
        d = text_cmp(cube_upgrade_name(a->upgrade), cube_upgrade_name(b->upgrade));
    if (!d)
        d = ids_cmp(c, a, b);
    return d ? d : facts_cmp(a, b);
}

/* A million rows lie all over memory; nearly all comparisons are settled by the first bytes of client and server, carried
 * beside the id. They are in the order of row_cmp: parties of one kind have the same length. */
struct item {
    uint8_t head[20];
    uint32_t id;
};

static size_t head_put(uint8_t *out, size_t at, size_t cap, const struct endpoint *e)
{
    static const uint8_t length[] = { [ADDR_NONE] = 0, [ADDR_IP4] = 4, [ADDR_IP6] = 16, [ADDR_MAC] = 6, [ADDR_PSEUDO] = 8 };
    uint8_t b[1 + 16 + 2] = { e->addr.kind };
    size_t n = 1u + (e->addr.kind < sizeof length ? length[e->addr.kind] : 16u);
    memcpy(b + 1, e->addr.b, n - 1);
    b[n++] = (uint8_t)(e->port >> 8);
    b[n++] = (uint8_t)e->port;
    for (size_t i = 0; i < n && at < cap; i++)
        out[at++] = b[i];
    return at;
}

static void item_set(struct item *i, uint32_t id, const struct endpoint *client, const struct endpoint *server)
{
    *i = (struct item){ .id = id };
    (void)head_put(i->head, head_put(i->head, 0, sizeof i->head, client), sizeof i->head, server);
}

static int item_cmp(const void *x, const void *y, void *cube)
{
    const struct item *a = x, *b = y;
    int d = memcmp(a->head, b->head, sizeof a->head);
    return d ? d : row_cmp(cube, a->id, b->id);
}

/* A radix sort by the heads, from the last byte to the first; a byte that is the same in all has no pass. Half a million rows:
 * 25 ms, where comparing them took 140. Those with the same head are then compared. */
static void sort_by_head(const struct cube *c, struct item *item, struct item *spare, uint32_t n)
{
    struct item *from = item, *to = spare;
    for (unsigned byte = sizeof item->head; byte-- > 0;) {
        uint32_t start[256] = { 0 }, sum = 0;
        for (uint32_t i = 0; i < n; i++)
            start[from[i].head[byte]]++;
        if (start[from[0].head[byte]] == n)
            continue;
        for (unsigned v = 0; v < 256; v++) {
            uint32_t count = start[v];
            start[v] = sum;
            sum += count;
        }
        for (uint32_t i = 0; i < n; i++)
            to[start[from[i].head[byte]]++] = from[i];
        struct item *t = from;
        from = to;
        to = t;
    }
    if (from != item)
        memcpy(item, from, n * sizeof *item);
    for (uint32_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && memcmp(item[i].head, item[end].head, sizeof item[i].head) == 0;)
            end++;
        if (end - i > 1)
            qsort_r(&item[i], end - i, sizeof *item, item_cmp, (void *)(uintptr_t)c);
    }
}

static void sort_items(const struct cube *c, struct item *item, uint32_t n)
{
    struct item *spare = malloc(n * sizeof *spare);
    if (spare)
        sort_by_head(c, item, spare, n);
    else
        qsort_r(item, n, sizeof *item, item_cmp, (void *)(uintptr_t)c);
    free(spare);
}

uint32_t *cube_sorted(const struct cube *c)
{
    uint32_t n = cube_rows(c);
    struct item *item = n ? malloc(n * sizeof *item) : NULL;
    uint32_t *out = item ? malloc(n * sizeof *out) : NULL;
    if (!out) {
        free(item);
        return NULL;
    }
    for (uint32_t i = 0; i < n; i++) {
        const struct cube_key *k = cube_row_key(c, i + 1);
        item_set(&item[i], i + 1, &k->client, &k->server);
    }
    sort_items(c, item, n);
    for (uint32_t i = 0; i < n; i++)
        out[i] = item[i].id;
    free(item);
    return out;
}

/* Spans: those of rows, and those that outlived theirs. */

static int span_cmp(const void *x, const void *y, void *cube)
{
    const struct span_row *a = x, *b = y;
    int d = endpoint_cmp(&a->key.client, &b->key.client);
    if (!d)
        d = profile_cmp(cube, a->key.profile, b->key.profile);
    return d ? d : endpoint_cmp(&a->key.server, &b->key.server);
}

static void span_join(struct span *into, const struct span *s)
{
    into->count += s->count;
    into->first_ns = s->first_ns < into->first_ns ? s->first_ns : into->first_ns;
    into->last_ns = s->last_ns > into->last_ns ? s->last_ns : into->last_ns;
}

static size_t span_items(const struct cube *c, struct span_row *item)
{
    size_t n = 0;
    for (uint32_t row = 1; row <= cube_rows(c); row++) {
        const struct cube_key *k = cube_row_key(c, row);
        const struct cube_val *v = cube_row_val(c, row);
        if (k->flags & CUBE_OTHER)
            continue;
        item[n].key = (struct span_key){ .client = k->client, .server = k->server, .profile = k->profile };
        item[n++].val = (struct span){ .first_ns = v->first_ns, .last_ns = v->last_ns, .count = v->count };
    }
    for (uint32_t id = 1; id <= c->spans.count; id++)
        item[n++] = *(const struct span_row *)records_at(&c->spans, id);
    return n;
}

int cube_each_span(const struct cube *c, cube_span_visit *visit, void *ctx)
{
    size_t n = (size_t)cube_rows(c) + c->spans.count;
    if (n == 0)
        return 0;
    struct span_row *item = malloc(n * sizeof *item);
    if (!item)
        return -1;
    n = span_items(c, item);
    qsort_r(item, n, sizeof *item, span_cmp, (void *)(uintptr_t)c);
    for (size_t i = 0; i < n;) {
        struct span sum = item[i].val;
        const struct span_key *k = &item[i].key;
        for (i++; i < n && memcmp(&item[i].key, k, sizeof *k) == 0; i++)
            span_join(&sum, &item[i].val);
        visit(ctx, &k->client, k->profile, &k->server, &sum);
    }
    free(item);
    return 0;
}
