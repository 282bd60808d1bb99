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
#include <unistd.h>

enum { BATCH = 4096 };

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

/* Until a signal, or --check's time. */
static int watch_packets(struct source *s, struct pipeline *p, int64_t seconds, uint32_t input, struct err *e)
{
    int64_t end = seconds ? seconds_now() + seconds : INT64_MAX;
    pipeline_link(p, source_dlt(s));
    while (seconds_now() < end) {
        switch (source_read(s, BATCH, input, pipeline_packet, p, e)) {
        case SOURCE_BATCH:
            count_drops(s, p);
            continue;
        case SOURCE_STOPPED:
        case SOURCE_END:
        case SOURCE_CUT:
            count_drops(s, p);
            return 0;
        case SOURCE_ERROR:
            return -1;
        }
    }
    return 0;
}

static int save_and_print(const struct options *o, struct store *store, struct cube **cube, FILE *out, struct err *e)
{
    if (store) {
        if (store_save(store, *cube, e))
            return -1;
        cube_free(*cube);
        *cube = options_cube(o);
        if (!*cube)
            return err_set(e, "out of memory");
        if (store_load(store, *cube, e))
            return -1;
    }
    return o->format->report ? o->format->report(out, *cube, &o->view, e) : 0;
}

/* Everything that needs privilege is open: parse strangers' bytes without any. */
static int watch(const struct options *o, struct source *s, FILE *out, struct err *e)
{
    struct store *store = NULL;
    struct cube *cube = options_cube(o);
    struct event_sink *stream = o->format->stream ? o->format->stream(out) : NULL;
    struct check *check = o->check_seconds ? check_new() : NULL;
    struct pipeline *p = NULL;
    int rc = -1, code = EXIT_DONE;
    if (!cube || (o->format->stream && !stream) || (o->check_seconds && !check))
        (void)err_set(e, "out of memory");
    else if ((!o->state || (store = store_open(o->state, STORE_WRITE, e))) && (p = pipeline_new(o, cube, stream, e)))
        rc = privdrop(!o->state, e);
    char name[64];
    (void)snprintf(name, sizeof name, "interface %s", o->interface);
    struct input in = { .name = name };
    if (rc == 0) {
        struct timespec now;
        clock_gettime(CLOCK_REALTIME, &now);
        in.read_ns = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
        uint32_t id = cube_input(cube, &in);
        pipeline_check(p, check);
        if (!o->quiet)
            fprintf(stderr, "tlsunset: watching %s; interrupt (Ctrl-C) for the report\n", o->interface);
        rc = watch_packets(s, p, o->check_seconds, id, e);
        struct input *kept = cube_input_get(cube, id);
        struct window w = pipeline_window(p);
        if (kept) {
            kept->first_ns = w.first_ns;
            kept->last_ns = w.last_ns;
            kept->packets = w.packets;
            kept->bytes = w.bytes;
        }
        pipeline_finish(p);
    }
    if (stream && stream->close && stream->close(stream, e))
        rc = -1;
    if (rc == 0 && check)
        code = check_print(check, pipeline_stats(p), o->check_seconds, out) == CHECK_GOOD ? EXIT_DONE : EXIT_NOT_ENOUGH;
    else if (rc == 0)
        rc = save_and_print(o, store, &cube, out, e);
    pipeline_free(p);
    check_free(check);
    cube_free(cube);
    store_close(store);
    return rc ? -1 : code;
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
    struct source_live how = { .interface = o.interface, .filter = o.filter, .promiscuous = true };
    FILE *out = rc == 0 ? output_open(&o, &e) : NULL;
    if (rc == 0 && out)
        live = source_open_live(&how, &e);
    if (live)
        catch_signals();
    rc = live ? watch(&o, live, out, &e) : -1;
    if (out && output_close(&o, out, &e))
        rc = -1;
    struct source *s = live;
    live = NULL;
    source_close(s);
    options_free(&o);
    return rc < 0 ? cannot(&e) : rc;
}
