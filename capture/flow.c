/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flow - one 32-byte record per connection, found with one probe; everything else only while a handshake may still come.
 *
 * What shapes it:
 * - Nearly all packets belong to connections that are decided: they must cost one lookup, in one cache line. So a slot holds
 *   a 64-bit keyed tag of the 5-tuple instead of the addresses; two connections share a tag with odds of 2^-64 per pair, and
 *   nobody outside knows the key.
 * - A SYN flood must cost nothing: a bare SYN makes no entry. A flood of SYN-ACKs or of first payloads costs slots only; at
 *   the cap the one near home that is missed least goes, and is counted. The table grows by doubling up to the cap; dead and
 *   idle slots are used again on the way.
 * - Slots are probed linearly, at most four fifths are used, and a probe ends at the first empty one.
 */
#include "capture/flow.h"
#include "base/limits.h"
#include "capture/conn.h"

#include <assert.h>
#include <stdlib.h>

enum slot_state {
    SLOT_EMPTY,
    SLOT_OPEN, /* SYN-ACK seen, no payload yet */
    SLOT_WATCH, /* payload of an unknown protocol: a hello may still begin with a segment */
    SLOT_CONN, /* has a struct conn */
    SLOT_DONE, /* decided: skip */
    SLOT_CLOSED, /* decided and over: may be used again */
    SLOT_RENEWED, /* a bare SYN came on a decided flow: the next payload is a new connection's */
};

enum { SLOT_FIN0 = 1, SLOT_FIN1 = 2, SLOT_INITIATOR1 = 4 };

struct slot {
    uint64_t tag;
    uint32_t next[2]; /* SLOT_OPEN: sequence numbers of the first payloads */
    uint32_t last; /* packet time, seconds, of its latest packet */
    uint32_t conn; /* SLOT_CONN: index */
    uint8_t state, flags, watched;
    uint8_t pad[5];
};

#define SWEEP_BACK_NS INT64_C(10000000000) /* clocks step back, and one wrong timestamp must not stop the sweep */

enum { FIRST_SLOTS = 4096, WINDOW = 16, CHUNK_BITS = 8, CHUNK = 1 << CHUNK_BITS };
#define NIL UINT32_MAX

struct flow_table {
    struct tcp_env env;
    struct slot *slot;
    uint32_t mask, used, max_slots;
    uint32_t until_room; /* insertions before the table is looked through again */
    uint64_t key[4];
    enum flow_scope scope;

    struct conn **chunk; /* conns live in chunks, so that pointers stay */
    uint32_t conns_made, conns_open, max_conns;
    uint32_t free_head; /* through lru_next */
    uint32_t lru_head, lru_tail; /* most and least recently used */
    int64_t next_sweep_ns;
};

/* ---- keys ---- */

static inline uint64_t fold(uint64_t a, uint64_t b)
{
    __extension__ typedef unsigned __int128 u128;
    u128 m = (u128)a * b;
    return (uint64_t)m ^ (uint64_t)(m >> 64);
}

static inline uint64_t load64(const uint8_t *p)
{
    uint64_t v;
    memcpy(&v, p, 8);
    return v;
}

static inline uint64_t half_key(const uint8_t *addr, uint8_t len, uint16_t port, const uint64_t key[4])
{
    if (len == 4) {
        uint32_t a;
        memcpy(&a, addr, 4);
        return (uint64_t)a << 16 | port;
    }
    if (len == 16)
        return fold(load64(addr) ^ key[2], load64(addr + 8) ^ key[3]) + port;
    uint64_t mac = 0;
    memcpy(&mac, addr, 6);
    return mac << 16 | port;
}

/* The tag of a 5-tuple, the same for both directions, and which side sent this packet. Never 0. */
static inline uint64_t tag_of(const struct flow_table *t, const struct decoded *d, unsigned *side)
{
    uint64_t a = half_key(d->src, d->addr_len, d->sport, t->key), b = half_key(d->dst, d->addr_len, d->dport, t->key);
    *side = a > b;
    uint64_t lo = a > b ? b : a, hi = a > b ? a : b;
    uint64_t scope = t->scope == SCOPE_NONE ? 0 : t->scope == SCOPE_VLAN ? d->ids.vlan : d->ids.vni;
    uint64_t h = fold(lo ^ t->key[0], hi ^ t->key[1]);
    h = fold(h ^ t->key[2], (scope << 8 | d->proto) ^ t->key[3]);
    return h | 1;
}

/* ---- slots ---- */

static inline uint32_t seconds_of(int64_t ns)
{
    return (uint32_t)(ns / 1000000000);
}

static inline uint32_t home_of(const struct flow_table *t, uint64_t tag)
{
    return (uint32_t)(tag >> 20) & t->mask;
}

static inline struct slot *slot_find(const struct flow_table *t, uint64_t tag)
{
    for (uint32_t i = home_of(t, tag);; i = (i + 1) & t->mask) {
        struct slot *s = &t->slot[i];
        if (s->tag == tag)
            return s;
        if (s->state == SLOT_EMPTY)
            return NULL;
    }
}

static bool slot_is_idle(const struct slot *s, uint32_t now)
{
    return s->state == SLOT_CLOSED || (s->state != SLOT_CONN && (int32_t)(now - s->last) > LIMIT_IDLE_SECONDS);
}

static bool rebuild(struct flow_table *t, uint32_t slots, uint32_t now)
{
    struct slot *fresh = calloc(slots, sizeof *fresh);
    if (!fresh)
        return false;
    uint32_t mask = slots - 1, used = 0;
    for (uint32_t i = 0; i <= t->mask; i++) {
        const struct slot *s = &t->slot[i];
        if (s->state == SLOT_EMPTY || slot_is_idle(s, now))
            continue;
        uint32_t j = (uint32_t)(s->tag >> 20) & mask;
        while (fresh[j].state != SLOT_EMPTY)
            j = (j + 1) & mask;
        fresh[j] = *s;
        used++;
    }
    free(t->slot);
    t->slot = fresh;
    t->mask = mask;
    t->used = used;
    return true;
}

/* Too full for short probes: drop what is idle, and double when that is not enough and the cap allows it. */
static void make_room(struct flow_table *t, uint32_t now)
{
    uint32_t slots = t->mask + 1, live = 0;
    t->until_room = slots / 8; /* looking through the table is dear: not at every packet of a flood */
    for (uint32_t i = 0; i < slots; i++)
        live += t->slot[i].state != SLOT_EMPTY && !slot_is_idle(&t->slot[i], now);
    if (live > slots / 10 * 4 && slots < t->max_slots)
        slots *= 2;
    else if (live > slots / 10 * 6)
        return; /* at the cap */
    if (!rebuild(t, slots, now))
        t->env.stats->memory_refused++;
}

/* Empty a slot and close the gap: what was probed past it moves up. */
static void slot_remove(struct flow_table *t, uint32_t hole)
{
    for (uint32_t i = (hole + 1) & t->mask; t->slot[i].state != SLOT_EMPTY; i = (i + 1) & t->mask) {
        uint32_t home = home_of(t, t->slot[i].tag);
        if (((i - home) & t->mask) >= ((i - hole) & t->mask)) {
            t->slot[hole] = t->slot[i];
            hole = i;
        }
    }
    t->slot[hole] = (struct slot){ .state = SLOT_EMPTY };
    t->used--;
}

static void conn_end(struct flow_table *t, struct slot *s, enum end_reason why, unsigned by);

/* How little a flow would be missed: decided ones twice as little as open ones of the same age, those with a handshake
 * under way only when there is nothing else. */
static uint32_t expendable(const struct slot *s, uint32_t now)
{
    uint32_t age = (int32_t)(now - s->last) > 0 ? now - s->last : 0;
    if (s->state == SLOT_CONN)
        return 0;
    return (s->state == SLOT_DONE ? 2 : 1) * (age < 1 << 20 ? age + 1 : 1 << 20);
}

/* At the cap: of the slots near home the one that is missed least goes. */
static void evict_near(struct flow_table *t, uint32_t home, uint32_t now)
{
    uint32_t victim = home;
    for (unsigned n = 0; n < WINDOW; n++) {
        uint32_t i = (home + n) & t->mask;
        const struct slot *s = &t->slot[i], *v = &t->slot[victim];
        if (s->state != SLOT_EMPTY && (v->state == SLOT_EMPTY || expendable(s, now) > expendable(v, now)))
            victim = i;
    }
    struct slot *s = &t->slot[victim];
    if (s->state == SLOT_EMPTY)
        return;
    if (s->state == SLOT_CONN)
        conn_end(t, s, END_EVICTED, SIDE_UNKNOWN);
    else if (s->state != SLOT_DONE && s->state != SLOT_CLOSED)
        t->env.stats->flow_evicted++;
    slot_remove(t, victim);
}

/* A slot for a tag that has none, .last set. Other slots may move. */
static struct slot *slot_new(struct flow_table *t, uint64_t tag, uint32_t now)
{
    if (t->until_room)
        t->until_room--;
    if (t->used >= t->mask / 10 * 7 && t->until_room == 0)
        make_room(t, now);
    if (t->used >= t->mask / 10 * 8)
        evict_near(t, home_of(t, tag), now);
    uint32_t i = home_of(t, tag);
    while (t->slot[i].state != SLOT_EMPTY && !slot_is_idle(&t->slot[i], now))
        i = (i + 1) & t->mask;
    struct slot *s = &t->slot[i];
    t->used += s->state == SLOT_EMPTY;
    *s = (struct slot){ .tag = tag, .last = now };
    return s;
}

/* ---- conns ---- */

static inline struct conn *conn_at(const struct flow_table *t, uint32_t i)
{
    return &t->chunk[i >> CHUNK_BITS][i & (CHUNK - 1)];
}

static void lru_unlink(struct flow_table *t, struct conn *c)
{
    *(c->lru_prev == NIL ? &t->lru_head : &conn_at(t, c->lru_prev)->lru_next) = c->lru_next;
    *(c->lru_next == NIL ? &t->lru_tail : &conn_at(t, c->lru_next)->lru_prev) = c->lru_prev;
}

static void lru_push(struct flow_table *t, struct conn *c, uint32_t i)
{
    c->lru_prev = NIL;
    c->lru_next = t->lru_head;
    *(t->lru_head == NIL ? &t->lru_tail : &conn_at(t, t->lru_head)->lru_prev) = i;
    t->lru_head = i;
}

static bool more_conns(struct flow_table *t)
{
    if (t->conns_made >= t->max_conns)
        return false;
    uint32_t chunks = t->conns_made >> CHUNK_BITS;
    struct conn **list = realloc(t->chunk, (chunks + 1) * sizeof *list);
    if (!list)
        return false;
    t->chunk = list;
    struct conn *fresh = calloc(CHUNK, sizeof *fresh);
    if (!fresh)
        return false;
    list[chunks] = fresh;
    for (uint32_t k = CHUNK; k-- > 0;) {
        fresh[k].lru_next = t->free_head;
        t->free_head = t->conns_made + k;
    }
    t->conns_made += CHUNK;
    return true;
}

static void conn_free(struct flow_table *t, uint32_t i)
{
    struct conn *c = conn_at(t, i);
    lru_unlink(t, c);
    c->lru_next = t->free_head;
    t->free_head = i;
    t->conns_open--;
}

static struct addr addr_of(const uint8_t *p, uint8_t len)
{
    return len == 4 ? addr_ip4(p) : len == 16 ? addr_ip6(p) : addr_mac(p);
}

/* Give the slot a conn. NULL: out of memory. Evicts the oldest conn at the cap; that may not be this slot's. */
static struct conn *conn_open(struct flow_table *t, struct slot *s, const struct packet *p, const struct decoded *d, unsigned side)
{
    if (t->free_head == NIL && !more_conns(t)) {
        if (t->lru_tail == NIL) {
            t->env.stats->memory_refused++;
            return NULL;
        }
        struct slot *old = slot_find(t, conn_at(t, t->lru_tail)->tag);
        assert(old);
        conn_end(t, old, END_EVICTED, SIDE_UNKNOWN);
    }
    uint32_t i = t->free_head;
    struct conn *c = conn_at(t, i);
    t->free_head = c->lru_next;
    t->conns_open++;
    *c = (struct conn){ .tag = s->tag, .closed_by = SIDE_UNKNOWN, .last_ns = p->ts_ns };
    lru_push(t, c, i);
    c->f = (struct flow){ .proto = d->proto, .initiator = SIDE_UNKNOWN, .ids = d->ids, .first_ns = p->ts_ns,
                          .now_ns = p->ts_ns, .frame = p->frame, .input = p->input };
    c->f.side[side] = (struct endpoint){ .addr = addr_of(d->src, d->addr_len), .port = d->sport };
    c->f.side[!side] = (struct endpoint){ .addr = addr_of(d->dst, d->addr_len), .port = d->dport };
    if (s->state == SLOT_OPEN) {
        c->f.initiator = s->flags & SLOT_INITIATOR1 ? 1 : 0;
        for (unsigned k = 0; k < 2; k++) {
            c->side[k].next = c->isn[k] = s->next[k];
            c->state[k] = CONN_SEQ_KNOWN;
        }
        c->f.seen[!c->f.initiator] = true; /* the SYN-ACK */
    } else {
        c->f.midstream = d->proto == PROTO_TCP;
        if (d->proto != PROTO_TCP)
            c->f.initiator = (uint8_t)side;
    }
    s->conn = i;
    s->state = SLOT_CONN;
    return c;
}

/* The conn is gone; what remains of its flow. */
static void conn_close(struct flow_table *t, struct slot *s, uint8_t state)
{
    conn_free(t, s->conn);
    s->conn = 0;
    s->state = state;
    s->watched = 0;
}

static void conn_end(struct flow_table *t, struct slot *s, enum end_reason why, unsigned by)
{
    struct conn *c = conn_at(t, s->conn);
    if (why == END_EVICTED)
        t->env.stats->conn_evicted++;
    if (tcp_flush(&t->env, c) == CONN_KEEP) {
        if ((why == END_IDLE || why == END_INPUT) && c->closed_by != SIDE_UNKNOWN) {
            why = END_FIN; /* half closed and then silent */
            by = c->closed_by;
        }
        t->env.sink->end(t->env.sink->ctx, &c->f, why, by);
    }
    conn_close(t, s, SLOT_CLOSED);
}

static void sweep(struct flow_table *t, int64_t now_ns)
{
    t->next_sweep_ns = now_ns + 1000000000;
    while (t->lru_tail != NIL) {
        struct conn *c = conn_at(t, t->lru_tail);
        if (now_ns - c->last_ns <= (int64_t)LIMIT_IDLE_SECONDS * 1000000000)
            return;
        struct slot *s = slot_find(t, c->tag);
        assert(s);
        conn_end(t, s, END_IDLE, SIDE_UNKNOWN);
    }
}

static void conn_touch(struct flow_table *t, struct conn *c, uint32_t i, const struct packet *p)
{
    c->last_ns = p->ts_ns;
    c->f.now_ns = p->ts_ns;
    c->f.frame = p->frame;
    c->f.input = p->input;
    if (t->lru_head != i) {
        lru_unlink(t, c);
        lru_push(t, c, i);
    }
}

/* ---- TCP ---- */

static void conn_packet(struct flow_table *t, struct slot *s, const struct packet *p, const struct decoded *d, unsigned side)
{
    struct conn *c = conn_at(t, s->conn);
    conn_touch(t, c, s->conn, p);
    switch (tcp_segment(&t->env, c, side, d)) {
    case CONN_KEEP:
        return;
    case CONN_WATCH:
        conn_close(t, s, SLOT_WATCH);
        return;
    case CONN_DECIDED:
        conn_close(t, s, d->tcp_flags & TCP_RST ? SLOT_CLOSED : SLOT_DONE);
        return;
    case CONN_CLOSED:
        conn_end(t, s, END_FIN, c->closed_by);
        return;
    case CONN_RESET:
        conn_end(t, s, END_RST, side);
        return;
    }
}

static bool peek(const struct flow_table *t, const struct decoded *d, enum peek_at at)
{
    return t->env.sink->peek(t->env.sink->ctx, d->proto, d->sport, d->dport, at, rd_of(d->payload, d->payload_cap));
}

static void take(struct flow_table *t, struct slot *s, const struct packet *p, const struct decoded *d, unsigned side)
{
    if (conn_open(t, s, p, d, side))
        conn_packet(t, s, p, d, side);
}

/* Payload of a connection whose SYN-ACK was seen and that has no state yet. */
static void open_payload(struct flow_table *t, struct slot *s, const struct packet *p, const struct decoded *d, unsigned side)
{
    int32_t ahead = (int32_t)(d->seq - s->next[side]);
    if (ahead < 0)
        return; /* a keep-alive, or a repeated SYN's data */
    t->env.stats->connections++;
    if (ahead > 0 || peek(t, d, PEEK_START))
        take(t, s, p, d, side);
    else
        s->state = SLOT_WATCH;
}

static void watch_payload(struct flow_table *t, struct slot *s, const struct packet *p, const struct decoded *d, unsigned side)
{
    if (peek(t, d, PEEK_WATCH))
        take(t, s, p, d, side);
    else if (++s->watched >= LIMIT_WATCH_SEGMENTS)
        s->state = SLOT_DONE;
}

/* First payload seen of a connection of which nothing is known. */
static void join(struct flow_table *t, struct slot *s, uint64_t tag, const struct packet *p, const struct decoded *d, unsigned side)
{
    if (!s)
        s = slot_new(t, tag, seconds_of(p->ts_ns));
    t->env.stats->connections++;
    s->state = SLOT_WATCH;
    s->watched = s->flags = 0;
    if (peek(t, d, PEEK_JOIN))
        take(t, s, p, d, side);
    else
        t->env.stats->flow_midstream++;
}

static void syn_ack(struct flow_table *t, struct slot *s, uint64_t tag, const struct packet *p, const struct decoded *d, unsigned side)
{
    if (s && s->state == SLOT_CONN) {
        struct conn *c = conn_at(t, s->conn);
        if (c->isn[side] == d->seq + 1 || tcp_syn_again(c, side, d))
            return;
        conn_end(t, s, END_REUSED, SIDE_UNKNOWN);
    }
    if (!s)
        s = slot_new(t, tag, seconds_of(p->ts_ns));
    s->state = SLOT_OPEN;
    s->watched = 0;
    s->flags = side == 0 ? SLOT_INITIATOR1 : 0;
    s->next[side] = d->seq + 1;
    s->next[!side] = d->ack;
}

/* A bare SYN makes no entry; on an existing one it may be the next connection of the same ports. */
static void syn(struct flow_table *t, struct slot *s, uint64_t tag, const struct packet *p, const struct decoded *d, unsigned side)
{
    if (s && s->state == SLOT_CONN) {
        const struct conn *c = conn_at(t, s->conn);
        if (c->isn[side] == d->seq + 1)
            return; /* repeated */
        conn_end(t, s, END_REUSED, SIDE_UNKNOWN);
    }
    if (s && s->state == SLOT_OPEN && s->next[side] == d->seq + 1)
        return;
    if (s)
        s->state = SLOT_RENEWED;
    if (d->payload_cap == 0 || !peek(t, d, PEEK_START))
        return;
    /* TCP Fast Open (RFC 7413): a hello in the SYN */
    struct decoded data = *d;
    data.seq++;
    data.tcp_flags &= (uint8_t)~TCP_SYN;
    join(t, s, tag, p, &data, side);
}

static void done_flags(struct slot *s, const struct decoded *d, unsigned side)
{
    if (d->tcp_flags & TCP_FIN)
        s->flags |= side ? SLOT_FIN1 : SLOT_FIN0;
    if ((d->tcp_flags & TCP_RST) || (s->flags & (SLOT_FIN0 | SLOT_FIN1)) == (SLOT_FIN0 | SLOT_FIN1))
        s->state = SLOT_CLOSED;
}

/* Returns whether the flow is not decided. */
static bool tcp_packet(struct flow_table *t, const struct packet *p, const struct decoded *d)
{
    unsigned side;
    uint64_t tag = tag_of(t, d, &side);
    struct slot *s = slot_find(t, tag);
    if (s)
        s->last = seconds_of(p->ts_ns);
    if (d->tcp_flags & TCP_SYN) {
        (d->tcp_flags & TCP_ACK ? syn_ack : syn)(t, s, tag, p, d, side);
        return false;
    }
    bool undecided = true;
    switch (s ? (enum slot_state)s->state : SLOT_EMPTY) {
    case SLOT_CONN:
        conn_packet(t, s, p, d, side);
        return true;
    case SLOT_CLOSED:
        return false;
    case SLOT_RENEWED:
    case SLOT_EMPTY:
        if (d->payload_len > 1) /* a single byte is a keep-alive */
            join(t, s, tag, p, d, side);
        return true;
    case SLOT_OPEN:
        if (d->payload_len > 0)
            open_payload(t, s, p, d, side);
        break;
    case SLOT_WATCH:
        if (d->payload_len > 0)
            watch_payload(t, s, p, d, side);
        break;
    case SLOT_DONE:
        undecided = false;
        break;
    }
    if (s->state != SLOT_CONN && (d->tcp_flags & (TCP_FIN | TCP_RST)))
        done_flags(s, d, side);
    return undecided;
}

/* ---- datagrams: UDP, and EAPOL frames between two MAC addresses ---- */

static void datagram_packet(struct flow_table *t, const struct packet *p, const struct decoded *d)
{
    unsigned side;
    uint64_t tag = tag_of(t, d, &side);
    struct slot *s = slot_find(t, tag);
    uint32_t now = seconds_of(p->ts_ns);
    if (!s || s->state != SLOT_CONN) {
        if (!peek(t, d, PEEK_START) || (s && s->state == SLOT_DONE && now - s->last < LIMIT_QUIET_SECONDS))
            return;
        if (!s)
            s = slot_new(t, tag, now);
        s->state = SLOT_WATCH;
        t->env.stats->connections++;
        if (!conn_open(t, s, p, d, side))
            return;
    }
    s->last = now;
    struct conn *c = conn_at(t, s->conn);
    conn_touch(t, c, s->conn, p);
    c->f.seen[side] = c->f.data[side] = true;
    c->f.cut |= d->payload_cap < d->payload_len;
    if (t->env.sink->datagram(t->env.sink->ctx, &c->f, side, rd_of(d->payload, d->payload_cap)) != STREAM_MORE)
        conn_close(t, s, SLOT_DONE);
}

/* ---- the public face ---- */

struct flow_table *flow_table_new(const struct flow_options *opt, uint64_t seed, const struct stream_sink *sink,
                                  struct stats *stats)
{
    struct flow_table *t = calloc(1, sizeof *t);
    if (!t)
        return NULL;
    t->slot = calloc(FIRST_SLOTS, sizeof *t->slot);
    if (!t->slot) {
        free(t);
        return NULL;
    }
    t->mask = FIRST_SLOTS - 1;
    t->env = (struct tcp_env){ .sink = sink, .stats = stats, .budget = { .max = LIMIT_OOO_TOTAL } };
    uint32_t want = opt && opt->max_flows ? opt->max_flows : LIMIT_FLOWS;
    for (t->max_slots = FIRST_SLOTS; t->max_slots < want && t->max_slots < 1u << 30;)
        t->max_slots *= 2;
    t->max_conns = opt && opt->max_conns ? opt->max_conns : LIMIT_CONNS;
    t->scope = opt ? opt->scope : SCOPE_NONE;
    t->free_head = t->lru_head = t->lru_tail = NIL;
    for (unsigned i = 0; i < 4; i++) { /* splitmix64: four words from one */
        seed += 0x9e3779b97f4a7c15u;
        uint64_t z = seed;
        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
        z = (z ^ z >> 27) * 0x94d049bb133111ebu;
        t->key[i] = z ^ z >> 31;
    }
    return t;
}

void flow_table_free(struct flow_table *t)
{
    if (!t)
        return;
    for (uint32_t i = t->lru_head; i != NIL; i = conn_at(t, i)->lru_next) {
        reasm_clear(&conn_at(t, i)->side[0], &t->env.budget);
        reasm_clear(&conn_at(t, i)->side[1], &t->env.budget);
    }
    for (uint32_t i = 0; i < t->conns_made >> CHUNK_BITS; i++)
        free(t->chunk[i]);
    free(t->chunk);
    free(t->slot);
    free(t);
}

bool flow_packet(struct flow_table *t, const struct packet *p, const struct decoded *d)
{
    if (p->ts_ns >= t->next_sweep_ns || p->ts_ns < t->next_sweep_ns - SWEEP_BACK_NS)
        sweep(t, p->ts_ns);
    if (d->proto == PROTO_TCP)
        return tcp_packet(t, p, d) && d->payload_len > 0;
    datagram_packet(t, p, d);
    return d->proto == PROTO_UDP;
}

void flow_table_finish(struct flow_table *t)
{
    while (t->lru_tail != NIL) {
        struct slot *s = slot_find(t, conn_at(t, t->lru_tail)->tag);
        assert(s);
        conn_end(t, s, END_INPUT, SIDE_UNKNOWN);
    }
}

size_t flow_table_bytes(const struct flow_table *t)
{
    return sizeof *t + (t->mask + (size_t)1) * sizeof *t->slot + t->conns_made * sizeof(struct conn) + t->env.budget.bytes;
}
