/* SPDX-License-Identifier: Apache-2.0 */
#include "report/pairs.h"

#include <stdlib.h>
#include <string.h>

void pairs_free(struct pairs *p)
{
    free(p->v);
    *p = (struct pairs){ 0 };
}

static uint64_t key(const struct pair *p)
{
    return (uint64_t)p->a << 32 | p->b;
}

/* One pass of the radix sort, by byte number `byte` of the key; stable. false when that byte is the same in all: no
 * pass. */
static bool pass(const struct pair *from, struct pair *to, size_t n, unsigned byte)
{
    size_t start[256] = { 0 }, sum = 0;
    for (size_t i = 0; i < n; i++)
        start[key(&from[i]) >> (8 * byte) & 255]++;
    if (start[key(from) >> (8 * byte) & 255] == n)
        return false;
    for (unsigned d = 0; d < 256; d++) {
        size_t count = start[d];
        start[d] = sum;
        sum += count;
    }
    for (size_t i = 0; i < n; i++)
        to[start[key(&from[i]) >> (8 * byte) & 255]++] = from[i];
    return true;
}

static void merge(struct pairs *p)
{
    size_t kept = 0;
    for (size_t i = 0; i < p->n; i++) {
        if (kept && key(&p->v[kept - 1]) == key(&p->v[i]))
            p->v[kept - 1].count += p->v[i].count;
        else
            p->v[kept++] = p->v[i];
    }
    p->n = kept;
}

/* Those of one client are few: they are shifted into place. */
static void sort_few(struct pairs *p)
{
    for (size_t i = 1; i < p->n; i++) {
        struct pair v = p->v[i];
        size_t k = i;
        for (; k > 0 && key(&p->v[k - 1]) > key(&v); k--)
            p->v[k] = p->v[k - 1];
        p->v[k] = v;
    }
}

bool pairs_sort(struct pairs *p)
{
    enum { FEW = 64 };
    if (p->failed || p->n == 0)
        return !p->failed;
    if (p->n <= FEW) {
        sort_few(p);
        merge(p);
        return true;
    }
    struct pair *from = p->v, *to = malloc(p->n * sizeof *to);
    if (!to) {
        p->failed = true;
        return false;
    }
    for (unsigned byte = 0; byte < 8; byte++) {
        if (!pass(from, to, p->n, byte))
            continue;
        struct pair *t = from;
        from = to;
        to = t;
    }
    p->cap = p->n; /* the buffer that was made here may be the one that stays */
    p->v = from;
    free(to);
    merge(p);
    return true;
}

/* Make room: merge what is there, and grow only when that did not free half. */
static bool make_room(struct pairs *p)
{
    if (p->failed || (p->n && !pairs_sort(p)))
        return false;
    if (p->n * 2 < p->cap)
        return true;
    size_t cap = p->n ? p->n * 2 : 64;
    struct pair *v = realloc(p->v, cap * sizeof *v);
    if (!v) {
        p->failed = true;
        return false;
    }
    p->v = v;
    p->cap = cap;
    return true;
}

void pairs_add(struct pairs *p, uint32_t a, uint32_t b, uint64_t count)
{
    if (p->n < p->cap || make_room(p))
        p->v[p->n++] = (struct pair){ .a = a, .b = b, .count = count };
}

const struct pair *pairs_of(const struct pairs *p, uint32_t a, size_t *n)
{
    size_t lo = 0, hi = p->n;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (p->v[mid].a < a)
            lo = mid + 1;
        else
            hi = mid;
    }
    size_t end = lo;
    while (end < p->n && p->v[end].a == a)
        end++;
    *n = end - lo;
    return p->n ? p->v + lo : NULL;
}
