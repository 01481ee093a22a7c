/* stacks.c: see stacks.h.
 *
 * The frames of libstrong itself are left in: the reader knows its module and drops them. Every stored
 * address obeys one rule (subtract 1): the walker's first one is an exact pc, so it is stored plus 1.
 */
#include "runtime/stacks.h"

#include <string.h>

#include "runtime/config.h"
#include "runtime/counters.h"
#include "runtime/index.h"
#include "runtime/segment.h"
#include "runtime/thread.h"
#include "runtime/unwind.h"

enum { STACKS_SLOTS = 16384, FRAMES_MOST = 127, RED_ZONE = 128 };

static struct index stacks_index;

int stacks_init(void)
{
    unwind_init();
    return index_init(&stacks_index, STACKS_SLOTS);
}

/* The part of the stack around sp that is known to be mapped. */
static void bounds_of(uintptr_t sp, struct unwind_bounds *ret)
{
    const struct thread *thread = thread_hot.self;
    *ret = (struct unwind_bounds){.low = sp - RED_ZONE};
    if (thread && sp > thread->stack_low && sp < thread->stack_high)
        ret->high = thread->stack_high;
    else /* an alternate or a coroutine's stack: this page is there, no more is known */
        ret->high = (sp | (SEGMENT_PAGE - 1)) + 1;
    if (thread && ret->high != thread->stack_high && thread->stack_high) {
        /* a handler on its alternate stack continues on the thread's own */
        ret->other_low = thread->stack_low;
        ret->other_high = thread->stack_high;
    }
}

static bool same(const struct stack_record *stack, const uintptr_t *pcs, unsigned depth)
{
    const uint64_t *frames = segment_record(TABLE_FRAMES, stack->frame);
    for (unsigned i = 0; i < depth; i++)
        if (frames[i] != pcs[i])
            return false;
    return true;
}

uint32_t stacks_intern(const uintptr_t *pcs, unsigned depth, enum stack_end end)
{
    uint64_t hash = 0x51ed270b ^ depth;
    for (unsigned i = 0; i < depth; i++)
        hash = (hash ^ pcs[i]) * 0x9E3779B97F4A7C15ull, hash ^= hash >> 29;
    hash = index_mix(hash);
    hash += hash == 0;
    uint32_t cursor = 0, row;
    while ((row = index_next(&stacks_index, hash, &cursor))) {
        const struct stack_record *stack = segment_record(TABLE_STACKS, row);
        if (__atomic_load_n(&stack->hash, __ATOMIC_ACQUIRE) == hash && stack->depth == depth &&
            same(stack, pcs, depth))
            return row;
    }
    void *frames;
    struct stack_record *stack;
    uint64_t frame = stacks_index.slots ? segment_take(TABLE_FRAMES, depth, &frames) : 0;
    row = frame ? segment_append(TABLE_STACKS, (void **)&stack) : 0;
    if (!row) {
        counters_add(COUNTER_stack_table_full, 1);
        return 0;
    }
    memcpy(frames, pcs, depth * sizeof *pcs);
    stack->frame = (uint32_t)frame;
    stack->depth = (uint16_t)depth;
    stack->end = (uint8_t)end;
    stack->generation = segment->module_generation;
    __atomic_store_n(&stack->hash, hash, __ATOMIC_RELEASE); /* readers skip rows with hash 0 */
    index_put(&stacks_index, hash, row);
    return row;
}

__attribute__((noinline)) bool stacks_plain(void)
{
    struct unwind_start start;
    unwind_start_here(&start);
    struct unwind_bounds bounds;
    bounds_of(start.sp, &bounds);
    uintptr_t pcs[FRAMES_MOST];
    enum unwind_end why;
    unsigned depth = unwind_walk(&start, &bounds, pcs, FRAMES_MOST, &why);
    return why == UNWIND_COMPLETE && !unwind_through_handler(pcs, depth);
}

__attribute__((noinline)) uint32_t stacks_take(const void *context)
{
    struct unwind_start start;
    if (context)
        unwind_start_context(context, &start);
    else
        unwind_start_here(&start);
    struct unwind_bounds bounds;
    bounds_of(start.sp, &bounds);
    uintptr_t pcs[FRAMES_MOST];
    unsigned most = config.stack_depth < FRAMES_MOST ? (unsigned)config.stack_depth : FRAMES_MOST;
    enum unwind_end why;
    unsigned depth = unwind_walk(&start, &bounds, pcs, most, &why);
    if (depth == 0)
        return 0;
    pcs[0]++;
    enum stack_end end = why == UNWIND_COMPLETE ? STACK_COMPLETE : why == UNWIND_DEPTH ? STACK_TRUNCATED : STACK_INCOMPLETE;
    if (end == STACK_TRUNCATED)
        counters_add(COUNTER_stacks_truncated, 1);
    if (end == STACK_INCOMPLETE)
        counters_add(COUNTER_stacks_incomplete, 1);
    return stacks_intern(pcs, depth, end);
}
