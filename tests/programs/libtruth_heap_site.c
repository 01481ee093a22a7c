/* libtruth_heap_site.c: a site in a library that is opened and closed. See truth_heap_life.c. */
#include <stdlib.h>

extern const char __start_library_code[] __attribute__((visibility("hidden"))),
    __stop_library_code[] __attribute__((visibility("hidden")));

__attribute__((noinline, section("library_code"))) void *library_site(size_t size)
{
    void *ptr = malloc(size);
    *(volatile char *)ptr = 1;
    return ptr;
}

void library_bounds(const char **ret_start, const char **ret_end)
{
    *ret_start = __start_library_code;
    *ret_end = __stop_library_code;
}
