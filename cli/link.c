/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/link.h"

#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

struct link {
    int fd;
    struct ifreq ask;
    bool up;
};

/* An interface that is gone has no link, but reading from it says so, and better. */
static bool look(struct link *l)
{
    const int both = IFF_UP | IFF_RUNNING;
    struct ifreq r = l->ask;
    return l->fd < 0 || ioctl(l->fd, SIOCGIFFLAGS, &r) != 0 || (r.ifr_flags & both) == both;
}

struct link *link_new(const char *interface)
{
    struct link *l = calloc(1, sizeof *l);
    if (!l)
        return NULL;
    l->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    (void)snprintf(l->ask.ifr_name, sizeof l->ask.ifr_name, "%s", interface);
    l->up = true;
    return l;
}

void link_free(struct link *l)
{
    if (l && l->fd >= 0)
        (void)close(l->fd);
    free(l);
}

bool link_changed(struct link *l)
{
    bool was = l->up;
    l->up = look(l);
    return l->up != was;
}

bool link_up(const struct link *l)
{
    return l->up;
}
