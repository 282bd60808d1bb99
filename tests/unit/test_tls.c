/* SPDX-License-Identifier: Apache-2.0 */
/* Whole conversations: recordings of real programs (pcaps/), cut and damaged in every way, and hand-made endings. */
#include "tests/unit/conversation.h"

#include "base/limits.h"

#include <dirent.h>

static struct stats counted;
static struct tls_shared shared = { .stats = &counted };

/* What a reader of events relies on, as text: equal texts are equal events. */
static void describe(const struct tls_event *ev, char *out, size_t cap)
{
    int n = snprintf(out, cap,
                     "%s v%04x/%04x suite %08x group %u dh %u sig %04x sentinel %u alert %c%u/%u flags %08x certs %u "
                     "frames %llu/%llu ts %lld ch %d sh %d offer ",
                     outcome_name(ev->outcome), ev->version, ev->version_wire, ev->suite, ev->group, ev->dh_bits,
                     ev->sigscheme, ev->sentinel, ev->alert.from ? ev->alert.from : '-', ev->alert.level, ev->alert.code,
                     ev->flags, ev->cert_count, (unsigned long long)ev->frame_client_hello,
                     (unsigned long long)ev->frame_server_hello, (long long)ev->ts_ns, ev->ch != NULL, ev->sh != NULL);
    for (size_t i = 0; i < rd_left(&ev->offer) && n + 3 < (int)cap; i++)
        n += snprintf(out + n, cap - (size_t)n, "%02x", ev->offer.p[i]);
}

struct run {
    struct tls *t;
    enum tls_verdict v;
    struct tls_event ev;
    char text[4096];
};

static void run_begin(struct run *r)
{
    memset(r, 0, sizeof *r);
    r->t = tls_new(&shared, TLS_STREAM);
    assert_non_null(r->t);
}

static void run_bytes(struct run *r, unsigned side, const uint8_t *p, size_t n, uint64_t frame)
{
    struct tls_when when = { .ts_ns = (int64_t)frame * 1000, .frame = frame };
    if (r->v == TLS_MORE && n)
        r->v = tls_bytes(r->t, side, rd_of(guarded(p, n), n), when);
}

static void run_end(struct run *r, enum tls_end end, unsigned by)
{
    r->ev = (struct tls_event){ .suite = SUITE_NONE };
    if (tls_has_hello(r->t)) {
        tls_fill_event(r->t, r->v == TLS_DECIDED ? TLS_END_DECIDED : end, by, &r->ev);
        describe(&r->ev, r->text, sizeof r->text);
    }
}

static void run_free(struct run *r)
{
    tls_free(r->t);
    r->t = NULL;
    assert_int_equal(shared.buffered.used, 0);
    assert_int_equal(shared.kept.used, 0);
}

/* ---- recordings ---- */

static void feed(struct run *r, const struct conversation *c, size_t step)
{
    for (size_t i = 0; i < c->count; i++) {
        const struct segment *s = &c->seg[i];
        for (size_t at = 0; at < s->n; at += step)
            run_bytes(r, s->side, s->p + at, s->n - at < step ? s->n - at : step, s->frame);
    }
    run_end(r, c->end, c->by);
}

/* The facts of an .expect line: "tcp client server upgrade outcome version cipher sni flags". */
static void expect_line(char *out, size_t cap, const struct tls_event *ev)
{
    char version[NAME_TEXT] = "-", suite[16] = "-", sni[300] = "-";
    if (ev->version)
        (void)snprintf(version, sizeof version, "%s", version_name(ev->version, version));
    if (ev->suite != SUITE_NONE)
        (void)snprintf(suite, sizeof suite, ev->suite > 0xffff ? "0x%06x" : "0x%04x", ev->suite);
    if (ev->ch && rd_left(&ev->ch->sni))
        (void)snprintf(sni, sizeof sni, "%.*s", (int)rd_left(&ev->ch->sni), (const char *)ev->ch->sni.p);
    char alert[16] = "";
    if (ev->alert.from && !(ev->flags & EV_ALERT_ENCRYPTED))
        (void)snprintf(alert, sizeof alert, " alert=%c%u", ev->alert.from, ev->alert.code);
    (void)snprintf(out, cap, "%s %s %s %s%s%s%s%s", outcome_name(ev->outcome), version, suite, sni,
                   ev->flags & EV_HRR ? " hrr" : "",
                   ev->sentinel == SENTINEL_TLS11   ? " sentinel=00"
                   : ev->sentinel == SENTINEL_TLS12 ? " sentinel=01"
                                                    : "",
                   ev->flags & EV_RESUMED ? " resumed" : "", alert);
}

/* The lines of an .expect file that are about direct TLS over TCP, without the endpoints; "" when there is another kind. */
static void read_expected(const char *path, char *out, size_t cap)
{
    char line[1024], upgrade[64];
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    size_t n = 0;
    out[0] = '\0';
    while (fgets(line, sizeof line, f)) {
        int at = 0;
        if (sscanf(line, "tcp %*s %*s %63s %n", upgrade, &at) != 1 || strcmp(upgrade, "-") != 0) {
            out[0] = '\0';
            break;
        }
        n += (size_t)snprintf(out + n, cap - n, "%s", line + at);
        assert_true(n < cap);
    }
    (void)fclose(f);
}

/* Calls visit for every conversation of every capture of direct TLS in pcaps/. */
static void each_recording(void (*visit)(const char *name, const struct conversation *c, const char *expected))
{
    static char expected[1 << 16];
    DIR *dir = opendir("pcaps");
    assert_non_null(dir);
    unsigned visited = 0;
    for (struct dirent *e; (e = readdir(dir));) {
        int len = (int)strlen(e->d_name) - 7;
        char path[512];
        if (len < 0 || strcmp(e->d_name + len, ".expect") != 0)
            continue;
        /* what these show is of the flow: directions that are missing, and who closed first */
        if (strncmp(e->d_name, "span-", 5) == 0 || strncmp(e->d_name, "client-closes-", 14) == 0)
            continue; /* whole conversations only: to a reader of Ethernet and IP these are one-sided, or every packet twice */
        (void)snprintf(path, sizeof path, "pcaps/%s", e->d_name);
        read_expected(path, expected, sizeof expected);
        (void)snprintf(path, sizeof path, "pcaps/%.*s.pcap", len, e->d_name);
        struct recording r;
        if (!expected[0] || access(path, R_OK) != 0 || !recording_load(path, &r))
            continue;
        for (size_t i = 0; i < r.count; i++, visited++)
            visit(e->d_name, &r.conv[i], expected);
        recording_free(&r);
    }
    (void)closedir(dir);
    assert_true(visited >= 60);
}

static void check_whole(const char *name, const struct conversation *c, const char *expected)
{
    struct run r;
    char line[1024];
    run_begin(&r);
    feed(&r, c, SIZE_MAX / 2);
    assert_true(tls_has_hello(r.t));
    assert_int_equal(tls_client_side(r.t), 0);
    expect_line(line, sizeof line, &r.ev);
    (void)snprintf(line + strlen(line), sizeof line - strlen(line), "\n");
    if (!strstr(expected, line))
        fail_msg("%s: %s expected: %s", name, line, expected);
    run_free(&r);
}

static void recordings_give_what_the_programs_did(void **state)
{
    (void)state;
    each_recording(check_whole);
}

/* ---- the same conversation, cut ---- */

static size_t longest(const struct conversation *c)
{
    size_t max = 0;
    for (size_t i = 0; i < c->count; i++)
        max = c->seg[i].n > max ? c->seg[i].n : max;
    return max;
}

static void check_splits(const char *name, const struct conversation *c, const char *expected)
{
    (void)expected;
    struct run whole, r;
    run_begin(&whole);
    feed(&whole, c, SIZE_MAX / 2);
    run_free(&whole); /* its text and its numbers stay */
    run_begin(&r);
    feed(&r, c, 1);
    if (strcmp(r.text, whole.text) != 0)
        fail_msg("%s byte by byte:\n%s\nwhole:\n%s", name, r.text, whole.text);
    run_free(&r);
    size_t max = longest(c);
    for (size_t at = 1; at < max; at++) { /* every segment in two at this byte */
        run_begin(&r);
        for (size_t i = 0; i < c->count; i++) {
            const struct segment *s = &c->seg[i];
            size_t n = s->n < at ? s->n : at;
            run_bytes(&r, s->side, s->p, n, s->frame);
            run_bytes(&r, s->side, s->p + n, s->n - n, s->frame);
        }
        run_end(&r, c->end, c->by);
        if (strcmp(r.text, whole.text) != 0)
            fail_msg("%s split at %zu:\n%s\nwhole:\n%s", name, at, r.text, whole.text);
        run_free(&r);
    }
}

static void every_split_gives_the_same_event(void **state)
{
    (void)state;
    each_recording(check_splits);
}

/* What is claimed of a part of a conversation is also true of the whole. */
static void check_claims(const char *name, const char *what, size_t at, const struct tls_event *part,
                         const struct tls_event *whole)
{
    bool version = part->version == 0 || part->version == whole->version;
    bool suite = part->suite == SUITE_NONE || part->suite == whole->suite;
    bool group = part->group == 0 || part->group == whole->group;
    bool resumed = !(part->flags & EV_RESUMED_KNOWN) || !((part->flags ^ whole->flags) & EV_RESUMED);
    bool outcome = part->outcome == whole->outcome || part->outcome == OUTCOME_INCOMPLETE ||
                   part->outcome == OUTCOME_UNANSWERED || part->outcome == OUTCOME_ONE_SIDED;
    if (!version || !suite || !group || !resumed || !outcome)
        fail_msg("%s %s %zu: %s %04x %08x group %u flags %x; whole: %s %04x %08x group %u flags %x", name, what, at,
                 outcome_name(part->outcome), part->version, part->suite, part->group, part->flags,
                 outcome_name(whole->outcome), whole->version, whole->suite, whole->group, whole->flags);
}

static void check_prefixes(const char *name, const struct conversation *c, const char *expected)
{
    (void)expected;
    struct run whole, r;
    run_begin(&whole);
    feed(&whole, c, SIZE_MAX / 2);
    run_free(&whole); /* its text and its numbers stay */
    size_t total = 0;
    for (size_t i = 0; i < c->count; i++)
        total += c->seg[i].n;
    for (size_t n = 0; n < total; n++) {
        size_t left = n;
        run_begin(&r);
        for (size_t i = 0; i < c->count && left; i++) {
            size_t k = c->seg[i].n < left ? c->seg[i].n : left;
            run_bytes(&r, c->seg[i].side, c->seg[i].p, k, c->seg[i].frame);
            left -= k;
        }
        run_end(&r, TLS_END_INPUT, 2);
        if (tls_has_hello(r.t))
            check_claims(name, "prefix", n, &r.ev, &whole.ev);
        run_free(&r);
    }
}

static void every_prefix_claims_only_what_is_so(void **state)
{
    (void)state;
    each_recording(check_prefixes);
}

/* One segment lost, or a part of it: [from, to) of segment i. */
static void feed_with_hole(struct run *r, const struct conversation *c, size_t hole, size_t from, size_t to)
{
    for (size_t i = 0; i < c->count; i++) {
        const struct segment *s = &c->seg[i];
        struct tls_when when = { .ts_ns = 1, .frame = s->frame };
        if (i != hole) {
            run_bytes(r, s->side, s->p, s->n, s->frame);
            continue;
        }
        run_bytes(r, s->side, s->p, from, s->frame);
        if (r->v == TLS_MORE)
            r->v = tls_gap(r->t, s->side, (uint32_t)(to - from), when);
        run_bytes(r, s->side, s->p + to, s->n - to, s->frame);
    }
    run_end(r, c->end, c->by);
}

static void check_gaps(const char *name, const struct conversation *c, const char *expected)
{
    (void)expected;
    struct run whole, r;
    run_begin(&whole);
    feed(&whole, c, SIZE_MAX / 2);
    run_free(&whole); /* its text and its numbers stay */
    for (size_t i = 0; i < c->count; i++) {
        size_t n = c->seg[i].n, cuts[] = { 0, 1, 4, 5, 6, 9, 11, n / 3, n / 2, n - 1, n };
        for (size_t a = 0; a < sizeof cuts / sizeof cuts[0]; a++)
            for (size_t b = 0; b < sizeof cuts / sizeof cuts[0]; b++) {
                if (cuts[a] >= cuts[b] || cuts[b] > n)
                    continue;
                run_begin(&r);
                feed_with_hole(&r, c, i, cuts[a], cuts[b]);
                if (tls_has_hello(r.t))
                    check_claims(name, "hole in segment", i, &r.ev, &whole.ev);
                run_free(&r);
            }
    }
}

static void a_hole_anywhere_claims_only_what_is_so(void **state)
{
    (void)state;
    each_recording(check_gaps);
}

static void check_one_side(const char *name, const struct conversation *c, const char *expected)
{
    (void)expected;
    struct run whole, r;
    run_begin(&whole);
    feed(&whole, c, SIZE_MAX / 2);
    run_free(&whole); /* its text and its numbers stay */
    for (unsigned side = 0; side < 2; side++) {
        run_begin(&r);
        for (size_t i = 0; i < c->count; i++)
            if (c->seg[i].side == side)
                run_bytes(&r, side, c->seg[i].p, c->seg[i].n, c->seg[i].frame);
        run_end(&r, c->end, c->by);
        if (tls_has_hello(r.t)) {
            assert_int_equal(tls_client_side(r.t), 0);
            if (r.ev.outcome == OUTCOME_CLOSED || r.ev.outcome == OUTCOME_RESET)
                r.ev.outcome = OUTCOME_ONE_SIDED; /* as session.c has it, which knows that the other side spoke */
            check_claims(name, "one side", side, &r.ev, &whole.ev);
        }
        if (side == 1 && whole.ev.version) { /* a ServerHello alone says all that it says */
            assert_int_equal(r.ev.version, whole.ev.version);
            assert_int_equal(r.ev.suite, whole.ev.version == VER_SSL2 ? SUITE_NONE : whole.ev.suite);
            assert_null(r.ev.ch);
        }
        run_free(&r);
    }
}

static void one_direction_alone_claims_only_what_is_so(void **state)
{
    (void)state;
    each_recording(check_one_side);
}

/* ---- hand-made conversations: how they end ---- */

/* ClientHello and ServerHello of RFC 8448 section 3, with their record headers. */
static const char ch13[] =
    "16030100c4 010000c0 0303 cb34ecb1e78163ba1c38c6dacb196a6dffa21a8d9912ec18a2ef6283024dece7 00 0006 130113031302 0100 "
    "0091"
    "0000000b0009000006736572766572 ff01000100 000a00140012001d0017001800190100010101020103 0104 00230000"
    "003300260024001d002099381de560e4bd43d23d8e435a7dbafeb3c06e51c13cae4d5413691e529aaf2c 002b0003020304"
    "000d0020001e040305030603020308040805080604010501060102010402050206020202 002d00020101 001c00024001";
static const char sh13[] =
    "160303005a 02000056 0303 a6af06a4121860dc5e6e60249cd34c95930c8ac5cb1434dac155772ed3e26928 00 1301 00 002e"
    "00330024001d0020c9828876112095fe66762bdbf7c672e156d6cc253b833df1dd69b1b04e751f0f 002b00020304";
#define ZERO32 "0000000000000000000000000000000000000000000000000000000000000000"
static const struct token {
    const char *name, *hex;
} tokens[] = {
    { "ch13", ch13 },
    { "sh13", sh13 },
    { "ch12", "160301002d 01000029 0303" ZERO32 "00 0002 c02f 01 00" },
    { "chearly", "160301003a 01000036 0303" ZERO32 "00 0002 1301 01 00 000b 002a0000 002b0003020304" },
    { "sh12", "160303002a 02000026 0303" ZERO32 "00 c02f 00" },
    { "sh12short", "1603030029 02000026 0303" ZERO32 "00 c02f" },
    { "shbad", "160303002c 02000028 0303" ZERO32 "00 c02f 00 0005" },
    { "ch30", "160300002d 01000029 0300" ZERO32 "00 0002 0005 01 00" },
    { "sh30", "160300002a 02000026 0300" ZERO32 "00 0005 00" },
    { "cert", "160303000b 0b000007 000004 000001 30" },
    { "nocert", "1603030007 0b000003 000000" },
    { "certreq", "160303000a 0d000006 01 01 0000 0000" },
    { "done", "1603030004 0e000000" },
    { "cke", "1603030006 10000002 0000" },
    { "ccs", "140303000101" },
    { "fin", "1603030028 " ZERO32 "0000000000000000" },
    { "sealed", "1503030020 " ZERO32 },
    { "http", "485454502f312e3120343030204261642052657175657374 0d0a0d0a" },
    { "status", "1603030008 16000004 01000000" },
    { "badcert", "160303000b 0b000007 000005 000001 30" },
    { "chid", "160301004d 01000049 0303" ZERO32 "20" ZERO32 "0002 c02f 01 00" },
    { "shid", "160303004a 02000046 0303" ZERO32 "20" ZERO32 "c02f 00" },
    { "chticket", "1603010035 01000031 0303" ZERO32 "00 0002 c02f 01 00 0006 00230002 aabb" },
    { "heartbeat", "1803030003 010000" },
    { "ch13a", "16030100b4 010000b0 0303 b0b1c5a5aa37c5919f2ed1d5c6fff7fcb7849716945a2b8cee9258a346677b6f 00 0006 "
               "130113031302 0100 0081"
               "0000000b0009000006736572766572 ff01000100 000a00080006001d00170018"
               "003300260024001d0020e8e8e3f3b93a25ed97a14a7dcacb8a272c6288e585c6484d05262fcad062ad1f 002b0003020304"
               "000d0020001e040305030603020308040805080604010501060102010402050206020202 002d00020101 001c00024001" },
    { "hrr", "1603030038 02000034 0303 cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c 00 1301 00 000c"
             "003300020017 002b00020304" },
    { "hrrcut",
      "1603030038 02000034 0303 cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c 00 1301 00 000c 0033" },
    { "hrrdraft", "160301000e 0600000a 7f12 0006 002800020017" },
    { "shdraft", "160301002a 02000026 7f12" ZERO32 "1301 0000" },
    { "shother", "160303002a 02000026 0303" ZERO32 "00 c030 00" },
    { "get", "474554202f20485454502f312e310d0a0d0a" },
};

static void run_token(struct run *r, const char *t, uint64_t frame)
{
    static uint8_t bytes[70000];
    unsigned side = t[0] != 'c', a = 0, b = 0;
    size_t n = 0;
    t += 2;
    if (sscanf(t, "data%u", &a) == 1) {
        memset(bytes, 0x5a, sizeof bytes);
        for (unsigned left = a; left || n == 0;) {
            unsigned k = left > 16384 ? 16384 : left;
            memcpy(bytes + n, (uint8_t[]){ 23, 3, 3, (uint8_t)(k >> 8), (uint8_t)k }, 5);
            n += 5 + k;
            left -= k;
        }
    } else if (sscanf(t, "alert%u/%u", &a, &b) == 2) {
        n = 7;
        memcpy(bytes, (uint8_t[]){ 21, 3, 3, 0, 2, (uint8_t)a, (uint8_t)b }, 7);
    } else if (strcmp(t, "gap") == 0) {
        if (r->v == TLS_MORE)
            r->v = tls_gap(r->t, side, 1000, (struct tls_when){ 0, frame });
        return;
    }
    for (size_t i = 0; n == 0 && i < sizeof tokens / sizeof tokens[0]; i++)
        if (strcmp(t, tokens[i].name) == 0)
            n = unhex(tokens[i].hex, bytes, sizeof bytes);
    if (n == 0)
        fail_msg("no token %s", t);
    run_bytes(r, side, bytes, n, frame);
}

static void run_script(struct run *r, const char *script)
{
    char copy[512], *save = NULL;
    (void)snprintf(copy, sizeof copy, "%s", script);
    uint64_t frame = 0;
    for (char *t = strtok_r(copy, " ", &save); t; t = strtok_r(NULL, " ", &save))
        run_token(r, t, ++frame);
}

enum { C = 0, S = 1, NOBODY = 2 };
#define HELLOS12 "c:ch12 s:sh12 s:cert s:done c:cke c:ccs c:fin "
#define HELLOS13 "c:ch13 s:sh13 s:ccs s:data900 s:data58 "

static const struct ending {
    const char *script;
    enum tls_end end;
    unsigned by;
    enum outcome outcome;
    const char *alert; /* "s70"; "s?" encrypted; "" none */
    uint32_t flags, not_flags;
} endings[] = {
    /* nothing came back */
    { "c:ch12", TLS_END_IDLE, NOBODY, OUTCOME_UNANSWERED, "", 0, EV_ONE_SIDED },
    { "c:ch12", TLS_END_INPUT, NOBODY, OUTCOME_UNANSWERED, "", 0, 0 },
    { "c:ch12", TLS_END_FIN, C, OUTCOME_UNANSWERED, "", 0, 0 },
    { "c:ch12", TLS_END_FIN, S, OUTCOME_CLOSED, "", 0, 0 },
    { "c:ch12", TLS_END_RST, S, OUTCOME_RESET, "", 0, 0 },
    { "c:ch12", TLS_END_EVICTED, NOBODY, OUTCOME_EVICTED, "", 0, 0 },
    { "c:ch12 c:alert2/50", TLS_END_FIN, S, OUTCOME_CLOSED, "c50", 0, 0 },
    { "c:ch12 c:alert2/90", TLS_END_IDLE, NOBODY, OUTCOME_ALERT_CLIENT, "c90", 0, 0 },
    { "c:ch12 s:http", TLS_END_DECIDED, NOBODY, OUTCOME_MALFORMED, "", 0, 0 },
    { "c:ch12 c:get", TLS_END_FIN, S, OUTCOME_MALFORMED, "", 0, 0 },
    /* alerts in clear */
    { "c:ch12 s:alert2/70", TLS_END_DECIDED, NOBODY, OUTCOME_ALERT_SERVER, "s70", 0, EV_ALERT_ENCRYPTED },
    { "c:ch12 s:alert1/112 s:alert2/40", TLS_END_DECIDED, NOBODY, OUTCOME_ALERT_SERVER, "s40", 0, 0 },
    { "c:ch12 s:alert1/0", TLS_END_FIN, S, OUTCOME_CLOSED, "", 0, 0 },
    { "c:ch12 s:alert1/40", TLS_END_FIN, S, OUTCOME_ALERT_SERVER, "s40", 0, 0 },
    { "c:ch12 s:alert1/40 s:sh12 s:cert s:done c:cke c:ccs c:fin s:ccs s:fin", TLS_END_DECIDED, NOBODY, OUTCOME_COMPLETED,
      "", 0, 0 },
    { "c:ch12 s:sh12 s:cert s:done c:alert2/48", TLS_END_DECIDED, NOBODY, OUTCOME_ALERT_CLIENT, "c48", 0, 0 },
    { HELLOS12 "s:alert2/51", TLS_END_DECIDED, NOBODY, OUTCOME_ALERT_SERVER, "s51", 0, 0 },
    { HELLOS12 "s:alert1/0", TLS_END_FIN, S, OUTCOME_CLOSED, "", 0, 0 },
    /* up to TLS 1.2 */
    { HELLOS12 "s:ccs s:fin", TLS_END_DECIDED, NOBODY, OUTCOME_COMPLETED, "", EV_RESUMED_KNOWN, EV_RESUMED },
    { HELLOS12 "c:data100 s:ccs s:fin", TLS_END_DECIDED, NOBODY, OUTCOME_COMPLETED, "", 0,
      EV_EARLY_DATA }, /* false start */
    { HELLOS12 "c:data100", TLS_END_FIN, S, OUTCOME_CLOSED, "", 0, 0 },
    { HELLOS12 "s:ccs", TLS_END_RST, S, OUTCOME_RESET, "", 0, 0 },
    { HELLOS12 "s:ccs s:sealed", TLS_END_FIN, S, OUTCOME_ALERT_SERVER, "s?", EV_ALERT_ENCRYPTED, 0 },
    { HELLOS12 "c:sealed", TLS_END_FIN, C, OUTCOME_ALERT_CLIENT, "c?", EV_ALERT_ENCRYPTED, 0 },
    { "c:ch12 s:sh12 s:ccs s:fin c:ccs c:fin", TLS_END_DECIDED, NOBODY, OUTCOME_COMPLETED, "", EV_RESUMED, 0 },
    { "c:ch12 s:sh12 s:ccs s:fin c:alert2/20", TLS_END_DECIDED, NOBODY, OUTCOME_ALERT_CLIENT, "c20", EV_RESUMED, 0 },
    { "c:ch12 s:sh12 s:cert s:done", TLS_END_FIN, C, OUTCOME_CLOSED, "", 0, 0 },
    { "c:ch12 s:sh12 s:cert s:done", TLS_END_IDLE, NOBODY, OUTCOME_INCOMPLETE, "", 0, 0 },
    { "c:ch12 s:sh12 s:cert s:certreq s:done c:nocert c:cke c:ccs c:fin s:alert2/40", TLS_END_DECIDED, NOBODY,
      OUTCOME_ALERT_SERVER, "s40", EV_CLIENT_CERT_REQUESTED | EV_CLIENT_CERT_EMPTY, EV_CLIENT_CERT_SENT },
    { "c:ch12 s:sh12 s:cert s:certreq s:done c:cert c:cke c:ccs c:fin s:ccs s:fin", TLS_END_DECIDED, NOBODY,
      OUTCOME_COMPLETED, "", EV_CLIENT_CERT_REQUESTED | EV_CLIENT_CERT_SENT, EV_CLIENT_CERT_EMPTY },
    { "c:ch30 s:sh30 s:cert s:certreq s:done c:alert1/41 c:cke c:ccs c:fin s:ccs s:fin", TLS_END_DECIDED, NOBODY,
      OUTCOME_COMPLETED, "", EV_CLIENT_CERT_EMPTY, 0 },
    /* damaged answers */
    { "c:ch12 s:shbad", TLS_END_DECIDED, NOBODY, OUTCOME_MALFORMED, "", EV_HELLO_PARTIAL, 0 },
    { "c:ch12 s:sh12short s:gap", TLS_END_FIN, S, OUTCOME_INCOMPLETE, "", EV_GAP, EV_HELLO_PARTIAL },
    /* holes */
    { "c:ch12 s:sh12 s:gap c:cke c:ccs c:fin s:ccs s:fin", TLS_END_DECIDED, NOBODY, OUTCOME_COMPLETED, "", EV_GAP, 0 },
    { "c:ch12 s:sh12 s:cert s:done c:gap s:ccs s:fin", TLS_END_DECIDED, NOBODY, OUTCOME_COMPLETED, "", EV_GAP, 0 },
    { HELLOS12 "s:gap s:data100", TLS_END_DECIDED, NOBODY, OUTCOME_COMPLETED, "", EV_GAP, 0 },
    { HELLOS12 "c:data100 s:gap", TLS_END_RST, S, OUTCOME_COMPLETED, "", EV_GAP, 0 },
    { HELLOS12 "s:gap", TLS_END_FIN, S, OUTCOME_INCOMPLETE, "", EV_GAP, 0 },
    { HELLOS12 "s:gap c:sealed", TLS_END_FIN, C, OUTCOME_INCOMPLETE, "", EV_GAP, EV_ALERT_ENCRYPTED },
    /* one direction */
    { "c:ch12 c:cke c:ccs c:fin c:data100", TLS_END_FIN, C, OUTCOME_ONE_SIDED, "", EV_ONE_SIDED, 0 },
    { "s:sh12 s:cert s:done", TLS_END_FIN, S, OUTCOME_ONE_SIDED, "", EV_ONE_SIDED, 0 },
    { "s:sh12 s:cert s:done s:ccs s:fin", TLS_END_FIN, S, OUTCOME_COMPLETED, "", EV_ONE_SIDED, 0 },
    { "s:sh13 s:ccs s:data900 s:data58", TLS_END_FIN, S, OUTCOME_ONE_SIDED, "", EV_ONE_SIDED, 0 },
    /* the capture put the server's direction first */
    { "s:sh12 s:cert s:done c:ch12 c:cke c:ccs c:fin s:ccs s:fin", TLS_END_DECIDED, NOBODY, OUTCOME_COMPLETED, "", 0,
      EV_ONE_SIDED },
    { "s:alert2/40 c:ch12", TLS_END_FIN, S, OUTCOME_ALERT_SERVER, "s40", 0, 0 },
    /* TLS 1.3 */
    { HELLOS13 "c:ccs c:data53", TLS_END_DECIDED, NOBODY, OUTCOME_COMPLETED, "", EV_RESUMED_KNOWN, EV_RESUMED },
    { HELLOS13 "c:ccs c:data69", TLS_END_FIN, S, OUTCOME_CLOSED, "", 0, 0 }, /* more than this suite's Finished */
    { HELLOS13 "c:data25 c:data53 s:data200", TLS_END_DECIDED, NOBODY, OUTCOME_COMPLETED, "", 0, 0 },
    { HELLOS13 "c:data25 c:data53", TLS_END_FIN, C, OUTCOME_COMPLETED, "", 0, 0 },
    { HELLOS13 "c:data25 c:data53", TLS_END_RST, C, OUTCOME_COMPLETED, "", 0, 0 },
    { HELLOS13 "c:data25 c:data53", TLS_END_RST, S, OUTCOME_RESET, "", 0, 0 },
    { HELLOS13 "c:data25 c:data53 s:data19 s:data19", TLS_END_DECIDED, NOBODY, OUTCOME_COMPLETED, "", 0,
      0 }, /* short messages */
    { HELLOS13 "c:data25 c:data53 c:data19 s:data19", TLS_END_FIN, C, OUTCOME_COMPLETED, "", 0, EV_ALERT_ENCRYPTED },
    { HELLOS13 "c:data25 c:data53", TLS_END_IDLE, NOBODY, OUTCOME_INCOMPLETE, "", 0, 0 },
    { HELLOS13 "c:data25 c:data53 s:data19", TLS_END_FIN, S, OUTCOME_ALERT_SERVER, "s?", EV_ALERT_ENCRYPTED, 0 },
    { HELLOS13 "c:data25 c:data53 c:data99 s:data19", TLS_END_FIN, C, OUTCOME_ALERT_SERVER, "s?", EV_ALERT_ENCRYPTED, 0 },
    { HELLOS13 "c:data700 c:data300 c:data53 s:data200", TLS_END_DECIDED, NOBODY, OUTCOME_COMPLETED, "", 0, 0 },
    { HELLOS13 "c:data25 c:data53", TLS_END_INPUT, NOBODY, OUTCOME_INCOMPLETE, "", 0, 0 },
    { HELLOS13 "c:data25 c:data53", TLS_END_FIN, S, OUTCOME_CLOSED, "", 0, 0 },
    { HELLOS13 "c:data19", TLS_END_DECIDED, NOBODY, OUTCOME_ALERT_CLIENT, "c?", EV_ALERT_ENCRYPTED, 0 },
    { HELLOS13 "c:ccs c:data24", TLS_END_DECIDED, NOBODY, OUTCOME_ALERT_CLIENT, "c?", EV_ALERT_ENCRYPTED, 0 },
    { HELLOS13 "c:alert2/48", TLS_END_DECIDED, NOBODY, OUTCOME_ALERT_CLIENT, "c48", 0, EV_ALERT_ENCRYPTED },
    { HELLOS13 "c:alert1/46", TLS_END_DECIDED, NOBODY, OUTCOME_ALERT_CLIENT, "c46", 0, 0 },
    { "c:ch13 s:sh13 s:ccs s:data19", TLS_END_FIN, S, OUTCOME_ALERT_SERVER, "s?", EV_ALERT_ENCRYPTED, 0 },
    { HELLOS13, TLS_END_RST, C, OUTCOME_RESET, "", 0, 0 },
    { HELLOS13, TLS_END_FIN, C, OUTCOME_CLOSED, "", 0, 0 },
    { HELLOS13, TLS_END_INPUT, NOBODY, OUTCOME_INCOMPLETE, "", 0, 0 },
    { "c:chearly c:ccs c:data500 s:sh13 s:data300 c:data21 c:data53", TLS_END_DECIDED, NOBODY, OUTCOME_COMPLETED, "",
      EV_EARLY_DATA, 0 },
    { "c:chearly s:sh13 s:data300 c:data53", TLS_END_DECIDED, NOBODY, OUTCOME_COMPLETED, "", 0, EV_EARLY_DATA },
    { "c:chearly s:sh13 s:data300 c:data70 c:data53", TLS_END_DECIDED, NOBODY, OUTCOME_COMPLETED, "", EV_EARLY_DATA, 0 },
    /* a second try after HelloRetryRequest, with and without ChangeCipherSpec in between */
    { "c:ch13a s:hrr s:ccs c:ccs c:ch13 s:sh13 s:data900 c:data53", TLS_END_DECIDED, NOBODY, OUTCOME_COMPLETED, "", EV_HRR,
      EV_ONE_SIDED },
    { "c:ch13a s:hrr c:ch13 s:sh13 s:ccs s:data900 c:data53", TLS_END_DECIDED, NOBODY, OUTCOME_COMPLETED, "", EV_HRR, 0 },
    { "c:ch13a s:hrr", TLS_END_FIN, C, OUTCOME_CLOSED, "", EV_HRR, EV_RESUMED_KNOWN },
    { "c:ch13a s:hrrcut s:gap c:ch13 s:gap", TLS_END_FIN, C, OUTCOME_INCOMPLETE, "", EV_HRR | EV_GAP, EV_HELLO_PARTIAL },
    { "c:ch13a s:hrrdraft c:ch13 s:shdraft s:data900 c:data53", TLS_END_DECIDED, NOBODY, OUTCOME_COMPLETED, "", EV_HRR, 0 },
    { "c:ch13a c:ccs c:ch13", TLS_END_FIN, C, OUTCOME_ONE_SIDED, "", EV_ONE_SIDED, 0 },
    /* resumption, where only the hellos were seen */
    { "c:chid s:shid", TLS_END_FIN, C, OUTCOME_CLOSED, "", EV_RESUMED_KNOWN | EV_RESUMED | EV_RESUMPTION_ATTEMPTED, 0 },
    { "c:chid s:sh12", TLS_END_FIN, C, OUTCOME_CLOSED, "", EV_RESUMED_KNOWN | EV_RESUMPTION_ATTEMPTED, EV_RESUMED },
    { "c:chid s:shid s:cert s:done", TLS_END_FIN, C, OUTCOME_CLOSED, "", EV_RESUMED_KNOWN, EV_RESUMED },
    { "c:chticket s:sh12", TLS_END_FIN, C, OUTCOME_CLOSED, "", EV_RESUMPTION_ATTEMPTED, EV_RESUMED_KNOWN },
    { "c:chticket s:sh12 s:ccs s:fin c:ccs c:fin", TLS_END_DECIDED, NOBODY, OUTCOME_COMPLETED, "", EV_RESUMED, 0 },
    { "s:sh12", TLS_END_FIN, C, OUTCOME_ONE_SIDED, "", 0, EV_RESUMED_KNOWN },
    { "s:shid s:cert s:done", TLS_END_FIN, C, OUTCOME_ONE_SIDED, "", EV_RESUMED_KNOWN, EV_RESUMED },
    /* the rest of what may pass */
    { "c:ch12 s:sh12 s:cert s:status s:done c:cke c:ccs c:fin s:ccs s:fin", TLS_END_DECIDED, NOBODY, OUTCOME_COMPLETED, "",
      EV_OCSP_STAPLE, EV_SUITE_NOT_OFFERED },
    { "c:ch12 s:shother s:badcert s:cert c:heartbeat s:heartbeat", TLS_END_IDLE, NOBODY, OUTCOME_INCOMPLETE, "",
      EV_SUITE_NOT_OFFERED, 0 },
    { "c:ch12 s:sh12 s:sh12 s:done c:ch12 c:nocert c:cke c:ccs c:fin s:ccs s:fin", TLS_END_DECIDED, NOBODY,
      OUTCOME_COMPLETED, "", EV_CLIENT_CERT_EMPTY, 0 },
    { "c:ch12 s:alert1/40 s:alert1/80", TLS_END_FIN, S, OUTCOME_ALERT_SERVER, "s80", 0, 0 },
    { "s:alert2/40 s:alert2/80 c:ch12", TLS_END_FIN, S, OUTCOME_ALERT_SERVER, "s40", 0, 0 },
    { "c:ch12 s:sh12 s:gap s:ccs s:fin c:gap c:ccs c:fin", TLS_END_DECIDED, NOBODY, OUTCOME_COMPLETED, "", 0, 0 },
    { "s:sh12 s:ccs s:gap s:data50", TLS_END_DECIDED, NOBODY, OUTCOME_COMPLETED, "", EV_ONE_SIDED, 0 },
    { "c:ch12 s:ch12", TLS_END_FIN, S, OUTCOME_CLOSED, "", 0, 0 }, /* two clients: the first counts */
    /* data without end and without a decision is not followed for ever */
    { HELLOS13 "s:data60000 s:data60000 s:data60000 s:data60000 s:data60000 s:data60000", TLS_END_DECIDED, NOBODY,
      OUTCOME_INCOMPLETE, "", 0, 0 },
};

static void each_ending(void **state)
{
    (void)state;
    unsigned bad = 0;
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        const struct ending *e = &endings[i];
        struct run r;
        run_begin(&r);
        run_script(&r, e->script);
        if (!tls_has_hello(r.t))
            print_error("%s: no hello\n", e->script), bad++;
        if ((r.v == TLS_DECIDED) != (e->end == TLS_END_DECIDED))
            print_error("%s: verdict %d\n", e->script, r.v), bad++;
        run_end(&r, e->end, e->by);
        char alert[16] = "";
        if (r.ev.alert.from && (r.ev.flags & EV_ALERT_ENCRYPTED))
            (void)snprintf(alert, sizeof alert, "%c?", r.ev.alert.from);
        else if (r.ev.alert.from)
            (void)snprintf(alert, sizeof alert, "%c%u", r.ev.alert.from, r.ev.alert.code);
        if (r.ev.outcome != e->outcome || strcmp(alert, e->alert) != 0 || (r.ev.flags & e->flags) != e->flags ||
            (r.ev.flags & e->not_flags))
            print_error("%s: %s alert '%s' flags %x; expected %s alert '%s' flags %x not %x\n", e->script,
                        outcome_name(r.ev.outcome), alert, r.ev.flags, outcome_name(e->outcome), e->alert, e->flags,
                        e->not_flags),
                bad++;
        run_free(&r);
    }
    assert_int_equal(bad, 0);
}

/* ---- other records around the same messages ---- */

/* The stream of one side, its clear handshake records cut into records of at most size bytes. */
struct reframer {
    size_t size;
    uint8_t in[1 << 16], out[6 << 16];
    size_t have;
    bool ccs;
};

static size_t reframe(struct reframer *f, const struct segment *s)
{
    size_t n = 0, at = 0;
    assert_true(f->have + s->n <= sizeof f->in);
    memcpy(f->in + f->have, s->p, s->n);
    f->have += s->n;
    while (f->have - at >= 5) {
        const uint8_t *r = f->in + at;
        size_t length = (size_t)(r[3] << 8 | r[4]);
        if (f->have - at < 5 + length)
            break;
        f->ccs = f->ccs || r[0] == 20;
        size_t size = r[0] == 22 && !f->ccs && length ? f->size : length;
        for (size_t k = 0; k < length || k == 0; k += size ? size : 1) {
            size_t part = length - k < size ? length - k : size;
            memcpy(f->out + n, (uint8_t[]){ r[0], r[1], r[2], (uint8_t)(part >> 8), (uint8_t)part }, 5);
            memcpy(f->out + n + 5, r + 5 + k, part);
            n += 5 + part;
        }
        at += 5 + length;
    }
    memmove(f->in, f->in + at, f->have - at);
    f->have -= at;
    return n;
}

static void check_reframed(const char *name, const struct conversation *c, const char *expected)
{
    (void)expected;
    static struct reframer side[2];
    static struct conversation flat; /* all in one frame: a message may end in another one now */
    struct run whole, r;
    if (c->count == 0 || c->seg[0].p[0] != 22)
        return; /* SSLv2's records hold one message each */
    flat = *c;
    for (size_t i = 0; i < flat.count; i++)
        flat.seg[i].frame = 1;
    run_begin(&whole);
    feed(&whole, &flat, SIZE_MAX / 2);
    run_free(&whole);
    for (size_t size = 1; size < 400; size = size * 3 + 1) {
        memset(side, 0, sizeof side);
        side[0].size = side[1].size = size;
        run_begin(&r);
        for (size_t i = 0; i < c->count; i++) {
            size_t n = reframe(&side[c->seg[i].side], &c->seg[i]);
            for (size_t at = 0; at < n; at += 1400)
                run_bytes(&r, c->seg[i].side, side[c->seg[i].side].out + at, n - at < 1400 ? n - at : 1400, 1);
        }
        run_end(&r, c->end, c->by);
        if (strcmp(r.text, whole.text) != 0)
            fail_msg("%s in records of %zu:\n%s\nwhole:\n%s", name, size, r.text, whole.text);
        run_free(&r);
    }
}

static void records_of_any_size_give_the_same_event(void **state)
{
    (void)state;
    each_recording(check_reframed);
}

static void outcomes_have_names(void **state)
{
    (void)state;
    for (enum outcome o = 0; o < OUTCOME_COUNT; o++) {
        assert_true(outcome_name(o)[0] && outcome_text(o)[0]);
        assert_int_equal(outcome_is_upgrade(o), o > OUTCOME_EVICTED);
        for (enum outcome other = 0; other < o; other++)
            assert_string_not_equal(outcome_name(o), outcome_name(other));
    }
}

/* ---- what is not TLS ---- */

static void junk_is_not_tls(void **state)
{
    (void)state;
    static const char *const junk[] = {
        "c:get", "c:http", "c:data100", "s:data100 c:data100", "c:ccs", "c:fin", "s:cert", "c:cke",
    };
    for (size_t i = 0; i < sizeof junk / sizeof junk[0]; i++) {
        struct run r;
        run_begin(&r);
        run_script(&r, junk[i]);
        if (r.v != TLS_NOT || tls_has_hello(r.t))
            fail_msg("%s taken for TLS", junk[i]);
        run_free(&r);
    }
    /* a record and handshake header alone make no hello, however they go on */
    static const char *const like[] = {
        "160301002d 01000029 0303" ZERO32 "00 0003 c02f00 00 00", /* odd suites, no compression */
        "160301002d 01000029 0303" ZERO32 "21 0002 c02f 01 00",   /* session id beyond the message */
        "160301002d 01000029 4745" ZERO32 "00 0002 c02f 01 00",   /* a version that never was */
        "160303002a 02000026 0909" ZERO32 "00 c02f 00",
        "1603010004 01000000",
        "16030100ff 01ffffff",
        "1603010005 0300000100",
    };
    for (size_t i = 0; i < sizeof like / sizeof like[0]; i++) {
        uint8_t b[128];
        size_t n = unhex(like[i], b, sizeof b);
        struct run r;
        run_begin(&r);
        run_bytes(&r, 0, b, n, 1);
        if (r.v != TLS_NOT || tls_has_hello(r.t))
            fail_msg("%s taken for TLS", like[i]);
        run_free(&r);
    }
}

/* A stream that lost its beginning and never shows a record again is given up. */
static void a_lost_stream_is_given_up(void **state)
{
    (void)state;
    static uint8_t noise[16384];
    memset(noise, 0x5a, sizeof noise);
    for (unsigned hello = 0; hello < 2; hello++) {
        struct run r;
        run_begin(&r);
        run_script(&r, hello ? "c:ch12 s:gap" : "s:gap");
        for (unsigned i = 0; i < 64; i++)
            run_bytes(&r, 1, noise, sizeof noise, 9);
        assert_int_equal(r.v, hello ? TLS_DECIDED : TLS_NOT);
        run_end(&r, TLS_END_INPUT, 2);
        if (hello)
            assert_int_equal(r.ev.outcome, OUTCOME_INCOMPLETE);
        run_free(&r);
    }
}

static void looks(const char *hex, bool start, bool strict)
{
    uint8_t b[512];
    size_t n = unhex(hex, b, sizeof b);
    struct rd r = rd_of(guarded(b, n), n);
    if (tls_looks_like(r, false) != start || tls_looks_like(r, true) != strict)
        fail_msg("%s: looks %d, strictly %d", hex, tls_looks_like(r, false), tls_looks_like(r, true));
}

static void recognition(void **state)
{
    (void)state;
    looks(ch13, true, true);
    looks(sh13, true, true);
    for (size_t i = 0; i < sizeof tokens / sizeof tokens[0]; i++) {
        bool hello = strstr(tokens[i].hex, "0100002") || strstr(tokens[i].hex, "0200002");
        if (hello)
            looks(tokens[i].hex, true, true);
    }
    looks("16", true, false); /* the first byte of a stream that comes in small segments */
    looks("1603", true, false);
    looks("160301002d01", true, false);
    looks("802e01000200150000001001", true, true); /* lengths that add up */
    looks("802e010002001500000010", true, true);
    looks("802e0100020015000000", true, false);
    looks("802e 01 0002 0015 0000 0010 010080 030080 060040 0700c0 050080 020080 040080" ZERO32, true, true);
    looks("802e 01 0301 0015 0000 0010 000004 000005 00000a 000009 000064 000062 000003" ZERO32, true, true);
    looks("802e 01 0301 0015 0000 0010 000004 000005 00000a 000009 000064 000062 000003", true, true);
    looks("8013 04 00 01 0002 0003 0003 0002 aabbcc 0700c0 1122", true, true);
    looks("8014 04 00 01 0002 0003 0003 0002 aabbcc 0700c0 1122", false, false);
    looks("8013 04 00 01 0301 0003 0003 0002 aabbcc 0700c0 1122", false, false);
    looks("8013 04 00 01 0002 0003 0003", true, false);
    looks("802f 01 0301 0015 0000 0010 000004 000005 00000a 000009 000064 000062 000003" ZERO32, false, false);
    looks("1703030100", true, false);
    looks("15030300020228", true, false);
    looks("", false, false);
    looks("474554202f20485454502f312e310d0a0d0a", false, false);
    looks("1604010100 010000fc0303", false, false);
    looks("1603014900 010048fc0303", false, false); /* longer than a record */
    looks("160301002d 0b000029 0303", false, false);
    looks("16030100ff 01000029 0303", true, false); /* more in the record than the hello */
}

/* ---- framings that find messages, alerts and protected records themselves ---- */

static struct rd message_of(const char *record_hex, size_t header)
{
    static uint8_t b[512];
    size_t n = unhex(record_hex, b, sizeof b);
    return rd_of(guarded(b + header, n - header), n - header);
}

static const char dtls_ch[] = "fefd" ZERO32 "00 00 0002 c02f 01 00", dtls_sh[] = "fefd" ZERO32 "00 c02f 00",
                  dtls13_sh[] = "fefd" ZERO32 "00 1301 00 0006 002b0002fefc";

static void dtls_conversations(void **state)
{
    (void)state;
    struct tls_when when = { 1, 1 };
    struct tls *t = tls_new(&shared, TLS_DTLS);
    struct tls_event ev = { .suite = SUITE_NONE };
    assert_int_equal(tls_message(t, 1, HS_CLIENT_HELLO, message_of(dtls_ch, 0), when), TLS_MORE);
    assert_int_equal(tls_message(t, 1, HS_CLIENT_HELLO, message_of(dtls_ch, 0), when), TLS_MORE); /* with the cookie */
    assert_int_equal(tls_message(t, 0, HS_SERVER_HELLO, message_of(dtls_sh, 0), when), TLS_MORE);
    assert_int_equal(tls_message(t, 0, HS_SERVER_HELLO_DONE, message_of("", 0), when), TLS_MORE);
    assert_int_equal(tls_ccs_seen(t, 1, when), TLS_MORE);
    assert_int_equal(tls_protected_seen(t, 1, 48, when), TLS_MORE);
    assert_int_equal(tls_ccs_seen(t, 0, when), TLS_MORE);
    assert_int_equal(tls_protected_seen(t, 0, 48, when), TLS_DECIDED);
    tls_fill_event(t, TLS_END_DECIDED, 2, &ev);
    assert_int_equal(ev.outcome, OUTCOME_COMPLETED);
    assert_int_equal(ev.version, VER_DTLS12);
    assert_int_equal(tls_client_side(t), 1);
    tls_free(t);

    /* DTLS 1.3: an acknowledgement of the client is no alert, and its Finished has a longer header */
    t = tls_new(&shared, TLS_DTLS);
    ev = (struct tls_event){ .suite = SUITE_NONE };
    (void)tls_message(t, 0, HS_CLIENT_HELLO, message_of(dtls_ch, 0), when);
    (void)tls_message(t, 1, HS_SERVER_HELLO, message_of(dtls13_sh, 0), when);
    (void)tls_protected_seen(t, 1, 900, when);
    assert_int_equal(tls_protected_seen(t, 0, 19, when), TLS_MORE);
    assert_int_equal(tls_protected_seen(t, 0, 61, when),
                     TLS_MORE); /* after more than a Finished: it waits for the server */
    assert_int_equal(tls_protected_seen(t, 1, 35, when), TLS_DECIDED);
    tls_fill_event(t, TLS_END_DECIDED, 2, &ev);
    assert_int_equal(ev.outcome, OUTCOME_COMPLETED);
    assert_int_equal(ev.version, VER_DTLS13);
    tls_free(t);

    t = tls_new(&shared, TLS_DTLS);
    ev = (struct tls_event){ .suite = SUITE_NONE };
    (void)tls_message(t, 0, HS_CLIENT_HELLO, message_of(dtls_ch, 0), when);
    assert_int_equal(tls_alert_seen(t, 1, 2, 40, when), TLS_DECIDED);
    tls_fill_event(t, TLS_END_DECIDED, 2, &ev);
    assert_int_equal(ev.outcome, OUTCOME_ALERT_SERVER);
    assert_int_equal(ev.alert.code, 40);
    tls_free(t);
    assert_int_equal(shared.kept.used, 0);
}

/* In QUIC the caller knows when the keys of a finished handshake are in use, and says so by its end. */
static void quic_conversations(void **state)
{
    (void)state;
    static const struct {
        unsigned client_packets;
        enum tls_end end;
        enum outcome outcome;
    } rows[] = {
        { 1, TLS_END_DECIDED, OUTCOME_COMPLETED },
        { 0, TLS_END_IDLE, OUTCOME_INCOMPLETE },
        { 1, TLS_END_IDLE, OUTCOME_INCOMPLETE },
    };
    for (size_t i = 0; i < 3; i++) {
        struct tls_when when = { 1, 1 };
        struct tls *t = tls_new(&shared, TLS_QUIC);
        struct tls_event ev = { .suite = SUITE_NONE };
        (void)tls_message(t, 0, HS_CLIENT_HELLO, message_of(ch13, 9), when);
        (void)tls_message(t, 1, HS_SERVER_HELLO, message_of(sh13, 9), when);
        assert_int_equal(tls_protected_seen(t, 1, 1200, when), TLS_MORE);
        for (unsigned k = 0; k < rows[i].client_packets; k++)
            assert_int_equal(tls_protected_seen(t, 0, 19, when), TLS_MORE);
        tls_fill_event(t, rows[i].end, 2, &ev);
        assert_int_equal(ev.outcome, rows[i].outcome);
        assert_int_equal(ev.version, VER_TLS13);
        assert_int_equal(ev.group, 29);
        tls_free(t);
    }
}

/* ---- certificates ---- */

static void leaf_of_the_server(void **state)
{
    (void)state;
    struct recording r;
    struct run run;
    assert_true(recording_load("pcaps/tls12-client-cert-openssl3.0.pcap", &r));
    shared.certs = cert_cache_new(8, 1);
    run_begin(&run);
    feed(&run, &r.conv[0], SIZE_MAX / 2);
    assert_non_null(run.ev.cert);
    assert_non_null(strstr(run.ev.cert->subject, "www.example.test"));
    assert_int_equal(run.ev.cert->key, CERT_KEY_RSA);
    assert_true(run.ev.flags & EV_CLIENT_CERT_SENT);
    run_free(&run);
    cert_cache_free(shared.certs);
    shared.certs = NULL;
    recording_free(&r);
}

/* ---- bounds ---- */

/* A length field alone reserves nothing, and many of them together are bounded. */
static void what_is_buffered_is_bounded(void **state)
{
    (void)state;
    enum { MANY = 700 };
    static struct tls *t[MANY];
    static uint8_t hello[5 + 16000];
    static const uint8_t head[] = { 22, 3, 1, 0x3e, 0x80, 1, 0, 0xff, 0xff, 3, 3 };
    memset(hello, 0, sizeof hello);
    memcpy(hello, head, sizeof head);
    struct tls_when when = { 1, 1 };
    shared.buffered.max = LIMIT_HANDSHAKE_TOTAL;
    struct tls *one = tls_new(&shared, TLS_STREAM);
    assert_int_equal(tls_bytes(one, 0, rd_of(hello, 100), when), TLS_MORE);
    assert_in_range(shared.buffered.used, 91, 4096);
    tls_free(one);
    uint64_t refused = counted.memory_refused;
    for (size_t i = 0; i < MANY; i++) {
        t[i] = tls_new(&shared, TLS_STREAM);
        for (unsigned k = 0; k < 4; k++)
            (void)tls_bytes(t[i], 0, rd_of(hello, sizeof hello), when);
        assert_true(shared.buffered.used <= LIMIT_HANDSHAKE_TOTAL);
    }
    assert_true(counted.memory_refused > refused);
    one = tls_new(&shared, TLS_STREAM); /* an ordinary hello that comes in two segments is put together all the same */
    hello[3] = 0;
    hello[4] = 45;
    memcpy(hello + 5, "\1\0\0\x29\3\3", 6);
    memcpy(hello + 5 + 38, "\0\0\2\xc0\x2f\1\0", 7);
    assert_int_equal(tls_bytes(one, 0, rd_of(hello, 30), when), TLS_MORE);
    assert_int_equal(tls_bytes(one, 0, rd_of(hello + 30, 20), when), TLS_MORE);
    assert_true(tls_has_hello(one));
    tls_free(one);
    for (size_t i = 0; i < MANY; i++)
        tls_free(t[i]);
    assert_int_equal(shared.buffered.used, 0);
    shared.buffered.max = 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recordings_give_what_the_programs_did),
        cmocka_unit_test(every_split_gives_the_same_event),
        cmocka_unit_test(every_prefix_claims_only_what_is_so),
        cmocka_unit_test(a_hole_anywhere_claims_only_what_is_so),
        cmocka_unit_test(one_direction_alone_claims_only_what_is_so),
        cmocka_unit_test(records_of_any_size_give_the_same_event),
        cmocka_unit_test(each_ending),
        cmocka_unit_test(outcomes_have_names),
        cmocka_unit_test(dtls_conversations),
        cmocka_unit_test(quic_conversations),
        cmocka_unit_test(leaf_of_the_server),
        cmocka_unit_test(junk_is_not_tls),
        cmocka_unit_test(a_lost_stream_is_given_up),
        cmocka_unit_test(recognition),
        cmocka_unit_test(what_is_buffered_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
