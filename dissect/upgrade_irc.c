/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IRC: STARTTLS, answered by 670 or 691 (IRCv3 "tls", deprecated but deployed), before registration. CAP REQ :tls
 * announces the wish; the upgrade is still the command's. 001 ends registration, and with it the chance of TLS.
 */
#include "dissect/upgrade.h"

static bool irc_may_start(bool from_client, struct rd head)
{
    static const char *const first[] = { "NICK ", "USER ", "CAP LS", "CAP REQ", "STARTTLS", "PASS " };
    if (!from_client)
        return upgrade_prefix(head, ":") || upgrade_prefix(head, "NOTICE ") || upgrade_prefix(head, "PING ");
    for (size_t i = 0; i < sizeof first / sizeof first[0]; i++)
        if (upgrade_prefix(head, first[i]))
            return true;
    return false;
}

static size_t irc_unit(struct upgrade_state *s, bool from_client, struct rd head)
{
    return upgrade_text(s, from_client, head);
}

static enum up_verdict irc_command(struct upgrade_state *s, struct rd line)
{
    static const char *const known[] = { "NICK", "CAP", "STARTTLS", "PONG", "PING", "QUIT" };
    struct rd word = upgrade_token(&line);
    bool mine = upgrade_is(word, "USER") || upgrade_is(word, "PASS"); /* FTP has these too: not enough to be sure */
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        mine = mine || upgrade_is(word, known[i]);
    s->confirmed = s->confirmed || upgrade_is(word, "NICK") || upgrade_is(word, "CAP");
    if (!mine && !s->confirmed)
        return UP_NOT_MINE;
    if (upgrade_is(word, "STARTTLS"))
        upgrade_ask(s);
    s->requested = s->requested || (upgrade_word(line, " REQ") && upgrade_mentions(line, "tls"));
    bool sasl = upgrade_is(word, "AUTHENTICATE") && upgrade_clear_mechanism(upgrade_token(&line));
    s->login = s->login || upgrade_is(word, "PASS") || sasl;
    s->stripped = s->stripped || (rd_left(&word) == 8 && upgrade_stripped(word));
    return UP_MORE;
}

static void capabilities(struct upgrade_state *s, struct rd line)
{
    if (upgrade_mentions(line, "LS"))
        s->offered = upgrade_mentions(line, "tls") || s->offered == 2 ? 2 : 1;
}

static enum up_verdict irc_reply(struct upgrade_state *s, struct rd line)
{
    bool more, prefixed = rd_peek(&line, 0) == ':';
    if (prefixed)
        (void)upgrade_token(&line);
    struct rd word = upgrade_token(&line);
    unsigned code = rd_left(&word) == 3 ? upgrade_reply(word, &more) : 0;
    if (code == 0 && rd_left(&word) == 3 && rd_starts(&word, "001", 3))
        code = 1;
    if (!prefixed && !upgrade_is(word, "NOTICE") && !upgrade_is(word, "PING") && !upgrade_is(word, "ERROR") &&
        !upgrade_is(word, "CAP") && !upgrade_is(word, "AUTHENTICATE") && code == 0)
        return s->confirmed ? UP_MORE : UP_NOT_MINE;
    if (upgrade_is(word, "CAP"))
        capabilities(s, line);
    if (s->pending && code == 670)
        return upgrade_accept(s);
    if (s->pending && (code == 691 || code == 421 || code == 451)) /* refused; unknown command; not registered */
        return upgrade_refuse(s, (uint16_t)code);
    s->confirmed = s->confirmed || code == 1;
    return code == 1 ? UP_PLAIN : UP_MORE;
}

static enum up_verdict irc_step(struct upgrade_state *s, bool from_client, struct rd line)
{
    return from_client ? irc_command(s, line) : irc_reply(s, line);
}

const struct upgrade_proto upgrade_irc = {
    .name = "irc",
    .ports = { 6667, 6666, 6668, 6669, 7000 },
    .may_start = irc_may_start,
    .unit = irc_unit,
    .step = irc_step,
};
