/* SPDX-License-Identifier: Apache-2.0 */
/* Headers that the capturing machine puts in front of a packet to say where it met it. Numbers are in its byte order,
 * which is taken to be little-endian unless the value says otherwise. */
#include "capture/layers.h"

static uint32_t host32(struct rd *r)
{
    const uint8_t *p = rd_take(r, 4);
    if (!p)
        return 0;
    uint32_t le = (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
    return le > 0xffff ? be32(p) : le;
}

static uint16_t host16(struct rd *r, bool big)
{
    return big ? rd_u16(r) : rd_le16(r);
}

/* LINKTYPE_NFLOG: family, version, resource; then type-length-values, of which NFULA_PAYLOAD (9) is the packet. */
enum layer layer_nflog(struct walk *w)
{
    rd_skip(&w->r, 4);
    bool big = rd_peek(&w->r, 0) == 0 && rd_peek(&w->r, 1) >= 4; /* a length below 256 in network order */
    while (rd_left(&w->r) >= 4) {
        uint16_t length = host16(&w->r, big), type = host16(&w->r, big) & 0x7fff;
        if (length < 4)
            return END_MALFORMED;
        if (type == 9) {
            layer_length(w, length - 4U);
            return layer_ip(w);
        }
        rd_skip(&w->r, (length + 3U) / 4 * 4 - 4);
    }
    if (w->missing)
        rd_fail(&w->r);
    return END_OTHER; /* a log message without its packet */
}

/* LINKTYPE_PKTAP: length of the header, type of what follows (1: a packet), its DLT. */
enum layer layer_pktap(struct walk *w)
{
    uint32_t length = host32(&w->r), type = host32(&w->r), dlt = host32(&w->r);
    if (length < 12 || type != 1)
        return length < 12 ? END_MALFORMED : END_OTHER;
    rd_skip(&w->r, length - 12);
    enum layer l = dlt <= 0xffff ? layer_by(w, BY_DLT, dlt) : LAYER_NONE;
    return l ? l : END_UNKNOWN;
}

/* LINKTYPE_PFLOG: the header's length comes first; the header is padded to a multiple of 4. */
enum layer layer_pflog(struct walk *w)
{
    uint8_t length = rd_u8(&w->r);
    if (length < 4)
        return END_MALFORMED;
    rd_skip(&w->r, (length + 3U) / 4 * 4 - 1);
    return layer_ip(w);
}

/* LINKTYPE_ENC (BSD's IPsec interface): family, SPI, flags; the packet is in clear. */
enum layer layer_enc(struct walk *w)
{
    rd_skip(&w->r, 12);
    return layer_ip(w);
}

/* LINKTYPE_PPI: version, flags, length, DLT; little-endian by definition. */
enum layer layer_ppi(struct walk *w)
{
    rd_skip(&w->r, 2);
    uint16_t length = rd_le16(&w->r);
    uint32_t dlt = rd_le32(&w->r);
    if (length < 8)
        return END_MALFORMED;
    rd_skip(&w->r, length - 8U);
    enum layer l = dlt <= 0xffff ? layer_by(w, BY_DLT, dlt) : LAYER_NONE;
    return l ? l : END_UNKNOWN;
}
