/* SPDX-License-Identifier: Apache-2.0 */
/* TCP (RFC 9293) and UDP (RFC 768): the end of most walks. */
#include "capture/layers.h"

enum { TCP_HEADER = 20, UDP_HEADER = 8 };

enum layer layer_tcp(struct walk *w)
{
    struct decoded *out = w->out;
    const uint8_t *h = rd_take(&w->r, TCP_HEADER);
    if (!h)
        return END_MALFORMED;
    uint32_t options = (h[12] >> 4) * 4U, left = (uint32_t)rd_left(&w->r);
    if (options < TCP_HEADER || options - TCP_HEADER > left + w->missing)
        return END_MALFORMED;
    options -= TCP_HEADER;
    out->proto = PROTO_TCP;
    out->tcp_flags = h[13];
    out->sport = be16(h);
    out->dport = be16(h + 2);
    out->seq = be32(h + 4);
    out->ack = be32(h + 8);
    out->payload_len = left + w->missing - options;
    out->payload_cap = left > options ? left - options : 0; /* the snap length may cut within the options */
    out->payload = w->r.end - out->payload_cap;
    return END_FOUND;
}

enum layer layer_udp(struct walk *w)
{
    struct decoded *out = w->out;
    const uint8_t *h = rd_take(&w->r, UDP_HEADER);
    if (!h)
        return END_MALFORMED;
    uint32_t length = be16(h + 4);
    if (length && length < UDP_HEADER)
        return END_MALFORMED;
    if (length && length - UDP_HEADER <= layer_left(w)) /* 0: jumbogram or offload; longer than IP says: IP is right */
        layer_length(w, length - UDP_HEADER);
    out->proto = PROTO_UDP;
    out->tcp_flags = 0;
    out->sport = be16(h);
    out->dport = be16(h + 2);
    out->seq = out->ack = 0;
    out->payload = w->r.p;
    out->payload_cap = (uint32_t)rd_left(&w->r);
    out->payload_len = out->payload_cap + w->missing;
    enum layer l = layer_by(w, BY_UDP, out->dport);
    if (!l)
        l = layer_by(w, BY_UDP, out->sport);
    if (!l)
        return END_FOUND;
    w->d->udp = *out; /* a port proves nothing: kept in case the payload is no tunnel */
    w->d->udp_valid = true;
    return l;
}
