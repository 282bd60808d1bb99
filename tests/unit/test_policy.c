/* SPDX-License-Identifier: Apache-2.0 */
/* Policies: what each rule says of handshakes and offers, refusal beside acceptance. */
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

static struct choice chose(uint16_t version, uint32_t suite, uint16_t group)
{
    return (struct choice){ .version = version, .suite = suite, .group = group };
}

static int rule_named(const struct policy *p, const char *id)
{
    for (unsigned i = 0; i < policy_rules(p); i++)
        if (strcmp(policy_rule_id(p, i), id) == 0)
            return (int)i;
    fail_msg("%s has no rule %s", policy_name(p), id);
    return -1;
}

static enum answer says(const struct policy *p, const char *id, struct choice c)
{
    return policy_judge(p, (unsigned)rule_named(p, id), &c);
}

/* ---- offers, written as lists ---- */

struct list {
    uint8_t bytes[256];
    size_t n;
};

static struct rd pairs(struct list *l, const uint16_t *values, size_t n)
{
    l->n = 0;
    for (size_t i = 0; i < n; i++) {
        l->bytes[l->n++] = (uint8_t)(values[i] >> 8);
        l->bytes[l->n++] = (uint8_t)values[i];
    }
    return rd_of(l->bytes, l->n);
}
#define PAIRS(l, ...) pairs(l, (const uint16_t[]){ __VA_ARGS__ }, sizeof((const uint16_t[]){ __VA_ARGS__ }) / sizeof(uint16_t))

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
        struct choice c = chose(row[i].version, SUITE_NONE, 0);
        assert_int_equal(policy_judge_all(p, &c, true, NULL, NULL), row[i].answer);
        assert_int_equal(policy_allows_version(p, row[i].version), row[i].answer == ANSWER_YES);
    }
    policy_free(p);
}

static void rfc9325_suites(void **state)
{
    (void)state;
    struct policy *p = open_named("rfc9325");
    assert_int_equal(says(p, "rc4", chose(VER_TLS12, 0x0005, 0)), ANSWER_NO);
    assert_int_equal(says(p, "rc4", chose(VER_TLS12, 0xc02f, 0x17)), ANSWER_YES);
    assert_int_equal(says(p, "rc4", chose(VER_TLS12, SUITE_NONE, 0)), ANSWER_NOT_VISIBLE);
    assert_int_equal(says(p, "null", chose(VER_TLS12, 0x0002, 0)), ANSWER_NO);
    assert_int_equal(says(p, "bits-112", chose(VER_TLS12, 0x0009, 0)), ANSWER_NO);
    assert_int_equal(says(p, "bits-112", chose(VER_TLS12, 0x000a, 0)), ANSWER_YES);
    assert_int_equal(says(p, "bits-128", chose(VER_TLS12, 0x000a, 0)), ANSWER_NO);
    assert_int_equal(says(p, "kx-rsa", chose(VER_TLS12, 0x009c, 0)), ANSWER_NO);
    struct choice c = chose(VER_TLS12, 0xc013, 0x17);
    assert_int_equal(says(p, "cbc", c), ANSWER_NOT_VISIBLE);
    c.etm = 1;
    assert_int_equal(says(p, "cbc", c), ANSWER_NO);
    c.etm = 2;
    assert_int_equal(says(p, "cbc", c), ANSWER_YES);
    assert_int_equal(says(p, "curve-bits", chose(VER_TLS12, 0xc02f, 0x13)), ANSWER_NO);
    assert_int_equal(says(p, "curve-bits", chose(VER_TLS12, 0xc02f, 0x15)), ANSWER_YES);
    assert_int_equal(says(p, "curve-bits", chose(VER_TLS12, 0xc02f, 0)), ANSWER_NOT_VISIBLE);
    assert_int_equal(says(p, "curve-bits", chose(VER_TLS12, 0x009c, 0)), ANSWER_YES);
    c = chose(VER_TLS12, 0x009e, 0);
    assert_int_equal(says(p, "dh-bits", c), ANSWER_NOT_VISIBLE);
    c.dh_bits = 1024;
    assert_int_equal(says(p, "dh-bits", c), ANSWER_NO);
    c.dh_bits = 2048;
    assert_int_equal(says(p, "dh-bits", c), ANSWER_YES);
    assert_int_equal(says(p, "dh-bits", chose(VER_TLS12, 0xc02f, 0)), ANSWER_YES);
    policy_free(p);
}

static void residue_of_offers(void **state)
{
    (void)state;
    struct policy *p = open_named("rfc9325");
    struct list suites, groups, schemes;
    struct offer o = { .legacy_version = VER_TLS12, .max_version = VER_TLS12, .suites = PAIRS(&suites, 0x0005, 0x002f),
                       .groups = rd_of(NULL, 0) };
    struct residue r = policy_residue(p, &o, NULL);
    assert_int_equal(r.missing, 0);
    assert_int_equal(r.best_version, VER_TLS12);
    assert_int_equal(r.suites, 1);
    o.suites = PAIRS(&suites, 0x0005, 0x0004);
    assert_int_equal(policy_residue(p, &o, NULL).missing, MISS_SUITE);
    o.legacy_version = o.max_version = VER_TLS10;
    assert_int_equal(policy_residue(p, &o, NULL).missing, MISS_VERSION);
    o.legacy_version = VER_TLS12;
    o.suites = PAIRS(&suites, 0xc02f);
    o.ext_mask = EXT_GROUPS | EXT_SIGALGS;
    o.groups = PAIRS(&groups, 0x0013);
    o.sigalgs = PAIRS(&schemes, 0x0401);
    assert_int_equal(policy_residue(p, &o, NULL).missing, MISS_GROUP);
    o.groups = PAIRS(&groups, 0x0013, 0x0017);
    assert_int_equal(policy_residue(p, &o, NULL).missing, 0);
    o.sigalgs = PAIRS(&schemes, 0x0201);
    assert_int_equal(policy_residue(p, &o, NULL).missing, MISS_SIGSCHEME);
    struct cert_facts ec = { .key = CERT_KEY_EC, .key_bits = 256, .curve = 0x17 };
    assert_int_equal(policy_residue(p, &o, &ec).missing, MISS_SUITE);
    policy_free(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(versions),
        cmocka_unit_test(rfc9325_suites),
        cmocka_unit_test(residue_of_offers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
