/* SPDX-License-Identifier: Apache-2.0 */
/*
 * eap - TLS inside EAP: EAP-TLS (RFC 5216, RFC 9190), PEAP, EAP-TTLS (RFC 5281), EAP-FAST (RFC 4851), TEAP (RFC 7170). The
 * peer (supplicant) is the TLS client. EAP is lock-step, so fragments come in order; a repeated packet has the
 * identifier of the one before it. Carried in RADIUS and in EAPOL frames.
 */
#ifndef DISSECT_EAP_H
#define DISSECT_EAP_H

#include "dissect/datagram.h"

enum { EAP_PEER = 0, EAP_SERVER = 1 }; /* sides of the TLS conversation */

/* One authentication. Zero-initialised; freed with eap_clear. */
struct eap {
    struct tls *tls; /* NULL before the first TLS bytes and after the event was taken */
    bool over; /* decided, or ended by Success or Failure */
    bool due; /* its event was not taken yet */
    uint8_t end, by; /* enum tls_end, side */
    uint8_t last[2]; /* identifier of the latest packet of each side */
    bool any[2];
    bool more[2]; /* and whether it said that more fragments follow */
};

/* Is this the length-checked start of an EAP packet (code, length)? */
bool eap_looks_like(struct rd packet);
/* Does this packet begin an authentication: Response/Identity? */
bool eap_begins(struct rd packet);
/* The side that sends it: EAP_PEER for responses. */
unsigned eap_side(struct rd packet);
/* One EAP packet. TLS_DECIDED: .due was set. */
enum tls_verdict eap_packet(struct eap *e, struct tls_shared *shared, struct rd packet, struct tls_when when);
/* Give up what is open; .due tells whether an event is left to take. */
void eap_give_up(struct eap *e, enum tls_end end);
/* The event that is due, or (end is not TLS_END_DECIDED) that of what is open. The tls is the caller's to free afterwards, who
 * keeps it as long as *ev is used. NULL: there is none. */
struct tls *eap_take_event(struct eap *e, enum tls_end end, unsigned by, struct tls_event *ev);
void eap_clear(struct eap *e);

extern const struct datagram_proto radius_proto, eapol_proto;

#endif
