/* SPDX-License-Identifier: Apache-2.0 */
/*
 * room - a sum of memory that many share, so that no one who fills it keeps the others out.
 *
 * There is a limit for all. From half of it on, what is left is for those who hold little (LIMIT_ROOM_SMALL): a flood of large
 * halves of messages cannot take the place of an ordinary hello. Nearly full (room_tight), whoever has an order of use should
 * let the oldest go. Only a count: the memory is the callers'.
 */
#ifndef BASE_ROOM_H
#define BASE_ROOM_H

#include "base/limits.h"

#include <stdbool.h>
#include <stddef.h>

struct room {
    size_t used, max; /* bytes; max 0: no limit */
};

/* May someone who holds this much already take this much more? Then it counts. */
static inline bool room_take(struct room *r, size_t has, size_t more)
{
    size_t used = r->used + more;
    if (r->max && (used > r->max || (used > r->max / 2 && has + more > LIMIT_ROOM_SMALL)))
        return false;
    r->used = used;
    return true;
}

/* What n bytes from malloc take: for whom many small ones are a lot. */
static inline size_t room_cost(size_t n)
{
    return n < 24 ? 32 : (n + 8 + 15) / 16 * 16;
}

static inline void room_give(struct room *r, size_t n)
{
    r->used -= n;
}

static inline bool room_tight(const struct room *r)
{
    return r->max && r->used > r->max - r->max / 16;
}

#endif
