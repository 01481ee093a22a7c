/* memory_pool.c: optimizer "memory": the malloc family served from a pool. In `safe`.
 *
 * CHANGES  malloc and its relatives of `next` (C++'s operators come through them). Small blocks: a cache in each
 *          thread (pool_cache.h), behind it a depot that threads share (pool_depot.h), behind that spans cut into
 *          blocks (pool_span.h). Spans and blocks above 8 KiB: jemalloc, linked in (embedded_jemalloc.h) and tuned by
 *          STRONG_MEMORY_CONF, in a stretch of addresses of its own (pool_range.h).
 * SAFE     because a block's address tells whose it is: inside the stretch the pool's, outside libc's; each
 *          goes back where it came from, whichever thread frees it and whenever. Where the pool has
 *          no memory to give, libc is asked. Answers follow glibc: alignment of 16, ENOMEM, realloc to 0
 *          frees, alignments rounded up to a power of two.
 * ASIDE    where the program or the user has chosen another allocator: libc's malloc is not the next one (a
 *          library it links, another preload, a sanitizer), ours is not the first (a program with its
 *          own), glibc's is told to check (MALLOC_CHECK_, MALLOC_PERTURB_), or memory is limited (RLIMIT_AS,
 *          RLIMIT_DATA). Counted in memory_pool_aside.
 * COUNTS   memory_pool_active.
 *
 * Any thread. After fork the child goes on with the pool as it was: its locks are taken around fork (the
 * shelves', then jemalloc's); the caches of the other threads become spare ones.
 */
#include "optimize/memory_pool.h"

#include <dlfcn.h>
#include <errno.h>
#include <gnu/libc-version.h>
#include <link.h>
#include <malloc.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/resource.h>

#include "optimize/embedded_jemalloc.h"
#include "optimize/pool_cache.h"
#include "optimize/pool_conf.h"
#include "optimize/pool_range.h"
#include "optimize/pool_realloc.h"
#include "optimize/pool_room.h"
#include "optimize/pool_span.h"
#include "optimize/pool_state.h"
#include "runtime/allocator.h"
#include "runtime/config.h"
#include "runtime/counters.h"
#include "runtime/libc.h"
#include "runtime/seccomp.h"
#include "runtime/system.h"

enum { PAGE = 4096, ALIGNED = 16 };

static __typeof__(&setrlimit) below_setrlimit;
static __typeof__(&setrlimit64) below_setrlimit64;
static __typeof__(&prlimit) below_prlimit;
static __typeof__(&prlimit64) below_prlimit64;

/* ---- allocate ---- */

static __attribute__((noinline)) void *malloc_large(size_t size)
{
    if (size <= POOL_LARGEST_KEPT)
        return pool_cache_take(pool_large_class(size));
    void *ptr = strong_je_malloc(size);
    if (strong_unlikely(!ptr))
        return real.malloc(size);
    pool_range_set(ptr, pool_large_class(size), 0);
    return ptr;
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
    if (strong_unlikely(bytes > POOL_LARGEST)) {
        void *ptr = strong_je_calloc(1, bytes);
        if (strong_unlikely(!ptr))
            return real.calloc(1, bytes);
        pool_range_set(ptr, pool_large_class(bytes), 0);
        return ptr;
    }
    void *ptr = pool_cache_take(pool_class(bytes));
    return ptr ? memset(ptr, 0, bytes) : NULL;
}

static __attribute__((noinline)) void *allocate_aligned_above(size_t alignment, size_t size)
{
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
    /* Spans are aligned to their size: a block is aligned where its size is a multiple. */
    size_t rounded = (size + alignment - 1) & ~(alignment - 1);
    if (rounded == 0)
        rounded = alignment;
    for (size_t i = rounded <= POOL_LARGEST ? pool_class(rounded) : POOL_CLASSES; i < POOL_CLASSES; i++)
        if (pool_class_bytes[i] % alignment == 0)
            return pool_cache_take(i);
    void *ptr = strong_je_mallocx(size > POOL_LARGEST ? size : POOL_LARGEST + 1, STRONG_JE_ALIGN(alignment));
    if (!ptr)
        return real.memalign(alignment, size);
    pool_range_set(ptr, pool_large_class(strong_je_sallocx(ptr, 0)), 0);
    return ptr;
}

static inline void *allocate_aligned(size_t alignment, size_t size)
{
    return strong_likely(alignment <= ALIGNED) ? pool_malloc(size) : allocate_aligned_above(alignment, size);
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
    if (!ptr)
        return ENOMEM; /* glibc sets errno, too */
    errno = saved_errno;
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

static __attribute__((noinline)) void free_other(void *ptr, unsigned entry)
{
    if ((uint8_t)entry - 1u < POOL_KEPT - 1) {
        pool_cache_give_other(ptr, entry);
        return;
    }
    int saved_errno = errno;
    pool_room_gone(ptr);
    strong_je_free(ptr);
    errno = saved_errno;
}

void pool_free(void *ptr)
{
    if (strong_unlikely(!pool_range_holds(ptr))) {
        real.free(ptr);
        return;
    }
    unsigned entry = pool_range_entry(ptr);
    if (strong_unlikely(!pool_cache_give(ptr, entry)))
        free_other(ptr, entry);
}

static __attribute__((noinline)) size_t usable_of_others(void *ptr)
{
    /* class 0 in the stretch is no block of ours: jemalloc has to say (or to fail, as it would without us) */
    return pool_range_holds(ptr) ? strong_je_sallocx(ptr, 0) : real.malloc_usable_size(ptr);
}

size_t pool_usable_size(void *ptr)
{
    size_t bytes = pool_range_holds(ptr) ? pool_class_bytes[pool_range_class(ptr)] : 0;
    return strong_likely(bytes) ? bytes : usable_of_others(ptr);
}

/* ---- limits ---- */

/* RLIMIT_AS counts the reserved stretch: with a limit it must not cost the program its next mmap. RLIMIT_DATA counts
 * what is made usable, but only after that, so that one step could go beyond it. Asked of the kernel
 * afterwards: the call may have failed, or have been about another process. */
static void limit_set(int resource)
{
    if ((resource == RLIMIT_AS || resource == RLIMIT_DATA) && pool_range_limited())
        pool_range_shrink();
}

static int pool_setrlimit(__rlimit_resource_t resource, const struct rlimit *limit)
{
    int ret = below_setrlimit(resource, limit);
    limit_set((int)resource);
    return ret;
}

static int pool_setrlimit64(__rlimit_resource_t resource, const struct rlimit64 *limit)
{
    int ret = below_setrlimit64(resource, limit);
    limit_set((int)resource);
    return ret;
}

static int pool_prlimit(pid_t pid, enum __rlimit_resource resource, const struct rlimit *limit, struct rlimit *ret_old)
{
    int ret = below_prlimit(pid, resource, limit, ret_old);
    limit_set((int)resource);
    return ret;
}

static int pool_prlimit64(pid_t pid, enum __rlimit_resource resource, const struct rlimit64 *limit,
                          struct rlimit64 *ret_old)
{
    int ret = below_prlimit64(pid, resource, limit, ret_old);
    limit_set((int)resource);
    return ret;
}

/* ---- installation ---- */

/* In the order in which the linker looks for a symbol: 1 as soon as anything but the program and the kernel's page
 * comes before us, 2 for us. */
static int before_us(struct dl_phdr_info *info, size_t size, void *ret_seen)
{
    (void)size;
    bool *program_seen = ret_seen;
    Dl_info ours;
    if (!*program_seen) {
        *program_seen = true;
        return 0;
    }
    if (info->dlpi_addr == getauxval(AT_SYSINFO_EHDR))
        return 0;
    return dladdr((const void *)&pool_malloc, &ours) && (uintptr_t)ours.dli_fbase == info->dlpi_addr ? 2 : 1;
}

/* Whether the first malloc is ours. A program that is not position-independent and takes malloc's address (python3
 * does) has a stub for it, which passes for the first one: a symbol with a place, but not defined there. Behind it comes
 * the first of the libraries. */
static bool first_is_ours(void)
{
    const void *first = dlsym(RTLD_DEFAULT, "malloc");
    if (libc_same_module(first, (const void *)&pool_malloc))
        return true;
    Dl_info info;
    const ElfW(Sym) *symbol = NULL;
    bool program_seen = false;
    return dladdr1(first, &info, (void **)(uintptr_t)&symbol, RTLD_DL_SYMENT) && symbol &&
           symbol->st_shndx == SHN_UNDEF && dl_iterate_phdr(before_us, &program_seen) == 2;
}

/* Only libc's own allocator is replaced, only where the program calls ours, and not where it is to check. Told by where
 * functions lie, not by name: other allocators define libc's private ones, __libc_malloc among them, and our own &malloc
 * is that of whoever comes first. */
static bool free_to_replace(void)
{
    const char *tunables = getenv("GLIBC_TUNABLES");
    return libc_same_module((const void *)real.malloc, (const void *)&gnu_get_libc_version) && first_is_ours() &&
           !getenv("MALLOC_CHECK_") && !getenv("MALLOC_PERTURB_") &&
           !(tunables && (strstr(tunables, "malloc.check") || strstr(tunables, "malloc.perturb")));
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
    allocator_map =
        (struct allocator_map){pool_range.base, pool_range.size, pool_range.class_of, pool_class_bytes};
    below_setrlimit = next.setrlimit, next.setrlimit = pool_setrlimit;
    below_setrlimit64 = next.setrlimit64, next.setrlimit64 = pool_setrlimit64;
    below_prlimit = next.prlimit, next.prlimit = pool_prlimit;
    below_prlimit64 = next.prlimit64, next.prlimit64 = pool_prlimit64;
}

/* jemalloc starts here: its fork handlers are registered first, so they run inside ours. */
static bool start_jemalloc(void)
{
    pool_conf_apply();
    return strong_je_nallocx(POOL_LARGEST + 1, 0) != 0;
}

/* Where only read and write are allowed from now on, glibc's heap still has room for small blocks. So has the pool: the
 * first block of each kind makes jemalloc map two megabytes, and that must have happened. */
static void before_seccomp(void)
{
    pool_free(pool_malloc(ALIGNED));
    pool_free(pool_malloc(POOL_LARGEST_KEPT));
}

int memory_pool_init(void);
int memory_pool_init(void)
{
    if (!config_optimizer_selected("memory", true))
        return 0;
    int saved_errno = errno, ret = 0;
    if (free_to_replace())
        pool_range_init();
    if (!pool_range.size) {
        counters_set(COUNTER_memory_pool_aside, 1);
    } else if (!start_jemalloc()) {
        ret = -ENOMEM;
    } else {
        pool_classes_init();
        pool_span_init();
        ret = pool_cache_init();
        if (ret == 0)
            ret = -pthread_atfork(pool_span_fork_prepare, pool_span_fork_done, pool_cache_fork_child);
        if (ret == 0) {
            install();
            seccomp_on_entering(before_seccomp);
        }
        if (ret == 0)
            counters_set(COUNTER_memory_pool_active, 1);
    }
    errno = saved_errno;
    return ret;
}
