/* SPDX-License-Identifier: Apache-2.0 */
/* What the report concludes from the verdicts: its headline, its JSON result and what the exit status is to be. */
#include "tests/unit/test.h"
#include "report/accept.h"
#include "report/coverage.h"
#include "report/render.h"
#include "report/study.h"
#include "tests/unit/cube_make.h"

enum { DAYS = 8, HOUR0 = 1700000000 / 3600 };

static struct cube *cube;
static struct study_request request;
static struct policy *policy;
static char *text, *json;

static int open_cube(void **state)
{
    (void)state;
    cube = cube_new(&(struct cube_options){ .seed = 1 });
    request = (struct study_request){ .policies = 1, .policy = &policy, .fail_on = STUDY_BAD };
    return cube ? 0 : -1;
}

static int close_cube(void **state)
{
    (void)state;
    cube_free(cube);
    policy_free(policy);
    free(text);
    free(json);
    text = json = NULL;
    policy = NULL;
    return 0;
}

/* Packets in each hour of so many days from the first on. */
static void packets(unsigned days, const struct stats *each)
{
    struct input in = { .name = (char *)(uintptr_t)"x", .first_ns = T0, .last_ns = T0 + days * INT64_C(86400) * SEC, .packets = 1 };
    (void)cube_input(cube, &in);
    for (unsigned i = 0; i < days * 24; i++)
        assert_true(cube_put_hour(cube, HOUR0 + i, 0, each));
}

static const struct stats some = { .packets = 100 };

/* Handshakes of so many clients with server 9; a version of 0: the hello was not seen. */
static void tell(const struct hello_spec *hello, unsigned from, unsigned clients, uint16_t version, uint32_t suite, unsigned each)
{
    static struct made m;
    for (unsigned i = 0; i < clients * each; i++) {
        struct tls_event *ev = event_make(&m, hello ? hello : &hello_tls12, from + i / each, 9, T0 + i * INT64_C(600) * SEC);
        if (!hello) {
            ev->ch = NULL;
            ev->offer = rd_of(NULL, 0);
        }
        ev->version = version;
        ev->suite = suite;
        ev->group = suite == 0xc02f ? 0x1d : 0;
        ev->sigscheme = suite == 0xc02f ? 0x0804 : 0;
        ev->flags = EV_RESUMED_KNOWN;
        event_cert(&m, 7);
        ev->cert = &m.cert;
        cube_event(cube, ev);
    }
}

/* A completed handshake of TLS 1.3 by a stack of its own: a kind of its own. */
static void tell_kind(unsigned i)
{
    const struct hello_spec h = { .legacy = 0x0303, .versions = { 0x0304 }, .suites = { 0x1301, (uint16_t)(0xd100 + i) },
                                  .groups = { 0x1d }, .shares = { 0x1d }, .sigalgs = { 0x0804 } };
    tell(&h, 20 + i, 1, VER_TLS13, 0x1301, 1);
}

/* Lines are broken for the screen: blanks of all kinds as one. */
static char *flat(char *s)
{
    char *to = s;
    for (const char *from = s; *from; from++)
        if (*from != '\n' && *from != ' ')
            *to++ = *from;
        else if (to > s && to[-1] != ' ')
            *to++ = ' ';
    *to = '\0';
    return s;
}

static char *render(const char *format)
{
    char *out = NULL;
    size_t n = 0;
    struct err e = { "" };
    struct view view = { .top = 20, .width = 100, .study = &request };
    FILE *f = open_memstream(&out, &n);
    assert_non_null(f);
    assert_int_equal(render_find(format)->report(f, cube, &view, &e), 0);
    assert_int_equal(fclose(f), 0);
    return flat(out);
}

static void study_under(struct policy *p)
{
    assert_non_null(p);
    policy_free(policy);
    policy = p;
    free(text);
    free(json);
    text = render("text");
    json = render("json");
}

static void says(const char *report, const char *words)
{
    if (!strstr(report, words))
        fail_msg("\"%s\" is not in:\n%s", words, report);
}

static void silent(const char *report, const char *words)
{
    if (strstr(report, words))
        fail_msg("\"%s\" is in:\n%s", words, report);
}

static void fail_on_is_for_the_exit_status_alone(void **state)
{
    (void)state;
    packets(DAYS, &some);
    tell(&hello_tls12, 20, 40, VER_TLS10, 0x002f, 2); /* TLS 1.0 though TLS 1.2 was offered */
    study_under(policy_open("tls12-minimum", 0, NULL));
    says(text, "1 server must change first");
    says(text, "Not ready. None of 80 handshakes observed is proved to go on working.");
    silent(text, "--fail-on");
    assert_int_equal(request.exits, STUDY_NOT_READY);
    request.fail_on = 1u << VERDICT_BREAKS | 1u << VERDICT_PLAINTEXT | 1u << VERDICT_UNKNOWN;
    study_under(policy_open("tls12-minimum", 0, NULL));
    says(text, "Not ready. None of 80");
    silent(text, "Ready to enforce");
    says(text, "The exit status is 1 by these verdicts alone (--fail-on): plaintext, breaks, unknown.");
    says(json, "\"result\":\"not ready\",\"fail_on\":[\"plaintext\",\"breaks\",\"unknown\"]");
    silent(json, "\"result\":\"ready\"");
    assert_int_not_equal(request.exits, STUDY_NOT_READY);
}

static void fail_on_more_does_not_change_the_decision(void **state)
{
    (void)state;
    packets(DAYS, &some);
    tell(&hello_tls12, 20, 40, VER_TLS12, 0xc02f, 2);
    request.fail_on = 1u << VERDICT_READY;
    study_under(policy_open("tls12-minimum", 0, NULL));
    says(text, "Ready to enforce. 80 of 80 handshakes observed are proved to go on working.");
    says(json, "\"result\":\"ready\"");
    assert_int_equal(request.exits, STUDY_NOT_READY);
}

static void what_is_only_likely_is_not_ready(void **state)
{
    (void)state;
    packets(DAYS, &some);
    tell(&hello_tls12, 20, 40, VER_TLS12, 0x002f, 2);
    study_under(policy_inline(NULL, "kx=RSA", NULL));
    says(text, "Not proved to be ready: 40 pairs that are only likely. None of 80 handshakes observed is proved to go on working.");
    silent(text, "Ready to enforce");
    says(text, "BY SERVER pairs of each verdict");
    says(text, "BY CLIENT the worst verdict first, what fails already last; of each, most handshakes first");
    says(text, "only the version is proved");
    says(json, "\"result\":\"not proved\"");
    silent(json, "\"result\":\"ready\"");
    assert_int_equal(request.exits, STUDY_NOT_PROVED);
}

static void a_few_likely_are_said_beside_ready(void **state)
{
    (void)state;
    static const struct hello_spec other = { .legacy = 0x0303, .suites = { 0xc030, 0x002f }, .groups = { 0x1d }, .sigalgs = { 0x0804 } };
    packets(DAYS, &some);
    tell(&hello_tls12, 20, 40, VER_TLS12, 0xc02f, 2);
    tell(&other, 100, 1, VER_TLS12, 0x002f, 1);
    study_under(policy_inline(NULL, "kx=RSA", NULL));
    says(text, "Ready to enforce, but for 1 pair that is only likely. 80 of 81 handshakes observed are proved to go on working.");
    says(text, "BY CLIENT");
    says(json, "\"result\":\"ready\"");
    tell(&other, 101, 4, VER_TLS12, 0x002f, 1);
    study_under(policy_inline(NULL, "kx=RSA", NULL)); /* 5 of 85 */
    says(text, "Not proved to be ready: 5 pairs that are only likely. 80 of 85");
}

static void exceptions_are_in_the_headline(void **state)
{
    (void)state;
    char path[] = "/tmp/accept-XXXXXX";
    int fd = mkstemp(path);
    static const char line[] = "10.0.0.99 10.0.0.9 2027-12-31 replaced later\n";
    assert_int_equal(write(fd, line, sizeof line - 1), sizeof line - 1);
    (void)close(fd);
    struct err e;
    struct accept_list *l = accept_read(path, NULL, &e);
    assert_non_null(l);
    (void)unlink(path);
    packets(DAYS, &some);
    tell(&hello_tls12, 20, 40, VER_TLS12, 0xc02f, 2);
    study_under(policy_open("tls12-minimum", 0, NULL));
    says(text, "No client that would break is among the 40 whose ClientHello was seen.");
    tell(&hello_tls10, 99, 1, VER_TLS10, 0x002f, 3);
    request.accept = l;
    study_under(policy_open("tls12-minimum", 0, NULL));
    says(text, "0 unknown; besides, 1 accepted exception.");
    says(text, "Ready to enforce, except for 1 accepted exception.");
    silent(text, "No client that would break");
    close_cube(NULL);
    open_cube(NULL);
    packets(DAYS, &some);
    tell(&hello_tls10, 99, 1, VER_TLS10, 0x002f, 40);
    request.accept = l;
    study_under(policy_open("tls12-minimum", 0, NULL));
    says(text, "All that was observed of what is asked about is accepted or was replaced, so nothing is proved.");
    says(json, "\"result\":\"not enough seen\"");
    accept_free(l);
}

static void who_was_not_seen_reassures_nobody(void **state)
{
    (void)state;
    static const struct stats blind = { .packets = 100, .tls_midstream = 1 };
    packets(DAYS, &blind); /* 192 sessions joined midway */
    tell(NULL, 20, 30, VER_TLS12, 0xc02f, 2);
    study_under(policy_open("tls12-minimum", 0, NULL));
    silent(text, "No client that would break");
    says(text, "of 252 sessions the ClientHello was not seen or cannot be in 252 (100.0%)");
    says(json, "\"unseen\":252,\"sessions\":252");
    tell(&hello_tls12, 100, 15, VER_TLS12, 0xc02f, 1);
    study_under(policy_open("tls12-minimum", 0, NULL));
    says(text, "No client that would break is among the 15 whose ClientHello was seen. Up to 20.0 %");
    says(text, "of 267 sessions the ClientHello was not seen or cannot be in 252 (94.4%)");
    says(json, "\"clients\":45,\"hello_clients\":15,");
}

static void days_without_packets_do_not_count(void **state)
{
    (void)state;
    packets(1, &some);
    assert_true(cube_put_hour(cube, 0, 0, &some)); /* 1970: a clock that was not set */
    struct input in = { .name = (char *)(uintptr_t)"y", .first_ns = 1, .last_ns = 2, .packets = 1 };
    (void)cube_input(cube, &in);
    tell(&hello_tls12, 20, 40, VER_TLS12, 0xc02f, 2);
    study_under(policy_open("tls12-minimum", 0, NULL));
    says(text, "How sure: packets on 3 of 1967"); /* the day's hours reach into the next */
    says(text, "has packets of fewer");
    says(json, "\"packet_days\":3,");
    says(json, "\"short_of\":[\"window\"");
}

static void an_estimate_of_none_is_no_negative_number(void **state)
{
    (void)state;
    packets(DAYS, &some);
    tell(&hello_tls10, 20, 1, VER_TLS10, 0x002f, 144 * 4); /* on four days */
    study_under(policy_open("tls12-minimum", 0, NULL));
    says(text, "about 0 more are to be expected");
    silent(text, "about -0");
    silent(json, "\"unmet_offenders\":-0");
}

/* More than anybody compares, and all of it said. */
static void what_is_not_compared_is_said(void **state)
{
    (void)state;
    packets(DAYS, &some);
    for (unsigned i = 0; i < STUDY_PROOFS; i++)
        tell_kind(i);
    study_under(policy_open("tls12-minimum", 0, NULL));
    silent(text, "Not compared");
    says(json, "\"not_compared\":{\"proofs\":0,\"answers\":0}");
    for (unsigned i = 0; i < 44; i++)
        tell_kind(STUDY_PROOFS + i);
    study_under(policy_open("tls12-minimum", 0, NULL));
    says(text, "Not compared: 44 handshakes completed by names at servers that had shown 256 kinds before; they prove nothing for other clients.");
    says(json, "\"not_compared\":{\"proofs\":44,\"answers\":0}");
}

#define T(f) cmocka_unit_test_setup_teardown(f, open_cube, close_cube)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(fail_on_is_for_the_exit_status_alone), T(fail_on_more_does_not_change_the_decision), T(what_is_only_likely_is_not_ready),
        T(a_few_likely_are_said_beside_ready), T(exceptions_are_in_the_headline), T(who_was_not_seen_reassures_nobody),
        T(days_without_packets_do_not_count), T(an_estimate_of_none_is_no_negative_number),
        T(what_is_not_compared_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
