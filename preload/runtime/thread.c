/* thread.c: threads come and go. See thread.h; cells and histograms: thread_cells.c.
 *
 * Invariant: blocks[i] is the private side of the block at threads[i] of the segment; both are made once
 * and pass from an exited thread to the next by a compare-and-swap of block->state. An exiting thread
 * gives its block back in the last round of the TLS destructors, so that destructors of the program that
 * call hooks are still counted; what comes after that counts in the crowd rows.
 */
#include "runtime/thread.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/prctl.h>

#include "runtime/arena.h"
#include "runtime/boot.h"
#include "runtime/config.h"
#include "runtime/counters.h"
#include "runtime/libc.h"
#include "runtime/sampler.h"
#include "runtime/seccomp.h"
#include "runtime/segment.h"
#include "runtime/span.h"

enum { BLOCKS_MOST = 2048, MAIN_STACK_MOST = 64 << 20 };

__thread struct thread_hot thread_hot __attribute__((tls_model("initial-exec")));
struct thread_monitor thread_monitor;

static struct thread **blocks; /* BLOCKS_MOST, zeroed by the kernel in a forked child */
static uint32_t free_hint; /* where to look first; any value will do */
static pthread_key_t exit_key;
static uintptr_t main_stack_low, main_stack_high;
extern void *__libc_stack_end; /* ld.so: where the kernel put argc */

static void exit_round(void *value);

int thread_init(void)
{
    struct {
        uint64_t soft, hard;
    } limit = {0, 0};
    system_call4(SYS_prlimit64, 0, 3 /* RLIMIT_STACK */, 0, &limit);
    uint64_t size = limit.soft && limit.soft < MAIN_STACK_MOST ? limit.soft : MAIN_STACK_MOST;
    main_stack_high = (uintptr_t)__libc_stack_end;
    main_stack_low = main_stack_high - size;
    blocks = arena_take_wiped(BLOCKS_MOST * sizeof *blocks);
    return -pthread_key_create(&exit_key, exit_round);
}

uint32_t thread_id(void)
{
    if (!boot_done || !real.pthread_mutex_lock)
        return (uint32_t)system_call0(SYS_gettid);
    /* Asks libc instead of the kernel, because seccomp may not allow gettid: a lock knows its owner. */
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    real.pthread_mutex_lock(&mutex);
    uint32_t id = (uint32_t)mutex.__data.__owner;
    pthread_mutex_unlock(&mutex); /* not interposed */
    return id;
}

/* ---- blocks ---- */

static struct thread *reuse_block(void)
{
    uint64_t count = __atomic_load_n(&segment->tables[TABLE_THREADS].used, __ATOMIC_RELAXED);
    if (count > BLOCKS_MOST)
        count = BLOCKS_MOST;
    uint32_t first = __atomic_load_n(&free_hint, __ATOMIC_RELAXED);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t at = (first + i) % (uint32_t)count;
        struct thread *thread = __atomic_load_n(&blocks[at], __ATOMIC_ACQUIRE); /* pairs with make_block */
        uint32_t free_state = THREAD_FREE;
        if (thread && __atomic_load_n(&thread->block->state, __ATOMIC_RELAXED) == THREAD_FREE &&
            __atomic_compare_exchange_n(&thread->block->state, &free_state, THREAD_LIVE, false, __ATOMIC_ACQUIRE,
                                        __ATOMIC_RELAXED)) { /* pairs with the release in thread_detach */
            __atomic_store_n(&free_hint, at + 1, __ATOMIC_RELAXED);
            return thread;
        }
    }
    return NULL;
}

static struct thread *make_block(void)
{
    struct thread_block *block = segment_take_pages(BLOCK_BASE_PAGES);
    struct thread *thread = block ? arena_take(sizeof *thread) : NULL;
    uint64_t *offset;
    uint32_t row = thread ? segment_append(TABLE_THREADS, (void **)&offset) : 0;
    if (!row || row >= BLOCKS_MOST)
        return NULL;
    thread->block = block;
    thread->row = row;
    thread->cpu_timer = -1;
    block->state = THREAD_LIVE;
    __atomic_store_n(offset, (uint64_t)((char *)block - (char *)segment), __ATOMIC_RELEASE); /* for readers */
    __atomic_store_n(&blocks[row], thread, __ATOMIC_RELEASE);
    return thread;
}

static void move_in(struct thread *thread)
{
    struct thread_block *block = thread->block;
    memcpy(block->owner_class_ticks, block->class_ticks, sizeof block->class_ticks);
    memcpy(block->owner_class_cpu_ns, block->class_cpu_ns, sizeof block->class_cpu_ns);
    memset(thread->held, 0, sizeof thread->held);
    thread->exit_rounds = 0;
    block->now_hook = 0;
    block->owners++;
    block->start_ticks = clock_ticks();
    __atomic_store_n(&block->tid, thread_id(), __ATOMIC_RELAXED);
    if (!seccomp_entered)
        system_call2(SYS_prctl, PR_GET_NAME, block->name);
    thread->pthread = (uint64_t)pthread_self();
    bool is_main = block->tid == segment->pid;
    thread->stack_low = is_main ? main_stack_low : 0;
    thread->stack_high = is_main ? main_stack_high : 0;
    uint64_t alive = __atomic_add_fetch(&segment->threads_alive, 1, __ATOMIC_RELAXED);
    __atomic_fetch_add(&segment->threads_started, 1, __ATOMIC_RELAXED);
    if (alive > __atomic_load_n(&segment->threads_peak, __ATOMIC_RELAXED))
        __atomic_store_n(&segment->threads_peak, alive, __ATOMIC_RELAXED); /* two at once may miss it by one */
}

static void start_countdowns(struct thread_hot *hot)
{
    uint64_t block_ticks = segment->block_period_ticks;
    hot->random = 0;
    hot->alloc_countdown_bytes =
        config.alloc_period_bytes ? sampler_gap(config.alloc_period_bytes) : INT64_MAX;
    for (unsigned i = 0; i < 2; i++)
        hot->memory_countdown_calls[i] = (int32_t)sampler_gap(SAMPLER_TIMED_CALLS);
    hot->blocked_countdown_ticks = block_ticks ? sampler_gap(block_ticks << hot->self->waits[0].doublings) : INT64_MAX;
    hot->lock_countdown_ticks = block_ticks ? sampler_gap(block_ticks << hot->self->waits[1].doublings) : INT64_MAX;
    hot->event_countdown_calls = sampler_event_gap();
}

void thread_attach(void)
{
    struct thread_hot *hot = &thread_hot;
    if (hot->state != THREAD_COLD)
        return;
    int saved_errno = errno;
    hot->state = THREAD_BUSY;
    boot_ensure();
    struct thread *thread = boot_off || !boot_done || !blocks ? NULL : reuse_block();
    if (!thread && boot_done && !boot_off && blocks)
        thread = make_block();
    if (!thread) {
        thread_hot_leave(hot);
        hot->state = !boot_done ? THREAD_COLD : boot_off ? THREAD_OFF : THREAD_CROWD;
        if (hot->state == THREAD_CROWD)
            counters_add(COUNTER_thread_blocks_full, 1);
        errno = saved_errno;
        return;
    }
    move_in(thread);
    hot->self = thread;
    hot->block = thread->block;
    hot->owner = thread->row | thread->block->owners << 32;
    hot->outer = NULL;
    start_countdowns(hot);
    pthread_setspecific(exit_key, thread);
    if (thread_monitor.attached)
        thread_monitor.attached(thread);
    __atomic_signal_fence(__ATOMIC_RELEASE);
    hot->state = THREAD_READY;
    errno = saved_errno;
}

/* libc allocates to answer, and that is not the program's doing: the memory hooks must only forward. */
static void learn_stack(struct thread *thread)
{
    struct thread_hot *hot = &thread_hot, saved = *hot;
    int saved_errno = errno;
    hot->state = THREAD_OFF;
    thread_hot_leave(hot);
    pthread_attr_t attributes;
    if (pthread_getattr_np(pthread_self(), &attributes) == 0) {
        void *low;
        size_t size;
        if (pthread_attr_getstack(&attributes, &low, &size) == 0) {
            thread->stack_low = (uintptr_t)low;
            thread->stack_high = (uintptr_t)low + size;
        }
        pthread_attr_destroy(&attributes);
    }
    hot->block = saved.block;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    hot->alloc_countdown_bytes = saved.alloc_countdown_bytes;
    for (unsigned i = 0; i < 2; i++)
        hot->memory_countdown_calls[i] = saved.memory_countdown_calls[i];
    hot->state = saved.state;
    errno = saved_errno;
}

void thread_started(void *frame)
{
    (void)frame;
    thread_attach();
    struct thread *thread = thread_hot.self;
    if (thread && !thread->stack_high && !seccomp_entered)
        learn_stack(thread);
}

void thread_detach(void)
{
    struct thread_hot *hot = &thread_hot;
    struct thread *thread = hot->self;
    if (!thread)
        return;
    int saved_errno = errno;
    struct thread_block *block = thread->block;
    uint64_t lived = clock_ticks() - block->start_ticks;
    thread_count_derived(HOOK_thread_life, 0, lived, 0, false);
    hot->state = THREAD_BUSY;
    if (thread_monitor.detached)
        thread_monitor.detached(thread);
    block->lived_ticks += lived;
    if (!seccomp_entered) /* programs name their threads after they have started */
        system_call2(SYS_prctl, PR_GET_NAME, block->name);
    block->now_hook = 0;
    thread_hot_leave(hot);
    hot->self = NULL;
    hot->outer = NULL;
    hot->state = THREAD_CROWD;
    __atomic_fetch_sub(&segment->threads_alive, 1, __ATOMIC_RELAXED);
    __atomic_store_n(&block->tid, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&block->state, THREAD_FREE, __ATOMIC_RELEASE); /* pairs with reuse_block */
    errno = saved_errno;
}

/* Our key was made first, so in every round it runs before the program's: wait for the last round. */
static void exit_round(void *value)
{
    struct thread *thread = value;
    if (++thread->exit_rounds < PTHREAD_DESTRUCTOR_ITERATIONS && pthread_setspecific(exit_key, value) == 0)
        return;
    thread_detach();
}

void thread_fork_child(void)
{
    struct thread_hot *hot = &thread_hot;
    thread_hot_leave(hot);
    hot->self = NULL;
    hot->outer = NULL;
    free_hint = 0;
    hot->state = boot_off ? THREAD_OFF : segment_form == SEGMENT_OFF ? THREAD_CROWD : THREAD_COLD;
}

struct thread *thread_find(uint32_t tid)
{
    uint64_t count = __atomic_load_n(&segment->tables[TABLE_THREADS].used, __ATOMIC_RELAXED);
    if (count > BLOCKS_MOST)
        count = BLOCKS_MOST;
    for (uint32_t i = 0; tid && i < count; i++) {
        struct thread *thread = __atomic_load_n(&blocks[i], __ATOMIC_ACQUIRE); /* pairs with make_block */
        if (thread && __atomic_load_n(&thread->block->tid, __ATOMIC_RELAXED) == tid)
            return thread;
    }
    return NULL;
}

bool thread_any_inside(bool (*is)(unsigned hook))
{
    uint64_t count = __atomic_load_n(&segment->tables[TABLE_THREADS].used, __ATOMIC_RELAXED);
    if (count > BLOCKS_MOST || counters[COUNTER_thread_blocks_full] || !thread_hot.block)
        return true;
    for (uint32_t i = 0; i < count; i++) {
        struct thread *thread = __atomic_load_n(&blocks[i], __ATOMIC_ACQUIRE); /* pairs with make_block */
        if (thread && thread->block != thread_hot.block && is(__atomic_load_n(&thread->block->now_hook, __ATOMIC_RELAXED)))
            return true;
    }
    return false;
}

const void *thread_held_site(struct thread *thread, const void *lock)
{
    for (unsigned i = 0; i < THREAD_HELD_LOCKS; i++)
        if (__atomic_load_n(&thread->held[i].lock, __ATOMIC_RELAXED) == lock)
            return __atomic_load_n(&thread->held[i].site, __ATOMIC_RELAXED);
    return NULL;
}
