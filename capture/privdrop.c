/* SPDX-License-Identifier: Apache-2.0 */
#include "capture/privdrop.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static int become_nobody(struct err *e)
{
    const struct passwd *pw = getpwnam("nobody");
    if (!pw)
        return err_set(e, "cannot drop privileges: there is no user nobody");
    if (setgroups(0, NULL) || setresgid(pw->pw_gid, pw->pw_gid, pw->pw_gid) || setresuid(pw->pw_uid, pw->pw_uid, pw->pw_uid))
        return err_set(e, "cannot drop privileges: %s", strerror(errno));
    return 0;
}

int privdrop(bool change_user, struct err *e)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
        return err_set(e, "cannot drop privileges: %s", strerror(errno));
    for (int cap = 0; prctl(PR_CAPBSET_READ, cap, 0, 0, 0) >= 0; cap++)
        (void)prctl(PR_CAPBSET_DROP, cap, 0, 0, 0); /* fails where the process never had it */
    if (change_user && geteuid() == 0 && become_nobody(e))
        return -1;
    struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { { 0 } };
    if (syscall(SYS_capset, &head, none))
        return err_set(e, "cannot drop privileges: %s", strerror(errno));
    return 0;
}
