/* SPDX-License-Identifier: Apache-2.0 */
#include "dissect/attempt.h"

#include "capture/stream.h"

void attempt_decide(struct attempt *a, enum tls_end end, unsigned by)
{
    if (a->state != ATTEMPT_OPEN)
        return;
    a->state = ATTEMPT_DUE;
    a->end = end;
    a->by = (uint8_t)by;
}

void attempt_heed(struct attempt *a, enum tls_verdict v)
{
    switch (v) {
    case TLS_MORE:
        return;
    case TLS_NOT:
        if (a->state == ATTEMPT_OPEN && !tls_has_hello(a->tls)) {
            a->state = ATTEMPT_TAKEN; /* no hello at all, and counted as malformed: there is no event */
            return;
        }
        break;
    case TLS_DECIDED:
        break;
    }
    attempt_decide(a, TLS_END_DECIDED, SIDE_UNKNOWN);
}

bool attempt_take(struct attempt *a, struct tls_shared *shared, enum tls_end end, unsigned by, struct tls_event *ev)
{
    bool due = a->state == ATTEMPT_DUE;
    a->state = ATTEMPT_TAKEN;
    if (!tls_has_hello(a->tls)) {
        shared->stats->hello_incomplete++;
        return false;
    }
    tls_fill_event(a->tls, due ? a->end : end, due ? a->by : by, ev);
    return true;
}
