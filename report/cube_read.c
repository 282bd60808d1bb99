/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a cube: its tables by id, rows and spans in an order that depends on content alone. */
#include "report/cube_impl.h"
#include "dissect/upgrade.h"

#include <stdlib.h>
#include <string.h>

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

bool cube_has_pseudonyms(const struct cube *c)
{
    for (uint32_t row = 1; row <= cube_rows(c); row++)
        if (cube_row_at(c, row)->key.kinds >> 4 == ADDR_PSEUDO)
            return true;
    return false;
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
