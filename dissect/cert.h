/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cert - facts of an X.509 certificate, by libcrypto, and the cache that parses each distinct certificate once.
 */
#ifndef DISSECT_CERT_H
#define DISSECT_CERT_H

#include "base/rd.h"

#include <stdint.h>

enum cert_key { CERT_KEY_UNKNOWN, CERT_KEY_RSA, CERT_KEY_RSA_PSS, CERT_KEY_DSA, CERT_KEY_EC, CERT_KEY_ED25519, CERT_KEY_ED448,
                CERT_KEY_DH, CERT_KEY_GOST, CERT_KEY_MLDSA };

/* Text is valid UTF-8 as libcrypto renders it (RFC 2253 order and escapes: a control character is \00); outputs escape it
 * again for their format. NUL-terminated, cut at its size. */
struct cert_facts {
    uint8_t sha256[32]; /* of the DER */
    char subject[256], issuer[256];
    char san[512]; /* DNS names and IP addresses, comma-separated; cut at a comma and ended with ",..." when too many; a
                    * byte that no DNS name has is \2c */
    char serial[64]; /* hex, lower case */
    uint8_t key; /* enum cert_key */
    uint16_t key_bits; /* RSA, DSA, DH: modulus; EC: order */
    uint16_t curve; /* TLS group of an EC key, 0 unknown */
    char sigalg[48]; /* as libcrypto names it: sha256WithRSAEncryption */
    uint16_t sig_hash_bits; /* 0 unknown, MD5 128, SHA-1 160, SHA-256 256 ... */
    int64_t not_before, not_after; /* seconds since 1970 UTC; 0 when it is not a time */
    uint8_t self_signed; /* subject is issuer and the key verifies the signature */
    uint8_t is_ca;
};

/* One certificate, DER. false: libcrypto cannot read it (facts hold the digest all the same). */
bool cert_parse(struct rd der, struct cert_facts *out);

const char *cert_key_name(uint8_t key); /* "RSA", "EC", ... */

/*
 * The cache: recognises a certificate by a keyed 128-bit hash of its DER and parses it once. At most LIMIT_CERTS at a
 * time; beyond that the least recently used one that nobody holds is replaced.
 */
struct cert_cache;
struct cert_cache *cert_cache_new(uint32_t max, uint64_t seed);
void cert_cache_free(struct cert_cache *c);
void cert_cache_limit(struct cert_cache *c, size_t bytes); /* before the first: at most so many, and no more than max */
/* The facts of this DER; held for the caller until cert_release. NULL: unreadable, or every entry is held. */
const struct cert_facts *cert_get(struct cert_cache *c, struct rd der);
void cert_release(struct cert_cache *c, const struct cert_facts *f); /* NULL is fine */

#endif
