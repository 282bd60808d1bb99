/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tls_state - what a conversation knows: private to tls.c (records and messages), sslv2.c, outcome.c (how it ends)
 * and tls_event.c (what is told of it).
 */
#ifndef DISSECT_TLS_STATE_H
#define DISSECT_TLS_STATE_H

#include "dissect/handshake.h"
#include "dissect/hello_kept.h"
#include "dissect/record.h"

/* What one party has done. */
struct tls_side {
    struct handshake handshake;
    uint64_t data_bytes; /* protected bytes since the hellos */
    unsigned records; /* SSLv2: encrypted records; QUIC: protected packets */
    struct record record;
    uint8_t alert[2], alert_have; /* of an alert record that comes in pieces */
    bool seen; /* bytes of it came */
    bool closed; /* it has said all it had to say (FIN) */
    bool gap; /* bytes of it are missing */
    bool dead; /* what it sends is no TLS: not read any more */
    bool unaligned; /* after a gap: where its next handshake message begins is not known */
    bool sealed; /* the open handshake record is encrypted */
    bool ccs; /* it sent ChangeCipherSpec */
    bool finished; /* <= 1.2: an encrypted handshake record behind it; 1.3, client: a record of a Finished's size */
    bool data; /* protected application data */
    bool went_on; /* client: more than what a client says before it is answered */
    bool small_last; /* 1.3: its last protected record had the size of an alert */
};

struct tls_answer { /* a ServerHello, and the bytes that its spans point into */
    struct server_hello hello;
    uint32_t length;
    uint8_t body[];
};

enum { SIDE_NONE = 2 };
enum resumption { RESUMPTION_UNKNOWN, RESUMPTION_NO, RESUMPTION_YES };

struct tls {
    struct tls_shared *shared;
    uint8_t framing; /* enum tls_framing */
    uint8_t client; /* 0, 1, SIDE_NONE */
    bool has_ch, has_sh;
    bool early_data, sslv2_format; /* of the ClientHello: offers 0-RTT; is in SSLv2's format */
    bool sslv2; /* the server answered in SSLv2 */
    bool sslv2_resumed; /* with a session id hit: no CLIENT-MASTER-KEY follows */
    bool full; /* the server sent messages that an abbreviated handshake does not have */
    bool abbreviated; /* the server's ChangeCipherSpec came without them */
    bool client_auth; /* 1.3: the client's last flight held (or may have held) more than a Finished:
                       * it was asked for a certificate */
    bool malformed; /* a message or record that cannot be */
    bool decided;
    uint8_t final; /* enum tls_verdict of tls_bytes, once it is not TLS_MORE: what comes then is not read */
    uint8_t outcome; /* enum outcome, once decided */
    struct tls_side side[2];
    struct tls_when now, first, ch_when, sh_when;
    uint32_t flags; /* enum event_flags found so far */

    uint8_t *ch; /* with has_ch: hello_keep's, ch_length bytes */
    struct tls_answer *sh; /* with has_sh, but not of SSLv2 */
    uint32_t ch_length;
    uint16_t version, version_wire;
    uint32_t suite;
    uint16_t group, dh_bits, sigscheme;
    const struct cert_facts *cert; /* held in the cache */
    uint16_t cert_count;

    /* An alert that has not decided (yet). */
    uint8_t alert_side; /* SIDE_NONE: none */
    uint8_t alert_level, alert_code;
    bool alert_sealed;
    bool alert_late; /* it came after the other side had closed: an answer to that, not the cause */
};

static inline struct tls_side *client_side(struct tls *t)
{
    return &t->side[t->client == 1];
}

static inline struct tls_side *server_side(struct tls *t)
{
    return &t->side[t->client != 1];
}

/* tls.c: the message under way on this side never becomes whole: what came of it is used where that is sound. */
void tls_salvage(struct tls *t, unsigned d);

/* tls.c: the certificates of a chain, leaf first. */
void tls_server_cert(struct tls *t, struct rd leaf, unsigned count);

/* sslv2.c: a piece of a record of side d in SSLv2's form. */
enum tls_verdict sslv2_piece(struct tls *t, unsigned d, const struct record_piece *piece);

/* tls.c: what a whole ClientHello does, of either format. */
enum tls_verdict tls_client_hello(struct tls *t, unsigned d, const struct handshake_message *m, enum hello_format format);

/* tls.c: what side d sends is no record, or a record that cannot be. */
enum tls_verdict tls_bad_record(struct tls *t, unsigned d);

/* outcome.c: what tells how it ends, as it happens. */
enum tls_verdict outcome_decide(struct tls *t, enum outcome o);
enum tls_verdict outcome_ccs(struct tls *t, unsigned d);
enum tls_verdict outcome_finished(struct tls *t, unsigned d); /* an encrypted handshake record */
enum tls_verdict outcome_data(struct tls *t, unsigned d, size_t length); /* protected data of that length */
enum tls_verdict outcome_unread(struct tls *t, unsigned d, size_t length); /* bytes that could not be read as records */
enum tls_verdict outcome_alert(struct tls *t, unsigned d, uint8_t level, uint8_t code);
enum tls_verdict outcome_sealed_alert(struct tls *t, unsigned d);
/* The conversation is over: settles t->outcome and t->flags. */
void outcome_end(struct tls *t, enum tls_end end, unsigned by);

#endif
