/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conn - the cold half of a flow: what exists only while it may still show a handshake. Private to capture/.
 *
 * flow.c finds and evicts; tcp.c orders the bytes of one connection and hands them to the sink.
 */
#ifndef CAPTURE_CONN_H
#define CAPTURE_CONN_H

#include "capture/flow.h"
#include "capture/reasm.h"

enum { CONN_FIN_SEEN = 1, CONN_SEQ_KNOWN = 2, CONN_IMPATIENT = 4 /* waited in vain for what it acknowledges: not again */ };

struct conn {
    struct flow f; /* what the sink sees */
    struct reasm side[2];
    uint32_t fin_seq[2]; /* sequence number behind the last byte, with CONN_FIN_SEEN */
    uint32_t isn[2]; /* first sequence number used by that side's data, with CONN_SEQ_KNOWN */
    uint8_t state[2]; /* CONN_* */
    uint8_t looked; /* payload packets so far, up to what classify is shown */
    uint8_t closed_by; /* who sent the first FIN; SIDE_UNKNOWN */
    uint8_t spoke; /* who sent the latest payload that was delivered, */
    int64_t spoke_ns; /* and when */
    uint64_t tag; /* of its slot */
    uint32_t lru_prev, lru_next; /* indices of the list of open ones, oldest at the tail */
    uint32_t used; /* when it went to the head of that list, by the table's clock */
    uint64_t used_order; /* and the number of the packet that brought it there */
};

/* What becomes of a connection after a packet. */
enum conn_fate {
    CONN_KEEP,
    CONN_WATCH, /* the sink keeps nothing and wants to be asked about later segments */
    CONN_DECIDED, /* the sink knows all */
    CONN_CLOSED, /* over on the wire: the sink must still be told */
    CONN_RESET,
};

struct tcp_env { /* what tcp.c needs from the table */
    const struct stream_sink *sink;
    struct stats *stats;
    struct room room; /* of what is held out of order, by all connections of the table */
};

/* One segment of this connection, sent by side d. After any fate but CONN_KEEP its buffers are empty. */
enum conn_fate tcp_segment(struct tcp_env *env, struct conn *c, unsigned d, const struct decoded *seg);
/* A SYN-ACK on an open connection: does it answer the same SYN, with another sequence number (a balancer whose backends answer
 * in turn, a SYN cookie)? Then it counts, as long as that side has sent no data. */
bool tcp_syn_again(struct conn *c, unsigned d, const struct decoded *seg);
/* The connection ends: deliver what is still held, gaps and all. CONN_KEEP: the sink must still be told of the end. */
enum conn_fate tcp_flush(struct tcp_env *env, struct conn *c);

#endif
