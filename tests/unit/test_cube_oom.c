/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cube and its store with the n-th allocation failing, for every n: nothing crashes, no handshake goes uncounted, a failed
 * merge or save leaves what was there. The allocator is replaced in this program; a sanitizer has its own, so these tests are
 * skipped under one.
 */
#include "tests/unit/test.h"
#include <limits.h>
#include "report/rollup.h"
#include "report/store.h"
#include "report/study_impl.h"
#include "tests/unit/cube_make.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SKIPPED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SKIPPED 1
#endif
#endif

#ifdef SKIPPED
int main(void)
{
    return 0;
}
#else

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);

static unsigned long left = ULONG_MAX; /* allocations that still succeed; ULONG_MAX: all */
static bool only_one; /* the rest succeed again */
static bool failed;

static bool fails(void)
{
    if (left == ULONG_MAX)
        return false;
    if (left > 0) {
        left--;
        return false;
    }
    failed = true;
    if (only_one)
        left = ULONG_MAX;
    return true;
}

void *malloc(size_t n)
{
    return fails() ? NULL : __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
    return fails() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t n)
{
    return fails() ? NULL : __libc_realloc(p, n);
}

static void fail_after(unsigned long n, bool once)
{
    left = n;
    only_one = once;
    failed = false;
}

/* Ends it; did the failure come at all? */
static bool fail_end(void)
{
    left = ULONG_MAX;
    return failed;
}

static const struct cube_options plain = { .seed = 42 };

static uint64_t total(const struct cube *c)
{
    uint64_t n = cube_lost(c);
    for (uint32_t row = 1; row <= cube_rows(c); row++)
        n += cube_row_val(c, row)->count;
    return n;
}

static void a_cube_is_made_or_not(void **state)
{
    (void)state;
    struct cube_options opt = { .sensor = "north" };
    for (unsigned long n = 0;; n++) {
        fail_after(n, true);
        struct cube *c = cube_new(&opt);
        bool reached = fail_end();
        assert_int_equal(c == NULL, reached);
        cube_free(c);
        if (!reached)
            break;
    }
}

static void every_handshake_is_counted_somewhere(void **state)
{
    (void)state;
    enum { EVENTS = 600 };
    for (unsigned long n = 0; n < 120; n++) {
        struct cube *c = cube_new(&plain);
        struct made m;
        struct tls_event *events[EVENTS];
        struct made *made = malloc(EVENTS * sizeof m);
        for (unsigned i = 0; i < EVENTS; i++) {
            struct hello_spec s = hello_tls12;
            char name[16];
            (void)snprintf(name, sizeof name, "n%u", i % 100);
            s.sni = name;
            s.suites[4] = (uint16_t)(i % 50);
            events[i] = event_make(&made[i], &s, i % 300, 1000, T0 + i % 9 * 3600 * SEC);
            event_cert(&made[i], i % 20);
        }
        fail_after(n, n % 2);
        for (unsigned i = 0; i < EVENTS; i++) {
            struct stats st = { .packets = 1 };
            cube_event(c, events[i]);
            cube_hour(c, events[i]->ts_ns / SEC / 3600, &st);
        }
        (void)fail_end();
        assert_int_equal(total(c), EVENTS);
        struct stats sum;
        cube_totals(c, &sum);
        assert_int_equal(sum.packets, EVENTS);
        assert_int_equal(sum.memory_refused, cube_lost(c));
        free(made);
        cube_free(c);
    }
}

static void a_failed_merge_changes_nothing(void **state)
{
    (void)state;
    struct cube *from = cube_random(&plain, 1, 700);
    struct endpoint client = party(9, 0), server = party(8, 1);
    struct span old = { .count = 3 };
    assert_true(cube_put_span(from, &client, 1, &server, &old));
    struct cube *sum = cube_random(&plain, 2, 10);
    assert_int_equal(cube_merge(sum, from), 0);
    char *want = cube_dump(sum);
    unsigned failures = 0;
    for (unsigned long n = 0;; n++) {
        struct cube *into = cube_random(&plain, 2, 10);
        char *before = cube_dump(into);
        fail_after(n, true);
        int rc = cube_merge(into, from);
        bool reached = fail_end();
        char *after = cube_dump(into);
        assert_same_text(after, rc ? before : want);
        failures += rc != 0;
        if (rc) { /* and it can be done later */
            assert_true(reached);
            free(after);
            assert_int_equal(cube_merge(into, from), 0);
            after = cube_dump(into);
            assert_same_text(after, want);
        }
        free(before);
        free(after);
        cube_free(into);
        if (!reached)
            break;
    }
    assert_true(failures > 15);
    free(want);
    cube_free(sum);
    cube_free(from);
}

static char path[64];

static int save(const struct cube *c, struct err *e)
{
    struct store *s = store_open(path, STORE_WRITE, e);
    int rc = s ? store_save(s, c, e) : -1;
    store_close(s);
    return rc;
}

static struct cube *load(struct err *e)
{
    struct store *s = store_open(path, STORE_READ, e);
    struct cube *c = s ? cube_new(&plain) : NULL;
    if (c && store_load(s, c, e)) {
        cube_free(c);
        c = NULL;
    }
    store_close(s);
    return c;
}

static void a_failed_save_leaves_the_file(void **state)
{
    (void)state;
    struct err e;
    struct cube *a = cube_random(&plain, 1, 30), *b = cube_random(&plain, 2, 30);
    assert_int_equal(save(a, &e), 0);
    char *want = cube_dump(a);
    unsigned failures = 0;
    for (unsigned long n = 0; n < 2000; n = n < 60 ? n + 1 : n * 11 / 10) {
        e.text[0] = '\0';
        fail_after(n, n % 2);
        int rc = save(b, &e);
        (void)fail_end();
        failures += rc != 0;
        assert_true(rc == 0 || strstr(e.text, path));
        struct cube *back = load(&e);
        if (!back)
            fail_msg("%s", e.text);
        if (rc == 0) {
            assert_int_equal(cube_merge(a, b), 0);
            free(want);
            want = cube_dump(a);
        }
        char *got = cube_dump(back);
        assert_same_text(got, want);
        free(got);
        cube_free(back);
    }
    assert_true(failures > 20);
    free(want);
    cube_free(a);
    cube_free(b);
}

static void a_failed_load_says_so(void **state)
{
    (void)state;
    struct err e;
    struct cube *whole = load(&e);
    assert_non_null(whole);
    for (unsigned long n = 0; n < 2000; n = n < 60 ? n + 1 : n * 11 / 10) {
        e.text[0] = '\0';
        fail_after(n, n % 2);
        struct cube *c = load(&e);
        (void)fail_end();
        if (c)
            assert_int_equal(total(c), total(whole));
        cube_free(c);
    }
    cube_free(whole);
}

/* A study is whole or not there: of each choice it is known which others fit the same offers. */
static void a_failed_study_is_none(void **state)
{
    (void)state;
    enum { CHOICES = 100 };
    struct cube *c = cube_new(&plain);
    for (unsigned i = 0; i < CHOICES; i++) {
        struct made m;
        struct tls_event *ev = event_make(&m, &hello_tls12, i, 1000, T0);
        ev->version = VER_TLS12;
        ev->suite = 0x009e;
        ev->dh_bits = (uint16_t)(1024 + i);
        cube_event(c, ev);
    }
    struct policy *p = policy_open("tls12-minimum", 0, NULL);
    struct study_request q = { .policy = &p, .policies = 1 };
    struct view view = { .study = &q };
    struct rollup *r = rollup_make(c, &view);
    assert_non_null(p);
    assert_non_null(r);
    bool reached = true;
    for (unsigned long n = 0; reached; n++) {
        fail_after(n, true);
        struct study *s = study_make(r, &q);
        reached = fail_end();
        for (uint32_t i = 0; s && i < intern_count(s->choices); i++)
            assert_int_not_equal(s->choice_class[i], 0);
        assert_true(reached || s);
        study_free(s);
    }
    rollup_free(r);
    policy_free(p);
    cube_free(c);
}

static int make_file(void **state)
{
    (void)state;
    const char *tmp = getenv("TMPDIR");
    if (!tmp)
        tmp = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    (void)snprintf(path, sizeof path, "%.40s/oom.XXXXXX", tmp);
    int fd = mkstemp(path);
    return fd < 0 ? -1 : close(fd);
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cube_is_made_or_not),
        cmocka_unit_test(every_handshake_is_counted_somewhere),
        cmocka_unit_test(a_failed_merge_changes_nothing),
        cmocka_unit_test(a_failed_save_leaves_the_file),
        cmocka_unit_test(a_failed_load_says_so),
        cmocka_unit_test(a_failed_study_is_none),
    };
    return cmocka_run_group_tests(tests, make_file, remove_file);
}
#endif
