/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/batch.h"

#include <stdlib.h>

struct batch *batch_new(void)
{
    struct batch *b = calloc(1, sizeof *b);
    if (!b)
        return NULL;
    b->packet = malloc(BATCH_PACKETS * sizeof *b->packet);
    b->bytes = malloc(BATCH_BYTES);
    if (b->packet && b->bytes)
        return b;
    batch_free(b);
    return NULL;
}

void batch_free(struct batch *b)
{
    if (!b)
        return;
    free(b->packet);
    free(b->bytes);
    free(b);
}
