/* SPDX-License-Identifier: Apache-2.0 */
/* What a policy allows of the things that an offer lists, one by one and together. */
#include "report/policy_impl.h"

bool policy_allows_version(const struct policy *p, uint16_t version)
{
    return p->versions[version_is_dtls(version)] >> version_rank(version) & 1;
}

static bool suite_allowed(const struct policy *p, const struct suite *s, int rank, bool dtls, bool etm)
{
    unsigned i = suite_place(s);
    return suite_defined_at(s, rank, dtls) && p->suites[rank][etm][i / 64] >> (i % 64) & 1;
}

bool policy_allows_suite(const struct policy *p, uint16_t version, uint32_t suite, bool etm_possible)
{
    const struct suite *s = suite_find(suite);
    bool dtls = version_is_dtls(version);
    for (int rank = 1; s && rank < RANKS; rank++)
        if ((version == VER_NONE || rank == version_rank(version)) && suite_allowed(p, s, rank, dtls, etm_possible))
            return true;
    return false;
}

static bool all_allow(const struct policy *p, enum rule_kind kind, int rank, uint16_t id)
{
    for (unsigned i = 0; i < p->held; i++) {
        const struct rule *r = policy_rule(p, i);
        bool speaks = r->kind == kind && rule_binds(p, r) && (rank == 0 || r->ranks >> rank & 1);
        if (speaks && !rule_allows(r, id))
            return false;
    }
    return true;
}

bool policy_allows_group(const struct policy *p, uint16_t version, uint16_t group)
{
    return all_allow(p, RULE_GROUPS, version_rank(version), group);
}

bool policy_allows_sigscheme(const struct policy *p, uint16_t version, uint16_t scheme)
{
    return all_allow(p, RULE_SIGSCHEMES, version_rank(version), scheme);
}

/* ---- together ---- */

/* RFC 8446 section 4.2.3. */
unsigned scheme_keys(uint16_t scheme, int rank)
{
    bool tls13 = rank == RANK_TLS13;
    switch (scheme) {
    case 0x0804: case 0x0805: case 0x0806:
        return 1u << CERT_KEY_RSA;
    case 0x0809: case 0x080a: case 0x080b:
        return 1u << CERT_KEY_RSA_PSS;
    case 0x0807:
        return 1u << CERT_KEY_ED25519;
    case 0x0808:
        return 1u << CERT_KEY_ED448;
    case 0x0403: case 0x0503: case 0x0603:
        return 1u << CERT_KEY_EC;
    case 0x081a: case 0x081b: case 0x081c: case 0x0708:
        return tls13 ? 1u << CERT_KEY_EC : 0;
    case 0x0904: case 0x0905: case 0x0906:
        return tls13 ? 1u << CERT_KEY_MLDSA : 0;
    default:
        break;
    }
    if (tls13 || scheme >> 8 < 1 || scheme >> 8 > 6) /* what is left are the pairs of RFC 5246: hash, then signature */
        return 0;
    unsigned low = scheme & 0xff;
    return low == 1 ? 1u << CERT_KEY_RSA : low == 2 ? 1u << CERT_KEY_DSA : low == 3 ? 1u << CERT_KEY_EC : 0;
}

/* Which keys can serve a suite before TLS 1.3; all bits where it needs no certificate or the kind is not one of enum
 * cert_key. */
static unsigned suite_keys(const struct suite *s)
{
    switch (s->au) {
    case AU_RSA: /* a PSS key cannot decrypt a premaster secret */
        return 1u << CERT_KEY_RSA | (suite_is_signed(s) ? 1u << CERT_KEY_RSA_PSS : 0);
    case AU_DSS:
        return 1u << CERT_KEY_DSA;
    case AU_ECDSA: /* RFC 8422 section 5.10 */
        return 1u << CERT_KEY_EC | 1u << CERT_KEY_ED25519 | 1u << CERT_KEY_ED448;
    case AU_DH:
        return 1u << CERT_KEY_DH;
    case AU_ECDH:
        return 1u << CERT_KEY_EC;
    case AU_GOST:
        return 1u << CERT_KEY_GOST;
    default: /* the table holds all of enum suite_au */
        return ~0u;
    }
}

/* In TLS 1.3 an ECDSA scheme is bound to its curve. */
static bool scheme_fits_curve(uint16_t scheme, int rank, const struct cert_facts *cert)
{
    static const struct {
        uint16_t scheme, curve;
    } bound[] = { { 0x0403, 0x17 }, { 0x0503, 0x18 }, { 0x0603, 0x19 },
                  { 0x081a, 0x1a }, { 0x081b, 0x1b }, { 0x081c, 0x1c } };
    if (rank < RANK_TLS13 || !cert || cert->key != CERT_KEY_EC || !cert->curve)
        return true;
    for (size_t i = 0; i < sizeof bound / sizeof *bound; i++)
        if (bound[i].scheme == scheme)
            return bound[i].curve == cert->curve;
    return true;
}

struct study { /* one offer under one policy at one version */
    const struct policy *p;
    const struct offer *o;
    const struct cert_facts *cert;
    int rank;
    bool dtls;
    unsigned keys; /* the server's, or all that the policy allows */
    unsigned signing; /* keys for which an allowed scheme is offered */
    unsigned groups, sigschemes; /* allowed ones that are offered and of use at this version */
    bool cert_curve; /* the certificate's curve is offered, or there is nothing to ask */
};

/* Before TLS 1.3 curves alone; TLS 1.3 has dropped the old ones (RFC 8446 section 4.2.7). */
bool group_usable(uint16_t group, int rank)
{
    bool curve = (group >= 0x0001 && group <= 0x001e) || group == 0xff01 || group == 0xff02;
    bool dropped = group <= 0x0016 || (group >= 0x001a && group <= 0x001c) || group == 0xff01 || group == 0xff02;
    return rank < RANK_TLS13 ? curve : !dropped && !grease(group);
}

static void count_groups(struct study *t)
{
    uint16_t curve = t->cert && t->cert->key == CERT_KEY_EC ? t->cert->curve : 0;
    t->cert_curve = curve == 0;
    for (struct rd r = t->o->groups; rd_left(&r);) {
        uint16_t group = rd_u16(&r);
        t->cert_curve |= group == curve;
        t->groups += group_usable(group, t->rank) && all_allow(t->p, RULE_GROUPS, t->rank, group);
    }
}

static void count_sigschemes(struct study *t)
{
    for (struct rd r = t->o->sigalgs; rd_left(&r);) {
        uint16_t scheme = rd_u16(&r);
        unsigned keys = scheme_keys(scheme, t->rank) & t->keys;
        if (!keys || !scheme_fits_curve(scheme, t->rank, t->cert) || !all_allow(t->p, RULE_SIGSCHEMES, t->rank, scheme))
            continue;
        t->signing |= keys;
        t->sigschemes++;
    }
}

static bool sends_groups(const struct offer *o)
{
    return o->ext_mask & EXT_GROUPS;
}

static bool sends_sigschemes(const struct offer *o)
{
    return o->ext_mask & EXT_SIGALGS;
}

/* What a suite before TLS 1.3 lacks of a group and a signature; enum missing. */
static unsigned suite_lacks(const struct study *t, const struct suite *s)
{
    unsigned lacks = 0;
    if (suite_group_use(s) == USES_CURVE && sends_groups(t->o) && t->groups == 0)
        lacks |= MISS_GROUP;
    if ((s->au == AU_ECDSA || s->au == AU_ECDH) && sends_groups(t->o) && !t->cert_curve) /* RFC 8422 section 5.1 */
        lacks |= MISS_GROUP;
    if (!suite_is_signed(s))
        return lacks;
    if (t->rank < RANK_TLS12 || !sends_sigschemes(t->o))
        return lacks | (all_allow(t->p, RULE_SIGSCHEMES, t->rank, sigscheme_before_tls12(s)) ? 0 : MISS_SIGSCHEME);
    return lacks | (suite_keys(s) & t->signing ? 0 : MISS_SIGSCHEME);
}

static bool limits(const struct policy *p, enum rule_kind kind)
{
    for (unsigned i = 0; i < p->held; i++)
        if (policy_rule(p, i)->kind == kind && rule_binds(p, policy_rule(p, i)))
            return true;
    return false;
}

/* Neither groups nor schemes: a pre-shared key alone (RFC 8446 section 9.2). */
static unsigned tls13_lacks(const struct study *t)
{
    uint32_t mask = t->o->ext_mask;
    if (!(mask & (EXT_GROUPS | EXT_SIGALGS)) && mask & EXT_PSK_MODES)
        return limits(t->p, RULE_GROUPS) ? MISS_GROUP : 0;
    return (t->groups ? 0u : MISS_GROUP) | (t->signing ? 0u : MISS_SIGSCHEME);
}

static bool offers_feature(const struct study *t, const struct rule *r)
{
    bool tls13 = t->rank == RANK_TLS13;
    uint32_t mask = t->o->ext_mask;
    switch ((enum feature)r->feature) {
    case FEATURE_SNI: /* the name is of the handshake, not of the offer: policy_judge() tells */
        return true;
    case FEATURE_EMS:
        return tls13 || mask & EXT_EMS;
    case FEATURE_ENCRYPT_THEN_MAC: /* a matter of the suite: the rule "unless" can say it */
    case FEATURE_NO_COMPRESSION: /* null compression is always offered (RFC 5246 section 7.4.1.2) */
        return true;
    case FEATURE_RENEGOTIATION_INFO:
        return tls13 || mask & EXT_RENEGOTIATION_INFO || t->o->renegotiation_scsv;
    case FEATURE_KEY_SHARE:
        break;
    }
    for (struct rd g = t->o->share_groups; rd_left(&g);)
        if (all_allow(t->p, RULE_GROUPS, t->rank, rd_u16(&g)))
            return true;
    return false;
}

static unsigned features_missing(const struct study *t)
{
    for (unsigned i = 0; i < t->p->held; i++) {
        const struct rule *r = policy_rule(t->p, i);
        if (r->kind == RULE_FEATURE && rule_binds(t->p, r) && r->ranks >> t->rank & 1 && !offers_feature(t, r))
            return MISS_FEATURE;
    }
    return 0;
}

static unsigned bits_set(unsigned v)
{
    unsigned n = 0;
    for (; v; v &= v - 1)
        n++;
    return n;
}

/* The next suite of an offer; those of an SSLv2-format hello are three bytes, with a leading zero for those of SSL 3.0 and
 * up. */
static const struct suite *next_suite(const struct offer *o, struct rd *suites)
{
    uint32_t id = o->format == HELLO_SSLV2 ? rd_u24(suites) : rd_u16(suites);
    return suite_find(id);
}

static struct residue at_version(struct study *t)
{
    struct residue left = { 0 };
    unsigned least = MISS_SUITE;
    bool any = false;
    count_groups(t);
    count_sigschemes(t);
    for (struct rd r = t->o->suites; rd_left(&r);) {
        const struct suite *s = next_suite(t->o, &r);
        if (!s || !suite_allowed(t->p, s, t->rank, t->dtls, t->o->ext_mask & EXT_ETM))
            continue;
        if (t->rank < RANK_TLS13 && !(suite_keys(s) & t->keys))
            continue;
        unsigned lacks = t->rank == RANK_TLS13 ? tls13_lacks(t) : suite_lacks(t, s);
        if (!any || bits_set(lacks) < bits_set(least))
            least = lacks;
        any = true;
        if (lacks)
            continue;
        left.suites++;
        left.any_group |= t->rank < RANK_TLS13 && suite_group_use(s) == USES_CURVE && !sends_groups(t->o);
        left.default_sigschemes |= t->rank == RANK_TLS12 && suite_is_signed(s) && !sends_sigschemes(t->o);
    }
    left.missing = least | features_missing(t);
    left.groups = t->groups;
    left.sigschemes = t->sigschemes;
    return left;
}

/* A bit per version_rank() that the offer stands for. */
static unsigned versions_offered(const struct offer *o, bool dtls)
{
    unsigned ranks = 0;
    if (o->quic)
        return 1u << RANK_TLS13; /* RFC 9001 section 4.2 */
    if (o->ext_mask & EXT_SUPPORTED_VERSIONS) {
        for (struct rd r = o->versions; rd_left(&r);) {
            uint16_t v = version_canonical(rd_u16(&r));
            if (version_is_dtls(v) == dtls)
                ranks |= 1u << version_rank(v);
        }
        return ranks & RANKS_ALL;
    }
    int top = version_rank(o->legacy_version); /* 0x0304 here is no TLS 1.3 (RFC 8446 section 4.2.1) */
    if (top > RANK_TLS12)
        top = RANK_TLS12;
    for (int rank = dtls ? 4 : 2; rank <= top; rank++)
        ranks |= 1u << rank;
    if (o->format == HELLO_SSLV2)
        ranks |= 1u << 1;
    return ranks;
}

uint16_t version_of_rank(int rank, bool dtls)
{
    static const uint16_t tls[RANKS] = { 0, VER_SSL2, VER_SSL3, VER_TLS10, VER_TLS11, VER_TLS12, VER_TLS13 };
    static const uint16_t over_udp[RANKS] = { 0, 0, 0, 0, VER_DTLS10, VER_DTLS12, VER_DTLS13 };
    return dtls ? over_udp[rank] : tls[rank];
}

struct residue policy_residue(const struct policy *p, const struct offer *o, const struct cert_facts *cert)
{
    struct residue nearest = { .missing = MISS_VERSION };
    bool any = false, dtls = o->format == HELLO_DTLS;
    unsigned versions = versions_offered(o, dtls) & p->versions[dtls];
    unsigned key = cert && cert->key != CERT_KEY_UNKNOWN ? 1u << cert->key : 0;
    bool this_key = key & p->keys;
    for (int rank = RANKS - 1; rank > 0; rank--) {
        if (!(versions >> rank & 1))
            continue;
        struct study t = { .p = p, .o = o, .cert = this_key ? cert : NULL, .rank = rank, .dtls = dtls,
                           .keys = this_key ? key : p->keys };
        struct residue left = at_version(&t);
        if (left.missing == 0) {
            left.best_version = version_of_rank(rank, dtls);
            return left;
        }
        if (!any || bits_set(left.missing) < bits_set(nearest.missing))
            nearest = left;
        any = true;
    }
    return nearest;
}

bool policy_leaves_suite(const struct policy *p, const struct offer *o, const struct cert_facts *cert, uint16_t version,
                         uint32_t suite)
{
    const struct suite *s = suite_find(suite);
    bool dtls = o->format == HELLO_DTLS;
    unsigned key = cert && cert->key != CERT_KEY_UNKNOWN ? 1u << cert->key & p->keys : 0;
    struct study t = { .p = p, .o = o, .cert = key ? cert : NULL, .rank = version_rank(version), .dtls = dtls,
                       .keys = key ? key : p->keys };
    if (!s || !suite_allowed(p, s, t.rank, dtls, o->ext_mask & EXT_ETM))
        return false;
    count_groups(&t);
    count_sigschemes(&t);
    if (t.rank == RANK_TLS13)
        return tls13_lacks(&t) == 0;
    return (suite_keys(s) & t.keys) && suite_lacks(&t, s) == 0;
}

bool policy_leaves_scheme(const struct policy *p, const struct offer *o, uint16_t version)
{
    if (!(o->ext_mask & EXT_SIGALGS))
        return true;
    for (struct rd r = o->sigalgs; rd_left(&r) >= 2;)
        if (all_allow(p, RULE_SIGSCHEMES, version_rank(version), rd_u16(&r)))
            return true;
    return false;
}
