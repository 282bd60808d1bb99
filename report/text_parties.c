/* SPDX-License-Identifier: Apache-2.0 */
/* The two tables of parties: servers and clients, the worst first. */
#include "report/text.h"
#include "report/clear.h"
#include "report/names_file.h"
#include "report/parts.h"
#include "report/stamp.h"

#include <stdlib.h>
#include <string.h>

/* A column for every version that was chosen anywhere, as long as there is room for them. */
static bool columns_fit(const struct text *t)
{
    enum { FIT = 5 };
    unsigned n = 0;
    for (unsigned i = 0; i < ROLL_VERSIONS; i++)
        n += t->r->total.version[i] != 0;
    return n <= FIT;
}

static const char *version_title(unsigned slot)
{
    static const char *const title[ROLL_VERSIONS] = { "SSLv2",  "SSLv3",    "TLS 1.0", "TLS 1.1",  "DTLS 1.0",
                                                      "TLS 1.2", "DTLS 1.2", "TLS 1.3", "DTLS 1.3", "other" };
    return title[slot];
}

static void version_columns(const struct text *t, struct table *table)
{
    if (!columns_fit(t))
        table_column(table, "handshakes", TABLE_RIGHT);
    for (unsigned i = 0; i < ROLL_VERSIONS && columns_fit(t); i++)
        if (t->r->total.version[i])
            table_column(table, version_title(i), TABLE_RIGHT);
}

static void version_cells(const struct text *t, struct table *table, const struct tally *tally)
{
    char a[PHRASE];
    if (!columns_fit(t))
        table_cell(table, "%s", text_count(tally->handshakes, a));
    for (unsigned i = 0; i < ROLL_VERSIONS && columns_fit(t); i++)
        if (t->r->total.version[i])
            table_cell(table, "%s", text_dash(tally->version[i], a));
}

/* The same in words where the columns do not fit. */
static void version_note(const struct text *t, struct table *table, const struct tally *tally)
{
    char buf[PHRASE] = "", n[PHRASE];
    size_t used = 0;
    for (unsigned i = 0; i < ROLL_VERSIONS && used < sizeof buf; i++)
        if (tally->version[i])
            used += (size_t)snprintf(buf + used, sizeof buf - used, "%s%s %s", used ? ", " : "", version_title(i),
                                     text_count(tally->version[i], n));
    if (used && !columns_fit(t))
        table_note(table, "chosen: %s", buf);
}

/* "printer-3 (Facilities)" as --names has it; empty when it does not. */
static const char *called(const struct text *t, const struct addr *a, char *buf)
{
    const struct named *n = names_file_find(t->r->view->names, a);
    buf[0] = '\0';
    if (n)
        (void)snprintf(buf, PHRASE, "%s%s%s%s", n->name, *n->owner ? " (" : "", n->owner, *n->owner ? ")" : "");
    return buf;
}

/* "www.example.com, example.com and 3 more" */
static void names_note(const struct text *t, struct table *table, const struct roll_server *s)
{
    enum { SHOWN = 3 };
    size_t n, used = 0;
    char buf[4 * PHRASE] = "", name[PHRASE];
    const struct roll_item *item = rollup_items(t->r, s, ROLL_NAMES, &n);
    for (size_t i = 0; i < n && i < SHOWN; i++)
        used += (size_t)snprintf(buf + used, sizeof buf - used, "%s%s", i ? ", " : "",
                                 escape_text(cube_name(t->r->cube, item[i].id), name, sizeof name));
    if (n > SHOWN)
        (void)snprintf(buf + used, sizeof buf - used, " and %zu more", n - SHOWN);
    if (n)
        table_note(table, "names: %s", buf);
}

static void suite_note(struct table *table, const struct roll_server *s)
{
    const struct suite *f = s->weakest == SUITE_NONE ? NULL : suite_find(s->weakest);
    char a[PHRASE], b[PHRASE], dh[PHRASE] = "", facts[PHRASE] = "";
    if (s->weakest == SUITE_NONE)
        return;
    if (s->dh_min)
        (void)snprintf(dh, sizeof dh, "; smallest DH prime %u bits", s->dh_min);
    if (f && f->kx != KX_ANY)
        (void)snprintf(facts, sizeof facts, " (%s key exchange, %s%s)", suite_kx_name(f->kx), f->enc,
                       f->pfs ? "" : ", no forward secrecy");
    table_note(table, "weakest suite: %s%s, %s%s", text_suite(s->weakest, a), facts,
               text_many(s->weakest_count, "handshake", "handshakes", b), dh);
}

/* The common name; the whole subject where there is none (RFC 4514: "CN=www.example.com,O=Example\\, Inc."). */
static const char *subject_text(const char *subject, char *buf)
{
    const char *cn = strncmp(subject, "CN=", 3) == 0 ? subject : strstr(subject, ",CN=");
    if (!cn)
        return escape_text(rd_of(subject, strlen(subject)), buf, PHRASE);
    size_t n = cn == subject ? 0 : 1, from = n;
    while (cn[n] && (cn[n] != ',' || cn[n - 1] == '\\'))
        n++;
    return escape_text(rd_of(cn + from, n - from), buf, PHRASE);
}

static void cert_note(const struct text *t, struct table *table, const struct roll_server *s)
{
    size_t n;
    char subject[PHRASE], from[STAMP_TEXT], more[PHRASE] = "", group[NAME_TEXT], key[PHRASE];
    const struct roll_item *item = rollup_items(t->r, s, ROLL_CERTS, &n);
    const struct cert_facts *c = n ? cube_cert(t->r->cube, item[0].id) : NULL;
    if (!c)
        return;
    if (n > 1)
        (void)snprintf(more, sizeof more, " (and %zu more)", n - 1);
    if (c->curve)
        (void)snprintf(key, sizeof key, "%s %s", cert_key_name(c->key), group_name(c->curve, group));
    else
        (void)snprintf(key, sizeof key, "%s %u", cert_key_name(c->key), c->key_bits);
    table_note(table, "certificate%s: %s, %s, valid to %s%s, %s", more, key, c->sigalg, stamp_date(c->not_after, from),
               c->self_signed ? ", self-signed" : "", subject_text(c->subject, subject));
}

/* "smtp", "smtp, imap"; empty for direct TLS alone. */
static const char *upgrades_text(const struct roll_server *s, char *buf)
{
    size_t used = 0;
    buf[0] = '\0';
    for (unsigned i = 1; i < 64; i++) {
        const char *name = s->upgrades >> i & 1 ? cube_upgrade_name((uint8_t)i) : NULL;
        if (name && used < PHRASE)
            used += (size_t)snprintf(buf + used, PHRASE - used, "%s%s", used ? ", " : "", name);
    }
    return buf;
}

static void server_cells(const struct text *t, struct table *table, const struct roll_server *s)
{
    char a[ADDR_TEXT], b[PHRASE];
    const char *service = clear_service_of(t->r, s);
    table_cell(table, "%s%s", endpoint_print(&s->at, a), transport_note(s->transport));
    table_cell(table, "%s", service ? service : "-");
    table_cell(table, "%s", text_count(s->reach.clients, b));
    table_cell(table, "%s", text_dash(s->old.clients, b));
    version_cells(t, table, &s->t);
    table_cell(table, "%s", text_dash(s->t.failed, b));
    table_row(table);
    if (s->t.old)
        table_mark(table);
    if (*called(t, &s->at.addr, b))
        table_note(table, "called %s", b);
    version_note(t, table, &s->t);
    if (*upgrades_text(s, b))
        table_note(table, "upgraded to TLS: %s", b);
    names_note(t, table, s);
    suite_note(table, s);
    cert_note(t, table, s);
}

static void server_table(struct text *t, bool own, const char *what)
{
    const struct rollup *r = t->r;
    struct table table = { 0 };
    uint32_t rows = 0, shown = 0;
    for (uint32_t i = 0; i < r->servers; i++)
        rows += r->server[i].own == own && r->server[i].t.handshakes;
    if (!rows)
        return;
    uint32_t top = text_top(t, rows);
    table_column(&table, what, TABLE_ALONE);
    table_column(&table, "service", TABLE_WRAP | TABLE_MAYBE);
    table_column(&table, "clients", TABLE_RIGHT);
    table_column(&table, "on old", TABLE_RIGHT | TABLE_MAYBE);
    version_columns(t, &table);
    table_column(&table, "failed", TABLE_RIGHT | TABLE_MAYBE);
    for (uint32_t i = 0; i < r->servers && shown < top; i++) {
        if (r->server[i].own != own || !r->server[i].t.handshakes)
            continue;
        server_cells(t, &table, &r->server[i]);
        shown++;
    }
    text_table(t, &table);
    text_more(t, rows, shown, "servers");
}

void text_servers(struct text *t)
{
    char a[PHRASE];
    if (!t->r->all.servers)
        return;
    text_heading(t, "SERVERS", "%s, worst first: oldest version negotiated, then weakest suite",
                 text_many(t->r->all.servers, "server", "servers", a));
    server_table(t, true, t->r->view->own_count ? "your servers" : "server");
    server_table(t, false, "other servers");
    if (t->r->total.negotiated)
        text_say(t, "Versions are counted as the server chose them, also where the client refused that.%s",
                 t->r->total.old ? " \"on old\" are the clients for which it chose TLS 1.1 or older." : "");
}

/* The clients to show, kept in order while all are visited. */
struct keep {
    struct text *t;
    struct roll_client *best;
    uint32_t n, cap, all;
    bool full; /* best[] holds --top N, in order, and whoever came since: none that is worse than the last of them counts */
};

/* 100: no hello was seen. */
static int best_rank(const struct roll_client *c)
{
    int tls = c->t.best[0].least == VER_NONE ? 100 : version_rank(c->t.best[0].least);
    int dtls = c->t.best[1].least == VER_NONE ? 100 : version_rank(c->t.best[1].least);
    return tls < dtls ? tls : dtls;
}

static int age(const struct roll_client *c)
{
    int lowest = c->t.lowest == VER_NONE ? 100 : version_rank(c->t.lowest);
    return lowest < best_rank(c) ? lowest : best_rank(c);
}

/* Those to whom an old version was chosen, even if they refused it, or that offer nothing newer: whom the readiness counts. */
static bool is_old(const struct roll_client *c)
{
    return c->t.old || c->t.stuck;
}

/* First these; then the oldest version negotiated or at best offered, those that offered the least, the most old handshakes. */
static int client_cmp(const void *x, const void *y)
{
    const struct roll_client *a = x, *b = y;
    if (is_old(a) != is_old(b))
        return is_old(a) ? -1 : 1;
    if (age(a) != age(b))
        return age(a) - age(b);
    if (best_rank(a) != best_rank(b))
        return best_rank(a) - best_rank(b);
    if (a->t.old != b->t.old)
        return a->t.old > b->t.old ? -1 : 1;
    if (a->t.handshakes != b->t.handshakes)
        return a->t.handshakes > b->t.handshakes ? -1 : 1;
    return addr_cmp(&a->at, &b->at);
}

/* With --top N, twice that many are held at most: full, they are sorted and cut to N. */
static bool keep_room(struct keep *k)
{
    uint32_t top = k->t->r->view->top;
    if (k->n < k->cap)
        return true;
    if (top && k->n >= 2 * top) {
        qsort(k->best, k->n, sizeof *k->best, client_cmp);
        k->n = top;
        k->full = true;
        return true;
    }
    uint32_t cap = k->cap ? 2 * k->cap : 64;
    struct roll_client *v = realloc(k->best, cap * sizeof *v);
    if (!v)
        return false;
    k->best = v;
    k->cap = cap;
    return true;
}

static bool counts_client(void *ctx, int rank, const struct roll_client *c)
{
    struct keep *k = ctx;
    const struct roll_client *last = k->full ? &k->best[k->t->r->view->top - 1] : NULL;
    if (c)
        return !last || client_cmp(c, last) <= 0;
    k->all++;
    return !last || rank <= version_rank(VER_TLS11) || rank <= age(last);
}

static int keep_client(void *ctx, const struct roll_client *c)
{
    struct keep *k = ctx;
    if (!keep_room(k))
        return -1;
    k->best[k->n] = *c;
    k->best[k->n++].stack = NULL; /* valid during the visit only */
    return 0;
}

/* What stands in the way of a newer version, as far as the hellos show: here this, there that. */
static const char *held_by(const struct tally *t, char *buf)
{
    const struct {
        bool on;
        const char *word;
    } by[] = { { t->cause[OLD_OFFER] || t->stuck, "itself" }, { t->cause[OLD_CHOICE] || t->cause[OLD_REFUSED], "server" },
               { t->cause[OLD_FALLBACK], "fallback" }, { t->cause[OLD_UNKNOWN], "not seen" } };
    size_t n = 0;
    (void)snprintf(buf, PHRASE, "-");
    for (size_t i = 0; i < sizeof by / sizeof *by; i++)
        if (by[i].on)
            n += (size_t)snprintf(buf + n, PHRASE - n, "%s%s", n ? ", " : "", by[i].word);
    return buf;
}

/* "TLS 1.3"; "TLS 1.0-1.3" where stacks differ; DTLS after a comma, because it says nothing about TLS. */
static const char *best_text(const struct tally *t, char *buf)
{
    char a[PHRASE], b[PHRASE];
    size_t n = 0;
    (void)snprintf(buf, PHRASE, "-");
    for (unsigned i = 0; i < 2; i++) {
        const struct best_offers *o = &t->best[i];
        if (o->most == VER_NONE)
            continue;
        bool one = o->least == VER_NONE || o->least == o->most;
        const char *most = text_version(o->most, b), *number = strchr(most, ' ');
        if (one)
            n += (size_t)snprintf(buf + n, PHRASE - n, "%s%s", n ? ", " : "", most);
        else
            n += (size_t)snprintf(buf + n, PHRASE - n, "%s%s-%s", n ? ", " : "", text_version(o->least, a), number ? number + 1 : most);
    }
    return buf;
}

/* Where old versions were chosen. Which software that may be is said of what it belongs to: of the client where all its hellos
 * are of one stack, else of its handshakes with one server. */
static void client_note(struct table *table, const struct roll_client *c)
{
    char buf[4 * PHRASE] = "", a[ADDR_TEXT], v[PHRASE], n[PHRASE];
    size_t used = 0;
    unsigned i = 0;
    for (; i < ROLL_OLD && c->old[i].count; i++)
        used += (size_t)snprintf(buf + used, sizeof buf - used, "%s%s with %s (%s%s%s)", i ? ", " : "",
                                 text_version(c->old[i].version, v), endpoint_print(&c->old[i].server, a),
                                 text_count(c->old[i].count, n), c->stacks > 1 && c->old[i].guess ? ", " : "",
                                 c->stacks > 1 && c->old[i].guess ? c->old[i].guess : "");
    if (c->old_servers > i)
        used += (size_t)snprintf(buf + used, sizeof buf - used, " and %s",
                                 text_many(c->old_servers - i, "other server", "other servers", n));
    if (c->guess && (c->t.old || c->t.stuck))
        used += (size_t)snprintf(buf + used, sizeof buf - used, "%s%s", used ? "; " : "", c->guess);
    if (used)
        table_note(table, "%s", buf);
}

static void client_cells(const struct text *t, struct table *table, const struct roll_client *c)
{
    char a[ADDR_TEXT], b[PHRASE];
    table_cell(table, "%s", addr_print(&c->at, a));
    table_cell(table, "%s", text_dash(c->stacks, b));
    table_cell(table, "%s", text_version(c->t.lowest, b));
    table_cell(table, "%s", best_text(&c->t, b));
    table_cell(table, "%s", text_count(c->servers, b));
    table_cell(table, "%s", text_count(c->t.handshakes, b));
    table_cell(table, "%s", text_dash(c->t.old, b));
    table_cell(table, "%s", text_dash(c->t.failed, b));
    table_cell(table, "%s", held_by(&c->t, b));
    table_row(table);
    if (c->t.old)
        table_mark(table);
    if (*called(t, &c->at, b))
        table_note(table, "called %s", b);
    client_note(table, c);
}

void text_clients(struct text *t)
{
    char a[PHRASE];
    struct keep k = { .t = t };
    struct table table = { 0 };
    if (rollup_clients_wanted(t->r, counts_client, keep_client, &k))
        t->failed = true;
    if (!k.all)
        return;
    text_heading(t, "CLIENTS", "%s, worst first: TLS 1.1 or older was chosen or is all that is offered",
                 text_many(k.all, "client", "clients", a));
    table_column(&table, "client", TABLE_ALONE);
    table_column(&table, "stacks", TABLE_RIGHT);
    table_column(&table, "lowest", TABLE_LEFT);
    table_column(&table, "best offer", TABLE_LEFT | TABLE_WRAP);
    table_column(&table, "servers", TABLE_RIGHT);
    table_column(&table, "handshakes", TABLE_RIGHT);
    table_column(&table, "old", TABLE_RIGHT | TABLE_MAYBE);
    table_column(&table, "failed", TABLE_RIGHT | TABLE_MAYBE);
    table_column(&table, "held back by", TABLE_LEFT | TABLE_WRAP | TABLE_MAYBE);
    if (k.n)
        qsort(k.best, k.n, sizeof *k.best, client_cmp);
    uint32_t top = text_top(t, k.all);
    for (uint32_t i = 0; i < top && i < k.n; i++)
        client_cells(t, &table, &k.best[i]);
    text_table(t, &table);
    text_more(t, k.all, top, "clients");
    text_say(t, "lowest: oldest version negotiated: chosen, and not refused. best offer: newest version in its hellos, of the stack that offers the least to "
                "the one that offers the most. stacks: different TLS configurations behind the address.");
    if (t->r->total.old)
        text_say(t, "held back by: itself = it offered nothing newer than TLS 1.1; server = it did, and the server chose the "
                    "old one; fallback = its newer hello had failed; not seen = its hello was not captured.");
    free(k.best);
}
