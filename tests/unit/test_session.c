/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of a stream between its first bytes and its event, through the seam: bytes and gaps in, events out. */
#include "tests/unit/test.h"
#include "dissect/session.h"

#define ZERO32 "0000000000000000000000000000000000000000000000000000000000000000"
#define CLIENT_HELLO "160301002d 01000029 0303" ZERO32 "00 0002 c02f 01 00"
#define SERVER_HELLO "160303002a 02000026 0303" ZERO32 "00 c02f 00"

struct play {
    struct event_sink sink; /* first: events come here */
    struct stats stats;
    struct dissector *ds;
    struct flow f;
    unsigned events;
    enum outcome outcome;
    char upgrade[32];
    uint16_t version;
    uint32_t flags;
    bool hello; /* the client's was seen */
};
enum { CLIENT, SERVER };

static void on_event(struct event_sink *self, const struct tls_event *ev)
{
    struct play *p = (struct play *)(void *)self;
    p->events++;
    p->outcome = ev->outcome;
    p->version = ev->version;
    p->flags = ev->flags;
    p->hello = ev->ch != NULL;
    (void)snprintf(p->upgrade, sizeof p->upgrade, "%s", ev->upgrade ? ev->upgrade : "");
}

static int setup(void **state)
{
    static struct play p;
    p = (struct play){ .sink = { .event = on_event } };
    p.f = (struct flow){ .proto = PROTO_TCP, .initiator = CLIENT, .first_ns = 1, .now_ns = 1, .frame = 1 };
    p.f.side[CLIENT].port = 40000;
    p.f.side[SERVER].port = 25;
    p.ds = dissector_new(&p.sink, &p.stats, 7);
    assert_non_null(p.ds);
    *state = &p;
    return 0;
}

static int teardown(void **state)
{
    struct play *p = *state;
    assert_null(p->f.user);
    dissector_free(p->ds);
    return 0;
}

static enum stream_verdict say(struct play *p, unsigned d, const void *bytes, size_t n)
{
    const struct stream_sink *s = dissector_sink(p->ds);
    p->f.frame++;
    p->f.data[d] = p->f.seen[d] = true;
    return s->bytes(s->ctx, &p->f, d, rd_of(guarded(bytes, n), n));
}

static enum stream_verdict text(struct play *p, unsigned d, const char *line)
{
    return say(p, d, line, strlen(line));
}

static enum stream_verdict hex(struct play *p, unsigned d, const char *digits)
{
    uint8_t bytes[256];
    return say(p, d, bytes, unhex(digits, bytes, sizeof bytes));
}

static enum stream_verdict gap(struct play *p, unsigned d, uint32_t missing)
{
    const struct stream_sink *s = dissector_sink(p->ds);
    p->f.has_gap = true;
    return s->gap(s->ctx, &p->f, d, missing);
}

static void end(struct play *p)
{
    const struct stream_sink *s = dissector_sink(p->ds);
    s->end(s->ctx, &p->f, END_FIN, CLIENT);
}

static void ask_for_tls(struct play *p)
{
    assert_int_equal(text(p, SERVER, "220 mail.example ESMTP\r\n"), STREAM_MORE);
    assert_int_equal(text(p, CLIENT, "EHLO me\r\n"), STREAM_MORE);
    assert_int_equal(text(p, SERVER, "250-mail.example\r\n250 STARTTLS\r\n"), STREAM_MORE);
    assert_int_equal(text(p, CLIENT, "STARTTLS\r\n"), STREAM_MORE);
    assert_int_equal(text(p, SERVER, "220 go ahead\r\n"), STREAM_MORE);
}

static void a_hello_after_the_upgrade_is_named_for_it(void **state)
{
    struct play *p = *state;
    ask_for_tls(p);
    assert_int_equal(hex(p, CLIENT, CLIENT_HELLO), STREAM_MORE);
    assert_int_equal(hex(p, SERVER, SERVER_HELLO), STREAM_MORE);
    end(p);
    assert_int_equal(p->events, 1);
    assert_string_equal(p->upgrade, "smtp");
    assert_int_equal(p->version, VER_TLS12);
    assert_int_equal(p->stats.handshakes, 1);
}

static void a_lost_client_hello_leaves_the_upgrade_known(void **state)
{
    struct play *p = *state;
    ask_for_tls(p);
    assert_int_equal(gap(p, CLIENT, 50), STREAM_MORE);
    assert_int_equal(hex(p, SERVER, SERVER_HELLO), STREAM_MORE);
    end(p);
    assert_int_equal(p->events, 1);
    assert_string_equal(p->upgrade, "smtp");
    assert_int_equal(p->version, VER_TLS12);
}

static void what_was_lost_behind_an_upgrade_is_counted(void **state)
{
    struct play *p = *state;
    ask_for_tls(p);
    assert_int_equal(gap(p, CLIENT, 5000), STREAM_MORE);
    end(p);
    assert_int_equal(p->events, 0);
    assert_int_equal(p->stats.upgrade_unknown, 1);
}

static void the_search_for_a_hello_behind_a_gap_ends(void **state)
{
    struct play *p = *state;
    ask_for_tls(p);
    assert_int_equal(gap(p, CLIENT, 5000), STREAM_MORE);
    unsigned n = 0;
    while (n < 1000 && text(p, CLIENT, "whatever this is\r\n") == STREAM_MORE)
        n++;
    assert_in_range(n, 1, 999);
    assert_int_equal(p->stats.upgrade_unknown, 1);
}

static void a_gap_in_what_is_nothing_is_no_state(void **state)
{
    struct play *p = *state;
    assert_int_equal(text(p, SERVER, "220 w"), STREAM_MORE); /* FTP, SMTP: nobody is certain yet */
    assert_int_equal(gap(p, SERVER, 10), STREAM_WATCH);
    assert_int_equal(p->stats.upgrade_unknown, 0);
}

static void log_in(struct play *p)
{
    assert_int_equal(text(p, SERVER, "220 mail.example ESMTP\r\n"), STREAM_MORE);
    assert_int_equal(text(p, CLIENT, "EHLO me\r\n"), STREAM_MORE);
    assert_int_equal(text(p, SERVER, "250-mail.example\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n"), STREAM_MORE);
    assert_int_equal(text(p, CLIENT, "AUTH PLAIN AGEAYg==\r\n"), STREAM_MORE);
    assert_int_equal(text(p, SERVER, "235 welcome\r\n"), STREAM_MORE);
}

static void a_login_in_clear_counts_whatever_follows(void **state)
{
    struct play *p = *state;
    log_in(p);
    assert_int_equal(gap(p, CLIENT, 10), STREAM_MORE);
    end(p);
    assert_int_equal(p->stats.cleartext_login, 1);
    assert_int_equal(p->stats.upgrade_unknown, 1);
}

static void a_login_in_clear_counts_before_tls_too(void **state)
{
    struct play *p = *state;
    log_in(p);
    assert_int_equal(text(p, CLIENT, "STARTTLS\r\n"), STREAM_MORE);
    assert_int_equal(text(p, SERVER, "220 go ahead\r\n"), STREAM_MORE);
    assert_int_equal(hex(p, CLIENT, CLIENT_HELLO), STREAM_MORE);
    end(p);
    assert_true(p->flags & EV_CLEARTEXT_LOGIN);
    assert_int_equal(p->stats.cleartext_login, 1);
}

/* CVE-2011-0411 and its kin: what comes behind the answer is no TLS, and then the hello comes all the same. */
static void commands_injected_behind_the_answer_are_no_session_of_their_own(void **state)
{
    struct play *p = *state;
    ask_for_tls(p);
    assert_int_equal(text(p, CLIENT, "MAIL FROM:<a@b>\r\n"), STREAM_MORE);
    assert_int_equal(hex(p, CLIENT, CLIENT_HELLO), STREAM_MORE);
    assert_int_equal(hex(p, SERVER, SERVER_HELLO), STREAM_MORE);
    end(p);
    assert_int_equal(p->events, 1);
    assert_string_equal(p->upgrade, "smtp");
    assert_int_equal(p->version, VER_TLS12);
}

static void clear_text_behind_the_answer_is_an_upgrade_given_up(void **state)
{
    struct play *p = *state;
    ask_for_tls(p);
    assert_int_equal(text(p, CLIENT, "MAIL FROM:<a@b>\r\n"), STREAM_MORE);
    end(p);
    assert_int_equal(p->events, 1);
    assert_int_equal(p->outcome, OUTCOME_ABANDONED);
}

static void a_hello_sent_early_outlives_the_loss_of_the_answer(void **state)
{
    struct play *p = *state;
    assert_int_equal(text(p, SERVER, "220 mail.example ESMTP\r\n"), STREAM_MORE);
    assert_int_equal(text(p, CLIENT, "EHLO me\r\n"), STREAM_MORE);
    assert_int_equal(text(p, SERVER, "250-mail.example\r\n250 STARTTLS\r\n"), STREAM_MORE);
    assert_int_equal(text(p, CLIENT, "STARTTLS\r\n"), STREAM_MORE);
    assert_int_equal(hex(p, CLIENT, CLIENT_HELLO), STREAM_MORE);
    assert_int_equal(text(p, SERVER, "220 g"), STREAM_MORE);
    assert_int_equal(gap(p, SERVER, 9), STREAM_MORE);
    assert_int_equal(hex(p, SERVER, SERVER_HELLO), STREAM_MORE);
    end(p);
    assert_int_equal(p->events, 1);
    assert_string_equal(p->upgrade, "smtp");
    assert_int_equal(p->version, VER_TLS12);
    assert_true(p->hello);
}

/* Two directions captured by two ports are a little out of step. */
static void an_answer_captured_behind_the_hello_is_one(void **state)
{
    struct play *p = *state;
    assert_int_equal(text(p, SERVER, "220 mail.example ESMTP\r\n"), STREAM_MORE);
    assert_int_equal(text(p, CLIENT, "EHLO me\r\n"), STREAM_MORE);
    assert_int_equal(text(p, SERVER, "250-mail.example\r\n250 STARTTLS\r\n"), STREAM_MORE);
    assert_int_equal(text(p, CLIENT, "STARTTLS\r\n"), STREAM_MORE);
    assert_int_equal(hex(p, CLIENT, CLIENT_HELLO), STREAM_MORE);
    assert_int_equal(text(p, SERVER, "220 go ahead\r\n"), STREAM_MORE);
    assert_int_equal(hex(p, SERVER, SERVER_HELLO), STREAM_MORE);
    end(p);
    assert_int_equal(p->events, 1);
    assert_string_equal(p->upgrade, "smtp");
    assert_int_equal(p->version, VER_TLS12);
}

static void a_hello_that_is_never_answered_is_one(void **state)
{
    struct play *p = *state;
    assert_int_equal(text(p, SERVER, "220 mail.example ESMTP\r\n"), STREAM_MORE);
    assert_int_equal(text(p, CLIENT, "EHLO me\r\n"), STREAM_MORE);
    assert_int_equal(text(p, CLIENT, "STARTTLS\r\n"), STREAM_MORE);
    assert_int_equal(hex(p, CLIENT, CLIENT_HELLO), STREAM_MORE);
    end(p);
    assert_int_equal(p->events, 1);
    assert_string_equal(p->upgrade, "smtp");
    assert_int_equal(p->outcome, OUTCOME_UNANSWERED);
}

static const char ssl_request[] = "00000008 04d2162f";

/* The server has said nothing yet, and its one byte is captured behind the hello. */
static void one_byte_captured_behind_the_hello_is_an_answer(void **state)
{
    struct play *p = *state;
    p->f.seen[SERVER] = true; /* the SYN-ACK */
    p->f.side[SERVER].port = 5432;
    assert_int_equal(hex(p, CLIENT, ssl_request), STREAM_MORE);
    assert_int_equal(hex(p, CLIENT, CLIENT_HELLO), STREAM_MORE);
    assert_int_equal(text(p, SERVER, "S"), STREAM_MORE);
    assert_int_equal(hex(p, SERVER, SERVER_HELLO), STREAM_MORE);
    end(p);
    assert_int_equal(p->events, 1);
    assert_string_equal(p->upgrade, "postgresql");
    assert_int_equal(p->version, VER_TLS12);
    assert_int_equal(p->outcome, OUTCOME_CLOSED);
}

/* One direction only, but for its SYN-ACK. */
static void an_answer_that_is_never_captured_holds_nothing_back(void **state)
{
    struct play *p = *state;
    for (unsigned acknowledged = 0; acknowledged < 2; acknowledged++) {
        p->f.seen[SERVER] = true;
        p->f.data[SERVER] = p->f.unseen_data[SERVER] = false;
        p->f.side[SERVER].port = 5432;
        p->events = 0;
        assert_int_equal(hex(p, CLIENT, ssl_request), STREAM_MORE);
        assert_int_equal(hex(p, CLIENT, CLIENT_HELLO), STREAM_MORE);
        p->f.unseen_data[SERVER] = acknowledged;
        for (unsigned i = 0; i < 2000; i++)
            assert_int_equal(hex(p, CLIENT, "1703030010 00112233445566778899aabbccddeeff"), STREAM_MORE);
        end(p);
        assert_int_equal(p->events, 1);
        assert_string_equal(p->upgrade, "postgresql");
        assert_int_equal(p->outcome, OUTCOME_ONE_SIDED);
        assert_true(p->hello);
    }
}

static void auth_tls(struct play *p)
{
    assert_int_equal(text(p, CLIENT, "AUTH TLS\r\n"), STREAM_MORE);
    assert_int_equal(text(p, SERVER, "234 go ahead\r\n"), STREAM_MORE);
}

/* A resumed session of TLS 1.2; the last answer. */
static enum stream_verdict shake_hands(struct play *p)
{
    assert_int_equal(hex(p, CLIENT, CLIENT_HELLO), STREAM_MORE);
    assert_int_equal(hex(p, SERVER, SERVER_HELLO "140303000101" "1603030028" ZERO32 "0000000000000000"), STREAM_MORE);
    return hex(p, CLIENT, "140303000101" "1603030028" ZERO32 "0000000000000000");
}

static void ftp_may_turn_to_tls_again(void **state)
{
    struct play *p = *state;
    assert_int_equal(text(p, SERVER, "220 FTP\r\n"), STREAM_MORE);
    auth_tls(p);
    assert_int_equal(shake_hands(p), STREAM_MORE);
    assert_int_equal(p->events, 1);
    assert_int_equal(p->outcome, OUTCOME_COMPLETED);
    assert_int_equal(hex(p, CLIENT, "1703030010 00112233445566778899aabbccddeeff"), STREAM_MORE); /* CCC */
    assert_int_equal(hex(p, SERVER, "1503030010 00112233445566778899aabbccddeeff"), STREAM_MORE);
    auth_tls(p);
    assert_int_equal(gap(p, SERVER, 3), STREAM_MORE);
    assert_int_equal(shake_hands(p), STREAM_MORE);
    assert_int_equal(p->events, 2);
    assert_string_equal(p->upgrade, "ftp");
    end(p);
    assert_int_equal(p->events, 2);
    assert_int_equal(p->stats.handshakes, 2);
}

static void the_search_for_another_handshake_ends(void **state)
{
    struct play *p = *state;
    assert_int_equal(text(p, SERVER, "220 FTP\r\n"), STREAM_MORE);
    auth_tls(p);
    assert_int_equal(shake_hands(p), STREAM_MORE);
    unsigned n = 0;
    while (n < 1000 && hex(p, CLIENT, "1703030010 00112233445566778899aabbccddeeff") == STREAM_MORE)
        n++;
    assert_in_range(n, 1, 999);
    assert_int_equal(p->events, 1);
}

static void behind_other_upgrades_nothing_is_looked_at(void **state)
{
    struct play *p = *state;
    ask_for_tls(p);
    assert_int_equal(shake_hands(p), STREAM_DONE);
    assert_int_equal(p->events, 1);
}

static void behind_an_alert_in_clear_a_look_is_worth_while(void **state)
{
    struct play *p = *state;
    ask_for_tls(p);
    assert_int_equal(hex(p, CLIENT, CLIENT_HELLO), STREAM_MORE);
    assert_int_equal(hex(p, SERVER, "15030300020246"), STREAM_WATCH);
    assert_int_equal(p->events, 1);
    assert_int_equal(p->outcome, OUTCOME_ALERT_SERVER);
    assert_int_equal(shake_hands(p), STREAM_DONE);
    assert_int_equal(p->events, 2);
    assert_int_equal(p->outcome, OUTCOME_COMPLETED);
}

static bool peek(struct play *p, enum peek_at at, const char *digits)
{
    const struct stream_sink *s = dissector_sink(p->ds);
    uint8_t bytes[256];
    size_t n = unhex(digits, bytes, sizeof bytes);
    return s->peek(s->ctx, PROTO_UDP, 40000, 443, at, rd_of(guarded(bytes, n), n));
}

/* Of a session that was told already, what goes on for hours is no connection of its own. */
static void a_told_session_is_not_joined_again(void **state)
{
    struct play *p = *state;
    static const char *const begins[] = {
        "16 feff 0000 000000000000 0036 01 00002a 0000 000000 00002a fefd" ZERO32 "00 00 0002 c02f 01 00",
        "c0 00000001 08 0102030405060708 00 00 4014 00112233445566778899aabbccddeeff00112233",
    };
    static const char *const goes_on[] = {
        "17 fefd 0001 000000000009 0004 01020304",
        "e0 00000001 08 0102030405060708 00 4014 00112233445566778899aabbccddeeff00112233",
    };
    for (unsigned i = 0; i < 2; i++) {
        assert_true(peek(p, PEEK_START, begins[i]));
        assert_true(peek(p, PEEK_WATCH, begins[i]));
        assert_true(peek(p, PEEK_START, goes_on[i]));
        assert_false(peek(p, PEEK_WATCH, goes_on[i]));
    }
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_hello_after_the_upgrade_is_named_for_it),
        T(a_lost_client_hello_leaves_the_upgrade_known),
        T(what_was_lost_behind_an_upgrade_is_counted),
        T(the_search_for_a_hello_behind_a_gap_ends),
        T(a_gap_in_what_is_nothing_is_no_state),
        T(a_login_in_clear_counts_whatever_follows),
        T(a_login_in_clear_counts_before_tls_too),
        T(a_told_session_is_not_joined_again),
        T(commands_injected_behind_the_answer_are_no_session_of_their_own),
        T(clear_text_behind_the_answer_is_an_upgrade_given_up),
        T(a_hello_sent_early_outlives_the_loss_of_the_answer),
        T(an_answer_captured_behind_the_hello_is_one),
        T(a_hello_that_is_never_answered_is_one),
        T(one_byte_captured_behind_the_hello_is_an_answer),
        T(an_answer_that_is_never_captured_holds_nothing_back),
        T(ftp_may_turn_to_tls_again),
        T(the_search_for_another_handshake_ends),
        T(behind_other_upgrades_nothing_is_looked_at),
        T(behind_an_alert_in_clear_a_look_is_worth_while),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
