/* SPDX-License-Identifier: Apache-2.0 */
/* The head of the text report: what was read, what could not be seen, and readiness in a sentence. */
#include "report/text.h"
#include "report/parts.h"
#include "report/stamp.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* "812.3 MB": decimal units, as file managers and mirrors count. */
static const char *bytes_text(uint64_t n, char *buf)
{
    static const char *const unit[] = { "kB", "MB", "GB", "TB", "PB" };
    double v = (double)n / 1000;
    unsigned i = 0;
    if (n < 1000) {
        (void)snprintf(buf, PHRASE, "%u B", (unsigned)n);
        return buf;
    }
    for (; v >= 999.95 && i + 1 < sizeof unit / sizeof unit[0]; i++)
        v /= 1000;
    (void)snprintf(buf, PHRASE, "%.1f %s", v, unit[i]);
    return buf;
}

static const char *duration_text(int64_t ns, char *buf)
{
    int64_t s = ns / 1000000000;
    if (s < 120)
        (void)snprintf(buf, PHRASE, "%lld s", (long long)s);
    else if (s < 7200)
        (void)snprintf(buf, PHRASE, "%lld min", (long long)s / 60);
    else if (s < 2 * 86400)
        (void)snprintf(buf, PHRASE, "%lld h %lld min", (long long)s / 3600, (long long)s / 60 % 60);
    else
        (void)snprintf(buf, PHRASE, "%lld days %lld h", (long long)s / 86400, (long long)s / 3600 % 24);
    return buf;
}

static void repeated(struct text *t)
{
    char buf[REPEATED_TEXT];
    uint32_t captures, *times = inputs_times(t->r->cube, &captures);
    t->failed = t->failed || !times;
    if (captures)
        text_say(t, "%s", inputs_repeated(captures, buf));
    free(times);
}

/* Only a few captures are shown, and what is wrong with one concerns all figures. */
static void warnings(struct text *t, const uint32_t *order, unsigned shown)
{
    const struct cube *c = t->r->cube;
    uint32_t twice = 0, hidden = 0;
    char a[PHRASE];
    for (uint32_t i = 0; order && i < cube_inputs(c); i++) {
        const struct input *in = cube_input_at(c, order[i]);
        twice += strstr(in->warning, INPUT_COUNTS_TWICE) != NULL;
        hidden += *in->warning && i >= shown;
    }
    if (twice)
        text_say(t, "Counted more than once in part: %s that %s like another; the figures hold twice what both hold.",
                 text_many(twice, "capture", "captures", a), twice == 1 ? "begins" : "begin");
    if (hidden)
        text_say(t, "There are warnings of %s not shown (--top 0 shows all).", text_many(hidden, "capture", "captures", a));
}

static void inputs(struct text *t)
{
    enum { SHOWN = 5 }; /* a month of captures is not what the reader came for */
    const struct cube *c = t->r->cube;
    uint32_t *order = inputs_sorted(c);
    unsigned n = order ? cube_inputs(c) : 0, top = text_top(t, n);
    top = t->r->view->top && top > SHOWN ? SHOWN : top;
    t->failed = t->failed || (!order && cube_inputs(c));
    char a[PHRASE], b[PHRASE], from[STAMP_TEXT], to[STAMP_TEXT], name[4 * PHRASE];
    struct table table = { 0 };
    table_column(&table, "capture", TABLE_LEFT | TABLE_WRAP);
    table_column(&table, "packets", TABLE_RIGHT);
    table_column(&table, "size", TABLE_RIGHT);
    table_column(&table, "first packet (UTC)", TABLE_LEFT);
    table_column(&table, "last packet (UTC)", TABLE_LEFT);
    for (unsigned i = 0; i < top; i++) {
        const struct input *in = cube_input_at(c, order[i]);
        table_cell(&table, "%s", escape_text(rd_of(in->name, strlen(in->name)), name, sizeof name));
        table_cell(&table, "%s", text_count(in->packets, a));
        table_cell(&table, "%s", bytes_text(in->bytes, b));
        table_cell(&table, "%s", in->packets ? stamp_text(in->first_ns, from) : "-");
        table_cell(&table, "%s", in->packets ? stamp_text(in->last_ns, to) : "-");
        table_row(&table);
        if (*in->warning)
            table_note(&table, "warning: %s", escape_text(rd_of(in->warning, strlen(in->warning)), name, sizeof name));
    }
    if (n)
        text_table(t, &table);
    text_more(t, n, top, "captures");
    repeated(t);
    warnings(t, order, top);
    free(order);
}

static bool is_narrowed(const struct view *v)
{
    return v->server_only || v->client_only || v->since_ns || v->until_ns;
}

static void at_the_edge(struct text *t)
{
    struct edge edge = edge_of(t->r);
    char a[PHRASE], b[PHRASE], c[PHRASE];
    text_say(t, "Packets, connections and losses are counted by the hour: some outside these limits are included.");
    if (edge.handshakes)
        text_say(t, "Handshakes that are alike are counted by the day: %s shown %s of days that reach over these limits, and of "
                    "them %s to %s lie within. To count exactly, read the captures again without --state.",
                 text_many(edge.handshakes, "handshake", "handshakes", a), edge.handshakes == 1 ? "is" : "are",
                 text_count(edge.least, b), text_count(edge.most, c));
    else
        text_say(t, "Handshakes are those within.");
}

/* A report on a part of the traffic must not be taken for one on the whole. */
static void narrowed(struct text *t)
{
    const struct view *v = t->r->view;
    char a[ADDR_TEXT], port[16] = "", at[STAMP_TEXT];
    if (v->server_port)
        (void)snprintf(port, sizeof port, " port %u", v->server_port);
    if (v->server_only)
        text_say(t, "Only servers in %s/%u%s are shown (--server).", addr_print(&v->server_only->addr, a),
                 v->server_only->bits, port);
    if (v->client_only)
        text_say(t, "Only clients in %s/%u are shown (--client).", addr_print(&v->client_only->addr, a),
                 v->client_only->bits);
    if (v->since_ns)
        text_say(t, "Only what was seen since %s UTC is shown (--since).", stamp_text(v->since_ns, at));
    if (v->until_ns)
        text_say(t, "Only what was seen before %s UTC is shown (--until).", stamp_text(v->until_ns, at));
    if (v->server_only || v->client_only)
        text_say(t, "Packets, connections and losses are those of everything that was read.");
    if (v->since_ns || v->until_ns)
        at_the_edge(t);
}

void text_read(struct text *t)
{
    const struct rollup *r = t->r;
    char a[PHRASE], b[PHRASE], c[PHRASE], d[PHRASE], from[STAMP_TEXT], to[STAMP_TEXT];
    text_heading(t, "WHAT WAS READ", NULL);
    inputs(t);
    if (r->last_ns > 0 && r->first_ns > r->last_ns)
        text_say(t, "Nothing was read of the time that is to be shown.");
    else if (r->last_ns > 0)
        text_say(t, "Window: %s to %s UTC (%s); packets in %s of %s hours.", stamp_text(r->first_ns, from),
                 stamp_text(r->last_ns, to), duration_text(r->last_ns - r->first_ns, a), text_count(r->hours, b),
                 text_count(r->hours + r->hours_quiet, c));
    text_say(t, "%s, %s on the wire, %s that carried data, %s.", text_many(r->stats.packets, "packet", "packets", a),
             bytes_text(r->stats.bytes, b), text_many(r->stats.connections, "connection", "connections", c),
             text_many(r->total.handshakes + r->apart_handshakes, "TLS handshake", "TLS handshakes", d));
    narrowed(t);
    for (unsigned i = 0; i < stats_count; i++) {
        uint64_t n = *stats_value((struct stats *)(uintptr_t)&r->stats, i);
        if (stats_rows[i].kind == 'I' && n)
            text_say(t, "%c%s: %s.", toupper((unsigned char)*stats_rows[i].text), stats_rows[i].text + 1, text_count(n, a));
    }
}

void text_not_seen(struct text *t)
{
    const struct rollup *r = t->r;
    struct table table = { 0 };
    char a[PHRASE];
    bool any = r->folded || r->unread || r->partly;
    const struct {
        uint64_t n;
        const char *text;
    } more[] = { { r->unread, UNREAD_TEXT }, { r->partly, PARTLY_TEXT },
                 { r->folded, "handshakes counted without their client, because a table was full" } };
    table_column(&table, "count", TABLE_RIGHT);
    table_column(&table, "what", TABLE_LEFT);
    for (unsigned i = 0; i < stats_count; i++) {
        uint64_t n = *stats_value((struct stats *)(uintptr_t)&r->stats, i);
        if (stats_rows[i].kind != 'L' || !n)
            continue;
        any = true;
        table_cell(&table, "%s", text_count(n, a));
        table_cell(&table, "%s", stats_rows[i].text);
        table_row(&table);
    }
    for (size_t i = 0; i < sizeof more / sizeof *more; i++)
        if (more[i].n) {
            table_cell(&table, "%s", text_count(more[i].n, a));
            table_cell(&table, "%s", more[i].text);
            table_row(&table);
        }
    text_heading(t, "WHAT COULD NOT BE SEEN", NULL);
    if (any)
        text_table(t, &table);
    else
        text_say(t, "Nothing was lost that can be noticed.");
    table_free(&table);
    text_say(t, "No capture shows: who did not connect in the window; what did not pass the point of capture; and, within "
                "TLS 1.3, certificates and whatever follows the ServerHello.");
}

static void bar(char *out, uint64_t part, uint64_t whole, char mark)
{
    enum { BAR = 34 };
    unsigned n = whole ? (unsigned)((double)part / (double)whole * BAR + 0.5) : 0;
    if (part && !n)
        n = 1;
    memset(out, mark, n);
    out[n] = '\0';
}

static void versions(struct text *t)
{
    const struct rollup *r = t->r;
    char a[PHRASE], b[PHRASE], line[64];
    struct table table = { 0 };
    table_column(&table, "chosen", TABLE_LEFT);
    table_column(&table, "handshakes", TABLE_RIGHT);
    table_column(&table, "share", TABLE_RIGHT);
    table_column(&table, "clients", TABLE_RIGHT);
    table_column(&table, "servers", TABLE_RIGHT);
    table_column(&table, "", TABLE_LEFT);
    for (unsigned i = 0; i < ROLL_VERSIONS; i++) {
        uint64_t n = r->total.version[i];
        if (!n)
            continue;
        bar(line, n, r->total.negotiated, version_is_old(roll_versions[i]) ? '#' : '=');
        table_cell(&table, "%s", i == ROLL_VERSIONS - 1 ? "other" : text_version(roll_versions[i], a));
        table_cell(&table, "%s", text_count(n, a));
        table_cell(&table, "%s", text_share(n, r->total.negotiated, b));
        table_cell(&table, "%s", text_count(r->version[i].clients, a));
        table_cell(&table, "%s", text_count(r->version[i].servers, a));
        table_cell(&table, "%s", line);
        table_row(&table);
        if (version_is_old(roll_versions[i]))
            table_mark(&table);
    }
    (void)fputc('\n', t->out);
    text_table(t, &table);
    text_say(t, "chosen: by the server, also where the client then refused it or the handshake failed. # stands for TLS 1.1 and older, = for "
                "TLS 1.2 and newer.");
}

/* Who holds the old versions up: the three causes a hello can show, in the order of what is to be done about them. */
static void causes(struct text *t)
{
    static const struct {
        enum roll_cause cause;
        const char *text;
    } says[] = {
        { OLD_OFFER, "by clients that offered nothing newer" },
        { OLD_CHOICE, "although the client offered TLS 1.2 or newer: the server chose the older one" },
        { OLD_REFUSED, "were refused by the client, which wants more: they fail today" },
        { OLD_FALLBACK, "in a second attempt, after one with a newer version had failed" },
        { OLD_UNKNOWN, "where the client's offer was not captured" },
    };
    const struct rollup *r = t->r;
    char a[PHRASE], b[PHRASE], c[PHRASE];
    for (size_t i = 0; i < sizeof says / sizeof says[0]; i++) {
        const struct reach *x = &r->cause[says[i].cause];
        if (x->handshakes)
            text_say(t, "- %s of these %s (%s, %s).", text_count(x->handshakes, a), says[i].text,
                     text_many(x->clients, "client", "clients", b), text_many(x->servers, "server", "servers", c));
    }
    if (r->cause[OLD_FOLDED].handshakes)
        text_say(t, "- %s of these were captured, but a table had no room for their clients and what those offered: "
                    "read with a larger --memory-limit.", text_count(r->cause[OLD_FOLDED].handshakes, a));
}

/* With --servers: what is yours to change, and what is not. */
static void own_servers(struct text *t)
{
    const struct rollup *r = t->r;
    uint64_t old = 0, all = 0;
    char a[PHRASE], b[PHRASE], c[PHRASE];
    for (uint32_t i = 0; i < r->servers; i++) {
        old += r->server[i].own ? r->server[i].t.old : 0;
        all += r->server[i].own ? r->server[i].t.negotiated : 0;
    }
    if (r->view->own_count)
        text_say(t, "At your own servers (--servers): %s of %s (%s) got TLS 1.1 or older.", text_count(old, a),
                 text_many(all, "handshake", "handshakes", b), text_share(old, all, c));
}

/* "None" is said of what was seen, and no more. */
static void none_is_not_all(struct text *t)
{
    const struct stats *s = &t->r->stats;
    uint64_t missed = s->tls_midstream + s->quic_midstream + s->quic_undecryptable + s->upgrade_opaque;
    char a[PHRASE];
    text_say(t, "That holds for the window above only: a client that did not connect in it is not known.");
    if (missed)
        text_say(t, "And it does not hold for %s whose hellos were missed (joined midway, hidden or not decodable).",
                 text_many(missed, "session", "sessions", a));
}

void text_readiness(struct text *t)
{
    const struct rollup *r = t->r;
    char a[PHRASE], b[PHRASE], c[PHRASE], d[PHRASE], e[PHRASE];
    text_heading(t, "READINESS", NULL);
    if (!r->total.handshakes) {
        text_say(t, "No TLS handshake %swas observed%s. Nothing can be said about readiness.",
                 is_narrowed(r->view) ? "of what is to be shown " : "",
                 r->apart_handshakes ? " but those of clients set apart" : "");
        return;
    }
    char who[2 * PHRASE] = "";
    if (r->total.old)
        (void)snprintf(who, sizeof who, " (%s, %s)", text_many(r->old.clients, "client", "clients", a),
                       text_many(r->old.servers, "server", "servers", b));
    text_say(t, "Of %s observed, the server's choice was seen in %s; %s of these (%s) %s TLS 1.1 or older%s.",
             text_many(r->total.handshakes, "handshake", "handshakes", a), text_count(r->total.negotiated, b),
             r->total.old ? text_count(r->total.old, c) : "none", text_share(r->total.old, r->total.negotiated, d),
             r->total.old > 1 ? "are" : "is", who);
    causes(t);
    if (r->stuck.handshakes)
        text_say(t, "%s offered nothing newer than TLS 1.1 and failed, before or after the server's choice (%s, %s).",
                 text_many(r->stuck.handshakes, "handshake", "handshakes", a),
                 text_many(r->stuck.clients, "client", "clients", b), text_many(r->stuck.servers, "server", "servers", c));
    if (!r->total.old && !r->stuck.handshakes)
        none_is_not_all(t);
    if (r->apart_handshakes)
        text_say(t, "%s by %s are set apart (last section): no other figure has them but what servers showed that they can do.",
                 text_many(r->apart_handshakes, "handshake", "handshakes", d),
                 text_many(r->aparts, "client", "clients", e));
    own_servers(t);
    if (r->total.negotiated)
        versions(t);
}
