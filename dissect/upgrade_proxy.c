/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The PROXY protocol (haproxy, doc/proxy-protocol.txt), version 1 (a line) and 2 (binary): a prefix by which a balancer
 * tells whom it speaks for. The address inside is the client; without it every client would be the balancer. Anything
 * may follow.
 */
#include "dissect/upgrade.h"
#include "base/limits.h"

#include <stdlib.h>

enum { V1_MAX = 107, V2_HEADER = 16, V2_LOCAL = 0, V2_IP4 = 1, V2_IP6 = 2 };
static const char v2_signature[] = "\r\n\r\n\0\r\nQUIT\n";
enum { V2_SIGNATURE = sizeof v2_signature - 1 };

static bool is_v2(struct rd head)
{
    size_t n = rd_left(&head) < V2_SIGNATURE ? rd_left(&head) : V2_SIGNATURE;
    return n > 0 && memcmp(head.p, v2_signature, n) == 0;
}

static bool proxy_may_start(bool from_client, struct rd head)
{
    return from_client && (upgrade_prefix(head, "PROXY ") || is_v2(head));
}

static size_t proxy_unit(struct upgrade_state *s, bool from_client, struct rd head)
{
    (void)s;
    if (!from_client)
        return 0; /* a server that speaks first belongs to what follows */
    if (is_v2(head)) {
        if (rd_left(&head) < V2_HEADER)
            return 0;
        size_t n = V2_HEADER + ((size_t)head.p[14] << 8 | head.p[15]);
        return n > LIMIT_UPGRADE_UNIT ? UPGRADE_UNIT_NOT : n <= rd_left(&head) ? n : 0;
    }
    if (!upgrade_prefix(head, "PROXY "))
        return UPGRADE_UNIT_NOT;
    size_t n = upgrade_line(head);
    return n > V1_MAX || rd_left(&head) > V1_MAX ? (n && n <= V1_MAX ? n : UPGRADE_UNIT_NOT) : n;
}

static bool word_text(struct rd *line, char *out, size_t cap)
{
    struct rd word = upgrade_token(line);
    size_t n = rd_left(&word);
    if (n == 0 || n >= cap)
        return false;
    memcpy(out, word.p, n);
    out[n] = '\0';
    return true;
}

static bool word_port(struct rd *line, uint16_t *port)
{
    char text[8], *end;
    if (!word_text(line, text, sizeof text))
        return false;
    unsigned long v = strtoul(text, &end, 10);
    *port = (uint16_t)v;
    return *end == '\0' && v <= UINT16_MAX;
}

static enum up_verdict version_1(struct upgrade_state *s, struct rd line)
{
    char client[ADDR_TEXT], server[ADDR_TEXT];
    struct endpoint c = { .port = 0 }, d = { .port = 0 };
    (void)upgrade_token(&line);
    struct rd family = upgrade_token(&line);
    if (upgrade_is(family, "UNKNOWN"))
        return UP_RESTART;
    if (!upgrade_is(family, "TCP4") && !upgrade_is(family, "TCP6"))
        return UP_NOT_MINE;
    if (!word_text(&line, client, sizeof client) || !word_text(&line, server, sizeof server) || !word_port(&line, &c.port) ||
        !word_port(&line, &d.port) || addr_parse(client, &c.addr) != 0 || addr_parse(server, &d.addr) != 0)
        return UP_NOT_MINE;
    s->real_client = c;
    s->real_server = d;
    return UP_RESTART;
}

static enum up_verdict version_2(struct upgrade_state *s, struct rd r)
{
    rd_skip(&r, V2_SIGNATURE);
    uint8_t command = rd_u8(&r), family = rd_u8(&r) >> 4;
    rd_skip(&r, 2);
    if (command >> 4 != 2)
        return UP_NOT_MINE;
    if ((command & 15) == V2_LOCAL || (family != V2_IP4 && family != V2_IP6)) /* a health check, or addresses we do not know */
        return UP_RESTART;
    size_t size = family == V2_IP4 ? 4 : 16;
    const uint8_t *client = rd_take(&r, size), *server = rd_take(&r, size);
    uint16_t client_port = rd_u16(&r), server_port = rd_u16(&r);
    if (!rd_ok(&r))
        return UP_NOT_MINE;
    s->real_client = (struct endpoint){ family == V2_IP4 ? addr_ip4(client) : addr_ip6(client), 0, client_port };
    s->real_server = (struct endpoint){ family == V2_IP4 ? addr_ip4(server) : addr_ip6(server), 0, server_port };
    return UP_RESTART;
}

static enum up_verdict proxy_step(struct upgrade_state *s, bool from_client, struct rd unit)
{
    (void)from_client;
    s->confirmed = true;
    return is_v2(unit) ? version_2(s, unit) : version_1(s, unit);
}

const struct upgrade_proto upgrade_proxy = {
    .name = "proxy-protocol",
    .tunnel = true,
    .may_start = proxy_may_start,
    .unit = proxy_unit,
    .step = proxy_step,
};
