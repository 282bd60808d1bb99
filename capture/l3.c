/* SPDX-License-Identifier: Apache-2.0 */
/* IPv4 (RFC 791) and IPv6 (RFC 8200) with their extension headers and fragments. Checksums are not verified: captures taken
 * on the sending machine have none yet (offload). */
#include "capture/layers.h"

enum { IPV4_HEADER = 20, IPV6_HEADER = 40, DATAGRAM_MAX = 65535 };

static enum layer ip_next(struct walk *w, uint8_t protocol)
{
    enum layer l = layer_by(w, BY_IP, protocol);
    return l ? l : END_IP_OTHER;
}

/* The datagram that a fragment completed takes the place of the packet. */
static enum layer datagram(struct walk *w, const struct frag_whole *d, uint8_t protocol)
{
    w->r = rd_of(d->data, d->cap);
    w->missing = d->len - d->cap;
    w->cut = w->missing > 0;
    w->out->fragmented = true;
    w->out->ip = d->head;
    w->out->ip_cap = (uint32_t)d->head_len + d->cap;
    w->d->udp_valid = false; /* both may point into a buffer that the next datagram takes over */
    w->d->rest = (struct rd){ 0 };
    return ip_next(w, protocol);
}

static enum layer add_piece(struct walk *w, const struct frag_key *key, const struct frag_piece *piece,
                            struct frag_whole *whole)
{
    w->d->piece = (struct decode_piece){ .key = *key, .offset = piece->offset, .bytes = piece->bytes };
    w->d->piece_there = true;
    switch (frag_add(w->d->frag, key, piece, w->now, whole)) {
    case FRAG_WAIT:
        return END_WAIT;
    case FRAG_DUPLICATE:
        w->d->stats->frag_duplicate++;
        return END_WAIT;
    case FRAG_MALFORMED:
        return END_MALFORMED;
    case FRAG_WHOLE:
        w->d->piece.whole = whole->data;
        break;
    }
    return whole->head_len + whole->len > DATAGRAM_MAX ? END_MALFORMED : END_FOUND;
}

static enum layer ipv4_fragment(struct walk *w, const uint8_t *h, size_t header)
{
    uint16_t field = be16(h + 6);
    struct frag_key key = { .id = be16(h + 4), .scope = w->out->ids.inner, .family = 4, .proto = h[9] };
    memcpy(key.src, h + 12, 4);
    memcpy(key.dst, h + 16, 4);
    struct frag_piece piece = {
        .offset = (field & 0x1fffU) * 8, .last = !(field & 0x2000), .bytes = w->r, .missing = w->missing,
        .head = h, .head_len = header,
    };
    struct frag_whole whole;
    enum layer l = add_piece(w, &key, &piece, &whole);
    if (l != END_FOUND)
        return l;
    uint32_t total = (uint32_t)whole.head_len + whole.len;
    whole.head[2] = (uint8_t)(total >> 8);
    whole.head[3] = (uint8_t)total;
    whole.head[6] = whole.head[7] = 0;
    w->out->src = whole.head + 12;
    w->out->dst = whole.head + 16;
    return datagram(w, &whole, h[9]);
}

enum layer layer_ipv4(struct walk *w)
{
    struct decoded *out = w->out;
    const uint8_t *h = rd_take(&w->r, IPV4_HEADER);
    if (!h || h[0] >> 4 != 4)
        return END_MALFORMED;
    uint32_t header = (h[0] & 15U) * 4, total = be16(h + 2);
    if (header < IPV4_HEADER || (total && total < header))
        return END_MALFORMED;
    if (header > IPV4_HEADER && !rd_take(&w->r, header - IPV4_HEADER))
        return END_MALFORMED;
    if (total) /* 0: segmentation offload, the packet is as long as the frame */
        layer_length(w, total - header);
    out->src = h + 12;
    out->dst = h + 16;
    out->addr_len = 4;
    out->ip = h;
    out->ip_cap = (uint32_t)(w->r.end - h);
    if (be16(h + 6) & 0x3fff)
        return ipv4_fragment(w, h, header);
    return ip_next(w, h[9]);
}

enum layer layer_ipv6(struct walk *w)
{
    struct decoded *out = w->out;
    const uint8_t *h = rd_take(&w->r, IPV6_HEADER);
    if (!h || h[0] >> 4 != 6)
        return END_MALFORMED;
    uint16_t length = be16(h + 4);
    if (length) /* 0: a jumbogram (RFC 2675) or segmentation offload */
        layer_length(w, length);
    out->src = h + 8;
    out->dst = h + 24;
    out->addr_len = 16;
    out->ip = h;
    out->ip_cap = (uint32_t)(w->r.end - h);
    return ip_next(w, h[6]);
}

/* Hop-by-hop and destination options, mobility, HIP, shim6: next header, length in units of 8 bytes without the first. */
enum layer layer_ipv6_options(struct walk *w)
{
    uint8_t next = rd_u8(&w->r), length = rd_u8(&w->r);
    rd_skip(&w->r, 6U + length * 8U);
    return ip_next(w, next);
}

/* While segments are left the destination address is only the next hop: the party is the last one (RFC 8200 4.4, of type 0
 * the last address, RFC 8754 of type 4 the first, RFC 6275 of type 2 the only one). */
enum layer layer_ipv6_routing(struct walk *w)
{
    const uint8_t *h = rd_take(&w->r, 8);
    if (!h)
        return END_MALFORMED;
    const uint8_t *list = rd_take(&w->r, h[1] * 8U);
    unsigned addresses = h[1] / 2U;
    if (list && h[3] && addresses && w->out->addr_len == 16) {
        if (h[2] == 0)
            w->out->dst = list + 16 * (addresses - 1);
        else if (h[2] == 2 || h[2] == 4)
            w->out->dst = list;
    }
    return ip_next(w, h[0]);
}

enum layer layer_ipv6_fragment(struct walk *w)
{
    const uint8_t *h = rd_take(&w->r, 8), *ip = w->out->ip;
    if (!h || w->out->addr_len != 16)
        return END_MALFORMED;
    uint16_t field = be16(h + 2);
    if (!(field & 0xfff9)) /* RFC 6946: a fragment that is the whole packet */
        return ip_next(w, h[0]);
    struct frag_key key = { .id = be32(h + 4), .scope = w->out->ids.inner, .family = 6 };
    memcpy(key.src, w->out->src, 16);
    memcpy(key.dst, w->out->dst, 16);
    struct frag_piece piece = {
        .offset = field & 0xfff8U, .last = !(field & 1), .bytes = w->r, .missing = w->missing,
        .head = ip, .head_len = IPV6_HEADER,
    };
    uint8_t protocol = h[0];
    struct frag_whole whole;
    enum layer l = add_piece(w, &key, &piece, &whole);
    if (l != END_FOUND)
        return l;
    memcpy(whole.head + 24, key.dst, 16);
    whole.head[4] = (uint8_t)(whole.len >> 8);
    whole.head[5] = (uint8_t)whole.len;
    whole.head[6] = protocol;
    w->out->src = whole.head + 8;
    w->out->dst = whole.head + 24;
    return datagram(w, &whole, protocol);
}

/* RFC 4302: next header, length in units of 4 bytes minus 2. It only authenticates. */
enum layer layer_ah(struct walk *w)
{
    uint8_t next = rd_u8(&w->r), length = rd_u8(&w->r);
    rd_skip(&w->r, length * 4U + 6);
    return ip_next(w, next);
}

enum layer layer_esp(struct walk *w)
{
    (void)w;
    return END_ENCRYPTED;
}

enum layer layer_ip(struct walk *w)
{
    int first = rd_peek(&w->r, 0);
    if (first < 0)
        rd_fail(&w->r);
    return first >> 4 == 4 ? LAYER_IPV4 : first >> 4 == 6 ? LAYER_IPV6 : END_MALFORMED;
}

bool looks_like_ip(const struct rd *r, uint32_t missing)
{
    struct rd h = *r;
    uint64_t left = rd_left(&h) + (uint64_t)missing;
    int version = rd_peek(&h, 0) >> 4;
    rd_skip(&h, 2);
    if (version == 4) {
        uint16_t total = rd_u16(&h);
        uint32_t header = rd_left(r) ? (r->p[0] & 15U) * 4 : 0;
        return header >= IPV4_HEADER && header <= left && (rd_ok(&h) ? total >= header && total <= left : missing > 0);
    }
    rd_skip(&h, 2);
    uint16_t length = rd_u16(&h);
    return version == 6 && left >= IPV6_HEADER && (rd_ok(&h) ? length + (uint64_t)IPV6_HEADER <= left : missing > 0);
}
