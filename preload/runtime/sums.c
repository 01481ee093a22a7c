/* sums.c: finds or makes the row of a key and adds to it with atomic additions. See sums.h. */
#include "runtime/sums.h"

#include "runtime/counters.h"
#include "runtime/index.h"
#include "runtime/segment.h"

enum { SUMS_SLOTS = 32768 };

static struct index sums_index;

int sums_init(void)
{
    return index_init(&sums_index, SUMS_SLOTS);
}

static struct sample_sum *find(uint64_t key, uint64_t hash)
{
    uint32_t cursor = 0, row;
    while ((row = index_next(&sums_index, hash, &cursor))) {
        struct sample_sum *sum = segment_record(TABLE_SUMS, row);
        if (sum->key == key)
            return sum;
    }
    return NULL;
}

static struct sample_sum *make(uint64_t key, uint64_t hash)
{
    struct sample_sum *sum;
    uint32_t row = sums_index.slots ? segment_append(TABLE_SUMS, (void **)&sum) : 0;
    if (!row) {
        counters_add(COUNTER_sum_table_full, 1);
        return NULL;
    }
    __atomic_store_n(&sum->key, key, __ATOMIC_RELEASE); /* readers skip rows with key 0 */
    index_put(&sums_index, hash, row);
    return sum;
}

void sums_add_double(double *place, double amount)
{
    uint64_t *bits = (uint64_t *)(void *)place;
    uint64_t old = __atomic_load_n(bits, __ATOMIC_RELAXED);
    union {
        uint64_t bits;
        double value;
    } sum;
    do {
        sum.bits = old;
        sum.value += amount;
    } while (!__atomic_compare_exchange_n(bits, &old, sum.bits, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
}

bool sums_add(uint64_t key, double weight, double variance, uint64_t objects_q8)
{
    uint64_t hash = index_mix(key) | 1ull << 32; /* a tag of 0 would look like an empty slot */
    struct sample_sum *sum = find(key, hash);
    if (!sum && !(sum = make(key, hash)))
        return false;
    __atomic_fetch_add(&sum->count, 1, __ATOMIC_RELAXED);
    __atomic_fetch_add(&sum->weight, (uint64_t)(weight + 0.5), __ATOMIC_RELAXED);
    sums_add_double(&sum->weight_squares, variance);
    if (objects_q8)
        __atomic_fetch_add(&sum->objects_q8, objects_q8, __ATOMIC_RELAXED);
    return true;
}
