/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metamorph FILE...: the same conversations delivered in other ways must give the same events, or degrade exactly as stated.
 *
 * Each capture is taken apart into what every flow carried; then the flows are played again through the flow table and the
 * dissector: whole, byte by byte, split at random, reversed per flight, shuffled with overlaps, doubled, with garbage sent
 * again after the first copy, answers before what they answer, joined midway, one direction only, cut by a snap length, with segments missing. Prints what
 * differs and exits 1.
 */
#include "capture/decode.h"
#include "capture/flow.h"
#include "capture/source.h"
#include "dissect/session.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* ---- what was captured ---- */

struct chunk { /* bytes of one side that arrived together */
    unsigned side;
    uint32_t n;
    uint8_t *p;
};

struct talk { /* one flow */
    struct flow flow;
    struct chunk *chunk;
    unsigned chunks;
    enum end_reason why;
    unsigned by;
    bool ended;
};

struct recording {
    struct talk **talk;
    unsigned talks;
    struct decode *decode;
    struct flow_table *table;
    int dlt;
};

static void *must(void *p)
{
    if (!p) {
        fprintf(stderr, "metamorph: out of memory\n");
        exit(2);
    }
    return p;
}

static bool take_all(void *ctx, uint8_t proto, uint16_t sport, uint16_t dport, enum peek_at at, struct rd b)
{
    (void)ctx, (void)proto, (void)sport, (void)dport, (void)at, (void)b;
    return true;
}

static struct talk *talk_of(struct recording *r, struct flow *f)
{
    if (!f->user) {
        struct talk *fresh = must(calloc(1, sizeof *fresh));
        r->talk = must(realloc(r->talk, (r->talks + 1) * sizeof *r->talk));
        r->talk[r->talks++] = fresh;
        f->user = fresh;
    }
    struct talk *t = f->user;
    t->flow = *f;
    return t;
}

static enum stream_verdict record(void *ctx, struct flow *f, unsigned d, struct rd b)
{
    struct talk *t = talk_of(ctx, f);
    t->chunk = must(realloc(t->chunk, (t->chunks + 1) * sizeof *t->chunk));
    struct chunk *c = &t->chunk[t->chunks++];
    *c = (struct chunk){ .side = d, .n = (uint32_t)rd_left(&b), .p = must(malloc(rd_left(&b) + 1)) };
    memcpy(c->p, b.p, c->n);
    return STREAM_MORE;
}

static enum stream_verdict record_gap(void *ctx, struct flow *f, unsigned d, uint32_t missing)
{
    (void)d, (void)missing;
    (void)talk_of(ctx, f);
    return STREAM_MORE;
}

static void record_end(void *ctx, struct flow *f, enum end_reason why, unsigned by)
{
    struct talk *t = talk_of(ctx, f);
    t->why = why;
    t->by = by;
    t->ended = true;
}

static void one_packet(struct recording *r, const struct packet *p)
{
    struct decoded d;
    if (decode_packet(r->decode, r->dlt, p, &d))
        (void)flow_packet(r->table, p, &d);
}

static int take_apart(const char *path, struct recording *r)
{
    struct err e;
    struct stats stats = { 0 };
    struct stream_sink sink = { .ctx = r, .peek = take_all, .bytes = record, .gap = record_gap, .datagram = record, .end = record_end };
    struct source *s = source_open(path, NULL, &e);
    if (!s) {
        fprintf(stderr, "metamorph: %s\n", e.text);
        return -1;
    }
    r->dlt = source_dlt(s);
    r->decode = must(decode_new(&(struct decode_options){ .max_fragmented = 0 }, 1, &stats));
    r->table = must(flow_table_new(NULL, 1, &sink, &stats));
    struct batch *b = must(batch_new());
    enum source_status st = SOURCE_BATCH;
    while (st == SOURCE_BATCH) {
        st = source_fill(s, b, 1, &e);
        for (unsigned i = 0; i < b->count; i++)
            one_packet(r, &b->packet[i]);
    }
    batch_free(b);
    decode_finish(r->decode);
    flow_table_finish(r->table);
    decode_free(r->decode);
    flow_table_free(r->table);
    source_close(s);
    return 0;
}

/* ---- what is played ---- */

enum { MAX_SEGMENTS = 200000 };

struct piece {
    unsigned side;
    uint32_t at, n; /* offset in the side's stream */
    const uint8_t *p;
    uint32_t cap; /* bytes present; < n when cut */
    uint32_t ack; /* offset of the other side acknowledged */
};

struct script {
    struct piece *piece;
    unsigned pieces;
    uint64_t rnd;
};

static uint32_t rnd(struct script *s, uint32_t below)
{
    s->rnd ^= s->rnd << 13;
    s->rnd ^= s->rnd >> 7;
    s->rnd ^= s->rnd << 17;
    return below ? (uint32_t)(s->rnd >> 11) % below : 0;
}

static void add(struct script *s, struct piece p)
{
    if (s->pieces % 1024 == 0)
        s->piece = must(realloc(s->piece, (s->pieces + 1024) * sizeof *s->piece));
    s->piece[s->pieces++] = p;
}

enum way { WHOLE, BYTES, SPLIT, REVERSED, SHUFFLED, DOUBLED, GARBAGE, OUT_OF_STEP, NO_SYN, CLIENT_ONLY, SERVER_ONLY, SNAPPED, MISSING, WAYS };
static const char *const way_name[WAYS] = { "whole", "byte by byte", "split", "reversed per flight", "shuffled with overlaps",
                                            "doubled", "garbage sent again", "directions out of step", "joined midway", "client only", "server only",
                                            "cut by a snap length", "segments missing" };

static const uint8_t *garbage(uint32_t n)
{
    static uint8_t junk[65536 + 16];
    for (uint32_t i = 0; i < sizeof junk && junk[1] == 0; i++)
        junk[i] = (uint8_t)(i * 151 + 7);
    return junk + (n & 15);
}

static uint32_t step_of(enum way way)
{
    return way == BYTES ? 1 : way == REVERSED || way == SHUFFLED ? 64 : way == SNAPPED || way == MISSING ? 536 : 16384;
}

/* The pieces of one chunk. */
static void cut_chunk(struct script *s, enum way way, const struct chunk *c, uint32_t at, uint32_t ack)
{
    for (uint32_t o = 0; o < c->n;) {
        uint32_t n = way == SPLIT ? 1 + rnd(s, 200) : step_of(way);
        n = n < c->n - o ? n : c->n - o;
        struct piece p = { .side = c->side, .at = at + o, .n = n, .p = c->p + o, .cap = n, .ack = ack };
        if (way == SNAPPED && p.cap > 160)
            p.cap = 160;
        add(s, p);
        if (way == DOUBLED)
            add(s, p);
        if (way == GARBAGE) {
            p.p = garbage(n);
            add(s, p);
        }
        if (way == SHUFFLED && o >= 10) { /* overlaps the one before */
            uint32_t back = 1 + rnd(s, 10), len = back + rnd(s, n);
            add(s, (struct piece){ .side = c->side, .at = at + o - back, .n = len, .p = c->p + o - back, .cap = len, .ack = ack });
        }
        o += n;
    }
}

static void swap(struct piece *a, struct piece *b)
{
    struct piece t = *a;
    *a = *b;
    *b = t;
}

static void turn_round(struct script *s, enum way way, unsigned from)
{
    if (way == REVERSED)
        for (unsigned i = from, j = s->pieces; i + 1 < j; i++)
            swap(&s->piece[i], &s->piece[--j]);
    if (way == SHUFFLED)
        for (unsigned i = s->pieces; i > from + 1; i--)
            swap(&s->piece[i - 1], &s->piece[from + rnd(s, i - from)]);
}

/* Answers before what they answer, by one place or a few: two ports of a tap, two queues of a card. */
static void put_out_of_step(struct script *s)
{
    uint32_t passes = 1 + rnd(s, 4);
    for (uint32_t k = 0; k < passes; k++)
        for (unsigned i = 0; i + 1 < s->pieces; i++)
            if (s->piece[i].side != s->piece[i + 1].side && (k == 0 || rnd(s, 2))) {
                swap(&s->piece[i], &s->piece[i + 1]);
                i++;
            }
}

/* A flight: consecutive chunks of one side. Only inside it is the order changed, as on a real path. */
static void write_script(struct script *s, const struct talk *t, enum way way)
{
    uint32_t at[2] = { 0, 0 };
    unsigned flight = 0;
    for (unsigned i = 0; i < t->chunks && s->pieces < MAX_SEGMENTS; i++) {
        const struct chunk *c = &t->chunk[i];
        if (i && c->side != t->chunk[i - 1].side) {
            turn_round(s, way, flight);
            flight = s->pieces;
        }
        cut_chunk(s, way, c, at[c->side], at[!c->side]);
        at[c->side] += c->n;
    }
    turn_round(s, way, flight);
    if (way == OUT_OF_STEP)
        put_out_of_step(s);
}

struct stage {
    struct flow_table *table;
    int64_t ts_ns;
    uint64_t frame;
};

static void send_segment(struct stage *g, const struct talk *t, unsigned side, uint8_t flags, uint32_t seq, uint32_t ack,
                         const struct piece *p)
{
    static const uint32_t base[2] = { 0xfffffff0, 1000 }; /* one of them wraps */
    const struct flow *f = &t->flow;
    struct decoded d = { .src = f->side[side].addr.b, .dst = f->side[!side].addr.b, .proto = f->proto, .tcp_flags = flags };
    d.addr_len = f->side[0].addr.kind == ADDR_IP4 ? 4 : f->side[0].addr.kind == ADDR_IP6 ? 16 : 6;
    d.sport = f->side[side].port;
    d.dport = f->side[!side].port;
    d.seq = base[side] + seq;
    d.ack = base[!side] + ack;
    if (p) {
        d.payload = p->p;
        d.payload_cap = p->cap;
        d.payload_len = p->n;
    }
    struct packet pk = { .ts_ns = g->ts_ns, .frame = ++g->frame };
    g->ts_ns += 100000;
    (void)flow_packet(g->table, &pk, &d);
}

static bool left_out(enum way way, unsigned side, unsigned client)
{
    return (way == CLIENT_ONLY && side != client) || (way == SERVER_ONLY && side == client);
}

/* Who sends the ClientHello (in active FTP that is who was connected to) or EAP Responses; else who began. */
static unsigned client_of(const struct talk *t)
{
    for (unsigned i = 0; i < t->chunks; i++)
        if (t->chunk[i].n > 5 && t->chunk[i].p[0] == 22 && t->chunk[i].p[1] == 3 && t->chunk[i].p[5] == 1)
            return t->chunk[i].side;
    for (unsigned i = 0; t->flow.proto == PROTO_EAPOL && i < t->chunks; i++)
        if (t->chunk[i].n > 4 && t->chunk[i].p[1] == 0 && t->chunk[i].p[4] == 2)
            return t->chunk[i].side;
    return t->flow.initiator < 2 ? t->flow.initiator : (t->flow.side[0].port < t->flow.side[1].port);
}

static void play(struct stage *g, const struct talk *t, enum way way, struct script *s)
{
    unsigned client = client_of(t), first = t->flow.initiator < 2 ? t->flow.initiator : client;
    uint32_t end[2] = { 0, 0 };
    bool tcp = t->flow.proto == PROTO_TCP;
    if (tcp && way != NO_SYN && !t->flow.midstream && !left_out(way, first, client))
        send_segment(g, t, first, TCP_SYN, (uint32_t)-1, 0, NULL);
    if (tcp && way != NO_SYN && !t->flow.midstream && !left_out(way, !first, client))
        send_segment(g, t, !first, TCP_SYN | TCP_ACK, (uint32_t)-1, 0, NULL);
    if (tcp && way != NO_SYN && !t->flow.midstream && !left_out(way, first, client))
        send_segment(g, t, first, TCP_ACK, 0, 0, NULL);
    for (unsigned i = 0; i < s->pieces; i++) {
        const struct piece *p = &s->piece[i];
        if (p->at + p->n > end[p->side])
            end[p->side] = p->at + p->n;
        if (left_out(way, p->side, client) || (way == MISSING && rnd(s, 4) == 0))
            continue;
        send_segment(g, t, p->side, TCP_ACK, p->at, p->ack, p);
    }
    if (!tcp || !t->ended)
        return;
    if (t->why == END_RST && t->by < 2 && !left_out(way, t->by, client))
        send_segment(g, t, t->by, TCP_RST | TCP_ACK, end[t->by], end[!t->by], NULL);
    for (unsigned i = 0; t->why == END_FIN && i < 2; i++) {
        unsigned side = (t->by < 2 ? t->by : client) ^ i;
        if (!left_out(way, side, client))
            send_segment(g, t, side, TCP_FIN | TCP_ACK, end[side], end[!side] + i, NULL);
    }
}

/* ---- what came of it ---- */

struct seen { /* the events of one play, as text, and what the rules below ask about */
    struct event_sink sink;
    char *text;
    size_t n;
    unsigned events;
    unsigned versions; /* events with a version */
    unsigned malformed; /* events with that outcome */
};

static void say(struct seen *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void say(struct seen *s, const char *fmt, ...)
{
    char line[512];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    size_t len = n < 0 ? 0 : (size_t)n < sizeof line ? (size_t)n : sizeof line - 1;
    s->text = must(realloc(s->text, s->n + len + 1));
    memcpy(s->text + s->n, line, len + 1);
    s->n += len;
}

enum { FLAGS_OF_DELIVERY = EV_GAP | EV_ONE_SIDED | EV_MIDSTREAM | EV_CUT | EV_DIRECTION_GUESSED };

static void on_event(struct event_sink *self, const struct tls_event *ev)
{
    struct seen *s = (struct seen *)self;
    char c[ADDR_TEXT], v[ADDR_TEXT];
    uint64_t offer = 1469598103934665603u;
    for (const uint8_t *p = ev->offer.p; p < ev->offer.end; p++)
        offer = (offer ^ *p) * 1099511628211u;
    s->events++;
    s->malformed += ev->outcome == OUTCOME_MALFORMED;
    s->versions += ev->version != 0 && ev->version != VER_SSL2; /* SSLv2 shows in the CLIENT-MASTER-KEY too */
    say(s, "%s>%s %s %s v%04x s%06x g%u dh%u sig%04x sentinel%u alert%c%u/%u flags%x offered%u refusal%u offer%016llx",
        endpoint_print(&ev->client, c), endpoint_print(&ev->server, v), ev->upgrade ? ev->upgrade : "-",
        outcome_name((enum outcome)ev->outcome), ev->version, ev->suite, ev->group, ev->dh_bits, ev->sigscheme, ev->sentinel,
        ev->alert.from ? ev->alert.from : '-', ev->alert.level, ev->alert.code, ev->flags & ~(uint32_t)FLAGS_OF_DELIVERY,
        ev->server_offered_upgrade, ev->refusal_code, (unsigned long long)offer);
    if (ev->ch)
        say(s, " sni%.*s", (int)rd_left(&ev->ch->sni), (const char *)ev->ch->sni.p);
    if (ev->cert)
        say(s, " cert%02x%02x%02x%02x/%u", ev->cert->sha256[0], ev->cert->sha256[1], ev->cert->sha256[2], ev->cert->sha256[3],
            ev->cert_count);
    say(s, "\n");
}

/* Play every talk of a recording one way. */
static struct seen perform(const struct recording *r, enum way way, uint64_t seed, struct stats *stats)
{
    struct seen seen = { .sink = { .event = on_event } };
    *stats = (struct stats){ 0 };
    say(&seen, "%s", "");
    struct dissector *ds = must(dissector_new(&seen.sink, stats, 1));
    struct stage g = { .table = must(flow_table_new(NULL, 1, dissector_sink(ds), stats)), .ts_ns = 1000000000 };
    for (unsigned i = 0; i < r->talks; i++) {
        struct script s = { .rnd = seed * 2654435761u + i + 1 };
        write_script(&s, r->talk[i], r->talk[i]->flow.proto == PROTO_TCP ? way : WHOLE);
        play(&g, r->talk[i], way, &s);
        free(s.piece);
    }
    flow_table_finish(g.table);
    flow_table_free(g.table);
    dissector_free(ds);
    return seen;
}

static bool same_facts(const struct seen *whole, const struct seen *now)
{
    return whole->n == now->n && memcmp(whole->text, now->text, whole->n) == 0;
}

/* Does this field (" v0303", " s00c02f") occur in the whole play, or stand for "not known"? */
static bool known_before(const struct seen *whole, const char *field, int n, const char *unknown)
{
    char key[16];
    (void)snprintf(key, sizeof key, "%.*s", n, field);
    return memcmp(key, unknown, (size_t)n) == 0 || strstr(whole->text, key);
}

/* No version or suite in a degraded play that the whole one does not have. */
static bool no_new_versions(const struct seen *whole, const struct seen *now)
{
    for (const char *p = now->text; (p = strstr(p, " v")); p++)
        if (p[6] == ' ' && p[7] == 's' && (!known_before(whole, p, 6, " v0000") || !known_before(whole, p + 6, 8, " sffffff")))
            return false;
    return true;
}

/* What is still knowable in each case:
 *   whole .. out of step          everything
 *   joined midway                 everything of TLS that begins the flow; upgrade dialogues may be lost, but not misread
 *   client only                   no version at all; the lack of the other direction is counted
 *   server only                   a version only where a ServerHello is seen
 *   cut, segments missing         never another version or suite than the whole delivery shows; gaps are counted */
static bool as_stated(enum way way, const struct seen *whole, const struct seen *now, bool direct, const struct stats *s)
{
    if (way <= OUT_OF_STEP || (way == NO_SYN && direct))
        return same_facts(whole, now);
    if (!no_new_versions(whole, now) || now->events > whole->events || now->malformed > whole->malformed)
        return false;
    if (way == CLIENT_ONLY)
        return now->versions == 0 && (!direct || whole->versions == 0 || s->flow_one_sided > 0);
    if (way == SNAPPED && now->versions < whole->versions)
        return s->stream_gap > 0;
    return true;
}

static int compare(const char *path, const struct recording *r, bool direct, unsigned seeds)
{
    int bad = 0;
    struct stats s;
    struct seen whole = perform(r, WHOLE, 1, &s);
    for (int w = BYTES; w < WAYS; w++) {
        enum way way = (enum way)w;
        for (uint64_t seed = 1; seed <= (way == SPLIT || way == SHUFFLED || way == OUT_OF_STEP || way == MISSING ? seeds : 1); seed++) {
            struct seen now = perform(r, way, seed, &s);
            if (!as_stated(way, &whole, &now, direct, &s)) {
                printf("%s: %s (seed %llu):\n--- whole\n%s--- now (gaps %llu, one-sided %llu)\n%s", path, way_name[way],
                       (unsigned long long)seed, whole.text, (unsigned long long)s.stream_gap,
                       (unsigned long long)s.flow_one_sided, now.text);
                bad = 1;
            }
            free(now.text);
        }
    }
    free(whole.text);
    return bad;
}

static void forget(struct recording *r)
{
    for (unsigned i = 0; i < r->talks; i++) {
        for (unsigned k = 0; k < r->talk[i]->chunks; k++)
            free(r->talk[i]->chunk[k].p);
        free(r->talk[i]->chunk);
        free(r->talk[i]);
    }
    free(r->talk);
}

/* Do all TCP flows begin with a TLS or SSLv2 record of the client? Then joining midway loses nothing. */
static bool begins_with_tls(const struct recording *r)
{
    for (unsigned i = 0; i < r->talks; i++) {
        const struct talk *t = r->talk[i];
        if (t->chunks && (t->chunk[0].n < 3 || (t->chunk[0].p[0] != 22 && (t->chunk[0].p[0] & 0x80) == 0)))
            return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    int bad = 0;
    for (int i = 1; i < argc; i++) {
        struct recording r = { 0 };
        if (take_apart(argv[i], &r))
            return 2;
        bad |= compare(argv[i], &r, begins_with_tls(&r), 3);
        forget(&r);
    }
    printf("metamorph: %d captures in %d ways%s\n", argc - 1, WAYS, bad ? ": differences" : "");
    return bad;
}
