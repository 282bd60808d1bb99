/* SPDX-License-Identifier: Apache-2.0 */
#include "report/fallback.h"
#include "base/limits.h"
#include "dissect/names.h"

#include <stdlib.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

enum { WAYS = 4, SETS = LIMIT_FALLBACKS / WAYS, MAYBE = 1 << 16 };
_Static_assert(SETS % LIMIT_SHARES == 0, "a set is one thread's");
#define WINDOW_NS (LIMIT_FALLBACK_SECONDS * UINT64_C(1000000000))

struct failure {
    uint64_t who; /* hash of client and server: a wrong match is a 2^-64 accident nobody can aim for */
    int64_t start_ns, end_ns; /* of the hello that failed; of a dance of several steps, the end of the latest */
    uint32_t sni;
    uint32_t profile; /* 0: free */
    uint16_t max_version;
};

struct fallback {
    uint64_t seed;
    int64_t last_ns; /* end of the latest failure of all: the ordinary handshake compares this and is done */
    uint64_t maybe[MAYBE / 64]; /* a bit per hash of who failed: keeps the others from reaching into the sets */
    struct failure set[SETS][WAYS];
};

struct fallback *fallback_new(uint64_t seed)
{
    struct fallback *f = calloc(1, sizeof *f);
    if (!f)
        return NULL;
    f->seed = seed;
    f->last_ns = INT64_MIN;
    return f;
}

void fallback_free(struct fallback *f)
{
    free(f);
}

/* Did the hello fail in a way after which software retries lower? What the capture lost is not a failure. */
static bool failed(uint8_t outcome)
{
    return outcome == OUTCOME_UNANSWERED || outcome == OUTCOME_ALERT_CLIENT || outcome == OUTCOME_ALERT_SERVER ||
           outcome == OUTCOME_RESET || outcome == OUTCOME_CLOSED;
}

/* Timestamps are a file's: any difference may overflow an int64_t. */
static bool long_after(int64_t now, int64_t then)
{
    return now > then && (uint64_t)now - (uint64_t)then > WINDOW_NS;
}

static uint64_t hash_of(const struct fallback *f, const struct endpoint *client, const struct endpoint *server)
{
    struct endpoint pair[2] = { *client, *server };
    pair[0].port = 0; /* a retry comes from another port */
    return XXH3_64bits_withSeed(pair, sizeof pair, f->seed);
}

static const uint64_t *maybe_at(const struct fallback *f, uint64_t who)
{
    return &f->maybe[(who >> 32) % MAYBE / 64];
}

static uint64_t maybe_bit(uint64_t who)
{
    return UINT64_C(1) << (who >> 32) % 64;
}

static uint64_t set_number(const struct fallback_hello *h)
{
    const struct addr *speaker = h->via && h->via->kind != ADDR_NONE ? h->via : &h->client->addr;
    return addr_pair(speaker, &h->server->addr) % SETS;
}

uint64_t fallback_expect(const struct fallback *f, const struct endpoint *client, const struct endpoint *server)
{
    uint64_t who = hash_of(f, client, server);
    __builtin_prefetch(maybe_at(f, who));
    return who;
}

void fallback_expect_set(const struct fallback *f, const struct fallback_hello *h)
{
    if (!(*maybe_at(f, h->who) & maybe_bit(h->who)))
        return;
    const char *set = (const char *)f->set[set_number(h)];
    for (size_t i = 0; i < sizeof f->set[0]; i += 64)
        __builtin_prefetch(set + i);
}

/* The pending failure that this hello may answer. Where both name a server, the name must be the same. */
static struct failure *pending(struct failure set[WAYS], const struct fallback_hello *h, uint64_t who)
{
    for (unsigned i = 0; i < WAYS; i++) {
        struct failure *e = &set[i];
        if (e->profile && e->who == who && (e->sni == h->sni || h->sni == 0) && h->ts_ns >= e->start_ns &&
            !long_after(h->ts_ns, e->end_ns))
            return e;
    }
    return NULL;
}

static struct failure *oldest(struct failure set[WAYS])
{
    struct failure *old = &set[0];
    for (unsigned i = 0; i < WAYS && old->profile; i++)
        if (!set[i].profile || set[i].end_ns < old->end_ns)
            old = &set[i];
    return old;
}

static void note_failure(struct failure set[WAYS], struct failure *e, const struct fallback_hello *h, uint64_t who)
{
    if (!e || e->sni != h->sni)
        e = oldest(set);
    *e = (struct failure){ .who = who, .start_ns = h->ts_ns, .end_ns = h->end_ns, .sni = h->sni, .profile = h->profile,
                           .max_version = h->max_version };
}

uint32_t fallback_from(struct fallback *f, const struct fallback_hello *h)
{
    bool bad = failed(h->outcome);
    if (!bad && long_after(h->ts_ns, f->last_ns))
        return 0;
    if (bad && h->end_ns > f->last_ns)
        f->last_ns = h->end_ns;
    uint64_t who = h->who ? h->who : hash_of(f, h->client, h->server);
    if (!bad && !(*maybe_at(f, who) & maybe_bit(who)))
        return 0;
    if (bad)
        f->maybe[(who >> 32) % MAYBE / 64] |= maybe_bit(who);
    struct failure *set = f->set[set_number(h)], *e = pending(set, h, who);
    if (e && version_rank(h->max_version) < version_rank(e->max_version)) {
        if (bad) /* the next step of a dance is from the same top */
            e->end_ns = h->end_ns;
        return e->profile;
    }
    if (bad)
        note_failure(set, e, h, who);
    else if (e && h->outcome == OUTCOME_COMPLETED && e->profile == h->profile)
        e->profile = 0; /* the same offer works after all: what comes lower now is no retry of it */
    return 0;
}
