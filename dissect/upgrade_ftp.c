/* SPDX-License-Identifier: Apache-2.0 */
/*
 * FTP control connections (RFC 959): AUTH TLS (RFC 4217) and its older spellings TLS-C, SSL and TLS-P, answered by 234.
 * 334 asks for security data (RFC 2228), yet some servers answer AUTH SSL so and start TLS: what follows decides. Lines
 * inside a multi-line reply need no code. After 230 the session is logged in, in clear text.
 */
#include "dissect/upgrade.h"

static bool ftp_may_start(bool from_client, struct rd head)
{
    if (!from_client)
        return upgrade_prefix(head, "220") || upgrade_prefix(head, "120");
    return upgrade_prefix(head, "AUTH TLS") || upgrade_prefix(head, "AUTH SSL") || upgrade_prefix(head, "USER ") ||
           upgrade_prefix(head, "FEAT\r\n");
}

static size_t ftp_unit(struct upgrade_state *s, bool from_client, struct rd head)
{
    return upgrade_text(s, from_client, head);
}

static enum up_verdict ftp_command(struct upgrade_state *s, struct rd line)
{
    static const char *const known[] = { "USER", "PASS", "AUTH", "FEAT", "SYST", "HOST", "OPTS", "CLNT", "PBSZ", "ACCT" };
    while (rd_peek(&line, 0) >= 0xf0) /* Telnet's IAC IP before ABOR; RFC 959 section 4.1.3 */
        rd_skip(&line, 1);
    s->turns.sent++;
    struct rd word = upgrade_token(&line);
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        s->confirmed = s->confirmed || upgrade_is(word, known[i]);
    if (!s->confirmed)
        return upgrade_is(word, "QUIT") || upgrade_is(word, "NOOP") || upgrade_stripped(word) ? UP_MORE : UP_NOT_MINE;
    if (upgrade_is(word, "AUTH")) {
        struct rd mechanism = upgrade_token(&line);
        if (upgrade_is(mechanism, "TLS") || upgrade_is(mechanism, "TLS-C") || upgrade_is(mechanism, "SSL") ||
            upgrade_is(mechanism, "TLS-P"))
            upgrade_ask(s);
        s->stripped = s->stripped || (upgrade_stripped(mechanism));
    }
    if (upgrade_is(word, "FEAT"))
        s->turns.capa = s->turns.sent;
    s->login = s->login || upgrade_is(word, "PASS");
    return UP_MORE;
}

static enum up_verdict ftp_answer(struct upgrade_state *s, unsigned code)
{
    s->turns.answered++;
    if (code == 211 && s->turns.answered == s->turns.capa && s->offered == 0)
        s->offered = 1;
    if (s->pending && code == 234)
        return upgrade_accept(s);
    if (s->pending && s->turns.answered >= s->turns.tls) {
        if (code >= 400)
            return upgrade_refuse(s, (uint16_t)code);
        s->pending = false; /* 334: a hello that follows is TLS, whatever was said */
    }
    return code == 230 && s->confirmed ? UP_PLAIN : UP_MORE;
}

static enum up_verdict ftp_reply(struct upgrade_state *s, struct rd line)
{
    bool more;
    unsigned code = upgrade_reply(line, &more);
    uint32_t *open = &s->word[0]; /* the code of the multi-line reply we are in */
    if (s->turns.capa && upgrade_mentions(line, "AUTH") && (upgrade_mentions(line, "TLS") || upgrade_mentions(line, "SSL")))
        s->offered = 2;
    if (*open && (code != *open || more))
        return UP_MORE;
    if (code == 0)
        return s->confirmed ? UP_MORE : UP_NOT_MINE;
    *open = more ? code : 0;
    if (more || code < 200) /* 120, 150: preliminary, the reply is still to come */
        return UP_MORE;
    bool greeting = !s->greeted && code == 220;
    s->greeted = true;
    return greeting ? UP_MORE : ftp_answer(s, code);
}

static enum up_verdict ftp_step(struct upgrade_state *s, bool from_client, struct rd line)
{
    return from_client ? ftp_command(s, line) : ftp_reply(s, line);
}

const struct upgrade_proto upgrade_ftp = {
    .name = "ftp",
    .ports = { 21 },
    .returns = true,
    .server_first = true,
    .may_start = ftp_may_start,
    .unit = ftp_unit,
    .step = ftp_step,
};
