/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include "base/limits.h"
#include "dissect/classify.h"

#include <arpa/inet.h>

static struct classify *c;
static uint8_t frame[4096];

/* One packet of a flow between client:cport and server:sport (IPv4 as a number), from the client or to it. */
static void offer(uint32_t client, uint16_t cport, uint32_t server, uint16_t sport, uint8_t proto, bool from_client,
                  const void *payload, size_t n)
{
    static int64_t now = INT64_C(1700000000000000000);
    const uint32_t src = htonl(from_client ? client : server), dst = htonl(from_client ? server : client);
    const uint16_t sp = from_client ? cport : sport, dp = from_client ? sport : cport;
    const size_t l4 = proto == PROTO_TCP ? 20 : 8, total = 20 + l4 + n;
    uint8_t head[40] = { 0x45, 0, (uint8_t)(total >> 8), (uint8_t)total, 0, 0, 0, 0, 64, proto };
    memcpy(head + 12, &src, 4);
    memcpy(head + 16, &dst, 4);
    const uint8_t ports[4] = { (uint8_t)(sp >> 8), (uint8_t)sp, (uint8_t)(dp >> 8), (uint8_t)dp };
    memcpy(head + 20, ports, 4);
    if (proto == PROTO_TCP) {
        head[32] = 0x50;
        head[33] = TCP_ACK | TCP_PSH;
    } else {
        head[24] = (uint8_t)((8 + n) >> 8);
        head[25] = (uint8_t)(8 + n);
    }
    assert_true(total <= sizeof frame);
    memcpy(frame, head, 20 + l4);
    if (n)
        memcpy(frame + 20 + l4, payload, n);
    const uint8_t *ip = guarded(frame, total);
    struct packet p = { .data = ip, .caplen = (uint32_t)total, .len = (uint32_t)total, .ts_ns = now += 1000000 };
    struct decoded d = { .src = ip + 12, .dst = ip + 16, .addr_len = 4, .proto = proto, .tcp_flags = TCP_ACK, .sport = sp,
                         .dport = dp, .payload = ip + 20 + l4, .payload_cap = (uint32_t)n, .payload_len = (uint32_t)n,
                         .ip = ip, .ip_cap = (uint32_t)total };
    classify_packet(c, &p, &d, from_client ? 1 : 0);
}

static const uint32_t CLIENT = 0x0a000001, SERVER = 0xc0000201;

/* "" when nothing is known. */
static const char *service(uint32_t server, uint16_t port, uint8_t proto)
{
    const uint32_t a = htonl(server);
    uint8_t b[4];
    memcpy(b, &a, 4);
    struct endpoint e = { .addr = addr_ip4(b), .port = port };
    const char *name = classify_service(c, &e, proto);
    return name ? name : "";
}

/* A dialogue of lines: "C: text" or "S: text". */
static void dialogue(uint16_t cport, uint16_t port, const char *const *lines)
{
    for (; *lines; lines++)
        offer(CLIENT, cport, SERVER, port, PROTO_TCP, (*lines)[0] == 'C', *lines + 3, strlen(*lines + 3));
}

static int setup(void **state)
{
    struct err e;
    (void)state;
    c = classify_new(7, &e);
    return c ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    classify_free(c);
    classify_free(NULL);
    return 0;
}

static void test_cleartext(void **state)
{
    (void)state;
    dialogue(40000, 2525, (const char *const[]){ "S: 220 mail.example.org ESMTP Postfix\r\n", "C: EHLO client\r\n",
             "S: 250-mail.example.org\r\n250 STARTTLS\r\n", "C: MAIL FROM:<a@example.org>\r\n", "S: 250 2.1.0 Ok\r\n",
             "C: RCPT TO:<b@example.org>\r\n", "S: 250 2.1.5 Ok\r\n", NULL });
    assert_string_equal(service(SERVER, 2525, PROTO_TCP), "SMTP");
    dialogue(40001, 8000, (const char *const[]){ "C: GET / HTTP/1.1\r\nHost: example.org\r\n\r\n",
             "S: HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", NULL });
    assert_string_equal(service(SERVER, 8000, PROTO_TCP), "HTTP");
    dialogue(40002, 2222, (const char *const[]){ "S: SSH-2.0-OpenSSH_9.2p1\r\n", "C: SSH-2.0-OpenSSH_9.6\r\n", NULL });
    assert_string_equal(service(SERVER, 2222, PROTO_TCP), "SSH");
    static const uint8_t ssl_request[] = { 0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f };
    offer(CLIENT, 40003, SERVER, 5432, PROTO_TCP, true, ssl_request, sizeof ssl_request);
    offer(CLIENT, 40003, SERVER, 5432, PROTO_TCP, false, "S", 1);
    assert_string_equal(service(SERVER, 5432, PROTO_TCP), "PostgreSQL");
    uint8_t dns[64], bind[64];
    size_t n = unhex("30 0c 02 01 01 60 07 02 01 03 04 00 80 00", bind, sizeof bind); /* anonymous, RFC 4511 section 4.2 */
    offer(CLIENT, 40005, SERVER, 3890, PROTO_TCP, true, bind, n);
    assert_string_equal(service(SERVER, 3890, PROTO_TCP), "LDAP");
    n = unhex("1234 0100 0001 0000 0000 0000 07 6578616d706c65 03 6f7267 00 0001 0001", dns, sizeof dns);
    offer(CLIENT, 40004, SERVER, 53, PROTO_UDP, true, dns, n);
    assert_string_equal(service(SERVER, 53, PROTO_UDP), "DNS");
    assert_string_equal(service(SERVER, 53, PROTO_TCP), "");
    assert_string_equal(service(SERVER, 2526, PROTO_TCP), "");
}

static void test_by_sight(void **state)
{
    (void)state;
    static const uint8_t hello[] = { 22, 3, 1, 0, 40, 1, 0, 0, 36, 3, 3 }, data[] = { 23, 3, 3, 0, 40, 1, 0, 0, 36, 3, 3 };
    static const uint8_t quic[] = { 0xc3, 0, 0, 0, 1, 8, 1, 2, 3, 4 }, dtls[] = { 22, 0xfe, 0xfd, 0, 0 };
    offer(CLIENT, 41000, SERVER, 443, PROTO_TCP, true, hello, sizeof hello);
    assert_string_equal(service(SERVER, 443, PROTO_TCP), "HTTPS");
    offer(CLIENT, 41000, SERVER, 993, PROTO_TCP, true, hello, sizeof hello);
    assert_string_equal(service(SERVER, 993, PROTO_TCP), "IMAPS");
    offer(CLIENT, 41000, SERVER, 4444, PROTO_TCP, true, hello, sizeof hello);
    assert_string_equal(service(SERVER, 4444, PROTO_TCP), "TLS");
    offer(CLIENT, 41000, SERVER, 4445, PROTO_TCP, true, data, sizeof data); /* may have been upgraded */
    assert_string_equal(service(SERVER, 4445, PROTO_TCP), "");
    offer(CLIENT, 41000, SERVER, 443, PROTO_UDP, true, quic, sizeof quic);
    assert_string_equal(service(SERVER, 443, PROTO_UDP), "QUIC");
    offer(CLIENT, 41000, SERVER, 4446, PROTO_UDP, true, dtls, sizeof dtls);
    assert_string_equal(service(SERVER, 4446, PROTO_UDP), "DTLS");
    for (size_t k = 1; k < 6; k++) {
        offer(CLIENT, 41001, SERVER, (uint16_t)(5000 + k), PROTO_TCP, true, hello, k);
        offer(CLIENT, 41001, SERVER, (uint16_t)(5000 + k), PROTO_UDP, true, quic, k);
        assert_string_equal(service(SERVER, (uint16_t)(5000 + k), PROTO_TCP), "");
        assert_string_equal(service(SERVER, (uint16_t)(5000 + k), PROTO_UDP), "");
    }
}

/* A hello after a dialogue is an upgrade, whatever the dialogue was. */
static void test_upgraded(void **state)
{
    (void)state;
    static const uint8_t hello[] = { 22, 3, 1, 0, 40, 1, 0, 0, 36, 3, 3 };
    offer(CLIENT, 42000, SERVER, 9999, PROTO_TCP, true, "PLEASE\n", 7);
    offer(CLIENT, 42000, SERVER, 9999, PROTO_TCP, false, "OK\n", 3);
    offer(CLIENT, 42000, SERVER, 9999, PROTO_TCP, true, hello, sizeof hello);
    assert_string_equal(service(SERVER, 9999, PROTO_TCP), "");
}

/* Flows that nothing can be made of at first, as when a capture begins amid them; a later one still names the endpoint. */
static void test_rest(void **state)
{
    (void)state;
    static const char *const get[] = { "C: GET / HTTP/1.1\r\nHost: example.org\r\n\r\n",
                                       "S: HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", NULL };
    uint8_t junk[64];
    memset(junk, 0xa5, sizeof junk);
    for (uint16_t flow = 0; flow < 3; flow++)
        for (int i = 0; i < 20; i++)
            offer(CLIENT, (uint16_t)(43000 + flow), SERVER, 7777, PROTO_TCP, i % 2, junk, sizeof junk);
    dialogue(43010, 7777, get);
    assert_string_equal(service(SERVER, 7777, PROTO_TCP), ""); /* resting */
    for (int i = 0; i < 300; i++)
        offer(CLIENT, 43000, SERVER, 7777, PROTO_TCP, true, junk, 0); /* nothing to learn from: does not count */
    dialogue(43011, 7777, get);
    assert_string_equal(service(SERVER, 7777, PROTO_TCP), "");
    for (int i = 0; i < 280; i++)
        offer(CLIENT, 43000, SERVER, 7777, PROTO_TCP, true, junk, sizeof junk);
    dialogue(43012, 7777, get);
    assert_string_equal(service(SERVER, 7777, PROTO_TCP), "HTTP");
}

struct list {
    size_t n;
    struct classify_entry last;
    bool sorted, smtp;
};

static void collect(void *ctx, const struct classify_entry *e)
{
    struct list *l = ctx;
    if (l->n++ > 0 && endpoint_cmp(&l->last.server, &e->server) > 0)
        l->sorted = false;
    l->smtp |= e->server.port == 2525 && strcmp(e->service, "SMTP") == 0 && e->cleartext && e->flows == 1;
    l->last = *e;
}

static void test_each(void **state)
{
    (void)state;
    struct list l = { .sorted = true };
    classify_each(c, collect, &l);
    assert_true(l.sorted && l.smtp);
    assert_int_equal(l.n, 12); /* of the tests above */
}

/* A million random endpoints: what was known stays known, and it takes no time to speak of. */
static void test_flood(void **state)
{
    (void)state;
    uint8_t junk[32];
    uint32_t x = 1;
    for (int i = 0; i < 1000000; i++) {
        x = x * 1664525 + 1013904223;
        memcpy(junk, &x, 4);
        offer(CLIENT, 44000, x, (uint16_t)(x >> 7), PROTO_UDP, true, junk, sizeof junk);
    }
    assert_string_equal(service(SERVER, 2525, PROTO_TCP), "SMTP");
    assert_string_equal(service(SERVER, 443, PROTO_TCP), "HTTPS");
    struct list l = { .sorted = true };
    classify_each(c, collect, &l);
    assert_true(l.n <= LIMIT_ENDPOINTS && l.sorted);
}

static void test_ignored(void **state)
{
    (void)state;
    uint8_t ip[20] = { 0x45 };
    struct packet p = { .data = ip, .caplen = 20, .len = 20 };
    struct decoded d = { .src = ip, .dst = ip + 6, .addr_len = 6, .proto = PROTO_EAPOL, .payload = ip, .payload_cap = 20 };
    classify_packet(c, &p, &d, 2);
    struct endpoint mac = { .addr = { .kind = ADDR_MAC } };
    assert_null(classify_service(c, &mac, PROTO_EAPOL));
}

static const char *name(const char *host)
{
    return classify_name(c, rd_of(guarded(host, strlen(host)), strlen(host)));
}

static void test_names(void **state)
{
    (void)state;
    char big[300];
    assert_string_equal(name("teams.microsoft.com"), "Teams");
    assert_string_equal(name("outlook.office365.com"), "Microsoft365");
    assert_string_equal(name("WWW.GOOGLE.COM"), "Google");
    assert_null(name("www.example.org"));
    assert_null(name(""));
    memset(big, 'a', sizeof big);
    memcpy(big + sizeof big - 12, ".google.com", 12);
    assert_null(name(big)); /* longer than a name can be */
    struct endpoint google = { .addr = addr_ip4((const uint8_t[]){ 8, 8, 8, 8 }) };
    struct endpoint test = { .addr = addr_ip4((const uint8_t[]){ 192, 0, 2, 1 }) };
    assert_string_equal(classify_address(c, &google), "Google");
    assert_null(classify_address(c, &test));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cleartext), cmocka_unit_test(test_by_sight), cmocka_unit_test(test_upgraded),
        cmocka_unit_test(test_rest),      cmocka_unit_test(test_each),     cmocka_unit_test(test_flood),
        cmocka_unit_test(test_ignored),   cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
