/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AMQP 1.0 (OASIS, part 5.2): each side opens with a protocol header; id 2 asks for TLS, and a server that agrees echoes
 * it. One that does not sends the header it prefers and closes. AMQP 0-9-1 ("AMQP" 0 0 9 1) knows no upgrade.
 */
#include "dissect/upgrade.h"
#include "base/limits.h"

enum phase { HEADER, FRAMES };
enum { LENGTH = 8 /* of a protocol header, and of the fixed part of a frame */, ID_TLS = 2 };

static bool amqp_may_start(bool from_client, struct rd head)
{
    static const uint8_t version_1[] = { 1, 0, 0 };
    size_t n = rd_left(&head);
    return from_client && upgrade_prefix(head, "AMQP") && (n < 5 || (head.p[4] != 1 && head.p[4] <= 3)) &&
           (n < LENGTH || memcmp(head.p + 5, version_1, 3) == 0);
}

static size_t amqp_unit(struct upgrade_state *s, bool from_client, struct rd head)
{
    int tls = upgrade_hello(head);
    if (tls != 0)
        return tls < 0 || (from_client && s->pending) ? 0 : UPGRADE_UNIT_TLS;
    if (rd_left(&head) < LENGTH)
        return 0;
    if (upgrade_prefix(head, "AMQP"))
        return LENGTH;
    struct rd r = head;
    uint32_t size = rd_u32(&r);
    if (s->phase != FRAMES || size < LENGTH || size > LIMIT_UPGRADE_UNIT)
        return UPGRADE_UNIT_NOT;
    return rd_left(&head) >= size ? size : 0;
}

static enum up_verdict amqp_step(struct upgrade_state *s, bool from_client, struct rd unit)
{
    if (!upgrade_prefix(unit, "AMQP")) { /* the mechanism is a symbol in the client's first frame */
        s->login = s->login || (from_client && (upgrade_mentions(unit, "PLAIN") || upgrade_mentions(unit, "AMQPLAIN")));
        return from_client ? UP_PLAIN : UP_MORE;
    }
    rd_skip(&unit, 4);
    uint8_t id = rd_u8(&unit), major = rd_u8(&unit);
    if (major != 1)
        return UP_NOT_MINE;
    s->confirmed = true;
    if (from_client && id == ID_TLS) {
        upgrade_ask(s);
        return UP_MORE;
    }
    if (from_client) {
        s->phase = FRAMES;
        return UP_MORE;
    }
    if (!s->pending)
        return UP_MORE;
    return id == ID_TLS ? upgrade_accept(s) : upgrade_refuse(s, id);
}

const struct upgrade_proto upgrade_amqp = {
    .name = "amqp",
    .ports = { 5672 },
    .may_start = amqp_may_start,
    .unit = amqp_unit,
    .step = amqp_step,
};
