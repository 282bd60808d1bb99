/* SPDX-License-Identifier: Apache-2.0 */
/*
 * study_impl - the inside of a study, for the files that it is made of: study_*.c (rows to cells), capability.c (what a place
 * showed), verdict*.c (judging a cell), absence.c (what a server is shown not to have) and verdict_text.c (saying why).
 *
 * The load that shapes it: a million rows under a dozen policies. Rows are sorted once, by place, stack and client, so that the
 * cells of one stack at one place lie together and share what does not depend on the client; what was chosen and what was offered
 * is interned, so that a policy judges each distinct choice once, not each row.
 */
#ifndef REPORT_STUDY_IMPL_H
#define REPORT_STUDY_IMPL_H

#include "base/intern.h"
#include "report/coverage.h"
#include "report/study.h"

/* One row of the cube, with what every judging asks about it: the cube itself is too far away to be asked a million times. */
struct sight {
    uint32_t place, stack, client, row, choice /* 0: nothing was chosen */, day, pair;
    uint32_t is; /* enum sight_is */
};
enum sight_is {
    SIGHT_COMPLETED = 1, SIGHT_FAILED = 2, /* neither: seen in part */
    SIGHT_WHOLE = 4, SIGHT_FULL = 8, SIGHT_STRANGE = 16, /* row_is_whole(), row_is_full(); chosen without being offered */
    SIGHT_RETRY = 32, /* after a failed higher hello */
    SIGHT_FRESH = 64, /* the hello did not try to resume */
    SIGHT_AUTH = 128, /* the client sent a certificate */
    SIGHT_HISTORY = 256, /* before the place changed */
    SIGHT_MARKED12 = 512, SIGHT_MARKED11 = 1024, /* the sentinels of RFC 8446 section 4.1.3 */
    SIGHT_LOSS = 2048, /* packets of it are missing */
    SIGHT_ASKED = 4096, /* within --server, --client and --servers, and not set apart */
};

/* What one place chose in completed handshakes; those of TLS 1.3 apart by the signature schemes that were offered, because
 * which one was used is not visible. */
struct proof {
    uint32_t choice, profile, row;
    bool full; /* not resumed, whole, and what was chosen had been offered */
    bool auth; /* the client of that row sent a certificate */
    uint64_t count;
    int64_t first_ns, last_ns;
};

/* What one offer got from one place. */
struct reply {
    uint32_t profile, choice /* 0: refused */, row;
    uint32_t with; /* the answers, by number in the run, that some client got as well as this one */
    uint64_t count;
    int64_t first_ns, last_ns;
};

enum { PLACE_KEYS = 4 };
struct place_facts {
    uint32_t proof, proofs; /* in study.proof */
    uint32_t split, splits; /* in study.split: different answers to one offer at overlapping times */
    int64_t changed_ns; /* the configuration changed then: what was seen before is history; 0 never */
    uint32_t cert[PLACE_KEYS]; /* certificates that were shown, one of each kind of key; 0 ends */
    uint8_t ceiling; /* version_rank() that the downgrade sentinel proves; 0 none */
    uint32_t ceiling_row;
    bool asks; /* for a certificate of the client, as far as that is visible (before TLS 1.3) */
    bool mixed; /* stands for many servers: a proxy asked by name of nobody */
    bool differs; /* one of the stacks got several answers */
    struct study_excess excess; /* what had no room beside the others to be compared with */
};

enum { STUDY_STRAINS = 16 /* more stacks behind one address are a crowd, not one machine */ };

/* One client and one server, over all names and stacks. */
struct party_pair {
    bool lossy; /* gaps, drops or a missing direction touched it */
    bool several; /* stacks */
    uint32_t stack; /* the only one, or the first */
    uint64_t plain; /* a bit per upgrade in which a session went on in clear text */
    uint32_t plain_row; /* the last of them: */
    uint32_t plain_first, plain_last; /* a chain in study.plain, in order of the rows, + 1 */
};

/* A row of sessions that went on in clear text. */
struct plain {
    uint32_t client, row;
    uint32_t next; /* of the same pair, + 1 */
};

struct study {
    const struct rollup *r;
    const struct cube *cube;
    const struct study_request *q;
    bool failed;
    struct intern *places, *clients, *choices, *pairs, *server_table;
    struct sight *seen;
    uint32_t sights;
    struct cell *cell;
    uint32_t *by_client; /* cells by client, stack, place */
    uint32_t *client_from; /* by client id - 1, and one more: where its cells begin in by_client */
    uint32_t *order; /* cells of the study, most handshakes first */
    uint32_t cells, cell_room, ordered;
    struct place_facts *facts; /* by place - 1 */
    uint32_t *place_server; /* by place - 1: 1..servers, in order of address */
    uint32_t *server_id; /* by number - 1: id in server_table */
    uint32_t servers;
    struct party_pair *pair; /* by id - 1 */
    uint32_t pair_room;
    struct plain *plain;
    uint32_t plains, plain_room;
    struct addr *client; /* by id - 1: the first address of each */
    uint32_t client_room;
    struct addr *address; /* of clients with a name, by client id and in order: study_names.c; NULL: --names was not given */
    uint32_t *address_from; /* by client id - 1, and one more: where they begin */
    struct stack_sum *client_stacks; /* by client id - 1 */
    bool *client_damaged; /* likewise: of one cell at least packets are missing */
    struct proof *proof;
    uint32_t proofs, proof_room;
    struct reply *split;
    uint32_t splits, split_room;
    uint32_t *stack_profile; /* by stack id: a profile of it */
    uint32_t *stack_rank; /* by stack id: its place among them, which depends on what they are */
    uint16_t *stack_dh; /* by stack id: the largest DH prime that it was seen to complete with */
    uint32_t stacks; /* highest id */
    struct offer *offer; /* by stack id, of stack_profile; read once */
    bool *offer_read; /* whether it could be */
    struct choice *choice; /* by choice id - 1 */
    uint32_t *choice_class; /* likewise: those that fit the same offers */
    struct fit *fit; /* a cache of how choices fit offers */
    struct stack_left { /* by stack id: what the policy judged last leaves of its offer */
        struct residue left;
        int top; /* highest rank that is offered and that the policy allows, whatever the rest */
        uint8_t below[8]; /* by rank: is anything left at that version or an older one? 0 not asked yet, 1 no, 2 yes */
        bool no_scheme; /* none of its signature schemes is allowed in TLS 1.2 */
        bool done;
    } *left;
    struct member *by_site, *by_server; /* cells by who may be one machine: coverage.c */

    const struct policy *policy; /* judged last */
    unsigned policy_index;
    struct judged {
        uint8_t answer;
        bool version; /* is allowed */
        uint64_t broken, invisible;
    } *judged; /* by choice id - 1 */
    struct verdict *verdict; /* beside cell[] */
    uint8_t *offends; /* likewise: would break, and is not listed apart */
    bool *asked; /* by place - 1: matches an entry of --enforce */
    uint16_t *client_mark, *server_mark; /* by id - 1: a bit for each enum verdict_kind met */
    struct decision decision;
    uint64_t looks; /* at a proof or an answer, for the sake of another: tests keep it from growing with more than their pairs */
    struct study_excess excess; /* of the places that are asked about */
    uint64_t folded_anywhere; /* handshakes without client or server, for which a table had no room */
    struct coverage *coverage; /* [0] the site, then by server */
};

/* seen[] is in the order of places: the first of this one; sights when there is none behind it. */
uint32_t study_first_sight(const struct study *s, uint32_t place);

/* Bits of client_mark and server_mark after those of the verdicts. */
enum { MARK_ALL = VERDICT_COUNT, MARK_STALE, MARK_ACCEPTED, MARK_ENFORCED };

/* Notes on a verdict, beside its kind. */
enum verdict_note {
    NOTE_NO_HELLO = 1 << 0,
    NOTE_OFFER_CUT = 1 << 1, /* the offer is too long to be kept whole */
    NOTE_LOSS = 1 << 2, /* what argues from absence was left out */
    NOTE_SCSV = 1 << 3, /* the hello says itself that it is a fallback, and the higher one was not seen */
    NOTE_RESUMING = 1 << 4, /* only hellos that resume were seen */
    NOTE_FALLBACK = 1 << 5, /* retries of a failed higher hello */
    NOTE_FALLBACK_SEEN = 1 << 6, /* they may be */
    NOTE_MAY_FALL = 1 << 7, /* the protocol is opportunistic */
    NOTE_FELL = 1 << 8, /* the client was seen in clear text */
    NOTE_SPLIT = 1 << 9, /* several backends */
    NOTE_CHANGED = 1 << 10, /* judged by what came after a change */
    NOTE_INTERCEPTION = 1 << 11, /* the server marked a downgrade that the offer does not explain */
    NOTE_CERT = 1 << 12, /* what the offer lacks, it lacks for this server's certificate */
    NOTE_CERT_FORBIDDEN = 1 << 13, /* the certificate breaks the policy */
    NOTE_RESUMED_ONLY = 1 << 14,
    NOTE_OWN = 1 << 15, /* the row is this client's own */
    NOTE_OWN_FAILURE = 1 << 16, /* an allowed offer of this client was refused */
    NOTE_SENTINEL = 1 << 17, /* the version is proved by the sentinel alone */
    NOTE_INVISIBLE = 1 << 18, /* a rule cannot be judged by what is visible */
    NOTE_VERSION_ONLY = 1 << 19, /* of what is needed, only the version is proved; with server-first: what is missing is no proof */
    NOTE_DH = 1 << 20, /* whether this client can use a DH prime of that size is not known */
    NOTE_SIGNATURE = 1 << 21, /* likewise the signature or the certificate */
    NOTE_ANY_GROUP = 1 << 22, /* likewise the curve */
    NOTE_CLIENT_AUTH = 1 << 23, /* it authenticates by certificate in another version */
    NOTE_HIGHER = 1 << 24, /* a higher version is offered of which nothing is known here */
    NOTE_NAT = 1 << 25, /* several stacks at one address */
    NOTE_FEATURE = 1 << 26, /* a feature is missing that not every server can insist on */
    NOTE_NO_ANSWER = 1 << 27, /* the answer was not seen */
    NOTE_ORDER = 1 << 28, /* the server is shown to have no allowed one; with unknown: nor would anybody give it that */
    NOTE_MIXED = 1 << 29,
    NOTE_SCHEMES = 1 << 30, /* none of its signature schemes is allowed, though it may need none */
};

/* Is a place what an entry of --enforce names, under whatever policy? */
bool enforce_matches(const struct study *s, const struct enforce *e, const struct place *p);

/* The next row after this one (0: the first) of sessions of the cell's client with its server that went on in clear text by
 * its upgrade: in study.plain, + 1; 0 no more. */
uint32_t study_plain_of(const struct study *s, const struct cell *c, uint32_t after);

/* study_names.c: after the rows. false: out of memory. */
bool study_names_collect(struct study *s);

static inline int order32(uint32_t a, uint32_t b)
{
    return (a > b) - (a < b);
}

/* A cell with what it is sorted by: cells lie too far apart to be compared where they are. */
struct study_item {
    uint64_t a, b;
    uint32_t c, cell;
};
int study_item_cmp(const void *x, const void *y); /* for qsort */

/* The parts of study_make(), in this order; false: out of memory. */
bool sights_collect(struct study *s); /* study_sights.c */
bool places_number(struct study *s); /* study_number.c, within sights_collect() */
bool stacks_number(struct study *s);
int rd_order(struct rd a, struct rd b); /* by bytes, then by length */
bool choices_collect(struct study *s);
bool stacks_collect(struct study *s);
bool cells_collect(struct study *s); /* study_cells.c */
bool clients_collect(struct study *s); /* study_clients.c */
bool servers_collect(struct study *s); /* study_order.c */
bool order_collect(struct study *s);
bool study_asks_for(const struct study *s, const struct endpoint *server); /* --server, --servers */
uint32_t study_server_at(const struct study *s, const struct endpoint *at, uint8_t transport); /* its number; 0: none */
bool row_touched_by_loss(const struct cube_key *k); /* packets of it are missing */
int cell_order(const struct study *s, const struct sight *a, const struct sight *b); /* by place, stack, client */

/* capability.c */
void capability_collect(struct study *s); /* sets .failed when out of memory */
/* What was chosen, by id (not 0). */
static inline const struct choice *study_choice(const struct study *s, uint32_t choice)
{
    return &s->choice[choice - 1];
}
bool row_is_whole(const struct cube_key *k); /* without gaps, both directions, and nothing chosen that was not offered */
bool row_is_full(const struct cube_key *k); /* known not to be resumed */
bool row_is_later(const struct study *s, uint32_t row, uint32_t than); /* than 0: yes; of equals, by what they are */
bool row_is_earlier(const struct study *s, uint32_t row, uint32_t than); /* likewise, by the handshake that stands for it */
bool row_was_refused(const struct cube_key *k); /* the server answered the hello with an alert */

/* Is a proof's choice within the offer of a stack? Notes say what no hello shows. */
bool choice_in_offer(const struct study *s, const struct proof *p, uint32_t stack, uint32_t *notes);
bool fit_open(struct study *s); /* its cache */
bool offer_has_version(const struct offer *o, uint16_t version);
bool offer_has_suite(const struct offer *o, uint32_t suite);
bool list16_has(struct rd list, uint16_t v);

/* verdict_all.c: all cells under s->policy into s->verdict. */
void verdict_all(struct study *s);
bool cell_is_damaged(const struct study *s, const struct cell *c); /* packets of it are missing: perhaps its hello */
const struct cell *cell_find(const struct study *s, uint32_t place, uint32_t stack, uint32_t client); /* NULL: none */

#endif
