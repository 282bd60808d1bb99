/* SPDX-License-Identifier: Apache-2.0 */
/*
 * handshake - the handshake messages of one direction, out of the bodies of its records (RFC 8446 section 4, RFC 5246
 * section 7.4). A message that lies whole in the bytes given is handed over where it is; another is put together in a
 * buffer that grows with what really arrives and is freed with the message. Messages nobody reads, and those over their
 * cap, pass without being kept.
 */
#ifndef DISSECT_HANDSHAKE_H
#define DISSECT_HANDSHAKE_H

#include "dissect/tls.h"

enum handshake_type {
    HS_CLIENT_HELLO = 1, HS_SERVER_HELLO = 2, HS_HELLO_VERIFY_REQUEST = 3, HS_NEW_SESSION_TICKET = 4,
    HS_HELLO_RETRY_REQUEST = 6 /* TLS 1.3 drafts up to 21 */, HS_CERTIFICATE = 11, HS_SERVER_KEY_EXCHANGE = 12,
    HS_CERTIFICATE_REQUEST = 13, HS_SERVER_HELLO_DONE = 14, HS_CERTIFICATE_VERIFY = 15, HS_CLIENT_KEY_EXCHANGE = 16,
    HS_FINISHED = 20, HS_CERTIFICATE_STATUS = 22,
};

struct handshake {
    uint8_t head[4], have; /* a message header that is not complete yet; have == 4: inside a message */
    uint8_t type;
    bool kept; /* its body is wanted and all of it so far is in buf */
    bool holed; /* bytes of it are missing */
    bool done; /* it was handed over; the next call forgets it */
    uint32_t length, got; /* of the body; bytes of it that have passed */
    uint32_t cap; /* of buf */
    uint8_t *buf;
};

struct handshake_message {
    uint8_t type;
    bool kept; /* body holds all of it; else only type and length are known */
    uint32_t length;
    struct rd body; /* valid until the next call with this direction */
};

/* Takes bytes off *in until a message is whole. false: *in is used up. */
bool handshake_next(struct handshake *h, struct tls_shared *shared, struct rd *in, struct handshake_message *m);
/* n bytes of record bodies are missing. false: the place in the messages is lost. */
bool handshake_gap(struct handshake *h, struct tls_shared *shared, uint32_t n);
/* The start of the body under way, as far as it was kept; empty otherwise. */
struct rd handshake_part(const struct handshake *h);
/* Begin a message whose type and length are known from elsewhere (a record of SSLv2). */
void handshake_begin(struct handshake *h, struct tls_shared *shared, uint8_t type, uint32_t length);
/* Forget the message under way. */
void handshake_reset(struct handshake *h, struct tls_shared *shared);

#endif
