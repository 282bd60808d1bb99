/* SPDX-License-Identifier: Apache-2.0 */
/* Tables of the text report: what a note holds is printed, however long it is, and no line is longer than the width. */
#include "report/table.h"
#include "tests/unit/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS = 2000, WIDTH = 100 };

static void a_note_of_any_length_is_whole(void **state)
{
    (void)state;
    static char note[WORDS * 8];
    size_t n = 0;
    for (unsigned i = 0; i < WORDS; i++)
        n += (size_t)snprintf(note + n, sizeof note - n, "%sw%04u", i ? " " : "", i);
    struct table t = { .width = WIDTH, .indent = 2 };
    table_column(&t, "server", TABLE_LEFT);
    table_cell(&t, "%s", "10.0.0.1:443");
    table_row(&t);
    table_note(&t, "%s", note);
    char *out;
    size_t length;
    FILE *f = open_memstream(&out, &length);
    assert_non_null(f);
    table_print(&t, f);
    assert_false(t.failed);
    table_free(&t);
    assert_int_equal(fclose(f), 0);
    unsigned words = 0, in_line = 0;
    for (const char *at = out; *at; at++) {
        in_line = *at == '\n' ? 0 : in_line + 1;
        assert_true(in_line <= WIDTH);
        unsigned number;
        if (*at == 'w' && sscanf(at, "w%4u", &number) == 1)
            assert_int_equal(number, words++);
    }
    assert_int_equal(words, WORDS);
    free(out);
}

/* The table as text; no line is longer than the width. */
static char *printed(struct table *t)
{
    char *out;
    size_t length;
    FILE *f = open_memstream(&out, &length);
    assert_non_null(f);
    t->width = WIDTH;
    t->indent = 2;
    table_print(t, f);
    assert_false(t->failed);
    table_free(t);
    assert_int_equal(fclose(f), 0);
    unsigned in_line = 0;
    for (const char *at = out; *at; at++) {
        in_line = *at == '\n' ? 0 : in_line + 1;
        assert_true(in_line <= WIDTH);
    }
    return out;
}

static void row(struct table *t, const char *const cell[], unsigned cells)
{
    for (unsigned i = 0; i < cells; i++)
        table_cell(t, "%s", cell[i]);
    table_row(t);
}

/* Addresses that have no room beside each other stand on lines of their own, whole; the rows of others stay as they are. */
static void two_long_addresses_in_a_row(void **state)
{
    (void)state;
    static const char *const title[] = { "client", "server", "verdict", "chosen", "offers", "handshakes" };
    static const char *const long_row[] = { "2001:db8:85a3:1111:222a:8a2e:a14:31f printer-2nd-floor",
                                            "[2001:db8:85a3:1111:222a:8a2e:a14:10c]:25 mail.office.example smtp", "server-first",
                                            "TLS 1.0", "TLS 1.2", "7" };
    static const char *const short_row[] = { "10.20.2.40 scale-hall-3", "10.20.1.11:443 erp.office.example", "breaks", "TLS 1.0", "TLS 1.0", "6" };
    struct table t = { 0 };
    for (unsigned i = 0; i < 6; i++)
        table_column(&t, title[i], i == 5 ? TABLE_RIGHT : i < 2 ? TABLE_ALONE | TABLE_WRAP : TABLE_LEFT);
    row(&t, long_row, 6);
    row(&t, short_row, 6);
    char *out = printed(&t);
    assert_string_equal(out,
        "  client                      server                      verdict       chosen   offers   handshakes\n"
        "  2001:db8:85a3:1111:222a:8a2e:a14:31f printer-2nd-floor\n"
        "                              [2001:db8:85a3:1111:222a:8a2e:a14:10c]:25 mail.office.example smtp\n"
        "                                                          server-first  TLS 1.0  TLS 1.2           7\n"
        "  10.20.2.40 scale-hall-3     10.20.1.11:443              breaks        TLS 1.0  TLS 1.0           6\n"
        "                              erp.office.example\n");
    free(out);
}

/* What cannot make the room that is needed does not break its cells for nothing. */
static void a_long_address_leaves_other_columns_as_they_are(void **state)
{
    (void)state;
    static const char *const title[] = { "client", "stacks", "lowest", "best offer", "servers", "handshakes", "failed", "held back by" };
    static const char *const cell[] = { "2001:db8:85a3:1111:222a:8a2e:a14:31f", "3", "TLS 1.2", "TLS 1.2-1.3", "4", "7", "2", "server, fallback" };
    struct table t = { 0 };
    for (unsigned i = 0; i < 8; i++)
        table_column(&t, title[i], i == 0 ? TABLE_ALONE : i == 3 || i == 7 ? TABLE_WRAP : TABLE_LEFT);
    row(&t, cell, 8);
    char *out = printed(&t);
    assert_non_null(strstr(out, "\n  2001:db8:85a3:1111:222a:8a2e:a14:31f\n"));
    assert_non_null(strstr(out, "TLS 1.2-1.3"));
    assert_non_null(strstr(out, "server, fallback"));
    free(out);
}

/* A word that is too wide for its column and may not stand alone goes on below; nothing of it is left out. */
static void nothing_is_cut(void **state)
{
    (void)state;
    static char path[3 * WIDTH + 1];
    for (unsigned i = 0; i < sizeof path - 1; i++)
        path[i] = (char)('a' + i % 26);
    struct table t = { 0 };
    table_column(&t, "capture", TABLE_WRAP);
    table_column(&t, "packets", TABLE_RIGHT);
    table_cell(&t, "%s", path);
    table_cell(&t, "%s", "1");
    table_row(&t);
    char *out = printed(&t);
    const char *want = path;
    for (const char *at = strchr(out, '\n'); *at; at++)
        want += *at == *want && *want;
    assert_int_equal(*want, '\0');
    free(out);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(a_note_of_any_length_is_whole), cmocka_unit_test(two_long_addresses_in_a_row),
                                        cmocka_unit_test(a_long_address_leaves_other_columns_as_they_are),
                                        cmocka_unit_test(nothing_is_cut) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
