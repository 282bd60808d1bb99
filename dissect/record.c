/* SPDX-License-Identifier: Apache-2.0 */
#include "dissect/record.h"

enum { MINOR_MAX = 0x1f }; /* of a version 3.x: drafts and GREASE go above those that exist */

bool record_header_plausible(struct rd b)
{
    int type = rd_peek(&b, 0), major = rd_peek(&b, 1), minor = rd_peek(&b, 2);
    if (type < RECORD_CCS || type > RECORD_HEARTBEAT)
        return false;
    if ((major >= 0 && major != 3) || minor > MINOR_MAX)
        return false;
    if (rd_left(&b) < 5)
        return true;
    rd_skip(&b, 3);
    return rd_u16(&b) <= RECORD_MAX;
}

/* RFC 5246 appendix E.2 and the SSLv2 draft, section 1.1: the high bit of the first byte says that two bytes are the
 * header; otherwise there are three, the last of which counts padding. */
static size_t header_size(const struct record *r, uint8_t first)
{
    return r->form == RECORD_TLS ? 5 : first & 0x80 ? 2 : 3;
}

static bool read_header(struct record *r)
{
    struct rd h = rd_of(r->head, r->have);
    if (r->form == RECORD_TLS) {
        if (!record_header_plausible(h))
            return false;
        r->type = rd_u8(&h);
        r->version = rd_u16(&h);
        r->length = rd_u16(&h);
    } else {
        uint16_t n = rd_u16(&h);
        if (r->have == 3 && (n & 0x4000)) /* a "security escape", of which none was ever defined */
            return false;
        r->type = 0;
        r->version = 0;
        r->length = r->have == 2 ? n & 0x7fff : n & 0x3fff;
    }
    r->left = r->length;
    r->have = 0;
    r->open = true;
    return true;
}

/* After a gap only a header that is hardly an accident is believed: at the first byte behind the hole, with a version that
 * exists, a length, and another header behind its body when that is there. */
static bool resync(struct record *r, struct rd b)
{
    if (r->form == RECORD_SSLV2 || rd_left(&b) < 5 || !record_header_plausible(b))
        return false;
    rd_skip(&b, 1);
    uint16_t version = rd_u16(&b), length = rd_u16(&b);
    if (length == 0 || version > 0x0304)
        return false;
    if (rd_left(&b) > length) {
        rd_skip(&b, length);
        if (!record_header_plausible(b))
            return false;
    }
    r->lost = false;
    return true;
}

/* A header in one piece, as nearly all are. */
static bool take_whole_header(struct record *r, struct rd *in)
{
    const uint8_t *p = in->p;
    if (r->form != RECORD_TLS || r->have || rd_left(in) < 5 || p[0] < RECORD_CCS || p[0] > RECORD_HEARTBEAT || p[1] != 3 ||
        p[2] > MINOR_MAX)
        return false;
    uint16_t length = (uint16_t)(p[3] << 8 | p[4]);
    if (length > RECORD_MAX)
        return false;
    r->type = p[0];
    r->version = (uint16_t)(3 << 8 | p[2]);
    r->length = r->left = length;
    r->open = true;
    in->p += 5;
    return true;
}

static enum record_verdict take_header(struct record *r, struct rd *in)
{
    if (r->open || take_whole_header(r, in))
        return RECORD_PIECE;
    while (!r->open) {
        if (rd_left(in) == 0)
            return RECORD_MORE;
        if (r->form == RECORD_UNKNOWN)
            r->form = *in->p >= RECORD_CCS && *in->p <= RECORD_HEARTBEAT ? RECORD_TLS : RECORD_SSLV2;
        r->head[r->have++] = rd_u8(in);
        if (r->have == header_size(r, r->head[0]) && !read_header(r)) {
            r->bad = true;
            return RECORD_BAD;
        }
    }
    return RECORD_PIECE;
}

enum record_verdict record_next(struct record *r, struct rd *in, struct record_piece *piece)
{
    if (r->bad)
        return RECORD_BAD;
    if (r->lost && rd_left(in) && !resync(r, *in))
        rd_skip(in, rd_left(in));
    enum record_verdict v = take_header(r, in);
    if (v != RECORD_PIECE)
        return v;
    size_t left = rd_left(in), n = left < r->left ? left : r->left;
    if (n == 0 && r->left)
        return RECORD_MORE;
    piece->bytes = (struct rd){ .p = in->p, .end = in->p + n };
    piece->first = r->left == r->length;
    in->p += n;
    r->left = (uint16_t)(r->left - n);
    piece->last = r->left == 0;
    r->open = r->left != 0;
    return RECORD_PIECE;
}

bool record_gap(struct record *r, uint32_t n)
{
    if (r->open && n <= r->left) {
        r->left = (uint16_t)(r->left - n);
        r->open = r->left != 0;
        return true;
    }
    r->open = r->bad = false;
    r->have = 0;
    r->lost = true;
    return false;
}
