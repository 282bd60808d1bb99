/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

int main(void)
{
    (void)fprintf(stderr, "tlsunset: no subcommand yet\n");
    return 2;
}
