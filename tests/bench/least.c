/* SPDX-License-Identifier: Apache-2.0 */
/*
 * least - what no program can leave out that follows the connections of a capture and reads their beginnings, and nothing else:
 * `least FILE`. Packets are read with read(2), past libpcap; each one's ports and addresses are hashed, and one word is looked up,
 * which was fetched while others were hashed; of the first packets of a connection the payload is read, and STATE_LINES lines
 * of what is known of it are written. No header is judged, nothing is put in order, parsed, tallied or reported. Ethernet with IP
 * and TCP or UDP only, a capture of this machine's byte order; others are passed over.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    BLOCK = 1 << 18, RECORD = 16, ETHER = 14, GROUP = 16, PACKETS = 4096,
    WORDS = 1 << 21, STATES = 1 << 20, STATE_LINES = 4, LINE = 64,
    FIRST = 9, /* packets of a short handshake */
};

struct packet {
    const uint8_t *frame, *payload;
    uint32_t caplen, n;
    uint64_t flow; /* 0: passed over */
};

static uint8_t block[BLOCK + (1 << 19)];
static struct packet packet[PACKETS];
static uint64_t *word; /* the upper bits of a flow, and 21 bits: the number of its state, from 1; NUMBER: decided */
enum { NUMBER = (1 << 21) - 1 };
static uint64_t (*state)[STATE_LINES * LINE / 8]; /* the first word counts packets */
static uint32_t idle[STATES], idles, used;
static volatile uint64_t sum; /* so that nothing is left out because nobody wants it */

static uint64_t fold(uint64_t a, uint64_t b)
{
    __extension__ typedef unsigned __int128 u128;
    u128 m = (u128)a * b;
    return (uint64_t)m ^ (uint64_t)(m >> 64);
}

static uint64_t party(const uint8_t *addr, unsigned n, const uint8_t *port)
{
    uint64_t half[2] = { 0, 0 };
    uint16_t p;
    memcpy(half, addr, n);
    memcpy(&p, port, sizeof p);
    return n == 4 ? half[0] << 16 | p : fold(half[0] ^ 0x9e3779b97f4a7c15u, half[1] ^ 0xbf58476d1ce4e5b9u) + p;
}

/* The flow and the payload of a frame, after which the word of the flow is sent for. */
static void look(struct packet *k)
{
    const uint8_t *ip = k->frame + ETHER;
    bool six = k->frame[12] == 0x86 && k->frame[13] == 0xdd, four = k->frame[12] == 8 && k->frame[13] == 0;
    uint32_t header = six ? 40 : (ip[0] & 15u) * 4;
    uint8_t proto = six ? ip[6] : ip[9];
    k->flow = 0;
    if (k->caplen < ETHER + 60 || !(six || four) || (proto != 6 && proto != 17))
        return;
    const uint8_t *l4 = ip + header;
    uint64_t a = party(ip + (six ? 8 : 12), six ? 16 : 4, l4), b = party(ip + (six ? 24 : 16), six ? 16 : 4, l4 + 2);
    k->flow = fold(fold((a < b ? a : b) ^ 0x94d049bb133111ebu, (a < b ? b : a) ^ 0xd6e8feb86659fd93u), 0x9e3779b97f4a7c15u) | NUMBER;
    k->payload = l4 + (proto == 6 ? (l4[12] >> 4) * 4 : 8);
    k->n = k->payload < k->frame + k->caplen ? (uint32_t)(k->frame + k->caplen - k->payload) : 0;
    __builtin_prefetch(&word[k->flow >> 40 & (WORDS - 1)]);
}

/* One of the first packets of a connection. */
static void follow(uint64_t *w, const struct packet *k)
{
    uint64_t *s = state[*w & NUMBER];
    uint64_t bytes = 0, eight;
    for (unsigned i = 0; i < STATE_LINES; i++)
        s[i * LINE / 8]++;
    for (uint32_t i = 0; i + 8 <= k->n; i += 8) {
        memcpy(&eight, k->payload + i, 8);
        bytes += eight;
    }
    sum += bytes;
    if (s[0] < FIRST)
        return;
    memset(s, 0, sizeof *state);
    idle[idles++] = *w & NUMBER;
    *w |= NUMBER;
}

static void find(const struct packet *k)
{
    uint32_t i = k->flow >> 40 & (WORDS - 1);
    while (word[i] && (word[i] | NUMBER) != k->flow)
        i = (i + 1) & (WORDS - 1);
    if (!word[i]) {
        uint32_t number = idles ? idle[--idles] : used < STATES - 1 ? ++used : NUMBER;
        word[i] = (k->flow & ~(uint64_t)NUMBER) | number;
    }
    if ((word[i] & NUMBER) != NUMBER)
        follow(&word[i], k);
}

static size_t records(size_t have)
{
    size_t at = 0;
    unsigned n = 0;
    uint32_t caplen;
    for (; n < PACKETS && have - at >= RECORD; at += RECORD + caplen) {
        memcpy(&caplen, block + at + 8, sizeof caplen);
        if (have - at - RECORD < caplen)
            break;
        packet[n++] = (struct packet){ .frame = block + at + RECORD, .caplen = caplen };
    }
    for (unsigned i = 0; i < n; i += GROUP) {
        unsigned end = i + GROUP < n ? i + GROUP : n;
        for (unsigned k = i; k < end; k++)
            look(&packet[k]);
        for (unsigned k = i; k < end; k++)
            if (packet[k].flow)
                find(&packet[k]);
    }
    return at;
}

int main(int argc, char **argv)
{
    int fd = argc == 2 ? open(argv[1], O_RDONLY) : -1;
    size_t have = 0, done = 0;
    word = calloc(WORDS, sizeof *word);
    state = calloc(STATES, sizeof *state);
    if (fd < 0 || !word || !state || read(fd, block, 24) != 24) {
        fprintf(stderr, "least CAPTURE: cannot be read\n");
        return 2;
    }
    do {
        memmove(block, block + done, have - done);
        have -= done;
        ssize_t got = done ? 0 : read(fd, block + have, BLOCK);
        if (!done && got <= 0)
            break;
        have += (size_t)got;
        done = records(have);
    } while (have <= sizeof block - BLOCK || done);
    return 0;
}
