/* SPDX-License-Identifier: Apache-2.0 */
/* Policies as text: the list of them, and what one means. */
#include "report/policy_impl.h"
#include "report/table.h"

#include <stdlib.h>
#include <string.h>

enum { WIDTH = 110 };

int policy_list(FILE *out, struct err *e)
{
    struct policy_names names;
    if (policy_names(&names))
        return err_set(e, "out of memory");
    int rc = 0;
    for (unsigned i = 0; i < names.count && rc == 0; i++) {
        struct policy *p = policy_open(names.name[i], 0, e);
        rc = p ? 0 : -1;
        if (p)
            fprintf(out, "%-25s %s; as of %s; %s\n", p->name, p->title, p->as_of, p->source);
        policy_free(p);
    }
    policy_names_free(&names);
    return rc;
}

/* ---- days ---- */

/* Days since 1970 as a date of the Gregorian calendar, counted in eras of 400 years that begin on the first of March. */
static void print_day(FILE *out, int64_t day)
{
    int64_t z = day + 719468, era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t doe = z - era * 146097, yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
    int64_t d = doy - (153 * mp + 2) / 5 + 1, m = mp < 10 ? mp + 3 : mp - 9, y = yoe + era * 400 + (m <= 2);
    fprintf(out, "%04d-%02d-%02d", (int)y, (int)m, (int)d);
}

static int day_cmp(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* The days on which something begins or ceases to hold, in order. */
static unsigned turning_days(const struct policy *p, int64_t day[2 * RULES_MAX])
{
    unsigned n = 0, distinct = 0;
    for (unsigned i = 0; i < p->all; i++) {
        if (p->rule[i].from != INT64_MIN)
            day[n++] = p->rule[i].from;
        if (p->rule[i].until != INT64_MAX)
            day[n++] = p->rule[i].until + 1;
    }
    /* cppcheck-suppress uninitvar ; day[0..n) is set above */
    qsort(day, n, sizeof *day, day_cmp);
    for (unsigned i = 0; i < n; i++)
        if (i == 0 || day[i] != day[distinct - 1])
            day[distinct++] = day[i];
    return distinct;
}

/* ---- what remains ---- */

static void show_versions(const struct policy *p, FILE *out)
{
    char buf[NAME_TEXT];
    unsigned n = 0;
    fprintf(out, "    versions:");
    for (unsigned dtls = 0; dtls < 2; dtls++)
        for (int rank = 1; rank < RANKS; rank++) {
            uint16_t version = version_of_rank(rank, dtls);
            if (version && policy_allows_version(p, version) && ++n)
                fprintf(out, " %s", version_name(version, buf));
        }
    fprintf(out, n ? "\n" : " none\n");
}

/* One list of what a version has: suites, groups or signature schemes. */
enum list_kind { LIST_SUITES, LIST_GROUPS, LIST_SIGSCHEMES, LISTS };
struct item {
    const char *name; /* a constant */
    bool allowed;
    bool with_etm; /* then only with encrypt_then_mac */
};
struct list {
    unsigned count, allowed, always;
    struct item item[SUITE_WORDS * 64];
};

static void list_add(struct list *l, const char *name, bool allowed, bool with_etm)
{
    l->allowed += allowed;
    l->always += allowed && !with_etm;
    l->item[l->count++] = (struct item){ name, allowed, with_etm };
}

static void list_suites(const struct policy *p, uint16_t version, struct list *l)
{
    size_t n;
    const struct suite *table = suite_table(&n);
    for (size_t i = 0; i < n; i++)
        if (suite_defined_at(&table[i], version_rank(version), version_is_dtls(version))) {
            bool with_etm = !policy_allows_suite(p, version, table[i].id, false);
            list_add(l, table[i].iana, policy_allows_suite(p, version, table[i].id, true), with_etm);
        }
}

static void list_groups(const struct policy *p, uint16_t version, struct list *l)
{
    char buf[NAME_TEXT];
    for (size_t i = 0; group_nth(i); i++)
        if (group_usable(group_nth(i), version_rank(version)))
            list_add(l, group_name(group_nth(i), buf), policy_allows_group(p, version, group_nth(i)), false);
}

static void list_sigschemes(const struct policy *p, uint16_t version, struct list *l)
{
    char buf[NAME_TEXT];
    for (size_t i = 0; sigscheme_nth(i); i++)
        if (scheme_keys(sigscheme_nth(i), version_rank(version)))
            list_add(l, sigscheme_name(sigscheme_nth(i), buf), policy_allows_sigscheme(p, version, sigscheme_nth(i)),
                     false);
}

/* A name a line, so that a difference of two texts names the suite. Where most are allowed, those that are not say the
 * same. */
static void print_list(const struct list *l, FILE *out)
{
    bool most = l->always * 2 > l->count;
    if (l->always == l->count || l->allowed == 0) {
        fprintf(out, "%s of %u known\n", l->allowed ? "all" : "none", l->count);
        return;
    }
    fprintf(out, "%u of %u known%s:\n", l->allowed, l->count, most ? ", all but" : "");
    for (unsigned i = 0; i < l->count; i++) {
        const struct item *m = &l->item[i];
        if (most ? !m->allowed || m->with_etm : m->allowed)
            fprintf(out, "        %s%s\n", m->name, m->allowed && m->with_etm ? " (only with encrypt_then_mac)" : "");
    }
}

/* What was printed last of each list, so that a version, a period or a severity which changes nothing is one line. */
struct shown {
    char *last[RANKS][LISTS];
};

/* The version whose list was the same text, this one first; 0: none. */
static int shown_as(const struct shown *shown, enum list_kind kind, int rank, const char *text)
{
    for (int i = 0; i < RANKS; i++) {
        int other = (rank + RANKS - i) % RANKS;
        if (shown->last[other][kind] && strcmp(shown->last[other][kind], text) == 0)
            return other;
    }
    return 0;
}

static void show_list(struct shown *shown, const struct policy *p, uint16_t version, enum list_kind kind, FILE *out)
{
    static const struct {
        const char *title;
        void (*fill)(const struct policy *p, uint16_t version, struct list *l);
    } lists[LISTS] = { { "suites", list_suites }, { "groups", list_groups }, { "signature schemes", list_sigschemes } };
    char buf[NAME_TEXT], *text = NULL, **last = &shown->last[version_rank(version)][kind];
    size_t n = 0;
    struct list l = { 0 };
    FILE *memory = open_memstream(&text, &n);
    if (!memory)
        return;
    lists[kind].fill(p, version, &l);
    print_list(&l, memory);
    fclose(memory);
    int same = text && strchr(text, ':') ? shown_as(shown, kind, version_rank(version), text) : 0;
    fprintf(out, "    %s at %s: ", lists[kind].title, version_name(version, buf));
    if (same == version_rank(version))
        fprintf(out, "%u of %u known, as above\n", l.allowed, l.count);
    else if (same)
        fprintf(out, "%u of %u known, those of %s\n", l.allowed, l.count, version_name(version_of_rank(same, false), buf));
    else
        fprintf(out, "%s", text ? text : "");
    free(*last);
    *last = text;
}

static void show_certificate(const struct rule *r, FILE *out)
{
    const char *before = " ";
    fprintf(out, "    certificates:");
    for (int key = CERT_KEY_UNKNOWN + 1; key <= CERT_KEY_MLDSA; key++)
        if (r->keys >> key & 1) {
            fprintf(out, "%s%s", before, cert_key_name((uint8_t)key));
            before = " or ";
        }
    before = r->keys ? "; " : " ";
    if (r->rsa_min)
        fprintf(out, "%sRSA, DSA and DH keys of %u bits or more", before, r->rsa_min);
    before = r->keys || r->rsa_min ? "; " : " ";
    if (r->ec_min)
        fprintf(out, "%sEC keys of %u bits or more", before, r->ec_min);
    before = r->keys || r->rsa_min || r->ec_min ? "; " : " ";
    if (r->hash_min)
        fprintf(out, "%ssigned with a hash of %u bits or more", before, r->hash_min);
    fprintf(out, "\n");
}

static const char *feature_text(uint8_t feature)
{
    switch ((enum feature)feature) {
    case FEATURE_SNI:
        return "a server name is sent";
    case FEATURE_EMS:
        return "extended_master_secret before TLS 1.3";
    case FEATURE_ENCRYPT_THEN_MAC:
        return "encrypt_then_mac with CBC suites";
    case FEATURE_RENEGOTIATION_INFO:
        return "renegotiation_info before TLS 1.3";
    case FEATURE_NO_COMPRESSION:
        return "no TLS compression";
    case FEATURE_KEY_SHARE:
        return "the first ClientHello has a key share of an allowed group";
    }
    return "";
}

/* The rules that are not sets: sizes, certificates, features. */
static void show_rest(const struct policy *p, FILE *out)
{
    for (unsigned i = 0; i < p->held; i++) {
        const struct rule *r = policy_rule(p, i);
        if (!rule_binds(p, r))
            continue;
        if (r->kind == RULE_DH_BITS)
            fprintf(out, "    finite-field Diffie-Hellman: %u bits or more\n", r->dh_min);
        if (r->kind == RULE_CERTIFICATE)
            show_certificate(r, out);
        if (r->kind == RULE_FEATURE)
            fprintf(out, "    required: %s\n", feature_text(r->feature));
    }
}

static void show_remaining(struct shown *shown, const struct policy *p, FILE *out)
{
    show_versions(p, out);
    for (int rank = 1; rank < RANKS; rank++) { /* DTLS has what TLS of the same generation has, but for stream ciphers */
        uint16_t version = version_of_rank(rank, false);
        if (!policy_allows_version(p, version) && !policy_allows_version(p, version_of_rank(rank, true)))
            continue;
        show_list(shown, p, version, LIST_SUITES, out);
        if (rank > 1)
            show_list(shown, p, version, LIST_GROUPS, out);
        if (rank >= RANK_TLS12)
            show_list(shown, p, version, LIST_SIGSCHEMES, out);
    }
    show_rest(p, out);
}

static void show_period(struct shown *shown, struct policy *view, int64_t from, int64_t until, FILE *out)
{
    unsigned should = 0;
    fprintf(out, "\nAllowed");
    if (from != INT64_MIN) {
        fprintf(out, from == until ? " on " : " from ");
        print_day(out, from);
    }
    if (until != INT64_MAX && until != from) {
        fprintf(out, " until ");
        print_day(out, until);
    }
    fprintf(out, ":\n");
    policy_hold(view, from != INT64_MIN ? from : until != INT64_MAX ? until : 0);
    for (unsigned i = 0; i < view->held; i++)
        should += policy_rule(view, i)->severity == SHOULD_NOT;
    fprintf(out, "  by the MUST NOT rules\n");
    policy_should(view, false);
    show_remaining(shown, view, out);
    if (should) {
        fprintf(out, "  by the SHOULD NOT rules too\n");
        policy_should(view, true);
        show_remaining(shown, view, out);
    }
}

static void show_rule(const struct rule *r, FILE *out)
{
    static const char *const confidence[] = { [CONFIRMED] = "", [SECONDARY] = " [not read in the source itself]",
                                              [UNCONFIRMED] = " [not confirmed by any text]" };
    char buf[NAME_TEXT], text[2048];
    fprintf(out, "  %s (%s", r->id, r->severity == MUST_NOT ? "MUST NOT" : "SHOULD NOT");
    for (int rank = 1; rank < RANKS && r->ranks != RANKS_ALL; rank++)
        if (r->ranks >> rank & 1)
            fprintf(out, ", %s", version_name(version_of_rank(rank, false), buf));
    if (r->from != INT64_MIN) {
        fprintf(out, ", from ");
        print_day(out, r->from);
    }
    if (r->until != INT64_MAX) {
        fprintf(out, ", until ");
        print_day(out, r->until);
    }
    fprintf(out, ")\n");
    (void)snprintf(text, sizeof text, "%s%s", r->sentence, confidence[r->confidence]);
    table_wrap(out, text, 6, 0, WIDTH);
}

void policy_show(const struct policy *p, FILE *out)
{
    static const char *const from[] = { [CONFIRMED] = "the source itself",
                                        [SECONDARY] = "texts that cite or implement the source, which was not read itself",
                                        [UNCONFIRMED] = "hearsay: no text confirms them" };
    struct policy view = *p;
    struct shown shown = { { { NULL } } };
    int64_t day[2 * RULES_MAX] = { 0 };
    fprintf(out, "%s: %s\n  source: %s\n  as of: %s\n  rules taken from: %s\n", p->name, p->title, p->source, p->as_of,
            from[p->confidence]);
    for (unsigned i = 0; i < p->notes; i++) {
        fprintf(out, "  note:\n");
        table_wrap(out, p->note[i], 6, 0, WIDTH);
    }
    fprintf(out, "\nRules:\n");
    for (unsigned i = 0; i < p->all; i++)
        show_rule(&p->rule[i], out);
    unsigned n = p->day ? 0 : turning_days(p, day);
    if (p->day)
        show_period(&shown, &view, p->day, p->day, out);
    else
        show_period(&shown, &view, INT64_MIN, n ? day[0] - 1 : INT64_MAX, out);
    for (unsigned i = 0; i < n; i++)
        show_period(&shown, &view, day[i], i + 1 < n ? day[i + 1] - 1 : INT64_MAX, out);
    for (unsigned i = 0; i < RANKS * LISTS; i++)
        free(shown.last[i / LISTS][i % LISTS]);
}
