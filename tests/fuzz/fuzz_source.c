/* SPDX-License-Identifier: Apache-2.0 */
/* A capture file of any content, compressed or not, read to its end. */
#include "capture/source.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static volatile uint8_t sink;
static uint64_t frame;

static void look(const struct packet *p)
{
    if (p->len < p->caplen || p->frame != ++frame)
        abort();
    for (uint32_t i = 0; i < p->caplen; i++)
        sink = (uint8_t)(sink + p->data[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[32];
    struct err e = { "" };
    int fd = memfd_create("capture", MFD_CLOEXEC);
    if (fd < 0 || (size && write(fd, data, size) != (ssize_t)size))
        return 0;
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    struct source *s = source_open(path, NULL, &e);
    struct batch *b = batch_new();
    if (!b)
        abort();
    enum source_status st = SOURCE_BATCH;
    frame = 0;
    while (s && st == SOURCE_BATCH && frame < 10000) { /* what a bomb unpacks to is not all read here */
        st = source_fill(s, b, 0, &e);
        for (unsigned i = 0; i < b->count; i++)
            look(&b->packet[i]);
    }
    if ((!s || st == SOURCE_CUT || st == SOURCE_ERROR) && (!e.text[0] || strchr(e.text, '\n')))
        abort(); /* whatever is wrong is said in one line */
    source_close(s);
    batch_free(b);
    (void)close(fd);
    return 0;
}
