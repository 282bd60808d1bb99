/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crew - several threads that share the flows of a run and come to the result that one has, byte for byte.
 *
 * The thread that reads packets decodes them too, and gives out in rounds what comes out (segments, datagrams, EAPOL frames).
 * A round is a batch of the source, which it owns, and a list for each worker of what is to be done with it: mostly where a
 * packet lies, which the worker decodes again, because that costs less than to fetch what another core has written.
 * A worker deals with its lists in order, with a flow table, a dissector and a cube of its own. What has to be done in
 * the order of all units it writes down beside its list, and the reading thread does it when the round comes back: one gate
 * lets rounds out, one per worker lets them in again, and a few rounds are under way at a time.
 *
 * What belongs together has to come to one worker. That is:
 *   a connection, of whatever direction             addresses and ports
 *   the hellos of a fallback dance                  client, server, and who stands between them (report/fallback.c)
 *   refused clients that come back                 likewise (report/reconnect.c)
 * so a worker is chosen by the unordered pair of the innermost addresses, by a hash that nobody keeps secret: to aim at one worker
 * makes a run slower, not wrong. Where tables of such things are full, their sets are a worker's own too. What is coupled more
 * widely is not for workers:
 *   fragments, EAPOL parties, tunnels               decoded by the reading thread
 *   the hour of packet time that a count is of      marks in every list
 *   how long a flow has been idle                   the clock is of all packets: marks in every list
 *   nDPI's advice: per server, and so much in all   asked by the reading thread when the round comes back
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

struct crew_duty { /* of the reading thread, in order; called from crew_room, crew_send and crew_finish */
    void (*packet)(void *ctx, uint64_t number, const struct packet *p, const struct decoded *d); /* number: in the run, from 1 */
    void (*line)(void *ctx, const struct crew_line *l);
    /* By any worker, at any time: is the packet to be shown to packet()? Called for the first payloads of undecided flows. What
     * it once refused it refuses for ever. NULL: none is. */
    bool (*wanted)(void *ctx, const struct packet *p, const struct decoded *d);
    void *ctx;
    bool lines;
};

/* workers > 1. Threads begin with the first crew_room. NULL and *e. */
struct crew *crew_new(const struct options *o, const struct decode_options *dec, unsigned workers, const struct crew_duty *duty,
                      struct err *e);
/* Ends the threads at once if they still run. */
void crew_free(struct crew *c);

/* The batch of the next round, to be filled. NULL and *e: no threads, or no memory; also later, when a worker had none. */
struct batch *crew_room(struct crew *c, struct err *e);
/* Into the round, in this order, for a packet of the batch. */
void crew_hour(struct crew *c, int64_t hour);
void crew_packet(struct crew *c, int dlt, const struct packet *p); /* what follows is of this one */
void crew_input(struct crew *c, const struct input *in); /* the next id of the cubes is this input's; in->name must stay */
void crew_time(struct crew *c, uint32_t now); /* of struct flow_clock; goes with the unit that comes next */
void crew_unit(struct crew *c, const struct packet *p, const struct decoded *d, struct stats *stats);
/* The round goes out. */
void crew_send(struct crew *c);

/* Between rounds: everything tallied so far is added to the cube, and what is open stays open. crowded: is that cube
 * (cube_crowded)? Returns whether any is; then nothing waits in any of them. Without memory the tally goes on where it is. */
bool crew_settle(struct crew *c, struct cube *cube, bool crowded);

/* No more rounds: open flows end, threads end, and everything tallied is added to the cube. -1 and *e: out of memory. */
int crew_finish(struct crew *c, struct cube *cube, struct err *e);

#endif
