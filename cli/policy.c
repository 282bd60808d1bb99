/* SPDX-License-Identifier: Apache-2.0 */
/* tlsunset policy: which policies there are, what one means, whether a file is one. */
#include "cli/cli.h"
#include "report/policy.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static int help(int argc, char **argv)
{
    (void)argc;
    for (const struct subcommand *s = subcommands; s->name; s++)
        if (!strcmp(s->name, argv[0]))
            printf("tlsunset %s %s\n    %s\n\n", s->name, s->arguments, s->text);
    printf("  list                     the policies that can be named, a line each\n"
           "  show NAME|FILE [--on DATE]\n"
           "                           its rules, and every version, suite, group and scheme that it leaves allowed\n"
           "                           (in each period that its dates make, or on one day)\n"
           "  check FILE...            read policy files and say what is wrong with them\n\n"
           "A NAME is looked for in the folder $TLSUNSET_POLICIES, then among those built in, then among those installed.\n"
           "The format of policy files: man 5 policy (in the source: man docs/policy.5)\n");
    return EXIT_DONE;
}

static int finish(int rc, struct err *e)
{
    if (rc == 0 && (fflush(stdout) || ferror(stdout)))
        rc = err_set(e, "standard output: not everything could be written");
    return rc ? cannot(e) : EXIT_DONE;
}

static int list(int argc, char **argv)
{
    struct err e = { "" };
    if (argc != 1)
        return cannot((err_set(&e, "policy list %s: takes no arguments", argv[1]), &e));
    return finish(policy_list(stdout, &e), &e);
}

/* -1: not a date. */
static int day_of(const char *text, int64_t *day)
{
    struct tm tm = { 0 };
    const char *end = strptime(text, "%Y-%m-%d", &tm);
    if (!end || *end)
        return -1;
    *day = (int64_t)timegm(&tm) / 86400;
    return 0;
}

static int show(int argc, char **argv)
{
    struct err e = { "" };
    int64_t day = 0;
    const char *name = NULL;
    for (int i = 1; i < argc; i++) {
        const char *on = strncmp(argv[i], "--on=", 5) == 0 ? argv[i] + 5 : NULL;
        if (!strcmp(argv[i], "--on") && i + 1 < argc)
            on = argv[++i];
        if (on && day_of(on, &day))
            return cannot((err_set(&e, "--on %s: give a date such as 2030-01-01", on), &e));
        if (!on && (argv[i][0] == '-' || name))
            return cannot((err_set(&e, "policy show %s: give one NAME or FILE, and --on DATE", argv[i]), &e));
        if (!on)
            name = argv[i];
    }
    if (!name)
        return cannot((err_set(&e, "policy show: name a policy; tlsunset policy list prints them"), &e));
    struct policy *p = policy_open(name, day, &e);
    if (p)
        policy_show(p, stdout);
    policy_free(p);
    return finish(p ? 0 : -1, &e);
}

/* A file is a file here, whatever it is called. */
static int check_one(const char *path, struct err *e)
{
    char *with_slash = NULL;
    if (!strchr(path, '/') && asprintf(&with_slash, "./%s", path) < 0)
        return err_set(e, "out of memory");
    struct policy *p = policy_open(with_slash ? with_slash : path, 0, e);
    if (p)
        printf("%s: a policy of %u rules: %s\n", path, policy_rules(p), policy_title(p));
    free(with_slash);
    policy_free(p);
    return p ? 0 : -1;
}

static int check(int argc, char **argv)
{
    struct err e = { "" };
    int rc = argc > 1 ? EXIT_DONE : cannot((err_set(&e, "policy check: name a file"), &e));
    for (int i = 1; i < argc; i++)
        if (check_one(argv[i], &e))
            rc = cannot(&e);
    return rc ? rc : finish(0, &e);
}

int cmd_policy(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*run)(int argc, char **argv);
    } verbs[] = { { "list", list }, { "show", show }, { "check", check } };
    struct err e = { "" };
    if (argc > 1 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")))
        return help(argc, argv);
    for (size_t i = 0; argc > 1 && i < sizeof verbs / sizeof *verbs; i++)
        if (!strcmp(argv[1], verbs[i].name))
            return verbs[i].run(argc - 1, argv + 1);
    (void)err_set(&e, "policy%s%s: give list, show NAME or check FILE", argc > 1 ? " " : "", argc > 1 ? argv[1] : "");
    return cannot(&e);
}
