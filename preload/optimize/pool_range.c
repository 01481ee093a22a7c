/* pool_range.c: see pool_range.h. Owns the reservation, its page map, and the mark up to which it is used.
 *
 * Memory is taken upwards and never given back to the stretch (jemalloc retains what it frees; the rare
 * unmap of a cut-off edge only drops the pages). Requests of 2 MiB and more start at a multiple of it,
 * because jemalloc would otherwise map more and cut. When the stretch is used up jemalloc has no more memory,
 * and libc serves.
 */
#include "optimize/pool_range.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>

#include "optimize/embedded_jemalloc.h"
#include "runtime/allocator.h"
#include "runtime/system.h"

#define RANGE_LEAST ((size_t)4 << 30)
#define RANGE_MOST ((size_t)1 << 40)
#define HUGE_BYTES ((size_t)2 << 20)
#define SPANS_STEP 65536

struct pool_range pool_range;
static uintptr_t used_end; /* memory below it was handed out */
static uintptr_t range_end, reserved_end;
static size_t spans_usable; /* bytes of pool_range.spans */
static uint32_t growing;    /* one thread at a time makes more of it usable */

static void *map(size_t bytes, int protection, int flags)
{
    long ret = system_call6(SYS_mmap, 0, bytes, protection, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
    return ret < 0 && ret > -4096 ? NULL : (void *)ret;
}

/* Twice the machine's memory, as a power of two: it can be used up only by what swaps or fragments. */
static size_t wanted_bytes(void)
{
    struct sysinfo info;
    size_t size = RANGE_LEAST;
    if (system_call1(SYS_sysinfo, &info) < 0)
        return size;
    size_t memory = (size_t)info.totalram * info.mem_unit;
    while (size < memory * 2 && size < RANGE_MOST)
        size *= 2;
    return size;
}

/* Without MAP_NORESERVE: each piece made usable is then charged, or refused, as a mapping of its own. */
static char *reserve(size_t *bytes)
{
    char *place = NULL;
    while (!place && *bytes >= RANGE_LEAST) {
        place = map(*bytes + HUGE_BYTES, PROT_NONE, 0);
        if (!place)
            *bytes /= 2;
    }
    return place;
}

bool pool_range_limited(void)
{
    static const int resources[] = {RLIMIT_AS, RLIMIT_DATA};
    struct rlimit limit;
    for (unsigned i = 0; i < 2; i++)
        if (system_call4(SYS_prlimit64, 0, resources[i], 0, &limit) < 0 || limit.rlim_cur != RLIM_INFINITY)
            return true;
    return false;
}

static size_t class_bytes(size_t bytes) { return (bytes >> POOL_PAGE_SHIFT) * sizeof *pool_range.class_of; }

void pool_range_init(void)
{
    if (pool_range_limited())
        return;
    size_t bytes = wanted_bytes();
    char *place = reserve(&bytes);
    uint16_t *classes = place ? map(class_bytes(bytes), PROT_READ | PROT_WRITE, MAP_NORESERVE) : NULL;
    size_t span_bytes = (bytes >> POOL_SPAN_SHIFT) * sizeof(struct pool_span);
    struct pool_span *spans = classes ? (void *)map(span_bytes, PROT_NONE, 0) : NULL;
    if (!spans) {
        if (place)
            system_call2(SYS_munmap, place, bytes + HUGE_BYTES);
        if (classes)
            system_call2(SYS_munmap, classes, class_bytes(bytes));
        return;
    }
    uintptr_t base = ((uintptr_t)place + HUGE_BYTES - 1) & ~(uintptr_t)(HUGE_BYTES - 1);
    pool_range.base = base;
    pool_range.size = bytes;
    pool_range.class_of = (uint16_t *)((uintptr_t)classes - class_bytes(base));
    pool_range.spans = spans;
    used_end = base;
    range_end = base + bytes;
    reserved_end = (uintptr_t)place + bytes + HUGE_BYTES;
}

/* The next `bytes` of the stretch, or 0. wanted: the address it has to be, or 0. */
static uintptr_t take(size_t bytes, uintptr_t wanted)
{
    uintptr_t old = __atomic_load_n(&used_end, __ATOMIC_RELAXED), start;
    do {
        start = bytes >= HUGE_BYTES && !wanted ? (old + HUGE_BYTES - 1) & ~(uintptr_t)(HUGE_BYTES - 1) : old;
        if (start > range_end || bytes > range_end - start || (wanted && start != wanted))
            return 0;
    } while (!__atomic_compare_exchange_n(&used_end, &old, start + bytes, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
    return start;
}

/* Makes the records of all spans below `end` usable. Steps of 64 KiB (7 MiB of spans). */
static bool grow_spans(uintptr_t end)
{
    size_t needed = ((end - pool_range.base + POOL_SPAN_BYTES - 1) >> POOL_SPAN_SHIFT) * sizeof(struct pool_span);
    bool good = true;
    if (__atomic_load_n(&spans_usable, __ATOMIC_ACQUIRE) >= needed) /* pairs with the release below */
        return true;
    while (__atomic_exchange_n(&growing, 1, __ATOMIC_ACQUIRE)) /* rare and short: a system call */
        system_call0(SYS_sched_yield);
    size_t have = spans_usable, step = (needed - have + SPANS_STEP - 1) & ~(size_t)(SPANS_STEP - 1);
    if (have < needed) {
        good = system_call6(SYS_mmap, (char *)pool_range.spans + have, step, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) > 0;
        if (good)
            __atomic_store_n(&spans_usable, have + step, __ATOMIC_RELEASE);
    }
    __atomic_store_n(&growing, 0, __ATOMIC_RELEASE);
    return good;
}

void pool_range_fork_child(void)
{
    growing = 0;
}

/* Refused: puts it back, unless another thread has taken more meanwhile. */
static void put_back(uintptr_t place, size_t bytes)
{
    uintptr_t top = place + bytes;
    __atomic_compare_exchange_n(&used_end, &top, place, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

/* Without memory for a new thread's arena or cache jemalloc crashes where it sets up the cache, and only there:
 * threads that come to it from now on do without. */
static void spare_new_threads(void)
{
    __atomic_store_n(&strong_je_opt_tcache, false, __ATOMIC_RELAXED);
}

static long map_new(uintptr_t wanted, size_t bytes, int protection, int flags)
{
    uintptr_t place = take(bytes, wanted);
    if (!place)
        return -ENOMEM;
    if (!grow_spans(place + bytes)) {
        put_back(place, bytes);
        return -ENOMEM;
    }
    /* mmap where mprotect would do: every seccomp filter that lets malloc live allows it. */
    long ret = protection == PROT_NONE
                   ? (long)place
                   : system_call6(SYS_mmap, place, bytes, protection, flags | MAP_FIXED, -1, 0);
    if (ret < 0 && ret > -4096)
        put_back(place, bytes);
    return ret;
}

void *pool_range_map(void *address, size_t bytes, int protection, int flags, int fd, long offset)
{
    bytes = (bytes + 4095) & ~(size_t)4095;
    long ret = flags & MAP_FIXED
                   ? system_call6(SYS_mmap, address, bytes, protection, flags, fd, offset)
                   : map_new((uintptr_t)address, bytes, protection, flags);
    if (ret < 0 && ret > -4096) {
        if (!address) /* a certain place may be taken: jemalloc then asks for any */
            spare_new_threads();
        errno = (int)-ret;
        return MAP_FAILED;
    }
    return (void *)ret;
}

int pool_range_unmap(void *address, size_t bytes)
{
    long ret = system_call3(SYS_madvise, address, bytes, MADV_DONTNEED);
    if (ret < 0)
        errno = (int)-ret;
    return ret < 0 ? -1 : 0;
}

static void unmap(uintptr_t from, uintptr_t end)
{
    if (end > from)
        system_call2(SYS_munmap, from, end - from);
}

void pool_range_shrink(void)
{
    /* Not waited for: a signal handler may set limits. Then the records stay as they are. Pairs with the releases
     * here and in grow_spans. */
    bool alone = !__atomic_exchange_n(&growing, 1, __ATOMIC_ACQUIRE);
    uintptr_t from = __atomic_exchange_n(&used_end, range_end, __ATOMIC_RELAXED); /* nothing is left to take */
    spare_new_threads();
    if (from != range_end) {
        size_t kept = from - pool_range.base, whole = range_end - pool_range.base;
        /* First of all: what libc is given in the place of the rest must not pass for ours. */
        __atomic_store_n(&allocator_map.size, kept, __ATOMIC_RELAXED);
        __atomic_store_n(&pool_range.size, kept, __ATOMIC_RELAXED);
        unmap(from, reserved_end);
        uintptr_t classes = (uintptr_t)pool_range.class_of + class_bytes(pool_range.base);
        unmap(classes + (class_bytes(kept) + 4095) / 4096 * 4096, classes + class_bytes(whole));
        /* A thread that has just taken memory may still make its records usable: they end below this. */
        size_t records = ((kept + POOL_SPAN_BYTES - 1) >> POOL_SPAN_SHIFT) * sizeof(struct pool_span);
        if (alone)
            unmap((uintptr_t)pool_range.spans + (records + SPANS_STEP - 1) / SPANS_STEP * SPANS_STEP,
                  (uintptr_t)pool_range.spans + (whole >> POOL_SPAN_SHIFT) * sizeof(struct pool_span));
    }
    if (alone)
        __atomic_store_n(&growing, 0, __ATOMIC_RELEASE);
}
