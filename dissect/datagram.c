/* SPDX-License-Identifier: Apache-2.0 */
#include "dissect/datagram.h"

#include "dissect/dtls.h"
#include "dissect/eap.h"
#include "dissect/openvpn.h"
#include "dissect/quic.h"
#include "dissect/rdpudp.h"

const struct datagram_proto *const datagram_protos[] = {
    &quic_proto,
    &dtls_proto,
    &rdpudp_proto,
    &openvpn_proto,
    &radius_proto,
    &eapol_proto,
    NULL,
};
