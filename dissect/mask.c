/* SPDX-License-Identifier: Apache-2.0 */
#include "dissect/mask.h"
#include "dissect/upgrade.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum { RECORD = 5, DTLS_RECORD = 13, CCS = 20, ALERT = 21, HANDSHAKE = 22, CLIENT_HELLO = 1, SERVER_HELLO = 2, CERTIFICATE = 11 };

static void zero(uint8_t *p, size_t from, size_t to)
{
    if (from < to)
        memset(p + from, 0, to - from);
}

/* Text stays text. */
static void blot(uint8_t *p, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        if (p[i] != '\r' && p[i] != '\n')
            p[i] = 'x';
}

static size_t be16(const uint8_t *p)
{
    return (size_t)p[0] << 8 | p[1];
}

static size_t be24(const uint8_t *p)
{
    return (size_t)p[0] << 16 | be16(p + 1);
}

static bool is_one_of(const char *name, const char *const list[], size_t n)
{
    for (size_t i = 0; name && i < n; i++)
        if (strcmp(name, list[i]) == 0)
            return true;
    return false;
}
#define IS_ONE_OF(name, list) is_one_of(name, list, sizeof(list) / sizeof *(list))

/* ---- lines ---- */

struct line {
    uint8_t *p;
    size_t n; /* without its end */
};

static size_t word_end(const struct line *l, size_t from)
{
    while (from < l->n && l->p[from] != ' ' && l->p[from] != '\t')
        from++;
    return from;
}

static size_t word_start(const struct line *l, size_t from)
{
    while (from < l->n && (l->p[from] == ' ' || l->p[from] == '\t'))
        from++;
    return from;
}

static bool word_is(const struct line *l, size_t from, size_t to, const char *const list[], size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strlen(list[i]) == to - from && strncasecmp((const char *)l->p + from, list[i], to - from) == 0)
            return true;
    return false;
}

/* What a dialogue about TLS is made of: these words stay, wherever they stand in a line; every other one goes. */
static const char *const about_tls[] = {
    "EHLO", "HELO", "LHLO", "STARTTLS", "STLS", "CAPA", "CAPABILITY", "[CAPABILITY", "CAPABILITIES", "NOOP", "QUIT", "FEAT", "PBSZ",
    "PROT", "CCC", "LOGOUT", "CAP", "LS", "REQ", "ACK", "NAK", "END", "TLS", ":TLS", "SSL", "TLS-C", "TLS-P", "\"STARTTLS\"",
    "\"IMPLEMENTATION\"", "\"SASL\"", "STARTTLS]", "LOGINDISABLED", "SASL", "ESMTP", "SMTP", "LMTP", "FTP", "POP3", "IMAP", "IMAP4",
    "IMAP4REV1", "NNTP", "OK", "NO", "BAD", "BYE", "PREAUTH", "*", "+OK", "-ERR", "INFO", ".",
};
static const char *const verbs[] = {
    "AUTH", "AUTHENTICATE", "AUTHINFO", "LOGIN", "USER", "PASS", "APOP", "ACCT", "NICK", "MAIL", "RCPT", "DATA", "BDAT", "VRFY",
    "SELECT", "EXAMINE", "LIST", "LSUB", "FETCH", "UID", "STAT", "RETR", "CWD", "PWD", "PASV", "EPSV", "PORT", "EPRT", "TYPE",
    "STOR", "CONNECT", "GROUP", "ARTICLE", "RSET", "MODE", "SYST",
};
static const char *const mechanisms[] = { "PLAIN", "LOGIN", "CRAM-MD5", "DIGEST-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256", "XOAUTH2",
                                          "EXTERNAL", "ANONYMOUS", "NTLM", "GSSAPI", "TLS", "SSL", "TLS-C", "TLS-P" };
#define WORD_IS(l, from, to, list) word_is(l, from, to, list, sizeof(list) / sizeof *(list))

/* STARTTLS that was overwritten on the way ("XXXXXXXA") shows that it was. */
static bool is_stripped(const struct line *l, size_t from, size_t to)
{
    return to - from >= 4 && upgrade_stripped(rd_of(l->p + from, to - from));
}

/* From here on only words about TLS stay. */
static void keep_words(const struct line *l, size_t from)
{
    for (size_t at = word_start(l, from), to; at < l->n; at = word_start(l, to)) {
        to = word_end(l, at);
        if (!WORD_IS(l, at, to, about_tls) && !is_stripped(l, at, to))
            blot(l->p, at, to);
    }
}

/* Do contents follow, of a message or of a literal (RFC 9051 section 4.3)? */
static bool begins_contents(const struct line *l, size_t from, size_t to)
{
    static const char *const contents[] = { "DATA", "BDAT" };
    return WORD_IS(l, from, to, contents) || (l->n && l->p[l->n - 1] == '}');
}

/* Returns whether nothing behind this line may be shown. AUTH PLAIN AHRpbQ...: the mechanism is kept. */
static bool client_line(const struct line *l, bool tagged)
{
    static const char *const with_mechanism[] = { "AUTH", "AUTHENTICATE" };
    size_t from = 0, to = word_end(l, 0);
    if (tagged) {
        from = word_start(l, to);
        to = word_end(l, from);
    }
    bool contents = begins_contents(l, from, to), verb = WORD_IS(l, from, to, verbs);
    if (!verb && !WORD_IS(l, from, to, about_tls)) {
        blot(l->p, 0, l->n);
        return contents;
    }
    size_t second = word_start(l, to), end = word_end(l, second);
    bool mechanism = WORD_IS(l, from, to, with_mechanism) && WORD_IS(l, second, end, mechanisms);
    keep_words(l, mechanism ? end : to);
    return contents;
}

/* "250-STARTTLS": how long the code and what ends it is; 0: it is no reply. */
static size_t reply_code(const struct line *l)
{
    bool code = l->n >= 3 && isdigit(l->p[0]) && isdigit(l->p[1]) && isdigit(l->p[2]);
    if (!code || (l->n > 3 && l->p[3] != ' ' && l->p[3] != '-'))
        return 0;
    return l->n < 4 ? l->n : 4;
}

/* NATS: INFO {...}: of the settings those that speak of TLS. */
static void nats_info(const struct line *l)
{
    static const char *const kept[] = { "\"tls_required\":true", "\"tls_available\":true", "\"tls_verify\":true", "\"server_id\"" };
    for (size_t i = 5; i < l->n; i++) {
        size_t stays = 0;
        for (size_t k = 0; k < sizeof kept / sizeof *kept; k++) {
            size_t n = strlen(kept[k]);
            stays = i + n <= l->n && memcmp(l->p + i, kept[k], n) == 0 ? n : stays;
        }
        if (stays)
            i += stays - 1;
        else if (!strchr("{},:\"", l->p[i]))
            l->p[i] = 'x';
    }
}

/* A server's lines: the code, the tag or the name of a server, and words about TLS. */
static void server_line(const struct line *l, bool tagged)
{
    static const char *const info[] = { "INFO" };
    size_t first = word_end(l, 0);
    if (!tagged && l->n > 5 && WORD_IS(l, 0, first, info) && l->p[5] == '{') {
        nats_info(l);
        return;
    }
    uint8_t begins = l->n ? l->p[0] : 0;
    size_t kept = begins == ':' ? word_end(l, word_start(l, first)) : reply_code(l);
    if (tagged)
        kept = begins == '+' || first > 16 ? 0 : first; /* a continuation; no tag is as long */
    keep_words(l, kept);
}

/* A request to a proxy or its answer; of a path nothing is kept but the asterisk. */
static bool http_first_line(const struct line *l)
{
    static const char version[] = "HTTP/1.";
    const size_t v = sizeof version - 1;
    size_t to = word_end(l, 0), target = word_start(l, to), end = word_end(l, target);
    if (l->n >= v && memcmp(l->p, version, v) == 0)
        return true;
    if (l->n < v + 1 || memcmp(l->p + l->n - v - 1, version, v) != 0)
        return false;
    if (target < end && l->p[target] == '/')
        blot(l->p, target + 1, end);
    return true;
}

/* Of HTTP the first line and what says where to and what next; of other fields the name; of the contents nothing. *header: are
 * these fields? */
static void http_line(const struct line *l, bool *header)
{
    static const char *const kept[] = { "Host:", "Connection:", "Proxy-Connection:", "Upgrade:", "Content-Length:",
                                        "Transfer-Encoding:" };
    const uint8_t *colon = memchr(l->p, ':', l->n);
    bool was = *header;
    *header = was ? l->n != 0 : http_first_line(l);
    if ((!was && *header) || (was && WORD_IS(l, 0, word_end(l, 0), kept)))
        return;
    blot(l->p, was && colon ? (size_t)(colon - l->p) + 1 : 0, l->n);
}

enum text_kind { TEXT_PLAIN, TEXT_TAGGED, TEXT_HTTP };

static void mask_lines(uint8_t *p, size_t n, bool from_client, enum text_kind kind)
{
    bool header = false, contents = false;
    for (size_t at = 0; at < n;) {
        const uint8_t *lf = memchr(p + at, '\n', n - at);
        size_t end = lf ? (size_t)(lf - p) : n, text = end > at && p[end - 1] == '\r' ? end - 1 : end;
        struct line l = { p + at, text - at };
        if (contents)
            blot(l.p, 0, l.n);
        else if (kind == TEXT_HTTP)
            http_line(&l, &header);
        else if (from_client)
            contents = client_line(&l, kind == TEXT_TAGGED);
        else
            server_line(&l, kind == TEXT_TAGGED);
        at = end + 1;
    }
}

/* XMPP: tags stay, what stands between them goes. */
static void mask_xml(uint8_t *p, size_t n)
{
    bool tag = true;
    for (size_t i = 0; i < n; i++) {
        tag |= p[i] == '<';
        if (!tag && !isspace(p[i]))
            p[i] = 'x';
        tag &= p[i] != '>';
    }
}

/* ---- dialogues in binary ---- */

/* LDAP: the contents of strings, but for the names of extended operations (RFC 4511 section 4.12). */
static void mask_ber(uint8_t *p, size_t n, bool extended, unsigned depth)
{
    for (size_t at = 0; at + 2 <= n && depth < 16;) {
        uint8_t tag = p[at];
        size_t len = p[at + 1], head = 2;
        if (len >= 0x80) {
            unsigned more = len & 0x7f;
            if (more > 3 || at + 2 + more > n) {
                zero(p, at + 2, n);
                return;
            }
            len = 0;
            for (unsigned i = 0; i < more; i++)
                len = len << 8 | p[at + 2 + i];
            head += more;
        }
        size_t end = at + head + len > n ? n : at + head + len;
        bool op = tag == 0x77 || tag == 0x78;
        if (tag & 0x20)
            mask_ber(p + at + head, end - at - head, extended || op, depth + 1);
        else if (!extended && (tag == 0x04 || tag >= 0x80))
            zero(p, at + head, end);
        at = end;
    }
}

/* SOCKS: the user's name and password (RFC 1929), or the user's name of version 4. */
static void mask_socks(uint8_t *p, size_t n)
{
    size_t at = n >= 2 && p[0] == 5 ? 2u + p[1] : 0;
    if (n > 9 && p[0] == 4)
        for (size_t i = 8; i < n && p[i]; i++)
            p[i] = 'x';
    if (!at || at + 2 > n || p[at] != 1)
        return;
    size_t user = at + 2, pass = user + p[at + 1] + 1;
    blot(p, user, pass - 1 < n ? pass - 1 : n);
    if (pass - 1 < n)
        blot(p, pass, pass + p[pass - 1] < n ? pass + p[pass - 1] : n);
}

/* RDP: Cookie: mstshash=NAME (MS-RDPBCGR section 2.2.1.1). */
static void mask_rdp(uint8_t *p, size_t n)
{
    static const char word[] = "mstshash=";
    const size_t w = sizeof word - 1;
    for (size_t i = 0; i + w < n; i++)
        for (size_t k = i + w; memcmp(p + i, word, w) == 0 && k < n && p[k] != '\r'; k++)
            p[k] = 'x';
}

static void mask_dialogue(uint8_t *p, size_t n, const struct mask *m)
{
    static const char *const lines[] = { "smtp", "lmtp", "pop3", "ftp", "nntp", "sieve", "irc", "nats" };
    static const char *const http[] = { "http-connect", "http-upgrade" };
    if (IS_ONE_OF(m->upgrade, lines)) {
        mask_lines(p, n, m->from_client, TEXT_PLAIN);
    } else if (m->upgrade && strcmp(m->upgrade, "imap") == 0) {
        mask_lines(p, n, m->from_client, TEXT_TAGGED);
    } else if (IS_ONE_OF(m->upgrade, http)) {
        mask_lines(p, n, m->from_client, TEXT_HTTP);
    } else if (m->upgrade && strcmp(m->upgrade, "xmpp") == 0) {
        mask_xml(p, n);
    } else if (m->upgrade && strcmp(m->upgrade, "ldap") == 0) {
        mask_ber(p, n, false, 0);
    } else if (m->upgrade && strcmp(m->upgrade, "socks") == 0 && m->from_client) {
        mask_socks(p, n);
    } else if (m->upgrade && strcmp(m->upgrade, "rdp") == 0 && m->from_client) {
        mask_rdp(p, n);
    } else if (!m->tls) { /* the head tells the protocol; behind it are names and passwords */
        enum { HEAD_CLIENT = 8, HEAD_SERVER = 96, HEAD_MYSQL = 36 };
        bool mysql = m->upgrade && strcmp(m->upgrade, "mysql") == 0;
        zero(p, !m->from_client ? HEAD_SERVER : mysql ? HEAD_MYSQL : HEAD_CLIENT, n);
    }
}

/* ---- records ---- */

/* A hello in the clear where everything else is encrypted: behind a HelloRetryRequest. */
static bool is_hello(const uint8_t *p, size_t n, size_t len)
{
    return n >= 6 && (p[0] == CLIENT_HELLO || p[0] == SERVER_HELLO) && be24(p + 1) + 4 == len && p[4] == 3;
}

/* Handshake messages of one direction, which records may cut anywhere. */
struct messages {
    size_t left, kept; /* of the message in hand: bytes to come, and of these the first to be kept */
    uint8_t head[4], have;
    bool client;
};

/* What a client's certificate says of it goes; that there is one stays (RFC 5246 section 7.4.6: two lengths). */
static void mask_messages(struct messages *h, uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (h->left == 0) {
            h->head[h->have++] = p[i];
            if (h->have < sizeof h->head)
                continue;
            h->have = 0;
            h->left = be24(h->head + 1);
            h->kept = h->client && h->head[0] == CERTIFICATE ? 6 : SIZE_MAX;
            continue;
        }
        h->left--;
        if (h->kept == 0)
            p[i] = 0;
        else if (h->kept != SIZE_MAX)
            h->kept--;
    }
}

static size_t sslv2_hello(const uint8_t *p, size_t n)
{
    return n >= 3 && p[0] & 0x80 && p[2] == CLIENT_HELLO ? (be16(p) & 0x7fff) + 2u : 0;
}

static void mask_records(uint8_t *p, size_t n, bool from_client)
{
    struct messages h = { .client = from_client };
    bool encrypted = false;
    size_t at = from_client ? sslv2_hello(p, n) : 0;
    while (at + RECORD <= n) {
        uint8_t type = p[at];
        size_t len = be16(p + at + 3), from = at + RECORD, to = from + len < n ? from + len : n;
        if (p[at + 1] != 3 || type < CCS || type > 24) {
            zero(p, at, n);
            return;
        }
        if (type == HANDSHAKE && (!encrypted || is_hello(p + from, to - from, len)))
            mask_messages(&h, p + from, to - from);
        else if (encrypted || (type != ALERT && type != CCS))
            zero(p, from, type == CCS ? from : to);
        encrypted |= type == CCS;
        at = to;
    }
    if (at < n && p[at] != HANDSHAKE) /* the head of a record that the capture cuts may stay */
        zero(p, at, n);
}

/* Where records are wrapped in units of another protocol: the contents behind the head of the first that holds data; n: none. */
static size_t first_data(const uint8_t *p, size_t n)
{
    enum { DATA = 23, MOST = 16384 + 2048 };
    for (size_t i = 0; i + RECORD <= n; i++)
        if (p[i] == DATA && p[i + 1] == 3 && p[i + 2] <= 4 && be16(p + i + 3) <= MOST)
            return i + RECORD;
    return n;
}

/* Is TLS inside the protocol's own units? Then they stay as they are until the handshake is over, which is where evidence ends. */
static bool is_wrapped(const char *upgrade)
{
    for (unsigned i = 0; upgrade && i < upgrade_count; i++)
        if (strcmp(upgrades[i]->name, upgrade) == 0)
            return upgrades[i]->unwrap != NULL;
    return false;
}

/* Where TLS begins. */
static size_t first_record(const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int is = p[i] == HANDSHAKE || p[i] == ALERT || p[i] & 0x80 ? upgrade_hello(rd_of(p + i, n - i)) : 0;
        if (is == 1 || (is < 0 && p[i] == HANDSHAKE))
            return i;
    }
    return n;
}

void mask_stream(uint8_t *p, size_t n, const struct mask *m)
{
    size_t at = m->tls ? m->upgrade ? first_record(p, n) : 0 : n;
    bool sslv2 = m->tls && !m->upgrade && n > 2 && !m->from_client && p[0] & 0x80; /* a reply in the format of SSLv2 */
    if (sslv2) {
        size_t hello = (be16(p) & 0x7fff) + 2u;
        zero(p, hello < n ? hello : n, n);
        return;
    }
    mask_dialogue(p, at, m);
    if (is_wrapped(m->upgrade))
        zero(p, at + first_data(p + at, n - at), n);
    else
        mask_records(p + at, n - at, m->from_client);
}

/* ---- datagrams ---- */

static void mask_dtls(uint8_t *p, size_t n, bool from_client)
{
    size_t at = 0;
    while (at + DTLS_RECORD <= n && p[at] >= CCS && p[at] <= 25 && p[at + 1] != 0) {
        size_t len = be16(p + at + 11), from = at + DTLS_RECORD, to = from + len < n ? from + len : n;
        bool epoch = be16(p + at + 3) != 0, handshake = p[at] == HANDSHAKE;
        if (epoch || (!handshake && p[at] != ALERT && p[at] != CCS))
            zero(p, from, to);
        else if (handshake && from_client && to - from > 12 && p[from] == CERTIFICATE)
            zero(p, from + 12 + (be24(p + from + 6) == 0 && to - from > 18 ? 6 : 0), to);
        at = to;
    }
    zero(p, at + (at < n), n); /* the short header of DTLS 1.3: its first byte tells what it is */
}

/* Takes a variable-length integer of QUIC (RFC 9000 section 16). false: it is not all there. */
static bool quic_varint(const uint8_t *p, size_t n, size_t *at, uint64_t *v)
{
    if (*at >= n || n - *at < (size_t)1 << (p[*at] >> 6))
        return false;
    size_t bytes = (size_t)1 << (p[*at] >> 6);
    *v = p[*at] & 0x3f;
    for (size_t i = 1; i < bytes; i++)
        *v = *v << 8 | p[*at + i];
    *at += bytes;
    return true;
}

/* Initial packets, whose keys everybody can make, are kept; the contents of others go. Returns the length of the packet. */
static size_t mask_quic_long(uint8_t *p, size_t n)
{
    const uint32_t v2 = 0x6b3343cf;
    if (n < 7)
        return n;
    uint32_t version = (uint32_t)p[1] << 24 | (uint32_t)be24(p + 2);
    unsigned type = p[0] >> 4 & 3, initial = version == v2 ? 1 : 0, retry = version == v2 ? 0 : 3;
    size_t at = 6u + p[5];
    uint64_t token = 0, len = 0;
    at = at < n ? at + 1u + p[at] : n;
    if (version == 0 || type == retry)
        return n;
    if (at >= n || (type == initial && (!quic_varint(p, n, &at, &token) || token > n - at))) {
        zero(p, 6, n);
        return n;
    }
    at += (size_t)token;
    if (!quic_varint(p, n, &at, &len))
        return n;
    size_t end = len < n - at ? at + (size_t)len : n;
    zero(p, type == initial ? end : at, end);
    return end;
}

static void mask_quic(uint8_t *p, size_t n)
{
    size_t at = 0;
    while (at < n && p[at] & 0x80)
        at += mask_quic_long(p + at, n - at);
    zero(p, at + (at < n), n);
}

/* EAP (RFC 3748): who it is goes, and every method that is not TLS in EAP. */
static void mask_eap(uint8_t *p, size_t n)
{
    enum { NAK = 3, EAP_TLS = 13, EAP_TTLS = 21, PEAP = 25, EAP_FAST = 43, TEAP = 55 };
    if (n < 5)
        return;
    bool kept = p[4] == NAK || p[4] == EAP_TLS || p[4] == EAP_TTLS || p[4] == PEAP || p[4] == EAP_FAST || p[4] == TEAP;
    if (kept)
        zero(p, first_data(p, n), n); /* what goes through the tunnel */
    else
        blot(p, 5, n);
}

static void mask_radius(uint8_t *p, size_t n)
{
    enum { HEAD = 20, USER_NAME = 1, USER_PASSWORD = 2, CHAP_PASSWORD = 3, REPLY = 18, VENDOR = 26, EAP_MESSAGE = 79 };
    bool first = true, data = false; /* a message is cut into several attributes: only the first begins with the type */
    for (size_t at = HEAD; at + 2 <= n && p[at + 1] >= 2;) {
        size_t end = at + p[at + 1] < n ? at + p[at + 1] : n;
        bool secret = p[at] == USER_NAME || p[at] == USER_PASSWORD || p[at] == CHAP_PASSWORD || p[at] == REPLY;
        if (secret)
            blot(p, at + 2, end);
        if (p[at] == VENDOR)
            zero(p, at + 6 < end ? at + 6 : end, end);
        bool eap = p[at] == EAP_MESSAGE;
        if (eap && data)
            zero(p, at + 2, end);
        data |= eap && first_data(p + at + 2, end - at - 2) < end - at - 2;
        if (eap && first)
            mask_eap(p + at + 2, end - at - 2);
        else if (eap)
            zero(p, at + 2 + first_data(p + at + 2, end - at - 2), end);
        first &= !eap;
        at = end;
    }
}

void mask_datagram(uint8_t *p, size_t n, const struct mask *m, bool eapol)
{
    if (eapol) {
        if (n > 4)
            mask_eap(p + 4, n - 4);
    } else if (m->upgrade && strcmp(m->upgrade, "eap") == 0) {
        mask_radius(p, n);
    } else if (n && p[0] >= CCS && p[0] <= 25) {
        mask_dtls(p, n, m->from_client);
    } else if (n && !m->upgrade && p[0] & 0x40) {
        mask_quic(p, n);
    } else if (n && !m->upgrade && p[0] >> 5 == 1) {
        zero(p, 1, n);
    } else if (m->upgrade) {
        zero(p, first_data(p, n), n);
    }
}
