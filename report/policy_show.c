/* SPDX-License-Identifier: Apache-2.0 */
#include "report/policy_impl.h"

int policy_list(FILE *out, struct err *e)
{
    struct policy_names names;
    if (policy_names(&names))
        return err_set(e, "out of memory");
    int rc = 0;
    for (unsigned i = 0; i < names.count && rc == 0; i++) {
        struct policy *p = policy_open(names.name[i], 0, e);
        if (p)
            fprintf(out, "%-24s %s (%s, as of %s)\n", p->name, p->title, p->source, p->as_of);
        else
            rc = -1;
        policy_free(p);
    }
    policy_names_free(&names);
    return rc;
}
