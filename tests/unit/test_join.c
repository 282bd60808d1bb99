/* SPDX-License-Identifier: Apache-2.0 */
/* Cubes that share the events of a run, joined: what they hold is what one cube holds that saw all of them, ids included. */
#include "tests/unit/test.h"
#include "base/limits.h"
#include "tests/unit/cube_make.h"

enum { EVENTS = 3000, MOST = 5 };

struct run {
    struct cube *one, *joined, *part[MOST];
    unsigned parts;
    bool alone; /* no two parts have a row that is the same */
};

static void input(struct cube *c)
{
    const struct input in = { .name = (char *)(uintptr_t)"run.pcap", .read_ns = 5 };
    assert_int_equal(cube_input(c, &in), 1);
}

static void run_open(struct run *r, unsigned parts)
{
    *r = (struct run){ .one = cube_new(&(struct cube_options){ .seed = 1 }),
                       .joined = cube_new(&(struct cube_options){ .seed = 2 }), .parts = parts };
    input(r->one);
    input(r->joined);
    for (unsigned i = 0; i < parts; i++) {
        r->part[i] = cube_new(&(struct cube_options){ .seed = 3 + i });
        cube_share(r->part[i]);
        input(r->part[i]);
    }
}

static void run_close(struct run *r)
{
    cube_free(r->one);
    cube_free(r->joined);
    for (unsigned i = 0; i < r->parts; i++)
        cube_free(r->part[i]);
}

/* One address in three is of IPv6. */
static void party_six(struct endpoint *e)
{
    uint8_t six[16] = { 0x20, 1, 0xd, 0xb8, [15] = e->addr.b[3] };
    if (e->addr.b[3] % 3 == 0)
        e->addr = addr_ip6(six);
}

/* Event number n, to the cube that sees all and to the part whose it is. Every tenth comes through one of two balancers, unless parts
 * are to have rows of their own. */
static void run_event(struct run *r, uint64_t *dice_state, unsigned n)
{
    static const struct hello_spec *const specs[] = { &hello_tls10, &hello_tls12, &hello_tls13 };
    static const uint8_t outcomes[] = { OUTCOME_COMPLETED, OUTCOME_RESET, OUTCOME_ALERT_SERVER, OUTCOME_CLOSED };
    struct made m;
    char name[32];
    struct hello_spec spec = *specs[dice(dice_state, 3)];
    (void)snprintf(name, sizeof name, "host%u.example", dice(dice_state, 200));
    spec.sni = name;
    spec.suites[3] = (uint16_t)(0x0100 + dice(dice_state, 40));
    struct tls_event *ev = event_make(&m, &spec, dice(dice_state, 60), 1000 + dice(dice_state, 20), T0 + n * (SEC / 4));
    ev->end_ns = ev->ts_ns;
    ev->outcome = outcomes[dice(dice_state, 4)];
    ev->frame_client_hello = n + 1;
    ev->input = 1;
    if (dice(dice_state, 2))
        event_cert(&m, 1 + dice(dice_state, 30));
    party_six(&ev->client);
    party_six(&ev->server);
    if (dice(dice_state, 10) == 0 && !r->alone)
        ev->via = party(5000 + dice(dice_state, 2), 7);
    if (dice(dice_state, 20) == 0) {
        ev->outcome = OUTCOME_REFUSED;
        ev->aftermath = AFTER_CLOSE;
    }
    const struct addr *speaker = ev->via.addr.kind == ADDR_NONE ? &ev->client.addr : &ev->via.addr;
    struct cube *mine = r->part[addr_pair(speaker, &ev->server.addr) % LIMIT_SHARES % r->parts];
    cube_event(r->one, ev);
    cube_at(mine, n, UINT64_MAX);
    cube_event(mine, ev);
}

static void assert_same_ids(const struct cube *a, const struct cube *b)
{
    assert_int_equal(cube_names(a), cube_names(b));
    assert_int_equal(cube_profiles(a), cube_profiles(b));
    assert_int_equal(cube_certs(a), cube_certs(b));
    for (uint32_t id = 1; id <= cube_names(a); id++) {
        struct rd x = cube_name(a, id), y = cube_name(b, id);
        assert_int_equal(rd_left(&x), rd_left(&y));
        assert_memory_equal(x.p, y.p, rd_left(&x));
    }
    for (uint32_t id = 1; id <= cube_profiles(a); id++)
        assert_string_equal(cube_profile(a, id)->ja4, cube_profile(b, id)->ja4);
    for (uint32_t id = 1; id <= cube_certs(a); id++)
        assert_memory_equal(cube_cert(a, id)->sha256, cube_cert(b, id)->sha256, 32);
}

/* More handshakes than fit into a row. */
static void put_wide(struct run *r, unsigned n)
{
    struct cube *mine = r->part[n % r->parts], *both[] = { r->one, mine };
    const struct cube_val v = { .count = (UINT64_C(1) << 33) + n, .first_ns = T0, .last_ns = T0 + SEC,
                                .exemplar = { .ts_ns = T0 + 5, .frame = n, .input = 1 } };
    const struct cube_key k = { .client = party(900 + n, 0), .server = party(900, 1), .suite = n };
    for (unsigned i = 0; i < 2; i++)
        assert_true(cube_put_row(both[i], &k, &v, true));
}

/* Rows that moved are found again. */
static void assert_found(struct cube *c)
{
    uint32_t rows = cube_rows(c);
    for (uint32_t row = 1; row <= rows; row += 7) {
        const struct cube_key k = cube_key_of(c, row);
        uint64_t before = cube_val_of(c, row).count;
        assert_true(cube_put_row(c, &k, &(struct cube_val){ .count = 1, .first_ns = T0, .last_ns = T0 }, true));
        assert_int_equal(cube_val_of(c, row).count, before + 1);
    }
    assert_int_equal(cube_rows(c), rows);
    assert_true(cube_put_row(c, &(struct cube_key){ .client = party(77777, 0) }, &(struct cube_val){ .count = 1 }, true));
    assert_int_equal(cube_rows(c), rows + 1);
    char *text = cube_dump(c); /* sorted anew */
    free(text);
}

/* Of all ways: rows apart or not, sorted or not, for the last time or not. */
static void joined_is_one(void **state)
{
    (void)state;
    for (unsigned how = 0; how < 8 * MOST; how++) {
        struct run r;
        uint64_t s = 77 + how;
        bool last = how & 1, sorted = how & 2;
        run_open(&r, how / 8 + 1);
        r.alone = how & 4;
        for (unsigned n = 0; n < EVENTS; n++)
            run_event(&r, &s, n);
        for (unsigned n = 0; n < 9; n++)
            put_wide(&r, n);
        cube_settle(r.one);
        for (unsigned i = 0; i < r.parts; i++) {
            cube_settle(r.part[i]);
            if (sorted)
                cube_arrange(r.part[i]);
        }
        assert_int_equal((last ? cube_join_last : cube_join)(r.joined, r.part, r.parts), 0);
        assert_same_cube(r.one, r.joined);
        assert_same_ids(r.one, r.joined);
        assert_true(cube_rows(r.joined) > 500);
        if (last && sorted && r.alone) /* they did move */
            assert_true(cube_rows(r.part[0]) == 0);
        assert_found(r.joined);
        run_close(&r);
    }
}

/* What is saved on the way is added to what comes later. */
static void joined_in_parts_is_one(void **state)
{
    (void)state;
    struct run r;
    uint64_t s = 5;
    run_open(&r, 3);
    for (unsigned n = 0; n < EVENTS; n++) {
        run_event(&r, &s, n);
        if (n % 700 != 699)
            continue;
        assert_int_equal(cube_join(r.joined, r.part, r.parts), 0);
        for (unsigned i = 0; i < r.parts; i++)
            cube_restart(r.part[i], false);
    }
    cube_settle(r.one);
    for (unsigned i = 0; i < r.parts; i++)
        cube_settle(r.part[i]);
    assert_int_equal(cube_join(r.joined, r.part, r.parts), 0);
    assert_same_cube(r.one, r.joined);
    assert_same_ids(r.one, r.joined);
    run_close(&r);
}

/* Where the cube is full, what is folded is not in its place: it is sorted when it is read. */
static void a_full_cube_is_sorted_when_read(void **state)
{
    (void)state;
    struct run r;
    uint64_t s = 9;
    run_open(&r, 2);
    cube_free(r.joined);
    r.joined = cube_new(&(struct cube_options){ .max_rows = 100 });
    input(r.joined);
    for (unsigned n = 0; n < EVENTS; n++)
        run_event(&r, &s, n);
    for (unsigned i = 0; i < r.parts; i++) {
        cube_settle(r.part[i]);
        cube_arrange(r.part[i]);
    }
    assert_int_equal(cube_join(r.joined, r.part, r.parts), 0);
    assert_true(cube_rows(r.joined) < cube_rows(r.one));
    uint32_t *order = cube_sorted(r.joined);
    for (uint32_t i = 1; i < cube_rows(r.joined); i++)
        assert_true(endpoint_cmp(&cube_row_key(r.joined, order[i - 1])->client, &cube_row_key(r.joined, order[i])->client) <= 0);
    free(order);
    run_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(joined_is_one),
        cmocka_unit_test(joined_in_parts_is_one),
        cmocka_unit_test(a_full_cube_is_sorted_when_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
