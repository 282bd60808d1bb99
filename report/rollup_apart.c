/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clients that are set apart. One vulnerability scanner looks like every old client at once, so those that the operator
 * names are kept out of the sums, and so are the obvious scanners. Obvious must mean just that: who is set apart is not
 * warned of, and a NAT gateway also shows many stacks. Hence two signs that no population behind one address gives:
 *
 *   enumeration  towards one server, within an hour: at least ENUM_STACKS different stacks with at least ENUM_VERSIONS
 *                different highest versions, a quarter or more of the handshakes failing (sslscan, testssl.sh, nmap)
 *   sweep        on one day at least SWEEP_SERVERS servers by TLS from the first byte, none of them named (SNI) in any
 *                hello, half or more of the handshakes failing
 */
#include "report/rollup_impl.h"

#include <stdio.h>
#include <stdlib.h>

enum { ENUM_STACKS = 10, ENUM_VERSIONS = 4, SWEEP_SERVERS = 50 };
#define HOUR_NS INT64_C(3600000000000)

static bool ignored(const struct view *v, const struct addr *a)
{
    for (unsigned i = 0; i < v->ignored_count; i++)
        if (cidr_has(&v->ignored[i], a))
            return true;
    return false;
}

static const struct cube_row *row_at(const struct rollup *r, uint32_t i)
{
    return cube_row_at(r->cube, r->order[i]);
}

/* One server, one day: order[from..to). */
struct visit {
    uint32_t from, to;
};

static bool visit_next(const struct rollup *r, const struct roll_group *g, struct visit *v)
{
    v->from = v->to;
    if (v->from >= g->to)
        return false;
    const struct cube_row *first = row_at(r, v->from);
    while (v->to < g->to && cube_same_server(first, row_at(r, v->to)) && first->key.day == row_at(r, v->to)->key.day)
        v->to++;
    return true;
}

struct stacks {
    struct pairs seen;
    unsigned version[ROLL_VERSIONS];
    uint64_t handshakes, failed;
    int64_t first_ns, last_ns;
};

static void stacks_add(struct stacks *s, const struct roll_row *row)
{
    if (!row->profile || row->shape->upgrade)
        return;
    pairs_add(&s->seen, row->profile->stack, 0, row->count);
    s->version[version_slot(row->profile->max_version)] = 1;
    s->handshakes += row->count;
    if (row->shape->failed)
        s->failed += row->count;
    if (!s->first_ns || row->at->first_ns < s->first_ns)
        s->first_ns = row->at->first_ns;
    if (row->at->last_ns > s->last_ns)
        s->last_ns = row->at->last_ns;
}

static int enumerates(const struct rollup *r, const struct visit *v, struct roll_apart *out)
{
    struct stacks s = { 0 };
    for (uint32_t i = v->from; i < v->to; i++) {
        struct roll_row row = roll_row_of(r, r->order[i]);
        stacks_add(&s, &row);
    }
    if (!pairs_sort(&s.seen)) {
        pairs_free(&s.seen);
        return -1;
    }
    unsigned versions = 0;
    for (unsigned i = 0; i < ROLL_VERSIONS; i++)
        versions += s.version[i];
    size_t stacks = s.seen.n;
    pairs_free(&s.seen);
    if (stacks < ENUM_STACKS || versions < ENUM_VERSIONS || s.failed * 4 < s.handshakes || s.last_ns - s.first_ns > HOUR_NS)
        return 0;
    (void)snprintf(out->why, sizeof out->why,
                   "offered %zu different hellos with %u different highest versions to one server within an hour", stacks,
                   versions);
    return 1;
}

/* What one day's hellos to one server add to a sweep. false: this client is none. */
static bool sweep_add(const struct rollup *r, const struct visit *v, struct pairs *days, struct stacks *s)
{
    bool direct = false;
    for (uint32_t i = v->from; i < v->to; i++) {
        struct roll_row row = roll_row_of(r, r->order[i]);
        if (row.at->key.sni) /* one name is enough to be a client like others */
            return false;
        direct = direct || (row.profile && !row.k->upgrade); /* mail servers name nobody and call on many */
        stacks_add(s, &row);
    }
    if (direct)
        pairs_add(days, row_at(r, v->from)->key.day, 0, 1);
    return true;
}

/* Rows are in order of server, then day: the servers of a day are put together here. */
static int sweeps(const struct rollup *r, const struct roll_group *g, struct roll_apart *out)
{
    struct pairs days = { 0 };
    struct stacks s = { 0 };
    uint64_t best = 0;
    struct visit v = { .to = g->from };
    bool none_named = true;
    while (none_named && visit_next(r, g, &v))
        none_named = sweep_add(r, &v, &days, &s);
    bool ok = pairs_sort(&days);
    for (size_t i = 0; ok && i < days.n; i++)
        if (days.v[i].count > best)
            best = days.v[i].count;
    pairs_free(&days);
    pairs_free(&s.seen);
    if (!ok)
        return -1;
    if (!none_named || best < SWEEP_SERVERS || s.failed * 2 < s.handshakes)
        return 0;
    (void)snprintf(out->why, sizeof out->why, "went to %llu servers on one day, named none of them, and mostly failed",
                   (unsigned long long)best);
    return 1;
}

static int scanner(const struct rollup *r, const struct roll_group *g, struct roll_apart *out)
{
    if (g->to - g->from < ENUM_STACKS) /* a stack has a row of its own */
        return 0;
    for (struct visit v = { .to = g->from }; visit_next(r, g, &v);) {
        int found = v.to - v.from < ENUM_STACKS ? 0 : enumerates(r, &v, out);
        if (found)
            return found;
    }
    return g->to - g->from < SWEEP_SERVERS ? 0 : sweeps(r, g, out);
}

int roll_apart_decide(const struct rollup *r, const struct roll_group *g, struct roll_apart *out)
{
    *out = (struct roll_apart){ .scanner = false };
    if (g->client.kind == ADDR_NONE)
        return 0;
    if (ignored(r->view, &g->client)) {
        (void)snprintf(out->why, sizeof out->why, "named by --ignore-client");
        return 1;
    }
    int found = scanner(r, g, out);
    out->scanner = found == 1;
    return found;
}

static int apart_cmp(const void *key, const void *row)
{
    return addr_cmp(key, &((const struct roll_apart *)row)->client);
}

bool roll_is_apart(const struct rollup *r, const struct addr *client)
{
    return r->aparts && bsearch(client, r->apart, r->aparts, sizeof *r->apart, apart_cmp);
}
