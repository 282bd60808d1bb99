/* SPDX-License-Identifier: Apache-2.0 */
/* Network service header (RFC 8300): the service path stands for the tenant. */
#include "capture/layers.h"

enum layer layer_nsh(struct walk *w)
{
    const uint8_t *h = rd_take(&w->r, 8);
    if (!h)
        return END_MALFORMED;
    uint32_t length = (be16(h) & 0x3fU) * 4;
    if (h[0] >> 6 || length < 8)
        return END_MALFORMED;
    rd_skip(&w->r, length - 8);
    layer_tenant(w, be32(h + 4) >> 8);
    switch (h[3]) {
    case 1:
        return LAYER_IPV4;
    case 2:
        return LAYER_IPV6;
    case 3:
        return LAYER_ETHER;
    case 4:
        return LAYER_NSH;
    case 5:
        return LAYER_MPLS;
    default:
        return END_UNKNOWN;
    }
}
