/*
 * libunwind_large: calls back through a frame of 4,000 bytes. libunwind_large and libunwind_small
 * have the same code but for that size, so that one mapped where the other was needs other unwind
 * rules at the same addresses.
 */
void unwind_through(void (*callback)(void *), void *argument);

void __attribute__((noinline)) unwind_through(void (*callback)(void *), void *argument)
{
    volatile char room[4000];
    room[sizeof room - 1] = 1;
    callback(argument);
    room[0] = room[sizeof room - 1];
}
