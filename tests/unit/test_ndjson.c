/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"
#include "report/render.h"

#include <cjson/cJSON.h>
#include <errno.h>

/* Lines of the events given since start(), as text; parse with line(). */
static char *text;
static size_t size;
static FILE *out;
static struct event_sink *sink;

static void start(void)
{
    out = open_memstream(&text, &size);
    assert_non_null(out);
    sink = ndjson_stream(out);
    assert_non_null(sink);
}

static cJSON *only_line(void)
{
    struct err e;
    assert_int_equal(sink->close(sink, &e), 0);
    assert_int_equal(fclose(out), 0);
    assert_true(size > 0 && text[size - 1] == '\n');
    assert_ptr_equal(strchr(text, '\n'), text + size - 1);
    for (const char *p = text; p < text + size - 1; p++)
        assert_true((unsigned char)*p >= 0x20);
    cJSON *j = cJSON_Parse(text);
    assert_non_null(j);
    free(text);
    return j;
}

static cJSON *line_of(const struct tls_event *ev)
{
    start();
    sink->event(sink, ev);
    return only_line();
}

static const char *str(const cJSON *j, const char *key)
{
    const cJSON *v = cJSON_GetObjectItemCaseSensitive(j, key);
    if (!v)
        return "(absent)";
    return cJSON_IsNull(v)     ? "(null)"
           : cJSON_IsString(v) ? v->valuestring
           : cJSON_IsTrue(v)   ? "(true)"
           : cJSON_IsFalse(v)  ? "(false)"
                               : "(other)";
}

static double num(const cJSON *j, const char *key)
{
    const cJSON *v = cJSON_GetObjectItemCaseSensitive(j, key);
    assert_true(cJSON_IsNumber(v));
    return v->valuedouble;
}

/* The members of an array of texts, joined by blanks. */
static const char *list(const cJSON *j, const char *key)
{
    static char buf[1024];
    const cJSON *v = cJSON_GetObjectItemCaseSensitive(j, key), *e;
    if (!v)
        return "(absent)";
    assert_true(cJSON_IsArray(v));
    buf[0] = '\0';
    cJSON_ArrayForEach(e, v)
    {
        size_t n = strlen(buf);
        (void)snprintf(buf + n, sizeof buf - n, "%s%s", n ? " " : "", cJSON_IsString(e) ? e->valuestring : "(not a text)");
    }
    return buf;
}

static struct endpoint at(uint8_t last, uint16_t port)
{
    const uint8_t b[4] = { 192, 0, 2, last };
    return (struct endpoint){ .addr = addr_ip4(b), .port = port };
}

static struct client_hello hello(void)
{
    static const uint8_t suites[] = { 0x1a, 0x1a, 0x13, 0x01, 0xc0, 0x2f, 0x56, 0x00 };
    static const uint8_t versions[] = { 0x2a, 0x2a, 0x03, 0x04, 0x03, 0x03 };
    static const uint8_t groups[] = { 0x3a, 0x3a, 0x00, 0x1d, 0x00, 0x17 };
    static const uint8_t shares[] = { 0x3a, 0x3a, 0, 1, 0, 0x00, 0x1d, 0, 2, 9, 9 };
    static const uint8_t sigalgs[] = { 0x08, 0x04, 0x04, 0x01 };
    static const uint8_t alpn[] = { 2, 0x0a, 0x0a, 2, 'h', '2', 8, 'h', 't', 't', 'p', '/', '1', '.', '1' };
    return (struct client_hello){
        .format = HELLO_TLS,
        .legacy_version = VER_TLS12,
        .max_version = VER_TLS13,
        .suites = rd_of(suites, sizeof suites),
        .versions = rd_of(versions, sizeof versions),
        .groups = rd_of(groups, sizeof groups),
        .key_shares = rd_of(shares, sizeof shares),
        .sigalgs = rd_of(sigalgs, sizeof sigalgs),
        .alpn = rd_of(alpn, sizeof alpn),
        .sni = rd_of("www.example.com", 15),
        .ext_mask = EXT_SNI | EXT_ALPN | EXT_SUPPORTED_VERSIONS,
        .fallback_scsv = true,
    };
}

static struct tls_event event(void)
{
    return (struct tls_event){
        .ts_ns = 1767322996123456789,
        .client = at(1, 50000),
        .server = at(2, 443),
        .suite = SUITE_NONE,
        .frame_client_hello = 4,
    };
}

static void a_handshake_says_what_was_chosen(void **state)
{
    (void)state;
    struct client_hello ch = hello();
    struct server_hello sh = { .version = VER_TLS12, .version_wire = VER_TLS12, .suite = 0xc02f, .alpn = rd_of("h2", 2) };
    struct tls_event ev = event();
    ev.ch = &ch;
    ev.sh = &sh;
    ev.version = ev.version_wire = VER_TLS12;
    ev.suite = 0xc02f;
    ev.group = 29;
    ev.sigscheme = 0x0804;
    ev.sentinel = SENTINEL_TLS12;
    ev.flags = EV_RESUMED_KNOWN | EV_EMS | EV_FALLBACK_SCSV | EV_GAP;
    ev.frame_server_hello = 6;
    cJSON *j = line_of(&ev);
    static const char *const want[][2] = {
        { "type", "tls" },
        { "ts", "2026-01-02T03:03:16.123456Z" },
        { "transport", "tcp" },
        { "client_ip", "192.0.2.1" },
        { "server_ip", "192.0.2.2" },
        { "upgrade", "(null)" },
        { "outcome", "completed" },
        { "version", "TLSv1.2" },
        { "version_wire", "(absent)" },
        { "cipher", "0xc02f" },
        { "cipher_name", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256" },
        { "cipher_openssl", "ECDHE-RSA-AES128-GCM-SHA256" },
        { "kx", "ECDHE" },
        { "au", "RSA" },
        { "enc", "AESGCM(128)" },
        { "mac", "AEAD" },
        { "pfs", "(true)" },
        { "group", "x25519" },
        { "sigscheme", "rsa_pss_rsae_sha256" },
        { "sni", "www.example.com" },
        { "alpn", "h2" },
        { "client_max_version", "TLSv1.3" },
        { "resumed", "(false)" },
        { "resumption_attempted", "(false)" },
        { "hrr", "(false)" },
        { "sentinel", "01" },
        { "fallback_scsv", "(true)" },
        { "ems", "(true)" },
        { "etm", "(false)" },
        { "app", "(null)" },
        { "alert", "(absent)" },
        { "cert", "(absent)" },
        { "input", "(absent)" },
    };
    for (size_t i = 0; i < sizeof want / sizeof want[0]; i++)
        assert_string_equal(str(j, want[i][0]), want[i][1]);
    assert_true(num(j, "client_port") == 50000 && num(j, "server_port") == 443);
    assert_true(num(cJSON_GetObjectItem(j, "frames"), "client_hello") == 4);
    assert_true(num(cJSON_GetObjectItem(j, "frames"), "server_hello") == 6);
    assert_string_equal(list(j, "flags"), "gap");
    cJSON_Delete(j);
}

static void an_offer_is_listed_without_grease(void **state)
{
    (void)state;
    struct client_hello ch = hello();
    struct tls_event ev = event();
    ev.ch = &ch;
    ev.outcome = OUTCOME_UNANSWERED;
    cJSON *j = line_of(&ev);
    assert_string_equal(str(j, "outcome"), "unanswered");
    assert_string_equal(str(j, "version"), "(null)");
    assert_string_equal(str(j, "cipher"), "(null)");
    assert_string_equal(str(j, "resumed"), "(null)");
    assert_string_equal(str(j, "ems"), "(absent)");
    assert_string_equal(list(j, "client_versions"), "TLSv1.3 TLSv1.2");
    assert_string_equal(list(j, "client_ciphers"), "0x1301 0xc02f 0x5600");
    assert_string_equal(list(j, "client_groups"), "x25519 secp256r1");
    assert_string_equal(list(j, "client_key_shares"), "x25519");
    assert_string_equal(list(j, "client_sigalgs"), "rsa_pss_rsae_sha256 rsa_pkcs1_sha256");
    assert_string_equal(list(j, "client_alpn"), "h2 http/1.1");
    assert_int_equal(strlen(str(j, "ja3")), 32);
    assert_int_equal(strlen(str(j, "ja4")), 36);
    cJSON_Delete(j);
}

static void sslv2_ciphers_have_three_bytes(void **state)
{
    (void)state;
    static const uint8_t suites[] = { 0x01, 0x00, 0x80, 0x00, 0x00, 0x2f };
    struct client_hello ch = { .format = HELLO_SSLV2, .max_version = VER_TLS10, .suites = rd_of(suites, sizeof suites) };
    struct tls_event ev = event();
    ev.ch = &ch;
    ev.version = ev.version_wire = VER_SSL2;
    ev.suite = 0x010080;
    cJSON *j = line_of(&ev);
    assert_string_equal(str(j, "version"), "SSLv2");
    assert_string_equal(str(j, "cipher"), "0x010080");
    assert_string_equal(list(j, "client_ciphers"), "0x010080 0x002f");
    assert_string_equal(str(j, "client_max_version"), "TLSv1.0");
    assert_string_equal(str(j, "hello_format"), "sslv2");
    cJSON_Delete(j);
}

static void an_alert_has_its_sender_and_name(void **state)
{
    (void)state;
    struct tls_event ev = event();
    ev.outcome = OUTCOME_ALERT_SERVER;
    ev.alert = (struct tls_alert){ .from = 's', .level = 2, .code = 70 };
    cJSON *j = line_of(&ev), *a = cJSON_GetObjectItem(j, "alert");
    assert_string_equal(str(a, "from"), "server");
    assert_string_equal(str(a, "level"), "fatal");
    assert_string_equal(str(a, "name"), "protocol_version");
    assert_true(num(a, "code") == 70);
    assert_string_equal(str(a, "encrypted"), "(absent)");
    cJSON_Delete(j);

    ev.alert = (struct tls_alert){ .from = 'c' };
    ev.flags = EV_ALERT_ENCRYPTED;
    ev.outcome = OUTCOME_ALERT_CLIENT;
    j = line_of(&ev);
    a = cJSON_GetObjectItem(j, "alert");
    assert_string_equal(str(a, "from"), "client");
    assert_string_equal(str(a, "encrypted"), "(true)");
    assert_string_equal(str(a, "code"), "(absent)");
    cJSON_Delete(j);
}

static void a_certificate_is_an_object(void **state)
{
    (void)state;
    struct cert_facts c = { .subject = "CN=www.example.com,O=Acme\\, Inc.",
                            .issuer = "CN=\x1b[31mred",
                            .san = "www.example.com,192.0.2.2,...",
                            .serial = "0A",
                            .key = CERT_KEY_RSA,
                            .key_bits = 2048,
                            .sigalg = "sha256WithRSAEncryption",
                            .not_before = 1767322996,
                            .not_after = INT64_MAX,
                            .self_signed = 1 };
    memset(c.sha256, 0xab, sizeof c.sha256);
    struct tls_event ev = event();
    ev.cert = &c;
    ev.cert_count = 3;
    ev.flags = EV_CLIENT_CERT_REQUESTED | EV_CLIENT_CERT_EMPTY;
    cJSON *j = line_of(&ev), *o = cJSON_GetObjectItem(j, "cert");
    assert_string_equal(str(o, "subject"), "CN=www.example.com,O=Acme\\, Inc.");
    assert_string_equal(str(o, "issuer"), "CN=\\x1b[31mred");
    assert_string_equal(list(o, "san"), "www.example.com 192.0.2.2 ...");
    assert_string_equal(str(o, "key"), "RSA");
    assert_true(num(o, "key_bits") == 2048 && num(o, "chain") == 3);
    assert_string_equal(str(o, "not_before"), "2026-01-02T03:03:16Z");
    assert_string_equal(str(o, "not_after"), "(null)");
    assert_string_equal(str(o, "self_signed"), "(true)");
    assert_int_equal(strlen(str(o, "sha256")), 64);
    o = cJSON_GetObjectItem(j, "client_cert");
    assert_string_equal(str(o, "requested"), "(true)");
    assert_string_equal(str(o, "sent"), "(false)");
    cJSON_Delete(j);
}

/* A session that never reached TLS is not a handshake: whoever counts "tls" lines must not count it. */
static void the_ledger_has_its_own_type(void **state)
{
    (void)state;
    struct tls_event ev = event();
    ev.outcome = OUTCOME_REFUSED;
    ev.upgrade = "smtp";
    ev.refusal_code = 454;
    ev.aftermath = AFTER_PLAINTEXT;
    ev.server_offered_upgrade = 2;
    ev.flags = EV_CLEARTEXT_LOGIN;
    cJSON *j = line_of(&ev);
    assert_string_equal(str(j, "type"), "upgrade");
    assert_string_equal(str(j, "upgrade"), "smtp");
    assert_string_equal(str(j, "outcome"), "refused");
    assert_string_equal(str(j, "aftermath"), "plaintext");
    assert_true(num(j, "refusal_code") == 454);
    assert_string_equal(str(j, "upgrade_offered"), "(true)");
    assert_string_equal(list(j, "flags"), "cleartext_login");
    assert_string_equal(str(j, "version"), "(absent)");
    cJSON_Delete(j);
    for (unsigned o = 0; o < OUTCOME_COUNT; o++) {
        ev.outcome = (uint8_t)o;
        j = line_of(&ev);
        assert_string_equal(str(j, "type"), o < OUTCOME_REFUSED ? "tls" : "upgrade");
        cJSON_Delete(j);
    }
}

static void text_from_the_wire_is_escaped(void **state)
{
    (void)state;
    struct client_hello ch = hello();
    ch.sni = rd_of("a\"b\\\x1b\xff\n", 7);
    ch.alpn = rd_of("\x03\"\0\xe2", 4);
    struct tls_event ev = event();
    ev.ch = &ch;
    ev.target = "host\r\n{\"type\":\"tls\"}:443";
    cJSON *j = line_of(&ev);
    assert_string_equal(str(j, "sni"), "a\"b\\\\x1b\\xff\\x0a");
    assert_string_equal(list(j, "client_alpn"), "\"\\x00\\xe2");
    assert_string_equal(str(j, "target"), "host\\x0d\\x0a{\"type\":\"tls\"}:443");
    cJSON_Delete(j);
}

/* Lists whose last element is cut short end there; every prefix is a line. */
static void lists_may_end_anywhere(void **state)
{
    (void)state;
    struct client_hello whole = hello();
    for (size_t n = 0; n <= 16; n++) {
        struct client_hello ch = whole;
        struct rd *lists[] = { &ch.suites, &ch.versions, &ch.groups, &ch.key_shares, &ch.sigalgs, &ch.alpn };
        for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
            ch = whole;
            size_t keep = n < rd_left(lists[i]) ? n : rd_left(lists[i]);
            *lists[i] = rd_of(guarded(lists[i]->p, keep), keep);
            struct tls_event ev = event();
            ev.ch = &ch;
            cJSON_Delete(line_of(&ev));
        }
    }
}

static void encapsulation_is_named(void **state)
{
    (void)state;
    struct tls_event ev = event();
    ev.ids = (struct encap_ids){
        .kinds = ENCAP_VLAN | ENCAP_VXLAN | ENCAP_VNTAG, .vlan = 7, .vni = 99, .outer = 7, .inner = 99
    };
    ev.transport = TRANSPORT_QUIC;
    ev.quic_version = 1;
    cJSON *j = line_of(&ev);
    assert_string_equal(list(j, "encap"), "vlan vxlan vntag");
    assert_true(num(j, "vlan") == 7 && num(j, "vni") == 99 && num(j, "outer_id") == 7 && num(j, "inner_id") == 99);
    assert_string_equal(str(j, "transport"), "quic");
    assert_string_equal(str(j, "quic_version"), "0x00000001");
    cJSON_Delete(j);
}

static const char *app_of(void *ctx, const struct tls_event *ev)
{
    (void)ev;
    return ctx;
}

static const char *input_of(void *ctx, uint32_t id)
{
    (void)ctx;
    return id == 3 ? "a \"b\".pcap" : NULL;
}

static void advice_comes_from_the_context(void **state)
{
    (void)state;
    static char app[] = "Teams";
    struct tls_event ev = event();
    ev.input = 3;
    start();
    ndjson_context(sink, &(struct stream_context){ .app = app_of, .input = input_of, .ctx = app });
    sink->event(sink, &ev);
    cJSON *j = only_line();
    assert_string_equal(str(j, "app"), "Teams");
    assert_string_equal(str(j, "input"), "a \"b\".pcap");
    cJSON_Delete(j);
}

static void a_full_disk_is_told_once_at_the_end(void **state)
{
    (void)state;
    FILE *full = fopen("/dev/full", "w");
    if (!full)
        skip();
    struct event_sink *s = ndjson_stream(full);
    struct tls_event ev = event();
    for (int i = 0; i < 100; i++)
        s->event(s, &ev);
    struct err e;
    assert_int_equal(s->close(s, &e), -1);
    assert_non_null(strstr(e.text, strerror(ENOSPC)));
    (void)fclose(full);
}

static void formats_are_found_by_name(void **state)
{
    (void)state;
    assert_non_null(render_find("ndjson"));
    assert_non_null(render_find("ndjson")->stream);
    assert_null(render_find("nd"));
    assert_null(render_find(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_handshake_says_what_was_chosen),
        cmocka_unit_test(an_offer_is_listed_without_grease),
        cmocka_unit_test(sslv2_ciphers_have_three_bytes),
        cmocka_unit_test(an_alert_has_its_sender_and_name),
        cmocka_unit_test(a_certificate_is_an_object),
        cmocka_unit_test(the_ledger_has_its_own_type),
        cmocka_unit_test(text_from_the_wire_is_escaped),
        cmocka_unit_test(lists_may_end_anywhere),
        cmocka_unit_test(encapsulation_is_named),
        cmocka_unit_test(advice_comes_from_the_context),
        cmocka_unit_test(a_full_disk_is_told_once_at_the_end),
        cmocka_unit_test(formats_are_found_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
