/* SPDX-License-Identifier: Apache-2.0 */
/* TZSP: what access points and routers send to an analyzer. Version, type, encapsulation, tags, frame. */
#include "capture/layers.h"

enum { TYPE_RECEIVED = 0, TYPE_TRANSMIT = 1, TAG_PADDING = 0, TAG_END = 1 };

enum layer layer_tzsp(struct walk *w)
{
    uint8_t version = rd_u8(&w->r), type = rd_u8(&w->r);
    uint16_t inside = rd_u16(&w->r);
    if (version != 1 || (type != TYPE_RECEIVED && type != TYPE_TRANSMIT))
        return END_NOT_TUNNEL;
    for (uint8_t tag = TAG_PADDING; tag != TAG_END && rd_ok(&w->r);) {
        tag = rd_u8(&w->r);
        if (tag != TAG_PADDING && tag != TAG_END)
            rd_skip(&w->r, rd_u8(&w->r));
    }
    switch (inside) {
    case 1:
        return LAYER_ETHER;
    case 4:
        return LAYER_PPP;
    case 7:
        return layer_ip(w);
    case 18:
        return LAYER_WLAN;
    case 119:
        return LAYER_PRISM;
    case 127:
        return LAYER_AVS;
    default:
        return END_NOT_TUNNEL;
    }
}
