/* SPDX-License-Identifier: Apache-2.0 */
#include "base/pool.h"
#include "base/huge.h"
#include "base/room.h"

#include <stdint.h>
#include <stdlib.h>

/* A slab lies at a multiple of its size, and in it each chunk at a multiple of its own: so a block's address says whose it is. */
enum { SLAB = 2 << 20, CHUNK = 32 * 1024, CHUNKS = SLAB / CHUNK, LARGEST = POOL_STEP * POOL_SIZES };

struct pool_block { /* one that nobody has */
    struct pool_block *next; /* of that chunk */
};

struct pool_chunk {
    struct pool_chunk *next, **at; /* in the list that it is in; *at is this one */
    struct pool_block *free; /* blocks that were given back */
    uint32_t size; /* of a block */
    uint32_t blocks, carved, used; /* that it has room for; that somebody had once; that somebody has */
};

struct pool_slab {
    void *memory; /* from malloc, that it lies in */
    uint32_t carved, used; /* chunks that were opened once; that have blocks which somebody has */
    struct pool_chunk chunk[CHUNKS]; /* of the first nothing is used: these heads lie in its place */
};
_Static_assert(sizeof(struct pool_slab) <= CHUNK, "the heads fit into a chunk");

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
    return n ? (n + POOL_STEP - 1) / POOL_STEP * POOL_STEP : POOL_STEP;
}

static bool is_small(size_t n)
{
    return n <= LARGEST;
}

static struct pool_chunk **list_of(struct pool *p, size_t size)
{
    return &p->some[size / POOL_STEP - 1];
}

static struct pool_slab *slab_of(const void *p)
{
    const uint8_t *byte = p;
    return (struct pool_slab *)(void *)(uintptr_t)(byte - (uintptr_t)byte % SLAB);
}

static struct pool_chunk *chunk_of(const void *block)
{
    return &slab_of(block)->chunk[(uintptr_t)block % SLAB / CHUNK];
}

static uint8_t *bytes_of(struct pool_chunk *c)
{
    struct pool_slab *s = slab_of(c);
    return (uint8_t *)s + (size_t)(c - s->chunk) * CHUNK;
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

/* The first slab is not on a huge page: who needs little has little. */
static struct pool_slab *slab_new(struct pool *p)
{
    uint8_t *memory = malloc(2 * SLAB);
    if (!memory)
        return NULL;
    uint8_t *aligned = memory + (SLAB - (uintptr_t)memory % SLAB) % SLAB;
    if (p->slabs++)
        huge_hint(aligned, SLAB);
    struct pool_slab *s = (struct pool_slab *)(void *)aligned;
    s->memory = memory;
    s->carved = 1;
    s->used = 0;
    return s;
}

/* Nobody has any of it. */
static void slab_drop(struct pool *p, struct pool_slab *s)
{
    for (uint32_t i = 1; i < s->carved; i++)
        unlink_chunk(&s->chunk[i]);
    p->chunks -= s->carved - 1;
    p->slabs--;
    p->latest = p->latest == s ? NULL : p->latest;
    free(s->memory);
}

/* One that was never opened. */
static struct pool_chunk *carve(struct pool *p)
{
    p->starved = p->max && p->chunks >= p->max;
    if (p->starved)
        return NULL;
    if (!p->latest || p->latest->carved == CHUNKS) {
        struct pool_slab *s = slab_new(p);
        if (!s)
            return NULL;
        p->latest = s;
    }
    p->chunks++;
    return &p->latest->chunk[p->latest->carved++];
}

/* A chunk for blocks of this size. NULL: out of memory, or at the limit. This and close_chunk are not for the compiler to put into
 * their callers, whose usual way is a dozen instructions. */
__attribute__((noinline)) static struct pool_chunk *open_chunk(struct pool *p, size_t size)
{
    struct pool_chunk *c = p->empty;
    if (c)
        unlink_chunk(c);
    else if (!(c = carve(p)))
        return NULL;
    struct pool_slab *s = slab_of(c);
    p->idle = p->idle == s ? NULL : p->idle;
    s->used++;
    *c = (struct pool_chunk){ .size = (uint32_t)size, .blocks = (uint32_t)(CHUNK / size) };
    link_chunk(list_of(p, size), c);
    return c;
}

/* All of it is free. Of slabs of which nothing is used one is kept. */
__attribute__((noinline)) static void close_chunk(struct pool *p, struct pool_chunk *c)
{
    struct pool_slab *s = slab_of(c);
    unlink_chunk(c);
    link_chunk(&p->empty, c);
    p->starved = false;
    if (--s->used)
        return;
    if (p->idle)
        slab_drop(p, p->idle);
    p->idle = s;
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
    void *block = c->free;
    if (block)
        c->free = c->free->next;
    else
        block = bytes_of(c) + c->carved++ * size;
    if (++c->used == c->blocks)
        unlink_chunk(c);
    return block;
}

void pool_give(struct pool *p, void *block, size_t n)
{
    if (!is_small(n) || !pooled) {
        free(block);
        return;
    }
    if (!block)
        return;
    struct pool_block *b = block;
    struct pool_chunk *c = chunk_of(block);
    b->next = c->free;
    c->free = b;
    if (c->used-- == c->blocks)
        link_chunk(list_of(p, c->size), c);
    if (c->used == 0)
        close_chunk(p, c);
}

void pool_free(struct pool *p)
{
    if (p->idle)
        slab_drop(p, p->idle);
    *p = (struct pool){ 0 };
}
