/* SPDX-License-Identifier: Apache-2.0 */
/*
 * snaplen - lifts the snap lengths that a capture file claims, on its way into libpcap.
 *
 * libpcap drops the bytes of a packet that is longer than the file's claimed snap length (scapy and others claim 65535 and
 * write longer ones), and refuses a pcapng file whose interfaces claim different ones (any merge of two captures). What a
 * file claims is no limit on what it holds, so the claim is overwritten; the packets' own lengths are what counts.
 */
#ifndef CAPTURE_SNAPLEN_H
#define CAPTURE_SNAPLEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct snaplen { /* all zero to begin with */
    enum { SNAPLEN_START, SNAPLEN_PCAPNG, SNAPLEN_OFF } state;
    bool big; /* byte order of the file, or of the section */
    uint64_t at, length; /* bytes of the block passed, bytes it has */
    uint8_t head[12]; /* its first ones */
    bool interface; /* it describes an interface */
    uint32_t interfaces; /* of this section */
};

/* The next n bytes of the file, changed in place. */
void snaplen_lift(struct snaplen *s, uint8_t *bytes, size_t n);

#endif
