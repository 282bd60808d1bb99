/* SPDX-License-Identifier: Apache-2.0 */
/*
 * err - the operator's kind of failure: one line of text that names the thing and the remedy.
 *
 * A function that can fail for the operator (a file, an option, a policy, a full disk) takes a struct err * as its last
 * parameter, returns -1 (or NULL) and has set it. cli/ prints the text once and exits 2. Bad traffic is never an error:
 * see capture/stats.h.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdbool.h>

struct err {
    char text[1024]; /* no trailing newline; control characters from names are escaped by err_set */
};

/* printf-style. Always returns -1, so that "return err_set(e, ...)" reads well. e may be NULL. Replaces earlier text. */
int err_set(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Does the text say that memory ran out? Then it is not the named thing's fault, and trying the next one is no remedy. */
bool err_is_memory(const struct err *e);

#endif
