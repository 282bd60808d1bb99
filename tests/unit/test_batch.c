/* SPDX-License-Identifier: Apache-2.0 */
/* Large captures in batches: records of every size across the seams of blocks, in both byte orders (this machine's is read in
 * place, the other through libpcap): the same packets. */
#include "tests/unit/test.h"
#include "capture/source.h"

#include <unistd.h>

enum { RECORDS = 9000 };
static char path[] = "/tmp/test_batch.XXXXXX";
static struct err e;

static void put32(FILE *f, uint32_t v, bool swap)
{
    if (swap)
        v = __builtin_bswap32(v);
    assert_int_equal(fwrite(&v, 4, 1, f), 1);
}

/* Most are short, so that a batch is full before its memory is; some as long as can be; some empty. */
static uint32_t size_of(unsigned i)
{
    static const uint32_t odd[] = { 0, 1, 262144, 262143, 65535, 262144, 15, 16 };
    return i % 1000 < 8 ? odd[i % 1000] : i < 6000 ? i % 23 : 60 + i * 7 % 1455;
}

static void write_file(bool swap, uint32_t last)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    put32(f, 0xa1b2c3d4, swap);
    uint16_t version[2] = { swap ? 0x0200 : 2, swap ? 0x0400 : 4 };
    assert_int_equal(fwrite(version, 4, 1, f), 1);
    put32(f, 0, swap);
    put32(f, 0, swap);
    put32(f, 65535, swap);
    put32(f, 1, swap);
    static uint8_t body[262145];
    for (unsigned i = 0; i <= RECORDS; i++) {
        uint32_t n = i < RECORDS ? size_of(i) : last;
        put32(f, 1000 + i, swap);
        put32(f, i, swap);
        put32(f, n, swap);
        put32(f, n + i % 3, swap);
        memset(body, (int)(i & 0xff), sizeof body);
        if (n)
            assert_int_equal(fwrite(body, n, 1, f), 1);
    }
    assert_int_equal(fclose(f), 0);
}

static void check_packet(const struct packet *p, unsigned i, uint32_t n)
{
    assert_int_equal(p->caplen, n);
    assert_int_equal(p->len, n + i % 3);
    assert_int_equal(p->frame, i + 1);
    assert_int_equal(p->input, 3);
    assert_true(p->ts_ns == (1000 + (int64_t)i) * 1000000000 + (int64_t)i * 1000);
    if (n)
        assert_true(p->data[0] == (i & 0xff) && p->data[n / 2] == (i & 0xff) && p->data[n - 1] == (i & 0xff));
}

static enum source_status read_file(unsigned *seen, uint32_t last)
{
    struct source *s = source_open(path, NULL, &e);
    struct batch *b = batch_new();
    assert_true(s && b);
    enum source_status st = SOURCE_BATCH;
    *seen = 0;
    while (st == SOURCE_BATCH) {
        st = source_fill(s, b, 3, &e);
        assert_true(st != SOURCE_BATCH || b->count > 0);
        for (unsigned i = 0; i < b->count; i++, ++*seen)
            check_packet(&b->packet[i], *seen, *seen < RECORDS ? size_of(*seen) : last);
    }
    assert_int_equal(source_fill(s, b, 3, &e), SOURCE_END);
    assert_int_equal(b->count, 0);
    batch_free(b);
    source_close(s);
    return st;
}

static void across_the_seams(void **state)
{
    (void)state;
    unsigned seen;
    for (int swap = 0; swap < 2; swap++) {
        write_file(swap, 77);
        assert_int_equal(read_file(&seen, 77), SOURCE_END);
        assert_int_equal(seen, RECORDS + 1);
    }
}

/* No record is longer than libpcap's maximum, even where its bytes are there. */
static void too_long(void **state)
{
    (void)state;
    unsigned seen;
    for (int swap = 0; swap < 2; swap++) {
        write_file(swap, 262145);
        assert_int_equal(read_file(&seen, 0), SOURCE_CUT);
        assert_int_equal(seen, RECORDS);
        assert_non_null(strstr(e.text, "after packet 9000"));
    }
}

/* Cut anywhere in the last record: what came before is there, and the line says so. */
static void cut(void **state)
{
    (void)state;
    unsigned seen;
    static const long less[] = { 1, 76, 77, 78, 92 };
    for (unsigned i = 0; i < sizeof less / sizeof *less; i++) {
        write_file(false, 77);
        FILE *f = fopen(path, "r+b");
        assert_non_null(f);
        assert_int_equal(fseek(f, 0, SEEK_END), 0);
        assert_int_equal(ftruncate(fileno(f), ftell(f) - less[i]), 0);
        assert_int_equal(fclose(f), 0);
        assert_int_equal(read_file(&seen, 0), SOURCE_CUT);
        assert_int_equal(seen, RECORDS);
        assert_non_null(strstr(e.text, "after packet 9000"));
    }
}

static int make_file(void **state)
{
    (void)state;
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
    const struct CMUnitTest tests[] = { cmocka_unit_test(across_the_seams), cmocka_unit_test(too_long), cmocka_unit_test(cut) };
    return cmocka_run_group_tests(tests, make_file, remove_file);
}
