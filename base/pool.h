/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pool - memory for what comes and goes with every handshake: a list of free blocks for each of a few sizes.
 *
 * malloc keeps seven freed blocks of a size at hand and looks after all others (4,000 instructions per handshake where
 * thousands are open at once); a pool takes the first of its list. It keeps what it has until it is freed: its size is that
 * of the busiest moment. One owner, one thread. Under ASan every block is a malloc of its own, so that misuse shows.
 */
#ifndef BASE_POOL_H
#define BASE_POOL_H

#include <stddef.h>
#include <stdint.h>

enum { POOL_STEP = 128, POOL_SIZES = 24, POOL_LARGEST = POOL_STEP * POOL_SIZES };

struct pool { /* all zero to begin with */
    struct pool_block *free[POOL_SIZES]; /* by size, in steps */
    struct pool_chunk *chunk;
    uint8_t *next, *end; /* of what is left of the latest chunk */
};

/* n bytes of anything. NULL: out of memory. Larger ones than POOL_LARGEST come from malloc. */
void *pool_take(struct pool *p, size_t n);
void pool_give(struct pool *p, void *block, size_t n); /* n as it was taken; NULL is fine */
void pool_free(struct pool *p); /* all of it, but for the larger ones that were not given back */

#endif
