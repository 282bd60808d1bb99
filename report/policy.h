/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy - what is allowed, as data: a named list of rules, each of which answers yes, no or "not visible" for what was
 * seen, and for what a client offers.
 *
 * Policies are JSON files (policy.5), found by name in the built-in folder or by path. Strict: an unknown field, suite or
 * group is an error with file, line and the nearest valid name. Rules may hold only from a date on, so one file says what
 * holds when.
 */
#ifndef REPORT_POLICY_H
#define REPORT_POLICY_H

#include "base/err.h"
#include "dissect/cert.h"
#include "dissect/hello.h"

#include <stdio.h>

enum severity { MUST_NOT, SHOULD_NOT };
enum answer { ANSWER_YES /* satisfied */, ANSWER_NO, ANSWER_NOT_VISIBLE };

/* What one handshake chose (or could choose), as far as it is known. 0, SUITE_NONE and NULL: not known. */
struct choice {
    uint16_t version; /* VER_*: tells TLS from DTLS too */
    uint32_t suite;
    uint16_t group, dh_bits, sigscheme;
    const struct cert_facts *cert; /* NULL: not seen (TLS 1.3, resumed, one-sided) */
    uint8_t etm, ems, renegotiation_info, sni; /* 0 unknown, 1 no, 2 yes */
    uint8_t compression, retried; /* likewise; retried: a HelloRetryRequest asked for another key share */
    bool resumed;
};

struct policy;
struct rule; /* opaque; names and texts through the functions below */

/* By name ("tls12-minimum") or path (has a '/' or ends in .json). on_day: days since 1970, rules from later dates are left
 * out (0: today is not known here, so every rule holds). NULL and *e. */
struct policy *policy_open(const char *name, int64_t on_day, struct err *e);
/* From the inline options: --min-version TLSv1.2 --forbid '3DES,RC4,kx=RSA'. Either may be NULL. NULL and *e. */
struct policy *policy_inline(const char *min_version, const char *forbid, struct err *e);
void policy_free(struct policy *p); /* NULL is fine */
/* Whether SHOULD_NOT rules bind too in policy_allows_* and policy_residue(). They do not at first. */
void policy_should(struct policy *p, bool on);

const char *policy_name(const struct policy *p);
const char *policy_path(const struct policy *p); /* of the file that it was read from; NULL: of none */
const char *policy_title(const struct policy *p);
unsigned policy_rules(const struct policy *p);
const char *policy_rule_id(const struct policy *p, unsigned i); /* "version", "kx-rsa" ...: stable, for JSON */
const char *policy_rule_text(const struct policy *p, unsigned i); /* a sentence with its reference */
enum severity policy_rule_severity(const struct policy *p, unsigned i);

/* Rule i about a handshake that was seen. */
enum answer policy_judge(const struct policy *p, unsigned i, const struct choice *c);
/* All MUST_NOT rules: NO if one says no, else NOT_VISIBLE if one cannot tell, else YES. *broken gets a bit per rule that
 * says no, *invisible one per rule that cannot tell (rules 0..63); either may be NULL. SHOULD_NOT rules only with
 * should. */
enum answer policy_judge_all(const struct policy *p, const struct choice *c, bool should, uint64_t *broken,
                             uint64_t *invisible);

/* Would the policy allow this version / suite at this version / group / signature scheme? For intersecting with an offer;
 * its MUST_NOT rules alone (policy_should). A suite must be defined for the version too (no AES-GCM in TLS 1.1), and CBC
 * "unless encrypt-then-mac" is allowed with etm_possible. Unknown suites are never allowed. Version 0: rules of every
 * version. A certificate of NULL, and what cannot be told of one, is allowed. */
bool policy_allows_version(const struct policy *p, uint16_t version);
bool policy_allows_suite(const struct policy *p, uint16_t version, uint32_t suite, bool etm_possible);
bool policy_allows_group(const struct policy *p, uint16_t version, uint16_t group);
bool policy_allows_sigscheme(const struct policy *p, uint16_t version, uint16_t scheme);
bool policy_allows_cert(const struct policy *p, const struct cert_facts *cert);

/* What an offer still holds under the policy. One whole ClientHello suffices for "nothing". */
enum missing { MISS_VERSION = 1, MISS_SUITE = 2, MISS_GROUP = 4, MISS_SIGSCHEME = 8, MISS_FEATURE = 16 };
struct residue {
    unsigned missing; /* enum missing: what the offer lacks; 0: something allowed is left */
    uint16_t best_version; /* highest allowed version it offers with an allowed suite for it; 0 none */
    unsigned suites, groups, sigschemes; /* how many allowed ones are left at best_version */
    /* No list was sent, so none limits: before TLS 1.3 the server may take any curve (RFC 8422 section 4), and signs with
     * SHA-1 (RFC 5246 section 7.4.1.4.1). */
    bool any_group, default_sigschemes;
};
/* One version, suite, group and scheme that go together: a suite that needs a curve counts only with an allowed curve, one
 * that is signed only with a scheme for its key. Of versions that all lack something, missing is that of the one that lacks
 * least (the highest of several). cert: the certificate of the server in question, whose key limits suites and schemes;
 * when NULL, or where the policy forbids that key, every key that the policy allows. */
struct residue policy_residue(const struct policy *p, const struct offer *o, const struct cert_facts *cert);

/* Does this suite of the offer count at this version, with all that goes with it, as in policy_residue()? */
bool policy_leaves_suite(const struct policy *p, const struct offer *o, const struct cert_facts *cert, uint16_t version,
                         uint32_t suite);
/* Is there a scheme in signature_algorithms that is allowed at this version? True where the extension was not sent. */
bool policy_leaves_scheme(const struct policy *p, const struct offer *o, uint16_t version);

/* For policy list | show | check. */
int policy_list(FILE *out, struct err *e); /* a line each */
/* What it says and what it leaves allowed, suite by suite: a change of meaning is a difference of this text. Opened on a
 * day: what holds then; else every period that its dates make. */
void policy_show(const struct policy *p, FILE *out);

#endif
