/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ja - fingerprints of hellos: JA3 and JA3S (Salesforce, BSD-3) and JA4 for the TLS client (FoxIO, BSD-3). JA4S and the rest of
 * JA4+ are under a licence that forbids them here. JA3 depends on the order of extensions and is of the event; JA4 sorts
 * them and is of the profile.
 */
#ifndef DISSECT_JA_H
#define DISSECT_JA_H

#include "dissect/hello.h"

enum { JA3_TEXT = 33, JA4_TEXT = 37 };
/* transport: 't' TCP, 'q' QUIC, 'd' DTLS. Always writes a NUL-terminated text. SSLv2-format hellos: the empty text. */
void ja3_client(const struct client_hello *ch, char out[JA3_TEXT]);
void ja3_server(const struct server_hello *sh, char out[JA3_TEXT]);
void ja4_client(const struct client_hello *ch, char transport, char out[JA4_TEXT]);

#endif
