/* SPDX-License-Identifier: Apache-2.0 */
/*
 * coverage - how much of the traffic a verdict rests on: the window, what was lost in it, and who may still be missing.
 *
 * Who did not connect was not seen, so "ready" is said only above a stated minimum. Clients that would break and were not met
 * yet are estimated from how often those that were met came: on one day only, on two (Good-Turing; Chao's lower bound for their
 * number). Addresses that follow one another with one stack in one /24 or /64 are one machine whose address changed and count
 * once, so that churn is not taken for newcomers.
 */
#ifndef REPORT_COVERAGE_H
#define REPORT_COVERAGE_H

#include "report/study.h"

#include <stdbool.h>
#include <stdint.h>

/* What is demanded before "ready to enforce" is said. */
enum { ENOUGH_DAYS = 7, ENOUGH_WEEK_HOURS = 151 /* nine tenths of 168 */, ENOUGH_HANDSHAKES = 30, ENOUGH_LOST_PERCENT = 1,
       ENOUGH_HIDDEN_PERCENT = 5, ENOUGH_LIKELY_PERCENT = 5 };

enum shortage { SHORT_WINDOW = 1, SHORT_WEEK = 2, SHORT_HANDSHAKES = 4, SHORT_LOST = 8, SHORT_ONE_SIDED = 16, SHORT_UNSEEN = 32,
                SHORT_UNKNOWN = 64, SHORT_FOLDED = 128 };

struct coverage {
    int64_t window_ns; /* from the first packet to the last */
    unsigned packet_days; /* in it, with packets (UTC) */
    unsigned week_hours; /* of the 168 hours of a week, those with packets within --since and --until */
    bool month_end; /* the last day of a month was seen */
    /* of the site, or of one server */
    int64_t first_ns, last_ns; /* handshakes */
    unsigned days; /* with handshakes */
    uint64_t handshakes, clients;
    uint64_t hello_clients; /* those whose ClientHello was seen once at least */
    uint64_t lost; /* handshakes of which a part is missing */
    uint64_t one_sided; /* of which one direction is missing */
    uint64_t unseen; /* sessions whose ClientHello was not seen or cannot be: hidden, joined too late, not decodable */
    uint64_t sessions; /* handshakes, and sessions that came to none because nothing could be seen of them */
    uint64_t folded; /* handshakes beside these for which a table had no room: without client and offer, not judged */
    unsigned drop_permille; /* packets dropped before they could be read */
    uint64_t unknown; /* handshakes of pairs whose verdict is "unknown" */
    uint64_t likely, proved, judged; /* of pairs that are "likely"; "ready" or "safe"; not listed apart */
    uint64_t offenders, once, twice; /* machines that would break; those seen on one day, on two */
    uint64_t fresh; /* offenders first seen in the last fresh_days days, the first day left out */
    unsigned fresh_days; /* 0: the window is too short to tell */
    double unmet; /* offenders not met yet: estimate */
    double unmet_share; /* of the offenders' days that are to come, those by somebody new */
    unsigned shortage; /* enum shortage; 0: enough */
};

/* What does not depend on the policy; then, for the policy judged last, the rest. [0] is the site, then servers by number. They
 * set .failed when out of memory. */
void coverage_open(struct study *s);
void coverage_judge(struct study *s);

/* What is to be said of the site or of a server where nothing is known that must change first. */
enum study_result coverage_result(const struct coverage *c);

/* What is missing for "ready" and what to do about it, in sentences; returns how many. */
enum { SHORTAGES = 10, SHORTAGE_TEXT = 200 };
unsigned coverage_shortages(const struct coverage *c, char out[SHORTAGES][SHORTAGE_TEXT]);
/* The same as a word each, for JSON. */
const char *coverage_shortage_name(unsigned bit);

#endif
