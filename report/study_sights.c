/* SPDX-License-Identifier: Apache-2.0 */
/* From rows of the cube to sights: what every judging asks of a row, its client, place, stack and choice interned. */
#include "report/study_impl.h"
#include "report/names_file.h"
#include "report/rollup_impl.h"

#include <stdlib.h>
#include <string.h>

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

bool choices_collect(struct study *s)
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
        ok = s->choice_class[i] != 0;
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

bool row_touched_by_loss(const struct cube_key *k)
{
    return k->flags & (EV_GAP | EV_ONE_SIDED | EV_CUT) || k->outcome == OUTCOME_ONE_SIDED || k->outcome == OUTCOME_INCOMPLETE ||
           k->outcome == OUTCOME_EVICTED;
}

/* A session that went on in clear text is counted with the client and the server: it has no hello to know a stack by. */
static bool note_plain(struct study *s, struct party_pair *p, const struct cube_key *k, uint32_t client, uint32_t row)
{
    bool plain = k->outcome == OUTCOME_PLAINTEXT || (k->outcome == OUTCOME_REFUSED && k->aftermath == AFTER_PLAINTEXT) ||
                 (k->outcome == OUTCOME_STRIPPED && k->aftermath == AFTER_PLAINTEXT) ||
                 (k->outcome == OUTCOME_NOT_OFFERED && (k->aftermath == AFTER_PLAINTEXT || k->flags & EV_CLEARTEXT_LOGIN));
    if (!plain || k->upgrade > 63)
        return true;
    struct plain *room = study_room(s->plain, sizeof *room, s->plains, &s->plain_room);
    if (!room)
        return false;
    s->plain = room;
    room[s->plains++] = (struct plain){ .client = client, .row = row };
    if (p->plain_last)
        room[p->plain_last - 1].next = s->plains;
    p->plain_first = p->plain_first ? p->plain_first : s->plains;
    p->plain_last = s->plains;
    p->plain |= UINT64_C(1) << k->upgrade;
    p->plain_row = row;
    return true;
}

bool study_asks_for(const struct study *s, const struct endpoint *server)
{
    return view_has_server(s->r->view, server) && roll_is_own(s->r->view, &server->addr);
}

/* Within --server, --client and --servers, and not set apart. */
static bool in_study(const struct study *s, const struct cube_key *k)
{
    return study_asks_for(s, &k->server) && view_has_client(s->r->view, &k->client.addr) &&
           !roll_is_apart(s->r, &k->client.addr);
}

static uint32_t sight_is(const struct study *s, const struct cube_key *k)
{
    bool whole = row_is_whole(k);
    uint32_t is = k->outcome == OUTCOME_COMPLETED && k->version ? SIGHT_COMPLETED : row_failed(k) && whole ? SIGHT_FAILED : 0;
    is |= whole ? SIGHT_WHOLE : 0;
    is |= row_is_full(k) ? SIGHT_FULL : 0;
    is |= k->flags & EV_SUITE_NOT_OFFERED ? SIGHT_STRANGE : 0;
    is |= k->fallback_from ? SIGHT_RETRY : 0;
    is |= k->flags & EV_RESUMPTION_ATTEMPTED ? 0 : SIGHT_FRESH;
    is |= k->flags & EV_CLIENT_CERT_SENT ? SIGHT_AUTH : 0;
    is |= k->sentinel == SENTINEL_TLS12 ? SIGHT_MARKED12 : k->sentinel == SENTINEL_TLS11 ? SIGHT_MARKED11 : 0;
    is |= row_touched_by_loss(k) ? SIGHT_LOSS : 0;
    return is | (in_study(s, k) ? SIGHT_ASKED : 0);
}

static bool sight_add(struct study *s, uint32_t row, const struct cube_key *k)
{
    uint32_t client = client_id(s, &k->client.addr), pair = client ? pair_id(s, k, client) : 0;
    if (!pair)
        return false;
    struct party_pair *p = &s->pair[pair - 1];
    p->lossy |= k->profile == 0 && row_touched_by_loss(k); /* whose hello it was is not known: anybody's */
    if (outcome_is_upgrade(k->outcome))
        return note_plain(s, p, k, client, row);
    const struct profile *profile = cube_profile(s->cube, k->profile);
    uint32_t stack = profile ? profile->stack : 0;
    p->several |= p->stack && stack && p->stack != stack;
    p->stack = p->stack ? p->stack : stack;
    struct sight *x = &s->seen[s->sights];
    *x = (struct sight){ .place = place_id(s, k), .stack = stack, .client = client, .row = row, .day = k->day, .is = sight_is(s, k),
                         .pair = pair, .choice = k->version ? choice_id(s, k) : 0 };
    s->sights++;
    return x->place && (x->choice || !k->version);
}

int cell_order(const struct study *s, const struct sight *a, const struct sight *b)
{
    int d = order32(a->place, b->place);
    if (!d && a->stack != b->stack)
        d = order32(s->stack_rank[a->stack], s->stack_rank[b->stack]);
    return d ? d : order32(a->client, b->client);
}

/* Within a cell in order of time. */
static int sight_cmp(const void *x, const void *y, void *study)
{
    const struct sight *a = x, *b = y;
    int d = cell_order(study, a, b);
    if (d || a->row == b->row)
        return d;
    return row_is_later(study, a->row, b->row) ? 1 : -1;
}

/* In the order of what they say: clients and choices get their ids by it. */
static bool sights_add(struct study *s, const uint32_t *order, uint32_t rows)
{
    enum { AHEAD = 8 };
    for (uint32_t i = 0; i < rows; i++) {
        if (i + AHEAD < rows)
            cube_row_fetch(s->cube, order[i + AHEAD]);
        const struct cube_key *k = cube_row_key(s->cube, order[i]);
        bool counted = !(k->flags & CUBE_OTHER) && in_time(s->r->view, cube_row_val(s->cube, order[i]));
        if (counted && !sight_add(s, order[i], k))
            return false;
    }
    return true;
}

bool sights_collect(struct study *s)
{
    uint32_t rows = cube_rows(s->cube);
    bool all = s->r->rows == rows; /* in view: then they are sorted already */
    uint32_t *sorted = all ? NULL : cube_sorted(s->cube);
    const uint32_t *order = all ? s->r->order : sorted;
    s->seen = malloc((rows + 1) * sizeof *s->seen);
    bool ok = s->seen && (order || !rows) && sights_add(s, order, rows) && places_number(s) && stacks_number(s);
    free(sorted);
    if (ok)
        qsort_r(s->seen, s->sights, sizeof *s->seen, sight_cmp, s);
    return ok;
}

bool stacks_collect(struct study *s)
{
    s->stack_dh = calloc(s->stacks + 1u, sizeof *s->stack_dh);
    s->offer = calloc(s->stacks + 1u, sizeof *s->offer);
    s->offer_read = calloc(s->stacks + 1u, sizeof *s->offer_read);
    if (!s->stack_dh || !s->offer || !s->offer_read)
        return false;
    for (uint32_t i = 1; i <= s->stacks; i++)
        s->offer_read[i] = s->stack_profile[i] && offer_read(cube_profile(s->cube, s->stack_profile[i])->offer, &s->offer[i]);
    for (uint32_t i = 0; i < s->sights; i++) {
        const struct sight *x = &s->seen[i];
        uint16_t bits = x->is & SIGHT_COMPLETED ? study_choice(s, x->choice)->dh_bits : 0;
        if (bits > s->stack_dh[x->stack])
            s->stack_dh[x->stack] = bits;
    }
    return true;
}
