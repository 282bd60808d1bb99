/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/eapol_parties.h"

enum { MAC = 6, EAP_PACKET = 0, EAPOL_START = 1, EAPOL_LOGOFF = 2, EAP_REQUEST = 1, EAP_RESPONSE = 2, EAP_FAILURE = 4 };
enum role { UNKNOWN, SUPPLICANT, AUTHENTICATOR };

static enum role sender(struct rd frame, uint8_t *code, uint8_t *id)
{
    rd_skip(&frame, 1);
    uint8_t type = rd_u8(&frame);
    rd_skip(&frame, 2);
    *code = rd_u8(&frame);
    *id = rd_u8(&frame);
    if (type == EAPOL_START || type == EAPOL_LOGOFF)
        return SUPPLICANT;
    if (type != EAP_PACKET || !rd_ok(&frame) || *code < EAP_REQUEST || *code > EAP_FAILURE)
        return UNKNOWN;
    return *code == EAP_RESPONSE ? SUPPLICANT : AUTHENTICATOR;
}

/* The pair with this party, latest first; -1. */
static int find(const struct eapol_parties *e, const uint8_t *party, bool supplicant)
{
    for (unsigned k = 1; k <= LIMIT_EAPOL_PAIRS; k++) {
        unsigned i = (e->next + LIMIT_EAPOL_PAIRS - k) % LIMIT_EAPOL_PAIRS;
        if (memcmp(supplicant ? e->pair[i].supplicant : e->pair[i].authenticator, party, MAC) == 0)
            return (int)i;
    }
    return -1;
}

static void learn(struct eapol_parties *e, const uint8_t *supplicant, const uint8_t *authenticator)
{
    int known = find(e, supplicant, true);
    unsigned i = known < 0 ? e->next : (unsigned)known;
    if (known < 0)
        e->next = (e->next + 1) % LIMIT_EAPOL_PAIRS;
    memcpy(e->pair[i].supplicant, supplicant, MAC);
    memcpy(e->pair[i].authenticator, authenticator, MAC);
}

void eapol_parties(struct eapol_parties *e, struct rd frame, const uint8_t *src, const uint8_t **dst)
{
    uint8_t code, id;
    enum role who = sender(frame, &code, &id);
    if (who == UNKNOWN)
        return;
    if (!((*dst)[0] & 1)) {
        learn(e, who == SUPPLICANT ? src : *dst, who == SUPPLICANT ? *dst : src);
        return;
    }
    if (who == AUTHENTICATOR && code == EAP_REQUEST) {
        memcpy(e->asker, src, MAC);
        e->asked_id = id;
        e->asked = true;
    }
    if (who == SUPPLICANT && code == EAP_RESPONSE && e->asked && e->asked_id == id)
        learn(e, src, e->asker);
    int i = find(e, src, who == SUPPLICANT);
    if (i >= 0)
        *dst = who == SUPPLICANT ? e->pair[i].authenticator : e->pair[i].supplicant;
}
