/* demangle.c: libiberty's demangler; Rust's legacy hash ("::h" and 16 digits) is dropped by it. */
#include "read/demangle.h"

#include <libiberty/demangle.h>
#include <stdlib.h>
#include <string.h>

#include "read/arena.h"
#include "read/text.h"

enum { NAME_LIMIT = 4096 };

const char *demangle(struct arena *arena, const char *name)
{
    size_t len = strnlen(name, NAME_LIMIT);
    const char *version = memchr(name, '@', len);
    if (version && version != name)
        len = (size_t)(version - name);
    char *plain = arena_text(arena, name, len);
    if (!plain)
        return NULL;
    /* DMGL_NO_RECURSE_LIMIT is left out on purpose: names are a stranger's */
    char *found = len < NAME_LIMIT ? cplus_demangle(plain, DMGL_ANSI | DMGL_AUTO) : NULL;
    const char *result = found ? text_clean_copy(arena, found, strlen(found))
                               : text_clean_copy(arena, plain, len);
    free(found);
    return result;
}
