/* heap_rows.h: the three tables of the heap profile and its peak. Private to heap.c and tests.
 *
 * Any thread, any context, no lock. A change is one sampled allocation, on its way in or out.
 */
#ifndef STRONG_RUNTIME_HEAP_ROWS_H
#define STRONG_RUNTIME_HEAP_ROWS_H

#include <stdbool.h>
#include <stdint.h>

struct heap_change {
    uint32_t stack;
    uint32_t owner_row; /* of TABLE_THREADS */
    uint64_t bytes;     /* of the one that was sampled */
    uint64_t weight, objects_q8;
    double variance;
    unsigned lifetime; /* freed: which decade */
    bool temporary, remote;
};

int heap_rows_init(void);
/* Born: counted by size and by owner. */
void heap_rows_allocated(const struct heap_change *change);
/* Born and followed to its free: on the live row of its stack, and maybe the peak. */
void heap_rows_live(const struct heap_change *change);
/* After heap_rows_live: the same block, now with another size and weight. */
void heap_rows_resized(const struct heap_change *before, const struct heap_change *after);
/* Gone, after heap_rows_live. */
void heap_rows_freed(const struct heap_change *change);

#endif
