/* SPDX-License-Identifier: Apache-2.0 */
#include "report/parts.h"

#include "dissect/event.h"

const char *transport_name(uint8_t transport)
{
    switch ((enum transport)transport) {
    case TRANSPORT_TCP:
        return "tcp";
    case TRANSPORT_UDP:
        return "udp";
    case TRANSPORT_QUIC:
        return "quic";
    case TRANSPORT_L2:
        return "l2";
    }
    return NULL;
}

const char *aftermath_name(uint8_t aftermath)
{
    switch ((enum aftermath)aftermath) {
    case AFTER_NOTHING:
        return NULL;
    case AFTER_PLAINTEXT:
        return "plaintext";
    case AFTER_RECONNECT:
        return "reconnect";
    case AFTER_CLOSE:
        return "close";
    }
    return NULL;
}

const char *sentinel_name(uint8_t sentinel)
{
    switch ((enum sentinel)sentinel) {
    case SENTINEL_NONE:
        return NULL;
    case SENTINEL_TLS11:
        return "00";
    case SENTINEL_TLS12:
        return "01";
    }
    return NULL;
}

/* Subject alternative names come as one comma-separated text (dissect/cert.h). */
static void names_of(struct json_out *j, const char *san)
{
    if (!*san)
        return;
    json_array(j, "san");
    while (*san) {
        size_t n = strcspn(san, ",");
        json_wire(j, NULL, rd_of(san, n));
        san += n + (san[n] == ',');
    }
    json_end_array(j);
}

void json_cert(struct json_out *j, const char *key, const struct cert_facts *c)
{
    char buf[NAME_TEXT];
    json_object(j, key);
    json_text(j, "subject", c->subject);
    json_text(j, "issuer", c->issuer);
    names_of(j, c->san);
    json_text(j, "serial", c->serial);
    json_text(j, "key", cert_key_name(c->key));
    json_uint(j, "key_bits", c->key_bits);
    if (c->curve)
        json_text(j, "curve", group_name(c->curve, buf));
    json_text(j, "sigalg", c->sigalg);
    json_seconds(j, "not_before", c->not_before);
    json_seconds(j, "not_after", c->not_after);
    json_bytes(j, "sha256", c->sha256, sizeof c->sha256);
    json_bool(j, "self_signed", c->self_signed);
}
