/* SPDX-License-Identifier: Apache-2.0 */
/* QUIC: the packets of RFC 9001 appendix A and RFC 9369 appendix A, and conversations sealed here by other means (HKDF of
 * libcrypto instead of the module's HMACs) from the hellos of those appendices. */
#include "tests/unit/test.h"

#include "base/limits.h"
#include "dissect/quic.h"
#include "dissect/quic_crypto.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>

enum { V1 = 1, V2 = 0x6b3343cf, MTU = 1400 };
#define DRAFT29 0xff00001du
enum { INITIAL, ZERO_RTT, HANDSHAKE };

/* RFC 9001 appendix A.2: CRYPTO frame with the ClientHello, without the padding to 1162 bytes. */
static const char CLIENT_FRAME[] =
    "060040f1010000ed0303ebf8fa56f12939b9584a3896472ec40bb863cfd3e868"
    "04fe3a47f06a2b69484c00000413011302010000c000000010000e00000b6578"
    "616d706c652e636f6dff01000100000a00080006001d00170018001000070005"
    "04616c706e000500050100000000003300260024001d00209370b2c9caa47fba"
    "baf4559fedba753de171fa71f50f1ce15d43e994ec74d748002b000302030400"
    "0d0010000e0403050306030203080408050806002d00020101001c0002400100"
    "3900320408ffffffffffffffff05048000ffff07048000ffff08011001048000"
    "75300901100f088394c8f03e51570806048000ffff";
/* A.3: ACK and CRYPTO frame with the ServerHello. */
static const char SERVER_FRAMES[] =
    "02000000000600405a020000560303eefce7f7b37ba1d1632e96677825ddf739"
    "88cfc79825df566dc5430b9a045a1200130100002e00330024001d00209d3c94"
    "0d89690b84d08a60993c144eca684d1081287c834d5311bcf32bb9da1a002b00020304";
static const char SERVER_PACKET[] =
    "cf000000010008f067a5502a4262b5004075c0d95a482cd0991cd25b0aac406a"
    "5816b6394100f37a1c69797554780bb38cc5a99f5ede4cf73c3ec2493a1839b3"
    "dbcba3f6ea46c5b7684df3548e7ddeb9c3bf9c73cc3f3bded74b562bfb19fb84"
    "022f8ef4cdd93795d77d06edbb7aaf2f58891850abbdca3d20398c276456cbc42158407dd074ee";
static const char SERVER_PACKET_V2[] =
    "dc6b3343cf0008f067a5502a4262b5004075d92faaf16f05d8a4398c47089698"
    "baeea26b91eb761d9b89237bbf87263017915358230035f7fd3945d88965cf17"
    "f9af6e16886c61bfc703106fbaf3cb4cfa52382dd16a393e42757507698075b2"
    "c984c707f0a0812d8cd5a6881eaf21ceda98f4bd23f6fe1a3e2c43edd9ce7ca84bed8521e2e140";
static const char RETRY_PACKET[] = /* A.4 */
    "ff000000010008f067a5502a4262b5746f6b656e04a265ba2eff4d829058fb3f0f2496ba";
static const char DCID[] = "8394c8f03e515708", SERVER_CID[] = "f067a5502a4262b5";

/* ---- sealing ---- */

static void hkdf(int mode, const void *salt, size_t salt_n, const void *key, size_t key_n, const void *info, size_t info_n,
                 uint8_t *out, size_t n)
{
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);
    uint8_t s[64] = { 0 }, k[64] = { 0 }, i[64] = { 0 };
    char sha[] = "SHA256";
    if (salt_n)
        memcpy(s, salt, salt_n);
    if (key_n)
        memcpy(k, key, key_n);
    if (info_n)
        memcpy(i, info, info_n);
    OSSL_PARAM p[] = { OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, sha, 0),
                       OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode),
                       OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, k, key_n),
                       OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, s, salt_n),
                       OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, i, info_n), OSSL_PARAM_construct_end() };
    assert_int_equal(EVP_KDF_derive(ctx, out, n, p), 1);
    EVP_KDF_CTX_free(ctx);
    EVP_KDF_free(kdf);
}

static void label(const uint8_t secret[32], const char *text, uint8_t *out, size_t n)
{
    uint8_t info[64] = { 0, (uint8_t)n, (uint8_t)(6 + strlen(text)) };
    (void)snprintf((char *)info + 3, sizeof info - 3, "tls13 %s", text);
    hkdf(EVP_KDF_HKDF_MODE_EXPAND_ONLY, NULL, 0, secret, 32, info, 10 + strlen(text), out, n);
}

struct seal {
    uint32_t version;
    const char *dcid, *scid, *token; /* in the header */
    const char *odcid; /* keys */
    bool server;
    uint32_t pn;
    unsigned pn_len;
};

static size_t hex_into(uint8_t *at, const char *text)
{
    return unhex(text, at, 64);
}

/* One Initial packet; returns its length. frames are padded to pad bytes. */
static size_t seal(const struct seal *s, const uint8_t *frames, size_t n, size_t pad, uint8_t *out)
{
    const char *salt_hex = s->version == V1    ? "38762cf7f55934b34d179ae6a4c80cadccbb7f0a"
                           : s->version == V2 ? "0dede3def700a6db819381be6e269dcbf9bd2ed9"
                                              : "afbfec289993d24c9e9786f19c6111e04390a899";
    uint8_t salt[20], dcid[20], initial[32], secret[32], key[16], iv[12], hp[16], plain[MTU] = { 0 }, mask[16];
    bool v2 = s->version == V2;
    size_t dcid_n = unhex(s->odcid, dcid, sizeof dcid);
    assert_int_equal(unhex(salt_hex, salt, sizeof salt), 20);
    hkdf(EVP_KDF_HKDF_MODE_EXTRACT_ONLY, salt, 20, dcid, dcid_n, NULL, 0, initial, 32);
    label(initial, s->server ? "server in" : "client in", secret, 32);
    label(secret, v2 ? "quicv2 key" : "quic key", key, 16);
    label(secret, v2 ? "quicv2 iv" : "quic iv", iv, 12);
    label(secret, v2 ? "quicv2 hp" : "quic hp", hp, 16);

    memcpy(plain, frames, n);
    if (n < pad)
        n = pad;
    size_t at = 0;
    out[at++] = (uint8_t)((v2 ? 0xd0 : 0xc0) | (s->pn_len - 1));
    for (int i = 3; i >= 0; i--)
        out[at++] = (uint8_t)(s->version >> 8 * i);
    size_t len = hex_into(out + at + 1, s->dcid);
    out[at] = (uint8_t)len;
    at += 1 + len;
    len = hex_into(out + at + 1, s->scid);
    out[at] = (uint8_t)len;
    at += 1 + len;
    len = hex_into(out + at + 1, s->token ? s->token : "");
    out[at] = (uint8_t)len;
    at += 1 + len;
    size_t length = s->pn_len + n + 16;
    out[at++] = (uint8_t)(0x40 | length >> 8);
    out[at++] = (uint8_t)length;
    size_t pn_at = at;
    for (unsigned i = s->pn_len; i--;)
        out[at++] = (uint8_t)(s->pn >> 8 * i);
    for (int i = 0; i < 4; i++)
        iv[11 - i] ^= (uint8_t)(s->pn >> 8 * i);

    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    int done;
    assert_int_equal(EVP_EncryptInit_ex(c, EVP_aes_128_gcm(), NULL, key, iv), 1);
    assert_int_equal(EVP_EncryptUpdate(c, NULL, &done, out, (int)at), 1);
    assert_int_equal(EVP_EncryptUpdate(c, out + at, &done, plain, (int)n), 1);
    assert_int_equal(EVP_EncryptFinal_ex(c, out + at + n, &done), 1);
    assert_int_equal(EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, 16, out + at + n), 1);
    EVP_CIPHER_CTX_reset(c);
    assert_int_equal(EVP_EncryptInit_ex(c, EVP_aes_128_ecb(), NULL, hp, NULL), 1);
    assert_int_equal(EVP_EncryptUpdate(c, mask, &done, out + pn_at + 4, 16), 1);
    EVP_CIPHER_CTX_free(c);
    out[0] ^= mask[0] & 0x0f;
    for (unsigned i = 0; i < s->pn_len; i++)
        out[pn_at + i] ^= mask[1 + i];
    return at + n + 16;
}

static size_t client_initial(uint32_t version, const char *dcid, uint32_t pn, uint8_t *out)
{
    uint8_t frame[300];
    size_t n = unhex(CLIENT_FRAME, frame, sizeof frame);
    struct seal s = { .version = version, .dcid = dcid, .scid = "", .odcid = dcid, .pn = pn, .pn_len = 4 };
    return seal(&s, frame, n, 1162, out);
}

static size_t server_initial(uint32_t version, const char *odcid, const char *frames_hex, uint8_t *out)
{
    uint8_t frames[300];
    size_t n = unhex(frames_hex, frames, sizeof frames);
    struct seal s = { .version = version, .dcid = "", .scid = SERVER_CID, .odcid = odcid, .server = true, .pn = 1, .pn_len = 2 };
    return seal(&s, frames, n, 0, out);
}

/* A long header packet that nobody can read. */
static size_t sealed_long(unsigned type, uint8_t *out)
{
    uint8_t head[] = { (uint8_t)(0xc0 | type << 4), 0, 0, 0, 1, 8, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0x40, 100 };
    memset(out, 0x5a, sizeof head + 100);
    memcpy(out, head, sizeof head);
    return sizeof head + 100;
}

/* ---- a flow ---- */

struct fixture {
    struct stats stats;
    struct tls_shared shared;
    void *state;
    uint64_t frame;
    unsigned events;
    struct tls_event ev; /* the last */
    char sni[64];
    unsigned client_side;
};

static void drain(struct fixture *x, enum tls_end end)
{
    for (;;) {
        struct tls_event ev = { .suite = SUITE_NONE };
        unsigned side = 2;
        if (!quic_proto.next_event(x->state, end, 2, &side, &ev))
            return;
        x->events++;
        x->ev = ev;
        x->client_side = side;
        x->sni[0] = 0;
        if (ev.ch)
            (void)snprintf(x->sni, sizeof x->sni, "%.*s", (int)rd_left(&ev.ch->sni), (const char *)ev.ch->sni.p);
        x->ev.ch = NULL;
    }
}

static void open_flow(struct fixture *x)
{
    *x = (struct fixture){ 0 };
    x->shared.stats = &x->stats;
    x->shared.certs = cert_cache_new(16, 1);
    x->state = quic_proto.open(&x->shared);
    assert_non_null(x->state);
}

static enum tls_verdict feed(struct fixture *x, unsigned d, const uint8_t *p, size_t n)
{
    struct tls_when when = { .ts_ns = 1000 + (int64_t)x->frame, .frame = ++x->frame };
    enum tls_verdict v = quic_proto.feed(x->state, d, rd_of(guarded(p, n), n), when);
    if (v != TLS_MORE)
        drain(x, TLS_END_DECIDED);
    return v;
}

static enum tls_verdict feed_short(struct fixture *x, unsigned d)
{
    uint8_t p[60] = { 0x41 };
    return feed(x, d, p, sizeof p);
}

static void feed_client_initial(struct fixture *x, uint32_t version, const char *dcid)
{
    uint8_t p[MTU];
    assert_int_equal(feed(x, 0, p, client_initial(version, dcid, 2, p)), TLS_MORE);
}

static void feed_server_initial(struct fixture *x, uint32_t version, const char *odcid)
{
    uint8_t p[MTU];
    assert_int_equal(feed(x, 1, p, server_initial(version, odcid, SERVER_FRAMES, p)), TLS_MORE);
}

static void close_flow(struct fixture *x)
{
    drain(x, TLS_END_INPUT);
    quic_proto.free(x->state);
    assert_int_equal(x->shared.buffered.used, 0);
    assert_int_equal(x->shared.kept.used, 0);
    cert_cache_free(x->shared.certs);
}

static void assert_rfc_handshake(const struct fixture *x, uint32_t version)
{
    assert_int_equal(x->events, 1);
    assert_int_equal(x->ev.outcome, OUTCOME_COMPLETED);
    assert_int_equal(x->ev.version, VER_TLS13);
    assert_int_equal(x->ev.suite, 0x1301);
    assert_int_equal(x->ev.group, 0x001d);
    assert_int_equal(x->ev.quic_version, version);
    assert_string_equal(x->sni, "example.com");
    assert_int_equal(x->client_side, 0);
}

/* ---- tests ---- */

static void sealing_is_that_of_the_rfcs(void **state)
{
    (void)state;
    uint8_t p[MTU], want[64];
    assert_int_equal(client_initial(V1, DCID, 2, p), 1200);
    size_t n = unhex("c000000001088394c8f03e5157080000449e7b9aec34d1b1c98dd7689fb8ec11", want, sizeof want);
    assert_memory_equal(p, want, n);
    n = unhex("e221af44860018ab0856972e194cd934", want, sizeof want);
    assert_memory_equal(p + 1200 - n, want, n); /* the tag: of every byte before */

    assert_int_equal(client_initial(V2, DCID, 2, p), 1200);
    n = unhex("d76b3343cf088394c8f03e5157080000449ea0c95e82ffe67b6abcdb4298b485", want, sizeof want);
    assert_memory_equal(p, want, n);
    n = unhex("a18b2faa745b6fe189cf772a9f84cbfc", want, sizeof want);
    assert_memory_equal(p + 1200 - n, want, n);
}

static void rfc_handshake(uint32_t version, const char *server_packet)
{
    struct fixture x;
    uint8_t p[MTU];
    open_flow(&x);
    size_t n = client_initial(version, DCID, 2, p);
    assert_true(quic_proto.looks_like(50000, 443, rd_of(guarded(p, n), n)));
    assert_int_equal(feed(&x, 0, p, n), TLS_MORE);
    n = unhex(server_packet, p, sizeof p);
    assert_true(quic_proto.looks_like(443, 50000, rd_of(guarded(p, n), n)));
    assert_int_equal(feed(&x, 1, p, n), TLS_MORE);
    assert_int_equal(feed_short(&x, 1), TLS_MORE);
    assert_int_equal(feed_short(&x, 0), TLS_DECIDED);
    assert_rfc_handshake(&x, version);
    close_flow(&x);
    assert_int_equal(x.events, 1);
    assert_int_equal(x.stats.quic_undecryptable, 0);
}

static void rfc9001(void **state)
{
    (void)state;
    rfc_handshake(V1, SERVER_PACKET);
}

static void rfc9369(void **state)
{
    (void)state;
    rfc_handshake(V2, SERVER_PACKET_V2);
}

static void draft29(void **state)
{
    (void)state;
    struct fixture x;
    open_flow(&x);
    feed_client_initial(&x, DRAFT29, DCID);
    feed_server_initial(&x, DRAFT29, DCID);
    assert_int_equal(feed_short(&x, 0), TLS_DECIDED);
    assert_rfc_handshake(&x, DRAFT29);
    close_flow(&x);
}

static void every_prefix(void **state)
{
    (void)state;
    uint8_t client[MTU], server[MTU];
    size_t cn = client_initial(V1, DCID, 2, client), sn = unhex(SERVER_PACKET, server, sizeof server);
    for (size_t n = 0; n < cn; n++) {
        struct fixture x;
        open_flow(&x);
        (void)quic_proto.looks_like(1, 2, rd_of(guarded(client, n), n));
        assert_int_equal(feed(&x, 0, client, n), TLS_MORE);
        close_flow(&x);
        assert_int_equal(x.events, 0);
    }
    struct fixture x;
    open_flow(&x);
    feed_client_initial(&x, V1, DCID);
    for (size_t n = 0; n < sn && n < LIMIT_DATAGRAM_AFTER; n++)
        assert_int_equal(feed(&x, 1, server, n), TLS_MORE);
    close_flow(&x);
    assert_int_equal(x.events, 1);
    assert_int_equal(x.ev.version, 0);
}

/* Chromium's way: CRYPTO frames cut anywhere, shuffled, over two Initials, with PING and PADDING between. */
static void crypto_shuffled(void **state)
{
    (void)state;
    uint8_t hello[300], frames[2][MTU], p[MTU];
    size_t n = unhex(CLIENT_FRAME, hello, sizeof hello) - 4, at[2] = { 0, 0 };
    const uint8_t *ch = hello + 4;
    static const unsigned order[] = { 7, 2, 0, 5, 1, 6, 3, 4 };
    size_t step = n / 7;
    for (unsigned i = 0; i < 8; i++) {
        unsigned k = order[i], to = i % 2;
        size_t off = k * step, len = k == 7 ? n - off : step;
        uint8_t head[] = { 0x01, 0x06, (uint8_t)(0x40 | off >> 8), (uint8_t)off, (uint8_t)len, 0 };
        memcpy(frames[to] + at[to], head, 5);
        memcpy(frames[to] + at[to] + 5, ch + off, len);
        at[to] += 5 + len;
        frames[to][at[to]++] = 0;
    }
    struct fixture x;
    open_flow(&x);
    for (unsigned i = 0; i < 2; i++) {
        struct seal s = { .version = V1, .dcid = DCID, .scid = "", .odcid = DCID, .pn = i + 1, .pn_len = 1 };
        assert_int_equal(feed(&x, 0, p, seal(&s, frames[i], at[i], 1100, p)), TLS_MORE);
    }
    feed_server_initial(&x, V1, DCID);
    assert_int_equal(feed_short(&x, 0), TLS_DECIDED);
    assert_rfc_handshake(&x, V1);
    close_flow(&x);
}

static void only_half_a_hello(void **state)
{
    (void)state;
    uint8_t frame[300], p[MTU];
    (void)unhex(CLIENT_FRAME, frame, sizeof frame);
    frame[2] = 0x40;
    frame[3] = 100; /* the first 100 bytes */
    struct fixture x;
    struct seal s = { .version = V1, .dcid = DCID, .scid = "", .odcid = DCID, .pn = 1, .pn_len = 1 };
    open_flow(&x);
    assert_int_equal(feed(&x, 0, p, seal(&s, frame, 104, 1100, p)), TLS_MORE);
    close_flow(&x);
    assert_int_equal(x.events, 0);
    assert_int_equal(x.stats.hello_incomplete, 1);
}

static void malformed_hello(void **state)
{
    (void)state;
    uint8_t frame[300], p[MTU];
    size_t n = unhex(CLIENT_FRAME, frame, sizeof frame);
    frame[43] = 0xff; /* a session id longer than the hello */
    struct fixture x;
    struct seal s = { .version = V1, .dcid = DCID, .scid = "", .odcid = DCID, .pn = 1, .pn_len = 1 };
    open_flow(&x);
    assert_int_equal(feed(&x, 0, p, seal(&s, frame, n, 1100, p)), TLS_MORE);
    close_flow(&x);
    assert_int_equal(x.events, 0);
    assert_int_equal(x.stats.hello_malformed, 1);
    assert_int_equal(x.stats.hello_incomplete, 0);
}

static void retry(void **state)
{
    (void)state;
    struct fixture x;
    uint8_t p[MTU];
    open_flow(&x);
    feed_client_initial(&x, V1, DCID);
    assert_int_equal(feed(&x, 1, p, unhex(RETRY_PACKET, p, sizeof p)), TLS_MORE);
    feed_client_initial(&x, V1, SERVER_CID); /* keys from the Retry's Source Connection ID */
    feed_server_initial(&x, V1, SERVER_CID);
    assert_int_equal(feed_short(&x, 0), TLS_DECIDED);
    assert_rfc_handshake(&x, V1);
    assert_true(x.ev.flags & EV_HELLO_VERIFY);
    close_flow(&x);
    assert_int_equal(x.events, 1);
}

static void retry_not_captured(void **state)
{
    (void)state;
    struct fixture x;
    open_flow(&x);
    feed_client_initial(&x, V1, DCID);
    feed_client_initial(&x, V1, SERVER_CID);
    feed_server_initial(&x, V1, SERVER_CID);
    assert_int_equal(feed_short(&x, 0), TLS_DECIDED);
    assert_rfc_handshake(&x, V1);
    close_flow(&x);
    assert_int_equal(x.events, 1);
}

static void version_negotiation(void **state)
{
    (void)state;
    struct fixture x;
    uint8_t p[MTU];
    open_flow(&x);
    memset(p, 0x33, sizeof p);
    static const uint8_t greased[] = { 0xc3, 0x1a, 0x2a, 0x3a, 0x4a, 8, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0 };
    memcpy(p, greased, sizeof greased);
    assert_true(quic_proto.looks_like(1, 443, rd_of(p, 1200)));
    assert_int_equal(feed(&x, 0, p, 1200), TLS_MORE);
    static const uint8_t negotiation[] = { 0x80, 0, 0, 0, 0, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 1, 0xff, 0, 0, 0x1d };
    assert_int_equal(feed(&x, 1, negotiation, sizeof negotiation), TLS_MORE);
    feed_client_initial(&x, V1, DCID);
    feed_server_initial(&x, V1, DCID);
    assert_int_equal(feed_short(&x, 0), TLS_DECIDED);
    close_flow(&x);
    assert_int_equal(x.events, 1);
    assert_int_equal(x.stats.quic_unknown_version, 0); /* nothing was lost by it */
}

/* The client offers v2, which this server does not have: one conversation, the second hello. */
static void version_negotiation_of_a_known_version(void **state)
{
    (void)state;
    struct fixture x;
    open_flow(&x);
    feed_client_initial(&x, V2, DCID);
    static const uint8_t negotiation[] = { 0x80, 0, 0, 0, 0, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 1 };
    assert_int_equal(feed(&x, 1, negotiation, sizeof negotiation), TLS_MORE);
    feed_client_initial(&x, V1, SERVER_CID);
    feed_server_initial(&x, V1, SERVER_CID);
    assert_int_equal(feed_short(&x, 0), TLS_DECIDED);
    assert_rfc_handshake(&x, V1);
    close_flow(&x);
    assert_int_equal(x.events, 1);
}

/* RFC 9368: the server answers a v1 Initial in v2, under keys from the same connection id. */
static void compatible_version(void **state)
{
    (void)state;
    struct fixture x;
    open_flow(&x);
    feed_client_initial(&x, V1, DCID);
    feed_server_initial(&x, V2, DCID);
    assert_int_equal(feed_short(&x, 0), TLS_DECIDED);
    assert_rfc_handshake(&x, V2);
    close_flow(&x);
}

static void unknown_version_is_counted(void **state)
{
    (void)state;
    struct fixture x;
    uint8_t p[1200];
    memset(p, 0x33, sizeof p);
    static const uint8_t head[] = { 0xc3, 0xff, 0, 0, 0x7f, 8, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0 };
    memcpy(p, head, sizeof head);
    open_flow(&x);
    assert_true(quic_proto.looks_like(1, 443, rd_of(p, sizeof p)));
    assert_int_equal(feed(&x, 0, p, sizeof p), TLS_MORE);
    close_flow(&x);
    assert_int_equal(x.events, 0);
    assert_int_equal(x.stats.quic_unknown_version, 1);

    open_flow(&x); /* the server does not know it either: nothing was missed */
    static const uint8_t negotiation[] = { 0x80, 0, 0, 0, 0, 0, 8, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 1 };
    (void)feed(&x, 0, p, sizeof p);
    (void)feed(&x, 1, negotiation, sizeof negotiation);
    close_flow(&x);
    assert_int_equal(x.stats.quic_unknown_version, 0);
}

static void alert_in_connection_close(void **state)
{
    (void)state;
    struct fixture x;
    uint8_t p[MTU];
    open_flow(&x);
    feed_client_initial(&x, V1, DCID);
    /* CONNECTION_CLOSE, CRYPTO_ERROR 0x100 + 40, frame 6, reason "no" */
    assert_int_equal(feed(&x, 1, p, server_initial(V1, DCID, "1c412806026e6f", p)), TLS_DECIDED);
    assert_int_equal(x.events, 1);
    assert_int_equal(x.ev.outcome, OUTCOME_ALERT_SERVER);
    assert_int_equal(x.ev.alert.from, 's');
    assert_int_equal(x.ev.alert.code, 40);
    assert_int_equal(x.ev.version, 0);
    close_flow(&x);
    assert_int_equal(x.events, 1);
}

static void close_without_alert(void **state)
{
    (void)state;
    struct fixture x;
    uint8_t p[MTU];
    open_flow(&x);
    feed_client_initial(&x, V1, DCID);
    assert_int_equal(feed(&x, 1, p, server_initial(V1, DCID, "1c020000", p)), TLS_DECIDED); /* CONNECTION_REFUSED */
    assert_int_equal(x.events, 1);
    assert_int_not_equal(x.ev.outcome, OUTCOME_COMPLETED);
    assert_int_equal(x.ev.alert.from, 0);
    close_flow(&x);
    assert_int_equal(x.events, 1);
}

static void unanswered(void **state)
{
    (void)state;
    struct fixture x;
    open_flow(&x);
    feed_client_initial(&x, V1, DCID);
    feed_client_initial(&x, V1, DCID); /* sent again */
    close_flow(&x);
    assert_int_equal(x.events, 1);
    assert_int_equal(x.ev.outcome, OUTCOME_UNANSWERED);
    assert_string_equal(x.sni, "example.com");
    assert_int_equal(x.ev.quic_version, V1);
}

static void client_only(void **state)
{
    (void)state;
    struct fixture x;
    open_flow(&x);
    feed_client_initial(&x, V1, DCID);
    for (int i = 1; i < LIMIT_DATAGRAM_UNANSWERED; i++)
        assert_int_equal(feed_short(&x, 0), TLS_MORE);
    assert_int_equal(feed_short(&x, 0), TLS_DECIDED);
    assert_int_equal(x.events, 1);
    assert_int_equal(x.ev.outcome, OUTCOME_ONE_SIDED);
    assert_true(x.ev.flags & EV_ONE_SIDED);
    close_flow(&x);
}

static void server_only(void **state)
{
    (void)state;
    struct fixture x;
    uint8_t p[MTU];
    open_flow(&x);
    size_t n = unhex(SERVER_PACKET, p, sizeof p);
    n += sealed_long(HANDSHAKE, p + n);
    assert_int_equal(feed(&x, 1, p, n), TLS_MORE);
    close_flow(&x);
    assert_int_equal(x.events, 0); /* the keys cannot be known, so nothing is claimed */
    assert_int_equal(x.stats.quic_midstream, 1);
}

static void early_data(void **state)
{
    (void)state;
    struct fixture x;
    uint8_t p[2 * MTU];
    open_flow(&x);
    size_t n = client_initial(V1, DCID, 2, p);
    n += sealed_long(ZERO_RTT, p + n); /* coalesced */
    assert_int_equal(feed(&x, 0, p, n), TLS_MORE);
    feed_server_initial(&x, V1, DCID);
    assert_int_equal(feed_short(&x, 0), TLS_DECIDED);
    assert_true(x.ev.flags & EV_EARLY_DATA);
    close_flow(&x);
}

/* Server Initial, Handshake and 1-RTT in one datagram; then the client's Initial (ACK), Handshake and 1-RTT in one. */
static void coalesced(void **state)
{
    (void)state;
    struct fixture x;
    uint8_t p[2 * MTU];
    open_flow(&x);
    feed_client_initial(&x, V1, DCID);
    size_t n = server_initial(V1, DCID, SERVER_FRAMES, p);
    n += sealed_long(HANDSHAKE, p + n);
    memset(p + n, 0x42, 50);
    assert_int_equal(feed(&x, 1, p, n + 50), TLS_MORE);
    struct seal s = { .version = V1, .dcid = SERVER_CID, .scid = "", .odcid = DCID, .pn = 3, .pn_len = 1 };
    n = seal(&s, (const uint8_t *)"\x02\x01\x00\x00\x00", 5, 40, p);
    n += sealed_long(HANDSHAKE, p + n);
    memset(p + n, 0x42, 50);
    assert_int_equal(feed(&x, 0, p, n + 50), TLS_DECIDED);
    assert_rfc_handshake(&x, V1);
    close_flow(&x);
    assert_int_equal(x.stats.quic_undecryptable, 0);
}

static void two_connections_on_one_pair_of_ports(void **state)
{
    (void)state;
    struct fixture x;
    uint8_t p[MTU];
    open_flow(&x);
    feed_client_initial(&x, V1, DCID);
    feed_server_initial(&x, V1, DCID);
    assert_int_equal(feed_short(&x, 0), TLS_DECIDED);
    assert_int_equal(x.events, 1);
    feed_client_initial(&x, V1, DCID); /* a late copy of the first is not another */
    feed_server_initial(&x, V1, DCID);
    for (int i = 0; i < 10; i++)
        (void)feed_short(&x, 0);
    assert_int_equal(x.events, 1);
    feed_client_initial(&x, V1, "0102030405060708");
    feed_server_initial(&x, V1, "0102030405060708");
    assert_int_equal(feed_short(&x, 0), TLS_DECIDED);
    assert_int_equal(x.events, 2);
    assert_int_equal(x.ev.outcome, OUTCOME_COMPLETED);

    /* a third is not answered, a fourth with another hello takes its place */
    feed_client_initial(&x, V1, "1111111111111111");
    uint8_t frame[300];
    size_t n = unhex(CLIENT_FRAME, frame, sizeof frame);
    frame[20] ^= 0xff; /* another random */
    struct seal s = { .version = V1, .dcid = "2222222222222222", .scid = "", .odcid = "2222222222222222", .pn_len = 1 };
    assert_int_equal(feed(&x, 0, p, seal(&s, frame, n, 1162, p)), TLS_DECIDED);
    assert_int_equal(x.events, 3);
    assert_int_equal(x.ev.outcome, OUTCOME_UNANSWERED);
    feed_server_initial(&x, V1, "2222222222222222");
    assert_int_equal(feed_short(&x, 0), TLS_DECIDED);
    assert_int_equal(x.events, 4);
    assert_int_equal(x.ev.outcome, OUTCOME_COMPLETED);
    close_flow(&x);
    assert_int_equal(x.events, 4);
}

static void a_decided_flow_is_let_go(void **state)
{
    (void)state;
    struct fixture x;
    open_flow(&x);
    feed_client_initial(&x, V1, DCID);
    feed_server_initial(&x, V1, DCID);
    assert_int_equal(feed_short(&x, 0), TLS_DECIDED);
    for (int i = 0; i < LIMIT_DATAGRAM_AFTER - 2; i++)
        assert_int_equal(feed_short(&x, 0), TLS_MORE);
    (void)feed_short(&x, 0);
    assert_int_equal(feed_short(&x, 0), TLS_NOT);
    close_flow(&x);
    assert_int_equal(x.events, 1);
}

/* RFC 9287: the second bit of the first byte means nothing. What is too short for a packet, or padding, is none. */
static void greased_short_header(void **state)
{
    (void)state;
    struct fixture x;
    uint8_t p[MTU] = { 0 };
    open_flow(&x);
    feed_client_initial(&x, V1, DCID);
    feed_server_initial(&x, V1, DCID);
    assert_int_equal(feed(&x, 0, p, 20), TLS_MORE);
    size_t n = sealed_long(HANDSHAKE, p);
    memset(p + n, 0, 100);
    assert_int_equal(feed(&x, 0, p, n + 100), TLS_MORE);
    memset(p, 0x13, 60);
    assert_int_equal(feed(&x, 0, p, 60), TLS_DECIDED);
    assert_rfc_handshake(&x, V1);
    close_flow(&x);
}

static void a_flood_costs_a_bounded_number_of_decryptions(void **state)
{
    (void)state;
    struct fixture x;
    uint8_t p[MTU];
    open_flow(&x);
    size_t n = client_initial(V1, DCID, 2, p);
    p[n - 1] ^= 1;
    for (int i = 0; i < 40; i++) {
        p[6] = (uint8_t)i; /* another connection id each time */
        assert_int_equal(feed(&x, 0, p, n), TLS_MORE);
    }
    close_flow(&x);
    assert_int_equal(x.events, 0);
    assert_int_equal(x.stats.quic_undecryptable, LIMIT_QUIC_FAILURES);
}

static void hostile_frames(void **state)
{
    (void)state;
    static const char *const frames[] = {
        "06ffffffffffffffff0101", /* offset 2^62-1 */
        "06c0000000000100000101", /* just beyond the limit */
        "0600ffffffffffffffff00", /* length 2^62-1 */
        "02000000ffffffffffffffff00000000", /* 2^62 ACK ranges */
        "0200c0ffffffffffffff00", /* the same where the count is read */
        "1cffffffffffffffffffffffffffffffffff", /* a reason longer than the packet */
        "0600400401ffffff", /* a message of 2^24-1 bytes */
        "ff", "1e", "08", "40",
    };
    for (size_t i = 0; i < sizeof frames / sizeof *frames; i++) {
        struct fixture x;
        uint8_t f[64], p[MTU];
        size_t n = unhex(frames[i], f, sizeof f);
        struct seal s = { .version = V1, .dcid = DCID, .scid = "", .odcid = DCID, .pn = 1, .pn_len = 1 };
        open_flow(&x);
        (void)feed(&x, 0, p, seal(&s, f, n, 1000, p));
        assert_true(x.shared.buffered.used <= 4 * LIMIT_HELLO_BYTES);
        close_flow(&x);
        assert_int_equal(x.events, 0);
    }
}

/* What libcrypto keeps for a flow counts, and where there is no room for it the packet is not read. */
static void keys_take_room(void **state)
{
    (void)state;
    struct fixture x;
    uint8_t p[MTU];
    size_t n = client_initial(V1, DCID, 1, p);
    open_flow(&x);
    size_t before = x.shared.kept.used;
    assert_int_equal(feed(&x, 0, p, n), TLS_MORE);
    assert_true(x.shared.kept.used >= before + QUIC_KEYS_COST);
    close_flow(&x);
    open_flow(&x);
    x.shared.kept.max = before + QUIC_KEYS_COST - 1;
    assert_int_equal(feed(&x, 0, p, n), TLS_MORE);
    assert_int_equal(x.shared.kept.used, before);
    assert_int_equal(x.stats.memory_refused, 1);
    close_flow(&x);
}

/* What other protocols send must not open a flow; nor may Google's own QUIC, which is not TLS. */
static void others_do_not_look_like_quic(void **state)
{
    (void)state;
    static const char *const others[] = {
        "1234010000010000000000000377777707657861 6d706c6503636f6d0000010001", /* DNS */
        "000100002112a4420102030405060708090a0b0c", /* STUN */
        "8060000100000001000000010102030405060708090a", /* RTP */
        "16fefd000000000000000000300100002400000000000000240000", /* DTLS */
        "41000102030405060708090a0b0c0d0e0f1011121314151617", /* a short header */
        "c3513034360800000000000000000102030405060708090a0b0c0d", /* Q046 */
        "0d11223344556677885130343301a0010400", /* Q043 */
        "c30000000116", /* connection id of 22 bytes */
        "c000000001088394c8f03e5157080000449e7b9aec34d1b1c98dd7", /* Length beyond the datagram */
        "c0000000010000000500000000",
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        uint8_t p[128];
        size_t n = unhex(others[i], p, sizeof p);
        assert_false(quic_proto.looks_like(50000, 443, rd_of(guarded(p, n), n)));
    }
    uint8_t p[1200] = { 0xc3, 0x51, 0x30, 0x35, 0x30, 8, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0 }; /* Q050, full size */
    assert_false(quic_proto.looks_like(50000, 443, rd_of(p, sizeof p)));
}

static void packet_numbers(void **state)
{
    (void)state;
    struct fixture x;
    uint8_t p[MTU];
    static const uint32_t pns[] = { 0, 1, 250, 300, 600, 0x10000, 0x10080 }; /* each within reach of the one before */
    static const unsigned lens[] = { 1, 1, 2, 1, 2, 3, 1 };
    open_flow(&x);
    for (size_t i = 0; i < sizeof pns / sizeof *pns; i++) {
        struct seal s = { .version = V1, .dcid = DCID, .scid = "", .odcid = DCID, .pn = pns[i], .pn_len = lens[i] };
        uint8_t ping[1] = { 1 };
        assert_int_equal(feed(&x, 0, p, seal(&s, ping, 1, 1000, p)), TLS_MORE);
    }
    close_flow(&x);
    assert_int_equal(x.stats.quic_undecryptable, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sealing_is_that_of_the_rfcs),
        cmocka_unit_test(rfc9001),
        cmocka_unit_test(rfc9369),
        cmocka_unit_test(draft29),
        cmocka_unit_test(every_prefix),
        cmocka_unit_test(crypto_shuffled),
        cmocka_unit_test(only_half_a_hello),
        cmocka_unit_test(malformed_hello),
        cmocka_unit_test(retry),
        cmocka_unit_test(retry_not_captured),
        cmocka_unit_test(version_negotiation),
        cmocka_unit_test(version_negotiation_of_a_known_version),
        cmocka_unit_test(compatible_version),
        cmocka_unit_test(unknown_version_is_counted),
        cmocka_unit_test(alert_in_connection_close),
        cmocka_unit_test(close_without_alert),
        cmocka_unit_test(unanswered),
        cmocka_unit_test(client_only),
        cmocka_unit_test(server_only),
        cmocka_unit_test(early_data),
        cmocka_unit_test(coalesced),
        cmocka_unit_test(two_connections_on_one_pair_of_ports),
        cmocka_unit_test(a_decided_flow_is_let_go),
        cmocka_unit_test(greased_short_header),
        cmocka_unit_test(a_flood_costs_a_bounded_number_of_decryptions),
        cmocka_unit_test(hostile_frames),
        cmocka_unit_test(keys_take_room),
        cmocka_unit_test(others_do_not_look_like_quic),
        cmocka_unit_test(packet_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
