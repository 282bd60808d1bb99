/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rd - a bounds-checked, sticky reader over bytes from the wire.
 *
 * Everything that parses packets reads through this and nothing else. One rule makes it safe to use without a check after
 * every read: a read past the end gives zeros and makes the reader bad, which is empty for good, so loops end and nothing
 * overruns.
 * Parse a whole structure, then ask rd_ok() once before acting on it.
 *
 * A reader borrows its bytes: it is valid as long as the buffer under it. All integers are in network byte order unless
 * the name says le. Where the parent is too short for a child reader (rd_sub, rd_vec*), both are bad.
 *
 * Two pointers and nothing else: such a reader is passed and returned in registers. One more byte, and every call that
 * hands a reader on would wait for the memory that it was just written to (3% of a handshake).
 */
#ifndef BASE_RD_H
#define BASE_RD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct rd {
    const uint8_t *p, *end; /* both rd_nowhere + 1: bad */
};
/* Nobody's bytes. The place is within, for somebody's bytes may end where this begins: such a reader is good. */
extern const uint8_t rd_nowhere[2];

static inline struct rd rd_of(const void *p, size_t n)
{
    struct rd r = { .p = p, .end = p };
    if (n) /* nothing may be added to NULL */
        r.end += n;
    return r;
}

/* Bytes left. 0 once bad. */
static inline size_t rd_left(const struct rd *r)
{
    return (size_t)(r->end - r->p);
}

static inline bool rd_ok(const struct rd *r)
{
    return r->end != rd_nowhere + 1;
}

/* True when everything was read and nothing was short: what a structure without trailing bytes asks for. */
static inline bool rd_done(const struct rd *r)
{
    return rd_ok(r) && r->p == r->end;
}

static inline void rd_fail(struct rd *r)
{
    r->p = r->end = rd_nowhere + 1;
}

/* The one function that moves the read pointer: n bytes, or NULL and a failed reader. */
static inline const uint8_t *rd_take(struct rd *r, size_t n)
{
    if (rd_left(r) < n || (n == 0 && !rd_ok(r))) {
        rd_fail(r);
        return NULL;
    }
    const uint8_t *p = r->p;
    r->p += n;
    return p;
}

static inline void rd_skip(struct rd *r, size_t n)
{
    (void)rd_take(r, n);
}

static inline uint8_t rd_u8(struct rd *r)
{
    const uint8_t *p = rd_take(r, 1);
    return p ? p[0] : 0;
}

static inline uint16_t rd_u16(struct rd *r)
{
    const uint8_t *p = rd_take(r, 2);
    return (uint16_t)(p ? p[0] << 8 | p[1] : 0);
}

static inline uint32_t rd_u24(struct rd *r)
{
    const uint8_t *p = rd_take(r, 3);
    return p ? (uint32_t)p[0] << 16 | (uint32_t)p[1] << 8 | p[2] : 0;
}

static inline uint32_t rd_u32(struct rd *r)
{
    const uint8_t *p = rd_take(r, 4);
    return p ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3] : 0;
}

static inline uint64_t rd_u64(struct rd *r)
{
    if (rd_left(r) < 8) {
        rd_fail(r);
        return 0;
    }
    uint64_t hi = rd_u32(r);
    return hi << 32 | rd_u32(r);
}

static inline uint16_t rd_le16(struct rd *r)
{
    const uint8_t *p = rd_take(r, 2);
    return (uint16_t)(p ? p[1] << 8 | p[0] : 0);
}

static inline uint32_t rd_le32(struct rd *r)
{
    const uint8_t *p = rd_take(r, 4);
    return p ? (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0] : 0;
}

/* A child over the next n bytes. If the parent is shorter both are bad and the child is empty. */
static inline struct rd rd_sub(struct rd *r, size_t n)
{
    const uint8_t *p = rd_take(r, n);
    if (p)
        return rd_of(p, n);
    return *r; /* bad by now */
}

/* Length-prefixed vectors of the TLS presentation language (RFC 8446 section 3.4): opaque x<0..2^8-1>, 2^16-1, 2^24-1. */
static inline struct rd rd_vec8(struct rd *r)
{
    return rd_sub(r, rd_u8(r));
}

static inline struct rd rd_vec16(struct rd *r)
{
    return rd_sub(r, rd_u16(r));
}

static inline struct rd rd_vec24(struct rd *r)
{
    return rd_sub(r, rd_u24(r));
}

/* Look without moving: byte at offset i, or -1. */
static inline int rd_peek(const struct rd *r, size_t i)
{
    return i < rd_left(r) ? r->p[i] : -1;
}

/* Do the next bytes equal these? Never moves, never latches. */
static inline bool rd_starts(const struct rd *r, const void *s, size_t n)
{
    return rd_left(r) >= n && memcmp(r->p, s, n) == 0;
}

static inline bool rd_equal(const struct rd *a, const struct rd *b)
{
    return rd_left(a) == rd_left(b) && (rd_left(a) == 0 || memcmp(a->p, b->p, rd_left(a)) == 0);
}

#endif
