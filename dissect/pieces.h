/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pieces - bytes that arrive at offsets, in any order, more than once: the CRYPTO stream of QUIC, the fragments of a DTLS
 * handshake message. The first copy of a byte wins. A bit per byte says what has come, so that no order of pieces, however
 * hostile, costs more than the buffer; the buffer is capped by the caller and counted in a sum over all conversations.
 */
#ifndef DISSECT_PIECES_H
#define DISSECT_PIECES_H

#include "base/rd.h"
#include "base/room.h"

struct pieces {
    uint8_t *buf; /* cap bytes, then a bit for each */
    size_t cap;
    size_t got; /* bytes that have come */
    size_t ready; /* those without a hole from offset 0: buf[0..ready) may be read */
};

/* Adds data at offset. room is what all share. false: beyond limit, farther ahead than LIMIT_PIECES_AHEAD, or no memory;
 * nothing changed. */
bool pieces_put(struct pieces *p, struct room *room, size_t limit, uint64_t offset, struct rd data);
/* How many bytes of data at offset are held already; *same: whether all those are equal to it. */
size_t pieces_overlap(const struct pieces *p, uint64_t offset, struct rd data, bool *same);
void pieces_clear(struct pieces *p, struct room *room); /* frees; ready to be used again */

#endif
