/* gauge.c: values the program sets. The table's rules are in abi/segment.h, CUSTOM; this is their one writer.
 *
 * Every thread writes the same row, so every field is changed atomically; a loop of compare-and-swap can only be
 * held up by others that get on. Rows are for the process: a forked child's table is empty again.
 */
#include <math.h>

#include "api/api.h"
#include "runtime/clock.h"
#include "runtime/counters.h"

/* The whole table is taken at once: where a row is depends on its target alone. */
static bool table_ready(void)
{
    const struct segment_table *table = &segment->tables[TABLE_GAUGES];
    uint64_t used = __atomic_load_n(&table->used, __ATOMIC_RELAXED);
    if (strong_likely(used >= table->capacity))
        return table->capacity > 1;
    void *unused;
    segment_take(TABLE_GAUGES, table->capacity - used, &unused);
    return __atomic_load_n(&table->used, __ATOMIC_RELAXED) >= table->capacity; /* by us or another thread */
}

static struct gauge_record *row_of(uint32_t target)
{
    if (!table_ready())
        return NULL;
    uint32_t rows = segment->tables[TABLE_GAUGES].capacity - 1;
    uint64_t key = 1ull << 32 | target;
    for (uint32_t i = 0; i < rows; i++) {
        struct gauge_record *row = segment_record(TABLE_GAUGES, 1 + (target + i) % rows);
        uint64_t found = __atomic_load_n(&row->key, __ATOMIC_RELAXED);
        if (found == 0 &&
            __atomic_compare_exchange_n(&row->key, &found, key, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
            return row;
        if (found == key)
            return row;
    }
    return NULL;
}

static void raise(uint64_t *field, uint64_t value)
{
    uint64_t now = __atomic_load_n(field, __ATOMIC_RELAXED);
    while (now < value && !__atomic_compare_exchange_n(field, &now, value, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        ;
}

static void add(double *field, double value)
{
    double now, sum;
    __atomic_load(field, &now, __ATOMIC_RELAXED);
    do
        sum = now + value;
    while (!__atomic_compare_exchange(field, &now, &sum, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
}

void gauge_set(uint32_t number, double value)
{
    if (strong_unlikely(thread_hot.state == THREAD_COLD))
        thread_attach();
    if (strong_unlikely(thread_hot.state == THREAD_OFF))
        return;
    uint32_t target = name_target(number);
    struct gauge_record *row = target && isfinite(value) ? row_of(target) : NULL;
    if (strong_unlikely(!row)) {
        counters_add(COUNTER_custom_gauges_lost, 1);
        return;
    }
    raise(&row->highest, gauge_order(value));
    raise(&row->lowest, ~gauge_order(value));
    add(&row->sum, value);
    __atomic_store_n(&row->last_ticks, clock_ticks(), __ATOMIC_RELAXED);
    __atomic_store(&row->last, &value, __ATOMIC_RELAXED);
    __atomic_fetch_add(&row->count, 1, __ATOMIC_RELEASE); /* a reader that finds it 0 skips the row */
}
