/* SPDX-License-Identifier: Apache-2.0 */
/* The options of every subcommand: one table, one setter each. A wrong value is one line that names option and remedy. */
#include "base/limits.h"
#include "base/nearest.h"
#include "capture/source.h"
#include "cli/cli.h"
#include "cli/memory.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

struct option_row {
    const char *name;
    int letter; /* 0: none */
    const char *argument; /* NULL: takes none */
    unsigned who;
    int (*set)(struct options *o, const char *value, struct err *e);
    const char *text;
};

int cannot(const struct err *e)
{
    fprintf(stderr, "tlsunset: %s\n", e->text);
    return EXIT_CANNOT;
}

static int number(const char *v, uint64_t max, uint64_t *out)
{
    char *end;
    errno = 0;
    unsigned long long n = strtoull(v, &end, 10);
    if (end == v || *end || *v == '-' || errno || n > max)
        return -1;
    *out = n;
    return 0;
}

static int set_format(struct options *o, const char *v, struct err *e)
{
    o->format = render_find(v);
    if (o->format)
        return 0;
    char names[128] = "";
    for (unsigned i = 0; i < render_count; i++) {
        size_t n = strlen(names);
        (void)snprintf(names + n, sizeof names - n, "%s%s", i ? ", " : "", renders[i].name);
    }
    return err_set(e, "--format %s: no such format; there are %s", v, names);
}

static int set_output(struct options *o, const char *v, struct err *e)
{
    (void)e;
    o->output = strcmp(v, "-") == 0 ? NULL : v;
    return 0;
}

static int set_state(struct options *o, const char *v, struct err *e)
{
    (void)e;
    o->state = v;
    return 0;
}

static int set_again(struct options *o, const char *v, struct err *e)
{
    (void)v, (void)e;
    o->again = true;
    return 0;
}

static int set_evidence(struct options *o, const char *v, struct err *e)
{
    (void)e;
    o->evidence = v;
    return 0;
}

static int set_quiet(struct options *o, const char *v, struct err *e)
{
    (void)v, (void)e;
    o->quiet = true;
    return 0;
}

static int set_no_ndpi(struct options *o, const char *v, struct err *e)
{
    (void)v, (void)e;
    o->no_ndpi = true;
    return 0;
}

static int set_filter(struct options *o, const char *v, struct err *e)
{
    (void)e;
    o->filter = v;
    return 0;
}

static int set_interface(struct options *o, const char *v, struct err *e)
{
    (void)e;
    o->interface = v;
    return 0;
}

static int seconds(const char *v, int64_t *out)
{
    char *end;
    long n = strtol(v, &end, 10);
    int64_t unit = !*end || !strcmp(end, "s") ? 1 : !strcmp(end, "m") ? 60 : !strcmp(end, "h") ? 3600 : 0;
    if (end == v || unit == 0 || n < 1 || n > 86400)
        return -1;
    *out = n * unit;
    return 0;
}

static int set_check(struct options *o, const char *v, struct err *e)
{
    return seconds(v, &o->check_seconds) ? err_set(e, "--check %s: give a time such as 60s, 5m or 1h", v) : 0;
}

static int set_checkpoint(struct options *o, const char *v, struct err *e)
{
    return seconds(v, &o->checkpoint_seconds) ? err_set(e, "--checkpoint %s: give a time such as 60s, 5m or 1h", v) : 0;
}

static int set_top(struct options *o, const char *v, struct err *e)
{
    uint64_t n;
    if (number(v, UINT32_MAX, &n))
        return err_set(e, "--top %s: give a number of rows, 0 for all", v);
    o->view.top = (unsigned)n;
    return 0;
}

static int set_server(struct options *o, const char *v, struct err *e)
{
    char host[128];
    uint64_t port = 0;
    size_t n = strlen(v);
    const char *colon = strrchr(v, ':');
    bool one_colon = colon && strchr(v, ':') == colon;
    if (*v == '[' && colon && colon > v && colon[-1] == ']') {
        n = (size_t)(colon - v) - 2;
        v++;
    } else if (one_colon) {
        n = (size_t)(colon - v);
    } else {
        colon = NULL;
    }
    if (n >= sizeof host)
        return err_set(e, "--server: the address is too long");
    memcpy(host, v, n);
    host[n] = '\0';
    if (cidr_parse(host, &o->server_only) || (colon && (number(colon + 1, 65535, &port) || port == 0)))
        return err_set(e, "--server %s: give ADDRESS, ADDRESS/BITS or either with :PORT (IPv6 with a port in brackets)", v);
    o->view.server_only = &o->server_only;
    o->view.server_port = (uint16_t)port;
    return 0;
}

static int set_client(struct options *o, const char *v, struct err *e)
{
    if (cidr_parse_client(v, &o->client_only))
        return err_set(e, "--client %s: give ADDRESS or ADDRESS/BITS", v);
    o->view.client_only = &o->client_only;
    return 0;
}

/* RFC 3339 down to the day: 2026-11-21, 2026-11-21T09:30, 2026-11-21T09:30:15Z (UTC), or seconds since 1970 as @N. */
static int time_value(const char *v, int64_t *ns)
{
    static const char *const forms[] = { "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M",
                                         "%Y-%m-%d" };
    uint64_t n;
    if (*v == '@' && number(v + 1, INT64_MAX / 1000000000, &n) == 0) {
        *ns = (int64_t)n * 1000000000;
        return 0;
    }
    for (unsigned i = 0; i < sizeof forms / sizeof *forms; i++) {
        struct tm tm = { 0 };
        const char *end = strptime(v, forms[i], &tm);
        if (!end || (*end && strcmp(end, "Z")))
            continue;
        int day = tm.tm_mday;
        *ns = (int64_t)timegm(&tm) * 1000000000;
        return tm.tm_mday == day ? 0 : -1; /* timegm() makes 2 March of 30 February */
    }
    return -1;
}

static int set_since(struct options *o, const char *v, struct err *e)
{
    return time_value(v, &o->view.since_ns) ? err_set(e, "--since %s: give a UTC time such as 2026-11-21T09:30", v) : 0;
}

static int set_until(struct options *o, const char *v, struct err *e)
{
    return time_value(v, &o->view.until_ns) ? err_set(e, "--until %s: give a UTC time such as 2026-11-21T09:30", v) : 0;
}

typedef int parse_cidr(const char *text, struct cidr *c);
static int cidrs(const char *option, const char *v, parse_cidr *parse_one, struct cidr_list *l, struct err *e)
{
    while (*v) {
        char one[128];
        size_t n = strcspn(v, ",");
        struct cidr c;
        if (n >= sizeof one)
            return err_set(e, "%s: an address is too long", option);
        memcpy(one, v, n);
        one[n] = '\0';
        if (parse_one(one, &c))
            return err_set(e, "%s %s: give ADDRESS or ADDRESS/BITS, several with commas", option, one);
        struct cidr *at = realloc(l->at, (l->count + 1) * sizeof *at);
        if (!at)
            return err_set(e, "out of memory");
        l->at = at;
        l->at[l->count++] = c;
        v += n + (v[n] == ',');
    }
    return 0;
}

static int set_own(struct options *o, const char *v, struct err *e)
{
    return cidrs("--servers", v, cidr_parse, &o->own, e);
}

static int set_ignored(struct options *o, const char *v, struct err *e)
{
    return cidrs("--ignore-client", v, cidr_parse_client, &o->ignored, e);
}

static int set_names(struct options *o, const char *v, struct err *e)
{
    names_file_free(o->names);
    o->names = names_file_read(v, e);
    o->names_file = v;
    o->view.names = o->names;
    return o->names ? 0 : -1;
}

static int set_client_prefix(struct options *o, const char *v, struct err *e)
{
    uint64_t n;
    if (number(v, 128, &n) || n == 0)
        return err_set(e, "--client-prefix %s: give the bits of an IPv6 prefix, 1 to 128 (64 groups privacy addresses)", v);
    o->client_prefix = (unsigned)n;
    return 0;
}

/* A key file gives the same pseudonyms in every run; without one they hold for this run only. */
static int set_anonymize(struct options *o, const char *v, struct err *e)
{
    o->anonymize = true;
    o->key_file = v;
    if (!v)
        return 0;
    FILE *f = fopen(v, "rb");
    if (!f)
        return err_set(e, "--anonymize=%s: %s", v, strerror(errno));
    size_t n = fread(o->anonymize_key, 1, sizeof o->anonymize_key, f);
    fclose(f);
    if (n < sizeof o->anonymize_key)
        return err_set(e, "--anonymize=%s: the key file must hold at least 32 bytes (head -c 32 /dev/urandom >%s)", v, v);
    return 0;
}

static int set_scope(struct options *o, const char *v, struct err *e)
{
    if (!strcmp(v, "vlan"))
        o->scope = SCOPE_VLAN;
    else if (!strcmp(v, "vni"))
        o->scope = SCOPE_VNI;
    else
        return err_set(e, "--scope %s: give vlan or vni", v);
    return 0;
}

static int set_vxlan_port(struct options *o, const char *v, struct err *e)
{
    uint64_t n;
    unsigned i = 0;
    const unsigned max = sizeof o->vxlan_port / sizeof *o->vxlan_port;
    if (number(v, 65535, &n) || n == 0)
        return err_set(e, "--vxlan-port %s: give a UDP port", v);
    while (i < max && o->vxlan_port[i])
        i++;
    if (i == max)
        return err_set(e, "--vxlan-port: at most %u", max);
    o->vxlan_port[i] = (uint16_t)n;
    return 0;
}

static int set_memory_limit(struct options *o, const char *v, struct err *e)
{
    char *end;
    errno = 0;
    unsigned long long n = strtoull(v, &end, 10);
    unsigned shift = !*end ? 0 : !strcasecmp(end, "k") ? 10 : !strcasecmp(end, "m") ? 20 : !strcasecmp(end, "g") ? 30 : 99;
    if (end == v || *v == '-' || errno || shift == 99 || n > UINT64_MAX >> 30 || (n << shift) < 32ull << 20)
        return err_set(e, "--memory-limit %s: give bytes with K, M or G, at least 32M", v);
    o->memory_limit = n << shift;
    return 0;
}

static int set_threads(struct options *o, const char *v, struct err *e)
{
    uint64_t n;
    if (number(v, LIMIT_THREADS, &n) || n == 0)
        return err_set(e, "--threads %s: give a number from 1 to %d", v, LIMIT_THREADS);
    o->threads = o->view.threads = (unsigned)n;
    return 0;
}

static int set_seed(struct options *o, const char *v, struct err *e)
{
    return number(v, UINT64_MAX, &o->seed) ? err_set(e, "--seed %s: give a number", v) : 0;
}

static const struct option_row rows[] = {
    { "format", 'f', "FORMAT", FOR_READ | FOR_WATCH, set_format, "text, json, or ndjson: a line for each handshake (text)" },
    { "format", 'f', "FORMAT", FOR_REPORT, set_format, "text or json (text)" },
    { "output", 'o', "FILE", FOR_ANY, set_output, "write there (-: standard output)" },
    { "state", 0, "FILE", FOR_READ | FOR_WATCH, set_state, "add to this state file, so that runs accumulate" },
    { "again", 0, NULL, FOR_READ, set_again, "read what was read already, and copies of it" },
    { "interface", 'i', "NAME", FOR_WATCH, set_interface, "the interface that the mirror arrives on" },
    { "check", 0, "TIME", FOR_WATCH, set_check, "look at the mirror for so long, as in 60s, and say what is wrong with it" },
    { "checkpoint", 0, "TIME", FOR_WATCH, set_checkpoint, "save into the state so often (60s)" },
    { "filter", 0, "BPF", FOR_READ | FOR_WATCH | FOR_EXPLAIN, set_filter, "only packets that match, as in tcpdump" },
    { "top", 0, "N", FOR_ALL, set_top, "rows per table (20); 0 for all" },
    { "server", 0, "ADDR[/BITS][:PORT]", FOR_ALL, set_server, "only these servers" },
    { "client", 0, "ADDR[/BITS]", FOR_ALL, set_client, "only these clients" },
    { "since", 0, "TIME", FOR_ANY, set_since, "only from then on, in UTC, as in 2026-11-21T09:30" },
    { "until", 0, "TIME", FOR_ANY, set_until, "only before then" },
    { "servers", 0, "CIDR,...", FOR_ANY, set_own, "your own servers, told apart from the Internet's" },
    { "ignore-client", 0, "CIDR,...", FOR_ANY, set_ignored, "scanners and health checks, set apart" },
    { "names", 0, "FILE", FOR_ANY, set_names, "lines of ADDRESS NAME [OWNER]" },
    { "policy", 0, "NAME,...", FOR_ANY, study_set_policy, "judge under these policies (tls12-minimum): who breaks" },
    { "min-version", 0, "VERSION", FOR_ANY, study_set_min_version, "a policy of its own: nothing below, as in TLSv1.2" },
    { "forbid", 0, "WORDS", FOR_ANY, study_set_forbid, "likewise: none of these, as in 3DES,RC4,kx=RSA" },
    { "enforce", 0, "SERVER[:PORT]|NAME[=POLICY]", FOR_ANY, study_set_enforce, "only these servers are to be enforced" },
    { "accept", 0, "FILE", FOR_ANY, study_set_accept, "exceptions: lines of CLIENT SERVER EXPIRES REASON" },
    { "fail-on", 0, "VERDICTS", FOR_ALL, study_set_fail_on, "exit 1 on these (breaks,plaintext,server-first)" },
    { "evidence", 0, "DIR", FOR_READ | FOR_REPORT, set_evidence, "a small capture for each verdict that is not ready" },
    { "on", 0, "DATE", FOR_ANY, study_set_on, "judge by the rules and exceptions of that day (today)" },
    { "client-prefix", 0, "BITS", FOR_READ | FOR_WATCH | FOR_EXPLAIN, set_client_prefix, "count IPv6 clients by their first bits, as in 64 (128)" },
    { "anonymize", 0, "[KEYFILE]", FOR_ALL, set_anonymize, "replace client addresses by keyed pseudonyms" },
    { "scope", 0, "vlan|vni", FOR_READ | FOR_WATCH | FOR_EXPLAIN, set_scope, "tenants reuse addresses: their id is part of the key" },
    { "vxlan-port", 0, "PORT", FOR_READ | FOR_WATCH | FOR_EXPLAIN, set_vxlan_port, "VXLAN on this UDP port too" },
    { "no-ndpi", 0, NULL, FOR_READ | FOR_WATCH, set_no_ndpi, "do not ask nDPI for names of services" },
    { "memory-limit", 0, "SIZE", FOR_READ | FOR_WATCH, set_memory_limit, "cap the tables and buffers, as in 256M" },
    { "threads", 0, "N", FOR_READ | FOR_WATCH, set_threads, "share the work between so many threads, with the same result (1)" },
    { "seed", 0, "N", FOR_READ | FOR_WATCH | FOR_EXPLAIN, set_seed, "fixed hash seed, for tests" },
    { "quiet", 'q', NULL, FOR_ANY, set_quiet, "no progress and no notices" },
};
enum { ROWS = sizeof rows / sizeof *rows, HELP = 1000 };

static void help(unsigned who, const char *name)
{
    enum { COLUMN = 34 }; /* where texts begin; behind a longer option on a line of their own */
    for (const struct subcommand *s = subcommands; s->name; s++)
        if (!strcmp(s->name, name))
            printf("tlsunset %s %s\n    %s\n\n", s->name, s->arguments, s->text);
    for (unsigned i = 0; i < ROWS; i++) {
        char head[64];
        if (!(rows[i].who & who))
            continue;
        if (rows[i].argument && rows[i].argument[0] == '[')
            (void)snprintf(head, sizeof head, "--%s[=%.*s]", rows[i].name, (int)strlen(rows[i].argument) - 2, rows[i].argument + 1);
        else
            (void)snprintf(head, sizeof head, "%s%c%s--%s%s%s", rows[i].letter ? "-" : "", rows[i].letter ? rows[i].letter : ' ',
                           rows[i].letter ? ", " : "", rows[i].name, rows[i].argument ? " " : "",
                           rows[i].argument ? rows[i].argument : "");
        const char *shown = head + (rows[i].letter || head[0] != ' ' ? 0 : 1);
        if (strlen(shown) > COLUMN - 2)
            printf("  %s\n  %-*s%s\n", shown, COLUMN, "", rows[i].text);
        else
            printf("  %-*s%s\n", COLUMN, shown, rows[i].text);
    }
    printf("\n(...): what holds without the option.\n");
}

/* getopt's tables for one subcommand. */
static void tables(unsigned who, struct option longs[ROWS + 2], char shorts[2 * ROWS + 2])
{
    unsigned n = 0;
    *shorts++ = ':';
    for (unsigned i = 0; i < ROWS; i++) {
        if (!(rows[i].who & who))
            continue;
        int takes = !rows[i].argument ? no_argument : rows[i].argument[0] == '[' ? optional_argument : required_argument;
        longs[n++] = (struct option){ rows[i].name, takes, NULL, (int)i + HELP + 1 };
        if (rows[i].letter) {
            *shorts++ = (char)rows[i].letter;
            if (rows[i].argument)
                *shorts++ = ':';
        }
    }
    *shorts = '\0';
    longs[n++] = (struct option){ "help", no_argument, NULL, HELP };
    longs[n] = (struct option){ NULL, 0, NULL, 0 };
}

static const struct option_row *row_of(int c)
{
    if (c > HELP)
        return &rows[c - HELP - 1];
    for (unsigned i = 0; i < ROWS; i++)
        if (rows[i].letter == c)
            return &rows[i];
    return NULL;
}

static int defaults(struct options *o, struct err *e)
{
    *o = (struct options){ .format = render_find("text"), .client_prefix = 128, .threads = 1, .checkpoint_seconds = 60 };
    o->view.top = 20;
    o->view.width = 100;
    o->view.color = isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
    if (getrandom(&o->seed, sizeof o->seed, 0) != sizeof o->seed ||
        getrandom(o->anonymize_key, sizeof o->anonymize_key, 0) != sizeof o->anonymize_key)
        return err_set(e, "no random numbers from the kernel: %s", strerror(errno));
    return 0;
}

/* What makes no sense together would otherwise give a report about nothing, or about too much. */
static int together(const struct options *o, struct err *e)
{
    if (o->view.since_ns && o->view.until_ns && o->view.since_ns >= o->view.until_ns)
        return err_set(e, "--since and --until: nothing lies between them; --until must be the later one");
    if (o->anonymize && (o->view.client_only || o->ignored.count))
        return err_set(e, "--anonymize: %s cannot find addresses that are replaced; use --filter '%s ADDRESS' of read or watch",
                       o->view.client_only ? "--client" : "--ignore-client", o->view.client_only ? "host" : "not host");
    if (o->evidence && o->anonymize)
        return err_set(e, "--evidence and --anonymize: captures hold the addresses that are to be hidden; give one of them");
    if (o->view.study && !o->format->report)
        return err_set(e, "--format %s is one line per handshake and has no verdicts; use text or json", o->format->name);
    return 0;
}

/* The option of another subcommand is a likelier mistake than one that does not exist. */
static int no_such_option(const char *typed, const char *subcommand, struct err *e)
{
    const char *name = typed + strspn(typed, "-");
    size_t n = strcspn(name, "=");
    struct nearest near = { .word = name };
    for (unsigned i = 0; i < ROWS; i++) {
        bool same = strlen(rows[i].name) == n && !strncmp(rows[i].name, name, n);
        if (same || (typed[1] == rows[i].letter && !typed[2]))
            return err_set(e, "%s: not an option of %s; tlsunset %s --help", typed, subcommand, subcommand);
        nearest_try(&near, rows[i].name);
    }
    bool alike = near.distance <= 2;
    return err_set(e, "%s: no such option%s%s; tlsunset %s --help", typed, alike ? ", the nearest is --" : "",
                   alike ? near.best : "", subcommand);
}

static int parse(struct options *o, int argc, char **argv, unsigned who, bool *helped, struct err *e)
{
    struct option longs[ROWS + 2];
    char shorts[2 * ROWS + 3];
    tables(who, longs, shorts);
    optind = 1;
    for (;;) {
        int c = getopt_long(argc, argv, shorts, longs, NULL);
        if (c == -1)
            break;
        if (c == HELP || (c == '?' && optopt == 'h')) {
            help(who, argv[0]);
            *helped = true;
            return 0;
        }
        if (c == ':')
            return err_set(e, "%s: needs a value; tlsunset %s --help", argv[optind - 1], argv[0]);
        const struct option_row *row = c == '?' ? NULL : row_of(c);
        if (!row)
            return no_such_option(argv[optind - 1], argv[0], e);
        if (row->set(o, optarg, e))
            return -1;
    }
    o->view.color = o->view.color && !o->output;
    o->args = argv + optind;
    o->arg_count = (unsigned)(argc - optind);
    o->view.own = o->own.at;
    o->view.own_count = o->own.count;
    o->view.ignored = o->ignored.at;
    o->view.ignored_count = o->ignored.count;
    if (who == FOR_EXPLAIN && !o->study.policies && !o->study.min_version && !o->study.forbid)
        (void)study_set_policy(o, NULL, e);
    source_window(memory_divide(o->memory_limit, 1).window);
    return study_options_open(o, e) || together(o, e) ? -1 : 0;
}

int options_parse(struct options *o, int argc, char **argv, unsigned who)
{
    struct err e;
    bool helped = false;
    if (defaults(o, &e) || parse(o, argc, argv, who, &helped, &e))
        return cannot(&e) + 1;
    return helped ? EXIT_DONE + 1 : 0;
}

void options_free(struct options *o)
{
    free(o->own.at);
    free(o->ignored.at);
    names_file_free(o->names);
    study_options_free(&o->study);
}

struct cube *options_cube(const struct options *o)
{
    struct memory m = memory_divide(o->memory_limit, 1);
    struct cube_options c = { .max_rows = m.rows, .max_profiles = m.profiles, .max_names = m.names, .max_certs = m.certs,
                              .client_prefix = o->client_prefix, .scope = (uint8_t)o->scope,
                              .anonymize_key = o->anonymize ? o->anonymize_key : NULL, .seed = o->seed };
    return cube_new(&c);
}
