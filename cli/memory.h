/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory - how --memory-limit is divided between the tables and buffers, so that floods of every kind together stay under it. The
 * program itself, nDPI and the making of the report come on top, up to 32 MiB (tests/floods.py), and so does a window of up to
 * LIMIT_WINDOW_LEAST for unpacking.
 */
#ifndef CLI_MEMORY_H
#define CLI_MEMORY_H

#include "base/limits.h"

#include <stddef.h>
#include <stdint.h>

struct memory {
    /* of each of the threads that share the flows */
    uint32_t flows, conns;
    size_t late_bytes; /* TCP segments out of order */
    size_t dissect_bytes; /* hellos and what is left of them, certificates */
    /* of the whole program */
    uint32_t fragmented; /* datagrams */
    uint32_t rows, profiles, names, certs; /* of the cube */
    size_t window; /* for unpacking Zstandard data; 0: no limit of its own */
};

/* limit in bytes, 0: none, then everything is as in base/limits.h. threads: at least 1. */
struct memory memory_divide(uint64_t limit, unsigned threads);

#endif
