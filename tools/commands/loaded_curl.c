/* loaded_curl.c: see loaded_curl.h. */
#include "commands/loaded_curl.h"

#include <dlfcn.h>
#include <stdio.h>

#define LIBRARY "libcurl.so.4"

const struct loaded_curl *loaded_curl(const char *command)
{
    static struct loaded_curl functions;
    static const struct {
        const char *name;
        void **place;
    } table[] = {
#define FUNCTION(name) {"curl_" #name, (void **)&functions.name},
        LOADED_CURL(FUNCTION)
#undef FUNCTION
    };
    if (functions.multi_cleanup)
        return &functions;
    void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    const char *missing = library ? NULL : LIBRARY;
    for (size_t i = 0; library && !missing && i < sizeof(table) / sizeof(table[0]); i++) {
        *table[i].place = dlsym(library, table[i].name);
        if (!*table[i].place)
            missing = table[i].name;
    }
    if (!missing && functions.global_init(CURL_GLOBAL_DEFAULT) == 0)
        return &functions;
    functions = (struct loaded_curl){0};
    fprintf(stderr, "strong-report %s: webhooks need libcurl (Debian: libcurl4); not found: %s\n", command,
            missing ? missing : "a working " LIBRARY);
    return NULL;
}
