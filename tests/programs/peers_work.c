/* peers_work.c: a bit of everything that other profilers explain, each in a function of its own name, for
 * scripts/compare-peers: what is kept, what lives at the peak, what is temporary, what is never freed; functions that
 * compute; files written, synced and read; a socket; a lock two threads want. Deterministic but for the lock.
 *
 * peers_work DIRECTORY [SCALE]
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define STEP __attribute__((noinline))

static unsigned scale = 1;
static pthread_mutex_t ledger = PTHREAD_MUTEX_INITIALIZER;
static volatile uint64_t sink;

/* Keeps what the compiler must not see through. */
static void *used(void *block)
{
    __asm__ volatile("" : : "r"(block) : "memory");
    return block;
}

/* ---- memory ---- */

static STEP void *index_insert(size_t bytes)
{
    char *node = used(malloc(bytes));
    node[0] = 1;
    return node;
}

static STEP void *cache_fill(size_t bytes)
{
    char *page = used(malloc(bytes));
    memset(page, 1, bytes);
    return page;
}

static STEP void *keep_unfreed(size_t bytes)
{
    return used(calloc(1, bytes));
}

static STEP void copy_word(unsigned i)
{
    char *word = used(malloc(200 + i % 56));
    word[0] = (char)i;
    sink += (unsigned char)*(char *)used(word);
    free(word);
}

static STEP void copy_line(unsigned i)
{
    char *line = used(malloc(1000 + i % 24));
    line[0] = (char)i;
    sink += (unsigned char)*(char *)used(line);
    free(line);
}

static void memory(void)
{
    enum { NODES = 60000, PAGES = 4000 };
    static void *nodes[NODES], *pages[PAGES];
    for (unsigned i = 0; i < NODES; i++)
        nodes[i] = index_insert(400);
    for (unsigned i = 0; i < PAGES; i++)
        pages[i] = cache_fill(4000);
    for (unsigned i = 0; i < 3000; i++)
        used(keep_unfreed(2000));
    for (unsigned i = 0; i < PAGES; i++)
        free(pages[i]);
    for (unsigned i = 0; i < NODES; i++)
        free(nodes[i]);
    for (unsigned i = 0; i < 150000 * scale; i++)
        copy_word(i);
    for (unsigned i = 0; i < 50000 * scale; i++)
        copy_line(i);
}

/* ---- computing ---- */

static STEP uint64_t hash_blocks(uint64_t seed, unsigned rounds)
{
    for (unsigned i = 0; i < rounds; i++)
        seed = (seed ^ (seed >> 29)) * 0xbf58476d1ce4e5b9ull + i;
    return seed;
}

static STEP uint64_t checksum(uint64_t seed, unsigned rounds)
{
    for (unsigned i = 0; i < rounds; i++)
        seed = (seed << 7 | seed >> 57) + (seed & 0xff) + i;
    return seed;
}

static STEP int by_value(const void *left, const void *right)
{
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return a < b ? -1 : a > b;
}

static void computing(void)
{
    static uint32_t keys[100000];
    for (unsigned round = 0; round < 6 * scale; round++) {
        for (unsigned i = 0; i < 60; i++)
            sink += hash_blocks(sink + i, 500000);
        for (unsigned i = 0; i < 30; i++)
            sink += checksum(sink + i, 500000);
        for (unsigned i = 0; i < 100000; i++)
            keys[i] = i * 2654435761u;
        qsort(keys, 100000, sizeof keys[0], by_value);
    }
}

/* ---- files, a socket, a lock ---- */

static void files(const char *directory)
{
    char path[4096], block[512] = {1};
    snprintf(path, sizeof path, "%s/peers-work", directory);
    int fd = open(path, O_CREAT | O_RDWR | O_TRUNC, 0600);
    if (fd < 0)
        exit(1);
    for (unsigned i = 0; i < 6000; i++)
        if (write(fd, block, sizeof block) != sizeof block)
            exit(1);
    for (unsigned i = 0; i < 40; i++)
        if (fdatasync(fd))
            exit(1);
    for (unsigned i = 0; i < 4000; i++)
        sink += (uint64_t)pread(fd, block, sizeof block, (off_t)(i * sizeof block));
    close(fd);
    for (unsigned i = 0; i < 1500; i++) {
        fd = open(path, O_RDONLY);
        if (fd >= 0)
            close(fd);
    }
    unlink(path);
}

static void sockets(void)
{
    int pair[2];
    char byte = 1;
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
        exit(1);
    for (unsigned i = 0; i < 3000; i++)
        if (send(pair[0], &byte, 1, 0) != 1 || recv(pair[1], &byte, 1, 0) != 1)
            exit(1);
    close(pair[0]);
    close(pair[1]);
}

static STEP void under_lock(void)
{
    const struct timespec pause = {0, 1000000};
    pthread_mutex_lock(&ledger);
    nanosleep(&pause, NULL);
    pthread_mutex_unlock(&ledger);
}

static void *clerk(void *argument)
{
    for (unsigned i = 0; i < 150; i++)
        under_lock();
    return argument;
}

int main(int argc, char **argv)
{
    pthread_t clerks[2];
    if (argc < 2)
        return 2;
    if (argc > 2)
        scale = (unsigned)atoi(argv[2]);
    memory();
    computing();
    files(argv[1]);
    sockets();
    for (unsigned i = 0; i < 2; i++)
        if (pthread_create(&clerks[i], NULL, clerk, NULL))
            return 1;
    for (unsigned i = 0; i < 2; i++)
        pthread_join(clerks[i], NULL);
    return 0;
}
