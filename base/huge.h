/* SPDX-License-Identifier: Apache-2.0 */
/*
 * huge - large memory that is met in any order, on huge pages where the system has them (2 MiB instead of 4 KiB): else every
 * access misses the cache of page translations too.
 */
#ifndef BASE_HUGE_H
#define BASE_HUGE_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* These n bytes, fresh from malloc and not written to. Only a hint: nothing depends on it. */
static inline void huge_hint(void *p, size_t n)
{
    enum { PAGE = 4096, HUGE_PAGE = 2 << 20 };
    size_t skip = (PAGE - (uintptr_t)p % PAGE) % PAGE;
    if (n >= HUGE_PAGE + skip)
        (void)madvise((uint8_t *)p + skip, (n - skip) / PAGE * PAGE, MADV_HUGEPAGE);
}

/* n zero bytes, at a multiple of such a page where they fill one. For free(). NULL: out of memory. */
static inline void *huge_zeroed(size_t n)
{
    enum { HUGE_PAGE = 2 << 20 };
    if (n < HUGE_PAGE || n % HUGE_PAGE)
        return calloc(1, n);
    void *p = aligned_alloc(HUGE_PAGE, n);
    if (!p)
        return NULL;
    huge_hint(p, n);
    return memset(p, 0, n);
}

#endif
