/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mask - blots out of a connection what is nobody's business when its handshake is shown as evidence: everything that is encrypted,
 * the arguments of logins, names of users, certificates of clients, and cleartext that is no dialogue about TLS.
 *
 * Hellos, the server's handshake messages, alerts, and the commands and replies that lead to TLS stay as they are, and every length
 * does: what is left decodes like the original. Where it is not certain that something is harmless, it goes.
 */
#ifndef DISSECT_MASK_H
#define DISSECT_MASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mask {
    bool from_client; /* of TLS, or of the dialogue */
    bool tls; /* the connection came to a ClientHello */
    const char *upgrade; /* as in the event; NULL: TLS from the first byte */
};

/* In place: the bytes of one direction of a TCP connection, from its beginning. */
void mask_stream(uint8_t *p, size_t n, const struct mask *m);
/* In place: one UDP payload (DTLS, QUIC, EAP in RADIUS, others) or EAPOL frame. */
void mask_datagram(uint8_t *p, size_t n, const struct mask *m, bool eapol);

#endif
