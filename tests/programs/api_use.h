/* api_use: every part of strong.h, in C and in C++, in position-independent programs and others, with STRONG_DISABLE
 * and without. Prints what must be the same whether it is measured or not; the other modes are for the tests that look
 * at what was measured. */
#include <strong.h>

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int wrong_errno;

static void check_errno(int expected)
{
    wrong_errno += errno != expected;
}

static double now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static void spin_ns(double ns)
{
    double until = now_ns() + ns;
    while (now_ns() < until)
        ;
}

/* On the CPU, however many others want it. */
static void burn_ms(long ms)
{
    struct timespec start, now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &start);
    do
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    while ((now.tv_sec - start.tv_sec) * 1000 + (now.tv_nsec - start.tv_nsec) / 1000000 < ms);
}

static int early(int n)
{
    STRONG_SCOPE("early");
    if (n % 3 == 0)
        return n;
    {
        STRONG_SCOPE("nested");
        if (n % 3 == 1)
            return -n;
    }
    return 0;
}

static unsigned recursive(unsigned n)
{
    STRONG_SCOPE("recursive");
    return n < 2 ? n : recursive(n - 1) + recursive(n - 2);
}

static int loops(void)
{
    int i, sum = 0;
    for (i = 0; i < 10; i++) {
        STRONG_SCOPE("loop");
        if (i == 3)
            continue;
        if (i == 7)
            break;
        sum += i;
    }
    return sum;
}

static void *thread(void *number)
{
    int i;
    for (i = 0; i < 100; i++) {
        STRONG_SCOPE("in threads");
        strong_count("from threads", (uint64_t)*(int *)number);
        strong_gauge("of threads", i);
    }
    return number;
}

static void threads(void)
{
    pthread_t ids[4];
    int numbers[4], i;
    for (i = 0; i < 4; i++) {
        numbers[i] = i;
        if (pthread_create(&ids[i], NULL, thread, &numbers[i]) != 0)
            abort();
    }
    for (i = 0; i < 4; i++)
        pthread_join(ids[i], NULL);
}

static void handler(int signal_number)
{
    STRONG_SCOPE("in a handler");
    strong_count("signals", (uint64_t)(signal_number == SIGUSR1));
}

static void values(void)
{
    char name[32];
    int i, evaluated = 0;
    struct strong_token token;
    for (i = 0; i < 5; i++) {
        sprintf(name, "name %d", i);
        errno = 100 + i;
        token = strong_measure_begin(name);
        check_errno(100 + i);
        strong_measure_end_with(token, 1000, i == 4 ? EIO : 0);
        check_errno(100 + i);
        strong_count(name, (uint64_t)(10 + evaluated++));
        check_errno(100 + i);
        strong_gauge("level", i * 1.5);
        check_errno(100 + i);
    }
    printf("evaluated %d times\n", evaluated);
}

static void metrics(void)
{
    char room[64], *whole;
    size_t len = strong_get_metrics(NULL, 0), again;
    memset(room, '#', sizeof room);
    strong_get_metrics(room, 20);
    printf("terminated %d, within %d\n", memchr(room, 0, 20) != NULL, room[20] == '#');
    whole = (char *)malloc(len + 10000);
    if (!whole)
        abort();
    again = strong_get_metrics(whole, len + 10000);
    printf("length right %d\n", again == strlen(whole));
    free(whole);
}

static int child(void)
{
    int status = -1;
    struct strong_token open_over_fork = strong_measure_begin("over fork");
    pid_t pid = fork();
    if (pid == 0) {
        strong_measure_end(open_over_fork);
        strong_count("in the child", 1);
        _exit(early(4) == -4 ? 7 : 1);
    }
    waitpid(pid, &status, 0);
    strong_measure_end(open_over_fork);
    return WEXITSTATUS(status);
}

static void use_all(void)
{
    int i, sum = 0;
    for (i = 0; i < 30; i++)
        sum += early(i);
    printf("early %d, recursive %u, loops %d\n", sum, recursive(10), loops());
    values();
    threads();
    signal(SIGUSR1, handler);
    for (i = 0; i < 10; i++)
        raise(SIGUSR1);
    metrics();
    fflush(stdout);
    printf("child %d\n", child());
    printf("errno touched %d times\n", wrong_errno);
}

/* Prints for each operation how long it took, seen from inside and from outside. */
static void truth(void)
{
    double inside = 0, outside = 0;
    int i;
    for (i = 0; i < 200; i++) {
        double before = now_ns(), begin, end;
        struct strong_token token = strong_measure_begin("truth");
        begin = now_ns();
        spin_ns(1000.0 * (1 + i % 50));
        end = now_ns();
        strong_measure_end(token);
        outside += now_ns() - before;
        inside += end - begin;
    }
    printf("%.0f %.0f\n", inside, outside);
}

/* The same work with the scopes and without: what is inside counts as if they were not there. */
static void work(int measured)
{
    int i;
    for (i = 0; i < 10; i++) {
        struct strong_token token = strong_measure_begin("work");
        usleep(20000);
        burn_ms(40);
        if (measured)
            strong_measure_end(token);
    }
}

/* A library that measures, comes and goes. */
static void load(const char *path)
{
    int i;
    for (i = 0; i < 20; i++) {
        int (*function)(int);
        void *library = dlopen(path, RTLD_NOW);
        if (!library)
            abort();
        *(void **)&function = dlsym(library, "api_loaded");
        printf("%d\n", function(i));
        dlclose(library);
    }
}

static int run_mode(int argc, char **argv)
{
    const char *mode = argc > 1 ? argv[1] : "all";
    if (strcmp(mode, "all") == 0) {
        use_all();
    } else if (strcmp(mode, "truth") == 0) {
        truth();
    } else if (strcmp(mode, "work") == 0 || strcmp(mode, "unmeasured") == 0) {
        work(mode[0] == 'w');
    } else if (strcmp(mode, "load") == 0) {
        load(argv[2]);
    } else if (strcmp(mode, "kill") == 0) {
        use_all();
        fflush(stdout);
        raise(SIGKILL);
    } else if (strcmp(mode, "enabled") == 0) {
        printf("%d\n", strong_enabled());
    } else if (strcmp(mode, "metrics") == 0) {
        static char room[100000];
        use_all();
        strong_get_metrics(room, sizeof room);
        fputs(room, stderr);
    }
    return 0;
}
