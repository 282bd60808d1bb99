/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/dump.h"
#include "base/limits.h"

#include <errno.h>
#include <fcntl.h>
#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct dump {
    pcap_t *dead;
    pcap_dumper_t *out;
    char path[512]; /* for messages */
};

static int open_new(struct dump *d, const char *path, struct err *e)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    FILE *f = fd < 0 ? NULL : fdopen(fd, "wb");
    if (!f) {
        int why = errno;
        if (fd >= 0)
            (void)close(fd);
        return why == EEXIST ? err_set(e, "%s: exists already; name a folder that is empty or not there yet", path)
                             : err_set(e, "%s: %s", path, strerror(why));
    }
    d->out = pcap_dump_fopen(d->dead, f);
    if (!d->out) {
        (void)fclose(f);
        return err_set(e, "%s: %s", path, pcap_geterr(d->dead));
    }
    return 0;
}

struct dump *dump_open(const char *path, int dlt, struct err *e)
{
    struct dump *d = calloc(1, sizeof *d);
    if (d)
        d->dead = pcap_open_dead_with_tstamp_precision(dlt, LIMIT_SNAPLEN, PCAP_TSTAMP_PRECISION_NANO);
    int rc = d && d->dead ? open_new(d, path, e) : err_set(e, "out of memory");
    if (rc == 0) {
        (void)snprintf(d->path, sizeof d->path, "%s", path);
        return d;
    }
    if (d && d->dead)
        pcap_close(d->dead);
    free(d);
    return NULL;
}

void dump_packet(struct dump *d, const struct packet *p)
{
    struct pcap_pkthdr h = { .caplen = p->caplen, .len = p->len };
    h.ts.tv_sec = p->ts_ns / 1000000000;
    h.ts.tv_usec = p->ts_ns % 1000000000; /* nanoseconds, as the file says */
    pcap_dump((u_char *)d->out, &h, p->data);
}

int dump_close(struct dump *d, struct err *e)
{
    if (!d)
        return 0;
    int rc = 0;
    if (pcap_dump_flush(d->out) || ferror(pcap_dump_file(d->out)))
        rc = err_set(e, "%s: %s", d->path, strerror(errno ? errno : EIO));
    pcap_dump_close(d->out);
    pcap_close(d->dead);
    free(d);
    return rc;
}
