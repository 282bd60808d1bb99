/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes at offsets, in any order and more than once. */
#include "tests/unit/test.h"
#include "base/limits.h"
#include "dissect/pieces.h"

enum { N = 60000, LIMIT = 65540 };
static uint8_t message[N];
static struct room room;

static int setup(void **state)
{
    (void)state;
    for (size_t i = 0; i < N; i++)
        message[i] = (uint8_t)(i * 131 >> 3);
    room = (struct room){ .max = 1 << 20 };
    return 0;
}

static bool put(struct pieces *p, size_t at, size_t n)
{
    return pieces_put(p, &room, LIMIT, at, rd_of(guarded(message + at, n), n));
}

static void in_any_order(void **state)
{
    (void)state;
    struct pieces p = { 0 };
    for (size_t block = 0; block < N; block += 10000) /* blocks in order, pieces of each from its end */
        for (size_t at = block + 10000; at > block; at -= 1000) {
            assert_true(put(&p, at - 1000, 1000));
            assert_int_equal(p.ready, at - 1000 == block ? block + 10000 : block);
        }
    assert_int_equal(p.got, N);
    assert_memory_equal(p.buf, message, N);
    assert_in_range(room.used, N, 4 * N);
    pieces_clear(&p, &room);
    assert_int_equal(room.used, 0);
}

static void the_first_copy_wins(void **state)
{
    (void)state;
    struct pieces p = { 0 };
    uint8_t other[300];
    bool same;
    memset(other, 0xee, sizeof other);
    assert_true(put(&p, 100, 100));
    assert_int_equal(pieces_overlap(&p, 50, rd_of(message + 50, 200), &same), 100);
    assert_true(same);
    assert_int_equal(pieces_overlap(&p, 50, rd_of(other, 200), &same), 100);
    assert_false(same);
    assert_int_equal(pieces_overlap(&p, 200, rd_of(other, 200), &same), 0);
    assert_int_equal(pieces_overlap(&p, UINT64_MAX - 5, rd_of(other, 200), &same), 0);
    assert_true(pieces_put(&p, &room, LIMIT, 0, rd_of(other, 300)));
    assert_int_equal(p.ready, 300);
    assert_memory_equal(p.buf + 100, message + 100, 100);
    assert_memory_equal(p.buf, other, 100);
    assert_memory_equal(p.buf + 200, other, 100);
    pieces_clear(&p, &room);
}

/* An offset alone reserves next to nothing, whatever it says. */
static void far_ahead_is_refused(void **state)
{
    (void)state;
    struct pieces p = { 0 };
    uint8_t one = 1;
    assert_false(pieces_put(&p, &room, LIMIT, LIMIT_PIECES_AHEAD + 1, rd_of(&one, 1)));
    assert_false(pieces_put(&p, &room, LIMIT, LIMIT, rd_of(&one, 1)));
    assert_false(pieces_put(&p, &room, LIMIT, UINT64_MAX, rd_of(&one, 1)));
    assert_int_equal(room.used, 0);
    assert_true(pieces_put(&p, &room, LIMIT, LIMIT_PIECES_AHEAD, rd_of(&one, 1)));
    assert_in_range(room.used, 1, 4 * LIMIT_PIECES_AHEAD);
    assert_true(put(&p, 0, 5000)); /* with what comes the window moves */
    assert_true(pieces_put(&p, &room, LIMIT, LIMIT_PIECES_AHEAD + 5001, rd_of(&one, 1)));
    assert_false(pieces_put(&p, &room, LIMIT, LIMIT_PIECES_AHEAD + 5003, rd_of(&one, 1)));
    pieces_clear(&p, &room);
    assert_int_equal(room.used, 0);
}

static void nothing_changes_without_room(void **state)
{
    (void)state;
    struct pieces p = { 0 };
    assert_true(put(&p, 0, 2000));
    size_t used = room.used;
    room.max = room.used;
    assert_false(put(&p, 2000, 2000));
    assert_int_equal(room.used, used);
    assert_int_equal(p.ready, 2000);
    assert_true(put(&p, 1990, 40)); /* what is there can be filled */
    assert_int_equal(p.ready, 2030);
    pieces_clear(&p, &room);
    assert_int_equal(room.used, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(in_any_order, setup),
        cmocka_unit_test_setup(the_first_copy_wins, setup),
        cmocka_unit_test_setup(far_ahead_is_refused, setup),
        cmocka_unit_test_setup(nothing_changes_without_room, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
