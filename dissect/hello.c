/* SPDX-License-Identifier: Apache-2.0 */
#include "dissect/hello.h"
#include "base/limits.h"

#include "dissect/ext.h"

#include <arpa/inet.h>
#include <stdlib.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

enum { SCSV_RENEGOTIATION = 0x00ff, SCSV_FALLBACK = 0x5600 };

/* Does a legacy_version look like one? 3.x, DTLS's, or what TLS 1.3 drafts and experiments wrote there. */
static bool version_plausible(uint16_t v, bool dtls)
{
    return dtls ? v >> 8 == 0xfe || v == VER_DTLS10_OPENSSL : v >> 8 == 3 || version_canonical(v) == VER_TLS13;
}

/* Of two-byte code points. Every list of every hello goes through these two: nothing in their loops keeps a compiler from looking
 * at several points at once. */
static inline uint16_t point_at(const uint8_t *p)
{
    uint16_t v;
    memcpy(&v, p, sizeof v);
    return ntohs(v);
}

static bool any_grease(struct rd pairs)
{
    unsigned any = 0;
    for (size_t i = 0, n = rd_left(&pairs) / 2; i < n; i++)
        any |= grease(point_at(pairs.p + 2 * i));
    return any;
}

/* Signalling values and GREASE among the suites. */
static void scan_suites(struct client_hello *ch)
{
    unsigned fallback = 0, renegotiation = 0, greased = 0;
    for (size_t i = 0, n = rd_left(&ch->suites) / 2; i < n; i++) {
        uint16_t suite = point_at(ch->suites.p + 2 * i);
        fallback |= suite == SCSV_FALLBACK;
        renegotiation |= suite == SCSV_RENEGOTIATION;
        greased |= grease(suite);
    }
    ch->fallback_scsv = fallback;
    ch->renegotiation_scsv = renegotiation;
    ch->grease |= greased;
}

/* SSLv2's are three bytes, of which the first is 0 in those of TLS. */
static void scan_sslv2_suites(struct client_hello *ch)
{
    for (struct rd r = ch->suites; rd_left(&r) >= 3;) {
        uint32_t suite = rd_u24(&r);
        ch->fallback_scsv |= suite == SCSV_FALLBACK;
        ch->renegotiation_scsv |= suite == SCSV_RENEGOTIATION;
        ch->grease |= suite <= UINT16_MAX && grease((uint16_t)suite);
    }
}

static bool any_grease_share(struct rd shares)
{
    while (rd_left(&shares)) {
        if (grease(rd_u16(&shares)))
            return true;
        (void)rd_vec16(&shares);
    }
    return false;
}

/* RFC 8446 section 4.2.1: supported_versions is what counts when it is there; without it nothing above 1.2 can be chosen,
 * except by the first drafts, which wrote 3.4 into the old field. */
static uint16_t highest_version(const struct client_hello *ch)
{
    uint16_t best = VER_NONE;
    for (struct rd r = ch->versions; rd_left(&r);) {
        uint16_t v = version_canonical(rd_u16(&r));
        if (version_rank(v) > version_rank(best))
            best = v;
    }
    if (best != VER_NONE)
        return best;
    best = version_canonical(ch->legacy_version);
    if (best == VER_NONE) /* above all that exist: a test of version tolerance */
        best = ch->format == HELLO_DTLS ? VER_DTLS12 : VER_TLS12;
    return best;
}

bool client_hello_parse(struct rd body, enum hello_format format, struct client_hello *ch)
{
    *ch = (struct client_hello){ .raw = body, .format = (uint8_t)format };
    ch->legacy_version = rd_u16(&body);
    rd_skip(&body, 32);
    ch->session_id = rd_vec8(&body);
    if (format == HELLO_DTLS)
        (void)rd_vec8(&body); /* cookie, RFC 6347 section 4.2.1 */
    ch->suites = rd_vec16(&body);
    ch->compression = rd_vec8(&body);
    size_t suites = rd_left(&ch->suites);
    if (!rd_ok(&body) || !version_plausible(ch->legacy_version, format == HELLO_DTLS) || rd_left(&ch->session_id) > 32 ||
        suites < 2 || suites % 2 || rd_left(&ch->compression) < 1)
        return false;
    if (rd_left(&body)) { /* SSLv3 to TLS 1.2 without extensions end here */
        ch->extensions = ext_client_block(rd_vec16(&body), ch);
        if (!rd_done(&body))
            return false;
    }
    scan_suites(ch);
    ch->grease |= any_grease(ch->groups) || any_grease(ch->versions) || any_grease(ch->sigalgs) ||
                  any_grease_share(ch->key_shares);
    ch->max_version = highest_version(ch);
    return true;
}

/* draft-hickman-netscape-ssl section 2.5; RFC 5246 appendix E.2 for what TLS put into it. */
bool client_hello_parse_sslv2(struct rd body, struct client_hello *ch)
{
    *ch = (struct client_hello){ .raw = body, .format = HELLO_SSLV2 };
    uint8_t msg_type = rd_u8(&body);
    ch->legacy_version = rd_u16(&body);
    uint16_t suites = rd_u16(&body), session_id = rd_u16(&body), challenge = rd_u16(&body);
    ch->suites = rd_sub(&body, suites);
    ch->session_id = rd_sub(&body, session_id);
    rd_skip(&body, challenge);
    if (!rd_done(&body) || msg_type != 1 || suites < 3 || suites % 3 || (session_id != 0 && session_id != 16) ||
        challenge < 16 || challenge > 32)
        return false;
    if (ch->legacy_version != VER_SSL2 && ch->legacy_version >> 8 != 3)
        return false;
    scan_sslv2_suites(ch);
    ch->max_version = highest_version(ch);
    return true;
}

/* RFC 8446 section 4.1.3. */
static const uint8_t retry_random[32] = { 0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c,
                                          0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb,
                                          0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c };

static uint8_t sentinel_of(const uint8_t random[32])
{
    static const uint8_t downgrd[7] = { 0x44, 0x4f, 0x57, 0x4e, 0x47, 0x52, 0x44 };
    if (memcmp(random + 24, downgrd, sizeof downgrd) != 0)
        return SENTINEL_NONE;
    return random[31] == 0 ? SENTINEL_TLS11 : random[31] == 1 ? SENTINEL_TLS12 : SENTINEL_NONE;
}

/* Up to draft 21 a TLS 1.3 ServerHello had neither session id nor compression: the suite followed the random, then the
 * extensions. Told by the draft's number, or for other values of TLS 1.3 by the lengths adding up. */
static bool draft_layout(struct rd after_random, uint16_t legacy_version)
{
    if (legacy_version >= 0x7f00 && legacy_version <= 0x7f15)
        return true;
    if (version_canonical(legacy_version) != VER_TLS13)
        return false;
    rd_skip(&after_random, 2);
    (void)rd_vec16(&after_random);
    return rd_done(&after_random);
}

static void finish_version(struct server_hello *sh, const uint8_t *random)
{
    sh->version = version_canonical(sh->version_wire);
    if (memcmp(random, retry_random, sizeof retry_random) == 0)
        sh->hrr = true;
    else if (version_rank(sh->version) < version_rank(VER_TLS13))
        sh->sentinel = sentinel_of(random);
}

/* The fields up to the extension block; false when even these are not all there. *random points into the body. */
static bool server_hello_head(struct rd *body, bool dtls, struct server_hello *sh, const uint8_t **random)
{
    *sh = (struct server_hello){ .legacy_version = rd_u16(body) };
    sh->version_wire = sh->legacy_version;
    *random = rd_take(body, 32);
    bool draft = *random && !dtls && draft_layout(*body, sh->legacy_version);
    if (!draft)
        sh->session_id = rd_vec8(body);
    sh->suite = rd_u16(body);
    if (!draft)
        sh->compression = rd_u8(body);
    return rd_ok(body) && version_plausible(sh->legacy_version, dtls) && rd_left(&sh->session_id) <= 32;
}

bool server_hello_parse(struct rd body, bool dtls, struct server_hello *sh)
{
    const uint8_t *random;
    if (!server_hello_head(&body, dtls, sh, &random))
        return false;
    if (rd_left(&body)) {
        sh->extensions = rd_vec16(&body);
        if (!rd_done(&body) || !ext_server_block(sh->extensions, sh))
            return false;
    }
    finish_version(sh, random);
    return sh->version != VER_NONE;
}

/* The whole extensions at the start of a block whose end is missing. */
static struct rd whole_extensions(struct rd body)
{
    rd_skip(&body, 2);
    if (!rd_ok(&body))
        return rd_of(NULL, 0);
    struct rd block = body;
    for (struct rd walk = body; rd_left(&walk);) {
        rd_skip(&walk, 2);
        (void)rd_vec16(&walk);
        if (rd_ok(&walk))
            body.p = walk.p;
    }
    return rd_of(block.p, (size_t)(body.p - block.p));
}

bool server_hello_partial(struct rd part, bool cut, bool dtls, struct server_hello *sh)
{
    const uint8_t *random;
    if (!server_hello_head(&part, dtls, sh, &random))
        return false;
    sh->extensions = whole_extensions(part);
    if (!ext_server_block(sh->extensions, sh))
        return false;
    const struct suite *suite = suite_find(sh->suite);
    /* Suites of TLS 1.3 are of no other version, and the reverse. */
    if (cut && !(sh->ext_mask & EXT_SUPPORTED_VERSIONS) && suite && suite->min_version == VER_TLS13)
        sh->version_wire = dtls ? VER_DTLS13 : VER_TLS13;
    finish_version(sh, random);
    return sh->version != VER_NONE && suite;
}

/* The message of its own that drafts up to 21 had (HandshakeType 6): version, since draft 19 a suite, extensions. */
bool hello_retry_parse(struct rd body, struct server_hello *sh)
{
    *sh = (struct server_hello){ .hrr = true, .legacy_version = rd_u16(&body) };
    sh->version_wire = sh->legacy_version;
    struct rd with_suite = body;
    rd_skip(&with_suite, 2);
    (void)rd_vec16(&with_suite);
    if (rd_done(&with_suite))
        sh->suite = rd_u16(&body);
    sh->extensions = rd_vec16(&body);
    if (!rd_done(&body) || !ext_server_block(sh->extensions, sh))
        return false;
    sh->version = version_canonical(sh->version_wire);
    return sh->version == VER_TLS13;
}

/*
 * The canonical form. All numbers big-endian:
 *   u8 layout (OFFER_LAYOUT), u8 format, u8 flags (enum offer_flag), u16 legacy_version, u16 max_version,
 *   then ten lists, each as u16 length in bytes and its bytes, in the order of offer_write().
 * Lists keep the client's order and lose their GREASE; extensions are sorted, each once, without the fleeting ones
 * (ext.fleeting). key shares keep only their groups, ALPN its names. A form of OFFER_MAX bytes or more keeps its
 * first OFFER_MAX - 8, followed by a 64-bit hash of all of it; the length of the list that is cut then says more than is
 * there.
 */
enum { OFFER_LAYOUT = 1, OFFER_HEAD = 7 };
enum offer_flag { OFFER_FALLBACK_SCSV = 1, OFFER_RENEGOTIATION_SCSV = 2, OFFER_GREASE = 4 };

enum { OFFER_LENGTHS = 10 * 2 };

/* No list of the form is longer than what it comes from, so this many bytes hold all of it. */
static size_t offer_bound(const struct client_hello *ch)
{
    const struct rd *from[] = { &ch->versions, &ch->compression,  &ch->groups,        &ch->key_shares, &ch->sigalgs,
                                &ch->sigalgs_cert, &ch->point_formats, &ch->extensions, &ch->alpn, &ch->suites };
    size_t n = OFFER_HEAD + OFFER_LENGTHS;
    for (unsigned i = 0; i < sizeof from / sizeof *from; i++)
        n += rd_left(from[i]);
    return n;
}

struct offer_writer {
    uint8_t *out;
    size_t n;
};

static inline void put(struct offer_writer *w, const void *bytes, size_t n)
{
    if (bytes) /* an empty list may have none */
        memcpy(w->out + w->n, bytes, n);
    w->n += n;
}

static inline void put_u16(struct offer_writer *w, uint16_t v)
{
    w->out[w->n] = (uint8_t)(v >> 8);
    w->out[w->n + 1] = (uint8_t)v;
    w->n += 2;
}

static void put_bytes(struct offer_writer *w, struct rd r)
{
    put_u16(w, (uint16_t)rd_left(&r));
    put(w, r.p, rd_left(&r));
}

/* Two-byte code points without GREASE. */
static void put_pairs(struct offer_writer *w, struct rd r)
{
    if (rd_left(&r) % 2) /* nothing may be taken from NULL */
        r.end--;
    if (!any_grease(r)) {
        put_bytes(w, r);
        return;
    }
    uint8_t *length = w->out + w->n, *to = length + 2; /* all are written, and the next goes over one that does not count */
    for (const uint8_t *p = r.p; p < r.end; p += 2) {
        to[0] = p[0];
        to[1] = p[1];
        to += grease(point_at(p)) ? 0 : 2;
    }
    put_u16(w, (uint16_t)(to - length - 2));
    w->n = (size_t)(to - w->out);
}

static bool grease_name(struct rd name)
{
    return rd_left(&name) == 2 && grease(rd_u16(&name));
}

static void put_alpn(struct offer_writer *w, struct rd alpn)
{
    size_t n = 0;
    for (struct rd r = alpn; rd_left(&r);) {
        struct rd name = rd_vec8(&r);
        n += grease_name(name) ? 0 : 1 + rd_left(&name);
    }
    put_u16(w, (uint16_t)n);
    while (rd_left(&alpn)) {
        struct rd name = rd_vec8(&alpn);
        if (grease_name(name))
            continue;
        put(w, name.p - 1, 1 + rd_left(&name)); /* with its length byte */
    }
}

static void put_share_groups(struct offer_writer *w, struct rd shares)
{
    uint16_t n = 0;
    for (struct rd r = shares; rd_left(&r); (void)rd_vec16(&r))
        n = (uint16_t)(n + !grease(rd_u16(&r)));
    put_u16(w, (uint16_t)(n * 2));
    while (rd_left(&shares)) {
        uint16_t group = rd_u16(&shares);
        (void)rd_vec16(&shares);
        if (!grease(group))
            put_u16(w, group);
    }
}

static int u16_cmp(const void *a, const void *b)
{
    return *(const uint16_t *)a - *(const uint16_t *)b;
}

static bool fleeting(uint16_t type)
{
    const struct ext *e = ext_find(type);
    return e && e->fleeting;
}

enum { LOW_TYPES = 64, EXTENSIONS_MAX = 65536 / 4 /* each takes four bytes or more */ };

/* Those that have no bit in ext_low: two or three, but for the hellos of enemies. */
static size_t high_types(struct rd block, uint16_t types[EXTENSIONS_MAX])
{
    size_t n = 0;
    while (rd_left(&block)) {
        uint16_t type = rd_u16(&block);
        (void)rd_vec16(&block);
        if (type >= LOW_TYPES && !grease(type) && !fleeting(type))
            types[n++] = type;
    }
    if (n > 1)
        qsort(types, n, sizeof types[0], u16_cmp);
    return n;
}

/* As a set: sorted, each once. The low types are sorted by being bits. */
static void put_extensions(struct offer_writer *w, const struct client_hello *ch)
{
    size_t length = w->n;
    w->n += 2;
    for (uint64_t low = ch->ext_low; low; low &= low - 1) {
        uint16_t type = (uint16_t)__builtin_ctzll(low);
        if (!fleeting(type))
            put_u16(w, type);
    }
    if (ch->ext_high) {
        uint16_t types[EXTENSIONS_MAX];
        size_t n = high_types(ch->extensions, types);
        for (size_t i = 0; i < n; i++)
            if (i == 0 || types[i] != types[i - 1])
                put_u16(w, types[i]);
    }
    size_t end = w->n;
    w->n = length;
    put_u16(w, (uint16_t)(end - length - 2));
    w->n = end;
}

static void offer_write(const struct client_hello *ch, struct offer_writer *w)
{
    int flags = (ch->fallback_scsv ? OFFER_FALLBACK_SCSV : 0) | (ch->renegotiation_scsv ? OFFER_RENEGOTIATION_SCSV : 0) |
                (ch->grease ? OFFER_GREASE : 0);
    put(w, (uint8_t[3]){ OFFER_LAYOUT, ch->format, (uint8_t)flags }, 3);
    put_u16(w, ch->legacy_version);
    put_u16(w, ch->max_version);
    put_pairs(w, ch->versions);
    put_bytes(w, ch->compression);
    put_pairs(w, ch->groups);
    put_share_groups(w, ch->key_shares);
    put_pairs(w, ch->sigalgs);
    put_pairs(w, ch->sigalgs_cert);
    put_bytes(w, ch->point_formats);
    put_extensions(w, ch);
    put_alpn(w, ch->alpn);
    if (ch->format == HELLO_SSLV2)
        put_bytes(w, ch->suites);
    else
        put_pairs(w, ch->suites);
}

/* A hello too long for the form: write all of it aside, keep the beginning and a hash of all. */
static size_t offer_cut(const struct client_hello *ch, uint8_t out[OFFER_MAX])
{
    uint8_t whole[2 * LIMIT_HELLO_BYTES]; /* the extensions count twice: as a block and each by itself */
    if (offer_bound(ch) > sizeof whole)
        return 0;
    struct offer_writer w = { .out = whole };
    offer_write(ch, &w);
    if (w.n < OFFER_MAX) {
        /* cppcheck-suppress uninitvar ; written through w.out */
        memcpy(out, whole, w.n);
        return w.n;
    }
    XXH64_canonical_t digest;
    XXH64_canonicalFromHash(&digest, XXH64(whole, w.n, 0));
    memcpy(out, whole, OFFER_MAX - sizeof digest);
    memcpy(out + OFFER_MAX - sizeof digest, &digest, sizeof digest);
    return OFFER_MAX;
}

size_t client_hello_offer(const struct client_hello *ch, uint8_t out[OFFER_MAX])
{
    if (offer_bound(ch) > OFFER_MAX)
        return offer_cut(ch, out);
    struct offer_writer w = { .out = out };
    offer_write(ch, &w);
    return w.n;
}

/* The next list; of a form that was cut, as many whole elements as are there. */
static struct rd offer_list(struct rd *r, size_t element, bool cut)
{
    size_t n = rd_u16(r);
    if (cut && n > rd_left(r))
        n = rd_left(r) - rd_left(r) % element;
    struct rd list = rd_sub(r, n);
    if (n % element)
        rd_fail(r);
    return list;
}

static uint32_t mask_of(struct rd extensions)
{
    uint32_t mask = 0;
    while (rd_left(&extensions)) {
        const struct ext *e = ext_find(rd_u16(&extensions));
        mask |= e ? e->bit : 0;
    }
    return mask;
}

bool offer_read(struct rd r, struct offer *o)
{
    bool cut = rd_left(&r) == OFFER_MAX;
    if (cut)
        r.end -= sizeof(uint64_t);
    uint8_t layout = rd_u8(&r);
    *o = (struct offer){ .format = rd_u8(&r) };
    uint8_t flags = rd_u8(&r);
    o->fallback_scsv = flags & OFFER_FALLBACK_SCSV;
    o->renegotiation_scsv = flags & OFFER_RENEGOTIATION_SCSV;
    o->grease = flags & OFFER_GREASE;
    o->legacy_version = rd_u16(&r);
    o->max_version = rd_u16(&r);
    o->versions = offer_list(&r, 2, cut);
    o->compression = offer_list(&r, 1, cut);
    o->groups = offer_list(&r, 2, cut);
    o->share_groups = offer_list(&r, 2, cut);
    o->sigalgs = offer_list(&r, 2, cut);
    o->sigalgs_cert = offer_list(&r, 2, cut);
    o->point_formats = offer_list(&r, 1, cut);
    o->extensions = offer_list(&r, 2, cut);
    o->alpn = offer_list(&r, 1, cut);
    o->suites = offer_list(&r, o->format == HELLO_SSLV2 ? 3 : 2, cut);
    o->ext_mask = mask_of(o->extensions);
    o->quic = o->ext_mask & EXT_QUIC_PARAMS;
    return layout == OFFER_LAYOUT && o->format <= HELLO_DTLS && (cut || rd_done(&r));
}

uint8_t offer_format(struct rd r)
{
    rd_skip(&r, 1);
    return rd_u8(&r);
}
