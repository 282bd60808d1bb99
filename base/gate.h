/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gate - a number that one thread moves up and others wait for: what hands batches of work from one thread to another.
 *
 * What the mover wrote before gate_move() is seen by whoever has seen the new number. Two of them make a queue of one producer
 * and one consumer: how many batches were sent, and how many are done with.
 */
#ifndef BASE_GATE_H
#define BASE_GATE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct gate {
    atomic_uint_fast64_t at;
    pthread_mutex_t lock; /* only for waiting */
    pthread_cond_t moved;
};

bool gate_init(struct gate *g); /* at 0. false: the system cannot */
void gate_destroy(struct gate *g); /* nobody may be waiting */
void gate_move(struct gate *g, uint64_t to);
void gate_wait(struct gate *g, uint64_t until); /* until it is there, or beyond */
static inline uint64_t gate_at(const struct gate *g)
{
    return atomic_load_explicit(&g->at, memory_order_acquire);
}
static inline bool gate_passed(const struct gate *g, uint64_t at)
{
    return gate_at(g) >= at;
}

#endif
