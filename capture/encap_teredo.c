/* SPDX-License-Identifier: Apache-2.0 */
/* Teredo (RFC 4380): IPv6 in UDP, with authentication and origin indications in front. */
#include "capture/layers.h"

enum { ADDRESSES = 8, HEADER = 40 };

static bool teredo_address(const uint8_t *a)
{
    return memcmp(a, "\x20\x01\0\0", 4) == 0 || memcmp(a, "\xfe\x80\0\0\0\0\0\0", 8) == 0;
}

enum layer layer_teredo(struct walk *w)
{
    if (rd_starts(&w->r, "\0\1", 2)) { /* authentication: lengths of client id and value; nonce, confirmation */
        rd_skip(&w->r, 2);
        unsigned client = rd_u8(&w->r), value = rd_u8(&w->r);
        rd_skip(&w->r, client + value + 9);
    }
    if (rd_starts(&w->r, "\0\0", 2)) /* origin: port, address */
        rd_skip(&w->r, 8);
    const uint8_t *h = w->r.p;
    if (rd_left(&w->r) < HEADER || h[0] >> 4 != 6 || be16(h + 4) + (unsigned)HEADER != layer_left(w))
        return END_NOT_TUNNEL;
    if (!teredo_address(h + ADDRESSES) && !teredo_address(h + ADDRESSES + 16))
        return END_NOT_TUNNEL;
    return LAYER_IPV6;
}
