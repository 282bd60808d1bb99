/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"
#include "base/limits.h"
#include "report/parts.h"
#include "tests/unit/cube_make.h"

static const struct cube_options plain = { .seed = 42 };

/* Handshakes counted in "other" rows. */
static uint64_t folded(const struct cube *c)
{
    uint64_t n = 0;
    for (uint32_t row = 1; row <= cube_rows(c); row++)
        if (cube_row_key(c, row)->flags & CUBE_OTHER)
            n += cube_row_val(c, row)->count;
    return n;
}

static uint64_t total(const struct cube *c)
{
    uint64_t n = cube_lost(c);
    for (uint32_t row = 1; row <= cube_rows(c); row++)
        n += cube_row_val(c, row)->count;
    return n;
}

static void handshakes_that_are_alike_share_a_row(void **state)
{
    (void)state;
    struct cube *c = cube_new(&plain);
    struct made m;
    static const int64_t at[] = { 5, 2, 9, 2 };
    static const uint64_t frame[] = { 50, 20, 90, 19 };
    for (unsigned i = 0; i < 4; i++) {
        struct tls_event *ev = event_make(&m, &hello_tls12, 1, 2, T0 + at[i] * SEC);
        ev->frame_client_hello = frame[i];
        ev->client.port = (uint16_t)(1000 + i); /* not part of the key */
        cube_event(c, ev);
    }
    assert_int_equal(cube_rows(c), 1);
    const struct cube_val *v = cube_row_val(c, 1);
    assert_int_equal(v->count, 4);
    assert_int_equal(v->first_ns, T0 + 2 * SEC);
    assert_int_equal(v->last_ns, T0 + 9 * SEC);
    assert_int_equal(v->exemplar.ts_ns, T0 + 2 * SEC);
    assert_int_equal(v->exemplar.frame, 19);
    assert_int_equal(v->exemplar.client_port, 1003);
    const struct cube_key *k = cube_row_key(c, 1);
    assert_int_equal(k->client.port, 0);
    assert_int_equal(k->server.port, 443);
    assert_int_equal(k->day, 1700000000 / 86400);
    assert_int_equal(k->suite, 0xc02f);
    assert_int_equal(k->version, VER_TLS12);
    assert_int_equal(k->fallback_from, 0);
    cube_free(c);
}

/* Whatever a study may ask makes a row of its own. */
static void every_column_separates(void **state)
{
    (void)state;
    struct cube *c = cube_new(&plain);
    for (unsigned i = 0; i < 26; i++) {
        struct made m;
        struct hello_spec s = hello_tls12;
        s.sni = i == 1 ? "x" : i == 2 ? "y" : NULL;
        if (i == 3)
            s.suites[1] = 0;
        struct tls_event *ev = event_make(&m, &s, i == 4 ? 7 : 1, i == 5 ? 7 : 2, i == 6 ? T0 + 86400 * SEC : T0);
        if (i >= 7 && i <= 8)
            event_cert(&m, i);
        ev->server.port = i == 9 ? 444 : 443;
        ev->version = i == 10 ? VER_TLS11 : VER_TLS12;
        ev->suite = i == 11 ? SUITE_NONE : 0xc02f;
        ev->group = i == 12;
        ev->dh_bits = i == 13 ? 1024 : 0;
        ev->sigscheme = i == 14 ? 0x0401 : 0;
        ev->outcome = i == 15 ? OUTCOME_ONE_SIDED : OUTCOME_COMPLETED;
        ev->aftermath = i == 16 ? AFTER_PLAINTEXT : 0;
        ev->sentinel = i == 17 ? SENTINEL_TLS12 : 0;
        ev->alert.from = i == 18 ? 's' : 0;
        ev->alert.code = i == 19 ? 40 : 0;
        ev->upgrade = i == 20 ? "smtp" : NULL;
        ev->server_offered_upgrade = i == 21 ? 2 : 0;
        ev->refusal_code = i == 22 ? 454 : 0;
        ev->transport = i == 23 ? TRANSPORT_UDP : TRANSPORT_TCP;
        ev->flags = i == 24 ? EV_RESUMED : i == 25 ? EV_HRR : i == 0 ? EV_ECH : 0; /* ECH is not a column */
        cube_event(c, ev);
        assert_int_equal(cube_rows(c), i + 1);
        cube_event(c, ev);
        assert_int_equal(cube_rows(c), i + 1);
    }
    assert_int_equal(total(c), 52);
    cube_free(c);
}

static void host_names_are_one_whatever_their_case(void **state)
{
    (void)state;
    static const char *const names[] = { "Mail.Example", "mail.example", "MAIL.EXAMPLE." };
    struct cube *c = cube_new(&plain);
    for (unsigned i = 0; i < 3; i++) {
        struct made m;
        struct hello_spec s = hello_tls12;
        s.sni = names[i];
        cube_event(c, event_make(&m, &s, 1, 2, T0));
    }
    assert_int_equal(cube_rows(c), 1);
    assert_int_equal(cube_names(c), 1);
    struct rd name = cube_name(c, cube_row_key(c, 1)->sni);
    assert_int_equal(rd_left(&name), 12);
    assert_memory_equal(name.p, "mail.example", 12);
    struct rd none = cube_name(c, 0);
    assert_int_equal(rd_left(&none), 0);
    cube_free(c);
}

static uint32_t stack_of(struct cube *c, const struct hello_spec *s)
{
    struct made m;
    const struct tls_event *ev = event_make(&m, s, 1, 2, T0);
    uint32_t id = cube_put_profile(c, ev->offer, "", INT64_MAX);
    return cube_profile(c, id)->stack;
}

static void resumption_and_alpn_do_not_make_a_stack(void **state)
{
    (void)state;
    struct cube *c = cube_new(&plain);
    struct hello_spec s = hello_tls13;
    uint32_t stack = stack_of(c, &s);
    s.alpn = "h2";
    assert_int_equal(stack_of(c, &s), stack);
    s.alpn = "http/1.1";
    assert_int_equal(stack_of(c, &s), stack);
    s.psk = "identity";
    assert_int_equal(stack_of(c, &s), stack);
    s.sni = "a.example";
    assert_int_equal(stack_of(c, &s), stack);
    s.extra[0] = 35; /* session_ticket */
    s.extra[1] = 42; /* early_data */
    assert_int_equal(stack_of(c, &s), stack);
    s.shares[0] = 0x17; /* after a HelloRetryRequest */
    assert_int_equal(stack_of(c, &s), stack);
    assert_true(cube_profiles(c) >= 4);
    s.extra[2] = 23; /* extended_master_secret */
    assert_int_not_equal(stack_of(c, &s), stack);
    s = hello_tls13;
    s.suites[1] = 0xc030;
    assert_int_not_equal(stack_of(c, &s), stack);
    s = hello_tls13;
    s.groups[1] = 0x17;
    assert_int_not_equal(stack_of(c, &s), stack);
    s = hello_tls13;
    s.versions[1] = 0;
    assert_int_not_equal(stack_of(c, &s), stack);
    cube_free(c);
}

static void a_profile_knows_its_highest_version_and_earliest_ja4(void **state)
{
    (void)state;
    struct cube *c = cube_new(&plain);
    struct made m;
    struct hello_spec s = hello_tls13;
    char early[PROFILE_JA4];
    s.psk = "pre_shared_key counts in JA4 and not in the profile";
    const struct tls_event *ev = event_make(&m, &s, 1, 2, T0 - SEC);
    profile_ja4(ev->ch, early);
    cube_event(c, event_make(&m, &hello_tls13, 1, 2, T0));
    cube_event(c, event_make(&m, &s, 1, 2, T0 - SEC));
    cube_event(c, event_make(&m, &hello_tls13, 1, 2, T0 + SEC));
    for (uint32_t id = 1; id <= cube_profiles(c); id++) {
        const struct profile *p = cube_profile(c, id);
        assert_int_equal(p->max_version, VER_TLS13);
        assert_int_equal(strlen(p->stack_label), 12);
        if (p->ja4_ns == T0 - SEC)
            assert_string_equal(p->ja4, early);
    }
    assert_null(cube_profile(c, 0));
    cube_free(c);
}

static void a_fallback_names_the_profile_it_came_from(void **state)
{
    (void)state;
    struct cube *c = cube_new(&plain);
    struct made m;
    struct tls_event *ev = event_make(&m, &hello_tls12, 1, 2, T0);
    ev->outcome = OUTCOME_ALERT_SERVER;
    cube_event(c, ev);
    ev = event_make(&m, &hello_tls10, 1, 2, T0 + SEC);
    ev->version = VER_TLS10;
    cube_event(c, ev);
    assert_int_equal(cube_rows(c), 2);
    assert_int_equal(cube_row_key(c, 2)->fallback_from, cube_row_key(c, 1)->profile);
    assert_int_not_equal(cube_row_key(c, 2)->profile, cube_row_key(c, 1)->profile);
    cube_free(c);
}

/* A hello that was not captured, an SSLv2-free plaintext session, a time before 1970: all are rows. */
static void poor_events_are_counted(void **state)
{
    (void)state;
    struct cube *c = cube_new(&plain);
    struct tls_event ev = { .outcome = OUTCOME_PLAINTEXT, .upgrade = "smtp", .suite = SUITE_NONE, .ts_ns = -5 };
    cube_event(c, &ev);
    ev.upgrade = "no such protocol";
    ev.flags = UINT32_MAX;
    ev.ts_ns = INT64_MAX;
    cube_event(c, &ev);
    assert_int_equal(total(c), 2);
    assert_int_equal(folded(c), 0);
    assert_int_equal(cube_row_key(c, 1)->day, 0);
    assert_string_equal(cube_upgrade_name(cube_row_key(c, 1)->upgrade), "smtp");
    assert_string_equal(cube_upgrade_name(cube_row_key(c, 2)->upgrade), "other");
    assert_null(cube_upgrade_name(0));
    assert_int_equal(cube_upgrade_id(NULL), 0);
    cube_free(c);
}

/* The i-th of a flood of random 0 parties, 1 names, 2 offers. */
static const struct tls_event *flood(struct made *m, unsigned kind, unsigned i)
{
    struct hello_spec spec = hello_tls12;
    char name[32];
    uint64_t s = i * UINT64_C(0x9e3779b97f4a7c15);
    uint32_t random = dice(&s, 1 << 23);
    (void)snprintf(name, sizeof name, "%x.example", random);
    if (kind == 1)
        spec.sni = name;
    if (kind == 2) {
        spec.suites[4] = (uint16_t)(1 + random % 255);
        spec.suites[5] = (uint16_t)(1 + random / 256);
    }
    return event_make(m, &spec, kind == 0 ? random : 1, kind == 0 ? random / 2 : 2, T0);
}

static void check_folded(const struct cube *c, unsigned kind)
{
    for (uint32_t row = 1; row <= cube_rows(c); row++) {
        const struct cube_key *k = cube_row_key(c, row);
        if (!(k->flags & CUBE_OTHER))
            continue;
        assert_int_equal(k->client.addr.kind, ADDR_NONE);
        assert_int_equal(k->version, VER_TLS12);
        assert_int_equal(k->suite, 0xc02f);
        assert_int_equal(k->outcome, OUTCOME_COMPLETED);
        if (kind > 0) /* one server under attack stays known */
            assert_int_equal(k->server.port, 443);
    }
}

/* Random parties, names and offers: memory stays bounded and every handshake is in some row. */
static void a_flood_is_folded_and_counted(void **state)
{
    (void)state;
    static const struct cube_options caps[] = {
        { .max_rows = 500, .seed = 1 }, { .max_names = 100, .seed = 1 }, { .max_profiles = 100, .seed = 1 }
    };
    enum { N = 20000 };
    for (unsigned kind = 0; kind < 3; kind++) {
        struct cube *c = cube_new(&caps[kind]);
        struct made m;
        size_t half = 0;
        for (unsigned i = 0; i < N; i++) {
            cube_event(c, flood(&m, kind, i));
            half = i == N / 2 ? heap_bytes() : half;
        }
        assert_int_equal(total(c), N);
        assert_int_equal(cube_lost(c), 0);
        assert_true(folded(c) > N / 2);
        assert_int_equal(heap_bytes(), half);
        assert_true(cube_rows(c) < 1100);
        check_folded(c, kind);
        /* What was known before the flood is still counted as itself. */
        uint64_t before = cube_row_val(c, 1)->count;
        cube_event(c, flood(&m, kind, 0));
        assert_int_equal(cube_row_val(c, 1)->count, before + 1);
        cube_free(c);
    }
}

/* Long names and offers count by their bytes too. */
static void bytes_are_capped_beside_numbers(void **state)
{
    (void)state;
    size_t before = heap_bytes();
    struct cube *c = cube_new(&(struct cube_options){ .max_names = 1000, .max_profiles = 1000, .seed = 1 });
    struct made m;
    char name[LIMIT_NAME_BYTES + 40];
    for (unsigned i = 0; i < 3000; i++) {
        struct hello_spec s = hello_tls12;
        memset(name, 'a', sizeof name);
        (void)snprintf(name, 16, "%010u", i);
        name[10] = 'x';
        name[sizeof name - 1] = '\0';
        s.sni = name;
        cube_event(c, event_make(&m, &s, 1, 2, T0));
    }
    assert_true(cube_names(c) < 1000);
    assert_true(cube_names(c) >= 200);
    assert_int_equal(total(c), 3000);
    assert_true(heap_bytes() - before < 2 << 20);
    cube_free(c);
}

static void clients_are_grouped_by_prefix(void **state)
{
    (void)state;
    struct cube *c = cube_new(&(struct cube_options){ .client_prefix = 64, .seed = 1 });
    struct made m;
    for (unsigned i = 0; i < 5; i++) {
        struct tls_event *ev = event_make(&m, &hello_tls12, 1, 2, T0);
        uint8_t a[16] = { 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, i == 4, 1, 2, 3, (uint8_t)i };
        ev->client.addr = addr_ip6(a);
        cube_event(c, ev);
    }
    assert_int_equal(cube_rows(c), 2);
    assert_int_equal(cube_row_val(c, 1)->count, 4);
    char text[ADDR_TEXT];
    assert_string_equal(addr_print(&cube_row_key(c, 1)->client.addr, text), "2001:db8::");
    cube_free(c);
}

static void pseudonyms_are_stable_for_a_key_and_hide_the_address(void **state)
{
    (void)state;
    static const uint8_t key1[32] = { 1 }, key2[32] = { 2 };
    struct cube *a = cube_new(&(struct cube_options){ .anonymize_key = key1, .seed = 1 });
    struct cube *b = cube_new(&(struct cube_options){ .anonymize_key = key1, .seed = 2 });
    struct cube *d = cube_new(&(struct cube_options){ .anonymize_key = key2, .seed = 1 });
    struct cube *open = cube_new(&plain);
    struct made m;
    for (unsigned i = 1; i <= 3; i++) {
        struct tls_event *ev = event_make(&m, &hello_tls12, i, 2, T0);
        cube_event(a, ev);
        cube_event(a, ev);
        cube_event(b, ev);
        cube_event(d, ev);
        cube_event(open, ev);
    }
    assert_int_equal(cube_rows(a), 3);
    const struct addr *x = &cube_row_key(a, 1)->client.addr;
    assert_int_equal(x->kind, ADDR_PSEUDO);
    assert_true(addr_equal(x, &cube_row_key(b, 1)->client.addr));
    assert_false(addr_equal(x, &cube_row_key(d, 1)->client.addr));
    assert_false(addr_equal(x, &cube_row_key(a, 2)->client.addr));
    assert_int_equal(cube_row_key(a, 1)->server.addr.kind, ADDR_IP4);
    static const uint8_t zero[8];
    assert_memory_equal(x->b + 8, zero, 8);
    /* A saved cube is made anonymous when it is added to one that is; a second time changes nothing. */
    struct cube *late = cube_new(&(struct cube_options){ .anonymize_key = key1, .seed = 3 });
    assert_int_equal(cube_merge(late, open), 0);
    assert_same_cube(late, b);
    struct cube *again = cube_new(&(struct cube_options){ .anonymize_key = key2, .seed = 3 });
    assert_int_equal(cube_merge(again, b), 0);
    assert_same_cube(again, b);
    cube_free(a);
    cube_free(b);
    cube_free(d);
    cube_free(open);
    cube_free(late);
    cube_free(again);
}

static void scope_is_part_of_the_key_only_when_asked_for(void **state)
{
    (void)state;
    for (unsigned scope = 0; scope < 2; scope++) {
        struct cube *c = cube_new(&(struct cube_options){ .scope = (uint8_t)scope, .seed = 1 });
        struct made m;
        for (unsigned i = 0; i < 4; i++) {
            struct tls_event *ev = event_make(&m, &hello_tls12, 1, 2, T0);
            ev->ids.vlan = (uint16_t)(i & 1);
            ev->ids.vni = i >> 1 ? 5000 : 0;
            cube_event(c, ev);
        }
        assert_int_equal(cube_rows(c), scope ? 3 : 1);
        cube_free(c);
    }
}

static void hours_are_in_order_and_add_up(void **state)
{
    (void)state;
    struct cube *c = cube_new(&plain);
    static const int64_t hours[] = { 50, 51, 40, 51, 45, -3, 50, 52 };
    for (size_t i = 0; i < 8; i++) {
        struct stats s = { .packets = 1, .stream_gap = i };
        cube_hour(c, hours[i], &s);
    }
    assert_int_equal(cube_hours(c), 6);
    for (unsigned i = 1; i < 6; i++)
        assert_true(cube_hour_at(c, i - 1)->hour < cube_hour_at(c, i)->hour);
    assert_int_equal(cube_hour_at(c, 4)->stats.stream_gap, 1 + 3);
    struct stats sum;
    cube_totals(c, &sum);
    assert_int_equal(sum.packets, 8);
    assert_int_equal(sum.stream_gap, 28);
    cube_free(c);
}

/* A file with random times must not fill memory; what it counts stays in the totals. */
static void hours_are_capped(void **state)
{
    (void)state;
    struct cube *c = cube_new(&plain);
    struct stats s = { .packets = 1 };
    enum { N = LIMIT_HOURS + 5000 };
    for (int64_t i = 0; i < N; i++)
        cube_hour(c, i % 2 ? i : -i, &s);
    assert_int_equal(cube_hours(c), LIMIT_HOURS);
    struct stats sum;
    cube_totals(c, &sum);
    assert_int_equal(sum.packets, N);
    cube_free(c);
}

static void inputs_have_ids_and_are_known_by_digest(void **state)
{
    (void)state;
    struct cube *c = cube_new(&plain);
    char one[] = "one.pcap", two[] = "two.pcap";
    struct input a = { .name = one, .digest = { 1 }, .first_ns = 5, .last_ns = 9, .packets = 3, .read_ns = 1 };
    struct input b = { .name = two, .first_ns = 1, .last_ns = 2, .packets = 1, .read_ns = 1 };
    assert_int_equal(cube_input(c, &a), 1);
    assert_int_equal(cube_input(c, &b), 2);
    one[0] = 'X'; /* the name is kept, not borrowed */
    assert_string_equal(cube_input_get(c, 1)->name, "one.pcap");
    assert_ptr_equal(cube_input_by_digest(c, a.digest), cube_input_get(c, 1));
    static const uint8_t other[32] = { 2 }, none[32];
    assert_null(cube_input_by_digest(c, other));
    assert_null(cube_input_by_digest(c, none)); /* not computed is not a digest */
    assert_null(cube_input_get(c, 0));
    assert_null(cube_input_get(c, 3));
    assert_int_equal(cube_inputs(c), 2);
    cube_free(c);
}

/* Of several states: the same run counts more than once; what an interface brought after a state was put aside does not. */
static void an_input_of_several_states_counts_again(void **state)
{
    (void)state;
    struct cube *c = cube_new(&plain);
    char file[] = "a.pcap", port[] = "eth0";
    struct input a = { .name = file, .digest = { 1 }, .first_ns = 5, .last_ns = 9, .packets = 3, .read_ns = 1 };
    struct input early = { .name = port, .first_ns = 10, .last_ns = 20, .packets = 1, .read_ns = 2 };
    struct input late = { .name = port, .first_ns = 21, .last_ns = 30, .packets = 1, .read_ns = 2 };
    struct input none = { .name = file, .digest = { 2 }, .read_ns = 3 };
    uint32_t captures;
    for (int i = 0; i < 3; i++)
        assert_int_equal(cube_input_again(c, &a), 1);
    assert_int_equal(cube_input_again(c, &early), 2);
    assert_int_equal(cube_input_again(c, &late), 2);
    assert_int_equal(cube_input_again(c, &none), 3);
    assert_int_equal(cube_input_again(c, &none), 3);
    uint32_t *times = inputs_times(c, &captures);
    assert_int_equal(captures, 1);
    assert_int_equal(times[0], 3);
    assert_int_equal(times[1], 1);
    assert_int_equal(times[2], 1);
    free(times);
    a.read_ns = 4; /* with --again, or in another run */
    assert_int_equal(cube_input_again(c, &a), 4);
    assert_int_equal(cube_input_again(c, &late), 2); /* a copy of what is there */
    times = inputs_times(c, &captures);
    assert_int_equal(captures, 2);
    assert_int_equal(times[0], 4);
    assert_int_equal(times[3], 4);
    assert_int_equal(times[1], 2);
    free(times);
    cube_free(c);
}

static void services_are_in_order(void **state)
{
    (void)state;
    struct cube *c = cube_new(&plain);
    for (unsigned i = 0; i < 50; i++) {
        struct endpoint e = party(i * 7 % 50, 25);
        cube_service(c, &e, 6, "SMTP", i % 2, i);
        cube_service(c, &e, 6, "a name that is longer than the thirty-one bytes kept", false, 1);
        cube_service(c, &e, 6, "SMTP", false, 100);
    }
    unsigned n;
    const struct service *s = cube_services(c, &n);
    assert_int_equal(n, 100);
    for (unsigned i = 1; i < n; i++)
        assert_true(endpoint_cmp(&s[i - 1].server, &s[i].server) <= 0);
    for (unsigned i = 0; i < n; i += 2) {
        assert_string_equal(s[i].name, "SMTP");
        assert_true(s[i].flows >= 100);
        assert_int_equal(s[i].cleartext, (s[i].flows - 100) % 2);
        assert_int_equal(strlen(s[i + 1].name), 31);
    }
    cube_free(c);
}

struct span_sum {
    unsigned n;
    uint64_t count;
};

static void add_span(void *ctx, const struct endpoint *client, uint32_t profile, const struct endpoint *server,
                     const struct span *s)
{
    (void)client;
    (void)profile;
    (void)server;
    struct span_sum *sum = ctx;
    sum->n++;
    sum->count += s->count;
    assert_true(s->first_ns <= s->last_ns);
}

static void spans_join_rows_and_what_outlived_them(void **state)
{
    (void)state;
    struct cube *c = cube_new(&plain);
    struct made m;
    for (unsigned i = 0; i < 12; i++) {
        struct tls_event *ev = event_make(&m, &hello_tls12, i % 3, 100, T0 + i * SEC);
        ev->version = (uint16_t)(VER_TLS10 + i % 4);
        cube_event(c, ev);
    }
    struct endpoint client = party(1, 0), gone = party(77, 0), server = party(100, 443);
    uint32_t profile = cube_row_key(c, 1)->profile;
    struct span old = { .first_ns = T0 - 99 * SEC, .last_ns = T0 - 50 * SEC, .count = 1000 };
    assert_true(cube_put_span(c, &client, profile, &server, &old));
    assert_true(cube_put_span(c, &gone, profile, &server, &old));
    struct span_sum all = { 0 }, outlived = { 0 };
    assert_int_equal(cube_each_span(c, add_span, &all), 0);
    cube_each_old_span(c, add_span, &outlived);
    assert_int_equal(all.n, 4);
    assert_int_equal(all.count, 2012);
    assert_int_equal(outlived.n, 2);
    assert_int_equal(outlived.count, 2000);
    cube_free(c);
}

static void merging_is_addition(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < 20; seed++) {
        struct cube *x[3], *xy = cube_new(&plain), *yx = cube_new(&plain), *xy_z = cube_new(&plain), *x_yz = cube_new(&plain);
        struct cube_options opt = plain;
        for (unsigned i = 0; i < 3; i++) {
            opt.seed = seed * 3 + i;
            opt.sensor = i == 1 ? "north" : i == 2 ? "south" : NULL;
            x[i] = cube_random(&opt, opt.seed, 40);
        }
        /* commutative */
        assert_int_equal(cube_merge(xy, x[0]), 0);
        assert_same_cube(xy, x[0]); /* an empty cube is the zero */
        assert_int_equal(cube_merge(xy, x[1]), 0);
        assert_int_equal(cube_merge(yx, x[1]), 0);
        assert_int_equal(cube_merge(yx, x[0]), 0);
        assert_same_cube(xy, yx);
        /* associative */
        assert_int_equal(cube_merge(xy_z, xy), 0);
        assert_int_equal(cube_merge(xy_z, x[2]), 0);
        assert_int_equal(cube_merge(x[1], x[2]), 0);
        assert_int_equal(cube_merge(x_yz, x[0]), 0);
        assert_int_equal(cube_merge(x_yz, x[1]), 0);
        assert_same_cube(xy_z, x_yz);
        assert_int_equal(total(xy_z), 120);
        struct cube *all[] = { x[0], x[1], x[2], xy, yx, xy_z, x_yz };
        for (size_t i = 0; i < 7; i++)
            cube_free(all[i]);
    }
}

/* The same events in another order, or split over two cubes, are the same cube. */
static void order_and_division_do_not_matter(void **state)
{
    (void)state;
    struct cube *forth = cube_new(&plain), *back = cube_new(&(struct cube_options){ .seed = 7 });
    struct cube *half[2] = { cube_new(&plain), cube_new(&plain) };
    static const struct hello_spec *const specs[] = { &hello_tls10, &hello_tls12, &hello_tls13 };
    struct made m;
    char file[] = "one.pcap";
    struct input in = { .name = file, .packets = 1 };
    struct cube *cubes[] = { forth, back, half[0], half[1] };
    for (int i = 0; i < 4; i++) {
        in.packets = i < 3; /* of the halves, one counts the packets */
        (void)cube_input(cubes[i], &in);
    }
    for (unsigned i = 0; i < 200; i++) {
        for (unsigned way = 0; way < 2; way++) {
            unsigned n = way ? 199 - i : i;
            struct tls_event *ev = event_make(&m, specs[n % 3], n % 5, 100 + n % 7, T0 + (n % 11) * SEC);
            ev->frame_client_hello = n;
            cube_event(way ? back : forth, ev);
            if (!way)
                cube_event(half[n % 5 % 2], ev);
        }
    }
    assert_same_cube(forth, back);
    assert_int_equal(cube_merge(half[0], half[1]), 0);
    assert_same_cube(forth, half[0]);
    for (int i = 0; i < 4; i++)
        cube_free(cubes[i]);
}

static void merging_into_a_small_cube_loses_no_count(void **state)
{
    (void)state;
    struct cube *big = cube_random(&plain, 3, 500);
    static const struct cube_options small[] = { { .max_rows = 20 }, { .max_names = 1 }, { .max_profiles = 2 } };
    for (size_t i = 0; i < 3; i++) {
        struct cube *c = cube_new(&small[i]);
        assert_int_equal(cube_merge(c, big), 0);
        assert_int_equal(cube_merge(c, big), 0);
        assert_int_equal(total(c), 1000);
        assert_true(folded(c) > 0);
        cube_free(c);
    }
    cube_free(big);
}

/* Rows are packed; what is put comes back, whatever the numbers. */
static void what_is_put_comes_back(void **state)
{
    (void)state;
    static const uint8_t six[16] = { 0x20, 1, 0xd, 0xb8, [15] = 1 }, mac[6] = { 0, 1, 2, 3, 4, 5 };
    const struct addr who[] = { party(1, 0).addr, addr_ip6(six), addr_mac(mac), { .kind = ADDR_PSEUDO, .b = { 9 } }, { 0 } };
    enum { N = sizeof who / sizeof *who };
    static const struct cube_val vals[] = {
        { .count = 1, .first_ns = 5, .last_ns = 7, .exemplar = { .ts_ns = 5, .frame = 3, .input = 1, .client_port = 99 } },
        { .count = UINT32_MAX, .first_ns = 5, .last_ns = 7, .exemplar = { .ts_ns = 5, .frame = UINT32_MAX } },
        { .count = UINT64_C(1) << 40, .first_ns = 5, .last_ns = 7, .exemplar = { .ts_ns = 5, .frame = 3 } },
        { .count = 4, .first_ns = INT64_MIN, .last_ns = INT64_MAX, .exemplar = { .ts_ns = INT64_MIN, .frame = UINT64_MAX } },
        { .count = 4, .first_ns = 5, .last_ns = 7, .exemplar = { .ts_ns = 6, .frame = 3, .input = 9, .client_port = 1 } },
    };
    struct cube *c = cube_new(&plain);
    for (uint32_t i = 0; i < N * N; i++) {
        const struct cube_key k = { .client = { .addr = who[i / N] }, .server = { .addr = who[i % N], .port = 65535 }, .day = i << 20,
                                    .scope = i, .suite = SUITE_NONE, .flags = EV_RESUMED, .version = 0xfefd, .offered = 2 };
        assert_true(cube_put_row(c, &k, &vals[i % N], true));
        const struct cube_key got = cube_key_of(c, i + 1);
        const struct cube_val val = cube_val_of(c, i + 1);
        assert_memory_equal(&got, &k, sizeof k);
        assert_memory_equal(&val, &vals[i % N], sizeof val);
        assert_int_equal(cube_row_count(c, cube_row_at(c, i + 1)), val.count);
        assert_int_equal(cube_row_at(c, i + 1)->last_ns, val.last_ns);
    }
    for (uint32_t i = 0; i < N * N; i++) { /* again: they are found, and add up */
        const struct cube_key k = *cube_row_key(c, i + 1);
        assert_true(cube_put_row(c, &k, &vals[i % N], true));
        assert_int_equal(cube_val_of(c, i + 1).count, 2 * vals[i % N].count);
        assert_int_equal(cube_val_of(c, i + 1).exemplar.frame, vals[i % N].exemplar.frame);
    }
    assert_int_equal(cube_rows(c), N * N);
    uint32_t *order = cube_sorted(c);
    for (uint32_t i = 1; i < N * N; i++) {
        const struct cube_key *a = cube_row_key(c, order[i - 1]), *b = cube_row_key(c, order[i]);
        int d = endpoint_cmp(&a->client, &b->client);
        assert_true(d < 0 || (d == 0 && endpoint_cmp(&a->server, &b->server) < 0));
    }
    free(order);
    cube_free(c);
}

/* Where rows are many, handshakes wait for a few others; at a cap too, and whatever else comes in between. */
static void none_of_many_is_lost(void **state)
{
    (void)state;
    enum { CLIENTS = 40000 };
    for (uint32_t cap = CLIENTS - 4; cap < CLIENTS + 1; cap += 4) {
        struct cube *c = cube_new(&(struct cube_options){ .max_rows = cap });
        struct made m;
        for (unsigned i = 0; i < 2 * CLIENTS; i++)
            cube_event(c, event_make(&m, &hello_tls12, i % CLIENTS, 1, T0 + (i >= CLIENTS ? SEC : 0)));
        cube_flush(c);
        assert_int_equal(total(c), 2 * CLIENTS);
        assert_int_equal(folded(c), 2 * (CLIENTS - cap));
        for (uint32_t row = 1; row <= cap; row++)
            assert_int_equal(cube_val_of(c, row).count, 2);
        cube_settle(c);
        cube_restart(c, true);
        cube_event(c, event_make(&m, &hello_tls12, 5, 1, T0));
        cube_settle(c);
        assert_int_equal(cube_rows(c), 1);
        assert_int_equal(cube_key_of(c, 1).client.addr.b[3], 5);
        cube_free(c);
    }
}

static void crowd(struct cube *c)
{
    for (unsigned i = 0; i < 33000; i++) {
        struct cube_key k = { .client = party(100000 + i, 0), .server = party(9, 443), .suite = SUITE_NONE };
        assert_true(cube_put_row(c, &k, &(struct cube_val){ .count = 1 }, true));
    }
}

/* Few who meet often: names that repeat, hellos that fail and come back lower, sessions that are refused and come back. */
static void dances(struct cube *c)
{
    static const struct hello_spec *const specs[] = { &hello_tls10, &hello_tls12, &hello_tls13 };
    static const char *const names[] = { NULL, "a.example", "B.example.", "b.EXAMPLE", "." };
    static const uint8_t outcomes[] = { OUTCOME_COMPLETED, OUTCOME_ALERT_SERVER, OUTCOME_RESET, OUTCOME_REFUSED };
    uint64_t s = 11;
    struct made m;
    for (unsigned i = 0; i < 3000; i++) {
        struct hello_spec spec = *specs[dice(&s, 3)];
        spec.sni = names[dice(&s, 5)];
        struct tls_event *ev = event_make(&m, &spec, dice(&s, 40), 50 + dice(&s, 4), T0 + i * (SEC / 20));
        uint8_t six[16] = { 0x20, 1, [15] = (uint8_t)dice(&s, 20) };
        if (dice(&s, 3) == 0)
            ev->client.addr = addr_ip6(six);
        ev->outcome = outcomes[dice(&s, 4)];
        if (ev->outcome == OUTCOME_REFUSED && dice(&s, 2))
            ev->aftermath = AFTER_CLOSE;
        if (dice(&s, 4) == 0)
            event_cert(&m, dice(&s, 5));
        cube_event(c, ev);
    }
    cube_settle(c);
}

static bool shows(const struct cube *c, bool (*what)(const struct cube_key *k))
{
    for (uint32_t row = 1; row <= cube_rows(c); row++)
        if (what(cube_row_key(c, row)))
            return true;
    return false;
}

static bool fell_back(const struct cube_key *k)
{
    return k->fallback_from != 0;
}

static bool came_back(const struct cube_key *k)
{
    return k->aftermath == AFTER_RECONNECT;
}

/* A handshake that waits comes to the same as one that does not. */
static void what_waits_is_tallied_alike(void **state)
{
    (void)state;
    struct cube *at_once = cube_new(&plain), *later = cube_new(&plain);
    crowd(later);
    dances(later);
    dances(at_once);
    assert_true(shows(later, fell_back));
    assert_true(shows(later, came_back));
    crowd(at_once);
    assert_same_cube(at_once, later);
    cube_free(at_once);
    cube_free(later);
}

/* Each row in its place, whatever the circles are in which they have to go. */
static void rows_are_put_in_order(void **state)
{
    (void)state;
    uint64_t s = 5;
    for (unsigned n = 0; n < 3000; n = n < 70 ? n + 1 : n * 3) {
        struct cube *c = cube_new(&plain);
        for (unsigned i = 0; i < n; i++) {
            unsigned client = dice(&s, 4) ? dice(&s, 9 * n) : i;
            struct cube_key k = { .client = party(client, 0), .server = party(1, 443), .day = i };
            assert_true(cube_put_row(c, &k, &(struct cube_val){ .count = i + 1 }, true));
        }
        char *before = cube_dump(c);
        cube_arrange(c);
        assert_int_equal(cube_rows(c), n);
        for (uint32_t row = 2; row <= n; row++)
            assert_true(cube_row_cmp(c, row - 1, row) < 0);
        char *after = cube_dump(c);
        assert_same_text(before, after);
        free(before);
        free(after);
        cube_free(c);
    }
}

/* Parties of the same first bytes, many of them: in the order of all of their bytes. */
static void rows_are_sorted_by_party(void **state)
{
    (void)state;
    enum { N = 2000 };
    struct cube *c = cube_new(&plain);
    uint64_t s = 3;
    for (unsigned i = 0; i < N; i++) {
        uint8_t six[16] = { 0x20, 1, 0xd, 0xb8, [12] = (uint8_t)dice(&s, 2), [14] = (uint8_t)dice(&s, 256), [15] = (uint8_t)i };
        struct cube_key k = { .client = dice(&s, 3) ? party(dice(&s, 1 << 24), 0) : (struct endpoint){ .addr = addr_ip6(six) },
                              .server = dice(&s, 3) ? party(dice(&s, 50), dice(&s, 3)) : (struct endpoint){ .addr = addr_ip6(six) },
                              .day = dice(&s, 3) };
        assert_true(cube_put_row(c, &k, &(struct cube_val){ .count = 1 }, true));
    }
    uint32_t *order = cube_sorted(c);
    for (uint32_t i = 1; i < cube_rows(c); i++) {
        const struct cube_key *a = cube_row_key(c, order[i - 1]), *b = cube_row_key(c, order[i]);
        int d = endpoint_cmp(&a->client, &b->client);
        d = d ? d : endpoint_cmp(&a->server, &b->server);
        assert_true(d < 0 || (d == 0 && a->day < b->day));
    }
    free(order);
    cube_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(handshakes_that_are_alike_share_a_row),
        cmocka_unit_test(every_column_separates),
        cmocka_unit_test(host_names_are_one_whatever_their_case),
        cmocka_unit_test(resumption_and_alpn_do_not_make_a_stack),
        cmocka_unit_test(a_profile_knows_its_highest_version_and_earliest_ja4),
        cmocka_unit_test(a_fallback_names_the_profile_it_came_from),
        cmocka_unit_test(poor_events_are_counted),
        cmocka_unit_test(a_flood_is_folded_and_counted),
        cmocka_unit_test(bytes_are_capped_beside_numbers),
        cmocka_unit_test(clients_are_grouped_by_prefix),
        cmocka_unit_test(pseudonyms_are_stable_for_a_key_and_hide_the_address),
        cmocka_unit_test(scope_is_part_of_the_key_only_when_asked_for),
        cmocka_unit_test(hours_are_in_order_and_add_up),
        cmocka_unit_test(hours_are_capped),
        cmocka_unit_test(inputs_have_ids_and_are_known_by_digest),
        cmocka_unit_test(services_are_in_order),
        cmocka_unit_test(spans_join_rows_and_what_outlived_them),
        cmocka_unit_test(merging_is_addition),
        cmocka_unit_test(order_and_division_do_not_matter),
        cmocka_unit_test(merging_into_a_small_cube_loses_no_count),
        cmocka_unit_test(what_is_put_comes_back),
        cmocka_unit_test(rows_are_sorted_by_party),
        cmocka_unit_test(none_of_many_is_lost),
        cmocka_unit_test(what_waits_is_tallied_alike),
        cmocka_unit_test(an_input_of_several_states_counts_again),
        cmocka_unit_test(rows_are_put_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
