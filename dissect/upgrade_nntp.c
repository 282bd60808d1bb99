/* SPDX-License-Identifier: Apache-2.0 */
/* NNTP (RFC 3977): STARTTLS, 382 or 580 (RFC 4642). Once articles flow, or AUTHINFO succeeded, it stays in clear text. */
#include "dissect/upgrade.h"

enum phase { REPLIES, LISTING };

static bool nntp_may_start(bool from_client, struct rd head)
{
    if (!from_client)
        return upgrade_prefix(head, "200") || upgrade_prefix(head, "201");
    return upgrade_prefix(head, "CAPABILITIES\r\n") || upgrade_prefix(head, "MODE READER") || upgrade_prefix(head, "AUTHINFO ");
}

static size_t nntp_unit(struct upgrade_state *s, bool from_client, struct rd head)
{
    return upgrade_text(s, from_client, head);
}

static enum up_verdict nntp_command(struct upgrade_state *s, struct rd line)
{
    static const char *const known[] = { "CAPABILITIES", "MODE", "AUTHINFO", "LIST", "GROUP", "STARTTLS", "DATE", "XOVER" };
    s->turns.sent++;
    struct rd word = upgrade_token(&line);
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        s->confirmed = s->confirmed || upgrade_is(word, known[i]);
    if (!s->confirmed)
        return upgrade_is(word, "QUIT") ? UP_MORE : UP_NOT_MINE;
    if (upgrade_is(word, "STARTTLS"))
        upgrade_ask(s);
    if (upgrade_is(word, "CAPABILITIES"))
        s->turns.capa = s->turns.sent;
    s->stripped = s->stripped || (rd_left(&word) == 8 && upgrade_stripped(word));
    if (upgrade_is(word, "AUTHINFO")) {
        struct rd kind = upgrade_token(&line);
        s->login = s->login || upgrade_is(kind, "PASS") ||
                   (upgrade_is(kind, "SASL") && upgrade_clear_mechanism(upgrade_token(&line)));
    }
    return UP_MORE;
}

static enum up_verdict nntp_reply(struct upgrade_state *s, struct rd line)
{
    bool more;
    unsigned code = upgrade_reply(line, &more);
    if (s->phase == LISTING) {
        struct rd word = upgrade_token(&line);
        if (upgrade_is(word, "STARTTLS"))
            s->offered = 2;
        s->stripped = s->stripped || (rd_left(&word) == 8 && upgrade_stripped(word));
        if (upgrade_is(word, ".")) {
            s->phase = REPLIES;
            s->offered = s->offered ? s->offered : 1;
        }
        return UP_MORE;
    }
    if (code == 0)
        return s->confirmed ? UP_MORE : UP_NOT_MINE;
    if (!s->greeted && s->turns.sent == 0) {
        s->greeted = true;
        return code == 200 || code == 201 ? UP_MORE : UP_NOT_MINE;
    }
    s->turns.answered++;
    if (s->pending && code == 382)
        return upgrade_accept(s);
    if (s->pending && code >= 400 && s->turns.answered >= s->turns.tls)
        return upgrade_refuse(s, (uint16_t)code);
    if (code == 101)
        s->phase = LISTING;
    bool settled = code == 281 || code == 211 || code == 215 || (code >= 220 && code <= 225);
    return !settled ? UP_MORE : s->confirmed ? UP_PLAIN : UP_NOT_MINE;
}

static enum up_verdict nntp_step(struct upgrade_state *s, bool from_client, struct rd line)
{
    return from_client ? nntp_command(s, line) : nntp_reply(s, line);
}

const struct upgrade_proto upgrade_nntp = {
    .name = "nntp",
    .ports = { 119, 433 },
    .server_first = true,
    .may_start = nntp_may_start,
    .unit = nntp_unit,
    .step = nntp_step,
};
