/* SPDX-License-Identifier: Apache-2.0 */
#include "report/coverage.h"
#include "report/names_file.h"
#include "report/study_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define HOUR_NS INT64_C(3600000000000)
#define DAY_NS (24 * HOUR_NS)

/* ---- the site's window ---- */

static bool is_month_end(int64_t hour)
{
    time_t tomorrow = (time_t)((hour / 24 + 1) * 86400);
    struct tm tm;
    return gmtime_r(&tomorrow, &tm) && tm.tm_mday == 1;
}

static void window(const struct study *s, struct coverage *c)
{
    bool seen[168] = { false };
    const struct stats *total = &s->r->stats;
    int64_t day = -1;
    c->window_ns = s->r->last_ns - s->r->first_ns;
    for (unsigned i = 0; i < cube_hours(s->cube); i++) {
        const struct hour *h = cube_hour_at(s->cube, i);
        if (!h->stats.packets || h->hour < 0 || !view_has_hour(s->r->view, h->hour))
            continue;
        seen[h->hour % 168] = true;
        c->packet_days += h->hour / 24 != day; /* hours are in order */
        day = h->hour / 24;
        c->month_end |= is_month_end(h->hour);
    }
    for (unsigned i = 0; i < 168; i++)
        c->week_hours += seen[i];
    uint64_t drops = total->drop_kernel + total->drop_interface;
    c->drop_permille = (unsigned)(drops * 1000 / (drops + total->packets + 1));
    c->unseen = total->upgrade_opaque + total->tls_midstream + total->quic_midstream + total->quic_undecryptable;
    c->sessions = c->unseen;
}

/* ---- handshakes per server and for the site ---- */

static void widen(struct coverage *c, const struct cube_val *v)
{
    c->first_ns = !c->handshakes || v->first_ns < c->first_ns ? v->first_ns : c->first_ns;
    c->last_ns = !c->handshakes || v->last_ns > c->last_ns ? v->last_ns : c->last_ns;
    c->handshakes += v->count;
    c->sessions += v->count;
}

static void add_row(struct coverage *c, const struct cube_key *k, const struct cube_val *v)
{
    widen(c, v);
    bool one = k->flags & EV_ONE_SIDED || k->outcome == OUTCOME_ONE_SIDED;
    bool part = k->flags & (EV_GAP | EV_CUT) || k->outcome == OUTCOME_INCOMPLETE || k->outcome == OUTCOME_EVICTED;
    c->one_sided += one ? v->count : 0;
    c->lost += part ? v->count : 0;
    c->unseen += k->profile == 0 ? v->count : 0;
}

/* Where not even the server was kept, it may have been any. */
static void count_folded(struct study *s)
{
    for (uint32_t i = 1; i <= cube_rows(s->cube); i++) {
        const struct cube_row *row = cube_row_at(s->cube, i);
        const struct cube_shape *shape = cube_shape(s->cube, row->key.shape);
        if (!(shape->flags & CUBE_OTHER) || !view_has_time(s->r->view, row->first_ns, row->last_ns))
            continue;
        struct endpoint at = cube_row_server(s->cube, row);
        uint64_t n = cube_row_count(s->cube, row);
        uint32_t server = study_server_at(s, &at, shape->transport);
        if (at.addr.kind == ADDR_NONE)
            s->folded_anywhere += n;
        else if (study_asks_for(s, &at))
            s->coverage[0].folded += n;
        if (server)
            s->coverage[server].folded += n;
    }
    for (uint32_t i = 0; i <= s->servers; i++)
        s->coverage[i].folded += s->folded_anywhere;
}

static uint64_t folded_of_enforced(const struct study *s)
{
    uint64_t n = s->folded_anywhere;
    for (uint32_t i = 1; i <= s->servers; i++)
        n += study_is_enforced(s, i) ? s->coverage[i].folded - s->folded_anywhere : 0;
    return n;
}

static int u64_cmp(const void *x, const void *y)
{
    uint64_t a = *(const uint64_t *)x, b = *(const uint64_t *)y;
    return (a > b) - (a < b);
}

/* Sorts, and leaves each only once. */
static uint32_t distinct(uint64_t *list, uint32_t n)
{
    uint32_t kept = 0;
    if (n)
        qsort(list, n, sizeof *list, u64_cmp);
    for (uint32_t i = 0; i < n; i++)
        if (i == 0 || list[i] != list[i - 1])
            list[kept++] = list[i];
    return kept;
}

static int u32_cmp(const void *x, const void *y)
{
    uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;
    return (a > b) - (a < b);
}

static uint32_t distinct32(uint32_t *list, uint32_t n)
{
    uint32_t kept = 0;
    if (n)
        qsort(list, n, sizeof *list, u32_cmp);
    for (uint32_t i = 0; i < n; i++)
        kept += i == 0 || list[i] != list[i - 1];
    return kept;
}

static void count_days_and_clients(struct study *s)
{
    uint64_t *day = malloc((2 * (size_t)s->sights + 1) * sizeof *day);
    uint64_t *client = malloc((2 * (size_t)s->cells + 1) * sizeof *client);
    uint64_t *hello = malloc((2 * (size_t)s->cells + 1) * sizeof *hello); /* clients whose ClientHello was seen */
    uint32_t days = 0, clients = 0, hellos = 0;
    s->failed |= !day || !client || !hello;
    for (uint32_t i = 0; i < s->cells && !s->failed; i++) {
        const struct cell *c = &s->cell[i];
        if (!c->in_study)
            continue;
        uint64_t server = s->place_server[c->place - 1];
        client[clients++] = server << 32 | c->client;
        client[clients++] = c->client;
        if (c->stack) {
            hello[hellos++] = server << 32 | c->client;
            hello[hellos++] = c->client;
        }
        for (uint32_t k = c->from; k < c->to; k++) {
            uint32_t d = s->seen[k].day;
            day[days++] = server << 32 | d;
            day[days++] = d;
        }
    }
    days = s->failed ? 0 : distinct(day, days);
    clients = s->failed ? 0 : distinct(client, clients);
    hellos = s->failed ? 0 : distinct(hello, hellos);
    for (uint32_t i = 0; i < days; i++)
        s->coverage[day[i] >> 32].days++;
    for (uint32_t i = 0; i < clients; i++)
        s->coverage[client[i] >> 32].clients++;
    for (uint32_t i = 0; i < hellos; i++)
        s->coverage[hello[i] >> 32].hello_clients++;
    free(day);
    free(client);
    free(hello);
}

/* With --enforce the figures for the site are of what is to be enforced. */
static void site_of_enforced(struct study *s)
{
    struct coverage *c = &s->coverage[0];
    uint32_t *day = malloc((s->sights + 1u) * sizeof *day), *client = malloc((s->cells + 1u) * sizeof *client);
    uint32_t *hello = malloc((s->cells + 1u) * sizeof *hello), days = 0, clients = 0, hellos = 0;
    s->failed |= !day || !client || !hello;
    *c = (struct coverage){ .folded = folded_of_enforced(s) };
    window(s, c);
    for (uint32_t i = 0; i < s->cells && !s->failed; i++) {
        if (!s->cell[i].in_study || s->verdict[i].list == LIST_OUTSIDE)
            continue;
        client[clients++] = s->cell[i].client;
        if (s->cell[i].stack)
            hello[hellos++] = s->cell[i].client;
        for (uint32_t k = s->cell[i].from; k < s->cell[i].to; k++) {
            day[days++] = s->seen[k].day;
            add_row(c, cube_row_key(s->cube, s->seen[k].row), cube_row_val(s->cube, s->seen[k].row));
        }
    }
    c->days = s->failed ? 0 : distinct32(day, days);
    c->clients = s->failed ? 0 : distinct32(client, clients);
    c->hello_clients = s->failed ? 0 : distinct32(hello, hellos);
    free(day);
    free(client);
    free(hello);
}

/* ---- who would break, and who was not met yet ---- */

/* A cell in the order in which machines are told apart: by server (0: the whole site), stack, prefix, client. */
struct member {
    uint32_t server, stack, prefix, client, cell;
};

static int member_group(const struct member *a, const struct member *b)
{
    int d = order32(a->server, b->server);
    if (!d)
        d = order32(a->stack, b->stack);
    return d ? d : order32(a->prefix, b->prefix);
}

static int member_cmp(const void *x, const void *y)
{
    const struct member *a = x, *b = y;
    int d = member_group(a, b);
    if (!d)
        d = order32(a->client, b->client);
    return d ? d : order32(a->cell, b->cell);
}

/* Whose addresses may follow one another: a /24 or /64. A name (--names) and a MAC address stay with their machine. */
static struct addr prefix_of(const struct study *s, const struct addr *a)
{
    struct addr p = *a;
    if (names_file_find(s->r->view->names, a))
        return p;
    if (p.kind == ADDR_IP6)
        p = addr_prefix(a, 64);
    if (p.kind == ADDR_IP4)
        p.b[3] = 0;
    return p;
}

/* By client id - 1: a number of its prefix. */
static uint32_t *prefixes(struct study *s)
{
    uint32_t n = intern_count(s->clients), *out = malloc((n + 1u) * sizeof *out);
    struct intern *t = intern_new(UINT32_MAX / 4, 0);
    for (uint32_t i = 0; out && t && i < n; i++) {
        struct addr p = prefix_of(s, &s->client[i]);
        out[i] = intern_put(t, &p, sizeof p, NULL);
    }
    if (!t) {
        free(out);
        out = NULL;
    }
    intern_free(t);
    return out;
}

static void members_collect(struct study *s)
{
    uint32_t *prefix = prefixes(s);
    s->by_site = malloc((s->cells + 1u) * sizeof *s->by_site);
    s->by_server = malloc((s->cells + 1u) * sizeof *s->by_server);
    s->failed |= !prefix || !s->by_site || !s->by_server;
    for (uint32_t i = 0; i < s->cells && !s->failed; i++) {
        const struct cell *c = &s->cell[i];
        struct member m = { .stack = c->stack, .prefix = prefix[c->client - 1], .client = c->client, .cell = i };
        s->by_site[i] = m;
        m.server = s->place_server[c->place - 1];
        s->by_server[i] = m;
    }
    if (!s->failed) {
        qsort(s->by_site, s->cells, sizeof *s->by_site, member_cmp);
        qsort(s->by_server, s->cells, sizeof *s->by_server, member_cmp);
    }
    free(prefix);
}

/* The days of one address: first, last and how many. */
struct stay {
    uint32_t first, last, days;
};

static int stay_cmp(const void *x, const void *y)
{
    const struct stay *a = x, *b = y;
    int d = order32(a->first, b->first);
    if (!d)
        d = order32(a->last, b->last);
    return d ? d : order32(a->days, b->days);
}

static void machine_add(struct coverage *c, const struct stay *m, uint32_t fresh_from)
{
    c->offenders++;
    c->once += m->days == 1;
    c->twice += m->days == 2;
    c->fresh += c->fresh_days && m->first >= fresh_from;
}

/* A heap: the machine that was last seen first is on top. */
static void sift_up(struct stay *heap, uint32_t at)
{
    for (; at && heap[(at - 1) / 2].last > heap[at].last; at = (at - 1) / 2) {
        struct stay up = heap[(at - 1) / 2];
        heap[(at - 1) / 2] = heap[at];
        heap[at] = up;
    }
}

static void sift_down(struct stay *heap, uint32_t n)
{
    for (uint32_t at = 0, least; 2 * at + 1 < n; at = least) {
        least = 2 * at + 1;
        if (least + 1 < n && heap[least + 1].last < heap[least].last)
            least++;
        if (heap[at].last <= heap[least].last)
            return;
        struct stay down = heap[at];
        heap[at] = heap[least];
        heap[least] = down;
    }
}

/* Stays that follow one another without touching are one machine whose address changed: in order of their first day, each takes up
 * the machine that has been gone for the longest. What is left is as few machines as can have made these stays. */
static void machines(struct coverage *c, struct stay *stay, uint32_t n, uint32_t fresh_from)
{
    uint32_t held = 0; /* stay[0..held) is the heap; it never outgrows what was taken from the list */
    qsort(stay, n, sizeof *stay, stay_cmp);
    for (uint32_t i = 0; i < n; i++) {
        struct stay m = stay[i];
        if (held && stay[0].last < m.first) {
            stay[0].last = m.last;
            stay[0].days += m.days;
            sift_down(stay, held);
        } else {
            stay[held] = m;
            sift_up(stay, held++);
        }
    }
    for (uint32_t i = 0; i < held; i++)
        machine_add(c, &stay[i], fresh_from);
}

/* Room for one group: its stays, and the days of one client. */
struct stays {
    struct stay *stay;
    uint32_t *day;
    uint32_t stays, days;
};

static void stay_close(struct stays *r)
{
    if (r->days == 0)
        return;
    qsort(r->day, r->days, sizeof *r->day, u32_cmp);
    struct stay s = { .first = r->day[0], .last = r->day[r->days - 1], .days = 1 };
    for (uint32_t i = 1; i < r->days; i++)
        s.days += r->day[i] != r->day[i - 1];
    r->stay[r->stays++] = s;
    r->days = 0;
}

/* Cells of one server, stack and prefix. */
static void group_add(struct study *s, const struct member *m, uint32_t n, struct stays *r)
{
    struct coverage *c = &s->coverage[m->server];
    uint32_t client = 0;
    r->stays = r->days = 0;
    for (uint32_t i = 0; i < n; i++) {
        const struct cell *cell = &s->cell[m[i].cell];
        if (!s->offends[m[i].cell])
            continue;
        if (m[i].client != client)
            stay_close(r);
        client = m[i].client;
        for (uint32_t k = cell->from; k < cell->to; k++)
            r->day[r->days++] = s->seen[k].day;
    }
    stay_close(r);
    if (r->stays)
        machines(c, r->stay, r->stays, (uint32_t)(s->r->last_ns / DAY_NS) + 1 - c->fresh_days);
}

static void offenders(struct study *s)
{
    const struct member *const lists[] = { s->by_site, s->by_server };
    struct stays r = { .stay = malloc((s->cells + 1u) * sizeof *r.stay), .day = malloc((s->sights + 1u) * sizeof *r.day) };
    s->failed |= !r.stay || !r.day;
    for (unsigned l = 0; l < 2 && !s->failed; l++)
        for (uint32_t i = 0, to; i < s->cells; i = to) {
            for (to = i; to < s->cells && member_group(&lists[l][to], &lists[l][i]) == 0;)
                to++;
            group_add(s, &lists[l][i], to - i, &r);
        }
    free(r.stay);
    free(r.day);
}

/* Chao's estimate of what was never met, over as many days as there were. */
static void estimate(struct coverage *c)
{
    double days = c->days, once = (double)c->once, twice = (double)c->twice;
    double pairs = c->twice ? once * once / (2 * twice) : c->once ? once * (once - 1) / 2 : 0; /* not 0 * -1, which prints as -0 */
    double meetings = once + 2 * twice + 3 * (double)(c->offenders - c->once - c->twice);
    c->unmet = days > 1 ? pairs * (days - 1) / days : 0;
    c->unmet_share = meetings > 0 ? once / meetings : 0;
}

/* ---- */

void coverage_open(struct study *s)
{
    s->coverage = calloc(s->servers + 1u, sizeof *s->coverage);
    s->failed |= !s->coverage;
    if (s->failed)
        return;
    struct coverage *site = &s->coverage[0];
    window(s, site);
    for (uint32_t i = 0; i < s->cells; i++)
        for (uint32_t k = s->cell[i].from; k < s->cell[i].to && s->cell[i].in_study; k++) {
            const struct cube_key *key = cube_row_key(s->cube, s->seen[k].row);
            const struct cube_val *v = cube_row_val(s->cube, s->seen[k].row);
            add_row(site, key, v);
            add_row(&s->coverage[s->place_server[s->cell[i].place - 1]], key, v);
        }
    for (uint32_t i = 1; i <= s->servers; i++) {
        s->coverage[i].window_ns = site->window_ns;
        s->coverage[i].packet_days = site->packet_days;
        s->coverage[i].week_hours = site->week_hours;
        s->coverage[i].month_end = site->month_end;
        s->coverage[i].drop_permille = site->drop_permille;
    }
    count_folded(s);
    count_days_and_clients(s);
    if (!s->failed)
        members_collect(s);
}

/* ---- is it enough? ---- */

static bool above(uint64_t part, uint64_t whole, unsigned percent)
{
    return whole && part * 100 > whole * percent;
}

static unsigned shortage_of(const struct coverage *c)
{
    unsigned s = 0;
    s |= c->window_ns < ENOUGH_DAYS * DAY_NS || c->packet_days < ENOUGH_DAYS ? SHORT_WINDOW : 0;
    s |= c->week_hours < ENOUGH_WEEK_HOURS ? SHORT_WEEK : 0;
    s |= c->handshakes < ENOUGH_HANDSHAKES ? SHORT_HANDSHAKES : 0;
    s |= above(c->lost, c->handshakes, ENOUGH_LOST_PERCENT) || c->drop_permille > 10 * ENOUGH_LOST_PERCENT ? SHORT_LOST : 0;
    s |= above(c->one_sided, c->handshakes, ENOUGH_HIDDEN_PERCENT) ? SHORT_ONE_SIDED : 0;
    s |= above(c->unseen, c->sessions, ENOUGH_HIDDEN_PERCENT) ? SHORT_UNSEEN : 0;
    s |= above(c->unknown, c->handshakes, ENOUGH_HIDDEN_PERCENT) ? SHORT_UNKNOWN : 0;
    s |= above(c->folded, c->handshakes + c->folded, ENOUGH_LOST_PERCENT) ? SHORT_FOLDED : 0;
    return s;
}

static void count_verdict(struct coverage *c, const struct verdict *v, const struct cell *cell)
{
    c->judged += cell->count;
    c->unknown += v->is == VERDICT_UNKNOWN ? cell->count : 0;
    c->likely += v->is == VERDICT_LIKELY ? cell->count : 0;
    c->proved += v->is == VERDICT_READY || v->is == VERDICT_SAFE ? cell->count : 0;
}

void coverage_judge(struct study *s)
{
    if (s->q->enforces)
        site_of_enforced(s);
    int64_t days = s->r->last_ns / DAY_NS - s->r->first_ns / DAY_NS; /* without the first, on which everybody is new */
    days = days < s->coverage[0].packet_days ? days : (int64_t)s->coverage[0].packet_days - 1; /* nor those without a packet */
    for (uint32_t i = 0; i <= s->servers; i++) {
        struct coverage *c = &s->coverage[i];
        c->unknown = c->likely = c->proved = c->judged = c->offenders = c->once = c->twice = c->fresh = 0;
        c->fresh_days = days < 0 ? 0 : days > 7 ? 7 : (unsigned)days;
    }
    for (uint32_t i = 0; i < s->cells; i++) {
        const struct verdict *v = &s->verdict[i];
        const struct cell *c = &s->cell[i];
        if (v->list != LIST_MAIN)
            continue;
        count_verdict(&s->coverage[0], v, c);
        count_verdict(&s->coverage[s->place_server[c->place - 1]], v, c);
    }
    offenders(s);
    for (uint32_t i = 0; i <= s->servers; i++) {
        estimate(&s->coverage[i]);
        s->coverage[i].shortage = shortage_of(&s->coverage[i]);
    }
}

enum study_result coverage_result(const struct coverage *c)
{
    if (c->shortage)
        return STUDY_NOT_ENOUGH;
    return !c->proved || above(c->likely, c->judged, ENOUGH_LIKELY_PERCENT) ? STUDY_NOT_PROVED : STUDY_READY;
}

static const struct {
    const char *name, *text;
} shortages[] = {
    { "window", "the capture spans less than 7 days, or has packets of fewer: go on capturing into the same state file" },
    { "hours_of_week", "fewer than nine tenths of the hours of a week were seen: let the capture run day and night, weekend included" },
    { "handshakes", "fewer than 30 handshakes were seen: capture longer, or where more of its clients pass" },
    { "lost", "more than 1% was lost: narrow the filter, use a faster machine or more memory, mirror whole packets" },
    { "one_sided", "more than 5% of the handshakes were seen from one side only: mirror both directions" },
    { "unseen", "of more than 5% of the sessions the ClientHello was not seen: hidden in a tunnel, joined too late or not decodable" },
    { "unknown", "more than 5% of the handshakes belong to pairs whose verdict is unknown: their reasons say what would settle them" },
    { "folded", "more than 1% of the handshakes had no room in a table and are not judged: read with a larger --memory-limit" },
};

const char *coverage_shortage_name(unsigned bit)
{
    return bit < sizeof shortages / sizeof *shortages ? shortages[bit].name : NULL;
}

unsigned coverage_shortages(const struct coverage *c, char out[SHORTAGES][SHORTAGE_TEXT])
{
    unsigned n = 0;
    for (unsigned i = 0; i < sizeof shortages / sizeof *shortages; i++)
        if (c->shortage >> i & 1)
            (void)snprintf(out[n++], SHORTAGE_TEXT, "%s", shortages[i].text);
    return n;
}
