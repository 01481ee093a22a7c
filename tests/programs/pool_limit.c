/* pool_limit MODE: little address space. MODE `start`: the limit was there before; `main`: it is
 * set here, by three functions in turn, in children of their own. Refusals are NULL and ENOMEM, and
 * the program goes on. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void *thread(void *argument)
{
    void *ptr = malloc(5000);
    free(ptr);
    return ptr ? argument : NULL;
}

/* Takes blocks until there are no more, and gives them back. */
static void exhaust(size_t size)
{
    void **chain = NULL, **ptr;
    unsigned long count = 0, most = ((unsigned long)2 << 30) / size;
    errno = 0;
    while (count < most && (ptr = malloc(size))) {
        *ptr = chain;
        chain = ptr;
        count++;
    }
    int error = errno;
    while (chain) {
        ptr = *chain;
        free(chain);
        chain = ptr;
    }
    printf("blocks of %zu: some %d, then an end %d errno %d\n", size, count > 3, count < most,
           error);
    errno = 0;
}

static void work(size_t limit)
{
    char *early = malloc(300);
    void *mapped =
        mmap(NULL, limit / 4, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    printf("mmap of a quarter %d\n", mapped != MAP_FAILED);
    munmap(mapped, limit / 4);
    pthread_t id;
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 1 << 20);
    int marker, error = pthread_create(&id, &attributes, thread, &marker);
    void *result = NULL;
    if (!error)
        pthread_join(id, &result);
    printf("thread %d %d\n", error, result == &marker);
    errno = 0;
    printf("malloc of all %s", malloc(limit) ? "ptr" : "NULL");
    printf(" errno %d\n", errno);
    errno = 0;
    printf("realloc to all %s", realloc(early, limit) ? "ptr" : "NULL");
    printf(" errno %d\n", errno);
    exhaust(3 << 20);
    exhaust(40000);
    exhaust(1000);
    for (int round = 0; round < 200; round++) {
        void *ptrs[50];
        for (int i = 0; i < 50; i++) {
            ptrs[i] = malloc((size_t)(i * 37 + round) * 20 % 40000 + 1);
            if (ptrs[i])
                ptrs[i] = realloc(ptrs[i], (size_t)(i * 91 + round) * 30 % 60000 + 1);
        }
        for (int i = 0; i < 50; i++)
            free(ptrs[i]);
    }
    free(early);
    printf("goes on\n");
}

int main(int argc, char **argv)
{
    const struct rlimit limit = {(rlim_t)200 << 20, RLIM_INFINITY};
    const struct rlimit64 limit64 = {(rlim64_t)200 << 20, RLIM64_INFINITY};
    if (argc > 1 && strcmp(argv[1], "start") == 0) {
        work((size_t)60 << 20);
        return 0;
    }
    for (int how = 0; how < 3; how++) {
        fflush(stdout);
        pid_t child = fork();
        if (child == 0) {
            void *ptrs[500];
            for (int i = 0; i < 500; i++)
                ptrs[i] = malloc((size_t)i * 30);
            int ret = how == 0   ? setrlimit(RLIMIT_AS, &limit)
                      : how == 1 ? setrlimit64(RLIMIT_AS, &limit64)
                                 : prlimit(0, RLIMIT_AS, &limit, NULL);
            printf("limited %d\n", ret);
            for (int i = 0; i < 500; i++)
                free(ptrs[i]);
            work((size_t)200 << 20);
            exit(0);
        }
        int status;
        waitpid(child, &status, 0);
        printf("status %d\n", status);
    }
    /* Refused: nothing changes. */
    errno = 0;
    int refused = setrlimit(RLIMIT_AS, (const struct rlimit *)16);
    printf("refused %d errno %d\n", refused, errno);
    free(malloc(100000));
    return 0;
}
