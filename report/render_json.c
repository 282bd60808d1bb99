/* SPDX-License-Identifier: Apache-2.0 */
/*
 * render_json - the whole report as one JSON document: every row, whatever --top says. docs/report.schema.json describes
 * it.
 *
 * One record is held at a time, and each stands on a line of its own: a report of a million pairs needs no more memory than
 * one of ten, and two reports can be compared by line.
 */
#include "report/clear.h"
#include "report/json_out.h"
#include "report/names_file.h"
#include "report/parts.h"
#include "report/rollup.h"
#include "report/study.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { SCHEMA = 1 }; /* of docs/report.schema.json: counts up when a field changes its meaning or goes */

struct json_report {
    FILE *out;
    struct json_out j;
    const struct rollup *r;
    int error; /* errno of the first failed write */
    bool failed; /* out of memory */
};

/* Each record begins a line; what came before it is written out. */
static struct json_out *record(struct json_report *w)
{
    if (!json_out_flush(&w->j, w->out) && !w->error && !w->j.failed)
        w->error = errno ? errno : EIO;
    json_newline(&w->j);
    return &w->j;
}

static struct json_out *row(struct json_report *w)
{
    struct json_out *j = record(w);
    json_object(j, NULL);
    return j;
}

static void section(struct json_report *w, const char *name)
{
    json_array(record(w), name);
}

static void section_end(struct json_report *w)
{
    json_newline(&w->j);
    json_end_array(&w->j);
}

static const char *version_key(unsigned slot, char buf[NAME_TEXT])
{
    return roll_versions[slot] == VER_NONE ? "other" : version_name(roll_versions[slot], buf);
}

static void version(struct json_out *j, const char *key, uint16_t v)
{
    char buf[NAME_TEXT];
    json_text(j, key, v ? version_name(v, buf) : NULL);
}

static void versions(struct json_out *j, const uint64_t count[ROLL_VERSIONS])
{
    char buf[NAME_TEXT];
    json_object(j, "versions");
    for (unsigned i = 0; i < ROLL_VERSIONS; i++)
        if (count[i])
            json_uint(j, version_key(i, buf), count[i]);
    json_end_object(j);
}

static void address(struct json_out *j, const char *key, const struct addr *a)
{
    char buf[ADDR_TEXT];
    json_text(j, key, a->kind == ADDR_NONE ? NULL : addr_print(a, buf));
}

/* What --names calls an address: absent when it does not. */
static void called(struct json_report *w, const struct addr *a)
{
    const struct named *n = names_file_find(w->r->view->names, a);
    if (!n)
        return;
    json_text(&w->j, "called", n->name);
    if (*n->owner)
        json_text(&w->j, "owner", n->owner);
}

static void server(struct json_out *j, const struct endpoint *at)
{
    address(j, "server_ip", &at->addr);
    json_uint(j, "server_port", at->port);
}

static void reach(struct json_out *j, const struct reach *x)
{
    json_uint(j, "handshakes", x->handshakes);
    json_uint(j, "clients", x->clients);
    json_uint(j, "servers", x->servers);
}

static void reach_object(struct json_out *j, const char *key, const struct reach *x)
{
    json_object(j, key);
    reach(j, x);
    json_end_object(j);
}

static void seen(struct json_out *j, int64_t first_ns, int64_t last_ns)
{
    json_time(j, "first_seen", first_ns);
    json_time(j, "last_seen", last_ns);
}

static void tally(struct json_out *j, const struct tally *t)
{
    json_uint(j, "handshakes", t->handshakes);
    json_uint(j, "completed", t->completed);
    json_uint(j, "failed", t->failed);
    json_uint(j, "old", t->old);
    json_uint(j, "failed_old_offer", t->stuck);
    versions(j, t->version);
    version(j, "lowest", t->lowest);
    version(j, "highest", t->highest);
    version(j, "highest_offered", t->offered);
    seen(j, t->first_ns, t->last_ns);
}

static void suite(struct json_out *j, uint32_t id)
{
    const struct suite *s = id == SUITE_NONE ? NULL : suite_find(id);
    if (id == SUITE_NONE)
        json_null(j, "cipher");
    else
        json_hex(j, "cipher", id, id > 0xffff ? 6 : 4);
    json_text(j, "cipher_name", s ? s->iana : NULL);
}

static void cidrs(struct json_out *j, const char *key, const struct cidr *c, unsigned n)
{
    char a[ADDR_TEXT], text[ADDR_TEXT + 8];
    json_array(j, key);
    for (unsigned i = 0; i < n; i++) {
        (void)snprintf(text, sizeof text, "%s/%u", addr_print(&c[i].addr, a), c[i].bits);
        json_text(j, NULL, text);
    }
    json_end_array(j);
}

/* What narrowed the report: absent where nothing did. */
static void view(struct json_report *w)
{
    const struct view *v = w->r->view;
    struct json_out *j = record(w);
    json_object(j, "view");
    if (v->server_only)
        cidrs(j, "server", v->server_only, 1);
    if (v->server_port)
        json_uint(j, "server_port", v->server_port);
    if (v->client_only)
        cidrs(j, "client", v->client_only, 1);
    if (v->since_ns)
        json_time(j, "since", v->since_ns);
    if (v->until_ns)
        json_time(j, "until", v->until_ns);
    if (v->since_ns || v->until_ns) {
        struct edge edge = edge_of(w->r);
        json_object(j, "edge");
        json_uint(j, "handshakes", edge.handshakes);
        json_uint(j, "within_least", edge.least);
        json_uint(j, "within_most", edge.most);
        json_end_object(j);
    }
    if (v->own_count)
        cidrs(j, "servers", v->own, v->own_count);
    if (v->ignored_count)
        cidrs(j, "ignore_client", v->ignored, v->ignored_count);
    json_end_object(j);
}

static uint64_t stat(const struct rollup *r, unsigned i)
{
    return *stats_value((struct stats *)(uintptr_t)&r->stats, i);
}

static void what_was_read(struct json_report *w)
{
    const struct rollup *r = w->r;
    struct json_out *j = record(w);
    json_object(j, "read");
    if (r->last_ns > 0) {
        json_time(j, "first", r->first_ns);
        json_time(j, "last", r->last_ns);
    } else {
        json_null(j, "first");
        json_null(j, "last");
    }
    json_uint(j, "hours", r->hours);
    json_uint(j, "hours_without_packets", r->hours_quiet);
    json_uint(j, "packets", r->stats.packets);
    json_uint(j, "bytes", r->stats.bytes);
    json_uint(j, "connections", r->stats.connections);
    json_uint(j, "handshakes", r->total.handshakes + r->apart_handshakes);
    json_end_object(j);
}

static bool any_byte(const uint8_t *p, size_t n)
{
    while (n && *p == 0) {
        p++;
        n--;
    }
    return n != 0;
}

static void inputs(struct json_report *w)
{
    const struct cube *c = w->r->cube;
    uint32_t *order = inputs_sorted(c), n = order ? cube_inputs(c) : 0;
    uint32_t repeated, *times = inputs_times(c, &repeated);
    w->failed = w->failed || (!order && cube_inputs(c)) || !times;
    section(w, "inputs");
    for (uint32_t i = 0; i < n; i++) {
        const struct input *in = cube_input_at(c, order[i]);
        struct json_out *j = row(w);
        json_text(j, "name", in->name);
        if (any_byte(in->digest, sizeof in->digest))
            json_bytes(j, "sha256", in->digest, sizeof in->digest);
        if (in->packets) {
            json_time(j, "first", in->first_ns);
            json_time(j, "last", in->last_ns);
        }
        json_uint(j, "packets", in->packets);
        json_uint(j, "bytes", in->bytes);
        if (*in->warning)
            json_text(j, "warning", in->warning);
        if (times && times[order[i] - 1] > 1)
            json_uint(j, "counted_times", times[order[i] - 1]);
        json_end_object(j);
    }
    section_end(w);
    free(order);
    free(times);
}

static void count_row(struct json_report *w, const char *reason, uint64_t n, const char *text)
{
    struct json_out *j = row(w);
    json_text(j, "reason", reason);
    json_uint(j, "count", n);
    json_text(j, "text", text);
    json_end_object(j);
}

/* Rows of the statistics of one kind that are not zero. */
static void counts(struct json_report *w, const char *name, char kind)
{
    section(w, name);
    for (unsigned i = 0; i < stats_count; i++)
        if (stats_rows[i].kind == kind && stat(w->r, i))
            count_row(w, stats_rows[i].name, stat(w->r, i), stats_rows[i].text);
    if (kind == 'L' && w->r->unread)
        count_row(w, "input_unread", w->r->unread, UNREAD_TEXT);
    if (kind == 'L' && w->r->partly)
        count_row(w, "input_partly", w->r->partly, PARTLY_TEXT);
    if (kind == 'L' && w->r->folded)
        count_row(w, "folded", w->r->folded, "handshakes counted without their client, because a table was full");
    section_end(w);
}

static void readiness(struct json_report *w)
{
    static const char *const cause[OLD_CAUSES] = { [OLD_OFFER] = "old_by_offer", [OLD_CHOICE] = "old_by_choice",
                                                   [OLD_FALLBACK] = "old_by_fallback",
                                                   [OLD_UNKNOWN] = "old_offer_not_seen", [OLD_REFUSED] = "old_refused",
                                                   [OLD_FOLDED] = "old_folded" };
    const struct rollup *r = w->r;
    struct json_out *j = record(w);
    json_object(j, "readiness");
    reach(j, &r->all);
    json_uint(j, "negotiated", r->total.negotiated);
    json_uint(j, "completed", r->total.completed);
    json_uint(j, "failed", r->total.failed);
    reach_object(j, "old", &r->old);
    for (unsigned i = 0; i < OLD_CAUSES; i++)
        reach_object(j, cause[i], &r->cause[i]);
    reach_object(j, "failed_old_offer", &r->stuck);
    json_object(j, "set_apart");
    json_uint(j, "handshakes", r->apart_handshakes);
    json_uint(j, "clients", r->aparts);
    json_end_object(j);
    json_end_object(j);
}

static void version_rows(struct json_report *w)
{
    const struct rollup *r = w->r;
    char buf[NAME_TEXT];
    section(w, "versions");
    for (unsigned i = 0; i < ROLL_VERSIONS; i++) {
        if (!r->total.version[i] && !r->version_apart[i])
            continue;
        struct json_out *j = row(w);
        json_text(j, "version", version_key(i, buf));
        json_bool(j, "old", version_is_old(roll_versions[i]));
        reach(j, &r->version[i]);
        json_uint(j, "set_apart", r->version_apart[i]);
        json_end_object(j);
    }
    section_end(w);
}

static void server_names(struct json_out *j, const struct rollup *r, const struct roll_server *s)
{
    size_t n;
    const struct roll_item *item = rollup_items(r, s, ROLL_NAMES, &n);
    json_array(j, "names");
    for (size_t i = 0; i < n; i++) {
        json_object(j, NULL);
        json_wire(j, "name", cube_name(r->cube, item[i].id));
        json_uint(j, "handshakes", item[i].count);
        json_end_object(j);
    }
    json_end_array(j);
}

static void server_choices(struct json_out *j, const struct rollup *r, const struct roll_server *s)
{
    size_t n;
    const struct roll_item *item = rollup_items(r, s, ROLL_CHOICES, &n);
    json_array(j, "negotiated");
    for (size_t i = 0; i < n; i++) {
        json_object(j, NULL);
        json_text(j, "version", item[i].version ? version_name(item[i].version, (char[NAME_TEXT]){ 0 }) : "other");
        suite(j, item[i].id);
        json_uint(j, "handshakes", item[i].count);
        json_end_object(j);
    }
    json_end_array(j);
}

static void server_certs(struct json_out *j, const struct rollup *r, const struct roll_server *s)
{
    size_t n;
    const struct roll_item *item = rollup_items(r, s, ROLL_CERTS, &n);
    json_array(j, "certs");
    for (size_t i = 0; i < n; i++) {
        json_cert(j, NULL, cube_cert(r->cube, item[i].id));
        json_uint(j, "handshakes", item[i].count);
        json_end_object(j);
    }
    json_end_array(j);
}

static void server_upgrades(struct json_out *j, const struct roll_server *s)
{
    json_array(j, "upgrades");
    for (unsigned i = 1; i < 64; i++)
        if (s->upgrades >> i & 1 && cube_upgrade_name((uint8_t)i))
            json_text(j, NULL, cube_upgrade_name((uint8_t)i));
    json_end_array(j);
}

/* null when --servers did not say which are one's own. */
static void own(struct json_report *w, bool is)
{
    if (w->r->view->own_count)
        json_bool(&w->j, "own", is);
    else
        json_null(&w->j, "own");
}

static void server_rows(struct json_report *w)
{
    const struct rollup *r = w->r;
    section(w, "servers");
    for (uint32_t i = 0; i < r->servers; i++) {
        const struct roll_server *s = &r->server[i];
        struct json_out *j = row(w);
        server(j, &s->at);
        json_text(j, "transport", transport_name(s->transport));
        called(w, &s->at.addr);
        own(w, s->own);
        json_text(j, "service", clear_service_of(r, s));
        server_upgrades(j, s);
        if (s->t.handshakes)
            tally(j, &s->t);
        else
            json_uint(j, "handshakes", 0);
        json_uint(j, "clients", s->reach.clients);
        json_uint(j, "old_clients", s->old.clients);
        json_uint(j, "resumed", s->resumed);
        json_uint(j, "set_apart", s->apart);
        json_object(j, "weakest");
        suite(j, s->weakest);
        json_uint(j, "handshakes", s->weakest_count);
        json_end_object(j);
        if (s->dh_min)
            json_uint(j, "dh_bits_min", s->dh_min);
        server_choices(j, r, s);
        server_names(j, r, s);
        server_certs(j, r, s);
        json_end_object(j);
    }
    section_end(w);
}

static int client_row(void *ctx, const struct roll_client *c)
{
    struct json_report *w = ctx;
    struct json_out *j = row(w);
    address(j, "client_ip", &c->at);
    called(w, &c->at);
    tally(j, &c->t);
    json_uint(j, "old_by_offer", c->t.cause[OLD_OFFER]);
    json_uint(j, "old_by_choice", c->t.cause[OLD_CHOICE]);
    json_uint(j, "old_by_fallback", c->t.cause[OLD_FALLBACK]);
    json_uint(j, "servers", c->servers);
    json_uint(j, "old_servers", c->old_servers);
    json_array(j, "stacks");
    for (uint32_t i = 0; i < c->stacks; i++) {
        const struct profile *p = cube_profile(w->r->cube, c->stack[i].profile);
        json_object(j, NULL);
        json_text(j, "stack", p->stack_label);
        json_text(j, "ja4", *p->ja4 ? p->ja4 : NULL);
        version(j, "max_version", p->max_version);
        json_text(j, "guess", p->guess);
        json_uint(j, "handshakes", c->stack[i].count);
        json_end_object(j);
    }
    json_end_array(j);
    json_end_object(j);
    return w->error || j->failed;
}

static int pair_row(void *ctx, const struct roll_pair *p)
{
    struct json_report *w = ctx;
    struct json_out *j = row(w);
    address(j, "client_ip", &p->client);
    server(j, &p->server);
    json_text(j, "transport", transport_name(p->transport));
    tally(j, &p->t);
    json_end_object(j);
    return w->error || j->failed;
}

static void client_rows(struct json_report *w)
{
    section(w, "clients");
    if (rollup_clients(w->r, client_row, w) < 0)
        w->failed = true;
    section_end(w);
    section(w, "pairs");
    if (rollup_pairs(w->r, pair_row, w) < 0)
        w->failed = true;
    section_end(w);
}

static void suite_rows(struct json_report *w)
{
    section(w, "suites");
    for (uint32_t i = 0; i < w->r->suites; i++) {
        const struct roll_suite *x = &w->r->suite[i];
        const struct suite *s = suite_find(x->id);
        struct json_out *j = row(w);
        suite(j, x->id);
        json_text(j, "cipher_openssl", s ? s->openssl : NULL);
        json_text(j, "kx", s ? suite_kx_name(s->kx) : NULL);
        json_text(j, "au", s ? suite_au_name(s->au) : NULL);
        json_text(j, "enc", s ? s->enc : NULL);
        json_text(j, "mac", s ? s->mac : NULL);
        if (s) {
            json_uint(j, "bits", s->bits);
            json_bool(j, "pfs", s->pfs);
        }
        reach(j, &x->reach);
        json_uint(j, "set_apart", x->apart);
        versions(j, x->version);
        json_end_object(j);
    }
    section_end(w);
}

static void failure_rows(struct json_report *w)
{
    char buf[NAME_TEXT];
    section(w, "failures");
    for (uint32_t i = 0; i < w->r->failures; i++) {
        const struct roll_failure *f = &w->r->failure[i];
        struct json_out *j = row(w);
        json_text(j, "outcome", outcome_name(f->outcome));
        json_text(j, "text", outcome_text(f->outcome));
        if (f->alert_from) {
            json_object(j, "alert");
            json_text(j, "from", f->alert_from == 'c' ? "client" : "server");
            json_bool(j, "encrypted", f->alert_encrypted);
            if (!f->alert_encrypted) {
                json_uint(j, "code", f->alert_code);
                json_text(j, "name", alert_name(f->alert_code, buf));
            }
            json_end_object(j);
        }
        reach(j, &f->reach);
        json_uint(j, "failed_old_offer", f->stuck);
        json_object(j, "example");
        address(j, "client_ip", &f->client.addr);
        server(j, &f->server);
        json_end_object(j);
        json_end_object(j);
    }
    section_end(w);
}

static void upgrade_rows(struct json_report *w)
{
    section(w, "upgrades");
    for (uint32_t i = 0; i < w->r->upgrades; i++) {
        const struct roll_upgrade *u = &w->r->upgrade[i];
        const struct {
            const char *key;
            uint64_t n;
        } count[] = { { "sessions", u->sessions }, { "offered", u->offered }, { "tls", u->tls }, { "refused", u->refused },
                      { "stripped", u->stripped }, { "plaintext", u->plaintext }, { "not_offered", u->not_offered },
                      { "abandoned", u->abandoned }, { "not_observable", u->opaque }, { "then_plaintext", u->after_plaintext },
                      { "then_reconnect", u->after_reconnect }, { "then_close", u->after_close },
                      { "cleartext_logins", u->logins }, { "clients_without_tls", u->reach.clients } };
        struct json_out *j = row(w);
        server(j, &u->at);
        json_text(j, "transport", transport_name(u->transport));
        json_text(j, "upgrade", cube_upgrade_name(u->upgrade));
        own(w, u->own);
        for (size_t k = 0; k < sizeof count / sizeof count[0]; k++)
            json_uint(j, count[k].key, count[k].n);
        json_array(j, "refusal_codes");
        for (size_t k = 0; k < sizeof u->code / sizeof u->code[0] && u->code[k]; k++)
            json_uint(j, NULL, u->code[k]);
        json_end_array(j);
        json_end_object(j);
    }
    section_end(w);
}

static void clear_rows(struct json_report *w)
{
    struct clear c;
    w->failed |= clear_make(w->r, &c) != 0;
    section(w, "cleartext_services");
    for (uint32_t i = 0; !w->failed && i < c.services; i++) {
        struct json_out *j = row(w);
        server(j, &c.service[i].server);
        json_text(j, "transport", transport_name(c.service[i].transport));
        json_text(j, "service", c.service[i].name);
        json_uint(j, "flows", c.service[i].flows);
        json_uint(j, "sessions", c.service[i].sessions);
        json_uint(j, "logins", c.service[i].logins);
        json_end_object(j);
    }
    section_end(w);
    section(w, "cleartext_logins");
    for (uint32_t i = 0; !w->failed && i < c.logins; i++) {
        struct json_out *j = row(w);
        address(j, "client_ip", &c.login[i].client);
        called(w, &c.login[i].client);
        server(j, &c.login[i].server);
        json_text(j, "transport", transport_name(c.login[i].transport));
        json_text(j, "upgrade", cube_upgrade_name(c.login[i].upgrade));
        json_uint(j, "logins", c.login[i].logins);
        seen(j, c.login[i].first_ns, c.login[i].last_ns);
        json_end_object(j);
    }
    section_end(w);
    clear_free(&c);
}

static void fact_rows(struct json_report *w)
{
    section(w, "observations");
    for (uint32_t i = 0; i < w->r->facts; i++) {
        const struct roll_fact *f = &w->r->fact[i];
        if (!f->reach.handshakes)
            continue;
        struct json_out *j = row(w);
        json_text(j, "name", f->name);
        json_text(j, "text", f->text);
        reach(j, &f->reach);
        json_end_object(j);
    }
    section_end(w);
}

static void apart_rows(struct json_report *w)
{
    section(w, "set_apart");
    for (uint32_t i = 0; i < w->r->aparts; i++) {
        const struct roll_apart *a = &w->r->apart[i];
        struct json_out *j = row(w);
        address(j, "client_ip", &a->client);
        called(w, &a->client);
        json_bool(j, "recognised", a->scanner);
        json_text(j, "why", a->why);
        json_uint(j, "handshakes", a->handshakes);
        json_uint(j, "failed", a->failed);
        json_uint(j, "servers", a->servers);
        json_uint(j, "stacks", a->stacks);
        seen(j, a->first_ns, a->last_ns);
        json_end_object(j);
    }
    section_end(w);
}

static void document(struct json_report *w)
{
    struct json_out *j = &w->j;
    json_object(j, NULL);
    json_text(record(w), "tlsunset", TLSUNSET_VERSION);
    json_uint(record(w), "schema", SCHEMA);
    view(w);
    what_was_read(w);
    inputs(w);
    counts(w, "not_seen", 'L');
    counts(w, "noted", 'I');
    readiness(w);
    version_rows(w);
    server_rows(w);
    client_rows(w);
    suite_rows(w);
    failure_rows(w);
    upgrade_rows(w);
    clear_rows(w);
    fact_rows(w);
    apart_rows(w);
    if (w->r->view->study && !json_study(j, w->out, w->r))
        w->failed = true;
    json_newline(j);
    json_end_object(j);
    json_end_line(j);
}

int json_report(FILE *out, const struct cube *c, const struct view *v, struct err *e)
{
    struct rollup *r = rollup_make(c, v);
    if (!r)
        return err_set(e, "not enough memory for the report");
    struct json_report w = { .out = out, .r = r };
    document(&w);
    bool memory = w.failed || w.j.failed;
    if (!memory && (!json_out_flush(&w.j, out) || fflush(out) != 0) && !w.error)
        w.error = errno ? errno : EIO;
    json_out_free(&w.j);
    rollup_free(r);
    if (memory)
        return err_set(e, "not enough memory for the report: it is incomplete");
    return w.error ? err_set(e, "cannot write the report: %s", strerror(w.error)) : 0;
}
