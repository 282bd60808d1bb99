/* SPDX-License-Identifier: Apache-2.0 */
#include "dissect/datagram.h"

#include "dissect/quic.h"

const struct datagram_proto *const datagram_protos[] = {
    &quic_proto,
    NULL,
};
