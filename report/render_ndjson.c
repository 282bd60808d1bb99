/* SPDX-License-Identifier: Apache-2.0 */
/*
 * render_ndjson - one line per event, as it happens. The fields are described in tlsunset(1).
 *
 * A first block of fields is in every line of its type, null when unknown, so that consumers need no existence checks for
 * what they ask most; every other field is left out where it does not apply.
 */
#include "report/json_out.h"
#include "report/parts.h"
#include "report/render.h"

#include "dissect/ja.h"

#include <errno.h>
#include <stdlib.h>

struct ndjson {
    struct event_sink sink;
    FILE *out;
    struct json_out j;
    struct stream_context context;
    int error; /* errno of the first failed write */
};

/* A field that is only there when it is true. */
static void flag(struct json_out *j, const char *key, bool v)
{
    if (v)
        json_bool(j, key, true);
}

static void version(struct json_out *j, const char *key, uint16_t v)
{
    char buf[NAME_TEXT];
    json_text(j, key, v ? version_name(v, buf) : NULL);
}

static void address(struct json_out *j, const char *ip, const char *port, const struct endpoint *e)
{
    char buf[ADDR_TEXT];
    json_text(j, ip, addr_print(&e->addr, buf));
    json_uint(j, port, e->port);
}

/* A list of two-byte code points without GREASE, by name or as hex. */
typedef const char *code_name(uint16_t v, char buf[NAME_TEXT]);
static void codes(struct json_out *j, const char *key, struct rd list, code_name *name)
{
    if (rd_left(&list) < 2)
        return;
    json_array(j, key);
    while (rd_left(&list) >= 2) {
        char buf[NAME_TEXT];
        uint16_t v = rd_u16(&list);
        if (!grease(v))
            json_text(j, NULL, name(v, buf));
    }
    json_end_array(j);
}

static void client_suites(struct json_out *j, const struct client_hello *ch)
{
    struct rd list = ch->suites;
    bool sslv2 = ch->format == HELLO_SSLV2;
    json_array(j, "client_ciphers");
    while (rd_left(&list) >= (sslv2 ? 3 : 2)) {
        uint32_t v = sslv2 ? rd_u24(&list) : rd_u16(&list);
        if (sslv2 || !grease((uint16_t)v))
            json_hex(j, NULL, v, v > 0xffff ? 6 : 4);
    }
    json_end_array(j);
}

static void client_shares(struct json_out *j, struct rd shares)
{
    if (rd_left(&shares) == 0)
        return;
    json_array(j, "client_key_shares");
    while (rd_left(&shares)) {
        char buf[NAME_TEXT];
        uint16_t group = rd_u16(&shares);
        (void)rd_vec16(&shares);
        if (rd_ok(&shares) && !grease(group))
            json_text(j, NULL, group_name(group, buf));
    }
    json_end_array(j);
}

/* RFC 8701 section 3.1: a GREASE protocol name is two bytes that are equal and end in 0xa. */
static bool grease_name(struct rd name)
{
    return rd_left(&name) == 2 && grease((uint16_t)(name.p[0] << 8 | name.p[1]));
}

static void client_alpn(struct json_out *j, struct rd names)
{
    if (rd_left(&names) == 0)
        return;
    json_array(j, "client_alpn");
    while (rd_left(&names)) {
        struct rd name = rd_vec8(&names);
        if (rd_ok(&name) && !grease_name(name))
            json_wire(j, NULL, name);
    }
    json_end_array(j);
}

static void client_offer(struct json_out *j, const struct tls_event *ev)
{
    const struct client_hello *ch = ev->ch;
    char ja[JA4_TEXT];
    codes(j, "client_versions", ch->versions, version_name);
    client_suites(j, ch);
    codes(j, "client_groups", ch->groups, group_name);
    client_shares(j, ch->key_shares);
    codes(j, "client_sigalgs", ch->sigalgs, sigscheme_name);
    client_alpn(j, ch->alpn);
    if (ch->format == HELLO_SSLV2)
        json_text(j, "hello_format", "sslv2");
    flag(j, "ech", ch->ext_mask & EXT_ECH || ev->flags & EV_ECH);
    flag(j, "early_data", ev->flags & EV_EARLY_DATA);
    ja3_client(ch, ja);
    if (*ja)
        json_text(j, "ja3", ja);
    ja4_client(ch, ev->transport == TRANSPORT_QUIC ? 'q' : ch->format == HELLO_DTLS ? 'd' : 't', ja);
    if (*ja)
        json_text(j, "ja4", ja);
}

static void server_answer(struct json_out *j, const struct tls_event *ev)
{
    char ja3s[JA3_TEXT];
    if (ev->version_wire && ev->version_wire != ev->version)
        json_hex(j, "version_wire", ev->version_wire, 4);
    if (!ev->sh)
        return;
    json_bool(j, "ems", ev->flags & EV_EMS);
    json_bool(j, "etm", ev->flags & EV_ETM);
    json_bool(j, "renegotiation_info", ev->flags & EV_RENEGOTIATION_INFO);
    json_bool(j, "compression", ev->flags & EV_COMPRESSION);
    ja3_server(ev->sh, ja3s);
    if (*ja3s)
        json_text(j, "ja3s", ja3s);
}

static void suite_facts(struct json_out *j, const struct suite *s)
{
    if (!s)
        return;
    if (s->openssl)
        json_text(j, "cipher_openssl", s->openssl);
    json_text(j, "kx", suite_kx_name(s->kx));
    json_text(j, "au", suite_au_name(s->au));
    json_text(j, "enc", s->enc);
    json_text(j, "mac", s->mac);
    json_bool(j, "pfs", s->pfs);
}

static void alert(struct json_out *j, const struct tls_event *ev)
{
    bool encrypted = ev->flags & EV_ALERT_ENCRYPTED;
    const struct tls_alert *a = &ev->alert;
    char buf[NAME_TEXT];
    if (!a->from && !encrypted)
        return;
    json_object(j, "alert");
    json_text(j, "from", a->from == 'c' ? "client" : a->from == 's' ? "server" : NULL);
    if (encrypted) {
        json_bool(j, "encrypted", true);
    } else {
        json_text(j, "level", a->level == 2 ? "fatal" : "warning");
        json_uint(j, "code", a->code);
        json_text(j, "name", alert_name(a->code, buf));
    }
    json_end_object(j);
}

static void certificates(struct json_out *j, const struct tls_event *ev)
{
    if (ev->cert) {
        json_cert(j, "cert", ev->cert);
        if (ev->cert_count)
            json_uint(j, "chain", ev->cert_count);
        json_end_object(j);
    }
    if (ev->flags & (EV_CLIENT_CERT_REQUESTED | EV_CLIENT_CERT_SENT | EV_CLIENT_CERT_EMPTY)) {
        json_object(j, "client_cert");
        json_bool(j, "requested", ev->flags & EV_CLIENT_CERT_REQUESTED);
        json_bool(j, "sent", ev->flags & EV_CLIENT_CERT_SENT);
        json_end_object(j);
    }
}

/* What qualifies the observation itself. */
static const struct {
    uint32_t bit;
    const char *name;
} flag_names[] = {
    { EV_DIRECTION_GUESSED, "direction_guessed" },
    { EV_GAP, "gap" },
    { EV_ONE_SIDED, "one_sided" },
    { EV_MIDSTREAM, "midstream" },
    { EV_CUT, "cut" },
    { EV_HELLO_PARTIAL, "hello_partial" },
    { EV_SUITE_NOT_OFFERED, "suite_not_offered" },
    { EV_HELLO_VERIFY, "hello_verify" },
    { EV_NPN, "npn" },
    { EV_OCSP_STAPLE, "ocsp_staple" },
    { EV_CLEARTEXT_LOGIN, "cleartext_login" },
    { EV_PROXIED, "proxied" },
};

static void flags(struct json_out *j, uint32_t mask)
{
    bool any = false;
    for (size_t i = 0; i < sizeof flag_names / sizeof flag_names[0]; i++) {
        if (!(mask & flag_names[i].bit))
            continue;
        if (!any)
            json_array(j, "flags");
        any = true;
        json_text(j, NULL, flag_names[i].name);
    }
    if (any)
        json_end_array(j);
}

/* Names of enum encap, by bit. */
static const char *const encap_names[] = { "vlan",   "qinq",  "mpls", "pppoe",  "ppp",  "gre",  "erspan",
                                           "vxlan",  "geneve", "gtp", "ipip",   "teredo", "l2tp", "tzsp",
                                           "capwap", "wlan",  "nsh",  "pbb",    "cmd",  "vntag" };

static void encapsulation(struct json_out *j, const struct encap_ids *ids)
{
    if (!ids->kinds)
        return;
    json_array(j, "encap");
    for (size_t i = 0; i < sizeof encap_names / sizeof encap_names[0]; i++)
        if (ids->kinds >> i & 1)
            json_text(j, NULL, encap_names[i]);
    json_end_array(j);
    if (ids->vlan)
        json_uint(j, "vlan", ids->vlan);
    if (ids->vni)
        json_uint(j, "vni", ids->vni);
    if (ids->outer)
        json_uint(j, "outer_id", ids->outer);
    if (ids->inner)
        json_uint(j, "inner_id", ids->inner);
}

static void where(struct json_out *j, const struct ndjson *n, const struct tls_event *ev)
{
    if (ev->quic_version)
        json_hex(j, "quic_version", ev->quic_version, 8);
    encapsulation(j, &ev->ids);
    flags(j, ev->flags);
    if (ev->frame_client_hello || ev->frame_server_hello) {
        json_object(j, "frames");
        if (ev->frame_client_hello)
            json_uint(j, "client_hello", ev->frame_client_hello);
        if (ev->frame_server_hello)
            json_uint(j, "server_hello", ev->frame_server_hello);
        json_end_object(j);
    }
    const char *input = n->context.input ? n->context.input(n->context.ctx, ev->input) : NULL;
    if (input)
        json_text(j, "input", input);
}

static void parties(struct json_out *j, const struct tls_event *ev)
{
    char buf[ADDR_TEXT];
    json_time(j, "ts", ev->ts_ns);
    json_text(j, "transport", transport_name(ev->transport));
    address(j, "client_ip", "client_port", &ev->client);
    address(j, "server_ip", "server_port", &ev->server);
    if (ev->via.addr.kind != ADDR_NONE)
        json_text(j, "via", endpoint_print(&ev->via, buf));
    json_text(j, "upgrade", ev->upgrade);
    if (ev->target)
        json_text(j, "target", ev->target);
    json_text(j, "outcome", outcome_name(ev->outcome));
    if (aftermath_name(ev->aftermath))
        json_text(j, "aftermath", aftermath_name(ev->aftermath));
    if (ev->refusal_code)
        json_uint(j, "refusal_code", ev->refusal_code);
    if (ev->server_offered_upgrade)
        json_bool(j, "upgrade_offered", ev->server_offered_upgrade == 2);
}

/* The fields of every handshake line, null when unknown. */
static void handshake(struct json_out *j, const struct ndjson *n, const struct tls_event *ev, const struct suite *s)
{
    char buf[NAME_TEXT];
    version(j, "version", ev->version);
    if (ev->suite == SUITE_NONE)
        json_null(j, "cipher");
    else
        json_hex(j, "cipher", ev->suite, ev->suite > 0xffff ? 6 : 4);
    json_text(j, "cipher_name", s ? s->iana : NULL);
    json_text(j, "group", ev->group ? group_name(ev->group, buf) : NULL);
    if (ev->ch && rd_left(&ev->ch->sni))
        json_wire(j, "sni", ev->ch->sni);
    else
        json_null(j, "sni");
    if (ev->sh && rd_left(&ev->sh->alpn))
        json_wire(j, "alpn", ev->sh->alpn);
    else
        json_null(j, "alpn");
    version(j, "client_max_version", ev->ch ? ev->ch->max_version : 0);
    if (ev->flags & EV_RESUMED_KNOWN)
        json_bool(j, "resumed", ev->flags & EV_RESUMED);
    else
        json_null(j, "resumed");
    json_bool(j, "resumption_attempted", ev->flags & EV_RESUMPTION_ATTEMPTED);
    json_bool(j, "hrr", ev->flags & EV_HRR);
    json_text(j, "sentinel", sentinel_name(ev->sentinel));
    json_bool(j, "fallback_scsv", ev->flags & EV_FALLBACK_SCSV);
    json_text(j, "app", n->context.app ? n->context.app(n->context.ctx, ev) : NULL);
}

static void handshake_details(struct json_out *j, const struct tls_event *ev, const struct suite *s)
{
    char buf[NAME_TEXT];
    suite_facts(j, s);
    if (ev->dh_bits)
        json_uint(j, "dh_bits", ev->dh_bits);
    if (ev->sigscheme)
        json_text(j, "sigscheme", sigscheme_name(ev->sigscheme, buf));
    server_answer(j, ev);
    alert(j, ev);
    certificates(j, ev);
    if (ev->ch)
        client_offer(j, ev);
}

static void write_out(struct ndjson *n)
{
    if (!json_out_flush(&n->j, n->out) && !n->error)
        n->error = errno ? errno : ENOMEM;
}

static void ndjson_event(struct event_sink *self, const struct tls_event *ev)
{
    struct ndjson *n = (struct ndjson *)(void *)self;
    struct json_out *j = &n->j;
    bool upgrade = outcome_is_upgrade(ev->outcome);
    json_object(j, NULL);
    json_text(j, "type", upgrade ? "upgrade" : "tls");
    parties(j, ev);
    if (!upgrade) {
        const struct suite *s = ev->suite == SUITE_NONE ? NULL : suite_find(ev->suite);
        handshake(j, n, ev, s);
        handshake_details(j, ev, s);
    }
    where(j, n, ev);
    json_end_object(j);
    json_end_line(j);
    write_out(n);
}

void ndjson_line(struct event_sink *self, const char *line, size_t len, size_t at, size_t at_n, const char *app)
{
    struct ndjson *n = (struct ndjson *)(void *)self;
    json_raw(&n->j, line, at ? at : len);
    if (at) {
        json_text(&n->j, NULL, app);
        json_raw(&n->j, line + at + at_n, len - at - at_n);
    }
    write_out(n);
}

static int ndjson_close(struct event_sink *self, struct err *e)
{
    struct ndjson *n = (struct ndjson *)(void *)self;
    if (fflush(n->out) != 0 && !n->error)
        n->error = errno;
    int error = n->error;
    json_out_free(&n->j);
    free(n);
    return error ? err_set(e, "cannot write the ndjson output: %s", strerror(error)) : 0;
}

struct event_sink *ndjson_stream(FILE *out)
{
    struct ndjson *n = calloc(1, sizeof *n);
    if (!n)
        return NULL;
    *n = (struct ndjson){ .sink = { .event = ndjson_event, .close = ndjson_close }, .out = out };
    return &n->sink;
}

void ndjson_context(struct event_sink *s, const struct stream_context *c)
{
    ((struct ndjson *)(void *)s)->context = *c;
}
