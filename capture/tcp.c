/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tcp - puts the segments of one connection in order, from what a passive observer sees (RFC 9293 section 3.10.7).
 *
 * The observer is not an end: packets may be missing from the capture that both ends have, directions may be captured in the
 * wrong order relative to each other, or only one of them. So a hole is not an error: it is waited for, and declared lost
 * when the receiver acknowledged it and a retransmission would have come by now, when the buffers are full, or at the end.
 *
 * What a segment acknowledges its sender had received: so the two directions are put in step too (two ports of a tap, two queues
 * of a card). A segment captured before what it answers is held until that came, for a few packets.
 */
#include "base/limits.h"
#include "capture/conn.h"

static int32_t seq_diff(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b);
}

static enum conn_fate fate_of(enum stream_verdict v)
{
    switch (v) {
    case STREAM_MORE:
        return CONN_KEEP;
    case STREAM_WATCH:
        return CONN_WATCH;
    case STREAM_DONE:
        return CONN_DECIDED;
    }
    return CONN_DECIDED;
}

static enum conn_fate deliver(struct tcp_env *env, struct conn *c, unsigned d, struct rd b)
{
    c->f.data[d] = true;
    c->f.unseen_data[d] = false;
    c->spoke = (uint8_t)d;
    c->spoke_ns = c->f.now_ns;
    return fate_of(env->sink->bytes(env->sink->ctx, &c->f, d, b));
}

static enum conn_fate lose(struct tcp_env *env, struct conn *c, unsigned d, uint32_t missing)
{
    env->stats->stream_gap++;
    env->stats->stream_gap_bytes += missing;
    c->f.has_gap = true;
    c->side[d].next += missing;
    if (c->side[d].late)
        c->side[d].late->hole_ns = 0;
    return fate_of(env->sink->gap(env->sink->ctx, &c->f, d, missing));
}

static void open_hole(const struct conn *c, struct reasm_late *r)
{
    r->hole_ns = c->f.now_ns ? c->f.now_ns : 1;
    r->hole_packets = 0;
}

/* Was all delivered that the sender of these bytes had when it sent them? A FIN takes a number and has no bytes. */
static bool in_step(const struct conn *c, unsigned d, uint32_t ack)
{
    unsigned o = !d;
    if (!c->f.seen[o] || !(c->state[o] & CONN_SEQ_KNOWN) || (c->state[d] & CONN_IMPATIENT))
        return true; /* one direction only: there is nothing to wait for */
    if ((c->state[o] & CONN_FIN_SEEN) && seq_diff(ack, c->fin_seq[o]) > 0)
        ack = c->fin_seq[o];
    int32_t beyond = seq_diff(ack, c->side[o].next);
    return beyond <= 0 || beyond > LIMIT_OOO_BYTES;
}

/* Is there a held segment whose turn it is but for the other side? */
static bool waits(const struct reasm *r)
{
    return r->late && reasm_hole(r) == 0;
}

/* Held segments that are due now. */
static enum conn_fate drain(struct tcp_env *env, struct conn *c, unsigned d)
{
    struct reasm *r = &c->side[d];
    enum conn_fate fate = CONN_KEEP;
    while (fate == CONN_KEEP && waits(r) && in_step(c, d, reasm_head_ack(r))) {
        struct rd b = reasm_head(r);
        if (rd_left(&b))
            fate = deliver(env, c, d, b);
        reasm_drop(r, &env->room);
    }
    if (r->late && r->late->hole_ns == 0) /* behind the one that was just given up there is another */
        open_hole(c, r->late);
    return fate;
}

/* What one side has said may be what the other's waits for. */
static enum conn_fate drain_both(struct tcp_env *env, struct conn *c)
{
    for (bool moved = true; moved;) {
        moved = false;
        for (unsigned d = 0; d < 2; d++) {
            uint32_t next = c->side[d].next;
            enum conn_fate fate = drain(env, c, d);
            if (fate != CONN_KEEP)
                return fate;
            moved = moved || c->side[d].next != next;
        }
    }
    return CONN_KEEP;
}

static enum conn_fate out_of_order(struct tcp_env *env, struct conn *c, unsigned d, uint32_t seq, const uint8_t *p, uint32_t n,
                                   uint32_t ack);

/* Bytes at the right place: hand them on, giving way to held segments that were captured first. */
static enum conn_fate in_order(struct tcp_env *env, struct conn *c, unsigned d, const uint8_t *p, uint32_t n, uint32_t ack)
{
    struct reasm *r = &c->side[d];
    if (!r->late) { /* as nearly always */
        r->next += n;
        return deliver(env, c, d, rd_of(p, n));
    }
    uint32_t end = r->next + n;
    for (;;) {
        uint32_t left = seq_diff(end, r->next) > 0 ? end - r->next : 0;
        uint32_t now = reasm_before(r, left);
        const uint8_t *from = p + (n - left);
        if (now == 0)
            return left && waits(r) ? out_of_order(env, c, d, r->next, from, left, ack) : drain(env, c, d);
        r->next += now;
        enum conn_fate fate = deliver(env, c, d, rd_of(from, now));
        if (fate == CONN_KEEP)
            fate = drain(env, c, d);
        if (fate != CONN_KEEP)
            return fate;
    }
}

static enum conn_fate give_up_hole(struct tcp_env *env, struct conn *c, unsigned d)
{
    enum conn_fate fate = CONN_KEEP;
    if (waits(&c->side[d]))
        c->state[d] |= CONN_IMPATIENT;
    else
        fate = lose(env, c, d, reasm_hole(&c->side[d]));
    return fate == CONN_KEEP ? drain(env, c, d) : fate;
}

/* Bytes ahead of what is due: keep them, or, when there is no room, give up what is missing before them. */
static enum conn_fate out_of_order(struct tcp_env *env, struct conn *c, unsigned d, uint32_t seq, const uint8_t *p, uint32_t n,
                                   uint32_t ack)
{
    struct reasm *r = &c->side[d];
    bool stored = reasm_store(r, &env->room, seq, p, n, ack);
    if (r->late && r->late->hole_ns == 0)
        open_hole(c, r->late);
    if (stored)
        return CONN_KEEP;
    env->stats->stream_overflow++;
    enum conn_fate fate = CONN_KEEP;
    while (fate == CONN_KEEP && r->late)
        fate = give_up_hole(env, c, d);
    if (fate != CONN_KEEP)
        return fate;
    int32_t ahead = seq_diff(seq, r->next);
    if (ahead > 0)
        fate = lose(env, c, d, (uint32_t)ahead);
    uint32_t old = ahead < 0 ? (uint32_t)-ahead : 0;
    return fate == CONN_KEEP && old < n ? in_order(env, c, d, p + old, n - old, ack) : fate;
}

/* Is the hole of side d lost? ack: what the other side has acknowledged in this packet, if it has. */
static bool hole_is_lost(const struct conn *c, unsigned d, const struct decoded *seg, unsigned sender)
{
    const struct reasm *r = &c->side[d];
    int64_t age_ms = (c->f.now_ns - r->late->hole_ns) / 1000000;
    if (age_ms >= LIMIT_HOLE_MAX_MS)
        return true;
    if (waits(r))
        return age_ms >= LIMIT_HOLE_MS || r->late->hole_packets >= LIMIT_STEP_PACKETS;
    bool acked = sender != d && (seg->tcp_flags & TCP_ACK) && seq_diff(seg->ack, r->next) > 0;
    if (!acked && c->f.seen[!d])
        return false;
    return age_ms >= LIMIT_HOLE_MS || r->late->hole_packets >= LIMIT_HOLE_PACKETS;
}

static enum conn_fate check_holes(struct tcp_env *env, struct conn *c, unsigned sender, const struct decoded *seg)
{
    for (unsigned d = 0; d < 2; d++) {
        struct reasm_late *r = c->side[d].late;
        if (!r || r->hole_ns == 0)
            continue;
        if (r->hole_packets < UINT16_MAX)
            r->hole_packets++;
        if (hole_is_lost(c, d, seg, sender)) {
            enum conn_fate fate = give_up_hole(env, c, d);
            if (fate == CONN_KEEP)
                fate = drain_both(env, c);
            if (fate != CONN_KEEP)
                return fate;
        }
    }
    return CONN_KEEP;
}

/* The part of the payload that the frame does not hold will not come again. */
static enum conn_fate cut_tail(struct tcp_env *env, struct conn *c, unsigned d, uint32_t end)
{
    int32_t missing = seq_diff(end, c->side[d].next);
    if (missing <= 0 || c->side[d].late)
        return CONN_KEEP; /* behind a hole: the hole's own rules decide */
    return lose(env, c, d, (uint32_t)missing);
}

static void start_at(struct conn *c, unsigned d, uint32_t seq)
{
    c->side[d].next = c->isn[d] = seq;
    c->state[d] |= CONN_SEQ_KNOWN;
}

static enum conn_fate payload(struct tcp_env *env, struct conn *c, unsigned d, uint32_t seq, const struct decoded *seg)
{
    struct reasm *r = &c->side[d];
    if (!(c->state[d] & CONN_SEQ_KNOWN))
        start_at(c, d, seq);
    uint32_t ahead = seq - r->next, old = r->next - seq;
    enum conn_fate fate = CONN_KEEP;
    if (ahead > LIMIT_SEQ_AHEAD && old > LIMIT_SEQ_AHEAD) { /* so far away numbers have no order (RFC 9293 section 3.4) */
        env->stats->stream_stray++;
        return CONN_KEEP;
    }
    c->f.cut |= seg->payload_cap < seg->payload_len;
    uint32_t ack = seg->tcp_flags & TCP_ACK ? seg->ack : c->side[!d].next;
    if (ahead && ahead <= LIMIT_SEQ_AHEAD) /* what the snap length cut off here will show as a hole of its own */
        return seg->payload_cap ? out_of_order(env, c, d, seq, seg->payload, seg->payload_cap, ack) : CONN_KEEP;
    if (old >= seg->payload_cap) { /* a retransmission, or a keep-alive's byte: the first copy stands */
    } else if (waits(r) || !in_step(c, d, ack)) {
        return out_of_order(env, c, d, r->next, seg->payload + old, seg->payload_cap - old, ack);
    } else {
        fate = in_order(env, c, d, seg->payload + old, seg->payload_cap - old, ack);
    }
    if (fate == CONN_KEEP && seg->payload_cap < seg->payload_len)
        fate = cut_tail(env, c, d, seq + seg->payload_len);
    return fate;
}

bool tcp_syn_again(struct conn *c, unsigned d, const struct decoded *seg)
{
    if (c->f.data[d] || c->side[d].late || !(c->state[!d] & CONN_SEQ_KNOWN))
        return false;
    if (seq_diff(seg->ack, c->isn[!d]) < 0 || seq_diff(seg->ack, c->side[!d].next) > 0) /* data in the SYN is acknowledged */
        return false;
    start_at(c, d, seg->seq + 1);
    return true;
}

/* An acknowledgment of bytes of the other side that were never captured shows that this capture has one direction only. One that
 * is nowhere near says where that side really starts: of several SYN-ACKs, the one the client took. */
static void note_ack(struct conn *c, unsigned d, uint32_t ack)
{
    unsigned o = !d;
    if (c->f.data[o] || c->side[o].late)
        return;
    int32_t beyond = seq_diff(ack, c->side[o].next);
    if (!(c->state[o] & CONN_SEQ_KNOWN) || beyond < 0 || beyond > 1 << 24)
        start_at(c, o, ack);
    else if (beyond > 1) /* 1: the acknowledgment of a FIN */
        c->f.unseen_data[o] = true;
}

static bool fins_done(struct conn *c)
{
    for (unsigned d = 0; d < 2; d++)
        if ((c->state[d] & CONN_FIN_SEEN) && seq_diff(c->side[d].next, c->fin_seq[d]) >= 0)
            c->f.closed[d] = true;
    return c->f.closed[0] && c->f.closed[1];
}

/* Has a side waited for an answer in vain, and closed? Its peer may keep its half open for minutes (it, or what stands between
 * them, drops what it does not like), but the handshake is over, and the retry that follows must find it so. A side that
 * closes as soon as it has spoken does not give up: it is waited for. */
static bool gave_up(const struct conn *c)
{
    unsigned d = c->closed_by, o = !d;
    return c->f.closed[d] && c->f.data[d] && c->spoke == d && !c->side[o].late && !c->f.unseen_data[o] &&
           c->f.now_ns - c->spoke_ns >= LIMIT_ANSWER_MS * INT64_C(1000000);
}

static void note_fin(struct conn *c, unsigned d, uint32_t end)
{
    if (c->closed_by == SIDE_UNKNOWN)
        c->closed_by = (uint8_t)d;
    if (c->state[d] & CONN_FIN_SEEN)
        return;
    c->fin_seq[d] = end;
    c->state[d] |= CONN_FIN_SEEN;
}

/* A RST far outside the window is somebody else's, or forged. */
static bool rst_credible(const struct conn *c, unsigned d, uint32_t seq)
{
    int32_t rel = seq_diff(seq, c->side[d].next);
    return !(c->state[d] & CONN_SEQ_KNOWN) || (rel >= -(1 << 17) && rel <= 1 << 20);
}

enum conn_fate tcp_segment(struct tcp_env *env, struct conn *c, unsigned d, const struct decoded *seg)
{
    c->f.seen[d] = true;
    uint32_t seq = seg->seq + ((seg->tcp_flags & TCP_SYN) ? 1 : 0);
    enum conn_fate fate = CONN_KEEP;
    if (seg->payload_len > 0)
        fate = payload(env, c, d, seq, seg);
    if (seg->tcp_flags & TCP_FIN)
        note_fin(c, d, seq + seg->payload_len);
    if (fate == CONN_KEEP && (c->side[0].late || c->side[1].late))
        fate = drain_both(env, c);
    if (fate == CONN_KEEP && (seg->tcp_flags & TCP_ACK))
        note_ack(c, d, seg->ack);
    if (fate == CONN_KEEP && (c->side[0].late || c->side[1].late))
        fate = check_holes(env, c, d, seg);
    if (fate != CONN_KEEP)
        goto over;
    if ((seg->tcp_flags & TCP_RST) && rst_credible(c, d, seg->seq))
        return CONN_RESET;
    return c->closed_by != SIDE_UNKNOWN && (fins_done(c) || gave_up(c)) ? CONN_CLOSED : CONN_KEEP;
over:
    reasm_clear(&c->side[0], &env->room);
    reasm_clear(&c->side[1], &env->room);
    return fate;
}

enum conn_fate tcp_flush(struct tcp_env *env, struct conn *c)
{
    enum conn_fate fate = CONN_KEEP;
    while (fate == CONN_KEEP && (c->side[0].late || c->side[1].late)) {
        bool first = c->side[0].late && (!waits(&c->side[0]) || !c->side[1].late || waits(&c->side[1])); /* real holes first */
        fate = give_up_hole(env, c, first ? 0 : 1);
        if (fate == CONN_KEEP)
            fate = drain_both(env, c);
    }
    reasm_clear(&c->side[0], &env->room);
    reasm_clear(&c->side[1], &env->room);
    return fate;
}
