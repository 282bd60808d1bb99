/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/known.h"
#include "cli/interrupt.h"

#include <string.h>
#include <time.h>

/* Has another capture of this run the same first packet, and could be the same one? before: one that was read already. */
static bool has_twin(const struct source_list *list, unsigned i, bool before)
{
    for (unsigned k = 0; k < (before ? i : list->count); k++)
        if (k != i && list->file[k].size && list->file[k].mark == list->file[i].mark)
            return true;
    return false;
}

static int digest_of(const char *path, uint8_t out[32], struct err *e)
{
    struct source *s = source_open_hashed(path, NULL, e);
    interrupt_source(s);
    int rc = s ? source_hash(s, out, e) : -1;
    interrupt_source(NULL);
    source_close(s);
    return rc;
}

static void say_skipped(const char *path, const char *same, int64_t when_ns)
{
    char day[32];
    time_t t = (time_t)(when_ns / 1000000000);
    struct tm tm;
    (void)strftime(day, sizeof day, "%Y-%m-%d %H:%M UTC", gmtime_r(&t, &tm));
    if (same)
        fprintf(stderr, "tlsunset: %s: the same capture as %s, skipped (--again reads it all the same)\n", path, same);
    else
        fprintf(stderr, "tlsunset: %s: read already on %s, skipped (--again reads it once more)\n", path, day);
}

/* A pipe cannot be read twice: of that, saving it finds out. */
enum known_answer known_already(const struct known *k, unsigned i, uint8_t digest[32], struct err *e)
{
    const struct source_file *file = &k->list->file[i];
    int64_t when = 0;
    if (!file->size || k->o->again)
        return KNOWN_NOT;
    int maybe = has_twin(k->list, i, true) ? 1 : k->store ? store_has_mark(k->store, file->mark, e) : 0;
    if (maybe != 1)
        return maybe ? KNOWN_NO_STATE : KNOWN_NOT;
    if (digest_of(file->path, digest, e))
        return KNOWN_UNREADABLE;
    const struct input *same = cube_input_by_digest(k->cube, digest);
    int found = same ? 1 : k->store ? store_has_input(k->store, digest, &when, e) : 0;
    if (found < 0)
        return KNOWN_NO_STATE;
    if (found && !k->o->quiet)
        say_skipped(file->path, same ? same->name : NULL, when);
    return found ? KNOWN_ALREADY : KNOWN_NOT;
}

bool known_wants_digest(const struct known *k, unsigned i)
{
    return k->store || !strcmp(k->o->format->name, "json") || (k->list->file[i].size && has_twin(k->list, i, false));
}
