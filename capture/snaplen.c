/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/snaplen.h"

#include <string.h>

/* pcap-savefile(5): the snap length is at 16 of 24 bytes. pcapng (draft-ietf-opsawg-pcapng): blocks of type, length, body,
 * length; type 1 describes an interface, its snap length is at 12; the section header tells the byte order at 8. */
enum { PCAP_AT = 16, PCAPNG_AT = 12, FIELD = 4, BLOCK_MIN = 12, TYPE_SECTION = 0x0a0d0d0a, TYPE_INTERFACE = 1 };

static uint32_t u32(const uint8_t *p, bool big)
{
    return big ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3]
               : (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

/* The file's first bytes, of which at least the header of a pcap file is expected in one piece. */
static void start(struct snaplen *s, uint8_t *b, size_t n)
{
    s->state = SNAPLEN_OFF;
    if (n < PCAP_AT + FIELD)
        return;
    if (u32(b, false) == TYPE_SECTION) {
        s->state = SNAPLEN_PCAPNG;
        return;
    }
    for (int big = 0; big < 2; big++) {
        uint32_t magic = u32(b, big);
        if (magic != 0xa1b2c3d4 && magic != 0xa1b23c4d && magic != 0xa1b2cd34)
            continue;
        memset(b + PCAP_AT, 0, FIELD); /* libpcap takes 0 for its own maximum */
    }
}

static void block_begins(struct snaplen *s)
{
    if (u32(s->head, false) == TYPE_SECTION) {
        s->big = s->head[8] == 0x1a;
        s->interfaces = 0;
    }
    s->interface = u32(s->head, s->big) == TYPE_INTERFACE;
    s->interfaces += s->interface;
    s->length = u32(s->head + 4, s->big);
    if (s->length < BLOCK_MIN || s->length % 4) /* libpcap will refuse it */
        s->state = SNAPLEN_OFF;
}

void snaplen_lift(struct snaplen *s, uint8_t *b, size_t n)
{
    if (s->state == SNAPLEN_START && n)
        start(s, b, n);
    while (n && s->state == SNAPLEN_PCAPNG) {
        size_t step = 1;
        if (s->at < BLOCK_MIN) {
            step = BLOCK_MIN - s->at < n ? (size_t)(BLOCK_MIN - s->at) : n;
            memcpy(s->head + s->at, b, step);
        } else if (s->interface && s->at < PCAPNG_AT + FIELD) {
            *b = 0; /* its snap length, which may come in pieces */
        } else {
            step = s->length - s->at < n ? (size_t)(s->length - s->at) : n;
        }
        s->at += step;
        b += step;
        n -= step;
        if (s->at == BLOCK_MIN)
            block_begins(s);
        if (s->at >= BLOCK_MIN && s->at == s->length)
            s->at = 0;
    }
}
