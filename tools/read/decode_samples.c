/* decode_samples.c: sample sums and the resource series. */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "read/decode.h"
#include "read/process.h"

static bool in_ticks(enum sample_cost cost)
{
    return cost == SAMPLE_BLOCKED || cost == SAMPLE_LOCK_WAIT;
}

static int add_sample(struct decoder *decoder, const struct sample_sum *record,
                      struct vector *samples, struct lookup *index)
{
    struct model *model = decoder->model;
    enum sample_cost cost = sample_key_cost(record->key);
    unsigned hook = sample_key_hook(record->key);
    if (cost < SAMPLE_ALLOCATED || cost > SAMPLE_GROWN || hook >= HOOK_COUNT) {
        model->damaged++;
        return 0;
    }
    uint32_t target = decode_target(decoder, sample_key_target(record->key));
    uint32_t stack = decode_stack(decoder, sample_key_stack(record->key));
    uint64_t key = sample_key(cost, hook, target, stack);
    uint32_t found = lookup_find(index, key);
    struct model_sample *sample;
    if (found != LOOKUP_NONE) {
        sample = (struct model_sample *)samples[cost].items + found;
    } else {
        sample = vector_push(&samples[cost]);
        if (!sample || lookup_add(index, key, (uint32_t)samples[cost].count - 1) != 0)
            return -ENOMEM;
        sample->hook = hook;
        sample->target = target;
        sample->stack = stack;
    }
    double unit = in_ticks(cost) ? model->processes[0].ns_per_tick : 1;
    uint64_t weight =
        in_ticks(cost) ? decode_ns(decoder->snapshot->header, record->weight)
                       : decode_bound(record->weight);
    double squares = record->weight_squares;
    if (!isfinite(squares) || squares < 0)
        squares = 0;
    sample->count = decode_sum(sample->count, record->count);
    sample->weight = decode_sum(sample->weight, weight);
    sample->variance += squares * unit * unit;
    sample->objects += (double)decode_bound(record->objects_q8) / 256;
    return 0;
}

int decode_samples(struct decoder *decoder)
{
    struct model *model = decoder->model;
    const struct sample_sum *records = snapshot_table(decoder->snapshot, TABLE_SUMS);
    uint64_t count = snapshot_count(decoder->snapshot, TABLE_SUMS);
    struct vector samples[MODEL_COSTS];
    struct lookup index = {0};
    int error = 0;
    memset(samples, 0, sizeof(samples));
    for (int cost = 0; cost < MODEL_COSTS; cost++)
        samples[cost].bytes = sizeof(struct model_sample);
    for (uint64_t i = 1; i < count && !error; i++)
        if (records[i].key)
            error = add_sample(decoder, &records[i], samples, &index);
    for (int cost = 0; cost < MODEL_COSTS; cost++) {
        struct model_samples *sealed = &model->samples[cost];
        sealed->count = samples[cost].count;
        sealed->items = vector_seal(&samples[cost], &model->arena);
        if (!sealed->items && !error)
            error = -ENOMEM;
        for (size_t i = 0; i < sealed->count && !error; i++) {
            sealed->weight = decode_sum(sealed->weight, sealed->items[i].weight);
            sealed->samples = decode_sum(sealed->samples, sealed->items[i].count);
            sealed->variance += sealed->items[i].variance;
        }
    }
    lookup_done(&index);
    return error;
}

static uint64_t reading(uint64_t value)
{
    return value == RESOURCE_UNKNOWN ? MODEL_UNKNOWN : decode_bound(value);
}

static void read_record(struct decoder *decoder, const struct resource_record *from,
                        struct model_resource *record)
{
    uint64_t moment = decode_moment(decoder->snapshot->header, from->ticks);
    uint64_t start = decoder->model->processes[0].start_monotonic_ns;
    record->at_ns = moment > start ? moment - start : 0;
    record->cpu_user_ns = reading(from->cpu_user_ns);
    record->cpu_system_ns = reading(from->cpu_system_ns);
    record->peak_rss_bytes = reading(from->peak_rss_bytes);
    record->rss_bytes = reading(from->rss_bytes);
    record->minor_faults = reading(from->minor_faults);
    record->major_faults = reading(from->major_faults);
    record->voluntary_switches = reading(from->voluntary_switches);
    record->involuntary_switches = reading(from->involuntary_switches);
    record->run_delay_ns = reading(from->run_delay_ns);
    record->threads = reading(from->threads);
    record->descriptors = reading(from->descriptors);
    record->read_bytes = reading(from->read_bytes);
    record->written_bytes = reading(from->written_bytes);
    record->allocated_bytes = reading(from->allocated_bytes);
    record->heap_allocated_bytes = reading(from->heap_allocated_bytes);
    record->heap_active_bytes = reading(from->heap_active_bytes);
    record->heap_resident_bytes = reading(from->heap_resident_bytes);
    record->heap_retained_bytes = reading(from->heap_retained_bytes);
    record->heap_metadata_bytes = reading(from->heap_metadata_bytes);
}

/* What a look from outside adds as the last reading. A cumulative count that is below an earlier one
 * (threads that ended are not in it any more) is not a measurement. */
static void add_live_record(struct decoder *decoder)
{
    struct model *model = decoder->model;
    pid_t pid = model->processes[0].local_pid;
    memset(&model->live, 0xff, sizeof(model->live));
    model->live.looked = model->live.psi_of_machine = false;
    if (pid == 0)
        return;
    process_look(pid, &model->live);
    struct model_resource *last = &model->resources[model->resource_count];
    last->at_ns = model->processes[0].duration_ns;
    last->process = 0;
    process_read(pid, last);
    if (last->cpu_user_ns == MODEL_UNKNOWN) /* it has just ended */
        return;
    if (model->resource_count > 0) {
        const struct model_resource *before = last - 1;
        if (before->at_ns > last->at_ns)
            last->at_ns = before->at_ns;
        uint64_t *mine[] = {&last->voluntary_switches, &last->involuntary_switches,
                            &last->cpu_user_ns, &last->cpu_system_ns};
        const uint64_t theirs[] = {before->voluntary_switches, before->involuntary_switches,
                                   before->cpu_user_ns, before->cpu_system_ns};
        for (int i = 0; i < 4; i++)
            if (theirs[i] != MODEL_UNKNOWN && *mine[i] < theirs[i])
                *mine[i] = i < 2 ? MODEL_UNKNOWN : theirs[i];
    }
    model->resource_count++;
}

int decode_resources(struct decoder *decoder)
{
    struct model *model = decoder->model;
    const struct resource_record *records = snapshot_table(decoder->snapshot, TABLE_RESOURCES);
    uint64_t count = snapshot_count(decoder->snapshot, TABLE_RESOURCES), last_ticks = 0;
    model->resources = arena_array(&model->arena, count + 1, sizeof(*model->resources));
    if (!model->resources)
        return -ENOMEM;
    for (uint64_t i = 1; i < count; i++) {
        if (records[i].ticks == 0 || records[i].ticks <= last_ticks)
            continue;
        last_ticks = records[i].ticks;
        read_record(decoder, &records[i], &model->resources[model->resource_count++]);
    }
    add_live_record(decoder);
    model_use(&model->usage, model->resources, model->resource_count);
    return 0;
}
