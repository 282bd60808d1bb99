/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nearest - the valid name that a mistyped one is closest to, for error messages.
 *
 *     struct nearest n = { .word = typed };
 *     for (...) nearest_try(&n, candidate);
 *     err_set(e, "%s: no such thing; the nearest is %s", typed, n.best);
 */
#ifndef BASE_NEAREST_H
#define BASE_NEAREST_H

enum { NEAREST_TEXT = 96 };

struct nearest {
    const char *word;
    char best[NEAREST_TEXT]; /* a copy; empty before the first candidate */
    unsigned distance; /* of .best: insertions, deletions, replacements and swaps of neighbours, letter case aside */
};

/* Of several equally near the first stays. Names longer than NEAREST_TEXT are compared by their beginning. NULL is skipped.
 * */
void nearest_try(struct nearest *n, const char *candidate);

#endif
