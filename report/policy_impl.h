/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy_impl - the inside of a policy, for the files that it is made of: policy.c (finding, opening), policy_parse.c
 * (JSON), policy_words.c (inline options), policy_select.c (sets by name and property), policy_judge.c (what was seen),
 * policy_residue.c (what an offer still holds) and policy_show.c. Nobody else includes it.
 *
 * What shapes it: a million rows are judged under a dozen policies. So names and properties are resolved into sets of bits
 * when a policy is read, and judging is a few bit tests per rule.
 */
#ifndef REPORT_POLICY_IMPL_H
#define REPORT_POLICY_IMPL_H

#include "base/nearest.h"
#include "report/policy.h"

enum { RULES_MAX = 64 /* one bit each in policy_judge_all */, NOTES_MAX = 16,
       SET_WORDS = 65536 / 64, SUITE_WORDS = 16 /* of 64 suites: the registry has some 430 */,
       RANKS = 7 /* version_rank(): 0 is no version */, RANK_TLS12 = 5, RANK_TLS13 = 6, RANKS_ALL = 0x7e };

/* Groups and signature schemes by code point, suites by their place in suite_table(). */
struct bits {
    uint64_t word[SET_WORDS];
};
static inline bool bits_has(const struct bits *b, unsigned i)
{
    return b->word[i / 64 % SET_WORDS] >> (i % 64) & 1;
}
static inline void bits_add(struct bits *b, unsigned i)
{
    b->word[i / 64 % SET_WORDS] |= UINT64_C(1) << (i % 64);
}

enum rule_kind { RULE_VERSION, RULE_SUITES, RULE_GROUPS, RULE_DH_BITS, RULE_SIGSCHEMES, RULE_CERTIFICATE, RULE_FEATURE };
enum feature { FEATURE_SNI, FEATURE_EMS, FEATURE_ENCRYPT_THEN_MAC, FEATURE_RENEGOTIATION_INFO, FEATURE_NO_COMPRESSION,
               FEATURE_KEY_SHARE /* a share of an allowed group comes with the first ClientHello */ };
enum confidence { CONFIRMED, SECONDARY, UNCONFIRMED };

struct rule {
    char *id, *text, *reference;
    char *sentence; /* text and reference, for policy_rule_text() */
    uint8_t kind, severity, confidence;
    int64_t from, until; /* days since 1970, both included; INT64_MIN, INT64_MAX where not given */
    uint8_t ranks; /* the versions it speaks of, a bit for each version_rank() */
    /* RULE_SUITES, _GROUPS, _SIGSCHEMES */
    bool allow; /* the set is all that is allowed; else it is what is forbidden */
    bool unless_etm; /* RULE_SUITES: not where encrypt_then_mac was negotiated */
    struct bits *set;
    /* RULE_VERSION: ranks, [0] TLS and QUIC, [1] DTLS; max 0: no such limit */
    uint8_t min[2], max[2];
    uint16_t dh_min; /* RULE_DH_BITS */
    /* RULE_CERTIFICATE: a bit for each enum cert_key (0: any); 0 where there is no limit */
    uint16_t keys, rsa_min, ec_min, hash_min;
    uint8_t feature; /* RULE_FEATURE */
};

struct policy {
    char *name, *title, *source, *as_of;
    char *path; /* of its file; NULL: built in */
    char *note[NOTES_MAX]; /* what it does not judge, what is not confirmed */
    uint8_t confidence;
    unsigned notes, all; /* rules of any date */
    struct rule rule[RULES_MAX];

    /* What holds on the day that it was opened for, filled by policy_hold(). */
    int64_t day; /* 0: every day */
    bool should; /* SHOULD_NOT rules bind too */
    unsigned held;
    uint8_t hold[RULES_MAX]; /* index in rule[] */
    uint8_t versions[2]; /* a bit for each rank that the rules that bind allow: TLS, DTLS */
    uint16_t keys; /* a bit for each enum cert_key that they allow */
    uint64_t suites[RANKS][2][SUITE_WORDS]; /* allowed and defined at this version; [1] where encrypt_then_mac can be had */
};

struct policy_file { /* the folder report/policies as it was when the program was built: made by the Makefile */
    const char *name; /* without .json */
    const unsigned char *text; /* NUL-terminated */
    size_t size; /* without the NUL */
};
extern const struct policy_file policy_files[]; /* in order of name; ends with a NULL name */

/* policy.c */
struct policy_names { /* of every policy that can be found by name, sorted */
    char **name;
    unsigned count;
};
int policy_names(struct policy_names *l); /* -1: out of memory; nothing to free then */
void policy_names_free(struct policy_names *l);
/* Let the rules of a day hold (0: all rules) and work out what they allow together. */
void policy_hold(struct policy *p, int64_t on_day);
/* Whether a rule limits policy_allows_* and policy_residue(). */
static inline bool rule_binds(const struct policy *p, const struct rule *r)
{
    return r->severity == MUST_NOT || p->should;
}
/* The i-th rule that holds. */
static inline const struct rule *policy_rule(const struct policy *p, unsigned i)
{
    return &p->rule[p->hold[i]];
}
/* A rule's set, empty. NULL: out of memory. */
struct bits *rule_set(struct rule *r);

/* policy_parse.c: the n bytes at text, with a NUL after them, of the file that errors name. NULL and *e. */
struct policy *policy_parse(const char *text, size_t n, const char *file, const char *name, struct err *e);

/* policy_select.c: each takes a name as a person writes it; false: there is none, and *near knows the closest valid one. */
struct suite_pattern { /* all that is given must match */
    int kx, au, mode; /* enums of names.h; -1: any */
    const char *enc, *mac; /* "AESGCM(128)" or the family, "AESGCM"; NULL: any */
    unsigned bits_below; /* 0: any */
    int pfs, aead, export_grade; /* 0, 1; -1: any */
};
extern const struct suite_pattern suite_pattern_any;
bool suite_matches(const struct suite *s, const struct suite_pattern *want);
void select_suites(struct bits *set, const struct suite_pattern *want);
bool select_suite(struct bits *set, const char *name, struct nearest *near);
bool select_group(struct bits *set, const char *name, struct nearest *near);
bool select_sigscheme(struct bits *set, const char *name, struct nearest *near);
void select_curves_below(struct bits *set, unsigned bits);
bool select_kx(const char *name, int *kx, struct nearest *near);
bool select_au(const char *name, int *au, struct nearest *near);
bool select_mode(const char *name, int *mode, struct nearest *near);
bool select_enc(const char *name, const char **enc, struct nearest *near); /* *enc: name itself */
bool select_mac(const char *name, const char **mac, struct nearest *near);
bool select_version(const char *name, uint16_t *version, struct nearest *near);
unsigned suite_place(const struct suite *s); /* in suite_table() */

static inline bool version_is_dtls(uint16_t version)
{
    return version >> 8 == 0xfe || version == VER_DTLS10_OPENSSL;
}

/* policy_judge.c */
enum group_use { USES_NO_GROUP, USES_CURVE, USES_DH, USES_ANY_GROUP /* TLS 1.3 */ };
enum group_use suite_group_use(const struct suite *s);
bool suite_is_signed(const struct suite *s); /* the server signs its share: DHE, ECDHE with a certificate */
uint16_t sigscheme_before_tls12(const struct suite *s); /* the hashes of RFC 5246 section 7.4.1.4.1 */
bool suite_defined_at(const struct suite *s, int rank, bool dtls);
bool rule_allows(const struct rule *r, unsigned i); /* a member of its set, or not one */

/* policy_residue.c */
bool group_usable(uint16_t group, int rank); /* at a version_rank() */
unsigned scheme_keys(uint16_t scheme, int rank); /* a bit for each enum cert_key that signs with it; 0: no use there */
uint16_t version_of_rank(int rank, bool dtls); /* VER_NONE: there is none */

#endif
