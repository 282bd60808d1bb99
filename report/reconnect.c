/* SPDX-License-Identifier: Apache-2.0 */
#include "report/reconnect.h"
#include "base/limits.h"

#include <stdlib.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

enum { WAYS = 4, SETS = LIMIT_RECONNECTS / WAYS };
_Static_assert(SETS % LIMIT_SHARES == 0, "a set is one thread's");
#define WINDOW_NS (LIMIT_FALLBACK_SECONDS * UINT64_C(1000000000))

struct place {
    uint64_t who; /* hash of client and server; without a seed: see cube_new */
    struct refusal r;
    bool taken;
};

struct reconnect {
    uint32_t held;
    uint32_t looked; /* sets below this one are empty once reconnect_any is asked */
    int64_t last_ns; /* end of the latest refusal: ordinary events compare this and are done */
    struct place set[SETS][WAYS];
};

struct reconnect *reconnect_new(void)
{
    return calloc(1, sizeof(struct reconnect));
}

void reconnect_free(struct reconnect *r)
{
    free(r);
}

/* Timestamps are a file's: any difference may overflow an int64_t. */
static bool within(int64_t now, int64_t then)
{
    return now >= then && (uint64_t)now - (uint64_t)then <= WINDOW_NS;
}

static uint64_t hash_of(const struct reconnect_parties *who)
{
    struct endpoint pair[2] = { *who->client, *who->server };
    pair[0].port = 0; /* another one next time */
    return XXH3_64bits(pair, sizeof pair);
}

static struct place *set_of(struct reconnect *r, const struct reconnect_parties *who)
{
    const struct addr *speaker = who->via && who->via->kind != ADDR_NONE ? who->via : &who->client->addr;
    return r->set[addr_pair(speaker, &who->server->addr) % SETS];
}

static void take(struct reconnect *r, struct place *p, struct refusal *out)
{
    *out = p->r;
    p->taken = false;
    r->held--;
}

bool reconnect_follows(struct reconnect *r, const struct reconnect_parties *who, int64_t ts_ns, struct refusal *out)
{
    if (r->held == 0 || (ts_ns > r->last_ns && !within(ts_ns, r->last_ns)))
        return false;
    uint64_t hash = hash_of(who);
    struct place *set = set_of(r, who);
    for (unsigned i = 0; i < WAYS; i++)
        if (set[i].taken && set[i].who == hash && within(ts_ns, set[i].r.end_ns)) {
            take(r, &set[i], out);
            return true;
        }
    return false;
}

bool reconnect_hold(struct reconnect *r, const struct reconnect_parties *who, const struct refusal *in, struct refusal *out)
{
    struct place *set = set_of(r, who), *p = &set[0];
    for (unsigned i = 0; i < WAYS && p->taken; i++)
        if (!set[i].taken || set[i].r.end_ns < p->r.end_ns)
            p = &set[i];
    bool full = p->taken;
    if (full)
        take(r, p, out);
    if (r->held++ == 0 || in->end_ns > r->last_ns)
        r->last_ns = in->end_ns;
    *p = (struct place){ .who = hash_of(who), .r = *in, .taken = true };
    r->looked = 0;
    return full;
}

bool reconnect_any(struct reconnect *r, struct refusal *out)
{
    for (; r->held && r->looked < SETS; r->looked++)
        for (unsigned i = 0; i < WAYS; i++)
            if (r->set[r->looked][i].taken) {
                take(r, &r->set[r->looked][i], out);
                return true;
            }
    return false;
}
