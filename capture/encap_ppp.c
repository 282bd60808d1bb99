/* SPDX-License-Identifier: Apache-2.0 */
/* PPP (RFC 1661) in HDLC-like framing (RFC 1662) or without, and over Ethernet (RFC 2516). */
#include "capture/layers.h"

enum { PPP_CONTROL = 0x4000 }; /* from here on: protocols that set the link up */

enum layer layer_ppp_protocol(struct walk *w)
{
    uint16_t protocol = rd_u8(&w->r);
    if (!(protocol & 1)) /* else compressed to one byte (RFC 1661 6.5) */
        protocol = (uint16_t)(protocol << 8 | rd_u8(&w->r));
    enum layer l = layer_by(w, BY_PPP, protocol);
    if (l)
        return l;
    return protocol >= PPP_CONTROL ? END_OTHER : END_UNKNOWN;
}

enum layer layer_ppp(struct walk *w)
{
    int first = rd_peek(&w->r, 0);
    if (first == 0x0f || first == 0x8f) /* Cisco's addresses; no protocol begins so */
        return LAYER_CHDLC;
    if (first == 0xff) /* all stations, unnumbered information */
        rd_skip(&w->r, 2);
    return layer_ppp_protocol(w);
}

/* A byte for the direction in front, or in place of the address byte. */
enum layer layer_ppp_direction(struct walk *w)
{
    rd_skip(&w->r, 1);
    if (rd_peek(&w->r, 0) == 3)
        rd_skip(&w->r, 1);
    return layer_ppp(w);
}

enum layer layer_pppoe(struct walk *w)
{
    const uint8_t *h = rd_take(&w->r, 6);
    if (!h || h[0] != 0x11)
        return END_MALFORMED;
    if (h[1] != 0) /* discovery */
        return END_OTHER;
    layer_tenant(w, be16(h + 2));
    layer_length(w, be16(h + 4));
    return layer_ppp_protocol(w);
}
