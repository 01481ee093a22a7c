/* rules_growth.c: the rules about what only grows: open descriptors and memory. A start-up grows
 * too, so only the second half of the readings counts, and every part of it must have grown.
 */
#include "analyse/rules.h"

#include <stddef.h>

enum {
    GROWTH_READINGS = 6,
    DESCRIPTOR_LEAST = 20,
    HEAP_LEAST = 8 << 20,
    RESIDENT_LEAST = 32 << 20,
};
#define GROWTH_SECONDS 5.0
#define DESCRIPTOR_WARNING_SECONDS 30.0
#define MEMORY_WARNING_SECONDS 55.0 /* shorter than this growth may be the start of a plateau */

struct growth {
    uint64_t middle, three_quarters, last, peak;
    double seconds; /* from the middle to the last */
    size_t readings;
    double span_seconds;
};

static uint64_t field_of(const struct model_resource *reading, size_t offset)
{
    return *(const uint64_t *)(const void *)((const char *)reading + offset);
}

/* False when there are not enough readings of the field. */
static bool growth_of(const struct model *model, size_t offset, struct growth *ret_growth)
{
    struct growth growth = {0};
    const struct model_resource *first = NULL, *last = NULL;
    /* The reading at exit sees what is left after everything was put away. */
    size_t count = model->resource_count;
    if (count > 0 && model->processes[0].state == PROCESS_EXITED)
        count--;
    for (size_t i = 0; i < count; i++) {
        const struct model_resource *one = &model->resources[i];
        if (field_of(one, offset) == MODEL_UNKNOWN)
            continue;
        first = first != NULL ? first : one;
        last = one;
        growth.readings++;
        if (field_of(one, offset) > growth.peak)
            growth.peak = field_of(one, offset);
    }
    if (first == NULL || last == first)
        return false;
    growth.span_seconds = (double)(last->at_ns - first->at_ns) / 1e9;
    if (growth.readings < GROWTH_READINGS || growth.span_seconds < GROWTH_SECONDS)
        return false;
    uint64_t middle_ns = first->at_ns + (last->at_ns - first->at_ns) / 2;
    uint64_t late_ns = first->at_ns + (last->at_ns - first->at_ns) / 4 * 3;
    uint64_t from_ns = first->at_ns;
    for (const struct model_resource *one = first; one <= last; one++) {
        if (field_of(one, offset) == MODEL_UNKNOWN)
            continue;
        if (one->at_ns <= middle_ns) {
            growth.middle = field_of(one, offset);
            from_ns = one->at_ns;
        }
        if (one->at_ns <= late_ns)
            growth.three_quarters = field_of(one, offset);
    }
    growth.last = field_of(last, offset);
    growth.seconds = (double)(last->at_ns - from_ns) / 1e9;
    *ret_growth = growth;
    return true;
}

/* Grew by at least `least` since the middle, a fair part of it in each quarter. */
static bool keeps_growing(const struct growth *growth, uint64_t least)
{
    if (growth->last < growth->middle + least)
        return false;
    uint64_t all = growth->last - growth->middle;
    return growth->three_quarters >= growth->middle + all / 5 &&
           growth->last >= growth->three_quarters + all / 5;
}

static const char *too_short = "too few readings of it: it has to run for some seconds";

/* The target that was opened most often without being closed; or, where all was closed in the end,
 * the one that was opened most often. Only where that explains at least `least` descriptors; 0 if
 * none. */
static uint32_t likely_leak(struct analysis *analysis, uint64_t least, bool *ret_unclosed)
{
    static const uint16_t opening[] = {HOOK_open,   HOOK_open64,  HOOK_openat, HOOK_openat64,
                                       HOOK_socket, HOOK_connect, HOOK_accept, HOOK_accept4,
                                       HOOK_fopen,  HOOK_fopen64, HOOK_dup,    HOOK_pipe,
                                       HOOK_pipe2,  HOOK_NONE};
    static const uint16_t closing[] = {HOOK_close, HOOK___close, HOOK_fclose, HOOK_NONE};
    uint32_t leaked = 0, opened_most = 0;
    uint64_t most_leaked = least, most_opened = least;
    for (uint32_t t = 1; t < analysis->model->target_count; t++) {
        uint64_t opened = rules_sum(analysis, opening, t).calls;
        uint64_t closed = rules_sum(analysis, closing, t).calls;
        if (opened > closed && opened - closed > most_leaked) {
            most_leaked = opened - closed;
            leaked = t;
        }
        if (opened > most_opened) {
            most_opened = opened;
            opened_most = t;
        }
    }
    *ret_unclosed = leaked != 0;
    return leaked != 0 ? leaked : opened_most;
}

const struct finding_about rules_descriptor_growth_about = {
    .looks_for = "Descriptors that are opened and not closed.",
    .precondition =
        "Applies to every program; six readings over 5 s of the number of open descriptors are "
        "needed.",
    .formula =
        "Found where the second half of the readings grew by 20, in each of its quarters. No time "
        "is promised.",
    .fix = "Close what is opened on every path.",
    .risk = "None known.",
};

void rules_descriptor_growth(struct analysis *analysis, struct finding *finding)
{
    const struct model *model = analysis->model;
    struct growth growth;
    if (!growth_of(model, offsetof(struct model_resource, descriptors), &growth)) {
        rules_not_measured(finding, too_short);
        return;
    }
    finding->evidence = rules_text(analysis, "%s open at the end, %s at most",
                                   units_count(growth.last).text, units_count(growth.peak).text);
    if (!keeps_growing(&growth, DESCRIPTOR_LEAST) || growth.last * 10 < growth.peak * 9)
        return;
    double rate = (double)(growth.last - growth.middle) / growth.seconds;
    rules_found_anyway(analysis, finding, 0, growth.readings,
                       growth.span_seconds >= DESCRIPTOR_WARNING_SECONDS || rate >= 10
                           ? SEVERITY_WARNING
                           : SEVERITY_NOTE);
    rules_rests_on_readings(analysis, finding, growth.readings);
    bool unclosed;
    uint32_t top = likely_leak(analysis, (growth.last - growth.middle) / 2, &unclosed);
    finding->where = top != 0 ? rules_target_name(analysis, top) : "";
    finding->evidence =
        rules_text(analysis, "%s open, %.1f more each second over the last %.0f s%s%s",
                   units_count(growth.last).text, rate, growth.seconds,
                   top == 0   ? ""
                   : unclosed ? "; most opened and not closed: "
                              : "; most often opened: ",
                   finding->where);
    finding->assumption = "no time is gained; the process fails when its limit is reached";
    finding->fix =
        top != 0 ? rules_text(analysis, "close what is opened for %s on every path", finding->where)
                 : "close what is opened on every path";
    finding->risk = "none known";
}

/* ---- memory ---- */

/* A field that holds bytes and grows: by a tenth and by `least` since the middle, in each quarter, and the
 * line through the second half rises for sure. */
static bool memory_grows(const struct model *model, size_t offset, uint64_t least,
                         struct growth *ret_growth, struct heap_trend *ret_trend)
{
    if (!growth_of(model, offset, ret_growth))
        return false;
    uint64_t tenth = ret_growth->middle / 10;
    *ret_trend = heap_trend_of(model, offset,
                               (model->resources[0].at_ns +
                                model->resources[model->resource_count - 1].at_ns) / 2);
    return keeps_growing(ret_growth, tenth > least ? tenth : least) && ret_trend->known &&
           ret_trend->per_second > ret_trend->margin;
}

static void memory_evidence(struct analysis *analysis, struct finding *finding,
                            const struct growth *growth, const struct heap_trend *trend, bool heap)
{
    const struct heap_site *top = heap_keeps_most(&analysis->heap);
    const char *site = top != NULL ? heap_site_name(analysis, top) : "";
    finding->where = top != NULL ? heap_site_place(analysis, top) : "";
    finding->evidence = rules_text(
        analysis, "%s %s, %s ± %s more each second (95 %%) over the last %.0f s%s%s%s",
        heap ? "live blocks of" : "peak of", units_bytes(growth->last).text,
        units_bytes(units_whole(trend->per_second)).text, units_bytes(units_whole(trend->margin)).text,
        growth->seconds, heap || !analysis->heap.trend.known ? "" : ", though the heap does not grow",
        top != NULL ? "; most that is not freed: " : "",
        top != NULL ? rules_text(analysis, "%s ± %s by %s", units_bytes(top->live.bytes).text,
                                 units_bytes(heap_margin(&top->live)).text, site)
                    : "");
    finding->assumption = "no time is gained; the process fails when memory ends";
    if (!heap && analysis->heap.trend.known)
        finding->fix = "look at what is mapped, and at fragmentation below: the heap's live blocks do "
                       "not grow";
    else
        finding->fix =
            top != NULL ? rules_text(analysis,
                                     "free or bound what %s keeps, unless all of it is needed",
                                     site)
                        : "find what is kept: run with STRONG_ALLOC_PERIOD set";
    finding->risk = "none known";
}

const struct finding_about rules_memory_growth_about = {
    .looks_for = "Memory in use that keeps growing.",
    .precondition =
        "Applies to every program; six readings over 5 s of the allocator's live bytes or of "
        "resident memory are needed.",
    .formula =
        "Found where the second half grew by a tenth (and 8 MiB of live blocks, or 32 MiB of "
        "resident memory) in each of its quarters, and the line through it rises beyond its 95 % "
        "interval. No time is promised.",
    .fix = "Free or bound what the named place keeps, unless all of it is needed.",
    .risk = "None known.",
};

/* The allocator's own account of live bytes says most; where there is none, resident memory has to do. */
void rules_memory_growth(struct analysis *analysis, struct finding *finding)
{
    const struct model *model = analysis->model;
    const size_t live = offsetof(struct model_resource, heap_allocated_bytes);
    const size_t resident = offsetof(struct model_resource, peak_rss_bytes);
    struct growth growth;
    struct heap_trend trend;
    if (!growth_of(model, live, &growth) && !growth_of(model, resident, &growth)) {
        rules_not_measured(finding, too_short);
        return;
    }
    finding->evidence =
        rules_text(analysis, "%s at the last reading, %s of it since half time",
                   units_bytes(growth.last).text,
                   units_bytes(growth.last > growth.middle ? growth.last - growth.middle : 0).text);
    bool heap = memory_grows(model, live, HEAP_LEAST, &growth, &trend);
    if (!heap && !memory_grows(model, resident, RESIDENT_LEAST, &growth, &trend))
        return;
    rules_found_anyway(analysis, finding, 0, growth.readings,
                       growth.span_seconds >= MEMORY_WARNING_SECONDS ? SEVERITY_WARNING
                                                                     : SEVERITY_NOTE);
    rules_rests_on_readings(analysis, finding, growth.readings);
    memory_evidence(analysis, finding, &growth, &trend, heap);
}
