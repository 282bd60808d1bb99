/* SPDX-License-Identifier: Apache-2.0 */
/*
 * showed - what a place showed that it can do: versions, suites and their order, groups, certificates, extensions. Each with the
 * row that is its evidence, the earliest that shows it, and never more than was shown: what nobody asked for is not known, and a
 * "no" is said only where it was asked for and not given. Of one place, since its last change of configuration.
 */
#ifndef REPORT_SHOWED_H
#define REPORT_SHOWED_H

#include "report/study.h"

enum { SHOWED_SUITES = 64, SHOWED_GROUPS = 32, SHOWED_CERTS = 4 };
enum showed_order { ORDER_NOT_SHOWN, ORDER_SERVER, ORDER_CLIENT, ORDER_BOTH /* now this, now that */ };

/* Rows of the cube; 0: there is none. */
struct showed_fact {
    uint32_t yes, no;
};

struct showed {
    uint16_t lowest, highest; /* chosen; VER_NONE: nothing was */
    uint32_t lowest_row, highest_row;
    uint16_t refused; /* the best offer that was refused as too low (alert protocol_version); VER_NONE: none was */
    uint32_t refused_row;
    uint32_t limit_row; /* more than .highest was offered, and .highest was chosen without the mark of a downgrade */
    uint16_t proved; /* a version above .highest that it proved to have, by such a mark: it, or more */
    uint32_t proved_row;
    struct showed_suite {
        uint16_t version;
        uint32_t suite, row;
        uint64_t count;
    } suite[SHOWED_SUITES]; /* newest version first, then most handshakes */
    struct showed_group {
        uint16_t group;
        uint32_t row;
        uint64_t count;
    } group[SHOWED_GROUPS]; /* most handshakes first */
    unsigned suites, groups, certs, more_suites, more_groups; /* more: without room here */
    const struct cert_facts *cert[SHOWED_CERTS]; /* one of each kind of key */
    uint32_t cert_row[SHOWED_CERTS];
    uint32_t server_order_row; /* it passed over a suite that was listed before and that it has */
    uint32_t client_order_row[2]; /* of two suites it chose the one listed first, whichever that was */
    struct showed_fact renegotiation_info, ems, scsv /* a fallback that says so is refused */;
    uint64_t handshakes;
};

/* False: no handshake of the study was seen there. */
bool place_showed(const struct study *s, uint32_t place, struct showed *out);
enum showed_order showed_order(const struct showed *w);
/* By place - 1: is its server asked about: within --server and --servers, to be enforced under any policy, and with --client one
 * that these clients met? To be freed. NULL: out of memory. */
bool *showed_asked(const struct study *s);

#endif
