/* SPDX-License-Identifier: Apache-2.0 */
/*
 * datagrams - the UDP payloads and EAPOL frames of a small capture of pcaps/ (Ethernet, IPv4), as vectors for unit tests without
 * the program's own capture layers; and the events a row of datagram_protos[] makes of them. IP fragments are left out.
 */
#ifndef TESTS_UNIT_DATAGRAMS_H
#define TESTS_UNIT_DATAGRAMS_H

#include "tests/unit/test.h"
#include "dissect/cert.h"
#include "dissect/datagram.h"
#include "dissect/tls.h"

enum { MAX_DATAGRAMS = 256, MAX_EVENTS = 16 };

struct datagram {
    unsigned side; /* 0: who sent the first one */
    uint8_t *p; /* exactly n bytes on the heap, so that a sanitizer sees one too far */
    size_t n;
    uint64_t frame;
};

struct datagrams {
    struct datagram d[MAX_DATAGRAMS];
    size_t count;
};

struct outcome_seen { /* what is kept of an event */
    struct tls_event ev;
    unsigned client_side;
    bool has_hello;
};

struct heard {
    struct outcome_seen e[MAX_EVENTS];
    size_t count;
};

static inline uint32_t host32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline void datagrams_add(struct datagrams *g, unsigned side, const uint8_t *p, size_t n, uint64_t frame)
{
    assert_true(g->count < MAX_DATAGRAMS);
    struct datagram *d = &g->d[g->count++];
    *d = (struct datagram){ .side = side, .p = malloc(n ? n : 1), .n = n, .frame = frame };
    assert_non_null(d->p);
    if (n)
        memcpy(d->p, p, n);
}

static inline void datagrams_free(struct datagrams *g)
{
    for (size_t i = 0; i < g->count; i++)
        free(g->d[i].p);
    g->count = 0;
}

static inline void datagrams_frame(struct datagrams *g, const uint8_t *b, size_t n, uint64_t frame)
{
    static uint8_t first[6];
    if (n < 18)
        return;
    if (g->count == 0)
        memcpy(first, b + 6, 6);
    unsigned side = memcmp(first, b + 6, 6) != 0;
    if (b[12] == 0x88 && b[13] == 0x8e) {
        size_t length = 4u + (size_t)(b[16] << 8 | b[17]);
        datagrams_add(g, side, b + 14, length <= n - 14 ? length : n - 14, frame);
    } else if (n >= 42 && b[12] == 8 && b[13] == 0 && b[14] == 0x45 && b[23] == 17 && !(b[20] & 0x3f) && b[21] == 0) {
        datagrams_add(g, side, b + 42, (size_t)(b[38] << 8 | b[39]) - 8, frame);
    }
}

/* false: the file is not there (tests run in the top folder). */
static inline bool datagrams_load(struct datagrams *g, const char *path)
{
    static uint8_t file[1 << 20];
    FILE *f = fopen(path, "rb");
    g->count = 0;
    if (!f)
        return false;
    size_t size = fread(file, 1, sizeof file, f);
    (void)fclose(f);
    uint64_t frame = 0;
    for (size_t at = 24; at + 16 <= size;) {
        size_t n = host32(file + at + 8);
        assert_true(at + 16 + n <= size);
        datagrams_frame(g, file + at + 16, n, ++frame);
        at += 16 + n;
    }
    return g->count > 0;
}

/* Run a row over datagrams as session.c does. */
struct listener {
    const struct datagram_proto *row;
    void *state;
    struct stats stats;
    struct tls_shared shared;
    struct heard heard;
    bool done;
};

static inline void listener_init(struct listener *l, const struct datagram_proto *row)
{
    memset(l, 0, sizeof *l);
    l->row = row;
    l->shared.certs = cert_cache_new(16, 1);
    l->shared.stats = &l->stats;
    l->state = row->open(&l->shared);
    assert_non_null(l->state);
}

static inline void listener_drain(struct listener *l, enum tls_end end)
{
    for (;;) {
        struct outcome_seen *o = &l->heard.e[l->heard.count];
        *o = (struct outcome_seen){ .ev = { .suite = SUITE_NONE }, .client_side = 2 };
        if (!l->row->next_event(l->state, end, 2, &o->client_side, &o->ev))
            return;
        o->has_hello = o->ev.ch != NULL;
        assert_true(++l->heard.count < MAX_EVENTS);
    }
}

static inline void listener_feed(struct listener *l, const struct datagram *d)
{
    if (l->done)
        return;
    struct tls_when when = { .ts_ns = (int64_t)d->frame, .frame = d->frame };
    switch (l->row->feed(l->state, d->side, rd_of(d->p, d->n), when)) {
    case TLS_MORE:
        break;
    case TLS_DECIDED:
        listener_drain(l, TLS_END_DECIDED);
        l->done = !l->row->many;
        break;
    case TLS_NOT:
        listener_drain(l, TLS_END_DECIDED);
        l->done = true;
        break;
    }
}

static inline void listener_end(struct listener *l)
{
    if (!l->done)
        listener_drain(l, TLS_END_INPUT);
    l->row->free(l->state);
    cert_cache_free(l->shared.certs);
}

#endif
