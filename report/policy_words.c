/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inline what-if, --min-version and --forbid: a policy without a file. Words of --forbid, separated by commas:
 *   NAME=VALUE   kx, au, enc, mac, mode (what a suite is made of), group, sig, suite
 *   a cipher     3DES, RC4, AESGCM ... (enc=)
 *   a suite      by its IANA or OpenSSL name
 *   cbc, stream, null, export, anon
 */
#include "report/policy_impl.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct words {
    struct policy *p;
    struct err *e;
    const char *word; /* the whole one, for errors */
};

static int say(char **into, struct err *e, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static int say(char **into, struct err *e, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int n = vasprintf(into, fmt, ap);
    va_end(ap);
    if (n >= 0)
        return 0;
    *into = NULL;
    return err_set(e, "out of memory");
}

/* "kx=RSA" as "kx-rsa". */
static void make_id(char *id)
{
    for (; *id; id++)
        *id = isalnum((unsigned char)*id) ? (char)tolower((unsigned char)*id) : '-';
}

static struct rule *new_rule(struct words *w, enum rule_kind kind, const char *what)
{
    struct policy *p = w->p;
    if (p->all == RULES_MAX) {
        (void)err_set(w->e, "--forbid: at most %d words", RULES_MAX - 1);
        return NULL;
    }
    struct rule *r = &p->rule[p->all++];
    *r = (struct rule){ .kind = (uint8_t)kind, .ranks = RANKS_ALL, .from = INT64_MIN, .until = INT64_MAX };
    if (say(&r->id, w->e, "%s", w->word) || say(&r->text, w->e, "%s", what) || say(&r->reference, w->e, "asked for") ||
        say(&r->sentence, w->e, "%s (asked for)", what))
        return NULL;
    make_id(r->id);
    if (kind != RULE_VERSION && !rule_set(r)) {
        (void)err_set(w->e, "out of memory");
        return NULL;
    }
    return r;
}

static int unknown(struct words *w, const char *kind, const struct nearest *near)
{
    return err_set(w->e, "--forbid %s: no such %s; the nearest is %s", w->word, kind, near->best);
}

static int forbid_suites(struct words *w, const struct suite_pattern *pattern)
{
    char what[160];
    (void)snprintf(what, sizeof what, "no suites with %.80s", w->word);
    struct rule *r = new_rule(w, RULE_SUITES, what);
    if (!r)
        return -1;
    select_suites(r->set, pattern);
    return 0;
}

/* ---- NAME=VALUE ---- */

static int forbid_kx(struct words *w, const char *value)
{
    struct suite_pattern pattern = suite_pattern_any;
    struct nearest near = { .word = value };
    return select_kx(value, &pattern.kx, &near) ? forbid_suites(w, &pattern) : unknown(w, "key exchange", &near);
}

static int forbid_au(struct words *w, const char *value)
{
    struct suite_pattern pattern = suite_pattern_any;
    struct nearest near = { .word = value };
    return select_au(value, &pattern.au, &near) ? forbid_suites(w, &pattern) : unknown(w, "authentication", &near);
}

static int forbid_enc(struct words *w, const char *value)
{
    struct suite_pattern pattern = suite_pattern_any;
    struct nearest near = { .word = value };
    return select_enc(value, &pattern.enc, &near) ? forbid_suites(w, &pattern) : unknown(w, "cipher", &near);
}

static int forbid_mac(struct words *w, const char *value)
{
    struct suite_pattern pattern = suite_pattern_any;
    struct nearest near = { .word = value };
    return select_mac(value, &pattern.mac, &near) ? forbid_suites(w, &pattern) : unknown(w, "MAC", &near);
}

static int forbid_mode(struct words *w, const char *value)
{
    struct suite_pattern pattern = suite_pattern_any;
    struct nearest near = { .word = value };
    return select_mode(value, &pattern.mode, &near) ? forbid_suites(w, &pattern) : unknown(w, "mode", &near);
}

static int forbid_one(struct words *w, enum rule_kind kind, const char *kind_name, const char *value,
                      bool (*select)(struct bits *, const char *, struct nearest *))
{
    char what[160];
    struct nearest near = { .word = value };
    (void)snprintf(what, sizeof what, "no %s %.80s", kind_name, value);
    struct rule *r = new_rule(w, kind, what);
    if (!r)
        return -1;
    return select(r->set, value, &near) ? 0 : unknown(w, kind_name, &near);
}

static int forbid_group(struct words *w, const char *value)
{
    return forbid_one(w, RULE_GROUPS, "group", value, select_group);
}

static int forbid_sig(struct words *w, const char *value)
{
    return forbid_one(w, RULE_SIGSCHEMES, "signature scheme", value, select_sigscheme);
}

static int forbid_suite(struct words *w, const char *value)
{
    return forbid_one(w, RULE_SUITES, "suite", value, select_suite);
}

static const struct {
    const char *name;
    int (*forbid)(struct words *w, const char *value);
} properties[] = {
    { "kx", forbid_kx },     { "au", forbid_au },   { "enc", forbid_enc },     { "mac", forbid_mac },
    { "mode", forbid_mode }, { "sig", forbid_sig }, { "group", forbid_group }, { "suite", forbid_suite },
};
enum { PROPERTIES = sizeof properties / sizeof *properties };

static int forbid_property(struct words *w, const char *equals)
{
    char name[32];
    (void)snprintf(name, sizeof name, "%.*s", (int)(equals - w->word < 31 ? equals - w->word : 31), w->word);
    struct nearest near = { .word = name };
    for (unsigned i = 0; i < PROPERTIES; i++) {
        if (strcasecmp(properties[i].name, name) == 0)
            return properties[i].forbid(w, equals + 1);
        nearest_try(&near, properties[i].name);
    }
    return unknown(w, "property", &near);
}

/* ---- single words ---- */

static const struct {
    const char *word;
    struct suite_pattern pattern;
} kinds[] = {
    { "cbc", { .kx = -1, .au = -1, .mode = MODE_CBC, .pfs = -1, .aead = -1, .export_grade = -1 } },
    { "stream", { .kx = -1, .au = -1, .mode = MODE_STREAM, .pfs = -1, .aead = -1, .export_grade = -1 } },
    { "null", { .kx = -1, .au = -1, .mode = MODE_NULL, .pfs = -1, .aead = -1, .export_grade = -1 } },
    { "anon", { .kx = -1, .au = AU_NONE, .mode = -1, .pfs = -1, .aead = -1, .export_grade = -1 } },
    { "export", { .kx = -1, .au = -1, .mode = -1, .pfs = -1, .aead = -1, .export_grade = 1 } },
};
enum { KINDS = sizeof kinds / sizeof *kinds };

static int forbid_word(struct words *w)
{
    const char *equals = strchr(w->word, '='), *enc;
    struct nearest near = { .word = w->word };
    if (equals)
        return forbid_property(w, equals);
    for (unsigned i = 0; i < KINDS; i++) {
        if (strcasecmp(kinds[i].word, w->word) == 0)
            return forbid_suites(w, &kinds[i].pattern);
        nearest_try(&near, kinds[i].word);
    }
    if (select_enc(w->word, &enc, &near))
        return forbid_enc(w, w->word);
    if (suite_by_name(w->word))
        return forbid_suite(w, w->word);
    struct bits unused = { { 0 } };
    (void)select_suite(&unused, w->word, &near); /* for the nearest of all */
    return unknown(w, "cipher, suite or NAME=VALUE", &near);
}

static int forbid_all(struct words *w, const char *list)
{
    while (*list) {
        char word[NEAREST_TEXT];
        size_t n;
        list += strspn(list, ", ");
        n = strcspn(list, ",");
        const char *next = list + n;
        while (n && list[n - 1] == ' ')
            n--;
        if (n >= sizeof word)
            return err_set(w->e, "--forbid %.32s...: no name is that long", list);
        memcpy(word, list, n);
        word[n] = '\0';
        w->word = word;
        if (n && forbid_word(w))
            return -1;
        list = next;
    }
    return 0;
}

/* A TLS version stands for the DTLS version of its generation too. */
static int min_version(struct words *w, const char *name)
{
    char buf[NAME_TEXT], what[64];
    uint16_t version;
    struct nearest near = { .word = name };
    if (!select_version(name, &version, &near))
        return err_set(w->e, "--min-version %s: no such version; the nearest is %s", name, near.best);
    w->word = "version";
    (void)snprintf(what, sizeof what, "%s at least", version_name(version, buf));
    struct rule *r = new_rule(w, RULE_VERSION, what);
    if (!r)
        return -1;
    r->min[1] = (uint8_t)version_rank(version);
    r->min[0] = version_is_dtls(version) ? 0 : r->min[1];
    return 0;
}

struct policy *policy_inline(const char *version, const char *forbid, struct err *e)
{
    struct policy *p = calloc(1, sizeof *p);
    struct words w = { .p = p, .e = e, .word = "" };
    int rc = p ? 0 : err_set(e, "out of memory");
    if (rc == 0)
        rc = say(&p->name, e, "inline") || say(&p->source, e, "the command line") || say(&p->as_of, e, "today") ||
             say(&p->title, e, "%s%s%s%s%s", version ? "at least " : "", version ? version : "",
                 version && forbid ? ", " : "", forbid ? "without " : "", forbid ? forbid : "");
    if (rc == 0 && version)
        rc = min_version(&w, version);
    if (rc == 0 && forbid)
        rc = forbid_all(&w, forbid);
    if (rc) {
        policy_free(p);
        return NULL;
    }
    policy_hold(p, 0);
    return p;
}
