/* SPDX-License-Identifier: Apache-2.0 */
#include "dissect/pieces.h"

#include "base/limits.h"

#include <stdlib.h>

static uint8_t *bits(const struct pieces *p)
{
    return p->buf + p->cap;
}

static bool has(const struct pieces *p, size_t i)
{
    return i < p->cap && (bits(p)[i / 8] >> i % 8 & 1) != 0;
}

static size_t size_of(size_t cap)
{
    return cap + cap / 8;
}

static bool grow(struct pieces *p, struct room *room, size_t need)
{
    size_t cap = p->cap ? p->cap : 2048;
    while (cap < need)
        cap *= 2;
    if (cap == p->cap)
        return true;
    size_t more = size_of(cap) - size_of(p->cap);
    if (!room_take(room, size_of(p->cap), more))
        return false;
    uint8_t *buf = calloc(1, size_of(cap));
    if (!buf) {
        room_give(room, more);
        return false;
    }
    if (p->buf) {
        memcpy(buf, p->buf, p->cap);
        memcpy(buf + cap, bits(p), p->cap / 8);
    }
    free(p->buf);
    p->buf = buf;
    p->cap = cap;
    return true;
}

bool pieces_put(struct pieces *p, struct room *room, size_t limit, uint64_t offset, struct rd data)
{
    size_t n = rd_left(&data);
    if (offset > limit || n > limit - offset || offset > p->got + LIMIT_PIECES_AHEAD || !grow(p, room, (size_t)offset + n))
        return false;
    for (size_t i = 0; i < n; i++) {
        size_t at = (size_t)offset + i;
        if (has(p, at))
            continue;
        p->got++;
        p->buf[at] = data.p[i];
        bits(p)[at / 8] |= (uint8_t)(1u << at % 8);
    }
    while (has(p, p->ready))
        p->ready++;
    return true;
}

size_t pieces_overlap(const struct pieces *p, uint64_t offset, struct rd data, bool *same)
{
    size_t held = 0;
    *same = true;
    for (size_t i = 0; i < rd_left(&data) && offset + i < p->cap; i++) {
        size_t at = (size_t)offset + i;
        if (!has(p, at))
            continue;
        held++;
        *same = *same && p->buf[at] == data.p[i];
    }
    return held;
}

void pieces_clear(struct pieces *p, struct room *room)
{
    room_give(room, size_of(p->cap));
    free(p->buf);
    *p = (struct pieces){ 0 };
}
