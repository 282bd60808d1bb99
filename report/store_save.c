/* SPDX-License-Identifier: Apache-2.0 */
/* Adding a cube to a state file: tables of names first, then what refers to them, all in one transaction. */
#include "base/limits.h"
#include "report/store_impl.h"

#include <stdlib.h>
#include <string.h>

/* Ids of the cube to ids of the file. */
struct ids {
    int64_t *name, *sensor, *profile, *cert, *input;
};

static void ids_free(struct ids *ids)
{
    free(ids->name);
    free(ids->sensor);
    free(ids->profile);
    free(ids->cert);
    free(ids->input);
}

static void bind_blob(sqlite3_stmt *q, int at, const void *p, size_t n)
{
    if (n == 0)
        (void)sqlite3_bind_zeroblob(q, at, 0);
    else
        (void)sqlite3_bind_blob(q, at, p, (int)n, SQLITE_STATIC);
}

static void bind_text(sqlite3_stmt *q, int at, const char *text)
{
    (void)sqlite3_bind_text(q, at, text, -1, SQLITE_STATIC);
}

/* Wire text that has a terminator of ours. */
static void bind_chars(sqlite3_stmt *q, int at, const char *text)
{
    bind_blob(q, at, text, strlen(text));
}

/* Binds what entry id is kept by (to find it) and, when add is given, everything else too. Returns after how many. */
typedef void bind_entry(sqlite3_stmt *q, const struct cube *c, uint32_t id, bool all);

static void bind_name(sqlite3_stmt *q, const struct cube *c, uint32_t id, bool all)
{
    (void)all;
    struct rd r = cube_name(c, id);
    bind_blob(q, 1, r.p, rd_left(&r));
}

static void bind_sensor(sqlite3_stmt *q, const struct cube *c, uint32_t id, bool all)
{
    (void)all;
    struct rd r = cube_sensor(c, (uint16_t)id);
    bind_blob(q, 1, r.p, rd_left(&r));
}

static void bind_profile(sqlite3_stmt *q, const struct cube *c, uint32_t id, bool all)
{
    const struct profile *p = cube_profile(c, id);
    bind_blob(q, 1, p->offer.p, rd_left(&p->offer));
    if (!all)
        return;
    bind_text(q, 2, p->ja4);
    (void)sqlite3_bind_int64(q, 3, p->ja4_ns);
}

static void bind_cert(sqlite3_stmt *q, const struct cube *c, uint32_t id, bool all)
{
    const struct cert_facts *f = cube_cert(c, id);
    bind_blob(q, 1, f->sha256, sizeof f->sha256);
    if (!all)
        return;
    bind_chars(q, 2, f->subject);
    bind_chars(q, 3, f->issuer);
    bind_chars(q, 4, f->san);
    bind_text(q, 5, f->serial);
    (void)sqlite3_bind_int(q, 6, f->key);
    (void)sqlite3_bind_int(q, 7, f->key_bits);
    (void)sqlite3_bind_int(q, 8, f->curve);
    bind_text(q, 9, f->sigalg);
    (void)sqlite3_bind_int(q, 10, f->sig_hash_bits);
    (void)sqlite3_bind_int64(q, 11, f->not_before);
    (void)sqlite3_bind_int64(q, 12, f->not_after);
    (void)sqlite3_bind_int(q, 13, f->self_signed);
    (void)sqlite3_bind_int(q, 14, f->is_ca);
}

static void bind_input(sqlite3_stmt *q, const struct cube *c, uint32_t id, bool all)
{
    const struct input *in = cube_input_at(c, id);
    bind_chars(q, 1, in->name);
    bind_blob(q, 2, in->digest, sizeof in->digest);
    (void)sqlite3_bind_int64(q, 3, in->read_ns);
    if (!all)
        return;
    (void)sqlite3_bind_int64(q, 4, in->first_ns);
    (void)sqlite3_bind_int64(q, 5, in->last_ns);
    (void)sqlite3_bind_int64(q, 6, (int64_t)in->packets);
    (void)sqlite3_bind_int64(q, 7, (int64_t)in->bytes);
    bind_text(q, 8, in->warning);
    (void)sqlite3_bind_int64(q, 9, (int64_t)in->mark);
}

/* How a table of entries is written: find one, add one, add to the one that is there (NULL: nothing to add). */
struct table {
    const char *find, *insert, *update;
    bind_entry *bind;
};

static const struct table names = { "SELECT id FROM name WHERE name = ?", "INSERT INTO name (name) VALUES (?)", NULL, bind_name };
static const struct table sensors = { "SELECT id FROM sensor WHERE name = ?", "INSERT INTO sensor (name) VALUES (?)", NULL,
                                      bind_sensor };
static const struct table profiles = { "SELECT id FROM profile WHERE offer = ?",
                                       "INSERT INTO profile (offer, ja4, ja4_ns) VALUES (?,?,?)",
                                       "UPDATE profile SET ja4 = ?2, ja4_ns = ?3 WHERE offer = ?1 AND "
                                       "(?3 < ja4_ns OR (?3 = ja4_ns AND ?2 < ja4))",
                                       bind_profile };
static const struct table certs = { "SELECT id FROM cert WHERE sha256 = ?",
                                    "INSERT INTO cert (sha256, subject, issuer, san, serial, key, key_bits, curve, sigalg, "
                                    "sig_hash_bits, not_before, not_after, self_signed, is_ca) "
                                    "VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
                                    NULL, bind_cert };
/* As cube_input_add does: times count only where there are packets. */
static const struct table inputs = {
    "SELECT id FROM input WHERE name = ? AND digest = ? AND read_ns = ?",
    "INSERT INTO input (name, digest, read_ns, first_ns, last_ns, packets, bytes, warning, mark) VALUES (?,?,?,?,?,?,?,?,?)",
    "UPDATE input SET first_ns = iif(?6 = 0, first_ns, iif(packets = 0, ?4, min(first_ns, ?4))), "
    "last_ns = iif(?6 = 0, last_ns, iif(packets = 0, ?5, max(last_ns, ?5))), packets = packets + ?6, bytes = bytes + ?7, "
    "warning = max(warning, ?8), mark = max(mark, ?9) WHERE name = ?1 AND digest = ?2 AND read_ns = ?3",
    bind_input
};

struct statements {
    sqlite3_stmt *find, *insert, *update;
};

static int save_entry(struct store *s, const struct statements *q, const struct table *t, const struct cube *c, uint32_t id,
                      int64_t *out, struct err *e)
{
    t->bind(q->find, c, id, false);
    int rc = sqlite3_step(q->find);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        return store_fail(s, e);
    if (rc == SQLITE_ROW)
        *out = sqlite3_column_int64(q->find, 0);
    (void)sqlite3_reset(q->find);
    sqlite3_stmt *change = rc == SQLITE_ROW ? q->update : q->insert;
    if (!change)
        return 0;
    t->bind(change, c, id, true);
    if (store_step(s, change, e))
        return -1;
    if (change == q->insert)
        *out = sqlite3_last_insert_rowid(s->db);
    return 0;
}

/* Every entry of one table; *ids[1...count] are those of the file. */
static int save_table(struct store *s, const struct table *t, const struct cube *c, uint32_t count, int64_t **ids, struct err *e)
{
    *ids = calloc((size_t)count + 1, sizeof **ids);
    if (!*ids)
        return err_set(e, "%s: out of memory", s->path);
    struct statements q = { .find = store_prepare(s, t->find, e) };
    q.insert = q.find ? store_prepare(s, t->insert, e) : NULL;
    q.update = q.insert && t->update ? store_prepare(s, t->update, e) : NULL;
    int rc = q.insert && (q.update || !t->update) ? 0 : -1;
    for (uint32_t id = 1; rc == 0 && id <= count; id++)
        rc = save_entry(s, &q, t, c, id, &(*ids)[id], e);
    (void)sqlite3_finalize(q.find);
    (void)sqlite3_finalize(q.insert);
    (void)sqlite3_finalize(q.update);
    return rc;
}

static void bind_key(sqlite3_stmt *q, const struct ids *ids, const struct cube_key *k, uint8_t client[STORE_ADDR],
                     uint8_t server[STORE_ADDR])
{
    const char *upgrade = cube_upgrade_name(k->upgrade);
    bind_blob(q, COL_CLIENT + 1, client, store_addr_put(&k->client.addr, client));
    bind_blob(q, COL_SERVER + 1, server, store_addr_put(&k->server.addr, server));
    (void)sqlite3_bind_int(q, COL_PORT + 1, k->server.port);
    (void)sqlite3_bind_int64(q, COL_PROFILE + 1, ids->profile[k->profile]);
    (void)sqlite3_bind_int64(q, COL_FALLBACK + 1, ids->profile[k->fallback_from]);
    (void)sqlite3_bind_int64(q, COL_SNI + 1, ids->name[k->sni]);
    (void)sqlite3_bind_int64(q, COL_CERT + 1, ids->cert[k->cert]);
    (void)sqlite3_bind_int64(q, COL_SENSOR + 1, ids->sensor[k->sensor]);
    bind_text(q, COL_UPGRADE + 1, upgrade ? upgrade : "");
    bind_text(q, COL_OUTCOME + 1, outcome_name(k->outcome));
    for (unsigned i = 0; i < store_field_count; i++)
        (void)sqlite3_bind_int64(q, (int)(COL_NUMBERS + i + 1), store_field_get(&store_fields[i], k));
}

static void bind_val(sqlite3_stmt *q, int at, const struct ids *ids, const struct cube *c, const struct cube_val *v)
{
    uint32_t input = v->exemplar.input <= cube_inputs(c) ? v->exemplar.input : 0;
    (void)sqlite3_bind_int64(q, at + VAL_COUNT, (int64_t)v->count);
    (void)sqlite3_bind_int64(q, at + VAL_FIRST, v->first_ns);
    (void)sqlite3_bind_int64(q, at + VAL_LAST, v->last_ns);
    (void)sqlite3_bind_int64(q, at + VAL_EX_TS, v->exemplar.ts_ns);
    (void)sqlite3_bind_int64(q, at + VAL_EX_FRAME, (int64_t)v->exemplar.frame);
    (void)sqlite3_bind_int64(q, at + VAL_EX_INPUT, ids->input[input]);
    (void)sqlite3_bind_int(q, at + VAL_EX_PORT, v->exemplar.client_port);
}

/* In order of client and server, as the table lies: appending to a tree is much cheaper than striking it at random. */
static int save_rows(struct store *s, const struct cube *c, const struct ids *ids, struct err *e)
{
    char sql[STORE_SQL];
    uint8_t client[STORE_ADDR], server[STORE_ADDR];
    if (cube_rows(c) == 0)
        return 0;
    uint32_t *order = cube_sorted(c);
    if (!order)
        return err_set(e, "%s: out of memory", s->path);
    sqlite3_stmt *q = store_prepare(s, store_row_insert(sql), e);
    int rc = q ? 0 : -1;
    for (uint32_t i = 0; rc == 0 && i < cube_rows(c); i++) {
        bind_key(q, ids, cube_row_key(c, order[i]), client, server);
        bind_val(q, (int)(COL_NUMBERS + store_field_count + 1), ids, c, cube_row_val(c, order[i]));
        rc = store_step(s, q, e);
    }
    (void)sqlite3_finalize(q);
    free(order);
    return rc;
}

struct span_save {
    struct store *s;
    sqlite3_stmt *q;
    const struct ids *ids;
    struct err *e;
    int rc;
};

static void save_span(void *ctx, const struct endpoint *client, uint32_t profile, const struct endpoint *server,
                      const struct span *span)
{
    struct span_save *v = ctx;
    uint8_t a[STORE_ADDR], b[STORE_ADDR];
    if (v->rc)
        return;
    bind_blob(v->q, 1, a, store_addr_put(&client->addr, a));
    (void)sqlite3_bind_int64(v->q, 2, v->ids->profile[profile]);
    bind_blob(v->q, 3, b, store_addr_put(&server->addr, b));
    (void)sqlite3_bind_int(v->q, 4, server->port);
    (void)sqlite3_bind_int64(v->q, 5, span->first_ns);
    (void)sqlite3_bind_int64(v->q, 6, span->last_ns);
    (void)sqlite3_bind_int64(v->q, 7, (int64_t)span->count);
    v->rc = store_step(v->s, v->q, v->e);
}

static int save_spans(struct store *s, const struct cube *c, const struct ids *ids, struct err *e)
{
    struct span_save v = { .s = s, .ids = ids, .e = e };
    v.q = store_prepare(s, "INSERT INTO span (client, profile, server, port, first_ns, last_ns, count) VALUES (?,?,?,?,?,?,?) "
                           "ON CONFLICT DO UPDATE SET count = count + excluded.count, "
                           "first_ns = min(first_ns, excluded.first_ns), last_ns = max(last_ns, excluded.last_ns)", e);
    if (!v.q)
        return -1;
    cube_each_old_span(c, save_span, &v);
    (void)sqlite3_finalize(v.q);
    return v.rc;
}

static int save_hour(struct store *s, sqlite3_stmt *q, const struct hour *h, int64_t sensor, struct err *e)
{
    struct stats copy = h->stats;
    for (unsigned i = 0; i < stats_count; i++) {
        uint64_t v = *stats_value(&copy, i);
        if (v == 0 && i > 0) /* the first is kept at any rate: an hour of silence was seen too */
            continue;
        (void)sqlite3_bind_int64(q, 1, h->hour);
        (void)sqlite3_bind_int64(q, 2, sensor);
        bind_text(q, 3, stats_rows[i].name);
        (void)sqlite3_bind_int64(q, 4, (int64_t)v);
        if (store_step(s, q, e))
            return -1;
    }
    return 0;
}

/* What was counted where there was no memory for an hour, or for a row, goes to an hour that is there: one of its own would be
 * an hour that was looked at. */
static int save_hourless(struct store *s, sqlite3_stmt *q, const struct cube *c, const struct ids *ids, struct err *e)
{
    static const struct stats none = { 0 };
    const struct input *in = cube_input_at(c, 1);
    struct hour h = { .hour = in ? in->read_ns / INT64_C(3600000000000) : 0 };
    cube_hourless(c, &h.stats);
    if (memcmp(&h.stats, &none, sizeof none) == 0)
        return 0;
    if (cube_hours(c)) {
        h.hour = cube_hour_at(c, 0)->hour;
        h.sensor = cube_hour_at(c, 0)->sensor;
    }
    return save_hour(s, q, &h, ids->sensor[h.sensor], e);
}

static int save_hours(struct store *s, const struct cube *c, const struct ids *ids, struct err *e)
{
    sqlite3_stmt *q = store_prepare(s, "INSERT INTO hour (hour, sensor, counter, value) VALUES (?,?,?,?) "
                                       "ON CONFLICT DO UPDATE SET value = value + excluded.value", e);
    int rc = q ? 0 : -1;
    for (unsigned i = 0; rc == 0 && i < cube_hours(c); i++) {
        const struct hour *h = cube_hour_at(c, i);
        rc = save_hour(s, q, h, ids->sensor[h->sensor], e);
    }
    if (rc == 0)
        rc = save_hourless(s, q, c, ids, e);
    (void)sqlite3_finalize(q);
    return rc;
}

static int save_services(struct store *s, const struct cube *c, struct err *e)
{
    unsigned n;
    const struct service *v = cube_services(c, &n);
    sqlite3_stmt *q = store_prepare(s, "INSERT INTO service (server, port, proto, name, cleartext, flows) VALUES (?,?,?,?,?,?) "
                                       "ON CONFLICT DO UPDATE SET flows = flows + excluded.flows, "
                                       "cleartext = max(cleartext, excluded.cleartext)", e);
    int rc = q ? 0 : -1;
    for (unsigned i = 0; rc == 0 && i < n; i++) {
        uint8_t a[STORE_ADDR];
        bind_blob(q, 1, a, store_addr_put(&v[i].server.addr, a));
        (void)sqlite3_bind_int(q, 2, v[i].server.port);
        (void)sqlite3_bind_int(q, 3, v[i].proto);
        bind_chars(q, 4, v[i].name);
        (void)sqlite3_bind_int(q, 5, v[i].cleartext);
        (void)sqlite3_bind_int64(q, 6, (int64_t)v[i].flows);
        rc = store_step(s, q, e);
    }
    (void)sqlite3_finalize(q);
    return rc;
}

/* With store_once(): is one of these captures in the file already? */
static int refuse_known(struct store *s, const struct cube *c, struct err *e)
{
    int64_t when;
    int rc = 0;
    for (uint32_t id = 1; s->once && rc == 0 && id <= cube_inputs(c); id++) {
        const struct input *in = cube_input_at(c, id);
        rc = cube_input_by_digest(c, in->digest) ? store_has_input(s, in->digest, &when, e) : 0;
        if (rc == 1)
            (void)err_set(e, "%s: this capture is in %s already (by another run, or under another name): nothing was added; "
                             "--again counts it once more", in->name, s->path);
    }
    return rc ? -1 : 0;
}

static int save_all(struct store *s, const struct cube *c, struct ids *ids, struct err *e)
{
    if (store_setting_save(s, c, e) || refuse_known(s, c, e))
        return -1;
    if (save_table(s, &names, c, cube_names(c), &ids->name, e) || save_table(s, &sensors, c, cube_sensors(c), &ids->sensor, e) ||
        save_table(s, &profiles, c, cube_profiles(c), &ids->profile, e) ||
        save_table(s, &certs, c, cube_certs(c), &ids->cert, e) || save_table(s, &inputs, c, cube_inputs(c), &ids->input, e))
        return -1;
    if (save_rows(s, c, ids, e) || save_spans(s, c, ids, e) || save_hours(s, c, ids, e) || save_services(s, c, e))
        return -1;
    return store_exec(s, "COMMIT", e);
}

int store_save(struct store *s, const struct cube *c, struct err *e)
{
    struct ids ids = { 0 };
    int moved = 0;
    if (sqlite3_file_control(s->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK && moved)
        return err_set(e, "%s: was moved, replaced or deleted while it was in use: put it back", s->path);
    if (store_exec(s, "BEGIN IMMEDIATE", e))
        return -1;
    int rc = save_all(s, c, &ids, e);
    if (rc)
        (void)sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    ids_free(&ids);
    return rc;
}
