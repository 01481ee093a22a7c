/* report_facts.h: what a summary of STRONG_REPORT says. Private to report*.c and their tests.
 *
 * The caller serialises (report.c's `busy`). Any context: reads the segment, one getrusage, no memory.
 */
#ifndef STRONG_MONITOR_REPORT_FACTS_H
#define STRONG_MONITOR_REPORT_FACTS_H

#include <stdint.h>

#include "abi/segment.h"
#include "runtime/text.h"

/* One interval. Times in ns, counts as differences over the interval. */
struct report_facts {
    uint64_t run_ns; /* since the process started */
    uint64_t interval_ns;
    uint64_t cpu_ns;
    uint64_t threads;   /* alive */
    uint64_t thread_ns; /* sum over threads of the time they existed */
    uint64_t class_ns[CLASS_COUNT];
    uint64_t class_calls[CLASS_COUNT];
    struct string_ref slowest; /* target with the most time in calls; len 0: none */
    uint64_t slowest_ns;
    uint64_t allocations, allocated_bytes;
    uint64_t samples_taken, samples_dropped; /* since the process started */
    uint32_t pid;
};

/* The interval begins now. */
void report_facts_init(uint64_t now_ticks);
/* Ends the interval, says what was in it, and begins the next. */
void report_facts_take(uint64_t now_ticks, struct report_facts *ret);
/* Everything since the process (or forked child) started. */
void report_facts_whole(uint64_t now_ticks, struct report_facts *ret);

/* The periodic line, newline included. strings: the heap that facts->slowest points into. */
void report_line(struct text *text, const struct report_facts *facts, const char *strings);
/* The table at exit: each line begins "libstrong:". name: of the program. */
void report_table(struct text *text, const struct report_facts *facts, const char *strings,
                  struct string_ref name);

#endif
