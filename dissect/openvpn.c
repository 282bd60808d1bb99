/* SPDX-License-Identifier: Apache-2.0 */
#include "dissect/openvpn.h"
#include "dissect/upgrade.h"
#include "base/limits.h"

#include <stdlib.h>

enum { HEADER = 9 /* opcode and key id, session id */, REPLAY = 8 /* packet id and time, with tls-auth */, TAIL = 5 };
enum { CRYPT_RESET = 54, HMAC_MAX = 64, ACKS_MAX = 8 };

/* --- packets --- */

/* tls-crypt: the replay id comes right after the session id and counts from 1 (or says that tls-crypt-v2 is being set up). */
static bool crypt_replay_id(struct rd packet)
{
    rd_skip(&packet, HEADER);
    uint32_t id = rd_u32(&packet);
    return rd_ok(&packet) && ((id > 0 && id < 256) || id >> 24 == 0x0f);
}

/* The client's first packet ends with no acknowledgements and packet id 0; the server's acknowledges that one. */
static bool reset_tail(struct rd packet, size_t size)
{
    static const uint8_t zero[ACKS_MAX + 4];
    size_t n = rd_left(&packet);
    const uint8_t *tail = packet.p + n - size;
    if (size == TAIL)
        return memcmp(tail, zero, TAIL) == 0;
    return tail[0] == 1 && memcmp(tail + 1, zero, 4) == 0 && memcmp(packet.end - 4, zero, 4) == 0;
}

enum openvpn_kind openvpn_first(struct rd packet, size_t *hmac)
{
    enum { ACK_AND_PEER = 4 + 8 };
    size_t n = rd_left(&packet);
    *hmac = 0;
    if (n < HEADER + TAIL || (packet.p[0] & 7) != 0)
        return OPENVPN_NOT;
    unsigned opcode = packet.p[0] >> 3;
    if (opcode == OPENVPN_HARD_RESET_CLIENT_V3)
        return n > CRYPT_RESET && crypt_replay_id(packet) ? OPENVPN_CRYPT : OPENVPN_NOT;
    if (opcode != OPENVPN_HARD_RESET_CLIENT && opcode != OPENVPN_HARD_RESET_SERVER)
        return OPENVPN_NOT;
    size_t tail = opcode == OPENVPN_HARD_RESET_CLIENT ? TAIL : TAIL + ACK_AND_PEER;
    if (n >= HEADER + tail && reset_tail(packet, tail)) {
        size_t between = n - HEADER - tail;
        *hmac = between > REPLAY ? between - REPLAY : 0;
        return between == 0 || (between > REPLAY && *hmac <= HMAC_MAX) ? OPENVPN_CLEAR : OPENVPN_NOT;
    }
    return n == CRYPT_RESET - TAIL + tail && crypt_replay_id(packet) ? OPENVPN_CRYPT : OPENVPN_NOT;
}

bool openvpn_parse(struct rd packet, size_t hmac, struct openvpn_packet *p)
{
    uint8_t first = rd_u8(&packet);
    *p = (struct openvpn_packet){ .opcode = first >> 3, .key_id = first & 7 };
    if ((p->opcode < OPENVPN_SOFT_RESET || p->opcode > OPENVPN_HARD_RESET_SERVER) || p->opcode == 6)
        return false;
    p->session = rd_u64(&packet);
    rd_skip(&packet, hmac ? hmac + REPLAY : 0);
    size_t acks = rd_u8(&packet);
    if (acks > ACKS_MAX)
        return false;
    rd_skip(&packet, acks ? acks * 4 + 8 : 0);
    p->has_id = p->opcode != OPENVPN_ACK;
    if (p->has_id)
        p->id = rd_u32(&packet);
    p->tls = p->opcode == OPENVPN_CONTROL ? packet : rd_of("", 0);
    return rd_ok(&packet);
}

bool openvpn_hello(struct rd packet, size_t *hmac)
{
    static const uint8_t sizes[] = { 0, 16, 20, 28, 32, 48, 64 };
    struct openvpn_packet p;
    if (rd_left(&packet) < HEADER + TAIL || packet.p[0] >> 3 != OPENVPN_CONTROL)
        return false;
    for (size_t i = 0; i < sizeof sizes; i++) {
        *hmac = sizes[i];
        if (openvpn_parse(packet, *hmac, &p) && p.id > 0 && p.id < 16 && rd_left(&p.tls) > 5 && p.tls.p[0] == 22 &&
            upgrade_hello(p.tls) > 0)
            return true;
    }
    return false;
}

/* --- over UDP: the packets of each direction, put in order --- */

struct late {
    uint8_t *bytes; /* NULL: free */
    size_t n;
    uint32_t id;
};

struct direction {
    uint32_t next; /* id of the packet that is due */
    uint64_t session;
    bool started;
    struct late late[LIMIT_OPENVPN_WINDOW];
};

struct openvpn {
    struct tls_shared *shared;
    struct direction dir[2];
    struct tls *tls, *over; /* being fed; replaced by a new session, its event due */
    size_t hmac;
    bool known; /* hmac is */
    bool crypt, decided;
    uint8_t client; /* who sent the client's reset, 2 not known */
    struct tls *given; /* what the last event points into */
};

static void late_free(struct openvpn *o, struct late *l)
{
    if (!l->bytes)
        return;
    room_give(&o->shared->buffered, room_cost(l->n));
    free(l->bytes);
    l->bytes = NULL;
}

static void direction_clear(struct openvpn *o, unsigned d)
{
    for (unsigned i = 0; i < LIMIT_OPENVPN_WINDOW; i++)
        late_free(o, &o->dir[d].late[i]);
    o->dir[d] = (struct direction){ .next = 0 };
}

static bool openvpn_looks_like(uint16_t sport, uint16_t dport, struct rd b)
{
    (void)sport;
    (void)dport;
    size_t hmac;
    return openvpn_first(b, &hmac) != OPENVPN_NOT || openvpn_hello(b, &hmac);
}

static void *openvpn_open(struct tls_shared *shared)
{
    struct openvpn *o = tls_take(shared, sizeof *o);
    if (o)
        *o = (struct openvpn){ .shared = shared, .client = 2 };
    return o;
}

static void openvpn_free(void *state)
{
    struct openvpn *o = state;
    if (!o)
        return;
    direction_clear(o, 0);
    direction_clear(o, 1);
    tls_free(o->tls);
    tls_free(o->over);
    tls_free(o->given);
    tls_give(o->shared, o, sizeof *o);
}

static size_t held(const struct direction *d)
{
    size_t n = 0;
    for (unsigned i = 0; i < LIMIT_OPENVPN_WINDOW; i++)
        n += d->late[i].bytes ? d->late[i].n : 0;
    return n;
}

static void keep_late(struct openvpn *o, struct direction *d, uint32_t id, struct rd tls)
{
    struct late *place = NULL;
    for (unsigned i = 0; i < LIMIT_OPENVPN_WINDOW; i++) {
        if (d->late[i].bytes && d->late[i].id == id)
            return;
        if (!d->late[i].bytes)
            place = &d->late[i];
    }
    if (!place || id - d->next >= LIMIT_OPENVPN_WINDOW)
        return;
    size_t n = rd_left(&tls);
    bool room = room_take(&o->shared->buffered, held(d), room_cost(n));
    place->bytes = room ? malloc(n ? n : 1) : NULL;
    if (!place->bytes) {
        room_give(&o->shared->buffered, room ? room_cost(n) : 0);
        o->shared->stats->memory_refused++;
        return;
    }
    if (n)
        memcpy(place->bytes, tls.p, n);
    place->n = n;
    place->id = id;
}

static enum tls_verdict feed_tls(struct openvpn *o, unsigned d, struct rd tls, struct tls_when when)
{
    o->dir[d].next++;
    if (rd_left(&tls) == 0 || o->decided)
        return TLS_MORE;
    if (!o->tls && !(o->tls = tls_new(o->shared, TLS_STREAM)))
        return TLS_NOT;
    enum tls_verdict v = tls_bytes(o->tls, d, tls, when);
    o->decided = o->decided || v != TLS_MORE;
    return v;
}

static enum tls_verdict feed_late(struct openvpn *o, unsigned d, struct tls_when when)
{
    struct direction *dir = &o->dir[d];
    for (unsigned i = 0; i < LIMIT_OPENVPN_WINDOW; i++) {
        struct late *l = &dir->late[i];
        if (!l->bytes || l->id != dir->next)
            continue;
        enum tls_verdict v = feed_tls(o, d, rd_of(l->bytes, l->n), when);
        late_free(o, l);
        if (v != TLS_MORE)
            return v;
        i = UINT32_MAX; /* from the start again */
    }
    return TLS_MORE;
}

/* A hard reset with another session id: the party starts again, and what was begun will not end. */
static enum tls_verdict new_session(struct openvpn *o, unsigned d, const struct openvpn_packet *p)
{
    bool again = o->dir[d].started;
    direction_clear(o, d);
    o->dir[d].session = p->session;
    o->dir[d].started = true;
    if (p->opcode == OPENVPN_HARD_RESET_CLIENT)
        o->client = (uint8_t)d;
    if (!again || !o->tls)
        return TLS_MORE;
    direction_clear(o, !d);
    tls_free(o->over);
    o->over = o->tls;
    o->tls = NULL;
    return TLS_DECIDED;
}

static enum tls_verdict control(struct openvpn *o, unsigned d, const struct openvpn_packet *p, struct tls_when when)
{
    struct direction *dir = &o->dir[d];
    enum tls_verdict before = TLS_MORE;
    bool reset = p->opcode == OPENVPN_HARD_RESET_CLIENT || p->opcode == OPENVPN_HARD_RESET_SERVER;
    if (reset && (!dir->started || dir->session != p->session))
        before = new_session(o, d, p);
    if (!dir->started) { /* joined in mid-session: this packet holds the hello */
        dir->started = true;
        dir->session = p->session;
        dir->next = p->id;
    }
    if (!p->has_id || p->key_id != 0 || p->session != dir->session || p->id - dir->next > INT32_MAX)
        return before; /* an acknowledgement, a later key, a retransmission */
    if (p->id != dir->next) {
        keep_late(o, dir, p->id, p->tls);
        return before;
    }
    enum tls_verdict v = feed_tls(o, d, p->tls, when);
    if (v == TLS_MORE)
        v = feed_late(o, d, when);
    return v == TLS_MORE ? before : v;
}

/* TLS_NOT ends the flow's examination: what follows a handshake are hours of data packets. */
static enum tls_verdict openvpn_feed(void *state, unsigned d, struct rd b, struct tls_when when)
{
    struct openvpn *o = state;
    struct openvpn_packet p;
    size_t hmac;
    if (!o->known) {
        enum openvpn_kind kind = openvpn_first(b, &hmac);
        o->crypt = kind == OPENVPN_CRYPT;
        if (o->crypt)
            o->client = (uint8_t)(b.p[0] >> 3 == OPENVPN_HARD_RESET_SERVER ? !d : d);
        if (o->crypt || (kind == OPENVPN_NOT && !openvpn_hello(b, &hmac)))
            return TLS_NOT;
        o->hmac = hmac;
        o->known = true;
    }
    if (!openvpn_parse(b, o->hmac, &p))
        return TLS_MORE;
    enum tls_verdict v = control(o, d, &p, when);
    return o->decided ? TLS_NOT : v;
}

static bool openvpn_next_event(void *state, enum tls_end end, unsigned by, unsigned *client_side, struct tls_event *ev)
{
    struct openvpn *o = state;
    bool replaced = o->over != NULL, due = replaced || o->decided || end != TLS_END_DECIDED;
    tls_free(o->given);
    o->given = NULL;
    ev->upgrade = "openvpn";
    if (o->crypt) {
        o->crypt = false;
        ev->outcome = OUTCOME_OPAQUE;
        *client_side = o->client;
        return true;
    }
    struct tls **from = replaced ? &o->over : &o->tls;
    o->given = due ? *from : NULL;
    if (due)
        *from = NULL;
    if (!o->given || !tls_has_hello(o->given))
        return false;
    tls_fill_event(o->given, replaced ? TLS_END_IDLE : end, by, ev);
    *client_side = tls_client_side(o->given) < 2 ? tls_client_side(o->given) : o->client;
    return true;
}

const struct datagram_proto openvpn_proto = {
    .name = "OpenVPN",
    .proto = PROTO_UDP,
    .transport = TRANSPORT_UDP,
    .many = true,
    .looks_like = openvpn_looks_like,
    .open = openvpn_open,
    .feed = openvpn_feed,
    .next_event = openvpn_next_event,
    .free = openvpn_free,
};
