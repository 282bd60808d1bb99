/* SPDX-License-Identifier: Apache-2.0 */
#include "report/accept.h"
#include "report/names_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

struct accept_list {
    struct accepted *at;
    uint32_t count, room;
};

static const char blanks[] = " \t\r\n";
#define EXPECTED "expected: CLIENT SERVER EXPIRES REASON (as in: 10.1.2.3 mail.example:25 2026-12-31 scanner is replaced in December)"

static char *word(char **at)
{
    char *w = *at + strspn(*at, blanks);
    char *end = w + strcspn(w, blanks);
    *at = *end ? end + 1 : end;
    *end = '\0';
    return w;
}

static int read_client(struct accepted *a, const char *text, const struct names_file *names)
{
    a->any_client = !strcmp(text, "*");
    if (a->any_client || cidr_parse_client(text, &a->client) == 0)
        return 0;
    if (strlen(text) >= sizeof a->client_name || !names_file_has(names, text))
        return -1;
    memcpy(a->client_name, text, strlen(text) + 1);
    return 0;
}

/* Takes ":PORT" off the end; an IPv6 address with a port is in brackets. */
static int read_port(char *text, uint16_t *port)
{
    char *colon = strrchr(text, ':'), *end;
    size_t n = strlen(text);
    if (*text == '[' && n > 1 && text[n - 1] == ']') {
        memmove(text, text + 1, n - 2);
        text[n - 2] = '\0';
        return 0;
    }
    bool bracket = *text == '[' && colon && colon > text && colon[-1] == ']';
    if (!colon || (strchr(text, ':') != colon && !bracket))
        return 0;
    unsigned long v = strtoul(colon + 1, &end, 10);
    if (end == colon + 1 || *end || v == 0 || v > 65535)
        return -1;
    *port = (uint16_t)v;
    *colon = '\0';
    if (bracket) {
        colon[-1] = '\0';
        memmove(text, text + 1, strlen(text));
    }
    return 0;
}

static int read_server(struct accepted *a, char *text)
{
    a->any_server = !strcmp(text, "*");
    if (a->any_server)
        return 0;
    if (read_port(text, &a->port) || strlen(text) >= sizeof a->name || !*text)
        return -1;
    a->named = cidr_parse(text, &a->server) != 0;
    memcpy(a->name, text, strlen(text) + 1);
    return 0;
}

static int read_expiry(struct accepted *a, const char *text)
{
    struct tm tm = { 0 };
    const char *end = strptime(text, "%Y-%m-%d", &tm);
    if (!end || *end || strlen(text) >= sizeof a->expires)
        return -1;
    memcpy(a->expires, text, strlen(text) + 1);
    a->until_ns = ((int64_t)timegm(&tm) + 86400) * 1000000000;
    return 0;
}

static int read_line(struct accept_list *l, char *text, unsigned line, const char *path, const struct names_file *names,
                     struct err *e)
{
    struct accepted a = { .line = line };
    char *client = word(&text);
    if (!*client || *client == '#')
        return 0;
    char *server = word(&text), *expires = word(&text), *reason = text + strspn(text, blanks);
    reason[strcspn(reason, "\r\n")] = '\0';
    (void)snprintf(a.pair, sizeof a.pair, "%s %s", client, server);
    if (read_client(&a, client, names))
        return err_set(e, "%s:%u: \"%.64s\" is not an address, prefix, name of --names or *; " EXPECTED, path, line, client);
    if (!*server || read_server(&a, server))
        return err_set(e, "%s:%u: \"%.64s\" is not a server; " EXPECTED, path, line, server);
    if (read_expiry(&a, expires))
        return err_set(e, "%s:%u: \"%.64s\" is not a date; " EXPECTED, path, line, expires);
    if (!*reason)
        return err_set(e, "%s:%u: an exception needs a reason; " EXPECTED, path, line);
    (void)snprintf(a.reason, sizeof a.reason, "%s", reason);
    if (l->count == l->room) {
        uint32_t more = l->room ? 2 * l->room : 16;
        struct accepted *at = realloc(l->at, more * sizeof *at);
        if (!at)
            return err_set(e, "%s: out of memory", path);
        l->at = at;
        l->room = more;
    }
    l->at[l->count++] = a;
    return 0;
}

struct accept_list *accept_read(const char *path, const struct names_file *names, struct err *e)
{
    FILE *f = fopen(path, "r");
    struct accept_list *l = f ? calloc(1, sizeof *l) : NULL;
    char *text = NULL;
    size_t room = 0;
    int rc = l ? 0 : err_set(e, "--accept %s: %s", path, f ? "out of memory" : strerror(errno));
    for (unsigned line = 1; rc == 0 && getline(&text, &room, f) >= 0; line++)
        rc = read_line(l, text, line, path, names, e);
    if (rc == 0 && ferror(f))
        rc = err_set(e, "--accept %s: %s", path, strerror(errno));
    free(text);
    if (f)
        (void)fclose(f);
    if (rc == 0)
        return l;
    accept_free(l);
    return NULL;
}

void accept_free(struct accept_list *l)
{
    if (l)
        free(l->at);
    free(l);
}

static bool server_matches(const struct accepted *a, const struct endpoint *server, struct rd name)
{
    if (a->any_server)
        return true;
    if (a->port && a->port != server->port)
        return false;
    size_t n = strlen(a->name);
    return a->named ? rd_left(&name) == n && strncasecmp((const char *)name.p, a->name, n) == 0
                    : cidr_has(&a->server, &server->addr);
}

static bool client_matches(const struct accepted *a, const struct addr *client, const char *name)
{
    if (a->any_client)
        return true;
    return *a->client_name ? name && strcasecmp(name, a->client_name) == 0 : cidr_has(&a->client, client);
}

bool accept_matches(const struct accepted *a, const struct addr *client, const char *client_name, const struct endpoint *server,
                    struct rd name)
{
    return client_matches(a, client, client_name) && server_matches(a, server, name);
}

const struct accepted *accept_find(const struct accept_list *l, const struct addr *client, const char *client_name,
                                   const struct endpoint *server, struct rd name, int64_t at_ns)
{
    for (uint32_t i = 0; l && i < l->count; i++) {
        const struct accepted *a = &l->at[i];
        if (at_ns < a->until_ns && accept_matches(a, client, client_name, server, name))
            return a;
    }
    return NULL;
}

const struct accepted *accept_at(const struct accept_list *l, uint32_t i)
{
    return l && i < l->count ? &l->at[i] : NULL;
}
