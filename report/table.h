/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table - columns of text that are as wide as what is in them, for people.
 *
 *     struct table t = { .width = 100 };
 *     table_column(&t, "server", TABLE_LEFT);
 *     table_cell(&t, "%s", name); ...              cells fill the row from the left; table_row() ends it
 *     table_note(&t, "certificate %s", text);      a paragraph of its own under the row, indented
 *     table_print(&t, out); table_free(&t);
 *
 * Nothing is cut. Where a line would be longer than .width, columns marked TABLE_WRAP give way, if that suffices: their cells go on
 * below, broken at blanks. Else those marked TABLE_ALONE do first: a cell that is too wide (with TABLE_WRAP: a word of it) stands
 * whole on a line of its own, and the row goes on below. Last, words of what is marked TABLE_WRAP but not TABLE_ALONE are broken.
 * A column marked TABLE_MAYBE is left out when it is empty (or "-") in every row. Widths are counted in characters of UTF-8.
 */
#ifndef REPORT_TABLE_H
#define REPORT_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum table_flag { TABLE_LEFT = 0, TABLE_RIGHT = 1, TABLE_MAYBE = 2, TABLE_ALONE = 4, TABLE_WRAP = 8 };
enum { TABLE_COLUMNS = 24 };

struct table {
    unsigned width, indent; /* of a whole line; before each */
    bool color; /* marked rows are printed bold */
    bool failed; /* out of memory: what is printed is incomplete */
    unsigned columns, at; /* at: the cell to come */
    struct {
        const char *title;
        unsigned flags, width, word /* of the longest */, at /* where it begins */;
        bool used;
    } column[TABLE_COLUMNS];
    struct {
        size_t text; /* offset of its NUL-terminated text */
        unsigned column; /* TABLE_COLUMNS: a note */
        bool marked;
    } *cell;
    size_t cells, cell_room;
    char *text;
    size_t used, room;
};

void table_column(struct table *t, const char *title, unsigned flags);
void table_cell(struct table *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void table_row(struct table *t); /* ends a row; cells that were not given are empty */
void table_mark(struct table *t); /* the row that was ended last matters more */
void table_note(struct table *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void table_print(struct table *t, FILE *out);
void table_free(struct table *t);

unsigned table_width(const char *text); /* characters of UTF-8 */
/* Words up to the width, broken at blanks; lines after the first are indented by hang more. */
void table_wrap(FILE *out, const char *text, unsigned indent, unsigned hang, unsigned width);

#endif
