/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hello - the facts of a ClientHello and a ServerHello (RFC 8446 section 4.1, RFC 5246 section 7.4.1, RFC 6101, the SSLv2
 * draft). Pure: a whole message in, facts out. The spans borrow the message.
 */
#ifndef DISSECT_HELLO_H
#define DISSECT_HELLO_H

#include "base/rd.h"
#include "dissect/names.h"

enum hello_format { HELLO_TLS, HELLO_SSLV2 /* 3-byte cipher specs in .suites */, HELLO_DTLS };

/* Extension bits of interest, so that facts are one mask. */
enum hello_ext {
    EXT_SNI = 1 << 0, EXT_EMS = 1 << 1, EXT_ETM = 1 << 2, EXT_RENEGOTIATION_INFO = 1 << 3, EXT_TICKET = 1 << 4,
    EXT_PSK = 1 << 5, EXT_EARLY_DATA = 1 << 6, EXT_ECH = 1 << 7, EXT_NPN = 1 << 8, EXT_ALPN = 1 << 9,
    EXT_SUPPORTED_VERSIONS = 1 << 10, EXT_SIGALGS = 1 << 11, EXT_GROUPS = 1 << 12, EXT_KEY_SHARE = 1 << 13,
    EXT_STATUS_REQUEST = 1 << 14, EXT_SCT = 1 << 15, EXT_HEARTBEAT = 1 << 16, EXT_POINT_FORMATS = 1 << 17,
    EXT_COOKIE = 1 << 18, EXT_QUIC_PARAMS = 1 << 19, EXT_MAX_FRAGMENT = 1 << 20, EXT_PSK_MODES = 1 << 21,
    EXT_SIGALGS_CERT = 1 << 22, EXT_TRUNCATED_HMAC = 1 << 23, EXT_CONNECTION_ID = 1 << 24,
};

struct client_hello {
    struct rd raw; /* the message body (after the 4-byte header; SSLv2: after the record header) */
    uint8_t format; /* enum hello_format */
    uint16_t legacy_version;
    uint16_t max_version; /* highest canonical version offered: supported_versions if present, else legacy_version */
    struct rd suites; /* 2 bytes each; SSLv2 format: 3 bytes each */
    struct rd compression; /* 1 byte each */
    struct rd session_id;
    struct rd extensions; /* the block, in wire order, up to the first extension that is not whole */
    struct rd sni; /* host_name, as sent (not escaped, not lowered); empty when absent */
    struct rd alpn; /* ProtocolName list (each with its 1-byte length) */
    struct rd versions; /* supported_versions, 2 bytes each, GREASE still in */
    struct rd groups, sigalgs, sigalgs_cert; /* 2 bytes each */
    struct rd point_formats; /* 1 byte each */
    struct rd key_shares; /* KeyShareEntry list */
    struct rd ticket; /* session_ticket contents; EXT_TICKET says whether the extension is there */
    uint32_t ext_mask; /* enum hello_ext */
    uint64_t ext_low; /* which of the types 0 to 63 are in extensions */
    bool ext_high; /* and whether there are others that are no GREASE */
    bool fallback_scsv; /* 0x5600 among the suites, RFC 7507 */
    bool renegotiation_scsv; /* 0x00ff, RFC 5746 */
    bool grease; /* any GREASE value seen */
};

/* false: malformed (or shorter than its lengths say). format is HELLO_TLS or HELLO_DTLS. body: without the handshake
 * header. */
bool client_hello_parse(struct rd body, enum hello_format format, struct client_hello *ch);
/* The SSLv2-format CLIENT-HELLO, body after the 2- or 3-byte record header, first byte the message type 1. */
bool client_hello_parse_sslv2(struct rd body, struct client_hello *ch);

enum sentinel { SENTINEL_NONE, SENTINEL_TLS11 /* ...00: chose <= 1.1 but can do 1.2 or more */,
                SENTINEL_TLS12 /* ...01: chose 1.2 but can do 1.3 */ }; /* RFC 8446 section 4.1.3 */

struct server_hello {
    uint16_t legacy_version;
    uint16_t version_wire; /* selected: supported_versions if present, else legacy_version */
    uint16_t version; /* the same, canonical (drafts as TLS 1.3) */
    uint32_t suite;
    uint8_t compression;
    uint8_t sentinel; /* enum sentinel; SENTINEL_NONE in a HelloRetryRequest */
    bool hrr; /* a HelloRetryRequest: random is SHA-256("HelloRetryRequest"), or the draft's own message */
    uint16_t group; /* key_share's (or the HelloRetryRequest's selected) group; 0 none */
    bool psk; /* pre_shared_key accepted */
    struct rd session_id;
    struct rd alpn; /* chosen protocol (one name without length), empty when not visible */
    struct rd extensions;
    uint32_t ext_mask; /* enum hello_ext */
};
bool server_hello_parse(struct rd body, bool dtls, struct server_hello *sh);
/* What stands before the extensions, and those that are whole, of a ServerHello that does not parse. cut: its end is
 * missing (then the suite tells TLS 1.3 from 1.2 where supported_versions did not come); else its extensions are damaged.
 * True when version, suite and compression are there and the version is sound. */
bool server_hello_partial(struct rd part, bool cut, bool dtls, struct server_hello *sh);
/* The HelloRetryRequest of the TLS 1.3 drafts up to 21, a message of its own (HandshakeType 6). */
bool hello_retry_parse(struct rd body, struct server_hello *sh);

/* The whole offer in canonical form, so that two hellos of one software configuration are the same bytes: GREASE removed,
 * extensions as a sorted set, without SNI, random, session id, ticket and PSK contents, key material, cookie, padding,
 * early data. This is what a profile is keyed by. Returns the length; at most cap bytes are written (a longer offer is cut
 * at cap and keeps its full-length hash in the last 8 bytes). */
enum { OFFER_MAX = 4096 };
size_t client_hello_offer(const struct client_hello *ch, uint8_t out[OFFER_MAX]);

/* The canonical form back into lists. Spans borrow the bytes. false when the bytes are not of this form. */
struct offer {
    uint8_t format; /* enum hello_format */
    bool quic; /* EXT_QUIC_PARAMS was offered */
    uint16_t legacy_version, max_version;
    struct rd versions, suites /* 2 bytes each, SSLv2 format 3 */, compression, groups, share_groups, sigalgs, sigalgs_cert,
        point_formats, alpn /* length-prefixed names */, extensions /* sorted, 2 bytes each */;
    uint32_t ext_mask;
    bool fallback_scsv, renegotiation_scsv, grease;
};
bool offer_read(struct rd canonical, struct offer *o);
uint8_t offer_format(struct rd canonical); /* its format alone: asked of every row of a report */

#endif
