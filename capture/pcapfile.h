/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pcapfile - the packets of a pcap file of this machine's byte order, taken where read(2) put them.
 *
 * libpcap opens the file and understands its header; every other kind of capture is read through it to the end. For this
 * kind, which the large captures are, it would copy each byte twice more, into stdio's buffer and into its own: walking the
 * records in place costs 0.67 of libpcap's empty loop (0.86 with a large stdio buffer), and the packets of a batch stay
 * valid together.
 */
#ifndef CAPTURE_PCAPFILE_H
#define CAPTURE_PCAPFILE_H

#include "capture/batch.h"
#include "capture/unpack.h"

#include <stdbool.h>

struct pcapfile {
    bool nanoseconds; /* else microseconds */
    uint8_t *rest; /* BATCH_BYTES: what was read behind the last packet of a batch */
    size_t rest_len;
    char damage[96]; /* why it cannot be read on; empty: it can */
};

/* Is the file behind u, of which libpcap has read the file header and nothing else, of this kind? */
bool pcapfile_is(const struct unpack *u, int major, int minor);
/* 0, or -1: out of memory. */
int pcapfile_open(struct pcapfile *f, const struct unpack *u);
void pcapfile_close(struct pcapfile *f);

/* The next packets, without frame and input. No packet: the end of the file, a failure of u's, or damage. */
void pcapfile_fill(struct pcapfile *f, struct unpack *u, struct batch *b);

#endif
