/* pool_state.c: see pool_state.h. jemalloc's statistics, less what lies in our caches (free blocks,
 * though jemalloc has handed them out) and the room of growing buffers (nobody has touched it).
 *
 * Reading takes jemalloc's locks (each arena's, for a moment): not from a signal handler. mallinfo's fields are
 * filled with what comes nearest to glibc's meaning; mallopt accepts everything and changes nothing, for its
 * parameters are those of an allocator that is not there.
 */
#include "optimize/pool_state.h"

#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "optimize/embedded_jemalloc.h"
#include "optimize/pool_cache.h"
#include "optimize/pool_room.h"
#include "optimize/pool_span.h"
#include "runtime/allocator.h"
#include "runtime/libc.h"

#define ALL_ARENAS_PURGE "arena.4096.purge" /* MALLCTL_ARENAS_ALL */

static size_t statistic(const char *name)
{
    size_t value = 0, len = sizeof value;
    return strong_je_mallctl(name, &value, &len, NULL, 0) == 0 ? value : 0;
}

static size_t statistic_beyond(const char *name, size_t bytes)
{
    size_t value = statistic(name);
    return value > bytes ? value - bytes : 0;
}

static bool pool_state_read(struct allocator_state *ret)
{
    int saved_errno = errno;
    uint64_t epoch = 1;
    size_t len = sizeof epoch;
    bool known = strong_je_mallctl("epoch", &epoch, &len, &epoch, sizeof epoch) == 0;
    if (known) {
        size_t room = pool_room_bytes(), unused = pool_cache_bytes() + room;
        ret->allocated_bytes = statistic_beyond("stats.allocated", unused);
        ret->active_bytes = statistic_beyond("stats.active", room);
        ret->resident_bytes = statistic_beyond("stats.resident", room);
        ret->retained_bytes = statistic("stats.retained");
        ret->metadata_bytes = statistic("stats.metadata");
    }
    errno = saved_errno;
    return known;
}

static struct mallinfo2 pool_mallinfo2(void)
{
    struct allocator_state state = {0};
    pool_state_read(&state);
    return (struct mallinfo2){
        .arena = state.active_bytes,
        .uordblks = state.allocated_bytes,
        .fordblks = state.active_bytes - state.allocated_bytes,
        .keepcost = state.resident_bytes > state.active_bytes ? state.resident_bytes - state.active_bytes : 0,
    };
}

static struct mallinfo pool_mallinfo(void)
{
    struct mallinfo2 wide = pool_mallinfo2();
    return (struct mallinfo){
        .arena = (int)wide.arena,
        .uordblks = (int)wide.uordblks,
        .fordblks = (int)wide.fordblks,
        .keepcost = (int)wide.keepcost,
    };
}

static int pool_mallopt(int parameter, int value)
{
    (void)parameter, (void)value;
    return 1;
}

/* 1 as glibc when memory went back to the system. */
static int pool_malloc_trim(size_t keep)
{
    (void)keep;
    int saved_errno = errno;
    pool_cache_empty();
    pool_span_trim();
    strong_je_mallctl("thread.tcache.flush", NULL, NULL, NULL, 0);
    int ret = strong_je_mallctl(ALL_ARENAS_PURGE, NULL, NULL, NULL, 0);
    errno = saved_errno;
    return ret == 0;
}

/* The lines glibc prints, with the pool as the one arena. */
static void pool_malloc_stats(void)
{
    struct mallinfo2 info = pool_mallinfo2();
    fprintf(stderr,
            "Arena 0:\nsystem bytes     = %10zu\nin use bytes     = %10zu\nTotal (incl. mmap):\n"
            "system bytes     = %10zu\nin use bytes     = %10zu\n",
            info.arena, info.uordblks, info.arena, info.uordblks);
}

static int pool_malloc_info(int options, FILE *stream)
{
    if (options != 0) {
        errno = EINVAL;
        return EINVAL;
    }
    struct allocator_state state = {0};
    pool_state_read(&state);
    fprintf(stream,
            "<malloc version=\"1\">\n<system type=\"current\" size=\"%zu\"/>\n<aspace type=\"total\" size=\"%zu\"/>\n"
            "<aspace type=\"mprotect\" size=\"%zu\"/>\n</malloc>\n",
            (size_t)state.active_bytes, (size_t)(state.resident_bytes + state.retained_bytes),
            (size_t)state.resident_bytes);
    return 0;
}

void pool_state_install(void)
{
    next.malloc_trim = pool_malloc_trim;
    next.mallinfo = pool_mallinfo;
    next.mallinfo2 = pool_mallinfo2;
    next.mallopt = pool_mallopt;
    next.malloc_stats = pool_malloc_stats;
    next.malloc_info = pool_malloc_info;
    allocator_read = pool_state_read;
}
