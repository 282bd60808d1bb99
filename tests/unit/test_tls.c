/* SPDX-License-Identifier: Apache-2.0 */
/* Whole conversations: recordings of real programs (pcaps/), cut and damaged in every way, and hand-made endings. */
#include "tests/unit/conversation.h"

#include "capture/stream.h"

#include <dirent.h>

static struct stats counted;
static struct tls_shared shared = { .stats = &counted };

/* What a reader of events relies on, as text: equal texts are equal events. */
static void describe(const struct tls_event *ev, char *out, size_t cap)
{
    int n = snprintf(out, cap, "%s v%04x/%04x suite %08x group %u dh %u sig %04x sentinel %u alert %c%u/%u flags %08x certs %u "
                     "client-cert %zu frames %llu/%llu ts %lld ch %d sh %d offer ",
                     outcome_name(ev->outcome), ev->version, ev->version_wire, ev->suite, ev->group, ev->dh_bits, ev->sigscheme,
                     ev->sentinel, ev->alert.from ? ev->alert.from : '-', ev->alert.level, ev->alert.code, ev->flags,
                     ev->cert_count, rd_left(&ev->client_cert), (unsigned long long)ev->frame_client_hello,
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
    assert_int_equal(shared.buffered, 0);
    assert_int_equal(shared.kept, 0);
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
    (void)snprintf(out, cap, "%s %s %s %s%s%s%s%s", outcome_name(ev->outcome), version, suite, sni, ev->flags & EV_HRR ? " hrr" : "",
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recordings_give_what_the_programs_did),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
