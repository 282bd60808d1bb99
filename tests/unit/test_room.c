/* SPDX-License-Identifier: Apache-2.0 */
/* The sum that many share: what is refused to whom, and that refusing changes nothing. */
#include "tests/unit/test.h"
#include "base/room.h"

static void up_to_the_limit(void **state)
{
    (void)state;
    struct room r = { .max = 100 };
    assert_true(room_take(&r, 0, 99));
    assert_true(room_take(&r, 0, 1));
    assert_false(room_take(&r, 0, 1));
    assert_false(room_take(&r, 0, SIZE_MAX - 200));
    assert_int_equal(r.used, 100);
    room_give(&r, 100);
    assert_int_equal(r.used, 0);
}

static void the_second_half_is_for_the_small(void **state)
{
    (void)state;
    struct room r = { .max = 100 * LIMIT_ROOM_SMALL };
    assert_true(room_take(&r, 0, r.max / 2)); /* one may have the first half */
    assert_false(room_take(&r, r.max / 2, 1));
    assert_true(room_take(&r, 0, LIMIT_ROOM_SMALL));
    assert_false(room_take(&r, LIMIT_ROOM_SMALL, 1));
    assert_false(room_take(&r, 1, LIMIT_ROOM_SMALL));
    assert_int_equal(r.used, r.max / 2 + LIMIT_ROOM_SMALL);
}

static void tight_is_before_full(void **state)
{
    (void)state;
    struct room r = { .max = 1600 }, none = { .used = SIZE_MAX / 2 };
    assert_true(room_take(&r, 0, 1500));
    assert_false(room_tight(&r));
    assert_true(room_take(&r, 0, 1));
    assert_true(room_tight(&r));
    assert_false(room_tight(&none));
    assert_true(room_take(&none, 0, 1)); /* without a limit */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(up_to_the_limit),
        cmocka_unit_test(the_second_half_is_for_the_small),
        cmocka_unit_test(tight_is_before_full),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
