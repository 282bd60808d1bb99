/* SPDX-License-Identifier: Apache-2.0 */
/* Events and cubes made by hand, and a cube as text that depends on nothing but its content. */
#ifndef TESTS_UNIT_CUBE_MAKE_H
#define TESTS_UNIT_CUBE_MAKE_H

#include "report/cube.h"
#include "report/profile.h"

#include <inttypes.h>

/* A ClientHello with the fields that tests vary; lists end with 0. */
struct hello_spec {
    uint16_t legacy, versions[6], suites[16], groups[8], shares[4], sigalgs[8], extra[16] /* types of empty extensions */;
    const char *sni, *alpn;
    const char *psk; /* contents of pre_shared_key, last */
};

struct bytes {
    uint8_t b[4096];
    size_t n;
};

static inline void b8(struct bytes *o, unsigned v)
{
    assert_true(o->n < sizeof o->b);
    o->b[o->n++] = (uint8_t)v;
}

static inline void b16(struct bytes *o, size_t v)
{
    b8(o, (unsigned)(v >> 8));
    b8(o, (unsigned)(v & 0xff));
}

static inline void btext(struct bytes *o, const char *s)
{
    for (; *s; s++)
        b8(o, (uint8_t)*s);
}

/* Two bytes of length, filled in by len16_end. */
static inline size_t len16(struct bytes *o)
{
    b16(o, 0);
    return o->n;
}

static inline void len16_end(struct bytes *o, size_t at)
{
    o->b[at - 2] = (uint8_t)((o->n - at) >> 8);
    o->b[at - 1] = (uint8_t)(o->n - at);
}

static inline void ext_u16s(struct bytes *o, unsigned type, const uint16_t *list, bool len8)
{
    size_t n = 0;
    while (list[n])
        n++;
    if (n == 0)
        return;
    b16(o, type);
    size_t at = len16(o);
    if (len8)
        b8(o, (unsigned)(2 * n));
    else
        b16(o, 2 * n);
    for (size_t i = 0; i < n; i++)
        b16(o, list[i]);
    len16_end(o, at);
}

static inline void hello_extensions(struct bytes *o, const struct hello_spec *s)
{
    size_t at;
    if (s->sni) {
        b16(o, 0);
        at = len16(o);
        b16(o, strlen(s->sni) + 3);
        b8(o, 0);
        b16(o, strlen(s->sni));
        btext(o, s->sni);
        len16_end(o, at);
    }
    if (s->alpn) {
        b16(o, 16);
        at = len16(o);
        b16(o, strlen(s->alpn) + 1);
        b8(o, (unsigned)strlen(s->alpn));
        btext(o, s->alpn);
        len16_end(o, at);
    }
    ext_u16s(o, 43, s->versions, true);
    ext_u16s(o, 10, s->groups, false);
    ext_u16s(o, 13, s->sigalgs, false);
    if (s->shares[0]) {
        b16(o, 51);
        at = len16(o);
        size_t in = len16(o);
        for (size_t i = 0; i < 4 && s->shares[i]; i++) {
            b16(o, s->shares[i]);
            b16(o, 4);
            b16(o, 0x0102);
            b16(o, 0x0304);
        }
        len16_end(o, in);
        len16_end(o, at);
    }
    for (size_t i = 0; i < 16 && s->extra[i]; i++) {
        b16(o, s->extra[i]);
        b16(o, 0);
    }
    if (s->psk) {
        b16(o, 41);
        at = len16(o);
        btext(o, s->psk);
        len16_end(o, at);
    }
}

/* The body of the message, parsed; ch borrows o. */
static inline void hello_make(const struct hello_spec *s, struct bytes *o, struct client_hello *ch)
{
    o->n = 0;
    b16(o, s->legacy);
    for (int i = 0; i < 32; i++)
        b8(o, (unsigned)(7 * i));
    b8(o, 0);
    size_t at = len16(o);
    for (size_t i = 0; i < 16 && s->suites[i]; i++)
        b16(o, s->suites[i]);
    len16_end(o, at);
    b16(o, 0x0100);
    at = len16(o);
    hello_extensions(o, s);
    len16_end(o, at);
    assert_true(client_hello_parse(rd_of(o->b, o->n), HELLO_TLS, ch));
}

static const struct hello_spec hello_tls12 = { .legacy = 0x0303, .suites = { 0xc02f, 0xc030, 0x009c, 0x002f },
                                               .groups = { 0x1d, 0x17 }, .sigalgs = { 0x0403, 0x0804, 0x0401 } };
static const struct hello_spec hello_tls10 = { .legacy = 0x0301, .suites = { 0xc013, 0x0035, 0x000a }, .groups = { 0x17 } };
static const struct hello_spec hello_tls13 = { .legacy = 0x0303, .versions = { 0x0304, 0x0303 }, .suites = { 0x1301, 0xc02f },
                                               .groups = { 0x1d }, .shares = { 0x1d }, .sigalgs = { 0x0403, 0x0804 } };

/* An event and what it borrows. */
struct made {
    struct tls_event ev;
    struct client_hello ch;
    struct cert_facts cert;
    struct bytes wire;
    uint8_t offer[OFFER_MAX];
};

#define SEC INT64_C(1000000000)
#define T0 (INT64_C(1700000000) * SEC)

static inline struct endpoint party(unsigned host, unsigned port)
{
    uint8_t b[4] = { 10, (uint8_t)(host >> 16), (uint8_t)(host >> 8), (uint8_t)host };
    return (struct endpoint){ .addr = addr_ip4(b), .port = (uint16_t)port };
}

static inline struct tls_event *event_make(struct made *m, const struct hello_spec *s, unsigned client, unsigned server, int64_t ts)
{
    memset(m, 0, sizeof *m);
    hello_make(s, &m->wire, &m->ch);
    m->ev = (struct tls_event){ .ts_ns = ts,
                                .end_ns = ts + SEC / 10,
                                .frame_client_hello = 10,
                                .input = 1,
                                .client = party(client, 50000),
                                .server = party(server, 443),
                                .outcome = OUTCOME_COMPLETED,
                                .ch = &m->ch,
                                .version = VER_TLS12,
                                .suite = 0xc02f,
                                .group = 0x1d };
    m->ev.offer = rd_of(m->offer, client_hello_offer(&m->ch, m->offer));
    return &m->ev;
}

static inline void event_cert(struct made *m, unsigned n)
{
    m->cert = (struct cert_facts){ .key = CERT_KEY_RSA, .key_bits = 2048, .not_before = 1, .not_after = n };
    memset(m->cert.sha256, (int)n, sizeof m->cert.sha256);
    (void)snprintf(m->cert.subject, sizeof m->cert.subject, "CN=server %u", n);
    m->ev.cert = &m->cert;
}

static inline void dump_bytes(FILE *f, const char *label, struct rd r)
{
    (void)fprintf(f, " %s=", label);
    while (rd_left(&r))
        (void)fprintf(f, "%02x", rd_u8(&r));
}

static inline void dump_profile(FILE *f, const struct cube *c, const char *label, uint32_t id)
{
    const struct profile *p = cube_profile(c, id);
    if (!p)
        return;
    dump_bytes(f, label, p->offer);
    (void)fprintf(f, " ja4=%s@%" PRId64 " max=%04x stack=%s like=%s", p->ja4, p->ja4_ns, p->max_version, p->stack_label,
                  p->guess ? p->guess : "-");
}

static inline void dump_span(void *ctx, const struct endpoint *client, uint32_t profile, const struct endpoint *server,
                             const struct span *s)
{
    char a[ADDR_TEXT], b[ADDR_TEXT];
    const struct { FILE *f; const struct cube *c; } *d = ctx;
    (void)fprintf(d->f, "span %s %s %" PRId64 "-%" PRId64 " %" PRIu64, endpoint_print(client, a), endpoint_print(server, b),
                  s->first_ns, s->last_ns, s->count);
    dump_profile(d->f, d->c, "offer", profile);
    (void)fputc('\n', d->f);
}

static inline void dump_row(FILE *f, const struct cube *c, uint32_t row)
{
    const struct cube_key *k = cube_row_key(c, row);
    const struct cube_val *v = cube_row_val(c, row);
    const struct input *in = cube_input_at(c, v->exemplar.input);
    const struct cert_facts *cert = cube_cert(c, k->cert);
    const char *up = cube_upgrade_name(k->upgrade);
    char a[ADDR_TEXT], b[ADDR_TEXT];
    (void)fprintf(f, "row %s %s day=%u scope=%u v=%04x s=%x g=%x dh=%u sig=%x fl=%x t=%u o=%u af=%u se=%u al=%u/%u ref=%u of=%u",
                  endpoint_print(&k->client, a), endpoint_print(&k->server, b), k->day, k->scope, k->version, k->suite, k->group,
                  k->dh_bits, k->sigscheme, k->flags, k->transport, k->outcome, k->aftermath, k->sentinel, k->alert_from,
                  k->alert_code, k->refusal_code, k->offered);
    (void)fprintf(f, " up=%s n=%" PRIu64 " %" PRId64 "-%" PRId64 " ex=%" PRId64 "/%" PRIu64 "/%u/%s cert=%s", up ? up : "-",
                  v->count, v->first_ns, v->last_ns, v->exemplar.ts_ns, v->exemplar.frame, v->exemplar.client_port,
                  in ? in->name : "-", cert ? cert->subject : "-");
    dump_bytes(f, "sni", cube_name(c, k->sni));
    dump_bytes(f, "sensor", cube_sensor(c, k->sensor));
    dump_profile(f, c, "offer", k->profile);
    dump_profile(f, c, "from", k->fallback_from);
    (void)fputc('\n', f);
}

static inline int dump_input_cmp(const void *x, const void *y)
{
    const struct input *const *a = x, *const *b = y;
    int d = strcmp((*a)->name, (*b)->name);
    return d ? d : ((*a)->read_ns > (*b)->read_ns) - ((*a)->read_ns < (*b)->read_ns);
}

static inline void dump_side(FILE *f, const struct cube *c)
{
    for (unsigned i = 0; i < cube_hours(c); i++) {
        struct hour h = *cube_hour_at(c, i);
        (void)fprintf(f, "hour %" PRId64, h.hour);
        dump_bytes(f, "sensor", cube_sensor(c, h.sensor));
        for (unsigned s = 0; s < stats_count; s++)
            (void)fprintf(f, " %" PRIu64, *stats_value(&h.stats, s));
        (void)fputc('\n', f);
    }
    const struct input *in[64];
    assert_true(cube_inputs(c) <= 64);
    for (unsigned i = 0; i < cube_inputs(c); i++)
        in[i] = cube_input_at(c, i + 1);
    qsort(in, cube_inputs(c), sizeof *in, dump_input_cmp);
    for (unsigned i = 0; i < cube_inputs(c); i++)
        (void)fprintf(f, "input %s %02x %" PRId64 "-%" PRId64 " %" PRIu64 " %" PRIu64 " '%s' %" PRId64 "\n", in[i]->name,
                      in[i]->digest[0], in[i]->first_ns, in[i]->last_ns, in[i]->packets, in[i]->bytes, in[i]->warning,
                      in[i]->read_ns);
    unsigned n;
    const struct service *s = cube_services(c, &n);
    for (unsigned i = 0; i < n; i++) {
        char a[ADDR_TEXT];
        (void)fprintf(f, "service %s/%u %s clear=%d %" PRIu64 "\n", endpoint_print(&s[i].server, a), s[i].proto, s[i].name,
                      s[i].cleartext, s[i].flows);
    }
}

/* The whole cube as text, freed by the caller. Equal texts: equal cubes. */
static inline char *cube_dump(const struct cube *c)
{
    char *text = NULL;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    assert_non_null(f);
    uint32_t *order = cube_sorted(c);
    assert_true(order || cube_rows(c) == 0);
    for (uint32_t i = 0; i < cube_rows(c); i++)
        dump_row(f, c, order[i]);
    free(order);
    struct { FILE *f; const struct cube *c; } d = { f, c };
    assert_int_equal(cube_each_span(c, dump_span, &d), 0);
    dump_side(f, c);
    assert_int_equal(fclose(f), 0);
    return text;
}

/* Shows the first line that differs: the whole text is too long to look at. */
static inline void assert_same_text(const char *x, const char *y)
{
    size_t line = 0;
    for (size_t i = 0; x[i] && x[i] == y[i]; i++)
        line = x[i] == '\n' ? i + 1 : line;
    if (strcmp(x, y) != 0)
        fail_msg("first difference:\n%.*s\n%.*s\n", (int)strcspn(x + line, "\n"), x + line, (int)strcspn(y + line, "\n"),
                 y + line);
}

static inline void assert_same_cube(const struct cube *a, const struct cube *b)
{
    char *x = cube_dump(a), *y = cube_dump(b);
    assert_same_text(x, y);
    free(x);
    free(y);
}

/* A little generator: the same numbers everywhere. */
static inline uint32_t dice(uint64_t *s, uint32_t sides)
{
    *s = *s * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*s >> 33) % sides;
}

/* n random handshakes in a small world, with hours, inputs and services. After each, after() is told. */
typedef void cube_random_step(struct cube *c, unsigned i, void *ctx);
static inline void cube_random_fill(struct cube *c, uint64_t seed, unsigned n, cube_random_step *after, void *ctx)
{
    static const struct hello_spec *const specs[] = { &hello_tls10, &hello_tls12, &hello_tls13 };
    static const char *const names[] = { NULL, "a.example", "B.example.", "mail.example" };
    static const uint8_t outcomes[] = { OUTCOME_COMPLETED, OUTCOME_COMPLETED, OUTCOME_ALERT_SERVER, OUTCOME_RESET };
    uint64_t s = seed * 2 + 1;
    struct made m;
    char file[32];
    (void)snprintf(file, sizeof file, "f%u.pcap", dice(&s, 3));
    struct input in = { .name = file, .first_ns = T0 + dice(&s, 50) * SEC, .last_ns = T0 + (50 + dice(&s, 50)) * SEC,
                        .packets = 1 + dice(&s, 100), .bytes = dice(&s, 9999), .read_ns = 5 };
    if (dice(&s, 2))
        (void)snprintf(in.warning, sizeof in.warning, "warning %u", dice(&s, 3));
    uint32_t input = cube_input(c, &in);
    for (unsigned i = 0; i < n; i++) {
        struct hello_spec spec = *specs[dice(&s, 3)];
        spec.sni = names[dice(&s, 4)];
        spec.alpn = dice(&s, 2) ? "h2" : NULL;
        spec.psk = dice(&s, 4) ? NULL : "ticket";
        struct tls_event *ev = event_make(&m, &spec, dice(&s, 4), 1000 + dice(&s, 3), T0 + (int64_t)dice(&s, 200) * 3600 * SEC / 2);
        if (dice(&s, 2))
            event_cert(&m, 1 + dice(&s, 3));
        ev->outcome = outcomes[dice(&s, 4)];
        ev->frame_client_hello = 1 + dice(&s, 5);
        ev->input = input;
        ev->version = (uint16_t)(VER_TLS10 + dice(&s, 4));
        ev->flags = dice(&s, 3) ? 0 : (uint32_t)EV_RESUMED;
        cube_event(c, ev);
        struct stats st = { .packets = dice(&s, 20), .stream_gap = dice(&s, 2) };
        cube_hour(c, ev->ts_ns / SEC / 3600, &st);
        struct endpoint server = ev->server;
        cube_service(c, &server, 6, dice(&s, 2) ? "SMTP" : "HTTP", dice(&s, 2), 1);
        if (after)
            after(c, i, ctx);
    }
}

static inline struct cube *cube_random(const struct cube_options *opt, uint64_t seed, unsigned n)
{
    struct cube *c = cube_new(opt);
    assert_non_null(c);
    cube_random_fill(c, seed, n, NULL, NULL);
    return c;
}

#endif
