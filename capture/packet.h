/* SPDX-License-Identifier: Apache-2.0 */
/*
 * packet - a captured frame, and what decoding makes of it. Plain values passed down the pipeline; everything points into
 * the frame and is valid as long as the batch it was read with, or (fleeting) into decode's own memory, until the next call
 * of decode.
 */
#ifndef CAPTURE_PACKET_H
#define CAPTURE_PACKET_H

#include <stdbool.h>
#include <stdint.h>

struct packet {
    const uint8_t *data;
    uint32_t caplen; /* bytes present */
    uint32_t len; /* bytes there were on the wire, >= caplen */
    int64_t ts_ns; /* UTC, nanoseconds since 1970 */
    uint64_t frame; /* 1-based number within its input */
    uint32_t input; /* which input it came from, as the report knows it */
};

/* What wraps the innermost packet. A bit per kind, in the order of the corpus's and the report's names. */
enum encap {
    ENCAP_VLAN = 1 << 0, ENCAP_QINQ = 1 << 1, ENCAP_MPLS = 1 << 2, ENCAP_PPPOE = 1 << 3, ENCAP_PPP = 1 << 4,
    ENCAP_GRE = 1 << 5, ENCAP_ERSPAN = 1 << 6, ENCAP_VXLAN = 1 << 7, ENCAP_GENEVE = 1 << 8, ENCAP_GTP = 1 << 9,
    ENCAP_IPIP = 1 << 10, ENCAP_TEREDO = 1 << 11, ENCAP_L2TP = 1 << 12, ENCAP_TZSP = 1 << 13, ENCAP_CAPWAP = 1 << 14,
    ENCAP_WLAN = 1 << 15, ENCAP_NSH = 1 << 16, ENCAP_PBB = 1 << 17, ENCAP_CMD = 1 << 18, ENCAP_VNTAG = 1 << 19,
};

struct encap_ids {
    uint32_t kinds; /* enum encap bits */
    uint32_t outer, inner; /* outermost and innermost tenant id (VLAN, VNI, MPLS label, GRE key, session); 0 = none */
    uint16_t vlan; /* innermost VLAN id, 0 = none */
    uint16_t pad;
    uint32_t vni; /* innermost VNI (VXLAN, GENEVE, NVGRE), 0 = none */
};

enum { TCP_FIN = 1, TCP_SYN = 2, TCP_RST = 4, TCP_PSH = 8, TCP_ACK = 16 };
enum { PROTO_TCP = 6, PROTO_UDP = 17, PROTO_EAPOL = 255 /* not an IP number: 802.1X over a link layer */ };

struct decoded {
    const uint8_t *src, *dst; /* innermost; addr_len bytes each */
    uint8_t addr_len; /* 4, 16, or 6 (MAC, EAPOL) */
    uint8_t proto; /* PROTO_TCP, PROTO_UDP, PROTO_EAPOL */
    uint8_t tcp_flags;
    bool fragmented; /* put together from fragments of IP or CAPWAP; not said of what decode_next finds */
    bool fleeting; /* points into decode's own memory, or decode_next has more: to be dealt with before the next is decoded */
    uint8_t side; /* flow_expect's: which side of the flow sent it, */
    uint64_t flow; /* and the keyed tag of the flow; 0: not asked yet */
    uint16_t sport, dport;
    uint32_t seq, ack;
    const uint8_t *payload; /* of TCP, UDP, or the EAPOL frame */
    uint32_t payload_cap; /* bytes of it present */
    uint32_t payload_len; /* bytes of it by the IP length; > payload_cap when the snap length cut it */
    const uint8_t *ip; /* the innermost IP header, for classify; NULL for EAPOL */
    uint32_t ip_cap;
    struct encap_ids ids;
};

#endif
