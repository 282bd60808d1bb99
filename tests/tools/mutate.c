/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mutate COUNT SEED FILE...: captures with errors in them, through the whole program.
 *
 * Each mutant is one of the captures with a few changes: bits, bytes, numbers, pieces taken out, doubled, moved, taken from
 * another capture; in a packet, or anywhere. Its handshakes are written to standard output as NDJSON, its reports are made
 * and thrown away. What crashes or hangs names its number first: mutate --only NUMBER SEED FILE... repeats it alone, with the
 * mutant written to mutant.pcap.
 */
#include "tests/tools/whole.h"

#include <signal.h>
#include <unistd.h>

enum { FILES_MAX = 1024, SIZE_MAX_MUTANT = 1 << 20, SECONDS = 20, PCAP_HEADER = 24, RECORD_HEADER = 16 };

struct capture {
    const char *name;
    uint8_t *bytes;
    size_t n;
};

static struct {
    struct capture file[FILES_MAX];
    unsigned files;
    uint8_t mutant[SIZE_MAX_MUTANT];
    size_t n;
    uint64_t random; /* splitmix64 */
    char said[128]; /* what a crash prints */
} job;

static uint64_t random64(void)
{
    uint64_t z = job.random += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static size_t below(size_t n)
{
    return n ? (size_t)(random64() % n) : 0;
}

static void on_crash(int sig)
{
    size_t n = strlen(job.said);
    (void)!write(STDERR_FILENO, job.said, n);
    (void)signal(sig, SIG_DFL);
    (void)raise(sig);
}

static bool load(const char *path)
{
    struct capture *c = &job.file[job.files];
    FILE *f = fopen(path, "rb");
    if (!f)
        return false;
    c->name = path;
    c->bytes = malloc(SIZE_MAX_MUTANT / 2);
    c->n = c->bytes ? fread(c->bytes, 1, SIZE_MAX_MUTANT / 2, f) : 0;
    (void)fclose(f);
    bool pcap = c->n > PCAP_HEADER + RECORD_HEADER && (!memcmp(c->bytes, "\xd4\xc3\xb2\xa1", 4) || !memcmp(c->bytes, "\x4d\x3c\xb2\xa1", 4));
    if (pcap)
        job.files++;
    else
        free(c->bytes);
    return true;
}

/* ---- changes ---- */

/* Where a packet's bytes begin, and how many there are: of one at random. */
static size_t some_packet(size_t *n)
{
    size_t at = PCAP_HEADER, stop = below(job.n);
    *n = 0;
    while (at + RECORD_HEADER <= job.n) {
        uint32_t caplen = (uint32_t)job.mutant[at + 8] | (uint32_t)job.mutant[at + 9] << 8 | (uint32_t)job.mutant[at + 10] << 16 |
                          (uint32_t)job.mutant[at + 11] << 24;
        at += RECORD_HEADER;
        *n = caplen < job.n - at ? caplen : job.n - at;
        if (at + *n >= stop)
            break;
        at += *n;
    }
    return at < job.n ? at : job.n - 1;
}

/* A byte: mostly of a packet, and of those mostly behind its headers. */
static size_t some_byte(void)
{
    size_t n, at = some_packet(&n);
    switch (below(8)) {
    case 0:
        return below(job.n);
    case 1:
    case 2:
        return at + below(n < 64 ? n : 64);
    default:
        return at + (n > 54 ? 54 + below(n - 54) : below(n));
    }
}

static void remove_bytes(size_t at, size_t n)
{
    n = n < job.n - at ? n : job.n - at;
    memmove(job.mutant + at, job.mutant + at + n, job.n - at - n);
    job.n -= n;
}

static void insert_bytes(size_t at, const uint8_t *p, size_t n)
{
    static uint8_t copy[SIZE_MAX_MUTANT]; /* they may lie in the mutant itself */
    if (job.n + n > sizeof job.mutant)
        return;
    memcpy(copy, p, n);
    memmove(job.mutant + at + n, job.mutant + at, job.n - at);
    memcpy(job.mutant + at, copy, n);
    job.n += n;
}

static void change(void)
{
    static const uint8_t telling[] = { 0, 1, 2, 3, 4, 5, 0x14, 0x15, 0x16, 0x17, 0x20, 0x3f, 0x40, 0x7f, 0x80, 0xc0, 0xfe, 0xff };
    uint8_t piece[512];
    size_t at = some_byte(), n = 1 + below(sizeof piece), from, len;
    const struct capture *other = &job.file[below(job.files)];
    at = at < job.n ? at : job.n - 1;
    switch (below(12)) {
    case 0:
    case 1:
        job.mutant[at] ^= (uint8_t)(1u << below(8));
        break;
    case 2:
        job.mutant[at] = (uint8_t)random64();
        break;
    case 3:
    case 4:
        job.mutant[at] = telling[below(sizeof telling)];
        break;
    case 5: /* a length of two bytes, a little off or far */
        if (at + 1 < job.n) {
            unsigned v = (unsigned)(job.mutant[at] << 8 | job.mutant[at + 1]);
            v = below(2) ? v + (unsigned)below(9) - 4 : (unsigned)random64();
            job.mutant[at] = (uint8_t)(v >> 8);
            job.mutant[at + 1] = (uint8_t)v;
        }
        break;
    case 6: /* the packet ends here: its record says so */
        from = some_packet(&len);
        if (len && from >= RECORD_HEADER + PCAP_HEADER) {
            size_t keep = below(len);
            job.mutant[from - 8] = (uint8_t)keep;
            job.mutant[from - 7] = (uint8_t)(keep >> 8);
            remove_bytes(from + keep, len - keep);
        }
        break;
    case 7: /* the packet comes twice, or later */
    case 8:
        from = some_packet(&len);
        if (from >= RECORD_HEADER + PCAP_HEADER) {
            size_t to = some_packet(&n);
            insert_bytes(to >= RECORD_HEADER + PCAP_HEADER ? to - RECORD_HEADER : job.n, job.mutant + from - RECORD_HEADER,
                         len + RECORD_HEADER);
        }
        break;
    case 9: /* the packet never came */
        from = some_packet(&len);
        if (from >= RECORD_HEADER + PCAP_HEADER)
            remove_bytes(from - RECORD_HEADER, len + RECORD_HEADER);
        break;
    case 10: /* bytes of another capture over these */
        from = below(other->n);
        n = n < other->n - from ? n : other->n - from;
        n = n < job.n - at ? n : job.n - at;
        memcpy(job.mutant + at, other->bytes + from, n);
        break;
    default:
        n = n < job.n - at ? n : job.n - at;
        memset(job.mutant + at, (int)below(2) * 255, n);
        break;
    }
}

static void make(uint64_t number, uint64_t seed)
{
    job.random = seed * UINT64_C(0x9e3779b97f4a7c15) + number;
    const struct capture *c = &job.file[below(job.files)];
    memcpy(job.mutant, c->bytes, c->n);
    job.n = c->n;
    for (size_t left = 1 + below(below(4) ? 6 : 40); left && job.n > PCAP_HEADER; left--)
        change();
    (void)snprintf(job.said, sizeof job.said, "mutate: mutant %llu of seed %llu, of %.64s\n", (unsigned long long)number,
                   (unsigned long long)seed, c->name);
}

static void keep_mutant(void)
{
    FILE *f = fopen("mutant.pcap", "wb");
    if (!f || fwrite(job.mutant, 1, job.n, f) != job.n || fclose(f))
        perror("mutant.pcap");
}

int main(int argc, char **argv)
{
    bool only = argc > 1 && !strcmp(argv[1], "--only");
    int first = only ? 4 : 3;
    uint64_t number = argc > first ? strtoull(argv[first - 2], NULL, 10) : 0, seed = number ? strtoull(argv[first - 1], NULL, 10) : 0;
    for (int i = first; i < argc && job.files < FILES_MAX; i++)
        if (!load(argv[i]))
            return fprintf(stderr, "mutate: %s: cannot be read\n", argv[i]), 2;
    struct err e;
    struct classify *classify = classify_new(1, &e);
    FILE *nowhere = fopen("/dev/null", "w");
    if (job.files == 0 || number == 0 || !classify || !nowhere)
        return fprintf(stderr, "usage: mutate COUNT SEED FILE.pcap... | --only NUMBER SEED FILE.pcap...\n"), 2;
    static const int fatal[] = { SIGSEGV, SIGBUS, SIGFPE, SIGABRT, SIGALRM };
    for (unsigned i = 0; i < sizeof fatal / sizeof fatal[0]; i++)
        (void)signal(fatal[i], on_crash);
    for (uint64_t i = only ? number : 1; i <= number; i++) {
        make(i, seed);
        if (only)
            keep_mutant();
        (void)alarm(SECONDS);
        whole_run(job.mutant, job.n, classify, stdout, nowhere);
        (void)alarm(0);
    }
    classify_free(classify);
    for (unsigned i = 0; i < job.files; i++)
        free(job.file[i].bytes);
    return fclose(nowhere) || fflush(stdout) ? 2 : 0;
}
