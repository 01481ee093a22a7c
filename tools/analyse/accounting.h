/* accounting.h: where the thread-seconds went, adding up.
 *
 * The life of all threads together is the total; every row is a part of it, and the rows sum to the
 * total exactly: what no row explains is the row "not accounted for", which is always there and
 * never negative. Where the parts exceeded the whole (clocks read at different moments, CPU time
 * inside calls that was not sampled) the waits are scaled down to fit, and `excess_ns` says by how
 * much.
 *
 *   on CPU       rusage between the first and last reading; sampled CPU time where there is none
 *   a wait       time in the class's outermost calls, minus the CPU time sampled inside them
 *
 * A class is split into rows by what its calls touched: reading from an accepted connection waits
 * for work, reading from a connection of our own waits for the network, whatever the function is
 * called. Pure function of the model.
 */
#ifndef STRONG_ANALYSE_ACCOUNTING_H
#define STRONG_ANALYSE_ACCOUNTING_H

#include <stdbool.h>
#include <stdint.h>

#include "read/model.h"

enum accounting_part {
    PART_CPU,
    PART_NETWORK,
    PART_CONNECT,
    PART_RESOLVE,
    PART_FILE,
    PART_LOCK,
    PART_SLEEP,
    PART_PIPE,    /* the other end of a pipe or a terminal */
    PART_PROCESS, /* starting processes and threads */
    PART_JOIN,    /* waiting for a thread or a child to end */
    PART_EVENT,   /* in an event loop, for work or for an answer: at most this was for answers that were due */
    PART_IDLE,    /* waiting for work */
    PART_QUEUE,   /* runnable, waiting for a CPU: at most this, where no call explains it */
    PART_UNACCOUNTED,
    PART_COUNT,
};

struct accounting {
    uint64_t total_ns; /* life of all threads */
    uint64_t wall_ns;
    uint64_t parts[PART_COUNT];      /* sum to total_ns */
    uint64_t calls[PART_COUNT];      /* calls behind a part, 0 for those without */
    uint32_t top_target[PART_COUNT]; /* index of the target with most time in the part, 0: none */
    uint64_t top_ns[PART_COUNT];     /* its time in the part, CPU time included */
    uint32_t target_count[PART_COUNT];
    bool cpu_measured;
    /* Time on a CPU or wanting one. Where the kernel took the CPU away more often than threads gave
     * it up, what no call explains is taken for waiting in the run queue. */
    uint64_t runnable_ns;
    bool crowded;       /* that is so */
    uint64_t excess_ns; /* by which the parts exceeded the total before they were scaled */
    uint64_t interpreter_ns; /* of PART_LOCK: for CPython's interpreter lock; estimated from samples */
    /* Thread time that was neither waiting for work, a child or the other end of a pipe; at least
     * the wall time. What a finding's share is a share of. */
    uint64_t work_ns;
};

void accounting_make(const struct model *model, struct accounting *ret_accounting);

/* One thread that was alive at the end, or is now. CPU time is what was sampled in it, and waiting in the run queue is
 * not known by thread: both are in "not accounted for" where they were not seen. */
struct accounting_thread {
    uint64_t parts[PART_COUNT]; /* sum to its life_ns */
    bool cpu_sampled;
    bool shared; /* how its classes divide into parts is estimated: threads before it are in the rows, too */
    uint64_t excess_ns;
};

/* One for each of model->threads, in the same order. */
void accounting_threads(const struct model *model, struct accounting_thread *ret_threads);

/* To which part a call of hook on a target of that kind belongs. */
enum accounting_part accounting_part_of(unsigned hook, enum target_kind kind);

/* "network", …: as JSON spells it, and for people. */
const char *accounting_part_name(enum accounting_part part);
const char *accounting_part_title(enum accounting_part part);

#endif
