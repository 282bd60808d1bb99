/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flood - a capture of hostile traffic with a little real traffic in it, on standard output.
 *
 *   flood KIND COUNT REAL.pcap [SEED]      flood --list
 *
 * COUNT units of KIND (kinds[] below), 100,000 a second, from random parties of 10.0.0.0/8. The packets of REAL (plain
 * Ethernet) come in the second half, when the tables are as full as this flood makes them, one every two milliseconds; their
 * addresses stay, so they must be none of 10.0.0.0/8.
 */
#include "tests/tools/wrap.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <pcap/pcap.h>
#include <stdio.h>

enum { UNIT_NS = 10000, REAL_EVERY = 200, REAL_MAX = 4096, PORT = 443, MSS = 1400, FIRST_SECOND = 1700000000 };

struct party {
    uint32_t addr;
    uint16_t port;
};

struct flood {
    uint64_t random; /* splitmix64 */
    uint64_t unit; /* how many there were before this one */
    int64_t ns;
    struct wbuf packet, data;
    uint8_t cert[2048]; /* DER, with room for random bytes at .cert_random */
    size_t cert_n, cert_random;
};

static uint64_t random64(struct flood *f)
{
    uint64_t z = f->random += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static void w_random(struct flood *f, struct wbuf *o, size_t n)
{
    while (n--)
        w8(o, (unsigned)random64(f) & 0xff);
}

static struct party stranger(struct flood *f)
{
    uint64_t r = random64(f);
    return (struct party){ 0x0a000000u | (uint32_t)(r & 0xffffff), (uint16_t)(1024 + (r >> 32) % 60000) };
}

/* ---- packets ---- */

static void record(struct flood *f, const uint8_t *p, size_t n, size_t wire)
{
    uint32_t head[4] = { (uint32_t)(f->ns / 1000000000), (uint32_t)(f->ns % 1000000000), (uint32_t)n, (uint32_t)wire };
    f->ns++;
    if (fwrite(head, sizeof head, 1, stdout) != 1 || fwrite(p, 1, n, stdout) != n)
        exit(1); /* who reads has had enough */
}

static void ip4(struct flood *f, struct party from, struct party to, unsigned protocol, unsigned fragment, size_t len)
{
    struct wbuf *o = &f->packet;
    o->n = 0;
    w_ether(o, 0, 0x0800);
    w16(o, 0x4500);
    w16(o, (unsigned)len + 20);
    w16(o, (unsigned)random64(f) & 0xffff);
    w16(o, fragment);
    w8(o, 64);
    w8(o, protocol);
    w16(o, 0); /* checksums are not looked at */
    w32(o, from.addr);
    w32(o, to.addr);
}

static void tcp(struct flood *f, struct party from, struct party to, unsigned flags, uint32_t seq, uint32_t ack, const uint8_t *p,
                size_t n)
{
    struct wbuf *o = &f->packet;
    ip4(f, from, to, 6, 0, n + 20);
    w16(o, from.port);
    w16(o, to.port);
    w32(o, seq);
    w32(o, ack);
    w16(o, 0x5000 | flags);
    w16(o, 65535);
    w32(o, 0);
    w_mem(o, p, n);
    record(f, o->b, o->n, o->n);
}

static void udp(struct flood *f, struct party from, struct party to, const uint8_t *p, size_t n)
{
    struct wbuf *o = &f->packet;
    ip4(f, from, to, 17, 0, n + 8);
    w16(o, from.port);
    w16(o, to.port);
    w16(o, (unsigned)n + 8);
    w16(o, 0);
    w_mem(o, p, n);
    record(f, o->b, o->n, o->n);
}

/* The server's SYN-ACK; data of both sides begins at 1. */
static void accepted(struct flood *f, struct party client, struct party server)
{
    tcp(f, server, client, TCP_SYN | TCP_ACK, 0, 1, NULL, 0);
}

static void say(struct flood *f, struct party from, struct party to, uint32_t seq, const uint8_t *p, size_t n)
{
    for (size_t at = 0; at < n; at += MSS)
        tcp(f, from, to, TCP_ACK, seq + (uint32_t)at, 1, p + at, n - at < MSS ? n - at : MSS);
}

/* ---- messages ---- */

static void w24(struct wbuf *o, unsigned v)
{
    w8(o, v >> 16);
    w16(o, v & 0xffff);
}

static void put16(struct wbuf *o, size_t at, size_t v)
{
    o->b[at] = (uint8_t)(v >> 8);
    o->b[at + 1] = (uint8_t)v;
}

/* Room for a record's and a message's header; end_message() fills them in. */
static size_t begin_message(struct wbuf *o, unsigned type)
{
    w32(o, 0x16030100);
    w8(o, 0);
    w32(o, type << 24);
    return o->n;
}

static void end_message(struct wbuf *o, size_t body)
{
    size_t n = o->n - body;
    put16(o, body - 6, n + 4);
    o->b[body - 3] = (uint8_t)(n >> 16);
    put16(o, body - 2, n);
}

/* A ClientHello: suites, SNI (a random name when NULL), padding to a size. */
static void client_hello(struct flood *f, struct wbuf *o, const char *name, unsigned suites, bool random_suites, size_t size)
{
    char text[32];
    if (!name) {
        (void)snprintf(text, sizeof text, "%016llx.example", (unsigned long long)random64(f));
        name = text;
    }
    size_t body = begin_message(o, 1), n = strlen(name);
    w16(o, 0x0303);
    w_random(f, o, 32);
    w8(o, 0);
    w16(o, suites * 2);
    for (unsigned i = 0; i < suites; i++)
        w16(o, random_suites ? (unsigned)random64(f) & 0xffff : 0xc02f + i);
    w16(o, 0x0100); /* no compression */
    size_t extensions = o->n;
    w16(o, 0);
    w16(o, 0); /* server_name */
    w16(o, (unsigned)n + 5);
    w16(o, (unsigned)n + 3);
    w8(o, 0);
    w16(o, (unsigned)n);
    w_mem(o, name, n);
    w_mem(o, "\0\x0a\0\x04\0\x02\0\x1d\0\x0d\0\x04\0\x02\x04\x03", 16); /* groups, signature algorithms */
    if (o->n - body + 4 < size) {
        size_t pad = size - (o->n - body) - 4;
        w16(o, 21);
        w16(o, (unsigned)pad);
        w_zero(o, pad);
    }
    put16(o, extensions, o->n - extensions - 2);
    end_message(o, body);
}

static void server_hello(struct flood *f, struct wbuf *o)
{
    size_t body = begin_message(o, 2);
    w16(o, 0x0303);
    w_random(f, o, 32);
    w_mem(o, "\0\xc0\x2f\0", 4);
    end_message(o, body);
}

/* A certificate that nobody has seen: another serial number and subject each time, and so a signature that fails. */
static void certificate(struct flood *f, struct wbuf *o)
{
    for (size_t i = 0; i < 12; i++)
        f->cert[f->cert_random + i] = (uint8_t)('a' + random64(f) % 26);
    size_t body = begin_message(o, 11);
    w8(o, 0);
    w16(o, (unsigned)f->cert_n + 3);
    w8(o, 0);
    w16(o, (unsigned)f->cert_n);
    w_mem(o, f->cert, f->cert_n);
    end_message(o, body);
}

static bool make_certificate(struct flood *f)
{
    static const char common_name[] = "flood-xxxxxxxxxxxx";
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *x = X509_new();
    X509_NAME *name = X509_NAME_new();
    uint8_t *der = NULL;
    bool ok = key && x && name && X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const uint8_t *)common_name, -1, -1, 0) &&
              X509_set_subject_name(x, name) && X509_set_issuer_name(x, name) && X509_gmtime_adj(X509_getm_notBefore(x), 0) &&
              X509_gmtime_adj(X509_getm_notAfter(x), 86400) && ASN1_INTEGER_set(X509_get_serialNumber(x), 1) &&
              X509_set_pubkey(x, key) && X509_sign(x, key, EVP_sha256());
    int n = ok ? i2d_X509(x, &der) : -1;
    if (n > 0 && (size_t)n <= sizeof f->cert) {
        memcpy(f->cert, der, (size_t)n);
        f->cert_n = (size_t)n;
        for (size_t i = 0; i + sizeof common_name < f->cert_n; i++) /* the last one is the subject */
            if (memcmp(f->cert + i, common_name, sizeof common_name - 1) == 0)
                f->cert_random = i + 6;
    }
    OPENSSL_free(der);
    X509_NAME_free(name);
    X509_free(x);
    EVP_PKEY_free(key);
    return f->cert_random > 0;
}

/* ---- floods ---- */

static void flood_syn(struct flood *f)
{
    tcp(f, stranger(f), stranger(f), TCP_SYN, (uint32_t)random64(f), 0, NULL, 0);
}

static void flood_syn_ack(struct flood *f)
{
    accepted(f, stranger(f), stranger(f));
}

static void hello_from(struct flood *f, const char *name, unsigned suites, bool random_suites, size_t size, size_t sent)
{
    struct party client = stranger(f), server = stranger(f);
    server.port = PORT;
    f->data.n = 0;
    client_hello(f, &f->data, name, suites, random_suites, size);
    accepted(f, client, server);
    say(f, client, server, 1, f->data.b, f->data.n < sent ? f->data.n : sent);
}

static void flood_hello(struct flood *f)
{
    hello_from(f, "flood.example", 4, false, 0, SIZE_MAX);
}

/* Hellos of one length after the other. */
static void flood_sizes(struct flood *f)
{
    enum { RUN = 3000, FIRST = 124, STEP = 128, LAST = 3068 };
    unsigned step = (unsigned)(f->unit / RUN) % ((LAST - FIRST) / STEP + 1);
    hello_from(f, "f", 1, false, FIRST + STEP * step, SIZE_MAX);
}

static void flood_big_hello(struct flood *f)
{
    hello_from(f, "flood.example", 4, false, 16000, SIZE_MAX);
}

/* Beginnings of hellos whose rest never comes. */
static void flood_half_hello(struct flood *f)
{
    hello_from(f, "flood.example", 4, false, 1600, 200);
}

/* A good part of a long hello, whose rest never comes: memory rather than connections. */
static void flood_part_hello(struct flood *f)
{
    hello_from(f, "flood.example", 4, false, 16000, 14000);
}

static void flood_offer(struct flood *f)
{
    hello_from(f, "flood.example", 24, true, 0, SIZE_MAX);
}

/* One client that asks one server for a name after the other, and is refused: rows of the report. */
static void flood_sni(struct flood *f)
{
    static const uint8_t refusal[] = { 21, 3, 3, 0, 2, 2, 112 };
    struct party client = { 0x0a010203, (uint16_t)(1024 + random64(f) % 60000) }, server = { 0x0a020304, PORT };
    f->data.n = 0;
    client_hello(f, &f->data, NULL, 4, false, 0);
    accepted(f, client, server);
    say(f, client, server, 1, f->data.b, f->data.n);
    say(f, server, client, 1, refusal, sizeof refusal);
}

/* Handshakes of strangers with strangers, refused: a row each. */
static void flood_rows(struct flood *f)
{
    static const uint8_t refusal[] = { 21, 3, 3, 0, 2, 2, 40 };
    struct party client = stranger(f), server = stranger(f);
    f->data.n = 0;
    client_hello(f, &f->data, "flood.example", 4, false, 0);
    accepted(f, client, server);
    say(f, client, server, 1, f->data.b, f->data.n);
    say(f, server, client, 1, refusal, sizeof refusal);
}

static void flood_cert(struct flood *f)
{
    struct party client = stranger(f), server = stranger(f);
    server.port = PORT;
    f->data.n = 0;
    client_hello(f, &f->data, "flood.example", 4, false, 0);
    accepted(f, client, server);
    say(f, client, server, 1, f->data.b, f->data.n);
    f->data.n = 0;
    server_hello(f, &f->data);
    certificate(f, &f->data);
    say(f, server, client, 1, f->data.b, f->data.n);
}

/* A long certificate of the client, in a handshake that stays open. */
static void flood_client_cert(struct flood *f)
{
    enum { SIZE = 60000, RECORD = 16384 };
    struct wbuf *o = &f->data;
    struct party client = stranger(f), server = stranger(f);
    server.port = PORT;
    o->n = 0;
    client_hello(f, o, "flood.example", 4, false, 0);
    accepted(f, client, server);
    say(f, client, server, 1, o->b, o->n);
    uint32_t seq = 1 + (uint32_t)o->n;
    o->n = 0;
    server_hello(f, o);
    say(f, server, client, 1, o->b, o->n);
    for (size_t at = 0; at < SIZE; at += RECORD, seq += (uint32_t)o->n) {
        size_t n = SIZE - at < RECORD ? SIZE - at : RECORD;
        o->n = 0;
        w_mem(o, "\x16\3\3", 3);
        w16(o, (unsigned)n);
        if (at == 0) { /* the message, the list, the certificate */
            w32(o, 11u << 24 | (SIZE - 4));
            w24(o, SIZE - 7);
            w24(o, SIZE - 10);
        }
        w_zero(o, n - (at ? 0 : 10));
        say(f, client, server, seq, o->b, o->n);
    }
}

static void flood_fragment(struct flood *f)
{
    struct wbuf *o = &f->packet;
    ip4(f, stranger(f), stranger(f), 6, 0x2000 | (random64(f) & 1 ? 185 : 0), 1480);
    w_zero(o, 1480);
    record(f, o->b, o->n, o->n);
}

/* The beginning of a hello, a hole, and then all that fits behind it. */
static void flood_out_of_order(struct flood *f)
{
    struct party client = stranger(f), server = stranger(f);
    server.port = PORT;
    f->data.n = 0;
    client_hello(f, &f->data, "flood.example", 4, false, 0);
    accepted(f, client, server);
    say(f, client, server, 1, f->data.b, 20);
    f->data.n = 0;
    w_zero(&f->data, 10 * MSS);
    say(f, client, server, 100, f->data.b, f->data.n);
}

static void flood_udp(struct flood *f)
{
    f->data.n = 0;
    w_random(f, &f->data, 16 + random64(f) % 200);
    udp(f, stranger(f), stranger(f), f->data.b, f->data.n);
}

/* Initial packets of QUIC version 1 that nobody can decrypt. */
static void flood_quic(struct flood *f)
{
    struct wbuf *o = &f->data;
    struct party server = stranger(f);
    server.port = PORT;
    o->n = 0;
    w_mem(o, "\xc0\0\0\0\1\x08", 6);
    w_random(f, o, 8);
    w_mem(o, "\0\0\x44\x96", 4); /* no source id, no token, 1174 bytes */
    w_random(f, o, 1174);
    udp(f, stranger(f), server, o->b, o->n);
}

/* A certificate message in the second of its fragments: room for all of it, filled with a little. */
static void flood_dtls(struct flood *f)
{
    struct wbuf *o = &f->data;
    struct party client = stranger(f), server = stranger(f);
    o->n = 0;
    w_mem(o, "\x16\xfe\xfd\0\0\0\0\0\0\0\0\0\x2c" "\1\0\xff\0\0\0\0\xe0\0\0\0\x20", 25);
    w_random(f, o, 32);
    udp(f, client, server, o->b, o->n);
}

/* A line that never ends, to a mail server. */
static void flood_dialogue(struct flood *f)
{
    struct party client = stranger(f), server = stranger(f);
    server.port = 25;
    accepted(f, client, server);
    f->data.n = 0;
    w_mem(&f->data, "220 ", 4);
    while (f->data.n < 8000)
        w8(&f->data, 'x');
    say(f, server, client, 1, f->data.b, f->data.n);
}

/* OpenVPN's reset, then packets that are not due yet. */
static void flood_openvpn(struct flood *f)
{
    struct wbuf *o = &f->data;
    struct party client = stranger(f), server = stranger(f);
    for (unsigned id = 0; id < 8; id += id ? 1 : 2) {
        o->n = 0;
        w8(o, id ? 0x20 : 0x38); /* P_CONTROL_V1, P_CONTROL_HARD_RESET_CLIENT_V2 */
        w_mem(o, "session!", 9); /* and no acknowledgements */
        w32(o, id);
        w_zero(o, id ? 1300 : 0);
        udp(f, client, server, o->b, o->n);
    }
}

/* Stations that begin an authentication and are never heard of again, behind access servers. */
static void stations(struct flood *f, uint32_t access_servers)
{
    struct wbuf *o = &f->data;
    struct party client = { 0x0a030000 | (uint32_t)(random64(f) % access_servers), 1812 }, server = { 0x0a040001, 1812 };
    o->n = 0;
    w8(o, 1);
    w8(o, (unsigned)random64(f) & 0xff);
    w16(o, 0);
    w_random(f, o, 16);
    w_mem(o, "\x1f\x13", 2);
    for (int i = 0; i < 17; i++)
        w8(o, i % 3 == 2 ? '-' : 'a' + (unsigned)(random64(f) % 6));
    size_t eap = o->n;
    w_mem(o, "\x4f\0\2\1\0\0\x0d\0", 8); /* EAP-Message: Response, EAP-TLS */
    client_hello(f, o, "r", 4, false, 0);
    o->b[eap + 1] = (uint8_t)(o->n - eap);
    put16(o, eap + 4, o->n - eap - 2);
    put16(o, 2, o->n);
    udp(f, client, server, o->b, o->n);
}

static void flood_radius(struct flood *f)
{
    stations(f, 256);
}

static void flood_radius_servers(struct flood *f)
{
    stations(f, 4096);
}

static const struct kind {
    const char *name;
    void (*unit)(struct flood *f);
} kinds[] = {
    { "syn", flood_syn },           { "syn-ack", flood_syn_ack },   { "hello", flood_hello },
    { "big-hello", flood_big_hello }, { "half-hello", flood_half_hello }, { "offer", flood_offer },
    { "sni", flood_sni },           { "rows", flood_rows },         { "cert", flood_cert },
    { "fragment", flood_fragment }, { "out-of-order", flood_out_of_order }, { "udp", flood_udp },
    { "quic", flood_quic },         { "dtls", flood_dtls },         { "dialogue", flood_dialogue },
    { "radius", flood_radius },     { "radius-servers", flood_radius_servers }, { "part-hello", flood_part_hello },
    { "openvpn", flood_openvpn },   { "client-cert", flood_client_cert },
    { "sizes", flood_sizes },
};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

/* ---- the real traffic ---- */

static struct real {
    struct {
        uint8_t *bytes;
        uint32_t caplen, len;
    } packet[REAL_MAX];
    unsigned count;
} real;

static void real_load(const char *path)
{
    char why[PCAP_ERRBUF_SIZE];
    pcap_t *in = pcap_open_offline(path, why);
    if (!in || pcap_datalink(in) != DLT_EN10MB) {
        fprintf(stderr, "flood: %s: %s\n", path, in ? "not a capture of plain Ethernet" : why);
        exit(2);
    }
    struct pcap_pkthdr *h;
    const u_char *p;
    while (real.count < REAL_MAX && pcap_next_ex(in, &h, &p) == 1) {
        uint8_t *copy = malloc(h->caplen + 1);
        if (!copy)
            abort();
        memcpy(copy, p, h->caplen);
        real.packet[real.count].bytes = copy;
        real.packet[real.count].caplen = h->caplen;
        real.packet[real.count++].len = h->len;
    }
    pcap_close(in);
}

int main(int argc, char **argv)
{
    static struct flood f;
    for (unsigned i = 0; argc == 2 && !strcmp(argv[1], "--list") && i < KINDS; i++)
        puts(kinds[i].name);
    if (argc == 2 && !strcmp(argv[1], "--list"))
        return 0;
    const struct kind *kind = NULL;
    for (unsigned i = 0; argc >= 4 && i < KINDS; i++)
        if (!strcmp(kinds[i].name, argv[1]))
            kind = &kinds[i];
    if (!kind) {
        fprintf(stderr, "usage: flood KIND COUNT REAL.pcap [SEED] >OUT.pcap; flood --list\n");
        return 2;
    }
    uint64_t count = strtoull(argv[2], NULL, 10), due = 0;
    real_load(argv[3]);
    f.random = argc > 4 ? strtoull(argv[4], NULL, 10) : 1;
    f.ns = FIRST_SECOND * INT64_C(1000000000);
    if (!make_certificate(&f))
        return 2;
    static const uint32_t head[6] = { 0xa1b23c4d, 0x00040002, 0, 0, 262144, DLT_EN10MB };
    if (fwrite(head, sizeof head, 1, stdout) != 1)
        return 1;
    for (uint64_t i = 0; i < count; i++) {
        f.ns = FIRST_SECOND * INT64_C(1000000000) + (int64_t)i * UNIT_NS;
        f.unit = i;
        kind->unit(&f);
        if (i >= count / 2 && i % REAL_EVERY == 0 && due < real.count) {
            record(&f, real.packet[due].bytes, real.packet[due].caplen, real.packet[due].len);
            due++;
        }
    }
    for (unsigned i = 0; i < real.count; i++)
        free(real.packet[i].bytes);
    return fflush(stdout) ? 1 : 0;
}
