/* SPDX-License-Identifier: Apache-2.0 */
#include "dissect/upgrade.h"
#include "base/limits.h"

#include <ctype.h>
#include <strings.h>

/* One row per protocol, in the order in which they are tried where ports say nothing. */
#define ROWS(R)                                                                                                      \
    R(proxy) R(connect) R(http) R(socks) R(smtp) R(lmtp) R(ftp) R(imap) R(pop3) R(nntp) R(sieve) R(irc) R(xmpp)      \
    R(ldap) R(postgresql) R(mysql) R(mysqlx) R(tds) R(rdp) R(vnc) R(telnet) R(amqp) R(nats) R(nbd) R(pcep)           \
    R(diameter) R(openvpn)

#define R(name) extern const struct upgrade_proto upgrade_##name;
ROWS(R)
#undef R

const struct upgrade_proto *const upgrades[] = {
#define R(name) &upgrade_##name,
    ROWS(R)
#undef R
};
const unsigned upgrade_count = sizeof upgrades / sizeof upgrades[0];

/* A record: type, version 3.x, length, first byte of the message. RFC 8446 section 5.1 */
static int hello_record(struct rd head)
{
    enum { ALERT = 21, CLIENT_HELLO = 1, SERVER_HELLO = 2, FATAL = 2, RECORD_MAX = 16384 + 2048 };
    if (rd_left(&head) >= 2 && head.p[1] != 3)
        return 0;
    if (rd_left(&head) >= 3 && head.p[2] > 4)
        return 0;
    if (rd_left(&head) < 6)
        return -1;
    bool alert = rd_u8(&head) == ALERT;
    rd_skip(&head, 2);
    unsigned length = rd_u16(&head), first = rd_u8(&head);
    if (alert)
        return length == 2 && (first == 1 || first == FATAL);
    return length >= 4 && length <= RECORD_MAX && (first == CLIENT_HELLO || first == SERVER_HELLO);
}

/* An SSLv2 record with a CLIENT-HELLO or SERVER-HELLO. RFC 6101 appendix E */
static int hello_sslv2(struct rd head)
{
    enum { CLIENT_HELLO = 1, SERVER_HELLO = 4 };
    if (rd_left(&head) >= 3 && head.p[2] != CLIENT_HELLO && head.p[2] != SERVER_HELLO)
        return 0;
    if (rd_left(&head) < 7)
        return -1;
    if (head.p[2] == SERVER_HELLO) /* session-id-hit, certificate type X.509, version 2 */
        return head.p[3] <= 1 && head.p[4] <= 1 && head.p[5] == 0 && head.p[6] == 2;
    return (head.p[3] == 3 && head.p[4] <= 4) || (head.p[3] == 0 && head.p[4] == 2);
}

int upgrade_hello(struct rd head)
{
    int first = rd_peek(&head, 0);
    if (first == 21 || first == 22)
        return hello_record(head);
    if (first >= 0x80 && first <= 0x83)
        return hello_sslv2(head);
    return 0;
}

size_t upgrade_line(struct rd head)
{
    size_t n = rd_left(&head);
    const uint8_t *lf = n ? memchr(head.p, '\n', n) : NULL;
    if (lf && (size_t)(lf - head.p) < LIMIT_UPGRADE_UNIT)
        return (size_t)(lf - head.p) + 1;
    return n >= LIMIT_UPGRADE_UNIT ? LIMIT_UPGRADE_UNIT : 0;
}

size_t upgrade_text(const struct upgrade_state *s, bool from_client, struct rd head)
{
    int tls = upgrade_hello(head), first = rd_peek(&head, 0);
    if (tls < 0)
        return 0;
    if (tls > 0)
        return from_client && s->pending ? 0 : UPGRADE_UNIT_TLS;
    if (!s->confirmed && (first > 0x7e || (first >= 0 && first < ' ' && !isspace(first))))
        return UPGRADE_UNIT_NOT;
    return upgrade_line(head);
}

size_t upgrade_header(struct rd head)
{
    for (size_t at = 0;;) {
        struct rd rest = rd_of(head.p + at, rd_left(&head) - at);
        size_t n = rd_left(&rest) ? upgrade_line(rest) : 0;
        if (n == 0)
            return rd_left(&head) >= LIMIT_UPGRADE_UNIT ? UPGRADE_UNIT_NOT : 0;
        at += n;
        if (at > LIMIT_UPGRADE_UNIT)
            return UPGRADE_UNIT_NOT;
        if (n == 1 || (n == 2 && rest.p[0] == '\r'))
            return at;
    }
}

bool upgrade_prefix(struct rd head, const char *text)
{
    if (rd_left(&head) && (head.p[0] | 0x20) != (text[0] | 0x20)) /* nearly always: every first segment is asked about many */
        return false;
    size_t n = strlen(text);
    if (rd_left(&head) < n)
        n = rd_left(&head);
    return n > 0 && strncasecmp((const char *)head.p, text, n) == 0;
}

static bool blank(int c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct rd upgrade_token(struct rd *line)
{
    size_t n = 0;
    while (blank(rd_peek(line, 0)))
        rd_skip(line, 1);
    while (rd_peek(line, n) >= 0 && !blank(rd_peek(line, n)))
        n++;
    return rd_sub(line, n);
}

bool upgrade_is(struct rd word, const char *text)
{
    return rd_left(&word) == strlen(text) && upgrade_prefix(word, text);
}

bool upgrade_word(struct rd line, const char *word)
{
    size_t n = strlen(word);
    int after = rd_peek(&line, n);
    return rd_left(&line) >= n && upgrade_prefix(line, word) && (after < 0 || blank(after));
}

bool upgrade_mentions(struct rd text, const char *word)
{
    size_t n = strlen(word);
    for (bool inside = false; rd_left(&text) >= n; rd_skip(&text, 1)) {
        int after = rd_peek(&text, n);
        if (!inside && upgrade_prefix(text, word) && (after < 0 || !isalnum(after)))
            return true;
        inside = isalnum(rd_peek(&text, 0));
    }
    return false;
}

unsigned upgrade_reply(struct rd line, bool *more)
{
    unsigned code = 0;
    *more = false;
    for (size_t i = 0; i < 3; i++) {
        int c = rd_peek(&line, i);
        if (c < '0' || c > '9')
            return 0;
        code = code * 10 + (unsigned)(c - '0');
    }
    int after = rd_peek(&line, 3);
    *more = after == '-';
    return code >= 100 && (after < 0 || after == '-' || blank(after)) ? code : 0;
}

bool upgrade_stripped(struct rd word)
{
    size_t n = rd_left(&word);
    if (n < 4)
        return false;
    for (size_t i = 0; i + 1 < n; i++)
        if (word.p[i] != 'X')
            return false;
    return word.p[n - 1] >= 'A' && word.p[n - 1] <= 'Z';
}

bool upgrade_clear_mechanism(struct rd word)
{
    static const char *const clear[] = { "PLAIN", "LOGIN", "XOAUTH2", "OAUTHBEARER", "AMQPLAIN" };
    while (rd_peek(&word, 0) == '"') /* ManageSieve quotes it */
        rd_skip(&word, 1);
    while (rd_left(&word) && word.end[-1] == '"')
        word.end--;
    for (size_t i = 0; i < sizeof clear / sizeof clear[0]; i++)
        if (upgrade_is(word, clear[i]))
            return true;
    return false;
}

void upgrade_ask(struct upgrade_state *s)
{
    s->requested = s->pending = s->confirmed = true;
    s->turns.tls = s->turns.sent;
}

enum up_verdict upgrade_accept(struct upgrade_state *s)
{
    s->pending = s->refused = false;
    s->refusal_code = 0;
    return UP_TLS;
}

enum up_verdict upgrade_refuse(struct upgrade_state *s, uint16_t code)
{
    s->pending = false;
    s->refused = true;
    s->refusal_code = code;
    return UP_REFUSED;
}
