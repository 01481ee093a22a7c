/*
 * unwind: return addresses of the running thread, from the compiler's unwind tables (.eh_frame).
 *
 * A frame costs one look-up in a process-wide table from address to rule (unwind_rules.h). A miss
 * reads .eh_frame in place (unwind_cfi.c), found with glibc's _dl_find_object. There is no lock, no
 * malloc and no system call on any path, so every function here but unwind_init may be called from
 * any thread at any instruction: in a signal handler, inside malloc, while others dlopen and
 * dlclose. Stack: about 300 bytes for a walk whose rules are known, 1.3 KiB on a miss.
 *
 * Not followed: frames whose return address is in a register, and CFA expressions other than those
 * of the PLT, of gcc's realigned stacks and of hand-written assembly that saves the stack pointer
 * (UNWIND_EXPRESSION). Code without unwind tables (JITs) is stepped over by its frame pointer when
 * it has one, or by the return address on top of the stack when it was interrupted; else the walk
 * ends there (UNWIND_NO_RULE).
 */
#ifndef STRONG_RUNTIME_UNWIND_H
#define STRONG_RUNTIME_UNWIND_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Registers where a walk starts. x86-64: pc = rip, sp = rsp, fp = rbp, lr unused. aarch64: fp =
 * x29, lr = x30. pc lies inside the instruction that is running (for a call: up to its last byte).
 * context: the ucontext these came from, or NULL; it supplies the other registers, which the first
 * instructions of some functions need.
 */
struct unwind_start {
    uintptr_t pc, sp, fp, lr;
    const void *context;
};

/*
 * Stack memory that may be read: [low, high). Nothing outside is ever read. low may be as far below
 * sp as the stack is known to be mapped; sp - 128 (the red zone) is always right on x86-64.
 * other_*: where the interrupted code stood, when the walk starts on an alternate signal stack;
 * both 0 when there is none.
 */
struct unwind_bounds {
    uintptr_t low, high;
    uintptr_t other_low, other_high;
};

enum unwind_end {
    UNWIND_COMPLETE,   /* the outermost frame was reached */
    UNWIND_DEPTH,      /* max addresses written, more frames follow */
    UNWIND_NO_RULE,    /* code without unwind tables and without a usable frame pointer */
    UNWIND_BOUNDS,     /* the next frame is outside the bounds, misaligned, or does not ascend */
    UNWIND_EXPRESSION, /* the tables say it in a way that is not followed, or are malformed */
    UNWIND_ENDS
};

/* Process-wide, since start. Frames and walks are for the caller to count: it has per-thread room.
 */
struct unwind_statistics {
    uint64_t misses;   /* rules read from .eh_frame */
    uint64_t uncached; /* of those, not kept: the rule table is full, or a rule too wide */
    uint64_t frame_pointer_steps; /* frames without tables that were stepped over */
    uint64_t entry_steps;         /* the same, interrupted before they had a frame pointer */
    uint64_t flushes;
    uint64_t ends[UNWIND_ENDS]; /* walks given up, by reason; COMPLETE and DEPTH stay 0 */
};

/*
 * Resolves _dl_find_object. 0, or -ENOSYS on a glibc older than 2.35: then a walk only follows
 * frame pointers. Called once at boot, not in a signal handler; a walk before it acts as after
 * -ENOSYS.
 */
int unwind_init(void);

/*
 * Writes at most max addresses, leaf first, and returns how many. pcs[0] is start->pc. For each of
 * the others, address - 1 lies inside the instruction that was running: it is a return address, or,
 * for a frame interrupted by a signal and for the signal trampoline, pc + 1. So a reader subtracts
 * 1 from all but the first. *end says why it stopped.
 */
unsigned unwind_walk(const struct unwind_start *start, const struct unwind_bounds *bounds,
                     uintptr_t *pcs, unsigned max, enum unwind_end *end);

/* Whether a walk that gave these addresses went through a signal handler. */
bool unwind_through_handler(const uintptr_t *pcs, unsigned depth);

/* Start at the point a signal interrupted; ucontext is the handler's third argument. */
void unwind_start_context(const void *ucontext, struct unwind_start *start);

/*
 * Around each dlclose that may unmap code. The addresses of unmapped code can be given to other
 * code at once, before this thread even returns from dlclose; so from begin to end walks in all
 * threads use no rules from the table, and end empties it. Walks need not stop: the code on their
 * own stacks stays mapped. An end that never comes (a destructor that exits the thread) only makes
 * walks slow.
 */
void unwind_unload_begin(void);
void unwind_unload_end(void);

/* The second half of unwind_unload_end alone, for unmapped code that is noticed too late. */
void unwind_flush(void);

/* The address range of the module that holds an address; false: none, or not known (see unwind_init). */
bool unwind_module(uintptr_t address, uintptr_t *ret_low, uintptr_t *ret_high);

/* In the child of fork: unloads of other threads will not end there. */
void unwind_fork_child(void);

void unwind_statistics_read(struct unwind_statistics *ret);

/* Start at this very point of the calling function, which must not return before the walk. */
static inline __attribute__((always_inline)) void unwind_start_here(struct unwind_start *start)
{
#if defined(__x86_64__)
    __asm__ volatile("leaq 0(%%rip), %0\n\tmovq %%rsp, %1\n\tmovq %%rbp, %2"
                     : "=&r"(start->pc), "=&r"(start->sp), "=&r"(start->fp));
    start->lr = 0;
#elif defined(__aarch64__)
    __asm__ volatile("adr %0, .\n\tmov %1, sp\n\tmov %2, x29\n\tmov %3, x30"
                     : "=&r"(start->pc), "=&r"(start->sp), "=&r"(start->fp), "=&r"(start->lr));
#else
#error "unwind: x86-64 and aarch64 only"
#endif
    start->context = 0;
}

/*
 * Start in the caller of the calling function: its pc is the call. Makes the calling function keep
 * a frame pointer, whatever it is compiled with.
 */
static inline __attribute__((always_inline)) void unwind_start_caller(struct unwind_start *start)
{
    const uintptr_t *frame = (const uintptr_t *)__builtin_frame_address(0);
    start->pc = (uintptr_t)__builtin_extract_return_addr(__builtin_return_address(0)) - 1;
    start->fp = frame[0];
    start->sp = (uintptr_t)__builtin_dwarf_cfa();
    start->lr = 0;
    start->context = 0;
}

#endif
