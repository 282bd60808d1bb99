/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"
#include "report/json_out.h"
#include "report/render.h"
#include "report/stamp.h"

static const char *escaped(const void *bytes, size_t n)
{
    static char buf[512];
    return escape_text(rd_of(guarded(bytes, n), n), buf, sizeof buf);
}

static void what_is_printable_stays(void **state)
{
    (void)state;
    static const char *const same[] = { "", "mail.example.com", "b\xc3\xbc\143her.example", "O=Acme\\, Inc.,CN=x",
                                        "\xe6\x97\xa5\xe6\x9c\xac", "\xf0\x9f\x94\x92", "tab-free \"quoted\" \\" };
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++)
        assert_string_equal(escaped(same[i], strlen(same[i])), same[i]);
}

static void what_drives_a_terminal_does_not_pass(void **state)
{
    (void)state;
    static const struct {
        const char *wire, *text;
        size_t n;
    } t[] = {
        { "a\x1b[2Jb", "a\\x1b[2Jb", 6 },
        { "a\0b", "a\\x00b", 3 },
        { "\r\n\t\x7f", "\\x0d\\x0a\\x09\\x7f", 4 },
        { "\xc2\x9b" "31m", "\\xc2\\x9b31m", 5 }, /* C1 CSI as UTF-8 */
        { "\xff\xfe", "\\xff\\xfe", 2 },
        { "\xc3", "\\xc3", 1 }, /* cut in the middle */
        { "\xe2\x82", "\\xe2\\x82", 2 },
        { "\xc0\xaf", "\\xc0\\xaf", 2 }, /* overlong slash */
        { "\xe0\x80\xaf", "\\xe0\\x80\\xaf", 3 },
        { "\xed\xa0\x80", "\\xed\\xa0\\x80", 3 }, /* surrogate */
        { "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80", 4 }, /* above U+10FFFF */
        { "\xe2\x80\xae" "gpj", "\\xe2\\x80\\xaegpj", 6 }, /* right-to-left override */
        { "\xe2\x81\xa6", "\\xe2\\x81\\xa6", 3 }, /* isolate */
        { "a\xe2\x80\x8b" "b", "a\\xe2\\x80\\x8bb", 5 }, /* zero-width space */
        { "\xe2\x80\xa8", "\\xe2\\x80\\xa8", 3 }, /* line separator */
        { "\xf3\xa0\x81\x81", "\\xf3\\xa0\\x81\\x81", 4 }, /* tag character */
        { "\\x41", "\\x5cx41", 4 }, /* so that \x41 always means a byte */
    };
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++)
        assert_string_equal(escaped(t[i].wire, t[i].n), t[i].text);
}

static void a_small_buffer_cuts_between_characters(void **state)
{
    (void)state;
    static const char wire[] = "ab\xc3\xbc\x01z";
    char buf[16];
    static const char *const at[] = { "", "", "a", "ab", "ab", "ab\xc3\xbc", "ab\xc3\xbc", "ab\xc3\xbc", "ab\xc3\xbc",
                                      "ab\xc3\xbc\\x01", "ab\xc3\xbc\\x01z" };
    for (size_t cap = 1; cap < sizeof at / sizeof at[0]; cap++)
        assert_string_equal(escape_text(rd_of(wire, sizeof wire - 1), buf, cap), at[cap]);
}

/* Whatever the bytes: printable, well-formed enough to hold no control byte, never longer than it may be. */
static void no_byte_makes_a_control_character(void **state)
{
    (void)state;
    for (unsigned a = 0; a < 256; a++)
        for (unsigned b = 0; b < 256; b++) {
            const uint8_t two[2] = { (uint8_t)a, (uint8_t)b };
            for (const char *p = escaped(two, 2); *p; p++)
                assert_true((unsigned char)*p >= 0x20 && *p != 0x7f);
        }
}

static const char *json_of(const void *bytes, size_t n)
{
    static struct json_out j;
    json_out_free(&j);
    json_wire(&j, NULL, rd_of(guarded(bytes, n), n));
    json_uint(&j, NULL, 0); /* the terminator needs room; anything does */
    assert_false(j.failed);
    j.p[j.n - 2] = '\0';
    return j.p;
}

static void json_quotes_what_escaping_leaves(void **state)
{
    (void)state;
    assert_string_equal(json_of("a\"b\\c", 5), "\"a\\\"b\\\\c\"");
    assert_string_equal(json_of("\x1b", 1), "\"\\\\x1b\"");
    assert_string_equal(json_of("b\xc3\xbc", 3), "\"b\xc3\xbc\"");
    assert_string_equal(json_of("", 0), "\"\"");
}

static void json_punctuates_by_itself(void **state)
{
    (void)state;
    struct json_out j = { 0 };
    json_object(&j, NULL);
    json_uint(&j, "a", UINT64_MAX);
    json_array(&j, "b");
    json_newline(&j);
    json_hex(&j, NULL, 0xc02f, 4);
    json_newline(&j);
    json_object(&j, NULL);
    json_end_object(&j);
    json_newline(&j);
    json_end_array(&j);
    json_array(&j, "c");
    json_end_array(&j);
    json_text(&j, "d", NULL);
    json_bool(&j, "e", false);
    json_bytes(&j, "f", (const uint8_t *)"\x01\xff", 2);
    json_end_object(&j);
    json_end_line(&j);
    static const char want[] = "{\"a\":18446744073709551615,\"b\":[\n\"0xc02f\",\n{}\n],\"c\":[],\"d\":null,\"e\":false,"
                               "\"f\":\"01ff\"}\n";
    assert_int_equal(j.n, sizeof want - 1);
    assert_memory_equal(j.p, want, sizeof want - 1);
    json_out_free(&j);
}

static void times_are_utc(void **state)
{
    (void)state;
    static const struct {
        int64_t s;
        const char *text;
    } t[] = { { 0, "1970-01-01T00:00:00" },          { -1, "1969-12-31T23:59:59" },
              { 951782400, "2000-02-29T00:00:00" },  { 4107542399, "2100-02-28T23:59:59" },
              { 4107542400, "2100-03-01T00:00:00" }, { 253402300799, "9999-12-31T23:59:59" },
              { 1767322996, "2026-01-02T03:03:16" } };
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        char buf[STAMP_SECONDS + 1] = "";
        assert_true(stamp_write(t[i].s, buf));
        assert_string_equal(buf, t[i].text);
    }
    char buf[STAMP_SECONDS];
    assert_false(stamp_write(253402300800, buf));
    assert_false(stamp_write(INT64_MIN, buf));
    assert_false(stamp_write(INT64_MAX, buf));
    struct json_out j = { 0 };
    json_time(&j, NULL, -1);
    json_time(&j, NULL, 1767322996123456789);
    json_seconds(&j, NULL, 253402300800);
    static const char want[] = "\"1969-12-31T23:59:59.999999Z\",\"2026-01-02T03:03:16.123456Z\",null";
    assert_int_equal(j.n, sizeof want - 1);
    assert_memory_equal(j.p, want, sizeof want - 1);
    json_out_free(&j);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_printable_stays),
        cmocka_unit_test(what_drives_a_terminal_does_not_pass),
        cmocka_unit_test(a_small_buffer_cuts_between_characters),
        cmocka_unit_test(no_byte_makes_a_control_character),
        cmocka_unit_test(json_quotes_what_escaping_leaves),
        cmocka_unit_test(json_punctuates_by_itself),
        cmocka_unit_test(times_are_utc),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
