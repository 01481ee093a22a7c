/* pool_family: every call of the malloc family at its edges. Prints what a program may rely on,
 * never an address or a size that is the allocator's own choice. */
#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static volatile size_t huge = (size_t)PTRDIFF_MAX + 1, all = SIZE_MAX,
                       half = (size_t)1 << 32; /* the compiler must not see them */
static unsigned long long wrong;

static void show(const char *what, size_t number, void *ptr)
{
    printf("%s(%zu) %s errno %d\n", what, number, ptr ? "ptr" : "NULL", errno);
    errno = 0;
}

static int holds(const void *ptr, int value, size_t len)
{
    const unsigned char *bytes = ptr;
    for (size_t i = 0; i < len; i++)
        if (bytes[i] != (unsigned char)value)
            return 0;
    return 1;
}

/* A block of any size: aligned, as large as was asked for, writable to its usable end, freed with
 * errno kept. */
static void check_block(void *ptr, size_t size, size_t alignment)
{
    size_t usable = malloc_usable_size(ptr);
    wrong += !ptr || (uintptr_t)ptr % alignment || usable < size;
    if (ptr)
        memset(ptr, 0xa5, usable);
    errno = 1234;
    free(ptr);
    wrong += errno != 1234;
    errno = 0;
}

static void sizes(void)
{
    for (size_t size = 0; size < 3000000; size += size < 20000 ? 1 : size / 7) {
        check_block(malloc(size), size, 16);
        check_block(realloc(NULL, size), size, 16);
        char *zeros = calloc(size / 3 + 1, 3);
        wrong += !zeros || !holds(zeros, 0, size / 3 * 3 + 3);
        check_block(zeros, size / 3 * 3 + 3, 16);
    }
    printf("sizes wrong %llu\n", wrong);
    /* Two blocks of 0 bytes are two. */
    void *one = malloc(0), *other = malloc(0), *third = calloc(0, 100), *fourth = calloc(100, 0);
    printf("zero %d %d\n", one && other && one != other, third && fourth && third != fourth);
    free(one), free(other), free(third), free(fourth);
}

static void refused(void)
{
    void *const old = malloc(100);
    memset(old, 3, 100);
    errno = 0;
    for (int i = 0; i < 4; i++) {
        size_t size = i == 0 ? huge : i == 1 ? all : i == 2 ? all - 4096 : huge - 1;
        show("malloc", size, malloc(size));
        show("calloc one", size, calloc(1, size));
        show("calloc many", size, calloc(size, 1));
        show("realloc NULL", size, realloc(NULL, size));
        show("realloc", size, realloc(old, size));
        show("memalign", size, memalign(64, size));
        show("aligned_alloc", size, aligned_alloc(4096, size));
        show("valloc", size, valloc(size));
        show("pvalloc", size, pvalloc(size));
        void *ptr = (void *)77;
        printf("posix_memalign %d", posix_memalign(&ptr, 64, size));
        printf(" untouched %d errno %d\n", ptr == (void *)77, errno);
        errno = 0;
    }
    show("calloc overflow", 0, calloc(huge, 2));
    show("calloc overflow", 1, calloc(all / 8 + 2, 8));
    show("calloc overflow", 2, calloc(half, half));
    show("reallocarray overflow", 0, reallocarray(NULL, huge, 2));
    show("reallocarray overflow", 1, reallocarray(old, half * 2, half / 2));
    show("reallocarray too much", 2, reallocarray(old, 1, huge));
    printf("old block lives %d\n", holds(old, 3, 100));
    free(old);
}

static void alignments(void)
{
    wrong = 0;
    for (size_t alignment = 1; alignment <= (size_t)4 << 20; alignment *= 2)
        for (size_t size = 0; size < 100000; size = size * 3 / 2 + 1) {
            check_block(memalign(alignment, size), size, alignment);
            check_block(aligned_alloc(alignment, size), size, alignment);
            void *ptr = NULL;
            int error = posix_memalign(&ptr, alignment, size);
            wrong += error != (alignment < sizeof(void *) ? EINVAL : 0) || errno;
            if (!error)
                check_block(ptr, size, alignment);
        }
    for (size_t size = 0; size < 100000; size = size * 3 / 2 + 1) {
        check_block(valloc(size), size, 4096);
        check_block(pvalloc(size), (size + 4095) / 4096 * 4096, 4096);
    }
    printf("alignments wrong %llu\n", wrong);
    wrong = 0;
    /* Not a power of two: memalign rounds up. */
    for (size_t alignment = 17; alignment < 5000; alignment += 111) {
        size_t power = 16;
        while (power < alignment)
            power *= 2;
        check_block(memalign(alignment, 100), 100, power);
    }
    printf("odd alignments wrong %llu\n", wrong);
    for (size_t alignment = 0; alignment < 70; alignment += alignment < 8 ? 1 : 12) {
        void *ptr = (void *)77;
        int error = posix_memalign(&ptr, alignment, 10);
        printf("posix_memalign(%zu) %d untouched %d errno %d\n", alignment, error,
               ptr == (void *)77, errno);
        if (!error)
            free(ptr);
    }
    show("memalign to 2^63", 0, memalign(huge, 10));
    show("memalign to more", 0, memalign(huge + 1, 10));
    show("memalign to 2^62", 0, memalign(huge / 2, 10));
    free(memalign(0, 10));
    printf("memalign to 0 errno %d\n", errno);
    errno = 0;
}

/* Blocks that were full of something come back zeroed from calloc. */
static void recycled(void)
{
    wrong = 0;
    for (size_t size = 1; size < 600000; size = size * 5 / 4 + 1) {
        void *blocks[16];
        for (int round = 0; round < 3; round++) {
            for (int i = 0; i < 16; i++) {
                blocks[i] = calloc(1, size);
                wrong += !holds(blocks[i], 0, size);
                memset(blocks[i], 0xff, malloc_usable_size(blocks[i]));
            }
            for (int i = 0; i < 16; i++)
                free(blocks[i]);
        }
    }
    printf("recycled wrong %llu\n", wrong);
}

static void resized(void)
{
    static const size_t edges[] = {1,     15,    24,     100,    128,     1000,
                                   4095,  4096,  8191,   8192,   8193,    12000,
                                   20000, 70000, 131072, 140000, 1000000, 5000000};
    enum { EDGES = sizeof edges / sizeof *edges };
    wrong = 0;
    for (int from = 0; from < EDGES; from++)
        for (int to = 0; to < EDGES; to++)
            for (int how = 0; how < 3; how++) {
                size_t size = edges[from], kept = size < edges[to] ? size : edges[to];
                void *ptr = how == 0   ? malloc(size)
                            : how == 1 ? calloc(1, size)
                                       : memalign(512, size);
                memset(ptr, 0x3c, size);
                ptr = how ? realloc(ptr, edges[to]) : reallocarray(ptr, edges[to], 1);
                wrong += !ptr || !holds(ptr, 0x3c, kept);
                check_block(ptr, edges[to], 16);
            }
    for (int i = 0; i < EDGES; i++) {
        void *ptr = malloc(edges[i]);
        wrong += realloc(ptr, 0) != NULL || errno;
    }
    /* Up and down again and again, with neighbours that must stay as they are. */
    unsigned char *rows[64] = {0};
    size_t have[64] = {0};
    unsigned state = 7;
    for (int i = 0; i < 60000; i++) {
        state = state * 1664525 + 1013904223;
        unsigned row = state >> 26, size = (state >> 7) % (i % 50 ? 3000 : 100000) + 1;
        size_t kept = have[row] < size ? have[row] : size;
        rows[row] = realloc(rows[row], size);
        wrong += !holds(rows[row], (int)row, kept);
        memset(rows[row], (int)row, size);
        have[row] = size;
    }
    for (int i = 0; i < 64; i++)
        free(rows[i]);
    printf("resized wrong %llu errno %d\n", wrong, errno);
}

static void answers(void)
{
    void *ptr = malloc(300000);
    printf("trim %d\n", malloc_trim(0) >= 0);
    printf("mallopt %d %d\n", mallopt(M_MMAP_THRESHOLD, 1 << 20),
           mallopt(M_TRIM_THRESHOLD, 1 << 20));
    struct mallinfo2 info = mallinfo2();
    printf("in use %d\n", info.uordblks + info.hblkhd >= 300000 && info.uordblks < (size_t)1 << 40);
    printf("free is no negative number %d\n", info.fordblks < (size_t)1 << 40);
    free(ptr);
    printf("malloc_info %d %d errno %d\n", malloc_info(0, stderr) == 0, malloc_info(7, stderr),
           errno);
    malloc_stats();
    printf("usable of NULL %zu\n", malloc_usable_size(NULL));
    free(NULL);
    errno = 0;
}

int main(void)
{
    printf("errno %d\n", errno);
    sizes();
    refused();
    alignments();
    recycled();
    resized();
    answers();
    printf("errno %d\n", errno);
    return 0;
}
