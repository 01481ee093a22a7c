/* libc.h: `real` (libc's own functions) and `next` (what a hook calls).
 *
 * Both are structs with one typed pointer for every symbol of abi/hooks.def, filled once at boot by
 * dlsym(RTLD_NEXT) (dlvsym for versioned ones). A hook calls next.read; an optimizer replaces the entry
 * at boot, single-threaded: `below = next.read; next.read = mine;`. Nothing changes afterwards, so no
 * barrier is needed. The runtime itself uses raw system calls (system.h) wherever it can.
 */
#ifndef STRONG_RUNTIME_LIBC_H
#define STRONG_RUNTIME_LIBC_H

#include <stdbool.h>

#include "runtime/libc_declarations.h"

struct libc {
#define HOOK_COUNTED(class_, name) __typeof__(&name) name;
#define HOOK_ENTRY(class_, name) __typeof__(&name) name;
#define HOOK_VERSIONED(class_, name, version) __typeof__(&name) name;
#define HOOK_PSEUDO(class_, name)
#include "abi/hooks.def"
#undef HOOK_COUNTED
#undef HOOK_ENTRY
#undef HOOK_VERSIONED
#undef HOOK_PSEUDO
};

extern struct libc real, next;

/* Whether two addresses lie in the same library (or the program). Boot. */
bool libc_same_module(const void *one, const void *other);

/* Boot: loads both tables. A symbol this libc lacks is NULL in both: nobody can have linked to it. */
int libc_init(void);

#endif
