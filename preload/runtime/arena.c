/* arena.c: see arena.h. Owns 64 KiB chunks; a request larger than a quarter chunk gets its own mapping.
 * The first requests are served from .bss and the wiped ones from one mapping, because every system call
 * counts in the start-up of a short process.
 * Invariant: `chunk` packs (address | used/16 in the low bits) in one word, so that one compare-and-swap
 * takes memory; a chunk is 64 KiB-aligned, so its low 16 bits are free for the fill level.
 */
#include "runtime/arena.h"

#include <stdint.h>
#include <sys/mman.h>

#include "runtime/seccomp.h"
#include "runtime/system.h"

enum { CHUNK_BYTES = 65536, FIRST_BYTES = 32768, WIPED_BYTES = 4 << 20 };

static char first[FIRST_BYTES] __attribute__((aligned(64)));
static size_t first_used;
static char *wiped; /* WIPED_BYTES, boot only */
static size_t wiped_used;
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
    if (__atomic_load_n(&first_used, __ATOMIC_RELAXED) + bytes <= FIRST_BYTES) {
        size_t at = __atomic_fetch_add(&first_used, bytes, __ATOMIC_RELAXED);
        if (at + bytes <= FIRST_BYTES)
            return first + at;
    }
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
    if (!wiped) {
        wiped = map(WIPED_BYTES);
        if (wiped && system_call3(SYS_madvise, wiped, WIPED_BYTES, MADV_WIPEONFORK) < 0) {
            /* Linux < 4.14: the child would see stale indexes; everyone does without. */
            system_call2(SYS_munmap, wiped, WIPED_BYTES);
            wiped = NULL;
        }
    }
    bytes = (bytes + 4095) & ~(size_t)4095;
    if (!wiped || bytes > WIPED_BYTES - wiped_used)
        return NULL;
    void *place = wiped + wiped_used;
    wiped_used += bytes;
    return place;
}
