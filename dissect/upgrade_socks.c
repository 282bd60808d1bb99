/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SOCKS 4, 4a and 5 (RFC 1928, RFC 1929): once the proxy has connected, anything may follow: the session is sniffed again.
 * The target is kept. Lengths depend on the step of the dialogue.
 */
#include "dissect/upgrade.h"

#include <stdio.h>

enum phase { START, METHOD, AUTH, AUTH_ANSWER, REQUEST, ANSWER4, ANSWER5, BOUND };
enum { V4 = 4, V5 = 5, CONNECT = 1, BIND = 2, GRANTED4 = 90, IP4 = 1, DOMAIN = 3, IP6 = 4, NO_METHOD = 0xff, PASSWORD = 2 };

static bool socks_may_start(bool from_client, struct rd head)
{
    size_t n = rd_left(&head);
    if (!from_client)
        return false;
    if (head.p[0] == V4)
        return n < 2 || head.p[1] == CONNECT || head.p[1] == BIND;
    if (head.p[0] != V5 || n < 2)
        return head.p[0] == V5;
    return head.p[1] >= 1 && head.p[1] <= 16 && (n < 3 || head.p[2] <= 9);
}

/* Up to and with the NUL that ends the user name, and for 4a (address 0.0.0.x) the host name behind it. */
static size_t request4(struct rd head)
{
    if (rd_left(&head) < 9)
        return 0;
    bool named = head.p[4] == 0 && head.p[5] == 0 && head.p[6] == 0 && head.p[7] != 0;
    const uint8_t *nul = memchr(head.p + 8, 0, rd_left(&head) - 8);
    if (nul && named)
        nul = memchr(nul + 1, 0, (size_t)(head.end - nul - 1));
    return nul ? (size_t)(nul - head.p) + 1 : rd_left(&head) > 600 ? UPGRADE_UNIT_NOT : 0;
}

/* VER CMD RSV ATYP address port: request and answer alike. */
static size_t address5(struct rd head)
{
    if (rd_left(&head) < 5)
        return 0;
    size_t n = head.p[3] == IP4 ? 4 : head.p[3] == IP6 ? 16 : head.p[3] == DOMAIN ? (size_t)head.p[4] + 1 : SIZE_MAX;
    return n == SIZE_MAX ? UPGRADE_UNIT_NOT : n + 6;
}

static size_t client_length(struct upgrade_state *s, struct rd head)
{
    switch ((enum phase)s->phase) {
    case START:
        return head.p[0] == V4 ? request4(head) : rd_left(&head) < 2 ? 0 : (size_t)head.p[1] + 2;
    case AUTH: {
        size_t user = rd_left(&head) < 2 ? 0 : (size_t)head.p[1] + 3;
        return rd_left(&head) < user || user == 0 ? 0 : user + head.p[user - 1];
    }
    case REQUEST:
        return address5(head);
    case METHOD:
    case AUTH_ANSWER:
    case ANSWER4:
    case ANSWER5:
    case BOUND:
        return 0; /* it is the proxy's turn: what comes early waits */
    }
    return 0;
}

static size_t server_length(struct upgrade_state *s, struct rd head)
{
    switch ((enum phase)s->phase) {
    case METHOD:
    case AUTH_ANSWER:
        return 2;
    case ANSWER4:
        return 8;
    case ANSWER5:
    case BOUND:
        return address5(head);
    case START:
    case AUTH:
    case REQUEST:
        return 0;
    }
    return 0;
}

static size_t socks_unit(struct upgrade_state *s, bool from_client, struct rd head)
{
    int tls = upgrade_hello(head);
    if (!from_client && tls != 0 && s->phase >= ANSWER4)
        return tls < 0 ? 0 : UPGRADE_UNIT_TLS; /* the proxy's answer was lost */
    size_t n = from_client ? client_length(s, head) : server_length(s, head);
    return n == UPGRADE_UNIT_NOT || n <= rd_left(&head) ? n : 0;
}

static void keep_target(struct upgrade_state *s, struct rd name, unsigned port)
{
    int n = (int)(rd_left(&name) < 100 ? rd_left(&name) : 100);
    (void)snprintf(s->tag, sizeof s->tag, "%.*s:%u", n, (const char *)name.p, port);
    s->has_target = true;
}

static void keep_address(struct upgrade_state *s, struct addr a, unsigned port)
{
    char text[ADDR_TEXT];
    addr_print(&a, text);
    (void)snprintf(s->tag, sizeof s->tag, a.kind == ADDR_IP6 ? "[%s]:%u" : "%s:%u", text, port);
    s->has_target = true;
}

static enum up_verdict greeting(struct upgrade_state *s, struct rd unit)
{
    struct rd r = unit;
    if (rd_u8(&r) == V5) {
        s->phase = METHOD;
        return UP_MORE;
    }
    s->small[0] = rd_u8(&r);
    unsigned port = rd_u16(&r);
    const uint8_t *ip = rd_take(&r, 4);
    while (rd_u8(&r) != 0) {
    }
    if (rd_left(&r))
        keep_target(s, rd_of(r.p, rd_left(&r) - 1), port);
    else if (ip)
        keep_address(s, addr_ip4(ip), port);
    s->phase = ANSWER4;
    s->requested = s->pending = true;
    return UP_MORE;
}

static enum up_verdict request5(struct upgrade_state *s, struct rd unit)
{
    if (rd_u8(&unit) != V5)
        return UP_NOT_MINE;
    s->small[0] = rd_u8(&unit);
    rd_skip(&unit, 1);
    uint8_t kind = rd_u8(&unit);
    struct rd host = kind == DOMAIN ? rd_vec8(&unit) : rd_sub(&unit, kind == IP4 ? 4 : 16);
    unsigned port = rd_u16(&unit);
    if (!rd_ok(&unit))
        return UP_NOT_MINE;
    if (kind == DOMAIN)
        keep_target(s, host, port);
    else
        keep_address(s, kind == IP4 ? addr_ip4(host.p) : addr_ip6(host.p), port);
    s->phase = ANSWER5;
    s->requested = s->pending = true;
    return UP_MORE;
}

static enum up_verdict answered(struct upgrade_state *s, bool granted, uint8_t code)
{
    s->confirmed = true;
    if (!granted)
        return upgrade_refuse(s, code);
    if (s->small[0] == BIND && s->phase != BOUND) { /* a second answer tells that somebody connected */
        s->phase = BOUND;
        return UP_MORE;
    }
    (void)upgrade_accept(s);
    return s->small[0] == CONNECT || s->small[0] == BIND ? UP_RESTART : UP_PLAIN; /* UDP ASSOCIATE: nothing follows here */
}

static enum up_verdict socks_client(struct upgrade_state *s, struct rd unit)
{
    if (s->phase == REQUEST)
        return request5(s, unit);
    if (s->phase != AUTH)
        return greeting(s, unit);
    s->login = true;
    s->phase = AUTH_ANSWER;
    return UP_MORE;
}

static enum up_verdict socks_server(struct upgrade_state *s, struct rd unit)
{
    uint8_t version = rd_u8(&unit), code = rd_u8(&unit);
    if (s->phase == ANSWER4)
        return version == 0 && code >= GRANTED4 && code <= GRANTED4 + 3 ? answered(s, code == GRANTED4, code) : UP_NOT_MINE;
    if (s->phase == AUTH_ANSWER) {
        s->phase = REQUEST;
        return code == 0 ? UP_MORE : upgrade_refuse(s, code);
    }
    if (version != V5)
        return UP_NOT_MINE;
    if (s->phase != METHOD)
        return code <= 8 ? answered(s, code == 0, code) : UP_NOT_MINE;
    s->confirmed = code <= PASSWORD || code == NO_METHOD;
    if (code != 0 && code != PASSWORD) /* GSSAPI and private ones wrap all that follows; NO_METHOD ends it */
        return s->confirmed ? UP_PLAIN : UP_NOT_MINE;
    s->phase = code == 0 ? REQUEST : AUTH;
    return UP_MORE;
}

static enum up_verdict socks_step(struct upgrade_state *s, bool from_client, struct rd unit)
{
    return from_client ? socks_client(s, unit) : socks_server(s, unit);
}

const struct upgrade_proto upgrade_socks = {
    .name = "socks",
    .tunnel = true,
    .ports = { 1080, 9050 },
    .may_start = socks_may_start,
    .unit = socks_unit,
    .step = socks_step,
};
