/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"
#include "report/cube_impl.h"
#include "report/store.h"
#include "report/store_impl.h"
#include "tests/unit/cube_make.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

static const struct cube_options plain = { .seed = 42 };
static char folder[64];
static unsigned files;

/* A new path in the test's folder. One buffer per use: kept in the folder's name space only. */
static const char *fresh_path(void)
{
    static char path[8][128];
    char *p = path[files % 8];
    (void)snprintf(p, sizeof path[0], "%s/%u.db", folder, files++);
    return p;
}

static void write_file(const char *path, const void *bytes, size_t n)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

static size_t read_all(const char *path, uint8_t **out)
{
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    *out = malloc(1 << 22);
    size_t n = fread(*out, 1, 1 << 22, f);
    assert_int_equal(fclose(f), 0);
    return n;
}

static void sql(const char *path, const char *text)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void save(const char *path, const struct cube *c)
{
    struct err e = { "" };
    struct store *s = store_open(path, STORE_WRITE, &e);
    if (!s)
        fail_msg("%s", e.text);
    if (store_save(s, c, &e))
        fail_msg("%s", e.text);
    store_close(s);
}

static struct cube *load(const char *path)
{
    struct err e = { "" };
    struct store *s = store_open(path, STORE_READ, &e);
    if (!s)
        fail_msg("%s", e.text);
    struct cube *c = cube_new(&plain);
    if (store_load(s, c, &e))
        fail_msg("%s", e.text);
    store_close(s);
    return c;
}

/* Opening fails with a line that names the file and holds these words. */
static void refused(const char *path, enum store_mode mode, const char *words)
{
    struct err e = { "" };
    assert_null(store_open(path, mode, &e));
    if (!strstr(e.text, words) || !strstr(e.text, path))
        print_error("got: %s\n", e.text);
    assert_non_null(strstr(e.text, words));
    assert_non_null(strstr(e.text, path));
}

static struct cube *rich(uint64_t seed)
{
    struct cube_options opt = { .seed = seed, .sensor = seed % 2 ? "north" : NULL };
    struct cube *c = cube_random(&opt, seed, 150);
    struct made m;
    struct tls_event *ev = event_make(&m, &hello_tls12, 3, 9, T0);
    ev->outcome = OUTCOME_REFUSED;
    ev->upgrade = "imap";
    ev->aftermath = AFTER_PLAINTEXT;
    ev->refusal_code = 454;
    ev->server_offered_upgrade = 2;
    ev->alert = (struct tls_alert){ 's', 2, 40 };
    ev->sentinel = SENTINEL_TLS12;
    ev->sigscheme = 0x0401;
    ev->dh_bits = 1024;
    ev->suite = SUITE_NONE;
    ev->server.addr = addr_ip6((const uint8_t[16]){ 0xfe, 0x80, 1 });
    ev->client.addr = addr_mac((const uint8_t[6]){ 1, 2, 3, 4, 5, 6 });
    cube_event(c, ev);
    struct endpoint client = party(77, 0), server = party(78, 443);
    struct span old = { .first_ns = T0 - SEC, .last_ns = T0, .count = 9 };
    assert_true(cube_put_span(c, &client, 1, &server, &old));
    return c;
}

static void what_is_saved_is_loaded(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed < 6; seed++) {
        struct cube *c = rich(seed);
        const char *path = fresh_path();
        save(path, c);
        struct cube *back = load(path);
        assert_same_cube(c, back);
        cube_free(back);
        cube_free(c);
    }
}

static void an_empty_cube_makes_a_state_file(void **state)
{
    (void)state;
    struct cube *c = cube_new(&plain);
    const char *path = fresh_path();
    save(path, c);
    save(path, c);
    struct cube *back = load(path);
    assert_int_equal(cube_rows(back), 0);
    cube_free(back);
    cube_free(c);
}

static void runs_accumulate(void **state)
{
    (void)state;
    struct cube *sum = cube_new(&plain);
    const char *path = fresh_path();
    for (uint64_t seed = 1; seed < 6; seed++) {
        struct cube *c = rich(seed % 4); /* some twice */
        save(path, c);
        assert_int_equal(cube_merge(sum, c), 0);
        cube_free(c);
    }
    struct cube *back = load(path);
    assert_same_cube(sum, back);
    /* Several states add up in memory too. */
    struct err e;
    struct store *s = store_open(path, STORE_READ, &e);
    assert_int_equal(store_load(s, back, &e), 0);
    store_close(s);
    struct cube *once = load(path);
    assert_int_equal(cube_merge(sum, once), 0);
    assert_same_cube(sum, back);
    cube_free(once);
    cube_free(back);
    cube_free(sum);
}

static void only_the_owner_may_read_it(void **state)
{
    (void)state;
    const char *path = fresh_path();
    char wal[140];
    struct stat st;
    mode_t old = umask(0);
    struct err e;
    struct store *s = store_open(path, STORE_WRITE, &e);
    assert_non_null(s);
    (void)umask(old);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    (void)snprintf(wal, sizeof wal, "%s-wal", path);
    assert_int_equal(stat(wal, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    store_close(s);
    assert_int_equal(stat(wal, &st), -1); /* the log is tidied away */
}

static void files_of_others_are_refused_and_left_alone(void **state)
{
    (void)state;
    static const char text[] = "name,address\nmail,192.0.2.1\n";
    const char *path = fresh_path();
    uint8_t *after;
    write_file(path, text, sizeof text - 1);
    refused(path, STORE_WRITE, "not a tlsunset state file");
    refused(path, STORE_READ, "not a tlsunset state file");
    assert_int_equal(read_all(path, &after), sizeof text - 1);
    assert_memory_equal(after, text, sizeof text - 1);
    free(after);
    char pcap[5000] = "\xd4\xc3\xb2\xa1\x02\x00\x04";
    path = fresh_path();
    write_file(path, pcap, sizeof pcap);
    refused(path, STORE_WRITE, "not a tlsunset state file");
    path = fresh_path();
    sql(path, "CREATE TABLE bookmarks (url TEXT); INSERT INTO bookmarks VALUES ('x')");
    uint8_t *before;
    size_t n = read_all(path, &before);
    refused(path, STORE_WRITE, "not a tlsunset state file");
    refused(path, STORE_READ, "not a tlsunset state file");
    assert_int_equal(read_all(path, &after), n);
    assert_memory_equal(after, before, n);
    free(before);
    free(after);
    path = fresh_path();
    sql(path, "PRAGMA application_id = 77; CREATE TABLE row (client TEXT)");
    refused(path, STORE_WRITE, "not a tlsunset state file");
}

static void a_newer_schema_is_refused(void **state)
{
    (void)state;
    const char *path = fresh_path();
    struct cube *c = rich(1);
    save(path, c);
    sql(path, "PRAGMA user_version = 99");
    refused(path, STORE_WRITE, "newer tlsunset");
    refused(path, STORE_READ, "newer tlsunset");
    cube_free(c);
}

static void paths_that_are_no_files(void **state)
{
    (void)state;
    char path[128], target[128];
    refused(folder, STORE_WRITE, "is a directory");
    refused(folder, STORE_READ, "is a directory");
    refused(fresh_path(), STORE_READ, strerror(ENOENT));
    (void)snprintf(path, sizeof path, "%s/none/x.db", folder);
    refused(path, STORE_WRITE, strerror(ENOENT));
    (void)snprintf(path, sizeof path, "%s/fifo", folder);
    assert_int_equal(mkfifo(path, 0600), 0);
    refused(path, STORE_WRITE, "not a regular file");
    (void)snprintf(path, sizeof path, "%s/dangling", folder);
    (void)snprintf(target, sizeof target, "%s/target.db", folder);
    assert_int_equal(symlink(target, path), 0);
    refused(path, STORE_WRITE, "symbolic link");
    /* A link to a state is as good as the state. */
    struct cube *c = rich(2);
    save(target, c);
    save(path, c);
    struct cube *back = load(target);
    assert_int_equal(cube_row_val(back, 1)->count % 2, 0);
    cube_free(back);
    /* An empty file (mktemp made it, or a first run was killed at once) becomes a state. */
    const char *empty = fresh_path();
    write_file(empty, "", 0);
    refused(empty, STORE_READ, "not a tlsunset state file");
    save(empty, c);
    back = load(empty);
    assert_same_cube(c, back);
    cube_free(back);
    cube_free(c);
}

/* Names that mean something to SQLite mean nothing here. */
static void odd_names_are_names(void **state)
{
    (void)state;
    static const char *const names[] = { "file:x.db?mode=memory", ":memory:", "a b%20#?.db", "-x.db" };
    struct cube *c = rich(3);
    char here[4096];
    assert_non_null(getcwd(here, sizeof here));
    assert_int_equal(chdir(folder), 0);
    for (size_t i = 0; i < 4; i++) {
        struct stat st;
        save(names[i], c);
        assert_int_equal(stat(names[i], &st), 0);
        struct cube *back = load(names[i]);
        assert_same_cube(c, back);
        cube_free(back);
    }
    assert_int_equal(chdir(here), 0);
    char deep[5000];
    memset(deep, 'a', sizeof deep);
    deep[sizeof deep - 1] = '\0';
    struct err e;
    assert_null(store_open(deep, STORE_WRITE, &e));
    assert_non_null(strstr(e.text, "too long"));
    cube_free(c);
}

static void one_writer_at_a_time(void **state)
{
    (void)state;
    const char *path = fresh_path();
    struct cube *c = rich(1);
    struct err e;
    save(path, c);
    sqlite3 *other;
    assert_int_equal(sqlite3_open(path, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE; DELETE FROM row", NULL, NULL, NULL), SQLITE_OK);
    struct store *s = store_open(path, STORE_WRITE, &e);
    assert_non_null(s);
    (void)sqlite3_busy_timeout(s->db, 50);
    assert_int_equal(store_save(s, c, &e), -1);
    assert_non_null(strstr(e.text, "another tlsunset is writing"));
    /* Reading goes on, and sees what was there before the other began. */
    struct cube *back = load(path);
    assert_same_cube(c, back);
    cube_free(back);
    assert_int_equal(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(store_save(s, c, &e), 0);
    store_close(s);
    assert_int_equal(sqlite3_close(other), SQLITE_OK);
    cube_free(c);
}

static void a_file_that_went_away_is_not_written(void **state)
{
    (void)state;
    const char *path = fresh_path(), *aside = fresh_path();
    struct err e = { "" };
    struct cube *c = rich(1);
    struct store *s = store_open(path, STORE_WRITE, &e);
    assert_int_equal(rename(path, aside), 0);
    assert_int_equal(store_save(s, c, &e), -1);
    assert_non_null(strstr(e.text, "put it back"));
    assert_int_equal(rename(aside, path), 0);
    assert_int_equal(store_save(s, c, &e), 0);
    store_close(s);
    struct cube *back = load(path);
    assert_same_cube(c, back);
    cube_free(back);
    cube_free(c);
}

static void inputs_are_known_by_digest(void **state)
{
    (void)state;
    const char *path = fresh_path();
    struct cube *c = cube_new(&plain);
    struct err e;
    int64_t when = 0;
    char name[] = "a.pcap";
    struct input in = { .name = name, .digest = { 9, 9 }, .read_ns = 12345, .packets = 1 };
    (void)cube_input(c, &in);
    save(path, c);
    in.read_ns = 99999;
    (void)cube_input(c, &in);
    save(path, c);
    struct store *s = store_open(path, STORE_WRITE, &e);
    assert_int_equal(store_has_input(s, in.digest, &when, &e), 1);
    assert_int_equal(when, 12345);
    in.digest[31] = 1;
    assert_int_equal(store_has_input(s, in.digest, &when, &e), 0);
    store_close(s);
    cube_free(c);
}

static void count_marked(void *ctx, const struct input *in)
{
    assert_string_equal(in->name, "a.pcap");
    assert_int_equal(in->packets, 1);
    ++*(unsigned *)ctx;
}

/* By the first packet's mark it is known whether a digest is worth taking. */
static void inputs_may_be_known_by_mark(void **state)
{
    (void)state;
    const char *path = fresh_path();
    struct err e;
    char name[] = "a.pcap";
    struct input in = { .name = name, .digest = { 9 }, .mark = UINT64_MAX - 5, .read_ns = 1, .packets = 1 };
    for (unsigned i = 0; i < 2; i++) {
        struct cube *c = cube_new(&plain);
        (void)cube_input(c, &in);
        save(path, c);
        cube_free(c);
        struct store *s = store_open(path, STORE_WRITE, &e);
        assert_int_equal(store_has_mark(s, UINT64_MAX - 5, &e), 1);
        assert_int_equal(store_has_mark(s, 77, &e), i); /* one of unknown mark could be any */
        unsigned told = 0;
        assert_int_equal(store_marked(s, UINT64_MAX - 5, count_marked, &told, &e), 0);
        assert_int_equal(told, 1);
        assert_int_equal(store_marked(s, 77, count_marked, &told, &e), 0);
        assert_int_equal(store_marked(s, 0, count_marked, &told, &e), 0);
        assert_int_equal(told, 1);
        store_close(s);
        in = (struct input){ .name = name, .digest = { 8 }, .read_ns = 2, .packets = 1 };
    }
}

/* Two runs that read one capture at the same time: the second one to save finds out, and changes nothing. */
static void one_capture_is_saved_once(void **state)
{
    (void)state;
    const char *path = fresh_path();
    struct err e = { "" };
    char name[] = "a.pcap", other[] = "b.pcap";
    struct cube *c[2];
    for (unsigned i = 0; i < 2; i++) {
        struct input in = { .name = i ? other : name, .digest = { 9 }, .read_ns = 10 + i, .packets = 1 };
        c[i] = cube_random(&plain, 3, 20);
        (void)cube_input(c[i], &in);
    }
    struct store *a = store_open(path, STORE_WRITE, &e), *b = store_open(path, STORE_WRITE, &e);
    store_once(a);
    store_once(b);
    assert_int_equal(store_save(a, c[0], &e), 0);
    assert_int_equal(store_save(b, c[1], &e), -1);
    assert_non_null(strstr(e.text, "b.pcap: this capture is in"));
    store_close(a);
    store_close(b);
    struct cube *back = load(path);
    assert_same_cube(back, c[0]);
    cube_free(back);
    b = store_open(path, STORE_WRITE, &e); /* --again */
    assert_int_equal(store_save(b, c[1], &e), 0);
    store_close(b);
    cube_free(c[0]);
    cube_free(c[1]);
}

/* The first cube decides how clients are told apart; another kind is refused, early and at the end, and nothing changes. */
static void clients_are_of_one_kind(void **state)
{
    (void)state;
    static const uint8_t key[32] = { 1 }, other[32] = { 2 };
    static const struct {
        struct cube_options begun, added;
        const char *words; /* NULL: accepted */
    } cases[] = {
        { { .seed = 1 }, { .seed = 2 }, NULL },
        { { .anonymize_key = key }, { .anonymize_key = key, .seed = 7 }, NULL },
        { { .client_prefix = 64 }, { .client_prefix = 64 }, NULL },
        { { .client_prefix = 128 }, { .client_prefix = 0 }, NULL },
        { { .scope = 2 }, { .scope = 2 }, NULL },
        { { .anonymize_key = key }, { .seed = 1 }, "give --anonymize=KEYFILE" },
        { { .seed = 1 }, { .anonymize_key = key }, "leave out --anonymize" },
        { { .anonymize_key = key }, { .anonymize_key = other }, "another key" },
        { { .client_prefix = 64 }, { .seed = 1 }, "give --client-prefix 64" },
        { { .seed = 1 }, { .client_prefix = 64 }, "give --client-prefix 128" },
        { { .scope = 1 }, { .seed = 1 }, "give --scope vlan" },
        { { .scope = 1 }, { .scope = 2 }, "give --scope vlan" },
        { { .seed = 1 }, { .scope = 2 }, "leave it out" },
    };
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *path = fresh_path();
        struct cube *a = cube_random(&cases[i].begun, 1, 30), *b = cube_random(&cases[i].added, 2, 30);
        struct err e = { "" };
        save(path, a);
        struct store *s = store_open(path, STORE_WRITE, &e);
        int want = cases[i].words ? -1 : 0;
        assert_int_equal(store_accepts(s, b, &e), want);
        assert_int_equal(store_save(s, b, &e), want);
        store_close(s);
        if (want) {
            assert_non_null(strstr(e.text, cases[i].words));
            struct cube *back = load(path);
            assert_same_cube(back, a);
            cube_free(back);
        }
        cube_free(a);
        cube_free(b);
    }
}

static void a_key_is_not_in_the_file(void **state)
{
    (void)state;
    uint8_t key[32];
    for (unsigned i = 0; i < sizeof key; i++)
        key[i] = (uint8_t)(i * 7 + 3);
    const char *path = fresh_path();
    struct cube *c = cube_random(&(struct cube_options){ .anonymize_key = key }, 1, 30);
    save(path, c);
    uint8_t *bytes;
    size_t n = read_all(path, &bytes);
    for (unsigned i = 0; i + 8 <= sizeof key; i += 8)
        assert_null(memmem(bytes, n, key + i, 8));
    free(bytes);
    cube_free(c);
}

/* Written before settings were kept: readable as it is, brought up to date by who writes; rows tell what clients they are of. */
static void a_file_of_schema_1_is_brought_up_to_date(void **state)
{
    (void)state;
    static const uint8_t key[32] = { 1 };
    static const char back_to_1[] = "DROP TABLE setting; ALTER TABLE input DROP COLUMN mark; PRAGMA user_version = 1";
    for (unsigned anonymized = 0; anonymized < 2; anonymized++) {
        const struct cube_options opt = { .anonymize_key = anonymized ? key : NULL, .seed = 5 };
        const struct cube_options wrong = { .anonymize_key = anonymized ? NULL : key, .seed = 5 };
        const char *path = fresh_path();
        struct cube *c = cube_random(&opt, 1, 30), *w = cube_new(&wrong);
        struct err e = { "" };
        save(path, c);
        sql(path, back_to_1);
        struct cube *back = load(path);
        assert_same_cube(back, c);
        cube_free(back);
        struct store *s = store_open(path, STORE_WRITE, &e);
        assert_non_null(s);
        assert_int_equal(store_accepts(s, w, &e), -1);
        assert_non_null(strstr(e.text, anonymized ? "give --anonymize=KEYFILE" : "leave out --anonymize"));
        assert_int_equal(store_save(s, w, &e), -1);
        assert_int_equal(store_save(s, c, &e), 0);
        store_close(s);
        sql(path, "INSERT INTO setting SELECT 2, 0, x'', 0, '' FROM setting WHERE 0; SELECT mark FROM input");
        cube_free(c);
        cube_free(w);
    }
}

struct parts {
    struct store *s;
    unsigned every;
    bool settle;
};

static void save_part(struct cube *c, unsigned i, void *ctx)
{
    const struct parts *p = ctx;
    struct err e;
    if (i % p->every != 0)
        return;
    if (p->settle)
        cube_settle(c);
    assert_int_equal(store_save(p->s, c, &e), 0);
    cube_restart(c, p->settle);
    assert_int_equal(cube_rows(c), 0);
    assert_int_equal(cube_hours(c), 0);
}

/* Saved whole, or in parts and each part taken out of the cube: the file holds the same. */
static void a_cube_may_be_saved_in_parts(void **state)
{
    (void)state;
    static const struct cube_options crowded = { .seed = 42, .max_names = 2, .max_profiles = 2 };
    for (unsigned k = 0; k < 6; k++) {
        struct err e = { "" };
        const char *path = fresh_path(), *whole = fresh_path();
        struct cube *a = cube_random(&plain, k, 100), *b = cube_new(k >= 4 ? &crowded : &plain);
        struct parts p = { .s = store_open(path, STORE_WRITE, &e), .every = k >= 4 ? 1 : 1 + k * 7, .settle = k % 2 || k >= 4 };
        cube_random_fill(b, k, 100, save_part, &p);
        cube_settle(a);
        cube_settle(b);
        save(whole, a);
        assert_int_equal(store_save(p.s, b, &e), 0);
        store_close(p.s);
        struct cube *x = load(whole), *y = load(path);
        assert_same_cube(x, y);
        cube_free(x);
        cube_free(y);
        cube_free(a);
        cube_free(b);
    }
}

/* Counters for which there was no memory are losses too: what is loaded shows as many. */
static void what_has_no_hour_is_kept(void **state)
{
    (void)state;
    for (unsigned hours = 0; hours < 2; hours++) {
        struct cube *c = hours ? cube_random(&plain, 4, 40) : cube_new(&plain);
        struct stats before, after;
        c->stray.packets = 3;
        c->stray.stream_gap = 5;
        c->lost = 7;
        const char *path = fresh_path();
        save(path, c);
        struct cube *back = load(path);
        cube_totals(c, &before);
        cube_totals(back, &after);
        assert_memory_equal(&before, &after, sizeof after);
        assert_true(after.memory_refused >= 7);
        if (hours)
            assert_int_equal(cube_hours(back), cube_hours(c));
        cube_free(back);
        cube_free(c);
    }
}

static void count_spans(void *ctx, const struct endpoint *client, uint32_t profile, const struct endpoint *server,
                        const struct span *s)
{
    (void)client;
    (void)profile;
    (void)server;
    uint64_t *n = ctx;
    *n = *n * 1000003 + s->count * 31 + (uint64_t)s->first_ns + (uint64_t)s->last_ns;
}

static void what_is_retired_leaves_its_span(void **state)
{
    (void)state;
    const char *path = fresh_path();
    struct cube *c = rich(4);
    struct err e;
    save(path, c);
    uint64_t before = 0, after = 0;
    assert_int_equal(cube_each_span(c, count_spans, &before), 0);
    uint32_t day = (uint32_t)(T0 / SEC / 86400) + 2;
    struct store *s = store_open(path, STORE_WRITE, &e);
    assert_int_equal(store_retire(s, day, &e), 0);
    store_close(s);
    struct cube *back = load(path);
    assert_int_equal(cube_each_span(back, count_spans, &after), 0);
    assert_true(before == after);
    assert_true(cube_rows(back) > 0 && cube_rows(back) < cube_rows(c));
    for (uint32_t row = 1; row <= cube_rows(back); row++)
        assert_true(cube_row_key(back, row)->day >= day);
    cube_free(back);
    cube_free(c);
}

/* Killed anywhere in a save: the file has the run, or has not. */
static void a_killed_run_is_in_the_file_or_not(void **state)
{
    (void)state;
    struct cube *a = rich(1), *b = rich(2), *both = cube_new(&plain);
    assert_int_equal(cube_merge(both, a), 0);
    assert_int_equal(cube_merge(both, b), 0);
    char *with = cube_dump(both), *without = cube_dump(a);
    unsigned in = 0, out = 0;
    for (unsigned i = 0; i < 60; i++) {
        const char *path = fresh_path();
        save(path, a);
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            struct err e;
            struct store *s = store_open(path, STORE_WRITE, &e);
            if (s && store_save(s, b, &e) == 0)
                store_close(s);
            _exit(0);
        }
        (void)usleep(i * 300);
        assert_int_equal(kill(pid, SIGKILL), 0);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        struct cube *back = load(path);
        char *text = cube_dump(back);
        bool has = strcmp(text, with) == 0;
        assert_true(has || strcmp(text, without) == 0);
        in += has;
        out += !has;
        free(text);
        cube_free(back);
        (void)unlink(path);
    }
    assert_true(out > 0); /* the first is killed before it can have begun */
    (void)in;
    free(with);
    free(without);
    cube_free(a);
    cube_free(b);
    cube_free(both);
}

/* Killed while the file is made: the next run makes it. */
static void a_killed_first_run_is_no_obstacle(void **state)
{
    (void)state;
    struct cube *c = rich(1);
    for (unsigned i = 0; i < 20; i++) {
        const char *path = fresh_path();
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
            struct err e;
            (void)store_open(path, STORE_WRITE, &e);
            _exit(0);
        }
        (void)usleep(i * 200);
        (void)kill(pid, SIGKILL);
        assert_int_equal(waitpid(pid, NULL, 0), pid);
        save(path, c);
        struct cube *back = load(path);
        assert_same_cube(c, back);
        cube_free(back);
        (void)unlink(path);
    }
    cube_free(c);
}

/* A disk that is full after so many bytes, in a process of its own. The exit status says how it went. */
static int save_on_small_disk(const char *path, const struct cube *c, rlim_t bytes)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct err e = { "" };
        (void)signal(SIGXFSZ, SIG_IGN);
        struct store *s = store_open(path, STORE_WRITE, &e);
        (void)setrlimit(RLIMIT_FSIZE, &(struct rlimit){ bytes, bytes });
        int rc = !s ? 3 : store_save(s, c, &e) == 0 ? 0 : strstr(e.text, "as it was before") ? 1 : 2;
        if (rc > 1)
            (void)fprintf(stderr, "limit %lu: %s\n", (unsigned long)bytes, e.text);
        store_close(s);
        _exit(rc);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void a_full_disk_loses_nothing(void **state)
{
    (void)state;
    struct cube *a = rich(1), *b = rich(2), *both = cube_new(&plain);
    assert_int_equal(cube_merge(both, a), 0);
    assert_int_equal(cube_merge(both, b), 0);
    unsigned fits = 0, full = 0;
    for (rlim_t bytes = 4096; bytes < 400000; bytes = bytes * 5 / 4) {
        const char *path = fresh_path();
        save(path, a);
        int rc = save_on_small_disk(path, b, bytes);
        assert_true(rc == 0 || rc == 1);
        struct cube *back = load(path);
        assert_same_cube(back, rc == 0 ? both : a);
        fits += rc == 0;
        full += rc == 1;
        cube_free(back);
        (void)unlink(path);
    }
    assert_true(fits > 0);
    assert_true(full > 3);
    cube_free(a);
    cube_free(b);
    cube_free(both);
}

/* Bytes of a state changed at random: an error or some cube, never a crash, never a hang. */
static void a_damaged_file_is_an_error_or_some_cube(void **state)
{
    (void)state;
    const char *path = fresh_path(), *hurt = fresh_path();
    struct cube *c = rich(1);
    save(path, c);
    cube_free(c);
    uint8_t *good, *bad = malloc(1 << 22);
    size_t n = read_all(path, &good);
    uint64_t seed = 7;
    unsigned refusals = 0;
    for (unsigned i = 0; i < 400; i++) {
        memcpy(bad, good, n);
        unsigned hits = 1 + dice(&seed, 20);
        for (unsigned h = 0; h < hits; h++)
            bad[dice(&seed, (uint32_t)n)] = (uint8_t)dice(&seed, 256);
        write_file(hurt, bad, i % 8 ? n : dice(&seed, (uint32_t)n));
        struct err e = { "" };
        struct store *s = store_open(hurt, i % 2 ? STORE_READ : STORE_WRITE, &e);
        c = cube_new(&plain);
        bool ok = s && store_load(s, c, &e) == 0;
        if (ok)
            free(cube_dump(c));
        assert_true(ok || e.text[0]);
        refusals += !ok;
        store_close(s);
        cube_free(c);
    }
    assert_true(refusals > 50);
    free(good);
    free(bad);
}

/* Sound for SQLite, senseless for us: each is refused. */
static void senseless_values_are_damage(void **state)
{
    (void)state;
    static const char *const edits[] = {
        "UPDATE OR IGNORE row SET client = x'09aabb'",
        "UPDATE OR IGNORE row SET client = x''",
        "UPDATE OR IGNORE row SET server = x'01020304050607'",
        "UPDATE OR IGNORE row SET port = 65536",
        "UPDATE OR IGNORE row SET port = -1",
        "UPDATE OR IGNORE row SET count = 0",
        "UPDATE OR IGNORE row SET count = -1",
        "UPDATE OR IGNORE row SET version = 70000",
        "UPDATE OR IGNORE row SET sentinel = 256",
        "UPDATE OR IGNORE row SET outcome = 'won'",
        "UPDATE OR IGNORE row SET outcome = zeroblob(1000000)",
        "UPDATE OR IGNORE row SET profile = 1000",
        "UPDATE OR IGNORE row SET sni = -1",
        "UPDATE OR IGNORE row SET ex_input = 9223372036854775807",
        "UPDATE name SET id = 9223372036854775807 WHERE id = 1",
        "UPDATE name SET id = -5 WHERE id = 1",
        "UPDATE profile SET ja4 = zeroblob(50)",
        "UPDATE profile SET offer = x'' WHERE id = 1",
        "UPDATE cert SET sha256 = x'01' WHERE id = 1",
        "UPDATE cert SET subject = zeroblob(300)",
        "UPDATE cert SET key_bits = 99999",
        "UPDATE OR IGNORE input SET digest = 'short'",
        "UPDATE span SET count = -9",
        "UPDATE hour SET value = -1",
        "UPDATE hour SET sensor = 77",
        "UPDATE OR IGNORE service SET name = zeroblob(99)",
        "DROP TABLE row",
        "ALTER TABLE row DROP COLUMN count",
    };
    struct cube *c = rich(1);
    for (size_t i = 0; i < sizeof edits / sizeof *edits; i++) {
        const char *path = fresh_path();
        struct err e = { "" };
        save(path, c);
        sql(path, edits[i]);
        struct store *s = store_open(path, STORE_READ, &e);
        struct cube *back = cube_new(&plain);
        int rc = s ? store_load(s, back, &e) : -1;
        if (rc == 0)
            print_error("accepted: %s\n", edits[i]);
        assert_int_equal(rc, -1);
        assert_non_null(strstr(e.text, path));
        assert_non_null(strstr(e.text, "damaged"));
        store_close(s);
        cube_free(back);
        (void)unlink(path);
    }
    cube_free(c);
}

/* As somebody who may read but not write: reports work, runs are refused with a line that says why. */
static int read_only_user(const char *path, const char *want)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct err e = { "" };
        if (geteuid() == 0 && seteuid(65534) != 0)
            _exit(9);
        struct store *s = store_open(path, STORE_READ, &e);
        struct cube *c = cube_new(&plain);
        if (!s || store_load(s, c, &e)) {
            (void)fprintf(stderr, "%s\n", e.text);
            _exit(1);
        }
        char *text = cube_dump(c);
        if (strcmp(text, want) != 0)
            _exit(2);
        if (store_open(path, STORE_WRITE, &e) || !strstr(e.text, "cannot be written"))
            _exit(3);
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 99;
}

static void a_read_only_file_can_be_read(void **state)
{
    (void)state;
    char dir[100], path[120];
    (void)snprintf(dir, sizeof dir, "%s/readonly", folder);
    (void)snprintf(path, sizeof path, "%s/a?b#c%%.db", dir);
    assert_int_equal(mkdir(dir, 0755), 0);
    struct cube *c = rich(1);
    save(path, c);
    char *want = cube_dump(c);
    assert_int_equal(chmod(path, 0444), 0);
    assert_int_equal(chmod(dir, 0555), 0);
    assert_int_equal(chmod(folder, 0755), 0);
    assert_int_equal(read_only_user(path, want), 0);
    assert_int_equal(chmod(dir, 0755), 0);
    free(want);
    cube_free(c);
}

static int make_folder(void **state)
{
    (void)state;
    const char *tmp = getenv("TMPDIR");
    if (!tmp) /* hundreds of commits: not to the disk where there is memory */
        tmp = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    (void)snprintf(folder, sizeof folder, "%.40s/store.XXXXXX", tmp);
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    char rm[] = "rm", force[] = "-rf", *const argv[] = { rm, force, folder, NULL };
    pid_t pid = fork();
    if (pid == 0) {
        (void)execvp("rm", argv);
        _exit(1);
    }
    return waitpid(pid, NULL, 0) == pid ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_saved_is_loaded),
        cmocka_unit_test(an_empty_cube_makes_a_state_file),
        cmocka_unit_test(runs_accumulate),
        cmocka_unit_test(only_the_owner_may_read_it),
        cmocka_unit_test(files_of_others_are_refused_and_left_alone),
        cmocka_unit_test(a_newer_schema_is_refused),
        cmocka_unit_test(paths_that_are_no_files),
        cmocka_unit_test(odd_names_are_names),
        cmocka_unit_test(one_writer_at_a_time),
        cmocka_unit_test(a_file_that_went_away_is_not_written),
        cmocka_unit_test(inputs_are_known_by_digest),
        cmocka_unit_test(inputs_may_be_known_by_mark),
        cmocka_unit_test(one_capture_is_saved_once),
        cmocka_unit_test(clients_are_of_one_kind),
        cmocka_unit_test(a_key_is_not_in_the_file),
        cmocka_unit_test(a_file_of_schema_1_is_brought_up_to_date),
        cmocka_unit_test(what_has_no_hour_is_kept),
        cmocka_unit_test(a_cube_may_be_saved_in_parts),
        cmocka_unit_test(what_is_retired_leaves_its_span),
        cmocka_unit_test(a_killed_run_is_in_the_file_or_not),
        cmocka_unit_test(a_killed_first_run_is_no_obstacle),
        cmocka_unit_test(a_full_disk_loses_nothing),
        cmocka_unit_test(a_damaged_file_is_an_error_or_some_cube),
        cmocka_unit_test(senseless_values_are_damage),
        cmocka_unit_test(a_read_only_file_can_be_read),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
