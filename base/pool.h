/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pool - memory for what comes and goes with every handshake: chunks cut into blocks of one of a few sizes.
 *
 * malloc keeps seven freed blocks of a size at hand and looks after all others (4,000 instructions per handshake where
 * thousands are open at once); a pool takes the first free one of a chunk of that size. A chunk whose blocks are all given back
 * can become one of another size, and some such are kept: who sends hellos of one length after the other gets no more memory
 * than who sends one length. Where the blocks that stay keep all chunks from becoming empty, the limit holds. Chunks lie in slabs
 * of 2 MiB, from the second on on huge pages, and a block has nothing beside it: what thousands of handshakes under way are met
 * in any order by should fit into the caches, of translations too.
 *
 * One owner, one thread. Under ASan every block is a malloc of its own, so that misuse shows.
 */
#ifndef BASE_POOL_H
#define BASE_POOL_H

#include <stdbool.h>
#include <stddef.h>

enum { POOL_STEP = 32, POOL_SIZES = 96 };

struct pool { /* all zero to begin with */
    struct pool_chunk *some[POOL_SIZES]; /* chunks with a free block, by the size of their blocks, in steps */
    struct pool_chunk *empty;
    struct pool_slab *latest, *idle; /* that may have chunks which were never opened; that has nothing that somebody has; or NULL */
    size_t slabs;
    size_t chunks, max; /* all there are, and may be; max 0: no limit */
    bool starved; /* one more than that was wanted, and none has become empty since */
};

/* No more chunks than blocks that cost so many bytes in sum need, with a quarter for those that are partly free. */
void pool_limit(struct pool *p, size_t bytes);
/* What n bytes take: for who counts them. */
size_t pool_cost(size_t n);
/* n bytes of anything. NULL: out of memory, or at the limit. Large ones come from malloc and are not under the limit. */
void *pool_take(struct pool *p, size_t n);
void pool_give(struct pool *p, void *block, size_t n); /* n as it was taken; NULL is fine */
void pool_free(struct pool *p); /* after all was given back */

#endif
