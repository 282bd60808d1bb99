/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Attacks found by reading the parsers, each played against the flow table with the dissector behind it. A test here has a
 * name for what the attacker wants and fails by crashing, by running for minutes, or by the memory it takes.
 */
#include "tests/unit/test.h"
#include "base/limits.h"
#include "capture/flow.h"
#include "dissect/session.h"
#include "dissect/tls.h"

struct wire { /* one client, one server, and what the program made of them */
    struct event_sink sink;
    struct stats stats;
    struct dissector *ds;
    struct flow_table *t;
    unsigned events, completed, hellos;
    int64_t now_ns;
    uint64_t frame;
    uint8_t client[4], server[4];
    uint16_t cport, sport;
};
enum { CLIENT, SERVER };

static void on_event(struct event_sink *self, const struct tls_event *ev)
{
    struct wire *w = (struct wire *)(void *)self;
    w->events++;
    w->completed += ev->outcome == OUTCOME_COMPLETED;
    w->hellos += ev->ch != NULL;
}

static int setup(void **state)
{
    static struct wire w;
    w = (struct wire){ .sink = { .event = on_event }, .now_ns = 1000000000, .client = { 192, 0, 2, 1 }, .server = { 198, 51, 100, 2 },
                       .cport = 40000, .sport = 443 };
    w.ds = dissector_new(&w.sink, &w.stats, 7);
    assert_non_null(w.ds);
    w.t = flow_table_new(NULL, 7, dissector_sink(w.ds), &w.stats);
    assert_non_null(w.t);
    *state = &w;
    return 0;
}

static int teardown(void **state)
{
    struct wire *w = *state;
    flow_table_finish(w->t);
    flow_table_free(w->t);
    dissector_free(w->ds);
    return 0;
}

static void send_packet(struct wire *w, uint8_t proto, int who, uint8_t flags, uint32_t seq, const void *p, size_t n)
{
    struct decoded d = { .addr_len = 4, .proto = proto, .tcp_flags = flags, .payload = p, .payload_cap = (uint32_t)n,
                         .payload_len = (uint32_t)n, .seq = seq, .ack = 1 };
    d.src = who == CLIENT ? w->client : w->server;
    d.dst = who == CLIENT ? w->server : w->client;
    d.sport = who == CLIENT ? w->cport : w->sport;
    d.dport = who == CLIENT ? w->sport : w->cport;
    w->now_ns += 1000;
    struct packet pk = { .ts_ns = w->now_ns, .frame = ++w->frame };
    (void)flow_packet(w->t, &pk, &d);
}

/* Both sides' data begin at 1. */
static void tcp_open(struct wire *w)
{
    send_packet(w, PROTO_TCP, CLIENT, TCP_SYN, 0, NULL, 0);
    send_packet(w, PROTO_TCP, SERVER, TCP_SYN | TCP_ACK, 0, NULL, 0);
}

static void tcp_data(struct wire *w, int who, uint32_t seq, const void *p, size_t n)
{
    send_packet(w, PROTO_TCP, who, TCP_ACK, seq, p, n);
}

/* ---- TCP: sequence numbers half the space apart have no order ---- */

static void segments_half_the_sequence_space_apart(void **state)
{
    struct wire *w = *state;
    static const uint8_t bytes[64] = "\x16\x03\x01";
    static const uint32_t near[] = { 0x7fffffffu, 0x80000000u, 0x80000001u, 0x7ffffff0u, 0x40000000u, 0xc0000000u };
    for (size_t i = 0; i < sizeof near / sizeof near[0]; i++)
        for (size_t k = 0; k < sizeof near / sizeof near[0]; k++)
            for (uint32_t step = 0; step < 40; step++) {
                w->cport++;
                tcp_open(w);
                tcp_data(w, CLIENT, 1, bytes, 3);
                tcp_data(w, CLIENT, near[i] + step, bytes, 17);
                tcp_data(w, CLIENT, 5, bytes, 1 + step);
                tcp_data(w, CLIENT, near[k], bytes, 64);
                tcp_data(w, CLIENT, near[i], bytes, 64);
                tcp_data(w, CLIENT, 4, bytes, 40);
            }
    assert_true(w->stats.stream_stray > 0);
}

/* ---- a prefix in front of a prefix in front of a prefix ---- */

static void ten_thousand_proxy_headers_in_one_segment(void **state)
{
    struct wire *w = *state;
    static uint8_t bytes[1 << 18];
    static const uint8_t header[16] = "\r\n\r\n\0\r\nQUIT\n\x20\0\0\0";
    for (size_t n = 0; n + sizeof header <= sizeof bytes; n += sizeof header)
        memcpy(bytes + n, header, sizeof header);
    tcp_open(w);
    tcp_data(w, CLIENT, 1, bytes, sizeof bytes);
    assert_int_equal(w->events, 0);
    assert_int_equal(w->stats.tunnel_deep, 1);
}

/* ---- a caller that goes on after the answer was final ---- */

static void bytes_after_the_verdict(void **state)
{
    struct wire *w = *state;
    static const uint8_t junk[64] = "\x16\x09\x09\x09\x09\x09\x09\x09\x09";
    struct tls_shared shared = { .stats = &w->stats };
    for (unsigned form = 0; form < 256; form++) {
        struct tls *t = tls_new(&shared, TLS_STREAM);
        uint8_t bytes[sizeof junk];
        memcpy(bytes, junk, sizeof junk);
        bytes[0] = (uint8_t)form;
        enum tls_verdict first = TLS_MORE;
        for (unsigned i = 0; i < 4000; i++) {
            enum tls_verdict v = tls_bytes(t, 0, rd_of(bytes, 1 + i % sizeof bytes), (struct tls_when){ 1, 1 });
            assert_true(first == TLS_MORE || v == first);
            first = first == TLS_MORE ? v : first;
        }
        tls_free(t);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(segments_half_the_sequence_space_apart, setup, teardown),
        cmocka_unit_test_setup_teardown(ten_thousand_proxy_headers_in_one_segment, setup, teardown),
        cmocka_unit_test_setup_teardown(bytes_after_the_verdict, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
