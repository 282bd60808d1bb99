/* SPDX-License-Identifier: Apache-2.0 */
#include "dissect/ext.h"

/* An opaque vector that fills its extension, or nothing. */
static struct rd whole_vec16(struct rd data)
{
    struct rd v = rd_vec16(&data);
    return rd_done(&data) ? v : (struct rd){ 0 };
}

static struct rd whole_vec8(struct rd data)
{
    struct rd v = rd_vec8(&data);
    return rd_done(&data) ? v : (struct rd){ 0 };
}

/* A list of two-byte code points; an odd byte at its end makes it no list. */
static struct rd pairs(struct rd v)
{
    return rd_left(&v) % 2 == 0 ? v : (struct rd){ 0 };
}

/* RFC 6066 section 3: the first host_name of the list. */
static void client_sni(struct rd data, struct client_hello *ch)
{
    struct rd list = whole_vec16(data);
    while (rd_left(&list)) {
        uint8_t name_type = rd_u8(&list);
        struct rd name = rd_vec16(&list);
        if (rd_ok(&list) && name_type == 0) {
            ch->sni = name;
            return;
        }
    }
}

static void client_groups(struct rd data, struct client_hello *ch)
{
    ch->groups = pairs(whole_vec16(data));
}

static void client_point_formats(struct rd data, struct client_hello *ch)
{
    ch->point_formats = whole_vec8(data);
}

static void client_sigalgs(struct rd data, struct client_hello *ch)
{
    ch->sigalgs = pairs(whole_vec16(data));
}

static void client_sigalgs_cert(struct rd data, struct client_hello *ch)
{
    ch->sigalgs_cert = pairs(whole_vec16(data));
}

/* RFC 7301: a ProtocolNameList; kept only when every name in it is whole and not empty. */
static void client_alpn(struct rd data, struct client_hello *ch)
{
    struct rd list = whole_vec16(data), walk = list;
    while (rd_left(&walk)) {
        struct rd name = rd_vec8(&walk);
        if (!rd_ok(&walk) || rd_left(&name) == 0)
            return;
    }
    ch->alpn = list;
}

static bool server_alpn(struct rd data, struct server_hello *sh)
{
    struct rd list = whole_vec16(data);
    struct rd name = rd_vec8(&list);
    if (rd_done(&list))
        sh->alpn = name;
    return true;
}

static void client_ticket(struct rd data, struct client_hello *ch)
{
    ch->ticket = data;
}

static void client_versions(struct rd data, struct client_hello *ch)
{
    ch->versions = pairs(whole_vec8(data));
}

/* RFC 8446 section 4.2.1: the version that counts. */
static bool server_version(struct rd data, struct server_hello *sh)
{
    sh->version_wire = rd_u16(&data);
    return rd_done(&data);
}

static void client_key_shares(struct rd data, struct client_hello *ch)
{
    struct rd list = whole_vec16(data), walk = list;
    while (rd_left(&walk)) {
        rd_skip(&walk, 2);
        (void)rd_vec16(&walk);
    }
    if (rd_ok(&walk))
        ch->key_shares = list;
}

/* A KeyShareEntry, or in a HelloRetryRequest the group alone. */
static bool server_key_share(struct rd data, struct server_hello *sh)
{
    uint16_t group = rd_u16(&data);
    if (rd_ok(&data))
        sh->group = group;
    return true;
}

static bool server_psk(struct rd data, struct server_hello *sh)
{
    (void)data;
    sh->psk = true;
    return true;
}

/* Asked twice for every extension of every hello: the numbers that nearly all have are places in the table. */
enum { LOW = 64 };
static const struct ext low[LOW] = {
    [0] = { EXT_SNI, true, true, client_sni, NULL },
    [1] = { EXT_MAX_FRAGMENT, true, false, NULL, NULL },
    [4] = { EXT_TRUNCATED_HMAC, true, false, NULL, NULL },
    [5] = { EXT_STATUS_REQUEST, true, false, NULL, NULL },
    [10] = { EXT_GROUPS, true, false, client_groups, NULL },
    [11] = { EXT_POINT_FORMATS, true, false, client_point_formats, NULL },
    [13] = { EXT_SIGALGS, true, false, client_sigalgs, NULL },
    [15] = { EXT_HEARTBEAT, true, false, NULL, NULL },
    [16] = { EXT_ALPN, true, false, client_alpn, server_alpn },
    [18] = { EXT_SCT, true, false, NULL, NULL },
    [21] = { 0, true, true, NULL, NULL }, /* padding, RFC 7685 */
    [22] = { EXT_ETM, true, false, NULL, NULL },
    [23] = { EXT_EMS, true, false, NULL, NULL },
    [35] = { EXT_TICKET, true, false, client_ticket, NULL },
    [40] = { EXT_KEY_SHARE, true, false, client_key_shares, server_key_share }, /* key_share of the drafts before 23 */
    [41] = { EXT_PSK, true, false, NULL, server_psk },
    [42] = { EXT_EARLY_DATA, true, true, NULL, NULL },
    [43] = { EXT_SUPPORTED_VERSIONS, true, false, client_versions, server_version },
    [44] = { EXT_COOKIE, true, true, NULL, NULL },
    [45] = { EXT_PSK_MODES, true, false, NULL, NULL },
    [50] = { EXT_SIGALGS_CERT, true, false, client_sigalgs_cert, NULL },
    [51] = { EXT_KEY_SHARE, true, false, client_key_shares, server_key_share },
    [53] = { EXT_CONNECTION_ID, true, false, NULL, NULL }, /* connection_id of the drafts of RFC 9146 */
    [54] = { EXT_CONNECTION_ID, true, false, NULL, NULL },
    [57] = { EXT_QUIC_PARAMS, true, false, NULL, NULL },
};
static const struct high {
    uint16_t type;
    struct ext ext;
} high[] = {
    { 13172, { EXT_NPN, true, false, NULL, NULL } },
    { 0xfe0d, { EXT_ECH, true, false, NULL, NULL } },
    { 0xff01, { EXT_RENEGOTIATION_INFO, true, false, NULL, NULL } },
    { 0xffa5, { EXT_QUIC_PARAMS, true, false, NULL, NULL } }, /* of the QUIC drafts */
    { 0xffce, { EXT_ECH, true, false, NULL, NULL } }, /* encrypted_server_name, ECH's forerunner */
};

const struct ext *ext_find(uint16_t type)
{
    if (type < LOW)
        return low[type].known ? &low[type] : NULL;
    for (size_t i = 0; i < sizeof high / sizeof *high; i++)
        if (high[i].type == type)
            return &high[i].ext;
    return NULL;
}

struct rd ext_client_block(struct rd block, struct client_hello *ch)
{
    struct rd whole = block;
    whole.end = whole.p;
    while (rd_left(&block)) {
        uint16_t type = rd_u16(&block);
        struct rd data = rd_vec16(&block);
        if (!rd_ok(&block))
            break;
        whole.end = block.p;
        const struct ext *e = ext_find(type);
        if (type < LOW)
            ch->ext_low |= UINT64_C(1) << type;
        else
            ch->ext_high |= !grease(type);
        if (!e) {
            ch->grease |= grease(type);
            continue;
        }
        if (e->client && (e->bit == 0 || !(ch->ext_mask & e->bit)))
            e->client(data, ch);
        ch->ext_mask |= e->bit;
    }
    return whole;
}

bool ext_server_block(struct rd block, struct server_hello *sh)
{
    while (rd_left(&block)) {
        uint16_t type = rd_u16(&block);
        struct rd data = rd_vec16(&block);
        if (!rd_ok(&block))
            return false;
        const struct ext *e = ext_find(type);
        if (!e)
            continue;
        if (e->server && !(sh->ext_mask & e->bit) && !e->server(data, sh))
            return false;
        sh->ext_mask |= e->bit;
    }
    return true;
}
