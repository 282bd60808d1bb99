/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slab - records of one size, known by small numbers: thousands to a million of them, which come and go.
 *
 * A record stays where it is until it is given back; the one given back last is taken next, since it is the likeliest to be in
 * a cache. Memory is taken in chunks of SLAB_CHUNK records and kept until slab_free: what was in use at once costs what it did.
 * From the second chunk on huge pages are asked for, where a chunk has room for one: where so many records are met in any order,
 * the page tables are too.
 */
#ifndef BASE_SLAB_H
#define BASE_SLAB_H

#include <stddef.h>
#include <stdint.h>

enum { SLAB_BITS = 15, SLAB_CHUNK = 1 << SLAB_BITS };
#define SLAB_NONE UINT32_MAX

struct slab {
    size_t width; /* of a record, 4 or more; */
    uint32_t most; /* of them at once: its owner sets these two, all else is 0 at first */
    uint8_t **chunk;
    uint32_t made; /* records that somebody had once */
    uint32_t freed; /* of these the first that nobody has, one more than its number; each holds the next; 0: none */
};

/* A record with anything in it. SLAB_NONE: out of memory, or there would be more than there may be. */
uint32_t slab_take(struct slab *s);
void slab_give(struct slab *s, uint32_t i);
void slab_free(struct slab *s);

static inline void *slab_at(const struct slab *s, uint32_t i)
{
    return s->chunk[i >> SLAB_BITS] + (i & (SLAB_CHUNK - 1)) * s->width;
}

#endif
