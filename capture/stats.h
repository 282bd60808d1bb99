/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stats - everything counted about the traffic, and above all everything that could not be seen, by reason.
 *
 * "Not seen" is part of every answer: whatever a packet, a segment, a flow or a hello was dropped for is a row here, and
 * every row that is not zero is printed in the "not seen" section of every report. Rows plus what was counted equal what
 * was read. To add a reason: one line below, and the code that counts it.
 *
 * S(name, kind, text): kind T = totals; L = a loss, printed under "could not be seen"; I = information.
 */
#ifndef CAPTURE_STATS_H
#define CAPTURE_STATS_H

#include <stdint.h>

#define STATS(S)                                                                                        \
    S(packets, T, "packets read")                                                                       \
    S(bytes, T, "bytes on the wire")                                                                    \
    S(connections, T, "connections that carried data")                                                 \
    S(handshakes, T, "TLS handshakes observed")                                                         \
    S(drop_kernel, L, "packets dropped by the kernel before they could be read")                        \
    S(drop_interface, L, "packets dropped by the interface")                                            \
    S(file_cut, L, "capture files that were not read to their end (damaged, cut)")                      \
    S(packet_cut, L, "packets cut by the snap length")                                                  \
    S(packet_malformed, L, "packets whose headers are malformed")                                       \
    S(link_unknown, L, "packets of a link layer or ethertype that is not decoded")                      \
    S(link_other, I, "frames that cannot carry TLS (ARP, LLDP, spanning tree, ...)")                    \
    S(ip_unknown, I, "IP packets of protocols that cannot carry TLS")                                   \
    S(layers_deep, L, "packets nested in more headers than the limit")                                  \
    S(packet_encrypted, L, "packets of an encrypted tunnel (ESP, MACsec, protected 802.11)")            \
    S(frag_duplicate, I, "fragments of IP datagrams that were whole already")                           \
    S(frag_reassembled, I, "IP datagrams put together from fragments")                                  \
    S(frag_incomplete, L, "IP datagrams with fragments missing")                                        \
    S(frag_evicted, L, "IP datagrams given up because too many were in fragments")                      \
    S(flow_midstream, L, "connections met in their middle, or again after long silence: a handshake may have passed") \
    S(flow_evicted, L, "open connections forgotten because the flow table was full")                    \
    S(conn_evicted, L, "open handshakes forgotten because too many were open")                          \
    S(stream_gap, L, "gaps in the data of connections still being examined")                            \
    S(stream_gap_bytes, I, "bytes missing in gaps of connections still being examined")                       \
    S(stream_overflow, L, "connections with too much out-of-order data to hold")                        \
    S(stream_stray, I, "TCP segments far outside their connection's window")                            \
    S(flow_one_sided, L, "handshakes of which only one direction was captured")                         \
    S(hello_incomplete, L, "hellos of which a part was not captured")                                   \
    S(hello_malformed, L, "hellos that do not parse")                                                   \
    S(hello_too_long, L, "handshake messages longer than the limit")                                    \
    S(tls_midstream, L, "connections seen in TLS without their hello")                                  \
    S(cert_skipped, L, "certificates that could not be read or were over the limit")                    \
    S(upgrade_opaque, L, "sessions hidden by another encryption (OpenVPN tls-crypt, GSSAPI layers)")    \
    S(upgrade_unknown, L, "sessions of upgradable protocols whose dialogue was not captured whole")      \
    S(tunnel_deep, L, "connections through more proxies in a row than the limit")                       \
    S(quic_midstream, L, "QUIC connections whose Initial packets were missed")                          \
    S(quic_unknown_version, L, "QUIC packets of a version whose Initial keys are not public")           \
    S(quic_undecryptable, L, "QUIC Initial packets that do not decrypt")                                \
    S(memory_refused, L, "items dropped because memory ran out")                                        \
    S(cleartext_login, I, "logins seen in clear text (counted, never stored)")

struct stats {
#define S(name, kind, text) uint64_t name;
    STATS(S)
#undef S
};

/* The table behind the struct, for loops over it (reports, the hour table, the state file): stats_value(s, i). */
struct stats_row {
    const char *name;
    char kind; /* 'T', 'L', 'I' */
    const char *text;
};
extern const struct stats_row stats_rows[];
extern const unsigned stats_count;
uint64_t *stats_value(struct stats *s, unsigned i);
/* into += from; into = now - before. */
void stats_add(struct stats *into, const struct stats *from);
void stats_sub(struct stats *into, const struct stats *now, const struct stats *before);

#endif
