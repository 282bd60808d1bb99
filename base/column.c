/* SPDX-License-Identifier: Apache-2.0 */
#include "base/column.h"

static bool room_for_one_more(struct column *c)
{
    if (c->blocks < c->room)
        return true;
    uint32_t room = c->room ? c->room * 2 : 8;
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
        if (!room_for_one_more(c))
            return false;
        void *b = calloc(COLUMN_BLOCK, c->width);
        if (!b)
            return false;
        c->block[c->blocks++] = b;
    }
    return true;
}

void column_free(struct column *c)
{
    for (uint32_t i = 0; i < c->blocks; i++)
        free(c->block[i]);
    free(c->block);
    *c = (struct column){ .width = c->width };
}
