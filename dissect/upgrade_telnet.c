/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Telnet (RFC 854) with the START_TLS option, 46 (draft-altman-telnet-starttls): the server asks DO, the client answers
 * WILL, both announce FOLLOWS by subnegotiation, and TLS begins behind both. TN3270 uses it. A password prompt answered in
 * clear is a login.
 */
#include "dissect/upgrade.h"
#include "base/limits.h"

enum { IAC = 255, DONT = 254, DO = 253, WONT = 252, WILL = 251, SB = 250, SE = 240, START_TLS = 46, FOLLOWS = 1 };
enum { FOLLOWS_SERVER, FOLLOWS_CLIENT, PROMPT /* letters of the prompt matched so far */ }; /* s->small */
static const char prompt[] = "password"; /* data may come letter by letter */

static bool telnet_may_start(bool from_client, struct rd head)
{
    (void)from_client;
    return head.p[0] == IAC && (rd_left(&head) < 2 || (head.p[1] >= SB && head.p[1] < IAC));
}

static size_t subnegotiation(struct rd head)
{
    for (size_t i = 2; i + 1 < rd_left(&head) && i < LIMIT_UPGRADE_UNIT - 1; i++)
        if (head.p[i] == IAC) {
            if (head.p[i + 1] == SE)
                return i + 2;
            i++;
        }
    return rd_left(&head) >= LIMIT_UPGRADE_UNIT ? UPGRADE_UNIT_NOT : 0;
}

static size_t telnet_unit(struct upgrade_state *s, bool from_client, struct rd head)
{
    size_t n = rd_left(&head) < LIMIT_UPGRADE_UNIT ? rd_left(&head) : LIMIT_UPGRADE_UNIT;
    if (s->small[from_client] && upgrade_hello(head) != 0) /* it said FOLLOWS; the other side's is late or was lost */
        return upgrade_hello(head) > 0 && !from_client ? UPGRADE_UNIT_TLS : 0;
    if (head.p[0] != IAC) {
        const uint8_t *iac = memchr(head.p, IAC, n);
        return iac ? (size_t)(iac - head.p) : n;
    }
    if (n < 2)
        return 0;
    if (head.p[1] == SB)
        return subnegotiation(head);
    size_t length = head.p[1] >= WILL && head.p[1] < IAC ? 3 : 2;
    return n >= length ? length : 0;
}

static enum up_verdict option(struct upgrade_state *s, bool from_client, uint8_t verb)
{
    if (!from_client && verb == DO)
        s->offered = 2;
    if (from_client && verb == WILL)
        upgrade_ask(s);
    if (!from_client && verb == DONT && s->requested)
        return upgrade_refuse(s, 0);
    return UP_MORE;
}

static enum up_verdict telnet_data(struct upgrade_state *s, bool from_client, struct rd text)
{
    uint8_t *matched = &s->small[PROMPT];
    while (!from_client && rd_left(&text) && prompt[*matched]) {
        char letter = (char)(rd_u8(&text) | 0x20);
        *matched = letter == prompt[*matched] ? *matched + 1 : letter == prompt[0];
    }
    s->login = s->login || (from_client && !prompt[*matched]);
    return s->login ? UP_PLAIN : UP_MORE;
}

static enum up_verdict telnet_step(struct upgrade_state *s, bool from_client, struct rd unit)
{
    if (rd_peek(&unit, 0) != IAC)
        return s->confirmed ? telnet_data(s, from_client, unit) : UP_NOT_MINE;
    s->confirmed = true;
    rd_skip(&unit, 1);
    uint8_t verb = rd_u8(&unit);
    if (rd_peek(&unit, 0) != START_TLS)
        return UP_MORE;
    if (verb != SB)
        return option(s, from_client, verb);
    if (rd_peek(&unit, 1) == FOLLOWS)
        s->small[from_client] = true;
    return s->small[FOLLOWS_SERVER] && s->small[FOLLOWS_CLIENT] ? upgrade_accept(s) : UP_MORE;
}

const struct upgrade_proto upgrade_telnet = {
    .name = "telnet",
    .ports = { 23 },
    .may_start = telnet_may_start,
    .unit = telnet_unit,
    .step = telnet_step,
};
