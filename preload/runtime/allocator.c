/* allocator.c: the account of an allocator that is not ours. See allocator.h.
 *
 * Asked is `real`: an optimizer that serves blocks of an allocator of its own replaces allocator_read, one that only
 * keeps libc's does not. mallinfo2 is asked only if it comes from the same library as malloc: where the program brings another
 * allocator, libc's figures are those of a heap that nobody uses. glibc's arena is what it took from the
 * kernel by brk and in heaps, hblkhd by mmap for single blocks; keepcost is the free top of the main arena
 * (malloc/malloc.c, int_mallinfo). Pages inside the arena that hold only free blocks stay resident, so
 * arena + hblkhd is the most that can be.
 */
#include "runtime/allocator.h"

#include <errno.h>
#include <pthread.h>
#include <stddef.h>

#include "abi/segment.h"
#include "runtime/arena.h"
#include "runtime/clock.h"
#include "runtime/counters.h"
#include "runtime/libc.h"
#include "runtime/process.h"
#include "runtime/segment.h"
#include "runtime/stacks.h"
#include "runtime/unwind.h"

static bool same_library(uintptr_t one, uintptr_t other)
{
    uintptr_t low, high;
    return unwind_module(one, &low, &high) && other >= low && other < high;
}

static bool read_libc(struct allocator_state *ret)
{
    if (!real.mallinfo2 || !same_library((uintptr_t)real.malloc, (uintptr_t)real.mallinfo2))
        return false;
    struct mallinfo2 info = real.mallinfo2();
    uint64_t taken = info.arena + info.hblkhd;
    *ret = (struct allocator_state){
        .allocated_bytes = info.uordblks + info.hblkhd,
        .active_bytes = taken - info.keepcost,
        .resident_bytes = taken,
        .retained_bytes = RESOURCE_UNKNOWN,
        .metadata_bytes = RESOURCE_UNKNOWN,
    };
    return true;
}

struct allocator_map allocator_map;
bool (*allocator_read)(struct allocator_state *ret) = read_libc;

/* ---- the last reading ---- */

enum { LATEST_SECONDS = 2, COST_FACTOR = 500 };

static struct {
    uint32_t version; /* odd: being written */
    uint64_t ticks, took_ticks;
    struct allocator_state state;
} latest;
static bool *usable; /* in wiped memory: false in a child until libc's fork handlers have run there */

static void forked(void)
{
    *usable = true;
    if (latest.version % 2) { /* a thread that is not here was writing */
        latest.ticks = 0;
        latest.version++;
    }
}

int allocator_init(void)
{
    if (!(usable = arena_take_wiped(sizeof *usable)))
        return -ENOMEM;
    *usable = true;
    return -pthread_atfork(NULL, NULL, forked); /* libc's own child handlers have run before */
}

static void look(uint64_t now_ticks)
{
    if (!usable || !*usable || !stacks_plain())
        return;
    uint32_t version = __atomic_load_n(&latest.version, __ATOMIC_RELAXED);
    if (version % 2 || !__atomic_compare_exchange_n(&latest.version, &version, version + 1, false, __ATOMIC_ACQUIRE,
                                                    __ATOMIC_RELAXED)) /* pairs with the release below */
        return; /* another thread is at it */
    __atomic_thread_fence(__ATOMIC_RELEASE); /* the odd version before the fields: pairs with allocator_latest */
    struct allocator_state state;
    bool known = allocator_read(&state);
    uint64_t took = clock_ticks() - now_ticks;
    if (known)
        latest.state = state;
    latest.ticks = known ? now_ticks : 0;
    latest.took_ticks = took;
    __atomic_store_n(&latest.version, version + 2, __ATOMIC_RELEASE); /* pairs with allocator_latest */
    counters_add(COUNTER_self_ticks, took);
    if (known && state.allocated_bytes != RESOURCE_UNKNOWN)
        counters_set(COUNTER_allocator_in_use_bytes, state.allocated_bytes);
}

void allocator_look(uint64_t now_ticks)
{
    static uint64_t next_ticks; /* two threads at once: one of them finds the other at it */
    uint64_t due = __atomic_load_n(&next_ticks, __ATOMIC_RELAXED);
    if (due == 0)
        due = segment->start_ticks + clock_ns_to_ticks(PROCESS_BRIEF_NS);
    if (now_ticks < due)
        return;
    look(now_ticks);
    uint64_t second = clock_ns_to_ticks(1000000000), cost = latest.took_ticks * COST_FACTOR;
    /* twice for each reading of the series: an account as old as the readings are apart made growth look uneven */
    __atomic_store_n(&next_ticks, now_ticks + (cost > second / 2 ? cost : second / 2), __ATOMIC_RELAXED);
}

void allocator_look_last(uint64_t now_ticks)
{
    look(now_ticks);
}

bool allocator_latest(uint64_t now_ticks, struct allocator_state *ret)
{
    uint32_t version = __atomic_load_n(&latest.version, __ATOMIC_ACQUIRE); /* pairs with look */
    struct allocator_state state = latest.state;
    uint64_t ticks = latest.ticks;
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    if (version % 2 || version != __atomic_load_n(&latest.version, __ATOMIC_RELAXED) || !ticks)
        return false;
    if (now_ticks > ticks && clock_ticks_to_ns(now_ticks - ticks) > LATEST_SECONDS * 1000000000ull)
        return false;
    *ret = state;
    return true;
}
