/* SPDX-License-Identifier: Apache-2.0 */
/*
 * thread - another thread, which signals leave alone: they are for the one that the program began with. But not SIGPIPE, which the
 * writer itself gets: whichever thread writes lines to somebody who went away, the program ends.
 */
#ifndef BASE_THREAD_H
#define BASE_THREAD_H

#include <pthread.h>
#include <signal.h>

/* As pthread_create(3): 0, or what is wrong. */
static inline int thread_start(pthread_t *thread, void *(*run)(void *ctx), void *ctx)
{
    sigset_t all, before;
    (void)sigfillset(&all);
    (void)sigdelset(&all, SIGPIPE);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = pthread_create(thread, NULL, run, ctx);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rc;
}

#endif
