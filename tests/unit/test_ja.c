/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/test.h"

#include "dissect/ja.h"

/* A hello given by its lists, as hex: extensions are types only, written with empty contents. */
struct offer_lists {
    uint16_t version;
    const char *suites, *extensions, *groups, *formats, *sigalgs, *versions, *alpn;
};

static struct rd hex_rd(const char *hex, uint8_t *buf, size_t cap)
{
    return rd_of(buf, unhex(hex ? hex : "", buf, cap));
}

static struct client_hello hello_of(const struct offer_lists *o)
{
    static uint8_t suites[512], types[128], block[256], groups[64], formats[8], sigalgs[128], versions[32], alpn[64];
    struct client_hello ch = { .format = HELLO_TLS, .legacy_version = o->version };
    ch.suites = hex_rd(o->suites, suites, sizeof suites);
    ch.groups = hex_rd(o->groups, groups, sizeof groups);
    ch.point_formats = hex_rd(o->formats, formats, sizeof formats);
    ch.sigalgs = hex_rd(o->sigalgs, sigalgs, sizeof sigalgs);
    ch.versions = hex_rd(o->versions, versions, sizeof versions);
    if (o->alpn) {
        alpn[0] = (uint8_t)strlen(o->alpn);
        memcpy(alpn + 1, o->alpn, alpn[0]);
        ch.alpn = rd_of(alpn, alpn[0] + 1u);
    }
    size_t n = unhex(o->extensions, types, sizeof types);
    for (size_t i = 0; i < n; i += 2) {
        const uint8_t header[4] = { types[i], types[i + 1], 0, 0 };
        memcpy(block + 2 * i, header, 4);
        if (types[i] == 0 && types[i + 1] == 0)
            ch.ext_mask |= EXT_SNI;
    }
    ch.extensions = rd_of(block, 2 * n);
    return ch;
}

#define CHROME_SUITES "1301 1302 1303 c02b c02f c02c c030 cca9 cca8 c013 c014 009c 009d 002f 0035"
#define ANYDESK_SUITES                                                                                                     \
    "c030c02cc028c024c014c00a00a500a300a1009f006b006a006900680039003800370036c032c02ec02ac026c00fc005009d003d0035c02fc02b" \
    "c027c023c013c00900a400a200a0009e00670040003f003e0033003200310030c031c02dc029c025c00ec004009c003c002fc012c00800160013" \
    "0010000dc00dc003000a00ff"

/* Expected values computed by others. JA4: FoxIO's specification and the test expectations of its Python tool, Suricata 7
 * and nDPI; JA3: Salesforce's README, Wireshark 4.0 and nDPI. */
static void test_known(void **state)
{
    (void)state;
    static const struct {
        struct offer_lists offer;
        const char *ja3, *ja4;
    } known[] = {
        { { 0x0303, "1a1a" CHROME_SUITES,
          "3a3a 001b 0000 0033 0010 4469 0017 002d 000d 0005 0023 0012 002b ff01 000b 000a 4a4a 0015",
            "", "", "0403 0804 0401 0503 0805 0501 0806 0601", "2a2a 0304 0303", "h2" },
          NULL, "t13d1516h2_8daaf6152771_e5627efa2ab1" },
        { { 0x0303, "2a2a" CHROME_SUITES, "dada00000017ff01000a000b002300100005000d00120033002d002b001beaea0015",
            "baba001d00170018", "00", "04030804040105030805050108060601", "4a4a0304030303020301", "h2" },
          "b32309a26951912be7dba376398abc3b", "t13d1515h2_8daaf6152771_de4a06bb82e3" },
        { { 0x0303, "130113031302c02bc02fcca9cca8c02cc030c00ac009c013c01400330039002f0035000a",
            "00000017ff01000a000b0023001000050033002b000d002d001c0015", "001d00170018001901000101", "00",
            "04030503060308040805080604010501060102030201", "0304030303020301", "h2" },
          "b20b44b18b853ef29ab773e921b03422", "t13d1814h2_29a2cd9e9f10_d267a5f792d4" },
        { { 0x0303,
          "130113021303c02cc02bc024c023c00ac009cca9c030c02fc028c027c014c013cca8009d009c003d003c0035002fc008c012000a",
            "ff0100000017000d000500120010000b0033002d002b000a0015", "001d001700180019", "00",
            "04030804040105030203080508050501080606010201", "0304030303020301", "h2" },
          "6fa3244afc6bb6f9fad207b6b52af26b", "t13d2613h2_2802a3db6c62_845d286b0d67" },
        { { 0x0303, "c02bc02f009ec00ac009c013c014c007c011003300320039009c002f0035000a00050004",
            "ff01000a000b00233374001075500005 0012000d", "001700180019", "00", "04010501020104030503020304020202", NULL,
              "spdy/3.1" },
          "308b0bd904abbef5e0034a1ff7a78920", "t12i1810s1_27d4652c4487_06a4338d0495" },
        /* The hashes of this one are nDPI's; its first part, from an older nDPI, is not to the specification. */
        { { 0x0303, ANYDESK_SUITES, "000b000a0023000d000f0010", "00170019001c001b0018001a0016000e000d000b000c0009000a",
          "000102",
            "060106020603050105020503040104020403030103020303020102020203", NULL, "anydesk/6.2.0/linux" },
          "29b5a018fa5992fe23560c16af0dc9fc", "t12i6406ax_9197985d2161_a1e935682795" },
        { { 0x0301, "0039003800350016001300 0a003300320 02f009a009900960005000400150012000900140011000800060003 00ff",
          "0000", "", "",
            "", NULL, NULL },
          NULL, "t10d230100_6a57a6f57151_000000000000" },
        { { 0xfeff, "0035002f00050004000a00fb00fc00fd", "", "", "", "", NULL, NULL }, "1b45c913a0c0fde5f263502e65999485",
          "dd1i080000_f3b6e48d6e2b_000000000000" },
        { { 0x0301, "002f00350005000ac009c00ac013c0140032003800130004", "0000000a000b", "001700180019", "00", "", NULL,
          NULL },
          "ada70206e40642a3e4461f35503241d5", NULL },
        { { 0x0301, "00040005000a0009006400620003000600130012 0063", "", "", "", "", NULL, NULL },
          "de350869b8c85de67a350c8d186f11e6", NULL },
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        struct client_hello ch = hello_of(&known[i].offer);
        char ja3[JA3_TEXT], ja4[JA4_TEXT];
        ja3_client(&ch, ja3);
        ja4_client(&ch, known[i].offer.version == 0xfeff ? 'd' : 't', ja4);
        if (known[i].ja3)
            assert_string_equal(ja3, known[i].ja3);
        if (known[i].ja4)
            assert_string_equal(ja4, known[i].ja4);
        assert_int_equal(strlen(ja3), JA3_TEXT - 1);
        assert_int_equal(strlen(ja4), JA4_TEXT - 1);
    }
}

/* The examples of the specification, and no ALPN at all. */
static void test_alpn(void **state)
{
    (void)state;
    static const struct {
        const char *alpn;
        const char *expected;
    } cases[] = {
        { NULL, "00" },     { "", "00" },         { "h2", "h2" },         { "http/1.1", "h1" },   { "h", "hh" },
        { "\xab", "ab" },   { "\xab\xcd", "ad" }, { "\x30\xab", "3b" },   { "\x30\x31\xab\xcd", "3d" }, { " a", "21" },
        { "\x30\xab\xcd\x31", "01" }, { "h3-29", "h9" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct offer_lists o = { .version = 0x0303, .suites = "1301", .extensions = "0010", .alpn = cases[i].alpn };
        struct client_hello ch = hello_of(&o);
        char ja4[JA4_TEXT];
        ja4_client(&ch, 't', ja4);
        assert_memory_equal(ja4 + 8, cases[i].expected, 2);
    }
}

static void test_versions(void **state)
{
    (void)state;
    static const struct {
        uint16_t legacy;
        const char *versions, *expected;
    } cases[] = {
        { 0x0303, "0304 0303", "13" }, { 0x0303, "0303 0304", "13" }, { 0x0303, "0a0a 0303", "12" }, { 0x0304, NULL, "13" },
        { 0x0302, NULL, "11" },        { 0x0300, NULL, "s3" },        { 0x0303, "7f1c 0303", "00" }, { 0x0303, "0a0a",
          "12" },
        { 0xfefd, NULL, "d2" },        { 0xfefd, "fefd fefc", "d3" }, { 0x0002, NULL, "s2" },        { 0x1234, NULL, "00" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct offer_lists o = { .version = cases[i].legacy, .suites = "1301", .extensions = "",
          .versions = cases[i].versions };
        struct client_hello ch = hello_of(&o);
        char ja4[JA4_TEXT];
        ja4_client(&ch, 'q', ja4);
        assert_int_equal(ja4[0], 'q');
        assert_memory_equal(ja4 + 1, cases[i].expected, 2);
    }
}

/* A hello stuffed with suites and extensions: counts stop at 99, and it ends. */
static void test_stuffed(void **state)
{
    (void)state;
    static uint8_t suites[65534], block[65532];
    for (size_t i = 0; i < sizeof suites; i++)
        suites[i] = (uint8_t)(i * 7 + i / 256);
    for (size_t i = 0; i < sizeof block; i += 4) {
        block[i] = (uint8_t)(i >> 10);
        block[i + 1] = (uint8_t)(i >> 2);
    }
    struct client_hello ch = { .legacy_version = 0x0303, .suites = rd_of(suites, sizeof suites) };
    char ja3[JA3_TEXT], ja4[JA4_TEXT];
    ch.extensions = rd_of(guarded(block, sizeof block), sizeof block);
    ja3_client(&ch, ja3);
    ja4_client(&ch, 't', ja4);
    assert_memory_equal(ja4, "t12i999900_", 11);
    assert_int_equal(strlen(ja3), JA3_TEXT - 1);
    /* Cut amid an extension: what is whole counts. */
    ch.extensions = rd_of(guarded(block, 11), 11);
    ja4_client(&ch, 't', ja4);
    assert_memory_equal(ja4, "t12i990200_", 11);
}

/* The ClientHello of RFC 8448 section 3, from the bytes. JA3 as Wireshark has it; JA4's hashes by sha256sum. */
static void test_rfc8448(void **state)
{
    (void)state;
    static const char client[] =
        "0303 cb34ecb1e78163ba1c38c6dacb196a6dffa21a8d9912ec18a2ef6283024dece7 00 0006 130113031302 0100 0091"
        "0000000b0009000006736572766572 ff01000100 000a00140012001d0017001800190100010101020103 0104 00230000"
        "003300260024001d002099381de560e4bd43d23d8e435a7dbafeb3c06e51c13cae4d5413691e529aaf2c 002b0003020304"
        "000d0020001e040305030603020308040805080604010501060102010402050206020202 002d00020101 001c00024001";
    uint8_t bytes[512];
    struct client_hello ch;
    char ja3[JA3_TEXT], ja4[JA4_TEXT];
    size_t n = unhex(client, bytes, sizeof bytes);
    assert_true(client_hello_parse(rd_of(guarded(bytes, n), n), HELLO_TLS, &ch));
    ja3_client(&ch, ja3);
    ja4_client(&ch, 't', ja4);
    assert_string_equal(ja3, "da4dea34fe6d4ce5f0725df3f2682fa0");
    assert_string_equal(ja4, "t13d030900_55b375c5d22e_59cd3dafc54d");
    ja4_client(&ch, 'q', ja4);
    assert_string_equal(ja4, "q13d030900_55b375c5d22e_59cd3dafc54d");
}

static void test_empty(void **state)
{
    (void)state;
    struct client_hello ch = { .format = HELLO_TLS, .legacy_version = 0x0301 }, sslv2 = { .format = HELLO_SSLV2 };
    char ja3[JA3_TEXT], ja4[JA4_TEXT];
    ja3_client(&ch, ja3);
    assert_string_equal(ja3, "f5d1076d0d11b5cd81c4c4e8e8ee881a"); /* printf 769,,,, | md5sum */
    ja4_client(&ch, 't', ja4);
    assert_string_equal(ja4, "t10i000000_000000000000_000000000000");
    ja3_client(&sslv2, ja3);
    ja4_client(&sslv2, 't', ja4);
    assert_string_equal(ja3, "");
    assert_string_equal(ja4, "");
}

static void test_server(void **state)
{
    (void)state;
    uint8_t block[64];
    size_t n = unhex("ff010000 00000000 000b0000 00230000 00100000 00170000", block, sizeof block);
    struct server_hello sh = { .legacy_version = 0x0303, .suite = 0xcca8, .extensions = rd_of(block, n) };
    char ja3[JA3_TEXT];
    ja3_server(&sh, ja3);
    assert_string_equal(ja3, "3653a20186a5b490426131a611e01992"); /* Wireshark and nDPI */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known),   cmocka_unit_test(test_alpn),  cmocka_unit_test(test_versions),
        cmocka_unit_test(test_stuffed), cmocka_unit_test(test_empty), cmocka_unit_test(test_server),
        cmocka_unit_test(test_rfc8448),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
