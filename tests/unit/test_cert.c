/* SPDX-License-Identifier: Apache-2.0 */
/* The certificates are those of the fuzz corpus, made by tests/fuzz/make_certs.py with the parameters that are expected here. */
#include "tests/unit/test.h"

#include "base/limits.h"
#include "dissect/cert.h"
#include "dissect/names.h"

enum { GROUP_SECP224R1 = 21, GROUP_SECP256R1 = 23, GROUP_SECP384R1 = 24, GROUP_BRAINPOOL256 = 26 };
static const int64_t NOT_BEFORE = 1704067200, NOT_AFTER = 2556143999; /* 2024-01-01 00:00:00, 2050-12-31 23:59:59 */

static size_t load(const char *name, uint8_t *out, size_t cap)
{
    char path[256];
    (void)snprintf(path, sizeof path, "tests/fuzz/corpus/fuzz_cert/%s.der", name);
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    size_t n = fread(out, 1, cap, f);
    assert_true(n > 0 && n < cap);
    fclose(f);
    return n;
}

static struct rd der_of(const char *name)
{
    static uint8_t buf[8192];
    size_t n = load(name, buf, sizeof buf);
    return rd_of(guarded(buf, n), n);
}

static struct cert_facts facts_of(const char *name)
{
    struct cert_facts f;
    assert_true(cert_parse(der_of(name), &f));
    return f;
}

static void test_kinds(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint8_t key;
        uint16_t bits, curve;
        const char *sigalg;
        uint16_t hash;
        bool self_signed;
    } expected[] = {
        { "rsa2048-sha256", CERT_KEY_RSA, 2048, 0, "sha256WithRSAEncryption", 256, true },
        { "rsa1024-sha1", CERT_KEY_RSA, 1024, 0, "sha1WithRSAEncryption", 160, true },
        { "rsa512-md5", CERT_KEY_RSA, 512, 0, "md5WithRSAEncryption", 128, true },
        { "rsapss2048-sha384", CERT_KEY_RSA_PSS, 2048, 0, "rsassaPss", 384, true },
        { "rsa2048-pss-signature", CERT_KEY_RSA, 2048, 0, "rsassaPss", 256, true },
        { "dsa2048-sha256", CERT_KEY_DSA, 2048, 0, "dsa_with_SHA256", 256, true },
        { "p256-sha256", CERT_KEY_EC, 256, GROUP_SECP256R1, "ecdsa-with-SHA256", 256, true },
        { "p384-sha384", CERT_KEY_EC, 384, GROUP_SECP384R1, "ecdsa-with-SHA384", 384, true },
        { "secp224r1-sha224", CERT_KEY_EC, 224, GROUP_SECP224R1, "ecdsa-with-SHA224", 224, true },
        { "brainpool256-sha256", CERT_KEY_EC, 256, GROUP_BRAINPOOL256, "ecdsa-with-SHA256", 256, true },
        { "p256-explicit", CERT_KEY_EC, 256, GROUP_SECP256R1, "ecdsa-with-SHA256", 256, true },
        { "secp112r1-explicit", CERT_KEY_EC, 112, 0, "ecdsa-with-SHA256", 256, false }, /* not verified */
        { "ed25519", CERT_KEY_ED25519, 256, 0, "ED25519", 512, true },
        { "ed448", CERT_KEY_ED448, 456, 0, "ED448", 512, true },
        /* Subject is issuer in these too, but the signature is none. */
        { "rsa20480", CERT_KEY_RSA, 20480, 0, "sha256WithRSAEncryption", 256, false },
        { "rsa3072-huge-exponent", CERT_KEY_RSA, 3072, 0, "sha256WithRSAEncryption", 256, false },
        { "md2-signature", CERT_KEY_RSA, 1024, 0, "md2WithRSAEncryption", 128, false },
        { "gost2012-256", CERT_KEY_GOST, 256, 0, "GOST R 34.10-2012 with GOST R 34.11-2012 (256 b", 256, false },
        { "mldsa65", CERT_KEY_MLDSA, 0, 0, "2.16.840.1.101.3.4.3.18", 0, false },
        { "unknown-oids", CERT_KEY_UNKNOWN, 0, 0, "1.3.6.1.4.1.99999.2", 0, false },
    };
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
        struct cert_facts f = facts_of(expected[i].name);
        assert_int_equal(f.key, expected[i].key);
        assert_int_equal(f.key_bits, expected[i].bits);
        assert_int_equal(f.curve, expected[i].curve);
        assert_string_equal(f.sigalg, expected[i].sigalg);
        assert_int_equal(f.sig_hash_bits, expected[i].hash);
        assert_int_equal(f.self_signed, expected[i].self_signed);
    }
}

static void test_text(void **state)
{
    (void)state;
    struct cert_facts f = facts_of("rsa2048-sha256");
    assert_string_equal(f.subject, "CN=rsa2048-sha256,O=Z\xc3\xbcrich\\, GmbH,C=DE");
    assert_string_equal(f.issuer, f.subject);
    assert_string_equal(f.san, "www.example.org,*.example.org,192.0.2.7,2001:db8::7");
    assert_string_equal(f.serial, "a1b2c3");
    assert_int_equal(f.not_before, NOT_BEFORE);
    assert_int_equal(f.not_after, NOT_AFTER);
    assert_false(f.is_ca);
    f = facts_of("rsa1024-sha1");
    assert_true(f.is_ca);
    assert_string_equal(f.san, "");
    assert_string_equal(facts_of("bmp-name").subject, "CN=\xce\xa9mega");
    assert_string_equal(facts_of("negative-serial").serial, "-80");
}

/* Nothing that a name holds reads as an end of text, or as another name. */
static void test_hostile_text(void **state)
{
    (void)state;
    struct cert_facts f = facts_of("nul-in-name");
    assert_string_equal(f.subject, "CN=good.example\\00.evil.example");
    assert_string_equal(f.san, "good.example\\00.evil.example,a\\2cb\\5cc\\ff,?,10.0.0.1");
    f = facts_of("many-names");
    const char *end = f.san + strlen(f.san) - strlen("host-023.example.net,...");
    assert_string_equal(end, "host-023.example.net,..."); /* whole names only: 21 bytes each with the comma */
    assert_int_equal(strncmp(f.san, "host-000.example.net,host-001.", 30), 0);
    assert_true(strlen(f.san) < sizeof f.san);
    f = facts_of("long-name");
    assert_int_equal(strlen(f.subject), 255); /* "CN=" and 126 whole characters of two bytes */
    assert_int_equal((uint8_t)f.subject[254], 0xa9);
    assert_int_equal(strlen(facts_of("long-serial").serial), 62);
    f = facts_of("bad-times");
    assert_int_equal(f.not_before, 0);
    assert_int_equal(f.not_after, INT64_C(253402300799));
    assert_false(cert_parse(der_of("not-utf8"), &f)); /* says UTF8String and is not */
}

static void test_digest(void **state)
{
    (void)state;
    static const uint8_t empty[4] = { 0xe3, 0xb0, 0xc4, 0x42 }, abc[4] = { 0xba, 0x78, 0x16, 0xbf };
    struct cert_facts f;
    assert_false(cert_parse(rd_of(NULL, 0), &f));
    assert_memory_equal(f.sha256, empty, sizeof empty);
    assert_false(cert_parse(rd_of("abc", 3), &f)); /* FIPS 180-2 appendix B.1 */
    assert_memory_equal(f.sha256, abc, sizeof abc);
}

static void test_prefixes(void **state)
{
    (void)state;
    static const char *const names[] = { "rsa2048-sha256", "p256-explicit", "nul-in-name", "rsapss2048-sha384",
      "dsa2048-sha256" };
    static uint8_t buf[8192];
    struct cert_facts f;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t n = load(names[i], buf, sizeof buf);
        for (size_t k = 0; k < n; k++)
            assert_false(cert_parse(rd_of(guarded(buf, k), k), &f));
        assert_true(cert_parse(rd_of(guarded(buf, n), n), &f));
    }
}

static void test_changed(void **state)
{
    (void)state;
    static uint8_t buf[8192];
    struct cert_facts f;
    size_t n = load("p256-sha256", buf, sizeof buf);
    buf[n - 1] ^= 1; /* the signature's last byte: still a certificate, no longer self-signed */
    assert_true(cert_parse(rd_of(buf, n), &f));
    assert_false(f.self_signed);
    static uint8_t big[LIMIT_CERT_BYTES + 1];
    assert_false(cert_parse(rd_of(big, sizeof big), &f));
}

static void test_cache(void **state)
{
    (void)state;
    static const char *const names[] = { "rsa2048-sha256", "p256-sha256", "ed25519" };
    static uint8_t buf[3][8192];
    struct rd der[3];
    for (int i = 0; i < 3; i++)
        der[i] = rd_of(buf[i], load(names[i], buf[i], sizeof buf[i]));
    struct cert_cache *c = cert_cache_new(2, 42);
    const struct cert_facts *a = cert_get(c, der[0]), *b = cert_get(c, der[1]);
    assert_string_equal(a->subject, "CN=rsa2048-sha256,O=Z\xc3\xbcrich\\, GmbH,C=DE");
    assert_int_equal(b->key, CERT_KEY_EC);
    assert_ptr_equal(cert_get(c, der[0]), a); /* held twice */
    assert_null(cert_get(c, der[2])); /* both entries are held */
    cert_release(c, a);
    assert_null(cert_get(c, der[2])); /* still held once */
    cert_release(c, a);
    cert_release(c, b);
    a = cert_get(c, der[0]); /* now the second is the least recently used */
    cert_release(c, a);
    const struct cert_facts *e = cert_get(c, der[2]);
    assert_int_equal(e->key, CERT_KEY_ED25519);
    assert_ptr_equal(cert_get(c, der[0]), a);
    assert_int_equal(a->key, CERT_KEY_RSA);
    assert_null(cert_get(c, der[1])); /* replaced, and both are held again */
    cert_release(c, a);
    cert_release(c, e);
    cert_release(c, NULL);
    cert_cache_free(c);
    cert_cache_free(NULL);
}

/* Unreadable bytes are remembered as such and take the place of nothing that is held. */
static void test_cache_unreadable(void **state)
{
    (void)state;
    static uint8_t buf[8192];
    size_t n = load("rsa2048-sha256", buf, sizeof buf);
    struct cert_cache *c = cert_cache_new(4, 1);
    const struct cert_facts *held = cert_get(c, rd_of(buf, n));
    for (size_t k = 0; k < 100; k++) {
        assert_null(cert_get(c, rd_of(buf, k)));
        assert_null(cert_get(c, rd_of(buf, k)));
    }
    assert_ptr_equal(cert_get(c, rd_of(buf, n)), held);
    assert_int_equal(held->key_bits, 2048);
    cert_release(c, held);
    cert_release(c, held);
    cert_cache_free(c);
}

static void test_key_names(void **state)
{
    (void)state;
    assert_string_equal(cert_key_name(CERT_KEY_RSA), "RSA");
    assert_string_equal(cert_key_name(CERT_KEY_MLDSA), "ML-DSA");
    assert_string_equal(cert_key_name(CERT_KEY_UNKNOWN), "unknown");
    assert_string_equal(cert_key_name(200), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds),    cmocka_unit_test(test_text),    cmocka_unit_test(test_hostile_text),
        cmocka_unit_test(test_digest),   cmocka_unit_test(test_prefixes), cmocka_unit_test(test_changed),
        cmocka_unit_test(test_cache),    cmocka_unit_test(test_cache_unreadable), cmocka_unit_test(test_key_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
