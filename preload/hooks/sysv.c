/* sysv.c: System V semaphores and message queues: timed, class wait.
 *
 * The kernel never restarts these after a signal handler (signal(7)), so an interruption by our CPU
 * signal is repeated here; see restart.h. semtimedop's timeout then starts again, which is right
 * enough for the reason given there. Any thread.
 */
#include "hooks/restart.h"

HOOK_RESTARTED(int, semop, (int set, struct sembuf *operations, size_t count), (set, operations, count), )
HOOK_RESTARTED(int, semtimedop,
               (int set, struct sembuf *operations, size_t count, const struct timespec *timeout),
               (set, operations, count, timeout), )
HOOK_RESTARTED(ssize_t, msgrcv, (int queue, void *message, size_t size, long type, int flags),
               (queue, message, size, type, flags), .bytes = MOVED(ret))
HOOK_RESTARTED(int, msgsnd, (int queue, const void *message, size_t size, int flags),
               (queue, message, size, flags), .bytes = ret == 0 ? (int64_t)size : 0)
