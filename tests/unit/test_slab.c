/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include "base/slab.h"

struct record {
    uint32_t number, twice, x;
};

static void records_stay_and_do_not_overlap(void **state)
{
    (void)state;
    enum { MANY = 2 * SLAB_CHUNK + 100 };
    struct slab s = { .width = sizeof(struct record), .most = MANY };
    static struct record *held[MANY];
    uint32_t random = 1, open = 0;
    for (unsigned n = 0; n < 20 * MANY; n++) {
        random = random * 1664525 + 1013904223;
        uint32_t i;
        if ((random >> 16) % 3) {
            i = slab_take(&s);
            if (i == SLAB_NONE) {
                assert_int_equal(open, MANY);
                continue;
            }
            assert_true(i < MANY);
            assert_null(held[i]);
            held[i] = slab_at(&s, i);
            *held[i] = (struct record){ .number = i, .twice = 2 * i };
            open++;
            continue;
        }
        i = (random >> 3) % MANY;
        if (!held[i])
            continue;
        assert_ptr_equal(held[i], slab_at(&s, i));
        assert_true(held[i]->number == i && held[i]->twice == 2 * i);
        held[i] = NULL;
        slab_give(&s, i);
        open--;
    }
    assert_int_equal(s.made, MANY);
    slab_free(&s);
    assert_int_equal(s.made, 0);
}

/* No more than there may be; what is given back is taken again, the latest first. */
static void the_limit_holds(void **state)
{
    (void)state;
    struct slab s = { .width = sizeof(uint32_t), .most = 5 };
    for (uint32_t i = 0; i < 5; i++)
        assert_int_equal(slab_take(&s), i);
    assert_int_equal(slab_take(&s), SLAB_NONE);
    slab_give(&s, 3);
    slab_give(&s, 1);
    assert_int_equal(slab_take(&s), 1);
    assert_int_equal(slab_take(&s), 3);
    assert_int_equal(slab_take(&s), SLAB_NONE);
    slab_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_stay_and_do_not_overlap),
        cmocka_unit_test(the_limit_holds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
