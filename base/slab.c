/* SPDX-License-Identifier: Apache-2.0 */
#include "base/slab.h"
#include "base/huge.h"

#include <stdlib.h>
#include <string.h>

/* One that nobody has had. Seldom: what is given back is taken first. */
__attribute__((noinline)) static uint32_t more(struct slab *s)
{
    uint32_t i = s->made, chunks = i >> SLAB_BITS;
    if (i >= s->most)
        return SLAB_NONE;
    if ((i & (SLAB_CHUNK - 1)) == 0) {
        uint8_t **list = realloc(s->chunk, (chunks + 1) * sizeof *list);
        if (!list)
            return SLAB_NONE;
        s->chunk = list;
        size_t bytes = (s->most - i < SLAB_CHUNK ? s->most - i : SLAB_CHUNK) * s->width;
        list[chunks] = malloc(bytes);
        if (!list[chunks])
            return SLAB_NONE;
        if (chunks > 0)
            huge_hint(list[chunks], bytes);
    }
    s->made++;
    return i;
}

uint32_t slab_take(struct slab *s)
{
    if (s->freed == 0)
        return more(s);
    uint32_t i = s->freed - 1;
    memcpy(&s->freed, slab_at(s, i), sizeof s->freed);
    return i;
}

void slab_give(struct slab *s, uint32_t i)
{
    memcpy(slab_at(s, i), &s->freed, sizeof s->freed);
    s->freed = i + 1;
}

void slab_free(struct slab *s)
{
    for (uint32_t i = 0; i < s->made; i += SLAB_CHUNK)
        free(s->chunk[i >> SLAB_BITS]);
    free(s->chunk);
    *s = (struct slab){ .width = s->width, .most = s->most };
}
