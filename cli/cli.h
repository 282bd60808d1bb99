/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli - what the subcommands share: their table, the options, exit codes.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "base/addr.h"
#include "base/err.h"
#include "capture/flow.h"
#include "report/cube.h"
#include "report/names_file.h"
#include "report/render.h"
#include "report/study.h"

/* For the whole program. */
enum exit_code { EXIT_DONE = 0, EXIT_NOT_READY = 1, EXIT_CANNOT = 2, EXIT_NOT_ENOUGH = 3 };

struct subcommand {
    const char *name;
    int (*run)(int argc, char **argv); /* argv[0] is the subcommand; returns an enum exit_code */
    const char *arguments;
    const char *text;
};
extern const struct subcommand subcommands[]; /* ends with a NULL name */

int cmd_read(int argc, char **argv);
int cmd_report(int argc, char **argv);
int cmd_watch(int argc, char **argv);
int cmd_explain(int argc, char **argv);

/* What cmd_read and cmd_report do once the options are known. -1 and *e set; 1: a capture could not be read, of which a line was
 * printed, and everything else was. */
struct options;
int read_captures(const struct options *o, struct err *e);
int report_states(const struct options *o, struct err *e);
int cmd_policy(int argc, char **argv);

/* Which subcommands take an option: a letter each in its row. */
enum { FOR_READ = 1, FOR_REPORT = 2, FOR_WATCH = 4, FOR_ALL = 7, FOR_EXPLAIN = 8, FOR_ANY = FOR_ALL | FOR_EXPLAIN };

struct cidr_list {
    struct cidr *at;
    unsigned count;
};

/* What a study is asked for, as it was given. */
struct study_options {
    const char *policies; /* names or paths, with commas; NULL: none */
    const char *min_version, *forbid;
    const char *accept_file;
    char *named; /* what policies points to, when --enforce added to it */
    struct enforce *enforce;
    unsigned enforces;
    unsigned fail_on; /* 0: not given */
    int64_t on_day; /* days since 1970 on which the study is judged */
    struct accept_list *accept;
    struct study_subject subject;
    struct study_request request;
};

struct options {
    const struct render *format;
    const char *output; /* NULL: standard output */
    const char *state;
    bool again, quiet, no_ndpi;
    const char *filter;
    const char *interface;
    int64_t check_seconds, checkpoint_seconds; /* watch --check, --checkpoint */
    struct view view;
    struct cidr server_only, client_only;
    struct cidr_list own, ignored;
    struct names_file *names;
    const char *names_file; /* which it was read from */
    struct study_options study;
    unsigned client_prefix;
    const char *evidence; /* a folder for captures that show each verdict; NULL: none */
    bool anonymize;
    const char *key_file; /* NULL: none */
    uint8_t anonymize_key[32];
    enum flow_scope scope;
    uint16_t vxlan_port[8];
    uint64_t memory_limit; /* bytes; 0: the limits of limits.h */
    unsigned threads; /* that share the flows, at least 1 */
    uint64_t seed;
    char **args; /* what is left: files, states */
    unsigned arg_count;
};

/* 0: go on; else the exit code to end with (--help included) plus 1, the line having been printed. */
int options_parse(struct options *o, int argc, char **argv, unsigned who);
void options_free(struct options *o);

/* cli/study.c: setters of the options of a study; then policies and exceptions are read. -1 and *e set. */
int study_set_policy(struct options *o, const char *v, struct err *e);
int study_set_min_version(struct options *o, const char *v, struct err *e);
int study_set_forbid(struct options *o, const char *v, struct err *e);
int study_set_enforce(struct options *o, const char *v, struct err *e);
int study_set_accept(struct options *o, const char *v, struct err *e);
int study_set_fail_on(struct options *o, const char *v, struct err *e);
int study_set_on(struct options *o, const char *v, struct err *e);
int study_set_subject(struct options *o, const char *client, const char *server, struct err *e); /* of explain */
int study_options_open(struct options *o, struct err *e);
void study_options_free(struct study_options *s);
enum exit_code study_exit(const struct options *o); /* of the report; says on stderr which lines of --accept did nothing */

#define STANDARD_INPUT "standard input" /* how a capture from there is named */

/* cli/evidence.c: before the report, and before anything is written. -1 and *e set where clients are pseudonyms, and
 * captures would tell whose (--evidence), or addresses are asked for. */
int pseudonyms_allow(const struct options *o, const struct cube *c, struct err *e);
/* After the report. -1 and *e set, also where captures cannot be read again: then the index says so. */
int evidence_write(const struct options *o, const struct cube *c, struct err *e);

/* "tlsunset: TEXT" on stderr; returns EXIT_CANNOT. */
int cannot(const struct err *e);

struct cube *options_cube(const struct options *o); /* an empty cube made for these options; NULL: out of memory */

#endif
