/* SPDX-License-Identifier: Apache-2.0 */
/*
 * MySQL and MariaDB (client/server protocol, "Connection Phase"): the server's greeting carries CLIENT_SSL among its
 * capabilities; the client's SSLRequest is the first 32 bytes of a HandshakeResponse41 (5 bytes in the old form) with that
 * bit. No answer: TLS follows at once, often in the same segment.
 */
#include "dissect/upgrade.h"
#include "base/limits.h"

enum phase { START, RESPONDED, CLEAR_PASSWORD };
enum { CLIENT_SSL = 0x0800, SSL_REQUEST = 32, SSL_REQUEST_OLD = 5, GREETING_10 = 10, AUTH_SWITCH = 0xfe };

static bool mysql_may_start(bool from_client, struct rd head)
{
    size_t n = rd_left(&head);
    if (from_client) /* the greeting was not captured */
        return head.p[0] == SSL_REQUEST && (n < 5 || (rd_starts(&head, "\x20\0\0\1", 4) && (n < 6 || head.p[5] & 8)));
    return (n < 3 || (head.p[1] < 4 && head.p[2] == 0)) && (n < 4 || head.p[3] == 0) && (n < 5 || head.p[4] == GREETING_10);
}

static size_t mysql_unit(struct upgrade_state *s, bool from_client, struct rd head)
{
    if (rd_left(&head) < 4)
        return 0;
    size_t length = (size_t)head.p[0] | (size_t)head.p[1] << 8 | (size_t)head.p[2] << 16;
    if (length + 4 > LIMIT_UPGRADE_UNIT || (length == 0 && s->phase == START))
        return UPGRADE_UNIT_NOT;
    if (s->greeted && from_client && s->phase == START && head.p[3] != 1)
        return UPGRADE_UNIT_NOT;
    return rd_left(&head) >= length + 4 ? length + 4 : 0;
}

static enum up_verdict mysql_greeting(struct upgrade_state *s, struct rd unit)
{
    unsigned version = 0;
    if (rd_u8(&unit) != GREETING_10)
        return UP_NOT_MINE;
    for (int c; (c = rd_u8(&unit)) != 0 && rd_ok(&unit); version++)
        if (c < ' ' || c > '~')
            return UP_NOT_MINE;
    rd_skip(&unit, 4 + 8 + 1); /* thread id, first part of the scramble, filler */
    unsigned capabilities = rd_le16(&unit);
    if (!rd_ok(&unit) || version == 0)
        return UP_NOT_MINE;
    s->greeted = s->confirmed = true;
    s->offered = capabilities & CLIENT_SSL ? 2 : 1;
    return UP_MORE;
}

static enum up_verdict mysql_client(struct upgrade_state *s, struct rd unit)
{
    if (s->phase == CLEAR_PASSWORD)
        s->login = true;
    if (s->phase != START)
        return UP_PLAIN;
    size_t length = rd_left(&unit);
    unsigned capabilities = rd_le16(&unit);
    s->phase = RESPONDED;
    if (!(capabilities & CLIENT_SSL) || (length != SSL_REQUEST && length != SSL_REQUEST_OLD))
        return s->confirmed ? UP_MORE : UP_NOT_MINE;
    upgrade_ask(s);
    return upgrade_accept(s);
}

static enum up_verdict mysql_step(struct upgrade_state *s, bool from_client, struct rd unit)
{
    rd_skip(&unit, 4);
    if (from_client)
        return mysql_client(s, unit);
    if (s->phase == START)
        return s->greeted ? UP_PLAIN : mysql_greeting(s, unit);
    if (rd_u8(&unit) == AUTH_SWITCH && upgrade_prefix(unit, "mysql_clear_password")) {
        s->phase = CLEAR_PASSWORD;
        return UP_MORE;
    }
    return UP_PLAIN;
}

const struct upgrade_proto upgrade_mysql = {
    .name = "mysql",
    .ports = { 3306, 3307, 6033 },
    .server_first = true,
    .may_start = mysql_may_start,
    .unit = mysql_unit,
    .step = mysql_step,
};
