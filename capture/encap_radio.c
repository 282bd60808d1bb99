/* SPDX-License-Identifier: Apache-2.0 */
/* What capture hardware puts before an 802.11 frame: radiotap, Prism, AVS. All tell their length. */
#include "capture/layers.h"

/* radiotap.org: version 0, pad, length, fields; little-endian. */
enum layer layer_radiotap(struct walk *w)
{
    uint8_t version = rd_u8(&w->r);
    rd_skip(&w->r, 1);
    uint16_t length = rd_le16(&w->r);
    if (version || length < 8)
        return END_MALFORMED;
    rd_skip(&w->r, length - 4U);
    return LAYER_WLAN;
}

/* LINKTYPE_IEEE802_11_AVS: version, length, fields; big-endian. */
enum layer layer_avs(struct walk *w)
{
    rd_skip(&w->r, 4);
    uint32_t length = rd_u32(&w->r);
    if (length < 8)
        return END_MALFORMED;
    rd_skip(&w->r, length - 8);
    return LAYER_WLAN;
}

/* LINKTYPE_IEEE802_11_PRISM: message code, length, in the order of the capturing machine. AVS headers come under it too. */
enum layer layer_prism(struct walk *w)
{
    if (rd_starts(&w->r, "\x80\x21\x10", 3))
        return layer_avs(w);
    rd_skip(&w->r, 4);
    const uint8_t *h = rd_take(&w->r, 4);
    if (!h)
        return END_MALFORMED;
    uint32_t length = be32(h);
    if (length > 0xffff)
        length = (uint32_t)h[3] << 24 | (uint32_t)h[2] << 16 | (uint32_t)h[1] << 8 | h[0];
    if (length < 8)
        return END_MALFORMED;
    rd_skip(&w->r, length - 8);
    return LAYER_WLAN;
}
