/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/progress.h"

#include <stdio.h>
#include <unistd.h>

enum { BAR = 30, FIRST_MS = 1000, EVERY_MS = 250 };

static int64_t ms_since(const struct timespec *t)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (now.tv_sec - t->tv_sec) * 1000 + (now.tv_nsec - t->tv_nsec) / 1000000;
}

void progress_start(struct progress *p, uint64_t total, bool quiet)
{
    *p = (struct progress){ .total = total, .on = !quiet && isatty(STDERR_FILENO) };
    clock_gettime(CLOCK_MONOTONIC, &p->start);
    p->shown = p->start;
}

void progress_show(struct progress *p, uint64_t now_in_file, uint64_t packets)
{
    if (!p->on || ms_since(&p->shown) < (p->drawn ? EVERY_MS : FIRST_MS))
        return;
    clock_gettime(CLOCK_MONOTONIC, &p->shown);
    p->drawn = true;
    uint64_t done = p->before + now_in_file;
    double s = (double)ms_since(&p->start) / 1000, rate = s > 0 ? (double)done / s : 0;
    if (p->total == 0 || done > p->total) {
        fprintf(stderr, "\r%9.1f MB  %7.1f MB/s  %llu packets\033[K", (double)done / 1e6, rate / 1e6, (unsigned long long)packets);
        return;
    }
    int full = (int)(done * BAR / p->total);
    unsigned left = rate > 0 ? (unsigned)((double)(p->total - done) / rate + 0.5) : 0;
    fprintf(stderr, "\r[%.*s%.*s] %3u%%  %7.1f MB/s  %u:%02u left  %llu packets\033[K", full, "##############################",
            BAR - full, "..............................", (unsigned)(done * 100 / p->total), rate / 1e6, left / 60, left % 60,
            (unsigned long long)packets);
}

void progress_end(struct progress *p)
{
    if (p->drawn)
        fprintf(stderr, "\r\033[K");
    p->drawn = false;
}
