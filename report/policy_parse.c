/* SPDX-License-Identifier: Apache-2.0 */
/* Reads a policy from JSON (policy.5). Strict, and every error says file, line and the nearest valid name. */
#include "report/json_line.h"
#include "report/policy_impl.h"

#include <cjson/cJSON.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct parse {
    const char *file, *text;
    const cJSON *root;
    struct policy *p;
    struct err *e;
};

/* A member that an object may have. read: 0, or -1 and the error set; it gets the object's record and the offset from here.
 * */
struct field {
    const char *name;
    int (*read)(struct parse *x, const cJSON *v, void *into);
    size_t at;
    bool required, subject; /* subject: what a rule is about; it has exactly one */
};

static int wrong(struct parse *x, const cJSON *at, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static int wrong(struct parse *x, const cJSON *at, const char *fmt, ...)
{
    char what[512];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(what, sizeof what, fmt, ap);
    va_end(ap);
    return err_set(x->e, "%s:%u: %s", x->file, json_line(x->text, x->root, at), what);
}

static int unknown(struct parse *x, const cJSON *at, const char *kind, const struct nearest *near)
{
    return wrong(x, at, "unknown %s \"%.64s\"; the nearest is \"%s\"", kind, near->word, near->best);
}

static const struct field *field_find(struct parse *x, const cJSON *member, const struct field *f, unsigned n)
{
    struct nearest near = { .word = member->string };
    for (unsigned i = 0; i < n; i++) {
        if (strcmp(f[i].name, member->string) == 0)
            return &f[i];
        nearest_try(&near, f[i].name);
    }
    (void)unknown(x, member, "field", &near);
    return NULL;
}

static int read_members(struct parse *x, const cJSON *o, const struct field *f, unsigned n, void *into)
{
    uint32_t seen = 0;
    if (!cJSON_IsObject(o))
        return wrong(x, o, "%s%sneeds an object, { ... }", o->string ? o->string : "", o->string ? " " : "a policy ");
    for (const cJSON *m = o->child; m; m = m->next) {
        const struct field *found = field_find(x, m, f, n);
        if (!found)
            return -1;
        uint32_t bit = UINT32_C(1) << (found - f);
        if (seen & bit)
            return wrong(x, m, "\"%s\" stands here twice", found->name);
        seen |= bit;
        if (found->read(x, m, (char *)into + found->at))
            return -1;
    }
    for (unsigned i = 0; i < n; i++)
        if (f[i].required && !(seen >> i & 1))
            return wrong(x, o, "\"%s\" is missing", f[i].name);
    return 0;
}

/* ---- values ---- */

static int read_text(struct parse *x, const cJSON *v, void *into)
{
    char **text = into;
    if (!cJSON_IsString(v) || !v->valuestring[0])
        return wrong(x, v, "%s needs a text", v->string ? v->string : "an element");
    for (const char *c = v->valuestring; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            return wrong(x, v, "%s has a control character", v->string ? v->string : "an element");
    *text = strdup(v->valuestring);
    return *text ? 0 : err_set(x->e, "out of memory");
}

static int read_number(struct parse *x, const cJSON *v, void *into)
{
    uint16_t *number = into;
    if (!cJSON_IsNumber(v) || !(v->valuedouble >= 1 && v->valuedouble <= 65535) || v->valuedouble != (double)v->valueint)
        return wrong(x, v, "%s needs a whole number from 1 to 65535", v->string);
    *number = (uint16_t)v->valueint;
    return 0;
}

/* One of a few words; its place among them. */
static int read_word(struct parse *x, const cJSON *v, const char *const *words, unsigned n, uint8_t *into)
{
    struct nearest near = { .word = cJSON_IsString(v) ? v->valuestring : "" };
    for (unsigned i = 0; i < n; i++) {
        if (strcmp(words[i], near.word) == 0) {
            *into = (uint8_t)i;
            return 0;
        }
        nearest_try(&near, words[i]);
    }
    return unknown(x, v, v->string ? v->string : "word", &near);
}
#define READ_WORD(x, v, words, into) read_word((x), (v), (words), sizeof(words) / sizeof *(words), (into))

static int read_severity(struct parse *x, const cJSON *v, void *into)
{
    static const char *const words[] = { [MUST_NOT] = "MUST_NOT", [SHOULD_NOT] = "SHOULD_NOT" };
    return READ_WORD(x, v, words, into);
}

static int read_confidence(struct parse *x, const cJSON *v, void *into)
{
    static const char *const words[] = { [CONFIRMED] = "confirmed", [SECONDARY] = "secondary",
                                         [UNCONFIRMED] = "unconfirmed" };
    return READ_WORD(x, v, words, into);
}

/* "2029-12-31" as days since 1970; the 31st of June is no date. */
static bool date_of(const char *text, int64_t *day)
{
    struct tm tm = { 0 }, again;
    const char *end = strlen(text) == 10 ? strptime(text, "%Y-%m-%d", &tm) : NULL;
    again = tm;
    *day = (int64_t)timegm(&again) / 86400;
    return end && !*end && again.tm_mday == tm.tm_mday;
}

static int read_date(struct parse *x, const cJSON *v, void *into)
{
    if (!cJSON_IsString(v) || !date_of(v->valuestring, into))
        return wrong(x, v, "%s needs a date such as 2029-12-31", v->string);
    return 0;
}

/* The edition of a source: a day or a month. */
static int read_as_of(struct parse *x, const cJSON *v, void *into)
{
    int64_t day;
    char text[16];
    (void)snprintf(text, sizeof text, "%.11s%s", cJSON_IsString(v) ? v->valuestring : "",
                   cJSON_IsString(v) && strlen(v->valuestring) == 7 ? "-01" : "");
    if (!date_of(text, &day))
        return wrong(x, v, "%s needs a date such as 2029-12-31 or 2029-12", v->string);
    return read_text(x, v, into);
}

static int read_notes(struct parse *x, const cJSON *v, void *into)
{
    struct policy *p = into;
    if (!cJSON_IsArray(v))
        return wrong(x, v, "%s needs a list of texts, [ ... ]", v->string);
    for (const cJSON *m = v->child; m; m = m->next) {
        if (p->notes == NOTES_MAX)
            return wrong(x, m, "at most %d notes", NOTES_MAX);
        if (read_text(x, m, &p->note[p->notes]))
            return -1;
        p->notes++;
    }
    return 0;
}

/* ---- versions ---- */

static int read_version(struct parse *x, const cJSON *v, uint16_t *version)
{
    struct nearest near = { .word = cJSON_IsString(v) ? v->valuestring : "" };
    if (!cJSON_IsString(v) || !select_version(near.word, version, &near))
        return unknown(x, v, "version", &near);
    return 0;
}

static int read_at(struct parse *x, const cJSON *v, void *into)
{
    uint8_t *ranks = into;
    *ranks = 0;
    if (!cJSON_IsArray(v) || !v->child)
        return wrong(x, v, "%s needs a list of versions, [ \"TLSv1.2\" ]", v->string);
    for (const cJSON *m = v->child; m; m = m->next) {
        uint16_t version;
        if (read_version(x, m, &version))
            return -1;
        if (version_is_dtls(version))
            return wrong(x, m, "name the TLS version: it stands for the DTLS version of the same generation too");
        *ranks |= (uint8_t)(1u << version_rank(version));
    }
    return 0;
}

struct limits_read {
    uint16_t min, max;
};

static int read_limit(struct parse *x, const cJSON *v, void *into)
{
    return read_version(x, v, into);
}

static int read_limits(struct parse *x, const cJSON *v, struct rule *r, bool dtls)
{
    static const struct field fields[] = {
        { "min", read_limit, offsetof(struct limits_read, min), false, false },
        { "max", read_limit, offsetof(struct limits_read, max), false, false },
    };
    struct limits_read l = { 0 };
    if (read_members(x, v, fields, sizeof fields / sizeof *fields, &l))
        return -1;
    if ((l.min && version_is_dtls(l.min) != dtls) || (l.max && version_is_dtls(l.max) != dtls))
        return wrong(x, v, "%s needs a %s version", v->string, dtls ? "DTLS" : "TLS");
    if (!l.min && !l.max)
        return wrong(x, v, "%s needs \"min\" or \"max\"", v->string);
    r->min[dtls] = (uint8_t)version_rank(l.min);
    r->max[dtls] = (uint8_t)version_rank(l.max);
    if (r->max[dtls] && r->max[dtls] < r->min[dtls])
        return wrong(x, v, "max is below min");
    return 0;
}

static int read_tls(struct parse *x, const cJSON *v, void *into)
{
    return read_limits(x, v, into, false);
}

static int read_dtls(struct parse *x, const cJSON *v, void *into)
{
    return read_limits(x, v, into, true);
}

static int read_version_rule(struct parse *x, const cJSON *v, void *into)
{
    static const struct field fields[] = { { "tls", read_tls, 0, false, false }, { "dtls", read_dtls, 0, false, false } };
    struct rule *r = into;
    r->kind = RULE_VERSION;
    if (read_members(x, v, fields, sizeof fields / sizeof *fields, r))
        return -1;
    return v->child ? 0 : wrong(x, v, "version needs \"tls\" or \"dtls\"");
}

/* ---- sets: { "allow": [...] } or { "forbid": [...] } ---- */

static int pattern_kx(struct parse *x, const cJSON *v, void *into)
{
    struct suite_pattern *s = into;
    struct nearest near = { .word = cJSON_IsString(v) ? v->valuestring : "" };
    return select_kx(near.word, &s->kx, &near) ? 0 : unknown(x, v, "key exchange", &near);
}

static int pattern_au(struct parse *x, const cJSON *v, void *into)
{
    struct suite_pattern *s = into;
    struct nearest near = { .word = cJSON_IsString(v) ? v->valuestring : "" };
    return select_au(near.word, &s->au, &near) ? 0 : unknown(x, v, "authentication", &near);
}

static int pattern_mode(struct parse *x, const cJSON *v, void *into)
{
    struct suite_pattern *s = into;
    struct nearest near = { .word = cJSON_IsString(v) ? v->valuestring : "" };
    return select_mode(near.word, &s->mode, &near) ? 0 : unknown(x, v, "mode", &near);
}

static int pattern_enc(struct parse *x, const cJSON *v, void *into)
{
    struct suite_pattern *s = into;
    struct nearest near = { .word = cJSON_IsString(v) ? v->valuestring : "" };
    return select_enc(near.word, &s->enc, &near) ? 0 : unknown(x, v, "cipher", &near);
}

static int pattern_mac(struct parse *x, const cJSON *v, void *into)
{
    struct suite_pattern *s = into;
    struct nearest near = { .word = cJSON_IsString(v) ? v->valuestring : "" };
    return select_mac(near.word, &s->mac, &near) ? 0 : unknown(x, v, "MAC", &near);
}

static int pattern_bits(struct parse *x, const cJSON *v, void *into)
{
    struct suite_pattern *s = into;
    uint16_t bits = 0;
    int rc = read_number(x, v, &bits);
    s->bits_below = bits;
    return rc;
}

static int read_bool(struct parse *x, const cJSON *v, int *into)
{
    if (!cJSON_IsBool(v))
        return wrong(x, v, "%s needs true or false", v->string);
    *into = cJSON_IsTrue(v) != 0;
    return 0;
}

static int pattern_pfs(struct parse *x, const cJSON *v, void *into)
{
    return read_bool(x, v, &((struct suite_pattern *)into)->pfs);
}

static int pattern_aead(struct parse *x, const cJSON *v, void *into)
{
    return read_bool(x, v, &((struct suite_pattern *)into)->aead);
}

static int pattern_export(struct parse *x, const cJSON *v, void *into)
{
    return read_bool(x, v, &((struct suite_pattern *)into)->export_grade);
}

static int suite_element(struct parse *x, const cJSON *v, struct bits *set)
{
    static const struct field fields[] = {
        { "kx", pattern_kx, 0, false, false },       { "au", pattern_au, 0, false, false },
        { "enc", pattern_enc, 0, false, false },     { "mac", pattern_mac, 0, false, false },
        { "mode", pattern_mode, 0, false, false },   { "bits_below", pattern_bits, 0, false, false },
        { "pfs", pattern_pfs, 0, false, false },     { "aead", pattern_aead, 0, false, false },
        { "export", pattern_export, 0, false, false },
    };
    if (cJSON_IsString(v)) {
        struct nearest near = { .word = v->valuestring };
        return select_suite(set, v->valuestring, &near) ? 0 : unknown(x, v, "suite", &near);
    }
    struct suite_pattern pattern = suite_pattern_any;
    if (read_members(x, v, fields, sizeof fields / sizeof *fields, &pattern))
        return -1;
    if (!v->child)
        return wrong(x, v, "a suite needs a name or properties: kx, au, enc, mac, mode, bits_below, pfs, aead, export");
    select_suites(set, &pattern);
    return 0;
}

static int group_element(struct parse *x, const cJSON *v, struct bits *set)
{
    static const struct field fields[] = { { "curve_bits_below", read_number, 0, true, false } };
    if (cJSON_IsString(v)) {
        struct nearest near = { .word = v->valuestring };
        return select_group(set, v->valuestring, &near) ? 0 : unknown(x, v, "group", &near);
    }
    uint16_t bits;
    if (read_members(x, v, fields, sizeof fields / sizeof *fields, &bits))
        return -1;
    select_curves_below(set, bits);
    return 0;
}

static int sigscheme_element(struct parse *x, const cJSON *v, struct bits *set)
{
    struct nearest near = { .word = cJSON_IsString(v) ? v->valuestring : "" };
    return select_sigscheme(set, near.word, &near) ? 0 : unknown(x, v, "signature scheme", &near);
}

static int read_set(struct parse *x, const cJSON *v, struct rule *r,
                    int (*element)(struct parse *x, const cJSON *v, struct bits *set))
{
    if (!cJSON_IsArray(v) || !v->child)
        return wrong(x, v, "%s needs a list, [ ... ]", v->string);
    if (r->set)
        return wrong(x, v, "give \"allow\" or \"forbid\", not both");
    struct bits *set = rule_set(r);
    if (!set)
        return err_set(x->e, "out of memory");
    r->allow = strcmp(v->string, "allow") == 0;
    for (const cJSON *m = v->child; m; m = m->next)
        if (element(x, m, set))
            return -1;
    return 0;
}

static int set_of_suites(struct parse *x, const cJSON *v, void *into)
{
    return read_set(x, v, into, suite_element);
}

static int set_of_groups(struct parse *x, const cJSON *v, void *into)
{
    return read_set(x, v, into, group_element);
}

static int set_of_sigschemes(struct parse *x, const cJSON *v, void *into)
{
    return read_set(x, v, into, sigscheme_element);
}

static int read_unless(struct parse *x, const cJSON *v, void *into)
{
    static const char *const words[] = { "encrypt_then_mac" };
    uint8_t which;
    if (READ_WORD(x, v, words, &which))
        return -1;
    ((struct rule *)into)->unless_etm = true;
    return 0;
}

static int read_set_rule(struct parse *x, const cJSON *v, struct rule *r, const struct field *f, unsigned n)
{
    if (read_members(x, v, f, n, r))
        return -1;
    return r->set ? 0 : wrong(x, v, "%s needs \"allow\" or \"forbid\"", v->string);
}

static int read_suites(struct parse *x, const cJSON *v, void *into)
{
    static const struct field fields[] = { { "allow", set_of_suites, 0, false, false },
                                           { "forbid", set_of_suites, 0, false, false },
                                           { "unless", read_unless, 0, false, false } };
    ((struct rule *)into)->kind = RULE_SUITES;
    return read_set_rule(x, v, into, fields, sizeof fields / sizeof *fields);
}

static int read_groups(struct parse *x, const cJSON *v, void *into)
{
    static const struct field fields[] = { { "allow", set_of_groups, 0, false, false },
                                           { "forbid", set_of_groups, 0, false, false } };
    ((struct rule *)into)->kind = RULE_GROUPS;
    return read_set_rule(x, v, into, fields, sizeof fields / sizeof *fields);
}

static int read_sigschemes(struct parse *x, const cJSON *v, void *into)
{
    static const struct field fields[] = { { "allow", set_of_sigschemes, 0, false, false },
                                           { "forbid", set_of_sigschemes, 0, false, false } };
    ((struct rule *)into)->kind = RULE_SIGSCHEMES;
    return read_set_rule(x, v, into, fields, sizeof fields / sizeof *fields);
}

/* ---- the other subjects ---- */

static int read_dh_bits(struct parse *x, const cJSON *v, void *into)
{
    static const struct field fields[] = { { "min", read_number, offsetof(struct rule, dh_min), true, false } };
    ((struct rule *)into)->kind = RULE_DH_BITS;
    return read_members(x, v, fields, sizeof fields / sizeof *fields, into);
}

static int read_keys(struct parse *x, const cJSON *v, void *into)
{
    uint16_t *keys = into;
    if (!cJSON_IsArray(v) || !v->child)
        return wrong(x, v, "%s needs a list, [ \"RSA\", \"EC\" ]", v->string);
    for (const cJSON *m = v->child; m; m = m->next) {
        struct nearest near = { .word = cJSON_IsString(m) ? m->valuestring : "" };
        uint8_t key = CERT_KEY_UNKNOWN + 1;
        for (; key <= CERT_KEY_MLDSA && strcmp(cert_key_name(key), near.word) != 0; key++)
            nearest_try(&near, cert_key_name(key));
        if (key > CERT_KEY_MLDSA)
            return unknown(x, m, "certificate key", &near);
        *keys |= (uint16_t)(1u << key);
    }
    return 0;
}

static int read_certificate(struct parse *x, const cJSON *v, void *into)
{
    static const struct field fields[] = {
        { "keys", read_keys, offsetof(struct rule, keys), false, false },
        { "rsa_bits_min", read_number, offsetof(struct rule, rsa_min), false, false },
        { "ec_bits_min", read_number, offsetof(struct rule, ec_min), false, false },
        { "hash_bits_min", read_number, offsetof(struct rule, hash_min), false, false },
    };
    ((struct rule *)into)->kind = RULE_CERTIFICATE;
    if (read_members(x, v, fields, sizeof fields / sizeof *fields, into))
        return -1;
    return v->child ? 0 : wrong(x, v, "certificate needs keys, rsa_bits_min, ec_bits_min or hash_bits_min");
}

static int read_require(struct parse *x, const cJSON *v, void *into)
{
    static const char *const words[] = {
        [FEATURE_SNI] = "sni", [FEATURE_EMS] = "extended_master_secret", [FEATURE_ENCRYPT_THEN_MAC] = "encrypt_then_mac",
        [FEATURE_RENEGOTIATION_INFO] = "renegotiation_info", [FEATURE_NO_COMPRESSION] = "no_compression",
        [FEATURE_KEY_SHARE] = "key_share",
    };
    ((struct rule *)into)->kind = RULE_FEATURE;
    return READ_WORD(x, v, words, &((struct rule *)into)->feature);
}

/* ---- a rule, a policy ---- */

static int read_id(struct parse *x, const cJSON *v, void *into)
{
    if (read_text(x, v, into))
        return -1;
    if (strspn(v->valuestring, "abcdefghijklmnopqrstuvwxyz0123456789-") != strlen(v->valuestring))
        return wrong(x, v, "id \"%.64s\": small letters, digits and hyphens only", v->valuestring);
    for (unsigned i = 0; i + 1 < x->p->all; i++)
        if (strcmp(x->p->rule[i].id, v->valuestring) == 0)
            return wrong(x, v, "two rules have the id \"%.64s\"", v->valuestring);
    return 0;
}

static const struct field rule_fields[] = {
    { "id", read_id, offsetof(struct rule, id), true, false },
    { "severity", read_severity, offsetof(struct rule, severity), true, false },
    { "text", read_text, offsetof(struct rule, text), true, false },
    { "reference", read_text, offsetof(struct rule, reference), true, false },
    { "confidence", read_confidence, offsetof(struct rule, confidence), false, false },
    { "from", read_date, offsetof(struct rule, from), false, false },
    { "until", read_date, offsetof(struct rule, until), false, false },
    { "at", read_at, offsetof(struct rule, ranks), false, false },
    { "version", read_version_rule, 0, false, true },
    { "suites", read_suites, 0, false, true },
    { "groups", read_groups, 0, false, true },
    { "dh_bits", read_dh_bits, 0, false, true },
    { "signature_schemes", read_sigschemes, 0, false, true },
    { "certificate", read_certificate, 0, false, true },
    { "require", read_require, 0, false, true },
};
enum { RULE_FIELDS = sizeof rule_fields / sizeof *rule_fields };

static int read_rule(struct parse *x, const cJSON *v)
{
    struct policy *p = x->p;
    if (p->all == RULES_MAX)
        return wrong(x, v, "at most %d rules", RULES_MAX);
    struct rule *r = &p->rule[p->all++];
    *r = (struct rule){ .ranks = RANKS_ALL, .from = INT64_MIN, .until = INT64_MAX, .confidence = CONFIRMED };
    if (read_members(x, v, rule_fields, RULE_FIELDS, r))
        return -1;
    unsigned subjects = 0;
    for (unsigned i = 0; i < RULE_FIELDS; i++)
        subjects += rule_fields[i].subject && cJSON_GetObjectItemCaseSensitive(v, rule_fields[i].name);
    if (subjects != 1)
        return wrong(x, v, "a rule has one of version, suites, groups, dh_bits, signature_schemes, certificate, require");
    if (r->kind == RULE_VERSION && r->ranks != RANKS_ALL)
        return wrong(x, cJSON_GetObjectItemCaseSensitive(v, "at"), "\"at\" and \"version\" do not go together");
    if (r->until < r->from)
        return wrong(x, v, "until is before from");
    size_t n = strlen(r->text) + strlen(r->reference) + 4;
    r->sentence = malloc(n);
    if (!r->sentence)
        return err_set(x->e, "out of memory");
    (void)snprintf(r->sentence, n, "%s (%s)", r->text, r->reference);
    return 0;
}

static int read_rules(struct parse *x, const cJSON *v, void *into)
{
    (void)into; /* x->p */
    if (!cJSON_IsArray(v) || !v->child)
        return wrong(x, v, "rules needs a list of rules, [ { ... } ]");
    for (const cJSON *m = v->child; m; m = m->next)
        if (read_rule(x, m))
            return -1;
    return 0;
}

static const struct field policy_fields[] = {
    { "title", read_text, offsetof(struct policy, title), true, false },
    { "source", read_text, offsetof(struct policy, source), true, false },
    { "as_of", read_as_of, offsetof(struct policy, as_of), true, false },
    { "confidence", read_confidence, offsetof(struct policy, confidence), true, false },
    { "notes", read_notes, 0, false, false },
    { "rules", read_rules, 0, true, false },
};

struct policy *policy_parse(const char *text, size_t n, const char *file, const char *name, struct err *e)
{
    const char *end = NULL;
    if (memchr(text, '\0', n)) {
        (void)err_set(e, "%s: not a text file", file);
        return NULL;
    }
    cJSON *root = cJSON_ParseWithLengthOpts(text, n, &end, 0);
    size_t at = end ? (size_t)(end - text) : 0;
    while (root && at < n && strchr(" \t\r\n", text[at]))
        at++;
    if (!root || at < n) {
        (void)err_set(e, "%s:%u: %s", file, json_line_at(text, at),
                      root ? "text after the policy" : "not JSON from here on");
        cJSON_Delete(root);
        return NULL;
    }
    struct policy *p = calloc(1, sizeof *p);
    struct parse x = { .file = file, .text = text, .root = root, .p = p, .e = e };
    int rc = p && (p->name = strdup(name)) ? 0 : err_set(e, "out of memory");
    if (rc == 0)
        rc = read_members(&x, root, policy_fields, sizeof policy_fields / sizeof *policy_fields, p);
    cJSON_Delete(root);
    if (rc) {
        policy_free(p);
        return NULL;
    }
    policy_hold(p, 0);
    return p;
}
