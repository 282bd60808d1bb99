/* SPDX-License-Identifier: Apache-2.0 */
/* tlsunset watch: the same pipeline on an interface, the report at SIGINT or SIGTERM. */
#include "capture/privdrop.h"
#include "capture/source.h"
#include "cli/check.h"
#include "cli/pipeline.h"
#include "report/store.h"

#include <signal.h>
#include <string.h>
#include <time.h>

static struct source *live; /* for the signal handler */

static void on_signal(int sig)
{
    (void)sig;
    if (live)
        source_stop(live);
}

static void catch_signals(void)
{
    struct sigaction sa;
    memset(&sa, 0, sizeof sa);
    sa.sa_handler = on_signal;
    sigemptyset(&sa.sa_mask);
    sigaction(SIGINT, &sa, NULL);
    sigaction(SIGTERM, &sa, NULL);
}

static void count_drops(struct source *s, struct pipeline *p)
{
    uint64_t kernel, interface;
    source_drops(s, &kernel, &interface);
    pipeline_stats(p)->drop_kernel += kernel;
    pipeline_stats(p)->drop_interface += interface;
}

static int64_t seconds_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec;
}

/* Until a signal, or --check's time. Whoever reads the lines of a streaming format gets them at once. -1 and *e: the capture
 * ended by itself (the interface is gone); what came before is as good as any. */
static int watch_packets(struct source *s, struct pipeline *p, int64_t seconds, uint32_t input, FILE *out, struct err *e)
{
    int64_t start = seconds_now(), now = start, counted = start;
    enum source_status st = SOURCE_BATCH;
    pipeline_link(p, source_dlt(s));
    while (st == SOURCE_BATCH && (!seconds || now - start < seconds)) {
        struct batch *b = pipeline_room(p, e);
        if (!b)
            return -1;
        st = source_fill(s, b, input, e);
        pipeline_batch(p);
        (void)fflush(out);
        now = seconds_now();
        if (now != counted) /* costs a system call or two */
            count_drops(s, p);
        counted = now;
    }
    count_drops(s, p);
    return st == SOURCE_ERROR ? -1 : 0;
}

/* With a state the report covers everything in it. Where the state cannot be written the run is still reported: an interface
 * cannot be read again. */
static int save_and_print(const struct options *o, struct store *store, struct cube **cube, FILE *out, struct err *e)
{
    int rc = store ? store_save(store, *cube, e) : 0;
    if (store && rc == 0) {
        cube_free(*cube);
        *cube = options_cube(o);
        if (!*cube)
            return err_set(e, "out of memory");
        if (store_load(store, *cube, e))
            return -1;
    }
    if (o->format->report && o->format->report(out, *cube, &o->view, rc ? NULL : e))
        rc = -1;
    return rc;
}

struct watching {
    const struct options *o;
    struct source *source;
    FILE *out;
    struct cube *cube;
    struct event_sink *stream; /* NULL: the format has a report only */
    struct check *check; /* NULL without --check */
    struct store *store; /* NULL without --state */
    struct pipeline *pipe;
};

/* Everything that needs privilege is open: parse strangers' bytes without any. */
static int prepare(struct watching *w, struct err *e)
{
    const struct options *o = w->o;
    w->cube = options_cube(o);
    w->stream = o->format->stream && !o->check_seconds ? o->format->stream(w->out) : NULL;
    w->check = o->check_seconds ? check_new() : NULL;
    if (!w->cube || (o->format->stream && !o->check_seconds && !w->stream) || (o->check_seconds && !w->check))
        return err_set(e, "out of memory");
    if (o->state && (!(w->store = store_open(o->state, STORE_WRITE, e)) || store_accepts(w->store, w->cube, e)))
        return -1;
    w->pipe = pipeline_new(o, w->cube, w->stream, e);
    return w->pipe ? privdrop(!o->state, e) : -1;
}

/* The time of the packets goes into the cube: -1 and *e when the capture ended by itself. */
static int look(struct watching *w, struct err *e)
{
    char name[64];
    (void)snprintf(name, sizeof name, "interface %s", w->o->interface);
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    struct input in = { .name = name, .read_ns = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec };
    uint32_t id = cube_input(w->cube, &in);
    pipeline_check(w->pipe, w->check);
    if (!w->o->quiet && !w->check)
        fprintf(stderr, "tlsunset: watching %s; interrupt (Ctrl-C) for the report\n", w->o->interface);
    int rc = watch_packets(w->source, w->pipe, w->o->check_seconds, id, w->out, e);
    struct input *kept = cube_input_get(w->cube, id);
    struct window seen = pipeline_window(w->pipe);
    if (kept) {
        kept->first_ns = seen.first_ns;
        kept->last_ns = seen.last_ns;
        kept->packets = seen.packets;
        kept->bytes = seen.bytes;
        if (rc)
            (void)snprintf(kept->warning, sizeof kept->warning, "%s", e->text);
    }
    struct err later;
    return pipeline_finish(w->pipe, rc ? &later : e) || rc ? -1 : 0;
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
        code = check_print(w->check, pipeline_stats(w->pipe), seconds_now() - start, w->out) == CHECK_GOOD
                   ? EXIT_DONE
                   : EXIT_NOT_ENOUGH;
    else if (save_and_print(w->o, w->store, &w->cube, w->out, next))
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
    int rc = 0;
    if (!o.interface)
        rc = err_set(&e, "watch: name the interface of the mirror with -i");
    else if (o.arg_count)
        rc = err_set(&e, "watch: %s: takes no file; tlsunset read reads captures", o.args[0]);
    else if (o.check_seconds && o.state)
        rc = err_set(&e, "watch: --check looks and keeps nothing: leave out --state");
    struct source_live how = { .interface = o.interface, .filter = o.filter, .promiscuous = true };
    struct watching w = { .o = &o };
    if (rc == 0 && (live = w.source = source_open_live(&how, &e)) && (w.out = output_open(&o, &e))) {
        catch_signals();
        rc = watch(&w, &e);
    } else {
        rc = -1;
    }
    if (w.out && output_close(&o, w.out, rc < 0 ? NULL : &e))
        rc = -1;
    live = NULL;
    watching_free(&w);
    int result = study_exit(&o);
    options_free(&o);
    return rc < 0 ? cannot(&e) : rc ? rc : result;
}
