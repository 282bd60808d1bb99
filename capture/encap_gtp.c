/* SPDX-License-Identifier: Apache-2.0 */
/* GTP-U version 1 (3GPP TS 29.281): user packets between radio network and core. Each direction has its own TEID. */
#include "capture/layers.h"

enum { G_PDU = 255, FLAG_EXTENSION = 4, FLAGS_OPTIONAL = 7, VERSION_1_GTP = 0x30 };

enum layer layer_gtp(struct walk *w)
{
    const uint8_t *h = rd_take(&w->r, 8);
    if (!h || (h[0] & 0xf8) != VERSION_1_GTP || h[1] != G_PDU || be16(h + 2) > layer_left(w))
        return END_NOT_TUNNEL;
    layer_length(w, be16(h + 2));
    layer_tenant(w, be32(h + 4));
    if (h[0] & FLAGS_OPTIONAL) { /* sequence number, N-PDU number, next extension header: present together */
        rd_skip(&w->r, 3);
        uint8_t next = rd_u8(&w->r);
        while (next && h[0] & FLAG_EXTENSION && rd_ok(&w->r)) {
            uint8_t length = rd_u8(&w->r); /* in units of 4 bytes, this byte and the next type included */
            if (!length)
                return END_NOT_TUNNEL;
            rd_skip(&w->r, length * 4U - 2);
            next = rd_u8(&w->r);
        }
    }
    if (looks_like_ip(&w->r, w->missing))
        return layer_ip(w);
    return looks_like_ether(w, 0) ? LAYER_ETHER : END_NOT_TUNNEL;
}
