/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SMTP (RFC 5321) and LMTP (RFC 2033): STARTTLS (RFC 3207), and X-ANONYMOUSTLS between Exchange servers. Replies are
 * matched to commands by counting, because commands may be pipelined (RFC 2920). Firewalls that inspect mail overwrite the
 * capability or the command with X of the same length ("250-XXXXXXXA").
 */
#include "dissect/upgrade.h"

enum phase { COMMANDS, AUTH_LINE /* the server asked for more of an AUTH exchange */ };
enum { STARTTLS_LENGTH = 8 };

static bool mail_may_start(bool from_client, struct rd head)
{
    if (!from_client)
        return upgrade_prefix(head, "220");
    return upgrade_prefix(head, "EHLO ") || upgrade_prefix(head, "HELO ") || upgrade_prefix(head, "LHLO ");
}

static size_t mail_unit(struct upgrade_state *s, bool from_client, struct rd head)
{
    return upgrade_text(s, from_client, head);
}

static bool starttls_overwritten(struct rd word)
{
    return rd_left(&word) == STARTTLS_LENGTH && upgrade_stripped(word);
}

static void auth_command(struct upgrade_state *s, struct rd line)
{
    s->turns.login = s->turns.sent;
    s->small[0] = upgrade_clear_mechanism(upgrade_token(&line));
    struct rd initial = upgrade_token(&line);
    if (s->small[0] && rd_left(&initial))
        s->login = true;
}

static enum up_verdict mail_command(struct upgrade_state *s, struct rd line, const char *hello, const char *older)
{
    s->turns.sent++;
    if (s->phase == AUTH_LINE) {
        s->phase = COMMANDS;
        s->login = s->login || (s->small[0] && rd_peek(&line, 0) != '*');
        return UP_MORE;
    }
    struct rd word = upgrade_token(&line);
    if (upgrade_is(word, hello) || upgrade_is(word, older)) {
        s->confirmed = true;
        s->turns.capa = s->turns.sent;
        return UP_MORE;
    }
    if (upgrade_is(word, "STARTTLS") || upgrade_is(word, "X-ANONYMOUSTLS") || starttls_overwritten(word)) {
        s->stripped = s->stripped || starttls_overwritten(word);
        upgrade_ask(s);
        return UP_MORE;
    }
    if (!s->confirmed)
        return upgrade_is(word, "NOOP") || upgrade_is(word, "RSET") || upgrade_is(word, "QUIT") || upgrade_stripped(word)
                   ? UP_MORE
                   : UP_NOT_MINE;
    if (upgrade_is(word, "AUTH"))
        auth_command(s, line);
    if (upgrade_is(word, "BDAT")) /* message data follows: no lines any more, and nobody turns to TLS after it */
        return UP_PLAIN;
    return UP_MORE;
}

static void mail_capability(struct upgrade_state *s, struct rd line)
{
    rd_skip(&line, 4);
    struct rd word = upgrade_token(&line);
    if (upgrade_is(word, "STARTTLS") || upgrade_is(word, "X-ANONYMOUSTLS"))
        s->offered = 2;
    s->stripped = s->stripped || starttls_overwritten(word);
}

static enum up_verdict mail_answer(struct upgrade_state *s, unsigned code)
{
    s->turns.answered++;
    if (code == 250 && s->turns.answered == s->turns.capa && s->offered == 0)
        s->offered = 1;
    if (s->pending && code == 220)
        return upgrade_accept(s);
    if (s->pending && code >= 400 && s->turns.answered >= s->turns.tls)
        return upgrade_refuse(s, (uint16_t)code);
    if (code == 334)
        s->phase = AUTH_LINE;
    return code == 354 && s->confirmed ? UP_PLAIN : UP_MORE;
}

static enum up_verdict mail_reply(struct upgrade_state *s, struct rd line)
{
    bool more;
    unsigned code = upgrade_reply(line, &more);
    if (code == 0)
        return s->confirmed ? UP_MORE : UP_NOT_MINE;
    if (code == 250)
        mail_capability(s, line);
    if (more)
        return UP_MORE;
    bool greeting = !s->greeted && code == 220 && !(s->pending && upgrade_mentions(line, "TLS"));
    s->greeted = true;
    return greeting ? UP_MORE : mail_answer(s, code);
}

static enum up_verdict smtp_step(struct upgrade_state *s, bool from_client, struct rd line)
{
    if (from_client)
        return mail_command(s, line, "EHLO", "HELO");
    enum up_verdict v = mail_reply(s, line);
    if (s->offered == 2 && s->turns.sent == 0) /* only the server's side was captured: it can be no FTP server */
        s->confirmed = true;
    return v;
}

static enum up_verdict lmtp_step(struct upgrade_state *s, bool from_client, struct rd line)
{
    return from_client ? mail_command(s, line, "LHLO", "LHLO") : mail_reply(s, line);
}

const struct upgrade_proto upgrade_smtp = {
    .name = "smtp",
    .ports = { 25, 587, 2525 },
    .server_first = true,
    .may_start = mail_may_start,
    .unit = mail_unit,
    .step = smtp_step,
};

const struct upgrade_proto upgrade_lmtp = {
    .name = "lmtp",
    .ports = { 24 },
    .server_first = true,
    .may_start = mail_may_start,
    .unit = mail_unit,
    .step = lmtp_step,
};
