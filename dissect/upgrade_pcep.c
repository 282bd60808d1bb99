/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PCEP (RFC 5440) over TLS (RFC 8253): both peers send StartTLS, in either order, and the TCP client begins the handshake.
 * A peer that cannot answers PCErr; peers that both send Open stay in clear text.
 */
#include "dissect/upgrade.h"

enum { VERSION = 0x20, OPEN = 1, PCERR = 6, STARTTLS = 13, HEADER = 4, OBJECT_OPEN = 1, OBJECT_ERROR = 13 };
enum { STARTTLS_SEEN, OPEN_SEEN = 2 }; /* s->small, plus the direction */

static bool pcep_may_start(bool from_client, struct rd head)
{
    (void)from_client;
    size_t n = rd_left(&head);
    return head.p[0] == VERSION && (n < 2 || head.p[1] == OPEN || head.p[1] == STARTTLS) && (n < 3 || head.p[2] == 0) &&
           (n < 4 || head.p[3] >= HEADER) && (n < 5 || head.p[1] == STARTTLS || head.p[4] == OBJECT_OPEN);
}

static size_t pcep_unit(struct upgrade_state *s, bool from_client, struct rd head)
{
    int tls = upgrade_hello(head);
    if (tls != 0 && s->confirmed)
        return tls < 0 || (from_client && s->pending) ? 0 : UPGRADE_UNIT_TLS;
    if (rd_left(&head) < HEADER)
        return 0;
    size_t length = (size_t)head.p[2] << 8 | head.p[3];
    if (head.p[0] >> 5 != 1 || length < HEADER || length > 16384)
        return UPGRADE_UNIT_NOT;
    return rd_left(&head) >= length ? length : 0;
}

/* Error-Type of the PCEP-ERROR object; RFC 5440 section 7.15. */
static uint16_t error_type(struct rd unit)
{
    rd_skip(&unit, HEADER);
    if (rd_u8(&unit) != OBJECT_ERROR)
        return 0;
    rd_skip(&unit, 3 + 2);
    return rd_u8(&unit);
}

static enum up_verdict pcep_step(struct upgrade_state *s, bool from_client, struct rd unit)
{
    uint8_t type = (uint8_t)rd_peek(&unit, 1);
    if (type == STARTTLS && rd_left(&unit) == HEADER) {
        s->confirmed = true;
        s->small[STARTTLS_SEEN + from_client] = true;
        if (from_client)
            upgrade_ask(s);
        else
            s->offered = 2;
        return s->small[STARTTLS_SEEN] && s->small[STARTTLS_SEEN + 1] ? upgrade_accept(s) : UP_MORE;
    }
    if (type == PCERR && s->confirmed)
        return s->requested && !from_client ? upgrade_refuse(s, error_type(unit)) : UP_PLAIN;
    if (type != OPEN)
        return s->confirmed ? UP_PLAIN : UP_NOT_MINE;
    s->small[OPEN_SEEN + from_client] = true;
    s->confirmed = s->confirmed || (s->small[OPEN_SEEN] && s->small[OPEN_SEEN + 1]);
    return s->small[OPEN_SEEN] && s->small[OPEN_SEEN + 1] ? UP_PLAIN : UP_MORE;
}

const struct upgrade_proto upgrade_pcep = {
    .name = "pcep",
    .ports = { 4189 },
    .may_start = pcep_may_start,
    .unit = pcep_unit,
    .step = pcep_step,
};
