/* SPDX-License-Identifier: Apache-2.0 */
#include "base/pool.h"

#include <stdbool.h>
#include <stdlib.h>

enum { CHUNK = 64 * 1024 };

struct pool_block {
    struct pool_block *next;
};

struct pool_chunk {
    struct pool_chunk *next;
    max_align_t bytes[]; /* aligned for whatever lies in it */
};

#if defined(__has_feature)
#if __has_feature(address_sanitizer) /* clang's way to say it */
#define __SANITIZE_ADDRESS__ 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
static const bool pooled = false;
#else
static const bool pooled = true;
#endif

static size_t size_index(size_t n)
{
    return n ? (n - 1) / POOL_STEP : 0;
}

/* A block that nobody had before. The rest of a chunk that is too small for it is lost: at most POOL_LARGEST bytes. */
static void *carve(struct pool *p, size_t size)
{
    if ((size_t)(p->end - p->next) < size) {
        struct pool_chunk *c = malloc(sizeof *c + CHUNK);
        if (!c)
            return NULL;
        c->next = p->chunk;
        p->chunk = c;
        p->next = (uint8_t *)c->bytes;
        p->end = p->next + CHUNK;
    }
    void *block = p->next;
    p->next += size;
    return block;
}

void *pool_take(struct pool *p, size_t n)
{
    if (n > POOL_LARGEST || !pooled)
        return malloc(n ? n : 1);
    struct pool_block **list = &p->free[size_index(n)], *block = *list;
    if (!block)
        return carve(p, (size_index(n) + 1) * POOL_STEP);
    *list = block->next;
    return block;
}

void pool_give(struct pool *p, void *block, size_t n)
{
    if (n > POOL_LARGEST || !pooled) {
        free(block);
        return;
    }
    if (!block)
        return;
    struct pool_block *b = block;
    b->next = p->free[size_index(n)];
    p->free[size_index(n)] = b;
}

void pool_free(struct pool *p)
{
    while (p->chunk) {
        struct pool_chunk *next = p->chunk->next;
        free(p->chunk);
        p->chunk = next;
    }
    *p = (struct pool){ 0 };
}
