/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RDP (MS-RDPBCGR 2.2.1.1 and 2.2.1.2): the X.224 Connection Request names the security protocols the client supports, the
 * Connection Confirm the one selected, or a failure. A confirm without negotiation data comes from an old server, which
 * knows only RDP's own security. All selected protocols but 0 begin with TLS.
 */
#include "dissect/upgrade.h"

enum { TPKT_VERSION = 3, CONNECTION_REQUEST = 0xe0, CONNECTION_CONFIRM = 0xd0 };
enum { NEG_REQUEST = 1, NEG_RESPONSE = 2, NEG_FAILURE = 3 };
enum { SSL_NOT_ALLOWED = 2, SSL_CERT_NOT_ON_SERVER = 3 }; /* failures of servers that have no TLS to offer */

static bool rdp_may_start(bool from_client, struct rd head)
{
    size_t n = rd_left(&head);
    return from_client && head.p[0] == TPKT_VERSION && (n < 2 || head.p[1] == 0) && (n < 6 || head.p[5] == CONNECTION_REQUEST);
}

static size_t rdp_unit(struct upgrade_state *s, bool from_client, struct rd head)
{
    int tls = upgrade_hello(head);
    if (tls != 0)
        return tls < 0 || (from_client && s->pending) ? 0 : UPGRADE_UNIT_TLS;
    if (rd_left(&head) < 4)
        return 0;
    if (head.p[0] != TPKT_VERSION)
        return s->confirmed && rd_left(&head) ? 1 : UPGRADE_UNIT_NOT; /* fast-path data of a session in clear */
    size_t length = (size_t)head.p[2] << 8 | head.p[3];
    if (length < 7 || length > 16384)
        return UPGRADE_UNIT_NOT;
    return rd_left(&head) >= length ? length : 0;
}

/* What follows the fixed part: an optional cookie or routing token (a line), then 8 bytes of negotiation data, if any. */
static bool negotiation(struct rd r, uint8_t *type, uint32_t *value, bool *cookie)
{
    size_t line = upgrade_prefix(r, "Cookie: ") || upgrade_prefix(r, "mstshash=") ? upgrade_line(r) : 0;
    *cookie = line > 0;
    rd_skip(&r, line);
    *type = rd_u8(&r);
    rd_skip(&r, 1); /* flags */
    uint16_t length = rd_le16(&r);
    *value = rd_le32(&r);
    return rd_ok(&r) && length == 8;
}

static enum up_verdict rdp_request(struct upgrade_state *s, struct rd r)
{
    uint8_t type;
    uint32_t protocols;
    bool cookie, bare = rd_left(&r) == 0;
    bool named = negotiation(r, &type, &protocols, &cookie) && type == NEG_REQUEST;
    if (!named && !cookie && !bare) /* other ISO transport: it has parameters of its own here */
        return UP_NOT_MINE;
    s->confirmed = s->confirmed || named || cookie;
    if (named && protocols != 0)
        upgrade_ask(s);
    return UP_MORE;
}

static enum up_verdict rdp_confirm(struct upgrade_state *s, struct rd r)
{
    uint8_t type;
    uint32_t value;
    bool cookie, named = negotiation(r, &type, &value, &cookie);
    s->greeted = true;
    bool willing = named && ((type == NEG_RESPONSE && value != 0) ||
                             (type == NEG_FAILURE && value != SSL_NOT_ALLOWED && value != SSL_CERT_NOT_ON_SERVER));
    s->offered = willing ? 2 : 1;
    if (named && type == NEG_RESPONSE && value != 0) {
        s->confirmed = s->requested = true; /* also when the request was not captured */
        return upgrade_accept(s);
    }
    if (s->requested)
        return upgrade_refuse(s, named && type == NEG_FAILURE ? (uint16_t)value : 0);
    if (named && type == NEG_FAILURE) /* the server insists on TLS and was not asked for it */
        s->refusal_code = (uint16_t)value;
    return UP_MORE;
}

static enum up_verdict rdp_step(struct upgrade_state *s, bool from_client, struct rd unit)
{
    rd_skip(&unit, 4);
    uint8_t indicator = rd_u8(&unit), tpdu = rd_u8(&unit);
    struct rd rest = unit;
    rd_skip(&rest, 5); /* DST-REF, SRC-REF, class */
    if (from_client && tpdu == CONNECTION_REQUEST && rd_ok(&rest) && indicator >= 6)
        return rdp_request(s, rest);
    if (!from_client && tpdu == CONNECTION_CONFIRM && rd_ok(&rest))
        return rdp_confirm(s, rest);
    /* Data: MCS Connect Initial of a session without TLS. */
    bool mcs = from_client && tpdu == 0xf0 && s->greeted && rd_left(&unit) > 2 && unit.p[1] == 0x7f && unit.p[2] == 0x65;
    s->confirmed = s->confirmed || mcs;
    return s->confirmed ? UP_PLAIN : UP_NOT_MINE;
}

const struct upgrade_proto upgrade_rdp = {
    .name = "rdp",
    .ports = { 3389 },
    .may_start = rdp_may_start,
    .unit = rdp_unit,
    .step = rdp_step,
};
