/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IMAP (RFC 9051, RFC 3501): "<tag> STARTTLS", answered by "<tag> OK". Only the answer with the tag counts. Literals ({n},
 * {n+}) are bytes, not lines. STARTTLS exists only before authentication: a login that succeeds, or PREAUTH, settles it.
 */
#include "dissect/upgrade.h"
#include "base/limits.h"

enum phase { NOTHING, ASKED_TLS, ASKED_LOGIN, ASKED_AUTH, AUTH_LINE };
enum { LITERAL_SERVER, LITERAL_CLIENT }; /* s->word: bytes of a literal still to come in that direction */

static bool imap_may_start(bool from_client, struct rd head)
{
    if (!from_client)
        return upgrade_prefix(head, "* OK") || upgrade_prefix(head, "* PREAUTH") || upgrade_prefix(head, "* BYE");
    static const char *const first[] = { "STARTTLS", "CAPABILITY", "LOGIN", "ID", "AUTHENTICATE", "NOOP" };
    struct rd tag = upgrade_token(&head);
    if (rd_left(&tag) == 0 || rd_left(&tag) > 16 || rd_left(&head) == 0)
        return false;
    for (size_t i = 0; i < sizeof first / sizeof first[0]; i++)
        if (upgrade_word((struct rd){ head.p + 1, head.end }, first[i]))
            return true;
    return false;
}

static size_t imap_unit(struct upgrade_state *s, bool from_client, struct rd head)
{
    uint32_t literal = s->word[from_client];
    if (literal == 0)
        return upgrade_text(s, from_client, head);
    size_t n = rd_left(&head) < literal ? rd_left(&head) : literal;
    return n < LIMIT_UPGRADE_UNIT ? n : LIMIT_UPGRADE_UNIT;
}

/* The n of "{n}" or "{n+}" at the end of a line, else 0. */
static uint32_t literal_length(struct rd line)
{
    const uint8_t *e = line.end, *p = line.p;
    while (e > p && (e[-1] == '\n' || e[-1] == '\r'))
        e--;
    if (e == p || *--e != '}')
        return 0;
    if (e > p && e[-1] == '+')
        e--;
    uint64_t n = 0, unit = 1;
    for (; e > p && e[-1] >= '0' && e[-1] <= '9' && unit <= 100000000; e--, unit *= 10)
        n += unit * (uint64_t)(e[-1] - '0');
    return e > p && e[-1] == '{' && n <= UINT32_MAX ? (uint32_t)n : 0;
}

static void remember_tag(struct upgrade_state *s, struct rd tag, enum phase phase)
{
    size_t n = rd_left(&tag) < sizeof s->tag ? rd_left(&tag) : sizeof s->tag - 1;
    memcpy(s->tag, tag.p, n);
    s->tag[n] = '\0';
    s->phase = (uint8_t)phase;
}

static enum up_verdict imap_command(struct upgrade_state *s, struct rd line)
{
    if (s->phase == AUTH_LINE) {
        s->phase = ASKED_AUTH;
        s->login = s->login || (s->small[0] && rd_peek(&line, 0) != '*');
        return UP_MORE;
    }
    struct rd tag = upgrade_token(&line), word = upgrade_token(&line);
    if (upgrade_is(word, "STARTTLS")) {
        remember_tag(s, tag, ASKED_TLS);
        upgrade_ask(s);
    }
    if (s->pending) /* what is pipelined behind it does not change whose answer counts */
        return UP_MORE;
    s->stripped = s->stripped || (rd_left(&word) == 8 && upgrade_stripped(word));
    if (upgrade_is(word, "LOGIN")) {
        remember_tag(s, tag, ASKED_LOGIN);
        s->login = true;
    }
    if (upgrade_is(word, "AUTHENTICATE")) {
        remember_tag(s, tag, ASKED_AUTH);
        s->small[0] = upgrade_clear_mechanism(upgrade_token(&line));
        struct rd initial = upgrade_token(&line);
        s->login = s->login || (s->small[0] && rd_left(&initial) > 0);
    }
    return UP_MORE;
}

static void capabilities(struct upgrade_state *s, struct rd line)
{
    if (!upgrade_mentions(line, "CAPABILITY"))
        return;
    if (upgrade_mentions(line, "STARTTLS"))
        s->offered = 2;
    if (s->offered == 0)
        s->offered = 1;
    while (rd_left(&line)) {
        struct rd word = upgrade_token(&line);
        s->stripped = s->stripped || (rd_left(&word) == 8 && upgrade_stripped(word));
    }
}

static enum up_verdict tagged(struct upgrade_state *s, struct rd line)
{
    bool ok = upgrade_word(line, "OK");
    if (s->phase == ASKED_TLS && s->pending) {
        s->phase = NOTHING;
        return ok ? upgrade_accept(s) : upgrade_refuse(s, 0);
    }
    return ok && s->phase != NOTHING && s->phase != ASKED_TLS ? UP_PLAIN : UP_MORE;
}

static enum up_verdict imap_answer(struct upgrade_state *s, struct rd line)
{
    capabilities(s, line);
    struct rd tag = upgrade_token(&line);
    rd_skip(&line, rd_left(&line) ? 1 : 0);
    if (!s->greeted && upgrade_is(tag, "*")) {
        s->greeted = true;
        s->confirmed = s->confirmed || upgrade_word(line, "OK") || upgrade_word(line, "PREAUTH");
        if (upgrade_word(line, "PREAUTH")) { /* no STARTTLS from here on: RFC 9051 section 6.2.1 */
            s->offered = 1;
            return UP_PLAIN;
        }
    }
    if (upgrade_is(tag, "+") && s->phase == ASKED_AUTH)
        s->phase = AUTH_LINE;
    if (s->tag[0] && rd_left(&tag) == strlen(s->tag) && rd_starts(&tag, s->tag, strlen(s->tag)))
        return tagged(s, line);
    return s->confirmed || upgrade_is(tag, "*") ? UP_MORE : UP_NOT_MINE;
}

static enum up_verdict imap_step(struct upgrade_state *s, bool from_client, struct rd unit)
{
    uint32_t *literal = &s->word[from_client ? LITERAL_CLIENT : LITERAL_SERVER];
    if (*literal) {
        *literal -= (uint32_t)(rd_left(&unit) < *literal ? rd_left(&unit) : *literal);
        s->small[1 + from_client] = *literal == 0; /* the rest of the same line follows */
        return UP_MORE;
    }
    *literal = literal_length(unit);
    if (s->small[1 + from_client]) {
        s->small[1 + from_client] = false;
        return UP_MORE;
    }
    return from_client ? imap_command(s, unit) : imap_answer(s, unit);
}

const struct upgrade_proto upgrade_imap = {
    .name = "imap",
    .ports = { 143 },
    .server_first = true,
    .may_start = imap_may_start,
    .unit = imap_unit,
    .step = imap_step,
};
