/* SPDX-License-Identifier: Apache-2.0 */
/*
 * quic_crypto - what protects QUIC Initial packets (RFC 9001 section 5, RFC 9369 section 3.3). The keys follow from the
 * Destination Connection ID of the client's first Initial and a salt that each version makes public, so that anybody on
 * the path can read the hellos. Pure but for the libcrypto contexts inside struct quic_keys.
 */
#ifndef DISSECT_QUIC_CRYPTO_H
#define DISSECT_QUIC_CRYPTO_H

#include "base/rd.h"

enum quic_type { QUIC_INITIAL, QUIC_ZERO_RTT, QUIC_HANDSHAKE, QUIC_RETRY };

/* One version whose Initial keys are public. */
struct quic_version {
    uint32_t version;
    uint8_t salt; /* index into the table of salts */
    bool v2; /* labels "quicv2 ..." and rotated packet types, RFC 9369 section 3.2 */
    bool google; /* CRYPTO frames have type 8 */
};

/* NULL: not a version that carries TLS under public Initial keys (Google's Q0xx carries its own crypto). */
const struct quic_version *quic_version_find(uint32_t version);
/* The type that a long header's first byte names in this version. */
enum quic_type quic_long_type(const struct quic_version *v, uint8_t first_byte);

/* One direction's Initial keys. Zero-initialise; quic_keys_clear when done. */
struct quic_keys {
    void *hp, *aead; /* EVP_CIPHER_CTX; NULL: no keys */
    uint8_t iv[12];
    uint64_t next_pn; /* the highest packet number that decrypted, plus 1: for decoding truncated ones */
};

enum { QUIC_KEYS_COST = 2048 }; /* bytes that libcrypto takes for such a pair: 1,824 where measured */
enum { QUIC_CID_MAX = 20 }; /* RFC 9000 section 17.2 */

/* false: libcrypto refused (out of memory). Replaces earlier keys. server: of the packets that the server sends. */
bool quic_keys_derive(struct quic_keys *k, const struct quic_version *v, struct rd client_dcid, bool server);
void quic_keys_clear(struct quic_keys *k);

/* Removes header protection and decrypts one packet. packet: from its first byte to the end of what its Length says;
 * pn_offset: where the packet number begins in it. out: room for rd_left(&packet) bytes. Returns the length of the frames
 * written to out, 0 when the packet does not authenticate (a payload is never empty, RFC 9000 section 12.4). */
size_t quic_decrypt(struct quic_keys *k, struct rd packet, size_t pn_offset, uint8_t *out);

#endif
