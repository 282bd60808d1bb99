/* SPDX-License-Identifier: Apache-2.0 */
/* privdrop - once the interface is open, the process that parses what strangers send keeps no privilege. */
#ifndef CAPTURE_PRIVDROP_H
#define CAPTURE_PRIVDROP_H

#include "base/err.h"

#include <stdbool.h>

/* Give up every capability for good (Linux: empty sets, bounding set, no_new_privs). change_user: a root process becomes
 * nobody too; without it the files that root owns can still be written, which a state file needs. 0, or -1 and *e. */
int privdrop(bool change_user, struct err *e);

#endif
