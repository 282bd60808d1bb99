/* SPDX-License-Identifier: Apache-2.0 */
#include "base/records.h"
#include "base/huge.h"

#include <stdlib.h>
#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

enum { FIRST_SLOTS = 64 };

bool records_init(struct records *t, size_t key, size_t width, uint64_t seed)
{
    *t = (struct records){ .seed = seed, .key = key, .mask = FIRST_SLOTS - 1, .record = { .width = width } };
    t->slot = calloc(FIRST_SLOTS, sizeof *t->slot);
    return t->slot != NULL;
}

void records_free(struct records *t)
{
    free(t->slot);
    column_free(&t->record);
}

static uint64_t hash_of(const struct records *t, const void *key)
{
    return XXH3_64bits_withSeed(key, t->key, t->seed);
}

/* Where the search for a key begins is the low half of its hash; what a slot has of it beside the id is of the high half. */
static uint32_t tag_of(uint32_t mask, uint64_t hash)
{
    return (uint32_t)(hash >> 32) & ~mask;
}

/* A free slot for this record: it is known that no other has the key. */
static void place(uint32_t *slot, uint32_t mask, uint64_t hash, uint32_t id)
{
    uint32_t i = (uint32_t)hash & mask;
    while (slot[i])
        i = (i + 1) & mask;
    slot[i] = tag_of(mask, hash) | id;
}

enum { AHEAD = 16 };

/* All records into slots: hashed some ahead, because where they go is in no cache. */
static void place_all(const struct records *t, uint32_t *slot, uint32_t mask)
{
    uint64_t hash[AHEAD];
    for (uint64_t id = 1; id <= (uint64_t)t->count + AHEAD; id++) {
        if (id > AHEAD)
            place(slot, mask, hash[id % AHEAD], (uint32_t)id - AHEAD);
        if (id > t->count)
            continue;
        hash[id % AHEAD] = hash_of(t, records_at(t, (uint32_t)id));
        __builtin_prefetch(slot + ((uint32_t)hash[id % AHEAD] & mask));
    }
}

/* Full to three quarters at most: so an id is always less than the number of slots. */
static bool grow(struct records *t, uint32_t mask)
{
    uint32_t *slot = huge_zeroed(((size_t)mask + 1) * sizeof *slot);
    if (!slot)
        return false;
    place_all(t, slot, mask);
    free(t->slot);
    t->slot = slot;
    t->mask = mask;
    return true;
}

bool records_room(struct records *t, uint32_t blocks)
{
    return column_room(&t->record, blocks);
}

void records_loosen(struct records *t)
{
    free(t->slot);
    t->slot = NULL;
    t->mask = 0;
    t->loose = true;
}

void records_take(struct records *t, struct records *from)
{
    column_take(&t->record, &from->record);
    from->count = 0;
    records_loosen(from);
    records_loosen(t);
}

/* Each into its slot. */
static bool gather(struct records *t)
{
    uint64_t mask = t->mask;
    while (mask / 4 * 3 < (uint64_t)t->count + 1)
        mask = mask * 2 + 1;
    t->loose = !grow(t, (uint32_t)mask);
    return !t->loose;
}

uint64_t records_expect(const struct records *t, const void *key)
{
    uint64_t hash = hash_of(t, key);
    __builtin_prefetch(t->slot + ((uint32_t)hash & t->mask));
    return hash;
}

void records_expect_record(const struct records *t, uint64_t expected)
{
    uint32_t slot = t->loose ? 0 : t->slot[(uint32_t)expected & t->mask];
    if (slot && (slot & ~t->mask) == tag_of(t->mask, expected))
        __builtin_prefetch(records_at(t, slot & t->mask));
}

uint32_t records_put(struct records *t, const void *key, uint32_t max, bool *oom)
{
    return records_put_expected(t, hash_of(t, key), key, max, oom);
}

uint32_t records_put_expected(struct records *t, uint64_t hash, const void *key, uint32_t max, bool *oom)
{
    *oom = t->loose && !gather(t);
    if (*oom)
        return 0;
    uint32_t tag = tag_of(t->mask, hash);
    for (uint32_t i = (uint32_t)hash & t->mask; t->slot[i]; i = (i + 1) & t->mask) {
        uint32_t id = t->slot[i] & t->mask;
        if ((t->slot[i] & ~t->mask) == tag && memcmp(records_at(t, id), key, t->key) == 0)
            return id;
    }
    if (t->count >= max)
        return 0;
    uint32_t id = t->count + 1;
    *oom = (id > t->mask / 4 * 3 && !grow(t, t->mask * 2 + 1)) || !column_reserve(&t->record, id);
    if (*oom)
        return 0;
    t->count = id;
    void *record = records_at(t, id);
    memset(record, 0, t->record.width); /* one that was truncated may have lain here */
    memcpy(record, key, t->key);
    place(t->slot, t->mask, hash, id);
    return id;
}

void records_truncate(struct records *t, uint32_t count)
{
    if (count >= t->count)
        return;
    t->count = count;
    if (t->loose)
        return;
    memset(t->slot, 0, ((size_t)t->mask + 1) * sizeof *t->slot);
    place_all(t, t->slot, t->mask);
}
