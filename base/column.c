/* SPDX-License-Identifier: Apache-2.0 */
#include "base/column.h"

#include <string.h>

enum { LINE = 64 }; /* of the cache; COLUMN_BLOCK values of any width are a multiple of it */
_Static_assert(COLUMN_BLOCK % LINE == 0, "what aligned_alloc asks for");

bool column_room(struct column *c, uint32_t more)
{
    if (more <= c->room - c->blocks)
        return true;
    uint32_t room = c->room ? c->room * 2 : 8;
    if (room - c->blocks < more)
        room = c->blocks + more;
    void **block = realloc(c->block, room * sizeof *block);
    if (!block)
        return false;
    c->block = block;
    c->room = room;
    return true;
}

bool column_reserve(struct column *c, uint32_t id)
{
    while ((id - 1) / COLUMN_BLOCK >= c->blocks) {
        if (!column_room(c, 1))
            return false;
        void *b = aligned_alloc(LINE, COLUMN_BLOCK * c->width); /* a value of a line's size is to lie in one */
        if (!b)
            return false;
        memset(b, 0, COLUMN_BLOCK * c->width);
        c->block[c->blocks++] = b;
    }
    return true;
}

void column_take(struct column *c, struct column *from)
{
    if (from->blocks)
        memcpy(c->block + c->blocks, from->block, from->blocks * sizeof *from->block);
    c->blocks += from->blocks;
    from->blocks = 0;
}

void column_free(struct column *c)
{
    for (uint32_t i = 0; i < c->blocks; i++)
        free(c->block[i]);
    free(c->block);
    *c = (struct column){ .width = c->width };
}
