/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wrap - one Ethernet frame with IPv4 and TCP, as each link layer and tunnel would carry it.
 *
 * Written from the specifications and sharing no code with capture/, so that it can test it. Used by rewrap (files) and by
 * test_decode (frames). dir is 0 for client to server, 1 for the way back: ids that differ per direction in the wild
 * (TEIDs, sessions, call ids) differ here too.
 */
#ifndef TESTS_TOOLS_WRAP_H
#define TESTS_TOOLS_WRAP_H

#include "capture/packet.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { WRAP_MAX = 1 << 18 };

struct wbuf {
    size_t n;
    uint8_t b[WRAP_MAX];
};

static inline void w_mem(struct wbuf *o, const void *p, size_t n)
{
    if (o->n + n > WRAP_MAX)
        abort();
    if (n)
        memcpy(o->b + o->n, p, n);
    o->n += n;
}

static inline void w8(struct wbuf *o, unsigned v)
{
    uint8_t b = (uint8_t)v;
    w_mem(o, &b, 1);
}

static inline void w16(struct wbuf *o, unsigned v)
{
    w8(o, v >> 8);
    w8(o, v);
}

static inline void w32(struct wbuf *o, uint32_t v)
{
    w16(o, v >> 16);
    w16(o, v & 0xffff);
}

static inline void wl16(struct wbuf *o, unsigned v)
{
    w8(o, v);
    w8(o, v >> 8);
}

static inline void wl32(struct wbuf *o, uint32_t v)
{
    wl16(o, v & 0xffff);
    wl16(o, v >> 16);
}

static inline void w_zero(struct wbuf *o, size_t n)
{
    while (n--)
        w8(o, 0);
}

static inline unsigned w_be16(const uint8_t *p)
{
    return (unsigned)p[0] << 8 | p[1];
}

/* RFC 1071 */
static inline uint32_t w_sum(uint32_t sum, const uint8_t *p, size_t n)
{
    for (size_t i = 0; i + 1 < n; i += 2)
        sum += w_be16(p + i);
    return n & 1 ? sum + (uint32_t)p[n - 1] * 256 : sum;
}

static inline unsigned w_fold(uint32_t sum)
{
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return ~sum & 0xffff;
}

/* The input's IP packet, without the Ethernet header and padding. */
struct inner {
    const uint8_t *eth; /* 14 bytes, then the packet */
    const uint8_t *ip;
    size_t ip_len;
    unsigned header; /* of IPv4 */
};

static inline struct inner w_inner(const uint8_t *frame, size_t n)
{
    struct inner i = { frame, frame + 14, n - 14, 20 };
    if (w_be16(frame + 12) == 0x0800) {
        i.header = (i.ip[0] & 15U) * 4;
        if (w_be16(i.ip + 2) && w_be16(i.ip + 2) < i.ip_len)
            i.ip_len = w_be16(i.ip + 2);
    }
    return i;
}

static inline void w_ether(struct wbuf *o, unsigned dir, unsigned type)
{
    static const uint8_t mac[2][6] = { { 2, 0, 0, 0, 1, 1 }, { 2, 0, 0, 0, 2, 2 } };
    w_mem(o, mac[!dir], 6);
    w_mem(o, mac[dir], 6);
    w16(o, type);
}

static inline void w_ipv4(struct wbuf *o, unsigned dir, unsigned protocol, size_t len)
{
    size_t at = o->n;
    w16(o, 0x4500);
    w16(o, (unsigned)len + 20);
    w32(o, 0x12344000);
    w8(o, 64);
    w8(o, protocol);
    w16(o, 0);
    w32(o, dir ? 0xc0000202 : 0xc0000201);
    w32(o, dir ? 0xc0000201 : 0xc0000202);
    unsigned sum = w_fold(w_sum(0, o->b + at, 20));
    o->b[at + 10] = (uint8_t)(sum >> 8);
    o->b[at + 11] = (uint8_t)sum;
}

static inline void w_ipv6(struct wbuf *o, unsigned dir, unsigned next, size_t len)
{
    static const uint8_t a[2][16] = { { 0x20, 1, 0xd, 0xb8, [15] = 1 }, { 0x20, 1, 0xd, 0xb8, [15] = 2 } };
    w32(o, 0x60000000);
    w16(o, (unsigned)len);
    w8(o, next);
    w8(o, 64);
    w_mem(o, a[dir], 16);
    w_mem(o, a[!dir], 16);
}

/* Ethernet, IPv4 and UDP in front of len bytes. */
static inline void w_udp(struct wbuf *o, unsigned dir, unsigned sport, unsigned dport, size_t len)
{
    w_ether(o, dir, 0x0800);
    w_ipv4(o, dir, 17, len + 8);
    w16(o, sport);
    w16(o, dport);
    w16(o, (unsigned)len + 8);
    w16(o, 0);
}

static inline void w_outer(struct wbuf *o, unsigned dir, unsigned protocol, size_t len)
{
    w_ether(o, dir, 0x0800);
    w_ipv4(o, dir, protocol, len);
}

/* The packet as IPv6: prefix (4 bytes), zeros, the IPv4 address; TCP checksum anew. Returns its length. */
static inline size_t w_as_ipv6(struct wbuf *o, struct inner in, const uint8_t prefix[4])
{
    size_t at = o->n, tcp = in.ip_len - in.header;
    uint8_t pseudo[8] = { 0, 0, (uint8_t)(tcp >> 8), (uint8_t)tcp, 0, 0, 0, 6 };
    w32(o, 0x60000000);
    w16(o, (unsigned)tcp);
    w8(o, in.ip[9]);
    w8(o, in.ip[8]);
    for (unsigned i = 0; i < 2; i++) {
        w_mem(o, prefix, 4);
        w_zero(o, 8);
        w_mem(o, in.ip + 12 + 4 * i, 4);
    }
    w_mem(o, in.ip + in.header, tcp);
    uint8_t *seg = o->b + at + 40;
    seg[16] = seg[17] = 0;
    unsigned sum = w_fold(w_sum(w_sum(w_sum(0, o->b + at + 8, 32), pseudo, 8), seg, tcp));
    seg[16] = (uint8_t)(sum >> 8);
    seg[17] = (uint8_t)sum;
    return tcp + 40;
}

static const uint8_t w_documentation[4] = { 0x20, 0x01, 0x0d, 0xb8 }, w_teredo[4] = { 0x20, 0x01, 0, 0 };

/* An 802.11 data frame with LLC/SNAP around the packet. flags: to DS 1, from DS 2; qos: a QoS field. */
static inline void w_wlan(struct wbuf *o, struct inner in, unsigned dir, unsigned flags, bool qos, bool swapped)
{
    const uint8_t *dst = in.eth, *src = in.eth + 6;
    static const uint8_t bssid[6] = { 2, 0, 0, 0, 9, 9 }, bssid2[6] = { 2, 0, 0, 0, 8, 8 };
    unsigned control = qos ? 0x88 : 0x08;
    w8(o, swapped ? flags : control);
    w8(o, swapped ? control : flags);
    w16(o, 0);
    w_mem(o, flags == 2 ? dst : bssid, 6); /* address 1: the receiver */
    w_mem(o, flags == 1 ? src : flags == 0 ? src : bssid2, 6);
    w_mem(o, flags == 2 ? src : dst, 6);
    w16(o, dir << 4);
    if (flags == 3)
        w_mem(o, src, 6);
    if (qos)
        w16(o, 0);
    w_mem(o, "\xaa\xaa\x03\0\0\0", 6);
    w16(o, w_be16(in.eth + 12));
    w_mem(o, in.ip, in.ip_len);
}

#define WRAP(name) static inline void wrap_##name(struct wbuf *o, struct inner in, unsigned dir, size_t n)
#define W_PACKET w_mem(o, in.ip, in.ip_len)
#define W_FRAME w_mem(o, in.eth, n)
#define W_MACS w_mem(o, in.eth, 12)
#define W_UNUSED (void)dir, (void)n

/* ---- link layers ---- */
WRAP(plain) { W_UNUSED; W_FRAME; }
WRAP(raw) { W_UNUSED; W_PACKET; }
WRAP(null) { W_UNUSED; wl32(o, 2); W_PACKET; }
WRAP(null_big) { W_UNUSED; w32(o, 2); W_PACKET; }
WRAP(sll) { W_UNUSED; w16(o, dir ? 0 : 4); w16(o, 1); w16(o, 6); w_mem(o, in.eth + 6, 6); w16(o, 0); w16(o, 0x0800); W_PACKET; }
WRAP(sll2) { W_UNUSED; w16(o, 0x0800); w16(o, 0); w32(o, 3); w16(o, 1); w8(o, dir ? 0 : 4); w8(o, 6); w_mem(o, in.eth + 6, 6); w16(o, 0); W_PACKET; }
WRAP(sll_vlan) { W_UNUSED; w16(o, 0); w16(o, 1); w16(o, 6); w_zero(o, 8); w16(o, 0x8100); w16(o, 100); w16(o, 0x0800); W_PACKET; }
WRAP(sll_llc) { W_UNUSED; w16(o, 0); w16(o, 1); w16(o, 6); w_zero(o, 8); w16(o, 4); w_mem(o, "\xaa\xaa\x03\0\0\0\x08\0", 8); W_PACKET; }
WRAP(slip) { W_UNUSED; w8(o, dir); w_zero(o, 15); W_PACKET; }
WRAP(netanalyzer) { W_UNUSED; w32(o, 0x40010203); W_FRAME; }
WRAP(ppp_chdlc) { W_UNUSED; w16(o, 0x0f00); w16(o, 0x0800); W_PACKET; }
WRAP(ppp) { W_UNUSED; w16(o, 0xff03); w16(o, 0x0021); W_PACKET; }
WRAP(ppp_bare) { W_UNUSED; w8(o, 0x21); W_PACKET; } /* both fields compressed away (RFC 1661 6.5, 6.6) */
WRAP(ppp_pppd) { W_UNUSED; w8(o, dir); w8(o, 3); w16(o, 0x0021); W_PACKET; }
WRAP(chdlc) { W_UNUSED; w16(o, 0x0f00); w16(o, 0x0800); W_PACKET; }
WRAP(frelay) { W_UNUSED; w16(o, 0x1841); w16(o, 0x03cc); W_PACKET; }
WRAP(frelay_ipv6) { W_UNUSED; w16(o, 0x1841); w16(o, 0x038e); (void)w_as_ipv6(o, in, w_documentation); }
WRAP(nflog) { W_UNUSED; w32(o, 0x02000000); wl16(o, 8); wl16(o, 1); w32(o, 0x08000100); wl16(o, 5); wl16(o, 10); w_zero(o, 4); wl16(o, (unsigned)in.ip_len + 4); wl16(o, 9); W_PACKET; }
WRAP(pktap) { W_UNUSED; wl32(o, 108); wl32(o, 1); wl32(o, 1); w_zero(o, 96); W_FRAME; }
WRAP(pflog) { W_UNUSED; w8(o, 61); w8(o, 2); w_zero(o, 62); W_PACKET; }
WRAP(enc) { W_UNUSED; wl32(o, 2); w_zero(o, 8); W_PACKET; }
WRAP(mpls_link) { W_UNUSED; w32(o, 1000U << 12 | 0x140); W_PACKET; }

/* ---- 802.11 ---- */
WRAP(wlan) { W_UNUSED; w_wlan(o, in, dir, dir ? 2 : 1, false, false); }
WRAP(wlan_adhoc) { W_UNUSED; w_wlan(o, in, dir, 0, false, false); }
WRAP(wds) { W_UNUSED; w_wlan(o, in, dir, 3, true, false); }
WRAP(sll_wlan) { W_UNUSED; w16(o, 0); w16(o, 801); w16(o, 6); w_zero(o, 8); w16(o, 4); w_wlan(o, in, dir, dir ? 2 : 1, false, false); }
WRAP(sll_radiotap) { W_UNUSED; w16(o, 0); w16(o, 803); w16(o, 6); w_zero(o, 8); w16(o, 4); w16(o, 0); wl16(o, 8); w32(o, 0); w_wlan(o, in, dir, dir ? 2 : 1, false, false); }
WRAP(radiotap)
{
    W_UNUSED;
    w16(o, 0);
    wl16(o, 17);
    wl32(o, 3); /* time stamp (8 bytes), flags */
    w_zero(o, 8);
    w8(o, 0x10); /* a frame check sequence follows */
    w_wlan(o, in, dir, dir ? 2 : 1, true, false);
    w32(o, 0xdeadbeef);
}
WRAP(radiotap_padded)
{
    w16(o, 0);
    wl16(o, 9);
    wl32(o, 2);
    w8(o, 0x20); /* the header is padded to a multiple of four */
    size_t at = o->n;
    w_wlan(o, in, dir, dir ? 2 : 1, true, false);
    memmove(o->b + at + 28, o->b + at + 26, o->n - at - 26);
    o->n += 2;
    (void)n;
}
WRAP(prism) { W_UNUSED; wl32(o, 0x44); wl32(o, 144); w_zero(o, 136); w_wlan(o, in, dir, dir ? 2 : 1, false, false); }
WRAP(sll_prism) { W_UNUSED; w16(o, 0); w16(o, 802); w16(o, 6); w_zero(o, 8); w16(o, 4); wrap_prism(o, in, dir, n); }
WRAP(avs) { W_UNUSED; w32(o, 0x80211001); w32(o, 64); w_zero(o, 56); w_wlan(o, in, dir, dir ? 2 : 1, false, false); }
WRAP(ppi) { W_UNUSED; w16(o, 0); wl16(o, 8); wl32(o, 105); w_wlan(o, in, dir, dir ? 2 : 1, true, false); }
WRAP(wlan_decrypted) /* the driver took the encryption off and left the bit and the CCMP header */
{
    (void)n;
    w_wlan(o, in, dir, dir ? 2 : 1, false, false);
    o->b[o->n - in.ip_len - 8 - 24 + 1] |= 0x40;
    uint8_t *llc = o->b + o->n - in.ip_len - 8;
    memmove(llc + 8, llc, in.ip_len + 8);
    memcpy(llc, "\1\0\0\x20\0\0\0\0", 8);
    o->n += 8;
}
/* An aggregate: something else first, then the packet. */
WRAP(amsdu)
{
    W_UNUSED;
    size_t at = o->n;
    w_wlan(o, in, dir, dir ? 2 : 1, true, false);
    o->n = at + 26;
    o->b[at + 24] = 0x80;
    w_zero(o, 12); /* a subframe with an ARP of 28 bytes, padded to 52 */
    w16(o, 36);
    w_mem(o, "\xaa\xaa\x03\0\0\0\x08\x06\0\1\x08\0\6\4\0\1", 16);
    w_zero(o, 20 + 2);
    W_MACS;
    w16(o, (unsigned)in.ip_len + 8);
    w_mem(o, "\xaa\xaa\x03\0\0\0\x08\0", 8);
    W_PACKET;
}

/* ---- between the addresses and the packet ---- */
WRAP(llc_ip) { W_UNUSED; W_MACS; w16(o, (unsigned)in.ip_len + 3); w_mem(o, "\x06\x06\x03", 3); W_PACKET; }
WRAP(snap_bridged) { W_UNUSED; W_MACS; w16(o, (unsigned)n + 10); w_mem(o, "\xaa\xaa\x03\0\x80\xc2\0\x07\0\0", 10); W_FRAME; }
WRAP(snap) { W_UNUSED; W_MACS; w16(o, (unsigned)in.ip_len + 8); w_mem(o, "\xaa\xaa\x03\0\0\0\x08\0", 8); W_PACKET; }
WRAP(vlan) { W_UNUSED; W_MACS; w16(o, 0x8100); w16(o, 0x6064); w16(o, 0x0800); W_PACKET; }
WRAP(vlan_asym) { W_UNUSED; W_MACS; w16(o, 0x8100); w16(o, dir ? 201 : 200); w16(o, 0x0800); W_PACKET; }
WRAP(qinq) { W_UNUSED; W_MACS; w16(o, 0x88a8); w16(o, 10); w16(o, 0x8100); w16(o, 20); w16(o, 0x0800); W_PACKET; }
WRAP(vlan3) { W_UNUSED; W_MACS; w16(o, 0x9100); w16(o, 1); w16(o, 0x8100); w16(o, 2); w16(o, 0x8100); w16(o, 3); w16(o, 0x0800); W_PACKET; }
WRAP(mpls1) { W_UNUSED; W_MACS; w16(o, 0x8847); w32(o, 1000U << 12 | 0x140); W_PACKET; }
WRAP(mpls2) { W_UNUSED; W_MACS; w16(o, 0x8847); w32(o, 1000U << 12 | 0x40); w32(o, 2000U << 12 | 0x140); W_PACKET; }
WRAP(mpls_pw) { W_UNUSED; W_MACS; w16(o, 0x8847); w32(o, 1000U << 12 | 0x140); W_FRAME; }
WRAP(mpls_pw_cw) { W_UNUSED; W_MACS; w16(o, 0x8847); w32(o, 1000U << 12 | 0x140); w32(o, 7); W_FRAME; }
WRAP(pppoe) { W_UNUSED; W_MACS; w16(o, 0x8864); w16(o, 0x1100); w16(o, 77); w16(o, (unsigned)in.ip_len + 2); w16(o, 0x0021); W_PACKET; }
WRAP(nsh) { W_UNUSED; W_MACS; w16(o, 0x894f); w32(o, 0x0fc60101); w32(o, 300U << 8 | 255); w_zero(o, 16); W_PACKET; } /* length 6 words */
WRAP(nsh_ether) { W_UNUSED; W_MACS; w16(o, 0x894f); w32(o, 0x0fc20203); w32(o, 300U << 8 | 255); W_FRAME; }
WRAP(nsh_ipv6) { W_UNUSED; W_MACS; w16(o, 0x894f); w32(o, 0x0fc20202); w32(o, 300U << 8 | 255); (void)w_as_ipv6(o, in, w_documentation); }
WRAP(nsh_nsh) { W_UNUSED; W_MACS; w16(o, 0x894f); w32(o, 0x0fc20204); w32(o, 300U << 8 | 255); w32(o, 0x0fc20201); w32(o, 301U << 8 | 255); W_PACKET; }
WRAP(nsh_mpls) { W_UNUSED; W_MACS; w16(o, 0x894f); w32(o, 0x0fc20205); w32(o, 300U << 8 | 255); w32(o, 1000U << 12 | 0x140); W_PACKET; }
WRAP(pbb) { w_ether(o, dir, 0x88a8); w16(o, 500); w16(o, 0x88e7); w32(o, 70000); W_FRAME; (void)n; }
WRAP(cmd) { W_UNUSED; W_MACS; w16(o, 0x8909); w16(o, 0x0101); w16(o, 1); w16(o, 42); w16(o, 0x0800); W_PACKET; }
WRAP(vntag) { W_UNUSED; W_MACS; w16(o, 0x8926); w32(o, dir ? 0x80010002 : 2); w16(o, 0x8100); w16(o, 100); w16(o, 0x0800); W_PACKET; }
WRAP(etag) { W_UNUSED; W_MACS; w16(o, 0x893f); w32(o, 0x00011002); w16(o, 0); w16(o, 0x0800); W_PACKET; }
WRAP(hsr) { W_UNUSED; W_MACS; w16(o, 0x892f); w16(o, 0x1000 | (unsigned)in.ip_len); w16(o, 9); w16(o, 0x0800); W_PACKET; }
WRAP(macsec_clear) { W_UNUSED; W_MACS; w16(o, 0x88e5); w16(o, 0x2000); w32(o, 1); w_zero(o, 8); w16(o, 0x0800); W_PACKET; w_zero(o, 16); }

/* ---- IP in IP ---- */
WRAP(ipip) { W_UNUSED; w_outer(o, dir, 4, in.ip_len); W_PACKET; }
WRAP(v4in6) { W_UNUSED; w_ether(o, dir, 0x86dd); w_ipv6(o, dir, 4, in.ip_len); W_PACKET; }
WRAP(ipv6) { W_UNUSED; W_MACS; w16(o, 0x86dd); (void)w_as_ipv6(o, in, w_documentation); }
WRAP(v6in4) { W_UNUSED; w_outer(o, dir, 41, in.ip_len - in.header + 40); (void)w_as_ipv6(o, in, w_documentation); }
WRAP(v6in6) { W_UNUSED; w_ether(o, dir, 0x86dd); w_ipv6(o, dir, 41, in.ip_len - in.header + 40); (void)w_as_ipv6(o, in, w_documentation); }
WRAP(v6ext) /* hop-by-hop, routing used up, destination options, an atomic fragment */
{
    static struct wbuf six;
    six.n = 0;
    (void)w_as_ipv6(&six, in, w_documentation);
    size_t tcp = six.n - 40;
    W_MACS;
    w16(o, 0x86dd);
    w_mem(o, six.b, 4);
    w16(o, (unsigned)tcp + 8 + 24 + 16 + 8);
    w8(o, 0);
    w_mem(o, six.b + 7, 33);
    w_mem(o, "\x2b\0\x05\x02\0\0\1\0", 8);
    w_mem(o, "\x3c\2\0\0\0\0\0\0", 8);
    w_zero(o, 16);
    w_mem(o, "\x2c\1\1\x0c", 4);
    w_zero(o, 12);
    w_mem(o, "\6\0\0\0\0\0\0\1", 8);
    w_mem(o, six.b + 40, tcp);
    W_UNUSED;
}
WRAP(ah) { W_UNUSED; w_outer(o, dir, 51, in.ip_len + 24); w16(o, 0x0404); w16(o, 0); w32(o, 0x1000); w32(o, 1); w_zero(o, 12); W_PACKET; }
WRAP(etherip) { W_UNUSED; w_outer(o, dir, 97, n + 2); w16(o, 0x3000); W_FRAME; }

/* ---- GRE ---- */
WRAP(gre_ip) { W_UNUSED; w_outer(o, dir, 47, in.ip_len + 4); w32(o, 0x0800); W_PACKET; }
WRAP(gre_all) { W_UNUSED; w_outer(o, dir, 47, in.ip_len + 16); w16(o, 0xb000); w16(o, 0x0800); w32(o, 0); w32(o, 5000); w32(o, 1); W_PACKET; }
WRAP(gre_eth) { W_UNUSED; w_outer(o, dir, 47, n + 4); w32(o, 0x6558); W_FRAME; }
WRAP(gre_v6) { W_UNUSED; w_ether(o, dir, 0x86dd); w_ipv6(o, dir, 47, in.ip_len + 4); w32(o, 0x0800); W_PACKET; }
WRAP(nvgre) { W_UNUSED; w_outer(o, dir, 47, n + 8); w32(o, 0x20006558); w32(o, 6000U << 8 | 1); W_FRAME; }
WRAP(pptp) { W_UNUSED; w_outer(o, dir, 47, in.ip_len + 16 + 4); w32(o, 0x3081880b); w16(o, (unsigned)in.ip_len + 4); w16(o, dir ? 8 : 9); w32(o, 1); w32(o, 1); w16(o, 0xff03); w16(o, 0x0021); W_PACKET; }
WRAP(eoip) { W_UNUSED; w_outer(o, dir, 47, n + 8); w32(o, 0x20016400); w16(o, (unsigned)n); wl16(o, 11); W_FRAME; }
WRAP(wccp) { W_UNUSED; w_outer(o, dir, 47, in.ip_len + 8); w32(o, 0x883e); w32(o, 0); W_PACKET; }
WRAP(aruba)
{
    W_UNUSED;
    static struct wbuf f;
    f.n = 0;
    w_wlan(&f, in, dir, dir ? 2 : 1, true, false);
    w_outer(o, dir, 47, f.n + 4);
    w32(o, 0x8210);
    w_mem(o, f.b, f.n);
}
WRAP(erspan1) { W_UNUSED; w_outer(o, dir, 47, n + 4); w32(o, 0x88be); W_FRAME; }
WRAP(erspan2) { W_UNUSED; w_outer(o, dir, 47, n + 16); w32(o, 0x100088be); w32(o, 1); w16(o, 0x1064); w16(o, dir ? 22 : 21); w32(o, 5); W_FRAME; }
WRAP(erspan3) { W_UNUSED; w_outer(o, dir, 47, n + 20); w32(o, 0x100022eb); w32(o, 1); w16(o, 0x2064); w16(o, dir ? 22 : 21); w32(o, 99); w16(o, 7); w16(o, 0); W_FRAME; }
WRAP(erspan3_ip) { W_UNUSED; w_outer(o, dir, 47, in.ip_len + 20); w32(o, 0x100022eb); w32(o, 1); w16(o, 0x2064); w16(o, dir ? 22 : 21); w32(o, 99); w16(o, 7); w16(o, 0x0800); W_PACKET; }
WRAP(erspan3_sub) { W_UNUSED; w_outer(o, dir, 47, n + 28); w32(o, 0x100022eb); w32(o, 1); w16(o, 0x2064); w16(o, dir ? 22 : 21); w32(o, 99); w16(o, 7); w16(o, 1); w32(o, 0x0c000000); w32(o, 1); W_FRAME; }

/* ---- UDP ---- */
WRAP(vxlan) { W_UNUSED; w_udp(o, dir, 50000, 4789, n + 8); w32(o, 0x08000000); w32(o, 7000U << 8); W_FRAME; }
WRAP(vxlan_8472) { W_UNUSED; w_udp(o, dir, 50000, 8472, n + 8); w32(o, 0x08000000); w32(o, 7000U << 8); W_FRAME; }
WRAP(vxlan_asym) { W_UNUSED; w_udp(o, dir, 50000, 4789, n + 8); w32(o, 0x08000000); w32(o, (dir ? 7001U : 7000U) << 8); W_FRAME; }
WRAP(vxlan_gbp) { W_UNUSED; w_udp(o, dir, 50000, 4789, n + 8); w32(o, 0x88080123); w32(o, 7000U << 8); W_FRAME; }
WRAP(vxlan_gpe) { W_UNUSED; w_udp(o, dir, 50000, 4790, in.ip_len + 8); w32(o, 0x0c000001); w32(o, 7000U << 8); W_PACKET; }
WRAP(vxlan_gpe_ipv6) { W_UNUSED; w_udp(o, dir, 50000, 4790, in.ip_len - in.header + 40 + 8); w32(o, 0x0c000002); w32(o, 7000U << 8); (void)w_as_ipv6(o, in, w_documentation); }
WRAP(vxlan_gpe_ether) { W_UNUSED; w_udp(o, dir, 50000, 4790, n + 8); w32(o, 0x0c000003); w32(o, 7000U << 8); W_FRAME; }
WRAP(vxlan_gpe_mpls) { W_UNUSED; w_udp(o, dir, 50000, 4790, in.ip_len + 12); w32(o, 0x0c000005); w32(o, 7000U << 8); w32(o, 1000U << 12 | 0x140); W_PACKET; }
WRAP(vxlan_gpe_nsh) { W_UNUSED; w_udp(o, dir, 50000, 4790, in.ip_len + 16); w32(o, 0x0c000004); w32(o, 7000U << 8); w32(o, 0x0fc20201); w32(o, 300U << 8 | 255); W_PACKET; }
WRAP(vxlan_vlan) { W_UNUSED; w_udp(o, dir, 50000, 4789, n + 12); w32(o, 0x08000000); w32(o, 7000U << 8); W_MACS; w16(o, 0x8100); w16(o, 33); w16(o, 0x0800); W_PACKET; }
WRAP(geneve) { W_UNUSED; w_udp(o, dir, 50000, 6081, n + 8); w32(o, 0x6558); w32(o, 8000U << 8); W_FRAME; }
WRAP(geneve_opt) { W_UNUSED; w_udp(o, dir, 50000, 6081, in.ip_len + 8 + 12); w32(o, 0x03400800); w32(o, 8000U << 8); w32(o, 0x01028102); w32(o, 1); w32(o, 2); W_PACKET; }
WRAP(gtpu) { W_UNUSED; w_udp(o, dir, 2152, 2152, in.ip_len + 8); w16(o, 0x30ff); w16(o, (unsigned)in.ip_len); w32(o, dir ? 0x2222 : 0x1111); W_PACKET; }
WRAP(gtpu_ext) { W_UNUSED; w_udp(o, dir, 2152, 2152, in.ip_len + 16); w16(o, 0x34ff); w16(o, (unsigned)in.ip_len + 8); w32(o, dir ? 0x2222 : 0x1111); w32(o, 0x00000085); w32(o, 0x01100500); W_PACKET; } /* TS 38.415 PDU session container */
WRAP(teredo) { W_UNUSED; w_udp(o, dir, dir ? 3544 : 50000, dir ? 50000 : 3544, in.ip_len - in.header + 40); (void)w_as_ipv6(o, in, w_teredo); }
WRAP(teredo_ind) { W_UNUSED; w_udp(o, dir, 3544, 50000, in.ip_len - in.header + 40 + 13 + 8); w32(o, 0x00010000); w_zero(o, 9); w32(o, 0xffff); w32(o, 0x01020304); (void)w_as_ipv6(o, in, w_teredo); }
WRAP(l2tp) { W_UNUSED; w_udp(o, dir, 1701, 1701, in.ip_len + 10); w16(o, 0x0002); w16(o, dir ? 3 : 4); w16(o, 5); w16(o, 0xff03); w16(o, 0x0021); W_PACKET; }
WRAP(l2tp_all) { W_UNUSED; w_udp(o, dir, 1701, 1701, in.ip_len + 20); w16(o, 0x4a02); w16(o, (unsigned)in.ip_len + 20); w16(o, dir ? 3 : 4); w16(o, 5); w32(o, 0x00010002); w16(o, 2); w16(o, 0); w16(o, 0xff03); w16(o, 0x0021); W_PACKET; }
WRAP(l2tpv3_udp) { W_UNUSED; w_udp(o, dir, 1701, 1701, n + 8); w32(o, 0x00030000); w32(o, dir ? 31 : 32); W_FRAME; }
WRAP(l2tpv3_ip) { W_UNUSED; w_outer(o, dir, 115, n + 4); w32(o, dir ? 31 : 32); W_FRAME; }
WRAP(l2tpv3_cookie) { W_UNUSED; w_outer(o, dir, 115, n + 16); w32(o, dir ? 31 : 32); w32(o, 0x5a5a5a5a); w32(o, 0xa5a5a5a5); w32(o, 0x40000001); W_FRAME; }
WRAP(tzsp) { W_UNUSED; w_udp(o, dir, 50000, 37008, n + 5); w32(o, 0x01000001); w8(o, 1); W_FRAME; }
WRAP(tzsp_ip) { W_UNUSED; w_udp(o, dir, 50000, 37008, in.ip_len + 5); w32(o, 0x01000007); w8(o, 1); W_PACKET; }
WRAP(tzsp_ppp) { W_UNUSED; w_udp(o, dir, 50000, 37008, in.ip_len + 9); w32(o, 0x01000004); w8(o, 1); w32(o, 0xff030021); W_PACKET; }
WRAP(tzsp_wlan)
{
    W_UNUSED;
    static struct wbuf f;
    f.n = 0;
    w_wlan(&f, in, dir, dir ? 2 : 1, false, false);
    w_udp(o, dir, 50000, 37008, f.n + 9);
    w32(o, 0x01000012);
    w_mem(o, "\0\x0a\1\xc8\1", 5);
    w_mem(o, f.b, f.n);
}
WRAP(capwap)
{
    W_UNUSED;
    static struct wbuf f;
    f.n = 0;
    w_wlan(&f, in, dir, dir ? 2 : 1, true, false);
    w_udp(o, dir, dir ? 5247 : 50000, dir ? 50000 : 5247, f.n + 8);
    w32(o, 0x00100300); /* header of 2 words, 802.11 binding, native frame */
    w32(o, 0);
    w_mem(o, f.b, f.n);
}
WRAP(capwap_cisco) /* frame control swapped; wireless information in the header */
{
    W_UNUSED;
    static struct wbuf f;
    f.n = 0;
    w_wlan(&f, in, dir, dir ? 2 : 1, false, true);
    w_udp(o, dir, dir ? 5247 : 50000, dir ? 50000 : 5247, f.n + 16);
    w32(o, 0x00200320);
    w32(o, 0);
    w_mem(o, "\4\xc8\x1c\0\0\0\0\0", 8);
    w_mem(o, f.b, f.n);
}
WRAP(capwap_8023) { W_UNUSED; w_udp(o, dir, dir ? 5247 : 50000, dir ? 50000 : 5247, n + 8); w32(o, 0x00100200); w32(o, 0); W_FRAME; }
WRAP(mpls_udp) { W_UNUSED; w_udp(o, dir, 50000, 6635, in.ip_len + 4); w32(o, 1000U << 12 | 0x140); W_PACKET; }
WRAP(gre_udp) { W_UNUSED; w_udp(o, dir, 50000, 4754, in.ip_len + 4); w32(o, 0x0800); W_PACKET; }

/* ---- several ---- */
WRAP(erspan_vxlan)
{
    W_UNUSED;
    static struct wbuf f;
    f.n = 0;
    wrap_vxlan_vlan(&f, in, dir, n);
    w_ether(o, dir, 0x8100);
    w16(o, 50);
    w16(o, 0x0800);
    w_ipv4(o, dir, 47, f.n + 16);
    w32(o, 0x100088be);
    w32(o, 1);
    w16(o, 0x1000);
    w16(o, 21);
    w32(o, 0);
    w_mem(o, f.b, f.n);
}

/* One row per kind. ids: the outermost and innermost tenant ids, VLAN and VNI of direction 0. */
static const struct wrap {
    const char *name;
    int dlt;
    void (*fn)(struct wbuf *o, struct inner in, unsigned dir, size_t n);
    uint32_t kinds, outer, inner, vlan, vni;
    enum { AS_IS, AS_IPV6, AS_TEREDO } addresses; /* of the innermost packet */
} wraps[] = {
    { "plain", 1, wrap_plain, 0, 0, 0, 0, 0, AS_IS },
    { "raw", 12, wrap_raw, 0, 0, 0, 0, 0, AS_IS },
    { "null", 0, wrap_null, 0, 0, 0, 0, 0, AS_IS },
    { "null-big-endian", 0, wrap_null_big, 0, 0, 0, 0, 0, AS_IS },
    { "loop", 108, wrap_null_big, 0, 0, 0, 0, 0, AS_IS },
    { "sll", 113, wrap_sll, 0, 0, 0, 0, 0, AS_IS },
    { "sll2", 276, wrap_sll2, 0, 0, 0, 0, 0, AS_IS },
    { "sll-vlan", 113, wrap_sll_vlan, ENCAP_VLAN, 100, 100, 100, 0, AS_IS },
    { "sll-llc", 113, wrap_sll_llc, 0, 0, 0, 0, 0, AS_IS },
    { "sll-wlan", 113, wrap_sll_wlan, ENCAP_WLAN, 0, 0, 0, 0, AS_IS },
    { "sll-radiotap", 113, wrap_sll_radiotap, ENCAP_WLAN, 0, 0, 0, 0, AS_IS },
    { "sll-prism", 113, wrap_sll_prism, ENCAP_WLAN, 0, 0, 0, 0, AS_IS },
    { "slip", 8, wrap_slip, 0, 0, 0, 0, 0, AS_IS },
    { "netanalyzer", 240, wrap_netanalyzer, 0, 0, 0, 0, 0, AS_IS },
    { "ppp-cisco-hdlc", 50, wrap_ppp_chdlc, ENCAP_PPP, 0, 0, 0, 0, AS_IS },
    { "ppp", 9, wrap_ppp, ENCAP_PPP, 0, 0, 0, 0, AS_IS },
    { "ppp-compressed", 9, wrap_ppp_bare, ENCAP_PPP, 0, 0, 0, 0, AS_IS },
    { "ppp-serial", 50, wrap_ppp, ENCAP_PPP, 0, 0, 0, 0, AS_IS },
    { "ppp-pppd", 166, wrap_ppp_pppd, ENCAP_PPP, 0, 0, 0, 0, AS_IS },
    { "cisco-hdlc", 104, wrap_chdlc, 0, 0, 0, 0, 0, AS_IS },
    { "frame-relay", 107, wrap_frelay, 0, 0, 0, 0, 0, AS_IS },
    { "frame-relay-ipv6", 107, wrap_frelay_ipv6, 0, 0, 0, 0, 0, AS_IPV6 },
    { "nflog", 239, wrap_nflog, 0, 0, 0, 0, 0, AS_IS },
    { "pktap", 258, wrap_pktap, 0, 0, 0, 0, 0, AS_IS },
    { "pflog", 117, wrap_pflog, 0, 0, 0, 0, 0, AS_IS },
    { "enc", 109, wrap_enc, 0, 0, 0, 0, 0, AS_IS },
    { "mpls-link", 219, wrap_mpls_link, ENCAP_MPLS, 1000, 1000, 0, 0, AS_IS },
    { "wlan", 105, wrap_wlan, ENCAP_WLAN, 0, 0, 0, 0, AS_IS },
    { "wlan-adhoc", 105, wrap_wlan_adhoc, ENCAP_WLAN, 0, 0, 0, 0, AS_IS },
    { "wlan-wds", 105, wrap_wds, ENCAP_WLAN, 0, 0, 0, 0, AS_IS },
    { "wlan-decrypted", 105, wrap_wlan_decrypted, ENCAP_WLAN, 0, 0, 0, 0, AS_IS },
    { "radiotap", 127, wrap_radiotap, ENCAP_WLAN, 0, 0, 0, 0, AS_IS },
    { "radiotap-padded", 127, wrap_radiotap_padded, ENCAP_WLAN, 0, 0, 0, 0, AS_IS },
    { "prism", 119, wrap_prism, ENCAP_WLAN, 0, 0, 0, 0, AS_IS },
    { "avs", 163, wrap_avs, ENCAP_WLAN, 0, 0, 0, 0, AS_IS },
    { "ppi", 192, wrap_ppi, ENCAP_WLAN, 0, 0, 0, 0, AS_IS },
    { "amsdu", 105, wrap_amsdu, ENCAP_WLAN, 0, 0, 0, 0, AS_IS },
    { "llc-ip", 1, wrap_llc_ip, 0, 0, 0, 0, 0, AS_IS },
    { "snap-bridged", 1, wrap_snap_bridged, 0, 0, 0, 0, 0, AS_IS },
    { "llc-snap", 1, wrap_snap, 0, 0, 0, 0, 0, AS_IS },
    { "vlan", 1, wrap_vlan, ENCAP_VLAN, 100, 100, 100, 0, AS_IS },
    { "vlan-asym", 1, wrap_vlan_asym, ENCAP_VLAN, 200, 200, 200, 0, AS_IS },
    { "qinq", 1, wrap_qinq, ENCAP_VLAN | ENCAP_QINQ, 10, 20, 20, 0, AS_IS },
    { "vlan3", 1, wrap_vlan3, ENCAP_VLAN | ENCAP_QINQ, 1, 3, 3, 0, AS_IS },
    { "mpls1", 1, wrap_mpls1, ENCAP_MPLS, 1000, 1000, 0, 0, AS_IS },
    { "mpls2", 1, wrap_mpls2, ENCAP_MPLS, 1000, 2000, 0, 0, AS_IS },
    { "mpls-pw", 1, wrap_mpls_pw, ENCAP_MPLS, 1000, 1000, 0, 0, AS_IS },
    { "mpls-pw-cw", 1, wrap_mpls_pw_cw, ENCAP_MPLS, 1000, 1000, 0, 0, AS_IS },
    { "pppoe", 1, wrap_pppoe, ENCAP_PPPOE, 77, 77, 0, 0, AS_IS },
    { "nsh", 1, wrap_nsh, ENCAP_NSH, 300, 300, 0, 0, AS_IS },
    { "nsh-ethernet", 1, wrap_nsh_ether, ENCAP_NSH, 300, 300, 0, 0, AS_IS },
    { "nsh-ipv6", 1, wrap_nsh_ipv6, ENCAP_NSH, 300, 300, 0, 0, AS_IPV6 },
    { "nsh-nsh", 1, wrap_nsh_nsh, ENCAP_NSH, 300, 301, 0, 0, AS_IS },
    { "nsh-mpls", 1, wrap_nsh_mpls, ENCAP_NSH | ENCAP_MPLS, 300, 1000, 0, 0, AS_IS },
    { "pbb", 1, wrap_pbb, ENCAP_VLAN | ENCAP_PBB, 500, 70000, 500, 0, AS_IS },
    { "cisco-metadata", 1, wrap_cmd, ENCAP_CMD, 0, 0, 0, 0, AS_IS },
    { "vntag", 1, wrap_vntag, ENCAP_VNTAG | ENCAP_VLAN, 100, 100, 100, 0, AS_IS },
    { "etag", 1, wrap_etag, ENCAP_VNTAG, 0, 0, 0, 0, AS_IS },
    { "hsr", 1, wrap_hsr, 0, 0, 0, 0, 0, AS_IS },
    { "macsec-clear", 1, wrap_macsec_clear, 0, 0, 0, 0, 0, AS_IS },
    { "ipip", 1, wrap_ipip, ENCAP_IPIP, 0, 0, 0, 0, AS_IS },
    { "4in6", 1, wrap_v4in6, ENCAP_IPIP, 0, 0, 0, 0, AS_IS },
    { "ipv6", 1, wrap_ipv6, 0, 0, 0, 0, 0, AS_IPV6 },
    { "ipv6-extensions", 1, wrap_v6ext, 0, 0, 0, 0, 0, AS_IPV6 },
    { "6in4", 1, wrap_v6in4, ENCAP_IPIP, 0, 0, 0, 0, AS_IPV6 },
    { "6in6", 1, wrap_v6in6, ENCAP_IPIP, 0, 0, 0, 0, AS_IPV6 },
    { "ah", 1, wrap_ah, ENCAP_IPIP, 0, 0, 0, 0, AS_IS },
    { "etherip", 1, wrap_etherip, ENCAP_IPIP, 0, 0, 0, 0, AS_IS },
    { "gre-ip", 1, wrap_gre_ip, ENCAP_GRE, 0, 0, 0, 0, AS_IS },
    { "gre-key-seq-sum", 1, wrap_gre_all, ENCAP_GRE, 5000, 5000, 0, 0, AS_IS },
    { "gre-ethernet", 1, wrap_gre_eth, ENCAP_GRE, 0, 0, 0, 0, AS_IS },
    { "gre-over-ipv6", 1, wrap_gre_v6, ENCAP_GRE, 0, 0, 0, 0, AS_IS },
    { "nvgre", 1, wrap_nvgre, ENCAP_GRE, 6000, 6000, 0, 6000, AS_IS },
    { "pptp", 1, wrap_pptp, ENCAP_GRE | ENCAP_PPP, 9, 9, 0, 0, AS_IS },
    { "eoip", 1, wrap_eoip, ENCAP_GRE, 11, 11, 0, 0, AS_IS },
    { "wccp", 1, wrap_wccp, ENCAP_GRE, 0, 0, 0, 0, AS_IS },
    { "aruba-gre", 1, wrap_aruba, ENCAP_GRE | ENCAP_WLAN, 0, 0, 0, 0, AS_IS },
    { "erspan1", 1, wrap_erspan1, ENCAP_GRE | ENCAP_ERSPAN, 0, 0, 0, 0, AS_IS },
    { "erspan2", 1, wrap_erspan2, ENCAP_GRE | ENCAP_ERSPAN, 21, 21, 100, 0, AS_IS },
    { "erspan3", 1, wrap_erspan3, ENCAP_GRE | ENCAP_ERSPAN, 21, 21, 100, 0, AS_IS },
    { "erspan3-ip", 1, wrap_erspan3_ip, ENCAP_GRE | ENCAP_ERSPAN, 21, 21, 100, 0, AS_IS },
    { "erspan3-subheader", 1, wrap_erspan3_sub, ENCAP_GRE | ENCAP_ERSPAN, 21, 21, 100, 0, AS_IS },
    { "vxlan", 1, wrap_vxlan, ENCAP_VXLAN, 7000, 7000, 0, 7000, AS_IS },
    { "vxlan-8472", 1, wrap_vxlan_8472, ENCAP_VXLAN, 7000, 7000, 0, 7000, AS_IS },
    { "vxlan-asym", 1, wrap_vxlan_asym, ENCAP_VXLAN, 7000, 7000, 0, 7000, AS_IS },
    { "vxlan-gbp", 1, wrap_vxlan_gbp, ENCAP_VXLAN, 7000, 7000, 0, 7000, AS_IS },
    { "vxlan-gpe", 1, wrap_vxlan_gpe, ENCAP_VXLAN, 7000, 7000, 0, 7000, AS_IS },
    { "vxlan-gpe-ipv6", 1, wrap_vxlan_gpe_ipv6, ENCAP_VXLAN, 7000, 7000, 0, 7000, AS_IPV6 },
    { "vxlan-gpe-ethernet", 1, wrap_vxlan_gpe_ether, ENCAP_VXLAN, 7000, 7000, 0, 7000, AS_IS },
    { "vxlan-gpe-mpls", 1, wrap_vxlan_gpe_mpls, ENCAP_VXLAN | ENCAP_MPLS, 7000, 1000, 0, 7000, AS_IS },
    { "vxlan-gpe-nsh", 1, wrap_vxlan_gpe_nsh, ENCAP_VXLAN | ENCAP_NSH, 7000, 300, 0, 7000, AS_IS },
    { "vxlan-vlan", 1, wrap_vxlan_vlan, ENCAP_VXLAN | ENCAP_VLAN, 7000, 33, 33, 7000, AS_IS },
    { "geneve", 1, wrap_geneve, ENCAP_GENEVE, 8000, 8000, 0, 8000, AS_IS },
    { "geneve-options", 1, wrap_geneve_opt, ENCAP_GENEVE, 8000, 8000, 0, 8000, AS_IS },
    { "gtpu", 1, wrap_gtpu, ENCAP_GTP, 0x1111, 0x1111, 0, 0, AS_IS },
    { "gtpu-extension", 1, wrap_gtpu_ext, ENCAP_GTP, 0x1111, 0x1111, 0, 0, AS_IS },
    { "teredo", 1, wrap_teredo, ENCAP_TEREDO, 0, 0, 0, 0, AS_TEREDO },
    { "teredo-indications", 1, wrap_teredo_ind, ENCAP_TEREDO, 0, 0, 0, 0, AS_TEREDO },
    { "l2tp", 1, wrap_l2tp, ENCAP_L2TP | ENCAP_PPP, 4U << 16 | 5, 4U << 16 | 5, 0, 0, AS_IS },
    { "l2tp-all-fields", 1, wrap_l2tp_all, ENCAP_L2TP | ENCAP_PPP, 4U << 16 | 5, 4U << 16 | 5, 0, 0, AS_IS },
    { "l2tpv3-udp", 1, wrap_l2tpv3_udp, ENCAP_L2TP, 32, 32, 0, 0, AS_IS },
    { "l2tpv3-ip", 1, wrap_l2tpv3_ip, ENCAP_L2TP, 32, 32, 0, 0, AS_IS },
    { "l2tpv3-cookie", 1, wrap_l2tpv3_cookie, ENCAP_L2TP, 32, 32, 0, 0, AS_IS },
    { "tzsp", 1, wrap_tzsp, ENCAP_TZSP, 0, 0, 0, 0, AS_IS },
    { "tzsp-ip", 1, wrap_tzsp_ip, ENCAP_TZSP, 0, 0, 0, 0, AS_IS },
    { "tzsp-ppp", 1, wrap_tzsp_ppp, ENCAP_TZSP | ENCAP_PPP, 0, 0, 0, 0, AS_IS },
    { "tzsp-wlan", 1, wrap_tzsp_wlan, ENCAP_TZSP | ENCAP_WLAN, 0, 0, 0, 0, AS_IS },
    { "capwap", 1, wrap_capwap, ENCAP_CAPWAP | ENCAP_WLAN, 0, 0, 0, 0, AS_IS },
    { "capwap-cisco", 1, wrap_capwap_cisco, ENCAP_CAPWAP | ENCAP_WLAN, 0, 0, 0, 0, AS_IS },
    { "capwap-802.3", 1, wrap_capwap_8023, ENCAP_CAPWAP, 0, 0, 0, 0, AS_IS },
    { "mpls-udp", 1, wrap_mpls_udp, ENCAP_MPLS, 1000, 1000, 0, 0, AS_IS },
    { "gre-udp", 1, wrap_gre_udp, ENCAP_GRE, 0, 0, 0, 0, AS_IS },
    { "erspan-vxlan-vlan", 1, wrap_erspan_vxlan, ENCAP_VLAN | ENCAP_GRE | ENCAP_ERSPAN | ENCAP_VXLAN, 50, 33, 33, 7000, AS_IS },
};
enum { WRAPS = sizeof wraps / sizeof *wraps };

#undef WRAP
#undef W_PACKET
#undef W_FRAME
#undef W_MACS
#undef W_UNUSED

#endif
