/* truth_heap_life.c SEED THREADS [resize [MILLISECONDS]]: see truth_heap_life.h. Three sites of its own in optimised C, and one in a library
 * that is closed before the end.
 */
#include <dlfcn.h>
#include <malloc.h>
#include <string.h>
#include <unistd.h>

#include "truth_heap_life.h"

static void *touched(void *ptr)
{
    *(volatile char *)ptr = 1; /* so that the call before is none in tail position */
    return ptr;
}

SITE(site_malloc)
{
    return touched(malloc(size));
}

SITE(site_calloc)
{
    return touched(calloc(1, size));
}

SITE(site_aligned)
{
    return touched(memalign(64, size));
}

/* Allocates now and then, beside the count, so that somebody looks at the clock. */
static void go_on_for(unsigned milliseconds)
{
    for (unsigned i = 0; i < milliseconds; i++) {
        usleep(1000);
        for (unsigned j = 0; j < 100; j++)
            free(touched(malloc(3000)));
    }
}

int main(int argc, char **argv)
{
    add_site("site_malloc", site_malloc, free, __start_code_of_site_malloc, __stop_code_of_site_malloc);
    add_site("site_calloc", site_calloc, free, __start_code_of_site_calloc, __stop_code_of_site_calloc);
    add_site("site_aligned", site_aligned, free, __start_code_of_site_aligned, __stop_code_of_site_aligned);
    char path[4096];
    ssize_t len = readlink("/proc/self/exe", path, sizeof path - 64);
    if (len < 0)
        return 2;
    path[len] = 0;
    strcpy(strrchr(path, '/'), "/libtruth_heap_site.so");
    void *library = dlopen(path, RTLD_NOW);
    if (!library)
        return 2;
    void *(*make)(size_t) = (void *(*)(size_t))dlsym(library, "library_site");
    void (*bounds)(const char **, const char **) = (void (*)(const char **, const char **))dlsym(library, "library_bounds");
    const char *start, *end;
    bounds(&start, &end);
    add_site("library_site", make, free, start, end);
    int ret = live_lives(argc, argv);
    if (argc > 4)
        go_on_for((unsigned)atoi(argv[4]));
    dlclose(library);
    show();
    return ret;
}
