/*
 * unwind_rules: owns the table from code address to rule and the process-wide counters.
 *
 * Invariant: a slot's index always leads to a rule that was read for the slot's address, in the
 * slot's generation. A walk that began before a flush may still put rules in, of its own older
 * generation, which later walks do not match.
 * Any thread, any signal handler, before boot (then every look-up misses), between fork and exec.
 */
#include "runtime/unwind_rules.h"

#include "runtime/unwind.h"
#include "runtime/unwind_pack.h"

#define PROBES 32

struct unwind_rules unwind_rules;
struct unwind_counters unwind_counters;

/* The index of a rule, which is added if it is new; -1 when its part of the table is full. */
static int intern(uint64_t rule)
{
    unsigned index = (unsigned)((rule * UINT64_C(0x9e3779b97f4a7c15)) >> (64 - 13));
    for (unsigned probe = 0; probe < PROBES; probe++) {
        _Atomic uint64_t *place = &unwind_rules.rules[index];
        uint64_t found = atomic_load_explicit(place, memory_order_relaxed);
        if (found == 0 && atomic_compare_exchange_strong_explicit(
                              place, &found, rule, memory_order_relaxed, memory_order_relaxed))
            return (int)index;
        if (found == rule)
            return (int)index;
        index = (index + 1) % UNWIND_RULES_COUNT;
    }
    return -1;
}

static void unwind_rules_keep(uintptr_t pc, uint64_t generation, uint64_t rule)
{
    int index = pc >> 48 != 0 ? -1 : intern(rule);
    if (index < 0) {
        unwind_rules_count(&unwind_counters.uncached);
        return;
    }
    unsigned slot = unwind_rules_slot(pc);
    /* Every word is right by itself, so the older competitor moves over without any order. */
    uint64_t old = atomic_load_explicit(&unwind_rules.slots[slot], memory_order_acquire);
    if (old != 0)
        atomic_store_explicit(&unwind_rules.slots[slot ^ 1], old, memory_order_release);
    /* Release pairs with the acquire loads in unwind_rules_find: the rule is there before its
     * index. */
    atomic_store_explicit(&unwind_rules.slots[slot],
                          (uint64_t)pc << 16 | generation | (unsigned)index, memory_order_release);
}

uint64_t unwind_rules_miss(uintptr_t pc, uint64_t generation)
{
    bool keep;
    uint64_t rule = unwind_pack_rule(pc, &keep);
    unwind_rules_count(&unwind_counters.misses);
    if (keep && generation != UNWIND_RULES_NO_GENERATION)
        unwind_rules_keep(pc, generation, rule);
    return rule;
}

/* Adds to the count of unloads and goes to the next generation, of which there are seven. */
static void change_state(uint64_t unloads, bool reset)
{
    uint64_t old = atomic_load_explicit(&unwind_rules.state, memory_order_relaxed), new;
    do {
        uint64_t next = (old & UNWIND_RULES_GENERATION) + UNWIND_RULES_COUNT;
        uint64_t under_way = (reset ? 0 : old & ~(UNWIND_RULES_UNLOAD - 1)) + unloads;
        new = under_way | (next == UNWIND_RULES_NO_GENERATION ? 0 : next);
    } while (!atomic_compare_exchange_weak_explicit(&unwind_rules.state, &old, new,
                                                    memory_order_seq_cst, memory_order_relaxed));
    for (unsigned slot = 0; slot < UNWIND_RULES_SLOTS; slot++)
        if (atomic_load_explicit(&unwind_rules.slots[slot], memory_order_relaxed) != 0)
            atomic_store_explicit(&unwind_rules.slots[slot], 0, memory_order_relaxed);
    unwind_rules_count(&unwind_counters.flushes);
}

void unwind_unload_begin(void)
{
    /* Seq_cst: before the unmapping, which whoever gets the addresses next has seen. */
    atomic_fetch_add_explicit(&unwind_rules.state, UNWIND_RULES_UNLOAD, memory_order_seq_cst);
}

void unwind_unload_end(void)
{
    change_state(-UNWIND_RULES_UNLOAD, false);
}

void unwind_flush(void)
{
    change_state(0, false);
}

void unwind_fork_child(void)
{
    change_state(0, true);
}

void unwind_statistics_read(struct unwind_statistics *ret)
{
    ret->misses = atomic_load_explicit(&unwind_counters.misses, memory_order_relaxed);
    ret->uncached = atomic_load_explicit(&unwind_counters.uncached, memory_order_relaxed);
    ret->frame_pointer_steps =
        atomic_load_explicit(&unwind_counters.frame_pointer_steps, memory_order_relaxed);
    ret->entry_steps = atomic_load_explicit(&unwind_counters.entry_steps, memory_order_relaxed);
    ret->flushes = atomic_load_explicit(&unwind_counters.flushes, memory_order_relaxed);
    for (unsigned end = 0; end < UNWIND_ENDS; end++)
        ret->ends[end] = atomic_load_explicit(&unwind_counters.ends[end], memory_order_relaxed);
}
