/* A server that remembers every request and works ten times a second. */
#include "planted_peer.h"

#include <stdint.h>
#include <sys/timerfd.h>

enum { REQUESTS = 500, BYTES = 1000, ROUNDS = 85 };

struct request {
    struct request *before;
    char text[BYTES];
};

static struct request *requests;

__attribute__((noinline)) static void remember_request(int number)
{
    struct request *request = malloc(sizeof(*request));
    if (request == NULL)
        planted_fail("malloc");
    memset(request->text, number, sizeof(request->text));
    request->before = requests;
    requests = request;
}

int main(void)
{
    int timer = timerfd_create(CLOCK_MONOTONIC, 0);
    const struct itimerspec tenth = {{0, 100000000}, {0, 100000000}};
    if (timer < 0 || timerfd_settime(timer, 0, &tenth, NULL) != 0)
        planted_fail("timerfd");
    for (int round = 0; round < ROUNDS; round++) {
        uint64_t ticks;
        if (read(timer, &ticks, sizeof(ticks)) != sizeof(ticks))
            planted_fail("read");
        for (int i = 0; i < REQUESTS; i++)
            remember_request(i);
    }
    return 0;
}
