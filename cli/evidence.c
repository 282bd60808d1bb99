/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --evidence: for each verdict that is not ready a small capture of the handshakes that show why.
 *
 * The captures are read again: once to find the connections that the handshakes belong to, as events, and once to copy their
 * packets up to the moment that decided them, in memory, where they are masked (before, where the digest of a file is known, to see
 * that it is the same). Each file is then read like any capture; those that do not give their verdict by themselves are made once
 * more, in two more readings, from everything at their servers, and listed where that is no help.
 */
#include "base/intern.h"
#include "base/limits.h"
#include "capture/decode.h"
#include "capture/dump.h"
#include "capture/source.h"
#include "cli/cli.h"
#include "cli/fragments.h"
#include "cli/interrupt.h"
#include "cli/known.h"
#include "cli/lane.h"
#include "cli/memory.h"
#include "dissect/mask.h"
#include "report/evidence.h"
#include "report/parts.h"
#include "report/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define BEFORE_NS (300 * INT64_C(1000000000)) /* how long a dialogue before TLS may take */
enum { STREAM_MAX = 1 << 20 };
enum state { TO_DO, AGREES, SHORT /* what was found does not give the verdict by itself */, ABSENT /* nothing was: no file */ };

/* Whether a capture can be read again, and the words when not. */
enum presence { PRESENT, GONE, PIPE, CHANGED, PRESENCES };
static const struct {
    const char *index, *told;
} presences[PRESENCES] = {
    [GONE] = { "capture gone", "cannot be read again" },
    [PIPE] = { "capture came from a pipe", "cannot be read again: it came from a pipe" },
    [CHANGED] = { "capture changed", "is not the capture that was read" },
};

/* One connection of interest. */
struct party {
    struct endpoint a, b; /* the client's side of the flow, and the server */
    uint8_t proto;
    bool tls;
    const char *upgrade;
    int64_t from_ns, to_ns, hello_ns;
    uint32_t next; /* in the chain of its endpoints, + 1 */
    uint32_t packet, last_packet; /* chain of its packets, + 1 */
    uint32_t bytes;
};

/* A frame, and where in it the payload is, or the part of the payload that a fragment holds. */
struct kept {
    struct packet p; /* .data is owned */
    uint32_t off, len; /* of the payload in it */
    uint32_t seq; /* of TCP: of its first byte; of a fragment of anything else: where in the payload it begins */
    uint32_t datagram; /* not 0: fragments of one have one number */
    uint32_t conn, next; /* index; chain, + 1 */
    int dlt;
    bool from_a, syn;
};

struct link {
    uint32_t item, conn, next; /* next in the chain of the item, + 1 */
};

struct gathering {
    const struct options *o;
    const struct cube *cube;
    struct evidence_list list;
    struct intern *wanted; /* keys below; the chain of each in want_head */
    uint32_t *want_head, want_room; /* by id - 1: in want, + 1 */
    struct want {
        uint32_t item, next;
    } *want;
    uint32_t wants, wants_room;
    struct party *conn;
    uint32_t conns, conn_room;
    struct intern *tuples; /* of connections */
    uint32_t *tuple_head, tuple_room; /* by id - 1: in conn, + 1 */
    struct link *link;
    uint32_t links, link_room;
    uint32_t *item_link, *item_conns; /* by item: in link, + 1; how many */
    struct kept *kept;
    uint32_t kepts, kept_room;
    uint64_t bytes, room; /* of what is kept; of that, at most */
    uint32_t datagrams;
    bool failed;
    uint8_t *state; /* by item: enum state */
    uint32_t *there; /* by input id - 1: the input that is read again for it, itself in most cases; 0 none */
    uint8_t *presence; /* likewise: enum presence */
    uint64_t *over; /* packets for which there was no room */
};

/* Captures once more, each packet decoded: to be kept, or through a lane as when they were read. */
struct rerun {
    struct event_sink sink; /* first: looks through the events of a lane without a cube */
    struct lane lane; /* without flows packets are kept */
    struct decode *decode;
    struct fragments *fragments; /* where packets are kept */
    struct gathering *g;
    int dlt;
};

static void *more(struct gathering *g, void *array, size_t width, uint32_t n, uint32_t *room)
{
    void *p = study_room(array, width, n, room);
    g->failed |= !p;
    return p;
}

/* ---- what is wanted ---- */

struct want_key { /* interned as memory */
    int64_t ts_ns;
    uint64_t frame;
    struct endpoint server; /* of everything at a server; else zero */
    uint32_t input, transport;
};

static void want_add(struct gathering *g, const struct want_key *k, uint32_t item)
{
    bool fresh;
    uint32_t id = intern_put(g->wanted, k, sizeof *k, &fresh);
    struct want *room = more(g, g->want, sizeof *room, g->wants, &g->wants_room);
    uint32_t *head = id ? more(g, g->want_head, sizeof *head, id - 1, &g->want_room) : NULL;
    g->failed |= !id;
    g->want = room ? room : g->want;
    g->want_head = head ? head : g->want_head;
    if (g->failed)
        return;
    room[g->wants] = (struct want){ .item = item, .next = fresh ? 0 : head[id - 1] };
    head[id - 1] = ++g->wants;
}

/* Frames have the same numbers in a capture that went on being written. */
static uint32_t stand_in(const struct gathering *g, uint32_t input)
{
    return input && input <= cube_inputs(g->cube) && g->there[input - 1] ? g->there[input - 1] : input;
}

static void want_item(struct gathering *g, uint32_t item)
{
    const struct evidence *x = &g->list.v[item];
    for (unsigned i = 0; i < x->handshakes; i++)
        want_add(g, &(struct want_key){ .ts_ns = x->at[i].ts_ns, .frame = x->at[i].frame, .input = stand_in(g, x->at[i].input) },
                 item);
    if (x->whole)
        want_add(g, &(struct want_key){ .server = x->place.server, .transport = x->place.transport + 1u }, item);
}

/* ---- first pass: events to connections ---- */

struct tuple { /* interned as memory; the lesser endpoint first */
    struct endpoint a, b;
    uint32_t proto, pad;
};

static struct tuple tuple_of(const struct endpoint *a, const struct endpoint *b, uint8_t proto)
{
    struct tuple t = { .proto = proto };
    bool less = endpoint_cmp(a, b) <= 0;
    t.a = less ? *a : *b;
    t.b = less ? *b : *a;
    return t;
}

/* A station and its authenticator speak by way of a group address as well: the station alone tells. */
static struct tuple tuple_of_station(const struct endpoint *a)
{
    return (struct tuple){ .a = *a, .proto = PROTO_EAPOL };
}

static uint32_t conn_add(struct gathering *g, const struct tls_event *ev)
{
    struct party *room = more(g, g->conn, sizeof *room, g->conns, &g->conn_room);
    if (!room)
        return 0;
    g->conn = room;
    struct party *c = &room[g->conns];
    *c = (struct party){ .a = ev->via.addr.kind != ADDR_NONE ? ev->via : ev->client, .b = ev->server, .upgrade = ev->upgrade,
                        .tls = !outcome_is_upgrade(ev->outcome), .hello_ns = ev->ts_ns, .from_ns = ev->ts_ns - BEFORE_NS,
                        .to_ns = ev->end_ns > ev->ts_ns ? ev->end_ns : ev->ts_ns };
    c->proto = ev->transport == TRANSPORT_TCP ? PROTO_TCP : ev->transport == TRANSPORT_L2 ? PROTO_EAPOL : PROTO_UDP;
    struct tuple t = c->proto == PROTO_EAPOL ? tuple_of_station(&c->a) : tuple_of(&c->a, &c->b, c->proto);
    bool fresh;
    uint32_t id = intern_put(g->tuples, &t, sizeof t, &fresh);
    uint32_t *head = id ? more(g, g->tuple_head, sizeof *head, id - 1, &g->tuple_room) : NULL;
    g->failed |= !head;
    if (!head)
        return 0;
    g->tuple_head = head;
    c->next = fresh ? 0 : head[id - 1];
    head[id - 1] = ++g->conns;
    return g->conns;
}

static void link_add(struct gathering *g, uint32_t item, uint32_t conn)
{
    struct link *room = more(g, g->link, sizeof *room, g->links, &g->link_room);
    if (!room)
        return;
    g->link = room;
    room[g->links] = (struct link){ .item = item, .conn = conn - 1, .next = g->item_link[item] };
    g->item_link[item] = ++g->links;
    g->item_conns[item]++;
}

/* Every item that wants this event, its connection being added for the first of them. */
static void wanted_by(struct gathering *g, const struct want_key *k, const struct tls_event *ev, uint32_t *conn)
{
    uint32_t id = intern_find(g->wanted, k, sizeof *k);
    for (uint32_t i = id ? g->want_head[id - 1] : 0; i; i = g->want[i - 1].next) {
        uint32_t item = g->want[i - 1].item, last = g->item_link[item];
        bool twice = last && *conn && g->link[last - 1].conn == *conn - 1;
        if (twice || g->item_conns[item] >= LIMIT_EVIDENCE_CONNS || g->failed)
            continue;
        *conn = *conn ? *conn : conn_add(g, ev);
        if (*conn)
            link_add(g, item, *conn);
    }
}

static void on_event(struct event_sink *self, const struct tls_event *ev)
{
    struct rerun *r = (struct rerun *)self;
    struct gathering *g = r->g;
    uint64_t frame = ev->frame_client_hello ? ev->frame_client_hello : ev->frame_server_hello;
    uint32_t conn = 0;
    wanted_by(g, &(struct want_key){ .ts_ns = ev->ts_ns, .frame = frame, .input = ev->input }, ev, &conn);
    wanted_by(g, &(struct want_key){ .server = ev->server, .transport = ev->transport + 1u }, ev, &conn);
}

/* ---- second pass: packets of the connections ---- */

static struct endpoint side(const struct decoded *d, bool source)
{
    const uint8_t *a = source ? d->src : d->dst;
    struct endpoint e = { .port = source ? d->sport : d->dport };
    e.addr = d->addr_len == 4 ? addr_ip4(a) : d->addr_len == 16 ? addr_ip6(a) : addr_mac(a);
    return e;
}

/* A new connection with the same addresses: what was kept is of an earlier one. */
static void forget(struct gathering *g, struct party *c)
{
    for (uint32_t i = c->packet; i; i = g->kept[i - 1].next) {
        g->bytes -= g->kept[i - 1].p.caplen;
        free((void *)(uintptr_t)g->kept[i - 1].p.data);
        g->kept[i - 1].p.data = NULL;
    }
    c->packet = c->last_packet = 0;
    c->bytes = 0;
}

/* x with the frame as it was captured, which is copied. */
static void keep(struct gathering *g, struct kept x)
{
    struct party *c = &g->conn[x.conn];
    uint32_t end = x.off + x.len; /* what is behind it is padding, or nobody's */
    bool fits = c->bytes < STREAM_MAX && g->bytes < g->room;
    *g->over += !fits;
    uint8_t *copy = fits ? malloc(end + 1u) : NULL;
    struct kept *room = copy ? more(g, g->kept, sizeof *room, g->kepts, &g->kept_room) : NULL;
    if (!room) {
        free(copy);
        return;
    }
    g->kept = room;
    memcpy(copy, x.p.data, end);
    x.p.data = copy;
    x.p.len = x.p.caplen < x.p.len ? x.p.len : end;
    x.p.caplen = end;
    room[g->kepts++] = x;
    if (c->last_packet)
        g->kept[c->last_packet - 1].next = g->kepts;
    else
        c->packet = g->kepts;
    c->last_packet = g->kepts;
    c->bytes += end;
    g->bytes += end;
}

/* The frames of a datagram that came in fragments, each with its part of the payload. */
static void keep_fragments(struct rerun *r, const struct decode_piece *piece, const struct decoded *d, int64_t now_ns,
                           struct kept x)
{
    uint32_t from = (uint32_t)(d->payload - piece->whole), to = from + d->payload_cap;
    const struct fragment *f;
    x.datagram = ++r->g->datagrams;
    for (unsigned i = 0; (i = fragments_next(r->fragments, &piece->key, now_ns, i, &f)) != 0;) {
        uint32_t begin = f->offset > from ? f->offset : from, end = f->offset + f->len < to ? f->offset + f->len : to;
        struct kept one = x;
        one.p = f->p;
        one.len = end > begin ? end - begin : 0;
        one.off = f->at + (one.len ? begin - f->offset : f->offset < from ? f->len : 0);
        one.seq = (d->proto == PROTO_TCP ? d->seq : 0) + (one.len ? begin - from : 0);
        keep(r->g, one);
    }
}

static void unit(struct rerun *r, const struct packet *p, const struct decoded *d, const struct decode_piece *piece,
                 const struct tuple *t, const struct endpoint *from)
{
    struct gathering *g = r->g;
    uint32_t id = intern_find(g->tuples, t, sizeof *t);
    bool syn = d->proto == PROTO_TCP && d->tcp_flags & TCP_SYN, first = syn && !(d->tcp_flags & TCP_ACK);
    for (uint32_t i = id ? g->tuple_head[id - 1] : 0; i; i = g->conn[i - 1].next) {
        struct party *c = &g->conn[i - 1];
        if (p->ts_ns < c->from_ns || p->ts_ns > c->to_ns)
            continue;
        if (first && p->ts_ns <= c->hello_ns)
            forget(g, c);
        struct kept x = { .p = *p, .len = d->payload_cap, .seq = d->seq, .conn = i - 1, .dlt = r->dlt, .syn = syn,
                          .from_a = endpoint_cmp(from, &c->a) == 0 };
        if (piece) {
            keep_fragments(r, piece, d, p->ts_ns, x);
            continue;
        }
        x.off = (uint32_t)(d->payload - p->data);
        keep(g, x);
    }
}

/* What cannot be masked where it lies is left out: fragments of CAPWAP or in fragments, and frames that hold several packets. */
static bool lies_in(const struct packet *p, struct decoded *d, const struct decode_piece *piece)
{
    bool inside = d->payload >= p->data && d->payload + d->payload_cap <= p->data + p->caplen;
    if (d->fragmented)
        return piece && piece->whole && fragments_has(p, piece) && d->payload >= piece->whole &&
               d->payload + d->payload_cap <= piece->whole + LIMIT_FRAG_BYTES;
    if (!inside && d->payload_cap == 0)
        d->payload = p->data + p->caplen;
    return inside || d->payload_cap == 0;
}

static void keep_packet(struct rerun *r, const struct packet *p, struct decoded *d, const struct decode_piece *piece)
{
    struct decoded another;
    if (!lies_in(p, d, piece) || decode_next(r->decode, &another))
        return;
    piece = d->fragmented ? piece : NULL;
    struct endpoint from = side(d, true), to = side(d, false);
    if (d->proto == PROTO_EAPOL) {
        const struct tuple station[2] = { tuple_of_station(&from), tuple_of_station(&to) };
        unit(r, p, d, piece, &station[0], &from);
        unit(r, p, d, piece, &station[1], &from);
        return;
    }
    const struct tuple t = tuple_of(&from, &to, d->proto);
    unit(r, p, d, piece, &t, &from);
}

/* ---- masking ---- */

/* The first byte of one direction: behind its SYN, else of the earliest segment. */
static bool stream_base(const struct gathering *g, const struct party *c, bool from_a, uint32_t *base)
{
    bool any = false;
    for (uint32_t i = c->packet; i; i = g->kept[i - 1].next) {
        const struct kept *k = &g->kept[i - 1];
        if (k->from_a != from_a)
            continue;
        if (k->syn) {
            *base = k->seq + 1;
            return true;
        }
        if (k->len && (!any || (int32_t)(k->seq - *base) < 0))
            *base = k->seq;
        any |= k->len != 0;
    }
    return any;
}

/* Puts the segments of one direction together, masks that, and writes it back into them. */
static void mask_direction(struct gathering *g, const struct party *c, bool from_a, uint8_t *buf)
{
    uint32_t base = 0;
    size_t n = 0;
    if (!stream_base(g, c, from_a, &base))
        return;
    memset(buf, 0, STREAM_MAX);
    for (unsigned back = 0; back < 2; back++) {
        for (uint32_t i = c->packet; i; i = g->kept[i - 1].next) {
            struct kept *k = &g->kept[i - 1];
            uint32_t at = k->seq + k->syn - base;
            uint8_t *payload = (uint8_t *)(uintptr_t)k->p.data + k->off;
            bool fits = at < STREAM_MAX && k->len <= STREAM_MAX - at;
            if (k->from_a != from_a || !k->len)
                continue;
            if (!fits)
                memset(payload, 0, k->len);
            else if (back)
                memcpy(payload, buf + at, k->len);
            else
                memcpy(buf + at, payload, k->len);
            n = fits && at + k->len > n ? at + k->len : n;
        }
        if (!back)
            mask_stream(buf, n, &(struct mask){ .from_client = from_a, .tls = c->tls, .upgrade = c->upgrade });
    }
}

/* The fragments of one datagram, from the first of them that is chained: put together, masked, and written back. */
static void mask_fragments(struct gathering *g, uint32_t first, const struct mask *m, bool eapol, uint8_t *buf)
{
    size_t n = 0;
    memset(buf, 0, LIMIT_FRAG_BYTES);
    for (unsigned back = 0; back < 2; back++) {
        for (uint32_t i = first; i; i = g->kept[i - 1].next) {
            struct kept *k = &g->kept[i - 1];
            uint8_t *bytes = (uint8_t *)(uintptr_t)k->p.data + k->off;
            if (k->datagram != g->kept[first - 1].datagram || k->len > LIMIT_FRAG_BYTES || k->seq > LIMIT_FRAG_BYTES - k->len)
                continue;
            memcpy(back ? bytes : buf + k->seq, back ? buf + k->seq : bytes, k->len);
            n = k->seq + k->len > n ? k->seq + k->len : n;
        }
        if (!back)
            mask_datagram(buf, n, m, eapol);
    }
}

static void mask_all(struct gathering *g)
{
    uint32_t last = 0; /* datagram in fragments */
    uint8_t *buf = malloc(STREAM_MAX);
    g->failed |= !buf;
    for (uint32_t i = 0; buf && i < g->conns; i++) {
        const struct party *c = &g->conn[i];
        if (c->proto == PROTO_TCP) {
            mask_direction(g, c, true, buf);
            mask_direction(g, c, false, buf);
            continue;
        }
        for (uint32_t k = c->packet; k; k = g->kept[k - 1].next) {
            const struct kept *x = &g->kept[k - 1];
            const struct mask m = { .from_client = x->from_a, .tls = c->tls, .upgrade = c->upgrade };
            if (x->datagram && x->datagram != last)
                mask_fragments(g, k, &m, c->proto == PROTO_EAPOL, buf);
            last = x->datagram;
            if (x->datagram)
                continue;
            mask_datagram((uint8_t *)(uintptr_t)x->p.data + x->off, x->len, &m, c->proto == PROTO_EAPOL);
        }
    }
    free(buf);
}

/* ---- reading the captures again ---- */

static bool is_changed(const struct input *in)
{
    static const uint8_t none[32] = { 0 };
    uint8_t digest[32];
    struct err e;
    if (memcmp(in->digest, none, sizeof none) == 0)
        return false;
    struct source *s = source_open_hashed(in->name, NULL, &e);
    bool same = s && source_hash(s, digest, &e) == 0 && memcmp(digest, in->digest, sizeof digest) == 0;
    source_close(s);
    return !same;
}

/* Is it the very file that was read? */
static enum presence presence_of(const struct input *in)
{
    struct stat st;
    if (strcmp(in->name, STANDARD_INPUT) == 0)
        return PIPE;
    if (stat(in->name, &st))
        return GONE;
    if (!S_ISREG(st.st_mode))
        return PIPE;
    return is_changed(in) ? CHANGED : PRESENT;
}

/* The input of the same name that is there and of which this one was the beginning. 0: none. */
static uint32_t longer(const struct gathering *g, uint32_t input)
{
    for (uint32_t id = input + 1; id <= cube_inputs(g->cube); id++) {
        const struct input *in = cube_input_at(g->cube, id);
        if (g->there[id - 1] == id && known_has_beginning(in) && strcmp(in->name, cube_input_at(g->cube, input)->name) == 0)
            return id;
    }
    return 0;
}

/* The latest first: a capture that grew is looked at once. */
static void look_for_inputs(struct gathering *g)
{
    for (uint32_t id = cube_inputs(g->cube); id >= 1; id--) {
        const struct input *in = cube_input_at(g->cube, id);
        g->there[id - 1] = longer(g, id);
        enum presence is = g->there[id - 1] ? PRESENT : presence_of(in);
        g->presence[id - 1] = (uint8_t)is;
        if (is == PRESENT && !g->there[id - 1])
            g->there[id - 1] = id;
        if (is != PRESENT && !g->o->quiet)
            fprintf(stderr, "tlsunset: evidence: %s %s\n", in->name, presences[is].told);
    }
}

static void rerun_packet(struct rerun *r, const struct packet *p)
{
    struct decoded d;
    struct decode_piece piece;
    bool more = decode_packet(r->decode, r->dlt, p, &d);
    for (; more && r->lane.flows; more = decode_next(r->decode, &d))
        (void)flow_packet(r->lane.flows, p, &d);
    if (r->lane.flows)
        return;
    bool is_piece = decode_take_piece(r->decode, &piece);
    if (is_piece && fragments_has(p, &piece) && !fragments_add(r->fragments, p, &piece))
        r->g->failed = true;
    if (more)
        keep_packet(r, p, &d, is_piece ? &piece : NULL);
}

static int rerun_file(struct rerun *r, const char *path, const char *filter, uint32_t id, struct err *e)
{
    struct source *s = source_open(path, filter, e);
    struct batch *b = s ? batch_new() : NULL;
    enum source_status st = b ? SOURCE_BATCH : SOURCE_ERROR;
    if (s && !b)
        (void)err_set(e, "out of memory");
    r->dlt = s ? source_dlt(s) : 0;
    interrupt_source(s);
    while (st == SOURCE_BATCH) {
        st = source_fill(s, b, id, e);
        for (unsigned i = 0; i < b->count; i++)
            rerun_packet(r, &b->packet[i]);
    }
    interrupt_source(NULL);
    batch_free(b);
    source_close(s);
    if (interrupted())
        return err_set(e, "interrupted: evidence is not complete");
    return st == SOURCE_ERROR ? -1 : 0;
}

static int rerun_inputs(struct rerun *r, struct err *e)
{
    const struct cube *c = r->g->cube;
    uint32_t *order = inputs_sorted(c);
    int rc = 0;
    for (uint32_t i = 0; order && i < cube_inputs(c) && rc == 0; i++) {
        const struct input *in = cube_input_at(c, order[i]);
        if (r->g->there[order[i] - 1] == order[i])
            rc = rerun_file(r, in->name, r->g->o->filter, order[i], e);
    }
    free(order);
    return rc;
}

/* whole: with flows and sessions, events to the cube, or where it is NULL to be looked through; else packets are kept. */
static int rerun_open(struct rerun *r, const struct options *o, bool whole, struct cube *cube, struct err *e)
{
    static const struct view everything = { .top = 0 };
    struct decode_options dec = { .max_fragmented = memory_divide(o->memory_limit, 1).fragmented };
    memcpy(dec.vxlan_port, o->vxlan_port, sizeof dec.vxlan_port);
    r->sink.event = on_event;
    lane_init(&r->lane, o, cube, cube ? NULL : &r->sink, 1);
    if (!cube) { /* what is not of this report may prove something about a server */
        r->lane.view = &everything;
        r->lane.exact = false;
    }
    r->decode = decode_new(&dec, o->seed, &r->lane.stats);
    r->fragments = whole ? NULL : fragments_new();
    if (!r->decode || (!whole && !r->fragments))
        return err_set(e, "out of memory");
    return whole ? lane_open(&r->lane, o, 1, e) : 0;
}

static void rerun_close(struct rerun *r)
{
    if (r->lane.flows)
        flow_table_finish(r->lane.flows);
    lane_close(&r->lane);
    fragments_free(r->fragments);
    decode_free(r->decode);
}

/* Both passes. */
static int rerun_pass(struct gathering *g, bool whole, struct err *e)
{
    struct rerun r = { .g = g };
    int rc = rerun_open(&r, g->o, whole, NULL, e);
    if (rc == 0)
        rc = rerun_inputs(&r, e);
    rerun_close(&r);
    return rc == 0 && g->failed ? err_set(e, "out of memory") : rc;
}

/* ---- writing ---- */

static void file_name(const struct gathering *g, uint32_t item, char *buf, size_t cap)
{
    const struct evidence *x = &g->list.v[item];
    char client[ADDR_TEXT], server[ADDR_TEXT];
    (void)snprintf(buf, cap, "%04u-%s-%s-%s-%s.pcap", (unsigned)item + 1, policy_name(g->o->study.request.policy[x->policy]),
                   verdict_name(x->is), addr_print(&x->client, client), endpoint_print(&x->place.server, server));
    for (char *c = buf; *c; c++)
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-", *c))
            *c = '_';
}

static int by_time(const void *x, const void *y)
{
    const struct kept *a = *(const struct kept *const *)x, *b = *(const struct kept *const *)y;
    if (a->p.ts_ns != b->p.ts_ns)
        return a->p.ts_ns < b->p.ts_ns ? -1 : 1;
    if (a->p.input != b->p.input)
        return a->p.input < b->p.input ? -1 : 1;
    return (a->p.frame > b->p.frame) - (a->p.frame < b->p.frame);
}

/* The packets of an item, in order of time, each once. NULL: none, or out of memory. */
static const struct kept **packets_of(struct gathering *g, uint32_t item, uint32_t *n)
{
    uint32_t count = 0, kept = 0;
    for (uint32_t l = g->item_link[item]; l; l = g->link[l - 1].next)
        for (uint32_t i = g->conn[g->link[l - 1].conn].packet; i; i = g->kept[i - 1].next)
            count++;
    const struct kept **list = calloc(count + 1u, sizeof *list);
    g->failed |= !list;
    count = 0;
    for (uint32_t l = list ? g->item_link[item] : 0; l; l = g->link[l - 1].next)
        for (uint32_t i = g->conn[g->link[l - 1].conn].packet; i; i = g->kept[i - 1].next)
            list[count++] = &g->kept[i - 1];
    if (count)
        qsort(list, count, sizeof *list, by_time);
    for (uint32_t i = 0; i < count; i++)
        if (!i || by_time(&list[i], &list[i - 1]) != 0)
            list[kept++] = list[i];
    *n = kept;
    return list;
}

/* One file; the packets of other link types than the first are left out (a merged mirror rarely has two). 1: there is none, and
 * no file. */
static int write_item(struct gathering *g, uint32_t item, const char *path, struct err *e)
{
    uint32_t n = 0;
    const struct kept **list = packets_of(g, item, &n);
    struct dump *d = n ? dump_open(path, list[0]->dlt, e) : NULL;
    int rc = !n ? 1 : d ? 0 : -1;
    for (uint32_t i = 0; d && i < n; i++)
        if (list[i]->dlt == list[0]->dlt)
            dump_packet(d, &list[i]->p);
    if (dump_close(d, e))
        rc = -1;
    free(list);
    return rc;
}

/* Does the file give the verdict by itself? */
static bool is_enough(const struct gathering *g, uint32_t item, const char *path)
{
    struct err e;
    struct input in = { .name = (char *)(uintptr_t)path };
    struct rerun r = { .dlt = 0 };
    struct cube *cube = options_cube(g->o);
    uint32_t id = cube ? cube_input(cube, &in) : 0;
    bool same = id && rerun_open(&r, g->o, true, cube, &e) == 0 && rerun_file(&r, path, NULL, id, &e) == 0;
    if (id)
        rerun_close(&r);
    if (same)
        cube_settle(cube);
    same = same && evidence_agrees(cube, &g->o->view, &g->list.v[item]);
    cube_free(cube);
    return same;
}

static int make_item(struct gathering *g, uint32_t item, const char *dir, struct err *e)
{
    const struct evidence *x = &g->list.v[item];
    char name[256], path[4096];
    file_name(g, item, name, sizeof name);
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    int written = write_item(g, item, path, e);
    if (written < 0)
        return -1;
    bool same = written == 0 && is_enough(g, item, path);
    g->state[item] = same ? AGREES : !x->whole ? TO_DO : written == 0 ? SHORT : ABSENT;
    if (g->state[item] == TO_DO)
        (void)unlink(path); /* it is made again */
    return 0;
}

/* One round over the captures for the items that do not agree yet. */
static int gather(struct gathering *g, const char *dir, struct err *e)
{
    for (uint32_t i = 0; i < g->list.n && !g->failed; i++)
        if (g->state[i] == TO_DO)
            want_item(g, i);
    int rc = g->failed ? err_set(e, "out of memory") : rerun_pass(g, true, e);
    if (rc == 0)
        rc = rerun_pass(g, false, e);
    if (rc == 0)
        mask_all(g);
    for (uint32_t i = 0; rc == 0 && i < g->list.n; i++)
        if (g->state[i] == TO_DO)
            rc = make_item(g, i, dir, e);
    return rc == 0 && g->failed ? err_set(e, "out of memory") : rc;
}

static void gathering_close(struct gathering *g)
{
    for (uint32_t i = 0; i < g->kepts; i++)
        free((void *)(uintptr_t)g->kept[i].p.data);
    void *const arrays[] = { g->kept, g->want_head, g->want, g->conn, g->tuple_head, g->link, g->item_link, g->item_conns };
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
        free(arrays[i]);
    intern_free(g->wanted);
    intern_free(g->tuples);
}

/* Half of a --memory-limit: what the tables of reading and the open handshakes had. */
static uint64_t evidence_room(const struct options *o)
{
    uint64_t half = o->memory_limit / 2;
    return half && half < LIMIT_EVIDENCE_BYTES ? half : LIMIT_EVIDENCE_BYTES;
}

static int one_round(struct gathering *kept, const char *dir, struct err *e)
{
    struct gathering g = { .o = kept->o, .cube = kept->cube, .list = kept->list, .state = kept->state,
                           .there = kept->there, .presence = kept->presence, .over = kept->over,
                           .room = evidence_room(kept->o) };
    g.wanted = intern_new(UINT32_MAX / 4, 0);
    g.tuples = intern_new(UINT32_MAX / 4, 0);
    g.item_link = calloc(g.list.n + 1u, sizeof *g.item_link);
    g.item_conns = calloc(g.list.n + 1u, sizeof *g.item_conns);
    bool ok = g.wanted && g.tuples && g.item_link && g.item_conns;
    int rc = ok ? gather(&g, dir, e) : err_set(e, "out of memory");
    gathering_close(&g);
    return rc;
}

/* What has become of the captures of an item: of the first that cannot be read again. */
static enum presence item_presence(const struct gathering *g, uint32_t item)
{
    const struct evidence *x = &g->list.v[item];
    enum presence is = PRESENT;
    for (unsigned i = 0; i < x->handshakes && is == PRESENT; i++)
        if (x->at[i].input && x->at[i].input <= cube_inputs(g->cube))
            is = g->presence[x->at[i].input - 1];
    return is;
}

static const char *outcome_of(const struct gathering *g, uint32_t item, char *buf)
{
    enum presence is = item_presence(g, item);
    bool absent = g->state[item] == ABSENT;
    const char *why = is != PRESENT ? presences[is].index : absent ? "its packets were not found again" : NULL;
    if (g->state[item] == AGREES)
        return "gives this verdict by itself";
    (void)snprintf(buf, PHRASE, "%s%s%s", absent ? "not written" : "does not give it by itself", why ? ": " : "", why ? why : "");
    return buf;
}

/* What each file is about, a line each. */
static int write_index(const struct gathering *g, const char *dir, struct err *e)
{
    char path[4096], name[256], client[ADDR_TEXT], server[ADDR_TEXT], sni[PHRASE], outcome[PHRASE];
    (void)snprintf(path, sizeof path, "%s/index.txt", dir);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    FILE *f = fd < 0 ? NULL : fdopen(fd, "w");
    if (!f) {
        if (fd >= 0)
            (void)close(fd);
        return err_set(e, "%s: %s", path, strerror(errno));
    }
    for (uint32_t i = 0; i < g->list.n; i++) {
        const struct evidence *x = &g->list.v[i];
        file_name(g, i, name, sizeof name);
        (void)escape_text(rd_of(x->name, x->name_len), sni, sizeof sni);
        fprintf(f, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", name, verdict_name(x->is), addr_print(&x->client, client),
                endpoint_print(&x->place.server, server), x->name_len ? sni : "-", x->stack[0] ? x->stack : "-",
                outcome_of(g, i, outcome));
    }
    bool bad = ferror(f) != 0;
    if (fclose(f) != 0 || bad)
        return err_set(e, "%s: %s", path, strerror(errno ? errno : EIO));
    return 0;
}

static int make_folder(const char *dir, struct err *e)
{
    struct stat st;
    if (mkdir(dir, 0700) == 0)
        return 0;
    if (errno == EEXIST && stat(dir, &st) == 0 && S_ISDIR(st.st_mode))
        return 0;
    return err_set(e, "--evidence %s: %s", dir, errno == EEXIST ? "is no folder" : strerror(errno));
}

static void tell(const struct gathering *g)
{
    uint32_t agree = 0;
    for (uint32_t i = 0; i < g->list.n; i++)
        agree += g->state[i] == AGREES;
    if (g->o->quiet)
        return;
    fprintf(stderr, "tlsunset: evidence: %s: %u %s, %u of them give the verdict by themselves (index.txt)\n", g->o->evidence,
            (unsigned)g->list.n, g->list.n == 1 ? "verdict" : "verdicts", (unsigned)agree);
    if (*g->over)
        fprintf(stderr, "tlsunset: evidence: %llu packets had no room (1 MiB a connection, %llu MiB in all) and are left out\n",
                (unsigned long long)*g->over, (unsigned long long)evidence_room(g->o) >> 20);
    if (g->list.left_out)
        fprintf(stderr, "tlsunset: evidence: %u more verdicts are left out; narrow it with --server, --client or --enforce\n",
                (unsigned)g->list.left_out);
}

/* A folder without the captures that were asked for is no result. */
static int miss_captures(const struct gathering *g, struct err *e)
{
    uint32_t missed = 0, first = 0;
    for (uint32_t i = g->list.n; i-- > 0;)
        if (g->state[i] == ABSENT && item_presence(g, i) != PRESENT) {
            missed++;
            first = i;
        }
    if (!missed)
        return 0;
    return err_set(e, "--evidence %s: %u of %u %s not written: %s (index.txt says which); it needs the captures that were read, "
                      "as files", g->o->evidence, (unsigned)missed, (unsigned)g->list.n, g->list.n == 1 ? "file was" : "files were",
                   presences[item_presence(g, first)].index);
}

int pseudonyms_allow(const struct options *o, const struct cube *c, struct err *e)
{
    bool client = o->view.client_only && o->view.client_only->addr.kind != ADDR_PSEUDO, ignored = false;
    for (unsigned i = 0; i < o->ignored.count; i++)
        ignored |= o->ignored.at[i].addr.kind != ADDR_PSEUDO;
    if ((!o->evidence && !client && !ignored) || !cube_has_pseudonyms(c))
        return 0;
    if (o->evidence)
        return err_set(e, "--evidence %s: clients are pseudonyms here (--anonymize): captures hold the addresses that are to "
                          "be hidden; give what was read without --anonymize, or leave out --evidence", o->evidence);
    return err_set(e, "%s: clients are pseudonyms here (--anonymize): name one as the report prints it, client- and 16 "
                      "digits", client ? "--client" : "--ignore-client");
}

int evidence_write(const struct options *o, const struct cube *c, struct err *e)
{
    uint64_t over = 0;
    struct gathering g = { .o = o, .cube = c, .over = &over };
    uint32_t again = 0;
    if (interrupted())
        return 0;
    if (make_folder(o->evidence, e))
        return -1;
    int rc = evidence_choose(c, &o->view, LIMIT_EVIDENCE, &g.list) ? err_set(e, "out of memory") : 0;
    g.state = calloc(g.list.n + 1u, sizeof *g.state);
    g.there = calloc(cube_inputs(c) + 1u, sizeof *g.there);
    g.presence = calloc(cube_inputs(c) + 1u, sizeof *g.presence);
    if (rc == 0 && (!g.state || !g.there || !g.presence))
        rc = err_set(e, "out of memory");
    if (rc == 0 && g.list.n)
        look_for_inputs(&g);
    if (rc == 0)
        rc = one_round(&g, o->evidence, e);
    for (uint32_t i = 0; rc == 0 && i < g.list.n; i++) {
        again += g.state[i] == TO_DO;
        g.list.v[i].whole = true;
    }
    if (rc == 0 && again)
        rc = one_round(&g, o->evidence, e);
    if (rc == 0)
        rc = write_index(&g, o->evidence, e);
    if (rc == 0)
        tell(&g);
    if (rc == 0)
        rc = miss_captures(&g, e);
    free(g.list.v);
    free(g.state);
    free(g.there);
    free(g.presence);
    return rc;
}
