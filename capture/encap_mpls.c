/* SPDX-License-Identifier: Apache-2.0 */
/* MPLS (RFC 3032): labels, then IP, or Ethernet in a pseudowire (RFC 4448) with or without control word (RFC 4385). Nothing
 * in the packet says which: the first nibble and the look of what follows do. */
#include "capture/layers.h"

enum { RESERVED_LABELS = 16, CONTROL_WORD = 4 };

enum layer layer_mpls(struct walk *w)
{
    uint32_t entry;
    do {
        entry = rd_u32(&w->r);
        if (entry >> 12 >= RESERVED_LABELS)
            layer_tenant(w, entry >> 12);
    } while (!(entry & 0x100) && rd_left(&w->r));
    if (looks_like_ip(&w->r, w->missing))
        return layer_ip(w);
    int nibble = rd_peek(&w->r, 0) >> 4;
    if (nibble == 0 && looks_like_ether(w, CONTROL_WORD)) {
        rd_skip(&w->r, CONTROL_WORD);
        return LAYER_ETHER;
    }
    if (looks_like_ether(w, 0))
        return LAYER_ETHER;
    if (nibble == 1) /* RFC 4385 5: an associated channel (OAM) */
        return END_OTHER;
    return nibble == 4 || nibble == 6 ? END_MALFORMED : END_UNKNOWN;
}
