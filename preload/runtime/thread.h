/* thread.h: what each thread owns: its block in the segment, its private side, its hot state.
 *
 *   struct thread_hot     initial-exec TLS, a few cache lines (≤ 256 bytes, asserted): countdowns, pointers
 *   struct thread         private memory: cell index, page pointers, held locks, stack bounds, CPU timer
 *   struct thread_block   the segment's part (abi/segment.h)
 *
 * thread and thread_block belong together for ever and pass from an exited thread to the next new one
 * with their contents. hot.state says what a hook may do:
 *
 *   COLD  first call of this thread: thread_attach
 *   READY the normal case
 *   BUSY  libstrong is updating this thread's data (a signal handler got in): use the crowd rows
 *   CROWD no block was to be had: use the crowd rows
 *   OFF   libstrong is disabled in this process, or the thread is past its exit: only forward
 *
 * Everything here is the calling thread's own unless a name says otherwise.
 */
#ifndef STRONG_RUNTIME_THREAD_H
#define STRONG_RUNTIME_THREAD_H

#include <stdbool.h>
#include <stddef.h>

#include "abi/segment.h"
#include "runtime/system.h"

enum thread_hot_state { THREAD_COLD, THREAD_READY, THREAD_BUSY, THREAD_CROWD, THREAD_OFF };

enum { THREAD_INDEX_SIZE = 1024, THREAD_HELD_LOCKS = 16 };

struct held_lock {
    const void *lock;
    const void *site; /* return address of the call that took it */
};

struct span;

struct thread_hot {
    uint32_t state; /* enum thread_hot_state */
    uint32_t held_next;
    struct thread_block *block;
    struct thread *self;
    /* Bytes until the next sampled allocation: one larger than what is left (unsigned) is sampled. */
    int64_t alloc_countdown_bytes;
    /* Calls until the next timed one, [0]: those that allocate, [1]: free; below 0: this one. Both are at most 0
     * whenever block is NULL, so that every call of such a thread goes the slow way. */
    int32_t memory_countdown_calls[2];
    int64_t blocked_countdown_ticks;
    int64_t lock_countdown_ticks;
    int64_t event_countdown_calls;
    uint64_t random;
    struct span *outer; /* innermost span that is open */
    uint64_t owner;     /* who this thread is or was: its block's row, and in the upper half which owner of it */
    uint32_t interrupted; /* set by the CPU signal when it broke a system call: see runtime/interrupt.h */
    int32_t interrupted_errno; /* what errno was then */
    uint32_t app_blocks_signal; /* the program believes it blocked the sampling signal here */
};
_Static_assert(sizeof(struct thread_hot) <= 256, "static TLS is scarce (jemalloc #937)");

extern __thread struct thread_hot thread_hot __attribute__((tls_model("initial-exec")));

/* The memory hooks find no block from here on: every call takes the slow way, which looks at the state. */
static inline void thread_hot_leave(struct thread_hot *hot)
{
    hot->alloc_countdown_bytes = 0;
    hot->memory_countdown_calls[0] = hot->memory_countdown_calls[1] = 0;
    __atomic_signal_fence(__ATOMIC_SEQ_CST); /* a handler in between must not find counts and no block */
    hot->block = NULL;
}

struct thread {
    struct thread_block *block;
    void *page[BLOCK_PAGES];
    struct held_lock held[THREAD_HELD_LOCKS];
    uintptr_t stack_low, stack_high; /* readable part; low 0: unknown */
    uint32_t cells_file, cells_custom; /* cells used by these classes: quotas keep room for the rest */
    uint32_t cells_used, lines_used, line_page, cell_page;
    struct {
        uint32_t samples;   /* taken so far */
        uint32_t doublings; /* of the period from which the present gap was drawn: sampler_doublings */
    } waits[2];             /* [0]: blocked time, [1]: waits for locks; kept by the thread's heirs */
    uint32_t exit_rounds;
    int cpu_timer;  /* kernel timer id, -1: none */
    uint32_t row;   /* of TABLE_THREADS */
    uint64_t pthread; /* pthread_self() */
    struct stat_cell *index[THREAD_INDEX_SIZE];
};

int thread_init(void);

/* Gives the calling thread a block (COLD → READY, CROWD or OFF) and arms its monitors. Boots the
 * library first if need be. errno is preserved. Safe in a signal handler. */
void thread_attach(void);

/* Wraps a thread's start: arranges for thread_detach at its exit and tells its stack bounds. */
void thread_started(void *frame);
/* Thread exit, called from the TLS-destructor of our key; idempotent. */
void thread_detach(void);

/* Child of fork: the caller is the only thread; every block of the parent is gone. */
void thread_fork_child(void);

/* The cell of (hook, target) of this thread; never NULL in state READY/BUSY: when the table is full
 * it is the (other) cell of the hook, or NULL when even that has no room. Slow path of the lookup. */
struct stat_cell *thread_cell_slow(struct thread *thread, uint64_t key);

static inline unsigned thread_cell_slot(uint64_t key)
{
    return (unsigned)((key * 0x9E3779B97F4A7C15ull) >> 54); /* 10 bits: THREAD_INDEX_SIZE */
}
_Static_assert(THREAD_INDEX_SIZE == 1 << 10, "thread_cell_slot");

static inline struct stat_cell *thread_cell(struct thread *thread, uint64_t key)
{
    struct stat_cell *cell = thread->index[thread_cell_slot(key)];
    if (strong_likely(cell && cell->key == key))
        return cell;
    return thread_cell_slow(thread, key);
}

/* The 8 counts of a cell's octave, making the line if need be; NULL when there is no room. */
uint64_t *thread_line(struct thread *thread, struct stat_cell *cell, unsigned octave);
static inline uint64_t *thread_line_at(const struct thread *thread, unsigned number)
{
    unsigned line = number - 1;
    return (uint64_t *)thread->page[line / PAGE_LINE_COUNT] + line % PAGE_LINE_COUNT * HISTOGRAM_STEPS;
}

/* Adds one latency to a cell's histogram (calls must not yet include this call). */
void thread_histogram_add_slow(struct thread *thread, struct stat_cell *cell, unsigned bucket);
static inline void thread_histogram_add(struct thread *thread, struct stat_cell *cell, uint64_t ticks)
{
    unsigned bucket = histogram_bucket(ticks), number = cell->slots[bucket / HISTOGRAM_STEPS];
    if (strong_likely((cell->flags & CELL_MAPPED) && number))
        thread_line_at(thread, number)[bucket % HISTOGRAM_STEPS]++;
    else
        thread_histogram_add_slow(thread, cell, bucket);
}

/* Adds one timed call to a cell. BUSY only. */
static inline __attribute__((always_inline)) void thread_cell_add(struct thread *thread, struct stat_cell *cell,
                                                                  uint64_t ticks, uint64_t bytes)
{
    thread_histogram_add(thread, cell, ticks);
    cell->calls++;
    cell->ticks += ticks;
    cell->bytes += bytes;
    uint64_t high = ticks >> 4;
    if (strong_unlikely(high > cell->max_ticks_high))
        cell->max_ticks_high = high > UINT32_MAX ? UINT32_MAX : (uint32_t)high;
}

/* Adds one call to (hook, target) that was derived, not timed here (pseudo hooks). READY only. */
void thread_count_derived(unsigned hook, uint32_t target, uint64_t ticks, uint64_t bytes, bool failed);

/* Another thread's block by kernel thread id, or NULL: for naming a lock's holder. */
struct thread *thread_find(uint32_t tid);

/* Whether another thread stands inside a hook that `is` says yes to; true where that cannot be known. */
bool thread_any_inside(bool (*is)(unsigned hook));

/* Remembers where this thread took a lock; read by waiters in other threads. ~1 ns. */
static inline void thread_hold(const void *lock, const void *site)
{
    struct thread *self = thread_hot.self;
    struct held_lock *held = &self->held[thread_hot.held_next++ % THREAD_HELD_LOCKS];
    __atomic_store_n(&held->lock, lock, __ATOMIC_RELAXED);
    __atomic_store_n(&held->site, site, __ATOMIC_RELAXED);
}
/* Site where `thread` last took `lock`, or NULL. */
const void *thread_held_site(struct thread *thread, const void *lock);

/* Adds a counted call (abi/hooks.def, HOOK_COUNTED). READY only. */
static inline void thread_count(unsigned hook, uint64_t bytes)
{
    struct hook_counted *counted = &thread_hot.block->counted[hook];
    system_add(&counted->calls, 1);
    if (bytes)
        system_add(&counted->bytes, bytes);
}
/* The same from any state: crowd rows where there is no block. */
void thread_crowd_add(unsigned hook, uint64_t bytes, uint64_t ticks, bool failed);
void thread_error(unsigned hook, int error);

/* Kernel id of the calling thread. */
uint32_t thread_id(void);

/* Hooks called at attach and detach by monitors; set once at boot. */
struct thread_monitor {
    void (*attached)(struct thread *thread);
    void (*detached)(struct thread *thread);
};
extern struct thread_monitor thread_monitor;

#endif
