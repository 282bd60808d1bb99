/* SPDX-License-Identifier: Apache-2.0 */
/*
 * render - outputs of a report: one row per format.
 *
 * A streaming format (ndjson) is an event_sink beside the cube; the others are written from the finished cube.
 */
#ifndef REPORT_RENDER_H
#define REPORT_RENDER_H

#include "base/addr.h"
#include "base/err.h"
#include "report/cube.h"

#include <stdio.h>

struct names_file; /* --names: addresses to names and owners; report/names_file.h */
struct study_request; /* --policy: report/study.h */

struct view { /* what narrows and words a report */
    unsigned top; /* rows per table; 0 = all */
    const struct cidr *server_only, *client_only; /* --server, --client: NULL = all */
    uint16_t server_port; /* with server_only; 0 = any */
    int64_t since_ns, until_ns; /* 0 = open; compared with days of rows and exact first/last where known */
    const struct cidr *own; /* --servers: one's own servers */
    unsigned own_count;
    const struct cidr *ignored; /* --ignore-client: set apart */
    unsigned ignored_count;
    const struct names_file *names;
    struct study_request *study; /* policies to judge under, whose .result the report leaves there; NULL: none */
    bool color; /* stdout is a terminal and NO_COLOR is unset */
    unsigned width; /* columns; text is made for 100 */
    unsigned threads; /* that may share the work; 0 is 1 */
};

/* Is it within --server, --client, --since and --until? first_ns..last_ns: when it was seen. */
bool view_has_server(const struct view *v, const struct endpoint *server);
bool view_has_client(const struct view *v, const struct addr *client);
bool view_has_time(const struct view *v, int64_t first_ns, int64_t last_ns);
bool view_has_hour(const struct view *v, int64_t hour); /* since 1970; any part of it */

struct render {
    const char *name; /* -f NAME */
    int (*report)(FILE *out, const struct cube *c, const struct view *v, struct err *e); /* NULL for streaming formats */
    /* NULL for the others. One fwrite per event: how lines are buffered is the FILE's affair (setvbuf). The sink is freed by
     * its close(), which flushes and reports the first failed write; the FILE stays the caller's. NULL: out of memory. */
    struct event_sink *(*stream)(FILE *out);
};
extern const struct render renders[];
extern const unsigned render_count;
const struct render *render_find(const char *name); /* NULL when unknown */

/* What a stream may ask about an event that the event does not hold. Members may be NULL; the fields are then left empty. */
struct stream_context {
    const char *(*app)(void *ctx, const struct tls_event *ev); /* classify's advice on the application, or NULL */
    const char *(*input)(void *ctx, uint32_t input); /* name of the capture, or NULL */
    void *ctx;
};
struct event_sink *ndjson_stream(FILE *out); /* what the row "ndjson" holds */
/* A line of n bytes that another ndjson stream wrote; the name app takes the place of at_n bytes at its offset at (0: of none). */
void ndjson_line(struct event_sink *ndjson, const char *line, size_t n, size_t at, size_t at_n, const char *app);
void ndjson_context(struct event_sink *ndjson, const struct stream_context *c); /* *c is copied */

/* Text from the wire as printable ASCII/UTF-8: control characters, invalid UTF-8 and bidirectional overrides become \xNN.
 * Writes at most cap - 1 bytes and a NUL; returns buf. For JSON the same text is then quoted by cJSON. */
const char *escape_text(struct rd wire, char *buf, size_t cap);

#endif
