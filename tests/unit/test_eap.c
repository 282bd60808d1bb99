/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/datagrams.h"
#include "dissect/eap.h"
#include "base/limits.h"

static struct listener l;
static struct datagrams all;

static const struct {
    const char *file;
    uint16_t version;
    uint32_t suite;
} recorded[] = {
    { "pcaps/radius-peap-tls10-freeradius.pcap", 0x0301, 0xc014 },
    { "pcaps/radius-peap-tls13-freeradius.pcap", 0x0304, 0x1302 },
    { "pcaps/radius-ttls-tls12-freeradius.pcap", 0x0303, 0xc030 },
};

static void expect_station(const struct outcome_seen *o, const char *mac, uint16_t version, uint32_t suite)
{
    char text[ADDR_TEXT];
    assert_string_equal(o->ev.upgrade, "eap");
    assert_int_equal(o->ev.outcome, OUTCOME_COMPLETED);
    assert_int_equal(o->ev.version, version);
    assert_int_equal(o->ev.suite, suite);
    assert_string_equal(addr_print(&o->ev.client.addr, text), mac);
    assert_int_equal(o->client_side, 0);
}

static void radius_recorded(void **state)
{
    (void)state;
    for (size_t k = 0; k < sizeof recorded / sizeof recorded[0]; k++) {
        assert_true(datagrams_load(&all, recorded[k].file));
        assert_true(radius_proto.looks_like(0, 0, rd_of(all.d[0].p, all.d[0].n)));
        listener_init(&l, &radius_proto);
        for (size_t i = 0; i < all.count; i++) {
            listener_feed(&l, &all.d[i]);
            listener_feed(&l, &all.d[i]); /* sent again */
        }
        listener_end(&l);
        assert_int_equal(l.heard.count, 1);
        expect_station(&l.heard.e[0], "02:00:00:00:00:17", recorded[k].version, recorded[k].suite);
        datagrams_free(&all);
    }
}

/* The Calling-Station-Id attribute of a packet, or NULL. */
static uint8_t *calling_station(uint8_t *p, size_t n)
{
    for (size_t at = 20; at + 2 <= n && p[at + 1] >= 2; at += p[at + 1])
        if (p[at] == 31)
            return p + at + 2;
    return NULL;
}

/* Two stations whose authentications take turns on one pair of ports, in the way an access point does it. */
static void two_stations_in_one_flow(void **state)
{
    (void)state;
    assert_true(datagrams_load(&all, recorded[0].file));
    listener_init(&l, &radius_proto);
    for (size_t i = 0; i < all.count; i++) {
        struct datagram d = all.d[i];
        uint8_t other[4096];
        memcpy(other, d.p, d.n);
        other[1] = (uint8_t)(other[1] + 128); /* Identifier */
        uint8_t *station = calling_station(other, d.n);
        if (station)
            station[0] = 'A';
        d.p = other;
        listener_feed(&l, &all.d[i]);
        listener_feed(&l, &d);
    }
    listener_end(&l);
    assert_int_equal(l.heard.count, 2);
    expect_station(&l.heard.e[0], "02:00:00:00:00:17", recorded[0].version, recorded[0].suite);
    expect_station(&l.heard.e[1], "a2:00:00:00:00:17", recorded[0].version, recorded[0].suite);
    datagrams_free(&all);
}

/* A flood of stations is bounded: the oldest goes, and is counted. */
static void stations_are_capped(void **state)
{
    (void)state;
    assert_true(datagrams_load(&all, recorded[0].file));
    listener_init(&l, &radius_proto);
    for (unsigned k = 0; k < 2 * LIMIT_EAP_CONVERSATIONS; k++)
        for (size_t i = 0; i < 6; i++) { /* up to the ClientHello */
            struct datagram d = all.d[i];
            uint8_t other[4096];
            memcpy(other, d.p, d.n);
            other[1] = (uint8_t)k;
            uint8_t *station = calling_station(other, d.n);
            if (station)
                for (unsigned digit = 0; digit < 3; digit++)
                    station[digit == 2 ? 3 : digit] = (uint8_t)("0123456789ABCDEF"[k >> (4 * digit) & 15]);
            d.p = other;
            listener_feed(&l, &d);
        }
    assert_int_equal(l.heard.count, 0);
    assert_int_equal(l.stats.conn_evicted, LIMIT_EAP_CONVERSATIONS);
    l.done = true;
    listener_end(&l);
    datagrams_free(&all);
}

/* Without the station's name the State attribute, echoed by the client, keeps the conversation together. */
static void stations_without_a_name(void **state)
{
    (void)state;
    assert_true(datagrams_load(&all, recorded[0].file));
    listener_init(&l, &radius_proto);
    for (size_t i = 0; i < all.count; i++) {
        uint8_t *station = calling_station(all.d[i].p, all.d[i].n);
        if (station)
            station[-2] = 200; /* an attribute nobody reads */
        listener_feed(&l, &all.d[i]);
    }
    listener_end(&l);
    assert_int_equal(l.heard.count, 1);
    assert_int_equal(l.heard.e[0].ev.client.addr.kind, ADDR_NONE); /* the caller takes the access server */
    assert_int_equal(l.heard.e[0].ev.version, recorded[0].version);
    datagrams_free(&all);
}

static void other_traffic_is_not_radius(void **state)
{
    (void)state;
    static const char *const v[] = {
        "01 01 0016 00000000000000000000000000000000 4f02", /* EAP-Message, empty: a start (RFC 3579 2.1) */
        "01 01 0016 00000000000000000000000000000000 0102", /* no EAP */
        "01 01 0017 00000000000000000000000000000000 4f02", /* longer than it is */
        "01 01 0016 00000000000000000000000000000000 4f03", /* attribute over the end */
        "01 01 0016 00000000000000000000000000000000 4f01",
        "04 01 0016 00000000000000000000000000000000 4f02", /* accounting */
    };
    for (size_t i = 0; i < sizeof v / sizeof v[0]; i++) {
        uint8_t b[64];
        size_t n = unhex(v[i], b, sizeof b);
        assert_int_equal(radius_proto.looks_like(1812, 1812, rd_of(guarded(b, n), n)), i == 0);
        for (size_t k = 0; k < n; k++)
            assert_false(radius_proto.looks_like(1812, 1812, rd_of(guarded(b, k), k)));
    }
}

static void eapol_recorded(void **state)
{
    (void)state;
    static const struct {
        const char *file;
        uint16_t version;
        uint32_t suite;
    } v[] = { { "pcaps/eapol-tls-tls10-hostapd.pcap", 0x0301, 0xc014 }, { "pcaps/eapol-peap-tls12-hostapd.pcap", 0x0303, 0xc030 } };
    for (size_t k = 0; k < sizeof v / sizeof v[0]; k++) {
        assert_true(datagrams_load(&all, v[k].file));
        listener_init(&l, &eapol_proto);
        for (size_t i = 0; i < all.count; i++)
            listener_feed(&l, &all.d[i]);
        listener_end(&l);
        assert_int_equal(l.heard.count, 1);
        assert_string_equal(l.heard.e[0].ev.upgrade, "eap");
        assert_int_equal(l.heard.e[0].ev.outcome, OUTCOME_COMPLETED);
        assert_int_equal(l.heard.e[0].ev.version, v[k].version);
        assert_int_equal(l.heard.e[0].ev.suite, v[k].suite);
        assert_int_equal(l.heard.e[0].client_side, 0);
        datagrams_free(&all);
    }
}

/* Any one packet lost: at most one event, and it says that bytes were missing or came out whole. */
static void one_packet_lost(void **state)
{
    (void)state;
    assert_true(datagrams_load(&all, "pcaps/eapol-tls-tls10-hostapd.pcap"));
    for (size_t lost = 0; lost < all.count; lost++) {
        listener_init(&l, &eapol_proto);
        for (size_t i = 0; i < all.count; i++)
            if (i != lost)
                listener_feed(&l, &all.d[i]);
        listener_end(&l);
        assert_int_equal(l.heard.count, 1);
        const struct tls_event *ev = &l.heard.e[0].ev;
        assert_true(ev->outcome != OUTCOME_MALFORMED);
        assert_true(ev->version == 0 || ev->version == 0x0301);
    }
    datagrams_free(&all);
}

static void eap_prefixes(void **state)
{
    (void)state;
    assert_true(datagrams_load(&all, "pcaps/eapol-tls-tls10-hostapd.pcap"));
    listener_init(&l, &eapol_proto);
    for (size_t i = 0; i < all.count; i++)
        for (size_t n = 0; n < all.d[i].n; n++) {
            (void)eapol_proto.looks_like(0, 0, rd_of(guarded(all.d[i].p, n), n));
            (void)l.row->feed(l.state, all.d[i].side, rd_of(guarded(all.d[i].p, n), n), (struct tls_when){ .ts_ns = 1 });
        }
    l.done = true;
    listener_end(&l);
    datagrams_free(&all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(radius_recorded),
        cmocka_unit_test(two_stations_in_one_flow),
        cmocka_unit_test(stations_are_capped),
        cmocka_unit_test(stations_without_a_name),
        cmocka_unit_test(other_traffic_is_not_radius),
        cmocka_unit_test(eapol_recorded),
        cmocka_unit_test(one_packet_lost),
        cmocka_unit_test(eap_prefixes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
