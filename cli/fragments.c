/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/fragments.h"
#include "base/limits.h"

#include <stdlib.h>
#include <string.h>

enum { ROOM = 1024, ROOM_BYTES = 8 << 20 };

struct fragments {
    unsigned oldest, count;
    size_t bytes;
    struct fragment at[ROOM];
};

struct fragments *fragments_new(void)
{
    return calloc(1, sizeof(struct fragments));
}

static void drop_oldest(struct fragments *f)
{
    struct fragment *x = &f->at[f->oldest];
    f->bytes -= x->p.caplen;
    free((void *)(uintptr_t)x->p.data);
    *x = (struct fragment){ .len = 0 };
    f->oldest = (f->oldest + 1) % ROOM;
    f->count--;
}

void fragments_free(struct fragments *f)
{
    while (f && f->count)
        drop_oldest(f);
    free(f);
}

bool fragments_has(const struct packet *p, const struct decode_piece *piece)
{
    const uint8_t *end = p->data + p->caplen;
    return piece->bytes.p >= p->data && piece->bytes.p <= end && rd_left(&piece->bytes) <= (size_t)(end - piece->bytes.p);
}

bool fragments_add(struct fragments *f, const struct packet *p, const struct decode_piece *piece)
{
    while (f->count == ROOM || (f->count && f->bytes + p->caplen > ROOM_BYTES))
        drop_oldest(f);
    uint8_t *copy = malloc(p->caplen + 1u);
    if (!copy)
        return false;
    memcpy(copy, p->data, p->caplen);
    struct fragment *x = &f->at[(f->oldest + f->count++) % ROOM];
    *x = (struct fragment){ .p = *p, .key = piece->key, .at = (uint32_t)(piece->bytes.p - p->data),
                            .len = (uint32_t)rd_left(&piece->bytes), .offset = piece->offset };
    x->p.data = copy;
    f->bytes += p->caplen;
    return true;
}

static bool is_of(const struct fragment *x, const struct frag_key *key, int64_t now_ns)
{
    return memcmp(&x->key, key, sizeof *key) == 0 && now_ns - x->p.ts_ns <= LIMIT_FRAG_SECONDS * INT64_C(1000000000);
}

/* The identification comes again, and mirrors deliver twice. */
static bool is_overtaken(const struct fragments *f, unsigned i, const struct frag_key *key, int64_t now_ns)
{
    const struct fragment *x = &f->at[(f->oldest + i) % ROOM];
    for (unsigned k = i + 1; k < f->count; k++) {
        const struct fragment *y = &f->at[(f->oldest + k) % ROOM];
        if (y->offset == x->offset && is_of(y, key, now_ns))
            return true;
    }
    return false;
}

unsigned fragments_next(const struct fragments *f, const struct frag_key *key, int64_t now_ns, unsigned i,
                        const struct fragment **out)
{
    for (; i < f->count; i++) {
        const struct fragment *x = &f->at[(f->oldest + i) % ROOM];
        if (!is_of(x, key, now_ns) || is_overtaken(f, i, key, now_ns))
            continue;
        *out = x;
        return i + 1;
    }
    return 0;
}
