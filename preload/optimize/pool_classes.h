/* pool_classes.h: the sizes of the blocks that threads keep in their caches.
 *
 * jemalloc's small size classes (four for each doubling, see its sz.c) from 16 to 14,336 bytes; its class of
 * 8 is left out, because glibc aligns every block to 16. Class 0 means "none of these". The tables are
 * constants; pool_classes_check compares them with jemalloc's own answer at boot.
 */
#ifndef STRONG_OPTIMIZE_POOL_CLASSES_H
#define STRONG_OPTIMIZE_POOL_CLASSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { POOL_CLASSES = 36, POOL_LARGEST = 14336, POOL_CLASS_STEPS = POOL_LARGEST / 16 + 1 };

extern const uint16_t pool_class_bytes[POOL_CLASSES];
extern uint8_t pool_class_table[POOL_CLASS_STEPS]; /* by (size + 15) / 16 */

/* size <= POOL_LARGEST. Size 0 is served as 1. */
static inline size_t pool_class(size_t size)
{
    return pool_class_table[(size + 15) >> 4];
}

/* Boot: fills the table; false: jemalloc was built with other classes. */
bool pool_classes_init(void);

#endif
