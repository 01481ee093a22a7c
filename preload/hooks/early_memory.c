/* early_memory.c: a bump allocator in static memory. See early_memory.h.
 *
 * Each block is preceded by the header that glibc's malloc would have put there for a block of its own
 * mmap: {0, size + 16 | IS_MMAPPED}. So even malloc_usable_size, which is not interposed, answers
 * correctly for such a pointer (malloc/malloc.c, musable()).
 */
#include "hooks/early_memory.h"

#include <errno.h>
#include <stdint.h>

#include "runtime/live.h"

enum { EARLY_BYTES = 65536, HEADER_BYTES = 16, IS_MMAPPED = 2 };

static char memory[EARLY_BYTES] __attribute__((aligned(64)));
static size_t used;

void *early_memory_take(size_t bytes, size_t alignment)
{
    size_t rounded = (bytes + 15) & ~(size_t)15;
    if (alignment < HEADER_BYTES)
        alignment = HEADER_BYTES;
    size_t old = __atomic_load_n(&used, __ATOMIC_RELAXED), start, end;
    do {
        uintptr_t lowest = (uintptr_t)memory + old + HEADER_BYTES;
        start = (size_t)(((lowest + alignment - 1) & ~(uintptr_t)(alignment - 1)) - (uintptr_t)memory);
        end = start + rounded;
        if (bytes > EARLY_BYTES || start > EARLY_BYTES || end > EARLY_BYTES) {
            errno = ENOMEM;
            return NULL;
        }
    } while (!__atomic_compare_exchange_n(&used, &old, end, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
    size_t *header = (size_t *)(void *)(memory + start - HEADER_BYTES);
    header[0] = 0;
    header[1] = (rounded + HEADER_BYTES) | IS_MMAPPED;
    live_mark(memory + start);
    return memory + start;
}

bool early_memory_holds(const void *ptr)
{
    return (const char *)ptr >= memory && (const char *)ptr < memory + EARLY_BYTES;
}

size_t early_memory_size(const void *ptr)
{
    const size_t *header = (const size_t *)((const char *)ptr - HEADER_BYTES);
    return (header[1] & ~(size_t)7) - HEADER_BYTES;
}
