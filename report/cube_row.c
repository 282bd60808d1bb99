/* SPDX-License-Identifier: Apache-2.0 */
/* Rows as they lie in memory: packing, unpacking, adding. */
#include "report/cube_impl.h"

#include <stddef.h>
#include <string.h>

enum { KIND_BITS = 4, SHAPE_AT = offsetof(struct cube_key, scope) };

_Static_assert(sizeof(struct cube_row_key) == 32, "a key is hashed as memory: it may have no padding");
_Static_assert(sizeof(struct cube_row) == 64, "one line of the cache");
_Static_assert(sizeof(struct cube_shape) == sizeof(struct cube_key) - SHAPE_AT, "the rest of a key, no padding");
_Static_assert(offsetof(struct cube_shape, version) == offsetof(struct cube_key, version) - SHAPE_AT, "in the same order");
_Static_assert(offsetof(struct cube_shape, offered) == offsetof(struct cube_key, offered) - SHAPE_AT, "likewise");

/* ---- keys ---- */

bool cube_party_is_kept(const struct addr *a)
{
    return a->kind != ADDR_NONE && a->kind != ADDR_IP4;
}

static bool party_pack(struct cube *c, const struct addr *a, bool add, uint32_t *out)
{
    *out = 0;
    switch ((enum addr_kind)a->kind) {
    case ADDR_NONE:
        return true;
    case ADDR_IP4:
        *out = (uint32_t)a->b[0] << 24 | (uint32_t)a->b[1] << 16 | (uint32_t)a->b[2] << 8 | a->b[3];
        return true;
    case ADDR_IP6:
    case ADDR_MAC:
    case ADDR_PSEUDO:
        break;
    }
    *out = records_put(&c->parties, a->b, add ? UINT32_MAX : 0, &c->oom);
    return *out != 0;
}

static struct addr party_unpack(const struct cube *c, unsigned kind, uint32_t at)
{
    struct addr a = { .kind = (uint8_t)kind };
    if (kind == ADDR_IP4) {
        a.b[0] = (uint8_t)(at >> 24);
        a.b[1] = (uint8_t)(at >> 16);
        a.b[2] = (uint8_t)(at >> 8);
        a.b[3] = (uint8_t)at;
    } else if (kind != ADDR_NONE) {
        memcpy(a.b, records_at(&c->parties, at), sizeof a.b);
    }
    return a;
}

bool cube_pack(struct cube *c, const struct cube_key *k, bool add, struct cube_row_key *out)
{
    struct cube_shape shape;
    c->oom = false;
    memcpy(&shape, (const char *)k + SHAPE_AT, sizeof shape);
    *out = (struct cube_row_key){ .day = k->day, .profile = k->profile, .sni = k->sni, .cert = k->cert, .port = k->server.port };
    out->kinds = (uint8_t)(k->client.addr.kind << KIND_BITS | k->server.addr.kind);
    out->shape = records_put(&c->shapes, &shape, add ? UINT32_MAX : 0, &c->oom);
    return out->shape && party_pack(c, &k->client.addr, add, &out->client) && party_pack(c, &k->server.addr, add, &out->server);
}

const struct cube_row *cube_row_at(const struct cube *c, uint32_t row)
{
    return records_at(&c->rows, row);
}

const struct cube_shape *cube_shape(const struct cube *c, uint32_t id)
{
    return records_at(&c->shapes, id);
}

uint32_t cube_shapes(const struct cube *c)
{
    return c->shapes.count;
}

struct addr cube_row_client(const struct cube *c, const struct cube_row *r)
{
    return party_unpack(c, r->key.kinds >> KIND_BITS, r->key.client);
}

struct endpoint cube_row_server(const struct cube *c, const struct cube_row *r)
{
    return (struct endpoint){ .addr = party_unpack(c, r->key.kinds % (1u << KIND_BITS), r->key.server), .port = r->key.port };
}

struct cube_key cube_key_of(const struct cube *c, uint32_t row)
{
    const struct cube_row *r = cube_row_at(c, row);
    struct cube_key k = { .day = r->key.day, .profile = r->key.profile, .sni = r->key.sni, .cert = r->key.cert };
    k.client.addr = cube_row_client(c, r);
    k.server = cube_row_server(c, r);
    memcpy((char *)&k + SHAPE_AT, cube_shape(c, r->key.shape), sizeof(struct cube_shape));
    return k;
}

static int party_cmp(const struct cube *cx, unsigned x, uint32_t a, const struct cube *cy, unsigned y, uint32_t b)
{
    if (x != y)
        return x < y ? -1 : 1;
    if (x == ADDR_IP4 || (cx == cy && a == b))
        return (a > b) - (a < b);
    return x == ADDR_NONE ? 0 : memcmp(records_at(&cx->parties, a), records_at(&cy->parties, b), sizeof((struct addr *)0)->b);
}

int cube_client_cmp(const struct cube *cx, const struct cube_row_key *x, const struct cube *cy, const struct cube_row_key *y)
{
    return party_cmp(cx, x->kinds >> KIND_BITS, x->client, cy, y->kinds >> KIND_BITS, y->client);
}

int cube_server_cmp(const struct cube *cx, const struct cube_row_key *x, const struct cube *cy, const struct cube_row_key *y)
{
    const unsigned kind = (1u << KIND_BITS) - 1;
    return party_cmp(cx, x->kinds & kind, x->server, cy, y->kinds & kind, y->server);
}

/* ---- values ---- */

static struct cube_val val_unpack(const struct cube *c, const struct cube_row *r)
{
    if (r->wide)
        return *(const struct cube_val *)column_at(&c->wide, r->count);
    return (struct cube_val){ .count = r->count, .first_ns = r->first_ns, .last_ns = r->last_ns,
                              .exemplar = { .ts_ns = r->first_ns, .frame = r->frame, .input = r->input,
                                            .client_port = r->client_port } };
}

static bool fits(const struct cube_val *v)
{
    return v->count <= UINT32_MAX && v->exemplar.frame <= UINT32_MAX && v->exemplar.ts_ns == v->first_ns;
}

/* Handshakes of one row that are more than there are numbers, of an exemplar that is not its first: it may come of adding up what
 * others made. Without memory for such a value what is too much of it is lost. */
static void val_pack(struct cube *c, struct cube_row *r, const struct cube_val *v)
{
    struct cube_val cut = *v;
    r->first_ns = v->first_ns;
    r->last_ns = v->last_ns;
    if (r->wide || (!fits(v) && column_reserve(&c->wide, c->wides + 1))) {
        r->count = r->wide ? r->count : ++c->wides;
        r->wide = true;
        memcpy(column_at(&c->wide, r->count), v, sizeof *v);
        return;
    }
    if (!fits(v)) {
        cut.count = v->count < UINT32_MAX ? v->count : UINT32_MAX;
        cut.exemplar = (struct exemplar){ .ts_ns = v->first_ns };
        c->lost += v->count - cut.count;
    }
    r->count = (uint32_t)cut.count;
    r->frame = (uint32_t)cut.exemplar.frame;
    r->input = cut.exemplar.input;
    r->client_port = cut.exemplar.client_port;
}

uint64_t cube_row_count(const struct cube *c, const struct cube_row *r)
{
    return r->wide ? ((const struct cube_val *)column_at(&c->wide, r->count))->count : r->count;
}

struct cube_val cube_val_of(const struct cube *c, uint32_t row)
{
    return val_unpack(c, cube_row_at(c, row));
}

static bool exemplar_before(const struct cube *c, const struct exemplar *a, const struct exemplar *b)
{
    if (a->ts_ns != b->ts_ns)
        return a->ts_ns < b->ts_ns;
    if (a->frame != b->frame)
        return a->frame < b->frame;
    if (a->client_port != b->client_port)
        return a->client_port < b->client_port;
    const struct input *x = cube_input_at(c, a->input), *y = cube_input_at(c, b->input);
    return x && y ? cube_input_cmp(x, y) < 0 : y && !x;
}

void cube_add(struct cube *c, uint32_t row, const struct cube_val *v)
{
    struct cube_row *r = records_at(&c->rows, row);
    struct cube_val into = *v;
    if (r->count || r->wide) {
        into = val_unpack(c, r);
        into.count += v->count;
        if (v->first_ns < into.first_ns)
            into.first_ns = v->first_ns;
        if (v->last_ns > into.last_ns)
            into.last_ns = v->last_ns;
        if (exemplar_before(c, &v->exemplar, &into.exemplar))
            into.exemplar = v->exemplar;
    }
    val_pack(c, r, &into);
}

/* ---- all rows ---- */

uint32_t cube_rows(const struct cube *c)
{
    return c->rows.count;
}

void cube_row_fetch(const struct cube *c, uint32_t row)
{
    __builtin_prefetch(cube_row_at(c, row));
}

void cube_rows_clear(struct cube *c)
{
    records_truncate(&c->rows, 0);
    records_truncate(&c->shapes, 0);
    records_truncate(&c->parties, 0);
    c->wides = 0;
}
