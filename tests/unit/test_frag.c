/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"
#include "capture/frag.h"
#include "base/limits.h"

#define SECOND 1000000000LL

static struct stats stats;
static struct frag *f;
static struct frag_whole whole;
static uint8_t text[4096]; /* the datagram all tests cut up */

static int setup(void **state)
{
    (void)state;
    stats = (struct stats){ 0 };
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (uint8_t)(i * 7 + i / 256);
    f = frag_new(0, 42, &stats);
    return f ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    frag_free(f);
    return 0;
}

static struct frag_key key(uint32_t id)
{
    return (struct frag_key){ .src = { 10, 0, 0, 1 }, .dst = { 10, 0, 0, 2 }, .id = id, .family = 4, .proto = 6 };
}

/* A piece of text[], from..to; cap of its bytes captured. */
static enum frag_result add(uint32_t id, uint32_t from, uint32_t to, bool last, uint32_t cap, int64_t now)
{
    struct frag_key k = key(id);
    uint32_t n = to - from, present = cap < n ? cap : n;
    struct frag_piece p = {
        .offset = from, .last = last, .bytes = rd_of(guarded(text + from, present), present), .missing = n - present,
        .head = (const uint8_t *)"HEADER", .head_len = 6,
    };
    return frag_add(f, &k, &p, now, &whole);
}

static void assert_whole(uint32_t len, uint32_t cap)
{
    assert_int_equal(whole.len, len);
    assert_int_equal(whole.cap, cap);
    assert_memory_equal(whole.data, text, cap);
    assert_int_equal(whole.head_len, 6);
    assert_memory_equal(whole.head, "HEADER", 6);
    assert_ptr_equal(whole.head + 6, whole.data);
}

static void in_order(void **state)
{
    (void)state;
    assert_int_equal(add(1, 0, 104, false, 999, 0), FRAG_WAIT);
    assert_int_equal(add(1, 104, 208, false, 999, 0), FRAG_WAIT);
    assert_int_equal(add(1, 208, 213, true, 999, 0), FRAG_WHOLE);
    assert_whole(213, 213);
    assert_int_equal(stats.frag_reassembled, 1);
}

static void every_order_of_four(void **state)
{
    (void)state;
    static const uint32_t cut[] = { 0, 8, 1000, 1008, 3001 };
    unsigned id = 0;
    for (unsigned p = 0; p < 256; p++) {
        unsigned o[4] = { p & 3, p >> 2 & 3, p >> 4 & 3, p >> 6 & 3 };
        if ((1U << o[0] | 1U << o[1] | 1U << o[2] | 1U << o[3]) != 15)
            continue;
        for (unsigned i = 0; i < 4; i++)
            assert_int_equal(add(id, cut[o[i]], cut[o[i] + 1], o[i] == 3, 9999, 0), i == 3 ? FRAG_WHOLE : FRAG_WAIT);
        assert_whole(3001, 3001);
        id++;
    }
    assert_int_equal(id, 24);
}

static void first_copy_wins(void **state)
{
    (void)state;
    assert_int_equal(add(1, 8, 24, false, 99, 0), FRAG_WAIT);
    struct frag_key k = key(1);
    uint8_t evil[40];
    memset(evil, 0xee, sizeof evil);
    struct frag_piece p = { .offset = 8, .last = false, .bytes = rd_of(evil, 24) };
    assert_int_equal(frag_add(f, &k, &p, 0, &whole), FRAG_WAIT); /* only 24..32 is new */
    assert_int_equal(add(1, 0, 8, false, 99, 0), FRAG_WAIT);
    assert_int_equal(add(1, 32, 40, true, 99, 0), FRAG_WHOLE);
    assert_memory_equal(whole.data, text, 24);
    assert_memory_equal(whole.data + 24, evil, 8);
    assert_memory_equal(whole.data + 32, text + 32, 8);
}

static void interleaved_datagrams(void **state)
{
    (void)state;
    for (uint32_t id = 0; id < 100; id++)
        assert_int_equal(add(id, 0, 16, false, 99, 0), FRAG_WAIT);
    for (uint32_t id = 0; id < 100; id++) {
        assert_int_equal(add(id, 16, 30, true, 99, 0), FRAG_WHOLE);
        assert_whole(30, 30);
    }
}

/* A snap length cut the fragments: what is contiguous from the start is given, and the length is told. */
static void cut_fragments(void **state)
{
    (void)state;
    assert_int_equal(add(1, 0, 800, false, 999, 0), FRAG_WAIT);
    assert_int_equal(add(1, 800, 1600, false, 50, 0), FRAG_WAIT);
    assert_int_equal(add(1, 1600, 1700, true, 50, 0), FRAG_WHOLE);
    assert_whole(1700, 850);
    assert_int_equal(add(2, 0, 800, false, 0, 0), FRAG_WAIT); /* nothing of it at all */
    assert_int_equal(add(2, 800, 801, true, 1, 0), FRAG_WHOLE);
    assert_whole(801, 0);
}

static void nonsense_is_refused(void **state)
{
    (void)state;
    assert_int_equal(add(1, 0, 0, false, 0, 0), FRAG_MALFORMED); /* empty */
    assert_int_equal(add(1, 0, 13, false, 99, 0), FRAG_MALFORMED); /* not a multiple of 8, and not the last */
    assert_int_equal(add(1, 4, 12, false, 99, 0), FRAG_MALFORMED);
    struct frag_key k = key(1);
    struct frag_piece p = { .offset = 65528, .last = true, .bytes = rd_of(text, 8) };
    assert_int_equal(frag_add(f, &k, &p, 0, &whole), FRAG_MALFORMED); /* past 65535 */
    p.bytes = rd_of(text, 7);
    assert_int_equal(frag_add(f, &k, &p, 0, &whole), FRAG_WAIT);
    p = (struct frag_piece){ .offset = 0, .last = true, .bytes = rd_of(text, 8), .missing = UINT32_MAX };
    assert_int_equal(frag_add(f, &k, &p, 0, &whole), FRAG_MALFORMED);
    /* ends that contradict each other */
    assert_int_equal(add(2, 0, 100, true, 99, 0), FRAG_WHOLE);
    assert_int_equal(add(3, 8, 100, true, 99, 0), FRAG_WAIT);
    assert_int_equal(add(3, 8, 108, true, 99, 0), FRAG_MALFORMED);
    assert_int_equal(add(3, 104, 112, false, 99, 0), FRAG_MALFORMED);
    assert_int_equal(add(4, 800, 808, false, 99, 0), FRAG_WAIT);
    assert_int_equal(add(4, 8, 16, true, 99, 0), FRAG_MALFORMED);
}

/* A mirror that delivers everything twice: the second copy neither opens a datagram nor is a loss. */
static void second_copies(void **state)
{
    (void)state;
    assert_int_equal(add(1, 0, 16, false, 99, 0), FRAG_WAIT);
    assert_int_equal(add(1, 0, 16, false, 99, 10), FRAG_WAIT);
    assert_int_equal(add(1, 16, 20, true, 99, 20), FRAG_WHOLE);
    assert_int_equal(add(1, 16, 20, true, 99, 30), FRAG_DUPLICATE);
    frag_finish(f);
    assert_int_equal(stats.frag_incomplete + stats.frag_evicted, 0);
}

static void an_id_is_used_again(void **state)
{
    (void)state;
    assert_int_equal(add(1, 0, 16, false, 99, 0), FRAG_WAIT);
    assert_int_equal(add(1, 16, 20, true, 99, 0), FRAG_WHOLE);
    assert_int_equal(add(1, 0, 16, false, 99, 2 * SECOND), FRAG_WAIT);
    assert_int_equal(add(1, 16, 20, true, 99, 2 * SECOND), FRAG_WHOLE);
}

static void keys_are_apart(void **state)
{
    (void)state;
    assert_int_equal(add(1, 0, 16, false, 99, 0), FRAG_WAIT);
    struct frag_piece p = { .offset = 16, .last = true, .bytes = rd_of(text, 4) };
    for (int i = 0; i < 6; i++) {
        struct frag_key k = key(1);
        k.src[0] = (uint8_t)(k.src[0] + (i == 0));
        k.dst[15] = i == 1;
        k.id += i == 2;
        k.scope = i == 3;
        k.proto = (uint8_t)(k.proto + (i == 4));
        k.family = i == 5 ? 6 : 4;
        assert_int_equal(frag_add(f, &k, &p, 0, &whole), FRAG_WAIT);
    }
}

static void old_ones_are_given_up(void **state)
{
    (void)state;
    assert_int_equal(add(1, 0, 16, false, 99, 0), FRAG_WAIT);
    assert_int_equal(add(2, 0, 16, false, 99, (LIMIT_FRAG_SECONDS + 1) * SECOND), FRAG_WAIT);
    assert_int_equal(stats.frag_incomplete, 1);
    assert_int_equal(add(1, 16, 20, true, 99, (LIMIT_FRAG_SECONDS + 1) * SECOND), FRAG_WAIT);
    frag_finish(f);
    assert_int_equal(stats.frag_incomplete, 3);
}

/* A flood pushes out the oldest, memory stays, and the newest is still put together. */
static void a_flood(void **state)
{
    (void)state;
    for (uint32_t id = 0; id < 5 * LIMIT_FRAG_DATAGRAMS; id++)
        assert_int_equal(add(id, 0, 16, false, 99, id), FRAG_WAIT);
    assert_int_equal(stats.frag_evicted, 4 * LIMIT_FRAG_DATAGRAMS);
    assert_int_equal(add(5 * LIMIT_FRAG_DATAGRAMS - 1, 16, 20, true, 99, 9999), FRAG_WHOLE);
    assert_whole(20, 20);
    frag_finish(f);
    assert_int_equal(stats.frag_incomplete, LIMIT_FRAG_DATAGRAMS - 1);
}

/* A fragment inside a datagram that was put together: its bytes lie in the buffer given last. */
static void nested(void **state)
{
    (void)state;
    for (uint32_t round = 0; round < 3 * LIMIT_FRAG_DATAGRAMS; round++) {
        assert_int_equal(add(round, 0, 512, false, 999, round), FRAG_WAIT);
        assert_int_equal(add(round, 512, 1024, true, 999, round), FRAG_WHOLE);
        struct frag_key k = key(round);
        k.family = 6;
        struct frag_piece p = { .offset = 0, .last = true, .bytes = rd_of(whole.data, whole.cap), .head = whole.head,
                                .head_len = 6 };
        assert_int_equal(frag_add(f, &k, &p, round, &whole), FRAG_WHOLE);
        assert_whole(1024, 1024);
    }
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(in_order), T(every_order_of_four), T(first_copy_wins), T(interleaved_datagrams), T(cut_fragments),
        T(nonsense_is_refused), T(second_copies), T(an_id_is_used_again), T(keys_are_apart), T(old_ones_are_given_up),
        T(a_flood), T(nested),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
