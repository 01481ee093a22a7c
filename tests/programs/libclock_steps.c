/* libclock_steps.so: preloaded below libstrong.so, it moves the clocks of a program while that runs, as an administrator's
 * `date` or a library like libfaketime does: by what the file CLOCK_STEPS says at that moment, nanoseconds for the clocks of
 * the day and for all others (two of int64_t), written by scripts/faults. The kernel's own clocks stay as they are.
 */
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { OF_DAY, OTHERS };
static const int64_t still[2], *steps = still;

__attribute__((constructor)) static void map(void)
{
    const char *path = getenv("CLOCK_STEPS");
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    void *found = fd >= 0 ? mmap(NULL, sizeof still, PROT_READ, MAP_SHARED, fd, 0) : MAP_FAILED;
    if (found != MAP_FAILED)
        steps = found;
    if (fd >= 0)
        close(fd);
}

int clock_gettime(clockid_t clock, struct timespec *ret_now)
{
    long failed = syscall(SYS_clock_gettime, clock, ret_now);
    if (failed || clock == CLOCK_PROCESS_CPUTIME_ID || clock == CLOCK_THREAD_CPUTIME_ID)
        return (int)failed;
    bool of_day = clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE || clock == CLOCK_TAI;
    int64_t moved = ret_now->tv_nsec + __atomic_load_n(&steps[of_day ? OF_DAY : OTHERS], __ATOMIC_RELAXED);
    int64_t seconds = moved / 1000000000, rest = moved % 1000000000;
    ret_now->tv_sec += seconds - (rest < 0);
    ret_now->tv_nsec = rest + (rest < 0 ? 1000000000 : 0);
    return 0;
}

int gettimeofday(struct timeval *restrict ret_now, void *restrict zone)
{
    struct timespec now;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &now);
    *ret_now = (struct timeval){now.tv_sec, now.tv_nsec / 1000};
    return 0;
}

time_t time(time_t *ret_now)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (ret_now)
        *ret_now = now.tv_sec;
    return now.tv_sec;
}
