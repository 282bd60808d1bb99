/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"
#include "base/rd.h"

static void integers_are_big_endian(void **state)
{
    (void)state;
    static const uint8_t b[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18 };
    struct rd r = rd_of(b, sizeof b);
    assert_int_equal(rd_u8(&r), 1);
    assert_int_equal(rd_u16(&r), 0x0203);
    assert_int_equal(rd_u24(&r), 0x040506);
    assert_int_equal(rd_u32(&r), 0x0708090a);
    assert_int_equal(rd_u64(&r), 0x0b0c0d0e0f101112);
    assert_true(rd_done(&r));
}

static void little_endian_reads(void **state)
{
    (void)state;
    static const uint8_t b[] = { 1, 2, 3, 4, 5, 6 };
    struct rd r = rd_of(b, sizeof b);
    assert_int_equal(rd_le16(&r), 0x0201);
    assert_int_equal(rd_le32(&r), 0x06050403);
    assert_true(rd_done(&r));
}

/* Every read that is one byte short gives zero, latches, and empties the reader; the bytes end at an unreadable page. */
static void short_reads_latch(void **state)
{
    (void)state;
    static const uint8_t b[8] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
    for (size_t n = 0; n < 8; n++) {
        const uint8_t *p = guarded(b, n);
        for (int kind = 0; kind < 7; kind++) {
            static const size_t need[] = { 1, 2, 3, 4, 8, 2, 4 };
            struct rd r = rd_of(p, n);
            uint64_t v = kind == 0   ? rd_u8(&r)
                         : kind == 1 ? rd_u16(&r)
                         : kind == 2 ? rd_u24(&r)
                         : kind == 3 ? rd_u32(&r)
                         : kind == 4 ? rd_u64(&r)
                         : kind == 5 ? rd_le16(&r)
                                     : rd_le32(&r);
            assert_int_equal(rd_ok(&r), n >= need[kind]);
            assert_int_equal(v == 0, n < need[kind]);
            if (n < need[kind]) {
                assert_int_equal(rd_left(&r), 0);
                assert_int_equal(rd_u8(&r), 0);
            }
        }
    }
}

static void vectors_give_children(void **state)
{
    (void)state;
    static const uint8_t b[] = { 2, 0xaa, 0xbb, 0, 1, 0xcc, 0, 0, 1, 0xdd };
    struct rd r = rd_of(b, sizeof b);
    struct rd a = rd_vec8(&r), c = rd_vec16(&r), d = rd_vec24(&r);
    assert_int_equal(rd_left(&a), 2);
    assert_int_equal(rd_left(&c), 1);
    assert_int_equal(rd_u8(&d), 0xdd);
    assert_true(rd_done(&r));
}

static void a_vector_longer_than_its_parent_fails_both(void **state)
{
    (void)state;
    static const uint8_t b[] = { 3, 1, 2 };
    struct rd r = rd_of(b, sizeof b);
    struct rd c = rd_vec8(&r);
    assert_false(rd_ok(&r));
    assert_false(rd_ok(&c));
    assert_int_equal(rd_left(&c), 0);
}

/* Constants that the linker put right before and behind the place of bad readers end and begin at its ends. */
static void what_lies_beside_the_place_of_bad_readers_is_good(void **state)
{
    (void)state;
    const uint8_t *ends = rd_nowhere, *begins = rd_nowhere + sizeof rd_nowhere;
    struct rd before = rd_of(ends, 0), after = rd_of(begins, 0);
    assert_true(rd_done(&before));
    assert_true(rd_done(&after));
    rd_skip(&before, 1);
    assert_false(rd_ok(&before));
    rd_skip(&before, 0);
    assert_false(rd_ok(&before));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_are_big_endian),
        cmocka_unit_test(little_endian_reads),
        cmocka_unit_test(short_reads_latch),
        cmocka_unit_test(vectors_give_children),
        cmocka_unit_test(a_vector_longer_than_its_parent_fails_both),
        cmocka_unit_test(what_lies_beside_the_place_of_bad_readers_is_good),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
