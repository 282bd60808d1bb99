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

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(a_note_of_any_length_is_whole) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
