/* SPDX-License-Identifier: Apache-2.0 */
/*
 * upgrade_trial - the contract of upgrade.h played by the shortest code that keeps it: every row that may start is on
 * trial, each cuts and steps on its own, a confirmed row drops the others, UP_RESTART sniffs again. For tests and fuzzing.
 */
#ifndef TESTS_UNIT_UPGRADE_TRIAL_H
#define TESTS_UNIT_UPGRADE_TRIAL_H

#include "base/limits.h"
#include "dissect/upgrade.h"

#include <assert.h>
#include <stdlib.h>

enum { TRIAL_ROWS = 64, TRIAL_BYTES = 1 << 17 };

struct trial {
    struct upgrade_state st[TRIAL_ROWS];
    size_t off[TRIAL_ROWS][2]; /* where the row's next unit begins */
    bool live[TRIAL_ROWS];
    bool sniffing; /* no rows chosen yet */
    bool done;
    enum up_verdict verdict; /* the last one that was not UP_MORE */
    const struct upgrade_proto *row; /* whose it was */
    struct upgrade_state last; /* its state then; after a restart real_client and the target stay */
    size_t base[2]; /* where sniffing began; when TLS began, where */
    unsigned refusals, restarts;
    uint8_t buf[2][TRIAL_BYTES];
    size_t len[2];
};

static inline void trial_init(struct trial *t)
{
    memset(t, 0, offsetof(struct trial, buf));
    t->len[0] = t->len[1] = 0;
    t->sniffing = true;
    assert(upgrade_count <= TRIAL_ROWS);
}

static inline struct rd trial_head(const struct trial *t, size_t off, unsigned d)
{
    return rd_of(t->buf[d] + off, t->len[d] - off);
}

static inline void trial_end(struct trial *t, unsigned i, enum up_verdict v)
{
    t->row = upgrades[i];
    t->last = t->st[i];
    t->verdict = v;
    t->done = true;
    t->base[0] = t->off[i][0];
    t->base[1] = t->off[i][1];
}

static inline void trial_restart(struct trial *t, unsigned i)
{
    t->done = false;
    t->sniffing = true;
    t->restarts++;
    for (unsigned j = 0; j < upgrade_count; j++)
        t->live[j] = false;
    (void)i;
}

/* One unit of row i, direction d. True when it moved. */
static inline bool trial_unit(struct trial *t, unsigned i, unsigned d)
{
    struct rd head = trial_head(t, t->off[i][d], d);
    if (t->done || !t->live[i] || rd_left(&head) == 0)
        return false;
    const struct upgrade_proto *p = upgrades[i];
    size_t n = p->unit(&t->st[i], d == 0, head);
    if (n == UPGRADE_UNIT_NOT) {
        t->live[i] = false;
        return false;
    }
    if (n == UPGRADE_UNIT_TLS) {
        trial_end(t, i, UP_TLS);
        return true;
    }
    if (n == 0)
        return false;
    assert(n <= rd_left(&head) && n <= LIMIT_UPGRADE_UNIT);
    t->off[i][d] += n;
    enum up_verdict v = p->step(&t->st[i], d == 0, rd_of(head.p, n));
    switch (v) {
    case UP_MORE:
        break;
    case UP_REFUSED:
        assert(t->st[i].refused);
        t->refusals++;
        break;
    case UP_NOT_MINE:
        t->live[i] = false;
        return true;
    case UP_TLS:
    case UP_TLS_CLIENT:
    case UP_PLAIN:
    case UP_OPAQUE:
    case UP_RESTART:
        trial_end(t, i, v);
        return true;
    }
    if (t->st[i].confirmed)
        for (unsigned j = 0; j < upgrade_count; j++)
            t->live[j] = j == i;
    return true;
}

static inline void trial_sniff(struct trial *t)
{
    for (unsigned d = 0; d < 2 && t->sniffing; d++) {
        struct rd head = trial_head(t, t->base[d], d);
        if (rd_left(&head) == 0)
            continue;
        int hello = upgrade_hello(head);
        if (hello < 0)
            return;
        t->sniffing = false;
        if (hello > 0) {
            t->done = true;
            t->verdict = UP_TLS;
            return;
        }
        for (unsigned i = 0; i < upgrade_count; i++) {
            struct upgrade_state fresh = { .real_client = t->last.real_client, .real_server = t->last.real_server };
            t->st[i] = fresh;
            t->live[i] = upgrades[i]->may_start(d == 0, head);
            t->off[i][0] = t->base[0];
            t->off[i][1] = t->base[1];
        }
    }
}

/* Bytes sent by side d (0 the client). */
static inline void trial_feed(struct trial *t, unsigned d, const void *bytes, size_t n)
{
    if (n > TRIAL_BYTES - t->len[d])
        return;
    if (n)
        memcpy(t->buf[d] + t->len[d], bytes, n);
    t->len[d] += n;
    bool again = true;
    while (again && !t->done) {
        trial_sniff(t);
        again = false;
        for (unsigned i = 0; i < upgrade_count && !t->done; i++)
            while (trial_unit(t, i, d) || trial_unit(t, i, !d)) {
            }
        if (t->done && t->verdict == UP_RESTART) {
            trial_restart(t, 0);
            again = true;
        }
    }
}

/* The row that stands when the bytes are over: the confirmed one, or the one that decided; NULL when none. */
static inline const struct upgrade_proto *trial_row(const struct trial *t, const struct upgrade_state **s)
{
    *s = &t->last;
    if (t->done)
        return t->row;
    for (unsigned i = 0; i < upgrade_count; i++)
        if (t->live[i] && t->st[i].confirmed) {
            *s = &t->st[i];
            return upgrades[i];
        }
    return NULL;
}

#endif
