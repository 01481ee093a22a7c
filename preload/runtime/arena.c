/* arena.c: see arena.h. Owns 64 KiB chunks; a request larger than a quarter chunk gets its own mapping.
 * Invariant: `chunk` packs (address | used/16 in the low bits) in one word, so that one compare-and-swap
 * takes memory; a chunk is 64 KiB-aligned, so its low 16 bits are free for the fill level.
 */
#include "runtime/arena.h"

#include <stdint.h>
#include <sys/mman.h>

#include "runtime/seccomp.h"
#include "runtime/system.h"

enum { CHUNK_BYTES = 65536 };

static uint64_t chunk; /* address | bytes used; 0: none */

static void *map(size_t bytes)
{
    long ret = system_call6(SYS_mmap, 0, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return ret < 0 && ret > -4096 ? NULL : (void *)ret;
}

/* A fresh aligned chunk: map twice the size and cut off what is not aligned. */
static uint64_t map_chunk(void)
{
    char *place = map(2 * CHUNK_BYTES);
    if (!place)
        return 0;
    uintptr_t aligned = ((uintptr_t)place + CHUNK_BYTES - 1) & ~(uintptr_t)(CHUNK_BYTES - 1);
    uintptr_t end = (uintptr_t)place + 2 * CHUNK_BYTES;
    if (aligned > (uintptr_t)place)
        system_call2(SYS_munmap, place, aligned - (uintptr_t)place);
    if (end > aligned + CHUNK_BYTES)
        system_call2(SYS_munmap, aligned + CHUNK_BYTES, end - aligned - CHUNK_BYTES);
    return aligned;
}

void *arena_take(size_t bytes)
{
    bytes = (bytes + 15) & ~(size_t)15;
    if (bytes > CHUNK_BYTES / 4)
        return map(bytes);
    for (;;) {
        uint64_t old = __atomic_load_n(&chunk, __ATOMIC_ACQUIRE); /* pairs with the release below */
        uint64_t used = old & (CHUNK_BYTES - 1);
        if (old && used + bytes < CHUNK_BYTES) {
            if (__atomic_compare_exchange_n(&chunk, &old, old + bytes, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
                return (void *)(uintptr_t)old;
            continue;
        }
        uint64_t fresh = map_chunk();
        if (!fresh)
            return NULL;
        if (__atomic_compare_exchange_n(&chunk, &old, fresh + bytes, false, __ATOMIC_RELEASE, __ATOMIC_RELAXED))
            return (void *)(uintptr_t)fresh;
        system_call2(SYS_munmap, fresh, CHUNK_BYTES);
    }
}

void *arena_take_wiped(size_t bytes)
{
    bytes = (bytes + 4095) & ~(size_t)4095;
    void *place = map(bytes);
    if (place && system_call3(SYS_madvise, place, bytes, MADV_WIPEONFORK) < 0) {
        /* Linux < 4.14: the child would see stale indexes; it does without. */
        system_call2(SYS_munmap, place, bytes);
        return NULL;
    }
    return place;
}
