/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attempt - one handshake among those that follow each other between two ports (QUIC, DTLS): open, decided, taken.
 */
#ifndef DISSECT_ATTEMPT_H
#define DISSECT_ATTEMPT_H

#include "dissect/tls.h"

enum attempt_state {
    ATTEMPT_NONE,
    ATTEMPT_OPEN,
    ATTEMPT_DUE, /* decided: its event waits for next_event() */
    ATTEMPT_TAKEN, /* its event was given; kept so that late copies of its packets are known as its own */
};

struct attempt {
    enum attempt_state state;
    enum tls_end end; /* DUE: why, and by which side */
    uint8_t by;
    struct tls *tls; /* NULL when NONE */
};

/* An open attempt becomes DUE; others stay as they are. */
void attempt_decide(struct attempt *a, enum tls_end end, unsigned by);
/* What the handshake half said about a packet. What it cannot read decides too. */
void attempt_heed(struct attempt *a, enum tls_verdict v);
/* Takes the event: end and by apply to one that is not decided. false: it saw no hello, and is counted as incomplete. */
bool attempt_take(struct attempt *a, struct tls_shared *shared, enum tls_end end, unsigned by, struct tls_event *ev);

#endif
