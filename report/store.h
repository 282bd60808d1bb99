/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store - the cube in a file (SQLite), so that runs accumulate and a study can be judged again later.
 *
 * One transaction per run, WAL, mode 0600: a crash at any point leaves the file with the run or without it. A file of
 * another program, a newer schema, a read-only or full disk: -1 and one clear line; nothing that was there is lost.
 * docs/state.md describes the tables.
 */
#ifndef REPORT_STORE_H
#define REPORT_STORE_H

#include "base/err.h"
#include "report/cube.h"

struct store;

enum store_mode { STORE_READ /* must exist */, STORE_WRITE /* created when missing; one writer at a time */ };
/* NULL and *e set on failure. */
struct store *store_open(const char *path, enum store_mode mode, struct err *e);
void store_close(struct store *s); /* NULL is fine */

/* Add everything that is in the file to the cube. 0, or -1 and the cube is of no use any more. */
int store_load(struct store *s, struct cube *c, struct err *e);
/* Add the cube to what is in the file, in one transaction: so save what a run has seen, never what was loaded. 0 or -1 (then
 * the file is as it was). */
int store_save(struct store *s, const struct cube *c, struct err *e);
/* Would a cube of this kind be refused? The first one that is saved decides for all: pseudonyms of one key or addresses, of so
 * many bits, with or without tenants (cube_manner). 0, or -1 and *e names the remedy. To be asked before hours of reading. */
int store_accepts(struct store *s, const struct cube *c, struct err *e);
/* Forget rows of days before this one (days since 1970 UTC); who talked to whom, first and last, is kept as spans. 0 or -1. */
int store_retire(struct store *s, uint32_t day, struct err *e);

/* Whether a capture was read into this file before is asked in two steps. 1: one with this mark (of the first packet, see
 * source_file) may have been; 0: none was; -1: error. */
int store_has_mark(struct store *s, uint64_t mark, struct err *e);
/* Each input that has this mark, of which name, times, packets and bytes are set. 0 or -1. */
int store_marked(struct store *s, uint64_t mark, void (*tell)(void *ctx, const struct input *in), void *ctx, struct err *e);
/* 1: an input of this digest was (*when_ns set); 0: none; -1: error. */
int store_has_input(struct store *s, const uint8_t digest[32], int64_t *when_ns, struct err *e);
/* From now on store_save() refuses a cube with an input whose digest the file has: a second writer, or a pipe, of which the
 * digest is known only when it was read. */
void store_once(struct store *s);

#endif
