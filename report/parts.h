/* SPDX-License-Identifier: Apache-2.0 */
/* parts - what several outputs say in the same words. */
#ifndef REPORT_PARTS_H
#define REPORT_PARTS_H

#include "dissect/cert.h"
#include "report/cube.h"
#include "report/json_out.h"
#include "report/render.h"

/* The row "json" of renders[]. */
int json_report(FILE *out, const struct cube *c, const struct view *v, struct err *e);

/* Names in JSON of values that an event or a row holds as a byte; NULL for "none". */
const char *transport_name(uint8_t transport); /* "tcp", "udp", "quic", "l2" */
const char *transport_note(uint8_t transport); /* behind an endpoint, for people: " (QUIC)", " (UDP)" or nothing */
const char *aftermath_name(uint8_t aftermath); /* "plaintext", "reconnect", "close" */
const char *sentinel_name(uint8_t sentinel); /* last byte of the downgrade mark in ServerHello.random: "00", "01" */

/* What classify called the service of a server, or NULL: advice. */
const char *service_name(const struct cube *c, const struct endpoint *server, uint8_t transport);

/* Ids of the inputs in order of their first packet, then name; freed by the caller. NULL: none, or out of memory. */
uint32_t *inputs_sorted(const struct cube *c);

/* What rollup.unread and .partly count, in "not seen". */
#define UNREAD_TEXT "captures that could not be read, or were not reached: their warnings say why"
#define PARTLY_TEXT "captures of which only a part was read: their warnings say why"

/* How many times the packets of each input are in the figures, by id - 1: one that was read with --again, or is in several
 * of the states, counts each time. *captures is how many captures do so more than once. Freed by the caller. NULL: out of
 * memory. */
uint32_t *inputs_times(const struct cube *c, uint32_t *captures);
enum { REPEATED_TEXT = 160 };
/* "Counted more than once: 2 captures ..."; empty where captures is 0. Returns buf. */
const char *inputs_repeated(uint32_t captures, char buf[REPEATED_TEXT]);

/* Opens an object with the facts of a certificate; the caller adds what it knows besides and ends it. */
void json_cert(struct json_out *j, const char *key, const struct cert_facts *c);

/* Handshakes that are alike on one day are one row, shown when any of them may be of --since and --until. */
struct edge {
    uint64_t handshakes; /* of rows that reach over a limit, those of clients set apart too */
    uint64_t least, most; /* how many of these lie within: of a row, the times of the first and the last are known */
};
struct rollup;
struct edge edge_of(const struct rollup *r);

#endif
