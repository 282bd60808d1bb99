/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a certificate, parsed and through a cache of two. What comes out is text: terminated, and short enough. */
#include "dissect/cert.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct cert_facts *f)
{
    assert(memchr(f->subject, 0, sizeof f->subject) && memchr(f->issuer, 0, sizeof f->issuer));
    assert(memchr(f->san, 0, sizeof f->san) && memchr(f->serial, 0, sizeof f->serial));
    assert(memchr(f->sigalg, 0, sizeof f->sigalg) && *cert_key_name(f->key));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct cert_facts f;
    bool readable = cert_parse(rd_of(data, size), &f);
    check(&f);
    struct cert_cache *c = cert_cache_new(2, 7);
    if (!c)
        return 0;
    const struct cert_facts *whole = cert_get(c, rd_of(data, size));
    assert((whole != NULL) == readable);
    (void)cert_get(c, rd_of(data, size / 2));
    if (whole)
        check(whole);
    cert_release(c, whole);
    cert_cache_free(c);
    return 0;
}
