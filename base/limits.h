/* SPDX-License-Identifier: Apache-2.0 */
/*
 * limits - every cap in the program, in one place, with the attack or load that shapes it.
 *
 * Packets are written by enemies: each buffer and each table below is bounded, and what falls out of it is counted in
 * capture/stats.h and printed in the report's "not seen" section. --memory-limit scales the tables, not the parsers.
 */
#ifndef BASE_LIMITS_H
#define BASE_LIMITS_H

enum {
    LIMIT_THREADS = 64, /* that share the flows of a run */
    LIMIT_SHARES = 1024, /* parts that pairs of hosts fall into, each one thread's (addr_pair); divides the sets of tables below */

    /* capture */
    LIMIT_STDIO_BUFFER = 1 << 16, /* under pcap_fopen_offline: fewer system calls than stdio's own, still inside the cache */
    LIMIT_INTERFACES = 1 << 16, /* of a section of a pcapng file: libpcap keeps a list of them, and each takes 20 bytes to write */
    LIMIT_WINDOW = 1 << 27, /* that Zstandard data may ask to be unpacked with: zstd's own maximum without --ultra and --long */
    LIMIT_WINDOW_LEAST = 1 << 23, /* what it may ask for under any --memory-limit: up to zstd -19 */
    LIMIT_SNAPLEN = 262144, /* libpcap's own maximum for a record */
    LIMIT_LAYERS = 16, /* nested headers in one packet: a chain of tunnels must end */
    LIMIT_FRAG_DATAGRAMS = 1024, /* fragmented datagrams under reassembly at once: a fragment flood evicts the oldest */
    LIMIT_FRAG_BYTES = 65535, /* one reassembled datagram (RFC 791) */
    LIMIT_FRAG_SECONDS = 30, /* RFC 8200 says 60; half keeps a flood short */
    LIMIT_FLOWS = 1 << 21, /* 12 bytes each, 12 more before a payload: a SYN-ACK or payload flood replaces idle and oldest ones */
    LIMIT_CONNS = 1 << 17, /* flows that may still show a handshake, with buffers: a ClientHello flood evicts the oldest */
    LIMIT_IDLE_SECONDS = 300, /* packet time without a packet after which an open handshake is over */
    LIMIT_SEQ_AHEAD = 1 << 30, /* the largest TCP window (RFC 7323 section 2.3): what is farther ahead is of no connection here */
    LIMIT_OOO_BYTES = 256 * 1024, /* out-of-order bytes kept per direction of one connection */
    LIMIT_OOO_SEGMENTS = 1024, /* and segments: each new one is sought among them, so tiny ones in odd order must not be many */
    LIMIT_OOO_TOTAL = 32 * 1024 * 1024, /* and of all connections together */
    LIMIT_HOLE_PACKETS = 64, /* packets of a connection after which acknowledged bytes that never came count as lost */
    LIMIT_HOLE_MS = 1000, /* or this long; a retransmission would have come by then */
    LIMIT_HOLE_MAX_MS = 10000, /* likewise where nobody acknowledged them */
    LIMIT_ANSWER_MS = 500, /* who closes so long after its last bytes, unanswered, has given up: longer than a round trip */
    LIMIT_STEP_PACKETS = 16, /* of a connection, that are captured before what they answer: two ports of a tap out of step */
    LIMIT_QUIET_SECONDS = 3, /* after a decided UDP handshake, repeats of its hello are not a new one for so long */
    LIMIT_WATCH_SEGMENTS = 64, /* payload segments of a flow of an unknown protocol that are still checked for a hello */
    LIMIT_ROOM_SMALL = 4096, /* who holds no more may hold it while a sum of all is over its half (base/room.h) */

    /* dissect */
    LIMIT_HELLO_BYTES = 65536 + 4, /* ClientHello, ServerHello: the largest extension block plus the rest */
    LIMIT_CERT_BYTES = 128 * 1024, /* a Certificate message; longer chains are skipped and counted */
    LIMIT_HANDSHAKE_TOTAL = 32 * 1024 * 1024, /* bytes of messages, dialogues and packets that wait for more, of all connections */
    LIMIT_PIECES_AHEAD = 16384, /* of a fragment, beyond what has come: an offset alone must not reserve memory */
    LIMIT_HELLO_TOTAL = 256 * 1024 * 1024, /* conversations and what they keep of hellos: LIMIT_CONNS large ones */
    LIMIT_UNDECIDED_BYTES = 256 * 1024, /* protected data of one side without a decision: then it ends as it stands */
    LIMIT_UPGRADE_UNIT = 16384, /* one line or PDU of an upgrade protocol */
    LIMIT_UPGRADE_BYTES = 65536, /* dialogue before TLS, both directions */
    LIMIT_TUNNELS = 8, /* proxies in front of proxies: each header is sniffed behind the last one */
    LIMIT_NAME_BYTES = 255, /* SNI, ALPN, and other text kept from the wire */
    LIMIT_QUIC_FAILURES = 16, /* Initials of one flow that do not decrypt, after which no more are tried: a flood of bogus ones */
    LIMIT_DATAGRAM_UNANSWERED = 8, /* data packets without a ServerHello, after which none is expected any more */
    LIMIT_DATAGRAM_AFTER = 64, /* datagrams after a handshake, among which late copies of it are told from a new one */
    LIMIT_OPENVPN_WINDOW = 8, /* control packets of one direction that wait for an earlier one: senders have at most 6 under way */
    LIMIT_EAPOL_PAIRS = 64, /* supplicants whose authenticator is remembered */
    LIMIT_EAP_CONVERSATIONS = 256, /* open at once in one RADIUS flow: a flood of stations evicts the oldest */
    LIMIT_CERTS = 16384, /* distinct leaf certificates parsed and cached at once */
    LIMIT_ENDPOINTS = 32768, /* server endpoints whose service is known or looked for; the rest have none */
    LIMIT_TRIALS = 512, /* flows that nDPI looks at at once, 0.7 KB each */

    /* report */
    LIMIT_ROWS = 4 << 20, /* rows of the cube; the rest is folded into a row named "other" */
    LIMIT_PROFILES = 262144, /* distinct ClientHello offers */
    LIMIT_NAMES = 1 << 20, /* distinct SNI names */
    LIMIT_PROFILE_MEAN = 512, /* bytes of an offer on average: a flood of the longest ones must not be 16 times as dear */
    LIMIT_NAME_MEAN = 64, /* likewise of a name */
    LIMIT_CUBE_CERTS = 65536, /* distinct certificates whose facts a study keeps */
    LIMIT_OTHER_SHARE = 8, /* "other" rows: one for each so many rows, by server while there is room */
    LIMIT_OTHER_ROWS = 128, /* and this many without a server, so that a handshake is always counted somewhere */
    LIMIT_SENSORS = 1024, /* sensors merged into one study */
    LIMIT_HOURS = 24 * 366 * 5, /* hours with a count of their own: a file with random times must not fill memory */
    LIMIT_SERVICES = 65536, /* endpoints whose service is named */
    LIMIT_POLICY_BYTES = 1 << 20, /* a policy file */
    LIMIT_FALLBACKS = 8192, /* failed hellos remembered to recognise a retry with a lower version */
    LIMIT_EVIDENCE = 1000, /* verdicts that get a small capture of their own */
    LIMIT_EVIDENCE_CONNS = 400, /* connections in one of them */
    LIMIT_EVIDENCE_BYTES = 256 * 1024 * 1024, /* and of all, held at once */
    LIMIT_FALLBACK_SECONDS = 15, /* for so long: a client that waits for an answer gives up after 5 to 10 */
    LIMIT_RECONNECTS = 4096, /* sessions that were refused TLS, until their client comes back within LIMIT_FALLBACK_SECONDS */
};

#endif
