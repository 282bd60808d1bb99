/* SPDX-License-Identifier: Apache-2.0 */
#include "base/pool.h"
#include "base/room.h"

#include <stdint.h>
#include <stdlib.h>

/* CHUNK: with what malloc adds, a line more than a power of two, so that the heads of chunks share no few lines of the cache. */
enum { CHUNK = 32 * 1024 + 48, LARGEST = POOL_STEP * POOL_SIZES, EMPTIES = 16 };

struct pool_block {
    struct pool_chunk *chunk; /* it is of */
    struct pool_block *next; /* free one of that chunk */
    max_align_t bytes[];
};

struct pool_chunk {
    struct pool_chunk *next, **at; /* in the list that it is in; *at is this one */
    struct pool_block *free; /* blocks that were given back */
    uint32_t size; /* of a block */
    uint32_t blocks, carved, used; /* that it has room for; that somebody had once; that somebody has */
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

static size_t rounded(size_t n)
{
    return (n + sizeof(struct pool_block) + POOL_STEP - 1) / POOL_STEP * POOL_STEP;
}

static bool is_small(size_t n)
{
    return n <= LARGEST - sizeof(struct pool_block);
}

static struct pool_chunk **list_of(struct pool *p, size_t size)
{
    return &p->some[size / POOL_STEP - 1];
}

static void link_chunk(struct pool_chunk **list, struct pool_chunk *c)
{
    c->next = *list;
    c->at = list;
    if (c->next)
        c->next->at = &c->next;
    *list = c;
}

static void unlink_chunk(struct pool_chunk *c)
{
    *c->at = c->next;
    if (c->next)
        c->next->at = c->at;
}

/* A chunk for blocks of this size. NULL: out of memory, or at the limit. */
static struct pool_chunk *open_chunk(struct pool *p, size_t size)
{
    struct pool_chunk *c = p->empty;
    if (c) {
        unlink_chunk(c);
        p->empties--;
    } else {
        p->starved = p->max && p->chunks >= p->max;
        c = p->starved ? NULL : malloc(CHUNK);
        if (!c)
            return NULL;
        p->chunks++;
    }
    *c = (struct pool_chunk){ .size = (uint32_t)size, .blocks = (uint32_t)((CHUNK - sizeof *c) / size) };
    link_chunk(list_of(p, size), c);
    return c;
}

/* All of it is free. More than a few such are for malloc to use, for what is not of the pool. */
static void close_chunk(struct pool *p, struct pool_chunk *c)
{
    unlink_chunk(c);
    p->starved = false;
    if (p->empties >= EMPTIES) {
        p->chunks--;
        free(c);
        return;
    }
    link_chunk(&p->empty, c);
    p->empties++;
}

void pool_limit(struct pool *p, size_t bytes)
{
    p->max = bytes / CHUNK / 4 * 5 + POOL_SIZES;
}

size_t pool_cost(size_t n)
{
    return is_small(n) ? rounded(n) : room_cost(n);
}

void *pool_take(struct pool *p, size_t n)
{
    if (!is_small(n) || !pooled)
        return malloc(n ? n : 1);
    size_t size = rounded(n);
    struct pool_chunk *c = *list_of(p, size);
    if (!c && !(c = open_chunk(p, size)))
        return NULL;
    struct pool_block *b = c->free;
    if (b) {
        c->free = b->next;
    } else {
        b = (struct pool_block *)(void *)((uint8_t *)c->bytes + c->carved++ * size);
        b->chunk = c;
    }
    if (++c->used == c->blocks)
        unlink_chunk(c);
    return b->bytes;
}

void pool_give(struct pool *p, void *block, size_t n)
{
    if (!is_small(n) || !pooled) {
        free(block);
        return;
    }
    if (!block)
        return;
    struct pool_block *b = (struct pool_block *)(void *)((uint8_t *)block - sizeof *b);
    struct pool_chunk *c = b->chunk;
    b->next = c->free;
    c->free = b;
    if (c->used-- == c->blocks)
        link_chunk(list_of(p, c->size), c);
    if (c->used == 0)
        close_chunk(p, c);
}

void pool_free(struct pool *p)
{
    while (p->empty) {
        struct pool_chunk *next = p->empty->next;
        free(p->empty);
        p->empty = next;
    }
    *p = (struct pool){ 0 };
}
