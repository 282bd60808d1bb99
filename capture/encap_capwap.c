/* SPDX-License-Identifier: Apache-2.0 */
/* CAPWAP data (RFC 5415 section 4.3): 802.11 or 802.3 frames between access point and controller, with fragments of its
 * own. Data under DTLS stays a UDP payload: it is DTLS. */
#include "capture/layers.h"

enum { FLAG_FRAGMENT = 0x80, FLAG_LAST = 0x40, FLAG_KEEPALIVE = 0x08, FLAG_NATIVE = 1, HEADER = 8 };

/* Parties are the UDP endpoints; w->out still holds them. */
static enum layer fragment(struct walk *w, const uint8_t *h)
{
    const struct decoded *out = w->out;
    struct frag_key key = { .id = be16(h + 4), .scope = (uint32_t)out->sport << 16 | out->dport };
    memcpy(key.src, out->src, out->addr_len);
    memcpy(key.dst, out->dst, out->addr_len);
    struct frag_piece piece = {
        .offset = be16(h + 6) & 0xfff8U, .last = h[3] & FLAG_LAST, .bytes = w->r, .missing = w->missing,
    };
    struct frag_whole whole;
    switch (frag_add(w->d->frag, &key, &piece, w->now, &whole)) {
    case FRAG_WAIT:
    case FRAG_DUPLICATE:
        return END_WAIT;
    case FRAG_MALFORMED:
        return END_MALFORMED;
    case FRAG_WHOLE:
        break;
    }
    w->r = rd_of(whole.data, whole.cap);
    w->missing = whole.len - whole.cap;
    w->cut = w->missing > 0;
    w->out->fragmented = true;
    w->d->udp_valid = false;
    w->d->rest = (struct rd){ 0 };
    return END_FOUND;
}

enum layer layer_capwap(struct walk *w)
{
    const uint8_t *h = rd_take(&w->r, HEADER);
    if (!h || h[0] != 0 || h[3] & (FLAG_KEEPALIVE | 7) || h[1] >> 3 < HEADER / 4) /* version 0, not DTLS */
        return END_NOT_TUNNEL;
    rd_skip(&w->r, (h[1] >> 3) * 4U - HEADER);
    bool native = h[2] & FLAG_NATIVE;
    if (h[3] & FLAG_FRAGMENT) {
        enum layer l = rd_ok(&w->r) ? fragment(w, h) : END_MALFORMED;
        if (l != END_FOUND)
            return l;
    }
    if (!native)
        return looks_like_ether(w, 0) ? LAYER_ETHER : END_NOT_TUNNEL;
    return looks_like_wlan(w, true) && !looks_like_wlan(w, false) ? LAYER_WLAN_SWAPPED : LAYER_WLAN;
}
