/* SPDX-License-Identifier: Apache-2.0 */
/* Roll-ups and the text report over cubes made of hand-made events, whose sums are known. */
#include "tests/unit/test.h"
#include "report/pairs.h"
#include "report/render.h"
#include "report/rollup.h"
#include "report/table.h"

static struct cube *cube;
static const int64_t T0 = INT64_C(1767340800) * 1000000000; /* 2026-01-02 08:00:00 UTC */

static int open_cube(void **state)
{
    (void)state;
    cube = cube_new(&(struct cube_options){ .seed = 1 });
    return cube ? 0 : -1;
}

static int close_cube(void **state)
{
    (void)state;
    cube_free(cube);
    return 0;
}

static struct endpoint at(uint8_t net, uint8_t host, uint16_t port)
{
    const uint8_t b[4] = { 10, 0, net, host };
    return (struct endpoint){ .addr = addr_ip4(b), .port = port };
}

/* A handshake that offered up to `max` (0: no hello was seen) and chose `version` (0: nothing was chosen). */
struct made {
    struct endpoint client, server;
    uint16_t max, version;
    uint32_t suite;
    uint8_t outcome, times;
    const char *sni, *upgrade;
    unsigned variant; /* of the offer: another is another stack */
    uint32_t flags;
    struct tls_alert alert;
    uint8_t offered, aftermath;
    uint16_t refusal;
    int64_t after_s;
};

static void tell(const struct made *m)
{
    uint8_t suites[6] = { 0xc0, 0x2f, 0x00, 0x2f, (uint8_t)(m->variant >> 8), (uint8_t)m->variant }, offer[OFFER_MAX];
    static const uint8_t versions[] = { 3, 4, 3, 3 }, null = 0;
    struct client_hello ch = { .format = HELLO_TLS,
                               .max_version = m->max,
                               .suites = rd_of(suites, sizeof suites),
                               .legacy_version = m->max > VER_TLS12 ? VER_TLS12 : m->max,
                               .compression = rd_of(&null, 1) };
    if (m->max == VER_TLS13) {
        ch.versions = rd_of(versions, sizeof versions);
        ch.ext_mask |= EXT_SUPPORTED_VERSIONS;
    }
    if (m->sni) {
        ch.sni = rd_of(m->sni, strlen(m->sni));
        ch.ext_mask |= EXT_SNI;
    }
    struct tls_event ev = { .ts_ns = T0 + m->after_s * 1000000000,
                            .client = m->client,
                            .server = m->server,
                            .version = m->version,
                            .suite = m->version ? m->suite : SUITE_NONE,
                            .outcome = m->outcome,
                            .flags = m->flags,
                            .alert = m->alert,
                            .upgrade = m->upgrade,
                            .server_offered_upgrade = m->offered,
                            .aftermath = m->aftermath,
                            .refusal_code = m->refusal };
    if (m->max) {
        ev.ch = &ch;
        ev.offer = rd_of(offer, client_hello_offer(&ch, offer));
    }
    for (unsigned i = 0; i < (m->times ? m->times : 1); i++)
        cube_event(cube, &ev);
}

static void tell_all(const struct made *m, size_t n)
{
    for (size_t i = 0; i < n; i++)
        tell(&m[i]);
}
#define TELL(...)                                                                                                          \
    tell_all((const struct made[]){ __VA_ARGS__ }, sizeof((const struct made[]){ __VA_ARGS__ }) / sizeof(struct made))

static const struct view plain = { .top = 20, .width = 100 };

static char *report(const char *format, const struct view *v)
{
    char *text = NULL;
    size_t n = 0;
    struct err e = { "" };
    FILE *out = open_memstream(&text, &n);
    assert_non_null(out);
    assert_int_equal(render_find(format)->report(out, cube, v, &e), 0);
    assert_int_equal(fclose(out), 0);
    return text;
}

static void assert_says(const char *report, const char *words)
{
    if (!strstr(report, words))
        fail_msg("\"%s\" is not in:\n%s", words, report);
}

static void assert_silent(const char *report, const char *words)
{
    if (strstr(report, words))
        fail_msg("\"%s\" is in:\n%s", words, report);
}

static void pairs_are_merged(void **state)
{
    (void)state;
    struct pairs p = { 0 };
    size_t n;
    for (unsigned round = 0; round < 1000; round++)
        for (unsigned a = 1; a <= 3; a++)
            for (unsigned b = 0; b < 5; b++)
                pairs_add(&p, a << 16, b * 0x01010101u, a);
    assert_true(p.cap <= 64); /* memory follows the distinct ones */
    assert_true(pairs_sort(&p));
    assert_int_equal(p.n, 15);
    const struct pair *run = pairs_of(&p, 2 << 16, &n);
    assert_int_equal(n, 5);
    for (unsigned b = 0; b < 5; b++) {
        assert_int_equal(run[b].b, b * 0x01010101u);
        assert_int_equal(run[b].count, 2000);
    }
    (void)pairs_of(&p, 5, &n);
    assert_int_equal(n, 0);
    pairs_free(&p);
    assert_true(pairs_sort(&p));
    (void)pairs_of(&p, 5, &n);
    assert_int_equal(n, 0);
}

static void tables_fit_their_contents(void **state)
{
    (void)state;
    char *text = NULL;
    size_t n = 0;
    FILE *out = open_memstream(&text, &n);
    struct table t = { .width = 40, .indent = 1 };
    table_column(&t, "name", TABLE_WRAP);
    table_column(&t, "none", TABLE_MAYBE);
    table_column(&t, "count", TABLE_RIGHT);
    table_cell(&t, "%s",
               "b\xc3\xbc"
               "cher");
    table_cell(&t, "-");
    table_cell(&t, "7");
    table_row(&t);
    table_cell(&t, "%s", "a name that is much too long for forty columns");
    table_row(&t);
    table_note(&t, "%s", "words that do not fit on one line go on the next");
    table_print(&t, out);
    table_free(&t);
    assert_int_equal(fclose(out), 0);
    assert_string_equal(text, " name                              count\n"
                              " b\xc3\xbc"
                              "cher                                7\n"
                              " a name that is much too long for\n"
                              " forty columns\n"
                              "     words that do not fit on one line\n"
                              "       go on the next\n");
    free(text);
    out = open_memstream(&text, &n);
    t = (struct table){ .width = 20 };
    table_column(&t, "party", TABLE_ALONE);
    table_column(&t, "count", TABLE_RIGHT);
    table_column(&t, "of", TABLE_RIGHT);
    table_cell(&t, "10.0.0.1");
    table_cell(&t, "7");
    table_cell(&t, "8");
    table_row(&t);
    table_cell(&t, "2001:db8:1:2:3:4:5:6");
    table_cell(&t, "9");
    table_row(&t);
    table_print(&t, out);
    table_free(&t);
    assert_int_equal(fclose(out), 0);
    assert_string_equal(text, "party      count  of\n"
                              "10.0.0.1       7   8\n"
                              "2001:db8:1:2:3:4:5:6\n"
                              "               9\n");
    free(text);
}

/* Three clients at two servers, one sum for each thing a report says. */
static void office(void)
{
    const struct endpoint old = at(1, 1, 443), web = at(1, 2, 443), a = at(2, 1, 0), b = at(2, 2, 0), c = at(2, 3, 0);
    TELL({ .client = a, .server = old, .max = VER_TLS10, .version = VER_TLS10, .suite = 0x000a, .times = 3 },
         { .client = b,
           .server = old,
           .max = VER_TLS13,
           .version = VER_TLS10,
           .suite = 0x002f,
           .times = 2,
           .sni = "old.example.com" },
         { .client = b,
           .server = web,
           .max = VER_TLS13,
           .version = VER_TLS13,
           .suite = 0x1301,
           .times = 10,
           .sni = "www.example.com" },
         { .client = c,
           .server = web,
           .max = VER_TLS12,
           .version = VER_TLS12,
           .suite = 0xc02f,
           .times = 4,
           .sni = "www.example.com" },
         { .client = c,
           .server = web,
           .max = VER_TLS12,
           .version = VER_TLS12,
           .suite = 0xc02f,
           .sni = "x.example.com",
           .outcome = OUTCOME_ALERT_CLIENT,
           .alert = { 'c', 2, 48 } },
         { .client = a,
           .server = web,
           .max = VER_TLS10,
           .outcome = OUTCOME_ALERT_SERVER,
           .alert = { 's', 2, 70 },
           .times = 2 });
}

static void sums_are_those_of_the_events(void **state)
{
    (void)state;
    office();
    struct rollup *r = rollup_make(cube, &plain);
    assert_non_null(r);
    assert_int_equal(r->total.handshakes, 22);
    assert_int_equal(r->total.negotiated, 20);
    assert_int_equal(r->total.old, 5);
    assert_int_equal(r->total.failed, 3);
    assert_int_equal(r->total.completed, 19);
    assert_int_equal(r->total.stuck, 2);
    assert_int_equal(r->total.cause[OLD_OFFER], 3);
    assert_int_equal(r->total.cause[OLD_CHOICE], 2);
    assert_int_equal(r->all.clients, 3);
    assert_int_equal(r->all.servers, 2);
    assert_int_equal(r->old.clients, 2);
    assert_int_equal(r->old.servers, 1);
    assert_int_equal(r->stuck.clients, 1);
    assert_int_equal(r->servers, 2);
    assert_true(r->server[0].at.addr.b[3] == 1); /* worst first */
    assert_int_equal(r->server[0].weakest, 0x000a);
    assert_int_equal(r->server[0].weakest_count, 3);
    assert_int_equal(r->server[0].reach.clients, 2);
    assert_int_equal(r->server[1].reach.clients, 3);
    assert_int_equal(r->server[1].old.clients, 0);
    assert_int_equal(r->suites, 4);
    assert_int_equal(r->suite[0].id, 0x1301);
    assert_int_equal(r->failures, 2);
    assert_int_equal(r->failure[0].alert_code, 70);
    assert_int_equal(r->failure[0].stuck, 2);
    assert_int_equal(r->aparts, 0);
    size_t n;
    const struct roll_item *name = rollup_items(r, &r->server[1], ROLL_NAMES, &n);
    assert_int_equal(n, 2);
    assert_int_equal(name[0].count, 14);
    struct rd sni = cube_name(cube, name[0].id);
    assert_memory_equal(sni.p, "www.example.com", 15);
    const struct roll_item *choice = rollup_items(r, &r->server[0], ROLL_CHOICES, &n);
    assert_int_equal(n, 2);
    assert_int_equal(choice[0].id, 0x000a);
    assert_int_equal(choice[0].version, VER_TLS10);
    assert_int_equal(choice[0].count, 3);
    rollup_free(r);
}

static int collect(void *ctx, const struct roll_client *c)
{
    struct roll_client **to = ctx;
    *(*to)++ = *c;
    return 0;
}

static int count_pair(void *ctx, const struct roll_pair *p)
{
    *(uint64_t *)ctx += p->t.handshakes;
    return 0;
}

static void clients_are_visited_in_order(void **state)
{
    (void)state;
    office();
    TELL({ .client = at(2, 2, 0),
           .server = at(1, 2, 443),
           .max = VER_TLS12,
           .version = VER_TLS12,
           .suite = 0xc02f,
           .variant = 9 });
    struct rollup *r = rollup_make(cube, &plain);
    struct roll_client client[4], *to = client;
    assert_int_equal(rollup_clients(r, collect, &to), 0);
    assert_int_equal(to - client, 3);
    assert_int_equal(client[0].at.b[3], 1);
    assert_int_equal(client[0].t.offered, VER_TLS10);
    assert_int_equal(client[0].t.lowest, VER_TLS10);
    assert_int_equal(client[0].stacks, 1);
    assert_int_equal(client[0].servers, 2);
    assert_int_equal(client[0].old_servers, 1);
    assert_int_equal(client[1].t.offered, VER_TLS13);
    assert_int_equal(client[1].stacks, 2);
    assert_int_equal(client[1].old[0].count, 2);
    assert_int_equal(client[1].old[0].version, VER_TLS10);
    assert_int_equal(client[1].old[1].count, 0);
    assert_int_equal(client[2].t.old, 0);
    uint64_t sum = 0;
    assert_int_equal(rollup_pairs(r, count_pair, &sum), 0);
    assert_int_equal(sum, 23);
    rollup_free(r);
}

static void the_text_answers_the_question(void **state)
{
    (void)state;
    office();
    char *text = report("text", &plain);
    assert_says(text, "5 of these (25.0%) are TLS 1.1 or");
    assert_says(text, "(2 clients, 1 server).");
    assert_says(text, "3 of these by clients that offered nothing newer (1 client, 1 server).");
    assert_says(text, "2 of these although the client offered TLS 1.2 or newer");
    assert_says(text, "2 handshakes offered nothing newer than TLS 1.1 and failed, before or after the");
    assert_says(text, "server sent alert protocol_version (70)");
    assert_says(text, "client sent alert unknown_ca (48)");
    assert_says(text, "names: www.example.com, x.example.com");
    assert_says(text, "weakest suite: DES-CBC3-SHA (RSA key exchange, 3DES(168), no forward secrecy), 3 handshakes");
    assert_says(text, "TLS 1.0 with 10.0.1.1:443 (3)");
    assert_says(text, "Nothing was lost that can be noticed.");
    assert_silent(text, "UPGRADES");
    assert_silent(text, "SET APART");
    assert_silent(text, "\x1b");
    /* the order of the sections */
    static const char *const order[] = { "WHAT WAS READ", "WHAT COULD NOT BE SEEN", "READINESS",        "SERVERS",
                                         "CLIENTS",       "CIPHER SUITES",          "FAILED HANDSHAKES" };
    const char *last = text;
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        const char *here = strstr(last, order[i]);
        assert_non_null(here);
        last = here;
    }
    for (const char *line = text; *line; line += strcspn(line, "\n") + 1)
        assert_true(strcspn(line, "\n") <= 100);
    free(text);
}

/* A choice that the client refuses is not one that it took; and each stack of an address has an offer of its own. */
static void refusals_and_stacks_are_told_apart(void **state)
{
    (void)state;
    const struct endpoint old = at(1, 1, 443), modern = at(2, 1, 0), shared = at(2, 2, 0);
    TELL({ .client = modern, .server = old, .max = VER_TLS12, .version = VER_TLS10, .suite = 0x002f, .times = 3,
           .outcome = OUTCOME_ALERT_CLIENT, .alert = { 'c', 2, 70 } },
         { .client = shared, .server = old, .max = VER_TLS10, .version = VER_TLS10, .suite = 0x002f, .times = 2 },
         { .client = shared, .server = old, .max = VER_TLS13, .version = VER_TLS10, .suite = 0x002f });
    char *text = report("text", &plain);
    assert_says(text, "3 of these were refused by the client, which wants more: they fail today (1 client, 1 server).");
    assert_says(text, "1 of these although the client offered TLS 1.2 or newer");
    assert_says(text, "10.0.2.2       2  TLS 1.0  TLS 1.0-1.3        1           3    3       -  itself, server");
    assert_says(text, "10.0.2.1       1  -        TLS 1.2            1           3    3       3  server");
    free(text);
}

/* "None" is no promise about what was missed. */
static void none_mentions_what_was_missed(void **state)
{
    (void)state;
    cube_hour(cube, T0 / 3600000000000, &(struct stats){ .packets = 100, .tls_midstream = 2, .upgrade_opaque = 1 });
    TELL({ .client = at(2, 1, 0), .server = at(1, 1, 443), .max = VER_TLS13, .version = VER_TLS13, .suite = 0x1301 });
    char *text = report("text", &plain);
    assert_says(text, "it does not hold for 3 sessions whose hellos were missed");
    free(text);
}

/* A cell that is too wide goes on below; nothing of it is lost. */
static void long_names_go_on_below(void **state)
{
    (void)state;
    struct input in = { .name = (char *)(uintptr_t)"captures/of/the/third/week/of/november/in/the/second/building/uplink-01.pcap" };
    assert_int_not_equal(cube_input(cube, &in), 0);
    TELL({ .client = at(2, 1, 0), .server = at(1, 1, 443), .max = VER_TLS13, .version = VER_TLS13, .suite = 0x1301 });
    char *text = report("text", &plain);
    assert_says(text, "  captures/of/the/third");
    assert_says(text, "uplink-01.pcap\n");
    assert_silent(text, "..");
    free(text);
}

static void nothing_seen_is_not_readiness(void **state)
{
    (void)state;
    char *text = report("text", &plain);
    assert_says(text, "No TLS handshake was observed. Nothing can be said about readiness.");
    free(text);
    TELL({ .client = at(2, 1, 0), .server = at(1, 1, 443), .max = VER_TLS13, .version = VER_TLS13, .suite = 0x1301 });
    text = report("text", &plain);
    assert_says(text, "none of these (0.0%)");
    assert_says(text, "a client that did not connect in it is not known");
    free(text);
}

static void losses_are_told_by_reason(void **state)
{
    (void)state;
    office();
    cube_hour(cube, T0 / 3600000000000, &(struct stats){ .packets = 100, .stream_gap = 3, .drop_kernel = 12345 });
    char *text = report("text", &plain);
    assert_says(text, "12,345  packets dropped by the kernel");
    assert_says(text, "3  gaps in the data");
    assert_silent(text, "Nothing was lost");
    free(text);
}

static void views_narrow(void **state)
{
    (void)state;
    office();
    TELL({ .client = at(2, 9, 0),
           .server = at(1, 9, 993),
           .max = VER_TLS13,
           .version = VER_TLS13,
           .suite = 0x1301,
           .after_s = 90000 });
    struct cidr c;
    assert_int_equal(cidr_parse("10.0.1.1", &c), 0);
    struct view v = plain;
    v.server_only = &c;
    struct rollup *r = rollup_make(cube, &v);
    assert_int_equal(r->total.handshakes, 5);
    rollup_free(r);
    v.server_port = 444;
    r = rollup_make(cube, &v);
    assert_int_equal(r->total.handshakes, 0);
    rollup_free(r);
    v = plain;
    assert_int_equal(cidr_parse("10.0.2.2/31", &c), 0);
    v.client_only = &c;
    r = rollup_make(cube, &v);
    assert_int_equal(r->total.handshakes, 17);
    rollup_free(r);
    v = plain;
    v.since_ns = T0 + INT64_C(3600000000000);
    r = rollup_make(cube, &v);
    assert_int_equal(r->total.handshakes, 1);
    rollup_free(r);
    v = plain;
    v.until_ns = T0 + INT64_C(3600000000000);
    r = rollup_make(cube, &v);
    assert_int_equal(r->total.handshakes, 22);
    rollup_free(r);
    v = plain;
    assert_int_equal(cidr_parse("10.0.1.2", &c), 0);
    v.own = &c;
    v.own_count = 1;
    char *text = report("text", &v);
    assert_says(text, "your servers");
    assert_says(text, "other servers");
    assert_says(text, "At your own servers (--servers): 0 of 15 handshakes (0.0%)");
    free(text);
}

static void top_limits_and_says_so(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 50; i++)
        TELL({ .client = at(3, (uint8_t)i, 0),
               .server = at(4, (uint8_t)i, 443),
               .max = VER_TLS12,
               .version = VER_TLS12,
               .suite = 0xc02f,
               .times = (uint8_t)(i + 1) });
    struct view v = plain;
    v.top = 5;
    char *text = report("text", &v);
    assert_says(text, "... and 45 more servers: --top 0 shows all");
    assert_says(text, "... and 45 more clients: --top 0 shows all");
    assert_says(text, "10.0.3.49"); /* the most handshakes */
    assert_silent(text, "10.0.3.44");
    free(text);
    v.top = 0;
    text = report("text", &v);
    assert_silent(text, "more clients");
    assert_says(text, "10.0.3.0 ");
    free(text);
}

static void ignored_clients_are_set_apart(void **state)
{
    (void)state;
    office();
    struct cidr c;
    assert_int_equal(cidr_parse("10.0.2.1", &c), 0);
    struct view v = plain;
    v.ignored = &c;
    v.ignored_count = 1;
    struct rollup *r = rollup_make(cube, &v);
    assert_int_equal(r->total.handshakes, 17);
    assert_int_equal(r->total.old, 2);
    assert_int_equal(r->apart_handshakes, 5);
    assert_int_equal(r->aparts, 1);
    assert_false(r->apart[0].scanner);
    assert_int_equal(r->apart[0].servers, 2);
    assert_int_equal(r->all.clients, 2);
    rollup_free(r);
    char *text = report("text", &v);
    assert_says(text, "5 handshakes by 1 client are set apart");
    assert_says(text, "named by --ignore-client");
    free(text);
}

static const uint16_t ladder[] = { VER_SSL3, VER_TLS10, VER_TLS11, VER_TLS12, VER_TLS13 };

static void scanners_are_recognised(void **state)
{
    (void)state;
    office();
    for (unsigned i = 0; i < 20; i++)
        TELL({ .client = at(9, 9, 0),
               .server = at(1, 1, 443),
               .max = ladder[i % 5],
               .variant = i,
               .after_s = i,
               .outcome = i % 2 ? OUTCOME_ALERT_SERVER : OUTCOME_COMPLETED,
               .version = i % 2 ? 0 : VER_TLS10,
               .suite = 0x002f });
    for (unsigned i = 0; i < 60; i++)
        TELL({ .client = at(9, 8, 0),
               .server = at(5, (uint8_t)i, 443),
               .max = VER_TLS12,
               .after_s = i,
               .outcome = i % 3 ? OUTCOME_RESET : OUTCOME_COMPLETED,
               .version = i % 3 ? 0 : VER_TLS12,
               .suite = 0xc02f });
    struct rollup *r = rollup_make(cube, &plain);
    assert_int_equal(r->aparts, 2);
    assert_true(r->apart[0].scanner && r->apart[1].scanner);
    assert_int_equal(r->apart[0].servers, 60);
    assert_int_equal(r->apart[1].stacks, 20);
    assert_int_equal(r->total.handshakes, 22);
    assert_int_equal(r->apart_handshakes, 80);
    /* both sums together are what was seen */
    assert_int_equal(r->total.version[2] + r->version_apart[2], 5 + 10);
    rollup_free(r);
}

/* Who only looks a little like one is not hidden. */
static void gateways_are_not_scanners(void **state)
{
    (void)state;
    /* many users behind one address: many stacks, some old, nearly all succeed */
    for (unsigned i = 0; i < 40; i++)
        TELL({ .client = at(9, 1, 0),
               .server = at(1, 1, 443),
               .max = ladder[i % 5],
               .variant = i,
               .after_s = i,
               .version = VER_TLS10,
               .suite = 0x002f,
               .outcome = i % 5 ? OUTCOME_COMPLETED : OUTCOME_ALERT_SERVER });
    /* the same failures over a day */
    for (unsigned i = 0; i < 20; i++)
        TELL({ .client = at(9, 2, 0),
               .server = at(1, 1, 443),
               .max = ladder[i % 5],
               .variant = i,
               .after_s = i * 1000,
               .outcome = OUTCOME_ALERT_SERVER });
    /* a mail relay names no server and meets many that fail */
    for (unsigned i = 0; i < 60; i++)
        TELL({ .client = at(9, 3, 0),
               .server = at(6, (uint8_t)i, 25),
               .max = VER_TLS12,
               .upgrade = "smtp",
               .outcome = OUTCOME_RESET });
    /* a monitor calls on many servers by address, and succeeds */
    for (unsigned i = 0; i < 60; i++)
        TELL({ .client = at(9, 4, 0),
               .server = at(7, (uint8_t)i, 443),
               .max = VER_TLS12,
               .version = VER_TLS12,
               .suite = 0xc02f });
    /* a browser whose handshakes fail names them */
    for (unsigned i = 0; i < 60; i++)
        TELL({ .client = at(9, 5, 0),
               .server = at(8, (uint8_t)i, 443),
               .max = VER_TLS13,
               .sni = "a.example.com",
               .outcome = OUTCOME_RESET });
    struct rollup *r = rollup_make(cube, &plain);
    assert_int_equal(r->aparts, 0);
    rollup_free(r);
}

static void the_ledger_adds_up(void **state)
{
    (void)state;
    const struct endpoint mail = at(1, 25, 25), a = at(2, 1, 0);
    TELL({ .client = a,
           .server = mail,
           .upgrade = "smtp",
           .max = VER_TLS12,
           .version = VER_TLS12,
           .suite = 0xc02f,
           .offered = 2,
           .times = 5 },
         { .client = a,
           .server = mail,
           .upgrade = "smtp",
           .outcome = OUTCOME_REFUSED,
           .refusal = 454,
           .aftermath = AFTER_PLAINTEXT,
           .times = 2 },
         { .client = a,
           .server = mail,
           .upgrade = "smtp",
           .outcome = OUTCOME_REFUSED,
           .refusal = 421,
           .aftermath = AFTER_CLOSE },
         { .client = a, .server = mail, .upgrade = "smtp", .outcome = OUTCOME_REFUSED, .refusal = 421, .aftermath = AFTER_RECONNECT },
         { .client = a,
           .server = mail,
           .upgrade = "smtp",
           .outcome = OUTCOME_PLAINTEXT,
           .offered = 2,
           .flags = EV_CLEARTEXT_LOGIN,
           .times = 3 },
         { .client = a, .server = mail, .upgrade = "smtp", .outcome = OUTCOME_ABANDONED, .offered = 2 },
         { .client = a, .server = mail, .upgrade = "smtp", .outcome = OUTCOME_STRIPPED });
    cube_settle(cube);
    struct rollup *r = rollup_make(cube, &plain);
    assert_int_equal(r->upgrades, 1);
    const struct roll_upgrade *u = &r->upgrade[0];
    assert_int_equal(u->sessions, 14);
    assert_int_equal(u->tls, 5); /* not the one that only asked for it */
    assert_int_equal(u->abandoned, 1);
    assert_int_equal(u->offered, 9);
    assert_int_equal(u->refused, 4);
    assert_int_equal(u->plaintext, 3);
    assert_int_equal(u->stripped, 1);
    assert_int_equal(u->logins, 3);
    assert_int_equal(u->after_plaintext, 2);
    assert_int_equal(u->after_reconnect, 1);
    assert_int_equal(u->after_close, 1);
    assert_int_equal(u->code[0], 421);
    assert_int_equal(u->code[1], 454);
    assert_int_equal(u->code[2], 0);
    assert_int_equal(r->total.handshakes, 5); /* what never reached TLS is no handshake */
    rollup_free(r);
    char *text = report("text", &plain);
    assert_says(text, "the server's code: 421, 454; 2 went on in clear text; 1 connected again; 1 closed; 3 sent");
    free(text);
}

static void wire_text_cannot_drive_the_terminal(void **state)
{
    (void)state;
    TELL({ .client = at(2, 1, 0),
           .server = at(1, 1, 443),
           .max = VER_TLS12,
           .version = VER_TLS12,
           .suite = 0xc02f,
           .sni = "a\x1b[2J\n\xe2\x80\xae"
                  "b" });
    char *text = report("text", &plain);
    assert_says(text, "names: a\\x1b[2j\\x0a\\xe2\\x80\\xaeb\n");
    free(text);
}

/* The order in which events came does not show. */
static void the_report_depends_on_content_alone(void **state)
{
    (void)state;
    const struct made m[] = {
        { .client = at(2, 1, 0),
          .server = at(1, 1, 443),
          .max = VER_TLS12,
          .version = VER_TLS12,
          .suite = 0xc02f,
          .sni = "b" },
        { .client = at(2, 2, 0),
          .server = at(1, 2, 443),
          .max = VER_TLS12,
          .version = VER_TLS12,
          .suite = 0xc02f,
          .sni = "a" },
        { .client = at(2, 1, 0),
          .server = at(1, 2, 443),
          .max = VER_TLS10,
          .version = VER_TLS10,
          .suite = 0x002f,
          .sni = "c" },
        { .client = at(2, 3, 0), .server = at(1, 1, 443), .max = VER_TLS13, .outcome = OUTCOME_RESET, .sni = "a" },
    };
    for (size_t i = 0; i < 4; i++)
        tell(&m[i]);
    char *one = report("text", &plain);
    cube_free(cube);
    cube = cube_new(&(struct cube_options){ .seed = 99 });
    for (size_t i = 4; i-- > 0;)
        tell(&m[i]);
    char *two = report("text", &plain);
    assert_string_equal(one, two);
    free(one);
    free(two);
}

static void a_full_disk_is_an_error(void **state)
{
    (void)state;
    office();
    FILE *full = fopen("/dev/full", "w");
    if (!full)
        skip();
    struct err e = { "" };
    assert_int_equal(render_find("text")->report(full, cube, &plain, &e), -1);
    assert_non_null(strstr(e.text, "cannot write the report"));
    (void)fclose(full);
}

#define WITH_CUBE(f) cmocka_unit_test_setup_teardown(f, open_cube, close_cube)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pairs_are_merged),
        cmocka_unit_test(tables_fit_their_contents),
        WITH_CUBE(sums_are_those_of_the_events),
        WITH_CUBE(clients_are_visited_in_order),
        WITH_CUBE(the_text_answers_the_question),
        WITH_CUBE(refusals_and_stacks_are_told_apart),
        WITH_CUBE(none_mentions_what_was_missed),
        WITH_CUBE(long_names_go_on_below),
        WITH_CUBE(nothing_seen_is_not_readiness),
        WITH_CUBE(losses_are_told_by_reason),
        WITH_CUBE(views_narrow),
        WITH_CUBE(top_limits_and_says_so),
        WITH_CUBE(ignored_clients_are_set_apart),
        WITH_CUBE(scanners_are_recognised),
        WITH_CUBE(gateways_are_not_scanners),
        WITH_CUBE(the_ledger_adds_up),
        WITH_CUBE(wire_text_cannot_drive_the_terminal),
        WITH_CUBE(the_report_depends_on_content_alone),
        WITH_CUBE(a_full_disk_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
