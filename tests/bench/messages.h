/* SPDX-License-Identifier: Apache-2.0 */
/*
 * messages - TLS as clients and servers of several ages speak it: who offers what, who accepts what, and the flights of bytes that
 * follow. Nothing is encrypted for real: what would be is random. Included once.
 */
#ifndef TESTS_BENCH_MESSAGES_H
#define TESTS_BENCH_MESSAGES_H

#include "tests/bench/wire.h"

enum { V_SSL3 = 0x300, V_TLS10 = 0x301, V_TLS11 = 0x302, V_TLS12 = 0x303, V_TLS13 = 0x304 };
enum { X25519 = 29, P256 = 23, MLKEM = 0x11ec /* X25519MLKEM768 */ };
enum { KX_RSA, KX_DHE, KX_ECDHE, KX_TLS13 };
enum { AU_RSA, AU_ECDSA, AU_ANY };

struct suite_row {
    uint16_t id, since; /* the oldest version it is negotiated in */
    uint8_t kx, au;
};
static const struct suite_row suite_rows[] = {
    { 0x1301, V_TLS13, KX_TLS13, AU_ANY },   { 0x1302, V_TLS13, KX_TLS13, AU_ANY },   { 0x1303, V_TLS13, KX_TLS13, AU_ANY },
    { 0xc02b, V_TLS12, KX_ECDHE, AU_ECDSA }, { 0xc02c, V_TLS12, KX_ECDHE, AU_ECDSA }, { 0xcca9, V_TLS12, KX_ECDHE, AU_ECDSA },
    { 0xc02f, V_TLS12, KX_ECDHE, AU_RSA },   { 0xc030, V_TLS12, KX_ECDHE, AU_RSA },   { 0xcca8, V_TLS12, KX_ECDHE, AU_RSA },
    { 0x009e, V_TLS12, KX_DHE, AU_RSA },     { 0x009f, V_TLS12, KX_DHE, AU_RSA },     { 0xc027, V_TLS12, KX_ECDHE, AU_RSA },
    { 0x009c, V_TLS12, KX_RSA, AU_RSA },     { 0x003c, V_TLS12, KX_RSA, AU_RSA },     { 0xc009, V_TLS10, KX_ECDHE, AU_ECDSA },
    { 0xc013, V_TLS10, KX_ECDHE, AU_RSA },   { 0xc014, V_TLS10, KX_ECDHE, AU_RSA },   { 0x0033, V_SSL3, KX_DHE, AU_RSA },
    { 0x0039, V_SSL3, KX_DHE, AU_RSA },      { 0x002f, V_SSL3, KX_RSA, AU_RSA },      { 0x0035, V_SSL3, KX_RSA, AU_RSA },
    { 0x000a, V_SSL3, KX_RSA, AU_RSA },      { 0x0005, V_SSL3, KX_RSA, AU_RSA },      { 0x0004, V_SSL3, KX_RSA, AU_RSA },
};
enum { SUITES = sizeof suite_rows / sizeof *suite_rows };

/* Clients: what they offer. */
struct stack {
    uint16_t oldest, newest, group /* of the key share */;
    bool grease;
    uint16_t suites[20]; /* ends with 0 */
};
static const struct stack stacks[] = {
    { V_TLS12, V_TLS13, MLKEM, true,
      { 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014, 0x009c, 0x002f, 0x0035 } },
    { V_TLS12, V_TLS13, X25519, false,
      { 0x1301, 0x1303, 0x1302, 0xc02b, 0xc02f, 0xcca9, 0xcca8, 0xc02c, 0xc030, 0xc013, 0xc014, 0x009c, 0x002f, 0x0035 } },
    { V_TLS12, V_TLS13, P256, false, { 0x1302, 0x1303, 0x1301, 0xc02c, 0xc030, 0x009f, 0xcca9, 0xcca8, 0xc02b, 0xc02f, 0x009e } },
    { V_TLS10, V_TLS12, 0, false,
      { 0xc02c, 0xc02b, 0xc030, 0xc02f, 0x009f, 0x009e, 0xc027, 0xc014, 0xc013, 0x009c, 0x003c, 0x0035, 0x002f, 0x000a } },
    { V_TLS10, V_TLS12, 0, false, { 0xc013, 0xc014, 0x0039, 0x0033, 0x0035, 0x002f, 0x009c, 0x0005, 0x0004, 0x000a } },
    { V_TLS10, V_TLS11, 0, false, { 0xc014, 0xc013, 0x0039, 0x0035, 0x0033, 0x002f, 0x0005, 0x000a } },
    { V_SSL3, V_TLS10, 0, false, { 0x0004, 0x0005, 0x000a, 0x002f, 0x0035, 0x0033 } },
    { V_SSL3, V_SSL3, 0, false, { 0x0005, 0x000a, 0x0035 } },
    { V_TLS13, V_TLS13, X25519, false, { 0x1301, 0x1302 } },
};
enum { STACKS = sizeof stacks / sizeof *stacks };

/* Servers: what they accept, in their order. */
struct profile {
    uint16_t oldest, newest;
    uint8_t au;
    uint16_t suites[16];
};
static const struct profile profiles[] = {
    { V_TLS12, V_TLS13, AU_RSA, { 0x1301, 0x1302, 0x1303, 0xc02f, 0xc030, 0xcca8, 0x009e } },
    { V_TLS12, V_TLS13, AU_ECDSA, { 0x1302, 0x1303, 0x1301, 0xc02c, 0xc02b, 0xcca9 } },
    { V_TLS10, V_TLS13, AU_RSA, { 0x1303, 0x1301, 0xc030, 0xc02f, 0xc027, 0xc014, 0xc013, 0x009c, 0x0035, 0x002f, 0x000a } },
    { V_TLS10, V_TLS12, AU_RSA, { 0x009f, 0x009e, 0x0039, 0x0033, 0x003c, 0x0035 } },
    { V_TLS12, V_TLS12, AU_RSA, { 0xc02f, 0x009c } },
    { V_SSL3, V_TLS10, AU_RSA, { 0x0035, 0x002f, 0x000a, 0x0005 } },
    { V_SSL3, V_TLS11, AU_RSA, { 0x0005, 0x0004, 0x000a, 0xc013 } },
    { V_TLS10, V_TLS12, AU_ECDSA, { 0xc02b, 0xc009 } },
};

struct choice {
    uint16_t version;
    uint8_t suite; /* row of suite_rows */
    uint8_t alert; /* not 0: refused by it, and the rest is void */
};

static inline const struct suite_row *suite_row_of(uint16_t id)
{
    for (unsigned i = 0; i < SUITES; i++)
        if (suite_rows[i].id == id)
            return &suite_rows[i];
    abort();
}

static inline struct choice negotiate(const struct stack *c, const struct profile *s)
{
    uint16_t version = c->newest < s->newest ? c->newest : s->newest;
    if (version < c->oldest || version < s->oldest)
        return (struct choice){ .alert = 70 };
    for (const uint16_t *want = s->suites; *want; want++) {
        const struct suite_row *row = suite_row_of(*want);
        if ((version == V_TLS13) != (row->since == V_TLS13) || row->since > version || (row->au != s->au && row->au != AU_ANY))
            continue;
        for (const uint16_t *has = c->suites; *has; has++)
            if (*has == *want)
                return (struct choice){ .version = version, .suite = (uint8_t)(row - suite_rows) };
    }
    return (struct choice){ .alert = 40 };
}

/* One conversation, as far as its bytes depend on it. */
struct talk {
    uint64_t seed;
    uint8_t stack, au; /* client; the kind of certificate */
    struct choice choice;
    bool resumed, retry /* HelloRetryRequest */, coalesced /* handshake messages share a record */;
    uint32_t offer, name, cert; /* numbers of: a variation of the offer (0: none), the SNI (0: none), the certificate */
};

/* ---- records and messages ---- */

static inline size_t record_begin(struct bytes *b, unsigned type, unsigned version)
{
    put8(b, type);
    put16(b, version);
    return put_begin(b, 2);
}

static inline size_t message_begin(struct bytes *b, unsigned type)
{
    put8(b, type);
    return put_begin(b, 3);
}

static inline void put_ccs(struct bytes *b, unsigned version)
{
    size_t r = record_begin(b, 20, version);
    put8(b, 1);
    put_end(b, r, 2);
}

static inline void put_sealed(struct bytes *b, unsigned type, unsigned version, size_t n, uint64_t seed)
{
    size_t r = record_begin(b, type, version);
    put_random(b, n, seed);
    put_end(b, r, 2);
}

static inline void put_alert(struct bytes *b, unsigned version, unsigned code)
{
    size_t r = record_begin(b, 21, version);
    put8(b, 2);
    put8(b, code);
    put_end(b, r, 2);
}

static inline unsigned record_version(const struct talk *t)
{
    return t->choice.version == V_TLS13 ? V_TLS12 : t->choice.version;
}

/* ---- ClientHello ---- */

static inline void put_list16(struct bytes *b, unsigned ext, unsigned width, const uint16_t *list, unsigned n)
{
    put16(b, ext);
    size_t e = put_begin(b, 2), l = put_begin(b, width);
    for (unsigned i = 0; i < n; i++)
        put16(b, list[i]);
    put_end(b, l, width);
    put_end(b, e, 2);
}

static inline void put_sni(struct bytes *b, uint32_t name)
{
    char host[64];
    int n = snprintf(host, sizeof host, "host%u.example.net", name);
    put16(b, 0);
    size_t e = put_begin(b, 2), l = put_begin(b, 2);
    put8(b, 0);
    put16(b, (unsigned)n);
    put(b, host, (size_t)n);
    put_end(b, l, 2);
    put_end(b, e, 2);
}

static inline size_t share_size(unsigned group)
{
    return group == MLKEM ? 1216 : group == P256 ? 65 : 32;
}

static inline void put_key_shares(struct bytes *b, const struct talk *t, bool second)
{
    uint16_t group = second ? P256 : stacks[t->stack].group;
    put16(b, 51);
    size_t e = put_begin(b, 2), l = put_begin(b, 2);
    put16(b, group);
    put16(b, (unsigned)share_size(group));
    put_random(b, share_size(group), t->seed + 11);
    put_end(b, l, 2);
    put_end(b, e, 2);
}

static inline void put_psk(struct bytes *b, uint64_t seed)
{
    put16(b, 41);
    size_t e = put_begin(b, 2), l = put_begin(b, 2);
    put16(b, 192);
    put_random(b, 192, seed + 12);
    put32(b, (uint32_t)seed);
    put_end(b, l, 2);
    l = put_begin(b, 2);
    put8(b, 32);
    put_random(b, 32, seed + 13);
    put_end(b, l, 2);
    put_end(b, e, 2);
}

static inline void put_client_extensions(struct bytes *b, const struct talk *t, bool second)
{
    static const uint16_t groups[] = { X25519, P256, 24 }, pq_groups[] = { MLKEM, X25519, P256, 24 };
    static const uint16_t sigalgs[] = { 0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601, 0x0201 };
    static const uint16_t tls13_12[] = { V_TLS13, V_TLS12 };
    const struct stack *s = &stacks[t->stack];
    if (s->grease)
        put32(b, 0x3a3a0000);
    if (t->name)
        put_sni(b, t->name);
    put32(b, 0x00170000); /* extended master secret */
    put_list16(b, 10, 2, s->group == MLKEM ? pq_groups : groups, s->group == MLKEM ? 4 : 3);
    put(b, "\0\x0b\0\x02\x01\0", 6); /* point formats */
    if (s->newest >= V_TLS12)
        put_list16(b, 13, 2, sigalgs, 9);
    put(b, "\0\x10\0\x0e\0\x0c\x02h2\x08http/1.1", 18);
    if (s->newest < V_TLS13)
        return;
    put_list16(b, 43, 1, tls13_12, s->oldest == V_TLS13 ? 1 : 2);
    put(b, "\0\x2d\0\x02\x01\x01", 6); /* psk_key_exchange_modes */
    put_key_shares(b, t, second);
    if (t->resumed && t->choice.version == V_TLS13)
        put_psk(b, t->seed);
}

static inline bool has_extensions(const struct stack *s)
{
    return s->newest > V_SSL3;
}

static inline void put_client_hello(struct bytes *b, const struct talk *t, bool second)
{
    const struct stack *s = &stacks[t->stack];
    unsigned legacy = s->newest == V_TLS13 ? V_TLS12 : s->newest;
    bool session = (t->resumed && t->choice.version < V_TLS13) || s->newest == V_TLS13;
    size_t r = record_begin(b, 22, s->newest > V_TLS10 ? V_TLS10 : s->newest), m = message_begin(b, 1);
    put16(b, legacy);
    put_random(b, 32, t->seed + 1);
    put8(b, session ? 32 : 0);
    put_random(b, session ? 32 : 0, t->seed + 2);
    size_t l = put_begin(b, 2);
    if (s->grease)
        put16(b, 0x8a8a);
    for (const uint16_t *suite = s->suites; *suite; suite++)
        put16(b, *suite);
    if (t->offer) { /* two suites of nobody's */
        put16(b, 0xe000 | (t->offer & 0xfff));
        put16(b, 0xf000 | (t->offer >> 12 & 0xf0));
    }
    put16(b, 0x00ff);
    put_end(b, l, 2);
    put16(b, 0x0100);
    if (has_extensions(s)) {
        l = put_begin(b, 2);
        put_client_extensions(b, t, second);
        put_end(b, l, 2);
    }
    put_end(b, m, 3);
    put_end(b, r, 2);
}

/* ---- the server's answer ---- */

static inline size_t der(struct bytes *b, unsigned tag)
{
    put8(b, tag);
    put8(b, 0x82);
    return put_begin(b, 2);
}

static inline void put_name(struct bytes *b, const char *text)
{
    size_t seq = der(b, 0x30), set = der(b, 0x31), one = der(b, 0x30);
    put(b, "\x06\x03\x55\x04\x03", 5); /* commonName */
    put8(b, 0x0c);
    put8(b, (unsigned)strlen(text));
    put(b, text, strlen(text));
    put_end(b, one, 2);
    put_end(b, set, 2);
    put_end(b, seq, 2);
}

static inline void put_public_key(struct bytes *b, unsigned au, uint64_t seed)
{
    size_t spki = der(b, 0x30);
    if (au == AU_ECDSA) { /* the generator of P-256: a point that is on the curve */
        put(b, "\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00\x04", 25);
        put(b, "\x6b\x17\xd1\xf2\xe1\x2c\x42\x47\xf8\xbc\xe6\xe5\x63\xa4\x40\xf2\x77\x03\x7d\x81\x2d\xeb\x33\xa0\xf4\xa1\x39\x45\xd8"
               "\x98\xc2\x96\x4f\xe3\x42\xe2\xfe\x1a\x7f\x9b\x8e\xe7\xeb\x4a\x7c\x0f\x9e\x16\x2b\xce\x33\x57\x6b\x31\x5e\xce\xcb\xb6\x40"
               "\x68\x37\xbf\x51\xf5", 64);
    } else {
        put(b, "\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00", 15);
        size_t bits = der(b, 0x03);
        put8(b, 0);
        size_t key = der(b, 0x30), n = der(b, 0x02);
        put16(b, 0x00c5); /* positive, and of full length */
        put_random(b, 255, seed);
        put_end(b, n, 2);
        put(b, "\x02\x03\x01\x00\x01", 5);
        put_end(b, key, 2);
        put_end(b, bits, 2);
    }
    put_end(b, spki, 2);
}

/* An X.509 certificate that parses; its signature is nobody's. */
static inline void put_certificate(struct bytes *b, uint32_t number, unsigned au)
{
    static const char sha256_rsa[] = "\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b\x05\x00";
    char subject[64];
    (void)snprintf(subject, sizeof subject, "host%u.example.net", number);
    size_t cert = der(b, 0x30), tbs = der(b, 0x30);
    put(b, "\xa0\x03\x02\x01\x02\x02\x05\x01", 8);
    put32(b, number);
    put(b, sha256_rsa, 15);
    put_name(b, "Bench Issuing CA");
    put(b, "\x30\x1e\x17\x0d" "250101000000Z" "\x17\x0d" "350101000000Z", 32);
    put_name(b, subject);
    put_public_key(b, au, mix64(number));
    put_end(b, tbs, 2);
    put(b, sha256_rsa, 15);
    size_t sig = der(b, 0x03);
    put8(b, 0);
    put_random(b, 256, mix64(number) + 7);
    put_end(b, sig, 2);
    put_end(b, cert, 2);
}

static inline void put_certificates(struct bytes *b, const struct talk *t)
{
    size_t m = message_begin(b, 11), chain = put_begin(b, 3), one = put_begin(b, 3);
    put_certificate(b, t->cert, t->au);
    put_end(b, one, 3);
    one = put_begin(b, 3);
    put_certificate(b, UINT32_MAX, AU_RSA); /* the issuer */
    put_end(b, one, 3);
    put_end(b, chain, 3);
    put_end(b, m, 3);
}

static inline void put_server_key_exchange(struct bytes *b, const struct talk *t)
{
    const struct suite_row *s = &suite_rows[t->choice.suite];
    size_t m = message_begin(b, 12);
    if (s->kx == KX_ECDHE) {
        put8(b, 3);
        put16(b, P256);
        put8(b, 65);
        put_random(b, 65, t->seed + 21);
    } else {
        put16(b, 256);
        put8(b, 0xff); /* a prime of full length */
        put_random(b, 255, 22);
        put(b, "\0\x01\x02\x01\0", 5);
        put_random(b, 256, t->seed + 22);
    }
    if (t->choice.version == V_TLS12)
        put16(b, s->au == AU_ECDSA ? 0x0403 : 0x0401);
    put16(b, s->au == AU_ECDSA ? 71 : 256);
    put_random(b, s->au == AU_ECDSA ? 71 : 256, t->seed + 23);
    put_end(b, m, 3);
}

static inline void put_server_hello(struct bytes *b, const struct talk *t, bool retry)
{
    static const uint8_t retry_random[32] = { /* RFC 8446 4.1.3 */
        0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
        0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
    };
    bool tls13 = t->choice.version == V_TLS13, echo = tls13 || t->resumed;
    size_t m = message_begin(b, 2);
    put16(b, record_version(t));
    if (retry)
        put(b, retry_random, 32);
    else
        put_random(b, 32, t->seed + 3);
    put8(b, 32);
    put_random(b, 32, t->seed + (echo ? 2 : 4));
    put16(b, suite_rows[t->choice.suite].id);
    put8(b, 0);
    size_t l = 0;
    if (has_extensions(&stacks[t->stack]))
        l = put_begin(b, 2);
    if (tls13) {
        uint16_t group = retry || t->retry ? P256 : stacks[t->stack].group;
        put(b, "\0\x2b\0\x02\x03\x04", 6);
        put16(b, 51);
        size_t e = put_begin(b, 2);
        put16(b, group);
        if (!retry) {
            size_t n = group == MLKEM ? 1120 : share_size(group);
            put16(b, (unsigned)n);
            put_random(b, n, t->seed + 14);
        }
        put_end(b, e, 2);
        if (t->resumed)
            put(b, "\0\x29\0\x02\0\0", 6);
    } else if (l) {
        put(b, "\xff\x01\0\x01\0\0\x17\0", 8); /* renegotiation_info, and the first half of extended master secret */
        put8(b, 0);
    }
    if (l)
        put_end(b, l, 2);
    put_end(b, m, 3);
}

/* From ServerHello to the end of the server's first flight. */
static inline void put_server_flight(struct bytes *b, const struct talk *t)
{
    unsigned version = record_version(t), kx = suite_rows[t->choice.suite].kx;
    size_t r = record_begin(b, 22, version);
    put_server_hello(b, t, false);
    if (t->resumed || kx == KX_TLS13) {
        put_end(b, r, 2);
        put_ccs(b, version);
        put_sealed(b, kx == KX_TLS13 ? 23 : 22, version, kx == KX_TLS13 && !t->resumed ? 2400 : 80, t->seed + 31);
        return;
    }
    for (unsigned i = 0; i < 3; i++) {
        if (i == 1 && kx == KX_RSA)
            continue;
        if (!t->coalesced) {
            put_end(b, r, 2);
            r = record_begin(b, 22, version);
        }
        if (i == 0)
            put_certificates(b, t);
        else if (i == 1)
            put_server_key_exchange(b, t);
        else
            put_end(b, message_begin(b, 14), 3);
    }
    put_end(b, r, 2);
}

static inline void put_retry(struct bytes *b, const struct talk *t)
{
    size_t r = record_begin(b, 22, V_TLS12);
    put_server_hello(b, t, true);
    put_end(b, r, 2);
    put_ccs(b, V_TLS12);
}

/* The client's second flight; and a Finished alone, of either side. */
static inline void put_finished(struct bytes *b, const struct talk *t, uint64_t salt)
{
    bool tls13 = t->choice.version == V_TLS13; /* there the length follows from the suite's hash: header, hash, type, tag */
    size_t n = !tls13 ? 40 : 4 + 1 + 16 + (suite_rows[t->choice.suite].id == 0x1302 ? 48 : 32);
    put_ccs(b, record_version(t));
    put_sealed(b, tls13 ? 23 : 22, record_version(t), n, t->seed + salt);
}

static inline void put_client_finish(struct bytes *b, const struct talk *t)
{
    unsigned kx = suite_rows[t->choice.suite].kx;
    if (!t->resumed && kx != KX_TLS13) {
        size_t n = kx == KX_RSA ? 256 : kx == KX_DHE ? 256 : 65;
        size_t r = record_begin(b, 22, record_version(t)), m = message_begin(b, 16);
        if (kx == KX_ECDHE)
            put8(b, 65);
        else if (kx == KX_DHE || t->choice.version > V_SSL3)
            put16(b, (unsigned)n);
        put_random(b, n, t->seed + 32);
        put_end(b, m, 3);
        put_end(b, r, 2);
    }
    put_finished(b, t, 33);
}

#endif
