/* SPDX-License-Identifier: Apache-2.0 */
#include "report/reconnect.h"
#include "base/limits.h"

#include <stdlib.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

enum { WAYS = 4, SETS = LIMIT_RECONNECTS / WAYS };
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

static uint64_t who_of(const struct endpoint *client, const struct endpoint *server)
{
    struct endpoint pair[2] = { *client, *server };
    pair[0].port = 0; /* another one next time */
    return XXH3_64bits(pair, sizeof pair);
}

static void take(struct reconnect *r, struct place *p, struct refusal *out)
{
    *out = p->r;
    p->taken = false;
    r->held--;
}

bool reconnect_follows(struct reconnect *r, const struct endpoint *client, const struct endpoint *server, int64_t ts_ns,
                       struct refusal *out)
{
    if (r->held == 0 || (ts_ns > r->last_ns && !within(ts_ns, r->last_ns)))
        return false;
    uint64_t who = who_of(client, server);
    struct place *set = r->set[who % SETS];
    for (unsigned i = 0; i < WAYS; i++)
        if (set[i].taken && set[i].who == who && within(ts_ns, set[i].r.end_ns)) {
            take(r, &set[i], out);
            return true;
        }
    return false;
}

bool reconnect_hold(struct reconnect *r, const struct endpoint *client, const struct endpoint *server, const struct refusal *in,
                    struct refusal *out)
{
    uint64_t who = who_of(client, server);
    struct place *set = r->set[who % SETS], *p = &set[0];
    for (unsigned i = 0; i < WAYS && p->taken; i++)
        if (!set[i].taken || set[i].r.end_ns < p->r.end_ns)
            p = &set[i];
    bool full = p->taken;
    if (full)
        take(r, p, out);
    if (r->held++ == 0 || in->end_ns > r->last_ns)
        r->last_ns = in->end_ns;
    *p = (struct place){ .who = who, .r = *in, .taken = true };
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
