/* SPDX-License-Identifier: Apache-2.0 */
/*
 * EAPOL (IEEE 802.1X section 11): EAP before there is an IP address. The parties are MAC addresses; who is the supplicant
 * is told by who sends responses. One authentication at a time between two parties, one after another.
 */
#include "dissect/eap.h"

enum { HEADER = 4, TYPE_EAP = 0 };

struct eapol {
    struct tls_shared *shared;
    struct eap eap;
    uint8_t client; /* 2 not known */
    struct tls *given;
};

static struct rd eap_of(struct rd frame)
{
    rd_skip(&frame, 1);
    uint8_t type = rd_u8(&frame);
    struct rd body = rd_vec16(&frame);
    return type == TYPE_EAP && rd_ok(&body) ? body : rd_of("", 0);
}

static bool eapol_looks_like(uint16_t sport, uint16_t dport, struct rd frame)
{
    (void)sport;
    (void)dport;
    return rd_left(&frame) >= HEADER && frame.p[0] >= 1 && frame.p[0] <= 3 && eap_looks_like(eap_of(frame));
}

static void *eapol_open(struct tls_shared *shared)
{
    struct eapol *e = tls_take(shared, sizeof *e);
    if (e)
        *e = (struct eapol){ .shared = shared, .client = 2 };
    return e;
}

static void eapol_free(void *state)
{
    struct eapol *e = state;
    if (!e)
        return;
    eap_clear(&e->eap);
    tls_free(e->given);
    tls_give(e->shared, e, sizeof *e);
}

static enum tls_verdict eapol_feed(void *state, unsigned d, struct rd frame, struct tls_when when)
{
    struct eapol *e = state;
    struct rd packet = eap_of(frame);
    if (!eap_looks_like(packet))
        return TLS_MORE;
    e->client = (uint8_t)(eap_side(packet) == EAP_PEER ? d : !d);
    if (eap_begins(packet) && !e->eap.due) {
        eap_give_up(&e->eap, TLS_END_IDLE);
        if (e->eap.due)
            return TLS_DECIDED;
        eap_clear(&e->eap);
    }
    return eap_packet(&e->eap, e->shared, packet, when);
}

static bool eapol_next_event(void *state, enum tls_end end, unsigned by, unsigned *client_side, struct tls_event *ev)
{
    struct eapol *e = state;
    tls_free(e->given);
    e->given = eap_take_event(&e->eap, end, by, ev);
    *client_side = e->client;
    return e->given != NULL;
}

const struct datagram_proto eapol_proto = {
    .name = "EAPOL",
    .proto = PROTO_EAPOL,
    .transport = TRANSPORT_L2,
    .many = true,
    .looks_like = eapol_looks_like,
    .open = eapol_open,
    .feed = eapol_feed,
    .next_event = eapol_next_event,
    .free = eapol_free,
};
