/* SPDX-License-Identifier: Apache-2.0 */
/*
 * eapol_parties - whom an EAPOL frame is between. On a wire, 802.1X sends to the group address of port access entities
 * (IEEE 802.1X-2004 section 7.8), so the two directions of one authentication show different pairs of addresses. Who
 * answers whom is learned from frames with a single destination, and from EAP identifiers, and replaces the group address.
 */
#ifndef CAPTURE_EAPOL_PARTIES_H
#define CAPTURE_EAPOL_PARTIES_H

#include "base/limits.h"
#include "base/rd.h"

struct eapol_parties { /* zero-initialised */
    struct {
        uint8_t supplicant[6], authenticator[6]; /* all zero: free */
    } pair[LIMIT_EAPOL_PAIRS]; /* the oldest is replaced */
    unsigned next;
    uint8_t asker[6], asked_id; /* the latest request to the group */
    bool asked;
};

/* frame: from the EAPOL version on. Replaces *dst where it is a group address and the party behind it is known; what it then
 * points to lives until the next call. */
void eapol_parties(struct eapol_parties *e, struct rd frame, const uint8_t *src, const uint8_t **dst);

#endif
