/* SPDX-License-Identifier: Apache-2.0 */
/* NATS: the server's INFO line says tls_required or tls_available; a client that wants TLS just starts it, else CONNECTs. */
#include "dissect/upgrade.h"

static bool nats_may_start(bool from_client, struct rd head)
{
    return !from_client && upgrade_prefix(head, "INFO {");
}

static size_t nats_unit(struct upgrade_state *s, bool from_client, struct rd head)
{
    int tls = upgrade_hello(head);
    if (from_client && tls > 0)
        s->requested = true;
    return upgrade_text(s, from_client, head);
}

/* "name":true, blanks allowed. */
static bool json_true(struct rd line, const char *name)
{
    size_t n = strlen(name);
    for (; rd_left(&line) > n; rd_skip(&line, 1))
        if (upgrade_prefix(line, name)) {
            rd_skip(&line, n);
            while (rd_peek(&line, 0) == ' ' || rd_peek(&line, 0) == ':')
                rd_skip(&line, 1);
            return rd_starts(&line, "true", 4);
        }
    return false;
}

static enum up_verdict nats_step(struct upgrade_state *s, bool from_client, struct rd line)
{
    if (!from_client) {
        if (!upgrade_word(line, "INFO"))
            return s->confirmed ? UP_MORE : UP_NOT_MINE;
        s->greeted = s->confirmed = true;
        s->offered = json_true(line, "\"tls_required\"") || json_true(line, "\"tls_available\"") ? 2 : 1;
        return UP_MORE;
    }
    if (!upgrade_word(line, "CONNECT"))
        return s->confirmed ? UP_MORE : UP_NOT_MINE;
    s->login = upgrade_mentions(line, "pass") || upgrade_mentions(line, "auth_token");
    return UP_PLAIN;
}

const struct upgrade_proto upgrade_nats = {
    .name = "nats",
    .ports = { 4222, 6222, 7422 },
    .server_first = true,
    .may_start = nats_may_start,
    .unit = nats_unit,
    .step = nats_step,
};
