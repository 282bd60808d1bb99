/* SPDX-License-Identifier: Apache-2.0 */
/* The tables after the parties: suites, failures, the upgrade ledger, cleartext services, other facts, clients set
 * apart. */
#include "report/text.h"
#include "report/clear.h"
#include "report/names_file.h"
#include "report/parts.h"
#include "report/stamp.h"

#include <stdlib.h>
#include <string.h>

void text_suites(struct text *t)
{
    const struct rollup *r = t->r;
    struct table table = { 0 };
    char a[PHRASE];
    uint32_t rows = 0, shown = 0;
    for (uint32_t i = 0; i < r->suites; i++)
        rows += r->suite[i].reach.handshakes != 0;
    if (!rows)
        return;
    text_heading(t, "CIPHER SUITES", "%s chosen by servers", text_many(rows, "suite", "suites", a));
    static const struct {
        const char *title;
        unsigned flags;
    } column[] = { { "suite", TABLE_WRAP }, { "kx", 0 },  { "au", 0 },
                   { "enc", TABLE_WRAP },   { "mac", 0 }, { "PFS", 0 },
                   { "count", TABLE_RIGHT }, { "clients", TABLE_RIGHT }, { "servers", TABLE_RIGHT } };
    for (size_t i = 0; i < sizeof column / sizeof column[0]; i++)
        table_column(&table, column[i].title, column[i].flags);
    uint32_t top = text_top(t, rows);
    for (uint32_t i = 0; i < r->suites && shown < top; i++) {
        const struct roll_suite *s = &r->suite[i];
        const struct suite *f = suite_find(s->id);
        if (!s->reach.handshakes)
            continue;
        shown++;
        table_cell(&table, "%s", text_suite(s->id, a));
        table_cell(&table, "%s", f ? suite_kx_name(f->kx) : "?");
        table_cell(&table, "%s", f ? suite_au_name(f->au) : "?");
        table_cell(&table, "%s", f ? f->enc : "?");
        table_cell(&table, "%s", f ? f->mac : "?");
        table_cell(&table, "%s", f ? f->pfs ? "yes" : "no" : "?");
        table_cell(&table, "%s", text_count(s->reach.handshakes, a));
        table_cell(&table, "%s", text_count(s->reach.clients, a));
        table_cell(&table, "%s", text_count(s->reach.servers, a));
        table_row(&table);
    }
    text_table(t, &table);
    text_more(t, rows, shown, "suites");
    text_say(t, "kx: key exchange, au: authentication, as openssl ciphers -v names them. PFS: forward secrecy.");
}

static const char *cause_text(const struct roll_failure *f, char *buf)
{
    char name[NAME_TEXT];
    const char *from = f->alert_from == 'c' ? "client" : "server";
    if (f->alert_from && f->alert_encrypted)
        (void)snprintf(buf, PHRASE, "%s sent an encrypted alert", from);
    else if (f->alert_from)
        (void)snprintf(buf, PHRASE, "%s sent alert %s (%u)", from, alert_name(f->alert_code, name), f->alert_code);
    else
        (void)snprintf(buf, PHRASE, "%s", outcome_text(f->outcome));
    return buf;
}

void text_failures(struct text *t)
{
    const struct rollup *r = t->r;
    struct table table = { 0 };
    char a[PHRASE], b[ADDR_TEXT], c[ADDR_TEXT];
    if (!r->total.handshakes)
        return;
    text_heading(t, "FAILED HANDSHAKES", "%s failed%s", text_many(r->total.failed, "handshake", "handshakes", a),
                 r->total.failed ? ", by cause" : "");
    if (!r->failures)
        return;
    table_column(&table, "cause", TABLE_WRAP);
    table_column(&table, "handshakes", TABLE_RIGHT);
    table_column(&table, "clients", TABLE_RIGHT);
    table_column(&table, "servers", TABLE_RIGHT);
    table_column(&table, "<= TLS 1.1", TABLE_RIGHT | TABLE_MAYBE);
    uint32_t top = text_top(t, r->failures);
    for (uint32_t i = 0; i < top; i++) {
        const struct roll_failure *f = &r->failure[i];
        table_cell(&table, "%s", cause_text(f, a));
        table_cell(&table, "%s", text_count(f->reach.handshakes, a));
        table_cell(&table, "%s", text_count(f->reach.clients, a));
        table_cell(&table, "%s", text_count(f->reach.servers, a));
        table_cell(&table, "%s", text_dash(f->stuck, a));
        table_row(&table);
        table_note(&table, "for example %s with %s", endpoint_print(&f->client, b), endpoint_print(&f->server, c));
    }
    text_table(t, &table);
    text_more(t, r->failures, top, "causes");
    if (r->stuck.handshakes)
        text_say(t, "\"<= TLS 1.1\" are the hellos that offered nothing newer: such a client fails already.");
}

/* "server said 454, 502; afterwards clear text 3, closed 1; 2 logins in clear text" */
static void upgrade_note(struct table *table, const struct roll_upgrade *u)
{
    char buf[2 * PHRASE] = "", n[PHRASE];
    size_t used = 0, room = sizeof buf;
    for (unsigned i = 0; i < sizeof u->code / sizeof u->code[0] && u->code[i]; i++)
        used += (size_t)snprintf(buf + used, room - used, "%s%u", i ? ", " : "the server's code: ", u->code[i]);
    const struct {
        uint64_t count;
        const char *text;
    } part[] = { { u->after_plaintext, "went on in clear text" },
                 { u->after_reconnect, "connected again" },
                 { u->after_close, "closed" },
                 { u->logins, "sent a login in clear text" } };
    for (size_t i = 0; i < sizeof part / sizeof part[0]; i++)
        if (part[i].count)
            used += (size_t)snprintf(buf + used, room - used, "%s%s %s", used ? "; " : "", text_count(part[i].count, n),
                                     part[i].text);
    if (used)
        table_note(table, "%s", buf);
}

static void upgrade_cells(struct table *table, const struct roll_upgrade *u)
{
    char a[ADDR_TEXT], b[PHRASE];
    const uint64_t n[] = { u->sessions, u->tls, u->refused, u->stripped, u->plaintext, u->not_offered, u->abandoned, u->opaque };
    table_cell(table, "%s%s", endpoint_print(&u->at, a), transport_note(u->transport));
    table_cell(table, "%s", cube_upgrade_name(u->upgrade));
    for (size_t i = 0; i < sizeof n / sizeof n[0]; i++)
        table_cell(table, "%s", text_dash(n[i], b));
    table_row(table);
    upgrade_note(table, u);
}

void text_upgrades(struct text *t)
{
    static const char *const title[] = { "sessions", "TLS", "refused", "stripped", "not used", "not offered", "no hello",
                                        "hidden" };
    const struct rollup *r = t->r;
    struct table table = { 0 };
    char a[PHRASE];
    if (!r->upgrades)
        return;
    text_heading(t, "UPGRADES TO TLS", "what became of sessions that can be upgraded (STARTTLS and its like), %s",
                 text_many(r->upgrades, "server", "servers", a));
    table_column(&table, "server", TABLE_ALONE);
    table_column(&table, "protocol", TABLE_LEFT);
    for (size_t i = 0; i < sizeof title / sizeof title[0]; i++)
        table_column(&table, title[i], TABLE_RIGHT | (i < 2 ? 0 : TABLE_MAYBE));
    uint32_t top = text_top(t, r->upgrades);
    for (uint32_t i = 0; i < top; i++)
        upgrade_cells(&table, &r->upgrade[i]);
    text_table(t, &table);
    text_more(t, r->upgrades, top, "servers");
    text_say(t, "not used: offered or possible, and the session went on in clear text. stripped: the offer was overwritten "
                "on its way. no hello: TLS was asked for, and no hello came. hidden: encrypted by other means, so that no hello could be "
                "seen.");
}

/* The servers of one cleartext service. */
struct kind {
    const char *name;
    const struct clear_service *example;
    uint32_t servers;
    uint64_t sessions, logins;
};

static int kind_cmp(const void *x, const void *y)
{
    const struct kind *a = x, *b = y;
    if (a->servers != b->servers)
        return a->servers > b->servers ? -1 : 1;
    return strcmp(a->name, b->name);
}

enum { KINDS = 256 }; /* nDPI knows fewer services that speak in clear text; more would go unlisted here, not in JSON */

static unsigned kinds_of(const struct clear *c, struct kind kind[KINDS])
{
    unsigned kinds = 0;
    for (uint32_t i = 0; i < c->services; i++) {
        const struct clear_service *s = &c->service[i];
        unsigned k = 0;
        while (k < kinds && strcmp(kind[k].name, s->name) != 0)
            k++;
        if (k == KINDS)
            continue;
        if (k == kinds)
            kind[kinds++] = (struct kind){ .name = s->name, .example = s };
        kind[k].servers++;
        kind[k].sessions += s->sessions;
        kind[k].logins += s->logins;
    }
    if (kinds)
        qsort(kind, kinds, sizeof *kind, kind_cmp);
    return kinds;
}

static void clear_table(struct text *t, const struct clear *c)
{
    struct kind kind[KINDS];
    struct table table = { 0 };
    char a[ADDR_TEXT], b[PHRASE];
    unsigned n = kinds_of(c, kind), top = text_top(t, n);
    text_heading(t, "CLEARTEXT SERVICES", "%s%s", n ? text_many(n, "service", "services", b) : "none in what is to be shown",
                 n ? "; where no sessions are counted, nDPI names them: advice" : "");
    table_column(&table, "service", TABLE_LEFT);
    table_column(&table, "servers", TABLE_RIGHT);
    table_column(&table, "sessions in clear", TABLE_RIGHT | TABLE_MAYBE);
    table_column(&table, "with login", TABLE_RIGHT | TABLE_MAYBE);
    table_column(&table, "for example", TABLE_WRAP);
    for (unsigned i = 0; i < top; i++) {
        table_cell(&table, "%s", kind[i].name);
        table_cell(&table, "%s", text_count(kind[i].servers, b));
        table_cell(&table, "%s", text_dash(kind[i].sessions, b));
        table_cell(&table, "%s", text_dash(kind[i].logins, b));
        table_cell(&table, "%s%s", endpoint_print(&kind[i].example->server, a), transport_note(kind[i].example->transport));
        table_row(&table);
    }
    if (n)
        text_table(t, &table);
    text_more(t, n, top, "services");
    if (c->left_out)
        text_say(t, "%s of others, or that nDPI alone knows, %s left out: which clients used what it names, and when, is not kept.",
                 text_many(c->left_out, "service", "services", b), c->left_out == 1 ? "is" : "are");
}

static void logins_table(struct text *t, const struct clear *c)
{
    struct table table = { 0 };
    char a[ADDR_TEXT], b[PHRASE], at[STAMP_TEXT];
    unsigned top = text_top(t, c->logins);
    text_heading(t, "LOGINS IN CLEAR TEXT", "%s by %s, which anybody on the way can read (they are not kept)",
                 text_many(c->login_sum, "login", "logins", a), text_many(c->login_clients, "client", "clients", b));
    table_column(&table, "client", TABLE_ALONE | TABLE_WRAP);
    table_column(&table, "server", TABLE_LEFT);
    table_column(&table, "service", TABLE_LEFT);
    table_column(&table, "logins", TABLE_RIGHT);
    table_column(&table, "last seen (UTC)", TABLE_LEFT);
    for (unsigned i = 0; i < top; i++) {
        const struct clear_login *l = &c->login[i];
        const struct named *n = names_file_find(t->r->view->names, &l->client);
        table_cell(&table, "%s%s%s", addr_print(&l->client, a), n ? " " : "", n ? n->name : "");
        table_cell(&table, "%s%s", endpoint_print(&l->server, a), transport_note(l->transport));
        table_cell(&table, "%s", clear_protocol(l->upgrade));
        table_cell(&table, "%s", text_count(l->logins, b));
        table_cell(&table, "%s", stamp_text(l->last_ns, at));
        table_row(&table);
    }
    text_table(t, &table);
    text_more(t, c->logins, top, "clients and servers");
}

void text_cleartext(struct text *t)
{
    struct clear c;
    if (clear_make(t->r, &c))
        t->failed = true;
    else if (c.services || c.left_out)
        clear_table(t, &c);
    if (!t->failed && c.logins)
        logins_table(t, &c);
    clear_free(&c);
}

void text_facts(struct text *t)
{
    const struct rollup *r = t->r;
    struct table table = { 0 };
    char a[PHRASE];
    bool any = false;
    table_column(&table, "what the handshakes showed", TABLE_WRAP);
    table_column(&table, "handshakes", TABLE_RIGHT);
    table_column(&table, "share", TABLE_RIGHT);
    table_column(&table, "clients", TABLE_RIGHT);
    table_column(&table, "servers", TABLE_RIGHT);
    for (uint32_t i = 0; i < r->facts; i++) {
        const struct roll_fact *f = &r->fact[i];
        if (!f->reach.handshakes)
            continue;
        any = true;
        table_cell(&table, "%s", f->text);
        table_cell(&table, "%s", text_count(f->reach.handshakes, a));
        table_cell(&table, "%s", text_share(f->reach.handshakes, r->total.handshakes, a));
        table_cell(&table, "%s", text_count(f->reach.clients, a));
        table_cell(&table, "%s", text_count(f->reach.servers, a));
        table_row(&table);
    }
    if (any) {
        text_heading(t, "ALSO OBSERVED", "shares are of the %s observed",
                     text_many(r->total.handshakes, "handshake", "handshakes", a));
        text_table(t, &table);
    }
    table_free(&table);
}

void text_apart(struct text *t)
{
    const struct rollup *r = t->r;
    struct table table = { 0 };
    char a[ADDR_TEXT], b[PHRASE], from[STAMP_TEXT];
    if (!r->aparts)
        return;
    text_heading(t, "SET APART", "%s, in no figure above but what was read", text_many(r->aparts, "client", "clients", b));
    table_column(&table, "client", TABLE_ALONE);
    table_column(&table, "handshakes", TABLE_RIGHT);
    table_column(&table, "failed", TABLE_RIGHT);
    table_column(&table, "servers", TABLE_RIGHT);
    table_column(&table, "stacks", TABLE_RIGHT);
    table_column(&table, "first seen (UTC)", TABLE_LEFT);
    uint32_t top = text_top(t, r->aparts);
    for (uint32_t i = 0; i < top; i++) {
        const struct roll_apart *p = &r->apart[i];
        table_cell(&table, "%s", addr_print(&p->client, a));
        table_cell(&table, "%s", text_count(p->handshakes, b));
        table_cell(&table, "%s", text_dash(p->failed, b));
        table_cell(&table, "%s", text_count(p->servers, b));
        table_cell(&table, "%s", text_count(p->stacks, b));
        table_cell(&table, "%s", stamp_text(p->first_ns, from));
        table_row(&table);
        table_note(&table, "%s%s", p->scanner ? "recognised as a scanner: " : "", p->why);
    }
    text_table(t, &table);
    text_more(t, r->aparts, top, "clients");
}
