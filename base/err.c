/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int err_set(struct err *e, const char *fmt, ...)
{
    if (!e)
        return -1;
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(e->text, sizeof e->text, fmt, ap);
    va_end(ap);
    /* A file name may hold anything; a terminal must not be driven by it. */
    for (char *c = e->text; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = '?';
    return -1;
}

bool err_is_memory(const struct err *e)
{
    static const char words[] = "out of memory";
    size_t n = strlen(e->text);
    return n >= sizeof words - 1 && strcmp(e->text + n - (sizeof words - 1), words) == 0;
}
