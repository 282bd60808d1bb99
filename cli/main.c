/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

const struct subcommand subcommands[] = {
    { "read", cmd_read, "[options] FILE|DIR|-...", "tally captures and print the report" },
    { "report", cmd_report, "[options] STATE...", "print the report of one or several saved states" },
    { "watch", cmd_watch, "[options] -i INTERFACE", "tally an interface until interrupted, then print the report" },
    { "explain", cmd_explain, "[options] CLIENT SERVER STATE|CAPTURE...", "one verdict's reasoning, step by step" },
    { "policy", cmd_policy, "list | show NAME | check FILE...", "which policies there are and what they mean" },
    { NULL, NULL, NULL, NULL },
};

static void usage(FILE *out)
{
    fprintf(out, "tlsunset " TLSUNSET_VERSION ": who breaks when old TLS is switched off, from what was observed\n\n");
    for (const struct subcommand *s = subcommands; s->name; s++)
        fprintf(out, "  tlsunset %s %s\n      %s\n", s->name, s->arguments, s->text);
    fprintf(out, "\nOptions of each: tlsunset SUBCOMMAND --help. Everything else: man tlsunset (in its source: man docs/tlsunset.1)\n");
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        usage(stderr);
        return EXIT_CANNOT;
    }
    if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
        printf("tlsunset " TLSUNSET_VERSION "\n");
        return EXIT_DONE;
    }
    if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help")) {
        usage(stdout);
        return EXIT_DONE;
    }
    for (const struct subcommand *s = subcommands; s->name; s++)
        if (!strcmp(argv[1], s->name))
            return s->run(argc - 1, argv + 1);
    struct err e;
    struct stat st;
    if (*argv[1] == '-')
        (void)err_set(&e, "%s: the subcommand comes first, as in tlsunset read %s ...", argv[1], argv[1]);
    else if (stat(argv[1], &st) == 0)
        (void)err_set(&e, "%s: no such subcommand; to read a capture: tlsunset read %s", argv[1], argv[1]);
    else
        (void)err_set(&e, "%s: no such subcommand; tlsunset --help lists them", argv[1]);
    return cannot(&e);
}
