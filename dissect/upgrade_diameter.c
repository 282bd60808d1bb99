/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Diameter as of RFC 3588 section 5.3: Inband-Security-Id = TLS (1) in the Capabilities Exchange, both ways, and the
 * handshake follows. RFC 6733 put TLS before the exchange; that is TLS from the first byte.
 */
#include "dissect/upgrade.h"
#include "base/limits.h"

enum { VERSION = 1, HEADER = 20, REQUEST = 0x80, CAPABILITIES_EXCHANGE = 257, RESULT_CODE = 268, INBAND_SECURITY_ID = 299 };
enum { SUCCESS = 2001, SECURITY_TLS = 1, VENDOR_FLAG = 0x80 };

static bool diameter_may_start(bool from_client, struct rd head)
{
    static const uint8_t rest[] = { 0x00, 0x01, 0x01 }; /* command 257 */
    size_t n = rd_left(&head);
    return from_client && head.p[0] == VERSION && (n < 5 || head.p[4] & REQUEST) && (n < 8 || memcmp(head.p + 5, rest, 3) == 0);
}

static size_t diameter_unit(struct upgrade_state *s, bool from_client, struct rd head)
{
    int tls = upgrade_hello(head);
    if (tls != 0)
        return tls < 0 || (from_client && s->pending) ? 0 : UPGRADE_UNIT_TLS;
    struct rd r = head;
    if (rd_u8(&r) != VERSION)
        return UPGRADE_UNIT_NOT;
    size_t length = rd_u24(&r);
    if (!rd_ok(&r))
        return 0;
    if (length < HEADER || length % 4 || length > LIMIT_UPGRADE_UNIT)
        return UPGRADE_UNIT_NOT;
    return rd_left(&head) >= length ? length : 0;
}

/* The 32-bit value of an AVP (RFC 6733 section 4.1); want: any of several, when it is there. */
static bool avp(struct rd message, uint32_t code, uint32_t want, uint32_t *value)
{
    bool found = false;
    rd_skip(&message, HEADER);
    while (rd_left(&message) && !(found && (want == 0 || *value == want))) {
        uint32_t this = rd_u32(&message), flags = rd_u8(&message), length = rd_u24(&message);
        size_t header = flags & VENDOR_FLAG ? 12 : 8;
        if (length < header)
            break;
        rd_skip(&message, header - 8);
        struct rd data = rd_sub(&message, length - header);
        rd_skip(&message, (4 - length % 4) % 4 < rd_left(&message) ? (4 - length % 4) % 4 : rd_left(&message));
        if (this != code || flags & VENDOR_FLAG)
            continue;
        *value = rd_u32(&data);
        found = rd_ok(&data);
    }
    return found && (want == 0 || *value == want);
}

static enum up_verdict diameter_step(struct upgrade_state *s, bool from_client, struct rd unit)
{
    uint32_t command = (uint32_t)unit.p[5] << 16 | (uint32_t)unit.p[6] << 8 | unit.p[7], value = 0;
    bool request = unit.p[4] & REQUEST;
    if (command != CAPABILITIES_EXCHANGE)
        return s->confirmed ? UP_PLAIN : UP_NOT_MINE;
    if (from_client && request) {
        s->confirmed = true;
        if (avp(unit, INBAND_SECURITY_ID, SECURITY_TLS, &value))
            upgrade_ask(s);
        return UP_MORE;
    }
    if (from_client || request || !s->confirmed)
        return UP_NOT_MINE;
    bool tls = avp(unit, INBAND_SECURITY_ID, SECURITY_TLS, &value);
    s->offered = tls ? 2 : 1;
    value = 0;
    (void)avp(unit, RESULT_CODE, 0, &value);
    if (!s->pending)
        return UP_PLAIN;
    return tls && value == SUCCESS ? upgrade_accept(s) : upgrade_refuse(s, (uint16_t)value);
}

const struct upgrade_proto upgrade_diameter = {
    .name = "diameter",
    .ports = { 3868 },
    .may_start = diameter_may_start,
    .unit = diameter_unit,
    .step = diameter_step,
};
