/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conversation - recorded TLS conversations as vectors for unit tests: the payload of the TCP connections of a small
 * capture, in captured order, without the program's own capture layers. Understands what pcaps/ has: Ethernet with IPv4 or
 * IPv6, no options that matter, segments in order (retransmitted bytes are dropped).
 */
#ifndef TESTS_UNIT_CONVERSATION_H
#define TESTS_UNIT_CONVERSATION_H

#include "tests/unit/test.h"
#include "dissect/tls.h"
#include "dissect/tls_state.h"

enum { MAX_SEGMENTS = 4000 };

struct segment {
    unsigned side; /* 0: who sent the first payload */
    const uint8_t *p;
    size_t n;
    int64_t ts_ns;
    uint64_t frame;
};

struct conversation {
    struct segment seg[MAX_SEGMENTS];
    size_t count;
    enum tls_end end;
    unsigned by;
    uint16_t port[2];
    uint32_t next[2]; /* sequence numbers */
    bool started[2];
};

/* A capture file in memory; the conversations point into it. */
struct recording {
    uint8_t *bytes;
    size_t size;
    struct conversation *conv;
    size_t count;
};

static inline uint32_t le32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline struct conversation *conversation_of(struct recording *r, uint16_t from, uint16_t to)
{
    for (size_t i = 0; i < r->count; i++) {
        struct conversation *c = &r->conv[i];
        if ((c->port[0] == from && c->port[1] == to) || (c->port[0] == to && c->port[1] == from))
            return c;
    }
    r->conv = realloc(r->conv, (r->count + 1) * sizeof *r->conv);
    assert_non_null(r->conv);
    struct conversation *c = &r->conv[r->count++];
    memset(c, 0, sizeof *c);
    c->port[0] = from;
    c->port[1] = to;
    c->end = TLS_END_INPUT;
    c->by = 2;
    return c;
}

static inline void conversation_tcp(struct recording *r, struct rd tcp, int64_t ts_ns, uint64_t frame)
{
    enum { FIN = 1, SYN = 2, RST = 4 };
    struct rd h = tcp;
    uint16_t from = rd_u16(&h), to = rd_u16(&h);
    uint32_t seq = rd_u32(&h);
    rd_skip(&h, 4);
    unsigned head = (rd_u8(&h) >> 4) * 4u, flags = rd_u8(&h);
    rd_skip(&tcp, head);
    struct conversation *c = conversation_of(r, from, to);
    unsigned d = c->port[0] != from;
    if (flags & SYN) {
        c->next[d] = seq + 1;
        c->started[d] = true;
        return;
    }
    size_t n = rd_left(&tcp);
    if (c->started[d] && n) {
        uint32_t old = c->next[d] - seq;
        if (old < n) {
            assert_true(c->count < MAX_SEGMENTS);
            c->seg[c->count++] = (struct segment){ d, tcp.p + old, n - old, ts_ns, frame };
            c->next[d] = seq + (uint32_t)n;
        }
    }
    if ((flags & (FIN | RST)) && c->end == TLS_END_INPUT) {
        c->end = flags & RST ? TLS_END_RST : TLS_END_FIN;
        c->by = d;
    }
}

static inline void conversation_frame(struct recording *r, struct rd f, int64_t ts_ns, uint64_t frame)
{
    rd_skip(&f, 12);
    uint16_t type = rd_u16(&f);
    struct rd ip = f;
    if (type == 0x0800) {
        unsigned head = (rd_u8(&ip) & 15u) * 4;
        rd_skip(&ip, 1);
        uint16_t total = rd_u16(&ip);
        rd_skip(&ip, 5);
        uint8_t proto = rd_u8(&ip);
        struct rd all = rd_sub(&f, total);
        rd_skip(&all, head);
        if (proto == 6 && rd_ok(&all))
            conversation_tcp(r, all, ts_ns, frame);
    } else if (type == 0x86dd) {
        rd_skip(&ip, 4);
        uint16_t length = rd_u16(&ip);
        uint8_t next = rd_u8(&ip);
        rd_skip(&ip, 33);
        struct rd all = rd_sub(&ip, length);
        if (next == 6 && rd_ok(&all))
            conversation_tcp(r, all, ts_ns, frame);
    }
}

/* The order of a conversation's sides follows its first payload. */
static inline void conversation_orient(struct conversation *c)
{
    unsigned first = c->count ? c->seg[0].side : 0;
    for (size_t i = 0; i < c->count; i++)
        c->seg[i].side ^= first;
    if (c->by < 2)
        c->by ^= first;
}

static inline void recording_free(struct recording *r)
{
    free(r->bytes);
    free(r->conv);
}

/* false: not a capture this reader understands; nothing to free. */
static inline bool recording_load(const char *path, struct recording *r)
{
    enum { MAX = 1 << 20 };
    *r = (struct recording){ 0 };
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    r->bytes = malloc(MAX);
    assert_non_null(r->bytes);
    r->size = fread(r->bytes, 1, MAX, f);
    (void)fclose(f);
    if (r->size < 24 || r->size == MAX || le32(r->bytes) != 0xa1b2c3d4 || le32(r->bytes + 20) != 1) {
        recording_free(r);
        return false;
    }
    struct rd all = rd_of(r->bytes + 24, r->size - 24);
    for (uint64_t frame = 1; rd_left(&all) >= 16; frame++) {
        uint32_t sec = rd_le32(&all), usec = rd_le32(&all), caplen = rd_le32(&all);
        rd_skip(&all, 4);
        conversation_frame(r, rd_sub(&all, caplen), ((int64_t)sec * 1000000 + usec) * 1000, frame);
    }
    for (size_t i = 0; i < r->count; i++)
        conversation_orient(&r->conv[i]);
    return true;
}

#endif
