/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stream - the seam between capture/ and dissect/: in-order bytes of one direction of one flow.
 *
 * In-order bytes point into the packet (zero copy); late segments were copied, capped. The sink keeps its state of a flow
 * in flow->user and frees it before it answers STREAM_DONE or STREAM_WATCH, or in end(). Exactly one of these ends each
 * flow that was opened by a call of bytes(), gap() or datagram().
 */
#ifndef CAPTURE_STREAM_H
#define CAPTURE_STREAM_H

#include "base/addr.h"
#include "base/rd.h"
#include "capture/packet.h"

enum { SIDE_UNKNOWN = 2 };

/* A connection (TCP), or the datagrams between two endpoints (UDP), while it may still show a handshake. */
struct flow {
    struct endpoint side[2]; /* innermost addresses; "direction d" means sent by side[d] */
    uint8_t proto; /* PROTO_TCP, PROTO_UDP, PROTO_EAPOL */
    uint8_t initiator; /* 0, 1: who sent the SYN (or got the SYN-ACK; UDP: who sent the first datagram seen); SIDE_UNKNOWN */
    bool midstream; /* its beginning (SYN-ACK) was not captured */
    bool has_gap; /* bytes were missing in some direction so far */
    bool cut; /* the snap length cut payload of this flow */
    bool seen[2]; /* a packet sent by that side was captured */
    bool data[2]; /* payload sent by that side was captured */
    bool closed[2]; /* that side has sent its FIN, and all before it was delivered */
    bool unseen_data[2]; /* the other side acknowledged payload of this side which was never captured */
    struct encap_ids ids; /* of the packet that opened it */
    int64_t first_ns, now_ns; /* packet times: of the first packet, of the packet being delivered */
    uint64_t frame; /* and its number, in */
    uint32_t input; /* this input */
    void *user; /* the sink's own, NULL at first */
};

enum stream_verdict {
    STREAM_MORE, /* go on delivering */
    STREAM_WATCH, /* nothing yet and no state kept: ask peek() about a few more segments, then forget the flow */
    STREAM_DONE, /* all is known: free everything, skip the rest of this flow at the cost of one lookup */
};

enum end_reason {
    END_FIN, /* both directions closed */
    END_RST,
    END_IDLE, /* no packet for LIMIT_IDLE_SECONDS */
    END_INPUT, /* the capture ended first */
    END_REUSED, /* a new connection with the same addresses and ports */
    END_EVICTED, /* a table was full */
};

enum peek_at {
    PEEK_START, /* the first payload of a connection whose beginning was seen; every datagram of an unknown pair */
    PEEK_JOIN, /* the first payload seen of a connection that was joined midway */
    PEEK_WATCH, /* a later segment of a flow that answered no before, or STREAM_WATCH; a datagram of a flow that ended before */
};

struct stream_sink {
    void *ctx;
    /* Hot: asked before any state exists for a flow, about the payload of one segment or datagram: could a handshake, or a
     * dialogue that leads to one, begin with these bytes? Keeps no state of the flow. */
    bool (*peek)(void *ctx, uint8_t proto, uint16_t sport, uint16_t dport, enum peek_at at, struct rd payload);
    enum stream_verdict (*bytes)(void *ctx, struct flow *f, unsigned d, struct rd b);
    /* missing bytes of direction d are lost for good: dropped by the capture, or cut off by the snap length (f->cut) */
    enum stream_verdict (*gap)(void *ctx, struct flow *f, unsigned d, uint32_t missing);
    enum stream_verdict (*datagram)(void *ctx, struct flow *f, unsigned d, struct rd b); /* UDP payload, EAPOL frame */
    /* Is what the sink keeps of open flows nearly as much as it may be? Then the flows idle longest end (END_EVICTED), so that a
     * new one always finds room. NULL: it never is. */
    bool (*full)(void *ctx);
    /* by: the side that sent the RST, or the first FIN; SIDE_UNKNOWN where there is none */
    void (*end)(void *ctx, struct flow *f, enum end_reason why, unsigned by);
};

#endif
