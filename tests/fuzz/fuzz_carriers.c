/* SPDX-License-Identifier: Apache-2.0 */
/* OpenVPN, RADIUS and EAPOL: the first byte chooses the row, then datagrams behind a header (bit 15: side 1; the rest: length). */
#include "base/rd.h"
#include "dissect/cert.h"
#include "dissect/eap.h"
#include "dissect/openvpn.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void drain(const struct datagram_proto *row, void *state, enum tls_end end)
{
    for (;;) {
        struct tls_event ev = { .suite = SUITE_NONE };
        unsigned side = 2;
        if (!row->next_event(state, end, 2, &side, &ev))
            return;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct datagram_proto *const rows[] = { &openvpn_proto, &radius_proto, &eapol_proto };
    struct rd in = rd_of(data, size);
    const struct datagram_proto *row = rows[rd_u8(&in) % 3];
    struct stats stats = { 0 };
    struct tls_shared shared = { .certs = cert_cache_new(16, 1), .stats = &stats };
    void *state = row->open(&shared);
    uint64_t frame = 0;
    enum tls_verdict v = TLS_MORE;
    while (state && v != TLS_NOT && rd_left(&in) >= 2) {
        uint16_t head = rd_u16(&in);
        size_t n = head & 0x7fff;
        struct rd chunk = rd_sub(&in, n < rd_left(&in) ? n : rd_left(&in));
        uint8_t *exact = malloc(rd_left(&chunk) + 1); /* so that ASan sees one byte too far */
        if (!exact)
            break;
        if (rd_left(&chunk))
            memcpy(exact, chunk.p, rd_left(&chunk));
        struct rd b = rd_of(exact, rd_left(&chunk));
        (void)row->looks_like(1812, 1812, b);
        frame++;
        v = row->feed(state, head >> 15, b, (struct tls_when){ .ts_ns = (int64_t)frame, .frame = frame });
        free(exact);
        if (v == TLS_DECIDED)
            drain(row, state, TLS_END_DECIDED);
    }
    if (state)
        drain(row, state, TLS_END_INPUT);
    row->free(state);
    cert_cache_free(shared.certs);
    return 0;
}
