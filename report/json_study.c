/* SPDX-License-Identifier: Apache-2.0 */
/* The sections of the JSON report that a study adds: verdicts, those listed apart, and the decision per policy. */
#include "report/accept.h"
#include "report/coverage.h"
#include "report/json_out.h"
#include "report/parts.h"
#include "report/showed.h"
#include "report/study.h"

#include <stdlib.h>

struct writer {
    struct json_out *j;
    FILE *out;
    struct study *s;
    bool failed; /* out of memory */
};

/* Each record begins a line, and what came before is written out. A write that fails is found at the end of the report. */
static struct json_out *row(struct writer *w)
{
    (void)json_out_flush(w->j, w->out);
    json_newline(w->j);
    json_object(w->j, NULL);
    return w->j;
}

static void open_section(struct writer *w, const char *name)
{
    (void)json_out_flush(w->j, w->out);
    json_newline(w->j);
    json_array(w->j, name);
}

static void close_section(struct writer *w)
{
    json_newline(w->j);
    json_end_array(w->j);
}

static void negotiated(struct json_out *j, const struct cube_key *k)
{
    char buf[NAME_TEXT];
    json_object(j, "negotiated");
    json_text(j, "version", k->version ? version_name(k->version, buf) : NULL);
    if (k->suite == SUITE_NONE)
        json_null(j, "cipher");
    else
        json_hex(j, "cipher", k->suite, k->suite > 0xffff ? 6 : 4);
    json_text(j, "group", k->group ? group_name(k->group, buf) : NULL);
    json_end_object(j);
}

static void exemplar_as(struct json_out *j, const char *key, const struct cube *c, const struct exemplar *x)
{
    const struct input *in = cube_input_at(c, x->input);
    json_object(j, key);
    json_text(j, "input", in ? in->name : NULL);
    json_uint(j, "frame", x->frame);
    json_time(j, "time", x->ts_ns);
    json_uint(j, "client_port", x->client_port);
    json_end_object(j);
}

static void exemplar(struct json_out *j, const struct cube *c, const struct exemplar *x)
{
    exemplar_as(j, "exemplar", c, x);
}

static void reasons(struct json_out *j, const struct study *s, const struct verdict *v)
{
    char text[REASONS][REASON_TEXT];
    unsigned n = verdict_reasons(s, v, text);
    json_array(j, "reasons");
    for (unsigned i = 0; i < n; i++)
        json_text(j, NULL, text[i]);
    json_end_array(j);
}

static void at_place(struct json_out *j, const struct study *s, const struct place *p)
{
    char buf[ADDR_TEXT];
    json_text(j, "server_ip", p->server.addr.kind == ADDR_NONE ? NULL : addr_print(&p->server.addr, buf));
    json_uint(j, "server_port", p->server.port);
    json_text(j, "transport", transport_name(p->transport));
    if (p->sni)
        json_wire(j, "name", cube_name(study_rollup(s)->cube, p->sni));
    else
        json_null(j, "name");
    json_text(j, "upgrade", cube_upgrade_name(p->upgrade));
}

/* The name that --names gives the client, and the addresses that it had here. */
static void called(struct writer *w, const struct cell *c)
{
    char buf[ADDR_TEXT];
    uint32_t n;
    struct addr *a = cell_addresses(w->s, c, &n);
    w->failed |= !a;
    json_text(w->j, "called", study_client_name(w->s, c->client));
    json_array(w->j, "addresses");
    for (uint32_t i = 0; a && i < n; i++)
        json_text(w->j, NULL, addr_print(&a[i], buf));
    json_end_array(w->j);
    free(a);
}

static void who_and_where(struct writer *w, const struct cell *c)
{
    const struct study *s = w->s;
    struct json_out *j = w->j;
    const struct cube *cube = study_rollup(s)->cube;
    const struct place *p = study_place(s, c->place);
    const struct profile *profile = cube_profile(cube, c->profile);
    char buf[ADDR_TEXT];
    json_text(j, "policy", policy_name(study_policy(s)));
    json_text(j, "client", addr_print(study_client(s, c->client), buf));
    if (study_client_name(s, c->client))
        called(w, c);
    json_text(j, "stack", profile ? profile->stack_label : NULL);
    at_place(j, s, p);
}

static void accepted(struct json_out *j, const struct study *s, const struct cell *c)
{
    const struct accepted *a = study_accepted(s, c);
    if (!a)
        return;
    json_text(j, "accepted_because", a->reason);
    json_text(j, "accepted_until", a->expires);
}

static void verdict_row(struct writer *w, const struct verdict *v)
{
    const struct study *s = w->s;
    const struct cell *c = study_cell(s, v->cell);
    const struct cube *cube = study_rollup(s)->cube;
    const struct profile *profile = cube_profile(cube, c->profile);
    struct json_out *j = row(w);
    char buf[NAME_TEXT];
    who_and_where(w, c);
    json_text(j, "verdict", verdict_name(v->is));
    reasons(j, s, v);
    negotiated(j, cube_row_key(cube, c->main_row));
    json_text(j, "best_offered", profile && profile->max_version ? version_name(profile->max_version, buf) : NULL);
    json_uint(j, "count", c->count);
    json_time(j, "first_seen", c->first_ns);
    json_time(j, "last_seen", c->last_ns);
    exemplar(j, cube, &cube_row_val(cube, c->exemplar_row)->exemplar);
    if (v->list == LIST_ACCEPTED)
        accepted(j, s, c);
    json_end_object(j);
}

static void verdict_rows(struct writer *w, enum verdict_list list)
{
    uint32_t n = study_verdicts(w->s);
    for (uint32_t i = 0; i < n; i++)
        if (study_verdict(w->s, i)->list == list)
            verdict_row(w, study_verdict(w->s, i));
}

static void sum(struct json_out *j, const char *key, const struct study_sum *x)
{
    json_object(j, key);
    json_uint(j, "verdicts", x->cells);
    json_uint(j, "clients", x->clients);
    json_uint(j, "servers", x->servers);
    json_uint(j, "handshakes", x->handshakes);
    json_end_object(j);
}

static void coverage(struct json_out *j, const struct coverage *c)
{
    json_object(j, "coverage");
    json_decimal(j, "window_days", (double)c->window_ns / 86400e9);
    json_uint(j, "packet_days", c->packet_days);
    json_uint(j, "hours_of_week", c->week_hours);
    json_bool(j, "month_end", c->month_end);
    json_uint(j, "days", c->days);
    json_uint(j, "handshakes", c->handshakes);
    json_uint(j, "clients", c->clients);
    json_uint(j, "hello_clients", c->hello_clients);
    json_uint(j, "lost", c->lost);
    json_uint(j, "one_sided", c->one_sided);
    json_uint(j, "unseen", c->unseen);
    json_uint(j, "sessions", c->sessions);
    json_uint(j, "folded", c->folded);
    json_decimal(j, "dropped_percent", (double)c->drop_permille / 10);
    json_uint(j, "unknown", c->unknown);
    json_uint(j, "likely", c->likely);
    json_uint(j, "proved", c->proved);
    json_uint(j, "offenders", c->offenders);
    json_uint(j, "offenders_on_one_day", c->once);
    json_uint(j, "offenders_on_two_days", c->twice);
    if (c->fresh_days)
        json_decimal(j, "new_offenders_per_day", (double)c->fresh / c->fresh_days);
    else
        json_null(j, "new_offenders_per_day");
    json_decimal(j, "unmet_offenders", c->unmet);
    json_array(j, "short_of");
    for (unsigned i = 0; i < 32; i++)
        if (c->shortage >> i & 1)
            json_text(j, NULL, coverage_shortage_name(i));
    json_end_array(j);
    json_end_object(j);
}

/* The word for one server. Those without a handshake of the study are left out. */
static void server_row(struct writer *w, uint32_t server)
{
    const struct coverage *c = study_coverage(w->s, server);
    const struct endpoint *at = study_server(w->s, server);
    char buf[ADDR_TEXT];
    if (!c->handshakes || !study_is_enforced(w->s, server))
        return;
    struct json_out *j = row(w);
    json_text(j, "server_ip", at->addr.kind == ADDR_NONE ? NULL : addr_print(&at->addr, buf));
    json_uint(j, "server_port", at->port);
    json_text(j, "transport", transport_name(study_server_transport(w->s, server)));
    json_text(j, "result", study_result_name(study_result_of(w->s, server)));
    json_time(j, "first_seen", c->first_ns);
    json_time(j, "last_seen", c->last_ns);
    coverage(j, c);
    json_end_object(j);
}

static void decision_row(struct writer *w, unsigned policy)
{
    const struct study_request *q = study_request_of(w->s);
    study_judge(w->s, policy);
    const struct decision *d = study_decision(w->s);
    struct json_out *j = row(w);
    json_text(j, "policy", policy_name(q->policy[policy]));
    json_text(j, "title", policy_title(q->policy[policy]));
    json_text(j, "result", study_result_name(d->result));
    json_array(j, "fail_on");
    for (unsigned i = 0; i < VERDICT_COUNT; i++)
        if (q->fail_on >> i & 1)
            json_text(j, NULL, verdict_name(i));
    json_end_array(j);
    sum(j, "all", &d->all);
    for (unsigned i = 0; i < VERDICT_COUNT; i++)
        sum(j, verdict_name(i), &d->by[i]);
    sum(j, "stale", &d->stale);
    sum(j, "accepted", &d->accepted);
    coverage(j, study_coverage(w->s, 0));
    const struct rollup *r = study_rollup(w->s);
    json_uint(j, "captures_in_part", r->unread + r->partly + r->stats.file_cut);
    json_object(j, "not_compared");
    json_uint(j, "proofs", study_excess(w->s)->proofs);
    json_uint(j, "answers", study_excess(w->s)->answers);
    json_end_object(j);
    json_array(j, "came_along");
    for (uint32_t p = 1; p <= study_places(w->s); p++)
        if (study_came_along(w->s, p)) {
            json_object(j, NULL);
            at_place(j, w->s, study_place(w->s, p));
            json_end_object(j);
        }
    json_end_array(j);
    json_array(j, "not_seen");
    for (unsigned i = 0; i < q->enforces; i++)
        if (study_enforce_missed(w->s, i, NULL, 0))
            json_text(j, NULL, q->enforce[i].text);
    json_end_array(j);
    json_array(j, "servers");
    for (uint32_t i = 1; i <= study_servers(w->s); i++)
        server_row(w, i);
    json_newline(j);
    json_end_array(j);
    json_end_object(j);
}

/* Those of one list under every policy; judged again only where there are any. */
static void apart_section(struct writer *w, const char *name, enum verdict_list list, const struct decision *d)
{
    const struct study_request *q = study_request_of(w->s);
    open_section(w, name);
    for (unsigned i = 0; i < q->policies; i++) {
        if ((list == LIST_STALE ? d[i].stale : d[i].accepted).cells == 0)
            continue;
        study_judge(w->s, i);
        verdict_rows(w, list);
    }
    close_section(w);
}

/* ---- what each place showed that it can do ---- */

static void evidence(struct json_out *j, const struct study *s, const char *key, uint32_t row)
{
    const struct cube *c = study_rollup(s)->cube;
    if (row)
        exemplar_as(j, key, c, &cube_row_val(c, row)->exemplar);
    else
        json_null(j, key);
}

static void showed_version(struct json_out *j, const struct study *s, const char *key, uint16_t version, uint32_t row)
{
    char buf[NAME_TEXT];
    if (version == VER_NONE) {
        json_null(j, key);
        return;
    }
    json_object(j, key);
    json_text(j, "version", version_name(version, buf));
    evidence(j, s, "exemplar", row);
    json_end_object(j);
}

static void showed_fact(struct json_out *j, const struct study *s, const char *key, const struct showed_fact *f)
{
    json_object(j, key);
    evidence(j, s, "yes", f->yes);
    evidence(j, s, "no", f->no);
    json_end_object(j);
}

static void showed_lists(struct json_out *j, const struct study *s, const struct showed *w)
{
    char buf[NAME_TEXT];
    json_array(j, "suites");
    for (unsigned i = 0; i < w->suites; i++) {
        json_object(j, NULL);
        json_text(j, "version", version_name(w->suite[i].version, buf));
        json_hex(j, "cipher", w->suite[i].suite, w->suite[i].suite > 0xffff ? 6 : 4);
        json_uint(j, "handshakes", w->suite[i].count);
        evidence(j, s, "exemplar", w->suite[i].row);
        json_end_object(j);
    }
    json_end_array(j);
    json_array(j, "groups");
    for (unsigned i = 0; i < w->groups; i++) {
        json_object(j, NULL);
        json_text(j, "group", group_name(w->group[i].group, buf));
        json_uint(j, "handshakes", w->group[i].count);
        evidence(j, s, "exemplar", w->group[i].row);
        json_end_object(j);
    }
    json_end_array(j);
    json_array(j, "certificates");
    for (unsigned i = 0; i < w->certs; i++) {
        json_object(j, NULL);
        json_text(j, "key", cert_key_name(w->cert[i]->key));
        json_uint(j, "bits", w->cert[i]->key_bits);
        json_text(j, "curve", w->cert[i]->curve ? group_name(w->cert[i]->curve, buf) : NULL);
        evidence(j, s, "exemplar", w->cert_row[i]);
        json_end_object(j);
    }
    json_end_array(j);
    json_uint(j, "not_listed", w->more_suites + w->more_groups);
}

static void showed_row(struct writer *w, uint32_t place, const struct showed *x)
{
    static const char *const order[] = { [ORDER_NOT_SHOWN] = NULL, [ORDER_SERVER] = "server", [ORDER_CLIENT] = "client",
                                         [ORDER_BOTH] = "both" };
    const struct study *s = w->s;
    struct json_out *j = row(w);
    at_place(j, s, study_place(s, place));
    json_uint(j, "handshakes", x->handshakes);
    showed_version(j, s, "lowest", x->lowest, x->lowest_row);
    showed_version(j, s, "highest", x->highest, x->highest_row);
    showed_version(j, s, "proved", x->proved, x->proved_row);
    showed_version(j, s, "refused", x->refused, x->refused_row);
    evidence(j, s, "more_was_offered", x->limit_row);
    showed_lists(j, s, x);
    json_text(j, "suite_order", order[showed_order(x)]);
    evidence(j, s, "suite_passed_over", x->server_order_row);
    evidence(j, s, "suite_listed_first", x->client_order_row[0]);
    evidence(j, s, "suite_listed_first_too", x->client_order_row[1]);
    showed_fact(j, s, "extended_master_secret", &x->ems);
    showed_fact(j, s, "renegotiation_info", &x->renegotiation_info);
    showed_fact(j, s, "fallback_refused", &x->scsv);
    json_end_object(j);
}

static void showed_rows(struct writer *w)
{
    struct showed x;
    bool *asked = showed_asked(w->s);
    w->failed |= !asked;
    open_section(w, "capabilities");
    for (uint32_t p = 1; asked && p <= study_places(w->s); p++)
        if (asked[p - 1] && place_showed(w->s, p, &x) && x.lowest != VER_NONE)
            showed_row(w, p, &x);
    close_section(w);
    free(asked);
}

static void idle_exceptions(struct writer *w, struct study_request *q)
{
    const struct accepted *x;
    bool expired;
    q->idle_exceptions = 0;
    open_section(w, "exceptions_without_effect");
    for (uint32_t i = 0; (x = study_idle_exception(w->s, &i, &expired)); q->idle_exceptions++) {
        struct json_out *j = row(w);
        json_uint(j, "line", x->line);
        json_text(j, "pair", x->pair);
        json_text(j, "until", x->expires);
        json_text(j, "why", expired ? "expired" : "not seen");
        json_end_object(j);
    }
    close_section(w);
}

bool json_study(struct json_out *j, FILE *out, const struct rollup *r)
{
    struct study_request *q = r->view->study;
    struct writer w = { .j = j, .out = out, .s = study_make(r, q) };
    struct decision *d = calloc(q->policies, sizeof *d);
    if (!w.s || !d) {
        study_free(w.s);
        free(d);
        return false;
    }
    q->exits = STUDY_READY;
    open_section(&w, "verdicts");
    for (unsigned i = 0; i < q->policies; i++) {
        study_judge(w.s, i);
        verdict_rows(&w, LIST_MAIN);
        d[i] = *study_decision(w.s);
        q->exits = d[i].exits > q->exits ? d[i].exits : q->exits;
    }
    close_section(&w);
    apart_section(&w, "stale_verdicts", LIST_STALE, d);
    apart_section(&w, "accepted_verdicts", LIST_ACCEPTED, d);
    open_section(&w, "decisions");
    for (unsigned i = 0; i < q->policies; i++)
        decision_row(&w, i);
    close_section(&w);
    idle_exceptions(&w, q);
    showed_rows(&w);
    free(d);
    study_free(w.s);
    return !w.failed;
}
