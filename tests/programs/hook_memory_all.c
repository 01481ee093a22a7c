/* hook_memory_all: every function of the malloc family, its failures included. Prints what a program
 * can see: results, errno, contents, alignment; never an address. */
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static volatile size_t huge = SIZE_MAX / 2 + 2; /* so that the compiler does not see it */

static void show(const char *what, const void *ptr, size_t alignment)
{
    printf("%-28s %s aligned %s errno %d\n", what, ptr ? "ptr" : "NULL",
           (uintptr_t)ptr % alignment ? "no" : "yes", errno);
    errno = 0;
}

static int holds(const unsigned char *bytes, int value, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (bytes[i] != (unsigned char)value)
            return 0;
    return 1;
}

static void plain(void)
{
    char *ptr = malloc(100);
    show("malloc(100)", ptr, 16);
    printf("usable at least 100: %d\n", malloc_usable_size(ptr) >= 100);
    memset(ptr, 7, 100);
    ptr = realloc(ptr, 100000);
    show("realloc up", ptr, 16);
    printf("kept %d\n", holds((unsigned char *)ptr, 7, 100));
    void *failed = realloc(ptr, huge);
    show("realloc too much", failed, 16);
    printf("old block lives %d\n", holds((unsigned char *)ptr, 7, 100));
    ptr = reallocarray(ptr, 10, 10);
    show("reallocarray(10, 10)", ptr, 16);
    show("reallocarray overflow", reallocarray(NULL, huge, 4), 16);
    show("realloc to 0", realloc(ptr, 0), 16);
    show("realloc(NULL, 0)", ptr = realloc(NULL, 0), 16);
    free(ptr);
    show("reallocarray(NULL, 0, 8)", ptr = reallocarray(NULL, 0, 8), 16);
    free(ptr);
    show("malloc(0)", ptr = malloc(0), 16);
    free(ptr);
    show("malloc too much", malloc(huge), 16);
    show("malloc all", malloc(huge + (huge - 3)), 16);
    ptr = calloc(1000, 1000);
    show("calloc", ptr, 16);
    printf("zeroed %d\n", holds((unsigned char *)ptr, 0, 1000000));
    free(ptr);
    show("calloc overflow", calloc(huge, 4), 16);
    free(NULL);
    errno = 5;
    free(malloc(3));
    printf("errno after free %d\n", errno);
    errno = 0;
}

static void aligned(void)
{
    void *ptr;
    show("memalign(256, 100)", ptr = memalign(256, 100), 256);
    free(ptr);
    show("aligned_alloc(4096, 8192)", ptr = aligned_alloc(4096, 8192), 4096);
    free(ptr);
    show("aligned_alloc too much", aligned_alloc(64, huge), 64);
    ptr = NULL;
    printf("posix_memalign %d\n", posix_memalign(&ptr, 1 << 16, 100));
    show("", ptr, 1 << 16);
    ptr = realloc(ptr, 300);
    show("realloc of aligned", ptr, 16);
    free(ptr);
    ptr = NULL;
    printf("posix_memalign bad alignment %d untouched %d\n", posix_memalign(&ptr, 3, 100), !ptr);
    printf("posix_memalign too much %d untouched %d\n", posix_memalign(&ptr, 64, huge), !ptr);
    errno = 0;
    show("valloc(10)", ptr = valloc(10), 4096);
    free(ptr);
    show("pvalloc(5000)", ptr = pvalloc(5000), 4096);
    printf("usable whole pages %d\n", malloc_usable_size(ptr) >= 8192);
    free(ptr);
    show("pvalloc too much", pvalloc(huge), 4096);
    show("valloc too much", valloc(huge), 4096);
    show("memalign too much", memalign(64, huge), 64);
}

/* What beside blocks a program asks. No figures: they are the allocator's own. */
static void questions(void)
{
    void *ptr = malloc(5000);
    struct mallinfo2 info = mallinfo2();
    printf("mallinfo2 in use at least 5000: %d\n", info.uordblks + info.hblkhd >= 5000);
    struct mallinfo old = mallinfo();
    printf("mallinfo in use at least 5000: %d\n", (size_t)old.uordblks + (size_t)old.hblkhd >= 5000);
    free(ptr);
    printf("mallopt %d\n", mallopt(M_MMAP_THRESHOLD, 200000));
    int trimmed = malloc_trim(0);
    printf("malloc_trim %d\n", trimmed == 0 || trimmed == 1);
    printf("malloc_usable_size(NULL) %zu\n", malloc_usable_size(NULL));
    char *text = NULL;
    size_t len = 0;
    FILE *stream = open_memstream(&text, &len);
    printf("malloc_info %d", malloc_info(0, stream));
    fclose(stream);
    printf(" wrote xml %d, unknown option %d errno %d\n", strncmp(text, "<malloc", 7) == 0, malloc_info(1, stdout), errno);
    free(text);
    /* on stderr, the figures differ: look only whether there is something */
    int pair[2], kept = dup(2);
    char room[1 << 16];
    if (kept < 0 || pipe(pair) || dup2(pair[1], 2) < 0)
        return;
    malloc_stats();
    dup2(kept, 2);
    close(kept);
    close(pair[1]);
    printf("malloc_stats wrote %d\n", read(pair[0], room, sizeof room) > 0);
    close(pair[0]);
    errno = 0;
}

/* The name of free before C89. No linker offers it any more: old binaries have this reference. */
#if defined(__x86_64__)
extern void old_free(void *ptr);
__asm__(".symver old_free, cfree@GLIBC_2.2.5");
#else
#define old_free free
#endif

/* Enough of it for samples to be taken, and for sampled pointers to pass between threads. */
static void *churn(void *argument)
{
    void **slots = argument;
    unsigned state = 1;
    for (int i = 0; i < 100000; i++) {
        state = state * 1664525 + 1013904223;
        unsigned slot = state >> 24, size = (state >> 8) % 4000;
        void *fresh = malloc(size + 8);
        *(unsigned *)fresh = size;
        void *old = __atomic_exchange_n(&slots[slot], fresh, __ATOMIC_ACQ_REL);
        if (old && size % 3 == 0)
            old = realloc(old, size + 1);
        free(old);
    }
    return NULL;
}

int main(void)
{
    printf("errno at main %d\n", errno);
    plain();
    aligned();
    questions();
    old_free(malloc(40));
    static void *slots[256];
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, churn, slots);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < 256; i++)
        free(slots[i]);
    printf("errno at end %d\n", errno);
    return 0;
}
