/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/pcapfile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAJOR = 2, MINOR = 4 };
static const uint32_t MICROSECONDS = 0xa1b2c3d4, NANOSECONDS = 0xa1b23c4d;

struct record { /* pcap-savefile(5): seconds, fraction, bytes present, bytes there were; in the byte order of the file */
    int32_t seconds;
    uint32_t fraction, caplen, len;
};

bool pcapfile_is(const struct unpack *u, int major, int minor)
{
    uint32_t magic = unpack_magic(u); /* older versions swap the lengths; other programs' variants have other magics */
    return (magic == MICROSECONDS || magic == NANOSECONDS) && major == MAJOR && minor == MINOR;
}

int pcapfile_open(struct pcapfile *f, const struct unpack *u)
{
    *f = (struct pcapfile){ .nanoseconds = unpack_magic(u) == NANOSECONDS, .rest = malloc(BATCH_BYTES) };
    return f->rest ? 0 : -1;
}

void pcapfile_close(struct pcapfile *f)
{
    free(f->rest);
}

static int64_t time_of(const struct pcapfile *f, const struct record *r)
{
    return r->seconds * INT64_C(1000000000) + r->fraction * (f->nanoseconds ? INT64_C(1) : INT64_C(1000)) % 1000000000;
}

/* As many packets as there are whole in the n bytes; returns the bytes they take. */
static size_t walk(struct pcapfile *f, struct batch *b, size_t n)
{
    size_t at = 0;
    struct record r;
    while (b->count < BATCH_PACKETS && n - at >= sizeof r) {
        memcpy(&r, b->bytes + at, sizeof r);
        if (r.caplen > LIMIT_SNAPLEN || r.caplen > n - at - sizeof r)
            break;
        b->packet[b->count++] = (struct packet){
            .data = b->bytes + at + sizeof r, .caplen = r.caplen, .len = r.len > r.caplen ? r.len : r.caplen,
            .ts_ns = time_of(f, &r),
        };
        at += sizeof r + r.caplen;
    }
    return at;
}

/* What begins behind the last packet can only be the beginning of a record that may still come whole. */
static void judge_rest(struct pcapfile *f, const uint8_t *p, size_t n, bool ended)
{
    struct record r;
    if (n < sizeof r) {
        if (n && ended)
            (void)snprintf(f->damage, sizeof f->damage, "%zu bytes of a packet's header", n);
        return;
    }
    memcpy(&r, p, sizeof r);
    if (r.caplen > LIMIT_SNAPLEN)
        (void)snprintf(f->damage, sizeof f->damage, "a packet of %u bytes", r.caplen);
    else if (ended)
        (void)snprintf(f->damage, sizeof f->damage, "%zu of a packet's %u bytes", n - sizeof r, r.caplen);
}

void pcapfile_fill(struct pcapfile *f, struct unpack *u, struct batch *b)
{
    b->count = 0;
    size_t have = f->rest_len, used = 0;
    bool ended = false;
    memcpy(b->bytes, f->rest, have);
    while (!f->damage[0] && (used = walk(f, b, have)) == 0 && !ended) {
        judge_rest(f, b->bytes, have, false);
        if (f->damage[0])
            break;
        ssize_t got = unpack_read(u, b->bytes + have, BATCH_READ);
        ended = got <= 0;
        have += got > 0 ? (size_t)got : 0;
    }
    f->rest_len = have - used;
    if (b->count == 0 && ended && !f->damage[0])
        judge_rest(f, b->bytes, have, true);
    memcpy(f->rest, b->bytes + used, f->rest_len);
}
