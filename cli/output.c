/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/output.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- what the run reads ---- */

/* Two names, one file? Of pipes and devices nothing is lost. */
static bool is_file(const struct stat *out, const char *path)
{
    struct stat in;
    return path && stat(path, &in) == 0 && in.st_dev == out->st_dev && in.st_ino == out->st_ino;
}

static bool is_capture(const struct stat *out, const char *path)
{
    struct stat in;
    if (strcmp(path, "-"))
        return is_file(out, path);
    return fstat(STDIN_FILENO, &in) == 0 && in.st_dev == out->st_dev && in.st_ino == out->st_ino;
}

/* SQLite keeps what it is about to write beside its file; after a crash that is a part of the state. */
static bool is_state(const struct stat *out, const char *path)
{
    static const char *const beside[] = { "-wal", "-journal", "-shm" };
    char name[4096];
    if (!path)
        return false;
    if (is_file(out, path))
        return true;
    for (unsigned i = 0; i < sizeof beside / sizeof *beside; i++)
        if ((size_t)snprintf(name, sizeof name, "%s%s", path, beside[i]) < sizeof name && is_file(out, name))
            return true;
    return false;
}

/* What of this run the file is; NULL: nothing. */
static const char *what_is(const struct stat *out, const struct options *o, const struct source_list *captures)
{
    for (unsigned i = 0; captures && i < captures->count; i++)
        if (is_capture(out, captures->file[i].path))
            return "one of the captures to read";
    for (unsigned i = 0; !captures && i < o->arg_count; i++)
        if (is_state(out, o->args[i]))
            return "one of the states to report";
    for (unsigned i = 0; i < o->study.request.policies; i++)
        if (is_file(out, policy_path(o->study.request.policy[i])))
            return "one of the policies to judge by";
    if (is_state(out, o->state))
        return "the file of --state";
    if (is_file(out, o->key_file))
        return "the key file of --anonymize";
    if (is_file(out, o->names_file))
        return "the file of --names";
    return is_file(out, o->study.accept_file) ? "the file of --accept" : NULL;
}

static int spare(const struct output *out, const struct options *o, const struct source_list *captures, struct err *e)
{
    struct stat st;
    if (fstat(out->fd >= 0 ? out->fd : fileno(out->to), &st) != 0 || !S_ISREG(st.st_mode))
        return 0;
    const char *what = what_is(&st, o, captures);
    if (!what)
        return 0;
    return err_set(e, "%s%s: is %s; give another name", out->name ? "--output " : "", out->name ? out->name : "standard output",
                   what);
}

/* ---- writing ---- */

/* The cookie's write: the number of bytes, fewer when it failed. */
static ssize_t put(void *output, const char *bytes, size_t n)
{
    struct output *out = output;
    size_t done = 0;
    if (!out->begun && ftruncate(out->fd, 0) != 0)
        return 0;
    out->begun = true;
    while (done < n) {
        ssize_t some = write(out->fd, bytes + done, n - done);
        if (some < 0 && errno != EINTR)
            break;
        done += some > 0 ? (size_t)some : 0;
    }
    return (ssize_t)done;
}

/* Not emptied yet; a pipe or a device as by fopen(). */
static int open_file(struct output *out, struct err *e)
{
    struct stat st;
    out->fd = open(out->name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    out->made = out->fd >= 0;
    if (out->fd < 0 && errno == EEXIST)
        out->fd = open(out->name, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    if (out->fd < 0 || fstat(out->fd, &st) != 0)
        return err_set(e, "--output %s: %s", out->name, strerror(errno));
    out->to = S_ISREG(st.st_mode) ? fopencookie(out, "w", (cookie_io_functions_t){ .write = put }) : fdopen(out->fd, "w");
    if (!out->to)
        return err_set(e, "--output %s: out of memory", out->name);
    if (!S_ISREG(st.st_mode))
        out->fd = -1; /* the stream has it */
    return 0;
}

int output_open(struct output *out, const struct options *o, const struct source_list *captures, struct err *e)
{
    *out = (struct output){ .to = o->output ? NULL : stdout, .name = o->output, .fd = -1 };
    if ((o->output && open_file(out, e)) || spare(out, o, captures, e)) {
        (void)output_close(out, false, NULL);
        return -1;
    }
    /* A pipe or a file takes what stdio gathers; a watcher wants each line when it comes. */
    (void)setvbuf(out->to, NULL, o->interface || (!o->output && isatty(STDOUT_FILENO)) ? _IOLBF : _IOFBF, 0);
    return 0;
}

int output_close(struct output *out, bool done, struct err *e)
{
    bool bad = out->to && (fflush(out->to) != 0 || ferror(out->to));
    if (out->to && out->to != stdout && fclose(out->to))
        bad = true;
    if (out->fd >= 0 && !out->begun && done && ftruncate(out->fd, 0) != 0)
        bad = true;
    if (out->fd >= 0 && !out->begun && !done && out->made)
        (void)unlink(out->name);
    if (out->fd >= 0 && close(out->fd) != 0)
        bad = true;
    out->to = NULL;
    out->fd = -1;
    if (!bad)
        return 0;
    return err_set(e, "%s: not everything could be written: %s", out->name ? out->name : "standard output",
                   strerror(errno));
}
