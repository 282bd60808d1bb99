/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session - what a flow is, from its first bytes to its event.
 *
 * A stream starts in SNIFF with two suspicions at once: TLS itself (struct tls takes the bytes and says so) and the upgrade
 * protocols that could begin like this (struct dialogue). Whichever is certain first wins. A dialogue that leads to TLS hands
 * over at the exact byte; one that stays in clear text becomes an event of the ledger. Streams that are neither keep no state:
 * capture/ asks peek() about a few more segments (TLS inside a protocol nobody here knows starts at a segment), then forgets
 * them.
 *
 * BUGS: a second handshake on a connection is looked for behind FTP upgrades (CCC ends TLS there) and behind alerts in clear
 * (without the name of the upgrade). Where a session that stood was closed by close_notify and another hello follows, it is not:
 * that would cost a look at every packet of every connection.
 */
#include "dissect/session.h"
#include "base/limits.h"
#include "dissect/datagram.h"
#include "dissect/dialogue.h"
#include "dissect/tls.h"

#include <assert.h>
#include <stdlib.h>

enum phase {
    PHASE_SNIFF, /* TLS and dialogues on trial */
    PHASE_LOST, /* a dialogue, or what it led to, lost bytes: only a hello at the start of a segment can still be told */
    PHASE_UNWRAP, /* TLS inside PDUs of the upgrade protocol */
    PHASE_TLS,
    PHASE_AFTER, /* the handshake is over, and this connection may yet show another: its hello would begin a segment */
};

/* What only a stream has that did not begin with TLS, or not plainly so. */
struct opening {
    struct dialogue g; /* SNIFF: rows on trial; later: trial[0] is the row that led here, if any */
    uint8_t tunnels; /* prefixes and tunnel headers taken off so far */
    bool bare[2]; /* PHASE_UNWRAP: this direction has no more PDUs */
    uint8_t searched; /* PHASE_LOST, PHASE_AFTER: segments looked at for a hello */
    const char *upgrade; /* how TLS came about, NULL when direct */
    bool tunnel; /* by a row that is no upgrade itself */
    bool returns; /* by a row that can go back to clear text */
    struct upgrade_state facts; /* of that row */
    struct endpoint real_client, real_server;
    char *target; /* CONNECT, SOCKS; as large as a tag */
};

struct session {
    struct tls_shared *shared; /* where it lies */
    struct tls *tls;
    struct opening *o; /* NULL for most; never where an upgrade led */
    uint8_t phase;
    bool tls_ruled_out;
    bool alert_in_clear; /* ended the handshake */
};

struct datagram_session { /* flows of datagrams */
    const struct datagram_proto *row;
    void *state;
};

enum { HELLO_START = 11 }; /* record header, handshake header, version: what tls_looks_like() needs to be strict */

struct dissector {
    struct tls_shared shared;
    struct event_sink *sink;
    struct stats *stats;
    struct stream_sink stream;
};

static struct tls_when when_of(const struct flow *f)
{
    return (struct tls_when){ .ts_ns = f->now_ns, .frame = f->frame };
}

/* ---- peek ---- */

/* Records in mid-flow: application data with a TLS version. */
static bool looks_like_records(struct rd b)
{
    return rd_left(&b) >= 5 && b.p[0] == 23 && b.p[1] == 3 && b.p[2] <= 4 && (b.p[3] << 8 | b.p[4]) <= 16384 + 2048;
}

static bool peek_datagram(uint8_t proto, uint16_t sport, uint16_t dport, enum peek_at at, struct rd b)
{
    for (const struct datagram_proto *const *row = datagram_protos; *row; row++)
        if ((*row)->proto == proto && (*row)->looks_like(sport, dport, b))
            return at == PEEK_START || !(*row)->goes_on || !(*row)->goes_on(b);
    return false;
}

static bool session_peek(void *ctx, uint8_t proto, uint16_t sport, uint16_t dport, enum peek_at at, struct rd b)
{
    struct dissector *ds = ctx;
    if (proto != PROTO_TCP)
        return peek_datagram(proto, sport, dport, at, b);
    switch (at) {
    case PEEK_START:
        return tls_looks_like(b, false) || dialogue_may_start(b, sport, dport, true);
    case PEEK_JOIN:
        /* of a client's direction alone the SYN-ACK is missing, and its hello may come in small pieces */
        if (tls_looks_like(b, rd_left(&b) >= HELLO_START) || dialogue_may_start(b, sport, dport, false))
            return true;
        ds->stats->tls_midstream += looks_like_records(b);
        return false;
    case PEEK_WATCH:
        return tls_looks_like(b, true);
    }
    return false;
}

/* ---- events ---- */

/* Which side is the client, when no hello told: who began the connection, else the higher port. */
static unsigned guess_client(const struct flow *f, bool *guessed)
{
    *guessed = false;
    if (f->initiator < 2)
        return f->initiator;
    *guessed = true;
    return f->side[0].port < f->side[1].port;
}

static void fill_flow(const struct flow *f, unsigned client, struct tls_event *ev)
{
    bool guessed = false;
    if (client > 1)
        client = guess_client(f, &guessed);
    if (ev->client.addr.kind == ADDR_NONE)
        ev->client = f->side[client];
    else if (ev->via.addr.kind == ADDR_NONE)
        ev->via = f->side[client]; /* a RADIUS client that speaks for the station */
    if (ev->server.addr.kind == ADDR_NONE)
        ev->server = f->side[!client];
    if (ev->ts_ns == 0)
        ev->ts_ns = f->first_ns;
    ev->end_ns = f->now_ns;
    ev->input = f->input;
    ev->ids = f->ids;
    ev->flags |= (guessed ? EV_DIRECTION_GUESSED : 0u) | (f->has_gap ? EV_GAP : 0u) | (f->cut ? EV_CUT : 0u) |
                 (f->midstream ? EV_MIDSTREAM : 0u);
    if (f->unseen_data[0] || f->unseen_data[1])
        ev->flags |= EV_ONE_SIDED;
}

/* A side whose bytes passed outside this capture cannot be blamed for silence. */
static void judge_one_sided(struct dissector *ds, struct tls_event *ev)
{
    bool silent = ev->outcome == OUTCOME_UNANSWERED || ev->outcome == OUTCOME_CLOSED || ev->outcome == OUTCOME_RESET ||
                  ev->outcome == OUTCOME_INCOMPLETE;
    if ((ev->flags & EV_ONE_SIDED) && silent)
        ev->outcome = OUTCOME_ONE_SIDED;
    if (ev->outcome == OUTCOME_ONE_SIDED)
        ds->stats->flow_one_sided++;
}

static void fill_upgrade(const struct session *s, struct tls_event *ev)
{
    const struct opening *o = s->o;
    if (!o)
        return;
    ev->upgrade = o->upgrade;
    ev->target = o->target;
    ev->server_offered_upgrade = o->facts.offered;
    ev->refusal_code = o->facts.refusal_code;
    if (o->facts.login)
        ev->flags |= EV_CLEARTEXT_LOGIN;
    if (o->real_client.addr.kind != ADDR_NONE) {
        ev->via = ev->client;
        ev->client = o->real_client;
        ev->flags |= EV_PROXIED;
    }
}

static enum tls_end tls_end_of(enum end_reason why)
{
    switch (why) {
    case END_FIN:
        return TLS_END_FIN;
    case END_RST:
        return TLS_END_RST;
    case END_IDLE:
    case END_REUSED:
        return TLS_END_IDLE;
    case END_INPUT:
        return TLS_END_INPUT;
    case END_EVICTED:
        return TLS_END_EVICTED;
    }
    return TLS_END_IDLE;
}

/* The TLS conversation is over: its event. */
static void emit_tls(struct dissector *ds, struct session *s, struct flow *f, enum tls_end end, unsigned by)
{
    struct tls_event ev = { .suite = SUITE_NONE, .transport = TRANSPORT_TCP };
    tls_fill_event(s->tls, end, by, &ev);
    fill_flow(f, tls_client_side(s->tls), &ev);
    fill_upgrade(s, &ev);
    judge_one_sided(ds, &ev);
    ds->stats->handshakes++;
    ds->stats->cleartext_login += s->o && s->o->facts.login;
    ds->sink->event(ds->sink, &ev);
    bool alert = ev.outcome == OUTCOME_ALERT_CLIENT || ev.outcome == OUTCOME_ALERT_SERVER;
    s->alert_in_clear = alert && !(ev.flags & EV_ALERT_ENCRYPTED);
}

static enum outcome ledger_outcome(const struct upgrade_state *u)
{
    if (u->stripped)
        return OUTCOME_STRIPPED;
    if (u->refused)
        return OUTCOME_REFUSED;
    if (u->requested)
        return OUTCOME_ABANDONED;
    return u->offered == 1 ? OUTCOME_NOT_OFFERED : OUTCOME_PLAINTEXT;
}

/* That TLS was never asked for, or not offered, can only be said of a dialogue heard from both sides without a gap. */
static bool heard_both(const struct flow *f)
{
    return f->data[0] && f->data[1] && !f->has_gap && !f->midstream;
}

/* After a refusal the last word (QUIT, Unbind) is no use of the session; a second one is, or what settles it in clear text. */
static enum aftermath after_refusal(const struct opening *o, enum dialogue_verdict how)
{
    bool settled = how == DIALOGUE_PLAIN && o->g.after_refusal > 0;
    return o->facts.login || o->g.after_refusal > 1 || settled ? AFTER_PLAINTEXT : AFTER_CLOSE;
}

/* A session of an upgradable protocol that did not reach TLS. how: PLAIN and OPAQUE are the dialogue's answers, NONE: it ended
 * before there was one. */
static void emit_ledger(struct dissector *ds, struct session *s, struct flow *f, enum dialogue_verdict how)
{
    bool opaque = how == DIALOGUE_OPAQUE;
    const struct opening *o = s->o;
    struct tls_event ev = { .suite = SUITE_NONE, .transport = TRANSPORT_TCP };
    ds->stats->cleartext_login += o->facts.login; /* also where the rest is unknown */
    if (o->tunnel)
        return;
    if (!opaque && !o->facts.refused && !o->facts.stripped && !heard_both(f)) {
        ds->stats->upgrade_unknown++;
        return;
    }
    ds->stats->upgrade_opaque += opaque;
    ev.outcome = (uint8_t)(opaque ? OUTCOME_OPAQUE : ledger_outcome(&o->facts));
    if (o->facts.refused)
        ev.aftermath = (uint8_t)after_refusal(o, how);
    fill_flow(f, 2, &ev);
    fill_upgrade(s, &ev);
    ds->sink->event(ds->sink, &ev);
}

static void opening_free(struct session *s)
{
    struct opening *o = s->o;
    s->o = NULL;
    if (!o)
        return;
    dialogue_free(&o->g);
    tls_give(s->shared, o->target, sizeof o->facts.tag);
    tls_give(s->shared, o, sizeof *o);
}

static void session_free(struct flow *f)
{
    struct session *s = f->user;
    f->user = NULL;
    if (!s)
        return;
    tls_free(s->tls);
    opening_free(s);
    tls_give(s->shared, s, sizeof *s);
}

/* ---- streams ---- */

static enum stream_verdict done(struct flow *f, enum stream_verdict v)
{
    session_free(f);
    return v;
}

/* A handshake has had its event. Few connections see another one: behind FTP's CCC, and perhaps where an alert in clear ended
 * the first, which is worth a look but no state. The rest are not worth a look at every packet that follows. */
static enum stream_verdict over(struct session *s, struct flow *f)
{
    if (!s->o || !s->o->returns)
        return done(f, s->alert_in_clear ? STREAM_WATCH : STREAM_DONE);
    tls_free(s->tls);
    s->tls = NULL;
    s->o->facts.login = false;
    s->o->searched = 0;
    s->phase = PHASE_AFTER;
    return STREAM_MORE;
}

/* What was on trial is TLS. */
static void end_trials(struct session *s)
{
    if (s->o && s->o->upgrade)
        dialogue_free(&s->o->g);
    else
        opening_free(s);
}

static bool on_trial(const struct session *s)
{
    return s->o && s->o->g.trials > 0;
}

/* The TLS suspicion has an answer. */
static enum stream_verdict tls_verdict(struct dissector *ds, struct session *s, struct flow *f, enum tls_verdict v)
{
    switch (v) {
    case TLS_MORE:
        if (s->phase == PHASE_SNIFF && tls_has_hello(s->tls)) {
            end_trials(s);
            s->phase = PHASE_TLS;
        }
        return STREAM_MORE;
    case TLS_DECIDED:
        emit_tls(ds, s, f, TLS_END_DECIDED, SIDE_UNKNOWN);
        return over(s, f);
    case TLS_NOT:
        if (tls_has_hello(s->tls)) {
            emit_tls(ds, s, f, TLS_END_DECIDED, SIDE_UNKNOWN);
            return over(s, f);
        }
        break;
    }
    tls_free(s->tls);
    s->tls = NULL;
    s->tls_ruled_out = true;
    if (s->phase == PHASE_SNIFF && on_trial(s))
        return STREAM_MORE;
    bool upgraded = s->o && s->o->upgrade;
    if (upgraded && s->phase == PHASE_TLS) { /* announced, and then something else: commands that were injected, perhaps */
        s->phase = PHASE_LOST;
        return STREAM_MORE;
    }
    if (upgraded && s->phase != PHASE_SNIFF)
        emit_ledger(ds, s, f, DIALOGUE_NONE);
    return done(f, STREAM_WATCH);
}

static enum stream_verdict feed_tls(struct dissector *ds, struct session *s, struct flow *f, unsigned d, struct rd b)
{
    if (rd_left(&b) == 0)
        return STREAM_MORE;
    if (!s->tls && !(s->tls = tls_new(&ds->shared, TLS_STREAM)))
        return done(f, STREAM_DONE);
    if (f->closed[!d])
        tls_closed(s->tls, !d);
    return tls_verdict(ds, s, f, tls_bytes(s->tls, d, b, when_of(f)));
}

/* The dialogue could not keep what it needs: counted, and the flow is given up. */
static enum stream_verdict no_memory(struct dissector *ds, struct flow *f)
{
    ds->stats->memory_refused++;
    return done(f, STREAM_DONE);
}

/* TLS bytes out of PDUs; what is incomplete stays in held[]. */
static enum stream_verdict feed_unwrap(struct dissector *ds, struct session *s, struct flow *f, unsigned d, struct rd b)
{
    struct opening *o = s->o;
    if (o->bare[d])
        return feed_tls(ds, s, f, d, b);
    if (o->g.trials == 0)
        return no_memory(ds, f); /* at the hand-over */
    struct rd wire = dialogue_push(&o->g, d, b);
    if (o->g.no_memory)
        return no_memory(ds, f);
    struct rd tls;
    bool bare = false;
    size_t before = rd_left(&wire);
    enum stream_verdict v = STREAM_MORE;
    bool guessed, from_client = d == guess_client(f, &guessed);
    while (v == STREAM_MORE && !bare && o->g.trial[0].row->unwrap(&o->facts, from_client, &wire, &tls, &bare))
        v = feed_tls(ds, s, f, d, tls);
    if (v == STREAM_MORE && bare) {
        o->bare[d] = true;
        v = feed_tls(ds, s, f, d, wire);
        wire = rd_of(NULL, 0);
    }
    if (v != STREAM_MORE)
        return v;
    dialogue_pull(&o->g, d, before - rd_left(&wire));
    return rd_left(&wire) > LIMIT_UPGRADE_BYTES ? done(f, STREAM_DONE) : STREAM_MORE;
}

static void keep_facts(struct dissector *ds, struct session *s)
{
    struct opening *o = s->o;
    const struct trial *t = &o->g.trial[0];
    assert(o->g.trial);
    bool login = o->facts.login; /* a proxy's, before the protocol in its tunnel */
    o->facts = t->s;
    o->facts.login |= login;
    o->upgrade = t->row->name;
    o->tunnel = t->row->tunnel;
    o->returns = t->row->returns;
    if (t->s.real_client.addr.kind != ADDR_NONE) {
        o->real_client = t->s.real_client;
        o->real_server = t->s.real_server;
    }
    if (t->s.has_target) { /* of a tunnel in a tunnel: the last one */
        tls_give(s->shared, o->target, sizeof t->s.tag);
        o->target = tls_take(&ds->shared, sizeof t->s.tag);
        if (o->target)
            memcpy(o->target, t->s.tag, sizeof t->s.tag);
    }
}

static enum stream_verdict by_phase(struct dissector *ds, struct session *s, struct flow *f, unsigned d, struct rd b);

/* The dialogue says that TLS, or something to be sniffed again, follows behind its last unit in both directions. */
static enum stream_verdict hand_over(struct dissector *ds, struct session *s, struct flow *f, unsigned d, enum dialogue_verdict how)
{
    struct opening *o = s->o;
    const struct upgrade_state *u = &o->g.trial[0].s;
    if (how == DIALOGUE_RESTART && ++o->tunnels > LIMIT_TUNNELS) {
        ds->stats->tunnel_deep++;
        return done(f, STREAM_DONE);
    }
    if (how == DIALOGUE_RESTART || u->greeted || u->confirmed || u->requested)
        keep_facts(ds, s); /* else a row that could begin with these bytes too: this is TLS from the start */
    tls_free(s->tls);
    s->tls = NULL;
    s->tls_ruled_out = false;
    struct dialogue old = o->g; /* its bytes are still needed here */
    o->g = (struct dialogue){ 0 };
    enum stream_verdict v = STREAM_MORE;
    bool unwrap = old.trial[0].row->unwrap != NULL;
    s->phase = how == DIALOGUE_RESTART ? PHASE_SNIFF : unwrap ? PHASE_UNWRAP : PHASE_TLS;
    if (unwrap)
        dialogue_adopt(&o->g, &old);
    unsigned client = f->initiator < 2 ? f->initiator : d;
    for (unsigned i = 0; i < 2 && v == STREAM_MORE; i++) {
        unsigned side = i == 0 ? client : !client;
        struct rd rest = dialogue_rest(&old, side);
        if (rd_left(&rest))
            v = by_phase(ds, s, f, side, rest);
    }
    dialogue_free(&old);
    return v;
}

static enum stream_verdict dialogue_step(struct dissector *ds, struct session *s, struct flow *f, unsigned d, struct rd b)
{
    bool guessed;
    unsigned client = guess_client(f, &guessed);
    enum dialogue_verdict v = dialogue_bytes(&s->o->g, d, d == client, b);
    switch (v) {
    case DIALOGUE_MORE:
        if (dialogue_confirmed(&s->o->g) && s->tls) { /* certain: TLS is ruled out until it is announced */
            tls_free(s->tls);
            s->tls = NULL;
            s->tls_ruled_out = true;
        }
        return STREAM_MORE;
    case DIALOGUE_TLS:
    case DIALOGUE_RESTART:
        return hand_over(ds, s, f, d, v);
    case DIALOGUE_PLAIN:
    case DIALOGUE_OPAQUE:
        keep_facts(ds, s);
        emit_ledger(ds, s, f, v);
        return done(f, STREAM_DONE);
    case DIALOGUE_NONE:
        break;
    }
    ds->stats->memory_refused += s->o->g.no_memory;
    end_trials(s);
    return s->tls ? STREAM_MORE : done(f, STREAM_WATCH);
}

/* A hello at the start of a segment amid a dialogue: its announcement was not captured. Where it was asked for and the other
 * side is heard, the answer may yet come (captured behind it, or not waited for): then the dialogue holds the hello. */
static bool hello_amid_dialogue(const struct session *s, const struct flow *f, unsigned d, struct rd b)
{
    const struct dialogue *g = s->o ? &s->o->g : NULL;
    if (!g || !g->trial || !g->trials)
        return false;
    if (dialogue_confirmed(g) && g->trial[0].s.pending && f->seen[!d] && !f->unseen_data[!d])
        return false;
    struct rd rest = dialogue_rest(g, d);
    return g->spoke[d] && rd_left(&rest) == 0 && tls_looks_like(b, true) && (g->trial[0].s.greeted || g->trial[0].s.confirmed);
}

/* The answer to a client that sent its hello without waiting is lost: what it said is TLS all the same. */
static bool hello_is_held(const struct session *s, unsigned d)
{
    return s->o && dialogue_confirmed(&s->o->g) && tls_looks_like(dialogue_rest(&s->o->g, d), true);
}

static enum stream_verdict take_held(struct dissector *ds, struct session *s, struct flow *f, unsigned d)
{
    keep_facts(ds, s);
    struct dialogue old = s->o->g;
    s->o->g = (struct dialogue){ 0 };
    s->phase = PHASE_TLS;
    enum stream_verdict v = feed_tls(ds, s, f, d, dialogue_rest(&old, d));
    dialogue_free(&old);
    return v;
}

/* The other side answers, but its answer will not come: a client does not say so much before it. */
static bool answer_was_missed(const struct session *s, const struct flow *f, unsigned d, struct rd b)
{
    if (!hello_is_held(s, d))
        return false;
    struct rd rest = dialogue_rest(&s->o->g, d);
    return f->unseen_data[!d] || rd_left(&rest) + rd_left(&b) > LIMIT_UPGRADE_UNIT;
}

/* The first bytes, when they are not plainly TLS: which rows could begin so? */
static void open_dialogue(struct dissector *ds, struct session *s, const struct flow *f, unsigned d, struct rd b)
{
    uint16_t from = f->side[d].port, to = f->side[!d].port;
    if (f->midstream && !dialogue_may_start(b, f->side[0].port, f->side[1].port, false))
        return;
    if (!s->o) {
        s->o = tls_take(&ds->shared, sizeof *s->o);
        if (!s->o)
            return;
        *s->o = (struct opening){ 0 };
    }
    bool from_client = !f->midstream && f->initiator < 2 ? d == f->initiator : from > to;
    dialogue_start(&s->o->g, &ds->shared.buffered, from_client, b, from, to);
    ds->stats->memory_refused += s->o->g.no_memory;
    if (s->o->g.trials == 0)
        end_trials(s);
}

static enum stream_verdict sniff(struct dissector *ds, struct session *s, struct flow *f, unsigned d, struct rd b)
{
    bool hello = !s->tls && tls_looks_like(b, true);
    if (!(s->o && s->o->g.trial) && !s->tls && !s->tls_ruled_out && !hello)
        open_dialogue(ds, s, f, d, b);
    if (s->o && hello_amid_dialogue(s, f, d, b)) {
        enum dialogue_verdict v = DIALOGUE_TLS;
        s->o->g.trials = 1;
        enum stream_verdict out = hand_over(ds, s, f, d, v);
        return out == STREAM_MORE ? feed_tls(ds, s, f, d, b) : out;
    }
    if (answer_was_missed(s, f, d, b)) {
        enum stream_verdict out = take_held(ds, s, f, d);
        return out == STREAM_MORE ? feed_tls(ds, s, f, d, b) : out;
    }
    bool had_dialogue = on_trial(s);
    if (!s->tls_ruled_out && (s->tls || hello || tls_looks_like(b, false))) {
        enum stream_verdict v = feed_tls(ds, s, f, d, b);
        if (v != STREAM_MORE || s->phase != PHASE_SNIFF)
            return v;
    } else if (!s->tls) {
        s->tls_ruled_out = true;
    }
    if (had_dialogue && on_trial(s))
        return dialogue_step(ds, s, f, d, b);
    return s->tls ? STREAM_MORE : done(f, STREAM_WATCH);
}

/* A hello is all that counts now, and it begins a segment. */
static enum stream_verdict search(struct dissector *ds, struct session *s, struct flow *f, unsigned d, struct rd b)
{
    if (tls_looks_like(b, true)) {
        s->phase = PHASE_TLS;
        return feed_tls(ds, s, f, d, b);
    }
    if (++s->o->searched <= LIMIT_WATCH_SEGMENTS)
        return STREAM_MORE;
    if (s->phase == PHASE_LOST)
        emit_ledger(ds, s, f, DIALOGUE_NONE);
    return done(f, STREAM_DONE);
}

static enum stream_verdict by_phase(struct dissector *ds, struct session *s, struct flow *f, unsigned d, struct rd b)
{
    switch ((enum phase)s->phase) {
    case PHASE_SNIFF:
        return sniff(ds, s, f, d, b);
    case PHASE_UNWRAP:
        return feed_unwrap(ds, s, f, d, b);
    case PHASE_TLS:
        return feed_tls(ds, s, f, d, b);
    case PHASE_LOST:
    case PHASE_AFTER:
        return search(ds, s, f, d, b);
    }
    return STREAM_DONE;
}

static enum stream_verdict session_bytes(void *ctx, struct flow *f, unsigned d, struct rd b)
{
    struct dissector *ds = ctx;
    struct session *s = f->user;
    if (!s) {
        s = f->user = tls_take(&ds->shared, sizeof *s);
        if (!s)
            return STREAM_DONE;
        *s = (struct session){ .shared = &ds->shared };
    }
    if (s->phase == PHASE_TLS) /* as nearly always */
        return feed_tls(ds, s, f, d, b);
    return by_phase(ds, s, f, d, b);
}

static enum stream_verdict session_gap(void *ctx, struct flow *f, unsigned d, uint32_t missing)
{
    struct dissector *ds = ctx;
    struct session *s = f->user;
    if (!s) /* the first bytes of this side alone: what the other said is held behind them */
        return STREAM_MORE;
    if (s->phase == PHASE_AFTER)
        return STREAM_MORE;
    if (!s->tls && hello_is_held(s, !d) && take_held(ds, s, f, !d) != STREAM_MORE)
        return STREAM_DONE;
    if (s->tls) {
        if (s->phase == PHASE_SNIFF)
            end_trials(s);
        return tls_verdict(ds, s, f, tls_gap(s->tls, d, missing, when_of(f)));
    }
    if (!s->o)
        return done(f, STREAM_WATCH);
    if (dialogue_confirmed(&s->o->g))
        keep_facts(ds, s);
    else if (!s->o->upgrade)
        return done(f, STREAM_WATCH);
    dialogue_free(&s->o->g); /* also when TLS was announced already: the hello that comes next may be the server's */
    s->phase = PHASE_LOST;
    return STREAM_MORE;
}

/* ---- datagrams ---- */

static void drain(struct dissector *ds, struct datagram_session *g, struct flow *f, enum tls_end end, unsigned by)
{
    for (;;) {
        struct tls_event ev = { .suite = SUITE_NONE, .transport = g->row->transport };
        unsigned client = SIDE_UNKNOWN;
        if (!g->row->next_event(g->state, end, by, &client, &ev))
            return;
        fill_flow(f, client, &ev);
        if (!outcome_is_upgrade((enum outcome)ev.outcome))
            ds->stats->handshakes++;
        ds->stats->upgrade_opaque += ev.outcome == OUTCOME_OPAQUE;
        ds->sink->event(ds->sink, &ev);
    }
}

static void datagram_free(struct dissector *ds, struct flow *f)
{
    struct datagram_session *g = f->user;
    f->user = NULL;
    if (g)
        g->row->free(g->state);
    tls_give(&ds->shared, g, sizeof *g);
}

/* Open the first row from this one on that takes the datagram for its own. */
static struct datagram_session *datagram_open(struct dissector *ds, const struct datagram_proto *const *row, const struct flow *f,
                                              unsigned d, struct rd b)
{
    for (; *row; row++) {
        if ((*row)->proto != f->proto || !(*row)->looks_like(f->side[d].port, f->side[!d].port, b))
            continue;
        struct datagram_session *g = tls_take(&ds->shared, sizeof *g);
        if (!g)
            return NULL;
        *g = (struct datagram_session){ .row = *row, .state = (*row)->open(&ds->shared) };
        if (g->state)
            return g;
        tls_give(&ds->shared, g, sizeof *g);
        return NULL;
    }
    return NULL;
}

static const struct datagram_proto *const *row_behind(const struct datagram_proto *row)
{
    const struct datagram_proto *const *r = datagram_protos;
    while (*r != row)
        r++;
    return r + 1;
}

static enum stream_verdict session_datagram(void *ctx, struct flow *f, unsigned d, struct rd b)
{
    struct dissector *ds = ctx;
    const struct datagram_proto *const *from = datagram_protos;
    for (;;) {
        if (!f->user && !(f->user = datagram_open(ds, from, f, d, b)))
            return STREAM_DONE;
        struct datagram_session *g = f->user;
        switch (g->row->feed(g->state, d, b, when_of(f))) {
        case TLS_MORE:
            return STREAM_MORE;
        case TLS_DECIDED:
            drain(ds, g, f, TLS_END_DECIDED, SIDE_UNKNOWN);
            if (g->row->many)
                return STREAM_MORE;
            datagram_free(ds, f);
            return STREAM_DONE;
        case TLS_NOT:
            break;
        }
        drain(ds, g, f, TLS_END_DECIDED, SIDE_UNKNOWN);
        from = row_behind(g->row);
        datagram_free(ds, f);
    }
}

static void session_end(void *ctx, struct flow *f, enum end_reason why, unsigned by)
{
    struct dissector *ds = ctx;
    if (f->proto != PROTO_TCP) {
        if (f->user)
            drain(ds, f->user, f, tls_end_of(why), by);
        datagram_free(ds, f);
        return;
    }
    struct session *s = f->user;
    for (unsigned d = 0; d < 2; d++)
        if (s && !s->tls && hello_is_held(s, d) && take_held(ds, s, f, d) != STREAM_MORE)
            return;
    if (!s)
        return;
    for (unsigned d = 0; d < 2; d++)
        if (s->tls && f->closed[d])
            tls_closed(s->tls, d);
    if (s->tls && tls_has_hello(s->tls)) {
        emit_tls(ds, s, f, tls_end_of(why), by);
    } else if (s->phase == PHASE_AFTER) {
        session_free(f); /* no other handshake came */
        return;
    } else if (s->phase == PHASE_LOST || (s->phase != PHASE_SNIFF && s->o && s->o->upgrade)) {
        emit_ledger(ds, s, f, DIALOGUE_NONE);
    } else if (s->o && dialogue_confirmed(&s->o->g)) {
        keep_facts(ds, s);
        emit_ledger(ds, s, f, DIALOGUE_NONE);
    }
    session_free(f);
}

static bool session_full(void *ctx)
{
    const struct dissector *ds = ctx;
    return room_tight(&ds->shared.buffered) || room_tight(&ds->shared.kept) || ds->shared.pool.starved;
}

/* ---- the public face ---- */

struct dissector *dissector_new(struct event_sink *sink, struct stats *stats, uint64_t seed)
{
    struct dissector *ds = calloc(1, sizeof *ds);
    if (!ds)
        return NULL;
    ds->shared.certs = cert_cache_new(LIMIT_CERTS, seed);
    ds->shared.stats = stats;
    if (!ds->shared.certs) {
        free(ds);
        return NULL;
    }
    ds->sink = sink;
    ds->stats = stats;
    dissector_limit(ds, SIZE_MAX);
    ds->stream = (struct stream_sink){ .ctx = ds, .peek = session_peek, .bytes = session_bytes, .gap = session_gap,
                                       .datagram = session_datagram, .full = session_full, .end = session_end };
    return ds;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

void dissector_limit(struct dissector *ds, size_t bytes)
{
    ds->shared.buffered.max = least(bytes / 7 * 2, LIMIT_HANDSHAKE_TOTAL);
    ds->shared.kept.max = least(bytes / 7 * 4, LIMIT_HELLO_TOTAL);
    cert_cache_limit(ds->shared.certs, bytes / 7);
    pool_limit(&ds->shared.pool, ds->shared.buffered.max + ds->shared.kept.max);
}

void dissector_free(struct dissector *ds)
{
    if (!ds)
        return;
    assert(ds->shared.buffered.used == 0 && ds->shared.kept.used == 0); /* what was counted was given back */
    cert_cache_free(ds->shared.certs);
    pool_free(&ds->shared.pool);
    free(ds);
}

const struct stream_sink *dissector_sink(struct dissector *ds)
{
    return &ds->stream;
}
