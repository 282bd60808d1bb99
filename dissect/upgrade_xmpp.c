/* SPDX-License-Identifier: Apache-2.0 */
/*
 * XMPP (RFC 6120 section 5), between client and server and between servers: <starttls/>, answered by <proceed/> or
 * <failure/>. Units are tags; names count without their prefix, attributes may be quoted either way. Dialback and
 * whitespace pings go by.
 */
#include "dissect/upgrade.h"
#include "base/limits.h"

enum phase { STREAM, PROCEEDING /* <proceed> is open: TLS begins behind its end tag */ };

static bool xmpp_may_start(bool from_client, struct rd head)
{
    (void)from_client;
    return upgrade_prefix(head, "<?xml") || upgrade_prefix(head, "<stream:stream") || upgrade_prefix(head, "<stream ");
}

/* A tag up to its '>' outside quotes; text up to the next '<'. */
static size_t tag_length(struct rd head)
{
    int quote = 0;
    for (size_t i = 0; i < rd_left(&head); i++) {
        int c = head.p[i];
        if (quote)
            quote = c == quote ? 0 : quote;
        else if (c == '"' || c == '\'')
            quote = c;
        else if (c == '>')
            return i + 1;
    }
    return rd_left(&head) >= LIMIT_UPGRADE_UNIT ? UPGRADE_UNIT_NOT : 0;
}

static size_t xmpp_unit(struct upgrade_state *s, bool from_client, struct rd head)
{
    int tls = upgrade_hello(head);
    if (tls != 0)
        return tls < 0 || (from_client && s->pending) ? 0 : UPGRADE_UNIT_TLS;
    size_t most = rd_left(&head) < LIMIT_UPGRADE_UNIT ? rd_left(&head) : LIMIT_UPGRADE_UNIT;
    if (head.p[0] == '<') {
        size_t n = tag_length(head);
        return n != UPGRADE_UNIT_NOT && n > LIMIT_UPGRADE_UNIT ? UPGRADE_UNIT_NOT : n;
    }
    const uint8_t *next = memchr(head.p, '<', most);
    return next ? (size_t)(next - head.p) : most;
}

/* The tag's name without '<', '</' and prefix. */
static struct rd local_name(struct rd tag, bool *closing)
{
    rd_skip(&tag, 1);
    *closing = rd_peek(&tag, 0) == '/';
    rd_skip(&tag, *closing ? 1 : 0);
    struct rd name = { tag.p, tag.p };
    for (; name.end < tag.end && !memchr(" \t\r\n/>", *name.end, 6); name.end++)
        if (*name.end == ':')
            name.p = name.end + 1;
    return name;
}

static bool self_closing(struct rd tag)
{
    return rd_left(&tag) >= 2 && tag.end[-2] == '/';
}

static enum up_verdict xmpp_client(struct upgrade_state *s, struct rd name, bool closing, struct rd tag)
{
    if (upgrade_is(name, "starttls") && !closing)
        upgrade_ask(s);
    if (upgrade_is(name, "auth") && !closing)
        s->login = s->login || upgrade_mentions(tag, "PLAIN");
    return UP_MORE;
}

static enum up_verdict xmpp_server(struct upgrade_state *s, struct rd name, bool closing, struct rd tag)
{
    if (upgrade_is(name, "starttls"))
        s->offered = 2;
    if (upgrade_is(name, "features") && (closing || self_closing(tag)) && s->offered == 0)
        s->offered = 1;
    if (s->pending && upgrade_is(name, "proceed") && !closing && !self_closing(tag))
        s->phase = PROCEEDING;
    else if (s->pending && upgrade_is(name, "proceed"))
        return upgrade_accept(s);
    if (s->pending && upgrade_is(name, "failure") && !closing)
        return upgrade_refuse(s, 0);
    return upgrade_is(name, "success") && s->confirmed ? UP_PLAIN : UP_MORE;
}

static enum up_verdict xmpp_step(struct upgrade_state *s, bool from_client, struct rd unit)
{
    if (rd_peek(&unit, 0) != '<')
        return UP_MORE;
    bool closing;
    struct rd name = local_name(unit, &closing);
    if (rd_peek(&name, 0) == '?')
        return UP_MORE;
    bool stream = upgrade_is(name, "stream") && (upgrade_mentions(unit, "jabber") || upgrade_mentions(unit, "etherx.jabber.org"));
    if (!s->confirmed && !stream)
        return UP_NOT_MINE;
    s->confirmed = true;
    return from_client ? xmpp_client(s, name, closing, unit) : xmpp_server(s, name, closing, unit);
}

const struct upgrade_proto upgrade_xmpp = {
    .name = "xmpp",
    .ports = { 5222, 5269 },
    .may_start = xmpp_may_start,
    .unit = xmpp_unit,
    .step = xmpp_step,
};
