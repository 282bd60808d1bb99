/* SPDX-License-Identifier: Apache-2.0 */
/* Sets of suites, groups and signature schemes by name and by property. */
#include "report/policy_impl.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

const struct suite_pattern suite_pattern_any = { .kx = -1, .au = -1, .mode = -1,
                                                 .pfs = -1, .aead = -1, .export_grade = -1 };

unsigned suite_place(const struct suite *s)
{
    size_t n;
    const struct suite *table = suite_table(&n);
    assert(n <= SUITE_WORDS * 64u);
    return (unsigned)(s - table);
}

/* "AESGCM" is the family of "AESGCM(128)", and "CHACHA20" that of "CHACHA20/POLY1305(256)". */
static bool enc_matches(const char *enc, const char *want)
{
    size_t n = strlen(want);
    return strncasecmp(enc, want, n) == 0 && (enc[n] == '\0' || enc[n] == '(' || enc[n] == '/');
}

bool suite_matches(const struct suite *s, const struct suite_pattern *want)
{
    return (want->kx < 0 || s->kx == want->kx) && (want->au < 0 || s->au == want->au) &&
           (want->mode < 0 || s->mode == want->mode) && (!want->enc || enc_matches(s->enc, want->enc)) &&
           (!want->mac || strcasecmp(s->mac, want->mac) == 0) && (!want->bits_below || s->bits < want->bits_below) &&
           (want->pfs < 0 || s->pfs == (want->pfs != 0)) &&
           (want->aead < 0 || (s->mode == MODE_AEAD) == (want->aead != 0)) &&
           (want->export_grade < 0 || s->export_grade == (want->export_grade != 0)) && !s->signalling;
}

void select_suites(struct bits *set, const struct suite_pattern *want)
{
    size_t n;
    const struct suite *table = suite_table(&n);
    for (size_t i = 0; i < n; i++)
        if (suite_matches(&table[i], want))
            bits_add(set, (unsigned)i);
}

bool select_suite(struct bits *set, const char *name, struct nearest *near)
{
    size_t n;
    const struct suite *table = suite_table(&n), *s = suite_by_name(name);
    if (s && !s->signalling) {
        bits_add(set, suite_place(s));
        return true;
    }
    for (size_t i = 0; i < n; i++) {
        if (table[i].signalling)
            continue;
        nearest_try(near, table[i].iana);
        nearest_try(near, table[i].openssl);
    }
    return false;
}

bool select_group(struct bits *set, const char *name, struct nearest *near)
{
    char buf[NAME_TEXT];
    uint16_t id = group_by_name(name);
    if (id)
        bits_add(set, id);
    for (size_t i = 0; !id && group_nth(i); i++)
        nearest_try(near, group_name(group_nth(i), buf));
    return id != 0;
}

bool select_sigscheme(struct bits *set, const char *name, struct nearest *near)
{
    char buf[NAME_TEXT];
    uint16_t id = sigscheme_by_name(name);
    if (id)
        bits_add(set, id);
    for (size_t i = 0; !id && sigscheme_nth(i); i++)
        nearest_try(near, sigscheme_name(sigscheme_nth(i), buf));
    return id != 0;
}

void select_curves_below(struct bits *set, unsigned bits)
{
    for (size_t i = 0; group_nth(i); i++) {
        uint16_t id = group_nth(i);
        bool finite_field = id >= 0x0100 && id <= 0x01ff; /* RFC 7919 section 2 */
        if (!finite_field && group_bits(id) && group_bits(id) < bits)
            bits_add(set, id);
    }
}

/* One of the names that an enum's values have, first to last. */
static bool select_value(const char *name, const char *(*name_of)(uint8_t), uint8_t first, uint8_t last, int *value,
                         struct nearest *near)
{
    for (uint8_t i = first; i <= last; i++) {
        if (strcasecmp(name_of(i), name) == 0) {
            *value = i;
            return true;
        }
        nearest_try(near, name_of(i));
    }
    return false;
}

bool select_kx(const char *name, int *kx, struct nearest *near)
{
    return select_value(name, suite_kx_name, KX_NULL, KX_IBC, kx, near);
}

bool select_au(const char *name, int *au, struct nearest *near)
{
    return select_value(name, suite_au_name, AU_NONE, AU_IBC, au, near);
}

bool select_mode(const char *name, int *mode, struct nearest *near)
{
    return select_value(name, suite_mode_name, MODE_NULL, MODE_CNT, mode, near);
}

/* A property that the suite table has as text: valid is what some suite has. */
bool select_enc(const char *name, const char **enc, struct nearest *near)
{
    size_t n;
    const struct suite *table = suite_table(&n);
    *enc = name;
    for (size_t i = 0; i < n; i++) {
        char family[NEAREST_TEXT];
        size_t end = strcspn(table[i].enc, "(");
        if (*name && enc_matches(table[i].enc, name))
            return true;
        memcpy(family, table[i].enc, end);
        family[end] = '\0';
        nearest_try(near, family);
    }
    return false;
}

bool select_mac(const char *name, const char **mac, struct nearest *near)
{
    size_t n;
    const struct suite *table = suite_table(&n);
    *mac = name;
    for (size_t i = 0; i < n; i++) {
        if (strcasecmp(table[i].mac, name) == 0)
            return true;
        nearest_try(near, table[i].mac);
    }
    return false;
}

bool select_version(const char *name, uint16_t *version, struct nearest *near)
{
    static const uint16_t all[] = { VER_SSL2, VER_SSL3, VER_TLS10, VER_TLS11, VER_TLS12, VER_TLS13,
                                    VER_DTLS10, VER_DTLS12, VER_DTLS13 };
    char buf[NAME_TEXT];
    *version = version_by_name(name);
    for (size_t i = 0; !*version && i < sizeof all / sizeof *all; i++)
        nearest_try(near, version_name(all[i], buf));
    return *version != VER_NONE;
}
