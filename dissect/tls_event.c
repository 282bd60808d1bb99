/* SPDX-License-Identifier: Apache-2.0 */
/* What a conversation came to, as an event. */
#include "dissect/tls_state.h"

static enum resumption resumption(const struct tls *t, const struct client_hello *ch)
{
    if (t->sslv2)
        return t->sslv2_resumed ? RESUMPTION_YES : RESUMPTION_NO;
    if (!t->sh)
        return RESUMPTION_UNKNOWN;
    if (version_rank(t->version) == version_rank(VER_TLS13))
        return t->sh->hello.psk ? RESUMPTION_YES : t->flags & EV_HELLO_PARTIAL ? RESUMPTION_UNKNOWN : RESUMPTION_NO;
    if (t->full || t->abbreviated)
        return t->full ? RESUMPTION_NO : RESUMPTION_YES;
    if (!ch)
        return RESUMPTION_UNKNOWN;
    if (rd_left(&ch->session_id) && rd_equal(&ch->session_id, &t->sh->hello.session_id))
        return RESUMPTION_YES; /* RFC 5246 section 7.4.1.3 */
    /* A ticket without a session id resumes with none (RFC 5077 section 3.4): then only the flight tells. */
    return rd_left(&ch->session_id) || rd_left(&ch->ticket) == 0 ? RESUMPTION_NO : RESUMPTION_UNKNOWN;
}

static bool resumption_attempted(const struct client_hello *ch)
{
    bool compat = version_rank(ch->max_version) == version_rank(VER_TLS13); /* RFC 8446 appendix D.4: an id of no session */
    return (rd_left(&ch->session_id) && !compat) || rd_left(&ch->ticket) || (ch->ext_mask & EXT_PSK);
}

static bool suite_offered(const struct client_hello *ch, uint32_t suite)
{
    size_t size = ch->format == HELLO_SSLV2 ? 3 : 2;
    for (struct rd r = ch->suites; rd_left(&r) >= size;)
        if ((size == 3 ? rd_u24(&r) : rd_u16(&r)) == suite)
            return true;
    return false;
}

/* ch: NULL when there was none. */
static uint32_t flags_of_hellos(const struct tls *t, const struct client_hello *ch)
{
    uint32_t flags = 0;
    if (ch) {
        flags |= resumption_attempted(ch) ? EV_RESUMPTION_ATTEMPTED : 0;
        flags |= ch->fallback_scsv ? EV_FALLBACK_SCSV : 0;
        flags |= ch->ext_mask & EXT_ECH ? EV_ECH : 0;
        flags |= t->suite != SUITE_NONE && !suite_offered(ch, t->suite) ? EV_SUITE_NOT_OFFERED : 0;
    }
    if (t->sh && !t->sslv2) {
        const struct server_hello *sh = &t->sh->hello;
        flags |= sh->ext_mask & EXT_EMS ? EV_EMS : 0;
        flags |= sh->ext_mask & EXT_ETM ? EV_ETM : 0;
        flags |= sh->ext_mask & EXT_RENEGOTIATION_INFO ? EV_RENEGOTIATION_INFO : 0;
        flags |= sh->ext_mask & EXT_NPN ? EV_NPN : 0;
        flags |= sh->compression ? EV_COMPRESSION : 0;
    }
    switch (resumption(t, ch)) {
    case RESUMPTION_UNKNOWN:
        break;
    case RESUMPTION_NO:
        flags |= EV_RESUMED_KNOWN;
        break;
    case RESUMPTION_YES:
        flags |= EV_RESUMED_KNOWN | EV_RESUMED | EV_RESUMPTION_ATTEMPTED;
        break;
    }
    return flags;
}

static void fill_hello(struct tls *t, struct tls_event *ev)
{
    hello_recall(t->ch, &t->shared->ch);
    ev->ch = &t->shared->ch;
    ev->offer = rd_of(t->shared->offer, client_hello_offer(ev->ch, t->shared->offer));
}

static void fill_alert(const struct tls *t, struct tls_event *ev)
{
    bool alert = t->outcome == OUTCOME_ALERT_CLIENT || t->outcome == OUTCOME_ALERT_SERVER || t->outcome == OUTCOME_CLOSED ||
                 t->outcome == OUTCOME_UNANSWERED;
    if (alert && t->alert_side != SIDE_NONE && !t->alert_sealed)
        ev->alert = (struct tls_alert){ t->alert_side == t->client ? 'c' : 's', t->alert_level, t->alert_code };
    else if (t->outcome == OUTCOME_ALERT_CLIENT || t->outcome == OUTCOME_ALERT_SERVER)
        ev->alert = (struct tls_alert){ .from = t->outcome == OUTCOME_ALERT_CLIENT ? 'c' : 's' };
}

void tls_fill_event(struct tls *t, enum tls_end end, unsigned by, struct tls_event *ev)
{
    /* At the end of input the rest of a hello is not missing but still to come. */
    for (unsigned d = 0; d < 2 && end != TLS_END_INPUT; d++)
        tls_salvage(t, d);
    outcome_end(t, end, by);
    ev->ts_ns = t->has_ch ? t->ch_when.ts_ns : t->first.ts_ns;
    ev->end_ns = t->now.ts_ns;
    ev->frame_client_hello = t->has_ch ? t->ch_when.frame : 0;
    ev->frame_server_hello = t->has_sh ? t->sh_when.frame : 0;
    ev->outcome = t->outcome;
    if (t->has_ch)
        fill_hello(t, ev);
    ev->flags |= t->flags | flags_of_hellos(t, ev->ch);
    ev->version = t->version;
    ev->version_wire = t->version_wire;
    ev->suite = t->suite;
    ev->group = t->group;
    ev->dh_bits = t->dh_bits;
    ev->sigscheme = t->sigscheme;
    ev->cert = t->cert;
    ev->cert_count = t->cert_count;
    if (t->sh && !t->sslv2) {
        ev->sh = &t->sh->hello;
        ev->sentinel = t->sh->hello.sentinel;
    }
    fill_alert(t, ev);
}
