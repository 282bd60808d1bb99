/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"
#include "base/addr.h"

static const char *shown(const uint8_t *b, size_t n, uint16_t port)
{
    static char buf[ADDR_TEXT];
    struct endpoint e = { .addr = n == 4 ? addr_ip4(b) : n == 16 ? addr_ip6(b) : addr_mac(b), .port = port };
    return endpoint_print(&e, buf);
}

static void parties_print_as_people_write_them(void **state)
{
    (void)state;
    uint8_t b[16];
    assert_int_equal(unhex("c0000201", b, 16), 4);
    assert_string_equal(shown(b, 4, 443), "192.0.2.1:443");
    assert_string_equal(shown(b, 4, 0), "192.0.2.1");
    assert_int_equal(unhex("20010db8000000000000000000000001", b, 16), 16);
    assert_string_equal(shown(b, 16, 443), "[2001:db8::1]:443");
    assert_string_equal(shown(b, 16, 0), "2001:db8::1");
    assert_int_equal(unhex("fe800000000000000211 22fffe334455", b, 16), 16);
    assert_string_equal(shown(b, 16, 5222), "[fe80::211:22ff:fe33:4455]:5222");
    assert_int_equal(unhex("00000000000000000000ffffc0000201", b, 16), 16);
    assert_string_equal(shown(b, 16, 25), "192.0.2.1:25"); /* IPv4-mapped is IPv4 */
    assert_int_equal(unhex("021122334455", b, 16), 6);
    assert_string_equal(shown(b, 6, 0), "02:11:22:33:44:55");
    struct addr none = { .kind = ADDR_NONE };
    char buf[ADDR_TEXT];
    assert_string_equal(addr_print(&none, buf), "-");
}

static void what_is_printed_is_read(void **state)
{
    (void)state;
    static const char *const same[] = { "192.0.2.1", "2001:db8::1", "fe80::1", "::", "02:11:22:33:44:55" };
    static const struct {
        const char *text, *means;
    } other[] = { { "::ffff:192.0.2.1", "192.0.2.1" }, { "fe80::1%eth0", "fe80::1" }, { "FE80::1%3", "fe80::1" },
                  { "2001:DB8:0:0::1", "2001:db8::1" }, { "02-11-22-33-44-55", "02:11:22:33:44:55" } };
    struct addr a;
    char buf[ADDR_TEXT];
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        assert_int_equal(addr_parse(same[i], &a), 0);
        assert_string_equal(addr_print(&a, buf), same[i]);
    }
    for (size_t i = 0; i < sizeof other / sizeof *other; i++) {
        assert_int_equal(addr_parse(other[i].text, &a), 0);
        assert_string_equal(addr_print(&a, buf), other[i].means);
    }
}

static void what_is_no_address_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = { "", "192.0.2", "192.0.2.256", "2001:db8::1::2", "fe80::1%", "2001:db8::1%eth0", "192.0.2.1%eth0",
                                       "%eth0", "02:11:22:33:44", "02:11:22:33:44:55:66", "example.com",
                                       "fe80:0000:0000:0000:0000:0000:0000:0000:0000:0000:0000%1" };
    struct addr a;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(addr_parse(bad[i], &a), -1);
        assert_int_equal(a.kind, ADDR_NONE);
    }
}

/* By those who use the program alone: nobody on the wire has a pseudonym. */
static void a_pseudonym_is_read_where_a_prefix_is(void **state)
{
    (void)state;
    static const char *const bad[] = { "client-0123456789abcde", "client-0123456789abcdef0", "client-0123456789ABCDEF", "client-",
                                       "client-0123456789abcdef/8", "Client-0123456789abcdef" };
    struct cidr c, other;
    struct addr a;
    char buf[ADDR_TEXT];
    assert_int_equal(cidr_parse_client("client-0123456789abcdef", &c), 0);
    assert_int_equal(c.addr.kind, ADDR_PSEUDO);
    assert_string_equal(addr_print(&c.addr, buf), "client-0123456789abcdef");
    assert_int_equal(cidr_parse_client("client-0123456789abcdee", &other), 0);
    assert_true(cidr_has(&c, &c.addr));
    assert_false(cidr_has(&c, &other.addr));
    assert_int_equal(addr_parse("client-0123456789abcdef", &a), -1);
    assert_int_equal(cidr_parse("client-0123456789abcdef", &c), -1); /* no server has one */
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(cidr_parse_client(bad[i], &c), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parties_print_as_people_write_them),
        cmocka_unit_test(what_is_printed_is_read),
        cmocka_unit_test(what_is_no_address_is_refused),
        cmocka_unit_test(a_pseudonym_is_read_where_a_prefix_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
