/* SPDX-License-Identifier: Apache-2.0 */
/* floor - reads a capture through libpcap and does nothing: what any program that uses libpcap costs at least. */
#include <pcap/pcap.h>
#include <stdio.h>

static void count(u_char *user, const struct pcap_pkthdr *h, const u_char *data)
{
    (void)data;
    unsigned long long *n = (unsigned long long *)(void *)user;
    n[0]++;
    n[1] += h->len;
}

int main(int argc, char **argv)
{
    char why[PCAP_ERRBUF_SIZE] = "";
    unsigned long long n[2] = { 0, 0 };
    pcap_t *p = argc == 2 ? pcap_open_offline(argv[1], why) : NULL;
    if (!p) {
        fprintf(stderr, "floor CAPTURE: %s\n", why);
        return 2;
    }
    int rc = pcap_loop(p, -1, count, (u_char *)n);
    printf("%llu packets, %llu bytes\n", n[0], n[1]);
    pcap_close(p);
    return rc == 0 ? 0 : 1;
}
