/* SPDX-License-Identifier: Apache-2.0 */
/* Could these bytes begin a TLS or SSLv2 stream? Asked about every first segment: it reads a few fields only. */
#include "base/limits.h"
#include "dissect/handshake.h"
#include "dissect/record.h"
#include "dissect/sslv2.h"
#include "dissect/tls.h"

/* The fields at the start of a hello, as far as they are there. */
static bool hello_start(struct rd b, uint16_t record_length)
{
    uint8_t type = rd_u8(&b);
    uint32_t length = rd_u24(&b);
    uint16_t version = rd_u16(&b);
    rd_skip(&b, 32);
    uint8_t session_id = rd_u8(&b);
    bool version_known = version >> 8 == 3 || (type == HS_SERVER_HELLO && version_canonical(version) == VER_TLS13);
    if ((type != HS_CLIENT_HELLO && type != HS_SERVER_HELLO) || length < 38 || length > LIMIT_HELLO_BYTES)
        return false;
    if (!version_known || (rd_ok(&b) && version >> 8 == 3 && session_id > 32))
        return false;
    /* a ClientHello ends its record: nothing may follow it before an answer */
    return type == HS_SERVER_HELLO || record_length <= length + 4;
}

/* The head of a CLIENT-HELLO or SERVER-HELLO of SSLv2, whose lengths must add up to the record's. */
static bool sslv2_start(struct rd b)
{
    int first = rd_peek(&b, 0);
    size_t head = first & 0x80 ? 2 : 3;
    uint16_t length = (uint16_t)(rd_u16(&b) & (head == 2 ? 0x7fff : 0x3fff));
    if (head == 3 && ((first & 0x40) || rd_u8(&b) != 0))
        return false;
    uint8_t type = rd_u8(&b);
    bool answer = type == SSLV2_SERVER_HELLO;
    uint8_t hit = answer ? rd_u8(&b) : 0, kind = answer ? rd_u8(&b) : 0;
    uint16_t version = rd_u16(&b), one = rd_u16(&b), suites = rd_u16(&b), last = rd_u16(&b);
    if (!rd_ok(&b))
        return false;
    if (answer)
        return version == VER_SSL2 && hit <= 1 && kind <= 1 && suites % 3 == 0 && length == 11u + one + suites + last;
    uint16_t offered = one, session_id = suites, challenge = last;
    return type == SSLV2_CLIENT_HELLO && (version == VER_SSL2 || version >> 8 == 3) && offered >= 3 && offered % 3 == 0 &&
           (session_id == 0 || session_id == 16) && challenge >= 16 && challenge <= 32 &&
           length == 9u + offered + session_id + challenge;
}

/* A prefix too short to tell more. Three bytes of header end with the padding, which hellos have none of. */
static bool sslv2_prefix(struct rd b)
{
    int first = rd_peek(&b, 0);
    bool two = first & 0x80;
    int type = rd_peek(&b, two ? 2 : 3);
    return (two || ((first & 0x40) == 0 && rd_peek(&b, 2) <= 0)) && rd_left(&b) < 14 &&
           (type < 0 || type == SSLV2_CLIENT_HELLO || type == SSLV2_SERVER_HELLO);
}

bool tls_looks_like(struct rd b, bool strict)
{
    enum { HEAD = 5, ENOUGH = HEAD + 4 + 2 };
    if (rd_left(&b) == 0)
        return false;
    bool tls = record_header_plausible(b);
    if (strict) {
        if (!tls || *b.p != RECORD_HANDSHAKE || rd_left(&b) < ENOUGH)
            return sslv2_start(b);
        rd_skip(&b, 3);
        uint16_t length = rd_u16(&b);
        return length >= 4 && hello_start(b, length);
    }
    if (!tls)
        return sslv2_start(b) || sslv2_prefix(b);
    rd_skip(&b, HEAD);
    if (rd_left(&b) == 0 || (b.p - HEAD)[0] != RECORD_HANDSHAKE)
        return true;
    uint8_t type = rd_u8(&b);
    return type == HS_CLIENT_HELLO || type == HS_SERVER_HELLO || type == HS_HELLO_RETRY_REQUEST;
}
