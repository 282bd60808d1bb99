/* SPDX-License-Identifier: Apache-2.0 */
#include "dissect/rdpudp.h"

#include "base/limits.h"
#include "capture/stream.h"
#include "dissect/dtls.h"

#include <stdlib.h>

/* RDPUDP_FLAG_*, [MS-RDPEUDP] 2.2.2.1 */
enum { F_SYN = 0x0001, F_ACK = 0x0004, F_DATA = 0x0008, F_FEC = 0x0010, F_AOA = 0x0100, F_SYNLOSSY = 0x0200,
       F_CORRELATION = 0x0800, F_SYNEX = 0x1000 };
/* Header flags of version 3, [MS-RDPEUDP2] 2.2.1.1 */
enum { F2_ACK = 0x001, F2_DATA = 0x004, F2_ACKVEC = 0x008, F2_AOA = 0x010, F2_OVERHEAD = 0x040, F2_DELAYACK = 0x100 };
enum { VERSION_3 = 0x0101, PACKET_DUMMY = 8, MTU_MIN = 1132, MTU_MAX = 1232, PACKET_MAX = 2048, HELD = 8 };

/* A data packet that came before its turn. */
struct held {
    uint32_t seq;
    size_t n;
    uint8_t *bytes; /* NULL: free */
};

struct side {
    bool started; /* its SYN was seen */
    uint32_t next; /* sequence number that is due */
    struct held held[HELD];
};

struct rdpudp {
    struct tls_shared *shared;
    bool lossy, version3;
    struct tls *tls; /* reliable: a stream */
    void *dtls; /* lossy: the state of dtls_proto */
    struct side side[2];
    bool decided, taken;
    enum tls_end end;
};

struct syn {
    uint32_t acked, first; /* snSourceAck, snInitialSequenceNumber */
    uint16_t flags, version;
};

static bool read_syn(struct rd r, struct syn *s)
{
    if (rd_left(&r) < MTU_MIN || rd_left(&r) > MTU_MAX)
        return false; /* it is padded, to measure the path */
    s->acked = rd_u32(&r);
    rd_skip(&r, 2); /* receive window */
    s->flags = rd_u16(&r);
    s->first = rd_u32(&r);
    uint16_t up = rd_u16(&r), down = rd_u16(&r);
    if (s->flags & F_CORRELATION)
        rd_skip(&r, 32);
    s->version = 1;
    if (s->flags & F_SYNEX) {
        rd_skip(&r, 2);
        s->version = rd_u16(&r);
    }
    return rd_ok(&r) && (s->flags & F_SYN) && !(s->flags & (F_DATA | F_FEC)) && up >= MTU_MIN && up <= MTU_MAX &&
           down >= MTU_MIN && down <= MTU_MAX;
}

static bool rdpudp_looks_like(uint16_t sport, uint16_t dport, struct rd r)
{
    (void)sport;
    (void)dport;
    struct syn s;
    return rd_starts(&r, "\xff\xff\xff\xff", 4) && read_syn(r, &s) && !(s.flags & F_ACK);
}

/* ---- data packets: the sequence number and the bytes of the layer above. false: none in this datagram ---- */

static bool data_v1(struct rd r, uint32_t *seq, struct rd *data)
{
    rd_skip(&r, 6);
    uint16_t flags = rd_u16(&r);
    if (flags & F_ACK) {
        uint16_t elements = rd_u16(&r);
        rd_skip(&r, elements);
        rd_skip(&r, (0u - (2u + elements)) & 3); /* to a multiple of four */
    }
    if (flags & F_AOA)
        rd_skip(&r, 4);
    if (!(flags & F_DATA) || (flags & (F_FEC | F_SYN)))
        return false;
    rd_skip(&r, 4); /* snCoded */
    *seq = rd_u32(&r);
    *data = r;
    return rd_ok(&r);
}

static bool data_v3(struct rd wire, uint32_t *seq, struct rd *data, uint8_t buf[PACKET_MAX])
{
    size_t n = rd_left(&wire);
    if (n < 8 || n > PACKET_MAX)
        return false;
    memcpy(buf, wire.p, n); /* the first byte travels in the place of the eighth, [MS-RDPEUDP2] 2.2.1 */
    buf[0] = wire.p[7];
    buf[7] = wire.p[0];
    struct rd r = rd_of(buf, n);
    uint8_t prefix = rd_u8(&r);
    uint16_t flags = rd_le16(&r) & 0xfff;
    if ((prefix >> 1 & 0xf) == PACKET_DUMMY || !(flags & F2_DATA))
        return false;
    if (flags & F2_ACK) {
        rd_skip(&r, 6); /* sequence number, time stamp, gap */
        rd_skip(&r, rd_u8(&r) & 0xf); /* delayed acknowledgements */
    }
    rd_skip(&r, (flags & F2_OVERHEAD ? 1u : 0u) + (flags & F2_DELAYACK ? 3u : 0u) + (flags & F2_AOA ? 2u : 0u));
    rd_skip(&r, 2); /* of the packet: a retransmission has another */
    if (flags & F2_ACKVEC) {
        rd_skip(&r, 2);
        uint8_t size = rd_u8(&r);
        rd_skip(&r, (size & 0x7f) + (size & 0x80 ? 3u : 0u));
    }
    *seq = rd_le16(&r); /* of the channel: this is the order */
    *data = r;
    return rd_ok(&r);
}

/* ---- order ---- */

static void decide(struct rdpudp *s, enum tls_end end)
{
    if (s->decided)
        return;
    s->decided = true;
    s->end = end;
}

static void deliver(struct rdpudp *s, unsigned d, struct rd data, struct tls_when when)
{
    enum tls_verdict v = TLS_NOT;
    if (s->lossy && (s->dtls || (s->dtls = dtls_proto.open(s->shared))))
        v = dtls_proto.feed(s->dtls, d, data, when);
    if (!s->lossy && (s->tls || (s->tls = tls_new(s->shared, TLS_STREAM))))
        v = tls_bytes(s->tls, d, data, when);
    if (v != TLS_MORE)
        decide(s, TLS_END_DECIDED);
}

/* How far ahead of what is due; negative: it was had. */
static int32_t ahead(const struct rdpudp *s, uint32_t seq, uint32_t due)
{
    return s->version3 ? (int16_t)(uint16_t)(seq - due) : (int32_t)(seq - due);
}

static void held_free(struct rdpudp *s, struct held *h)
{
    if (!h->bytes)
        return;
    room_give(&s->shared->buffered, room_cost(h->n));
    free(h->bytes);
    h->bytes = NULL;
}

static void hold(struct rdpudp *s, struct side *side, uint32_t seq, struct rd data)
{
    struct held *room = NULL;
    size_t has = 0;
    for (int i = 0; i < HELD; i++) {
        if (side->held[i].bytes && side->held[i].seq == seq)
            return;
        if (!side->held[i].bytes)
            room = &side->held[i];
        else
            has += side->held[i].n;
    }
    size_t n = rd_left(&data);
    bool counted = room && room_take(&s->shared->buffered, has, room_cost(n));
    if (counted && !(room->bytes = malloc(n ? n : 1)))
        room_give(&s->shared->buffered, room_cost(n));
    if (!counted || !room->bytes) { /* what is missing will not come: end with what is known */
        decide(s, TLS_END_IDLE);
        return;
    }
    if (n)
        memcpy(room->bytes, data.p, n);
    room->n = n;
    room->seq = seq;
}

static void release(struct rdpudp *s, unsigned d, struct tls_when when)
{
    struct side *side = &s->side[d];
    for (int i = 0; i < HELD && !s->decided; i++) {
        struct held *h = &side->held[i];
        if (!h->bytes || h->seq != side->next)
            continue;
        side->next = s->version3 ? (uint16_t)(h->seq + 1) : h->seq + 1;
        deliver(s, d, rd_of(h->bytes, h->n), when);
        held_free(s, h);
        i = -1; /* the next may be anywhere */
    }
}

static void in_order(struct rdpudp *s, unsigned d, uint32_t seq, struct rd data, struct tls_when when)
{
    struct side *side = &s->side[d];
    int32_t by = ahead(s, seq, side->next);
    if (s->lossy) {
        deliver(s, d, data, when);
    } else if (by == 0) {
        side->next = s->version3 ? (uint16_t)(seq + 1) : seq + 1;
        deliver(s, d, data, when);
        release(s, d, when);
    } else if (by > 0) {
        hold(s, side, seq, data);
    }
}

/* ---- the row ---- */

static void rdpudp_free(void *state)
{
    struct rdpudp *s = state;
    if (!s)
        return;
    for (int i = 0; i < 2 * HELD; i++)
        held_free(s, &s->side[i / HELD].held[i % HELD]);
    tls_free(s->tls);
    dtls_proto.free(s->dtls);
    tls_give(s->shared, s, sizeof *s);
}

static void *rdpudp_open(struct tls_shared *shared)
{
    struct rdpudp *s = tls_take(shared, sizeof *s);
    if (s)
        *s = (struct rdpudp){ .shared = shared };
    return s;
}

static void take_syn(struct rdpudp *s, unsigned d, const struct syn *syn)
{
    struct side *side = &s->side[d];
    if (side->started)
        return;
    side->started = true;
    side->next = syn->first + 1;
    s->lossy = s->lossy || (syn->flags & F_SYNLOSSY);
    if ((syn->flags & F_ACK) && syn->version == VERSION_3) { /* the answer settles it; channels count from 1 */
        s->version3 = true;
        s->side[0].next = s->side[1].next = 1;
    }
}

static enum tls_verdict rdpudp_feed(void *state, unsigned d, struct rd datagram, struct tls_when when)
{
    struct rdpudp *s = state;
    uint8_t buf[PACKET_MAX];
    struct syn syn;
    struct rd data;
    uint32_t seq;
    if (s->decided)
        return TLS_DECIDED;
    if (!(s->side[0].started && s->side[1].started)) {
        if (read_syn(datagram, &syn))
            take_syn(s, d, &syn);
        return TLS_MORE;
    }
    if (s->version3 ? data_v3(datagram, &seq, &data, buf) : data_v1(datagram, &seq, &data))
        in_order(s, d, seq, data, when);
    return s->decided ? TLS_DECIDED : TLS_MORE;
}

static bool rdpudp_next_event(void *state, enum tls_end end, unsigned by, unsigned *client_side, struct tls_event *ev)
{
    struct rdpudp *s = state;
    if (s->dtls) {
        bool any = dtls_proto.next_event(s->dtls, end, by, client_side, ev);
        ev->upgrade = "rdpudp";
        return any;
    }
    if (s->taken || !s->tls || !tls_has_hello(s->tls) || (!s->decided && end == TLS_END_DECIDED))
        return false;
    s->taken = true;
    tls_fill_event(s->tls, s->decided ? s->end : end, by, ev);
    ev->upgrade = "rdpudp";
    *client_side = tls_client_side(s->tls);
    return true;
}

const struct datagram_proto rdpudp_proto = {
    .name = "rdpudp",
    .proto = PROTO_UDP,
    .transport = TRANSPORT_UDP,
    .many = false,
    .looks_like = rdpudp_looks_like,
    .open = rdpudp_open,
    .feed = rdpudp_feed,
    .next_event = rdpudp_next_event,
    .free = rdpudp_free,
};
