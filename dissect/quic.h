/* SPDX-License-Identifier: Apache-2.0 */
/*
 * quic - the handshake of QUIC (RFC 9000, 9001, 9369, and the versions of quic_crypto.h) from the datagrams of a flow:
 * both hellos from the Initial packets of both sides, Retry, version negotiation, and whether the handshake completed
 * (the client went on to 1-RTT packets). A flow of short headers alone is never claimed to be QUIC.
 *
 * BUGS: two connections that shake hands at the same time between the same two ports are told apart only one after the
 * other. Without the client's first Initial the keys cannot be derived: such flows are counted (quic_midstream).
 */
#ifndef DISSECT_QUIC_H
#define DISSECT_QUIC_H

#include "dissect/datagram.h"

extern const struct datagram_proto quic_proto;

#endif
