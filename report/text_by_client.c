/* SPDX-License-Identifier: Apache-2.0 */
/* The study by client: each pair with which something is to be done, with its reasons. */
#include "report/stamp.h"
#include "report/text_study.h"

static void verdict_cells(struct text *t, const struct study *s, const struct verdict *v, struct table *table)
{
    const struct cell *c = study_cell(s, v->cell);
    const struct cube *cube = t->r->cube;
    const struct profile *p = cube_profile(cube, c->profile);
    char a[2 * PHRASE];
    table_cell(table, "%s", client_text(s, c->client, a, sizeof a));
    place_text(s, c->place, a, sizeof a);
    table_cell(table, "%s", a);
    table_cell(table, "%s", verdict_name(v->is));
    table_cell(table, "%s", text_version(cube_row_key(cube, c->main_row)->version, a));
    table_cell(table, "%s", p ? text_version(p->max_version, a) : "-");
    table_cell(table, "%s", text_count(c->count, a));
    table_row(table);
}

static void verdict_notes(struct text *t, const struct study *s, const struct verdict *v, struct table *table)
{
    char reason[REASONS][REASON_TEXT], name[2 * PHRASE] = "", first[STAMP_TEXT], last[STAMP_TEXT], of[PHRASE];
    char at[10 * ADDR_TEXT], accepted[ACCEPTED_TEXT];
    const struct cube *cube = t->r->cube;
    const struct cell *c = study_cell(s, v->cell);
    const struct exemplar *x = &cube_row_val(cube, c->exemplar_row)->exemplar;
    const struct input *in = cube_input_at(cube, x->input);
    unsigned n = verdict_reasons(s, v, reason);
    for (unsigned i = 0; i < n; i++)
        table_note(table, "%s", reason[i]);
    if (in && x->frame)
        (void)snprintf(name, sizeof name, "; for example frame %llu of %s", (unsigned long long)x->frame,
                       escape_text(rd_of(in->name, strlen(in->name)), of, sizeof of));
    if (*verdict_accepted(s, v, accepted))
        table_note(table, "%s", accepted);
    if (*cell_addresses_text(s, c, at, sizeof at))
        table_note(table, "from %s", at);
    table_note(table, "first seen %s, last %s%s", stamp_text(c->first_ns, first), stamp_text(c->last_ns, last), name);
}

static bool is_shown(const struct verdict *v, enum verdict_list list)
{
    return v->list == list && (verdict_is_bad(v->is) || v->is == VERDICT_LIKELY || (list == LIST_MAIN && v->is == VERDICT_FAILING));
}

static void client_row(struct text *t, const struct study *s, const struct verdict *v, struct table *table)
{
    verdict_cells(t, s, v, table);
    if (v->is == VERDICT_BREAKS || v->is == VERDICT_PLAINTEXT)
        table_mark(table);
    verdict_notes(t, s, v, table);
}

/* The worst verdicts first, and of each those with the most handshakes. */
static void client_section(struct text *t, const struct study *s, enum verdict_list list, const char *title, const char *what)
{
    static const char *const column[] = { "client", "server", "verdict", "chosen", "offers", "handshakes" };
    uint32_t rows = 0, shown = 0, left[VERDICT_COUNT] = { 0 };
    struct table table = { 0 };
    for (uint32_t i = 0; i < study_cells(s); i++) {
        const struct verdict *v = study_verdict_of(s, i);
        left[v->is] += is_shown(v, list);
        rows += is_shown(v, list);
    }
    if (!rows)
        return;
    text_heading(t, title, "%s", what);
    for (unsigned i = 0; i < sizeof column / sizeof *column; i++)
        table_column(&table, column[i], i == 5 ? TABLE_RIGHT : i < 2 ? TABLE_ALONE | TABLE_WRAP : TABLE_LEFT);
    uint32_t top = text_top(t, rows);
    for (size_t k = 0; k < sizeof verdicts_worst_first; k++)
        for (uint32_t i = 0; left[verdicts_worst_first[k]] && shown < top; i++) {
            const struct verdict *v = study_verdict(s, i);
            if (v->is != verdicts_worst_first[k] || !is_shown(v, list))
                continue;
            client_row(t, s, v, &table);
            left[v->is]--;
            shown++;
        }
    text_table(t, &table);
    text_more(t, rows, shown, "pairs");
}

void text_by_client(struct text *t, const struct study *s)
{
    client_section(t, s, LIST_MAIN, "BY CLIENT", "the worst verdict first, what fails already last; of each, most handshakes first");
    client_section(t, s, LIST_STALE, "REPLACED", "stacks that were replaced by another of the same client: in no figure above");
    client_section(t, s, LIST_ACCEPTED, "ACCEPTED", "exceptions that were accepted (--accept): in no figure above");
}
