/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crew_impl - what the parts of the crew share: crew_lane.c (what is done with a list), crew_round.c (what goes into the lists and
 * what comes back), crew.c (whose turn it is).
 */
#ifndef CLI_CREW_IMPL_H
#define CLI_CREW_IMPL_H

#include "base/gate.h"
#include "cli/crew.h"

enum { OWN = 8 }; /* rounds of each worker: enough that nobody waits for one slow batch */

/* An order is that of the packet in the run, from 1, and below it that of the unit in the packet. */
enum { ORDER_SHIFT = 16 };
/* Its second part: what ended before the unit, by flow_table_order; its own lines; the unit itself, for nDPI. */
#define ORDER_LINE (UINT64_MAX - 1)
#define ORDER_PACKET UINT64_MAX

enum unit_kind { UNIT_PACKET, UNIT_TIME, UNIT_HOUR, UNIT_INPUT };

struct unit { /* something to do that is not to decode one packet of the batch */
    enum unit_kind kind;
    uint64_t order;
    struct packet p; /* UNIT_HOUR: .ts_ns is the hour; UNIT_TIME: the clock */
    union {
        struct decoded d;
        const struct input *in;
    };
};

struct outcome_item { /* something to do in the order of all */
    uint64_t order, second;
    uint32_t todo; /* that is to be shown to nDPI; or, where text is not 0, a line: */
    uint32_t n; /* bytes of it */
    size_t text, app; /* offsets: of the line behind the first byte of the slice's text, of the field in it */
    size_t sni;
    uint32_t sni_n;
    uint8_t proto;
    struct endpoint server;
};

/* In a list: a packet of the batch, by its place in it, or with this a unit of the slice. */
#define TODO_UNIT (UINT32_C(1) << 31)

struct slice { /* of a round, for one worker */
    uint32_t *todo; /* in order */
    unsigned todos, todo_room;
    struct unit *unit;
    unsigned units, unit_room;
    struct outcome_item *item; /* in order */
    unsigned items, item_room, given;
    char *text;
    size_t text_n, text_room;
};

struct spare { /* bytes that must outlive the next packet and do not lie in the batch */
    struct spare *next;
    size_t used, size;
    uint8_t bytes[];
};

struct round { /* filled by the same worker again and again, so that what only that one looks at stays in its cache */
    struct batch *batch;
    int dlt;
    uint64_t before; /* packets of the run before it */
    struct spare *spare;
    struct slice *slice; /* one per worker */
    bool last, finish; /* no round follows; open flows are to be ended in good order */
    struct worker *owner;
};

struct worker {
    struct lane lane;
    struct decode *decode; /* only for what no other packet has a part in: the same comes out as for who read it */
    struct stats unused; /* which counted it */
    struct event_sink lines; /* takes the events that the stream is to show */
    struct crew *crew;
    struct slice *slice; /* at hand */
    uint64_t at; /* rounds dealt with */
    struct gate done; /* the same, for the others */
    pthread_t thread; /* of the first one: none, it is the caller's */
    struct event_sink *ndjson; /* writes into slice->text */
    FILE *text;
    unsigned number;
    struct round own[OWN], *idle[OWN]; /* that it fills; those that are not under way, the latest last */
    unsigned idles; /* of them; with the baton */
    const struct tls_event *asked; /* the event whose line asked for the application */
};

struct crew {
    unsigned workers, threads; /* how many there are; how many of them run in threads of their own */
    struct worker **worker;
    struct round **round; /* those under way, by number modulo rounds */
    unsigned rounds;
    struct round *next; /* the one that is filled */
    struct gate out; /* rounds that are for the workers to take */
    atomic_bool reading; /* there is something to be read, by whoever has */
    pthread_mutex_t baton; /* over what is below, while the crew runs */
    uint64_t sent, given; /* rounds: complete; come back and dealt with */
    uint64_t packets; /* in rounds that were sent */
    bool slow; /* the latest was a small one: its packets come slowly, and are not to wait for more */
    const struct packet *packet; /* the packet at hand, of the round's batch; NULL: the next one */
    unsigned units; /* of it so far */
    uint8_t share[LIMIT_SHARES]; /* the worker of each part that pairs of hosts fall into */
    struct decode *decode; /* as a worker's, for packets that nDPI is to be shown */
    struct stats unused;
    struct crew_duty duty;
    atomic_bool failed; /* there was no memory for something that must not be missing */
};

/* A growing array that was full, with room for more. NULL: no memory, and the crew has failed. */
void *crew_more(struct crew *c, void *array, unsigned *room, size_t width);

/* crew_lane.c: a worker's lane, and its list of a round. */
int crew_lane_open(struct worker *w, const struct options *o, const struct decode_options *dec, struct err *e);
void crew_lane_close(struct worker *w);
void crew_lane_work(struct worker *w, const struct round *r);

/* crew_round.c, with the baton. What came back of a round that all are done with, in order; and empty again. */
void crew_give(struct crew *c, const struct round *r);
void crew_clear(struct crew *c, struct round *r);

#endif
