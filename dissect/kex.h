/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kex - ServerKeyExchange (RFC 5246 section 7.4.3, RFC 8422 section 5.4, RFC 4279, RFC 5054): the group of the key exchange
 * and the scheme of its signature. Pure. What the message looks like is not on the wire: it follows from the suite.
 */
#ifndef DISSECT_KEX_H
#define DISSECT_KEX_H

#include "dissect/names.h"
#include "base/rd.h"

struct kex {
    uint16_t group; /* named curve, or the FFDHE group whose prime it is (RFC 7919); 0 unknown */
    uint16_t dh_bits; /* size of the DH prime; 0 none */
    uint16_t sigscheme; /* TLS 1.2 and later; 0 when not visible */
};

/* false: malformed for this suite, or a key exchange that has no such message or says nothing of these. */
bool server_key_exchange_parse(struct rd body, const struct suite *suite, uint16_t version, struct kex *out);

#endif
