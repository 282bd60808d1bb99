/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include "dissect/names.h"

static void check_suite(uint32_t id, const char *iana, const char *openssl, uint8_t kx, uint8_t au, unsigned bits,
  uint8_t mode)
{
    const struct suite *s = suite_find(id);
    assert_non_null(s);
    assert_int_equal(s->id, id);
    assert_string_equal(s->iana, iana);
    if (openssl)
        assert_string_equal(s->openssl, openssl);
    else
        assert_null(s->openssl);
    assert_int_equal(s->kx, kx);
    assert_int_equal(s->au, au);
    assert_int_equal(s->bits, bits);
    assert_int_equal(s->mode, mode);
}

static void test_suites(void **state)
{
    (void)state;
    check_suite(0xc02f, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "ECDHE-RSA-AES128-GCM-SHA256", KX_ECDHE, AU_RSA, 128,
      MODE_AEAD);
    check_suite(0x000a, "TLS_RSA_WITH_3DES_EDE_CBC_SHA", "DES-CBC3-SHA", KX_RSA, AU_RSA, 112, MODE_CBC);
    check_suite(0x0009, "TLS_RSA_WITH_DES_CBC_SHA", "DES-CBC-SHA", KX_RSA, AU_RSA, 56, MODE_CBC);
    check_suite(0x0003, "TLS_RSA_EXPORT_WITH_RC4_40_MD5", "EXP-RC4-MD5", KX_RSA, AU_RSA, 40, MODE_STREAM);
    check_suite(0x0014, "TLS_DHE_RSA_EXPORT_WITH_DES40_CBC_SHA", "EXP-EDH-RSA-DES-CBC-SHA", KX_DHE, AU_RSA, 40, MODE_CBC);
    check_suite(0x0065, "TLS_DHE_DSS_EXPORT1024_WITH_RC4_56_SHA", "EXP1024-DHE-DSS-RC4-SHA", KX_DHE, AU_DSS, 56,
      MODE_STREAM);
    check_suite(0x0018, "TLS_DH_anon_WITH_RC4_128_MD5", "ADH-RC4-MD5", KX_DHE, AU_NONE, 128, MODE_STREAM);
    check_suite(0x0030, "TLS_DH_DSS_WITH_AES_128_CBC_SHA", "DH-DSS-AES128-SHA", KX_DH, AU_DH, 128, MODE_CBC);
    check_suite(0xc004, "TLS_ECDH_ECDSA_WITH_AES_128_CBC_SHA", "ECDH-ECDSA-AES128-SHA", KX_ECDH, AU_ECDH, 128, MODE_CBC);
    check_suite(0xc0aa, "TLS_PSK_DHE_WITH_AES_128_CCM_8", "DHE-PSK-AES128-CCM8", KX_DHE_PSK, AU_PSK, 128, MODE_AEAD);
    check_suite(0x1301, "TLS_AES_128_GCM_SHA256", "TLS_AES_128_GCM_SHA256", KX_ANY, AU_ANY, 128, MODE_AEAD);
    check_suite(0x00c6, "TLS_SM4_GCM_SM3", NULL, KX_ANY, AU_ANY, 128, MODE_AEAD);
    check_suite(0xc0b4, "TLS_SHA256_SHA256", NULL, KX_ANY, AU_ANY, 0, MODE_NULL);
    check_suite(0xc103, "TLS_GOSTR341112_256_WITH_KUZNYECHIK_MGM_L", NULL, KX_GOST, AU_GOST, 256, MODE_AEAD);
    check_suite(0x0081, "TLS_GOSTR341001_WITH_28147_CNT_IMIT", "GOST2001-GOST89-GOST89", KX_GOST, AU_GOST, 256, MODE_CNT);
    check_suite(0xcc14, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256_OLD", "ECDHE-ECDSA-CHACHA20-POLY1305-OLD", KX_ECDHE,
                AU_ECDSA, 256, MODE_AEAD);
    check_suite(0x010080, "SSL_CK_RC4_128_WITH_MD5", "RC4-MD5", KX_RSA, AU_RSA, 128, MODE_STREAM);
    check_suite(0x0700c0, "SSL_CK_DES_192_EDE3_CBC_WITH_MD5", "DES-CBC3-MD5", KX_RSA, AU_RSA, 112, MODE_CBC);
    assert_null(suite_find(0x0a0a));
    assert_null(suite_find(0xfffe));
    assert_null(suite_find(0xffffffff));
    assert_true(suite_find(0x00ff)->signalling && suite_find(0x5600)->signalling && !suite_find(0x0000)->signalling);
    assert_true(suite_find(0x0003)->export_grade && suite_find(0x020080)->export_grade && !suite_find(0x0004)->export_grade);
    assert_true(suite_find(0xc02f)->pfs && suite_find(0x1301)->pfs && !suite_find(0x009c)->pfs && !suite_find(0xc004)->pfs);
}

/* What policies rely on holds for every row. */
static void test_suite_table(void **state)
{
    (void)state;
    size_t n;
    const struct suite *t = suite_table(&n);
    assert_true(n > 420);
    for (size_t i = 0; i < n; i++) {
        const struct suite *s = &t[i];
        assert_true(i == 0 || t[i - 1].id < s->id);
        assert_ptr_equal(suite_find(s->id), s);
        assert_ptr_equal(suite_by_name(s->iana), s);
        assert_true(!s->openssl || strcmp(suite_by_name(s->openssl)->openssl, s->openssl) == 0);
        assert_true(*suite_kx_name(s->kx) && *suite_au_name(s->au) && *suite_mode_name(s->mode));
        assert_true((s->mode == MODE_NULL) == (s->bits == 0));
        assert_true((s->mode == MODE_AEAD) == (strcmp(s->mac, "AEAD") == 0));
        assert_true(!s->export_grade || s->bits <= 56);
        assert_true(version_rank(s->min_version) <= version_rank(s->max_version));
        assert_true(strstr(s->iana, "_GCM_") == NULL || version_rank(s->min_version) >= version_rank(VER_TLS12));
        assert_true((s->id > 0xffff) == (s->max_version == VER_SSL2));
    }
}

static void test_suite_by_name(void **state)
{
    (void)state;
    assert_int_equal(suite_by_name("tls_rsa_with_rc4_128_md5")->id, 4);
    assert_int_equal(suite_by_name("RC4-MD5")->id, 4); /* not the SSLv2 kind of the same name */
    assert_int_equal(suite_by_name("DHE-RSA-DES-CBC3-SHA")->id, 0x16);
    assert_int_equal(suite_by_name("EDH-RSA-DES-CBC3-SHA")->id, 0x16);
    assert_null(suite_by_name(""));
    assert_null(suite_by_name("RC4"));
    assert_null(suite_by_name("TLS_RSA_WITH_RC4_128_MD5 "));
    assert_string_equal(suite_kx_name(KX_ECDHE_PSK), "ECDHE_PSK");
    assert_string_equal(suite_au_name(AU_NONE), "None");
    assert_string_equal(suite_mode_name(MODE_AEAD), "aead");
}

static void test_groups(void **state)
{
    (void)state;
    static const struct {
        uint16_t id, bits;
        bool pq;
        const char *name;
    } expected[] = {
        { 29, 255, false, "x25519" },         { 30, 448, false, "x448" },          { 23, 256, false, "secp256r1" },
        { 25, 521, false, "secp521r1" },      { 9, 283, false, "sect283k1" },      { 26, 256, false, "brainpoolP256r1" },
        { 256, 2048, false, "ffdhe2048" },    { 260, 8192, false, "ffdhe8192" },   { 34, 256, false, "GC256A" },
        { 4588, 255, true, "X25519MLKEM768" }, { 4587, 256, true, "SecP256r1MLKEM768" },
        { 4589, 384, true, "SecP384r1MLKEM1024" }, { 25497, 255, true, "X25519Kyber768Draft00" },
        { 513, 0, false, "MLKEM768" },        { 0xff01, 0, false, "arbitrary_explicit_prime_curves" },
    };
    char buf[NAME_TEXT];
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        assert_string_equal(group_name(expected[i].id, buf), expected[i].name);
        assert_int_equal(group_bits(expected[i].id), expected[i].bits);
        assert_int_equal(group_is_hybrid_pq(expected[i].id), expected[i].pq);
        assert_int_equal(group_by_name(expected[i].name), expected[i].id);
    }
    assert_string_equal(group_name(0x6a6a, buf), "0x6a6a");
    assert_int_equal(group_bits(0x6a6a), 0);
    assert_false(group_is_hybrid_pq(0x6a6a));
    assert_int_equal(group_by_name("prime256v1"), 23);
    assert_int_equal(group_by_name("P-256"), 23);
    assert_int_equal(group_by_name("X25519"), 29);
    assert_int_equal(group_by_name("x255190"), 0);
}

static void test_other_names(void **state)
{
    (void)state;
    char buf[NAME_TEXT];
    assert_string_equal(sigscheme_name(0x0804, buf), "rsa_pss_rsae_sha256");
    assert_string_equal(sigscheme_name(0x0201, buf), "rsa_pkcs1_sha1");
    assert_string_equal(sigscheme_name(0x0202, buf), "dsa_sha1");
    assert_string_equal(sigscheme_name(0x0905, buf), "mldsa65");
    assert_string_equal(sigscheme_name(0xfffe, buf), "0xfffe");
    assert_int_equal(sigscheme_by_name("ECDSA_secp256r1_sha256"), 0x0403);
    assert_int_equal(sigscheme_by_name("rsa"), 0);
    assert_string_equal(alert_name(40, buf), "handshake_failure");
    assert_string_equal(alert_name(0, buf), "close_notify");
    assert_string_equal(alert_name(120, buf), "no_application_protocol");
    assert_string_equal(alert_name(200, buf), "0xc8");
}

static void test_versions(void **state)
{
    (void)state;
    char buf[NAME_TEXT];
    static const struct {
        uint16_t wire, canonical;
        int rank;
        const char *name;
    } v[] = {
        { 0x0002, VER_SSL2, 1, "SSLv2" },      { 0x0300, VER_SSL3, 2, "SSLv3" },       { 0x0301, VER_TLS10, 3, "TLSv1.0" },
        { 0x0302, VER_TLS11, 4, "TLSv1.1" },   { 0x0303, VER_TLS12, 5, "TLSv1.2" },    { 0x0304, VER_TLS13, 6, "TLSv1.3" },
        { 0xfeff, VER_DTLS10, 4, "DTLSv1.0" }, { 0xfefd, VER_DTLS12, 5, "DTLSv1.2" },  { 0xfefc, VER_DTLS13, 6,
          "DTLSv1.3" },
        { 0x0100, VER_DTLS10, 4, "DTLSv1.0" }, { 0x7f1c, VER_TLS13, 6, "TLSv1.3-draft28" },
        { 0x7e01, VER_TLS13, 6, "0x7e01" },    { 0x7e02, VER_TLS13, 6, "0x7e02" },     { 0xfb17, VER_TLS13, 6, "0xfb17" },
        { 0x0000, VER_NONE, 0, "0x0000" },     { 0x0305, VER_NONE, 0, "0x0305" },      { 0x0a0a, VER_NONE, 0, "0x0a0a" },
        { 0x7a7a, VER_NONE, 0, "0x7a7a" },     { 0xfafa, VER_NONE, 0, "0xfafa" },      { 0xfefe, VER_NONE, 0, "0xfefe" },
    };
    for (size_t i = 0; i < sizeof v / sizeof *v; i++) {
        assert_int_equal(version_canonical(v[i].wire), v[i].canonical);
        assert_int_equal(version_rank(v[i].wire), v[i].rank);
        assert_string_equal(version_name(v[i].wire, buf), v[i].name);
    }
    static const struct {
        const char *text;
        uint16_t version;
    } names[] = {
        { "TLSv1", VER_TLS10 },     { "TLSv1.0", VER_TLS10 }, { "tls1.0", VER_TLS10 },   { "1.2", VER_TLS12 },
        { "TLS 1.2", VER_TLS12 },   { "TLSv1_3", VER_TLS13 }, { "SSLv2", VER_SSL2 },     { "ssl3", VER_SSL3 },
        { "SSL 3.0", VER_SSL3 },    { "DTLSv1", VER_DTLS10 }, { "dtls1.2", VER_DTLS12 }, { "DTLSv1.3", VER_DTLS13 },
        { "", VER_NONE },           { "TLS", VER_NONE },      { "TLSv1.4", VER_NONE },   { "DTLSv1.1", VER_NONE },
        { "2", VER_NONE },          { "TLSv1.2x", VER_NONE }, { "SSLv1", VER_NONE },     { "TLSv1.2.3.4", VER_NONE },
        { "transport", VER_NONE },
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_int_equal(version_by_name(names[i].text), names[i].version);
}

static void test_grease(void **state)
{
    (void)state;
    unsigned n = 0;
    for (uint32_t v = 0; v <= 0xffff; v++)
        n += grease((uint16_t)v);
    assert_int_equal(n, 16);
    assert_true(grease(0x0a0a) && grease(0xfafa) && !grease(0x0a1a));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_suites),   cmocka_unit_test(test_suite_table), cmocka_unit_test(test_suite_by_name),
        cmocka_unit_test(test_groups),   cmocka_unit_test(test_other_names), cmocka_unit_test(test_versions),
        cmocka_unit_test(test_grease),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
