/* SPDX-License-Identifier: Apache-2.0 */
#include "report/table.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { LEAST = 8 }; /* a column that gives way keeps this many characters, and its title */

static bool starts_character(char c)
{
    return ((unsigned char)c & 0xc0) != 0x80;
}

static unsigned width_of(const char *text, size_t n)
{
    unsigned w = 0;
    for (size_t i = 0; i < n; i++)
        w += starts_character(text[i]);
    return w;
}

unsigned table_width(const char *text)
{
    return width_of(text, strlen(text));
}

static unsigned longest_word(const char *text)
{
    unsigned most = 0;
    while (*text) {
        size_t n = strcspn(text, " ");
        unsigned w = width_of(text, n);
        most = w > most ? w : most;
        text += n + strspn(text + n, " ");
    }
    return most;
}

void table_column(struct table *t, const char *title, unsigned flags)
{
    assert(t->columns < TABLE_COLUMNS);
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
    unsigned w = table_width(written), word = longest_word(written);
    if (w > t->column[column].width)
        t->column[column].width = w;
    if (word > t->column[column].word)
        t->column[column].word = word;
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

/* What a column keeps when it gives way in this manner. */
enum manner { AT_BLANKS, ON_A_LINE_OF_ITS_OWN, WITHIN_WORDS };
static unsigned least_of(const struct table *t, unsigned i, enum manner how)
{
    static const struct {
        unsigned flags, of; /* of these flags it has these */
    } gives[] = { [AT_BLANKS] = { TABLE_WRAP, TABLE_WRAP },
                  [ON_A_LINE_OF_ITS_OWN] = { TABLE_ALONE, TABLE_ALONE },
                  [WITHIN_WORDS] = { TABLE_WRAP, TABLE_WRAP | TABLE_ALONE } };
    unsigned title = table_width(t->column[i].title), least = how == AT_BLANKS ? t->column[i].word : LEAST;
    if (!shown(t, i) || (t->column[i].flags & gives[how].of) != gives[how].flags)
        return t->column[i].width;
    return title > least ? title : least;
}

static unsigned could_give(const struct table *t, enum manner how)
{
    unsigned sum = 0;
    for (unsigned i = 0; i < t->columns; i++) {
        unsigned least = least_of(t, i, how);
        sum += t->column[i].width > least ? t->column[i].width - least : 0;
    }
    return sum;
}

/* Takes from the columns that give way so, the widest first. Returns what is still over. */
static unsigned give(struct table *t, enum manner how, unsigned over)
{
    for (; over; over--) {
        unsigned widest = t->columns;
        for (unsigned i = 0; i < t->columns; i++)
            if (t->column[i].width > least_of(t, i, how) && (widest == t->columns || t->column[i].width > t->column[widest].width))
                widest = i;
        if (widest == t->columns)
            break;
        t->column[widest].width--;
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
    if (over > could_give(t, AT_BLANKS))
        over = give(t, ON_A_LINE_OF_ITS_OWN, over);
    (void)give(t, WITHIN_WORDS, give(t, AT_BLANKS, over));
    for (unsigned i = 0, at = t->indent; i < t->columns; i++) {
        t->column[i].at = at;
        at += shown(t, i) ? t->column[i].width + 2 : 0;
    }
}

/* What of a cell stands in one line. */
struct part {
    const char *text;
    size_t n;
};

/* One line of the columns from..to - 1, blanks at the end left out. */
static void print_line(const struct table *t, const struct part text[], unsigned from, unsigned to, bool marked, FILE *out)
{
    bool color = marked && t->color;
    unsigned at = 0;
    if (color)
        (void)fputs("\x1b[1m", out);
    for (unsigned i = from; i < to; i++) {
        unsigned w = width_of(text[i].text, text[i].n), x = t->column[i].at;
        if (!shown(t, i) || !w)
            continue;
        if (t->column[i].flags & TABLE_RIGHT && t->column[i].width > w)
            x += t->column[i].width - w;
        (void)fprintf(out, "%*s%.*s", (int)(x - at), "", (int)text[i].n, text[i].text);
        at = x + w;
    }
    (void)fprintf(out, "%s\n", color ? "\x1b[0m" : "");
}

/* Where to break a text that is wider than its column: after a blank, else after what joins a path or a name. Bytes. */
static size_t piece(const char *text, unsigned width)
{
    size_t n = 0, at = 0, blank = 0;
    if (table_width(text) <= width)
        return strlen(text);
    for (unsigned w = 0; w < width || !starts_character(text[n]); n++) {
        w += starts_character(text[n]);
        if (text[n] == ' ')
            blank = n + 1;
        if (strchr("/,-.", text[n]))
            at = n + 1;
    }
    if (text[n] == ' ')
        blank = n + 1;
    return blank ? blank : at ? at : n;
}

static bool stands_alone(const struct table *t, unsigned i, const char *text)
{
    unsigned w = t->column[i].flags & TABLE_WRAP ? longest_word(text) : table_width(text);
    return t->column[i].flags & TABLE_ALONE && w > t->column[i].width;
}

/* The columns from..to - 1 of a row: as many lines as the longest wrapped cell needs. The last may have the rest of the line. */
static void print_part(const struct table *t, char *const text[], unsigned from, unsigned to, bool marked, FILE *out)
{
    struct part line[TABLE_COLUMNS];
    const char *rest[TABLE_COLUMNS];
    bool more = true, alone = stands_alone(t, to - 1, text[to - 1]);
    for (unsigned i = from; i < to; i++)
        rest[i] = text[i];
    while (more) {
        more = false;
        for (unsigned i = from; i < to; i++) {
            unsigned width = alone && i == to - 1 ? t->width - t->column[i].at : t->column[i].width;
            size_t n = t->column[i].flags & TABLE_WRAP ? piece(rest[i], width) : strlen(rest[i]);
            line[i] = (struct part){ rest[i], n };
            while (line[i].n && line[i].text[line[i].n - 1] == ' ')
                line[i].n--;
            rest[i] += n + strspn(rest[i] + n, " ");
            more |= *rest[i] != '\0';
        }
        print_line(t, line, from, to, marked, out);
    }
}

/* One row; behind a cell that stands alone it goes on below. */
static void print_row(const struct table *t, char *const text[], bool marked, FILE *out)
{
    for (unsigned from = 0, to = 0; to < t->columns; from = to) {
        while (to < t->columns && !(shown(t, to) && stands_alone(t, to, text[to])))
            to++;
        to += to < t->columns;
        print_part(t, text, from, to, marked, out);
    }
}

static void print_titles(const struct table *t, FILE *out)
{
    struct part title[TABLE_COLUMNS];
    for (unsigned i = 0; i < t->columns; i++)
        title[i] = (struct part){ t->column[i].title, strlen(t->column[i].title) };
    print_line(t, title, 0, t->columns, false, out);
}

/* Bytes of the next word, or of its first part when it is wider than a line; *w is its width. */
static size_t word(const char *text, unsigned line, unsigned *w)
{
    size_t n = 0;
    *w = 0;
    for (; text[n] && text[n] != ' '; n++) {
        if (starts_character(text[n]) && *w == line)
            break;
        *w += starts_character(text[n]);
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
