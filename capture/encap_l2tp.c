/* SPDX-License-Identifier: Apache-2.0 */
/* L2TP version 2 (RFC 2661) and 3 (RFC 3931), over UDP and over IP. Control messages are nobody's packets. */
#include "capture/layers.h"

enum {
    CONTROL = 0x8000, HAS_LENGTH = 0x4000, HAS_SEQUENCE = 0x0800, HAS_OFFSET = 0x0200, RESERVED = 0x34f0, VERSION = 0x000f,
};

/* Session id, a cookie of 0, 4 or 8 bytes and a sublayer of 0 or 4: only the set-up says how long they are, so the first
 * place where a frame or a packet begins is taken. */
static enum layer session_data(struct walk *w, enum layer neither)
{
    uint32_t session = rd_u32(&w->r);
    if (!session)
        return neither;
    layer_tenant(w, session);
    for (size_t skip = 0; skip <= 12; skip += 4) {
        struct rd r = w->r;
        rd_skip(&r, skip);
        enum layer l = LAYER_NONE;
        if (looks_like_ether(w, skip))
            l = LAYER_ETHER;
        else if (rd_starts(&r, "\xff\x03\0", 3))
            l = LAYER_PPP;
        else if (looks_like_ip(&r, w->missing))
            l = rd_peek(&r, 0) >> 4 == 4 ? LAYER_IPV4 : LAYER_IPV6;
        if (l) {
            w->r = r;
            return l;
        }
    }
    return neither;
}

enum layer layer_l2tpv3(struct walk *w)
{
    return session_data(w, END_IP_OTHER);
}

static enum layer version_2(struct walk *w, uint16_t flags)
{
    if (flags & RESERVED)
        return END_NOT_TUNNEL;
    uint32_t before = layer_left(w) + 2;
    if (flags & HAS_LENGTH) {
        uint16_t length = rd_u16(&w->r);
        if (length < 8 || length > before)
            return END_NOT_TUNNEL;
        layer_length(w, length - 4U);
    }
    layer_tenant(w, rd_u32(&w->r)); /* tunnel and session */
    if (flags & HAS_SEQUENCE)
        rd_skip(&w->r, 4);
    if (flags & HAS_OFFSET)
        rd_skip(&w->r, rd_u16(&w->r));
    return LAYER_PPP;
}

enum layer layer_l2tp(struct walk *w)
{
    uint16_t flags = rd_u16(&w->r);
    if (flags & CONTROL)
        return END_NOT_TUNNEL;
    if ((flags & VERSION) == 2)
        return version_2(w, flags);
    if (flags != 3 || rd_u16(&w->r) != 0)
        return END_NOT_TUNNEL;
    return session_data(w, END_NOT_TUNNEL);
}
