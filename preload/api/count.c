/* count.c: sums the program keeps: calls = increments, bytes = their sum, in a cell without a histogram.
 *
 * Additions to a cell that is there are single instructions, so a signal handler in between loses nothing; only
 * making a cell needs the thread BUSY.
 */
#include "api/api.h"
#include "runtime/counters.h"

static __attribute__((noinline, cold)) struct stat_cell *make(uint64_t key)
{
    struct thread_hot *hot = &thread_hot;
    hot->state = THREAD_BUSY;
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    struct stat_cell *cell = thread_cell(hot->self, key);
    __atomic_signal_fence(__ATOMIC_SEQ_CST);
    hot->state = THREAD_READY;
    return cell;
}

static __attribute__((noinline, cold)) void add_crowd(uint64_t n)
{
    if (thread_hot.state == THREAD_BUSY)
        counters_add(COUNTER_nested_calls, 1);
    thread_crowd_add(HOOK_count, n, 0, false);
}

void count_add(uint32_t number, uint64_t n)
{
    struct thread_hot *hot = &thread_hot;
    if (strong_unlikely(hot->state == THREAD_COLD))
        thread_attach();
    if (strong_unlikely(hot->state == THREAD_OFF))
        return;
    uint32_t target = name_target(number);
    if (strong_unlikely(target == 0))
        counters_add(COUNTER_custom_names_full, 1);
    if (strong_unlikely(hot->state != THREAD_READY)) {
        add_crowd(n);
        return;
    }
    uint64_t key = cell_key(HOOK_count, target);
    struct stat_cell *cell = hot->self->index[thread_cell_slot(key)];
    if (strong_unlikely(!cell || cell->key != key))
        cell = make(key);
    if (strong_unlikely(!cell)) {
        add_crowd(n);
        return;
    }
    system_add(&cell->calls, 1);
    system_add(&cell->bytes, n);
}
