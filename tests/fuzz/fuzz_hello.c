/* SPDX-License-Identifier: Apache-2.0 */
/* The parsers of whole hellos and of ServerKeyExchange. The first byte chooses the parser, the rest is the message. A
 * ClientHello that parses must have a canonical form that reads back, and the same one when it was kept and recalled. */
#include "dissect/hello_kept.h"
#include "dissect/ja.h"
#include "dissect/kex.h"
#include "dissect/sslv2.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok)
{
    if (!ok)
        abort();
}

static void recalled(const struct client_hello *ch, const uint8_t *form, size_t n)
{
    static uint8_t kept[HELLO_KEPT_MAX];
    uint8_t again[OFFER_MAX];
    struct client_hello back;
    check(hello_keep(ch, kept) <= sizeof kept);
    hello_recall(kept, &back);
    check(client_hello_offer(&back, again) == n && memcmp(again, form, n) == 0);
}

static void client(const struct client_hello *ch)
{
    uint8_t form[OFFER_MAX];
    struct offer o;
    char ja3[JA3_TEXT], ja4[JA4_TEXT];
    size_t n = client_hello_offer(ch, form);
    check(n <= OFFER_MAX && offer_read(rd_of(form, n), &o));
    check(o.max_version == ch->max_version && o.format == ch->format && o.fallback_scsv == ch->fallback_scsv);
    check((o.ext_mask & ~ch->ext_mask) == 0);
    recalled(ch, form, n);
    ja3_client(ch, ja3);
    ja4_client(ch, 't', ja4);
}

static void server(const struct server_hello *sh)
{
    char ja3[JA3_TEXT];
    check(sh->version != VER_NONE);
    ja3_server(sh, ja3);
}

static void key_exchange(struct rd r)
{
    struct kex kex;
    uint16_t id = rd_u16(&r), version = rd_u16(&r);
    const struct suite *suite = suite_find(id);
    if (suite)
        (void)server_key_exchange_parse(r, suite, version, &kex);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rd r = rd_of(data, size);
    struct client_hello ch;
    struct server_hello sh;
    struct offer o;
    struct sslv2_server_hello v2;
    uint32_t suite;
    switch (rd_u8(&r)) {
    case 'c':
        if (client_hello_parse(r, HELLO_TLS, &ch))
            client(&ch);
        break;
    case 'd':
        if (client_hello_parse(r, HELLO_DTLS, &ch))
            client(&ch);
        break;
    case '2':
        if (client_hello_parse_sslv2(r, &ch))
            client(&ch);
        break;
    case 's':
        if (server_hello_parse(r, false, &sh))
            server(&sh);
        break;
    case 'S':
        if (server_hello_parse(r, true, &sh))
            server(&sh);
        break;
    case 'p':
        if (server_hello_partial(r, rd_u8(&r) & 1, false, &sh))
            server(&sh);
        break;
    case 'h':
        (void)hello_retry_parse(r, &sh);
        break;
    case 'o':
        (void)offer_read(r, &o);
        break;
    case 'k':
        key_exchange(r);
        break;
    case 'v':
        (void)sslv2_server_hello_parse(r, &v2);
        (void)sslv2_master_key_parse(r, &suite);
        (void)sslv2_error_alert(r);
        break;
    default:
        break;
    }
    return 0;
}
