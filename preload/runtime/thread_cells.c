/* thread_cells.c: the statistics a thread keeps: cells by (hook, target), their histograms, errors.
 *
 * All functions work on the calling thread's own block in state BUSY (set by span_end and friends), so
 * there is one writer and no signal handler in between. Publication to the reader: a cell's key and an
 * octave's line number are written last, with release. Quotas: cells of class file may take three
 * fifths of the room and those of class custom a half, both together seven eighths, so that a program that opens
 * everything and names everything still sees its peers; the last OTHER_RESERVE cells, and the pages for them,
 * are kept for the (other) row of each hook.
 */
#include <string.h>

#include "runtime/counters.h"
#include "runtime/segment.h"
#include "runtime/span.h"
#include "runtime/thread.h"

enum {
    CELLS_MOST = BLOCK_CELL_PAGES * PAGE_CELL_COUNT,
    OTHER_RESERVE = 64,
    OTHER_PAGES = OTHER_RESERVE / PAGE_CELL_COUNT,
    LINE_PAGES_MOST = 8, /* the rest is left to cells */
    CELLS_FILE_MOST = (CELLS_MOST - OTHER_RESERVE) * 3 / 5,
    CELLS_CUSTOM_MOST = (CELLS_MOST - OTHER_RESERVE) / 2,
    CELLS_BOTH_MOST = (CELLS_MOST - OTHER_RESERVE) * 7 / 8,
};

/* Takes one pool page for this block; its number, or -1. `last`: may be one of the last ones. */
static int take_page(struct thread *thread, enum page_kind kind, bool last)
{
    struct thread_block *block = thread->block;
    uint32_t number = block->pages_used;
    if (number >= (last ? BLOCK_PAGES : BLOCK_PAGES - OTHER_PAGES) ||
        (kind == PAGE_CELLS && block->cell_pages >= BLOCK_CELL_PAGES) ||
        (kind == PAGE_LINES && thread->lines_used >= LINE_PAGES_MOST * PAGE_LINE_COUNT))
        return -1;
    void *page = segment_take_pages(1);
    if (!page)
        return -1;
    thread->page[number] = page;
    block->page_offset[number] = (uint64_t)((char *)page - (char *)segment);
    if (kind == PAGE_CELLS)
        block->cell_pages++;
    block->pages_used = number + 1;
    __atomic_store_n(&block->page_kind[number], (uint8_t)kind, __ATOMIC_RELEASE); /* for readers */
    return (int)number;
}

static bool allowed(const struct thread *thread, uint64_t key)
{
    if (cell_target(key) == 0)
        return thread->cells_used < CELLS_MOST;
    if (thread->cells_used >= CELLS_MOST - OTHER_RESERVE)
        return false;
    bool both = thread->cells_file + thread->cells_custom < CELLS_BOTH_MOST;
    switch (hook_classes[cell_hook(key)]) {
    case CLASS_FILE:
        return both && thread->cells_file < CELLS_FILE_MOST;
    case CLASS_CUSTOM:
        return both && thread->cells_custom < CELLS_CUSTOM_MOST;
    default:
        return true;
    }
}

static struct stat_cell *make_cell(struct thread *thread, uint64_t key)
{
    if (!allowed(thread, key))
        return NULL;
    uint32_t within = thread->cells_used % PAGE_CELL_COUNT;
    if (within == 0) {
        int page = take_page(thread, PAGE_CELLS, cell_target(key) == 0);
        if (page < 0)
            return NULL;
        thread->cell_page = (uint32_t)page;
    }
    struct stat_cell *cell = (struct stat_cell *)thread->page[thread->cell_page] + within;
    thread->cells_used++;
    if (cell_target(key)) {
        thread->cells_file += hook_classes[cell_hook(key)] == CLASS_FILE;
        thread->cells_custom += hook_classes[cell_hook(key)] == CLASS_CUSTOM;
    }
    cell->class_id = (uint16_t)span_class(cell_hook(key), cell_target(key));
    __atomic_store_n(&cell->key, key, __ATOMIC_RELEASE); /* for readers */
    return cell;
}

/* `at`: where in the index it belongs; NULL: there is no room. */
static __attribute__((noinline)) struct stat_cell *new_cell(struct thread *thread, uint64_t key, struct stat_cell **at)
{
    struct stat_cell *cell = at ? make_cell(thread, key) : NULL;
    if (cell)
        return *at = cell;
    if (cell_target(key) == 0)
        return NULL;
    counters_add(COUNTER_cell_table_full, 1);
    return thread_cell(thread, cell_key(cell_hook(key), 0));
}

/* Two busy keys may share a slot, so finding is kept apart from making. */
struct stat_cell *thread_cell_slow(struct thread *thread, uint64_t key)
{
    unsigned slot = thread_cell_slot(key);
    for (unsigned i = 0; i < THREAD_INDEX_SIZE; i++) {
        struct stat_cell **at = &thread->index[(slot + i) % THREAD_INDEX_SIZE];
        if (!*at)
            return new_cell(thread, key, at);
        if ((*at)->key == key)
            return *at;
    }
    return new_cell(thread, key, NULL);
}

/* ---- histograms ---- */

uint64_t *thread_line(struct thread *thread, struct stat_cell *cell, unsigned octave)
{
    if (cell->slots[octave])
        return thread_line_at(thread, cell->slots[octave]);
    uint32_t within = thread->lines_used % PAGE_LINE_COUNT;
    if (within == 0) {
        int page = take_page(thread, PAGE_LINES, false);
        if (page < 0)
            return NULL;
        thread->line_page = (uint32_t)page;
    }
    thread->lines_used++;
    uint16_t number = (uint16_t)(1 + thread->line_page * PAGE_LINE_COUNT + within);
    __atomic_store_n(&cell->slots[octave], number, __ATOMIC_RELEASE); /* for readers */
    return thread_line_at(thread, number);
}

static void count_bucket(struct thread *thread, struct stat_cell *cell, unsigned bucket)
{
    uint64_t *line = thread_line(thread, cell, bucket / HISTOGRAM_STEPS);
    if (line)
        system_add(&line[bucket % HISTOGRAM_STEPS], 1);
    else
        counters_add(COUNTER_histogram_full, 1);
}

/* The inline list is full: from now on slots[] maps octaves to lines. */
static void map_histogram(struct thread *thread, struct stat_cell *cell)
{
    uint16_t list[CELL_INLINE];
    memcpy(list, cell->slots, sizeof list);
    memset(cell->slots, 0, sizeof cell->slots);
    __atomic_store_n(&cell->flags, CELL_MAPPED, __ATOMIC_RELEASE);
    for (unsigned i = 0; i < CELL_INLINE; i++)
        count_bucket(thread, cell, list[i]);
}

void thread_histogram_add_slow(struct thread *thread, struct stat_cell *cell, unsigned bucket)
{
    if (!(cell->flags & CELL_MAPPED) && cell->calls < CELL_INLINE) {
        cell->slots[cell->calls] = (uint16_t)bucket;
        return;
    }
    if (!(cell->flags & CELL_MAPPED))
        map_histogram(thread, cell);
    count_bucket(thread, cell, bucket);
}

/* ---- rare rows ---- */

void thread_count_derived(unsigned hook, uint32_t target, uint64_t ticks, uint64_t bytes, bool failed)
{
    struct thread_hot *hot = &thread_hot;
    struct thread *thread = hot->self;
    if (hot->state == THREAD_OFF)
        return;
    if (hot->state != THREAD_READY) {
        thread_crowd_add(hook, bytes, ticks, failed);
        return;
    }
    hot->state = THREAD_BUSY;
    struct stat_cell *cell = thread_cell(thread, cell_key(hook, target));
    if (cell) {
        thread_cell_add(thread, cell, ticks, bytes);
        cell->errors += failed;
    } else {
        thread_crowd_add(hook, bytes, ticks, failed);
    }
    hot->state = THREAD_READY;
}

void thread_crowd_add(unsigned hook, uint64_t bytes, uint64_t ticks, bool failed)
{
    if (segment->tables[TABLE_CROWD].capacity <= hook)
        return;
    struct hook_crowd *crowd = segment_record(TABLE_CROWD, hook);
    __atomic_fetch_add(&crowd->calls, 1, __ATOMIC_RELAXED);
    __atomic_fetch_add(&crowd->ticks, ticks, __ATOMIC_RELAXED);
    if (bytes)
        __atomic_fetch_add(&crowd->bytes, bytes, __ATOMIC_RELAXED);
    if (failed)
        __atomic_fetch_add(&crowd->errors, 1, __ATOMIC_RELAXED);
}

void thread_error(unsigned hook, int error)
{
    struct thread_block *block = thread_hot.block;
    uint32_t key = hook << 16 | ((uint32_t)error & 0xffff);
    if (!block)
        return;
    for (unsigned i = 0, slot = key * 0x9E3779B1u >> 26; i < BLOCK_ERRORS; i++) {
        struct error_count *row = &block->errors[(slot + i) % BLOCK_ERRORS];
        if (row->key == 0)
            __atomic_store_n(&row->key, key, __ATOMIC_RELEASE); /* for readers */
        if (row->key == key) {
            system_add(&row->count, 1);
            return;
        }
    }
}
