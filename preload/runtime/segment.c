/* segment.c: layout, commitment and appending. See segment.h; creation of the file: segment_file.c;
 * fork: segment_fork.c.
 *
 * Invariant: memory of a table is touched only below committed[table], which only grows (and is reset
 * when a forked child starts anew). MADV_POPULATE_WRITE (Linux 5.14) commits a step without a descriptor
 * and says EFAULT where a touch would have been SIGBUS; on older kernels the whole file is allocated at
 * start instead. Steps double from 16 to 64 KiB, so that a small process stays small.
 */
#include "runtime/segment.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "runtime/config.h"
#include "runtime/counters.h"
#include "runtime/log.h"
#include "runtime/seccomp.h"
#include "runtime/segment_file.h"
#include "runtime/segment_layout.h"
#include "runtime/system.h"
#include "runtime/vdso.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23 /* linux/mman.h, since 5.14 */
#endif

enum { BYTES_LEAST = 1 << 20 /* as options.def has it */, STEP_LEAST = 16384, STEP_MOST = 65536, FALLBACK_BYTES = 32768, COLLECT_ONE_IN = 8 };

static struct {
    struct segment_header header;
    char tables[FALLBACK_BYTES];
} fallback __attribute__((aligned(SEGMENT_PAGE)));

struct segment_header *segment = &fallback.header;
enum segment_form segment_form = SEGMENT_OFF;
uint64_t *counters = (uint64_t *)(void *)fallback.tables;
uint64_t segment_committed[TABLE_COUNT];
static bool commit_whole; /* everything is committed already */

/* ---- layout ---- */

struct table_size {
    uint32_t record_bytes;
    uint32_t capacity; /* in a segment of 8 MiB */
    bool scales;       /* with the segment's size */
};

static const struct table_size sizes[TABLE_COUNT] = {
    [TABLE_COUNTERS] = {sizeof(uint64_t), COUNTER_COUNT, false},
    [TABLE_NOTES] = {sizeof(struct segment_note), SEGMENT_NOTES, false},
    [TABLE_CROWD] = {sizeof(struct hook_crowd), HOOK_COUNT, false},
    [TABLE_THREADS] = {sizeof(uint64_t), 2048, true},
    [TABLE_MODULES] = {sizeof(struct module_record), 512, true},
    [TABLE_TARGETS] = {sizeof(struct target_record), 4096, true},
    [TABLE_STRINGS] = {1, 512 << 10, true},
    [TABLE_STACKS] = {sizeof(struct stack_record), 8192, true},
    [TABLE_FRAMES] = {sizeof(uint64_t), 128 << 10, true},
    [TABLE_SUMS] = {sizeof(struct sample_sum), 16384, true},
    [TABLE_RESOURCES] = {sizeof(struct resource_record), 600, false},
    [TABLE_LIVE] = {sizeof(struct live_record), 2048, true},
    [TABLE_SIZES] = {sizeof(struct heap_record), HEAP_SIZES, false},
    [TABLE_OWNERS] = {sizeof(struct heap_record), 2048, true},
    [TABLE_GAUGES] = {sizeof(struct gauge_record), 2 * CUSTOM_NAMES, false},
    [TABLE_POOL] = {SEGMENT_PAGE, 0, false}, /* what is left */
};

/* Fills header->tables for a segment of `bytes`; returns the end of the part committed at start. */
static uint64_t lay_out(struct segment_header *header, uint64_t bytes)
{
    uint64_t offset = SEGMENT_PAGE, first_part = 0;
    for (unsigned i = 0; i < TABLE_COUNT; i++) {
        uint64_t capacity = sizes[i].capacity;
        if (sizes[i].scales)
            capacity = capacity * bytes >> 23;
        if (bytes == 0 && i > TABLE_CROWD)
            capacity = 0; /* the fallback */
        if (i == TABLE_POOL)
            capacity = bytes > offset ? (bytes - offset) / SEGMENT_PAGE : 0;
        header->tables[i] = (struct segment_table){offset, i > TABLE_CROWD, (uint32_t)capacity, sizes[i].record_bytes};
        offset += capacity * sizes[i].record_bytes;
        if (i == TABLE_CROWD)
            first_part = offset;
        if (i >= TABLE_CROWD) /* the first three share pages: they are committed together */
            offset = (offset + SEGMENT_PAGE - 1) & ~(uint64_t)(SEGMENT_PAGE - 1);
    }
    header->tables[TABLE_COUNTERS].used = COUNTER_COUNT;
    header->tables[TABLE_NOTES].used = SEGMENT_NOTES;
    header->tables[TABLE_CROWD].used = HOOK_COUNT;
    header->tables[TABLE_POOL].used = 0;
    return first_part;
}

void segment_start(struct segment_header *header, uint64_t bytes)
{
    lay_out(header, bytes);
    memset(segment_committed, 0, sizeof segment_committed);
    for (unsigned i = 0; i <= TABLE_CROWD; i++)
        segment_committed[i] = UINT64_MAX;
    header->header_bytes = sizeof *header;
    header->version = SEGMENT_VERSION;
    header->segment_bytes = bytes;
    header->hook_count = HOOK_COUNT;
    header->class_count = CLASS_COUNT;
    header->counter_count = COUNTER_COUNT;
    header->block_bytes = sizeof(struct thread_block);
    header->cell_bytes = sizeof(struct stat_cell);
    header->event_bytes = sizeof(struct event_record);
}

uint64_t segment_first_part(uint64_t bytes)
{
    struct segment_header scratch;
    return (lay_out(&scratch, bytes) + SEGMENT_PAGE - 1) & ~(uint64_t)(SEGMENT_PAGE - 1);
}

/* ---- commitment ---- */

long segment_populate(void *place, uint64_t bytes)
{
    return system_call3(SYS_madvise, place, bytes, MADV_POPULATE_WRITE);
}

/* Makes [0, bytes) of a table safe to touch. */
static bool commit(enum segment_table_id table, uint64_t bytes)
{
    uint64_t have = __atomic_load_n(&segment_committed[table], __ATOMIC_RELAXED);
    if (strong_likely(bytes <= have) || commit_whole)
        return true;
    if (seccomp_entered) {
        counters_add(COUNTER_commit_failed, 1);
        return false;
    }
    const struct segment_table *at = &segment->tables[table];
    uint64_t whole = ((uint64_t)at->capacity * at->record_bytes + SEGMENT_PAGE - 1) & ~(uint64_t)(SEGMENT_PAGE - 1);
    uint64_t step = have < STEP_LEAST ? STEP_LEAST : have < STEP_MOST ? have : STEP_MOST;
    uint64_t want = have + step > bytes ? have + step : (bytes + SEGMENT_PAGE - 1) & ~(uint64_t)(SEGMENT_PAGE - 1);
    if (want > whole)
        want = whole;
    if (bytes > want || segment_populate((char *)segment + at->offset + have, want - have) < 0) {
        counters_add(COUNTER_commit_failed, 1);
        return false;
    }
    while (have < want && !__atomic_compare_exchange_n(&segment_committed[table], &have, want, true,
                                                       __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        ;
    return true;
}

/* ---- creation ---- */

static void *map(uint64_t bytes, long fd)
{
    long ret = system_call6(SYS_mmap, 0, bytes, PROT_READ | PROT_WRITE,
                            fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE : MAP_SHARED, fd, 0);
    return ret < 0 && ret > -4096 ? NULL : (void *)ret;
}

/* Maps the file and commits its first part; NULL: could not, the file is gone again. */
void *segment_map_file(uint64_t bytes, uint32_t pid, uint64_t start_ns, const char **ret_reason)
{
    long fd = segment_file_create(bytes, pid, start_ns);
    if (fd < 0) {
        *ret_reason = strerrorname_np((int)-fd);
        return NULL;
    }
    void *place = map(bytes, fd);
    long ret = place ? segment_populate(place, segment_first_part(bytes)) : -ENOMEM;
    if (ret == -EINVAL) { /* before Linux 5.14 */
        ret = system_call4(SYS_fallocate, fd, 0, 0, bytes);
        commit_whole = ret == 0;
    }
    system_call1(SYS_close, fd);
    if (ret < 0) {
        *ret_reason = ret == -EFAULT ? "ENOSPC" : strerrorname_np((int)-ret);
        if (place)
            system_call2(SYS_munmap, place, bytes);
        segment_file_remove();
        return NULL;
    }
    return place;
}

void segment_collect_sometimes(void)
{
    if (segment_form == SEGMENT_SHARED && segment->pid % COLLECT_ONE_IN == 0)
        segment_file_collect();
}

uint64_t segment_boottime_ns(void)
{
    return vdso_clock_ns(CLOCK_BOOTTIME);
}

/* As set, but of a limited address space at most a 32nd part, which is the program's to use; 0: too little. */
static uint64_t bytes_to_map(void)
{
    uint64_t bytes = config.shm_size_bytes;
    struct rlimit limit;
    if (system_call4(SYS_prlimit64, 0, RLIMIT_AS, 0, &limit) == 0 && limit.rlim_cur / 32 < bytes)
        bytes = limit.rlim_cur / 32;
    return bytes < BYTES_LEAST ? 0 : bytes & ~(uint64_t)(SEGMENT_PAGE - 1);
}

int segment_init(void)
{
    uint64_t bytes = bytes_to_map(), start_ns = segment_boottime_ns();
    uint32_t pid = (uint32_t)system_call0(SYS_getpid);
    const char *reason = "address space is limited";
    void *place = bytes ? segment_map_file(bytes, pid, start_ns, &reason) : NULL;
    segment_form = place ? SEGMENT_SHARED : SEGMENT_PRIVATE;
    if (!place) {
        log_line(LOG_MISTAKE, "no shared memory for measurements (", reason ? reason : "?",
                 "): this process cannot be reported on; STRONG_DIR names another directory", NULL);
        place = bytes ? map(bytes, -1) : NULL;
    }
    if (!place) { /* address space is limited: the tables that fit in .bss */
        bytes = 0;
        place = &fallback;
    }
    uint64_t *old = counters;
    segment = place;
    segment_start(segment, bytes);
    counters = segment_at(segment->tables[TABLE_COUNTERS].offset);
    if (counters != old)
        memcpy(counters, old, COUNTER_COUNT * sizeof *counters);
    segment->pid = pid;
    segment->start_boottime_ns = start_ns;
    segment_collect_sometimes();
    return 0;
}

/* ---- appending ---- */

/* Takes `records` of a table: the first one's index, or UINT64_MAX. `used` never passes what is
 * committed, so whoever walks a table up to it touches nothing that could be SIGBUS. */
static uint64_t take(enum segment_table_id table, uint64_t records)
{
    struct segment_table *at = &segment->tables[table];
    uint64_t used = __atomic_load_n(&at->used, __ATOMIC_RELAXED);
    do {
        if (used + records > at->capacity || !commit(table, (used + records) * at->record_bytes))
            return UINT64_MAX;
    } while (!__atomic_compare_exchange_n(&at->used, &used, used + records, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
    return used;
}

uint32_t segment_append(enum segment_table_id table, void **ret_record)
{
    return (uint32_t)segment_take(table, 1, ret_record);
}

uint64_t segment_take(enum segment_table_id table, uint64_t records, void **ret_place)
{
    uint64_t index = take(table, records);
    if (index == UINT64_MAX)
        return 0;
    *ret_place = segment_record(table, (uint32_t)index);
    return index;
}

void *segment_take_pages(unsigned count)
{
    uint64_t index = take(TABLE_POOL, count);
    return index == UINT64_MAX ? NULL : segment_record(TABLE_POOL, (uint32_t)index);
}

struct string_ref segment_string(const char *string, unsigned len)
{
    void *place;
    uint64_t offset = len ? segment_take(TABLE_STRINGS, len, &place) : 0;
    if (!offset) {
        if (len)
            counters_add(COUNTER_string_heap_full, 1);
        return (struct string_ref){0, 0};
    }
    memcpy(place, string, len);
    return (struct string_ref){(uint32_t)offset, len};
}

void segment_note(const char *text)
{
    for (unsigned i = 0; i < SEGMENT_NOTES; i++) {
        struct segment_note *note = segment_record(TABLE_NOTES, i);
        uint64_t none = 0;
        if (__atomic_compare_exchange_n(&note->count, &none, 1, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
            for (unsigned j = 0; j + 1 < sizeof note->text && text[j]; j++)
                note->text[j] = text[j];
            return;
        }
        if (strncmp(note->text, text, sizeof note->text - 1) == 0) {
            __atomic_fetch_add(&note->count, 1, __ATOMIC_RELAXED);
            return;
        }
    }
}

void segment_close(enum segment_state state, int status)
{
    uint64_t now = clock_ticks();
    segment->exit_status = status;
    segment->last_ticks = now;
    segment->end_ticks = state == SEGMENT_RUNNING ? 0 : now;
    __atomic_store_n(&segment->state, state, __ATOMIC_RELEASE);
}
