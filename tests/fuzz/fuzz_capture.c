/* SPDX-License-Identifier: Apache-2.0 */
/* Whole captures, from the bytes of a pcap file to the reports. Input: such a file; of its header only the link type counts. */
#include "tests/tools/whole.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static FILE *nowhere;
    if (!nowhere)
        nowhere = fopen("/dev/null", "w");
    whole_run(data, size, NULL, nowhere, size % 8 ? NULL : nowhere); /* reports are slow: of some */
    return 0;
}
