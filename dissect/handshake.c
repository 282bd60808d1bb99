/* SPDX-License-Identifier: Apache-2.0 */
#include "dissect/handshake.h"

#include "base/limits.h"

#include <assert.h>

enum { HEADER = 4, FIRST_BUFFER = 512 };

/* How long a message of this type may be to be kept; 0: its contents are not read. */
static uint32_t cap_of(uint8_t type)
{
    switch (type) {
    case HS_CLIENT_HELLO:
    case HS_SERVER_HELLO:
    case HS_HELLO_RETRY_REQUEST:
    case HS_SERVER_KEY_EXCHANGE:
        return LIMIT_HELLO_BYTES;
    case HS_CERTIFICATE:
        return LIMIT_CERT_BYTES;
    default:
        return 0;
    }
}

static void drop_buffer(struct handshake *h, struct tls_shared *shared)
{
    if (!h->buf)
        return;
    pool_give(&shared->pool, h->buf, h->cap);
    room_give(&shared->buffered, pool_cost(h->cap));
    h->buf = NULL;
    h->cap = 0;
}

void handshake_reset(struct handshake *h, struct tls_shared *shared)
{
    drop_buffer(h, shared);
    h->have = 0;
    h->length = h->got = 0;
    h->kept = h->holed = h->done = false;
}

void handshake_begin(struct handshake *h, struct tls_shared *shared, uint8_t type, uint32_t length)
{
    h->have = HEADER;
    h->type = type;
    h->length = length;
    h->got = 0;
    h->holed = false;
    uint32_t cap = cap_of(type);
    h->kept = length <= cap;
    if (cap && !h->kept)
        shared->stats->hello_too_long += type != HS_CERTIFICATE;
}

/* Doubles with what arrives, so that a length field alone reserves nothing. */
static bool grow(struct handshake *h, struct tls_shared *shared, uint32_t need)
{
    assert(need > 0 && need <= h->length);
    if (need <= h->cap)
        return true;
    uint32_t cap = h->cap ? h->cap * 2 : FIRST_BUFFER;
    cap = cap > h->length ? h->length : cap;
    cap = cap < need ? need : cap;
    size_t more = pool_cost(cap) - (h->buf ? pool_cost(h->cap) : 0);
    bool room = room_take(&shared->buffered, h->cap, more);
    uint8_t *buf = room ? pool_take(&shared->pool, cap) : NULL;
    if (!buf) {
        room_give(&shared->buffered, room ? more : 0);
        shared->stats->memory_refused++;
        return false;
    }
    if (h->buf) /* nothing was got otherwise */
        memcpy(buf, h->buf, h->got);
    pool_give(&shared->pool, h->buf, h->cap);
    h->buf = buf;
    h->cap = cap;
    return true;
}

static void keep(struct handshake *h, struct tls_shared *shared, struct rd piece)
{
    uint32_t n = (uint32_t)rd_left(&piece);
    if (!h->kept || n == 0)
        return;
    if (!grow(h, shared, h->got + n)) {
        h->kept = false;
        drop_buffer(h, shared);
        return;
    }
    memcpy(h->buf + h->got, piece.p, n);
}

static bool take_header(struct handshake *h, struct tls_shared *shared, struct rd *in)
{
    if (h->have == HEADER)
        return true;
    while (h->have < HEADER && rd_left(in))
        h->head[h->have++] = rd_u8(in);
    if (h->have < HEADER)
        return false;
    struct rd r = rd_of(h->head, HEADER);
    uint8_t type = rd_u8(&r);
    handshake_begin(h, shared, type, rd_u24(&r));
    return true;
}

bool handshake_next(struct handshake *h, struct tls_shared *shared, struct rd *in, struct handshake_message *m)
{
    if (h->done)
        handshake_reset(h, shared);
    if (!take_header(h, shared, in))
        return false;
    size_t n = rd_left(in) < h->length - h->got ? rd_left(in) : h->length - h->got;
    struct rd piece = rd_sub(in, n);
    bool in_place = h->got == 0 && n == h->length;
    if (!in_place)
        keep(h, shared, piece);
    h->got += (uint32_t)n;
    if (h->got < h->length)
        return false;
    h->done = true;
    bool kept = h->kept && !h->holed;
    *m = (struct handshake_message){ .type = h->type, .kept = kept, .length = h->length };
    if (kept)
        m->body = in_place ? piece : rd_of(h->buf, h->length);
    return true;
}

bool handshake_gap(struct handshake *h, struct tls_shared *shared, uint32_t n)
{
    if (h->have == HEADER && !h->done && n <= h->length - h->got) {
        drop_buffer(h, shared);
        h->holed = true;
        h->kept = false;
        h->got += n;
        h->done = h->got == h->length;
        return true;
    }
    handshake_reset(h, shared);
    return false;
}

struct rd handshake_part(const struct handshake *h)
{
    return h->kept && !h->done && h->have == HEADER ? rd_of(h->buf, h->got) : (struct rd){ 0 };
}
