/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LDAP (RFC 4511 section 4.14): the StartTLS extended request and the response with the same messageID; resultCode 0 is
 * the switch. BER lengths come in any form (Active Directory writes 30 84 ...). A search of the root DSE may tell whether
 * StartTLS is supported. After a bind with a password or by SASL the session stays as it is.
 */
#include "dissect/upgrade.h"
#include "base/limits.h"

enum op { BIND_REQUEST = 0x60, BIND_RESPONSE = 0x61, UNBIND = 0x42, SEARCH_REQUEST = 0x63, SEARCH_ENTRY = 0x64,
          SEARCH_DONE = 0x65, ABANDON = 0x50, EXTENDED_REQUEST = 0x77, EXTENDED_RESPONSE = 0x78 };
enum { SEQUENCE = 0x30, INTEGER = 2, OCTETS = 4, ENUMERATED = 10, REQUEST_NAME = 0x80, SIMPLE = 0x80, SASL = 0xa3 };
enum phase { MESSAGES, BOUND_BY_SASL };
enum { BOUND, BY_SASL }; /* s->small: the latest bind settles the session; and may seal it */
static const char starttls[] = "1.3.6.1.4.1.1466.20037";

/* s->word[0..1]: bytes of a long message still to come from server, client; word[2]: messageID of the StartTLS request;
 * word[3]: of the bind. s->small[0]: that bind is one with credentials. */
enum { TLS_ID = 2, BIND_ID = 3 };

/* Length octets after the tag: any definite form. false: short or not BER. */
static bool ber_length(struct rd *r, uint32_t *length)
{
    uint8_t first = rd_u8(r);
    *length = first;
    if (first < 0x80)
        return rd_ok(r);
    unsigned n = first & 0x7f;
    if (n == 0 || n > 4)
        return false;
    *length = 0;
    for (; n; n--)
        *length = *length << 8 | rd_u8(r);
    return rd_ok(r);
}

/* The next element: its tag and content. */
static uint8_t ber_element(struct rd *r, struct rd *content)
{
    uint8_t tag = rd_u8(r);
    uint32_t length;
    if (!ber_length(r, &length))
        rd_fail(r);
    *content = rd_sub(r, length);
    return rd_ok(r) ? tag : 0;
}

static uint32_t ber_integer(struct rd content)
{
    uint32_t v = 0;
    while (rd_left(&content))
        v = v << 8 | rd_u8(&content);
    return v;
}

static bool ldap_may_start(bool from_client, struct rd head)
{
    if (!from_client || head.p[0] != SEQUENCE)
        return false;
    uint32_t length;
    rd_skip(&head, 1);
    if (rd_left(&head) < 12)
        return true;
    if (!ber_length(&head, &length) || rd_u8(&head) != INTEGER)
        return false;
    rd_skip(&head, rd_u8(&head));
    uint8_t op = rd_u8(&head);
    return op == BIND_REQUEST || op == SEARCH_REQUEST || op == EXTENDED_REQUEST;
}

/* Behind a SASL bind: a security layer puts four bytes of length before what it wraps (RFC 4422 section 3.7). */
static bool is_wrapped(const struct upgrade_state *s, struct rd head)
{
    return s->phase == BOUND_BY_SASL && rd_peek(&head, 0) == 0;
}

static size_t ldap_unit(struct upgrade_state *s, bool from_client, struct rd head)
{
    struct rd r = head;
    uint32_t length;
    int tls = upgrade_hello(head);
    if (s->word[from_client]) {
        size_t n = rd_left(&head) < s->word[from_client] ? rd_left(&head) : s->word[from_client];
        return n < LIMIT_UPGRADE_UNIT ? n : LIMIT_UPGRADE_UNIT;
    }
    if (tls != 0)
        return tls < 0 || (from_client && s->pending) ? 0 : UPGRADE_UNIT_TLS;
    if (is_wrapped(s, head))
        return 1;
    if (rd_u8(&r) != SEQUENCE)
        return UPGRADE_UNIT_NOT;
    if (!ber_length(&r, &length))
        return rd_left(&head) < 6 ? 0 : UPGRADE_UNIT_NOT;
    size_t header = (size_t)(r.p - head.p);
    if (header + length > LIMIT_UPGRADE_UNIT) { /* a big answer goes by in pieces */
        if (!s->confirmed || length > 1U << 30)
            return UPGRADE_UNIT_NOT;
        s->word[from_client] = (uint32_t)(header + length);
        return header;
    }
    return rd_left(&r) >= length ? header + length : 0;
}

static void bind_request(struct upgrade_state *s, uint32_t id, struct rd op)
{
    struct rd content;
    (void)ber_element(&op, &content); /* version */
    (void)ber_element(&op, &content); /* name */
    uint8_t choice = ber_element(&op, &content);
    struct rd mechanism;
    bool password = choice == SIMPLE && rd_left(&content) > 0;
    bool clear = choice == SASL && ber_element(&content, &mechanism) == OCTETS && upgrade_clear_mechanism(mechanism);
    s->login = s->login || password || clear;
    s->small[BOUND] = password || (choice != 0 && choice != SIMPLE);
    s->small[BY_SASL] = choice == SASL && !clear;
    s->word[BIND_ID] = id;
}

static enum up_verdict ldap_client(struct upgrade_state *s, uint32_t id, uint8_t tag, struct rd op)
{
    struct rd content;
    if (tag == BIND_REQUEST)
        bind_request(s, id, op);
    if (tag == EXTENDED_REQUEST && ber_element(&op, &content) == REQUEST_NAME && upgrade_is(content, starttls)) {
        upgrade_ask(s);
        s->word[TLS_ID] = id;
    }
    bool request = tag == BIND_REQUEST || tag == SEARCH_REQUEST || tag == EXTENDED_REQUEST;
    s->confirmed = s->confirmed || request;
    return s->confirmed ? UP_MORE : UP_NOT_MINE;
}

static enum up_verdict ldap_server(struct upgrade_state *s, uint32_t id, uint8_t tag, struct rd op)
{
    struct rd code;
    if (tag == SEARCH_ENTRY && upgrade_mentions(op, starttls))
        s->offered = 2;
    if (tag == SEARCH_ENTRY && s->offered == 0 && upgrade_mentions(op, "supportedExtension"))
        s->offered = 1;
    bool response = tag == EXTENDED_RESPONSE || tag == BIND_RESPONSE;
    if (!response || ber_element(&op, &code) != ENUMERATED)
        return UP_MORE;
    uint32_t result = ber_integer(code);
    if (tag == EXTENDED_RESPONSE && s->pending && id == s->word[TLS_ID])
        return result == 0 ? upgrade_accept(s) : upgrade_refuse(s, (uint16_t)result);
    bool bound = tag == BIND_RESPONSE && result == 0 && id == s->word[BIND_ID] && s->small[BOUND];
    if (bound && s->small[BY_SASL]) /* what comes next tells whether it is sealed */
        s->phase = BOUND_BY_SASL;
    return bound && !s->small[BY_SASL] ? UP_PLAIN : UP_MORE;
}

static enum up_verdict ldap_step(struct upgrade_state *s, bool from_client, struct rd unit)
{
    uint32_t *rest = &s->word[from_client], length;
    if (*rest) {
        if (!from_client && upgrade_mentions(unit, starttls))
            s->offered = 2;
        *rest -= (uint32_t)(rd_left(&unit) < *rest ? rd_left(&unit) : *rest);
        return UP_MORE;
    }
    struct rd number, op;
    if (s->phase == BOUND_BY_SASL)
        return is_wrapped(s, unit) ? UP_OPAQUE : UP_PLAIN;
    rd_skip(&unit, 1);
    (void)ber_length(&unit, &length);
    if (ber_element(&unit, &number) != INTEGER)
        return s->confirmed ? UP_PLAIN : UP_NOT_MINE; /* a SASL layer took over, or it was not LDAP */
    uint8_t tag = ber_element(&unit, &op);
    return from_client ? ldap_client(s, ber_integer(number), tag, op) : ldap_server(s, ber_integer(number), tag, op);
}

const struct upgrade_proto upgrade_ldap = {
    .name = "ldap",
    .ports = { 389, 3268 },
    .may_start = ldap_may_start,
    .unit = ldap_unit,
    .step = ldap_step,
};
