/* SPDX-License-Identifier: Apache-2.0 */
/* 802.11 data frames (IEEE 802.11-2020 section 9.3.2): three or four addresses, QoS, A-MSDU; LLC inside. */
#include "capture/layers.h"

enum {
    TYPE_MASK = 0x0f, TYPE_DATA = 0x08, SUBTYPE_NO_DATA = 0x40, SUBTYPE_QOS = 0x80,
    TO_DS = 0x01, FROM_DS = 0x02, MORE_FRAGMENTS = 0x04, PROTECTED = 0x40, ORDER = 0x80,
    QOS_AMSDU = 0x80, PADDING = 2, CIPHER_HEADER = 8, SUBFRAME_HEADER = 14,
};

struct wlan {
    const uint8_t *src, *dst;
    uint8_t type, flags;
    uint8_t fragment;
    bool amsdu;
};

/* The MAC header; *r is behind it. False: no data frame, or a short one (*r is bad). */
static bool wlan_header(struct rd *r, bool swapped, struct wlan *m)
{
    const uint8_t *h = rd_take(r, 24);
    if (!h)
        return false;
    m->type = h[swapped];
    m->flags = h[!swapped];
    if ((m->type & TYPE_MASK) != TYPE_DATA || m->type & SUBTYPE_NO_DATA)
        return false;
    m->dst = m->flags & TO_DS ? h + 16 : h + 4;
    m->src = m->flags & FROM_DS ? h + 16 : h + 10;
    m->fragment = h[22] & 15;
    if ((m->flags & (TO_DS | FROM_DS)) == (TO_DS | FROM_DS))
        m->src = rd_take(r, 6);
    m->amsdu = false;
    if (m->type & SUBTYPE_QOS) {
        m->amsdu = rd_u8(r) & QOS_AMSDU;
        rd_skip(r, 1);
        if (m->flags & ORDER) /* HT control */
            rd_skip(r, 4);
    }
    return rd_ok(r);
}

static bool snap_at(const struct rd *r, size_t offset)
{
    struct rd s = *r;
    rd_skip(&s, offset);
    return rd_starts(&s, "\xaa\xaa\x03", 3);
}

bool looks_like_wlan(const struct walk *w, bool swapped)
{
    struct rd r = w->r;
    struct wlan m;
    return wlan_header(&r, swapped, &m) && (m.amsdu || snap_at(&r, 0) || snap_at(&r, 2));
}

static enum layer wlan(struct walk *w, bool swapped)
{
    struct wlan m;
    if (!wlan_header(&w->r, swapped, &m))
        return END_OTHER; /* management, control, null function */
    w->out->src = m.src;
    w->out->dst = m.dst;
    w->out->addr_len = 6;
    if (m.amsdu && !(m.flags & PROTECTED))
        return LAYER_AMSDU;
    if (snap_at(&w->r, 0))
        return LAYER_LLC;
    if (snap_at(&w->r, PADDING)) { /* to a multiple of four, left by some drivers */
        rd_skip(&w->r, PADDING);
        return LAYER_LLC;
    }
    if (m.flags & PROTECTED) { /* some drivers decrypt and leave the cipher's header */
        if (!snap_at(&w->r, CIPHER_HEADER))
            return END_ENCRYPTED;
        rd_skip(&w->r, CIPHER_HEADER);
        return LAYER_LLC;
    }
    if (m.fragment) { /* of an MSDU; Cisco's controllers send whole ones with a number here, and were let in above */
        w->d->stats->frag_incomplete++;
        return END_WAIT;
    }
    return LAYER_LLC;
}

enum layer layer_wlan(struct walk *w)
{
    return wlan(w, false);
}

/* Some access points send the two bytes of the frame control in the other order. */
enum layer layer_wlan_swapped(struct walk *w)
{
    return wlan(w, true);
}

/* One subframe: destination, source, length, LLC; padded to a multiple of four. The others wait for decode_next. */
enum layer layer_amsdu(struct walk *w)
{
    const uint8_t *h = rd_take(&w->r, SUBFRAME_HEADER);
    if (!h)
        return END_MALFORMED;
    uint16_t length = be16(h + 12);
    struct rd rest = w->r;
    rd_skip(&rest, (length + SUBFRAME_HEADER + 3U) / 4 * 4 - SUBFRAME_HEADER);
    if (rd_left(&rest) > SUBFRAME_HEADER) {
        w->d->rest = rest;
        w->d->rest_missing = w->missing;
        w->d->rest_ids = w->out->ids;
        w->d->rest_ns = w->now;
    }
    w->out->dst = h;
    w->out->src = h + 6;
    w->out->addr_len = 6;
    layer_length(w, length);
    return length ? LAYER_LLC : END_OTHER;
}
