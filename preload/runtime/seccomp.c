/* seccomp.c: see seccomp.h. */
#include "runtime/seccomp.h"

#include "runtime/counters.h"

bool seccomp_entered;

enum { FUNCTIONS = 4 };
static void (*entering[FUNCTIONS])(void);

void seccomp_on_entering(void (*function)(void))
{
    for (int i = 0; i < FUNCTIONS; i++)
        if (!entering[i]) {
            entering[i] = function;
            return;
        }
}

void seccomp_enter(void)
{
    for (int i = 0; !seccomp_entered && i < FUNCTIONS && entering[i]; i++)
        entering[i]();
    __atomic_store_n(&seccomp_entered, true, __ATOMIC_RELAXED);
    counters_set(COUNTER_seccomp_entered, 1);
}
