/* confidence.c: see confidence.h. */
#include "analyse/confidence.h"

#include "analyse/analysis.h"

enum {
    CALLS_HIGH = 200,
    CALLS_MEDIUM = 20,
    SAMPLES_HIGH = 100,
    SAMPLES_MEDIUM = 25,
    READINGS_HIGH = 30,
    READINGS_MEDIUM = 6,
    DROPPED_LOW = 20,     /* one sample in that many */
    DROPPED_MEDIUM = 100,
};
#define WINDOW_HIGH_NS UINT64_C(1000000000)

static enum finding_confidence level(uint64_t count, uint64_t high, uint64_t medium)
{
    return count >= high ? CONFIDENCE_HIGH : count >= medium ? CONFIDENCE_MEDIUM : CONFIDENCE_LOW;
}

static enum finding_confidence lower(enum finding_confidence a, enum finding_confidence b)
{
    return a < b ? a : b;
}

static bool dropped_more(const struct confidence_basis *basis, uint64_t one_in)
{
    return basis->dropped > (basis->taken + basis->dropped) / one_in;
}

static enum finding_confidence of_samples(const struct confidence_basis *basis)
{
    if (dropped_more(basis, DROPPED_LOW))
        return CONFIDENCE_LOW;
    enum finding_confidence most = dropped_more(basis, DROPPED_MEDIUM) ? CONFIDENCE_MEDIUM : CONFIDENCE_HIGH;
    return lower(most, level(basis->samples, SAMPLES_HIGH, SAMPLES_MEDIUM));
}

static enum finding_confidence of_calls(const struct confidence_basis *basis)
{
    bool whole = basis->window_ns >= WINDOW_HIGH_NS && !basis->lost;
    return lower(whole ? CONFIDENCE_HIGH : CONFIDENCE_MEDIUM, level(basis->calls, CALLS_HIGH, CALLS_MEDIUM));
}

enum finding_confidence confidence_of(const struct confidence_basis *basis)
{
    enum finding_confidence least = basis->indirect ? CONFIDENCE_MEDIUM : CONFIDENCE_HIGH;
    if (basis->calls != CONFIDENCE_NOT_USED)
        least = lower(least, of_calls(basis));
    if (basis->samples != CONFIDENCE_NOT_USED)
        least = lower(least, of_samples(basis));
    if (basis->readings != CONFIDENCE_NOT_USED)
        least = lower(least, level(basis->readings, READINGS_HIGH, READINGS_MEDIUM));
    return least;
}

struct confidence_basis confidence_start(const struct analysis *analysis)
{
    const uint64_t *counters = analysis->model->counters;
    return (struct confidence_basis){
        .calls = CONFIDENCE_NOT_USED,
        .samples = CONFIDENCE_NOT_USED,
        .readings = CONFIDENCE_NOT_USED,
        .window_ns = analysis->time.wall_ns,
        .taken = analysis->self.samples,
        .dropped = analysis->self.dropped,
        .lost = counters[COUNTER_thread_blocks_full] + counters[COUNTER_cell_table_full] +
                    counters[COUNTER_target_table_full] >
                0,
    };
}
