/* SPDX-License-Identifier: Apache-2.0 */
/* ServerKeyExchange as each key exchange writes it. */
#include "tests/unit/test.h"

#include "dissect/kex.h"

static const struct {
    const char *name;
    uint32_t suite;
    uint16_t version;
    const char *hex;
    bool ok;
    uint16_t group, dh_bits, sigscheme;
} rows[] = {
    { "ECDHE, 1.2", 0xc02f, VER_TLS12, "03 001d 02 aabb 0804 0003 010203", true, 29, 0, 0x0804 },
    { "ECDHE, 1.0: no algorithm", 0xc013, VER_TLS10, "03 0017 02 aabb 0003 010203", true, 23, 0, 0 },
    { "ECDHE ECDSA", 0xc02b, VER_TLS12, "03 0018 02 aabb 0403 0003 010203", true, 24, 0, 0x0403 },
    { "ECDH_anon", 0xc018, VER_TLS12, "03 0017 02 aabb", true, 23, 0, 0 },
    { "ECDH_anon with a signature", 0xc018, VER_TLS12, "03 0017 02 aabb 0403 0001 00", false, 0, 0, 0 },
    { "explicit prime curve", 0xc013, VER_TLS12, "01 0102030405", true, 0xff01, 0, 0 },
    { "explicit char2 curve", 0xc013, VER_TLS12, "02 0102030405", true, 0xff02, 0, 0 },
    { "no such curve type", 0xc013, VER_TLS12, "04 0017 02 aabb 0401 0001 00", false, 0, 0, 0 },
    { "ECDHE_PSK", 0xc037, VER_TLS12, "0002 6869 03 001d 02 aabb", true, 29, 0, 0 },
    { "DHE, 1.2", 0x0033, VER_TLS12, "0004 80000001 0001 02 0002 0102 0401 0003 010203", true, 0, 32, 0x0401 },
    { "DHE, SSLv3", 0x0016, VER_SSL3, "0004 00800001 0001 02 0002 0102 0003 010203", true, 0, 24, 0 },
    { "DHE DSS", 0x0032, VER_TLS12, "0002 0001 0001 02 0002 0102 0202 0003 010203", true, 0, 1, 0x0202 },
    { "DH_anon", 0x0034, VER_TLS12, "0002 ffff 0001 02 0002 0102", true, 0, 16, 0 },
    { "DHE_PSK", 0x00aa, VER_TLS12, "0000 0002 ffff 0001 02 0002 0102", true, 0, 16, 0 },
    { "PSK: a hint only", 0x00a8, VER_TLS12, "0002 6869", false, 0, 0, 0 },
    { "SRP", 0xc01d, VER_TLS12, "0002 ffff 0001 02 01 aa 0002 0102", true, 0, 0, 0 },
    { "SRP with RSA", 0xc01e, VER_TLS12, "0002 ffff 0001 02 01 aa 0002 0102 0401 0001 00", true, 0, 0, 0x0401 },
    { "RSA export", 0x0003, VER_TLS10, "0002 ffff 0003 010001 0003 010203", true, 0, 0, 0 },
    { "TLS 1.3 has none", 0x1301, VER_TLS13, "03 001d 02 aabb 0804 0003 010203", false, 0, 0, 0 },
};

static void each_key_exchange(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t b[128];
        struct kex k;
        size_t n = unhex(rows[i].hex, b, sizeof b);
        const struct suite *suite = suite_find(rows[i].suite);
        assert_non_null(suite);
        bool ok = server_key_exchange_parse(rd_of(guarded(b, n), n), suite, rows[i].version, &k);
        if (ok != rows[i].ok ||
            (ok && (k.group != rows[i].group || k.dh_bits != rows[i].dh_bits || k.sigscheme != rows[i].sigscheme)))
            fail_msg("%s: %d group %u bits %u scheme %04x", rows[i].name, ok, k.group, k.dh_bits, k.sigscheme);
        for (size_t cut = 0; cut < n && rows[i].ok && k.group < 0xff00; cut++)
            assert_false(server_key_exchange_parse(rd_of(guarded(b, cut), cut), suite, rows[i].version, &k));
        b[n] = 0;
        if (k.group < 0xff00)
            assert_false(server_key_exchange_parse(rd_of(guarded(b, n + 1), n + 1), suite, rows[i].version, &k));
    }
}

/* The prime of RFC 7919's ffdhe2048, appendix A.1. */
static const char ffdhe2048[] = "ffffffffffffffffadf85458a2bb4a9aafdc5620273d3cf1d8b9c583ce2d3695a9e13641146433fbcc939dce24"
                                "9b3ef97d2fe363630c75d8f681b202"
                                "aec4617ad3df1ed5d5fd65612433f51f5f066ed0856365553ded1af3b557135e7f57c935984f0c70e0e68b77e2"
                                "a689daf3efe8721df158a136ade735"
                                "30acca4f483a797abc0ab182b324fb61d108a94bb2c8e3fbb96adab760d7f4681d4f42a3de394df4ae56ede763"
                                "72bb190b07a7c8ee0a6d709e02fce1"
                                "cdf7e2ecc03404cd28342f619172fe9ce98583ff8e4f1232eef28183c3fe3b1b4c6fad733bb5fcbc2ec22005c5"
                                "8ef1837d1683b2c6f34a26c1b2effa"
                                "886b423861285c97ffffffffffffffff";

static void named_primes(void **state)
{
    (void)state;
    uint8_t b[512];
    struct kex k;
    size_t n = 2 + unhex(ffdhe2048, b + 2, sizeof b - 2);
    b[0] = 1;
    b[1] = 0;
    n += unhex("0001 02 0002 0102", b + n, sizeof b - n);
    const struct suite *anon = suite_find(0x0034);
    assert_true(server_key_exchange_parse(rd_of(guarded(b, n), n), anon, VER_TLS12, &k));
    assert_int_equal(k.group, 256);
    assert_int_equal(k.dh_bits, 2048);
    b[2 + 256 - 9] ^= 1; /* another prime */
    assert_true(server_key_exchange_parse(rd_of(guarded(b, n), n), anon, VER_TLS12, &k));
    assert_int_equal(k.group, 0);
    assert_int_equal(k.dh_bits, 2048);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_key_exchange),
        cmocka_unit_test(named_primes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
