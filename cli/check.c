/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/check.h"

#include <stdlib.h>
#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

enum { RECENT = 4096, PAIRS = 65536, MIN_PACKETS = 100, MIN_PAIRS = 10 };
#define TWICE_NS INT64_C(50000000) /* a mirror's second copy comes within milliseconds; a retransmission takes longer */

struct check {
    uint64_t packets, cut, twice; /* of TCP and UDP */
    uint64_t recent[RECENT];
    int64_t recent_ns[RECENT];
    struct pair {
        uint64_t key;
        uint8_t sides, packets;
    } pair[PAIRS];
};

struct check *check_new(void)
{
    return calloc(1, sizeof(struct check));
}

void check_free(struct check *c)
{
    free(c);
}

/* The same packet again: everything equal but what a hop changes (TTL, the IP checksum, the link layer). The bytes before the
 * payload are the TCP options or window and checksum, or the UDP header: by them a retransmission or a second ACK differs. */
static void look_for_twice(struct check *c, const struct packet *p, const struct decoded *d)
{
    struct {
        uint8_t src[16], dst[16];
        uint32_t seq, ack, len;
        uint16_t sport, dport, id;
        uint8_t flags, proto;
    } k;
    memset(&k, 0, sizeof k);
    memcpy(k.src, d->src, d->addr_len);
    memcpy(k.dst, d->dst, d->addr_len);
    k.seq = d->seq;
    k.ack = d->ack;
    k.len = d->payload_len;
    k.sport = d->sport;
    k.dport = d->dport;
    k.id = d->addr_len == 4 && d->ip && d->ip_cap >= 6 ? (uint16_t)((unsigned)d->ip[4] << 8 | d->ip[5]) : (uint16_t)0;
    k.flags = d->tcp_flags;
    k.proto = d->proto;
    enum { BEFORE = 8, AFTER = 64 };
    uint64_t h = XXH3_64bits_withSeed(d->payload - BEFORE, BEFORE + (d->payload_cap < AFTER ? d->payload_cap : AFTER),
                                      XXH3_64bits(&k, sizeof k));
    unsigned i = h % RECENT;
    if (c->recent[i] == h && p->ts_ns - c->recent_ns[i] < TWICE_NS)
        c->twice++;
    c->recent[i] = h;
    c->recent_ns[i] = p->ts_ns;
}

static void look_for_sides(struct check *c, const struct decoded *d)
{
    uint64_t a = XXH3_64bits(d->src, d->addr_len) + d->sport, b = XXH3_64bits(d->dst, d->addr_len) + d->dport;
    uint64_t key = (a ^ b) | 1;
    struct pair *p = &c->pair[key % PAIRS];
    if (p->key != key) {
        if (p->key && p->packets >= 4)
            return; /* the sample is full here */
        *p = (struct pair){ .key = key };
    }
    p->sides |= a > b ? 1 : 2;
    if (p->packets < UINT8_MAX)
        p->packets++;
}

void check_packet(struct check *c, const struct packet *p, const struct decoded *d)
{
    if (d->proto != PROTO_TCP && d->proto != PROTO_UDP)
        return;
    c->packets++;
    c->cut += d->payload_cap < d->payload_len; /* by a capture, or by a mirror that sends short packets itself */
    look_for_twice(c, p, d);
    if (d->proto == PROTO_TCP && !(d->tcp_flags & TCP_SYN))
        look_for_sides(c, d);
}

static unsigned percent(uint64_t part, uint64_t whole)
{
    return whole ? (unsigned)(part * 100 / whole) : 0;
}

/* The sampled connections of which enough was seen to tell, and those of which one direction is missing. */
static uint64_t count_sides(const struct check *c, uint64_t *one)
{
    uint64_t pairs = 0;
    *one = 0;
    for (unsigned i = 0; i < PAIRS; i++) {
        if (c->pair[i].packets < 4)
            continue;
        pairs++;
        *one += c->pair[i].sides != 3;
    }
    return pairs;
}

enum check_result check_print(const struct check *c, const struct stats *s, int64_t seconds, FILE *out)
{
    uint64_t one, pairs = count_sides(c, &one), drops = s->drop_kernel + s->drop_interface;
    fprintf(out, "mirror check: %llu packets in %lld s, %llu of them TCP or UDP, %llu TCP connections looked at\n",
            (unsigned long long)s->packets, (long long)seconds, (unsigned long long)c->packets, (unsigned long long)pairs);
    if (c->packets < MIN_PACKETS && s->link_unknown < MIN_PACKETS) {
        fprintf(out, "  too little traffic to judge: is this the interface that the mirror is plugged into, "
                     "and is the mirror on?\n");
        return CHECK_NOTHING;
    }
    unsigned bad = 0;
    if (pairs >= MIN_PAIRS && percent(one, pairs) >= 20 && ++bad)
        fprintf(out, "  one-sided: of %u%% of the connections only one direction arrives; mirror both directions (rx and tx)\n",
                percent(one, pairs));
    if (percent(c->cut, c->packets) >= 1 && ++bad)
        fprintf(out, "  cut: %u%% of the packets are cut by a snap length; mirror whole packets\n", percent(c->cut, c->packets));
    if (percent(c->twice, c->packets) >= 5 && ++bad)
        fprintf(out, "  twice: %u%% of the packets are copies; mirror one port, or one direction of both (counts stay right, the "
                     "load doubles)\n", percent(c->twice, c->packets));
    if (drops && ++bad)
        fprintf(out, "  drops: %llu packets were dropped before they could be read; narrow --filter or use a faster machine\n",
                (unsigned long long)drops);
    if (percent(s->link_unknown, s->packets) >= 20 && ++bad)
        fprintf(out, "  undecodable: %u%% of the packets have a link layer or encapsulation that is not decoded\n",
                percent(s->link_unknown, s->packets));
    if (s->handshakes == 0 && ++bad)
        fprintf(out, "  no TLS: no handshake was observed in this time; wait longer, or mirror where TLS clients connect\n");
    if (bad)
        return CHECK_BAD;
    if (pairs < MIN_PAIRS) {
        fprintf(out, "  too few TCP connections to say whether both directions arrive: look for longer\n");
        return CHECK_NOTHING;
    }
    fprintf(out, "  good: both directions, whole packets, no copies, no drops; %llu TLS handshakes observed\n",
            (unsigned long long)s->handshakes);
    return CHECK_GOOD;
}
