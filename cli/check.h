/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check - what is wrong with a mirror port, from a minute of its packets: one direction only, cut by a snap length, every packet
 * twice, no TLS. Sampled with bounded tables; says how much was looked at.
 */
#ifndef CLI_CHECK_H
#define CLI_CHECK_H

#include "capture/packet.h"
#include "capture/stats.h"

#include <stdio.h>

struct check;
struct check *check_new(void); /* NULL: out of memory */
void check_free(struct check *c);
void check_packet(struct check *c, const struct packet *p, const struct decoded *d);

enum check_result { CHECK_GOOD, CHECK_BAD, CHECK_NOTHING /* not enough traffic to say */ };
/* One line per finding, each with its remedy. seconds: how long it ran; s: the counters of the same time. */
enum check_result check_print(const struct check *c, const struct stats *s, int64_t seconds, FILE *out);

#endif
