/* SPDX-License-Identifier: Apache-2.0 */
#include "report/profile.h"
#include "dissect/ja.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

enum {
    X_SERVER_NAME = 0, X_STATUS_REQUEST = 5, X_ALPN = 16, X_STATUS_REQUEST_V2 = 17, X_SCT = 18, X_PADDING = 21,
    X_ENCRYPT_THEN_MAC = 22, X_EMS = 23, X_COMPRESS_CERTIFICATE = 27, X_RECORD_SIZE_LIMIT = 28, X_DELEGATED_CREDENTIAL = 34,
    X_SESSION_TICKET = 35, X_PRE_SHARED_KEY = 41, X_EARLY_DATA = 42, X_COOKIE = 44, X_PSK_MODES = 45,
    X_NPN = 13172, X_ALPS_OLD = 17513, X_ALPS = 17613, X_RENEGOTIATION_INFO = 65281,
};

static bool of_the_connection(uint16_t extension)
{
    static const uint16_t list[] = { X_SERVER_NAME, X_ALPN, X_PADDING, X_SESSION_TICKET, X_PRE_SHARED_KEY, X_EARLY_DATA,
                                     X_COOKIE, X_PSK_MODES, X_NPN, X_ALPS_OLD, X_ALPS };
    for (size_t i = 0; i < sizeof list / sizeof *list; i++)
        if (list[i] == extension)
            return true;
    return false;
}

/* A writer into the stack's bytes; an offer of OFFER_MAX always fits. */
struct out {
    uint8_t *p;
    size_t n;
};

static void put16(struct out *o, size_t v)
{
    if (o->n + 2 > STACK_MAX)
        return;
    o->p[o->n++] = (uint8_t)(v >> 8);
    o->p[o->n++] = (uint8_t)v;
}

static void put_list(struct out *o, struct rd list)
{
    size_t n = rd_left(&list);
    if (o->n + 2 + n > STACK_MAX)
        return;
    put16(o, n);
    if (n)
        memcpy(o->p + o->n, list.p, n);
    o->n += n;
}

static void put_extensions(struct out *o, struct rd types)
{
    while (rd_left(&types) >= 2) {
        uint16_t t = rd_u16(&types);
        if (!of_the_connection(t))
            put16(o, t);
    }
}

size_t profile_stack(struct rd offer, uint8_t out[STACK_MAX])
{
    struct offer f;
    struct out o = { .p = out };
    if (!offer_read(offer, &f)) {
        put_list(&o, offer);
        return o.n;
    }
    put16(&o, (size_t)f.format << 8 | (size_t)f.quic << 3 | (size_t)f.fallback_scsv << 2 |
                  (size_t)f.renegotiation_scsv << 1 | f.grease);
    put16(&o, f.legacy_version);
    put_list(&o, f.versions);
    put_list(&o, f.suites);
    put_list(&o, f.compression);
    put_list(&o, f.groups);
    put_list(&o, f.sigalgs);
    put_list(&o, f.sigalgs_cert);
    put_list(&o, f.point_formats);
    put_extensions(&o, f.extensions);
    return o.n;
}

bool profile_label(const uint8_t *stack, size_t n, char out[STACK_LABEL])
{
    uint8_t md[EVP_MAX_MD_SIZE];
    if (EVP_Digest(stack, n, md, NULL, EVP_sha256(), NULL) != 1)
        return false;
    (void)snprintf(out, STACK_LABEL, "%02x%02x%02x%02x%02x%02x", md[0], md[1], md[2], md[3], md[4], md[5]);
    return true;
}

void profile_ja4(const struct client_hello *ch, char out[PROFILE_JA4])
{
    char text[JA4_TEXT];
    char transport = ch->ext_mask & EXT_QUIC_PARAMS ? 'q' : ch->format == HELLO_DTLS ? 'd' : 't';
    ja4_client(ch, transport, text);
    memset(out, 0, PROFILE_JA4);
    memcpy(out, text, strlen(text));
}

/* What only one family of software is known to send; the first row that holds wins. Each row: extensions that must be there,
 * ones that must not, what the lists of groups (after X25519MLKEM768) and of signature schemes begin with, whether GREASE must
 * be. Orders of groups are those of the recordings in pcaps/ (node 0.8, 0.10 and 4 carry OpenSSL 1.0.0, 1.0.1 and 1.0.2). */
struct rule {
    const char *like;
    uint16_t with[4], without[4], groups[6], sigalgs[6];
    bool grease;
};

static const struct rule rules[] = {
    /* Application settings were only ever sent by BoringSSL on behalf of Chromium. */
    { "like Chromium", .with = { X_ALPS } },
    { "like Chromium (before 2024)", .with = { X_ALPS_OLD } },
    /* Apple's clients offer four curves where Chromium offers three, and ecdsa_sha1 in the fifth place or no session tickets. */
    { "like Apple Safari", .groups = { 0x1d, 0x17, 0x18, 0x19 }, .sigalgs = { 0x0403, 0x0804, 0x0401, 0x0503, 0x0203 } },
    { "like Apple Safari", .with = { X_COMPRESS_CERTIFICATE, X_SCT }, .without = { X_SESSION_TICKET },
      .groups = { 0x1d, 0x17, 0x18, 0x19 }, .grease = true },
    { "like BoringSSL", .groups = { 0x1d, 0x17, 0x18 }, .sigalgs = { 0x0403, 0x0804, 0x0401, 0x0503 }, .grease = true },
    /* Firefox alone asks for delegated credentials (RFC 9345); other users of NSS have record_size_limit (RFC 8449) too. */
    { "like Mozilla Firefox", .with = { X_DELEGATED_CREDENTIAL, X_RECORD_SIZE_LIMIT } },
    { "like GnuTLS", .with = { X_RECORD_SIZE_LIMIT, X_ENCRYPT_THEN_MAC } },
    { "like NSS", .with = { X_RECORD_SIZE_LIMIT, X_EMS, X_RENEGOTIATION_INFO }, .without = { X_ENCRYPT_THEN_MAC } },
    /* status_request_v2 (RFC 6961) is asked for by Java's own TLS and hardly anyone else. */
    { "like Java", .with = { X_STATUS_REQUEST_V2 } },
    { "like OpenSSL 1.1.1 or later", .with = { X_ENCRYPT_THEN_MAC, X_EMS }, .groups = { 0x1d, 0x17, 0x1e, 0x19, 0x18 } },
    { "like OpenSSL 1.1.1 or later", .with = { X_ENCRYPT_THEN_MAC, X_EMS }, .groups = { 0x1d, 0x17, 0x1e, 0x18, 0x19 } },
    { "like OpenSSL 1.0.2", .groups = { 0x17, 0x19, 0x1c, 0x1b, 0x18, 0x1a } },
    { "like OpenSSL 1.0.1", .groups = { 0x0e, 0x0d, 0x19, 0x0b, 0x0c, 0x18 } },
    { "like OpenSSL 1.0.0", .groups = { 1, 2, 3, 4, 5, 6 } },
    { "like mbed TLS", .groups = { 0x19, 0x1c, 0x18, 0x1b, 0x17 } },
    { "like wolfSSL", .groups = { 0x19, 0x1c, 0x18, 0x1b, 0x1e } },
    /* Go asks for SCTs and OCSP staples and prefers PSS with SHA-256. */
    { "like Go", .with = { X_SCT, X_STATUS_REQUEST, X_RENEGOTIATION_INFO }, .sigalgs = { 0x0804, 0x0403, 0x0807 } },
};

static bool list_has(struct rd list, uint16_t v)
{
    while (rd_left(&list) >= 2)
        if (rd_u16(&list) == v)
            return true;
    return false;
}

static bool list_begins(struct rd list, const uint16_t want[6])
{
    for (unsigned i = 0; i < 6 && want[i]; i++)
        if (rd_u16(&list) != want[i])
            return false;
    return true;
}

static bool groups_begin(struct rd list, const uint16_t want[6])
{
    enum { X25519MLKEM768 = 0x11ec };
    struct rd ahead = list;
    return list_begins(rd_u16(&ahead) == X25519MLKEM768 ? ahead : list, want);
}

static bool rule_holds(const struct rule *r, const struct offer *o)
{
    for (unsigned i = 0; i < 4; i++) {
        if (r->with[i] && !list_has(o->extensions, r->with[i]))
            return false;
        if (r->without[i] && list_has(o->extensions, r->without[i]))
            return false;
    }
    return groups_begin(o->groups, r->groups) && list_begins(o->sigalgs, r->sigalgs) && (!r->grease || o->grease);
}

const char *profile_guess(const struct offer *o)
{
    if (o->format == HELLO_SSLV2) /* where SSL 2.0 was not switched off, as before OpenSSL 1.1.0; Java's SSLv2Hello */
        return "like OpenSSL before 1.1.0 or old Java";
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (rule_holds(&rules[i], o))
            return rules[i].like;
    return NULL;
}
