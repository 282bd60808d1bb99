/* SPDX-License-Identifier: Apache-2.0 */
/*
 * names - code points of TLS and what they are called. The tables are generated (names_gen.py) from the IANA
 * registry's facts (names_source.tsv) and checked in as names_table.h; lookups are O(log n) or O(1) and never fail: an
 * unknown code point has a NULL name and is printed as hex.
 */
#ifndef DISSECT_NAMES_H
#define DISSECT_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Wire values of ProtocolVersion; SSLv2 as 0x0002. TLS 1.3 drafts and experiments map to TLS13 (version_canonical). */
enum {
    VER_NONE = 0, VER_SSL2 = 0x0002, VER_SSL3 = 0x0300, VER_TLS10 = 0x0301, VER_TLS11 = 0x0302, VER_TLS12 = 0x0303,
    VER_TLS13 = 0x0304, VER_DTLS10 = 0xfeff, VER_DTLS12 = 0xfefd, VER_DTLS13 = 0xfefc,
    VER_DTLS10_OPENSSL = 0x0100, /* DTLS1_BAD_VER: OpenSSL 0.9.8 and Cisco AnyConnect; counted as DTLS 1.0 */
};

/* Anonymous DH and ECDH are DHE and ECDHE with AU_NONE: the server sends a fresh share. */
enum suite_kx { KX_NONE, KX_NULL, KX_RSA, KX_DH, KX_DHE, KX_ECDH, KX_ECDHE, KX_PSK, KX_DHE_PSK, KX_ECDHE_PSK, KX_RSA_PSK,
                KX_SRP, KX_KRB5, KX_GOST, KX_ECCPWD, KX_FORTEZZA, KX_ANY /* TLS 1.3: by the group */, KX_ECJPAKE, KX_CECPQ1,
                KX_SM2, KX_IBC /* TLCP */ };
enum suite_au { AU_NONE /* anonymous */, AU_NULL, AU_RSA, AU_DSS, AU_ECDSA, AU_PSK, AU_SRP, AU_KRB5, AU_GOST, AU_ECCPWD,
                AU_FORTEZZA, AU_DH /* static DH certificate */, AU_ECDH, AU_ANY, AU_ECJPAKE, AU_SM2, AU_IBC };
enum suite_mode { MODE_NULL, MODE_STREAM, MODE_CBC, MODE_AEAD, MODE_CNT };

struct suite {
    uint32_t id; /* 0x0000..0xffff; SSLv2 kinds as 0x010080 etc. (3 bytes) */
    const char *iana; /* TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256; SSLv2: SSL_CK_RC4_128_WITH_MD5 */
    const char *openssl; /* ECDHE-RSA-AES128-GCM-SHA256, or NULL where OpenSSL never named it */
    uint8_t kx, au, mode; /* enums above */
    uint16_t bits; /* effective strength of the cipher: 3DES 112, DES 56, export 40, AES-128 128 */
    const char *enc; /* as openssl ciphers -v prints it: "AESGCM(128)", "3DES(168)", "RC4(40)", "None" */
    const char *mac; /* "AEAD", "SHA1", "MD5", "SHA256" ... */
    uint16_t min_version, max_version; /* where servers negotiate it, as in OpenSSL's table: VER_SSL3.., VER_TLS12,
                                        * VER_TLS13; SSLv2: VER_SSL2. Export and DES suites to TLS 1.2, whatever RFC 4346
                                        * and RFC 5469 say. */
    bool pfs; /* forward secrecy by construction (DHE, ECDHE, TLS 1.3) */
    bool export_grade;
    bool signalling; /* an SCSV: 0x00ff, 0x5600 */
};

/* NULL when unknown (GREASE included). */
const struct suite *suite_find(uint32_t id);
/* By IANA or OpenSSL name (case-insensitive). NULL when unknown. */
const struct suite *suite_by_name(const char *name);
/* Table order (by id), for policies and docs. *n is the count. */
const struct suite *suite_table(size_t *n);
const char *suite_kx_name(uint8_t kx); /* "ECDHE" ... as in policies: NULL RSA DH DHE ECDH ECDHE PSK DHE_PSK ... any */
const char *suite_au_name(uint8_t au); /* "RSA" ...; "None" for AU_NONE, as openssl ciphers -v prints it */
const char *suite_mode_name(uint8_t mode); /* "null", "stream", "cbc", "aead" */

enum { NAME_TEXT = 24 };
/* The four below write a hex form ("0x6a6a") into buf when there is no name, and return buf or a constant. */
const char *version_name(uint16_t version, char buf[NAME_TEXT]); /* "TLSv1.2", "SSLv3", "DTLSv1.0"; "TLSv1.3-draft28" */
const char *group_name(uint16_t group, char buf[NAME_TEXT]); /* "x25519", "secp256r1", "X25519MLKEM768" */
/* "rsa_pss_rsae_sha256"; TLS 1.2 pairs: "rsa_pkcs1_sha1", "dsa_sha1" */
const char *sigscheme_name(uint16_t scheme, char buf[NAME_TEXT]);
const char *alert_name(uint8_t code, char buf[NAME_TEXT]); /* "handshake_failure" */
uint16_t group_by_name(const char *name); /* 0 when unknown; also OpenSSL's prime256v1, P-256, X25519 */
uint16_t sigscheme_by_name(const char *name); /* 0 when unknown */
uint16_t version_by_name(const char *name); /* 0 when unknown; "TLSv1", "TLSv1.0", "tls1.0", "1.2" all work */
/* Every known group and signature scheme in order of id: the i-th, 0 past the last. */
uint16_t group_nth(size_t i);
uint16_t sigscheme_nth(size_t i);
unsigned group_bits(uint16_t group); /* size of the curve's field or the FFDHE prime; 0 unknown */
bool group_is_hybrid_pq(uint16_t group); /* ECDHE plus ML-KEM (or the Kyber drafts) */

/* RFC 8701: 0x0a0a, 0x1a1a .. 0xfafa. */
static inline bool grease(uint16_t v)
{
    return (v & 0x0f0f) == 0x0a0a && (v >> 8) == (v & 0xff);
}

/* A version from the wire as the one it is counted under: drafts 0x7f00..0x7fff, 0x7e.. experiments (Facebook 0xfb..) are
 * VER_TLS13, 0x0100 is VER_DTLS10; 0 when it is no version of (D)TLS. */
uint16_t version_canonical(uint16_t wire);
/* Order of age across both families: SSLv2 1, SSLv3 2, TLS 1.0 3, and so on; DTLS 1.0 ranks as TLS 1.1, DTLS 1.2 as TLS
 * 1.2; drafts as TLS 1.3. 0: no version. */
int version_rank(uint16_t version);

#endif
