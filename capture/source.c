/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/source.h"
#include "base/limits.h"
#include "capture/pcapfile.h"
#include "capture/unpack.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pcap/pcap.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

enum {
    PEEK_BUFFER = 65536, /* to learn the first packet's time of each of many files */
    LIVE_WAIT_MS = 100, /* a block of the ring is handed over, and source_fill returns, at least this often */
    LIVE_BUFFER_MIB = 64,
    FOLDER_DEPTH = 32,
};
#define SECONDS_MAX 4600000000LL /* year 2115; pcapng can say more, but the difference of two times must fit in int64_t */

struct source {
    pcap_t *pcap;
    struct unpack *unpack; /* owned by pcap's stream; NULL when live */
    char *name;
    bool filtered; /* a file's filter is run here, so that packet numbers stay those of the file */
    struct bpf_program filter;
    atomic_bool stopped; /* by a signal handler, whatever thread reads */
    bool ended, draining, refused;
    uint64_t frame;
    int64_t tick; /* nanoseconds per unit of the time stamp's fraction */
    struct pcap_stat counted;
    bool walked; /* not read through libpcap but in place, by */
    struct pcapfile in_place;
};

/* ---- files ---- */

/* Formats that look like captures to people, and what to do about them. */
static const struct {
    const char *magic;
    size_t n;
    const char *remedy;
} foreign[] = {
    { "BZh", 3, "bzip2 data: unpack it first (bunzip2)" },
    { "\xfd" "7zXZ", 5, "xz data: unpack it first (unxz)" },
    { "PK\003\004", 4, "a zip archive: unpack it first (unzip)" },
    { "\x04\x22\x4d\x18", 4, "lz4 data: unpack it first (unlz4)" },
    { "snoop\0", 6, "a snoop file: convert it (editcap -F pcap IN OUT)" },
    { "GMBU", 4, "a Network Monitor file: convert it (editcap -F pcap IN OUT)" },
    { "RTSS", 4, "a Network Monitor file: convert it (editcap -F pcap IN OUT)" },
    { "TRSNIFF data", 8, "a Sniffer file: convert it (editcap -F pcap IN OUT)" },
    { "XCP\0", 4, "a NetXRay file: convert it (editcap -F pcap IN OUT)" },
};

static int not_a_capture(const char *name, const struct unpack *u, const char *why, struct err *e)
{
    size_t n;
    const uint8_t *head = unpack_head(u, &n);
    if (unpack_errno(u))
        return err_set(e, "%s: cannot be read: %s", name, strerror(unpack_errno(u)));
    if (unpack_damage(u))
        return err_set(e, "%s: %s: unpack or copy it again", name, unpack_damage(u));
    if (!n)
        return err_set(e, "%s: not a capture file (it is empty): give a pcap or pcapng file", name);
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++) {
        if (n >= foreign[i].n && memcmp(head, foreign[i].magic, foreign[i].n) == 0)
            return err_set(e, "%s: not a capture file that can be read: %s", name, foreign[i].remedy);
    }
    return err_set(e, "%s: not a capture file (%s): give a pcap or pcapng file", name, why);
}

int source_filter(struct source *s, const char *filter, struct err *e)
{
    if (!filter || !*filter)
        return 0;
    if (pcap_compile(s->pcap, &s->filter, filter, 1, PCAP_NETMASK_UNKNOWN) != 0)
        return err_set(e, "%s: filter '%s': %s (see pcap-filter(7))", s->name, filter, pcap_geterr(s->pcap));
    s->filtered = true;
    return 0;
}

static struct source *source_new(const char *name, struct err *e)
{
    struct source *s = calloc(1, sizeof *s);
    if (s)
        s->name = strdup(name);
    if (s && s->name)
        return s;
    free(s);
    (void)err_set(e, "%s: out of memory", name);
    return NULL;
}

/* How a file is opened beyond what libpcap asks for. */
struct opening {
    size_t buffer;
    bool hash;
};

static int open_file(struct source *s, const char *path, const char *filter, struct opening how, struct err *e)
{
    char why[PCAP_ERRBUF_SIZE] = "";
    FILE *f;
    s->unpack = unpack_open(path, how.buffer, &f, e);
    if (!s->unpack)
        return -1;
    if (how.hash && unpack_hash(s->unpack) != 0) {
        (void)fclose(f);
        return err_set(e, "%s: out of memory", s->name);
    }
    s->pcap = pcap_fopen_offline_with_tstamp_precision(f, PCAP_TSTAMP_PRECISION_NANO, why);
    if (!s->pcap && strstr(why, strerror(ENOMEM))) {
        (void)fclose(f);
        return err_set(e, "%s: out of memory", s->name);
    }
    if (!s->pcap) {
        (void)not_a_capture(s->name, s->unpack, why, e);
        (void)fclose(f);
        return -1;
    }
    s->tick = 1;
    s->walked = pcapfile_is(s->unpack, pcap_major_version(s->pcap), pcap_minor_version(s->pcap));
    if (s->walked && pcapfile_open(&s->in_place, s->unpack))
        return err_set(e, "%s: out of memory", s->name);
    return source_filter(s, filter, e);
}

static struct source *open_how(const char *path, const char *filter, struct opening how, struct err *e)
{
    struct source *s = source_new(strcmp(path, "-") == 0 ? "standard input" : path, e);
    if (s && open_file(s, path, filter, how, e) == 0)
        return s;
    source_close(s);
    return NULL;
}

void source_window(size_t most)
{
    unpack_window(most);
}

struct source *source_open(const char *path, const char *filter, struct err *e)
{
    return open_how(path, filter, (struct opening){ .buffer = LIMIT_STDIO_BUFFER }, e);
}

struct source *source_open_hashed(const char *path, const char *filter, struct err *e)
{
    return open_how(path, filter, (struct opening){ .buffer = LIMIT_STDIO_BUFFER, .hash = true }, e);
}

void source_close(struct source *s)
{
    if (!s)
        return;
    if (s->filtered)
        pcap_freecode(&s->filter);
    if (s->pcap)
        pcap_close(s->pcap); /* and the stream under it */
    pcapfile_close(&s->in_place);
    free(s->name);
    free(s);
}

/* ---- interfaces ---- */

static int live_error(struct source *s, int rc, struct err *e)
{
    switch (rc) {
    case PCAP_ERROR_NO_SUCH_DEVICE:
        return err_set(e, "%s: no such interface: `ip link` lists them", s->name);
    case PCAP_ERROR_PERM_DENIED:
    case PCAP_ERROR_PROMISC_PERM_DENIED:
        return err_set(e, "%s: no permission to capture: run as root, or give the program CAP_NET_RAW", s->name);
    case PCAP_ERROR_IFACE_NOT_UP:
        return err_set(e, "%s: the interface is down: `ip link set %s up`", s->name, s->name);
    default: /* libpcap's list of errors is open-ended */
        return err_set(e, "%s: cannot capture: %s: %s", s->name, pcap_statustostr(rc), pcap_geterr(s->pcap));
    }
}

/* A ring of the kernel's (TPACKET_V3, which libpcap takes unless asked for immediate delivery), read without blocking: the
 * wait is a poll of our own, because libpcap's would not return on an idle interface. */
static int open_live(struct source *s, const struct source_live *o, struct err *e)
{
    char why[PCAP_ERRBUF_SIZE] = "";
    s->pcap = pcap_create(o->interface, why);
    if (!s->pcap)
        return err_set(e, "%s: cannot capture: %s", s->name, why);
    unsigned mib = o->buffer_mib ? o->buffer_mib : LIVE_BUFFER_MIB;
    if (mib > 2047)
        return err_set(e, "%s: a kernel buffer of %u MiB is too large: at most 2047", s->name, mib);
    unsigned snaplen = o->snaplen && o->snaplen < LIMIT_SNAPLEN ? o->snaplen : LIMIT_SNAPLEN;
    (void)pcap_set_snaplen(s->pcap, (int)snaplen);
    (void)pcap_set_promisc(s->pcap, o->promiscuous);
    (void)pcap_set_timeout(s->pcap, LIVE_WAIT_MS);
    (void)pcap_set_buffer_size(s->pcap, (int)(mib << 20));
    (void)pcap_set_tstamp_precision(s->pcap, PCAP_TSTAMP_PRECISION_NANO);
    int rc = pcap_activate(s->pcap);
    if (rc < 0)
        return live_error(s, rc, e);
    s->tick = pcap_get_tstamp_precision(s->pcap) == PCAP_TSTAMP_PRECISION_NANO ? 1 : 1000;
    if (pcap_setnonblock(s->pcap, 1, why) != 0)
        return err_set(e, "%s: cannot capture: %s", s->name, why);
    if (source_filter(s, o->filter, e) != 0)
        return -1;
    if (s->filtered && pcap_setfilter(s->pcap, &s->filter) != 0)
        return err_set(e, "%s: filter '%s': %s", s->name, o->filter, pcap_geterr(s->pcap));
    return 0;
}

struct source *source_open_live(const struct source_live *o, struct err *e)
{
    struct source *s = source_new(o->interface, e);
    if (s && open_live(s, o, e) == 0)
        return s;
    source_close(s);
    return NULL;
}

/* ---- both ---- */

int source_dlt(const struct source *s)
{
    return pcap_datalink(s->pcap);
}

static inline int64_t packet_time(const struct source *s, const struct timeval *tv)
{
    int64_t seconds = tv->tv_sec;
    if (seconds > SECONDS_MAX || seconds < -SECONDS_MAX)
        seconds = 0;
    return seconds * 1000000000 + (tv->tv_usec % 1000000000) * s->tick;
}

/* Numbers are those of the file: the filter comes after them. */
static void number(struct source *s, struct batch *b, uint32_t input)
{
    for (unsigned i = 0; i < b->count; i++) {
        b->packet[i].frame = ++s->frame;
        b->packet[i].input = input;
    }
}

/* What came through a pipe is not kept waiting for what has not come. */
static bool is_dry(const struct source *s)
{
    return s->unpack && unpack_dry(s->unpack, pcap_file(s->pcap));
}

/* One by one through libpcap, whose buffer holds one packet: copied. Returns what pcap_next_ex said last. */
static int copy_packets(struct source *s, struct batch *b, uint32_t input)
{
    struct pcap_pkthdr *h;
    const u_char *data;
    size_t used = 0;
    int rc = 1;
    b->count = 0;
    while (b->count < BATCH_PACKETS && used <= BATCH_BYTES - LIMIT_SNAPLEN && !(b->count && is_dry(s)) &&
           (rc = pcap_next_ex(s->pcap, &h, &data)) == 1) {
        uint32_t n = h->caplen < LIMIT_SNAPLEN ? h->caplen : LIMIT_SNAPLEN;
        memcpy(b->bytes + used, data, n);
        b->packet[b->count++] = (struct packet){
            .data = b->bytes + used, .caplen = n, .len = h->len > h->caplen ? h->len : h->caplen, .ts_ns = packet_time(s, &h->ts),
        };
        used += n;
    }
    number(s, b, input);
    return rc;
}

static void filter_packets(const struct source *s, struct batch *b)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < b->count; i++) {
        struct pcap_pkthdr h = { .caplen = b->packet[i].caplen, .len = b->packet[i].len };
        if (pcap_offline_filter(&s->filter, &h, b->packet[i].data))
            b->packet[kept++] = b->packet[i];
    }
    b->count = kept;
}

/* libpcap has no other way of telling. */
static bool is_mixed(const char *why)
{
    return strstr(why, "different from the type of the first interface") != NULL;
}

/* The file ended, or a record was refused (refused says why; NULL: none was). */
static enum source_status file_ended(struct source *s, const char *refused, struct err *e)
{
    s->ended = true;
    if (s->stopped)
        return SOURCE_STOPPED;
    if (unpack_errno(s->unpack)) {
        (void)err_set(e, "%s: cannot be read: %s", s->name, strerror(unpack_errno(s->unpack)));
        return SOURCE_ERROR;
    }
    const char *why = unpack_damage(s->unpack);
    if (!refused && !why)
        return SOURCE_END;
    if (!why)
        why = refused;
    if (is_mixed(why)) {
        char how_far[64] = "nothing of it could be read";
        if (s->frame)
            (void)snprintf(how_far, sizeof how_far, "read up to packet %llu only", (unsigned long long)s->frame);
        s->refused = s->frame == 0;
        (void)err_set(e, "%s: interfaces of different link types, %s: split it "
                         "(tshark -r IN -Y frame.interface_id==0 -w OUT, and so on for each interface)", s->name, how_far);
        return SOURCE_CUT;
    }
    (void)err_set(e, "%s: damaged or cut after packet %llu (%s): what came before is reported", s->name,
                  (unsigned long long)s->frame, why);
    return SOURCE_CUT;
}

static enum source_status fill_from_file(struct source *s, struct batch *b, uint32_t input, struct err *e)
{
    if (s->ended)
        return SOURCE_END;
    if (s->walked) {
        pcapfile_fill(&s->in_place, s->unpack, b);
        number(s, b, input);
        return b->count ? SOURCE_BATCH : file_ended(s, s->in_place.damage[0] ? s->in_place.damage : NULL, e);
    }
    int rc = copy_packets(s, b, input);
    return rc > 0 ? SOURCE_BATCH : file_ended(s, rc == PCAP_ERROR ? pcap_geterr(s->pcap) : NULL, e);
}

static enum source_status fill_live(struct source *s, struct batch *b, uint32_t input, struct err *e)
{
    int rc = copy_packets(s, b, input);
    if (rc == 0 && b->count == 0) {
        struct pollfd p = { .fd = pcap_get_selectable_fd(s->pcap), .events = POLLIN };
        if (poll(&p, 1, s->draining ? 3 * LIVE_WAIT_MS : LIVE_WAIT_MS) >= 0)
            rc = copy_packets(s, b, input);
    }
    if (s->draining && rc == PCAP_ERROR_BREAK && !s->stopped)
        rc = b->count ? 1 : copy_packets(s, b, input); /* of the signal before: libpcap says it once */
    if (s->stopped || rc == PCAP_ERROR_BREAK || (s->draining && rc == 0 && b->count == 0))
        return SOURCE_STOPPED;
    if (rc >= 0)
        return SOURCE_BATCH;
    (void)err_set(e, "%s: the capture ended: %s", s->name, pcap_geterr(s->pcap));
    return SOURCE_ERROR;
}

enum source_status source_fill(struct source *s, struct batch *b, uint32_t input, struct err *e)
{
    b->count = 0;
    if (s->stopped)
        return SOURCE_STOPPED;
    enum source_status st = s->unpack ? fill_from_file(s, b, input, e) : fill_live(s, b, input, e);
    if (s->filtered && s->unpack)
        filter_packets(s, b);
    return st;
}

void source_stop(struct source *s)
{
    s->stopped = true;
    if (s->unpack)
        unpack_stop(s->unpack);
    pcap_breakloop(s->pcap);
}

void source_drain(struct source *s)
{
    s->stopped = false;
    s->draining = true;
}

uint64_t source_packets(const struct source *s)
{
    return s->frame;
}

bool source_refused(const struct source *s)
{
    return s->refused;
}

uint64_t source_position(const struct source *s)
{
    return s->unpack ? unpack_position(s->unpack) : 0;
}

void source_drops(struct source *s, uint64_t *kernel, uint64_t *interface)
{
    struct pcap_stat now = s->counted;
    if (s->unpack || pcap_stats(s->pcap, &now) != 0)
        now = s->counted;
    *kernel = (uint32_t)(now.ps_drop - s->counted.ps_drop); /* counters of 32 bits that wrap */
    *interface = (uint32_t)(now.ps_ifdrop - s->counted.ps_ifdrop);
    s->counted = now;
}

/* ---- lists of files ---- */

struct scan {
    struct source_list *list;
    unsigned room, repeated;
    struct err *e;
};

static void first_packet(u_char *user, const struct pcap_pkthdr *h, const u_char *data)
{
    struct source_file *f = (struct source_file *)(void *)user;
    static const struct source nanoseconds = { .tick = 1 };
    f->first_ns = packet_time(&nanoseconds, &h->ts);
    f->mark = XXH3_64bits_withSeed(data, h->caplen, (uint64_t)f->first_ns);
}

static int list_add(struct scan *c, const char *path, struct source_file file)
{
    struct source_list *l = c->list;
    if (l->count == c->room) {
        unsigned room = c->room ? c->room * 2 : 16;
        struct source_file *more = realloc(l->file, room * sizeof *more);
        if (!more)
            return err_set(c->e, "%s: out of memory", path);
        l->file = more;
        c->room = room;
    }
    file.path = strdup(path);
    if (!file.path)
        return err_set(c->e, "%s: out of memory", path);
    l->file[l->count++] = file;
    return 0;
}

/* What c->e says is wrong with this path goes into the list: the others can be read all the same. */
static int list_problem(struct scan *c, const char *path)
{
    struct err why = *c->e;
    if (err_is_memory(&why))
        return -1;
    if (list_add(c, path, (struct source_file){ .size = 0 }) != 0)
        return -1;
    char *problem = strdup(why.text);
    c->list->file[c->list->count - 1].problem = problem;
    return problem ? 0 : err_set(c->e, "%s: out of memory", path);
}

static int leave_out(struct scan *c, const char *path, enum source_left_why why)
{
    struct source_list *l = c->list;
    if (l->left_out < SOURCE_LEFT_NAMED) {
        char *copy = strdup(path);
        if (!copy)
            return err_set(c->e, "%s: out of memory", path);
        l->left[l->left_out] = (struct source_left){ .path = copy, .why = why };
    }
    l->left_out++;
    return 0;
}

/* A folder and a file in it, two links to one file: what it holds must not count twice. */
static bool listed(const struct source_list *l, const struct stat *st)
{
    for (unsigned i = 0; i < l->count; i++)
        if (l->file[i].size && l->file[i].dev == st->st_dev && l->file[i].ino == st->st_ino)
            return true;
    return false;
}

/* One file. In a folder, what is not a capture is left out; named by itself it is a problem. A file that may not be read could
 * be a capture: leaving it out would make the report look whole. */
static int list_file(struct scan *c, const char *path, const struct stat *st, bool in_folder)
{
    if (!S_ISREG(st->st_mode)) /* a pipe: looking at it would consume it */
        return list_add(c, path, (struct source_file){ .size = 0 });
    if (listed(c->list, st)) {
        c->repeated++;
        return 0;
    }
    struct source *s = open_how(path, NULL, (struct opening){ .buffer = PEEK_BUFFER }, c->e);
    if (!s && in_folder && access(path, R_OK) == 0 && !err_is_memory(c->e))
        return leave_out(c, path, LEFT_NO_CAPTURE);
    if (!s)
        return list_problem(c, path);
    struct source_file file = { .size = (uint64_t)st->st_size, .dev = st->st_dev, .ino = st->st_ino };
    bool mixed = pcap_dispatch(s->pcap, 1, first_packet, (u_char *)&file) == PCAP_ERROR && is_mixed(pcap_geterr(s->pcap));
    if (mixed)
        (void)file_ended(s, pcap_geterr(s->pcap), c->e);
    source_close(s);
    return mixed ? list_problem(c, path) : list_add(c, path, file);
}

static int list_folder(struct scan *c, const char *path, unsigned depth);

/* A link to a folder may lead back to where it is found. */
static int list_entry(struct scan *c, const char *path, unsigned depth)
{
    struct stat st;
    if (lstat(path, &st) != 0)
        return 0; /* gone meanwhile */
    bool link = S_ISLNK(st.st_mode);
    if (link && stat(path, &st) != 0) {
        if (errno == ENOENT || errno == ELOOP)
            return leave_out(c, path, LEFT_LINK_TO_NOTHING);
        (void)err_set(c->e, "%s: cannot be opened: %s", path, strerror(errno));
        return list_problem(c, path);
    }
    if (S_ISREG(st.st_mode))
        return list_file(c, path, &st, true);
    if (!S_ISDIR(st.st_mode))
        return leave_out(c, path, LEFT_NO_FILE);
    if (link || depth == FOLDER_DEPTH)
        return leave_out(c, path, link ? LEFT_LINK_TO_FOLDER : LEFT_TOO_DEEP);
    return list_folder(c, path, depth + 1);
}

static int list_folder(struct scan *c, const char *path, unsigned depth)
{
    struct dirent **name;
    size_t len = strlen(path);
    while (len && path[len - 1] == '/')
        len--;
    int n = scandir(path, &name, NULL, alphasort), rc = 0;
    if (n < 0) {
        (void)err_set(c->e, "%s: cannot be opened: %s", path, strerror(errno));
        return list_problem(c, path);
    }
    for (int i = 0; i < n; i++) {
        char *sub;
        if (rc == 0 && name[i]->d_name[0] != '.') {
            int made = asprintf(&sub, "%.*s/%s", (int)len, path, name[i]->d_name);
            rc = made < 0 ? err_set(c->e, "%s: out of memory", path) : list_entry(c, sub, depth);
            if (made >= 0)
                free(sub);
        }
        free(name[i]);
    }
    free(name);
    return rc;
}

static int list_argument(struct scan *c, const char *arg)
{
    struct stat st;
    if (strcmp(arg, "-") == 0)
        return list_add(c, arg, (struct source_file){ .size = 0 });
    if (stat(arg, &st) != 0) {
        (void)err_set(c->e, "%s: cannot be opened: %s", arg, strerror(errno));
        return list_problem(c, arg);
    }
    if (!S_ISDIR(st.st_mode))
        return list_file(c, arg, &st, false);
    unsigned before = c->list->count + c->repeated;
    if (list_folder(c, arg, 0) != 0)
        return -1;
    if (c->list->count + c->repeated != before)
        return 0;
    (void)err_set(c->e, "%s: no capture file in this folder: give pcap or pcapng files", arg);
    return list_problem(c, arg);
}

/* By first packet; those that cannot be looked at (pipes) last; of those that begin at one time the smaller one first, which may
 * be the beginning of the other; then by name. */
static int file_order(const void *a, const void *b)
{
    const struct source_file *x = a, *y = b;
    bool unknown_x = x->size == 0, unknown_y = y->size == 0;
    if (unknown_x != unknown_y)
        return unknown_x ? 1 : -1;
    if (x->first_ns != y->first_ns)
        return x->first_ns < y->first_ns ? -1 : 1;
    return x->size != y->size ? (x->size < y->size ? -1 : 1) : strcmp(x->path, y->path);
}

int source_list_make(struct source_list *l, char *const *args, unsigned n, struct err *e)
{
    *l = (struct source_list){ 0 };
    struct scan c = { .list = l, .e = e };
    for (unsigned i = 0; i < n; i++) {
        if (list_argument(&c, args[i]) != 0) {
            source_list_free(l);
            return -1;
        }
    }
    if (l->count)
        qsort(l->file, l->count, sizeof *l->file, file_order);
    return 0;
}

void source_list_free(struct source_list *l)
{
    for (unsigned i = 0; i < l->count; i++) {
        free(l->file[i].path);
        free(l->file[i].problem);
    }
    for (unsigned i = 0; i < SOURCE_LEFT_NAMED; i++)
        free(l->left[i].path);
    free(l->file);
    *l = (struct source_list){ 0 };
}

/* ---- digest ---- */

int source_hash(struct source *s, uint8_t out[32], struct err *e)
{
    if (s->unpack && unpack_hash_end(s->unpack, out) == 0)
        return 0;
    if (s->unpack && unpack_errno(s->unpack))
        return err_set(e, "%s: cannot be read: %s", s->name, strerror(unpack_errno(s->unpack)));
    return err_set(e, "%s: has no digest", s->name);
}
