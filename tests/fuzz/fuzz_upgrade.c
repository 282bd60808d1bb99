/* SPDX-License-Identifier: Apache-2.0 */
/* Conversations as in the unit test: chunks of a header (bit 15: the server speaks; the rest: length) and bytes. */
#include "tests/unit/upgrade_trial.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct trial trial;
    struct rd in = rd_of(data, size);
    trial_init(&trial);
    while (rd_left(&in) >= 2 && !(trial.done && trial.verdict != UP_TLS)) {
        uint16_t head = rd_u16(&in);
        size_t n = head & 0x7fff;
        struct rd chunk = rd_sub(&in, n < rd_left(&in) ? n : rd_left(&in));
        uint8_t *exact = malloc(rd_left(&chunk) + 1); /* so that ASan sees one byte too far */
        if (!exact)
            return 0;
        if (rd_left(&chunk))
            memcpy(exact, chunk.p, rd_left(&chunk));
        trial_feed(&trial, head >> 15, exact, rd_left(&chunk));
        free(exact);
    }
    return 0;
}
