/* Seven tenths of the CPU time in one function, two and one in others; nothing else. */
#include "planted_peer.h"

static volatile unsigned long total;

#define WORK(name, rounds)                                                                         \
    __attribute__((noinline)) static void name(void)                                               \
    {                                                                                              \
        for (unsigned long i = 0; i < (rounds)*10000ul; i++)                                       \
            total += i * i;                                                                        \
    }

WORK(seventy, 7)
WORK(twenty, 2)
WORK(ten, 1)

int main(void)
{
    for (double end = planted_now() + 2; planted_now() < end;) {
        seventy();
        twenty();
        ten();
    }
    return 0;
}
