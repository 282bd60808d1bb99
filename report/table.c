/* SPDX-License-Identifier: Apache-2.0 */
#include "report/table.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { LEAST = 8 }; /* a column that gives way keeps this many characters, and its title */

unsigned table_width(const char *text)
{
    unsigned n = 0;
    for (; *text; text++)
        n += ((unsigned char)*text & 0xc0) != 0x80;
    return n;
}

void table_cut(char *text, unsigned width)
{
    if (table_width(text) <= width)
        return;
    unsigned keep = width > 2 ? width - 2 : 0;
    while (keep || ((unsigned char)*text & 0xc0) == 0x80) {
        keep -= ((unsigned char)*text & 0xc0) != 0x80;
        text++;
        if (!keep && ((unsigned char)*text & 0xc0) != 0x80)
            break;
    }
    memcpy(text, "..", 3);
}

void table_column(struct table *t, const char *title, unsigned flags)
{
    assert(t->columns < TABLE_COLUMNS && (t->columns == 0 || !(flags & TABLE_ALONE)));
    t->column[t->columns].title = title;
    t->column[t->columns].flags = flags;
    t->columns++;
}

static bool room(void **array, size_t *room, size_t need, size_t size)
{
    if (need <= *room)
        return true;
    size_t cap = *room ? *room * 2 : 64;
    while (cap < need)
        cap *= 2;
    void *v = realloc(*array, cap * size);
    if (!v)
        return false;
    *array = v;
    *room = cap;
    return true;
}

static void __attribute__((format(printf, 3, 0))) add(struct table *t, unsigned column, const char *fmt, va_list ap)
{
    if (t->failed) /* rows without a hole, or none */
        return;
    va_list again;
    va_copy(again, ap);
    int length = vsnprintf(NULL, 0, fmt, again);
    va_end(again);
    size_t n = length < 0 ? 1 : (size_t)length + 1;
    void *text = t->text, *cell = t->cell;
    bool ok = room(&text, &t->room, t->used + n, 1);
    t->text = text;
    ok = ok && room(&cell, &t->cell_room, t->cells + 1, sizeof *t->cell);
    t->cell = cell;
    if (!ok) {
        t->failed = true;
        return;
    }
    char *written = t->text + t->used;
    *written = '\0';
    (void)vsnprintf(written, n, fmt, ap);
    t->cell[t->cells].text = t->used;
    t->cell[t->cells].column = column;
    t->cell[t->cells].marked = false;
    t->cells++;
    t->used += n;
    if (column == TABLE_COLUMNS)
        return;
    unsigned w = table_width(written);
    if (w > t->column[column].width)
        t->column[column].width = w;
    if (*written && strcmp(written, "-") != 0)
        t->column[column].used = true;
}

void table_cell(struct table *t, const char *fmt, ...)
{
    assert(t->at < t->columns);
    va_list ap;
    va_start(ap, fmt);
    add(t, t->at++, fmt, ap);
    va_end(ap);
}

void table_row(struct table *t)
{
    while (t->at < t->columns)
        table_cell(t, "%s", "");
    t->at = 0;
}

void table_mark(struct table *t)
{
    for (size_t i = t->cells; i-- > 0 && t->cell[i].column != TABLE_COLUMNS;) {
        t->cell[i].marked = true;
        if (t->cell[i].column == 0)
            break;
    }
}

void table_note(struct table *t, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    add(t, TABLE_COLUMNS, fmt, ap);
    va_end(ap);
}

static bool shown(const struct table *t, unsigned i)
{
    return t->column[i].used || !(t->column[i].flags & TABLE_MAYBE);
}

/* Take from the columns that give way so, the last first. Returns what is still over. */
static unsigned give(struct table *t, unsigned flag, unsigned over)
{
    for (unsigned i = t->columns; i-- > 0 && over;) {
        unsigned title = table_width(t->column[i].title), least = title > LEAST ? title : LEAST;
        if (!(t->column[i].flags & flag) || !shown(t, i) || t->column[i].width <= least)
            continue;
        unsigned room = t->column[i].width - least, part = room < over ? room : over;
        t->column[i].width -= part;
        over -= part;
    }
    return over;
}

/* Titles count, then what may give way does. */
static void fit(struct table *t)
{
    unsigned sum = t->indent;
    for (unsigned i = 0; i < t->columns; i++) {
        unsigned title = table_width(t->column[i].title);
        if (title > t->column[i].width)
            t->column[i].width = title;
        if (shown(t, i))
            sum += t->column[i].width + 2;
    }
    unsigned over = sum > t->width + 2 ? sum - 2 - t->width : 0;
    (void)give(t, TABLE_ALONE, give(t, TABLE_WRAP, give(t, TABLE_CUT, over)));
}

/* One line: texts of the columns, blanks at the end left out. */
static void print_line(const struct table *t, char *const text[], bool marked, FILE *out)
{
    unsigned owed = t->indent;
    bool first = true, color = marked && t->color;
    if (color)
        (void)fputs("\x1b[1m", out);
    for (unsigned i = 0; i < t->columns; i++) {
        if (!shown(t, i))
            continue;
        table_cut(text[i], t->column[i].flags & TABLE_CUT ? t->column[i].width : 1000);
        unsigned w = table_width(text[i]), pad = t->column[i].width > w ? t->column[i].width - w : 0;
        bool alone = t->column[i].flags & TABLE_ALONE && w > t->column[i].width;
        owed += first ? 0 : 2;
        first = false;
        if (t->column[i].flags & TABLE_RIGHT)
            owed += pad;
        if (w) {
            (void)fprintf(out, "%*s%s", (int)owed, "", text[i]);
            owed = 0;
        }
        if (alone) {
            (void)fputc('\n', out);
            owed = t->indent + t->column[i].width; /* it is the first column */
        }
        if (!(t->column[i].flags & TABLE_RIGHT))
            owed += pad;
    }
    (void)fprintf(out, "%s\n", color ? "\x1b[0m" : "");
}

/* Where to break a text that is wider than its column: after a blank, else after what joins a path or a name. Bytes. */
static size_t piece(const char *text, unsigned width)
{
    size_t n = 0, at = 0, blank = 0;
    if (table_width(text) <= width)
        return strlen(text);
    for (unsigned w = 0; w < width || ((unsigned char)text[n] & 0xc0) == 0x80; n++) {
        w += ((unsigned char)text[n] & 0xc0) != 0x80;
        if (text[n] == ' ')
            blank = n + 1;
        if (strchr("/,-.", text[n]))
            at = n + 1;
    }
    return blank ? blank : at ? at : n;
}

/* One row: as many lines as its longest wrapped cell needs. */
static void print_row(const struct table *t, char *const text[], bool marked, FILE *out)
{
    char part[TABLE_COLUMNS][1024], *line[TABLE_COLUMNS];
    const char *rest[TABLE_COLUMNS];
    bool more = true;
    for (unsigned i = 0; i < t->columns; i++)
        rest[i] = text[i];
    while (more) {
        more = false;
        for (unsigned i = 0; i < t->columns; i++) {
            size_t n = t->column[i].flags & TABLE_WRAP ? piece(rest[i], t->column[i].width) : strlen(rest[i]);
            (void)snprintf(part[i], sizeof part[i], "%.*s", (int)n, rest[i]);
            line[i] = part[i];
            for (size_t k = strlen(part[i]); k && part[i][k - 1] == ' '; k--)
                part[i][k - 1] = '\0';
            rest[i] += n + strspn(rest[i] + n, " ");
            more |= *rest[i] != '\0';
        }
        print_line(t, line, marked, out);
    }
}

static void print_titles(const struct table *t, FILE *out)
{
    char titles[TABLE_COLUMNS][64], *line[TABLE_COLUMNS];
    for (unsigned i = 0; i < t->columns; i++) {
        (void)snprintf(titles[i], sizeof titles[i], "%s", t->column[i].title);
        line[i] = titles[i];
    }
    print_line(t, line, false, out);
}

/* Bytes of the next word, or of its first part when it is wider than a line; *w is its width. */
static size_t word(const char *text, unsigned line, unsigned *w)
{
    size_t n = 0;
    *w = 0;
    for (; text[n] && text[n] != ' '; n++) {
        bool starts = ((unsigned char)text[n] & 0xc0) != 0x80;
        if (starts && *w == line)
            break;
        *w += starts;
    }
    return n;
}

void table_wrap(FILE *out, const char *text, unsigned indent, unsigned hang, unsigned width)
{
    unsigned at = 0, left = indent;
    while (*text) {
        unsigned w;
        size_t n = word(text, width - indent - hang, &w);
        if (at && left + at + 1 + w > width) {
            (void)fputc('\n', out);
            at = 0;
            left = indent + hang;
        }
        (void)fprintf(out, "%*s%.*s", at ? 1 : (int)left, "", (int)n, text);
        at += (at ? 1 : 0) + w;
        text += n;
        text += strspn(text, " ");
    }
    (void)fputc('\n', out);
}

void table_print(struct table *t, FILE *out)
{
    char *line[TABLE_COLUMNS];
    fit(t);
    print_titles(t, out);
    for (size_t i = 0; i < t->cells; i++) {
        char *text = t->text + t->cell[i].text;
        if (t->cell[i].column == TABLE_COLUMNS) {
            table_wrap(out, text, t->indent + 4, 2, t->width);
            continue;
        }
        line[t->cell[i].column] = text;
        if (t->cell[i].column == t->columns - 1)
            print_row(t, line, t->cell[i].marked, out);
    }
}

void table_free(struct table *t)
{
    free(t->cell);
    free(t->text);
    t->cell = NULL;
    t->text = NULL;
}
