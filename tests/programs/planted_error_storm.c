/* A reader that asks again and again instead of waiting until there is something to read. */
#include <errno.h>
#include <fcntl.h>

#include "planted_peer.h"

static int ends[2];

static void *writer(void *argument)
{
    for (;;) {
        poll(NULL, 0, 20);
        planted_write(ends[1], "x", 1);
    }
    return argument;
}

int main(void)
{
    pthread_t thread;
    if (pipe2(ends, O_NONBLOCK) != 0 || pthread_create(&thread, NULL, writer, NULL) != 0)
        planted_fail("pipe2");
    unsigned got = 0;
    for (double end = planted_now() + 2; planted_now() < end;) {
        char byte;
        if (read(ends[0], &byte, 1) == 1)
            got++;
        else if (errno != EAGAIN)
            planted_fail("read");
    }
    return got == 0;
}
