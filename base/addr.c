/* SPDX-License-Identifier: Apache-2.0 */
#include "base/addr.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct addr addr_ip4(const uint8_t b[4])
{
    struct addr a = { .kind = ADDR_IP4 };
    memcpy(a.b, b, 4);
    return a;
}

struct addr addr_ip6(const uint8_t b[16])
{
    static const uint8_t mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff }; /* RFC 4291 section 2.5.5.2 */
    if (memcmp(b, mapped, sizeof mapped) == 0)
        return addr_ip4(b + 12);
    struct addr a = { .kind = ADDR_IP6 };
    memcpy(a.b, b, 16);
    return a;
}

struct addr addr_mac(const uint8_t b[6])
{
    struct addr a = { .kind = ADDR_MAC };
    memcpy(a.b, b, 6);
    return a;
}

bool addr_equal(const struct addr *a, const struct addr *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

int addr_cmp(const struct addr *a, const struct addr *b)
{
    return memcmp(a, b, sizeof *a);
}

int endpoint_cmp(const struct endpoint *a, const struct endpoint *b)
{
    int c = addr_cmp(&a->addr, &b->addr);
    return c ? c : (a->port > b->port) - (a->port < b->port);
}

static uint64_t half_pair(const struct addr *a)
{
    uint64_t v[2];
    memcpy(v, a->b, sizeof v);
    return addr_half_pair(v[0], v[1]);
}

uint64_t addr_pair(const struct addr *a, const struct addr *b)
{
    return addr_pair_of_halves(half_pair(a), half_pair(b));
}

uint64_t addr_pair_ip6(const uint8_t a[16], const uint8_t b[16])
{
    const struct addr x = addr_ip6(a), y = addr_ip6(b);
    return addr_pair(&x, &y);
}

const char *addr_print(const struct addr *a, char buf[ADDR_TEXT])
{
    const uint8_t *b = a->b;
    switch ((enum addr_kind)a->kind) {
    case ADDR_IP4:
        (void)snprintf(buf, ADDR_TEXT, "%u.%u.%u.%u", b[0], b[1], b[2], b[3]);
        return buf;
    case ADDR_IP6:
        if (inet_ntop(AF_INET6, b, buf, ADDR_TEXT))
            return buf;
        break;
    case ADDR_MAC:
        (void)snprintf(buf, ADDR_TEXT, "%02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3], b[4], b[5]);
        return buf;
    case ADDR_PSEUDO:
        (void)snprintf(buf, ADDR_TEXT, "client-%02x%02x%02x%02x%02x%02x%02x%02x", b[0], b[1], b[2], b[3], b[4], b[5], b[6],
                       b[7]);
        return buf;
    case ADDR_NONE:
        break;
    }
    (void)snprintf(buf, ADDR_TEXT, "-");
    return buf;
}

const char *endpoint_print(const struct endpoint *e, char buf[ADDR_TEXT])
{
    char host[ADDR_TEXT];
    addr_print(&e->addr, host);
    if (e->port == 0)
        (void)snprintf(buf, ADDR_TEXT, "%s", host);
    else if (e->addr.kind == ADDR_IP6)
        (void)snprintf(buf, ADDR_TEXT, "[%.45s]:%u", host, e->port);
    else
        (void)snprintf(buf, ADDR_TEXT, "%.45s:%u", host, e->port);
    return buf;
}

static int mac_parse(const char *text, struct addr *a)
{
    uint8_t b[6];
    for (int i = 0; i < 6; i++) {
        char *end;
        unsigned long v = strtoul(text, &end, 16);
        if (end == text || end - text > 2 || v > 255)
            return -1;
        if (i < 5 ? (*end != ':' && *end != '-') : *end != '\0')
            return -1;
        b[i] = (uint8_t)v;
        text = end + 1;
    }
    *a = addr_mac(b);
    return 0;
}

/* "fe80::1%eth0", as systems show it: the zone is theirs and not on the wire (RFC 4007 section 11). */
static bool zoned_parse(const char *text, const char *percent, struct addr *a)
{
    char plain[INET6_ADDRSTRLEN];
    uint8_t b[16];
    size_t n = (size_t)(percent - text);
    if (n >= sizeof plain || percent[1] == '\0')
        return false;
    memcpy(plain, text, n);
    plain[n] = '\0';
    if (inet_pton(AF_INET6, plain, b) != 1 || b[0] != 0xfe || (b[1] & 0xc0) != 0x80)
        return false;
    *a = addr_ip6(b);
    return true;
}

int addr_parse(const char *text, struct addr *a)
{
    uint8_t b[16];
    const char *percent = strchr(text, '%');
    *a = (struct addr){ .kind = ADDR_NONE };
    if (percent)
        return zoned_parse(text, percent, a) ? 0 : -1;
    if (inet_pton(AF_INET, text, b) == 1)
        *a = addr_ip4(b);
    else if (inet_pton(AF_INET6, text, b) == 1)
        *a = addr_ip6(b);
    else
        return mac_parse(text, a);
    return 0;
}

static unsigned addr_bits(const struct addr *a)
{
    return a->kind == ADDR_IP4 ? 32 : a->kind == ADDR_IP6 ? 128 : 48;
}

static bool pseudonym_parse(const char *text, struct addr *a)
{
    static const char prefix[] = "client-", digits[] = "0123456789abcdef";
    const char *hex = text + sizeof prefix - 1;
    if (strncmp(text, prefix, sizeof prefix - 1) != 0 || strlen(hex) != 16 || strspn(hex, digits) != 16)
        return false;
    *a = (struct addr){ .kind = ADDR_PSEUDO };
    for (unsigned i = 0; i < 16; i++)
        a->b[i / 2] = (uint8_t)(a->b[i / 2] << 4 | (strchr(digits, hex[i]) - digits));
    return true;
}

int cidr_parse_client(const char *text, struct cidr *c)
{
    if (!pseudonym_parse(text, &c->addr))
        return cidr_parse(text, c);
    c->bits = 64;
    return 0;
}

int cidr_parse(const char *text, struct cidr *c)
{
    char host[ADDR_TEXT];
    const char *slash = strchr(text, '/');
    size_t n = slash ? (size_t)(slash - text) : strlen(text);
    if (n >= sizeof host)
        return -1;
    memcpy(host, text, n);
    host[n] = '\0';
    if (addr_parse(host, &c->addr))
        return -1;
    unsigned max = addr_bits(&c->addr);
    c->bits = (uint8_t)max;
    if (!slash)
        return 0;
    char *end;
    unsigned long v = strtoul(slash + 1, &end, 10);
    if (end == slash + 1 || *end || v > max)
        return -1;
    c->bits = (uint8_t)v;
    return 0;
}

static bool bits_equal(const uint8_t *a, const uint8_t *b, unsigned bits)
{
    unsigned whole = bits / 8, rest = bits % 8;
    if (memcmp(a, b, whole) != 0)
        return false;
    return rest == 0 || (uint8_t)((a[whole] ^ b[whole]) >> (8 - rest)) == 0;
}

bool cidr_has(const struct cidr *c, const struct addr *a)
{
    return a->kind == c->addr.kind && bits_equal(a->b, c->addr.b, c->bits);
}

struct addr addr_prefix(const struct addr *a, unsigned bits)
{
    struct addr out = *a;
    if (a->kind != ADDR_IP6 || bits >= 128)
        return out;
    for (unsigned i = 0; i < 16; i++) {
        unsigned keep = bits > i * 8 ? bits - i * 8 : 0;
        if (keep < 8)
            out.b[i] &= (uint8_t)(0xff00u >> keep);
    }
    return out;
}
