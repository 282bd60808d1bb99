/* SPDX-License-Identifier: Apache-2.0 */
/*
 * upgrade_play - one connection played to dialogue.c as session.c does it: sniff for a hello, put the rows on trial, follow
 * them, sniff again after a tunnel's header. For tests and fuzzing; side 0 is the client.
 */
#ifndef TESTS_UNIT_UPGRADE_PLAY_H
#define TESTS_UNIT_UPGRADE_PLAY_H

#include "base/limits.h"
#include "dissect/dialogue.h"

#include <assert.h>
#include <stdlib.h>

enum { PLAY_BYTES = 1 << 17 };

struct play {
    struct dialogue g;
    struct room room; /* memory of g */
    bool following; /* rows are on trial in g */
    bool done;
    enum dialogue_verdict verdict; /* how it was decided */
    const struct upgrade_proto *row; /* the last one that decided */
    struct upgrade_state last; /* its state then */
    uint8_t buf[2][PLAY_BYTES]; /* all that was said */
    size_t len[2];
    size_t base[2]; /* where sniffing began; when done, where TLS begins */
};

static inline void play_end(struct play *p)
{
    dialogue_free(&p->g);
    assert(p->room.used == 0); /* all of it was given back */
    p->following = false;
}

static inline void play_init(struct play *p)
{
    play_end(p);
    memset(p, 0, offsetof(struct play, buf));
    memset(p->len, 0, sizeof p->len);
    memset(p->base, 0, sizeof p->base);
}

static inline void play_verdict(struct play *p, enum dialogue_verdict v)
{
    if (v == DIALOGUE_MORE)
        return;
    p->verdict = v;
    p->done = v != DIALOGUE_RESTART;
    if (v == DIALOGUE_NONE) {
        play_end(p);
        return;
    }
    p->row = p->g.trial[0].row;
    p->last = p->g.trial[0].s;
    for (unsigned d = 0; d < 2; d++) {
        struct rd rest = dialogue_rest(&p->g, d);
        p->base[d] = p->len[d] - rd_left(&rest);
    }
    play_end(p);
}

/* What has come since base, from which it must be told what this is. */
static inline void play_sniff(struct play *p)
{
    for (unsigned d = 0; d < 2; d++) {
        struct rd head = rd_of(p->buf[d] + p->base[d], p->len[d] - p->base[d]);
        if (rd_left(&head) == 0)
            continue;
        int hello = upgrade_hello(head);
        p->done = hello > 0;
        if (p->done)
            p->verdict = DIALOGUE_TLS;
        if (hello != 0)
            return;
        dialogue_start(&p->g, &p->room, d == 0, head, 0, 0);
        p->following = true;
        for (unsigned k = 0; k < 2 && p->following && !p->done; k++) {
            unsigned side = k == 0 ? d : !d;
            struct rd all = rd_of(p->buf[side] + p->base[side], p->len[side] - p->base[side]);
            if (rd_left(&all))
                play_verdict(p, dialogue_bytes(&p->g, side, side == 0, all));
        }
        return;
    }
}

static inline void play_feed(struct play *p, unsigned d, const void *bytes, size_t n)
{
    if (n > PLAY_BYTES - p->len[d] || n == 0)
        return;
    memcpy(p->buf[d] + p->len[d], bytes, n);
    p->len[d] += n;
    if (p->done)
        return;
    if (p->following)
        play_verdict(p, dialogue_bytes(&p->g, d, d == 0, rd_of(bytes, n)));
    while (!p->following && !p->done && p->base[0] + p->base[1] < p->len[0] + p->len[1]) {
        size_t before = p->base[0] + p->base[1];
        play_sniff(p);
        if (p->base[0] + p->base[1] == before)
            return;
    }
}

/* The row that stands when the bytes are over: the one that decided, or the one that is certain; NULL when none. */
static inline const struct upgrade_proto *play_row(const struct play *p, const struct upgrade_state **s)
{
    *s = &p->last;
    if (p->done)
        return p->verdict == DIALOGUE_NONE ? NULL : p->row;
    if (!p->following || !dialogue_confirmed(&p->g))
        return NULL;
    *s = &p->g.trial[0].s;
    return p->g.trial[0].row;
}

#endif
