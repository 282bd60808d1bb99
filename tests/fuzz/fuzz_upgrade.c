/* SPDX-License-Identifier: Apache-2.0 */
/* Conversations as in the unit test: chunks of a header (bit 15: the server speaks; the rest: length) and bytes. */
#include "tests/unit/upgrade_play.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What lies behind the switch, for protocols that keep TLS in PDUs: each call takes bytes, or stops. */
static void unwrap(struct play *t)
{
    for (unsigned d = 0; t->done && t->verdict == DIALOGUE_TLS && t->row && t->row->unwrap && d < 2; d++) {
        struct rd wire = rd_of(t->buf[d] + t->base[d], t->len[d] - t->base[d]), tls;
        bool bare = false;
        size_t before = rd_left(&wire);
        while (!bare && t->row->unwrap(&t->last, d == 0, &wire, &tls, &bare)) {
            assert(bare || rd_left(&wire) < before);
            assert(rd_left(&tls) <= before);
            before = rd_left(&wire);
        }
        t->base[d] = t->len[d] - rd_left(&wire);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct play play;
    struct rd in = rd_of(data, size);
    play_init(&play);
    while (rd_left(&in) >= 2 && !(play.done && play.verdict != DIALOGUE_TLS)) {
        uint16_t head = rd_u16(&in);
        size_t n = head & 0x7fff;
        struct rd chunk = rd_sub(&in, n < rd_left(&in) ? n : rd_left(&in));
        uint8_t *exact = malloc(rd_left(&chunk) + 1); /* so that ASan sees one byte too far */
        if (!exact)
            return 0;
        if (rd_left(&chunk))
            memcpy(exact, chunk.p, rd_left(&chunk));
        play_feed(&play, head >> 15, exact, rd_left(&chunk));
        free(exact);
        unwrap(&play);
    }
    play_end(&play);
    return 0;
}
