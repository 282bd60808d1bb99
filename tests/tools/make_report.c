/* SPDX-License-Identifier: Apache-2.0 */
/*
 * make_report FORMAT [empty|top1] - print a report of a morning in an office that was made up so that every section and
 * every field has something to say: no capture is involved, and the same bytes come out each time.
 */
#include "report/names_file.h"
#include "report/render.h"

#include <stdlib.h>
#include <string.h>

static struct cube *cube;
static struct event_sink *stream;
static const int64_t T0 = INT64_C(1767340800) * 1000000000; /* 2026-01-02 08:00:00 UTC */

enum { HELLO_SSL3, HELLO_TLS10, HELLO_TLS11, HELLO_TLS12, HELLO_TLS13, HELLO_PQ, HELLO_V2, HELLO_NONE };

static const uint8_t old_suites[] = { 0x00, 0x05, 0x00, 0x0a, 0x00, 0x2f, 0x00, 0x15 };
static const uint8_t tls12_suites[] = { 0xc0, 0x2f, 0xc0, 0x30, 0x00, 0x9c, 0x00, 0x2f, 0x00, 0x0a };
static const uint8_t tls13_suites[] = { 0x13, 0x01, 0x13, 0x02, 0xc0, 0x2f, 0x00, 0x9c, 0x00, 0x2f };
static const uint8_t versions13[] = { 3, 4, 3, 3 }, groups[] = { 0, 29, 0, 23 }, pq_groups[] = { 0x11, 0xec, 0, 29 };
static const uint8_t sslv2_suites[] = { 0x01, 0x00, 0x80, 0x00, 0x00, 0x0a };
static const uint8_t sigalgs[] = { 8, 4, 4, 1, 2, 1 }, no_compression[] = { 0 }, alpn[] = "\2h2\10http/1.1";

static void hello(struct client_hello *ch, unsigned kind, const char *sni)
{
    static const uint16_t max[] = { VER_SSL3, VER_TLS10, VER_TLS11, VER_TLS12, VER_TLS13, VER_TLS13, VER_TLS10 };
    *ch = (struct client_hello){ .format = kind == HELLO_V2 ? HELLO_SSLV2 : HELLO_TLS,
                                 .max_version = max[kind],
                                 .legacy_version = max[kind] > VER_TLS12 ? VER_TLS12 : max[kind],
                                 .compression = rd_of(no_compression, 1),
                                 .suites = rd_of(old_suites, sizeof old_suites) };
    if (kind == HELLO_V2)
        ch->suites = rd_of(sslv2_suites, sizeof sslv2_suites);
    if (kind == HELLO_TLS12 || kind == HELLO_TLS13 || kind == HELLO_PQ) {
        ch->suites = rd_of(tls12_suites, sizeof tls12_suites);
        ch->groups = rd_of(groups, sizeof groups);
        ch->sigalgs = rd_of(sigalgs, sizeof sigalgs);
        ch->alpn = rd_of(alpn, sizeof alpn - 1);
        ch->ext_mask = EXT_GROUPS | EXT_SIGALGS | EXT_ALPN;
    }
    if (kind == HELLO_TLS13 || kind == HELLO_PQ) {
        ch->suites = rd_of(tls13_suites, sizeof tls13_suites);
        ch->versions = rd_of(versions13, sizeof versions13);
        ch->ext_mask |= EXT_SUPPORTED_VERSIONS;
    }
    if (kind == HELLO_PQ)
        ch->groups = rd_of(pq_groups, sizeof pq_groups);
    if (sni) {
        ch->sni = rd_of(sni, strlen(sni));
        ch->ext_mask |= EXT_SNI;
    }
}

static struct endpoint at(uint8_t a, uint8_t b, uint8_t c, uint8_t d, uint16_t port)
{
    const uint8_t ip[4] = { a, b, c, d };
    return (struct endpoint){ .addr = addr_ip4(ip), .port = port };
}

static unsigned told;

/* Some of an event's fields are filled in: times, ports, numbers of frames, the hello. */
static void tell(struct tls_event ev, unsigned kind, const char *sni, unsigned times)
{
    struct client_hello ch;
    struct server_hello sh = { .version = ev.version, .version_wire = ev.version, .suite = ev.suite };
    uint8_t offer[OFFER_MAX];
    if (kind != HELLO_NONE) {
        hello(&ch, kind, sni);
        ev.ch = &ch;
        ev.offer = rd_of(offer, client_hello_offer(&ch, offer));
    }
    if (ev.version && ev.version != VER_SSL2)
        ev.sh = &sh;
    if (!ev.version)
        ev.suite = SUITE_NONE;
    for (unsigned i = 0; i < times; i++, told++) {
        ev.ts_ns = T0 + (int64_t)(told * 7919 % 14000) * 1000000000 + told * 1000;
        ev.end_ns = ev.ts_ns + 20000000;
        ev.client.port = (uint16_t)(30000 + told);
        ev.frame_client_hello = 10 + told * 20;
        ev.frame_server_hello = ev.version ? ev.frame_client_hello + 2 : 0;
        ev.input = 1;
        ev.version_wire = ev.version;
        if (stream)
            stream->event(stream, &ev);
        else
            cube_event(cube, &ev);
    }
}

static const struct cert_facts good = { .subject = "CN=www.example.com,O=Example\\, Inc.",
                                        .issuer = "CN=Example CA",
                                        .serial = "0A11",
                                        .san = "www.example.com,example.com",
                                        .sha256 = { 0xaa },
                                        .key = CERT_KEY_EC,
                                        .key_bits = 256,
                                        .curve = 23,
                                        .sigalg = "ecdsa-with-SHA256",
                                        .sig_hash_bits = 256,
                                        .not_before = 1751328000,
                                        .not_after = 1790000000 };
static const struct cert_facts bad = { .subject = "CN=printer\x1b[2J",
                                       .issuer = "CN=printer\x1b[2J",
                                       .serial = "01",
                                       .sha256 = { 0xbb },
                                       .key = CERT_KEY_RSA,
                                       .key_bits = 1024,
                                       .sigalg = "sha1WithRSAEncryption",
                                       .sig_hash_bits = 160,
                                       .not_before = 1300000000,
                                       .not_after = 1600000000,
                                       .self_signed = 1 };

enum { SECURE = EV_EMS | EV_RENEGOTIATION_INFO | EV_RESUMED_KNOWN };

static void web(void)
{
    const struct endpoint www = at(192, 0, 2, 10, 443);
    for (uint8_t i = 10; i < 40; i++)
        tell((struct tls_event){ .client = at(10, 0, 0, i, 0),
                                 .server = www,
                                 .version = VER_TLS13,
                                 .suite = 0x1301,
                                 .group = 29,
                                 .flags = EV_RESUMED_KNOWN },
             HELLO_TLS13, "www.example.com", i);
    for (uint8_t i = 20; i < 28; i++)
        tell((struct tls_event){ .client = at(10, 0, 0, i, 0),
                                 .server = www,
                                 .version = VER_TLS12,
                                 .suite = 0xc02f,
                                 .group = 29,
                                 .sigscheme = 0x0403,
                                 .cert = &good,
                                 .cert_count = 2,
                                 .flags = SECURE | (i & 1 ? EV_RESUMED : 0) },
             HELLO_TLS12, i & 1 ? "example.com" : "www.example.com", 5);
    tell((struct tls_event){ .client = at(10, 0, 0, 41, 0),
                             .server = www,
                             .transport = TRANSPORT_QUIC,
                             .version = VER_TLS13,
                             .suite = 0x1302,
                             .group = 0x11ec,
                             .quic_version = 1 },
         HELLO_PQ, "www.example.com", 12);
    tell(
        (struct tls_event){
            .client = at(10, 0, 9, 7, 0), .server = www, .outcome = OUTCOME_ALERT_SERVER, .alert = { 's', 2, 70 } },
        HELLO_TLS10, "www.example.com", 4);
    tell((struct tls_event){ .client = at(10, 0, 9, 8, 0),
                             .server = www,
                             .version = VER_TLS12,
                             .suite = 0xc02f,
                             .group = 23,
                             .cert = &good,
                             .cert_count = 1,
                             .outcome = OUTCOME_ALERT_CLIENT,
                             .alert = { 'c', 2, 48 },
                             .flags = SECURE },
         HELLO_TLS12, "www.example.com", 2);
    tell((struct tls_event){ .client = at(10, 0, 9, 9, 0),
                             .server = www,
                             .version = VER_TLS13,
                             .suite = 0x1301,
                             .group = 29,
                             .outcome = OUTCOME_ALERT_CLIENT,
                             .alert = { 'c', 0, 0 },
                             .flags = EV_ALERT_ENCRYPTED },
         HELLO_TLS13, "www.example.com", 1);
}

static void printers(void)
{
    const struct endpoint old = at(192, 0, 2, 20, 443);
    tell(
        (struct tls_event){
            .client = at(10, 0, 9, 5, 0), .server = old, .version = VER_TLS10, .suite = 0x000a, .cert = &bad },
        HELLO_TLS10, NULL, 14);
    tell((struct tls_event){ .client = at(10, 0, 9, 6, 0),
                             .server = old,
                             .version = VER_SSL3,
                             .suite = 0x0005,
                             .cert = &bad,
                             .flags = EV_COMPRESSION },
         HELLO_SSL3, NULL, 5);
    tell((struct tls_event){ .client = at(10, 0, 9, 4, 0), .server = old, .version = VER_SSL2, .suite = 0x010080 },
         HELLO_V2, NULL, 1);
    for (uint8_t i = 10; i < 14; i++)
        tell((struct tls_event){ .client = at(10, 0, 0, i, 0),
                                 .server = old,
                                 .version = VER_TLS10,
                                 .suite = 0x002f,
                                 .cert = &bad,
                                 .dh_bits = 1024,
                                 .sentinel = SENTINEL_TLS11 },
             HELLO_TLS13, "old\xe2\x80\xae.example.com", 4);
    tell((struct tls_event){ .client = at(10, 0, 0, 14, 0),
                             .server = old,
                             .version = VER_TLS11,
                             .suite = 0x002f,
                             .cert = &bad,
                             .flags = EV_FALLBACK_SCSV },
         HELLO_TLS11, "old.example.com", 2);
    tell((struct tls_event){ .client = at(10, 0, 0, 15, 0), .server = old, .outcome = OUTCOME_RESET }, HELLO_TLS12, NULL,
         1);
    tell((struct tls_event){ .client = at(10, 0, 0, 16, 0), .server = old, .outcome = OUTCOME_UNANSWERED }, HELLO_TLS12,
         NULL, 1);
    tell((struct tls_event){ .client = at(10, 0, 0, 17, 0),
                             .server = old,
                             .version = VER_TLS12,
                             .suite = 0x009c,
                             .outcome = OUTCOME_ONE_SIDED,
                             .flags = EV_ONE_SIDED | EV_DIRECTION_GUESSED },
         HELLO_NONE, NULL, 2);
}

static void mail(void)
{
    const struct endpoint mx = at(192, 0, 2, 25, 25), ldap = at(192, 0, 2, 26, 389);
    const struct tls_event smtp = { .server = mx, .upgrade = "smtp", .server_offered_upgrade = 2 };
    struct tls_event ev = smtp;
    for (uint8_t i = 1; i < 5; i++) {
        ev = smtp;
        ev.client = at(10, 0, 7, i, 0);
        ev.version = VER_TLS12;
        ev.suite = 0xc030;
        ev.group = 23;
        ev.flags = SECURE | EV_CLIENT_CERT_REQUESTED | EV_CLIENT_CERT_SENT;
        tell(ev, HELLO_TLS12, NULL, 4);
    }
    ev = smtp;
    ev.client = at(10, 0, 7, 9, 0);
    ev.outcome = OUTCOME_REFUSED;
    ev.refusal_code = 454;
    ev.aftermath = AFTER_PLAINTEXT;
    tell(ev, HELLO_NONE, NULL, 3);
    ev.outcome = OUTCOME_PLAINTEXT;
    ev.refusal_code = 0;
    ev.aftermath = AFTER_NOTHING;
    ev.flags = EV_CLEARTEXT_LOGIN;
    tell(ev, HELLO_NONE, NULL, 2);
    ev.flags = 0;
    ev.outcome = OUTCOME_STRIPPED;
    tell(ev, HELLO_NONE, NULL, 1);
    tell((struct tls_event){ .client = at(10, 0, 7, 1, 0),
                             .server = ldap,
                             .upgrade = "ldap",
                             .outcome = OUTCOME_NOT_OFFERED,
                             .server_offered_upgrade = 1 },
         HELLO_NONE, NULL, 2);
}

static void scanner(void)
{
    for (unsigned i = 0; i < 24; i++) {
        told = i; /* within minutes */
        struct tls_event ev = { .client = at(10, 9, 9, 9, 0),
                                .server = at(192, 0, 2, 20, 443),
                                .outcome = OUTCOME_ALERT_SERVER,
                                .alert = { 's', 2, 40 } };
        struct client_hello ch;
        uint8_t offer[OFFER_MAX], suites[2] = { 0, (uint8_t)(i + 1) };
        hello(&ch, i % 5, NULL);
        ch.suites = rd_of(suites, 2);
        ev.ch = &ch;
        ev.suite = SUITE_NONE;
        ev.offer = rd_of(offer, client_hello_offer(&ch, offer));
        ev.ts_ns = T0 + (int64_t)i * 1000000000;
        if (stream)
            stream->event(stream, &ev);
        else
            cube_event(cube, &ev);
    }
}

static void beside(void)
{
    struct input in = { .name = (char[]){ "office-morning.pcap" },
                        .digest = { 1, 2, 3 },
                        .first_ns = T0 + 12345678,
                        .last_ns = T0 + INT64_C(14400000000000),
                        .packets = 1204331,
                        .bytes = 812345678,
                        .warning = "ends in the middle of a packet" };
    (void)cube_input(cube, &in);
    for (int64_t h = 0; h < 4; h++)
        cube_hour(cube, T0 / 3600000000000 + h,
                  &(struct stats){ .packets = 301082,
                                   .bytes = 203086419,
                                   .connections = 5780,
                                   .stream_gap = h == 2 ? 3 : 0,
                                   .packet_cut = h == 1 ? 1200 : 0,
                                   .frag_reassembled = 22 });
    const struct endpoint www = at(192, 0, 2, 10, 443), ftp = at(192, 0, 2, 40, 21);
    cube_service(cube, &www, PROTO_TCP, "HTTPS", false, 12);
    cube_service(cube, &ftp, PROTO_TCP, "FTP", true, 3);
}

int main(int argc, char **argv)
{
    const struct render *format = argc > 1 ? render_find(argv[1]) : NULL;
    const char *what = argc > 2 ? argv[2] : "";
    struct err e = { "" };
    if (!format)
        return 2;
    struct view v = { .top = strcmp(what, "top1") == 0 ? 1 : 20, .width = 100 };
    struct cidr own, ignored;
    if (cidr_parse("192.0.2.16/28", &own) || cidr_parse("10.0.0.17", &ignored))
        return 2;
    cube = cube_new(&(struct cube_options){ .seed = 1 });
    stream = format->stream ? format->stream(stdout) : NULL;
    if (!cube)
        return 2;
    if (strcmp(what, "empty") != 0) {
        v.own = &own;
        v.ignored = &ignored;
        v.own_count = v.ignored_count = 1;
        web();
        printers();
        mail();
        scanner();
        beside();
    }
    int rc = stream ? stream->close(stream, &e) : format->report(stdout, cube, &v, &e);
    if (rc)
        (void)fprintf(stderr, "make_report: %s\n", e.text);
    cube_free(cube);
    return rc ? 2 : 0;
}
