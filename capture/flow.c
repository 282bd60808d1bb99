/* SPDX-License-Identifier: Apache-2.0 */
/*
 * flow - one word per connection, found with one probe; everything else only while a handshake may still come.
 *
 * What shapes it:
 * - Nearly all packets belong to connections that are decided: they must cost one lookup, in one cache line. So the table is an
 *   array of 64-bit words: 52 bits of a keyed tag of the 5-tuple, how long ago its latest packet was, and its state. The keyed
 *   tag stands for the addresses: two connections are taken for one with odds of 2^-52 per pair near each other, and nobody
 *   outside knows the key. What an undecided connection needs lies elsewhere, by a number in a second array.
 * - A SYN flood must cost nothing: a bare SYN makes no entry. A flood of SYN-ACKs or of first payloads costs words only; at
 *   the cap the one near home that is missed least goes, and is counted. The table grows by doubling up to the cap; dead and
 *   idle words are used again on the way.
 * - Words are probed linearly, at most four fifths are used, and a probe ends at the first empty one.
 */
#include "capture/flow.h"
#include "base/huge.h"
#include "base/limits.h"
#include "base/slab.h"
#include "capture/conn.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>

enum slot_state {
    SLOT_EMPTY,
    SLOT_OPEN, /* SYN-ACK seen, no payload yet */
    SLOT_WATCH, /* payload of an unknown protocol: a hello may still begin with a segment */
    SLOT_CONN, /* has a struct conn */
    SLOT_DONE, /* decided: skip */
    SLOT_CLOSED, /* decided and over: may be used again */
    SLOT_RENEWED, /* nothing is known, as of none: a bare SYN came on a decided flow, or nothing for LIMIT_IDLE_SECONDS */
};

enum { SLOT_FIN0 = 1, SLOT_FIN1 = 2, SLOT_INITIATOR1 = 4, SLOT_NEXT_KNOWN = 8,
       SLOT_HEARD = 16 /* SLOT_OPEN: the initiator's acknowledgment was captured, so its payload will be */ };

/* A word: tag (52 bits), epoch of its latest packet (8 bits, in units of EPOCH_SECONDS, wrapping), enum slot_state (4 bits).
 * Before an epoch can come round again the word has been looked at (ROUND_EPOCHS) and, when nothing came, forgotten. */
enum { STATE_MASK = 15, EPOCH_SHIFT = 4, TAG_SHIFT = 12, EPOCH_SECONDS = 16, IDLE_EPOCHS = LIMIT_IDLE_SECONDS / EPOCH_SECONDS + 1,
       ROUND_EPOCHS = 64, STEP_SECONDS = 2 * LIMIT_IDLE_SECONDS };
#define SECOND_NS INT64_C(1000000000)

struct slot { /* of an undecided connection without a struct conn: SLOT_OPEN, SLOT_WATCH */
    uint32_t next[2]; /* SLOT_OPEN: sequence numbers of the first payloads; SLOT_WATCH with SLOT_NEXT_KNOWN: of the next ones */
    uint8_t flags, watched;
};

enum { FIRST_SLOTS = 4096, WINDOW = 16 };
enum { CLASSIFY_PACKETS = 4 }; /* payload packets of a flow that nDPI may be shown */
#define NIL UINT32_MAX

struct flow_table {
    struct tcp_env env;
    uint64_t *word; /* mask + 1 of them */
    uint32_t *at; /* beside each word. SLOT_OPEN, SLOT_WATCH: its slot's number; SLOT_CONN: its conn's; SLOT_DONE: of TCP the
                   * FINs that it has had since (SLOT_FIN0, SLOT_FIN1), of datagrams when that was, in seconds */
    struct slab slots;
    uint32_t mask, used, max_slots;
    uint32_t until_room; /* insertions before the table is looked through again */
    uint64_t key[4];
    enum flow_scope scope;

    struct slab conns;
    uint32_t lru_head, lru_tail; /* most and least recently used */
    struct flow_clock clock; /* where nobody else tells the time */
    uint32_t now; /* seconds */
    uint8_t epoch; /* of now */
    uint64_t skipped; /* a word without its tag, of a decided connection that had a packet in this epoch */
    uint32_t round; /* the word at which forget_idle goes on */
    uint64_t order; /* of the packet under way */
    uint64_t ending; /* flow_table_order */
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
    uint32_t head;
    uint16_t tail;
    memcpy(&head, addr, 4);
    memcpy(&tail, addr + 4, 2);
    return (uint64_t)head << 32 | (uint32_t)tail << 16 | port;
}

/* The tag of a 5-tuple, the same for both directions, and which side sent this packet. */
static inline uint64_t tag_of(const struct flow_table *t, const struct decoded *d, unsigned *side)
{
    uint64_t a = half_key(d->src, d->addr_len, d->sport, t->key), b = half_key(d->dst, d->addr_len, d->dport, t->key);
    *side = a > b;
    uint64_t lo = a > b ? b : a, hi = a > b ? a : b;
    uint64_t scope = t->scope == SCOPE_NONE ? 0 : t->scope == SCOPE_VLAN ? d->ids.vlan : d->ids.vni;
    uint64_t h = fold(lo ^ t->key[0], hi ^ t->key[1]);
    return fold(h ^ t->key[2], (scope << 8 | d->proto) ^ t->key[3]) >> TAG_SHIFT;
}

/* The same, where flow_expect was not asked too. */
static inline uint64_t expected_tag(const struct flow_table *t, const struct decoded *d, unsigned *side)
{
    *side = d->side;
    return d->flow ? d->flow : tag_of(t, d, side);
}

/* ---- words and slots ---- */

static inline struct slot *slot_at(const struct flow_table *t, uint32_t i)
{
    return slab_at(&t->slots, t->at[i]);
}

static inline struct conn *conn_at(const struct flow_table *t, uint32_t conn)
{
    return slab_at(&t->conns, conn);
}

static inline uint32_t seconds_of(int64_t ns)
{
    return (uint32_t)(ns / 1000000000);
}

static inline enum slot_state state_at(const struct flow_table *t, uint32_t i)
{
    return (enum slot_state)(t->word[i] & STATE_MASK);
}

static inline void set_state(struct flow_table *t, uint32_t i, enum slot_state state)
{
    t->word[i] = (t->word[i] & ~(uint64_t)STATE_MASK) | (uint64_t)state;
}

static inline void set_epoch(struct flow_table *t, uint32_t i)
{
    t->word[i] = (t->word[i] & ~((uint64_t)0xff << EPOCH_SHIFT)) | (uint64_t)t->epoch << EPOCH_SHIFT;
}

/* Epochs since the latest packet. */
static inline unsigned age_at(const struct flow_table *t, uint32_t i)
{
    return (uint8_t)(t->epoch - (uint8_t)(t->word[i] >> EPOCH_SHIFT));
}

static inline uint32_t home_of(uint64_t tag, uint32_t mask)
{
    return (uint32_t)tag & mask;
}

/* The index of a tag, or NIL. */
static inline uint32_t slot_find(const struct flow_table *t, uint64_t tag)
{
    for (uint32_t i = home_of(tag, t->mask);; i = (i + 1) & t->mask) {
        uint64_t w = t->word[i];
        if (w >> TAG_SHIFT == tag && w & STATE_MASK)
            return i;
        if ((w & STATE_MASK) == SLOT_EMPTY)
            return NIL;
    }
}

static inline bool has_slot(const struct flow_table *t, uint32_t i)
{
    return state_at(t, i) == SLOT_OPEN || state_at(t, i) == SLOT_WATCH;
}

/* Into a state without slot and conn; the conn of one that has one is dealt with before. */
static void settle(struct flow_table *t, uint32_t i, enum slot_state state)
{
    if (has_slot(t, i))
        slab_give(&t->slots, t->at[i]);
    t->at[i] = 0;
    set_state(t, i, state);
}

/* Into a state with a slot, which is what it was or anything. NULL: out of memory, and nothing is known of it. */
static struct slot *slot_give(struct flow_table *t, uint32_t i, enum slot_state state)
{
    uint32_t number = has_slot(t, i) ? t->at[i] : slab_take(&t->slots);
    if (number == SLAB_NONE) {
        t->env.stats->memory_refused++;
        settle(t, i, SLOT_RENEWED);
        return NULL;
    }
    t->at[i] = number;
    set_state(t, i, state);
    return slot_at(t, i);
}

/* Silent for so long that what comes now is a new beginning. */
static inline bool is_stale(const struct flow_table *t, uint32_t i)
{
    return age_at(t, i) > IDLE_EPOCHS && state_at(t, i) != SLOT_CONN;
}

/* May another flow have the slot? */
static bool slot_is_idle(const struct flow_table *t, uint32_t i)
{
    enum slot_state state = state_at(t, i);
    return state == SLOT_CLOSED || state == SLOT_RENEWED || is_stale(t, i);
}

/* As slot_find. A flow that was silent for too long is a new one, whether or not another has taken its slot meanwhile. Most packets
 * bring no news and leave the cache line clean. */
static inline uint32_t slot_lookup(struct flow_table *t, uint64_t tag)
{
    uint32_t i = slot_find(t, tag);
    if (i == NIL || age_at(t, i) == 0)
        return i;
    if (is_stale(t, i))
        settle(t, i, SLOT_RENEWED);
    set_epoch(t, i);
    return i;
}

/* Some more words of the table, so that all are seen in ROUND_EPOCHS. */
static void forget_idle(struct flow_table *t, unsigned epochs)
{
    uint32_t n = (t->mask + 1) / ROUND_EPOCHS * (epochs < ROUND_EPOCHS ? epochs : ROUND_EPOCHS);
    for (; n > 0; n--, t->round++)
        if (state_at(t, t->round & t->mask) != SLOT_EMPTY && is_stale(t, t->round & t->mask))
            settle(t, t->round & t->mask, SLOT_RENEWED);
}

static bool rebuild(struct flow_table *t, uint32_t slots)
{
    assert(slots > 0);
    uint64_t *word = calloc(slots, sizeof *word);
    uint32_t *at = malloc(slots * sizeof *at);
    if (!word || !at) {
        free(word);
        free(at);
        return false;
    }
    huge_hint(word, slots * sizeof *word);
    huge_hint(at, slots * sizeof *at);
    uint32_t mask = slots - 1, used = 0;
    for (uint32_t i = 0; i <= t->mask; i++) {
        if (state_at(t, i) == SLOT_EMPTY)
            continue;
        if (slot_is_idle(t, i)) {
            settle(t, i, SLOT_EMPTY);
            continue;
        }
        uint32_t j = home_of(t->word[i] >> TAG_SHIFT, mask);
        while (word[j] & STATE_MASK)
            j = (j + 1) & mask;
        word[j] = t->word[i];
        at[j] = t->at[i];
        used++;
    }
    free(t->word);
    free(t->at);
    t->word = word;
    t->at = at;
    t->mask = mask;
    t->used = used;
    return true;
}

/* Too full for short probes: drop what is idle, and double when that is not enough and the cap allows it. */
static void make_room(struct flow_table *t)
{
    uint32_t slots = t->mask + 1, live = 0;
    t->until_room = slots / 8; /* looking through the table is dear: not at every packet of a flood */
    for (uint32_t i = 0; i < slots; i++)
        live += state_at(t, i) != SLOT_EMPTY && !slot_is_idle(t, i);
    if (live > slots / 10 * 5 && slots < t->max_slots)
        slots *= 2;
    else if (live > slots / 10 * 6)
        return; /* at the cap */
    if (!rebuild(t, slots))
        t->env.stats->memory_refused++;
}

/* Empty a slot and close the gap: what was probed past it moves up. */
static void slot_remove(struct flow_table *t, uint32_t hole)
{
    settle(t, hole, SLOT_EMPTY);
    for (uint32_t i = (hole + 1) & t->mask; state_at(t, i) != SLOT_EMPTY; i = (i + 1) & t->mask) {
        uint32_t home = home_of(t->word[i] >> TAG_SHIFT, t->mask);
        if (((i - home) & t->mask) >= ((i - hole) & t->mask)) {
            t->word[hole] = t->word[i];
            t->at[hole] = t->at[i];
            hole = i;
        }
    }
    t->word[hole] = 0;
    t->used--;
}

static void conn_end(struct flow_table *t, uint32_t i, enum end_reason why, unsigned by);

/* How little a flow would be missed: decided ones twice as little as open ones of the same age, those with a handshake
 * under way only when there is nothing else. */
static unsigned expendable(const struct flow_table *t, uint32_t i)
{
    enum slot_state state = state_at(t, i);
    if (slot_is_idle(t, i))
        return UINT_MAX;
    return state == SLOT_CONN ? 0 : (state == SLOT_DONE ? 2 : 1) * (age_at(t, i) + 1);
}

/* At the cap: of the slots near home the one that is missed least goes. */
static void evict_near(struct flow_table *t, uint32_t home)
{
    uint32_t victim = home;
    for (unsigned n = 0; n < WINDOW; n++) {
        uint32_t i = (home + n) & t->mask;
        if (state_at(t, i) != SLOT_EMPTY && (state_at(t, victim) == SLOT_EMPTY || expendable(t, i) > expendable(t, victim)))
            victim = i;
    }
    enum slot_state state = state_at(t, victim);
    if (state == SLOT_EMPTY)
        return;
    if (state == SLOT_CONN)
        conn_end(t, victim, END_EVICTED, SIDE_UNKNOWN);
    else if (state != SLOT_DONE && !slot_is_idle(t, victim))
        t->env.stats->flow_evicted++;
    slot_remove(t, victim);
}

/* A word for a tag that has none; nothing is known of it yet. Others may move. */
static uint32_t slot_new(struct flow_table *t, uint64_t tag)
{
    if (t->until_room)
        t->until_room--;
    if (t->used >= t->mask / 10 * 7 && t->until_room == 0)
        make_room(t);
    if (t->used >= t->mask / 10 * 8)
        evict_near(t, home_of(tag, t->mask));
    uint32_t i = home_of(tag, t->mask);
    while (state_at(t, i) != SLOT_EMPTY && !slot_is_idle(t, i))
        i = (i + 1) & t->mask;
    t->used += state_at(t, i) == SLOT_EMPTY;
    settle(t, i, SLOT_RENEWED);
    t->word[i] = tag << TAG_SHIFT | (uint64_t)t->epoch << EPOCH_SHIFT | (uint64_t)SLOT_RENEWED;
    return i;
}

/* ---- conns ---- */

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

/* The slot of an open conn. */
static uint32_t slot_of(const struct flow_table *t, const struct conn *c)
{
    uint32_t i = slot_find(t, c->tag);
    assert(i != NIL);
    return i;
}

static struct addr addr_of(const uint8_t *p, uint8_t len)
{
    return len == 4 ? addr_ip4(p) : len == 16 ? addr_ip6(p) : addr_mac(p);
}

/* The buffers of conns have a limit in sum. Whoever fills them and falls silent must not keep others from being read: the
 * oldest conns go, as long as there is not some room for a new one. */
static bool crowded(const struct flow_table *t)
{
    return room_tight(&t->env.room) || (t->env.sink->full && t->env.sink->full(t->env.sink->ctx));
}

static void evict_oldest(struct flow_table *t)
{
    conn_end(t, slot_of(t, conn_at(t, t->lru_tail)), END_EVICTED, SIDE_UNKNOWN);
}

static unsigned initiator_of(const struct slot *s)
{
    return s->flags & SLOT_INITIATOR1 ? 1 : 0;
}

/* A number for a conn; at the cap, of the oldest. NIL: out of memory. */
static uint32_t conn_number(struct flow_table *t)
{
    while (t->lru_tail != NIL && crowded(t))
        evict_oldest(t);
    uint32_t i = slab_take(&t->conns);
    if (i != SLAB_NONE)
        return i;
    if (t->lru_tail == NIL) {
        t->env.stats->memory_refused++;
        return NIL;
    }
    evict_oldest(t);
    return slab_take(&t->conns);
}

/* Give the word a conn. NULL: out of memory. Evicts the oldest conn at the cap; that may not be this word's. */
static struct conn *conn_open(struct flow_table *t, uint32_t at, const struct packet *p, const struct decoded *d, unsigned side)
{
    uint32_t i = conn_number(t);
    if (i == NIL)
        return NULL;
    struct conn *c = conn_at(t, i);
    *c = (struct conn){ .f = { .proto = d->proto, .initiator = SIDE_UNKNOWN, .ids = d->ids, .first_ns = p->ts_ns,
                               .now_ns = p->ts_ns, .frame = p->frame, .input = p->input },
                        .tag = t->word[at] >> TAG_SHIFT, .closed_by = SIDE_UNKNOWN, .used = t->now, .used_order = t->order };
    lru_push(t, c, i);
    c->f.side[side] = (struct endpoint){ .addr = addr_of(d->src, d->addr_len), .port = d->sport };
    c->f.side[!side] = (struct endpoint){ .addr = addr_of(d->dst, d->addr_len), .port = d->dport };
    if (state_at(t, at) == SLOT_OPEN) {
        const struct slot *s = slot_at(t, at);
        c->f.initiator = (uint8_t)initiator_of(s);
        for (unsigned k = 0; k < 2; k++) {
            c->side[k].next = c->isn[k] = s->next[k];
            c->state[k] = CONN_SEQ_KNOWN;
        }
        c->f.seen[!c->f.initiator] = true; /* the SYN-ACK */
        c->f.seen[c->f.initiator] = s->flags & SLOT_HEARD;
    } else {
        c->f.midstream = d->proto == PROTO_TCP;
        if (d->proto != PROTO_TCP)
            c->f.initiator = (uint8_t)side;
    }
    settle(t, at, SLOT_CONN);
    t->at[at] = i;
    return c;
}

/* The conn is gone; what remains of its flow. */
static void conn_close(struct flow_table *t, uint32_t i, enum slot_state state)
{
    lru_unlink(t, conn_at(t, t->at[i]));
    slab_give(&t->conns, t->at[i]);
    settle(t, i, state);
}

static void conn_end(struct flow_table *t, uint32_t i, enum end_reason why, unsigned by)
{
    struct conn *c = conn_at(t, t->at[i]);
    if (why == END_EVICTED)
        t->env.stats->conn_evicted++;
    if (tcp_flush(&t->env, c) == CONN_KEEP) {
        if ((why == END_IDLE || why == END_INPUT) && c->closed_by != SIDE_UNKNOWN) {
            why = END_FIN; /* half closed and then silent */
            by = c->closed_by;
        }
        t->env.sink->end(t->env.sink->ctx, &c->f, why, by);
    }
    conn_close(t, i, SLOT_CLOSED);
}

static void sweep(struct flow_table *t)
{
    while (t->lru_tail != NIL) {
        struct conn *c = conn_at(t, t->lru_tail);
        if (t->now - c->used <= LIMIT_IDLE_SECONDS)
            return;
        t->ending = c->used_order;
        conn_end(t, slot_of(t, c), END_IDLE, SIDE_UNKNOWN);
        t->ending = UINT64_MAX;
    }
}

/* The list is in order of use to the second: that is what idleness and eviction ask, and most packets leave it alone. */
static void conn_touch(struct flow_table *t, struct conn *c, uint32_t i, const struct packet *p)
{
    c->f.now_ns = p->ts_ns;
    c->f.frame = p->frame;
    c->f.input = p->input;
    if (c->used == t->now)
        return;
    c->used = t->now;
    c->used_order = t->order;
    if (t->lru_head != i) {
        lru_unlink(t, c);
        lru_push(t, c, i);
    }
}

/* ---- TCP ---- */

/* Returns whether classify may still learn from its packets. */
static bool conn_packet(struct flow_table *t, uint32_t i, const struct packet *p, const struct decoded *d, unsigned side)
{
    struct conn *c = conn_at(t, t->at[i]);
    bool early = c->looked < CLASSIFY_PACKETS;
    c->looked = (uint8_t)(c->looked + (early && d->payload_len > 0));
    conn_touch(t, c, t->at[i], p);
    switch (tcp_segment(&t->env, c, side, d)) {
    case CONN_KEEP:
        return early;
    case CONN_WATCH: {
        uint32_t next[2] = { c->side[0].next, c->side[1].next };
        bool known = c->state[0] & c->state[1] & CONN_SEQ_KNOWN;
        conn_close(t, i, SLOT_DONE);
        struct slot *s = slot_give(t, i, SLOT_WATCH);
        if (s)
            *s = (struct slot){ .next = { next[0], next[1] }, .flags = known ? SLOT_NEXT_KNOWN : 0 };
        return early;
    }
    case CONN_DECIDED:
        conn_close(t, i, d->tcp_flags & TCP_RST ? SLOT_CLOSED : SLOT_DONE);
        return false;
    case CONN_CLOSED:
        conn_end(t, i, END_FIN, c->closed_by);
        return false;
    case CONN_RESET:
        conn_end(t, i, END_RST, side);
        return false;
    }
    return false;
}

static bool peek(const struct flow_table *t, const struct decoded *d, enum peek_at at)
{
    return t->env.sink->peek(t->env.sink->ctx, d->proto, d->sport, d->dport, at, rd_of(d->payload, d->payload_cap));
}

static void take(struct flow_table *t, uint32_t i, const struct packet *p, const struct decoded *d, unsigned side)
{
    if (conn_open(t, i, p, d, side))
        (void)conn_packet(t, i, p, d, side);
}

/* Does this first payload acknowledge some of the other side? Then that was captured behind it, or not at all. */
static bool answers_unseen(const struct slot *s, const struct decoded *d, unsigned side)
{
    int32_t beyond = (int32_t)(d->ack - s->next[!side]);
    bool heard = side == initiator_of(s) || (s->flags & SLOT_HEARD);
    return heard && (d->tcp_flags & TCP_ACK) && beyond > 0 && beyond <= LIMIT_OOO_BYTES;
}

/* Payload of a connection whose SYN-ACK was seen and that has no state yet. */
static void open_payload(struct flow_table *t, uint32_t i, const struct packet *p, const struct decoded *d, unsigned side)
{
    struct slot *s = slot_at(t, i);
    int32_t ahead = (int32_t)(d->seq - s->next[side]);
    if (ahead < 0)
        return; /* a keep-alive, or a repeated SYN's data */
    t->env.stats->connections++;
    if (ahead > 0 || answers_unseen(s, d, side) || peek(t, d, PEEK_START)) {
        take(t, i, p, d, side);
        return;
    }
    *s = (struct slot){ .flags = s->flags };
    set_state(t, i, SLOT_WATCH);
}

/* Returns whether classify may still learn from its packets. */
static bool watch_packet(struct flow_table *t, uint32_t i, const struct packet *p, const struct decoded *d, unsigned side)
{
    struct slot *s = slot_at(t, i);
    bool again = (s->flags & SLOT_NEXT_KNOWN) && (int32_t)(d->seq - s->next[side]) < 0; /* of what the sink has had */
    bool fresh = d->payload_len > 0 && !again, hello = fresh && peek(t, d, PEEK_WATCH);
    s->watched = (uint8_t)(s->watched + (fresh && !hello));
    bool early = s->watched < CLASSIFY_PACKETS;
    if (hello) {
        take(t, i, p, d, side);
    } else if (s->watched >= LIMIT_WATCH_SEGMENTS) {
        uint32_t fins = s->flags & (SLOT_FIN0 | SLOT_FIN1);
        settle(t, i, SLOT_DONE);
        t->at[i] = fins;
    }
    return early;
}

/* First payload seen of a connection of which nothing is known. i: its slot, or NIL. */
static void join(struct flow_table *t, uint32_t i, uint64_t tag, const struct packet *p, const struct decoded *d, unsigned side)
{
    if (i == NIL)
        i = slot_new(t, tag);
    struct slot *s = slot_give(t, i, SLOT_WATCH);
    if (!s)
        return;
    *s = (struct slot){ .next = { 0, 0 } };
    t->env.stats->connections++;
    if (peek(t, d, PEEK_JOIN))
        take(t, i, p, d, side);
    else
        t->env.stats->flow_midstream++;
}

static void syn_ack(struct flow_table *t, uint32_t i, uint64_t tag, const struct decoded *d, unsigned side)
{
    if (i != NIL && state_at(t, i) == SLOT_CONN) {
        struct conn *c = conn_at(t, t->at[i]);
        if (c->isn[side] == d->seq + 1 || tcp_syn_again(c, side, d))
            return;
        conn_end(t, i, END_REUSED, SIDE_UNKNOWN);
    }
    if (i == NIL)
        i = slot_new(t, tag);
    struct slot *s = slot_give(t, i, SLOT_OPEN);
    if (!s)
        return;
    s->watched = 0;
    s->flags = side == 0 ? SLOT_INITIATOR1 : 0;
    s->next[side] = d->seq + 1;
    s->next[!side] = d->ack;
}

/* TCP Fast Open (RFC 7413): a hello in the SYN. The numbers of the other side come with its SYN-ACK, or with its data. Rare, and
 * its copy of the packet belongs into no other function's frame. */
__attribute__((noinline)) static void open_fast(struct flow_table *t, uint32_t i, const struct packet *p, const struct decoded *syn,
                                                unsigned side)
{
    struct decoded data = *syn;
    data.seq++;
    data.tcp_flags &= (uint8_t)~TCP_SYN;
    t->env.stats->connections++;
    struct conn *c = conn_open(t, i, p, &data, side);
    if (!c)
        return;
    c->f.midstream = false;
    c->f.initiator = (uint8_t)side;
    (void)conn_packet(t, i, p, &data, side);
}

/* A bare SYN makes no entry; on an existing one it may be the next connection of the same ports. */
static void syn(struct flow_table *t, uint32_t i, uint64_t tag, const struct packet *p, const struct decoded *d, unsigned side)
{
    if (i != NIL && state_at(t, i) == SLOT_CONN) {
        const struct conn *c = conn_at(t, t->at[i]);
        if (c->isn[side] == d->seq + 1)
            return; /* repeated */
        conn_end(t, i, END_REUSED, SIDE_UNKNOWN);
    }
    if (i != NIL && state_at(t, i) == SLOT_OPEN && slot_at(t, i)->next[side] == d->seq + 1)
        return;
    if (i != NIL)
        settle(t, i, SLOT_RENEWED);
    if (d->payload_cap == 0 || !peek(t, d, PEEK_START))
        return;
    open_fast(t, i == NIL ? slot_new(t, tag) : i, p, d, side);
}

static void done_flags(struct flow_table *t, uint32_t i, const struct decoded *d, unsigned side)
{
    unsigned fins = has_slot(t, i) ? slot_at(t, i)->flags : t->at[i];
    if (d->tcp_flags & TCP_FIN)
        fins |= side ? SLOT_FIN1 : SLOT_FIN0;
    if ((d->tcp_flags & TCP_RST) || (fins & (SLOT_FIN0 | SLOT_FIN1)) == (SLOT_FIN0 | SLOT_FIN1))
        settle(t, i, SLOT_CLOSED);
    else if (has_slot(t, i))
        slot_at(t, i)->flags = (uint8_t)fins;
    else
        t->at[i] = fins;
}

/* Returns whether classify may still learn from packets of this flow. Not for the compiler to put into its caller: most packets
 * never come here, and should not pay for its frame. */
__attribute__((noinline)) static bool tcp_packet(struct flow_table *t, const struct packet *p, const struct decoded *d)
{
    unsigned side;
    uint64_t tag = expected_tag(t, d, &side);
    uint32_t i = slot_lookup(t, tag);
    if (d->tcp_flags & TCP_SYN) {
        if (d->tcp_flags & TCP_ACK)
            syn_ack(t, i, tag, d, side);
        else
            syn(t, i, tag, p, d, side);
        return false;
    }
    bool early = false;
    switch (i == NIL ? SLOT_EMPTY : state_at(t, i)) {
    case SLOT_CONN:
        return conn_packet(t, i, p, d, side);
    case SLOT_CLOSED:
        return false;
    case SLOT_RENEWED:
    case SLOT_EMPTY:
        if (d->payload_len > 1) /* a single byte is a keep-alive */
            join(t, i, tag, p, d, side);
        return true;
    case SLOT_OPEN:
        if (d->payload_len > 0)
            open_payload(t, i, p, d, side);
        else if (side == initiator_of(slot_at(t, i)))
            slot_at(t, i)->flags |= SLOT_HEARD;
        early = true;
        break;
    case SLOT_WATCH:
        early = watch_packet(t, i, p, d, side);
        break;
    case SLOT_DONE:
        break;
    }
    if ((d->tcp_flags & (TCP_FIN | TCP_RST)) && state_at(t, i) != SLOT_CONN)
        done_flags(t, i, d, side);
    return early;
}

/* ---- datagrams: UDP, and EAPOL frames between two MAC addresses ---- */

static void datagram_packet(struct flow_table *t, const struct packet *p, const struct decoded *d)
{
    unsigned side;
    uint64_t tag = expected_tag(t, d, &side);
    uint32_t i = slot_lookup(t, tag);
    if (i == NIL || state_at(t, i) != SLOT_CONN) {
        bool ended = i != NIL && (state_at(t, i) == SLOT_DONE || state_at(t, i) == SLOT_CLOSED);
        if (!peek(t, d, ended ? PEEK_WATCH : PEEK_START))
            return;
        /* a repeat of the hello that was just decided is not a new handshake */
        if (i != NIL && state_at(t, i) == SLOT_DONE && seconds_of(p->ts_ns) - t->at[i] < LIMIT_QUIET_SECONDS)
            return;
        if (i == NIL)
            i = slot_new(t, tag);
        t->env.stats->connections++;
        if (!conn_open(t, i, p, d, side))
            return;
    }
    struct conn *c = conn_at(t, t->at[i]);
    conn_touch(t, c, t->at[i], p);
    c->f.seen[side] = c->f.data[side] = true;
    c->f.cut |= d->payload_cap < d->payload_len;
    if (t->env.sink->datagram(t->env.sink->ctx, &c->f, side, rd_of(d->payload, d->payload_cap)) != STREAM_MORE) {
        conn_close(t, i, SLOT_DONE);
        t->at[i] = seconds_of(p->ts_ns);
    }
}

/* ---- the public face ---- */

struct flow_table *flow_table_new(const struct flow_options *opt, uint64_t seed, const struct stream_sink *sink,
                                  struct stats *stats)
{
    struct flow_table *t = calloc(1, sizeof *t);
    if (!t)
        return NULL;
    t->word = calloc(FIRST_SLOTS, sizeof *t->word);
    t->at = malloc(FIRST_SLOTS * sizeof *t->at);
    if (!t->word || !t->at) {
        free(t->word);
        free(t->at);
        free(t);
        return NULL;
    }
    t->mask = FIRST_SLOTS - 1;
    t->env = (struct tcp_env){ .sink = sink, .stats = stats,
                               .room.max = opt && opt->max_buffered ? opt->max_buffered : LIMIT_OOO_TOTAL };
    uint32_t want = opt && opt->max_flows ? opt->max_flows : LIMIT_FLOWS;
    for (t->max_slots = FIRST_SLOTS; t->max_slots < want && t->max_slots < 1u << 30;)
        t->max_slots *= 2;
    t->slots = (struct slab){ .width = sizeof(struct slot), .most = t->max_slots };
    t->conns = (struct slab){ .width = sizeof(struct conn), .most = opt && opt->max_conns ? opt->max_conns : LIMIT_CONNS };
    t->scope = opt ? opt->scope : SCOPE_NONE;
    t->lru_head = t->lru_tail = NIL;
    t->ending = UINT64_MAX;
    t->skipped = SLOT_DONE;
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
        reasm_clear(&conn_at(t, i)->side[0], &t->env.room);
        reasm_clear(&conn_at(t, i)->side[1], &t->env.room);
    }
    slab_free(&t->conns);
    slab_free(&t->slots);
    free(t->word);
    free(t->at);
    free(t);
}

void flow_expect(const struct flow_table *t, struct decoded *d)
{
    unsigned side;
    d->flow = tag_of(t, d, &side);
    d->side = (uint8_t)side;
    uint32_t home = home_of(d->flow, t->mask);
    __builtin_prefetch(&t->word[home]);
    if (d->tcp_flags == (TCP_SYN | TCP_ACK)) /* most likely new, perhaps in the place of another */
        __builtin_prefetch(&t->at[home], 1);
}

/* How far b is behind a; 0 when it is not. Time stamps may be anything. */
static uint64_t behind(int64_t a, int64_t b)
{
    return a > b ? (uint64_t)a - (uint64_t)b : 0;
}

static unsigned clocks(const struct flow_clock *c)
{
    return c->made < FLOW_CLOCKS ? c->made : FLOW_CLOCKS;
}

/* The clock that this time stamp belongs to; FLOW_CLOCKS: none that is remembered. */
static unsigned clock_of(const struct flow_clock *c, int64_t ts_ns)
{
    for (unsigned i = 0, n = clocks(c); i < n; i++) {
        unsigned k = (c->used + i) % n;
        int64_t last = c->clock[k].last_ns;
        if (behind(last, ts_ns) <= FLOW_CLOCK_APART_NS && behind(ts_ns, last) <= FLOW_CLOCK_APART_NS)
            return k;
    }
    return FLOW_CLOCKS;
}

/* Silence, or another clock: forward by the time since the nearest clock before it (a step of STEP_SECONDS is as good as a
 * longer one: everything is idle after it), never back. */
static unsigned clock_new(struct flow_clock *c, int64_t ts_ns)
{
    uint64_t step = STEP_SECONDS * (uint64_t)SECOND_NS;
    bool later = false;
    for (unsigned i = 0; i < clocks(c); i++) {
        uint64_t since = behind(ts_ns, c->clock[i].last_ns);
        later = later || since;
        step = since && since < step ? since : step;
    }
    c->now_ns += later ? step : 0;
    return c->made++ % FLOW_CLOCKS;
}

void flow_clock_move(struct flow_clock *c, int64_t ts_ns)
{
    unsigned k = clock_of(c, ts_ns);
    if (k == FLOW_CLOCKS) {
        k = clock_new(c, ts_ns);
        c->clock[k].ahead_ns = (int64_t)(c->now_ns - (uint64_t)ts_ns);
    }
    int64_t ahead = (int64_t)((uint64_t)ts_ns + (uint64_t)c->clock[k].ahead_ns - c->now_ns);
    if (ahead > 0)
        c->now_ns += (uint64_t)ahead;
    else if (ahead < -FLOW_CLOCK_APART_NS)
        c->clock[k].ahead_ns = (int64_t)(c->now_ns - (uint64_t)ts_ns);
    c->used = k;
    c->clock[k].last_ns = ts_ns;
    c->now = (uint32_t)(c->now_ns / (uint64_t)SECOND_NS);
    c->next_ns = ts_ns > INT64_MAX - SECOND_NS ? INT64_MAX : ts_ns + SECOND_NS;
}

void flow_table_time(struct flow_table *t, uint32_t now)
{
    uint32_t epochs = now / EPOCH_SECONDS - t->now / EPOCH_SECONDS;
    t->now = now;
    t->epoch = (uint8_t)(now / EPOCH_SECONDS);
    t->skipped = (uint64_t)t->epoch << EPOCH_SHIFT | SLOT_DONE;
    if (epochs)
        forget_idle(t, epochs);
    sweep(t);
}

/* One of nearly all packets: it changes nothing, and one word tells. */
static inline bool is_skipped(const struct flow_table *t, const struct decoded *d)
{
    return !(d->tcp_flags & (TCP_SYN | TCP_FIN | TCP_RST)) && d->flow &&
           t->word[home_of(d->flow, t->mask)] == (d->flow << TAG_SHIFT | t->skipped) && d->proto == PROTO_TCP;
}

static bool take_packet(struct flow_table *t, uint64_t order, const struct packet *p, const struct decoded *d)
{
    t->order = order;
    if (d->proto == PROTO_TCP)
        return tcp_packet(t, p, d) && d->payload_len > 0;
    datagram_packet(t, p, d);
    return d->proto == PROTO_UDP;
}

bool flow_table_packet(struct flow_table *t, uint64_t order, const struct packet *p, const struct decoded *d)
{
    return !is_skipped(t, d) && take_packet(t, order, p, d);
}

bool flow_packet(struct flow_table *t, const struct packet *p, const struct decoded *d)
{
    bool stands = flow_clock_stands(&t->clock, p->ts_ns);
    if (stands && is_skipped(t, d))
        return false;
    if (!stands && flow_clock_tick(&t->clock, p->ts_ns))
        flow_table_time(t, t->clock.now);
    return take_packet(t, 0, p, d);
}

uint64_t flow_table_order(const struct flow_table *t)
{
    return t->ending;
}

void flow_table_finish(struct flow_table *t)
{
    while (t->lru_tail != NIL) {
        struct conn *c = conn_at(t, t->lru_tail);
        t->ending = c->used_order;
        conn_end(t, slot_of(t, c), END_INPUT, SIDE_UNKNOWN);
    }
}
