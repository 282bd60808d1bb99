/* SPDX-License-Identifier: Apache-2.0 */
/*
 * outcome - how a handshake ended, from what can be seen of it.
 *
 * Up to TLS 1.2 and in SSLv2 both sides' Finished can be told from outside, though not read: whoever sends one has accepted
 * the other's part. In TLS 1.3 only sizes are visible after the ServerHello. The client's Finished has a known size, and a
 * client that refuses the server's certificate sends a record of an alert's size instead. A last flight of the client that
 * holds more than a Finished shows that it was asked for a certificate; whether the server accepts that one shows only in
 * what it does next: a record of an alert's size is a refusal unless more follows it. Without such a request nothing is
 * left that a server would refuse, and the client's Finished ends the handshake.
 *
 * BUGS: application data of exactly two bytes has the size of an alert; it misleads only as the last thing a server sends,
 * directly after a client certificate. A client that says close_notify right after its certificate hides a refusal.
 */
#include "dissect/tls_state.h"

#include "base/limits.h"

enum { ALERT_WARNING = 1, ALERT_FATAL = 2 };
enum { CLOSE_NOTIFY = 0, NO_CERTIFICATE = 41, USER_CANCELED = 90, NO_RENEGOTIATION = 100, UNRECOGNIZED_NAME = 112 };

static bool is_tls13(const struct tls *t)
{
    return t->has_sh && version_rank(t->version) == version_rank(VER_TLS13);
}

enum tls_verdict outcome_decide(struct tls *t, enum outcome o)
{
    t->decided = true;
    t->outcome = (uint8_t)o;
    return TLS_DECIDED;
}

/* A side that sends on and on without a decision (the other direction is not captured, or its end was missed) is not worth
 * following for ever. */
static enum tls_verdict undecided(struct tls *t, const struct tls_side *s)
{
    if (s->data_bytes <= LIMIT_UNDECIDED_BYTES)
        return TLS_MORE;
    outcome_end(t, TLS_END_INPUT, SIDE_NONE);
    return TLS_DECIDED;
}

enum tls_verdict outcome_unread(struct tls *t, unsigned d, size_t length)
{
    struct tls_side *s = &t->side[d];
    s->data_bytes += length;
    if (t->has_ch || t->has_sh)
        return undecided(t, s);
    return s->data_bytes > LIMIT_UNDECIDED_BYTES ? TLS_NOT : TLS_MORE;
}

enum tls_verdict outcome_ccs(struct tls *t, unsigned d)
{
    struct tls_side *s = &t->side[d];
    s->ccs = true;
    if (t->has_sh && !is_tls13(t) && d != t->client && !t->full && !s->gap)
        t->abbreviated = true;
    return TLS_MORE;
}

/* Is what this side does not show told by the other? Its bytes are missing, or are not readable as TLS. */
static bool unreadable(const struct tls_side *s)
{
    return s->gap || s->dead;
}

enum tls_verdict outcome_finished(struct tls *t, unsigned d)
{
    if (is_tls13(t))
        return TLS_MORE;
    t->side[d].finished = true;
    t->side[d].went_on = true;
    /* Who speaks last has accepted the other's Finished. */
    bool last = t->full ? d != t->client : t->abbreviated && d == t->client;
    if ((t->side[0].finished && t->side[1].finished) || (last && unreadable(&t->side[1 - d])))
        return outcome_decide(t, OUTCOME_COMPLETED);
    return TLS_MORE;
}

/* ---- TLS 1.3: the sizes of protected records (RFC 8446 section 5.2: content, its type, the tag) ---- */

static size_t sealed_size(const struct tls *t, size_t content)
{
    enum { CCM_8 = 0x1305, CCM_8_TAG = 8, TAG = 16 };
    return content + 1 + (t->suite == CCM_8 ? CCM_8_TAG : TAG);
}

static bool alert_sized(const struct tls *t, size_t length)
{
    return length == sealed_size(t, 2);
}

static size_t finished_size(const struct tls *t)
{
    enum { SHA384_SUITE = 0x1302, HEADER = 4, DTLS_HEADER = 12 };
    return sealed_size(t, (t->framing == TLS_DTLS ? DTLS_HEADER : HEADER) + (t->suite == SHA384_SUITE ? 48u : 32u));
}

static enum tls_verdict server_data_13(struct tls *t, struct tls_side *s, size_t length)
{
    const struct tls_side *c = client_side(t);
    bool first_small = alert_sized(t, length) && !s->small_last;
    s->small_last = alert_sized(t, length);
    if (!c->finished)
        return undecided(t, s);
    if (!first_small)
        return outcome_decide(t, OUTCOME_COMPLETED);
    if (!c->small_last && !c->closed) { /* else it answers a client that is leaving */
        t->alert_side = (uint8_t)(1 - t->client);
        t->alert_sealed = true;
    }
    return TLS_MORE;
}

static enum tls_verdict client_data_13(struct tls *t, struct tls_side *s, size_t length)
{
    enum { END_OF_EARLY_DATA = 4, EMPTY_CERTIFICATE = 8 };
    bool early = t->early_data && !(t->flags & EV_HRR);
    s->small_last = alert_sized(t, length);
    if (s->finished)
        return undecided(t, s);
    /* Nothing else that a client may send at this place is so small (in DTLS an acknowledgement is). */
    if (t->framing == TLS_STREAM && !early && !s->gap && length < sealed_size(t, EMPTY_CERTIFICATE)) {
        t->alert_side = t->client;
        t->alert_sealed = true;
        return outcome_decide(t, OUTCOME_ALERT_CLIENT);
    }
    s->finished = early ? length == finished_size(t) : length >= finished_size(t);
    t->client_auth = s->data_bytes > finished_size(t) || s->gap;
    if (s->finished && (early || !t->client_auth)) /* who resumes is not asked for a certificate */
        return outcome_decide(t, OUTCOME_COMPLETED);
    if (early && !s->finished && !s->small_last && length != sealed_size(t, END_OF_EARLY_DATA))
        t->flags |= EV_EARLY_DATA;
    return undecided(t, s);
}

enum tls_verdict outcome_data(struct tls *t, unsigned d, size_t length)
{
    struct tls_side *s = &t->side[d];
    s->data_bytes += length;
    s->data = true;
    if (d == t->client && !t->has_sh && !server_side(t)->seen && t->early_data) {
        t->flags |= EV_EARLY_DATA;
        return undecided(t, s);
    }
    s->went_on = true;
    s->records++;
    if (t->framing == TLS_QUIC || !t->has_sh)
        return undecided(t, s);
    if (is_tls13(t))
        return d == t->client ? client_data_13(t, s, length) : server_data_13(t, s, length);
    /* A server sends data only once it has accepted the client's Finished. */
    if (d != t->client && (s->ccs || s->gap))
        return outcome_decide(t, OUTCOME_COMPLETED);
    return undecided(t, s);
}

/* ---- alerts ---- */

/* Warnings after which the handshake is as good as before, and the polite end of a connection. */
static bool harmless(uint8_t code)
{
    return code == CLOSE_NOTIFY || code == NO_CERTIFICATE || code == NO_RENEGOTIATION || code == UNRECOGNIZED_NAME;
}

static enum outcome by_alert(const struct tls *t)
{
    return t->alert_side == t->client ? OUTCOME_ALERT_CLIENT : OUTCOME_ALERT_SERVER;
}

enum tls_verdict outcome_alert(struct tls *t, unsigned d, uint8_t level, uint8_t code)
{
    /* RFC 8446 section 6: in TLS 1.3 the level says nothing. */
    bool fatal = level == ALERT_FATAL || (is_tls13(t) && code != USER_CANCELED && code != CLOSE_NOTIFY);
    if (level == ALERT_WARNING && code == NO_CERTIFICATE && d == t->client)
        t->flags |= EV_CLIENT_CERT_EMPTY; /* SSLv3's way to say it, RFC 6101 section 5.4.2 */
    if (!fatal && harmless(code))
        return TLS_MORE;
    if (t->alert_side != SIDE_NONE && t->alert_level == ALERT_FATAL)
        return TLS_MORE; /* the first one is the cause */
    t->alert_side = (uint8_t)d;
    t->alert_level = level;
    t->alert_code = code;
    t->alert_sealed = false;
    t->alert_late = t->side[!d].closed;
    /* A client that was told nothing complains about the connection being closed: that is the server's doing. */
    bool heard_nothing = d == t->client && !server_side(t)->seen;
    if (!fatal || heard_nothing || t->alert_late || (!t->has_ch && !t->has_sh))
        return TLS_MORE;
    return outcome_decide(t, by_alert(t));
}

/* Up to TLS 1.2, after ChangeCipherSpec: what it says is hidden, and it may be the close of a session that stands. */
enum tls_verdict outcome_sealed_alert(struct tls *t, unsigned d)
{
    if (t->alert_side == SIDE_NONE) {
        t->alert_side = (uint8_t)d;
        t->alert_sealed = true;
    }
    return TLS_MORE;
}

/* ---- the end ---- */

static bool completed_13(const struct tls *t, const struct tls_side *client, enum tls_end end, unsigned by)
{
    if (t->framing == TLS_QUIC) /* its caller ends it as decided once the client uses the keys of a finished handshake */
        return client->records && end == TLS_END_DECIDED;
    /* The server never said whether it accepts the certificate; a client that leaves was content. */
    return client->finished && t->alert_side != 1 - t->client && by == t->client;
}

static bool completed_12(const struct tls *t, const struct tls_side *client, const struct tls_side *server)
{
    bool peer_cut = unreadable(client) || !client->seen;
    if (t->full && server->finished) /* it speaks last: it has accepted the client's */
        return true;
    if (t->abbreviated && client->finished && unreadable(server))
        return true;
    if (server->finished && server->data && peer_cut)
        return true;
    return client->finished && client->data && unreadable(server);
}

/* Only one direction was captured: it went on as it could only with answers. */
static bool one_sided(const struct tls *t, const struct tls_side *client, const struct tls_side *server)
{
    return (t->has_ch && !server->seen && client->went_on) || (t->has_sh && !client->seen);
}

static enum outcome by_end(const struct tls *t, const struct tls_side *server, enum tls_end end, unsigned by)
{
    bool gap = t->side[0].gap || t->side[1].gap, answered = server->seen || t->has_sh;
    if (t->malformed && !gap)
        return OUTCOME_MALFORMED;
    switch (end) {
    case TLS_END_RST: /* behind a FIN it only says that nobody listens any more */
        if (!gap && (t->side[0].closed || t->side[1].closed))
            return OUTCOME_CLOSED;
        return gap ? OUTCOME_INCOMPLETE : OUTCOME_RESET;
    case TLS_END_FIN:
        if (!answered && by == t->client)
            return OUTCOME_UNANSWERED;
        return gap ? OUTCOME_INCOMPLETE : OUTCOME_CLOSED;
    case TLS_END_EVICTED:
        return OUTCOME_EVICTED;
    case TLS_END_IDLE:
    case TLS_END_INPUT:
    case TLS_END_DECIDED:
        break;
    }
    return answered ? OUTCOME_INCOMPLETE : OUTCOME_UNANSWERED;
}

static enum outcome settle(const struct tls *t, const struct tls_side *client, const struct tls_side *server,
                           enum tls_end end, unsigned by)
{
    bool visible = t->alert_side != SIDE_NONE && !t->alert_sealed;
    if (visible && !t->alert_late && t->alert_level == ALERT_FATAL && (server->seen || end != TLS_END_FIN))
        return by_alert(t);
    if (is_tls13(t) ? completed_13(t, client, end, by) : completed_12(t, client, server))
        return OUTCOME_COMPLETED;
    if (one_sided(t, client, server))
        return OUTCOME_ONE_SIDED;
    if (is_tls13(t) && !client->finished && server->small_last && !client->gap)
        return OUTCOME_ALERT_SERVER;
    if (t->alert_side != SIDE_NONE && !t->alert_late && (visible ? server->seen : !unreadable(client) && !unreadable(server)))
        return by_alert(t);
    return by_end(t, server, end, by);
}

void outcome_end(struct tls *t, enum tls_end end, unsigned by)
{
    const struct tls_side *client = client_side(t), *server = server_side(t);
    if (!t->decided)
        (void)outcome_decide(t, settle(t, client, server, end, by));
    if (one_sided(t, client, server))
        t->flags |= EV_ONE_SIDED;
    bool alert = t->outcome == OUTCOME_ALERT_CLIENT || t->outcome == OUTCOME_ALERT_SERVER;
    if (alert && (t->alert_side == SIDE_NONE || t->alert_sealed))
        t->flags |= EV_ALERT_ENCRYPTED;
}
