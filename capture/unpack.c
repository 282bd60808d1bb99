/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/unpack.h"
#include "base/limits.h"
#include "capture/snaplen.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio_ext.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

enum { RAW_BYTES = 128 * 1024, HEAD_BYTES = 24 /* of a pcap file */, POLL_MS = 250, MOST_BYTES = 1 << 30 };

struct unpack {
    int fd;
    bool waits; /* a pipe or a terminal: reading may block for ever */
    bool ended; /* of the compressed data, all was given */
    atomic_bool stopped; /* by a signal handler, whatever thread reads */
    int error;
    const char *damage;
    uint64_t position;
    uint64_t given; /* unpacked bytes so far */
    uint8_t head[HEAD_BYTES];
    size_t head_len, head_given;
    uint8_t *raw; /* compressed bytes read and not yet unpacked */
    size_t raw_at, raw_len;
    bool in_frame; /* inside a gzip member or a Zstandard frame: an end of file here is damage */
    z_stream gz;
    ZSTD_DStream *zstd;
    ssize_t (*give)(struct unpack *u, uint8_t *out, size_t n);
    char *buffer;
    struct snaplen snaplen;
    uint32_t magic; /* the first bytes, unpacked */
    EVP_MD_CTX *hash; /* of what was given; NULL: not kept */
};

/* read(2) that a signal handler can end: a read that was restarted after a signal would not return. */
static ssize_t fd_read(struct unpack *u, void *out, size_t n)
{
    while (!u->stopped) {
        if (u->waits) {
            struct pollfd p = { .fd = u->fd, .events = POLLIN };
            int ready = poll(&p, 1, POLL_MS);
            if (ready == 0 || (ready < 0 && errno == EINTR))
                continue;
        }
        ssize_t got = read(u->fd, out, n);
        if (got >= 0) {
            u->position += (uint64_t)got;
            return got;
        }
        if (errno != EINTR) {
            u->error = errno;
            return -1;
        }
    }
    return 0;
}

static ssize_t give_plain(struct unpack *u, uint8_t *out, size_t n)
{
    size_t left = u->head_len - u->head_given;
    if (!left)
        return fd_read(u, out, n);
    if (left > n)
        left = n;
    memcpy(out, u->head + u->head_given, left);
    u->head_given += left;
    return (ssize_t)left;
}

/* More compressed bytes when all were used. False at the end of the file, or on error. */
static bool refill(struct unpack *u)
{
    if (u->raw_at < u->raw_len)
        return true;
    ssize_t got = give_plain(u, u->raw, RAW_BYTES);
    u->raw_at = 0;
    u->raw_len = got > 0 ? (size_t)got : 0;
    if (!u->raw_len && u->in_frame && !u->stopped && !u->error)
        u->damage = "the compressed data ends early";
    return u->raw_len > 0;
}

static ssize_t give_gzip(struct unpack *u, uint8_t *out, size_t n)
{
    z_stream *z = &u->gz;
    z->next_out = out;
    z->avail_out = (uInt)n;
    while (z->avail_out == n && !u->ended && refill(u)) {
        if (!u->in_frame && u->raw[u->raw_at] != 0x1f) { /* RFC 1952 2.2: members follow each other; else padding */
            u->ended = true;
            break;
        }
        u->in_frame = true;
        z->next_in = u->raw + u->raw_at;
        z->avail_in = (uInt)(u->raw_len - u->raw_at);
        int rc = inflate(z, Z_NO_FLUSH);
        u->raw_at = u->raw_len - z->avail_in;
        if (rc == Z_STREAM_END) {
            u->in_frame = false;
            (void)inflateReset(z);
        } else if (rc != Z_OK && rc != Z_BUF_ERROR) {
            u->damage = "the gzip data is damaged";
            u->ended = true;
        }
    }
    return u->error ? -1 : (ssize_t)(n - z->avail_out);
}

static ssize_t give_zstd(struct unpack *u, uint8_t *out, size_t n)
{
    ZSTD_outBuffer o = { out, n, 0 };
    while (o.pos == 0 && !u->ended && refill(u)) {
        ZSTD_inBuffer i = { u->raw, u->raw_len, u->raw_at };
        size_t rc = ZSTD_decompressStream(u->zstd, &o, &i);
        u->raw_at = i.pos;
        u->in_frame = rc != 0;
        if (ZSTD_isError(rc)) {
            bool large = ZSTD_getErrorCode(rc) == ZSTD_error_frameParameter_windowTooLarge;
            u->damage = large ? "needs more memory to unpack than it may have: use zstd -d --long=31" : "the Zstandard data is damaged";
            u->ended = true;
        }
    }
    return u->error ? -1 : (ssize_t)o.pos;
}

/* The first call gives what a pcap file's header is and no more, so that stdio has nothing of the packets in its buffer. */
ssize_t unpack_read(struct unpack *u, void *out, size_t n)
{
    uint8_t *b = out;
    bool first = u->snaplen.state == SNAPLEN_START;
    size_t have = 0, want = first && n > HEAD_BYTES ? HEAD_BYTES : 1;
    if (n > MOST_BYTES)
        n = MOST_BYTES;
    if (want > 1)
        n = want;
    while (have < want) {
        ssize_t got = u->give(u, b + have, n - have);
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        have += (size_t)got;
    }
    if (first && have >= sizeof u->magic)
        memcpy(&u->magic, b, sizeof u->magic);
    if (u->hash)
        (void)EVP_DigestUpdate(u->hash, b, have); /* before anything is changed in it */
    snaplen_lift(&u->snaplen, b, have);
    if (u->snaplen.interfaces > LIMIT_INTERFACES) {
        u->damage = "more than 65536 interfaces in one section";
        return 0;
    }
    u->given += have;
    return (ssize_t)have;
}

static ssize_t cookie_read(void *cookie, char *out, size_t n)
{
    return unpack_read(cookie, out, n);
}

/* Only to say where it is. */
static int cookie_seek(void *cookie, off64_t *offset, int whence)
{
    const struct unpack *u = cookie;
    if (whence != SEEK_CUR || *offset != 0)
        return -1;
    *offset = (off64_t)u->given;
    return 0;
}

static int cookie_close(void *cookie)
{
    struct unpack *u = cookie;
    if (u->give == give_gzip)
        (void)inflateEnd(&u->gz);
    ZSTD_freeDStream(u->zstd);
    EVP_MD_CTX_free(u->hash);
    if (u->fd > STDIN_FILENO)
        (void)close(u->fd);
    free(u->raw);
    free(u->buffer); /* stdio does not touch it after this call */
    free(u);
    return 0;
}

static bool starts(const struct unpack *u, const char *magic, size_t n)
{
    return u->head_len >= n && memcmp(u->head, magic, n) == 0;
}

static size_t window = LIMIT_WINDOW;

void unpack_window(size_t most)
{
    window = most ? most : LIMIT_WINDOW;
}

static int window_log(void)
{
    int log = 10; /* the least that there is */
    while (log < 31 && (size_t)2 << log <= window)
        log++;
    return log;
}

/* The first bytes choose how the rest is read. */
static int choose(struct unpack *u, const char *path, struct err *e)
{
    while (u->head_len < HEAD_BYTES) {
        ssize_t got = fd_read(u, u->head + u->head_len, HEAD_BYTES - u->head_len);
        if (got < 0)
            return err_set(e, "%s: cannot be read: %s", path, strerror(u->error));
        if (got == 0)
            break;
        u->head_len += (size_t)got;
    }
    u->give = give_plain;
    bool gzip = starts(u, "\x1f\x8b", 2), zstd = starts(u, "\x28\xb5\x2f\xfd", 4);
    if (!gzip && !zstd)
        return 0;
    u->raw = malloc(RAW_BYTES);
    if (!u->raw)
        return err_set(e, "%s: out of memory", path);
    if (gzip) {
        if (inflateInit2(&u->gz, 15 + 16) != Z_OK)
            return err_set(e, "%s: out of memory", path);
        u->give = give_gzip;
        return 0;
    }
    u->zstd = ZSTD_createDStream();
    if (!u->zstd || ZSTD_isError(ZSTD_DCtx_setParameter(u->zstd, ZSTD_d_windowLogMax, window_log())))
        return err_set(e, "%s: out of memory", path);
    u->give = give_zstd;
    return 0;
}

static int open_fd(struct unpack *u, const char *path, struct err *e)
{
    struct stat st;
    u->fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (u->fd < 0)
        return err_set(e, "%s: cannot be opened: %s", path, strerror(errno));
    if (fstat(u->fd, &st) != 0)
        return err_set(e, "%s: cannot be opened: %s", path, strerror(errno));
    if (S_ISDIR(st.st_mode))
        return err_set(e, "%s: is a folder: give a capture file", path);
    if (u->fd == STDIN_FILENO && S_ISCHR(st.st_mode) && isatty(u->fd))
        return err_set(e, "%s: standard input is a terminal: pipe a capture into it (tcpdump -w - | ...)", path);
    u->waits = !S_ISREG(st.st_mode);
    if (!u->waits)
        (void)posix_fadvise(u->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    return 0;
}

struct unpack *unpack_open(const char *path, size_t buffer, FILE **stream, struct err *e)
{
    struct unpack *u = calloc(1, sizeof *u);
    if (!u) {
        (void)err_set(e, "%s: out of memory", path);
        return NULL;
    }
    u->fd = -1;
    FILE *f = NULL;
    if (open_fd(u, path, e) == 0 && choose(u, path, e) == 0) {
        u->buffer = malloc(buffer);
        if (u->buffer)
            f = fopencookie(u, "rb", (cookie_io_functions_t){ .read = cookie_read, .seek = cookie_seek, .close = cookie_close });
        if (!f)
            (void)err_set(e, "%s: out of memory", path);
    }
    if (!f) {
        (void)cookie_close(u);
        return NULL;
    }
    (void)setvbuf(f, u->buffer, _IOFBF, buffer);
    (void)__fsetlocking(f, FSETLOCKING_BYCALLER);
    *stream = f;
    return u;
}

int unpack_hash(struct unpack *u)
{
    u->hash = EVP_MD_CTX_new();
    return u->hash && EVP_DigestInit_ex(u->hash, EVP_sha256(), NULL) == 1 ? 0 : -1;
}

int unpack_hash_end(struct unpack *u, uint8_t out[32])
{
    uint8_t block[16384];
    ssize_t got;
    if (!u->hash)
        return -1;
    while ((got = u->give(u, block, sizeof block)) > 0)
        (void)EVP_DigestUpdate(u->hash, block, (size_t)got);
    return got == 0 && !u->stopped && EVP_DigestFinal_ex(u->hash, out, NULL) == 1 ? 0 : -1;
}

bool unpack_dry(const struct unpack *u, FILE *stream)
{
    if (!u->waits || u->raw_at < u->raw_len)
        return false;
    off_t used = ftello(stream);
    if (used < 0 || (uint64_t)used < u->given)
        return false;
    struct pollfd p = { .fd = u->fd, .events = POLLIN };
    return poll(&p, 1, 0) == 0;
}

const uint8_t *unpack_head(const struct unpack *u, size_t *n)
{
    *n = u->head_len;
    return u->head;
}

uint32_t unpack_magic(const struct unpack *u)
{
    return u->magic;
}

uint64_t unpack_position(const struct unpack *u)
{
    return u->position;
}

const char *unpack_damage(const struct unpack *u)
{
    return u->damage;
}

int unpack_errno(const struct unpack *u)
{
    return u->error;
}

void unpack_stop(struct unpack *u)
{
    u->stopped = true;
}
