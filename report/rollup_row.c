/* SPDX-License-Identifier: Apache-2.0 */
/* What one row is and adds to a sum. */
#include "report/rollup_impl.h"

#include <stdlib.h>

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

static bool has_failed(uint8_t outcome)
{
    switch ((enum outcome)outcome) {
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

bool row_failed(const struct cube_key *k)
{
    return has_failed(k->outcome);
}

static bool refused_choice(const struct cube_shape *k)
{
    enum { HANDSHAKE_FAILURE = 40, ILLEGAL_PARAMETER = 47, PROTOCOL_VERSION = 70, INSUFFICIENT_SECURITY = 71 };
    if (k->outcome != OUTCOME_ALERT_CLIENT || k->version == VER_NONE || k->flags & EV_ALERT_ENCRYPTED)
        return false;
    return k->alert_code == HANDSHAKE_FAILURE || k->alert_code == ILLEGAL_PARAMETER || k->alert_code == PROTOCOL_VERSION ||
           k->alert_code == INSUFFICIENT_SECURITY;
}

static bool in_clear(const struct cube_shape *k)
{
    bool refused = k->outcome == OUTCOME_REFUSED || k->outcome == OUTCOME_STRIPPED;
    return k->upgrade && !(k->flags & CUBE_OTHER) &&
           (k->outcome == OUTCOME_PLAINTEXT || k->outcome == OUTCOME_NOT_OFFERED ||
            (refused && k->aftermath == AFTER_PLAINTEXT) || k->flags & EV_CLEARTEXT_LOGIN);
}

static uint64_t sums_of(const struct roll_shape *s)
{
    const struct roll_row alone = { .shape = s, .k = s->k };
    uint64_t sums = UINT64_C(1) << SUM_ALL | roll_facts_of_shape(&alone);
    if (s->k->version != VER_NONE)
        sums |= UINT64_C(1) << (SUM_VERSION + s->slot);
    if (s->old)
        sums |= UINT64_C(1) << SUM_OLD;
    return sums;
}

static struct roll_shape shape_of(const struct cube_shape *k)
{
    struct roll_shape s = { .k = k };
    s.suite = k->suite == SUITE_NONE ? NULL : suite_find(k->suite);
    s.rank = k->version == VER_NONE ? ROLL_NO_RANK : (uint8_t)version_rank(k->version);
    s.strength = suite_strength(k->suite);
    s.slot = (uint8_t)version_slot(k->version);
    s.old = version_is_old(k->version);
    s.failed = has_failed(k->outcome);
    s.upgrade = outcome_is_upgrade(k->outcome);
    s.retry = k->fallback_from || k->flags & EV_FALLBACK_SCSV;
    s.clear = in_clear(k);
    s.refused_choice = refused_choice(k);
    s.sums = sums_of(&s);
    return s;
}

bool roll_shapes_make(struct rollup *r)
{
    uint32_t n = cube_shapes(r->cube);
    r->shape = malloc((n + 1u) * sizeof *r->shape);
    for (uint32_t id = 1; r->shape && id <= n; id++)
        r->shape[id] = shape_of(cube_shape(r->cube, id));
    return r->shape != NULL;
}

static enum roll_cause old_cause(const struct roll_shape *s, const struct profile *p)
{
    if (s->refused_choice)
        return OLD_REFUSED;
    if (s->retry)
        return OLD_FALLBACK;
    if (s->k->flags & CUBE_OTHER)
        return OLD_FOLDED;
    if (!p)
        return OLD_UNKNOWN;
    return version_is_old(p->max_version) ? OLD_OFFER : OLD_CHOICE;
}

struct roll_row roll_row_of(const struct rollup *r, uint32_t id)
{
    const struct cube_row *at = cube_row_at(r->cube, id);
    const struct roll_shape *s = &r->shape[at->key.shape];
    const struct profile *p = cube_profile(r->cube, at->key.profile);
    uint8_t cause = s->old ? (uint8_t)old_cause(s, p) : OLD_UNKNOWN;
    bool stuck = s->failed && !s->retry && p && version_is_old(p->max_version);
    return (struct roll_row){ .at = at, .shape = s, .k = s->k, .profile = p, .cert = cube_cert(r->cube, at->key.cert),
                              .count = cube_row_count(r->cube, at), .cause = cause, .stuck = stuck };
}

static void widen(uint16_t *version, uint16_t by, int direction)
{
    if (by != *version && by != VER_NONE && (*version == VER_NONE || (version_rank(by) - version_rank(*version)) * direction > 0))
        *version = by;
}

/* A retry after a failure says nothing about what its client can do. */
static void offered(struct tally *t, const struct roll_row *row)
{
    uint16_t best = row->profile ? row->profile->max_version : VER_NONE;
    struct best_offers *b = &t->best[best >> 8 == 0xfe];
    widen(&t->offered, best, 1);
    widen(&b->most, best, 1);
    widen(&b->least, row->shape->retry ? VER_NONE : best, -1);
}

void tally_add(struct tally *t, const struct roll_row *row)
{
    uint64_t n = row->count;
    uint16_t version = row->k->version;
    t->handshakes += n;
    if (row->k->outcome == OUTCOME_COMPLETED)
        t->completed += n;
    if (row->shape->failed)
        t->failed += n;
    if (row->stuck)
        t->stuck += n;
    if (version != VER_NONE) {
        t->negotiated += n;
        t->version[row->shape->slot] += n;
    }
    if (row->shape->old) {
        t->old += n;
        t->cause[row->cause] += n;
    }
    widen(&t->lowest, row->shape->refused_choice ? VER_NONE : version, -1);
    widen(&t->highest, row->shape->refused_choice ? VER_NONE : version, 1);
    offered(t, row);
    if (!t->first_ns || row->at->first_ns < t->first_ns)
        t->first_ns = row->at->first_ns;
    if (row->at->last_ns > t->last_ns)
        t->last_ns = row->at->last_ns;
}

void tally_join(struct tally *t, const struct tally *from)
{
    t->handshakes += from->handshakes;
    t->completed += from->completed;
    t->failed += from->failed;
    t->negotiated += from->negotiated;
    t->old += from->old;
    t->stuck += from->stuck;
    for (unsigned i = 0; i < ROLL_VERSIONS; i++)
        t->version[i] += from->version[i];
    for (unsigned i = 0; i < OLD_CAUSES; i++)
        t->cause[i] += from->cause[i];
    widen(&t->lowest, from->lowest, -1);
    widen(&t->highest, from->highest, 1);
    widen(&t->offered, from->offered, 1);
    for (unsigned i = 0; i < 2; i++) {
        widen(&t->best[i].least, from->best[i].least, -1);
        widen(&t->best[i].most, from->best[i].most, 1);
    }
    if (from->first_ns && (!t->first_ns || from->first_ns < t->first_ns))
        t->first_ns = from->first_ns;
    if (from->last_ns > t->last_ns)
        t->last_ns = from->last_ns;
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
