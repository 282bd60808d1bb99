/* SPDX-License-Identifier: Apache-2.0 */
/*
 * classify - nDPI's advice, and the only file that includes nDPI.
 *
 * It names the service of a server endpoint ("SMTP", "PostgreSQL") and, from SNI and addresses, the application ("Teams");
 * it names cleartext services beside the TLS ones. Asked about the first packets of a few flows per endpoint, then cached.
 * Advice only: it never decides whether TLS was seen.
 */
#ifndef DISSECT_CLASSIFY_H
#define DISSECT_CLASSIFY_H

#include "base/addr.h"
#include "base/err.h"
#include "base/rd.h"
#include "capture/packet.h"

struct classify;

/* NULL and *e set when out of memory. nDPI starts at the first question, and the first questions to several must not run in
 * parallel: its initialisation does not allow it. */
struct classify *classify_new(uint64_t seed, struct err *e);
/* Where there are several threads: nDPI starts now, beside whatever else is done; the first question waits for it. */
void classify_begin(struct classify *c);
void classify_free(struct classify *c); /* NULL is fine. Names that were given out die with it. */

/* Offer one packet. Costs one probe of a small cache when the server endpoint is already known. server: 0 when d->src is
 * the server, 1 when d->dst is, 2 when not known (then the lower port is taken). */
void classify_packet(struct classify *c, const struct packet *p, const struct decoded *d, unsigned server);

/* So many packets were worth offering so far, offered or not: nDPI is asked in proportion to them. Where this is never said, those
 * that classify_packet was given count. */
void classify_offered(struct classify *c, uint64_t packets);

/* May be asked by other threads at any time: is the service of this packet's endpoint known, so that classify_packet would
 * learn nothing from it? What is known stays known. */
bool classify_known(const struct classify *c, const struct decoded *d);

/* What is known of an endpoint: a constant string, or NULL. tcp or udp. */
const char *classify_service(const struct classify *c, const struct endpoint *server, uint8_t proto);
/* The application a host name belongs to ("Microsoft365"), or NULL; a constant string. Costs some 60 ns: nDPI's automaton
 * is about as fast as a cache in front of it would be. */
const char *classify_name(struct classify *c, struct rd sni);
/* The application whose address this is (IPv4 only), or NULL: for hellos without SNI. */
const char *classify_address(struct classify *c, const struct endpoint *server);

/* Every endpoint with a service, in key order: for the list of cleartext services. flows: how many nDPI looked at. */
struct classify_entry {
    struct endpoint server;
    uint8_t proto;
    const char *service;
    uint64_t flows;
    bool cleartext; /* a service known to speak in clear text */
};
typedef void classify_visit(void *ctx, const struct classify_entry *e);
void classify_each(const struct classify *c, classify_visit *visit, void *ctx);

#endif
