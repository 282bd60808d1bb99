/* SPDX-License-Identifier: Apache-2.0 */
/* Frames through all layers and the fragment table. Input: link type (1 byte, an index), then frames: length (2 bytes),
 * bytes missing behind it (1), seconds since the last one (1), the frame. Whatever is found must lie in readable memory. */
#include "base/rd.h"
#include "capture/decode.h"

#include <stdlib.h>
#include <string.h>

static volatile uint8_t sink;

static void touch(const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        sink = (uint8_t)(sink + p[i]);
}

static void look(const struct decoded *o)
{
    if (o->payload_cap > o->payload_len || (o->proto != PROTO_TCP && o->proto != PROTO_UDP && o->proto != PROTO_EAPOL))
        abort();
    touch(o->src, o->addr_len);
    touch(o->dst, o->addr_len);
    touch(o->payload, o->payload_cap);
    touch(o->ip, o->ip_cap);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const int dlts[] = { 1, 0, 108, 12, 113, 276, 9, 50, 51, 166, 104, 8, 107, 11, 219, 240, 239, 258, 117, 109, 192, 105,
                                127, 119, 163, 147 };
    static struct stats stats;
    static struct decode *d;
    if (!d)
        d = decode_new(NULL, 1, &stats);
    if (!d || size < 1)
        return 0;
    int dlt = dlts[data[0] % (sizeof dlts / sizeof *dlts)];
    struct rd r = rd_of(data + 1, size - 1);
    for (int64_t now = 0; rd_left(&r) >= 4;) {
        uint16_t n = rd_u16(&r);
        uint32_t missing = rd_u8(&r) * 8U;
        now += rd_u8(&r) * 1000000000LL;
        if (n > rd_left(&r))
            n = (uint16_t)rd_left(&r);
        const uint8_t *wire = rd_take(&r, n);
        uint8_t *frame = malloc(n ? n : 1); /* of its own, so that one byte too far shows */
        if (!frame)
            return 0;
        memcpy(frame, wire, n);
        struct packet p = { .data = frame, .caplen = n, .len = n + missing, .ts_ns = now };
        struct decoded out;
        for (bool ok = decode_packet(d, dlt, &p, &out); ok; ok = decode_next(d, &out))
            look(&out);
        free(frame);
    }
    decode_finish(d);
    return 0;
}
