/* full_segment_bench.c: a victim that fills its segment: many targets, stacks, sums, cells and threads, so
 * that scripts/bench can time strong-report on it. Run with STRONG_ALLOC_PERIOD=1 STRONG_BLOCK_PERIOD=1us.
 * With a number it stays alive for that many seconds, all threads too, after it said on stdout that all is filled.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { THREADS = 400, FILES = 8000, STACKS = 9000 };

static pthread_barrier_t all_alive;
static unsigned linger;

/* Walks a different path through three functions for each number, so each makes a stack of its own. */
static void *other(unsigned path, unsigned depth);
static __attribute__((noinline)) void *one(unsigned path, unsigned depth)
{
    void *ret = depth ? (path & 1 ? one(path >> 1, depth - 1) : other(path >> 1, depth - 1)) : malloc(8);
    __asm__ volatile("" : "+r"(ret));
    return ret;
}
static __attribute__((noinline)) void *other(unsigned path, unsigned depth)
{
    void *ret = depth ? (path & 1 ? one(path >> 1, depth - 1) : other(path >> 1, depth - 1)) : malloc(16);
    __asm__ volatile("" : "+r"(ret));
    return ret;
}

static void *thread(void *argument)
{
    unsigned number = (unsigned)(size_t)argument;
    for (unsigned i = 0; i < FILES / THREADS; i++) {
        char path[128];
        snprintf(path, sizeof path, "/dev/shm/none/a-directory-with-a-long-name/another-one-below-it/%u/%u", number, i);
        int fd = open(path, O_RDONLY);
        if (fd >= 0)
            close(fd);
    }
    for (unsigned i = number; i < STACKS; i += THREADS)
        free(one(i, 14));
    if (pthread_barrier_wait(&all_alive) == PTHREAD_BARRIER_SERIAL_THREAD && linger) {
        puts("filled");
        fflush(stdout);
    }
    sleep(linger);
    return NULL;
}

int main(int argc, char **argv)
{
    linger = argc > 1 ? (unsigned)atoi(argv[1]) : 0;
    pthread_t threads[THREADS];
    pthread_barrier_init(&all_alive, NULL, THREADS);
    for (size_t i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, thread, (void *)i))
            return 1;
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    return 0;
}
