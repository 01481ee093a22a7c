/* allocator.h: the allocator's own account of its memory, whichever allocator that is.
 *
 * Kept apart from counting because reading it takes the allocator's locks: a reader must be outside the
 * allocator and not in a signal handler (allocator_may_read says whether that is known), must not be in a child
 * made without libc's fork handlers, and should look at what the reading cost.
 */
#ifndef STRONG_RUNTIME_ALLOCATOR_H
#define STRONG_RUNTIME_ALLOCATOR_H

#include <stdbool.h>
#include <stdint.h>

/* UINT64_MAX (RESOURCE_UNKNOWN): the allocator does not say. */
struct allocator_state {
    uint64_t allocated_bytes; /* in live blocks, as the allocator rounds them */
    uint64_t active_bytes;    /* in pages that hold live blocks */
    uint64_t resident_bytes;  /* of pages it keeps in memory */
    uint64_t retained_bytes;  /* address space it keeps without memory */
    uint64_t metadata_bytes;  /* for itself */
};

/* Reads; false: nothing is known. An optimizer that brings an allocator replaces it at boot, single-threaded.
 * The default asks mallinfo2 where that belongs to the same library as malloc. */
extern bool (*allocator_read)(struct allocator_state *ret);

#endif
