/* decode.h: the steps of model_new, for the decode*.c files alone.
 *
 * A decoder is filled step by step: tables first (modules, targets, stacks: what others refer to), then
 * thread blocks, then sums. Each step returns 0 or -ENOMEM; damaged records are left out and counted
 * in model->damaged.
 */
#ifndef STRONG_READ_DECODE_H
#define STRONG_READ_DECODE_H

#include "read/lookup.h"
#include "read/model.h"
#include "read/snapshot.h"
#include "read/vector.h"

struct decoder {
    const struct snapshot *snapshot;
    struct model *model;
    uint64_t end_ns;                 /* CLOCK_MONOTONIC time the model ends at */
    uint32_t *target_map;            /* recorded index -> index in model->targets */
    uint32_t *stack_map;             /* recorded index -> index in model->stacks */
    uint64_t target_limit, stack_limit;
    uint64_t *stack_generation;      /* by model index */
    struct lookup row_index, error_index;
    struct vector rows, errors, events, threads;
};

/* The largest number of anything: whoever adds two of them, or makes a signed one of it, is safe. */
#define DECODE_MOST (UINT64_MAX / 4)

static inline uint64_t decode_bound(uint64_t number)
{
    return number < DECODE_MOST ? number : DECODE_MOST;
}

/* Sums saturate: a hostile segment must not turn a huge number into a small one. */
static inline uint64_t decode_sum(uint64_t a, uint64_t b)
{
    return decode_bound(decode_bound(a) + decode_bound(b));
}

/* A duration in ticks as ns. */
uint64_t decode_ns(const struct segment_header *header, uint64_t ticks);
/* A moment in ticks as CLOCK_MONOTONIC ns. */
uint64_t decode_moment(const struct segment_header *header, uint64_t ticks);

/* A recorded index as an index into the model: 0 where it leads nowhere. */
uint32_t decode_target(const struct decoder *decoder, uint64_t target);
uint32_t decode_stack(const struct decoder *decoder, uint64_t stack);

/* The module of process `process` that held `address` at `generation` (UINT64_MAX: the last one
 * known to have held it), or MODEL_NO_MODULE. */
uint32_t decode_module(const struct model *model, uint64_t address, uint64_t generation);

/* A clean copy of a recorded string, "" where the reference leads nowhere. NULL: out of memory. */
const char *decode_text(struct decoder *decoder, struct string_ref reference);

int decode_facts(struct decoder *decoder);     /* processes[0], options, notes, counters */
int decode_modules(struct decoder *decoder);   /* modules */
int decode_targets(struct decoder *decoder);   /* targets, without their sums */
int decode_stacks(struct decoder *decoder);    /* stacks, frames */
int decode_blocks(struct decoder *decoder);    /* rows, hooks, classes, threads, errors, events */
int decode_samples(struct decoder *decoder);   /* samples */
int decode_heap(struct decoder *decoder);      /* heap, without what the blocks count of it */
int decode_resources(struct decoder *decoder); /* resources, usage */
int decode_gauges(struct decoder *decoder);    /* gauges */

/* The time a model ends at by its process's clock: now, which is so much later there, or from the marks that it left. */
uint64_t decode_end(const struct snapshot *snapshot, enum process_state state, int64_t clock_ahead_ns);

/* model_order.c: the promised orders, and the sums over rows. */
void model_order(struct model *model);
void model_total_targets(struct model *model);
void model_use(struct model_usage *usage, const struct model_resource *records, size_t count);

/* decode_gauges.c: adds what was seen of one name to what is known of it (count 0: nothing yet). */
void model_gauge_add(struct model_gauge *gauge, const struct model_gauge *from);

/* model_heap.c: adds everything but rows and owners. highest_peak_bytes: of those added so far. */
void model_heap_add(struct model_heap *heap, const struct model_heap *from, uint64_t shift_ns,
                    uint64_t *highest_peak_bytes);

#endif
