/* SPDX-License-Identifier: Apache-2.0 */
/*
 * addr - who a party is: an IPv4 or IPv6 address, a MAC (EAPOL, RADIUS Calling-Station-Id), a keyed pseudonym
 * (--anonymize) or, where a protocol names parties by text, the hash of that text.
 *
 * The 16 bytes are canonical per kind (unused ones are zero), so parties compare and hash as plain memory. IPv4-mapped
 * IPv6 (::ffff:a.b.c.d) is stored as IPv4.
 */
#ifndef BASE_ADDR_H
#define BASE_ADDR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum addr_kind { ADDR_NONE, ADDR_IP4, ADDR_IP6, ADDR_MAC, ADDR_PSEUDO };

struct addr {
    uint8_t kind; /* enum addr_kind */
    uint8_t b[16]; /* IP4: b[0..3]; IP6: all; MAC: b[0..5]; PSEUDO: b[0..7] */
};

struct endpoint {
    struct addr addr;
    uint8_t pad; /* always 0: the struct is compared as memory */
    uint16_t port; /* host order; 0 where there is none */
};

enum { ADDR_TEXT = 64 }; /* enough for addr_print and endpoint_print, with the NUL */

struct addr addr_ip4(const uint8_t b[4]);
struct addr addr_ip6(const uint8_t b[16]); /* canonicalises IPv4-mapped */
struct addr addr_mac(const uint8_t b[6]);

bool addr_equal(const struct addr *a, const struct addr *b);
int addr_cmp(const struct addr *a, const struct addr *b); /* total order: kind, then bytes */
int endpoint_cmp(const struct endpoint *a, const struct endpoint *b);

/* A hash of two parties, whoever of them comes first; the same in every run. By it, what two hosts have to do with each other finds
 * its place in the tables that remember such things, and its thread among those that share the flows: LIMIT_SHARES parts of these
 * tables are dealt out to the threads. */
uint64_t addr_pair(const struct addr *a, const struct addr *b);
uint64_t addr_pair_ip6(const uint8_t a[16], const uint8_t b[16]); /* the same, of what is on the wire */

static inline uint64_t addr_fold(uint64_t a, uint64_t b)
{
    __extension__ typedef unsigned __int128 u128;
    u128 m = (u128)a * b;
    return (uint64_t)m ^ (uint64_t)(m >> 64);
}

/* Of the two halves of an address's 16 bytes. */
static inline uint64_t addr_half_pair(uint64_t lo, uint64_t hi)
{
    return addr_fold(lo ^ 0x9e3779b97f4a7c15u, hi ^ 0xbf58476d1ce4e5b9u);
}

static inline uint64_t addr_pair_of_halves(uint64_t a, uint64_t b)
{
    return addr_fold((a + b) ^ 0x94d049bb133111ebu, 0xd6e8feb86659fd93u);
}

/* Likewise of 4, 6 or 16 bytes each. */
static inline uint64_t addr_pair_wire(const uint8_t *a, const uint8_t *b, unsigned len)
{
    uint64_t x = 0, y = 0;
    if (len == 16)
        return addr_pair_ip6(a, b);
    memcpy(&x, a, 4);
    memcpy(&y, b, 4);
    if (len == 6) {
        memcpy((uint8_t *)&x + 4, a + 4, 2);
        memcpy((uint8_t *)&y + 4, b + 4, 2);
    }
    return addr_pair_of_halves(addr_half_pair(x, 0), addr_half_pair(y, 0));
}

/* Text into buf (RFC 5952 for IPv6; 00:11:22:33:44:55; client-0123456789abcdef). Returns buf. Never fails. */
const char *addr_print(const struct addr *a, char buf[ADDR_TEXT]);
/* "192.0.2.1:443", "[2001:db8::1]:443"; without the port when it is 0. Returns buf. */
const char *endpoint_print(const struct endpoint *e, char buf[ADDR_TEXT]);

/* Parse an IPv4/IPv6 address (link-local: with or without a zone, which is dropped) or a MAC. 0, or -1 and *a is ADDR_NONE. */
int addr_parse(const char *text, struct addr *a);

/* A CIDR prefix; a bare address is its own /32 or /128. */
struct cidr {
    struct addr addr;
    uint8_t bits; /* of the address itself: 0..32 or 0..128; MAC: 48; pseudonym: 64 */
};
int cidr_parse(const char *text, struct cidr *c); /* 0 or -1 */
/* Also a pseudonym as addr_print() writes it: only a client has one, and only where somebody names it, never by wire. */
int cidr_parse_client(const char *text, struct cidr *c);
bool cidr_has(const struct cidr *c, const struct addr *a);

/* The address with all but its first bits cleared (IPv6 only; others come back unchanged). For --client-prefix. */
struct addr addr_prefix(const struct addr *a, unsigned bits);

#endif
