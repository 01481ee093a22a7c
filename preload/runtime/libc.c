/* libc.c: fills `real` and `next`. See libc.h.
 *
 * dlsym takes 70–100 ns a symbol (measured), so all are loaded eagerly: nothing is ever resolved in a
 * signal handler, under a lock, or between fork and exec. A lookup that fails makes libc allocate its
 * error text: that lands in the memory hooks' pre-boot arena. Versioned symbols use dlvsym, because
 * RTLD_NEXT may answer with the oldest version (sanitizers #465); where the version does not exist
 * (another architecture's base version) the default one is right.
 */
#include "runtime/libc.h"

#include <errno.h>

struct libc real, next;

static void *load(const char *name, const char *version)
{
    void *symbol = version ? dlvsym(RTLD_NEXT, name, version) : NULL;
    return symbol ? symbol : dlsym(RTLD_NEXT, name);
}

/* dladdr would search all symbols of the module: tens of microseconds for each address. */
bool libc_same_module(const void *one, const void *other)
{
    __typeof__(&_dl_find_object) find = (__typeof__(find))dlsym(RTLD_DEFAULT, "_dl_find_object");
    struct dl_find_object its, others;
    if (find)
        return find((void *)(uintptr_t)one, &its) == 0 && find((void *)(uintptr_t)other, &others) == 0 &&
               its.dlfo_link_map == others.dlfo_link_map;
    Dl_info same, another; /* before glibc 2.35 */
    return dladdr(one, &same) && dladdr(other, &another) && same.dli_fbase == another.dli_fbase;
}

int libc_init(void)
{
#define LOAD(name, version) *(void **)(void *)&real.name = load(#name, version);
#define HOOK_COUNTED(class_, name) LOAD(name, NULL)
#define HOOK_ENTRY(class_, name) LOAD(name, NULL)
#define HOOK_VERSIONED(class_, name, version) LOAD(name, version)
#define HOOK_PSEUDO(class_, name)
#include "abi/hooks.def"
#undef HOOK_COUNTED
#undef HOOK_ENTRY
#undef HOOK_VERSIONED
#undef HOOK_PSEUDO
#undef LOAD
    next = real;
    return real.malloc && real.read && real.pthread_create ? 0 : -ENOSYS;
}
