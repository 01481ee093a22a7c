/* memory_aligned.c: allocations with an alignment: rare, so always by the slow way. See memory.h. */
#include "hooks/early_memory.h"
#include "hooks/hook.h"
#include "hooks/memory.h"

enum { EARLY_PAGE = 4096 };

#define ALIGNED_HOOK(name, parameters, arguments, early_alignment)                                 \
    STRONG_EXPORT void *name parameters                                                            \
    {                                                                                              \
        struct memory_call call;                                                                   \
        if (memory_begin(&call, size) == MEMORY_EARLY)                                             \
            return early_memory_take(size, early_alignment);                                       \
        memory_start(&call);                                                                       \
        void *ptr = next.name arguments;                                                           \
        memory_stop(&call);                                                                        \
        memory_end(&call, HOOK_##name, ptr, size);                                                 \
        return ptr;                                                                                \
    }

ALIGNED_HOOK(memalign, (size_t alignment, size_t size), (alignment, size), alignment)
ALIGNED_HOOK(aligned_alloc, (size_t alignment, size_t size), (alignment, size), alignment)
ALIGNED_HOOK(valloc, (size_t size), (size), EARLY_PAGE)
ALIGNED_HOOK(pvalloc, (size_t size), (size), EARLY_PAGE)

STRONG_EXPORT int posix_memalign(void **ret_ptr, size_t alignment, size_t size)
{
    struct memory_call call;
    if (memory_begin(&call, size) == MEMORY_EARLY) {
        void *ptr = early_memory_take(size, alignment);
        if (ptr)
            *ret_ptr = ptr;
        return ptr ? 0 : ENOMEM;
    }
    memory_start(&call);
    int error = next.posix_memalign(ret_ptr, alignment, size);
    memory_stop(&call);
    memory_end(&call, HOOK_posix_memalign, error ? NULL : *ret_ptr, size);
    return error;
}
