/* SPDX-License-Identifier: Apache-2.0 */
#include "base/intern.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

/* Strings lie back to back in chunks that never move; an entry says where. Slots, probed linearly, hold ids, and above each, in
 * the bits that no id needs, what its hash has there: others that lie in the way are told by that. */
enum { CHUNK = 256 * 1024, FIRST_SLOTS = 64 };

struct entry {
    const uint8_t *key;
    uint32_t len;
    uint32_t hash;
};

struct chunk {
    struct chunk *next;
    size_t used, size;
    uint8_t bytes[];
};

struct intern {
    uint64_t seed;
    uint32_t max, count, mask;
    uint32_t cap; /* of entry[] */
    uint32_t *slot;
    struct entry *entry; /* entry[id - 1] */
    struct chunk *chunk;
    size_t bytes;
};

struct intern *intern_new(uint32_t max_entries, uint64_t seed)
{
    struct intern *t = calloc(1, sizeof *t);
    if (!t)
        return NULL;
    t->seed = seed;
    t->max = max_entries;
    t->mask = FIRST_SLOTS - 1;
    t->slot = calloc(FIRST_SLOTS, sizeof *t->slot);
    if (!t->slot) {
        free(t);
        return NULL;
    }
    t->bytes = sizeof *t + FIRST_SLOTS * sizeof *t->slot;
    return t;
}

void intern_free(struct intern *t)
{
    if (!t)
        return;
    for (struct chunk *c = t->chunk; c;) {
        struct chunk *next = c->next;
        free(c);
        c = next;
    }
    free(t->slot);
    free(t->entry);
    free(t);
}

static uint32_t hash_of(const struct intern *t, const void *key, size_t n)
{
    return (uint32_t)XXH3_64bits_withSeed(key, n, t->seed);
}

/* The first slot from i on that is empty, or of an entry with this hash as far as the slot tells. */
static uint32_t likely(const struct intern *t, uint32_t i, uint32_t h)
{
    while (t->slot[i & t->mask] && (t->slot[i & t->mask] ^ h) & ~t->mask)
        i++;
    return i & t->mask;
}

static const struct entry *entry_at(const struct intern *t, uint32_t slot)
{
    return &t->entry[(t->slot[slot] & t->mask) - 1];
}

/* The slot that holds these bytes, or the empty one where they would go. */
static uint32_t probe(const struct intern *t, const void *key, size_t n, uint32_t h)
{
    for (uint32_t i = likely(t, h, h);; i = likely(t, i + 1, h)) {
        if (!t->slot[i])
            return i;
        const struct entry *e = entry_at(t, i);
        if (e->hash == h && e->len == n && memcmp(e->key, key, n) == 0)
            return i;
    }
}

uint32_t intern_expect(const struct intern *t, const void *key, size_t n)
{
    uint32_t h = hash_of(t, key, n);
    __builtin_prefetch(&t->slot[h & t->mask]);
    return h;
}

void intern_expect_entry(const struct intern *t, uint32_t expected)
{
    uint32_t i = likely(t, expected, expected);
    if (t->slot[i])
        __builtin_prefetch(entry_at(t, i));
}

void intern_expect_bytes(const struct intern *t, uint32_t expected)
{
    uint32_t i = likely(t, expected, expected);
    if (t->slot[i])
        __builtin_prefetch(entry_at(t, i)->key);
}

/* A free slot for an entry that is in none. */
static void place(uint32_t *slot, uint32_t mask, uint32_t h, uint32_t id)
{
    uint32_t i = h & mask;
    while (slot[i])
        i = (i + 1) & mask;
    slot[i] = (h & ~mask) | id;
}

static bool grow_slots(struct intern *t)
{
    uint32_t mask = t->mask * 2 + 1;
    uint32_t *slot = calloc((size_t)mask + 1, sizeof *slot);
    if (!slot)
        return false;
    for (uint32_t id = 1; id <= t->count; id++)
        place(slot, mask, t->entry[id - 1].hash, id);
    free(t->slot);
    t->slot = slot;
    t->bytes += ((size_t)mask - t->mask) * sizeof *slot;
    t->mask = mask;
    return true;
}

void intern_truncate(struct intern *t, uint32_t count)
{
    if (count >= t->count)
        return;
    t->count = count;
    memset(t->slot, 0, ((size_t)t->mask + 1) * sizeof *t->slot);
    for (uint32_t id = 1; id <= count; id++)
        place(t->slot, t->mask, t->entry[id - 1].hash, id);
}

static bool grow_entries(struct intern *t)
{
    uint32_t cap = t->cap ? t->cap + t->cap / 2 : 32;
    struct entry *e = realloc(t->entry, cap * sizeof *e);
    if (!e)
        return false;
    t->bytes += (cap - t->cap) * sizeof *e;
    t->entry = e;
    t->cap = cap;
    return true;
}

/* Room for n bytes that will stay where they are. Small tables get small chunks. */
static uint8_t *store(struct intern *t, size_t n)
{
    struct chunk *c = t->chunk;
    if (!c || c->size - c->used < n) {
        size_t size = t->bytes < CHUNK ? 4096 : CHUNK;
        if (size < n)
            size = n;
        c = malloc(sizeof *c + size);
        if (!c)
            return NULL;
        *c = (struct chunk){ .next = t->chunk, .size = size };
        t->chunk = c;
        t->bytes += sizeof *c + size;
    }
    uint8_t *p = c->bytes + c->used;
    c->used += n;
    return p;
}

uint32_t intern_put(struct intern *t, const void *key, size_t n, bool *fresh)
{
    uint32_t h = hash_of(t, key, n), i = probe(t, key, n, h);
    if (fresh)
        *fresh = false;
    if (t->slot[i])
        return t->slot[i] & t->mask;
    if (t->count >= t->max || n > UINT32_MAX)
        return 0;
    if (t->count * 2ull >= t->mask) {
        if (!grow_slots(t))
            return 0;
        i = probe(t, key, n, h);
    }
    if (t->count == t->cap && !grow_entries(t))
        return 0;
    uint8_t *p = store(t, n);
    if (!p)
        return 0;
    if (n)
        memcpy(p, key, n);
    t->entry[t->count] = (struct entry){ .key = p, .len = (uint32_t)n, .hash = h };
    t->slot[i] = (h & ~t->mask) | ++t->count;
    if (fresh)
        *fresh = true;
    return t->count;
}

uint32_t intern_find(const struct intern *t, const void *key, size_t n)
{
    return t->slot[probe(t, key, n, hash_of(t, key, n))] & t->mask;
}

const void *intern_key(const struct intern *t, uint32_t id, size_t *n)
{
    assert(id >= 1 && id <= t->count);
    const struct entry *e = &t->entry[id - 1];
    if (n)
        *n = e->len;
    return e->key;
}

uint32_t intern_count(const struct intern *t)
{
    return t->count;
}
