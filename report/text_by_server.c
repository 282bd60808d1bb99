/* SPDX-License-Identifier: Apache-2.0 */
/* The study by server: where something is to be done, not known or not proved. */
#include "report/text_study.h"

#include <stdlib.h>

struct by_place {
    uint32_t place;
    uint64_t bad, likely, handshakes; /* of pairs that need something done; of those that are likely only; of all */
    uint32_t n[VERDICT_COUNT];
};

static int by_place_cmp(const void *x, const void *y)
{
    const struct by_place *a = x, *b = y;
    if (a->bad != b->bad)
        return a->bad > b->bad ? -1 : 1;
    if (a->likely != b->likely)
        return a->likely > b->likely ? -1 : 1;
    if (a->handshakes != b->handshakes)
        return a->handshakes > b->handshakes ? -1 : 1;
    return (a->place > b->place) - (a->place < b->place);
}

static void servers_table(struct text *t, const struct study *s, const struct by_place *all, uint32_t n, uint32_t bad)
{
    static const struct {
        uint8_t verdict;
        const char *title;
    } column[] = { { VERDICT_BREAKS, "break" }, { VERDICT_PLAINTEXT, "plaintext" }, { VERDICT_SERVER_FIRST, "change first" },
                   { VERDICT_UNKNOWN, "unknown" }, { VERDICT_LIKELY, "likely" }, { VERDICT_FAILING, "failing" } };
    enum { COLUMNS = sizeof column / sizeof *column };
    struct table table = { 0 };
    char a[2 * PHRASE];
    uint32_t top = text_top(t, bad);
    table_column(&table, "server", TABLE_ALONE | TABLE_WRAP);
    for (unsigned i = 0; i < COLUMNS; i++)
        table_column(&table, column[i].title, TABLE_RIGHT | TABLE_MAYBE);
    table_column(&table, "fine", TABLE_RIGHT);
    table_column(&table, "handshakes", TABLE_RIGHT);
    for (uint32_t i = 0; i < top && i < n; i++) {
        place_text(s, all[i].place, a, sizeof a);
        table_cell(&table, "%s", a);
        for (unsigned k = 0; k < COLUMNS; k++)
            table_cell(&table, "%s", text_dash(all[i].n[column[k].verdict], a));
        table_cell(&table, "%s", text_dash((uint64_t)all[i].n[VERDICT_READY] + all[i].n[VERDICT_SAFE], a));
        table_cell(&table, "%s", text_count(all[i].handshakes, a));
        table_row(&table);
    }
    text_table(t, &table);
    text_more(t, bad, top, "servers");
}

void text_by_server(struct text *t, const struct study *s)
{
    uint32_t places = study_places(s), bad = 0;
    struct by_place *all = calloc(places + 1u, sizeof *all);
    t->failed |= !all;
    for (uint32_t i = 0; all && i < study_cells(s); i++) {
        const struct verdict *v = study_verdict_of(s, i);
        const struct cell *c = study_cell(s, v->cell);
        if (v->list != LIST_MAIN)
            continue;
        struct by_place *p = &all[c->place - 1];
        p->place = c->place;
        p->n[v->is]++;
        p->handshakes += c->count;
        p->bad += verdict_is_bad(v->is) ? c->count : 0;
        p->likely += v->is == VERDICT_LIKELY ? c->count : 0;
    }
    if (all && places)
        qsort(all, places, sizeof *all, by_place_cmp);
    while (all && bad < places && (all[bad].bad || all[bad].likely))
        bad++;
    if (bad) {
        text_heading(t, "BY SERVER", "pairs of each verdict, where something is to be done, not known or not proved");
        servers_table(t, s, all, places, bad);
    }
    free(all);
}
