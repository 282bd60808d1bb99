/* SPDX-License-Identifier: Apache-2.0 */
#include "base/records.h"

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

/* A free slot for this hash: it is known that no record has the key. */
static void place(struct records_slot *slot, uint32_t mask, struct records_slot s)
{
    uint32_t i = s.hash & mask;
    while (slot[i].id)
        i = (i + 1) & mask;
    slot[i] = s;
}

/* Full to three quarters at most; the hashes are in the slots, so no record is touched. */
static bool grow(struct records *t, uint32_t mask)
{
    struct records_slot *slot = calloc((size_t)mask + 1, sizeof *slot);
    if (!slot)
        return false;
    for (uint32_t i = 0; i <= t->mask; i++)
        if (t->slot[i].id)
            place(slot, mask, t->slot[i]);
    free(t->slot);
    t->slot = slot;
    t->mask = mask;
    return true;
}

bool records_reserve(struct records *t, uint32_t more)
{
    uint64_t mask = t->mask;
    while (mask / 4 * 3 < (uint64_t)t->count + more && mask < UINT32_MAX)
        mask = mask * 2 + 1;
    return mask == t->mask || grow(t, (uint32_t)mask);
}

void records_expect(const struct records *t, const void *key)
{
    __builtin_prefetch(&t->slot[(uint32_t)XXH3_64bits_withSeed(key, t->key, t->seed) & t->mask]);
}

uint32_t records_put(struct records *t, const void *key, uint32_t max, bool *oom)
{
    uint32_t hash = (uint32_t)XXH3_64bits_withSeed(key, t->key, t->seed);
    *oom = false;
    for (uint32_t i = hash & t->mask; t->slot[i].id; i = (i + 1) & t->mask)
        if (t->slot[i].hash == hash && memcmp(records_at(t, t->slot[i].id), key, t->key) == 0)
            return t->slot[i].id;
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
    place(t->slot, t->mask, (struct records_slot){ .hash = hash, .id = id });
    return id;
}

void records_truncate(struct records *t, uint32_t count)
{
    if (count >= t->count)
        return;
    t->count = count;
    memset(t->slot, 0, ((size_t)t->mask + 1) * sizeof *t->slot);
    for (uint32_t id = 1; id <= count; id++) {
        uint32_t hash = (uint32_t)XXH3_64bits_withSeed(records_at(t, id), t->key, t->seed);
        place(t->slot, t->mask, (struct records_slot){ .hash = hash, .id = id });
    }
}
