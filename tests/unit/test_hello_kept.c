/* SPDX-License-Identifier: Apache-2.0 */
/* What is kept of a ClientHello tells the same as the hello: of every recorded one, and of the largest there can be. */
#include "tests/unit/conversation.h"

#include "base/limits.h"
#include "dissect/hello_kept.h"
#include "dissect/ja.h"

#include <dirent.h>

static uint8_t kept[HELLO_KEPT_MAX];

static bool same_list(struct rd a, struct rd b)
{
    return rd_equal(&a, &b);
}

/* Each fact that is asked about; what is said not to be kept is not compared. */
static void assert_same(const struct client_hello *a, const struct client_hello *b)
{
    static uint8_t form_a[OFFER_MAX], form_b[OFFER_MAX];
    char ja_a[JA4_TEXT], ja_b[JA4_TEXT];
    assert_int_equal(a->format, b->format);
    assert_int_equal(a->legacy_version, b->legacy_version);
    assert_int_equal(a->max_version, b->max_version);
    assert_int_equal(a->ext_mask, b->ext_mask);
    assert_true(a->ext_low == b->ext_low);
    assert_true(a->ext_high == b->ext_high && a->grease == b->grease && a->fallback_scsv == b->fallback_scsv &&
                a->renegotiation_scsv == b->renegotiation_scsv);
    assert_true(same_list(a->suites, b->suites) && same_list(a->compression, b->compression));
    assert_true(same_list(a->session_id, b->session_id) && same_list(a->sni, b->sni) && same_list(a->alpn, b->alpn));
    assert_true(same_list(a->versions, b->versions) && same_list(a->groups, b->groups));
    assert_true(same_list(a->sigalgs, b->sigalgs) && same_list(a->sigalgs_cert, b->sigalgs_cert));
    assert_true(same_list(a->point_formats, b->point_formats));
    assert_int_equal(rd_left(&a->ticket) > 0, rd_left(&b->ticket) > 0);
    size_t n = client_hello_offer(a, form_a);
    assert_int_equal(n, client_hello_offer(b, form_b));
    assert_memory_equal(form_a, form_b, n);
    ja3_client(a, ja_a);
    ja3_client(b, ja_b);
    assert_string_equal(ja_a, ja_b);
    ja4_client(a, 't', ja_a);
    ja4_client(b, 't', ja_b);
    assert_string_equal(ja_a, ja_b);
}

/* Returns how many bytes were kept. */
static size_t keep_and_recall(const struct client_hello *ch)
{
    struct client_hello back;
    size_t n = hello_keep(ch, kept);
    assert_true(n <= HELLO_KEPT_MAX);
    hello_recall(guarded(kept, n), &back); /* nothing behind it is read */
    assert_same(ch, &back);
    return n;
}

static size_t hellos, in_hellos, in_kept;

/* The ClientHello at the start of what side 0 said, when it is there. */
static void try_conversation(const struct conversation *c)
{
    static uint8_t stream[16384];
    struct client_hello ch;
    size_t n = 0;
    for (size_t i = 0; i < c->count; i++) {
        if (c->seg[i].side != 0 || n + c->seg[i].n > sizeof stream)
            continue;
        memcpy(stream + n, c->seg[i].p, c->seg[i].n);
        n += c->seg[i].n;
    }
    if (n < 9 || stream[0] != 22 || stream[5] != 1)
        return;
    size_t length = (size_t)stream[6] << 16 | (size_t)stream[7] << 8 | stream[8];
    if (length + 9 > n || !client_hello_parse(rd_of(stream + 9, length), HELLO_TLS, &ch))
        return;
    hellos++;
    in_hellos += length;
    in_kept += keep_and_recall(&ch);
}

static void recorded_hellos(void **state)
{
    (void)state;
    DIR *dir = opendir("pcaps");
    assert_non_null(dir);
    for (struct dirent *e; (e = readdir(dir));) {
        char path[512];
        struct recording r;
        size_t n = strlen(e->d_name);
        (void)snprintf(path, sizeof path, "pcaps/%s", e->d_name);
        if (n < 5 || strcmp(e->d_name + n - 5, ".pcap") != 0 || !recording_load(path, &r))
            continue;
        for (size_t i = 0; i < r.count; i++)
            try_conversation(&r.conv[i]);
        recording_free(&r);
    }
    (void)closedir(dir);
    assert_true(hellos > 40);
    assert_true(in_kept < in_hellos);
}

/* draft-hickman-netscape-ssl section 2.5: 3-byte specs and no extensions. */
static void sslv2_format(void **state)
{
    (void)state;
    uint8_t body[9 + 6 + 16] = { 1, 3, 0, 0, 6, 0, 0, 0, 16, 0, 0, 5, 7, 0, 0xc0 };
    struct client_hello ch;
    assert_true(client_hello_parse_sslv2(rd_of(body, sizeof body), &ch));
    (void)keep_and_recall(&ch);
}

/* A block full of extensions without bodies, and suites as many as there can be: the longest that is kept. */
static void largest(void **state)
{
    (void)state;
    static uint8_t body[LIMIT_HELLO_BYTES];
    enum { SUITES = 2 * 100, EXTENSIONS = (LIMIT_HELLO_BYTES - 2 - 32 - 1 - 2 - SUITES - 2 - 2) / 4 * 4 };
    struct client_hello ch;
    uint8_t *p = body;
    *p++ = 3;
    *p++ = 3;
    p += 33;
    *p++ = 0;
    *p++ = SUITES;
    for (unsigned i = 0; i < SUITES; i++)
        *p++ = (uint8_t)i;
    *p++ = 1;
    *p++ = 0;
    *p++ = (uint8_t)(EXTENSIONS >> 8);
    *p++ = (uint8_t)EXTENSIONS;
    for (unsigned i = 0; i < EXTENSIONS; i += 4, p += 4) {
        p[0] = (uint8_t)(i >> 10);
        p[1] = (uint8_t)(i >> 2);
    }
    assert_true(client_hello_parse(rd_of(body, (size_t)(p - body)), HELLO_TLS, &ch));
    assert_int_equal(rd_left(&ch.extensions), EXTENSIONS);
    assert_true(keep_and_recall(&ch) <= (size_t)(p - body) + 64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recorded_hellos),
        cmocka_unit_test(sslv2_format),
        cmocka_unit_test(largest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
