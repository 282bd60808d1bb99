/* SPDX-License-Identifier: Apache-2.0 */
/*
 * output - where a report goes: standard output, or the file of --output. Never onto what the run itself reads, and what a
 * file held stays until the first byte of something new is there: a run that is refused leaves the report of the one before.
 */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include "capture/source.h"
#include "cli/cli.h"

struct output {
    FILE *to; /* NULL: not open */
    const char *name; /* of the file; NULL: standard output */
    int fd; /* of a regular file, which is emptied before the first byte goes there; else -1 */
    bool begun; /* it did */
    bool made; /* the file was not there before */
};
#define OUTPUT_CLOSED { .fd = -1 }

/* captures: what read reads; NULL: the arguments are states, or there are none. *out is the caller's, and stays in its place
 * until output_close(). -1 and *e: it cannot be opened, or is something that this run reads. */
int output_open(struct output *out, const struct options *o, const struct source_list *captures, struct err *e);
/* Flush and close; not open is fine. done: what there is to say was said, be it nothing; else a file to which nothing went
 * stays as it was. -1 and *e set when not everything could be written (a full disk must not look like success). */
int output_close(struct output *out, bool done, struct err *e);

#endif
