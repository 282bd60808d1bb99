/* SPDX-License-Identifier: Apache-2.0 */
#include "dissect/dtls.h"

#include "base/limits.h"
#include "capture/stream.h"
#include "dissect/attempt.h"
#include "dissect/pieces.h"

enum { RECORD_HEADER = 13, MESSAGE_HEADER = 12, RECORD_MAX = 16384 + 2048 };
enum { CT_CCS = 20, CT_ALERT = 21, CT_HANDSHAKE = 22, CT_DATA = 23, CT_CID = 25, CT_ACK = 26 };
enum { HT_HELLO_REQUEST = 0, HT_CLIENT_HELLO = 1, HT_SERVER_HELLO = 2, HT_HELLO_VERIFY = 3, HT_CERTIFICATE = 11,
       HT_FINISHED = 20 };
enum { PARTS = 8 /* messages in fragments at once, per side */, SEQ_MAX = 64 /* messages of a handshake */ };

/* A message of which some fragments came, or that came before its turn. */
struct part {
    bool used, whole;
    uint8_t type;
    uint16_t seq;
    uint32_t length;
    struct pieces p;
};

/* One handshake. */
struct conversation {
    struct attempt a;
    uint64_t given[2]; /* message_seq numbers that were given on, by side: what comes again is a retransmission */
    struct part part[2][PARTS];
    uint8_t next_part[2]; /* which part gives way when all are used */
    bool begun[2]; /* a hello of that side was given on: */
    uint16_t due[2]; /* the message_seq behind what was given on */
    bool ccs[2];
    bool hello_verify;
    bool has_random;
    uint8_t random[32]; /* of the ClientHello: another one is another handshake */
    uint16_t data; /* application records while undecided */
};

/* Of a flow. */
struct dtls {
    struct tls_shared *shared;
    const char *upgrade; /* "capwap" or NULL */
    struct conversation now;
    struct conversation old; /* superseded by now before it was decided */
    bool any_hello;
    bool joined; /* protected records without a handshake were seen */
    uint16_t after; /* datagrams without an open attempt */
    struct tls_when last; /* of the datagram at hand */
};

struct record {
    uint8_t type;
    uint16_t version, epoch;
    struct rd body;
};

static bool version_ok(uint16_t v)
{
    return v == VER_DTLS10 || v == VER_DTLS12 || v == VER_DTLS13 || v == VER_DTLS10_OPENSSL;
}

/* The next record with a plain header (RFC 6347 section 4.1). */
static bool next_record(struct rd *r, struct record *rec)
{
    rec->type = rd_u8(r);
    rec->version = rd_u16(r);
    rec->epoch = rd_u16(r);
    rd_skip(r, 6); /* sequence number */
    rec->body = rd_vec16(r);
    return rd_ok(r) && rec->type >= CT_CCS && rec->type <= CT_ACK && version_ok(rec->version) && rd_left(&rec->body) > 0 &&
           rd_left(&rec->body) <= RECORD_MAX;
}

struct fragment {
    uint8_t type;
    uint16_t seq;
    uint32_t length, offset;
    struct rd data;
};

static bool next_fragment(struct rd *r, struct fragment *f)
{
    f->type = rd_u8(r);
    f->length = rd_u24(r);
    f->seq = rd_u16(r);
    f->offset = rd_u24(r);
    f->data = rd_vec24(r);
    return rd_ok(r) && f->offset <= f->length && rd_left(&f->data) <= f->length - f->offset && f->type <= 25;
}

/* ---- what wraps the records ---- */

/* STUN (RFC 8489): the DATA attribute of a Send or Data indication. */
static bool stun_data(struct rd r, struct rd *data)
{
    enum { SEND = 0x0016, DATA = 0x0017, ATTR_DATA = 0x0013 };
    uint16_t type = rd_u16(&r);
    uint16_t length = rd_u16(&r);
    uint32_t magic = rd_u32(&r);
    rd_skip(&r, 12);
    if (!rd_ok(&r) || (type != SEND && type != DATA) || magic != 0x2112a442 || length != rd_left(&r))
        return false;
    while (rd_left(&r)) {
        uint16_t attr = rd_u16(&r);
        struct rd value = rd_vec16(&r);
        if (!rd_ok(&r))
            return false;
        if (attr == ATTR_DATA) {
            *data = value;
            return true;
        }
        rd_skip(&r, (0u - rd_left(&value)) & 3);
    }
    return false;
}

/* Takes off what is around the records. Returns the name of a protocol that makes them its own, else NULL (TURN relays). */
static const char *unwrap(struct rd *r)
{
    int first = rd_peek(r, 0);
    struct rd in = *r, data;
    if (rd_starts(r, "\x01\0\0\0", 4)) { /* CAPWAP DTLS header, RFC 5415 section 4.2 */
        rd_skip(r, 4);
        return "capwap";
    }
    if (first >= 0x40 && first <= 0x4f) { /* TURN ChannelData, RFC 8656 section 12.4 */
        rd_skip(&in, 2);
        data = rd_vec16(&in);
        if (rd_ok(&in) && rd_left(&in) < 4)
            *r = data;
    } else if (first == 0 && stun_data(*r, &data)) {
        *r = data;
    }
    return NULL;
}

static bool plausible_handshake(struct rd body)
{
    struct fragment f;
    if (!next_fragment(&body, &f))
        return false;
    switch (f.type) {
    case HT_CLIENT_HELLO:
    case HT_SERVER_HELLO:
        return f.length >= 38;
    case HT_HELLO_REQUEST:
        return f.length == 0;
    case HT_HELLO_VERIFY:
        return f.length >= 3 && f.length <= 258;
    default:
        return f.type >= 4 && f.type <= HT_FINISHED;
    }
}

static bool dtls_looks_like(uint16_t sport, uint16_t dport, struct rd r)
{
    (void)sport;
    (void)dport;
    struct record rec;
    (void)unwrap(&r);
    if (rd_left(&r) <= RECORD_HEADER || r.p[0] < CT_CCS || r.p[0] > CT_DATA || !next_record(&r, &rec))
        return false;
    if (rec.epoch == 0)
        return (rec.type == CT_HANDSHAKE && plausible_handshake(rec.body)) ||
               (rec.type == CT_ALERT && rd_left(&rec.body) == 2 && rec.version != VER_DTLS10_OPENSSL);
    while (rd_left(&r)) /* joined amid a session: its records fill the datagram */
        if (!next_record(&r, &rec))
            return false;
    return rec.epoch < 16 && rec.type <= CT_DATA && rec.version != VER_DTLS10_OPENSSL;
}

/* ---- one handshake ---- */

static void parts_clear(struct conversation *c, struct tls_shared *shared)
{
    for (unsigned d = 0; d < 2; d++)
        for (unsigned i = 0; i < PARTS; i++)
            pieces_clear(&c->part[d][i].p, &shared->buffered);
}

static void conversation_clear(struct conversation *c, struct tls_shared *shared)
{
    tls_free(c->a.tls);
    parts_clear(c, shared);
    *c = (struct conversation){ 0 };
}

/* Is this the start of another handshake than this one? Every ClientHello of a handshake has the same random; except that
 * Cisco's CAPWAP clients change it in the hello that brings the cookie, whose message_seq is 1. */
static bool is_another(const struct conversation *c, const struct fragment *f)
{
    if (f->type != HT_CLIENT_HELLO || f->seq != 0 || f->offset != 0 || rd_left(&f->data) < 34 || !c->has_random)
        return false;
    return memcmp(f->data.p + 2, c->random, 32) != 0;
}

static void note_random(struct conversation *c, uint8_t type, struct rd head)
{
    if (type != HT_CLIENT_HELLO || rd_left(&head) < 34)
        return;
    memcpy(c->random, head.p + 2, 32);
    c->has_random = true;
}

static bool is_hello(uint8_t type)
{
    return type == HT_CLIENT_HELLO || type == HT_SERVER_HELLO || type == HT_HELLO_VERIFY;
}

static void message(struct dtls *s, unsigned d, uint8_t type, uint16_t seq, struct rd body, struct tls_when when)
{
    struct conversation *c = &s->now;
    c->given[d] |= UINT64_C(1) << seq;
    c->begun[d] = c->begun[d] || is_hello(type);
    if (seq >= c->due[d])
        c->due[d] = (uint16_t)(seq + 1);
    note_random(c, type, body);
    if (type == HT_HELLO_VERIFY)
        c->hello_verify = true;
    else if (c->a.state == ATTEMPT_OPEN)
        attempt_heed(&c->a, tls_message(c->a.tls, d, type, body, when));
}

static void part_free(struct dtls *s, struct part *p)
{
    pieces_clear(&p->p, &s->shared->buffered);
    p->used = false;
}

/* Whole messages whose turn has come; all: those behind a hole too, in their order, since what is missing will not come. */
static void give_parts(struct dtls *s, unsigned d, bool all, struct tls_when when)
{
    struct conversation *c = &s->now;
    for (;;) {
        struct part *first = NULL;
        for (unsigned i = 0; i < PARTS; i++) {
            struct part *p = &c->part[d][i];
            if (p->used && p->whole && (!first || p->seq < first->seq))
                first = p;
        }
        if (!first || (!all && !(c->begun[d] && first->seq == c->due[d])))
            return;
        message(s, d, first->type, first->seq, rd_of(first->p.buf, first->length), when);
        part_free(s, first);
    }
}

static void give_all(struct dtls *s, struct tls_when when)
{
    give_parts(s, 0, true, when);
    give_parts(s, 1, true, when);
}

/* A new handshake begins; one still open ends as it is. false: out of memory, or two in one datagram. */
static bool conversation_start(struct dtls *s)
{
    struct conversation *c = &s->now;
    if (s->old.a.state == ATTEMPT_DUE)
        return false;
    struct tls *tls = tls_new(s->shared, TLS_DTLS);
    if (!tls)
        return false;
    give_all(s, s->last);
    attempt_decide(&c->a, TLS_END_IDLE, SIDE_UNKNOWN);
    if (c->a.state == ATTEMPT_DUE) {
        parts_clear(c, s->shared);
        conversation_clear(&s->old, s->shared);
        s->old = *c;
        *c = (struct conversation){ 0 };
    }
    conversation_clear(c, s->shared);
    c->a.state = ATTEMPT_OPEN;
    c->a.tls = tls;
    return true;
}

static struct part *part_of(struct dtls *s, unsigned d, const struct fragment *f)
{
    struct conversation *c = &s->now;
    struct part *unused = NULL;
    for (unsigned i = 0; i < PARTS; i++) {
        struct part *p = &c->part[d][i];
        if (p->used && p->seq == f->seq)
            return p->type == f->type && p->length == f->length ? p : NULL;
        if (!p->used)
            unused = p;
    }
    if (!unused) { /* give up one: its other fragments may never come */
        unused = &c->part[d][c->next_part[d]++ % PARTS];
        s->shared->stats->hello_incomplete += is_hello(unused->type);
        part_free(s, unused);
    }
    *unused = (struct part){ .used = true, .type = f->type, .seq = f->seq, .length = f->length };
    return unused;
}

static size_t length_limit(uint8_t type)
{
    return type == HT_CERTIFICATE ? LIMIT_CERT_BYTES : LIMIT_HELLO_BYTES;
}

static void keep(struct dtls *s, unsigned d, const struct fragment *f, struct tls_when when)
{
    struct part *p = part_of(s, d, f);
    if (!p)
        return;
    if (!pieces_put(&p->p, &s->shared->buffered, f->length, f->offset, f->data)) {
        s->shared->stats->memory_refused++;
        return;
    }
    p->whole = p->p.ready >= f->length;
    if (p->whole && is_hello(f->type)) { /* a hello waits for nothing: it says where its side begins */
        message(s, d, f->type, f->seq, rd_of(p->p.buf, f->length), when);
        part_free(s, p);
    }
}

static void fragment(struct dtls *s, unsigned d, const struct fragment *f, struct tls_when when)
{
    struct conversation *c = &s->now;
    bool fresh = c->a.state == ATTEMPT_NONE ? is_hello(f->type) : is_another(c, f);
    if (fresh && !conversation_start(s))
        return;
    if (c->a.state != ATTEMPT_OPEN)
        return;
    if (f->offset == 0)
        note_random(c, f->type, f->data);
    if (f->seq >= SEQ_MAX || (c->given[d] >> f->seq & 1))
        return;
    if (f->length > length_limit(f->type)) {
        s->shared->stats->hello_too_long++;
        c->given[d] |= UINT64_C(1) << f->seq;
        return;
    }
    give_parts(s, !d, true, when); /* the other side's flight is over */
    if (c->a.state != ATTEMPT_OPEN)
        return;
    bool turn = is_hello(f->type) || (c->begun[d] && f->seq == c->due[d]);
    if (turn && rd_left(&f->data) == f->length)
        message(s, d, f->type, f->seq, f->data, when);
    else
        keep(s, d, f, when);
    give_parts(s, d, false, when);
}

/* ---- records ---- */

/* A record under keys. Its epoch says that ChangeCipherSpec came before it, also where that was not captured. */
static void protected_record(struct dtls *s, unsigned d, uint8_t type, size_t length, struct tls_when when)
{
    struct conversation *c = &s->now;
    s->joined = s->joined || c->a.state == ATTEMPT_NONE;
    if (c->a.state != ATTEMPT_OPEN)
        return;
    give_parts(s, d, true, when);
    if (!c->ccs[d]) {
        c->ccs[d] = true;
        attempt_heed(&c->a, tls_ccs_seen(c->a.tls, d, when));
    }
    if (c->a.state == ATTEMPT_OPEN)
        attempt_heed(&c->a, tls_protected_seen(c->a.tls, d, length, when));
    if (type == CT_DATA && ++c->data >= LIMIT_DATAGRAM_UNANSWERED)
        attempt_decide(&c->a, TLS_END_IDLE, SIDE_UNKNOWN);
}

static void plain_record(struct dtls *s, unsigned d, struct record *rec, struct tls_when when)
{
    struct conversation *c = &s->now;
    struct fragment f;
    switch (rec->type) {
    case CT_HANDSHAKE:
        while (rd_left(&rec->body) && next_fragment(&rec->body, &f))
            fragment(s, d, &f, when);
        return;
    case CT_CCS:
        if (c->a.state != ATTEMPT_OPEN || c->ccs[d])
            return;
        c->ccs[d] = true;
        give_parts(s, d, true, when);
        attempt_heed(&c->a, tls_ccs_seen(c->a.tls, d, when));
        return;
    case CT_ALERT:
        if (c->a.state == ATTEMPT_OPEN && rd_left(&rec->body) >= 2)
            attempt_heed(&c->a, tls_alert_seen(c->a.tls, d, rec->body.p[0], rec->body.p[1], when));
        return;
    default: /* ACK, heartbeat, data without keys: nothing of the handshake */
        return;
    }
}

/* The unified header of DTLS 1.3 (RFC 9147 section 4). Its length; 0: not one. A connection id's length is not on the wire:
 * then the record is taken to fill the datagram, as it is when there is no length field. */
static size_t unified(struct rd *r)
{
    enum { CID = 0x10, LONG_SEQ = 0x08, LENGTH = 0x04 };
    uint8_t first = rd_u8(r);
    if (first >> 5 != 1)
        return 0;
    if (!(first & CID))
        rd_skip(r, first & LONG_SEQ ? 2 : 1);
    struct rd body = (first & LENGTH) && !(first & CID) ? rd_vec16(r) : rd_sub(r, rd_left(r));
    return rd_ok(r) ? rd_left(&body) : 0;
}

/* A record of DTLS 1.2 with a connection id (RFC 9146), whose length is not on the wire: taken to fill the datagram. Its size
 * from the length of the id on; 0: not one. */
static size_t with_cid(struct rd *r)
{
    rd_skip(r, 1);
    bool good = version_ok(rd_u16(r)) && rd_u16(r) > 0;
    rd_skip(r, 6); /* sequence number */
    struct rd rest = rd_sub(r, rd_left(r));
    return good && rd_ok(r) ? rd_left(&rest) : 0;
}

/* ---- the row ---- */

/* Protected records: of a session that was told already. */
static bool dtls_goes_on(struct rd r)
{
    struct record rec;
    (void)unwrap(&r);
    return next_record(&r, &rec) && (rec.epoch > 0 || rec.type != CT_HANDSHAKE);
}

static void *dtls_open(struct tls_shared *shared)
{
    struct dtls *s = tls_take(shared, sizeof *s);
    if (s)
        *s = (struct dtls){ .shared = shared };
    return s;
}

static void records(struct dtls *s, unsigned d, struct rd r, struct tls_when when)
{
    while (rd_left(&r)) {
        struct record rec;
        if (r.p[0] >> 5 == 1) {
            size_t n = unified(&r);
            if (n && s->now.a.state != ATTEMPT_NONE)
                protected_record(s, d, CT_HANDSHAKE, n, when);
        } else if (r.p[0] == CT_CID) {
            size_t n = with_cid(&r);
            if (n && s->now.a.state != ATTEMPT_NONE)
                protected_record(s, d, CT_DATA, n, when);
        } else if (!next_record(&r, &rec)) {
            return;
        } else if (rec.epoch > 0) {
            protected_record(s, d, rec.type, rd_left(&rec.body), when);
        } else {
            plain_record(s, d, &rec, when);
        }
    }
}

static enum tls_verdict dtls_feed(void *state, unsigned d, struct rd datagram, struct tls_when when)
{
    struct dtls *s = state;
    const char *upgrade = unwrap(&datagram);
    if (upgrade)
        s->upgrade = upgrade;
    s->last = when;
    records(s, d, datagram, when);
    s->any_hello = s->any_hello || (s->now.a.tls && tls_has_hello(s->now.a.tls));
    if (s->now.a.state == ATTEMPT_DUE || s->old.a.state == ATTEMPT_DUE)
        return TLS_DECIDED;
    s->after = s->now.a.state == ATTEMPT_OPEN ? 0 : (uint16_t)(s->after + 1);
    return s->after < LIMIT_DATAGRAM_AFTER ? TLS_MORE : TLS_NOT; /* a later handshake on these ports is found anew */
}

static bool fill(struct dtls *s, struct conversation *c, enum tls_end end, unsigned by, unsigned *client_side,
                 struct tls_event *ev)
{
    if (!attempt_take(&c->a, s->shared, end, by, ev))
        return false;
    ev->upgrade = s->upgrade;
    ev->flags |= c->hello_verify ? EV_HELLO_VERIFY : 0u;
    *client_side = tls_client_side(c->a.tls);
    s->shared->stats->flow_one_sided += ev->outcome == OUTCOME_ONE_SIDED;
    return true;
}

static bool dtls_next_event(void *state, enum tls_end end, unsigned by, unsigned *client_side, struct tls_event *ev)
{
    struct dtls *s = state;
    if (s->old.a.state == ATTEMPT_TAKEN)
        conversation_clear(&s->old, s->shared);
    if (s->old.a.state == ATTEMPT_DUE && fill(s, &s->old, end, by, client_side, ev))
        return true;
    if (end != TLS_END_DECIDED)
        give_all(s, s->last);
    if (s->now.a.state == ATTEMPT_DUE || (s->now.a.state == ATTEMPT_OPEN && end != TLS_END_DECIDED))
        return fill(s, &s->now, end, by, client_side, ev);
    return false;
}

static void dtls_free(void *state)
{
    struct dtls *s = state;
    if (!s)
        return;
    if (!s->any_hello)
        s->shared->stats->tls_midstream += s->joined;
    conversation_clear(&s->now, s->shared);
    conversation_clear(&s->old, s->shared);
    tls_give(s->shared, s, sizeof *s);
}

const struct datagram_proto dtls_proto = {
    .name = "dtls",
    .proto = PROTO_UDP,
    .transport = TRANSPORT_UDP,
    .many = true,
    .looks_like = dtls_looks_like,
    .goes_on = dtls_goes_on,
    .open = dtls_open,
    .feed = dtls_feed,
    .next_event = dtls_next_event,
    .free = dtls_free,
};
