/* SPDX-License-Identifier: Apache-2.0 */
/* finish - the end of a run of read or watch: what it saw goes into the state, then the report is printed. */
#ifndef CLI_FINISH_H
#define CLI_FINISH_H

#include "cli/cli.h"
#include "report/store.h"

/* With a state (*store not NULL) the report covers everything in it. Where it cannot be written the report is still printed, of
 * what was not saved: it cannot be seen again, or only in hours; in_parts: parts of this run are in the state already, then of
 * everything in the state too. *store is closed, and *cube replaced. 0, or -1 and *e: the first thing that went wrong. */
int finish(const struct options *o, struct store **store, bool in_parts, struct cube **cube, FILE *out, struct err *e);

#endif
