/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"
#include "tests/unit/cube_make.h"

static const char *guess(const struct hello_spec *s)
{
    struct made m;
    struct offer o;
    const struct tls_event *ev = event_make(&m, s, 1, 2, T0);
    assert_true(offer_read(ev->offer, &o));
    return profile_guess(&o);
}

/* The lists of the recordings named in report/profile.c, and neighbours that must not be taken for them. */
static void software_is_guessed_from_what_it_alone_sends(void **state)
{
    (void)state;
    static const struct {
        const char *like;
        struct hello_spec spec;
    } row[] = {
        { "like Chromium", { .legacy = 0x0303, .suites = { 0x1301 }, .groups = { 0x11ec, 0x1d, 0x17, 0x18 }, .extra = { 17613 } } },
        { "like BoringSSL", { .legacy = 0x0303, .suites = { 0x0a0a, 0x1301 }, .groups = { 0x1d, 0x17, 0x18 },
                              .sigalgs = { 0x0403, 0x0804, 0x0401, 0x0503, 0x0805 } } },
        { NULL, { .legacy = 0x0303, .suites = { 0x1301 }, .groups = { 0x1d, 0x17, 0x18 }, /* no GREASE */
                  .sigalgs = { 0x0403, 0x0804, 0x0401, 0x0503, 0x0805 } } },
        { "like Apple Safari", { .legacy = 0x0303, .suites = { 0x0a0a, 0x1301 }, .groups = { 0x1d, 0x17, 0x18, 0x19 },
                                 .sigalgs = { 0x0403, 0x0804, 0x0401, 0x0503, 0x0203 } } },
        { "like Mozilla Firefox", { .legacy = 0x0303, .suites = { 0x1301 }, .extra = { 34, 28, 23, 65281 } } },
        { "like NSS", { .legacy = 0x0303, .suites = { 0x1301 }, .extra = { 28, 23, 65281 } } },
        { "like GnuTLS", { .legacy = 0x0303, .suites = { 0x1301 }, .extra = { 22, 28, 23, 65281 } } },
        { "like Java", { .legacy = 0x0303, .suites = { 0x1301 }, .groups = { 0x1d, 0x17, 0x18, 0x19, 0x1e }, .extra = { 5, 17 } } },
        { "like OpenSSL 1.1.1 or later", { .legacy = 0x0303, .suites = { 0x1301 }, .groups = { 0x1d, 0x17, 0x1e, 0x19, 0x18 },
                                           .extra = { 22, 23 } } },
        { "like OpenSSL 1.1.1 or later", { .legacy = 0x0303, .suites = { 0x1301 },
                                           .groups = { 0x11ec, 0x1d, 0x17, 0x1e, 0x18, 0x19 }, .extra = { 22, 23 } } },
        { NULL, { .legacy = 0x0303, .suites = { 0x1301 }, .groups = { 0x1d, 0x18 }, .extra = { 22, 23 } } },
        { "like mbed TLS", { .legacy = 0x0303, .suites = { 0x002f }, .groups = { 0x19, 0x1c, 0x18, 0x1b, 0x17 } } },
        { "like wolfSSL", { .legacy = 0x0303, .suites = { 0x002f }, .groups = { 0x19, 0x1c, 0x18, 0x1b, 0x1e } } },
        { "like OpenSSL 1.0.0", { .legacy = 0x0301, .suites = { 0x002f }, .groups = { 1, 2, 3, 4, 5, 6 } } },
        { "like Go", { .legacy = 0x0303, .suites = { 0x1301 }, .sigalgs = { 0x0804, 0x0403, 0x0807 }, .extra = { 5, 18, 65281 } } },
        { NULL, { .legacy = 0x0303, .suites = { 0x002f } } },
    };
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        const char *got = guess(&row[i].spec);
        if (row[i].like)
            assert_string_equal(got ? got : "nothing", row[i].like);
        else
            assert_null(got);
    }
}

static void an_sslv2_hello_says_enough(void **state)
{
    (void)state;
    static const uint8_t wire[] = { 1, 3, 1, 0, 3, 0, 0, 0, 16, 0, 0, 0x2f, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };
    struct client_hello ch;
    struct offer o;
    uint8_t offer[OFFER_MAX];
    assert_true(client_hello_parse_sslv2(rd_of(wire, sizeof wire), &ch));
    assert_true(offer_read(rd_of(offer, client_hello_offer(&ch, offer)), &o));
    assert_string_equal(profile_guess(&o), "like OpenSSL before 1.1.0 or old Java");
    char ja4[PROFILE_JA4] = "left over";
    profile_ja4(&ch, ja4);
    assert_string_equal(ja4, "");
}

/* An offer of any length has a stack; one that does not read back is its own. */
static void every_offer_has_a_stack(void **state)
{
    (void)state;
    uint8_t stack[STACK_MAX];
    char label[2][STACK_LABEL];
    struct made m;
    const struct tls_event *ev = event_make(&m, &hello_tls13, 1, 2, T0);
    size_t n = rd_left(&ev->offer);
    for (size_t cut = 0; cut < n; cut++) {
        const uint8_t *p = guarded(ev->offer.p, cut);
        size_t len = profile_stack(rd_of(p, cut), stack);
        assert_true(len >= cut && len <= STACK_MAX);
    }
    static uint8_t big[OFFER_MAX];
    assert_true(profile_stack(rd_of(guarded(big, sizeof big), sizeof big), stack) <= STACK_MAX);
    assert_true(profile_label(stack, 10, label[0]));
    assert_true(profile_label(stack, 11, label[1]));
    assert_int_equal(strlen(label[0]), STACK_LABEL - 1);
    assert_string_not_equal(label[0], label[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(software_is_guessed_from_what_it_alone_sends),
        cmocka_unit_test(an_sslv2_hello_says_enough),
        cmocka_unit_test(every_offer_has_a_stack),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
