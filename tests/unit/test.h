/* SPDX-License-Identifier: Apache-2.0 */
/* What every unit test includes first: cmocka, inputs that end against an unreadable page, hex. */
#ifndef TESTS_UNIT_TEST_H
#define TESTS_UNIT_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <malloc.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

/* A copy of n bytes whose last byte is followed by a page that may not be touched: one byte too far is a crash, also
 * without a sanitizer. One buffer: the next call reuses it. At most 1 MiB. */
static inline const uint8_t *guarded(const void *bytes, size_t n)
{
    enum { SIZE = 1 << 20 };
    static uint8_t *base;
    if (!base) {
        size_t page = (size_t)sysconf(_SC_PAGESIZE);
        base = mmap(NULL, SIZE + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        assert_true(base != MAP_FAILED);
        assert_int_equal(mprotect(base + SIZE, page, PROT_NONE), 0);
    }
    assert_true(n <= SIZE);
    if (n)
        memcpy(base + SIZE - n, bytes, n);
    return base + SIZE - n;
}

/* "16 03 01 ..." (blanks optional) to bytes; returns the count. For vectors written as in RFCs. */
static inline size_t unhex(const char *text, uint8_t *out, size_t cap)
{
    size_t n = 0;
    int hi = -1;
    for (; *text; text++) {
        int c = *text, v = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
        if (v < 0)
            continue;
        if (hi < 0) {
            hi = v;
            continue;
        }
        assert_true(n < cap);
        out[n++] = (uint8_t)(hi << 4 | v);
        hi = -1;
    }
    assert_int_equal(hi, -1);
    return n;
}

/* Bytes of the heap in use; always 0 under a sanitizer, which has a heap of its own. */
static inline size_t heap_bytes(void)
{
    struct mallinfo2 m = mallinfo2();
    return m.uordblks + m.hblkhd;
}

#endif
