/* SPDX-License-Identifier: Apache-2.0 */
#include "report/clear.h"
#include "report/parts.h"
#include "report/rollup_impl.h"

#include <stdlib.h>
#include <string.h>

const char *clear_protocol(uint8_t upgrade)
{
    static const struct {
        const char *upgrade, *name;
    } names[] = {
        { "amqp", "AMQP" }, { "diameter", "Diameter" }, { "eap", "EAP" }, { "ftp", "FTP" },
        { "http-connect", "HTTP proxy" }, { "http-upgrade", "HTTP" }, { "imap", "IMAP" }, { "irc", "IRC" },
        { "ldap", "LDAP" }, { "lmtp", "LMTP" }, { "mysql", "MySQL" }, { "nats", "NATS" },
        { "nbd", "NBD" }, { "nntp", "NNTP" }, { "openvpn", "OpenVPN" }, { "pcep", "PCEP" },
        { "pop3", "POP3" }, { "postgresql", "PostgreSQL" }, { "rdp", "RDP" }, { "sieve", "ManageSieve" },
        { "smtp", "SMTP" }, { "socks", "SOCKS" }, { "tds", "MS SQL" }, { "telnet", "Telnet" },
        { "vnc", "VNC" }, { "xmpp", "XMPP" },
    };
    const char *own = cube_upgrade_name(upgrade);
    for (size_t i = 0; own && i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i].upgrade, own) == 0)
            return names[i].name;
    return own;
}

const char *clear_service_of(const struct rollup *r, const struct roll_server *s)
{
    const char *name = service_name(r->cube, &s->at, s->transport);
    for (uint8_t i = 1; !name && i < 64; i++)
        name = s->upgrades >> i & 1 ? clear_protocol(i) : NULL;
    return name;
}

/* Room for n entries of so many bytes, some of them used. NULL: out of memory. */
static void *room(size_t n, size_t width)
{
    return malloc((n + 1) * width);
}

static int service_cmp(const void *x, const void *y)
{
    const struct clear_service *a = x, *b = y;
    int d = endpoint_cmp(&a->server, &b->server);
    if (!d)
        d = a->transport - b->transport;
    if (!d)
        d = b->named - a->named;
    return d ? d : strcmp(a->name, b->name);
}

/* nDPI's name and the protocol's may differ: b is not of nDPI, or both are of the same kind. */
static bool same_service(const struct clear_service *a, const struct clear_service *b)
{
    return endpoint_cmp(&a->server, &b->server) == 0 && a->transport == b->transport &&
           (a->named != b->named || strcmp(a->name, b->name) == 0);
}

/* In order; what the sessions showed is put to what nDPI named at the same server, which comes first. */
static void services_join(struct clear *c)
{
    uint32_t kept = 0;
    if (c->services)
        qsort(c->service, c->services, sizeof *c->service, service_cmp);
    for (uint32_t i = 0; i < c->services; i++) {
        struct clear_service *last = kept ? &c->service[kept - 1] : NULL;
        if (!last || !same_service(last, &c->service[i])) {
            c->service[kept++] = c->service[i];
            continue;
        }
        last->sessions += c->service[i].sessions;
        last->logins += c->service[i].logins;
        last->flows += c->service[i].flows;
    }
    c->services = kept;
}

static void named_services(const struct rollup *r, struct clear *c)
{
    const struct view *v = r->view;
    unsigned n;
    const struct service *s = cube_services(r->cube, &n);
    for (unsigned i = 0; i < n; i++) {
        if (!s[i].cleartext || !view_has_server(v, &s[i].server))
            continue;
        uint8_t transport = s[i].proto == PROTO_UDP ? TRANSPORT_UDP : TRANSPORT_TCP;
        c->service[c->services++] = (struct clear_service){ .server = s[i].server, .transport = transport, .name = s[i].name,
                                                            .named = true, .flows = s[i].flows };
    }
}

/* Of a report on some clients or a time, those without a session in it go. */
static void services_narrow(const struct rollup *r, struct clear *c)
{
    const struct view *v = r->view;
    uint32_t kept = 0;
    if (!v->client_only && !v->since_ns && !v->until_ns)
        return;
    for (uint32_t i = 0; i < c->services; i++)
        if (c->service[i].sessions)
            c->service[kept++] = c->service[i];
    c->left_out = c->services - kept;
    c->services = kept;
}

static int party_cmp(const void *x, const void *y)
{
    const struct clear_login *a = x, *b = y;
    int d = addr_cmp(&a->client, &b->client);
    if (!d)
        d = endpoint_cmp(&a->server, &b->server);
    if (!d)
        d = a->transport - b->transport;
    return d ? d : a->upgrade - b->upgrade;
}

static int login_cmp(const void *x, const void *y)
{
    const struct clear_login *a = x, *b = y;
    if (a->logins != b->logins)
        return a->logins > b->logins ? -1 : 1;
    return party_cmp(x, y);
}

static void logins_join(struct clear *c)
{
    uint32_t kept = 0;
    if (c->logins)
        qsort(c->login, c->logins, sizeof *c->login, party_cmp);
    for (uint32_t i = 0; i < c->logins; i++) {
        struct clear_login *last = kept ? &c->login[kept - 1] : NULL, one = c->login[i];
        c->login_sum += one.logins;
        if (!last || party_cmp(last, &one) != 0) {
            c->login_clients += !last || addr_cmp(&last->client, &one.client) != 0;
            c->login[kept++] = one;
            continue;
        }
        last->logins += one.logins;
        last->first_ns = one.first_ns < last->first_ns ? one.first_ns : last->first_ns;
        last->last_ns = one.last_ns > last->last_ns ? one.last_ns : last->last_ns;
    }
    c->logins = kept;
    if (kept)
        qsort(c->login, kept, sizeof *c->login, login_cmp);
}

static void row_add(const struct rollup *r, uint32_t row, struct clear *c)
{
    const struct cube_key *k = cube_row_key(r->cube, row);
    const struct cube_val *v = cube_row_val(r->cube, row);
    bool login = k->flags & EV_CLEARTEXT_LOGIN;
    c->service[c->services++] = (struct clear_service){ .server = k->server, .transport = k->transport, .sessions = v->count,
                                                        .logins = login ? v->count : 0, .name = clear_protocol(k->upgrade) };
    if (login)
        c->login[c->logins++] = (struct clear_login){ .client = k->client.addr, .server = k->server, .transport = k->transport,
                                                      .upgrade = k->upgrade, .logins = v->count, .first_ns = v->first_ns,
                                                      .last_ns = v->last_ns };
}

static bool is_counted(const struct rollup *r, const struct cube_row *at)
{
    if (!r->shape[at->key.shape].clear)
        return false;
    const struct addr client = cube_row_client(r->cube, at);
    return !roll_is_apart(r, &client);
}

/* How many rows are counted: hardly ever any, and a site without such sessions has no shape of them. */
static size_t rows_counted(const struct rollup *r)
{
    bool any = false;
    size_t rows = 0;
    for (uint32_t id = 1; id <= cube_shapes(r->cube); id++)
        any = any || r->shape[id].clear;
    for (uint32_t i = 0; any && i < r->rows; i++)
        rows += is_counted(r, cube_row_at(r->cube, r->order[i]));
    return rows;
}

int clear_make(const struct rollup *r, struct clear *out)
{
    unsigned named;
    size_t rows = rows_counted(r);
    (void)cube_services(r->cube, &named);
    *out = (struct clear){ .service = room(rows + named, sizeof *out->service), .login = room(rows, sizeof *out->login) };
    if (!out->service || !out->login)
        return -1;
    named_services(r, out);
    for (uint32_t i = 0, left = (uint32_t)rows; left; i++) {
        if (!is_counted(r, cube_row_at(r->cube, r->order[i])))
            continue;
        row_add(r, r->order[i], out);
        left--;
    }
    services_join(out);
    services_narrow(r, out);
    logins_join(out);
    return 0;
}

void clear_free(struct clear *c)
{
    free(c->service);
    free(c->login);
}
