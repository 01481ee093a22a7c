/* survive_loader.c MODE SECONDS: libraries come and go while other threads allocate. */
#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static char library[4096];
static volatile int stop;
static volatile long allocated[4];

static void *allocate(void *argument)
{
    volatile long *own = argument;
    for (unsigned i = 0; !stop; i++) {
        void *volatile room[16];
        for (int j = 0; j < 16; j++)
            room[j] = malloc(i % 700 + (unsigned)j);
        for (int j = 0; j < 16; j++)
            free(room[j]);
        *own = *own + 1;
    }
    return NULL;
}

static long now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void churn(int seconds)
{
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, allocate, (void *)&allocated[i]);
    long loads = 0, wrong = 0;
    for (long until = now_ms() + seconds * 1000L; now_ms() < until; loads++) {
        void *handle = dlopen(library, RTLD_NOW | (loads % 2 ? RTLD_GLOBAL : RTLD_LOCAL));
        if (!handle) {
            wrong++;
            continue;
        }
        void *(*call)(int, unsigned long) = (void *(*)(int, unsigned long))dlsym(handle, "churn_allocate");
        for (int i = 0; i < 20; i++)
            free(call(i, 600));
        if (dlsym(handle, "no_such_function") || !dlerror())
            wrong++;
        wrong += dlclose(handle) != 0;
    }
    stop = 1;
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    printf("loads %s wrong %ld\n", loads > 20 ? "many" : "few", wrong);
}

static int visit(struct dl_phdr_info *info, size_t size, void *data)
{
    (void)size;
    *(int *)data += strstr(info->dlpi_name, "libsurvive_churn") != NULL;
    return 0;
}

static void deepbind(void)
{
    void *handle = dlopen(library, RTLD_NOW | RTLD_DEEPBIND);
    int there = 0;
    dl_iterate_phdr(visit, &there);
    void *(*call)(int, unsigned long) = (void *(*)(int, unsigned long))dlsym(handle, "churn_allocate");
    for (int i = 0; i < 10000; i++) {
        void *theirs = call(3, 1000), *volatile ours = malloc(1000);
        theirs = realloc(theirs, 5000);
        free(theirs);
        free(ours);
    }
    printf("deepbind: loaded %d closed %d\n", there, dlclose(handle));
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return 2;
    ssize_t len = readlink("/proc/self/exe", library, sizeof library - 64);
    strcpy(library + len, "");
    strcpy(strrchr(library, '/') + 1, "libsurvive_churn.so");
    if (strcmp(argv[1], "churn") == 0)
        churn(argc > 2 ? atoi(argv[2]) : 5);
    else
        deepbind();
    return 0;
}
