/* SPDX-License-Identifier: Apache-2.0 */
#include "dissect/kex.h"

/* The primes of RFC 7919 have their first 8 and last 8 bytes 0xff; then come the digits of e, the same in all, and the 8
 * bytes before the end tell the size. */
static const uint8_t ffdhe_head[24] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xad, 0xf8, 0x54, 0x58,
                                        0xa2, 0xbb, 0x4a, 0x9a, 0xaf, 0xdc, 0x56, 0x20, 0x27, 0x3d, 0x3c, 0xf1 };
static const struct ffdhe {
    uint16_t group, bytes;
    uint8_t tail[8];
} ffdhe[] = {
    { 256, 256, { 0x88, 0x6b, 0x42, 0x38, 0x61, 0x28, 0x5c, 0x97 } },
    { 257, 384, { 0x25, 0xe4, 0x1d, 0x2b, 0x66, 0xc6, 0x2e, 0x37 } },
    { 258, 512, { 0xc6, 0x8a, 0x00, 0x7e, 0x5e, 0x65, 0x5f, 0x6a } },
    { 259, 768, { 0xa4, 0x0e, 0x32, 0x9c, 0xd0, 0xe4, 0x0e, 0x65 } },
    { 260, 1024, { 0xd6, 0x8c, 0x8b, 0xb7, 0xc5, 0xc6, 0x42, 0x4c } },
};

static uint16_t ffdhe_group(struct rd p)
{
    static const uint8_t ones[8] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
    for (size_t i = 0; i < sizeof ffdhe / sizeof ffdhe[0]; i++)
        if (rd_left(&p) == ffdhe[i].bytes && rd_starts(&p, ffdhe_head, sizeof ffdhe_head) &&
            memcmp(p.end - 16, ffdhe[i].tail, 8) == 0 && memcmp(p.end - 8, ones, 8) == 0)
            return ffdhe[i].group;
    return 0;
}

static uint16_t bits_of(struct rd number)
{
    while (rd_peek(&number, 0) == 0)
        rd_skip(&number, 1);
    size_t n = rd_left(&number) * 8;
    for (int top = rd_peek(&number, 0); top > 0 && top < 0x80; top <<= 1)
        n--;
    return (uint16_t)(n > UINT16_MAX ? UINT16_MAX : n);
}

static void read_dh(struct rd *r, struct kex *out)
{
    struct rd p = rd_vec16(r);
    (void)rd_vec16(r); /* g */
    (void)rd_vec16(r); /* Ys */
    out->group = ffdhe_group(p);
    out->dh_bits = bits_of(p);
}

/* RFC 8422 section 5.4; explicit curves (RFC 4492) get the code points that the groups extension has for them. */
static void read_ecdh(struct rd *r, struct kex *out)
{
    enum { EXPLICIT_PRIME = 1, EXPLICIT_CHAR2 = 2, NAMED_CURVE = 3 };
    switch (rd_u8(r)) {
    case NAMED_CURVE:
        out->group = rd_u16(r);
        (void)rd_vec8(r); /* point */
        return;
    case EXPLICIT_PRIME:
        out->group = 0xff01;
        rd_skip(r, rd_left(r));
        return;
    case EXPLICIT_CHAR2:
        out->group = 0xff02;
        rd_skip(r, rd_left(r));
        return;
    default:
        rd_fail(r);
    }
}

static void read_signature(struct rd *r, uint16_t version, struct kex *out)
{
    if (version_rank(version) >= version_rank(VER_TLS12))
        out->sigscheme = rd_u16(r);
    (void)rd_vec16(r);
}

bool server_key_exchange_parse(struct rd body, const struct suite *suite, uint16_t version, struct kex *out)
{
    *out = (struct kex){ 0 };
    bool signature = suite->au == AU_RSA || suite->au == AU_DSS || suite->au == AU_ECDSA;
    switch (suite->kx) {
    case KX_ECDHE_PSK:
        (void)rd_vec16(&body); /* psk_identity_hint */
        read_ecdh(&body, out);
        signature = false;
        break;
    case KX_DHE_PSK:
        (void)rd_vec16(&body);
        read_dh(&body, out);
        signature = false;
        break;
    case KX_ECDH: /* ECDH_anon where the table names it so; a static key needs no such message */
    case KX_ECDHE:
        read_ecdh(&body, out);
        signature = signature && out->group < 0xff00; /* explicit parameters are not followed to their end */
        break;
    case KX_DH:
    case KX_DHE:
        read_dh(&body, out);
        break;
    case KX_SRP: /* RFC 5054 section 2.8: N, g, s, B */
        (void)rd_vec16(&body);
        (void)rd_vec16(&body);
        (void)rd_vec8(&body);
        (void)rd_vec16(&body);
        break;
    case KX_RSA: /* export: a short modulus and its exponent */
        (void)rd_vec16(&body);
        (void)rd_vec16(&body);
        break;
    default:
        return false;
    }
    if (signature)
        read_signature(&body, version, out);
    return rd_done(&body);
}
