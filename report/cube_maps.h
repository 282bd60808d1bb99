/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cube_maps - what cube_merge.c and cube_join.c share: the ids of one cube as ids of another. Nobody else includes it.
 *
 * Adding is done in two passes: first everything that needs memory is made, then what cannot fail.
 */
#ifndef REPORT_CUBE_MAPS_H
#define REPORT_CUBE_MAPS_H

#include "report/cube_impl.h"

#define NOT_KEPT UINT32_MAX /* a cap was reached */

struct cube_maps { /* [id of from's]: that of into's. NULL: not made */
    uint32_t *name, *profile, *cert, *input, *sensor, *row, *span;
    uint32_t inputs_before, rows_before, spans_before; /* how many into had */
};

struct cube_maps cube_maps_of(const struct cube *into);
void cube_maps_free(struct cube_maps *m);

/* One id of from's table as an id of into's; 0 with into->oom: out of memory. */
typedef uint32_t cube_translate(struct cube *into, const struct cube *from, uint32_t id);
cube_translate cube_name_over, cube_profile_over, cube_cert_over;

/* All of the first pass: false, out of memory. */
bool cube_map_one(uint32_t *m, struct cube *into, const struct cube *from, uint32_t id, cube_translate *t);
bool cube_make_rest(struct cube_maps *m, struct cube *into, const struct cube *from, cube_translate *input); /* but names .. rows */
bool cube_rows_make(struct cube_maps *m, struct cube *into, const struct cube *from);
void cube_unmake(const struct cube_maps *m, struct cube *into); /* and back */
/* The second pass. Of rows only where m->row is. */
void cube_add_all(const struct cube_maps *m, struct cube *into, const struct cube *from);

uint32_t cube_mapped(const uint32_t *m, uint32_t id, bool *whole); /* *whole becomes false where a cap was reached */

#endif
