/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"
#include "base/limits.h"
#include "capture/source.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <zlib.h>
#include <zstd.h>

static char dir[] = "/tmp/test_source.XXXXXX";
static struct err e;

/* ---- files made by hand: pcap as written by libpcap's documentation (pcap-savefile(5)) and pcapng by its draft ---- */

struct bytes {
    uint8_t b[1 << 16];
    size_t n;
};

static void put(struct bytes *o, uint64_t v, unsigned n, bool big)
{
    for (unsigned i = 0; i < n; i++)
        o->b[o->n++] = (uint8_t)(v >> 8 * (big ? n - 1 - i : i));
}

static void pcap_head(struct bytes *o, uint32_t magic, uint32_t linktype, bool big)
{
    put(o, magic, 4, big);
    put(o, 2, 2, big);
    put(o, 4, 2, big);
    put(o, 0, 8, big);
    put(o, 65535, 4, big);
    put(o, linktype, 4, big);
}

static void pcap_record(struct bytes *o, uint32_t sec, uint32_t frac, uint32_t cap, uint32_t len, bool big)
{
    put(o, sec, 4, big);
    put(o, frac, 4, big);
    put(o, cap, 4, big);
    put(o, len, 4, big);
    for (uint32_t i = 0; i < cap; i++)
        o->b[o->n++] = (uint8_t)(sec + i);
}

static void ng_section(struct bytes *o)
{
    put(o, 0x0a0d0d0a, 4, false);
    put(o, 28, 4, false);
    put(o, 0x1a2b3c4d, 4, false);
    put(o, 1, 4, false);
    put(o, UINT64_MAX, 8, false);
    put(o, 28, 4, false);
}

static void ng_interface(struct bytes *o, uint32_t linktype, uint32_t snaplen)
{
    put(o, 1, 4, false);
    put(o, 20, 4, false);
    put(o, linktype, 4, false);
    put(o, snaplen, 4, false);
    put(o, 20, 4, false);
}

static void ng_packet(struct bytes *o, uint32_t interface, uint64_t microseconds, uint32_t cap, uint32_t len)
{
    uint32_t padded = (cap + 3) & ~3U;
    put(o, 6, 4, false);
    put(o, 32 + padded, 4, false);
    put(o, interface, 4, false);
    put(o, microseconds >> 32, 4, false);
    put(o, microseconds & 0xffffffff, 4, false);
    put(o, cap, 4, false);
    put(o, len, 4, false);
    for (uint32_t i = 0; i < padded; i++)
        o->b[o->n++] = (uint8_t)i;
    put(o, 32 + padded, 4, false);
}

static const char *path_of(const char *name)
{
    static char path[4][256];
    static unsigned next;
    next = (next + 1) % 4;
    (void)snprintf(path[next], sizeof path[next], "%s/%s", dir, name);
    return path[next];
}

static const char *save(const char *name, const void *bytes, size_t n)
{
    const char *path = path_of(name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
    return path;
}

/* ---- what came out ---- */

static struct packet got[64];
static unsigned got_n;
static uint8_t got_bytes;

static void collect(const struct packet *p)
{
    assert_true(got_n < 64);
    for (uint32_t i = 0; i < p->caplen; i++)
        got_bytes = (uint8_t)(got_bytes + p->data[i]);
    got[got_n++] = *p;
}

/* A batch of its own each time: under ASan nothing may point into the one before. */
static enum source_status fill(struct source *s)
{
    struct batch *b = batch_new();
    assert_non_null(b);
    enum source_status st = source_fill(s, b, 7, &e);
    for (unsigned i = 0; i < b->count; i++)
        collect(&b->packet[i]);
    batch_free(b);
    return st;
}

static enum source_status drain(struct source *s)
{
    enum source_status st;
    got_n = 0;
    while ((st = fill(s)) == SOURCE_BATCH)
        ;
    return st;
}

static enum source_status read_all(const char *path, const char *filter)
{
    e.text[0] = 0;
    struct source *s = source_open(path, filter, &e);
    if (!s)
        fail_msg("%s", e.text);
    enum source_status st = drain(s);
    assert_int_equal(fill(s), SOURCE_END); /* and again: still over */
    source_close(s);
    return st;
}

/* It must be refused with one line that names the file and says this. */
static void refused(const char *path, const char *why)
{
    e.text[0] = 0;
    struct source *s = source_open(path, NULL, &e);
    assert_null(s);
    if (!strstr(e.text, why) || !strstr(e.text, strcmp(path, "-") ? path : "standard input") || strchr(e.text, '\n'))
        fail_msg("'%s' does not say '%s'", e.text, why);
}

static void sample(struct bytes *o)
{
    o->n = 0;
    pcap_head(o, 0xa1b2c3d4, 1, false);
    pcap_record(o, 100, 5, 60, 60, false);
    pcap_record(o, 101, 6, 10, 1500, false);
    pcap_record(o, 102, 999999, 20, 20, false);
}

static void assert_sample(void)
{
    assert_int_equal(got_n, 3);
    assert_true(got[0].ts_ns == 100000005000 && got[1].ts_ns == 101000006000 && got[2].ts_ns == 102999999000);
    assert_int_equal(got[1].caplen, 10);
    assert_int_equal(got[1].len, 1500);
    assert_int_equal(got[2].frame, 3);
    assert_int_equal(got[2].input, 7);
}

/* ---- tests ---- */

static void both_byte_orders_and_precisions(void **state)
{
    (void)state;
    static struct bytes o;
    for (unsigned i = 0; i < 4; i++) {
        bool big = i & 1, nano = i & 2;
        o.n = 0;
        pcap_head(&o, nano ? 0xa1b23c4d : 0xa1b2c3d4, 113, big);
        pcap_record(&o, 1700000000, nano ? 123456789 : 123456, 60, 60, big);
        struct source *s = source_open(save("x", o.b, o.n), NULL, &e);
        assert_non_null(s);
        assert_int_equal(source_dlt(s), 113);
        assert_int_equal(drain(s), SOURCE_END);
        assert_int_equal(got_n, 1);
        assert_true(got[0].ts_ns == 1700000000000000000 + (nano ? 123456789 : 123456000));
        assert_int_equal(source_position(s), o.n);
        source_close(s);
    }
}

static void pcapng(void **state)
{
    (void)state;
    static struct bytes o;
    o.n = 0;
    ng_section(&o);
    ng_interface(&o, 1, 65535);
    ng_interface(&o, 1, 96); /* other snap length, same link type */
    ng_packet(&o, 0, 1700000000000001, 61, 61);
    ng_packet(&o, 1, 1700000000000002, 62, 1000);
    assert_int_equal(read_all(save("x", o.b, o.n), NULL), SOURCE_END);
    assert_int_equal(got_n, 2);
    assert_true(got[1].ts_ns == 1700000000000002000);
    assert_int_equal(got[1].caplen, 62);
    assert_int_equal(got[1].len, 1000);
}

/* The claimed snap length is no reason to lose bytes that are there. */
static void packets_longer_than_the_claim(void **state)
{
    (void)state;
    static struct bytes o;
    for (int big = 0; big < 2; big++) {
        o.n = 0;
        pcap_head(&o, 0xa1b2c3d4, 1, big);
        memset(o.b + 16, 0, 4);
        o.b[big ? 19 : 16] = 96;
        pcap_record(&o, 1, 2, 1500, 1500, big);
        struct source *s = source_open(save("x", o.b, o.n), NULL, &e);
        assert_non_null(s);
        assert_int_equal(drain(s), SOURCE_END);
        assert_int_equal(got[0].caplen, 1500);
        source_close(s);
    }
}

/* Whatever pieces a pipe delivers it in. */
static void pcapng_in_pieces(void **state)
{
    (void)state;
    static struct bytes o;
    o.n = 0;
    ng_section(&o);
    ng_interface(&o, 1, 0x01020304);
    ng_interface(&o, 1, 96);
    ng_packet(&o, 1, 1, 150, 150);
    ng_section(&o);
    ng_interface(&o, 1, 97);
    ng_packet(&o, 0, 2, 150, 150);
    for (size_t cut = 1; cut < o.n; cut++) {
        int fd[2], saved = dup(STDIN_FILENO);
        assert_int_equal(pipe(fd), 0);
        pid_t child = fork();
        if (child == 0) {
            bool sent = write(fd[1], o.b, cut) == (ssize_t)cut && usleep(300) == 0 &&
                        write(fd[1], o.b + cut, o.n - cut) == (ssize_t)(o.n - cut);
            _exit(sent ? 0 : 1);
        }
        (void)close(fd[1]);
        assert_int_equal(dup2(fd[0], STDIN_FILENO), STDIN_FILENO);
        assert_int_equal(read_all("-", NULL), SOURCE_END);
        assert_int_equal(got_n, 2);
        assert_int_equal(got[0].caplen + got[1].caplen, 300);
        (void)dup2(saved, STDIN_FILENO);
        (void)close(saved);
        (void)close(fd[0]);
        (void)waitpid(child, NULL, 0);
    }
}

static void pcapng_of_two_link_types(void **state)
{
    (void)state;
    static struct bytes o;
    o.n = 0;
    ng_section(&o);
    ng_interface(&o, 1, 65535);
    ng_packet(&o, 0, 1, 60, 60);
    ng_interface(&o, 113, 65535);
    ng_packet(&o, 1, 2, 60, 60);
    const char *path = save("mixed.pcapng", o.b, o.n);
    assert_int_equal(read_all(path, NULL), SOURCE_CUT);
    assert_int_equal(got_n, 1);
    assert_non_null(strstr(e.text, path));
    assert_non_null(strstr(e.text, "split"));
}

/* Every file that ends too early: what is whole comes out, and then it is said. */
static void cut_anywhere(void **state)
{
    (void)state;
    static struct bytes o;
    sample(&o);
    static const size_t ends[] = { 24, 24 + 76, 24 + 76 + 26, 24 + 76 + 26 + 36 };
    for (size_t n = 24; n < o.n; n++) {
        unsigned whole = 0;
        bool clean = false;
        for (unsigned i = 0; i < 4; i++) {
            if (n >= ends[i])
                whole = i;
            clean |= n == ends[i];
        }
        assert_int_equal(read_all(save("cut", o.b, n), NULL), clean ? SOURCE_END : SOURCE_CUT);
        assert_int_equal(got_n, whole);
        assert_int_equal(clean, e.text[0] == 0);
        assert_true(clean || (strstr(e.text, "cut") && strstr(e.text, dir)));
    }
    for (size_t n = 0; n < 24; n++)
        refused(save("cut", o.b, n), n ? "not a capture file" : "it is empty");
}

static void damaged_record(void **state)
{
    (void)state;
    static struct bytes o;
    sample(&o);
    pcap_record(&o, 103, 0, 0, 0, false);
    memset(o.b + o.n - 8, 0x7f, 4); /* a captured length of 2 GB */
    assert_int_equal(read_all(save("damaged", o.b, o.n), NULL), SOURCE_CUT);
    assert_sample();
    assert_non_null(strstr(e.text, "after packet 3"));
}

/* Times that do not fit are not undefined behaviour. */
static void odd_times(void **state)
{
    (void)state;
    static struct bytes o;
    o.n = 0;
    pcap_head(&o, 0xa1b2c3d4, 1, false);
    pcap_record(&o, UINT32_MAX, UINT32_MAX, 1, 1, false);
    pcap_record(&o, 0, 0x80000000, 1, 0, false);
    assert_int_equal(read_all(save("x", o.b, o.n), NULL), SOURCE_END);
    assert_int_equal(got[1].len, 1); /* never less than what was captured */
    o.n = 0;
    ng_section(&o);
    ng_interface(&o, 1, 0);
    ng_packet(&o, 0, UINT64_MAX, 1, 1);
    assert_int_equal(read_all(save("x", o.b, o.n), NULL), SOURCE_END);
    assert_int_equal(got_n, 1);
}

static void gzip_save(const char *name, const struct bytes *o, size_t members)
{
    gzFile z = NULL;
    for (size_t i = 0; i < members; i++) { /* members follow each other, as rotated logs that were joined */
        size_t from = o->n * i / members, to = o->n * (i + 1) / members;
        z = gzopen(path_of(name), i ? "ab" : "wb");
        assert_non_null(z);
        assert_int_equal(gzwrite(z, o->b + from, (unsigned)(to - from)), to - from);
        assert_int_equal(gzclose(z), Z_OK);
    }
}

static size_t load(const char *name, uint8_t *out, size_t cap)
{
    FILE *f = fopen(path_of(name), "rb");
    assert_non_null(f);
    size_t n = fread(out, 1, cap, f);
    (void)fclose(f);
    return n;
}

static void compressed_by_content(void **state)
{
    (void)state;
    static struct bytes o, z;
    sample(&o);
    for (size_t members = 1; members < 5; members++) {
        gzip_save("no-suffix", &o, members);
        assert_int_equal(read_all(path_of("no-suffix"), NULL), SOURCE_END);
        assert_sample();
    }
    z.n = ZSTD_compress(z.b, sizeof z.b, o.b, 50, 3);
    z.n += ZSTD_compress(z.b + z.n, sizeof z.b - z.n, o.b + 50, o.n - 50, 3);
    struct source *s = source_open(save("x.gz", z.b, z.n), NULL, &e); /* the name lies */
    assert_non_null(s);
    assert_int_equal(drain(s), SOURCE_END);
    assert_sample();
    assert_int_equal(source_position(s), z.n);
    source_close(s);
}

static void compressed_and_cut(void **state)
{
    (void)state;
    static struct bytes o, z;
    sample(&o);
    gzip_save("g", &o, 1);
    z.n = load("g", z.b, sizeof z.b);
    for (size_t n = 2; n < z.n; n++) {
        struct source *s = source_open(save("cut.gz", z.b, n), NULL, &e);
        if (!s)
            assert_true(strstr(e.text, "cut.gz") && (strstr(e.text, "ends early") || strstr(e.text, "not a capture")));
        else
            assert_int_equal(drain(s), SOURCE_CUT);
        source_close(s);
    }
    memset(z.b + z.n - 30, 0x55, 20);
    struct source *s = source_open(save("bad.gz", z.b, z.n), NULL, &e);
    assert_true(!s || drain(s) == SOURCE_CUT);
    source_close(s);
    z.n = ZSTD_compress(z.b, sizeof z.b, o.b, o.n, 3);
    s = source_open(save("cut.zst", z.b, z.n - 5), NULL, &e);
    assert_true(!s || drain(s) == SOURCE_CUT);
    source_close(s);
}

/* Memory that a file asks for is given up to a limit, which may be lower under --memory-limit. */
static void a_window_may_be_too_large(void **state)
{
    (void)state;
    static uint8_t plain[9 << 20], z[64 << 10];
    static struct bytes o;
    sample(&o);
    memcpy(plain, o.b, o.n);
    ZSTD_CCtx *c = ZSTD_createCCtx();
    assert_false(ZSTD_isError(ZSTD_CCtx_setParameter(c, ZSTD_c_windowLog, 23)));
    assert_false(ZSTD_isError(ZSTD_CCtx_setParameter(c, ZSTD_c_contentSizeFlag, 0)));
    ZSTD_inBuffer in = { plain, sizeof plain, 0 };
    ZSTD_outBuffer out = { z, sizeof z, 0 };
    assert_int_equal(ZSTD_compressStream2(c, &out, &in, ZSTD_e_end), 0);
    ZSTD_freeCCtx(c);
    const char *path = save("window.zst", z, out.pos);
    struct source *s = source_open(path, NULL, &e);
    assert_non_null(s);
    source_close(s);
    source_window(1 << 23);
    s = source_open(path, NULL, &e);
    assert_non_null(s);
    source_close(s);
    source_window((1 << 23) - 1);
    refused(path, "zstd -d --long=31");
    source_window(0);
}

/* A list of interfaces is kept in memory, a new section begins a new one. */
static void interfaces_may_be_too_many(void **state)
{
    (void)state;
    enum { MANY = 1 << 16 };
    static uint8_t file[28 * 2 + 20 * (MANY + 2) + 400];
    for (unsigned extra = 0; extra < 3; extra++) {
        struct bytes o = { .n = 0 };
        size_t n = 0;
        ng_section(&o);
        ng_interface(&o, 1, 0);
        for (unsigned i = 0; i < MANY; i++) {
            memcpy(file + n, i ? o.b + 28 : o.b, i ? 20 : o.n);
            n += i ? 20 : o.n;
        }
        if (extra == 2) {
            memcpy(file + n, o.b, o.n);
            n += o.n;
        } else if (extra) {
            memcpy(file + n, o.b + 28, 20);
            n += 20;
        }
        o.n = 0;
        ng_packet(&o, 0, 1000000, 60, 60);
        memcpy(file + n, o.b, o.n);
        n += o.n;
        struct source *s = source_open(save("many.pcapng", file, n), NULL, &e);
        assert_int_equal(s ? drain(s) : SOURCE_CUT, extra == 1 ? SOURCE_CUT : SOURCE_END);
        assert_int_equal(s ? got_n : 0, extra == 1 ? 0 : 1);
        if (extra == 1)
            assert_non_null(strstr(e.text, "interfaces"));
        source_close(s);
    }
}

static void what_is_not_a_capture(void **state)
{
    (void)state;
    refused(save("t", "hello, I am a text file\n", 24), "not a capture file");
    refused(save("t", "BZh91AY&SY0000000", 17), "bunzip2");
    refused(save("t", "\xfd" "7zXZ\0\0\0\0\0", 10), "unxz");
    refused(save("t", "snoop\0\0\0\0\0\0\2", 12), "editcap");
    refused(save("t", "\x1f\x8b not really gzip data", 24), "t: ");
    refused(path_of("absent"), "No such file");
    refused(dir, "folder");
}

static void filters_keep_the_numbers_of_packets(void **state)
{
    (void)state;
    static struct bytes o;
    sample(&o);
    assert_int_equal(read_all(save("x", o.b, o.n), "len = 1500"), SOURCE_END);
    assert_int_equal(got_n, 1);
    assert_int_equal(got[0].frame, 2);
    assert_null(source_open(path_of("x"), "len == and nonsense", &e));
    assert_non_null(strstr(e.text, "filter 'len == and nonsense'"));
}

/* A child reads from a pipe that stays open: it must end all the same. */
static void stop_ends_a_waiting_read(void **state)
{
    (void)state;
    static struct bytes o;
    sample(&o);
    int fd[2];
    assert_int_equal(pipe(fd), 0);
    assert_int_equal(write(fd[1], o.b, o.n), (ssize_t)o.n);
    int saved = dup(STDIN_FILENO);
    assert_int_equal(dup2(fd[0], STDIN_FILENO), STDIN_FILENO);
    struct source *s = source_open("-", NULL, &e);
    assert_non_null(s);
    got_n = 0;
    assert_int_equal(fill(s), SOURCE_BATCH);
    assert_sample();
    source_stop(s);
    assert_int_equal(fill(s), SOURCE_STOPPED);
    source_close(s);
    (void)dup2(saved, STDIN_FILENO);
    (void)close(saved);
    (void)close(fd[0]);
    (void)close(fd[1]);
}

/* Both kinds that libpcap reads packet by packet; the pipe stays open and the next packet does not come. */
static void what_came_is_not_kept_waiting(void **state)
{
    (void)state;
    static struct bytes o;
    for (unsigned kind = 0; kind < 2; kind++) {
        o.n = 0;
        if (kind == 0) {
            ng_section(&o);
            ng_interface(&o, 1, 65535);
        } else {
            pcap_head(&o, 0xa1b2c3d4, 1, __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);
        }
        for (uint64_t i = 0; i < 3; i++) {
            if (kind == 0)
                ng_packet(&o, 0, i, 60, 60);
            else
                pcap_record(&o, (uint32_t)i, 0, 60, 60, __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);
        }
        int fd[2], saved = dup(STDIN_FILENO);
        assert_int_equal(pipe(fd), 0);
        assert_int_equal(write(fd[1], o.b, o.n), (ssize_t)o.n);
        assert_int_equal(dup2(fd[0], STDIN_FILENO), STDIN_FILENO);
        struct source *s = source_open("-", NULL, &e);
        assert_non_null(s);
        (void)signal(SIGALRM, SIG_DFL);
        (void)alarm(20); /* the end of this program */
        for (got_n = 0; got_n < 3;)
            assert_int_equal(fill(s), SOURCE_BATCH);
        (void)alarm(0);
        source_close(s);
        (void)dup2(saved, STDIN_FILENO);
        (void)close(saved);
        (void)close(fd[0]);
        (void)close(fd[1]);
    }
}

static struct source *alarmed;
static void on_alarm(int sig)
{
    (void)sig;
    source_stop(alarmed);
}

static void stop_from_a_signal_handler(void **state)
{
    (void)state;
    static struct bytes o;
    sample(&o);
    assert_int_equal(mkfifo(path_of("fifo"), 0600), 0);
    pid_t child = fork();
    if (child == 0) {
        FILE *f = fopen(path_of("fifo"), "wb");
        if (f && fwrite(o.b, 1, o.n - 1, f) == o.n - 1 && fflush(f) == 0)
            (void)pause(); /* holds the pipe open, the last packet incomplete */
        _exit(0);
    }
    alarmed = source_open(path_of("fifo"), NULL, &e);
    assert_non_null(alarmed);
    struct sigaction sa = { .sa_handler = on_alarm, .sa_flags = SA_RESTART };
    assert_int_equal(sigaction(SIGALRM, &sa, NULL), 0);
    (void)alarm(1);
    assert_int_equal(drain(alarmed), SOURCE_STOPPED);
    assert_int_equal(got_n, 2);
    source_close(alarmed);
    (void)kill(child, SIGKILL);
    (void)waitpid(child, NULL, 0);
    (void)unlink(path_of("fifo"));
}

static void lists_are_in_time_order(void **state)
{
    (void)state;
    static struct bytes o;
    char sub[300], deep[320], *args[4];
    (void)snprintf(sub, sizeof sub, "%s/list", dir);
    (void)snprintf(deep, sizeof deep, "%s/deep", sub);
    assert_int_equal(mkdir(sub, 0700) | mkdir(deep, 0700), 0);
    static const struct {
        const char *name;
        uint32_t sec;
    } file[] = { { "list/b", 300 }, { "list/a", 400 }, { "list/deep/c", 200 }, { "list/.hidden", 1 }, { "last", 500 } };
    for (unsigned i = 0; i < 5; i++) {
        o.n = 0;
        pcap_head(&o, 0xa1b2c3d4, 1, false);
        pcap_record(&o, file[i].sec, 1, 9, 9, false);
        (void)save(file[i].name, o.b, o.n);
    }
    (void)save("list/notes.txt", "no capture", 10);
    assert_int_equal(symlink("..", path_of("list/loop")), 0);
    assert_int_equal(symlink("not there", path_of("list/gone")), 0);
    assert_int_equal(mkfifo(path_of("list/pipe"), 0600), 0);
    struct source_list l;
    char last[300];
    (void)snprintf(last, sizeof last, "%s", path_of("last"));
    args[0] = last;
    args[1] = sub;
    args[2] = sub; /* what is named twice is read once */
    args[3] = last;
    assert_int_equal(source_list_make(&l, args, 4, &e), 0);
    assert_int_equal(l.left_out, 8); /* of both visits */
    static const struct {
        const char *name;
        enum source_left_why why;
    } left[SOURCE_LEFT_NAMED] = { { "list/gone", LEFT_LINK_TO_NOTHING }, { "list/loop", LEFT_LINK_TO_FOLDER },
                                  { "list/notes.txt", LEFT_NO_CAPTURE } };
    for (unsigned i = 0; i < SOURCE_LEFT_NAMED; i++) {
        assert_string_equal(l.left[i].path, path_of(left[i].name));
        assert_int_equal(l.left[i].why, left[i].why);
    }
    assert_int_equal(l.count, 4);
    static const char *const order[] = { "list/deep/c", "list/b", "list/a", "last" };
    for (unsigned i = 0; i < 4; i++)
        assert_string_equal(l.file[i].path, path_of(order[i]));
    assert_true(l.file[0].first_ns == 200000001000);
    assert_int_equal(l.file[0].size, o.n);
    source_list_free(&l);

    char text[300];
    (void)snprintf(text, sizeof text, "%s", path_of("list/notes.txt"));
    args[1] = text; /* named by itself it has a problem; the others are read */
    assert_int_equal(source_list_make(&l, args, 2, &e), 0);
    assert_int_equal(l.count, 2);
    assert_null(l.file[0].problem);
    assert_string_equal(l.file[1].path, text);
    assert_non_null(strstr(l.file[1].problem, "notes.txt: not a capture file"));
    source_list_free(&l);
    char empty[300];
    (void)snprintf(empty, sizeof empty, "%s/empty", dir);
    assert_int_equal(mkdir(empty, 0700), 0);
    args[0] = empty;
    args[1] = (char[]){ "not there.pcap" };
    assert_int_equal(source_list_make(&l, args, 2, &e), 0);
    assert_int_equal(l.count, 2);
    assert_non_null(strstr(l.file[0].problem, "no capture file in this folder"));
    assert_non_null(strstr(l.file[1].problem, "not there.pcap: cannot be opened"));
    source_list_free(&l);
    args[0] = (char[]){ "-" };
    assert_int_equal(source_list_make(&l, args, 1, &e), 0);
    assert_string_equal(l.file[0].path, "-");
    source_list_free(&l);
}

static int hash_of(const char *path, unsigned fills, uint8_t out[32])
{
    struct source *s = source_open_hashed(path, NULL, &e);
    if (!s)
        return -1;
    got_n = 0;
    for (unsigned i = 0; i < fills; i++)
        (void)fill(s);
    int rc = source_hash(s, out, &e);
    source_close(s);
    return rc;
}

/* Of the content, whatever it is packed in, however much of it was read as packets. */
static void digests(void **state)
{
    (void)state;
    static struct bytes o;
    uint8_t want[32], got_digest[32];
    sample(&o);
    assert_int_equal(EVP_Digest(o.b, o.n, want, NULL, EVP_sha256(), NULL), 1);
    gzip_save("x.gz", &o, 1);
    (void)save("x", o.b, o.n);
    for (unsigned fills = 0; fills < 3; fills++) {
        assert_int_equal(hash_of(path_of("x"), fills, got_digest), 0);
        assert_memory_equal(got_digest, want, 32);
        assert_int_equal(hash_of(path_of("x.gz"), fills, got_digest), 0);
        assert_memory_equal(got_digest, want, 32);
    }
    o.b[o.n - 1] ^= 1; /* the last byte of the last packet */
    assert_int_equal(hash_of(save("y", o.b, o.n), 1, got_digest), 0);
    assert_memory_not_equal(got_digest, want, 32);
    assert_int_equal(hash_of(path_of("absent"), 0, got_digest), -1);
    struct source *s = source_open(path_of("x"), NULL, &e);
    assert_int_equal(source_hash(s, got_digest, &e), -1);
    assert_non_null(strstr(e.text, "no digest"));
    source_close(s);
}

/* One content, one mark; another first packet or another time, another mark. */
static void first_packets_have_marks(void **state)
{
    (void)state;
    static struct bytes o;
    char name[4][300], *args[4];
    for (unsigned i = 0; i < 3; i++) {
        o.n = 0;
        pcap_head(&o, 0xa1b2c3d4, 1, false);
        pcap_record(&o, i == 1 ? 300 : 200, 1, i == 2 ? 10 : 9, i == 2 ? 10 : 9, false);
        (void)snprintf(name[i], sizeof name[i], "%s", save((char[]){ 'm', (char)('0' + i), 0 }, o.b, o.n));
        if (i == 0)
            gzip_save("m3", &o, 1);
    }
    (void)snprintf(name[3], sizeof name[3], "%s", path_of("m3"));
    uint64_t mark[4];
    for (unsigned i = 0; i < 4; i++) {
        struct source_list l;
        args[0] = name[i];
        assert_int_equal(source_list_make(&l, args, 1, &e), 0);
        mark[i] = l.file[0].mark;
        source_list_free(&l);
    }
    assert_true(mark[0] != 0 && mark[0] == mark[3]);
    assert_true(mark[0] != mark[1] && mark[0] != mark[2]);
}

static void an_interface_that_is_not_there(void **state)
{
    (void)state;
    struct source_live o = { .interface = "nosuch0" };
    assert_null(source_open_live(&o, &e));
    assert_non_null(strstr(e.text, "nosuch0"));
}

static void send_datagrams(unsigned port, unsigned count)
{
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr = { htonl(0x7f000001) } };
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    assert_true(fd >= 0);
    while (count--)
        assert_int_equal(sendto(fd, "hello", 5, 0, (const struct sockaddr *)&to, sizeof to), 5);
    (void)close(fd);
}

/* Where the machine permits: the loopback interface gives what is sent over it and the filter lets through; a read returns
 * when there is nothing, and after a stop. */
static void loopback_live(void **state)
{
    (void)state;
    struct source_live o = { .interface = "lo", .filter = "udp dst port 40404", .buffer_mib = 2 };
    struct source *s = source_open_live(&o, &e);
    if (!s)
        skip();
    got_n = 0;
    assert_int_equal(fill(s), SOURCE_BATCH);
    assert_int_equal(got_n, 0);
    send_datagrams(40404, 5);
    send_datagrams(40405, 5);
    for (int i = 0; i < 30 && got_n < 5; i++)
        assert_int_equal(fill(s), SOURCE_BATCH);
    assert_int_equal(got_n, 5);
    assert_int_equal(source_dlt(s), 1);
    assert_true(got[4].ts_ns >= got[0].ts_ns && got[0].ts_ns > 1700000000000000000);
    assert_int_equal(got[4].caplen, 14 + 20 + 8 + 5);
    uint64_t kernel = 1, interface = 1;
    source_drops(s, &kernel, &interface);
    assert_true(kernel == 0 && interface == 0);
    source_stop(s);
    assert_int_equal(fill(s), SOURCE_STOPPED);
    source_close(s);
    o.filter = "nonsense nonsense";
    assert_null(source_open_live(&o, &e));
    assert_non_null(strstr(e.text, "nonsense nonsense"));
}

static int make_dir(void **state)
{
    (void)state;
    return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
    (void)state;
    static const char *const names[] = {
        "x", "cut", "mixed.pcapng", "damaged", "no-suffix", "x.gz", "g", "cut.gz", "bad.gz", "cut.zst", "t", "abc", "last",
        "list/b", "list/a", "list/deep/c", "list/.hidden", "list/notes.txt", "list/loop", "list/deep", "list", "empty", "",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        (void)remove(path_of(names[i]));
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_byte_orders_and_precisions), cmocka_unit_test(pcapng),
        cmocka_unit_test(packets_longer_than_the_claim), cmocka_unit_test(pcapng_in_pieces),
        cmocka_unit_test(pcapng_of_two_link_types), cmocka_unit_test(cut_anywhere), cmocka_unit_test(damaged_record),
        cmocka_unit_test(odd_times), cmocka_unit_test(compressed_by_content), cmocka_unit_test(compressed_and_cut),
        cmocka_unit_test(a_window_may_be_too_large), cmocka_unit_test(interfaces_may_be_too_many),
        cmocka_unit_test(what_is_not_a_capture), cmocka_unit_test(filters_keep_the_numbers_of_packets),
        cmocka_unit_test(stop_ends_a_waiting_read), cmocka_unit_test(what_came_is_not_kept_waiting),
        cmocka_unit_test(stop_from_a_signal_handler),
        cmocka_unit_test(lists_are_in_time_order), cmocka_unit_test(digests), cmocka_unit_test(first_packets_have_marks),
        cmocka_unit_test(an_interface_that_is_not_there), cmocka_unit_test(loopback_live),
    };
    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
