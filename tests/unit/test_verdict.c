/* SPDX-License-Identifier: Apache-2.0 */
/* One verdict after the other, from hand-made handshakes: what each clause says, and what it must not say. */
#include "tests/unit/test.h"
#include "dissect/event.h"
#include "report/accept.h"
#include "report/answers.h"
#include "report/coverage.h"
#include "report/names_file.h"
#include "report/showed.h"
#include "report/study.h"
#include "tests/unit/cube_make.h"

#include <limits.h>

static struct cube *cube;

/* A handshake. What is not given: completed, full, at once, without a name. */
struct told {
    const struct hello_spec *hello; /* NULL: not captured */
    unsigned client, server, times;
    const char *sni, *upgrade;
    int64_t at_s;
    uint8_t outcome, aftermath, sentinel;
    uint16_t version, group, dh, sigscheme;
    uint32_t suite, flags;
    uint8_t key; /* of the certificate, enum cert_key */
    uint16_t bits;
    bool resumed;
    struct tls_alert alert;
};

static struct made made;

static void tell_one(const struct told *t, unsigned n)
{
    struct hello_spec spec = t->hello ? *t->hello : hello_tls12;
    spec.sni = t->sni;
    struct tls_event *ev = event_make(&made, &spec, t->client, t->server, T0 + t->at_s * SEC + n * SEC);
    if (!t->hello) {
        ev->ch = NULL;
        ev->offer = rd_of(NULL, 0);
    }
    ev->outcome = t->outcome;
    ev->aftermath = t->aftermath;
    ev->sentinel = t->sentinel;
    ev->version = t->version;
    ev->group = t->group;
    ev->dh_bits = t->dh;
    ev->sigscheme = t->sigscheme;
    ev->suite = t->version ? t->suite : SUITE_NONE;
    ev->flags = t->flags | (t->version ? EV_RESUMED_KNOWN : 0u) | (t->resumed ? EV_RESUMED | EV_RESUMPTION_ATTEMPTED : 0u);
    ev->upgrade = t->upgrade;
    ev->alert = t->alert;
    if (t->key) {
        made.cert = (struct cert_facts){ .key = t->key, .key_bits = t->bits ? t->bits : 2048, .sig_hash_bits = 256 };
        made.cert.curve = t->key == CERT_KEY_EC ? 0x17 : 0;
        memset(made.cert.sha256, t->key, sizeof made.cert.sha256);
        made.cert.sha256[0] = (uint8_t)made.cert.key_bits;
        ev->cert = &made.cert;
    }
    cube_event(cube, ev);
}

static void tell_all(const struct told *t, size_t n)
{
    for (size_t i = 0; i < n; i++)
        for (unsigned k = 0; k < (t[i].times ? t[i].times : 1); k++)
            tell_one(&t[i], k);
}
#define TELL(...) tell_all((const struct told[]){ __VA_ARGS__ }, sizeof((const struct told[]){ __VA_ARGS__ }) / sizeof(struct told))

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

/* ---- asking ---- */

static struct policy *tls12, *tls13, *no_cbc, *no_rsa;
static struct study_request request;
static struct view view;
static struct rollup *rollup;
static struct study *study;

static void study_close(void)
{
    study_free(study);
    rollup_free(rollup);
    study = NULL;
    rollup = NULL;
}

static void study_under(struct policy **p)
{
    study_close();
    request.policy = p;
    request.policies = 1;
    request.fail_on = 1u << VERDICT_BREAKS | 1u << VERDICT_PLAINTEXT | 1u << VERDICT_SERVER_FIRST;
    view.study = &request;
    rollup = rollup_make(cube, &view);
    assert_non_null(rollup);
    study = study_make(rollup, &request);
    assert_non_null(study);
    study_judge(study, 0);
}

/* The verdict for a client at a server, about the stack that offered the highest version there (of several, the first). */
static const struct verdict *find(unsigned client, unsigned server, uint16_t max_version)
{
    const struct endpoint c = party(client, 0), s = party(server, 443);
    for (uint32_t i = 0; i < study_verdicts(study); i++) {
        const struct verdict *v = study_verdict(study, i);
        const struct cell *cell = study_cell(study, v->cell);
        const struct profile *p = cube_profile(cube, cell->profile);
        bool here = addr_equal(study_client(study, cell->client), &c.addr) &&
                    addr_equal(&study_place(study, cell->place)->server.addr, &s.addr);
        if (here && (!max_version || (p && p->max_version == max_version)))
            return v;
    }
    fail_msg("no verdict for client %u at server %u", client, server);
    return NULL;
}

static bool gives_reason(const struct verdict *v, const char *part)
{
    char text[REASONS][REASON_TEXT];
    unsigned n = verdict_reasons(study, v, text);
    for (unsigned i = 0; i < n; i++)
        if (strstr(text[i], part))
            return true;
    return false;
}

static void expect(struct policy **p, unsigned client, unsigned server, uint16_t max, enum verdict_kind want, const char *reason)
{
    study_under(p);
    const struct verdict *v = find(client, server, max);
    char text[REASONS][REASON_TEXT];
    unsigned n = verdict_reasons(study, v, text);
    if (v->is != want)
        fail_msg("%s, not %s: %s", verdict_name(v->is), verdict_name(want), n ? text[0] : "");
    if (reason && !gives_reason(v, reason))
        fail_msg("\"%s\" is not among the reasons: %s", reason, n ? text[0] : "none");
    study_close();
}
#define EXPECT(policy, client, server, want, reason) expect(&(policy), client, server, 0, VERDICT_##want, reason)
#define EXPECT_STACK(policy, client, server, max, want, reason) expect(&(policy), client, server, max, VERDICT_##want, reason)

#define CHOSE_12 .version = VER_TLS12, .suite = 0xc02f, .group = 0x1d, .sigscheme = 0x0804, .key = CERT_KEY_RSA
#define CHOSE_10 .version = VER_TLS10, .suite = 0x002f, .key = CERT_KEY_RSA
#define CHOSE_13 .version = VER_TLS13, .suite = 0x1301, .group = 0x1d
#define REFUSED .outcome = OUTCOME_ALERT_SERVER, .alert = { 's', 2, 70 }

static const struct hello_spec cbc_and_gcm = { .legacy = 0x0303, .suites = { 0xc02f, 0xc013, 0x002f }, .groups = { 0x1d, 0x17 },
                                               .sigalgs = { 0x0804, 0x0401, 0x0201 } };

/* ---- 1 failing ---- */

static void failing_is_what_never_completed(void **state)
{
    (void)state;
    TELL({ &hello_tls12, 1, 9, REFUSED }, { &hello_tls12, 2, 9, REFUSED }, { &hello_tls12, 2, 9, .at_s = 60, CHOSE_12 });
    EXPECT(tls12, 1, 9, FAILING, "protocol_version (70)");
}

static void failing_needs_every_handshake_seen(void **state)
{
    (void)state;
    TELL({ &hello_tls12, 1, 9, REFUSED }, { &hello_tls12, 1, 9, .outcome = OUTCOME_INCOMPLETE, .at_s = 9 });
    EXPECT(tls12, 1, 9, UNKNOWN, NULL);
}

static void silence_is_no_failure_where_many_connections_have_gaps(void **state)
{
    (void)state;
    enum { HOURS = 20 };
    TELL({ &hello_tls12, 1, 9, .outcome = OUTCOME_CLOSED }, { &hello_tls12, 1, 9, .at_s = (HOURS - 1) * 3600, .outcome = OUTCOME_CLOSED },
         { &hello_tls12, 2, 9, REFUSED }, { &hello_tls12, 2, 9, .at_s = (HOURS - 1) * 3600, REFUSED });
    for (int64_t i = 0; i < HOURS; i++)
        cube_hour(cube, T0 / SEC / 3600 + i, &(struct stats){ .packets = 100, .connections = 10, .stream_gap = i == 0 });
    EXPECT(tls12, 1, 9, FAILING, NULL); /* one hour in twenty says little */
    cube_hour(cube, T0 / SEC / 3600 + 7, &(struct stats){ .packets = 100, .connections = 10, .stream_gap = 9 });
    EXPECT(tls12, 1, 9, UNKNOWN, NULL);
    EXPECT(tls12, 2, 9, FAILING, NULL); /* an alert says so */
}

static void failing_comes_before_breaks(void **state)
{
    (void)state;
    TELL({ &hello_tls10, 1, 9, REFUSED });
    EXPECT(tls12, 1, 9, FAILING, "not to be blamed on the cutover");
}

/* ---- 2, 3 plaintext, breaks ---- */

static void breaks_when_nothing_allowed_is_offered(void **state)
{
    (void)state;
    TELL({ &hello_tls10, 1, 9, CHOSE_10 });
    EXPECT(tls12, 1, 9, BREAKS, "the least upgrade that would clear it: TLS 1.2");
}

static void breaks_needs_one_hello_and_no_answer(void **state)
{
    (void)state;
    TELL({ &hello_tls10, 1, 9, .outcome = OUTCOME_ONE_SIDED, .flags = EV_ONE_SIDED });
    EXPECT(tls12, 1, 9, BREAKS, NULL);
}

static void breaks_names_the_suite(void **state)
{
    (void)state;
    static const struct hello_spec cbc = { .legacy = 0x0303, .suites = { 0xc013, 0x002f }, .groups = { 0x17 }, .sigalgs = { 0x0401 } };
    TELL({ &cbc, 1, 9, .version = VER_TLS12, .suite = 0xc013, .group = 0x17, .key = CERT_KEY_RSA });
    EXPECT(no_cbc, 1, 9, BREAKS, "no cipher suite");
    EXPECT(tls12, 1, 9, READY, NULL);
}

static void breaks_in_an_opportunistic_protocol_may_fall(void **state)
{
    (void)state;
    TELL({ &hello_tls10, 1, 9, CHOSE_10, .upgrade = "smtp" }, { &hello_tls10, 2, 9, CHOSE_10 });
    EXPECT(tls12, 1, 9, BREAKS, "may fall to plaintext");
    study_under(&tls12);
    assert_false(gives_reason(find(2, 9, 0), "plaintext"));
    study_close();
}

static void plaintext_must_have_been_seen(void **state)
{
    (void)state;
    TELL({ &hello_tls10, 1, 9, CHOSE_10, .upgrade = "smtp" },
         { NULL, 1, 9, .upgrade = "smtp", .outcome = OUTCOME_REFUSED, .aftermath = AFTER_PLAINTEXT, .at_s = 60 });
    EXPECT(tls12, 1, 9, PLAINTEXT, "clear text");
}

static void going_on_where_tls_is_not_offered_is_plaintext(void **state)
{
    (void)state;
    TELL({ &hello_tls10, 1, 9, CHOSE_10, .upgrade = "imap" },
         { NULL, 1, 9, .upgrade = "imap", .outcome = OUTCOME_NOT_OFFERED, .flags = EV_CLEARTEXT_LOGIN, .at_s = 60 });
    EXPECT(tls12, 1, 9, PLAINTEXT, "clear text");
    TELL({ &hello_tls10, 1, 8, CHOSE_10, .upgrade = "imap" },
         { NULL, 1, 8, .upgrade = "imap", .outcome = OUTCOME_NOT_OFFERED, .at_s = 60 }); /* what then? It may have left */
    EXPECT(tls12, 1, 8, BREAKS, "may fall");
}

static void plaintext_of_another_protocol_does_not_count(void **state)
{
    (void)state;
    TELL({ &hello_tls10, 1, 9, CHOSE_10, .upgrade = "smtp" },
         { NULL, 1, 9, .upgrade = "imap", .outcome = OUTCOME_PLAINTEXT, .at_s = 60 });
    EXPECT(tls12, 1, 9, BREAKS, "may fall");
}

static void plaintext_of_which_stack_is_not_guessed(void **state)
{
    (void)state;
    TELL({ &hello_tls10, 1, 9, CHOSE_10, .upgrade = "smtp" }, { &hello_tls12, 1, 9, CHOSE_12, .upgrade = "smtp" },
         { NULL, 1, 9, .upgrade = "smtp", .outcome = OUTCOME_PLAINTEXT, .at_s = 60 });
    EXPECT_STACK(tls12, 1, 9, VER_TLS10, BREAKS, "1 of 2 stacks at this address breaks");
}

static void a_client_that_can_do_better_does_not_fall(void **state)
{
    (void)state;
    TELL({ &hello_tls12, 1, 9, CHOSE_12, .upgrade = "smtp" },
         { NULL, 1, 9, .upgrade = "smtp", .outcome = OUTCOME_PLAINTEXT, .at_s = 60 });
    EXPECT(tls12, 1, 9, READY, NULL);
}

/* ---- 4 ready ---- */

static void ready_when_all_satisfy(void **state)
{
    (void)state;
    TELL({ &hello_tls12, 1, 9, CHOSE_12, .times = 3 });
    EXPECT(tls12, 1, 9, READY, NULL);
}

static void ready_needs_a_full_handshake(void **state)
{
    (void)state;
    TELL({ &hello_tls12, 1, 9, .version = VER_TLS12, .suite = 0xc02f, .resumed = true });
    EXPECT(tls12, 1, 9, LIKELY, "only resumed handshakes");
}

static void ready_is_not_said_of_what_is_invisible(void **state)
{
    (void)state;
    struct policy *rfc9325 = policy_open("rfc9325", 0, NULL);
    assert_non_null(rfc9325);
    TELL({ &hello_tls13, 1, 9, CHOSE_13 });
    EXPECT(tls12, 1, 9, READY, NULL);
    EXPECT(rfc9325, 1, 9, LIKELY, "not visible: certificate");
    policy_free(rfc9325);
}

static void loss_leaves_ready_what_its_own_handshake_proves(void **state)
{
    (void)state;
    TELL({ &hello_tls12, 1, 9, CHOSE_12 }, { &hello_tls12, 1, 9, .outcome = OUTCOME_INCOMPLETE, .flags = EV_GAP, .at_s = 60 });
    EXPECT(tls12, 1, 9, SAFE, "packets between the two are missing");
}

static void a_suite_that_was_not_offered_is_no_readiness(void **state)
{
    (void)state;
    TELL({ &hello_tls12, 1, 9, CHOSE_12, .flags = EV_SUITE_NOT_OFFERED });
    EXPECT(tls12, 1, 9, UNKNOWN, NULL);
}

/* ---- 5 server-first ---- */

static void server_first_when_it_chose_a_forbidden_version(void **state)
{
    (void)state;
    TELL({ &hello_tls12, 1, 9, CHOSE_10 });
    EXPECT(tls12, 1, 9, SERVER_FIRST, "although TLS 1.2 was offered");
}

static void server_first_not_with_packets_missing(void **state)
{
    (void)state;
    TELL({ &hello_tls12, 1, 9, CHOSE_10 }, { &hello_tls12, 1, 9, .outcome = OUTCOME_INCOMPLETE, .flags = EV_GAP, .at_s = 60 });
    EXPECT(tls12, 1, 9, UNKNOWN, "packets");
}

static void loss_of_another_stack_does_not_matter(void **state)
{
    (void)state;
    TELL({ &hello_tls12, 1, 9, CHOSE_10 }, { &hello_tls10, 1, 9, .outcome = OUTCOME_INCOMPLETE, .flags = EV_GAP, .at_s = 60 });
    EXPECT_STACK(tls12, 1, 9, VER_TLS12, SERVER_FIRST, NULL);
}

static void a_sentinel_against_a_higher_offer_is_interception(void **state)
{
    (void)state;
    TELL({ &hello_tls12, 1, 9, CHOSE_10, .sentinel = SENTINEL_TLS11 });
    EXPECT(tls12, 1, 9, UNKNOWN, "interception is suspected");
}

static void server_first_under_a_13_only_policy(void **state)
{
    (void)state;
    TELL({ &hello_tls13, 1, 9, CHOSE_12 }, { &hello_tls12, 2, 9, CHOSE_12 }, { &hello_tls13, 3, 8, CHOSE_13 });
    EXPECT(tls13, 1, 9, SERVER_FIRST, NULL);
    EXPECT(tls13, 2, 9, BREAKS, "TLS 1.2 at most");
    EXPECT(tls13, 3, 8, READY, NULL);
}

static void server_first_when_nothing_is_left_at_its_ceiling(void **state)
{
    (void)state; /* no rule about versions: but what is offered at TLS 1.0 is all CBC */
    struct policy *cbc = policy_inline(NULL, "cbc", NULL);
    assert_non_null(cbc);
    TELL({ &cbc_and_gcm, 1, 9, .version = VER_TLS10, .suite = 0x002f, .key = CERT_KEY_RSA },
         { &cbc_and_gcm, 2, 8, .version = VER_TLS12, .suite = 0x002f, .key = CERT_KEY_RSA });
    EXPECT(cbc, 1, 9, SERVER_FIRST, "although TLS 1.2 was offered");
    EXPECT(cbc, 2, 8, LIKELY, NULL);
    policy_free(cbc);
}

static void server_first_for_its_certificate(void **state)
{
    (void)state;
    struct policy *rfc9325 = policy_open("rfc9325", 0, NULL);
    assert_non_null(rfc9325);
    TELL({ &hello_tls12, 1, 9, CHOSE_12, .bits = 1024 });
    EXPECT(rfc9325, 1, 9, SERVER_FIRST, "certificate is not allowed");
    EXPECT(tls12, 1, 9, READY, NULL);
    policy_free(rfc9325);
}

/* ---- 6 safe ---- */

static void safe_by_what_the_server_did_for_another(void **state)
{
    (void)state;
    TELL({ &cbc_and_gcm, 1, 9, .version = VER_TLS12, .suite = 0xc013, .group = 0x1d, .sigscheme = 0x0804, .key = CERT_KEY_RSA },
         { &hello_tls12, 2, 9, CHOSE_12 });
    EXPECT(no_cbc, 1, 9, SAFE, NULL);
}

static void proofs_do_not_add_up(void **state)
{
    (void)state; /* the suite with one group, the group with another suite: never together */
    static const struct hello_spec p256 = { .legacy = 0x0303, .suites = { 0xc02f, 0xc013 }, .groups = { 0x17 }, .sigalgs = { 0x0804 } };
    TELL({ &p256, 1, 9, .version = VER_TLS12, .suite = 0xc013, .group = 0x17, .sigscheme = 0x0804, .key = CERT_KEY_RSA },
         { &hello_tls12, 2, 9, CHOSE_12 });
    EXPECT(no_cbc, 1, 9, LIKELY, "only the version is proved");
}

static void a_proof_is_of_the_same_name(void **state)
{
    (void)state;
    TELL({ &cbc_and_gcm, 1, 9, .sni = "a.example", .version = VER_TLS12, .suite = 0xc013, .group = 0x1d, .key = CERT_KEY_RSA },
         { &hello_tls12, 2, 9, .sni = "b.example", CHOSE_12 });
    EXPECT(no_cbc, 1, 9, LIKELY, NULL);
}

static void a_proof_is_not_resumed(void **state)
{
    (void)state;
    TELL({ &cbc_and_gcm, 1, 9, .version = VER_TLS12, .suite = 0xc013, .group = 0x1d, .key = CERT_KEY_RSA },
         { &hello_tls12, 2, 9, CHOSE_12, .resumed = true });
    EXPECT(no_cbc, 1, 9, LIKELY, NULL);
}

static void own_refusal_outweighs_an_earlier_proof(void **state)
{
    (void)state;
    const struct told other = { &hello_tls12, 2, 9, CHOSE_12 };
    TELL(other, { &cbc_and_gcm, 1, 9, .at_s = 10, .outcome = OUTCOME_CLOSED }, { &cbc_and_gcm, 1, 9, .at_s = 20, .outcome = OUTCOME_INCOMPLETE });
    EXPECT(no_cbc, 1, 9, UNKNOWN, "refused an offer");
    struct told again = other;
    again.at_s = 100;
    tell_all(&again, 1);
    EXPECT(no_cbc, 1, 9, LIKELY, NULL); /* it has only ever failed or not been seen to succeed */
}

/* ---- 7 likely ---- */

static void the_sentinel_proves_a_ceiling(void **state)
{
    (void)state;
    TELL({ &hello_tls12, 1, 9, .outcome = OUTCOME_INCOMPLETE }, { &hello_tls10, 2, 9, CHOSE_10, .sentinel = SENTINEL_TLS11, .at_s = 9 });
    EXPECT(tls12, 1, 9, LIKELY, "marked a downgrade");
    EXPECT(tls12, 2, 9, BREAKS, NULL);
}

static void no_sentinel_proves_nothing(void **state)
{
    (void)state;
    TELL({ &hello_tls12, 1, 9, .outcome = OUTCOME_INCOMPLETE }, { &hello_tls10, 2, 9, CHOSE_10, .at_s = 9 });
    EXPECT(tls12, 1, 9, UNKNOWN, "answer was not seen");
}

static void a_large_dh_prime_is_not_everybodys(void **state)
{
    (void)state;
    static const struct hello_spec dhe = { .legacy = 0x0303, .suites = { 0x009e, 0x0033, 0x002f }, .sigalgs = { 0x0401, 0x0804 } };
    static const struct hello_spec other = { .legacy = 0x0303, .suites = { 0x009e }, .sigalgs = { 0x0401, 0x0804 } };
    TELL({ &dhe, 1, 9, .version = VER_TLS12, .suite = 0x002f, .key = CERT_KEY_RSA },
         { &other, 2, 9, .version = VER_TLS12, .suite = 0x009e, .dh = 2048, .sigscheme = 0x0401, .key = CERT_KEY_RSA });
    EXPECT(no_cbc, 1, 9, LIKELY, "DH prime");
}

static void no_signature_algorithms_no_certainty(void **state)
{
    (void)state;
    static const struct hello_spec none = { .legacy = 0x0303, .suites = { 0xc02f, 0xc013 }, .groups = { 0x1d } };
    TELL({ &none, 1, 9, .version = VER_TLS12, .suite = 0xc013, .group = 0x1d, .sigscheme = 0x0201, .key = CERT_KEY_RSA },
         { &hello_tls12, 2, 9, CHOSE_12 });
    EXPECT(no_cbc, 1, 9, LIKELY, "signature");
}

/* ---- 8 unknown ---- */

static void unknown_without_a_hello(void **state)
{
    (void)state;
    TELL({ NULL, 1, 9, CHOSE_12, .flags = EV_ONE_SIDED });
    EXPECT(tls12, 1, 9, UNKNOWN, "was not seen");
}

/* The ServerHello was lost: it completed, and what was chosen is not known. */
static void completed_without_a_choice_proves_nothing(void **state)
{
    (void)state;
    TELL({ &hello_tls12, 1, 9, .flags = EV_GAP }, { &hello_tls12, 2, 9, .outcome = OUTCOME_INCOMPLETE });
    EXPECT(tls12, 1, 9, UNKNOWN, NULL);
    EXPECT(tls12, 2, 9, UNKNOWN, NULL);
}

/* ---- several backends, changes ---- */

static void several_backends_are_their_intersection(void **state)
{
    (void)state;
    TELL({ &hello_tls12, 1, 9, CHOSE_12 }, { &hello_tls12, 1, 9, .at_s = 10, CHOSE_10 }, { &hello_tls12, 1, 9, .at_s = 20, CHOSE_12 },
         { &hello_tls13, 2, 9, .at_s = 15, CHOSE_12 });
    EXPECT(tls12, 1, 9, SERVER_FIRST, "several backends");
    EXPECT(tls12, 2, 9, SERVER_FIRST, "several backends");
}

static void two_answers_are_no_change(void **state)
{
    (void)state; /* one before, one after: as likely two backends */
    TELL({ &hello_tls12, 1, 9, CHOSE_10 }, { &hello_tls12, 1, 9, .at_s = 100, CHOSE_12 });
    EXPECT(tls12, 1, 9, SERVER_FIRST, "several backends");
}

static void a_group_that_was_not_seen_is_no_second_answer(void **state)
{
    (void)state;
    TELL({ &hello_tls12, 1, 9, CHOSE_12 }, { &cbc_and_gcm, 2, 9, .version = VER_TLS12, .suite = 0xc013, .group = 0x1d },
         { &cbc_and_gcm, 2, 9, .at_s = 1, .version = VER_TLS12, .suite = 0xc013 });
    EXPECT(no_cbc, 1, 9, READY, NULL);
    TELL({ &cbc_and_gcm, 2, 9, .at_s = 2, .version = VER_TLS12, .suite = 0x002f });
    EXPECT(no_cbc, 1, 9, LIKELY, "several backends");
}

static void a_change_in_time_is_one(void **state)
{
    (void)state;
    TELL({ &hello_tls12, 1, 9, CHOSE_10, .times = 4 }, { &hello_tls12, 1, 9, .at_s = 100, CHOSE_12, .times = 4 },
         { &hello_tls13, 2, 9, CHOSE_10, .at_s = 2 });
    EXPECT(tls12, 1, 9, READY, "configuration changed");
    EXPECT(tls12, 2, 9, LIKELY, "configuration changed"); /* TLS 1.3 is offered: what it would get is not known */
}

static void a_change_back_counts_too(void **state)
{
    (void)state;
    TELL({ &hello_tls12, 1, 9, CHOSE_12, .times = 4 }, { &hello_tls12, 1, 9, .at_s = 100, CHOSE_10, .times = 4 });
    EXPECT(tls12, 1, 9, SERVER_FIRST, NULL);
}

static void backends_that_agree_about_the_policy_do_no_harm(void **state)
{
    (void)state;
    TELL({ &hello_tls12, 1, 9, CHOSE_12 },
         { &hello_tls12, 1, 9, .at_s = 10, .version = VER_TLS12, .suite = 0xc030, .group = 0x1d, .sigscheme = 0x0804, .key = CERT_KEY_RSA },
         { &hello_tls12, 1, 9, .at_s = 20, CHOSE_12 });
    EXPECT(tls12, 1, 9, READY, NULL);
}

static void a_backend_that_refuses_is_not_ready(void **state)
{
    (void)state;
    TELL({ &hello_tls12, 1, 9, CHOSE_12 }, { &hello_tls12, 1, 9, .at_s = 10, REFUSED }, { &hello_tls12, 1, 9, .at_s = 20, CHOSE_12 });
    EXPECT(tls12, 1, 9, LIKELY, "several backends");
}

/* ---- fallback dances ---- */

static const struct hello_spec low = { .legacy = 0x0301, .suites = { 0xc02f, 0x002f }, .groups = { 0x1d, 0x17 } };
static const struct hello_spec low_scsv = { .legacy = 0x0301, .suites = { 0xc02f, 0x002f, 0x5600 }, .groups = { 0x1d, 0x17 } };

static void a_dance_with_scsv_raises_the_ceiling(void **state)
{
    (void)state;
    TELL({ &hello_tls12, 1, 9, REFUSED }, { &low_scsv, 1, 9, .at_s = 1, CHOSE_10, .flags = EV_FALLBACK_SCSV });
    EXPECT_STACK(tls12, 1, 9, VER_TLS10, SERVER_FIRST, "intolerant");
    EXPECT_STACK(tls12, 1, 9, VER_TLS12, FAILING, NULL);
}

static void a_dance_once_raises_nothing(void **state)
{
    (void)state;
    TELL({ &hello_tls12, 1, 9, REFUSED }, { &low, 1, 9, .at_s = 1, CHOSE_10 });
    EXPECT_STACK(tls12, 1, 9, VER_TLS10, BREAKS, "a retry, or a second machine");
}

static void a_dance_twice_and_never_otherwise_does(void **state)
{
    (void)state;
    TELL({ &hello_tls12, 1, 9, REFUSED }, { &low, 1, 9, .at_s = 1, CHOSE_10 }, { &hello_tls12, 1, 9, .at_s = 100, REFUSED },
         { &low, 1, 9, .at_s = 101, CHOSE_10 });
    EXPECT_STACK(tls12, 1, 9, VER_TLS10, SERVER_FIRST, "intolerant");
    TELL({ &low, 1, 8, .at_s = 1000, CHOSE_10 });
    EXPECT_STACK(tls12, 1, 9, VER_TLS10, BREAKS, "second machine");
}

static void a_dance_of_which_packets_are_missing_is_unknown(void **state)
{
    (void)state; /* each of these would break, were it not for the loss */
    TELL({ &hello_tls12, 1, 9, .outcome = OUTCOME_CLOSED, .flags = EV_MIDSTREAM }, { &low, 1, 9, .at_s = 100, CHOSE_10 });
    EXPECT_STACK(tls12, 1, 9, VER_TLS10, UNKNOWN, "packets");
    TELL({ NULL, 2, 9, .outcome = OUTCOME_INCOMPLETE, .flags = EV_GAP }, { &low, 2, 9, .at_s = 100, CHOSE_10 });
    EXPECT_STACK(tls12, 2, 9, VER_TLS10, UNKNOWN, "packets");
    TELL({ NULL, 3, 9, .version = VER_TLS10, .suite = 0x2f, .flags = EV_GAP }, { &low, 3, 9, .at_s = 100, CHOSE_10 });
    EXPECT_STACK(tls12, 3, 9, VER_TLS10, BREAKS, NULL); /* what completed was not retried */
}

static void what_would_prove_a_dance_may_be_missing(void **state)
{
    (void)state; /* a retry was seen once: the second may be among what is missing, with this server or another */
    TELL({ &hello_tls12, 1, 9, REFUSED }, { &low, 1, 9, .at_s = 1, CHOSE_10 }, { &low, 1, 8, .at_s = 50, CHOSE_10, .flags = EV_GAP });
    EXPECT_STACK(tls12, 1, 9, VER_TLS10, UNKNOWN, "packets");
    EXPECT_STACK(tls12, 1, 8, VER_TLS10, UNKNOWN, "packets");
    /* the higher hello was seen with another server alone */
    TELL({ &hello_tls12, 2, 8, CHOSE_12 }, { &low, 2, 9, .at_s = 100, CHOSE_10, .flags = EV_GAP });
    EXPECT_STACK(tls12, 2, 9, VER_TLS10, UNKNOWN, "packets");
    /* nothing tells of another hello */
    TELL({ &low, 3, 9, .at_s = 200, CHOSE_10, .flags = EV_GAP });
    EXPECT(tls12, 3, 9, BREAKS, NULL);
}

static void a_proved_dance_with_packets_missing_is_not_the_servers(void **state)
{
    (void)state;
    TELL({ &hello_tls12, 1, 9, REFUSED }, { &low_scsv, 1, 9, .at_s = 1, CHOSE_10, .flags = EV_FALLBACK_SCSV },
         { NULL, 1, 9, .at_s = 50, .outcome = OUTCOME_INCOMPLETE, .flags = EV_GAP });
    EXPECT_STACK(tls12, 1, 9, VER_TLS10, UNKNOWN, "packets");
}

static void a_certificate_that_may_not_have_been_taken(void **state)
{
    (void)state; /* the server asks for one, and TLS 1.3 hides what it thinks of it */
    TELL({ &hello_tls12, 2, 9, CHOSE_12, .flags = EV_CLIENT_CERT_REQUESTED | EV_CLIENT_CERT_SENT }, { &hello_tls13, 1, 9, CHOSE_13 });
    EXPECT(tls12, 1, 9, READY, NULL);
    TELL({ NULL, 1, 9, .at_s = 50, .outcome = OUTCOME_INCOMPLETE, .flags = EV_GAP });
    EXPECT_STACK(tls12, 1, 9, VER_TLS13, LIKELY, "authenticate by certificate");
}

static void a_failure_that_may_have_been_lost_is_not_safe(void **state)
{
    (void)state;
    TELL({ &hello_tls12, 2, 9, CHOSE_12 }, { &cbc_and_gcm, 1, 9, .outcome = OUTCOME_INCOMPLETE, .flags = EV_GAP });
    EXPECT(no_cbc, 1, 9, LIKELY, NULL);
}

static void a_dance_to_suites_that_were_not_offered_does_not(void **state)
{
    (void)state;
    TELL({ &hello_tls12, 1, 9, REFUSED }, { &hello_tls10, 1, 9, .at_s = 1, CHOSE_10 }, { &hello_tls12, 1, 9, .at_s = 100, REFUSED },
         { &hello_tls10, 1, 9, .at_s = 101, CHOSE_10 });
    EXPECT_STACK(tls12, 1, 9, VER_TLS10, BREAKS, NULL);
}

static void a_dance_that_was_an_accident(void **state)
{
    (void)state;
    TELL({ &hello_tls12, 1, 9, .outcome = OUTCOME_RESET }, { &low_scsv, 1, 9, .at_s = 1, CHOSE_10, .flags = EV_FALLBACK_SCSV },
         { &hello_tls12, 1, 9, .at_s = 100, CHOSE_12, .times = 3 });
    EXPECT_STACK(tls12, 1, 9, VER_TLS10, LIKELY, "succeeds at other times");
}

static void scsv_alone_is_no_ceiling(void **state)
{
    (void)state;
    TELL({ &low_scsv, 1, 9, CHOSE_10, .flags = EV_FALLBACK_SCSV });
    EXPECT(tls12, 1, 9, UNKNOWN, "TLS_FALLBACK_SCSV");
}

static void a_hello_that_resumes_is_no_ceiling(void **state)
{
    (void)state;
    TELL({ &hello_tls10, 1, 9, CHOSE_10, .resumed = true });
    EXPECT(tls12, 1, 9, UNKNOWN, "only hellos that resume");
    TELL({ &hello_tls10, 1, 9, .at_s = 60, CHOSE_10 });
    EXPECT(tls12, 1, 9, BREAKS, NULL);
}

/* ---- right in particular ---- */

static void supported_versions_without_12(void **state)
{
    (void)state;
    static const struct hello_spec odd = { .legacy = 0x0303, .versions = { 0x0304, 0x0302, 0x0301 }, .suites = { 0x1301, 0xc013 },
                                           .groups = { 0x1d }, .sigalgs = { 0x0804 } };
    TELL({ &odd, 1, 9, .version = VER_TLS11, .suite = 0xc013, .group = 0x1d, .key = CERT_KEY_RSA });
    EXPECT(tls12, 1, 9, SERVER_FIRST, "although TLS 1.3 was offered");
    struct policy *only12 = policy_inline("TLSv1.2", "0x1301", NULL);
    if (only12)
        EXPECT(only12, 1, 9, BREAKS, NULL);
    policy_free(only12);
}

static void a_13_hello_with_12_suites(void **state)
{
    (void)state;
    static const struct hello_spec bare = { .legacy = 0x0303, .versions = { 0x0304, 0x0303 }, .suites = { 0xc02f }, .groups = { 0x1d },
                                            .sigalgs = { 0x0804 } };
    TELL({ &bare, 1, 9, CHOSE_12 });
    EXPECT(tls13, 1, 9, BREAKS, "no cipher suite");
    EXPECT(tls12, 1, 9, READY, NULL);
}

static void a_hello_retry_is_a_full_handshake(void **state)
{
    (void)state;
    TELL({ &hello_tls13, 1, 9, CHOSE_13, .flags = EV_HRR });
    EXPECT(tls13, 1, 9, READY, NULL);
}

static void rsa_clients_and_two_certificates(void **state)
{
    (void)state;
    static const struct hello_spec rsa_only = { .legacy = 0x0303, .suites = { 0xc02f, 0x002f }, .groups = { 0x1d, 0x17 }, .sigalgs = { 0x0401 } };
    static const struct hello_spec both = { .legacy = 0x0303, .suites = { 0xc02b, 0xc02f }, .groups = { 0x1d, 0x17 }, .sigalgs = { 0x0403, 0x0804, 0x0401 } };
    TELL({ &rsa_only, 1, 9, .version = VER_TLS12, .suite = 0x002f, .key = CERT_KEY_RSA },
         { &both, 2, 9, .version = VER_TLS12, .suite = 0xc02b, .group = 0x1d, .sigscheme = 0x0403, .key = CERT_KEY_EC, .bits = 256 });
    /* The proof is with the other certificate: not for this client. Its own certificate leaves ECDHE-RSA. */
    EXPECT(no_rsa, 1, 9, LIKELY, "only the version");
    EXPECT(no_rsa, 2, 9, READY, NULL);
}

static void ecdsa_suites_alone_do_not_help_with_an_rsa_certificate(void **state)
{
    (void)state;
    static const struct hello_spec odd = { .legacy = 0x0303, .suites = { 0xc02b, 0x002f }, .groups = { 0x17 }, .sigalgs = { 0x0403, 0x0401 } };
    TELL({ &odd, 1, 9, .version = VER_TLS12, .suite = 0x002f, .key = CERT_KEY_RSA });
    EXPECT(no_rsa, 1, 9, BREAKS, "with this server's certificate");
    TELL({ &odd, 2, 9, .at_s = 5, .version = VER_TLS12, .suite = 0xc02b, .group = 0x17, .sigscheme = 0x0403, .key = CERT_KEY_EC, .bits = 256 });
    study_under(&no_rsa);
    assert_int_not_equal(find(1, 9, 0)->is, VERDICT_BREAKS); /* it has an ECDSA certificate after all */
    study_close();
}

static void sha1_only_signatures(void **state)
{
    (void)state;
    static const struct hello_spec sha1 = { .legacy = 0x0303, .suites = { 0xc02f, 0x002f }, .groups = { 0x1d }, .sigalgs = { 0x0201 } };
    TELL({ &sha1, 1, 9, .version = VER_TLS12, .suite = 0x002f, .key = CERT_KEY_RSA }, { &hello_tls12, 2, 9, CHOSE_12 });
    EXPECT(no_rsa, 1, 9, SERVER_FIRST, NULL); /* the other got, before what this one got, what stands first here: it signs not so */
    struct policy *rfc9325 = policy_open("rfc9325", 0, NULL);
    static const struct hello_spec sha1_ecdhe = { .legacy = 0x0303, .suites = { 0xc02f }, .groups = { 0x1d }, .sigalgs = { 0x0201 } };
    TELL({ &sha1_ecdhe, 3, 9, .version = VER_TLS12, .suite = 0xc02f, .group = 0x1d, .sigscheme = 0x0201, .key = CERT_KEY_RSA });
    EXPECT(rfc9325, 3, 9, BREAKS, "no signature scheme");
    policy_free(rfc9325);
}

static void names_at_one_address_are_judged_apart(void **state)
{
    (void)state;
    TELL({ &hello_tls12, 1, 9, .sni = "new.example", CHOSE_12 }, { &hello_tls12, 2, 9, .sni = "old.example", CHOSE_10 });
    EXPECT(tls12, 1, 9, READY, NULL);
    EXPECT(tls12, 2, 9, SERVER_FIRST, NULL);
}

static void a_proxy_asked_for_nobody_stands_for_many(void **state)
{
    (void)state;
    TELL({ &cbc_and_gcm, 1, 9, .upgrade = "http-connect", .version = VER_TLS12, .suite = 0xc013, .group = 0x1d, .sigscheme = 0x0804, .key = CERT_KEY_RSA },
         { &hello_tls12, 2, 9, .upgrade = "http-connect", CHOSE_12 });
    EXPECT(no_cbc, 1, 9, LIKELY, "proxy");
}

/* ---- stacks, exceptions, servers ---- */

static void a_stack_that_was_replaced_is_listed_apart(void **state)
{
    (void)state;
    struct input in = { .name = (char *)(uintptr_t)"x", .first_ns = T0, .last_ns = T0 + 10 * 86400 * SEC };
    (void)cube_input(cube, &in);
    TELL({ &hello_tls10, 1, 9, CHOSE_10 }, { &hello_tls12, 1, 9, .at_s = 4 * 86400, CHOSE_12 }, { &hello_tls10, 2, 9, CHOSE_10 });
    study_under(&tls12);
    assert_int_equal(find(1, 9, VER_TLS10)->list, LIST_STALE);
    assert_int_equal(find(1, 9, VER_TLS12)->list, LIST_MAIN);
    assert_int_equal(find(2, 9, VER_TLS10)->list, LIST_MAIN);
    assert_int_equal(study_decision(study)->by[VERDICT_BREAKS].cells, 1);
    assert_int_equal(study_decision(study)->stale.cells, 1);
    study_close();
}

static void stacks_behind_a_nat_are_not_stale(void **state)
{
    (void)state;
    TELL({ &hello_tls10, 1, 9, CHOSE_10 }, { &hello_tls12, 1, 9, .at_s = 600, CHOSE_12 });
    study_under(&tls12);
    assert_int_equal(find(1, 9, VER_TLS10)->list, LIST_MAIN);
    study_close();
}

static void exceptions_expire(void **state)
{
    (void)state;
    char path[] = "/tmp/accept-XXXXXX";
    int fd = mkstemp(path);
    static const char text[] = "# who\n10.0.0.1 10.0.0.9:443 2026-12-31 the scanner is replaced in December\n";
    assert_int_equal(write(fd, text, sizeof text - 1), sizeof text - 1);
    (void)close(fd);
    struct err e;
    struct accept_list *l = accept_read(path, NULL, &e);
    assert_non_null(l);
    TELL({ &hello_tls10, 1, 9, CHOSE_10 }, { &hello_tls12, 1, 9, CHOSE_12 });
    request.accept = l;
    request.now_ns = INT64_C(1798700000) * SEC; /* 2026-12-31 */
    study_under(&tls12);
    assert_int_equal(find(1, 9, VER_TLS10)->list, LIST_ACCEPTED);
    assert_true(gives_reason(find(1, 9, VER_TLS10), "1 of 2 stacks at this address breaks"));
    assert_int_equal(study_decision(study)->result, STUDY_NOT_ENOUGH); /* a few seconds */
    request.now_ns += 86400 * SEC;
    study_under(&tls12);
    assert_int_equal(find(1, 9, VER_TLS10)->list, LIST_MAIN);
    assert_int_equal(study_decision(study)->result, STUDY_NOT_READY);
    study_close();
    request.accept = NULL;
    accept_free(l);
    (void)unlink(path);
}

/* Of what nobody asked about it is not known whether it breaks. */
static void stacks_are_counted_among_those_that_are_asked_about(void **state)
{
    (void)state;
    static const struct hello_spec other = { .legacy = 0x0301, .suites = { 0x0035 } };
    TELL({ &hello_tls10, 1, 9, CHOSE_10 }, { &other, 1, 8, .version = VER_TLS10, .suite = 0x0035, .key = CERT_KEY_RSA });
    EXPECT(tls12, 1, 9, BREAKS, "2 of 2 stacks at this address break:");
    const struct enforce only = { .policy = UINT_MAX, .at = { .addr = party(9, 0).addr, .bits = 32 } };
    request.enforce = &only;
    request.enforces = 1;
    EXPECT(tls12, 1, 9, BREAKS, "1 of the 1 asked about, of 2 stacks at this address, breaks:");
    request.enforces = 0;
    view.server_only = &only.at;
    EXPECT(tls12, 1, 9, BREAKS, "1 of the 1 asked about, of 2 stacks at this address, breaks:");
    view.server_only = NULL;
}

static void only_enforced_servers_are_judged(void **state)
{
    (void)state;
    TELL({ &hello_tls10, 1, 9, .sni = "mail.example", CHOSE_10 }, { &hello_tls10, 1, 9, .sni = "www.example", CHOSE_10 },
         { &hello_tls10, 1, 8, .sni = "other.example", CHOSE_10 });
    const struct enforce only = { .named = true, .name = "Mail.example", .policy = UINT_MAX };
    request.enforce = &only;
    request.enforces = 1;
    study_under(&tls12);
    assert_int_equal(study_decision(study)->all.cells, 2); /* both names of that address */
    assert_int_equal(study_decision(study)->all.servers, 1);
    unsigned along = 0;
    for (uint32_t p = 1; p <= study_places(study); p++)
        along += study_came_along(study, p);
    assert_int_equal(along, 1); /* www.example, for the sake of mail.example */
    assert_int_equal(find(1, 8, 0)->list, LIST_OUTSIDE);
    study_close();
    request.enforces = 0;
}

/* ---- what a server is shown not to have ---- */

#define RSA_SIGS .sigalgs = { 0x0804, 0x0401, 0x0201 }
static const struct hello_spec ecdhe_256 = { .legacy = 0x0303, .suites = { 0xc030, 0x009d, 0x009c }, .groups = { 0x1d, 0x17 }, RSA_SIGS };
static const struct hello_spec ecdhe_128 = { .legacy = 0x0303, .suites = { 0xc030, 0x009c, 0x009d }, .groups = { 0x1d, 0x17 }, RSA_SIGS };
static const struct hello_spec only_ecdhe = { .legacy = 0x0303, .suites = { 0xc030, 0xc02f }, .groups = { 0x1d, 0x17 }, RSA_SIGS };
static const struct hello_spec other_group = { .legacy = 0x0303, .suites = { 0xc030, 0x009d }, .groups = { 0x18 }, RSA_SIGS };
#define CHOSE_RSA_256 .version = VER_TLS12, .suite = 0x009d, .key = CERT_KEY_RSA
#define CHOSE_RSA_128 .version = VER_TLS12, .suite = 0x009c, .key = CERT_KEY_RSA
#define CHOSE_ECDHE .version = VER_TLS12, .suite = 0xc030, .group = 0x17, .sigscheme = 0x0804, .key = CERT_KEY_RSA

static void one_choice_does_not_show_what_is_missing(void **state)
{
    (void)state;
    TELL({ &ecdhe_256, 1, 9, CHOSE_RSA_256 });
    EXPECT(no_rsa, 1, 9, LIKELY, "only the version");
}

static void the_clients_order_shows_what_is_missing(void **state)
{
    (void)state;
    TELL({ &ecdhe_256, 1, 9, CHOSE_RSA_256 }, { &ecdhe_128, 2, 9, CHOSE_RSA_128 });
    EXPECT(no_rsa, 1, 9, SERVER_FIRST, "has to be enabled there first");
    EXPECT(no_rsa, 2, 9, SERVER_FIRST, NULL);
    EXPECT(tls12, 1, 9, READY, NULL);
}

static void an_order_of_its_own_shows_nothing_of_what_is_below(void **state)
{
    (void)state;
    TELL({ &ecdhe_256, 1, 9, CHOSE_RSA_128 }, { &ecdhe_128, 2, 9, CHOSE_RSA_128 });
    EXPECT(no_rsa, 1, 9, LIKELY, NULL);
}

static void a_refusal_shows_what_is_missing(void **state)
{
    (void)state;
    TELL({ &ecdhe_256, 1, 9, CHOSE_RSA_256 }, { &only_ecdhe, 2, 9, .outcome = OUTCOME_ALERT_SERVER, .alert = { 's', 2, 40 } });
    EXPECT(no_rsa, 1, 9, SERVER_FIRST, NULL);
    TELL({ &ecdhe_256, 1, 8, CHOSE_RSA_256 }, { &only_ecdhe, 2, 8, REFUSED }); /* of its version: says nothing of suites */
    EXPECT(no_rsa, 1, 8, LIKELY, NULL);
}

static void what_others_got_is_there(void **state)
{
    (void)state;
    TELL({ &ecdhe_256, 1, 9, CHOSE_RSA_256 }, { &ecdhe_128, 2, 9, CHOSE_RSA_128 }, { &only_ecdhe, 3, 9, CHOSE_ECDHE });
    study_under(&no_rsa);
    assert_int_not_equal(find(1, 9, 0)->is, VERDICT_SERVER_FIRST);
    study_close();
}

/* It has the suite, and no curve for this one: others get it even where they list it last. */
static void a_preferred_suite_that_was_not_chosen_cannot_serve(void **state)
{
    (void)state;
    static const struct hello_spec last = { .legacy = 0x0303, .suites = { 0x009d, 0xc030 }, .groups = { 0x17 }, RSA_SIGS };
    TELL({ &other_group, 1, 9, CHOSE_RSA_256 }, { &last, 2, 9, CHOSE_ECDHE });
    EXPECT(no_rsa, 1, 9, SERVER_FIRST, NULL);
}

static const struct hello_spec in_vain[3] = {
    { .legacy = 0x0303, .suites = { 0xc02f, 0xc030, 0x009c }, .groups = { 0x1d, 0x17 }, RSA_SIGS },
    { .legacy = 0x0303, .suites = { 0xc030, 0xc02f, 0x009c, 0x002f }, .groups = { 0x1d, 0x17 }, RSA_SIGS },
    { .legacy = 0x0303, .suites = { 0xc027, 0xc030, 0x009c }, .groups = { 0x1d, 0x17 }, RSA_SIGS },
};

static void several_stacks_in_vain_show_what_is_missing(void **state)
{
    (void)state;
    TELL({ &ecdhe_256, 1, 9, CHOSE_RSA_128 }, { &in_vain[0], 2, 9, CHOSE_RSA_128 }, { &in_vain[1], 3, 9, CHOSE_RSA_128 });
    EXPECT(no_rsa, 1, 9, LIKELY, NULL);
    TELL({ &in_vain[2], 4, 9, CHOSE_RSA_128 });
    EXPECT(no_rsa, 1, 9, SERVER_FIRST, NULL);
}

static void expect_not_server_first(struct policy **p, unsigned client, unsigned server)
{
    study_under(p);
    assert_int_not_equal(find(client, server, 0)->is, VERDICT_SERVER_FIRST);
    study_close();
}

/* Ways to get a suite that are no answers to go by, and that show all the same that it is there. */
static const struct told seen_in_part[] = {
    { .resumed = true }, { .flags = EV_GAP }, { .flags = EV_CUT }, { .flags = EV_ONE_SIDED }, { .outcome = OUTCOME_ALERT_CLIENT },
};
enum { WAYS = sizeof seen_in_part / sizeof seen_in_part[0] };

/* The handshake that is given, in one of these ways. */
static void tell_in_part(unsigned way, struct told t)
{
    t.resumed = seen_in_part[way].resumed;
    t.flags = seen_in_part[way].flags;
    t.outcome = seen_in_part[way].outcome;
    t.group = t.resumed ? 0 : t.group;
    tell_one(&t, 0);
}

/* Four stacks ask in vain, and a fifth does not. */
static void what_others_got_in_part_is_there(void **state)
{
    (void)state;
    for (unsigned way = 0; way < WAYS; way++) {
        unsigned at = 20 + way;
        TELL({ &ecdhe_256, 1, at, CHOSE_RSA_256 }, { &ecdhe_128, 2, at, CHOSE_RSA_128 });
        EXPECT(no_rsa, 1, at, SERVER_FIRST, NULL);
        tell_in_part(way, (struct told){ &only_ecdhe, 3, at, CHOSE_ECDHE });
        expect_not_server_first(&no_rsa, 1, at);
        at = 40 + way;
        TELL({ &ecdhe_256, 1, at, CHOSE_RSA_128 }, { &in_vain[0], 2, at, CHOSE_RSA_128 }, { &in_vain[1], 3, at, CHOSE_RSA_128 },
             { &in_vain[2], 4, at, CHOSE_RSA_128 });
        EXPECT(no_rsa, 1, at, SERVER_FIRST, NULL);
        tell_in_part(way, (struct told){ &only_ecdhe, 5, at, CHOSE_ECDHE });
        expect_not_server_first(&no_rsa, 1, at);
    }
}

/* Another client with the same hello. */
static void what_its_own_stack_got_in_part_is_there(void **state)
{
    (void)state;
    for (unsigned way = 0; way < WAYS; way++) {
        unsigned at = 20 + way;
        TELL({ &ecdhe_256, 1, at, CHOSE_RSA_256 }, { &ecdhe_128, 2, at, CHOSE_RSA_128 });
        tell_in_part(way, (struct told){ &ecdhe_256, 3, at, CHOSE_ECDHE });
        expect_not_server_first(&no_rsa, 1, at);
    }
}

/* The group that was thought to be missing is there, though with packets missing. */
static void a_group_that_others_got_in_part_is_there(void **state)
{
    (void)state;
    static const struct hello_spec last = { .legacy = 0x0303, .suites = { 0x009d, 0xc030 }, .groups = { 0x17 }, RSA_SIGS };
    static const struct hello_spec more = { .legacy = 0x0303, .suites = { 0xc030, 0xc02f, 0x009d, 0xc014 }, .groups = { 0x18 }, RSA_SIGS };
    static const struct hello_spec p384 = { .legacy = 0x0303, .suites = { 0xc030 }, .groups = { 0x18 }, RSA_SIGS };
    TELL({ &more, 1, 9, CHOSE_RSA_256 }, { &last, 2, 9, CHOSE_ECDHE });
    EXPECT(no_rsa, 1, 9, SERVER_FIRST, NULL);
    TELL({ &p384, 3, 9, .version = VER_TLS12, .suite = 0xc030, .group = 0x18, .sigscheme = 0x0804, .key = CERT_KEY_RSA, .flags = EV_GAP });
    expect_not_server_first(&no_rsa, 1, 9);
}

/* Of more answers than are kept, none is known to be missing. */
static void answers_that_are_too_many_show_nothing(void **state)
{
    (void)state;
    TELL({ &ecdhe_256, 1, 9, CHOSE_RSA_128 }, { &in_vain[0], 2, 9, CHOSE_RSA_128 }, { &in_vain[1], 3, 9, CHOSE_RSA_128 },
         { &in_vain[2], 4, 9, CHOSE_RSA_128 });
    for (unsigned i = 4; i < ANSWERS_SEEN; i++) {
        const struct hello_spec other = { .legacy = 0x0303, .suites = { 0x009c, (uint16_t)(0xd100 + i) }, .groups = { 0x1d, 0x17 }, RSA_SIGS };
        TELL({ &other, 10, 9, CHOSE_RSA_128 });
    }
    EXPECT(no_rsa, 1, 9, SERVER_FIRST, NULL);
    TELL({ &other_group, 5, 9, CHOSE_RSA_256 });
    EXPECT(no_rsa, 1, 9, LIKELY, NULL);
}

/* One offer, and every answer to it another. */
static void answers_to_one_offer_that_are_too_many_are_several_backends(void **state)
{
    (void)state;
    static const struct hello_spec h = { .legacy = 0x0303, .groups = { 0x1d, 0x17, 0x18, 0x19, 0x1e, 0x1a, 0x1b, 0x1c }, RSA_SIGS,
                                         .suites = { 0xc02f, 0xc030, 0xcca8, 0xc027, 0xc028, 0x009c, 0x009d } };
    for (unsigned i = 0; i < 40; i++)
        TELL({ &h, 10 + i, 9, .version = VER_TLS12, .suite = h.suites[i / 8], .group = h.groups[i % 8], .sigscheme = 0x0804,
               .key = CERT_KEY_RSA, .at_s = i });
    const struct told one = { &h, 10, 9, .version = VER_TLS12, .suite = h.suites[0], .group = h.groups[0], .sigscheme = 0x0804,
                              .key = CERT_KEY_RSA, .times = 2, .at_s = 50 };
    tell_all(&one, 1);
    study_under(&tls12);
    assert_int_equal(study_excess(study)->answers, 40 - STUDY_ANSWERS);
    assert_int_equal(study_excess(study)->proofs, 0);
    view.server_only = &(struct cidr){ .addr = party(8, 0).addr, .bits = 32 };
    study_under(&tls12);
    assert_int_equal(study_excess(study)->answers, 0); /* of a server that is not asked about */
    view.server_only = NULL;
    EXPECT(tls12, 10, 9, LIKELY, "several backends");
    study_close();
}

/* Offers that differ in ALPN are of one stack. However many they are, none of the answers to one of them is missed. */
static void many_offers_of_one_stack_are_compared_each(void **state)
{
    (void)state;
    static char alpn[40][8];
    for (unsigned i = 0; i < 40; i++) {
        struct hello_spec h = hello_tls12;
        (void)snprintf(alpn[i], sizeof alpn[i], "p%u", i);
        h.alpn = alpn[i];
        TELL({ &h, 10 + i, 9, CHOSE_12, .at_s = i });
    }
    EXPECT(tls12, 49, 9, READY, NULL);
    struct hello_spec last = hello_tls12;
    last.alpn = alpn[39];
    TELL({ &last, 80, 9, CHOSE_10, .at_s = 20 }, { &last, 81, 9, CHOSE_12, .at_s = 60 }, { &last, 82, 9, CHOSE_10, .at_s = 70 });
    EXPECT(tls12, 49, 9, SERVER_FIRST, "several backends");
    study_under(&tls12);
    assert_int_equal(study_excess(study)->answers, 0);
    study_close();
}

/* Looks at answers and proofs where one place gave so many stacks an answer each, none like another. */
static uint64_t looks_at(unsigned server, unsigned answers, const uint16_t ids[10], uint16_t version, struct policy **p)
{
    for (unsigned i = 0; i < answers; i++) {
        struct hello_spec h = { .legacy = 0x0303, .groups = { 0x1d, 0x17 }, RSA_SIGS };
        h.versions[0] = version == VER_TLS13 ? VER_TLS13 : 0;
        for (unsigned k = 0; k < 10; k++)
            h.suites[k] = ids[(i * 7 + k) % 10];
        h.suites[10] = (uint16_t)(0xd100 + i);
        TELL({ &h, 10 + i, server, .version = version, .suite = ids[i % 6], .dh = (uint16_t)(2048 + i), .sigscheme = 0x0804,
               .key = version == VER_TLS13 ? 0 : CERT_KEY_RSA });
    }
    view.server_only = &(struct cidr){ .addr = party(server, 0).addr, .bits = 32 };
    study_under(p);
    uint64_t looks = study->looks;
    study_close();
    view.server_only = NULL;
    return looks;
}

/* As many answers and proofs as are kept. Twice as many have four times as many pairs, which are looked at once or a few times; a look
 * at each proof for each pair would be eight times as many. */
static void many_answers_are_soon_compared(void **state)
{
    (void)state;
    static const uint16_t old[10] = { 0x009e, 0x009f, 0x0033, 0x0039, 0x0067, 0x006b, 0x002f, 0x0035, 0x009c, 0x009d };
    static const uint16_t new[10] = { 0x1301, 0x1302, 0x1301, 0x1302, 0x1301, 0x1302, 0x1303, 0x1304, 0x1305, 0x1303 };
    struct policy *dhe = policy_inline("TLSv1.2", "kx=DHE", NULL), *gcm = policy_inline("TLSv1.2", "TLS_AES_128_GCM_SHA256,TLS_AES_256_GCM_SHA384", NULL);
    assert_true(dhe && gcm);
    for (unsigned i = 0; i < 2; i++) {
        const uint16_t *ids = i ? new : old, version = i ? VER_TLS13 : VER_TLS12;
        uint64_t half = looks_at(20 + i, ANSWERS_SEEN / 2, ids, version, i ? &gcm : &dhe);
        uint64_t all = looks_at(30 + i, ANSWERS_SEEN, ids, version, i ? &gcm : &dhe);
        assert_in_range(half, 1, 8 * ANSWERS_SEEN / 2 * ANSWERS_SEEN / 2);
        assert_in_range(all, 4 * half - half / 2, 4 * half + half / 2);
    }
    policy_free(dhe);
    policy_free(gcm);
}

static void rc4_is_not_what_a_server_has_to_enable(void **state)
{
    (void)state;
    static const struct hello_spec rc4_first = { .legacy = 0x0303, .suites = { 0x0005, 0x002f, 0x0035 }, RSA_SIGS };
    static const struct hello_spec rc4_too = { .legacy = 0x0303, .suites = { 0x0005, 0x0035, 0x002f }, RSA_SIGS };
    TELL({ &rc4_first, 1, 9, .version = VER_TLS12, .suite = 0x002f, .key = CERT_KEY_RSA },
         { &rc4_too, 2, 9, .version = VER_TLS12, .suite = 0x0035, .key = CERT_KEY_RSA });
    EXPECT(no_cbc, 1, 9, UNKNOWN, "the server is shown not to have that");
    TELL({ &rc4_first, 1, 8, .version = VER_TLS12, .suite = 0x002f, .key = CERT_KEY_RSA });
    EXPECT(no_cbc, 1, 8, LIKELY, NULL);
}

/* It has a suite by ECDHE that others get, and no curve of this one: then none by ECDHE will do. */
static void a_group_that_is_missing_is_missing_for_every_suite(void **state)
{
    (void)state;
    static const struct hello_spec last = { .legacy = 0x0303, .suites = { 0x009d, 0xc030 }, .groups = { 0x17 }, RSA_SIGS };
    static const struct hello_spec more = { .legacy = 0x0303, .suites = { 0xc030, 0xc02f, 0x009d, 0xc014 }, .groups = { 0x18 }, RSA_SIGS };
    TELL({ &more, 1, 9, CHOSE_RSA_256 });
    EXPECT(no_rsa, 1, 9, LIKELY, NULL);
    TELL({ &last, 2, 9, CHOSE_ECDHE });
    EXPECT(no_rsa, 1, 9, SERVER_FIRST, NULL);
}

/* Where the client's order decides, two that list such in vain show that the server has nothing of the kind. */
static void suites_of_a_kind_come_together(void **state)
{
    (void)state;
    static const struct hello_spec one = { .legacy = 0x0303, .suites = { 0xc030, 0x009d, 0x009c, 0xc012 }, .groups = { 0x17 }, RSA_SIGS };
    static const struct hello_spec two = { .legacy = 0x0303, .suites = { 0xc02f, 0x009c, 0x009d }, .groups = { 0x17 }, RSA_SIGS };
    TELL({ &one, 1, 9, CHOSE_RSA_256 });
    EXPECT(no_rsa, 1, 9, LIKELY, NULL);
    TELL({ &two, 2, 9, CHOSE_RSA_128 });
    EXPECT(no_rsa, 1, 9, SERVER_FIRST, NULL);
}

/* With the group that is forbidden it got a suite that is not: that says nothing against the suite with another group. */
static void a_suite_is_not_missing_for_its_group(void **state)
{
    (void)state;
    struct policy *nist = policy_open("nist-800-52r2-citizen", 0, NULL);
    static const struct hello_spec one = { .legacy = 0x0303, .suites = { 0x009c, 0xc02f }, .groups = { 0x1d, 0x17 }, RSA_SIGS };
    assert_non_null(nist);
    TELL({ &one, 1, 9, CHOSE_12 }, { &ecdhe_128, 2, 9, CHOSE_RSA_128 }); /* by an order of its own */
    EXPECT(nist, 1, 9, LIKELY, NULL);
    policy_free(nist);
}

/* What is of TLS 1.2 alone is not asked for in vain of a server that chooses TLS 1.0. */
static void suites_that_are_too_new_are_not_asked_for_in_vain(void **state)
{
    (void)state;
    struct policy *nist = policy_open("nist-800-52r2-citizen", 0, NULL);
    static const struct hello_spec gcm[4] = {
        { .legacy = 0x0303, .suites = { 0x009f, 0x002f, 0x0033 }, RSA_SIGS }, { .legacy = 0x0303, .suites = { 0x009e, 0x002f, 0x0033 }, RSA_SIGS },
        { .legacy = 0x0303, .suites = { 0x009e, 0x009f, 0x002f, 0x0033 }, RSA_SIGS }, { .legacy = 0x0303, .suites = { 0x009f, 0x009e, 0x002f, 0x0033 }, RSA_SIGS },
    };
    static const struct hello_spec old = { .legacy = 0x0301, .suites = { 0x002f, 0x0033 } };
    assert_non_null(nist);
    TELL({ &gcm[0], 1, 9, CHOSE_10 }, { &gcm[1], 2, 9, CHOSE_10 }, { &gcm[2], 3, 9, CHOSE_10 }, { &gcm[3], 4, 9, CHOSE_10 },
         { &old, 5, 9, CHOSE_10 });
    EXPECT(nist, 5, 9, LIKELY, NULL);
    policy_free(nist);
}

static void suites_by_keys_that_are_shared_already_are_no_way_out(void **state)
{
    (void)state;
    static const struct hello_spec psk = { .legacy = 0x0303, .suites = { 0xc030, 0x009d, 0xccab, 0x00a8 }, .groups = { 0x17 }, RSA_SIGS };
    TELL({ &psk, 1, 9, CHOSE_RSA_256 }, { &only_ecdhe, 2, 9, .outcome = OUTCOME_ALERT_SERVER, .alert = { 's', 2, 40 } });
    EXPECT(no_rsa, 1, 9, SERVER_FIRST, NULL);
}

static void an_ecdsa_key_that_was_asked_for_in_vain(void **state)
{
    (void)state;
    struct policy *modern = policy_open("mozilla-6-modern", 0, NULL);
    static const struct hello_spec pq = { .legacy = 0x0303, .versions = { 0x0304 }, .suites = { 0x1301 }, .groups = { 0x1d }, .shares = { 0x1d },
                                          .sigalgs = { 0x0403, 0x0804 } };
    static const struct hello_spec ecdsa_first = { .legacy = 0x0303, .suites = { 0xc02b, 0xc02f }, .groups = { 0x1d, 0x17 },
                                                   .sigalgs = { 0x0403, 0x0503, 0x0603, 0x0804 } };
    assert_non_null(modern);
    TELL({ &pq, 1, 9, CHOSE_13 });
    EXPECT(modern, 1, 9, LIKELY, "not visible: certificate");
    TELL({ &ecdsa_first, 2, 9, CHOSE_12 });
    EXPECT(modern, 1, 9, SERVER_FIRST, "certificate is not allowed");
    static const struct hello_spec p521 = { .legacy = 0x0303, .versions = { 0x0304 }, .suites = { 0x1301 }, .groups = { 0x19, 0x1d },
                                            .shares = { 0x19 }, .sigalgs = { 0x0403, 0x0804 } };
    TELL({ &p521, 3, 9, .version = VER_TLS13, .suite = 0x1301, .group = 0x19 }); /* its group is wrong as well */
    EXPECT(modern, 3, 9, SERVER_FIRST, "certificate is not allowed");
    policy_free(modern);
}

static void schemes_that_are_all_forbidden_are_not_ready(void **state)
{
    (void)state;
    struct policy *rfc9325 = policy_open("rfc9325", 0, NULL);
    static const struct hello_spec sha1 = { .legacy = 0x0303, .suites = { 0x009c, 0xc02f }, .groups = { 0x1d }, .sigalgs = { 0x0201 } };
    assert_non_null(rfc9325);
    TELL({ &sha1, 1, 9, CHOSE_RSA_128, .flags = EV_RENEGOTIATION_INFO | EV_EMS });
    EXPECT(rfc9325, 1, 9, LIKELY, "none of its signature schemes is allowed");
    policy_free(rfc9325);
}

/* ---- how much was seen ---- */

enum { DAY_S = 86400 };

static const struct coverage *coverage_of_site(void)
{
    study_under(&tls12);
    return study_coverage(study, 0);
}

/* One machine whose address changes every day, two that come on the same days. */
static void addresses_that_follow_one_another_are_one_machine(void **state)
{
    (void)state;
    TELL({ &hello_tls10, 1, 9, CHOSE_10 }, { &hello_tls10, 2, 9, CHOSE_10, .at_s = DAY_S },
         { &hello_tls10, 3, 9, CHOSE_10, .at_s = 2 * DAY_S }, { &hello_tls10, 4, 9, CHOSE_10, .at_s = 3 * DAY_S });
    for (int64_t day = 0; day < 4; day++)
        cube_hour(cube, (T0 / SEC + day * DAY_S) / 3600, &(struct stats){ .packets = 1 });
    const struct coverage *c = coverage_of_site();
    assert_int_equal(c->offenders, 1);
    assert_int_equal(c->once, 0);
    assert_int_equal(c->fresh, 0);
    TELL({ &hello_tls10, 5, 9, CHOSE_10, .at_s = 3 * DAY_S });
    c = coverage_of_site();
    assert_int_equal(c->offenders, 2);
    assert_int_equal(c->once, 1);
    assert_int_equal(c->fresh, 1);
    assert_int_equal(c->fresh_days, 3);
    study_close();
}

static void machines_with_a_name_are_told_apart(void **state)
{
    (void)state;
    char path[] = "/tmp/test_verdict_names.XXXXXX";
    struct err e;
    int fd = mkstemp(path);
    const char text[] = "10.0.0.1 printer\n10.0.0.2 scales\n";
    assert_int_equal(write(fd, text, sizeof text - 1), (ssize_t)sizeof text - 1);
    assert_int_equal(close(fd), 0);
    TELL({ &hello_tls10, 1, 9, CHOSE_10 }, { &hello_tls10, 2, 9, CHOSE_10, .at_s = DAY_S });
    assert_int_equal(coverage_of_site()->offenders, 1);
    study_close();
    struct names_file *names = names_file_read(path, &e);
    assert_non_null(names);
    view.names = names;
    assert_int_equal(coverage_of_site()->offenders, 2);
    study_close();
    view.names = NULL;
    names_file_free(names);
    (void)unlink(path);
}

/* A week in every hour of which something was seen, then one with a packet a day. */
static void hours_are_those_asked_for(void **state)
{
    (void)state;
    int64_t first = T0 / SEC / DAY_S * 24;
    TELL({ &hello_tls12, 1, 9, CHOSE_12 }, { &hello_tls12, 1, 9, CHOSE_12, .at_s = 8 * DAY_S });
    for (int64_t hour = 0; hour < 168; hour++)
        cube_hour(cube, first + hour, &(struct stats){ .packets = 1 });
    for (int64_t day = 7; day < 14; day++)
        cube_hour(cube, first + 24 * day, &(struct stats){ .packets = 1 });
    assert_int_equal(coverage_of_site()->week_hours, 168);
    view.since_ns = (first + 168) * 3600 * SEC;
    assert_int_equal(coverage_of_site()->week_hours, 7);
    assert_true(coverage_of_site()->shortage & SHORT_WEEK);
    view.until_ns = view.since_ns + 2 * DAY_S * SEC;
    assert_int_equal(coverage_of_site()->week_hours, 2);
    view.since_ns = 0;
    assert_int_equal(coverage_of_site()->week_hours, 168);
    study_close();
    view.until_ns = 0;
}

/* Handshakes at a server (0: not even that was kept) that a table had no room for. */
static void fold(unsigned server, uint64_t count)
{
    struct cube_key k = { .server = party(server, 443), .day = (uint32_t)(T0 / SEC / DAY_S), .version = VER_TLS10, .suite = 0x2f,
                          .outcome = OUTCOME_COMPLETED };
    if (!server)
        k.server = (struct endpoint){ .port = 0 };
    const struct cube_val v = { .count = count, .first_ns = T0, .last_ns = T0, .exemplar = { .ts_ns = T0 } };
    assert_true(cube_put_row(cube, &k, &v, false));
}

static void what_had_no_room_is_not_judged(void **state)
{
    (void)state;
    struct enforce only = { .policy = UINT_MAX, .at = { .addr = party(9, 0).addr, .bits = 32 } };
    char text[SHORTAGES][SHORTAGE_TEXT];
    TELL({ &hello_tls12, 1, 8, CHOSE_12, .times = 1000 }, { &hello_tls12, 1, 9, CHOSE_12, .times = 100 });
    fold(8, 11);
    assert_int_equal(coverage_of_site()->folded, 11);
    assert_false(coverage_of_site()->shortage & SHORT_FOLDED); /* no more than one in a hundred */
    assert_true(study_coverage(study, 1)->shortage & SHORT_FOLDED);
    assert_false(study_coverage(study, 2)->shortage & SHORT_FOLDED);
    request.enforce = &only;
    request.enforces = 1;
    assert_int_equal(coverage_of_site()->folded, 0);
    request.enforces = 0;
    fold(0, 7);
    assert_true(coverage_of_site()->shortage & SHORT_FOLDED);
    assert_int_equal(study_decision(study)->result, STUDY_NOT_ENOUGH);
    assert_int_equal(study_coverage(study, 0)->folded, 18);
    assert_int_equal(study_coverage(study, 2)->folded, 7); /* it may have been any server */
    unsigned n = coverage_shortages(study_coverage(study, 0), text);
    assert_non_null(strstr(text[n - 1], "--memory-limit"));
    request.enforces = 1;
    assert_int_equal(coverage_of_site()->folded, 7);
    request.enforces = 0;
    study_close();
}

/* With --enforce, what is said of the site is said of what is to be enforced. */
static void coverage_is_of_what_is_enforced(void **state)
{
    (void)state;
    TELL({ &hello_tls12, 1, 9, CHOSE_12, .times = 3 }, { &hello_tls12, 2, 8, CHOSE_12, .times = 5 });
    struct enforce only = { .policy = UINT_MAX, .at = { .addr = party(9, 0).addr, .bits = 32 } };
    assert_int_equal(coverage_of_site()->handshakes, 8);
    request.enforce = &only;
    request.enforces = 1;
    const struct coverage *c = coverage_of_site();
    assert_int_equal(c->handshakes, 3);
    assert_int_equal(c->clients, 1);
    assert_int_equal(c->days, 1);
    study_close();
    request.enforces = 0;
}

/* ---- what a server showed ---- */

static struct showed showed_by(unsigned server)
{
    const struct endpoint s = party(server, 443);
    struct showed w;
    study_under(&tls12);
    for (uint32_t p = 1; p <= study_places(study); p++)
        if (addr_equal(&study_place(study, p)->server.addr, &s.addr) && place_showed(study, p, &w))
            return w;
    fail_msg("server %u showed nothing", server);
    return w;
}

static void a_server_shows_versions_and_no_more(void **state)
{
    (void)state;
    TELL({ &hello_tls12, 1, 9, CHOSE_12 }, { &hello_tls10, 2, 9, CHOSE_10 }, { &hello_tls12, 1, 8, CHOSE_10, .sentinel = SENTINEL_TLS11 },
         { &hello_tls13, 1, 7, CHOSE_12 }, { &hello_tls10, 1, 7, REFUSED });
    struct showed w = showed_by(9);
    assert_int_equal(w.lowest, VER_TLS10);
    assert_int_equal(w.highest, VER_TLS12);
    assert_int_equal(w.limit_row, 0); /* nobody offered more */
    assert_int_equal(w.refused, VER_NONE);
    assert_int_equal(w.suites, 2);
    assert_int_equal(w.suite[0].version, VER_TLS12);
    assert_int_equal(w.certs, 1);
    w = showed_by(8);
    assert_int_equal(w.highest, VER_TLS10);
    assert_int_equal(w.proved, VER_TLS12);
    w = showed_by(7);
    assert_int_not_equal(w.limit_row, 0);
    assert_int_equal(w.refused, VER_TLS10);
    study_close();
}

static const struct hello_spec first_128 = { .legacy = 0x0303, .suites = { 0xc02f, 0xc030 }, .groups = { 0x1d }, .sigalgs = { 0x0804 } };
static const struct hello_spec first_256 = { .legacy = 0x0303, .suites = { 0xc030, 0xc02f }, .groups = { 0x1d }, .sigalgs = { 0x0804 } };
static const struct hello_spec only_256 = { .legacy = 0x0303, .suites = { 0xc030 }, .groups = { 0x1d }, .sigalgs = { 0x0804 } };
#define CHOSE_256 .version = VER_TLS12, .suite = 0xc030, .group = 0x1d, .sigscheme = 0x0804, .key = CERT_KEY_RSA

static void whose_order_decides_has_to_be_shown(void **state)
{
    (void)state;
    TELL({ &first_128, 1, 9, CHOSE_12 }, { &first_256, 2, 9, CHOSE_12 }, { &only_256, 3, 9, CHOSE_256 });
    TELL({ &first_128, 1, 8, CHOSE_12 }, { &first_256, 2, 8, CHOSE_256 });
    TELL({ &first_128, 1, 7, CHOSE_12 }, { &first_256, 2, 7, CHOSE_12 }); /* has it the other at all? */
    struct showed w = showed_by(9);
    assert_int_equal(showed_order(&w), ORDER_SERVER);
    w = showed_by(8);
    assert_int_equal(showed_order(&w), ORDER_CLIENT);
    w = showed_by(7);
    assert_int_equal(showed_order(&w), ORDER_NOT_SHOWN);
    study_close();
}

static void a_suite_that_the_client_could_not_get_shows_no_order(void **state)
{
    (void)state;
    static const struct hello_spec other_curve = { .legacy = 0x0303, .suites = { 0xc02c, 0xc02f }, .groups = { 0x1d }, .sigalgs = { 0x0804, 0x0403 } };
    static const struct hello_spec ecdsa = { .legacy = 0x0303, .suites = { 0xc02c }, .groups = { 0x17 }, .sigalgs = { 0x0403 } };
    TELL({ &ecdsa, 1, 9, .version = VER_TLS12, .suite = 0xc02c, .group = 0x17, .sigscheme = 0x0403, .key = CERT_KEY_EC },
         { &other_curve, 2, 9, CHOSE_12 }); /* the key is on a curve that it does not list */
    struct showed w = showed_by(9);
    assert_int_equal(showed_order(&w), ORDER_NOT_SHOWN);
    assert_int_equal(w.certs, 2);
    study_close();
}

static void extensions_are_no_only_where_they_were_offered(void **state)
{
    (void)state;
    static const struct hello_spec ems = { .legacy = 0x0303, .suites = { 0xc02f }, .groups = { 0x1d }, .sigalgs = { 0x0804 }, .extra = { 23 } };
    static const struct hello_spec scsv = { .legacy = 0x0301, .suites = { 0x002f, 0x5600 } };
    TELL({ &ems, 1, 9, CHOSE_12, .flags = EV_EMS }, { &ems, 1, 8, CHOSE_12 }, { &hello_tls12, 1, 7, CHOSE_12 },
         { &scsv, 2, 9, .outcome = OUTCOME_ALERT_SERVER, .alert = { 's', 2, 86 }, .flags = EV_FALLBACK_SCSV },
         { &scsv, 2, 8, CHOSE_10, .flags = EV_FALLBACK_SCSV });
    struct showed w = showed_by(9);
    assert_true(w.ems.yes && !w.ems.no && w.scsv.yes && !w.scsv.no);
    w = showed_by(8);
    assert_true(!w.ems.yes && w.ems.no && !w.scsv.yes && w.scsv.no);
    w = showed_by(7);
    assert_true(!w.ems.yes && !w.ems.no);
    study_close();
}

static int64_t evidence_ns(uint32_t row)
{
    assert_true(row != 0);
    return cube_row_val(cube, row)->exemplar.ts_ns - T0;
}

static void evidence_is_the_earliest_in_whatever_order_it_came(void **state)
{
    static const struct hello_spec ems = { .legacy = 0x0303, .suites = { 0xc02f }, .groups = { 0x1d }, .sigalgs = { 0x0804 }, .extra = { 23 } };
    static const struct told of[] = {
        { &hello_tls10, 1, 9, CHOSE_10, .at_s = 40 }, { &hello_tls10, 2, 9, CHOSE_10, .at_s = 30 },
        { &hello_tls12, 1, 9, CHOSE_12, .at_s = 20 }, { &hello_tls12, 2, 9, CHOSE_12, .at_s = 10 },
        { &ems, 3, 9, CHOSE_12, .at_s = 60 },         { &ems, 4, 9, CHOSE_12, .at_s = 50 },
        { &hello_tls13, 5, 9, CHOSE_12, .at_s = 80 }, { &hello_tls13, 6, 9, CHOSE_12, .at_s = 70 },
    };
    enum { N = sizeof of / sizeof *of };
    for (unsigned turn = 0; turn < N; turn++) {
        for (unsigned i = 0; i < N; i++)
            tell_all(&of[(i * 3 + turn) % N], 1);
        struct showed w = showed_by(9);
        assert_int_equal(evidence_ns(w.lowest_row), 30 * SEC);
        assert_int_equal(evidence_ns(w.highest_row), 10 * SEC);
        assert_int_equal(evidence_ns(w.limit_row), 70 * SEC);
        assert_int_equal(evidence_ns(w.ems.no), 50 * SEC);
        assert_int_equal(evidence_ns(w.suite[0].row), 10 * SEC);
        assert_int_equal(evidence_ns(w.group[0].row), 10 * SEC);
        assert_int_equal(evidence_ns(w.cert_row[0]), 10 * SEC);
        study_close();
        (void)close_cube(state);
        assert_int_equal(open_cube(state), 0);
    }
}

/* The numbers of places, which lists go by, are in the order of servers. */
static void places_are_numbered_by_what_they_are(void **state)
{
    (void)state;
    TELL({ &hello_tls12, 1, 9, CHOSE_12 }, { &hello_tls12, 2, 7, CHOSE_12 }, { &hello_tls12, 1, 8, CHOSE_12 }, { &hello_tls12, 3, 6, CHOSE_12 });
    study_under(&tls12);
    assert_int_equal(study_places(study), 4);
    for (uint32_t p = 2; p <= 4; p++)
        assert_true(endpoint_cmp(&study_place(study, p - 1)->server, &study_place(study, p)->server) < 0);
    study_close();
}

static int open_policies(void **state)
{
    (void)state;
    struct err e = { "" };
    tls12 = policy_open("tls12-minimum", 0, &e);
    tls13 = policy_inline("TLSv1.3", NULL, &e);
    no_cbc = policy_inline("TLSv1.2", "cbc", &e);
    no_rsa = policy_inline("TLSv1.2", "kx=RSA", &e);
    if (!tls12 || !tls13 || !no_cbc || !no_rsa)
        fail_msg("%s", e.text);
    return 0;
}

static int close_policies(void **state)
{
    (void)state;
    policy_free(tls12);
    policy_free(tls13);
    policy_free(no_cbc);
    policy_free(no_rsa);
    return 0;
}

#define T(f) cmocka_unit_test_setup_teardown(f, open_cube, close_cube)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(failing_is_what_never_completed), T(failing_needs_every_handshake_seen), T(silence_is_no_failure_where_many_connections_have_gaps), T(failing_comes_before_breaks),
        T(breaks_when_nothing_allowed_is_offered), T(breaks_needs_one_hello_and_no_answer), T(breaks_names_the_suite),
        T(breaks_in_an_opportunistic_protocol_may_fall), T(plaintext_must_have_been_seen),
        T(going_on_where_tls_is_not_offered_is_plaintext), T(plaintext_of_another_protocol_does_not_count), T(plaintext_of_which_stack_is_not_guessed),
        T(a_client_that_can_do_better_does_not_fall), T(ready_when_all_satisfy), T(ready_needs_a_full_handshake),
        T(ready_is_not_said_of_what_is_invisible), T(loss_leaves_ready_what_its_own_handshake_proves),
        T(a_suite_that_was_not_offered_is_no_readiness), T(server_first_when_it_chose_a_forbidden_version),
        T(server_first_not_with_packets_missing), T(loss_of_another_stack_does_not_matter),
        T(a_sentinel_against_a_higher_offer_is_interception), T(server_first_under_a_13_only_policy),
        T(server_first_when_nothing_is_left_at_its_ceiling), T(server_first_for_its_certificate), T(safe_by_what_the_server_did_for_another), T(proofs_do_not_add_up),
        T(a_proof_is_of_the_same_name), T(a_proof_is_not_resumed), T(own_refusal_outweighs_an_earlier_proof),
        T(the_sentinel_proves_a_ceiling), T(no_sentinel_proves_nothing), T(a_large_dh_prime_is_not_everybodys),
        T(no_signature_algorithms_no_certainty), T(unknown_without_a_hello), T(completed_without_a_choice_proves_nothing), T(several_backends_are_their_intersection),
        T(two_answers_are_no_change), T(a_change_in_time_is_one), T(a_change_back_counts_too),
        T(backends_that_agree_about_the_policy_do_no_harm), T(a_backend_that_refuses_is_not_ready),
        T(a_dance_with_scsv_raises_the_ceiling), T(a_dance_once_raises_nothing), T(a_dance_twice_and_never_otherwise_does),
        T(a_dance_to_suites_that_were_not_offered_does_not),
        T(a_dance_of_which_packets_are_missing_is_unknown), T(what_would_prove_a_dance_may_be_missing),
        T(a_proved_dance_with_packets_missing_is_not_the_servers), T(a_certificate_that_may_not_have_been_taken),
        T(a_group_that_was_not_seen_is_no_second_answer), T(a_failure_that_may_have_been_lost_is_not_safe), T(a_dance_that_was_an_accident), T(scsv_alone_is_no_ceiling),
        T(a_hello_that_resumes_is_no_ceiling), T(supported_versions_without_12), T(a_13_hello_with_12_suites),
        T(a_hello_retry_is_a_full_handshake), T(rsa_clients_and_two_certificates),
        T(ecdsa_suites_alone_do_not_help_with_an_rsa_certificate), T(sha1_only_signatures), T(names_at_one_address_are_judged_apart),
        T(a_proxy_asked_for_nobody_stands_for_many), T(a_stack_that_was_replaced_is_listed_apart),
        T(stacks_behind_a_nat_are_not_stale), T(exceptions_expire), T(only_enforced_servers_are_judged), T(stacks_are_counted_among_those_that_are_asked_about),
        T(one_choice_does_not_show_what_is_missing), T(the_clients_order_shows_what_is_missing),
        T(an_order_of_its_own_shows_nothing_of_what_is_below), T(a_refusal_shows_what_is_missing), T(what_others_got_is_there),
        T(a_preferred_suite_that_was_not_chosen_cannot_serve), T(several_stacks_in_vain_show_what_is_missing),
        T(what_others_got_in_part_is_there), T(what_its_own_stack_got_in_part_is_there), T(a_group_that_others_got_in_part_is_there),
        T(answers_that_are_too_many_show_nothing), T(many_answers_are_soon_compared),
        T(answers_to_one_offer_that_are_too_many_are_several_backends), T(many_offers_of_one_stack_are_compared_each),
        T(rc4_is_not_what_a_server_has_to_enable), T(a_group_that_is_missing_is_missing_for_every_suite),
        T(suites_of_a_kind_come_together), T(a_suite_is_not_missing_for_its_group),
        T(suites_that_are_too_new_are_not_asked_for_in_vain), T(suites_by_keys_that_are_shared_already_are_no_way_out), T(an_ecdsa_key_that_was_asked_for_in_vain),
        T(schemes_that_are_all_forbidden_are_not_ready),
        T(addresses_that_follow_one_another_are_one_machine), T(machines_with_a_name_are_told_apart),
        T(hours_are_those_asked_for), T(what_had_no_room_is_not_judged), T(coverage_is_of_what_is_enforced), T(a_server_shows_versions_and_no_more), T(whose_order_decides_has_to_be_shown),
        T(a_suite_that_the_client_could_not_get_shows_no_order), T(extensions_are_no_only_where_they_were_offered),
        T(evidence_is_the_earliest_in_whatever_order_it_came), T(places_are_numbered_by_what_they_are),
    };
    return cmocka_run_group_tests(tests, open_policies, close_policies);
}
