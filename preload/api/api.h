/* api.h: the bodies of include/strong.h, for api.c's table and the tests.
 *
 * A name's number is 1 + its target (kind TARGET_CUSTOM), so 1 is "(other)"; what the program passes is checked.
 * Any thread, any context, before boot: no lock, no malloc, errno untouched. Stack: 200 bytes, metrics_get: 16 KiB.
 */
#ifndef STRONG_API_API_H
#define STRONG_API_API_H

#define STRONG_DISABLE /* its types, not its calls */
#include "include/strong.h"

#include "runtime/segment.h"
#include "runtime/thread.h"

enum { NAME_MOST = 63 };

int api_enabled(void);

/* name.c */
uint32_t name_number(const char *name);
/* The target of a number the program gave back: 0 where it is none of ours. */
static inline uint32_t name_target(uint32_t number)
{
    uint32_t target = number - 1;
    return strong_likely(target < segment->tables[TABLE_TARGETS].capacity) ? target : 0;
}

/* operation.c */
struct strong_token operation_begin(uint32_t number);
void operation_end(struct strong_token token, uint64_t bytes, int error);

/* count.c */
void count_add(uint32_t number, uint64_t n);

/* gauge.c */
void gauge_set(uint32_t number, double value);

/* metrics.c */
size_t metrics_get(char *buf, size_t size);

#endif
