/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clear - what went on in clear text: services, and who sent a login so that anybody on the way could read it.
 *
 * Of protocols that can be upgraded to TLS each session was seen, with its client and day. What else speaks in clear text is named
 * by nDPI, from a few flows: by which clients and when is not kept, so such a service is of no report on some clients or a time.
 * Clients that are set apart are left out.
 */
#ifndef REPORT_CLEAR_H
#define REPORT_CLEAR_H

#include "report/rollup.h"

struct clear_service { /* one at one server */
    struct endpoint server;
    uint8_t transport;
    const char *name; /* as nDPI has it, else the protocol's */
    uint64_t sessions, logins; /* in clear text; both 0 where nDPI alone knows it */
    bool named; /* by nDPI */
    uint64_t flows; /* by so many of them */
};

struct clear_login { /* one client, server and protocol */
    struct addr client;
    struct endpoint server;
    uint8_t transport, upgrade;
    uint64_t logins;
    int64_t first_ns, last_ns;
};

struct clear {
    struct clear_service *service; /* in order of server */
    struct clear_login *login; /* most logins first, then by client and server */
    uint32_t services, logins;
    uint32_t left_out; /* services that nDPI alone knows, of a report on some clients or a time */
    uint32_t login_clients;
    uint64_t login_sum;
};

int clear_make(const struct rollup *r, struct clear *out); /* -1: out of memory; *out may be freed then too */
void clear_free(struct clear *c);

/* "IMAP" of an upgrade; its own name where there is no better one, NULL for 0. */
const char *clear_protocol(uint8_t upgrade);
/* What a server's service is called: by nDPI, else by the protocol that TLS was reached through; NULL: not known. Advice. */
const char *clear_service_of(const struct rollup *r, const struct roll_server *s);

#endif
