/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unpack - the bytes of a capture file, decompressed when they are gzip (RFC 1952) or Zstandard (RFC 8878), as a stdio
 * stream.
 *
 * The content decides, never the name. What follows is streamed: memory stays the same however far a file inflates. What a file
 * may ask of memory all the same is limited: Zstandard's window, and the list of interfaces that libpcap keeps of pcapng.
 */
#ifndef CAPTURE_UNPACK_H
#define CAPTURE_UNPACK_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

struct unpack;

/* For all that are opened from now on: what Zstandard data may have for its window, in bytes. 0: LIMIT_WINDOW. To be said before
 * threads are started. */
void unpack_window(size_t most);

/* path "-": standard input. buffer: bytes of stdio buffer under the stream. NULL and *e on failure. Closing *stream closes
 * and frees everything. */
struct unpack *unpack_open(const char *path, size_t buffer, FILE **stream, struct err *e);

/* The same bytes without stdio, for whoever has not read from the stream, or its first 24 bytes only: up to n, 0 at the end or
 * when stopped, -1 on error. */
ssize_t unpack_read(struct unpack *u, void *out, size_t n);
uint32_t unpack_magic(const struct unpack *u); /* the first four bytes, unpacked, in this machine's byte order; 0: not read yet */
/* From now on (before anything is read) keep the SHA-256 of the unpacked bytes. 0, or -1: out of memory. */
int unpack_hash(struct unpack *u);
/* Reads what is left and gives it. 0, or -1: reading failed, was stopped, or no hash was kept. */
int unpack_hash_end(struct unpack *u, uint8_t out[32]);

/* A pipe or a terminal that has no more for now: everything that came of it was read from the stream. */
bool unpack_dry(const struct unpack *u, FILE *stream);
/* The first bytes as they are in the file (up to 24; fewer in a shorter file). */
const uint8_t *unpack_head(const struct unpack *u, size_t *n);
uint64_t unpack_position(const struct unpack *u); /* bytes of the file consumed, as they are on disk */
const char *unpack_damage(const struct unpack *u); /* what is wrong with the compressed data, or NULL */
int unpack_errno(const struct unpack *u); /* a read failed with this; 0: none did */
void unpack_stop(struct unpack *u); /* from a signal handler: the stream ends here */

#endif
