/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sslv2 - the messages of SSL 2.0 (draft-hickman-netscape-ssl-00, section 2.5). Pure: one record's body in, facts out. The
 * ClientHello is in hello.h. Its cipher kinds have three bytes.
 */
#ifndef DISSECT_SSLV2_H
#define DISSECT_SSLV2_H

#include "base/rd.h"

enum sslv2_type { SSLV2_ERROR = 0, SSLV2_CLIENT_HELLO = 1, SSLV2_CLIENT_MASTER_KEY = 2, SSLV2_SERVER_HELLO = 4 };

struct sslv2_server_hello {
    bool session_id_hit; /* it resumes: no certificate, no cipher specs, no CLIENT-MASTER-KEY */
    struct rd cert; /* X.509, DER; empty on a hit */
    struct rd suites; /* those both know, 3 bytes each: the client chooses */
};
bool sslv2_server_hello_parse(struct rd body, struct sslv2_server_hello *sh);

/* The chosen cipher kind, 0x010080 and so on. false: malformed. */
bool sslv2_master_key_parse(struct rd body, uint32_t *suite);

/* An error message as the alert of TLS that says the same; -1: malformed. */
int sslv2_error_alert(struct rd body);

#endif
