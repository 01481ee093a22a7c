/* memory_state.c: what a program asks of the allocator beside blocks: their size, its figures, its
 * settings. Counted and passed on to next.*.
 *
 * The functions that write their answer to a stream or look at every arena take the allocator's locks: no
 * hook here adds a call of its own. malloc_usable_size may come from any thread, any context, and before
 * boot; a block of early_memory.c is answered for here, because no allocator below knows it.
 */
#include <string.h>

#include "hooks/counted.h"
#include "hooks/early_memory.h"
#include "hooks/hook.h"
#include "runtime/live.h"

static __attribute__((noinline)) size_t usable_slow(void *ptr)
{
    counted_enter(HOOK_malloc_usable_size);
    if (early_memory_holds(ptr))
        return early_memory_size(ptr);
    return next.malloc_usable_size ? next.malloc_usable_size(ptr) : 0;
}

/* Some programs ask for every block they get and free (redis does): as short as free's own fast path. */
STRONG_EXPORT size_t malloc_usable_size(void *ptr)
{
    struct thread_block *block = thread_hot.block;
    if (strong_unlikely(!block || !next.malloc_usable_size) || live_may_hold(ptr))
        return usable_slow(ptr);
    system_add(&block->counted[HOOK_malloc_usable_size].calls, 1);
    return next.malloc_usable_size(ptr);
}

STRONG_EXPORT int malloc_trim(size_t pad)
{
    counted_enter(HOOK_malloc_trim);
    return next.malloc_trim ? next.malloc_trim(pad) : 0;
}

STRONG_EXPORT struct mallinfo mallinfo(void)
{
    counted_enter(HOOK_mallinfo);
    if (next.mallinfo)
        return next.mallinfo();
    struct mallinfo nothing;
    memset(&nothing, 0, sizeof nothing);
    return nothing;
}

STRONG_EXPORT struct mallinfo2 mallinfo2(void)
{
    counted_enter(HOOK_mallinfo2);
    if (next.mallinfo2)
        return next.mallinfo2();
    struct mallinfo2 nothing;
    memset(&nothing, 0, sizeof nothing);
    return nothing;
}

STRONG_EXPORT int mallopt(int setting, int value)
{
    counted_enter(HOOK_mallopt);
    return next.mallopt ? next.mallopt(setting, value) : 0;
}

STRONG_EXPORT void malloc_stats(void)
{
    counted_enter(HOOK_malloc_stats);
    if (next.malloc_stats)
        next.malloc_stats();
}

STRONG_EXPORT int malloc_info(int options, FILE *stream)
{
    counted_enter(HOOK_malloc_info);
    if (next.malloc_info)
        return next.malloc_info(options, stream);
    errno = ENOSYS;
    return -1;
}
