/* SPDX-License-Identifier: Apache-2.0 */
/* One verdict's reasoning, step by step: finds the verdicts on a client and a server. */
#include "base/nearest.h"
#include "report/explain.h"
#include "report/explain_impl.h"
#include "report/names_file.h"
#include "report/parts.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void explain_say(const struct explaining *x, unsigned hang, const char *fmt, ...)
{
    char buf[1024];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(buf, sizeof buf, fmt, ap);
    va_end(ap);
    table_wrap(x->out, buf, TEXT_INDENT, hang, TEXT_WIDTH);
}

static void explain(struct explaining *x, const struct verdict *v)
{
    const struct cell *c = &x->s->cell[v->cell];
    const struct place *p = study_place(x->s, c->place);
    struct verdict again = { .cell = v->cell };
    char client[2 * PHRASE], server[ADDR_TEXT], name[PHRASE], from[10 * ADDR_TEXT];
    const char *upgrade = cube_upgrade_name(p->upgrade);
    x->j = (struct judge){ .s = x->s, .p = x->s->policy, .v = &again };
    judge_cell(&x->j, c);
    (void)fprintf(x->out, "%s with %s%s%s%s%s%s, under %s\n", client_text(x->s, c->client, client, sizeof client),
                  endpoint_print(&p->server, server), transport_note(p->transport), p->sni ? " as " : "",
                  p->sni ? escape_text(cube_name(x->s->cube, p->sni), name, sizeof name) : "", upgrade ? " by " : "",
                  upgrade ? upgrade : "", policy_name(x->s->policy));
    if (*cell_addresses_text(x->s, c, from, sizeof from))
        explain_say(x, 0, "From %s.", from);
    explain_facts(x);
    explain_steps(x, v);
    (void)fputc('\n', x->out);
}

/* By its address, by a name that it was asked by, or by the one that --names gives it. */
static bool is_server(const struct rollup *r, const struct enforce *want, const struct endpoint *server, uint32_t name)
{
    struct rd sni = cube_name(r->cube, name);
    const struct named *called = want->named ? names_file_find(r->view->names, &server->addr) : NULL;
    size_t n = strlen(want->name);
    bool here = !want->named ? cidr_has(&want->at, &server->addr)
                             : (rd_left(&sni) == n && strncasecmp((const char *)sni.p, want->name, n) == 0) ||
                                   (called && strcasecmp(called->name, want->name) == 0);
    return here && (!want->port || want->port == server->port);
}

static bool is_subject(const struct study *s, const struct study_subject *q, const struct cell *c)
{
    const struct place *p = study_place(s, c->place);
    return is_server(s->r, &q->server, &p->server, p->sni) && study_is_client(s, c->client, q);
}

static bool met(const struct rollup *r, const struct roll_apart *a, const struct enforce *server)
{
    for (uint32_t i = 0; i < r->rows; i++) {
        const struct cube_key *k = cube_row_key(r->cube, r->order[i]);
        if (addr_equal(&k->client.addr, &a->client) && is_server(r, server, &k->server, k->sni))
            return true;
    }
    return false;
}

/* Who is set apart has no verdict, and a reason for that. */
static unsigned set_apart(const struct explaining *x, const struct rollup *r, const struct study_subject *q)
{
    unsigned found = 0;
    char at[ADDR_TEXT];
    for (uint32_t i = 0; i < r->aparts; i++) {
        const struct roll_apart *a = &r->apart[i];
        const struct named *n = *q->client_name ? names_file_find(r->view->names, &a->client) : NULL;
        bool here = *q->client_name ? n && strcasecmp(n->name, q->client_name) == 0 : cidr_has(&q->client, &a->client);
        if (!here || !met(r, a, &q->server))
            continue;
        (void)fprintf(x->out, "%s is set apart: %s%s\n", addr_print(&a->client, at), a->scanner ? "recognised as a scanner, " : "", a->why);
        explain_say(x, 0, "It was seen with this server and has no verdict: what it offers is in no figure but those of what servers can do. "
                  "See CLIENTS SET APART in the manual.");
        found++;
    }
    return found;
}

static bool has_verdict(const struct study *s, uint32_t pair, uint8_t upgrade)
{
    for (uint32_t i = 0; i < study_verdicts(s); i++) {
        const struct cell *c = &s->cell[study_verdict(s, i)->cell];
        if (s->seen[c->from].pair == pair && study_place(s, c->place)->upgrade == upgrade)
            return true;
    }
    return false;
}

/* Who never came to a handshake has no verdict either: what went on in clear text is all that is known. */
static unsigned only_plain(const struct explaining *x, const struct study_subject *q)
{
    const struct study *s = x->s;
    unsigned found = 0;
    char client[2 * PHRASE], server[ADDR_TEXT];
    for (uint32_t pair = 1; pair <= intern_count(s->pairs); pair++) {
        const struct party_pair *p = &s->pair[pair - 1];
        const struct plain *first = p->plain_first ? &s->plain[p->plain_first - 1] : NULL;
        const struct cube_key *k = first ? cube_row_key(s->cube, first->row) : NULL;
        if (!first || !study_is_client(s, first->client, q) || !is_server(s->r, &q->server, &k->server, k->sni))
            continue;
        for (uint8_t upgrade = 1; upgrade < 64; upgrade++) {
            if (!(p->plain >> upgrade & 1) || has_verdict(s, pair, upgrade))
                continue;
            (void)fprintf(x->out, "%s with %s%s by %s\n", client_text(s, first->client, client, sizeof client),
                          endpoint_print(&k->server, server), transport_note(k->transport), cube_upgrade_name(upgrade));
            explain_plain(x, p->plain_first, upgrade);
            (void)fputs("\nNo verdict\n", x->out);
            explain_say(x, 0, "No TLS handshake of the two was seen by this protocol, so nothing is known of what the client "
                              "offers, and a policy for TLS changes nothing for it: it is in clear text already.");
            (void)fputc('\n', x->out);
            found++;
        }
    }
    return found;
}

static bool server_was_seen(const struct rollup *r, const struct study_subject *q)
{
    for (uint32_t i = 0; i < r->rows; i++) {
        const struct cube_key *k = cube_row_key(r->cube, r->order[i]);
        if (is_server(r, &q->server, &k->server, k->sni))
            return true;
    }
    return false;
}

/* A name that nothing was asked by and --names does not give to any server that was seen. */
static int unknown_name(const struct rollup *r, const struct study_subject *q, struct err *e)
{
    struct nearest near = { .word = q->server.name };
    char name[NEAREST_TEXT];
    for (uint32_t i = 1; i <= cube_names(r->cube); i++)
        nearest_try(&near, escape_text(cube_name(r->cube, i), name, sizeof name));
    for (uint32_t i = 0; r->view->names && i < names_file_count(r->view->names); i++)
        nearest_try(&near, names_file_at(r->view->names, i)->name);
    return err_set(e, "explain: no server of the name %.200s was seen, by SNI or --names%s%s", q->server.name,
                   near.best[0] ? "; the nearest is " : "", near.best);
}

/* Nobody by that address: where clients are pseudonyms, one by its pseudonym may be. */
static int nobody(const struct rollup *r, const struct study_subject *q, struct err *e)
{
    const struct cube *c = r->cube;
    if (q->server.named && !server_was_seen(r, q))
        return unknown_name(r, q, e);
    if (cube_has_pseudonyms(c) && !*q->client_name && q->client.addr.kind != ADDR_PSEUDO)
        return err_set(e, "explain: clients are pseudonyms here (--anonymize): name one as the report prints it, client- and 16 digits");
    return err_set(e, "explain: no handshake of this client with this server was seen; the report lists those that were");
}

/* What is explained counts what was read; one that is in it twice is not shown anywhere else. */
static bool tell_repeated(const struct explaining *x, const struct cube *c)
{
    char buf[REPEATED_TEXT];
    uint32_t captures, *times = inputs_times(c, &captures);
    bool ok = times != NULL;
    if (captures)
        (void)fprintf(x->out, "%s\n", inputs_repeated(captures, buf));
    free(times);
    return ok;
}

int explain_report(FILE *out, const struct cube *c, const struct view *v, struct err *e)
{
    struct rollup *r = rollup_make(c, v);
    struct explaining x = { .out = out, .s = r ? study_make(r, v->study) : NULL };
    unsigned found = 0;
    int rc = x.s ? 0 : err_set(e, "not enough memory to explain");
    for (unsigned i = 0; x.s && i < v->study->policies; i++) {
        study_judge(x.s, i);
        for (uint32_t k = 0; k < study_verdicts(x.s); k++) {
            const struct verdict *w = study_verdict(x.s, k);
            if (is_subject(x.s, v->study->subject, &x.s->cell[w->cell])) {
                explain(&x, w);
                found++;
            }
        }
    }
    found += x.s && rc == 0 ? only_plain(&x, v->study->subject) : 0;
    found += x.s ? set_apart(&x, r, v->study->subject) : 0;
    if (x.s && rc == 0 && !found)
        rc = nobody(r, v->study->subject, e);
    if (found && !tell_repeated(&x, c))
        rc = err_set(e, "not enough memory to explain");
    study_free(x.s);
    rollup_free(r);
    return rc;
}
