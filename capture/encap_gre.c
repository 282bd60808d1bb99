/* SPDX-License-Identifier: Apache-2.0 */
/* GRE (RFC 2784, 2890), its version 1 for PPTP (RFC 2637), NVGRE (RFC 7637), and its neighbours WCCP and EtherIP. */
#include "capture/layers.h"

enum {
    GRE_CHECKSUM = 0x8000, GRE_ROUTING = 0x4000, GRE_KEY = 0x2000, GRE_SEQUENCE = 0x1000, GRE_ACK = 0x0080,
    GRE_VERSION = 0x0007,
    TYPE_MIN = 0x600, TYPE_BRIDGING = 0x6558, TYPE_ERSPAN = 0x88be, TYPE_PPP = 0x880b, TYPE_EOIP = 0x6400,
};

/* RFC 1701: address family, offset, length, data; a length of 0 ends the list. */
static void skip_routing(struct rd *r)
{
    uint8_t length;
    do {
        rd_skip(r, 3);
        length = rd_u8(r);
        rd_skip(r, length);
    } while (length);
}

/* The key is the payload's length and the call; a packet without a sequence number only acknowledges. */
static enum layer version_1(struct walk *w, uint16_t flags, uint16_t type)
{
    if (!(flags & GRE_KEY) || (type != TYPE_PPP && type != TYPE_EOIP))
        return END_MALFORMED;
    uint16_t length = rd_u16(&w->r);
    layer_tenant(w, type == TYPE_EOIP ? rd_le16(&w->r) : rd_u16(&w->r));
    rd_skip(&w->r, (flags & GRE_SEQUENCE ? 4U : 0) + (flags & GRE_ACK ? 4U : 0));
    if (length == 0)
        return END_OTHER;
    layer_length(w, length);
    return type == TYPE_PPP ? LAYER_PPP : LAYER_ETHER;
}

static enum layer version_0(struct walk *w, uint16_t flags, uint16_t type)
{
    if (flags & (GRE_CHECKSUM | GRE_ROUTING))
        rd_skip(&w->r, 4);
    if (flags & GRE_KEY) {
        uint32_t key = rd_u32(&w->r);
        if (type == TYPE_BRIDGING && !(flags & (GRE_CHECKSUM | GRE_SEQUENCE)) && key >> 8)
            layer_vni(w, key >> 8); /* NVGRE: 24 bits of network, 8 of flow */
        else
            layer_tenant(w, key);
    }
    if (flags & GRE_SEQUENCE)
        rd_skip(&w->r, 4);
    if (flags & GRE_ROUTING)
        skip_routing(&w->r);
    if (type == TYPE_ERSPAN && !(flags & GRE_SEQUENCE))
        return LAYER_ERSPAN_I;
    enum layer l = layer_by(w, BY_GRE, type);
    if (l)
        return l;
    return type < TYPE_MIN ? END_MALFORMED : layer_ethertype(w, type);
}

enum layer layer_gre(struct walk *w)
{
    uint16_t flags = rd_u16(&w->r), type = rd_u16(&w->r);
    switch (flags & GRE_VERSION) {
    case 0:
        return flags || type ? version_0(w, flags, type) : END_OTHER; /* all zero: a keepalive */
    case 1:
        return version_1(w, flags, type);
    default:
        return END_MALFORMED;
    }
}

/* Redirected web traffic: version 2 puts four bytes before the packet. */
enum layer layer_wccp(struct walk *w)
{
    if (!looks_like_ip(&w->r, w->missing))
        rd_skip(&w->r, 4);
    return layer_ip(w);
}

/* RFC 3378: version 3, then Ethernet. */
enum layer layer_etherip(struct walk *w)
{
    return rd_u16(&w->r) >> 12 == 3 ? LAYER_ETHER : END_MALFORMED;
}
