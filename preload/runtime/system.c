/* system.c: reading a small kernel file with raw system calls. See system.h. */
#include "runtime/system.h"

#include <fcntl.h>

long system_read_file(const char *path, char *buf, unsigned long size)
{
    long fd = system_call4(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC | O_NOCTTY, 0);
    if (fd < 0)
        return fd;
    unsigned long len = 0;
    long got = 0;
    while (len + 1 < size && (got = system_call3(SYS_read, fd, buf + len, size - 1 - len)) > 0)
        len += (unsigned long)got;
    system_call1(SYS_close, fd);
    buf[len] = '\0';
    return got < 0 ? got : (long)len;
}
