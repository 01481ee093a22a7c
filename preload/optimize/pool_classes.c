/* pool_classes.c: see pool_classes.h. */
#include "optimize/pool_classes.h"

#include "optimize/embedded_jemalloc.h"

const uint16_t pool_class_bytes[POOL_CLASSES] = {
    0,    16,   32,   48,   64,   80,   96,   112,  128,  160,  192,  224,   256,   320,   384,  448,  512,  640,
    768,  896,  1024, 1280, 1536, 1792, 2048, 2560, 3072, 3584, 4096, 5120,  6144,  7168,  8192, 10240, 12288, 14336,
};

uint8_t pool_class_table[POOL_CLASS_STEPS];

bool pool_classes_init(void)
{
    pool_class_table[0] = 1;
    for (unsigned class_number = 1; class_number < POOL_CLASSES; class_number++) {
        size_t bytes = pool_class_bytes[class_number], below = pool_class_bytes[class_number - 1];
        if (strong_je_nallocx(below + 1 < 16 ? 16 : below + 1, 0) != bytes)
            return false;
        for (size_t step = below / 16 + 1; step <= bytes / 16; step++)
            pool_class_table[step] = (uint8_t)class_number;
    }
    return true;
}
