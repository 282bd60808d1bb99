/* SPDX-License-Identifier: Apache-2.0 */
#include "dissect/sslv2.h"

#include "dissect/tls_state.h"

bool sslv2_server_hello_parse(struct rd body, struct sslv2_server_hello *sh)
{
    uint8_t type = rd_u8(&body);
    *sh = (struct sslv2_server_hello){ .session_id_hit = rd_u8(&body) != 0 };
    rd_skip(&body, 1); /* certificate type: X.509 is the only one */
    uint16_t version = rd_u16(&body), cert = rd_u16(&body), suites = rd_u16(&body), connection_id = rd_u16(&body);
    sh->cert = rd_sub(&body, cert);
    sh->suites = rd_sub(&body, suites);
    rd_skip(&body, connection_id);
    return rd_done(&body) && type == SSLV2_SERVER_HELLO && version == VER_SSL2 && suites % 3 == 0;
}

bool sslv2_master_key_parse(struct rd body, uint32_t *suite)
{
    uint8_t type = rd_u8(&body);
    *suite = rd_u24(&body);
    uint16_t clear_key = rd_u16(&body), encrypted_key = rd_u16(&body), key_arg = rd_u16(&body);
    rd_skip(&body, clear_key);
    rd_skip(&body, encrypted_key);
    rd_skip(&body, key_arg);
    return rd_done(&body) && type == SSLV2_CLIENT_MASTER_KEY;
}

int sslv2_error_alert(struct rd body)
{
    enum { NO_CIPHER = 1, NO_CERTIFICATE = 2, BAD_CERTIFICATE = 4, UNSUPPORTED_CERTIFICATE_TYPE = 6 };
    uint8_t type = rd_u8(&body);
    uint16_t code = rd_u16(&body);
    if (!rd_done(&body) || type != SSLV2_ERROR)
        return -1;
    switch (code) {
    case NO_CIPHER:
        return 40; /* handshake_failure */
    case NO_CERTIFICATE:
        return 41; /* no_certificate */
    case BAD_CERTIFICATE:
        return 42; /* bad_certificate */
    case UNSUPPORTED_CERTIFICATE_TYPE:
        return 43; /* unsupported_certificate */
    default:
        return -1;
    }
}

/* ---- in a conversation ---- */

static void chosen(struct tls *t, unsigned client)
{
    t->has_sh = true;
    t->sslv2 = true;
    t->client = (uint8_t)client;
    t->version = t->version_wire = VER_SSL2;
}

static enum tls_verdict server_hello(struct tls *t, unsigned d, struct rd body)
{
    struct sslv2_server_hello sh;
    if (t->client == d || !sslv2_server_hello_parse(body, &sh))
        return tls_bad_record(t, d);
    chosen(t, 1 - d);
    t->sslv2_resumed = sh.session_id_hit;
    t->full = !sh.session_id_hit;
    t->sh_when = t->now;
    if (rd_left(&sh.cert))
        tls_server_cert(t, sh.cert, 1);
    return TLS_MORE;
}

/* After the keys: SERVER-VERIFY, CLIENT-FINISHED, SERVER-FINISHED, their types hidden. */
static enum tls_verdict encrypted(struct tls *t, unsigned d)
{
    struct tls_side *s = &t->side[d];
    s->records++;
    s->went_on = true;
    s->finished = d == t->client || s->records >= 2;
    return t->side[0].finished && t->side[1].finished ? outcome_decide(t, OUTCOME_COMPLETED) : TLS_MORE;
}

static enum tls_verdict from_client(struct tls *t, unsigned d, struct rd body)
{
    uint32_t suite;
    t->side[d].went_on = true;
    if (t->suite != SUITE_NONE || t->sslv2_resumed)
        return encrypted(t, d);
    if (!sslv2_master_key_parse(body, &suite))
        return t->sslv2 ? TLS_MORE : tls_bad_record(t, d);
    chosen(t, d); /* also where the SERVER-HELLO was not captured */
    t->full = true;
    t->suite = suite;
    return TLS_MORE;
}

/* Records of SSLv2 hold one message each. */
static enum tls_verdict whole_record(struct tls *t, unsigned d, const struct handshake_message *m)
{
    int type = rd_peek(&m->body, 0), alert = sslv2_error_alert(m->body);
    if (!t->has_sh && type == SSLV2_CLIENT_HELLO) {
        enum tls_verdict v = tls_client_hello(t, d, m, HELLO_SSLV2);
        t->side[d].record.form = RECORD_UNKNOWN; /* an answer in TLS makes it go on in TLS */
        return v;
    }
    if (!t->has_sh && type == SSLV2_SERVER_HELLO)
        return server_hello(t, d, m->body);
    if (alert >= 0 && t->suite == SUITE_NONE)
        return outcome_alert(t, d, 2, (uint8_t)alert);
    if (d == t->client)
        return from_client(t, d, m->body);
    if (!t->sslv2)
        return tls_bad_record(t, d);
    return t->suite != SUITE_NONE || t->sslv2_resumed ? encrypted(t, d) : TLS_MORE;
}

/* May a record of SSLv2 that begins like this be here? Keeps other protocols from being buffered. */
static bool possible(const struct tls *t, unsigned d, struct rd b)
{
    int type = rd_peek(&b, 0), version = rd_peek(&b, 1);
    bool client_hello = type == SSLV2_CLIENT_HELLO && version <= 3;
    bool hello_back = type == SSLV2_SERVER_HELLO && version <= 1; /* there the hit comes first */
    if (t->has_sh)
        return t->sslv2;
    if (t->has_ch)
        return t->sslv2_format && (d == t->client || hello_back || type == SSLV2_ERROR);
    return client_hello || hello_back;
}

enum tls_verdict sslv2_piece(struct tls *t, unsigned d, const struct record_piece *piece)
{
    struct tls_side *s = &t->side[d];
    if (piece->first) {
        if (!possible(t, d, piece->bytes))
            return tls_bad_record(t, d);
        handshake_reset(&s->handshake, t->shared);
        handshake_begin(&s->handshake, t->shared, HS_SERVER_HELLO, s->record.length);
    }
    struct rd bytes = piece->bytes;
    struct handshake_message m;
    if (!handshake_next(&s->handshake, t->shared, &bytes, &m))
        return TLS_MORE;
    return whole_record(t, d, &m);
}
