/* SPDX-License-Identifier: Apache-2.0 */
/* tlsunset watch: the same pipeline on an interface, for a minute or for weeks; the report when it is interrupted. */
#include "capture/privdrop.h"
#include "capture/source.h"
#include "cli/check.h"
#include "cli/finish.h"
#include "cli/interrupt.h"
#include "cli/link.h"
#include "cli/output.h"
#include "cli/pipeline.h"

#include <string.h>
#include <time.h>

struct watching {
    const struct options *o;
    struct source *source;
    struct link *link;
    struct output out;
    struct cube *cube;
    struct event_sink *stream; /* NULL: the format has a report only */
    struct check *check; /* NULL without --check */
    struct store *store; /* NULL without --state */
    struct pipeline *pipe;
    uint32_t input;
    bool saved; /* a part of this run is in the state */
    bool failing; /* the state could not be written when it was last tried */
    bool silent; /* it was said that nothing comes */
    int64_t start, now, checked; /* seconds: of the watch, of the latest batch, of the latest checkpoint */
    enum source_status status; /* of the latest batch, */
    struct err why; /* and what was said of it */
    int64_t stopped_ns, until; /* when the signal came; in seconds, how long what came before is waited for */
};

static int64_t seconds_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec;
}

static bool is_over(const struct watching *w)
{
    return w->o->check_seconds && w->now - w->start >= w->o->check_seconds;
}

static bool is_to_be_saved(const struct watching *w)
{
    return w->store && w->now - w->checked >= w->o->checkpoint_seconds;
}

static void count_drops(struct watching *w)
{
    uint64_t kernel, interface;
    source_drops(w->source, &kernel, &interface);
    pipeline_stats(w->pipe)->drop_kernel += kernel;
    pipeline_stats(w->pipe)->drop_interface += interface;
}

/* A cable that is pulled ends nothing, but whoever reads the log should know why it is quiet. */
static void look_at_link(struct watching *w)
{
    if (link_changed(w->link) && !w->o->quiet)
        fprintf(stderr, "tlsunset: %s: %s\n", w->o->interface,
                link_up(w->link) ? "the link is up again" : "the link is down: nothing is seen until it is up again");
}

/* Whoever watches the wrong port should not learn it after a week. */
static void look_for_packets(struct watching *w, int64_t seconds)
{
    enum { PATIENCE = 30 };
    if (w->silent || seconds < PATIENCE || w->check || w->o->quiet || pipeline_stats(w->pipe)->packets)
        return;
    w->silent = true;
    fprintf(stderr, "tlsunset: %s: no packet in %d s: is this the interface that the mirror is plugged into, and is the mirror "
                    "on? (going on)\n", w->o->interface, PATIENCE);
}

/* The times and amounts of the packets since the last save. */
static void tell_window(struct watching *w)
{
    struct input *in = cube_input_get(w->cube, w->input);
    struct window seen = pipeline_window(w->pipe);
    if (!in)
        return;
    in->first_ns = seen.first_ns;
    in->last_ns = seen.last_ns;
    in->packets = seen.packets;
    in->bytes = seen.bytes;
}

/* What was seen since the last one goes into the state, so that a crash costs no more than what came after it. When that fails
 * it is kept, and tried again next time. */
static void checkpoint(struct watching *w)
{
    struct err e;
    bool settled = pipeline_settle(w->pipe);
    tell_window(w);
    if (store_save(w->store, w->cube, &e)) {
        if (!w->failing)
            fprintf(stderr, "tlsunset: %s (going on; tried again every %lld s)\n", e.text, (long long)w->o->checkpoint_seconds);
        w->failing = true;
        return;
    }
    if (w->failing)
        fprintf(stderr, "tlsunset: %s: written again, nothing is missing\n", w->o->state);
    w->failing = false;
    w->saved = true;
    cube_restart(w->cube, settled);
    pipeline_window_reset(w->pipe);
}

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* What passed before the signal may still lie in the kernel's ring, whose blocks are handed over when they are full or a tenth of
 * a second old. Ends with the first packet that came after it. */
static bool drain_packets(void *watching, struct batch *b)
{
    struct watching *w = watching;
    if (source_fill(w->source, b, w->input, &w->why) != SOURCE_BATCH)
        return false;
    int64_t latest = b->count ? b->packet[b->count - 1].ts_ns : 0;
    return latest < w->stopped_ns && seconds_now() <= w->until;
}

static int drain(struct watching *w, struct err *e)
{
    enum { PATIENCE = 2 };
    w->stopped_ns = now_ns();
    w->until = seconds_now() + PATIENCE;
    source_drain(w->source);
    return pipeline_run(w->pipe, drain_packets, w, e);
}

/* false: the capture ended, its time is over, or something is to be done for which all threads have to rest. Whoever reads the
 * lines of a streaming format gets them at once. */
static bool next_packets(void *watching, struct batch *b)
{
    struct watching *w = watching;
    (void)fflush(w->out.to);
    w->status = source_fill(w->source, b, w->input, &w->why);
    int64_t now = seconds_now();
    if (now != w->now) { /* costs a few system calls */
        count_drops(w);
        look_at_link(w);
        look_for_packets(w, now - w->start);
    }
    w->now = now;
    return w->status == SOURCE_BATCH && !is_over(w) && !is_to_be_saved(w);
}

/* Until a signal, or --check's time. -1 and *e: the capture ended by itself (the interface is gone); what came before is as good as
 * any. */
static int watch_packets(struct watching *w, struct err *e)
{
    w->start = w->now = w->checked = seconds_now();
    pipeline_link(w->pipe, source_dlt(w->source));
    do {
        if (pipeline_run(w->pipe, next_packets, w, e))
            return -1;
        if (is_to_be_saved(w)) {
            checkpoint(w);
            w->checked = w->now = seconds_now();
        }
    } while (w->status == SOURCE_BATCH && !is_over(w));
    if (w->status == SOURCE_STOPPED && drain(w, e))
        return -1;
    count_drops(w);
    if (w->status != SOURCE_ERROR)
        return 0;
    *e = w->why;
    return -1;
}

/* Everything that needs privilege is open: parse strangers' bytes without any. */
static int prepare(struct watching *w, struct err *e)
{
    const struct options *o = w->o;
    w->cube = options_cube(o);
    w->stream = o->format->stream ? o->format->stream(w->out.to) : NULL;
    w->check = o->check_seconds ? check_new() : NULL;
    w->link = link_new(o->interface);
    if (!w->cube || !w->link || (o->format->stream && !w->stream) || (o->check_seconds && !w->check))
        return err_set(e, "out of memory");
    if (o->state && (!(w->store = store_open(o->state, STORE_WRITE, e)) || store_accepts(w->store, w->cube, e)))
        return -1;
    w->pipe = pipeline_new(o, w->cube, w->stream, e);
    return w->pipe ? privdrop(!o->state, e) : -1;
}

/* What comes by goes into the cube: -1 and *e when the capture ended by itself. */
static int look(struct watching *w, struct err *e)
{
    char name[64];
    (void)snprintf(name, sizeof name, "interface %s", w->o->interface);
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    struct input in = { .name = name, .read_ns = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec };
    w->input = cube_input(w->cube, &in);
    pipeline_check(w->pipe, w->check);
    if (!w->o->quiet && !w->check)
        fprintf(stderr, "tlsunset: watching %s; interrupt (Ctrl-C) for the report\n", w->o->interface);
    int rc = watch_packets(w, e);
    struct input *kept = cube_input_get(w->cube, w->input);
    if (kept && rc)
        (void)snprintf(kept->warning, sizeof kept->warning, "%.*s", (int)sizeof kept->warning - 1, e->text);
    tell_window(w);
    struct err later;
    return pipeline_finish(w->pipe, rc ? &later : e) || rc ? -1 : 0;
}

static int report(struct watching *w, struct err *e)
{
    pipeline_free(w->pipe); /* the report takes memory too */
    w->pipe = NULL;
    return finish(w->o, &w->store, w->saved, &w->cube, w->out.to, e);
}

/* An exit code, or -1 and *e: the first thing that went wrong. */
static int watch(struct watching *w, struct err *e)
{
    if (prepare(w, e))
        return -1;
    int64_t start = seconds_now();
    int rc = look(w, e), code = EXIT_DONE;
    struct err later = { "" }, *next = rc ? &later : e;
    struct event_sink *stream = w->stream;
    w->stream = NULL;
    if (stream && stream->close && stream->close(stream, next)) {
        rc = -1;
        next = &later;
    }
    if (w->check)
        code = check_print(w->check, pipeline_stats(w->pipe), seconds_now() - start, w->out.to) == CHECK_GOOD
                   ? EXIT_DONE
                   : EXIT_NOT_ENOUGH;
    else if (report(w, next))
        rc = -1;
    return rc ? -1 : code;
}

static void watching_free(struct watching *w)
{
    struct err e;
    if (w->stream && w->stream->close)
        (void)w->stream->close(w->stream, &e);
    pipeline_free(w->pipe);
    check_free(w->check);
    cube_free(w->cube);
    store_close(w->store);
    source_close(w->source);
    link_free(w->link);
}

static int refuse_options(const struct options *o, struct err *e)
{
    if (!o->interface)
        return err_set(e, "watch: name the interface of the mirror with -i");
    if (o->arg_count)
        return err_set(e, "watch: %s: takes no file; tlsunset read reads captures", o->args[0]);
    if (o->check_seconds && o->state)
        return err_set(e, "watch: --check looks and keeps nothing: leave out --state");
    if (o->check_seconds && strcmp(o->format->name, "text"))
        return err_set(e, "watch: --check answers in a few lines of text and its exit status: leave out --format");
    return 0;
}

int cmd_watch(int argc, char **argv)
{
    struct options o;
    struct err e = { "" };
    int over = options_parse(&o, argc, argv, FOR_WATCH);
    if (over) {
        options_free(&o);
        return over - 1;
    }
    int rc = refuse_options(&o, &e);
    if (o.check_seconds)
        o.threads = 1; /* it looks at each packet, and keeps nothing */
    struct source_live how = { .interface = o.interface, .filter = o.filter, .promiscuous = true };
    struct watching w = { .o = &o, .out = OUTPUT_CLOSED };
    if (rc == 0 && (w.source = source_open_live(&how, &e)) && output_open(&w.out, &o, NULL, &e) == 0) {
        interrupt_catch();
        interrupt_source(w.source);
        rc = watch(&w, &e);
    } else {
        rc = -1;
    }
    if (output_close(&w.out, rc >= 0, rc < 0 ? NULL : &e))
        rc = -1;
    interrupt_source(NULL);
    watching_free(&w);
    int result = (int)study_exit(&o);
    options_free(&o);
    return rc < 0 ? cannot(&e) : rc ? rc : result;
}
