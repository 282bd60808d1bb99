/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"
#include "base/limits.h"
#include "tests/unit/cube_make.h"

static const struct cube_options plain = { .seed = 42 };

/* A session, seconds after T0, one second long; client and server by number. */
struct step {
    int at;
    unsigned client, server;
    uint8_t outcome, aftermath;
};

static void walk(struct cube *c, const struct step *s)
{
    struct made m;
    struct tls_event *ev = event_make(&m, &hello_tls12, s->client, s->server, T0 + s->at * SEC);
    ev->end_ns = ev->ts_ns + SEC;
    ev->outcome = s->outcome;
    ev->aftermath = s->aftermath;
    ev->upgrade = "postgresql";
    ev->client.port = (uint16_t)(1000 + s->at);
    cube_event(c, ev);
}

static uint64_t with(const struct cube *c, enum aftermath a)
{
    uint64_t n = 0;
    for (uint32_t row = 1; row <= cube_rows(c); row++)
        n += cube_row_key(c, row)->aftermath == a ? cube_row_val(c, row)->count : 0;
    return n;
}

/* How many refused sessions are said to have come back after these steps, and to have ended. */
static void expect(const struct step *s, size_t n, uint64_t again, uint64_t closed)
{
    struct cube *c = cube_new(&plain);
    for (size_t i = 0; i < n; i++)
        walk(c, &s[i]);
    cube_settle(c);
    assert_int_equal(with(c, AFTER_RECONNECT), again);
    assert_int_equal(with(c, AFTER_CLOSE), closed);
    cube_settle(c);
    assert_int_equal(with(c, AFTER_RECONNECT) + with(c, AFTER_CLOSE) + with(c, AFTER_NOTHING) + with(c, AFTER_PLAINTEXT), n);
    cube_free(c);
}
#define EXPECT(again, closed, ...) \
    expect((const struct step[]){ __VA_ARGS__ }, sizeof((const struct step[]){ __VA_ARGS__ }) / sizeof(struct step), again, closed)

#define REFUSED OUTCOME_REFUSED, AFTER_CLOSE

static void who_comes_back_in_clear_text_has_connected_again(void **state)
{
    (void)state;
    EXPECT(1, 0, { 0, 1, 9, REFUSED }, { 2, 1, 9, OUTCOME_PLAINTEXT, 0 });
    EXPECT(1, 0, { 0, 1, 9, REFUSED }, { 2, 1, 9, OUTCOME_COMPLETED, 0 });
    EXPECT(0, 1, { 0, 1, 9, REFUSED });
}

static void each_refusal_is_followed_by_its_own_attempt(void **state)
{
    (void)state;
    EXPECT(2, 1, { 0, 1, 9, REFUSED }, { 2, 1, 9, REFUSED }, { 4, 1, 9, REFUSED });
    EXPECT(1, 0, { 0, 1, 9, REFUSED }, { 2, 1, 9, OUTCOME_PLAINTEXT, 0 }, { 3, 1, 9, OUTCOME_PLAINTEXT, 0 });
}

static void another_party_is_no_reconnect(void **state)
{
    (void)state;
    EXPECT(0, 1, { 0, 1, 9, REFUSED }, { 2, 2, 9, OUTCOME_PLAINTEXT, 0 }, { 2, 1, 8, OUTCOME_PLAINTEXT, 0 });
}

static void neither_is_one_long_after_or_at_the_same_time(void **state)
{
    (void)state;
    EXPECT(0, 1, { 0, 1, 9, REFUSED }, { LIMIT_FALLBACK_SECONDS + 2, 1, 9, OUTCOME_PLAINTEXT, 0 });
    EXPECT(1, 0, { 0, 1, 9, REFUSED }, { LIMIT_FALLBACK_SECONDS + 1, 1, 9, OUTCOME_PLAINTEXT, 0 });
    EXPECT(0, 1, { 1, 1, 9, REFUSED }, { 1, 1, 9, OUTCOME_PLAINTEXT, 0 });
    EXPECT(0, 1, { 1, 1, 9, REFUSED }, { 0, 1, 9, OUTCOME_PLAINTEXT, 0 });
}

static void who_went_on_needs_not_come_back(void **state)
{
    (void)state;
    EXPECT(0, 0, { 0, 1, 9, OUTCOME_REFUSED, AFTER_PLAINTEXT }, { 2, 1, 9, OUTCOME_PLAINTEXT, 0 });
}

/* The oldest of a set is tallied early; none is lost. */
static void a_flood_of_refusals_is_tallied(void **state)
{
    (void)state;
    enum { MANY = 4 * LIMIT_RECONNECTS };
    struct cube *c = cube_new(&plain);
    for (unsigned i = 0; i < MANY; i++)
        walk(c, &(struct step){ 0, i, 9, REFUSED });
    assert_true(with(c, AFTER_CLOSE) >= MANY - LIMIT_RECONNECTS);
    walk(c, &(struct step){ 2, MANY - 1, 9, OUTCOME_PLAINTEXT, 0 });
    cube_settle(c);
    assert_int_equal(with(c, AFTER_CLOSE), MANY - 1);
    assert_int_equal(with(c, AFTER_RECONNECT), 1);
    cube_free(c);
}

static void any_timestamp_will_do(void **state)
{
    (void)state;
    static const int64_t odd[] = { INT64_MIN, -1, 0, 1, INT64_MAX };
    struct cube *c = cube_new(&plain);
    struct made m;
    for (unsigned i = 0; i < 25; i++) {
        struct tls_event *ev = event_make(&m, &hello_tls12, 1, 9, T0);
        ev->ts_ns = odd[i % 5];
        ev->end_ns = odd[i / 5];
        ev->aftermath = AFTER_CLOSE;
        cube_event(c, ev);
    }
    cube_settle(c);
    assert_int_equal(with(c, AFTER_CLOSE) + with(c, AFTER_RECONNECT), 25);
    cube_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_comes_back_in_clear_text_has_connected_again),
        cmocka_unit_test(each_refusal_is_followed_by_its_own_attempt),
        cmocka_unit_test(another_party_is_no_reconnect),
        cmocka_unit_test(neither_is_one_long_after_or_at_the_same_time),
        cmocka_unit_test(who_went_on_needs_not_come_back),
        cmocka_unit_test(a_flood_of_refusals_is_tallied),
        cmocka_unit_test(any_timestamp_will_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
