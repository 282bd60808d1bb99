/* SPDX-License-Identifier: Apache-2.0 */
/* A flow of datagrams, each: a byte (bit 0 the side), a length of two bytes, the bytes. Bit 0 of the first byte of all
 * chooses DTLS or RDP-UDP. */
#include "dissect/dtls.h"
#include "dissect/rdpudp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void drain(const struct datagram_proto *p, void *state, enum tls_end end)
{
    for (;;) {
        struct tls_event ev = { .suite = SUITE_NONE };
        unsigned side;
        if (!p->next_event(state, end, 2, &side, &ev))
            return;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rd in = rd_of(data, size);
    const struct datagram_proto *p = rd_u8(&in) & 1 ? &rdpudp_proto : &dtls_proto;
    struct stats stats = { 0 };
    struct tls_shared shared = { .stats = &stats, .certs = cert_cache_new(4, 1) };
    void *state = p->open(&shared);
    struct tls_when when = { 0 };
    if (!state)
        return 0;
    while (rd_left(&in)) {
        unsigned d = rd_u8(&in) & 1;
        struct rd g = rd_sub(&in, rd_u16(&in));
        when.frame++;
        (void)p->looks_like(1, 2, g);
        if (p->feed(state, d, g, when) != TLS_MORE)
            drain(p, state, TLS_END_DECIDED);
    }
    drain(p, state, TLS_END_INPUT);
    p->free(state);
    cert_cache_free(shared.certs);
    if (shared.buffered.used != 0)
        __builtin_trap();
    return 0;
}
