/* SPDX-License-Identifier: Apache-2.0 */
/*
 * event - the seam between dissect/ and report/: one plain-value event per handshake conversation.
 *
 * Exactly one event per handshake attempt (a RADIUS 5-tuple carries thousands), emitted at handshake end, refusal, flow
 * end or eviction; and one per session of an upgradable protocol that never reached TLS. Pointers and spans inside an
 * event are valid only during the call.
 */
#ifndef DISSECT_EVENT_H
#define DISSECT_EVENT_H

#include "base/addr.h"
#include "base/err.h"
#include "capture/packet.h"
#include "dissect/cert.h"
#include "dissect/hello.h"

enum transport { TRANSPORT_TCP, TRANSPORT_UDP /* DTLS, and TLS inside datagrams */, TRANSPORT_QUIC, TRANSPORT_L2 };

/* How it ended. O(name in JSON, text for people). The first group saw TLS, the second did not reach it. */
#define OUTCOMES(O)                                                                                              \
    O(COMPLETED, "completed", "completed")                                                                       \
    O(UNANSWERED, "unanswered", "hello never answered")                                                          \
    O(ALERT_CLIENT, "alert_client", "ended by an alert from the client")                                         \
    O(ALERT_SERVER, "alert_server", "ended by an alert from the server")                                         \
    O(RESET, "reset", "connection reset during the handshake")                                                   \
    O(CLOSED, "closed", "connection closed during the handshake without an alert")                               \
    O(ONE_SIDED, "one_sided", "only one direction was captured")                                                 \
    O(INCOMPLETE, "incomplete", "the capture shows only a part of the handshake")                                \
    O(MALFORMED, "malformed", "the handshake does not parse")                                                    \
    O(EVICTED, "evicted", "forgotten because a table was full")                                                  \
    O(REFUSED, "refused", "TLS was requested and the server refused it")                                         \
    O(STRIPPED, "stripped", "the upgrade command or capability was overwritten on the way")                      \
    O(PLAINTEXT, "plaintext", "TLS was possible and never requested; the session went on in clear text")         \
    O(NOT_OFFERED, "not_offered", "an upgradable session; the server did not offer TLS")                         \
    O(ABANDONED, "abandoned", "TLS was requested and no hello followed")                                         \
    O(OPAQUE, "not_observable", "hidden by another encryption; TLS inside it could not be seen")

enum outcome {
#define O(name, json, text) OUTCOME_##name,
    OUTCOMES(O)
#undef O
    OUTCOME_COUNT
};
const char *outcome_name(enum outcome o); /* JSON name */
const char *outcome_text(enum outcome o);
/* Is this one of the outcomes that did not reach TLS (REFUSED and later)? */
static inline bool outcome_is_upgrade(enum outcome o)
{
    return o >= OUTCOME_REFUSED;
}

/* What a session did after a refusal, or when TLS was offered and not used. */
enum aftermath { AFTER_NOTHING, AFTER_PLAINTEXT, AFTER_RECONNECT, AFTER_CLOSE };

enum event_flags {
    EV_RESUMPTION_ATTEMPTED = 1 << 0, /* a session id, a ticket or a PSK was offered (1.3 compatibility ids do not count) */
    EV_RESUMED = 1 << 1,
    EV_RESUMED_KNOWN = 1 << 2, /* whether it resumed could be told */
    EV_HRR = 1 << 3, /* a HelloRetryRequest came before the answer */
    EV_HELLO_VERIFY = 1 << 4, /* a DTLS HelloVerifyRequest round, or a QUIC Retry */
    EV_EMS = 1 << 5, /* negotiated extended_master_secret */
    EV_ETM = 1 << 6, /* negotiated encrypt_then_mac */
    EV_RENEGOTIATION_INFO = 1 << 7, /* server supports RFC 5746 */
    EV_COMPRESSION = 1 << 8, /* TLS compression negotiated */
    EV_CLIENT_CERT_REQUESTED = 1 << 9,
    EV_CLIENT_CERT_SENT = 1 << 10, /* a non-empty Certificate from the client (<= 1.2) */
    EV_CLIENT_CERT_EMPTY = 1 << 11,
    EV_DIRECTION_GUESSED = 1 << 12,
    EV_GAP = 1 << 13, /* bytes were missing before the outcome was known */
    EV_ONE_SIDED = 1 << 14, /* the other direction carried data that was not captured */
    EV_MIDSTREAM = 1 << 15, /* the start of the connection was not captured */
    EV_CUT = 1 << 16, /* the snap length cut it */
    EV_ALERT_ENCRYPTED = 1 << 17, /* an encrypted record of an alert's size ended it: the code is not visible */
    EV_EARLY_DATA = 1 << 18, /* 0-RTT data followed the ClientHello */
    EV_SUITE_NOT_OFFERED = 1 << 19, /* the server chose what was not offered: not real TLS, or interference */
    EV_NPN = 1 << 20,
    EV_FALLBACK_SCSV = 1 << 21,
    EV_ECH = 1 << 22,
    EV_OCSP_STAPLE = 1 << 23,
    EV_CLEARTEXT_LOGIN = 1 << 24, /* credentials went over in clear before or instead of TLS */
    EV_PROXIED = 1 << 25, /* client is the address inside a PROXY header; via is the balancer */
    EV_HELLO_PARTIAL = 1 << 26, /* the ServerHello's first fields were read, its rest never came */
};

struct tls_alert {
    uint8_t from; /* 0 none, 'c' client, 's' server */
    uint8_t level; /* 1 warning, 2 fatal */
    uint8_t code;
};

struct tls_event {
    int64_t ts_ns; /* of the packet that completed the ClientHello (else the first packet of the conversation) */
    int64_t end_ns; /* of the packet that decided the outcome */
    uint64_t frame_client_hello, frame_server_hello; /* 1-based frame numbers, 0 = not seen */
    uint32_t input;
    struct endpoint client, server;
    struct endpoint via; /* EV_PROXIED: the TCP client (balancer); EAP: the NAS; else ADDR_NONE */
    uint8_t transport; /* enum transport */
    uint8_t outcome; /* enum outcome */
    uint8_t aftermath; /* enum aftermath */
    const char *upgrade; /* "smtp", "postgresql", "quic" is not one; NULL for direct TLS. A constant. */
    const char *target; /* CONNECT or SOCKS target "host:port" as sent, escaped by outputs; NULL */
    uint16_t refusal_code; /* SMTP 454, LDAP resultCode, RDP failureCode ...; 0 none */
    uint8_t server_offered_upgrade; /* 0 unknown, 1 no, 2 yes */
    uint32_t flags; /* enum event_flags */

    const struct client_hello *ch; /* the ClientHello that was answered (the second after a retry); NULL when not captured */
    struct rd offer; /* its canonical form, client_hello_offer(); empty when ch is NULL */
    const struct server_hello *sh; /* NULL when not captured (or SSLv2) */
    uint16_t version; /* negotiated, canonical VER_*; 0 when no ServerHello was captured */
    uint16_t version_wire; /* as sent: 0x7f1c for a draft */
    uint32_t suite; /* SUITE_NONE when unknown */
    uint16_t group; /* ECDHE curve, key_share group, or FFDHE group recognised by its prime; 0 unknown */
    uint16_t dh_bits; /* size of the DH prime in ServerKeyExchange; 0 none */
    uint16_t sigscheme; /* of ServerKeyExchange (<= 1.2); 0 not visible; before 1.2 the implied pair is not recorded */
    uint8_t sentinel; /* enum sentinel */
    struct tls_alert alert; /* the alert that decided it; warnings such as close_notify are not */
    const struct cert_facts *cert; /* server's leaf; NULL when not seen */
    uint16_t cert_count; /* certificates in the server's chain, 0 when not seen */
    uint32_t quic_version;
    struct encap_ids ids;
};
#define SUITE_NONE UINT32_C(0xffffffff)

struct event_sink {
    void (*event)(struct event_sink *self, const struct tls_event *ev);
    /* Flush and finish; 0, or -1 and *e set (disk full). Called once, after the last event. May be NULL. */
    int (*close)(struct event_sink *self, struct err *e);
};

#endif
