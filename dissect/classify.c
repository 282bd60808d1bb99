/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What shapes this file: nDPI costs microseconds per packet and a packet of a known endpoint may cost nanoseconds. So an
 * endpoint's tag says by itself that its service is known; TLS and QUIC, nearly all there is, are told by their first
 * bytes; nDPI is asked only for the protocols that are named here, about a few flows per endpoint, a few packets each; and
 * over the whole run at most once in ASK_EVERY packets (after a first burst), whatever a flood of random endpoints does.
 *
 * An endpoint that is looked for never displaces a known one; it may displace another that is looked for: of a flood, one at a
 * time gets in.
 */
#include "dissect/classify.h"
#include "base/limits.h"
#include "base/thread.h"

#include <ndpi_api.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

_Static_assert(NDPI_MAJOR == 4 && NDPI_MINOR == 2, "written for nDPI 4.2: look at the calls of ndpi_ in this file");

enum {
    WAYS = 4, /* of a set: its tags are half a cache line */
    SETS = LIMIT_ENDPOINTS / WAYS,
    TRIAL_PACKETS = 10, /* of one flow */
    TRIAL_FLOWS = 3, /* of one endpoint, then it rests */
    REST_PACKETS = 256, /* a capture may have begun amid the first flows */
    ROUNDS = 4,
    ASK_BURST = 2048, /* packets that nDPI may be asked about at once, 8 microseconds each */
    ASK_EVERY = 256,
    AFTER_PACKET = 64, /* zeros, so that what lies behind never matters */
};

struct service {
    uint16_t id; /* of nDPI */
    bool cleartext;
    const char *name;
};

/* What nDPI is asked for. What may go over to TLS later is in clear text as far as a first look can tell. */
static const struct service services[] = {
    { NDPI_PROTOCOL_FTP_CONTROL, true, "FTP" },      { NDPI_PROTOCOL_FTP_DATA, true, "FTP data" },
    { NDPI_PROTOCOL_MAIL_POP, true, "POP3" },        { NDPI_PROTOCOL_MAIL_SMTP, true, "SMTP" },
    { NDPI_PROTOCOL_MAIL_IMAP, true, "IMAP" },       { NDPI_PROTOCOL_USENET, true, "NNTP" },
    { NDPI_PROTOCOL_HTTP, true, "HTTP" },            { NDPI_PROTOCOL_HTTP_CONNECT, true, "HTTP proxy" },
    { NDPI_PROTOCOL_HTTP_PROXY, true, "HTTP proxy" }, { NDPI_PROTOCOL_IPP, true, "IPP" },
    { NDPI_PROTOCOL_WEBSOCKET, true, "WebSocket" },  { NDPI_PROTOCOL_AJP, true, "AJP" },
    { NDPI_PROTOCOL_LDAP, true, "LDAP" },            { NDPI_PROTOCOL_KERBEROS, false, "Kerberos" },
    { NDPI_PROTOCOL_RADIUS, true, "RADIUS" },        { NDPI_PROTOCOL_DIAMETER, true, "Diameter" },
    { NDPI_PROTOCOL_DNS, true, "DNS" },              { NDPI_PROTOCOL_NTP, true, "NTP" },
    { NDPI_PROTOCOL_SNMP, true, "SNMP" },            { NDPI_PROTOCOL_SYSLOG, true, "Syslog" },
    { NDPI_PROTOCOL_COLLECTD, true, "collectd" },    { NDPI_PROTOCOL_ZABBIX, true, "Zabbix" },
    { NDPI_PROTOCOL_CHECKMK, true, "Checkmk" },      { NDPI_PROTOCOL_POSTGRES, true, "PostgreSQL" },
    { NDPI_PROTOCOL_MYSQL, true, "MySQL" },          { NDPI_PROTOCOL_MSSQL_TDS, true, "MS SQL" },
    { NDPI_PROTOCOL_ORACLE, true, "Oracle" },        { NDPI_PROTOCOL_DRDA, true, "Db2" },
    { NDPI_PROTOCOL_MONGODB, true, "MongoDB" },      { NDPI_PROTOCOL_REDIS, true, "Redis" },
    { NDPI_PROTOCOL_MEMCACHED, true, "memcached" },  { NDPI_PROTOCOL_CASSANDRA, true, "Cassandra" },
    { NDPI_PROTOCOL_AMQP, true, "AMQP" },            { NDPI_PROTOCOL_MQTT, true, "MQTT" },
    { NDPI_PROTOCOL_NATS, true, "NATS" },            { NDPI_PROTOCOL_ZMQ, true, "ZeroMQ" },
    { NDPI_PROTOCOL_COAP, true, "CoAP" },            { NDPI_PROTOCOL_JABBER, true, "XMPP" },
    { NDPI_PROTOCOL_IRC, true, "IRC" },              { NDPI_PROTOCOL_SIP, true, "SIP" },
    { NDPI_PROTOCOL_RTSP, true, "RTSP" },            { NDPI_PROTOCOL_RTMP, true, "RTMP" },
    { NDPI_PROTOCOL_SMPP, true, "SMPP" },            { NDPI_PROTOCOL_TELNET, true, "Telnet" },
    { NDPI_PROTOCOL_SSH, false, "SSH" },             { NDPI_PROTOCOL_RDP, false, "RDP" },
    { NDPI_PROTOCOL_VNC, true, "VNC" },              { NDPI_PROTOCOL_CITRIX, false, "Citrix" },
    { NDPI_PROTOCOL_TEAMVIEWER, false, "TeamViewer" }, { NDPI_PROTOCOL_SMBV1, true, "SMBv1" },
    { NDPI_PROTOCOL_SMBV23, false, "SMB" },          { NDPI_PROTOCOL_NFS, true, "NFS" },
    { NDPI_PROTOCOL_AFP, true, "AFP" },              { NDPI_PROTOCOL_TFTP, true, "TFTP" },
    { NDPI_PROTOCOL_RSYNC, true, "rsync" },          { NDPI_PROTOCOL_GIT, true, "git" },
    { NDPI_PROTOCOL_DCERPC, true, "DCE/RPC" },       { NDPI_PROTOCOL_LOTUS_NOTES, false, "Notes" },
    { NDPI_PROTOCOL_SAP, true, "SAP" },              { NDPI_PROTOCOL_SOCKS, true, "SOCKS" },
    { NDPI_PROTOCOL_WHOIS_DAS, true, "whois" },      { NDPI_PROTOCOL_OPENVPN, false, "OpenVPN" },
    { NDPI_PROTOCOL_WIREGUARD, false, "WireGuard" }, { NDPI_PROTOCOL_MODBUS, true, "Modbus" },
    { NDPI_PROTOCOL_S7COMM, true, "S7comm" },        { NDPI_PROTOCOL_DNP3, true, "DNP3" },
    { NDPI_PROTOCOL_IEC60870, true, "IEC 60870" },   { NDPI_PROTOCOL_ETHERNET_IP, true, "EtherNet/IP" },
};

/* Direct TLS is called by what is registered at its port: it says more than "TLS". */
static const struct tls_service {
    uint16_t port;
    struct service service;
} tls_services[] = {
    { 443, { .name = "HTTPS" } },     { 465, { .name = "SMTPS" } },   { 563, { .name = "NNTPS" } },
    { 636, { .name = "LDAPS" } },     { 853, { .name = "DoT" } },     { 989, { .name = "FTPS data" } },
    { 990, { .name = "FTPS" } },      { 992, { .name = "TelnetS" } }, { 993, { .name = "IMAPS" } },
    { 995, { .name = "POP3S" } },     { 2083, { .name = "RadSec" } }, { 3269, { .name = "LDAPS" } },
    { 5061, { .name = "SIPS" } },     { 5671, { .name = "AMQPS" } },  { 8443, { .name = "HTTPS" } },
    { 8883, { .name = "MQTTS" } },
    { 0, { .name = "TLS" } }, /* any other */
};
static const struct service dtls_service = { .name = "DTLS" }, quic_service = { .name = "QUIC" };

struct info {
    struct endpoint server;
    uint8_t proto;
    uint8_t trials, failed; /* flows of this round: begun, ended without a name */
    uint8_t rounds;
    uint16_t rested; /* packets since the round ended */
    const struct service *service; /* NULL: not known */
    uint64_t flows; /* that nDPI looked at */
};

struct trial {
    uint64_t key; /* 0: free */
    uint32_t at; /* in info[] */
    uint16_t packets;
    bool open; /* else it is over, and remembered so that the flow is not tried again */
    struct ndpi_flow_struct *flow;
};

struct classify {
    uint64_t seed;
    uint64_t offered, asked; /* packets: given to us, given to nDPI */
    struct ndpi_detection_module_struct *ndpi; /* NULL: not asked anything yet, or */
    bool broken; /* there is no memory for it */
    bool starting; /* in this thread, which has both: */
    pthread_t starter;
    _Atomic(uint64_t) tag[LIMIT_ENDPOINTS]; /* keyed hash of the endpoint; bit 0: its service is known; 0: free */
    struct info info[LIMIT_ENDPOINTS];
    struct trial trial[LIMIT_TRIALS]; /* by key; a newer one takes the place */
    unsigned char packet[65536 + AFTER_PACKET]; /* nDPI gets a copy: some of its dissectors write, or read on */
};

/* ---- nDPI ---- */

static void *ndpi_start(void *classify)
{
    struct classify *c = classify;
    NDPI_PROTOCOL_BITMASK wanted;
    c->ndpi = ndpi_init_detection_module(ndpi_dont_load_tor_hosts | ndpi_dont_init_libgcrypt);
    c->broken = !c->ndpi;
    if (c->broken)
        return NULL;
    NDPI_BITMASK_RESET(wanted);
    for (size_t i = 0; i < sizeof services / sizeof *services; i++)
        wanted.fds_bits[services[i].id / NDPI_BITS] |= UINT32_C(1) << services[i].id % NDPI_BITS; /* as NDPI_BITMASK_ADD */
    ndpi_set_protocol_detection_bitmask2(c->ndpi, &wanted);
    ndpi_finalize_initialization(c->ndpi);
    return NULL;
}

static void ndpi_await(struct classify *c)
{
    if (c->starting)
        (void)pthread_join(c->starter, NULL);
    c->starting = false;
}

/* At the first question: it takes 12 ms, most of it for lists of networks, and many captures have none. */
static bool ndpi_ready(struct classify *c)
{
    ndpi_await(c);
    if (!c->ndpi && !c->broken)
        (void)ndpi_start(c);
    return c->ndpi != NULL;
}

void classify_begin(struct classify *c)
{
    if (!c->starting && !c->ndpi && !c->broken)
        c->starting = thread_start(&c->starter, ndpi_start, c) == 0;
}

struct classify *classify_new(uint64_t seed, struct err *e)
{
    struct classify *c = calloc(1, sizeof *c);
    if (c)
        c->seed = seed;
    else
        (void)err_set(e, "out of memory");
    return c;
}

static const struct service *service_by_id(uint16_t id)
{
    for (size_t i = 0; i < sizeof services / sizeof *services; i++)
        if (services[i].id == id)
            return &services[i];
    return NULL;
}

/* nDPI names a protocol and what runs on it: HTTP and Facebook. The first is the service. */
static const struct service *service_of(ndpi_protocol p)
{
    const struct service *s = service_by_id(p.master_protocol);
    return s ? s : service_by_id(p.app_protocol);
}

/* nDPI 4.2 takes the SEQUENCE that every LDAP message is (RFC 4511 section 4.1.1) for a PUBLISH of MQTT. */
static bool ldap_message(const struct decoded *d)
{
    struct rd b = rd_of(d->payload, d->payload_cap);
    bool sequence = rd_u8(&b) == 0x30;
    uint8_t length = rd_u8(&b);
    if (length & 0x80)
        rd_skip(&b, length & 7u);
    bool integer = rd_u8(&b) == 2;
    struct rd message_id = rd_vec8(&b);
    bool operation = (rd_u8(&b) & 0xc0) == 0x40; /* an application tag */
    return d->proto == PROTO_TCP && rd_ok(&b) && sequence && integer && rd_left(&message_id) - 1 < 4 && operation;
}

static const struct service *ndpi_ask(struct classify *c, struct trial *t, const struct packet *p, const struct decoded *d)
{
    unsigned short n = d->ip_cap < UINT16_MAX ? (unsigned short)d->ip_cap : UINT16_MAX;
    if (ldap_message(d))
        return service_by_id(NDPI_PROTOCOL_LDAP);
    if (!ndpi_ready(c))
        return NULL;
    memcpy(c->packet, d->ip, n);
    memset(c->packet + n, 0, AFTER_PACKET);
    c->asked++;
    t->packets++;
    return service_of(ndpi_detection_process_packet(c->ndpi, t->flow, c->packet, n, (uint64_t)(p->ts_ns / 1000000)));
}

/* ---- what our own eyes tell ---- */

static const struct service *service_of_tls(uint16_t port)
{
    const struct tls_service *s = tls_services;
    while (s->port != port && s->port != 0)
        s++;
    return &s->service;
}

/* GET and HEAD of a path: nothing but HTTP, unless it is about to become something else. Plain web servers are the most of what
 * nDPI would be asked about, at 8 microseconds a question. */
static const struct service *http_by_sight(const struct decoded *d)
{
    struct rd b = rd_of(d->payload, d->payload_cap);
    if (!rd_starts(&b, "GET /", 5) && !rd_starts(&b, "HEAD /", 6))
        return NULL;
    bool other = memmem(b.p, rd_left(&b), "pgrade:", 7) || !memmem(b.p, rd_left(&b), " HTTP/1.", 8);
    return other ? NULL : service_by_id(NDPI_PROTOCOL_HTTP);
}

/* A ClientHello or ServerHello in a record; a QUIC long header with a version of RFC 9000, RFC 9369 or a draft. */
static const struct service *service_by_sight(const struct decoded *d, uint16_t port)
{
    struct rd b = rd_of(d->payload, d->payload_cap);
    uint8_t first = rd_u8(&b);
    if (d->proto == PROTO_TCP) {
        uint16_t version = rd_u16(&b), length = rd_u16(&b);
        uint8_t type = rd_u8(&b);
        bool hello = first == 22 && version >> 8 == 3 && length >= 4 && (type == 1 || type == 2);
        return rd_ok(&b) && hello ? service_of_tls(port) : d->dport == port ? http_by_sight(d) : NULL;
    }
    if (first >= 0xc0) {
        uint32_t version = rd_u32(&b);
        bool known = version == 1 || version == 0x6b3343cf || version >> 8 == 0xff0000;
        return known && rd_u8(&b) <= 20 && rd_ok(&b) ? &quic_service : NULL;
    }
    uint16_t version = rd_u16(&b);
    return first == 22 && (version == 0xfeff || version == 0xfefd || version == 0x0100) ? &dtls_service : NULL;
}

/* ---- endpoints ---- */

/* Of one end of a flow. Constant sizes, so that the hash is a few instructions. */
static uint64_t hash_end(uint64_t seed, const uint8_t *addr, unsigned len, uint16_t port, uint8_t proto)
{
    uint64_t key[3] = { (uint64_t)proto << 16 | port, 0, 0 };
    if (len == 4) {
        uint32_t ip;
        memcpy(&ip, addr, 4);
        key[0] |= (uint64_t)ip << 32;
        return XXH3_64bits_withSeed(key, sizeof key[0], seed);
    }
    memcpy(key + 1, addr, 16);
    return XXH3_64bits_withSeed(key, sizeof key, seed);
}

static size_t set_of(uint64_t hash)
{
    return (size_t)(hash >> 32) % SETS * WAYS;
}

static uint64_t tag_at(const struct classify *c, size_t at)
{
    return atomic_load_explicit(&c->tag[at], memory_order_relaxed);
}

static void tag_set(struct classify *c, size_t at, uint64_t tag)
{
    atomic_store_explicit(&c->tag[at], tag, memory_order_relaxed);
}

/* Is its service known? Asked of packets by the million, of sets that are in no near cache: which of the ways it is decides
 * nothing, so that nobody waits for the answer, which nearly always is yes. */
static bool is_known(const struct classify *c, uint64_t hash)
{
    unsigned known = 0;
    for (size_t at = set_of(hash), end = at + WAYS; at < end; at++)
        known |= tag_at(c, at) == (hash | 1);
    return known;
}

/* Where the endpoint is, or SIZE_MAX. */
static size_t endpoint_find(const struct classify *c, uint64_t hash)
{
    size_t at = set_of(hash);
    for (size_t end = at + WAYS; at < end; at++)
        if ((tag_at(c, at) | 1) == (hash | 1))
            return at;
    return SIZE_MAX;
}

/* A free place, else that of one still looked for, else none: SIZE_MAX. */
static size_t endpoint_place(const struct classify *c, uint64_t hash)
{
    size_t set = set_of(hash), at = SIZE_MAX;
    for (size_t i = set; i < set + WAYS; i++) {
        if (tag_at(c, i) == 0)
            return i;
        if (!(tag_at(c, i) & 1))
            at = i;
    }
    return at;
}

static size_t endpoint_add(struct classify *c, uint64_t hash, const struct decoded *d, bool dst_serves)
{
    size_t at = endpoint_place(c, hash);
    const uint8_t *addr = dst_serves ? d->dst : d->src;
    if (at == SIZE_MAX)
        return at;
    tag_set(c, at, hash & ~UINT64_C(1));
    c->info[at] = (struct info){ .proto = d->proto };
    c->info[at].server.addr = d->addr_len == 4 ? addr_ip4(addr) : addr_ip6(addr);
    c->info[at].server.port = dst_serves ? d->dport : d->sport;
    return at;
}

static void endpoint_known(struct classify *c, size_t at, const struct service *s)
{
    c->info[at].service = s;
    tag_set(c, at, tag_at(c, at) | 1);
}

/* ---- trials: the flows that nDPI looks at ---- */

static struct trial *trial_of(struct classify *c, uint64_t key)
{
    return &c->trial[key % LIMIT_TRIALS];
}

static void trial_end(struct trial *t)
{
    if (t->open)
        ndpi_free_flow_data(t->flow);
    t->open = false;
}

/* NULL when this endpoint has had its flows, or there is no memory. */
static struct trial *trial_begin(struct classify *c, uint64_t key, size_t at)
{
    struct trial *t = trial_of(c, key);
    struct info *info = &c->info[at];
    if (info->trials >= TRIAL_FLOWS)
        return NULL;
    if (t->open) {
        if (!(tag_at(c, t->at) & 1) && c->info[t->at].trials > 0)
            c->info[t->at].trials--; /* cut short: it may have another */
        trial_end(t);
    }
    if (!t->flow)
        t->flow = malloc(sizeof *t->flow);
    if (!t->flow)
        return NULL;
    memset(t->flow, 0, sizeof *t->flow);
    t->key = key;
    t->at = (uint32_t)at;
    t->packets = 0;
    t->open = true;
    info->trials++;
    info->flows++;
    return t;
}

static void trial_failed(struct classify *c, struct trial *t)
{
    struct info *info = &c->info[t->at];
    trial_end(t);
    if (++info->failed >= TRIAL_FLOWS) {
        info->rounds++;
        info->rested = 0;
    }
}

void classify_free(struct classify *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < LIMIT_TRIALS; i++) {
        trial_end(&c->trial[i]);
        free(c->trial[i].flow);
    }
    ndpi_await(c);
    if (c->ndpi)
        ndpi_exit_detection_module(c->ndpi);
    free(c);
}

/* Nothing was found in a few flows. Look again later, a few times: a capture may have begun amid the first ones. */
static bool resting(struct info *info)
{
    if (info->failed < TRIAL_FLOWS)
        return false;
    if (info->rounds < ROUNDS && ++info->rested >= REST_PACKETS)
        info->trials = info->failed = 0;
    return true;
}

static void look(struct classify *c, size_t at, uint64_t key, const struct packet *p, const struct decoded *d)
{
    struct trial *t = trial_of(c, key);
    bool begun = t->key == key && t->at == at;
    const struct service *s = service_by_sight(d, c->info[at].server.port);
    if (begun && !t->open)
        return;
    if (s) {
        if (begun && !s->cleartext) { /* what began in clear text and goes on as TLS is no TLS service */
            trial_failed(c, t);
            return;
        }
        if (begun)
            trial_end(t);
        endpoint_known(c, at, s);
        return;
    }
    if (c->asked >= ASK_BURST + c->offered / ASK_EVERY)
        return;
    if (!begun)
        t = trial_begin(c, key, at);
    if (!t)
        return;
    s = ndpi_ask(c, t, p, d);
    if (s) {
        trial_end(t);
        endpoint_known(c, at, s);
    } else if (t->packets >= TRIAL_PACKETS) {
        trial_failed(c, t);
    }
}

/* Of the packet's two ends the one that serves. */
static uint64_t server_hash(const struct classify *c, const struct decoded *d, bool dst_serves)
{
    return hash_end(c->seed, dst_serves ? d->dst : d->src, d->addr_len, dst_serves ? d->dport : d->sport, d->proto);
}

static bool useless(const struct decoded *d)
{
    return d->payload_cap == 0 || !d->ip || d->fragmented || (d->proto != PROTO_TCP && d->proto != PROTO_UDP);
}

bool classify_known(const struct classify *c, const struct decoded *d)
{
    if (useless(d))
        return true;
    return is_known(c, server_hash(c, d, d->dport <= d->sport));
}

void classify_offered(struct classify *c, uint64_t packets)
{
    c->offered = packets;
}

/* Of an endpoint that is not known. Not for the compiler to put into its caller, which mostly has nothing to do. */
__attribute__((noinline)) static void learn(struct classify *c, uint64_t hash, const struct packet *p, const struct decoded *d,
                                            bool dst_serves)
{
    size_t at = endpoint_find(c, hash);
    const uint8_t *client = dst_serves ? d->src : d->dst;
    if (at == SIZE_MAX)
        at = endpoint_add(c, hash, d, dst_serves);
    if (at != SIZE_MAX && !resting(&c->info[at]))
        look(c, at, hash_end(hash, client, d->addr_len, dst_serves ? d->sport : d->dport, d->proto) | 1, p, d);
}

void classify_packet(struct classify *c, const struct packet *p, const struct decoded *d, unsigned server)
{
    if (useless(d))
        return;
    bool dst_serves = server == 1 || (server > 1 && d->dport <= d->sport);
    uint64_t hash = server_hash(c, d, dst_serves);
    c->offered++;
    if (!is_known(c, hash))
        learn(c, hash, p, d, dst_serves);
}

/* ---- answers ---- */

const char *classify_service(const struct classify *c, const struct endpoint *server, uint8_t proto)
{
    unsigned len = server->addr.kind == ADDR_IP4 ? 4 : 16;
    if (server->addr.kind != ADDR_IP4 && server->addr.kind != ADDR_IP6)
        return NULL;
    size_t at = endpoint_find(c, hash_end(c->seed, server->addr.b, len, server->port, proto));
    return at != SIZE_MAX && c->info[at].service ? c->info[at].service->name : NULL;
}

const char *classify_name(struct classify *c, struct rd sni)
{
    char name[LIMIT_NAME_BYTES + 1];
    ndpi_protocol_match_result match;
    size_t n = rd_left(&sni);
    if (n == 0 || n > LIMIT_NAME_BYTES || !ndpi_ready(c))
        return NULL;
    memcpy(name, sni.p, n);
    name[n] = '\0';
    int id = ndpi_match_string_subprotocol(c->ndpi, name, (unsigned)n, &match);
    return id > NDPI_PROTOCOL_UNKNOWN ? ndpi_get_proto_name(c->ndpi, (uint16_t)id) : NULL;
}

const char *classify_address(struct classify *c, const struct endpoint *server)
{
    struct in_addr a;
    if (server->addr.kind != ADDR_IP4 || !ndpi_ready(c))
        return NULL;
    memcpy(&a, server->addr.b, sizeof a);
    uint16_t id = ndpi_network_ptree_match(c->ndpi, &a);
    return id != NDPI_PROTOCOL_UNKNOWN ? ndpi_get_proto_name(c->ndpi, id) : NULL;
}

static int info_cmp(const void *a, const void *b)
{
    const struct info *x = *(const struct info *const *)a, *y = *(const struct info *const *)b;
    int k = endpoint_cmp(&x->server, &y->server);
    return k ? k : (x->proto > y->proto) - (x->proto < y->proto);
}

void classify_each(const struct classify *c, classify_visit *visit, void *ctx)
{
    const struct info *known[LIMIT_ENDPOINTS] = { NULL };
    size_t n = 0;
    for (size_t i = 0; i < LIMIT_ENDPOINTS; i++)
        if (tag_at(c, i) & 1)
            known[n++] = &c->info[i];
    qsort(known, n, sizeof *known, info_cmp);
    for (size_t i = 0; i < n; i++) {
        const struct info *k = known[i];
        struct classify_entry e = { k->server, k->proto, k->service->name, k->flows, k->service->cleartext };
        visit(ctx, &e);
    }
}
