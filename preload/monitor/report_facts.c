/* report_facts.c: sums up the thread blocks for STRONG_REPORT. See report_facts.h.
 *
 * Owns the sums at the start of the interval and a table of time by target, so that "slowest" means this
 * interval and not the whole run. Calls that are not over yet count with the time they have taken so far:
 * a thread that hangs in one call shows up. Numbers move while they are read; differences that come out
 * negative for that reason are 0.
 */
#include "monitor/report_facts.h"

#include <string.h>
#include <sys/resource.h>

#include "monitor/monitor.h"
#include "runtime/clock.h"
#include "runtime/counters.h"
#include "runtime/span.h"
#include "runtime/system.h"
#include "runtime/targets.h"

enum { TARGET_SLOTS = 1024, TARGET_PROBES = 16 };

struct totals {
    uint64_t at_ticks, cpu_ns, thread_ticks, allocations, allocated_bytes;
    uint64_t class_ticks[CLASS_COUNT], class_calls[CLASS_COUNT];
};

struct target_time {
    uint32_t target; /* 0: free */
    uint64_t ticks, before_ticks;
};

static struct totals first, last;
static struct target_time targets[TARGET_SLOTS]; /* what does not fit cannot be the slowest named */

/* ---- adding up ---- */

/* Waiting for clients is not slowness, and neither is waiting for anything to become ready. */
static bool may_be_slow(unsigned class, uint32_t target)
{
    if (!target || (class != CLASS_FILE && class != CLASS_NETWORK && class != CLASS_RESOLVE && class != CLASS_LOCK))
        return false;
    enum target_kind kind = targets_kind(target);
    return kind != TARGET_TCP_IN && kind != TARGET_UNIX_IN;
}

static void add_target(uint32_t target, uint64_t ticks)
{
    for (unsigned i = 0; i < TARGET_PROBES; i++) {
        struct target_time *slot = &targets[(target * 0x9E3779B1u + i) % TARGET_SLOTS];
        if (slot->target == 0)
            slot->target = target;
        if (slot->target == target) {
            slot->ticks += ticks;
            return;
        }
    }
}

static void add_cells(struct totals *totals, const struct stat_cell *cells)
{
    for (unsigned i = 0; i < PAGE_CELL_COUNT; i++) {
        unsigned hook = cell_hook(cells[i].key);
        if (hook == HOOK_NONE || hook >= HOOK_connection) /* derived rows would count twice */
            continue;
        uint32_t target = cell_target(cells[i].key);
        unsigned class = span_class(hook, target);
        if (hook >= HOOK_COUNTED_END) /* counted hooks have all their calls in counted[] */
            totals->class_calls[class] += cells[i].calls;
        if (may_be_slow(class, target))
            add_target(target, cells[i].ticks);
    }
}

static void add_counted(struct totals *totals, unsigned hook, uint64_t calls, uint64_t bytes)
{
    unsigned class = hook_classes[hook];
    totals->class_calls[class] += calls;
    if (class == CLASS_MEMORY && hook != HOOK_free) {
        totals->allocations += calls;
        totals->allocated_bytes += bytes;
    }
}

static void add_unfinished(struct totals *totals, const struct thread_block *block)
{
    unsigned hook = block->now_hook;
    uint32_t target = block->now_target;
    uint64_t since = block->now_ticks;
    if (hook == HOOK_NONE || hook >= HOOK_COUNT || since == 0 || since > totals->at_ticks)
        return;
    unsigned class = span_class(hook, target);
    totals->class_ticks[class] += totals->at_ticks - since;
    if (may_be_slow(class, target))
        add_target(target, totals->at_ticks - since);
}

static void add_block(struct totals *totals, const struct thread_block *block)
{
    for (unsigned i = 0; i < CLASS_COUNT; i++)
        totals->class_ticks[i] += block->class_ticks[i];
    for (unsigned hook = 1; hook < HOOK_COUNTED_END; hook++)
        add_counted(totals, hook, block->counted[hook].calls, block->counted[hook].bytes);
    for (unsigned p = 0; p < BLOCK_PAGES; p++) {
        if (block->page_kind[p] == PAGE_CELLS && block->page_offset[p])
            add_cells(totals, segment_at(block->page_offset[p]));
    }
    totals->thread_ticks += block->lived_ticks;
    if (block->state == THREAD_LIVE && block->start_ticks && block->start_ticks < totals->at_ticks) {
        totals->thread_ticks += totals->at_ticks - block->start_ticks;
        add_unfinished(totals, block);
    }
}

static uint64_t cpu_ns(void)
{
    struct rusage usage;
    if (system_call2(SYS_getrusage, RUSAGE_SELF, &usage) < 0)
        return 0;
    return (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000000u +
           (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000u;
}

static void add_up(struct totals *totals, uint64_t now_ticks)
{
    memset(totals, 0, sizeof *totals);
    totals->at_ticks = now_ticks;
    totals->cpu_ns = cpu_ns();
    for (unsigned i = 0; i < TARGET_SLOTS; i++)
        targets[i].ticks = 0;
    const struct hook_crowd *crowd = segment_record(TABLE_CROWD, 0);
    for (unsigned hook = 1; hook < HOOK_connection; hook++) {
        if (hook < HOOK_COUNTED_END)
            add_counted(totals, hook, crowd[hook].calls, crowd[hook].bytes);
        else
            totals->class_calls[hook_classes[hook]] += crowd[hook].calls;
    }
    uint32_t count = monitor_block_count();
    for (uint32_t i = 1; i < count; i++) {
        const struct thread_block *block = monitor_block(i);
        if (block)
            add_block(totals, block);
    }
}

/* ---- differences ---- */

static uint64_t less(uint64_t now, uint64_t before)
{
    return now > before ? now - before : 0;
}

static const struct target_time *slowest_target(bool whole)
{
    const struct target_time *slowest = NULL;
    uint64_t most = 0;
    for (unsigned i = 0; i < TARGET_SLOTS; i++) {
        uint64_t ticks = less(targets[i].ticks, whole ? 0 : targets[i].before_ticks);
        if (ticks > most) {
            most = ticks;
            slowest = &targets[i];
        }
    }
    return slowest;
}

static void compare(const struct totals *before, const struct totals *now, bool whole, struct report_facts *ret)
{
    memset(ret, 0, sizeof *ret);
    ret->pid = segment->pid;
    ret->run_ns = clock_ticks_to_ns(less(now->at_ticks, first.at_ticks));
    ret->interval_ns = clock_ticks_to_ns(less(now->at_ticks, before->at_ticks));
    ret->cpu_ns = less(now->cpu_ns, before->cpu_ns);
    ret->threads = segment->threads_alive;
    ret->thread_ns = clock_ticks_to_ns(less(now->thread_ticks, before->thread_ticks));
    for (unsigned i = 0; i < CLASS_COUNT; i++) {
        ret->class_ns[i] = clock_ticks_to_ns(less(now->class_ticks[i], before->class_ticks[i]));
        ret->class_calls[i] = less(now->class_calls[i], before->class_calls[i]);
    }
    ret->allocations = less(now->allocations, before->allocations);
    ret->allocated_bytes = less(now->allocated_bytes, before->allocated_bytes);
    ret->samples_taken = counters[COUNTER_samples_taken];
    ret->samples_dropped = counters[COUNTER_samples_dropped];
    const struct target_time *slowest = slowest_target(whole);
    if (slowest) {
        const struct target_record *record = segment_record(TABLE_TARGETS, slowest->target);
        ret->slowest = record->text;
        ret->slowest_ns = clock_ticks_to_ns(less(slowest->ticks, whole ? 0 : slowest->before_ticks));
    }
}

void report_facts_init(uint64_t now_ticks)
{
    memset(targets, 0, sizeof targets);
    memset(&first, 0, sizeof first);
    first.at_ticks = segment->start_ticks ? segment->start_ticks : now_ticks;
    last = first;
}

void report_facts_take(uint64_t now_ticks, struct report_facts *ret)
{
    struct totals before = last;
    add_up(&last, now_ticks);
    compare(&before, &last, false, ret);
    for (unsigned i = 0; i < TARGET_SLOTS; i++)
        targets[i].before_ticks = targets[i].ticks;
}

void report_facts_whole(uint64_t now_ticks, struct report_facts *ret)
{
    add_up(&last, now_ticks);
    compare(&first, &last, true, ret);
}
