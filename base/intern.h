/* SPDX-License-Identifier: Apache-2.0 */
/*
 * intern - byte strings to small dense ids, each string stored once.
 *
 * Serves every table that is keyed by content: ClientHello profiles, names, certificates, rows of the cube. Ids count
 * from 1 in order of first appearance; 0 means "none" or "refused because the table is full". Values live in an array
 * beside it, indexed by id. Hashing is keyed (random per run), so nobody outside can aim for collisions. Nothing is
 * removed (but for intern_truncate): the cap is what bounds it.
 */
#ifndef BASE_INTERN_H
#define BASE_INTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct intern;

/* At most max_entries distinct strings (< 2^31). NULL when out of memory. */
struct intern *intern_new(uint32_t max_entries, uint64_t seed);
void intern_free(struct intern *t); /* NULL is fine */

/* The id of these bytes, added if new (then *fresh, if given, is true). 0 when full or out of memory; nothing changed. */
uint32_t intern_put(struct intern *t, const void *key, size_t n, bool *fresh);
/* The id of these bytes, or 0. */
uint32_t intern_find(const struct intern *t, const void *key, size_t n);
/* Bytes that will soon be put: three steps, with others in between, bring what will be looked at into the cache, each what
 * the next one reads: the slot, what it leads to, and what that leads to. */
uint32_t intern_expect(const struct intern *t, const void *key, size_t n);
void intern_expect_entry(const struct intern *t, uint32_t expected);
void intern_expect_bytes(const struct intern *t, uint32_t expected);
/* The bytes of an id that intern_put gave; they stay where they are until intern_free. *n may be NULL. */
const void *intern_key(const struct intern *t, uint32_t id, size_t *n);
uint32_t intern_count(const struct intern *t); /* the highest id */
/* Forget every id above count, as if it had never been put: what takes back a change that could not be finished. Costs a walk
 * over the whole table. */
void intern_truncate(struct intern *t, uint32_t count);

#endif
