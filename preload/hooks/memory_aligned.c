/* memory_aligned.c: allocations with an alignment. See memory.h.
 *
 * Some servers take every request's memory so (nginx: posix_memalign of 16), so those with a usual alignment go the fast ways of
 * malloc (memory.c), unless something is due.
 */
#include "hooks/early_memory.h"
#include "hooks/hook.h"
#include "hooks/memory.h"

enum { EARLY_PAGE = 4096, USUAL_ALIGNMENT = 4096 };

static inline bool usual(size_t alignment)
{
    return alignment - sizeof(void *) <= USUAL_ALIGNMENT - sizeof(void *) && (alignment & (alignment - 1)) == 0;
}

/* A small block, and nothing is due: it has been counted. */
static inline bool small_counted(unsigned hook, size_t alignment, size_t size)
{
    struct thread_hot *hot = &thread_hot;
    if (strong_unlikely(!usual(alignment) || !memory_passes(hot, size)))
        return false;
    memory_count(hot->block, hook, size);
    return true;
}

/* A large one, and nothing is due: memory_large_end comes after the call. */
static inline bool large_untimed(size_t alignment, size_t size)
{
    return size > MEMORY_LARGE_REQUEST && usual(alignment) && thread_hot.memory_countdown_calls[MEMORY_ALLOCATES] > 0;
}

#define ALIGNED_HOOK(name, parameters, arguments, early_alignment)                                 \
    STRONG_EXPORT void *name parameters                                                            \
    {                                                                                              \
        if (small_counted(HOOK_##name, early_alignment, size))                                     \
            return next.name arguments;                                                            \
        if (large_untimed(early_alignment, size)) {                                                \
            void *large = next.name arguments;                                                     \
            memory_large_end(&thread_hot, HOOK_##name, large, size);                               \
            return large;                                                                          \
        }                                                                                          \
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
    if (small_counted(HOOK_posix_memalign, alignment, size))
        return next.posix_memalign(ret_ptr, alignment, size);
    if (large_untimed(alignment, size)) {
        int failed = next.posix_memalign(ret_ptr, alignment, size);
        memory_large_end(&thread_hot, HOOK_posix_memalign, failed ? NULL : *ret_ptr, size);
        return failed;
    }
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
