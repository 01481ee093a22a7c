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

/* What one byte of a block drawn for that many bytes stands for: 1 / its probability of being sampled. */
static double scale(uint64_t drawn)
{
    return sampler_weight(drawn, config.alloc_period_bytes) / (double)drawn;
}

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

void heap_allocated(unsigned hook, const void *ptr, uint64_t size, uint64_t drawn)
{
    const struct thread_hot *hot = &thread_hot;
    uint64_t start = clock_ticks();
    struct live_entry entry = {
        .bytes = size,
        .weight = (uint64_t)((double)size * scale(drawn) + 0.5),
        .ticks = start,
        .owner = hot->owner,
        .calls = hot->block ? calls_of(hot->block) : 0,
        .stack = stacks_take(NULL),
    };
    struct heap_change change = change_of(&entry);
    sampler_add(SAMPLE_ALLOCATED, hook, 0, entry.stack, (double)entry.weight, change.variance, change.objects_q8);
    if (live_add(ptr, &entry)) /* else its free would never be seen: it must not look live for ever */
        heap_rows_live(&change);
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

static void follow(const void *ptr, const struct live_entry *entry, uint64_t now)
{
    if (live_add(ptr, entry))
        return;
    struct heap_change change = change_of(entry); /* its free will not be seen */
    change.lifetime = decade(now > entry->ticks ? clock_ticks_to_ns(now - entry->ticks) : 0);
    heap_rows_freed(&change);
}

void heap_resized(const void *ptr, struct live_entry *entry, uint64_t size, uint64_t drawn)
{
    uint64_t now = clock_ticks();
    if (heap_negligible(entry->bytes, size)) {
        follow(ptr, entry, now);
        return;
    }
    struct heap_change before = change_of(entry);
    entry->bytes = size;
    entry->weight = (uint64_t)((double)size * scale(drawn) + 0.5);
    struct heap_change after = change_of(entry);
    bool more = after.weight > before.weight;
    uint64_t gained = more ? after.weight - before.weight : 0, lost = more ? 0 : before.weight - after.weight;
    /* Surer to be sampled, it stands for fewer objects: they go the way of freed ones. */
    uint64_t joined = after.objects_q8 > before.objects_q8 ? after.objects_q8 - before.objects_q8 : 0;
    uint64_t left = after.objects_q8 < before.objects_q8 ? before.objects_q8 - after.objects_q8 : 0;
    double variance = after.variance - before.variance;
    if (gained || joined)
        sampler_add(SAMPLE_ALLOCATED, HOOK_realloc, 0, entry->stack, (double)gained, variance, joined);
    if (lost || left)
        sampler_add(SAMPLE_FREED, 0, 0, entry->stack, (double)lost, gained || joined ? 0 : -variance, left);
    heap_rows_resized(&before, &after);
    follow(ptr, entry, now);
    counters_add(COUNTER_self_ticks, clock_ticks() - now);
}

void heap_grown(unsigned hook, uint64_t had_bytes, uint64_t drawn)
{
    double calls = scale(drawn), weight = calls * (double)had_bytes;
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
