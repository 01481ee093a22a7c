/* loaded_microhttpd.c: see loaded_microhttpd.h. */
#include "commands/loaded_microhttpd.h"

#include <dlfcn.h>
#include <stdio.h>

#define LIBRARY "libmicrohttpd.so.12"

const struct loaded_microhttpd *loaded_microhttpd(const char *command)
{
    static struct loaded_microhttpd functions;
    static const struct {
        const char *name;
        void **place;
    } table[] = {
#define FUNCTION(name) {"MHD_" #name, (void **)&functions.name},
        LOADED_MICROHTTPD(FUNCTION)
#undef FUNCTION
    };
    if (functions.destroy_response)
        return &functions;
    void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    const char *missing = library ? NULL : LIBRARY;
    for (size_t i = 0; library && !missing && i < sizeof(table) / sizeof(table[0]); i++) {
        *table[i].place = dlsym(library, table[i].name);
        if (!*table[i].place)
            missing = table[i].name;
    }
    if (!missing)
        return &functions;
    functions = (struct loaded_microhttpd){0};
    fprintf(stderr, "strong-report %s: needs libmicrohttpd (Debian: libmicrohttpd12); not found: %s\n", command,
            missing);
    return NULL;
}
