/* SPDX-License-Identifier: Apache-2.0 */
#include "dissect/quic_crypto.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

enum { HASH = 32, KEY = 16, IV = 12, TAG = 16, SAMPLE = 16, PN_MAX = 4 };

enum { SALT_DRAFT22, SALT_DRAFT23, SALT_DRAFT29, SALT_V1, SALT_V2_DRAFT, SALT_V2, SALT_T050, SALT_T051 };

static const uint8_t salts[][20] = {
    [SALT_DRAFT22] = { 0x7f, 0xbc, 0xdb, 0x0e, 0x7c, 0x66, 0xbb, 0xe9, 0x19, 0x3a,
                       0x96, 0xcd, 0x21, 0x51, 0x9e, 0xbd, 0x7a, 0x02, 0x64, 0x4a },
    [SALT_DRAFT23] = { 0xc3, 0xee, 0xf7, 0x12, 0xc7, 0x2e, 0xbb, 0x5a, 0x11, 0xa7,
                       0xd2, 0x43, 0x2b, 0xb4, 0x63, 0x65, 0xbe, 0xf9, 0xf5, 0x02 },
    [SALT_DRAFT29] = { 0xaf, 0xbf, 0xec, 0x28, 0x99, 0x93, 0xd2, 0x4c, 0x9e, 0x97,
                       0x86, 0xf1, 0x9c, 0x61, 0x11, 0xe0, 0x43, 0x90, 0xa8, 0x99 },
    [SALT_V1] = { 0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17,
                  0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a }, /* RFC 9001 section 5.2 */
    [SALT_V2_DRAFT] = { 0xa7, 0x07, 0xc2, 0x03, 0xa5, 0x9b, 0x47, 0x18, 0x4a, 0x1d,
                        0x62, 0xca, 0x57, 0x04, 0x06, 0xea, 0x7a, 0xe3, 0xe5, 0xd3 },
    [SALT_V2] = { 0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93,
                  0x81, 0xbe, 0x6e, 0x26, 0x9d, 0xcb, 0xf9, 0xbd, 0x2e, 0xd9 }, /* RFC 9369 section 3.3.1 */
    [SALT_T050] = { 0x7f, 0xf5, 0x79, 0xe5, 0xac, 0xd0, 0x72, 0x91, 0x55, 0x80,
                    0x30, 0x4c, 0x43, 0xa2, 0x36, 0x7c, 0x60, 0x48, 0x83, 0x10 },
    [SALT_T051] = { 0x7a, 0x4e, 0xde, 0xf4, 0xe7, 0xcc, 0xee, 0x5f, 0xa4, 0x50,
                    0x6c, 0x19, 0x12, 0x4f, 0xc8, 0xcc, 0xda, 0x6e, 0x03, 0x3d },
};

static const struct quic_version versions[] = {
    { 0x00000001, SALT_V1, false, false },
    { 0x6b3343cf, SALT_V2, true, false },
    { 0x709a50c4, SALT_V2_DRAFT, true, false }, /* drafts of version 2 */
    { 0xff000016, SALT_DRAFT22, false, false },
    { 0xff000017, SALT_DRAFT23, false, false }, /* draft-23 ... */
    { 0xff000018, SALT_DRAFT23, false, false },
    { 0xff000019, SALT_DRAFT23, false, false },
    { 0xff00001a, SALT_DRAFT23, false, false },
    { 0xff00001b, SALT_DRAFT23, false, false },
    { 0xff00001c, SALT_DRAFT23, false, false }, /* ... to draft-28 */
    { 0xff00001d, SALT_DRAFT29, false, false },
    { 0xff00001e, SALT_DRAFT29, false, false },
    { 0xff00001f, SALT_DRAFT29, false, false },
    { 0xff000020, SALT_DRAFT29, false, false },
    { 0xff000021, SALT_V1, false, false }, /* draft-33 took the salt of the RFC */
    { 0xff000022, SALT_V1, false, false },
    { 0xfaceb001, SALT_DRAFT22, false, false }, /* Facebook's mvfst and its aliases */
    { 0xfaceb002, SALT_DRAFT23, false, false },
    { 0xfaceb003, SALT_V1, false, false },
    { 0xfaceb00e, SALT_DRAFT23, false, false },
    { 0xfaceb010, SALT_DRAFT23, false, false },
    { 0xfaceb011, SALT_DRAFT23, false, false },
    { 0xfaceb013, SALT_DRAFT23, false, false },
    { 0xfaceb014, SALT_DRAFT23, false, false },
    { 0xfaceb015, SALT_DRAFT23, false, false },
    { 0x54303530, SALT_T050, false, true }, /* Google's T050 and T051: its transport, but TLS */
    { 0x54303531, SALT_T051, false, true },
};

const struct quic_version *quic_version_find(uint32_t version)
{
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++)
        if (versions[i].version == version)
            return &versions[i];
    return NULL;
}

enum quic_type quic_long_type(const struct quic_version *v, uint8_t first_byte)
{
    unsigned bits = first_byte >> 4 & 3;
    return (enum quic_type)(v->v2 ? (bits - 1) & 3 : bits);
}

static bool hmac_sha256(const uint8_t *key, size_t key_n, const uint8_t *data, size_t n, uint8_t out[HASH])
{
    return HMAC(EVP_sha256(), key, (int)key_n, data, n, out, NULL) != NULL;
}

/* HKDF-Expand-Label (RFC 8446 section 7.1) with an empty context; at most one hash long. */
static bool expand_label(const uint8_t secret[HASH], const char *label, uint8_t *out, size_t n)
{
    uint8_t info[64], block[HASH];
    size_t len = strlen(label), at = 0;
    info[at++] = 0;
    info[at++] = (uint8_t)n;
    info[at++] = (uint8_t)(6 + len);
    memcpy(info + at, "tls13 ", 6);
    memcpy(info + at + 6, label, len);
    at += 6 + len;
    info[at++] = 0; /* no context */
    info[at++] = 1; /* HKDF-Expand's counter: the first block is all we need */
    if (!hmac_sha256(secret, HASH, info, at, block))
        return false;
    memcpy(out, block, n);
    return true;
}

void quic_keys_clear(struct quic_keys *k)
{
    EVP_CIPHER_CTX_free(k->hp);
    EVP_CIPHER_CTX_free(k->aead);
    *k = (struct quic_keys){ 0 };
}

bool quic_keys_derive(struct quic_keys *k, const struct quic_version *v, struct rd client_dcid, bool server)
{
    uint8_t initial[HASH], secret[HASH], key[KEY], hp[KEY];
    quic_keys_clear(k);
    k->hp = EVP_CIPHER_CTX_new();
    k->aead = EVP_CIPHER_CTX_new();
    if (k->hp && k->aead && hmac_sha256(salts[v->salt], sizeof salts[0], client_dcid.p, rd_left(&client_dcid), initial) &&
        expand_label(initial, server ? "server in" : "client in", secret, HASH) &&
        expand_label(secret, v->v2 ? "quicv2 key" : "quic key", key, KEY) &&
        expand_label(secret, v->v2 ? "quicv2 iv" : "quic iv", k->iv, IV) &&
        expand_label(secret, v->v2 ? "quicv2 hp" : "quic hp", hp, KEY) &&
        EVP_EncryptInit_ex(k->hp, EVP_aes_128_ecb(), NULL, hp, NULL) == 1 &&
        EVP_DecryptInit_ex(k->aead, EVP_aes_128_gcm(), NULL, key, NULL) == 1)
        return true;
    quic_keys_clear(k);
    return false;
}

/* RFC 9000 appendix A.3: the full number nearest to the one expected that ends in these bits. */
static uint64_t full_packet_number(uint64_t expected, uint32_t truncated, unsigned bytes)
{
    uint64_t win = UINT64_C(1) << bytes * 8, half = win / 2;
    uint64_t pn = (expected & ~(win - 1)) | truncated;
    if (pn + half <= expected && pn < (UINT64_C(1) << 62) - win)
        return pn + win;
    if (pn > expected + half && pn >= win)
        return pn - win;
    return pn;
}

static bool gcm_open(const struct quic_keys *k, uint64_t pn, struct rd aad, struct rd sealed, uint8_t *out)
{
    uint8_t nonce[IV], tag[TAG];
    size_t n = rd_left(&sealed) - TAG;
    memcpy(nonce, k->iv, IV);
    for (int i = 0; i < 8; i++)
        nonce[IV - 1 - i] ^= (uint8_t)(pn >> 8 * i);
    memcpy(tag, sealed.p + n, TAG);
    int len;
    return EVP_DecryptInit_ex(k->aead, NULL, NULL, NULL, nonce) == 1 &&
           EVP_DecryptUpdate(k->aead, NULL, &len, aad.p, (int)rd_left(&aad)) == 1 &&
           EVP_DecryptUpdate(k->aead, out, &len, sealed.p, (int)n) == 1 &&
           EVP_CIPHER_CTX_ctrl(k->aead, EVP_CTRL_AEAD_SET_TAG, TAG, tag) == 1 &&
           EVP_DecryptFinal_ex(k->aead, out + len, &len) == 1;
}

size_t quic_decrypt(struct quic_keys *k, struct rd packet, size_t pn_offset, uint8_t *out)
{
    /* An unprotected copy of the header is what the tag covers; only its token can make it long. */
    enum { HEADER_MAX = 4096 };
    uint8_t header[HEADER_MAX], mask[SAMPLE];
    size_t n = rd_left(&packet);
    int len;
    if (!k->hp || pn_offset > HEADER_MAX - PN_MAX || n < pn_offset + PN_MAX + SAMPLE)
        return 0;
    if (EVP_EncryptUpdate(k->hp, mask, &len, packet.p + pn_offset + PN_MAX, SAMPLE) != 1)
        return 0;
    memcpy(header, packet.p, pn_offset + PN_MAX);
    header[0] ^= mask[0] & 0x0f;
    unsigned pn_len = (header[0] & 3u) + 1;
    uint32_t truncated = 0;
    for (unsigned i = 0; i < pn_len; i++) {
        header[pn_offset + i] ^= mask[1 + i];
        truncated = truncated << 8 | header[pn_offset + i];
    }
    rd_skip(&packet, pn_offset + pn_len);
    if (rd_left(&packet) <= TAG)
        return 0;
    uint64_t pn = full_packet_number(k->next_pn, truncated, pn_len);
    if (!gcm_open(k, pn, rd_of(header, pn_offset + pn_len), packet, out))
        return 0;
    if (pn >= k->next_pn)
        k->next_pn = pn + 1;
    return rd_left(&packet) - TAG;
}
