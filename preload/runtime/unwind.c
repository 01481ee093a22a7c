/*
 * unwind: owns the walk from frame to frame.
 *
 * Invariants: a word is read only after its address was checked against the bounds; every step
 * moves sp up (a signal frame may instead change, once, to the other stack of the bounds), so a
 * walk ends whatever the stack holds. Any thread, any signal handler, before boot, between fork and
 * exec.
 */
#include "runtime/unwind.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/ucontext.h>
#if defined(__aarch64__)
#include <signal.h>
#endif

#include "runtime/unwind_rules.h"

#define LOWEST_CODE 4096 /* no code below: a smaller return address is an end or garbage */
#define RA_FIELD_MINUS_8 (~UINT64_C(0) << UNWIND_RA_SHIFT)

/* A stack is read past the redzones that AddressSanitizer puts between variables. */
#define READS_STACK __attribute__((no_sanitize("address", "thread")))

/* The registers of one frame. pc lies inside its running instruction; record is what pcs[] gets. */
struct frame {
    uintptr_t pc, record, sp, fp, lr;
    bool exact;                /* pc was interrupted or is the start: it is no call */
    const ucontext_t *context; /* of an exact frame, if known */
    struct unwind_bounds bounds;
};

enum step {
    STEP_CFA,   /* the CFA is known; the rule says where the rest is */
    STEP_FRAME, /* frame has become the caller's */
    STEP_END
};

#if defined(__x86_64__)
/* DWARF number to place in the ucontext (System V ABI for x86-64, figure 3.36). */
static const unsigned char context_registers[] = {
    REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI, REG_RBP, REG_RSP,
    REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15,
};

void unwind_start_context(const void *ucontext, struct unwind_start *start)
{
    const ucontext_t *context = ucontext;
    start->pc = (uintptr_t)context->uc_mcontext.gregs[REG_RIP];
    start->sp = (uintptr_t)context->uc_mcontext.gregs[REG_RSP];
    start->fp = (uintptr_t)context->uc_mcontext.gregs[REG_RBP];
    start->lr = 0;
    start->context = context;
}

static bool context_register(const ucontext_t *context, unsigned number, uintptr_t *ret)
{
    if (number >= sizeof context_registers)
        return false;
    *ret = (uintptr_t)context->uc_mcontext.gregs[context_registers[number]];
    return true;
}

#define CONTEXT_ABOVE_SP 0
#define CONTEXT_READ (offsetof(ucontext_t, uc_mcontext) + sizeof(mcontext_t))

static inline uintptr_t strip(uintptr_t address)
{
    return address;
}
#else
void unwind_start_context(const void *ucontext, struct unwind_start *start)
{
    const ucontext_t *context = ucontext;
    start->pc = context->uc_mcontext.pc;
    start->sp = context->uc_mcontext.sp;
    start->fp = context->uc_mcontext.regs[29];
    start->lr = context->uc_mcontext.regs[30];
    start->context = context;
}

static bool context_register(const ucontext_t *context, unsigned number, uintptr_t *ret)
{
    if (number >= 31)
        return false;
    *ret = context->uc_mcontext.regs[number];
    return true;
}

/* struct rt_sigframe of the kernel: siginfo, then the ucontext. */
#define CONTEXT_ABOVE_SP sizeof(siginfo_t)
#define CONTEXT_READ (offsetof(ucontext_t, uc_mcontext) + offsetof(mcontext_t, pstate))

/* Pointer authentication codes are above the 48 bits of a user address. */
static inline uintptr_t strip(uintptr_t address)
{
    return address & ((UINT64_C(1) << 48) - 1);
}
#endif

static void count(_Atomic uint64_t *counter)
{
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

static inline READS_STACK __attribute__((always_inline)) bool
read_word(const struct unwind_bounds *bounds, uintptr_t address, uintptr_t *ret)
{
    if (address < bounds->low || address > bounds->high - sizeof *ret || address % 8 != 0)
        return false;
    *ret = *(const uintptr_t *)address;
    return true;
}

/*
 * Through a signal handler to what it interrupted, which may stand on another stack. The pc there
 * is good even when its stack is not: it is recorded, and the next step ends the walk.
 */
static READS_STACK enum step step_signal(struct frame *frame, enum unwind_end *end)
{
    struct unwind_bounds *bounds = &frame->bounds;
    uintptr_t address = frame->sp + CONTEXT_ABOVE_SP;
    *end = UNWIND_BOUNDS;
    if (address % 8 != 0 || address < bounds->low || bounds->high - bounds->low < CONTEXT_READ ||
        address > bounds->high - CONTEXT_READ)
        return STEP_END;
    struct unwind_start start;
    unwind_start_context((const void *)address, &start);
    if (start.sp <= frame->sp || start.sp > bounds->high) {
        bounds->low = bounds->other_low;
        bounds->high = bounds->other_high;
        bounds->other_low = bounds->other_high = 0;
    }
    frame->pc = start.pc;
    frame->record = start.pc + 1;
    frame->sp = start.sp;
    frame->fp = start.fp;
    frame->lr = start.lr;
    frame->exact = true;
    frame->context = start.context;
    return STEP_FRAME;
}

/*
 * Code without tables: a frame pointer is believed if it points up the stack, and what it points to
 * is another frame further up or a return into code that has tables.
 */
static READS_STACK enum step step_frame_pointer(struct frame *frame, uint64_t generation,
                                                enum unwind_end *end)
{
    uintptr_t next, ra, fp = frame->fp;
    *end = UNWIND_NO_RULE;
    if (fp < frame->sp || !read_word(&frame->bounds, fp, &next) ||
        !read_word(&frame->bounds, fp + 8, &ra))
        return STEP_END;
    ra = strip(ra);
    if (ra < LOWEST_CODE)
        return STEP_END;
    if ((next <= fp || next >= frame->bounds.high || next % 8 != 0) &&
        unwind_rule_kind(unwind_rules_find(ra - 1, generation)) == UNWIND_KIND_NONE)
        return STEP_END;
    count(&unwind_counters.frame_pointer_steps);
    frame->pc = ra - 1;
    frame->record = ra;
    frame->sp = fp + 16;
    frame->fp = next;
    frame->exact = false;
    return STEP_FRAME;
}

/* Everything but a CFA from sp or fp. */
static __attribute__((noinline)) READS_STACK enum step step_rare(struct frame *frame,
                                                                 uint64_t generation,
                                                                 uint64_t *rule, uintptr_t *cfa,
                                                                 enum unwind_end *end)
{
    enum unwind_kind kind = unwind_rule_kind(*rule);
    uintptr_t base;
    switch (kind) {
    case UNWIND_KIND_SP_SAVED:
    case UNWIND_KIND_FP_SAVED:
        base = kind == UNWIND_KIND_SP_SAVED ? frame->sp : frame->fp;
        *end = UNWIND_BOUNDS;
        if (!read_word(&frame->bounds, base + (uintptr_t)unwind_rule_cfa_offset(*rule), cfa))
            return STEP_END;
        *cfa += (uintptr_t)unwind_rule_ra_offset(*rule); /* the second offset of such a rule */
        *rule |= RA_FIELD_MINUS_8;
        return STEP_CFA;
    case UNWIND_KIND_REGISTER:
        *end = UNWIND_EXPRESSION;
        if (!frame->exact || frame->context == NULL ||
            !context_register(frame->context, unwind_rule_register(*rule), &base))
            return STEP_END;
        *cfa = base + (uintptr_t)unwind_rule_cfa_offset(*rule);
        return STEP_CFA;
    case UNWIND_KIND_SIGNAL:
        return step_signal(frame, end);
    case UNWIND_KIND_NONE:
        return step_frame_pointer(frame, generation, end);
    case UNWIND_KIND_END:
        *end = UNWIND_COMPLETE;
        return STEP_END;
    default:
        *end = UNWIND_EXPRESSION;
        return STEP_END;
    }
}

/* From the CFA to the caller's registers. False when the stack cannot be right. */
static inline READS_STACK __attribute__((always_inline)) bool step_cfa(struct frame *frame,
                                                                       uint64_t rule, uintptr_t cfa)
{
    intptr_t ra_offset = unwind_rule_ra_offset(rule);
    uintptr_t ra = frame->lr;
    if (__builtin_expect(cfa <= frame->sp || cfa > frame->bounds.high || cfa % 8 != 0, 0) &&
        !(cfa == frame->sp && ra_offset == 0 && frame->exact))
        return false;
    if (ra_offset == 0 ? !frame->exact
                       : !read_word(&frame->bounds, cfa + (uintptr_t)ra_offset, &ra))
        return false;
    enum unwind_fp_place place = unwind_rule_fp_place(rule);
    if (place != UNWIND_FP_UNCHANGED) {
        uintptr_t base = place == UNWIND_FP_AT_CFA ? cfa : frame->fp;
        uintptr_t address = base + (uintptr_t)unwind_rule_fp_offset(rule);
        /* Without it the walk goes on: only a later frame that is based on it will end the walk. */
        if (place == UNWIND_FP_LOST || !read_word(&frame->bounds, address, &frame->fp))
            frame->fp = 0;
    }
    ra = strip(ra);
    frame->pc = ra - 1;
    frame->record = ra;
    frame->sp = cfa;
    frame->exact = false;
    return true;
}

READS_STACK unsigned unwind_walk(const struct unwind_start *start,
                                 const struct unwind_bounds *bounds, uintptr_t *pcs, unsigned max,
                                 enum unwind_end *end)
{
    /* Acquire pairs with unwind_flush: rules of an older generation are not taken. */
    uint64_t generation = atomic_load_explicit(&unwind_rules.generation, memory_order_acquire);
    struct frame frame = {start->pc, start->pc, start->sp,      start->fp,
                          start->lr, true,      start->context, *bounds};
    unsigned written = 0;
    *end = UNWIND_BOUNDS;
    for (;;) {
        if (written == max) {
            *end = UNWIND_DEPTH;
            break;
        }
        pcs[written++] = frame.record;
        if (frame.bounds.high < sizeof(uintptr_t) || frame.sp < frame.bounds.low ||
            frame.sp > frame.bounds.high)
            break;
        if (frame.pc < LOWEST_CODE) {
            *end = UNWIND_NO_RULE;
            break;
        }
        uint64_t rule = unwind_rules_find(frame.pc, generation);
        enum unwind_kind kind = unwind_rule_kind(rule);
        uintptr_t cfa;
        if (__builtin_expect(kind <= UNWIND_KIND_FP, 1)) {
            cfa = (kind == UNWIND_KIND_SP ? frame.sp : frame.fp) +
                  (uintptr_t)unwind_rule_cfa_offset(rule);
        } else {
            if (kind == UNWIND_KIND_SIGNAL && !frame.exact)
                pcs[written - 1]++;
            struct frame copy = frame; /* so that frame itself can stay in registers */
            enum step step = step_rare(&copy, generation, &rule, &cfa, end);
            frame = copy;
            if (step == STEP_END)
                break;
            if (step == STEP_FRAME)
                continue;
        }
        *end = UNWIND_BOUNDS;
        if (!step_cfa(&frame, rule, cfa))
            break;
        if (frame.record < LOWEST_CODE) {
            *end = frame.record == 0 ? UNWIND_COMPLETE : UNWIND_NO_RULE;
            break;
        }
    }
    if (__builtin_expect(*end != UNWIND_COMPLETE && *end != UNWIND_DEPTH, 0))
        count(&unwind_counters.ends[*end]);
    return written;
}
