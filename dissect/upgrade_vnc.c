/* SPDX-License-Identifier: Apache-2.0 */
/*
 * VNC (RFC 6143) with security type 19, VeNCrypt (rfbproto: versions 0.1 and 0.2, subtypes from 257 to 264 are TLS), or 18,
 * TLS at once. Units have no common form: their length depends on the step of the dialogue, which is the phase.
 */
#include "dissect/upgrade.h"

enum phase { VERSION, CLIENT_VERSION, TYPES, CHOICE, VENCRYPT_SERVER, VENCRYPT_CLIENT, VENCRYPT_ACK, SUBTYPES, SUBCHOICE, GRANT,
             OLD_TYPE };
enum { VERSION_LENGTH = 12, TYPE_RA2 = 5, TYPE_TLS = 18, TYPE_VENCRYPT = 19, SUB_PLAIN = 256, SUB_FIRST = 257, SUB_LAST = 264 };

static bool vnc_may_start(bool from_client, struct rd head)
{
    return !from_client && upgrade_prefix(head, "RFB 00");
}

/* Whose turn it is and how many bytes; for lists the count is the first byte. */
static size_t vnc_unit(struct upgrade_state *s, bool from_client, struct rd head)
{
    static const struct {
        bool client;
        uint8_t fixed, each; /* bytes; for lists also bytes of each element */
    } turn[] = {
        [VERSION] = { false, VERSION_LENGTH, 0 }, [CLIENT_VERSION] = { true, VERSION_LENGTH, 0 },
        [TYPES] = { false, 1, 1 },                [CHOICE] = { true, 1, 0 },
        [VENCRYPT_SERVER] = { false, 2, 0 },      [VENCRYPT_CLIENT] = { true, 2, 0 },
        [VENCRYPT_ACK] = { false, 1, 0 },         [SUBTYPES] = { false, 1, 4 },
        [SUBCHOICE] = { true, 4, 0 },             [GRANT] = { false, 1, 0 },
        [OLD_TYPE] = { false, 4, 0 },
    };
    if (turn[s->phase].client != from_client || rd_left(&head) == 0)
        return 0;
    size_t n = turn[s->phase].fixed + (size_t)turn[s->phase].each * head.p[0];
    return rd_left(&head) >= n ? n : 0;
}

static enum up_verdict to(struct upgrade_state *s, enum phase next)
{
    s->phase = (uint8_t)next;
    return UP_MORE;
}

static enum up_verdict security_types(struct upgrade_state *s, struct rd unit)
{
    if (rd_u8(&unit) == 0)
        return UP_PLAIN; /* the connection failed; a reason follows */
    s->offered = 1;
    while (rd_left(&unit)) {
        uint8_t type = rd_u8(&unit);
        if (type == TYPE_TLS || type == TYPE_VENCRYPT)
            s->offered = 2;
    }
    return to(s, CHOICE);
}

static enum up_verdict subtypes(struct upgrade_state *s, struct rd unit)
{
    rd_skip(&unit, 1);
    s->offered = 1;
    while (rd_left(&unit)) {
        uint32_t sub = rd_u32(&unit);
        if (sub >= SUB_FIRST && sub <= SUB_LAST)
            s->offered = 2;
    }
    return to(s, SUBCHOICE);
}

static enum up_verdict choice(struct upgrade_state *s, uint8_t type)
{
    if (type == TYPE_VENCRYPT)
        return to(s, VENCRYPT_SERVER);
    if (type != TYPE_TLS)
        return type == TYPE_RA2 ? UP_OPAQUE : UP_PLAIN;
    upgrade_ask(s);
    return upgrade_accept(s);
}

static enum up_verdict subchoice(struct upgrade_state *s, uint32_t sub)
{
    if (sub < SUB_FIRST || sub > SUB_LAST) {
        s->login = sub == SUB_PLAIN;
        return UP_PLAIN;
    }
    upgrade_ask(s);
    return to(s, GRANT);
}

static enum up_verdict vnc_step(struct upgrade_state *s, bool from_client, struct rd unit)
{
    (void)from_client;
    switch ((enum phase)s->phase) {
    case VERSION:
        if (!rd_starts(&unit, "RFB 00", 6) || unit.p[VERSION_LENGTH - 1] != '\n')
            return UP_NOT_MINE;
        s->confirmed = s->greeted = true;
        return to(s, CLIENT_VERSION);
    case CLIENT_VERSION: /* 3.3 lets the server decide, by a word */
        return to(s, rd_starts(&unit, "RFB 003.003", 11) ? OLD_TYPE : TYPES);
    case TYPES:
        return security_types(s, unit);
    case CHOICE:
        return choice(s, rd_u8(&unit));
    case VENCRYPT_SERVER:
        return to(s, VENCRYPT_CLIENT);
    case VENCRYPT_CLIENT:
        return to(s, VENCRYPT_ACK);
    case VENCRYPT_ACK:
        return rd_u8(&unit) == 0 ? to(s, SUBTYPES) : upgrade_refuse(s, 0);
    case SUBTYPES:
        return subtypes(s, unit);
    case SUBCHOICE:
        return subchoice(s, rd_u32(&unit));
    case GRANT:
        return rd_u8(&unit) == 1 ? upgrade_accept(s) : upgrade_refuse(s, 0);
    case OLD_TYPE:
        s->offered = 1;
        return UP_PLAIN;
    }
    return UP_NOT_MINE;
}

const struct upgrade_proto upgrade_vnc = {
    .name = "vnc",
    .ports = { 5900, 5901, 5902 },
    .server_first = true,
    .may_start = vnc_may_start,
    .unit = vnc_unit,
    .step = vnc_step,
};
