/* SPDX-License-Identifier: Apache-2.0 */
/*
 * batch - packets that were read together, and the memory that their bytes lie in.
 *
 * What the source fills and the pipeline takes: a batch is whole by itself, so whoever has it may look ahead in it, or hand
 * it to another thread. It belongs to whoever made it; its packets and their bytes are valid until it is filled again.
 */
#ifndef CAPTURE_BATCH_H
#define CAPTURE_BATCH_H

#include "base/limits.h"
#include "capture/packet.h"

#include <stddef.h>

enum {
    BATCH_PACKETS = 4096,
    BATCH_READ = 1 << 18, /* of a file at a time; with the packets it stays in a core's second cache (1 MiB costs 10% more) */
    BATCH_BYTES = BATCH_READ + LIMIT_SNAPLEN + 16, /* and the part of a record that was left of the read before */
};

struct batch {
    struct packet *packet; /* count of them, room for BATCH_PACKETS */
    unsigned count;
    uint8_t *bytes; /* BATCH_BYTES; untouched pages cost nothing */
};

struct batch *batch_new(void); /* NULL: out of memory */
void batch_free(struct batch *b);

#endif
