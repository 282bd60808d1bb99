/* SPDX-License-Identifier: Apache-2.0 */
/* DTLS: handshakes recorded from OpenSSL 3.0 (s_client, s_server), as they are, reordered, repeated, cut into other
 * fragments, wrapped, one-sided; and what must not be taken for DTLS. RDP-UDP: the same, and TLS, inside its packets. */
#include "tests/unit/test.h"

#include "base/limits.h"
#include "dissect/dtls.h"
#include "dissect/rdpudp.h"

enum { MTU = 2048 };

/* "<" is a datagram of the server, ">" one of the client. openssl s_server -dtls1_2 -mtu 256, P-256 certificate. */
static const char *const recorded12[] = {
    ">"
    "16feff000000000000000000d5010000c900000000000000c9fefd728fcef5de8b4b2b109288360b99f2d4b0ea3709e5e6b972e9ae453009"
    "c0bb9100000038c02cc030009fcca9cca8ccaac02bc02f009ec024c028006bc023c0270067c00ac0140039c009c0130033009d009c003d00"
    "3c0035002f00ff0100006700000011000f00000c64746c732e6578616d706c65000b000403000102000a000c000a001d0017001e00190018"
    "002300000016000000170000000d002a0028040305030603080708080809080a080b08040805080604010501060103030301030204020502"
    "0602",
    "<"
    "16feff00000000000000000023030000170000000000000017feff1497048e7dece84c9f8a61d22a98aa4d5b8d2982a9",
    ">"
    "16feff000000000000000100d7010000dd00010000000000cbfefd728fcef5de8b4b2b109288360b99f2d4b0ea3709e5e6b972e9ae453009"
    "c0bb91001497048e7dece84c9f8a61d22a98aa4d5b8d2982a90038c02cc030009fcca9cca8ccaac02bc02f009ec024c028006bc023c02700"
    "67c00ac0140039c009c0130033009d009c003d003c0035002f00ff0100006700000011000f00000c64746c732e6578616d706c65000b0004"
    "03000102000a000c000a001d0017001e00190018002300000016000000170000000d002a0028040305030603080708080809080a080b0804"
    "08050806",
    ">"
    "16feff0000000000000002001e010000dd00010000cb000012040105010601030303010302040205020602",
    "<"
    "16fefd000000000000000100490200003d000100000000003dfefda0067f4508b5e9cd5fa66db84850182cf90dba5496c60d6b06a8609051"
    "96923c00c02c000015ff01000100000b000403000102002300000017000016fefd000000000000000200810b00018d000200000000007500"
    "018a0001873082018330820129a003020102021403a315cc772c3d2ee07f96035c52839391d1bdde300a06082a8648ce3d04030230173115"
    "301306035504030c0c64746c732e6578616d706c65301e170d3236313132313039353233345a170d3336313131383039353233345a301731"
    "15301306",
    "<"
    "16fefd000000000000000300d70b00018d00020000750000cb035504030c0c64746c732e6578616d706c653059301306072a8648ce3d0201"
    "06082a8648ce3d03010703420004cfb0f90fb832aa1145f7eaba03a98ea22e58c8d99cada5d1887f415bda757fd58ec1cbffa33e95383a1e"
    "41105e5ee4ce2d8b39c9a08988ab51dc2f497362d0f6a3533051301d0603551d0e04160414db33d2d493fd2e2afa90cfe4a343d2e4756940"
    "47301f0603551d23041830168014db33d2d493fd2e2afa90cfe4a343d2e475694047300f0603551d130101ff040530030101ff300a06082a"
    "8648ce3d",
    "<"
    "16fefd000000000000000400590b00018d000200014000004d0403020348003045022100a817968682b8d5a8664ef71272b3542c8ca35a09"
    "15754cc53a590d455bac0c24022037d4bc77f6b2a8242e0fed833e337bdb21531f5ecae96f4857c5538d693caed216fefd00000000000000"
    "0500710c00006f000300000000006503001d20d638ed6ec787f08167d83d857ced07d65ba3abc112eb7485ba15876166e140140403004730"
    "45022039638ceaa0b8b7c0b46fc34b4c74406ebd5685169fac9efe2d3500c14c9b16b0022100a88a415f3b6f77456a0792b4179a7c2de7bf"
    "fed9dfbb",
    "<"
    "16fefd000000000000000600160c00006f000300006500000af9d4174356cfe1537c0c16fefd0000000000000007000c0e00000000040000"
    "00000000",
    ">"
    "16fefd0000000000000003002d10000021000200000000002120bf1ba39f4bcfeefa51e130e5f1ef83e80948cc2b911609226d60b83c75df"
    "3b4114fefd000000000000000400010116fefd00010000000000000030af7bf4c9747f6357846e04d84432ddf5675e5cff06b49079c7e10d"
    "b34ee3d203b904d152cd1838000eec44f75c8ee72a",
    "<"
    "16fefd000000000000000800c2040000b600050000000000b600001c2000b0fb332d6b56f0cb996c1e434397728b3756890438feff22c254"
    "5708c65313eb885100c0ddbb6219f8ee1684365deb3d70f2def80e599e6f54988378a674a734f87145ab46e4640a89d06667d63bd73a8762"
    "71302475ce147f29be7b186ffbc5517978093fb9c39ba0c26be0d783672461a2e986b9841da109a03b846fcfccb7c7d2e2d2531fca04e9d3"
    "709faf6c57d95d186bc7ef7988d466f3966ed4f3f7d08edaf31c72d7c6ea7bf7739751464ce506",
    "<"
    "14fefd000000000000000900010116fefd000100000000000000304ca9a3c48432c41c615a747ec5a3ca84cf30723b35da45a9b822ef221a"
    "b7346bf3229ec6aacb6b0d19448ab133f25fe5",
};
/* s_server -dtls1, SECLEVEL=0 */
static const char *const recorded10[] = {
    ">"
    "16feff000000000000000000880100007c000000000000007cfeff9c0235b9663198e4b6706be68aae84429da193a8f153b8a4706ef0f4d1"
    "cfd7860000002ec00ac0140039003800880087c019003a0089c009c0130033003200450044c0180034004600350084002f004100ff010000"
    "24000b000403000102000a000c000a001d0017001e00190018002300000016000000170000",
    "<"
    "16feff00000000000000000023030000170000000000000017feff142e7a8696273ca7504f69fbcde8e358f0d1e62a20",
    ">"
    "16feff0000000000000001009c010000900001000000000090feff9c0235b9663198e4b6706be68aae84429da193a8f153b8a4706ef0f4d1"
    "cfd78600142e7a8696273ca7504f69fbcde8e358f0d1e62a20002ec00ac0140039003800880087c019003a0089c009c01300330032004500"
    "44c0180034004600350084002f004100ff01000024000b000403000102000a000c000a001d0017001e001900180023000000160000001700"
    "00",
    "<"
    "16feff0000000000000001004d020000410001000000000041feff7896c60bd4a5dee5c245534888bbea63b6f055ff086010ec6735e4eb09"
    "e95a1c00c00a000019ff01000100000b00040300010200230000001600000017000016feff0000000000000002007d0b00018d0002000000"
    "00007100018a0001873082018330820129a003020102021403a315cc772c3d2ee07f96035c52839391d1bdde300a06082a8648ce3d040302"
    "30173115301306035504030c0c64746c732e6578616d706c65301e170d3236313132313039353233345a170d333631313138303935323334"
    "5a301731",
    "<"
    "16feff000000000000000300d70b00018d00020000710000cb15301306035504030c0c64746c732e6578616d706c653059301306072a8648"
    "ce3d020106082a8648ce3d03010703420004cfb0f90fb832aa1145f7eaba03a98ea22e58c8d99cada5d1887f415bda757fd58ec1cbffa33e"
    "95383a1e41105e5ee4ce2d8b39c9a08988ab51dc2f497362d0f6a3533051301d0603551d0e04160414db33d2d493fd2e2afa90cfe4a343d2"
    "e475694047301f0603551d23041830168014db33d2d493fd2e2afa90cfe4a343d2e475694047300f0603551d130101ff040530030101ff30"
    "0a06082a",
    "<"
    "16feff0000000000000004005d0b00018d000200013c0000518648ce3d0403020348003045022100a817968682b8d5a8664ef71272b3542c"
    "8ca35a0915754cc53a590d455bac0c24022037d4bc77f6b2a8242e0fed833e337bdb21531f5ecae96f4857c5538d693caed216feff000000"
    "0000000005006d0c00006e000300000000006103001d20fc055a8c60c8357c4d15cb82859e1ec04867c3c84795a7a46d381a2b68fb997500"
    "48304602210090f6c9ff7039dd7108739e00eadd3a7a51d0688f8902b7da580f6ab1061ba2c7022100dfe60ce3fc207c2329ac588c735261"
    "7d38ce57",
    "<"
    "16feff000000000000000600190c00006e000300006100000deeeac19c2a9c7e0c00d4cd55bd16feff0000000000000007000c0e00000000"
    "04000000000000",
    ">"
    "16feff0000000000000002002d100000210002000000000021203c2c9efd21233404af74617b04ef5479948202fa419b09e0ead9778ad374"
    "df4e14feff000000000000000300010116feff000100000000000000449ec65cc183721ea0161c9e59a77898e76f7731700ae1a357cef71c"
    "aa378871be419a3bbf03c772e43e80c0ce4e1c2403db2a40838b0723daee6cc879166a9301ad7f1c85",
    "<"
    "16feff000000000000000800c2040000b600050000000000b600001c2000b0549d2a71e38101e4e226fea64bddf0c82e224c87f72cdf9e5c"
    "c5dd2c49aa8df95adab5fcb6bd7010ed999f5f898f7e73cc3e5658df449ee7f29ae870995f1e0140681be286fad46a53805b163253ec8a99"
    "c01ccbb4b07b1db55c0de22cad562291a5065f49c42116b4a3b9b8d18bed435f28735041c9a051ff9cce7c50c8ac89e5d932b55fb09a11c8"
    "f970eb70119ad271745d5b6585dbf977f5c4fb5b5653c23d531da3a29026c64b65ef291a1d4f6f",
    "<"
    "14feff000000000000000900010116feff000100000000000000449c8e59312dc3570811d13a072a97a4d1fb489f39132b5121d006a50126"
    "4e06abfdeff2510236729cbcbacce144fd118195f301501aba56ed2c601a3caf0842984dc8b252",
};
/* a client that offers nothing the server has */
static const char *const recorded_alert[] = {
    ">"
    "16feff0000000000000000007a0100006e000000000000006efefd9bad0a64f42334152ecc86930289918d4a1cd80836ae2e8128bcd0a671"
    "eaf8e000000004003b00ff01000040002300000016000000170000000d0030002e040305030603080708080809080a080b08040805080604"
    "0105010601030302030301020103020202040205020602",
    "<"
    "16feff00000000000000000023030000170000000000000017feff14ec051ab49e27f0b8f5ebd491fe58df0e3500187e",
    ">"
    "16feff0000000000000001008e010000820001000000000082fefd9bad0a64f42334152ecc86930289918d4a1cd80836ae2e8128bcd0a671"
    "eaf8e00014ec051ab49e27f0b8f5ebd491fe58df0e3500187e0004003b00ff01000040002300000016000000170000000d0030002e040305"
    "030603080708080809080a080b080408050806040105010601030302030301020103020202040205020602",
    "<"
    "15fefd000000000000000100020228",
};

struct datagram {
    unsigned side;
    size_t n;
    uint8_t b[MTU];
};

static size_t load(const char *const *text, size_t count, struct datagram *out)
{
    for (size_t i = 0; i < count; i++) {
        out[i].side = text[i][0] == '<';
        out[i].n = unhex(text[i] + 1, out[i].b, MTU);
    }
    return count;
}
#define LOAD(text, out) load(text, sizeof text / sizeof *text, out)

struct fixture {
    struct stats stats;
    struct tls_shared shared;
    const struct datagram_proto *proto;
    void *state;
    uint64_t frame;
    unsigned events, client_side;
    struct tls_event ev; /* the last */
    char sni[64], subject[256];
};

static void drain(struct fixture *x, enum tls_end end)
{
    for (;;) {
        struct tls_event ev = { .suite = SUITE_NONE };
        unsigned side = 2;
        if (!x->proto->next_event(x->state, end, 2, &side, &ev))
            return;
        x->events++;
        x->ev = ev;
        x->client_side = side;
        x->sni[0] = x->subject[0] = 0;
        if (ev.ch)
            (void)snprintf(x->sni, sizeof x->sni, "%.*s", (int)rd_left(&ev.ch->sni), (const char *)ev.ch->sni.p);
        if (ev.cert)
            (void)snprintf(x->subject, sizeof x->subject, "%s", ev.cert->subject);
    }
}

static void open_with(struct fixture *x, const struct datagram_proto *proto)
{
    *x = (struct fixture){ .proto = proto };
    x->shared.stats = &x->stats;
    x->shared.certs = cert_cache_new(16, 1);
    x->state = proto->open(&x->shared);
    assert_non_null(x->state);
}

static void open_flow(struct fixture *x)
{
    open_with(x, &dtls_proto);
}

static enum tls_verdict feed(struct fixture *x, unsigned d, const void *p, size_t n)
{
    struct tls_when when = { .ts_ns = 1000 + (int64_t)x->frame, .frame = ++x->frame };
    enum tls_verdict v = x->proto->feed(x->state, d, rd_of(guarded(p, n), n), when);
    if (v != TLS_MORE)
        drain(x, TLS_END_DECIDED);
    return v;
}

static void feed_all(struct fixture *x, const struct datagram *g, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        (void)feed(x, g[i].side, g[i].b, g[i].n);
}

static void close_flow(struct fixture *x)
{
    drain(x, TLS_END_INPUT);
    x->proto->free(x->state);
    assert_int_equal(x->shared.buffered.used, 0);
    assert_int_equal(x->shared.kept.used, 0);
    cert_cache_free(x->shared.certs);
}

static void assert_recorded12(const struct fixture *x)
{
    assert_int_equal(x->events, 1);
    assert_int_equal(x->ev.outcome, OUTCOME_COMPLETED);
    assert_int_equal(x->ev.version, VER_DTLS12);
    assert_int_equal(x->ev.suite, 0xc02c);
    assert_int_equal(x->ev.group, 0x001d);
    assert_true(x->ev.flags & EV_HELLO_VERIFY);
    assert_string_equal(x->sni, "dtls.example");
    assert_string_equal(x->subject, "CN=dtls.example");
    assert_int_equal(x->client_side, 0);
    assert_null(x->ev.upgrade);
}

static void dtls12(void **state)
{
    (void)state;
    static struct datagram g[16];
    struct fixture x;
    size_t n = LOAD(recorded12, g);
    open_flow(&x);
    assert_true(dtls_proto.looks_like(1, 2, rd_of(g[0].b, g[0].n)));
    feed_all(&x, g, 0, n);
    assert_recorded12(&x);
    close_flow(&x);
    assert_int_equal(x.events, 1);
}

/* RFC 9146: the same records under keys, each with an id of the receiver's in it. */
static void records_with_connection_ids(void **state)
{
    (void)state;
    static struct datagram g[16];
    static const uint8_t sealed[] = { 0x16, 0xfe, 0xfd, 0x00, 0x01 };
    for (size_t id = 1; id <= 8; id++) {
        struct fixture x;
        size_t n = LOAD(recorded12, g), changed = 0;
        for (size_t i = 0; i < n; i++) {
            uint8_t *p = memmem(g[i].b, g[i].n, sealed, sizeof sealed);
            if (!p)
                continue;
            uint8_t *length = p + 11;
            memmove(length + id, length, g[i].n - (size_t)(length - g[i].b));
            memset(length, 0x77, id);
            p[0] = 25;
            g[i].n += id;
            changed++;
        }
        assert_int_equal(changed, 2);
        open_flow(&x);
        feed_all(&x, g, 0, n);
        assert_recorded12(&x);
        close_flow(&x);
        assert_int_equal(x.events, 1);
    }
}

static void dtls10(void **state)
{
    (void)state;
    static struct datagram g[16];
    struct fixture x;
    size_t n = LOAD(recorded10, g);
    open_flow(&x);
    feed_all(&x, g, 0, n);
    assert_int_equal(x.events, 1);
    assert_int_equal(x.ev.outcome, OUTCOME_COMPLETED);
    assert_int_equal(x.ev.version, VER_DTLS10);
    assert_int_equal(x.ev.suite, 0xc00a);
    close_flow(&x);
}

static void answered_by_an_alert(void **state)
{
    (void)state;
    static struct datagram g[16];
    struct fixture x;
    size_t n = LOAD(recorded_alert, g);
    open_flow(&x);
    feed_all(&x, g, 0, n);
    close_flow(&x);
    assert_int_equal(x.events, 1);
    assert_int_equal(x.ev.outcome, OUTCOME_ALERT_SERVER);
    assert_int_equal(x.ev.alert.code, 40);
    assert_int_equal(x.ev.version, 0);
}

/* Flights in reverse, each datagram twice. */
static void reordered_and_repeated(void **state)
{
    (void)state;
    static struct datagram g[16];
    static const size_t order[] = { 0, 0, 1, 1, 3, 3, 2, 2, 7, 6, 5, 4, 7, 6, 5, 4, 8, 8, 10, 10, 9, 9 };
    struct fixture x;
    (void)LOAD(recorded12, g);
    open_flow(&x);
    for (size_t i = 0; i < sizeof order / sizeof *order; i++)
        (void)feed(&x, g[order[i]].side, g[order[i]].b, g[order[i]].n);
    assert_recorded12(&x);
    close_flow(&x);
    assert_int_equal(x.events, 1);
}

static void every_prefix(void **state)
{
    (void)state;
    static struct datagram g[16];
    size_t n = LOAD(recorded12, g);
    for (size_t i = 0; i < n; i++)
        for (size_t cut = 0; cut < g[i].n; cut++) {
            struct fixture x;
            open_flow(&x);
            feed_all(&x, g, 0, i);
            (void)dtls_proto.looks_like(1, 2, rd_of(guarded(g[i].b, cut), cut));
            (void)feed(&x, g[i].side, g[i].b, cut);
            close_flow(&x);
            assert_true(x.events <= 1);
        }
}

/* The messages of a datagram with one record, cut anew into fragments of the given size, in reverse, overlapping by half. */
static void feed_recut(struct fixture *x, const struct datagram *g, size_t size)
{
    const uint8_t *body = g->b + 25;
    size_t n = g->n - 25;
    assert_int_equal(g->b[13 + 9] << 16 | g->b[13 + 10] << 8 | g->b[13 + 11], n); /* it was whole */
    for (size_t k = (n - 1) / size + 1; k--;) {
        size_t off = k * size, len = n - off < size + size / 2 ? n - off : size + size / 2;
        uint8_t p[MTU];
        memcpy(p, g->b, 25);
        p[11] = (uint8_t)((len + 12) >> 8);
        p[12] = (uint8_t)(len + 12);
        p[13 + 7] = (uint8_t)(off >> 8);
        p[13 + 8] = (uint8_t)off;
        p[13 + 10] = (uint8_t)(len >> 8);
        p[13 + 11] = (uint8_t)len;
        memcpy(p + 25, body + off, len);
        (void)feed(x, g->side, p, 25 + len);
    }
}

static void cut_into_other_fragments(void **state)
{
    (void)state;
    static struct datagram g[16];
    (void)LOAD(recorded12, g);
    for (size_t size = 1; size < 200; size += 7) {
        struct fixture x;
        open_flow(&x);
        feed_recut(&x, &g[0], size); /* first ClientHello, one whole message */
        feed_all(&x, g, 1, 11);
        assert_recorded12(&x);
        close_flow(&x);
    }
}

static void client_only(void **state)
{
    (void)state;
    static struct datagram g[16];
    size_t n = LOAD(recorded12, g);
    struct fixture x;
    open_flow(&x);
    for (size_t i = 0; i < n; i++)
        if (g[i].side == 0)
            (void)feed(&x, 0, g[i].b, g[i].n);
    close_flow(&x);
    assert_int_equal(x.events, 1);
    assert_int_equal(x.ev.outcome, OUTCOME_ONE_SIDED);
    assert_int_equal(x.ev.version, 0);
    assert_string_equal(x.sni, "dtls.example");
}

static void server_only(void **state)
{
    (void)state;
    static struct datagram g[16];
    size_t n = LOAD(recorded12, g);
    struct fixture x;
    open_flow(&x);
    for (size_t i = 0; i < n; i++)
        if (g[i].side == 1)
            (void)feed(&x, 1, g[i].b, g[i].n);
    close_flow(&x);
    assert_int_equal(x.events, 1);
    assert_int_equal(x.ev.version, VER_DTLS12);
    assert_int_equal(x.ev.suite, 0xc02c);
    assert_int_equal(x.client_side, 0);
}

static void hello_only(void **state)
{
    (void)state;
    static struct datagram g[16];
    (void)LOAD(recorded12, g);
    struct fixture x;
    open_flow(&x);
    feed_all(&x, g, 0, 1);
    feed_all(&x, g, 0, 1);
    close_flow(&x);
    assert_int_equal(x.events, 1);
    assert_int_equal(x.ev.outcome, OUTCOME_UNANSWERED);
}

static void two_handshakes_on_one_pair_of_ports(void **state)
{
    (void)state;
    static struct datagram g[16], other[16];
    struct fixture x;
    (void)LOAD(recorded12, g);
    size_t n = LOAD(recorded10, other);
    open_flow(&x);
    feed_all(&x, g, 0, 11);
    assert_recorded12(&x);
    feed_all(&x, g, 0, 4); /* late copies */
    assert_int_equal(x.events, 1);
    feed_all(&x, other, 0, n);
    assert_int_equal(x.events, 2);
    assert_int_equal(x.ev.version, VER_DTLS10);
    /* one that stays unanswered, then another */
    g[0].b[30] ^= 1;
    feed_all(&x, g, 0, 1);
    g[0].b[30] ^= 2;
    feed_all(&x, g, 0, 1);
    assert_int_equal(x.events, 3);
    assert_int_equal(x.ev.outcome, OUTCOME_UNANSWERED);
    close_flow(&x);
    assert_int_equal(x.events, 4);
}

/* As Cisco's CAPWAP clients do: another random in the hello with the cookie. */
static void another_random_after_the_cookie(void **state)
{
    (void)state;
    static struct datagram g[16];
    struct fixture x;
    (void)LOAD(recorded12, g);
    g[0].b[30] ^= 0xff;
    open_flow(&x);
    feed_all(&x, g, 0, 11);
    assert_recorded12(&x);
    close_flow(&x);
    assert_int_equal(x.events, 1);
}

/* ---- wrapped ---- */

static size_t channel_data(const struct datagram *g, uint8_t *p)
{
    p[0] = 0x40;
    p[1] = 0x01;
    p[2] = (uint8_t)(g->n >> 8);
    p[3] = (uint8_t)g->n;
    memcpy(p + 4, g->b, g->n);
    return 4 + g->n;
}

static size_t indication(const struct datagram *g, uint8_t *p)
{
    size_t padded = (g->n + 3) & ~(size_t)3, length = 12 + 4 + padded;
    static const uint8_t peer[] = { 0x00, 0x12, 0, 8, 0, 1, 0x21, 0x12, 1, 2, 3, 4 };
    memset(p, 0, 20 + length);
    p[1] = g->side ? 0x17 : 0x16;
    p[2] = (uint8_t)(length >> 8);
    p[3] = (uint8_t)length;
    memcpy(p + 4, "\x21\x12\xa4\x42", 4);
    memcpy(p + 20, peer, sizeof peer);
    p[33] = 0x13;
    p[34] = (uint8_t)(g->n >> 8);
    p[35] = (uint8_t)g->n;
    memcpy(p + 36, g->b, g->n);
    return 20 + length;
}

static size_t capwap(const struct datagram *g, uint8_t *p)
{
    memcpy(p, "\x01\0\0\0", 4);
    memcpy(p + 4, g->b, g->n);
    return 4 + g->n;
}

static void wrapped(void **state)
{
    (void)state;
    static size_t (*const wrap[])(const struct datagram *g, uint8_t *p) = { channel_data, indication, capwap };
    static const char *const upgrade[] = { NULL, NULL, "capwap" };
    static struct datagram g[16];
    static uint8_t p[MTU + 64];
    size_t n = LOAD(recorded12, g);
    for (int w = 0; w < 3; w++) {
        struct fixture x;
        open_flow(&x);
        for (size_t i = 0; i < n; i++) {
            size_t len = wrap[w](&g[i], p);
            if (i == 0)
                assert_true(dtls_proto.looks_like(1, 2, rd_of(guarded(p, len), len)));
            (void)feed(&x, g[i].side, p, len);
        }
        assert_int_equal(x.events, 1);
        assert_int_equal(x.ev.version, VER_DTLS12);
        assert_true(upgrade[w] ? x.ev.upgrade && strcmp(x.ev.upgrade, upgrade[w]) == 0 : !x.ev.upgrade);
        close_flow(&x);
    }
}

/* ---- other versions ---- */

/* OpenSSL's 0x0100: the same bytes under that version number. */
static void bad_version(void **state)
{
    (void)state;
    static struct datagram g[16];
    struct fixture x;
    size_t n = LOAD(recorded10, g);
    open_flow(&x);
    for (size_t i = 0; i < n; i++)
        for (size_t at = 0; at + 1 < g[i].n; at++)
            if (g[i].b[at] == 0xfe && g[i].b[at + 1] == 0xff) {
                g[i].b[at] = 1;
                g[i].b[at + 1] = 0;
            }
    assert_true(dtls_proto.looks_like(1, 2, rd_of(g[0].b, g[0].n)));
    feed_all(&x, g, 0, n);
    assert_int_equal(x.events, 1);
    assert_int_equal(x.ev.version, VER_DTLS10);
    assert_int_equal(x.ev.version_wire, VER_DTLS10_OPENSSL);
    close_flow(&x);
}

/* A DTLS 1.3 ServerHello (RFC 9147): the version is in supported_versions, records behind it have the unified header. */
static void dtls13(void **state)
{
    (void)state;
    static struct datagram g[16];
    struct fixture x;
    uint8_t p[MTU];
    (void)LOAD(recorded12, g);
    open_flow(&x);
    feed_all(&x, g, 0, 1);
    size_t n = unhex("16fefd00000000000000000080" "020000740000000000000074"
                     "fefd000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f00130100004c"
                     "002b0002fefc"
                     "00330042001700 3e0000000000000000000000000000000000000000000000000000000000000000"
                     "000000000000000000000000000000000000000000000000000000000000", p, sizeof p);
    p[12] = (uint8_t)(n - 13);
    p[16] = p[24] = (uint8_t)(n - 25);
    p[64] = (uint8_t)(n - 25 - 40);
    memset(p + n, 0x5a, 64); /* then EncryptedExtensions and more, epoch 2 */
    p[n] = 0x2e;
    p[n + 3] = 0;
    p[n + 4] = 59;
    assert_int_equal(feed(&x, 1, p, n + 64), TLS_MORE);
    memset(p, 0x5a, 80); /* the client's Finished, epoch 2, then data, epoch 3 */
    p[0] = 0x2e;
    p[3] = 0;
    p[4] = 75;
    (void)feed(&x, 0, p, 80);
    p[0] = 0x2f;
    (void)feed(&x, 0, p, 80);
    (void)feed(&x, 1, p, 80);
    close_flow(&x);
    assert_int_equal(x.events, 1);
    assert_int_equal(x.ev.version, VER_DTLS13);
    assert_int_equal(x.ev.suite, 0x1301);
    assert_int_equal(x.ev.outcome, OUTCOME_COMPLETED);
}

/* ---- what is not a handshake ---- */

static void joined_amid_a_session(void **state)
{
    (void)state;
    struct fixture x;
    uint8_t p[MTU];
    size_t n = unhex("17fefd00010000000000050020" "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", p, sizeof p);
    assert_true(dtls_proto.looks_like(1, 2, rd_of(guarded(p, n), n)));
    open_flow(&x);
    for (int i = 1; i < LIMIT_DATAGRAM_AFTER; i++)
        assert_int_equal(feed(&x, 0, p, n), TLS_MORE);
    assert_int_equal(feed(&x, 1, p, n), TLS_NOT);
    close_flow(&x);
    assert_int_equal(x.events, 0);
    assert_int_equal(x.stats.tls_midstream, 1);
}

static void others_do_not_look_like_dtls(void **state)
{
    (void)state;
    static const char *const others[] = {
        "1234010000010000000000000377777707657861 6d706c6503636f6d0000010001", /* DNS */
        "000100002112a4420102030405060708090a0b0c", /* STUN binding request */
        "8060000100000001000000010102030405060708090a", /* RTP */
        "1603010030010000ff0303000102030405060708090a0b0c0d0e0f", /* TLS over UDP: not DTLS */
        "16fefd00000000000000000010" "01000010000000000000000401020304", /* a ClientHello too short to be one */
        "16fefd00000000000000000010" "63000004000000000000000401020304", /* no such message */
        "16fefd00000000000000000010" "0b000004000000000000000801020304", /* fragment longer than its message */
        "16fefd000000000000000000ff" "0b000004000000000000000401020304", /* record longer than the datagram */
        "17fefd00010000000000050004" "01020304" "99", /* trailing bytes that are no record */
        "17feff00000000000000000004" "01020304", /* data without keys */
        "4001000801020304050607", /* ChannelData cut short */
        "38d2a5b1f3c4e5d6a70000000000", /* OpenVPN reset */
        "01000000", "01000000deadbeef0000000000000000",
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        uint8_t p[128];
        size_t n = unhex(others[i], p, sizeof p);
        assert_false(dtls_proto.looks_like(50000, 443, rd_of(guarded(p, n), n)));
    }
}

/* Fragments of many messages that never complete, at the far end of long ones. */
static void hostile_fragments(void **state)
{
    (void)state;
    static struct datagram g[16];
    struct fixture x;
    (void)LOAD(recorded12, g);
    open_flow(&x);
    feed_all(&x, g, 0, 1);
    uint8_t p[26] = { 22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 13, 11, 1, 0xff, 0xff, 0, 0, 1, 0xff, 0xf0, 0, 0, 1, 0 };
    for (unsigned seq = 0; seq < 70000; seq++) {
        p[17] = (uint8_t)(seq >> 8);
        p[18] = (uint8_t)seq;
        (void)feed(&x, seq & 1, p, sizeof p);
        assert_true(x.shared.buffered.used <= 16 * 2 * (LIMIT_CERT_BYTES + LIMIT_CERT_BYTES / 8));
    }
    p[14] = 0xff; /* a Certificate of 2^24 bytes */
    p[18] = 40;
    p[17] = 0;
    (void)feed(&x, 1, p, sizeof p);
    assert_true(x.stats.hello_too_long > 0);
    close_flow(&x);
    assert_int_equal(x.events, 1);
}

/* ---- RDP-UDP ---- */

/* A TLS 1.3 ClientHello and ServerHello (RFC 9001 appendix A) in records, then two records under keys. */
static const char tls_client[] =
    "16030100f1010000ed0303ebf8fa56f12939b9584a3896472ec40bb863cfd3e868"
    "04fe3a47f06a2b69484c00000413011302010000c000000010000e00000b6578"
    "616d706c652e636f6dff01000100000a00080006001d00170018001000070005"
    "04616c706e000500050100000000003300260024001d00209370b2c9caa47fba"
    "baf4559fedba753de171fa71f50f1ce15d43e994ec74d748002b000302030400"
    "0d0010000e0403050306030203080408050806002d00020101001c0002400100"
    "3900320408ffffffffffffffff05048000ffff07048000ffff08011001048000"
    "75300901100f088394c8f03e51570806048000ffff";
static const char tls_server[] =
    "160303005a020000560303eefce7f7b37ba1d1632e96677825ddf739"
    "88cfc79825df566dc5430b9a045a1200130100002e00330024001d00209d3c94"
    "0d89690b84d08a60993c144eca684d1081287c834d5311bcf32bb9da1a002b00020304";

static size_t syn(bool answer, uint16_t version, uint16_t more_flags, uint8_t *p)
{
    size_t n = 0;
    memset(p, 0, 1232);
    n += unhex(answer ? "11111110" : "ffffffff", p, 4);
    n += unhex(answer ? "00401005" : "00401001", p + n, 4);
    p[6] |= (uint8_t)(more_flags >> 8);
    n += unhex(answer ? "22222220" : "11111110", p + n, 4);
    n += unhex("04d004d00001", p + n, 6);
    p[n] = (uint8_t)(version >> 8);
    p[n + 1] = (uint8_t)version;
    return 1232;
}

/* Version 3: prefix, DATA | AOA | DELAYACK, delayed acks, ack of acks, data and channel sequence numbers, data. */
static size_t data3(unsigned seq, const uint8_t *data, size_t len, uint8_t *p)
{
    size_t n = unhex("e014c101f40164006400", p, 16);
    p[n++] = (uint8_t)seq;
    p[n++] = (uint8_t)(seq >> 8);
    memcpy(p + n, data, len);
    uint8_t first = p[0];
    p[0] = p[7];
    p[7] = first;
    return n + len;
}

/* Version 1: acknowledgement, an ACK vector of three elements, a source packet. */
static size_t data1(unsigned side, unsigned seq, const uint8_t *data, size_t len, uint8_t *p)
{
    size_t n = unhex("11111111" "0040" "000c" "0003" "010203" "000000" "00000000", p, 32);
    uint32_t start = (side ? 0x22222220u : 0x11111110u) + seq;
    for (int i = 0; i < 4; i++)
        p[n++] = (uint8_t)(start >> (24 - 8 * i));
    memcpy(p + n, data, len);
    return n + len;
}

static size_t data_packet(unsigned version, unsigned side, unsigned seq, const uint8_t *data, size_t len, uint8_t *p)
{
    return version == 3 ? data3(seq, data, len, p) : data1(side, seq, data, len, p);
}

/* TLS bytes in packets of the given size, the second half of them in reverse, each twice. */
static void feed_stream(struct fixture *x, unsigned version, unsigned side, const char *text, size_t size)
{
    uint8_t bytes[512], p[1232];
    size_t n = unhex(text, bytes, sizeof bytes), count = (n - 1) / size + 1;
    for (size_t i = 0; i < 2 * count; i++) {
        size_t k = i / 2 < count / 2 ? i / 2 : count - 1 - (i / 2 - count / 2);
        size_t len = n - k * size < size ? n - k * size : size;
        (void)feed(x, side, p, data_packet(version, side, (unsigned)k + 1, bytes + k * size, len, p));
    }
}

static void rdpudp_reliable(void **state)
{
    (void)state;
    for (unsigned version = 1; version <= 3; version += 2)
        for (size_t size = 25; size < 300; size += 50) {
            struct fixture x;
            uint8_t p[1232];
            open_with(&x, &rdpudp_proto);
            size_t n = syn(false, version == 3 ? 0x0101 : 1, 0, p);
            assert_true(rdpudp_proto.looks_like(50000, 3389, rd_of(guarded(p, n), n)));
            assert_int_equal(feed(&x, 0, p, n), TLS_MORE);
            assert_int_equal(feed(&x, 1, p, syn(true, version == 3 ? 0x0101 : 1, 0, p)), TLS_MORE);
            feed_stream(&x, version, 0, tls_client, size);
            feed_stream(&x, version, 1, tls_server, size);
            close_flow(&x);
            assert_int_equal(x.events, 1);
            assert_int_equal(x.ev.version, VER_TLS13);
            assert_int_equal(x.ev.suite, 0x1301);
            assert_string_equal(x.ev.upgrade, "rdpudp");
            assert_int_equal(x.client_side, 0);
        }
}

static void rdpudp_lossy(void **state)
{
    (void)state;
    static struct datagram g[16];
    size_t n = LOAD(recorded12, g);
    struct fixture x;
    uint8_t p[1232];
    unsigned seq[2] = { 1, 1 };
    open_with(&x, &rdpudp_proto);
    (void)feed(&x, 0, p, syn(false, 1, 0x0200, p));
    (void)feed(&x, 1, p, syn(true, 1, 0x0200, p));
    for (size_t i = 0; i < n; i++)
        (void)feed(&x, g[i].side, p, data1(g[i].side, seq[g[i].side]++, g[i].b, g[i].n, p));
    assert_int_equal(x.events, 1);
    assert_int_equal(x.ev.version, VER_DTLS12);
    assert_int_equal(x.ev.outcome, OUTCOME_COMPLETED);
    assert_string_equal(x.ev.upgrade, "rdpudp");
    close_flow(&x);
    assert_int_equal(x.events, 1);
}

static void rdpudp_prefixes_and_holes(void **state)
{
    (void)state;
    uint8_t p[1232], bytes[512];
    size_t n = unhex(tls_client, bytes, sizeof bytes);
    for (unsigned version = 1; version <= 3; version += 2) {
        struct fixture x;
        open_with(&x, &rdpudp_proto);
        (void)feed(&x, 0, p, syn(false, 0x0101, 0, p));
        (void)feed(&x, 1, p, syn(true, version == 3 ? 0x0101 : 1, 0, p));
        size_t len = data_packet(version, 0, 9, bytes, n, p);
        for (size_t cut = 0; cut < len; cut++)
            (void)feed(&x, 0, p, cut);
        for (unsigned seq = 2; seq < 20; seq++) /* the first never comes */
            (void)feed(&x, 0, p, data_packet(version, 0, seq, bytes, 20, p));
        close_flow(&x);
        assert_int_equal(x.events, 0);
    }
    struct fixture x; /* not TLS: once that is known nothing more is read */
    open_with(&x, &rdpudp_proto);
    (void)feed(&x, 0, p, syn(false, 0x0101, 0, p));
    (void)feed(&x, 1, p, syn(true, 0x0101, 0, p));
    for (unsigned seq = 1; seq < 20; seq++)
        assert_int_equal(feed(&x, 0, p, data3(seq, (const uint8_t *)"\x16\x99\x99\x99\x99", 5, p)), TLS_DECIDED);
    close_flow(&x);
    assert_int_equal(x.events, 0);
    assert_false(rdpudp_proto.looks_like(50000, 3389, rd_of(guarded(p, 20), 20)));
    memset(p, 0xff, sizeof p);
    assert_false(rdpudp_proto.looks_like(50000, 3389, rd_of(p, sizeof p)));
    size_t whole = syn(true, 1, 0, p);
    assert_false(rdpudp_proto.looks_like(50000, 3389, rd_of(p, whole)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dtls12), cmocka_unit_test(records_with_connection_ids),
        cmocka_unit_test(dtls10),
        cmocka_unit_test(answered_by_an_alert),
        cmocka_unit_test(reordered_and_repeated),
        cmocka_unit_test(every_prefix),
        cmocka_unit_test(cut_into_other_fragments),
        cmocka_unit_test(client_only),
        cmocka_unit_test(server_only),
        cmocka_unit_test(hello_only),
        cmocka_unit_test(two_handshakes_on_one_pair_of_ports),
        cmocka_unit_test(another_random_after_the_cookie),
        cmocka_unit_test(wrapped),
        cmocka_unit_test(bad_version),
        cmocka_unit_test(dtls13),
        cmocka_unit_test(joined_amid_a_session),
        cmocka_unit_test(others_do_not_look_like_dtls),
        cmocka_unit_test(hostile_fragments),
        cmocka_unit_test(rdpudp_reliable),
        cmocka_unit_test(rdpudp_lossy),
        cmocka_unit_test(rdpudp_prefixes_and_holes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
