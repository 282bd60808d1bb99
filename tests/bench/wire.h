/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wire - what the generator of workloads writes with: repeatable random numbers, a buffer of bytes in network order, Ethernet
 * frames with right checksums into a pcap file. Included once.
 */
#ifndef TESTS_BENCH_WIRE_H
#define TESTS_BENCH_WIRE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- random numbers: the same for the same seed, on any machine ---- */

/* One number of the sequence that x names (the finalizer of splitmix64). */
static inline uint64_t mix64(uint64_t x)
{
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static inline uint64_t rng_next(uint64_t *state)
{
    return mix64((*state)++);
}

static inline uint32_t rng_below(uint64_t *state, uint32_t n)
{
    return (uint32_t)((rng_next(state) >> 32) * n >> 32);
}

/* ---- bytes ---- */

enum { BYTES_MAX = 1 << 16 };
struct bytes {
    uint8_t p[BYTES_MAX];
    size_t n;
};

static inline void put(struct bytes *b, const void *from, size_t n)
{
    if (n > BYTES_MAX - b->n)
        abort();
    memcpy(b->p + b->n, from, n);
    b->n += n;
}

static inline void put8(struct bytes *b, unsigned v)
{
    uint8_t byte = (uint8_t)v;
    put(b, &byte, 1);
}

static inline void put16(struct bytes *b, unsigned v)
{
    put8(b, v >> 8);
    put8(b, v);
}

static inline void put32(struct bytes *b, uint32_t v)
{
    put16(b, v >> 16);
    put16(b, v & 0xffff);
}

static inline void put_random(struct bytes *b, size_t n, uint64_t seed)
{
    for (uint64_t v; n; n -= n < 8 ? n : 8) {
        v = rng_next(&seed);
        put(b, &v, n < 8 ? n : 8);
    }
}

/* A length of so many bytes, filled in by put_end when what follows is written. */
static inline size_t put_begin(struct bytes *b, unsigned width)
{
    static const uint8_t zero[4];
    put(b, zero, width);
    return b->n;
}

static inline void put_end(struct bytes *b, size_t begin, unsigned width)
{
    size_t n = b->n - begin;
    for (unsigned i = 1; i <= width; i++, n >>= 8)
        b->p[begin - i] = (uint8_t)n;
}

/* ---- frames ---- */

struct endpoint {
    uint8_t addr[16];
    uint8_t addr_len; /* 4 or 16 */
    uint16_t port;
};

enum { FLAG_FIN = 1, FLAG_SYN = 2, FLAG_RST = 4, FLAG_PSH = 8, FLAG_ACK = 16 };

struct segment {
    const struct endpoint *from, *to;
    uint32_t seq, ack;
    unsigned flags;
    const uint8_t *data; /* none for a pure ACK */
    size_t n;
};

struct pcap_out {
    FILE *f;
    int64_t ts_us;
    uint64_t packets, bytes; /* bytes: of the file */
    uint16_t ip_id;
};

static inline uint32_t sum16(const uint8_t *p, size_t n, uint32_t sum)
{
    for (; n > 1; p += 2, n -= 2)
        sum += (uint32_t)p[0] << 8 | p[1];
    return n ? sum + ((uint32_t)p[0] << 8) : sum;
}

static inline uint16_t sum_end(uint32_t sum)
{
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

static inline void at16(uint8_t *p, unsigned v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static inline void at32(uint8_t *p, uint32_t v)
{
    at16(p, v >> 16);
    at16(p + 2, v & 0xffff);
}

static inline void pcap_begin(struct pcap_out *o)
{
    static const uint32_t head[6] = { 0xa1b2c3d4, 0x00040002, 0, 0, 262144, 1 };
    o->bytes += fwrite(head, 1, sizeof head, o->f);
}

static inline void pcap_frame(struct pcap_out *o, const uint8_t *frame, uint32_t n)
{
    uint32_t head[4] = { (uint32_t)(o->ts_us / 1000000), (uint32_t)(o->ts_us % 1000000), n, n };
    o->bytes += fwrite(head, 1, sizeof head, o->f) + fwrite(frame, 1, n, o->f);
    o->packets++;
}

/* Ethernet and IP around a payload of proto; returns the frame's length. The payload is at frame + 14 + 20 or 40. */
static inline uint32_t ip_header(struct pcap_out *o, uint8_t *frame, const struct segment *s, uint8_t proto, uint32_t n)
{
    bool v4 = s->from->addr_len == 4;
    uint8_t *ip = frame + 14;
    memset(frame, 0, 14 + 40);
    frame[0] = frame[6] = 2;
    memcpy(frame + 2, s->to->addr, 4);
    memcpy(frame + 8, s->from->addr, 4);
    at16(frame + 12, v4 ? 0x0800 : 0x86dd);
    if (v4) {
        ip[0] = 0x45;
        at16(ip + 2, 20 + n);
        at16(ip + 4, o->ip_id++);
        at16(ip + 6, 0x4000);
        ip[8] = 64;
        ip[9] = proto;
        memcpy(ip + 12, s->from->addr, 4);
        memcpy(ip + 16, s->to->addr, 4);
        at16(ip + 10, sum_end(sum16(ip, 20, 0)));
        return 14 + 20 + n;
    }
    ip[0] = 0x60;
    at16(ip + 4, n);
    ip[6] = proto;
    ip[7] = 64;
    memcpy(ip + 8, s->from->addr, 16);
    memcpy(ip + 24, s->to->addr, 16);
    return 14 + 40 + n;
}

static inline uint16_t transport_sum(const struct segment *s, unsigned proto, const uint8_t *p, size_t n)
{
    uint32_t sum = sum16(s->from->addr, s->from->addr_len, 0) + sum16(s->to->addr, s->to->addr_len, 0);
    return sum_end(sum16(p, n, sum + proto + (uint32_t)n));
}

static inline void pcap_tcp(struct pcap_out *o, const struct segment *s)
{
    static uint8_t frame[14 + 40 + 32 + 2048];
    static const uint8_t syn_options[12] = { 2, 4, 5, 0x78, 4, 2, 1, 3, 3, 7, 1, 1 };
    uint32_t options = s->flags & FLAG_SYN ? 12 : 0, n = (uint32_t)s->n;
    if (n > 2048)
        abort();
    uint32_t whole = ip_header(o, frame, s, 6, 20 + options + n);
    uint8_t *t = frame + whole - (20 + options + n);
    memset(t, 0, 20);
    at16(t, s->from->port);
    at16(t + 2, s->to->port);
    at32(t + 4, s->seq);
    at32(t + 8, s->ack);
    t[12] = (uint8_t)((20 + options) << 2);
    t[13] = (uint8_t)s->flags;
    at16(t + 14, 64000);
    memcpy(t + 20, syn_options, options);
    if (n)
        memcpy(t + 20 + options, s->data, n);
    at16(t + 16, transport_sum(s, 6, t, 20 + options + n));
    pcap_frame(o, frame, whole);
}

static inline void pcap_udp(struct pcap_out *o, const struct segment *s)
{
    static uint8_t frame[14 + 40 + 8 + 2048];
    uint32_t n = (uint32_t)s->n;
    if (n > 2048)
        abort();
    uint32_t whole = ip_header(o, frame, s, 17, 8 + n);
    uint8_t *u = frame + whole - (8 + n);
    at16(u, s->from->port);
    at16(u + 2, s->to->port);
    at16(u + 4, 8 + n);
    at16(u + 6, 0);
    memcpy(u + 8, s->data, n);
    at16(u + 6, transport_sum(s, 17, u, 8 + n));
    pcap_frame(o, frame, whole);
}

#endif
