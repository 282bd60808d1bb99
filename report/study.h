/* SPDX-License-Identifier: Apache-2.0 */
/*
 * study - the cutover study: a cube seen as client x stack x place, and under a policy one verdict for each.
 *
 * A place is a name at an endpoint: server address, port, transport, tenant, upgrade and SNI. A cell is what one stack
 * of one client
 * did at one place. Both are worked out once; policies are then judged one at a time over all cells, so that memory does not
 * grow with their number.
 *
 * What is predicted is enforcement that only narrows the server's present configuration by what the policy forbids ("B1" in the
 * explanations). Only MUST_NOT rules decide.
 */
#ifndef REPORT_STUDY_H
#define REPORT_STUDY_H

#include "report/policy.h"
#include "report/rollup.h"

/* In the order in which they are tried; the first that matches wins. V(name, JSON, what it means). */
#define VERDICTS(V)                                                                                             \
    V(FAILING, "failing", "fails already, whatever is enforced")                                                \
    V(PLAINTEXT, "plaintext", "would go on in clear text")                                                      \
    V(BREAKS, "breaks", "the client offers nothing that is allowed")                                    \
    V(READY, "ready", "satisfies the policy already")                                                           \
    V(SERVER_FIRST, "server-first", "the server must change first")                                             \
    V(SAFE, "safe", "the server proved that it can serve this offer within the policy")                         \
    V(LIKELY, "likely", "probably works; not everything is proved")                                             \
    V(UNKNOWN, "unknown", "not enough was seen to say")

enum verdict_kind {
#define V(name, json, text) VERDICT_##name,
    VERDICTS(V)
#undef V
    VERDICT_COUNT
};
const char *verdict_name(enum verdict_kind v);
const char *verdict_text(enum verdict_kind v);
int verdict_by_name(const char *name); /* -1: none */

/* Which servers the what-if is about: all, or those that match one of these. */
struct enforce {
    bool named; /* by SNI or by the name that --names gives; else by address */
    struct cidr at;
    uint16_t port; /* 0: any */
    char name[256];
    char policy_name[256]; /* as given; "": none */
    const char *text; /* as given, whole */
    unsigned policy; /* index in study_request.policy; UINT_MAX: every one */
};

struct accept_list; /* report/accept.h */

struct study_subject { /* whom to explain */
    struct cidr client;
    char client_name[256]; /* of --names; "": the address is given */
    struct enforce server;
};

enum study_result { STUDY_READY, STUDY_NOT_PROVED, STUDY_NOT_ENOUGH, STUDY_NOT_READY }; /* from good to bad */

/* The verdicts, a bit for each, that make the decision "not ready", whatever --fail-on says. */
enum { STUDY_BAD = 1 << VERDICT_BREAKS | 1 << VERDICT_PLAINTEXT | 1 << VERDICT_SERVER_FIRST };

struct study_request {
    struct policy **policy;
    unsigned policies;
    const struct enforce *enforce;
    unsigned enforces;
    const struct accept_list *accept; /* NULL: none */
    int64_t now_ns; /* exceptions that expired before have no effect */
    unsigned fail_on; /* a bit for each enum verdict_kind on which the exit status is 1; the decision does not depend on it */
    const struct study_subject *subject; /* of explain_report(); else NULL */
    enum study_result exits; /* what the exit status says, of the worst policy: left there by the report */
    unsigned idle_exceptions; /* likewise: lines of --accept without effect */
};

/* One verdict. The numbers are of the study that made it. */
struct verdict {
    uint8_t is; /* enum verdict_kind */
    uint8_t missing; /* enum missing: what the offer lacks */
    uint8_t list; /* enum verdict_list */
    uint32_t notes; /* enum verdict_note */
    uint32_t cell;
    uint32_t row; /* of the cube: the handshake that the reason rests on, 0 none */
    uint64_t broken, invisible; /* rules of the policy: violated by, not visible in, that handshake */
};
enum verdict_list { LIST_MAIN, LIST_STALE /* the stack was replaced */, LIST_ACCEPTED /* by --accept */,
                    LIST_OUTSIDE /* not among the servers to be enforced */ };

struct place {
    struct endpoint server;
    uint32_t scope, sni; /* name id of the cube */
    uint8_t transport, upgrade;
    uint16_t pad; /* 0: interned as memory */
};

struct cell {
    uint32_t place, client, stack; /* stack 0: a hello was never seen */
    uint32_t from, to; /* in study.seen */
    uint32_t profile; /* the one of its profiles with the most handshakes; 0 none */
    uint32_t main_row; /* the row with the most handshakes that negotiated something, else the most */
    uint64_t count;
    int64_t first_ns, last_ns;
    uint32_t exemplar_row; /* the row with the earliest */
    bool in_study, stale;
    bool lossy, gappy; /* packets of the two are missing; in its hours, many of anybody's */
    bool nat; /* its client showed several stacks */
};

/* How many, and how many clients, servers and handshakes they are. */
struct study_sum {
    uint64_t cells, clients, servers, handshakes;
};

struct decision {
    struct study_sum by[VERDICT_COUNT], stale, accepted, all;
    uint64_t accepted_broken; /* of those accepted, pairs that would break or fall to plaintext */
    enum study_result result;
    enum study_result exits; /* the same for the exit status: --fail-on says which verdicts make it "not ready" */
};

struct study;
/* Borrows all three. NULL: out of memory. */
struct study *study_make(const struct rollup *r, const struct study_request *q);
void study_free(struct study *s); /* NULL is fine */

/* Judge all cells under policy i. What follows speaks of the policy judged last. */
void study_judge(struct study *s, unsigned i);
uint32_t study_verdicts(const struct study *s);
/* Verdict 0..: most handshakes first, then by client, server, name, stack. */
const struct verdict *study_verdict(const struct study *s, uint32_t i);
/* The same in the order of their cells, 0..study_cells() - 1, which is faster for sums; those that are not in the study are
 * LIST_OUTSIDE. */
const struct verdict *study_verdict_of(const struct study *s, uint32_t cell);
uint32_t study_cells(const struct study *s);
const struct decision *study_decision(const struct study *s);
const struct policy *study_policy(const struct study *s);

/* How much the decision rests on, and the word for it: of the site (0) or of a server, 1..study_servers(). */
const struct coverage *study_coverage(const struct study *s, uint32_t server);
enum study_result study_result_of(const struct study *s, uint32_t server);
const char *study_result_name(enum study_result r);
uint32_t study_servers(const struct study *s);
/* A server is an address, a port and a transport, as in every other count. */
const struct endpoint *study_server(const struct study *s, uint32_t server);
uint8_t study_server_transport(const struct study *s, uint32_t server);
bool study_is_enforced(const struct study *s, uint32_t server); /* or nothing limits it */
uint32_t study_server_of(const struct study *s, uint32_t place);
uint32_t study_places(const struct study *s); /* 1..n */
/* Is this place judged only because another name at its endpoint was asked for (--enforce)? */
bool study_came_along(const struct study *s, uint32_t place);

const struct study_request *study_request_of(const struct study *s);
const struct rollup *study_rollup(const struct study *s);
const struct cell *study_cell(const struct study *s, uint32_t cell);
const struct place *study_place(const struct study *s, uint32_t place);
const struct addr *study_client(const struct study *s, uint32_t client); /* of several addresses the lowest */
/* Is entry i of --enforce of the policy judged last, and nothing was seen of what it names? Then nearest, of cap bytes (or NULL),
 * gets the name that was seen and is most like it, or "". */
bool study_enforce_missed(const struct study *s, unsigned i, char *nearest, size_t cap);
/* Clients that --names gives one name are one client (study_names.c). NULL: it has none. */
const char *study_client_name(const struct study *s, uint32_t client);
/* Its addresses in order, at least one. Valid as long as the study. */
const struct addr *study_addresses(const struct study *s, uint32_t client, uint32_t *n);
/* How many clients have a name that stands for several addresses, and for how many together. */
uint32_t study_names(const struct study *s, uint32_t *addresses);
/* From how many addresses the clients of a verdict came, under the policy judged last; 0: out of memory. */
uint32_t study_addresses_of(const struct study *s, enum verdict_kind v);
/* Those that a cell's handshakes came from, to be freed. NULL: out of memory. */
struct addr *cell_addresses(const struct study *s, const struct cell *c, uint32_t *n);
/* "10.1.2.3, 10.1.2.9 and 4 more"; empty for a client of one address. Returns buf. */
const char *cell_addresses_text(const struct study *s, const struct cell *c, char *buf, size_t cap);
/* "10.1.2.3", "10.1.2.3 till-4", "tills (12 addresses)". Returns buf. */
const char *client_text(const struct study *s, uint32_t client, char *buf, size_t cap);
bool study_is_client(const struct study *s, uint32_t client, const struct study_subject *q); /* by its name, or any address */
/* The exception (--accept) that holds for a cell; NULL: none. */
struct accepted;
const struct accepted *study_accepted(const struct study *s, const struct cell *c);
/* The next exception from *i on that has no effect, because it expired or nothing was seen that it matches; *i is then behind it.
 * NULL: no more. */
const struct accepted *study_idle_exception(const struct study *s, uint32_t *i, bool *expired);
/* How many stacks the client showed; how many of these are judged, and would break or fall to plaintext somewhere, accepted
 * (--accept) or not. */
struct stack_sum {
    uint32_t all, judged, broken;
};
struct stack_sum study_stacks_of(const struct study *s, uint32_t client);

/* "10.0.0.1:25 mail.example smtp", "10.0.0.1:443 (QUIC) www.example": a server with the name and the upgrade. Returns buf. */
const char *place_text(const struct study *s, uint32_t place, char *buf, size_t cap);

/* Handshakes that were not compared with others, because one name at one server showed more kinds than can be: as proofs they
 * prove nothing for other clients; as answers to one and the same offer they make the server count as several backends. Of the
 * servers that are asked about. */
enum { STUDY_PROOFS = 256, STUDY_ANSWERS = 32 };
struct study_excess {
    uint64_t proofs, answers;
};
const struct study_excess *study_excess(const struct study *s);

/* Why, in sentences, the decisive one first. Returns how many. */
enum { REASONS = 8, REASON_TEXT = 256 };
unsigned verdict_reasons(const struct study *s, const struct verdict *v, char out[REASONS][REASON_TEXT]);

/* "accepted until 2026-12-31: replaced in December"; empty where no exception (--accept) holds. Returns buf. */
enum { ACCEPTED_TEXT = 2048 };
const char *verdict_accepted(const struct study *s, const struct verdict *v, char buf[ACCEPTED_TEXT]);

/* Room for one more of n in a growing array. NULL: out of memory (the array stays). */
void *study_room(void *array, size_t width, uint32_t n, uint32_t *room);

/* json_study.c: the sections of the JSON report. The result is left in the request. false: out of memory. */
struct json_out;
bool json_study(struct json_out *j, FILE *out, const struct rollup *r);

#endif
