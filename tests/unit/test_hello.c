/* SPDX-License-Identifier: Apache-2.0 */
/* Hellos of every kind: the traces of RFC 8448, and real programs' from SSLv2 to TLS 1.3's drafts; the canonical form. */
#include "tests/unit/conversation.h"

#include "dissect/hello.h"

/* ---- vectors, with their handshake headers ---- */

/* RFC 8448 section 3. */
static const char ch_simple[] =
    "010000c0 0303 cb34ecb1e78163ba1c38c6dacb196a6dffa21a8d9912ec18a2ef6283024dece7 00 0006 130113031302 0100 0091"
    "0000000b0009000006736572766572 ff01000100 000a00140012001d0017001800190100010101020103 0104 00230000"
    "003300260024001d002099381de560e4bd43d23d8e435a7dbafeb3c06e51c13cae4d5413691e529aaf2c 002b0003020304"
    "000d0020001e040305030603020308040805080604010501060102010402050206020202 002d00020101 001c00024001";
static const char sh_simple[] =
    "02000056 0303 a6af06a4121860dc5e6e60249cd34c95930c8ac5cb1434dac155772ed3e26928 00 1301 00 002e"
    "00330024001d0020c9828876112095fe66762bdbf7c672e156d6cc253b833df1dd69b1b04e751f0f 002b00020304";
/* Section 4: resumed, with early data; 87 bytes of padding. */
#define ZERO29 "0000000000000000000000000000000000000000000000000000000000"
static const char ch_resumed[] =
    "010001fc 0303 1bc3ceb6bbe39cff938355b5a50adb6db21b7a6af649d7b4bc419d7876487d95 00 0006 130113031302 0100 01cd"
    "0000000b0009000006736572766572 ff01000100 000a00140012001d00170018001901000101010201030104"
    "003300260024001d0020e4ffb68ac05f8d96c99da26698346c6be16482badddafe051a66b4f18d668f0b 002a0000 002b0003020304"
    "000d0020001e040305030603020308040805080604010501060102010402050206020202 002d00020101 001c00024001"
    "00150057" ZERO29 ZERO29 ZERO29
    "002900dd00b800b22c035d829359ee5ff7af4ec900000000262a6494dc486d2c8a34cb33fa90bf1b0070ad3c498883c9367c09a2be785abc55cd"
    "226097a3a982117283f82a03a143efd3ff5dd36d64e861be7fd61d2827db279cce145077d454a3664d4e6da4d29ee03725a6a4dafcd0fc67d2ae"
    "a70529513e3da2677fa5906c5b3f7d8f92f228bda40dda721470f9fbf297b5aea617646fac5c03272e970727c621a79141ef5f7de6505e5bfbc3"
    "88e93343694093934ae4d357fad6aac5"
    "0021203add4fb2d8fdf822a0ca3cf7678ef5e88dae990141c5924d57bb6fa31b9e5f9d";
/* Section 5: a HelloRetryRequest for P-256. */
static const char ch_first[] =
    "010000b0 0303 b0b1c5a5aa37c5919f2ed1d5c6fff7fcb7849716945a2b8cee9258a346677b6f 00 0006 130113031302 0100 0081"
    "0000000b0009000006736572766572 ff01000100 000a00080006001d00170018"
    "003300260024001d0020e8e8e3f3b93a25ed97a14a7dcacb8a272c6288e585c6484d05262fcad062ad1f 002b0003020304"
    "000d0020001e040305030603020308040805080604010501060102010402050206020202 002d00020101 001c00024001";
static const char retry[] =
    "020000ac 0303 cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c 00 1301 00 0084"
    "003300020017 "
    "002c0074007271dcd04bb88bc3189119398a00000000eefafc76c146b823b096f8aacad365dd0030953f4edf625636e5f21bb2e23fcc"
    "654b1b5b40318d10d137abcbb87574e36e8a1f025f7dfa5d6e50781b5eda4aa15b0c8be778257d16aa3030e9e7841dd9e4c0342267e8ca0caf571f"
    "b2"
    "b7cff0f934b0 002b00020304";
static const char sh_after_retry[] =
    "02000077 0303 bb341d847fd789c47c387172dc0c9bf147fccacb5043d86ca4c598d3ff571b98 00 1301 00 004f"
    "003300450017004104583e054b7a66672ae020ad9d2686fcc85b5ad41a134a0f03ee72b893052bd85b4c8de6776f5b04ac07d83540eab3e3d9c547"
    "bc"
    "6528c4317d294686093a6cad7d 002b00020304";
/* TLS 1.0 of OpenSSL 1.0.0 (node 0.8), TLS 1.2 of a server that can do 1.3, SSLv3 of OpenSSL 1.0.0. */
static const char sh_tls10[] =
    "02000035 0301 6b01662ea8a9a95a241218664bc7fec88d1336c0541425c8a788003c689a7bd9 00 0005 00 000d"
    "ff01000100 00230000 33740000";
static const char sh_tls12[] =
    "02000046 0303 0c3d79f6878d2d04be3a2cf535eb920cbd4dcdc41302db23444f574e47524401 00 c030 00 001e"
    "ff01000100 000b000403000102 00230000 00100005000302683200170000";
static const char sh_ssl3[] = "0200004d 0300 6b01662b254ecfbbcd98619224d8257a28282eccf30f028ad77fef8e7693d836"
                              "20 fcadbb6a20091d03ee22d2816cff42af679fbadfffef9b022b89bcd5cc775e81 0004 00 0005 ff01000100";
/* TLS 1.3 before it was final: draft 19 (no session id, no compression), Facebook's 0xfb1a, Chrome's experiment 0x7e01. */
static const char sh_draft19[] = "0200004e 7f13 9d9e737ee0a7265139590caf307bcf658cb897c980c6f9548e1d9ae87ee8e048 1302 0028"
                                 "002800240 01d0020 d6ccc6aabcc06942988bfb8c6251b4e80f9b1eb3e62effa5281120b685c51a49";
static const char sh_fb1a[] =
    "0200007c 0303 ba92eb2ce9b7034a6abc7b71a6474e65d512f1988f9d2031e68f6319eca826c9"
    "20 9bbf4002a133f1b1813ef03bbfa28bf2948b098d8824f3c628c6175d7e209f8c 1301 00 0034"
    "002b0002fb1a 00330024001d002013df02374f577fae83f5e9362df83b954920c2a0a99b00d613530d27164ac70a 002900020000";
static const char sh_7e01[] =
    "02000076 0303 aa2bdc54223aecc6635dfded15b9e28ed9a1ec10bd46c520d70578072267acd7"
    "20 a7daf7cfff7c237c0e99c62a6fb8abf3c4adc0ef2908f9ac2cfeab68561fd977 1301 00 002e"
    "00280024001d0020267dc265999ebe79be0400a0885ceb72b23507d81fe0aaabce903a2abcc5717f 002b00027e01";
/* SSLv2 format: Java asking for TLS 1.0, OpenSSL 1.0.0 asking for SSLv2 (no handshake header). */
static const char v2_java[] =
    "01 0301 0006 0000 0020 00002f 0000ff 1560bcd59b45abd2c06a5c823939b26c82db5e794f27e77c69641f2c62276f46";
static const char v2_openssl[] = "01 0002 0003 0000 0010 0700c0 b4da2fcc598094cc14d4baf47925a097";

static uint8_t bytes[1 << 17];

/* The message body (or, of SSLv2, all of it) ending at an unreadable page. */
static struct rd vector(const char *hex, size_t header)
{
    size_t n = unhex(hex, bytes, sizeof bytes);
    return rd_of(guarded(bytes + header, n - header), n - header);
}

static bool holds(struct rd r, const char *hex)
{
    uint8_t b[256];
    size_t n = unhex(hex, b, sizeof b);
    return rd_left(&r) == n && (n == 0 || memcmp(r.p, b, n) == 0);
}

/* ---- ClientHello ---- */

static void client_of_rfc8448(void **state)
{
    (void)state;
    struct client_hello ch;
    assert_true(client_hello_parse(vector(ch_simple, 4), HELLO_TLS, &ch));
    assert_int_equal(ch.legacy_version, VER_TLS12);
    assert_int_equal(ch.max_version, VER_TLS13);
    assert_true(holds(ch.suites, "130113031302"));
    assert_true(holds(ch.compression, "00"));
    assert_true(holds(ch.sni, "736572766572"));
    assert_true(holds(ch.versions, "0304"));
    assert_true(holds(ch.groups, "001d0017001800190100010101020103 0104"));
    assert_true(holds(ch.sigalgs, "040305030603020308040805080604010501060102010402050206020202"));
    assert_int_equal(rd_left(&ch.key_shares), 36);
    assert_int_equal(ch.ext_mask, EXT_SNI | EXT_RENEGOTIATION_INFO | EXT_GROUPS | EXT_TICKET | EXT_KEY_SHARE |
                                      EXT_SUPPORTED_VERSIONS | EXT_SIGALGS | EXT_PSK_MODES);
    assert_false(ch.grease || ch.fallback_scsv || ch.renegotiation_scsv);
    assert_int_equal(rd_left(&ch.ticket), 0);

    assert_true(client_hello_parse(vector(ch_resumed, 4), HELLO_TLS, &ch));
    assert_int_equal(rd_left(&ch.raw), 508);
    assert_true((ch.ext_mask & (EXT_PSK | EXT_EARLY_DATA)) == (EXT_PSK | EXT_EARLY_DATA));
    assert_false(ch.ext_mask & EXT_TICKET);

    assert_true(client_hello_parse(vector(ch_first, 4), HELLO_TLS, &ch));
    assert_true(holds(ch.groups, "001d00170018"));
}

static void client_in_sslv2_format(void **state)
{
    (void)state;
    struct client_hello ch;
    assert_true(client_hello_parse_sslv2(vector(v2_java, 0), &ch));
    assert_int_equal(ch.format, HELLO_SSLV2);
    assert_int_equal(ch.max_version, VER_TLS10);
    assert_true(holds(ch.suites, "00002f0000ff"));
    assert_true(ch.renegotiation_scsv);
    assert_true(client_hello_parse_sslv2(vector(v2_openssl, 0), &ch));
    assert_int_equal(ch.max_version, VER_SSL2);
    assert_true(holds(ch.suites, "0700c0"));
    assert_false(ch.renegotiation_scsv);
}

#define RANDOM "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

/* One row per thing that makes a ClientHello what it is or is not. */
static void client_limits(void **state)
{
    (void)state;
    static const struct {
        const char *hex;
        bool ok;
        uint16_t max_version;
    } rows[] = {
        { "0303" RANDOM "00 0002 c02f 01 00", true, VER_TLS12 },
        { "0300" RANDOM "00 0002 0005 01 00", true, VER_SSL3 },
        { "0304" RANDOM "00 0002 1301 01 00", true, VER_TLS13 }, /* the first drafts */
        { "03ff" RANDOM "00 0002 c02f 01 00", true, VER_TLS12 }, /* a test of tolerance */
        { "0303" RANDOM "00 0002 c02f 01 00 0000", true, VER_TLS12 },
        { "0303" RANDOM "00 0002 c02f 02 0100", true, VER_TLS12 },
        { "0303" RANDOM "00 0004 c02f 5600 01 00", true, VER_TLS12 },
        { "0303" RANDOM "00 0002 1301 01 00 0009 002b 0005 04 7f1c 0303", true, VER_TLS13 }, /* draft 28 */
        { "0303" RANDOM "00 0002 1301 01 00 0009 002b 0005 04 0a0a 0302", true, VER_TLS11 }, /* GREASE is no version */
        { "0303" RANDOM "00 0002 1301 01 00 0007 002b 0003 02 0a0a", true, VER_TLS12 },
        { "0303" RANDOM "00 0002 1301 01 00 0008 002b 0004 03 030403", true, VER_TLS12 }, /* no list: left out */
        { "0303" RANDOM "00 0000 01 00", false, 0 },                                      /* no suite */
        { "0303" RANDOM "00 0003 c02f00 01 00", false, 0 },
        { "0303" RANDOM "00 0002 c02f 00", false, 0 },                                        /* no compression method */
        { "0303" RANDOM "00 0002 c02f 01 00 00", false, 0 },                                  /* half a length */
        { "0303" RANDOM "00 0002 c02f 01 00 0001 00", true, VER_TLS12 },                      /* no extension: left out */
        { "0303" RANDOM "00 0002 c02f 01 00 000b 002b0003020304 00170001", true, VER_TLS13 }, /* one beyond the block */
        { "0303" RANDOM "00 0002 c02f 01 00 0005 00170000", false, 0 },    /* a block beyond the message */
        { "0303" RANDOM "00 0002 c02f 01 00 0004 00170000 00", false, 0 }, /* bytes behind the block */
        { "0303" RANDOM "21 " RANDOM "00 0002 c02f 01 00", false, 0 },     /* session id of 33 bytes */
        { "0203" RANDOM "00 0002 c02f 01 00", false, 0 },
        { "feff" RANDOM "00 0002 c02f 01 00", false, 0 }, /* DTLS only in DTLS */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct client_hello ch;
        bool ok = client_hello_parse(vector(rows[i].hex, 0), HELLO_TLS, &ch);
        if (ok != rows[i].ok || (ok && ch.max_version != rows[i].max_version))
            fail_msg("row %zu: %d, version %04x", i, ok, ch.max_version);
    }
    struct client_hello ch;
    assert_true(client_hello_parse(vector(rows[6].hex, 0), HELLO_TLS, &ch));
    assert_true(ch.fallback_scsv && !ch.renegotiation_scsv);
    assert_true(client_hello_parse(vector("fefd" RANDOM "00 02 aabb 0002 c02f 01 00", 0), HELLO_DTLS, &ch)); /* a cookie */
    assert_int_equal(ch.max_version, VER_DTLS12);
    assert_false(client_hello_parse(vector("0303" RANDOM "00 02 aabb 0002 c02f 01 00", 0), HELLO_DTLS, &ch));
}

static void sslv2_limits(void **state)
{
    (void)state;
    static const struct {
        const char *hex;
        bool ok;
    } rows[] = {
        { "01 0300 0003 0000 0010 00000a"
          "000102030405060708090a0b0c0d0e0f",
          true },
        { "01 0301 0003 0010 0010 00000a" RANDOM, true }, /* with a session id */
        { "02 0300 0003 0000 0010 00000a"
          "000102030405060708090a0b0c0d0e0f",
          false },
        { "01 0400 0003 0000 0010 00000a"
          "000102030405060708090a0b0c0d0e0f",
          false },
        { "01 0300 0004 0000 0010 00000a00"
          "000102030405060708090a0b0c0d0e0f",
          false },
        { "01 0300 0000 0000 0010"
          "000102030405060708090a0b0c0d0e0f",
          false },
        { "01 0300 0003 0001 0010 00000a 00"
          "000102030405060708090a0b0c0d0e0f",
          false },
        { "01 0300 0003 0000 000f 00000a"
          "000102030405060708090a0b0c0d0e",
          false },
        { "01 0300 0003 0000 0021 00000a" RANDOM "00", false },
        { "01 0300 0003 0000 0010 00000a"
          "000102030405060708090a0b0c0d0e0f 00",
          false },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct client_hello ch;
        if (client_hello_parse_sslv2(vector(rows[i].hex, 0), &ch) != rows[i].ok)
            fail_msg("row %zu", i);
    }
}

/* Inside an extension, what does not parse is left out and the hello stands. */
static void broken_extensions_leave_the_hello(void **state)
{
    (void)state;
    static const char *const broken[] = {
        "00000002 0005", /* server_name list longer than its extension */
        "00000005 0003 00 0009", "000a0003 0001 00",      "000a0005 0003 001d00",    "000b0001 05",
        "000d0003 0002 04",      "00100004 0002 0568",    "00100003 0001 00", /* an empty ALPN name */
        "002b0002 0303",         "00330005 0003 001d 00", "00330006 0006 001d 0001",
    };
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        uint8_t ext[64];
        char hex[512];
        size_t n = unhex(broken[i], ext, sizeof ext);
        (void)snprintf(hex, sizeof hex, "0303" RANDOM "00 0002 c02f 01 00 %04zx %s", n, broken[i]);
        struct client_hello ch;
        if (!client_hello_parse(vector(hex, 0), HELLO_TLS, &ch) || rd_left(&ch.sni) || rd_left(&ch.groups) ||
            rd_left(&ch.sigalgs) || rd_left(&ch.alpn) || rd_left(&ch.versions) || rd_left(&ch.key_shares) ||
            rd_left(&ch.point_formats))
            fail_msg("%s", broken[i]);
    }
}

/* ---- ServerHello ---- */

static const struct server_row {
    const char *name, *hex;
    uint16_t version, wire;
    uint32_t suite;
    uint16_t group;
    uint8_t sentinel;
    bool hrr, psk;
    size_t session_id;
    const char *alpn;
    uint32_t mask;
} servers[] = {
    { "rfc8448 3", sh_simple, VER_TLS13, 0x0304, 0x1301, 29, 0, false, false, 0, "",
      EXT_KEY_SHARE | EXT_SUPPORTED_VERSIONS },
    { "rfc8448 5 retry", retry, VER_TLS13, 0x0304, 0x1301, 23, 0, true, false, 0, "",
      EXT_KEY_SHARE | EXT_SUPPORTED_VERSIONS | EXT_COOKIE },
    { "rfc8448 5", sh_after_retry, VER_TLS13, 0x0304, 0x1301, 23, 0, false, false, 0, "",
      EXT_KEY_SHARE | EXT_SUPPORTED_VERSIONS },
    { "ssl3", sh_ssl3, VER_SSL3, 0x0300, 0x0004, 0, 0, false, false, 32, "", EXT_RENEGOTIATION_INFO },
    { "tls10", sh_tls10, VER_TLS10, 0x0301, 0x0005, 0, 0, false, false, 0, "",
      EXT_RENEGOTIATION_INFO | EXT_TICKET | EXT_NPN },
    { "tls12", sh_tls12, VER_TLS12, 0x0303, 0xc030, 0, SENTINEL_TLS12, false, false, 0, "6832",
      EXT_RENEGOTIATION_INFO | EXT_POINT_FORMATS | EXT_TICKET | EXT_ALPN | EXT_EMS },
    { "draft 19", sh_draft19, VER_TLS13, 0x7f13, 0x1302, 29, 0, false, false, 0, "", EXT_KEY_SHARE },
    { "fb1a", sh_fb1a, VER_TLS13, 0xfb1a, 0x1301, 29, 0, false, true, 32, "",
      EXT_SUPPORTED_VERSIONS | EXT_KEY_SHARE | EXT_PSK },
    { "7e01", sh_7e01, VER_TLS13, 0x7e01, 0x1301, 29, 0, false, false, 32, "", EXT_SUPPORTED_VERSIONS | EXT_KEY_SHARE },
};

static void server_facts(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof servers / sizeof servers[0]; i++) {
        const struct server_row *w = &servers[i];
        struct server_hello sh;
        if (!server_hello_parse(vector(w->hex, 4), false, &sh))
            fail_msg("%s refused", w->name);
        if (sh.version != w->version || sh.version_wire != w->wire || sh.suite != w->suite || sh.group != w->group ||
            sh.sentinel != w->sentinel || sh.hrr != w->hrr || sh.psk != w->psk ||
            rd_left(&sh.session_id) != w->session_id || !holds(sh.alpn, w->alpn) || sh.ext_mask != w->mask ||
            sh.compression != 0)
            fail_msg("%s: version %04x/%04x suite %x group %u sentinel %u mask %x", w->name, sh.version, sh.version_wire,
                     sh.suite, sh.group, sh.sentinel, sh.ext_mask);
    }
}

static void server_limits(void **state)
{
    (void)state;
    static const struct {
        const char *hex;
        bool ok;
        uint16_t version;
        uint8_t sentinel;
    } rows[] = {
        { "0303" RANDOM "00 c02f 00", true, VER_TLS12, 0 },
        { "0303" RANDOM "00 c02f 00 0000", true, VER_TLS12, 0 },
        { "0303" RANDOM "00 1301 00", true, VER_TLS12, 0 }, /* what it says, though no client would take it */
        { "0304" RANDOM "1301 0000", true, VER_TLS13, 0 },  /* a draft that already said 3.4: no session id */
        { "0304" RANDOM "00 1301 00", true, VER_TLS13, 0 },
        { "7f12" RANDOM "1301 0000", true, VER_TLS13, 0 },
        { "7f12" RANDOM "00 1301 00 0000", false, 0, 0 },
        { "0302 000102030405060708090a0b0c0d0e0f1011121314151617 444f574e47524400 00 002f 00", true, VER_TLS11,
          SENTINEL_TLS11 },
        { "0303 000102030405060708090a0b0c0d0e0f1011121314151617 444f574e47524401 00 c02f 00", true, VER_TLS12,
          SENTINEL_TLS12 },
        { "0303 000102030405060708090a0b0c0d0e0f1011121314151617 444f574e47524402 00 c02f 00", true, VER_TLS12,
          SENTINEL_NONE },
        { "0303 000102030405060708090a0b0c0d0e0f1011121314151617 444f574e47524401 00 1301 00 0006 002b00020304", true,
          VER_TLS13, SENTINEL_NONE },
        { "0303" RANDOM "00 c02f", false, 0, 0 }, /* no compression method */
        { "0303" RANDOM "00 c02f 00 00", false, 0, 0 },
        { "0303" RANDOM "00 c02f 00 0005 0017000000", false, 0, 0 },
        { "0303" RANDOM "00 c02f 00 0004 00170000 00", false, 0, 0 },
        { "0303" RANDOM "00 1301 00 0005 002b000103", false, 0, 0 }, /* the version must be sound */
        { "0303" RANDOM "00 1301 00 0006 002b00020a0a", false, 0, 0 },
        { "0303" RANDOM "21 " RANDOM "00 c02f 00", false, 0, 0 },
        { "0909" RANDOM "00 c02f 00", false, 0, 0 },
        { "03ff" RANDOM "00 c02f 00", false, 0, 0 }, /* a version that nobody can have chosen */
        { "fefd" RANDOM "00 c02f 00", false, 0, 0 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct server_hello sh;
        bool ok = server_hello_parse(vector(rows[i].hex, 0), false, &sh);
        if (ok != rows[i].ok || (ok && (sh.version != rows[i].version || sh.sentinel != rows[i].sentinel)))
            fail_msg("row %zu: %d version %04x sentinel %u", i, ok, sh.version, sh.sentinel);
    }
    struct server_hello sh;
    assert_true(server_hello_parse(vector("fefd" RANDOM "00 c02f 00", 0), true, &sh));
    assert_int_equal(sh.version, VER_DTLS12);
    assert_true(server_hello_parse(vector("fefd" RANDOM "00 1301 00 0006 002b0002fefc", 0), true, &sh));
    assert_int_equal(sh.version, VER_DTLS13);
    assert_false(server_hello_parse(vector("0303" RANDOM "00 c02f 00", 0), true, &sh));
}

/* The HelloRetryRequest that was a message of its own: draft 18 without a suite, draft 19 with one. */
static void draft_retry(void **state)
{
    (void)state;
    struct server_hello sh;
    assert_true(hello_retry_parse(vector("7f12 0006 002800020017", 0), &sh));
    assert_true(sh.hrr);
    assert_int_equal(sh.group, 23);
    assert_true(hello_retry_parse(vector("7f13 1301 0006 002800020017", 0), &sh));
    assert_int_equal(sh.suite, 0x1301);
    assert_false(hello_retry_parse(vector("0303 0006 002800020017", 0), &sh));
    assert_false(hello_retry_parse(vector("7f13 1301 0007 002800020017", 0), &sh));
}

/* ---- every prefix ---- */

static void no_prefix_of_a_hello_is_one(void **state)
{
    (void)state;
    struct client_hello ch;
    struct server_hello sh;
    static const char *const clients[] = { ch_simple, ch_resumed, ch_first };
    for (size_t i = 0; i < 3; i++) {
        size_t n = unhex(clients[i], bytes, sizeof bytes);
        for (size_t k = 4; k < n; k++) {
            bool ok = client_hello_parse(rd_of(guarded(bytes + 4, k - 4), k - 4), HELLO_TLS, &ch);
            assert_int_equal(ok, k == 4 + 44 + 1); /* without extensions it is one of TLS 1.2 */
        }
    }
    for (size_t i = 0; i < sizeof servers / sizeof servers[0]; i++) {
        size_t n = unhex(servers[i].hex, bytes, sizeof bytes);
        for (size_t k = 4; k < n; k++) {
            struct rd r = rd_of(guarded(bytes + 4, k - 4), k - 4);
            size_t head = servers[i].wire == 0x7f13 ? 36 : 38 + servers[i].session_id;
            if (server_hello_parse(r, false, &sh) != (k == 4 + head)) /* one without extensions */
                fail_msg("%s cut at %zu", servers[i].name, k);
            /* cut, it still tells the version once that is sound, and never another */
            bool some = server_hello_partial(r, true, false, &sh);
            assert_int_equal(some, k - 4 >= head);
            if (some)
                assert_true(sh.version == servers[i].version && sh.suite == servers[i].suite && sh.hrr == servers[i].hrr);
        }
    }
    static const char *const v2[] = { v2_java, v2_openssl };
    for (size_t i = 0; i < 2; i++) {
        size_t n = unhex(v2[i], bytes, sizeof bytes);
        for (size_t k = 0; k < n; k++)
            assert_false(client_hello_parse_sslv2(rd_of(guarded(bytes, k), k), &ch));
    }
}

/* ---- the canonical form ---- */

struct form {
    uint8_t b[OFFER_MAX];
    size_t n;
};

static struct form form_of(struct rd body)
{
    struct client_hello ch;
    struct form f;
    assert_true(client_hello_parse(body, HELLO_TLS, &ch));
    f.n = client_hello_offer(&ch, f.b);
    return f;
}

static bool same_form(const struct form *a, const struct form *b)
{
    return a->n == b->n && memcmp(a->b, b->b, a->n) == 0;
}

static void put16(uint8_t *p, size_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
}

/* A recorded hello of Chromium (GREASE, permuted extensions), taken apart so that it can be put together in another order. */
struct browser {
    uint8_t body[4096];
    size_t head;       /* bytes before the extension block */
    struct rd ext[64]; /* with type and length */
    size_t count;
};

static void browser_load(struct browser *b)
{
    struct recording r;
    struct client_hello ch;
    assert_true(recording_load("pcaps/tls13-grease-x25519mlkem768-chromium.pcap", &r));
    static uint8_t stream[8192];
    size_t n = 0;
    for (size_t i = 0; i < r.conv[0].count && r.conv[0].seg[i].side == 0; i++) {
        assert_true(n + r.conv[0].seg[i].n < sizeof stream);
        memcpy(stream + n, r.conv[0].seg[i].p, r.conv[0].seg[i].n);
        n += r.conv[0].seg[i].n;
    }
    recording_free(&r);
    size_t length = (size_t)stream[6] << 16 | (size_t)stream[7] << 8 | stream[8];
    assert_true(length + 9 <= n && length <= sizeof b->body);
    memcpy(b->body, stream + 9, length);
    assert_true(client_hello_parse(rd_of(b->body, length), HELLO_TLS, &ch));
    assert_true(ch.grease && (ch.ext_mask & EXT_ECH) && rd_left(&ch.sni));
    b->head = (size_t)(ch.extensions.p - b->body) - 2;
    for (struct rd e = ch.extensions; rd_left(&e); b->count++) {
        struct rd whole = e;
        rd_skip(&e, 2);
        (void)rd_vec16(&e);
        b->ext[b->count] = rd_of(whole.p, (size_t)(e.p - whole.p));
    }
    assert_true(b->count > 10);
}

static struct rd browser_build(const struct browser *b, const size_t *order, uint8_t *out)
{
    memcpy(out, b->body, b->head);
    size_t n = b->head + 2;
    for (size_t i = 0; i < b->count; i++) {
        const struct rd *e = &b->ext[order[i]];
        memcpy(out + n, e->p, rd_left(e));
        n += rd_left(e);
    }
    put16(out + b->head, n - b->head - 2);
    return rd_of(out, n);
}

/* Other GREASE values, another random, session id and key: everywhere a pair of GREASE stands at a place of pairs. */
static void regrease(uint8_t *body, size_t n, uint8_t to)
{
    struct client_hello ch;
    assert_true(client_hello_parse(rd_of(body, n), HELLO_TLS, &ch));
    struct rd lists[] = { ch.suites, ch.groups, ch.versions };
    for (size_t l = 0; l < 3; l++)
        for (uint8_t *p = body + (lists[l].p - body); p < lists[l].end; p += 2)
            if (grease((uint16_t)(p[0] << 8 | p[1])))
                p[0] = p[1] = to;
    for (struct rd e = ch.extensions; rd_left(&e);) {
        uint8_t *p = body + (e.p - body);
        if (grease(rd_u16(&e)))
            p[0] = p[1] = to;
        (void)rd_vec16(&e);
    }
    for (struct rd k = ch.key_shares; rd_left(&k);) {
        uint8_t *p = body + (k.p - body);
        if (grease(rd_u16(&k)))
            p[0] = p[1] = to;
        struct rd key = rd_vec16(&k);
        memset(body + (key.p - body), to, rd_left(&key));
    }
    memset(body + 2, to, 32);
    memset(body + (ch.session_id.p - body), to, rd_left(&ch.session_id));
    memset(body + (ch.sni.p - body), 'z', rd_left(&ch.sni));
}

static void a_browser_has_one_form(void **state)
{
    (void)state;
    static struct browser b;
    static uint8_t out[4096];
    size_t order[64];
    browser_load(&b);
    for (size_t i = 0; i < b.count; i++)
        order[i] = i;
    struct form first = form_of(browser_build(&b, order, out));
    uint32_t seed = 1;
    for (unsigned round = 0; round < 200; round++) {
        for (size_t i = b.count - 1; i > 0; i--) { /* a permutation, the same in every run */
            seed = seed * 1664525 + 1013904223;
            size_t k = (seed >> 16) % (i + 1), t = order[i];
            order[i] = order[k];
            order[k] = t;
        }
        struct rd body = browser_build(&b, order, out);
        regrease(out, rd_left(&body), (uint8_t)((round % 16) << 4 | 0x0a));
        struct form f = form_of(body);
        assert_true(same_form(&first, &f));
    }
}

/* Every byte of the offer counts, and nothing else does. */
static void any_change_of_the_offer_changes_the_form(void **state)
{
    (void)state;
    static uint8_t base[512], changed[600];
    size_t n = unhex(ch_simple, base, sizeof base) - 4;
    memmove(base, base + 4, n);
    struct form first = form_of(rd_of(base, n));
    struct client_hello ch;
    assert_true(client_hello_parse(rd_of(base, n), HELLO_TLS, &ch));
    struct rd kept[] = { ch.suites, ch.groups, ch.versions, ch.sigalgs, ch.compression };
    for (size_t i = 0; i < n; i++)
        for (unsigned bit = 0; bit < 8; bit++) {
            memcpy(changed, base, n);
            changed[i] ^= (uint8_t)(1 << bit);
            struct client_hello other;
            if (!client_hello_parse(rd_of(changed, n), HELLO_TLS, &other))
                continue;
            bool counts = i < 2; /* legacy_version */
            for (size_t k = 0; k < 5; k++)
                counts = counts || (base + i >= kept[k].p && base + i < kept[k].end);
            bool silent = (i >= 2 && i < 34) || (base + i >= ch.sni.p && base + i < ch.sni.end);
            struct form f;
            f.n = client_hello_offer(&other, f.b);
            if (counts && same_form(&first, &f))
                fail_msg("byte %zu bit %u is not in the form", i, bit);
            if (silent && !same_form(&first, &f))
                fail_msg("byte %zu bit %u is in the form", i, bit);
        }
    /* an extension more, and the ones that come and go by themselves */
    static const struct {
        const char *hex;
        bool counts;
    } more[] = {
        { "00170000", true },          { "00050005 0100000000", true },
        { "00290004 00000000", true }, { "00100005 0003026832", true },
        { "00150003 000000", false },  { "002a0000", false },
        { "002c0003 000161", false },  { "3a3a0001 00", false },
    };
    for (size_t i = 0; i < sizeof more / sizeof more[0]; i++) {
        memcpy(changed, base, n);
        size_t k = unhex(more[i].hex, changed + n, sizeof changed - n);
        size_t at = (size_t)(ch.extensions.p - base) - 2;
        put16(changed + at, rd_left(&ch.extensions) + k);
        struct form f = form_of(rd_of(changed, n + k));
        /* the flag for GREASE is part of it, the values are not */
        bool greased = strncmp(more[i].hex, "3a3a", 4) == 0;
        if (greased)
            f.b[2] = first.b[2];
        if (same_form(&first, &f) == more[i].counts)
            fail_msg("%s", more[i].hex);
    }
}

static void the_form_reads_back(void **state)
{
    (void)state;
    static const char hello[] =
        "0303" RANDOM "00 000a 0a0a 1301 c02f 00ff 5600 02 0100 0045"
        "0a0a0000 000a00080006 2a2a 001d 0017 000b00020100 000d00080006 0403 0a0a 0804 00320004 0002 0804"
        "0010000e000c 026832 08687474702f312e31 002b0007 06 1a1a 0304 0303 0033000e 000c 3a3a000100 001d000301 0203";
    struct client_hello ch;
    struct offer o;
    uint8_t form[OFFER_MAX];
    size_t n = unhex(hello, bytes, sizeof bytes);
    size_t block = 2 + 32 + 1 + 2 + 10 + 3;
    put16(bytes + block, n - block - 2);
    assert_true(client_hello_parse(rd_of(guarded(bytes, n), n), HELLO_TLS, &ch));
    n = client_hello_offer(&ch, form);
    assert_true(offer_read(rd_of(guarded(form, n), n), &o));
    assert_int_equal(o.format, HELLO_TLS);
    assert_int_equal(o.legacy_version, VER_TLS12);
    assert_int_equal(o.max_version, VER_TLS13);
    assert_true(o.grease && o.fallback_scsv && o.renegotiation_scsv && !o.quic);
    assert_true(holds(o.suites, "1301c02f00ff5600"));
    assert_true(holds(o.compression, "0100"));
    assert_true(holds(o.versions, "03040303"));
    assert_true(holds(o.groups, "001d0017"));
    assert_true(holds(o.share_groups, "001d"));
    assert_true(holds(o.sigalgs, "04030804"));
    assert_true(holds(o.sigalgs_cert, "0804"));
    assert_true(holds(o.point_formats, "00"));
    assert_true(holds(o.alpn, "02683208687474702f312e31"));
    assert_true(holds(o.extensions, "000a000b000d0010002b00320033"));
    assert_int_equal(o.ext_mask, ch.ext_mask);
    for (size_t k = 0; k < n; k++)
        assert_false(offer_read(rd_of(guarded(form, k), k), &o));
    form[0]++;
    assert_false(offer_read(rd_of(form, n), &o)); /* another layout */

    assert_true(client_hello_parse_sslv2(vector(v2_java, 0), &ch));
    n = client_hello_offer(&ch, form);
    assert_true(offer_read(rd_of(form, n), &o));
    assert_int_equal(o.format, HELLO_SSLV2);
    assert_true(holds(o.suites, "00002f0000ff"));
}

/* Longer than OFFER_MAX: cut, but still different when the part that was cut differs. */
static void long_offers_keep_their_difference(void **state)
{
    (void)state;
    enum { SUITES = 20000 };
    static uint8_t body[38 + 2 * SUITES + 2];
    memset(body, 0, sizeof body);
    put16(body, VER_TLS12);
    put16(body + 35, 2 * SUITES);
    for (size_t i = 0; i < SUITES; i++)
        put16(body + 37 + 2 * i, 0xc000 + i % 256);
    body[37 + 2 * SUITES] = 1;
    struct rd r = rd_of(body, 39 + 2 * SUITES);
    struct form a = form_of(r);
    assert_int_equal(a.n, OFFER_MAX);
    struct offer o;
    assert_true(offer_read(rd_of(a.b, a.n), &o));
    assert_true(rd_left(&o.suites) > 3900 && rd_left(&o.suites) % 2 == 0);
    body[37 + 2 * SUITES - 1] ^= 1;
    struct form b = form_of(r);
    assert_false(same_form(&a, &b));
    body[37 + 2 * SUITES - 1] ^= 1;
    b = form_of(r);
    assert_true(same_form(&a, &b));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(client_of_rfc8448),
        cmocka_unit_test(client_in_sslv2_format),
        cmocka_unit_test(client_limits),
        cmocka_unit_test(sslv2_limits),
        cmocka_unit_test(broken_extensions_leave_the_hello),
        cmocka_unit_test(server_facts),
        cmocka_unit_test(server_limits),
        cmocka_unit_test(draft_retry),
        cmocka_unit_test(no_prefix_of_a_hello_is_one),
        cmocka_unit_test(a_browser_has_one_form),
        cmocka_unit_test(any_change_of_the_offer_changes_the_form),
        cmocka_unit_test(the_form_reads_back),
        cmocka_unit_test(long_offers_keep_their_difference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
