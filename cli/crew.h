/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crew - several threads that share the flows of a run and come to the result that one has, byte for byte.
 *
 * Each thread is a worker, with a flow table, a dissector and a cube of its own. Whichever has no work waiting reads: it takes
 * the baton, fills a batch, finds out whose each packet is, and sends out a round: the batch, and a list for each worker of what is
 * to be done with it. Mostly that is the place of a packet, of which only the parties were looked for and which the worker decodes:
 * to fetch what another core has written about it costs more. A few rounds are read ahead, so that nobody waits for what another
 * reads; a worker's share of what it read itself is dealt with where it was read. A worker deals with its lists in order. What has
 * to be done in the order of all units it writes down beside its list, and whoever has the baton does it when all are done with the
 * round.
 *
 * What belongs together has to come to one worker. That is:
 *   a connection, of whatever direction             addresses and ports
 *   the hellos of a fallback dance                  client, server, and who stands between them (report/fallback.c)
 *   refused clients that come back                 likewise (report/reconnect.c)
 * so a worker is chosen by the unordered pair of the innermost addresses, by a hash that nobody keeps secret: to aim at one worker
 * makes a run slower, not wrong. Where tables of such things are full, their sets are a worker's own too. What is coupled more
 * widely is not for workers:
 *   fragments, EAPOL parties, tunnels               decoded by whoever has the baton
 *   the hour of packet time that a count is of      marks in every list
 *   how long a flow has been idle                   the clock is of all packets: marks in every list
 *   nDPI's advice: per server, and so much in all   asked by whoever has the baton, when the round comes back
 *   the order of lines of a stream                  likewise
 *   ids of what is interned, in order of appearance cube_join() puts them in the order of one cube
 * Caps are per worker (of flows, handshakes, buffered bytes, certificates): what they drop may differ from what one thread drops.
 */
#ifndef CLI_CREW_H
#define CLI_CREW_H

#include "capture/batch.h"
#include "capture/decode.h"
#include "cli/lane.h"

struct crew;

struct crew_line { /* of a stream, with the field "app" still to be filled in */
    const char *text;
    size_t n;
    size_t app; /* offset of the value, of CREW_APP bytes; 0: the line has no such field */
    struct rd sni; /* what the value may be told by */
    struct endpoint server;
    uint8_t proto;
};
#define CREW_APP "\"?\"" /* what stands there */

struct crew_duty {
    /* One at a time, by any thread, one call after the other: fills the batch with what comes next and puts it into the round, with
     * the functions below. false: nothing more for now. */
    bool (*read)(void *ctx, struct batch *b);
    /* Likewise, in order; also called from crew_settle and crew_finish. */
    void (*packet)(void *ctx, uint64_t number, const struct packet *p, const struct decoded *d); /* number: in the run, from 1 */
    void (*line)(void *ctx, const struct crew_line *l);
    /* By any worker, at any time: is the packet to be shown to packet()? Called for the first payloads of undecided flows. What
     * it once refused it refuses for ever. NULL: none is. */
    bool (*wanted)(void *ctx, const struct packet *p, const struct decoded *d);
    void *ctx;
    bool lines;
};

/* workers > 1: the caller's thread is one of them, when it is in the functions below; the others begin with the first crew_run.
 * NULL and *e. */
struct crew *crew_new(const struct options *o, const struct decode_options *dec, unsigned workers, const struct crew_duty *duty,
                      struct err *e);
/* Ends the threads at once if they still run. */
void crew_free(struct crew *c);

/* Reads and works until read() says that there is nothing more; some of the work may be left for later. -1 and *e: no threads, or
 * no memory; also later, when a worker had none. Afterwards nobody reads until the next call. */
int crew_run(struct crew *c, struct err *e);

/* In read(), with the batch filled: into the round, in the order of the packets. */
void crew_begin(struct crew *c, int dlt); /* first: their link type */
void crew_hour(struct crew *c, int64_t hour); /* of the packets that follow */
void crew_packet(struct crew *c, const struct packet *p); /* what follows is of this one of the batch: */
void crew_input(struct crew *c, const struct input *in); /* the next id of the cubes is this input's; in->name must stay */
void crew_time(struct crew *c, uint32_t now); /* of struct flow_clock; goes with the unit that comes next */
void crew_unit(struct crew *c, const struct packet *p, const struct decoded *d, struct stats *stats);
/* Instead, where there is but one unit, and no input or time to tell: the packet of that number in the batch, from 0. */
void crew_plain(struct crew *c, uint32_t number, const struct parties *of);

/* Between runs: everything tallied so far is added to the cube, and what is open stays open. crowded: is that cube
 * (cube_crowded)? Returns whether any is; then nothing waits in any of them. Without memory the tally goes on where it is. */
bool crew_settle(struct crew *c, struct cube *cube, bool crowded);

/* No more runs: open flows end, threads end, and everything tallied is added to the cube. -1 and *e: out of memory. */
int crew_finish(struct crew *c, struct cube *cube, struct err *e);

#endif
