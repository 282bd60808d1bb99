/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/stats.h"

#define T 'T'
#define L 'L'
#define I 'I'
#define S(name, kind, text) { #name, kind, text },
const struct stats_row stats_rows[] = { STATS(S) };
#undef S
#undef T
#undef L
#undef I

const unsigned stats_count = sizeof(struct stats) / sizeof(uint64_t);

uint64_t *stats_value(struct stats *s, unsigned i)
{
    return (uint64_t *)(void *)s + i; /* every member is a uint64_t, by construction of STATS */
}

void stats_add(struct stats *into, const struct stats *from)
{
    const uint64_t *f = (const uint64_t *)(const void *)from;
    for (unsigned i = 0; i < stats_count; i++)
        *stats_value(into, i) += f[i];
}

void stats_sub(struct stats *into, const struct stats *now, const struct stats *before)
{
    const uint64_t *n = (const uint64_t *)(const void *)now, *b = (const uint64_t *)(const void *)before;
    for (unsigned i = 0; i < stats_count; i++)
        *stats_value(into, i) = n[i] - b[i];
}
