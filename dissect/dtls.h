/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dtls - DTLS 1.0, 1.2 and 1.3 (RFC 4347, 6347, 9147, and the version 0x0100 of OpenSSL 0.9.8 and AnyConnect) from the
 * datagrams of a flow: several records per datagram, messages in fragments that overlap, repeat and come in any order,
 * the HelloVerifyRequest round, epochs. Told from STUN, TURN and RTP on the same ports by its first byte (RFC 7983) and
 * more; also found inside TURN's ChannelData and indications and behind CAPWAP's preamble.
 *
 * BUGS: two handshakes at the same time on one pair of ports (two peers behind one TURN allocation) are told apart only
 * one after the other.
 */
#ifndef DISSECT_DTLS_H
#define DISSECT_DTLS_H

#include "dissect/datagram.h"

extern const struct datagram_proto dtls_proto;

#endif
