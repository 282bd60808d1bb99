/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rewrap - a capture of plain Ethernet, IPv4 and TCP, written again as a tunnel or another link layer would carry it, or
 * damaged as captures are.
 *
 *   rewrap KIND IN.pcap OUT.pcap      rewrap --list
 *
 * KIND is a row of wraps[] (wrap.h) or of damages[] below. The client is who has the higher port.
 */
#include "tests/tools/wrap.h"

#include <pcap/pcap.h>
#include <stdio.h>

enum { PIECE = 96, SEGMENT = 64, FLIGHT_MAX = 4096, ETHERNET_MIN = 60, TCP_FLAGS_AT = 13 };

static struct job {
    pcap_dumper_t *out;
    struct pcap_pkthdr head; /* of the packet under way */
    unsigned number; /* the argument of a kind: snap:N */
    const struct wrap *wrap;
    struct held {
        struct pcap_pkthdr head;
        uint8_t *bytes;
    } flight[FLIGHT_MAX]; /* of rev64 */
    unsigned held, flight_dir;
} job;

static void emit_cut(const uint8_t *bytes, size_t n, size_t cap)
{
    job.head.len = (bpf_u_int32)n;
    job.head.caplen = (bpf_u_int32)(cap < n ? cap : n);
    pcap_dump((u_char *)job.out, &job.head, bytes);
    job.head.ts.tv_usec++; /* what one packet becomes is a microsecond apart */
    if (job.head.ts.tv_usec >= 1000000) {
        job.head.ts.tv_usec -= 1000000;
        job.head.ts.tv_sec++;
    }
}

static void emit(const uint8_t *bytes, size_t n)
{
    emit_cut(bytes, n, n);
}

/* One packet of the input. */
struct in {
    const uint8_t *frame;
    size_t n;
    struct inner ip;
    const uint8_t *tcp;
    size_t header, payload; /* of TCP, and bytes behind it */
    unsigned dir;
};

static bool parse(struct in *p, const uint8_t *frame, size_t n)
{
    if (n < 14 + 20 + 20 || w_be16(frame + 12) != 0x0800 || frame[14 + 9] != 6)
        return false;
    p->frame = frame;
    p->n = n;
    p->ip = w_inner(frame, n);
    p->tcp = p->ip.ip + p->ip.header;
    p->header = (p->tcp[12] >> 4) * 4U;
    if (p->ip.header + p->header > p->ip.ip_len)
        return false;
    p->payload = p->ip.ip_len - p->ip.header - p->header;
    p->dir = w_be16(p->tcp) < w_be16(p->tcp + 2);
    return true;
}

/* ---- wrapping ---- */

static void wrapped(const struct in *p)
{
    static struct wbuf o;
    o.n = 0;
    job.wrap->fn(&o, p->ip, p->dir, p->n);
    emit(o.b, o.n);
}

/* ---- damage ---- */

static void put16(uint8_t *at, unsigned v)
{
    at[0] = (uint8_t)(v >> 8);
    at[1] = (uint8_t)v;
}

static void ip_checksum(uint8_t *ip)
{
    put16(ip + 10, 0);
    put16(ip + 10, w_fold(w_sum(0, ip, (ip[0] & 15U) * 4)));
}

/* Fragments of the IPv4 packet at `at` of a frame. */
static void fragment(const uint8_t *frame, size_t at, size_t ip_len)
{
    uint8_t piece[14 + 64 + 60 + PIECE];
    size_t header = (frame[at] & 15U) * 4, n = ip_len - header;
    for (size_t off = 0; off < n || off == 0; off += PIECE) {
        size_t len = n - off < PIECE ? n - off : PIECE;
        memcpy(piece, frame, at + header);
        memcpy(piece + at + header, frame + at + header + off, len);
        put16(piece + at + 2, (unsigned)(header + len));
        put16(piece + at + 6, (off + len < n ? 0x2000U : 0) | (unsigned)(off / 8));
        ip_checksum(piece + at);
        emit(piece, at + header + len);
    }
}

/* The identification has to differ per packet for that. */
static uint8_t *numbered(const uint8_t *frame, size_t n)
{
    static uint8_t copy[WRAP_MAX];
    static unsigned id;
    memcpy(copy, frame, n);
    put16(copy + 14 + 4, ++id);
    ip_checksum(copy + 14);
    return copy;
}

static void ipfrag(const struct in *p)
{
    fragment(numbered(p->frame, p->n), 14, p->ip.ip_len);
}

static void ip6frag(const struct in *p)
{
    static struct wbuf six, o;
    static uint32_t id;
    six.n = 0;
    id++;
    size_t n = w_as_ipv6(&six, p->ip, w_documentation) - 40;
    for (size_t off = 0; off < n; off += PIECE) {
        size_t len = n - off < PIECE ? n - off : PIECE;
        o.n = 0;
        w_mem(&o, p->frame, 12);
        w16(&o, 0x86dd);
        w_mem(&o, six.b, 4);
        w16(&o, (unsigned)len + 8);
        w8(&o, 44);
        w_mem(&o, six.b + 7, 33);
        w16(&o, 0x0600);
        w16(&o, (unsigned)off | (off + len < n));
        w32(&o, id);
        w_mem(&o, six.b + 40 + off, len);
        emit(o.b, o.n);
    }
}

/* A tunnel over a path whose MTU it does not respect. */
static void outerfrag(const struct in *p)
{
    static struct wbuf o;
    o.n = 0;
    for (size_t i = 0; i < WRAPS; i++)
        if (strcmp(wraps[i].name, "vxlan") == 0)
            wraps[i].fn(&o, p->ip, p->dir, p->n);
    fragment(numbered(o.b, o.n), 14, o.n - 14);
}

static void capwapfrag(const struct in *p)
{
    static struct wbuf whole, o;
    static unsigned id;
    whole.n = 0;
    for (size_t i = 0; i < WRAPS; i++)
        if (strcmp(wraps[i].name, "capwap") == 0)
            wraps[i].fn(&whole, p->ip, p->dir, p->n);
    size_t skip = 14 + 20 + 8 + 8, n = whole.n - skip;
    id++;
    for (size_t off = 0; off < n; off += PIECE) {
        size_t len = n - off < PIECE ? n - off : PIECE;
        o.n = 0;
        w_udp(&o, p->dir, p->dir ? 5247 : 50000, p->dir ? 50000 : 5247, len + 8);
        w32(&o, off + len < n ? 0x00100380 : 0x001003c0);
        w16(&o, id);
        w16(&o, (unsigned)off);
        w_mem(&o, whole.b + skip + off, len);
        emit(o.b, o.n);
    }
}

/* Bytes from..from+len of the payload as a segment of their own; FIN and PSH only on the last. */
static size_t segment(const struct in *p, size_t from, size_t len, uint8_t *o)
{
    size_t before = 14 + p->ip.header + p->header, tcp = p->header + len;
    uint8_t *ip = o + 14, *t = ip + p->ip.header;
    memcpy(o, p->frame, before);
    memcpy(o + before, p->frame + before + from, len);
    put16(ip + 2, (unsigned)(p->ip.header + tcp));
    uint32_t seq = ((uint32_t)w_be16(t + 4) << 16 | w_be16(t + 6)) + (uint32_t)from;
    put16(t + 4, seq >> 16);
    put16(t + 6, seq & 0xffff);
    if (from + len < p->payload)
        t[TCP_FLAGS_AT] &= 0xf6;
    ip_checksum(ip);
    put16(t + 16, 0);
    put16(t + 16, w_fold(w_sum(w_sum(6 + (uint32_t)tcp, ip + 12, 8), t, tcp)));
    return before + len;
}

static void segments(const struct in *p, size_t size, void (*to)(const uint8_t *, size_t))
{
    static uint8_t o[WRAP_MAX];
    for (size_t from = 0; from < p->payload; from += size)
        to(o, segment(p, from, p->payload - from < size ? p->payload - from : size, o));
    if (!p->payload)
        emit(p->frame, p->n);
}

static void seg64(const struct in *p)
{
    segments(p, SEGMENT, emit);
}

static void seg1(const struct in *p)
{
    segments(p, 1, emit);
}

static void hold(const uint8_t *bytes, size_t n)
{
    if (job.held == FLIGHT_MAX)
        abort();
    struct held *h = &job.flight[job.held++];
    h->head = job.head;
    h->head.len = h->head.caplen = (bpf_u_int32)n;
    h->bytes = malloc(n);
    if (!h->bytes)
        abort();
    memcpy(h->bytes, bytes, n);
}

static void release(void)
{
    while (job.held) {
        struct held *h = &job.flight[--job.held];
        job.head = h->head;
        emit(h->bytes, h->head.len);
        free(h->bytes);
    }
}

/* All that one side sends before the other answers comes in 64-byte segments, the last one first. */
static void rev64(const struct in *p)
{
    if (!p) {
        release();
        return;
    }
    struct pcap_pkthdr head = job.head;
    bool ends = p->tcp[TCP_FLAGS_AT] & (TCP_FIN | TCP_SYN | TCP_RST);
    if (job.held && (ends || (p->payload && p->dir != job.flight_dir)))
        release();
    job.head = head;
    job.flight_dir = p->dir;
    segments(p, SEGMENT, ends ? emit : hold);
}

/* Each answer is captured before what it answers, as by the two ports of a tap. */
static void step(const struct in *p)
{
    if (!p || (p->tcp[TCP_FLAGS_AT] & (TCP_FIN | TCP_SYN | TCP_RST)) || (p->payload && p->dir == job.flight_dir)) {
        struct pcap_pkthdr head = job.head;
        release();
        job.head = head;
    }
    if (!p)
        return;
    bool answers = job.held && p->dir != job.flight_dir;
    if (p->payload && !answers) {
        hold(p->frame, p->n);
        job.flight_dir = p->dir;
        return;
    }
    emit(p->frame, p->n);
    if (p->payload)
        release();
}

static void dup(const struct in *p)
{
    emit(p->frame, p->n);
    emit(p->frame, p->n);
}

static void client_only(const struct in *p)
{
    if (p->dir == 0)
        emit(p->frame, p->n);
}

static void server_only(const struct in *p)
{
    if (p->dir == 1)
        emit(p->frame, p->n);
}

static void nosyn(const struct in *p)
{
    if (!(p->tcp[TCP_FLAGS_AT] & TCP_SYN))
        emit(p->frame, p->n);
}

static void snap(const struct in *p)
{
    emit_cut(p->frame, p->n, job.number);
}

static void badsum(const struct in *p)
{
    uint8_t *copy = numbered(p->frame, p->n);
    put16(copy + 14 + 10, 0xdead);
    put16(copy + 14 + p->ip.header + 16, 0xbeef);
    emit(copy, p->n);
}

/* Padding and a trailer that look like a TLS record: they must not reach the stream. */
static void pad(const struct in *p)
{
    static struct wbuf o;
    o.n = 0;
    w_mem(&o, p->frame, 14 + p->ip.ip_len);
    do
        w_mem(&o, "\x16\3\1\0\2\2\x28", 7);
    while (o.n < ETHERNET_MIN);
    emit(o.b, o.n);
}

static const struct damage {
    const char *name;
    void (*fn)(const struct in *p);
    bool at_end; /* called once more with NULL */
} damages[] = {
    { "ipfrag", ipfrag, false },
    { "ip6frag", ip6frag, false },
    { "outerfrag", outerfrag, false },
    { "capwapfrag", capwapfrag, false },
    { "seg64", seg64, false },
    { "seg1", seg1, false },
    { "rev64", rev64, true },
    { "step", step, true },
    { "dup", dup, false },
    { "client-only", client_only, false },
    { "server-only", server_only, false },
    { "nosyn", nosyn, false },
    { "snap", snap, false },
    { "badsum", badsum, false },
    { "pad", pad, false },
};
enum { DAMAGES = sizeof damages / sizeof *damages };

/* ---- files ---- */

static int list(void)
{
    for (size_t i = 0; i < WRAPS; i++)
        printf("wrap %s\n", wraps[i].name);
    for (size_t i = 0; i < DAMAGES; i++)
        printf("damage %s%s\n", damages[i].name, damages[i].fn == snap ? ":N" : "");
    return 0;
}

static const struct damage *choose(const char *kind)
{
    static const struct damage wrapping = { "", wrapped, false };
    const char *colon = strchr(kind, ':');
    size_t n = colon ? (size_t)(colon - kind) : strlen(kind);
    if (colon)
        job.number = (unsigned)strtoul(colon + 1, NULL, 10);
    for (size_t i = 0; i < DAMAGES; i++)
        if (strlen(damages[i].name) == n && memcmp(damages[i].name, kind, n) == 0)
            return &damages[i];
    for (size_t i = 0; i < WRAPS; i++) {
        if (strcmp(wraps[i].name, kind) == 0) {
            job.wrap = &wraps[i];
            return &wrapping;
        }
    }
    return NULL;
}

static int run(const struct damage *what, pcap_t *in, const char *path)
{
    pcap_t *dead = pcap_open_dead(job.wrap ? job.wrap->dlt : DLT_EN10MB, 262144);
    job.out = dead ? pcap_dump_open(dead, path) : NULL;
    if (!job.out) {
        (void)fprintf(stderr, "rewrap: %s: cannot be written\n", path);
        return 2;
    }
    struct pcap_pkthdr *head;
    const u_char *frame;
    while (pcap_next_ex(in, &head, &frame) == 1) {
        struct in p;
        job.head = *head;
        if (parse(&p, frame, head->caplen))
            what->fn(&p);
    }
    if (what->at_end)
        what->fn(NULL);
    pcap_dump_close(job.out);
    pcap_close(dead);
    return 0;
}

int main(int argc, char **argv)
{
    char why[PCAP_ERRBUF_SIZE];
    if (argc == 2 && strcmp(argv[1], "--list") == 0)
        return list();
    if (argc != 4) {
        (void)fprintf(stderr, "usage: rewrap KIND IN.pcap OUT.pcap | rewrap --list\n");
        return 2;
    }
    const struct damage *what = choose(argv[1]);
    if (!what) {
        (void)fprintf(stderr, "rewrap: no kind '%s': see rewrap --list\n", argv[1]);
        return 2;
    }
    pcap_t *in = pcap_open_offline(argv[2], why);
    if (!in || pcap_datalink(in) != DLT_EN10MB) {
        (void)fprintf(stderr, "rewrap: %s: %s\n", argv[2], in ? "not an Ethernet capture" : why);
        return 2;
    }
    int rc = run(what, in, argv[3]);
    pcap_close(in);
    return rc;
}
