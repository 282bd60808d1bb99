/* SPDX-License-Identifier: Apache-2.0 */
/* progress - a bar with rate and time left on stderr, when that is a terminal and the work is long. */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct progress {
    uint64_t total, before; /* bytes of all files; of those finished */
    struct timespec start, shown;
    bool on, drawn;
};

/* total 0: not known (standard input), then only the amount is shown. */
void progress_start(struct progress *p, uint64_t total, bool quiet);
void progress_show(struct progress *p, uint64_t now_in_file, uint64_t packets);
void progress_end(struct progress *p); /* takes the bar off the screen */

#endif
