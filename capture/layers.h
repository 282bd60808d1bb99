/* SPDX-License-Identifier: Apache-2.0 */
/*
 * layers - private to decode: the names of the layers, what their readers share, and what they may ask.
 *
 * A reader (layer_x) takes its header from w->r and says which layer follows, or how the packet ends. It need not check
 * rd_ok before it answers: the loop does, and a header that was short ends the packet. Lengths on the wire are kept as
 * what is missing after w->r.end, so that a snap length is told from a lie: a layer that knows its length says so with
 * layer_length, and bytes beyond it (Ethernet padding, trailers) are gone for all layers inside.
 */
#ifndef CAPTURE_LAYERS_H
#define CAPTURE_LAYERS_H

#include "base/rd.h"
#include "capture/decode.h"
#include "capture/eapol_parties.h"
#include "capture/frag.h"

enum layer {
    LAYER_NONE, /* no route: whoever asked says what that means */
    /* how a packet ends */
    END_FOUND, /* a TCP, UDP or EAPOL unit */
    END_MALFORMED,
    END_UNKNOWN, /* a link layer or ethertype that is not decoded */
    END_OTHER, /* a frame that cannot carry TLS (ARP, LLDP, spanning tree, ...) */
    END_IP_OTHER, /* an IP packet that cannot */
    END_ENCRYPTED,
    END_WAIT, /* a fragment whose datagram is not complete */
    END_NOT_TUNNEL, /* the UDP payload is not what its port says */
    /* headers */
    LAYER_FIRST,
    LAYER_ETHER = LAYER_FIRST, LAYER_VLAN, LAYER_QINQ, LAYER_LLC, LAYER_EAPOL, LAYER_MACSEC, LAYER_HSR,
    LAYER_NULL, LAYER_RAW, LAYER_SLL, LAYER_SLL2, LAYER_CHDLC, LAYER_SLIP, LAYER_FRELAY, LAYER_NETANALYZER,
    LAYER_NFLOG, LAYER_PKTAP, LAYER_PFLOG, LAYER_ENC,
    LAYER_IPV4, LAYER_IPV6, LAYER_IN_IPV4, LAYER_IN_IPV6, LAYER_IPV6_OPTIONS, LAYER_IPV6_ROUTING, LAYER_IPV6_FRAGMENT,
    LAYER_AH, LAYER_ESP, LAYER_TCP, LAYER_UDP,
    LAYER_MPLS, LAYER_PPPOE, LAYER_PPP, LAYER_PPP_DIRECTION, LAYER_GRE, LAYER_WCCP, LAYER_ETHERIP, LAYER_ERSPAN_I,
    LAYER_ERSPAN, LAYER_VXLAN, LAYER_GENEVE, LAYER_GTP, LAYER_TEREDO, LAYER_L2TP, LAYER_L2TPV3, LAYER_TZSP, LAYER_CAPWAP,
    LAYER_RADIOTAP, LAYER_PRISM, LAYER_AVS, LAYER_PPI, LAYER_WLAN, LAYER_WLAN_SWAPPED, LAYER_AMSDU,
    LAYER_NSH, LAYER_PBB, LAYER_CMD, LAYER_VNTAG, LAYER_ETAG,
    LAYER_COUNT
};

enum route_by { BY_DLT, BY_ETHERTYPE, BY_IP, BY_UDP, BY_PPP, BY_GRE, ROUTE_KINDS };

struct decode {
    struct stats *stats;
    struct frag *frag;
    /* A UDP payload taken for a tunnel: what to answer when its inside is no packet. */
    struct decoded udp;
    bool udp_valid;
    /* The subframes of an A-MSDU that are still to be decoded. */
    struct rd rest;
    uint32_t rest_missing;
    struct encap_ids rest_ids;
    int64_t rest_ns;
    struct eapol_parties eapol;
    struct decode_piece piece; /* as decode_take_piece gives it, */
    bool piece_there; /* until then */
    uint8_t next[ROUTE_KINDS][65536]; /* enum layer; routes[] made into lookups */
};

/* One packet on its way through the layers. */
struct walk {
    struct rd r; /* what is left of it */
    uint32_t missing; /* bytes that followed r.end on the wire and were not captured */
    bool cut; /* a snap length cut the frame: what is missing is no lie */
    struct decoded *out;
    struct decode *d;
    int64_t now;
};

static inline uint16_t be16(const uint8_t *p)
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* The route, or LAYER_NONE. */
static inline enum layer layer_by(const struct walk *w, enum route_by by, unsigned key)
{
    return (enum layer)w->d->next[by][key & 0xffff];
}

/* By its own header, n more bytes belong to the packet. */
static inline void layer_length(struct walk *w, uint32_t n)
{
    size_t left = rd_left(&w->r);
    if (n <= left) {
        w->r.end = w->r.p + n;
        w->missing = 0;
        return;
    }
    w->missing = n - (uint32_t)left;
}

/* Bytes left on the wire. */
static inline uint32_t layer_left(const struct walk *w)
{
    return (uint32_t)rd_left(&w->r) + w->missing;
}

/* A tenant id (VLAN, VNI, label, key, session); 0 is none. */
static inline void layer_tenant(struct walk *w, uint32_t id)
{
    if (!w->out->ids.outer)
        w->out->ids.outer = id;
    if (id)
        w->out->ids.inner = id;
}

/* The same for the id of a virtual network. */
static inline void layer_vni(struct walk *w, uint32_t vni)
{
    layer_tenant(w, vni);
    if (vni)
        w->out->ids.vni = vni;
}

enum layer layer_ethertype(struct walk *w, uint16_t type); /* what follows an ethertype, or an 802.3 length */
enum layer layer_ip(struct walk *w); /* IPv4 or IPv6, by the version nibble; END_MALFORMED for others */
enum layer layer_ppp_protocol(struct walk *w); /* a PPP protocol number and what follows it */
bool looks_like_wlan(const struct walk *w, bool swapped); /* an 802.11 data frame; swapped: its frame control is */

/* Does it look like a packet? Nothing is moved. A header that the snap length cut looks fine as far as it goes. */
bool looks_like_ip(const struct rd *r, uint32_t missing);
bool looks_like_ether(const struct walk *w, size_t offset);

/* The readers; rows of layers[] in decode.c. */
enum layer layer_ether(struct walk *w), layer_vlan(struct walk *w), layer_llc(struct walk *w), layer_eapol(struct walk *w),
    layer_macsec(struct walk *w), layer_hsr(struct walk *w), layer_null(struct walk *w), layer_sll(struct walk *w),
    layer_sll2(struct walk *w), layer_chdlc(struct walk *w), layer_slip(struct walk *w), layer_frelay(struct walk *w),
    layer_netanalyzer(struct walk *w), layer_nflog(struct walk *w), layer_pktap(struct walk *w),
    layer_pflog(struct walk *w), layer_enc(struct walk *w), layer_ipv4(struct walk *w), layer_ipv6(struct walk *w),
    layer_ipv6_options(struct walk *w), layer_ipv6_routing(struct walk *w), layer_ipv6_fragment(struct walk *w),
    layer_ah(struct walk *w), layer_esp(struct walk *w), layer_tcp(struct walk *w), layer_udp(struct walk *w),
    layer_mpls(struct walk *w), layer_pppoe(struct walk *w), layer_ppp(struct walk *w), layer_ppp_direction(struct walk *w),
    layer_gre(struct walk *w), layer_wccp(struct walk *w), layer_etherip(struct walk *w), layer_erspan(struct walk *w),
    layer_vxlan(struct walk *w), layer_geneve(struct walk *w), layer_gtp(struct walk *w), layer_teredo(struct walk *w),
    layer_l2tp(struct walk *w), layer_l2tpv3(struct walk *w), layer_tzsp(struct walk *w), layer_capwap(struct walk *w),
    layer_radiotap(struct walk *w), layer_prism(struct walk *w), layer_avs(struct walk *w), layer_ppi(struct walk *w),
    layer_wlan(struct walk *w), layer_wlan_swapped(struct walk *w), layer_amsdu(struct walk *w), layer_nsh(struct walk *w),
    layer_pbb(struct walk *w), layer_cmd(struct walk *w), layer_vntag(struct walk *w), layer_etag(struct walk *w);

#endif
