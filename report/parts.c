/* SPDX-License-Identifier: Apache-2.0 */
#include "report/parts.h"
#include "report/rollup.h"

#include "dissect/event.h"

#include <stdlib.h>
#include <string.h>

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

const char *transport_note(uint8_t transport)
{
    return transport == TRANSPORT_QUIC ? " (QUIC)" : transport == TRANSPORT_UDP ? " (UDP)" : "";
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

static int service_cmp(const struct service *s, const struct endpoint *server, uint8_t proto)
{
    int d = endpoint_cmp(&s->server, server);
    return d ? d : (s->proto > proto) - (s->proto < proto);
}

const char *service_name(const struct cube *c, const struct endpoint *server, uint8_t transport)
{
    unsigned n, lo = 0;
    const struct service *s = cube_services(c, &n);
    unsigned hi = n;
    uint8_t proto = transport == TRANSPORT_TCP ? PROTO_TCP : PROTO_UDP;
    while (lo < hi) {
        unsigned mid = lo + (hi - lo) / 2;
        if (service_cmp(&s[mid], server, proto) < 0)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < n && service_cmp(&s[lo], server, proto) == 0 ? s[lo].name : NULL;
}

static int input_cmp(const void *x, const void *y, void *ctx)
{
    const struct cube *c = ctx;
    const struct input *a = cube_input_at(c, *(const uint32_t *)x), *b = cube_input_at(c, *(const uint32_t *)y);
    if (a->first_ns != b->first_ns)
        return a->first_ns < b->first_ns ? -1 : 1;
    int d = strcmp(a->name, b->name);
    return d ? d : memcmp(a->digest, b->digest, sizeof a->digest);
}

uint32_t *inputs_sorted(const struct cube *c)
{
    unsigned n = cube_inputs(c);
    uint32_t *id = n ? malloc(n * sizeof *id) : NULL;
    if (!id)
        return NULL;
    for (uint32_t i = 0; i < n; i++)
        id[i] = i + 1;
    qsort_r(id, n, sizeof *id, input_cmp, (void *)(uintptr_t)c);
    return id;
}

static int digest_cmp(const void *x, const void *y, void *ctx)
{
    const struct cube *c = ctx;
    return memcmp(cube_input_at(c, *(const uint32_t *)x)->digest, cube_input_at(c, *(const uint32_t *)y)->digest, 32);
}

/* Without a state no digest is taken: all zero, and nothing is known of what is alike. Nor does it matter of empty ones. */
static bool can_be_alike(const struct cube *c, uint32_t a, uint32_t b)
{
    static const uint8_t none[32] = { 0 };
    const struct input *x = cube_input_at(c, a), *y = cube_input_at(c, b);
    return x->packets && memcmp(x->digest, none, sizeof none) != 0 && memcmp(x->digest, y->digest, sizeof none) == 0;
}

uint32_t *inputs_times(const struct cube *c, uint32_t *captures)
{
    uint32_t n = cube_inputs(c), *id = malloc((n + 1u) * sizeof *id), *times = calloc(n + 1u, sizeof *times);
    *captures = 0;
    for (uint32_t i = 0; id && i < n; i++)
        id[i] = i + 1;
    if (id && n)
        qsort_r(id, n, sizeof *id, digest_cmp, (void *)(uintptr_t)c);
    for (uint32_t i = 0, to; id && times && i < n; i = to) {
        uint32_t sum = 0;
        for (to = i; to == i || (to < n && can_be_alike(c, id[i], id[to])); to++)
            sum += 1 + cube_input_at(c, id[to])->again;
        *captures += sum > 1;
        for (uint32_t k = i; k < to; k++)
            times[id[k] - 1] = sum;
    }
    if (!id) {
        free(times);
        times = NULL;
    }
    free(id);
    return times;
}

const char *inputs_repeated(uint32_t captures, char buf[REPEATED_TEXT])
{
    *buf = '\0';
    if (captures)
        (void)snprintf(buf, REPEATED_TEXT, "Counted more than once: %u %s (--again, or in several states); the figures hold %s "
                       "each time.", captures, captures == 1 ? "capture" : "captures", captures == 1 ? "it" : "them");
    return buf;
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

static void edge_add(struct edge *edge, const struct view *v, const struct cube_val *row)
{
    unsigned outside = !view_has_time(v, row->first_ns, row->first_ns) + !view_has_time(v, row->last_ns, row->last_ns);
    if (outside == 0)
        return;
    edge->handshakes += row->count;
    edge->least += outside == 1;
    edge->most += row->count > outside ? row->count - outside : 0;
}

struct edge edge_of(const struct rollup *r)
{
    struct edge edge = { .handshakes = 0 };
    for (uint32_t i = 0; i < r->rows; i++)
        if (!outcome_is_upgrade(cube_row_key(r->cube, r->order[i])->outcome))
            edge_add(&edge, r->view, cube_row_val(r->cube, r->order[i]));
    return edge;
}
