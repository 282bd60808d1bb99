/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fragments - frames that held fragments of IP datagrams, until it is known whether the datagram is wanted: --evidence keeps the
 * frames of a connection, and to which one a fragment belongs is known when the last has come.
 *
 * The latest ROOM frames, at most ROOM_BYTES: what a flood pushes out is missing from evidence, and nothing grows.
 */
#ifndef CLI_FRAGMENTS_H
#define CLI_FRAGMENTS_H

#include "capture/decode.h"

struct fragments;

struct fragment {
    struct packet p; /* .data is a copy */
    struct frag_key key;
    uint32_t at, len; /* of the fragment's bytes in the frame */
    uint32_t offset; /* of them in the datagram */
};

struct fragments *fragments_new(void); /* NULL: out of memory */
void fragments_free(struct fragments *f); /* NULL is fine */

/* Does the piece lie in the frame, and not in another datagram that was put together? */
bool fragments_has(const struct packet *p, const struct decode_piece *piece);
/* Copies it. false: out of memory. */
bool fragments_add(struct fragments *f, const struct packet *p, const struct decode_piece *piece);
/* Those of the datagram that were not overtaken by a later one for the same offset: next after i (0: the first); 0 when there is
 * none. *out is valid until the next fragments_add. */
unsigned fragments_next(const struct fragments *f, const struct frag_key *key, int64_t now_ns, unsigned i,
                        const struct fragment **out);

#endif
