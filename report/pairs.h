/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pairs - how often does b occur with a? The one tool under every "distinct clients per server" of a report.
 *
 * A list of (a, b, count) is filled in any order, then sorted: equal pairs become one with the counts added. What belongs
 * to one a is then a run in order of b. A list that is full is merged before it grows, so memory follows the number of
 * distinct pairs (16 bytes each, twice at most, and once more while sorting), not how often they came.
 */
#ifndef REPORT_PAIRS_H
#define REPORT_PAIRS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pair {
    uint32_t a, b;
    uint64_t count;
};

struct pairs {
    struct pair *v;
    size_t n, cap;
    bool failed; /* out of memory: the list is incomplete */
};

void pairs_free(struct pairs *p); /* *p may be used again */
void pairs_add(struct pairs *p, uint32_t a, uint32_t b, uint64_t count);
/* Sort by a, then b, and merge. false: out of memory, now or before. */
bool pairs_sort(struct pairs *p);
/* The run of a in a sorted list; *n is its length (0: none). */
const struct pair *pairs_of(const struct pairs *p, uint32_t a, size_t *n);

#endif
