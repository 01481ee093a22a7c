/* monitor.h: what watches the process beside the hooks: CPU sampling, the resource series, the
 * cgroup's throttling, and the summary the process writes itself.
 *
 *   monitor_init ─┬─ cpu_init       thread timers and the sampling signal's handler   (cpu.c)
 *                 ├─ resource_init  one reading about once a second                   (resource.c)
 *                 │    └─ cgroup_*  throttling, first tick to exit                    (cgroup.c)
 *                 └─ report_init    STRONG_REPORT                                     (report.c)
 *
 * No thread is started and no descriptor is held. Everything but the *_init functions may run in any
 * thread and in the sampling signal's handler, so: raw system calls, no malloc, no lock that waits.
 * Once the program has entered seccomp nothing here makes a system call.
 */
#ifndef STRONG_MONITOR_MONITOR_H
#define STRONG_MONITOR_MONITOR_H

#include <stdbool.h>
#include <stdint.h>

#include "abi/segment.h"
#include "runtime/segment.h"
#include "runtime/text.h"

/* Boot's last stage, single-threaded: sets thread_monitor and process_monitor, takes the first
 * readings. Never fails as a whole; what cannot be had is noted in the segment. */
int monitor_init(void);

/* Thread blocks by position, from 1: NULL where there is none. Blocks never go away; their numbers move.
 * Position 0 is reserved, and its page is committed only with the first block: on a full tmpfs even
 * reading it would be SIGBUS. */
static inline uint32_t monitor_block_count(void)
{
    const struct segment_table *table = &segment->tables[TABLE_THREADS];
    uint64_t used = __atomic_load_n(&table->used, __ATOMIC_RELAXED);
    return used < table->capacity ? (uint32_t)used : table->capacity;
}
static inline struct thread_block *monitor_block(uint32_t i)
{
    /* pairs with the release store that publishes a new block */
    uint64_t offset = __atomic_load_n((const uint64_t *)segment_record(TABLE_THREADS, i), __ATOMIC_ACQUIRE);
    return offset ? (struct thread_block *)segment_at(offset) : NULL;
}

/* ---- cpu.c ---- */

/* Chooses the sampling signal and installs its handler. -EBUSY: no free real-time signal. */
int cpu_init(void);
struct thread;
/* Gives the calling thread a CPU timer; takes it away. */
void cpu_attached(struct thread *thread);
void cpu_detached(struct thread *thread);
/* The forked child has a segment of its own: its only thread may have a timer now. */
void cpu_promoted(void);

/* ---- resource.c ---- */

enum resource_when { RESOURCE_START, RESOURCE_TICK, RESOURCE_EXIT };
int resource_init(void);
/* Appends a reading, unless this is a tick and the series' interval is not over. */
void resource_take(uint64_t now_ticks, enum resource_when when);
/* Starts the intervals anew in a forked child that now has a segment. */
void resource_promoted(void);
/* Drops every second of records 1 .. count-1 (0 is reserved), keeping the first; returns the new
 * count. Pure, for tests. */
uint32_t resource_halve(struct resource_record *records, uint32_t count);
/* The number behind `key` at the start of a line ("read_bytes: 12", "nr_throttled 3"), or
 * RESOURCE_UNKNOWN. Pure. */
uint64_t resource_field(const char *lines, const char *key);
/* The number of the n-th word (0: first) of a text, or RESOURCE_UNKNOWN. Pure. */
uint64_t resource_word(const char *line, unsigned n);

/* ---- cgroup.c ---- */

struct cgroup_throttling {
    uint64_t periods, throttled_periods, throttled_ns;
};
/* Reads cpu.stat of the process's own cgroup into the counters. Opens files; one caller at a time. */
void cgroup_read(bool first);
/* The file to read for /proc/self/cgroup's text: v1 where a cpu controller is mounted, else v2.
 * `attempt` 0, 1, … gives the candidates in order; false when there are no more. Pure. */
bool cgroup_stat_path(const char *text, unsigned attempt, struct text *ret_path);
/* Parses cpu.stat of v1 (throttled_time, ns) or v2 (throttled_usec). False: no throttling in it. Pure. */
bool cgroup_parse(const char *text, struct cgroup_throttling *ret);

/* ---- report.c ---- */

int report_init(void);
/* Writes the one-line summary when its interval is over. */
void report_due(uint64_t now_ticks);
void report_at_exit(uint64_t now_ticks);
void report_promoted(void);

#endif
