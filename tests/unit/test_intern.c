/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"
#include "base/column.h"
#include "base/intern.h"

static void ids_count_from_one_and_stay(void **state)
{
    (void)state;
    struct intern *t = intern_new(100, 1);
    bool fresh;
    assert_int_equal(intern_count(t), 0);
    assert_int_equal(intern_put(t, "one", 3, &fresh), 1);
    assert_true(fresh);
    assert_int_equal(intern_put(t, "two", 3, NULL), 2);
    assert_int_equal(intern_put(t, "one", 3, &fresh), 1);
    assert_false(fresh);
    assert_int_equal(intern_find(t, "two", 3), 2);
    assert_int_equal(intern_find(t, "tw", 2), 0);
    size_t n;
    assert_memory_equal(intern_key(t, 2, &n), "two", 3);
    assert_int_equal(n, 3);
    intern_free(t);
    intern_free(NULL);
}

static void the_empty_string_is_a_string(void **state)
{
    (void)state;
    struct intern *t = intern_new(10, 1);
    assert_int_equal(intern_find(t, "", 0), 0);
    assert_int_equal(intern_put(t, NULL, 0, NULL), 1);
    assert_int_equal(intern_put(t, "", 0, NULL), 1);
    intern_free(t);
}

/* What is announced is found as if it had not been, and nothing is put by it. */
static void what_is_expected_is_only_looked_at(void **state)
{
    (void)state;
    struct intern *t = intern_new(5000, 1);
    for (uint32_t i = 0; i < 4000; i++) {
        const uint32_t key = i % 3000;
        uint32_t expected = intern_expect(t, &key, sizeof key);
        intern_expect_entry(t, expected);
        intern_expect_bytes(t, expected);
        assert_int_equal(intern_count(t), i < 3000 ? i : 3000);
        assert_int_equal(intern_put(t, &key, sizeof key, NULL), key + 1);
    }
    intern_free(t);
}

static void a_full_table_refuses_what_is_new_and_keeps_the_rest(void **state)
{
    (void)state;
    struct intern *t = intern_new(3, 1);
    for (uint32_t i = 0; i < 3; i++)
        assert_int_equal(intern_put(t, &i, sizeof i, NULL), i + 1);
    uint32_t more = 99;
    bool fresh = true;
    assert_int_equal(intern_put(t, &more, sizeof more, &fresh), 0);
    assert_false(fresh);
    assert_int_equal(intern_count(t), 3);
    for (uint32_t i = 0; i < 3; i++)
        assert_int_equal(intern_put(t, &i, sizeof i, NULL), i + 1);
    intern_free(t);
}

/* Many strings of many lengths: all found again, at the addresses they were given first. */
static void growth_moves_no_key(void **state)
{
    (void)state;
    enum { N = 50000 };
    const void **at = calloc(N, sizeof *at);
    size_t before = heap_bytes();
    struct intern *t = intern_new(N, 7);
    char key[300];
    for (uint32_t i = 0; i < N; i++) {
        int n = snprintf(key, sizeof key, "%u%*s", i, (int)(i % 250), "");
        assert_int_equal(intern_put(t, key, (size_t)n, NULL), i + 1);
        at[i] = intern_key(t, i + 1, NULL);
    }
    size_t sum = 0;
    for (uint32_t i = 0; i < N; i++) {
        int n = snprintf(key, sizeof key, "%u%*s", i, (int)(i % 250), "");
        assert_int_equal(intern_find(t, key, (size_t)n), i + 1);
        assert_ptr_equal(intern_key(t, i + 1, NULL), at[i]);
        sum += (size_t)n;
    }
    assert_true(heap_bytes() - before < sum + N * 64);
    free(at);
    intern_free(t);
}

static void truncating_forgets_the_latest_only(void **state)
{
    (void)state;
    struct intern *t = intern_new(1000, 3);
    for (uint32_t i = 0; i < 500; i++)
        assert_int_equal(intern_put(t, &i, sizeof i, NULL), i + 1);
    intern_truncate(t, 600);
    assert_int_equal(intern_count(t), 500);
    intern_truncate(t, 200);
    assert_int_equal(intern_count(t), 200);
    for (uint32_t i = 0; i < 500; i++)
        assert_int_equal(intern_find(t, &i, sizeof i), i < 200 ? i + 1 : 0);
    uint32_t again = 450;
    assert_int_equal(intern_put(t, &again, sizeof again, NULL), 201);
    intern_free(t);
}

static void columns_do_not_move_and_start_as_zero(void **state)
{
    (void)state;
    struct column c = { .width = 12 };
    size_t before = heap_bytes();
    assert_true(column_reserve(&c, 1));
    void *first = column_at(&c, 1);
    assert_true(column_reserve(&c, 100000));
    assert_ptr_equal(column_at(&c, 1), first);
    static const char zero[12];
    assert_memory_equal(column_at(&c, 100000), zero, 12);
    assert_ptr_equal((char *)column_at(&c, 256) + 12, (char *)column_at(&c, 255) + 24);
    assert_true(heap_bytes() - before < 1300000);
    column_free(&c);
    assert_true(heap_bytes() - before < 20000 || heap_bytes() < before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_count_from_one_and_stay),
        cmocka_unit_test(the_empty_string_is_a_string),
        cmocka_unit_test(what_is_expected_is_only_looked_at),
        cmocka_unit_test(a_full_table_refuses_what_is_new_and_keeps_the_rest),
        cmocka_unit_test(growth_moves_no_key),
        cmocka_unit_test(truncating_forgets_the_latest_only),
        cmocka_unit_test(columns_do_not_move_and_start_as_zero),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
