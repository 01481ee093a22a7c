/* pool_own: a program that brings a malloc family of its own, which hands out memory of its own and
 * knows no other. */
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char room[32 << 20] __attribute__((aligned(64)));
static size_t used;
static unsigned long calls, foreign;

static void *own(size_t size, size_t alignment)
{
    size_t *ptr;
    size_t start = __atomic_fetch_add(&used, size + 2 * alignment + 32, __ATOMIC_RELAXED);
    __atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED);
    if (start + size + 2 * alignment + 32 > sizeof room) {
        errno = ENOMEM;
        return NULL;
    }
    ptr = (size_t *)(((uintptr_t)room + start + 16 + alignment - 1) & ~(uintptr_t)(alignment - 1));
    ptr[-1] = size;
    return ptr;
}

void *malloc(size_t size)
{
    return own(size, 16);
}

void free(void *ptr)
{
    if (ptr && ((char *)ptr < room || (char *)ptr >= room + sizeof room))
        __atomic_add_fetch(&foreign, 1, __ATOMIC_RELAXED);
}

void *calloc(size_t count, size_t size)
{
    return own(count * size, 16); /* memory is never handed out twice */
}

void *realloc(void *old, size_t size)
{
    void *ptr = own(size, 16);
    if (ptr && old)
        memcpy(ptr, old, ((size_t *)old)[-1] < size ? ((size_t *)old)[-1] : size);
    return ptr;
}

void *memalign(size_t alignment, size_t size)
{
    return own(size, alignment < 16 ? 16 : alignment);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return memalign(alignment, size);
}

int posix_memalign(void **ret_ptr, size_t alignment, size_t size)
{
    *ret_ptr = memalign(alignment, size);
    return *ret_ptr ? 0 : ENOMEM;
}

size_t malloc_usable_size(void *ptr)
{
    return ptr ? ((size_t *)ptr)[-1] : 0;
}

static void *work(void *argument)
{
    char *text = NULL;
    for (int i = 0; i < 300; i++) {
        free(text);
        if (asprintf(&text, "%d %s", i, "made by libc with our malloc") < 0)
            abort();
    }
    free(text);
    return argument;
}

int main(void)
{
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, work, NULL);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    char *line = strdup("a line"), *bigger = realloc(line, 100000);
    int mine = bigger >= room && bigger < room + sizeof room;
    free(bigger);
    printf("own %d called %d foreign %lu\n", mine, calls > 1000, foreign);
    return 0;
}
