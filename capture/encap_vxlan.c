/* SPDX-License-Identifier: Apache-2.0 */
/* VXLAN (RFC 7348), with the group policy bits, and VXLAN-GPE (draft-ietf-nvo3-vxlan-gpe). */
#include "capture/layers.h"

enum { FLAG_GROUP = 0x80, FLAG_VERSION = 0x30, FLAG_VNI = 0x08, FLAG_PROTOCOL = 0x04, FLAG_OAM = 0x01 };

/* The same numbers as NSH's next protocol. */
static enum layer gpe(struct walk *w, uint8_t protocol)
{
    switch (protocol) {
    case 1:
        return LAYER_IPV4;
    case 2:
        return LAYER_IPV6;
    case 3:
        return looks_like_ether(w, 0) ? LAYER_ETHER : END_NOT_TUNNEL;
    case 4:
        return LAYER_NSH;
    case 5:
        return LAYER_MPLS;
    default:
        return END_NOT_TUNNEL;
    }
}

enum layer layer_vxlan(struct walk *w)
{
    const uint8_t *h = rd_take(&w->r, 8);
    if (!h)
        return END_MALFORMED;
    layer_vni(w, be32(h + 4) >> 8);
    if (h[7] || h[0] & FLAG_VERSION || !(h[0] & (FLAG_VNI | FLAG_PROTOCOL)))
        return END_NOT_TUNNEL;
    if (h[0] & FLAG_PROTOCOL)
        return h[0] & (FLAG_GROUP | FLAG_OAM) ? END_NOT_TUNNEL : gpe(w, h[3]);
    if (!(h[0] & FLAG_GROUP) && (h[1] || h[2] || h[3]))
        return END_NOT_TUNNEL;
    return looks_like_ether(w, 0) ? LAYER_ETHER : END_NOT_TUNNEL;
}
