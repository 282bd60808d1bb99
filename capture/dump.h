/* SPDX-License-Identifier: Apache-2.0 */
/* dump - a capture file to write: one link type, times in nanoseconds, for its owner alone (mode 0600). */
#ifndef CAPTURE_DUMP_H
#define CAPTURE_DUMP_H

#include "base/err.h"
#include "capture/packet.h"

struct dump;
/* A new file; one that exists is left alone. NULL and *e. */
struct dump *dump_open(const char *path, int dlt, struct err *e);
void dump_packet(struct dump *d, const struct packet *p);
/* 0; -1 and *e when not everything could be written. d is gone either way; NULL is fine. */
int dump_close(struct dump *d, struct err *e);

#endif
