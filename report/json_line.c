/* SPDX-License-Identifier: Apache-2.0 */
#include "report/json_line.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <string.h>

unsigned json_line_at(const char *text, size_t offset)
{
    unsigned line = 1;
    for (size_t i = 0; i < offset && text[i]; i++)
        line += text[i] == '\n';
    return line;
}

/* The text was parsed before, so it is well formed as far as cJSON cares; every step still ends at the NUL. */
static const char *blanks(const char *p)
{
    while (*p && (unsigned char)*p <= ' ')
        p++;
    return p;
}

static const char *string_end(const char *p)
{
    for (p++; *p && *p != '"'; p++)
        if (*p == '\\' && p[1])
            p++;
    return *p ? p + 1 : p;
}

/* Past one character of punctuation, if it stands here, and the blanks around it. */
static const char *past(const char *p, char c)
{
    p = blanks(p);
    return *p == c ? blanks(p + 1) : p;
}

/* Puts in *at where target begins. p: where node begins; returns where it ends. *at stays NULL until it was met. */
static const char *walk(const char *p, const cJSON *node, const cJSON *target, const char **at)
{
    bool object = cJSON_IsObject(node);
    if (node == target && !*at)
        *at = p;
    if (!object && !cJSON_IsArray(node)) {
        if (*p == '"')
            return string_end(p);
        while (*p && !strchr(",]} \t\r\n", *p))
            p++;
        return p;
    }
    p = past(p, object ? '{' : '[');
    for (const cJSON *c = node->child; c && !*at; c = c->next) {
        if (object && c == target)
            *at = p;
        if (object)
            p = past(string_end(p), ':');
        p = past(walk(p, c, target, at), ',');
    }
    return past(p, object ? '}' : ']');
}

unsigned json_line(const char *text, const cJSON *root, const cJSON *target)
{
    const char *at = NULL;
    size_t bom = strncmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0; /* which cJSON passes over */
    (void)walk(blanks(text + bom), root, target, &at);
    return at ? json_line_at(text, (size_t)(at - text)) : 1;
}
