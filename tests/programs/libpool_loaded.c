/* libpool_loaded.c: a library that allocates when it comes, frees when it goes, and swaps blocks
 * with the program: also loaded with RTLD_DEEPBIND, which would give it libc's allocator. */
#include <stdlib.h>
#include <string.h>

static void *small, *large;
static __thread char *local;

static __attribute__((constructor)) void begin(void)
{
    small = malloc(40);
    large = calloc(1, 60000);
}

static __attribute__((destructor)) void end(void)
{
    small = realloc(small, 9000);
    free(small);
    free(large);
    free(local);
}

char *pool_loaded_swap(char *theirs)
{
    theirs = realloc(theirs, 500);
    free(theirs);
    free(local);
    local = malloc(100);
    return strdup("theirs");
}
