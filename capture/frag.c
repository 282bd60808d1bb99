/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/frag.h"
#include "base/limits.h"

#include <assert.h>
#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

enum {
    SLOTS = LIMIT_FRAG_DATAGRAMS,
    BUCKETS = 2 * SLOTS, /* a power of two */
    UNIT = 8, /* fragments begin at multiples of 8 bytes */
    UNITS = (LIMIT_FRAG_BYTES + UNIT) / UNIT,
};
#define SECOND 1000000000LL
static_assert(sizeof(struct frag_key) == 48, "struct frag_key is hashed as memory");
static_assert((BUCKETS & (BUCKETS - 1)) == 0, "BUCKETS is a power of two");

struct slot {
    struct frag_key key;
    bool used, done;
    uint8_t head_len;
    uint32_t next; /* in the bucket, index + 1 */
    uint32_t total; /* bytes of the datagram, 0 until the last fragment came */
    uint32_t high; /* end of the furthest byte seen */
    uint32_t units; /* units seen */
    uint32_t cut_at; /* the first byte that no fragment carried because of a snap length */
    int64_t since, done_ns; /* packet times of its first fragment, of the one that made it whole */
    uint64_t seen[(UNITS + 63) / 64]; /* a bit per unit */
    uint8_t *buffer; /* FRAG_HEADER bytes, then the data */
};

struct frag {
    struct stats *stats;
    uint64_t seed;
    uint32_t oldest, count, max; /* the ring */
    uint32_t bucket[BUCKETS]; /* index + 1 */
    uint8_t *given; /* the buffer of the datagram returned last: not in any slot */
    struct slot slot[SLOTS];
};

struct frag *frag_new(uint32_t max, uint64_t seed, struct stats *stats)
{
    struct frag *f = calloc(1, sizeof *f);
    if (!f)
        return NULL;
    f->seed = seed;
    f->max = max && max < SLOTS ? max : SLOTS;
    f->stats = stats;
    return f;
}

void frag_free(struct frag *f)
{
    if (!f)
        return;
    for (unsigned i = 0; i < SLOTS; i++)
        free(f->slot[i].buffer);
    free(f->given);
    free(f);
}

static uint32_t *bucket_of(struct frag *f, const struct frag_key *key)
{
    return &f->bucket[XXH3_64bits_withSeed(key, sizeof *key, f->seed) & (BUCKETS - 1)];
}

/* Take the oldest slot out of the ring and count it if it never became whole. */
static void drop_oldest(struct frag *f, uint64_t *counter)
{
    struct slot *s = &f->slot[f->oldest];
    for (uint32_t *at = bucket_of(f, &s->key); *at; at = &f->slot[*at - 1].next) {
        if (*at == f->oldest + 1) {
            *at = s->next;
            break;
        }
    }
    if (!s->done)
        ++*counter;
    s->used = false;
    f->oldest = (f->oldest + 1) % f->max;
    f->count--;
}

static void expire(struct frag *f, int64_t now)
{
    while (f->count && now - f->slot[f->oldest].since > LIMIT_FRAG_SECONDS * SECOND)
        drop_oldest(f, &f->stats->frag_incomplete);
}

static struct slot *find(struct frag *f, const struct frag_key *key, int64_t now)
{
    for (uint32_t at = *bucket_of(f, key); at; at = f->slot[at - 1].next) {
        struct slot *s = &f->slot[at - 1];
        if (memcmp(&s->key, key, sizeof *key) == 0 && !(s->done && now - s->done_ns > SECOND))
            return s;
    }
    return NULL;
}

static struct slot *insert(struct frag *f, const struct frag_key *key, int64_t now)
{
    if (f->count == f->max)
        drop_oldest(f, &f->stats->frag_evicted);
    uint32_t at = (f->oldest + f->count) % f->max;
    struct slot *s = &f->slot[at];
    uint8_t *buffer = s->buffer ? s->buffer : malloc(FRAG_HEADER + UNITS * UNIT);
    if (!buffer) {
        f->stats->memory_refused++;
        return NULL;
    }
    uint32_t *bucket = bucket_of(f, key);
    *s = (struct slot){ .key = *key, .used = true, .next = *bucket, .cut_at = UINT32_MAX, .since = now, .buffer = buffer };
    *bucket = at + 1;
    f->count++;
    return s;
}

/* Copy what is new, unit by unit: the first copy of a byte wins. */
static void store(struct slot *s, const struct frag_piece *p, uint32_t len)
{
    uint32_t cap = (uint32_t)rd_left(&p->bytes);
    for (uint32_t at = 0; at < len; at += UNIT) {
        uint32_t unit = (p->offset + at) / UNIT, n = len - at < UNIT ? len - at : UNIT;
        uint64_t bit = 1ULL << (unit & 63);
        if (s->seen[unit / 64] & bit)
            continue;
        s->seen[unit / 64] |= bit;
        s->units++;
        uint32_t present = at >= cap ? 0 : cap - at < n ? cap - at : n;
        if (present)
            memcpy(s->buffer + FRAG_HEADER + p->offset + at, p->bytes.p + at, present);
        if (present < n && p->offset + at + present < s->cut_at)
            s->cut_at = p->offset + at + present;
    }
}

/* Hand the buffer over and keep the slot, empty, as the mark of a datagram that was whole. */
static enum frag_result finish(struct frag *f, struct slot *s, int64_t now, struct frag_whole *whole)
{
    uint8_t *buffer = s->buffer;
    s->buffer = f->given;
    f->given = buffer;
    s->done = true;
    s->done_ns = now;
    f->stats->frag_reassembled++;
    *whole = (struct frag_whole){
        .head = buffer + FRAG_HEADER - s->head_len,
        .head_len = s->head_len,
        .data = buffer + FRAG_HEADER,
        .cap = s->total < s->cut_at ? s->total : s->cut_at,
        .len = s->total,
    };
    return FRAG_WHOLE;
}

enum frag_result frag_add(struct frag *f, const struct frag_key *key, const struct frag_piece *piece, int64_t now,
                          struct frag_whole *whole)
{
    uint64_t len = rd_left(&piece->bytes) + (uint64_t)piece->missing, end = piece->offset + len;
    if (len == 0 || end > LIMIT_FRAG_BYTES || piece->offset % UNIT || (!piece->last && len % UNIT) ||
        piece->head_len > FRAG_HEADER)
        return FRAG_MALFORMED;
    expire(f, now);
    struct slot *s = find(f, key, now);
    if (s && s->done)
        return FRAG_DUPLICATE;
    if (!s)
        s = insert(f, key, now);
    if (!s)
        return FRAG_WAIT;
    if ((s->total && end > s->total) || (piece->last && (s->total ? end != s->total : end < s->high)))
        return FRAG_MALFORMED; /* ends that contradict each other */
    if (piece->last)
        s->total = (uint32_t)end;
    if (end > s->high)
        s->high = (uint32_t)end;
    if (piece->offset == 0 && !s->head_len && piece->head_len) {
        memcpy(s->buffer + FRAG_HEADER - piece->head_len, piece->head, piece->head_len);
        s->head_len = (uint8_t)piece->head_len;
    }
    store(s, piece, (uint32_t)len);
    if (!s->total || s->units < (s->total + UNIT - 1) / UNIT)
        return FRAG_WAIT;
    return finish(f, s, now, whole);
}

void frag_finish(struct frag *f)
{
    while (f->count)
        drop_oldest(f, &f->stats->frag_incomplete);
}
