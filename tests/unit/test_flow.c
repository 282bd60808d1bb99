/* SPDX-License-Identifier: Apache-2.0 */
/* The flow table and TCP reassembly, through their seam: decoded packets in, a recording sink out. */
#include "tests/unit/test.h"
#include "base/limits.h"
#include "capture/flow.h"

enum { BIG = 1 << 16 };

static struct record {
    uint8_t got[2][BIG];
    size_t n[2], gaps, gap_bytes, ends, calls, peeks, datagrams;
    enum end_reason why;
    unsigned by;
    unsigned ended_port; /* the client's, of the flow that ended last */
    const uint8_t *last; /* where the latest bytes were */
    struct flow flow; /* as of the latest call */
    enum stream_verdict answer;
    size_t answer_after; /* bytes of both directions after which .answer is given */
    bool peek_answer;
    size_t opened, full_at; /* flows that brought bytes; so many open ones are all that the sink can keep, 0: any */
    enum peek_at at;
    const struct flow_table *order_of;
    uint64_t order; /* of the one that ended last */
} rec;

static bool on_peek(void *ctx, uint8_t proto, uint16_t sport, uint16_t dport, enum peek_at at, struct rd b)
{
    (void)ctx, (void)proto, (void)sport, (void)dport, (void)b;
    rec.peeks++;
    rec.at = at;
    return rec.peek_answer;
}

static enum stream_verdict on_bytes(void *ctx, struct flow *f, unsigned d, struct rd b)
{
    (void)ctx;
    rec.calls++;
    rec.opened += f->user == NULL;
    f->user = &rec;
    rec.flow = *f;
    rec.last = b.p;
    assert_true(rec.n[d] + rd_left(&b) <= BIG);
    memcpy(rec.got[d] + rec.n[d], b.p, rd_left(&b));
    rec.n[d] += rd_left(&b);
    return rec.answer != STREAM_MORE && rec.n[0] + rec.n[1] >= rec.answer_after ? rec.answer : STREAM_MORE;
}

static enum stream_verdict on_gap(void *ctx, struct flow *f, unsigned d, uint32_t missing)
{
    (void)ctx, (void)d;
    rec.flow = *f;
    rec.gaps++;
    rec.gap_bytes += missing;
    return STREAM_MORE;
}

static enum stream_verdict on_datagram(void *ctx, struct flow *f, unsigned d, struct rd b)
{
    (void)d, (void)b;
    rec.flow = *f;
    rec.datagrams++;
    return rec.answer;
    (void)ctx;
}

static bool on_full(void *ctx)
{
    (void)ctx;
    return rec.full_at && rec.opened - rec.ends >= rec.full_at;
}

static void on_end(void *ctx, struct flow *f, enum end_reason why, unsigned by)
{
    (void)ctx;
    rec.flow = *f;
    rec.ends++;
    rec.why = why;
    rec.ended_port = f->side[0].port == 443 ? f->side[1].port : f->side[0].port;
    rec.by = by;
    rec.order = rec.order_of ? flow_table_order(rec.order_of) : 0;
}

static const struct stream_sink sink = { .peek = on_peek, .bytes = on_bytes, .gap = on_gap, .datagram = on_datagram,
                                         .full = on_full, .end = on_end };

struct net { /* one client, one server, and the clock */
    struct flow_table *t;
    struct stats stats;
    int64_t now_ms;
    uint64_t frame;
    uint16_t cport;
    uint8_t client[4], server[4];
    uint32_t seq[2]; /* first sequence number of the data of client [0] and server [1] */
};
enum { CL = 0, SV = 1 };

static int setup(void **state)
{
    static struct net n;
    memset(&rec, 0, sizeof rec);
    rec.peek_answer = true;
    n = (struct net){ .now_ms = 1000, .cport = 40000, .client = { 192, 0, 2, 1 }, .server = { 198, 51, 100, 2 }, .seq = { 1001, 5001 } };
    struct flow_options opt = { .max_flows = 8192, .max_conns = 512 };
    n.t = flow_table_new(&opt, 42, &sink, &n.stats);
    assert_non_null(n.t);
    *state = &n;
    return 0;
}

static int teardown(void **state)
{
    struct net *n = *state;
    flow_table_finish(n->t);
    flow_table_free(n->t);
    return 0;
}

/* One segment from side who; seq and ack count from the first data byte. */
static void seg(struct net *n, int who, uint8_t flags, uint32_t seq, uint32_t ack, const void *p, uint32_t cap, uint32_t len)
{
    struct decoded d = { .addr_len = 4, .proto = PROTO_TCP, .tcp_flags = flags, .payload = p, .payload_cap = cap, .payload_len = len };
    d.src = who == CL ? n->client : n->server;
    d.dst = who == CL ? n->server : n->client;
    d.sport = who == CL ? n->cport : 443;
    d.dport = who == CL ? 443 : n->cport;
    d.seq = n->seq[who] + seq;
    d.ack = n->seq[!who] + ack;
    struct packet pk = { .ts_ns = n->now_ms * 1000000, .frame = ++n->frame };
    (void)flow_packet(n->t, &pk, &d);
    n->now_ms++;
}

static void data(struct net *n, int who, uint32_t seq, const char *text)
{
    seg(n, who, TCP_ACK, seq, 0, text, (uint32_t)strlen(text), (uint32_t)strlen(text));
}

static void open_connection(struct net *n)
{
    seg(n, CL, TCP_SYN, (uint32_t)-1, 0, NULL, 0, 0);
    seg(n, SV, TCP_SYN | TCP_ACK, (uint32_t)-1, 0, NULL, 0, 0);
    seg(n, CL, TCP_ACK, 0, 0, NULL, 0, 0);
}

/* Which direction index the client has in this table. */
static unsigned dir_of_client(void)
{
    return rec.flow.side[0].port == 443 ? 1 : 0;
}

static void assert_stream(unsigned who, const char *text)
{
    unsigned d = who == CL ? dir_of_client() : !dir_of_client();
    assert_int_equal(rec.n[d], strlen(text));
    assert_memory_equal(rec.got[d], text, strlen(text));
}

static void in_order_bytes_are_not_copied(void **state)
{
    struct net *n = *state;
    static const char hello[] = "hello";
    open_connection(n);
    seg(n, CL, TCP_ACK, 0, 0, hello, 5, 5);
    assert_ptr_equal(rec.last, hello);
    assert_stream(CL, "hello");
    assert_int_equal(rec.flow.initiator, dir_of_client());
    assert_false(rec.flow.midstream);
}

static void late_segments_wait_for_what_is_missing(void **state)
{
    struct net *n = *state;
    open_connection(n);
    data(n, CL, 3, "def");
    data(n, CL, 6, "ghi");
    assert_int_equal(rec.calls, 0);
    data(n, CL, 0, "abc");
    assert_stream(CL, "abcdefghi");
    assert_int_equal(rec.gaps, 0);
}

static void the_first_copy_wins(void **state)
{
    struct net *n = *state;
    open_connection(n);
    data(n, CL, 0, "abc");
    data(n, CL, 0, "XYZd"); /* only the new byte counts */
    data(n, CL, 6, "gh"); /* held */
    data(n, CL, 4, "efXXi"); /* the held copy came first */
    assert_stream(CL, "abcdefghi");
}

static void overlapping_late_segments_keep_the_first(void **state)
{
    struct net *n = *state;
    open_connection(n);
    data(n, CL, 4, "ef");
    data(n, CL, 8, "ij");
    data(n, CL, 2, "cdXXghXXk");
    data(n, CL, 0, "ab");
    assert_stream(CL, "abcdefghijk");
}

static void sequence_numbers_wrap(void **state)
{
    struct net *n = *state;
    n->seq[CL] = 0xfffffffe;
    open_connection(n);
    data(n, CL, 4, "efg");
    data(n, CL, 0, "abcd");
    data(n, CL, 7, "h");
    assert_stream(CL, "abcdefgh");
}

static void keep_alives_and_pure_acks_change_nothing(void **state)
{
    struct net *n = *state;
    open_connection(n);
    data(n, CL, 0, "abc");
    seg(n, CL, TCP_ACK, 2, 0, "\0", 1, 1); /* one byte before the next */
    seg(n, SV, TCP_ACK, 0, 3, NULL, 0, 0);
    data(n, CL, 3, "d");
    assert_stream(CL, "abcd");
}

static void a_reversed_flight_of_single_bytes(void **state)
{
    struct net *n = *state;
    static const char text[] = "the quick brown fox jumps over the lazy dog";
    open_connection(n);
    for (uint32_t i = sizeof text - 1; i-- > 0;)
        seg(n, SV, TCP_ACK, i, 0, text + i, 1, 1);
    assert_stream(SV, text);
}

static void an_acknowledged_hole_is_lost_after_a_while(void **state)
{
    struct net *n = *state;
    open_connection(n);
    data(n, CL, 0, "ab");
    data(n, CL, 5, "fg");
    seg(n, SV, TCP_ACK, 0, 7, NULL, 0, 0); /* at once: it may still come */
    assert_int_equal(rec.gaps, 0);
    n->now_ms += LIMIT_HOLE_MS;
    seg(n, SV, TCP_ACK, 0, 7, NULL, 0, 0);
    assert_int_equal(rec.gaps, 1);
    assert_int_equal(rec.gap_bytes, 3);
    assert_stream(CL, "abfg");
    assert_true(rec.flow.has_gap);
    assert_int_equal(n->stats.stream_gap_bytes, 3);
}

static void a_second_hole_is_lost_without_another_segment(void **state)
{
    struct net *n = *state;
    open_connection(n);
    data(n, CL, 0, "ab");
    data(n, CL, 5, "fg");
    data(n, CL, 9, "jk");
    for (unsigned i = 0; i < 2; i++) {
        n->now_ms += LIMIT_HOLE_MS;
        seg(n, SV, TCP_ACK, 0, 11, NULL, 0, 0);
        assert_int_equal(rec.gaps, i + 1);
    }
    assert_int_equal(rec.gap_bytes, 5);
    assert_stream(CL, "abfgjk");
}

static void a_hole_that_nobody_acknowledged_waits_longer(void **state)
{
    struct net *n = *state;
    open_connection(n);
    data(n, CL, 2, "cd");
    n->now_ms += LIMIT_HOLE_MS;
    seg(n, SV, TCP_ACK, 0, 0, NULL, 0, 0);
    assert_int_equal(rec.gaps, 0);
    data(n, CL, 0, "ab");
    assert_stream(CL, "abcd");
}

static void the_end_delivers_what_is_held(void **state)
{
    struct net *n = *state;
    open_connection(n);
    data(n, CL, 0, "ab");
    data(n, CL, 4, "ef");
    flow_table_finish(n->t);
    assert_int_equal(rec.gaps, 1);
    assert_stream(CL, "abef");
    assert_int_equal(rec.ends, 1);
    assert_int_equal(rec.why, END_INPUT);
}

static void both_fins_end_it_and_say_who_began(void **state)
{
    struct net *n = *state;
    open_connection(n);
    data(n, CL, 0, "ab");
    seg(n, SV, TCP_ACK | TCP_FIN, 0, 2, NULL, 0, 0);
    assert_int_equal(rec.ends, 0);
    seg(n, CL, TCP_ACK | TCP_FIN, 2, 1, NULL, 0, 0);
    assert_int_equal(rec.ends, 1);
    assert_int_equal(rec.why, END_FIN);
    assert_int_equal(rec.by, !dir_of_client());
}

static void a_reset_ends_it_but_a_forged_one_does_not(void **state)
{
    struct net *n = *state;
    open_connection(n);
    data(n, CL, 0, "ab");
    seg(n, SV, TCP_RST, 0x40000000, 0, NULL, 0, 0);
    assert_int_equal(rec.ends, 0);
    seg(n, SV, TCP_RST | TCP_ACK, 0, 2, NULL, 0, 0);
    assert_int_equal(rec.ends, 1);
    assert_int_equal(rec.why, END_RST);
    assert_int_equal(rec.by, !dir_of_client());
}

static void ports_used_again_are_a_new_connection(void **state)
{
    struct net *n = *state;
    open_connection(n);
    data(n, CL, 0, "first");
    n->seq[CL] = 777777;
    n->seq[SV] = 888888;
    open_connection(n);
    assert_int_equal(rec.ends, 1);
    assert_int_equal(rec.why, END_REUSED);
    data(n, CL, 0, "second");
    assert_stream(CL, "firstsecond");
    assert_int_equal(n->stats.connections, 2);
}

static void a_repeated_syn_ack_is_no_new_connection(void **state)
{
    struct net *n = *state;
    open_connection(n);
    data(n, CL, 0, "ab");
    seg(n, SV, TCP_SYN | TCP_ACK, (uint32_t)-1, 0, NULL, 0, 0);
    seg(n, CL, TCP_SYN, (uint32_t)-1, 0, NULL, 0, 0);
    data(n, CL, 2, "cd");
    assert_int_equal(rec.ends, 0);
    assert_stream(CL, "abcd");
}

/* Two backends behind one address answer the same SYN: the client's acknowledgment says which one it took. */
static void of_two_syn_acks_the_acknowledged_one_counts(void **state)
{
    struct net *n = *state;
    uint32_t first = n->seq[SV], second = first + 0x50000000;
    open_connection(n);
    data(n, CL, 0, "hello");
    n->seq[SV] = second;
    seg(n, SV, TCP_SYN | TCP_ACK, (uint32_t)-1, 0, NULL, 0, 0);
    n->seq[SV] = first;
    seg(n, SV, TCP_SYN | TCP_ACK, (uint32_t)-1, 0, NULL, 0, 0);
    n->seq[SV] = second;
    data(n, CL, 0, "hello"); /* again, acknowledging the second */
    data(n, SV, 0, "reply");
    assert_int_equal(rec.ends, 0);
    assert_stream(CL, "hello");
    assert_stream(SV, "reply");
    assert_int_equal(n->stats.connections, 1);
}

static void joined_midway(void **state)
{
    struct net *n = *state;
    data(n, CL, 100, "abc");
    assert_stream(CL, "abc");
    assert_true(rec.flow.midstream);
    assert_int_equal(rec.flow.initiator, SIDE_UNKNOWN);
    data(n, SV, 0, "reply");
    data(n, CL, 103, "d");
    assert_stream(CL, "abcd");
    assert_stream(SV, "reply");
}

static void what_the_sink_does_not_want_costs_no_state(void **state)
{
    struct net *n = *state;
    rec.peek_answer = false;
    open_connection(n); /* the first of all: memory for thousands */
    size_t before = heap_bytes();
    open_connection(n);
    for (uint32_t i = 0; i < 2 * LIMIT_WATCH_SEGMENTS; i++)
        data(n, CL, i, "x");
    assert_int_equal(rec.calls, 0);
    assert_int_equal(rec.peeks, 1 + LIMIT_WATCH_SEGMENTS); /* then it is left alone */
    assert_int_equal(heap_bytes(), before);
    assert_int_equal(n->stats.connections, 1);
    assert_int_equal(n->stats.flow_midstream, 0);
}

static void a_decided_flow_is_left_alone(void **state)
{
    struct net *n = *state;
    rec.answer = STREAM_DONE;
    rec.answer_after = 3;
    open_connection(n);
    data(n, CL, 0, "abc");
    size_t peeks = rec.peeks;
    data(n, CL, 3, "def");
    data(n, SV, 0, "xyz");
    assert_int_equal(rec.calls, 1);
    assert_int_equal(rec.peeks, peeks);
    assert_int_equal(rec.ends, 0); /* the sink said done: it is not told again */
}

static void a_watched_flow_is_taken_when_a_segment_looks_right(void **state)
{
    struct net *n = *state;
    rec.answer = STREAM_WATCH;
    rec.answer_after = 1;
    open_connection(n);
    data(n, CL, 0, "junk");
    rec.answer = STREAM_MORE;
    rec.peek_answer = false;
    data(n, CL, 4, "more");
    assert_int_equal(rec.calls, 1);
    rec.peek_answer = true;
    data(n, CL, 8, "hello");
    assert_int_equal(rec.calls, 2);
    assert_stream(CL, "junkhello");
}

static void one_direction_only_shows_in_its_acknowledgments(void **state)
{
    struct net *n = *state;
    open_connection(n);
    data(n, CL, 0, "hello");
    seg(n, CL, TCP_ACK, 5, 0, NULL, 0, 0);
    flow_table_finish(n->t);
    assert_false(rec.flow.unseen_data[!dir_of_client()]);
    n->cport++;
    open_connection(n);
    data(n, CL, 0, "hello");
    seg(n, CL, TCP_ACK, 5, 1460, NULL, 0, 0);
    flow_table_finish(n->t);
    assert_true(rec.flow.unseen_data[!dir_of_client()]);
}

static void bytes_cut_by_the_snap_length_are_a_gap(void **state)
{
    struct net *n = *state;
    open_connection(n);
    seg(n, CL, TCP_ACK, 0, 0, "abcd", 4, 10);
    assert_true(rec.flow.cut);
    assert_int_equal(rec.gap_bytes, 6);
    data(n, CL, 10, "k");
    assert_stream(CL, "abcdk");
}

static void a_bare_syn_makes_no_entry(void **state)
{
    struct net *n = *state;
    size_t before = heap_bytes();
    for (unsigned i = 0; i < 100000; i++) {
        n->cport = (uint16_t)i;
        n->client[3] = (uint8_t)(i >> 16);
        seg(n, CL, TCP_SYN, (uint32_t)-1, 0, NULL, 0, 0);
    }
    assert_int_equal(heap_bytes(), before);
    assert_int_equal(n->stats.flow_evicted, 0);
}

static void data_in_the_syn_is_the_first_data(void **state)
{
    struct net *n = *state;
    seg(n, CL, TCP_SYN, (uint32_t)-1, 0, "hello", 5, 5);
    seg(n, SV, TCP_SYN | TCP_ACK, (uint32_t)-1, 5, NULL, 0, 0);
    data(n, SV, 0, "reply");
    data(n, CL, 5, "more");
    assert_stream(CL, "hellomore");
    assert_stream(SV, "reply");
    assert_false(rec.flow.midstream);
    assert_int_equal(rec.flow.initiator, dir_of_client());
    assert_int_equal(n->stats.connections, 1);
}

/* The sink lets go of a flow and may see it again: with what is new, not with what it has had. */
static void a_watched_flow_is_not_asked_about_retransmissions(void **state)
{
    struct net *n = *state;
    open_connection(n);
    rec.answer = STREAM_WATCH;
    rec.answer_after = 7;
    data(n, CL, 0, "hello");
    data(n, SV, 0, "no");
    rec.answer = STREAM_MORE;
    size_t peeks = rec.peeks;
    data(n, CL, 0, "hello");
    assert_int_equal(rec.peeks, peeks);
    data(n, CL, 5, "again");
    assert_int_equal(rec.peeks, peeks + 1);
    assert_stream(CL, "helloagain");
}

static void a_cut_segment_behind_a_hole_is_told_of(void **state)
{
    struct net *n = *state;
    open_connection(n);
    seg(n, CL, TCP_ACK, 2, 0, "cd", 2, 9);
    data(n, CL, 0, "ab");
    assert_stream(CL, "abcd");
    assert_true(rec.flow.cut);
}

static void say_back(struct net *n, int who, uint32_t seq, uint32_t ack, const char *text)
{
    seg(n, who, TCP_ACK, seq, ack, text, (uint32_t)strlen(text), (uint32_t)strlen(text));
}

/* Two ports of a tap, two queues of a card: an answer is captured before what it answers. */
static void an_answer_waits_for_what_it_answers(void **state)
{
    struct net *n = *state;
    open_connection(n);
    say_back(n, SV, 0, 5, "answer");
    assert_int_equal(rec.calls, 0);
    say_back(n, CL, 5, 6, " more");
    assert_int_equal(rec.calls, 0);
    say_back(n, CL, 0, 0, "hello");
    assert_int_equal(rec.calls, 3);
    assert_stream(CL, "hello more");
    assert_stream(SV, "answer");
    assert_int_equal(rec.gaps, 0);
    seg(n, SV, TCP_ACK | TCP_FIN, 6, 15, NULL, 0, 0);
    say_back(n, CL, 10, 7, "last!"); /* acknowledges the FIN */
    assert_stream(CL, "hello morelast!");
}

static void it_does_not_wait_for_ever_nor_twice(void **state)
{
    struct net *n = *state;
    open_connection(n);
    say_back(n, CL, 0, 0, "hello");
    say_back(n, SV, 0, 9, "ab"); /* four bytes of the client were lost */
    assert_stream(SV, "");
    for (unsigned i = 0; i < LIMIT_STEP_PACKETS; i++)
        seg(n, CL, TCP_ACK, 9, 0, NULL, 0, 0);
    assert_stream(SV, "ab");
    say_back(n, SV, 2, 9, "cd");
    assert_stream(SV, "abcd");
}

static void where_only_one_direction_is_captured_nothing_waits(void **state)
{
    struct net *n = *state;
    seg(n, SV, TCP_SYN | TCP_ACK, (uint32_t)-1, 0, NULL, 0, 0);
    say_back(n, SV, 0, 500, "answer");
    assert_stream(SV, "answer");
    say_back(n, SV, 6, 900, " more");
    assert_stream(SV, "answer more");
}

static void the_end_delivers_what_waits(void **state)
{
    struct net *n = *state;
    open_connection(n);
    say_back(n, SV, 0, 5, "answer");
    say_back(n, SV, 6, 5, " more");
    flow_table_finish(n->t);
    assert_stream(SV, "answer more");
    assert_int_equal(rec.ends, 1);
    assert_int_equal(rec.gaps, 0);
}

/* Two tenants with the same addresses and ports, in two VLANs and behind two VNIs. */
static void tagged(struct net *n, int who, uint16_t tenant, uint32_t seq, const char *text)
{
    struct decoded d = { .addr_len = 4, .proto = PROTO_TCP, .tcp_flags = TCP_ACK, .sport = who == CL ? n->cport : 443,
                         .dport = who == CL ? 443 : n->cport, .seq = seq, .payload = (const uint8_t *)text,
                         .payload_cap = (uint32_t)strlen(text), .payload_len = (uint32_t)strlen(text),
                         .ids = { .vlan = tenant, .vni = 1000u + tenant } };
    d.src = who == CL ? n->client : n->server;
    d.dst = who == CL ? n->server : n->client;
    struct packet pk = { .ts_ns = n->now_ms++ * 1000000, .frame = ++n->frame };
    (void)flow_packet(n->t, &pk, &d);
}

static void tenants_are_apart_when_asked_for(void **state)
{
    struct net *n = *state;
    static const enum flow_scope scopes[] = { SCOPE_NONE, SCOPE_VLAN, SCOPE_VNI };
    for (size_t i = 0; i < 3; i++) {
        struct flow_options opt = { .scope = scopes[i] };
        flow_table_finish(n->t);
        flow_table_free(n->t);
        n->t = flow_table_new(&opt, 42, &sink, &n->stats);
        assert_non_null(n->t);
        memset(&rec, 0, sizeof rec);
        rec.peek_answer = true;
        tagged(n, CL, 10, 100, "hello");
        tagged(n, CL, 20, 100, "another");
        flow_table_finish(n->t);
        assert_int_equal(rec.ends, scopes[i] == SCOPE_NONE ? 1 : 2);
    }
}

/* A flood of answered SYNs fills the table to its cap and no further; what is open is evicted and counted. */
static void a_flood_stays_within_the_cap(void **state)
{
    struct net *n = *state;
    size_t before = heap_bytes();
    for (unsigned i = 0; i < 60000; i++) {
        n->cport = (uint16_t)i;
        seg(n, SV, TCP_SYN | TCP_ACK, (uint32_t)-1, 0, NULL, 0, 0);
    }
    assert_true(heap_bytes() - before < 8192 * 32 + 65536);
    assert_true(n->stats.flow_evicted > 50000);
    data(n, CL, 0, "the newest is still there"); /* 59999 */
    assert_int_equal(rec.flow.midstream, false);
    assert_stream(CL, "the newest is still there");
}

/* Open handshakes are capped too: the oldest ends with END_EVICTED. */
static void open_handshakes_are_capped(void **state)
{
    struct net *n = *state;
    for (unsigned i = 0; i < 1000; i++) {
        n->cport = (uint16_t)(1000 + i);
        open_connection(n);
        data(n, CL, 0, "hello");
        rec.n[0] = rec.n[1] = 0;
    }
    assert_int_equal(n->stats.conn_evicted, 1000 - 512);
    assert_int_equal(rec.ends, 1000 - 512);
    assert_int_equal(rec.why, END_EVICTED);
}

/* A sink that has no room for more loses the oldest, not the newest. */
static void a_full_sink_ends_the_oldest(void **state)
{
    struct net *n = *state;
    rec.full_at = 100;
    for (unsigned i = 0; i < 300; i++) {
        n->cport = (uint16_t)(1000 + i);
        open_connection(n);
        data(n, CL, 0, "hello");
        assert_true(rec.opened - rec.ends <= 100);
        if (rec.ends)
            assert_int_equal(rec.ended_port, 1000 + rec.ends - 1);
    }
    assert_int_equal(rec.ends, 200);
    assert_int_equal(rec.why, END_EVICTED);
    assert_int_equal(n->stats.conn_evicted, 200);
}

static void the_table_grows_and_forgets_nothing(void **state)
{
    struct net *n = *state;
    for (unsigned i = 0; i < 5000; i++) {
        n->cport = (uint16_t)(1 + i);
        open_connection(n);
    }
    rec.peek_answer = false;
    for (unsigned i = 0; i < 5000; i++) {
        n->cport = (uint16_t)(1 + i);
        data(n, CL, 0, "x");
    }
    assert_int_equal(n->stats.flow_midstream, 0);
    assert_int_equal(n->stats.connections, 5000);
}

/* The server's end of the connection may stay half open for ever; a retry comes at once. */
static void who_closes_unanswered_after_a_while_has_given_up(void **state)
{
    struct net *n = *state;
    open_connection(n);
    data(n, CL, 0, "hello");
    n->now_ms += LIMIT_ANSWER_MS;
    seg(n, SV, TCP_ACK, 0, 5, NULL, 0, 0);
    assert_int_equal(rec.ends, 0);
    seg(n, CL, TCP_ACK | TCP_FIN, 5, 0, NULL, 0, 0);
    assert_int_equal(rec.ends, 1);
    assert_int_equal(rec.why, END_FIN);
    assert_int_equal(rec.by, dir_of_client());
    data(n, SV, 0, "late"); /* and is not another connection */
    assert_int_equal(rec.ends, 1);
    assert_int_equal(n->stats.flow_midstream, 0);
}

static void who_closes_at_once_may_still_be_answered(void **state)
{
    struct net *n = *state;
    open_connection(n);
    data(n, CL, 0, "hello");
    seg(n, CL, TCP_ACK | TCP_FIN, 5, 0, NULL, 0, 0);
    data(n, SV, 0, "answer");
    assert_stream(SV, "answer");
    n->now_ms += LIMIT_ANSWER_MS;
    seg(n, CL, TCP_ACK | TCP_FIN, 5, 6, NULL, 0, 0); /* again: it was answered, and it is the server's turn to close */
    assert_int_equal(rec.ends, 0);
    seg(n, SV, TCP_ACK | TCP_FIN, 6, 6, NULL, 0, 0);
    assert_int_equal(rec.ends, 1);
}

static void an_answer_that_was_not_captured_is_waited_for(void **state)
{
    struct net *n = *state;
    open_connection(n);
    data(n, CL, 0, "hello");
    n->now_ms += LIMIT_ANSWER_MS;
    seg(n, CL, TCP_ACK | TCP_FIN, 5, 700, NULL, 0, 0);
    assert_int_equal(rec.ends, 0);
    data(n, SV, 0, "answer");
    assert_stream(SV, "answer");
}

static void silence_ends_an_open_handshake(void **state)
{
    struct net *n = *state;
    open_connection(n);
    data(n, CL, 0, "hello");
    n->cport++;
    n->now_ms += (LIMIT_IDLE_SECONDS + 2) * 1000;
    data(n, CL, 0, "another");
    assert_int_equal(rec.ends, 1);
    assert_int_equal(rec.why, END_IDLE);
}

/* Of a connection that is decided and silent for so long, or for ever: what comes then is met in its middle. */
static void silence_makes_a_decided_flow_a_new_one(void **state)
{
    static const int64_t seconds[] = { LIMIT_IDLE_SECONDS + 40, 3000, 3900, 4200, 4396, 100000 };
    struct net *n = *state;
    rec.peek_answer = false;
    open_connection(n);
    for (unsigned i = 0; i < LIMIT_WATCH_SEGMENTS + 1; i++)
        data(n, CL, i, "x");
    uint16_t old = n->cport;
    for (unsigned i = 0; i < sizeof seconds / sizeof *seconds; i++) {
        for (int64_t s = 0; s < seconds[i]; s += 5) { /* others go on */
            n->now_ms += 5000;
            n->cport = 50000;
            data(n, CL, 0, "other");
        }
        n->cport = old;
        uint64_t before = n->stats.flow_midstream;
        data(n, CL, 500, "again");
        assert_int_equal(n->stats.flow_midstream, before + 1);
        data(n, CL, 501, "and more");
        assert_int_equal(n->stats.flow_midstream, before + 1);
    }
}

/* A clock that steps back ends nothing at once, and keeps nothing for ever. */
static void time_goes_on_after_a_step_back(void **state)
{
    struct net *n = *state;
    open_connection(n);
    data(n, CL, 0, "hello");
    uint16_t old = n->cport++;
    n->now_ms -= 3600 * 1000 * 24;
    data(n, CL, 0, "another");
    n->now_ms += (LIMIT_IDLE_SECONDS - 2) * 1000;
    n->cport = old;
    data(n, SV, 0, "answer");
    assert_int_equal(rec.ends, 0);
    n->now_ms += 4000;
    n->cport = 50000;
    data(n, CL, 0, "third");
    assert_int_equal(rec.ends, 1); /* the second one */
    n->now_ms += LIMIT_IDLE_SECONDS * 1000;
    data(n, CL, 5, "third");
    assert_int_equal(rec.ends, 2);
}

static void a_table_may_be_told_the_time(void **state)
{
    struct net *n = *state;
    struct packet pk = { .ts_ns = 5 };
    struct flow_clock clock = { 0 };
    assert_false(flow_clock_tick(&clock, INT64_C(1700000000000000000))); /* the first time is any */
    assert_false(flow_clock_tick(&clock, INT64_C(1700000000999999999)));
    assert_true(flow_clock_tick(&clock, INT64_C(1700000001000000000)));
    flow_table_time(n->t, clock.now);
    for (unsigned i = 0; i < 3; i++) {
        n->cport = (uint16_t)(3000 - i);
        struct decoded d = { .addr_len = 4, .proto = PROTO_TCP, .payload = (const uint8_t *)"hello", .tcp_flags = TCP_ACK };
        d.payload_cap = d.payload_len = 5;
        d.src = n->client;
        d.dst = n->server;
        d.sport = n->cport;
        d.dport = 443;
        (void)flow_table_packet(n->t, 100 + i, &pk, &d);
    }
    assert_int_equal(rec.calls, 3);
    assert_int_equal(flow_table_order(n->t), UINT64_MAX);
    flow_table_time(n->t, clock.now + LIMIT_IDLE_SECONDS);
    assert_int_equal(rec.ends, 0);
    rec.order_of = n->t;
    flow_table_time(n->t, clock.now + LIMIT_IDLE_SECONDS + 1);
    assert_int_equal(rec.ends, 3);
    assert_int_equal(rec.order, 102); /* the last one that ended */
    assert_int_equal(flow_table_order(n->t), UINT64_MAX);
}

/* A port whose clock is ahead, or of another year: packets of both in turn for ten seconds, and it is ten seconds later. */
static void clocks_may_take_turns(void **state)
{
    (void)state;
    static const int64_t apart[] = { 1, 9, 11, 37, 3600, 86400 * 365, -37, -86400 * 365 };
    for (unsigned i = 0; i < sizeof apart / sizeof *apart; i++) {
        struct flow_clock c = { 0 };
        int64_t t = INT64_C(1700000000000000000), off = apart[i] * 1000000000;
        (void)flow_clock_tick(&c, t);
        (void)flow_clock_tick(&c, t + off);
        uint32_t start = c.now;
        for (unsigned k = 0; k < 10000; k++, t += 1000000)
            (void)flow_clock_tick(&c, t + (k % 3 ? 0 : off));
        assert_in_range(c.now - start, 9, 11 + (apart[i] < 11 ? 9 : 0)); /* a little apart: one clock, the later time counts */
        start = c.now;
        (void)flow_clock_tick(&c, t + 100 * INT64_C(1000000000)); /* silence is as long as it was, */
        assert_in_range(c.now - start, off ? 63 : 99, 101);
        start = c.now;
        (void)flow_clock_tick(&c, t + 1000000 * INT64_C(1000000000)); /* but for what cannot be told from another clock */
        assert_in_range(c.now - start, LIMIT_IDLE_SECONDS + 1, 3 * LIMIT_IDLE_SECONDS);
    }
}

static void udp(struct net *n, int who, const char *text)
{
    struct decoded d = { .addr_len = 4, .proto = PROTO_UDP, .payload = (const uint8_t *)text };
    d.payload_cap = d.payload_len = (uint32_t)strlen(text);
    d.src = who == CL ? n->client : n->server;
    d.dst = who == CL ? n->server : n->client;
    d.sport = who == CL ? n->cport : 443;
    d.dport = who == CL ? 443 : n->cport;
    struct packet pk = { .ts_ns = n->now_ms++ * 1000000, .frame = ++n->frame };
    (void)flow_packet(n->t, &pk, &d);
}

static void datagrams_have_no_state_until_wanted(void **state)
{
    struct net *n = *state;
    rec.peek_answer = false;
    udp(n, CL, "dns");
    assert_int_equal(rec.datagrams, 0);
    assert_int_equal(rec.at, PEEK_START);
    rec.peek_answer = true;
    udp(n, CL, "initial");
    udp(n, SV, "initial");
    assert_int_equal(rec.datagrams, 2);
    assert_int_equal(rec.flow.initiator, dir_of_client());
    rec.answer = STREAM_DONE;
    udp(n, CL, "finished");
    udp(n, CL, "initial again"); /* a repeat right after */
    assert_int_equal(rec.datagrams, 3);
    n->now_ms += LIMIT_QUIET_SECONDS * 1000 + 1000;
    udp(n, CL, "a new connection of the same pair");
    assert_int_equal(rec.datagrams, 4);
    assert_int_equal(rec.at, PEEK_WATCH); /* the rest of the old one must not look like it */
}

/* Whatever the order, the cuts and the repeats: the same bytes. */
static void any_order_gives_the_same_stream(void **state)
{
    struct net *n = *state;
    static char text[3001];
    for (unsigned i = 0; i < 3000; i++)
        text[i] = (char)('a' + i * 7 % 26);
    srand(7);
    for (unsigned round = 0; round < 60; round++) {
        n->cport = (uint16_t)(2000 + round);
        rec.n[0] = rec.n[1] = 0;
        open_connection(n);
        struct piece { uint32_t at, n; } piece[400];
        unsigned pieces = 0;
        for (uint32_t at = 0; at < 3000 && pieces < 200;) {
            uint32_t len = 1 + (uint32_t)rand() % 60;
            len = at + len > 3000 || pieces == 199 ? 3000 - at : len;
            piece[pieces++] = (struct piece){ at, len };
            at += len;
        }
        for (unsigned i = 0, m = pieces; i < m; i++) { /* repeats with other boundaries */
            uint32_t at = (uint32_t)rand() % 2900;
            piece[pieces++] = (struct piece){ at, 1 + (uint32_t)rand() % 90 };
        }
        for (unsigned i = pieces; i-- > 1;) {
            unsigned j = (unsigned)rand() % (i + 1);
            struct piece p = piece[i];
            piece[i] = piece[j];
            piece[j] = p;
        }
        for (unsigned i = 0; i < pieces; i++)
            seg(n, CL, TCP_ACK, piece[i].at, 0, text + piece[i].at, piece[i].n, piece[i].n);
        assert_stream(CL, text);
        assert_int_equal(rec.gaps, 0);
    }
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(in_order_bytes_are_not_copied), T(late_segments_wait_for_what_is_missing), T(the_first_copy_wins),
        T(overlapping_late_segments_keep_the_first), T(sequence_numbers_wrap), T(keep_alives_and_pure_acks_change_nothing),
        T(a_reversed_flight_of_single_bytes), T(an_acknowledged_hole_is_lost_after_a_while),
        T(a_second_hole_is_lost_without_another_segment), T(a_hole_that_nobody_acknowledged_waits_longer), T(the_end_delivers_what_is_held), T(both_fins_end_it_and_say_who_began),
        T(a_reset_ends_it_but_a_forged_one_does_not), T(ports_used_again_are_a_new_connection),
        T(a_repeated_syn_ack_is_no_new_connection), T(of_two_syn_acks_the_acknowledged_one_counts), T(joined_midway), T(what_the_sink_does_not_want_costs_no_state),
        T(a_decided_flow_is_left_alone), T(a_watched_flow_is_taken_when_a_segment_looks_right),
        T(one_direction_only_shows_in_its_acknowledgments), T(bytes_cut_by_the_snap_length_are_a_gap),
        T(a_bare_syn_makes_no_entry), T(data_in_the_syn_is_the_first_data), T(a_flood_stays_within_the_cap),
        T(open_handshakes_are_capped),
        T(a_full_sink_ends_the_oldest), T(the_table_grows_and_forgets_nothing), T(silence_ends_an_open_handshake),
        T(silence_makes_a_decided_flow_a_new_one), T(time_goes_on_after_a_step_back), T(a_table_may_be_told_the_time), T(clocks_may_take_turns),
        T(who_closes_unanswered_after_a_while_has_given_up), T(who_closes_at_once_may_still_be_answered),
        T(an_answer_waits_for_what_it_answers), T(it_does_not_wait_for_ever_nor_twice),
        T(where_only_one_direction_is_captured_nothing_waits), T(the_end_delivers_what_waits),
        T(tenants_are_apart_when_asked_for), T(a_watched_flow_is_not_asked_about_retransmissions), T(an_answer_that_was_not_captured_is_waited_for),
        T(a_cut_segment_behind_a_hole_is_told_of),
        T(datagrams_have_no_state_until_wanted), T(any_order_gives_the_same_stream),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
