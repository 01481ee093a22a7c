/* allocator.h: the allocator's own account of its memory, whichever allocator that is.
 *
 * Kept apart from counting because reading it takes the allocator's locks: a reader must be outside the
 * allocator and not in a signal handler, must not be in a child made without
 * libc's fork handlers, whose locks may be held for ever, and should mind what a reading costs. So it is read
 * ahead, by a memory hook, and the resource series (which may be written in a handler) takes the last answer.
 */
#ifndef STRONG_RUNTIME_ALLOCATOR_H
#define STRONG_RUNTIME_ALLOCATOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* UINT64_MAX (RESOURCE_UNKNOWN): the allocator does not say. */
struct allocator_state {
    uint64_t allocated_bytes; /* in live blocks, as the allocator rounds them */
    uint64_t active_bytes;    /* in pages that hold live blocks */
    uint64_t resident_bytes;  /* of pages it keeps in memory */
    uint64_t retained_bytes;  /* address space it keeps without memory */
    uint64_t metadata_bytes;  /* for itself */
};

/* An allocator that keeps its blocks in one stretch of addresses may say how large they are: the low byte of what it
 * keeps for the page a block begins in is an index into bytes[] (0 there: not known this way). It promises, too, that realloc to more
 * than half of that size and at most all of it leaves a block where it is. size 0: nobody says. Set at boot. */
struct allocator_map {
    uintptr_t base;
    size_t size;
    const uint16_t *index_of; /* by page of 4 KiB, counted from address 0 */
    const uint64_t *bytes;
};
extern struct allocator_map allocator_map;

/* Bytes that can be used of a live block, or 0: not known without asking the allocator. */
static inline size_t allocator_room(const void *ptr)
{
    if ((uintptr_t)ptr - allocator_map.base >= allocator_map.size)
        return 0;
    return allocator_map.bytes[(uint8_t)allocator_map.index_of[(uintptr_t)ptr >> 12]];
}

int allocator_init(void);

/* Reads and keeps the answer, unless the last reading is younger than a second (or 500 times as long as it took:
 * mallinfo2 walks all free blocks). From a memory hook, after the allocator has returned. Does nothing in a
 * signal handler, or where that cannot be told. */
void allocator_look(uint64_t now_ticks);
/* The same whatever the age, at the end of the process. */
void allocator_look_last(uint64_t now_ticks);
/* What the last look found; false: none, or it is older than two seconds and more. Any context. */
bool allocator_latest(uint64_t now_ticks, struct allocator_state *ret);

/* Reads; false: nothing is known. An optimizer that brings an allocator replaces it at boot, single-threaded.
 * The default asks mallinfo2 where that belongs to the same library as malloc. */
extern bool (*allocator_read)(struct allocator_state *ret);

#endif
