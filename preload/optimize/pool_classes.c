/* pool_classes.c: see pool_classes.h. Constant after pool_classes_init. */
#include "optimize/pool_classes.h"

#include "optimize/pool_span.h"

enum { FEW_IN_SPAN = 4 << 10 };

uint64_t pool_class_bytes[POOL_CODES];
uint8_t pool_class_table[POOL_CLASS_STEPS];

void pool_classes_init(void)
{
    size_t bytes = 0;
    pool_class_table[0] = 1;
    for (unsigned class_number = 1; class_number < POOL_CLASSES; class_number++) {
        size_t below = bytes, step = 16;
        while (below >= step * 16) /* eight steps from each power of two to the next, from 128 on */
            step *= 2;
        bytes += below < 128 ? 16 : step;
        if (below >= FEW_IN_SPAN) /* of the even step, 4608 bytes, there would be no more in a span than of 4672 */
            bytes = POOL_SPAN_BYTES / (POOL_SPAN_BYTES / below - 1) & ~(size_t)15;
        pool_class_bytes[class_number] = bytes;
        for (size_t i = below / 16 + 1; i <= bytes / 16; i++)
            pool_class_table[i] = (uint8_t)class_number;
    }
    for (unsigned number = 0; number < POOL_CODES - POOL_CLASSES; number++)
        pool_class_bytes[POOL_CLASSES + number] = (uint64_t)(5 + number % 4) << (11 + number / 4);
}
