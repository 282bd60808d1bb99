/* SPDX-License-Identifier: Apache-2.0 */
/* Opening a state file, its schema, and what its errors mean. */
#include "report/store_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { APPLICATION_ID = 0x544c5355 /* "TLSU" */, SCHEMA = 2, BUSY_MS = 5000 };

/* What came with schema 2, in the words that bring a file of schema 1 up to it. */
#define SETTING                                                                                                     \
    "CREATE TABLE setting (id INTEGER PRIMARY KEY CHECK (id = 1), pseudonyms INTEGER NOT NULL, key_check BLOB NOT NULL," \
    " client_prefix INTEGER NOT NULL, scope TEXT NOT NULL);"
static const char from_1[] = SETTING "ALTER TABLE input ADD COLUMN mark INTEGER NOT NULL DEFAULT 0;";

static const char schema[] =
    SETTING
    "CREATE TABLE name (id INTEGER PRIMARY KEY, name BLOB NOT NULL UNIQUE);"
    "CREATE TABLE sensor (id INTEGER PRIMARY KEY, name BLOB NOT NULL UNIQUE);"
    "CREATE TABLE profile (id INTEGER PRIMARY KEY, offer BLOB NOT NULL UNIQUE, ja4 TEXT NOT NULL, ja4_ns INTEGER NOT NULL);"
    "CREATE TABLE cert (id INTEGER PRIMARY KEY, sha256 BLOB NOT NULL UNIQUE, subject BLOB NOT NULL, issuer BLOB NOT NULL,"
    " san BLOB NOT NULL, serial TEXT NOT NULL, key INTEGER NOT NULL, key_bits INTEGER NOT NULL, curve INTEGER NOT NULL,"
    " sigalg TEXT NOT NULL, sig_hash_bits INTEGER NOT NULL, not_before INTEGER NOT NULL, not_after INTEGER NOT NULL,"
    " self_signed INTEGER NOT NULL, is_ca INTEGER NOT NULL);"
    "CREATE TABLE input (id INTEGER PRIMARY KEY, name BLOB NOT NULL, digest BLOB NOT NULL, read_ns INTEGER NOT NULL,"
    " first_ns INTEGER NOT NULL, last_ns INTEGER NOT NULL, packets INTEGER NOT NULL, bytes INTEGER NOT NULL,"
    " warning TEXT NOT NULL, mark INTEGER NOT NULL DEFAULT 0, UNIQUE (name, digest, read_ns));"
    "CREATE INDEX input_digest ON input (digest);"
    "CREATE TABLE row (client BLOB NOT NULL, server BLOB NOT NULL, port INTEGER NOT NULL, profile INTEGER NOT NULL,"
    " fallback_from INTEGER NOT NULL, sni INTEGER NOT NULL, cert INTEGER NOT NULL, sensor INTEGER NOT NULL,"
    " upgrade TEXT NOT NULL, outcome TEXT NOT NULL, day INTEGER NOT NULL, scope INTEGER NOT NULL, transport INTEGER NOT NULL,"
    " version INTEGER NOT NULL, suite INTEGER NOT NULL, tls_group INTEGER NOT NULL, dh_bits INTEGER NOT NULL,"
    " sigscheme INTEGER NOT NULL, flags INTEGER NOT NULL, aftermath INTEGER NOT NULL, sentinel INTEGER NOT NULL,"
    " alert_from INTEGER NOT NULL, alert_code INTEGER NOT NULL, refusal_code INTEGER NOT NULL, offered INTEGER NOT NULL,"
    " count INTEGER NOT NULL, first_ns INTEGER NOT NULL, last_ns INTEGER NOT NULL, ex_ns INTEGER NOT NULL,"
    " ex_frame INTEGER NOT NULL, ex_input INTEGER NOT NULL, ex_port INTEGER NOT NULL,"
    " PRIMARY KEY (client, server, port, day, profile, sni, outcome, version, suite, cert, fallback_from, sensor, upgrade,"
    " scope, transport, tls_group, dh_bits, sigscheme, flags, aftermath, sentinel, alert_from, alert_code, refusal_code,"
    " offered)) WITHOUT ROWID;"
    "CREATE TABLE span (client BLOB NOT NULL, profile INTEGER NOT NULL, server BLOB NOT NULL, port INTEGER NOT NULL,"
    " first_ns INTEGER NOT NULL, last_ns INTEGER NOT NULL, count INTEGER NOT NULL,"
    " PRIMARY KEY (client, profile, server, port)) WITHOUT ROWID;"
    "CREATE TABLE hour (hour INTEGER NOT NULL, sensor INTEGER NOT NULL, counter TEXT NOT NULL, value INTEGER NOT NULL,"
    " PRIMARY KEY (hour, sensor, counter)) WITHOUT ROWID;"
    "CREATE TABLE service (server BLOB NOT NULL, port INTEGER NOT NULL, proto INTEGER NOT NULL, name BLOB NOT NULL,"
    " cleartext INTEGER NOT NULL, flows INTEGER NOT NULL, PRIMARY KEY (server, port, proto, name)) WITHOUT ROWID;";

#define NUMBER(column, member) { column, offsetof(struct cube_key, member), sizeof(((struct cube_key *)0)->member) }
const struct store_field store_fields[] = {
    NUMBER("day", day),
    NUMBER("scope", scope),
    NUMBER("transport", transport),
    NUMBER("version", version),
    NUMBER("suite", suite),
    NUMBER("tls_group", group),
    NUMBER("dh_bits", dh_bits),
    NUMBER("sigscheme", sigscheme),
    NUMBER("flags", flags),
    NUMBER("aftermath", aftermath),
    NUMBER("sentinel", sentinel),
    NUMBER("alert_from", alert_from),
    NUMBER("alert_code", alert_code),
    NUMBER("refusal_code", refusal_code),
    NUMBER("offered", offered),
};
const unsigned store_field_count = sizeof store_fields / sizeof *store_fields;

uint32_t store_field_get(const struct store_field *f, const struct cube_key *k)
{
    const uint8_t *at = (const uint8_t *)k + f->offset;
    uint32_t wide = 0;
    uint16_t half = 0;
    if (f->width == 4)
        memcpy(&wide, at, 4);
    if (f->width == 2)
        memcpy(&half, at, 2);
    return f->width == 4 ? wide : f->width == 2 ? half : *at;
}

void store_field_set(const struct store_field *f, struct cube_key *k, uint32_t v)
{
    uint8_t *at = (uint8_t *)k + f->offset;
    uint16_t half = (uint16_t)v;
    if (f->width == 4)
        memcpy(at, &v, 4);
    else if (f->width == 2)
        memcpy(at, &half, 2);
    else
        *at = (uint8_t)v;
}

/* SQL over the columns of "row", written piece by piece. */
static void add(char buf[STORE_SQL], size_t *n, const char *text)
{
    size_t len = strlen(text);
    if (*n + len >= STORE_SQL)
        return;
    memcpy(buf + *n, text, len + 1);
    *n += len;
}

static void add_columns(char buf[STORE_SQL], size_t *n)
{
    add(buf, n, "client, server, port, profile, fallback_from, sni, cert, sensor, upgrade, outcome");
    for (unsigned i = 0; i < store_field_count; i++) {
        add(buf, n, ", ");
        add(buf, n, store_fields[i].column);
    }
    add(buf, n, ", count, first_ns, last_ns, ex_ns, ex_frame, ex_input, ex_port");
}

/* Of two exemplars the earlier is kept, as in the cube; the input's name is looked up only when all else is equal. */
const char *store_row_insert(char buf[STORE_SQL])
{
    static const char *const exemplar[] = { "ex_ns", "ex_frame", "ex_port", "ex_input" };
    static const char earlier[] = "excluded.ex_ns < ex_ns OR (excluded.ex_ns = ex_ns AND ((excluded.ex_frame, excluded.ex_port) < "
                                  "(ex_frame, ex_port) OR ((excluded.ex_frame, excluded.ex_port) = (ex_frame, ex_port) AND "
                                  "(SELECT name, digest, read_ns FROM input WHERE id = excluded.ex_input) < "
                                  "(SELECT name, digest, read_ns FROM input WHERE id = ex_input))))";
    size_t n = 0;
    add(buf, &n, "INSERT INTO row (");
    add_columns(buf, &n);
    add(buf, &n, ") VALUES (?");
    for (unsigned i = 1; i < COL_NUMBERS + store_field_count + VAL_END; i++)
        add(buf, &n, ",?");
    add(buf, &n, ") ON CONFLICT DO UPDATE SET count = count + excluded.count, first_ns = min(first_ns, excluded.first_ns), "
                 "last_ns = max(last_ns, excluded.last_ns)");
    for (size_t i = 0; i < sizeof exemplar / sizeof *exemplar; i++) {
        char one[64];
        (void)snprintf(one, sizeof one, " THEN excluded.%s ELSE %s END", exemplar[i], exemplar[i]);
        add(buf, &n, ", ");
        add(buf, &n, exemplar[i]);
        add(buf, &n, " = CASE WHEN ");
        add(buf, &n, earlier);
        add(buf, &n, one);
    }
    return buf;
}

const char *store_row_select(char buf[STORE_SQL])
{
    size_t n = 0;
    add(buf, &n, "SELECT ");
    add_columns(buf, &n);
    add(buf, &n, " FROM row");
    return buf;
}

static const uint8_t addr_length[] = { [ADDR_NONE] = 0, [ADDR_IP4] = 4, [ADDR_IP6] = 16, [ADDR_MAC] = 6, [ADDR_PSEUDO] = 8 };

unsigned store_addr_put(const struct addr *a, uint8_t out[STORE_ADDR])
{
    unsigned n = a->kind < sizeof addr_length ? addr_length[a->kind] : 0;
    out[0] = a->kind;
    memcpy(out + 1, a->b, n);
    return n + 1;
}

bool store_addr_get(const void *p, int n, struct addr *a)
{
    const uint8_t *b = p;
    *a = (struct addr){ .kind = ADDR_NONE };
    if (n < 1 || b[0] >= sizeof addr_length || n != addr_length[b[0]] + 1)
        return false;
    a->kind = b[0];
    memcpy(a->b, b + 1, (size_t)n - 1);
    return true;
}

int store_damaged(const struct store *s, const char *what, struct err *e)
{
    return err_set(e, "%s: the state file is damaged (%s): restore it from a copy, or start a new one", s->path, what);
}

int store_fail(const struct store *s, struct err *e)
{
    const char *text = sqlite3_errmsg(s->db);
    switch (sqlite3_errcode(s->db) & 0xff) { /* SQLite's numbers, not ours: the rest falls through */
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return err_set(e, "another tlsunset is writing %s: try again when it is done", s->path);
    case SQLITE_FULL:
        return err_set(e, "%s: no space left on the disk; the file is as it was before", s->path);
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return err_set(e, "%s: cannot be written: the file, its folder or its disk is read-only", s->path);
    case SQLITE_CANTOPEN:
        return err_set(e, "%s: cannot be opened: %s", s->path, strerror(sqlite3_system_errno(s->db)));
    case SQLITE_NOMEM:
        return err_set(e, "%s: out of memory", s->path);
    case SQLITE_NOTADB:
        return err_set(e, "%s: not a tlsunset state file; give another name", s->path);
    case SQLITE_IOERR: {
        int os = sqlite3_system_errno(s->db);
        return err_set(e, "%s: %s; the file is as it was before", s->path, os ? strerror(os) : text);
    }
    }
    return store_damaged(s, text, e);
}

sqlite3_stmt *store_prepare(struct store *s, const char *sql, struct err *e)
{
    sqlite3_stmt *q = NULL;
    if (sqlite3_prepare_v2(s->db, sql, -1, &q, NULL) == SQLITE_OK)
        return q;
    (void)store_fail(s, e);
    return NULL;
}

int store_exec(struct store *s, const char *sql, struct err *e)
{
    return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : store_fail(s, e);
}

int store_step(struct store *s, sqlite3_stmt *q, struct err *e)
{
    int rc = sqlite3_step(q);
    if (rc != SQLITE_DONE && rc != SQLITE_ROW)
        return store_fail(s, e);
    (void)sqlite3_reset(q);
    return 0;
}

/* The first number of the first row of an answer. */
static int number(struct store *s, const char *sql, int64_t *out, struct err *e)
{
    sqlite3_stmt *q = store_prepare(s, sql, e);
    if (!q)
        return -1;
    int rc = sqlite3_step(q) == SQLITE_ROW ? 0 : store_fail(s, e);
    *out = rc ? 0 : sqlite3_column_int64(q, 0);
    (void)sqlite3_finalize(q);
    return rc;
}

/* An empty file becomes a state file, in one transaction; of two that try at once, the second finds it done. */
static int create(struct store *s, struct err *e)
{
    char sql[128];
    int64_t tables = 0;
    (void)snprintf(sql, sizeof sql, "PRAGMA application_id = %d; PRAGMA user_version = %d", APPLICATION_ID, SCHEMA);
    if (store_exec(s, "PRAGMA journal_mode = WAL; BEGIN IMMEDIATE", e) ||
        number(s, "SELECT count(*) FROM sqlite_schema", &tables, e))
        return -1;
    if (tables == 0 && (store_exec(s, schema, e) || store_exec(s, sql, e)))
        return -1;
    return store_exec(s, "COMMIT", e);
}

/* In one transaction; of two that try at once, the second finds it done. */
static int upgrade(struct store *s, struct err *e)
{
    char sql[128];
    int64_t version;
    (void)snprintf(sql, sizeof sql, "PRAGMA user_version = %d; COMMIT", SCHEMA);
    if (store_exec(s, "BEGIN IMMEDIATE", e))
        return -1;
    int rc = number(s, "PRAGMA user_version", &version, e);
    if (rc == 0 && version == 1)
        rc = store_exec(s, from_1, e);
    if (rc == 0)
        rc = store_exec(s, sql, e);
    if (rc)
        (void)sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    return rc;
}

static int check(struct store *s, struct err *e)
{
    int64_t application, version, tables;
    if (number(s, "PRAGMA application_id", &application, e) || number(s, "PRAGMA user_version", &version, e) ||
        number(s, "SELECT count(*) FROM sqlite_schema", &tables, e))
        return -1;
    if (application == 0 && version == 0 && tables == 0 && s->mode == STORE_WRITE)
        return create(s, e);
    if (application != APPLICATION_ID)
        return err_set(e, "%s: not a tlsunset state file; give another name", s->path);
    if (version > SCHEMA)
        return err_set(e, "%s: written by a newer tlsunset (schema %lld, this one knows %d): update tlsunset", s->path,
                       (long long)version, SCHEMA);
    if (version < 1)
        return store_damaged(s, "no schema version", e);
    return version < SCHEMA && s->mode == STORE_WRITE ? upgrade(s, e) : 0; /* what is read is in both */
}

/* What the path is, before SQLite sees it. Creates the file, for its owner alone, when it may. */
static int look(const struct store *s, struct err *e)
{
    struct stat st;
    if (stat(s->path, &st) == 0) {
        if (S_ISDIR(st.st_mode))
            return err_set(e, "%s: is a directory; a state is kept in a file", s->path);
        return S_ISREG(st.st_mode) ? 0 : err_set(e, "%s: is not a regular file", s->path);
    }
    if (errno != ENOENT || s->mode == STORE_READ)
        return err_set(e, "%s: %s", s->path, strerror(errno));
    if (lstat(s->path, &st) == 0)
        return err_set(e, "%s: a symbolic link to a file that does not exist", s->path);
    int fd = open(s->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 && errno != EEXIST)
        return err_set(e, "%s: cannot be created: %s", s->path, strerror(errno));
    if (fd >= 0)
        (void)close(fd);
    return 0;
}

static int settle(struct store *s)
{
    (void)sqlite3_busy_timeout(s->db, BUSY_MS);
    (void)sqlite3_extended_result_codes(s->db, 1);
    (void)sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    (void)sqlite3_db_config(s->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    return sqlite3_exec(s->db, "PRAGMA cell_size_check = ON; PRAGMA cache_size = -32768; PRAGMA temp_store = MEMORY", NULL, NULL,
                        NULL);
}

/* A file of our own on a disk that cannot be written cannot have the shared-memory file that WAL needs. Nobody else can be
 * writing it then, so it is read as it lies, unless a log of unfinished business lies beside it. */
static int reopen_immutable(struct store *s)
{
    char wal[sizeof s->file + 8], uri[3 * sizeof s->file + 32] = "file:";
    struct stat st;
    (void)snprintf(wal, sizeof wal, "%s-wal", s->file);
    if (stat(wal, &st) == 0 && st.st_size > 0)
        return SQLITE_CANTOPEN;
    char *o = uri + strlen(uri);
    for (const char *p = s->file; *p; p++)
        o += snprintf(o, 4, *p == '?' || *p == '#' || *p == '%' ? "%%%02x" : "%c", (unsigned char)*p);
    memcpy(o, "?immutable=1", sizeof "?immutable=1");
    (void)sqlite3_close(s->db);
    s->db = NULL;
    return sqlite3_open_v2(uri, &s->db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_PRIVATECACHE, NULL);
}

static int open_db(struct store *s, struct err *e)
{
    /* Reading opens for writing too where that is allowed: only then is the log tidied away at the end. */
    int rc = sqlite3_open_v2(s->file, &s->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_PRIVATECACHE, NULL);
    if (rc == SQLITE_OK)
        (void)settle(s);
    if (rc == SQLITE_OK && s->mode == STORE_WRITE && sqlite3_db_readonly(s->db, "main") == 1)
        return err_set(e, "%s: cannot be written: the file or its disk is read-only", s->path);
    if (rc == SQLITE_OK && check(s, e) == 0)
        return 0;
    int why = s->db ? sqlite3_errcode(s->db) & 0xff : SQLITE_NOMEM;
    if (s->mode == STORE_WRITE || (why != SQLITE_CANTOPEN && why != SQLITE_READONLY))
        return rc == SQLITE_OK ? -1 : store_fail(s, e);
    if (reopen_immutable(s) != SQLITE_OK)
        return store_fail(s, e);
    (void)settle(s);
    return check(s, e);
}

struct store *store_open(const char *path, enum store_mode mode, struct err *e)
{
    struct store *s = calloc(1, sizeof *s);
    if (!s) {
        (void)err_set(e, "%s: out of memory", path);
        return NULL;
    }
    s->mode = mode;
    /* ":memory:" and "file:..." mean something to SQLite; with a folder before it, every name is a name. */
    int n = snprintf(s->file, sizeof s->file, "%s%s", path[0] == '/' ? "" : "./", path);
    (void)snprintf(s->path, sizeof s->path, "%s", path);
    int rc = n >= (int)sizeof s->file ? err_set(e, "%.64s...: the name is too long", path) : look(s, e);
    if (rc == 0)
        rc = open_db(s, e);
    if (rc == 0)
        return s;
    store_close(s);
    return NULL;
}

void store_close(struct store *s)
{
    if (!s)
        return;
    (void)sqlite3_close(s->db);
    free(s);
}

int store_retire(struct store *s, uint32_t day, struct err *e)
{
    char sql[1024];
    (void)snprintf(sql, sizeof sql,
                   "INSERT INTO span (client, profile, server, port, first_ns, last_ns, count)"
                   " SELECT client, profile, server, port, min(first_ns), max(last_ns), sum(count) FROM row"
                   " WHERE day < %u AND flags & %u = 0 GROUP BY client, profile, server, port"
                   " ON CONFLICT DO UPDATE SET count = count + excluded.count,"
                   " first_ns = min(first_ns, excluded.first_ns), last_ns = max(last_ns, excluded.last_ns);"
                   "DELETE FROM row WHERE day < %u",
                   day, (unsigned)CUBE_OTHER, day);
    if (store_exec(s, "BEGIN IMMEDIATE", e))
        return -1;
    if (store_exec(s, sql, e) == 0 && store_exec(s, "COMMIT", e) == 0)
        return 0;
    (void)sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    return -1;
}

/* Those of unknown mark could be any capture. */
int store_has_mark(struct store *s, uint64_t mark, struct err *e)
{
    sqlite3_stmt *q = store_prepare(s, "SELECT 1 FROM input WHERE (mark = ?1 OR mark = 0) AND digest <> zeroblob(32) LIMIT 1", e);
    if (!q)
        return -1;
    (void)sqlite3_bind_int64(q, 1, (int64_t)mark);
    int rc = sqlite3_step(q);
    int found = rc == SQLITE_ROW ? 1 : rc == SQLITE_DONE ? 0 : store_fail(s, e);
    (void)sqlite3_finalize(q);
    return found;
}

int store_marked(struct store *s, uint64_t mark, void (*tell)(void *ctx, const struct input *in), void *ctx, struct err *e)
{
    sqlite3_stmt *q = store_prepare(s, "SELECT name, first_ns, last_ns, packets, bytes, read_ns FROM input WHERE mark = ?1 "
                                       "AND mark <> 0 ORDER BY read_ns, id", e);
    int rc;
    if (!q)
        return -1;
    (void)sqlite3_bind_int64(q, 1, (int64_t)mark);
    while ((rc = sqlite3_step(q)) == SQLITE_ROW) {
        char name[512];
        (void)snprintf(name, sizeof name, "%.*s", sqlite3_column_bytes(q, 0),
                       sqlite3_column_blob(q, 0) ? (const char *)sqlite3_column_blob(q, 0) : "");
        const struct input in = { .name = name, .mark = mark, .first_ns = sqlite3_column_int64(q, 1),
                                  .last_ns = sqlite3_column_int64(q, 2), .packets = (uint64_t)sqlite3_column_int64(q, 3),
                                  .bytes = (uint64_t)sqlite3_column_int64(q, 4), .read_ns = sqlite3_column_int64(q, 5) };
        tell(ctx, &in);
    }
    rc = rc == SQLITE_DONE ? 0 : store_fail(s, e);
    (void)sqlite3_finalize(q);
    return rc;
}

void store_once(struct store *s)
{
    s->once = true;
}

int store_has_input(struct store *s, const uint8_t digest[32], int64_t *when_ns, struct err *e)
{
    sqlite3_stmt *q = store_prepare(s, "SELECT min(read_ns) FROM input WHERE digest = ?", e);
    if (!q)
        return -1;
    (void)sqlite3_bind_blob(q, 1, digest, 32, SQLITE_STATIC);
    int rc = sqlite3_step(q);
    int found = rc != SQLITE_ROW ? store_fail(s, e) : sqlite3_column_type(q, 0) != SQLITE_NULL;
    if (found == 1)
        *when_ns = sqlite3_column_int64(q, 0);
    (void)sqlite3_finalize(q);
    return found;
}
