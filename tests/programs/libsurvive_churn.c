/* libsurvive_churn.c: a library to load and unload: code, a constructor, thread-local storage. */
#include <stdlib.h>
#include <unistd.h>

static __thread char room[256];
static void *kept;

static __attribute__((constructor)) void begin(void)
{
    kept = malloc(3000);
}

static __attribute__((destructor)) void end(void)
{
    free(kept);
}

__attribute__((noinline)) void *churn_allocate(int depth, unsigned long size)
{
    room[depth % 256]++;
    if (depth > 0) {
        void *volatile result = churn_allocate(depth - 1, size);
        return result;
    }
    return malloc(size);
}
