/* SPDX-License-Identifier: Apache-2.0 */
#include "report/text.h"

#include <errno.h>
#include <string.h>

static void (*const sections[])(struct text *t) = {
    text_read,     text_not_seen, text_readiness, text_study, text_servers, text_clients, text_suites,
    text_failures, text_upgrades, text_cleartext, text_facts, text_apart,
};

int text_report(FILE *out, const struct cube *c, const struct view *v, struct err *e)
{
    struct rollup *r = rollup_make(c, v);
    if (!r)
        return err_set(e, "not enough memory for the report");
    struct text t = { .out = out, .r = r };
    (void)fputs("TLS as it was observed (tlsunset " TLSUNSET_VERSION ")\n", out);
    for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++)
        sections[i](&t);
    rollup_free(r);
    if (t.failed)
        return err_set(e, "not enough memory for the report: it is incomplete");
    errno = 0;
    if (fflush(out) != 0 || ferror(out))
        return err_set(e, "cannot write the report: %s", strerror(errno ? errno : EIO));
    return 0;
}
