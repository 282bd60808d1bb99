/* SPDX-License-Identifier: Apache-2.0 */
#include "dissect/ja.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

/* A list of 2-byte values in a 64 KiB message. */
enum { VALUES_MAX = 32768 };

static const char HEX[] = "0123456789abcdef";

/* ---- text that is only ever hashed: streamed, because a hostile hello makes 200 KB of it ---- */

struct digest {
    EVP_MD_CTX *md; /* NULL: failed, and everything is a no-op */
    size_t n;
    char text[512];
};

static void digest_begin(struct digest *d, const EVP_MD *kind)
{
    d->n = 0;
    d->md = EVP_MD_CTX_new();
    if (d->md && EVP_DigestInit_ex(d->md, kind, NULL) != 1) {
        EVP_MD_CTX_free(d->md);
        d->md = NULL;
    }
}

static void digest_flush(struct digest *d)
{
    if (d->md)
        (void)EVP_DigestUpdate(d->md, d->text, d->n);
    d->n = 0;
}

static void digest_char(struct digest *d, char c)
{
    if (d->n == sizeof d->text)
        digest_flush(d);
    d->text[d->n++] = c;
}

static void digest_decimal(struct digest *d, unsigned v)
{
    char text[10];
    size_t n = 0;
    do
        text[n++] = (char)('0' + v % 10);
    while (v /= 10);
    while (n > 0)
        digest_char(d, text[--n]);
}

static void digest_hex4(struct digest *d, uint16_t v)
{
    for (int shift = 12; shift >= 0; shift -= 4)
        digest_char(d, HEX[v >> shift & 15]);
}

/* The first chars of the digest in hex; the empty text when libcrypto has no such digest (MD5 under FIPS). */
static void digest_end(struct digest *d, char *out, size_t chars)
{
    uint8_t hash[EVP_MAX_MD_SIZE];
    digest_flush(d);
    if (!d->md || EVP_DigestFinal_ex(d->md, hash, NULL) != 1)
        chars = 0;
    for (size_t i = 0; i < chars; i++)
        out[i] = HEX[i % 2 ? hash[i / 2] & 15 : hash[i / 2] >> 4];
    out[chars] = '\0';
    EVP_MD_CTX_free(d->md);
}

/* ---- lists ---- */

/* The next extension's type, or -1 at the end of the block. */
static int next_extension(struct rd *block)
{
    uint16_t type = rd_u16(block);
    (void)rd_vec16(block);
    return rd_ok(block) ? type : -1;
}

/* Values without GREASE into v; the count. */
static size_t values_of(struct rd list, uint16_t v[VALUES_MAX])
{
    size_t n = 0;
    while (rd_left(&list) >= 2 && n < VALUES_MAX) {
        uint16_t value = rd_u16(&list);
        if (!grease(value))
            v[n++] = value;
    }
    return n;
}

static size_t extensions_of(struct rd block, uint16_t v[VALUES_MAX])
{
    size_t n = 0;
    for (int type; n < VALUES_MAX && (type = next_extension(&block)) >= 0;)
        if (!grease((uint16_t)type))
            v[n++] = (uint16_t)type;
    return n;
}

/* One stable pass by the byte at shift. */
static void sort_pass(const uint16_t *from, uint16_t *to, size_t n, unsigned shift)
{
    size_t at[257] = { 0 };
    for (size_t i = 0; i < n; i++)
        at[(from[i] >> shift & 255) + 1]++;
    for (size_t i = 0; i < 256; i++)
        at[i + 1] += at[i];
    for (size_t i = 0; i < n; i++)
        to[at[from[i] >> shift & 255]++] = from[i];
}

/* By low byte, then by high byte: linear also for a hello full of suites. */
static void sort_values(uint16_t *v, size_t n)
{
    uint16_t other[VALUES_MAX];
    sort_pass(v, other, n, 0);
    sort_pass(other, v, n, 8);
}

/* ---- JA3 ---- */

static void ja3_values(struct digest *d, const uint16_t *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            digest_char(d, '-');
        digest_decimal(d, v[i]);
    }
}

/* MD5 of "version,suites,extensions,groups,point formats": decimal, in wire order, GREASE removed. */
void ja3_client(const struct client_hello *ch, char out[JA3_TEXT])
{
    struct digest d;
    uint16_t v[VALUES_MAX];
    struct rd formats = ch->point_formats;
    out[0] = '\0';
    if (ch->format == HELLO_SSLV2)
        return;
    digest_begin(&d, EVP_md5());
    digest_decimal(&d, ch->legacy_version);
    digest_char(&d, ',');
    ja3_values(&d, v, values_of(ch->suites, v));
    digest_char(&d, ',');
    ja3_values(&d, v, extensions_of(ch->extensions, v));
    digest_char(&d, ',');
    ja3_values(&d, v, values_of(ch->groups, v));
    digest_char(&d, ',');
    for (bool first = true; rd_left(&formats) > 0; first = false) {
        if (!first)
            digest_char(&d, '-');
        digest_decimal(&d, rd_u8(&formats));
    }
    digest_end(&d, out, JA3_TEXT - 1);
}

/* MD5 of "version,suite,extensions". Servers send no GREASE here, and nothing is removed. */
void ja3_server(const struct server_hello *sh, char out[JA3_TEXT])
{
    struct digest d;
    struct rd block = sh->extensions;
    digest_begin(&d, EVP_md5());
    digest_decimal(&d, sh->legacy_version);
    digest_char(&d, ',');
    digest_decimal(&d, (uint16_t)sh->suite);
    digest_char(&d, ',');
    bool first = true;
    for (int type; (type = next_extension(&block)) >= 0; first = false) {
        if (!first)
            digest_char(&d, '-');
        digest_decimal(&d, (unsigned)type);
    }
    digest_end(&d, out, JA3_TEXT - 1);
}

/* ---- JA4 ---- */

enum { EXTENSION_SNI = 0, EXTENSION_ALPN = 16, HASH_CHARS = 12 };

/* The highest version offered: of supported_versions when there is one. DTLS counts downwards. */
static uint16_t ja4_highest(const struct client_hello *ch)
{
    struct rd list = ch->versions;
    uint16_t best = 0;
    while (rd_left(&list) >= 2) {
        uint16_t v = rd_u16(&list);
        bool dtls = v >> 8 == 0xfe;
        if (!grease(v) && (best == 0 || (dtls ? v < best : v > best)))
            best = v;
    }
    return best ? best : ch->legacy_version;
}

static const char *ja4_version(uint16_t version)
{
    static const struct {
        uint16_t version;
        char text[3];
    } known[] = { { VER_TLS13, "13" },  { VER_TLS12, "12" },  { VER_TLS11, "11" },  { VER_TLS10, "10" }, { VER_SSL3, "s3" },
                  { VER_SSL2, "s2" },   { VER_DTLS10, "d1" }, { VER_DTLS12, "d2" }, { VER_DTLS13, "d3" } };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].version == version)
            return known[i].text;
    return "00"; /* drafts too */
}

static bool alphanumeric(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* First and last character of the first ALPN name; where one of them is not alphanumeric, those of the name in hex. */
static void ja4_alpn(struct rd list, char out[3])
{
    struct rd name = rd_vec8(&list);
    size_t n = rd_left(&name);
    memcpy(out, "00", 3);
    if (n == 0)
        return;
    uint8_t first = name.p[0], last = name.p[n - 1];
    if (alphanumeric(first) && alphanumeric(last))
        (void)snprintf(out, 3, "%c%c", first, last);
    else
        (void)snprintf(out, 3, "%x%x", first >> 4, last & 15u);
}

static void ja4_values(struct digest *d, const uint16_t *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            digest_char(d, ',');
        digest_hex4(d, v[i]);
    }
}

/* SHA-256 of the sorted list, and of "_" and the unsorted tail when there is one. No list: zeros. */
static void ja4_hash(uint16_t *list, size_t n, struct rd tail, char out[HASH_CHARS + 1])
{
    struct digest d;
    memcpy(out, "000000000000", HASH_CHARS + 1);
    if (n == 0)
        return;
    sort_values(list, n);
    digest_begin(&d, EVP_sha256());
    ja4_values(&d, list, n);
    n = values_of(tail, list);
    if (n > 0)
        digest_char(&d, '_');
    ja4_values(&d, list, n);
    digest_end(&d, out, HASH_CHARS);
}

void ja4_client(const struct client_hello *ch, char transport, char out[JA4_TEXT])
{
    static const struct rd none = { 0 };
    uint16_t v[VALUES_MAX];
    char alpn[3], b[HASH_CHARS + 1], c[HASH_CHARS + 1];
    out[0] = '\0';
    if (ch->format == HELLO_SSLV2)
        return;
    size_t suites = values_of(ch->suites, v);
    ja4_hash(v, suites, none, b);
    size_t extensions = extensions_of(ch->extensions, v), kept = 0;
    for (size_t i = 0; i < extensions; i++)
        if (v[i] != EXTENSION_SNI && v[i] != EXTENSION_ALPN)
            v[kept++] = v[i];
    ja4_hash(v, kept, ch->sigalgs, c);
    ja4_alpn(ch->alpn, alpn);
    (void)snprintf(out, JA4_TEXT, "%c%s%c%02u%02u%s_%s_%s", transport, ja4_version(ja4_highest(ch)),
                   ch->ext_mask & EXT_SNI ? 'd' : 'i', (unsigned)(suites < 99 ? suites : 99),
                   (unsigned)(extensions < 99 ? extensions : 99), alpn, b, c);
}
