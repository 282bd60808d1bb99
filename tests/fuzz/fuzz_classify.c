/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A few flows of arbitrary payloads to one new server endpoint, through nDPI and what is told by sight. Input: a byte that
 * picks IPv4 or IPv6 and TCP or UDP, a 2-byte server port, then packets: a byte (lowest bit: from the client; next three:
 * which flow), a 2-byte length, payload. nDPI itself is not instrumented: its crashes are found, its small overreads not.
 */
#include "dissect/classify.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct shape {
    bool v6, tcp;
    uint16_t port;
    uint32_t server;
};

static void put16(uint8_t *p, size_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

static void offer(struct classify *c, const struct shape *s, uint8_t what, struct rd payload, int64_t t)
{
    const bool from_client = what & 1;
    const size_t l3 = s->v6 ? 40 : 20, l4 = s->tcp ? 20 : 8, n = rd_left(&payload);
    const size_t addr = s->v6 ? 16 : 4, addrs = s->v6 ? 8 : 12; /* of each, of the first */
    const uint16_t cport = (uint16_t)(40000 + (what >> 1 & 7));
    uint8_t *ip = calloc(1, l3 + l4 + n); /* its end is the packet's end */
    if (!ip)
        return;
    ip[0] = s->v6 ? 0x60 : 0x45;
    put16(ip + (s->v6 ? 4 : 2), (s->v6 ? 0 : l3) + l4 + n);
    ip[s->v6 ? 6 : 9] = s->tcp ? PROTO_TCP : PROTO_UDP;
    memset(ip + addrs, 10, 2 * addr);
    memcpy(ip + addrs + (from_client ? addr : 0), &s->server, sizeof s->server);
    put16(ip + l3, from_client ? cport : s->port);
    put16(ip + l3 + 2, from_client ? s->port : cport);
    if (s->tcp)
        put16(ip + l3 + 12, 0x5018); /* header length; PSH, ACK */
    else
        put16(ip + l3 + 4, 8 + n);
    if (n)
        memcpy(ip + l3 + l4, payload.p, n);
    struct packet p = { .data = ip, .ts_ns = t * 1000000 };
    struct decoded d = { .src = ip + addrs, .dst = ip + addrs + addr, .addr_len = (uint8_t)addr,
                         .proto = s->tcp ? PROTO_TCP : PROTO_UDP, .sport = from_client ? cport : s->port,
                         .dport = from_client ? s->port : cport, .payload = ip + l3 + l4, .payload_cap = (uint32_t)n,
                         .payload_len = (uint32_t)n, .ip = ip, .ip_cap = (uint32_t)(l3 + l4 + n) };
    classify_packet(c, &p, &d, from_client);
    free(ip);
}

static void visit(void *ctx, const struct classify_entry *e)
{
    (void)ctx;
    assert(*e->service);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct classify *c; /* starting nDPI takes 10 ms: many inputs share one, each with a server of its own */
    static uint32_t inputs;
    struct rd r = rd_of(data, size);
    const uint8_t kind = rd_u8(&r);
    const struct shape s = { .v6 = kind & 1, .tcp = kind & 2, .port = rd_u16(&r), .server = ++inputs };
    if (inputs % 512 == 1) {
        classify_free(c);
        c = classify_new(1, NULL);
    }
    for (int64_t t = 1; c && t <= 40 && rd_left(&r) > 0; t++) {
        const uint8_t what = rd_u8(&r);
        size_t n = rd_u16(&r) & 2047;
        offer(c, &s, what, rd_sub(&r, n < rd_left(&r) ? n : rd_left(&r)), t);
    }
    if (c && size < 256)
        (void)classify_name(c, rd_of(data, size));
    if (c && inputs % 512 == 0)
        classify_each(c, visit, NULL);
    return 0;
}
