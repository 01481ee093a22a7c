/* A client of five shards, one of which takes its time. */
#include "planted_peer.h"

enum { SHARDS = 5 };

int main(void)
{
    static struct planted_peer peers[SHARDS];
    int fds[SHARDS];
    for (int i = 0; i < SHARDS; i++) {
        planted_peer_start(&peers[i], 32, i == 3 ? 20 : 0);
        fds[i] = planted_connect(&peers[i]);
    }
    for (double end = planted_now() + 2.5; planted_now() < end;) {
        for (int i = 0; i < SHARDS; i++) {
            planted_write(fds[i], "GET the same thing once more....", 32);
            planted_read(fds[i], 16);
        }
    }
    return 0;
}
