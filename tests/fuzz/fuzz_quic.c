/* SPDX-License-Identifier: Apache-2.0 */
/* A flow of datagrams, each: a byte (bit 0 the side, bit 1 "these are decrypted frames"), a length of two bytes, the bytes.
 * Frames go in behind the decryption, which no fuzzer gets past. */
#define quic_proto quic_proto_under_test
#include "dissect/quic.c"
#undef quic_proto

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void drain(struct quic *q, enum tls_end end)
{
    for (;;) {
        struct tls_event ev = { .suite = SUITE_NONE };
        unsigned side;
        if (!quic_next_event(q, end, SIDE_UNKNOWN, &side, &ev))
            return;
    }
}

static void feed_frames(struct quic *q, unsigned d, struct rd frames, struct tls_when when)
{
    struct quic_packet p = { .version = 1, .known = quic_version_find(1) };
    struct quic_keys none = { 0 };
    if (q->now.a.state == ATTEMPT_NONE && !adopt(q, d, &p, none, frames))
        return;
    if (q->now.a.state == ATTEMPT_OPEN)
        read_frames(q, d, &p, frames, when);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct stats stats = { 0 };
    struct tls_shared shared = { .stats = &stats, .certs = cert_cache_new(4, 1) };
    struct quic *q = quic_open(&shared);
    struct rd in = rd_of(data, size);
    struct tls_when when = { 0 };
    if (!q)
        return 0;
    while (rd_left(&in)) {
        uint8_t how = rd_u8(&in);
        struct rd g = rd_sub(&in, rd_u16(&in));
        when.frame++;
        (void)quic_looks_like(1, 2, g);
        if (how & 2)
            feed_frames(q, how & 1, g, when);
        if ((how & 2) ? q->now.a.state == ATTEMPT_DUE : quic_feed(q, how & 1, g, when) != TLS_MORE)
            drain(q, TLS_END_DECIDED);
    }
    drain(q, TLS_END_INPUT);
    quic_free(q);
    cert_cache_free(shared.certs);
    if (shared.buffered.used != 0)
        __builtin_trap();
    return 0;
}
