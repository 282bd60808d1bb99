/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/datagrams.h"
#include "dissect/openvpn.h"

static struct listener l;
static struct datagrams all;

/* First packets of OpenVPN clients and servers: without tls-auth, with it (SHA-1, SHA-256), with tls-crypt. */
static void the_first_packet_tells_what_follows(void **state)
{
    (void)state;
    static const struct {
        const char *hex;
        enum openvpn_kind kind;
        size_t hmac;
    } v[] = {
        { "38 39fded2daa10a437 00 00000000", OPENVPN_CLEAR, 0 },
        { "40 9421917de7267729 01 00000000 39fded2daa10a437 00000000", OPENVPN_CLEAR, 0 },
        { "38 d67be45be5c201eb 016435fcb1d6f60e1ac88b329546dc3c7abf0b9e 00000001 5e3e7b98 00 00000000", OPENVPN_CLEAR, 20 },
        { "40 19082e80f9ca5280 215a4e44156e16067a54fe8ae743758cd691d0d6 00000001 5e3e7b98 01 00000000 d67be45be5c201eb 00000000",
          OPENVPN_CLEAR, 20 },
        { "38 c65c45b9f4c32691 e62101bad49969e59a3809d39067e46991c0b0b79a7eb3a776dd4b107a9c365a 00000001 6377125f 00 00000000",
          OPENVPN_CLEAR, 32 },
        { "38 c65c45b9f4c32691 00000001 6377125f e62101bad49969e59a3809d39067e46991c0b0b79a7eb3a776dd4b107a9c365a a1b2c3d4e5",
          OPENVPN_CRYPT, 0 },
        { "50 c65c45b9f4c32691 0f000001 6377125f e62101bad49969e59a3809d39067e46991c0b0b79a7eb3a776dd4b107a9c365a a1b2c3d4e5 0011",
          OPENVPN_CRYPT, 0 },
        { "38 39fded2daa10a437 00 00000001", OPENVPN_NOT, 0 }, /* packet id 1 */
        { "39 39fded2daa10a437 00 00000000", OPENVPN_NOT, 0 }, /* key id 1 */
        { "48 39fded2daa10a437 00 00000000", OPENVPN_NOT, 0 }, /* data */
        { "38 39fded2daa10a437 0102 00 00000000", OPENVPN_NOT, 0 },
        { "38 c65c45b9f4c32691 62010001 6377125f e62101bad49969e59a3809d39067e46991c0b0b79a7eb3a776dd4b107a9c365a a1b2c3d4e5",
          OPENVPN_NOT, 0 },
    };
    for (size_t i = 0; i < sizeof v / sizeof v[0]; i++) {
        uint8_t b[128];
        size_t n = unhex(v[i].hex, b, sizeof b), hmac;
        assert_int_equal(openvpn_first(rd_of(guarded(b, n), n), &hmac), v[i].kind);
        if (v[i].kind == OPENVPN_CLEAR)
            assert_int_equal(hmac, v[i].hmac);
        for (size_t k = 0; k < n; k++) {
            struct openvpn_packet p;
            (void)openvpn_first(rd_of(guarded(b, k), k), &hmac);
            (void)openvpn_parse(rd_of(guarded(b, k), k), v[i].hmac, &p);
            (void)openvpn_hello(rd_of(guarded(b, k), k), &hmac);
        }
    }
}

static void packets_are_parsed(void **state)
{
    (void)state;
    uint8_t b[128];
    struct openvpn_packet p;
    size_t n = unhex("20 39fded2daa10a437 02 00000004 00000005 9421917de7267729 00000001 160301", b, sizeof b);
    assert_true(openvpn_parse(rd_of(guarded(b, n), n), 0, &p));
    assert_int_equal(p.opcode, OPENVPN_CONTROL);
    assert_int_equal(p.id, 1);
    assert_int_equal(rd_left(&p.tls), 3);
    for (size_t k = 0; k < n - 3; k++)
        assert_false(openvpn_parse(rd_of(guarded(b, k), k), 0, &p));
    n = unhex("28 39fded2daa10a437 01 00000000 9421917de7267729", b, sizeof b);
    assert_true(openvpn_parse(rd_of(guarded(b, n), n), 0, &p));
    assert_false(p.has_id);
    n = unhex("20 39fded2daa10a437 ff 00000004", b, sizeof b);
    assert_false(openvpn_parse(rd_of(guarded(b, n), n), 0, &p));
}

static void expect_one(uint16_t version, uint32_t suite)
{
    assert_int_equal(l.heard.count, 1);
    assert_string_equal(l.heard.e[0].ev.upgrade, "openvpn");
    assert_int_equal(l.heard.e[0].ev.outcome, OUTCOME_COMPLETED);
    assert_int_equal(l.heard.e[0].ev.version, version);
    assert_int_equal(l.heard.e[0].ev.suite, suite);
    assert_int_equal(l.heard.e[0].client_side, 0);
}

static const struct {
    const char *file;
    uint16_t version;
    uint32_t suite;
} recorded[] = {
    { "pcaps/openvpn-udp-tls10.pcap", 0x0301, 0xc014 },
    { "pcaps/openvpn-udp-tls13.pcap", 0x0304, 0x1302 },
    { "pcaps/openvpn-udp-tls-auth-tls13.pcap", 0x0304, 0x1302 },
};

static void recorded_sessions(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof recorded / sizeof recorded[0]; k++) {
        assert_true(datagrams_load(&all, recorded[k].file));
        assert_true(openvpn_proto.looks_like(0, 0, rd_of(all.d[0].p, all.d[0].n)));
        listener_init(&l, &openvpn_proto);
        for (size_t i = 0; i < all.count; i++)
            listener_feed(&l, &all.d[i]);
        listener_end(&l);
        expect_one(recorded[k].version, recorded[k].suite);
        datagrams_free(&all);
    }
}

/* Each packet twice, and neighbours of one direction exchanged: the same event. */
static void repeated_and_reordered(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof recorded / sizeof recorded[0]; k++) {
        assert_true(datagrams_load(&all, recorded[k].file));
        listener_init(&l, &openvpn_proto);
        for (size_t i = 0; i < 2 && i < all.count; i++)
            listener_feed(&l, &all.d[i]);
        for (size_t i = 2; i < all.count; i++) {
            bool swap = i + 1 < all.count && all.d[i].side == all.d[i + 1].side;
            if (swap)
                listener_feed(&l, &all.d[i + 1]);
            listener_feed(&l, &all.d[i]);
            listener_feed(&l, &all.d[i]);
            i += swap;
        }
        listener_end(&l);
        expect_one(recorded[k].version, recorded[k].suite);
        datagrams_free(&all);
    }
}

/* The resets were not captured: the size of the HMAC is found by the hello. */
static void joined_at_the_hello(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof recorded / sizeof recorded[0]; k++) {
        assert_true(datagrams_load(&all, recorded[k].file));
        size_t first = 0, hmac;
        while (first < all.count && !openvpn_hello(rd_of(all.d[first].p, all.d[first].n), &hmac))
            first++;
        assert_true(first < all.count);
        listener_init(&l, &openvpn_proto);
        for (size_t i = first; i < all.count; i++)
            listener_feed(&l, &all.d[i]);
        listener_end(&l);
        expect_one(recorded[k].version, recorded[k].suite);
        datagrams_free(&all);
    }
}

/* A client that gives up and starts again on the same ports: two conversations, the first one without an answer. */
static void started_again(void **state)
{
    (void)state;
    assert_true(datagrams_load(&all, recorded[1].file));
    listener_init(&l, &openvpn_proto);
    size_t hmac, hello = 0;
    while (!openvpn_hello(rd_of(all.d[hello].p, all.d[hello].n), &hmac))
        hello++;
    for (size_t i = 0; i < all.count; i++) { /* another session id up to the hello, no server */
        struct datagram d = all.d[i];
        uint8_t other[2048];
        assert_true(d.n <= sizeof other);
        memcpy(other, d.p, d.n);
        other[1] ^= 0xff;
        d.p = other;
        if (i <= hello && d.side == 0)
            listener_feed(&l, &d);
    }
    for (size_t i = 0; i < all.count; i++)
        listener_feed(&l, &all.d[i]);
    listener_end(&l);
    assert_int_equal(l.heard.count, 2);
    assert_int_equal(l.heard.e[0].ev.version, 0);
    assert_true(l.heard.e[0].has_hello);
    assert_int_equal(l.heard.e[1].ev.version, recorded[1].version);
    datagrams_free(&all);
}

static void tls_crypt_is_opaque(void **state)
{
    (void)state;
    assert_true(datagrams_load(&all, "pcaps/openvpn-udp-tls-crypt.pcap"));
    listener_init(&l, &openvpn_proto);
    for (size_t i = 0; i < all.count; i++)
        listener_feed(&l, &all.d[i]);
    listener_end(&l);
    assert_int_equal(l.heard.count, 1);
    assert_int_equal(l.heard.e[0].ev.outcome, OUTCOME_OPAQUE);
    assert_int_equal(l.heard.e[0].client_side, 0);
    datagrams_free(&all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_packet_tells_what_follows),
        cmocka_unit_test(packets_are_parsed),
        cmocka_unit_test(recorded_sessions),
        cmocka_unit_test(repeated_and_reordered),
        cmocka_unit_test(joined_at_the_hello),
        cmocka_unit_test(started_again),
        cmocka_unit_test(tls_crypt_is_opaque),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
