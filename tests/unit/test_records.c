/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"
#include "base/records.h"

struct pair {
    uint32_t key, value;
};

static void records_are_found_by_their_key(void **state)
{
    (void)state;
    enum { N = 100000 };
    struct records t;
    bool oom;
    size_t before = heap_bytes();
    assert_true(records_init(&t, sizeof(uint32_t), sizeof(struct pair), 5));
    struct pair *first = NULL;
    for (uint32_t i = 0; i < N; i++) {
        uint32_t key = i * 2654435761u;
        assert_int_equal(records_put(&t, &key, N, &oom), i + 1);
        struct pair *p = records_at(&t, i + 1);
        assert_int_equal(p->key, key);
        assert_int_equal(p->value, 0);
        p->value = i;
        first = i ? first : p;
    }
    assert_ptr_equal(records_at(&t, 1), first); /* nothing moved */
    for (uint32_t i = 0; i < N; i++) {
        uint32_t key = i * 2654435761u;
        uint32_t id = records_put(&t, &key, N, &oom);
        assert_int_equal(id, i + 1);
        assert_int_equal(((struct pair *)records_at(&t, id))->value, i);
    }
    assert_true(heap_bytes() - before < N * (sizeof(struct pair) + 24));
    records_free(&t);
}

static void a_full_table_refuses_only_what_is_new(void **state)
{
    (void)state;
    struct records t;
    bool oom = true;
    assert_true(records_init(&t, sizeof(uint32_t), sizeof(struct pair), 5));
    for (uint32_t key = 0; key < 10; key++)
        assert_int_equal(records_put(&t, &key, 10, &oom), key + 1);
    uint32_t more = 10, known = 3;
    assert_int_equal(records_put(&t, &more, 10, &oom), 0);
    assert_false(oom);
    assert_int_equal(records_put(&t, &known, 10, &oom), 4);
    assert_int_equal(records_put(&t, &known, 0, &oom), 4);
    assert_int_equal(records_put(&t, &more, 11, &oom), 11);
    records_free(&t);
}

static void what_is_expected_is_only_looked_at(void **state)
{
    (void)state;
    struct records t;
    bool oom;
    assert_true(records_init(&t, sizeof(uint32_t), sizeof(struct pair), 5));
    for (uint32_t i = 0; i < 4000; i++) {
        const uint32_t key = i % 3000;
        uint64_t expected = records_expect(&t, &key);
        records_expect_record(&t, expected);
        assert_int_equal(t.count, i < 3000 ? i : 3000);
        assert_int_equal(records_put_expected(&t, expected, &key, 5000, &oom), key + 1);
    }
    records_loosen(&t);
    records_expect_record(&t, 7);
    records_free(&t);
}

static void truncated_records_leave_nothing_behind(void **state)
{
    (void)state;
    struct records t;
    bool oom;
    assert_true(records_init(&t, sizeof(uint32_t), sizeof(struct pair), 5));
    for (uint32_t key = 0; key < 1000; key++)
        ((struct pair *)records_at(&t, records_put(&t, &key, 1000, &oom)))->value = 7;
    records_truncate(&t, 2000);
    assert_int_equal(t.count, 1000);
    records_truncate(&t, 400);
    assert_int_equal(t.count, 400);
    for (uint32_t key = 0; key < 400; key++)
        assert_int_equal(records_put(&t, &key, 0, &oom), key + 1);
    uint32_t gone = 700;
    assert_int_equal(records_put(&t, &gone, 0, &oom), 0);
    assert_int_equal(records_put(&t, &gone, 1000, &oom), 401);
    assert_int_equal(((struct pair *)records_at(&t, 401))->value, 0);
    records_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_are_found_by_their_key),
        cmocka_unit_test(a_full_table_refuses_only_what_is_new),
        cmocka_unit_test(what_is_expected_is_only_looked_at),
        cmocka_unit_test(truncated_records_leave_nothing_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
