/* A client that opens a connection for every request. */
#include "planted_peer.h"

int main(void)
{
    struct planted_peer peer;
    planted_peer_start(&peer, 32, 0);
    for (double end = planted_now() + 2; planted_now() < end;) {
        int fd = planted_connect(&peer);
        planted_write(fd, "GET the same thing once more....", 32);
        planted_read(fd, 16);
        close(fd);
    }
    return 0;
}
