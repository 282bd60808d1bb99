/* SPDX-License-Identifier: Apache-2.0 */
#include "dissect/hello_kept.h"

#include <assert.h>

/* The lists that are kept as they are, in this order. */
static const size_t whole[] = {
    offsetof(struct client_hello, suites),   offsetof(struct client_hello, compression),
    offsetof(struct client_hello, sni),      offsetof(struct client_hello, session_id),
    offsetof(struct client_hello, alpn),     offsetof(struct client_hello, versions),
    offsetof(struct client_hello, groups),   offsetof(struct client_hello, sigalgs),
    offsetof(struct client_hello, sigalgs_cert), offsetof(struct client_hello, point_formats),
};
enum { WHOLE = sizeof whole / sizeof *whole };

struct head {
    uint64_t ext_low;
    uint32_t ext_mask;
    uint16_t legacy_version, max_version;
    uint16_t length[WHOLE], extensions, key_shares; /* each is at most a vector with a length of 16 bits */
    uint8_t format;
    bool ext_high, fallback_scsv, renegotiation_scsv, grease, ticket;
};

_Static_assert(sizeof(struct head) <= HELLO_KEPT_MAX - LIMIT_HELLO_BYTES, "the lists have the rest, and are no longer than the hello");

static const struct rd *list_of(const struct client_hello *ch, unsigned i)
{
    return (const struct rd *)(const void *)((const uint8_t *)ch + whole[i]);
}

/* Of entries that are a code point and a vector (extensions, key shares): the code points, each with an empty vector. */
static uint8_t *keep_points(uint8_t *to, struct rd block)
{
    for (const uint8_t *p = block.p; block.end - p >= 4; to += 4) { /* a dozen in every hello: not by rd's steps */
        size_t n = (size_t)(p[2] << 8 | p[3]), left = (size_t)(block.end - p) - 4;
        memcpy(to, p, 2);
        memset(to + 2, 0, 2);
        p += 4 + (n < left ? n : left);
    }
    return to;
}

size_t hello_keep(const struct client_hello *ch, uint8_t out[HELLO_KEPT_MAX])
{
    struct head h = { .ext_low = ch->ext_low, .ext_mask = ch->ext_mask, .legacy_version = ch->legacy_version,
                      .max_version = ch->max_version, .format = ch->format, .ext_high = ch->ext_high,
                      .fallback_scsv = ch->fallback_scsv, .renegotiation_scsv = ch->renegotiation_scsv, .grease = ch->grease,
                      .ticket = rd_left(&ch->ticket) > 0 };
    uint8_t *to = out + sizeof h;
    for (unsigned i = 0; i < WHOLE; i++) {
        const struct rd *list = list_of(ch, i);
        size_t n = rd_left(list);
        h.length[i] = (uint16_t)n;
        if (n)
            memcpy(to, list->p, n);
        to += n;
    }
    uint8_t *extensions = to, *shares = keep_points(extensions, ch->extensions);
    to = keep_points(shares, ch->key_shares);
    h.extensions = (uint16_t)(shares - extensions);
    h.key_shares = (uint16_t)(to - shares);
    memcpy(out, &h, sizeof h);
    assert(to - out <= HELLO_KEPT_MAX);
    return (size_t)(to - out);
}

void hello_recall(const uint8_t *kept, struct client_hello *ch)
{
    struct head h;
    memcpy(&h, kept, sizeof h);
    *ch = (struct client_hello){ .ext_low = h.ext_low, .ext_mask = h.ext_mask, .legacy_version = h.legacy_version,
                                 .max_version = h.max_version, .format = h.format, .ext_high = h.ext_high,
                                 .fallback_scsv = h.fallback_scsv, .renegotiation_scsv = h.renegotiation_scsv, .grease = h.grease,
                                 .ticket = rd_of(kept, h.ticket) };
    const uint8_t *from = kept + sizeof h;
    for (unsigned i = 0; i < WHOLE; i++) {
        *(struct rd *)(void *)((uint8_t *)ch + whole[i]) = rd_of(from, h.length[i]);
        from += h.length[i];
    }
    ch->extensions = rd_of(from, h.extensions);
    ch->key_shares = rd_of(from + h.extensions, h.key_shares);
}
