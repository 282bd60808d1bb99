/* SPDX-License-Identifier: Apache-2.0 */
#include "dissect/datagram.h"

const struct datagram_proto *const datagram_protos[] = {
    NULL,
};
