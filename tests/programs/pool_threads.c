/* pool_threads MODE NUMBER: threads, forks and libraries while memory is allocated.
 *   alive    NUMBER threads that live at once, each with blocks; each frees those of its neighbour
 *   fork     NUMBER forks of a process with 8 threads that allocate; children allocate, free and
 * start threads remote   blocks freed by others, also when their thread has ended; NUMBER rounds
 *   loader   NUMBER times dlopen and dlclose while 4 threads allocate */
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile int stop;
static unsigned long wrong;

static void expect(int good)
{
    if (!good)
        __atomic_add_fetch(&wrong, 1, __ATOMIC_RELAXED);
}

static size_t size_of(unsigned *state)
{
    *state = *state * 1664525 + 1013904223;
    unsigned value = *state >> 8;
    return value % 100 == 0 ? value % 100000 : value % 1500 + 1;
}

/* A block that knows its size and is full of it. */
static unsigned char *make(unsigned *state)
{
    size_t size = size_of(state) + 16;
    unsigned char *ptr = malloc(size);
    memset(ptr, (int)size, size);
    memcpy(ptr, &size, sizeof size);
    return ptr;
}

static void drop(unsigned char *ptr)
{
    size_t size;
    memcpy(&size, ptr, sizeof size);
    expect(ptr[sizeof size] == (unsigned char)size && ptr[size - 1] == (unsigned char)size);
    free(ptr);
}

static void *churn(void *argument)
{
    unsigned state = (unsigned)(size_t)argument;
    unsigned char *own[64] = {0};
    while (!stop) {
        unsigned slot = size_of(&state) % 64;
        if (own[slot])
            drop(own[slot]);
        own[slot] = make(&state);
        if (state >> 8 < 1 << 15) /* every 500th time: the processors are few */
            usleep(200);
    }
    for (int i = 0; i < 64; i++)
        if (own[i])
            drop(own[i]);
    return NULL;
}

/* ---- alive ---- */

enum { EACH = 20 };
static unsigned char *(*table)[EACH];
static pthread_barrier_t all_here;
static long many;

static void *alive(void *argument)
{
    long self = (long)argument;
    unsigned state = (unsigned)self;
    for (int i = 0; i < EACH; i++)
        table[self][i] = make(&state);
    pthread_barrier_wait(&all_here);
    for (int i = 0; i < EACH; i++)
        drop(table[(self + 1) % many][i]);
    return NULL;
}

static void run_alive(long count)
{
    many = count;
    table = calloc((size_t)count, sizeof *table);
    pthread_t *threads = calloc((size_t)count, sizeof *threads);
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 128 << 10);
    pthread_barrier_init(&all_here, NULL, (unsigned)count);
    for (long i = 0; i < count; i++)
        if (pthread_create(&threads[i], &attributes, alive, (void *)i) != 0) {
            printf("too many threads\n");
            _exit(3);
        }
    for (long i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
    free(table);
    free(threads);
}

/* ---- fork ---- */

static void child(void)
{
    unsigned state = (unsigned)getpid();
    unsigned char *own[200];
    for (int i = 0; i < 200; i++)
        own[i] = make(&state);
    stop = 0;
    pthread_t thread;
    if (pthread_create(&thread, NULL, churn, (void *)5) != 0)
        _exit(2);
    for (int i = 0; i < 200; i++)
        drop(own[i]);
    for (int i = 0; i < 500; i++)
        drop(make(&state));
    stop = 1;
    pthread_join(thread, NULL);
    _exit(wrong ? 1 : 0);
}

static void run_fork(long count)
{
    pthread_t threads[8];
    for (long i = 0; i < 8; i++)
        pthread_create(&threads[i], NULL, churn, (void *)(i + 1));
    unsigned state = 99;
    for (long i = 0; i < count; i++) {
        unsigned char *across[20];
        for (int n = 0; n < 20; n++)
            across[n] = make(&state);
        pid_t pid = fork();
        if (pid == 0) {
            alarm(60);
            for (int n = 0; n < 20; n++)
                drop(across[n]);
            child();
        }
        int status = -1;
        waitpid(pid, &status, 0);
        if (status != 0) {
            printf("child %ld: status %d\n", i, status);
            wrong++;
        }
        for (int n = 0; n < 20; n++)
            drop(across[n]);
    }
    stop = 1;
    for (int i = 0; i < 8; i++)
        pthread_join(threads[i], NULL);
}

/* ---- remote ---- */

enum { BATCH = 2000 };

static void *produce(void *argument)
{
    unsigned char **batch = argument;
    unsigned state = (unsigned)(size_t)batch;
    for (int i = 0; i < BATCH; i++)
        batch[i] = make(&state);
    return NULL;
}

static void *consume(void *argument)
{
    unsigned char **batch = argument;
    for (int i = 0; i < BATCH; i++)
        drop(batch[i]);
    return NULL;
}

static void run_remote(long count)
{
    static unsigned char *batches[4][BATCH];
    for (long round = 0; round < count; round++) {
        pthread_t threads[4];
        for (int i = 0; i < 4; i++)
            pthread_create(&threads[i], NULL, produce, batches[i]);
        for (int i = 0; i < 4; i++)
            pthread_join(threads[i], NULL); /* their blocks outlive them */
        for (int i = 0; i < 4; i++)
            pthread_create(&threads[i], NULL, consume, batches[(i + 1) % 4]);
        for (int i = 0; i < 4; i++)
            pthread_join(threads[i], NULL);
    }
}

/* ---- loader ---- */

static void run_loader(long count)
{
    static char library[4096];
    ssize_t len = readlink("/proc/self/exe", library, sizeof library - 64);
    expect(len > 0);
    strcpy(strrchr(library, '/') + 1, "libpool_loaded.so");
    pthread_t threads[4];
    for (long i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, churn, (void *)(i + 1));
    for (long i = 0; i < count; i++) {
        void *handle = dlopen(library, RTLD_NOW | (i % 3 == 0 ? RTLD_DEEPBIND
                                                   : i % 2    ? RTLD_GLOBAL
                                                              : RTLD_LOCAL));
        if (!handle) {
            printf("%s\n", dlerror());
            wrong++;
            break;
        }
        char *(*call)(char *) = (char *(*)(char *))dlsym(handle, "pool_loaded_swap");
        char *ptr = call(strdup("ours"));
        expect(strcmp(ptr, "theirs") == 0);
        ptr = realloc(ptr, 3000);
        expect(strcmp(ptr, "theirs") == 0);
        free(ptr);
        expect(dlclose(handle) == 0);
    }
    stop = 1;
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    long count = atol(argv[2]);
    if (strcmp(argv[1], "alive") == 0)
        run_alive(count);
    else if (strcmp(argv[1], "fork") == 0)
        run_fork(count);
    else if (strcmp(argv[1], "remote") == 0)
        run_remote(count);
    else
        run_loader(count);
    printf("%s %ld wrong %lu\n", argv[1], count, wrong);
    return 0;
}
