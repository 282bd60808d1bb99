/* SPDX-License-Identifier: Apache-2.0 */
/*
 * make_state ROWS FILE - a state of so many rows that was made up: a tenth as many clients, of 400 stacks from TLS 1.0 to 1.3, some
 * with two of them, at 2,000 servers over a week. Nearly every row is a pair of its own: what a study has the most work with.
 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* What the helpers of the unit tests ask of cmocka. */
#define assert_true assert
#define assert_non_null(p) assert((p) != NULL)
#define assert_int_equal(a, b) assert((a) == (b))
#define fail_msg(...) abort()
#include "tests/unit/cube_make.h"

#include "report/store.h"

enum { STACKS = 400, SERVERS = 2000, DAY = 86400 };

/* Suites and groups in other orders and lengths, an extension more or less: stacks as they differ on a network. */
static void stack_make(unsigned n, struct hello_spec *s)
{
    static const uint16_t modern[] = { 0xc02f, 0xc030, 0xc02b, 0xc02c, 0xcca8, 0xcca9 }, old[] = { 0xc013, 0xc014, 0x002f, 0x0035, 0x000a };
    unsigned kind = n % 10, turn = n / 10, k = 0;
    *s = (struct hello_spec){ .legacy = kind == 0 ? 0x0301 : 0x0303 };
    if (kind >= 5) {
        s->versions[0] = 0x0304;
        s->versions[1] = 0x0303;
        s->suites[k++] = turn % 2 ? 0x1301 : 0x1302;
        s->suites[k++] = turn % 2 ? 0x1302 : 0x1301;
        s->shares[0] = 0x1d;
    }
    for (unsigned i = 0; kind && i < 2 + turn % 5; i++)
        s->suites[k++] = modern[(turn + i) % 6];
    for (unsigned i = 0; i < 1 + turn / 5 % 5; i++)
        s->suites[k++] = old[(turn + i) % 5];
    s->groups[0] = turn % 3 ? 0x1d : 0x17;
    s->groups[1] = turn % 3 ? 0x17 : 0x18;
    if (kind) {
        s->sigalgs[0] = 0x0804;
        s->sigalgs[1] = turn % 7 ? 0x0401 : 0x0403;
    }
    s->extra[0] = (uint16_t)(turn % 4 ? 23 : 22);
}

static uint32_t mix(uint32_t x)
{
    x = (x ^ x >> 16) * UINT32_C(0x7feb352d);
    x = (x ^ x >> 15) * UINT32_C(0x846ca68b);
    return x ^ x >> 16;
}

/* What the server chose: the best it has of what was offered; the same for the same offer, but at one in fifty that is several. */
static void choose(struct tls_event *ev, unsigned server, unsigned stack, uint32_t luck)
{
    unsigned kind = stack % 10;
    uint32_t habit = server % 50 == 7 ? luck : mix(server * STACKS + stack);
    bool old_server = server % 50 == 0, new_server = server % 3 == 0;
    ev->version = kind == 0 || old_server ? VER_TLS10 : kind >= 5 && new_server ? VER_TLS13 : VER_TLS12;
    ev->suite = ev->version == VER_TLS10 ? 0xc013 : ev->version == VER_TLS13 ? 0x1301 : habit % 9 ? 0xc02f : 0xc030;
    ev->flags = EV_RESUMED_KNOWN | (luck % 8 == 0 ? EV_RESUMED | EV_RESUMPTION_ATTEMPTED : 0u) | (luck % 3 ? EV_EMS : 0u);
    ev->sigscheme = ev->version == VER_TLS12 ? 0x0804 : 0;
    if (habit % 40 == 1) {
        ev->outcome = OUTCOME_ALERT_SERVER;
        ev->alert = (struct tls_alert){ 's', 2, 40 };
        ev->version = VER_NONE;
        ev->suite = SUITE_NONE;
        ev->group = 0;
    }
    if (luck % 97 == 2) {
        ev->outcome = OUTCOME_INCOMPLETE;
        ev->flags |= EV_GAP;
    }
}

static void row(struct cube *cube, uint32_t i)
{
    static struct made made;
    struct hello_spec spec;
    char name[64];
    uint32_t client = i / 10, luck = mix(i);
    unsigned stack = (client + (luck % 20 == 0)) % STACKS, server = mix(client * 16 + i % 10) % SERVERS;
    stack_make(stack, &spec);
    (void)snprintf(name, sizeof name, "host%u.example.net", server);
    spec.sni = server % 4 ? name : NULL;
    struct tls_event *ev = event_make(&made, &spec, client + 1, 0x10000 + server, T0 + (int64_t)(luck % (7 * DAY)) * SEC);
    ev->server.addr.b[0] = 172;
    choose(ev, server, stack, luck);
    if (ev->version && ev->version != VER_TLS13 && !(ev->flags & EV_RESUMED))
        event_cert(&made, server);
    cube_event(cube, ev);
}

int main(int argc, char **argv)
{
    struct err e = { "" };
    uint32_t rows = argc == 3 ? (uint32_t)strtoul(argv[1], NULL, 10) : 0;
    struct cube *cube = rows ? cube_new(&(struct cube_options){ .seed = 1 }) : NULL;
    struct input in = { .name = (char *)(uintptr_t)"made-up.pcap", .first_ns = T0, .last_ns = T0 + 7 * DAY * SEC, .packets = rows };
    bool ok = cube && cube_input(cube, &in);
    for (uint32_t i = 0; ok && i < 7 * 24; i++)
        cube_hour(cube, T0 / SEC / 3600 + i, &(struct stats){ .packets = 1000 });
    for (uint32_t i = 0; ok && i < rows; i++)
        row(cube, i);
    struct store *s = ok ? store_open(argv[2], STORE_WRITE, &e) : NULL;
    if (!s || store_save(s, cube, &e)) {
        fprintf(stderr, "make_state ROWS FILE: %s\n", e.text);
        return 2;
    }
    printf("%u rows\n", (unsigned)cube_rows(cube));
    store_close(s);
    cube_free(cube);
    return 0;
}
