/* SPDX-License-Identifier: Apache-2.0 */
/* A whole conversation. Byte 0: framing and how it ends. Then steps: one byte (bit 0 the side, bit 1 a gap, bit 2 given as
 * a handshake message, alert, CCS or protected data) and a 16-bit length; bytes follow unless it is a gap. */
#include "dissect/event.h"
#include "dissect/tls.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
    if (!ok)
        abort();
}

static enum tls_verdict given(struct tls *t, unsigned d, struct rd b, struct tls_when when)
{
    uint8_t kind = rd_u8(&b), type = rd_u8(&b);
    switch (kind & 3) {
    case 0:
        return tls_message(t, d, type, b, when);
    case 1:
        return tls_alert_seen(t, d, type, rd_u8(&b), when);
    case 2:
        return tls_ccs_seen(t, d, when);
    default:
        return tls_protected_seen(t, d, rd_left(&b), when);
    }
}

static enum tls_verdict step(struct tls *t, struct rd *r, struct tls_when when)
{
    uint8_t op = rd_u8(r);
    uint16_t n = rd_u16(r);
    unsigned d = op & 1;
    if (op & 2)
        return tls_gap(t, d, n, when);
    struct rd b = rd_sub(r, n < rd_left(r) ? n : rd_left(r));
    (void)tls_looks_like(b, op & 8);
    return op & 4 ? given(t, d, b, when) : tls_bytes(t, d, b, when);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct stats stats = { 0 };
    struct tls_shared shared = { .stats = &stats };
    struct rd r = rd_of(data, size);
    uint8_t how = rd_u8(&r);
    struct tls *t = tls_new(&shared, how % 3);
    struct tls_when when = { 0 };
    enum tls_verdict v = TLS_MORE;
    while (t && v == TLS_MORE && rd_left(&r)) {
        when.frame++;
        v = step(t, &r, when);
    }
    if (t && tls_has_hello(t)) {
        struct tls_event ev = { .suite = SUITE_NONE };
        tls_fill_event(t, v == TLS_DECIDED ? TLS_END_DECIDED : (how >> 2) % 6, (how >> 5) % 3, &ev);
        check(ev.outcome <= OUTCOME_EVICTED);
        check(ev.ch ? rd_left(&ev.offer) > 0 : rd_left(&ev.offer) == 0);
        check(ev.version || (!ev.sh && ev.suite == SUITE_NONE));
        check(tls_client_side(t) < 2);
    }
    tls_free(t);
    check(shared.buffered.used == 0 && shared.kept.used == 0);
    return 0;
}
