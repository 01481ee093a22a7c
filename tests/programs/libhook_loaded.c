/* libhook_loaded: what the loader victims load. Tells when it comes and goes, and allocates meanwhile. */
#include <stdio.h>
#include <stdlib.h>

static void *kept;

__attribute__((constructor)) static void arrive(void)
{
    kept = malloc(100000);
}

__attribute__((destructor)) static void leave(void)
{
    free(kept);
}

int hook_loaded_value(int number)
{
    void *volatile block = malloc(1000);
    free(block);
    return kept ? number + 1 : -1;
}
