/* segment_fork.c: a forked child's segment: private at first, a file of its own when it lives on.
 *
 * The child must not write one byte into the parent's file, so its first act is to put private pages over
 * the mapping, empty but for the targets; every pointer stays valid. Promotion makes a file, copies what is committed, and moves
 * the shared mapping over the private one (mremap), again at the same address. The child is single-
 * threaded both times: process.c sees to that.
 */
#include <string.h>
#include <sys/mman.h>

#include "runtime/boot.h"
#include "runtime/config.h"
#include "runtime/counters.h"
#include "runtime/identity.h"
#include "runtime/segment.h"
#include "runtime/segment_layout.h"
#include "runtime/system.h"
#include "runtime/targets.h"

bool segment_promotion_due;

static struct carried {
    uint64_t used, bytes;
} carried[TABLE_COUNT];

static uint64_t size(void)
{
    return segment->segment_bytes;
}

/* Targets keep their numbers in the child, because the descriptor table it inherits names them. */
static void carry_over(char *fresh, enum segment_table_id id)
{
    const struct segment_table *table = &segment->tables[id];
    uint64_t used = table->used < table->capacity ? table->used : table->capacity;
    uint64_t bytes = used * table->record_bytes;
    if (bytes > segment_committed[id])
        bytes = segment_committed[id];
    memcpy(fresh + table->offset, segment_at(table->offset), bytes);
    carried[id] = (struct carried){used, (bytes + SEGMENT_PAGE - 1) & ~(uint64_t)(SEGMENT_PAGE - 1)};
}

/* Puts private zero pages, but for the targets, at the segment's address. */
static long replace_mapping(uint64_t bytes)
{
    long fresh = system_call6(SYS_mmap, 0, bytes, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (fresh < 0 && fresh > -4096)
        return fresh;
    carry_over((char *)fresh, TABLE_TARGETS);
    carry_over((char *)fresh, TABLE_STRINGS);
    long ret = system_call6(SYS_mremap, fresh, bytes, bytes, MREMAP_MAYMOVE | MREMAP_FIXED, segment, 0);
    return ret < 0 && ret > -4096 ? ret : 0;
}

void segment_fork_child(void)
{
    uint64_t bytes = size(), ratio = segment->ns_per_tick_q40, first_ticks = segment->clock_first_ticks,
             first_ns = segment->clock_first_ns;
    uint32_t source = segment->clock_source;
    /* the child of a child that was not promoted yet has a claim of its own */
    segment_promotion_due = bytes != 0 && (segment_form == SEGMENT_SHARED || segment_promotion_due);
    if (bytes == 0) { /* the fallback tables are the child's own copy already */
        segment->pid = (uint32_t)system_call0(SYS_getpid);
        memset(counters, 0, COUNTER_COUNT * sizeof *counters);
        return;
    }
    if (replace_mapping(bytes) < 0) {
        /* Memory is refused. Nothing may be written into the parent's file: measure nothing. */
        segment_form = SEGMENT_OFF;
        segment_promotion_due = false;
        boot_off = true;
        return;
    }
    if (segment_form == SEGMENT_SHARED)
        segment_form = SEGMENT_PRIVATE;
    segment_start(segment, bytes);
    for (unsigned i = 0; i < 2; i++) {
        enum segment_table_id id = i ? TABLE_STRINGS : TABLE_TARGETS;
        segment->tables[id].used = carried[id].used;
        segment_committed[id] = carried[id].bytes;
    }
    targets_fork_child();
    segment->ns_per_tick_q40 = ratio;
    segment->clock_first_ticks = first_ticks;
    segment->clock_first_ns = first_ns;
    segment->clock_source = source;
    segment->forked = 1;
    segment->pid = (uint32_t)system_call0(SYS_getpid);
    segment->start_ticks = clock_ticks();
    segment->start_boottime_ns = segment_boottime_ns();
    segment->block_period_ticks = clock_ns_to_ticks(config.block_period_ns);
}

/* Copies the committed parts of every table. */
static bool copy_tables(char *fresh)
{
    memcpy(fresh, segment, segment_first_part(size()));
    for (unsigned i = TABLE_CROWD + 1; i < TABLE_COUNT; i++) {
        const struct segment_table *table = &segment->tables[i];
        uint64_t bytes = segment_committed[i];
        if (bytes == 0)
            continue;
        if (segment_populate(fresh + table->offset, bytes) < 0)
            return false;
        memcpy(fresh + table->offset, segment_at(table->offset), bytes);
    }
    return true;
}

void segment_promote(void)
{
    segment_promotion_due = false;
    const char *reason = NULL;
    uint64_t bytes = size(), began = segment->start_ticks;
    char *fresh = segment_map_file(bytes, segment->pid, segment->start_boottime_ns, &reason);
    if (!fresh)
        return; /* counts on privately */
    if (!copy_tables(fresh)) {
        system_call2(SYS_munmap, fresh, bytes);
        return;
    }
    long ret = system_call(SYS_mremap, (long)fresh, (long)bytes, (long)bytes, MREMAP_MAYMOVE | MREMAP_FIXED,
                           (long)segment, 0);
    if (ret < 0 && ret > -4096) {
        system_call2(SYS_munmap, fresh, bytes);
        return;
    }
    segment_form = SEGMENT_SHARED;
    counters_set(COUNTER_segment_promoted, 1);
    identity_publish();
    segment->start_ticks = began;
    segment_collect_sometimes();
}
