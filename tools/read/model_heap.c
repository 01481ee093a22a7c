/* model_heap.c: adding one heap's sums to another's, for model_merge. Sums saturate (decode.h). */
#include "read/decode.h"

static void add_sum(struct model_heap_sum *sum, const struct model_heap_sum *from)
{
    sum->allocated_bytes = decode_sum(sum->allocated_bytes, from->allocated_bytes);
    sum->freed_bytes = decode_sum(sum->freed_bytes, from->freed_bytes);
    sum->temporary_bytes = decode_sum(sum->temporary_bytes, from->temporary_bytes);
    sum->remote_bytes = decode_sum(sum->remote_bytes, from->remote_bytes);
    sum->allocated_objects += from->allocated_objects;
    sum->freed_objects += from->freed_objects;
    sum->temporary_objects += from->temporary_objects;
    sum->remote_objects += from->remote_objects;
    for (int i = 0; i < HEAP_LIFETIMES; i++)
        sum->lifetimes[i] += from->lifetimes[i];
}

void model_heap_add(struct model_heap *heap, const struct model_heap *from, uint64_t shift_ns,
                    uint64_t *highest_peak_bytes)
{
    heap->measured = heap->measured || from->measured;
    if (from->peak_bytes > *highest_peak_bytes) { /* the moment of the largest process */
        *highest_peak_bytes = from->peak_bytes;
        heap->peak_at_ns = from->peak_at_ns ? decode_sum(from->peak_at_ns, shift_ns) : 0;
    }
    heap->live_bytes = decode_sum(heap->live_bytes, from->live_bytes);
    heap->peak_bytes = decode_sum(heap->peak_bytes, from->peak_bytes);
    heap->live_variance += from->live_variance;
    heap->peak_variance += from->peak_variance;
    for (int i = 0; i < HEAP_SIZES; i++)
        add_sum(&heap->sizes[i], &from->sizes[i]);
    for (int i = 0; i < HEAP_TIMED_COUNT; i++) {
        heap->timed_calls[i] = decode_sum(heap->timed_calls[i], from->timed_calls[i]);
        heap->timed_ns[i] = decode_sum(heap->timed_ns[i], from->timed_ns[i]);
    }
}
