/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ext - the extensions of hellos (RFC 8446 section 4.2, RFC 6066 and others): one row per extension that says something.
 *
 * To add one: a function or two in ext.c and a row in exts[]; a bit in enum hello_ext when its presence alone is a fact.
 * What lies inside an extension is read leniently: contents that do not parse leave the fact out, since the peer may accept
 * them; only the framing of the block decides whether a hello is well-formed. The exception is the version a server
 * selects, which must be sound.
 */
#ifndef DISSECT_EXT_H
#define DISSECT_EXT_H

#include "dissect/hello.h"

struct ext {
    uint16_t type;
    uint32_t bit; /* enum hello_ext; 0 when presence alone says nothing */
    bool fleeting; /* differs between two hellos of one configuration: not part of the offer */
    void (*client)(struct rd data, struct client_hello *ch); /* NULL: presence only */
    bool (*server)(struct rd data, struct server_hello *sh); /* likewise; false: the hello is malformed */
};

extern const struct ext exts[]; /* by type, ascending */
extern const unsigned ext_count;

/* The row of a type, or NULL. */
const struct ext *ext_find(uint16_t type);

/* Reads an extension block (without its length) into the hello: spans, mask, GREASE. false: the block is not well framed. */
bool ext_client_block(struct rd block, struct client_hello *ch);
bool ext_server_block(struct rd block, struct server_hello *sh);

#endif
