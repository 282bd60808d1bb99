/* SPDX-License-Identifier: Apache-2.0 */
/* The options of a study: which policies, on which servers, with which exceptions, and when the result is a failure. */
#include "base/nearest.h"
#include "cli/cli.h"
#include "report/accept.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define DEFAULT_POLICY "tls12-minimum"
enum { POLICIES_MAX = 64 };

int study_set_policy(struct options *o, const char *v, struct err *e)
{
    (void)e;
    o->study.policies = v && *v ? v : DEFAULT_POLICY;
    return 0;
}

int study_set_min_version(struct options *o, const char *v, struct err *e)
{
    (void)e;
    o->study.min_version = v;
    return 0;
}

int study_set_forbid(struct options *o, const char *v, struct err *e)
{
    (void)e;
    o->study.forbid = v;
    return 0;
}

int study_set_accept(struct options *o, const char *v, struct err *e)
{
    (void)e;
    o->study.accept_file = v;
    return 0;
}

int study_set_on(struct options *o, const char *v, struct err *e)
{
    struct tm tm = { 0 };
    const char *end = strptime(v, "%Y-%m-%d", &tm);
    if (!end || *end)
        return err_set(e, "--on %s: give a day such as 2026-11-21", v);
    o->study.on_day = (int64_t)timegm(&tm) / 86400;
    return 0;
}

int study_set_fail_on(struct options *o, const char *v, struct err *e)
{
    o->study.fail_on = 1u << VERDICT_COUNT; /* given: also when it names nothing that occurs */
    while (*v) {
        char word[32];
        size_t n = strcspn(v, ",");
        (void)snprintf(word, sizeof word, "%.*s", (int)(n < sizeof word ? n : sizeof word - 1), v);
        int verdict = verdict_by_name(word);
        if (verdict < 0)
            return err_set(e, "--fail-on %s: no such verdict; there are failing, plaintext, breaks, ready, server-first, safe, likely, "
                              "unknown", word);
        o->study.fail_on |= 1u << verdict;
        v += n + (v[n] == ',');
    }
    return 0;
}

/* ADDRESS[/BITS], with :PORT (IPv6 in brackets), else a name with :PORT; the policy was taken off. */
static int read_target(struct enforce *t, char *text)
{
    char *colon = strrchr(text, ':');
    size_t n = strlen(text);
    bool bracket = *text == '[' && n > 1;
    if (colon && (strchr(text, ':') == colon || (bracket && colon > text && colon[-1] == ']'))) {
        char *end;
        unsigned long port = strtoul(colon + 1, &end, 10);
        if (end == colon + 1 || *end || port == 0 || port > 65535)
            return -1;
        t->port = (uint16_t)port;
        *colon = '\0';
        n = strlen(text);
    }
    if (bracket && text[n - 1] == ']') {
        text[n - 1] = '\0';
        text++;
    }
    if (!*text || strlen(text) >= sizeof t->name)
        return -1;
    t->named = cidr_parse(text, &t->at) != 0;
    memcpy(t->name, text, strlen(text) + 1);
    return 0;
}

/* The number of a policy in the list of names; -1: it is not there. */
static int policy_number(const char *list, const char *name)
{
    size_t len = strlen(name);
    for (int i = 0; *list; i++) {
        size_t n = strcspn(list, ",");
        if (n == len && strncmp(list, name, n) == 0)
            return i;
        list += n + (list[n] == ',');
    }
    return -1;
}

/* Adds a policy that was named only with --enforce. */
static int policy_add(struct study_options *s, const char *name)
{
    char *both = NULL;
    if (!s->policies) {
        both = strdup(name);
    } else {
        size_t n = strlen(s->policies) + strlen(name) + 2;
        both = malloc(n);
        if (both)
            (void)snprintf(both, n, "%s,%s", s->policies, name);
    }
    free(s->named);
    s->named = both;
    s->policies = both;
    return both ? policy_number(both, name) : -1;
}

int study_set_enforce(struct options *o, const char *v, struct err *e)
{
    struct study_options *s = &o->study;
    struct enforce *room = realloc(s->enforce, (s->enforces + 1) * sizeof *room);
    char text[512];
    if (!room)
        return err_set(e, "out of memory");
    s->enforce = room;
    struct enforce *t = &room[s->enforces];
    *t = (struct enforce){ .policy = UINT_MAX, .text = v };
    (void)snprintf(text, sizeof text, "%s", v);
    char *policy = strchr(text, '=');
    if (policy)
        *policy++ = '\0';
    if (strlen(v) >= sizeof text || read_target(t, text) || (policy && !*policy))
        return err_set(e, "--enforce %.200s: give ADDRESS[/BITS], NAME or either with :PORT, and =POLICY if it has one of its own", v);
    if (policy)
        (void)snprintf(t->policy_name, sizeof t->policy_name, "%s", policy);
    s->enforces++;
    return 0;
}

/* One of those that --names gives. */
static int client_by_name(const struct options *o, const char *name, char *out, size_t cap, struct err *e)
{
    struct nearest near = { .word = name };
    if (!o->names || names_file_count(o->names) == 0)
        return err_set(e, "explain: %.200s is not the address of a client; a name needs --names FILE", name);
    for (uint32_t i = 0; i < names_file_count(o->names); i++)
        nearest_try(&near, names_file_at(o->names, i)->name);
    if (!names_file_has(o->names, name) || strlen(name) >= cap)
        return err_set(e, "explain: %.200s is neither the address of a client nor a name of --names; the nearest is %s", name,
                       near.best);
    (void)snprintf(out, cap, "%s", name);
    return 0;
}

int study_set_subject(struct options *o, const char *client, const char *server, struct err *e)
{
    struct study_subject *s = &o->study.subject;
    char text[512];
    (void)snprintf(text, sizeof text, "%s", server);
    if (cidr_parse_client(client, &s->client) && client_by_name(o, client, s->client_name, sizeof s->client_name, e))
        return -1;
    if (strlen(server) >= sizeof text || read_target(&s->server, text))
        return err_set(e, "explain: %.200s is not a server; give ADDRESS, NAME or either with :PORT", server);
    o->study.request.subject = s;
    return 0;
}

/* ---- opening what was asked for ---- */

static int resolve_enforced(struct study_options *s, struct err *e)
{
    for (unsigned i = 0; i < s->enforces; i++) {
        struct enforce *t = &s->enforce[i];
        if (!*t->policy_name)
            continue;
        int n = s->policies ? policy_number(s->policies, t->policy_name) : -1;
        if (n < 0)
            n = policy_add(s, t->policy_name);
        if (n < 0)
            return err_set(e, "out of memory");
        t->policy = (unsigned)n;
    }
    return 0;
}

static int open_policy(struct study_options *s, struct policy *p)
{
    if (!p)
        return -1;
    s->request.policy[s->request.policies++] = p;
    return 0;
}

static int open_policies(struct study_options *s, struct err *e)
{
    s->request.policy = calloc(POLICIES_MAX + 1, sizeof *s->request.policy);
    if (!s->request.policy)
        return err_set(e, "out of memory");
    for (const char *v = s->policies; v && *v;) {
        char name[512];
        size_t n = strcspn(v, ",");
        if (s->request.policies == POLICIES_MAX || n >= sizeof name)
            return err_set(e, "--policy: at most %d policies, with shorter names", POLICIES_MAX);
        memcpy(name, v, n);
        name[n] = '\0';
        if (open_policy(s, policy_open(name, s->on_day, e)))
            return -1;
        v += n + (v[n] == ',');
    }
    if (s->min_version || s->forbid)
        return open_policy(s, policy_inline(s->min_version, s->forbid, e));
    return 0;
}

/* An option asks for a study, or a server is to be enforced, and no policy says with what. */
static bool wants_default(const struct study_options *s, bool asks)
{
    for (unsigned i = 0; i < s->enforces; i++)
        if (!*s->enforce[i].policy_name)
            return true;
    return asks && !s->enforces;
}

int study_options_open(struct options *o, struct err *e)
{
    struct study_options *s = &o->study;
    bool inline_policy = s->min_version || s->forbid;
    bool asks = s->accept_file || s->fail_on || o->evidence;
    if (!s->policies && !inline_policy && wants_default(s, asks))
        s->policies = DEFAULT_POLICY;
    if (!s->policies && !inline_policy && !s->enforces)
        return 0;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    s->request.now_ns = s->on_day ? s->on_day * 86400 * 1000000000 : (int64_t)now.tv_sec * 1000000000;
    s->on_day = s->on_day ? s->on_day : (int64_t)now.tv_sec / 86400;
    if (resolve_enforced(s, e) || open_policies(s, e))
        return -1;
    if (s->accept_file && !(s->accept = accept_read(s->accept_file, o->names, e)))
        return -1;
    s->request.enforce = s->enforce;
    s->request.enforces = s->enforces;
    s->request.accept = s->accept;
    s->request.fail_on = s->fail_on ? s->fail_on & ((1u << VERDICT_COUNT) - 1) : STUDY_BAD;
    o->view.study = &s->request;
    return 0;
}

void study_options_free(struct study_options *s)
{
    for (unsigned i = 0; i < s->request.policies; i++)
        policy_free(s->request.policy[i]);
    free(s->request.policy);
    free(s->enforce);
    free(s->named);
    accept_free(s->accept);
}

enum exit_code study_exit(const struct options *o)
{
    if (!o->view.study)
        return EXIT_DONE;
    unsigned idle = o->view.study->idle_exceptions;
    if (idle)
        fprintf(stderr, "tlsunset: --accept %s: %u %s no effect, expired or for what was not seen: the report says which\n",
                o->study.accept_file, idle, idle == 1 ? "line has" : "lines have");
    switch (o->view.study->exits) {
    case STUDY_READY:
        return EXIT_DONE;
    case STUDY_NOT_PROVED:
    case STUDY_NOT_ENOUGH:
        return EXIT_NOT_ENOUGH;
    case STUDY_NOT_READY:
        return EXIT_NOT_READY;
    }
    return EXIT_DONE;
}
