/* SPDX-License-Identifier: Apache-2.0 */
/* ERSPAN II and III over GRE (draft-foschiano-erspan-03); type I has no header of its own. The session differs between the
 * two directions of a connection when each has its own mirror session. */
#include "capture/layers.h"

enum { TYPE_II = 1, TYPE_III = 2, FRAME_ETHERNET = 0, FRAME_IP = 2 };

enum layer layer_erspan(struct walk *w)
{
    const uint8_t *h = rd_take(&w->r, 8);
    if (!h)
        return END_MALFORMED;
    uint16_t vlan = be16(h) & 0xfff;
    layer_tenant(w, be16(h + 2) & 0x3ff);
    if (vlan)
        w->out->ids.vlan = vlan;
    if (h[0] >> 4 == TYPE_II)
        return LAYER_ETHER;
    if (h[0] >> 4 != TYPE_III)
        return END_MALFORMED;
    rd_skip(&w->r, 2);
    uint16_t bits = rd_u16(&w->r); /* P, frame type (5 bits), hardware id (6), D, granularity (2), O */
    if (bits & 1)
        rd_skip(&w->r, 8); /* platform specific subheader */
    switch (bits >> 10 & 0x1f) {
    case FRAME_ETHERNET:
        return LAYER_ETHER;
    case FRAME_IP:
        return layer_ip(w);
    default:
        return END_UNKNOWN;
    }
}
