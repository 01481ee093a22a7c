/* A table that is filled, of which one entry in a hundred stays, and then some seconds of work that needs a
 * hundredth of what the table needed.
 */
#include "planted_peer.h"

#include <stdint.h>
#include <sys/timerfd.h>

enum { ENTRIES = 1000000, KEPT_EVERY = 100, ROUNDS = 75, REQUESTS = 500, REQUEST = 1000 };

static char *entries[ENTRIES];

__attribute__((noinline)) static void fill_entry(int number)
{
    size_t bytes = 150 + (size_t)number % 100;
    entries[number] = malloc(bytes);
    if (entries[number] == NULL)
        planted_fail("malloc");
    memset(entries[number], number, bytes);
}

__attribute__((noinline)) static void answer_requests(void)
{
    char *requests[REQUESTS];
    for (int i = 0; i < REQUESTS; i++)
        if ((requests[i] = calloc(1, REQUEST)) == NULL)
            planted_fail("calloc");
    for (int i = 0; i < REQUESTS; i++)
        free(requests[i]);
}

int main(void)
{
    int timer = timerfd_create(CLOCK_MONOTONIC, 0);
    const struct itimerspec tenth = {{0, 100000000}, {0, 100000000}};
    if (timer < 0 || timerfd_settime(timer, 0, &tenth, NULL) != 0)
        planted_fail("timerfd");
    for (int i = 0; i < ENTRIES; i++)
        fill_entry(i);
    for (int i = 0; i < ENTRIES; i++)
        if (i % KEPT_EVERY != 0)
            free(entries[i]);
    for (int round = 0; round < ROUNDS; round++) {
        uint64_t ticks;
        if (read(timer, &ticks, sizeof(ticks)) != sizeof(ticks))
            planted_fail("read");
        answer_requests();
    }
    for (int i = 0; i < ENTRIES; i += KEPT_EVERY)
        free(entries[i]);
    return 0;
}
