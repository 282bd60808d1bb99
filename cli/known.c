/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/known.h"
#include "cli/interrupt.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* What was counted of a capture that began with the same packet. */
struct part {
    bool met; /* by the walk: it counts once */
    uint64_t packets, bytes;
    int64_t last_ns, read_ns; /* 0: in this run */
    char name[64]; /* the end of it */
};

/* The packets of a capture as they pass, and how many of the first of them are those of parts, one part behind the other. */
struct walk {
    struct part *part;
    unsigned parts, room;
    bool failed, over;
    uint64_t seen, counted; /* packets; those that are parts */
    uint64_t bytes; /* since then */
    uint64_t next; /* packets since then at which the next part could end */
    int64_t last_ns; /* latest, since then */
    const struct part *as; /* the part that was met last */
};

/* ---- what was counted ---- */

static void part_add(void *ctx, const struct input *in)
{
    struct walk *w = ctx;
    if (w->parts == w->room) {
        unsigned room = w->room ? 2 * w->room : 8;
        struct part *more = realloc(w->part, room * sizeof *more);
        w->failed |= !more;
        if (!more)
            return;
        w->part = more;
        w->room = room;
    }
    struct part *p = &w->part[w->parts++];
    *p = (struct part){ .packets = in->packets, .bytes = in->bytes, .last_ns = in->last_ns, .read_ns = in->read_ns };
    size_t n = strlen(in->name), cut = n < sizeof p->name ? 0 : n - sizeof p->name + 4;
    (void)snprintf(p->name, sizeof p->name, "%s%s", cut ? "..." : "", in->name + cut);
}

static int parts_collect(const struct known *k, uint64_t mark, struct walk *w, struct err *e)
{
    if (k->store && store_marked(k->store, mark, part_add, w, e))
        return -1;
    for (uint32_t id = 1; id <= cube_inputs(k->cube); id++)
        if (cube_input_at(k->cube, id)->mark == mark) {
            struct input here = *cube_input_at(k->cube, id);
            here.read_ns = 0;
            part_add(w, &here);
        }
    return w->failed ? err_set(e, "out of memory") : 0;
}

/* ---- the packets ---- */

static void next_end(struct walk *w, uint64_t after)
{
    w->next = 0;
    for (unsigned i = 0; i < w->parts; i++)
        if (!w->part[i].met && w->part[i].packets > after && (!w->next || w->part[i].packets < w->next))
            w->next = w->part[i].packets;
    w->over = !w->next;
}

static void walk_end(struct walk *w)
{
    for (unsigned i = 0; i < w->parts; i++) {
        struct part *p = &w->part[i];
        if (p->met || p->packets != w->next || p->bytes != w->bytes || p->last_ns != w->last_ns)
            continue;
        p->met = true;
        w->counted = w->seen;
        w->bytes = 0;
        w->as = p;
        next_end(w, 0);
        return;
    }
    next_end(w, w->next);
}

static void walk_packet(struct walk *w, const struct packet *p)
{
    w->last_ns = w->seen == w->counted || p->ts_ns > w->last_ns ? p->ts_ns : w->last_ns; /* of the part that may end here */
    w->seen++;
    w->bytes += p->caplen;
    if (w->seen - w->counted == w->next)
        walk_end(w);
}

/* As far as parts may reach, and one packet more. */
static int walk_source(struct walk *w, struct source *s, struct err *e)
{
    struct batch *b = batch_new();
    enum source_status st = SOURCE_BATCH;
    if (!b)
        return err_set(e, "out of memory");
    next_end(w, 0);
    while (st == SOURCE_BATCH && !(w->over && w->seen > w->counted)) {
        st = source_fill(s, b, 0, e);
        for (unsigned i = 0; i < b->count && !(w->over && w->seen > w->counted); i++)
            walk_packet(w, &b->packet[i]);
    }
    batch_free(b);
    return st == SOURCE_ERROR || st == SOURCE_STOPPED ? -1 : 0;
}

/* The digest, and while it is taken, what the capture begins with. */
static int examine(const struct known *k, const char *path, struct walk *w, uint8_t digest[32], struct err *e)
{
    struct err wrong; /* a filter: who reads the file says so */
    struct source *s = source_open_hashed(path, NULL, e);
    interrupt_source(s);
    int rc = s ? 0 : -1;
    if (s && w->parts && source_filter(s, k->o->filter, &wrong) == 0)
        rc = walk_source(w, s, e);
    if (rc == 0)
        rc = source_hash(s, digest, e);
    interrupt_source(NULL);
    source_close(s);
    return rc;
}

/* ---- the answer ---- */

/* Has another capture of this run the same first packet, and could be the same one? before: one that was read already. */
static bool has_twin(const struct source_list *list, unsigned i, bool before)
{
    for (unsigned k = 0; k < (before ? i : list->count); k++)
        if (k != i && list->file[k].size && list->file[k].mark && list->file[k].mark == list->file[i].mark)
            return true;
    return false;
}

static const char *day_text(int64_t when_ns, char day[32])
{
    time_t t = (time_t)(when_ns / 1000000000);
    struct tm tm;
    (void)strftime(day, 32, "%Y-%m-%d %H:%M UTC", gmtime_r(&t, &tm));
    return day;
}

static void say_skipped(const char *path, const char *same, int64_t when_ns)
{
    char day[32];
    if (same)
        fprintf(stderr, "tlsunset: %s: the same capture as %s, skipped (--again reads it all the same)\n", path, same);
    else
        fprintf(stderr, "tlsunset: %s: read already on %s, skipped (--again reads it once more)\n", path, day_text(when_ns, day));
}

/* Of a capture whose digest is new, though its first packet is not. */
static enum known_answer judge(const struct known *k, const char *path, const struct walk *w, struct known_file *found)
{
    char day[32];
    const struct part *as = w->as ? w->as : w->part;
    if (!as)
        return KNOWN_NOT; /* in a state that does not know first packets yet */
    (void)snprintf(found->as, sizeof found->as, "%s%s%s", as->name, as->read_ns ? " on " : "",
                   as->read_ns ? day_text(as->read_ns, day) : "");
    found->counted = w->counted;
    found->shorter = !w->over;
    if (w->counted == 0)
        return KNOWN_ALIKE;
    if (w->seen > w->counted)
        return KNOWN_BEGUN;
    if (!k->o->quiet)
        fprintf(stderr, "tlsunset: %s: the same packets were read as %s, skipped (--again reads it once more)\n", path, found->as);
    return KNOWN_ALREADY;
}

static enum known_answer ask(const struct known *k, unsigned i, struct walk *w, struct known_file *found, struct err *e)
{
    const struct source_file *file = &k->list->file[i];
    int64_t when = 0;
    if (parts_collect(k, file->mark, w, e))
        return KNOWN_NO_STATE;
    if (examine(k, file->path, w, found->digest, e))
        return KNOWN_UNREADABLE;
    const struct input *same = cube_input_by_digest(k->cube, found->digest);
    int is = same ? 1 : k->store ? store_has_input(k->store, found->digest, &when, e) : 0;
    if (is < 0)
        return KNOWN_NO_STATE;
    if (!is)
        return judge(k, file->path, w, found);
    if (!k->o->quiet)
        say_skipped(file->path, same ? same->name : NULL, when);
    return KNOWN_ALREADY;
}

/* A pipe cannot be read twice: of that, saving it finds out. */
enum known_answer known_already(const struct known *k, unsigned i, struct known_file *found, struct err *e)
{
    const struct source_file *file = &k->list->file[i];
    struct walk w = { .parts = 0 };
    *found = (struct known_file){ .counted = 0 };
    if (!file->size || !file->mark || k->o->again) /* without a packet it counts nothing */
        return KNOWN_NOT;
    int maybe = has_twin(k->list, i, true) ? 1 : k->store ? store_has_mark(k->store, file->mark, e) : 0;
    if (maybe != 1)
        return maybe ? KNOWN_NO_STATE : KNOWN_NOT;
    enum known_answer answer = ask(k, i, &w, found, e);
    free(w.part);
    return answer;
}

bool known_wants_digest(const struct known *k, unsigned i)
{
    return k->store || !strcmp(k->o->format->name, "json") || (k->list->file[i].size && has_twin(k->list, i, false));
}

static const char before[] = "packets counted before";

void known_tell(const struct known_file *found, struct input *in)
{
    (void)snprintf(in->warning, sizeof in->warning, "first %llu %s, as %s", (unsigned long long)found->counted, before, found->as);
}

bool known_has_beginning(const struct input *in)
{
    return strstr(in->warning, before) != NULL;
}
