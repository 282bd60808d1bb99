/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"
#include "tests/unit/upgrade_play.h"
#include "tests/unit/upgrade_conversations.h"

static struct play play;

/* How the bytes arrive. */
enum way { WHOLE, BYTEWISE, COALESCED, SPLIT };

static void feed(const struct said *said, enum way way, size_t split)
{
    unsigned d = said->who == 's' || said->who == 'S';
    for (size_t at = 0, n; at < said->n; at += n) {
        n = said->n - at;
        if (way == BYTEWISE)
            n = 1;
        if (way == SPLIT && at == 0 && split < n)
            n = split;
        play_feed(&play, d, guarded(said->bytes + at, n), n);
    }
}

/* Consecutive utterances of one side as one segment. */
static size_t coalesced(const struct said *said, struct said *whole)
{
    static char joined[8192];
    size_t n = 0, k = 0;
    bool server = said->who == 's' || said->who == 'S';
    for (; said[k].who && (said[k].who == 's' || said[k].who == 'S') == server; k++) {
        memcpy(joined + n, said[k].bytes, said[k].n);
        n += said[k].n;
    }
    *whole = (struct said){ .who = server ? 's' : 'c', .bytes = joined, .n = n };
    return k;
}

static void tls_expected(const struct conversation *c, unsigned d, uint8_t *out, size_t *n)
{
    *n = 0;
    for (const struct said *s = c->said; s->who; s++)
        if (s->who == (d ? 'S' : 'C')) {
            memcpy(out + *n, s->bytes, s->n);
            *n += s->n;
        }
}

static void check(const struct conversation *c, enum way way, size_t split)
{
    const struct upgrade_state *s;
    const struct upgrade_proto *row = play_row(&play, &s);
    bool good = c->name ? row && strcmp(row->name, c->name) == 0 : !row;
    if (good && row) {
        enum dialogue_verdict v = play.done ? play.verdict : DIALOGUE_MORE;
        good = v == c->verdict && s->offered == c->offered && s->requested == c->requested && s->refused == c->refused &&
               s->stripped == c->stripped && s->login == c->login && s->refusal_code == c->code;
        if (c->target)
            good = good && s->has_target && strcmp(s->tag, c->target) == 0;
    }
    if (!good)
        fail_msg("%s (way %d, split %zu): row %s verdict %d offered %d requested %d refused %d stripped %d login %d code %d target %s",
                 c->what, way, split, row ? row->name : "none", play.done ? (int)play.verdict : 0, s->offered, s->requested,
                 s->refused, s->stripped, s->login, s->refusal_code, s->has_target ? s->tag : "none");
    for (unsigned d = 0; d < 2 && c->verdict == DIALOGUE_TLS; d++) {
        uint8_t tls[256];
        size_t n;
        tls_expected(c, d, tls, &n);
        assert_int_equal(play.len[d] - play.base[d], n);
        assert_memory_equal(play.buf[d] + play.base[d], tls, n);
    }
}

static void run(const struct conversation *c, enum way way, size_t split)
{
    play_init(&play);
    for (const struct said *s = c->said; s->who;) {
        struct said whole = *s;
        s += way == COALESCED ? coalesced(s, &whole) : 1;
        feed(&whole, way, split);
    }
    check(c, way, split);
}

static void run_all(const struct conversation *c, size_t n)
{
    for (; n; n--, c++) {
        run(c, WHOLE, 0);
        run(c, COALESCED, 0);
        run(c, BYTEWISE, 0);
        size_t longest = 0;
        for (const struct said *s = c->said; s->who; s++)
            longest = s->n > longest ? s->n : longest;
        for (size_t split = 1; split < longest; split++)
            run(c, SPLIT, split);
    }
}

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static void line_protocols(void **state)
{
    (void)state;
    run_all(line_conversations, COUNT(line_conversations));
}

static void database_protocols(void **state)
{
    (void)state;
    run_all(database_conversations, COUNT(database_conversations));
}

static void binary_protocols(void **state)
{
    (void)state;
    run_all(binary_conversations, COUNT(binary_conversations));
}

static void tunnels(void **state)
{
    (void)state;
    run_all(tunnel_conversations, COUNT(tunnel_conversations));
}

/* Every prefix of every conversation leaves no row that read too far (guarded pages) and decides no TLS too early. */
static void prefixes_decide_nothing_early(const struct conversation *c, size_t n)
{
    for (; n; n--, c++) {
        size_t before = 0; /* utterances before the last one that decides TLS */
        while (c->said[before].who == 'c' || c->said[before].who == 's')
            before++;
        if (c->verdict != DIALOGUE_TLS || before == 0)
            continue;
        play_init(&play);
        for (size_t i = 0; i + 1 < before; i++)
            feed(&c->said[i], WHOLE, 0);
        for (size_t part = 0; part + 1 < c->said[before - 1].n; part++) {
            feed(&(struct said){ c->said[before - 1].who, c->said[before - 1].bytes + part, 1 }, WHOLE, 0);
            if (play.done && (play.verdict == DIALOGUE_TLS))
                fail_msg("%s: TLS before its last byte", c->what);
        }
    }
}

static void nothing_is_decided_early(void **state)
{
    (void)state;
    prefixes_decide_nothing_early(line_conversations, COUNT(line_conversations));
    prefixes_decide_nothing_early(database_conversations, COUNT(database_conversations));
    prefixes_decide_nothing_early(binary_conversations, COUNT(binary_conversations));
    prefixes_decide_nothing_early(tunnel_conversations, COUNT(tunnel_conversations));
}

/* The sides exchanged: a server that speaks first is then a client with nothing to say for itself. Nothing may crash, and
 * no row may claim TLS. */
static void directions_exchanged(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(line_conversations); i++) {
        play_init(&play);
        for (const struct said *s = line_conversations[i].said; s->who == 'c' || s->who == 's'; s++)
            play_feed(&play, s->who == 'c', guarded(s->bytes, s->n), s->n);
        assert_false(play.done && play.verdict == DIALOGUE_TLS);
    }
}

static const struct upgrade_proto *row_named(const char *name)
{
    for (unsigned i = 0; i < upgrade_count; i++)
        if (strcmp(upgrades[i]->name, name) == 0)
            return upgrades[i];
    fail_msg("no row %s", name);
    return NULL;
}

/* Feed wire bytes in pieces of a size, keeping what unwrap does not take, as a session does; the TLS bytes into out. */
static size_t unwrapped(const struct upgrade_proto *p, struct upgrade_state *s, const uint8_t *wire, size_t n, size_t piece,
                        uint8_t *out, bool *bare)
{
    size_t got = 0, from = 0;
    *bare = false;
    for (size_t to = 0; to < n && !*bare;) {
        to = to + piece < n ? to + piece : n;
        struct rd r = rd_of(guarded(wire + from, to - from), to - from), tls;
        while (!*bare && p->unwrap(s, true, &r, &tls, bare)) {
            if (rd_left(&tls))
                memcpy(out + got, tls.p, rd_left(&tls));
            got += rd_left(&tls);
        }
        from = to - rd_left(&r);
        if (*bare) {
            memcpy(out + got, wire + from, n - from);
            got += n - from;
        }
    }
    return got;
}

static void tds_packets_are_unwrapped(void **state)
{
    (void)state;
    uint8_t wire[64], out[64], want[64];
    size_t n = unhex("12 01 00 0b 00 00 00 00 16 03 01  04 01 00 0a 00 00 01 00 00 01  16 03 01 00 02 0e 00", wire, sizeof wire);
    size_t k = unhex("16 03 01 00 01 16 03 01 00 02 0e 00", want, sizeof want);
    for (size_t piece = 1; piece <= n; piece++) {
        struct upgrade_state s = { .confirmed = true };
        bool bare;
        assert_int_equal(unwrapped(row_named("tds"), &s, wire, n, piece, out, &bare), k);
        assert_memory_equal(out, want, k);
        assert_true(bare);
    }
}

/* TLS inside masked WebSocket frames: found in the frame's payload, unmasked in pieces, a control frame between. */
static void websocket_frames_are_unwrapped(void **state)
{
    (void)state;
    static const char request[] = "GET / HTTP/1.1\r\nUpgrade: websocket\r\n\r\n", answer[] = "HTTP/1.1 101 x\r\n\r\n";
    static const uint8_t mask[2][4] = { { 1, 2, 3, 4 }, { 10, 11, 12, 13 } };
    uint8_t wire[400], out[400], tls[300];
    size_t n = 0;
    memcpy(tls, "\x16\x03\x01\x01\x27\x01", 6);
    for (size_t i = 6; i < sizeof tls; i++)
        tls[i] = (uint8_t)i;
    for (size_t part = 0, at = 0; part < 2; part++, at = 200) {
        size_t size = part ? 100 : 200;
        n += unhex(part ? "82 e4 0a 0b 0c 0d" : "82 fe 00 c8 01 02 03 04", wire + n, sizeof wire - n);
        for (size_t i = 0; i < size; i++)
            wire[n++] = tls[at + i] ^ mask[part][i % 4];
        if (part == 0)
            n += unhex("89 80 00 00 00 00", wire + n, sizeof wire - n);
    }
    for (size_t piece = 1; piece <= n; piece++) {
        bool bare;
        play_init(&play);
        play_feed(&play, 0, request, sizeof request - 1);
        play_feed(&play, 1, answer, sizeof answer - 1);
        play_feed(&play, 0, wire, 40);
        assert_true(play.done && play.verdict == DIALOGUE_TLS);
        assert_string_equal(play.row->name, "http-upgrade");
        assert_int_equal(play.base[0], sizeof request - 1);
        assert_int_equal(unwrapped(play.row, &play.last, wire, n, piece, out, &bare), sizeof tls);
        assert_false(bare);
        assert_memory_equal(out, tls, sizeof tls);
    }
}

static void proxied_parties(const void *bytes, size_t n, const char *client, const char *server)
{
    char text[ADDR_TEXT];
    play_init(&play);
    play_feed(&play, 0, bytes, n);
    play_feed(&play, 0, "\x16\x03\x01\x00\xf1\x01", 6);
    assert_true(play.done && play.verdict == DIALOGUE_TLS);
    assert_string_equal(play.row->name, "proxy-protocol");
    assert_string_equal(endpoint_print(&play.last.real_client, text), client);
    assert_string_equal(endpoint_print(&play.last.real_server, text), server);
}

static void proxied_addresses_are_kept(void **state)
{
    (void)state;
    static const char v1[] = "PROXY TCP4 192.0.2.1 192.0.2.2 50000 443\r\n", v1_6[] = "PROXY TCP6 2001:db8::1 2001:db8::2 1 65535\r\n";
    proxied_parties(v1, sizeof v1 - 1, "192.0.2.1:50000", "192.0.2.2:443");
    proxied_parties(v1_6, sizeof v1_6 - 1, "[2001:db8::1]:1", "[2001:db8::2]:65535");
    uint8_t b[80];
    size_t n = unhex("0d0a0d0a000d0a515549540a 21 11 0013 c0000201 c0000202 c350 01bb 20 0004 01020304", b, sizeof b);
    proxied_parties(b, n, "192.0.2.1:50000", "192.0.2.2:443");
    n = unhex("0d0a0d0a000d0a515549540a 21 21 0024 20010db8000000000000000000000001 20010db8000000000000000000000002 c350 01bb", b, sizeof b);
    proxied_parties(b, n, "[2001:db8::1]:50000", "[2001:db8::2]:443");
    /* Refusals: a port over 65535, too short for its addresses, another version. */
    static const char bad[] = "PROXY TCP4 192.0.2.1 192.0.2.2 70000 443\r\n\x16\x03\x01\x00\xf1\x01";
    play_init(&play);
    play_feed(&play, 0, bad, sizeof bad - 1);
    assert_false(play.done && play.verdict != DIALOGUE_NONE);
    for (unsigned i = 0; i < 2; i++) {
        n = unhex(i ? "0d0a0d0a000d0a515549540a 31 11 000c c0000201 c0000202 c350 01bb 16 0301 00f1 01"
                    : "0d0a0d0a000d0a515549540a 21 11 0004 c0000201 16 0301 00f1 01", b, sizeof b);
        play_init(&play);
        play_feed(&play, 0, b, n);
        assert_false(play.done && play.verdict != DIALOGUE_NONE);
    }
}

static void hello_is_told_from_text(void **state)
{
    (void)state;
    static const struct {
        const char *hex;
        int is;
    } v[] = {
        { "16 03 01 00 f1 01", 1 }, { "16 03 03 00 4a 02", 1 }, { "16 03 04 00 f1 01", 1 }, { "15 03 01 00 02 02", 1 },
        { "16 03 01 00 f1", -1 },   { "16", -1 },               { "16 04", 0 },             { "16 03 05", 0 },
        { "16 03 01 00 f1 0b", 0 }, { "16 03 01 ff ff 01", 0 }, { "15 03 01 00 03 02", 0 }, { "80 4f 01 03 01 00 36", 1 },
        { "80 2e 01 00 02 00 15", 1 }, { "80 4f 01 03 09 00 36", 0 }, { "80 4f 05", 0 }, { "83 0b 04 00 01 00 02", 1 },
        { "17 03 03 00 20 01", 0 }, { "32 32 30 20", 0 },       { "", 0 },
    };
    for (size_t i = 0; i < COUNT(v); i++) {
        uint8_t b[16];
        size_t n = unhex(v[i].hex, b, sizeof b);
        assert_int_equal(upgrade_hello(rd_of(guarded(b, n), n)), v[i].is);
    }
}

static struct rd text(const char *s)
{
    return rd_of(s, strlen(s));
}

static void words_and_replies(void **state)
{
    (void)state;
    bool more;
    assert_int_equal(upgrade_reply(text("250-x\r\n"), &more), 250);
    assert_true(more);
    assert_int_equal(upgrade_reply(text("250 x\r\n"), &more), 250);
    assert_false(more);
    assert_int_equal(upgrade_reply(text("250\r\n"), &more), 250);
    assert_int_equal(upgrade_reply(text("250x"), &more), 0);
    assert_int_equal(upgrade_reply(text("25"), &more), 0);
    assert_int_equal(upgrade_reply(text("099 x"), &more), 0);
    assert_true(upgrade_word(text("starttls\r\n"), "STARTTLS"));
    assert_true(upgrade_word(text("STARTTLS"), "STARTTLS"));
    assert_false(upgrade_word(text("STARTTLSX\r\n"), "STARTTLS"));
    assert_false(upgrade_word(text("START"), "STARTTLS"));
    assert_true(upgrade_mentions(text("a STARTTLS]"), "starttls"));
    assert_false(upgrade_mentions(text("XSTARTTLS"), "STARTTLS"));
    assert_false(upgrade_mentions(text("STARTTLS2"), "STARTTLS"));
    assert_true(upgrade_stripped(text("XXXXXXXA")));
    assert_true(upgrade_stripped(text("XXXX")));
    assert_false(upgrade_stripped(text("XXX")));
    assert_false(upgrade_stripped(text("XCLIENT")));
    assert_false(upgrade_stripped(text("XXXXXXX1")));
    assert_int_equal(upgrade_line(text("ab\ncd")), 3);
    assert_int_equal(upgrade_line(text("abcd")), 0);
    assert_int_equal(upgrade_header(text("A: b\r\n\r\nrest")), 8);
    assert_int_equal(upgrade_header(text("A: b\n\nrest")), 6);
    assert_int_equal(upgrade_header(text("A: b\r\n")), 0);
}

/* A line longer than the limit is taken in pieces, never waited for. */
static void long_lines_are_cut(void **state)
{
    (void)state;
    static uint8_t big[LIMIT_UPGRADE_UNIT + 10];
    memset(big, 'a', sizeof big);
    assert_int_equal(upgrade_line(rd_of(big, sizeof big)), LIMIT_UPGRADE_UNIT);
    assert_int_equal(upgrade_line(rd_of(big, LIMIT_UPGRADE_UNIT - 1)), 0);
    big[LIMIT_UPGRADE_UNIT + 5] = '\n';
    assert_int_equal(upgrade_line(rd_of(big, sizeof big)), LIMIT_UPGRADE_UNIT);
    assert_int_equal(upgrade_header(rd_of(big, sizeof big)), UPGRADE_UNIT_NOT);
}

static void rows_are_whole(void **state)
{
    (void)state;
    for (unsigned i = 0; i < upgrade_count; i++) {
        assert_non_null(upgrades[i]->name);
        assert_non_null(upgrades[i]->may_start);
        assert_non_null(upgrades[i]->unit);
        assert_non_null(upgrades[i]->step);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_whole),
        cmocka_unit_test(hello_is_told_from_text),
        cmocka_unit_test(words_and_replies),
        cmocka_unit_test(long_lines_are_cut),
        cmocka_unit_test(line_protocols),
        cmocka_unit_test(database_protocols),
        cmocka_unit_test(binary_protocols),
        cmocka_unit_test(tunnels),
        cmocka_unit_test(tds_packets_are_unwrapped),
        cmocka_unit_test(websocket_frames_are_unwrapped),
        cmocka_unit_test(proxied_addresses_are_kept),
        cmocka_unit_test(nothing_is_decided_early),
        cmocka_unit_test(directions_exchanged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
