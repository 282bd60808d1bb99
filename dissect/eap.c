/* SPDX-License-Identifier: Apache-2.0 */
#include "dissect/eap.h"

enum code { REQUEST = 1, RESPONSE, SUCCESS, FAILURE };
enum type { IDENTITY = 1, TLS = 13, TTLS = 21, PEAP = 25, FAST = 43, TEAP = 55 };
enum { HEADER = 4, FLAG_LENGTH = 0x80, FLAG_MORE = 0x40, FLAG_START = 0x20 };
enum { FLAG_OUTER_TLV = 0x10 }; /* TEAP only; elsewhere reserved */

bool eap_looks_like(struct rd packet)
{
    size_t n = rd_left(&packet);
    uint8_t code = rd_u8(&packet);
    rd_skip(&packet, 1);
    uint16_t length = rd_u16(&packet);
    return rd_ok(&packet) && code >= REQUEST && code <= FAILURE && length >= HEADER && length <= n;
}

bool eap_begins(struct rd packet)
{
    return eap_looks_like(packet) && rd_peek(&packet, 0) == RESPONSE && rd_peek(&packet, HEADER) == IDENTITY;
}

unsigned eap_side(struct rd packet)
{
    return rd_peek(&packet, 0) == RESPONSE ? EAP_PEER : EAP_SERVER;
}

static enum tls_verdict finish(struct eap *e, enum tls_end end, unsigned by)
{
    bool fresh = !e->over;
    e->over = true;
    if (!fresh || !e->tls)
        return TLS_MORE;
    e->due = tls_has_hello(e->tls);
    e->end = (uint8_t)end;
    e->by = (uint8_t)by;
    return e->due ? TLS_DECIDED : TLS_MORE;
}

/* A response carries the identifier of its request, so a packet that was not captured leaves a trace. It held TLS bytes unless
 * it only acknowledged a fragment; how many is not known. */
static void note_loss(struct eap *e, unsigned side, uint8_t id, struct tls_when when)
{
    bool unanswered = e->any[EAP_SERVER] && !(e->any[EAP_PEER] && e->last[EAP_PEER] == e->last[EAP_SERVER]);
    bool unasked = side == EAP_PEER && !(e->any[EAP_SERVER] && e->last[EAP_SERVER] == id);
    if (!e->tls || (side == EAP_PEER && !unasked))
        return;
    if (unanswered && !e->more[EAP_SERVER])
        (void)tls_gap(e->tls, EAP_PEER, UINT32_MAX, when);
    if (unasked && !e->more[EAP_PEER])
        (void)tls_gap(e->tls, EAP_SERVER, UINT32_MAX, when);
}

/* What follows the type: flags, perhaps the length of all fragments together, and this fragment. */
static struct rd fragment(struct rd data, uint8_t type, bool *start, bool *more)
{
    uint8_t flags = rd_u8(&data);
    *start = flags & FLAG_START;
    *more = flags & FLAG_MORE;
    if (flags & FLAG_LENGTH)
        rd_skip(&data, 4);
    if (type == TEAP && flags & FLAG_OUTER_TLV)
        rd_skip(&data, 4);
    return data;
}

static void restart(struct eap *e)
{
    if (e->due) /* not taken yet: what follows is lost rather than mixed with it */
        return;
    tls_free(e->tls);
    e->tls = NULL;
    e->over = false;
}

static enum tls_verdict tls_data(struct eap *e, struct tls_shared *shared, unsigned side, struct rd tls, struct tls_when when)
{
    if (!e->tls && !(e->tls = tls_new(shared, TLS_STREAM)))
        return TLS_MORE;
    switch (tls_bytes(e->tls, side, tls, when)) {
    case TLS_MORE:
        break;
    case TLS_DECIDED:
    case TLS_NOT:
        return finish(e, TLS_END_DECIDED, 2);
    }
    return TLS_MORE;
}

enum tls_verdict eap_packet(struct eap *e, struct tls_shared *shared, struct rd packet, struct tls_when when)
{
    if (!eap_looks_like(packet))
        return TLS_MORE;
    unsigned side = eap_side(packet);
    uint8_t code = rd_u8(&packet), id = rd_u8(&packet);
    struct rd body = rd_sub(&packet, (size_t)rd_u16(&packet) - HEADER);
    if (code == SUCCESS || code == FAILURE)
        return finish(e, TLS_END_FIN, EAP_SERVER);
    uint8_t type = rd_u8(&body);
    if (e->any[side] && e->last[side] == id) /* sent again */
        return TLS_MORE;
    note_loss(e, side, id, when);
    e->any[side] = true;
    e->last[side] = id;
    e->more[side] = false;
    if (type != TLS && type != TTLS && type != PEAP && type != FAST && type != TEAP)
        return TLS_MORE;
    bool start;
    struct rd tls = fragment(body, type, &start, &e->more[side]);
    if (start && code == REQUEST) { /* what comes with it are TLVs of the method */
        restart(e);
        return TLS_MORE;
    }
    return rd_left(&tls) == 0 || e->over ? TLS_MORE : tls_data(e, shared, side, tls, when);
}

void eap_give_up(struct eap *e, enum tls_end end)
{
    (void)finish(e, end, 2);
    e->any[EAP_PEER] = e->any[EAP_SERVER] = false;
    e->more[EAP_PEER] = e->more[EAP_SERVER] = false;
}

struct tls *eap_take_event(struct eap *e, enum tls_end end, unsigned by, struct tls_event *ev)
{
    struct tls *t = e->tls;
    bool open = !e->over && end != TLS_END_DECIDED && t && tls_has_hello(t);
    if (!e->due && !open)
        return NULL;
    tls_fill_event(t, e->due ? (enum tls_end)e->end : end, e->due ? e->by : by, ev);
    ev->upgrade = "eap";
    e->tls = NULL;
    e->due = false;
    e->over = true;
    return t;
}

void eap_clear(struct eap *e)
{
    tls_free(e->tls);
    *e = (struct eap){ .tls = NULL };
}
