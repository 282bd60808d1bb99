/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP CONNECT (RFC 9110 section 9.3.6): any 2xx opens a tunnel, in which anything may follow, another CONNECT included; a
 * 407 is followed by a second try on the same connection. The true server is the target.
 *
 * HTTP Upgrade (RFC 9110 section 7.8, RFC 2817): 101 switches. The token says TLS/1.0 whatever version follows. What
 * follows another token (a WebSocket, a product's own tunnel) is looked at afresh; TLS inside WebSocket frames is unwrapped.
 */
#include "dissect/upgrade.h"
#include "base/limits.h"

enum phase { HEADERS, WEBSOCKET };
enum { BODY_SERVER, BODY_CLIENT }; /* s->word: bytes of a body still to come; BODY_UNKNOWN: until the next status line */
enum { FRAME = 2 }; /* s->word: payload of the WebSocket frame being unwrapped that is still to come */
enum { WS_FRAMES = 8 }; /* frames looked at for the start of TLS */
#define BODY_UNKNOWN UINT32_MAX

/* --- header fields --- */

static struct rd header_field(struct rd header, const char *name)
{
    while (rd_left(&header)) {
        struct rd line = rd_sub(&header, upgrade_line(header));
        size_t n = strlen(name);
        if (rd_left(&line) == 0)
            break;
        if (!upgrade_prefix(line, name))
            continue;
        rd_skip(&line, n);
        if (rd_u8(&line) == ':')
            return line;
    }
    return rd_of("", 0);
}

static unsigned status_code(struct rd header)
{
    bool more;
    if (!upgrade_prefix(header, "HTTP/1."))
        return 0;
    (void)upgrade_token(&header);
    return upgrade_reply(upgrade_token(&header), &more);
}

/* How long the body behind this header is. Chunked, or until the end of the connection: unknown. */
static uint32_t body_length(struct rd header, uint32_t unsaid)
{
    struct rd value = header_field(header, "Content-Length"), digits = upgrade_token(&value);
    if (rd_left(&digits) == 0)
        return unsaid;
    uint64_t n = 0;
    while (rd_left(&digits) && n < BODY_UNKNOWN) {
        uint8_t c = rd_u8(&digits);
        if (c < '0' || c > '9')
            return BODY_UNKNOWN;
        n = n * 10 + (uint64_t)(c - '0');
    }
    return n < BODY_UNKNOWN ? (uint32_t)n : BODY_UNKNOWN;
}

static bool starts_message(struct rd head, bool from_client)
{
    return from_client ? upgrade_prefix(head, "CONNECT ") : upgrade_prefix(head, "HTTP/1.");
}

static size_t body_unit(struct upgrade_state *s, bool from_client, struct rd head)
{
    size_t n = rd_left(&head) < LIMIT_UPGRADE_UNIT ? rd_left(&head) : LIMIT_UPGRADE_UNIT;
    if (s->word[from_client] == BODY_UNKNOWN) { /* lines, until the next message */
        if (starts_message(head, from_client))
            return upgrade_header(head);
        const uint8_t *lf = memchr(head.p, '\n', n);
        return lf ? (size_t)(lf - head.p) + 1 : n;
    }
    return n < s->word[from_client] ? n : s->word[from_client];
}

/* Is this unit a part of a body? Counts it off. */
static bool body_step(struct upgrade_state *s, bool from_client, struct rd unit)
{
    uint32_t *body = &s->word[from_client];
    if (*body == 0)
        return false;
    if (*body == BODY_UNKNOWN) {
        if (starts_message(unit, from_client) && rd_left(&unit) > 8) {
            *body = 0;
            return false;
        }
        return true;
    }
    *body -= (uint32_t)(rd_left(&unit) < *body ? rd_left(&unit) : *body);
    return true;
}

static bool basic_credentials(struct rd header, const char *field)
{
    struct rd value = header_field(header, field);
    return upgrade_is(upgrade_token(&value), "Basic");
}

/* --- CONNECT --- */

static bool connect_may_start(bool from_client, struct rd head)
{
    return from_client && upgrade_prefix(head, "CONNECT ");
}

static size_t connect_unit(struct upgrade_state *s, bool from_client, struct rd head)
{
    if (s->word[from_client])
        return body_unit(s, from_client, head);
    if (from_client)
        return upgrade_prefix(head, "CONNECT ") ? upgrade_header(head) : s->pending ? 0 : UPGRADE_UNIT_NOT;
    int tls = upgrade_hello(head);
    if (tls != 0) /* the proxy's answer was lost */
        return tls > 0 ? UPGRADE_UNIT_TLS : 0;
    return upgrade_prefix(head, "HTTP/1.") ? upgrade_header(head) : UPGRADE_UNIT_NOT;
}

static enum up_verdict connect_request(struct upgrade_state *s, struct rd header)
{
    struct rd line = header;
    (void)upgrade_token(&line);
    struct rd target = upgrade_token(&line);
    size_t n = rd_left(&target) < sizeof s->tag ? rd_left(&target) : sizeof s->tag - 1;
    if (n == 0 || !upgrade_prefix(upgrade_token(&line), "HTTP/1."))
        return UP_NOT_MINE;
    memcpy(s->tag, target.p, n);
    s->tag[n] = '\0';
    s->has_target = true;
    s->login = s->login || basic_credentials(header, "Proxy-Authorization");
    upgrade_ask(s);
    return UP_MORE;
}

static enum up_verdict connect_step(struct upgrade_state *s, bool from_client, struct rd unit)
{
    if (body_step(s, from_client, unit))
        return UP_MORE;
    if (from_client)
        return connect_request(s, unit);
    unsigned code = status_code(unit);
    if (code == 0)
        return UP_NOT_MINE;
    if (code < 200)
        return UP_MORE;
    if (code < 300) {
        (void)upgrade_accept(s);
        return UP_RESTART;
    }
    s->word[BODY_SERVER] = body_length(unit, BODY_UNKNOWN);
    return upgrade_refuse(s, (uint16_t)code);
}

const struct upgrade_proto upgrade_connect = {
    .name = "http-connect",
    .tunnel = true,
    .ports = { 3128, 8080, 8000, 8888, 80 },
    .may_start = connect_may_start,
    .unit = connect_unit,
    .step = connect_step,
};

/* --- Upgrade --- */

static bool is_method(struct rd head)
{
    static const char *const methods[] = { "GET ", "OPTIONS ", "POST ", "HEAD ", "PUT " };
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
        if (upgrade_prefix(head, methods[i]))
            return true;
    return false;
}

/* Asked about every web request: one without an Upgrade field, as most are, is turned away here. */
static bool http_upgrade_may_start(bool from_client, struct rd head)
{
    if (!from_client || !is_method(head))
        return false;
    size_t n = upgrade_header(head);
    if (n == 0 || n == UPGRADE_UNIT_NOT)
        return n == 0;
    struct rd value = header_field(rd_of(head.p, n), "Upgrade");
    return rd_left(&value) > 0;
}

/* The header of a WebSocket frame (RFC 6455 section 5.2) and where its payload begins; false: more bytes. */
static bool frame_header(struct rd *r, uint64_t *length, uint32_t *mask, bool *masked)
{
    rd_skip(r, 1);
    uint8_t second = rd_u8(r);
    *length = second & 0x7f;
    if (*length == 126)
        *length = rd_u16(r);
    else if (*length == 127)
        *length = rd_u64(r);
    *masked = second & 0x80;
    *mask = *masked ? rd_u32(r) : 0;
    return rd_ok(r);
}

/* TLS at the start of this frame's payload? As upgrade_hello. */
static int frame_hello(struct rd head)
{
    uint64_t length;
    uint32_t mask;
    bool masked;
    uint8_t first[8];
    if (!frame_header(&head, &length, &mask, &masked))
        return -1;
    size_t n = length < sizeof first ? (size_t)length : sizeof first;
    if (rd_left(&head) < n)
        return -1;
    for (size_t i = 0; i < n; i++)
        first[i] = head.p[i] ^ (uint8_t)(mask >> (24 - 8 * (i % 4)));
    return upgrade_hello(rd_of(first, n)) > 0;
}

static size_t frame_unit(struct upgrade_state *s, bool from_client, struct rd head)
{
    uint64_t length;
    uint32_t mask;
    bool masked;
    int tls = frame_hello(head);
    if (tls != 0)
        return tls < 0 ? 0 : UPGRADE_UNIT_TLS;
    struct rd payload = head;
    (void)frame_header(&payload, &length, &mask, &masked);
    if (length > LIMIT_UPGRADE_UNIT || s->small[from_client]++ >= WS_FRAMES)
        return UPGRADE_UNIT_NOT;
    if (rd_left(&payload) < length) {
        s->small[from_client]--;
        return 0;
    }
    return (size_t)(payload.p - head.p) + (size_t)length;
}

static size_t http_upgrade_unit(struct upgrade_state *s, bool from_client, struct rd head)
{
    int tls = upgrade_hello(head);
    if (tls != 0)
        return tls < 0 || (from_client && s->pending) ? 0 : UPGRADE_UNIT_TLS;
    if (s->phase == WEBSOCKET)
        return frame_unit(s, from_client, head);
    if (s->word[from_client])
        return body_unit(s, from_client, head);
    if (from_client)
        return is_method(head) ? upgrade_header(head) : s->pending ? 0 : UPGRADE_UNIT_NOT;
    return upgrade_prefix(head, "HTTP/1.") ? upgrade_header(head) : UPGRADE_UNIT_NOT;
}

static enum up_verdict http_request(struct upgrade_state *s, struct rd header)
{
    struct rd token = header_field(header, "Upgrade");
    s->word[BODY_CLIENT] = body_length(header, 0);
    s->login = s->login || basic_credentials(header, "Authorization");
    if (rd_left(&token) == 0)
        return s->confirmed ? UP_MORE : UP_NOT_MINE;
    struct rd first = upgrade_token(&token);
    s->small[2] = upgrade_prefix(first, "TLS/") || upgrade_mentions(token, "TLS/1"); /* a list, the best first */
    s->small[3] = upgrade_is(first, "websocket");
    if (s->small[2])
        upgrade_ask(s);
    s->pending = true;
    return UP_MORE;
}

static enum up_verdict http_response(struct upgrade_state *s, struct rd header)
{
    unsigned code = status_code(header);
    struct rd token = header_field(header, "Upgrade");
    if (code == 0)
        return UP_NOT_MINE;
    if (upgrade_mentions(token, "TLS/1") || code == 426)
        s->offered = 2;
    if (code == 101) {
        s->pending = false;
        if (s->small[2] && upgrade_mentions(token, "TLS"))
            return upgrade_accept(s);
        if (!s->small[3])
            return UP_RESTART;
        s->phase = WEBSOCKET;
        return UP_MORE;
    }
    if (code < 200)
        return UP_MORE;
    s->word[BODY_SERVER] = body_length(header, BODY_UNKNOWN);
    if (!s->requested)
        return UP_NOT_MINE;
    return s->pending ? upgrade_refuse(s, (uint16_t)code) : UP_MORE;
}

static enum up_verdict http_upgrade_step(struct upgrade_state *s, bool from_client, struct rd unit)
{
    if (s->phase == WEBSOCKET || body_step(s, from_client, unit))
        return UP_MORE;
    return from_client ? http_request(s, unit) : http_response(s, unit);
}

/* s->word[2 + direction]: payload of the open frame still to come; s->small[4 + 5 * direction]: its mask and the place in it.
 * Unmasked bytes lie in s->tag until the next call, so a frame is given in pieces of that size. */
static bool http_unwrap(struct upgrade_state *s, bool from_client, struct rd *wire, struct rd *tls, bool *bare)
{
    uint32_t *left = &s->word[FRAME + from_client];
    uint8_t *mask = &s->small[4 + 5 * from_client], *at = mask + 4;
    *tls = rd_of(wire->p, 0);
    if (s->phase != WEBSOCKET || (*left == 0 && upgrade_hello(*wire) > 0)) {
        *bare = true;
        return true;
    }
    if (*left == 0) {
        uint64_t length;
        uint32_t key;
        bool masked;
        struct rd r = *wire;
        if (!frame_header(&r, &length, &key, &masked))
            return false;
        *left = length > UINT32_MAX ? UINT32_MAX : (uint32_t)length;
        *at = 0;
        for (unsigned i = 0; i < 4; i++)
            mask[i] = (uint8_t)(key >> (24 - 8 * i));
        *wire = r;
        return true;
    }
    size_t n = rd_left(wire) < *left ? rd_left(wire) : *left;
    n = n < sizeof s->tag ? n : sizeof s->tag;
    if (n == 0)
        return false;
    for (size_t i = 0; i < n; i++, *at = (*at + 1) & 3)
        ((uint8_t *)s->tag)[i] = wire->p[i] ^ mask[*at];
    *tls = rd_of(s->tag, n);
    *left -= (uint32_t)n;
    rd_skip(wire, n);
    return true;
}

const struct upgrade_proto upgrade_http = {
    .name = "http-upgrade",
    .ports = { 631, 80, 8080 },
    .may_start = http_upgrade_may_start,
    .unit = http_upgrade_unit,
    .step = http_upgrade_step,
    .unwrap = http_unwrap,
};
