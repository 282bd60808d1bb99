/* SPDX-License-Identifier: Apache-2.0 */
#include "dissect/names.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct suite_index {
    const char *name;
    uint16_t at; /* in suites[] */
};
struct group {
    uint16_t id, bits;
    bool pq;
    const char *name;
};
struct code_name {
    uint16_t id;
    const char *name;
};

#include "dissect/names_table.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static int suite_cmp(const void *key, const void *row)
{
    uint32_t id = *(const uint32_t *)key, other = ((const struct suite *)row)->id;
    return (id > other) - (id < other);
}

const struct suite *suite_find(uint32_t id)
{
    return bsearch(&id, suites, COUNT(suites), sizeof suites[0], suite_cmp);
}

static int index_cmp(const void *key, const void *row)
{
    return strcasecmp(key, ((const struct suite_index *)row)->name);
}

const struct suite *suite_by_name(const char *name)
{
    const struct suite_index *i = bsearch(name, suites_by_name, COUNT(suites_by_name), sizeof suites_by_name[0], index_cmp);
    return i ? &suites[i->at] : NULL;
}

const struct suite *suite_table(size_t *n)
{
    *n = COUNT(suites);
    return suites;
}

const char *suite_kx_name(uint8_t kx)
{
    static const char *const names[] = {
        [KX_NONE] = "none",           [KX_NULL] = "NULL",         [KX_RSA] = "RSA",         [KX_DH] = "DH",
        [KX_DHE] = "DHE",             [KX_ECDH] = "ECDH",         [KX_ECDHE] = "ECDHE",     [KX_PSK] = "PSK",
        [KX_DHE_PSK] = "DHE_PSK",     [KX_ECDHE_PSK] = "ECDHE_PSK", [KX_RSA_PSK] = "RSA_PSK", [KX_SRP] = "SRP",
        [KX_KRB5] = "KRB5",           [KX_GOST] = "GOST",         [KX_ECCPWD] = "ECCPWD",   [KX_FORTEZZA] = "FORTEZZA",
        [KX_ANY] = "any",             [KX_ECJPAKE] = "ECJPAKE",   [KX_CECPQ1] = "CECPQ1",   [KX_SM2] = "SM2",
        [KX_IBC] = "IBC",
    };
    assert(kx < COUNT(names));
    return names[kx];
}

const char *suite_au_name(uint8_t au)
{
    static const char *const names[] = {
        [AU_NONE] = "None", [AU_NULL] = "NULL",     [AU_RSA] = "RSA",           [AU_DSS] = "DSS",   [AU_ECDSA] = "ECDSA",
        [AU_PSK] = "PSK",   [AU_SRP] = "SRP",       [AU_KRB5] = "KRB5",         [AU_GOST] = "GOST", [AU_ECCPWD] = "ECCPWD",
        [AU_FORTEZZA] = "FORTEZZA", [AU_DH] = "DH", [AU_ECDH] = "ECDH",         [AU_ANY] = "any",
        [AU_ECJPAKE] = "ECJPAKE",   [AU_SM2] = "SM2", [AU_IBC] = "IBC",
    };
    assert(au < COUNT(names));
    return names[au];
}

const char *suite_mode_name(uint8_t mode)
{
    static const char *const names[] = { [MODE_NULL] = "null", [MODE_STREAM] = "stream", [MODE_CBC] = "cbc",
                                         [MODE_AEAD] = "aead", [MODE_CNT] = "cnt" };
    assert(mode < COUNT(names));
    return names[mode];
}

static const char *hex_name(uint16_t id, char buf[NAME_TEXT])
{
    (void)snprintf(buf, NAME_TEXT, "0x%04x", id);
    return buf;
}

/* Code points are the first member of every row. */
static int code_cmp(const void *key, const void *row)
{
    return *(const uint16_t *)key - *(const uint16_t *)row;
}

static const char *code_find(const struct code_name *table, size_t n, uint16_t id, char buf[NAME_TEXT])
{
    const struct code_name *row = bsearch(&id, table, n, sizeof *table, code_cmp);
    return row ? row->name : hex_name(id, buf);
}

static uint16_t code_by_name(const struct code_name *table, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcasecmp(table[i].name, name) == 0)
            return table[i].id;
    return 0;
}

static const struct group *group_find(uint16_t id)
{
    return bsearch(&id, groups, COUNT(groups), sizeof groups[0], code_cmp);
}

const char *group_name(uint16_t group, char buf[NAME_TEXT])
{
    const struct group *g = group_find(group);
    return g ? g->name : hex_name(group, buf);
}

uint16_t group_by_name(const char *name)
{
    for (size_t i = 0; i < COUNT(groups); i++)
        if (strcasecmp(groups[i].name, name) == 0)
            return groups[i].id;
    return code_by_name(group_aliases, COUNT(group_aliases), name);
}

uint16_t group_nth(size_t i)
{
    return i < COUNT(groups) ? groups[i].id : 0;
}

uint16_t sigscheme_nth(size_t i)
{
    return i < COUNT(sigschemes) ? sigschemes[i].id : 0;
}

unsigned group_bits(uint16_t group)
{
    const struct group *g = group_find(group);
    return g ? g->bits : 0;
}

bool group_is_hybrid_pq(uint16_t group)
{
    const struct group *g = group_find(group);
    return g && g->pq;
}

const char *sigscheme_name(uint16_t scheme, char buf[NAME_TEXT])
{
    return code_find(sigschemes, COUNT(sigschemes), scheme, buf);
}

uint16_t sigscheme_by_name(const char *name)
{
    return code_by_name(sigschemes, COUNT(sigschemes), name);
}

const char *alert_name(uint8_t code, char buf[NAME_TEXT])
{
    const struct code_name *row = bsearch(&(uint16_t){ code }, alerts, COUNT(alerts), sizeof alerts[0], code_cmp);
    if (row)
        return row->name;
    (void)snprintf(buf, NAME_TEXT, "0x%02x", code);
    return buf;
}

/* digits: what follows the family in a name that a person types, the dot left out. */
static const struct version {
    uint16_t id;
    int rank;
    const char *name, *family, *digits;
} versions[] = {
    { VER_SSL2, 1, "SSLv2", "ssl", "2" },         { VER_SSL3, 2, "SSLv3", "ssl", "3" },
    { VER_TLS10, 3, "TLSv1.0", "tls", "1" },      { VER_TLS11, 4, "TLSv1.1", "tls", "11" },
    { VER_TLS12, 5, "TLSv1.2", "tls", "12" },     { VER_TLS13, 6, "TLSv1.3", "tls", "13" },
    { VER_DTLS10, 4, "DTLSv1.0", "dtls", "1" },   { VER_DTLS12, 5, "DTLSv1.2", "dtls", "12" },
    { VER_DTLS13, 6, "DTLSv1.3", "dtls", "13" },
};

static const struct version *version_row(uint16_t id)
{
    for (size_t i = 0; i < COUNT(versions); i++)
        if (versions[i].id == id)
            return &versions[i];
    return NULL;
}

uint16_t version_canonical(uint16_t wire)
{
    if (wire >= VER_SSL3 && wire <= VER_TLS13)
        return wire;
    if (version_row(wire))
        return wire;
    if (wire == VER_DTLS10_OPENSSL)
        return VER_DTLS10;
    switch (wire >> 8) {
    case 0x7e: /* experiments: 0x7e01, 0x7e02 of Google and Mozilla against intolerant middleboxes */
    case 0x7f: /* drafts of RFC 8446 */
    case 0xfb: /* Facebook's (fizz), 0xfb17 and 0xfb1a */
        return VER_TLS13;
    default:
        return VER_NONE;
    }
}

const char *version_name(uint16_t version, char buf[NAME_TEXT])
{
    const struct version *v = version_row(version == VER_DTLS10_OPENSSL ? VER_DTLS10 : version);
    if (v)
        return v->name;
    if (version > 0x7f00 && version <= 0x7f1c) {
        (void)snprintf(buf, NAME_TEXT, "TLSv1.3-draft%u", version & 0xffu);
        return buf;
    }
    return hex_name(version, buf);
}

int version_rank(uint16_t version)
{
    if (version >= VER_SSL3 && version <= VER_TLS13) /* nearly always, and asked for every row of a report */
        return version - VER_SSL3 + 2; /* as in versions[] */
    const struct version *v = version_row(version_canonical(version));
    return v ? v->rank : 0;
}

/* "TLS 1.2", "tlsv1_2", "1.2" to family "tls" and digits "12"; "1.0" and "1" are the same. */
uint16_t version_by_name(const char *name)
{
    char family[5] = "", digits[4] = "";
    size_t nf = 0, nd = 0;
    for (; *name; name++) {
        char ch = (char)tolower((unsigned char)*name);
        if (ch == '.' || ch == ' ' || ch == '_' || ch == '-' || (ch == 'v' && nd == 0))
            continue;
        if (isdigit((unsigned char)ch) ? nd + 1 >= sizeof digits : nd > 0 || nf + 1 >= sizeof family)
            return VER_NONE;
        if (isdigit((unsigned char)ch))
            digits[nd++] = ch;
        else
            family[nf++] = ch;
    }
    if (nd == 2 && digits[1] == '0')
        digits[1] = '\0';
    if (nf == 0)
        memcpy(family, "tls", sizeof "tls");
    for (size_t i = 0; i < COUNT(versions); i++)
        if (strcmp(versions[i].family, family) == 0 && strcmp(versions[i].digits, digits) == 0)
            return versions[i].id;
    return VER_NONE;
}
