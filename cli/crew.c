/* SPDX-License-Identifier: Apache-2.0 */
/* Whose turn it is: threads that work, and read when they are not behind. */
#include "base/thread.h"
#include "cli/crew_impl.h"

#include <stdlib.h>
#include <string.h>

enum {
    LEAD = 4, /* rounds that are read before a worker needs them, so that none waits for what another reads */
    SMALL_PACKETS = 256, SMALL_BYTES = BATCH_READ / 4,
};
_Static_assert(LEAD <= OWN / 2, "whoever may read is not the one that is waited for");

void *crew_more(struct crew *c, void *array, unsigned *room, size_t width)
{
    unsigned n = *room ? *room * 2 : 256;
    void *p = realloc(array, n * width);
    if (!p) {
        atomic_store(&c->failed, true);
        return NULL;
    }
    *room = n;
    return p;
}

/* ---- with the baton ---- */

static struct round **place(const struct crew *c, uint64_t n)
{
    return &c->round[n % c->rounds];
}

static void take_back(struct crew *c)
{
    uint64_t n = c->given + 1;
    struct round *r = *place(c, n);
    for (unsigned w = 0; w < c->workers; w++)
        gate_wait(&c->worker[w]->done, n);
    if (!atomic_load(&c->failed))
        crew_give(c, r);
    crew_clear(c, r);
    r->owner->idle[r->owner->idles++] = r;
    c->given = n;
}

/* Whoever is not behind has dealt with half of its rounds, so this waits for others only. To wait for each one is to be woken for
 * each. */
static void make_room(struct worker *w)
{
    if (w->idles)
        return;
    while (w->idles < OWN / 2)
        take_back(w->crew);
}

static bool is_back(const struct crew *c, uint64_t n)
{
    for (unsigned w = 0; w < c->workers; w++)
        if (!gate_passed(&c->worker[w]->done, n))
            return false;
    return true;
}

static struct round *begin_round(struct worker *w)
{
    struct crew *c = w->crew;
    make_room(w);
    struct round *r = c->next = w->idle[--w->idles];
    r->before = c->packets;
    r->batch->count = 0;
    c->packet = NULL;
    c->units = 0;
    return r;
}

static bool is_small(const struct batch *b)
{
    if (b->count == 0)
        return true;
    const struct packet *last = &b->packet[b->count - 1];
    return b->count < SMALL_PACKETS && last->data + last->caplen - b->bytes < SMALL_BYTES;
}

static void send_round(struct crew *c)
{
    c->packets += c->next->batch->count;
    c->slow = is_small(c->next->batch);
    c->sent++;
    *place(c, c->sent) = c->next;
    gate_move(&c->out, c->sent);
}

static void read_round(struct worker *w)
{
    struct crew *c = w->crew;
    while (c->given < c->sent && (c->slow || is_back(c, c->given + 1))) /* the read may wait; whoever reads lines does not */
        take_back(c);
    struct round *r = begin_round(w);
    bool more = c->duty.read(c->duty.ctx, r->batch);
    if (!more || atomic_load(&c->failed))
        atomic_store(&c->reading, false); /* before the round goes out, which the caller's thread may be waiting for */
    send_round(c);
}

/* ---- a thread ---- */

/* Reads one round, if no other thread is reading, and this one is not needed for work. */
static bool read_one(struct worker *w)
{
    struct crew *c = w->crew;
    if (!atomic_load(&c->reading) || gate_at(&c->out) - w->at >= LEAD || pthread_mutex_trylock(&c->baton))
        return false;
    bool mine = atomic_load(&c->reading) && c->sent - w->at < (c->slow ? 1 : LEAD);
    if (mine)
        read_round(w);
    (void)pthread_mutex_unlock(&c->baton);
    return mine;
}

/* The next round, once there is one. false: it was the last. */
static bool work_one(struct worker *w)
{
    struct crew *c = w->crew;
    uint64_t n = w->at + 1;
    gate_wait(&c->out, n);
    const struct round *r = *place(c, n);
    crew_lane_work(w, r);
    bool last = r->last;
    if (r->finish) {
        w->lane.order = UINT64_MAX;
        lane_finish(&w->lane);
    }
    w->at = n;
    gate_move(&w->done, n);
    return !last;
}

static void *run(void *worker)
{
    struct worker *w = worker;
    while (read_one(w) || work_one(w))
        ;
    return NULL;
}

static int threads_start(struct crew *c, struct err *e)
{
    int rc = 0;
    while (rc == 0 && c->threads < c->workers - 1) {
        struct worker *w = c->worker[c->threads + 1];
        rc = thread_start(&w->thread, run, w);
        c->threads += rc == 0;
    }
    return rc == 0 ? 0 : err_set(e, "cannot start %u threads: %s; give a lower --threads", c->workers, strerror(rc));
}

static int failure(struct crew *c, struct err *e)
{
    return atomic_load(&c->failed) ? err_set(e, "out of memory") : 0;
}

int crew_run(struct crew *c, struct err *e)
{
    struct worker *mine = c->worker[0];
    if (c->threads < c->workers - 1 && threads_start(c, e))
        return -1;
    atomic_store(&c->reading, true);
    while (atomic_load(&c->reading))
        (void)(read_one(mine) || work_one(mine));
    (void)pthread_mutex_lock(&c->baton); /* whoever read last is done with it */
    (void)pthread_mutex_unlock(&c->baton);
    return failure(c, e);
}

/* ---- between runs: nobody reads, and what the baton is over is the caller's ---- */

/* With no round out the workers wait, and what they have is the caller's. */
static void come_even(struct crew *c)
{
    struct worker *mine = c->worker[0];
    while (mine->at < c->sent)
        (void)work_one(mine);
    while (c->given < c->sent)
        take_back(c);
}

static void end(struct crew *c, bool finish)
{
    while (!c->worker[0]->idles && c->worker[0]->at < c->sent) /* what it would have to wait for is its own to do */
        (void)work_one(c->worker[0]);
    struct round *r = begin_round(c->worker[0]);
    r->last = true;
    r->finish = finish;
    send_round(c);
    come_even(c);
    for (unsigned i = 1; i <= c->threads; i++)
        (void)pthread_join(c->worker[i]->thread, NULL);
    c->threads = 0;
}

static int join(struct crew *c, struct cube *cube, bool last)
{
    struct cube *part[LIMIT_THREADS];
    for (unsigned i = 0; i < c->workers; i++)
        part[i] = c->worker[i]->lane.cube;
    return (last ? cube_join_last : cube_join)(cube, part, c->workers);
}

bool crew_settle(struct crew *c, struct cube *cube, bool crowded)
{
    come_even(c);
    for (unsigned i = 0; i < c->workers; i++) {
        lane_pause(&c->worker[i]->lane);
        crowded = crowded || cube_crowded(c->worker[i]->lane.cube);
    }
    for (unsigned i = 0; crowded && i < c->workers; i++)
        cube_settle(c->worker[i]->lane.cube);
    bool joined = !atomic_load(&c->failed) && join(c, cube, false) == 0;
    for (unsigned i = 0; joined && i < c->workers; i++)
        cube_restart(c->worker[i]->lane.cube, crowded);
    return crowded;
}

int crew_finish(struct crew *c, struct cube *cube, struct err *e)
{
    if (c->threads < c->workers - 1 && threads_start(c, e)) /* nothing was read */
        return -1;
    end(c, true);
    if (failure(c, e))
        return -1;
    return join(c, cube, true) ? err_set(e, "out of memory") : 0;
}

/* ---- the crew ---- */

static bool round_open(struct round *r, struct worker *owner)
{
    r->owner = owner;
    r->batch = batch_new();
    r->slice = calloc(owner->crew->workers, sizeof *r->slice);
    return r->batch && r->slice;
}

static void round_close(struct crew *c, struct round *r)
{
    if (r->slice)
        crew_clear(c, r);
    for (unsigned w = 0; r->slice && w < c->workers; w++) {
        free(r->slice[w].todo);
        free(r->slice[w].unit);
        free(r->slice[w].item);
        free(r->slice[w].text);
    }
    free(r->spare);
    free(r->slice);
    batch_free(r->batch);
}

static void worker_free(struct worker *w)
{
    if (!w)
        return;
    for (unsigned i = 0; i < OWN; i++)
        round_close(w->crew, &w->own[i]);
    crew_lane_close(w);
    gate_destroy(&w->done);
    free(w);
}

static struct worker *worker_new(struct crew *c, unsigned number, const struct options *o, const struct decode_options *dec,
                                 struct err *e)
{
    struct worker *w = calloc(1, sizeof *w);
    if (!w || !gate_init(&w->done)) {
        free(w);
        (void)err_set(e, "out of memory");
        return NULL;
    }
    w->crew = c;
    w->number = number;
    bool ok = true;
    for (unsigned i = 0; i < OWN; i++) {
        ok = round_open(&w->own[i], w) && ok;
        w->idle[w->idles++] = &w->own[i];
    }
    if (!ok)
        (void)err_set(e, "out of memory");
    if (crew_lane_open(w, o, dec, e) == 0 && ok)
        return w;
    worker_free(w);
    return NULL;
}

static struct crew *crew_empty(void)
{
    struct crew *c = calloc(1, sizeof *c);
    if (c && gate_init(&c->out)) {
        if (pthread_mutex_init(&c->baton, NULL) == 0)
            return c;
        gate_destroy(&c->out);
    }
    free(c);
    return NULL;
}

struct crew *crew_new(const struct options *o, const struct decode_options *dec, unsigned workers, const struct crew_duty *duty,
                      struct err *e)
{
    struct crew *c = crew_empty();
    if (!c) {
        (void)err_set(e, "out of memory");
        return NULL;
    }
    c->duty = *duty;
    atomic_init(&c->failed, false);
    atomic_init(&c->reading, false);
    c->worker = calloc(workers, sizeof *c->worker);
    c->decode = decode_new(dec, o->seed, &c->unused);
    c->rounds = workers * OWN;
    c->round = calloc(c->rounds, sizeof *c->round);
    bool ok = c->worker && c->decode && c->round;
    if (!ok)
        (void)err_set(e, "out of memory");
    c->workers = c->worker ? workers : 0;
    for (unsigned i = 0; i < LIMIT_SHARES; i++)
        c->share[i] = (uint8_t)(i % workers);
    for (unsigned i = 0; ok && i < workers; i++)
        ok = (c->worker[i] = worker_new(c, i, o, dec, e)) != NULL;
    if (ok)
        return c;
    crew_free(c);
    return NULL;
}

void crew_free(struct crew *c)
{
    if (!c)
        return;
    const unsigned workers = c->workers;
    if (c->threads) {
        atomic_store(&c->failed, true);
        c->workers = c->threads + 1; /* nobody waits for those that could not be started */
        end(c, false);
        c->workers = workers;
    }
    for (unsigned w = 0; w < workers; w++)
        worker_free(c->worker[w]);
    decode_free(c->decode);
    free(c->worker);
    free(c->round);
    (void)pthread_mutex_destroy(&c->baton);
    gate_destroy(&c->out);
    free(c);
}
