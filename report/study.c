/* SPDX-License-Identifier: Apache-2.0 */
#include "report/study_impl.h"
#include "report/names_file.h"
#include "report/rollup_impl.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name, *text;
} kinds[] = {
#define V(name, json, text) { json, text },
    VERDICTS(V)
#undef V
};

const char *verdict_name(enum verdict_kind v)
{
    return kinds[v].name;
}

const char *verdict_text(enum verdict_kind v)
{
    return kinds[v].text;
}

const char *study_result_name(enum study_result r)
{
    static const char *const name[] = { [STUDY_READY] = "ready", [STUDY_NOT_READY] = "not ready",
                                        [STUDY_NOT_ENOUGH] = "not enough seen" };
    return name[r];
}

int verdict_by_name(const char *name)
{
    for (int i = 0; i < VERDICT_COUNT; i++)
        if (strcmp(kinds[i].name, name) == 0)
            return i;
    return -1;
}

void *study_room(void *array, size_t width, uint32_t n, uint32_t *room)
{
    if (n < *room)
        return array;
    uint32_t more = *room ? *room * 2 : 256;
    void *p = more > n ? realloc(array, more * width) : NULL;
    if (p)
        *room = more;
    return p;
}

/* ---- rows to sights ---- */

static bool in_time(const struct view *v, const struct cube_val *val)
{
    return (!v->since_ns || val->last_ns >= v->since_ns) && (!v->until_ns || val->first_ns < v->until_ns);
}

/* Clients are told apart by address, or by what --names calls them: one that changes its address keeps its name. */
static uint32_t client_id(struct study *s, const struct addr *a)
{
    const struct named *n = names_file_find(s->r->view->names, a);
    bool fresh;
    uint32_t id = n ? intern_put(s->clients, n->name, strlen(n->name) + 1, &fresh)
                    : intern_put(s->clients, a, sizeof *a, &fresh);
    if (!id)
        return 0;
    struct addr *room = study_room(s->client, sizeof *room, id - 1, &s->client_room);
    if (!room)
        return 0;
    s->client = room;
    if (fresh || addr_cmp(a, &room[id - 1]) < 0)
        room[id - 1] = *a;
    return id;
}

static uint32_t place_id(struct study *s, const struct cube_key *k)
{
    const struct place p = { .server = k->server, .scope = k->scope, .sni = k->sni, .transport = k->transport,
                             .upgrade = k->upgrade };
    return intern_put(s->places, &p, sizeof p, NULL);
}

struct choice_key { /* interned as memory */
    uint32_t suite, cert, flags;
    uint16_t version, group, dh_bits, sigscheme;
    uint16_t named, pad;
};

static uint32_t choice_id(struct study *s, const struct cube_key *k)
{
    enum { OF_CHOICE = EV_RESUMED | EV_EMS | EV_ETM | EV_RENEGOTIATION_INFO | EV_COMPRESSION | EV_HRR };
    const struct choice_key c = { .suite = k->suite, .cert = k->cert, .flags = k->flags & OF_CHOICE, .version = k->version,
                                  .group = k->group, .dh_bits = k->dh_bits, .sigscheme = k->sigscheme,
                                  .named = k->sni ? 2 : k->profile ? 1 : 0 };
    return intern_put(s->choices, &c, sizeof c, NULL);
}

static struct choice choice_of(const struct study *s, const struct choice_key *c)
{
    bool tls = c->version != VER_SSL2;
    return (struct choice){ .version = c->version, .suite = c->suite, .group = c->group, .dh_bits = c->dh_bits,
                            .sigscheme = c->sigscheme, .cert = cube_cert(s->cube, c->cert),
                            .etm = tls ? 1 + !!(c->flags & EV_ETM) : 1, .ems = tls ? 1 + !!(c->flags & EV_EMS) : 1,
                            .renegotiation_info = 1 + !!(c->flags & EV_RENEGOTIATION_INFO), .sni = (uint8_t)c->named,
                            .compression = 1 + !!(c->flags & EV_COMPRESSION), .retried = 1 + !!(c->flags & EV_HRR),
                            .resumed = c->flags & EV_RESUMED };
}

static bool choices_collect(struct study *s)
{
    uint32_t n = intern_count(s->choices);
    struct intern *classes = intern_new(UINT32_MAX / 4, 0);
    s->choice = malloc((n + 1u) * sizeof *s->choice);
    s->choice_class = malloc((n + 1u) * sizeof *s->choice_class);
    bool ok = s->choice && s->choice_class && classes;
    for (uint32_t i = 0; ok && i < n; i++) {
        struct choice_key key = *(const struct choice_key *)intern_key(s->choices, i + 1, NULL);
        s->choice[i] = choice_of(s, &key);
        const struct cert_facts *cert = s->choice[i].cert;
        key.flags &= EV_ETM;
        key.named = 0;
        key.cert = cert && cert->key == CERT_KEY_EC ? cert->curve : 0;
        s->choice_class[i] = intern_put(classes, &key, sizeof key, NULL);
    }
    intern_free(classes);
    return ok;
}

/* The pair of a row's client and server; 0: out of memory. */
static uint32_t pair_id(struct study *s, const struct cube_key *k, uint32_t client)
{
    struct {
        struct endpoint server;
        uint32_t client, scope, transport;
    } key = { .server = k->server, .client = client, .scope = k->scope, .transport = k->transport };
    bool fresh;
    uint32_t id = intern_put(s->pairs, &key, sizeof key, &fresh);
    struct party_pair *room = id ? study_room(s->pair, sizeof *room, id - 1, &s->pair_room) : NULL;
    if (!room)
        return 0;
    s->pair = room;
    if (fresh)
        room[id - 1] = (struct party_pair){ .stack = 0 };
    return id;
}

static bool touched_by_loss(const struct cube_key *k)
{
    return k->flags & (EV_GAP | EV_ONE_SIDED | EV_CUT) || k->outcome == OUTCOME_ONE_SIDED || k->outcome == OUTCOME_INCOMPLETE ||
           k->outcome == OUTCOME_EVICTED;
}

/* A session that went on in clear text is counted with the client and the server: it has no hello to know a stack by. */
static void note_plain(struct study *s, struct party_pair *p, const struct cube_key *k, uint32_t row)
{
    bool plain = k->outcome == OUTCOME_PLAINTEXT || (k->outcome == OUTCOME_REFUSED && k->aftermath == AFTER_PLAINTEXT) ||
                 (k->outcome == OUTCOME_STRIPPED && k->aftermath == AFTER_PLAINTEXT) ||
                 (k->outcome == OUTCOME_NOT_OFFERED && (k->aftermath == AFTER_PLAINTEXT || k->flags & EV_CLEARTEXT_LOGIN));
    if (!plain || k->upgrade > 63)
        return;
    p->plain |= UINT64_C(1) << k->upgrade;
    p->plain_count += cube_row_val(s->cube, row)->count;
    p->plain_row = row;
}

static uint32_t sight_is(const struct cube_key *k)
{
    bool whole = row_is_whole(k);
    uint32_t is = k->outcome == OUTCOME_COMPLETED && k->version ? SIGHT_COMPLETED : row_failed(k) && whole ? SIGHT_FAILED : 0;
    is |= whole ? SIGHT_WHOLE : 0;
    is |= row_is_full(k) ? SIGHT_FULL : 0;
    is |= k->flags & EV_SUITE_NOT_OFFERED ? SIGHT_STRANGE : 0;
    is |= k->fallback_from ? SIGHT_RETRY : 0;
    is |= k->flags & EV_RESUMPTION_ATTEMPTED ? 0 : SIGHT_FRESH;
    return is | (k->flags & EV_CLIENT_CERT_SENT ? SIGHT_AUTH : 0);
}

static bool sight_add(struct study *s, uint32_t row)
{
    const struct cube_key *k = cube_row_key(s->cube, row);
    uint32_t client = client_id(s, &k->client.addr), pair = client ? pair_id(s, k, client) : 0;
    if (!pair)
        return false;
    struct party_pair *p = &s->pair[pair - 1];
    p->lossy |= k->profile == 0 && touched_by_loss(k); /* whose hello it was is not known: anybody's */
    if (outcome_is_upgrade(k->outcome)) {
        note_plain(s, p, k, row);
        return true;
    }
    const struct profile *profile = cube_profile(s->cube, k->profile);
    uint32_t stack = profile ? profile->stack : 0;
    p->several |= p->stack && stack && p->stack != stack;
    p->stack = p->stack ? p->stack : stack;
    struct sight *x = &s->seen[s->sights];
    *x = (struct sight){ .place = place_id(s, k), .stack = stack, .client = client, .row = row, .day = k->day, .is = sight_is(k),
                         .pair = pair, .choice = k->version ? choice_id(s, k) : 0 };
    s->sights++;
    return x->place && (x->choice || !k->version);
}

static int order32(uint32_t a, uint32_t b)
{
    return (a > b) - (a < b);
}

static int cell_order(const struct sight *a, const struct sight *b)
{
    int d = order32(a->place, b->place);
    if (!d)
        d = order32(a->stack, b->stack);
    return d ? d : order32(a->client, b->client);
}

/* Within a cell in order of time. */
static int sight_cmp(const void *x, const void *y, void *study)
{
    const struct sight *a = x, *b = y;
    int d = cell_order(a, b);
    if (d || a->row == b->row)
        return d;
    return row_is_later(study, a->row, b->row) ? 1 : row_is_later(study, b->row, a->row) ? -1 : order32(a->row, b->row);
}

static bool sights_collect(struct study *s)
{
    uint32_t rows = cube_rows(s->cube);
    s->seen = malloc((rows + 1) * sizeof *s->seen);
    if (!s->seen)
        return false;
    for (uint32_t row = 1; row <= rows; row++) {
        bool counted = !(cube_row_key(s->cube, row)->flags & CUBE_OTHER) && in_time(s->r->view, cube_row_val(s->cube, row));
        if (counted && !sight_add(s, row))
            return false;
    }
    qsort_r(s->seen, s->sights, sizeof *s->seen, sight_cmp, s);
    return true;
}

/* ---- stacks ---- */

static bool stacks_collect(struct study *s)
{
    uint32_t profiles = cube_profiles(s->cube);
    for (uint32_t id = 1; id <= profiles; id++)
        if (cube_profile(s->cube, id)->stack > s->stacks)
            s->stacks = cube_profile(s->cube, id)->stack;
    s->stack_profile = calloc(s->stacks + 1u, sizeof *s->stack_profile);
    s->stack_dh = calloc(s->stacks + 1u, sizeof *s->stack_dh);
    s->offer = calloc(s->stacks + 1u, sizeof *s->offer);
    s->offer_read = calloc(s->stacks + 1u, sizeof *s->offer_read);
    if (!s->stack_profile || !s->stack_dh || !s->offer || !s->offer_read)
        return false;
    for (uint32_t id = profiles; id >= 1; id--)
        s->stack_profile[cube_profile(s->cube, id)->stack] = id;
    for (uint32_t i = 1; i <= s->stacks; i++)
        s->offer_read[i] = s->stack_profile[i] && offer_read(cube_profile(s->cube, s->stack_profile[i])->offer, &s->offer[i]);
    for (uint32_t i = 0; i < s->sights; i++) {
        const struct cube_key *k = cube_row_key(s->cube, s->seen[i].row);
        if (k->outcome == OUTCOME_COMPLETED && k->dh_bits > s->stack_dh[s->seen[i].stack])
            s->stack_dh[s->seen[i].stack] = k->dh_bits;
    }
    return true;
}

/* ---- cells ---- */

static bool is_apart(const struct rollup *r, const struct addr *a)
{
    for (uint32_t i = 0, n = r->aparts; i < n;) {
        uint32_t mid = i + (n - i) / 2;
        int d = addr_cmp(&r->apart[mid].client, a);
        if (d == 0)
            return true;
        if (d < 0)
            i = mid + 1;
        else
            n = mid;
    }
    return false;
}

static bool is_own(const struct view *v, const struct addr *server)
{
    bool own = v->own_count == 0;
    for (unsigned i = 0; i < v->own_count && !own; i++)
        own = cidr_has(&v->own[i], server);
    return own;
}

/* Within --server, --client and --servers, and not set apart. */
static bool in_study(const struct study *s, const struct cube_key *k)
{
    const struct view *v = s->r->view;
    if (v->server_only && !cidr_has(v->server_only, &k->server.addr))
        return false;
    if (v->server_port && v->server_port != k->server.port)
        return false;
    if (v->client_only && !cidr_has(v->client_only, &k->client.addr))
        return false;
    return is_own(v, &k->server.addr) && !is_apart(s->r, &k->client.addr);
}

/* Does row stand for its cell better than the one that does so far? What negotiated something before what did not, then the
 * most handshakes; of equals the one with the higher version, suite and group. */
static bool stands_better(const struct study *s, uint32_t row, uint32_t than)
{
    const struct cube_key *a = cube_row_key(s->cube, row), *b = than ? cube_row_key(s->cube, than) : NULL;
    if (!b)
        return true;
    uint64_t n = cube_row_val(s->cube, row)->count, m = cube_row_val(s->cube, than)->count;
    if (!a->version != !b->version)
        return a->version != 0;
    if (n != m)
        return n > m;
    const uint32_t x[] = { a->version, a->suite, a->group, a->outcome }, y[] = { b->version, b->suite, b->group, b->outcome };
    return memcmp(x, y, sizeof x) != 0 && (x[0] != y[0] ? x[0] > y[0] : x[1] != y[1] ? x[1] > y[1] : x[2] != y[2] ? x[2] > y[2]
                                                                                                           : x[3] > y[3]);
}

static bool exemplar_is_earlier(const struct cube_val *a, const struct cube_val *b)
{
    if (a->exemplar.ts_ns != b->exemplar.ts_ns)
        return a->exemplar.ts_ns < b->exemplar.ts_ns;
    return a->exemplar.frame < b->exemplar.frame;
}

static void cell_add(const struct study *s, struct cell *c, uint32_t row)
{
    const struct cube_key *k = cube_row_key(s->cube, row);
    const struct cube_val *v = cube_row_val(s->cube, row);
    const struct cube_val *first = c->exemplar_row ? cube_row_val(s->cube, c->exemplar_row) : NULL;
    c->count += v->count;
    c->first_ns = first && c->first_ns < v->first_ns ? c->first_ns : v->first_ns;
    c->last_ns = first && c->last_ns > v->last_ns ? c->last_ns : v->last_ns;
    if (!first || exemplar_is_earlier(v, first))
        c->exemplar_row = row;
    if (stands_better(s, row, c->main_row))
        c->main_row = row;
    c->in_study = c->in_study || in_study(s, k);
    c->lossy = c->lossy || touched_by_loss(k);
    c->profile = c->profile ? c->profile : k->profile;
}

/* Packets were dropped beyond one in a thousand, or open handshakes forgotten. */
static bool has_drops(const struct stats *h)
{
    return (h->drop_kernel + h->drop_interface) * 1000 > h->packets || h->conn_evicted + h->flow_evicted + h->memory_refused;
}

/* There are gaps in so many connections that a hello may be missing of which nothing else tells. */
static bool has_gaps(const struct stats *h)
{
    return has_drops(h) || (h->stream_gap + h->hello_incomplete + h->tls_midstream) * 100 > h->connections;
}

/* Is it so in an hour between first and last? */
static bool in_hours(const struct study *s, bool (*is)(const struct stats *h), int64_t first_ns, int64_t last_ns)
{
    const int64_t hour = INT64_C(3600000000000);
    for (unsigned i = 0; i < cube_hours(s->cube); i++) {
        const struct hour *h = cube_hour_at(s->cube, i);
        if (h->hour >= first_ns / hour && h->hour <= last_ns / hour && is(&h->stats))
            return true;
    }
    return false;
}

static bool cell_open(struct study *s, uint32_t from)
{
    struct cell *room = study_room(s->cell, sizeof *room, s->cells, &s->cell_room);
    if (!room)
        return false;
    s->cell = room;
    const struct sight *x = &s->seen[from];
    room[s->cells] = (struct cell){ .place = x->place, .client = x->client, .stack = x->stack, .from = from, .to = from };
    return true;
}

static bool same_cell(const struct sight *a, const struct sight *b)
{
    return a->place == b->place && a->stack == b->stack && a->client == b->client;
}

static bool cells_collect(struct study *s)
{
    bool drops = in_hours(s, has_drops, 0, INT64_MAX), gaps = in_hours(s, has_gaps, 0, INT64_MAX);
    for (uint32_t i = 0; i < s->sights;) {
        if (!cell_open(s, i))
            return false;
        struct cell *c = &s->cell[s->cells];
        for (; i < s->sights && same_cell(&s->seen[i], &s->seen[c->from]); i++)
            cell_add(s, c, s->seen[i].row);
        c->to = i;
        c->gappy = gaps && in_hours(s, has_gaps, c->first_ns, c->last_ns);
        c->lossy |= (drops && in_hours(s, has_drops, c->first_ns, c->last_ns)) || s->pair[s->seen[c->from].pair - 1].lossy;
        s->cells++;
    }
    return true;
}

const struct cell *cell_find(const struct study *s, uint32_t place, uint32_t stack, uint32_t client)
{
    const struct sight want = { .place = place, .stack = stack, .client = client };
    for (uint32_t i = 0, n = s->cells; i < n;) {
        uint32_t mid = i + (n - i) / 2;
        const struct cell *c = &s->cell[mid];
        const struct sight at = { .place = c->place, .stack = c->stack, .client = c->client };
        int d = cell_order(&at, &want);
        if (d == 0)
            return c;
        if (d < 0)
            i = mid + 1;
        else
            n = mid;
    }
    return NULL;
}

/* ---- stacks of one client: how many, and which were replaced ---- */

/* A cell with what it is sorted by: cells lie too far apart to be compared where they are. */
struct item {
    uint64_t a, b;
    uint32_t c, cell;
};

static int item_cmp(const void *x, const void *y)
{
    const struct item *p = x, *q = y;
    int d = (p->a > q->a) - (p->a < q->a);
    if (!d)
        d = (p->b > q->b) - (p->b < q->b);
    return d ? d : order32(p->c, q->c);
}

/* One stack of one client: by_client[from..to). */
struct strain {
    uint32_t from, to;
    int64_t first_ns, last_ns;
};

static void strain_widen(const struct study *s, struct strain *t, uint32_t i)
{
    const struct cell *c = &s->cell[s->by_client[i]];
    t->first_ns = t->from == t->to || c->first_ns < t->first_ns ? c->first_ns : t->first_ns;
    t->last_ns = t->from == t->to || c->last_ns > t->last_ns ? c->last_ns : t->last_ns;
    t->to = i + 1;
}

static bool share_a_place(const struct study *s, const struct strain *a, const struct strain *b)
{
    for (uint32_t i = a->from; i < a->to; i++)
        for (uint32_t j = b->from; j < b->to; j++)
            if (s->cell[s->by_client[i]].place == s->cell[s->by_client[j]].place)
                return true;
    return false;
}

/* Replaced: not seen for a day and longer than it was ever seen, while another that was not there before calls the same server. */
static bool replaced(const struct study *s, const struct strain *a, const struct strain *all, unsigned n)
{
    const int64_t day = INT64_C(86400000000000);
    int64_t quiet = s->r->last_ns - a->last_ns;
    if (quiet < day || quiet < a->last_ns - a->first_ns)
        return false;
    for (unsigned i = 0; i < n; i++)
        if (all[i].first_ns > a->last_ns && s->cell[s->by_client[all[i].from]].stack && share_a_place(s, a, &all[i]))
            return true;
    return false;
}

static void client_strains(struct study *s, uint32_t from, uint32_t to)
{
    struct strain t[STUDY_STRAINS] = { { 0 } };
    unsigned n = 0;
    uint32_t stacks = 0;
    bool room = true;
    for (uint32_t i = from; i < to; i++) {
        uint32_t stack = s->cell[s->by_client[i]].stack;
        bool next = i == from || stack != s->cell[s->by_client[i - 1]].stack;
        stacks += next && stack;
        room = room && (!next || n < STUDY_STRAINS);
        if (room && next)
            t[n++] = (struct strain){ .from = i, .to = i };
        if (room)
            strain_widen(s, &t[n - 1], i);
    }
    s->client_stacks[s->cell[s->by_client[from]].client - 1].all = stacks;
    for (uint32_t i = from; i < to; i++)
        s->cell[s->by_client[i]].nat = stacks > 1;
    for (unsigned k = 0; k < n && stacks <= STUDY_STRAINS; k++)
        if (s->cell[s->by_client[t[k].from]].stack && replaced(s, &t[k], t, n))
            for (uint32_t i = t[k].from; i < t[k].to; i++)
                s->cell[s->by_client[i]].stale = true;
}

bool cell_is_damaged(const struct study *s, const struct cell *c)
{
    bool damaged = c->lossy || c->stack == 0;
    for (uint32_t k = c->from; k < c->to && !damaged; k++)
        damaged = cube_row_key(s->cube, s->seen[k].row)->flags & EV_MIDSTREAM;
    return damaged;
}

static bool clients_collect(struct study *s)
{
    s->by_client = malloc((s->cells + 1u) * sizeof *s->by_client);
    s->client_stacks = calloc(intern_count(s->clients) + 1u, sizeof *s->client_stacks);
    s->client_damaged = calloc(intern_count(s->clients) + 1u, sizeof *s->client_damaged);
    struct item *item = malloc((s->cells + 1u) * sizeof *item);
    if (!s->by_client || !s->client_stacks || !s->client_damaged || !item) {
        free(item);
        return false;
    }
    for (uint32_t i = 0; i < s->cells; i++)
        s->client_damaged[s->cell[i].client - 1] |= cell_is_damaged(s, &s->cell[i]);
    for (uint32_t i = 0; i < s->cells; i++)
        item[i] = (struct item){ (uint64_t)s->cell[i].client << 32 | s->cell[i].stack, s->cell[i].place, 0, i };
    qsort(item, s->cells, sizeof *item, item_cmp);
    for (uint32_t i = 0; i < s->cells; i++)
        s->by_client[i] = item[i].cell;
    free(item);
    for (uint32_t i = 0, from = 0; i < s->cells; i++) {
        bool last = i + 1 == s->cells || s->cell[s->by_client[i + 1]].client != s->cell[s->by_client[i]].client;
        if (last) {
            client_strains(s, from, i + 1);
            from = i + 1;
        }
    }
    return true;
}

/* ---- the order of outputs ---- */

static int rd_order(struct rd a, struct rd b)
{
    size_t na = rd_left(&a), nb = rd_left(&b), n = na < nb ? na : nb;
    int d = n ? memcmp(a.p, b.p, n) : 0;
    return d ? d : (na > nb) - (na < nb);
}

static const char *label_of(const struct study *s, const struct cell *c)
{
    return c->stack ? cube_profile(s->cube, s->stack_profile[c->stack])->stack_label : "";
}

/* What is left to tell cells of one client at one server apart. */
static int finer_cmp(const struct study *s, const struct cell *a, const struct cell *b)
{
    const struct place *p = study_place(s, a->place), *q = study_place(s, b->place);
    int d = rd_order(cube_name(s->cube, p->sni), cube_name(s->cube, q->sni));
    if (!d)
        d = strcmp(label_of(s, a), label_of(s, b));
    if (!d)
        d = p->transport - q->transport;
    if (!d)
        d = p->upgrade - q->upgrade;
    return d ? d : order32(p->scope, q->scope);
}

static int output_cmp(const void *x, const void *y, void *study)
{
    const struct study *s = study;
    const struct item *a = x, *b = y;
    int d = item_cmp(a, b);
    return d ? d : finer_cmp(s, &s->cell[a->cell], &s->cell[b->cell]);
}

static int client_cmp(const void *x, const void *y, void *study)
{
    const struct study *s = study;
    return addr_cmp(&s->client[*(const uint32_t *)x - 1], &s->client[*(const uint32_t *)y - 1]);
}

/* By client id - 1: its place in the order of addresses. NULL: out of memory. */
static uint32_t *client_ranks(struct study *s)
{
    uint32_t n = intern_count(s->clients), *id = malloc((n + 1u) * sizeof *id), *rank = malloc((n + 1u) * sizeof *rank);
    for (uint32_t i = 0; id && i < n; i++)
        id[i] = i + 1;
    if (id)
        qsort_r(id, n, sizeof *id, client_cmp, s);
    for (uint32_t i = 0; id && rank && i < n; i++)
        rank[id[i] - 1] = i;
    if (!id) {
        free(rank);
        rank = NULL;
    }
    free(id);
    return rank;
}

struct server_key { /* interned as memory */
    struct endpoint at;
    uint32_t transport;
};

static int server_cmp(const void *x, const void *y, void *study)
{
    const struct study *s = study;
    const struct server_key *a = intern_key(s->server_table, *(const uint32_t *)x, NULL),
                            *b = intern_key(s->server_table, *(const uint32_t *)y, NULL);
    int d = endpoint_cmp(&a->at, &b->at);
    return d ? d : order32(a->transport, b->transport);
}

/* Numbers the servers in order of address. */
static bool servers_collect(struct study *s)
{
    uint32_t places = intern_count(s->places);
    s->place_server = calloc(places + 1u, sizeof *s->place_server);
    for (uint32_t i = 0; s->place_server && i < places; i++) {
        const struct server_key key = { study_place(s, i + 1)->server, study_place(s, i + 1)->transport };
        s->place_server[i] = intern_put(s->server_table, &key, sizeof key, NULL);
        if (!s->place_server[i])
            return false;
    }
    s->servers = intern_count(s->server_table);
    s->server_id = calloc(s->servers + 1u, sizeof *s->server_id);
    uint32_t *number = calloc(s->servers + 1u, sizeof *number);
    bool ok = s->place_server && s->server_id && number;
    for (uint32_t i = 0; ok && i < s->servers; i++)
        s->server_id[i] = i + 1;
    if (ok)
        qsort_r(s->server_id, s->servers, sizeof *s->server_id, server_cmp, s);
    for (uint32_t i = 0; ok && i < s->servers; i++)
        number[s->server_id[i] - 1] = i + 1;
    for (uint32_t i = 0; ok && i < places; i++)
        s->place_server[i] = number[s->place_server[i] - 1];
    free(number);
    return ok;
}

static bool order_collect(struct study *s)
{
    uint32_t *rank = client_ranks(s), n = 0;
    struct item *item = malloc((s->cells + 1u) * sizeof *item);
    s->order = malloc((s->cells + 1u) * sizeof *s->order);
    bool ok = rank && item && s->order;
    for (uint32_t i = 0; ok && i < s->cells; i++) {
        const struct cell *c = &s->cell[i];
        uint64_t who = (uint64_t)rank[c->client - 1] << 32 | s->place_server[c->place - 1];
        if (c->in_study)
            item[n++] = (struct item){ UINT64_MAX - c->count, who, 0, i };
    }
    if (ok)
        qsort_r(item, n, sizeof *item, output_cmp, s);
    for (uint32_t i = 0; ok && i < n; i++)
        s->order[i] = item[i].cell;
    s->ordered = ok ? n : 0;
    free(rank);
    free(item);
    return ok;
}

/* ---- */

static bool open_verdicts(struct study *s)
{
    s->judged = calloc(intern_count(s->choices) + 1u, sizeof *s->judged);
    s->verdict = calloc(s->cells + 1u, sizeof *s->verdict);
    s->client_mark = calloc(intern_count(s->clients) + 1u, sizeof *s->client_mark);
    s->server_mark = calloc(s->servers + 1u, sizeof *s->server_mark);
    s->left = calloc(s->stacks + 1u, sizeof *s->left);
    s->offends = calloc(s->cells + 1u, 1);
    s->asked = calloc(intern_count(s->places) + 1u, sizeof *s->asked);
    return s->asked && s->judged && s->verdict && s->client_mark && s->server_mark && s->left && s->offends && fit_open(s);
}

static bool open_tables(struct study *s)
{
    const uint32_t max = UINT32_MAX / 4;
    s->places = intern_new(max, 0);
    s->clients = intern_new(max, 0);
    s->choices = intern_new(max, 0);
    s->pairs = intern_new(max, 0);
    s->server_table = intern_new(max, 0);
    return s->server_table && s->places && s->clients && s->choices && s->pairs;
}

struct study *study_make(const struct rollup *r, const struct study_request *q)
{
    struct study *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->r = r;
    s->cube = r->cube;
    s->q = q;
    bool ok = open_tables(s) && sights_collect(s) && study_names_collect(s) && choices_collect(s) && stacks_collect(s) &&
              cells_collect(s) && clients_collect(s) && servers_collect(s) && order_collect(s) && open_verdicts(s);
    if (ok)
        capability_collect(s);
    if (ok && !s->failed)
        coverage_open(s);
    if (ok && !s->failed)
        return s;
    study_free(s);
    return NULL;
}

void study_free(struct study *s)
{
    if (!s)
        return;
    intern_free(s->places);
    intern_free(s->clients);
    intern_free(s->choices);
    intern_free(s->pairs);
    intern_free(s->server_table);
    void *const arrays[] = { s->seen, s->cell, s->offends, s->asked, s->choice_class, s->by_client, s->facts, s->pair,
                             s->client, s->client_stacks, s->client_damaged, s->proof, s->split, s->stack_profile,
                             s->stack_dh, s->judged, s->verdict, s->order, s->place_server, s->client_mark,
                             s->server_mark, s->left, s->server_id, s->offer, s->offer_read, s->choice, s->fit,
                             s->by_site, s->by_server, s->coverage, s->address, s->address_from };
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
        free(arrays[i]);
    free(s);
}

const struct decision *study_decision(const struct study *s)
{
    return &s->decision;
}

const struct coverage *study_coverage(const struct study *s, uint32_t server)
{
    return &s->coverage[server];
}

uint32_t study_servers(const struct study *s)
{
    return s->servers;
}

enum study_result study_result_of(const struct study *s, uint32_t server)
{
    if (server == 0)
        return s->decision.result;
    unsigned met = s->server_mark[server - 1];
    if (met & s->q->fail_on)
        return STUDY_NOT_READY;
    return s->coverage[server].shortage ? STUDY_NOT_ENOUGH : STUDY_READY;
}

const struct endpoint *study_server(const struct study *s, uint32_t server)
{
    return &((const struct server_key *)intern_key(s->server_table, s->server_id[server - 1], NULL))->at;
}

uint8_t study_server_transport(const struct study *s, uint32_t server)
{
    return (uint8_t)((const struct server_key *)intern_key(s->server_table, s->server_id[server - 1], NULL))->transport;
}

bool study_is_enforced(const struct study *s, uint32_t server)
{
    return !s->q->enforces || s->server_mark[server - 1] >> MARK_ENFORCED & 1;
}

uint32_t study_server_of(const struct study *s, uint32_t place)
{
    return s->place_server[place - 1];
}

uint32_t study_places(const struct study *s)
{
    return intern_count(s->places);
}

bool study_came_along(const struct study *s, uint32_t place)
{
    return s->q->enforces && !s->asked[place - 1] && study_is_enforced(s, s->place_server[place - 1]);
}

const struct study_request *study_request_of(const struct study *s)
{
    return s->q;
}

const struct rollup *study_rollup(const struct study *s)
{
    return s->r;
}

const struct policy *study_policy(const struct study *s)
{
    return s->policy;
}

void study_judge(struct study *s, unsigned i)
{
    s->policy = s->q->policy[i];
    s->policy_index = i;
    verdict_all(s);
}

uint32_t study_verdicts(const struct study *s)
{
    return s->ordered;
}

const struct verdict *study_verdict(const struct study *s, uint32_t i)
{
    return &s->verdict[s->order[i]];
}

const struct verdict *study_verdict_of(const struct study *s, uint32_t cell)
{
    return &s->verdict[cell];
}

uint32_t study_cells(const struct study *s)
{
    return s->cells;
}

const struct cell *study_cell(const struct study *s, uint32_t cell)
{
    return &s->cell[cell];
}

const struct place *study_place(const struct study *s, uint32_t place)
{
    return intern_key(s->places, place, NULL);
}

const struct addr *study_client(const struct study *s, uint32_t client)
{
    return &s->client[client - 1];
}

struct stack_sum study_stacks_of(const struct study *s, uint32_t client)
{
    return s->client_stacks[client - 1];
}

uint32_t study_first_sight(const struct study *s, uint32_t place)
{
    uint32_t i = 0, n = s->sights;
    while (i < n) {
        uint32_t mid = i + (n - i) / 2;
        if (s->seen[mid].place < place)
            i = mid + 1;
        else
            n = mid;
    }
    return i;
}
