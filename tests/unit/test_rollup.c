/* SPDX-License-Identifier: Apache-2.0 */
/* Rows that are added up in several threads give the report that one thread gives. */
#include "tests/unit/test.h"
#include "report/render.h"
#include "report/rollup.h"
#include "tests/unit/cube_make.h"

enum { ROWS = 15000, CLIENTS = 2500, SERVERS = 60 };

static uint32_t profile_put(struct cube *c, const struct hello_spec *spec)
{
    struct made m;
    const struct tls_event *ev = event_make(&m, spec, 1, 1, T0);
    return cube_put_profile(c, ev->offer, "", INT64_MAX);
}

static struct cube_key key_random(uint64_t *s, uint32_t profiles)
{
    static const uint32_t suites[] = { SUITE_NONE, 0x0005, 0x000a, 0x002f, 0xc02f, 0x1301, 0x1302, 0x00ff77 };
    static const uint16_t versions[] = { VER_NONE, VER_SSL3, VER_TLS10, VER_TLS11, VER_TLS12, VER_TLS13, VER_DTLS10, VER_DTLS12 };
    unsigned client = dice(s, CLIENTS);
    struct cube_key k = { .server = party(7000 + dice(s, SERVERS), 443) };
    if (client)
        k.client = party(client, 0);
    k.day = 19000 + dice(s, 3);
    k.profile = dice(s, profiles + 1);
    k.fallback_from = dice(s, 9) ? 0 : dice(s, profiles + 1);
    k.suite = suites[dice(s, 8)];
    k.version = versions[dice(s, 8)];
    k.flags = dice(s, 2) ? 0 : 1u << dice(s, 20) & CUBE_FLAGS;
    k.dh_bits = dice(s, 5) ? 0 : (uint16_t)(512 + dice(s, 2000));
    k.outcome = (uint8_t)dice(s, OUTCOME_COUNT);
    k.alert_from = (uint8_t)dice(s, 3);
    k.alert_code = k.alert_from ? (uint8_t)dice(s, 100) : 0;
    k.upgrade = (uint8_t)dice(s, 4);
    k.refusal_code = k.upgrade ? (uint16_t)dice(s, 9) : 0;
    k.aftermath = (uint8_t)dice(s, 4);
    k.transport = (uint8_t)dice(s, 2);
    return k;
}

static struct cube *cube_large(void)
{
    struct cube *c = cube_new(&(struct cube_options){ .seed = 1 });
    uint64_t s = 11;
    (void)profile_put(c, &hello_tls10);
    (void)profile_put(c, &hello_tls12);
    uint32_t profiles = profile_put(c, &hello_tls13);
    for (unsigned i = 0; i < ROWS; i++) {
        const struct cube_key k = key_random(&s, profiles);
        const int64_t first = T0 + (int64_t)dice(&s, 99999) * SEC;
        const struct cube_val v = { .count = 1 + dice(&s, 9), .first_ns = first, .last_ns = first + SEC,
                                    .exemplar = { .ts_ns = first } };
        assert_true(cube_put_row(c, &k, &v, true));
    }
    return c;
}

static char *report(const struct cube *c, const char *format, unsigned threads)
{
    struct cidr ignored;
    struct err e;
    char *text = NULL;
    size_t n;
    assert_int_equal(cidr_parse("10.0.1.0/28", &ignored), 0);
    const struct view v = { .width = 100, .ignored = &ignored, .ignored_count = 1, .threads = threads };
    FILE *out = open_memstream(&text, &n);
    assert_int_equal(render_find(format)->report(out, c, &v, &e), 0);
    assert_int_equal(fclose(out), 0);
    return text;
}

static void threads_come_to_what_one_comes_to(void **state)
{
    static const char *const formats[] = { "text", "json" };
    static const unsigned threads[] = { 2, 3, 5, 64 };
    (void)state;
    struct cube *c = cube_large();
    assert_true(cube_rows(c) > ROWS * 9 / 10);
    for (unsigned f = 0; f < 2; f++) {
        char *want = report(c, formats[f], 1);
        assert_true(strlen(want) > 10000);
        for (unsigned i = 0; i < 4; i++) {
            char *got = report(c, formats[f], threads[i]);
            assert_same_text(got, want);
            free(got);
        }
        free(want);
    }
    cube_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(threads_come_to_what_one_comes_to) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
