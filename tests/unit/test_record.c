/* SPDX-License-Identifier: Apache-2.0 */
/* The record layer of one direction, and handshake messages out of its records. */
#include "tests/unit/test.h"

#include "base/limits.h"
#include "dissect/handshake.h"
#include "dissect/record.h"

enum { OUT = 256 };

/* Appends; returns how much. The callers' texts are shorter than OUT. */
static size_t __attribute__((format(printf, 2, 3))) text(char *out, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(out, OUT / 4, fmt, ap);
    va_end(ap);
    return (size_t)n;
}

/* Feeds b in steps and writes what comes out: "[type:length" at the first piece, its bytes, "]" at the last. */
static enum record_verdict pieces(struct record *r, const uint8_t *b, size_t n, size_t step, char *out)
{
    enum record_verdict v = RECORD_MORE;
    for (size_t at = 0; at < n; at += step) {
        size_t k = n - at < step ? n - at : step;
        struct rd in = rd_of(guarded(b + at, k), k);
        struct record_piece p;
        while ((v = record_next(r, &in, &p)) == RECORD_PIECE) {
            if (p.first)
                out += text(out, "[%u:%u ", r->type, r->length);
            while (rd_left(&p.bytes))
                out += text(out, "%02x", rd_u8(&p.bytes));
            if (p.last)
                out += text(out, "]");
        }
        if (v == RECORD_BAD)
            break;
        assert_int_equal(rd_left(&in), 0);
    }
    *out = '\0';
    return v;
}

static void records(void **state)
{
    (void)state;
    static const struct {
        const char *hex;
        enum record_verdict v;
        const char *out;
    } rows[] = {
        { "1603010003 aabbcc 1503030002 0228", RECORD_MORE, "[22:3 aabbcc][21:2 0228]" },
        { "1703030000 1603010001 aa", RECORD_MORE,
          "[23:0 ][22:1 aa]" }, /* an empty record, OpenSSL's guard against BEAST */
        { "1603000001 aa 1603ff0001", RECORD_BAD, "[22:1 aa]" },
        { "1603010001 aa 1647455420", RECORD_BAD, "[22:1 aa]" },
        { "1603010001 aa 1600010001", RECORD_BAD, "[22:1 aa]" }, { "1603010001 aa 1602000001", RECORD_BAD, "[22:1 aa]" },
        { "1603014801 aa", RECORD_BAD, "" }, /* longer than a record may be */
        { "1603010003 aabb", RECORD_MORE, "[22:3 aabb" },
        { "8003 aabbcc 000201 ddee", RECORD_MORE,
          "[0:3 aabbcc][0:2 ddee]" }, /* SSLv2: two bytes, then three with padding */
        { "8001 aa 485454502f", RECORD_BAD, "[0:1 aa]" },
        { "", RECORD_MORE, "" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (size_t step = 1; step < 20; step++) {
            uint8_t b[64];
            char out[OUT];
            size_t n = unhex(rows[i].hex, b, sizeof b);
            struct record r = { 0 };
            enum record_verdict v = pieces(&r, b, n, step, out);
            if ((v == RECORD_BAD) != (rows[i].v == RECORD_BAD) || strcmp(out, rows[i].out) != 0)
                fail_msg("%s in steps of %zu: %d %s", rows[i].hex, step, v, out);
        }
}

static void holes(void **state)
{
    (void)state;
    static const uint8_t start[] = { 23, 3, 3, 0, 10, 1, 2, 3 }, next[] = { 23, 3, 3, 0, 1, 9, 21, 3, 3, 0, 2, 1, 0 };
    char out[OUT];
    struct record r = { 0 };
    (void)pieces(&r, start, sizeof start, 99, out);
    assert_true(record_gap(&r, 7)); /* to the very end of the record */
    assert_int_equal(pieces(&r, next, sizeof next, 99, out), RECORD_MORE);
    assert_string_equal(out, "[23:1 09][21:2 0100]");

    r = (struct record){ 0 };
    (void)pieces(&r, start, sizeof start, 99, out);
    assert_true(record_gap(&r, 5)); /* inside: two bytes of it are still to come */
    (void)pieces(&r, (const uint8_t[]){ 7, 8, 21, 3, 3, 0, 2, 1, 0 }, 9, 99, out);
    assert_string_equal(out, "0708][21:2 0100]");

    r = (struct record){ 0 };
    (void)pieces(&r, start, sizeof start, 99, out);
    assert_false(record_gap(&r, 8)); /* beyond: the next header is looked for where segments begin */
    (void)pieces(&r, start + 5, 3, 99, out);
    assert_string_equal(out, "");
    (void)pieces(&r, next, sizeof next, 99, out);
    assert_string_equal(out, "[23:1 09][21:2 0100]");

    r = (struct record){ 0 };
    assert_false(record_gap(&r, 1));                           /* before anything: likewise */
    static const uint8_t like[] = { 23, 3, 3, 0, 1, 9, 9, 9 }; /* a header with something else behind its record */
    (void)pieces(&r, like, sizeof like, 99, out);
    assert_string_equal(out, "");
    static const uint8_t odd[] = { 23, 3, 9, 0, 1, 9 }, empty[] = { 23, 3, 3, 0, 0 };
    (void)pieces(&r, odd, sizeof odd, 99, out);
    assert_string_equal(out, "");
    (void)pieces(&r, empty, sizeof empty, 99, out);
    assert_string_equal(out, "");
    (void)pieces(&r, next, sizeof next, 99, out);
    assert_string_equal(out, "[23:1 09][21:2 0100]");
}

/* ---- messages ---- */

static struct stats counted;
static struct tls_shared shared = { .stats = &counted };

static void messages(struct handshake *h, const uint8_t *b, size_t n, size_t step, char *out)
{
    for (size_t at = 0; at < n; at += step) {
        size_t k = n - at < step ? n - at : step;
        struct rd in = rd_of(guarded(b + at, k), k);
        struct handshake_message m;
        while (handshake_next(h, &shared, &in, &m)) {
            out += text(out, "(%u:%u%s", m.type, m.length, m.kept ? " " : "");
            while (rd_left(&m.body))
                out += text(out, "%02x", rd_u8(&m.body));
            out += text(out, ")");
        }
        assert_int_equal(rd_left(&in), 0);
    }
    *out = '\0';
}

static void messages_in_any_pieces(void **state)
{
    (void)state;
    static const uint8_t b[] = { 1, 0, 0, 3, 0xaa, 0xbb, 0xcc, 14, 0, 0, 0, 2, 0, 0, 0, 20, 0, 0, 2, 5, 6, 11, 0, 0, 1, 7 };
    for (size_t step = 1; step <= sizeof b; step++) {
        char out[OUT];
        struct handshake h = { 0 };
        messages(&h, b, sizeof b, step, out);
        assert_string_equal(out, "(1:3 aabbcc)(14:0 )(2:0 )(20:2)(11:1 07)"); /* nobody reads types 14 and 20 */
        handshake_reset(&h, &shared);
        assert_int_equal(shared.buffered.used, 0);
    }
}

static void a_message_with_a_hole_is_not_whole(void **state)
{
    (void)state;
    static const uint8_t b[] = { 1, 0, 0, 6, 0xaa, 0xbb }, tail[] = { 0xee, 0xff, 2, 0, 0, 1, 9 };
    char out[OUT];
    struct handshake h = { 0 };
    messages(&h, b, sizeof b, 99, out);
    struct rd part = handshake_part(&h);
    assert_int_equal(rd_left(&part), 2);
    assert_true(handshake_gap(&h, &shared, 2));
    messages(&h, tail, sizeof tail, 99, out);
    assert_string_equal(out, "(1:6)(2:1 09)");
    messages(&h, b, sizeof b, 99, out);
    assert_false(handshake_gap(&h, &shared, 5)); /* beyond its end */
    assert_int_equal(shared.buffered.used, 0);
    messages(&h, tail + 2, 5, 99, out);
    assert_string_equal(out, "(2:1 09)");
    assert_false(handshake_gap(&h, &shared, 1)); /* between messages */
    handshake_reset(&h, &shared);
}

static void messages_over_their_cap_pass_unkept(void **state)
{
    (void)state;
    static uint8_t b[4 + LIMIT_CERT_BYTES + 1 + 5];
    memset(b, 0, sizeof b);
    uint32_t n = LIMIT_CERT_BYTES + 1;
    b[0] = HS_CERTIFICATE;
    b[1] = (uint8_t)(n >> 16);
    b[2] = (uint8_t)(n >> 8);
    b[3] = (uint8_t)n;
    b[4 + n] = HS_SERVER_HELLO;
    b[4 + n + 3] = 1;
    char out[OUT], want[64];
    struct handshake h = { 0 };
    messages(&h, b, sizeof b, 1000, out);
    (void)snprintf(want, sizeof want, "(11:%u)(2:1 00)", n);
    assert_string_equal(out, want);
    n = LIMIT_HELLO_BYTES + 1;
    b[0] = HS_CLIENT_HELLO;
    b[1] = (uint8_t)(n >> 16);
    b[2] = (uint8_t)(n >> 8);
    b[3] = (uint8_t)n;
    uint64_t before = counted.hello_too_long;
    messages(&h, b, 4 + n, 1000, out);
    assert_int_equal(counted.hello_too_long, before + 1);
    assert_int_equal(shared.buffered.used, 0);
    handshake_reset(&h, &shared);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records),
        cmocka_unit_test(holes),
        cmocka_unit_test(messages_in_any_pieces),
        cmocka_unit_test(a_message_with_a_hole_is_not_whole),
        cmocka_unit_test(messages_over_their_cap_pass_unkept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
