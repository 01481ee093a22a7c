/* A journal that makes every record durable by itself. */
#include "planted_peer.h"

int main(void)
{
    char path[] = "planted-fsync-XXXXXX", record[200];
    int fd = mkstemp(path);
    if (fd < 0)
        planted_fail("mkstemp");
    unlink(path);
    memset(record, 'r', sizeof(record));
    for (double end = planted_now() + 2; planted_now() < end;) {
        planted_write(fd, record, sizeof(record));
        if (fsync(fd) != 0)
            planted_fail("fsync");
    }
    close(fd);
    return 0;
}
