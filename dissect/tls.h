/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls - the state of one TLS conversation over a byte stream: records in both directions, hellos, certificates, key
 * exchange, alerts, and the outcome. Used by session.c for TCP, and by every carrier that delivers TLS bytes of its own
 * (TDS packets, EAP, OpenVPN's control channel). DTLS and QUIC share its handshake half (tls_message) and bring
 * their own framing.
 */
#ifndef DISSECT_TLS_H
#define DISSECT_TLS_H

#include "base/pool.h"
#include "base/room.h"
#include "capture/stats.h"
#include "dissect/event.h"
#include "dissect/hello_kept.h"

struct tls; /* opaque; one allocation plus buffers of incomplete messages */

/* What conversations share: the certificate cache, counters, the sum of buffered bytes. One per dissector. */
struct tls_shared {
    struct cert_cache *certs;
    struct stats *stats;
    struct room buffered; /* what waits for more, of all conversations and dialogues: LIMIT_HANDSHAKE_TOTAL */
    struct room kept; /* the state of all flows, and what they keep of hellos: LIMIT_HELLO_TOTAL */
    struct pool pool; /* what both are of */
    struct client_hello ch; /* of the event filled last, */
    uint8_t offer[OFFER_MAX]; /* likewise */
    uint8_t hello[HELLO_KEPT_MAX]; /* a ClientHello on its way to be kept */
};

/* Memory for the state of a flow, counted in shared->kept. NULL: no room, or no memory (counted in stats). */
void *tls_take(struct tls_shared *shared, size_t n);
void tls_give(struct tls_shared *shared, void *p, size_t n); /* n as it was taken; NULL is fine */

/* When and where the bytes of this call were captured. */
struct tls_when {
    int64_t ts_ns;
    uint64_t frame;
};

enum tls_framing { TLS_STREAM /* records, RFC 8446 section 5 */, TLS_DTLS /* tls_message only */, TLS_QUIC /* likewise */ };

/* NULL when out of memory, or of room (counted in stats). */
struct tls *tls_new(struct tls_shared *shared, enum tls_framing framing);
void tls_free(struct tls *t); /* NULL is fine; emits nothing */

/* Could these bytes, at the start of a record of either direction, belong to TLS or SSLv2? For peek and for the start of
 * a stream. strict: want a whole plausible hello start (record and handshake header, version), as when starting amid a
 * stream. */
bool tls_looks_like(struct rd b, bool strict);

enum tls_verdict {
    TLS_MORE, /* keep feeding */
    TLS_DECIDED, /* the outcome is known: emit and free */
    TLS_NOT, /* these bytes are not TLS: nothing to emit unless tls_has_hello() */
};
/* The next in-order bytes sent by side d (0 or 1; roles are learned from the hellos). An answer other than TLS_MORE is final:
 * what is given after it is not read. */
enum tls_verdict tls_bytes(struct tls *t, unsigned d, struct rd b, struct tls_when when);
/* Side d has closed its direction (FIN): what the other says from now on answers that. */
void tls_closed(struct tls *t, unsigned d);
/* missing bytes of side d are lost; resynchronises at the next record boundary where that is sound */
enum tls_verdict tls_gap(struct tls *t, unsigned d, uint32_t missing, struct tls_when when);
/* One whole handshake message (without its header) of side d: for DTLS and QUIC. type: HandshakeType. */
enum tls_verdict tls_message(struct tls *t, unsigned d, uint8_t type, struct rd body, struct tls_when when);
/* Alert, ChangeCipherSpec and protected data of framings that find those themselves. length: of the protected record with its
 * tag. DTLS up to 1.2: the first one behind ChangeCipherSpec is the Finished. QUIC: any protected packet; no size is read
 * into it, and the caller ends the conversation as TLS_END_DECIDED once the client uses the keys of a finished handshake. */
enum tls_verdict tls_alert_seen(struct tls *t, unsigned d, uint8_t level, uint8_t code, struct tls_when when);
enum tls_verdict tls_ccs_seen(struct tls *t, unsigned d, struct tls_when when);
enum tls_verdict tls_protected_seen(struct tls *t, unsigned d, size_t length, struct tls_when when);

bool tls_has_hello(const struct tls *t); /* a ClientHello or ServerHello was recognised: an event is due */
unsigned tls_client_side(const struct tls *t); /* 0, 1, or 2 = not known */

/* The conversation is over: fill *ev with all facts (endpoints, transport, upgrade are the caller's). The pointers inside
 * live until tls_free, its ClientHello and offer until the next call. end and by tell how the carrier ended when the outcome was
 * not known yet. */
enum tls_end { TLS_END_DECIDED, TLS_END_FIN, TLS_END_RST, TLS_END_IDLE, TLS_END_INPUT, TLS_END_EVICTED };
void tls_fill_event(struct tls *t, enum tls_end end, unsigned by, struct tls_event *ev);

#endif
