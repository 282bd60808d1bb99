/* SPDX-License-Identifier: Apache-2.0 */
#include "report/escape.h"
#include "report/render.h"

/* Length of the well-formed UTF-8 character here and its code point; 0 when there is none (RFC 3629 section 4). */
static size_t utf8_char(struct rd text, uint32_t *code)
{
    static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    uint8_t b = text.p[0];
    size_t n = b < 0x80 ? 1 : (b & 0xe0) == 0xc0 ? 2 : (b & 0xf0) == 0xe0 ? 3 : (b & 0xf8) == 0xf0 ? 4 : 0;
    if (n == 0 || rd_left(&text) < n)
        return 0;
    uint32_t c = n == 1 ? b : b & (0x7fu >> n);
    for (size_t i = 1; i < n; i++) {
        if ((text.p[i] & 0xc0) != 0x80)
            return 0;
        c = c << 6 | (text.p[i] & 0x3f);
    }
    if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
        return 0;
    *code = c;
    return n;
}

/* Code points that a reader cannot see, or that change how their neighbours are read (Unicode TR 36, section 3). */
static bool deceives(uint32_t c)
{
    static const struct {
        uint32_t from, to;
    } range[] = {
        { 0x00, 0x1f },     { 0x7f, 0x9f },     { 0xad, 0xad },       { 0x61c, 0x61c },     { 0x115f, 0x1160 },
        { 0x180b, 0x180e }, { 0x200b, 0x200f }, { 0x2028, 0x202e },   { 0x2060, 0x206f },   { 0x3164, 0x3164 },
        { 0xfe00, 0xfe0f }, { 0xfeff, 0xfeff }, { 0xfff9, 0xfffb },   { 0xfffe, 0xffff },   { 0xe0000, 0xe0fff },
    };
    for (size_t i = 0; i < sizeof range / sizeof range[0]; i++)
        if (c >= range[i].from && c <= range[i].to)
            return true;
    return false;
}

size_t escape_unit(struct rd *text, char out[ESCAPE_UNIT])
{
    static const char hex[] = "0123456789abcdef";
    uint32_t code = 0;
    size_t n = utf8_char(*text, &code), len = 0;
    bool hide = n == 0 || deceives(code) || (code == '\\' && rd_peek(text, 1) == 'x');
    for (size_t i = 0; i < (n ? n : 1); i++) {
        uint8_t b = rd_u8(text);
        if (hide) {
            out[len++] = '\\';
            out[len++] = 'x';
            out[len++] = hex[b >> 4];
            out[len++] = hex[b & 15];
        } else {
            out[len++] = (char)b;
        }
    }
    return len;
}

const char *escape_text(struct rd wire, char *buf, size_t cap)
{
    size_t used = 0;
    while (rd_left(&wire)) {
        char unit[ESCAPE_UNIT];
        size_t n = escape_unit(&wire, unit);
        if (used + n >= cap) /* cut between characters, never inside one */
            break;
        memcpy(buf + used, unit, n);
        used += n;
    }
    if (cap)
        buf[used] = '\0';
    return buf;
}
