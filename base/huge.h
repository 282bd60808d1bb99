/* SPDX-License-Identifier: Apache-2.0 */
/*
 * huge - large memory that is met in any order, on huge pages where the system has them (2 MiB instead of 4 KiB): else every
 * access misses the cache of page translations too.
 */
#ifndef BASE_HUGE_H
#define BASE_HUGE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

/* These n bytes, fresh from malloc and not written to. Only a hint: nothing depends on it. */
static inline void huge_hint(void *p, size_t n)
{
    enum { PAGE = 4096, HUGE_PAGE = 2 << 20 };
    size_t skip = (PAGE - (uintptr_t)p % PAGE) % PAGE;
    if (n >= HUGE_PAGE + skip)
        (void)madvise((uint8_t *)p + skip, (n - skip) / PAGE * PAGE, MADV_HUGEPAGE);
}

#endif
