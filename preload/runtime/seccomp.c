/* seccomp.c: see seccomp.h. */
#include "runtime/seccomp.h"

#include "runtime/counters.h"

bool seccomp_entered;
void (*seccomp_entering)(void);

void seccomp_enter(void)
{
    if (!seccomp_entered && seccomp_entering)
        seccomp_entering();
    __atomic_store_n(&seccomp_entered, true, __ATOMIC_RELAXED);
    counters_set(COUNTER_seccomp_entered, 1);
}
