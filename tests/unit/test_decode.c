/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include <pcap/dlt.h>
#include "base/limits.h"
#include "capture/decode.h"
#include "tests/tools/wrap.h"

static struct stats stats;
static struct decode *d;
static struct decoded out;
static struct wbuf w;

static int setup(void **state)
{
    (void)state;
    struct decode_options o = { .vxlan_port = { 8888, 9999 } };
    stats = (struct stats){ 0 };
    memset(&out, 0xa5, sizeof out);
    d = decode_new(&o, 7, &stats);
    return d ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    decode_free(d);
    return 0;
}

/* The last byte of the frame is followed by an unreadable page. */
static bool decode_cut(int dlt, const void *frame, size_t cap, size_t len)
{
    struct packet p = { .data = guarded(frame, cap), .caplen = (uint32_t)cap, .len = (uint32_t)len, .ts_ns = 1 };
    return decode_packet(d, dlt, &p, &out);
}

static bool decode_whole(int dlt, const void *frame, size_t n)
{
    return decode_cut(dlt, frame, n, n);
}

static bool decode_hex(int dlt, const char *hex)
{
    static uint8_t b[4096];
    return decode_whole(dlt, b, unhex(hex, b, sizeof b));
}

/* Everything that was counted since the last call: the names, joined by blanks. */
static const char *counted(void)
{
    static char text[512];
    text[0] = 0;
    for (unsigned i = 0; i < stats_count; i++) {
        size_t at = strlen(text);
        if (*stats_value(&stats, i))
            (void)snprintf(text + at, sizeof text - at, "%s%s", at ? " " : "", stats_rows[i].name);
    }
    stats = (struct stats){ 0 };
    return text;
}

/* 192.0.2.77:54321 -> 198.51.100.8:443 and back; 14 + 20 + 32 + 37 bytes. */
#define PAYLOAD "These are the thirty-seven bytes here"
enum { TCP_OPTIONS = 12, PAYLOAD_LEN = sizeof PAYLOAD - 1, FRAME_LEN = 14 + 20 + 20 + TCP_OPTIONS + PAYLOAD_LEN };

static const uint8_t *sample(unsigned dir)
{
    static struct wbuf o;
    o.n = 0;
    w_mem(&o, dir ? "\2\0\0\0\0\1\2\0\0\0\0\2" : "\2\0\0\0\0\2\2\0\0\0\0\1", 12);
    w16(&o, 0x0800);
    w16(&o, 0x4500);
    w16(&o, FRAME_LEN - 14);
    w32(&o, 0xbeef4000);
    w32(&o, 0x40060000);
    w_mem(&o, dir ? "\xc6\x33\x64\x08\xc0\0\2\x4d" : "\xc0\0\2\x4d\xc6\x33\x64\x08", 8);
    w16(&o, dir ? 443 : 54321);
    w16(&o, dir ? 54321 : 443);
    w32(&o, 0x01020304 + dir);
    w32(&o, 0x0a0b0c0d);
    w32(&o, 0x80180400);
    w32(&o, 0);
    w_mem(&o, "\1\1\x08\x0a\0\0\0\1\0\0\0\2", TCP_OPTIONS);
    w_mem(&o, PAYLOAD, PAYLOAD_LEN);
    assert_int_equal(o.n, FRAME_LEN);
    return o.b;
}

static void wrap_sample(const struct wrap *k, unsigned dir)
{
    const uint8_t *frame = sample(dir);
    w.n = 0;
    k->fn(&w, w_inner(frame, FRAME_LEN), dir, FRAME_LEN);
}

static void assert_addresses(const struct wrap *k, unsigned dir)
{
    static const uint8_t v4[2][4] = { { 192, 0, 2, 77 }, { 198, 51, 100, 8 } };
    const uint8_t *got[2] = { out.src, out.dst };
    for (unsigned i = 0; i < 2; i++) {
        uint8_t want[16] = { 0 };
        if (k->addresses == AS_IS) {
            assert_int_equal(out.addr_len, 4);
            assert_memory_equal(got[i], v4[i ^ dir], 4);
            continue;
        }
        assert_int_equal(out.addr_len, 16);
        memcpy(want, k->addresses == AS_TEREDO ? w_teredo : w_documentation, 4);
        memcpy(want + 12, v4[i ^ dir], 4);
        assert_memory_equal(got[i], want, 16);
    }
}

/* It is the sample, of which cap bytes of payload are there. */
static void assert_sample(const struct wrap *k, unsigned dir, uint32_t cap)
{
    assert_int_equal(out.proto, PROTO_TCP);
    assert_addresses(k, dir);
    assert_int_equal(out.sport, dir ? 443 : 54321);
    assert_int_equal(out.dport, dir ? 54321 : 443);
    assert_int_equal(out.seq, 0x01020304 + dir);
    assert_int_equal(out.ack, 0x0a0b0c0d);
    assert_int_equal(out.tcp_flags, TCP_PSH | TCP_ACK);
    assert_int_equal(out.payload_len, PAYLOAD_LEN);
    assert_int_equal(out.payload_cap, cap);
    assert_memory_equal(out.payload, PAYLOAD, cap);
    assert_non_null(out.ip);
    assert_int_equal(out.ip[0] >> 4, k->addresses == AS_IS ? 4 : 6);
    assert_ptr_equal(out.ip + out.ip_cap, out.payload + out.payload_cap);
    assert_int_equal(out.ids.kinds, k->kinds);
}

static void every_encapsulation(void **state)
{
    (void)state;
    for (unsigned i = 0; i < WRAPS; i++) {
        const struct wrap *k = &wraps[i];
        for (unsigned dir = 0; dir < 2; dir++) {
            wrap_sample(k, dir);
            if (!decode_whole(k->dlt, w.b, w.n))
                fail_msg("%s: not decoded: %s", k->name, counted());
            if (out.proto != PROTO_TCP || out.ids.kinds != k->kinds)
                fail_msg("%s: protocol %u, kinds %x, not %x", k->name, out.proto, out.ids.kinds, k->kinds);
            assert_sample(k, dir, PAYLOAD_LEN);
            assert_false(out.fragmented);
            if (dir == 0 && (out.ids.outer != k->outer || out.ids.inner != k->inner || out.ids.vlan != k->vlan ||
                             out.ids.vni != k->vni))
                fail_msg("%s: ids %u %u vlan %u vni %u", k->name, out.ids.outer, out.ids.inner, out.ids.vlan, out.ids.vni);
        }
        const char *c = counted();
        if (strcmp(c, strcmp(k->name, "amsdu") ? "" : "link_other"))
            fail_msg("%s: counted %s", k->name, c);
    }
}

/* A snap length at every byte: the packet with what is there of its payload, or no packet, counted (where too little is
 * left to tell) as unknown or encrypted, never as malformed. A tunnel over UDP whose inside is cut away may come
 * out as the UDP datagram that it is. */
static void every_snap_length(void **state)
{
    (void)state;
    for (unsigned i = 0; i < WRAPS; i++) {
        const struct wrap *k = &wraps[i];
        wrap_sample(k, 0);
        size_t whole = w.n, payload = whole - PAYLOAD_LEN;
        while (memcmp(w.b + payload, PAYLOAD, PAYLOAD_LEN)) /* something may follow it */
            payload--;
        for (size_t cap = 0; cap < whole; cap++) {
            bool ok = decode_cut(k->dlt, w.b, cap, whole);
            size_t there = cap < payload ? 0 : cap - payload < PAYLOAD_LEN ? cap - payload : PAYLOAD_LEN;
            if (cap >= payload || (ok && out.proto == PROTO_TCP))
                assert_true(ok && out.proto == PROTO_TCP);
            if (ok && out.proto == PROTO_TCP)
                assert_sample(k, 0, (uint32_t)there);
            else if (ok)
                assert_int_equal(out.proto, PROTO_UDP);
            const char *c = counted();
            if (strcmp(k->name, "amsdu") == 0) /* has another frame inside, which is counted too */
                continue;
            if (ok ? *c : strstr(c, "malformed") || strchr(c, ' '))
                fail_msg("%s cut at %zu of %zu: counted '%s'", k->name, cap, whole, c);
        }
    }
}

/* Frames that really end there, whatever their lengths say: never a crash, never bytes that are not there. */
static void every_prefix(void **state)
{
    (void)state;
    for (unsigned i = 0; i < WRAPS; i++) {
        wrap_sample(&wraps[i], 1);
        for (size_t n = 0; n < w.n; n++) {
            if (decode_whole(wraps[i].dlt, w.b, n) && out.payload_cap)
                assert_true(out.payload + out.payload_cap <= guarded(w.b, n) + n);
            while (decode_next(d, &out))
                ;
        }
    }
}

/* Bytes behind the packet's own length are not payload. */
static void trailers_do_not_enter(void **state)
{
    (void)state;
    for (unsigned i = 0; i < WRAPS; i++) {
        wrap_sample(&wraps[i], 0);
        w_mem(&w, "trailer trailer trailer trailer", 31);
        if (!decode_whole(wraps[i].dlt, w.b, w.n) || out.proto != PROTO_TCP)
            fail_msg("%s: %s", wraps[i].name, counted());
        assert_sample(&wraps[i], 0, PAYLOAD_LEN);
    }
}

/* Asked for its parties alone, a frame has those of what was decoded, and nothing is counted; or it has to be decoded. */
static bool assert_parties(const uint8_t *frame, size_t n, size_t len, const struct decoded *a)
{
    struct packet p = { .data = guarded(frame, n), .caplen = (uint32_t)n, .len = (uint32_t)len };
    struct parties of;
    if (!decode_parties(DLT_EN10MB, &p, &of))
        return false;
    assert_true(a && !a->fleeting && of.src == a->src && of.dst == a->dst && of.addr_len == a->addr_len);
    assert_false(decode_parties(DLT_LINUX_SLL, &p, &of));
    return true;
}

/* The usual frame has a way of its own past the layers: the same packet in a Linux cooked capture has not, and must come out alike,
 * whatever is changed in it and wherever it is cut. inner: an ethertype and what follows it, with n bytes of it captured. */
static void assert_as_walked(const uint8_t *inner, size_t n, size_t len)
{
    static uint8_t ether[12 + 512], cooked[14 + 512] = { [3] = 1, [5] = 6 };
    char reasons[512];
    assert_true(n <= 512);
    memcpy(ether + 12, inner, n);
    memcpy(cooked + 14, inner, n);
    bool found = decode_cut(DLT_EN10MB, ether, 12 + n, 12 + len);
    struct decoded a = out;
    (void)assert_parties(ether, 12 + n, 12 + len, found ? &a : NULL);
    size_t at = found ? (size_t)(a.payload - guarded(ether, 12 + n)) : 0;
    (void)snprintf(reasons, sizeof reasons, "%s", counted());
    assert_int_equal(decode_cut(DLT_LINUX_SLL, cooked, 14 + n, 14 + len), found);
    assert_string_equal(counted(), reasons);
    if (!found)
        return;
    assert_true(out.payload == guarded(cooked, 14 + n) + at + 2 && a.ip_cap == out.ip_cap);
    assert_true(a.proto == out.proto && a.tcp_flags == out.tcp_flags && a.fragmented == out.fragmented);
    assert_true(a.sport == out.sport && a.dport == out.dport && a.seq == out.seq && a.ack == out.ack);
    assert_true(a.payload_cap == out.payload_cap && a.payload_len == out.payload_len && a.addr_len == out.addr_len);
    assert_true(memcmp(&a.ids, &out.ids, sizeof a.ids) == 0 && a.fleeting == out.fleeting);
}

static void plain_packet(uint8_t *b, size_t n, size_t headers)
{
    static const uint8_t change[] = { 0x00, 0xff, 0x80, 0x01, 0x46, 0x3f, 50, 54, 55, 74, 73, 75, 0x50, 0x70, 0xf0, 17, 0x20, 0x81 };
    for (size_t at = 2; at < headers; at++) {
        uint8_t was = b[at];
        for (unsigned c = 0; c < sizeof change; c++) {
            b[at] = change[c];
            assert_as_walked(b, n, n);
            assert_as_walked(b, n, n + 9);
        }
        b[at] = was;
    }
    uint8_t whole[12 + 512] = { 0 };
    memcpy(whole + 12, b, n);
    assert_true(decode_cut(DLT_EN10MB, whole, 12 + n, 12 + n) && assert_parties(whole, 12 + n, 12 + n, &out));
    for (size_t cap = 2; cap <= n; cap++) {
        assert_as_walked(b, cap, n);
        assert_as_walked(b, cap, cap);
    }
}

#define PLAIN_IPV4 0x08, 0x00, 0x45, 0, 0, 20 + 24 + 30, 1, 2, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2
#define PLAIN_IPV6 0x86, 0xdd, 0x60, 1, 2, 3, 0, 24 + 30, 6, 64, 0xfd, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, \
                   0xfd, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 16
#define PLAIN_TCP 0x30, 0x39, 0x01, 0xbb, 1, 2, 3, 4, 5, 6, 7, 8, 0x60, 0x18, 1, 0, 0, 0, 0, 0, 1, 1, 1, 0
#define TAGGED 0x81, 0x00, 0x20, 0x64

static void plain_frames_are_as_walked(void **state)
{
    (void)state;
    static uint8_t four[2 + 20 + 24 + 30] = { PLAIN_IPV4, PLAIN_TCP }, tagged_four[4 + sizeof four] = { TAGGED, PLAIN_IPV4, PLAIN_TCP };
    static uint8_t six[2 + 40 + 24 + 30] = { PLAIN_IPV6, PLAIN_TCP }, tagged_six[4 + sizeof six] = { TAGGED, PLAIN_IPV6, PLAIN_TCP };
    plain_packet(four, sizeof four, 46);
    plain_packet(six, sizeof six, 66);
    plain_packet(tagged_four, sizeof tagged_four, 50);
    plain_packet(tagged_six, sizeof tagged_six, 70);
}

/* Each byte of each header, changed: whatever comes out lies inside the frame. */
static void damaged_headers(void **state)
{
    (void)state;
    static const uint8_t change[] = { 0x00, 0xff, 0x80, 0x01, 0x7f };
    for (unsigned i = 0; i < WRAPS; i++) {
        wrap_sample(&wraps[i], 0);
        for (size_t at = 0; at < w.n - PAYLOAD_LEN; at++) {
            uint8_t was = w.b[at];
            for (unsigned c = 0; c < sizeof change; c++) {
                w.b[at] = change[c];
                const uint8_t *base = guarded(w.b, w.n);
                if (decode_whole(wraps[i].dlt, w.b, w.n) && !out.fragmented)
                    assert_true(out.payload >= base && out.payload + out.payload_cap <= base + w.n);
                while (decode_next(d, &out))
                    ;
            }
            w.b[at] = was;
        }
    }
}

/* ---- IPv4, IPv6, TCP, UDP ---- */

#define ETH "020000000002 020000000001 0800 "
#define ADDR "c000024d c6336408 "

static void ipv4_lengths(void **state)
{
    (void)state;
    /* options, and padding to 60 bytes */
    assert_true(decode_hex(1, ETH "4600 002e beef 0000 40060000" ADDR "01010101"
                              "d431 01bb 00000001 00000002 5018 0400 0000 0000 4142 ffff"));
    assert_int_equal(out.payload_len, 2);
    assert_memory_equal(out.payload, "AB", 2);
    /* no length: segmentation offload, up to the end of the frame */
    assert_true(decode_hex(1, ETH "4500 0000 beef 0000 40060000" ADDR
                              "d431 01bb 00000001 00000002 5018 0400 0000 0000 41424344"));
    assert_int_equal(out.payload_len, 4);
    /* longer than the frame: what is there, and how much there should be */
    assert_true(decode_hex(1, ETH "4500 0100 beef 0000 40060000" ADDR
                              "d431 01bb 00000001 00000002 5018 0400 0000 0000 41424344"));
    assert_int_equal(out.payload_cap, 4);
    assert_int_equal(out.payload_len, 256 - 40);
    assert_string_equal(counted(), "");
    /* shorter than its header; header of 16 bytes; version 5; header longer than the packet */
    assert_false(decode_hex(1, ETH "4500 0013 beef 0000 40060000" ADDR "d431 01bb 00000001 00000002 5018 0400 0000 0000"));
    assert_false(decode_hex(1, ETH "4400 0028 beef 0000 40060000" ADDR "d431 01bb 00000001 00000002 5018 0400 0000 0000"));
    assert_false(decode_hex(1, ETH "5500 0028 beef 0000 40060000" ADDR "d431 01bb 00000001 00000002 5018 0400 0000 0000"));
    assert_false(decode_hex(1, ETH "4f00 0028 beef 0000 40060000" ADDR "d431 01bb 00000001 00000002 5018 0400 0000 0000"));
    assert_int_equal(stats.packet_malformed, 4);
}

static void tcp_data_offset(void **state)
{
    (void)state;
    assert_false(decode_hex(1, ETH "4500 0028 beef 0000 40060000" ADDR "d431 01bb 00000001 00000002 4018 0400 0000 0000"));
    assert_false(decode_hex(1, ETH "4500 0028 beef 0000 40060000" ADDR "d431 01bb 00000001 00000002 6018 0400 0000 0000"));
    assert_false(decode_hex(1, ETH "4500 0024 beef 0000 40060000" ADDR "d431 01bb 00000001 00000002 5018 0400 0000 0000"));
    assert_int_equal(stats.packet_malformed, 3);
    assert_true(decode_hex(1, ETH "4500 002c beef 0000 40060000" ADDR
                              "d431 01bb 00000001 00000002 6012 0400 0000 0000 02040218"));
    assert_int_equal(out.payload_len, 0);
    assert_int_equal(out.tcp_flags, TCP_SYN | TCP_ACK);
}

static void udp_lengths(void **state)
{
    (void)state;
#define UDP ETH "4500 0020 beef 0000 40110000" ADDR "1000 01bb "
    assert_true(decode_hex(1, UDP "000c 0000 41424344"));
    assert_int_equal(out.proto, PROTO_UDP);
    assert_int_equal(out.payload_len, 4);
    assert_true(decode_hex(1, UDP "000a 0000 41424344")); /* shorter than IP says */
    assert_int_equal(out.payload_len, 2);
    assert_true(decode_hex(1, UDP "0800 0000 41424344")); /* longer */
    assert_int_equal(out.payload_len, 4);
    assert_int_equal(out.payload_cap, 4);
    assert_true(decode_hex(1, UDP "0000 0000 41424344")); /* offload, jumbogram */
    assert_int_equal(out.payload_len, 4);
    assert_false(decode_hex(1, UDP "0007 0000 41424344"));
    assert_string_equal(counted(), "packet_malformed");
}

/* RFC 8200 4.4, RFC 8754 2: while segments are left, the party is the last address. */
static void ipv6_routing_gives_the_last_address(void **state)
{
    (void)state;
#define SIX "60000000 00%s 2b 40 20010db8000000000000000000000001 20010db8000000000000000000000099"
#define TCP "d431 01bb 00000001 00000002 5018 0400 0000 0000"
    static const struct {
        const char *header;
        uint8_t last;
    } row[] = {
        { "06 02 04 01 01000000 20010db8000000000000000000000007", 0x07 }, /* segment routing, one left */
        { "06 04 00 02 00000000 20010db8000000000000000000000008 20010db8000000000000000000000009", 0x09 },
        { "06 02 02 01 00000000 20010db800000000000000000000000a", 0x0a }, /* mobile IPv6 */
        { "06 02 04 00 01000000 20010db8000000000000000000000007", 0x99 }, /* arrived */
        { "06 02 63 01 01000000 20010db8000000000000000000000007", 0x99 }, /* a type nobody knows */
    };
    for (unsigned i = 0; i < 5; i++) {
        char hex[512];
        (void)snprintf(hex, sizeof hex, SIX "%s" TCP, i == 1 ? "3c" : "2c", row[i].header);
        assert_true(decode_hex(229, hex));
        assert_int_equal(out.dst[15], row[i].last);
    }
}

#define PARTIES "20010db8000000000000000000000001 20010db8000000000000000000000002"

static void jumbograms_and_offload(void **state)
{
    (void)state;
    assert_true(decode_hex(229, "60000000 0000 06 40" PARTIES TCP "4142"));
    assert_int_equal(out.payload_len, 2);
    assert_true(decode_hex(229, "60000000 0000 00 40" PARTIES "06 00 c204 00010016" TCP "4142"));
    assert_int_equal(out.payload_len, 2);
}

/* ---- fragments ---- */

/* The packet at 14 of the frame in 16-byte fragments; order: bit 0 reversed, bit 1 padded to 60 bytes, bit 2 twice. */
static bool fragments(const uint8_t *frame, unsigned how)
{
    struct inner in = w_inner(frame, FRAME_LEN);
    size_t n = in.ip_len - 20, count = (n + 15) / 16;
    bool got = false;
    for (size_t i = 0; i < count * (how & 4 ? 2 : 1); i++) {
        size_t turn = how & 4 ? i / 2 : i, at = (how & 1 ? count - 1 - turn : turn) * 16, len = n - at < 16 ? n - at : 16;
        w.n = 0;
        w_mem(&w, frame, 34);
        w_mem(&w, in.ip + 20 + at, len);
        w.b[14 + 3] = (uint8_t)(20 + len);
        w.b[14 + 6] = at + len < n ? 0x20 : 0;
        w.b[14 + 7] = (uint8_t)(at / 8);
        if (how & 2)
            w_mem(&w, "padding padding padding padding padding ", 60 - 34 - len > 40 ? 40 : 60 - 34 - len);
        if (decode_whole(1, w.b, w.n)) {
            assert_false(got);
            got = true;
            assert_sample(&wraps[0], 0, PAYLOAD_LEN);
            assert_true(out.fragmented);
            assert_int_equal(w_be16(out.ip + 2), out.ip_cap);
            assert_int_equal(w_be16(out.ip + 6), 0);
        }
    }
    return got;
}

static void ipv4_fragments(void **state)
{
    (void)state;
    for (unsigned how = 0; how < 8; how++) {
        (void)teardown(NULL);
        (void)setup(NULL);
        assert_true(fragments(sample(0), how));
        decode_finish(d);
        assert_string_equal(counted(), how & 4 ? "frag_duplicate frag_reassembled" : "frag_reassembled");
    }
}

static void ipv6_fragments(void **state)
{
    (void)state;
    static struct wbuf six;
    six.n = 0;
    size_t tcp = w_as_ipv6(&six, w_inner(sample(0), FRAME_LEN), w_documentation) - 40;
    bool got = false;
    for (size_t at = 0; at < tcp; at += 24) {
        size_t len = tcp - at < 24 ? tcp - at : 24;
        w.n = 0;
        w_mem(&w, six.b, 4);
        w16(&w, (unsigned)len + 16);
        w8(&w, 60);
        w_mem(&w, six.b + 7, 33);
        w_mem(&w, "\x2c\0\1\4\0\0\0\0\6\0", 10);
        w16(&w, (unsigned)at | (at + len < tcp));
        w32(&w, 77);
        w_mem(&w, six.b + 40 + at, len);
        assert_false(got);
        got = decode_whole(229, w.b, w.n);
    }
    assert_true(got);
    const struct wrap *k = wraps;
    while (k->addresses != AS_IPV6)
        k++;
    assert_sample(k, 0, PAYLOAD_LEN);
    assert_memory_equal(out.ip + 40, six.b + 40, tcp); /* the header in front of it is a plain one */
    assert_int_equal(out.ip[6], 6);
    assert_int_equal(w_be16(out.ip + 4), tcp);
}

/* Fragments of a tunnel's packets, with fragments inside: twice put together. */
static void fragments_in_fragments(void **state)
{
    (void)state;
    const uint8_t *frame = sample(0);
    struct inner in = w_inner(frame, FRAME_LEN);
    size_t n = in.ip_len - 20;
    bool got = false;
    for (size_t at = 0; at < n; at += 48) {
        size_t len = n - at < 48 ? n - at : 48, total = 20 + len;
        uint8_t inner[128], outer[64];
        memcpy(inner, in.ip, 20);
        memcpy(inner + 20, in.ip + 20 + at, len);
        inner[3] = (uint8_t)total;
        inner[6] = at + len < n ? 0x20 : 0;
        inner[7] = (uint8_t)(at / 8);
        for (size_t cut = 0; cut < total; cut += 32) {
            size_t part = total - cut < 32 ? total - cut : 32;
            (void)unhex("4500 0000 0000 0000 40040000 0a000001 0a000002", outer, sizeof outer);
            outer[3] = (uint8_t)(20 + part);
            outer[5] = (uint8_t)at;
            outer[6] = cut + part < total ? 0x20 : 0;
            outer[7] = (uint8_t)(cut / 8);
            memcpy(outer + 20, inner + cut, part);
            assert_false(got);
            got = decode_whole(12, outer, 20 + part);
        }
    }
    assert_true(got);
    assert_addresses(&wraps[0], 0);
    assert_int_equal(out.payload_len, PAYLOAD_LEN);
    assert_memory_equal(out.payload, PAYLOAD, PAYLOAD_LEN);
    assert_true(out.fragmented);
}

/* CAPWAP has fragments of its own. */
static void capwap_fragments(void **state)
{
    (void)state;
    static struct wbuf f;
    const struct wrap *k = wraps;
    while (strcmp(k->name, "capwap"))
        k++;
    wrap_sample(k, 0);
    f = w;
    const uint8_t *body = f.b + 14 + 28 + 8;
    size_t n = f.n - (14 + 28 + 8);
    bool got = false;
    for (size_t at = 0; at < n; at += 64) {
        size_t len = n - at < 64 ? n - at : 64;
        w.n = 0;
        w_udp(&w, 0, 50000, 5247, len + 8);
        w32(&w, at + len < n ? 0x00100380 : 0x001003c0);
        w16(&w, 99);
        w16(&w, (unsigned)at);
        w_mem(&w, body + at, len);
        assert_false(got);
        got = decode_whole(1, w.b, w.n);
    }
    assert_true(got);
    assert_sample(k, 0, PAYLOAD_LEN);
}

/* ---- what a port does not prove ---- */

static void udp_on_a_port_of_a_tunnel(void **state)
{
    (void)state;
    static const unsigned ports[] = { 4789, 8472, 4790, 8888, 9999, 6081, 2152, 3544, 1701, 37008, 5247, 6635, 4754 };
    static const char *const payload[] = {
        "",
        "00",
        "0123456789abcdef",
        "c300000001088394c8f03e5157080000449e00000002", /* QUIC (RFC 9001 A.2) */
        "40 11223344556677889900aabbccddeeff0011223344556677", /* QUIC, short header */
        "beef 0100 0001 0000 0000 0000 07 6578616d706c65 03 636f6d 00 0001 0001", /* DNS */
        "16 fefd 0000 0000 0000 0000 0005 0100 0000 00", /* DTLS */
        "08000000 001b5800 020000000002 020000000001 0800 00000000", /* VXLAN with nonsense inside */
        "30ff0010 00001111 00000000000000000000000000000000",
        /* CAPWAP: a keep-alive, DTLS, a short header */
        "00 10 0208 0000 0000 aaaa03000000 0800 45000014 00000000 40000000 c0000201 c0000202",
        "01 10 0200 0000 0000 aaaa03000000 0800 45000014",
        "00 08 0200 0000 0000 aaaa03000000 0800 45000014",
        "60000000 0004 06 40 00000000000000000000000000000001 00000000000000000000000000000002 41424344",
    };
    for (unsigned i = 0; i < sizeof ports / sizeof *ports; i++) {
        for (unsigned j = 0; j < sizeof payload / sizeof *payload; j++) {
            uint8_t b[256];
            size_t n = unhex(payload[j], b, sizeof b);
            for (unsigned dir = 0; dir < 2; dir++) {
                w.n = 0;
                w_udp(&w, dir, dir ? ports[i] : 50000, dir ? 50000 : ports[i], n);
                w_mem(&w, b, n);
                if (!decode_whole(1, w.b, w.n))
                    fail_msg("port %u payload %u: %s", ports[i], j, counted());
                assert_int_equal(out.proto, PROTO_UDP);
                assert_int_equal(out.sport, dir ? ports[i] : 50000);
                assert_int_equal(out.payload_len, n);
                assert_memory_equal(out.payload, b, n);
                assert_int_equal(out.ids.kinds, 0);
                assert_int_equal(out.addr_len, 4);
                assert_memory_equal(out.src, dir ? "\xc0\0\2\2" : "\xc0\0\2\1", 4);
            }
        }
    }
    assert_string_equal(counted(), "");
}

static void further_vxlan_ports(void **state)
{
    (void)state;
    const struct wrap *k = wraps;
    while (strcmp(k->name, "vxlan"))
        k++;
    static const unsigned ports[] = { 8888, 9999, 7777 };
    for (unsigned i = 0; i < 3; i++) {
        wrap_sample(k, 0);
        w.b[36] = (uint8_t)(ports[i] >> 8);
        w.b[37] = (uint8_t)ports[i];
        assert_true(decode_whole(1, w.b, w.n));
        assert_int_equal(out.proto, i < 2 ? PROTO_TCP : PROTO_UDP);
    }
}

/* ---- EAPOL, aggregates, ends ---- */

static void eapol(void **state)
{
    (void)state;
#define THREE "020000000001 020000000002 020000000003 "
#define EAP "0100 0005 01 2a 0005 01" /* EAP request, identity */
    static const struct {
        int dlt;
        const char *hex;
        const char *src, *dst;
    } row[] = {
        { 1, "0180c2000003 020000000001 888e" EAP, "\2\0\0\0\0\1", "\1\x80\xc2\0\0\3" },
        { 1, "0180c2000003 020000000001 888e" EAP "00000000000000000000", "\2\0\0\0\0\1", "\1\x80\xc2\0\0\3" },
        { 1, "0180c2000003 020000000001 8100 0064 888e" EAP, "\2\0\0\0\0\1", "\1\x80\xc2\0\0\3" },
        { 113, "0000 0001 0006 020000000001 0000 888e" EAP, "\2\0\0\0\0\1", "\0\0\0\0\0\0" },
        { 105, "0802 0000" THREE "0000 aaaa03000000 888e" EAP, "\2\0\0\0\0\3", "\2\0\0\0\0\1" },
        { 105, "0801 0000" THREE "0000 aaaa03000000 888e" EAP, "\2\0\0\0\0\2", "\2\0\0\0\0\3" },
    };
    for (unsigned i = 0; i < sizeof row / sizeof *row; i++) {
        assert_true(decode_hex(row[i].dlt, row[i].hex));
        assert_int_equal(out.proto, PROTO_EAPOL);
        assert_int_equal(out.addr_len, 6);
        assert_memory_equal(out.src, row[i].src, 6);
        assert_memory_equal(out.dst, row[i].dst, 6);
        assert_int_equal(out.payload_len, 9);
        assert_memory_equal(out.payload, "\1\0\0\5\1\x2a\0\5\1", 9);
        assert_null(out.ip);
        assert_int_equal(out.sport | out.dport, 0);
    }
}

static void aggregates_give_every_packet(void **state)
{
    (void)state;
    const struct wrap *k = wraps;
    while (strcmp(k->name, "amsdu"))
        k++;
    wrap_sample(k, 0);
    size_t first = 26 + 52, sub = w.n - first;
    while (w.n % 4 != first % 4)
        w8(&w, 0);
    uint8_t copy[256];
    memcpy(copy, w.b + first, sub);
    w_mem(&w, copy, sub);
    assert_true(decode_whole(105, w.b, w.n));
    assert_sample(k, 0, PAYLOAD_LEN);
    const uint8_t *at = out.payload;
    assert_true(out.fleeting);
    out.fleeting = false;
    assert_true(decode_next(d, &out));
    assert_sample(k, 0, PAYLOAD_LEN);
    assert_true(out.payload > at);
    assert_true(out.fleeting); /* wherever the frame lay */
    assert_false(decode_next(d, &out));
    assert_true(decode_whole(1, sample(0), FRAME_LEN));
    assert_false(decode_next(d, &out));
}

static void packets_that_are_nothing_for_us_are_counted(void **state)
{
    (void)state;
    static const struct {
        int dlt;
        const char *hex, *counted;
    } row[] = {
        { 1, "ffffffffffff 020000000001 0806 0001080006040001", "link_other" },
        { 1, "0180c2000000 020000000001 0026 4242030000000000", "link_other" },
        { 1, "0180c2000000 020000000001 0008 4242030000000000", "link_other" },
        { 1, "ffffffffffff 020000000001 1234 0001080006040001", "link_unknown" },
        { 1, "ffffffffffff 020000000001 05fe 0001080006040001", "link_unknown" },
        { 9999, "00", "link_unknown" },
        { -1, "00", "link_unknown" },
        { 1, ETH "4500 001c 0000 0000 40010000" ADDR "0800 0000 0000 0000", "ip_unknown" },
        { 1, ETH "4500 001c 0000 0000 40320000" ADDR "0000 0001 0000 0001", "packet_encrypted" },
        { 1, "ffffffffffff 020000000001 88e5 2c00 00000001 0000000000000000 1122334455667788", "packet_encrypted" },
        { 105, "0842 0000" THREE "0000 0000002000000000 1122334455667788", "packet_encrypted" },
        { 105, "8000 0000 ffffffffffff 020000000002 020000000003 0000 0000", "link_other" },
        { 105, "0802 0000" THREE "0100 1122334455667788", "frag_incomplete" },
        { 1, "ffffffffffff 020000000001 8864 1100 0001 000a c021 0101000a", "link_other" },
        { 9, "ff03 00fd 9000 1122334455", "packet_encrypted" },
        { 0, "07000000 4500", "link_unknown" },
        { 12, "45000028", "packet_malformed" }, /* ends there, but was not cut */
        { 12, "00", "packet_malformed" },
        { 12, "", "packet_malformed" },
        { 219, "003e8140 4500 0014", "packet_malformed" }, /* MPLS: neither IP, though it begins so, nor Ethernet */
        { 219, "003e8140 6000 0014", "packet_malformed" },
        { 219, "003e8140 5000 0014", "link_unknown" },
        { 219, "003e8140 1000 0007", "link_other" },
        { 119, "44000000 07000000", "packet_malformed" }, /* Prism and AVS headers shorter than they are */
        { 119, "44000000 08000000 8000 0000 ffffffffffff 020000000002 020000000003 0000 0000", "link_other" },
        { 163, "80211001 00000007 8000 0000 ffffffffffff 020000000002 020000000003 0000 0000", "packet_malformed" },
    };
    for (unsigned i = 0; i < sizeof row / sizeof *row; i++) {
        assert_false(decode_hex(row[i].dlt, row[i].hex));
        const char *c = counted();
        if (strcmp(c, row[i].counted))
            fail_msg("row %u: counted '%s', not '%s'", i, c, row[i].counted);
    }
}

static void tunnels_end(void **state)
{
    (void)state;
    for (unsigned depth = 1; depth < 40; depth++) {
        w.n = 0;
        for (unsigned i = 0; i < depth; i++)
            w_ipv4(&w, 0, 4, FRAME_LEN - 14 + 20 * (size_t)(depth - 1 - i));
        w_mem(&w, sample(0) + 14, FRAME_LEN - 14);
        bool ok = decode_whole(12, w.b, w.n);
        assert_int_equal(ok, depth + 3 <= LIMIT_LAYERS); /* raw IP, depth + 1 of IPv4, TCP */
        assert_string_equal(counted(), ok ? "" : "layers_deep");
    }
}

/* DLT_NULL: every family that means IPv6 somewhere, in both byte orders. */
static void families_of_bsd_loopback(void **state)
{
    (void)state;
    static const uint8_t family[] = { 10, 23, 24, 26, 28, 30 };
    for (unsigned i = 0; i < sizeof family; i++) {
        for (unsigned big = 0; big < 2; big++) {
            w.n = 0;
            if (big)
                w32(&w, family[i]);
            else
                wl32(&w, family[i]);
            (void)w_as_ipv6(&w, w_inner(sample(0), FRAME_LEN), w_documentation);
            assert_true(decode_whole(0, w.b, w.n));
            assert_int_equal(out.addr_len, 16);
        }
    }
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(every_encapsulation), T(every_snap_length), T(every_prefix), T(trailers_do_not_enter), T(plain_frames_are_as_walked), T(damaged_headers),
        T(ipv4_lengths), T(tcp_data_offset), T(udp_lengths), T(ipv6_routing_gives_the_last_address),
        T(jumbograms_and_offload), T(ipv4_fragments), T(ipv6_fragments), T(fragments_in_fragments), T(capwap_fragments),
        T(udp_on_a_port_of_a_tunnel), T(further_vxlan_ports), T(eapol), T(aggregates_give_every_packet),
        T(packets_that_are_nothing_for_us_are_counted), T(tunnels_end), T(families_of_bsd_loopback),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
