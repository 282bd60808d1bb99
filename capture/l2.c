/* SPDX-License-Identifier: Apache-2.0 */
/* Link layers: Ethernet and its tags, LLC, BSD loopback, Linux cooked, HDLC; 802.1X ends here. */
#include "capture/layers.h"

enum { ETHERTYPE_MIN = 0x600, LENGTH_MAX = 1500 }; /* between them: undefined (IEEE 802.3 3.2.6) */

enum layer layer_ethertype(struct walk *w, uint16_t type)
{
    if (type > LENGTH_MAX) {
        enum layer l = layer_by(w, BY_ETHERTYPE, type);
        return l && type >= ETHERTYPE_MIN ? l : END_UNKNOWN;
    }
    if (type)
        layer_length(w, type);
    return LAYER_LLC;
}

enum layer layer_ether(struct walk *w)
{
    const uint8_t *h = rd_take(&w->r, 14);
    if (!h)
        return END_MALFORMED;
    w->out->dst = h;
    w->out->src = h + 6;
    w->out->addr_len = 6;
    return layer_ethertype(w, be16(h + 12));
}

/* 802.1Q, 802.1ad and the older 0x9100..: one tag. */
enum layer layer_vlan(struct walk *w)
{
    const uint8_t *h = rd_take(&w->r, 4);
    if (!h)
        return END_MALFORMED;
    uint16_t vid = be16(h) & 0xfff;
    layer_tenant(w, vid);
    if (vid)
        w->out->ids.vlan = vid;
    enum layer l = layer_ethertype(w, be16(h + 2));
    return l == LAYER_VLAN ? LAYER_QINQ : l;
}

/* IEEE 802.2: DSAP, SSAP, control; SNAP carries an ethertype (RFC 1042) or, for other OUIs, something else. */
enum layer layer_llc(struct walk *w)
{
    uint8_t dsap = rd_u8(&w->r), ssap = rd_u8(&w->r), control = rd_u8(&w->r);
    if (dsap == 0x06 && ssap == 0x06 && control == 3)
        return LAYER_IPV4;
    if (dsap != 0xaa || ssap != 0xaa || control != 3)
        return END_OTHER;
    uint32_t oui = rd_u24(&w->r);
    uint16_t type = rd_u16(&w->r);
    if (oui == 0 || oui == 0x0000f8) /* RFC 1042; IEEE 802.1H bridge tunnel */
        return type > LENGTH_MAX ? layer_ethertype(w, type) : END_UNKNOWN;
    if (oui == 0x0080c2 && (type == 1 || type == 7)) { /* RFC 2684 5.2: bridged Ethernet, two bytes of padding */
        rd_skip(&w->r, 2);
        return LAYER_ETHER;
    }
    return END_OTHER;
}

/* IEEE 802.1X-2004 7.5: version, type, length, body. The parties are the MAC addresses. */
enum layer layer_eapol(struct walk *w)
{
    static const uint8_t nobody[6];
    struct decoded *out = w->out;
    const uint8_t *h = w->r.p;
    if (!rd_take(&w->r, 4))
        return END_MALFORMED;
    layer_length(w, be16(h + 2));
    if (out->addr_len != 6 || !out->src)
        out->src = nobody;
    if (out->addr_len != 6 || !out->dst)
        out->dst = nobody;
    out->addr_len = 6;
    out->proto = PROTO_EAPOL;
    out->tcp_flags = 0;
    out->sport = out->dport = 0;
    out->seq = out->ack = 0;
    out->payload = h;
    out->payload_cap = (uint32_t)(w->r.end - h);
    out->payload_len = 4 + layer_left(w);
    out->ip = NULL;
    out->ip_cap = 0;
    eapol_parties(&w->d->eapol, rd_of(h, out->payload_cap), out->src, &out->dst);
    return END_FOUND;
}

/* IEEE 802.1AE 9.3: SecTAG. Without the E and C bits the frame is only authenticated and can be read. */
enum layer layer_macsec(struct walk *w)
{
    uint8_t tci = rd_u8(&w->r);
    rd_skip(&w->r, 5 + (tci & 0x20 ? 8 : 0)); /* short length, packet number, SCI */
    if (tci & 0x80)
        return END_MALFORMED;
    if (tci & 0x0c)
        return END_ENCRYPTED;
    return layer_ethertype(w, rd_u16(&w->r));
}

/* IEC 62439-3: HSR tag (path, size, sequence number), then the ethertype. */
enum layer layer_hsr(struct walk *w)
{
    rd_skip(&w->r, 4);
    return layer_ethertype(w, rd_u16(&w->r));
}

/* DLT_NULL and DLT_LOOP: the address family of the capturing machine, in its byte order or in network order. */
enum layer layer_null(struct walk *w)
{
    const uint8_t *h = rd_take(&w->r, 4);
    if (!h)
        return END_MALFORMED;
    uint32_t family = be32(h);
    if (family > 0xffff)
        family = (uint32_t)h[3] << 24 | (uint32_t)h[2] << 16 | (uint32_t)h[1] << 8 | h[0];
    switch (family) {
    case 2:
        return LAYER_IPV4;
    case 10: /* Linux */
    case 23: /* Windows */
    case 24: /* NetBSD, OpenBSD */
    case 26: /* Solaris */
    case 28: /* FreeBSD */
    case 30: /* Darwin */
        return LAYER_IPV6;
    default:
        return END_UNKNOWN;
    }
}

/* What Linux cooked captures call a protocol: an ethertype, or one of the kernel's own small numbers. */
static enum layer cooked(struct walk *w, uint16_t protocol, uint16_t hatype)
{
    enum { PROTOCOL_LLC = 4, ARPHRD_GRE = 778, ARPHRD_WLAN = 801, ARPHRD_PRISM = 802, ARPHRD_RADIOTAP = 803,
           ARPHRD_NETLINK = 824 };
    switch (hatype) {
    case ARPHRD_WLAN:
        return LAYER_WLAN;
    case ARPHRD_PRISM:
        return LAYER_PRISM;
    case ARPHRD_RADIOTAP:
        return LAYER_RADIOTAP;
    case ARPHRD_NETLINK:
        return END_OTHER;
    case ARPHRD_GRE: /* protocol is a GRE protocol type */
        if (layer_by(w, BY_GRE, protocol))
            return layer_by(w, BY_GRE, protocol);
        break;
    default:
        break;
    }
    if (protocol == PROTOCOL_LLC)
        return LAYER_LLC;
    return protocol < ETHERTYPE_MIN ? END_OTHER : layer_ethertype(w, protocol);
}

/* Only the sender's link-layer address is there. */
static void cooked_address(struct walk *w, const uint8_t *mac)
{
    w->out->src = mac;
    w->out->dst = NULL;
    w->out->addr_len = 6;
}

/* LINKTYPE_LINUX_SLL: packet type, ARPHRD_ type, address length, address (8 bytes), protocol. */
enum layer layer_sll(struct walk *w)
{
    const uint8_t *h = rd_take(&w->r, 16);
    if (!h)
        return END_MALFORMED;
    cooked_address(w, be16(h + 4) == 6 ? h + 6 : NULL);
    return cooked(w, be16(h + 14), be16(h + 2));
}

/* LINKTYPE_LINUX_SLL2: protocol, reserved, interface, ARPHRD_ type, packet type, address length, address (8 bytes). */
enum layer layer_sll2(struct walk *w)
{
    const uint8_t *h = rd_take(&w->r, 20);
    if (!h)
        return END_MALFORMED;
    cooked_address(w, h[11] == 6 ? h + 12 : NULL);
    return cooked(w, be16(h), be16(h + 8));
}

/* Cisco HDLC: address, control, ethertype. */
enum layer layer_chdlc(struct walk *w)
{
    rd_skip(&w->r, 2);
    uint16_t type = rd_u16(&w->r);
    return type == 0x8035 || type == 0x2000 ? END_OTHER : layer_ethertype(w, type); /* keepalives, CDP */
}

/* DLT_SLIP: direction and 15 bytes of the compressed header, then the packet. */
enum layer layer_slip(struct walk *w)
{
    rd_skip(&w->r, 16);
    return layer_ip(w);
}

/* RFC 2427: Q.922 address (2 bytes, or 4), control 3, NLPID; or Cisco's: an ethertype after the address. */
enum layer layer_frelay(struct walk *w)
{
    uint16_t address = rd_u16(&w->r);
    if (!(address & 1))
        rd_skip(&w->r, 2);
    if (rd_peek(&w->r, 0) != 3)
        return layer_ethertype(w, rd_u16(&w->r));
    rd_skip(&w->r, 1);
    uint8_t nlpid = rd_u8(&w->r);
    if (nlpid == 0)
        nlpid = rd_u8(&w->r); /* a pad byte */
    switch (nlpid) {
    case 0xcc:
        return LAYER_IPV4;
    case 0x8e:
        return LAYER_IPV6;
    case 0x80: /* SNAP: OUI, then an ethertype */
        return rd_u24(&w->r) == 0 ? layer_ethertype(w, rd_u16(&w->r)) : END_OTHER;
    default:
        return END_OTHER;
    }
}

/* LINKTYPE_NETANALYZER: four bytes of the tap, then Ethernet. */
enum layer layer_netanalyzer(struct walk *w)
{
    rd_skip(&w->r, 4);
    return LAYER_ETHER;
}

/* Service access points that real frames use, with unnumbered information: SNAP, spanning tree, IPX, NetBIOS, OSI, IP. */
static bool looks_like_llc(const struct rd *r)
{
    return rd_left(r) >= 3 && r->p[0] == r->p[1] && r->p[2] == 3 && r->p[0] && strchr("\xaa\x42\xe0\xf0\xfe\x06", r->p[0]);
}

bool looks_like_ether(const struct walk *w, size_t offset)
{
    struct rd r = w->r;
    rd_skip(&r, offset + 6);
    bool group = rd_peek(&r, 0) & 1; /* nobody sends from a group address */
    rd_skip(&r, 6);
    uint16_t type = rd_u16(&r);
    for (int tags = 0; tags < 4 && layer_by(w, BY_ETHERTYPE, type) == LAYER_VLAN; tags++) {
        rd_skip(&r, 2);
        type = rd_u16(&r);
    }
    if (!rd_ok(&r))
        return w->missing > 0;
    if (group)
        return false;
    if (type == 0x0800 || type == 0x86dd)
        return looks_like_ip(&r, w->missing) && (type == 0x86dd) == (rd_left(&r) && r.p[0] >> 4 == 6);
    if (type >= ETHERTYPE_MIN)
        return layer_by(w, BY_ETHERTYPE, type) != LAYER_NONE;
    return type <= rd_left(&r) + w->missing && looks_like_llc(&r);
}
