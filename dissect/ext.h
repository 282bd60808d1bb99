/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ext - the extensions of hellos (RFC 8446 section 4.2, RFC 6066 and others): one row per extension that says something.
 *
 * To add one: a function or two in ext.c and a row in low[] or high[]; a bit in enum hello_ext when its presence alone is a fact.
 * A client's extensions are read leniently: what does not parse leaves its fact out, since a hello is an attempt whatever
 * the peer makes of it. A server's answer is not: the version it selects must be sound.
 */
#ifndef DISSECT_EXT_H
#define DISSECT_EXT_H

#include "dissect/hello.h"

struct ext {
    uint32_t bit; /* enum hello_ext; 0 when presence alone says nothing */
    bool known; /* there is a row */
    bool fleeting; /* differs between two hellos of one configuration: not part of the offer */
    void (*client)(struct rd data, struct client_hello *ch); /* NULL: presence only */
    bool (*server)(struct rd data, struct server_hello *sh); /* likewise; false: the hello is malformed */
};

/* The row of a type, or NULL. */
const struct ext *ext_find(uint16_t type);

/* Reads an extension block (without its length) into the hello: spans, mask, GREASE. The client's: returns the extensions
 * that are whole, up to the first that is not. The server's: false when the block is not well framed or the version in it
 * unsound. */
struct rd ext_client_block(struct rd block, struct client_hello *ch);
bool ext_server_block(struct rd block, struct server_hello *sh);

#endif
