/* SPDX-License-Identifier: Apache-2.0 */
/* The order of rows, which depends on nothing but what they say: the same for rows of different cubes. */
#include "report/cube_impl.h"

#include <stdlib.h>
#include <string.h>

static int rd_cmp(struct rd a, struct rd b)
{
    size_t na = rd_left(&a), nb = rd_left(&b), n = na < nb ? na : nb;
    int d = n ? memcmp(a.p, b.p, n) : 0;
    return d ? d : (na > nb) - (na < nb);
}

static int text_cmp(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "");
}

static struct rd offer_of(const struct cube *c, uint32_t id)
{
    return id ? cube_profile(c, id)->offer : rd_of(NULL, 0);
}

static struct rd digest_of(const struct cube *c, uint32_t id)
{
    return id ? rd_of(cube_cert(c, id)->sha256, sizeof cube_cert(c, id)->sha256) : rd_of(NULL, 0);
}

/* A row and the cube that it is of. */
struct of {
    const struct cube *c;
    const struct cube_row_key *k;
    const struct cube_shape *shape;
};

static struct of of(const struct cube *c, uint32_t row)
{
    const struct cube_row_key *k = &cube_row_at(c, row)->key;
    return (struct of){ c, k, cube_shape(c, k->shape) };
}

/* The parts of a row that are ids, by what they stand for. */
static int ids_cmp(const struct of *x, const struct of *y)
{
    const struct cube_row_key *a = x->k, *b = y->k;
    const struct cube_shape *s = x->shape, *t = y->shape;
    bool one = x->c == y->c;
    int d = one && a->sni == b->sni ? 0 : rd_cmp(cube_name(x->c, a->sni), cube_name(y->c, b->sni));
    if (!d && !(one && a->profile == b->profile))
        d = rd_cmp(offer_of(x->c, a->profile), offer_of(y->c, b->profile));
    if (!d && !(one && s->fallback_from == t->fallback_from))
        d = rd_cmp(offer_of(x->c, s->fallback_from), offer_of(y->c, t->fallback_from));
    if (!d && !(one && a->cert == b->cert))
        d = rd_cmp(digest_of(x->c, a->cert), digest_of(y->c, b->cert));
    if (!d && !(one && s->sensor == t->sensor))
        d = rd_cmp(cube_sensor(x->c, s->sensor), cube_sensor(y->c, t->sensor));
    return d;
}

static int facts_cmp(const struct cube_shape *a, const struct cube_shape *b)
{
    const uint32_t x[][2] = {
        { a->scope, b->scope },           { a->transport, b->transport },   { a->version, b->version },
        { a->suite, b->suite },           { a->outcome, b->outcome },       { a->flags, b->flags },
        { a->group, b->group },           { a->dh_bits, b->dh_bits },       { a->sigscheme, b->sigscheme },
        { a->refusal_code, b->refusal_code }, { a->aftermath, b->aftermath }, { a->sentinel, b->sentinel },
        { a->alert_from, b->alert_from }, { a->alert_code, b->alert_code }, { a->offered, b->offered },
    };
    for (size_t i = 0; i < sizeof x / sizeof *x; i++)
        if (x[i][0] != x[i][1])
            return x[i][0] < x[i][1] ? -1 : 1;
    return 0;
}

static int row_cmp(const struct of *x, const struct of *y)
{
    const struct cube_row_key *a = x->k, *b = y->k;
    int d = cube_client_cmp(x->c, a, y->c, b);
    if (!d)
        d = cube_server_cmp(x->c, a, y->c, b);
    if (!d)
        d = a->port - b->port;
    if (!d)
        d = (a->day > b->day) - (a->day < b->day);
    if (!d && x->shape->upgrade != y->shape->upgrade)
        d = text_cmp(cube_upgrade_name(x->shape->upgrade), cube_upgrade_name(y->shape->upgrade));
    if (!d)
        d = ids_cmp(x, y);
    return d ? d : facts_cmp(x->shape, y->shape);
}

int cube_item_cmp(const struct cube *cx, const struct cube_item *x, const struct cube *cy, const struct cube_item *y)
{
    const struct of a = of(cx, x->id), b = of(cy, y->id);
    return row_cmp(&a, &b);
}

int cube_row_cmp(const struct cube *c, uint32_t a, uint32_t b)
{
    const struct of x = of(c, a), y = of(c, b);
    return row_cmp(&x, &y);
}

static int item_cmp(const void *x, const void *y, void *cube)
{
    return cube_item_cmp(cube, x, cube, y);
}

struct party {
    uint8_t b[sizeof((struct addr *)0)->b];
    uint32_t id;
};

/* A pass of a radix sort, by this byte. false: it is the same in all, no pass. */
static bool parties_pass(const struct party *from, struct party *to, uint32_t n, unsigned byte)
{
    uint32_t start[256] = { 0 }, sum = 0;
    for (uint32_t i = 0; i < n; i++)
        start[from[i].b[byte]]++;
    if (start[from[0].b[byte]] == n)
        return false;
    for (unsigned v = 0; v < 256; v++) {
        uint32_t count = start[v];
        start[v] = sum;
        sum += count;
    }
    for (uint32_t i = 0; i < n; i++)
        to[start[from[i].b[byte]]++] = from[i];
    return true;
}

/* Of parties that are no IPv4 addresses: rank[id], lower for who comes first. The caller frees it. NULL: out of memory. */
static uint32_t *party_ranks(const struct cube *c)
{
    uint32_t n = c->parties.count, *rank = malloc((n + 1u) * sizeof *rank);
    struct party *a = malloc((n + 1u) * sizeof *a), *b = malloc((n + 1u) * sizeof *b), *from = a, *to = b;
    bool ok = rank && a && b;
    for (uint32_t i = 0; ok && i < n; i++) {
        memcpy(a[i].b, records_at(&c->parties, i + 1), sizeof a[i].b);
        a[i].id = i + 1;
    }
    for (unsigned byte = sizeof a->b; ok && n && byte-- > 0;)
        if (parties_pass(from, to, n, byte)) {
            struct party *t = from;
            from = to;
            to = t;
        }
    for (uint32_t i = 0; ok && i < n; i++)
        rank[from[i].id] = i;
    free(a);
    free(b);
    if (ok)
        return rank;
    free(rank);
    return NULL;
}

enum { ID_MOST = (1 << 26) - 1 };
_Static_assert((uint64_t)LIMIT_ROWS * 2 < ID_MOST, "so many rows have ids in an item");

/* A million rows lie all over memory: who the parties are is carried beside the id, as numbers in the same order. */
static void item_set(struct cube_item *i, const struct cube *c, const uint32_t *rank, uint32_t id)
{
    const struct cube_row_key *k = &cube_row_at(c, id)->key;
    *i = (struct cube_item){ .client = k->client, .server = k->server, .id = id & ID_MOST,
                             .client_kind = k->kinds >> 4 & 7u, .server_kind = k->kinds & 7u };
    if (i->client_kind > ADDR_IP4)
        i->client = rank[k->client];
    if (i->server_kind > ADDR_IP4)
        i->server = rank[k->server];
}

/* What items are sorted by, from the last digit to the first. */
enum { DIGITS = 10 };

static inline unsigned digit(const struct cube_item *i, unsigned n)
{
    if (n == 4)
        return i->server_kind;
    if (n == 9)
        return i->client_kind;
    return n < 4 ? i->server >> (8 * n) & 255 : i->client >> (8 * (n - 5)) & 255;
}

/* A radix sort; a digit that is the same in all has no pass. *spare is as large; returns where they are then. */
static struct cube_item *sort_by_parties(struct cube_item *from, struct cube_item *spare, uint32_t n)
{
    uint32_t start[DIGITS][256] = { { 0 } };
    for (uint32_t i = 0; i < n; i++)
        for (unsigned d = 0; d < DIGITS; d++)
            start[d][digit(&from[i], d)]++;
    for (unsigned d = 0; d < DIGITS; d++) {
        uint32_t sum = 0;
        if (start[d][digit(&from[0], d)] == n)
            continue;
        for (unsigned v = 0; v < 256; v++) {
            uint32_t count = start[d][v];
            start[d][v] = sum;
            sum += count;
        }
        for (uint32_t i = 0; i < n; i++)
            spare[start[d][digit(&from[i], d)]++] = from[i];
        struct cube_item *t = from;
        from = spare;
        spare = t;
    }
    return from;
}

static bool same_parties(const struct cube_item *x, const struct cube_item *y)
{
    return x->client == y->client && x->server == y->server && x->client_kind == y->client_kind &&
           x->server_kind == y->server_kind;
}

/* Half a million rows: 15 ms, where comparing them took 140. Rows of the same parties are then compared. */
static struct cube_item *sort_items(const struct cube *c, struct cube_item *item, uint32_t n)
{
    struct cube_item *spare = malloc(n * sizeof *spare);
    if (!spare) {
        qsort_r(item, n, sizeof *item, item_cmp, (void *)(uintptr_t)c);
        return item;
    }
    struct cube_item *sorted = sort_by_parties(item, spare, n);
    free(sorted == item ? spare : item);
    for (uint32_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && same_parties(&sorted[i], &sorted[end]);)
            end++;
        if (end - i > 1)
            qsort_r(&sorted[i], end - i, sizeof *sorted, item_cmp, (void *)(uintptr_t)c);
    }
    return sorted;
}

struct cube_item *cube_items(const struct cube *c)
{
    uint32_t n = cube_rows(c), *rank = n ? party_ranks(c) : NULL;
    struct cube_item *item = rank ? malloc(n * sizeof *item) : NULL;
    for (uint32_t i = 0; item && i < n; i++)
        item_set(&item[i], c, rank, i + 1);
    free(rank);
    return item ? sort_items(c, item, n) : NULL;
}

/* The order of all rows: as it was found before, or as they lie, or by sorting. */
uint32_t *cube_sorted(const struct cube *c)
{
    uint32_t n = cube_rows(c);
    bool known = c->ordered == n;
    struct cube_item *item = known ? NULL : cube_items(c);
    uint32_t *out = known && n ? malloc(n * sizeof *out) : (uint32_t *)(void *)item;
    for (uint32_t i = 0; out && i < n; i++)
        out[i] = item ? item[i].id : c->order ? c->order[i] : i + 1; /* of items: in the same place */
    uint32_t *less = item && n ? realloc(out, n * sizeof *out) : NULL;
    return less ? less : out;
}

/*
 * Rows go to their places, each to where the one before it left: in circles. Where a circle goes on is known only when its last
 * place was looked up, in no order; so several walks go on by turns, wherever they begin, and what each needs next is on its
 * way into the cache while it is the others' turn. Where a walk begins its first row is kept, for the walk that comes to that
 * place: it may be this one, if nobody else began in its circle.
 */
enum { WALKS = 16 };

struct arranging {
    struct records *rows;
    uint32_t *from; /* [place], from 0: where the row lies that belongs there; itself: it does, or a walk has been there */
    uint32_t n, begin; /* no walk is to begin before that */
    struct walk {
        uint32_t at, next; /* the row from next goes to at */
    } walk[WALKS];
    struct walk_head {
        uint32_t place;
        struct cube_row row;
    } head[WALKS]; /* as many are needed as there are walks */
};

static struct cube_row *arranging_row(const struct arranging *a, uint32_t place)
{
    return records_at(a->rows, place + 1);
}

static void walk_to(struct arranging *a, struct walk *w, uint32_t place)
{
    *w = (struct walk){ .at = place, .next = a->from[place] };
    a->from[place] = place;
    __builtin_prefetch(&a->from[w->next]);
    __builtin_prefetch(arranging_row(a, w->next));
}

/* false: there is nowhere to begin. */
static bool walk_begin(struct arranging *a, struct walk *w, struct walk_head *head)
{
    while (a->begin < a->n && a->from[a->begin] == a->begin)
        a->begin++;
    if (a->begin == a->n)
        return false;
    *head = (struct walk_head){ .place = a->begin, .row = *arranging_row(a, a->begin) };
    walk_to(a, w, a->begin);
    return true;
}

/* false: it has come to an end, and no other begins. Where somebody has been that it comes to, somebody began. */
static bool walk_on(struct arranging *a, struct walk *w)
{
    if (a->from[w->next] != w->next) {
        *arranging_row(a, w->at) = *arranging_row(a, w->next);
        walk_to(a, w, w->next);
        return true;
    }
    struct walk_head *head = a->head;
    while (head->place != w->next)
        head++;
    *arranging_row(a, w->at) = head->row;
    return walk_begin(a, w, head);
}

/* Items are in order of id then. false: out of memory, nothing has moved. */
static bool rows_arrange(struct records *rows, struct cube_item *item, uint32_t n)
{
    struct arranging a = { .rows = rows, .n = n, .from = malloc(n * sizeof *a.from) };
    unsigned walks = 0;
    if (!a.from)
        return false;
    for (uint32_t i = 0; i < n; i++) {
        a.from[i] = item[i].id - 1u;
        item[i].id = (i + 1) & ID_MOST;
    }
    while (walks < WALKS && walk_begin(&a, &a.walk[walks], &a.head[walks]))
        walks++;
    while (walks)
        for (unsigned i = 0; i < walks;)
            if (walk_on(&a, &a.walk[i]))
                i++;
            else
                a.walk[i] = a.walk[--walks];
    free(a.from);
    return true;
}

void cube_arrange(struct cube *c)
{
    free(c->sorted);
    records_loosen(&c->rows);
    c->sorted = cube_items(c);
    if (!c->sorted)
        return;
    bool arranged = rows_arrange(&c->rows, c->sorted, cube_rows(c));
    if (arranged) {
        free(c->order);
        c->order = NULL;
        c->ordered = cube_rows(c);
    }
    if (arranged && c->shares)
        return;
    free(c->sorted);
    c->sorted = NULL;
}
