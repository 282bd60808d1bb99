/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/reasm.h"
#include "base/limits.h"

#include <stdlib.h>

struct segment {
    struct segment *next, *prev;
    uint32_t seq, n, ack;
    uint8_t bytes[];
};

/* a - b in sequence space (RFC 9293 section 3.4). */
static int32_t seq_diff(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b);
}

static size_t cost_of(uint32_t n)
{
    return room_cost(sizeof(struct segment) + n);
}

static struct reasm_late *late_new(struct room *room)
{
    size_t cost = room_cost(sizeof(struct reasm_late));
    if (!room_take(room, 0, cost))
        return NULL;
    struct reasm_late *late = calloc(1, sizeof *late);
    if (late)
        late->bytes = (uint32_t)cost;
    else
        room_give(room, cost);
    return late;
}

/* Nothing is held any more. */
static void late_free(struct reasm *r, struct room *room)
{
    room_give(room, r->late->bytes);
    free(r->late);
    r->late = NULL;
}

static bool insert(struct reasm_late *r, struct room *room, struct segment *before, uint32_t seq, const uint8_t *p,
                   uint32_t n, uint32_t ack)
{
    size_t cost = cost_of(n);
    if (r->count >= LIMIT_OOO_SEGMENTS || r->bytes + cost > LIMIT_OOO_BYTES || !room_take(room, r->bytes, cost))
        return false;
    struct segment *s = malloc(sizeof *s + n);
    if (!s) {
        room_give(room, cost);
        return false;
    }
    s->seq = seq;
    s->n = n;
    s->ack = ack;
    memcpy(s->bytes, p, n);
    s->next = before;
    s->prev = before ? before->prev : r->tail;
    *(s->prev ? &s->prev->next : &r->head) = s;
    *(before ? &before->prev : &r->tail) = s;
    r->count++;
    r->bytes += (uint32_t)cost;
    return true;
}

static bool ends_behind(const struct segment *s, uint32_t seq)
{
    return seq_diff(s->seq + s->n, seq) > 0;
}

/* The first held segment that ends behind seq. Arrivals are mostly at the end, or (reversed flights) at the front: it is looked
 * for from the nearer one. */
static struct segment *first_behind(const struct reasm_late *r, uint32_t seq)
{
    struct segment *s = r->tail;
    if (!s || !ends_behind(s, seq))
        return NULL;
    if (ends_behind(r->head, seq))
        return r->head;
    if (s->seq + s->n - seq < seq - r->head->seq) {
        while (ends_behind(s->prev, seq))
            s = s->prev;
        return s;
    }
    for (s = r->head->next; !ends_behind(s, seq);)
        s = s->next;
    return s;
}

static bool store(struct reasm_late *r, struct room *room, uint32_t seq, const uint8_t *p, uint32_t n, uint32_t ack)
{
    struct segment *s = first_behind(r, seq);
    while (n > 0) {
        uint32_t free_bytes = n; /* of what is left, before the next held segment */
        if (s && seq_diff(s->seq, seq) <= 0)
            free_bytes = 0;
        else if (s && s->seq - seq < n)
            free_bytes = s->seq - seq;
        if (free_bytes && !insert(r, room, s, seq, p, free_bytes, ack))
            return false;
        if (!s || n == free_bytes)
            return true;
        uint32_t covered = s->seq + s->n - seq; /* up to the end of that segment everything is held now */
        if (covered >= n)
            return true;
        seq += covered;
        p += covered;
        n -= covered;
        s = s->next;
    }
    return true;
}

bool reasm_store(struct reasm *r, struct room *room, uint32_t seq, const uint8_t *p, uint32_t n, uint32_t ack)
{
    if (!r->late && !(r->late = late_new(room)))
        return false;
    bool stored = store(r->late, room, seq, p, n, ack);
    if (!r->late->head)
        late_free(r, room);
    return stored;
}

uint32_t reasm_head_ack(const struct reasm *r)
{
    return r->late->head->ack;
}

uint32_t reasm_before(const struct reasm *r, uint32_t n)
{
    if (!r->late)
        return n;
    int32_t d = seq_diff(r->late->head->seq, r->next);
    if (d <= 0)
        return 0;
    return (uint32_t)d < n ? (uint32_t)d : n;
}

struct rd reasm_head(struct reasm *r)
{
    struct segment *s = r->late ? r->late->head : NULL;
    if (!s || seq_diff(s->seq, r->next) > 0)
        return rd_of(NULL, 0);
    uint32_t old = r->next - s->seq;
    if (old >= s->n)
        return rd_of(NULL, 0);
    r->next = s->seq + s->n;
    return rd_of(s->bytes + old, s->n - old);
}

void reasm_drop(struct reasm *r, struct room *room)
{
    struct reasm_late *late = r->late;
    struct segment *s = late->head;
    size_t cost = cost_of(s->n);
    late->head = s->next;
    *(s->next ? &s->next->prev : &late->tail) = NULL;
    late->count--;
    late->bytes -= (uint32_t)cost;
    room_give(room, cost);
    free(s);
    if (!late->head)
        late_free(r, room);
}

uint32_t reasm_hole(const struct reasm *r)
{
    return r->late && seq_diff(r->late->head->seq, r->next) > 0 ? r->late->head->seq - r->next : 0;
}

void reasm_clear(struct reasm *r, struct room *room)
{
    while (r->late)
        reasm_drop(r, room);
}
