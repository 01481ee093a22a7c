/* heap.c: see heap.h. The rows: heap_rows.c.
 *
 * Whether a block was freed before its thread allocated again is told by that thread's count of allocating
 * calls: it is in the entry, and the same thread compares. Who owns what is told by thread_hot.owner, which
 * outlives the thread's block: a thread that frees in its last moments is still itself.
 */
#include "runtime/heap.h"

#include "runtime/clock.h"
#include "runtime/config.h"
#include "runtime/counters.h"
#include "runtime/heap_rows.h"
#include "runtime/sampler.h"
#include "runtime/stacks.h"

#define HEAP_TEMPORARY_NS 1000000u
#define HEAP_TIMED_MOST_NS 100000u
enum { CLOCK_READINGS = 16 };

uint64_t heap_clock_cost_ticks;

static void calibrate(void)
{
    uint64_t least = UINT64_MAX;
    for (unsigned i = 0; i < CLOCK_READINGS; i++) {
        uint64_t first = clock_ticks(), took = clock_ticks() - first;
        if (took < least)
            least = took;
    }
    heap_clock_cost_ticks = least;
}

int heap_init(void)
{
    calibrate();
    return heap_rows_init();
}

/* Calls of the thread that could have allocated. */
static uint32_t calls_of(const struct thread_block *block)
{
    uint64_t calls = 0;
    for (unsigned hook = HOOK_malloc; hook <= HOOK_pvalloc; hook++)
        calls += hook == HOOK_free ? 0 : block->counted[hook].calls;
    return (uint32_t)calls;
}
_Static_assert(HOOK_free > HOOK_malloc && HOOK_pvalloc - HOOK_malloc == 9, "the calls that allocate, and free");

static uint64_t objects_q8(uint64_t weight, uint64_t bytes)
{
    return (uint64_t)((double)weight / (double)bytes * 256 + 0.5);
}

static struct heap_change change_of(const struct live_entry *entry)
{
    return (struct heap_change){
        .stack = entry->stack,
        .owner_row = (uint32_t)entry->owner,
        .bytes = entry->bytes,
        .weight = entry->weight,
        .objects_q8 = objects_q8(entry->weight, entry->bytes),
        .variance = sampler_variance((double)entry->weight, (double)entry->bytes),
    };
}

void heap_allocated(unsigned hook, const void *ptr, uint64_t size)
{
    const struct thread_hot *hot = &thread_hot;
    uint64_t start = clock_ticks();
    struct live_entry entry = {
        .bytes = size,
        .weight = (uint64_t)(sampler_weight(size, config.alloc_period_bytes) + 0.5),
        .ticks = start,
        .owner = hot->owner,
        .calls = hot->block ? calls_of(hot->block) : 0,
        .stack = stacks_take(NULL),
    };
    struct heap_change change = change_of(&entry);
    sampler_add(SAMPLE_ALLOCATED, hook, 0, entry.stack, (double)entry.weight, change.variance, change.objects_q8);
    if (live_add(ptr, &entry)) /* else its free would never be seen: it must not look live for ever */
        heap_rows_live(&change, start);
    heap_rows_allocated(&change);
    counters_add(COUNTER_self_ticks, clock_ticks() - start);
}

/* 0: below 1 us; each next below ten times more. */
static unsigned decade(uint64_t age_ns)
{
    unsigned at = 0;
    for (uint64_t limit_ns = 1000; at < HEAP_LIFETIMES - 1 && age_ns >= limit_ns; at++)
        limit_ns *= 10;
    return at;
}

void heap_freed(const struct live_entry *entry, bool by_free)
{
    const struct thread_hot *hot = &thread_hot;
    uint64_t start = clock_ticks();
    uint64_t age_ns = start > entry->ticks ? clock_ticks_to_ns(start - entry->ticks) : 0;
    struct heap_change change = change_of(entry);
    change.lifetime = decade(age_ns);
    change.remote = entry->owner != hot->owner;
    change.temporary = age_ns < HEAP_TEMPORARY_NS ||
                       (by_free && !change.remote && hot->block && calls_of(hot->block) == entry->calls);
    double weight = (double)entry->weight;
    sampler_add(SAMPLE_FREED, 0, 0, entry->stack, weight, change.variance, change.objects_q8);
    if (change.temporary)
        sampler_add(SAMPLE_TEMPORARY, 0, 0, entry->stack, weight, change.variance, change.objects_q8);
    if (change.remote)
        sampler_add(SAMPLE_REMOTE, 0, 0, entry->stack, weight, change.variance, change.objects_q8);
    heap_rows_freed(&change);
    counters_add(COUNTER_self_ticks, clock_ticks() - start);
}

void heap_grown(unsigned hook, uint64_t had_bytes, uint64_t size)
{
    double calls = sampler_weight(size, config.alloc_period_bytes) / (double)size, weight = calls * (double)had_bytes;
    uint32_t stack = stacks_take(NULL);
    sampler_add(SAMPLE_GROWN, hook, 0, stack, weight, sampler_variance(weight, (double)had_bytes),
                (uint64_t)(calls * 256 + 0.5));
}

void heap_timed(struct thread_block *block, unsigned kind, uint64_t ticks)
{
    static uint64_t most;
    uint64_t limit = __atomic_load_n(&most, __ATOMIC_RELAXED);
    if (strong_unlikely(limit == 0)) {
        limit = clock_ns_to_ticks(HEAP_TIMED_MOST_NS);
        __atomic_store_n(&most, limit, __ATOMIC_RELAXED);
    }
    ticks = ticks > heap_clock_cost_ticks ? ticks - heap_clock_cost_ticks : 0;
    if (strong_unlikely(ticks > limit)) {
        ticks = limit;
        counters_add(COUNTER_timed_cut, 1);
    }
    block->timed_calls[kind]++;
    block->timed_ticks[kind] += ticks;
}
