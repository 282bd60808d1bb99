/* SPDX-License-Identifier: Apache-2.0 */
/* tlsunset explain: why a verdict is what it is, from a state or from captures. */
#include "cli/cli.h"
#include "cli/interrupt.h"
#include "report/explain.h"

#include <string.h>

/* States are SQLite files; everything else is read as a capture. */
static bool is_state(const char *path)
{
    static const char magic[16] = "SQLite format 3";
    char head[sizeof magic] = "";
    FILE *f = fopen(path, "rb");
    bool is = f && fread(head, 1, sizeof head, f) == sizeof head && memcmp(head, magic, sizeof magic) == 0;
    if (f)
        (void)fclose(f);
    return is;
}

static int explain(struct options *o, struct err *e)
{
    static const struct render as = { .name = "explain", .report = explain_report };
    if (o->arg_count < 3)
        return err_set(e, "explain: name a client, a server, and a state or capture: tlsunset explain 10.1.2.3 10.0.0.1:443 site.db");
    if (study_set_subject(o, o->args[0], o->args[1], e))
        return -1;
    o->args += 2;
    o->arg_count -= 2;
    o->format = &as;
    return is_state(o->args[0]) ? report_states(o, e) : read_captures(o, e);
}

int cmd_explain(int argc, char **argv)
{
    struct options o;
    struct err e = { "" };
    int over = options_parse(&o, argc, argv, FOR_EXPLAIN);
    int rc = over ? 0 : explain(&o, &e);
    options_free(&o);
    if (rc < 0)
        (void)cannot(&e);
    interrupt_die();
    return over ? over - 1 : rc ? EXIT_CANNOT : EXIT_DONE;
}
