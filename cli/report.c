/* SPDX-License-Identifier: Apache-2.0 */
/* tlsunset report: one or several saved states, as one report. */
#include "cli/output.h"
#include "report/store.h"

#include <sys/stat.h>

static int load(struct cube *cube, const char *path, struct err *e)
{
    struct store *s = store_open(path, STORE_READ, e);
    int rc = s ? store_load(s, cube, e) : -1;
    store_close(s);
    return rc;
}

/* Each count of a state that is named twice would be doubled. */
static int named_twice(const struct options *o, struct err *e)
{
    struct stat a, b;
    for (unsigned i = 0; i < o->arg_count; i++)
        for (unsigned k = 0; k < i; k++)
            if (stat(o->args[i], &a) == 0 && stat(o->args[k], &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino)
                return err_set(e, "%s: named twice; name each state once", o->args[i]);
    return 0;
}

int report_states(const struct options *o, struct err *e)
{
    struct output out = OUTPUT_CLOSED;
    int rc = named_twice(o, e);
    struct cube *cube = rc == 0 ? options_cube(o) : NULL;
    if (rc == 0 && !cube)
        rc = err_set(e, "out of memory");
    for (unsigned i = 0; i < o->arg_count && rc == 0; i++)
        rc = load(cube, o->args[i], e);
    if (rc == 0)
        rc = pseudonyms_allow(o, cube, e);
    if (rc == 0)
        rc = output_open(&out, o, NULL, e);
    if (rc == 0)
        rc = o->format->report(out.to, cube, &o->view, e);
    if (rc == 0 && o->evidence)
        rc = evidence_write(o, cube, e);
    if (output_close(&out, rc == 0, rc ? NULL : e))
        rc = -1;
    cube_free(cube);
    return rc;
}

static int right_arguments(const struct options *o, struct err *e)
{
    if (o->arg_count == 0)
        return err_set(e, "report: name a state file (made by tlsunset read --state FILE)");
    if (!o->format->report)
        return err_set(e, "report: --format %s is one line per handshake and needs the captures; use text or json", o->format->name);
    return 0;
}

int cmd_report(int argc, char **argv)
{
    struct options o;
    struct err e = { "" };
    int over = options_parse(&o, argc, argv, FOR_REPORT);
    int rc = over || right_arguments(&o, &e) ? -1 : report_states(&o, &e), result = over ? over - 1 : (int)study_exit(&o);
    options_free(&o);
    return over ? result : rc ? cannot(&e) : result;
}
