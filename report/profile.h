/* SPDX-License-Identifier: Apache-2.0 */
/*
 * profile - what follows from a ClientHello offer, worked out once per distinct offer: which stack it belongs to, its highest
 * version, its JA4, which software it may be.
 *
 * A stack is one software configuration. Its offers differ from connection to connection in what depends on the peer and on
 * sessions held, not on the configuration; that is left out of the stack:
 *   resumption   session_ticket, pre_shared_key, psk_key_exchange_modes (some send it only with a session), early_data
 *   retry        cookie; key_share's groups: after a HelloRetryRequest the same software shares another group
 *   application  ALPN, NPN, ALPS: a browser offers h2 to a page and only http/1.1 to a WebSocket
 *   addressing   server_name (absent where the server is called by address), padding
 * Everything else counts: versions, suites in order, groups, signature schemes, the set of the other extensions.
 */
#ifndef REPORT_PROFILE_H
#define REPORT_PROFILE_H

#include "dissect/hello.h"

enum { STACK_MAX = OFFER_MAX + 64 };

/* The part of an offer that names its stack, as bytes to compare. Returns the length. An offer that cannot be read back (it
 * was longer than OFFER_MAX) is a stack of its own. */
size_t profile_stack(struct rd offer, uint8_t out[STACK_MAX]);

/* A short label of a stack that is the same in every file and run: 12 hex digits of SHA-256. false: out of memory. */
enum { STACK_LABEL = 13 };
bool profile_label(const uint8_t *stack, size_t n, char out[STACK_LABEL]);

/* Which software an offer is like ("like OpenSSL 1.1.1 or later"), or NULL: advice, from what only one family is known to send. */
const char *profile_guess(const struct offer *o);

/* The JA4 of a hello; empty for an SSLv2-format one. */
enum { PROFILE_JA4 = 40 };
void profile_ja4(const struct client_hello *ch, char out[PROFILE_JA4]);

#endif
