/* SPDX-License-Identifier: Apache-2.0 */
#include "report/names_file.h"
#include "base/column.h"
#include "base/intern.h"
#include "base/limits.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A prefix with the bits behind it cleared; hashed as memory, no padding. */
struct prefix {
    struct addr addr;
    uint8_t bits;
};

struct entry {
    struct named named;
    char *text; /* what both point into */
    unsigned line;
};

struct names_file {
    struct intern *prefixes;
    struct column entry; /* beside prefixes */
    bool used[ADDR_PSEUDO + 1][129]; /* which lengths occur, by kind: a lookup tries only those, the longest first */
};

static struct prefix prefix_of(const struct addr *a, unsigned bits)
{
    struct prefix p = { .addr = *a, .bits = (uint8_t)bits };
    for (unsigned i = 0; i < sizeof a->b; i++) {
        unsigned keep = bits > i * 8 ? bits - i * 8 : 0;
        if (keep < 8)
            p.addr.b[i] &= (uint8_t)(0xff00u >> keep);
    }
    return p;
}

static const char blanks[] = " \t";

/* The next word of the line, NUL-terminated in place; "" at the end. */
static char *word(char **at)
{
    char *w = *at + strspn(*at, blanks);
    char *end = w + strcspn(w, blanks);
    *at = *end ? end + 1 : end;
    *end = '\0';
    return w;
}

static void trim(char *text)
{
    size_t n = strlen(text);
    while (n && strchr(" \t\r\n", text[n - 1]))
        text[--n] = '\0';
}

static bool printable(const char *text)
{
    for (; *text; text++)
        if (((unsigned char)*text < 0x20 && *text != '\t') || *text == 0x7f)
            return false;
    return true;
}

/* Keeps one prefix with its texts. */
static int keep(struct names_file *n, const struct cidr *c, const char *name, const char *owner, unsigned line, const char *path,
                struct err *e)
{
    struct prefix p = prefix_of(&c->addr, c->bits);
    uint32_t old = intern_find(n->prefixes, &p, sizeof p);
    if (old)
        return err_set(e, "%s:%u: named on line %u already; remove one of the two", path, line,
                       ((struct entry *)column_at(&n->entry, old))->line);
    size_t len = strlen(name) + 1, rest = strlen(owner) + 1;
    char *text = malloc(len + rest);
    uint32_t id = text && column_reserve(&n->entry, intern_count(n->prefixes) + 1)
                      ? intern_put(n->prefixes, &p, sizeof p, NULL)
                      : 0;
    if (!id) {
        free(text);
        return intern_count(n->prefixes) >= LIMIT_NAMES ? err_set(e, "%s:%u: more than %d lines", path, line, LIMIT_NAMES)
                                                        : err_set(e, "%s: out of memory", path);
    }
    memcpy(text, name, len);
    memcpy(text + len, owner, rest);
    struct entry *entry = column_at(&n->entry, id);
    *entry = (struct entry){ .named = { text, text + len }, .text = text, .line = line };
    n->used[c->addr.kind][c->bits] = true;
    return 0;
}

static int read_line(struct names_file *n, char *text, unsigned line, const char *path, struct err *e)
{
    struct cidr c;
    trim(text);
    if (!printable(text))
        return err_set(e, "%s:%u: not text; expected: ADDRESS[/BITS] NAME [OWNER]", path, line);
    char *address = word(&text);
    if (!*address || *address == '#')
        return 0;
    if (cidr_parse_client(address, &c))
        return err_set(e, "%s:%u: \"%.64s\" is not an address or prefix; expected: ADDRESS[/BITS] NAME [OWNER]", path, line,
                       address);
    char *name = word(&text);
    if (!*name)
        return err_set(e, "%s:%u: %.64s has no name behind it; expected: ADDRESS[/BITS] NAME [OWNER]", path, line, address);
    return keep(n, &c, name, text + strspn(text, blanks), line, path, e);
}

static int read_lines(struct names_file *n, FILE *f, const char *path, struct err *e)
{
    char text[1024];
    for (unsigned line = 1; fgets(text, sizeof text, f); line++) {
        if (!strchr(text, '\n') && !feof(f))
            return err_set(e, "%s:%u: the line is longer than %zu bytes, or not text", path, line, sizeof text - 2);
        if (read_line(n, text, line, path, e))
            return -1;
    }
    return ferror(f) ? err_set(e, "%s: %s", path, strerror(errno)) : 0;
}

struct names_file *names_file_read(const char *path, struct err *e)
{
    FILE *f = fopen(path, "r");
    if (!f) {
        (void)err_set(e, "%s: %s", path, strerror(errno));
        return NULL;
    }
    struct names_file *n = calloc(1, sizeof *n);
    if (n)
        *n = (struct names_file){ .prefixes = intern_new(LIMIT_NAMES, 0), .entry = { .width = sizeof(struct entry) } };
    int rc = n && n->prefixes ? read_lines(n, f, path, e) : err_set(e, "%s: out of memory", path);
    (void)fclose(f);
    if (rc == 0)
        return n;
    names_file_free(n);
    return NULL;
}

void names_file_free(struct names_file *n)
{
    if (!n)
        return;
    for (uint32_t id = 1; n->prefixes && id <= intern_count(n->prefixes); id++)
        free(((struct entry *)column_at(&n->entry, id))->text);
    intern_free(n->prefixes);
    column_free(&n->entry);
    free(n);
}

const struct named *names_file_find(const struct names_file *n, const struct addr *a)
{
    if (!n || a->kind == ADDR_NONE || a->kind > ADDR_PSEUDO)
        return NULL;
    for (unsigned bits = 129; bits-- > 0;) {
        if (!n->used[a->kind][bits])
            continue;
        struct prefix p = prefix_of(a, bits);
        uint32_t id = intern_find(n->prefixes, &p, sizeof p);
        if (id)
            return &((struct entry *)column_at(&n->entry, id))->named;
    }
    return NULL;
}

bool names_file_has(const struct names_file *n, const char *name)
{
    for (uint32_t i = 0; n && i < names_file_count(n); i++)
        if (strcasecmp(names_file_at(n, i)->name, name) == 0)
            return true;
    return false;
}

uint32_t names_file_count(const struct names_file *n)
{
    return intern_count(n->prefixes);
}

const struct named *names_file_at(const struct names_file *n, uint32_t i)
{
    return &((struct entry *)column_at(&n->entry, i + 1))->named;
}
