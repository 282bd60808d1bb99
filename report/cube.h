/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cube - the tally: one row per set of handshakes that are alike in everything a study may ask. Policy-free: nothing is judged
 * while capturing, so any policy can be judged against any saved cube. Every report is a roll-up of it.
 *
 * Beside the rows: profiles (ClientHello offers), certificates, names, each interned once; hours (coverage and loss); inputs
 * (every file read); spans (first and last seen of client x profile x server, which outlive retention). Merging cubes is
 * addition: commutative and associative. What exceeds a cap is folded into a row whose client is ADDR_NONE ("other"), and
 * counted: rows plus folded equal what was seen.
 */
#ifndef REPORT_CUBE_H
#define REPORT_CUBE_H

#include "base/err.h"
#include "capture/stats.h"
#include "dissect/event.h"

/* Ids are of this cube's tables, 0 = none. */
struct cube_key {
    struct endpoint client; /* port always 0 */
    struct endpoint server;
    uint32_t day; /* days since 1970-01-01 UTC */
    uint32_t profile; /* the answered ClientHello's offer */
    uint32_t sni; /* name id */
    uint32_t cert; /* certificate id */
    /* From here on as struct cube_shape. */
    uint32_t scope; /* tenant (VLAN or VNI) with --scope, else 0 */
    uint32_t fallback_from; /* profile of the failed higher hello this one followed */
    uint32_t suite; /* SUITE_NONE when unknown */
    uint32_t flags; /* enum event_flags, those of CUBE_FLAGS only */
    uint16_t version, group, dh_bits, sigscheme;
    uint16_t refusal_code;
    uint16_t sensor; /* cube_sensor() names it; 0 = none was named */
    uint8_t transport, outcome, aftermath, sentinel;
    uint8_t alert_from, alert_code, upgrade /* index into cube_upgrade_name, 0 none */, offered;
};

/* What was chosen and how it ended: of a million rows a few hundred differ in it, so it is kept once. Compared and hashed as
 * memory: no padding, every byte set. */
struct cube_shape {
    uint32_t scope, fallback_from, suite, flags;
    uint16_t version, group, dh_bits, sigscheme, refusal_code, sensor;
    uint8_t transport, outcome, aftermath, sentinel, alert_from, alert_code, upgrade, offered;
};

enum { CUBE_FLAGS = EV_RESUMPTION_ATTEMPTED | EV_RESUMED | EV_RESUMED_KNOWN | EV_HRR | EV_EMS | EV_ETM | EV_RENEGOTIATION_INFO |
                    EV_COMPRESSION | EV_CLIENT_CERT_REQUESTED | EV_CLIENT_CERT_SENT | EV_CLIENT_CERT_EMPTY |
                    EV_DIRECTION_GUESSED | EV_GAP | EV_ONE_SIDED | EV_MIDSTREAM | EV_CUT | EV_ALERT_ENCRYPTED |
                    EV_SUITE_NOT_OFFERED | EV_FALLBACK_SCSV | EV_CLEARTEXT_LOGIN | EV_PROXIED,
       CUBE_OTHER = 1 << 30 /* the row holds what was folded; of the key, only what could be kept is set */ };

/* One handshake by which the row can be found again: the earliest (ties: lowest frame). */
struct exemplar {
    int64_t ts_ns;
    uint64_t frame;
    uint32_t input; /* id in the inputs table */
    uint16_t client_port;
    uint16_t pad;
};

struct cube_val {
    uint64_t count;
    int64_t first_ns, last_ns;
    struct exemplar exemplar;
};

/* A distinct ClientHello offer with everything derived once. */
struct profile {
    struct rd offer; /* canonical bytes; offer_read() gives the lists */
    uint32_t stack; /* id of the offer without resumption extensions and ALPN; profiles of one stack share it */
    char stack_label[13]; /* the stack's name in outputs: the same in every file and run */
    char ja4[40]; /* of the earliest hello (padding and PSK, which are not of the offer, count in it) */
    int64_t ja4_ns; /* when that was; INT64_MAX: none */
    uint16_t max_version;
    const char *guess; /* which software it may be, or NULL: advice */
};

struct span { /* roll-up that outlives retention */
    int64_t first_ns, last_ns;
    uint64_t count;
};

struct hour {
    int64_t hour; /* hours since 1970 UTC */
    uint16_t sensor;
    struct stats stats; /* of that hour alone */
};

#define INPUT_COUNTS_TWICE "what both hold counts twice" /* in the warning of an input that begins like another */

#define INPUT_NOT_READ "not read: " /* begins that of one of which nothing was */
#define INPUT_INTERRUPTED "interrupted after packet" /* in that of one that was not read to its end; */
#define INPUT_NOT_READ_ON "not read on after packet"
#define INPUT_CUT "damaged or cut after packet" /* or has none: capture/source.c says it, and stats.file_cut counts it */

struct input {
    char *name; /* path as given */
    uint8_t digest[32]; /* SHA-256 of the capture, unpacked; zero when not computed or live */
    uint64_t mark; /* of its first packet (source_file); 0 unknown. Kept by a state, not loaded from one */
    int64_t first_ns, last_ns;
    uint64_t packets, bytes;
    char warning[160]; /* "ends in the middle of a packet", or empty; several are parted by "; " */
    int64_t read_ns; /* when this program read it */
    uint32_t again; /* so many times more it was added from states that hold it too (cube_input_again) */
};

struct cube_options {
    uint32_t max_rows, max_profiles, max_names, max_certs; /* 0: limits.h */
    unsigned client_prefix; /* IPv6 clients are cut to this many bits; 0 = 128 */
    uint8_t scope; /* enum flow_scope: tenant ids of this kind are part of the key; 0 none are */
    const uint8_t *anonymize_key; /* 32 bytes: client addresses become keyed pseudonyms; NULL = not */
    const char *sensor; /* name of the place of capture; NULL = none */
    uint64_t seed;
};

struct cube;
struct cube *cube_new(const struct cube_options *opt); /* borrows nothing. NULL: out of memory */
void cube_free(struct cube *c);

/* Tally one event. Never fails: what cannot be kept is folded and counted. Recognises fallback dances (fallback_from), and
 * clients that come back after a refusal (AFTER_RECONNECT): for that a refused session may wait to be tallied. */
void cube_event(struct cube *c, const struct tls_event *ev);
/* After the last event, and before the cube is read, merged or saved: nothing waits any more. */
void cube_settle(struct cube *c);
/* The same where events go on: then only those wait that may still change. */
void cube_flush(struct cube *c);
/* No more events come before it is read, or joined for the last time: its rows are put in the order that they will be read in. In
 * the thread that has it. */
void cube_arrange(struct cube *c);
/* A cube may be saved in parts, for weeks: after each it is emptied for the events to come. Inputs keep their ids, and names
 * theirs, until their tables are crowded: then settle it before saving and say so, and they are forgotten. */
bool cube_crowded(const struct cube *c);
void cube_restart(struct cube *c, bool settled);
/* Who a client is called in this cube: cut to the prefix, then a pseudonym where clients are anonymized. */
struct addr cube_client(const struct cube *c, const struct addr *a);
/* How clients are told apart in this cube. Two tallies add up to something meaningful only where it is the same. */
struct cube_manner {
    bool anonymize;
    uint8_t key_check[16]; /* of the pseudonyms' key, which cannot be found from it; zero without */
    uint8_t scope;
    unsigned client_prefix; /* 1 to 128 */
};
void cube_manner(const struct cube *c, struct cube_manner *out);
/* Counters of one packet-time hour, to be added to what is there. */
void cube_hour(struct cube *c, int64_t hour, const struct stats *delta);
/* Register an input; its id for packets and exemplars. One that is here already (same name, digest and time of reading) is
 * added to. 0 when out of memory. */
uint32_t cube_input(struct cube *c, const struct input *in);
/* The same of an input of one more state. One that is here already, and not another part of what an interface brought,
 * counts more than once. */
uint32_t cube_input_again(struct cube *c, const struct input *in);
struct input *cube_input_get(struct cube *c, uint32_t id); /* NULL when there is none; valid as long as the cube */
const struct input *cube_input_at(const struct cube *c, uint32_t id); /* the same, to read */
const struct input *cube_input_by_digest(const struct cube *c, const uint8_t digest[32]);

/* A cube that shares the events of one run with others: it remembers when each entry of its tables came, and is told before each
 * event what time that is. Call right after cube_new. */
void cube_share(struct cube *c);
void cube_at(struct cube *c, uint64_t order, uint64_t second); /* never less than before */
/* into += all the parts, which share a run: new names, profiles and certificates get their ids in the order of events, as if one
 * cube had seen them all. The parts' inputs are the first of into's, in the same order. -1: out of memory, *into is unchanged in
 * meaning. */
int cube_join(struct cube *into, struct cube *const *part, unsigned parts);
/* The same, but the parts are only to be freed then: what they hold may have moved. */
int cube_join_last(struct cube *into, struct cube *const *part, unsigned parts);

/* into += from. Commutative and associative up to the order of ids. -1: out of memory, *into is unchanged in meaning. */
int cube_merge(struct cube *into, const struct cube *from);

/* Building a cube from what another held (a state file). The ids are of this cube; 0: full or out of memory. */
uint32_t cube_put_name(struct cube *c, struct rd name);
uint32_t cube_put_profile(struct cube *c, struct rd offer, const char *ja4, int64_t ja4_ns);
uint32_t cube_put_cert(struct cube *c, const struct cert_facts *facts);
uint16_t cube_put_sensor(struct cube *c, const char *name);
/* false: no memory for a new hour; its counters are in the one beside it. */
bool cube_put_hour(struct cube *c, int64_t hour, uint16_t sensor, const struct stats *delta);
/* Add a row. The client is cut or made a pseudonym as the options say. Where the table is full it is folded, and so it is
 * when whole is false: something the key refers to could not be kept. false: out of memory, nothing was added. */
bool cube_put_row(struct cube *c, const struct cube_key *k, const struct cube_val *v, bool whole);
/* Add to a span that outlives its rows. false: out of memory. */
bool cube_put_span(struct cube *c, const struct endpoint *client, uint32_t profile, const struct endpoint *server,
                   const struct span *s);

/* Reading. Rows by id 1..cube_rows(); the order is that of first appearance, so sort by key for output. */
uint32_t cube_rows(const struct cube *c);
bool cube_has_pseudonyms(const struct cube *c); /* among the clients of its rows: of a state made with --anonymize, say */
/* The ids of all rows in an order that depends on nothing but their content (client, server, time ...); freed by the caller.
 * NULL when out of memory (or when there are none). */
uint32_t *cube_sorted(const struct cube *c);
int cube_row_cmp(const struct cube *c, uint32_t a, uint32_t b); /* of two rows, in that order */
void cube_row_fetch(const struct cube *c, uint32_t row); /* into the cache: it will be read soon */
/* A row as it lies in memory, for who walks over all of them: what it has in common with others can be compared as numbers. */
struct cube_row_key { /* struct cube_key; compared and hashed as memory: no padding, every byte set */
    uint32_t client, server; /* an IPv4 address as a number; of others an id; 0 for ADDR_NONE */
    uint32_t shape, day, profile, sni, cert;
    uint16_t port; /* of the server */
    uint8_t kinds; /* of the server's address, and 16 times that of the client's */
    uint8_t zero;
};
struct cube_row {
    struct cube_row_key key;
    int64_t first_ns, last_ns; /* struct cube_val, as is what follows; its exemplar.ts_ns is first_ns too, unless it is wide */
    uint32_t count; /* cube_row_count */
    uint32_t frame, input;
    uint16_t client_port;
    bool wide; /* not all of the value fits: it lies elsewhere, but for the times, and count is where */
    uint8_t zero;
};
const struct cube_row *cube_row_at(const struct cube *c, uint32_t row);
uint64_t cube_row_count(const struct cube *c, const struct cube_row *r);
struct addr cube_row_client(const struct cube *c, const struct cube_row *r);
struct endpoint cube_row_server(const struct cube *c, const struct cube_row *r);
const struct cube_shape *cube_shape(const struct cube *c, uint32_t id); /* 1..cube_shapes() */
uint32_t cube_shapes(const struct cube *c);
static inline bool cube_same_client(const struct cube_row *a, const struct cube_row *b) /* of one cube */
{
    return a->key.client == b->key.client && (a->key.kinds ^ b->key.kinds) < 16;
}
static inline bool cube_same_server(const struct cube_row *a, const struct cube_row *b)
{
    return a->key.server == b->key.server && a->key.port == b->key.port && ((a->key.kinds ^ b->key.kinds) & 15) == 0;
}
/* All of it, unpacked. */
struct cube_key cube_key_of(const struct cube *c, uint32_t row);
struct cube_val cube_val_of(const struct cube *c, uint32_t row);
/* The same, as a pointer to what was unpacked, which lives as long as the block that this stands in. */
#define cube_row_key(c, row) ((const struct cube_key *)(const struct cube_key[1]){ cube_key_of((c), (row)) })
#define cube_row_val(c, row) ((const struct cube_val *)(const struct cube_val[1]){ cube_val_of((c), (row)) })
const struct profile *cube_profile(const struct cube *c, uint32_t id); /* id 1..cube_profiles() */
uint32_t cube_profiles(const struct cube *c);
struct rd cube_name(const struct cube *c, uint32_t id); /* raw bytes from the wire: escape on output; id 0: empty */
uint32_t cube_names(const struct cube *c);
const struct cert_facts *cube_cert(const struct cube *c, uint32_t id); /* NULL for 0 */
uint32_t cube_certs(const struct cube *c);
struct rd cube_sensor(const struct cube *c, uint16_t id); /* id 0: empty */
uint16_t cube_sensors(const struct cube *c);
const char *cube_upgrade_name(uint8_t upgrade); /* NULL for 0 */
uint8_t cube_upgrade_id(const char *name); /* 0 for NULL and unknown */
unsigned cube_hours(const struct cube *c);
const struct hour *cube_hour_at(const struct cube *c, unsigned i); /* in order of time, then of sensor */
unsigned cube_inputs(const struct cube *c);
void cube_totals(const struct cube *c, struct stats *out); /* sum over all hours */
void cube_hourless(const struct cube *c, struct stats *out); /* the part of it that is in no hour: there was no memory for one */
bool cube_oom(const struct cube *c); /* after a put or cube_input that gave 0: for want of memory, not at a cap */
uint64_t cube_lost(const struct cube *c); /* handshakes for which there was no memory at all; part of memory_refused above */
typedef void cube_span_visit(void *ctx, const struct endpoint *client, uint32_t profile, const struct endpoint *server,
                             const struct span *s);
/* Every span once, rows and what outlived them together, in order of client, profile's bytes, server. -1: out of memory. */
int cube_each_span(const struct cube *c, cube_span_visit *visit, void *ctx);
/* Only those that outlived their rows, in order of appearance: for the store. */
void cube_each_old_span(const struct cube *c, cube_span_visit *visit, void *ctx);

/* Services that classify named, as advice for reports. An endpoint that was named differently at times has an entry each. */
void cube_service(struct cube *c, const struct endpoint *server, uint8_t proto, const char *service, bool cleartext,
                  uint64_t flows);
struct service {
    struct endpoint server;
    uint8_t proto;
    bool cleartext;
    uint64_t flows;
    char name[32];
};
const struct service *cube_services(const struct cube *c, unsigned *n); /* in order of server, proto, name */

#endif
