/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"
#include "report/names_file.h"

static char path[64];

static struct names_file *read_text(const char *text, size_t n, struct err *e)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
    e->text[0] = '\0';
    return names_file_read(path, e);
}

static void expect(const struct names_file *n, const char *address, const char *name, const char *owner)
{
    struct addr a;
    assert_int_equal(addr_parse(address, &a), 0);
    const struct named *found = names_file_find(n, &a);
    if (!name) {
        assert_null(found);
        return;
    }
    assert_non_null(found);
    assert_string_equal(found->name, name);
    assert_string_equal(found->owner, owner);
}

static void the_longest_prefix_names_an_address(void **state)
{
    (void)state;
    static const char text[] = "# printers and their keepers\n"
                               "\n"
                               "192.0.2.0/24\toffice  Ada Lovelace, floor 3 \r\n"
                               "192.0.2.7 printer\n"
                               "  192.0.2.128/25 lab\tb\tc  \n"
                               "0.0.0.0/0 internet\n"
                               "2001:db8::1/32 six\n"
                               "2001:db8::5 six-five M\xc3\xbcller\n"
                               "::ffff:198.51.100.1 mapped\n"
                               "00:11:22:33:44:55 badge # no comment here";
    struct err e;
    struct names_file *n = read_text(text, sizeof text - 1, &e);
    if (!n)
        fail_msg("%s", e.text);
    expect(n, "192.0.2.1", "office", "Ada Lovelace, floor 3");
    expect(n, "192.0.2.7", "printer", "");
    expect(n, "192.0.2.200", "lab", "b\tc");
    expect(n, "203.0.113.9", "internet", "");
    expect(n, "2001:db8:ffff::", "six", "");
    expect(n, "2001:db8::5", "six-five", "M\xc3\xbcller");
    expect(n, "2001:db9::", NULL, NULL);
    expect(n, "198.51.100.1", "mapped", "");
    expect(n, "00:11:22:33:44:55", "badge", "# no comment here");
    expect(n, "00:11:22:33:44:56", NULL, NULL);
    struct addr pseudo = { .kind = ADDR_PSEUDO }, none = { .kind = ADDR_NONE };
    assert_null(names_file_find(n, &pseudo));
    assert_null(names_file_find(n, &none));
    assert_null(names_file_find(NULL, &none));
    names_file_free(n);
    names_file_free(NULL);
}

static void an_empty_file_names_nothing(void **state)
{
    (void)state;
    struct err e;
    struct names_file *n = read_text("", 0, &e);
    assert_non_null(n);
    expect(n, "192.0.2.1", NULL, NULL);
    names_file_free(n);
}

static void errors_name_file_and_line(void **state)
{
    (void)state;
    static const struct {
        const char *text, *line, *words;
    } bad[] = {
        { "192.0.2.1\n", ":1:", "no name" },
        { "# x\n192.0.2.1 a\nmail b\n", ":3:", "\"mail\" is not an address" },
        { "192.0.2.1/33 a\n", ":1:", "is not an address" },
        { "192.0.2.1/ a\n", ":1:", "is not an address" },
        { "2001:db8::/129 a\n", ":1:", "is not an address" },
        { "192.0.2.1 a\n192.0.2.1/32 b\n", ":2:", "line 1 already" },
        { "192.0.2.1/24 a\n\n192.0.2.99/24 b\n", ":3:", "line 1 already" },
        { "192.0.2.1 a\x1b[2J\n", ":1:", "not text" },
        { "\x1f\x8b\x08 gzip\n", ":1:", "not text" },
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct err e;
        assert_null(read_text(bad[i].text, strlen(bad[i].text), &e));
        if (!strstr(e.text, path) || !strstr(e.text, bad[i].line) || !strstr(e.text, bad[i].words))
            fail_msg("%s", e.text);
    }
    struct err e;
    assert_null(names_file_read("/nonexistent/names", &e));
    assert_non_null(strstr(e.text, "/nonexistent/names: "));
    assert_null(names_file_read("/", &e));
    assert_true(e.text[0] == '/');
}

static void long_lines_are_refused(void **state)
{
    (void)state;
    char text[3000];
    struct err e;
    memset(text, 'a', sizeof text);
    memcpy(text, "192.0.2.1 ", 10);
    text[1022] = '\n';
    struct names_file *n = read_text(text, 1023, &e);
    assert_non_null(n);
    names_file_free(n);
    text[1022] = 'a';
    text[1023] = '\n';
    assert_null(read_text(text, sizeof text, &e));
    assert_non_null(strstr(e.text, ":1:"));
    assert_non_null(strstr(e.text, "longer than"));
}

static int make_file(void **state)
{
    (void)state;
    const char *tmp = getenv("TMPDIR");
    (void)snprintf(path, sizeof path, "%.40s/names.XXXXXX", tmp ? tmp : "/tmp");
    int fd = mkstemp(path);
    return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_longest_prefix_names_an_address),
        cmocka_unit_test(an_empty_file_names_nothing),
        cmocka_unit_test(errors_name_file_and_line),
        cmocka_unit_test(long_lines_are_refused),
    };
    return cmocka_run_group_tests(tests, make_file, remove_file);
}
