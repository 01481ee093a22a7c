/* A logger without a buffer: a few bytes a write. */
#include <fcntl.h>

#include "planted_peer.h"

int main(void)
{
    char path[] = "planted-tiny-XXXXXX";
    int fd = mkstemp(path);
    if (fd < 0)
        planted_fail("mkstemp");
    unlink(path);
    unsigned line = 0;
    for (double end = planted_now() + 2; planted_now() < end;) {
        for (int i = 0; i < 100; i++)
            planted_write(fd, "word ", 5);
        if (++line % 1000 == 0 && ftruncate(fd, 0) != 0)
            planted_fail("ftruncate");
    }
    close(fd);
    return 0;
}
