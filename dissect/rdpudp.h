/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rdpudp - Remote Desktop over UDP ([MS-RDPEUDP], [MS-RDPEUDP2]): TLS inside its reliable transport, DTLS inside the lossy
 * one. A flow is recognised by its SYN datagram alone, which also says which version the rest is in.
 */
#ifndef DISSECT_RDPUDP_H
#define DISSECT_RDPUDP_H

#include "dissect/datagram.h"

extern const struct datagram_proto rdpudp_proto;

#endif
