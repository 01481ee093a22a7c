/* decode_gauges.c: the values the program set with strong_gauge, and which rows of the model are its own.
 *
 * Rows are in no order in the segment; two threads that brought up a name at the same moment may have made
 * two of it. The later one has the last value.
 */
#include <errno.h>
#include <math.h>
#include <string.h>

#include "read/decode.h"

/* The row of a target that has one already, else a new one at the end. */
static struct model_gauge *gauge_of(struct model *model, uint32_t target)
{
    for (size_t i = 0; i < model->gauge_count; i++)
        if (model->gauges[i].target == target)
            return &model->gauges[i];
    struct model_gauge *gauge = &model->gauges[model->gauge_count++];
    *gauge = (struct model_gauge){.target = target};
    return gauge;
}

void model_gauge_add(struct model_gauge *gauge, const struct model_gauge *from)
{
    bool first = gauge->count == 0;
    if (first || from->last_ns >= gauge->last_ns) {
        gauge->last = from->last;
        gauge->last_ns = from->last_ns;
    }
    if (first || from->lowest < gauge->lowest)
        gauge->lowest = from->lowest;
    if (first || from->highest > gauge->highest)
        gauge->highest = from->highest;
    double count = (double)gauge->count, more = (double)from->count;
    gauge->mean = gauge->mean * (count / (count + more)) + from->mean * (more / (count + more));
    gauge->count = decode_sum(gauge->count, from->count);
}

/* False: a row that no writer leaves behind. */
static bool convert(const struct decoder *decoder, const struct gauge_record *record,
                    struct model_gauge *ret_gauge)
{
    uint64_t start_ns = decoder->model->processes[0].start_monotonic_ns;
    uint64_t moment = decode_moment(decoder->snapshot->header, record->last_ticks);
    *ret_gauge = (struct model_gauge){
        .target = decode_target(decoder, gauge_record_target(record)),
        .count = decode_bound(record->count),
        .last = record->last,
        .lowest = gauge_value(~record->lowest),
        .highest = gauge_value(record->highest),
        .last_ns = moment > start_ns ? moment - start_ns : 0,
    };
    if (ret_gauge->target == 0 || decoder->model->targets[ret_gauge->target].kind != TARGET_CUSTOM ||
        record->lowest == 0 || record->highest == 0 || !isfinite(ret_gauge->last) ||
        !isfinite(ret_gauge->lowest) || !isfinite(ret_gauge->highest) || isnan(record->sum) ||
        ret_gauge->lowest > ret_gauge->highest)
        return false;
    /* A value may be in the sum and not yet in the count, and the sum of very large ones overflows. */
    double mean = record->sum / (double)record->count;
    ret_gauge->mean = mean < ret_gauge->lowest    ? ret_gauge->lowest
                      : mean > ret_gauge->highest ? ret_gauge->highest
                                                  : mean;
    return true;
}

int decode_gauges(struct decoder *decoder)
{
    struct model *model = decoder->model;
    const struct gauge_record *records = snapshot_table(decoder->snapshot, TABLE_GAUGES);
    uint64_t count = snapshot_count(decoder->snapshot, TABLE_GAUGES);
    if (count > MODEL_GAUGES)
        count = MODEL_GAUGES;
    model->gauges = arena_array(&model->arena, count + 1, sizeof(*model->gauges));
    if (!model->gauges)
        return -ENOMEM;
    for (uint64_t i = 1; i < count; i++) {
        struct model_gauge gauge;
        if (records[i].key == 0 || records[i].count == 0)
            continue;
        if (convert(decoder, &records[i], &gauge))
            model_gauge_add(gauge_of(model, gauge.target), &gauge);
        else
            model->damaged++;
    }
    return 0;
}
