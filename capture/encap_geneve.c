/* SPDX-License-Identifier: Apache-2.0 */
/* GENEVE (RFC 8926). */
#include "capture/layers.h"

enum { TYPE_BRIDGING = 0x6558 };

enum layer layer_geneve(struct walk *w)
{
    const uint8_t *h = rd_take(&w->r, 8);
    if (!h || h[0] >> 6 || h[1] & 0x3f || h[7]) /* version 0; reserved bits are sent as 0 */
        return END_NOT_TUNNEL;
    uint16_t type = be16(h + 2);
    layer_vni(w, be32(h + 4) >> 8);
    rd_skip(&w->r, (h[0] & 0x3fU) * 4);
    if (type == TYPE_BRIDGING)
        return looks_like_ether(w, 0) ? LAYER_ETHER : END_NOT_TUNNEL;
    enum layer l = layer_by(w, BY_ETHERTYPE, type);
    return l ? l : END_NOT_TUNNEL;
}
