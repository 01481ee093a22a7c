/* seccomp.h: whether the program entered seccomp. From then on libstrong opens nothing, arms nothing and
 * makes no kind of system call the program might not have allowed. One flag, set by the prctl and syscall
 * hooks, never cleared, inherited over fork. Any context.
 */
#ifndef STRONG_RUNTIME_SECCOMP_H
#define STRONG_RUNTIME_SECCOMP_H

#include <stdbool.h>

extern bool seccomp_entered;
/* Called first, while everything is still allowed (timers are taken down, descriptors closed); registered at boot, a
 * few at most. */
void seccomp_on_entering(void (*function)(void));
void seccomp_enter(void);

#endif
