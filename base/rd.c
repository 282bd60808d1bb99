/* SPDX-License-Identifier: Apache-2.0 */
#include "base/rd.h"

const uint8_t rd_nowhere[2]; /* only its address says something */
