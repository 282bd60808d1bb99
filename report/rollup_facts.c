/* SPDX-License-Identifier: Apache-2.0 */
/* What handshakes show besides their version. One row per fact; a fact says what was observed and judges nothing. */
#include "report/rollup_impl.h"

/* Only where a ServerHello was seen, and below TLS 1.3, which has all of this built in or removed. */
static bool before_13(const struct roll_row *r)
{
    return r->k->version != VER_NONE && version_rank(r->k->version) < version_rank(VER_TLS13);
}

static bool tls_before_13(const struct roll_row *r)
{
    return before_13(r) && r->k->version != VER_SSL2;
}

static bool resumed(const struct roll_row *r)
{
    return r->k->flags & EV_RESUMED;
}

static bool no_pfs(const struct roll_row *r)
{
    return before_13(r) && r->shape->suite && !r->shape->suite->pfs;
}

static bool weak_cipher(const struct roll_row *r)
{
    return r->shape->suite && r->shape->suite->mode != MODE_NULL && r->shape->suite->bits < 128;
}

static bool rc4(const struct roll_row *r)
{
    const struct suite *s = r->shape->suite;
    return s && s->mode == MODE_STREAM && s->enc && strncmp(s->enc, "RC4", 3) == 0;
}

static bool null_cipher(const struct roll_row *r)
{
    return r->shape->suite && r->shape->suite->mode == MODE_NULL;
}

static bool anonymous(const struct roll_row *r)
{
    return before_13(r) && r->shape->suite && r->shape->suite->au == AU_NONE;
}

static bool cbc_plain(const struct roll_row *r)
{
    return tls_before_13(r) && r->shape->suite && r->shape->suite->mode == MODE_CBC && !(r->k->flags & EV_ETM);
}

static bool compressed(const struct roll_row *r)
{
    return r->k->flags & EV_COMPRESSION;
}

static bool no_ems(const struct roll_row *r)
{
    return tls_before_13(r) && !(r->k->flags & EV_EMS);
}

static bool no_renegotiation_info(const struct roll_row *r)
{
    return tls_before_13(r) && !(r->k->flags & EV_RENEGOTIATION_INFO);
}

static bool no_sni(const struct roll_row *r)
{
    return r->profile && !r->at->key.sni;
}

static bool sslv2_hello(const struct roll_row *r)
{
    return r->profile && offer_format(r->profile->offer) == HELLO_SSLV2;
}

static bool small_dh(const struct roll_row *r)
{
    return r->k->dh_bits && r->k->dh_bits < 2048;
}

/* TLS 1.2 pairs: the first byte is the hash, 1 MD5, 2 SHA-1 (RFC 5246 section 7.4.1.4.1). */
static bool old_signature(const struct roll_row *r)
{
    return r->k->sigscheme >> 8 == 1 || r->k->sigscheme >> 8 == 2;
}

static bool small_key(const struct roll_row *r)
{
    if (!r->cert || !r->cert->key_bits)
        return false;
    bool rsa = r->cert->key == CERT_KEY_RSA || r->cert->key == CERT_KEY_RSA_PSS || r->cert->key == CERT_KEY_DSA;
    return rsa ? r->cert->key_bits < 2048 : r->cert->key == CERT_KEY_EC && r->cert->key_bits < 224;
}

static bool old_cert_hash(const struct roll_row *r)
{
    return r->cert && r->cert->sig_hash_bits && r->cert->sig_hash_bits <= 160 && !r->cert->self_signed;
}

static bool cert_expired(const struct roll_row *r)
{
    return r->cert && r->at->last_ns / 1000000000 > r->cert->not_after;
}

static bool cert_early(const struct roll_row *r)
{
    return r->cert && r->at->first_ns / 1000000000 < r->cert->not_before;
}

static bool cert_self_signed(const struct roll_row *r)
{
    return r->cert && r->cert->self_signed;
}

static bool downgrade_mark(const struct roll_row *r)
{
    return r->k->sentinel != SENTINEL_NONE;
}

static bool fallback(const struct roll_row *r)
{
    return r->k->fallback_from || r->k->flags & EV_FALLBACK_SCSV;
}

static bool not_offered(const struct roll_row *r)
{
    return r->k->flags & EV_SUITE_NOT_OFFERED;
}

static bool client_cert(const struct roll_row *r)
{
    return r->k->flags & EV_CLIENT_CERT_SENT;
}

static bool hybrid(const struct roll_row *r)
{
    return r->k->group && group_is_hybrid_pq(r->k->group);
}

static bool guessed(const struct roll_row *r)
{
    return r->k->flags & EV_DIRECTION_GUESSED;
}

/* Those that a hello and a certificate tell stand together, because they are looked for in every row. */
enum { HELLO_FIRST = 9, HELLO_END = 11, CERT_FIRST = 13, CERT_END = 18 };

static const struct {
    const char *name;
    enum { SHAPE, HELLO, CERT } by; /* what it can be told by: the shape alone, also a hello, also a certificate */
    bool (*holds)(const struct roll_row *r);
    const char *text;
} facts[] = {
    { "null_cipher", SHAPE, null_cipher, "a suite without encryption was chosen" },
    { "anonymous", SHAPE, anonymous, "a suite without server authentication was chosen" },
    { "rc4", SHAPE, rc4, "RC4 was chosen" },
    { "cipher_below_128", SHAPE, weak_cipher, "a cipher of less than 128 bits was chosen (3DES, DES, ..)" },
    { "no_forward_secrecy", SHAPE, no_pfs, "key exchange without forward secrecy" },
    { "cbc_mac_then_encrypt", SHAPE, cbc_plain, "CBC without encrypt-then-MAC" },
    { "dh_below_2048", SHAPE, small_dh, "a Diffie-Hellman prime of less than 2048 bits" },
    { "signature_sha1", SHAPE, old_signature, "the key exchange was signed with SHA-1 or MD5 (TLS 1.2)" },
    { "compression", SHAPE, compressed, "TLS compression was negotiated" },
    [HELLO_FIRST] = { "sslv2_hello", HELLO, sslv2_hello, "the ClientHello had the SSLv2 format" },
    { "no_sni", HELLO, no_sni, "the client named no server (no SNI)" },
    { "no_extended_master_secret", SHAPE, no_ems, "without extended master secret (before TLS 1.3)" },
    { "no_renegotiation_info", SHAPE, no_renegotiation_info, "without secure renegotiation (before TLS 1.3)" },
    [CERT_FIRST] = { "cert_expired", CERT, cert_expired, "the server's certificate had expired" },
    { "cert_not_yet_valid", CERT, cert_early, "the server's certificate was not yet valid" },
    { "cert_key_small", CERT, small_key, "a certificate key of RSA or DSA < 2048, EC < 224 bits" },
    { "cert_hash_sha1", CERT, old_cert_hash, "a certificate signed with SHA-1 or MD5" },
    { "cert_self_signed", CERT, cert_self_signed, "a self-signed certificate" },
    { "downgrade_mark", SHAPE, downgrade_mark, "the server can do a newer version than it chose, and said so" },
    { "fallback", SHAPE, fallback, "the client came back with a lower version after a failure" },
    { "suite_not_offered", SHAPE, not_offered, "the server chose what was not offered (interference?)" },
    { "client_certificate", SHAPE, client_cert, "the client sent a certificate (TLS 1.2 and older)" },
    { "post_quantum_group", SHAPE, hybrid, "a hybrid post-quantum group was chosen" },
    { "resumed", SHAPE, resumed, "the session was resumed" },
    { "direction_guessed", SHAPE, guessed, "who was the client had to be guessed" },
};
const unsigned roll_fact_count = sizeof facts / sizeof facts[0];

const char *roll_fact_name(unsigned i)
{
    return facts[i].name;
}

const char *roll_fact_text(unsigned i)
{
    return facts[i].text;
}

uint64_t roll_facts_of_shape(const struct roll_row *row)
{
    uint64_t sums = 0;
    for (unsigned i = 0; i < roll_fact_count; i++)
        if (facts[i].by == SHAPE)
            sums |= (uint64_t)facts[i].holds(row) << (SUM_FACT + i);
    return sums;
}

uint64_t roll_facts_of_rest(const struct roll_row *row)
{
    uint64_t sums = 0;
    for (unsigned i = HELLO_FIRST; row->profile && i < HELLO_END; i++)
        sums |= (uint64_t)facts[i].holds(row) << (SUM_FACT + i);
    for (unsigned i = CERT_FIRST; row->cert && i < CERT_END; i++)
        sums |= (uint64_t)facts[i].holds(row) << (SUM_FACT + i);
    return sums;
}
