/* SPDX-License-Identifier: Apache-2.0 */
/*
 * record - the record layer of one direction: a byte stream to pieces of records (RFC 8446 section 5.1; SSLv2's two- and
 * three-byte headers). Nothing is copied but a header that is split over two calls: a piece points into the caller's bytes,
 * and a record that arrives in several calls comes as several pieces.
 */
#ifndef DISSECT_RECORD_H
#define DISSECT_RECORD_H

#include "base/rd.h"

enum record_form { RECORD_UNKNOWN /* the first byte will tell */, RECORD_TLS, RECORD_SSLV2 };
enum { RECORD_CCS = 20, RECORD_ALERT = 21, RECORD_HANDSHAKE = 22, RECORD_DATA = 23, RECORD_HEARTBEAT = 24 };
enum { RECORD_MAX = 16384 + 2048 }; /* RFC 5246 section 6.2.3: TLSCiphertext.length */

struct record {
    uint8_t form; /* enum record_form */
    uint8_t head[5], have; /* a header that is not complete yet */
    uint8_t type; /* of the open record; SSLv2 has none: 0 */
    uint16_t version; /* of the open record */
    uint16_t length; /* of its body */
    uint16_t left; /* bytes of it still to come */
    bool open; /* a header was read and its body is not finished */
    bool lost; /* bytes are missing and no header has been found again */
    bool bad; /* what came was no header: RECORD_BAD from now on, until a gap */
};

struct record_piece {
    struct rd bytes;
    bool first, last; /* of its record; a record of no bytes is one empty piece with both */
};

enum record_verdict { RECORD_MORE /* all bytes are used up */, RECORD_PIECE, RECORD_BAD /* not a record header */ };

/* Takes the next piece off *in. After RECORD_PIECE, r->type, r->version and r->length describe its record. */
enum record_verdict record_next(struct record *r, struct rd *in, struct record_piece *piece);

/* n bytes are missing. true: they lie inside the open record (which goes on, or ended with them); false: the boundary is
 * lost and the next call looks for a header at its first byte, where segments often begin one. */
bool record_gap(struct record *r, uint32_t n);

/* Is this the start of a TLS record header, as far as it goes? */
bool record_header_plausible(struct rd b);

#endif
