/* SPDX-License-Identifier: Apache-2.0 */
/* What one row is and adds to a sum. */
#include "report/rollup_impl.h"

const uint16_t roll_versions[ROLL_VERSIONS] = { VER_SSL2,  VER_SSL3,   VER_TLS10, VER_TLS11,  VER_DTLS10,
                                                VER_TLS12, VER_DTLS12, VER_TLS13, VER_DTLS13, VER_NONE };

bool version_is_old(uint16_t version)
{
    return version != VER_NONE && version_rank(version) <= version_rank(VER_TLS11);
}

unsigned version_slot(uint16_t version)
{
    unsigned i = 0;
    while (i < ROLL_VERSIONS - 1 && roll_versions[i] != version)
        i++;
    return i;
}

bool row_failed(const struct cube_key *k)
{
    switch ((enum outcome)k->outcome) {
    case OUTCOME_UNANSWERED:
    case OUTCOME_ALERT_CLIENT:
    case OUTCOME_ALERT_SERVER:
    case OUTCOME_RESET:
    case OUTCOME_CLOSED:
        return true;
    case OUTCOME_COMPLETED:
    case OUTCOME_ONE_SIDED:
    case OUTCOME_INCOMPLETE:
    case OUTCOME_MALFORMED:
    case OUTCOME_EVICTED:
    case OUTCOME_REFUSED:
    case OUTCOME_STRIPPED:
    case OUTCOME_PLAINTEXT:
    case OUTCOME_NOT_OFFERED:
    case OUTCOME_ABANDONED:
    case OUTCOME_OPAQUE:
    case OUTCOME_COUNT:
        return false;
    }
    return false;
}

/* Its client had offered more before. */
static bool is_retry(const struct cube_key *k)
{
    return k->fallback_from || k->flags & EV_FALLBACK_SCSV;
}

bool row_refused_choice(const struct cube_key *k)
{
    enum { HANDSHAKE_FAILURE = 40, ILLEGAL_PARAMETER = 47, PROTOCOL_VERSION = 70, INSUFFICIENT_SECURITY = 71 };
    if (k->outcome != OUTCOME_ALERT_CLIENT || k->version == VER_NONE || k->flags & EV_ALERT_ENCRYPTED)
        return false;
    return k->alert_code == HANDSHAKE_FAILURE || k->alert_code == ILLEGAL_PARAMETER || k->alert_code == PROTOCOL_VERSION ||
           k->alert_code == INSUFFICIENT_SECURITY;
}

static enum roll_cause old_cause(const struct roll_row *row)
{
    if (row_refused_choice(row->k))
        return OLD_REFUSED;
    if (is_retry(row->k))
        return OLD_FALLBACK;
    if (!row->profile)
        return OLD_UNKNOWN;
    return version_is_old(row->profile->max_version) ? OLD_OFFER : OLD_CHOICE;
}

struct roll_row roll_row_of(const struct cube *c, uint32_t id)
{
    struct roll_row row = { .k = cube_row_key(c, id), .v = cube_row_val(c, id) };
    row.profile = row.k->profile ? cube_profile(c, row.k->profile) : NULL;
    row.suite = row.k->suite == SUITE_NONE ? NULL : suite_find(row.k->suite);
    row.cert = cube_cert(c, row.k->cert);
    row.slot = (uint8_t)version_slot(row.k->version);
    row.old = version_is_old(row.k->version);
    row.cause = row.old ? (uint8_t)old_cause(&row) : OLD_UNKNOWN;
    row.failed = row_failed(row.k);
    row.stuck = row.failed && !is_retry(row.k) && row.profile && version_is_old(row.profile->max_version);
    return row;
}

static void widen(uint16_t *version, uint16_t by, int direction)
{
    if (by != VER_NONE && (*version == VER_NONE || (version_rank(by) - version_rank(*version)) * direction > 0))
        *version = by;
}

/* A retry after a failure says nothing about what its client can do. */
static void offered(struct tally *t, const struct roll_row *row)
{
    uint16_t best = row->profile ? row->profile->max_version : VER_NONE;
    struct best_offers *b = &t->best[best >> 8 == 0xfe];
    widen(&t->offered, best, 1);
    widen(&b->most, best, 1);
    widen(&b->least, is_retry(row->k) ? VER_NONE : best, -1);
}

void tally_add(struct tally *t, const struct roll_row *row)
{
    uint64_t n = row->v->count;
    uint16_t version = row->k->version;
    t->handshakes += n;
    if (row->k->outcome == OUTCOME_COMPLETED)
        t->completed += n;
    if (row->failed)
        t->failed += n;
    if (row->stuck)
        t->stuck += n;
    if (version != VER_NONE) {
        t->negotiated += n;
        t->version[row->slot] += n;
    }
    if (row->old) {
        t->old += n;
        t->cause[row->cause] += n;
    }
    widen(&t->lowest, row_refused_choice(row->k) ? VER_NONE : version, -1);
    widen(&t->highest, row_refused_choice(row->k) ? VER_NONE : version, 1);
    offered(t, row);
    if (!t->first_ns || row->v->first_ns < t->first_ns)
        t->first_ns = row->v->first_ns;
    if (row->v->last_ns > t->last_ns)
        t->last_ns = row->v->last_ns;
}

int suite_strength(uint32_t suite)
{
    const struct suite *s = suite_find(suite);
    if (!s)
        return 99;
    if (s->mode == MODE_NULL || s->export_grade)
        return 0;
    if (s->au == AU_NONE && s->max_version != VER_TLS13)
        return 1;
    if (s->bits < 112 || (s->enc && strncmp(s->enc, "RC2", 3) == 0))
        return 2;
    if (s->mode == MODE_STREAM && s->enc && strncmp(s->enc, "RC4", 3) == 0)
        return 3;
    if (s->bits < 128)
        return 4;
    return 5 + (s->pfs ? 2 : 0) + (s->mode == MODE_AEAD);
}
