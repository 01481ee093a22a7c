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

#include "runtime/unwind_cfi.h"
#include "runtime/unwind_context.h"
#include "runtime/unwind_rules.h"

#define LOWEST_CODE 4096 /* no code below: a smaller return address is an end or garbage */
#define RA_FIELD_MINUS_8 (~UINT64_C(0) << UNWIND_RA_SHIFT)

/* The registers of one frame. pc lies inside its running instruction; record is what pcs[] gets. */
struct frame {
    uintptr_t pc, record, sp, fp, lr;
    bool exact;                /* pc was interrupted or is the start: it is no call */
    const ucontext_t *context; /* of an exact frame, if known */
    struct unwind_bounds bounds;
};

/* What stays the same in a walk. */
struct walk {
    const struct unwind_start *start;
    const struct unwind_bounds *bounds;
    uint64_t generation;
    /* A second walk that follows one more register: see recover_register. NULL in the first. */
    struct tracked *tracked;
};

struct tracked {
    unsigned number;
    bool known;
    uintptr_t value;
};

enum step {
    STEP_CFA,   /* the CFA is known; the rule says where the rest is */
    STEP_FRAME, /* frame has become the caller's */
    STEP_END
};

/* A word of the stack. The sanitizers take it for a read past some variable, or of another's. */
static inline __attribute__((no_sanitize("address", "thread"))) uintptr_t load(uintptr_t address)
{
    return *(const uintptr_t *)address;
}

static bool read_word(const struct unwind_bounds *bounds, uintptr_t address, uintptr_t *ret)
{
    if (address < bounds->low || address > bounds->high - sizeof *ret || address % 8 != 0)
        return false;
    *ret = load(address);
    return true;
}

/*
 * Through a signal handler to what it interrupted, which may stand on another stack. The pc there
 * is good even when its stack is not: it is recorded, and the next step ends the walk.
 */
static enum step step_signal(struct frame *frame, enum unwind_end *end)
{
    struct unwind_bounds *bounds = &frame->bounds;
    uintptr_t address = frame->sp + UNWIND_CONTEXT_ABOVE_SP;
    *end = UNWIND_BOUNDS;
    if (address % 8 != 0 || address < bounds->low ||
        bounds->high - bounds->low < UNWIND_CONTEXT_READ ||
        address > bounds->high - UNWIND_CONTEXT_READ)
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
static enum step step_frame_pointer(struct frame *frame, const struct walk *walk,
                                    enum unwind_end *end)
{
    uintptr_t next, ra, fp = frame->fp;
    *end = UNWIND_NO_RULE;
    if (fp < frame->sp || !read_word(&frame->bounds, fp, &next) ||
        !read_word(&frame->bounds, fp + 8, &ra))
        return STEP_END;
    ra = unwind_context_address(ra);
    if (ra < LOWEST_CODE)
        return STEP_END;
    if ((next <= fp || next >= frame->bounds.high || next % 8 != 0) &&
        unwind_rule_kind(unwind_rules_find(ra - 1, walk->generation)) == UNWIND_KIND_NONE)
        return STEP_END;
    unwind_rules_count(&unwind_counters.frame_pointer_steps);
    frame->pc = ra - 1;
    frame->record = ra;
    frame->sp = fp + 16;
    frame->fp = next;
    frame->exact = false;
    return STEP_FRAME;
}

static bool find_register(const struct frame *frame, const struct walk *walk, unsigned number,
                          uintptr_t *ret);

/* Whether code with tables calls just before an address. */
static bool follows_call(uintptr_t ra, uint64_t generation)
{
    if (ra < LOWEST_CODE ||
        unwind_rule_kind(unwind_rules_find(ra - 1, generation)) == UNWIND_KIND_NONE)
        return false;
#if defined(__x86_64__)
    const uint8_t *code = (const uint8_t *)ra;
    if (ra % LOWEST_CODE < 7) /* the page before may not be mapped */
        return false;
    if (code[-5] == 0xe8) /* call offset */
        return true;
    for (int back = 2; back <= 7; back++) /* call *register, call *offset(register) */
        if (code[-back] == 0xff && (code[1 - back] & 0x38) == 0x10)
            return true;
    return false;
#else
    return true;
#endif
}

/*
 * Interrupted code without tables and without a frame pointer, such as _init and its like, which
 * are met when a library has just been loaded. It has pushed at most one word, or called nothing
 * yet.
 */
static enum step step_entry(struct frame *frame, const struct walk *walk)
{
    uintptr_t sp = frame->sp;
#if defined(__x86_64__)
    uintptr_t ra;
    while (!read_word(&frame->bounds, sp, &ra) || !follows_call(ra, walk->generation)) {
        if (sp != frame->sp)
            return STEP_END;
        sp += 8;
    }
    sp += 8;
#else
    uintptr_t ra = unwind_context_address(frame->lr);
    if (!follows_call(ra, walk->generation))
        return STEP_END;
#endif
    unwind_rules_count(&unwind_counters.entry_steps);
    frame->pc = ra - 1;
    frame->record = ra;
    frame->sp = sp;
    frame->exact = false;
    return STEP_FRAME;
}

/* Everything but a CFA from sp or fp. */
static __attribute__((noinline)) enum step step_rare(struct frame *frame, const struct walk *walk,
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
        if (!find_register(frame, walk, unwind_rule_register(*rule), &base))
            return STEP_END;
        *cfa = base + (uintptr_t)unwind_rule_cfa_offset(*rule);
        return STEP_CFA;
    case UNWIND_KIND_SIGNAL:
        return step_signal(frame, end);
    case UNWIND_KIND_NONE:
        if (step_frame_pointer(frame, walk, end) == STEP_FRAME)
            return STEP_FRAME;
        return frame->exact ? step_entry(frame, walk) : STEP_END;
    case UNWIND_KIND_END:
        *end = UNWIND_COMPLETE;
        return STEP_END;
    default:
        *end = UNWIND_EXPRESSION;
        return STEP_END;
    }
}

/* From the CFA to the caller's registers. False when the stack cannot be right. */
static inline __attribute__((always_inline)) bool step_cfa(struct frame *frame, uint64_t rule,
                                                           uintptr_t cfa)
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
    ra = unwind_context_address(ra);
    frame->pc = ra - 1;
    frame->record = ra;
    frame->sp = cfa;
    frame->exact = false;
    return true;
}

/* Follows a register from a frame with a known CFA to its caller. */
static void track(struct tracked *tracked, const struct frame *frame, uintptr_t cfa)
{
    struct unwind_row row;
    if (unwind_cfi_row(frame->pc, tracked->number, &row) != UNWIND_FOUND)
        tracked->known = false;
    else if (row.tracked.kind == UNWIND_PLACE_OFFSET)
        tracked->known =
            read_word(&frame->bounds, cfa + (uintptr_t)row.tracked.offset, &tracked->value);
    else if (row.tracked.kind != UNWIND_PLACE_UNCHANGED)
        tracked->known = false;
}

/*
 * To the caller's frame. STEP_END: there is none, and *end says why. What a second walk tracks is
 * brought along.
 */
static __attribute__((noinline)) enum step step_frame(struct frame *frame, const struct walk *walk,
                                                      uint64_t rule, enum unwind_end *end)
{
    enum unwind_kind kind = unwind_rule_kind(rule);
    uintptr_t cfa;
    if (__builtin_expect(kind <= UNWIND_KIND_FP, 1)) {
        cfa = (kind == UNWIND_KIND_SP ? frame->sp : frame->fp) +
              (uintptr_t)unwind_rule_cfa_offset(rule);
    } else {
        enum step step = step_rare(frame, walk, &rule, &cfa, end);
        if (step != STEP_CFA)
            return step;
    }
    if (walk->tracked != NULL)
        track(walk->tracked, frame, cfa);
    *end = UNWIND_BOUNDS;
    if (!step_cfa(frame, rule, cfa))
        return STEP_END;
    if (frame->record < LOWEST_CODE) {
        *end = frame->record == 0 ? UNWIND_COMPLETE : UNWIND_NO_RULE;
        return STEP_END;
    }
    return STEP_FRAME;
}

static inline struct frame first_frame(const struct unwind_start *start,
                                       const struct unwind_bounds *bounds)
{
    return (struct frame){start->pc, start->pc, start->sp,      start->fp,
                          start->lr, true,      start->context, *bounds};
}

/* False, and the reason, when a walk must stop before it looks at the frame's stack. */
static inline bool usable(const struct frame *frame, enum unwind_end *end)
{
    *end = UNWIND_BOUNDS;
    if (frame->bounds.high < sizeof(uintptr_t) || frame->sp < frame->bounds.low ||
        frame->sp > frame->bounds.high)
        return false;
    *end = UNWIND_NO_RULE;
    return frame->pc >= LOWEST_CODE;
}

/*
 * The value that a register has in a frame, which some code needs for its CFA: of the frames that
 * are often on a stack only ld.so's lazy binding, which uses rbx. The rules only follow the frame
 * pointer, so this walks again from the start, reading at every frame where it kept that register.
 */
static __attribute__((noinline)) bool recover_register(const struct frame *target,
                                                       const struct walk *first, unsigned number,
                                                       uintptr_t *ret)
{
    struct tracked tracked = {number, false, 0};
    struct walk walk = {first->start, first->bounds, first->generation, &tracked};
    struct frame frame = first_frame(walk.start, walk.bounds);
    enum unwind_end end;
    do {
        if (frame.sp == target->sp && frame.pc == target->pc) {
            *ret = tracked.value;
            return tracked.known;
        }
        if (frame.exact && frame.context != NULL)
            tracked.known = unwind_context_register(frame.context, number, &tracked.value);
        else if (frame.exact)
            tracked.known = false;
    } while (usable(&frame, &end) &&
             step_frame(&frame, &walk, unwind_rules_find(frame.pc, walk.generation), &end) ==
                 STEP_FRAME);
    return false;
}

static bool find_register(const struct frame *frame, const struct walk *walk, unsigned number,
                          uintptr_t *ret)
{
    if (frame->exact)
        return frame->context != NULL && unwind_context_register(frame->context, number, ret);
    if (walk->tracked == NULL)
        return recover_register(frame, walk, number, ret);
    *ret = walk->tracked->value;
    return walk->tracked->known && walk->tracked->number == number;
}

/*
 * The run of ordinary frames from this one on, with all in registers: this is where the time goes.
 * Writes their callers' addresses. Returns the rule of the first frame that is not ordinary, or
 * whose stack does not look right, which is left to step_frame; 0 when there is no room for a
 * caller.
 */
static inline uint64_t step_plain(struct frame *frame, uint64_t generation, uintptr_t *pcs,
                                  unsigned max, unsigned *written)
{
    uintptr_t pc = frame->pc, sp = frame->sp, fp = frame->fp;
    uintptr_t low = frame->bounds.low, last = frame->bounds.high - sizeof(uintptr_t);
    unsigned count = *written;
    uint64_t rule;
    for (;;) {
        rule = unwind_rules_find(pc, generation);
        enum unwind_kind kind = unwind_rule_kind(rule);
        if (kind > UNWIND_KIND_FP)
            break;
        uintptr_t base = kind == UNWIND_KIND_SP ? sp : fp;
        uintptr_t cfa = base + (uintptr_t)unwind_rule_cfa_offset(rule);
        intptr_t ra_offset = unwind_rule_ra_offset(rule);
        uintptr_t place = cfa + (uintptr_t)ra_offset;
        if (cfa <= sp || cfa - sizeof(uintptr_t) > last || cfa % 8 != 0 || ra_offset == 0 ||
            place < low || place > last)
            break;
        uintptr_t ra = unwind_context_address(load(place)), caller_fp = fp;
        if (unwind_rule_fp_place(rule) != UNWIND_FP_UNCHANGED) {
            place = cfa + (uintptr_t)unwind_rule_fp_offset(rule);
            if (unwind_rule_fp_place(rule) != UNWIND_FP_AT_CFA || place < low || place > last)
                break;
            caller_fp = load(place);
        }
        if (ra < LOWEST_CODE)
            break;
        frame->exact = false;
        sp = cfa;
        fp = caller_fp;
        pc = ra - 1;
        if (count == max) {
            rule = 0;
            break;
        }
        pcs[count++] = ra;
    }
    frame->pc = pc;
    frame->sp = sp;
    frame->fp = fp;
    *written = count;
    return rule;
}

unsigned unwind_walk(const struct unwind_start *start, const struct unwind_bounds *bounds,
                     uintptr_t *pcs, unsigned max, enum unwind_end *end)
{
    struct walk walk = {start, bounds, unwind_rules_generation(), NULL};
    struct frame frame = first_frame(start, bounds);
    unsigned written = 0;
    *end = UNWIND_DEPTH;
    while (written < max) {
        pcs[written++] = frame.record;
        if (!usable(&frame, end))
            break;
        *end = UNWIND_DEPTH;
        uint64_t rule = step_plain(&frame, walk.generation, pcs, max, &written);
        if (rule == 0)
            break;
        if (unwind_rule_kind(rule) == UNWIND_KIND_SIGNAL && !frame.exact)
            pcs[written - 1]++;
        if (step_frame(&frame, &walk, rule, end) == STEP_END)
            break;
        *end = UNWIND_DEPTH;
    }
    if (__builtin_expect(*end != UNWIND_COMPLETE && *end != UNWIND_DEPTH, 0))
        unwind_rules_count(&unwind_counters.ends[*end]);
    return written;
}

bool unwind_through_handler(const uintptr_t *pcs, unsigned depth)
{
    uint64_t generation = unwind_rules_generation();
    for (unsigned i = 1; i < depth; i++)
        if (unwind_rule_kind(unwind_rules_find(pcs[i] - 1, generation)) == UNWIND_KIND_SIGNAL)
            return true;
    return false;
}
