/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include "base/pool.h"

#include <stdlib.h>

/* Under ASan blocks are malloc's, and there are no chunks to look at. */
static bool has_chunks(void)
{
    struct pool p = { 0 };
    void *b = pool_take(&p, 1);
    pool_give(&p, b, 1);
    bool chunks = p.chunks > 0;
    pool_free(&p);
    return chunks;
}

static void blocks_do_not_overlap(void **state)
{
    (void)state;
    enum { MANY = 5000, LARGEST = 4000 };
    static struct {
        uint8_t *p;
        size_t n;
    } held[MANY];
    struct pool p = { 0 };
    uint32_t random = 1;
    for (unsigned i = 0; i < 20 * MANY; i++) {
        random = random * 1664525 + 1013904223;
        unsigned k = (random >> 8) % MANY;
        for (size_t at = 0; at < held[k].n; at++)
            assert_int_equal(held[k].p[at], k & 0xff);
        pool_give(&p, held[k].p, held[k].n);
        held[k].n = i % 3 ? 0 : (random >> 4) % LARGEST;
        held[k].p = held[k].n ? pool_take(&p, held[k].n) : NULL;
        assert_int_equal((uintptr_t)held[k].p % _Alignof(max_align_t), 0);
        if (held[k].n)
            memset(held[k].p, (int)(k & 0xff), held[k].n);
    }
    for (unsigned k = 0; k < MANY; k++)
        pool_give(&p, held[k].p, held[k].n);
    assert_true(p.chunks < 64); /* what is kept: a slab */
    pool_free(&p);
    assert_int_equal(p.chunks, 0);
}

/* A megabyte of each size, one after the other: the memory of one megabyte. */
static void chunks_change_their_size(void **state)
{
    (void)state;
    enum { BYTES = 1 << 20 };
    struct pool p = { 0 };
    static void *held[BYTES / POOL_STEP];
    size_t most = 0;
    for (size_t n = 1; n < POOL_STEP * POOL_SIZES; n += POOL_STEP - 5) {
        unsigned many = 0;
        for (size_t cost = 0; cost + pool_cost(n) <= BYTES; cost += pool_cost(n))
            assert_non_null(held[many++] = pool_take(&p, n));
        most = p.chunks > most ? p.chunks : most;
        for (unsigned i = 0; i < many; i++)
            pool_give(&p, held[i], n);
    }
    if (has_chunks())
        assert_in_range(most, 32, 40);
    pool_free(&p);
}

/* Blocks that stay keep chunks from becoming empty: then the limit is what holds. */
static void the_limit_holds(void **state)
{
    (void)state;
    enum { BYTES = 4 << 20, FIRST = 8, SECOND = 1500 };
    if (!has_chunks())
        return;
    struct pool p = { 0 };
    static void *held[BYTES / POOL_STEP];
    pool_limit(&p, BYTES);
    enum { MANY = BYTES / POOL_STEP };
    unsigned many = MANY;
    for (unsigned i = 0; i < many; i++)
        assert_non_null(held[i] = pool_take(&p, FIRST)); /* as much as blocks may cost */
    for (unsigned i = 0; i < many; i++)
        if (i % 100) /* some of each chunk stay */
            pool_give(&p, held[i], FIRST);
    static void *other[BYTES / SECOND];
    unsigned more = 0;
    while ((other[more] = pool_take(&p, SECOND)))
        more++;
    assert_true(p.starved);
    assert_int_equal(p.chunks, p.max);
    assert_true(p.max * 32 * 1024 <= BYTES / 4 * 5 + POOL_SIZES * 32 * 1024);
    assert_non_null(held[1] = pool_take(&p, FIRST)); /* what has free blocks has them still */
    pool_give(&p, held[1], FIRST);
    for (unsigned i = 0; i < many; i += 100)
        pool_give(&p, held[i], FIRST);
    assert_false(p.starved);
    assert_non_null(held[0] = pool_take(&p, SECOND));
    pool_give(&p, held[0], SECOND);
    while (more)
        pool_give(&p, other[--more], SECOND);
    pool_free(&p);
}

static void a_cost_covers_what_was_asked(void **state)
{
    (void)state;
    for (size_t n = 0; n < 10000; n++) {
        assert_in_range(pool_cost(n), n ? n : 1, n + 16 + POOL_STEP);
        assert_true(pool_cost(n) >= pool_cost(n ? n - 1 : 0));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_do_not_overlap),
        cmocka_unit_test(chunks_change_their_size),
        cmocka_unit_test(the_limit_holds),
        cmocka_unit_test(a_cost_covers_what_was_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
