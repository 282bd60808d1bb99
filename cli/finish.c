/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/finish.h"

/* Everything in the state, and what is not in it. */
static int load_all(const struct options *o, struct store *store, struct cube **cube, bool saved, struct err *e)
{
    struct cube *unsaved = saved ? NULL : *cube;
    if (saved)
        cube_free(*cube); /* before another one takes as much memory */
    *cube = options_cube(o);
    int rc = *cube ? store_load(store, *cube, e) : err_set(e, "out of memory");
    if (rc == 0 && unsaved && cube_merge(*cube, unsaved))
        rc = err_set(e, "out of memory");
    if (rc && unsaved) {
        cube_free(*cube);
        *cube = unsaved;
    } else {
        cube_free(unsaved);
    }
    return rc;
}

int finish(const struct options *o, struct store **store, bool in_parts, struct cube **cube, FILE *out, struct err *e)
{
    int rc = *store ? store_save(*store, *cube, e) : 0;
    if (*store && rc == 0 && load_all(o, *store, cube, true, e))
        return -1;
    if (*store && rc && in_parts)
        (void)load_all(o, *store, cube, false, NULL);
    store_close(*store); /* whoever reads the report may go away, and SIGPIPE leaves a log beside the state */
    *store = NULL;
    if (o->format->report && o->format->report(out, *cube, &o->view, rc ? NULL : e))
        rc = -1;
    return rc;
}
