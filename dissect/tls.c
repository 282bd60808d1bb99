/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The half that reads: records to messages to facts. What the facts mean for the outcome is in outcome.c, SSLv2 in sslv2.c.
 *
 * BUGS: a hello after which the same stream carries another handshake in clear (renegotiation with a NULL cipher) gives one
 * event. A conversation whose first bytes are lost is only found again at a record that begins where a segment does.
 */
#include "dissect/tls.h"

#include "base/limits.h"
#include "dissect/kex.h"
#include "dissect/tls_state.h"

#include <stdlib.h>

struct tls *tls_new(struct tls_shared *shared, enum tls_framing framing)
{
    struct tls *t = calloc(1, sizeof *t);
    if (!t) {
        shared->stats->memory_refused++;
        return NULL;
    }
    t->shared = shared;
    t->framing = (uint8_t)framing;
    t->client = SIDE_NONE;
    t->alert_side = SIDE_NONE;
    t->suite = SUITE_NONE;
    return t;
}

bool tls_has_hello(const struct tls *t)
{
    return t->has_ch || t->has_sh;
}

unsigned tls_client_side(const struct tls *t)
{
    return t->client;
}

static bool hello_under_way(const struct tls_side *s)
{
    const struct handshake *h = &s->handshake;
    return h->have == sizeof h->head && !h->done && !h->holed && (h->type == HS_CLIENT_HELLO || h->type == HS_SERVER_HELLO);
}

void tls_free(struct tls *t)
{
    if (!t)
        return;
    for (unsigned d = 0; d < 2; d++) {
        t->shared->stats->hello_incomplete += !t->decided && hello_under_way(&t->side[d]);
        handshake_reset(&t->side[d].handshake, t->shared);
    }
    cert_release(t->shared->certs, t->cert);
    t->shared->kept -= t->ch_kept + t->sh_kept;
    free(t->ch_copy);
    free(t->sh_copy);
    free(t->client_cert);
    free(t->offer);
    free(t);
}

/* ---- hellos ---- */

/* The body of a message for as long as the conversation: the buffer it was put together in, or a copy. NULL: no memory, or
 * LIMIT_HELLO_TOTAL reached. */
static uint8_t *keep_body(struct tls *t, unsigned d, const struct handshake_message *m, size_t *kept)
{
    struct tls_shared *shared = t->shared;
    uint8_t *copy = NULL;
    if (shared->kept + m->length <= LIMIT_HELLO_TOTAL)
        copy = m->copied ? handshake_steal(&t->side[d].handshake, shared) : malloc(m->length ? m->length : 1);
    if (!copy) {
        shared->stats->memory_refused++;
        return NULL;
    }
    if (!m->copied && m->length)
        memcpy(copy, m->body.p, m->length);
    *kept = m->length;
    shared->kept += m->length;
    return copy;
}

static void forget_body(struct tls *t, uint8_t **copy, size_t *kept)
{
    free(*copy);
    *copy = NULL;
    t->shared->kept -= *kept;
    *kept = 0;
}

/* A message that should be a hello and is not: junk that looks like TLS when there was none before. */
static enum tls_verdict bad_hello(struct tls *t)
{
    t->shared->stats->hello_malformed++;
    if (!tls_has_hello(t))
        return TLS_NOT;
    t->malformed = true;
    return outcome_decide(t, OUTCOME_MALFORMED);
}

enum tls_verdict tls_client_hello(struct tls *t, unsigned d, const struct handshake_message *m, enum hello_format format)
{
    bool again = t->has_ch;
    if ((t->client != SIDE_NONE && t->client != d) || (again && t->has_sh))
        return TLS_MORE;
    if (!m->kept)
        return TLS_MORE;
    size_t kept = 0;
    uint8_t *copy = keep_body(t, d, m, &kept);
    if (!copy)
        return TLS_MORE;
    struct client_hello ch;
    struct rd body = rd_of(copy, m->length);
    if (!(format == HELLO_SSLV2 ? client_hello_parse_sslv2(body, &ch) : client_hello_parse(body, format, &ch))) {
        forget_body(t, &copy, &kept);
        return bad_hello(t);
    }
    if (again) /* the second one, after a HelloRetryRequest or HelloVerifyRequest, is the one that is answered */
        forget_body(t, &t->ch_copy, &t->ch_kept);
    t->ch = ch;
    t->ch_copy = copy;
    t->ch_kept = kept;
    t->has_ch = true;
    t->client = (uint8_t)d;
    t->ch_when = t->now;
    t->side[d].went_on |= again;
    return TLS_MORE;
}

static void take_server_hello(struct tls *t, unsigned d)
{
    t->has_sh = true;
    t->client = (uint8_t)(1 - d);
    t->sh_when = t->now;
    t->version = t->sh.version;
    t->version_wire = t->sh.version_wire;
    t->suite = t->sh.suite;
    t->group = t->sh.group;
}

static enum tls_verdict retry_request(struct tls *t, unsigned d)
{
    t->flags |= EV_HRR;
    t->client = (uint8_t)(1 - d);
    return TLS_MORE;
}

/* Of an answer to a ClientHello that is cut or damaged, the fields before the damage. */
static void use_partial(struct tls *t, unsigned d, struct rd part, bool cut)
{
    bool dtls = t->framing == TLS_DTLS;
    struct server_hello sh;
    if (!t->has_ch || t->has_sh || t->client == d || !server_hello_partial(part, cut, dtls, &sh))
        return;
    if (sh.hrr) {
        (void)retry_request(t, d);
        return;
    }
    struct handshake_message m = { .length = (uint32_t)rd_left(&part), .body = part };
    t->sh_copy = keep_body(t, d, &m, &t->sh_kept);
    if (!t->sh_copy)
        return;
    (void)server_hello_partial(rd_of(t->sh_copy, m.length), cut, dtls, &t->sh);
    take_server_hello(t, d);
    t->flags |= EV_HELLO_PARTIAL;
}

static enum tls_verdict server_hello(struct tls *t, unsigned d, const struct handshake_message *m)
{
    if (t->client == d || t->has_sh || !m->kept)
        return TLS_MORE;
    struct server_hello sh;
    if (m->type == HS_HELLO_RETRY_REQUEST)
        return hello_retry_parse(m->body, &sh) ? retry_request(t, d) : bad_hello(t);
    if (!server_hello_parse(m->body, t->framing == TLS_DTLS, &sh)) {
        use_partial(t, d, m->body, false);
        return bad_hello(t);
    }
    if (sh.hrr)
        return retry_request(t, d);
    t->sh_copy = keep_body(t, d, m, &t->sh_kept);
    if (!t->sh_copy)
        return TLS_MORE;
    (void)server_hello_parse(rd_of(t->sh_copy, m->length), t->framing == TLS_DTLS, &t->sh);
    take_server_hello(t, d);
    return TLS_MORE;
}

/* The message under way on this side never becomes whole: what came of it is used where that is sound. */
static void salvage(struct tls *t, unsigned d)
{
    struct tls_side *s = &t->side[d];
    if (!hello_under_way(s))
        return;
    t->shared->stats->hello_incomplete++;
    if (s->handshake.type == HS_SERVER_HELLO)
        use_partial(t, d, handshake_part(&s->handshake), true);
}

/* ---- the other messages ---- */

void tls_server_cert(struct tls *t, struct rd leaf, unsigned count)
{
    if (t->cert_count)
        return;
    t->cert_count = (uint16_t)(count > UINT16_MAX ? UINT16_MAX : count);
    if (count && t->shared->certs) {
        t->cert = cert_get(t->shared->certs, leaf);
        t->shared->stats->cert_skipped += !t->cert;
    }
}

static void client_cert(struct tls *t, struct rd leaf)
{
    if (rd_left(&leaf) == 0) {
        t->flags |= EV_CLIENT_CERT_EMPTY;
        return;
    }
    t->flags |= EV_CLIENT_CERT_SENT;
    if (t->client_cert)
        return;
    t->client_cert = malloc(rd_left(&leaf));
    if (!t->client_cert) {
        t->shared->stats->memory_refused++;
        return;
    }
    memcpy(t->client_cert, leaf.p, rd_left(&leaf));
    t->client_cert_len = rd_left(&leaf);
}

/* RFC 5246 section 7.4.2. */
static void certificate(struct tls *t, unsigned d, const struct handshake_message *m)
{
    if (!m->kept) {
        t->shared->stats->cert_skipped++;
        if (d == t->client)
            t->flags |= EV_CLIENT_CERT_SENT;
        return;
    }
    struct rd body = m->body, list = rd_vec24(&body), leaf = { 0 };
    unsigned count = 0;
    while (rd_left(&list)) {
        struct rd cert = rd_vec24(&list);
        if (rd_ok(&list) && count++ == 0)
            leaf = cert;
    }
    if (!rd_ok(&body) || !rd_ok(&list)) {
        t->shared->stats->cert_skipped++;
        return;
    }
    if (d == t->client)
        client_cert(t, leaf);
    else
        tls_server_cert(t, leaf, count);
}

static void server_key_exchange(struct tls *t, const struct handshake_message *m)
{
    const struct suite *suite = t->has_sh ? suite_find(t->suite) : NULL;
    struct kex kex;
    if (!m->kept || !suite || !server_key_exchange_parse(m->body, suite, t->version, &kex))
        return;
    t->group = kex.group;
    t->dh_bits = kex.dh_bits;
    t->sigscheme = kex.sigscheme;
}

static enum tls_verdict from_server(struct tls *t, unsigned d, const struct handshake_message *m)
{
    switch (m->type) {
    case HS_CERTIFICATE:
        certificate(t, d, m);
        t->full = true;
        return TLS_MORE;
    case HS_SERVER_KEY_EXCHANGE:
        server_key_exchange(t, m);
        t->full = true;
        return TLS_MORE;
    case HS_CERTIFICATE_REQUEST:
        t->flags |= EV_CLIENT_CERT_REQUESTED;
        t->full = true;
        return TLS_MORE;
    case HS_SERVER_HELLO_DONE:
        t->full = true;
        return TLS_MORE;
    case HS_CERTIFICATE_STATUS:
        t->flags |= EV_OCSP_STAPLE;
        return TLS_MORE;
    default:
        return TLS_MORE;
    }
}

static enum tls_verdict from_client(struct tls *t, unsigned d, const struct handshake_message *m)
{
    t->side[d].went_on = true;
    if (m->type == HS_CERTIFICATE)
        certificate(t, d, m);
    return TLS_MORE;
}

static enum tls_verdict message(struct tls *t, unsigned d, const struct handshake_message *m)
{
    switch (m->type) {
    case HS_CLIENT_HELLO:
        return tls_client_hello(t, d, m, t->framing == TLS_DTLS ? HELLO_DTLS : HELLO_TLS);
    case HS_SERVER_HELLO:
    case HS_HELLO_RETRY_REQUEST:
        return server_hello(t, d, m);
    default:
        break;
    }
    if (t->client == SIDE_NONE)
        return TLS_NOT;
    return d == t->client ? from_client(t, d, m) : from_server(t, d, m);
}

/* ---- records ---- */

/* Before any hello: is what begins here one, as far as it goes? Keeps junk from being buffered. */
static bool junk(const struct tls *t, const struct tls_side *s)
{
    const struct handshake *h = &s->handshake;
    if (t->client != SIDE_NONE || h->done || h->have == 0)
        return false;
    uint8_t type = h->head[0];
    if (type != HS_CLIENT_HELLO && type != HS_SERVER_HELLO && type != HS_HELLO_RETRY_REQUEST)
        return true;
    return h->have == sizeof h->head && (h->length < 38 || h->length > LIMIT_HELLO_BYTES);
}

/* The bytes behind a gap: they count again once a record begins with what can only be a message header. */
static bool realigned(struct tls_side *s, const struct record_piece *piece)
{
    struct rd b = piece->bytes;
    if (!piece->first || rd_left(&b) < 4)
        return false;
    uint8_t type = rd_u8(&b);
    uint32_t length = rd_u24(&b);
    bool known = (type >= HS_CLIENT_HELLO && type <= HS_NEW_SESSION_TICKET) ||
                 (type >= HS_CERTIFICATE && type <= HS_CLIENT_KEY_EXCHANGE) || type == HS_CERTIFICATE_STATUS;
    s->unaligned = !known || length > LIMIT_CERT_BYTES;
    return !s->unaligned;
}

/* Behind ChangeCipherSpec a handshake record is encrypted, except that TLS 1.3 may send one between a HelloRetryRequest and
 * the hello that follows it (RFC 8446 appendix D.4), which may be in several records. */
static bool is_sealed(const struct tls *t, const struct tls_side *s, struct rd b)
{
    int type = rd_peek(&b, 0);
    bool goes_on = s->handshake.have && !s->handshake.done;
    return s->ccs && !goes_on && (t->has_sh || (type != HS_CLIENT_HELLO && type != HS_SERVER_HELLO));
}

static enum tls_verdict handshake_piece(struct tls *t, unsigned d, const struct record_piece *piece)
{
    struct tls_side *s = &t->side[d];
    if (piece->first) {
        s->sealed = is_sealed(t, s, piece->bytes);
        if (s->sealed)
            return tls_has_hello(t) ? outcome_finished(t, d) : TLS_NOT;
    }
    if (s->sealed || (s->unaligned && !realigned(s, piece)))
        return TLS_MORE;
    struct rd bytes = piece->bytes;
    struct handshake_message m;
    while (handshake_next(&s->handshake, t->shared, &bytes, &m)) {
        enum tls_verdict v = message(t, d, &m);
        if (v != TLS_MORE)
            return v;
    }
    return junk(t, s) ? TLS_NOT : TLS_MORE;
}

static enum tls_verdict alert_piece(struct tls *t, unsigned d, const struct record_piece *piece)
{
    struct tls_side *s = &t->side[d];
    struct rd b = piece->bytes;
    if (piece->first)
        s->alert_have = 0;
    while (rd_left(&b) && s->alert_have < sizeof s->alert)
        s->alert[s->alert_have++] = rd_u8(&b);
    if (!piece->last)
        return TLS_MORE;
    if (s->record.length != sizeof s->alert) /* encrypted, also where the ChangeCipherSpec was lost */
        return s->ccs || s->gap ? outcome_sealed_alert(t, d) : TLS_MORE;
    return s->alert_have == sizeof s->alert ? outcome_alert(t, d, s->alert[0], s->alert[1]) : TLS_MORE;
}

static enum tls_verdict record_piece(struct tls *t, unsigned d, const struct record_piece *piece)
{
    struct tls_side *s = &t->side[d];
    switch (s->record.type) {
    case RECORD_HANDSHAKE:
        return handshake_piece(t, d, piece);
    case RECORD_ALERT:
        return alert_piece(t, d, piece);
    case RECORD_CCS:
        if (!tls_has_hello(t) && t->client == SIDE_NONE)
            return TLS_NOT;
        return piece->first ? outcome_ccs(t, d) : TLS_MORE;
    case RECORD_DATA:
        if (!tls_has_hello(t) && t->client == SIDE_NONE)
            return TLS_NOT; /* joined in the middle */
        return piece->first ? outcome_data(t, d, s->record.length) : TLS_MORE;
    default:
        return tls_has_hello(t) ? TLS_MORE : TLS_NOT;
    }
}

/* What comes is no record, or a message that cannot be. Without a hello it is not TLS; behind a gap the place may be wrong,
 * and the next header is waited for; an answer that is not TLS ends it. A client that cannot be read may still be understood
 * by its server, whose side goes on to tell. */
enum tls_verdict tls_bad_record(struct tls *t, unsigned d)
{
    struct tls_side *s = &t->side[d];
    if (!tls_has_hello(t))
        return TLS_NOT;
    if (s->gap) {
        (void)record_gap(&s->record, UINT32_MAX);
        return TLS_MORE;
    }
    t->malformed = true;
    s->dead = true;
    return d != t->client ? outcome_decide(t, OUTCOME_MALFORMED) : TLS_MORE;
}

static void note_time(struct tls *t, unsigned d, struct tls_when when)
{
    t->now = when;
    if (!t->first.frame)
        t->first = when;
    t->side[d].seen = true;
}

enum tls_verdict tls_bytes(struct tls *t, unsigned d, struct rd b, struct tls_when when)
{
    struct tls_side *s = &t->side[d];
    struct record_piece piece;
    enum record_verdict r;
    note_time(t, d, when);
    if (s->dead)
        return TLS_MORE;
    while ((r = record_next(&s->record, &b, &piece)) == RECORD_PIECE) {
        enum tls_verdict v = s->record.form == RECORD_TLS ? record_piece(t, d, &piece) : sslv2_piece(t, d, &piece);
        if (v != TLS_MORE)
            return v;
    }
    return r == RECORD_BAD ? tls_bad_record(t, d) : TLS_MORE;
}

enum tls_verdict tls_gap(struct tls *t, unsigned d, uint32_t missing, struct tls_when when)
{
    struct tls_side *s = &t->side[d];
    note_time(t, d, when);
    bool clear = s->record.form == RECORD_TLS && s->record.open && s->record.type == RECORD_HANDSHAKE && !s->sealed;
    s->gap = true;
    t->flags |= EV_GAP;
    salvage(t, d);
    if (!record_gap(&s->record, missing) || (clear && !s->unaligned && !handshake_gap(&s->handshake, t->shared, missing))) {
        handshake_reset(&s->handshake, t->shared);
        s->unaligned = true;
    }
    return TLS_MORE;
}

enum tls_verdict tls_message(struct tls *t, unsigned d, uint8_t type, struct rd body, struct tls_when when)
{
    note_time(t, d, when);
    struct handshake_message m = { .type = type, .kept = true, .length = (uint32_t)rd_left(&body), .body = body };
    return message(t, d, &m);
}

enum tls_verdict tls_alert_seen(struct tls *t, unsigned d, uint8_t level, uint8_t code, struct tls_when when)
{
    note_time(t, d, when);
    return outcome_alert(t, d, level, code);
}

enum tls_verdict tls_ccs_seen(struct tls *t, unsigned d, struct tls_when when)
{
    note_time(t, d, when);
    return outcome_ccs(t, d);
}

enum tls_verdict tls_protected_seen(struct tls *t, unsigned d, size_t length, struct tls_when when)
{
    note_time(t, d, when);
    bool tls13 = t->has_sh && version_rank(t->version) == version_rank(VER_TLS13);
    if (t->framing == TLS_DTLS && t->has_sh && !tls13 && !t->side[d].finished)
        return outcome_finished(t, d); /* the first record under the new keys */
    return outcome_data(t, d, length);
}

/* ---- recognition ---- */

/* The fields at the start of a hello, as far as they are there. */
static bool hello_start(struct rd b, uint16_t record_length)
{
    uint8_t type = rd_u8(&b);
    uint32_t length = rd_u24(&b);
    uint16_t version = rd_u16(&b);
    rd_skip(&b, 32);
    uint8_t session_id = rd_u8(&b);
    bool version_known = version >> 8 == 3 || (type == HS_SERVER_HELLO && version_canonical(version) == VER_TLS13);
    if ((type != HS_CLIENT_HELLO && type != HS_SERVER_HELLO) || length < 38 || length > LIMIT_HELLO_BYTES)
        return false;
    if (!version_known || (rd_ok(&b) && version >> 8 == 3 && session_id > 32))
        return false;
    /* a ClientHello ends its record: nothing may follow it before an answer */
    return type == HS_SERVER_HELLO || record_length <= length + 4;
}

static bool sslv2_start(struct rd b)
{
    int first = rd_peek(&b, 0);
    size_t head = first & 0x80 ? 2 : 3;
    uint16_t length = (uint16_t)(rd_u16(&b) & (head == 2 ? 0x7fff : 0x3fff));
    if (head == 3 && ((first & 0x40) || rd_u8(&b) != 0))
        return false;
    if (rd_left(&b) < 9)
        return false;
    uint8_t type = rd_u8(&b);
    uint16_t version = rd_u16(&b), suites = rd_u16(&b), session_id = rd_u16(&b), challenge = rd_u16(&b);
    return type == 1 && (version == VER_SSL2 || version >> 8 == 3) && suites >= 3 && suites % 3 == 0 &&
           (session_id == 0 || session_id == 16) && challenge >= 16 && challenge <= 32 &&
           length == 9u + suites + session_id + challenge;
}

/* A prefix too short to tell more. */
static bool sslv2_prefix(struct rd b)
{
    int first = rd_peek(&b, 0), type = rd_peek(&b, first & 0x80 ? 2 : 3);
    return (first & 0x80 || (first & 0x40) == 0) && (type < 0 || type == 1 || type == 4) && rd_left(&b) < 11;
}

bool tls_looks_like(struct rd b, bool strict)
{
    enum { HEAD = 5, ENOUGH = HEAD + 4 + 2 };
    if (rd_left(&b) == 0)
        return false;
    bool tls = record_header_plausible(b);
    if (strict) {
        if (!tls || *b.p != RECORD_HANDSHAKE || rd_left(&b) < ENOUGH)
            return sslv2_start(b);
        rd_skip(&b, 3);
        uint16_t length = rd_u16(&b);
        return length >= 4 && hello_start(b, length);
    }
    if (!tls)
        return sslv2_start(b) || sslv2_prefix(b);
    rd_skip(&b, HEAD);
    if (rd_left(&b) == 0 || (b.p - HEAD)[0] != RECORD_HANDSHAKE)
        return true;
    uint8_t type = rd_u8(&b);
    return type == HS_CLIENT_HELLO || type == HS_SERVER_HELLO || type == HS_HELLO_RETRY_REQUEST;
}

/* ---- the event ---- */

static enum resumption resumption(const struct tls *t)
{
    if (t->sslv2)
        return t->sslv2_resumed ? RESUMPTION_YES : RESUMPTION_NO;
    if (!t->has_sh)
        return RESUMPTION_UNKNOWN;
    if (version_rank(t->version) == version_rank(VER_TLS13))
        return t->sh.psk ? RESUMPTION_YES : t->flags & EV_HELLO_PARTIAL ? RESUMPTION_UNKNOWN : RESUMPTION_NO;
    if (t->full || t->abbreviated)
        return t->full ? RESUMPTION_NO : RESUMPTION_YES;
    if (!t->has_ch)
        return RESUMPTION_UNKNOWN;
    if (rd_left(&t->ch.session_id) && rd_equal(&t->ch.session_id, &t->sh.session_id))
        return RESUMPTION_YES; /* RFC 5246 section 7.4.1.3 */
    /* A ticket without a session id resumes with none (RFC 5077 section 3.4): then only the flight tells. */
    return rd_left(&t->ch.session_id) || rd_left(&t->ch.ticket) == 0 ? RESUMPTION_NO : RESUMPTION_UNKNOWN;
}

static bool resumption_attempted(const struct client_hello *ch)
{
    bool compat = version_rank(ch->max_version) == version_rank(VER_TLS13); /* RFC 8446 appendix D.4: an id of no session */
    return (rd_left(&ch->session_id) && !compat) || rd_left(&ch->ticket) || (ch->ext_mask & EXT_PSK);
}

static bool suite_offered(const struct client_hello *ch, uint32_t suite)
{
    size_t size = ch->format == HELLO_SSLV2 ? 3 : 2;
    for (struct rd r = ch->suites; rd_left(&r) >= size;)
        if ((size == 3 ? rd_u24(&r) : rd_u16(&r)) == suite)
            return true;
    return false;
}

static uint32_t flags_of_hellos(const struct tls *t)
{
    uint32_t flags = 0;
    if (t->has_ch) {
        flags |= resumption_attempted(&t->ch) ? EV_RESUMPTION_ATTEMPTED : 0;
        flags |= t->ch.fallback_scsv ? EV_FALLBACK_SCSV : 0;
        flags |= t->ch.ext_mask & EXT_ECH ? EV_ECH : 0;
        flags |= t->suite != SUITE_NONE && !suite_offered(&t->ch, t->suite) ? EV_SUITE_NOT_OFFERED : 0;
    }
    if (t->has_sh && !t->sslv2) {
        flags |= t->sh.ext_mask & EXT_EMS ? EV_EMS : 0;
        flags |= t->sh.ext_mask & EXT_ETM ? EV_ETM : 0;
        flags |= t->sh.ext_mask & EXT_RENEGOTIATION_INFO ? EV_RENEGOTIATION_INFO : 0;
        flags |= t->sh.ext_mask & EXT_NPN ? EV_NPN : 0;
        flags |= t->sh.compression ? EV_COMPRESSION : 0;
    }
    switch (resumption(t)) {
    case RESUMPTION_UNKNOWN:
        break;
    case RESUMPTION_NO:
        flags |= EV_RESUMED_KNOWN;
        break;
    case RESUMPTION_YES:
        flags |= EV_RESUMED_KNOWN | EV_RESUMED | EV_RESUMPTION_ATTEMPTED;
        break;
    }
    return flags;
}

static void fill_offer(struct tls *t, struct tls_event *ev)
{
    uint8_t offer[OFFER_MAX];
    size_t n = client_hello_offer(&t->ch, offer);
    free(t->offer);
    t->offer = malloc(n);
    if (!t->offer) {
        t->shared->stats->memory_refused++;
        return;
    }
    memcpy(t->offer, offer, n);
    ev->offer = rd_of(t->offer, n);
}

static void fill_alert(const struct tls *t, struct tls_event *ev)
{
    bool alert = t->outcome == OUTCOME_ALERT_CLIENT || t->outcome == OUTCOME_ALERT_SERVER || t->outcome == OUTCOME_CLOSED ||
                 t->outcome == OUTCOME_UNANSWERED;
    if (alert && t->alert_side != SIDE_NONE && !t->alert_sealed)
        ev->alert = (struct tls_alert){ t->alert_side == t->client ? 'c' : 's', t->alert_level, t->alert_code };
    else if (t->outcome == OUTCOME_ALERT_CLIENT || t->outcome == OUTCOME_ALERT_SERVER)
        ev->alert = (struct tls_alert){ .from = t->outcome == OUTCOME_ALERT_CLIENT ? 'c' : 's' };
}

void tls_fill_event(struct tls *t, enum tls_end end, unsigned by, struct tls_event *ev)
{
    /* At the end of input the rest of a hello is not missing but still to come. */
    for (unsigned d = 0; d < 2 && end != TLS_END_INPUT; d++)
        salvage(t, d);
    outcome_end(t, end, by);
    ev->ts_ns = t->has_ch ? t->ch_when.ts_ns : t->first.ts_ns;
    ev->end_ns = t->now.ts_ns;
    ev->frame_client_hello = t->has_ch ? t->ch_when.frame : 0;
    ev->frame_server_hello = t->has_sh ? t->sh_when.frame : 0;
    ev->outcome = t->outcome;
    ev->flags |= t->flags | flags_of_hellos(t);
    ev->version = t->version;
    ev->version_wire = t->version_wire;
    ev->suite = t->suite;
    ev->group = t->group;
    ev->dh_bits = t->dh_bits;
    ev->sigscheme = t->sigscheme;
    ev->cert = t->cert;
    ev->cert_count = t->cert_count;
    ev->client_cert = rd_of(t->client_cert, t->client_cert_len);
    if (t->has_ch) {
        ev->ch = &t->ch;
        fill_offer(t, ev);
    }
    if (t->has_sh && !t->sslv2) {
        ev->sh = &t->sh;
        ev->sentinel = t->sh.sentinel;
    }
    fill_alert(t, ev);
}
