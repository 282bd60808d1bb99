/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finding and opening policies. A name is looked for in $TLSUNSET_POLICIES, then among those built in, then in the
 * installed folder: so a built-in name means what this version of the program says it means, unless somebody asks for
 * something else.
 */
#include "report/policy_impl.h"

#include "base/limits.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char installed[] = TLSUNSET_DATADIR "/policies";

struct bits *rule_set(struct rule *r)
{
    if (!r->set)
        r->set = calloc(1, sizeof *r->set);
    return r->set;
}

void policy_free(struct policy *p)
{
    if (!p)
        return;
    for (unsigned i = 0; i < p->all; i++) {
        struct rule *r = &p->rule[i];
        free(r->id);
        free(r->text);
        free(r->reference);
        free(r->sentence);
        free(r->set);
    }
    for (unsigned i = 0; i < p->notes; i++)
        free(p->note[i]);
    free(p->path);
    free(p->name);
    free(p->title);
    free(p->source);
    free(p->as_of);
    free(p);
}

/* ---- what holds ---- */

static bool forbids_version(const struct rule *r, int rank, bool dtls)
{
    return r->kind == RULE_VERSION && (rank < r->min[dtls] || (r->max[dtls] && rank > r->max[dtls]));
}

static bool forbids_suite(const struct rule *r, int rank, unsigned suite, bool etm)
{
    return r->kind == RULE_SUITES && r->ranks >> rank & 1 && !rule_allows(r, suite) && !(r->unless_etm && etm);
}

static void narrow(struct policy *p, const struct rule *r)
{
    size_t n;
    (void)suite_table(&n);
    for (int rank = 1; rank < RANKS; rank++) {
        for (unsigned dtls = 0; dtls < 2; dtls++)
            if (forbids_version(r, rank, dtls))
                p->versions[dtls] &= (uint8_t)~(1u << rank);
        for (unsigned i = 0; i < n * 2; i++)
            if (forbids_suite(r, rank, i / 2, i & 1))
                p->suites[rank][i & 1][i / 2 / 64] &= ~(UINT64_C(1) << (i / 2 % 64));
    }
    if (r->kind == RULE_CERTIFICATE && r->keys)
        p->keys &= r->keys;
}

void policy_hold(struct policy *p, int64_t on_day)
{
    size_t n;
    (void)suite_table(&n);
    assert(n <= SUITE_WORDS * 64u);
    p->day = on_day;
    p->held = 0;
    p->versions[0] = p->versions[1] = RANKS_ALL;
    p->keys = UINT16_MAX;
    memset(p->suites, 0xff, sizeof p->suites);
    for (unsigned i = 0; i < p->all; i++) {
        const struct rule *r = &p->rule[i];
        if (on_day != 0 && (on_day < r->from || on_day > r->until))
            continue;
        p->hold[p->held++] = (uint8_t)i;
        if (rule_binds(p, r))
            narrow(p, r);
    }
}

void policy_should(struct policy *p, bool on)
{
    p->should = on;
    policy_hold(p, p->day);
}

/* ---- reading ---- */

static struct policy *read_file(const char *path, const char *name, struct err *e)
{
    FILE *f = fopen(path, "rb");
    char *text = f ? malloc(LIMIT_POLICY_BYTES + 1) : NULL;
    struct policy *p = NULL;
    if (!f || !text) {
        (void)err_set(e, "policy %s: %s", path, f ? "out of memory" : strerror(errno));
    } else {
        size_t n = fread(text, 1, LIMIT_POLICY_BYTES + 1, f);
        if (ferror(f))
            (void)err_set(e, "policy %s: %s", path, strerror(errno));
        else if (n > LIMIT_POLICY_BYTES)
            (void)err_set(e, "policy %s: longer than %d bytes", path, LIMIT_POLICY_BYTES);
        else {
            text[n] = '\0';
            p = policy_parse(text, n, path, name, e);
        }
    }
    if (p && !(p->path = strdup(path))) {
        (void)err_set(e, "policy %s: out of memory", path);
        policy_free(p);
        p = NULL;
    }
    free(text);
    if (f)
        fclose(f);
    return p;
}

/* The policy of a file of that name in a folder. NULL and *absent: there is none. */
static struct policy *from_folder(const char *folder, const char *name, bool *absent, struct err *e)
{
    char path[4096];
    *absent = true;
    if (!folder || (size_t)snprintf(path, sizeof path, "%s/%s.json", folder, name) >= sizeof path)
        return NULL;
    FILE *f = fopen(path, "rb");
    if (!f)
        return NULL;
    fclose(f);
    *absent = false;
    return read_file(path, name, e);
}

static struct policy *built_in(const char *name, bool *absent, struct err *e)
{
    char file[128];
    *absent = true;
    for (const struct policy_file *f = policy_files; f->name; f++) {
        if (strcmp(f->name, name) != 0)
            continue;
        *absent = false;
        (void)snprintf(file, sizeof file, "%s.json", name);
        return policy_parse((const char *)f->text, f->size, file, name, e);
    }
    return NULL;
}

static struct policy *by_name(const char *name, struct err *e)
{
    bool absent;
    struct policy *p = from_folder(getenv("TLSUNSET_POLICIES"), name, &absent, e);
    if (absent)
        p = built_in(name, &absent, e);
    if (absent)
        p = from_folder(installed, name, &absent, e);
    if (!absent)
        return p;
    struct nearest near = { .word = name };
    struct policy_names names;
    if (policy_names(&names) == 0) {
        for (unsigned i = 0; i < names.count; i++)
            nearest_try(&near, names.name[i]);
        policy_names_free(&names);
    }
    (void)err_set(e, "no policy named %s; the nearest is %s; `tlsunset policy list` prints all", name, near.best);
    return NULL;
}

static struct policy *by_path(const char *path, struct err *e)
{
    char name[128];
    const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
    size_t n = strlen(base);
    if (n > 5 && strcmp(base + n - 5, ".json") == 0)
        n -= 5;
    (void)snprintf(name, sizeof name, "%.*s", (int)(n < sizeof name ? n : sizeof name - 1), base);
    return read_file(path, name, e);
}

struct policy *policy_open(const char *name, int64_t on_day, struct err *e)
{
    size_t n = strlen(name);
    bool path = strchr(name, '/') || (n > 5 && strcmp(name + n - 5, ".json") == 0);
    struct policy *p = path ? by_path(name, e) : by_name(name, e);
    if (p && on_day != 0)
        policy_hold(p, on_day);
    return p;
}

/* ---- names ---- */

static int name_cmp(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int name_add(struct policy_names *l, const char *name, size_t length)
{
    for (unsigned i = 0; i < l->count; i++)
        if (strncmp(l->name[i], name, length) == 0 && l->name[i][length] == '\0')
            return 0;
    char **at = realloc(l->name, (l->count + 1) * sizeof *at);
    if (!at)
        return -1;
    l->name = at;
    l->name[l->count] = strndup(name, length);
    return l->name[l->count] ? (l->count++, 0) : -1;
}

static int names_in_folder(struct policy_names *l, const char *folder)
{
    DIR *d = folder ? opendir(folder) : NULL;
    int rc = 0;
    for (const struct dirent *f; d && rc == 0 && (f = readdir(d));) {
        size_t n = strlen(f->d_name);
        if (n > 5 && f->d_name[0] != '.' && strcmp(f->d_name + n - 5, ".json") == 0)
            rc = name_add(l, f->d_name, n - 5);
    }
    if (d)
        closedir(d);
    return rc;
}

int policy_names(struct policy_names *l)
{
    *l = (struct policy_names){ 0 };
    int rc = names_in_folder(l, getenv("TLSUNSET_POLICIES"));
    for (const struct policy_file *f = policy_files; f->name && rc == 0; f++)
        rc = name_add(l, f->name, strlen(f->name));
    if (rc == 0)
        rc = names_in_folder(l, installed);
    if (rc)
        policy_names_free(l);
    else if (l->count)
        qsort(l->name, l->count, sizeof *l->name, name_cmp);
    return rc;
}

void policy_names_free(struct policy_names *l)
{
    for (unsigned i = 0; i < l->count; i++)
        free(l->name[i]);
    free(l->name);
    *l = (struct policy_names){ 0 };
}

/* ---- reading one ---- */

const char *policy_path(const struct policy *p)
{
    return p->path;
}

const char *policy_name(const struct policy *p)
{
    return p->name;
}

const char *policy_title(const struct policy *p)
{
    return p->title;
}

unsigned policy_rules(const struct policy *p)
{
    return p->held;
}

const char *policy_rule_id(const struct policy *p, unsigned i)
{
    return policy_rule(p, i)->id;
}

const char *policy_rule_text(const struct policy *p, unsigned i)
{
    return policy_rule(p, i)->sentence;
}

enum severity policy_rule_severity(const struct policy *p, unsigned i)
{
    return policy_rule(p, i)->severity;
}
