/* SPDX-License-Identifier: Apache-2.0 */
/* tlsunset read: captures in, report out. */
#include "capture/source.h"
#include "cli/pipeline.h"
#include "cli/progress.h"
#include "report/store.h"

#include <string.h>
#include <sys/stat.h>
#include <time.h>

struct reading {
    const struct options *o;
    const struct source_list *list;
    struct cube *cube;
    struct pipeline *pipe;
    struct store *store; /* NULL without --state */
    struct batch *batch;
    struct progress progress;
};

static void left_out(const struct options *o, unsigned n)
{
    if (!o->quiet)
        fprintf(stderr, "tlsunset: note: %u %s left out\n", n,
                n == 1 ? "file in a folder is no capture and was" : "files in folders are no captures and were");
}

/* Has another capture of this run the same first packet, and could be the same one? before: one that was read already. */
static bool has_twin(const struct source_list *list, unsigned i, bool before)
{
    for (unsigned k = 0; k < (before ? i : list->count); k++)
        if (k != i && list->file[k].size && list->file[k].mark == list->file[i].mark)
            return true;
    return false;
}

static int digest(const char *path, uint8_t out[32], struct err *e)
{
    struct source *s = source_open_hashed(path, NULL, e);
    int rc = s ? source_hash(s, out, e) : -1;
    source_close(s);
    return rc;
}

static void say_skipped(const struct reading *r, const char *path, const char *same, int64_t when_ns)
{
    char day[32];
    time_t t = (time_t)(when_ns / 1000000000);
    struct tm tm;
    if (r->o->quiet)
        return;
    (void)strftime(day, sizeof day, "%Y-%m-%d %H:%M UTC", gmtime_r(&t, &tm));
    if (same)
        fprintf(stderr, "tlsunset: %s: the same capture as %s, skipped (--again reads it all the same)\n", path, same);
    else
        fprintf(stderr, "tlsunset: %s: read already on %s, skipped (--again reads it once more)\n", path, day);
}

/* Was this capture read into the state before, or in this run under another name? 1: skip it. Only one whose first packet was
 * seen before is read twice to find out. A pipe cannot be: of that, saving it finds out. */
static int known_already(struct reading *r, unsigned i, uint8_t sha256[32], struct err *e)
{
    const struct source_file *file = &r->list->file[i];
    int64_t when = 0;
    if (!file->size || r->o->again)
        return 0;
    int known = has_twin(r->list, i, true) ? 1 : r->store ? store_has_mark(r->store, file->mark, e) : 0;
    if (known != 1)
        return known;
    if (digest(file->path, sha256, e))
        return -1;
    const struct input *same = cube_input_by_digest(r->cube, sha256);
    known = same ? 1 : r->store ? store_has_input(r->store, sha256, &when, e) : 0;
    if (known == 1)
        say_skipped(r, file->path, same ? same->name : NULL, when);
    return known;
}

/* A digest costs about as much as the rest of reading: it is taken where it is kept, shown, or tells two captures apart. */
static bool wants_digest(const struct reading *r, unsigned i)
{
    return r->store || !strcmp(r->o->format->name, "json") || (r->list->file[i].size && has_twin(r->list, i, false));
}

static int read_packets(struct reading *r, struct source *s, struct input *in, uint32_t id, struct err *e)
{
    pipeline_link(r->pipe, source_dlt(s));
    pipeline_window_reset(r->pipe);
    for (;;) {
        enum source_status st = source_fill(s, r->batch, id, e);
        pipeline_batch(r->pipe, r->batch);
        progress_show(&r->progress, source_position(s), pipeline_stats(r->pipe)->packets);
        switch (st) {
        case SOURCE_BATCH:
            continue;
        case SOURCE_ERROR:
            return -1;
        case SOURCE_CUT:
            pipeline_stats(r->pipe)->file_cut++;
            (void)snprintf(in->warning, sizeof in->warning, "%.*s", (int)sizeof in->warning - 1, e->text);
            progress_end(&r->progress);
            if (!r->o->quiet)
                fprintf(stderr, "tlsunset: warning: %s\n", e->text);
            return 0;
        case SOURCE_END:
        case SOURCE_STOPPED:
            return 0;
        }
    }
}

static void tell_window(const struct pipeline *p, struct input *in)
{
    struct window w = pipeline_window(p);
    in->first_ns = w.first_ns;
    in->last_ns = w.last_ns;
    in->packets = w.packets;
    in->bytes = w.bytes;
}

static int read_file(struct reading *r, unsigned i, struct err *e)
{
    static const uint8_t none[32];
    const struct source_file *file = &r->list->file[i];
    struct input in = { .name = file->path, .mark = file->mark };
    int known = known_already(r, i, in.digest, e);
    if (known)
        return known < 0 ? -1 : 0;
    bool hash = memcmp(in.digest, none, sizeof none) == 0 && wants_digest(r, i);
    struct source *s = (hash ? source_open_hashed : source_open)(file->path, r->o->filter, e);
    if (!s)
        return -1;
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    in.read_ns = (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
    uint32_t id = cube_input(r->cube, &in);
    struct input *kept = cube_input_get(r->cube, id);
    int rc = !kept ? err_set(e, "%s: out of memory", file->path) : read_packets(r, s, kept, id, e);
    if (rc == 0 && hash && (rc = source_hash(s, in.digest, e)) == 0)
        memcpy(kept->digest, in.digest, sizeof kept->digest);
    if (rc == 0)
        tell_window(r->pipe, kept);
    r->progress.before += file->size;
    source_close(s);
    return rc;
}

static int read_all(struct reading *r, struct err *e)
{
    uint64_t total = 0;
    for (unsigned i = 0; i < r->list->count; i++)
        total += r->list->file[i].size;
    progress_start(&r->progress, total, r->o->quiet);
    int rc = 0;
    for (unsigned i = 0; i < r->list->count && rc == 0; i++)
        rc = read_file(r, i, e);
    progress_end(&r->progress);
    return rc;
}

/* The run is in the cube: save it, then print. With a state the report covers everything in it. */
static int finish(struct reading *r, FILE *out, struct err *e)
{
    if (r->store) {
        if (store_save(r->store, r->cube, e))
            return -1;
        cube_free(r->cube);
        r->cube = options_cube(r->o);
        if (!r->cube)
            return err_set(e, "out of memory");
        if (store_load(r->store, r->cube, e))
            return -1;
    }
    return r->o->format->report ? r->o->format->report(out, r->cube, &r->o->view, e) : 0;
}

/* 0, or -1 and *e: it is of no use, and better to know before reading. */
static int open_state(struct reading *r, struct err *e)
{
    if (!r->o->state)
        return 0;
    r->store = store_open(r->o->state, STORE_WRITE, e);
    if (r->store && !r->o->again)
        store_once(r->store);
    return r->store ? store_accepts(r->store, r->cube, e) : -1;
}

static int run(const struct options *o, const struct source_list *list, FILE *out, struct err *e)
{
    struct reading r = { .o = o, .list = list, .cube = options_cube(o) };
    struct event_sink *stream = o->format->stream ? o->format->stream(out) : NULL;
    int rc = -1;
    if (!r.cube || (o->format->stream && !stream))
        (void)err_set(e, "out of memory");
    else if (open_state(&r, e) == 0 && (r.pipe = pipeline_new(o, r.cube, stream, e)))
        rc = (r.batch = batch_new()) ? read_all(&r, e) : err_set(e, "out of memory");
    if (rc == 0)
        pipeline_finish(r.pipe);
    if (stream && stream->close) {
        struct err close_error;
        if (stream->close(stream, &close_error) && rc == 0) {
            *e = close_error;
            rc = -1;
        }
    }
    if (rc == 0)
        rc = finish(&r, out, e);
    pipeline_free(r.pipe);
    batch_free(r.batch);
    cube_free(r.cube);
    store_close(r.store);
    return rc;
}

/* Opening the output empties it: a capture must not be lost to a slip of the fingers. */
static int spare_inputs(const struct options *o, const struct source_list *list, struct err *e)
{
    struct stat out, in;
    if (!o->output || stat(o->output, &out) != 0 || !S_ISREG(out.st_mode))
        return 0;
    for (unsigned i = 0; i < list->count; i++)
        if (stat(list->file[i].path, &in) == 0 && in.st_dev == out.st_dev && in.st_ino == out.st_ino)
            return err_set(e, "--output %s: is one of the captures to read; give another name", o->output);
    return 0;
}

int read_captures(const struct options *o, struct err *e)
{
    struct source_list list = { 0 };
    unsigned not_captures = 0;
    int rc = o->arg_count ? source_list_make(&list, o->args, o->arg_count, &not_captures, e)
                          : err_set(e, "read: name a capture file, a folder of them, or - for standard input");
    if (rc == 0)
        rc = spare_inputs(o, &list, e);
    FILE *out = rc == 0 ? output_open(o, e) : NULL;
    if (not_captures)
        left_out(o, not_captures);
    if (rc == 0)
        rc = out ? run(o, &list, out, e) : -1;
    if (out && output_close(o, out, rc ? NULL : e) && rc == 0)
        rc = -1;
    source_list_free(&list);
    return rc;
}

int cmd_read(int argc, char **argv)
{
    struct options o;
    struct err e = { "" };
    int over = options_parse(&o, argc, argv, FOR_READ);
    int rc = over ? 0 : read_captures(&o, &e), result = over ? over - 1 : (int)study_exit(&o);
    options_free(&o);
    return rc ? cannot(&e) : result;
}
