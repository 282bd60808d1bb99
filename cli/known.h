/* SPDX-License-Identifier: Apache-2.0 */
/*
 * known - a capture counts once: was this one read before, into the state, or in this run under another name or packing?
 *
 * A digest costs about as much as the rest of reading. So it is taken where it is kept (a state) or shown (JSON), while the
 * packets are read; and beforehand only of captures whose first packet was seen before.
 */
#ifndef CLI_KNOWN_H
#define CLI_KNOWN_H

#include "capture/source.h"
#include "cli/cli.h"
#include "report/store.h"

struct known {
    const struct options *o;
    const struct source_list *list;
    const struct cube *cube; /* of this run */
    struct store *store; /* NULL without --state */
};

enum known_answer { KNOWN_NOT, KNOWN_ALREADY /* and a line says so */, KNOWN_UNREADABLE /* *e; or interrupted() */,
                    KNOWN_NO_STATE /* *e: the state cannot be asked */ };
/* Of file i. The digest is set when it had to be taken, else untouched. */
enum known_answer known_already(const struct known *k, unsigned i, uint8_t digest[32], struct err *e);
/* Is the digest of file i worth taking while it is read? */
bool known_wants_digest(const struct known *k, unsigned i);

#endif
