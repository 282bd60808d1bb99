/* SPDX-License-Identifier: Apache-2.0 */
/* What the rules say of a handshake that was seen. "Not visible" is an answer of its own: nothing is satisfied by not being
 * seen. */
#include "dissect/event.h"
#include "report/policy_impl.h"

#include <strings.h>

enum group_use suite_group_use(const struct suite *s)
{
    switch (s->kx) {
    case KX_ECDH:
    case KX_ECDHE:
    case KX_ECDHE_PSK:
    case KX_ECCPWD:
    case KX_ECJPAKE:
    case KX_CECPQ1:
        return USES_CURVE;
    case KX_DH:
    case KX_DHE:
    case KX_DHE_PSK:
        return USES_DH;
    case KX_ANY:
        return USES_ANY_GROUP;
    default: /* the table holds all of enum suite_kx; the rest has no group of supported_groups */
        return USES_NO_GROUP;
    }
}

bool suite_is_signed(const struct suite *s)
{
    bool share = s->kx == KX_DHE || s->kx == KX_ECDHE || s->kx == KX_CECPQ1 || s->kx == KX_SRP;
    return share && (s->au == AU_RSA || s->au == AU_DSS || s->au == AU_ECDSA);
}

/* MD5 and SHA-1 together for RSA, SHA-1 for the rest (RFC 4346 section 7.4.3); counted as the SHA-1 scheme. */
uint16_t sigscheme_before_tls12(const struct suite *s)
{
    return s->au == AU_RSA ? 0x0201 : s->au == AU_DSS ? 0x0202 : s->au == AU_ECDSA ? 0x0203 : 0;
}

static bool suite_has_certificate(const struct suite *s)
{
    return s->au == AU_RSA || s->au == AU_DSS || s->au == AU_ECDSA || s->au == AU_DH || s->au == AU_ECDH ||
           s->au == AU_GOST || s->au == AU_SM2 || s->au == AU_ANY;
}

bool suite_defined_at(const struct suite *s, int rank, bool dtls)
{
    if (s->signalling || s->kx == KX_NULL || (dtls && s->mode == MODE_STREAM)) /* RFC 6347 section 4.1.2.2: no RC4 */
        return false;
    return rank >= version_rank(s->min_version) && rank <= version_rank(s->max_version);
}

bool rule_allows(const struct rule *r, unsigned i)
{
    return bits_has(r->set, i) == r->allow;
}

/* A choice and what is looked up of it once, for many rules. */
struct seen {
    const struct choice *c;
    const struct suite *s; /* NULL: not known, or no known suite */
    int rank; /* version_rank(); 0: not known */
    bool dtls;
};

static enum answer yes_or_no(bool yes)
{
    return yes ? ANSWER_YES : ANSWER_NO;
}

static enum answer judge_version(const struct rule *r, const struct seen *v)
{
    if (v->rank == 0)
        return ANSWER_NOT_VISIBLE;
    return yes_or_no(v->rank >= r->min[v->dtls] && (r->max[v->dtls] == 0 || v->rank <= r->max[v->dtls]));
}

static enum answer judge_suite(const struct rule *r, const struct seen *v)
{
    const struct choice *c = v->c;
    const struct suite *s = v->s;
    if (c->suite == SUITE_NONE)
        return ANSWER_NOT_VISIBLE;
    if (!s) /* no known name and no known property: not among what is allowed, but who knows what it is */
        return r->allow ? ANSWER_NO : ANSWER_NOT_VISIBLE;
    if (rule_allows(r, suite_place(s)))
        return ANSWER_YES;
    if (!r->unless_etm)
        return ANSWER_NO;
    return c->etm == 0 ? ANSWER_NOT_VISIBLE : yes_or_no(c->etm == 2);
}

static enum answer judge_group(const struct rule *r, const struct seen *v)
{
    const struct choice *c = v->c;
    const struct suite *s = v->s;
    if (c->group)
        return yes_or_no(rule_allows(r, c->group));
    if (!s)
        return ANSWER_NOT_VISIBLE;
    switch (suite_group_use(s)) {
    case USES_NO_GROUP:
        return ANSWER_YES;
    case USES_DH: /* a prime of its own has a size (RULE_DH_BITS), not a name */
        return c->dh_bits ? ANSWER_YES : ANSWER_NOT_VISIBLE;
    case USES_CURVE:
        if (s->kx == KX_ECDH && c->cert && c->cert->curve)
            return yes_or_no(rule_allows(r, c->cert->curve));
        return ANSWER_NOT_VISIBLE;
    case USES_ANY_GROUP:
        break;
    }
    return ANSWER_NOT_VISIBLE;
}

static enum answer judge_dh(const struct rule *r, const struct seen *v)
{
    const struct choice *c = v->c;
    const struct suite *s = v->s;
    unsigned bits = c->dh_bits;
    if (!bits && c->group)
        bits = c->group >= 0x0100 && c->group <= 0x01ff ? group_bits(c->group) : UINT16_MAX; /* another kind of group */
    if (!bits && s && s->kx == KX_DH && c->cert && c->cert->key == CERT_KEY_DH)
        bits = c->cert->key_bits;
    if (bits)
        return yes_or_no(bits >= r->dh_min);
    if (!s)
        return ANSWER_NOT_VISIBLE;
    enum group_use use = suite_group_use(s);
    return use == USES_DH || use == USES_ANY_GROUP ? ANSWER_NOT_VISIBLE : ANSWER_YES;
}

static enum answer judge_sigscheme(const struct rule *r, const struct seen *v)
{
    const struct choice *c = v->c;
    const struct suite *s = v->s;
    uint16_t scheme = c->sigscheme;
    if (!scheme && s && s->kx != KX_ANY && !suite_is_signed(s))
        return ANSWER_YES;
    if (!scheme && s && !c->resumed && v->rank && v->rank < RANK_TLS12)
        scheme = sigscheme_before_tls12(s);
    return scheme ? yes_or_no(rule_allows(r, scheme)) : ANSWER_NOT_VISIBLE;
}

/* EdDSA and ML-DSA sign without a hash that has a name; libcrypto names the algorithm after the key. */
static bool hashless(const char *sigalg)
{
    return !strncasecmp(sigalg, "ED25519", 7) || !strncasecmp(sigalg, "ED448", 5) || !strncasecmp(sigalg, "ML-DSA", 6);
}

static enum answer judge_certificate_facts(const struct rule *r, const struct cert_facts *f)
{
    bool rsa = f->key == CERT_KEY_RSA || f->key == CERT_KEY_RSA_PSS || f->key == CERT_KEY_DSA || f->key == CERT_KEY_DH;
    unsigned min = rsa ? r->rsa_min : f->key == CERT_KEY_EC ? r->ec_min : 0;
    if (f->key != CERT_KEY_UNKNOWN && r->keys && !(r->keys >> f->key & 1))
        return ANSWER_NO;
    if (f->key_bits && f->key_bits < min)
        return ANSWER_NO;
    if (f->sig_hash_bits && f->sig_hash_bits < r->hash_min)
        return ANSWER_NO;
    bool unknown = (f->key == CERT_KEY_UNKNOWN && (r->keys || r->rsa_min || r->ec_min)) || (min && !f->key_bits) ||
                   (r->hash_min && !f->sig_hash_bits && !hashless(f->sigalg));
    return unknown ? ANSWER_NOT_VISIBLE : ANSWER_YES;
}

static enum answer judge_certificate(const struct rule *r, const struct seen *v)
{
    const struct choice *c = v->c;
    const struct suite *s = v->s;
    if (c->cert)
        return judge_certificate_facts(r, c->cert);
    return s && !suite_has_certificate(s) ? ANSWER_YES : ANSWER_NOT_VISIBLE;
}

static enum answer three(uint8_t known)
{
    return known == 0 ? ANSWER_NOT_VISIBLE : yes_or_no(known == 2);
}

/* What TLS 1.3 has built in, or has no more, is satisfied there (RFC 8446 sections 4.1.2, 7.1 and appendix D). */
static enum answer judge_feature(const struct rule *r, const struct seen *v)
{
    const struct choice *c = v->c;
    const struct suite *s = v->s;
    bool tls13 = v->rank == RANK_TLS13;
    switch ((enum feature)r->feature) {
    case FEATURE_SNI:
        return three(c->sni);
    case FEATURE_EMS:
        return tls13 ? ANSWER_YES : three(c->ems);
    case FEATURE_ENCRYPT_THEN_MAC:
        return s && s->mode != MODE_CBC ? ANSWER_YES : three(c->etm);
    case FEATURE_RENEGOTIATION_INFO:
        return tls13 ? ANSWER_YES : three(c->renegotiation_info);
    case FEATURE_NO_COMPRESSION:
        return tls13 ? ANSWER_YES : c->compression == 0 ? ANSWER_NOT_VISIBLE : yes_or_no(c->compression == 1);
    case FEATURE_KEY_SHARE:
        return c->retried == 0 ? ANSWER_NOT_VISIBLE : yes_or_no(c->retried == 1);
    }
    return ANSWER_NOT_VISIBLE;
}

static enum answer judge(const struct rule *r, const struct seen *v)
{
    switch ((enum rule_kind)r->kind) {
    case RULE_VERSION:
        return judge_version(r, v);
    case RULE_SUITES:
        return judge_suite(r, v);
    case RULE_GROUPS:
        return judge_group(r, v);
    case RULE_DH_BITS:
        return judge_dh(r, v);
    case RULE_SIGSCHEMES:
        return judge_sigscheme(r, v);
    case RULE_CERTIFICATE:
        return judge_certificate(r, v);
    case RULE_FEATURE:
        return judge_feature(r, v);
    }
    return ANSWER_NOT_VISIBLE;
}

/* A rule of some versions only is satisfied by every other version, and cannot say no while the version is unknown. */
static enum answer judge_where(const struct rule *r, const struct seen *v)
{
    if (v->rank && !(r->ranks >> v->rank & 1))
        return ANSWER_YES;
    enum answer a = judge(r, v);
    return a == ANSWER_NO && !v->rank && r->ranks != RANKS_ALL ? ANSWER_NOT_VISIBLE : a;
}

static struct seen look_up(const struct choice *c)
{
    return (struct seen){ .c = c, .s = c->suite == SUITE_NONE ? NULL : suite_find(c->suite),
                          .rank = version_rank(c->version), .dtls = version_is_dtls(c->version) };
}

enum answer policy_judge(const struct policy *p, unsigned i, const struct choice *c)
{
    struct seen v = look_up(c);
    return judge_where(policy_rule(p, i), &v);
}

enum answer policy_judge_all(const struct policy *p, const struct choice *c, bool should, uint64_t *broken,
                             uint64_t *invisible)
{
    struct seen v = look_up(c);
    uint64_t no = 0, unseen = 0;
    for (unsigned i = 0; i < p->held; i++) {
        const struct rule *r = policy_rule(p, i);
        if (r->severity == SHOULD_NOT && !should)
            continue;
        enum answer a = judge_where(r, &v);
        if (a == ANSWER_NO)
            no |= UINT64_C(1) << i;
        else if (a == ANSWER_NOT_VISIBLE)
            unseen |= UINT64_C(1) << i;
    }
    if (broken)
        *broken = no;
    if (invisible)
        *invisible = unseen;
    return no ? ANSWER_NO : unseen ? ANSWER_NOT_VISIBLE : ANSWER_YES;
}

bool policy_allows_cert(const struct policy *p, const struct cert_facts *cert)
{
    for (unsigned i = 0; cert && i < p->held; i++) {
        const struct rule *r = policy_rule(p, i);
        if (r->kind == RULE_CERTIFICATE && rule_binds(p, r) && judge_certificate_facts(r, cert) == ANSWER_NO)
            return false;
    }
    return true;
}
