/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"
#include "tests/unit/upgrade_trial.h"
#include "tests/unit/upgrade_conversations.h"

static struct trial trial;

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
        trial_feed(&trial, d, guarded(said->bytes + at, n), n);
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
    const struct upgrade_proto *row = trial_row(&trial, &s);
    bool good = c->name ? row && strcmp(row->name, c->name) == 0 : !row;
    if (good && row) {
        enum up_verdict v = trial.done ? trial.verdict : UP_MORE;
        good = v == c->verdict && s->offered == c->offered && s->requested == c->requested && s->refused == c->refused &&
               s->stripped == c->stripped && s->login == c->login && s->refusal_code == c->code;
        if (c->target)
            good = good && s->has_target && strcmp(s->tag, c->target) == 0;
    }
    if (!good)
        fail_msg("%s (way %d, split %zu): row %s verdict %d offered %d requested %d refused %d stripped %d login %d code %d target %s",
                 c->what, way, split, row ? row->name : "none", trial.done ? (int)trial.verdict : 0, s->offered, s->requested,
                 s->refused, s->stripped, s->login, s->refusal_code, s->has_target ? s->tag : "none");
    for (unsigned d = 0; d < 2 && c->verdict == UP_TLS; d++) {
        uint8_t tls[256];
        size_t n;
        tls_expected(c, d, tls, &n);
        assert_int_equal(trial.len[d] - trial.base[d], n);
        assert_memory_equal(trial.buf[d] + trial.base[d], tls, n);
    }
}

static void run(const struct conversation *c, enum way way, size_t split)
{
    trial_init(&trial);
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

/* Every prefix of every conversation leaves no row that read too far (guarded pages) and decides no TLS too early. */
static void prefixes_decide_nothing_early(const struct conversation *c, size_t n)
{
    for (; n; n--, c++) {
        size_t before = 0; /* utterances before the last one that decides TLS */
        while (c->said[before].who == 'c' || c->said[before].who == 's')
            before++;
        if (c->verdict != UP_TLS || before == 0)
            continue;
        trial_init(&trial);
        for (size_t i = 0; i + 1 < before; i++)
            feed(&c->said[i], WHOLE, 0);
        for (size_t part = 0; part + 1 < c->said[before - 1].n; part++) {
            feed(&(struct said){ c->said[before - 1].who, c->said[before - 1].bytes + part, 1 }, WHOLE, 0);
            if (trial.done && (trial.verdict == UP_TLS))
                fail_msg("%s: TLS before its last byte", c->what);
        }
    }
}

static void nothing_is_decided_early(void **state)
{
    (void)state;
    prefixes_decide_nothing_early(line_conversations, COUNT(line_conversations));
    prefixes_decide_nothing_early(database_conversations, COUNT(database_conversations));
}

/* The sides exchanged: a server that speaks first is then a client with nothing to say for itself. Nothing may crash, and
 * no row may claim TLS. */
static void directions_exchanged(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(line_conversations); i++) {
        trial_init(&trial);
        for (const struct said *s = line_conversations[i].said; s->who == 'c' || s->who == 's'; s++)
            trial_feed(&trial, s->who == 'c', guarded(s->bytes, s->n), s->n);
        assert_false(trial.done && trial.verdict == UP_TLS);
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
        cmocka_unit_test(nothing_is_decided_early),
        cmocka_unit_test(directions_exchanged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
