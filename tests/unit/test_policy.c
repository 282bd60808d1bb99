/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policies: what each kind of rule says of handshakes, what an offer still holds, and what the built-in files allow,
 * counted from the documents that they encode. A refusal beside each acceptance.
 */
#include "tests/unit/test.h"

#include "dissect/event.h"
#include "report/policy_impl.h"

static struct policy *open_named(const char *name)
{
    struct err e = { "" };
    struct policy *p = policy_open(name, 0, &e);
    if (!p)
        fail_msg("%s", e.text);
    return p;
}

/* One rule, the JSON of its subject, in a policy of its own. */
static struct policy *with_rule(const char *subject)
{
    char text[2048];
    struct err e = { "" };
    int n = snprintf(text, sizeof text,
                     "{ \"title\": \"t\", \"source\": \"s\", \"as_of\": \"2026-01-01\", \"confidence\": \"confirmed\", \"rules\": [ "
                     "{ \"id\": \"r\", \"severity\": \"MUST_NOT\", \"text\": \"t\", \"reference\": \"r\", %s } ] }",
                     subject);
    struct policy *p = policy_parse(text, (size_t)n, "test", "test", &e);
    if (!p)
        fail_msg("%s: %s", subject, e.text);
    return p;
}

static struct choice chose(uint16_t version, uint32_t suite, uint16_t group)
{
    return (struct choice){ .version = version, .suite = suite, .group = group };
}

static enum answer all(const struct policy *p, struct choice c)
{
    return policy_judge_all(p, &c, false, NULL, NULL);
}

static enum answer says(const struct policy *p, const char *id, struct choice c)
{
    for (unsigned i = 0; i < policy_rules(p); i++)
        if (strcmp(policy_rule_id(p, i), id) == 0)
            return policy_judge(p, i, &c);
    fail_msg("%s has no rule %s", policy_name(p), id);
    return ANSWER_NO;
}

/* ---- rule by rule ---- */

static void versions(void **state)
{
    (void)state;
    static const struct {
        uint16_t version;
        enum answer answer;
    } row[] = {
        { VER_SSL2, ANSWER_NO }, { VER_SSL3, ANSWER_NO }, { VER_TLS10, ANSWER_NO }, { VER_TLS11, ANSWER_NO },
        { VER_TLS12, ANSWER_YES }, { VER_TLS13, ANSWER_YES }, { VER_DTLS10, ANSWER_NO }, { VER_DTLS12, ANSWER_YES },
        { VER_DTLS13, ANSWER_YES }, { VER_NONE, ANSWER_NOT_VISIBLE },
    };
    struct policy *p = open_named("tls12-minimum");
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        assert_int_equal(all(p, chose(row[i].version, SUITE_NONE, 0)), row[i].answer);
        assert_int_equal(policy_allows_version(p, row[i].version), row[i].answer == ANSWER_YES);
    }
    policy_free(p);
    p = with_rule("\"version\": { \"tls\": { \"min\": \"TLSv1.1\", \"max\": \"TLSv1.2\" } }");
    assert_int_equal(all(p, chose(VER_TLS10, SUITE_NONE, 0)), ANSWER_NO);
    assert_int_equal(all(p, chose(VER_TLS11, SUITE_NONE, 0)), ANSWER_YES);
    assert_int_equal(all(p, chose(VER_TLS13, SUITE_NONE, 0)), ANSWER_NO);
    assert_int_equal(all(p, chose(VER_DTLS10, SUITE_NONE, 0)), ANSWER_YES); /* nothing is said of DTLS */
    policy_free(p);
}

static void suites(void **state)
{
    (void)state;
    struct policy *p = open_named("rfc9325");
    assert_int_equal(says(p, "rc4", chose(VER_TLS12, 0x0005, 0)), ANSWER_NO);
    assert_int_equal(says(p, "rc4", chose(VER_TLS12, 0xc02f, 0x17)), ANSWER_YES);
    assert_int_equal(says(p, "rc4", chose(VER_TLS12, SUITE_NONE, 0)), ANSWER_NOT_VISIBLE);
    assert_int_equal(says(p, "rc4", chose(VER_TLS12, 0xfefd, 0)), ANSWER_NOT_VISIBLE); /* no such suite */
    assert_int_equal(says(p, "null", chose(VER_TLS12, 0x0002, 0)), ANSWER_NO);
    assert_int_equal(says(p, "null", chose(VER_TLS12, 0x002f, 0)), ANSWER_YES);
    assert_int_equal(says(p, "bits-112", chose(VER_TLS12, 0x0009, 0)), ANSWER_NO);
    assert_int_equal(says(p, "bits-112", chose(VER_TLS12, 0x000a, 0)), ANSWER_YES);
    assert_int_equal(says(p, "bits-128", chose(VER_TLS12, 0x000a, 0)), ANSWER_NO);
    assert_int_equal(says(p, "kx-rsa", chose(VER_TLS12, 0x009c, 0)), ANSWER_NO);
    assert_int_equal(says(p, "kx-rsa", chose(VER_TLS12, 0x009e, 0)), ANSWER_YES);
    assert_int_equal(says(p, "kx-dhe", chose(VER_TLS12, 0x009e, 0)), ANSWER_NO);
    assert_int_equal(says(p, "kx-dhe", chose(VER_DTLS12, 0x009e, 0)), ANSWER_NO); /* "at" stands for both */
    assert_int_equal(says(p, "kx-dhe", chose(VER_TLS11, 0x0033, 0)), ANSWER_YES); /* a rule about TLS 1.2 */
    assert_int_equal(says(p, "kx-dhe", chose(VER_NONE, 0x009e, 0)), ANSWER_NOT_VISIBLE);
    policy_free(p);
    p = with_rule("\"suites\": { \"allow\": [ \"ECDHE-RSA-AES128-GCM-SHA256\" ] }");
    assert_int_equal(all(p, chose(VER_TLS12, 0xc02f, 0)), ANSWER_YES);
    assert_int_equal(all(p, chose(VER_TLS12, 0xc030, 0)), ANSWER_NO);
    assert_int_equal(all(p, chose(VER_TLS12, 0xfefd, 0)), ANSWER_NO);
    policy_free(p);
}

static void cbc_unless_encrypt_then_mac(void **state)
{
    (void)state;
    struct policy *p = open_named("rfc9325");
    struct choice c = chose(VER_TLS12, 0xc013, 0x17);
    assert_int_equal(says(p, "cbc", c), ANSWER_NOT_VISIBLE);
    c.etm = 1;
    assert_int_equal(says(p, "cbc", c), ANSWER_NO);
    c.etm = 2;
    assert_int_equal(says(p, "cbc", c), ANSWER_YES);
    c = chose(VER_TLS12, 0xc02f, 0x17);
    assert_int_equal(says(p, "cbc", c), ANSWER_YES);
    assert_true(policy_allows_suite(p, VER_TLS12, 0xc013, false)); /* SHOULD_NOT does not bind */
    policy_should(p, true);
    assert_false(policy_allows_suite(p, VER_TLS12, 0xc013, false));
    assert_true(policy_allows_suite(p, VER_TLS12, 0xc013, true));
    policy_free(p);
}

static void groups(void **state)
{
    (void)state;
    struct policy *p = open_named("rfc9325");
    assert_int_equal(says(p, "curve-bits", chose(VER_TLS12, 0xc02f, 0x13)), ANSWER_NO); /* secp192r1 */
    assert_int_equal(says(p, "curve-bits", chose(VER_TLS12, 0xc02f, 0x15)), ANSWER_YES); /* secp224r1 */
    assert_int_equal(says(p, "curve-bits", chose(VER_TLS12, 0xc02f, 0)), ANSWER_NOT_VISIBLE);
    assert_int_equal(says(p, "curve-bits", chose(VER_TLS12, 0x009c, 0)), ANSWER_YES); /* RSA has none */
    assert_int_equal(says(p, "curve-bits", chose(VER_TLS13, 0x1301, 0)), ANSWER_NOT_VISIBLE); /* a pre-shared key, or not seen */
    assert_int_equal(says(p, "curve-bits", chose(VER_TLS12, SUITE_NONE, 0)), ANSWER_NOT_VISIBLE);
    policy_free(p);
    p = open_named("mozilla-6-intermediate");
    assert_int_equal(says(p, "groups", chose(VER_TLS13, 0x1301, 0x11ec)), ANSWER_YES); /* X25519MLKEM768 */
    assert_int_equal(says(p, "groups", chose(VER_TLS13, 0x1301, 0x1e)), ANSWER_NO); /* x448 */
    assert_int_equal(says(p, "groups", chose(VER_TLS13, 0x1301, 0x7777)), ANSWER_NO);
    struct choice dhe = chose(VER_TLS12, 0x009e, 0);
    assert_int_equal(says(p, "groups", dhe), ANSWER_NOT_VISIBLE);
    dhe.dh_bits = 2048; /* a prime of one's own: a matter of size */
    assert_int_equal(says(p, "groups", dhe), ANSWER_YES);
    policy_free(p);
    p = with_rule("\"groups\": { \"forbid\": [ \"secp256r1\" ] }");
    struct cert_facts ec = { .key = CERT_KEY_EC, .curve = 0x17 };
    struct choice ecdh = chose(VER_TLS12, 0xc02d, 0); /* static ECDH: the certificate's curve */
    assert_int_equal(all(p, ecdh), ANSWER_NOT_VISIBLE);
    ecdh.cert = &ec;
    assert_int_equal(all(p, ecdh), ANSWER_NO);
    ec.curve = 0x18;
    assert_int_equal(all(p, ecdh), ANSWER_YES);
    policy_free(p);
}

static void dh_bits(void **state)
{
    (void)state;
    struct policy *p = with_rule("\"dh_bits\": { \"min\": 2048 }");
    struct choice c = chose(VER_TLS12, 0x009e, 0);
    assert_int_equal(all(p, c), ANSWER_NOT_VISIBLE);
    c.dh_bits = 1024;
    assert_int_equal(all(p, c), ANSWER_NO);
    c.dh_bits = 2048;
    assert_int_equal(all(p, c), ANSWER_YES);
    assert_int_equal(all(p, chose(VER_TLS12, 0xc02f, 0)), ANSWER_YES); /* ECDHE */
    assert_int_equal(all(p, chose(VER_TLS13, 0x1301, 0x1d)), ANSWER_YES);
    assert_int_equal(all(p, chose(VER_TLS13, 0x1301, 0x100)), ANSWER_YES); /* ffdhe2048 */
    assert_int_equal(all(p, chose(VER_TLS13, 0x1301, 0)), ANSWER_NOT_VISIBLE);
    policy_free(p);
    p = with_rule("\"dh_bits\": { \"min\": 3000 }");
    assert_int_equal(all(p, chose(VER_TLS13, 0x1301, 0x100)), ANSWER_NO);
    struct cert_facts dh = { .key = CERT_KEY_DH, .key_bits = 1024 };
    c = chose(VER_TLS12, 0x00a0, 0); /* static DH */
    assert_int_equal(all(p, c), ANSWER_NOT_VISIBLE);
    c.cert = &dh;
    assert_int_equal(all(p, c), ANSWER_NO);
    policy_free(p);
}

static void signature_schemes(void **state)
{
    (void)state;
    struct policy *p = with_rule("\"signature_schemes\": { \"forbid\": [ \"rsa_pkcs1_sha1\", \"ecdsa_sha1\" ] }");
    struct choice c = chose(VER_TLS12, 0xc02f, 0x17);
    assert_int_equal(all(p, c), ANSWER_NOT_VISIBLE);
    c.sigscheme = 0x0201;
    assert_int_equal(all(p, c), ANSWER_NO);
    c.sigscheme = 0x0401;
    assert_int_equal(all(p, c), ANSWER_YES);
    assert_int_equal(all(p, chose(VER_TLS12, 0x009c, 0)), ANSWER_YES); /* RSA key exchange signs nothing */
    assert_int_equal(all(p, chose(VER_TLS13, 0x1301, 0x1d)), ANSWER_NOT_VISIBLE); /* encrypted */
    assert_int_equal(all(p, chose(VER_TLS11, 0xc013, 0x17)), ANSWER_NO); /* MD5 and SHA-1, without negotiation */
    c = chose(VER_TLS11, 0xc013, 0x17);
    c.resumed = true;
    assert_int_equal(all(p, c), ANSWER_NOT_VISIBLE);
    policy_free(p);
}

static void certificates(void **state)
{
    (void)state;
    struct policy *p = with_rule("\"certificate\": { \"keys\": [ \"RSA\", \"EC\" ], \"rsa_bits_min\": 2048, \"ec_bits_min\": 256, "
                                 "\"hash_bits_min\": 256 }");
    struct cert_facts f = { .key = CERT_KEY_RSA, .key_bits = 2048, .sig_hash_bits = 256, .sigalg = "sha256WithRSAEncryption" };
    struct choice c = chose(VER_TLS12, 0xc02f, 0x17);
    assert_int_equal(all(p, c), ANSWER_NOT_VISIBLE); /* resumed, say */
    assert_int_equal(all(p, chose(VER_TLS13, 0x1301, 0x1d)), ANSWER_NOT_VISIBLE);
    assert_int_equal(all(p, chose(VER_TLS12, 0x00a8, 0)), ANSWER_YES); /* PSK: there is none */
    assert_int_equal(all(p, chose(VER_TLS12, 0x00a6, 0)), ANSWER_YES); /* DH_anon */
    c.cert = &f;
    assert_int_equal(all(p, c), ANSWER_YES);
    assert_true(policy_allows_cert(p, &f));
    f.key_bits = 1024;
    assert_int_equal(all(p, c), ANSWER_NO);
    assert_false(policy_allows_cert(p, &f));
    f.key_bits = 2048;
    f.sig_hash_bits = 160;
    assert_int_equal(all(p, c), ANSWER_NO);
    f.sig_hash_bits = 0;
    assert_int_equal(all(p, c), ANSWER_NOT_VISIBLE);
    assert_true(policy_allows_cert(p, &f));
    f = (struct cert_facts){ .key = CERT_KEY_EC, .key_bits = 224, .sig_hash_bits = 256 };
    assert_int_equal(all(p, c), ANSWER_NO);
    f.key_bits = 256;
    assert_int_equal(all(p, c), ANSWER_YES);
    f = (struct cert_facts){ .key = CERT_KEY_EC, .key_bits = 256, .sigalg = "ED25519" }; /* a hash without a name */
    assert_int_equal(all(p, c), ANSWER_YES);
    f = (struct cert_facts){ .key = CERT_KEY_DSA, .key_bits = 4096, .sig_hash_bits = 256 };
    assert_int_equal(all(p, c), ANSWER_NO);
    f.key = CERT_KEY_UNKNOWN;
    assert_int_equal(all(p, c), ANSWER_NOT_VISIBLE);
    assert_true(policy_allows_cert(p, NULL));
    policy_free(p);
}

static void features(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        size_t at; /* in struct choice */
        bool in_tls13; /* asked for there too */
        uint8_t good;
    } row[] = {
        { "sni", offsetof(struct choice, sni), true, 2 },
        { "extended_master_secret", offsetof(struct choice, ems), false, 2 },
        { "renegotiation_info", offsetof(struct choice, renegotiation_info), false, 2 },
        { "no_compression", offsetof(struct choice, compression), false, 1 },
        { "key_share", offsetof(struct choice, retried), true, 1 },
        { "encrypt_then_mac", offsetof(struct choice, etm), false, 2 },
    };
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        char subject[64];
        (void)snprintf(subject, sizeof subject, "\"require\": \"%s\"", row[i].name);
        struct policy *p = with_rule(subject);
        struct choice c = chose(VER_TLS12, 0xc013, 0x17);
        uint8_t *what = (uint8_t *)&c + row[i].at;
        assert_int_equal(all(p, c), ANSWER_NOT_VISIBLE);
        *what = row[i].good;
        assert_int_equal(all(p, c), ANSWER_YES);
        *what = (uint8_t)(3 - row[i].good);
        assert_int_equal(all(p, c), ANSWER_NO);
        c.version = VER_TLS13;
        c.suite = 0x1301;
        assert_int_equal(all(p, c), row[i].in_tls13 ? ANSWER_NO : ANSWER_YES);
        policy_free(p);
    }
}

static void judge_all(void **state)
{
    (void)state;
    struct policy *p = open_named("rfc9325");
    struct choice c = chose(VER_TLS10, 0x0005, 0);
    uint64_t broken, invisible;
    assert_int_equal(policy_judge_all(p, &c, false, &broken, &invisible), ANSWER_NO);
    for (unsigned i = 0; i < policy_rules(p); i++) {
        bool must = policy_rule_severity(p, i) == MUST_NOT;
        assert_int_equal(broken >> i & 1, must && policy_judge(p, i, &c) == ANSWER_NO);
        assert_int_equal(invisible >> i & 1, must && policy_judge(p, i, &c) == ANSWER_NOT_VISIBLE);
    }
    uint64_t with_should;
    assert_int_equal(policy_judge_all(p, &c, true, &with_should, NULL), ANSWER_NO);
    assert_true((with_should & broken) == broken && with_should != broken);
    policy_free(p);
}

static void dates(void **state)
{
    (void)state;
    struct err e = { "" };
    const int64_t eve = 20818, day = 20819; /* 2026-12-31, 2027-01-01 */
    struct policy *p = policy_open("bsi-tr-02102-2", eve, &e);
    assert_non_null(p);
    assert_true(policy_allows_suite(p, VER_TLS12, 0x00a0, false)); /* static DH */
    assert_true(policy_allows_version(p, VER_TLS12));
    policy_free(p);
    p = policy_open("bsi-tr-02102-2", day, &e);
    assert_non_null(p);
    assert_false(policy_allows_suite(p, VER_TLS12, 0x00a0, false));
    assert_true(policy_allows_suite(p, VER_TLS12, 0x009e, false)); /* DHE, until the end of 2029 */
    assert_true(policy_allows_version(p, VER_TLS12));
    policy_free(p);
    p = open_named("bsi-tr-02102-2"); /* not known which day: every rule */
    assert_false(policy_allows_version(p, VER_TLS12));
    policy_free(p);
}

/* ---- what the built-in files allow, counted from their sources ---- */

static unsigned count_suites(const struct policy *p, uint16_t version, const char *prefix)
{
    size_t n;
    unsigned count = 0;
    const struct suite *s = suite_table(&n);
    for (size_t i = 0; i < n; i++)
        count += strncmp(s[i].iana, prefix, strlen(prefix)) == 0 && policy_allows_suite(p, version, s[i].id, true);
    return count;
}

/* The tables of RFC 10015 (appendices A to D): 62 DH, 39 ECDH, 69 DHE, 52 RSA suites of the registry. */
static void rfc10015_tables(void **state)
{
    (void)state;
    size_t n;
    unsigned dh = 0, ecdh = 0, dhe = 0, rsa = 0;
    struct policy *p = open_named("rfc10015"), *should = open_named("rfc10015");
    policy_should(should, true);
    const struct suite *s = suite_table(&n);
    for (size_t i = 0; i < n; i++) {
        const char *name = s[i].iana;
        bool registered = !strstr(name, "EXPORT1024") && !strstr(name, "SALSA20") && !strstr(name, "_OLD") &&
                          !strstr(name, "28147") && strcmp(name, "TLS_DHE_DSS_WITH_RC4_128_SHA") != 0;
        bool must = !policy_allows_suite(p, VER_TLS12, s[i].id, true);
        bool may_not = !policy_allows_suite(should, VER_TLS12, s[i].id, true);
        if (!registered || !suite_defined_at(&s[i], RANK_TLS12, false))
            continue;
        dh += must && strncmp(name, "TLS_DH_", 7) == 0;
        dhe += must && (strncmp(name, "TLS_DHE_", 8) == 0 || strncmp(name, "TLS_PSK_DHE_", 12) == 0);
        rsa += must && strncmp(name, "TLS_RSA_", 8) == 0;
        ecdh += may_not && !must && strncmp(name, "TLS_ECDH_", 9) == 0;
        if (strncmp(name, "TLS_ECDHE_", 10) == 0 || strncmp(name, "TLS_PSK_WITH", 12) == 0)
            assert_false(may_not);
    }
    assert_int_equal(dh, 62);
    assert_int_equal(dhe, 69);
    assert_int_equal(rsa, 52);
    assert_int_equal(ecdh, 39);
    assert_true(policy_allows_group(p, VER_TLS13, 0x100)); /* finite field in TLS 1.3 stays */
    policy_free(p);
    policy_free(should);
}

static void counts(void **state)
{
    (void)state;
    struct policy *p = open_named("mozilla-6-intermediate");
    assert_int_equal(count_suites(p, VER_TLS12, ""), 6);
    assert_int_equal(count_suites(p, VER_TLS13, ""), 3);
    assert_true(policy_allows_suite(p, VER_TLS12, 0xcca9, false)); /* ECDHE-ECDSA-CHACHA20-POLY1305 */
    assert_false(policy_allows_suite(p, VER_TLS12, 0x009e, false)); /* DHE went with version 6 */
    policy_free(p);
    p = open_named("mozilla-6-modern");
    assert_false(policy_allows_version(p, VER_TLS12));
    assert_int_equal(count_suites(p, VER_TLS13, ""), 3);
    policy_free(p);
    p = open_named("nist-800-52r2-government"); /* section 3.3.1: 56 suites before TLS 1.3, 16 of them before TLS 1.2 */
    assert_int_equal(count_suites(p, VER_TLS12, ""), 56);
    assert_int_equal(count_suites(p, VER_TLS11, ""), 16);
    assert_int_equal(count_suites(p, VER_TLS13, ""), 4);
    assert_int_equal(count_suites(p, VER_TLS12, "TLS_RSA_"), 0);
    assert_false(policy_allows_version(p, VER_TLS10));
    assert_false(policy_allows_group(p, VER_TLS13, 0x1d)); /* x25519 */
    policy_free(p);
    p = open_named("nist-800-52r2-citizen");
    assert_true(policy_allows_version(p, VER_TLS10));
    assert_false(policy_allows_version(p, VER_SSL3));
    policy_free(p);
    p = open_named("bsi-tr-02102-2"); /* tables 1 to 3: 20, 16 and 15 suites; 3 of TLS 1.3 */
    policy_hold(p, 20000);
    assert_int_equal(count_suites(p, VER_TLS12, ""), 20 + 16 + 15);
    assert_int_equal(count_suites(p, VER_TLS13, ""), 3);
    policy_free(p);
    p = open_named("no-cbc");
    assert_false(policy_allows_suite(p, VER_TLS12, 0xc013, true));
    assert_true(policy_allows_suite(p, VER_TLS12, 0xc02f, false));
    policy_free(p);
    p = open_named("pci-dss-4");
    assert_false(policy_allows_version(p, VER_TLS10));
    assert_true(policy_allows_version(p, VER_TLS11));
    assert_true(policy_allows_suite(p, VER_TLS12, 0x000a, false)); /* 3DES: 112 bits */
    assert_false(policy_allows_suite(p, VER_TLS12, 0x0009, false));
    policy_free(p);
    p = open_named("tls13-only");
    assert_false(policy_allows_version(p, VER_TLS12));
    assert_true(policy_allows_version(p, VER_TLS13) && policy_allows_version(p, VER_DTLS13));
    policy_free(p);
    p = open_named("rfc8996");
    assert_int_equal(says(p, "sslv3", chose(VER_SSL3, SUITE_NONE, 0)), ANSWER_NO);
    assert_int_equal(says(p, "sslv3", chose(VER_TLS10, SUITE_NONE, 0)), ANSWER_YES);
    assert_int_equal(says(p, "version", chose(VER_TLS10, SUITE_NONE, 0)), ANSWER_NO);
    policy_free(p);
    p = open_named("pqc");
    assert_int_equal(all(p, chose(VER_TLS13, 0x1301, 0x11ec)), ANSWER_YES);
    assert_int_equal(all(p, chose(VER_TLS13, 0x1301, 0x1d)), ANSWER_NO);
    assert_int_equal(all(p, chose(VER_TLS13, 0x1301, 0x6399)), ANSWER_NO); /* X25519Kyber768Draft00 */
    assert_int_equal(all(p, chose(VER_TLS12, 0x009c, 0)), ANSWER_NO);
    policy_free(p);
}

/* ---- offers ---- */

struct lists {
    uint8_t bytes[5][512];
};

static struct rd pairs(uint8_t *into, const uint16_t *values)
{
    size_t n = 0;
    for (; *values; values++) {
        into[n++] = (uint8_t)(*values >> 8);
        into[n++] = (uint8_t)*values;
    }
    return rd_of(into, n);
}

/* Lists of up to some code points, ended by 0; an absent list is an absent extension. */
struct offered {
    uint16_t legacy, versions[8], suites[16], groups[8], shares[4], sigalgs[8];
    uint32_t mask;
    uint8_t format;
};

static struct offer offer_of(const struct offered *o, struct lists *l)
{
    struct offer offer = { .format = o->format, .legacy_version = o->legacy, .ext_mask = o->mask };
    offer.versions = pairs(l->bytes[0], o->versions);
    offer.suites = pairs(l->bytes[1], o->suites);
    offer.groups = pairs(l->bytes[2], o->groups);
    offer.share_groups = pairs(l->bytes[3], o->shares);
    offer.sigalgs = pairs(l->bytes[4], o->sigalgs);
    offer.ext_mask |= (o->versions[0] ? EXT_SUPPORTED_VERSIONS : 0u) | (o->groups[0] ? EXT_GROUPS : 0u) |
                      (o->sigalgs[0] ? EXT_SIGALGS : 0u) | (o->shares[0] ? EXT_KEY_SHARE : 0u);
    offer.quic = o->mask & EXT_QUIC_PARAMS;
    return offer;
}

static const struct cert_facts rsa = { .key = CERT_KEY_RSA, .key_bits = 2048, .sig_hash_bits = 256 },
                               pss = { .key = CERT_KEY_RSA_PSS, .key_bits = 2048, .sig_hash_bits = 256 },
                               p256 = { .key = CERT_KEY_EC, .key_bits = 256, .curve = 0x17, .sig_hash_bits = 256 },
                               ed25519 = { .key = CERT_KEY_ED25519, .key_bits = 256, .sigalg = "ED25519" };

static void residues(void **state)
{
    (void)state;
    static const struct {
        const char *what, *policy;
        const struct cert_facts *cert;
        struct offered offer;
        unsigned missing;
        uint16_t best;
    } row[] = {
        { "TLS 1.0 at most", "tls12-minimum", NULL, { .legacy = VER_TLS10, .suites = { 0x2f } }, MISS_VERSION, 0 },
        { "TLS 1.2", "tls12-minimum", NULL, { .legacy = VER_TLS12, .suites = { 0x2f } }, 0, VER_TLS12 },
        { "0x0304 is no TLS 1.3 without supported_versions", "tls13-only", NULL,
          { .legacy = 0x0304, .suites = { 0x1301, 0x2f } }, MISS_VERSION, 0 },
        { "TLS 1.2 without a suite of its own", "tls12-minimum", NULL, { .legacy = VER_TLS12, .suites = { 0x1301, 0x00ff } },
          MISS_SUITE, 0 },
        { "AES-GCM is not for TLS 1.1", "nist-800-52r2-government", NULL, { .legacy = VER_TLS11, .suites = { 0xc02f } },
          MISS_SUITE, 0 },
        { "supported_versions without TLS 1.2", "mozilla-6-intermediate", NULL,
          { .legacy = VER_TLS12, .versions = { VER_TLS13, VER_TLS11 }, .suites = { 0xc02f }, .groups = { 0x1d },
            .sigalgs = { 0x0804 } }, MISS_SUITE, 0 },
        { "TLS 1.2 in supported_versions", "mozilla-6-intermediate", NULL,
          { .legacy = VER_TLS12, .versions = { VER_TLS13, VER_TLS12 }, .suites = { 0xc02f }, .groups = { 0x1d },
            .sigalgs = { 0x0804 } }, 0, VER_TLS12 },
        { "TLS 1.3 only policy, suites of TLS 1.2", "tls13-only", NULL,
          { .legacy = VER_TLS12, .versions = { VER_TLS13, VER_TLS12 }, .suites = { 0xc02f, 0x009c }, .groups = { 0x1d },
            .sigalgs = { 0x0804 } }, MISS_SUITE, 0 },
        { "TLS 1.3 whole", "tls13-only", &rsa,
          { .legacy = VER_TLS12, .versions = { VER_TLS13 }, .suites = { 0x1301 }, .groups = { 0x1d }, .sigalgs = { 0x0804 } }, 0,
          VER_TLS13 },
        { "TLS 1.3 signs with PSS", "tls13-only", &rsa,
          { .legacy = VER_TLS12, .versions = { VER_TLS13 }, .suites = { 0x1301 }, .groups = { 0x1d }, .sigalgs = { 0x0401 } },
          MISS_SIGSCHEME, 0 },
        { "TLS 1.3 needs groups and schemes", "tls13-only", NULL,
          { .legacy = VER_TLS12, .versions = { VER_TLS13 }, .suites = { 0x1301 } }, MISS_GROUP | MISS_SIGSCHEME, 0 },
        { "a pre-shared key needs neither", "tls13-only", NULL,
          { .legacy = VER_TLS12, .versions = { VER_TLS13 }, .suites = { 0x1301 }, .mask = EXT_PSK_MODES }, 0, VER_TLS13 },
        { "TLS 1.3 has no secp256k1", "tls13-only", NULL,
          { .legacy = VER_TLS12, .versions = { VER_TLS13 }, .suites = { 0x1301 }, .groups = { 0x16 }, .sigalgs = { 0x0804 } },
          MISS_GROUP, 0 },
        { "ECDSA certificate, RSA client", "tls12-minimum", &p256,
          { .legacy = VER_TLS12, .suites = { 0xc02f, 0x009c }, .groups = { 0x17 }, .sigalgs = { 0x0401 } }, MISS_SUITE, 0 },
        { "ECDSA certificate, ECDSA client", "tls12-minimum", &p256,
          { .legacy = VER_TLS12, .suites = { 0xc02b }, .groups = { 0x17 }, .sigalgs = { 0x0403 } }, 0, VER_TLS12 },
        { "ECDSA certificate on a curve that is not offered", "tls12-minimum", &p256,
          { .legacy = VER_TLS12, .suites = { 0xc02b }, .groups = { 0x1d }, .sigalgs = { 0x0403 } }, MISS_GROUP, 0 },
        { "TLS 1.3 binds the scheme to the curve", "tls13-only", &p256,
          { .legacy = VER_TLS12, .versions = { VER_TLS13 }, .suites = { 0x1301 }, .groups = { 0x17 }, .sigalgs = { 0x0503 } },
          MISS_SIGSCHEME, 0 },
        { "Ed25519 serves ECDSA suites", "tls12-minimum", &ed25519,
          { .legacy = VER_TLS12, .suites = { 0xc02b }, .groups = { 0x17 }, .sigalgs = { 0x0807 } }, 0, VER_TLS12 },
        { "a PSS key cannot do RSA key exchange", "tls12-minimum", &pss, { .legacy = VER_TLS12, .suites = { 0x009c } }, MISS_SUITE,
          0 },
        { "a PSS key signs with its own schemes", "tls12-minimum", &pss,
          { .legacy = VER_TLS12, .suites = { 0xc02f }, .groups = { 0x17 }, .sigalgs = { 0x0804 } }, MISS_SIGSCHEME, 0 },
        { "SHA-1 alone", "rfc9325", &rsa,
          { .legacy = VER_TLS12, .suites = { 0xc02f }, .groups = { 0x17 }, .sigalgs = { 0x0201 } }, MISS_SIGSCHEME, 0 },
        { "no schemes is SHA-1", "rfc9325", &rsa, { .legacy = VER_TLS12, .suites = { 0xc02f }, .groups = { 0x17 } },
          MISS_SIGSCHEME, 0 },
        { "no schemes is no matter for RSA key exchange", "rfc9325", &rsa, { .legacy = VER_TLS12, .suites = { 0xc02f, 0x009c } }, 0,
          VER_TLS12 },
        { "a curve that is too small", "rfc9325", NULL,
          { .legacy = VER_TLS12, .suites = { 0xc02f }, .groups = { 0x13 }, .sigalgs = { 0x0401 } }, MISS_GROUP, 0 },
        { "no groups limit nothing", "rfc9325", NULL, { .legacy = VER_TLS12, .suites = { 0xc02f }, .sigalgs = { 0x0401 } }, 0,
          VER_TLS12 },
        { "a curve and a suite that do not go together", "rfc9325", NULL,
          { .legacy = VER_TLS12, .suites = { 0xc02f, 0x0005 }, .groups = { 0x13 }, .sigalgs = { 0x0401 } }, MISS_GROUP, 0 },
        { "only RSA and DHE", "rfc10015", &rsa,
          { .legacy = VER_TLS12, .suites = { 0x009c, 0x009e, 0x002f }, .sigalgs = { 0x0401 } }, MISS_SUITE, 0 },
        { "ECDHE too", "rfc10015", &rsa,
          { .legacy = VER_TLS12, .suites = { 0x009c, 0xc02f }, .groups = { 0x17 }, .sigalgs = { 0x0401 } }, 0, VER_TLS12 },
        { "no signatures with the key that the policy wants", "mozilla-6-modern", NULL,
          { .legacy = VER_TLS12, .versions = { VER_TLS13 }, .suites = { 0x1301 }, .groups = { 0x1d }, .sigalgs = { 0x0804 } },
          MISS_SIGSCHEME, 0 },
        { "a forbidden certificate does not limit", "mozilla-6-modern", &rsa,
          { .legacy = VER_TLS12, .versions = { VER_TLS13 }, .suites = { 0x1301 }, .groups = { 0x1d }, .sigalgs = { 0x0403 } }, 0,
          VER_TLS13 },
        { "no hybrid group", "pqc", NULL,
          { .legacy = VER_TLS12, .versions = { VER_TLS13, VER_TLS12 }, .suites = { 0x1301, 0xc02f }, .groups = { 0x1d, 0x6399 },
            .shares = { 0x1d }, .sigalgs = { 0x0804 } }, MISS_GROUP, 0 },
        { "a hybrid group, its share not sent", "pqc", NULL,
          { .legacy = VER_TLS12, .versions = { VER_TLS13 }, .suites = { 0x1301 }, .groups = { 0x1d, 0x11ec }, .shares = { 0x1d },
            .sigalgs = { 0x0804 } }, 0, VER_TLS13 },
        { "CBC alone", "no-cbc", NULL, { .legacy = VER_TLS12, .suites = { 0x2f, 0xc013 }, .mask = EXT_ETM }, MISS_SUITE, 0 },
        { "DTLS 1.0", "tls12-minimum", NULL, { .legacy = VER_DTLS10, .suites = { 0x2f }, .format = HELLO_DTLS }, MISS_VERSION, 0 },
        { "DTLS 1.2", "tls12-minimum", NULL, { .legacy = VER_DTLS12, .suites = { 0x2f }, .format = HELLO_DTLS }, 0, VER_DTLS12 },
        { "DTLS has no RC4", "tls12-minimum", NULL, { .legacy = VER_DTLS12, .suites = { 0x05 }, .format = HELLO_DTLS }, MISS_SUITE,
          0 },
        { "QUIC is TLS 1.3", "tls13-only", NULL,
          { .legacy = VER_TLS12, .versions = { VER_TLS13 }, .suites = { 0x1301 }, .groups = { 0x1d }, .sigalgs = { 0x0403 },
            .mask = EXT_QUIC_PARAMS }, 0, VER_TLS13 },
    };
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct lists l;
        struct policy *p = open_named(row[i].policy);
        struct offer o = offer_of(&row[i].offer, &l);
        struct residue r = policy_residue(p, &o, row[i].cert);
        if (r.missing != row[i].missing || r.best_version != row[i].best)
            fail_msg("%s: missing %u, best 0x%04x", row[i].what, r.missing, r.best_version);
        policy_free(p);
    }
}

static void residue_says_what_was_assumed(void **state)
{
    (void)state;
    struct lists l;
    struct offered bare = { .legacy = VER_TLS12, .suites = { 0xc02f, 0xc030, 0x9c } };
    struct offered whole = bare;
    whole.groups[0] = 0x17;
    whole.sigalgs[0] = 0x0401;
    whole.sigalgs[1] = 0x0403;
    struct policy *p = open_named("tls12-minimum");
    struct offer o = offer_of(&bare, &l);
    struct residue r = policy_residue(p, &o, &rsa);
    assert_true(r.any_group && r.default_sigschemes);
    assert_int_equal(r.suites, 3);
    o = offer_of(&whole, &l);
    r = policy_residue(p, &o, &rsa);
    assert_true(!r.any_group && !r.default_sigschemes);
    assert_int_equal(r.groups, 1);
    assert_int_equal(r.sigschemes, 1); /* the other one is not for this key */
    policy_free(p);
    p = with_rule("\"require\": \"extended_master_secret\"");
    assert_int_equal(policy_residue(p, &o, &rsa).missing, MISS_FEATURE);
    o.ext_mask |= EXT_EMS;
    assert_int_equal(policy_residue(p, &o, &rsa).missing, 0);
    policy_free(p);
    p = open_named("rfc9325"); /* CBC without encrypt_then_mac only when SHOULD_NOT binds */
    struct offered cbc = { .legacy = VER_TLS12, .suites = { 0xc013 }, .groups = { 0x17 }, .sigalgs = { 0x0401 },
                           .mask = EXT_EMS | EXT_RENEGOTIATION_INFO };
    o = offer_of(&cbc, &l);
    assert_int_equal(policy_residue(p, &o, &rsa).missing, 0);
    policy_should(p, true);
    assert_int_equal(policy_residue(p, &o, &rsa).missing, MISS_SUITE);
    o.ext_mask |= EXT_ETM;
    assert_int_equal(policy_residue(p, &o, &rsa).missing, 0);
    policy_free(p);
}

/* An SSLv2-format hello has suites of three bytes and no extensions. */
static void sslv2_hello(void **state)
{
    (void)state;
    static const uint8_t suites3[] = { 0x01, 0x00, 0x80, 0x00, 0x00, 0x2f };
    struct offer o = { .format = HELLO_SSLV2, .legacy_version = VER_TLS12, .suites = rd_of(suites3, sizeof suites3) };
    struct policy *p = open_named("tls12-minimum");
    struct residue r = policy_residue(p, &o, NULL);
    assert_int_equal(r.missing, 0);
    assert_int_equal(r.suites, 1);
    o.legacy_version = VER_SSL2;
    assert_int_equal(policy_residue(p, &o, NULL).missing, MISS_VERSION);
    policy_free(p);
    p = with_rule("\"require\": \"sni\"");
    assert_int_equal(policy_residue(p, &o, NULL).best_version, VER_SSL2);
    policy_free(p);
}

/* ---- reading ---- */

static void inline_words(void **state)
{
    (void)state;
    struct err e = { "" };
    struct policy *p = policy_inline("TLSv1.2", "3DES, RC4,kx=RSA,group=secp192r1,TLS_DHE_RSA_WITH_AES_128_CBC_SHA,mac=SHA1,cbc", &e);
    if (!p)
        fail_msg("%s", e.text);
    assert_int_equal(policy_rules(p), 8);
    assert_string_equal(policy_name(p), "inline");
    assert_string_equal(policy_rule_id(p, 0), "version");
    assert_string_equal(policy_rule_id(p, 3), "kx-rsa");
    assert_string_equal(policy_rule_id(p, 4), "group-secp192r1");
    assert_false(policy_allows_version(p, VER_TLS11) || policy_allows_version(p, VER_DTLS10));
    assert_true(policy_allows_version(p, VER_TLS12) && policy_allows_version(p, VER_DTLS12));
    assert_false(policy_allows_suite(p, VER_TLS12, 0x009c, true)); /* RSA */
    assert_false(policy_allows_suite(p, VER_TLS12, 0xc014, true)); /* SHA-1, CBC */
    assert_false(policy_allows_suite(p, VER_TLS12, 0xc027, true)); /* CBC */
    assert_true(policy_allows_suite(p, VER_TLS12, 0xc02f, false));
    assert_false(policy_allows_group(p, VER_TLS12, 0x13));
    assert_true(policy_allows_group(p, VER_TLS12, 0x17));
    policy_free(p);
    p = policy_inline("DTLSv1.2", NULL, &e); /* says nothing of TLS */
    assert_non_null(p);
    assert_true(policy_allows_version(p, VER_TLS10) && !policy_allows_version(p, VER_DTLS10));
    policy_free(p);
    p = policy_inline(NULL, "null,export,anon,sig=rsa_pkcs1_sha1,au=DSS,enc=AESGCM(128),mode=stream,suite=AES128-SHA", &e);
    assert_non_null(p);
    assert_false(policy_allows_suite(p, VER_TLS12, 0x009c, true) || policy_allows_suite(p, VER_TLS12, 0x002f, true) ||
                 policy_allows_suite(p, VER_TLS12, 0x0002, true) || policy_allows_suite(p, VER_TLS12, 0x0008, true) ||
                 policy_allows_suite(p, VER_TLS12, 0x0034, true) || policy_allows_suite(p, VER_TLS12, 0x0005, true) ||
                 policy_allows_suite(p, VER_TLS12, 0x0032, true) || policy_allows_sigscheme(p, VER_TLS12, 0x0201));
    assert_true(policy_allows_suite(p, VER_TLS12, 0x009d, true) && policy_allows_sigscheme(p, VER_TLS12, 0x0401));
    policy_free(p);
}

static void inline_mistakes(void **state)
{
    (void)state;
    static const struct {
        const char *version, *forbid, *says;
    } row[] = {
        { "TLSv1.9", NULL, "--min-version TLSv1.9: no such version; the nearest is TLSv1.0" },
        { NULL, "3DSE", "--forbid 3DSE: no such cipher, suite or NAME=VALUE; the nearest is 3DES" },
        { NULL, "RC4,kx=RSB", "--forbid kx=RSB: no such key exchange; the nearest is RSA" },
        { NULL, "kxx=RSA", "--forbid kxx=RSA: no such property; the nearest is kx" },
        { NULL, "group=secp291r1", "--forbid group=secp291r1: no such group; the nearest is secp192r1" },
        { NULL, "ECDHE-RSA-AES128-GCM-SHA265", "the nearest is ECDHE-RSA-AES128-GCM-SHA256" },
        { NULL, "=", "no such property" },
        { NULL, "kx=", "no such key exchange" },
        { NULL, "enc=", "no such cipher" },
    };
    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        struct err e = { "" };
        assert_null(policy_inline(row[i].version, row[i].forbid, &e));
        if (!strstr(e.text, row[i].says))
            fail_msg("%s", e.text);
    }
}

/* Every prefix of every built-in policy is refused, or is the whole but for blanks at its end. */
static void prefixes(void **state)
{
    (void)state;
    for (const struct policy_file *f = policy_files; f->name; f++) {
        char *text = malloc(f->size + 1);
        assert_non_null(text);
        for (size_t n = 0; n <= f->size; n += n < 300 || f->size - n < 300 ? 1 : 7) {
            struct err e = { "" };
            memcpy(text, f->text, n);
            text[n] = '\0';
            struct policy *p = policy_parse((const char *)guarded(text, n + 1), n, "prefix", "prefix", &e);
            assert_int_equal(p != NULL, n + 1 >= f->size);
            assert_true(p || strncmp(e.text, "prefix:", 7) == 0);
            policy_free(p);
        }
        free(text);
    }
}

static void unknown_name(void **state)
{
    (void)state;
    struct err e = { "" };
    assert_null(policy_open("tls12-minimun", 0, &e));
    assert_non_null(strstr(e.text, "tls12-minimum"));
    assert_non_null(strstr(e.text, "tlsunset policy list"));
    assert_null(policy_open("./no/such/file.json", 0, &e));
    assert_non_null(strstr(e.text, "./no/such/file.json"));
}

int main(void)
{
    unsetenv("TLSUNSET_POLICIES");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(versions),
        cmocka_unit_test(suites),
        cmocka_unit_test(cbc_unless_encrypt_then_mac),
        cmocka_unit_test(groups),
        cmocka_unit_test(dh_bits),
        cmocka_unit_test(signature_schemes),
        cmocka_unit_test(certificates),
        cmocka_unit_test(features),
        cmocka_unit_test(judge_all),
        cmocka_unit_test(dates),
        cmocka_unit_test(rfc10015_tables),
        cmocka_unit_test(counts),
        cmocka_unit_test(residues),
        cmocka_unit_test(residue_says_what_was_assumed),
        cmocka_unit_test(sslv2_hello),
        cmocka_unit_test(inline_words),
        cmocka_unit_test(inline_mistakes),
        cmocka_unit_test(prefixes),
        cmocka_unit_test(unknown_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
