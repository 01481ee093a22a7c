/* rules_allocator.c: the allocator's share of the CPU time; see rules_allocator.h for the rest. */
#include "analyse/rules_allocator.h"

#include "analyse/rules_optimizers.h"

#include <string.h>

/* ---- shared ---- */

bool rules_allocator_found(struct analysis *analysis, struct finding *finding, uint64_t gain_ns,
                           uint64_t count)
{
    double cpu = (double)analysis->time.runnable_ns;
    double percent = cpu > 0 ? (double)gain_ns * 100 / cpu : 0;
    if (percent < ALLOCATOR_PERCENT_LEAST || !rules_found(analysis, finding, gain_ns, count))
        return false;
    if (percent < ALLOCATOR_PERCENT_WARNING)
        rules_limit(finding, SEVERITY_NOTE);
    else if (percent < ALLOCATOR_PERCENT_CRITICAL)
        rules_limit(finding, SEVERITY_WARNING);
    return true;
}

bool rules_allocator_measured(struct analysis *analysis, struct finding *finding)
{
    const struct heap *heap = &analysis->heap;
    if (heap->calls == 0) {
        rules_not_applicable(finding, "it allocated nothing");
        return false;
    }
    if (!heap->measured) {
        rules_not_measured(finding, "allocations were not sampled: STRONG_ALLOC_PERIOD=0");
        return false;
    }
    if (!heap->cost.known) {
        rules_not_measured(finding,
                           rules_text(analysis, "only %s and %s: too few to tell what it costs",
                                      units_plural(heap->cost.timed_calls, "timed call").text,
                                      units_plural(analysis->profile.cpu_samples, "CPU sample").text));
        return false;
    }
    return true;
}

void rules_allocator_rests_on(struct analysis *analysis, struct finding *finding, uint64_t samples)
{
    rules_rests_on_samples(analysis, finding, samples);
    if (!analysis->heap.cost.agree)
        finding->confidence = CONFIDENCE_LOW;
}

/* ---- the pool ---- */

const char *rules_pool_advice(struct analysis *analysis, const char *better)
{
    if (analysis->optimizers[OPTIMIZER_MEMORY].state != OPTIMIZER_OFF)
        return "";
    return rules_text(analysis, "; or %s: %s", rules_optimizer_setting(analysis, OPTIMIZER_MEMORY),
                      better);
}

const char *rules_pool_conf(struct analysis *analysis, const char *pairs)
{
    const char *conf = model_option(analysis->model, "MEMORY_CONF");
    bool some = conf != NULL && conf[0] != '\0';
    return rules_text(analysis, "STRONG_MEMORY_CONF=%s%s%s", some ? conf : "", some ? "," : "",
                      pairs);
}

/* ---- time spent in the allocator ---- */

/* Both estimates where there are both: they have unlike weaknesses (heap_cost.c). */
static const char *share_text(struct analysis *analysis)
{
    const struct heap_cost *cost = &analysis->heap.cost;
    struct units_text timed = units_plural(cost->timed_calls, "timed call");
    const char *range = rules_text(analysis, "%s to %s", units_share(cost->timed_low).text,
                                   units_share(cost->timed_share).text);
    if (!cost->sampled)
        return rules_text(analysis, "%s of the CPU time in malloc and free, by %s", range, timed.text);
    const char *sampled = rules_text(analysis, "%s ± %s", units_share(cost->sampled_share).text,
                                     units_share(cost->sampled_margin).text);
    if (!cost->timed)
        return rules_text(analysis, "%s of the CPU time in malloc and free, by CPU samples", sampled);
    return rules_text(analysis,
                      "%s of the CPU time in malloc and free (%s by %s, %s by CPU samples)",
                      units_share(cost->share).text, range, timed.text,
                      sampled);
}

static const char *site_share(struct analysis *analysis, size_t rank)
{
    const struct heap *heap = &analysis->heap;
    if (rank >= heap->site_count || heap->sites[rank].allocated.bytes == 0)
        return "";
    const struct heap_site *site = &heap->sites[rank];
    return rules_text(
        analysis, "%s%s (%s of the bytes)", rank == 0 ? "; most by " : ", ",
        heap_site_name(analysis, site),
        units_share((double)site->allocated.bytes / (double)heap->total.allocated.bytes).text);
}

const struct finding_about rules_allocation_pressure_about = {
    .looks_for = "The share of the CPU time that malloc and free take.",
    .precondition =
        "Applies where it allocated; enough timed calls or CPU samples are needed to tell the "
        "cost.",
    .formula =
        "Found from 8 % of the CPU time on; a warning from 15 %, critical from 30 %. Bound: that "
        "time.",
    .fix =
        "Reuse memory instead of allocating it each time, or let the memory pool serve it: "
        "STRONG_OPTIMIZE=safe, which includes memory.",
    .risk = "What is kept for reuse stays allocated.",
};

void rules_allocation_pressure(struct analysis *analysis, struct finding *finding)
{
    const struct heap *heap = &analysis->heap;
    const struct heap_cost *cost = &heap->cost;
    if (heap->calls == 0) {
        rules_not_applicable(finding, "it allocated nothing");
        return;
    }
    if (!cost->known) {
        rules_not_measured(finding,
                           rules_text(analysis, "only %s and %s: too few to tell",
                                      units_plural(cost->timed_calls, "timed call").text,
                                      units_plural(analysis->profile.cpu_samples, "CPU sample").text));
        return;
    }
    uint64_t behind = cost->timed ? cost->timed_calls : analysis->profile.allocator_samples;
    if (!rules_allocator_found(analysis, finding, cost->ns, behind)) {
        finding->evidence = rules_text(analysis, "%s, %s", share_text(analysis),
                                       units_plural(heap->calls, "allocation").text);
        return;
    }
    bool known = heap->site_count > 0 && heap->sites[0].allocated.bytes > 0;
    rules_allocator_rests_on(analysis, finding, behind);
    finding->where = known ? heap_site_place(analysis, &heap->sites[0]) : "";
    finding->evidence = rules_text(
        analysis, "%s; %s (%s a second), %s each%s%s", share_text(analysis),
        units_plural(heap->calls, "allocation").text,
        units_number((double)heap->calls / rules_seconds(analysis)).text,
        units_bytes(heap->bytes / heap->calls).text, site_share(analysis, 0),
        site_share(analysis, 1));
    finding->assumption = "no memory is allocated or freed at all";
    finding->fix = rules_text(
        analysis, "reuse memory instead of allocating it each time%s%s%s", known ? " in " : "",
        known ? heap_site_name(analysis, &heap->sites[0]) : "",
        rules_pool_advice(analysis, "its malloc and free cost less"));
    finding->risk = "memory that is reused must be cleared of what it held";
}
