/* SPDX-License-Identifier: Apache-2.0 */
/*
 * frag - datagrams put together from fragments: IPv4 (RFC 791), IPv6 (RFC 8200 section 4.5), CAPWAP (RFC 5415).
 *
 * A ring of LIMIT_FRAG_DATAGRAMS slots (or fewer) in order of arrival behind a keyed hash: a flood of fragments pushes out the
 * oldest and nothing else grows. The first copy of a byte wins, so a later fragment cannot rewrite what was already seen. A
 * datagram that was completed stays for a second, so that its second copy from a mirror that delivers twice is known.
 * Memory: a buffer of 64 KiB per slot, allocated when the slot is first used and kept.
 */
#ifndef CAPTURE_FRAG_H
#define CAPTURE_FRAG_H

#include "base/rd.h"
#include "capture/stats.h"

struct frag;

enum { FRAG_HEADER = 64 }; /* room for the first fragment's own header in front of the data */

struct frag_key { /* compared as memory: no padding, unused bytes 0 */
    uint8_t src[16], dst[16];
    uint32_t id, scope; /* scope: tenant id or ports, where equal addresses may be different parties */
    uint8_t family; /* 4, 6, or 0 for CAPWAP */
    uint8_t proto;
    uint8_t zero[6];
};

struct frag_piece {
    uint32_t offset; /* in bytes */
    bool last;
    struct rd bytes; /* as captured */
    uint32_t missing; /* bytes after them that were not */
    const uint8_t *head; /* the header to put in front of the datagram when this is its first piece */
    size_t head_len; /* <= FRAG_HEADER */
};

struct frag_whole { /* borrowed until the next call */
    uint8_t *head; /* head_len bytes of header, the data right behind them */
    size_t head_len;
    uint8_t *data;
    uint32_t cap, len; /* bytes present (from the start), bytes there were */
};

enum frag_result { FRAG_WAIT, FRAG_WHOLE, FRAG_DUPLICATE, FRAG_MALFORMED };

/* max: slots, 0 or more than LIMIT_FRAG_DATAGRAMS for as many as that. stats is borrowed; NULL when out of memory. */
struct frag *frag_new(uint32_t max, uint64_t seed, struct stats *stats);
void frag_free(struct frag *f);
/* now: packet time in nanoseconds. piece->bytes may lie in the datagram returned last. */
enum frag_result frag_add(struct frag *f, const struct frag_key *key, const struct frag_piece *piece, int64_t now,
                          struct frag_whole *whole);
/* The end: what is not complete is counted. */
void frag_finish(struct frag *f);

#endif
