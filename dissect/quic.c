/* SPDX-License-Identifier: Apache-2.0 */
#include "dissect/quic.h"

#include "base/limits.h"
#include "capture/stream.h"
#include "dissect/attempt.h"
#include "dissect/pieces.h"
#include "dissect/quic_crypto.h"

enum { COALESCED_MAX = 8 /* packets of one datagram that are looked at */, CRYPTO_ERROR = 0x100,
       SHORT_MIN = 21 /* first byte, and what header protection samples: RFC 9001 section 5.4.2 */ };

/* A long header and what follows it, borrowed from the datagram. */
struct quic_packet {
    uint32_t version;
    const struct quic_version *known; /* NULL: a version whose keys are not public, or version negotiation (0) */
    enum quic_type type; /* when known */
    struct rd dcid, scid;
    struct rd whole; /* first byte to the end of Length; Retry: to the end of the datagram */
    size_t pn_offset;
};

struct cid {
    uint8_t n, b[QUIC_CID_MAX];
};

/* One connection attempt. */
struct connection {
    struct attempt a;
    struct quic_keys keys[2]; /* [0] of the client's packets, [1] of the server's; derived when first needed */
    const struct quic_version *version; /* the one the keys are for */
    struct cid odcid; /* the client's Destination Connection ID that they are derived from */
    struct cid server; /* the server's own, once known */
    struct pieces crypto[2]; /* the Initial CRYPTO streams, by side */
    size_t taken[2]; /* bytes of them that were given on as messages */
    uint32_t hello_version; /* of the packet with the ServerHello, until then of that with the ClientHello */
    bool answered; /* a ServerHello came */
    bool server_seen; /* packets of the server were captured */
    bool retry, early_data;
    uint16_t client_short; /* the client's short headers without a ServerHello: the answer was not captured */
};

/* Of a flow. */
struct quic {
    struct tls_shared *shared;
    struct connection now;
    struct connection old; /* superseded by now before it was decided */
    uint8_t client; /* the side that sends the client's packets; SIDE_UNKNOWN */
    struct cid retry; /* the Retry's Source Connection ID: the client's next destination */
    bool negotiated; /* a Version Negotiation packet came: the next hello replaces this attempt */
    bool any_hello; /* some attempt of this flow was read */
    bool joined; /* packets of a connection whose Initials were missed */
    uint16_t failures; /* Initials that did not decrypt */
    uint16_t unknown; /* packets of versions without public keys */
    uint16_t after; /* datagrams without an open attempt */
};

static uint64_t varint(struct rd *r)
{
    uint8_t first = rd_u8(r);
    uint64_t v = first & 0x3f;
    for (unsigned more = (1u << (first >> 6)) - 1; more; more--)
        v = v << 8 | rd_u8(r);
    return v;
}

static bool cid_is(const struct cid *c, struct rd r)
{
    return c->n == rd_left(&r) && (c->n == 0 || memcmp(c->b, r.p, c->n) == 0);
}

static void cid_set(struct cid *c, struct rd r)
{
    c->n = (uint8_t)rd_left(&r); /* <= QUIC_CID_MAX: next_packet() saw to it */
    if (c->n)
        memcpy(c->b, r.p, c->n);
}

/* The long header packet at the head of *r (RFC 9000 section 17.2), which moves past it. false: none that can be read. */
static bool next_packet(struct rd *r, struct quic_packet *p)
{
    const uint8_t *start = r->p;
    uint8_t first = rd_u8(r);
    *p = (struct quic_packet){ .version = rd_u32(r) };
    p->dcid = rd_vec8(r);
    p->scid = rd_vec8(r);
    p->known = quic_version_find(p->version);
    if (!rd_ok(r) || !(first & 0x80))
        return false;
    if (!p->known) { /* only the invariants of RFC 8999 hold: the rest of the datagram is its own */
        p->whole = rd_of(start, (size_t)(r->end - start));
        return true;
    }
    if (rd_left(&p->dcid) > QUIC_CID_MAX || rd_left(&p->scid) > QUIC_CID_MAX)
        return false;
    p->type = quic_long_type(p->known, first);
    if (p->type == QUIC_RETRY) {
        p->whole = rd_of(start, (size_t)(r->end - start));
        rd_skip(r, rd_left(r));
        return true;
    }
    if (p->type == QUIC_INITIAL) {
        uint64_t token = varint(r);
        if (token > rd_left(r))
            return false;
        rd_skip(r, (size_t)token);
    }
    uint64_t length = varint(r);
    if (!rd_ok(r) || length > rd_left(r))
        return false;
    p->pn_offset = (size_t)(r->p - start);
    rd_skip(r, (size_t)length);
    p->whole = rd_of(start, (size_t)(r->p - start));
    return length >= 20; /* packet number and sample: 4 + 16 */
}

/* Google's own QUIC versions, "Q043" and so on: not TLS. */
static bool is_gquic(uint32_t version)
{
    return version >> 24 == 'Q' && (version >> 16 & 0xff) == '0';
}

/* Versions without public keys are counted only where nothing else is likely: reserved and private patterns (RFC 9000
 * section 15), in a datagram of the size that a client's first must have. */
static bool unknown_plausible(const struct quic_packet *p, size_t datagram)
{
    uint32_t v = p->version;
    bool pattern = (v & 0x0f0f0f0f) == 0x0a0a0a0a || v >> 8 == 0xff0000 || v >> 8 == 0xfaceb0 || v >> 16 == 0xabcd;
    return pattern && datagram >= 1200 && rd_left(&p->dcid) >= 8 && rd_left(&p->dcid) <= QUIC_CID_MAX &&
           rd_left(&p->scid) <= QUIC_CID_MAX;
}

static bool quic_looks_like(uint16_t sport, uint16_t dport, struct rd datagram)
{
    (void)sport;
    (void)dport;
    struct quic_packet p;
    size_t n = rd_left(&datagram);
    if (n < 21 || !(datagram.p[0] & 0x80) || !next_packet(&datagram, &p))
        return false;
    if (p.known) /* a long header that fits, in a version known by 32 bits */
        return p.type != QUIC_RETRY || rd_left(&p.scid) > 0;
    return p.version != 0 && !is_gquic(p.version) && unknown_plausible(&p, n);
}

/* A connection begins with an Initial packet. */
static bool quic_goes_on(struct rd datagram)
{
    struct quic_packet p;
    return next_packet(&datagram, &p) && p.known && p.type != QUIC_INITIAL;
}

/* ---- frames of an Initial packet, RFC 9000 sections 12.4 and 19 ---- */

enum frame_type { FRAME_PADDING = 0x00, FRAME_PING = 0x01, FRAME_ACK = 0x02, FRAME_ACK_ECN = 0x03, FRAME_CRYPTO = 0x06,
                  FRAME_CRYPTO_GOOGLE = 0x08, FRAME_CLOSE = 0x1c, FRAME_CLOSE_APP = 0x1d };

struct frame {
    uint64_t type, offset /* CRYPTO */, error /* CLOSE */;
    struct rd data; /* CRYPTO */
};

static void skip_ack(struct rd *r, bool ecn)
{
    (void)varint(r); /* largest acknowledged */
    (void)varint(r); /* delay */
    uint64_t ranges = varint(r);
    (void)varint(r); /* first range */
    for (; ranges && rd_left(r); ranges--) {
        (void)varint(r);
        (void)varint(r);
    }
    if (ranges)
        rd_fail(r);
    for (int i = 0; ecn && i < 3; i++)
        (void)varint(r);
}

static struct rd counted(struct rd *r)
{
    uint64_t n = varint(r);
    return rd_sub(r, n > rd_left(r) ? SIZE_MAX : (size_t)n);
}

/* The next frame that matters (CRYPTO, CLOSE). false: no more, or a frame that may not be here. */
static bool next_frame(struct rd *r, const struct quic_version *v, struct frame *f)
{
    while (rd_left(r)) {
        *f = (struct frame){ .type = varint(r) };
        if (v->google && f->type == FRAME_CRYPTO_GOOGLE)
            f->type = FRAME_CRYPTO;
        switch (f->type) {
        case FRAME_PADDING:
        case FRAME_PING:
            continue;
        case FRAME_ACK:
        case FRAME_ACK_ECN:
            skip_ack(r, f->type == FRAME_ACK_ECN);
            continue;
        case FRAME_CRYPTO:
            f->offset = varint(r);
            f->data = counted(r);
            return rd_ok(r);
        case FRAME_CLOSE:
        case FRAME_CLOSE_APP:
            f->error = varint(r);
            if (f->type == FRAME_CLOSE)
                (void)varint(r); /* frame that caused it */
            (void)counted(r); /* reason, for people */
            return rd_ok(r);
        default:
            return false;
        }
    }
    return false;
}

/* ---- one connection ---- */

/* The keys of one direction, where there are none, counted with the state of flows. */
static bool keys_derive(struct tls_shared *shared, struct quic_keys *k, const struct quic_version *v, struct rd dcid, bool server)
{
    bool room = room_take(&shared->kept, 0, QUIC_KEYS_COST);
    if (room && quic_keys_derive(k, v, dcid, server))
        return true;
    room_give(&shared->kept, room ? QUIC_KEYS_COST : 0);
    shared->stats->memory_refused++;
    return false;
}

static void keys_drop(struct tls_shared *shared, struct quic_keys *k)
{
    if (k->hp)
        room_give(&shared->kept, QUIC_KEYS_COST);
    quic_keys_clear(k);
}

static void connection_clear(struct connection *c, struct tls_shared *shared)
{
    tls_free(c->a.tls);
    for (int i = 0; i < 2; i++) {
        keys_drop(shared, &c->keys[i]);
        pieces_clear(&c->crypto[i], &shared->buffered);
    }
    *c = (struct connection){ 0 };
}

/* The whole messages at the head of one side's CRYPTO stream. */
static void give_messages(struct quic *q, unsigned d, struct tls_when when)
{
    struct connection *c = &q->now;
    struct pieces *in = &c->crypto[d];
    while (in->buf && c->a.state == ATTEMPT_OPEN) {
        struct rd r = rd_of(in->buf + c->taken[d], in->ready - c->taken[d]);
        uint8_t type = rd_u8(&r);
        uint32_t n = rd_u24(&r);
        struct rd body = rd_sub(&r, n);
        if (!rd_ok(&r))
            return;
        c->taken[d] += 4 + n;
        c->answered = c->answered || (type == 2 && d != q->client);
        attempt_heed(&c->a, tls_message(c->a.tls, d, type, body, when));
    }
}

static void read_frames(struct quic *q, unsigned d, const struct quic_packet *p, struct rd frames, struct tls_when when)
{
    struct connection *c = &q->now;
    const struct quic_version *v = p->known;
    struct frame f;
    if (!c->answered)
        c->hello_version = p->version;
    while (c->a.state == ATTEMPT_OPEN && next_frame(&frames, v, &f)) {
        if (f.type == FRAME_CRYPTO) {
            if (f.offset + rd_left(&f.data) > LIMIT_HELLO_BYTES)
                q->shared->stats->hello_too_long++;
            else if (!pieces_put(&c->crypto[d], &q->shared->buffered, LIMIT_HELLO_BYTES, f.offset, f.data))
                q->shared->stats->memory_refused++;
            continue;
        }
        give_messages(q, d, when); /* what came before the close */
        if (f.type == FRAME_CLOSE && f.error >> 8 == CRYPTO_ERROR >> 8) /* an alert, RFC 9001 section 4.8 */
            attempt_heed(&c->a, tls_alert_seen(c->a.tls, d, 2, (uint8_t)f.error, when));
        attempt_decide(&c->a, TLS_END_FIN, d);
    }
    give_messages(q, d, when);
}

/* ---- Initial packets ---- */

/* With the attempt's keys; derived anew when the server, and then the client, go on in another version (RFC 9368). */
static size_t decrypt_known(struct quic *q, unsigned d, const struct quic_packet *p, uint8_t *out)
{
    struct connection *c = &q->now;
    bool server = d != q->client;
    if (c->version != p->known) {
        keys_drop(q->shared, &c->keys[0]);
        keys_drop(q->shared, &c->keys[1]);
        c->version = p->known;
    }
    struct quic_keys *k = &c->keys[server];
    if (!k->hp && !keys_derive(q->shared, k, c->version, rd_of(c->odcid.b, c->odcid.n), server))
        return 0;
    return quic_decrypt(k, p->whole, p->pn_offset, out);
}

/* Are these frames of the hello that the attempt already holds? Then new keys mean a Retry that was not captured. */
static bool same_hello(const struct quic *q, const struct quic_version *v, struct rd frames)
{
    struct frame f;
    size_t held = 0;
    bool same = true;
    while (same && next_frame(&frames, v, &f))
        if (f.type == FRAME_CRYPTO)
            held += pieces_overlap(&q->now.crypto[q->client], f.offset, f.data, &same);
    return same && held > 0;
}

/* A client's Initial under new keys: the same attempt after a Retry, or the start of another. false: out of memory,
 * or two new ones in one datagram. */
static bool adopt(struct quic *q, unsigned d, const struct quic_packet *p, struct quic_keys keys, struct rd frames)
{
    struct connection *c = &q->now;
    bool waiting = c->a.state == ATTEMPT_OPEN && !c->answered && d == q->client && !q->negotiated;
    if (waiting && (cid_is(&q->retry, p->dcid) || same_hello(q, p->known, frames))) {
        c->retry = true;
        keys_drop(q->shared, &c->keys[0]);
        keys_drop(q->shared, &c->keys[1]);
    } else {
        struct tls *tls = q->old.a.state == ATTEMPT_DUE ? NULL : tls_new(q->shared, TLS_QUIC);
        if (!tls)
            return false;
        if (!q->negotiated)
            attempt_decide(&c->a, TLS_END_IDLE, SIDE_UNKNOWN);
        if (c->a.state == ATTEMPT_DUE) {
            connection_clear(&q->old, q->shared);
            q->old = *c;
            *c = (struct connection){ 0 };
        }
        connection_clear(c, q->shared);
        c->a.state = ATTEMPT_OPEN;
        c->a.tls = tls;
    }
    c->keys[0] = keys;
    c->version = p->known;
    cid_set(&c->odcid, p->dcid);
    q->client = (uint8_t)d;
    q->negotiated = false;
    return true;
}

/* As a client's first packet: keys from its own Destination Connection ID. */
static size_t decrypt_first(struct quic *q, unsigned d, const struct quic_packet *p, uint8_t *out)
{
    struct quic_keys keys = { 0 };
    size_t n = 0;
    if (keys_derive(q->shared, &keys, p->known, p->dcid, false))
        n = quic_decrypt(&keys, p->whole, p->pn_offset, out);
    if (n && adopt(q, d, p, keys, rd_of(out, n)))
        return n;
    keys_drop(q->shared, &keys);
    return 0;
}

static void initial(struct quic *q, unsigned d, const struct quic_packet *p, struct tls_when when)
{
    uint8_t out[65536]; /* a datagram is shorter */
    struct connection *c = &q->now;
    bool known = c->a.state != ATTEMPT_NONE;
    bool mine = known && (d != q->client || cid_is(&c->odcid, p->dcid) || cid_is(&c->server, p->dcid));
    if (q->failures >= LIMIT_QUIC_FAILURES || rd_left(&p->whole) > sizeof out)
        return;
    size_t n = known ? decrypt_known(q, d, p, out) : 0;
    if (n && c->a.state != ATTEMPT_OPEN)
        return; /* a late packet of what is decided */
    if (!n && !mine)
        n = decrypt_first(q, d, p, out);
    if (!n) {
        q->shared->stats->quic_undecryptable++;
        q->failures++;
        return;
    }
    if (d != q->client) {
        c->server_seen = true;
        cid_set(&c->server, p->scid);
    }
    read_frames(q, d, p, rd_of(out, n), when);
}

/* ---- other packets ---- */

static void long_header(struct quic *q, unsigned d, const struct quic_packet *p, struct tls_when when)
{
    struct connection *c = &q->now;
    bool open = c->a.state == ATTEMPT_OPEN;
    if (!p->known && p->version != 0) {
        q->unknown++;
        return;
    }
    if (!p->known) { /* Version Negotiation: what the client tried led to no handshake, so none was missed */
        if (d == q->client)
            return;
        q->unknown = 0;
        q->negotiated = !c->answered;
        return;
    }
    switch (p->type) {
    case QUIC_INITIAL:
        initial(q, d, p, when);
        return;
    case QUIC_RETRY:
        q->joined = q->joined || c->a.state == ATTEMPT_NONE;
        if (!open || c->answered || d == q->client)
            return;
        c->retry = true;
        cid_set(&q->retry, p->scid);
        return;
    case QUIC_ZERO_RTT:
        q->joined = q->joined || c->a.state == ATTEMPT_NONE;
        c->early_data = c->early_data || (open && d == q->client);
        return;
    case QUIC_HANDSHAKE:
        q->joined = q->joined || c->a.state == ATTEMPT_NONE;
        if (!open)
            return;
        c->server_seen = c->server_seen || d != q->client;
        attempt_heed(&c->a, tls_protected_seen(c->a.tls, d, rd_left(&p->whole), when));
    }
}

/* A short header carries application data under keys that a client has only once it could send its Finished. */
static void short_header(struct quic *q, unsigned d, size_t length, struct tls_when when)
{
    struct connection *c = &q->now;
    if (c->a.state != ATTEMPT_OPEN)
        return;
    c->server_seen = c->server_seen || d != q->client;
    attempt_heed(&c->a, tls_protected_seen(c->a.tls, d, length, when));
    if (d != q->client)
        return;
    if (c->answered)
        attempt_decide(&c->a, TLS_END_DECIDED, SIDE_UNKNOWN);
    else if (++c->client_short >= LIMIT_DATAGRAM_UNANSWERED)
        attempt_decide(&c->a, TLS_END_IDLE, SIDE_UNKNOWN);
}

/* ---- the row ---- */

static void *quic_open(struct tls_shared *shared)
{
    struct quic *q = tls_take(shared, sizeof *q);
    if (q)
        *q = (struct quic){ .shared = shared, .client = SIDE_UNKNOWN };
    return q;
}

static enum tls_verdict quic_feed(void *state, unsigned d, struct rd datagram, struct tls_when when)
{
    struct quic *q = state;
    struct quic_packet p;
    for (int i = 0; i < COALESCED_MAX && rd_left(&datagram); i++) {
        if (!(datagram.p[0] & 0x80)) {
            /* the fixed bit may be greased (RFC 9287); behind other packets its absence is padding */
            if ((i == 0 || (datagram.p[0] & 0x40)) && rd_left(&datagram) >= SHORT_MIN)
                short_header(q, d, rd_left(&datagram), when);
            break;
        }
        if (!next_packet(&datagram, &p))
            break;
        long_header(q, d, &p, when);
        if (!p.known)
            break;
    }
    q->any_hello = q->any_hello || (q->now.a.tls && tls_has_hello(q->now.a.tls));
    if (q->now.a.state == ATTEMPT_DUE || q->old.a.state == ATTEMPT_DUE)
        return TLS_DECIDED;
    q->after = q->now.a.state == ATTEMPT_OPEN ? 0 : (uint16_t)(q->after + 1);
    return q->after < LIMIT_DATAGRAM_AFTER ? TLS_MORE : TLS_NOT; /* a later connection on these ports is found anew */
}

static bool fill(struct quic *q, struct connection *c, enum tls_end end, unsigned by, unsigned *client_side,
                 struct tls_event *ev)
{
    if (!attempt_take(&c->a, q->shared, end, by, ev))
        return false;
    ev->quic_version = c->hello_version;
    ev->flags &= ~(uint32_t)EV_EARLY_DATA; /* here 0-RTT packets say it, and nothing else */
    ev->flags |= (c->retry ? EV_HELLO_VERIFY : 0u) | (c->early_data ? EV_EARLY_DATA : 0u);
    if (c->client_short && !c->server_seen) { /* it went on, so it was answered: elsewhere */
        ev->outcome = OUTCOME_ONE_SIDED;
        ev->flags |= EV_ONE_SIDED;
    }
    q->shared->stats->flow_one_sided += ev->outcome == OUTCOME_ONE_SIDED;
    *client_side = q->client;
    return true;
}

static bool quic_next_event(void *state, enum tls_end end, unsigned by, unsigned *client_side, struct tls_event *ev)
{
    struct quic *q = state;
    if (q->old.a.state == ATTEMPT_TAKEN)
        connection_clear(&q->old, q->shared);
    if (q->old.a.state == ATTEMPT_DUE && fill(q, &q->old, end, by, client_side, ev))
        return true;
    if (q->now.a.state == ATTEMPT_DUE || (q->now.a.state == ATTEMPT_OPEN && end != TLS_END_DECIDED))
        return fill(q, &q->now, end, by, client_side, ev);
    return false;
}

static void quic_free(void *state)
{
    struct quic *q = state;
    if (!q)
        return;
    if (!q->any_hello) {
        q->shared->stats->quic_midstream += q->joined;
        q->shared->stats->quic_unknown_version += q->unknown;
    }
    connection_clear(&q->now, q->shared);
    connection_clear(&q->old, q->shared);
    tls_give(q->shared, q, sizeof *q);
}

const struct datagram_proto quic_proto = {
    .name = "quic",
    .proto = PROTO_UDP,
    .transport = TRANSPORT_QUIC,
    .many = true,
    .looks_like = quic_looks_like,
    .goes_on = quic_goes_on,
    .open = quic_open,
    .feed = quic_feed,
    .next_event = quic_next_event,
    .free = quic_free,
};
