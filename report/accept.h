/* SPDX-License-Identifier: Apache-2.0 */
/*
 * accept - the file of accepted exceptions (--accept): who may break, why, and until when.
 *
 * One exception a line: CLIENT SERVER EXPIRES REASON... - CLIENT is an address, a prefix, a name of --names or *; SERVER the
 * same, with :PORT if wanted; EXPIRES the last day, as 2026-11-21; the rest is the reason. # begins a comment.
 */
#ifndef REPORT_ACCEPT_H
#define REPORT_ACCEPT_H

#include "base/addr.h"
#include "base/err.h"
#include "base/rd.h"

struct accepted {
    bool any_client, any_server, named;
    struct cidr client, server;
    char client_name[256]; /* "": the address counts */
    uint16_t port; /* 0: any */
    char name[256];
    int64_t until_ns; /* the end of its last day */
    char reason[200];
    char expires[16], pair[160]; /* as written; of the pair what there is room for */
    unsigned line;
};

struct accept_list;
/* names: who may be meant by a name; may be NULL. NULL and *e set ("FILE:LINE: what is wrong"). */
struct names_file;
struct accept_list *accept_read(const char *path, const struct names_file *names, struct err *e);
void accept_free(struct accept_list *l); /* NULL is fine */

/* The first exception for this pair that had not expired at that time; NULL: none. l may be NULL, and client_name: it has none. */
const struct accepted *accept_find(const struct accept_list *l, const struct addr *client, const char *client_name,
                                   const struct endpoint *server, struct rd name, int64_t at_ns);

/* In the order of the file; NULL behind the last, and of no list. */
const struct accepted *accept_at(const struct accept_list *l, uint32_t i);
/* Is this pair what it names, expired or not? */
bool accept_matches(const struct accepted *a, const struct addr *client, const char *client_name, const struct endpoint *server,
                    struct rd name);

#endif
