/* SPDX-License-Identifier: Apache-2.0 */
/*
 * openvpn - the control channel of OpenVPN (its protocol, version 2): TLS inside packets with ids, over UDP, or over TCP with
 * a length before each.
 *
 * Without --tls-auth a packet is opcode and key id, session id, acknowledgements, packet id, TLS bytes. With it an HMAC
 * of unknown length and a replay id come after the session id; the length is learned from the first packet, whose size and
 * last bytes are known. With --tls-crypt everything after the replay id is encrypted: nothing can be observed but that.
 */
#ifndef DISSECT_OPENVPN_H
#define DISSECT_OPENVPN_H

#include "dissect/datagram.h"

enum openvpn_opcode {
    OPENVPN_SOFT_RESET = 3,
    OPENVPN_CONTROL = 4,
    OPENVPN_ACK = 5,
    OPENVPN_HARD_RESET_CLIENT = 7,
    OPENVPN_HARD_RESET_SERVER = 8,
    OPENVPN_HARD_RESET_CLIENT_V3 = 10, /* tls-crypt-v2 */
};

enum openvpn_kind { OPENVPN_NOT, OPENVPN_CLEAR, OPENVPN_CRYPT };

/* What the first packet of a session (a hard reset, of either side) says. *hmac: bytes of HMAC, 0 without tls-auth. */
enum openvpn_kind openvpn_first(struct rd packet, size_t *hmac);

struct openvpn_packet {
    uint8_t opcode, key_id;
    uint64_t session;
    uint32_t id; /* of packets that have one: all but acknowledgements */
    bool has_id;
    struct rd tls; /* TLS bytes, empty in all but OPENVPN_CONTROL */
};
/* false: not a control packet, or not well formed. */
bool openvpn_parse(struct rd packet, size_t hmac, struct openvpn_packet *p);
/* A control packet in mid-session that begins with a hello: its *hmac found by trying the usual sizes. */
bool openvpn_hello(struct rd packet, size_t *hmac);

extern const struct datagram_proto openvpn_proto; /* over UDP */

#endif
