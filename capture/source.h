/* SPDX-License-Identifier: Apache-2.0 */
/*
 * source - where packets come from: capture files of every kind libpcap reads, compressed or not, standard input, folders of
 * them, or an interface.
 */
#ifndef CAPTURE_SOURCE_H
#define CAPTURE_SOURCE_H

#include "base/err.h"
#include "capture/batch.h"

#include <stdio.h>

/* The files of the arguments: folders are searched (one level of sub-folders deep after another), in order of their first
 * packet, each once however often it was named. "-" is standard input. */
struct source_file {
    char *path;
    char *problem; /* why it cannot be read, in one line; NULL: it can, as far as its first packet shows */
    int64_t first_ns; /* of the first packet; 0 when there is none */
    uint64_t size; /* bytes on disk, 0 unknown (a pipe) */
    uint64_t dev, ino; /* which file it is, with a size */
    uint64_t mark; /* of the first packet; 0 unknown. Captures of one content have one mark, others hardly ever */
};
enum source_left_why {
    LEFT_NO_CAPTURE,
    LEFT_LINK_TO_FOLDER,
    LEFT_LINK_TO_NOTHING,
    LEFT_NO_FILE, /* a pipe, a device */
    LEFT_TOO_DEEP,
};
enum { SOURCE_LEFT_NAMED = 3 };
struct source_list {
    struct source_file *file;
    unsigned count;
    unsigned left_out; /* entries of folders, but for hidden ones; the first of them: */
    struct source_left {
        char *path;
        enum source_left_why why;
    } left[SOURCE_LEFT_NAMED];
};
/* An argument that is missing or is no capture, and a capture in a folder that may or can not be read, are in the list with
 * their problem; whatever else in folders is no capture is left out. 0, or -1 and *e: out of memory. */
int source_list_make(struct source_list *l, char *const *args, unsigned n, struct err *e);
void source_list_free(struct source_list *l);

struct source;

/* What Zstandard data may have for its window in all that is opened from now on, in bytes; 0: LIMIT_WINDOW. */
void source_window(size_t most);

/* Open one file ("-": standard input). filter: BPF text or NULL. NULL and *e set on failure. */
struct source *source_open(const char *path, const char *filter, struct err *e);

/* The same, and take the digest of the capture while it is read. Costs about as much as reading it. */
struct source *source_open_hashed(const char *path, const char *filter, struct err *e);

/* For who opened it without a filter and wants to tell a wrong filter from a bad file: 0, or -1 and *e. */
int source_filter(struct source *s, const char *filter, struct err *e);
/* SHA-256 of the capture's bytes, unpacked, whatever the file is compressed with; what was not read yet is read and skipped.
 * 0, or -1 and *e: it was stopped, cannot be read to its end, or was opened without. */
int source_hash(struct source *s, uint8_t out[32], struct err *e);

struct source_live {
    const char *interface;
    const char *filter; /* or NULL */
    unsigned snaplen; /* 0: LIMIT_SNAPLEN */
    unsigned buffer_mib; /* kernel ring; 0: 64 */
    bool promiscuous;
};
struct source *source_open_live(const struct source_live *o, struct err *e);

void source_close(struct source *s);

int source_dlt(const struct source *s); /* DLT_ of every packet of it */

enum source_status { SOURCE_END,
                     SOURCE_CUT /* damaged, cut in the middle of a packet, or of a kind that cannot be read on: *e says where */,
                     SOURCE_BATCH /* call again */, SOURCE_STOPPED, SOURCE_ERROR };
/* Fill b with the packets that come next (live: none when none came for a while). Whatever it returns, the packets in b are
 * good: deal with them first. input goes into packet.input. */
enum source_status source_fill(struct source *s, struct batch *b, uint32_t input, struct err *e);
uint64_t source_packets(const struct source *s); /* the number of the latest one, also of those that no filter let pass */
/* After SOURCE_CUT: it is of the kind that cannot be read on, and that before its first packet (interfaces of different link
 * types). A file of that kind has a problem in the list already; a pipe cannot be looked at before. */
bool source_refused(const struct source *s);
/* From a signal handler: source_fill returns SOURCE_STOPPED soon. */
void source_stop(struct source *s);

/* Live, after SOURCE_STOPPED: source_fill goes on with what the kernel holds, and returns SOURCE_STOPPED when nothing more comes
 * for a moment, or when it is stopped again. On a busy interface something always comes: who calls it sets the end. */
void source_drain(struct source *s);

/* Bytes of the file consumed so far (compressed bytes for compressed files); for progress. */
uint64_t source_position(const struct source *s);
/* Live: what the kernel and the interface dropped since the last call. */
void source_drops(struct source *s, uint64_t *kernel, uint64_t *interface);

#endif
