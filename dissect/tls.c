/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The half that reads: records to messages to facts. What could be TLS at all is in tls_start.c, SSLv2 in sslv2.c, what the
 * facts mean for the outcome in outcome.c, and what becomes of them in tls_event.c.
 *
 * BUGS: a hello after which the same stream carries another handshake in clear (renegotiation with a NULL cipher) gives one
 * event. A conversation whose first bytes are lost is only found again at a record that begins where a segment does.
 */
#include "dissect/tls.h"

#include "base/limits.h"
#include "dissect/kex.h"
#include "dissect/tls_state.h"


void *tls_take(struct tls_shared *shared, size_t n)
{
    bool room = room_take(&shared->kept, 0, pool_cost(n));
    void *p = room ? pool_take(&shared->pool, n) : NULL;
    if (!p) {
        room_give(&shared->kept, room ? pool_cost(n) : 0);
        shared->stats->memory_refused++;
    }
    return p;
}

void tls_give(struct tls_shared *shared, void *p, size_t n)
{
    if (!p)
        return;
    pool_give(&shared->pool, p, n);
    room_give(&shared->kept, pool_cost(n));
}

struct tls *tls_new(struct tls_shared *shared, enum tls_framing framing)
{
    struct tls *t = tls_take(shared, sizeof *t);
    if (!t)
        return NULL;
    memset(t, 0, sizeof *t);
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

static void forget_answer(struct tls *t)
{
    if (t->sh)
        tls_give(t->shared, t->sh, sizeof *t->sh + t->sh->length);
    t->sh = NULL;
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
    tls_give(t->shared, t->ch, t->ch_length);
    forget_answer(t);
    tls_give(t->shared, t, sizeof *t);
}

/* ---- hellos ---- */

/* What a ClientHello says, for as long as the conversation. false: no memory, or no room. */
static bool keep_hello(struct tls *t, const struct client_hello *ch)
{
    size_t n = hello_keep(ch, t->shared->hello);
    uint8_t *kept = tls_take(t->shared, n);
    if (!kept)
        return false;
    memcpy(kept, t->shared->hello, n);
    tls_give(t->shared, t->ch, t->ch_length); /* the second one, after a retry request, is the one that is answered */
    t->ch = kept;
    t->ch_length = (uint32_t)n;
    t->has_ch = true;
    t->early_data = ch->ext_mask & EXT_EARLY_DATA;
    t->sslv2_format = ch->format == HELLO_SSLV2;
    return true;
}

/* The same bytes, in a copy of what they lie in. */
static struct rd moved(struct rd span, const uint8_t *from, const uint8_t *to)
{
    return rd_left(&span) ? rd_of(to + (span.p - from), rd_left(&span)) : rd_of(NULL, 0);
}

/* Likewise a ServerHello, with its body. */
static bool keep_answer(struct tls *t, const struct server_hello *sh, struct rd body)
{
    size_t n = rd_left(&body);
    struct tls_answer *kept = tls_take(t->shared, sizeof *kept + n);
    if (!kept)
        return false;
    kept->hello = *sh;
    kept->length = (uint32_t)n;
    memcpy(kept->body, body.p, n);
    kept->hello.session_id = moved(sh->session_id, body.p, kept->body);
    kept->hello.alpn = moved(sh->alpn, body.p, kept->body);
    kept->hello.extensions = moved(sh->extensions, body.p, kept->body);
    t->sh = kept;
    return true;
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
    if (!m->kept || m->length > LIMIT_HELLO_BYTES)
        return TLS_MORE;
    struct client_hello ch;
    if (!(format == HELLO_SSLV2 ? client_hello_parse_sslv2(m->body, &ch) : client_hello_parse(m->body, format, &ch)))
        return bad_hello(t);
    if (!keep_hello(t, &ch))
        return TLS_MORE;
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
    t->version = t->sh->hello.version;
    t->version_wire = t->sh->hello.version_wire;
    t->suite = t->sh->hello.suite;
    t->group = t->sh->hello.group;
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
    if (!keep_answer(t, &sh, part))
        return;
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
    if (keep_answer(t, &sh, m->body))
        take_server_hello(t, d);
    return TLS_MORE;
}

void tls_salvage(struct tls *t, unsigned d)
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
    if (d != t->client)
        tls_server_cert(t, leaf, count);
    else /* whose it is nobody asks */
        t->flags |= rd_left(&leaf) ? EV_CLIENT_CERT_SENT : EV_CLIENT_CERT_EMPTY;
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
 * and the next header is waited for; an answer that is not TLS ends it. A client that cannot be read may still be
 * understood by its server, whose side goes on to tell. */
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

static enum tls_verdict records(struct tls *t, unsigned d, struct rd b)
{
    struct tls_side *s = &t->side[d];
    struct record_piece piece;
    enum record_verdict r;
    size_t n = rd_left(&b);
    if (s->dead)
        return outcome_unread(t, d, n);
    while ((r = record_next(&s->record, &b, &piece)) == RECORD_PIECE) {
        enum tls_verdict v = s->record.form == RECORD_TLS ? record_piece(t, d, &piece) : sslv2_piece(t, d, &piece);
        if (v != TLS_MORE)
            return v;
    }
    if (r == RECORD_BAD)
        return tls_bad_record(t, d);
    return s->record.lost ? outcome_unread(t, d, n) : TLS_MORE;
}

enum tls_verdict tls_bytes(struct tls *t, unsigned d, struct rd b, struct tls_when when)
{
    if (t->final != TLS_MORE)
        return (enum tls_verdict)t->final;
    note_time(t, d, when);
    enum tls_verdict v = records(t, d, b);
    t->final = (uint8_t)v;
    return v;
}

void tls_closed(struct tls *t, unsigned d)
{
    t->side[d].closed = true;
}

enum tls_verdict tls_gap(struct tls *t, unsigned d, uint32_t missing, struct tls_when when)
{
    struct tls_side *s = &t->side[d];
    note_time(t, d, when);
    bool clear = s->record.form == RECORD_TLS && s->record.open && s->record.type == RECORD_HANDSHAKE && !s->sealed;
    s->gap = true;
    t->flags |= EV_GAP;
    tls_salvage(t, d);
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
