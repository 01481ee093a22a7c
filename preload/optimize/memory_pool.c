/* memory_pool.c: optimizer "memory": the malloc family served from a pool. In `safe`.
 *
 * CHANGES  malloc and its relatives of `next` (C++'s operators come through them) answer from a cache in each
 *          thread (pool_cache.h), behind it a depot that threads share (pool_depot.h), and behind
 *          that jemalloc, linked in (embedded_jemalloc.h) and tuned by STRONG_MEMORY_CONF.
 * SAFE     because every entry is taken over at boot, before the program has a block: each block goes back
 *          to where it came from. Answers follow malloc(3) and, where that leaves room, glibc: alignment of
 *          16, ENOMEM, realloc to 0 frees, alignments rounded up to a power of two.
 * ASIDE    where the program or the user has chosen another allocator: libc's malloc is not the next one (a
 *          library it links, another preload, a sanitizer), or ours is not the first (a program with
 *          its own). Counted in memory_pool_aside. Blocks of two allocators never mix.
 * COUNTS   memory_pool_active.
 *
 * Any thread. After fork the child goes on with the pool as it was: jemalloc's own handlers take its locks
 * around fork; the caches of the other threads become spare ones.
 */
#include "optimize/memory_pool.h"

#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>

#include "optimize/embedded_jemalloc.h"
#include "optimize/pool_cache.h"
#include "optimize/pool_conf.h"
#include "optimize/pool_range.h"
#include "optimize/pool_realloc.h"
#include "optimize/pool_state.h"
#include "runtime/config.h"
#include "runtime/counters.h"
#include "runtime/libc.h"
#include "runtime/system.h"

enum { PAGE = 4096, ALIGNED = 16 };

static __typeof__(&setrlimit) below_setrlimit;
static __typeof__(&setrlimit64) below_setrlimit64;
static __typeof__(&prlimit) below_prlimit;
static __typeof__(&prlimit64) below_prlimit64;

/* ---- allocate ---- */

/* The block is not one of the cache's classes: its page must not say so (a slab may have been there). */
static void *mark_large(void *ptr)
{
    if (ptr && pool_range_holds(ptr))
        pool_range_set(ptr, 0);
    return ptr;
}

static __attribute__((noinline)) void *malloc_large(size_t size)
{
    return mark_large(strong_je_malloc(size));
}

void *pool_malloc(size_t size)
{
    if (strong_unlikely(size > POOL_LARGEST))
        return malloc_large(size);
    return pool_cache_take(pool_class(size));
}

static void *pool_calloc(size_t count, size_t size)
{
    size_t bytes;
    if (strong_unlikely(__builtin_mul_overflow(count, size, &bytes))) {
        errno = ENOMEM;
        return NULL;
    }
    if (strong_unlikely(bytes > POOL_LARGEST))
        return mark_large(strong_je_calloc(1, bytes));
    void *ptr = pool_cache_take(pool_class(bytes));
    return ptr ? memset(ptr, 0, bytes) : NULL;
}

static void *allocate_aligned(size_t alignment, size_t size)
{
    if (alignment <= ALIGNED)
        return pool_malloc(size);
    if (alignment > SIZE_MAX / 2 + 1) {
        errno = EINVAL;
        return NULL;
    }
    if (alignment & (alignment - 1)) /* glibc rounds up */
        alignment = (size_t)1 << (64 - __builtin_clzl(alignment));
    if (size > PTRDIFF_MAX - alignment) {
        errno = ENOMEM;
        return NULL;
    }
    void *ptr = strong_je_mallocx(size ? size : 1, STRONG_JE_ALIGN(alignment));
    if (!ptr) {
        errno = ENOMEM; /* mallocx leaves it alone */
        return NULL;
    }
    size_t bytes = strong_je_sallocx(ptr, 0);
    if (pool_range_holds(ptr))
        pool_range_set(ptr, bytes <= POOL_LARGEST ? (unsigned)pool_class(bytes) : 0);
    return ptr;
}

static void *pool_memalign(size_t alignment, size_t size)
{
    return allocate_aligned(alignment, size);
}

static int pool_posix_memalign(void **ret_ptr, size_t alignment, size_t size)
{
    if (alignment == 0 || alignment % sizeof(void *) || alignment & (alignment - 1))
        return EINVAL;
    int saved_errno = errno;
    void *ptr = allocate_aligned(alignment, size);
    errno = saved_errno;
    if (!ptr)
        return ENOMEM;
    *ret_ptr = ptr;
    return 0;
}

static void *pool_valloc(size_t size)
{
    return allocate_aligned(PAGE, size);
}

static void *pool_pvalloc(size_t size)
{
    if (size > PTRDIFF_MAX - PAGE) {
        errno = ENOMEM;
        return NULL;
    }
    return allocate_aligned(PAGE, (size + PAGE - 1) & ~(size_t)(PAGE - 1));
}

static void *pool_reallocarray(void *old, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) {
        errno = ENOMEM;
        return NULL;
    }
    return pool_realloc(old, bytes);
}

/* ---- free ---- */

static __attribute__((noinline)) void free_large(void *ptr)
{
    int saved_errno = errno;
    strong_je_free(ptr);
    errno = saved_errno;
}

void pool_free(void *ptr)
{
    if (strong_likely(pool_range_holds(ptr))) {
        size_t class_number = pool_range_class(ptr);
        if (strong_likely(class_number)) {
            pool_cache_give(ptr, class_number);
            return;
        }
    }
    free_large(ptr);
}

size_t pool_usable_size(void *ptr)
{
    if (!ptr)
        return 0;
    size_t class_number = pool_range_holds(ptr) ? pool_range_class(ptr) : 0;
    return class_number ? pool_class_bytes[class_number] : strong_je_sallocx(ptr, 0);
}

/* ---- limits ---- */

/* RLIMIT_AS counts the reserved stretch: with the limit lowered it must not cost the program its next mmap. */
static void limit_seen(int resource, const void *limit)
{
    if (resource == RLIMIT_AS && limit)
        pool_range_shrink();
}

static int pool_setrlimit(__rlimit_resource_t resource, const struct rlimit *limit)
{
    limit_seen((int)resource, limit);
    return below_setrlimit(resource, limit);
}

static int pool_setrlimit64(__rlimit_resource_t resource, const struct rlimit64 *limit)
{
    limit_seen((int)resource, limit);
    return below_setrlimit64(resource, limit);
}

static int pool_prlimit(pid_t pid, enum __rlimit_resource resource, const struct rlimit *limit, struct rlimit *ret)
{
    limit_seen((int)resource, limit);
    return below_prlimit(pid, resource, limit, ret);
}

static int pool_prlimit64(pid_t pid, enum __rlimit_resource resource, const struct rlimit64 *limit,
                          struct rlimit64 *ret)
{
    limit_seen((int)resource, limit);
    return below_prlimit64(pid, resource, limit, ret);
}

/* ---- installation ---- */

/* Only libc's own allocator is replaced, and only where the program calls ours. */
static bool free_to_replace(void)
{
    void *libc_malloc = dlsym(RTLD_NEXT, "__libc_malloc"), *first = dlsym(RTLD_DEFAULT, "malloc");
    return libc_malloc && (void *)real.malloc == libc_malloc && first == (void *)&malloc;
}

static void install(void)
{
    next.malloc = pool_malloc;
    next.calloc = pool_calloc;
    next.realloc = pool_realloc;
    next.reallocarray = pool_reallocarray;
    next.free = pool_free;
    next.memalign = pool_memalign;
    next.aligned_alloc = pool_memalign; /* glibc 2.36: the same function */
    next.posix_memalign = pool_posix_memalign;
    next.valloc = pool_valloc;
    next.pvalloc = pool_pvalloc;
    next.malloc_usable_size = pool_usable_size;
    pool_state_install();
    below_setrlimit = next.setrlimit, next.setrlimit = pool_setrlimit;
    below_setrlimit64 = next.setrlimit64, next.setrlimit64 = pool_setrlimit64;
    below_prlimit = next.prlimit, next.prlimit = pool_prlimit;
    below_prlimit64 = next.prlimit64, next.prlimit64 = pool_prlimit64;
}

int memory_pool_init(void);
int memory_pool_init(void)
{
    if (!config_optimizer_selected("memory", true))
        return 0;
    if (!free_to_replace()) {
        counters_set(COUNTER_memory_pool_aside, 1);
        return 0;
    }
    int saved_errno = errno;
    pool_conf_apply();
    pool_range_init();
    int ret = pool_classes_init() ? pool_cache_init() : -ENOTSUP;
    if (ret == 0)
        ret = -pthread_atfork(NULL, NULL, pool_cache_fork_child);
    errno = saved_errno;
    if (ret < 0)
        return ret;
    install();
    counters_set(COUNTER_memory_pool_active, 1);
    return 0;
}
