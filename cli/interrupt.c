/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/interrupt.h"
#include "capture/source.h"

#include <signal.h>
#include <string.h>

static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
static volatile sig_atomic_t came;
static struct source *volatile reading;

static void on_signal(int sig)
{
    came = sig;
    if (reading)
        source_stop(reading);
}

void interrupt_catch(void)
{
    struct sigaction sa, was;
    memset(&sa, 0, sizeof sa);
    sa.sa_handler = on_signal;
    (void)sigemptyset(&sa.sa_mask);
    for (unsigned i = 0; i < sizeof signals / sizeof *signals; i++)
        if (signals[i] != SIGHUP || (sigaction(SIGHUP, NULL, &was) == 0 && was.sa_handler != SIG_IGN))
            (void)sigaction(signals[i], &sa, NULL);
}

void interrupt_source(struct source *s)
{
    reading = s;
    if (s && came)
        source_stop(s);
}

int interrupted(void)
{
    return came;
}

void interrupt_die(void)
{
    if (!came)
        return;
    (void)signal(came, SIG_DFL);
    (void)raise(came);
}
