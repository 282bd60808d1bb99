/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OpenVPN over TCP: the packets of openvpn.h, each behind its length. The first one decides: TLS inside what follows, or
 * tls-crypt, which hides it. Packets come in order; a repeated one is dropped by its id.
 */
#include "dissect/openvpn.h"
#include "dissect/upgrade.h"

enum { LENGTH = 2, PACKET_MAX = 2048, PACKET_MIN = 14 };
enum { HMAC = 0 }; /* s->small; s->word: next packet id of each direction */

static bool openvpn_may_start(bool from_client, struct rd head)
{
    (void)from_client;
    size_t n = rd_left(&head);
    unsigned opcode = n < 3 ? OPENVPN_HARD_RESET_CLIENT : head.p[2] >> 3;
    return head.p[0] < PACKET_MAX >> 8 && (n < 2 || head.p[0] != 0 || head.p[1] >= PACKET_MIN) && (n < 3 || (head.p[2] & 7) == 0) &&
           (opcode == OPENVPN_HARD_RESET_CLIENT || opcode == OPENVPN_HARD_RESET_SERVER || opcode == OPENVPN_HARD_RESET_CLIENT_V3);
}

static size_t openvpn_unit(struct upgrade_state *s, bool from_client, struct rd head)
{
    (void)s;
    (void)from_client;
    struct rd r = head;
    size_t length = rd_u16(&r);
    if (rd_ok(&r) && (length < PACKET_MIN || length > PACKET_MAX))
        return UPGRADE_UNIT_NOT;
    return rd_ok(&r) && rd_left(&r) >= length ? LENGTH + length : 0;
}

static enum up_verdict openvpn_step(struct upgrade_state *s, bool from_client, struct rd unit)
{
    size_t hmac;
    (void)from_client;
    rd_skip(&unit, LENGTH);
    switch (openvpn_first(unit, &hmac)) {
    case OPENVPN_NOT:
        break;
    case OPENVPN_CRYPT:
        s->confirmed = true;
        return UP_OPAQUE;
    case OPENVPN_CLEAR:
        s->small[HMAC] = (uint8_t)hmac;
        upgrade_ask(s);
        return upgrade_accept(s);
    }
    return UP_NOT_MINE;
}

static bool openvpn_unwrap(struct upgrade_state *s, bool from_client, struct rd *wire, struct rd *tls, bool *bare)
{
    struct rd r = *wire, packet = rd_vec16(&r);
    struct openvpn_packet p;
    (void)bare;
    *tls = rd_of("", 0);
    if (!rd_ok(&r))
        return false;
    *wire = r;
    uint32_t *next = &s->word[from_client];
    if (openvpn_parse(packet, s->small[HMAC], &p) && p.opcode == OPENVPN_CONTROL && p.key_id == 0 && p.id - *next <= INT32_MAX) {
        *next = p.id + 1;
        *tls = p.tls;
    }
    return true;
}

const struct upgrade_proto upgrade_openvpn = {
    .name = "openvpn",
    .ports = { 1194 },
    .may_start = openvpn_may_start,
    .unit = openvpn_unit,
    .step = openvpn_step,
    .unwrap = openvpn_unwrap,
};
