/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/decode.h"
#include "base/limits.h"
#include "capture/layers.h"

#include <pcap/dlt.h>
#include <stdlib.h>

/* How to read each header, and what it adds to encap_ids.kinds. Names are for whoever debugs. */
static const struct {
    enum layer (*read)(struct walk *w);
    const char *name;
    uint32_t kind; /* enum encap, or 0 */
} layers[LAYER_COUNT] = {
    [LAYER_ETHER] = { layer_ether, "Ethernet", 0 },
    [LAYER_VLAN] = { layer_vlan, "802.1Q", ENCAP_VLAN },
    [LAYER_QINQ] = { layer_vlan, "802.1Q inside 802.1Q", ENCAP_VLAN | ENCAP_QINQ },
    [LAYER_LLC] = { layer_llc, "LLC", 0 },
    [LAYER_EAPOL] = { layer_eapol, "EAPOL", 0 },
    [LAYER_MACSEC] = { layer_macsec, "MACsec", 0 },
    [LAYER_HSR] = { layer_hsr, "HSR", 0 },
    [LAYER_NULL] = { layer_null, "BSD loopback", 0 },
    [LAYER_RAW] = { layer_ip, "raw IP", 0 },
    [LAYER_SLL] = { layer_sll, "Linux cooked", 0 },
    [LAYER_SLL2] = { layer_sll2, "Linux cooked v2", 0 },
    [LAYER_CHDLC] = { layer_chdlc, "Cisco HDLC", 0 },
    [LAYER_SLIP] = { layer_slip, "SLIP", 0 },
    [LAYER_FRELAY] = { layer_frelay, "Frame Relay", 0 },
    [LAYER_NETANALYZER] = { layer_netanalyzer, "netANALYZER", 0 },
    [LAYER_NFLOG] = { layer_nflog, "NFLOG", 0 },
    [LAYER_PKTAP] = { layer_pktap, "PKTAP", 0 },
    [LAYER_PFLOG] = { layer_pflog, "PFLOG", 0 },
    [LAYER_ENC] = { layer_enc, "BSD enc", 0 },
    [LAYER_IPV4] = { layer_ipv4, "IPv4", 0 },
    [LAYER_IPV6] = { layer_ipv6, "IPv6", 0 },
    [LAYER_IN_IPV4] = { layer_ipv4, "IPv4 in IP", ENCAP_IPIP },
    [LAYER_IN_IPV6] = { layer_ipv6, "IPv6 in IP", ENCAP_IPIP },
    [LAYER_IPV6_OPTIONS] = { layer_ipv6_options, "IPv6 options", 0 },
    [LAYER_IPV6_ROUTING] = { layer_ipv6_routing, "IPv6 routing", 0 },
    [LAYER_IPV6_FRAGMENT] = { layer_ipv6_fragment, "IPv6 fragment", 0 },
    [LAYER_AH] = { layer_ah, "AH", 0 },
    [LAYER_ESP] = { layer_esp, "ESP", 0 },
    [LAYER_TCP] = { layer_tcp, "TCP", 0 },
    [LAYER_UDP] = { layer_udp, "UDP", 0 },
    [LAYER_MPLS] = { layer_mpls, "MPLS", ENCAP_MPLS },
    [LAYER_PPPOE] = { layer_pppoe, "PPPoE", ENCAP_PPPOE },
    [LAYER_PPP] = { layer_ppp, "PPP", ENCAP_PPP },
    [LAYER_PPP_DIRECTION] = { layer_ppp_direction, "PPP with direction", ENCAP_PPP },
    [LAYER_GRE] = { layer_gre, "GRE", ENCAP_GRE },
    [LAYER_WCCP] = { layer_wccp, "WCCP", 0 },
    [LAYER_ETHERIP] = { layer_etherip, "EtherIP", ENCAP_IPIP },
    [LAYER_ERSPAN_I] = { layer_ether, "ERSPAN I", ENCAP_ERSPAN },
    [LAYER_ERSPAN] = { layer_erspan, "ERSPAN", ENCAP_ERSPAN },
    [LAYER_VXLAN] = { layer_vxlan, "VXLAN", ENCAP_VXLAN },
    [LAYER_GENEVE] = { layer_geneve, "GENEVE", ENCAP_GENEVE },
    [LAYER_GTP] = { layer_gtp, "GTP-U", ENCAP_GTP },
    [LAYER_TEREDO] = { layer_teredo, "Teredo", ENCAP_TEREDO },
    [LAYER_L2TP] = { layer_l2tp, "L2TP", ENCAP_L2TP },
    [LAYER_L2TPV3] = { layer_l2tpv3, "L2TPv3", ENCAP_L2TP },
    [LAYER_TZSP] = { layer_tzsp, "TZSP", ENCAP_TZSP },
    [LAYER_CAPWAP] = { layer_capwap, "CAPWAP", ENCAP_CAPWAP },
    [LAYER_RADIOTAP] = { layer_radiotap, "radiotap", ENCAP_WLAN },
    [LAYER_PRISM] = { layer_prism, "Prism", ENCAP_WLAN },
    [LAYER_AVS] = { layer_avs, "AVS", ENCAP_WLAN },
    [LAYER_PPI] = { layer_ppi, "PPI", 0 },
    [LAYER_WLAN] = { layer_wlan, "802.11", ENCAP_WLAN },
    [LAYER_WLAN_SWAPPED] = { layer_wlan_swapped, "802.11, frame control swapped", ENCAP_WLAN },
    [LAYER_AMSDU] = { layer_amsdu, "A-MSDU", ENCAP_WLAN },
    [LAYER_NSH] = { layer_nsh, "NSH", ENCAP_NSH },
    [LAYER_PBB] = { layer_pbb, "802.1ah", ENCAP_PBB },
    [LAYER_CMD] = { layer_cmd, "Cisco MetaData", ENCAP_CMD },
    [LAYER_VNTAG] = { layer_vntag, "VN-Tag", ENCAP_VNTAG },
    [LAYER_ETAG] = { layer_etag, "802.1BR E-Tag", ENCAP_VNTAG },
};

/* Which layer follows. */
static const struct route {
    enum route_by by;
    uint16_t key;
    uint8_t next; /* enum layer */
} routes[] = {
    { BY_DLT, DLT_EN10MB, LAYER_ETHER },
    { BY_DLT, DLT_NULL, LAYER_NULL },
    { BY_DLT, DLT_LOOP, LAYER_NULL },
    { BY_DLT, 12, LAYER_RAW }, /* DLT_RAW has another number on other systems */
    { BY_DLT, 14, LAYER_RAW },
    { BY_DLT, 101, LAYER_RAW }, /* LINKTYPE_RAW */
    { BY_DLT, DLT_IPV4, LAYER_RAW },
    { BY_DLT, DLT_IPV6, LAYER_RAW },
    { BY_DLT, DLT_LINUX_SLL, LAYER_SLL },
    { BY_DLT, 276, LAYER_SLL2 },
    { BY_DLT, DLT_PPP, LAYER_PPP },
    { BY_DLT, DLT_PPP_SERIAL, LAYER_PPP },
    { BY_DLT, DLT_PPP_ETHER, LAYER_PPPOE },
    { BY_DLT, DLT_PPP_PPPD, LAYER_PPP_DIRECTION },
    { BY_DLT, DLT_PPP_WITH_DIR, LAYER_PPP_DIRECTION },
    { BY_DLT, DLT_C_HDLC, LAYER_CHDLC },
    { BY_DLT, DLT_SLIP, LAYER_SLIP },
    { BY_DLT, DLT_FRELAY, LAYER_FRELAY },
    { BY_DLT, DLT_ATM_RFC1483, LAYER_LLC },
    { BY_DLT, DLT_ATM_CLIP, LAYER_LLC },
    { BY_DLT, DLT_MPLS, LAYER_MPLS },
    { BY_DLT, DLT_NETANALYZER, LAYER_NETANALYZER },
    { BY_DLT, DLT_NFLOG, LAYER_NFLOG },
    { BY_DLT, 258, LAYER_PKTAP },
    { BY_DLT, DLT_PFLOG, LAYER_PFLOG },
    { BY_DLT, DLT_ENC, LAYER_ENC },
    { BY_DLT, DLT_PPI, LAYER_PPI },
    { BY_DLT, DLT_IEEE802_11, LAYER_WLAN },
    { BY_DLT, DLT_IEEE802_11_RADIO, LAYER_RADIOTAP },
    { BY_DLT, DLT_PRISM_HEADER, LAYER_PRISM },
    { BY_DLT, DLT_IEEE802_11_RADIO_AVS, LAYER_AVS },

    { BY_ETHERTYPE, 0x0800, LAYER_IPV4 },
    { BY_ETHERTYPE, 0x86dd, LAYER_IPV6 },
    { BY_ETHERTYPE, 0x8100, LAYER_VLAN },
    { BY_ETHERTYPE, 0x88a8, LAYER_VLAN },
    { BY_ETHERTYPE, 0x9100, LAYER_VLAN },
    { BY_ETHERTYPE, 0x9200, LAYER_VLAN },
    { BY_ETHERTYPE, 0x9300, LAYER_VLAN },
    { BY_ETHERTYPE, 0x8847, LAYER_MPLS },
    { BY_ETHERTYPE, 0x8848, LAYER_MPLS },
    { BY_ETHERTYPE, 0x8864, LAYER_PPPOE },
    { BY_ETHERTYPE, 0x880b, LAYER_PPP },
    { BY_ETHERTYPE, 0x6558, LAYER_ETHER },
    { BY_ETHERTYPE, 0x888e, LAYER_EAPOL },
    { BY_ETHERTYPE, 0x88c7, LAYER_EAPOL }, /* pre-authentication */
    { BY_ETHERTYPE, 0x8870, LAYER_LLC }, /* jumbo frames with LLC */
    { BY_ETHERTYPE, 0x894f, LAYER_NSH },
    { BY_ETHERTYPE, 0x88e7, LAYER_PBB },
    { BY_ETHERTYPE, 0x8909, LAYER_CMD },
    { BY_ETHERTYPE, 0x8926, LAYER_VNTAG },
    { BY_ETHERTYPE, 0x893f, LAYER_ETAG },
    { BY_ETHERTYPE, 0x892f, LAYER_HSR },
    { BY_ETHERTYPE, 0x88e5, LAYER_MACSEC },
    { BY_ETHERTYPE, 0x0806, END_OTHER }, /* ARP */
    { BY_ETHERTYPE, 0x8035, END_OTHER }, /* RARP */
    { BY_ETHERTYPE, 0x0842, END_OTHER }, /* wake on LAN */
    { BY_ETHERTYPE, 0x2000, END_OTHER }, /* CDP */
    { BY_ETHERTYPE, 0x22f0, END_OTHER }, /* AVTP */
    { BY_ETHERTYPE, 0x6001, END_OTHER }, /* DEC MOP */
    { BY_ETHERTYPE, 0x6002, END_OTHER },
    { BY_ETHERTYPE, 0x6003, END_OTHER }, /* DECnet */
    { BY_ETHERTYPE, 0x6004, END_OTHER }, /* DEC LAT */
    { BY_ETHERTYPE, 0x809b, END_OTHER }, /* AppleTalk */
    { BY_ETHERTYPE, 0x80f3, END_OTHER }, /* AARP */
    { BY_ETHERTYPE, 0x8137, END_OTHER }, /* IPX */
    { BY_ETHERTYPE, 0x8808, END_OTHER }, /* flow control */
    { BY_ETHERTYPE, 0x8809, END_OTHER }, /* LACP */
    { BY_ETHERTYPE, 0x8863, END_OTHER }, /* PPPoE discovery */
    { BY_ETHERTYPE, 0x886d, END_OTHER }, /* adapter teaming */
    { BY_ETHERTYPE, 0x8892, END_OTHER }, /* PROFINET */
    { BY_ETHERTYPE, 0x8899, END_OTHER }, /* loop detection */
    { BY_ETHERTYPE, 0x88a4, END_OTHER }, /* EtherCAT */
    { BY_ETHERTYPE, 0x88b8, END_OTHER }, /* GOOSE */
    { BY_ETHERTYPE, 0x88ba, END_OTHER }, /* sampled values */
    { BY_ETHERTYPE, 0x88cc, END_OTHER }, /* LLDP */
    { BY_ETHERTYPE, 0x88d9, END_OTHER }, /* LLTD */
    { BY_ETHERTYPE, 0x88e1, END_OTHER }, /* HomePlug */
    { BY_ETHERTYPE, 0x88e3, END_OTHER }, /* MRP */
    { BY_ETHERTYPE, 0x88f7, END_OTHER }, /* PTP */
    { BY_ETHERTYPE, 0x88fb, END_OTHER }, /* PRP supervision */
    { BY_ETHERTYPE, 0x8902, END_OTHER }, /* CFM */
    { BY_ETHERTYPE, 0x8906, END_OTHER }, /* FCoE */
    { BY_ETHERTYPE, 0x890d, END_OTHER }, /* 802.11 remote requests */
    { BY_ETHERTYPE, 0x8912, END_OTHER }, /* HomePlug */
    { BY_ETHERTYPE, 0x8914, END_OTHER }, /* FIP */
    { BY_ETHERTYPE, 0x8915, END_OTHER }, /* RoCE */
    { BY_ETHERTYPE, 0x893a, END_OTHER }, /* IEEE 1905 */
    { BY_ETHERTYPE, 0x9000, END_OTHER }, /* loopback test */

    { BY_IP, 6, LAYER_TCP },
    { BY_IP, 17, LAYER_UDP },
    { BY_IP, 0, LAYER_IPV6_OPTIONS },
    { BY_IP, 60, LAYER_IPV6_OPTIONS },
    { BY_IP, 135, LAYER_IPV6_OPTIONS },
    { BY_IP, 139, LAYER_IPV6_OPTIONS },
    { BY_IP, 140, LAYER_IPV6_OPTIONS },
    { BY_IP, 43, LAYER_IPV6_ROUTING },
    { BY_IP, 44, LAYER_IPV6_FRAGMENT },
    { BY_IP, 51, LAYER_AH },
    { BY_IP, 50, LAYER_ESP },
    { BY_IP, 4, LAYER_IN_IPV4 },
    { BY_IP, 41, LAYER_IN_IPV6 },
    { BY_IP, 47, LAYER_GRE },
    { BY_IP, 97, LAYER_ETHERIP },
    { BY_IP, 115, LAYER_L2TPV3 },
    { BY_IP, 137, LAYER_MPLS },
    { BY_IP, 143, LAYER_ETHER }, /* RFC 8986: Ethernet inside segment routing */

    { BY_UDP, 4789, LAYER_VXLAN },
    { BY_UDP, 8472, LAYER_VXLAN },
    { BY_UDP, 4790, LAYER_VXLAN }, /* VXLAN-GPE */
    { BY_UDP, 6081, LAYER_GENEVE },
    { BY_UDP, 2152, LAYER_GTP },
    { BY_UDP, 3544, LAYER_TEREDO },
    { BY_UDP, 1701, LAYER_L2TP },
    { BY_UDP, 37008, LAYER_TZSP },
    { BY_UDP, 5247, LAYER_CAPWAP },
    { BY_UDP, 6635, LAYER_MPLS },
    { BY_UDP, 4754, LAYER_GRE },

    { BY_PPP, 0x0021, LAYER_IPV4 },
    { BY_PPP, 0x0057, LAYER_IPV6 },
    { BY_PPP, 0x0281, LAYER_MPLS },
    { BY_PPP, 0x0283, LAYER_MPLS },
    { BY_PPP, 0x0053, END_ENCRYPTED },
    { BY_PPP, 0x0055, END_ENCRYPTED },
    { BY_PPP, 0x00fd, END_ENCRYPTED }, /* compressed; MPPE encrypts under the same number */

    { BY_GRE, 0x88be, LAYER_ERSPAN },
    { BY_GRE, 0x22eb, LAYER_ERSPAN },
    { BY_GRE, 0x883e, LAYER_WCCP },
    { BY_GRE, 0x6400, LAYER_ETHER }, /* MikroTik EoIP */
};

/* What counts each way a packet can end. */
static const size_t endings[LAYER_FIRST] = {
    [END_MALFORMED] = offsetof(struct stats, packet_malformed),
    [END_NOT_TUNNEL] = offsetof(struct stats, packet_malformed),
    [END_UNKNOWN] = offsetof(struct stats, link_unknown),
    [END_OTHER] = offsetof(struct stats, link_other),
    [END_IP_OTHER] = offsetof(struct stats, ip_unknown),
    [END_ENCRYPTED] = offsetof(struct stats, packet_encrypted),
};

static void count(struct stats *s, size_t offset)
{
    ++*(uint64_t *)(void *)((char *)s + offset);
}

struct decode *decode_new(const struct decode_options *opt, uint64_t seed, struct stats *stats)
{
    struct decode *d = calloc(1, sizeof *d);
    if (d)
        d->frag = frag_new(opt ? opt->max_fragmented : 0, seed, stats);
    if (!d || !d->frag) {
        free(d);
        return NULL;
    }
    d->stats = stats;
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++)
        d->next[routes[i].by][routes[i].key] = routes[i].next;
    for (unsigned type = 0x8200; type <= 0x8370; type += 0x10)
        d->next[BY_GRE][type] = LAYER_WLAN; /* Aruba access points: a number per radio */
    for (size_t i = 0; opt && i < sizeof opt->vxlan_port / sizeof *opt->vxlan_port && opt->vxlan_port[i]; i++)
        d->next[BY_UDP][opt->vxlan_port[i]] = LAYER_VXLAN;
    return d;
}

void decode_free(struct decode *d)
{
    if (!d)
        return;
    frag_free(d->frag);
    free(d);
}

/* Not a unit: count why. Or the payload of a UDP datagram whose port promised a tunnel that it is not. */
static bool ended(struct walk *w, enum layer l)
{
    struct decode *d = w->d;
    bool cut = l == END_MALFORMED && !rd_ok(&w->r) && w->missing && w->cut; /* counted by whoever read the packet */
    if (d->udp_valid && !cut && (l == END_NOT_TUNNEL || l == END_MALFORMED || l == END_UNKNOWN)) {
        *w->out = d->udp;
        return true;
    }
    if (l >= LAYER_FIRST)
        d->stats->layers_deep++;
    else if (l != END_WAIT && !cut)
        count(d->stats, endings[l]);
    return false;
}

static bool walk(struct walk *w, enum layer l)
{
    for (unsigned n = 0; l >= LAYER_FIRST && n < LIMIT_LAYERS; n++) {
        w->out->ids.kinds |= layers[l].kind;
        l = layers[l].read(w);
        if (!rd_ok(&w->r))
            l = END_MALFORMED;
    }
    return l == END_FOUND || ended(w, l);
}

bool decode_next(struct decode *d, struct decoded *out)
{
    while (rd_left(&d->rest)) {
        struct walk w = {
            .r = d->rest, .missing = d->rest_missing, .cut = d->rest_missing > 0, .out = out, .d = d, .now = d->rest_ns,
        };
        out->ids = d->rest_ids;
        out->fragmented = false;
        out->flow = 0;
        d->udp_valid = false;
        d->rest = (struct rd){ 0 };
        if (walk(&w, LAYER_AMSDU)) {
            out->fleeting = true; /* what is left of a frame may lie in the fragment buffer */
            return true;
        }
    }
    return false;
}

enum { ETHER = 14, TAG = 4, IPV4 = 20, IPV6 = 40, TCP = 20 };

/* An IP packet at ip, of which n bytes are there, at least IPV4 + TCP: without options and in one piece, or without extension
 * headers; TCP; whole. */
static inline bool plain_ip(const uint8_t *ip, uint32_t n, bool six, struct decoded *out)
{
    uint32_t header = six ? IPV6 : IPV4, size = six ? be16(ip + 4) + IPV6 : be16(ip + 2);
    bool plain = six ? ip[0] >> 4 == 6 && ip[6] == PROTO_TCP
                     : ip[0] == 0x45 && ip[9] == PROTO_TCP && (be16(ip + 6) & 0x3fff) == 0;
    if (!plain || size > n || size < header + TCP)
        return false;
    const uint8_t *tcp = ip + header;
    uint32_t head = header + (tcp[12] >> 4) * 4U;
    if (head < header + TCP || head > size)
        return false;
    out->src = ip + (six ? 8 : 12);
    out->dst = ip + (six ? 24 : 16);
    out->addr_len = six ? 16 : 4;
    out->proto = PROTO_TCP;
    out->tcp_flags = tcp[13];
    out->fragmented = out->fleeting = false;
    out->sport = be16(tcp);
    out->dport = be16(tcp + 2);
    out->seq = be32(tcp + 4);
    out->ack = be32(tcp + 8);
    out->payload = ip + head;
    out->payload_cap = out->payload_len = size - head;
    out->ip = ip;
    out->ip_cap = size;
    return true;
}

/*
 * Ethernet, perhaps one 802.1Q tag, plain IP, TCP: what nearly every frame is, read without the walk through the tables. It says
 * what the walk would say (a test compares them); everything else is left to it. Saves a fifth of the empty loop.
 */
static inline bool plain_frame(const struct packet *p, struct decoded *out)
{
    const uint8_t *type = p->data + ETHER - 2;
    if (p->caplen < ETHER + IPV4 + TCP)
        return false;
    if (type[0] == 0x81 && type[1] == 0x00) {
        if (p->caplen < ETHER + TAG + IPV4 + TCP)
            return false;
        uint16_t vid = be16(type + 2) & 0xfff;
        out->ids = (struct encap_ids){ .kinds = ENCAP_VLAN, .outer = vid, .inner = vid, .vlan = vid };
        type += TAG;
    }
    const uint8_t *ip = type + 2;
    uint32_t n = p->caplen - (uint32_t)(ip - p->data);
    if (type[0] == 0x08 && type[1] == 0x00)
        return plain_ip(ip, n, false, out);
    return type[0] == 0x86 && type[1] == 0xdd && plain_ip(ip, n, true, out);
}

static bool walk_frame(struct decode *d, int dlt, const struct packet *p, struct decoded *out)
{
    struct walk w = {
        .r = rd_of(p->data, p->caplen), .missing = p->len - p->caplen, .cut = p->len > p->caplen, .out = out, .d = d,
        .now = p->ts_ns,
    };
    enum layer l = (unsigned)dlt <= 0xffff ? (enum layer)d->next[BY_DLT][dlt] : LAYER_NONE;
    out->ids = (struct encap_ids){ 0 };
    out->fragmented = false;
    out->addr_len = 0;
    d->udp_valid = false;
    if (!walk(&w, l ? l : END_UNKNOWN))
        return rd_left(&d->rest) && decode_next(d, out);
    out->fleeting = out->fragmented || rd_left(&d->rest) || out->addr_len == 6;
    return true;
}

bool decode_packet(struct decode *d, int dlt, const struct packet *p, struct decoded *out)
{
    out->ids = (struct encap_ids){ 0 };
    out->flow = 0;
    d->rest = (struct rd){ 0 };
    return (dlt == DLT_EN10MB && plain_frame(p, out)) || walk_frame(d, dlt, p, out);
}

/* What is not asked for the compiler leaves out. */
bool decode_parties(int dlt, const struct packet *p, struct parties *out)
{
    struct decoded d;
    if (dlt != DLT_EN10MB || !plain_frame(p, &d))
        return false;
    *out = (struct parties){ .src = d.src, .dst = d.dst, .addr_len = d.addr_len };
    return true;
}

bool decode_take_piece(struct decode *d, struct decode_piece *out)
{
    bool there = d->piece_there;
    if (there)
        *out = d->piece;
    d->piece_there = false;
    return there;
}

void decode_finish(struct decode *d)
{
    frag_finish(d->frag);
}
