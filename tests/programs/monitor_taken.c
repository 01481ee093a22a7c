/* monitor_taken: uses the highest real-time signal for itself: a handler, then a timer of its own.
 * Prints how often its handler ran; a sampling signal that reached it would be counted too. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static volatile sig_atomic_t raised, from_timer, other;

static void handler(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)context;
    if (info->si_code == SI_TIMER && info->si_value.sival_int == 4711)
        from_timer++;
    else if (info->si_code == SI_TKILL)
        raised++;
    else
        other++;
}

static void use_cpu(unsigned ms)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    long long end = now.tv_sec * 1000000000LL + now.tv_nsec + ms * 1000000LL;
    do
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    while (now.tv_sec * 1000000000LL + now.tv_nsec < end);
}

int main(void)
{
    use_cpu(100);
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
    sigaction(SIGRTMAX, &action, NULL);
    use_cpu(100);
    for (int i = 0; i < 5; i++)
        raise(SIGRTMAX);
    use_cpu(100);
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMAX, .sigev_value.sival_int = 4711};
    timer_t timer;
    timer_create(CLOCK_MONOTONIC, &event, &timer);
    struct itimerspec times = {.it_value = {0, 10000000}};
    timer_settime(timer, 0, &times, NULL);
    use_cpu(200);
    printf("raised %d timer %d other %d\n", (int)raised, (int)from_timer, (int)other);
    return 0;
}
