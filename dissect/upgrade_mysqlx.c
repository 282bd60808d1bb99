/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MySQL X protocol (port 33060): frames of a little-endian length and a type over Protocol Buffers. CapabilitiesSet with a
 * capability named "tls" asks for TLS, Ok grants it, Error refuses it with a code. The server may send a Notice at any time.
 */
#include "dissect/upgrade.h"
#include "base/limits.h"

enum { CLIENT_CAPABILITIES_GET = 1, CLIENT_CAPABILITIES_SET = 2, CLIENT_AUTH_START = 4 };
enum { SERVER_OK = 0, SERVER_ERROR = 1, SERVER_CAPABILITIES = 2, SERVER_NOTICE = 11 };
static const uint8_t tls_name[] = { 0x0a, 3, 't', 'l', 's' }; /* field 1, three bytes */

static bool mysqlx_may_start(bool from_client, struct rd head)
{
    size_t n = rd_left(&head);
    if (!from_client) /* the notice "server hello" */
        return n < 5 ? upgrade_prefix(head, "\x05") && (n < 2 || head.p[1] == 0) : rd_starts(&head, "\5\0\0\0\x0b", 5);
    if (n < 5)
        return (n < 2 || head.p[1] == 0) && (n < 4 || (head.p[2] == 0 && head.p[3] == 0)) && head.p[0] != 0;
    return rd_starts(&head, "\1\0\0\0\1", 5) ||
           (head.p[1] == 0 && head.p[2] == 0 && head.p[3] == 0 && head.p[4] == CLIENT_CAPABILITIES_SET && head.p[0] > 10);
}

static size_t mysqlx_unit(struct upgrade_state *s, bool from_client, struct rd head)
{
    if (upgrade_hello(head) > 0)
        return from_client && s->pending ? 0 : UPGRADE_UNIT_TLS;
    if (rd_left(&head) < 5)
        return 0;
    uint32_t length = rd_le32(&head);
    if (length == 0 || length + 4 > LIMIT_UPGRADE_UNIT || length > LIMIT_UPGRADE_UNIT)
        return UPGRADE_UNIT_NOT;
    return rd_left(&head) >= length ? length + 4 : 0;
}

static bool names_tls(struct rd message)
{
    for (; rd_left(&message) >= sizeof tls_name; rd_skip(&message, 1))
        if (rd_starts(&message, tls_name, sizeof tls_name))
            return true;
    return false;
}

static enum up_verdict mysqlx_client(struct upgrade_state *s, uint8_t type, struct rd message)
{
    if (type == CLIENT_CAPABILITIES_SET && names_tls(message)) {
        upgrade_ask(s);
        return UP_MORE;
    }
    if (type == CLIENT_AUTH_START && s->confirmed) {
        s->login = upgrade_mentions(message, "PLAIN");
        return UP_PLAIN;
    }
    return type == CLIENT_CAPABILITIES_GET || type == CLIENT_CAPABILITIES_SET ? UP_MORE : UP_NOT_MINE;
}

/* Error: field 2 is the code, a varint. */
static uint16_t error_code(struct rd message)
{
    if (rd_u8(&message) == 0x08)
        (void)rd_u8(&message); /* field 1, severity */
    if (rd_u8(&message) != 0x10)
        return 0;
    uint32_t code = 0;
    for (unsigned shift = 0; shift < 21; shift += 7) {
        uint8_t b = rd_u8(&message);
        code |= (uint32_t)(b & 0x7f) << shift;
        if (!(b & 0x80))
            break;
    }
    return (uint16_t)(code > UINT16_MAX ? 0 : code);
}

static enum up_verdict mysqlx_server(struct upgrade_state *s, uint8_t type, struct rd message)
{
    if (type == SERVER_NOTICE)
        return UP_MORE;
    if (type == SERVER_CAPABILITIES) {
        s->confirmed = true;
        s->offered = names_tls(message) ? 2 : 1;
        return UP_MORE;
    }
    if (s->pending && type == SERVER_OK)
        return upgrade_accept(s);
    if (s->pending && type == SERVER_ERROR)
        return upgrade_refuse(s, error_code(message));
    return s->confirmed ? UP_MORE : UP_NOT_MINE;
}

static enum up_verdict mysqlx_step(struct upgrade_state *s, bool from_client, struct rd unit)
{
    rd_skip(&unit, 4);
    uint8_t type = rd_u8(&unit);
    return from_client ? mysqlx_client(s, type, unit) : mysqlx_server(s, type, unit);
}

const struct upgrade_proto upgrade_mysqlx = {
    .name = "mysql",
    .ports = { 33060 },
    .may_start = mysqlx_may_start,
    .unit = mysqlx_unit,
    .step = mysqlx_step,
};
