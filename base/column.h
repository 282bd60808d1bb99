/* SPDX-License-Identifier: Apache-2.0 */
/*
 * column - values beside an interned table, reached by its ids. They lie in blocks that never move, so that pointers to them
 * stay valid and growing never copies; values start as zero bytes.
 */
#ifndef BASE_COLUMN_H
#define BASE_COLUMN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

enum { COLUMN_BLOCK = 256 };

struct column {
    size_t width; /* bytes of one value; set it, and zero the rest */
    void **block;
    uint32_t blocks, room; /* allocated, and places in block[] */
};

/* Make sure that the value of this id (1...) is there. false: out of memory, nothing changed. */
bool column_reserve(struct column *c, uint32_t id);
void column_free(struct column *c);
bool column_room(struct column *c, uint32_t more); /* so many blocks may be taken. false: out of memory, nothing changed */
void column_take(struct column *c, struct column *from); /* from's blocks, behind its own */

/* The value of an id that was reserved. */
static inline void *column_at(const struct column *c, uint32_t id)
{
    return (char *)c->block[(id - 1) / COLUMN_BLOCK] + (id - 1) % COLUMN_BLOCK * c->width;
}

#endif
