/* SPDX-License-Identifier: Apache-2.0 */
/* Messages of SSLv2, and conversations in which it is offered, chosen, refused. */
#include "tests/unit/test.h"

#include "dissect/event.h"
#include "dissect/sslv2.h"
#include "dissect/tls.h"

static uint8_t bytes[4096];

static struct rd vector(const char *hex)
{
    size_t n = unhex(hex, bytes, sizeof bytes);
    return rd_of(guarded(bytes, n), n);
}

static const char server_hello[] = "04 00 01 0002 0003 0003 0002 aabbcc 0700c0 1122";
static const char server_hit[] = "04 01 00 0002 0000 0000 0002 1122";
static const char master_key[] = "02 0700c0 0000 0004 0002 deadbeef 1234";

static void parsers(void **state)
{
    (void)state;
    struct sslv2_server_hello sh;
    uint32_t suite;
    assert_true(sslv2_server_hello_parse(vector(server_hello), &sh));
    assert_false(sh.session_id_hit);
    assert_int_equal(rd_left(&sh.cert), 3);
    assert_int_equal(rd_left(&sh.suites), 3);
    assert_true(sslv2_server_hello_parse(vector(server_hit), &sh));
    assert_true(sh.session_id_hit);
    assert_false(sslv2_server_hello_parse(vector("04 00 01 0301 0003 0003 0002 aabbcc 0700c0 1122"), &sh));
    assert_false(sslv2_server_hello_parse(vector("03 00 01 0002 0003 0003 0002 aabbcc 0700c0 1122"), &sh));
    assert_false(sslv2_server_hello_parse(vector("04 00 01 0002 0003 0002 0002 aabbcc 0700 1122"), &sh));
    assert_false(sslv2_server_hello_parse(vector("04 00 01 0002 0003 0003 0002 aabbcc 0700c0 112233"), &sh));
    assert_true(sslv2_master_key_parse(vector(master_key), &suite));
    assert_int_equal(suite, 0x0700c0);
    assert_false(sslv2_master_key_parse(vector("03 0700c0 0000 0004 0002 deadbeef 1234"), &suite));
    assert_false(sslv2_master_key_parse(vector("02 0700c0 0000 0004 0002 deadbeef 123456"), &suite));
    assert_int_equal(sslv2_error_alert(vector("00 0001")), 40);
    assert_int_equal(sslv2_error_alert(vector("00 0002")), 41);
    assert_int_equal(sslv2_error_alert(vector("00 0004")), 42);
    assert_int_equal(sslv2_error_alert(vector("00 0006")), 43);
    assert_int_equal(sslv2_error_alert(vector("00 0003")), -1);
    assert_int_equal(sslv2_error_alert(vector("01 0001")), -1);
    assert_int_equal(sslv2_error_alert(vector("00 000100")), -1);
}

static void every_prefix_is_refused(void **state)
{
    (void)state;
    static const char *const all[] = { server_hello, server_hit, master_key };
    for (size_t i = 0; i < 3; i++) {
        size_t n = unhex(all[i], bytes, sizeof bytes);
        for (size_t k = 0; k < n; k++) {
            struct sslv2_server_hello sh;
            uint32_t suite;
            struct rd r = rd_of(guarded(bytes, k), k);
            assert_false(sslv2_server_hello_parse(r, &sh));
            assert_false(sslv2_master_key_parse(r, &suite));
            assert_int_equal(sslv2_error_alert(r), -1);
        }
    }
}

#define CHALLENGE  "b4da2fcc598094cc14d4baf47925a097"
#define V2_HELLO   "801c 01 0002 0003 0000 0010 0700c0" CHALLENGE
#define V2_SERVER  "8013 04 00 01 0002 0003 0003 0002 aabbcc 0700c0 1122"
#define V2_HIT     "800d 04 01 00 0002 0000 0000 0002 1122"
#define V2_KEY     "8010 02 0700c0 0000 0004 0002 deadbeef 1234"
#define V2_SEALED  "8018 aabbccddeeff00112233445566778899aabbccddeeff0011"
#define V2_SEALED3 "001805 aabbccddeeff00112233445566778899aabbccddeeff0011"
#define TLS_IN_V2  "801c 01 0301 0003 0000 0010 00002f" CHALLENGE
#define ZERO32     "0000000000000000000000000000000000000000000000000000000000000000"

static const struct row {
    const char *step[8]; /* "c..." or "s..." and hex */
    enum tls_end end;
    unsigned by;
    enum outcome outcome;
    uint16_t version;
    uint32_t suite;
    int resumed; /* -1 not known */
} rows[] = {
    { { "c" V2_HELLO, "s" V2_SERVER, "c" V2_KEY, "s" V2_SEALED, "c" V2_SEALED, "s" V2_SEALED },
      TLS_END_DECIDED,
      2,
      OUTCOME_COMPLETED,
      VER_SSL2,
      0x0700c0,
      0 },
    { { "c" V2_HELLO, "s" V2_SERVER, "c" V2_KEY, "s" V2_SEALED3, "c" V2_SEALED3, "s" V2_SEALED3 },
      TLS_END_DECIDED,
      2,
      OUTCOME_COMPLETED,
      VER_SSL2,
      0x0700c0,
      0 },
    { { "c" V2_HELLO, "s" V2_HIT, "c" V2_SEALED, "s" V2_SEALED, "s" V2_SEALED },
      TLS_END_DECIDED,
      2,
      OUTCOME_COMPLETED,
      VER_SSL2,
      SUITE_NONE,
      1 },
    { { "c" V2_HELLO, "s" V2_SERVER }, TLS_END_FIN, 0, OUTCOME_CLOSED, VER_SSL2, SUITE_NONE, 0 },
    { { "c" V2_HELLO, "s" V2_SERVER, "c" V2_KEY }, TLS_END_RST, 1, OUTCOME_RESET, VER_SSL2, 0x0700c0, 0 },
    { { "c" V2_HELLO, "s" V2_SERVER,
        "c"
        "8003 000001" },
      TLS_END_DECIDED,
      2,
      OUTCOME_ALERT_CLIENT,
      VER_SSL2,
      SUITE_NONE,
      0 },
    { { "c" V2_HELLO, "s"
                      "8003 000001" },
      TLS_END_DECIDED,
      2,
      OUTCOME_ALERT_SERVER,
      0,
      SUITE_NONE,
      -1 },
    { { "c" V2_HELLO }, TLS_END_FIN, 1, OUTCOME_CLOSED, 0, SUITE_NONE, -1 },
    { { "s" V2_SERVER }, TLS_END_FIN, 1, OUTCOME_ONE_SIDED, VER_SSL2, SUITE_NONE, 0 },
    /* the hello is SSLv2's, the answer and what follows are TLS's */
    { { "c" TLS_IN_V2,
        "s160301002a 02000026 0301" ZERO32 "00 002f 00 160301000b 0b000007 000004 000001 30 1603010004 0e000000",
        "c1603010006 10000002 0000 140301000101 1603010004 aabbccdd", "s140301000101 1603010004 aabbccdd" },
      TLS_END_DECIDED,
      2,
      OUTCOME_COMPLETED,
      VER_TLS10,
      0x002f,
      0 },
    { { "c" TLS_IN_V2, "s15030100020246" }, TLS_END_DECIDED, 2, OUTCOME_ALERT_SERVER, 0, SUITE_NONE, -1 },
    { { "c" TLS_IN_V2, "s485454502f312e31" }, TLS_END_DECIDED, 2, OUTCOME_MALFORMED, 0, SUITE_NONE, -1 },
};

static void run(const struct row *w, size_t step)
{
    static struct stats counted;
    static struct tls_shared shared = { .stats = &counted };
    struct tls *t = tls_new(&shared, TLS_STREAM);
    enum tls_verdict v = TLS_MORE;
    struct tls_when when = { 1, 0 };
    for (size_t i = 0; i < 8 && w->step[i]; i++) {
        uint8_t b[256];
        size_t n = unhex(w->step[i] + 1, b, sizeof b);
        when.frame++;
        for (size_t at = 0; at < n && v == TLS_MORE; at += step) {
            size_t k = n - at < step ? n - at : step;
            v = tls_bytes(t, w->step[i][0] == 's', rd_of(guarded(b + at, k), k), when);
        }
    }
    struct tls_event ev = { .suite = SUITE_NONE };
    assert_true(tls_has_hello(t));
    assert_int_equal(tls_client_side(t), 0);
    if (v != (w->end == TLS_END_DECIDED ? TLS_DECIDED : TLS_MORE))
        fail_msg("%s, %s ...: verdict %d", w->step[0], w->step[1], v);
    tls_fill_event(t, w->end, w->by, &ev);
    int resumed = ev.flags & EV_RESUMED_KNOWN ? (ev.flags & EV_RESUMED) != 0 : -1;
    if (ev.outcome != w->outcome || ev.version != w->version || ev.suite != w->suite || resumed != w->resumed)
        fail_msg("%s ...: %s version %04x suite %x resumed %d", w->step[0], outcome_name(ev.outcome), ev.version, ev.suite,
                 resumed);
    assert_null(ev.version == VER_SSL2 ? ev.sh : NULL);
    assert_int_equal(ev.flags & EV_SUITE_NOT_OFFERED, 0);
    tls_free(t);
    assert_int_equal(shared.buffered.used + shared.kept.used, 0);
}

static void conversations(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (size_t step = 1; step < 200; step += step < 40 ? 1 : 23)
            run(&rows[i], step);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parsers),
        cmocka_unit_test(every_prefix_is_refused),
        cmocka_unit_test(conversations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
