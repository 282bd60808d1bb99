/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fail - an allocation that fails when asked to. Built twice: linked into the program with -Wl,--wrap (OOM_WRAP: what the program
 * itself allocates), and as a library for LD_PRELOAD (what all libraries allocate too).
 *
 *   OOM_AT=n      the n-th allocation of the process fails, the others do not
 *   OOM_FROM=n    the n-th and all after it fail
 *   OOM_COUNT=f   how many there were is written to the file f at exit
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static atomic_ulong made; /* by all threads */
static unsigned long at, from;

static void number(unsigned long *out, const char *name)
{
    const char *v = getenv(name);
    *out = v ? strtoul(v, NULL, 10) : 0;
}

__attribute__((constructor)) static void begin(void)
{
    made = 0; /* what ran before is the loader's */
    number(&at, "OOM_AT");
    number(&from, "OOM_FROM");
}

__attribute__((destructor)) static void end(void)
{
    const char *path = getenv("OOM_COUNT");
    int fd = path ? open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600) : -1;
    char text[32];
    int n = snprintf(text, sizeof text, "%lu\n", (unsigned long)made);
    at = from = 0; /* what runs after is not the program: coverage counts are written now */
    if (fd < 0)
        return;
    (void)!write(fd, text, (size_t)n);
    (void)close(fd);
}

static int fails(void)
{
    unsigned long n = ++made;
    if (n != at && (from == 0 || n < from))
        return 0;
    errno = ENOMEM;
    return 1;
}

#ifdef OOM_WRAP

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__real_aligned_alloc(size_t align, size_t n);
void *__wrap_aligned_alloc(size_t align, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
char *__wrap_strdup(const char *s);
char *__wrap_strndup(const char *s, size_t n);

void *__wrap_malloc(size_t n)
{
    return fails() ? NULL : __real_malloc(n);
}

void *__wrap_aligned_alloc(size_t align, size_t n)
{
    return fails() ? NULL : __real_aligned_alloc(align, n);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return fails() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
    return fails() ? NULL : __real_realloc(p, n);
}

char *__wrap_strndup(const char *s, size_t n)
{
    size_t len = strnlen(s, n);
    char *p = fails() ? NULL : __real_malloc(len + 1);
    if (!p)
        return NULL;
    memcpy(p, s, len);
    p[len] = '\0';
    return p;
}

char *__wrap_strdup(const char *s)
{
    return __wrap_strndup(s, strlen(s));
}

#else

/* Found at the first call; dlsym itself may allocate then, out of a few bytes of ours that are never freed. */
static struct {
    void *(*malloc)(size_t);
    void *(*calloc)(size_t, size_t);
    void *(*realloc)(void *, size_t);
    void (*free)(void *);
} real;
static char early[4096];
static size_t early_used;
static int finding;

static void find(void)
{
    finding = 1;
    *(void **)&real.free = dlsym(RTLD_NEXT, "free");
    *(void **)&real.calloc = dlsym(RTLD_NEXT, "calloc");
    *(void **)&real.realloc = dlsym(RTLD_NEXT, "realloc");
    *(void **)&real.malloc = dlsym(RTLD_NEXT, "malloc");
    finding = 0;
}

static int ready(void)
{
    if (!real.malloc && !finding)
        find();
    return real.malloc != NULL;
}

static void *take_early(size_t n)
{
    size_t at_least = (n + 15) & ~(size_t)15;
    if (early_used + at_least > sizeof early)
        abort();
    early_used += at_least;
    return early + early_used - at_least;
}

static int is_early(const void *p)
{
    return (const char *)p >= early && (const char *)p < early + sizeof early;
}

void *malloc(size_t n)
{
    if (!ready())
        return take_early(n);
    return fails() ? NULL : real.malloc(n);
}

void *calloc(size_t n, size_t size)
{
    if (!ready())
        return take_early(n * size); /* zero, being static */
    return fails() ? NULL : real.calloc(n, size);
}

void *realloc(void *p, size_t n)
{
    if (!ready() || is_early(p))
        abort();
    return fails() ? NULL : real.realloc(p, n);
}

void free(void *p)
{
    if (p && !is_early(p) && ready())
        real.free(p);
}

#endif
