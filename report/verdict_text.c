/* SPDX-License-Identifier: Apache-2.0 */
/* Why a verdict is what it is, in sentences: first what decides, then what limits it. */
#include "report/accept.h"
#include "report/parts.h"
#include "report/rollup_impl.h"
#include "report/study_impl.h"
#include "report/text.h"

#include <stdarg.h>
#include <string.h>

struct reasons {
    char (*out)[REASON_TEXT];
    unsigned n;
};

__attribute__((format(printf, 2, 3))) static void say(struct reasons *r, const char *fmt, ...)
{
    va_list ap;
    if (r->n == REASONS)
        return;
    va_start(ap, fmt);
    (void)vsnprintf(r->out[r->n++], REASON_TEXT, fmt, ap);
    va_end(ap);
}

static const char *chosen(const struct cube_key *k, char *buf)
{
    char v[PHRASE], x[PHRASE], g[NAME_TEXT];
    int n = snprintf(buf, PHRASE, "%s", text_version(k->version, v));
    if (k->suite != SUITE_NONE)
        n += snprintf(buf + n, (size_t)(PHRASE - n), " %s", text_suite(k->suite, x));
    if (k->group)
        (void)snprintf(buf + n, (size_t)(PHRASE - n), " %s", group_name(k->group, g));
    return buf;
}

const char *place_text(const struct study *s, uint32_t place, char *buf, size_t cap)
{
    char at[ADDR_TEXT], name[PHRASE];
    const struct place *p = study_place(s, place);
    const char *upgrade = cube_upgrade_name(p->upgrade);
    (void)escape_text(cube_name(s->cube, p->sni), name, sizeof name);
    (void)snprintf(buf, cap, "%s%s%s%s%s%s", endpoint_print(&p->server, at), transport_note(p->transport), p->sni ? " " : "", name,
                   upgrade ? " " : "", upgrade ? upgrade : "");
    return buf;
}

/* ---- what the offer lacks, and the least that would clear it ---- */

static const char *list_names(unsigned missing, char *buf)
{
    static const char *const name[] = { "version", "cipher suite", "group", "signature scheme", "feature" };
    size_t n = 0;
    *buf = '\0';
    for (unsigned i = 0; i < sizeof name / sizeof *name; i++)
        if (missing >> i & 1)
            n += (size_t)snprintf(buf + n, PHRASE - n, "%s%s", n ? " and no " : "no ", name[i]);
    return buf;
}

/* The lowest version that the policy allows in this family. */
static uint16_t least_version(const struct policy *p, bool dtls)
{
    static const uint16_t all[2][5] = { { VER_SSL3, VER_TLS10, VER_TLS11, VER_TLS12, VER_TLS13 },
                                        { VER_DTLS10, VER_DTLS12, VER_DTLS13, 0, 0 } };
    for (unsigned i = 0; i < 5; i++)
        if (all[dtls][i] && policy_allows_version(p, all[dtls][i]))
            return all[dtls][i];
    return VER_NONE;
}

static void say_missing(const struct study *s, const struct verdict *v, struct reasons *r)
{
    const struct cell *c = &s->cell[v->cell];
    const struct profile *p = cube_profile(s->cube, c->profile);
    struct offer o;
    char what[PHRASE], top[PHRASE], least[PHRASE];
    if (!p || !offer_read(p->offer, &o))
        return;
    uint16_t need = least_version(s->policy, o.format == HELLO_DTLS);
    if (v->missing & MISS_VERSION)
        say(r, "it offers no version that is allowed: %s at most%s%s", text_version(p->max_version, top),
            need ? "; the least upgrade that would clear it: " : "", need ? text_version(need, least) : "");
    else
        say(r, "its offer (up to %s) holds %s that is allowed%s; the least upgrade that would clear it: one more %s",
            text_version(p->max_version, top), list_names(v->missing & ~(unsigned)MISS_FEATURE, what),
            v->notes & NOTE_CERT ? " with this server's certificate" : "",
            v->missing & MISS_SUITE ? "cipher suite" : v->missing & MISS_GROUP ? "group" : "signature scheme");
    if (p->guess)
        say(r, "the software is %s (advice)", p->guess);
}

static void say_rules(const struct study *s, const char *what, uint64_t rules, struct reasons *r)
{
    for (unsigned i = 0; i < policy_rules(s->policy) && i < 64; i++)
        if (rules >> i & 1)
            say(r, "%s %s: %s", what, policy_rule_id(s->policy, i), policy_rule_text(s->policy, i));
}

/* ---- the sentence that decides ---- */

static void say_failing(const struct study *s, const struct verdict *v, struct reasons *r)
{
    const struct cube_key *k = cube_row_key(s->cube, v->row);
    char alert[NAME_TEXT], a[PHRASE];
    if (k->alert_from && !(k->flags & EV_ALERT_ENCRYPTED))
        say(r, "no handshake completed; the %s says: alert %s (%u)", k->alert_from == 'c' ? "client" : "server",
            alert_name(k->alert_code, alert), k->alert_code);
    else if (k->alert_from)
        say(r, "no handshake completed; the %s sent an encrypted alert", k->alert_from == 'c' ? "client" : "server");
    else
        say(r, "no handshake completed: %s", outcome_text(k->outcome));
    if (k->version)
        say(r, "that was after the server had chosen %s", chosen(k, a));
    say(r, "it fails today: not to be blamed on the cutover");
}

static void say_server_first(const struct study *s, const struct verdict *v, struct reasons *r)
{
    const struct cube_key *k = cube_row_key(s->cube, v->row);
    char a[PHRASE], b[PHRASE];
    const struct profile *p = cube_profile(s->cube, s->cell[v->cell].profile);
    if (v->notes & NOTE_FALLBACK)
        say(r, "the server refused this client's higher ClientHello and took the lower one: it is intolerant, or lacks what the higher one needs");
    else if (v->notes & NOTE_CERT_FORBIDDEN)
        say(r, "the server's certificate is not allowed: it needs another one first");
    else if (v->notes & NOTE_ORDER)
        say(r, "the server chose %s; what is allowed and this client offers was listed first, or alone, by this and other clients and "
               "never chosen: it has to be enabled there first", chosen(k, a));
    else
        say(r, "the server chose %s although %s was offered%s", chosen(k, a), p ? text_version(p->max_version, b) : "more",
            v->notes & NOTE_OWN ? "" : " (seen with another client)");
}

static void say_proof(const struct study *s, const struct verdict *v, struct reasons *r)
{
    const struct cube_key *k = cube_row_key(s->cube, v->row);
    char a[PHRASE], who[ADDR_TEXT];
    if (v->notes & NOTE_FALLBACK)
        say(r, "this hello is a retry after a higher one had failed, and the higher one succeeds at other times");
    else if (v->notes & NOTE_OWN)
        say(r, "the server chose %s for this client", chosen(k, a));
    else if (v->notes & NOTE_SENTINEL)
        say(r, "the server marked a downgrade: it can do more than it chose for %s", addr_print(&k->client.addr, who));
    else
        say(r, "the server chose %s for %s", chosen(k, a), addr_print(&k->client.addr, who));
}

static void say_unknown(const struct study *s, const struct verdict *v, struct reasons *r)
{
    if (v->notes & NOTE_NO_HELLO)
        say(r, "the ClientHello was not seen; a capture of both directions from the start of a connection would settle it");
    else if (v->notes & NOTE_OFFER_CUT)
        say(r, "the ClientHello is too long to be kept whole");
    else if (v->notes & NOTE_SCSV)
        say(r, "the ClientHello says that it is a fallback (TLS_FALLBACK_SCSV): the client can do more; its first ClientHello would settle it");
    else if (v->notes & NOTE_RESUMING)
        say(r, "only hellos that resume a session were seen, and such a hello may offer less than the client can; a full handshake would settle it");
    else if (v->notes & NOTE_INTERCEPTION)
        say(r, "the server marked a downgrade although the client offered more: fallback or interception is suspected; a capture next to "
               "the server would settle it");
    else if (v->notes & NOTE_LOSS)
        say(r, "packets between the two are missing: nothing is concluded from what was not seen; a capture without loss would settle it");
    else if (v->notes & NOTE_ORDER)
        say(r, "what the policy leaves of its offer is RC4 or worse, and the server is shown not to have that: it will hardly work; the "
               "client has to offer more");
    else if (v->notes & NOTE_OWN_FAILURE)
        say(r, "the server refused an offer of this client that holds what is allowed; a later success would settle it");
    else if (v->notes & NOTE_NO_ANSWER)
        say(r, "the server's answer was not seen, and nobody else showed that it can do what is allowed; a capture of both directions would settle it");
    else
        say(r, "nobody was seen to get from this server what is allowed; one handshake that does would settle it");
    (void)s;
}

/* By its address, where the client has several. */
static void say_fell(const struct study *s, const struct cell *c, struct reasons *r)
{
    char at[ADDR_TEXT], of[PHRASE] = "";
    uint32_t first = study_plain_of(s, c, 0), addresses;
    (void)study_addresses(s, c->client, &addresses);
    if (first && addresses > 1)
        (void)snprintf(of, sizeof of, " (%s for one)",
                       addr_print(&cube_row_key(s->cube, s->plain[first - 1].row)->client.addr, at));
    say(r, "this client was seen going on in clear text with this server%s: enforcement would expose what it sends, not stop "
           "it", of);
}

static void say_decisive(const struct study *s, const struct verdict *v, struct reasons *r)
{
    switch ((enum verdict_kind)v->is) {
    case VERDICT_FAILING:
        say_failing(s, v, r);
        return;
    case VERDICT_PLAINTEXT:
        say_missing(s, v, r);
        say_fell(s, &s->cell[v->cell], r);
        return;
    case VERDICT_BREAKS:
        say_missing(s, v, r);
        return;
    case VERDICT_SERVER_FIRST:
        say_server_first(s, v, r);
        return;
    case VERDICT_READY:
    case VERDICT_SAFE:
    case VERDICT_LIKELY:
        say_proof(s, v, r);
        return;
    case VERDICT_UNKNOWN:
    case VERDICT_COUNT:
        say_unknown(s, v, r);
        return;
    }
}

/* ---- what else is to be known, in the order of weight ---- */

static const struct {
    uint32_t note, kinds; /* kinds: a bit for each verdict that it is said with; 0: all */
    const char *text;
} notes[] = {
    { NOTE_VERSION_ONLY, 1u << VERDICT_SERVER_FIRST, "that the server has none is concluded from several stacks that listed such before what "
                                                     "they got, in vain: a habit of servers, no proof" },
    { NOTE_VERSION_ONLY, 1u << VERDICT_LIKELY, "only the version is proved: not a cipher suite, group and signature of this offer together with it" },
    { NOTE_RESUMED_ONLY, 0, "only resumed handshakes were seen: they prove the version, not today's configuration" },
    { NOTE_DH, 0, "not proved: that this client can use a DH prime of that size (Java 7 and older stop at 1024 bits)" },
    { NOTE_SIGNATURE, 0, "not proved: that this client accepts the signature and certificate that the server would use" },
    { NOTE_ANY_GROUP, 0, "not proved: that this client can use the curve, because it does not list any" },
    { NOTE_CLIENT_AUTH, 0, "not proved: that this client can authenticate by certificate in the version that would be left" },
    { NOTE_FEATURE, 0, "it lacks a feature that the policy requires; whether the server can insist on it depends on its software" },
    { NOTE_SCHEMES, 0, "none of its signature schemes is allowed; whether the server refuses it for that, although its suite needs none, "
                       "depends on its software" },
    { NOTE_SPLIT, 0, "the same offer got different answers at overlapping times: several backends, and only what each of them showed counts" },
    { NOTE_MAY_FALL, 0, "the protocol is opportunistic: it may fall to plaintext instead of failing" },
    { NOTE_FALLBACK_SEEN, 0, "it followed a failed higher ClientHello from the same address: a retry, or a second machine behind it" },
    { NOTE_CHANGED, 0, "the server's configuration changed in the window; what was seen before is not counted on" },
    { NOTE_MIXED, 0, "reached through a proxy and not named: several servers may be meant, and nothing of other clients is used" },
    { NOTE_LOSS, 1u << VERDICT_SAFE | 1u << VERDICT_LIKELY, "packets between the two are missing: only what was seen is used" },
};

static void say_nat(const struct study *s, const struct verdict *v, struct reasons *r)
{
    uint32_t client = s->cell[v->cell].client, addresses;
    struct stack_sum n = s->client_stacks[client - 1];
    (void)study_addresses(s, client, &addresses);
    const char *where = addresses > 1 ? "under this name" : "at this address";
    bool bad = v->is == VERDICT_BREAKS || v->is == VERDICT_PLAINTEXT, falls = s->decision.by[VERDICT_PLAINTEXT].cells != 0;
    const char *one = falls ? "breaks or falls to plaintext" : "breaks", *more = falls ? "break or fall to plaintext" : "break";
    const char *lot = n.broken == 1 ? one : more;
    if (v->notes & NOTE_NAT && bad && n.judged < n.all)
        say(r, "%u of the %u asked about, of %u stacks %s, %s: several programs, or machines behind a NAT or a jump host",
            (unsigned)n.broken, (unsigned)n.judged, (unsigned)n.all, where, lot);
    else if (v->notes & NOTE_NAT && bad)
        say(r, "%u of %u stacks %s %s: several programs, or machines behind a NAT or a jump host", (unsigned)n.broken,
            (unsigned)n.all, where, lot);
    else if (v->notes & NOTE_NAT && v->is == VERDICT_UNKNOWN)
        say(r, "one of %u stacks %s: several programs, or machines behind a NAT or a jump host", (unsigned)n.all, where);
}

const char *verdict_accepted(const struct study *s, const struct verdict *v, char buf[ACCEPTED_TEXT])
{
    const struct accepted *a = v->list == LIST_ACCEPTED ? study_accepted(s, &s->cell[v->cell]) : NULL;
    char why[4 * sizeof a->reason];
    buf[0] = '\0';
    if (a)
        (void)snprintf(buf, ACCEPTED_TEXT, "accepted until %s: %s", a->expires, escape_text(rd_of(a->reason, strlen(a->reason)), why, sizeof why));
    return buf;
}

unsigned verdict_reasons(const struct study *s, const struct verdict *v, char out[REASONS][REASON_TEXT])
{
    struct reasons r = { .out = out };
    bool wrong = v->is == VERDICT_LIKELY || v->is == VERDICT_SAFE || v->is == VERDICT_UNKNOWN || v->is == VERDICT_SERVER_FIRST;
    say_decisive(s, v, &r);
    if (wrong && v->broken)
        say_rules(s, "today it violates", v->broken, &r);
    if (v->notes & NOTE_INVISIBLE)
        say_rules(s, "not visible:", v->invisible, &r);
    for (size_t i = 0; i < sizeof notes / sizeof *notes; i++)
        if (v->notes & notes[i].note && (!notes[i].kinds || notes[i].kinds >> v->is & 1))
            say(&r, "%s", notes[i].text);
    say_nat(s, v, &r);
    if (v->list == LIST_STALE)
        say(&r, "this stack was replaced: another one of this client has called the server since, and this one has not");
    return r.n;
}
