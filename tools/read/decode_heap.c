/* decode_heap.c: the heap's tables: live rows, sums by size and by thread block.
 *
 * Rows change while they are copied, each field by itself: a live field below 0 is taken as 0, and
 * whether a row's peak is in its peak or in its live fields is decided as segment.h says, by the epoch.
 */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "read/decode.h"
#include "read/text.h"

static uint64_t positive(int64_t number)
{
    return number > 0 ? decode_bound((uint64_t)number) : 0;
}

static double objects_of(uint64_t objects_q8)
{
    return (double)decode_bound(objects_q8) / 256;
}

static double variance_of(double squares)
{
    return isfinite(squares) && squares > 0 ? squares : 0;
}

static void add_lifetimes(double *sums, const uint64_t *recorded)
{
    for (int i = 0; i < HEAP_LIFETIMES; i++)
        sums[i] += objects_of(recorded[i]);
}

/* ---- live rows ---- */

static int add_row(struct decoder *decoder, const struct live_record *record, struct vector *rows,
                   struct lookup *index)
{
    uint64_t epoch = decoder->snapshot->header->heap_peak_epoch;
    if (record->key >> 32 != 1) {
        decoder->model->damaged++;
        return 0;
    }
    uint32_t stack = decode_stack(decoder, live_record_stack(record));
    uint32_t found = lookup_find(index, stack);
    struct model_heap_row *row;
    if (found != LOOKUP_NONE) {
        row = (struct model_heap_row *)rows->items + found;
    } else {
        row = vector_push(rows);
        if (!row || lookup_add(index, stack, (uint32_t)rows->count - 1) != 0)
            return -ENOMEM;
        row->stack = stack;
    }
    bool kept = record->peak_epoch == epoch; /* it changed since the peak, and kept what it was then */
    row->live_bytes = decode_sum(row->live_bytes, positive(record->live_bytes));
    row->live_objects += (double)positive(record->live_objects_q8) / 256;
    row->live_variance += variance_of(record->live_squares);
    row->peak_bytes =
        decode_sum(row->peak_bytes, positive(kept ? record->peak_bytes : record->live_bytes));
    row->peak_objects +=
        (double)positive(kept ? record->peak_objects_q8 : record->live_objects_q8) / 256;
    row->peak_variance += variance_of(kept ? record->peak_squares : record->live_squares);
    add_lifetimes(row->lifetimes, record->lifetime_q8);
    uint64_t largest = decode_bound(record->largest_bytes);
    row->largest_bytes = largest > row->largest_bytes ? largest : row->largest_bytes;
    return 0;
}

static int decode_live(struct decoder *decoder)
{
    struct model_heap *heap = &decoder->model->heap;
    const struct live_record *records = snapshot_table(decoder->snapshot, TABLE_LIVE);
    uint64_t count = snapshot_count(decoder->snapshot, TABLE_LIVE);
    struct vector rows = {.bytes = sizeof(struct model_heap_row)};
    struct lookup index = {0};
    int error = 0;
    for (uint64_t i = 0; i < count && !error; i++)
        if (records[i].key)
            error = add_row(decoder, &records[i], &rows, &index);
    lookup_done(&index);
    heap->row_count = rows.count;
    heap->rows = vector_seal(&rows, &decoder->model->arena);
    if (!heap->rows)
        return -ENOMEM;
    for (size_t i = 0; i < heap->row_count; i++) {
        heap->live_variance += heap->rows[i].live_variance;
        heap->peak_variance += heap->rows[i].peak_variance;
    }
    return error;
}

/* ---- sums ---- */

static void add_sum(struct model_heap_sum *sum, const struct heap_record *record)
{
    sum->allocated_bytes = decode_sum(sum->allocated_bytes, record->allocated_bytes);
    sum->freed_bytes = decode_sum(sum->freed_bytes, record->freed_bytes);
    sum->temporary_bytes = decode_sum(sum->temporary_bytes, record->temporary_bytes);
    sum->remote_bytes = decode_sum(sum->remote_bytes, record->remote_bytes);
    sum->allocated_objects += objects_of(record->allocated_objects_q8);
    sum->freed_objects += objects_of(record->freed_objects_q8);
    sum->temporary_objects += objects_of(record->temporary_objects_q8);
    sum->remote_objects += objects_of(record->remote_objects_q8);
    add_lifetimes(sum->lifetimes, record->lifetime_q8);
}

static bool is_empty(const struct heap_record *record)
{
    return (record->allocated_bytes | record->freed_bytes | record->allocated_objects_q8) == 0;
}

/* These two tables are indexed, not appended to: whatever `used` says, rows up to the capacity count. */
static uint64_t room_of(const struct decoder *decoder, enum segment_table_id table, uint64_t most)
{
    uint64_t capacity = decoder->snapshot->header->tables[table].capacity;
    return capacity < most ? capacity : most;
}

static int decode_owners(struct decoder *decoder)
{
    struct model *model = decoder->model;
    const struct heap_record *records = snapshot_table(decoder->snapshot, TABLE_OWNERS);
    const uint64_t *offsets = snapshot_table(decoder->snapshot, TABLE_THREADS);
    uint64_t count =
        room_of(decoder, TABLE_OWNERS, snapshot_count(decoder->snapshot, TABLE_THREADS));
    struct vector owners = {.bytes = sizeof(struct model_heap_owner)};
    int error = 0;
    for (uint64_t i = 0; i < count && !error; i++) {
        if (is_empty(&records[i]))
            continue;
        const struct thread_block *block =
            offsets[i] ? snapshot_pages(decoder->snapshot, offsets[i], sizeof(*block)) : NULL;
        struct model_heap_owner *owner = vector_push(&owners);
        if (!owner) {
            error = -ENOMEM;
            break;
        }
        owner->tid = block ? (pid_t)block->tid : 0;
        owner->owners = block ? decode_bound(block->owners) : 0;
        owner->name = block ? text_clean_copy(&model->arena, block->name,
                                              strnlen(block->name, sizeof(block->name)))
                            : "";
        if (!owner->name)
            error = -ENOMEM;
        add_sum(&owner->sum, &records[i]);
    }
    model->heap.owner_count = owners.count;
    model->heap.owners = vector_seal(&owners, &model->arena);
    return error || !model->heap.owners ? -ENOMEM : 0;
}

int decode_heap(struct decoder *decoder)
{
    const struct segment_header *header = decoder->snapshot->header;
    struct model_heap *heap = &decoder->model->heap;
    heap->measured = header->alloc_period_bytes != 0;
    heap->live_bytes = positive((int64_t)header->heap_live_bytes);
    heap->peak_bytes = positive((int64_t)header->heap_peak_bytes);
    uint64_t start = decoder->model->processes[0].start_monotonic_ns;
    uint64_t moment =
        header->heap_peak_ticks ? decode_moment(header, header->heap_peak_ticks) : start;
    heap->peak_at_ns = moment > start ? moment - start : 0;
    const struct heap_record *sizes = snapshot_table(decoder->snapshot, TABLE_SIZES);
    for (uint64_t i = 0; i < room_of(decoder, TABLE_SIZES, HEAP_SIZES); i++)
        add_sum(&heap->sizes[i], &sizes[i]);
    int error = decode_live(decoder);
    return error ? error : decode_owners(decoder);
}
