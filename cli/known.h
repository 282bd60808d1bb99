/* SPDX-License-Identifier: Apache-2.0 */
/*
 * known - packets count once: was this capture read before, into the state, or in this run under another name or packing? Or its
 * beginning, because it is still being written?
 *
 * The digest is SHA-256, because reports and evidence name captures by it and whoever doubts them can check; XXH3 would tell
 * captures apart for a tenth of the time. (A thread that takes it behind the reader won nothing on two busy cores and cost a second
 * copy.) It costs about as much as the rest of reading. So it is taken where it is kept (a state) or shown (JSON), while the
 * packets are read; and beforehand only of captures whose first packet was seen before. Of such a one that has another digest the
 * packets are walked: where as many as were counted then have as many bytes and end at the same time, they are the same, and only
 * what follows them is new. What begins alike and goes on otherwise (a cut or filtered copy) holds what was counted all the same.
 */
#ifndef CLI_KNOWN_H
#define CLI_KNOWN_H

#include "capture/source.h"
#include "cli/cli.h"
#include "report/store.h"

struct known {
    const struct options *o;
    const struct source_list *list;
    const struct cube *cube; /* of this run */
    struct store *store; /* NULL without --state */
};

enum known_answer { KNOWN_NOT, KNOWN_ALREADY /* and a line says so */, KNOWN_BEGUN, KNOWN_ALIKE,
                    KNOWN_UNREADABLE /* *e; or interrupted() */, KNOWN_NO_STATE /* *e: the state cannot be asked */ };
struct known_file {
    uint8_t digest[32]; /* when it had to be taken, else zero */
    uint64_t counted; /* KNOWN_BEGUN: so many of its first packets were counted before */
    bool shorter; /* KNOWN_ALIKE: it ends before what was counted does, and may be its beginning */
    char as[100]; /* KNOWN_BEGUN, KNOWN_ALIKE: as which capture, and if not in this run, when */
};
enum known_answer known_already(const struct known *k, unsigned i, struct known_file *found, struct err *e); /* of file i */
void known_tell(const struct known_file *found, struct input *in); /* KNOWN_BEGUN, into its warning */
bool known_has_beginning(const struct input *in); /* its warning says that */
/* Is the digest of file i worth taking while it is read? */
bool known_wants_digest(const struct known *k, unsigned i);

#endif
