/* decode_blocks.c: thread blocks: cells with their histograms, counted calls, errors, events, owners.
 *
 * A block is copied as it was at some moment; of a live process its fields may be some calls apart.
 * So a histogram may hold fewer entries than calls, or a slot may still be empty: every slot is
 * checked, none is required.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "read/decode.h"
#include "read/text.h"

/* Larger blocks of pages than the format allows are not followed. */
static unsigned page_count(const struct thread_block *block)
{
    return block->pages_used < BLOCK_PAGES ? block->pages_used : BLOCK_PAGES;
}

static struct model_row *row_of(struct decoder *decoder, unsigned hook, uint32_t target)
{
    uint64_t key = cell_key(hook, target);
    uint32_t found = lookup_find(&decoder->row_index, key);
    if (found != LOOKUP_NONE)
        return (struct model_row *)decoder->rows.items + found;
    struct model_row *row = vector_push(&decoder->rows);
    if (!row || lookup_add(&decoder->row_index, key, (uint32_t)decoder->rows.count - 1) != 0)
        return NULL;
    row->hook = hook;
    row->target = target;
    return row;
}

/* One octave's counts of a mapped cell. */
static int add_line(struct decoder *decoder, const struct thread_block *block, unsigned slot,
                    unsigned octave, struct latency *latency)
{
    unsigned page = (slot - 1) / PAGE_LINE_COUNT, index = (slot - 1) % PAGE_LINE_COUNT;
    const uint64_t *lines = NULL;
    if (page < page_count(block) && block->page_kind[page] == PAGE_LINES)
        lines = snapshot_pages(decoder->snapshot, block->page_offset[page], SEGMENT_PAGE);
    if (!lines) {
        decoder->model->damaged++;
        return 0;
    }
    int error = 0;
    for (unsigned step = 0; step < HISTOGRAM_STEPS && !error; step++)
        error = latency_add(latency, &decoder->model->arena,
                            decoder->model->processes[0].ns_per_tick,
                            octave * HISTOGRAM_STEPS + step,
                            lines[index * HISTOGRAM_STEPS + step]);
    return error;
}

static int add_histogram(struct decoder *decoder, const struct thread_block *block,
                         const struct stat_cell *cell, struct latency *latency)
{
    int error = 0;
    bool mapped = cell->flags & CELL_MAPPED;
    unsigned used = mapped || cell->calls > CELL_INLINE ? CELL_INLINE : (unsigned)cell->calls;
    for (unsigned i = 0; i < used && !error; i++) {
        if (mapped && cell->slots[i])
            error = add_line(decoder, block, cell->slots[i], i, latency);
        else if (!mapped && cell->slots[i] < HISTOGRAM_BUCKETS)
            error = latency_add(latency, &decoder->model->arena,
                                decoder->model->processes[0].ns_per_tick, cell->slots[i], 1);
    }
    return error;
}

/* Locks and semaphores count every call as it begins and time those that turn out to wait on top of
 * that; stdio counts a call or times it. */
static bool counted_at_entry(unsigned hook)
{
    return hook_kinds[hook] == HOOK_KIND_COUNTED && hook_classes[hook] != CLASS_FILE;
}

static int add_cell(struct decoder *decoder, const struct thread_block *block,
                    const struct stat_cell *cell)
{
    const struct segment_header *header = decoder->snapshot->header;
    struct model *model = decoder->model;
    unsigned hook = cell_hook(cell->key);
    if (cell->key == 0 || cell->calls == 0)
        return 0;
    if (hook == HOOK_NONE || hook >= HOOK_COUNT || cell->key >> 48) {
        model->damaged++;
        return 0;
    }
    struct model_row *row =
        row_of(decoder, hook, decode_target(decoder, cell_target(cell->key)));
    if (!row)
        return -ENOMEM;
    struct model_hook *total = &model->hooks[hook];
    uint64_t ns = decode_ns(header, cell->ticks);
    uint64_t max_ns = decode_ns(header, (uint64_t)cell->max_ticks_high * 16);
    row->calls = decode_sum(row->calls, cell->calls);
    row->errors = decode_sum(row->errors, cell->errors);
    row->bytes = decode_sum(row->bytes, cell->bytes);
    row->ns = decode_sum(row->ns, ns);
    row->max_ns = max_ns > row->max_ns ? max_ns : row->max_ns;
    if (!counted_at_entry(hook))
        total->calls = decode_sum(total->calls, cell->calls);
    if (hook != HOOK_count)
        total->timed = decode_sum(total->timed, cell->calls);
    total->errors = decode_sum(total->errors, cell->errors);
    total->bytes = decode_sum(total->bytes, cell->bytes);
    total->ns = decode_sum(total->ns, ns);
    total->max_ns = max_ns > total->max_ns ? max_ns : total->max_ns;
    if (hook == HOOK_count) /* its slots say nothing */
        return 0;
    /* the recorded maximum is rounded down to 16 ticks */
    uint64_t most_ns = decode_ns(header, ((uint64_t)cell->max_ticks_high + 1) * 16);
    if (most_ns > row->latency.max_ns)
        row->latency.max_ns = most_ns;
    return add_histogram(decoder, block, cell, &row->latency);
}

static int add_cells(struct decoder *decoder, const struct thread_block *block)
{
    int error = 0;
    for (unsigned page = 0; page < page_count(block) && !error; page++) {
        if (block->page_kind[page] != PAGE_CELLS || block->page_offset[page] == 0)
            continue;
        const struct stat_cell *cells =
            snapshot_pages(decoder->snapshot, block->page_offset[page], SEGMENT_PAGE);
        if (!cells) {
            decoder->model->damaged++;
            continue;
        }
        for (unsigned i = 0; i < PAGE_CELL_COUNT && !error; i++)
            error = add_cell(decoder, block, &cells[i]);
    }
    return error;
}

static int add_error(struct decoder *decoder, const struct error_count *record)
{
    unsigned hook = record->key >> 16;
    if (record->key == 0 || record->count == 0)
        return 0;
    if (hook == HOOK_NONE || hook >= HOOK_COUNT) {
        decoder->model->damaged++;
        return 0;
    }
    uint32_t found = lookup_find(&decoder->error_index, record->key);
    struct model_error *error;
    if (found != LOOKUP_NONE) {
        error = (struct model_error *)decoder->errors.items + found;
    } else {
        error = vector_push(&decoder->errors);
        if (!error || lookup_add(&decoder->error_index, record->key,
                                 (uint32_t)decoder->errors.count - 1) != 0)
            return -ENOMEM;
        error->hook = hook;
        error->error = (int)(record->key & 0xffff);
    }
    error->count = decode_sum(error->count, record->count);
    return 0;
}

static int add_events(struct decoder *decoder, const struct thread_block *block)
{
    const struct segment_header *header = decoder->snapshot->header;
    uint64_t start_ns = decoder->model->processes[0].start_monotonic_ns;
    if (block->events_written > BLOCK_EVENTS)
        decoder->model->events_overwritten = decode_sum(
            decoder->model->events_overwritten, block->events_written - BLOCK_EVENTS);
    for (unsigned i = 0; i < BLOCK_EVENTS; i++) {
        const struct event_record *record = &block->events[i];
        if (record->start_ticks == 0)
            continue;
        if (record->hook == HOOK_NONE || record->hook >= HOOK_COUNT) {
            decoder->model->damaged++;
            continue;
        }
        struct model_event *event = vector_push(&decoder->events);
        if (!event)
            return -ENOMEM;
        uint64_t moment = decode_moment(header, record->start_ticks);
        event->start_ns = moment > start_ns ? moment - start_ns : 0;
        event->duration_ns = decode_ns(header, record->duration_ticks);
        event->hook = record->hook;
        event->error = record->error;
        event->target = decode_target(decoder, record->target);
        event->stack = decode_stack(decoder, record->stack);
        event->bytes = record->bytes;
        event->tid = record->start_ticks >= block->start_ticks ? (pid_t)block->tid : 0;
    }
    return 0;
}

static uint64_t since(uint64_t end, uint64_t start)
{
    return end > start ? end - start : 0;
}

/* The difference to the copy made when the present owner moved in. */
static uint64_t own(uint64_t sum, uint64_t before)
{
    return sum > before ? sum - before : 0;
}

static void add_call(struct decoder *decoder, const struct stat_cell *cell, struct model_call *calls,
                     size_t *count)
{
    unsigned hook = cell_hook(cell->key);
    if (cell->key == 0 || cell->calls == 0 || hook == HOOK_NONE || hook >= HOOK_COUNT || cell->key >> 48)
        return;
    uint32_t target = decode_target(decoder, cell_target(cell->key));
    enum target_kind kind = target == 0 ? TARGET_OTHER : decoder->model->targets[target].kind;
    size_t i = 0;
    while (i < *count && (calls[i].hook != hook || calls[i].kind != kind))
        i++;
    if (i == *count)
        calls[(*count)++] = (struct model_call){.hook = hook, .kind = kind};
    calls[i].calls = decode_sum(calls[i].calls, cell->calls);
    calls[i].ns = decode_sum(calls[i].ns, decode_ns(decoder->snapshot->header, cell->ticks));
}

/* The block's cells once more, as calls of its thread. What is damaged add_cells has counted. */
static int add_calls(struct decoder *decoder, const struct thread_block *block,
                     struct model_thread *thread)
{
    struct model_call calls[BLOCK_PAGES * PAGE_CELL_COUNT]; /* 14 KiB */
    size_t count = 0;
    for (unsigned page = 0; page < page_count(block); page++) {
        if (block->page_kind[page] != PAGE_CELLS || block->page_offset[page] == 0)
            continue;
        const struct stat_cell *cells =
            snapshot_pages(decoder->snapshot, block->page_offset[page], SEGMENT_PAGE);
        for (unsigned i = 0; cells && i < PAGE_CELL_COUNT; i++)
            add_call(decoder, &cells[i], calls, &count);
    }
    thread->calls = arena_array(&decoder->model->arena, count + 1, sizeof(calls[0]));
    if (!thread->calls)
        return -ENOMEM;
    memcpy(thread->calls, calls, count * sizeof(calls[0]));
    thread->call_count = count;
    thread->calls_shared = block->owners != 1;
    return 0;
}

/* The thread that owns the block now, or did when the process ended. */
static int add_owner(struct decoder *decoder, const struct thread_block *block)
{
    const struct segment_header *header = decoder->snapshot->header;
    struct model *model = decoder->model;
    struct model_thread *thread = vector_push(&decoder->threads);
    if (!thread)
        return -ENOMEM;
    thread->tid = (pid_t)block->tid;
    thread->name = text_clean_copy(&model->arena, block->name,
                                   strnlen(block->name, sizeof(block->name)));
    if (!thread->name)
        return -ENOMEM;
    uint64_t start = decode_moment(header, block->start_ticks);
    thread->start_ns = since(start, model->processes[0].start_monotonic_ns);
    thread->life_ns = since(decoder->end_ns, start);
    model->thread_ns = decode_sum(model->thread_ns, thread->life_ns);
    for (int i = 0; i < CLASS_COUNT; i++)
        thread->class_ns[i] =
            decode_ns(header, own(block->class_ticks[i], block->owner_class_ticks[i]));
    for (int i = 0; i <= CLASS_COUNT; i++)
        thread->class_cpu_ns[i] =
            decode_bound(own(block->class_cpu_ns[i], block->owner_class_cpu_ns[i]));
    if (add_calls(decoder, block, thread) != 0)
        return -ENOMEM;
    if (block->now_hook == HOOK_NONE || block->now_hook >= HOOK_COUNT)
        return 0;
    thread->now_hook = block->now_hook;
    thread->now_target = decode_target(decoder, block->now_target);
    thread->now_ns = since(decoder->end_ns, decode_moment(header, block->now_ticks));
    enum target_kind kind = model->targets[thread->now_target].kind;
    struct model_class *class = &model->classes[model_class(thread->now_hook, kind)];
    class->unfinished_ns = decode_sum(class->unfinished_ns, thread->now_ns);
    return 0;
}

static int add_block(struct decoder *decoder, const struct thread_block *block)
{
    const struct segment_header *header = decoder->snapshot->header;
    struct model *model = decoder->model;
    for (int i = 0; i < CLASS_COUNT; i++)
        model->classes[i].ns =
            decode_sum(model->classes[i].ns, decode_ns(header, block->class_ticks[i]));
    for (int i = 0; i <= CLASS_COUNT; i++)
        model->cpu_ns[i] = decode_sum(model->cpu_ns[i], block->class_cpu_ns[i]);
    for (int i = 1; i < HOOK_COUNTED_END; i++) {
        struct model_hook *hook = &model->hooks[i];
        hook->calls = decode_sum(hook->calls, block->counted[i].calls);
        hook->bytes = decode_sum(hook->bytes, block->counted[i].bytes);
    }
    for (int i = 0; i < HEAP_TIMED_COUNT; i++) {
        struct model_heap *heap = &model->heap;
        heap->timed_calls[i] = decode_sum(heap->timed_calls[i], block->timed_calls[i]);
        heap->timed_ns[i] =
            decode_sum(heap->timed_ns[i], decode_ns(header, block->timed_ticks[i]));
    }
    model->thread_ns = decode_sum(model->thread_ns, decode_ns(header, block->lived_ticks));
    int error = add_cells(decoder, block);
    for (int i = 0; i < BLOCK_ERRORS && !error; i++)
        error = add_error(decoder, &block->errors[i]);
    if (!error)
        error = add_events(decoder, block);
    if (!error && block->state == THREAD_LIVE)
        error = add_owner(decoder, block);
    return error;
}

static void add_crowd(struct decoder *decoder)
{
    const struct segment_header *header = decoder->snapshot->header;
    const struct hook_crowd *crowd = snapshot_table(decoder->snapshot, TABLE_CROWD);
    for (int i = 1; i < HOOK_COUNT; i++) {
        struct model_hook *hook = &decoder->model->hooks[i];
        hook->calls = decode_sum(hook->calls, crowd[i].calls);
        hook->errors = decode_sum(hook->errors, crowd[i].errors);
        hook->bytes = decode_sum(hook->bytes, crowd[i].bytes);
        hook->ns = decode_sum(hook->ns, decode_ns(header, crowd[i].ticks));
        if (crowd[i].ticks)
            hook->timed = decode_sum(hook->timed, crowd[i].calls);
    }
}

/* The hooks' histograms are the sums of their rows'. */
static int add_hook_latencies(struct decoder *decoder)
{
    struct model *model = decoder->model;
    int error = 0;
    for (size_t i = 0; i < model->row_count && !error; i++)
        error = latency_merge(&model->hooks[model->rows[i].hook].latency, &model->arena,
                              &model->rows[i].latency);
    return error;
}

static int compare_offsets(const void *a, const void *b)
{
    uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return left < right ? -1 : left > right;
}

/* Each block once, however often a hostile table names it. */
static int each_block(struct decoder *decoder)
{
    uint64_t count = snapshot_count(decoder->snapshot, TABLE_THREADS);
    uint64_t *offsets = calloc(count + 1, sizeof(*offsets));
    if (!offsets)
        return -ENOMEM;
    memcpy(offsets, snapshot_table(decoder->snapshot, TABLE_THREADS), count * sizeof(*offsets));
    qsort(offsets, count, sizeof(*offsets), compare_offsets);
    int error = 0;
    for (uint64_t i = 0; i < count && !error; i++) {
        if (offsets[i] == 0)
            continue;
        const struct thread_block *block =
            snapshot_pages(decoder->snapshot, offsets[i], sizeof(*block));
        if (!block || (i > 0 && offsets[i] == offsets[i - 1]))
            decoder->model->damaged++;
        else
            error = add_block(decoder, block);
    }
    free(offsets);
    return error;
}

int decode_blocks(struct decoder *decoder)
{
    struct model *model = decoder->model;
    int error = each_block(decoder);
    if (error)
        return error;
    add_crowd(decoder);
    for (int i = 0; i < CLASS_COUNT; i++)
        model->classes[i].cpu_ns = model->cpu_ns[i];
    model->row_count = decoder->rows.count;
    model->error_count = decoder->errors.count;
    model->event_count = decoder->events.count;
    model->thread_count = decoder->threads.count;
    model->rows = vector_seal(&decoder->rows, &model->arena);
    model->errors = vector_seal(&decoder->errors, &model->arena);
    model->events = vector_seal(&decoder->events, &model->arena);
    model->threads = vector_seal(&decoder->threads, &model->arena);
    if (!model->rows || !model->errors || !model->events || !model->threads)
        return -ENOMEM;
    return add_hook_latencies(decoder);
}
