/* pool_realloc.h: resizing. Any thread; not in signal handlers. */
#ifndef STRONG_OPTIMIZE_POOL_REALLOC_H
#define STRONG_OPTIMIZE_POOL_REALLOC_H

#include <stddef.h>

/* realloc(3) as glibc has it: size 0 frees and returns NULL. */
void *pool_realloc(void *old, size_t size);

#endif
