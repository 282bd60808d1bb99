/* SPDX-License-Identifier: Apache-2.0 */
/* How the clients of a state file are told apart: kept with the first cube, asked of every other. A state of pseudonyms must not
 * get addresses from a run that forgot to ask for them, and what is counted in two ways does not add up. */
#include "capture/flow.h"
#include "report/store_impl.h"

#include <string.h>

static const char *const scopes[] = { [SCOPE_NONE] = "", [SCOPE_VLAN] = "vlan", [SCOPE_VNI] = "vni" };

struct setting {
    bool known; /* else nothing was saved yet, or by a version that did not keep it: then only what rows tell is known */
    bool pseudonyms, addresses; /* of clients that are there, or would be */
    struct cube_manner manner;
};

static const char *scope_name(uint8_t scope)
{
    return scope < sizeof scopes / sizeof *scopes ? scopes[scope] : "";
}

static int read_row(struct store *s, sqlite3_stmt *q, struct setting *out, struct err *e)
{
    const char *scope = (const char *)sqlite3_column_text(q, 3);
    int64_t bits = sqlite3_column_int64(q, 2);
    uint8_t i = 0;
    out->known = true;
    out->manner.anonymize = out->pseudonyms = sqlite3_column_int64(q, 0) != 0;
    out->addresses = !out->pseudonyms;
    while (i < sizeof scopes / sizeof *scopes && strcmp(scopes[i], scope ? scope : "") != 0)
        i++;
    if (i == sizeof scopes / sizeof *scopes || bits < 1 || bits > 128 ||
        sqlite3_column_bytes(q, 1) != (int)sizeof out->manner.key_check)
        return store_damaged(s, "setting", e);
    out->manner.scope = i;
    out->manner.client_prefix = (unsigned)bits;
    memcpy(out->manner.key_check, sqlite3_column_blob(q, 1), sizeof out->manner.key_check);
    return 0;
}

static int read_clients(struct store *s, struct setting *out, struct err *e)
{
    sqlite3_stmt *q = store_prepare(s, "SELECT max(substr(client, 1, 1) = x'04'), "
                                       "max(substr(client, 1, 1) IN (x'01', x'02', x'03')) FROM row", e);
    int rc = !q ? -1 : sqlite3_step(q) == SQLITE_ROW ? 0 : store_fail(s, e);
    if (rc == 0) {
        out->pseudonyms = sqlite3_column_int64(q, 0) != 0;
        out->addresses = sqlite3_column_int64(q, 1) != 0;
    }
    (void)sqlite3_finalize(q);
    return rc;
}

static int setting_read(struct store *s, struct setting *out, struct err *e)
{
    *out = (struct setting){ .known = false };
    sqlite3_stmt *q = store_prepare(s, "SELECT pseudonyms, key_check, client_prefix, scope FROM setting", e);
    if (!q)
        return -1;
    int step = sqlite3_step(q);
    int rc = step == SQLITE_ROW ? read_row(s, q, out, e) : step == SQLITE_DONE ? 0 : store_fail(s, e);
    (void)sqlite3_finalize(q);
    return rc == 0 && !out->known ? read_clients(s, out, e) : rc;
}

static int compare(const struct store *s, const struct setting *has, const struct cube_manner *m, struct err *e)
{
    if (has->pseudonyms && !m->anonymize)
        return err_set(e, "%s: its clients are pseudonyms, and this run would add addresses: give --anonymize=KEYFILE with the "
                          "key that it was begun with, or another --state", s->path);
    if (has->addresses && m->anonymize)
        return err_set(e, "%s: its clients are addresses, and this run would add pseudonyms: leave out --anonymize, or give "
                          "another --state", s->path);
    if (!has->known)
        return 0;
    if (memcmp(has->manner.key_check, m->key_check, sizeof m->key_check) != 0)
        return err_set(e, "%s: its pseudonyms were made with another key: give --anonymize=KEYFILE with the key that it was "
                          "begun with, or another --state", s->path);
    if (has->manner.client_prefix != m->client_prefix)
        return err_set(e, "%s: its IPv6 clients are counted by %u bits of their addresses, not %u: give --client-prefix %u, or "
                          "another --state", s->path, has->manner.client_prefix, m->client_prefix, has->manner.client_prefix);
    if (has->manner.scope != m->scope)
        return err_set(e, "%s: was begun %s%s: %s%s, or give another --state", s->path,
                       has->manner.scope ? "with --scope " : "without --scope", scope_name(has->manner.scope),
                       has->manner.scope ? "give --scope " : "leave it out", scope_name(has->manner.scope));
    return 0;
}

int store_accepts(struct store *s, const struct cube *c, struct err *e)
{
    struct setting has;
    struct cube_manner m;
    cube_manner(c, &m);
    return setting_read(s, &has, e) ? -1 : compare(s, &has, &m, e);
}

int store_setting_save(struct store *s, const struct cube *c, struct err *e)
{
    struct cube_manner m;
    if (store_accepts(s, c, e))
        return -1;
    cube_manner(c, &m);
    sqlite3_stmt *q = store_prepare(s, "INSERT OR IGNORE INTO setting (id, pseudonyms, key_check, client_prefix, scope) "
                                       "VALUES (1, ?, ?, ?, ?)", e);
    if (!q)
        return -1;
    (void)sqlite3_bind_int(q, 1, m.anonymize);
    (void)sqlite3_bind_blob(q, 2, m.key_check, sizeof m.key_check, SQLITE_STATIC);
    (void)sqlite3_bind_int64(q, 3, m.client_prefix);
    (void)sqlite3_bind_text(q, 4, scope_name(m.scope), -1, SQLITE_STATIC);
    int rc = store_step(s, q, e);
    (void)sqlite3_finalize(q);
    return rc;
}
