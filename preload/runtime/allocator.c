/* allocator.c: the account of an allocator that is not ours. See allocator.h.
 *
 * mallinfo2 is asked only if it comes from the same library as malloc: where the program brings another
 * allocator, libc's figures are those of a heap that nobody uses. glibc's arena is what it took from the
 * kernel by brk and in heaps, hblkhd by mmap for single blocks; keepcost is the free top of the main arena
 * (malloc/malloc.c, int_mallinfo). Pages inside the arena that hold only free blocks stay resident, so
 * arena + hblkhd is the most that can be.
 */
#include "runtime/allocator.h"

#include "abi/segment.h"
#include "runtime/libc.h"
#include "runtime/unwind.h"

static bool same_library(uintptr_t one, uintptr_t other)
{
    uintptr_t low, high;
    return unwind_module(one, &low, &high) && other >= low && other < high;
}

static bool read_libc(struct allocator_state *ret)
{
    if (!next.mallinfo2 || !same_library((uintptr_t)next.malloc, (uintptr_t)next.mallinfo2))
        return false;
    struct mallinfo2 info = next.mallinfo2();
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

bool (*allocator_read)(struct allocator_state *ret) = read_libc;
