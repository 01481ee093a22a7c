/* pool_classes.h: the sizes of the small blocks.
 *
 * Steps of 16 up to 128 bytes, then eight for each doubling up to 4 KiB, then the sizes of which 15, 14 … 8 fill a
 * span: a block is at most an eighth larger than the multiple of 16 asked for (jemalloc's and glibc's neighbours: four for
 * each doubling, and steps of 16). Every size is a multiple of 16, as glibc aligns. Class 0 means "none of these".
 *
 * Larger blocks are jemalloc's, in its own size classes (four for each doubling); POOL_CLASSES + n stands for the
 * n-th of them, so that the byte which tells a small block's class tells a large one's size too. Threads keep free blocks of the
 * small classes and of the first POOL_KEPT_LARGE large ones.
 */
#ifndef STRONG_OPTIMIZE_POOL_CLASSES_H
#define STRONG_OPTIMIZE_POOL_CLASSES_H

#include <stddef.h>
#include <stdint.h>

enum { POOL_CLASSES = 57, POOL_LARGEST = 8192, POOL_CLASS_STEPS = POOL_LARGEST / 16 + 1 };

enum { POOL_KEPT_LARGE = 8, POOL_KEPT = POOL_CLASSES + POOL_KEPT_LARGE, POOL_LARGEST_KEPT = 32 << 10 };
enum { POOL_CODES = 256 };
extern uint64_t pool_class_bytes[POOL_CODES]; /* small classes, then jemalloc's; [0] is 0 */
extern uint8_t pool_class_table[POOL_CLASS_STEPS]; /* by (size + 15) / 16 */

/* size <= POOL_LARGEST. Size 0 is served as 1. */
static inline size_t pool_class(size_t size)
{
    return pool_class_table[(size + 15) >> 4];
}

/* jemalloc's class for a size above POOL_LARGEST: 10, 12, 14, 16, 20, 24 KiB … (its sz.c, sz_psz2ind). */
static inline unsigned pool_large_class(size_t size)
{
    unsigned highest = 63u - (unsigned)__builtin_clzl(size - 1);
    return POOL_CLASSES + (highest - 13) * 4 + (unsigned)((size - 1) >> (highest - 2) & 3);
}
/* Boot: fills the tables. */
void pool_classes_init(void);

#endif
