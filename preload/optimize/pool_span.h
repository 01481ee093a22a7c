/* pool_span.h: where small blocks are cut from.
 *
 *   span       64 KiB of one size class, aligned to its size, got from jemalloc as one block:
 *              │ block 0 │ block 1 │ … │ block n-1 │ rest │
 *   bits[]     one bit for each block: 1 = free here (blocks in threads' caches and in the depot are not)
 *   shelf      of each class: the spans with free blocks, behind one lock
 *   spare      up to POOL_SPARE_SPANS spans that are wholly free, for whichever class wants one next
 *
 * A batch is taken by looking at words of bits, under one lock. Blocks are taken in the order of their addresses, so that the rest of
 * a span stays untouched as long as possible. All spans have one size, so what one class gives up fits any
 * other: with sizes by class (16 to 128 KiB), a program that frees one size and goes on with another (`memory_patterns
 * phases`) took a quarter more.
 *
 * A span of blocks that are smaller than a cache line serves one thread's cache, so that two threads do not write to one
 * line because their blocks lie side by side. With much free in a class (OWNED_APART) a thread takes over another's
 * span, so that this costs each thread a part of a span and no more.
 *
 * What is known about a span lies outside it (pool_range_span), so writing beyond a block or after free reaches
 * other blocks, as with jemalloc, and never the pool's own lists. A block given back twice is noticed if it
 * came here the first time, and ignored.
 *
 * Any thread; not in signal handlers. Around fork all locks are taken (pool_span_fork_*).
 */
#ifndef STRONG_OPTIMIZE_POOL_SPAN_H
#define STRONG_OPTIMIZE_POOL_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    POOL_SPAN_SHIFT = 16,
    POOL_SPAN_BYTES = 1 << POOL_SPAN_SHIFT,
    POOL_SPAN_WORDS = POOL_SPAN_BYTES / 16 / 64,
    POOL_SPARE_SPANS = 16,
};

struct pool_span {
    struct pool_span *next, *previous; /* on its shelf; only while it has free blocks */
    char *start;
    uint16_t free_blocks;
    uint16_t first_word; /* no free block in the words before it */
    uint32_t owner; /* see pool_range.h */
    uint64_t bits[POOL_SPAN_WORDS];
};

void pool_span_init(void);

/* Up to count blocks for a cache (owner: as in pool_range.h), lowest address last (so that a stack hands it out first);
 * returns how many. */
unsigned pool_span_take(unsigned class_number, unsigned owner, void **ret_ptrs, unsigned count);
void pool_span_give(unsigned class_number, void *const *ptrs, unsigned count);

/* Returns the spare spans to jemalloc. */
void pool_span_trim(void);

/* Bytes that lie free in spans of a class: an estimate. */
size_t pool_span_free_bytes(void);

void pool_span_fork_prepare(void);
void pool_span_fork_done(void); /* parent and child */

#endif
