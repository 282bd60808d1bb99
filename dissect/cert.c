/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates are written by enemies. What libcrypto does here is linear in their length (at most LIMIT_CERT_BYTES):
 * nothing below may reach the extension cache of libcrypto (X509_check_purpose and what calls it), which copies the
 * issuer's name once per distribution point; and a signature is verified only with a key of a size somebody uses.
 */
#include "dissect/cert.h"
#include "base/limits.h"
#include "dissect/names.h"

#include <arpa/inet.h>
#include <openssl/asn1t.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

/* Largest keys that a self-signature is verified with. libcrypto itself stops at RSA 16384. */
enum { MAX_VERIFY_RSA_BITS = 16384, MAX_VERIFY_DSA_BITS = 4096 };

/* ---- structure ---- */

/*
 * A certificate (RFC 5280 section 4.1) as libcrypto's own templates read it, but for the key, which stays as it lies there.
 * Reading an X509, libcrypto also asks every decoder of every provider whether it knows the key: a million instructions. The
 * keys that nearly all certificates have, RSA and EC on a named curve, are measured here (key_by_eye), and only the others,
 * and certificates that may have signed themselves, are read as X509.
 */
struct spki {
    X509_ALGOR *algorithm;
    ASN1_BIT_STRING *key;
};
struct tbs {
    ASN1_INTEGER *version, *serial;
    X509_ALGOR *signature;
    X509_NAME *issuer;
    struct validity {
        ASN1_TIME *not_before, *not_after;
    } *validity;
    X509_NAME *subject;
    struct spki *spki;
    ASN1_BIT_STRING *issuer_id, *subject_id;
    STACK_OF(X509_EXTENSION) *extensions;
};
struct certificate {
    struct tbs *tbs;
    X509_ALGOR *algorithm;
    ASN1_BIT_STRING *signature;
};
struct rsa_key { /* RFC 8017 appendix A.1.1 */
    ASN1_INTEGER *modulus, *exponent;
};
typedef struct spki SPKI;
typedef struct validity VALIDITY;
typedef struct tbs TBS;
typedef struct certificate CERTIFICATE;
typedef struct rsa_key RSA_KEY;

ASN1_SEQUENCE(SPKI) = {
    ASN1_SIMPLE(SPKI, algorithm, X509_ALGOR),
    ASN1_SIMPLE(SPKI, key, ASN1_BIT_STRING),
} static_ASN1_SEQUENCE_END(SPKI)

ASN1_SEQUENCE(VALIDITY) = {
    ASN1_SIMPLE(VALIDITY, not_before, ASN1_TIME),
    ASN1_SIMPLE(VALIDITY, not_after, ASN1_TIME),
} static_ASN1_SEQUENCE_END(VALIDITY)

ASN1_SEQUENCE(TBS) = {
    ASN1_EXP_OPT(TBS, version, ASN1_INTEGER, 0),
    ASN1_SIMPLE(TBS, serial, ASN1_INTEGER),
    ASN1_SIMPLE(TBS, signature, X509_ALGOR),
    ASN1_SIMPLE(TBS, issuer, X509_NAME),
    ASN1_SIMPLE(TBS, validity, VALIDITY),
    ASN1_SIMPLE(TBS, subject, X509_NAME),
    ASN1_SIMPLE(TBS, spki, SPKI),
    ASN1_IMP_OPT(TBS, issuer_id, ASN1_BIT_STRING, 1),
    ASN1_IMP_OPT(TBS, subject_id, ASN1_BIT_STRING, 2),
    ASN1_EXP_SEQUENCE_OF_OPT(TBS, extensions, X509_EXTENSION, 3),
} static_ASN1_SEQUENCE_END(TBS)

ASN1_SEQUENCE(CERTIFICATE) = {
    ASN1_SIMPLE(CERTIFICATE, tbs, TBS),
    ASN1_SIMPLE(CERTIFICATE, algorithm, X509_ALGOR),
    ASN1_SIMPLE(CERTIFICATE, signature, ASN1_BIT_STRING),
} static_ASN1_SEQUENCE_END(CERTIFICATE)

ASN1_SEQUENCE(RSA_KEY) = {
    ASN1_SIMPLE(RSA_KEY, modulus, ASN1_INTEGER),
    ASN1_SIMPLE(RSA_KEY, exponent, ASN1_INTEGER),
} static_ASN1_SEQUENCE_END(RSA_KEY)

/* ---- text ---- */

struct text {
    char *p;
    size_t n, cap; /* n < cap; always NUL-terminated */
};

static bool text_add(struct text *t, const char *s, size_t n)
{
    if (n >= t->cap - t->n)
        return false;
    memcpy(t->p + t->n, s, n);
    t->n += n;
    t->p[t->n] = '\0';
    return true;
}

/* A byte that cannot stand for itself, as RFC 4514 writes it: \c3. */
static bool text_add_hex(struct text *t, uint8_t byte)
{
    char hex[4];
    (void)snprintf(hex, sizeof hex, "\\%02x", byte);
    return text_add(t, hex, 3);
}

/* Cut between characters. */
static void text_add_utf8(struct text *t, const char *s, size_t n)
{
    if (n >= t->cap - t->n) {
        n = t->cap - t->n - 1;
        while (n > 0 && ((uint8_t)s[n] & 0xc0) == 0x80)
            n--;
    }
    (void)text_add(t, s, n);
}

/* Control characters come as \00 and RFC 2253's specials as \, so that a name cannot pretend to be two. libcrypto has
 * refused strings that are not of the character set that they claim. */
static void name_text(const X509_NAME *name, char *out, size_t cap)
{
    struct text t = { .p = out, .cap = cap };
    BIO *bio = BIO_new(BIO_s_mem());
    if (!bio)
        return;
    char *p;
    (void)X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB);
    long n = BIO_get_mem_data(bio, &p); /* where a part cannot be printed: what came before it */
    if (n > 0)
        text_add_utf8(&t, p, (size_t)n);
    BIO_free(bio);
}

static bool san_dns(struct text *t, const ASN1_STRING *s)
{
    const uint8_t *p = ASN1_STRING_get0_data(s);
    for (int i = 0; i < ASN1_STRING_length(s); i++) {
        bool plain = p[i] > ' ' && p[i] < 0x7f && p[i] != ',' && p[i] != '\\';
        if (!(plain ? text_add(t, (const char *)&p[i], 1) : text_add_hex(t, p[i])))
            return false;
    }
    return true;
}

static bool san_ip(struct text *t, const ASN1_STRING *s)
{
    char host[INET6_ADDRSTRLEN] = "";
    int n = ASN1_STRING_length(s);
    if ((n != 4 && n != 16) || !inet_ntop(n == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(s), host, sizeof host))
        return text_add(t, "?", 1);
    return text_add(t, host, strlen(host));
}

static void san_text(const STACK_OF(X509_EXTENSION) *extensions, char *out, size_t cap)
{
    static const char more[] = ",...";
    struct text t = { .p = out, .cap = cap - (sizeof more - 1) };
    GENERAL_NAMES *names = X509V3_get_d2i(extensions, NID_subject_alt_name, NULL, NULL);
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *g = sk_GENERAL_NAME_value(names, i);
        size_t before = t.n;
        if (g->type != GEN_DNS && g->type != GEN_IPADD)
            continue;
        bool fits = before == 0 || text_add(&t, ",", 1);
        if (fits && (g->type == GEN_DNS ? san_dns(&t, g->d.dNSName) : san_ip(&t, g->d.iPAddress)))
            continue;
        memcpy(out + before, before ? more : more + 1, sizeof more - (before ? 0 : 1));
        break;
    }
    GENERAL_NAMES_free(names);
}

static void serial_text(const ASN1_INTEGER *serial, char *out, size_t cap)
{
    const uint8_t *p = ASN1_STRING_get0_data(serial);
    size_t n = 0;
    if (ASN1_STRING_type(serial) == V_ASN1_NEG_INTEGER)
        out[n++] = '-';
    for (int i = 0; i < ASN1_STRING_length(serial) && n + 3 <= cap; i++, n += 2)
        (void)snprintf(out + n, 3, "%02x", p[i]);
}

/* ---- key, signature, validity ---- */

/* Keys that libcrypto does not know are told by their algorithm's OID. */
static const struct {
    const char *oid;
    uint8_t key;
    uint16_t bits;
} key_oids[] = {
    { "1.2.643.2.2.20", CERT_KEY_GOST, 1024 },       { "1.2.643.2.2.19", CERT_KEY_GOST, 256 },
    { "1.2.643.7.1.1.1.1", CERT_KEY_GOST, 256 },     { "1.2.643.7.1.1.1.2", CERT_KEY_GOST, 512 },
    { "2.16.840.1.101.3.4.3.17", CERT_KEY_MLDSA, 0 }, { "2.16.840.1.101.3.4.3.18", CERT_KEY_MLDSA, 0 },
    { "2.16.840.1.101.3.4.3.19", CERT_KEY_MLDSA, 0 },
};

static void key_by_oid(const ASN1_OBJECT *algorithm, struct cert_facts *out)
{
    char oid[64];
    if (OBJ_obj2txt(oid, sizeof oid, algorithm, 1) <= 0)
        return;
    for (size_t i = 0; i < sizeof key_oids / sizeof *key_oids; i++) {
        if (strcmp(oid, key_oids[i].oid) == 0) {
            out->key = key_oids[i].key;
            out->key_bits = key_oids[i].bits;
        }
    }
}

static uint8_t key_kind(int id)
{
    switch (id) {
    case EVP_PKEY_RSA:
        return CERT_KEY_RSA;
    case EVP_PKEY_RSA_PSS:
        return CERT_KEY_RSA_PSS;
    case EVP_PKEY_DSA:
        return CERT_KEY_DSA;
    case EVP_PKEY_EC:
    case EVP_PKEY_SM2:
        return CERT_KEY_EC;
    case EVP_PKEY_ED25519:
        return CERT_KEY_ED25519;
    case EVP_PKEY_ED448:
        return CERT_KEY_ED448;
    case EVP_PKEY_DH:
    case EVP_PKEY_DHX:
        return CERT_KEY_DH;
    default:
        return CERT_KEY_UNKNOWN;
    }
}

static bool rsa_by_eye(const struct spki *k, struct cert_facts *out)
{
    const uint8_t *p = ASN1_STRING_get0_data(k->key);
    struct rsa_key *rsa = (struct rsa_key *)ASN1_item_d2i(NULL, &p, ASN1_STRING_length(k->key), ASN1_ITEM_rptr(RSA_KEY));
    BIGNUM *n = rsa && ASN1_STRING_type(rsa->modulus) == V_ASN1_INTEGER ? ASN1_INTEGER_to_BN(rsa->modulus, NULL) : NULL;
    int bits = n ? BN_num_bits(n) : 0;
    BN_free(n);
    ASN1_item_free((ASN1_VALUE *)rsa, ASN1_ITEM_rptr(RSA_KEY));
    out->key = CERT_KEY_RSA;
    out->key_bits = (uint16_t)bits;
    return bits > 0 && bits <= UINT16_MAX && ASN1_STRING_length(k->key) == p - ASN1_STRING_get0_data(k->key);
}

/* A point that is not on its curve is no key: then it is known that there is none. */
static bool ec_by_eye(const struct spki *k, struct cert_facts *out)
{
    const ASN1_TYPE *parameter = k->algorithm->parameter;
    bool named = parameter && parameter->type == V_ASN1_OBJECT;
    int nid = named ? OBJ_obj2nid(parameter->value.object) : NID_undef;
    EC_GROUP *group = nid == NID_X9_62_prime256v1 || nid == NID_secp384r1 || nid == NID_secp521r1
                          ? EC_GROUP_new_by_curve_name(nid) : NULL;
    EC_POINT *point = group ? EC_POINT_new(group) : NULL;
    if (!point) {
        EC_GROUP_free(group);
        return false;
    }
    size_t n = (size_t)ASN1_STRING_length(k->key);
    if (EC_POINT_oct2point(group, point, ASN1_STRING_get0_data(k->key), n, NULL) == 1 && !EC_POINT_is_at_infinity(group, point)) {
        out->key = CERT_KEY_EC;
        out->key_bits = (uint16_t)EC_GROUP_order_bits(group);
        out->curve = group_by_name(OBJ_nid2sn(nid));
    }
    EC_POINT_free(point);
    EC_GROUP_free(group);
    return true;
}

/* false: it takes more than a look to say what key this is, or whether it is one. */
static bool key_by_eye(const struct spki *k, struct cert_facts *out)
{
    switch (OBJ_obj2nid(k->algorithm->algorithm)) {
    case NID_rsaEncryption:
        return rsa_by_eye(k, out);
    case NID_X9_62_id_ecPublicKey:
        return ec_by_eye(k, out);
    default: /* of a list without end */
        return false;
    }
}

static void key_facts(const EVP_PKEY *key, const ASN1_OBJECT *algorithm, struct cert_facts *out)
{
    out->key = CERT_KEY_UNKNOWN;
    out->key_bits = 0;
    if (!key) {
        key_by_oid(algorithm, out);
        return;
    }
    int bits = EVP_PKEY_get_bits(key);
    char curve[64];
    out->key = key_kind(EVP_PKEY_get_base_id(key));
    out->key_bits = bits < 0 ? 0 : bits > UINT16_MAX ? UINT16_MAX : (uint16_t)bits;
    if (out->key == CERT_KEY_EC && EVP_PKEY_get_group_name(key, curve, sizeof curve, NULL))
        out->curve = group_by_name(curve);
}

/* RSASSA-PSS keeps its hash in the parameters; SHA-1 when they do not say (RFC 4055 section 3.1). */
static int pss_hash_nid(const X509_ALGOR *alg)
{
    RSA_PSS_PARAMS *pss = ASN1_TYPE_unpack_sequence(ASN1_ITEM_rptr(RSA_PSS_PARAMS), alg->parameter);
    int nid = pss ? NID_sha1 : NID_undef;
    if (pss && pss->hashAlgorithm)
        nid = OBJ_obj2nid(pss->hashAlgorithm->algorithm);
    RSA_PSS_PARAMS_free(pss);
    return nid;
}

static uint16_t hash_bits(int nid)
{
    const EVP_MD *md = nid == NID_undef ? NULL : EVP_get_digestbynid(nid);
    if (md)
        return (uint16_t)(EVP_MD_get_size(md) * 8);
    switch (nid) { /* what libcrypto can name but not compute */
    case NID_md2:
        return 128;
    case NID_id_GostR3411_94:
    case NID_id_GostR3411_2012_256:
        return 256;
    case NID_id_GostR3411_2012_512:
        return 512;
    default:
        return 0;
    }
}

static void signature_facts(const X509_ALGOR *alg, struct cert_facts *out)
{
    int nid = OBJ_obj2nid(alg->algorithm), hash = NID_undef;
    const char *name = nid == NID_undef ? NULL : OBJ_nid2ln(nid);
    if (name)
        (void)snprintf(out->sigalg, sizeof out->sigalg, "%s", name);
    else if (OBJ_obj2txt(out->sigalg, sizeof out->sigalg, alg->algorithm, 1) < 0)
        out->sigalg[0] = '\0';
    if (nid == NID_ED25519 || nid == NID_ED448) {
        out->sig_hash_bits = 512; /* SHA-512; SHAKE256 with more */
        return;
    }
    if (nid == NID_rsassaPss)
        hash = pss_hash_nid(alg);
    else if (!OBJ_find_sigid_algs(nid, &hash, NULL))
        hash = NID_undef;
    out->sig_hash_bits = hash_bits(hash);
}

static int64_t time_seconds(const ASN1_TIME *t)
{
    struct tm tm;
    if (!ASN1_TIME_to_tm(t, &tm))
        return 0;
    return timegm(&tm);
}

static bool self_signed(X509 *x, EVP_PKEY *key, const struct cert_facts *f)
{
    if (!key)
        return false;
    unsigned bits = f->key_bits;
    if ((f->key == CERT_KEY_RSA || f->key == CERT_KEY_RSA_PSS) && bits > MAX_VERIFY_RSA_BITS)
        return false;
    if (f->key == CERT_KEY_DSA && bits > MAX_VERIFY_DSA_BITS)
        return false;
    if (f->key == CERT_KEY_EC && f->curve == 0) /* parameters of the sender's own making */
        return false;
    return X509_verify(x, key) == 1;
}

static bool is_ca(const STACK_OF(X509_EXTENSION) *extensions)
{
    BASIC_CONSTRAINTS *bc = X509V3_get_d2i(extensions, NID_basic_constraints, NULL, NULL);
    bool ca = bc && bc->ca;
    BASIC_CONSTRAINTS_free(bc);
    return ca;
}

/* What needs a key that libcrypto has decoded. */
static void facts_by_key(struct rd der, bool known, const struct tbs *tbs, struct cert_facts *out)
{
    const uint8_t *p = der.p;
    X509 *x = d2i_X509(NULL, &p, (long)rd_left(&der));
    EVP_PKEY *key = x ? X509_get0_pubkey(x) : NULL;
    if (!known)
        key_facts(key, tbs->spki->algorithm->algorithm, out);
    if (X509_NAME_cmp(tbs->subject, tbs->issuer) == 0)
        out->self_signed = self_signed(x, key, out);
    X509_free(x);
}

static void cert_facts_of(struct rd der, const struct certificate *c, struct cert_facts *out)
{
    const struct tbs *tbs = c->tbs;
    name_text(tbs->subject, out->subject, sizeof out->subject);
    name_text(tbs->issuer, out->issuer, sizeof out->issuer);
    san_text(tbs->extensions, out->san, sizeof out->san);
    serial_text(tbs->serial, out->serial, sizeof out->serial);
    signature_facts(c->algorithm, out);
    out->not_before = time_seconds(tbs->validity->not_before);
    out->not_after = time_seconds(tbs->validity->not_after);
    out->is_ca = is_ca(tbs->extensions);
    bool known = key_by_eye(tbs->spki, out);
    if (!known || X509_NAME_cmp(tbs->subject, tbs->issuer) == 0)
        facts_by_key(der, known, tbs, out);
}

bool cert_parse(struct rd der, struct cert_facts *out)
{
    size_t n = rd_left(&der);
    const uint8_t *p = der.p;
    memset(out, 0, sizeof *out);
    if (EVP_Q_digest(NULL, "SHA256", NULL, n ? p : (const uint8_t *)"", n, out->sha256, NULL) != 1)
        memset(out->sha256, 0, sizeof out->sha256);
    struct certificate *c = NULL;
    if (n > 0 && n <= LIMIT_CERT_BYTES)
        c = (struct certificate *)ASN1_item_d2i(NULL, &p, (long)n, ASN1_ITEM_rptr(CERTIFICATE));
    bool readable = c != NULL;
    if (readable)
        cert_facts_of(der, c, out);
    ASN1_item_free((ASN1_VALUE *)c, ASN1_ITEM_rptr(CERTIFICATE));
    ERR_clear_error(); /* it keeps a ring of what failed above */
    return readable;
}

const char *cert_key_name(uint8_t key)
{
    static const char *const names[] = {
        [CERT_KEY_UNKNOWN] = "unknown", [CERT_KEY_RSA] = "RSA",     [CERT_KEY_RSA_PSS] = "RSA-PSS", [CERT_KEY_DSA] = "DSA",
        [CERT_KEY_EC] = "EC",           [CERT_KEY_ED25519] = "Ed25519", [CERT_KEY_ED448] = "Ed448", [CERT_KEY_DH] = "DH",
        [CERT_KEY_GOST] = "GOST",       [CERT_KEY_MLDSA] = "ML-DSA",
    };
    return names[key < sizeof names / sizeof *names ? key : CERT_KEY_UNKNOWN];
}

/* ---- cache ---- */

struct entry {
    struct cert_facts facts; /* first: a caller's pointer to it is a pointer to the entry */
    XXH128_hash_t hash;
    struct entry *next; /* in its bucket */
    struct entry *older, *newer; /* among the unheld */
    uint32_t held;
    bool readable; /* what libcrypto refused is remembered too: a flood of one broken certificate is parsed once */
};

struct cert_cache {
    uint64_t seed;
    uint32_t max, count, mask;
    struct entry *oldest, *newest; /* the unheld, by last release */
    struct entry *bucket[];
};

struct cert_cache *cert_cache_new(uint32_t max, uint64_t seed)
{
    uint32_t buckets = 16;
    while (buckets < max && buckets < UINT32_C(1) << 24)
        buckets *= 2;
    struct cert_cache *c = calloc(1, sizeof *c + buckets * sizeof *c->bucket);
    if (!c)
        return NULL;
    c->seed = seed;
    c->max = max;
    c->mask = buckets - 1;
    return c;
}

void cert_cache_limit(struct cert_cache *c, size_t bytes)
{
    if (bytes / sizeof(struct entry) < c->max)
        c->max = (uint32_t)(bytes / sizeof(struct entry));
}

void cert_cache_free(struct cert_cache *c)
{
    for (uint32_t i = 0; c && i <= c->mask; i++) {
        for (struct entry *e = c->bucket[i]; e;) {
            struct entry *next = e->next;
            free(e);
            e = next;
        }
    }
    free(c);
}

static void unheld_remove(struct cert_cache *c, struct entry *e)
{
    *(e->older ? &e->older->newer : &c->oldest) = e->newer;
    *(e->newer ? &e->newer->older : &c->newest) = e->older;
    e->older = e->newer = NULL;
}

static void unheld_append(struct cert_cache *c, struct entry *e)
{
    e->older = c->newest;
    *(c->newest ? &c->newest->newer : &c->oldest) = e;
    c->newest = e;
}

/* An entry to write to: a new one, or the least recently used that nobody holds. NULL: all are held, or no memory. */
static struct entry *entry_take(struct cert_cache *c)
{
    struct entry *e = c->oldest;
    if (c->count < c->max) {
        struct entry *fresh = calloc(1, sizeof *fresh);
        if (fresh) {
            c->count++;
            return fresh;
        }
    }
    if (!e)
        return NULL;
    unheld_remove(c, e);
    struct entry **at = &c->bucket[e->hash.low64 & c->mask];
    while (*at != e)
        at = &(*at)->next;
    *at = e->next;
    return e;
}

static struct entry *entry_find(const struct cert_cache *c, XXH128_hash_t hash)
{
    struct entry *e = c->bucket[hash.low64 & c->mask];
    while (e && !XXH128_isEqual(e->hash, hash))
        e = e->next;
    return e;
}

const struct cert_facts *cert_get(struct cert_cache *c, struct rd der)
{
    XXH128_hash_t hash = XXH3_128bits_withSeed(der.p, rd_left(&der), c->seed);
    struct entry *e = entry_find(c, hash);
    if (e) {
        if (e->held == 0)
            unheld_remove(c, e);
    } else {
        e = entry_take(c);
        if (!e)
            return NULL;
        e->hash = hash;
        e->readable = cert_parse(der, &e->facts);
        e->next = c->bucket[hash.low64 & c->mask];
        c->bucket[hash.low64 & c->mask] = e;
    }
    e->held++;
    if (e->readable)
        return &e->facts;
    cert_release(c, &e->facts);
    return NULL;
}

void cert_release(struct cert_cache *c, const struct cert_facts *f)
{
    struct entry *e = (struct entry *)(uintptr_t)f;
    if (e && --e->held == 0)
        unheld_append(c, e);
}
