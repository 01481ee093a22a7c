/*
 * unwind_rules: one lock-free table for the process, from code address to the rule that leads to
 * the caller's frame. Private to unwind*.c. Any thread, any signal handler.
 *
 *   slots  unwind_rules.slots[]   address << 16 | generation << 13 | index
 *   rules  unwind_rules.rules[]   index → packed rule; a rule once written never changes
 *
 * Programs have few distinct rules (some hundreds) and many addresses, so a slot needs only an
 * index and is one 64-bit word that carries its whole address: a reader sees either a word made for
 * its address or a miss, never a mixture, whoever overwrites it meanwhile. Two neighbouring slots
 * hold an address's newest two competitors. A flush starts a new generation and clears the slots;
 * rules stay, because they name no address.
 */
#ifndef STRONG_RUNTIME_UNWIND_RULES_H
#define STRONG_RUNTIME_UNWIND_RULES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* How the frame ends, and what the canonical frame address (CFA) is computed from. */
enum unwind_kind {
    UNWIND_KIND_SP = 1,   /* CFA = sp + offset */
    UNWIND_KIND_FP,       /* CFA = fp + offset */
    UNWIND_KIND_SP_SAVED, /* CFA = *(sp + offset) + ra_offset · 8; return address at CFA - 8 */
    UNWIND_KIND_FP_SAVED, /* CFA = *(fp + offset) + ra_offset · 8; return address at CFA - 8 */
    UNWIND_KIND_REGISTER, /* CFA = some other register + offset; only where a context has it */
    UNWIND_KIND_SIGNAL,   /* the trampoline below a signal handler: registers are in a ucontext */
    UNWIND_KIND_END,      /* outermost frame */
    UNWIND_KIND_NONE,     /* no table covers this address */
    UNWIND_KIND_NOT_FOLLOWED, /* tables that this walker does not follow */
};

/* Where the caller's frame pointer is. */
enum unwind_fp_place {
    UNWIND_FP_UNCHANGED,
    UNWIND_FP_AT_CFA, /* at CFA + fp_offset · 8 */
    UNWIND_FP_AT_FP,  /* at fp + fp_offset · 8 */
    UNWIND_FP_LOST,
};

/*
 * The packed rule, never 0. ra_offset 0 means that the return address is in lr (aarch64 leaves).
 *
 *    63      51 50      38 37              15  11 10  9 8   4 3    0
 *   +----------+----------+------------------+---+-----+-----+------+
 *   | ra_offset| fp_offset|    cfa_offset    |   | fp  | reg | kind |
 *   +----------+----------+------------------+---+-----+-----+------+
 */
#define UNWIND_CFA_SHIFT 15
#define UNWIND_CFA_BITS 23
#define UNWIND_FP_SHIFT 38
#define UNWIND_RA_SHIFT 51
#define UNWIND_SLOT_BITS 13 /* of the offsets in 8-byte steps */

static inline enum unwind_kind unwind_rule_kind(uint64_t rule)
{
    return (enum unwind_kind)(rule & 15);
}

static inline unsigned unwind_rule_register(uint64_t rule)
{
    return (unsigned)(rule >> 4) & 31;
}

static inline enum unwind_fp_place unwind_rule_fp_place(uint64_t rule)
{
    return (enum unwind_fp_place)(rule >> 9 & 3);
}

/* All offsets in bytes. */
static inline intptr_t unwind_rule_cfa_offset(uint64_t rule)
{
    return (intptr_t)((int64_t)(rule << (64 - UNWIND_CFA_SHIFT - UNWIND_CFA_BITS)) >>
                      (64 - UNWIND_CFA_BITS));
}

static inline intptr_t unwind_rule_fp_offset(uint64_t rule)
{
    return (intptr_t)((int64_t)(rule << (64 - UNWIND_FP_SHIFT - UNWIND_SLOT_BITS)) >>
                      (64 - UNWIND_SLOT_BITS)) *
           8;
}

static inline intptr_t unwind_rule_ra_offset(uint64_t rule)
{
    return (intptr_t)((int64_t)rule >> UNWIND_RA_SHIFT) * 8;
}

#define UNWIND_RULES_SLOT_BITS 14
#define UNWIND_RULES_SLOTS (1u << UNWIND_RULES_SLOT_BITS)
#define UNWIND_RULES_COUNT (1u << 13)
#define UNWIND_RULES_GENERATION ((uint64_t)7 << 13) /* the bits where state and slots have it */
#define UNWIND_RULES_NO_GENERATION UNWIND_RULES_GENERATION
#define UNWIND_RULES_UNLOAD ((uint64_t)1 << 16) /* state counts them from this bit on */

struct unwind_rules {
    _Atomic uint64_t state; /* unloads under way, generation */
    _Alignas(64) _Atomic uint64_t slots[UNWIND_RULES_SLOTS];
    _Atomic uint64_t rules[UNWIND_RULES_COUNT];
};
extern struct unwind_rules unwind_rules;

struct unwind_counters {
    _Atomic uint64_t misses, uncached, frame_pointer_steps, entry_steps, flushes;
    _Atomic uint64_t ends[8];
};
extern struct unwind_counters unwind_counters;

static inline void unwind_rules_count(_Atomic uint64_t *counter)
{
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

/* Reads the rule from the tables and keeps it. The slow path of unwind_rules_find. */
uint64_t unwind_rules_miss(uintptr_t pc, uint64_t generation);

static inline unsigned unwind_rules_slot(uintptr_t pc)
{
    return (unsigned)(((uint64_t)pc * UINT64_C(0x9e3779b97f4a7c15)) >>
                      (64 - UNWIND_RULES_SLOT_BITS));
}

/* The generation for one walk, to be read when it begins. */
static inline uint64_t unwind_rules_generation(void)
{
    /* Acquire pairs with the changes in unwind_rules.c: older rules are not taken after them. */
    uint64_t state = atomic_load_explicit(&unwind_rules.state, memory_order_acquire);
    return state < UNWIND_RULES_UNLOAD ? state : UNWIND_RULES_NO_GENERATION;
}

/* The rule for an address inside an instruction; never 0. */
static inline __attribute__((always_inline)) uint64_t unwind_rules_find(uintptr_t pc,
                                                                        uint64_t generation)
{
    unsigned slot = unwind_rules_slot(pc);
    uint64_t want = (uint64_t)pc << 16 | generation;
    /* Acquire pairs with the release store in unwind_rules_keep: the index leads to a written rule.
     */
    uint64_t index = atomic_load_explicit(&unwind_rules.slots[slot], memory_order_acquire) ^ want;
    if (__builtin_expect(index >= UNWIND_RULES_COUNT || pc >> 48 != 0, 0)) {
        index = atomic_load_explicit(&unwind_rules.slots[slot ^ 1], memory_order_acquire) ^ want;
        if (index >= UNWIND_RULES_COUNT || pc >> 48 != 0)
            return unwind_rules_miss(pc, generation);
    }
    return atomic_load_explicit(&unwind_rules.rules[index], memory_order_relaxed);
}

#endif
