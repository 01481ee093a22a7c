/* hook_namespace_all: going to other namespaces, by libc's functions and by syscall, failures included. What needs a privilege
 * fails for want of it in both runs. */
#include <fcntl.h>
#include <sched.h>
#include <sys/syscall.h>

#include "hook_show.h"

int main(void)
{
    int own = open("/proc/self/ns/uts", O_RDONLY | O_CLOEXEC), null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    SHOW(unshare(0));
    SHOW(unshare(CLONE_FILES | CLONE_FS));
    SHOW(unshare(0x40000000 | 0x1)); /* no such flag */
    SHOW(setns(own, CLONE_NEWUTS));
    SHOW(setns(own, CLONE_NEWNET)); /* not what it is */
    SHOW(setns(null, 0));
    SHOW(setns(-1, 0));
    SHOW(syscall(SYS_unshare, 0));
    SHOW(syscall(SYS_setns, -1, 0));
    return 0;
}
