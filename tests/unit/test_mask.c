/* SPDX-License-Identifier: Apache-2.0 */
/* What evidence shows of a connection, and what it does not. */
#include "tests/unit/test.h"
#include "dissect/mask.h"

static uint8_t buf[4096];

static void check(const char *upgrade, bool client, bool tls, const void *in, size_t n, const void *out)
{
    const struct mask m = { .from_client = client, .tls = tls, .upgrade = upgrade };
    memcpy(buf, in, n);
    mask_stream(buf, n, &m);
    if (memcmp(buf, out, n) != 0)
        fail_msg("%s: \"%.*s\"", upgrade ? upgrade : "tls", (int)n, (const char *)buf);
    for (size_t i = 0; i <= n; i++) { /* every prefix, one byte from a page that is not there */
        uint8_t *p = (uint8_t *)(uintptr_t)guarded(in, i);
        mask_stream(p, i, &m);
    }
}
#define TEXT(upgrade, client, in, out)                                  \
    do {                                                                \
        assert_int_equal(strlen(in), strlen(out));                      \
        check(upgrade, client, false, in, strlen(in), out);             \
    } while (0)

static void hex(const char *upgrade, bool client, bool tls, const char *in, const char *out)
{
    uint8_t a[1024], b[1024];
    size_t n = unhex(in, a, sizeof a);
    assert_int_equal(unhex(out, b, sizeof b), n);
    check(upgrade, client, tls, a, n, b);
}

static void logins_in_lines_lose_their_arguments(void **state)
{
    (void)state;
    TEXT("smtp", true, "EHLO pc\r\nAUTH PLAIN AHRpbQB0\r\nMAIL FROM:<a@b>\r\ndG9w\r\nQUIT\r\n",
         "EHLO xx\r\nAUTH PLAIN xxxxxxxx\r\nMAIL xxxxxxxxxx\r\nxxxx\r\nQUIT\r\n");
    TEXT("smtp", true, "AUTH AHRpbQB0\r\nSTARTTLS\r\n", "AUTH xxxxxxxx\r\nSTARTTLS\r\n"); /* no mechanism */
    TEXT("pop3", true, "CAPA\r\nUSER tim\r\nPASS top\r\n", "CAPA\r\nUSER xxx\r\nPASS xxx\r\n");
    TEXT("imap", true, "a1 LOGIN tim top\r\na2 CAPABILITY\r\na3 SELECT y\r\n", "a1 LOGIN xxx xxx\r\na2 CAPABILITY\r\na3 SELECT x\r\n");
    TEXT("ftp", true, "AUTH TLS\r\nUSER tim\n", "AUTH TLS\r\nUSER xxx\n");
    TEXT("irc", true, "PASS top\r\nNICK tim\r\nCAP LS 302\r\n", "PASS xxx\r\nNICK xxx\r\nCAP LS xxx\r\n");
    TEXT("nats", true, "CONNECT {\"pass\":\"top\"}\r\n", "CONNECT xxxxxxxxxxxxxx\r\n");
    TEXT("sieve", true, "AUTHENTICATE \"PLAIN\" \"x\"\r\n", "AUTHENTICATE xxxxxxx xxx\r\n");
}

/* Mail may begin its lines with any word. */
static void contents_of_messages_do_not_stay(void **state)
{
    (void)state;
    TEXT("smtp", true, "DATA\r\nno secrets\r\nok STARTTLS\r\n.\r\nQUIT\r\n", "DATA\r\nxxxxxxxxxx\r\nxxxxxxxxxxx\r\nx\r\nxxxx\r\n");
    TEXT("imap", true, "a LOGIN {3}\r\nok STARTTLS\r\n", "a LOGIN xxx\r\nxxxxxxxxxxx\r\n");
    TEXT("smtp", true, "no secrets\r\ninfo on you\r\n", "no xxxxxxx\r\ninfo xx xxx\r\n");
}

static void replies_keep_what_speaks_of_tls(void **state)
{
    (void)state;
    TEXT("smtp", false, "220 mail ESMTP me\r\n250-STARTTLS\r\n250 XXXXXXXA\r\n454 no\r\n334 VXNlcg==\r\nFrom: tim\r\n",
         "220 xxxx ESMTP xx\r\n250-STARTTLS\r\n250 XXXXXXXA\r\n454 no\r\n334 xxxxxxxx\r\nxxxxx xxx\r\n");
    TEXT("ftp", false, "331 Password for tim\r\n AUTH TLS\r\n", "331 xxxxxxxx xxx xxx\r\n xxxx TLS\r\n");
    TEXT("imap", false, "* CAPABILITY STARTTLS\r\n* 1 FETCH mail\r\na1 OK\r\n+ c2VjcmV0\r\n",
         "* CAPABILITY STARTTLS\r\n* x xxxxx xxxx\r\na1 OK\r\nx xxxxxxxx\r\n");
    TEXT("irc", false, ":irc 001 tim :hello\r\n:irc CAP * LS :tls\r\n", ":irc 001 xxx xxxxxx\r\n:irc CAP * LS :tls\r\n");
    TEXT("nats", false, "INFO {\"host\":\"a\",\"tls_required\":true}\r\n", "INFO {\"xxxx\":\"x\",\"tls_required\":true}\r\n");
}

static void http_keeps_where_to_and_no_credentials(void **state)
{
    (void)state;
    TEXT("http-connect", true, "CONNECT a:443 HTTP/1.1\r\nHost: a\r\nProxy-Authorization: Basic dG9w\r\n\r\n",
         "CONNECT a:443 HTTP/1.1\r\nHost: a\r\nProxy-Authorization:xxxxxxxxxxx\r\n\r\n");
    TEXT("http-connect", false, "HTTP/1.1 407 no\r\nSet-Cookie: a\r\n\r\n<p>Host: tim</p>\r\nHTTP/1.1 200 OK\r\n\r\n",
         "HTTP/1.1 407 no\r\nSet-Cookie:xx\r\n\r\nxxxxxxxxxxxxxxxx\r\nHTTP/1.1 200 OK\r\n\r\n");
    TEXT("http-upgrade", true, "GET /?pw=top HTTP/1.1\r\nUpgrade: TLS/1.0\r\n\r\n", "GET /xxxxxxx HTTP/1.1\r\nUpgrade: TLS/1.0\r\n\r\n");
}

static void binary_dialogues_lose_names_and_passwords(void **state)
{
    (void)state;
    /* RFC 4511: bindRequest of version 3, cn=tim, password top; then an extendedRequest, whose name stays */
    hex("ldap", true, false, "30 15 02 01 01 60 10 02 01 03 04 06 63 6e 3d 74 69 6d 80 03 74 6f 70 30 0c 02 01 02 77 07 80 05 31 2e 33 2e 36",
        "30 15 02 01 01 60 10 02 01 03 04 06 00 00 00 00 00 00 80 03 00 00 00 30 0c 02 01 02 77 07 80 05 31 2e 33 2e 36");
    hex("socks", true, false, "05 02 00 02 01 03 74 69 6d 03 74 6f 70 05 01", "05 02 00 02 01 03 78 78 78 03 78 78 78 05 01"); /* RFC 1929 */
    hex("postgresql", true, false, "00 00 00 14 00 03 00 00 75 73 65 72 00 74 69 6d 00 00 00 00",
        "00 00 00 14 00 03 00 00 00 00 00 00 00 00 00 00 00 00 00 00");
    TEXT("rdp", true, "....Cookie: mstshash=tim\r\n....", "....Cookie: mstshash=xxx\r\n....");
    TEXT("xmpp", true, "<auth mechanism='PLAIN'>AHRpbQ</auth><a/>", "<auth mechanism='PLAIN'>xxxxxx</auth><a/>");
}

static void records_keep_hellos_and_lose_contents(void **state)
{
    (void)state;
    /* a ServerHello of four bytes, an alert, ChangeCipherSpec, Finished, data */
    hex(NULL, false, true, "16 03 03 00 08 02 00 00 04 03 03 aa bb 15 03 03 00 02 01 00 14 03 03 00 01 01 16 03 03 00 03 de ad 01 17 03 03 00 02 be ef",
        "16 03 03 00 08 02 00 00 04 03 03 aa bb 15 03 03 00 02 01 00 14 03 03 00 01 01 16 03 03 00 03 00 00 00 17 03 03 00 02 00 00");
    /* RFC 8446 appendix D.4: ChangeCipherSpec, then the second ClientHello in the clear; early data */
    hex(NULL, true, true, "14 03 03 00 01 01 16 03 03 00 08 01 00 00 04 03 03 aa bb 17 03 03 00 01 5a",
        "14 03 03 00 01 01 16 03 03 00 08 01 00 00 04 03 03 aa bb 17 03 03 00 01 00");
    /* a client's certificate keeps its two lengths; the next message is whole again */
    hex(NULL, true, true, "16 03 03 00 12 0b 00 00 08 00 00 05 00 00 02 ca fe 10 00 00 02 ab cd",
        "16 03 03 00 12 0b 00 00 08 00 00 05 00 00 02 00 00 10 00 00 02 ab cd");
    hex(NULL, false, true, "16 03 03 00 0c 0b 00 00 08 00 00 05 00 00 02 ca fe", "16 03 03 00 0c 0b 00 00 08 00 00 05 00 00 02 ca fe");
    hex(NULL, true, true, "16 03 01 00 01 01 47 45 54 20", "16 03 01 00 01 01 00 00 00 00"); /* what is no record goes */
}

static void tls_begins_behind_the_dialogue(void **state)
{
    (void)state;
    /* "AUTH x\r\nSTARTTLS\r\n", then a ClientHello with empty everything, then data */
    uint8_t in[128], out[128];
    static const char dialogue[] = "AUTH x\r\nUSER y\r\nSTARTTLS\r\n", masked[] = "AUTH x\r\nUSER x\r\nSTARTTLS\r\n";
    static const char hello[] = "16 03 01 00 2d 01 00 00 29 03 03 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f 00 00 02 00 2f 01 00";
    size_t n = sizeof dialogue - 1, h = unhex(hello, in + n, sizeof in - n);
    memcpy(in, dialogue, n);
    memcpy(out, masked, n);
    memcpy(out + n, in + n, h);
    n += h;
    n += unhex("17 03 03 00 02 ca fe", in + n, sizeof in - n);
    memcpy(out + n - 7, "\x17\x03\x03\x00\x02\x00\x00", 7);
    check("smtp", true, true, in, n, out);
}

static void datagram(const char *upgrade, bool client, bool eapol, const char *in, const char *out)
{
    uint8_t a[256], b[256];
    const struct mask m = { .from_client = client, .tls = true, .upgrade = upgrade };
    size_t n = unhex(in, a, sizeof a);
    assert_int_equal(unhex(out, b, sizeof b), n);
    for (size_t i = 0; i <= n; i++)
        mask_datagram((uint8_t *)(uintptr_t)guarded(a, i), i, &m, eapol);
    mask_datagram(a, n, &m, eapol);
    assert_memory_equal(a, b, n);
}

static void datagrams_keep_hellos_and_lose_contents(void **state)
{
    (void)state;
    /* DTLS: a handshake message of epoch 0, data of epoch 1 */
    datagram(NULL, false, false, "16 fefd 0000 000000000000 0002 0200 17 fefd 0001 000000000001 0002 cafe",
             "16 fefd 0000 000000000000 0002 0200 17 fefd 0001 000000000001 0002 0000");
    /* QUIC v1: an Initial (no token, 4 bytes), a Handshake packet, a short header */
    datagram(NULL, true, false, "c0 00000001 02 aaaa 01 bb 00 04 01020304 e0 00000001 02 aaaa 01 bb 04 01020304 40 cafe",
             "c0 00000001 02 aaaa 01 bb 00 04 01020304 e0 00000001 02 aaaa 01 bb 04 00000000 40 0000");
    /* RADIUS: User-Name, EAP-Message with an identity, User-Password; EAP-TLS stays */
    datagram("eap", true, false, "01 01 0040 00000000000000000000000000000000 01 05 74696d 4f 0a 02 01 0008 01 74696d 02 04 6162",
             "01 01 0040 00000000000000000000000000000000 01 05 787878 4f 0a 02 01 0008 01 787878 02 04 7878");
    datagram("eap", true, false, "01 01 0040 00000000000000000000000000000000 4f 0a 02 01 0008 0d 74696d",
             "01 01 0040 00000000000000000000000000000000 4f 0a 02 01 0008 0d 74696d");
    datagram("eap", true, true, "01 00 0008 02 01 0008 01 74696d", "01 00 0008 02 01 0008 01 787878");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logins_in_lines_lose_their_arguments), cmocka_unit_test(replies_keep_what_speaks_of_tls),
        cmocka_unit_test(contents_of_messages_do_not_stay),
        cmocka_unit_test(http_keeps_where_to_and_no_credentials), cmocka_unit_test(binary_dialogues_lose_names_and_passwords),
        cmocka_unit_test(records_keep_hellos_and_lose_contents), cmocka_unit_test(tls_begins_behind_the_dialogue),
        cmocka_unit_test(datagrams_keep_hellos_and_lose_contents),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
