/* SPDX-License-Identifier: Apache-2.0 */
/* First byte: which protocol, direction, whether it came to TLS, a datagram; then the bytes of one direction. */
#include "dissect/mask.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void mask(uint8_t *p, size_t n, uint8_t how)
{
    static const char *const upgrade[16] = { NULL, "smtp", "imap", "http-connect", "http-upgrade", "ldap", "socks", "rdp", "xmpp",
                                             "postgresql", "mysql", "tds", "irc", "eap", "sieve", "ftp" };
    const struct mask m = { .from_client = how & 16, .tls = how & 32, .upgrade = upgrade[how & 15] };
    if (how & 64)
        mask_datagram(p, n, &m, how & 128);
    else
        mask_stream(p, n, &m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    size_t n = size - 1;
    uint8_t *p = malloc(n); /* exact, so that ASan sees one byte too far */
    if (p) {
        memcpy(p, data + 1, n);
        mask(p, n, data[0]);
    }
    free(p);
    return 0;
}
