/* SPDX-License-Identifier: Apache-2.0 */
/*
 * names_file - what people call addresses, from --names FILE: who a client is and whom to ask about it.
 *
 * One line per address or prefix: "ADDRESS[/BITS] NAME [OWNER...]", separated by blanks or tabs; the owner is the rest of the
 * line. Empty lines and those that begin with # are skipped. An address is IPv4, IPv6, a MAC or a pseudonym. The longest prefix
 * wins.
 */
#ifndef REPORT_NAMES_FILE_H
#define REPORT_NAMES_FILE_H

#include "base/addr.h"
#include "base/err.h"

struct names_file;

struct named {
    const char *name; /* UTF-8 as in the file, without control characters */
    const char *owner; /* "" when the line names none */
};

/* NULL and *e set ("FILE:LINE: what is wrong") on failure. */
struct names_file *names_file_read(const char *path, struct err *e);
void names_file_free(struct names_file *n); /* NULL is fine */

/* What an address is called, or NULL. Lives as long as the names_file. n may be NULL: nothing is named. */
const struct named *names_file_find(const struct names_file *n, const struct addr *a);

bool names_file_has(const struct names_file *n, const char *name); /* letter case aside; n may be NULL */
/* Each line, 0 to names_file_count() - 1; a name may come several times. */
uint32_t names_file_count(const struct names_file *n);
const struct named *names_file_at(const struct names_file *n, uint32_t i);

#endif
