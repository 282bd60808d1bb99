/* SPDX-License-Identifier: Apache-2.0 */
/*
 * datagram - protocols that carry a TLS handshake in datagrams: QUIC, DTLS, and carriers such as OpenVPN over UDP, RADIUS
 * and EAPOL. One row and one file per protocol; session.c gives them the datagrams of a flow and emits what they find.
 *
 * How session.c uses a row:
 *   peek()      any row of this flow's proto whose looks_like() says yes (and, after an earlier conversation, whose goes_on()
 *               does not) -> the flow is opened
 *   datagram()  first time: the first row in table order that looks_like() this datagram gets open(); then feed() each
 *               datagram of both directions. TLS_NOT: drain events with TLS_END_DECIDED, free(), and let later rows try
 *               this datagram. TLS_DECIDED: drain with TLS_END_DECIDED; then free() unless .many.
 *   end()       drain with the reason, free()
 * drain: while (next_event(state, ...)) emit the event.
 */
#ifndef DISSECT_DATAGRAM_H
#define DISSECT_DATAGRAM_H

#include "dissect/tls.h"

struct datagram_proto {
    const char *name; /* for people; the event's .upgrade is set by next_event() where there is one */
    uint8_t proto; /* PROTO_UDP or PROTO_EAPOL: the flows this row is asked about */
    uint8_t transport; /* enum transport of its events */
    bool many; /* a flow carries many conversations (RADIUS): the state lives on after TLS_DECIDED */
    /* Could a conversation begin with (or be joined at) this datagram? Hot: asked about every datagram of every flow without
     * state. No allocation, no crypto; strict enough that other protocols seldom pass. Ports are a hint at most. */
    bool (*looks_like)(uint16_t sport, uint16_t dport, struct rd datagram);
    /* Of a datagram that looks_like() took: can it only belong to a conversation that began before? Then it does not open again a
     * flow whose conversation was told already. NULL: there are none such. */
    bool (*goes_on)(struct rd datagram);
    /* State of one flow. shared is borrowed. NULL when out of memory (counted). */
    void *(*open)(struct tls_shared *shared);
    /* The next datagram sent by side d. TLS_MORE: go on; TLS_DECIDED: at least one event is due; TLS_NOT: not this protocol,
     * or nothing more to learn from this flow. */
    enum tls_verdict (*feed)(void *state, unsigned d, struct rd datagram, struct tls_when when);
    /* The next event that is due, into *ev (zeroed by the caller, suite SUITE_NONE): with TLS_END_DECIDED those decided so
     * far, with another end every conversation left with a hello. false: none left. Each conversation is given once; what
     * *ev points to lives until the next call with this state. Sets *client_side to 0, 1 or 2 (not known); may set
     * ev->client, ev->server and ev->via where they are not the flow's (EAP: the MAC), which the caller then keeps. */
    bool (*next_event)(void *state, enum tls_end end, unsigned by, unsigned *client_side, struct tls_event *ev);
    void (*free)(void *state); /* NULL is fine; emits nothing */
};

/* In the order in which they are tried; ends with NULL. */
extern const struct datagram_proto *const datagram_protos[];

#endif
