/* A client that sends each request in two small writes: the second waits for the ACK of the first. */
#include "planted_peer.h"

int main(void)
{
    struct planted_peer peer;
    planted_peer_start(&peer, 64, 0);
    int fd = planted_connect(&peer);
    char part[32] = "head or body";
    for (double end = planted_now() + 2.5; planted_now() < end;) {
        planted_write(fd, part, sizeof(part));
        planted_write(fd, part, sizeof(part));
        planted_read(fd, 16);
    }
    close(fd);
    return 0;
}
