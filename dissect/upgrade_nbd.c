/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Network Block Device (doc/proto.md of the NBD project), fixed newstyle: the client's options are answered one by one;
 * NBD_OPT_STARTTLS and NBD_REP_ACK are the switch. Replies with bit 31 are errors; ERR_TLS_REQD says that TLS is demanded.
 */
#include "dissect/upgrade.h"
#include "base/limits.h"

enum phase { GREETING, CLIENT_FLAGS, OPTIONS };
enum { GREETING_LENGTH = 18, OPTION_HEADER = 16, REPLY_HEADER = 20 };
enum { OPT_EXPORT_NAME = 1, OPT_STARTTLS = 5, OPT_GO = 7, REP_ACK = 1, ERR_TLS_REQD = 5 };
static const char ihaveopt[] = "IHAVEOPT", reply_magic[] = "\x00\x03\xe8\x89\x04\x55\x65\xa9";

static bool nbd_may_start(bool from_client, struct rd head)
{
    return !from_client && upgrade_prefix(head, "NBDMAGICIHAVEOPT");
}

static size_t nbd_unit(struct upgrade_state *s, bool from_client, struct rd head)
{
    struct rd r = head;
    int tls = upgrade_hello(head);
    if (tls != 0 && s->phase == OPTIONS)
        return tls < 0 || (from_client && s->pending) ? 0 : UPGRADE_UNIT_TLS;
    if (!from_client && s->phase == GREETING)
        return rd_left(&head) < GREETING_LENGTH ? 0 : GREETING_LENGTH;
    if (s->phase == GREETING)
        return 0;
    if (from_client && s->phase == CLIENT_FLAGS)
        return rd_left(&head) < 4 ? 0 : 4;
    size_t header = from_client ? OPTION_HEADER : REPLY_HEADER;
    rd_skip(&r, header - 4);
    size_t length = rd_u32(&r);
    if (!rd_ok(&r))
        return 0;
    if (memcmp(head.p, from_client ? ihaveopt : reply_magic, 8) != 0 || length > LIMIT_UPGRADE_UNIT - header)
        return UPGRADE_UNIT_NOT;
    return rd_left(&r) >= length ? header + length : 0;
}

static enum up_verdict nbd_client(struct upgrade_state *s, struct rd unit)
{
    if (s->phase == CLIENT_FLAGS) {
        s->phase = OPTIONS;
        return UP_MORE;
    }
    rd_skip(&unit, 8);
    uint32_t option = rd_u32(&unit);
    if (option == OPT_STARTTLS)
        upgrade_ask(s);
    return option == OPT_EXPORT_NAME ? UP_PLAIN : UP_MORE;
}

static enum up_verdict nbd_server(struct upgrade_state *s, struct rd unit)
{
    if (s->phase == GREETING) {
        if (!rd_starts(&unit, "NBDMAGICIHAVEOPT", 16))
            return UP_NOT_MINE;
        s->greeted = s->confirmed = true;
        s->phase = CLIENT_FLAGS;
        return UP_MORE;
    }
    rd_skip(&unit, 8);
    uint32_t option = rd_u32(&unit), reply = rd_u32(&unit), code = reply & 0x7fffffff;
    bool error = reply >> 31;
    if (error && code == ERR_TLS_REQD)
        s->offered = 2;
    if (option == OPT_STARTTLS && s->pending)
        return reply == REP_ACK ? upgrade_accept(s) : upgrade_refuse(s, (uint16_t)code);
    return option == OPT_GO && reply == REP_ACK ? UP_PLAIN : UP_MORE;
}

static enum up_verdict nbd_step(struct upgrade_state *s, bool from_client, struct rd unit)
{
    return from_client ? nbd_client(s, unit) : nbd_server(s, unit);
}

const struct upgrade_proto upgrade_nbd = {
    .name = "nbd",
    .ports = { 10809 },
    .server_first = true,
    .may_start = nbd_may_start,
    .unit = nbd_unit,
    .step = nbd_step,
};
