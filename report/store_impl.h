/* SPDX-License-Identifier: Apache-2.0 */
/* The inside of a store, for the files that it is made of: store_sqlite.c, store_load.c, store_save.c,
 * store_setting.c. */
#ifndef REPORT_STORE_IMPL_H
#define REPORT_STORE_IMPL_H

#include "report/store.h"

#include <sqlite3.h>

struct store {
    sqlite3 *db;
    enum store_mode mode;
    bool once; /* store_once */
    char path[4096], file[4096]; /* as given, for messages; as SQLite is given it */
};

/* Says what SQLite's last error means for the operator. Always -1. */
int store_fail(const struct store *s, struct err *e);
/* The content is not what this program writes. Always -1. */
int store_damaged(const struct store *s, const char *what, struct err *e);
/* NULL and *e set on failure. */
sqlite3_stmt *store_prepare(struct store *s, const char *sql, struct err *e);
int store_exec(struct store *s, const char *sql, struct err *e);
/* Run a statement to its end (it gives no rows), ready to be bound again. */
int store_step(struct store *s, sqlite3_stmt *q, struct err *e);

/* Within a transaction that writes: what store_accepts() asks, and the first cube's manner is kept. */
int store_setting_save(struct store *s, const struct cube *c, struct err *e);

/* The numbers of a cube_key that are kept as they are: one column each. Parties, ids and names have code of their own. */
struct store_field {
    const char *column;
    unsigned offset, width; /* in struct cube_key; 1, 2 or 4 bytes */
};
extern const struct store_field store_fields[];
extern const unsigned store_field_count;
uint32_t store_field_get(const struct store_field *f, const struct cube_key *k);
void store_field_set(const struct store_field *f, struct cube_key *k, uint32_t v);

/* The columns of table "row" in the order in which they are written and read: parties, ids, names, numbers, values. */
enum store_column { COL_CLIENT, COL_SERVER, COL_PORT, COL_PROFILE, COL_FALLBACK, COL_SNI, COL_CERT, COL_SENSOR, COL_UPGRADE,
                    COL_OUTCOME, COL_NUMBERS };
enum store_value { VAL_COUNT, VAL_FIRST, VAL_LAST, VAL_EX_TS, VAL_EX_FRAME, VAL_EX_INPUT, VAL_EX_PORT, VAL_END };
/* "INSERT ..." or "SELECT ..." over them, into buf. */
enum { STORE_SQL = 4096 };
const char *store_row_insert(char buf[STORE_SQL]);
const char *store_row_select(char buf[STORE_SQL]);

/* A party as kept: its kind (enum addr_kind) and as many bytes as that kind has. Returns the length. */
enum { STORE_ADDR = 17 };
unsigned store_addr_put(const struct addr *a, uint8_t out[STORE_ADDR]);
bool store_addr_get(const void *p, int n, struct addr *a);

#endif
