/* SPDX-License-Identifier: Apache-2.0 */
/* Reading a state file into a cube. The file may be damaged or edited: every value is checked before it is used. */
#include "base/limits.h"
#include "report/store_impl.h"

#include <stdlib.h>
#include <string.h>

/* Ids of the file to ids of the cube. They are dense in a sound file: nothing is ever deleted from these tables. */
#define NOT_KEPT UINT32_MAX
enum { ID_MAX = 1 << 26 };

struct map {
    uint32_t *id; /* 0: no such entry */
    int64_t max;
};

struct load {
    struct store *s;
    struct cube *c;
    struct err *e;
    struct map name, sensor, profile, cert, input;
    bool bad; /* a value was out of its range */
    bool oom;
    bool whole; /* everything the row refers to could be kept */
};

static uint64_t number(struct load *l, sqlite3_stmt *q, int at, uint64_t max)
{
    int64_t v = sqlite3_column_int64(q, at);
    if (v >= 0 && (uint64_t)v <= max)
        return (uint64_t)v;
    l->bad = true;
    return 0;
}

static struct rd blob(sqlite3_stmt *q, int at)
{
    const void *p = sqlite3_column_blob(q, at);
    int n = sqlite3_column_bytes(q, at);
    return rd_of(p, p && n > 0 ? (size_t)n : 0);
}

/* Text into a field of fixed size; longer text than this program writes is damage. */
static void text(struct load *l, sqlite3_stmt *q, int at, char *out, size_t size)
{
    struct rd r = blob(q, at);
    size_t n = rd_left(&r);
    if (n >= size || (n && memchr(r.p, 0, n))) {
        l->bad = true;
        return;
    }
    memset(out, 0, size);
    if (n)
        memcpy(out, r.p, n);
}

static void digest(struct load *l, sqlite3_stmt *q, int at, uint8_t out[32])
{
    struct rd r = blob(q, at);
    if (rd_left(&r) == 32)
        memcpy(out, r.p, 32);
    else
        l->bad = true;
}

static struct addr party(struct load *l, sqlite3_stmt *q, int at)
{
    struct addr a;
    struct rd r = blob(q, at);
    if (!store_addr_get(r.p, (int)rd_left(&r), &a))
        l->bad = true;
    return a;
}

static uint32_t mapped(struct load *l, const struct map *m, int64_t id)
{
    if (id == 0)
        return 0;
    if (id < 0 || id > m->max || m->id[id] == 0) {
        l->bad = true;
        return 0;
    }
    if (m->id[id] != NOT_KEPT)
        return m->id[id];
    l->whole = false;
    return 0;
}

/* One entry of a table, columns after the id; its id in the cube, 0 when that is full. */
typedef uint32_t read_entry(struct load *l, sqlite3_stmt *q);

static uint32_t read_name(struct load *l, sqlite3_stmt *q)
{
    return cube_put_name(l->c, blob(q, 1));
}

static uint32_t read_sensor(struct load *l, sqlite3_stmt *q)
{
    char name[LIMIT_NAME_BYTES + 1] = "";
    text(l, q, 1, name, sizeof name);
    return cube_put_sensor(l->c, name);
}

static uint32_t read_profile(struct load *l, sqlite3_stmt *q)
{
    char ja4[sizeof((struct profile *)0)->ja4] = "";
    text(l, q, 2, ja4, sizeof ja4);
    struct rd offer = blob(q, 1);
    if (rd_left(&offer) == 0 || rd_left(&offer) > OFFER_MAX)
        l->bad = true;
    return l->bad ? 0 : cube_put_profile(l->c, offer, ja4, sqlite3_column_int64(q, 3));
}

static uint32_t read_cert(struct load *l, sqlite3_stmt *q)
{
    struct cert_facts f;
    memset(&f, 0, sizeof f);
    digest(l, q, 1, f.sha256);
    text(l, q, 2, f.subject, sizeof f.subject);
    text(l, q, 3, f.issuer, sizeof f.issuer);
    text(l, q, 4, f.san, sizeof f.san);
    text(l, q, 5, f.serial, sizeof f.serial);
    f.key = (uint8_t)number(l, q, 6, UINT8_MAX);
    f.key_bits = (uint16_t)number(l, q, 7, UINT16_MAX);
    f.curve = (uint16_t)number(l, q, 8, UINT16_MAX);
    text(l, q, 9, f.sigalg, sizeof f.sigalg);
    f.sig_hash_bits = (uint16_t)number(l, q, 10, UINT16_MAX);
    f.not_before = sqlite3_column_int64(q, 11);
    f.not_after = sqlite3_column_int64(q, 12);
    f.self_signed = (uint8_t)number(l, q, 13, 1);
    f.is_ca = (uint8_t)number(l, q, 14, 1);
    return l->bad ? 0 : cube_put_cert(l->c, &f);
}

static uint32_t read_input(struct load *l, sqlite3_stmt *q)
{
    struct input in;
    char name[4096] = "";
    memset(&in, 0, sizeof in);
    text(l, q, 1, name, sizeof name);
    in.name = name;
    digest(l, q, 2, in.digest);
    in.read_ns = sqlite3_column_int64(q, 3);
    in.first_ns = sqlite3_column_int64(q, 4);
    in.last_ns = sqlite3_column_int64(q, 5);
    in.packets = number(l, q, 6, INT64_MAX);
    in.bytes = number(l, q, 7, INT64_MAX);
    text(l, q, 8, in.warning, sizeof in.warning);
    return l->bad ? 0 : cube_input_again(l->c, &in);
}

static int map_make(struct load *l, const char *table, struct map *m)
{
    char sql[64];
    (void)sqlite3_snprintf(sizeof sql, sql, "SELECT max(id) FROM \"%w\"", table);
    sqlite3_stmt *q = store_prepare(l->s, sql, l->e);
    if (!q)
        return -1;
    int rc = sqlite3_step(q) == SQLITE_ROW ? 0 : store_fail(l->s, l->e);
    m->max = rc ? 0 : sqlite3_column_int64(q, 0);
    (void)sqlite3_finalize(q);
    if (rc == 0 && (m->max < 0 || m->max > ID_MAX))
        return store_damaged(l->s, table, l->e);
    m->id = calloc((size_t)m->max + 1, sizeof *m->id);
    return m->id || rc ? rc : err_set(l->e, "%s: out of memory", l->s->path);
}

/* Every row of an answer, through what(). */
static int each(struct load *l, const char *sql, void (*what)(struct load *l, sqlite3_stmt *q, void *ctx), void *ctx)
{
    sqlite3_stmt *q = store_prepare(l->s, sql, l->e);
    if (!q)
        return -1;
    int rc;
    while ((rc = sqlite3_step(q)) == SQLITE_ROW && !l->bad && !l->oom)
        what(l, q, ctx);
    int out = 0;
    if (l->bad)
        out = store_damaged(l->s, "a value is out of its range", l->e);
    else if (l->oom)
        out = err_set(l->e, "%s: out of memory", l->s->path);
    else if (rc != SQLITE_DONE)
        out = store_fail(l->s, l->e);
    (void)sqlite3_finalize(q);
    return out;
}

struct entries {
    struct map *map;
    read_entry *read;
};

static void entry(struct load *l, sqlite3_stmt *q, void *ctx)
{
    const struct entries *t = ctx;
    int64_t id = sqlite3_column_int64(q, 0);
    uint32_t mine = t->read(l, q);
    l->oom = !mine && !l->bad && cube_oom(l->c);
    if (id >= 1 && id <= t->map->max)
        t->map->id[id] = mine ? mine : NOT_KEPT;
    else
        l->bad = true;
}

static int load_entries(struct load *l, const char *table, const char *sql, struct map *m, read_entry *read)
{
    struct entries t = { .map = m, .read = read };
    return map_make(l, table, m) ? -1 : each(l, sql, entry, &t);
}

static void read_key(struct load *l, sqlite3_stmt *q, struct cube_key *k)
{
    k->client.addr = party(l, q, COL_CLIENT);
    k->server.addr = party(l, q, COL_SERVER);
    k->server.port = (uint16_t)number(l, q, COL_PORT, UINT16_MAX);
    k->profile = mapped(l, &l->profile, sqlite3_column_int64(q, COL_PROFILE));
    k->fallback_from = mapped(l, &l->profile, sqlite3_column_int64(q, COL_FALLBACK));
    k->sni = mapped(l, &l->name, sqlite3_column_int64(q, COL_SNI));
    k->cert = mapped(l, &l->cert, sqlite3_column_int64(q, COL_CERT));
    k->sensor = (uint16_t)mapped(l, &l->sensor, sqlite3_column_int64(q, COL_SENSOR));
    for (unsigned i = 0; i < store_field_count; i++) {
        const struct store_field *f = &store_fields[i];
        uint64_t max = f->width == 4 ? UINT32_MAX : f->width == 2 ? UINT16_MAX : UINT8_MAX;
        store_field_set(f, k, (uint32_t)number(l, q, (int)(COL_NUMBERS + i), max));
    }
    k->flags &= CUBE_FLAGS | CUBE_OTHER;
}

/* What is kept by name, so that numbers may change between versions of this program. */
static void read_words(struct load *l, sqlite3_stmt *q, struct cube_key *k)
{
    char word[32] = "";
    text(l, q, COL_UPGRADE, word, sizeof word);
    k->upgrade = word[0] ? cube_upgrade_id(word) : 0;
    text(l, q, COL_OUTCOME, word, sizeof word);
    unsigned o = 0;
    while (o < OUTCOME_COUNT && strcmp(outcome_name((enum outcome)o), word) != 0)
        o++;
    if (o == OUTCOME_COUNT)
        l->bad = true;
    k->outcome = (uint8_t)o;
}

static void read_row(struct load *l, sqlite3_stmt *q, void *ctx)
{
    (void)ctx;
    struct cube_key k = { .day = 0 };
    int at = (int)(COL_NUMBERS + store_field_count);
    l->whole = true;
    read_key(l, q, &k);
    read_words(l, q, &k);
    bool whole = l->whole;
    const struct cube_val v = {
        .count = number(l, q, at + VAL_COUNT, INT64_MAX),
        .first_ns = sqlite3_column_int64(q, at + VAL_FIRST),
        .last_ns = sqlite3_column_int64(q, at + VAL_LAST),
        .exemplar = { .ts_ns = sqlite3_column_int64(q, at + VAL_EX_TS),
                      .frame = number(l, q, at + VAL_EX_FRAME, INT64_MAX),
                      .input = mapped(l, &l->input, sqlite3_column_int64(q, at + VAL_EX_INPUT)),
                      .client_port = (uint16_t)number(l, q, at + VAL_EX_PORT, UINT16_MAX) },
    };
    if (v.count == 0)
        l->bad = true;
    if (!l->bad)
        l->oom = !cube_put_row(l->c, &k, &v, whole);
}

static void read_span(struct load *l, sqlite3_stmt *q, void *ctx)
{
    (void)ctx;
    struct endpoint client = { .addr = party(l, q, 0) }, server = { .addr = party(l, q, 2) };
    uint32_t profile = mapped(l, &l->profile, sqlite3_column_int64(q, 1));
    server.port = (uint16_t)number(l, q, 3, UINT16_MAX);
    struct span s = { .first_ns = sqlite3_column_int64(q, 4), .last_ns = sqlite3_column_int64(q, 5),
                      .count = number(l, q, 6, INT64_MAX) };
    if (!l->bad)
        l->oom = !cube_put_span(l->c, &client, profile, &server, &s);
}

/* A counter that this version does not have is left out. */
static void read_hour(struct load *l, sqlite3_stmt *q, void *ctx)
{
    (void)ctx;
    char counter[64] = "";
    struct stats s;
    memset(&s, 0, sizeof s);
    uint16_t sensor = (uint16_t)mapped(l, &l->sensor, sqlite3_column_int64(q, 1));
    text(l, q, 2, counter, sizeof counter);
    uint64_t v = number(l, q, 3, INT64_MAX);
    for (unsigned i = 0; i < stats_count; i++)
        if (strcmp(stats_rows[i].name, counter) == 0)
            *stats_value(&s, i) = v;
    if (!l->bad)
        l->oom = !cube_put_hour(l->c, sqlite3_column_int64(q, 0), sensor, &s);
}

static void read_service(struct load *l, sqlite3_stmt *q, void *ctx)
{
    (void)ctx;
    struct endpoint server = { .addr = party(l, q, 0), .port = (uint16_t)number(l, q, 1, UINT16_MAX) };
    uint8_t proto = (uint8_t)number(l, q, 2, UINT8_MAX);
    char name[sizeof((struct service *)0)->name] = "";
    text(l, q, 3, name, sizeof name);
    bool cleartext = number(l, q, 4, 1) != 0;
    uint64_t flows = number(l, q, 5, INT64_MAX);
    if (!l->bad)
        cube_service(l->c, &server, proto, name, cleartext, flows);
}

static int load_all(struct load *l)
{
    char sql[STORE_SQL];
    if (load_entries(l, "name", "SELECT id, name FROM name", &l->name, read_name) ||
        load_entries(l, "sensor", "SELECT id, name FROM sensor", &l->sensor, read_sensor) ||
        load_entries(l, "profile", "SELECT id, offer, ja4, ja4_ns FROM profile", &l->profile, read_profile) ||
        load_entries(l, "cert",
                     "SELECT id, sha256, subject, issuer, san, serial, key, key_bits, curve, sigalg, sig_hash_bits, not_before, "
                     "not_after, self_signed, is_ca FROM cert",
                     &l->cert, read_cert) ||
        load_entries(l, "input",
                     "SELECT id, name, digest, read_ns, first_ns, last_ns, packets, bytes, warning FROM input ORDER BY id",
                     &l->input, read_input))
        return -1;
    if (each(l, store_row_select(sql), read_row, NULL) ||
        each(l, "SELECT client, profile, server, port, first_ns, last_ns, count FROM span", read_span, NULL) ||
        each(l, "SELECT hour, sensor, counter, value FROM hour ORDER BY hour", read_hour, NULL) ||
        each(l, "SELECT server, port, proto, name, cleartext, flows FROM service", read_service, NULL))
        return -1;
    return 0;
}

/* One read transaction: a run that is saved meanwhile is seen whole or not at all. */
int store_load(struct store *s, struct cube *c, struct err *e)
{
    struct load l = { .s = s, .c = c, .e = e };
    if (store_exec(s, "BEGIN", e))
        return -1;
    int rc = load_all(&l);
    (void)sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    free(l.name.id);
    free(l.sensor.id);
    free(l.profile.id);
    free(l.cert.id);
    free(l.input.id);
    return rc;
}
