/* SPDX-License-Identifier: Apache-2.0 */
#include "report/cube_impl.h"
#include "report/profile.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>

#define SECOND INT64_C(1000000000)

_Static_assert(sizeof(struct span_key) == 44, "a key is hashed as memory: it may have no padding");

static void options_fill(struct cube *c, const struct cube_options *opt)
{
    c->opt = *opt;
    if (!c->opt.max_rows)
        c->opt.max_rows = LIMIT_ROWS;
    if (!c->opt.max_profiles)
        c->opt.max_profiles = LIMIT_PROFILES;
    if (!c->opt.max_names)
        c->opt.max_names = LIMIT_NAMES;
    if (!c->opt.max_certs)
        c->opt.max_certs = LIMIT_CUBE_CERTS;
    if (!c->opt.client_prefix)
        c->opt.client_prefix = 128;
    if (opt->anonymize_key) {
        c->anonymize = true;
        memcpy(c->key, opt->anonymize_key, sizeof c->key);
    }
}

/* Rows for single keys, for "other" by server, for "other" by version and suite, and for "other" by outcome alone. */
static uint32_t row_limit(const struct cube *c, unsigned cut)
{
    uint32_t max = c->opt.max_rows;
    if (cut >= 1)
        max += max / LIMIT_OTHER_SHARE;
    return cut >= 2 ? max + (cut - 1) * LIMIT_OTHER_ROWS : max;
}

enum { LAST_CUT = 3 };

struct cube *cube_new(const struct cube_options *opt)
{
    struct cube *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    options_fill(c, opt);
    uint64_t seed = opt->seed;
    c->names = intern_new(c->opt.max_names, seed);
    c->profiles = intern_new(c->opt.max_profiles, seed);
    c->stacks = intern_new(c->opt.max_profiles, seed);
    c->certs = intern_new(c->opt.max_certs, seed);
    c->sensors = intern_new(LIMIT_SENSORS, seed);
    /* Not the run's seed: which of too many failures is forgotten must not differ between two runs over the same input. To
     * aim at a set of it gains nothing but the loss of a hint. */
    c->fallback = fallback_new(0);
    c->reconnect = reconnect_new(); /* likewise without a seed */
    c->profile.width = sizeof(struct profile);
    c->cert.width = sizeof(struct cert_facts);
    c->hour_pool.width = sizeof(struct hour);
    c->wide.width = sizeof(struct cube_val);
    bool ok = records_init(&c->rows, sizeof(struct cube_row_key), sizeof(struct cube_row), seed);
    ok = records_init(&c->shapes, sizeof(struct cube_shape), sizeof(struct cube_shape), seed) && ok;
    ok = records_init(&c->parties, sizeof((struct addr *)0)->b, sizeof((struct addr *)0)->b, seed) && ok;
    ok = records_init(&c->spans, sizeof(struct span_key), sizeof(struct span_row), seed) && ok;
    ok = cube_hours_reserve(c, 1) && ok; /* the first one takes the counters of those that find no memory */
    ok = ok && c->names && c->profiles && c->stacks && c->certs && c->sensors && c->fallback && c->reconnect;
    if (ok && opt->sensor && *opt->sensor)
        ok = (c->sensor = cube_put_sensor(c, opt->sensor)) != 0;
    if (ok)
        return c;
    cube_free(c);
    return NULL;
}

void cube_free(struct cube *c)
{
    if (!c)
        return;
    struct intern *tables[] = { c->names, c->profiles, c->stacks, c->certs, c->sensors };
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        intern_free(tables[i]);
    records_free(&c->rows);
    records_free(&c->shapes);
    records_free(&c->parties);
    records_free(&c->spans);
    column_free(&c->wide);
    column_free(&c->profile);
    column_free(&c->cert);
    column_free(&c->hour_pool);
    struct column *orders[] = { &c->name_order, &c->profile_order, &c->cert_order };
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++)
        column_free(orders[i]);
    free(c->late);
    free(c->sorted);
    free(c->order);
    fallback_free(c->fallback);
    reconnect_free(c->reconnect);
    cube_inputs_truncate(c, 0);
    free(c->input);
    free(c->hour);
    free(c->service);
    free(c);
}

void cube_share(struct cube *c)
{
    c->shares = true;
    c->name_order.width = c->profile_order.width = c->cert_order.width = sizeof(struct cube_order);
}

void cube_at(struct cube *c, uint64_t order, uint64_t second)
{
    c->now = (struct cube_order){ order, second };
}

/* The next id of this table may be given now. false: out of memory. */
static bool note_order(const struct cube *c, struct column *order, uint32_t id)
{
    if (!c->shares || !order)
        return true;
    if (!column_reserve(order, id))
        return false;
    *(struct cube_order *)column_at(order, id) = c->now;
    return true;
}

struct table { /* of interned bytes */
    struct intern *bytes;
    struct column *beside, *order; /* a value of each, when it came; or NULL */
};

/* Bytes into a table of at most max. 0: full (oom says whether it was memory). */
static uint32_t put(struct cube *c, struct table t, uint32_t max, const void *key, size_t n, bool *fresh)
{
    c->oom = false;
    *fresh = false;
    uint32_t next = intern_count(t.bytes) + 1;
    if (next > max)
        return intern_find(t.bytes, key, n);
    bool room = (!t.beside || column_reserve(t.beside, next)) && note_order(c, t.order, next);
    uint32_t id = room ? intern_put(t.bytes, key, n, fresh) : intern_find(t.bytes, key, n);
    c->oom = id == 0;
    return id;
}

/* Host names are case-insensitive and may end with the root's dot (RFC 1034 section 3.1): one name, one id. Its length. */
static uint8_t name_fold(struct rd name, uint8_t low[LIMIT_NAME_BYTES])
{
    size_t n = rd_left(&name);
    if (n && name.p[n - 1] == '.')
        n--;
    if (n > LIMIT_NAME_BYTES)
        n = LIMIT_NAME_BYTES;
    for (size_t i = 0; i < n; i++)
        low[i] = (uint8_t)(name.p[i] >= 'A' && name.p[i] <= 'Z' ? name.p[i] | 0x20 : name.p[i]);
    return (uint8_t)n;
}

static uint32_t name_put(struct cube *c, const uint8_t *low, size_t n)
{
    bool fresh, spent = c->name_bytes + n > (size_t)c->opt.max_names * LIMIT_NAME_MEAN;
    uint32_t id = put(c, (struct table){ c->names, NULL, &c->name_order }, spent ? 0 : c->opt.max_names, low, n, &fresh);
    if (fresh)
        c->name_bytes += n;
    return id;
}

uint32_t cube_put_name(struct cube *c, struct rd name)
{
    uint8_t low[LIMIT_NAME_BYTES];
    return name_put(c, low, name_fold(name, low));
}

/* Everything that follows from the offer. false: out of memory. */
static bool derive(struct cube *c, struct profile *p, struct rd offer)
{
    uint8_t stack[STACK_MAX];
    size_t n = profile_stack(offer, stack);
    bool fresh;
    struct offer o;
    *p = (struct profile){ .offer = offer, .ja4_ns = INT64_MAX };
    p->stack = put(c, (struct table){ c->stacks, NULL, NULL }, c->opt.max_profiles, stack, n, &fresh);
    c->oom = !p->stack || !profile_label(stack, n, p->stack_label);
    if (offer_read(offer, &o)) {
        p->max_version = o.max_version;
        p->guess = profile_guess(&o);
    }
    return !c->oom;
}

static uint32_t profile_put(struct cube *c, struct rd offer)
{
    size_t n = rd_left(&offer);
    bool fresh, spent = c->profile_bytes + n > (size_t)c->opt.max_profiles * LIMIT_PROFILE_MEAN;
    const struct table t = { c->profiles, &c->profile, &c->profile_order };
    uint32_t id = put(c, t, spent ? 0 : c->opt.max_profiles, offer.p, n, &fresh);
    if (!fresh)
        return id;
    if (!derive(c, column_at(&c->profile, id), rd_of(intern_key(c->profiles, id, NULL), n))) {
        intern_truncate(c->profiles, id - 1);
        return 0;
    }
    c->profile_bytes += n;
    return id;
}

/* The earliest hello gives the JA4; of two at the same time, the lower text: the same whatever came first. */
void cube_ja4(struct cube *c, uint32_t profile, const char *ja4, int64_t ns)
{
    struct profile *p = column_at(&c->profile, profile);
    if (ns == INT64_MAX || ns > p->ja4_ns || (ns == p->ja4_ns && p->ja4[0] && strcmp(ja4, p->ja4) >= 0))
        return;
    memset(p->ja4, 0, sizeof p->ja4);
    memcpy(p->ja4, ja4, strnlen(ja4, sizeof p->ja4 - 1));
    p->ja4_ns = ns;
}

uint32_t cube_put_profile(struct cube *c, struct rd offer, const char *ja4, int64_t ja4_ns)
{
    uint32_t id = profile_put(c, offer);
    if (id)
        cube_ja4(c, id, ja4, ja4_ns);
    return id;
}

static uint32_t profile_of(struct cube *c, const struct tls_event *ev)
{
    uint32_t id = profile_put(c, ev->offer);
    if (!id || !ev->ch)
        return id;
    const struct profile *p = column_at(&c->profile, id);
    if (ev->ts_ns <= p->ja4_ns) {
        char ja4[PROFILE_JA4];
        profile_ja4(ev->ch, ja4);
        cube_ja4(c, id, ja4, ev->ts_ns);
    }
    return id;
}

uint32_t cube_put_cert(struct cube *c, const struct cert_facts *facts)
{
    bool fresh;
    const struct table t = { c->certs, &c->cert, &c->cert_order };
    uint32_t id = put(c, t, c->opt.max_certs, facts->sha256, sizeof facts->sha256, &fresh);
    if (fresh)
        memcpy(column_at(&c->cert, id), facts, sizeof *facts);
    return id;
}

uint16_t cube_put_sensor(struct cube *c, const char *name)
{
    bool fresh;
    return (uint16_t)put(c, (struct table){ c->sensors, NULL, NULL }, LIMIT_SENSORS, name, strlen(name), &fresh);
}

/* One that is a pseudonym already stays. */
struct addr cube_client(const struct cube *c, const struct addr *a)
{
    struct addr cut = addr_prefix(a, c->opt.client_prefix);
    if (!c->anonymize || cut.kind == ADDR_NONE || cut.kind == ADDR_PSEUDO)
        return cut;
    struct addr out = { .kind = ADDR_PSEUDO };
    uint8_t md[EVP_MAX_MD_SIZE] = { 0 };
    (void)HMAC(EVP_sha256(), c->key, sizeof c->key, (const uint8_t *)&cut, sizeof cut, md, NULL);
    memcpy(out.b, md, 8);
    return out;
}

/* What is left of a key: 1 the server and what was chosen; 2 what was chosen; 3 how it ended. */
static struct cube_key folded(const struct cube_key *k, unsigned cut)
{
    struct cube_key o = { .outcome = k->outcome, .suite = SUITE_NONE, .flags = CUBE_OTHER };
    if (cut <= 2) {
        o.day = k->day;
        o.version = k->version;
        o.suite = k->suite;
        o.transport = k->transport;
    }
    if (cut == 1) {
        o.server = k->server;
        o.scope = k->scope;
        o.sensor = k->sensor;
        o.upgrade = k->upgrade;
    }
    return o;
}

void cube_manner(const struct cube *c, struct cube_manner *out)
{
    static const uint8_t label[] = "tlsunset: is this the key?"; /* no address: those have another length */
    uint8_t md[EVP_MAX_MD_SIZE] = { 0 };
    *out = (struct cube_manner){ .anonymize = c->anonymize, .scope = c->opt.scope, .client_prefix = c->opt.client_prefix };
    if (!c->anonymize)
        return;
    (void)HMAC(EVP_sha256(), c->key, sizeof c->key, label, sizeof label - 1, md, NULL);
    memcpy(out->key_check, md, sizeof out->key_check);
}

/* Where the table is full only a row that is there already is found. */
static bool pack(struct cube *c, const struct cube_key *k, unsigned cut, struct cube_row_key *out)
{
    return cube_pack(c, k, c->rows.count < row_limit(c, cut), out);
}

static uint32_t place(struct cube *c, const struct cube_key *k, unsigned cut)
{
    struct cube_row_key key;
    return pack(c, k, cut, &key) ? records_put(&c->rows, &key, row_limit(c, cut), &c->oom) : 0;
}

uint32_t cube_place(struct cube *c, const struct cube_key *k, bool whole)
{
    uint32_t row = whole ? place(c, k, 0) : 0;
    if (row || (whole && c->oom))
        return row;
    for (unsigned cut = 1; cut <= LAST_CUT; cut++) {
        const struct cube_key o = folded(k, cut);
        row = place(c, &o, cut);
        if (row || c->oom)
            return row;
    }
    return 0;
}

bool cube_put_row(struct cube *c, const struct cube_key *k, const struct cube_val *v, bool whole)
{
    struct cube_key mine = *k;
    mine.client.addr = cube_client(c, &k->client.addr);
    uint32_t row = cube_place(c, &mine, whole);
    if (row)
        cube_add(c, row, v);
    return row != 0;
}

/* Certificate and profile of the key. false: one of them could not be kept. */
static bool key_ids(struct cube *c, const struct tls_event *ev, struct cube_key *k)
{
    bool whole = !ev->cert || (k->cert = cube_put_cert(c, ev->cert)) != 0;
    if (rd_left(&ev->offer) == 0)
        return whole;
    k->profile = profile_of(c, ev);
    return k->profile && whole;
}

static void key_facts(const struct cube *c, const struct tls_event *ev, struct cube_key *k)
{
    k->client.addr = cube_client(c, &ev->client.addr);
    k->server = ev->server;
    k->day = ev->ts_ns > 0 ? (uint32_t)(ev->ts_ns / SECOND / 86400) : 0;
    k->scope = !c->opt.scope ? 0 : ev->ids.vni ? ev->ids.vni : ev->ids.vlan;
    k->suite = ev->suite;
    k->flags = ev->flags & CUBE_FLAGS & ~(uint32_t)CUBE_OTHER;
    k->version = ev->version;
    k->group = ev->group;
    k->dh_bits = ev->dh_bits;
    k->sigscheme = ev->sigscheme;
    k->refusal_code = ev->refusal_code;
    k->sensor = c->sensor;
    k->transport = ev->transport;
    k->outcome = ev->outcome;
    k->aftermath = ev->aftermath;
    k->sentinel = ev->sentinel;
    k->alert_from = ev->alert.from;
    k->alert_code = ev->alert.code;
    k->upgrade = cube_upgrade_id(ev->upgrade);
    k->offered = ev->server_offered_upgrade;
}

/* ---- events ---- */

/* What is left of an event when it is gone. */
static void late_take(struct cube *c, const struct tls_event *ev, struct cube_late *l)
{
    l->key = (struct cube_key){ .day = 0 };
    l->val = (struct cube_val){
        .count = 1,
        .first_ns = ev->ts_ns,
        .last_ns = ev->ts_ns,
        .exemplar = { .ts_ns = ev->ts_ns,
                      .frame = ev->frame_client_hello ? ev->frame_client_hello : ev->frame_server_hello,
                      .input = ev->input,
                      .client_port = ev->client.port },
    };
    l->client = ev->client;
    l->via = ev->via.addr;
    l->end_ns = ev->end_ns;
    l->at = c->now;
    l->who = l->step = 0;
    l->held = false;
    l->named = ev->ch && rd_left(&ev->ch->sni) > 0;
    if (l->named)
        l->name_len = name_fold(ev->ch->sni, l->name);
    l->whole = key_ids(c, ev, &l->key);
    key_facts(c, ev, &l->key);
}

/* The name, and what else follows only from it or from the order of handshakes. */
static void late_name(struct cube *c, struct cube_late *l)
{
    struct cube_key *k = &l->key;
    const struct cube_order now = c->now;
    c->now = l->at;
    if (l->named)
        l->whole = (k->sni = name_put(c, l->name, l->name_len)) != 0 && l->whole;
    c->now = now;
    if (!k->profile)
        return;
    const struct profile *p = column_at(&c->profile, k->profile);
    const struct fallback_hello h = { .client = &l->client, .server = &k->server, .via = &l->via, .who = l->who,
                                      .sni = k->sni, .profile = k->profile, .max_version = p->max_version,
                                      .outcome = k->outcome, .ts_ns = l->val.first_ns, .end_ns = l->end_ns };
    k->fallback_from = fallback_from(c->fallback, &h);
}

static void tally(struct cube *c, const struct cube_key *k, const struct cube_val *v, bool whole)
{
    uint32_t row = cube_place(c, k, whole);
    if (!row && whole) /* no memory for a new row; there may be an "other" one */
        row = cube_place(c, k, false);
    if (row)
        cube_add(c, row, v);
    else
        c->lost += v->count;
}

/* Whoever was refused TLS at this server a moment ago may have come back; and who was refused now may be about to. */
static void late_reconnect(struct cube *c, struct cube_late *l)
{
    const struct reconnect_parties who = { &l->client, &l->key.server, &l->via };
    struct refusal past, mine = { .end_ns = l->end_ns, .whole = l->whole };
    while (reconnect_follows(c->reconnect, &who, l->val.first_ns, &past)) {
        past.key.aftermath = AFTER_RECONNECT;
        tally(c, &past.key, &past.val, past.whole);
    }
    l->held = l->key.aftermath == AFTER_CLOSE;
    if (!l->held)
        return;
    mine.key = l->key;
    mine.val = l->val;
    if (reconnect_hold(c->reconnect, &who, &mine, &past))
        tally(c, &past.key, &past.val, past.whole);
}

/*
 * Where rows are many, what a handshake is looked up in is in no cache any more when it comes: tables of names, parties and
 * rows, and in each a slot leads to an entry, and that to bytes. So a handshake waits while the next few come, and with each of
 * them it goes one step on, which reads what the last one sent for and sends for what is needed next.
 */
enum { LATE_FROM = 1 << 15 };

static void step_slots(struct cube *c, struct cube_late *l)
{
    if (l->named)
        l->name_expected = intern_expect(c->names, l->name, l->name_len);
    if (l->key.profile)
        l->who = fallback_expect(c->fallback, &l->client, &l->key.server);
    if (cube_party_is_kept(&l->key.client.addr))
        l->party[0] = records_expect(&c->parties, l->key.client.addr.b);
    if (cube_party_is_kept(&l->key.server.addr))
        l->party[1] = records_expect(&c->parties, l->key.server.addr.b);
}

static void step_entries(struct cube *c, struct cube_late *l)
{
    if (l->named)
        intern_expect_entry(c->names, l->name_expected);
    if (cube_party_is_kept(&l->key.client.addr))
        records_expect_record(&c->parties, l->party[0]);
    if (cube_party_is_kept(&l->key.server.addr))
        records_expect_record(&c->parties, l->party[1]);
}

static void step_bytes(struct cube *c, struct cube_late *l)
{
    if (l->named)
        intern_expect_bytes(c->names, l->name_expected);
    const struct fallback_hello h = { .client = &l->client, .server = &l->key.server, .via = &l->via, .who = l->who };
    if (l->who)
        fallback_expect_set(c->fallback, &h);
}

static void step_key(struct cube *c, struct cube_late *l)
{
    late_name(c, l);
    late_reconnect(c, l);
    if (l->held || !l->whole || !pack(c, &l->key, 0, &l->packed))
        l->packed.shape = 0;
    else
        l->row = records_expect(&c->rows, &l->packed);
}

static void step_tally(struct cube *c, struct cube_late *l)
{
    bool oom;
    uint32_t row = l->packed.shape ? records_put_expected(&c->rows, l->row, &l->packed, row_limit(c, 0), &oom) : 0;
    if (row)
        cube_add(c, row, &l->val);
    else if (!l->held)
        tally(c, &l->key, &l->val, l->whole);
}

static void (*const steps[])(struct cube *c, struct cube_late *l) = { step_slots, step_entries, step_bytes, step_key,
                                                                     step_tally };
enum { LATE = sizeof steps / sizeof *steps };

/* All that wait go one step on, in order; the first may be through then. */
static void late_step(struct cube *c)
{
    for (unsigned i = 0; i < c->lates; i++) {
        struct cube_late *l = &c->late[(c->late_first + i) % LATE];
        steps[l->step++](c, l);
    }
    if (c->lates && c->late[c->late_first].step == LATE) {
        c->late_first = (c->late_first + 1) % LATE;
        c->lates--;
    }
}

void cube_flush(struct cube *c)
{
    while (c->lates)
        late_step(c);
}

void cube_event(struct cube *c, const struct tls_event *ev)
{
    if (!c->late && c->rows.count >= LATE_FROM)
        c->late = calloc(LATE, sizeof *c->late);
    if (c->late) {
        late_step(c);
        late_take(c, ev, &c->late[(c->late_first + c->lates++) % LATE]);
        return;
    }
    struct cube_late l;
    late_take(c, ev, &l);
    late_name(c, &l);
    late_reconnect(c, &l);
    if (!l.held)
        tally(c, &l.key, &l.val, l.whole);
}

void cube_settle(struct cube *c)
{
    struct refusal held;
    cube_flush(c);
    while (reconnect_any(c->reconnect, &held))
        tally(c, &held.key, &held.val, held.whole);
}
