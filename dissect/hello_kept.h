/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hello_kept - what is kept of a ClientHello until its conversation ends.
 *
 * A hello has 300 to 2,000 bytes, most of them keys, tickets and padding that nobody asks about again; as parsed it is another
 * 370. Hellos without an answer stay open in thousands (a flood, a mirror port that shows one direction), and those under way
 * should fit into a cache. So what facts come from is kept, behind one another: about 250 bytes.
 */
#ifndef DISSECT_HELLO_KEPT_H
#define DISSECT_HELLO_KEPT_H

#include "base/limits.h"
#include "dissect/hello.h"

enum { HELLO_KEPT_MAX = LIMIT_HELLO_BYTES + 64 };

/* Writes it and returns its length: no list is longer than in the hello, which has at most LIMIT_HELLO_BYTES. */
size_t hello_keep(const struct client_hello *ch, uint8_t out[HELLO_KEPT_MAX]);
/* As it was parsed, except: .raw is empty, the bodies of .extensions and the keys of .key_shares are empty, and .ticket says only
 * whether there was one. The spans borrow the bytes. */
void hello_recall(const uint8_t *kept, struct client_hello *ch);

#endif
