/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RADIUS (RFC 2865) with EAP-Message attributes (RFC 3579), on any port. One flow between a network access server and a
 * RADIUS server carries the authentications of all its stations, many at a time. A request belongs to its
 * Calling-Station-Id, else to the State it echoes, else to its User-Name; an answer to the request with its Identifier.
 * The client is the station; the access server is only on the way.
 */
#include "dissect/eap.h"
#include "base/limits.h"

#include <stdlib.h>

enum code { ACCESS_REQUEST = 1, ACCESS_ACCEPT = 2, ACCESS_REJECT = 3, ACCESS_CHALLENGE = 11 };
enum attribute { USER_NAME = 1, STATE = 24, CALLING_STATION_ID = 31, EAP_MESSAGE = 79 };
enum { HEADER = 20, PACKET_MAX = 4096, IDENTIFIERS = 256, NOBODY = 0 };

struct station {
    uint64_t key; /* who; 0: free */
    uint64_t state; /* the State last sent to it */
    uint64_t used; /* when, in packets: the least goes */
    struct endpoint who; /* ADDR_NONE when not said */
    struct eap eap;
};

struct radius {
    struct tls_shared *shared;
    struct station *station; /* LIMIT_EAP_CONVERSATIONS, or fewer: grows by doubling */
    unsigned stations;
    size_t size; /* of them, in shared->kept */
    uint16_t asked_by[IDENTIFIERS]; /* station + 1 of the request with this Identifier */
    uint8_t client; /* the side that sends requests, 2 not known */
    uint64_t packets;
    struct tls *given;
};

struct attributes { /* what is read of a packet */
    uint64_t station, state, user; /* hashes, 0 when absent */
    struct endpoint who;
    struct rd eap; /* its attributes put together, in buf */
    uint8_t buf[PACKET_MAX];
};

static uint64_t hash(struct rd r) /* FNV-1a; never 0 */
{
    uint64_t h = 14695981039346656037u;
    while (rd_left(&r))
        h = (h ^ rd_u8(&r)) * 1099511628211u;
    return h ? h : 1;
}

/* "00-11-22-AA-BB-CC", "0011.22aa.bbcc", "001122aabbcc", "00-11-22-AA-BB-CC:network" to a MAC; else an address, if it is one. */
static struct addr station_address(struct rd text)
{
    uint8_t mac[6] = { 0 };
    unsigned digits = 0;
    char plain[ADDR_TEXT];
    struct addr a = { .kind = ADDR_NONE };
    size_t n = rd_left(&text);
    if (n && n < sizeof plain) {
        memcpy(plain, text.p, n);
        plain[n] = '\0';
        if (addr_parse(plain, &a) == 0)
            return a;
    }
    while (rd_left(&text) && digits < 12) {
        int c = rd_u8(&text), lower = c | 0x20;
        int v = c >= '0' && c <= '9' ? c - '0' : lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
        if (v < 0 && c != '-' && c != ':' && c != '.')
            return (struct addr){ .kind = ADDR_NONE };
        if (v >= 0) {
            mac[digits / 2] = (uint8_t)(mac[digits / 2] << 4 | v);
            digits++;
        }
    }
    return digits == 12 ? addr_mac(mac) : (struct addr){ .kind = ADDR_NONE };
}

/* Attributes up to the end, each whole. */
static bool read_attributes(struct rd r, struct attributes *a)
{
    size_t n = 0;
    *a = (struct attributes){ .station = 0 };
    rd_skip(&r, HEADER);
    while (rd_left(&r)) {
        uint8_t type = rd_u8(&r), length = rd_u8(&r);
        struct rd value = rd_sub(&r, length < 2 ? SIZE_MAX : length - 2u);
        size_t size = rd_left(&value);
        if (!rd_ok(&r))
            return false;
        if (type == EAP_MESSAGE && size && n + size <= sizeof a->buf) {
            memcpy(a->buf + n, value.p, size);
            n += size;
        } else if (type == CALLING_STATION_ID && size) {
            a->station = hash(value);
            a->who.addr = station_address(value);
        } else if (type == STATE) {
            a->state = hash(value);
        } else if (type == USER_NAME) {
            a->user = hash(value);
        }
    }
    a->eap = rd_of(a->buf, n);
    return true;
}

static bool known_code(unsigned code)
{
    return code == ACCESS_REQUEST || code == ACCESS_ACCEPT || code == ACCESS_REJECT || code == ACCESS_CHALLENGE;
}

/* Exactly as long as it says, made of whole attributes, with EAP in it. */
static bool radius_looks_like(uint16_t sport, uint16_t dport, struct rd b)
{
    (void)sport;
    (void)dport;
    size_t n = rd_left(&b);
    bool eap = false;
    if (n < HEADER + 2 || n > PACKET_MAX || !known_code(b.p[0]) || (size_t)(b.p[2] << 8 | b.p[3]) != n)
        return false;
    rd_skip(&b, HEADER);
    while (rd_left(&b)) {
        uint8_t type = rd_u8(&b), length = rd_u8(&b);
        eap = eap || type == EAP_MESSAGE;
        rd_skip(&b, length < 2 ? SIZE_MAX : length - 2u);
    }
    return rd_ok(&b) && eap;
}

static void *radius_open(struct tls_shared *shared)
{
    struct radius *r = tls_take(shared, sizeof *r);
    if (r)
        *r = (struct radius){ .shared = shared, .client = 2 };
    return r;
}

static void radius_free(void *state)
{
    struct radius *r = state;
    if (!r)
        return;
    for (unsigned i = 0; i < r->stations; i++)
        eap_clear(&r->station[i].eap);
    free(r->station);
    room_give(&r->shared->kept, r->size);
    tls_free(r->given);
    tls_give(r->shared, r, sizeof *r);
}

/* --- which station --- */

static struct station *by_key(struct radius *r, uint64_t key, bool state)
{
    for (unsigned i = 0; key && i < r->stations; i++)
        if (r->station[i].key && (state ? r->station[i].state : r->station[i].key) == key)
            return &r->station[i];
    return NULL;
}

/* One more, growing up to the limit. NULL: at the limit, or no memory. */
static struct station *one_more(struct radius *r)
{
    if (r->stations >= LIMIT_EAP_CONVERSATIONS)
        return NULL;
    unsigned cap = 1;
    while (cap < r->stations)
        cap *= 2;
    if (r->stations == 0 || cap == r->stations) {
        size_t added = r->stations ? r->stations : 1;
        struct station *more = NULL;
        size_t size = added * sizeof *more;
        bool room = room_take(&r->shared->kept, r->size, size);
        if (room)
            more = realloc(r->station, r->size + size);
        if (!more) {
            room_give(&r->shared->kept, room ? size : 0);
            r->shared->stats->memory_refused++;
            return NULL;
        }
        r->station = more;
        r->size += size;
    }
    struct station *s = &r->station[r->stations++];
    *s = (struct station){ .key = NOBODY };
    return s;
}

/* A place for a new station: a new one, or the one unused longest that has no event to give. */
static struct station *new_station(struct radius *r, uint64_t key)
{
    struct station *s = one_more(r);
    for (unsigned i = 0; !s && i < r->stations; i++)
        if (!r->station[i].eap.due)
            s = &r->station[i];
    for (unsigned i = 0; s && s->key && i < r->stations; i++)
        if (!r->station[i].eap.due && r->station[i].used < s->used)
            s = &r->station[i];
    if (!s)
        return NULL;
    if (s->key) {
        r->shared->stats->conn_evicted += !s->eap.over && s->eap.tls;
        eap_clear(&s->eap);
        for (unsigned i = 0; i < IDENTIFIERS; i++) /* answers to its requests are not for its successor */
            r->asked_by[i] = r->asked_by[i] == s - r->station + 1 ? 0 : r->asked_by[i];
    }
    *s = (struct station){ .key = key };
    return s;
}

static struct station *station_of_request(struct radius *r, const struct attributes *a)
{
    struct station *s = a->station ? by_key(r, a->station, false) : NULL;
    if (!s && !a->station)
        s = by_key(r, a->state, true);
    if (!s && !a->station)
        s = by_key(r, a->user, false);
    if (!s)
        s = new_station(r, a->station ? a->station : a->user ? a->user : a->state ? a->state : 1);
    if (s)
        s->who = a->who;
    return s;
}

static enum tls_verdict radius_feed(void *state, unsigned d, struct rd b, struct tls_when when)
{
    struct radius *r = state;
    struct attributes a;
    if (!radius_looks_like(0, 0, b) || !read_attributes(b, &a) || !eap_looks_like(a.eap))
        return TLS_MORE;
    bool request = b.p[0] == ACCESS_REQUEST;
    uint16_t *asked = &r->asked_by[b.p[1]];
    struct station *s = request ? station_of_request(r, &a) : *asked ? &r->station[*asked - 1] : NULL;
    r->client = (uint8_t)(request ? d : !d);
    if (!s)
        return TLS_MORE;
    s->used = ++r->packets;
    if (request)
        *asked = (uint16_t)(s - r->station + 1);
    if (a.state)
        s->state = a.state;
    if (request && eap_begins(a.eap) && !s->eap.due) { /* tries again: what it began before will not end */
        eap_give_up(&s->eap, TLS_END_IDLE);
        if (s->eap.due)
            return TLS_DECIDED;
        eap_clear(&s->eap);
    }
    return eap_packet(&s->eap, r->shared, a.eap, when);
}

static bool radius_next_event(void *state, enum tls_end end, unsigned by, unsigned *client_side, struct tls_event *ev)
{
    struct radius *r = state;
    tls_free(r->given);
    r->given = NULL;
    for (unsigned i = 0; i < r->stations && !r->given; i++) {
        struct station *s = &r->station[i];
        r->given = eap_take_event(&s->eap, end, by, ev);
        if (!r->given)
            continue;
        ev->client = s->who; /* the access server is via; or the client, where the station was not said */
        *client_side = r->client;
    }
    return r->given != NULL;
}

const struct datagram_proto radius_proto = {
    .name = "RADIUS",
    .proto = PROTO_UDP,
    .transport = TRANSPORT_UDP,
    .many = true,
    .looks_like = radius_looks_like,
    .open = radius_open,
    .feed = radius_feed,
    .next_event = radius_next_event,
    .free = radius_free,
};
