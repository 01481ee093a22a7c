/* resource.c: the resource series: what the process used, about once a second, at start and at exit.
 *
 * Owns TABLE_RESOURCES. One writer at a time: `busy` is taken by an exchange, and whoever finds it taken
 * leaves (the sampling signal's handler may have interrupted the very thread that holds it). A tick costs
 * getrusage and a walk over the thread blocks. Files need a descriptor for a moment and 5 to 30 us each, so
 * /proc is read only at the exit of a process that was not brief, and the cgroup's baseline at the first
 * tick; nothing at start. When the table is full every second record goes and the interval doubles, so
 * the series always covers the whole run. In seccomp: nothing, counted.
 */
#include "monitor/monitor.h"

#include <string.h>
#include <sys/resource.h>

#include "runtime/allocator.h"
#include "runtime/clock.h"
#include "runtime/counters.h"
#include "runtime/process.h"
#include "runtime/seccomp.h"
#include "runtime/system.h"

enum { RESOURCE_INTERVAL_MS = 1000, RESOURCE_TEXT = 512, RESOURCE_PAGE = 4096, RESOURCE_TASKS = 32 };

static uint32_t busy;
static uint64_t interval_ns, last_ticks;
static bool baseline; /* the cgroup's numbers at the first tick are taken */
static char text[RESOURCE_TEXT]; /* by whoever holds busy: a signal handler's stack may be small */

/* ---- parsing ---- */

static uint64_t number(const char *digits)
{
    if (*digits < '0' || *digits > '9')
        return RESOURCE_UNKNOWN;
    uint64_t value = 0;
    for (; *digits >= '0' && *digits <= '9'; digits++)
        value = value * 10 + (uint64_t)(*digits - '0');
    return value;
}

uint64_t resource_field(const char *lines, const char *key)
{
    size_t len = strlen(key);
    for (const char *line = lines; *line; line = *line ? line + 1 : line) {
        if (strncmp(line, key, len) == 0 && (line[len] == ' ' || line[len] == ':')) {
            const char *value = line + len + (line[len] == ':');
            while (*value == ' ' || *value == '\t')
                value++;
            return number(value);
        }
        line = strchrnul(line, '\n');
    }
    return RESOURCE_UNKNOWN;
}

uint64_t resource_word(const char *line, unsigned n)
{
    while (n--) {
        line += strcspn(line, " \n");
        line += strspn(line, " ");
    }
    return number(line);
}

/* ---- the series ---- */

uint32_t resource_halve(struct resource_record *records, uint32_t count)
{
    uint32_t kept = 1;
    for (uint32_t i = 1; i < count; i += 2, kept++) {
        if (i != kept)
            records[kept] = records[i];
    }
    for (uint32_t i = kept; i < count; i++)
        __atomic_store_n(&records[i].ticks, 0, __ATOMIC_RELAXED);
    return kept;
}

static void append(const struct resource_record *record)
{
    struct segment_table *table = &segment->tables[TABLE_RESOURCES];
    if (table->capacity && table->used >= table->capacity) {
        uint32_t kept = resource_halve(segment_record(TABLE_RESOURCES, 0), table->capacity);
        __atomic_store_n(&table->used, kept, __ATOMIC_RELEASE); /* a live reader sees whole records below it */
        interval_ns *= 2;
    }
    struct resource_record *place;
    if (!segment_append(TABLE_RESOURCES, (void **)&place))
        return;
    memcpy((char *)place + sizeof place->ticks, (const char *)record + sizeof record->ticks,
           sizeof *place - sizeof place->ticks);
    __atomic_store_n(&place->ticks, record->ticks, __ATOMIC_RELEASE); /* readers skip ticks 0 */
}

/* ---- one reading ---- */

static uint64_t timeval_ns(struct timeval time)
{
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_usec * 1000u;
}

static void read_usage(struct resource_record *record)
{
    struct rusage usage;
    if (system_call2(SYS_getrusage, RUSAGE_SELF, &usage) < 0)
        return;
    record->cpu_user_ns = timeval_ns(usage.ru_utime);
    record->cpu_system_ns = timeval_ns(usage.ru_stime);
    record->peak_rss_bytes = (uint64_t)usage.ru_maxrss * 1024;
    record->minor_faults = (uint64_t)usage.ru_minflt;
    record->major_faults = (uint64_t)usage.ru_majflt;
    record->voluntary_switches = (uint64_t)usage.ru_nvcsw;
    record->involuntary_switches = (uint64_t)usage.ru_nivcsw;
}

/* schedstat has one file a thread; threads that have ended are not in any. */
static uint64_t read_run_delay(void)
{
    char room[64];
    uint64_t delay_ns = 0, found = 0;
    uint32_t count = monitor_block_count();
    for (uint32_t i = 1; i < count && found < RESOURCE_TASKS; i++) {
        const struct thread_block *block = monitor_block(i);
        if (!block || block->state != THREAD_LIVE)
            continue;
        struct text path = text_in(room, sizeof room);
        text_string(&path, "/proc/self/task/");
        text_unsigned(&path, block->tid);
        text_string(&path, "/schedstat");
        uint64_t one = system_read_file(room, text, sizeof text) > 0 ? resource_word(text, 1) : RESOURCE_UNKNOWN;
        if (one == RESOURCE_UNKNOWN)
            continue;
        delay_ns += one;
        found++;
    }
    return found ? delay_ns : RESOURCE_UNKNOWN;
}

static void read_files(struct resource_record *record)
{
    if (system_read_file("/proc/self/statm", text, sizeof text) > 0) {
        uint64_t pages = resource_word(text, 1);
        record->rss_bytes = pages == RESOURCE_UNKNOWN ? pages : pages * RESOURCE_PAGE;
        /* getrusage's peak leaves out what each CPU has not added yet (up to 32 pages of each kind and CPU: lib/percpu_counter.c);
         * statm adds them up on newer kernels and can be above it. */
        if (pages != RESOURCE_UNKNOWN && record->rss_bytes > record->peak_rss_bytes)
            record->peak_rss_bytes = record->rss_bytes;
    }
    if (system_read_file("/proc/self/io", text, sizeof text) > 0) {
        record->read_bytes = resource_field(text, "read_bytes");
        record->written_bytes = resource_field(text, "write_bytes");
    }
    record->run_delay_ns = read_run_delay();
}

static uint64_t allocated_bytes(void)
{
    const struct hook_crowd *crowd = segment_record(TABLE_CROWD, 0);
    uint64_t sum = 0;
    for (unsigned hook = 1; hook < HOOK_COUNTED_END; hook++) {
        if (hook_classes[hook] == CLASS_MEMORY && hook != HOOK_free)
            sum += crowd[hook].bytes;
    }
    uint32_t count = monitor_block_count();
    for (uint32_t i = 1; i < count; i++) {
        const struct thread_block *block = monitor_block(i);
        for (unsigned hook = 1; block && hook < HOOK_COUNTED_END; hook++) {
            if (hook_classes[hook] == CLASS_MEMORY && hook != HOOK_free)
                sum += block->counted[hook].bytes;
        }
    }
    return sum;
}

static bool brief(uint64_t now_ticks)
{
    return clock_ticks_to_ns(now_ticks - segment->start_ticks) < PROCESS_BRIEF_NS;
}

/* Read ahead by the memory hooks: a tick may come in a signal handler, or inside another allocator. */
static void read_allocator(struct resource_record *record, enum resource_when when)
{
    struct allocator_state state;
    if (when == RESOURCE_EXIT && !brief(record->ticks))
        allocator_look_last(record->ticks);
    if (!allocator_latest(record->ticks, &state))
        return;
    record->heap_allocated_bytes = state.allocated_bytes;
    record->heap_active_bytes = state.active_bytes;
    record->heap_resident_bytes = state.resident_bytes;
    record->heap_retained_bytes = state.retained_bytes;
    record->heap_metadata_bytes = state.metadata_bytes;
}

static __attribute__((noinline)) void take(uint64_t now_ticks, enum resource_when when)
{
    struct resource_record record;
    memset(&record, 0xff, sizeof record); /* RESOURCE_UNKNOWN */
    record.ticks = now_ticks;
    if (segment->threads_alive) { /* at the start nobody has been counted yet */
        record.threads = segment->threads_alive;
        record.descriptors = segment->descriptors_open;
    }
    record.allocated_bytes = allocated_bytes();
    read_allocator(&record, when); /* first: it may touch memory, which the others tell */
    read_usage(&record);
    if (when == RESOURCE_EXIT && !brief(now_ticks))
        read_files(&record);
    append(&record);
    segment->last_ticks = last_ticks = now_ticks;
    if (when == RESOURCE_EXIT ? baseline : when == RESOURCE_TICK && !baseline)
        cgroup_read(!baseline);
    if (when == RESOURCE_TICK)
        baseline = true;
}

void resource_take(uint64_t now_ticks, enum resource_when when)
{
    /* A tick may come a little early: a tenth less than the interval is enough. */
    if (when == RESOURCE_TICK && clock_ticks_to_ns(now_ticks - last_ticks) < interval_ns - interval_ns / 10)
        return;
    if (seccomp_entered) {
        counters_add(COUNTER_resource_skipped, 1);
        return;
    }
    if (__atomic_exchange_n(&busy, 1, __ATOMIC_ACQUIRE)) /* pairs with the release below */
        return;
    take(now_ticks, when);
    __atomic_store_n(&busy, 0, __ATOMIC_RELEASE);
    counters_add(COUNTER_self_ticks, clock_ticks() - now_ticks);
}

static void begin(void)
{
    busy = 0;
    baseline = false;
    interval_ns = RESOURCE_INTERVAL_MS * 1000000ull;
    resource_take(clock_ticks(), RESOURCE_START);
}

int resource_init(void)
{
    begin();
    return 0;
}

void resource_promoted(void)
{
    begin();
}
