/* SPDX-License-Identifier: Apache-2.0 */
/*
 * records - records of one size, found by the key at their head: what intern is for strings, for keys of fixed size with values.
 *
 * The load that shapes it is a million rows met in random order: a lookup touches one slot, which tells most others from the
 * record that is meant, and then only that one, whose key and values lie together. A slot has 4 bytes: an id takes as many of its
 * bits as there are numbers of slots, and the rest are of the hash. Ids count from 1; records never move; nothing is removed but by
 * records_truncate. Keys are compared as memory: no padding, every byte set.
 */
#ifndef BASE_RECORDS_H
#define BASE_RECORDS_H

#include "base/column.h"

struct records {
    uint64_t seed;
    size_t key; /* bytes of the key, the first of a record */
    uint32_t count, mask;
    bool loose; /* they are not in their slots */
    uint32_t *slot; /* the id, and above it what the hash has there; 0: empty */
    struct column record;
};

/* false: out of memory; then records_free() is still to be called. */
bool records_init(struct records *t, size_t key, size_t width, uint64_t seed);
void records_free(struct records *t);

/* The id of the record with this key; where there is none and the table holds less than max, a new one whose values are zero
 * bytes. 0: full, or out of memory (*oom). */
uint32_t records_put(struct records *t, const void *key, uint32_t max, bool *oom);
/* The same in two steps, with others in between: the slot that is looked at first is on its way into the cache meanwhile. */
uint64_t records_expect(const struct records *t, const void *key);
void records_expect_record(const struct records *t, uint64_t expected); /* between the two: the record, if it is there */
uint32_t records_put_expected(struct records *t, uint64_t expected, const void *key, uint32_t max, bool *oom);
/* Records are about to change places, or no more will come: the slots are freed. Putting one makes them again, which costs a walk
 * over all. */
void records_loosen(struct records *t);
/* The blocks of records of another table, whole, behind its own; that one is empty then. The caller says how many records there are
 * (count), moves them together where a block was not full, and vouches that no two have one key. Both are loosened. */
bool records_room(struct records *t, uint32_t blocks); /* so many may be taken. false: out of memory, nothing changed */
void records_take(struct records *t, struct records *from);
/* Forget every record above count, as if it had never been put. */
void records_truncate(struct records *t, uint32_t count);

/* The record of an id that records_put gave. */
static inline void *records_at(const struct records *t, uint32_t id)
{
    return column_at(&t->record, id);
}

#endif
