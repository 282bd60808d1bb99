/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Microsoft SQL Server, TDS up to 7.4 (MS-TDS 2.2.6.5): both sides state their wish for encryption in PRELOGIN. Unless one
 * does not support it, the TLS handshake follows inside packets of type 0x12 (some servers: 0x04, as before TDS 7.2),
 * and bare records after it. OFF means "only the login": that too is a request, which a server without encryption refuses.
 * TDS 8.0 is TLS from the first byte.
 */
#include "dissect/upgrade.h"

enum { PRELOGIN = 0x12, RESPONSE = 0x04, LOGIN7 = 0x10, HEADER = 8 };
enum { OPTION_ENCRYPTION = 1, OPTION_END = 0xff };
enum encryption { OFF, ON, NOT_SUPPORTED, REQUIRED, UNSAID = 0x7f };
enum { WISH = 0 }; /* s->small: the client's */

static bool tds_may_start(bool from_client, struct rd head)
{
    size_t n = rd_left(&head);
    return from_client && head.p[0] == PRELOGIN && (n < 2 || head.p[1] <= 1) && (n < 6 || (head.p[4] == 0 && head.p[5] == 0)) &&
           (n < 9 || head.p[8] == 0); /* VERSION comes first in PRELOGIN */
}

static size_t tds_unit(struct upgrade_state *s, bool from_client, struct rd head)
{
    (void)s;
    uint8_t type = (uint8_t)rd_peek(&head, 0);
    if (type != PRELOGIN && type != (from_client ? LOGIN7 : RESPONSE) && !s->confirmed)
        return UPGRADE_UNIT_NOT;
    if (rd_left(&head) < HEADER)
        return 0;
    size_t length = (size_t)head.p[2] << 8 | head.p[3];
    if (length < HEADER || length > 32767)
        return UPGRADE_UNIT_NOT;
    if (!from_client && s->turns.answered)
        length = length < rd_left(&head) ? length : rd_left(&head);
    return rd_left(&head) >= length ? length : 0;
}

/* The ENCRYPTION option of a PRELOGIN message, UNSAID when there is none; *good: the message is well formed. */
static uint8_t encryption(struct rd message, bool *good)
{
    struct rd options = message;
    uint8_t wish = UNSAID;
    for (;;) {
        uint8_t token = rd_u8(&options);
        if (token == OPTION_END && rd_ok(&options))
            break;
        uint16_t offset = rd_u16(&options), length = rd_u16(&options);
        struct rd value = message;
        rd_skip(&value, offset);
        rd_skip(&value, length);
        if (!rd_ok(&options) || !rd_ok(&value)) {
            *good = false;
            return UNSAID;
        }
        if (token == OPTION_ENCRYPTION && length == 1)
            wish = message.p[offset] & 0x1f; /* 0x80: client certificate */
    }
    *good = true;
    return wish;
}

/* LOGIN7 (2.2.6.4): the password is only scrambled. Integrated authentication leaves it empty. */
static bool has_password(struct rd login)
{
    rd_skip(&login, 36 + 8 + 2);
    return rd_le16(&login) > 0;
}

static enum up_verdict tds_client(struct upgrade_state *s, uint8_t type, struct rd message)
{
    bool good;
    if (type == LOGIN7) {
        s->login = s->login || has_password(message);
        return s->confirmed ? UP_PLAIN : UP_NOT_MINE;
    }
    if (type != PRELOGIN)
        return s->confirmed ? UP_PLAIN : UP_NOT_MINE;
    s->small[WISH] = encryption(message, &good);
    if (!good)
        return UP_NOT_MINE;
    s->confirmed = true;
    s->requested = s->small[WISH] == ON || s->small[WISH] == REQUIRED || s->small[WISH] == OFF;
    s->pending = s->requested;
    return UP_MORE;
}

static enum up_verdict tds_server(struct upgrade_state *s, struct rd message)
{
    bool good;
    if (s->turns.answered++)
        return UP_MORE;
    uint8_t wish = encryption(message, &good);
    if (!good)
        return UP_NOT_MINE;
    s->greeted = true;
    s->offered = wish == NOT_SUPPORTED || wish == UNSAID ? 1 : 2;
    if (s->requested && s->offered == 2)
        return upgrade_accept(s);
    return s->requested ? upgrade_refuse(s, wish == NOT_SUPPORTED ? NOT_SUPPORTED : 0) : UP_MORE;
}

static enum up_verdict tds_step(struct upgrade_state *s, bool from_client, struct rd unit)
{
    uint8_t type = rd_u8(&unit);
    rd_skip(&unit, HEADER - 1);
    return from_client ? tds_client(s, type, unit) : tds_server(s, unit);
}

static bool tds_unwrap(struct upgrade_state *s, bool from_client, struct rd *wire, struct rd *tls, bool *bare)
{
    (void)s;
    (void)from_client;
    struct rd r = *wire;
    *tls = rd_of(r.p, 0);
    uint8_t type = (uint8_t)rd_peek(&r, 0);
    if (type != PRELOGIN && type != RESPONSE) { /* 20 to 23: a record of its own */
        *bare = rd_left(&r) > 0;
        return *bare;
    }
    rd_skip(&r, 2);
    size_t length = rd_u16(&r);
    rd_skip(&r, HEADER - 4);
    if (!rd_ok(&r))
        return false;
    *tls = rd_sub(&r, length < HEADER ? 0 : length - HEADER);
    if (!rd_ok(&r))
        return false;
    *wire = r;
    return true;
}

const struct upgrade_proto upgrade_tds = {
    .name = "tds",
    .ports = { 1433 },
    .may_start = tds_may_start,
    .unit = tds_unit,
    .step = tds_step,
    .unwrap = tds_unwrap,
};
