/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pair - times two commands in turn, A B A B ..., so that whatever else the machine does falls on both. One line:
 * cpu of A, cpu of B, ratio (the median of the pairs'), its least and greatest, wall of A, wall of B, peak KiB of A, of B
 * (seconds and KiB, medians; separated by tabs). A first run of each is not counted: it fills the page cache.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { RUNS_MAX = 99 };

struct cost {
    double cpu, wall, rss;
};

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* -1: it failed, or took longer than limit seconds. */
static int run(const char *command, unsigned limit, struct cost *c)
{
    double start = now();
    pid_t pid = fork();
    if (pid < 0)
        return -1;
    if (pid == 0) {
        int null = open("/dev/null", O_WRONLY);
        (void)dup2(null, 1);
        (void)dup2(null, 2);
        alarm(limit); /* survives exec: one command, no list */
        (void)execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    int status = 0;
    struct rusage u;
    if (wait4(pid, &status, 0, &u) != pid || !WIFEXITED(status) || WEXITSTATUS(status) > 3 || WEXITSTATUS(status) == 2)
        return -1;
    c->wall = now() - start;
    c->cpu = (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
    c->rss = (double)u.ru_maxrss;
    return 0;
}

static int order(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *v, unsigned n)
{
    qsort(v, n, sizeof *v, order);
    return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

int main(int argc, char **argv)
{
    static double cpu[2][RUNS_MAX], wall[2][RUNS_MAX], rss[2][RUNS_MAX], ratio[RUNS_MAX];
    unsigned runs = argc == 5 ? (unsigned)strtoul(argv[1], NULL, 10) : 0;
    unsigned limit = argc == 5 ? (unsigned)strtoul(argv[2], NULL, 10) : 0;
    if (runs < 1 || runs > RUNS_MAX || limit < 1) {
        fprintf(stderr, "pair RUNS SECONDS 'COMMAND A' 'COMMAND B': times both in turn; SECONDS is what one run may take\n");
        return 2;
    }
    for (unsigned i = 0; i <= runs; i++) {
        for (unsigned k = 0; k < 2; k++) {
            struct cost c;
            if (run(argv[3 + k], limit, &c)) {
                fprintf(stderr, "pair: failed, or longer than %u s: %s\n", limit, argv[3 + k]);
                return 1;
            }
            unsigned at = i ? i - 1 : 0; /* the first counts for nothing */
            cpu[k][at] = c.cpu;
            wall[k][at] = c.wall;
            rss[k][at] = c.rss;
        }
        unsigned at = i ? i - 1 : 0;
        ratio[at] = cpu[0][at] / (cpu[1][at] > 0 ? cpu[1][at] : 1e-6);
    }
    double mid = median(ratio, runs);
    printf("%.3f\t%.3f\t%.2f\t%.2f\t%.2f\t%.3f\t%.3f\t%.0f\t%.0f\n", median(cpu[0], runs), median(cpu[1], runs), mid, ratio[0],
           ratio[runs - 1], median(wall[0], runs), median(wall[1], runs), median(rss[0], runs), median(rss[1], runs));
    return 0;
}
