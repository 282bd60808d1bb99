/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ManageSieve (RFC 5804): the server lists capabilities as quoted strings, one a line, and ends with OK. STARTTLS is
 * answered by OK, NO or BYE, perhaps with a text that is a literal ({n}), whose bytes follow before TLS does.
 */
#include "dissect/upgrade.h"
#include "base/limits.h"

static bool sieve_may_start(bool from_client, struct rd head)
{
    if (!from_client)
        return upgrade_prefix(head, "\"IMPLEMENTATION\"") || upgrade_prefix(head, "\"SIEVE\"") ||
               upgrade_prefix(head, "\"STARTTLS\"") || upgrade_prefix(head, "\"VERSION\"") || upgrade_prefix(head, "\"SASL\"");
    return false;
}

/* Bytes of a literal in the server's reply that still come: s->word[0]; the verdict that waits for their end: s->small. */
static size_t sieve_unit(struct upgrade_state *s, bool from_client, struct rd head)
{
    if (from_client || s->word[0] == 0)
        return upgrade_text(s, from_client, head);
    size_t n = rd_left(&head) < s->word[0] ? rd_left(&head) : s->word[0];
    return n < LIMIT_UPGRADE_UNIT ? n : LIMIT_UPGRADE_UNIT;
}

static enum up_verdict sieve_command(struct upgrade_state *s, struct rd line)
{
    s->turns.sent++;
    struct rd word = upgrade_token(&line);
    if (upgrade_is(word, "STARTTLS"))
        upgrade_ask(s);
    s->stripped = s->stripped || (rd_left(&word) == 8 && upgrade_stripped(word));
    if (upgrade_is(word, "AUTHENTICATE")) {
        s->turns.login = s->turns.sent;
        s->login = s->login || upgrade_clear_mechanism(upgrade_token(&line));
    }
    return UP_MORE;
}

static enum up_verdict sieve_answer(struct upgrade_state *s, bool ok)
{
    if (!s->greeted) { /* the OK that ends the first list */
        s->greeted = true;
        s->offered = s->offered ? s->offered : 1;
        return UP_MORE;
    }
    s->turns.answered++;
    if (s->pending && s->turns.answered >= s->turns.tls)
        return ok ? upgrade_accept(s) : upgrade_refuse(s, 0);
    return ok && s->turns.answered == s->turns.login ? UP_PLAIN : UP_MORE;
}

static uint32_t literal_length(struct rd line)
{
    uint32_t n = 0;
    while (rd_left(&line) && rd_peek(&line, 0) != '{')
        rd_skip(&line, 1);
    rd_skip(&line, rd_left(&line) ? 1 : 0);
    while (rd_peek(&line, 0) >= '0' && rd_peek(&line, 0) <= '9' && n <= LIMIT_UPGRADE_BYTES)
        n = n * 10 + (uint32_t)(rd_u8(&line) - '0');
    if (rd_peek(&line, 0) == '+')
        rd_skip(&line, 1);
    return rd_peek(&line, 0) == '}' ? n + 2 /* CR LF behind it */ : 0;
}

static enum up_verdict sieve_reply(struct upgrade_state *s, struct rd line)
{
    if (s->word[0]) {
        s->word[0] -= (uint32_t)(rd_left(&line) < s->word[0] ? rd_left(&line) : s->word[0]);
        return s->word[0] ? UP_MORE : sieve_answer(s, s->small[0]);
    }
    if (rd_peek(&line, 0) == '"') {
        s->confirmed = true;
        if (upgrade_mentions(line, "STARTTLS"))
            s->offered = 2;
        struct rd word = upgrade_token(&line);
        s->stripped = s->stripped || (rd_left(&word) == 10 && upgrade_stripped(rd_of(word.p + 1, 8)));
        return UP_MORE;
    }
    bool ok = upgrade_word(line, "OK");
    if (!ok && !upgrade_word(line, "NO") && !upgrade_word(line, "BYE"))
        return s->confirmed ? UP_MORE : UP_NOT_MINE;
    s->small[0] = ok;
    s->word[0] = literal_length(line);
    return s->word[0] ? UP_MORE : sieve_answer(s, ok);
}

static enum up_verdict sieve_step(struct upgrade_state *s, bool from_client, struct rd unit)
{
    return from_client ? sieve_command(s, unit) : sieve_reply(s, unit);
}

const struct upgrade_proto upgrade_sieve = {
    .name = "sieve",
    .ports = { 4190, 2000 },
    .server_first = true,
    .may_start = sieve_may_start,
    .unit = sieve_unit,
    .step = sieve_step,
};
