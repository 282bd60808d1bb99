/* SPDX-License-Identifier: Apache-2.0 */
/* Tags between the MAC addresses and the ethertype: 802.1ah, Cisco MetaData, VN-Tag, 802.1BR. */
#include "capture/layers.h"

/* IEEE 802.1Q-2018 9.7: priority and flags, service id (24 bits), then the customer's frame from its addresses on. */
enum layer layer_pbb(struct walk *w)
{
    layer_tenant(w, rd_u32(&w->r) & 0xffffff);
    return LAYER_ETHER;
}

/* Version, length, option, security group, ethertype. */
enum layer layer_cmd(struct walk *w)
{
    rd_skip(&w->r, 6);
    return layer_ethertype(w, rd_u16(&w->r));
}

/* Flags and two interface ids, ethertype. */
enum layer layer_vntag(struct walk *w)
{
    rd_skip(&w->r, 4);
    return layer_ethertype(w, rd_u16(&w->r));
}

/* IEEE 802.1BR-2012 7.5: priority, ingress id, group, E-channel id, extensions; ethertype. */
enum layer layer_etag(struct walk *w)
{
    rd_skip(&w->r, 6);
    return layer_ethertype(w, rd_u16(&w->r));
}
