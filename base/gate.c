/* SPDX-License-Identifier: Apache-2.0 */
#include "base/gate.h"

bool gate_init(struct gate *g)
{
    atomic_init(&g->at, 0);
    if (pthread_mutex_init(&g->lock, NULL))
        return false;
    if (pthread_cond_init(&g->moved, NULL) == 0)
        return true;
    (void)pthread_mutex_destroy(&g->lock);
    return false;
}

void gate_destroy(struct gate *g)
{
    (void)pthread_cond_destroy(&g->moved);
    (void)pthread_mutex_destroy(&g->lock);
}

/* The lock is what keeps the move from falling between a waiter's look at the number and its sleep. */
void gate_move(struct gate *g, uint64_t to)
{
    (void)pthread_mutex_lock(&g->lock);
    atomic_store_explicit(&g->at, to, memory_order_release);
    (void)pthread_cond_broadcast(&g->moved);
    (void)pthread_mutex_unlock(&g->lock);
}

void gate_wait(struct gate *g, uint64_t until)
{
    if (gate_passed(g, until))
        return;
    (void)pthread_mutex_lock(&g->lock);
    while (!gate_passed(g, until))
        (void)pthread_cond_wait(&g->moved, &g->lock);
    (void)pthread_mutex_unlock(&g->lock);
}
