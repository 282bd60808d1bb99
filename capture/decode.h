/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decode - from a frame of a link type to the innermost TCP segment, UDP datagram or EAPOL frame.
 *
 * A loop over two tables: layers[] says how to read one header, routes[] which layer follows for a link type, ethertype,
 * IP protocol or UDP port. Adding an encapsulation is a file encap_x.c and a row in each. At most LIMIT_LAYERS headers.
 */
#ifndef CAPTURE_DECODE_H
#define CAPTURE_DECODE_H

#include "capture/frag.h"
#include "capture/packet.h"
#include "capture/stats.h"

struct decode; /* fragment tables and the configured ports; one per pipeline */

struct decode_options {
    uint16_t vxlan_port[8]; /* further VXLAN ports, 0-terminated; 4789 and 8472 always */
    uint32_t max_fragmented; /* datagrams of which fragments wait; 0: LIMIT_FRAG_DATAGRAMS, which is the most */
};

struct decode *decode_new(const struct decode_options *opt, uint64_t seed, struct stats *stats); /* NULL: out of memory */
void decode_free(struct decode *d);

/* True and *out filled: a TCP, UDP or EAPOL unit. False: nothing for us, counted in stats by reason (fragments that wait
 * for the rest are not a loss yet; packet_cut is for whoever reads the packets to count). *out borrows the frame; when it is
 * fleeting also memory of d until the next call. */
bool decode_packet(struct decode *d, int dlt, const struct packet *p, struct decoded *out);

/* The parties of a packet for which decode_packet needs nothing but the frame, and counts nothing: of nearly all. */
struct parties {
    const uint8_t *src, *dst; /* they borrow the frame */
    uint8_t addr_len;
};
bool decode_parties(int dlt, const struct packet *p, struct parties *out); /* false: decode it to know */

/* Some frames hold several packets (802.11 aggregates them): true and *out filled as long as there is another one in the
 * frame given last. Costs nothing where there is none. */
bool decode_next(struct decode *d, struct decoded *out);

/* What the packet given last held of a datagram that came in fragments of IP; of one in another, the inner one. */
struct decode_piece {
    struct frag_key key; /* which datagram */
    uint32_t offset; /* of the bytes in it */
    struct rd bytes;
    const uint8_t *whole; /* the datagram, when this was its last piece (into this *out points); else NULL */
};
/* To be asked once after each packet, or never. false: it held none. */
bool decode_take_piece(struct decode *d, struct decode_piece *out);

/* The end of input: what still waits for fragments is counted as incomplete. */
void decode_finish(struct decode *d);

#endif
