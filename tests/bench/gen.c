/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gen - writes a capture of a given kind and size, and what is true of it. Repeatable: the same options give the same bytes.
 *
 * Any number of conversations is under way at once; the next packet is that of one chosen at random. A conversation is a string of
 * steps, a letter each: lower case is sent by the client, upper case by the server. Its bytes depend on its seed alone, so that
 * nothing but a few numbers is kept for each.
 */
#include "tests/bench/messages.h"

#include <getopt.h>

enum { MSS = 1400, PORTS = 50000 };

/* ---- what is asked for ---- */

struct load {
    const char *name;
    uint64_t size; /* start no more conversations when those started come to so many bytes; 0: by flows alone */
    uint32_t flows, open; /* conversations in all, and at once */
    uint32_t clients, servers;
    uint32_t names, offers, certs; /* distinct ones; 0: names and certs one per server, offers one per stack */
    uint32_t bulk; /* mean bytes of application data after a handshake, of a long tail */
    uint32_t rounds; /* handshakes first; then so many small packets of every conversation, in random order; nothing closes */
    uint32_t resumed, upgraded; /* per cent */
    uint32_t faults; /* per thousand segments: swapped, repeated, and (of bulk data) lost */
    uint32_t noise; /* per cent of conversations that are not TLS, or have no beginning */
    uint32_t syns, synacks, datagrams; /* for each packet of a conversation, so many strangers' */
};
static const struct load loads[] = {
    { .name = "mix", .size = 2000000000, .flows = UINT32_MAX, .open = 20000, .clients = 20000, .servers = 500, .bulk = 90000,
      .resumed = 30, .upgraded = 3, .faults = 4, .noise = 5 },
    { .name = "handshakes", .flows = 500000, .open = 1000, .clients = 20000, .servers = 500, .resumed = 10 },
    { .name = "manyflows", .flows = 1000000, .open = 20000, .clients = 1000003, .servers = 1000, .rounds = 4, .resumed = 100 },
    { .name = "hosts", .flows = 1000000, .open = 1000, .clients = 1000000, .servers = 20000, .resumed = 100 },
    { .name = "synflood", .flows = 2000, .open = 200, .clients = 2000, .servers = 100, .syns = 100 },
    { .name = "synackflood", .flows = 2000, .open = 200, .clients = 2000, .servers = 100, .synacks = 50 },
    { .name = "udpflood", .flows = 2000, .open = 200, .clients = 2000, .servers = 100, .datagrams = 100 },
    { .name = "starttls", .flows = 10000, .open = 500, .clients = 5000, .servers = 100, .resumed = 20, .upgraded = 100 },
};

/* ---- protocols that begin in clear text: a line each, from the server first (lines of the client begin with ">") ---- */

struct upgrade {
    const char *name; /* NULL: refuses, no TLS follows */
    uint16_t port;
    const char *script; /* one letter per line */
    struct {
        const char *p;
        size_t n;
    } line[8];
};
#define L(s) { s, sizeof(s) - 1 }
static const struct upgrade upgrades[] = {
    { "smtp", 25, "sSaUuUuU.", { L("220 mx.example.net ESMTP\r\n"), L("EHLO client.example.org\r\n"),
      L("250-mx.example.net\r\n250-PIPELINING\r\n250-STARTTLS\r\n250 8BITMIME\r\n"), L("STARTTLS\r\n"), L("220 2.0.0 Ready\r\n") } },
    { "imap", 143, "sSaUuUuU.", { L("* OK IMAP4rev1 ready\r\n"), L("a1 CAPABILITY\r\n"),
      L("* CAPABILITY IMAP4rev1 STARTTLS\r\na1 OK done\r\n"), L("a2 STARTTLS\r\n"), L("a2 OK Begin TLS\r\n") } },
    { "pop3", 110, "sSaUuU.", { L("+OK POP3 ready\r\n"), L("STLS\r\n"), L("+OK Begin TLS\r\n") } },
    { "ftp", 21, "sSaUuU.", { L("220 FTP server\r\n"), L("AUTH TLS\r\n"), L("234 Proceed\r\n") } },
    { "ldap", 389, "sSauU.", { L("\x30\x1d\x02\x01\x01\x77\x18\x80\x16" "1.3.6.1.4.1.1466.20037"),
      L("\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x00\x04\x00\x04\x00") } },
    { "postgresql", 5432, "sSauU.", { L("\0\0\0\x08\x04\xd2\x16\x2f"), L("S") } },
    { "xmpp", 5222, "sSauUuU.", { L("<?xml version='1.0'?><stream:stream to='example.net' xmlns='jabber:client' "
      "xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>"),
      L("<?xml version='1.0'?><stream:stream from='example.net' id='1' xmlns='jabber:client' "
        "xmlns:stream='http://etherx.jabber.org/streams' version='1.0'><stream:features>"
        "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls></stream:features>"),
      L("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"), L("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>") } },
    { NULL, 25, "sSaUuUuUuUfFa", { L("220 old.example.net ESMTP\r\n"), L("EHLO client.example.org\r\n"),
      L("250-old.example.net\r\n250-STARTTLS\r\n250 8BITMIME\r\n"), L("STARTTLS\r\n"), L("454 4.7.0 TLS not available\r\n"),
      L("QUIT\r\n"), L("221 2.0.0 Bye\r\n") } },
};
#undef L
enum { UPGRADES = sizeof upgrades / sizeof *upgrades };

/* ---- conversations ---- */

struct conv {
    struct talk talk;
    uint32_t client, server;
    uint32_t seq[2]; /* next, of the client and of the server */
    uint32_t off; /* bytes of the step that are sent */
    uint32_t bulk; /* of this conversation */
    const char *step;
    uint16_t port;
    uint8_t upgrade; /* 1 more than its row; 0: none */
    uint8_t line; /* of its dialogue */
    bool v6;
};

struct truth {
    uint64_t flows, refused, retries, upgrade[UPGRADES];
    uint64_t tls[5][SUITES]; /* by minor version, row of suite_rows */
};

struct gen {
    struct load load;
    uint64_t rng;
    struct pcap_out out;
    struct truth truth;
    struct conv *open;
    uint32_t opened, count; /* so far; now */
    uint64_t promised; /* bytes of those opened, about */
};

/* What follows the upgrade, or TCP's handshake. */
static const char *main_script(const struct gen *g, const struct conv *c)
{
    if (c->talk.choice.alert)
        return "hXfFa";
    if (g->load.rounds)
        return c->talk.choice.version == V_TLS13 || !c->talk.resumed ? "hHkK" : "hHk";
    if (c->talk.retry)
        return "hRrHkbBfFa";
    if (c->talk.resumed || c->talk.choice.version == V_TLS13)
        return c->bulk ? "hHkbBfFa" : "hHkfFa";
    return c->bulk ? "hHkKbBfFa" : "hHkKfFa";
}

static bool from_client(char step)
{
    return step >= 'a';
}

static uint32_t long_tail(uint64_t *rng, uint32_t mean)
{
    uint32_t n = mean / 8;
    while (n < mean * 32 && rng_below(rng, 100) < 45)
        n *= 2;
    return n / 2 + rng_below(rng, n + 1);
}

static void conv_negotiate(const struct gen *g, struct conv *c)
{
    struct talk *t = &c->talk;
    uint64_t r = t->seed + 100;
    static const uint8_t common[20] = { 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 4, 5, 6, 7 };
    const struct profile *p = &profiles[common[mix64(c->server) % sizeof common]];
    /* most servers and clients are recent; a client keeps its stack */
    uint32_t age = (uint32_t)(mix64(c->client + 1000) % 100);
    t->stack = (uint8_t)(age < 88 ? age % 4 : 4 + age % (STACKS - 4));
    t->choice = negotiate(&stacks[t->stack], p);
    t->au = p->au;
    if (t->choice.alert && g->load.rounds) { /* every flow stays open: all must agree */
        t->stack = 3;
        p = &profiles[2];
        t->choice = negotiate(&stacks[3], p);
    }
    t->resumed = !t->choice.alert && rng_below(&r, 100) < g->load.resumed && t->choice.version != V_SSL3;
    t->retry = t->choice.version == V_TLS13 && !t->resumed && stacks[t->stack].group == X25519 && rng_below(&r, 100) < 10;
    t->coalesced = mix64(c->server + 7) & 1;
    t->name = (uint32_t)(g->load.names ? 1 + t->seed % g->load.names : 1 + c->server);
    t->offer = (uint32_t)(g->load.offers ? 1 + t->seed % g->load.offers : 0);
    t->cert = (uint32_t)(g->load.certs ? t->seed % g->load.certs : c->server);
}

static void conv_start(struct gen *g, struct conv *c)
{
    const struct load *l = &g->load;
    uint32_t number = g->opened++, kind = rng_below(&g->rng, 100);
    *c = (struct conv){ .talk.seed = rng_next(&g->rng), .client = rng_below(&g->rng, l->clients),
                        .server = rng_below(&g->rng, l->servers), .port = (uint16_t)(10000 + number % PORTS) };
    if (l->clients > l->flows || l->rounds) /* everybody once */
        c->client = (uint32_t)((uint64_t)number * 7919 % l->clients);
    uint64_t r = c->talk.seed + 200;
    c->seq[0] = (uint32_t)rng_next(&r);
    c->seq[1] = (uint32_t)rng_next(&r);
    c->v6 = mix64(c->client) % 5 == 0;
    c->bulk = l->bulk ? long_tail(&r, l->bulk) : 0;
    conv_negotiate(g, c);
    g->truth.flows++;
    g->promised += 6000 + c->bulk + c->bulk / 14;
    if (kind < l->noise) {
        c->talk.choice.alert = 1;
        c->step = kind % 3 == 0 ? "bBbBbB" : kind % 3 == 1 ? "sSajJjJfFa" : "sSabBfFa"; /* begun before; HTTP; nobody knows */
    } else if (rng_below(&r, 100) < l->upgraded) {
        c->upgrade = (uint8_t)(1 + rng_below(&r, UPGRADES));
        c->step = upgrades[c->upgrade - 1].script;
    } else {
        c->step = "sSa.";
    }
}

static struct endpoint address(const struct conv *c, bool client)
{
    struct endpoint e = { .addr_len = c->v6 ? 16 : 4, .port = c->port };
    uint32_t n = client ? c->client : c->server;
    if (!client)
        e.port = c->upgrade ? upgrades[c->upgrade - 1].port : 443;
    if (c->v6) {
        memcpy(e.addr, "\x20\x01\x0d\xb8", 4);
        e.addr[5] = client;
        at32(e.addr + 12, n + 1);
    } else {
        at32(e.addr, (client ? 0x0a000000 : 0xac100000) + n + 1);
    }
    return e;
}

static void send_segment(struct gen *g, const struct conv *c, bool client, unsigned flags, uint32_t off, const uint8_t *p, size_t n)
{
    struct endpoint a = address(c, client), b = address(c, !client);
    struct segment s = { .from = &a, .to = &b, .flags = flags, .data = p, .n = n };
    s.seq = c->seq[!client] + off;
    s.ack = flags & FLAG_ACK ? c->seq[client] : 0;
    pcap_tcp(&g->out, &s);
}

static void count_hello(struct gen *g, const struct conv *c)
{
    g->truth.tls[c->talk.choice.version & 7][c->talk.choice.suite]++;
    if (c->upgrade)
        g->truth.upgrade[c->upgrade - 1]++;
}

/* The bytes of a step that is not bulk data. */
static void build(const struct conv *c, struct bytes *b)
{
    const struct talk *t = &c->talk;
    b->n = 0;
    switch (*c->step) {
    case 'h':
    case 'r':
        put_client_hello(b, t, *c->step == 'r');
        break;
    case 'H':
        put_server_flight(b, t);
        break;
    case 'R':
        put_retry(b, t);
        break;
    case 'X':
        put_alert(b, V_TLS12 < stacks[t->stack].newest ? V_TLS12 : stacks[t->stack].newest, t->choice.alert);
        break;
    case 'k':
        put_client_finish(b, t);
        break;
    case 'K':
        put_finished(b, t, 34);
        break;
    case 'j':
        put(b, "GET / HTTP/1.1\r\nHost: www.example.net\r\n\r\n", 41);
        break;
    case 'J':
        put(b, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabcd", 42);
        break;
    default:
        put(b, upgrades[c->upgrade - 1].line[c->line].p, upgrades[c->upgrade - 1].line[c->line].n);
    }
}

/* Sealed records of 16 KB, of which the bytes from off on are wanted. */
static void build_bulk(const struct conv *c, uint32_t total, uint32_t off, uint8_t *p, uint32_t n)
{
    static uint8_t pool[1 << 16];
    enum { RECORD = 16384, STRIDE = RECORD + 5 };
    if (!pool[0] && !pool[1])
        for (uint32_t i = 0; i < sizeof pool; i++)
            pool[i] = (uint8_t)mix64(i);
    uint32_t at = (uint32_t)(c->talk.seed + off) % (sizeof pool - MSS);
    memcpy(p, pool + at, n);
    unsigned version = record_version(&c->talk);
    if (c->talk.choice.alert) /* nobody's protocol */
        return;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t in = (off + i) % STRIDE, left = total - (off + i - in);
        uint32_t body = left < STRIDE ? left - 5 : RECORD;
        uint8_t head[5] = { 23, (uint8_t)(version >> 8), (uint8_t)version, (uint8_t)(body >> 8), (uint8_t)body };
        if (in >= 5)
            i += STRIDE - in - 1;
        else
            p[i] = head[in];
    }
}

static uint32_t bulk_size(const struct conv *c)
{
    uint32_t n = *c->step == 'b' ? 200 + (uint32_t)(c->talk.seed & 511) : 200 + c->bulk;
    enum { STRIDE = 16384 + 5 };
    return n % STRIDE < 6 ? n + 6 : n; /* no record is cut */
}

/* One packet of data, or two that change places; true when the step is over. */
static bool send_data(struct gen *g, struct conv *c, bool client)
{
    static struct bytes b;
    bool bulk = *c->step == 'b' || *c->step == 'B';
    if (!bulk)
        build(c, &b);
    uint32_t total = bulk ? bulk_size(c) : (uint32_t)b.n;
    uint64_t r = c->talk.seed + c->off * 64 + (uint64_t)(unsigned char)*c->step;
    uint32_t luck = rng_below(&r, 1000), pieces = luck < g->load.faults && total - c->off > MSS ? 2 : 1;
    for (uint32_t i = pieces; i-- > 0;) {
        uint8_t room[MSS];
        uint32_t off = c->off + i * MSS, n = total - off < MSS ? total - off : MSS;
        if (bulk)
            build_bulk(c, total, off, room, n);
        const uint8_t *p = bulk ? room : b.p + off;
        if (bulk && rng_below(&r, 1000) < g->load.faults / 2)
            continue; /* lost on the way to the capture */
        send_segment(g, c, client, FLAG_ACK | FLAG_PSH, off, p, n);
        if (rng_below(&r, 1000) < g->load.faults)
            send_segment(g, c, client, FLAG_ACK | FLAG_PSH, off, p, n);
    }
    uint32_t sent = total - c->off < pieces * MSS ? total - c->off : pieces * MSS;
    c->off += sent;
    if (bulk && c->off / MSS % 2 == 0 && c->off < total) { /* the other side acknowledges */
        c->seq[!client] += c->off;
        send_segment(g, c, !client, FLAG_ACK, 0, NULL, 0);
        c->seq[!client] -= c->off;
    }
    if (c->off < total)
        return false;
    c->seq[!client] += total;
    c->off = 0;
    return true;
}

/* Control segments: letters of TCP's own. true: it was one. */
static bool send_control(struct gen *g, struct conv *c, bool client)
{
    switch (*c->step) {
    case 's':
    case 'S':
        send_segment(g, c, client, FLAG_SYN | (client ? 0 : FLAG_ACK), 0, NULL, 0);
        c->seq[!client]++;
        return true;
    case 'a':
        send_segment(g, c, client, FLAG_ACK, 0, NULL, 0);
        return true;
    case 'f':
    case 'F':
        send_segment(g, c, client, FLAG_FIN | FLAG_ACK, 0, NULL, 0);
        c->seq[!client]++;
        return true;
    default:
        return false;
    }
}

/* The conversation's next packet; true when it has ended. */
static bool conv_packet(struct gen *g, struct conv *c)
{
    char step = *c->step;
    bool client = from_client(step);
    if (!send_control(g, c, client)) {
        if (!send_data(g, c, client))
            return false;
        if (step == 'H')
            count_hello(g, c);
        g->truth.refused += step == 'X';
        g->truth.retries += step == 'R';
        if (step == 'u' || step == 'U')
            c->line++;
    }
    c->step++;
    if (*c->step == '.') {
        if (c->upgrade && !upgrades[c->upgrade - 1].name)
            abort();
        c->step = main_script(g, c);
    }
    return !*c->step;
}

/* ---- strangers ---- */

static void stranger_syn(struct gen *g, bool answered)
{
    struct conv c = { .client = (uint32_t)rng_next(&g->rng) & 0xffffff, .server = rng_below(&g->rng, g->load.servers),
                      .port = (uint16_t)rng_next(&g->rng) };
    c.seq[0] = (uint32_t)rng_next(&g->rng);
    send_segment(g, &c, true, FLAG_SYN, 0, NULL, 0);
    c.seq[0]++;
    if (answered)
        send_segment(g, &c, false, FLAG_SYN | FLAG_ACK, 0, NULL, 0);
}

static void stranger_datagram(struct gen *g)
{
    struct conv c = { .client = (uint32_t)rng_next(&g->rng) & 0xffffff, .server = rng_below(&g->rng, g->load.servers),
                      .port = (uint16_t)rng_next(&g->rng) };
    struct endpoint a = address(&c, true), b = address(&c, false);
    uint64_t data[8];
    for (unsigned i = 0; i < 8; i++)
        data[i] = rng_next(&g->rng);
    struct segment s = { .from = &a, .to = &b, .data = (const uint8_t *)data, .n = sizeof data };
    pcap_udp(&g->out, &s);
}

static void strangers(struct gen *g)
{
    for (uint32_t i = 0; i < g->load.syns; i++)
        stranger_syn(g, false);
    for (uint32_t i = 0; i < g->load.synacks; i++)
        stranger_syn(g, true);
    for (uint32_t i = 0; i < g->load.datagrams; i++)
        stranger_datagram(g);
}

/* ---- the whole ---- */

static bool more(const struct gen *g)
{
    return g->opened < g->load.flows && (!g->load.size || g->promised < g->load.size);
}

/* Handshakes that are done and stay open: small records to and fro, of any conversation next. */
static void rounds(struct gen *g, struct conv *kept)
{
    for (uint64_t i = 0; i < (uint64_t)g->load.rounds * g->opened; i++) {
        struct conv *c = &kept[rng_below(&g->rng, g->opened)];
        bool client = rng_next(&g->rng) & 1;
        struct bytes b = { .n = 0 };
        put_sealed(&b, 23, record_version(&c->talk), 100, c->talk.seed + i);
        send_segment(g, c, client, FLAG_ACK | FLAG_PSH, 0, b.p, b.n);
        c->seq[!client] += (uint32_t)b.n;
        g->out.ts_us += 2;
    }
}

static void run(struct gen *g)
{
    struct conv *kept = g->load.rounds ? calloc(g->load.flows, sizeof *kept) : NULL;
    uint32_t done = 0;
    g->open = calloc(g->load.open, sizeof *g->open);
    if (!g->open || (g->load.rounds && !kept))
        abort();
    pcap_begin(&g->out);
    while (more(g) || g->count) {
        if (g->count < g->load.open && more(g))
            conv_start(g, &g->open[g->count++]);
        uint32_t i = rng_below(&g->rng, g->count);
        g->out.ts_us += 2 + rng_below(&g->rng, 6);
        strangers(g);
        if (!conv_packet(g, &g->open[i]))
            continue;
        if (kept)
            kept[done++] = g->open[i];
        g->open[i] = g->open[--g->count];
    }
    if (kept)
        rounds(g, kept);
    free(kept);
    free(g->open);
}

static void write_truth(const struct gen *g, FILE *f)
{
    static const char *const version[5] = { "SSLv3", "TLSv1.0", "TLSv1.1", "TLSv1.2", "TLSv1.3" };
    fprintf(f, "packets\t%llu\nflows\t%llu\nrefused\t%llu\nretries\t%llu\n", (unsigned long long)g->out.packets,
            (unsigned long long)g->truth.flows, (unsigned long long)g->truth.refused, (unsigned long long)g->truth.retries);
    for (unsigned v = 0; v < 5; v++)
        for (unsigned s = 0; s < SUITES; s++)
            if (g->truth.tls[v][s])
                fprintf(f, "tls\t%s\t0x%04x\t%llu\n", version[v], suite_rows[s].id, (unsigned long long)g->truth.tls[v][s]);
    for (unsigned u = 0; u < UPGRADES; u++)
        if (g->truth.upgrade[u])
            fprintf(f, "upgrade\t%s\t%llu\n", upgrades[u].name, (unsigned long long)g->truth.upgrade[u]);
}

static int usage(void)
{
    fprintf(stderr, "gen MODE -o CAPTURE -t TRUTH [--size BYTES] [--flows N] [--open N] [--clients N] [--servers N] [--names N]\n"
                    "    [--offers N] [--certs N] [--bulk BYTES] [--faults N] [--noise N] [--resumed PERCENT] [--rounds N] [--seed N]\nmodes:");
    for (unsigned i = 0; i < sizeof loads / sizeof *loads; i++)
        fprintf(stderr, " %s", loads[i].name);
    fprintf(stderr, "\n");
    return 2;
}

static uint64_t number(const char *text)
{
    char *end;
    uint64_t n = strtoull(text, &end, 10);
    unsigned shift = *end == 'K' ? 10 : *end == 'M' ? 20 : *end == 'G' ? 30 : 0;
    return n << shift;
}

static void set(struct gen *g, int option, uint64_t n)
{
    struct load *l = &g->load;
    uint32_t *field[] = { &l->flows, &l->open, &l->clients, &l->servers, &l->names, &l->offers, &l->certs, &l->bulk, &l->faults,
                          &l->noise, &l->resumed, &l->rounds };
    if (option == 'S')
        l->size = n;
    else if (option == 'R')
        g->rng = mix64(n);
    else
        *field[option] = (uint32_t)n;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        { "flows", 1, NULL, 0 }, { "open", 1, NULL, 1 }, { "clients", 1, NULL, 2 }, { "servers", 1, NULL, 3 },
        { "names", 1, NULL, 4 }, { "offers", 1, NULL, 5 }, { "certs", 1, NULL, 6 }, { "bulk", 1, NULL, 7 },
        { "faults", 1, NULL, 8 }, { "noise", 1, NULL, 9 }, { "resumed", 1, NULL, 10 }, { "rounds", 1, NULL, 11 },
        { "size", 1, NULL, 'S' }, { "seed", 1, NULL, 'R' }, { NULL, 0, NULL, 0 },
    };
    static struct gen g;
    FILE *truth = NULL;
    g.rng = mix64(1);
    g.out.ts_us = INT64_C(1767600000000000); /* 2026-01-05 08:00 UTC */
    for (unsigned i = 0; argc > 1 && i < sizeof loads / sizeof *loads; i++)
        if (!strcmp(argv[1], loads[i].name))
            g.load = loads[i];
    if (!g.load.name)
        return usage();
    for (int c; (c = getopt_long(argc - 1, argv + 1, "o:t:", options, NULL)) != -1;) {
        if (c == '?')
            return usage();
        if (c == 'o')
            g.out.f = fopen(optarg, "wb");
        else if (c == 't')
            truth = fopen(optarg, "w");
        else
            set(&g, c, number(optarg));
    }
    if (!g.out.f || !truth || !g.load.flows || !g.load.open || !g.load.clients || !g.load.servers)
        return usage();
    (void)setvbuf(g.out.f, NULL, _IOFBF, 1 << 20);
    run(&g);
    write_truth(&g, truth);
    if (fclose(g.out.f) | fclose(truth)) {
        perror("gen");
        return 1;
    }
    return 0;
}
