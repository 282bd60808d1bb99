/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/memory.h"

/* Thirty-seconds of the limit, and what one entry takes at most. The flow table doubles when it grows, and holds half of itself
 * once more meanwhile. */
enum {
    PARTS = 32,
    FLOWS = 4, FLOW_BYTES = 12 + 6 + 12,
    CONNS = 4, CONN_BYTES = 2048,
    LATE = 2,
    DISSECT = 7,
    FRAGMENTED = 2, FRAGMENTED_BYTES = LIMIT_FRAG_BYTES + 1,
    ROWS = 6, ROW_BYTES = 224, /* with its place in the index, and its share of "other" rows */
    PROFILES = 3, PROFILE_BYTES = 2 * LIMIT_PROFILE_MEAN, /* its stack and what is derived beside it */
    NAMES = 2, NAME_BYTES = 2 * LIMIT_NAME_MEAN,
    CERTS = 2, CERT_BYTES = 1300,
};
_Static_assert(FLOWS + CONNS + LATE + DISSECT + FRAGMENTED + ROWS + PROFILES + NAMES + CERTS == PARTS, "all of it, and no more");

static uint32_t share(uint64_t limit, unsigned parts, unsigned bytes, uint32_t most)
{
    uint64_t n = limit / PARTS * parts / bytes;
    return limit && n < most ? (uint32_t)n : most;
}

static uint32_t power_of_two(uint32_t n)
{
    uint32_t p = 1;
    while (p <= n / 2)
        p *= 2;
    return p;
}

/* A window above the least is taken from the rest. */
static size_t window_of(uint64_t limit)
{
    uint64_t part = limit / PARTS;
    part = part < LIMIT_WINDOW ? part : LIMIT_WINDOW;
    return part > LIMIT_WINDOW_LEAST ? (size_t)part : LIMIT_WINDOW_LEAST;
}

struct memory memory_divide(uint64_t limit, unsigned threads)
{
    size_t window = limit ? window_of(limit) : 0;
    limit -= window > LIMIT_WINDOW_LEAST ? window : 0;
    uint64_t each = limit / threads;
    return (struct memory){
        .window = window,
        .flows = power_of_two(share(each, FLOWS, FLOW_BYTES, LIMIT_FLOWS / threads)),
        .conns = share(each, CONNS, CONN_BYTES, LIMIT_CONNS / threads),
        .late_bytes = limit ? each / PARTS * LATE : LIMIT_OOO_TOTAL / threads,
        .dissect_bytes = limit ? each / PARTS * DISSECT : LIMIT_HELLO_TOTAL / 4 * DISSECT / threads,
        .fragmented = share(limit, FRAGMENTED, FRAGMENTED_BYTES, LIMIT_FRAG_DATAGRAMS),
        .rows = share(limit, ROWS, ROW_BYTES, LIMIT_ROWS),
        .profiles = share(limit, PROFILES, PROFILE_BYTES, LIMIT_PROFILES),
        .names = share(limit, NAMES, NAME_BYTES, LIMIT_NAMES),
        .certs = share(limit, CERTS, CERT_BYTES, LIMIT_CUBE_CERTS),
    };
}
