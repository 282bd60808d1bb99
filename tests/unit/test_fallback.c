/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"
#include "base/limits.h"
#include "dissect/names.h"
#include "report/fallback.h"

#define SEC INT64_C(1000000000)
#define T0 (INT64_C(1700000000) * SEC)
enum { HIGH = 1, MIDDLE = 2, LOW = 3 }; /* profiles */

/* A handshake in tenths of a second after T0, 0.1 s long; client and server by number. */
struct step {
    int at;
    unsigned client, server, sni, profile, version, outcome;
    uint32_t from; /* what is expected */
};

static struct endpoint party(unsigned n, unsigned port)
{
    uint8_t b[4] = { 10, 0, (uint8_t)(n >> 8), (uint8_t)n };
    return (struct endpoint){ .addr = addr_ip4(b), .port = (uint16_t)port };
}

static uint32_t walk(struct fallback *f, const struct step *s)
{
    struct endpoint client = party(s->client, (unsigned)s->at + 1), server = party(s->server, 443);
    struct fallback_hello h = { .client = &client, .server = &server, .sni = s->sni, .profile = s->profile,
                                .max_version = (uint16_t)s->version, .outcome = (uint8_t)s->outcome,
                                .ts_ns = T0 + s->at * (SEC / 10), .end_ns = T0 + (s->at + 1) * (SEC / 10) };
    if (s->at & 1) { /* to be told beforehand changes nothing */
        h.who = fallback_expect(f, &client, &server);
        fallback_expect_set(f, &h);
    }
    return fallback_from(f, &h);
}

static void expect(const struct step *s, size_t n)
{
    struct fallback *f = fallback_new(1);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(walk(f, &s[i]), s[i].from);
    fallback_free(f);
}
#define EXPECT(steps) expect(steps, sizeof steps / sizeof *steps)

static void a_lower_hello_after_a_failed_one(void **state)
{
    (void)state;
    static const uint8_t bad[] = { OUTCOME_UNANSWERED, OUTCOME_ALERT_CLIENT, OUTCOME_ALERT_SERVER, OUTCOME_RESET, OUTCOME_CLOSED };
    for (size_t i = 0; i < sizeof bad; i++) {
        struct step s[] = { { 0, 1, 9, 5, HIGH, VER_TLS12, bad[i], 0 },
                            { 10, 1, 9, 5, LOW, VER_TLS10, OUTCOME_COMPLETED, HIGH } };
        EXPECT(s);
    }
}

static void what_the_capture_lost_is_no_failure(void **state)
{
    (void)state;
    static const uint8_t unknown[] = { OUTCOME_COMPLETED, OUTCOME_ONE_SIDED, OUTCOME_INCOMPLETE, OUTCOME_MALFORMED,
                                       OUTCOME_EVICTED, OUTCOME_REFUSED, OUTCOME_PLAINTEXT };
    for (size_t i = 0; i < sizeof unknown; i++) {
        struct step s[] = { { 0, 1, 9, 5, HIGH, VER_TLS12, unknown[i], 0 },
                            { 10, 1, 9, 5, LOW, VER_TLS10, OUTCOME_COMPLETED, 0 } };
        EXPECT(s);
    }
}

static void another_party_or_name_is_no_dance(void **state)
{
    (void)state;
    struct step s[] = { { 0, 1, 9, 5, HIGH, VER_TLS12, OUTCOME_RESET, 0 },
                        { 10, 2, 9, 5, LOW, VER_TLS10, OUTCOME_COMPLETED, 0 },
                        { 11, 1, 8, 5, LOW, VER_TLS10, OUTCOME_COMPLETED, 0 },
                        { 12, 1, 9, 6, LOW, VER_TLS10, OUTCOME_COMPLETED, 0 },
                        { 13, 1, 9, 5, MIDDLE, VER_TLS12, OUTCOME_COMPLETED, 0 },
                        { 14, 1, 9, 5, MIDDLE, VER_TLS13, OUTCOME_COMPLETED, 0 },
                        { 15, 1, 9, 5, LOW, VER_TLS10, OUTCOME_COMPLETED, HIGH } };
    EXPECT(s);
}

/* SSL 3.0 and many TLS 1.0 retries carry no server name. */
static void a_retry_without_a_name_counts(void **state)
{
    (void)state;
    struct step s[] = { { 0, 1, 9, 5, HIGH, VER_TLS12, OUTCOME_RESET, 0 },
                        { 10, 1, 9, 0, LOW, VER_SSL3, OUTCOME_COMPLETED, HIGH } };
    struct step other_way[] = { { 0, 1, 9, 0, HIGH, VER_TLS12, OUTCOME_RESET, 0 },
                                { 10, 1, 9, 5, LOW, VER_SSL3, OUTCOME_COMPLETED, 0 } };
    EXPECT(s);
    EXPECT(other_way);
}

static void every_step_of_a_dance_is_from_the_top(void **state)
{
    (void)state;
    struct step s[] = { { 0, 1, 9, 5, HIGH, VER_TLS12, OUTCOME_RESET, 0 },
                        { 100, 1, 9, 5, MIDDLE, VER_TLS11, OUTCOME_RESET, HIGH },
                        { 200, 1, 9, 5, LOW, VER_TLS10, OUTCOME_ALERT_SERVER, HIGH },
                        { 300, 1, 9, 0, 4, VER_SSL3, OUTCOME_COMPLETED, HIGH } };
    EXPECT(s);
}

static void only_within_seconds(void **state)
{
    (void)state;
    struct step in[] = { { 0, 1, 9, 5, HIGH, VER_TLS12, OUTCOME_RESET, 0 },
                         { 1 + 10 * LIMIT_FALLBACK_SECONDS, 1, 9, 5, LOW, VER_TLS10, OUTCOME_COMPLETED, HIGH } };
    struct step out[] = { { 0, 1, 9, 5, HIGH, VER_TLS12, OUTCOME_RESET, 0 },
                          { 2 + 10 * LIMIT_FALLBACK_SECONDS, 1, 9, 5, LOW, VER_TLS10, OUTCOME_COMPLETED, 0 } };
    struct step before[] = { { 10, 1, 9, 5, HIGH, VER_TLS12, OUTCOME_RESET, 0 },
                             { 9, 1, 9, 5, LOW, VER_TLS10, OUTCOME_COMPLETED, 0 } };
    EXPECT(in);
    EXPECT(out);
    EXPECT(before);
}

static void an_offer_that_works_after_all_ends_it(void **state)
{
    (void)state;
    struct step s[] = { { 0, 1, 9, 5, HIGH, VER_TLS12, OUTCOME_RESET, 0 },
                        { 10, 1, 9, 5, HIGH, VER_TLS12, OUTCOME_COMPLETED, 0 },
                        { 20, 1, 9, 5, LOW, VER_TLS10, OUTCOME_COMPLETED, 0 } };
    EXPECT(s);
}

/* Times come from a file: extremes must not overflow, nor make a match. */
static void times_may_be_anything(void **state)
{
    (void)state;
    static const int64_t t[] = { INT64_MIN, INT64_MIN + 1, -1, 0, 1, INT64_MAX - 1, INT64_MAX };
    enum { N = sizeof t / sizeof *t };
    for (unsigned i = 0; i < N * N; i++) {
        struct fallback *f = fallback_new(1);
        struct endpoint client = party(1, 1), server = party(2, 443);
        struct fallback_hello a = { &client, &server, 0, HIGH, VER_TLS12, OUTCOME_RESET, t[i / N], t[i / N], NULL, 0 }, b = a;
        b.profile = LOW;
        b.max_version = VER_TLS10;
        b.ts_ns = b.end_ns = t[i % N];
        assert_int_equal(fallback_from(f, &a), 0);
        bool near = b.ts_ns >= a.ts_ns && (uint64_t)b.ts_ns - (uint64_t)a.ts_ns <= 2;
        assert_int_equal(fallback_from(f, &b), near ? HIGH : 0);
        fallback_free(f);
    }
}

/* A flood of failures replaces older ones; the latest is still known, and nothing grows. */
static void a_flood_costs_old_entries_only(void **state)
{
    (void)state;
    struct fallback *f = fallback_new(1);
    for (unsigned i = 0; i < 60000; i++) {
        struct step s = { .at = 0, .client = i, .server = 9, .profile = HIGH, .version = VER_TLS12, .outcome = OUTCOME_RESET };
        (void)walk(f, &s);
    }
    struct step last = { .at = 2, .client = 59999, .server = 9, .profile = LOW, .version = VER_TLS10 };
    assert_int_equal(walk(f, &last), HIGH);
    fallback_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lower_hello_after_a_failed_one),
        cmocka_unit_test(what_the_capture_lost_is_no_failure),
        cmocka_unit_test(another_party_or_name_is_no_dance),
        cmocka_unit_test(a_retry_without_a_name_counts),
        cmocka_unit_test(every_step_of_a_dance_is_from_the_top),
        cmocka_unit_test(only_within_seconds),
        cmocka_unit_test(an_offer_that_works_after_all_ends_it),
        cmocka_unit_test(times_may_be_anything),
        cmocka_unit_test(a_flood_costs_old_entries_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
