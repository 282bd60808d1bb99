/* SPDX-License-Identifier: Apache-2.0 */
/* POP3 (RFC 1939): STLS (RFC 2595 section 4), allowed only before authentication. The list after CAPA ends with ".". */
#include "dissect/upgrade.h"

enum phase { REPLIES, LISTING, AUTH_LINE };

static bool pop3_may_start(bool from_client, struct rd head)
{
    if (!from_client)
        return upgrade_prefix(head, "+OK");
    return upgrade_prefix(head, "CAPA\r\n") || upgrade_prefix(head, "STLS\r\n") || upgrade_prefix(head, "APOP ");
}

static size_t pop3_unit(struct upgrade_state *s, bool from_client, struct rd head)
{
    return upgrade_text(s, from_client, head);
}

static void auth_command(struct upgrade_state *s, struct rd line)
{
    struct rd mechanism = upgrade_token(&line), initial = upgrade_token(&line);
    s->small[0] = upgrade_clear_mechanism(mechanism);
    s->login = s->login || (s->small[0] && rd_left(&initial) > 0);
    if (rd_left(&mechanism))
        s->turns.login = s->turns.sent;
}

static enum up_verdict pop3_command(struct upgrade_state *s, struct rd line)
{
    static const char *const known[] = { "CAPA", "STLS", "USER", "PASS", "APOP", "AUTH", "QUIT", "UTF8" };
    s->turns.sent++;
    if (s->phase == AUTH_LINE) {
        s->phase = REPLIES;
        s->turns.login = s->turns.sent;
        s->login = s->login || (s->small[0] && rd_peek(&line, 0) != '*');
        return UP_MORE;
    }
    struct rd word = upgrade_token(&line);
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        s->confirmed = s->confirmed || upgrade_is(word, known[i]);
    if (!s->confirmed)
        return UP_NOT_MINE;
    if (upgrade_is(word, "STLS"))
        upgrade_ask(s);
    if (upgrade_is(word, "CAPA"))
        s->turns.capa = s->turns.sent;
    if (upgrade_is(word, "PASS") || upgrade_is(word, "APOP"))
        s->turns.login = s->turns.sent;
    s->login = s->login || upgrade_is(word, "PASS");
    s->stripped = s->stripped || (rd_left(&word) == 4 && upgrade_stripped(word));
    if (upgrade_is(word, "AUTH"))
        auth_command(s, line);
    return UP_MORE;
}

static enum up_verdict pop3_listed(struct upgrade_state *s, struct rd line)
{
    struct rd word = upgrade_token(&line);
    if (upgrade_is(word, "STLS"))
        s->offered = 2;
    s->stripped = s->stripped || (rd_left(&word) == 4 && upgrade_stripped(word));
    if (upgrade_is(word, ".")) {
        s->phase = REPLIES;
        s->offered = s->offered ? s->offered : 1;
    }
    return UP_MORE;
}

static enum up_verdict pop3_reply(struct upgrade_state *s, struct rd line)
{
    bool ok = upgrade_word(line, "+OK");
    if (s->phase == LISTING)
        return pop3_listed(s, line);
    if (upgrade_word(line, "+")) {
        s->phase = AUTH_LINE;
        s->turns.answered++;
        return UP_MORE;
    }
    if (!ok && !upgrade_word(line, "-ERR"))
        return s->confirmed ? UP_MORE : UP_NOT_MINE;
    if (!s->greeted && s->turns.sent == 0) {
        s->greeted = true;
        return UP_MORE;
    }
    s->turns.answered++;
    if (s->pending && s->turns.answered >= s->turns.tls)
        return ok ? upgrade_accept(s) : upgrade_refuse(s, 0);
    if (ok && s->turns.answered == s->turns.capa)
        s->phase = LISTING;
    return ok && s->turns.answered == s->turns.login ? UP_PLAIN : UP_MORE;
}

static enum up_verdict pop3_step(struct upgrade_state *s, bool from_client, struct rd line)
{
    return from_client ? pop3_command(s, line) : pop3_reply(s, line);
}

const struct upgrade_proto upgrade_pop3 = {
    .name = "pop3",
    .ports = { 110 },
    .server_first = true,
    .may_start = pop3_may_start,
    .unit = pop3_unit,
    .step = pop3_step,
};
