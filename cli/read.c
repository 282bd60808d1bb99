/* SPDX-License-Identifier: Apache-2.0 */
/* tlsunset read: captures in, report out. */
#include "capture/source.h"
#include "cli/finish.h"
#include "cli/interrupt.h"
#include "cli/known.h"
#include "cli/output.h"
#include "cli/pipeline.h"
#include "cli/progress.h"

#include <string.h>
#include <sys/stat.h>
#include <time.h>

struct reading {
    const struct options *o;
    const struct source_list *list;
    struct cube *cube;
    struct pipeline *pipe;
    struct store *store; /* NULL without --state */
    struct progress progress;
    unsigned bad; /* files that could not be read, or not to their end */
    uint64_t counted; /* first packets of this file that are not to be counted again, still to come */
    bool partly; /* not everything was read of what was begun: nothing of this run goes into the state */
};

enum { NOT_BEGUN = 1 }; /* a capture, because of a signal */

static void left_out(const struct options *o, const struct source_list *l)
{
    static const char *const why[] = { [LEFT_NO_CAPTURE] = "is no capture", [LEFT_LINK_TO_FOLDER] = "is a link to a folder",
                                       [LEFT_LINK_TO_NOTHING] = "is a link to nothing", [LEFT_NO_FILE] = "is no file",
                                       [LEFT_TOO_DEEP] = "lies too deep" };
    unsigned named = l->left_out < SOURCE_LEFT_NAMED ? l->left_out : SOURCE_LEFT_NAMED;
    struct err names = { "" }; /* for it takes control characters out of them */
    if (o->quiet || !l->left_out)
        return;
    for (unsigned i = 0; i < named; i++) {
        struct err before = names;
        (void)err_set(&names, "%s%s%s %s", before.text, i ? ", " : "", l->left[i].path, why[l->left[i].why]);
    }
    fprintf(stderr, "tlsunset: note: %u %s left out%s: %s\n", l->left_out,
            l->left_out == 1 ? "entry of a folder is" : "entries of folders are", l->left_out > named ? ", among them" : "",
            names.text);
}

static void complain(struct reading *r, const struct err *e)
{
    progress_end(&r->progress);
    (void)cannot(e);
}

static void name_unread(struct reading *r, char *path, const char *why)
{
    struct input in = { .name = path };
    (void)snprintf(in.warning, sizeof in.warning, INPUT_NOT_READ "%.*s",
                   (int)(sizeof in.warning - sizeof INPUT_NOT_READ), why);
    (void)cube_input(r->cube, &in);
}

/* A file that cannot be read keeps nobody from the others. The report names it; the state does not, into which it can be read
 * when it is mended. */
static void leave_out(struct reading *r, char *path, const char *why)
{
    static char stdin_name[] = STANDARD_INPUT;
    char *name = strcmp(path, "-") ? path : stdin_name;
    size_t n = strlen(name);
    if (strncmp(why, name, n) == 0 && strncmp(why + n, ": ", 2) == 0)
        why += n + 2;
    r->bad++;
    if (!r->store || r->partly) /* of which nothing goes into it */
        name_unread(r, name, why);
}

/* Beside what there is to be warned of already; the name stands before it anyway. */
static void warn(struct input *in, const char *text)
{
    size_t n = strlen(in->warning), name = strlen(in->name), room = sizeof in->warning - n;
    if (strncmp(text, in->name, name) == 0 && strncmp(text + name, ": ", 2) == 0)
        text += name + 2;
    if (room > 3)
        (void)snprintf(in->warning + n, room, "%s%.*s", n ? "; " : "", (int)room - 3, text);
}

/* Reading ended where the capture does not: by a signal, or because the disk gave no more. */
static void stopped(struct reading *r, const char *where)
{
    struct err line;
    r->partly = true;
    (void)err_set(&line, "%s: what came before is reported%s%s", where, r->store ? "; nothing was added to " : "",
                  r->store ? r->o->state : "");
    complain(r, &line);
}

/* Before a capture was begun. */
static int stopped_at(struct reading *r, const char *path)
{
    struct err where;
    (void)err_set(&where, "interrupted at %s", path);
    stopped(r, where.text);
    return NOT_BEGUN;
}

/* Whoever reads the report has to know that it is of a part. */
static void leave_out_from(struct reading *r, unsigned first)
{
    const struct source_list *l = r->list;
    struct err line;
    unsigned n = 0;
    for (unsigned i = first; i < l->count; i++) {
        const struct source_file *file = &l->file[i];
        leave_out(r, file->path, file->problem ? file->problem : interrupted() ? "interrupted" : "not begun");
        n += !file->problem;
    }
    (void)err_set(&line, "%u of %u captures %s not begun", n, l->count, n == 1 ? "was" : "were");
    if (n)
        complain(r, &line);
}

static void stopped_in(struct reading *r, const struct source *s, struct input *in, const struct err *e)
{
    unsigned long long packet = source_packets(s);
    struct err where, short_of;
    if (interrupted()) {
        (void)err_set(&where, "interrupted at packet %llu of %s", packet, in->name);
    } else {
        (void)err_set(&where, "%s, after packet %llu", e->text, packet);
        r->bad++;
    }
    (void)err_set(&short_of, "%s %llu", interrupted() ? INPUT_INTERRUPTED : INPUT_NOT_READ_ON, packet);
    warn(in, short_of.text);
    stopped(r, where.text);
}

/* A pipe ends with the interrupt that ends its writer too (tcpdump -w - | ...), and cannot be read again: it is whole. */
static void pipe_ended(struct reading *r, const struct source *s, const char *name)
{
    struct err line;
    (void)err_set(&line, "interrupted at packet %llu of %s: what came before is reported", (unsigned long long)source_packets(s),
                  name);
    complain(r, &line);
}

static void cut(struct reading *r, struct input *in, const struct err *e)
{
    pipeline_stats(r->pipe)->file_cut++;
    warn(in, e->text);
    progress_end(&r->progress);
    if (!r->o->quiet)
        fprintf(stderr, "tlsunset: warning: %s\n", e->text);
}

/* Packets at the beginning of a capture that is still being written, or was read in part under another name. */
static void pass_over(struct reading *r, struct batch *b)
{
    unsigned n = r->counted < b->count ? (unsigned)r->counted : b->count;
    r->counted -= n;
    b->count -= n;
    if (n)
        memmove(b->packet, b->packet + n, b->count * sizeof *b->packet);
}

struct packets { /* of one file */
    struct reading *r;
    struct source *s;
    uint32_t id;
    enum source_status st; /* of the latest fill, */
    struct err e; /* and what it said */
};

static bool next_packets(void *packets, struct batch *b)
{
    struct packets *p = packets;
    progress_show(&p->r->progress, source_position(p->s), pipeline_stats(p->r->pipe)->packets);
    p->st = source_fill(p->s, b, p->id, &p->e);
    pass_over(p->r, b);
    return p->st == SOURCE_BATCH;
}

/* 1: to its end, be that early; 0: not, and *e says why; -1 and *e: this run cannot go on. */
static int read_packets(struct reading *r, struct source *s, struct input *in, uint32_t id, struct err *e)
{
    struct packets p = { .r = r, .s = s, .id = id };
    pipeline_link(r->pipe, source_dlt(s));
    pipeline_window_reset(r->pipe);
    if (pipeline_run(r->pipe, next_packets, &p, e))
        return -1;
    *e = p.e;
    switch (p.st) {
    case SOURCE_BATCH: /* not what a run ends with */
    case SOURCE_END:
        return 1;
    case SOURCE_CUT:
        cut(r, in, e);
        r->bad += source_refused(s);
        return 1;
    case SOURCE_ERROR:
    case SOURCE_STOPPED:
        return 0;
    }
    return 0;
}

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* -1 and *e: this run cannot go on. */
static int read_source(struct reading *r, struct source *s, struct input in, bool hash, bool pipe, struct err *e)
{
    in.read_ns = now_ns();
    uint32_t id = cube_input(r->cube, &in);
    struct input *kept = cube_input_get(r->cube, id);
    if (!kept)
        return err_set(e, "%s: out of memory", in.name);
    int whole = read_packets(r, s, kept, id, e);
    if (whole < 0)
        return -1;
    if (pipe && whole && *kept->warning)
        hash = false; /* damaged: whoever writes into it may go on for ever, and nothing of that can be read */
    if (whole && hash && source_hash(s, in.digest, e))
        whole = 0;
    if (whole)
        memcpy(kept->digest, in.digest, sizeof kept->digest);
    else if (pipe && interrupted())
        pipe_ended(r, s, in.name);
    else
        stopped_in(r, s, kept, e);
    struct window w = pipeline_window(r->pipe);
    kept->first_ns = w.first_ns;
    kept->last_ns = w.last_ns;
    kept->packets = w.packets;
    kept->bytes = w.bytes;
    return 0;
}

/* A capture that begins like one that was counted. In a state what is counted twice stays. false: it is not to be read. */
static bool read_on(struct reading *r, enum known_answer known, const struct known_file *found, struct input *in)
{
    struct err line;
    if (known == KNOWN_BEGUN) {
        r->counted = found->counted;
        known_tell(found, in);
        (void)err_set(&line, "%s: %s: only what follows is read (--again reads all of it)", in->name, in->warning);
    } else if (r->store) {
        (void)err_set(&line, "%s: begins with the same packet as %s, and %s: not read, what both hold would count twice (read it "
                             "into a state of its own, or with --again)", in->name, found->as,
                      found->shorter ? "is shorter, perhaps a part of it" : "goes on otherwise");
    } else {
        (void)snprintf(in->warning, sizeof in->warning, "begins like %s: " INPUT_COUNTS_TWICE, found->as);
        (void)err_set(&line, "%s: %s", in->name, in->warning);
    }
    if (known == KNOWN_ALIKE || !r->o->quiet)
        complain(r, &line);
    return known == KNOWN_BEGUN || !r->store;
}

/* 0, or -1 and *e: this run cannot go on; or NOT_BEGUN. */
static int read_file(struct reading *r, unsigned i, struct err *e)
{
    static char stdin_name[] = STANDARD_INPUT;
    static const uint8_t none[32];
    const struct known k = { .o = r->o, .list = r->list, .cube = r->cube, .store = r->store };
    const struct source_file *file = &r->list->file[i];
    struct input in = { .name = strcmp(file->path, "-") ? file->path : stdin_name, .mark = file->mark };
    struct known_file found;
    enum known_answer known = known_already(&k, i, &found, e);
    memcpy(in.digest, found.digest, sizeof in.digest);
    r->counted = 0;
    if (known == KNOWN_NO_STATE)
        return -1;
    if (known == KNOWN_ALREADY)
        return 0;
    if (interrupted())
        return stopped_at(r, file->path);
    if ((known == KNOWN_BEGUN || known == KNOWN_ALIKE) && !read_on(r, known, &found, &in)) {
        r->bad++;
        return 0;
    }
    bool hash = memcmp(in.digest, none, sizeof none) == 0 && known_wants_digest(&k, i);
    struct source *s = known == KNOWN_UNREADABLE ? NULL : (hash ? source_open_hashed : source_open)(file->path, NULL, e);
    if (!s && err_is_memory(e))
        return -1;
    if (s && source_filter(s, r->o->filter, e)) {
        source_close(s);
        s = NULL;
        if (pipeline_stats(r->pipe)->packets == 0)
            return -1; /* a filter that nothing can be read with is a wrong option, not a bad file */
    }
    if (!s) {
        complain(r, e);
        leave_out(r, file->path, e->text);
        return 0;
    }
    interrupt_source(s);
    int rc = read_source(r, s, in, hash, file->size == 0, e);
    interrupt_source(NULL);
    source_close(s);
    return rc;
}

static int read_all(struct reading *r, struct err *e)
{
    const struct source_list *l = r->list;
    uint64_t total = 0;
    for (unsigned i = 0; i < l->count; i++)
        total += l->file[i].size;
    progress_start(&r->progress, total, r->o->quiet);
    unsigned i = 0;
    int rc = 0;
    while (i < l->count && !(r->partly && (interrupted() || r->store))) {
        const struct source_file *file = &l->file[i];
        if (interrupted())
            rc = stopped_at(r, file->path);
        else if (file->problem)
            leave_out(r, file->path, file->problem);
        else
            rc = read_file(r, i, e);
        if (rc)
            break;
        r->progress.before += file->size;
        i++;
    }
    progress_end(&r->progress);
    if (rc >= 0)
        leave_out_from(r, i);
    return rc < 0 ? -1 : 0;
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

static int close_stream(struct event_sink *stream, struct err *e)
{
    return stream && stream->close ? stream->close(stream, e) : 0;
}

/* As read_captures(). */
static int run(const struct options *o, const struct source_list *list, FILE *out, struct err *e)
{
    struct reading r = { .o = o, .list = list, .cube = options_cube(o) };
    struct event_sink *stream = o->format->stream ? o->format->stream(out) : NULL;
    int rc = -1;
    if (!r.cube || (o->format->stream && !stream))
        (void)err_set(e, "out of memory");
    else if (open_state(&r, e) == 0 && (r.pipe = pipeline_new(o, r.cube, stream, e)))
        rc = read_all(&r, e);
    if (rc == 0)
        rc = pipeline_finish(r.pipe, e);
    if (close_stream(stream, rc ? NULL : e))
        rc = -1;
    if (r.partly) {
        store_close(r.store);
        r.store = NULL;
    }
    pipeline_free(r.pipe); /* the report takes memory too */
    if (rc == 0)
        rc = finish(o, &r.store, false, &r.cube, out, e);
    if (rc == 0 && o->evidence)
        rc = evidence_write(o, r.cube, e);
    cube_free(r.cube);
    store_close(r.store);
    return rc ? -1 : r.bad ? 1 : 0;
}

/* They are named at once: who typed a name wrong may rather begin again. Whether any can be read. */
static bool any_readable(const struct source_list *l)
{
    unsigned bad = 0;
    for (unsigned i = 0; i < l->count; i++) {
        struct err e;
        if (!l->file[i].problem)
            continue;
        (void)err_set(&e, "%s", l->file[i].problem);
        (void)cannot(&e);
        bad++;
    }
    return bad < l->count;
}

int read_captures(const struct options *o, struct err *e)
{
    struct source_list list = { 0 };
    struct output out = OUTPUT_CLOSED;
    int rc = o->arg_count ? source_list_make(&list, o->args, o->arg_count, e)
                          : err_set(e, "read: name a capture file, a folder of them, or - for standard input");
    left_out(o, &list);
    if (rc == 0 && !any_readable(&list))
        rc = 1;
    if (rc == 0)
        rc = output_open(&out, o, &list, e);
    interrupt_catch();
    if (rc == 0)
        rc = run(o, &list, out.to, e);
    if (output_close(&out, rc >= 0, rc < 0 ? NULL : e))
        rc = -1;
    source_list_free(&list);
    return rc;
}

int cmd_read(int argc, char **argv)
{
    struct options o;
    struct err e = { "" };
    int over = options_parse(&o, argc, argv, FOR_READ);
    int rc = over ? 0 : read_captures(&o, &e), result = over ? over - 1 : rc ? EXIT_CANNOT : (int)study_exit(&o);
    options_free(&o);
    if (rc < 0)
        (void)cannot(&e);
    interrupt_die();
    return result;
}
