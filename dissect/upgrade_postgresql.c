/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PostgreSQL (protocol 3.0, "SSL Session Encryption" in its manual): SSLRequest, answered by one byte, S or N; servers
 * before 7.0 answer ErrorResponse. A GSSENCRequest may come first (G or N). After N the client may go on in clear text on the
 * same connection (sslmode=prefer). Bytes behind the S in the same segment belong to TLS, wherever they came from.
 */
#include "dissect/upgrade.h"
#include "base/limits.h"

enum phase { START, ASKED_TLS, ASKED_GSS, STARTED /* StartupMessage sent: typed messages both ways */, CLEAR_PASSWORD };
enum { CANCEL_REQUEST = 80877102, SSL_REQUEST = 80877103, GSSENC_REQUEST = 80877104, PROTOCOL_3 = 3 << 16 };
enum { STARTUP_MAX = 10000 }; /* MAX_STARTUP_PACKET_LENGTH */

static bool postgresql_may_start(bool from_client, struct rd head)
{
    static const uint8_t requests[] = { 0x04, 0xd2, 0x16 }, version[] = { 0x00, 0x03, 0x00 };
    if (!from_client || head.p[0] != 0)
        return false;
    if (rd_left(&head) < 7)
        return true;
    return memcmp(head.p + 4, requests, 3) == 0 || memcmp(head.p + 4, version, 3) == 0;
}

/* A typed message, or the part of it that fits a unit: only the head of a long one matters. */
static size_t typed_unit(struct upgrade_state *s, unsigned d, struct rd head)
{
    if (s->word[d]) {
        size_t n = rd_left(&head) < s->word[d] ? rd_left(&head) : s->word[d];
        return n < LIMIT_UPGRADE_UNIT ? n : LIMIT_UPGRADE_UNIT;
    }
    if (rd_left(&head) < 5)
        return 0;
    rd_skip(&head, 1);
    uint32_t length = rd_u32(&head);
    if (length < 4 || length > 1U << 30)
        return UPGRADE_UNIT_NOT;
    if (length + 1 > LIMIT_UPGRADE_UNIT) {
        s->word[d] = length + 1;
        return 5;
    }
    return rd_left(&head) + 5 >= length + 1 ? length + 1 : 0;
}

static size_t answer_unit(struct rd head)
{
    if (upgrade_hello(head) != 0)
        return upgrade_hello(head) > 0 ? UPGRADE_UNIT_TLS : 0;
    if (rd_peek(&head, 0) != 'E')
        return rd_left(&head) ? 1 : 0;
    if (rd_left(&head) < 5)
        return 0;
    rd_skip(&head, 1);
    uint32_t length = rd_u32(&head);
    if (length < 4 || length > STARTUP_MAX) /* before 7.4: text that ends with NUL */
        return 5;
    return rd_left(&head) + 4 >= length ? length + 1 : 0;
}

static size_t postgresql_unit(struct upgrade_state *s, bool from_client, struct rd head)
{
    if (s->phase >= STARTED)
        return typed_unit(s, from_client, head);
    if (!from_client)
        return s->phase == START ? UPGRADE_UNIT_NOT : answer_unit(head);
    if (upgrade_hello(head) != 0) /* not waited for the answer, or the answer was lost */
        return upgrade_hello(head) > 0 && !s->pending ? UPGRADE_UNIT_TLS : 0;
    if (rd_left(&head) < 4)
        return 0;
    uint32_t length = rd_u32(&head);
    if (length < 8 || length > STARTUP_MAX)
        return UPGRADE_UNIT_NOT;
    return rd_left(&head) + 4 >= length ? length : 0;
}

static enum up_verdict postgresql_request(struct upgrade_state *s, struct rd unit)
{
    rd_skip(&unit, 4);
    uint32_t code = rd_u32(&unit);
    if (code == CANCEL_REQUEST) {
        s->confirmed = true;
        return UP_PLAIN;
    }
    if (code == SSL_REQUEST && rd_done(&unit)) {
        upgrade_ask(s);
        s->phase = ASKED_TLS;
        return UP_MORE;
    }
    if (code == GSSENC_REQUEST && rd_done(&unit)) {
        s->confirmed = true;
        s->phase = ASKED_GSS;
        return UP_MORE;
    }
    if (code < PROTOCOL_3 || code >= PROTOCOL_3 + 0x10000 || !upgrade_mentions(unit, "user")) /* parameters in any order */
        return s->confirmed ? UP_PLAIN : UP_NOT_MINE;
    s->confirmed = true;
    s->phase = STARTED;
    return UP_MORE;
}

static enum up_verdict postgresql_answer(struct upgrade_state *s, uint8_t byte)
{
    bool tls = s->phase == ASKED_TLS;
    s->phase = START;
    if (byte == (tls ? 'S' : 'G'))
        return tls ? upgrade_accept(s) : UP_OPAQUE; /* GSSAPI encryption: not clear text, not TLS */
    if (byte != 'N' && byte != 'E')
        return UP_NOT_MINE;
    if (!tls)
        return UP_MORE;
    s->offered = 1;
    return upgrade_refuse(s, 0);
}

/* AuthenticationCleartextPassword (R, 3) is the one request that brings the password as it is. */
static enum up_verdict postgresql_typed(struct upgrade_state *s, bool from_client, struct rd unit)
{
    if (s->word[from_client]) {
        s->word[from_client] -= (uint32_t)(rd_left(&unit) < s->word[from_client] ? rd_left(&unit) : s->word[from_client]);
        return UP_MORE;
    }
    uint8_t type = rd_u8(&unit);
    rd_skip(&unit, 4);
    if (from_client) {
        s->login = s->login || (type == 'p' && s->phase == CLEAR_PASSWORD);
        return UP_PLAIN;
    }
    if (type != 'R' || rd_u32(&unit) != 3)
        return UP_PLAIN;
    s->phase = CLEAR_PASSWORD;
    return UP_MORE;
}

static enum up_verdict postgresql_step(struct upgrade_state *s, bool from_client, struct rd unit)
{
    if (s->phase >= STARTED)
        return postgresql_typed(s, from_client, unit);
    return from_client ? postgresql_request(s, unit) : postgresql_answer(s, rd_u8(&unit));
}

const struct upgrade_proto upgrade_postgresql = {
    .name = "postgresql",
    .ports = { 5432, 6432, 5433 },
    .may_start = postgresql_may_start,
    .unit = postgresql_unit,
    .step = postgresql_step,
};
